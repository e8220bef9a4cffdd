/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The metadata line, written over while it is read: what is read is of one piece, and the last in the end. */
#include "world.h"

void sim_metadata_source(void)
{
    const struct sim_scenario *scenario = sim_world.scenario;
    struct fr_ring_source ring = {.shared = &sim_world.memory[0].header.v2};
    for (uint32_t i = 1; i <= scenario->frames; i++) {
        const uint16_t value = (uint16_t)i;
        const fr_wire_metadata line = {
            .valid = i,
            .sdr_white_millinits = i,
            .red = {value, value},
            .white = {value, value},
            .max_luminance = i,
            .min_luminance = i,
            .max_cll = value,
            .max_fall = value,
        };
        fr_ring_source_set_metadata(&ring, &line);
    }
    sim_world.source_idle = true;
    sim_signal_host();
}

static void look(uint32_t *seen)
{
    fr_wire_metadata line;
    if (!fr_ring_host_metadata(&sim_world.ring, seen, &line))
        return;
    const uint32_t value = line.valid;
    if (line.sdr_white_millinits != value || line.red[0] != value || line.white[1] != value ||
        line.max_luminance != value || line.min_luminance != value || line.max_cll != value ||
        line.max_fall != value)
        sim_fail("torn metadata: of change %u and of others", value);
    if (value <= sim_world.shown_picture)
        sim_fail("metadata %u is read after %u", value, sim_world.shown_picture);
    sim_world.shown_picture = value;
}

void sim_metadata_host(void)
{
    sim_world.ring.shared = &sim_world.memory[0].header.v2;
    uint32_t seen = 0;
    for (uint32_t i = 0; i < sim_world.scenario->frames; i++)
        look(&seen);
    while (!sim_world.source_idle)
        sim_wait(&sim_world.source_idle);
    look(&seen);
    if (sim_world.shown_picture != sim_world.scenario->frames)
        sim_fail("the last metadata are %u, not %u", sim_world.shown_picture, sim_world.scenario->frames);
}
