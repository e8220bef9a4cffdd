/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Every store is visible at once: the interleavings alone are explored, through the library's own
 * os/atomic.h. */
#include "explorer.h"

void sim_memory_reset(void)
{
}

void sim_memory_step(void)
{
}

bool sim_memory_drain(int side)
{
    (void)side;
    return false;
}
