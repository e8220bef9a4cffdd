/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_ALIGNED_H
#define FR_OS_ALIGNED_H

#include <stddef.h>

/* `alignment`: a power of two. The content is undefined. NULL: no memory. */
void *fr_aligned_alloc(size_t alignment, size_t bytes);
void fr_aligned_free(void *memory); /* accepts NULL; for memory of fr_aligned_alloc alone */

#endif
