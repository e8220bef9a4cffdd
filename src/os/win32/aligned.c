/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/aligned.h"

#include <malloc.h>

void *fr_aligned_alloc(size_t alignment, size_t bytes)
{
    return _aligned_malloc(bytes, alignment);
}

void fr_aligned_free(void *memory)
{
    _aligned_free(memory);
}
