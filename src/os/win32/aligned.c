/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/aligned.h"

#include <malloc.h>
#include <stdint.h>

void *fr_aligned_alloc(size_t alignment, size_t bytes)
{
    /* Not every C library checks that its own header does not make the size overflow. */
    return bytes < PTRDIFF_MAX ? _aligned_malloc(bytes, alignment) : NULL;
}

void fr_aligned_free(void *memory)
{
    _aligned_free(memory);
}
