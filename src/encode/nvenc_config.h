/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_NVENC_CONFIG_H
#define FR_ENCODE_NVENC_CONFIG_H

/* What a session is told before its first frame. */

#include "encode/nvenc_session.h"

struct fr_nvenc_settings {
    uint32_t preset; /* 1 to 7 */
    NV_ENC_TUNING_INFO tuning;
    NV_ENC_PARAMS_RC_MODE rate_control;
    uint32_t qp; /* of NV_ENC_PARAMS_RC_CONSTQP */
    bool spatial_aq;
    NV_ENC_MULTI_PASS multi_pass;
};

/* The row's options, then the user's, which win. FR_ERR_ARGUMENT: cannot be read, an option or a value that
 * is none of ours, a rate control without a rate. */
fr_status fr_nvenc_settings_parse(struct fr_nvenc_settings *out, const struct fr_encoder_row *row,
                                  const char *options, bool has_rate, char reason[FR_REASON_BYTES]);

/* What the session came out as. */
struct fr_nvenc_traits {
    bool async; /* completion is told by events */
    NV_ENC_BUFFER_FORMAT format;
    enum AVCodecID codec;
    int profile; /* FFmpeg's number */
    uint32_t width, height;
};

/* Checks what this GPU can, and initializes the session. FR_ERR_UNSUPPORTED: no 10 bit, or a codec that this
 * build's nvEncodeAPI.h does not know; FR_ERR_ENCODER; FR_ERR_DEVICE_LOST. */
fr_status fr_nvenc_initialize(struct fr_nvenc_session *s, const struct fr_encoder_row *row,
                              const struct fr_encoder_config *config,
                              const struct fr_nvenc_settings *settings, struct fr_nvenc_traits *out);

#endif
