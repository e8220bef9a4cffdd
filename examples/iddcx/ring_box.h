/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLE_IDDCX_RING_BOX_H
#define EXAMPLE_IDDCX_RING_BOX_H

/*
 * The host's last request, kept with its handles, because the host sends each ring once. A source that is
 * opened later (the first swap chain comes after the request; the render device was removed) is given
 * duplicates of what the box holds.
 */

#include <windows.h>

#include <framering/win32.h>

struct ring_box {
    bool full;
    fr_win32_ring ring;
};

/* Duplicates every handle of `from` inside this process. False: none was duplicated. */
bool ring_duplicate(const fr_win32_ring *from, fr_win32_ring *out);
/* Closes every handle of *ring, and forgets them. */
void ring_close(fr_win32_ring *ring);

/* Takes the handles of `ring` over; those of the ring before are closed. */
void ring_box_put(struct ring_box *box, const fr_win32_ring *ring);
void ring_box_empty(struct ring_box *box);

#endif
