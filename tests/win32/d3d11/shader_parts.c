/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Pictures of which the shaders draw what they lack, on a Direct3D that runs them: not a bit differs from
 * pictures that are drawn whole. */
#include "capture/damage.h"
#include "gpu.h"

#include <stdlib.h>
#include <string.h>

enum { PICTURES = 3, FRAMES = 80 };

struct scene {
    struct gpu_shade shade;
    struct gpu_picture picture[PICTURES], whole;
    uint64_t holds[PICTURES];
    struct fr_damage damage;
    uint8_t *pixels;
    uint32_t random;
    unsigned in_parts;
};

static uint32_t next_random(struct scene *scene)
{
    scene->random = scene->random * 1664525u + 1013904223u;
    return scene->random >> 8;
}

static void paint(struct scene *scene, const fr_rect *rect)
{
    const size_t bytes = fr_format_pixel_bytes(scene->shade.params.from);
    for (uint32_t y = rect->y; y < rect->y + rect->height; y++)
        for (uint32_t x = rect->x; x < rect->x + rect->width; x++)
            for (size_t i = 0; i < bytes; i++)
                scene->pixels[((size_t)y * scene->shade.params.width + x) * bytes + i] =
                    (uint8_t)(next_random(scene) >> 8);
}

static void open_scene(struct scene *scene, struct gpu *gpu, const fr_convert_params *params)
{
    *scene = (struct scene){.random = params->width + params->from};
    gpu_shade_open(&scene->shade, gpu, params);
    for (unsigned i = 0; i < PICTURES; i++)
        gpu_picture_open(&scene->shade, &scene->picture[i]);
    gpu_picture_open(&scene->shade, &scene->whole);
    scene->pixels = calloc((size_t)params->width * params->height, fr_format_pixel_bytes(params->from));
    const fr_rect all = {0, 0, params->width, params->height};
    paint(scene, &all);
    fr_damage_add(&scene->damage, NULL);
    gpu_fill(&scene->shade, scene->pixels);
}

static void close_scene(struct scene *scene)
{
    for (unsigned i = 0; i < PICTURES; i++)
        gpu_picture_close(&scene->picture[i]);
    gpu_picture_close(&scene->whole);
    gpu_shade_close(&scene->shade);
    free(scene->pixels);
}

/* Whether the two hold the same. */
static bool is_like_whole(struct scene *scene, struct gpu_picture *picture)
{
    bool same = true;
    gpu_run(&scene->shade, &scene->whole, NULL);
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t *found = gpu_read(&scene->shade, picture, i);
        uint8_t *wanted = gpu_read(&scene->shade, &scene->whole, i);
        same &=
            !memcmp(found, wanted, gpu_row_bytes(&scene->shade.params) * gpu_rows(&scene->shade.params, i));
        free(found);
        free(wanted);
    }
    return same;
}

static fr_rect random_rect(struct scene *scene)
{
    const uint32_t width = scene->shade.params.width, height = scene->shade.params.height;
    const uint32_t x = next_random(scene) % width, y = next_random(scene) % height;
    const uint32_t most = next_random(scene) % 4 ? 9 : width;
    const uint32_t w = 1 + next_random(scene) % most, h = 1 + next_random(scene) % most;
    return (fr_rect){x, y, w < width - x ? w : width - x, h < height - y ? h : height - y};
}

static void change(struct scene *scene)
{
    struct fr_parts parts = {0};
    const uint32_t count = next_random(scene) % 10 ? next_random(scene) % 4 : 2 * FR_PARTS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const fr_rect rect = random_rect(scene);
        paint(scene, &rect);
        fr_parts_add(&parts, rect);
    }
    fr_damage_add(&scene->damage, &parts);
    gpu_fill(&scene->shade, scene->pixels);
}

static void update(struct scene *scene, unsigned index)
{
    const fr_convert_params *params = &scene->shade.params;
    struct fr_parts parts;
    const bool known =
        fr_damage_parts(&scene->damage, scene->holds[index], params->width, params->height, &parts);
    gpu_run(&scene->shade, &scene->picture[index], known ? &parts : NULL);
    scene->holds[index] = scene->damage.newest;
    scene->in_parts += known;
}

static void run(struct gpu *gpu, const fr_convert_params *params)
{
    struct scene scene;
    open_scene(&scene, gpu, params);
    for (unsigned frame = 0; frame < FRAMES; frame++) {
        const unsigned index = next_random(&scene) % PICTURES;
        change(&scene);
        update(&scene, index);
        if (!is_like_whole(&scene, &scene.picture[index]))
            fail_msg("%s to %s, %ux%u: frame %u", fr_format_name(params->from), fr_format_name(params->to),
                     params->width, params->height, frame);
    }
    if (params->width > 8)
        assert_true(scene.in_parts > FRAMES / 4);
    close_scene(&scene);
}

static const fr_convert_params all[] = {{.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12},
                                        {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010},
                                        {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_P010},
                                        {.from = FR_FORMAT_RGBA16F, .to = FR_FORMAT_NV12}};

static void no_bit_differs(void **state)
{
    static const uint32_t sizes[][2] = {{64, 36}, {63, 35}, {131, 18}, {5, 3}};
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            fr_convert_params params = all[i];
            params.width = sizes[k][0];
            params.height = sizes[k][1];
            run(*state, &params);
        }
}

/* What the test above would see. */
static void parts_without_the_chroma_beside_them_differ(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        fr_convert_params params = all[i];
        params.width = params.height = 32;
        struct scene scene;
        open_scene(&scene, *state, &params);
        update(&scene, 0);
        const fr_rect column = {9, 8, 1, 8}; /* chroma at column 10 has a share in it */
        paint(&scene, &column);
        fr_damage_add(&scene.damage, &(struct fr_parts){1, {column}});
        gpu_fill(&scene.shade, scene.pixels);
        gpu_run(&scene.shade, &scene.picture[0], &(struct fr_parts){1, {{8, 8, 2, 8}}});
        assert_false(is_like_whole(&scene, &scene.picture[0]));
        update(&scene, 0);
        assert_true(is_like_whole(&scene, &scene.picture[0]));
        close_scene(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bit_differs),
        cmocka_unit_test(parts_without_the_chroma_beside_them_differ),
    };
    return cmocka_run_group_tests(tests, gpu_setup, gpu_teardown);
}
