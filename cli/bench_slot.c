/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "bench_bound.h"
#include "clock.h"
#include "machine.h"
#include "race.h"
#include "say.h"

#include <framering/convert.h>
#include <framering/source.h>

#include <stdlib.h>

enum { ROW_ALIGN = 64 };
#define BUDGET_NS (150 * NS_PER_MS)

/* A picture in memory of the program's own, and a slot. */
struct copy {
    struct bench_bound bound;
    struct racer racer;
    struct racer *order[BENCH_MOVES_MAX + 1];
    fr_slot slot;
    fr_image image;
};

static void write_slot(void *user)
{
    const struct copy *copy = user;
    fr_slot_write(&copy->slot, &copy->image, NULL, 0);
}

static bool alloc(struct copy *copy, fr_format format, uint32_t width, uint32_t height)
{
    size_t row = width * fr_format_pixel_bytes(format), pitch = (row + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN;
    uint8_t *in = machine_surface_alloc(row * height), *out = machine_slots_alloc(pitch * height);
    copy->image = (fr_image){in, (ptrdiff_t)row, width, height, format};
    copy->slot =
        (fr_slot){.pixels = out, .pitch_bytes = pitch, .width = width, .height = height, .format = format};
    copy->bound.in = in;
    copy->bound.out = out;
    copy->bound.in_bytes = copy->bound.out_bytes = row * height;
    return in && out;
}

static void release(struct copy *copy)
{
    machine_surface_free((void *)(uintptr_t)copy->image.pixels);
    machine_slots_free(copy->slot.pixels, copy->slot.pitch_bytes * copy->slot.height);
}

static bool measure(struct copy *copy, json_t *list, const struct bench_options *options, int cpu,
                    const char *name)
{
    const uint32_t size[2] = {copy->slot.width, copy->slot.height};
    if (fr_slot_write(&copy->slot, &copy->image, NULL, 0) != FR_OK) {
        say(FR_LOG_ERROR, "a slot of %ux%u cannot be written", size[0], size[1]);
        return false;
    }
    bench_bound_init(&copy->bound, fr_cpu_flags() & ~options->cpu_mask, copy->order);
    copy->racer.call = write_slot;
    copy->racer.user = copy;
    copy->order[copy->bound.count] = &copy->racer;
    machine_pin(cpu);
    race(copy->order, copy->bound.count + 1, options->for_ns ? options->for_ns : BUDGET_NS);
    machine_pin(-1);
    bench_bound_find(&copy->bound);
    json_array_append_new(list,
                          bench_bound_row(&copy->bound, name, "", size, 1, race_median_ms(&copy->racer)));
    return true;
}

bool bench_slot(json_t *list, const struct bench_options *options, int cpu, uint32_t width, uint32_t height)
{
    static const struct {
        fr_format format;
        const char *name;
    } kinds[] = {{FR_FORMAT_BGRA8, "slot_write_bgra8"}, {FR_FORMAT_RGBA16F, "slot_write_rgba16f"}};
    bool good = true;
    for (size_t i = 0; good && i < sizeof kinds / sizeof kinds[0]; i++) {
        struct copy *copy = calloc(1, sizeof *copy);
        good = copy && alloc(copy, kinds[i].format, width, height);
        if (!good)
            say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
        good = good && measure(copy, list, options, cpu, kinds[i].name);
        if (copy)
            release(copy);
        free(copy);
    }
    return good;
}
