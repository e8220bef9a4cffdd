/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "clock.h"
#include "say.h"
#include "stop.h"

#include <framering/convert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS_MIN = 3, RUNS_MAX = 201 };
#define BUDGET_NS (120 * NS_PER_MS)

struct buffers {
    uint8_t *in, *out;
    size_t in_bytes, out_bytes;
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
    for (size_t i = 0; i + 1 < b->in_bytes; i += 2) {
        uint32_t bits = next_random(&state);
        uint32_t half = 0x2800u + bits % 0x2000u + ((bits & 0xf0000u) == 0 ? 0x8000u : 0u);
        uint16_t value = (uint16_t)(format == FR_FORMAT_RGBA16F ? half : bits);
        memcpy(b->in + i, &value, sizeof value);
    }
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The median time of one call, in ms. */
static double measure(void (*call)(void *user), void *user)
{
    uint64_t times[RUNS_MAX];
    size_t runs = 0;
    uint64_t begin = fr_clock_now_ns(), before = begin;
    while (runs < RUNS_MIN || (runs < RUNS_MAX && before - begin < BUDGET_NS)) {
        call(user);
        uint64_t now = fr_clock_now_ns();
        times[runs++] = now - before;
        before = now;
    }
    qsort(times, runs, sizeof times[0], compare);
    return (double)times[runs / 2] / (double)NS_PER_MS;
}

struct conversion {
    const fr_converter *converter;
    const fr_convert_params *params;
    struct buffers *b;
};

static void convert(void *user)
{
    const struct conversion *c = user;
    ptrdiff_t sample = c->params->to == FR_FORMAT_P010 ? 2 : 1, width = (ptrdiff_t)c->params->width;
    void *const planes[2] = {c->b->out, c->b->out + (size_t)(width * sample) * c->params->height};
    const ptrdiff_t pitches[2] = {width * sample, (width + 1) / 2 * 2 * sample};
    fr_converter_run(c->converter, c->b->in, width * (ptrdiff_t)fr_format_pixel_bytes(c->params->from),
                     planes, pitches);
}

/* Reads and writes, together, as many bytes as the conversion does. */
static void move(void *user)
{
    struct buffers *b = user;
    size_t half = (b->in_bytes + b->out_bytes) / 2;
    size_t first = half < b->out_bytes ? half : b->out_bytes;
    for (size_t done = 0; done < half; done += first)
        memcpy(b->out, b->in + done, half - done < first ? half - done : first);
    /* The compiler must not see that nobody reads this. */
    __asm__ volatile("" : : "r"(b->out) : "memory");
}

static bool alloc_buffers(struct buffers *b, const fr_convert_params *params)
{
    size_t pixels = (size_t)params->width * params->height;
    size_t sample = params->to == FR_FORMAT_P010 ? 2 : 1;
    b->in_bytes = pixels * fr_format_pixel_bytes(params->from);
    b->out_bytes =
        pixels * sample + (size_t)(params->width + 1) / 2 * 2 * ((params->height + 1) / 2) * sample;
    b->in = malloc(b->in_bytes);
    b->out = malloc(b->out_bytes);
    if (b->in && b->out) {
        fill(b, params->from);
        return true;
    }
    say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    return false;
}

static void measure_kernels(json_t *list, fr_convert_params params, struct buffers *b)
{
    static const uint32_t masks[] = {0, FR_CPU_AVX512, FR_CPU_AVX512 | FR_CPU_AVX2,
                                     FR_CPU_AVX512 | FR_CPU_AVX2 | FR_CPU_SSE41, ~0u};
    const char *before = "";
    for (size_t i = 0; i < sizeof masks / sizeof masks[0] && !stop_requested(); i++) {
        fr_converter *converter;
        params.cpu_mask = masks[i];
        if (fr_converter_create(&converter, &params) < 0)
            return;
        const char *kernel = fr_converter_kernel(converter), *isa = strrchr(kernel, '_');
        struct conversion conversion = {converter, &params, b};
        if (strcmp(kernel, before) != 0) {
            double bound = measure(move, b), ms = measure(convert, &conversion);
            json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:i, s:i, s:f, s:f, s:f}", "kernel",
                                                  kernel, "isa", isa ? isa + 1 : "", "width",
                                                  (int)params.width, "height", (int)params.height, "threads",
                                                  1, "ms", ms, "bound_ms", bound, "ratio", ms / bound));
        }
        before = kernel;
        fr_converter_destroy(&converter);
    }
}

json_t *bench_convert(const struct bench_options *options)
{
    static const fr_format pairs[][2] = {{FR_FORMAT_BGRA8, FR_FORMAT_NV12},
                                         {FR_FORMAT_RGBA8, FR_FORMAT_NV12},
                                         {FR_FORMAT_RGBA16F, FR_FORMAT_P010},
                                         {FR_FORMAT_RGB10A2, FR_FORMAT_P010},
                                         {FR_FORMAT_RGBA16F, FR_FORMAT_NV12}};
    static const uint32_t sizes[][2] = {{1920, 1080}, {3840, 2160}};
    json_t *list = json_array();
    for (size_t s = 0; s < (options->width ? 1 : 2); s++) {
        for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
            fr_convert_params params = {.from = pairs[i][0], .to = pairs[i][1]};
            params.width = options->width ? options->width : sizes[s][0];
            params.height = options->width ? options->height : sizes[s][1];
            struct buffers b = {.in = NULL};
            bool good = alloc_buffers(&b, &params);
            if (good)
                measure_kernels(list, params, &b);
            free(b.in);
            free(b.out);
            if (!good) {
                json_decref(list);
                return NULL;
            }
        }
    }
    return list;
}
