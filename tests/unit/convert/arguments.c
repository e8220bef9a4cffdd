/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What fr_converter_create takes, which kernel it picks, and that a converter serves several threads. */

#define _DEFAULT_SOURCE /* setenv */

#include "picture.h"

#include "os/thread.h"
#include "system/system.h"

#include <stdlib.h>
#include <string.h>

static const fr_convert_params good = {
    .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = 64, .height = 64};

static fr_status status_of(fr_convert_params params)
{
    fr_converter *converter = (void *)&params;
    const fr_status status = fr_converter_create(&converter, &params);
    if (status == FR_OK)
        assert_non_null(converter);
    else
        assert_null(converter);
    fr_converter_destroy(&converter);
    assert_null(converter);
    return status;
}

static fr_status status_of_size(uint32_t width, uint32_t height)
{
    fr_convert_params params = good;
    params.width = width;
    params.height = height;
    return status_of(params);
}

static fr_status status_of_pair(fr_format from, fr_format to)
{
    fr_convert_params params = good;
    params.from = from;
    params.to = to;
    return status_of(params);
}

static void sizes_out_of_range_are_refused(void **state)
{
    (void)state;
    assert_int_equal(status_of_size(1, 1), FR_OK);
    assert_int_equal(status_of_size(FR_SIZE_MAX, FR_SIZE_MAX), FR_OK);
    assert_int_equal(status_of_size(0, 64), FR_ERR_ARGUMENT);
    assert_int_equal(status_of_size(64, 0), FR_ERR_ARGUMENT);
    assert_int_equal(status_of_size(FR_SIZE_MAX + 1, 64), FR_ERR_ARGUMENT);
    assert_int_equal(status_of_size(64, FR_SIZE_MAX + 1), FR_ERR_ARGUMENT);
    assert_int_equal(status_of_size(UINT32_MAX, UINT32_MAX), FR_ERR_ARGUMENT);
}

static void an_unknown_sdr_map_is_refused(void **state)
{
    (void)state;
    fr_convert_params params = pairs[4].params;
    params.width = params.height = 2;
    params.sdr_map = (fr_sdr_map)2;
    assert_int_equal(status_of(params), FR_ERR_ARGUMENT);
}

static void too_many_threads_are_refused(void **state)
{
    (void)state;
    fr_convert_params params = good;
    params.threads = FR_CONVERT_THREADS_MAX + 1;
    assert_int_equal(status_of(params), FR_ERR_ARGUMENT);
}

static void missing_arguments_are_refused(void **state)
{
    (void)state;
    fr_converter *converter = (void *)&converter;
    assert_int_equal(fr_converter_create(NULL, &good), FR_ERR_ARGUMENT);
    assert_int_equal(fr_converter_create(&converter, NULL), FR_ERR_ARGUMENT);
    assert_null(converter);
    fr_converter_destroy(&converter);
    fr_converter_destroy(NULL);
}

static void only_the_documented_pairs_are_supported(void **state)
{
    (void)state;
    static const fr_format formats[] = {FR_FORMAT_NONE,  FR_FORMAT_RGBA16F, FR_FORMAT_RGB10A2,
                                        FR_FORMAT_RGBA8, FR_FORMAT_BGRA8,   FR_FORMAT_NV12,
                                        FR_FORMAT_P010,  (fr_format)11};
    for (int from = 0; from < 8; from++)
        for (int to = 0; to < 8; to++) {
            bool known = false;
            for (size_t i = 0; i < num_pairs; i++)
                known = known || (pairs[i].params.from == formats[from] && pairs[i].params.to == formats[to]);
            assert_int_equal(status_of_pair(formats[from], formats[to]), known ? FR_OK : FR_ERR_UNSUPPORTED);
        }
}

/* The instruction set of the kernel that runs where these may be used. */
static const char *runs(const pair *p, uint32_t allowed)
{
    fr_convert_params params = p->params;
    params.width = params.height = 16;
    params.cpu_mask = ~allowed;
    fr_converter *converter;
    assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
    const char *const name = fr_converter_kernel(converter);
    const size_t length = strlen(p->kernel);
    assert_memory_equal(name, p->kernel, length);
    fr_converter_destroy(&converter);
    return name + length;
}

static void a_full_mask_leaves_the_c_kernels(void **state)
{
    (void)state;
    for (size_t i = 0; i < num_pairs; i++)
        assert_string_equal(runs(&pairs[i], 0), "c");
}

static void the_strongest_kernel_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < num_pairs; i++) {
        const char *strongest = "c";
        uint32_t up_to = 0;
        for (size_t s = 0; s < num_instruction_sets; s++) {
            const instruction_set *const set = &instruction_sets[s];
            const char *const alone = runs(&pairs[i], set->flag);
            if (strcmp(alone, "c")) {
                assert_string_equal(alone, set->name);
                strongest = alone;
            }
            up_to |= set->flag;
            assert_string_equal(runs(&pairs[i], up_to), strongest);
        }
        assert_string_equal(runs(&pairs[i], ~0u), strongest);
    }
}

static void every_instruction_set_of_the_machine_has_its_kernels(void **state)
{
    (void)state;
    size_t num_missing = 0;
    for (size_t s = 0; s < num_instruction_sets; s++) {
        const instruction_set *const set = &instruction_sets[s];
        if (!(fr_cpu_flags() & set->flag)) {
            print_message("%s is not tested: this processor does not have it\n", set->name);
            num_missing++;
            continue;
        }
        for (size_t i = 0; i < num_pairs; i++)
            if (pairs[i].integer || set->flag == FR_CPU_AVX2)
                assert_string_equal(runs(&pairs[i], set->flag), set->name);
    }
    if (num_missing == num_instruction_sets)
        skip();
}

static void the_environment_adds_to_the_mask(void **state)
{
    (void)state;
    system_set_env("FRAMERING_CPU_MASK", "0xffffffff");
    for (size_t i = 0; i < num_pairs; i++)
        assert_string_equal(runs(&pairs[i], ~0u), "c");
    system_set_env("FRAMERING_CPU_MASK", "sse4.1,avx2,avx512,neon");
    for (size_t i = 0; i < num_pairs; i++)
        assert_string_equal(runs(&pairs[i], ~0u), "c");
    system_set_env("FRAMERING_CPU_MASK", "none");
    assert_int_equal(status_of(good), FR_ERR_ARGUMENT);
    system_set_env("FRAMERING_CPU_MASK", "");
    assert_int_equal(status_of(good), FR_OK);
    system_set_env("FRAMERING_CPU_MASK", NULL);
}

static void masks_are_names_or_a_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t mask;
    } known[] = {
        {"sse4.1", FR_CPU_SSE41},
        {"avx2", FR_CPU_AVX2},
        {"avx512", FR_CPU_AVX512},
        {"neon", FR_CPU_NEON},
        {"all", ~0u},
        {"avx512,avx2", FR_CPU_AVX512 | FR_CPU_AVX2},
        {"avx2,avx2", FR_CPU_AVX2},
        {"0", 0},
        {"6", 6},
        {"0x6", 6},
        {"4294967295", ~0u},
    };
    static const char *const unknown[] = {
        "",     ",",     "avx2,",       ",avx2",      "avx",
        "AVX2", "avx2 ", "avx2;avx512", "sse4.1,2",   "-1",
        "+1",   " 1",    "1x",          "4294967296", "99999999999999999999"};
    uint32_t mask;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_int_equal(fr_cpu_mask_parse(&mask, known[i].text), FR_OK);
        assert_int_equal(mask, known[i].mask);
    }
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        mask = 1;
        assert_int_equal(fr_cpu_mask_parse(&mask, unknown[i]), FR_ERR_ARGUMENT);
        assert_int_equal(mask, 0);
    }
    assert_int_equal(fr_cpu_mask_parse(&mask, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_cpu_mask_parse(NULL, "avx2"), FR_ERR_ARGUMENT);
}

enum { SHARED_WIDTH = 203, SHARED_HEIGHT = 61, NUM_THREADS = 3, NUM_RUNS = 20 };

typedef struct job {
    const fr_converter *converter;
    const void *src;
    uint8_t luma[2 * SHARED_WIDTH * SHARED_HEIGHT];
    uint8_t chroma[2 * (SHARED_WIDTH + 1) * (SHARED_HEIGHT + 1) / 2];
    size_t src_row, bytes;
} job;

static void run_job(void *arg)
{
    job *const j = arg;
    void *const dst[2] = {j->luma, j->chroma};
    const ptrdiff_t pitch[2] = {(ptrdiff_t)(SHARED_WIDTH * j->bytes),
                                (ptrdiff_t)((SHARED_WIDTH + 1) * j->bytes)};
    for (int i = 0; i < NUM_RUNS; i++)
        fr_converter_run(j->converter, j->src, (ptrdiff_t)j->src_row, dst, pitch);
}

static void one_converter_serves_several_threads(void **state)
{
    (void)state;
    uint8_t *const src = malloc(8 * SHARED_WIDTH * SHARED_HEIGHT);
    uint64_t random = 7;
    for (size_t i = 0; i < 8 * SHARED_WIDTH * SHARED_HEIGHT; i++)
        src[i] = (uint8_t)random_next(&random);
    job *const jobs = calloc(NUM_THREADS, sizeof(*jobs));

    for (size_t i = 0; i < num_pairs; i++) {
        fr_convert_params params = pairs[i].params;
        params.width = SHARED_WIDTH;
        params.height = SHARED_HEIGHT;
        fr_converter *converter;
        assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
        struct fr_thread *threads[NUM_THREADS];
        for (int t = 0; t < NUM_THREADS; t++) {
            jobs[t].converter = converter;
            jobs[t].src = src;
            jobs[t].src_row = SHARED_WIDTH * fr_format_pixel_bytes(params.from);
            jobs[t].bytes = params.to == FR_FORMAT_P010 ? 2 : 1;
            assert_int_equal(fr_thread_start(&threads[t], "job", run_job, &jobs[t]), FR_OK);
        }
        for (int t = 0; t < NUM_THREADS; t++)
            fr_thread_join(&threads[t]);
        for (int t = 1; t < NUM_THREADS; t++) {
            assert_memory_equal(jobs[t].luma, jobs[0].luma, sizeof(jobs[0].luma));
            assert_memory_equal(jobs[t].chroma, jobs[0].chroma, sizeof(jobs[0].chroma));
        }
        check_picture(&pairs[i], SHARED_WIDTH, SHARED_HEIGHT, src);
        fr_converter_destroy(&converter);
    }
    free(jobs);
    free(src);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_out_of_range_are_refused),
        cmocka_unit_test(an_unknown_sdr_map_is_refused),
        cmocka_unit_test(too_many_threads_are_refused),
        cmocka_unit_test(missing_arguments_are_refused),
        cmocka_unit_test(only_the_documented_pairs_are_supported),
        cmocka_unit_test(a_full_mask_leaves_the_c_kernels),
        cmocka_unit_test(the_strongest_kernel_is_taken),
        cmocka_unit_test(every_instruction_set_of_the_machine_has_its_kernels),
        cmocka_unit_test(the_environment_adds_to_the_mask),
        cmocka_unit_test(masks_are_names_or_a_number),
        cmocka_unit_test(one_converter_serves_several_threads),
    };
    return cmocka_run_group_tests_name("convert: arguments", tests, NULL, NULL);
}
