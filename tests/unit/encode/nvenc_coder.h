/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_NVENC_CODER_H
#define FR_TEST_NVENC_CODER_H

/* Makes the fake library encode, with coder.h, which is finished by its own function. */
void nvenc_coder_install(void);

#endif
