/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What is published of a desktop that changes. */
#include "rig.h"

#include "common/colour.h"

#include <math.h>
#include <string.h>

static const fr_rect nothing = {0};

/* The first picture, published. */
static void start(struct rig *rig)
{
    fake_dxgi_add(&rig->fake);
    rig_turns(rig, 2);
    assert_int_equal(rig->pushes, 1);
}

static void the_first_picture_is_whole(void **state)
{
    struct rig *rig = *state;
    struct fake_frame *frame = fake_dxgi_add(&rig->fake);
    frame->dirty[0] = (RECT){1, 1, 2, 2};
    frame->num_dirty = 1;
    rig_turns(rig, 2);
    assert_int_equal(rig->pushes, 1);
    assert_false(rig->has_damage);
    assert_int_equal(rig->present_ns, 100000);
    rig_expect_picture(rig, nothing);
    assert_int_equal(rig->display.mode.width, RIG_WIDTH);
    assert_int_equal(rig->display.mode.height, RIG_HEIGHT);
    assert_int_equal(rig->display.mode.refresh_mhz, 59940);
    assert_int_equal(rig->display.colour_state, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig->display.format, FR_FORMAT_BGRA8);
    assert_int_equal(rig->fake.last_timeout_ms, 16);
    assert_int_equal(rig_lines, 0);
}

static void a_still_desktop_publishes_nothing(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_turns(rig, 200);
    assert_int_equal(rig->pushes, 1);
    assert_int_equal(rig->fake.duplications, 1);
}

static void damage_is_what_was_moved_and_drawn(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_paint(rig, 2);
    struct fake_frame *frame = fake_dxgi_add(&rig->fake);
    /* All was painted, so all must be told; then only parts. */
    frame->dirty[0] = (RECT){0, 0, RIG_WIDTH, RIG_HEIGHT};
    frame->num_dirty = 1;
    rig_turn(rig);
    rig_expect_damage(rig, (fr_rect){0, 0, RIG_WIDTH, RIG_HEIGHT});
    rig_expect_picture(rig, nothing);

    fr_canvas_fill(&rig->fake.desktop, (fr_rect){10, 20, 5, 6}, 0xff123456u);
    fr_canvas_fill(&rig->fake.desktop, (fr_rect){40, 30, 8, 8}, 0xff654321u);
    frame = fake_dxgi_add(&rig->fake);
    frame->dirty[0] = (RECT){10, 20, 15, 26};
    frame->num_dirty = 1;
    frame->moved[0] = (DXGI_OUTDUPL_MOVE_RECT){{70, 60}, {40, 30, 48, 38}};
    frame->num_moved = 1;
    rig_turn(rig);
    rig_expect_damage(rig, {40, 30, 8, 8}, {10, 20, 5, 6});
    rig_expect_picture(rig, nothing);
    /* Windows' word is taken for no more than the picture. */
    frame = fake_dxgi_add(&rig->fake);
    frame->dirty[0] = (RECT){-50, -50, 4, 3};
    frame->dirty[1] = (RECT){90, 60, 4000, 65};
    frame->num_dirty = 2;
    rig_turn(rig);
    rig_expect_damage(rig, {0, 0, 4, 3}, {90, 60, RIG_WIDTH - 90, 5});
}

static void what_windows_does_not_say_is_the_whole(void **state)
{
    struct rig *rig = *state;
    static const HRESULT results[] = {S_OK, DXGI_ERROR_MORE_DATA, DXGI_ERROR_INVALID_CALL};
    start(rig);
    for (UINT i = 0; i < 3; i++) {
        rig_paint(rig, 10 + i);
        struct fake_frame *frame = fake_dxgi_add(&rig->fake);
        frame->num_dirty = i ? 1 : 0;
        frame->dirty[0] = (RECT){5, 5, 6, 6};
        frame->rects_result = results[i];
        rig_turn(rig);
        assert_int_equal(rig->pushes, i + 2);
        rig_expect_damage(rig, (fr_rect){0, 0, RIG_WIDTH, RIG_HEIGHT});
        rig_expect_picture(rig, nothing);
    }
}

/* A frame that found no slot is not forgotten. */
static void damage_adds_up_until_it_is_published(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->push_status = FR_AGAIN;
    for (UINT i = 0; i < 3; i++) {
        const fr_rect rect = {10 + 20 * i, 5 + 10 * i, 4, 4};
        fr_canvas_fill(&rig->fake.desktop, rect, 0xff000000u | (i + 1));
        struct fake_frame *frame = fake_dxgi_add(&rig->fake);
        frame->dirty[0] = (RECT){(LONG)rect.x, (LONG)rect.y, (LONG)rect.x + 4, (LONG)rect.y + 4};
        frame->num_dirty = 1;
        rig_turn(rig);
    }
    rig->push_status = FR_OK;
    rig_turn(rig);
    rig_expect_damage(rig, {10, 5, 4, 4}, {30, 15, 4, 4}, {50, 25, 4, 4});
    rig_expect_picture(rig, nothing);
    const UINT pushes = rig->pushes;
    rig_turns(rig, 10);
    assert_int_equal(rig->pushes, pushes);
}

static void a_new_ring_gets_the_last_picture_again(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->attached = false;
    rig_turns(rig, 5);
    rig->attached = true;
    rig_turns(rig, 5);
    assert_int_equal(rig->pushes, 1);
    rig->redraw = true;
    rig_turn(rig);
    assert_int_equal(rig->pushes, 2);
    assert_false(rig->has_damage);
    rig_expect_picture(rig, nothing);
}

static void without_a_ring_nothing_is_taken(void **state)
{
    struct rig *rig = *state;
    rig->attached = false;
    fake_dxgi_add(&rig->fake);
    rig_turns(rig, 20);
    assert_int_equal(rig->fake.acquired, 0);
    assert_int_equal(rig->opens, 1);
    rig->attached = true;
    rig->redraw = true;
    rig_turn(rig);
    assert_int_equal(rig->pushes, 1);
    rig_expect_picture(rig, nothing);
}

static void frames_come_no_faster_than_the_rate(void **state)
{
    struct rig *rig = *state;
    rig->options.feed.mode.refresh_mhz = 10000;
    for (UINT i = 0; i < 40; i++)
        fake_dxgi_add(&rig->fake);
    while (rig->now_ns < 2 * FR_NS_PER_S)
        rig_turn(rig);
    assert_in_range(rig->pushes, 9, 11);
    assert_int_equal(rig->fake.acquired, rig->pushes);
}

static void a_turned_display_is_published_upright(void **state)
{
    (void)state;
    for (int turn = 1; turn < 4; turn++) {
        struct rig rig;
        rig_open(&rig);
        rig.fake.turn = (fr_turn)turn;
        fake_dxgi_add(&rig.fake);
        rig_turns(&rig, 2);
        assert_int_equal(rig.display.mode.width, RIG_WIDTH);
        rig_expect_picture(&rig, nothing);
        fr_canvas_fill(&rig.fake.desktop, (fr_rect){50, 7, 9, 3}, 0xffabcdefu);
        struct fake_frame *frame = fake_dxgi_add(&rig.fake);
        frame->dirty[0] = (RECT){50, 7, 59, 10};
        frame->num_dirty = 1;
        rig_turn(&rig);
        rig_expect_damage(&rig, (fr_rect){50, 7, 9, 3});
        rig_expect_picture(&rig, nothing);
        rig_close(&rig);
    }
}

/* --- the pointer --- */

static const uint32_t arrow[4] = {0xffff0000u, 0xff00ff00u, 0xff0000ffu, 0xffffffffu};
static const fr_pointer_shape arrow_shape = {FR_POINTER_COLOUR, 2, 2, 8};

static struct fake_frame *move_pointer(struct rig *rig, LONG x, LONG y)
{
    struct fake_frame *frame = fake_dxgi_add(&rig->fake);
    frame->picture = false;
    frame->mouse = true;
    frame->mouse_visible = true;
    frame->mouse_at = (POINT){x, y};
    return frame;
}

static void show_arrow(struct rig *rig, LONG x, LONG y)
{
    struct fake_frame *frame = move_pointer(rig, x, y);
    frame->shape = &arrow_shape;
    frame->shape_pixels = arrow;
    frame->shape_bytes = sizeof(arrow);
}

static void expect_arrow(const struct rig *rig, uint32_t x, uint32_t y)
{
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(fr_canvas_get(&rig->picture, x + i % 2, y + i / 2), arrow[i]);
    rig_expect_picture(rig, (fr_rect){x, y, 2, 2});
}

static void the_pointer_moves_without_a_picture(void **state)
{
    struct rig *rig = *state;
    start(rig);
    show_arrow(rig, 20, 30);
    rig_turn(rig);
    expect_arrow(rig, 20, 30);
    rig_expect_damage(rig, (fr_rect){20, 30, 2, 2});
    assert_int_equal(rig->present_ns, 90000);
    move_pointer(rig, 23, 35);
    rig_turn(rig);
    expect_arrow(rig, 23, 35);
    rig_expect_damage(rig, {20, 30, 2, 2}, {23, 35, 2, 2});
    assert_int_equal(rig->pushes, 3);
    rig_turns(rig, 10);
    assert_int_equal(rig->pushes, 3);
}

static void a_hidden_pointer_leaves_the_picture(void **state)
{
    struct rig *rig = *state;
    start(rig);
    show_arrow(rig, 20, 30);
    rig_turn(rig);
    move_pointer(rig, 0, 0)->mouse_visible = false;
    rig_turn(rig);
    rig_expect_picture(rig, nothing);
    rig_expect_damage(rig, (fr_rect){20, 30, 2, 2});
}

static void a_new_shape_is_drawn_in_the_place_of_the_old(void **state)
{
    struct rig *rig = *state;
    static const uint32_t big[9] = {1, 0xff111111u, 1, 0xff222222u, 0xff333333u, 0xff444444u,
                                    1, 0xff555555u, 1};
    static const fr_pointer_shape big_shape = {FR_POINTER_COLOUR, 3, 3, 12};
    start(rig);
    show_arrow(rig, 20, 30);
    rig_turn(rig);
    struct fake_frame *frame = move_pointer(rig, 20, 30);
    frame->shape = &big_shape;
    frame->shape_pixels = big;
    frame->shape_bytes = sizeof(big);
    rig_turn(rig);
    assert_int_equal(rig->pushes, 3);
    rig_expect_damage(rig, {20, 30, 2, 2}, {20, 30, 3, 3});
    assert_int_equal(fr_canvas_get(&rig->picture, 21, 31), 0xff333333u);
    assert_int_equal(fr_canvas_get(&rig->picture, 20, 30), fr_canvas_get(&rig->fake.desktop, 20, 30));
    /* A shape that cannot be had leaves the old one. */
    frame = move_pointer(rig, 40, 40);
    frame->shape = &arrow_shape;
    frame->shape_pixels = arrow;
    frame->shape_bytes = sizeof(arrow);
    frame->shape_result = DXGI_ERROR_MORE_DATA;
    rig_turn(rig);
    assert_int_equal(fr_canvas_get(&rig->picture, 41, 41), 0xff333333u);
}

/* The height that Windows tells counts both masks. */
static void a_monochrome_pointer_inverts_what_is_below(void **state)
{
    struct rig *rig = *state;
    static const uint8_t masks[4] = {0xc0, 0xc0, 0x80, 0x40};
    static const fr_pointer_shape beam = {FR_POINTER_MONOCHROME, 2, 2, 1};
    start(rig);
    struct fake_frame *frame = move_pointer(rig, 50, 10);
    frame->shape = &beam;
    frame->shape_pixels = masks;
    frame->shape_bytes = sizeof(masks);
    rig_turn(rig);
    const fr_canvas *desktop = &rig->fake.desktop;
    assert_int_equal(fr_canvas_get(&rig->picture, 50, 10), fr_canvas_get(desktop, 50, 10) ^ 0xffffffu);
    assert_int_equal(fr_canvas_get(&rig->picture, 51, 11), fr_canvas_get(desktop, 51, 11) ^ 0xffffffu);
    assert_int_equal(fr_canvas_get(&rig->picture, 51, 10), fr_canvas_get(desktop, 51, 10));
    rig_expect_picture(rig, (fr_rect){50, 10, 2, 2});
}

static void the_pointer_stays_over_a_new_picture(void **state)
{
    struct rig *rig = *state;
    start(rig);
    show_arrow(rig, 20, 30);
    rig_turn(rig);
    /* Beside it, and then below it. */
    fr_canvas_fill(&rig->fake.desktop, (fr_rect){60, 60, 3, 3}, 0xff101010u);
    struct fake_frame *frame = fake_dxgi_add(&rig->fake);
    frame->dirty[0] = (RECT){60, 60, 63, 63};
    frame->num_dirty = 1;
    rig_turn(rig);
    expect_arrow(rig, 20, 30);
    rig_expect_damage(rig, (fr_rect){60, 60, 3, 3});
    fr_canvas_fill(&rig->fake.desktop, (fr_rect){20, 31, 9, 1}, 0xff202020u);
    frame = fake_dxgi_add(&rig->fake);
    frame->dirty[0] = (RECT){20, 31, 29, 32};
    frame->num_dirty = 1;
    rig_turn(rig);
    expect_arrow(rig, 20, 30);
    move_pointer(rig, 0, 0);
    rig_turn(rig);
    expect_arrow(rig, 0, 0);
}

static void a_pointer_at_the_edge_is_cut(void **state)
{
    struct rig *rig = *state;
    start(rig);
    show_arrow(rig, -1, RIG_HEIGHT - 1);
    rig_turn(rig);
    assert_int_equal(fr_canvas_get(&rig->picture, 0, RIG_HEIGHT - 1), arrow[1]);
    rig_expect_picture(rig, (fr_rect){0, RIG_HEIGHT - 1, 1, 1});
    rig_expect_damage(rig, (fr_rect){0, RIG_HEIGHT - 1, 1, 1});
    move_pointer(rig, -1, RIG_HEIGHT);
    rig_turn(rig);
    rig_expect_picture(rig, nothing);
}

/* Its place is told as it is seen, whatever the turn. */
static void the_pointer_of_a_turned_display_is_upright(void **state)
{
    struct rig *rig = *state;
    rig->fake.turn = FR_TURN_270;
    start(rig);
    show_arrow(rig, 80, 3);
    rig_turn(rig);
    expect_arrow(rig, 80, 3);
}

static void without_cursor_there_is_none(void **state)
{
    struct rig *rig = *state;
    rig->options.no_cursor = true;
    start(rig);
    show_arrow(rig, 20, 30);
    rig_turns(rig, 3);
    assert_int_equal(rig->pushes, 1);
    rig_expect_picture(rig, nothing);
}

/* --- colour --- */

static void hdr_is_what_dxgi_calls_hdr(void **state)
{
    struct rig *rig = *state;
    fake_dxgi_set_mode(&rig->fake, RIG_WIDTH, RIG_HEIGHT, FR_FORMAT_RGBA16F);
    rig_paint(rig, 3);
    rig->fake.hdr = true;
    start(rig);
    rig_expect_picture(rig, nothing);
    assert_int_equal(rig->display.colour_state, FR_COLOUR_STATE_HDR);
    assert_int_equal(rig->display.format, FR_FORMAT_RGBA16F);
    assert_int_equal(rig->display.sdr_white_millinits, 240000);
    assert_int_equal(rig->display.max_luminance_millinits, 600000);
    assert_int_equal(rig->display.max_full_frame_millinits, 350000);
    assert_int_equal(rig->display.min_luminance_tenthmillinits, 500);
    /* The pointer's white is SDR's: 240 cd/m2 are 3.0 in scRGB. */
    show_arrow(rig, 20, 30);
    rig_turn(rig);
    const float white = fr_float_from_half((uint16_t)fr_canvas_get(&rig->picture, 21, 31));
    assert_true(fabsf(white - 3.0F) < 0.01F);
}

static void fp16_alone_is_wide_colour(void **state)
{
    struct rig *rig = *state;
    fake_dxgi_set_mode(&rig->fake, RIG_WIDTH, RIG_HEIGHT, FR_FORMAT_RGBA16F);
    rig_paint(rig, 3);
    start(rig);
    assert_int_equal(rig->display.colour_state, FR_COLOUR_STATE_SDR_WCG);
    assert_int_equal(rig->display.format, FR_FORMAT_RGBA16F);
    assert_int_equal(rig->display.max_luminance_millinits, 0);
    assert_int_equal(rig->fake.whites, 0);
    show_arrow(rig, 20, 30);
    rig_turn(rig);
    const float white = fr_float_from_half((uint16_t)fr_canvas_get(&rig->picture, 21, 31));
    assert_true(fabsf(white - 1.0F) < 0.01F);
}

/* What Windows hands out in 8 bits it has made SDR. */
static void hdr_that_comes_in_bgra_is_sdr(void **state)
{
    struct rig *rig = *state;
    rig->fake.hdr = true;
    rig->fake.only_bgra = true;
    start(rig);
    assert_int_equal(rig->display.colour_state, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig->display.format, FR_FORMAT_BGRA8);
}

static void the_older_duplication_serves_too(void **state)
{
    (void)state;
    for (int level = 1; level <= 6; level++) {
        struct rig rig;
        rig_open(&rig);
        rig.fake.output_level = level;
        rig.fake.newer_refusal = level == 6 ? E_ACCESSDENIED : DXGI_ERROR_UNSUPPORTED;
        fake_dxgi_add(&rig.fake);
        rig_turns(&rig, 2);
        rig_expect_picture(&rig, nothing);
        assert_int_equal(rig.fake.duplications, 1);
        assert_int_equal(rig_lines, 0);
        rig_close(&rig);
    }
}

static void outputs_have_short_names(void **state)
{
    (void)state;
    assert_true(fr_desktop_output_is(L"\\\\.\\DISPLAY1", "\\\\.\\DISPLAY1"));
    assert_true(fr_desktop_output_is(L"\\\\.\\DISPLAY12", "display12"));
    assert_true(fr_desktop_output_is(L"\\\\.\\DISPLAY3", "3"));
    assert_false(fr_desktop_output_is(L"\\\\.\\DISPLAY12", "1"));
    assert_false(fr_desktop_output_is(L"\\\\.\\DISPLAY1", "12"));
    assert_false(fr_desktop_output_is(L"\\\\.\\DISPLAY1", "DISPLAY"));
    assert_false(fr_desktop_output_is(L"\\\\.\\DISPLAY1", ""));
    assert_false(fr_desktop_output_is(L"WinDisc", "DISPLAY1"));
    assert_false(fr_desktop_output_is(L"", "1"));
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(the_first_picture_is_whole),
        WITH_RIG(a_still_desktop_publishes_nothing),
        WITH_RIG(damage_is_what_was_moved_and_drawn),
        WITH_RIG(what_windows_does_not_say_is_the_whole),
        WITH_RIG(damage_adds_up_until_it_is_published),
        WITH_RIG(a_new_ring_gets_the_last_picture_again),
        WITH_RIG(without_a_ring_nothing_is_taken),
        WITH_RIG(frames_come_no_faster_than_the_rate),
        cmocka_unit_test(a_turned_display_is_published_upright),
        WITH_RIG(the_pointer_moves_without_a_picture),
        WITH_RIG(a_hidden_pointer_leaves_the_picture),
        WITH_RIG(a_new_shape_is_drawn_in_the_place_of_the_old),
        WITH_RIG(a_monochrome_pointer_inverts_what_is_below),
        WITH_RIG(the_pointer_stays_over_a_new_picture),
        WITH_RIG(a_pointer_at_the_edge_is_cut),
        WITH_RIG(the_pointer_of_a_turned_display_is_upright),
        WITH_RIG(without_cursor_there_is_none),
        WITH_RIG(hdr_is_what_dxgi_calls_hdr),
        WITH_RIG(fp16_alone_is_wide_colour),
        WITH_RIG(hdr_that_comes_in_bgra_is_sdr),
        cmocka_unit_test(the_older_duplication_serves_too),
        cmocka_unit_test(outputs_have_short_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
