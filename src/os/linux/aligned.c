/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/aligned.h"

#include <stdint.h>
#include <stdlib.h>

void *fr_aligned_alloc(size_t alignment, size_t bytes)
{
    if (bytes > SIZE_MAX - alignment)
        return NULL;
    /* C17 asks for a multiple of the alignment. */
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void fr_aligned_free(void *memory)
{
    free(memory);
}
