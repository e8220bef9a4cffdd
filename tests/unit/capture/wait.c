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

#define BUDGET (50 * US)
#define EVERY (10 * FR_NS_PER_MS)

/* The caller of a capture that looks is asked every microsecond of the machine's: here time passes, and the
 * other side acts. */
struct looking {
    struct rig *rig;
    uint32_t asked, cancel_at;
    uint64_t push_at_ns; /* 0: never */
    uint64_t nonsense;   /* stored as the newest token each time, if not 0 */
};

static bool look_asks(void *user)
{
    struct looking *looking = user;
    struct rig *rig = looking->rig;
    machine_advance(&rig->machine, US);
    looking->asked++;
    if (looking->nonsense)
        header(rig)->v1.latest = looking->nonsense++;
    if (looking->push_at_ns && rig->machine.now_ns >= looking->push_at_ns) {
        looking->push_at_ns = 0;
        assert_int_equal(header(rig)->host.looking, 1);
        assert_int_equal(rig_push(rig), FR_OK);
    }
    return looking->cancel_at && looking->asked >= looking->cancel_at;
}

/* Ends right after the last of six even frames. Until then no time passes in a look. */
static void start_looking(struct rig *rig, struct looking *looking, uint64_t spin_ns)
{
    *looking = (struct looking){.rig = rig};
    start(rig);
    fr_pace_init(&rig->capture->pace, spin_ns);
    for (int i = 0; i < 6; i++) {
        machine_advance(&rig->machine, EVERY);
        assert_int_equal(rig_push(rig), FR_OK);
        assert_int_equal(rig_next(rig), FR_OK);
    }
    rig->capture->params.cancelled = look_asks;
    rig->capture->params.user = looking;
}

static void a_frame_that_is_due_is_seen_awake(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, BUDGET);
    const uint64_t signals = rig->machine.signals, looked = rig_info(rig).looked;
    uint64_t last = rig->machine.now_ns;
    for (uint32_t i = 1; i <= 10; i++) {
        const uint32_t waits = rig->machine.waits, asked = looking.asked;
        looking.push_at_ns = last += EVERY;
        assert_int_equal(rig_next(rig), FR_OK);
        assert_int_equal(rig->machine.waits, waits + 1); /* until it was nearly due */
        assert_in_range(looking.asked - asked, 10, 50);
        assert_int_equal(rig_info(rig).looked, looked + i);
    }
    assert_int_equal(rig->machine.signals, signals);
    assert_in_range(rig_info(rig).looked_ns, 10 * 10 * US, 10 * BUDGET);
}

static void a_frame_before_it_is_due_wakes(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, BUDGET);
    const uint64_t signals = rig->machine.signals, before = rig->machine.now_ns;
    const uint64_t looked = rig_info(rig).looked;
    rig->act = act_push;
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig->machine.signals, signals + 1);
    assert_true(rig->machine.now_ns - before < EVERY / 2);
    assert_int_equal(rig_info(rig).looked, looked);
}

static void act_die(struct rig *rig)
{
    rig->act = NULL;
    rig_kill_source(rig);
}

/* The first of the two sleeps ends with them, and not the second. */
static void news_before_a_frame_is_due_are_heard(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, BUDGET);
    rig->act = act_die;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_GONE);
}

/* The budget is one frame's, however many slices pass until it comes. */
static void a_frame_that_does_not_come_is_looked_for_once(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, BUDGET);
    const uint64_t before = rig->machine.now_ns;
    uint32_t waits = rig->machine.waits;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig->machine.waits, waits + 2);
    assert_in_range(looking.asked, 50, 54);
    assert_in_range(rig->machine.now_ns - before, 16 * FR_NS_PER_MS, 16 * FR_NS_PER_MS + 10 * US);
    assert_int_equal(header(rig)->host.looking, 1);
    for (int i = 0; i < 20; i++) {
        waits = rig->machine.waits;
        looking.asked = 0;
        assert_int_equal(rig_next(rig), FR_REPEAT);
        assert_int_equal(rig->machine.waits, waits + 1);
        assert_in_range(looking.asked, 0, 3);
    }
    assert_in_range(rig_info(rig).looked_ns, BUDGET - 2 * US, BUDGET + 2 * US);
}

/* It falls into two slices. */
static void a_look_goes_on_after_a_repeat(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, BUDGET);
    machine_advance(&rig->machine, FR_NS_PER_MS); /* a slice of 9 ms then ends as the frame is due */
    rig->capture->params.timing.event_slice_ns = EVERY - FR_NS_PER_MS;
    looking.push_at_ns = rig->machine.now_ns + EVERY - FR_NS_PER_MS + 10 * US;
    const uint64_t signals = rig->machine.signals, looked = rig_info(rig).looked;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig->machine.signals, signals);
    assert_int_equal(rig_info(rig).looked, looked + 1);
    assert_true(rig_info(rig).looked_ns <= BUDGET + 2 * US);
}

static void without_a_pace_it_sleeps_at_once(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, BUDGET);
    fr_pace_init(&rig->capture->pace, BUDGET);
    for (uint64_t i = 0; i < 20; i++) {
        const uint64_t signals = rig->machine.signals;
        machine_advance(&rig->machine, (i * 7 % 10 + 1) * FR_NS_PER_MS);
        rig->act = act_push;
        assert_int_equal(rig_next(rig), FR_OK);
        assert_int_equal(rig->machine.signals, signals + 1);
    }
    assert_int_equal(rig_info(rig).looked, 0);
    assert_int_equal(rig_info(rig).looked_ns, 0);
}

/* Time enough for all of the interval. */
static void who_may_look_all_the_time_never_sleeps(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, EVERY);
    const uint64_t signals = rig->machine.signals;
    const uint32_t waits = rig->machine.waits;
    for (int i = 0; i < 10; i++) {
        looking.push_at_ns = rig->machine.now_ns + 20 * US + (uint64_t)i * FR_NS_PER_MS;
        assert_int_equal(rig_next(rig), FR_OK);
    }
    assert_int_equal(rig->machine.signals, signals);
    assert_int_equal(rig->machine.waits, waits);
}

static void looking_can_be_cancelled(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, FR_NS_PER_S);
    looking.cancel_at = 10;
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_CANCELLED);
    assert_in_range(looking.asked, 10, 12);
}

static void who_looks_all_the_time_hears_the_channel(void **state)
{
    struct rig *rig = *state;
    struct looking looking;
    start_looking(rig, &looking, FR_NS_PER_S);
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
    struct looking looking;
    start_looking(rig, &looking, FR_NS_PER_S);
    looking.nonsense = UINT64_MAX / 2;
    for (int i = 0; i < 5; i++) {
        const uint32_t asked = looking.asked, waits = rig->machine.waits;
        assert_int_equal(rig_next(rig), FR_REPEAT);
        assert_true(looking.asked - asked <= 3 * FR_CAPTURE_WAKES_MAX);
        assert_int_equal(rig->machine.waits, waits + 1);
        assert_int_equal(rig->machine.events_waited, 1);
    }
}

static void more_than_a_second_is_refused(void **state)
{
    struct rig *rig = *state;
    rig->params.spin_ns = FR_NS_PER_S + 1;
    assert_int_equal(rig_open(rig), FR_ERR_ARGUMENT);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "looks for a frame for 1 s at most"), 1);
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
        TEST(a_frame_that_is_due_is_seen_awake),
        TEST(a_frame_before_it_is_due_wakes),
        TEST(news_before_a_frame_is_due_are_heard),
        TEST(a_frame_that_does_not_come_is_looked_for_once),
        TEST(a_look_goes_on_after_a_repeat),
        TEST(without_a_pace_it_sleeps_at_once),
        TEST(who_may_look_all_the_time_never_sleeps),
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
