/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The body over the processor's backends. */
#include "backend/memory.h"

static const struct way ways[] = {{
    .name = "cpu",
    .kind = FR_SLOTS_MEMORY,
    .sync_kind = FR_WIRE_SYNC_STATES,
    .capabilities = FR_CAP_STATES,
    .block = MEMORY_BLOCK,
    .open_host = memory_open_host,
    .open_source = memory_open_source,
    .draw = memory_draw,
    .fill = memory_fill,
    .starve = memory_starve,
}};

int main(int argc, char **argv)
{
    return way_run(ways, 1, argc, argv);
}
