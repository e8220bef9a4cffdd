/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_NAMED_H
#define FR_CHANNEL_NAMED_H

/*
 * The channel of Windows by names, as the reference design has it. <p> is the prefix, <t> the target, <g> the
 * generation, all in decimal:
 *
 *   <p>-own-<t>            a mutex that nobody but a host opens: being the only one
 *   <p>-hdr-<t>            version 1: the header, made anew in place for each generation
 *                          version 2: the front, the first 64 bytes of a header, which name the generation
 *   <p>-evt-<t>            version 1: the event of all generations
 *   <p>-evt-<t>-<g>        version 2: that of one
 *   <p>-ring-<t>-<g>       version 2: the header of that generation, 832 bytes, or 1856 with damage lines
 *   <p>-mem-<t>-<g>        version 2: its slots, where they are one memory
 *   <p>-tex-<t>-<g>-<i>    its textures
 *   <p>-dbg                the debug block, of all targets
 *
 * A front has what a header has, but never a token, a time or a status. Slots in one memory have no message
 * that says how they lie: fr_named_layout does.
 *
 * Nobody hears of a source but through the shared words. Version 2 has its pid there: its death is noticed if
 * the host may open the process.
 */

#include "channel/channel.h"

#include <framering/log.h>

/* NULL in a prefix's place. */
#define FR_NAMED_PREFIX "Global\\pfvd"

enum { FR_NAME_BYTES = 160, FR_NAMED_PREFIX_BYTES = 96 };

/* A name of the list above: <p>-<kind>, then the numbers up to the first FR_NAMED_NONE. */
#define FR_NAMED_NONE INT64_C(-1)
void fr_named_put(char out[FR_NAME_BYTES], const char *prefix, const char *kind, int64_t target_id,
                  int64_t generation, int64_t index);

/* Copies it, or the default. FR_ERR_ARGUMENT, logged: too long, or empty. */
fr_status fr_named_prefix(char out[FR_NAMED_PREFIX_BYTES], const char *prefix, const fr_log *log);

/* How slots in one memory lie: rows on multiples of 64 bytes, slots on multiples of 4096, one after the
 * other. Fills slots_bytes, pitch_bytes and slot_offset from the rest. */
void fr_named_layout(struct fr_delivery *delivery);

/* Opens an object that should be there: 0 or the error of Windows. `access` as the system has it. */
uint32_t fr_named_open_section(const char *name, uint32_t access, fr_handle *out);
uint32_t fr_named_open_event(const char *name, uint32_t access, fr_handle *out);

/*
 * Copies a front or a header of version 1 whose first 64 bytes are at `shared`, and checks the copy; *version
 * says which it is. What it finds: as fr_wire_snapshot.
 */
fr_wire_fault fr_named_read_front(fr_wire_v1 *out, const void *shared, uint32_t target_id);

struct fr_named_host_params {
    uint32_t target_id;
    uint32_t wire_version; /* 1, 2; 0 = 2 */
    const char *prefix;
    const char *sddl; /* for all objects; NULL: SYSTEM, Administrators, and for user-mode drivers the least */
    bool everyone;
    fr_log log;
};

/* FR_ERR_TARGET_BUSY, FR_ERR_PERMISSION, FR_ERR_ARGUMENT, FR_ERR_NO_MEMORY, FR_ERR_SYSTEM: logged. */
fr_status fr_named_host_create(struct fr_host_channel *out, const struct fr_named_host_params *params);

struct fr_named_source_params {
    uint32_t target_id;
    const char *prefix;
    fr_log log;
};

/* Opens hosts of version 1 and 2. FR_ERR_ARGUMENT, FR_ERR_NO_MEMORY. */
fr_status fr_named_source_create(struct fr_source_channel *out, const struct fr_named_source_params *params);

#endif
