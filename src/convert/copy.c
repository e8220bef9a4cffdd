/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "convert/copy.h"
#include "convert/kernel.h"
#include "convert/mask.h"

#include <string.h>

const fr_copy_kernel *fr_copy_find_kernel(void)
{
    uint32_t mask;
    if (fr_cpu_mask_from_environment(&mask) < 0)
        mask = 0; /* whoever makes a converter is told */
    const uint32_t cpu = fr_convert_detect_cpu() & ~mask;
    const fr_copy_kernel *found = NULL;
    for (const fr_copy_kernel *k = fr_copy_kernels; k->name; k++)
        if ((k->cpu & ~cpu) == 0)
            found = k;
    return found;
}

/* Where what is read and written is less than half of the cache, memcpy is as fast, and the host finds it
 * there. */
static const fr_copy_kernel *stream_kernel(size_t bytes)
{
    const size_t cache_bytes = fr_convert_cache_bytes();
    return cache_bytes && 4 * bytes > cache_bytes ? fr_copy_find_kernel() : NULL;
}

void fr_copy_rows(void *out, ptrdiff_t out_pitch_bytes, const void *in, ptrdiff_t in_pitch_bytes,
                  size_t row_bytes, size_t num_rows)
{
    uint8_t *to = out;
    const uint8_t *from = in;
    const fr_copy_kernel *const kernel = stream_kernel(row_bytes * num_rows);
    for (size_t y = 0; y < num_rows; y++) {
        if (kernel)
            kernel->run(to, from, row_bytes, y + 1 < num_rows ? in_pitch_bytes : 0);
        else
            memcpy(to, from, row_bytes);
        if (y + 1 < num_rows) {
            to += out_pitch_bytes;
            from += in_pitch_bytes;
        }
    }
    if (kernel)
        fr_convert_end_stream();
}
