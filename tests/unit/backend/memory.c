/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/memory.h"

#include "backend/cpu/cpu.h"

#include <stdlib.h>
#include <string.h>

static bool starving;

static fr_status memory_create(void *self, const struct fr_object_name *name, size_t bytes, int access,
                               struct fr_memory *out)
{
    return starving ? FR_ERR_NO_MEMORY : fr_os_native().ops->memory_create(self, name, bytes, access, out);
}

struct fr_os memory_os(void)
{
    static struct fr_os_ops ops;
    const struct fr_os native = fr_os_native();
    ops = *native.ops;
    ops.memory_create = memory_create;
    return (struct fr_os){.ops = &ops, .self = native.self};
}

void memory_starve(bool on)
{
    starving = on;
}

void memory_open_host(struct fr_backend_host *out)
{
    assert_int_equal(fr_cpu_host_create(out, memory_os()), FR_OK);
}

void memory_open_source(struct pair_source *out)
{
    *out = (struct pair_source){0};
    assert_int_equal(fr_cpu_source_create(&out->memory, memory_os()), FR_OK);
}

static uint8_t *drawn;

void memory_draw(uint32_t width, uint32_t height, fr_format format, const uint8_t *pixels)
{
    const size_t bytes = (size_t)width * height * fr_format_pixel_bytes(format);
    drawn = realloc(drawn, bytes);
    assert_non_null(drawn);
    memcpy(drawn, pixels, bytes);
}

fr_status memory_fill(struct pair_source *source, uint32_t index, const fr_slot *slot)
{
    (void)source, (void)index;
    const size_t row_bytes = (size_t)slot->width * fr_format_pixel_bytes(slot->format);
    for (uint32_t y = 0; y < slot->height; y++)
        memcpy((uint8_t *)slot->pixels + y * slot->pitch_bytes, drawn + y * row_bytes, row_bytes);
    return FR_OK;
}
