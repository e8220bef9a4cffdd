/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "ring_box.h"

enum { RING_HANDLES = 5 + FR_WIRE_SLOTS_MAX };

static void list_handles(fr_win32_ring *ring, uint64_t *list[RING_HANDLES])
{
    size_t count = 0;
    list[count++] = &ring->header;
    list[count++] = &ring->event;
    list[count++] = &ring->slots;
    list[count++] = &ring->ready_fence;
    list[count++] = &ring->retire_fence;
    for (size_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        list[count++] = &ring->texture[i];
}

void ring_close(fr_win32_ring *ring)
{
    uint64_t *list[RING_HANDLES];
    list_handles(ring, list);
    for (size_t i = 0; i < RING_HANDLES; i++) {
        if (*list[i])
            CloseHandle((HANDLE)(uintptr_t)*list[i]);
        *list[i] = 0;
    }
}

bool ring_duplicate(const fr_win32_ring *from, fr_win32_ring *out)
{
    *out = *from;
    uint64_t *list[RING_HANDLES];
    list_handles(out, list);
    uint64_t original[RING_HANDLES];
    for (size_t i = 0; i < RING_HANDLES; i++) {
        original[i] = *list[i];
        *list[i] = 0;
    }
    for (size_t i = 0; i < RING_HANDLES; i++) {
        if (!original[i])
            continue;
        HANDLE copy = NULL;
        if (!DuplicateHandle(GetCurrentProcess(), (HANDLE)(uintptr_t)original[i], GetCurrentProcess(), &copy,
                             0, FALSE, DUPLICATE_SAME_ACCESS)) {
            ring_close(out);
            return false;
        }
        *list[i] = (uint64_t)(uintptr_t)copy;
    }
    return true;
}

void ring_box_put(struct ring_box *box, const fr_win32_ring *ring)
{
    ring_box_empty(box);
    box->ring = *ring;
    box->full = true;
}

void ring_box_empty(struct ring_box *box)
{
    if (box->full)
        ring_close(&box->ring);
    box->full = false;
}
