/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Pictures: what they hold, for how long, and for whom. */
#include "backend/rig.h"

#include <string.h>

static void expect_equal(const codes *a, const codes *b)
{
    assert_int_equal(a->num_luma, b->num_luma);
    assert_memory_equal(a->luma, b->luma, a->num_luma * sizeof(a->luma[0]));
    assert_memory_equal(a->chroma, b->chroma, a->num_chroma * sizeof(a->chroma[0]));
}

static void new_picture(const struct rig *rig, struct fr_picture *out)
{
    const fr_convert_params *convert = &rig->host.convert;
    assert_int_equal(rig->host.backend.ops->picture_create(rig->host.backend.self, convert->width,
                                                           convert->height, convert->to, out),
                     FR_OK);
}

/* Whole pictures, to each format and by each way of mapping tones. */
static void every_conversion_is_within_a_code_of_the_reference(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{66, 34}, {33, 17}, {209, 5}};
    for (size_t i = 0; i < num_pairs; i++)
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            struct rig_shape shape = rig_plain;
            struct rig rig;
            shape.width = sizes[j][0];
            shape.height = sizes[j][1];
            shape.format = pairs[i].params.from;
            shape.convert = pairs[i].params;
            rig_open(&rig, &shape);
            const struct fr_backend_host *host = &rig.host.backend;
            assert_true(host->ops->converter_name(host->self, rig.host.converter)[0]);
            for (uint32_t frame = 0; frame < 3; frame++) {
                rig_push(&rig, frame);
                rig_take(&rig, frame);
            }
            rig_close(&rig);
        }
}

static void the_same_pixels_give_the_same_picture(void **state)
{
    (void)state;
    enum { PICTURES = 3 };
    struct rig rig;
    struct fr_picture picture[PICTURES];
    codes found[PICTURES];
    rig_open(&rig, &rig_plain);
    for (size_t i = 0; i < PICTURES; i++) {
        new_picture(&rig, &picture[i]);
        rig_push(&rig, 4);
        const fr_token token = pair_host_hold(&rig.host);
        pair_host_convert(&rig.host, token, NULL, &picture[i]);
        pair_host_release(&rig.host, token);
        found[i] = pair_host_read(&rig.host, &picture[i]);
        expect_equal(&found[0], &found[i]);
    }
    for (size_t i = 0; i < PICTURES; i++) {
        codes_free(&found[i]);
        rig.host.backend.ops->picture_destroy(&picture[i]);
    }
    rig_close(&rig);
}

/* A repeat is the same picture once more, which two encodes may read at a time: or a copy of it. */
static void a_picture_can_be_repeated(void **state)
{
    (void)state;
    struct rig rig;
    struct fr_picture first, second;
    rig_open(&rig, &rig_plain);
    const struct fr_backend_host_ops *ops = rig.host.backend.ops;
    assert_true(ops->concurrent_read || ops->picture_copy);
    rig_push(&rig, 6);
    rig_take(&rig, 6);
    if (ops->concurrent_read) {
        assert_int_equal(ops->picture_map(&rig.host.picture, &first), FR_OK);
        assert_int_equal(ops->picture_map(&rig.host.picture, &second), FR_OK);
        assert_ptr_equal(first.plane[0], second.plane[0]);
        assert_ptr_equal(first.plane[1], second.plane[1]);
    } else {
        new_picture(&rig, &second);
        assert_int_equal(ops->picture_copy(rig.host.backend.self, &rig.host.picture, &second), FR_OK);
        rig_expect(&rig, &second, 6);
        ops->picture_destroy(&second);
    }
    rig_expect(&rig, &rig.host.picture, 6);
    rig_close(&rig);
}

/* An encoder reads it where it is mapped while the next frames are converted. */
static void a_mapped_picture_stays_while_others_are_filled(void **state)
{
    (void)state;
    enum { PICTURES = 4 };
    struct rig rig;
    struct fr_picture picture[PICTURES], mapped;
    rig_open(&rig, &rig_plain);
    for (size_t i = 0; i < PICTURES; i++)
        new_picture(&rig, &picture[i]);
    const struct fr_backend_host_ops *ops = rig.host.backend.ops;
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    assert_int_equal(ops->picture_map(&rig.host.picture, &mapped), FR_OK);
    uint8_t before[PLAIN_HEIGHT][PLAIN_WIDTH];
    for (size_t y = 0; y < PLAIN_HEIGHT; y++)
        memcpy(before[y], (const uint8_t *)mapped.plane[0] + y * mapped.pitch_bytes[0], PLAIN_WIDTH);
    for (uint32_t frame = 0; frame < 3 * PICTURES; frame++) {
        rig_push(&rig, 50 + frame);
        const fr_token token = pair_host_hold(&rig.host);
        pair_host_convert(&rig.host, token, NULL, &picture[frame % PICTURES]);
        pair_host_release(&rig.host, token);
    }
    for (uint32_t i = 0; i < PICTURES; i++)
        rig_expect(&rig, &picture[i], 50 + 2 * PICTURES + i);
    for (size_t y = 0; y < PLAIN_HEIGHT; y++)
        assert_memory_equal((const uint8_t *)mapped.plane[0] + y * mapped.pitch_bytes[0], before[y],
                            PLAIN_WIDTH);
    for (size_t i = 0; i < PICTURES; i++)
        ops->picture_destroy(&picture[i]);
    rig_close(&rig);
}

/* The same picture again and again, with nobody who waits between. */
static void a_picture_holds_what_came_last(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    for (uint32_t frame = 0; frame < 9; frame++) {
        rig_push(&rig, frame);
        const fr_token token = pair_host_hold(&rig.host);
        pair_host_convert(&rig.host, token, NULL, &rig.host.picture);
        pair_host_release(&rig.host, token);
    }
    rig_expect(&rig, &rig.host.picture, 8);
    rig_close(&rig);
}

static void a_picture_outlives_its_host(void **state)
{
    (void)state;
    struct rig rig;
    const struct rig_count before = rig_count();
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 8);
    rig_take(&rig, 8);
    const struct pair_host late = rig.host;
    rig.host.picture = (struct fr_picture){0};
    rig_close(&rig);
    rig_expect(&rig, &late.picture, 8);
    struct fr_picture last = late.picture;
    late.backend.ops->picture_destroy(&last);
    rig_expect_count(before);
}

int way_pictures(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_conversion_is_within_a_code_of_the_reference),
        cmocka_unit_test(the_same_pixels_give_the_same_picture),
        cmocka_unit_test(a_picture_can_be_repeated),
        cmocka_unit_test(a_mapped_picture_stays_while_others_are_filled),
        cmocka_unit_test(a_picture_holds_what_came_last),
        cmocka_unit_test(a_picture_outlives_its_host),
    };
    return cmocka_run_group_tests_name("backend: pictures", tests, NULL, NULL);
}
