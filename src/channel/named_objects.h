/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_NAMED_OBJECTS_H
#define FR_CHANNEL_NAMED_OBJECTS_H

/* What a host of names has for as long as it lives, and whom it lets in. */

#include "channel/named.h"
#include "channel/sealed_security.h"

/* What a descriptor is for. */
enum fr_named_what {
    FR_NAMED_OWN,
    FR_NAMED_FRONT,
    FR_NAMED_SECTION,
    FR_NAMED_EVENT,
    FR_NAMED_TEXTURE,
    FR_NAMED_WHATS
};

struct fr_named_objects {
    uint32_t target_id, wire_version;
    char prefix[FR_NAMED_PREFIX_BYTES];
    fr_log log;
    struct fr_security security[FR_NAMED_WHATS];
    HANDLE own;              /* the mutex of the only host */
    struct fr_memory header; /* zeroed; in version 2 the front */
    struct fr_event event;   /* version 1, else none */
    struct fr_memory debug;  /* none: somebody else holds its name */
};

/* Failures as fr_named_host_create; *out may be finished then too. */
fr_status fr_named_objects_init(struct fr_named_objects *out, const struct fr_named_host_params *params);
void fr_named_objects_finish(struct fr_named_objects *objects);

#endif
