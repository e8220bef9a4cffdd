/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_BACKEND_MEMORY_H
#define FR_TESTS_UNIT_BACKEND_MEMORY_H

/* Parts of ways: the processor's backends, and the system under all of them. */

#include "backend/way.h"

enum { MEMORY_BLOCK = 64 };

void memory_open_host(struct fr_backend_host *out);
void memory_open_source(struct pair_source *out);
void memory_draw(uint32_t width, uint32_t height, fr_format format, const uint8_t *pixels);
fr_status memory_fill(struct pair_source *source, uint32_t index, const fr_slot *slot);

/* The native one, which has no memory while it starves. */
struct fr_os memory_os(void);
void memory_starve(bool on);

#endif
