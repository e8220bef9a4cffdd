/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The allocator of the code under test: the linker sends its calls here (--wrap), so that one can fail. */
#include "machine/machine.h"

/* The C library has no object to hang this on. */
static unsigned countdown;
static bool reached;

void *__real_calloc(size_t count, size_t bytes);
void *__real_fr_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_fr_aligned_alloc(size_t alignment, size_t bytes);

void machine_fail_allocation(unsigned nth)
{
    countdown = nth;
    reached = false;
}

bool machine_allocation_failed(void)
{
    return reached;
}

bool machine_must_fail(void)
{
    if (!countdown || --countdown)
        return false;
    reached = true;
    return true;
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return machine_must_fail() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_fr_aligned_alloc(size_t alignment, size_t bytes)
{
    return machine_must_fail() ? NULL : __real_fr_aligned_alloc(alignment, bytes);
}
