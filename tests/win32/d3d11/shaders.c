/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * The shaders on a Direct3D that runs them, against the converters on the CPU: within one code in every
 * sample. The compiled code is also held against the text that lies beside it. usage: shaders CONVERT.HLSL
 */
#include "gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_path;

struct job {
    fr_convert_params params;
    uint8_t *pixels;
    uint8_t *plane[2]; /* what the shaders made; tightly packed */
};

static void shade(struct gpu *gpu, struct job *job)
{
    struct gpu_shade shade;
    struct gpu_picture picture;
    gpu_shade_open(&shade, gpu, &job->params);
    gpu_picture_open(&shade, &picture);
    gpu_fill(&shade, job->pixels);
    gpu_run(&shade, &picture, NULL);
    for (uint32_t i = 0; i < 2; i++)
        job->plane[i] = gpu_read(&shade, &picture, i);
    gpu_picture_close(&picture);
    gpu_shade_close(&shade);
}

static int code_at(const struct job *job, const uint8_t *at)
{
    if (gpu_sample_bytes(&job->params) == 1)
        return *at;
    uint16_t word;
    memcpy(&word, at, 2);
    return word & 63 ? 0x10000 : word >> 6;
}

/* The largest distance of any sample; the samples that an odd size adds repeat the edge. */
static int compare(const struct job *job)
{
    fr_convert_params params = job->params;
    params.cpu_mask = ~0u;
    const size_t sample = gpu_sample_bytes(&params);
    const uint32_t width = (params.width + 1) / 2 * 2, height = gpu_rows(&params, 0);
    uint8_t *expected[2] = {calloc(width * height, sample), calloc(width * height / 2, sample)};
    const ptrdiff_t pitch = (ptrdiff_t)(width * sample), pitches[2] = {pitch, pitch};
    void *const out[2] = {expected[0], expected[1]};
    fr_converter *converter = NULL;
    assert_int_equal(fr_converter_create(&converter, &params), FR_OK);
    fr_converter_run(converter, job->pixels, (ptrdiff_t)(params.width * fr_format_pixel_bytes(params.from)),
                     out, pitches);
    fr_converter_destroy(&converter);
    int worst = 0;
    for (uint32_t plane = 0; plane < 2; plane++)
        for (uint32_t y = 0; y < height >> plane; y++)
            for (uint32_t x = 0; x < width; x++) {
                const uint32_t from_x = !plane && x >= params.width ? params.width - 1 : x;
                const uint32_t from_y = !plane && y >= params.height ? params.height - 1 : y;
                const int found = code_at(job, job->plane[plane] + ((size_t)y * width + x) * sample);
                const int wanted = code_at(job, expected[plane] + ((size_t)from_y * width + from_x) * sample);
                const int distance = abs(found - wanted);
                worst = distance > worst ? distance : worst;
            }
    free(expected[0]);
    free(expected[1]);
    return worst;
}

static uint32_t random_word(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16 | (*state & 0xffff0000u);
}

enum kind { RANDOM, RAMP, NEGATIVE, SPECIAL, CANCEL, KINDS };

/* 0..1 as a half, near enough. */
static uint16_t half_of_step(uint32_t step)
{
    return (uint16_t)(0x2000 + step % 0x3800); /* 2^-7 to 2^7 */
}

static uint16_t half(enum kind kind, uint32_t i, uint32_t component, uint32_t *state)
{
    static const uint16_t specials[] = {0x7c00, 0xfc00, 0x7e00, 0xfe00, 0x7bff, 0xfbff, 0x0000, 0x8000,
                                        0x0001, 0x8001, 0x57d0, 0x57d1, 0x3c00, 0x0400, 0x7c01, 0x64b0};
    const uint32_t word = random_word(state);
    switch (kind) {
    case RANDOM: return (uint16_t)word;
    case RAMP: return half_of_step(i * 13 + component * 7);
    case NEGATIVE: return (uint16_t)(half_of_step(word) | (word & 0x10000 ? 0x8000 : 0));
    case SPECIAL: return specials[(word >> 8) % 16];
    default: {
        /* Large components whose sum in BT.2020 is nearly nothing. */
        const uint16_t base = (uint16_t)(0x3c00 + (i * 37) % 0x1800);
        return component == 0 ? base : (uint16_t)((base - (component == 1 ? 0x0e00 : 0x0a00)) | 0x8000);
    }
    }
}

static void draw(struct job *job, enum kind kind, uint32_t seed)
{
    const fr_format from = job->params.from;
    const size_t count = (size_t)job->params.width * job->params.height;
    uint32_t state = seed;
    job->pixels = malloc(count * fr_format_pixel_bytes(from));
    for (size_t i = 0; i < count; i++)
        if (from == FR_FORMAT_RGBA16F) {
            uint16_t pixel[4] = {0, 0, 0, 0x3c00};
            for (uint32_t k = 0; k < 3; k++)
                pixel[k] = half(kind, (uint32_t)i, k, &state);
            memcpy(job->pixels + 8 * i, pixel, 8);
        } else {
            const uint32_t word = kind == RANDOM ? random_word(&state) : (uint32_t)i * 0x00401003u;
            memcpy(job->pixels + 4 * i, &word, 4);
        }
}

static void run_job(struct gpu *gpu, struct job *job, enum kind kind, int allowed)
{
    draw(job, kind, 1 + (uint32_t)kind + job->params.width);
    shade(gpu, job);
    const int worst = compare(job);
    if (worst > allowed)
        fail_msg("%s to %s, %ux%u, kind %d: %d codes off", fr_format_name(job->params.from),
                 fr_format_name(job->params.to), job->params.width, job->params.height, (int)kind, worst);
    free(job->pixels);
    free(job->plane[0]);
    free(job->plane[1]);
}

static void run_pair(struct gpu *gpu, const fr_convert_params *params, enum kind kinds, int allowed)
{
    static const uint32_t sizes[][2] = {{64, 36}, {1, 1}, {2, 2}, {3, 5}, {63, 35}, {128, 17}, {33, 64}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (int kind = 0; kind < (int)kinds; kind++) {
            struct job job = {.params = *params};
            job.params.width = sizes[i][0];
            job.params.height = sizes[i][1];
            run_job(gpu, &job, (enum kind)kind, allowed);
        }
}

static void bgra_and_rgba_become_the_same_codes(void **state)
{
    run_pair(*state, &(fr_convert_params){.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12}, NEGATIVE, 0);
    run_pair(*state, &(fr_convert_params){.from = FR_FORMAT_RGBA8, .to = FR_FORMAT_NV12}, NEGATIVE, 0);
}

static void rgb10a2_becomes_the_same_codes(void **state)
{
    run_pair(*state, &(fr_convert_params){.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010}, NEGATIVE, 0);
}

static void scrgb_becomes_pq_within_a_code(void **state)
{
    run_pair(*state, &(fr_convert_params){.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_P010}, KINDS, 1);
}

static void scrgb_is_tone_mapped_within_a_code(void **state)
{
    static const uint32_t lights[][2] = {{0, 0}, {600000, 480000}, {4000000, 100000}, {200000, 300000}};
    for (size_t i = 0; i < 4; i++)
        run_pair(*state,
                 &(fr_convert_params){.from = FR_FORMAT_RGBA16F,
                                      .to = FR_FORMAT_NV12,
                                      .peak_millinits = lights[i][0],
                                      .sdr_white_millinits = lights[i][1]},
                 KINDS, 1);
}

static void scrgb_is_clipped_within_a_code(void **state)
{
    run_pair(
        *state,
        &(fr_convert_params){.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12, .sdr_map = FR_SDR_MAP_CLIP},
        KINDS, 1);
}

static void compiled_code_is_of_the_text_beside_it(void **state)
{
    (void)state;
    size_t size;
    const char *embedded = fr_d3d11_code_text(&size);
    char *text = malloc(size + 1);
    FILE *file = fopen(text_path, "rb");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, size + 1, file), size);
    fclose(file);
    assert_memory_equal(text, embedded, size);
    free(text);
}

/* Where the compiler is the one that made them; a test that fails here alone speaks of another version of
 * Wine. */
static void text_compiles_to_the_code_that_is_built_in(void **state)
{
    struct gpu *gpu = *state;
    static const fr_convert_params all[] = {{.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12},
                                            {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010},
                                            {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_P010},
                                            {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12}};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        for (uint32_t plane = 0; plane < 2; plane++) {
            struct fr_d3d11_code code;
            assert_true(fr_d3d11_plane_code(all[i].from, all[i].to, plane, &code));
            D3D_SHADER_MACRO macros[FR_D3D11_CODE_MACROS_MAX + 1] = {{0}};
            for (size_t k = 0; code.macros[k]; k++)
                macros[k] = (D3D_SHADER_MACRO){code.macros[k], "1"};
            size_t bytes;
            const char *text = fr_d3d11_code_text(&bytes);
            ID3DBlob *blob = NULL;
            assert_int_equal(gpu->api.compile(text, bytes, "convert.hlsl", macros, NULL, "main", code.target,
                                              0, 0, &blob, NULL),
                             S_OK);
            assert_int_equal(ID3D10Blob_GetBufferSize(blob), code.size);
            assert_memory_equal(ID3D10Blob_GetBufferPointer(blob), code.bytes, code.size);
            fr_com_release(blob);
        }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: shaders CONVERT.HLSL\n");
        return 2;
    }
    text_path = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bgra_and_rgba_become_the_same_codes),
        cmocka_unit_test(rgb10a2_becomes_the_same_codes),
        cmocka_unit_test(scrgb_becomes_pq_within_a_code),
        cmocka_unit_test(scrgb_is_tone_mapped_within_a_code),
        cmocka_unit_test(scrgb_is_clipped_within_a_code),
        cmocka_unit_test(compiled_code_is_of_the_text_beside_it),
        cmocka_unit_test(text_compiles_to_the_code_that_is_built_in),
    };
    return cmocka_run_group_tests(tests, gpu_setup, gpu_teardown);
}
