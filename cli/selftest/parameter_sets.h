/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_SELFTEST_PARAMETER_SETS_H
#define FR_CLI_SELFTEST_PARAMETER_SETS_H

#include <framering/encode.h>

#include <stddef.h>

/* Looks for what a decoder needs before the first picture: in an MPEG-TS of H.264 or HEVC the NAL units (SPS,
 * PPS, for HEVC also VPS), in a Matroska file of AV1 the sequence header. NULL: all is there; else what is
 * missing, static. */
const char *parameter_sets_missing(fr_codec codec, const uint8_t *data, size_t bytes);

#endif
