/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A broken host rewrites its header while a source makes its snapshot: what is fine is of one piece. */
#include "world.h"

#include "os/atomic.h"

#include <string.h>

/* Version 1 and 2 by turns, and sizes that are right and wrong; the generation stays. */
void sim_header_writer(void)
{
    fr_wire_v2 *header = &sim_world.memory[0].header.v2;
    for (uint32_t i = 1; i <= sim_world.scenario->frames; i++) {
        fr_store_relaxed_u32(&header->v1.version, 1 + i % 2);
        fr_store_relaxed_u32(&header->v1.width, i % 3 ? 64 : 0);
        fr_store_relaxed_u32(&header->v1.format, i % 2 ? FR_FORMAT_RGBA8 : FR_FORMAT_BGRA8);
    }
}

static void check(const fr_wire_v2 *copy)
{
    static const uint8_t zero[FR_WIRE_V2_BYTES - FR_WIRE_V1_BYTES];
    const fr_wire_v1 *v1 = &copy->v1;
    if (v1->version == 1 && memcmp((const uint8_t *)copy + FR_WIRE_V1_BYTES, zero, sizeof(zero)) != 0)
        sim_fail("a header of version 1 has a tail");
    if (v1->width != 64 || (v1->version == 1 && v1->format != FR_FORMAT_BGRA8))
        sim_fail("a header of version %u, %u wide, of format %u is called fine", v1->version, v1->width,
                 v1->format);
}

void sim_header_reader(void)
{
    fr_wire_v2 *header = &sim_world.memory[0].header.v2;
    const struct fr_ring_shape shape = {4, 64, 32, FR_FORMAT_BGRA8};
    fr_ring_host_create(&sim_world.ring, header, FR_WIRE_V2_BYTES, &shape, 1, 7, FR_WIRE_SYNC_STATES, 10);
    for (uint32_t i = 0; i < sim_world.scenario->frames; i++) {
        fr_wire_v2 copy;
        if (fr_wire_snapshot(&copy, header, FR_WIRE_V2_BYTES, 7) == FR_WIRE_FINE)
            check(&copy);
    }
}
