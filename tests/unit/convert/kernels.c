/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Each kernel of integers by itself against the C kernel, as the converter calls it: two rows from any column
 * on, with and without stores past the cache. */

#include "picture.h"

#include "convert/kernel.h"
#include "os/aligned.h"

#include <string.h>

enum { MAX_WIDTH = 192, MARGIN = 64, LINE = 64, CANARY = 0xa5 };

typedef struct planes {
    uint8_t luma[2][2 * MAX_WIDTH + 2 * MARGIN], chroma[2 * MAX_WIDTH + 2 * MARGIN];
} planes;

typedef struct buffers {
    uint8_t *src[2]; /* on lines' starts */
    planes *expected, *actual;
} buffers;

typedef void fill_fn(uint8_t *src, size_t bytes, uint64_t *random);

static void fill_random(uint8_t *src, size_t bytes, uint64_t *random)
{
    for (size_t i = 0; i < bytes; i++)
        src[i] = (uint8_t)random_next(random);
}

static void fill_extreme(uint8_t *src, size_t bytes, uint64_t *random)
{
    for (size_t i = 0; i < bytes; i++)
        src[i] = random_next(random) & 1 ? 0xff : 0;
}

static void fill_ramp(uint8_t *src, size_t bytes, uint64_t *random)
{
    const uint8_t step = (uint8_t)random_next(random);
    for (size_t i = 0; i < bytes; i++)
        src[i] = (uint8_t)(i * step);
}

/* One column differs from all others. */
static void fill_edge(uint8_t *src, size_t bytes, uint64_t *random)
{
    const size_t column = random_next(random) % (bytes / 4);
    for (size_t i = 0; i < bytes; i++)
        src[i] = i / 4 < column ? 0 : 0xff;
}

static fill_fn *const fills[] = {fill_random, fill_extreme, fill_ramp, fill_edge};

static fr_convert_fn *c_kernel(const fr_convert_kernel *kernel)
{
    if (kernel->from == FR_FORMAT_BGRA8)
        return convert_bgra_nv12_c;
    if (kernel->from == FR_FORMAT_RGBA8)
        return convert_rgba_nv12_c;
    return kernel->from == FR_FORMAT_RGB10A2 ? convert_rgb10a2_p010_c : NULL;
}

static void run_with(const fr_convert_tables *tables, fr_convert_fn *fn, const buffers *b, planes *out,
                     size_t offset, size_t from, size_t width, bool stream)
{
    memset(out, CANARY, sizeof(*out));
    const fr_convert_rows rows = {
        .src = {b->src[0], b->src[1]},
        .luma = {out->luma[0] + MARGIN + offset, out->luma[1] + MARGIN + offset},
        .chroma = out->chroma + MARGIN + offset,
        .width = width,
        .stream = stream,
        .next_bytes = 8 * MAX_WIDTH,
    };
    fn(tables, &rows, from);
    if (stream)
        fr_convert_end_stream();
}

static void run(fr_convert_fn *fn, const buffers *b, planes *out, size_t offset, size_t from, size_t width,
                bool stream)
{
    static const fr_convert_tables tables;
    run_with(&tables, fn, b, out, offset, from, width, stream);
}

static void check(const fr_convert_kernel *kernel, const buffers *b, size_t offset, size_t from, size_t width)
{
    run(c_kernel(kernel), b, b->expected, offset, from, width, false);
    for (int stream = 0; stream < 2; stream++) {
        run(kernel->run, b, b->actual, offset, from, width, stream);
        if (memcmp(b->actual, b->expected, sizeof(planes)))
            fail_msg("%s differs: width %zu from %zu, %zu off a line%s", kernel->name, width, from, offset,
                     stream ? ", past the cache" : "");
    }
}

static void check_kernel(const fr_convert_kernel *kernel, const buffers *b)
{
    uint64_t random = 8;
    for (size_t fill = 0; fill < sizeof(fills) / sizeof(fills[0]); fill++)
        for (size_t width = 1; width <= MAX_WIDTH; width++) {
            for (int row = 0; row < 2; row++)
                fills[fill](b->src[row], 8 * MAX_WIDTH, &random);
            for (size_t from = 0; from < width; from += 64) {
                check(kernel, b, 0, from, width);
                check(kernel, b, 1 + random_next(&random) % 63, from, width);
            }
        }
}

static void *on_a_line(size_t bytes)
{
    return fr_aligned_alloc(LINE, bytes);
}

static buffers make_buffers(void)
{
    return (buffers){
        .src = {on_a_line(8 * MAX_WIDTH), on_a_line(8 * MAX_WIDTH)},
        .expected = on_a_line(sizeof(planes)),
        .actual = on_a_line(sizeof(planes)),
    };
}

static void free_buffers(const buffers *b)
{
    fr_aligned_free(b->src[0]);
    fr_aligned_free(b->src[1]);
    fr_aligned_free(b->expected);
    fr_aligned_free(b->actual);
}

static const fr_convert_kernel *const lists[] = {fr_convert_kernels_sse41, fr_convert_kernels_avx2,
                                                 fr_convert_kernels_avx512, fr_convert_kernels_neon};

static void every_kernel_gives_what_the_c_kernel_gives(void **state)
{
    (void)state;
    const buffers b = make_buffers();
    size_t num = 0;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const fr_convert_kernel *k = lists[i]; k->name; k++) {
            if (!c_kernel(k))
                continue;
            if (k->cpu & ~fr_cpu_flags()) {
                print_message("%s is not tested: this processor lacks what it needs\n", k->name);
                continue;
            }
            check_kernel(k, &b);
            num++;
        }
    free_buffers(&b);
    if (!num) {
        print_message("this processor has none of the instruction sets that kernels were built for\n");
        skip();
    }
}

static double pq(double light, const void *arg)
{
    (void)arg;
    return fr_pq_encode(light);
}

/* The columns left of `from` are not looked at. */
static bool equal_from(const planes *a, const planes *b, size_t offset, size_t from)
{
    const size_t skipped = MARGIN + offset + 2 * from;
    return !memcmp(a->luma[0] + skipped, b->luma[0] + skipped, sizeof(a->luma[0]) - skipped) &&
           !memcmp(a->luma[1] + skipped, b->luma[1] + skipped, sizeof(a->luma[1]) - skipped) &&
           !memcmp(a->chroma + skipped, b->chroma + skipped, sizeof(a->chroma) - skipped);
}

/* Kernels of floats have no other that gives the same. */
static void check_float(const fr_convert_tables *tables, const fr_convert_kernel *kernel, const buffers *b,
                        size_t width)
{
    for (size_t offset = 0; offset < 64; offset += 31) {
        run_with(tables, kernel->run, b, b->expected, offset, 0, width, false);
        for (size_t from = 0; from < width; from += 64)
            for (int stream = 0; stream < 2; stream++) {
                run_with(tables, kernel->run, b, b->actual, offset, from, width, stream);
                if (!equal_from(b->actual, b->expected, offset, from))
                    fail_msg("%s differs: width %zu from %zu, %zu off a line%s", kernel->name, width, from,
                             offset, stream ? ", past the cache" : "");
            }
    }
}

static void floats_of_a_part_and_past_the_cache_are_the_same(void **state)
{
    (void)state;
    static fr_convert_tables tables;
    fr_curve_build(&tables.transfer, -44, 0, pq, NULL);
    fr_lanes_build_p010(&tables.lanes, pq, &tables.transfer);
    const buffers b = make_buffers();
    uint64_t random = 13;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        for (const fr_convert_kernel *k = lists[i]; k->name; k++)
            for (size_t width = 1; width <= MAX_WIDTH; width++) {
                if (k->from != FR_FORMAT_RGBA16F || k->to != FR_FORMAT_P010 || k->cpu & ~fr_cpu_flags())
                    continue;
                fill_random(b.src[0], 8 * MAX_WIDTH, &random);
                fill_random(b.src[1], 8 * MAX_WIDTH, &random);
                check_float(&tables, k, &b, width);
            }
    free_buffers(&b);
}

/* A picture that goes past the cache where the rows of its surface allow it. */
static void large_pictures_are_the_same(void **state)
{
    (void)state;
    enum { HEIGHT = 1201 };
    const size_t cache = fr_convert_cache_bytes(), width = 4 * cache / HEIGHT / 22 / 2 * 2 + 65,
                 pitch = (width + 63) / 64 * 64;
    if (!cache || width > FR_SIZE_MAX) {
        print_message("no picture goes past a cache of %zu bytes here\n", cache);
        skip();
    }
    fr_convert_params params = {
        .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = (uint32_t)width, .height = HEIGHT};
    uint8_t *const src = on_a_line(4 * pitch * HEIGHT), *outs[2];
    uint64_t random = 11;
    for (size_t i = 0; i < pitch * HEIGHT; i++)
        memcpy(src + 4 * i, &(uint32_t){random_next(&random)}, 4);
    for (int i = 0; i < 2; i++) {
        outs[i] = on_a_line(2 * pitch * HEIGHT);
        memset(outs[i], CANARY, 2 * pitch * HEIGHT);
    }
    for (size_t n = 0; nth_mask(n, &params.cpu_mask); n++) {
        uint8_t *const out = outs[n > 0];
        void *const dst[2] = {out, out + pitch * HEIGHT};
        const ptrdiff_t pitches[2] = {(ptrdiff_t)pitch, (ptrdiff_t)pitch};
        fr_converter *converter;
        assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
        fr_converter_run(converter, src, 4 * (ptrdiff_t)pitch, dst, pitches);
        fr_converter_destroy(&converter);
        if (n > 0)
            assert_true(!memcmp(outs[0], outs[1], 2 * pitch * HEIGHT));
    }
    fr_aligned_free(src);
    fr_aligned_free(outs[0]);
    fr_aligned_free(outs[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_gives_what_the_c_kernel_gives),
        cmocka_unit_test(floats_of_a_part_and_past_the_cache_are_the_same),
        cmocka_unit_test(large_pictures_are_the_same),
    };
    return cmocka_run_group_tests_name("convert: kernels", tests, NULL, NULL);
}
