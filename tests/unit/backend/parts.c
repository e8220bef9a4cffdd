/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Conversions of what a picture lacks: all of that, and what lies beside it stays as it was. */
#include "backend/rig.h"

#include <stdlib.h>
#include <string.h>

/* A backend may convert more than it is told: whole blocks, of no more columns than these, and pairs of rows.
 */
enum { BLOCK = 64 };

static const struct rig_shape wide = {453, 61, FR_FORMAT_BGRA8, 4, {.to = FR_FORMAT_NV12}};

/* The first pixels, some that overlap, the last column of an odd width, the last row of an odd height. */
static const struct fr_parts some = {
    .count = 5, .rect = {{0, 0, 2, 2}, {130, 10, 40, 6}, {140, 12, 60, 8}, {452, 30, 1, 2}, {70, 60, 90, 1}}};

static bool inside(const struct fr_parts *parts, uint32_t x, uint32_t y, bool widened)
{
    const uint32_t block = widened ? way_now()->block : 1;
    for (uint32_t i = 0; i < parts->count; i++) {
        const fr_rect *r = &parts->rect[i];
        const uint32_t left = r->x / block * block;
        const uint32_t right = (r->x + r->width + block - 1) / block * block;
        if (x >= left && x < right && y >= r->y && y < r->y + r->height)
            return true;
    }
    return false;
}

/* One plane, of whose samples each stands for `step` columns and rows. */
struct plane {
    const char *name;
    uint32_t width, height, step; /* width: of samples, of `each` codes */
    uint32_t each;
};

static void expect_plane(const struct plane *plane, const struct fr_parts *parts, const uint16_t *before,
                         const uint16_t *after, const uint16_t *wanted)
{
    for (uint32_t y = 0; y < plane->height; y++)
        for (uint32_t x = 0; x < plane->width * plane->each; x++) {
            const size_t i = (size_t)y * plane->width * plane->each + x;
            const uint32_t column = x / plane->each * plane->step, row = y * plane->step;
            if (inside(parts, column, row, false) && abs(after[i] - wanted[i]) > 1)
                fail_msg("%s %u, %u is %d, not %d", plane->name, x, y, after[i], wanted[i]);
            if (!inside(parts, column, row, true) && after[i] != before[i])
                fail_msg("%s %u, %u beside the parts became %d, was %d", plane->name, x, y, after[i],
                         before[i]);
        }
}

static void expect_parts(const struct rig *rig, const struct fr_parts *parts, const codes *before,
                         uint32_t seed)
{
    fr_convert_params reference = rig->host.convert;
    reference.cpu_mask = ~0u;
    const uint32_t width = reference.width, height = reference.height;
    uint8_t *pixels = rig_pixels(rig, seed);
    codes after = pair_host_read(&rig->host, &rig->host.picture), wanted = convert_packed(&reference, pixels);
    const struct plane luma = {"luma", width, height, 1, 1},
                       chroma = {"chroma", (width + 1) / 2, (height + 1) / 2, 2, 2};
    expect_plane(&luma, parts, before->luma, after.luma, wanted.luma);
    expect_plane(&chroma, parts, before->chroma, after.chroma, wanted.chroma);
    codes_free(&after);
    codes_free(&wanted);
    free(pixels);
}

/* All pixels of the next frame differ: what is converted beside the parts shows. */
static void take_parts(struct rig *rig, const struct fr_parts *parts, uint32_t seed)
{
    codes before = pair_host_read(&rig->host, &rig->host.picture);
    rig_push(rig, seed);
    const fr_token token = pair_host_hold(&rig->host);
    pair_host_convert(&rig->host, token, parts, &rig->host.picture);
    pair_host_release(&rig->host, token);
    expect_parts(rig, parts, &before, seed);
    codes_free(&before);
}

static void parts_are_converted_and_nothing_beside_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < num_pairs; i++) {
        struct rig_shape shape = wide;
        struct rig rig;
        shape.format = pairs[i].params.from;
        shape.convert = pairs[i].params;
        rig_open(&rig, &shape);
        rig_push(&rig, 1);
        rig_take(&rig, 1);
        for (uint32_t round = 0; round < 3; round++)
            take_parts(&rig, &some, 2 + round);
        rig_close(&rig);
    }
}

static void each_part_alone_is_converted(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &wide);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    for (uint32_t i = 0; i < some.count; i++) {
        const struct fr_parts one = {.count = 1, .rect = {some.rect[i]}};
        take_parts(&rig, &one, 10 + i);
    }
    rig_close(&rig);
}

static void a_full_list_of_parts_is_converted(void **state)
{
    (void)state;
    struct rig rig;
    struct fr_parts parts = {.count = FR_PARTS_MAX};
    for (uint32_t i = 0; i < FR_PARTS_MAX; i++)
        parts.rect[i] = (fr_rect){28 * i, 2 * (i % 8), 6, 30 + 2 * (i % 8)};
    rig_open(&rig, &wide);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    take_parts(&rig, &parts, 2);
    rig_close(&rig);
}

/* And the slot can be let go all the same. */
static void no_parts_change_nothing(void **state)
{
    (void)state;
    static const struct fr_parts none = {0};
    struct rig rig;
    rig_open(&rig, &wide);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    for (uint32_t i = 0; i < 2 * wide.ring_len; i++)
        take_parts(&rig, &none, 2 + i);
    rig_expect(&rig, &rig.host.picture, 1);
    rig_close(&rig);
}

/* What the whole is, in pieces: no seam shows. */
static void parts_that_cover_all_give_what_the_whole_gives(void **state)
{
    (void)state;
    struct rig rig;
    const struct fr_parts quarters = {
        .count = 4, .rect = {{0, 0, 130, 22}, {130, 0, 323, 22}, {0, 22, 130, 39}, {130, 22, 323, 39}}};
    rig_open(&rig, &wide);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    for (uint32_t frame = 2; frame < 6; frame++) {
        take_parts(&rig, &quarters, frame);
        rig_expect(&rig, &rig.host.picture, frame);
    }
    rig_close(&rig);
}

int way_parts(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_converted_and_nothing_beside_them),
        cmocka_unit_test(each_part_alone_is_converted),
        cmocka_unit_test(a_full_list_of_parts_is_converted),
        cmocka_unit_test(no_parts_change_nothing),
        cmocka_unit_test(parts_that_cover_all_give_what_the_whole_gives),
    };
    return cmocka_run_group_tests_name("backend: parts", tests, NULL, NULL);
}
