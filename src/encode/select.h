/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_SELECT_H
#define FR_ENCODE_SELECT_H

/* Which encoder runs: the one that the user named, else the first that opens, without those that failed. */

#include "encode/address.h"
#include "encode/encoder.h"

struct fr_selection {
    struct fr_encoder_list list;
    struct fr_encoder_row named; /* name NULL: none was named */
    fr_codec codec;
    unsigned codecs; /* that the container holds, 1 << fr_codec */
    fr_log log;
    const struct fr_encoder_row *current;
    uint64_t failed_open, failed_running; /* bits of rows of the list */
};

/* FR_ERR_UNSUPPORTED, FR_ERR_ARGUMENT: told in the log. */
fr_status fr_selection_init(struct fr_selection *selection, const fr_recorder_params *params,
                            const struct fr_address_kind *kind, struct fr_encoder_list list);
void fr_selection_finish(struct fr_selection *selection);

/* Before the first frame: a named encoder of hardware must open (FR_ERR_ENCODER, told in the log), and
 * hardware of the list that does not is passed over later, so that no frame waits for it. `options`: the
 * user's; may be NULL. */
fr_status fr_selection_try(struct fr_selection *selection, const char *options);

/* FR_ERR_ENCODER, FR_ERR_UNSUPPORTED, FR_ERR_ARGUMENT: told in the log. FR_ERR_DEVICE_LOST: the device of
 * `config` is; no encoder was passed over for it. */
fr_status fr_selection_open(struct fr_selection *selection, struct fr_encoder **out,
                            const struct fr_encoder_config *config);

/* The running encoder failed. True: another may be opened, it was not named. */
bool fr_selection_reject(struct fr_selection *selection, const char *reason);

/* Of the encoder opened last. */
const char *fr_selection_name(const struct fr_selection *selection);

#endif
