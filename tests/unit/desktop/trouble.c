/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What becomes of the capture when Windows takes something away. */
#include "rig.h"

#include <string.h>

static const fr_rect nothing = {0};

static void start(struct rig *rig)
{
    fake_dxgi_add(&rig->fake);
    rig_turns(rig, 2);
    assert_int_equal(rig->pushes, 1);
}

static void add_failure(struct rig *rig, HRESULT result)
{
    fake_dxgi_add(&rig->fake)->result = result;
}

/* Turns until there is one more push. */
static void wait_for_push(struct rig *rig)
{
    const UINT pushes = rig->pushes;
    for (int i = 0; i < 100 && rig->pushes == pushes; i++)
        rig_turn(rig);
    assert_int_equal(rig->pushes, pushes + 1);
}

static void a_lost_duplication_is_made_again_at_once(void **state)
{
    struct rig *rig = *state;
    start(rig);
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    rig_paint(rig, 2);
    struct fake_frame *frame = fake_dxgi_add(&rig->fake);
    frame->dirty[0] = (RECT){1, 1, 2, 2};
    frame->num_dirty = 1;
    rig_turns(rig, 2);
    assert_int_equal(rig->pushes, 2);
    /* What changed meanwhile nobody knows. */
    rig_expect_damage(rig, (fr_rect){0, 0, RIG_WIDTH, RIG_HEIGHT});
    rig_expect_picture(rig, nothing);
    assert_int_equal(rig->fake.duplications, 2);
    assert_int_equal(rig->fake.devices, 1);
    assert_int_equal(rig->opens, 1);
    assert_int_equal(rig_lines, 0);
}

static void one_that_is_lost_at_each_call_has_an_end(void **state)
{
    struct rig *rig = *state;
    start(rig);
    const uint64_t begin_ns = rig->now_ns;
    while (!rig->desk.stopped) {
        rig->fake.next_frame = rig->fake.num_frames = 0;
        add_failure(rig, DXGI_ERROR_ACCESS_LOST);
        rig_turn(rig);
        assert_true(rig->now_ns - begin_ns < 12 * FR_NS_PER_S);
    }
    assert_true(rig->now_ns - begin_ns >= 10 * FR_NS_PER_S);
    assert_int_equal(rig->desk.exit_code, FR_EXIT_FAILED);
    assert_in_range(rig->fake.duplications, 10, 40);
    assert_int_equal(rig_lines, 2);
    assert_non_null(strstr(rig_said, "DXGI_ERROR_ACCESS_LOST"));
    assert_non_null(strstr(rig_said, "\\\\.\\DISPLAY1"));
}

/* Each time it works for a while: that is no trouble without end. */
static void losses_with_life_between_do_not_add_up(void **state)
{
    struct rig *rig = *state;
    start(rig);
    const uint64_t begin_ns = rig->now_ns;
    while (rig->now_ns - begin_ns < 60 * FR_NS_PER_S) {
        rig->fake.next_frame = rig->fake.num_frames = 0;
        add_failure(rig, DXGI_ERROR_ACCESS_LOST);
        rig_turns(rig, 50);
        rig->now_ns += FR_NS_PER_S;
    }
    assert_false(rig->desk.stopped);
    assert_int_equal(rig_lines, 0);
}

static void a_lost_frame_between_two_calls_is_no_harm(void **state)
{
    struct rig *rig = *state;
    start(rig);
    struct fake_frame *frame = fake_dxgi_add(&rig->fake);
    frame->num_dirty = 1;
    frame->dirty[0] = (RECT){1, 1, 2, 2};
    frame->rects_result = DXGI_ERROR_ACCESS_LOST;
    frame->mouse = true;
    frame->mouse_visible = true;
    frame->shape = &(fr_pointer_shape){FR_POINTER_COLOUR, 1, 1, 4};
    frame->shape_pixels = "1234";
    frame->shape_bytes = 4;
    frame->shape_result = DXGI_ERROR_ACCESS_LOST;
    rig_turn(rig);
    assert_int_equal(rig->pushes, 2);
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
}

/* For as long as the user likes, with one sentence. */
static void a_locked_desktop_is_waited_for(void **state)
{
    struct rig *rig = *state;
    static const HRESULT results[] = {E_ACCESSDENIED, DXGI_ERROR_SESSION_DISCONNECTED};
    start(rig);
    for (UINT i = 0; i < 2; i++) {
        add_failure(rig, DXGI_ERROR_ACCESS_LOST);
        rig->fake.always_duplicate = results[i];
        const uint64_t begin_ns = rig->now_ns;
        UINT turns = 0;
        for (; rig->now_ns - begin_ns < 3600 * FR_NS_PER_S; turns++)
            rig_turn(rig);
        assert_false(rig->desk.stopped);
        assert_int_equal(rig_lines, i + 1);
        assert_true(turns < 3600 * 20);
        rig->fake.always_duplicate = S_OK;
        fake_dxgi_add(&rig->fake);
        wait_for_push(rig);
    }
    assert_non_null(strstr(rig_said, "it is locked"));
    assert_int_equal(rig->opens, 1);
}

static void a_desktop_that_is_locked_at_the_start_is_waited_for(void **state)
{
    struct rig *rig = *state;
    rig->fake.always_duplicate = E_ACCESSDENIED;
    rig_turns(rig, 1000);
    assert_false(rig->desk.stopped);
    assert_int_equal(rig_lines, 1);
    /* The host knows of us meanwhile. */
    assert_true(rig->open);
    rig->fake.always_duplicate = S_OK;
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
}

static void a_change_of_mode_is_followed(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fake_dxgi_set_mode(&rig->fake, 130, 40, FR_FORMAT_BGRA8);
    rig_paint(rig, 9);
    rig->fake.turn = FR_TURN_90;
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    rig->fake.duplicates[0] = DXGI_ERROR_MODE_CHANGE_IN_PROGRESS;
    rig->fake.duplicates[1] = DXGI_ERROR_MODE_CHANGE_IN_PROGRESS;
    rig->fake.num_duplicates = 2;
    fake_dxgi_add(&rig->fake);
    rig->announces = 0;
    wait_for_push(rig);
    assert_int_equal(rig->announces, 1);
    assert_int_equal(rig->display.mode.width, 130);
    assert_int_equal(rig->display.mode.height, 40);
    assert_false(rig->has_damage);
    rig_expect_picture(rig, nothing);
    assert_int_equal(rig->fake.factories, 2);
    assert_int_equal(rig->fake.devices, 1);
    assert_int_equal(rig_lines, 0);
}

static void a_display_that_is_turned_over_keeps_its_size(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->fake.turn = FR_TURN_180;
    rig->fake.changed = true;
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    fake_dxgi_add(&rig->fake);
    rig->announces = 0;
    wait_for_push(rig);
    assert_int_equal(rig->announces, 0);
    rig_expect_picture(rig, nothing);
}

/* Codes that say success, and no frame with them. */
static void other_successes_are_no_frames(void **state)
{
    static const HRESULT results[] = {S_FALSE, WAIT_TIMEOUT, WAIT_ABANDONED};
    struct rig *rig = *state;
    start(rig);
    for (UINT i = 0; i < 3; i++) {
        add_failure(rig, results[i]);
        rig_turn(rig);
        assert_int_equal(rig->pushes, i + 1);
        fake_dxgi_add(&rig->fake);
        wait_for_push(rig);
        rig_expect_picture(rig, nothing);
    }
}

/* The host is told before it is shown: what does not fit it sees only when it does not follow. */
static void a_new_shape_waits_for_its_ring(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fake_dxgi_set_mode(&rig->fake, 130, 40, FR_FORMAT_BGRA8);
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    fake_dxgi_add(&rig->fake);
    rig->misfit = true;
    rig_turns(rig, 500);
    assert_int_equal(rig->display.mode.width, 130);
    assert_int_equal(rig->pushes, 1);
    rig->misfit = false;
    wait_for_push(rig);
    rig_expect_picture(rig, nothing);
    rig->misfit = true;
    rig->push_status = FR_AGAIN;
    fake_dxgi_add(&rig->fake);
    rig_turns(rig, 1500);
    assert_true(rig->pushes > 2);
}

static void a_picture_of_another_size_is_never_published(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fake_dxgi_add(&rig->fake)->odd_width = RIG_WIDTH + 4;
    rig_turns(rig, 3);
    assert_int_equal(rig->pushes, 1);
    assert_int_equal(rig->fake.duplications, 2);
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
    rig_expect_picture(rig, nothing);
}

/* Windows says nothing but that the displays are others now. */
static void a_change_of_colour_is_seen_within_a_quarter_second(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fake_dxgi_set_mode(&rig->fake, RIG_WIDTH, RIG_HEIGHT, FR_FORMAT_RGBA16F);
    rig_paint(rig, 4);
    rig->fake.hdr = true;
    rig->announces = 0;
    const uint64_t begin_ns = rig->now_ns;
    while (!rig->announces && rig->now_ns - begin_ns < FR_NS_PER_S)
        rig_turn(rig);
    assert_true(rig->now_ns - begin_ns <= 300 * FR_NS_PER_MS);
    assert_int_equal(rig->display.colour_state, FR_COLOUR_STATE_HDR);
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
    rig_expect_picture(rig, nothing);
    assert_int_equal(rig->fake.duplications, 2);
}

/* The ring's device is another one then, so the source is opened anew. */
static void a_removed_device_is_replaced(void **state)
{
    static const HRESULT results[] = {DXGI_ERROR_DEVICE_REMOVED, DXGI_ERROR_DEVICE_RESET,
                                      DXGI_ERROR_DEVICE_HUNG, DXGI_ERROR_DRIVER_INTERNAL_ERROR};
    struct rig *rig = *state;
    start(rig);
    for (UINT i = 0; i < 4; i++) {
        add_failure(rig, results[i]);
        rig->fake.removed = i == 0 ? DXGI_ERROR_DEVICE_HUNG : results[i];
        rig_turn(rig);
        assert_false(rig->open);
        rig_paint(rig, i + 20);
        fake_dxgi_add(&rig->fake);
        rig->fake.next_frame = rig->fake.num_frames - 1;
        wait_for_push(rig);
        rig_expect_picture(rig, nothing);
        assert_false(rig->has_damage);
        assert_int_equal(rig->opens, i + 2);
        assert_int_equal(rig->fake.devices, i + 2);
        assert_int_equal(rig_lines, i + 1);
    }
    /* The cause is told, and not only that it is gone. */
    assert_non_null(strstr(rig_said, "DXGI_ERROR_DEVICE_HUNG"));
}

static void a_device_that_the_ring_finds_lost_is_replaced(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->push_status = FR_ERR_DEVICE_LOST;
    fake_dxgi_add(&rig->fake);
    rig_turn(rig);
    assert_false(rig->open);
    rig->push_status = FR_OK;
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
    assert_int_equal(rig->fake.devices, 2);
    /* It may find it before there is anything to push. */
    fr_desk_lose_device(&rig->desk, rig->now_ns);
    assert_false(rig->open);
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
    assert_int_equal(rig->fake.devices, 3);
}

static void an_output_on_another_adapter_gets_its_device(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->fake.adapter = 2;
    rig->fake.changed = true;
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
    assert_int_equal(rig->fake.devices, 2);
    assert_int_equal(rig->opens, 2);
    rig_expect_picture(rig, nothing);
    /* Windows was not asked to duplicate it for the wrong one. */
    assert_non_null(strstr(rig_said, "DXGI_ERROR_DEVICE_RESET"));
}

static void a_device_that_never_comes_back_has_an_end(void **state)
{
    struct rig *rig = *state;
    start(rig);
    add_failure(rig, DXGI_ERROR_DEVICE_REMOVED);
    rig->fake.removed = DXGI_ERROR_DEVICE_REMOVED;
    rig->fake.device_result = DXGI_ERROR_DEVICE_REMOVED;
    rig_turns(rig, 1000);
    assert_true(rig->desk.stopped);
    assert_int_equal(rig->desk.exit_code, FR_EXIT_FAILED);
    assert_int_equal(rig_lines, 2);
    assert_non_null(strstr(rig_said, "for 10 s: the end"));
}

/* Nothing will change that: no ten seconds of hope. */
static void a_machine_without_duplication_is_refused_at_once(void **state)
{
    static const HRESULT results[] = {DXGI_ERROR_UNSUPPORTED, E_NOTIMPL, E_NOINTERFACE};
    (void)state;
    for (UINT i = 0; i < 3; i++) {
        struct rig rig;
        rig_open(&rig);
        rig.fake.always_duplicate = results[i];
        if (results[i] == E_NOINTERFACE)
            rig.fake.output_level = 0;
        rig_turn(&rig);
        assert_true(rig.desk.stopped);
        assert_int_equal(rig.desk.exit_code, FR_EXIT_FAILED);
        assert_int_equal(rig_lines, 1);
        assert_non_null(strstr(rig_said, "cannot duplicate it"));
        rig_close(&rig);
    }
}

static void one_that_worked_before_is_hoped_for(void **state)
{
    struct rig *rig = *state;
    start(rig);
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    for (UINT i = 0; i < 5; i++)
        rig->fake.duplicates[i] = DXGI_ERROR_UNSUPPORTED;
    rig->fake.num_duplicates = 5;
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
    assert_int_equal(rig_lines, 1);
}

static void too_many_captures_are_waited_for_ten_seconds(void **state)
{
    struct rig *rig = *state;
    rig->fake.always_duplicate = DXGI_ERROR_NOT_CURRENTLY_AVAILABLE;
    rig_turns(rig, 20);
    assert_false(rig->desk.stopped);
    assert_int_equal(rig_lines, 1);
    assert_non_null(strstr(rig_said, "close one of them"));
    rig->fake.always_duplicate = S_OK;
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
    rig->fake.always_duplicate = DXGI_ERROR_NOT_CURRENTLY_AVAILABLE;
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    rig_turns(rig, 1000);
    assert_true(rig->desk.stopped);
}

static void an_output_that_is_not_there_is_named(void **state)
{
    struct rig *rig = *state;
    rig->options.output = "DISPLAY7";
    rig->desk.grab.wanted = rig->options.output;
    rig_turn(rig);
    assert_non_null(strstr(rig_said, "cannot capture DISPLAY7"));
    assert_non_null(strstr(rig_said, "not part of the desktop"));
    assert_int_equal(rig_lines, 1);
    assert_true(rig->desk.stopped);
    assert_int_equal(rig->opens, 0);
}

static void an_output_that_leaves_and_returns_is_taken_up_again(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->fake.detached = true;
    rig->fake.changed = true;
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    rig_turns(rig, 30);
    assert_false(rig->desk.stopped);
    assert_int_equal(rig_lines, 1);
    rig->fake.detached = false;
    rig->fake.changed = true;
    fake_dxgi_add(&rig->fake);
    wait_for_push(rig);
    assert_int_equal(rig->opens, 1);
}

static void without_dxgi_or_a_device_it_ends(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct rig rig;
        rig_open(&rig);
        rig.fake.factory_result = i ? S_OK : E_FAIL;
        rig.fake.device_result = i ? DXGI_ERROR_UNSUPPORTED : S_OK;
        rig_turns(&rig, 1000);
        assert_true(rig.desk.stopped);
        assert_int_equal(rig_lines, i ? 1 : 2);
        assert_int_equal(rig.opens, 0);
        rig_close(&rig);
    }
}

static void a_source_that_cannot_be_opened_is_the_end(void **state)
{
    struct rig *rig = *state;
    rig->refuses_open = true;
    rig_turn(rig);
    assert_true(rig->desk.stopped);
    assert_int_equal(rig->desk.exit_code, FR_EXIT_FAILED);
}

static void a_ring_that_fails_is_the_end(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->push_status = FR_ERR_NO_MEMORY;
    fake_dxgi_add(&rig->fake);
    rig_turn(rig);
    assert_true(rig->desk.stopped);
    assert_int_equal(rig->desk.exit_code, FR_EXIT_FAILED);
}

static void a_size_that_cannot_be_announced_is_the_end(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->announce_status = FR_ERR_ARGUMENT;
    fake_dxgi_set_mode(&rig->fake, 100, 60, FR_FORMAT_BGRA8);
    add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    rig_turns(rig, 5);
    assert_true(rig->desk.stopped);
    assert_non_null(strstr(rig_said, "cannot announce a size of 100x60"));
}

/* A session of everything that the capture does. */
static void run_session(struct rig *rig)
{
    static const uint32_t argb[4] = {0xffff0000u, 0xff00ff00u, 0xff0000ffu, 0xffffffffu};
    static const fr_pointer_shape shape = {FR_POINTER_COLOUR, 2, 2, 8};
    rig->fake.turn = FR_TURN_90;
    for (UINT i = 0; i < 6; i++) {
        struct fake_frame *frame = fake_dxgi_add(&rig->fake);
        frame->dirty[0] = (RECT){1, 2, 30, 40};
        frame->num_dirty = i % 2;
        frame->mouse = frame->mouse_visible = true;
        frame->mouse_at = (POINT){10 * (LONG)i, 10};
        frame->shape = i % 3 ? NULL : &shape;
        frame->shape_pixels = argb;
        frame->shape_bytes = sizeof(argb);
    }
    rig_turns(rig, 4);
    if (rig->fake.duplicated)
        add_failure(rig, DXGI_ERROR_ACCESS_LOST);
    for (UINT i = 0; i < 4; i++)
        fake_dxgi_add(&rig->fake);
    rig_turns(rig, 40);
}

/* Whichever call it is that fails: the capture goes on by itself, and every object goes in the end. */
static void check_each_call(HRESULT result)
{
    struct rig rig;
    rig_open(&rig);
    run_session(&rig);
    assert_int_not_equal(rig.pushes, 0);
    const UINT calls = rig.fake.calls;
    rig_close(&rig);
    assert_true(calls > 30);
    for (UINT i = 1; i <= calls; i++) {
        rig_open(&rig);
        rig.fake.fail_at = i;
        rig.fake.fail_result = result;
        run_session(&rig);
        assert_false(rig.desk.stopped);
        /* And then it works. */
        rig_paint(&rig, 77);
        fake_dxgi_add(&rig.fake);
        rig_turns(&rig, 40);
        assert_int_not_equal(rig.pushes, 0);
        rig_expect_picture(&rig, rig.desk.pointer_drawn);
        rig_close(&rig);
    }
}

static void each_call_may_find_the_device_removed(void **state)
{
    (void)state;
    check_each_call(DXGI_ERROR_DEVICE_REMOVED);
}

static void each_call_may_find_the_access_lost(void **state)
{
    (void)state;
    check_each_call(DXGI_ERROR_ACCESS_LOST);
}

static void each_call_may_be_denied(void **state)
{
    (void)state;
    check_each_call(E_ACCESSDENIED);
}

static void results_are_told_apart_by_their_code(void **state)
{
    (void)state;
    assert_int_equal(fr_fate_of(S_OK), FR_FATE_FINE);
    assert_int_equal(fr_fate_of(DXGI_ERROR_WAIT_TIMEOUT), FR_FATE_FINE);
    /* Codes that say success and are none. */
    assert_int_not_equal(fr_fate_of(S_FALSE), FR_FATE_FINE);
    assert_int_not_equal(fr_fate_of(WAIT_TIMEOUT), FR_FATE_FINE);
    assert_int_equal(fr_fate_of((HRESULT)0x80041234), FR_FATE_LOST);
    assert_string_equal(fr_fate_result_name((HRESULT)0x80041234), "?");
    assert_string_equal(fr_fate_result_name(E_ACCESSDENIED), "E_ACCESSDENIED");
}

#define WITH_RIG(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RIG(a_lost_duplication_is_made_again_at_once),
        WITH_RIG(one_that_is_lost_at_each_call_has_an_end),
        WITH_RIG(losses_with_life_between_do_not_add_up),
        WITH_RIG(a_lost_frame_between_two_calls_is_no_harm),
        WITH_RIG(a_locked_desktop_is_waited_for),
        WITH_RIG(a_desktop_that_is_locked_at_the_start_is_waited_for),
        WITH_RIG(a_change_of_mode_is_followed),
        WITH_RIG(a_display_that_is_turned_over_keeps_its_size),
        WITH_RIG(other_successes_are_no_frames),
        WITH_RIG(a_new_shape_waits_for_its_ring),
        WITH_RIG(a_picture_of_another_size_is_never_published),
        WITH_RIG(a_change_of_colour_is_seen_within_a_quarter_second),
        WITH_RIG(a_removed_device_is_replaced),
        WITH_RIG(a_device_that_the_ring_finds_lost_is_replaced),
        WITH_RIG(an_output_on_another_adapter_gets_its_device),
        WITH_RIG(a_device_that_never_comes_back_has_an_end),
        cmocka_unit_test(a_machine_without_duplication_is_refused_at_once),
        WITH_RIG(one_that_worked_before_is_hoped_for),
        WITH_RIG(too_many_captures_are_waited_for_ten_seconds),
        WITH_RIG(an_output_that_is_not_there_is_named),
        WITH_RIG(an_output_that_leaves_and_returns_is_taken_up_again),
        cmocka_unit_test(without_dxgi_or_a_device_it_ends),
        WITH_RIG(a_source_that_cannot_be_opened_is_the_end),
        WITH_RIG(a_ring_that_fails_is_the_end),
        WITH_RIG(a_size_that_cannot_be_announced_is_the_end),
        cmocka_unit_test(each_call_may_find_the_device_removed),
        cmocka_unit_test(each_call_may_find_the_access_lost),
        cmocka_unit_test(each_call_may_be_denied),
        cmocka_unit_test(results_are_told_apart_by_their_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
