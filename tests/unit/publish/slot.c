/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* fr_slot_write: which pixels of a slot come from the caller's picture, and what is refused. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <framering/source.h>

#include <string.h>

enum { WIDTH = 7, HEIGHT = 5, PITCH = 64, BEFORE = 0xa5 };

/* An image whose pixels all differ, and a slot that holds something else. */
typedef struct fixture {
    uint32_t pixels[HEIGHT][WIDTH + 2];
    uint8_t memory[HEIGHT * PITCH];
    fr_image image;
    fr_slot slot;
} fixture;

static void prepare(fixture *f, bool upside_down)
{
    memset(f->memory, BEFORE, sizeof(f->memory));
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH + 2; x++)
            f->pixels[y][x] = (upside_down ? HEIGHT - 1 - y : y) << 8 | x;
    f->image = (fr_image){.pixels = f->pixels[upside_down ? HEIGHT - 1 : 0],
                          .pitch_bytes = (ptrdiff_t)sizeof(f->pixels[0]) * (upside_down ? -1 : 1),
                          .width = WIDTH,
                          .height = HEIGHT,
                          .format = FR_FORMAT_BGRA8};
    f->slot = (fr_slot){.pixels = f->memory,
                        .pitch_bytes = PITCH,
                        .width = WIDTH,
                        .height = HEIGHT,
                        .format = FR_FORMAT_BGRA8};
}

static bool covered(const fr_rect *rects, uint32_t num_rects, uint64_t x, uint64_t y)
{
    for (uint32_t i = 0; i < num_rects; i++)
        if (x >= rects[i].x && x < (uint64_t)rects[i].x + rects[i].width && y >= rects[i].y &&
            y < (uint64_t)rects[i].y + rects[i].height)
            return true;
    return false;
}

/* Also that nothing is written between and after the rows. */
static void check(const fixture *f, const fr_rect *rects, uint32_t num_rects)
{
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < PITCH / 4; x++) {
            uint32_t pixel;
            memcpy(&pixel, f->memory + y * PITCH + 4 * x, sizeof(pixel));
            const bool ours = x < WIDTH && covered(rects, num_rects, x, y);
            assert_int_equal(pixel, ours ? y << 8 | x : BEFORE * 0x01010101u);
        }
}

static const fr_rect whole = {0, 0, WIDTH, HEIGHT};

static void a_whole_picture_is_copied(void **state)
{
    (void)state;
    fixture f;
    for (int upside_down = 0; upside_down < 2; upside_down++) {
        prepare(&f, upside_down);
        assert_int_equal(fr_slot_write(&f.slot, &f.image, NULL, 0), FR_OK);
        check(&f, &whole, 1);
        prepare(&f, upside_down);
        assert_int_equal(fr_slot_write(&f.slot, &f.image, NULL, 3), FR_OK);
        check(&f, &whole, 1);
    }
}

static void rectangles_are_copied_and_clipped(void **state)
{
    (void)state;
    static const fr_rect rects[] = {
        {1, 1, 2, 3},          {0, 0, 1, 1},
        {2, 2, 3, 2},          {WIDTH - 1, HEIGHT - 1, 5, 5},
        {0, HEIGHT, 3, 3},     {WIDTH, 0, 1, 1},
        {3, 0, 0, 4},          {3, 0, 4, 0},
        {6, 0, UINT32_MAX, 1}, {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
        {0, 4, 1, UINT32_MAX},
    };
    const uint32_t num = sizeof(rects) / sizeof(rects[0]);
    fixture f;
    for (int upside_down = 0; upside_down < 2; upside_down++) {
        for (uint32_t i = 0; i < num; i++) {
            prepare(&f, upside_down);
            assert_int_equal(fr_slot_write(&f.slot, &f.image, &rects[i], 1), FR_OK);
            check(&f, &rects[i], 1);
        }
        prepare(&f, upside_down);
        assert_int_equal(fr_slot_write(&f.slot, &f.image, rects, num), FR_OK);
        check(&f, rects, num);
        prepare(&f, upside_down);
        assert_int_equal(fr_slot_write(&f.slot, &f.image, rects, 0), FR_OK);
        check(&f, rects, 0);
    }
}

static void wider_pixels_are_copied(void **state)
{
    (void)state;
    static const uint8_t in[2][3][8] = {{"abcdefg", "hijklmn", "opqrstu"}, {"ABCDEFG", "HIJKLMN", "OPQRSTU"}};
    uint8_t out[2][64] = {{0}};
    const fr_image image = {in, sizeof(in[0]), 3, 2, FR_FORMAT_RGBA16F};
    const fr_slot slot = {
        .pixels = out, .pitch_bytes = 64, .width = 3, .height = 2, .format = FR_FORMAT_RGBA16F};
    const fr_rect rect = {1, 1, 1, 1};
    assert_int_equal(fr_slot_write(&slot, &image, &rect, 1), FR_OK);
    assert_string_equal((const char *)out[1] + 8, "HIJKLMN");
    assert_int_equal(out[0][0] | out[0][8] | out[1][0] | out[1][16], 0);
}

static void refuse(fixture *f, fr_status expected)
{
    assert_int_equal(fr_slot_write(&f->slot, &f->image, NULL, 0), expected);
    check(f, NULL, 0);
    prepare(f, false);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    fixture f;
    prepare(&f, false);
    f.image.width--;
    refuse(&f, FR_ERR_ARGUMENT);
    f.image.height++;
    refuse(&f, FR_ERR_ARGUMENT);
    f.image.format = FR_FORMAT_RGBA8;
    refuse(&f, FR_ERR_ARGUMENT);
    f.image.pixels = NULL;
    refuse(&f, FR_ERR_ARGUMENT);
    f.slot.pixels = NULL;
    refuse(&f, FR_ERR_UNSUPPORTED);
    assert_int_equal(fr_slot_write(NULL, &f.image, NULL, 0), FR_ERR_ARGUMENT);
    assert_int_equal(fr_slot_write(&f.slot, NULL, NULL, 0), FR_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_picture_is_copied),
        cmocka_unit_test(rectangles_are_copied_and_clipped),
        cmocka_unit_test(wider_pixels_are_copied),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests_name("publish: slot", tests, NULL, NULL);
}
