/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "bench_bound.h"
#include "clock.h"
#include "machine.h"
#include "race.h"
#include "say.h"
#include "stop.h"

#include <framering/convert.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { KERNELS_MAX = 6, ROW_ALIGN = 64, RACERS = BENCH_MOVES_MAX + KERNELS_MAX, THREADS_SHOWN = 4 };
#define BUDGET_NS (150 * NS_PER_MS)

static_assert((int)RACERS <= (int)RACE_RACERS_MAX, "one race for a conversion");

/* A slot and a surface, laid out as a capture's. */
struct buffers {
    uint8_t *in, *out;
    size_t in_pitch, out_pitch, in_whole;
    size_t in_bytes, out_bytes; /* that a conversion reads and writes */
};

struct runner {
    const fr_converter *converter;
    const fr_convert_params *params;
    struct buffers *b;
};

/* One conversion, measured. */
struct match {
    const struct bench_options *options;
    fr_convert_params params;
    struct buffers b;
    int cpu;
    size_t num_kernels;
    fr_converter *converters[KERNELS_MAX];
    struct bench_bound bound;
    struct runner runners[KERNELS_MAX];
    struct racer racers[KERNELS_MAX];
    struct racer *order[RACERS];
};

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Half floats of every size that a display shows, some of them negative: random bits would be mostly huge
 * values and NaN, which no picture holds. */
static void fill(struct buffers *b, fr_format format)
{
    uint32_t state = 2463534242u;
    for (size_t i = 0; i + 1 < b->in_whole; i += 2) {
        uint32_t bits = next_random(&state);
        uint32_t half = 0x2800u + bits % 0x2000u + ((bits & 0xf0000u) == 0 ? 0x8000u : 0u);
        uint16_t value = (uint16_t)(format == FR_FORMAT_RGBA16F ? half : bits);
        memcpy(b->in + i, &value, sizeof value);
    }
}

static size_t align_row(size_t bytes)
{
    return (bytes + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN;
}

static bool alloc_buffers(struct buffers *b, const fr_convert_params *params)
{
    size_t width = params->width, height = params->height, sample = params->to == FR_FORMAT_P010 ? 2 : 1;
    size_t chroma_rows = (height + 1) / 2, chroma_width = (width + 1) / 2 * 2;
    b->in_pitch = align_row(width * fr_format_pixel_bytes(params->from));
    b->out_pitch = align_row(chroma_width * sample);
    b->in_whole = b->in_pitch * height;
    b->in_bytes = width * fr_format_pixel_bytes(params->from) * height;
    b->out_bytes = (width * height + chroma_width * chroma_rows) * sample;
    b->in = machine_slots_alloc(b->in_whole);
    b->out = machine_surface_alloc(b->out_pitch * (height + chroma_rows));
    if (b->in && b->out) {
        fill(b, params->from);
        return true;
    }
    say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    return false;
}

static void free_buffers(struct buffers *b)
{
    machine_slots_free(b->in, b->in_whole);
    machine_surface_free(b->out);
    *b = (struct buffers){0};
}

static void convert(void *user)
{
    const struct runner *r = user;
    const struct buffers *b = r->b;
    void *const planes[2] = {b->out, b->out + b->out_pitch * r->params->height};
    const ptrdiff_t pitches[2] = {(ptrdiff_t)b->out_pitch, (ptrdiff_t)b->out_pitch};
    fr_converter_run(r->converter, b->in, (ptrdiff_t)b->in_pitch, planes, pitches);
}

/* A converter of each kernel that the processor can run, the best first. */
static bool create_converters(struct match *m)
{
    static const uint32_t masks[] = {0, FR_CPU_AVX512, FR_CPU_AVX512 | FR_CPU_AVX2,
                                     FR_CPU_AVX512 | FR_CPU_AVX2 | FR_CPU_SSE41, ~0u};
    const char *before = "";
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        fr_convert_params params = m->params;
        fr_converter *converter;
        params.cpu_mask |= masks[i];
        params.threads = 1;
        fr_status status = fr_converter_create(&converter, &params);
        if (status < 0) {
            say(FR_LOG_ERROR, "%s to %s: %s", fr_format_name(params.from), fr_format_name(params.to),
                fr_status_text(status));
            return false;
        }
        if (strcmp(fr_converter_kernel(converter), before) == 0) {
            fr_converter_destroy(&converter);
            continue;
        }
        before = fr_converter_kernel(converter);
        m->converters[m->num_kernels++] = converter;
    }
    return true;
}

/* Converter number `index` runs in the race after the first `count` of it. */
static void add(struct match *m, size_t count, size_t index, const fr_converter *converter, bool threads)
{
    m->runners[index] = (struct runner){.converter = converter, .params = &m->params, .b = &m->b};
    m->racers[index].call = convert;
    m->racers[index].user = &m->runners[index];
    m->racers[index].threads = threads;
    m->order[count + index] = &m->racers[index];
}

static void report(struct match *m, json_t *list, size_t index, const char *kernel, unsigned threads)
{
    const char *isa = strrchr(kernel, '_');
    const uint32_t size[2] = {m->params.width, m->params.height};
    json_t *row = bench_bound_row(&m->bound, kernel, isa ? isa + 1 : "", size, threads,
                                  race_median_ms(&m->racers[index]));
    if (m->params.from == FR_FORMAT_RGBA16F && m->params.to == FR_FORMAT_NV12)
        json_object_set_new(row, "sdr_map",
                            json_string(m->params.sdr_map == FR_SDR_MAP_CLIP ? "clip" : "tone"));
    json_array_append_new(list, row);
}

static uint64_t budget_of(const struct match *m)
{
    return m->options->for_ns ? m->options->for_ns : BUDGET_NS;
}

/* Every kernel beside every way to move the bytes, on one processor. */
static void measure_kernels(struct match *m, json_t *list)
{
    m->bound.in = m->b.in;
    m->bound.out = m->b.out;
    m->bound.in_bytes = m->b.in_bytes;
    m->bound.out_bytes = m->b.out_bytes;
    bench_bound_init(&m->bound, fr_cpu_flags() & ~m->params.cpu_mask, m->order);
    for (size_t i = 0; i < m->num_kernels; i++)
        add(m, m->bound.count, i, m->converters[i], false);
    machine_pin(m->cpu);
    race(m->order, m->bound.count + m->num_kernels, budget_of(m));
    machine_pin(-1);
    bench_bound_find(&m->bound);
    for (size_t i = 0; i < m->num_kernels; i++)
        report(m, list, i, fr_converter_kernel(m->converters[i]), 1);
}

/* The best kernel on several threads, which the system places, beside the fastest way to move the bytes. */
static void measure_threads(struct match *m, json_t *list, unsigned most)
{
    fr_converter *converters[THREADS_SHOWN] = {NULL};
    unsigned counts[THREADS_SHOWN];
    size_t used = 0;
    for (unsigned threads = 2; threads <= most && used < THREADS_SHOWN; threads *= 2)
        counts[used++] = threads;
    if (used > 0 && counts[used - 1] != most && used < THREADS_SHOWN)
        counts[used++] = most;
    size_t started = 0;
    for (; started < used; started++) {
        fr_convert_params params = m->params;
        params.threads = counts[started];
        if (fr_converter_create(&converters[started], &params) < 0)
            break;
        add(m, 1, started, converters[started], true);
    }
    bench_bound_again(&m->bound, m->order);
    race(m->order, 1 + started, budget_of(m));
    bench_bound_found(&m->bound);
    for (size_t i = 0; i < started; i++) {
        report(m, list, i, fr_converter_kernel(converters[i]), counts[i]);
        fr_converter_destroy(&converters[i]);
    }
}

static bool measure(struct match *m, json_t *list, unsigned threads)
{
    bool good = alloc_buffers(&m->b, &m->params) && create_converters(m);
    if (good) {
        measure_kernels(m, list);
        if (threads > 1 && !stop_requested())
            measure_threads(m, list, threads);
    }
    for (size_t i = 0; i < m->num_kernels; i++)
        fr_converter_destroy(&m->converters[i]);
    m->num_kernels = 0;
    free_buffers(&m->b);
    return good;
}

static bool measure_size(struct match *m, json_t *list, uint32_t width, uint32_t height, unsigned threads)
{
    static const fr_convert_params pairs[] = {
        {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12},
        {.from = FR_FORMAT_RGBA8, .to = FR_FORMAT_NV12},
        {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_P010},
        {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010},
        {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12, .sdr_map = FR_SDR_MAP_TONE},
        {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12, .sdr_map = FR_SDR_MAP_CLIP},
    };
    bool good = true;
    for (size_t i = 0; good && !stop_requested() && i < sizeof pairs / sizeof pairs[0]; i++) {
        m->params = pairs[i];
        m->params.width = width;
        m->params.height = height;
        m->params.cpu_mask = m->options->cpu_mask;
        good = measure(m, list, threads);
    }
    return good && (stop_requested() || bench_slot(list, m->options, m->cpu, width, height));
}

bool bench_convert_alone(const fr_convert_params *params, double *ms)
{
    struct match *m = calloc(1, sizeof *m);
    bool good = m && alloc_buffers(&m->b, params) && fr_converter_create(&m->converters[0], params) == FR_OK;
    if (good) {
        m->params = *params;
        add(m, 0, 0, m->converters[0], false);
        race(m->order, 1, BUDGET_NS);
        *ms = race_median_ms(&m->racers[0]);
        fr_converter_destroy(&m->converters[0]);
    } else {
        say(FR_LOG_ERROR, "the conversion alone cannot be measured");
    }
    if (m)
        free_buffers(&m->b);
    free(m);
    return good;
}

json_t *bench_convert(const struct bench_options *options)
{
    static const uint32_t sizes[][2] = {{1920, 1080}, {3840, 2160}};
    int cpus[MACHINE_CPUS_MAX];
    unsigned num_cpus = machine_cpus(cpus, MACHINE_CPUS_MAX);
    unsigned threads = options->threads ? options->threads : num_cpus < 2 ? num_cpus : 2;
    struct match *m = calloc(1, sizeof *m);
    json_t *list = json_array();
    bool good = m && list;
    if (!good)
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    for (size_t i = 0; good && i < (options->width ? 1 : sizeof sizes / sizeof sizes[0]); i++) {
        m->options = options;
        m->cpu = num_cpus ? cpus[0] : -1;
        good = measure_size(m, list, options->width ? options->width : sizes[i][0],
                            options->width ? options->height : sizes[i][1], threads);
    }
    if (good && stop_requested())
        say(FR_LOG_ERROR, "stopped before the measurement was over");
    free(m);
    if (!good || stop_requested()) {
        json_decref(list);
        list = NULL;
    }
    return list;
}
