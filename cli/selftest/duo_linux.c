/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/duo.h"

#include <framering/source.h>

#include <stdlib.h>

struct duo_system {
    char unused;
};

struct duo_system *duo_system_create(fr_source_params *params, const char *way, bool gpu)
{
    (void)params, (void)way;
    if (gpu) {
        peer_failed("no source here renders with a GPU");
        return NULL;
    }
    return calloc(1, sizeof(struct duo_system));
}

void duo_system_destroy(struct duo_system *system)
{
    free(system);
}

void duo_system_poll(struct duo_system *system, fr_source *source)
{
    (void)system, (void)source;
}

void duo_system_upload(struct duo_system *system, const fr_slot *slot, const void *pixels, size_t pitch_bytes)
{
    (void)system, (void)slot, (void)pixels, (void)pitch_bytes;
}
