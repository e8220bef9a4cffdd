/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* When a host looks, for frames of all kinds of pace: of each it is counted whether the host was awake when
 * it came, and how long it had looked. */
#include "capture/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define US UINT64_C(1000)
#define MS (1000 * US)
#define BEGIN (1000 * MS)
#define HZ_60 UINT64_C(16666667)

/* A host whose timer wakes it a little too late, and a source that publishes when the test says so. */
struct play {
    struct fr_pace pace;
    uint64_t seed, now_ns; /* of the last frame */
    uint64_t late_ns;      /* at most by so much the timer is late */
    uint32_t frames, seen; /* since the counts were cleared */
    uint64_t spent_ns, most_ns;
};

static uint64_t at_random(struct play *play, uint64_t below)
{
    play->seed = play->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return below ? (play->seed >> 33) % below : 0;
}

static struct play begin(uint64_t budget_ns, uint64_t late_ns)
{
    struct play play = {.seed = 7, .now_ns = BEGIN, .late_ns = late_ns};
    fr_pace_init(&play.pace, budget_ns);
    return play;
}

static void clear(struct play *play)
{
    play->frames = play->seen = 0;
    play->spent_ns = play->most_ns = 0;
}

/* The next frame is published at this time. */
static void frame(struct play *play, uint64_t at_ns)
{
    struct fr_pace *pace = &play->pace;
    uint64_t from_ns = pace->from_ns, spent_ns = 0;
    assert_true(pace->until_ns == 0 || pace->until_ns - pace->from_ns <= pace->budget_ns);
    if (from_ns > play->now_ns) {
        fr_pace_nap(pace);
        from_ns += at_random(play, play->late_ns);
        if (from_ns < at_ns)
            fr_pace_woke(pace, from_ns);
    }
    if (from_ns < at_ns && from_ns < pace->until_ns) {
        spent_ns = (at_ns < pace->until_ns ? at_ns : pace->until_ns) - from_ns;
        play->seen += at_ns <= pace->until_ns;
        fr_pace_looked(pace, at_ns <= pace->until_ns);
    }
    play->frames++;
    play->spent_ns += spent_ns;
    play->most_ns = spent_ns > play->most_ns ? spent_ns : play->most_ns;
    play->now_ns = at_ns;
    fr_pace_frame(pace, at_ns);
}

/* Frames at even times, each late by less than jitter_ns. Ends at the last even time. */
static void even(struct play *play, uint32_t count, uint64_t interval_ns, uint64_t jitter_ns)
{
    const uint64_t start = play->now_ns;
    for (uint32_t i = 1; i <= count; i++)
        frame(play, start + i * interval_ns + at_random(play, jitter_ns));
    play->now_ns = start + count * interval_ns;
}

static void without_a_budget_it_never_looks(void **state)
{
    (void)state;
    struct play play = begin(0, 0);
    even(&play, 50, HZ_60, 0);
    assert_int_equal(play.spent_ns, 0);
    assert_int_equal(play.pace.until_ns, 0);
}

static void four_frames_make_a_pace(void **state)
{
    (void)state;
    struct play play = begin(200 * US, 0);
    even(&play, 4, HZ_60, 0);
    assert_int_equal(play.seen, 0);
    assert_int_equal(play.spent_ns, 0);
    clear(&play);
    even(&play, 20, HZ_60, 0);
    assert_int_equal(play.seen, 20);
}

/* Nearly all are seen, and what is spent is no more than half the budget and what the frames are late. */
static void even_frames_are_seen(void **state)
{
    (void)state;
    static const uint64_t intervals[] = {
        HZ_60, 16683350 /* 59.94 */, 6944444 /* 144 */, 41708333 /* 23.976 */, 4 * MS, MS};
    for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
        struct play play = begin(200 * US, 30 * US);
        even(&play, 8, intervals[i], 40 * US);
        clear(&play);
        even(&play, 2000, intervals[i], 40 * US);
        assert_true(play.seen >= 1960);
        assert_true(play.spent_ns / play.frames < 120 * US);
    }
}

/* The head start becomes what the timer and the frames need, and not what there is. */
static void the_head_start_is_learnt(void **state)
{
    (void)state;
    static const uint64_t lates[] = {5 * US, 30 * US, 80 * US};
    uint64_t before = 0;
    for (size_t i = 0; i < 3; i++) {
        struct play play = begin(400 * US, lates[i]);
        even(&play, 4000, HZ_60, 10 * US);
        clear(&play);
        even(&play, 4000, HZ_60, 10 * US);
        assert_true(play.seen >= 3940);
        assert_true(play.spent_ns / play.frames > before);
        assert_true(play.spent_ns / play.frames < lates[i] + 40 * US);
        before = play.spent_ns / play.frames;
    }
}

/* One frame is missing now and then: that one is not seen, all others are. */
static void a_frame_left_out_changes_nothing(void **state)
{
    (void)state;
    struct play play = begin(200 * US, 20 * US);
    even(&play, 8, HZ_60, 20 * US);
    clear(&play);
    for (int i = 0; i < 200; i++) {
        play.now_ns += HZ_60;
        even(&play, 5, HZ_60, 20 * US);
    }
    assert_true(play.seen >= 790 && play.seen <= 800);
}

/* A frame whose source was held up is late; when the next one is due does not depend on it. */
static void a_late_frame_moves_nothing(void **state)
{
    (void)state;
    struct play play = begin(200 * US, 20 * US);
    even(&play, 8, HZ_60, 20 * US);
    clear(&play);
    for (int i = 0; i < 200; i++) {
        const uint64_t start = play.now_ns;
        frame(&play, start + HZ_60 + 3 * MS);
        play.now_ns = start + HZ_60;
        even(&play, 9, HZ_60, 20 * US);
    }
    assert_true(play.seen >= 1770);
}

static void another_rate_is_learnt_at_once(void **state)
{
    (void)state;
    static const uint64_t intervals[] = {HZ_60, 2 * HZ_60, 6944444, HZ_60, 41708333, 4 * MS};
    struct play play = begin(200 * US, 10 * US);
    for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
        even(&play, 4, intervals[i], 10 * US);
        clear(&play);
        even(&play, 20, intervals[i], 10 * US);
        assert_true(play.seen >= 19);
    }
}

/* The display's clock jumps. */
static void a_leap_is_learnt_at_once(void **state)
{
    (void)state;
    struct play play = begin(200 * US, 10 * US);
    for (int i = 0; i < 10; i++) {
        even(&play, 30, HZ_60, 10 * US);
        play.now_ns += 5 * MS;
        even(&play, 4, HZ_60, 10 * US);
        clear(&play);
        even(&play, 20, HZ_60, 10 * US);
        assert_true(play.seen >= 19);
    }
}

/* For one frame at most the host looks in vain. */
static void a_stop_costs_one_budget(void **state)
{
    (void)state;
    struct play play = begin(200 * US, 10 * US);
    for (int i = 0; i < 20; i++) {
        even(&play, 30, HZ_60, 10 * US);
        clear(&play);
        frame(&play, play.now_ns + 700 * MS);
        assert_int_equal(play.seen, 0);
        assert_in_range(play.spent_ns, 0, 200 * US);
        clear(&play);
        even(&play, 3, HZ_60, 10 * US);
        assert_int_equal(play.spent_ns, 0);
    }
}

static void irregular_frames_are_not_looked_for(void **state)
{
    (void)state;
    struct play play = begin(200 * US, 10 * US);
    for (int i = 0; i < 2000; i++) /* a display of variable rate */
        frame(&play, play.now_ns + 7 * MS + at_random(&play, 9 * MS));
    assert_true(play.spent_ns / play.frames < US);
    clear(&play);
    for (int i = 0; i < 2000; i++) /* somebody types */
        frame(&play, play.now_ns + 40 * MS + at_random(&play, 300 * MS));
    assert_true(play.spent_ns / play.frames < US);
    clear(&play);
    for (int i = 0; i < 2000; i++) /* 24 on 60 */
        frame(&play, play.now_ns + (i % 2 ? 2 : 3) * HZ_60);
    assert_true(play.spent_ns / play.frames < 10 * US);
}

/* They need no pace, but a usual interval. */
static void a_budget_of_an_interval_looks_all_the_while(void **state)
{
    (void)state;
    struct play play = begin(20 * MS, 50 * US);
    even(&play, 4, HZ_60, 0);
    clear(&play);
    even(&play, 100, HZ_60, 3 * MS);
    assert_int_equal(play.seen, 100);
    for (int i = 0; i < 10; i++)
        frame(&play, play.now_ns + 7 * MS + at_random(&play, 9 * MS));
    clear(&play);
    for (int i = 0; i < 100; i++)
        frame(&play, play.now_ns + 7 * MS + at_random(&play, 9 * MS));
    assert_int_equal(play.seen, 100);
    clear(&play);
    frame(&play, play.now_ns + 500 * MS);
    assert_int_equal(play.spent_ns, 20 * MS);
}

/* As if host and source had one processor: the frame comes when the host does not look any more. */
static void who_looks_in_vain_rests(void **state)
{
    (void)state;
    struct play play = begin(400 * US, 20 * US);
    even(&play, 100, HZ_60, 20 * US);
    clear(&play);
    const uint64_t start = play.now_ns;
    for (uint32_t i = 1; i <= 600; i++) {
        const uint64_t at_ns = start + i * HZ_60;
        frame(&play, play.pace.until_ns > at_ns ? play.pace.until_ns + 20 * US : at_ns);
    }
    assert_in_range(play.spent_ns, 400 * US, 20 * 400 * US);
    play.now_ns = start + 600 * HZ_60;
    even(&play, 80, HZ_60, 20 * US);
    clear(&play);
    even(&play, 100, HZ_60, 20 * US);
    assert_true(play.seen >= 98);
}

static void drifting_frames_are_followed(void **state)
{
    (void)state;
    struct play play = begin(400 * US, 20 * US);
    for (int i = 0; i < 1000; i++) { /* each sleeps after the one before, and wakes too late */
        if (i == 20)
            clear(&play);
        frame(&play, play.now_ns + HZ_60 + at_random(&play, 60 * US));
    }
    assert_true(play.seen >= 930);
}

/* The times are a peer's: any series whatever costs one budget a frame at most. */
static void nonsense_costs_a_budget_at_most(void **state)
{
    (void)state;
    static const uint64_t scales[] = {2, 1000, 20 * MS, 5000 * MS, UINT64_MAX / 3};
    struct play play = begin(200 * US, 0);
    for (int i = 0; i < 20000; i++) {
        const uint64_t at_ns = at_random(&play, 3)
                                   ? play.now_ns + at_random(&play, 2000)
                                   : (at_random(&play, UINT32_MAX) << 31) % scales[at_random(&play, 5)];
        fr_pace_frame(&play.pace, at_ns);
        assert_true(play.pace.until_ns - play.pace.from_ns <= 200 * US);
        play.now_ns = at_ns;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_budget_it_never_looks),
        cmocka_unit_test(four_frames_make_a_pace),
        cmocka_unit_test(even_frames_are_seen),
        cmocka_unit_test(the_head_start_is_learnt),
        cmocka_unit_test(a_frame_left_out_changes_nothing),
        cmocka_unit_test(a_late_frame_moves_nothing),
        cmocka_unit_test(another_rate_is_learnt_at_once),
        cmocka_unit_test(a_leap_is_learnt_at_once),
        cmocka_unit_test(a_stop_costs_one_budget),
        cmocka_unit_test(irregular_frames_are_not_looked_for),
        cmocka_unit_test(a_budget_of_an_interval_looks_all_the_while),
        cmocka_unit_test(who_looks_in_vain_rests),
        cmocka_unit_test(drifting_frames_are_followed),
        cmocka_unit_test(nonsense_costs_a_budget_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
