/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.6 and 3.7: which frame is taken, under which label, and what becomes of the slot. */
#include "machine/rig.h"

static void act_puppet(struct rig *rig)
{
    if (!rig->puppet.end)
        puppet_connect(rig, 64, 36, FR_COLOUR_STATE_SDR);
    if (rig->puppet.end->connected)
        (void)puppet_attach(rig);
}

static void start_with_puppet(struct rig *rig)
{
    rig->act = act_puppet;
    assert_int_equal(rig_open(rig), FR_OK);
}

static fr_wire_v2 *header(struct rig *rig)
{
    return rig->puppet.header.ptr;
}

static void point_latest(struct rig *rig, uint32_t generation, uint32_t sequence, uint32_t slot)
{
    header(rig)->v1.latest =
        fr_token_pack((fr_token){.generation = generation, .sequence = sequence, .slot = slot});
}

static unsigned slots_in(struct rig *rig, uint32_t state)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < header(rig)->v1.ring_len; i++)
        count += (header(rig)->slot[i].state & 0xff) == state;
    return count;
}

static void a_fresh_frame_is_labelled_and_whole(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame frame;
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.generation, rig_info(rig).generation);
    assert_int_equal(frame.sequence, 1);
    assert_int_equal(frame.width, 64);
    assert_int_equal(frame.height, 36);
    assert_int_equal(frame.format, FR_FORMAT_NV12);
    assert_int_equal(frame.colour.primaries, 1);
    assert_false(frame.repeat);
    assert_true(stamp_fills(&frame, rig_code(rig, &frame)));
    fr_frame_release(&frame);
    assert_null(frame.surface);
}

static void nothing_new_is_again(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    assert_int_equal(rig_try(rig), FR_OK);
    fr_frame frame = {.width = 1};
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_AGAIN);
    assert_int_equal(frame.width, 0);
    assert_null(frame.surface);
}

static void the_newest_wins(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    for (int i = 0; i < 9; i++)
        assert_int_equal(rig_push(rig), FR_OK);
    fr_frame frame;
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.sequence, 10);
    assert_true(stamp_fills(&frame, rig_code(rig, &frame)));
    fr_frame_release(&frame);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->backend.conversions, 1);
}

static void a_foreign_generation_is_rejected(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    assert_int_equal(rig_try(rig), FR_OK);
    point_latest(rig, rig_info(rig).generation + 1, 2, 0);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    point_latest(rig, 0, 2, 0);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->backend.claim_calls, 1);
}

static void a_slot_out_of_range_is_rejected(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    assert_int_equal(rig_try(rig), FR_OK);
    for (uint32_t slot = 4; slot < 256; slot++) {
        point_latest(rig, rig_info(rig).generation, 2, slot);
        assert_int_equal(rig_try(rig), FR_AGAIN);
    }
    assert_int_equal(rig->backend.claim_calls, 1);
}

static void a_sequence_that_is_not_newer_is_rejected(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    for (int i = 0; i < 5; i++)
        puppet_publish(rig, 0);
    assert_int_equal(rig_try(rig), FR_OK);
    const unsigned claims = rig->backend.claim_calls;
    const uint32_t old[] = {6, 5, 1, 0, UINT32_MAX, 6 + 0x80000000u};
    for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
        point_latest(rig, rig_info(rig).generation, old[i], 0);
        assert_int_equal(rig_try(rig), FR_AGAIN);
    }
    assert_int_equal(rig->backend.claim_calls, claims);
}

/* From 2^32 - 1 the numbers go on at 0. */
static void sequences_are_compared_across_the_wrap(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    assert_int_equal(rig_try(rig), FR_OK);
    fr_frame frame;
    const uint32_t jumps[] = {0x7fffff00u, 0xfffffe00u, 0xfffffffdu, 0xfffffffeu, 0xffffffffu, 0, 1, 2};
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        rig->puppet.words.sequence = jumps[i] - 1;
        puppet_publish(rig, 0);
        assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_OK);
        assert_int_equal(frame.sequence, jumps[i]);
        assert_true(stamp_fills(&frame, stamp_code(FR_FORMAT_BGRA8, frame.format, rig->stamp)));
        fr_frame_release(&frame);
    }
}

static void publish_five(void *user)
{
    struct rig *rig = user;
    rig->backend.before_claim = NULL;
    for (int i = 0; i < 5; i++)
        puppet_publish(rig, 0);
}

/* The source laps the slot between the look at `latest` and the claim. */
static void what_was_claimed_is_what_is_labelled(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    rig->backend.before_claim = publish_five;
    rig->backend.user = rig;
    fr_frame frame;
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.sequence, 6);
    assert_true(stamp_fills(&frame, stamp_code(FR_FORMAT_BGRA8, frame.format, rig->stamp)));
    fr_frame_release(&frame);
    assert_int_equal(rig->backend.claim_calls, 2);
    assert_int_equal(rig->backend.acquired, 1);
    assert_int_equal(rig_try(rig), FR_AGAIN);
}

static void publish_one(void *user)
{
    struct rig *rig = user;
    puppet_publish(rig, 0);
    puppet_publish(rig, 0);
    puppet_publish(rig, 0);
    puppet_publish(rig, 0);
    puppet_publish(rig, 0);
}

static void a_source_that_always_laps_does_not_hold_the_host(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    rig->backend.before_claim = publish_one;
    rig->backend.user = rig;
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->backend.claim_calls, 5);
    rig->backend.before_claim = NULL;
    assert_int_equal(rig_try(rig), FR_OK);
}

/* The slot is the host's while it converts: not even a fast source writes there. */
static void the_slot_is_held_while_it_is_converted(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    const int code = stamp_code(FR_FORMAT_BGRA8, FR_FORMAT_NV12, rig->stamp);
    rig->backend.in_convert = publish_one;
    rig->backend.user = rig;
    fr_frame frame;
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_OK);
    assert_true(stamp_fills(&frame, code));
    fr_frame_release(&frame);
    rig->backend.in_convert = NULL;
}

static void the_slot_is_free_after_the_take(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    puppet_publish(rig, 0);
    assert_int_equal(rig_try(rig), FR_OK);
    assert_int_equal(slots_in(rig, FR_WIRE_SLOT_FREE), 4);
    assert_int_equal(rig->backend.acquired, rig->backend.released);
}

/* A record that names another frame than the claimed one: never shown, and the slot is given back. */
static void a_lying_record_is_not_shown(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    assert_int_equal(rig_try(rig), FR_OK);
    puppet_publish(rig, 0);
    const uint32_t slot = (uint32_t)rig->puppet.words.newest_slot;
    header(rig)->slot[slot].token += 1 << 8;
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->backend.conversions, 1);
    assert_int_equal(slots_in(rig, FR_WIRE_SLOT_READING), 0);
    assert_int_equal(rig->backend.acquired, rig->backend.released);
    puppet_publish(rig, 0);
    assert_int_equal(rig_try(rig), FR_OK);
}

static void a_caller_at_its_depth_takes_nothing(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame held[2];
    assert_int_equal(fr_capture_try_latest(rig->capture, &held[0]), FR_OK);
    assert_int_equal(rig_push(rig), FR_OK);
    assert_int_equal(fr_capture_try_latest(rig->capture, &held[1]), FR_OK);
    assert_int_equal(rig_push(rig), FR_OK);
    const unsigned claims = rig->backend.claim_calls;
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->backend.claim_calls, claims);
    fr_frame_release(&held[0]);
    fr_frame frame;
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.sequence, 3);
    fr_frame_release(&frame);
    fr_frame_release(&held[1]);
}

static void without_a_surface_the_slot_is_left_alone(void **state)
{
    struct rig *rig = *state;
    start_with_puppet(rig);
    fr_frame first, again;
    assert_int_equal(fr_capture_try_latest(rig->capture, &first), FR_OK);
    rig->capture->params.depth = 3;
    puppet_publish(rig, 0);
    assert_int_equal(fr_capture_try_latest(rig->capture, &again), FR_OK);
    puppet_publish(rig, 0);
    fr_frame third;
    assert_int_equal(fr_capture_try_latest(rig->capture, &third), FR_OK);
    rig->capture->params.depth = 4;
    puppet_publish(rig, 0);
    const unsigned claims = rig->backend.claim_calls;
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->backend.claim_calls, claims);
    assert_int_equal(slots_in(rig, FR_WIRE_SLOT_PUBLISHED), 1);
    fr_frame_release(&first);
    fr_frame_release(&again);
    fr_frame_release(&third);
}

/* ---- the four outcomes of a claim ---- */

static void busy_is_tried_again_later(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fake_backend_claims(&rig->backend, FR_CLAIM_BUSY, 5);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
    assert_int_equal(rig_info(rig).generations, 1);
    assert_int_equal(rig->backend.conversions, 0);
    assert_int_equal(rig_try(rig), FR_OK);
}

static void a_take_waits_at_most_8_ms_for_a_busy_slot(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fake_backend_claims(&rig->backend, FR_CLAIM_BUSY, 5);
    const uint64_t before = rig->machine.now_ns;
    fr_frame frame;
    assert_int_equal(fr_capture_take(rig->capture, FR_CAPTURE_LOCK_WAIT_NS, &frame), FR_AGAIN);
    assert_int_equal(rig->machine.now_ns - before, 8 * FR_NS_PER_MS);
}

static void try_latest_never_waits(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    const uint32_t waits = rig->machine.waits;
    const uint64_t before = rig->machine.now_ns;
    fake_backend_claims(&rig->backend, FR_CLAIM_BUSY, 5);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->backend.last_timeout_ns, 0);
    assert_int_equal(rig_try(rig), FR_OK);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->machine.waits, waits);
    assert_int_equal(rig->machine.now_ns, before);
}

/* After the scripted trouble the next generation works, and the flip says why it began. */
static void expect_new_generation(struct rig *rig, const char *words)
{
    assert_int_equal(rig->backend.acquired, rig->backend.released);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_REBUILDING);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, words), 1);
    const uint32_t generation = rig_info(rig).generation;
    fr_frame frame;
    fr_status status = FR_AGAIN;
    for (int i = 0; i < 40 && status != FR_OK; i++) {
        status = fr_capture_next(rig->capture, &frame);
        if (status == FR_REPEAT)
            fr_frame_release(&frame);
    }
    assert_int_equal(status, FR_OK);
    assert_int_equal(frame.generation, generation + 1);
    assert_true(frame.discontinuity);
    fr_frame_release(&frame);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
    assert_int_equal(flip.kind, FR_FLIP_DEVICE);
}

static void abandoned_pixels_are_never_used(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    assert_int_equal(rig_try(rig), FR_OK);
    assert_int_equal(rig_push(rig), FR_OK);
    fake_backend_claims(&rig->backend, FR_CLAIM_ABANDONED, 1);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig->backend.conversions, 1);
    assert_int_equal(rig_push(rig), FR_OK);
    rig->link.hold_news = true;
    rig->backend.ring_failures = 1;
    assert_int_equal(rig_try(rig), FR_AGAIN); /* poisoned: not even a good frame of it is taken */
    assert_int_equal(rig->backend.conversions, 1);
    rig->link.hold_news = false;
    expect_new_generation(rig, "died while it held it");
}

static void a_fatal_claim_makes_a_new_generation(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fake_backend_claims(&rig->backend, FR_CLAIM_FATAL, 1);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    expect_new_generation(rig, "the device of the ring was lost");
}

static void a_failed_release_makes_a_new_generation(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    rig->backend.release = FR_CLAIM_ABANDONED;
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig_info(rig).fresh, 0);
    expect_new_generation(rig, "died while it held it");
}

static void a_failed_conversion_releases_the_slot(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    rig->backend.convert = FR_ERR_DEVICE_LOST;
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig_info(rig).fresh, 0);
    assert_int_equal(rig_next(rig), FR_AGAIN);
    expect_new_generation(rig, "the device of the ring was lost");
}

/* A device that is lost again and again is not asked at full speed, and not for ever. */
static void rings_that_never_work_are_made_slowly_and_not_for_ever(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fake_backend_claims(&rig->backend, FR_CLAIM_FATAL, 60);
    const uint64_t before = rig->machine.now_ns;
    assert_int_equal(rig_run(rig, 10 * FR_NS_PER_S), FR_ERR_NOT_RECOVERED);
    assert_in_range(rig->machine.now_ns - before, 3 * FR_NS_PER_S, 3200 * FR_NS_PER_MS);
    assert_in_range(rig_info(rig).generations, 8, 14);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fresh_frame_is_labelled_and_whole),
        TEST(nothing_new_is_again),
        TEST(the_newest_wins),
        TEST(a_foreign_generation_is_rejected),
        TEST(a_slot_out_of_range_is_rejected),
        TEST(a_sequence_that_is_not_newer_is_rejected),
        TEST(sequences_are_compared_across_the_wrap),
        TEST(what_was_claimed_is_what_is_labelled),
        TEST(a_source_that_always_laps_does_not_hold_the_host),
        TEST(the_slot_is_held_while_it_is_converted),
        TEST(the_slot_is_free_after_the_take),
        TEST(a_lying_record_is_not_shown),
        TEST(a_caller_at_its_depth_takes_nothing),
        TEST(without_a_surface_the_slot_is_left_alone),
        TEST(busy_is_tried_again_later),
        TEST(a_take_waits_at_most_8_ms_for_a_busy_slot),
        TEST(try_latest_never_waits),
        TEST(abandoned_pixels_are_never_used),
        TEST(a_fatal_claim_makes_a_new_generation),
        TEST(a_failed_release_makes_a_new_generation),
        TEST(a_failed_conversion_releases_the_slot),
        TEST(rings_that_never_work_are_made_slowly_and_not_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
