/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* How fr_capture_next waits: awake without a system call, looking for a while, asleep. What a repeat costs.
 */
#include "machine/rig.h"

#define US UINT64_C(1000)

static void start(struct rig *rig)
{
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig_next(rig), FR_REPEAT); /* has slept once */
}

static fr_wire_v2 *header(struct rig *rig)
{
    return rig->capture->ring.header.ptr;
}

/* ---- awake ---- */

static void frames_for_a_host_that_is_awake_signal_nobody(void **state)
{
    struct rig *rig = *state;
    start(rig);
    const uint64_t signals = rig->machine.signals, now = rig->machine.now_ns;
    const uint32_t waits = rig->machine.waits;
    for (int i = 0; i < 10; i++) {
        assert_int_equal(header(rig)->host.looking, 1);
        assert_int_equal(rig_push(rig), FR_OK);
        assert_int_equal(rig_next(rig), FR_OK);
    }
    assert_int_equal(rig->machine.signals, signals);
    assert_int_equal(rig->machine.waits, waits);
    assert_int_equal(rig->machine.now_ns, now);
}

static void act_push(struct rig *rig)
{
    assert_int_equal(header(rig)->host.looking, 0);
    rig->act = rig_source_acts;
    assert_int_equal(rig_push(rig), FR_OK);
}

static void a_frame_for_a_host_that_sleeps_signals_once(void **state)
{
    struct rig *rig = *state;
    start(rig);
    for (int i = 0; i < 10; i++) {
        const uint64_t signals = rig->machine.signals;
        rig->act = act_push;
        assert_int_equal(rig_next(rig), FR_OK);
        assert_int_equal(rig->machine.signals, signals + 1);
        assert_int_equal(rig_push(rig), FR_OK);
        assert_int_equal(rig_next(rig), FR_OK);
        assert_int_equal(rig->machine.signals, signals + 1);
    }
    /* Nothing stale is left that would end the next sleep. */
    const uint32_t waits = rig->machine.waits, wakes = rig->machine.wakes;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig->machine.waits, waits + 1);
    assert_int_equal(rig->machine.wakes, wakes);
}

static void push_at_reset(void *user)
{
    struct rig *rig = user;
    rig->machine.on_reset = NULL;
    assert_int_equal(rig_push(rig), FR_OK);
}

/* The reset of the event that woke the host, late, takes no wake-up away: the last look comes after it. */
static void a_frame_during_the_reset_is_not_slept_on(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = act_push;
    assert_int_equal(rig_next(rig), FR_OK);
    rig->machine.on_reset = push_at_reset;
    const uint32_t waits = rig->machine.waits, resets = rig->machine.resets;
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig->machine.resets, resets + 1);
    assert_int_equal(rig->machine.waits, waits);
}

static void the_first_frames_of_a_generation_are_signalled(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    const uint64_t signals = rig->machine.signals;
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_true(rig->machine.signals > signals);
    assert_int_equal(rig_info(rig).generations, 2);
}

/* A frame is there that cannot be taken: that is no reason not to sleep. */
static void a_host_whose_surfaces_are_held_sleeps(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fr_frame held[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(rig_push(rig), FR_OK);
        assert_int_equal(fr_capture_next(rig->capture, &held[i]), FR_OK);
    }
    assert_int_equal(rig_push(rig), FR_OK);
    for (int i = 0; i < 10; i++) {
        const uint64_t before = rig->machine.now_ns;
        const uint32_t waits = rig->machine.waits;
        assert_int_equal(rig_next(rig), FR_REPEAT);
        assert_int_equal(rig->machine.now_ns - before, 16 * FR_NS_PER_MS);
        assert_in_range(rig->machine.waits - waits, 1, 2);
    }
    fr_frame_release(&held[0]);
    fr_frame_release(&held[1]);
    assert_int_equal(rig_next(rig), FR_OK);
}

/* ---- looking ---- */

/* The caller of a capture that spins is asked every microsecond of the machine's: here time passes, and the
 * other side acts. */
struct spinning {
    struct rig *rig;
    uint32_t asked, push_at, cancel_at;
    uint64_t nonsense; /* stored as the newest token each time, if not 0 */
};

static bool spin_asks(void *user)
{
    struct spinning *spinning = user;
    struct rig *rig = spinning->rig;
    machine_advance(&rig->machine, US);
    spinning->asked++;
    if (spinning->nonsense)
        header(rig)->v1.latest = spinning->nonsense++;
    if (spinning->asked == spinning->push_at)
        assert_int_equal(rig_push(rig), FR_OK);
    return spinning->cancel_at && spinning->asked >= spinning->cancel_at;
}

static void start_spinning(struct rig *rig, struct spinning *spinning, uint64_t spin_ns)
{
    *spinning = (struct spinning){.rig = rig};
    start(rig);
    rig->capture->params.spin_ns = spin_ns; /* not before: until now no time passes in a look */
    rig->capture->params.cancelled = spin_asks;
    rig->capture->params.user = spinning;
}

static void a_frame_is_seen_without_sleeping(void **state)
{
    struct rig *rig = *state;
    struct spinning spinning;
    start_spinning(rig, &spinning, 50 * US);
    const uint64_t signals = rig->machine.signals;
    const uint32_t waits = rig->machine.waits;
    for (int i = 0; i < 10; i++) {
        spinning.push_at = spinning.asked + 20;
        assert_int_equal(rig_next(rig), FR_OK);
    }
    assert_int_equal(rig->machine.signals, signals);
    assert_int_equal(rig->machine.waits, waits);
}

static void after_looking_it_sleeps(void **state)
{
    struct rig *rig = *state;
    struct spinning spinning;
    start_spinning(rig, &spinning, 50 * US);
    const uint64_t before = rig->machine.now_ns;
    const uint32_t waits = rig->machine.waits;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig->machine.waits, waits + 1);
    assert_in_range(spinning.asked, 50, 53);
    assert_in_range(rig->machine.now_ns - before, 16 * FR_NS_PER_MS, 16 * FR_NS_PER_MS + 60 * US);
    assert_int_equal(header(rig)->host.looking, 1);
}

static void looking_can_be_cancelled(void **state)
{
    struct rig *rig = *state;
    struct spinning spinning;
    start_spinning(rig, &spinning, FR_NS_PER_S);
    spinning.cancel_at = 10;
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_CANCELLED);
    assert_in_range(spinning.asked, 10, 12);
}

static void who_looks_all_the_time_hears_the_channel(void **state)
{
    struct rig *rig = *state;
    struct spinning spinning;
    start_spinning(rig, &spinning, FR_NS_PER_S);
    const uint64_t before = rig->machine.now_ns;
    const uint32_t waits = rig->machine.waits;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_in_range(rig->machine.now_ns - before, 16 * FR_NS_PER_MS, 16 * FR_NS_PER_MS + 10 * US);
    rig_kill_source(rig);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_GONE);
    assert_int_equal(rig->machine.waits, waits);
}

/* Its source stores one token after the other that means nothing. */
static void nonsense_does_not_keep_it_awake(void **state)
{
    struct rig *rig = *state;
    struct spinning spinning;
    start_spinning(rig, &spinning, 50 * US);
    spinning.nonsense = UINT64_MAX / 2;
    for (int i = 0; i < 5; i++) {
        const uint32_t asked = spinning.asked, waits = rig->machine.waits;
        assert_int_equal(rig_next(rig), FR_REPEAT);
        assert_true(spinning.asked - asked <= 3 * FR_CAPTURE_WAKES_MAX);
        assert_int_equal(rig->machine.waits, waits + 1);
        assert_int_equal(rig->machine.events_waited, 1);
    }
}

static void more_than_a_second_is_refused(void **state)
{
    struct rig *rig = *state;
    rig->params.spin_ns = FR_NS_PER_S + 1;
    assert_int_equal(rig_open(rig), FR_ERR_ARGUMENT);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "spins for 1 s at most"), 1);
}

/* ---- repeats ---- */

static void a_repeat_costs_nothing(void **state)
{
    struct rig *rig = *state;
    start(rig);
    const unsigned conversions = rig->backend.conversions, claims = rig->backend.claim_calls;
    const uint64_t signals = rig->machine.signals;
    fr_frame held, frame; /* an encode may read the one before still */
    assert_int_equal(fr_capture_next(rig->capture, &held), FR_REPEAT);
    for (int i = 0; i < 100; i++) {
        const uint32_t waits = rig->machine.waits;
        assert_int_equal(fr_capture_next(rig->capture, &frame), FR_REPEAT);
        assert_ptr_equal(frame.surface, held.surface);
        assert_ptr_equal(frame.plane[0], held.plane[0]);
        assert_int_equal(rig->machine.waits, waits + 1);
        fr_frame_release(&held);
        held = frame;
    }
    fr_frame_release(&held);
    assert_int_equal(rig->backend.conversions, conversions);
    assert_int_equal(rig->backend.claim_calls, claims);
    assert_int_equal(rig->backend.copies, 0);
    assert_int_equal(rig->machine.signals, signals);
}

/* Wherever in time the last fresh frame was, the repeats come, after eight that are a little early, at times
 * that other captures share. */
static void idle_captures_repeat_together(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    const uint64_t slice = 16 * FR_NS_PER_MS, step = 2 * FR_NS_PER_MS;
    for (uint64_t offset = 1; offset < 20 * FR_NS_PER_MS; offset += 777 * US) {
        machine_advance(&rig->machine, offset);
        assert_int_equal(rig_push(rig), FR_OK);
        assert_int_equal(rig_next(rig), FR_OK);
        uint64_t before = rig->machine.now_ns;
        assert_int_equal(rig_next(rig), FR_REPEAT);
        assert_int_equal(rig->machine.now_ns - before, slice);
        for (int i = 0; i < 8; i++) {
            before = rig->machine.now_ns;
            assert_int_equal(rig_next(rig), FR_REPEAT);
            assert_in_range(rig->machine.now_ns - before, slice - step, slice);
        }
        assert_int_equal(rig->machine.now_ns % slice, 0);
        for (int i = 0; i < 3; i++) {
            before = rig->machine.now_ns;
            assert_int_equal(rig_next(rig), FR_REPEAT);
            assert_int_equal(rig->machine.now_ns - before, slice);
        }
    }
}

/* Where a picture may be read by one encode at a time it is the same one too, once nobody reads it. */
static void an_unread_surface_is_repeated_in_place(void **state)
{
    struct rig *rig = *state;
    rig->backend.ops = (struct fr_backend_host_ops){.name = "fake", .concurrent_read = false};
    start(rig);
    const unsigned conversions = rig->backend.conversions;
    const struct fr_surface *surface = rig->capture->last.surface;
    fr_frame frame;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(fr_capture_next(rig->capture, &frame), FR_REPEAT);
        assert_ptr_equal(frame.surface, surface);
        fr_frame_release(&frame);
    }
    assert_int_equal(rig->backend.conversions, conversions);
    assert_int_equal(rig->backend.copies, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_for_a_host_that_is_awake_signal_nobody),
        TEST(a_frame_for_a_host_that_sleeps_signals_once),
        TEST(a_frame_during_the_reset_is_not_slept_on),
        TEST(the_first_frames_of_a_generation_are_signalled),
        TEST(a_host_whose_surfaces_are_held_sleeps),
        TEST(a_frame_is_seen_without_sleeping),
        TEST(after_looking_it_sleeps),
        TEST(looking_can_be_cancelled),
        TEST(who_looks_all_the_time_hears_the_channel),
        TEST(nonsense_does_not_keep_it_awake),
        TEST(more_than_a_second_is_refused),
        TEST(a_repeat_costs_nothing),
        TEST(idle_captures_repeat_together),
        TEST(an_unread_surface_is_repeated_in_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
