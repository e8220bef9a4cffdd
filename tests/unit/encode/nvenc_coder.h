/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_NVENC_CODER_H
#define FR_TEST_NVENC_CODER_H

/* Real streams from the fake library: x264 and x265 in the place of the GPU, told nothing but what NVENC was
 * told. One session at a time. */

#include "fake_nvenc.h"

/* Makes the fake encode with them. */
void nvenc_coder_install(void);

/* Frees what they hold. */
void nvenc_coder_finish(void);

#endif
