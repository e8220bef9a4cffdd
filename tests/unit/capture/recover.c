/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.9, 3.10 and 3.15: deadlines, source death, and rings that cannot be made. */
#include "machine/rig.h"

#include <string.h>

static void start(struct rig *rig)
{
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
}

static uint64_t since(const struct rig *rig, uint64_t start_ns)
{
    return rig->machine.now_ns - start_ns;
}

/* Turns until the session ends; fails when it does not within `ns`. Returns the machine's time it took. */
static uint64_t ends(struct rig *rig, uint64_t ns, fr_status expected)
{
    const uint64_t before = rig->machine.now_ns;
    assert_int_equal(rig_run(rig, ns), expected);
    return since(rig, before);
}

/* ---- recover or drop ---- */

static void a_change_without_a_frame_ends_after_3_s(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = NULL;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    const uint64_t took = ends(rig, 20 * FR_NS_PER_S, FR_ERR_NOT_RECOVERED);
    assert_in_range(took, 3 * FR_NS_PER_S, 3 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "so that the client can reconnect"), 1);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_FAILED);
}

static void the_end_is_final(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = NULL;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    (void)ends(rig, 20 * FR_NS_PER_S, FR_ERR_NOT_RECOVERED);
    rig_source_acts(rig);
    const uint32_t waits = rig->machine.waits;
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_ERR_NOT_RECOVERED);
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_ERR_NOT_RECOVERED);
    assert_int_equal(rig->machine.waits, waits);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, ""), 1);
}

static void a_frame_in_time_stops_the_clock(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = NULL;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_run(rig, 2900 * FR_NS_PER_MS), FR_AGAIN);
    rig->act = rig_source_acts;
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig_run(rig, 30 * FR_NS_PER_S), FR_REPEAT);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
}

/* The frame comes before the deadline that it meets. */
static void a_frame_that_waits_when_the_time_is_over_counts(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = NULL;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    rig_source_acts(rig);
    machine_advance(&rig->machine, 10 * FR_NS_PER_S);
    assert_int_equal(rig_try(rig), FR_OK);
}

static void try_latest_meets_the_deadline_too(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    machine_advance(&rig->machine, 3 * FR_NS_PER_S);
    assert_int_equal(rig_try(rig), FR_ERR_NOT_RECOVERED);
}

static void act_flap(struct rig *rig)
{
    if (since(rig, MACHINE_START_NS) / FR_NS_PER_S != rig->stamp) {
        rig->stamp = (uint32_t)(since(rig, MACHINE_START_NS) / FR_NS_PER_S);
        rig_announce(rig, 48 + rig->stamp % 2, 32, FR_COLOUR_STATE_SDR);
    }
}

/* A display that changes and changes, and never a frame: the viewer is not left alone for longer. */
static void more_changes_do_not_win_time(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = act_flap;
    rig_announce(rig, 40, 32, FR_COLOUR_STATE_SDR);
    const uint64_t took = ends(rig, 20 * FR_NS_PER_S, FR_ERR_NOT_RECOVERED);
    assert_in_range(took, 3 * FR_NS_PER_S, 3 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
}

static void the_clock_runs_also_while_the_last_picture_is_repeated(void **state)
{
    struct rig *rig = *state;
    rig->params.sdr_output = true;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    start(rig);
    rig->act = NULL;
    rig_announce(rig, 64, 36, FR_COLOUR_STATE_SDR);
    const uint64_t took = ends(rig, 20 * FR_NS_PER_S, FR_ERR_NOT_RECOVERED);
    assert_in_range(took, 3 * FR_NS_PER_S, 3 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
    assert_true(rig_info(rig).repeats > 100);
}

/* ---- a ring that cannot be made ---- */

static void a_ring_that_cannot_be_made_changes_nothing(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = NULL;
    rig->backend.ring_failures = 1;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_info(rig).generations, 1);
    assert_int_equal(rig_info(rig).generation, 1);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "cannot be made"), 1);
    assert_int_equal(rig_push(rig), FR_OK);
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.width, 64);
    assert_int_equal(frame.generation, 1);
    fr_frame_release(&frame);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_REBUILDING);
    rig->act = rig_source_acts;
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(rig_info(rig).generation, 2);
    assert_int_equal(rig->backend.shape.width, 48);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
}

static void a_ring_is_not_tried_at_full_speed(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->backend.ring_failures = 1000;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_REPEAT);
    assert_in_range(1000 - rig->backend.ring_failures, 3, 5);
}

static void a_ring_that_never_works_drops_the_session(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->backend.ring_failures = 1000;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    const uint64_t took = ends(rig, 20 * FR_NS_PER_S, FR_ERR_NOT_RECOVERED);
    assert_in_range(took, 3 * FR_NS_PER_S, 3 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
}

/* Late rings win no time either: from the change to the frame there are 3 s. */
static void a_ring_that_was_late_wins_no_time(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->backend.ring_failures = 8;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    const uint64_t before = rig->machine.now_ns;
    rig->act = NULL;
    (void)ends(rig, 20 * FR_NS_PER_S, FR_ERR_NOT_RECOVERED);
    assert_true(since(rig, before) <= 3 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).generation, 2);
}

static void converters_and_pictures_are_made_before_anything_changes(void **state)
{
    struct rig *rig = *state;
    start(rig);
    for (int i = 0; i < 2; i++) {
        rig->backend.converter_failures = i == 0;
        rig->backend.picture_failures = i == 1;
        rig_announce(rig, 48 + (uint32_t)i, 32, FR_COLOUR_STATE_HDR);
        assert_int_equal(rig_next(rig), FR_REPEAT);
        assert_int_equal(rig_info(rig).out_format, FR_FORMAT_NV12);
        assert_int_equal(rig->backend.rings, 1);
        assert_int_equal(rig->backend.converters, 1);
        assert_int_equal(rig_push(rig), FR_OK);
        assert_int_equal(rig_next(rig), FR_OK);
        rig_announce(rig, 64, 36, FR_COLOUR_STATE_SDR);
        assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    }
}

static void a_delivery_that_fails_is_made_again(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->link.deliver_failures = 2;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_run(rig, 2 * FR_NS_PER_S), FR_OK);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
    assert_int_equal(rig->backend.rings, 1);
}

/* Every allocation of a flip fails once: the session goes on, and the flip comes. */
static void a_flip_survives_every_failing_allocation(void **state)
{
    struct rig *rig = *state;
    start(rig);
    unsigned nth = 0;
    for (bool failed = true; failed;) {
        rig_announce(rig, 48 + nth % 2, 32, nth % 3 ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR);
        machine_fail_allocation(++nth);
        fr_status status = FR_AGAIN;
        for (int i = 0; i < 60 && status != FR_OK; i++) {
            status = rig_next(rig);
            assert_true(status >= 0);
            if (i == 20 && machine_allocation_failed() && !rig->source->current.present)
                break;
            /* What only the source could not open is its own affair: see the tests of its attach. */
            if (i == 20 && status != FR_OK) {
                rig_announce(rig, 32 + nth % 2, 32, FR_COLOUR_STATE_SDR);
            }
        }
        failed = machine_allocation_failed();
        machine_fail_allocation(0);
        assert_int_equal(status, FR_OK);
        assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
        assert_int_equal(rig->backend.rings, 1);
        assert_int_equal(rig->backend.converters, 1);
    }
    assert_in_range(nth, 6, 40);
}

/* ---- no frame at all ---- */

static void no_frame_for_20_s_is_an_error_that_says_why(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->params.timing = rig->capture->params.timing;
    rig->capture->params.timing.recovery_ns = 1000 * FR_NS_PER_S;
    rig->act = NULL;
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    const uint64_t took = ends(rig, 60 * FR_NS_PER_S, FR_ERR_NO_FRAME);
    assert_in_range(took, 20 * FR_NS_PER_S, 20 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "not one frame came within 20.0 s"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "status 0, detail 0"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "adapter 00000000:00000000"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "debug: run_core_entries 0"), 1);
    assert_int_equal(rig_next(rig), FR_ERR_NO_FRAME);
}

/* ---- source death ---- */

static void death_is_noticed_at_once_and_repeats_go_on(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_kill_source(rig);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_REBUILDING);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_GONE);
    assert_int_equal(rig_info(rig).source_pid, 0);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "went away without a goodbye"), 1);
    assert_int_equal(rig_run(rig, 60 * FR_NS_PER_S), FR_REPEAT);
}

static void an_orderly_end_is_no_warning(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fr_source_close(&rig->source);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_logged(rig, FR_LOG_INFO, "finished"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, ""), 0);
}

static void a_restarted_source_gets_a_new_generation(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_kill_source(rig);
    const uint64_t died = rig->machine.now_ns;
    assert_int_equal(rig_run(rig, 7 * FR_NS_PER_S), FR_REPEAT);
    assert_int_equal(rig_open_source(rig), FR_OK);
    fr_frame frame = {0};
    fr_status status = FR_REPEAT;
    for (int i = 0; i < 10 && status == FR_REPEAT; i++) {
        fr_frame_release(&frame);
        status = fr_capture_next(rig->capture, &frame);
    }
    assert_int_equal(status, FR_OK);
    assert_int_equal(frame.generation, 2);
    assert_true(frame.discontinuity);
    assert_true(stamp_fills(&frame, rig_code(rig, &frame)));
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
    assert_int_equal(flip.kind, FR_FLIP_SOURCE);
    assert_int_equal(flip.at_ns, died);
    assert_int_equal(flip.gap_ns, frame.converted_ns - died);
    fr_frame_release(&frame);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
    assert_int_equal(rig_info(rig).source_pid, 77);
}

/* They are shown, but they are no proof of life. */
static void frames_left_behind_do_not_end_the_flip(void **state)
{
    struct rig *rig = *state;
    start(rig);
    assert_int_equal(rig_push(rig), FR_OK);
    rig_kill_source(rig);
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_REBUILDING);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_AGAIN);
}

static void a_restart_at_another_size_says_both(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_kill_source(rig);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    rig->source_params.display = rig_display(48, 32, FR_COLOUR_STATE_HDR);
    assert_int_equal(rig_open_source(rig), FR_OK);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
    assert_int_equal(flip.kind, FR_FLIP_SOURCE | FR_FLIP_SIZE | FR_FLIP_HDR);
}

/* The provider saw the display change while no source was there. */
static void a_change_without_a_source_is_part_of_the_flip(void **state)
{
    struct rig *rig = *state;
    rig->use_feed = rig->has_display = true;
    fake_feed_sample(&rig->feed, 64, 36, FR_COLOUR_STATE_SDR);
    start(rig);
    rig_kill_source(rig);
    for (int i = 0; i < 2; i++) {
        fake_feed_sample(&rig->feed, 48, 32, FR_COLOUR_STATE_SDR);
        assert_int_equal(rig_next(rig), FR_REPEAT);
    }
    assert_int_equal(rig_info(rig).generations, 1);
    rig->source_params.display = rig_display(48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_open_source(rig), FR_OK);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
    assert_int_equal(flip.kind, FR_FLIP_SOURCE | FR_FLIP_SIZE);
}

/* Nothing is left to repeat then, so the clock runs from the new ring on. */
static void a_source_that_comes_back_to_a_changed_display_has_3_s(void **state)
{
    struct rig *rig = *state;
    rig->use_feed = rig->has_display = true;
    fake_feed_sample(&rig->feed, 64, 36, FR_COLOUR_STATE_SDR);
    start(rig);
    rig_kill_source(rig);
    for (int i = 0; i < 2; i++) {
        fake_feed_sample(&rig->feed, 48, 32, FR_COLOUR_STATE_SDR);
        assert_int_equal(rig_run(rig, 5 * FR_NS_PER_S), FR_REPEAT);
    }
    puppet_connect(rig, 48, 32, FR_COLOUR_STATE_SDR);
    const uint64_t took = ends(rig, 20 * FR_NS_PER_S, FR_ERR_NOT_RECOVERED);
    assert_in_range(took, 3 * FR_NS_PER_S, 3 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
}

/* A claim finds the dead owner only after its hang-up was heard: no clock may run while nobody is there. */
static void an_abandoned_slot_of_a_dead_source_starts_no_clock(void **state)
{
    struct rig *rig = *state;
    start(rig);
    assert_int_equal(rig_push(rig), FR_OK);
    rig_kill_source(rig);
    fake_backend_claims(&rig->backend, FR_CLAIM_ABANDONED, 1);
    assert_int_equal(rig_run(rig, 30 * FR_NS_PER_S), FR_REPEAT);
    assert_int_equal(rig_open_source(rig), FR_OK);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
    assert_int_equal(flip.kind, FR_FLIP_SOURCE | FR_FLIP_DEVICE);
}

static void a_death_during_a_flip_ends_its_clock(void **state)
{
    struct rig *rig = *state;
    rig->params.sdr_output = true;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    start(rig);
    rig->act = NULL;
    rig_announce(rig, 64, 36, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    rig_kill_source(rig);
    assert_int_equal(rig_run(rig, 10 * FR_NS_PER_S), FR_REPEAT);
}

static void the_status_of_a_later_attach_is_logged_once(void **state)
{
    struct rig *rig = *state;
    start(rig);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_logged(rig, FR_LOG_INFO, "opened generation 1"), 1);
    fr_source_close(&rig->source);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    puppet_connect(rig, 64, 36, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_true(puppet_take_ring(rig));
    puppet_report(rig, FR_WIRE_STATUS_TEXTURE_FAILED, 12);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    puppet_report(rig, FR_WIRE_STATUS_NO_DEVICE, 13);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "could not open generation 2: status 2, detail 12"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "could not open"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_without_a_frame_ends_after_3_s),
        TEST(the_end_is_final),
        TEST(a_frame_in_time_stops_the_clock),
        TEST(a_frame_that_waits_when_the_time_is_over_counts),
        TEST(try_latest_meets_the_deadline_too),
        TEST(more_changes_do_not_win_time),
        TEST(the_clock_runs_also_while_the_last_picture_is_repeated),
        TEST(a_ring_that_cannot_be_made_changes_nothing),
        TEST(a_ring_is_not_tried_at_full_speed),
        TEST(a_ring_that_never_works_drops_the_session),
        TEST(a_ring_that_was_late_wins_no_time),
        TEST(converters_and_pictures_are_made_before_anything_changes),
        TEST(a_delivery_that_fails_is_made_again),
        TEST(a_flip_survives_every_failing_allocation),
        TEST(no_frame_for_20_s_is_an_error_that_says_why),
        TEST(death_is_noticed_at_once_and_repeats_go_on),
        TEST(an_orderly_end_is_no_warning),
        TEST(a_restarted_source_gets_a_new_generation),
        TEST(frames_left_behind_do_not_end_the_flip),
        TEST(a_restart_at_another_size_says_both),
        TEST(a_change_without_a_source_is_part_of_the_flip),
        TEST(a_source_that_comes_back_to_a_changed_display_has_3_s),
        TEST(an_abandoned_slot_of_a_dead_source_starts_no_clock),
        TEST(a_death_during_a_flip_ends_its_clock),
        TEST(the_status_of_a_later_attach_is_logged_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
