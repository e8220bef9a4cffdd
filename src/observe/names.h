/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OBSERVE_NAMES_H
#define FR_OBSERVE_NAMES_H

/* A session whose objects have names, watched without its host's help: names_win32.c, or names_none.c. */

#include <framering/observe.h>

struct fr_names;

/* Whether `place` names objects rather than an address where a host answers. */
bool fr_names_meant(const char *place);

/* place NULL: the default names. FR_AGAIN: there is no such session. FR_ERR_PERMISSION, FR_ERR_ARGUMENT,
 * FR_ERR_NO_MEMORY: logged. */
fr_status fr_names_open(struct fr_names **out, const char *place, uint32_t target_id, const fr_log *log);
void fr_names_close(struct fr_names *names); /* accepts NULL */

/*
 * The header of the generation in force: FR_OK with a checked copy (of version 1: its 64 bytes and the debug
 * block) and in *attaches how many there were; FR_AGAIN: there is none yet; FR_END: the names are gone.
 * FR_ERR_PROTOCOL: *fault.
 */
fr_status fr_names_sample(struct fr_names *names, fr_wire_v2 *out, uint32_t *attaches, fr_wire_fault *fault);

#endif
