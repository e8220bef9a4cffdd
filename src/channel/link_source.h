/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_LINK_SOURCE_H
#define FR_CHANNEL_LINK_SOURCE_H

/* The source of a channel of connections, whatever carries them. */

#include "channel/link.h"

struct fr_link_source_params {
    struct fr_link *inherited; /* taken over also on failure; NULL: dial */
    const char *address;       /* from fr_dial_address, when nothing is inherited; copied */
    uint32_t target_id;
    const char *name;
    uint64_t capabilities; /* FR_CAP_*, not 0 */
    struct fr_gpu gpu;
    fr_log log;
};

/* Never connects yet. FR_ERR_NO_MEMORY, FR_ERR_SYSTEM: logged. */
fr_status fr_link_source_create(struct fr_source_channel *out, const struct fr_link_source_params *params);

#endif
