/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Of a picture that lacks parts, nothing else is drawn; and when all of it is converted all the same. */
#include "capture/damage.h"
#include "pair.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 40 };

struct pairing {
    fr_format from, to;
};

static const struct pairing by_shaders[] = {{FR_FORMAT_RGBA16F, FR_FORMAT_P010},
                                            {FR_FORMAT_RGBA16F, FR_FORMAT_NV12},
                                            {FR_FORMAT_RGB10A2, FR_FORMAT_P010}};

/* The picture's bytes: luma and chroma, of even size. */
struct shot {
    size_t row, rows, sample;
    uint8_t *bytes;
};

static struct shot shoot(struct pair *pair)
{
    fr_d3d11_picture picture;
    fr_d3d11_picture_get(&pair->picture, &picture);
    struct shot shot = {.sample = pair->convert.to == FR_FORMAT_P010 ? 2 : 1};
    shot.row = (pair->shape.width + 1) / 2 * 2 * shot.sample;
    shot.rows = (pair->shape.height + 1) / 2 * 2;
    shot.bytes = malloc(shot.row * shot.rows * 3 / 2);
    for (size_t y = 0; y < shot.rows * 3 / 2; y++) {
        size_t pitch;
        const bool luma = y < shot.rows;
        const uint8_t *from = fake_pixels(picture.texture, luma ? 0 : 1, &pitch);
        memcpy(shot.bytes + y * shot.row, from + (luma ? y : y - shot.rows) * pitch, shot.row);
    }
    return shot;
}

static bool is_inside(const struct fr_parts *parts, size_t x, size_t y)
{
    for (uint32_t i = 0; i < parts->count; i++) {
        const fr_rect *part = &parts->rect[i];
        if (x >= part->x && x < part->x + (part->width + 1) / 2 * 2 && y >= part->y &&
            y < part->y + (part->height + 1) / 2 * 2)
            return true;
    }
    return false;
}

/* `now` is `before` but in the parts, where it is `after`. */
static void expect_parts_of(const struct shot *now, const struct shot *before, const struct shot *after,
                            const struct fr_parts *parts)
{
    for (size_t y = 0; y < now->rows * 3 / 2; y++)
        for (size_t at = 0; at < now->row; at++) {
            const size_t x = at / now->sample, line = y < now->rows ? y : (y - now->rows) * 2;
            const struct shot *wanted = is_inside(parts, x, line) ? after : before;
            if (now->bytes[y * now->row + at] != wanted->bytes[y * now->row + at])
                fail_msg("column %zu, row %zu", x, y);
        }
}

static void take_frame(struct pair *pair, uint32_t seed, const struct fr_parts *parts)
{
    assert_true(pair_publish(pair, seed));
    pair_take_parts(pair, parts);
}

static struct fr_parts random_parts(const struct pair *pair, uint32_t *state)
{
    const uint32_t width = pair->shape.width, height = pair->shape.height;
    struct fr_damage damage = {0};
    struct fr_parts change = {0}, parts;
    uint32_t number[4];
    do {
        for (size_t i = 0; i < 4; i++)
            number[i] = (*state = *state * 1664525u + 1013904223u) >> 16;
        const uint32_t x = number[0] % width, y = number[1] % height;
        fr_parts_add(&change,
                     (fr_rect){x, y, 1 + number[2] % (width - x) / 3, 1 + number[3] % (height - y) / 3});
    } while (number[0] % 4);
    fr_damage_add(&damage, NULL);
    fr_damage_add(&damage, &change);
    return fr_damage_parts(&damage, 1, width, height, &parts) ? parts
                                                              : (struct fr_parts){1, {{0, 0, width, height}}};
}

static void run_pairing(struct pair *pair, const struct pairing *pairing, uint32_t width, uint32_t height)
{
    uint32_t state = width + pairing->from;
    pair_ring(pair, width, height, pairing->from, pairing->to);
    take_frame(pair, 1, NULL);
    struct shot one = shoot(pair);
    take_frame(pair, 2, NULL);
    struct shot two = shoot(pair);
    for (unsigned round = 0; round < ROUNDS; round++) {
        const struct fr_parts parts = random_parts(pair, &state);
        take_frame(pair, 1, NULL);
        const uint32_t drawn = fake_calls("ID3D11DeviceContext::Draw");
        take_frame(pair, 2, &parts);
        assert_int_equal(fake_calls("ID3D11DeviceContext::Draw") - drawn, 2 * parts.count);
        struct shot now = shoot(pair);
        expect_parts_of(&now, &one, &two, &parts);
        free(now.bytes);
    }
    free(one.bytes);
    free(two.bytes);
}

static void shaders_draw_the_parts_alone(void **state)
{
    static const uint32_t sizes[][2] = {{64, 36}, {63, 35}, {5, 3}};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) {
            run_pairing(*state, &by_shaders[i], sizes[k][0], sizes[k][1]);
            assert_int_equal(pair_teardown(state), 0);
            pair_setup(state);
        }
}

static void nothing_is_drawn_where_nothing_changed(void **state)
{
    static const struct fr_parts none = {0};
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_RGBA16F, FR_FORMAT_P010);
    take_frame(pair, 1, NULL);
    assert_true(pair_difference(pair) <= 1);
    const uint32_t copied = fake_calls("ID3D11DeviceContext::CopyResource");
    take_frame(pair, 1, &none);
    assert_int_equal(fake_calls("ID3D11DeviceContext::Draw"), 2);
    assert_true(pair_difference(pair) <= 1);
    assert_int_equal(fake_calls("ID3D11DeviceContext::CopyResource"), copied);
}

static void lost_device_is_noticed_where_nothing_changed(void **state)
{
    static const struct fr_parts none = {0};
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_RGBA16F, FR_FORMAT_P010);
    take_frame(pair, 1, NULL);
    assert_true(pair_publish(pair, 1));
    fr_token token;
    assert_int_equal(pair_claim(pair, &token), FR_CLAIM_ACQUIRED);
    fr_d3d11_picture picture;
    fr_d3d11_picture_get(&pair->picture, &picture);
    fake_remove_device(picture.device, DXGI_ERROR_DEVICE_RESET);
    assert_int_equal(pair->host.ops->convert(pair->host.self, pair->converter, pair->ring, token.slot, &none,
                                             &pair->picture),
                     FR_ERR_DEVICE_LOST);
    assert_int_equal(pair_release(pair, token), FR_CLAIM_FATAL);
}

static const struct fr_parts corner = {1, {{8, 4, 6, 2}}};

static void video_processor_converts_all(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_frame(pair, 1, NULL);
    take_frame(pair, 2, &corner); /* the rectangles that it is given are the fake's to check */
    assert_int_equal(fake_calls("ID3D11VideoContext::VideoProcessorBlt"), 2);
    assert_int_equal(pair_difference(pair), 0);
    assert_int_equal(fake_calls("ID3D11DeviceContext::Draw"), 0);
}

static void no_picture_is_of_the_video_processor_and_shaders(void **state)
{
    struct pair *pair = *state;
    pair_ring(pair, 64, 36, FR_FORMAT_BGRA8, FR_FORMAT_NV12);
    take_frame(pair, 1, NULL);
    fake_options(FAKE_VIDEO_FAILS);
    take_frame(pair, 2, &corner);
    assert_int_equal(pair_difference(pair), 0);
    assert_int_equal(fake_calls("ID3D11DeviceContext::Draw"), 2);
    struct shot two = shoot(pair);
    take_frame(pair, 3, &corner);
    struct shot now = shoot(pair);
    take_frame(pair, 3, NULL);
    struct shot three = shoot(pair);
    expect_parts_of(&now, &two, &three, &corner);
    free(two.bytes);
    free(three.bytes);
    free(now.bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(shaders_draw_the_parts_alone),
        TEST(nothing_is_drawn_where_nothing_changed),
        TEST(lost_device_is_noticed_where_nothing_changed),
        TEST(video_processor_converts_all),
        TEST(no_picture_is_of_the_video_processor_and_shaders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
