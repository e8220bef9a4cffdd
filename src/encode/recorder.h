/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_RECORDER_H
#define FR_ENCODE_RECORDER_H

#include "encode/encoder.h"

/* fr_recorder_open with a list of encoders of the caller's (at most 64, which outlives the recorder) instead
 * of the known ones. */
fr_status fr_recorder_open_with(fr_recorder **out, const fr_recorder_params *params,
                                struct fr_encoder_list list);

#endif
