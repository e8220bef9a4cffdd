/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_NVENC_H
#define FR_ENCODE_NVENC_H

/*
 * NVENC by its own API. It encodes Direct3D 11 textures where they lie, each registered once, and frames in
 * memory through input buffers of NVENC's on a device of its own. docs/nvenc.md says how.
 */

#include "encode/encoder.h"

/* Opens h264_nvenc, hevc_nvenc or av1_nvenc. FR_ERR_ENCODER: not on this machine, or not now;
 * FR_ERR_UNSUPPORTED: not with 10 bit, or not with the nvEncodeAPI.h of this build; FR_ERR_ARGUMENT: options;
 * FR_ERR_DEVICE_LOST; FR_ERR_NO_MEMORY. */
fr_status fr_nvenc_open(struct fr_encoder **out, const struct fr_encoder_row *row,
                        const struct fr_encoder_config *config, char reason[FR_REASON_BYTES]);

/* FR_ERR_ARGUMENT: cannot be read, or it has no such option or value. */
fr_status fr_nvenc_check_options(const struct fr_encoder_row *row, const char *options,
                                 char reason[FR_REASON_BYTES]);

/* For struct fr_encoder_list. */
const void *fr_nvenc_device_of(const fr_frame *frame);

#endif
