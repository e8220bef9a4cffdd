/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What the desktop source does to pictures in memory: turns them, draws the pointer, adds damage up. */
#include "cmocka_all.h"

#include "common/colour.h"
#include "common/rect.h"
#include "desktop/pointer.h"
#include "desktop/turn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static fr_canvas make_canvas(uint32_t width, uint32_t height, fr_format format)
{
    const size_t pitch = ((size_t)width * (format == FR_FORMAT_RGBA16F ? 8 : 4) + 255) / 256 * 256;
    return fr_canvas_on(calloc(height, pitch), pitch, width, height, format);
}

static uint64_t pixel_of(uint32_t x, uint32_t y)
{
    return (uint64_t)y << 16 | x | UINT64_C(1) << 31;
}

static fr_canvas make_numbered(uint32_t width, uint32_t height, fr_format format)
{
    const fr_canvas canvas = make_canvas(width, height, format);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            fr_canvas_set(&canvas, x, y, pixel_of(x, y));
    return canvas;
}

static fr_canvas make_turned(fr_turn turn, const fr_canvas *from)
{
    const bool across = turn == FR_TURN_90 || turn == FR_TURN_270;
    const fr_canvas to =
        make_canvas(across ? from->height : from->width, across ? from->width : from->height, from->format);
    fr_turn_copy(turn, &to, from, (fr_rect){0, 0, to.width, to.height});
    return to;
}

static void expect_corners(fr_turn turn, const fr_canvas *from, const uint64_t expected[4])
{
    const fr_canvas to = make_turned(turn, from);
    assert_int_equal(fr_canvas_get(&to, 0, 0), expected[0]);
    assert_int_equal(fr_canvas_get(&to, to.width - 1, 0), expected[1]);
    assert_int_equal(fr_canvas_get(&to, to.width - 1, to.height - 1), expected[2]);
    assert_int_equal(fr_canvas_get(&to, 0, to.height - 1), expected[3]);
    free(to.pixels);
}

/* Clockwise from the upper left: a turn moves each corner on by one. */
static void turns_clockwise(void **state)
{
    (void)state;
    static const fr_format formats[] = {FR_FORMAT_BGRA8, FR_FORMAT_RGBA16F};
    for (size_t i = 0; i < 2; i++) {
        const fr_canvas from = make_numbered(70, 33, formats[i]);
        const uint64_t corners[8] = {pixel_of(0, 0), pixel_of(69, 0), pixel_of(69, 32), pixel_of(0, 32),
                                     pixel_of(0, 0), pixel_of(69, 0), pixel_of(69, 32), pixel_of(0, 32)};
        expect_corners(FR_TURN_0, &from, corners);
        expect_corners(FR_TURN_90, &from, corners + 3);
        expect_corners(FR_TURN_180, &from, corners + 2);
        expect_corners(FR_TURN_270, &from, corners + 1);
        free(from.pixels);
    }
}

static void expect_same(const fr_canvas *a, const fr_canvas *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++)
            assert_int_equal(fr_canvas_get(a, x, y), fr_canvas_get(b, x, y));
}

static void a_turn_back_gives_every_pixel_back(void **state)
{
    (void)state;
    static const fr_turn turns[] = {FR_TURN_0, FR_TURN_90, FR_TURN_180, FR_TURN_270};
    const fr_canvas from = make_numbered(67, 131, FR_FORMAT_BGRA8);
    for (size_t i = 0; i < 4; i++) {
        const fr_canvas to = make_turned(turns[i], &from);
        const fr_canvas back = make_turned(fr_turn_back(turns[i]), &to);
        expect_same(&from, &back);
        free(to.pixels);
        free(back.pixels);
    }
    free(from.pixels);
}

/* The box around a spot is where the spot is, and turning no more than the box moves no other pixel. */
static void rectangles_turn_as_pixels_do(void **state)
{
    (void)state;
    const fr_rect rect = {11, 5, 37, 9};
    const fr_canvas from = make_canvas(90, 50, FR_FORMAT_BGRA8);
    fr_canvas_fill(&from, rect, 0xffffffffu);
    for (int turn = 0; turn < 4; turn++) {
        const fr_canvas whole = make_turned((fr_turn)turn, &from);
        const fr_rect turned = fr_turn_rect((fr_turn)turn, rect, whole.width, whole.height);
        const fr_canvas part = make_canvas(whole.width, whole.height, FR_FORMAT_BGRA8);
        fr_canvas_fill(&part, turned, 0xffffffffu);
        expect_same(&whole, &part);
        const fr_rect back = fr_turn_rect(fr_turn_back((fr_turn)turn), turned, from.width, from.height);
        assert_memory_equal(&back, &rect, sizeof(rect));

        const fr_canvas numbered = make_numbered(90, 50, FR_FORMAT_BGRA8);
        const fr_canvas all = make_turned((fr_turn)turn, &numbered);
        fr_turn_copy((fr_turn)turn, &part, &numbered, turned);
        for (uint32_t y = 0; y < part.height; y++)
            for (uint32_t x = 0; x < part.width; x++)
                assert_int_equal(fr_canvas_get(&part, x, y),
                                 fr_canvas_get(&whole, x, y) ? fr_canvas_get(&all, x, y) : 0);
        free(whole.pixels);
        free(part.pixels);
        free(numbered.pixels);
        free(all.pixels);
    }
    free(from.pixels);
}

static void rectangles_are_added_and_clipped(void **state)
{
    (void)state;
    const fr_rect a = {10, 20, 5, 5}, b = {2, 30, 1, 40}, empty = {900, 900, 0, 4};
    const fr_rect both = fr_rect_union(a, b), sum = {2, 20, 13, 50};
    assert_memory_equal(&both, &sum, sizeof(sum));
    const fr_rect alone = fr_rect_union(empty, a), alone_too = fr_rect_union(a, empty);
    assert_memory_equal(&alone, &a, sizeof(a));
    assert_memory_equal(&alone_too, &a, sizeof(a));
    const fr_rect corner = fr_rect_clip(-3, 90, 10, 100, 100, 100), seen = {0, 90, 7, 10};
    assert_memory_equal(&corner, &seen, sizeof(seen));
    assert_int_equal(fr_rect_clip(100, 0, 5, 5, 100, 100).width, 0);
    assert_int_equal(fr_rect_clip(-5, 0, 5, 5, 100, 100).width, 0);
    assert_int_equal(fr_rect_clip(INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, 100, 100).width, 0);
    assert_int_equal(fr_rect_clip(INT32_MIN, 0, INT32_MAX, 5, 100, 100).width, 0);
    assert_int_equal(fr_rect_clip(5, 5, -3, 4, 100, 100).width, 0);
    assert_int_equal(fr_rect_clip(5, 5, INT32_MAX, INT32_MAX, 100, 100).height, 95);
}

static void set_shape(fr_pointer *pointer, fr_pointer_kind kind, uint32_t width, uint32_t height,
                      size_t pitch_bytes, const void *pixels, size_t bytes)
{
    const fr_pointer_shape shape = {kind, width, height, pitch_bytes};
    assert_true(fr_pointer_set_shape(pointer, &shape, pixels, bytes));
    pointer->visible = true;
}

static void colour_is_mixed_in_by_its_alpha(void **state)
{
    (void)state;
    static const uint32_t argb[6] = {0xffff0000u, 0x8000ff00u, 0, 0x00ffffffu, 0xff0000ffu, 0};
    uint32_t pixels[4] = {0xff808080u, 0xff808080u, 0xff202020u, 0xff202020u};
    const fr_canvas canvas = fr_canvas_on(pixels, 8, 2, 2, FR_FORMAT_BGRA8);
    fr_pointer pointer = {0};
    set_shape(&pointer, FR_POINTER_COLOUR, 2, 2, 12, argb, sizeof(argb));
    fr_pointer_draw(&pointer, &canvas, 0, 0, 1.0F);
    assert_int_equal(pixels[0], 0xffff0000u);
    assert_int_equal(pixels[1], 0xff40c040u);
    assert_int_equal(pixels[2], 0xff202020u);
    assert_int_equal(pixels[3], 0xff0000ffu);
    fr_pointer_finish(&pointer);
}

static void masked_colour_replaces_or_inverts(void **state)
{
    (void)state;
    static const uint32_t shape[4] = {0x00112233u, 0xffff00ffu, 0xff000000u, 0x00000000u};
    uint32_t pixels[4] = {0xff808080u, 0xff0f8040u, 0xff123456u, 0xff123456u};
    const fr_canvas canvas = fr_canvas_on(pixels, 16, 4, 1, FR_FORMAT_BGRA8);
    fr_pointer pointer = {0};
    set_shape(&pointer, FR_POINTER_MASKED, 4, 1, 16, shape, sizeof(shape));
    fr_pointer_draw(&pointer, &canvas, 0, 0, 1.0F);
    assert_int_equal(pixels[0], 0xff112233u);
    assert_int_equal(pixels[1], 0xfff080bfu);
    assert_int_equal(pixels[2], 0xff123456u);
    assert_int_equal(pixels[3], 0xff000000u);
    fr_pointer_finish(&pointer);
}

/* The two masks: 00 black, 01 white, 10 stays, 11 inverted. Bit 7 is the left one; a row has its own bytes.
 */
static void monochrome_has_four_inks(void **state)
{
    (void)state;
    static const uint8_t masks[8] = {0x30, 0x80, 0, 0, 0x50, 0x80, 0, 0};
    uint32_t pixels[9];
    for (int i = 0; i < 9; i++)
        pixels[i] = 0xff1080c0u;
    const fr_canvas canvas = fr_canvas_on(pixels, sizeof(pixels), 9, 1, FR_FORMAT_BGRA8);
    fr_pointer pointer = {0};
    set_shape(&pointer, FR_POINTER_MONOCHROME, 9, 1, 4, masks, sizeof(masks));
    fr_pointer_draw(&pointer, &canvas, 0, 0, 1.0F);
    assert_int_equal(pixels[0], 0xff000000u);
    assert_int_equal(pixels[1], 0xffffffffu);
    assert_int_equal(pixels[2], 0xff1080c0u);
    assert_int_equal(pixels[3], 0xffef7f3fu);
    assert_int_equal(pixels[4], 0xff000000u);
    assert_int_equal(pixels[8], 0xffef7f3fu);
    fr_pointer_finish(&pointer);
}

/* On a canvas that shows the picture from 100, 50 on; beyond its edges nothing is touched. */
static void is_drawn_where_it_lies_in_the_picture(void **state)
{
    (void)state;
    uint32_t argb[16];
    for (uint32_t i = 0; i < 16; i++)
        argb[i] = 0xff000000u | (i + 1);
    static const int32_t places[][2] = {{101, 51}, {98, 48}, {103, 53}, {99, 52}};
    for (size_t p = 0; p < 4; p++) {
        uint32_t pixels[36] = {0};
        const fr_canvas canvas = fr_canvas_on(pixels + 7, 24, 4, 4, FR_FORMAT_BGRA8);
        fr_pointer pointer = {.x = places[p][0], .y = places[p][1]};
        set_shape(&pointer, FR_POINTER_COLOUR, 4, 4, 16, argb, sizeof(argb));
        fr_pointer_draw(&pointer, &canvas, 100, 50, 1.0F);
        for (int32_t y = -1; y < 5; y++) {
            for (int32_t x = -1; x < 5; x++) {
                const int32_t from_x = 100 + x - places[p][0], from_y = 50 + y - places[p][1];
                const bool drawn = x >= 0 && x < 4 && y >= 0 && y < 4 && from_x >= 0 && from_x < 4 &&
                                   from_y >= 0 && from_y < 4;
                const uint32_t expected = drawn ? argb[from_y * 4 + from_x] : 0;
                assert_int_equal(pixels[(y + 1) * 6 + x + 1], expected);
            }
        }
        const fr_rect rect = fr_pointer_rect(&pointer, 105, 200);
        assert_int_equal(rect.x, places[p][0]);
        assert_int_equal(rect.y, places[p][1]);
        assert_int_equal(rect.width, places[p][0] > 101 ? 105 - places[p][0] : 4);
        assert_int_equal(rect.height, 4);
        pointer.visible = false;
        assert_int_equal(fr_pointer_rect(&pointer, 1000, 1000).width, 0);
        fr_pointer_finish(&pointer);
    }
}

static float light_at(const fr_canvas *canvas, uint32_t x, uint32_t channel)
{
    return fr_float_from_half((uint16_t)(fr_canvas_get(canvas, x, 0) >> (16 * channel)));
}

static void expect_light(const fr_canvas *canvas, uint32_t x, float r, float g, float b)
{
    const float expected[3] = {r, g, b};
    for (uint32_t i = 0; i < 3; i++)
        if (fabsf(light_at(canvas, x, i) - expected[i]) > 0.002F * (1.0F + fabsf(expected[i])))
            fail_msg("pixel %u, channel %u: %g, not %g", x, i, (double)light_at(canvas, x, i),
                     (double)expected[i]);
    assert_int_equal(fr_canvas_get(canvas, x, 0) >> 48, 0x3c00);
}

/* Its white is the display's white of SDR, and what is mixed is light. */
static void in_hdr_it_has_the_white_of_sdr(void **state)
{
    (void)state;
    static const uint32_t shape[4] = {0xffffffffu, 0x80ff0000u, 0xff808080u, 0};
    uint64_t pixels[4];
    const fr_canvas canvas = fr_canvas_on(pixels, 32, 4, 1, FR_FORMAT_RGBA16F);
    for (uint32_t x = 0; x < 4; x++)
        pixels[x] = fr_pixel_pack(FR_FORMAT_RGBA16F, (fr_rgb){8.0F, 0.5F, -0.25F});
    const uint64_t untouched = pixels[3];
    fr_pointer pointer = {0};
    set_shape(&pointer, FR_POINTER_COLOUR, 4, 1, 16, shape, sizeof(shape));
    fr_pointer_draw(&pointer, &canvas, 0, 0, 2.5F);
    const float half = 128.0F / 255.0F, grey = fr_srgb_to_linear(128.0F / 255.0F) * 2.5F;
    expect_light(&canvas, 0, 2.5F, 2.5F, 2.5F);
    expect_light(&canvas, 1, 8.0F + (2.5F - 8.0F) * half, 0.5F * (1.0F - half), -0.25F * (1.0F - half));
    expect_light(&canvas, 2, grey, grey, grey);
    assert_int_equal(pixels[3], untouched);
    fr_pointer_finish(&pointer);
}

/* As the codes of SDR would be; a channel that is not inverted keeps even what SDR cannot show. */
static void in_hdr_it_inverts_what_sdr_would_show(void **state)
{
    (void)state;
    static const uint32_t shape[3] = {0xffffffffu, 0xff00ff00u, 0xff000000u};
    uint64_t pixels[3];
    const fr_canvas canvas = fr_canvas_on(pixels, 24, 3, 1, FR_FORMAT_RGBA16F);
    const float code = fr_srgb_to_linear(64.0F / 255.0F) * 2.0F;
    const float inverse = fr_srgb_to_linear(191.0F / 255.0F) * 2.0F;
    for (uint32_t x = 0; x < 3; x++)
        pixels[x] = fr_pixel_pack(FR_FORMAT_RGBA16F, (fr_rgb){40.0F, code, -1.0F});
    const uint64_t untouched = pixels[2];
    fr_pointer pointer = {0};
    set_shape(&pointer, FR_POINTER_MASKED, 3, 1, 12, shape, sizeof(shape));
    fr_pointer_draw(&pointer, &canvas, 0, 0, 2.0F);
    expect_light(&canvas, 0, 0.0F, inverse, 2.0F);
    expect_light(&canvas, 1, 40.0F, inverse, -1.0F);
    assert_int_equal(pixels[2], untouched);
    fr_pointer_finish(&pointer);
}

static void impossible_shapes_are_none(void **state)
{
    (void)state;
    static const uint8_t bytes[64] = {0};
    static const fr_pointer_shape shapes[] = {
        {
            FR_POINTER_COLOUR,
            4,
            4,
            15,
        },
        {FR_POINTER_COLOUR, 4, 5, 16},
        {FR_POINTER_COLOUR, 0, 4, 16},
        {FR_POINTER_COLOUR, 4, 0, 16},
        {FR_POINTER_COLOUR, 4, 4, 17},
        {FR_POINTER_COLOUR, 1u << 30, 1, (size_t)1 << 32},
        {FR_POINTER_MONOCHROME, 9, 1, 1},
        {FR_POINTER_MONOCHROME, 8, 33, 1},
        {(fr_pointer_kind)3, 4, 4, 16},
        {FR_POINTER_MASKED, 4, 4, SIZE_MAX},
    };
    fr_pointer pointer = {0};
    const fr_pointer_shape good = {FR_POINTER_COLOUR, 4, 4, 16};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        assert_true(fr_pointer_set_shape(&pointer, &good, bytes, sizeof(bytes)));
        pointer.visible = true;
        assert_int_equal(fr_pointer_rect(&pointer, 100, 100).width, 4);
        assert_false(fr_pointer_set_shape(&pointer, &shapes[i], bytes, sizeof(bytes)));
        assert_int_equal(fr_pointer_rect(&pointer, 100, 100).width, 0);
    }
    assert_int_equal(pointer.number, 2 * sizeof(shapes) / sizeof(shapes[0]));
    const fr_pointer_shape mono = {FR_POINTER_MONOCHROME, 8, 32, 1};
    assert_true(fr_pointer_set_shape(&pointer, &mono, bytes, sizeof(bytes)));
    fr_pointer_finish(&pointer);
}

static void a_pointer_far_away_is_not_drawn(void **state)
{
    (void)state;
    static const int32_t places[][2] = {{INT32_MIN, 0}, {INT32_MAX, 0}, {0, INT32_MIN}, {0, INT32_MAX}};
    static const uint32_t argb[1] = {0xffffffffu};
    for (size_t i = 0; i < 4; i++) {
        uint32_t pixels[4] = {0};
        const fr_canvas canvas = fr_canvas_on(pixels, 8, 2, 2, FR_FORMAT_BGRA8);
        fr_pointer pointer = {.x = places[i][0], .y = places[i][1]};
        set_shape(&pointer, FR_POINTER_COLOUR, 1, 1, 4, argb, sizeof(argb));
        fr_pointer_draw(&pointer, &canvas, 1, 1, 1.0F);
        assert_int_equal(pixels[0] | pixels[1] | pixels[2] | pixels[3], 0);
        fr_pointer_finish(&pointer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_clockwise),
        cmocka_unit_test(a_turn_back_gives_every_pixel_back),
        cmocka_unit_test(rectangles_turn_as_pixels_do),
        cmocka_unit_test(rectangles_are_added_and_clipped),
        cmocka_unit_test(colour_is_mixed_in_by_its_alpha),
        cmocka_unit_test(masked_colour_replaces_or_inverts),
        cmocka_unit_test(monochrome_has_four_inks),
        cmocka_unit_test(is_drawn_where_it_lies_in_the_picture),
        cmocka_unit_test(in_hdr_it_has_the_white_of_sdr),
        cmocka_unit_test(in_hdr_it_inverts_what_sdr_would_show),
        cmocka_unit_test(impossible_shapes_are_none),
        cmocka_unit_test(a_pointer_far_away_is_not_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
