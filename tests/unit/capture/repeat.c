/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.10 to 3.12: slices, repeats, and the out ring that encoders read. */
#include "machine/rig.h"

#include "os/atomic.h"
#include "os/thread.h"

static void start(struct rig *rig)
{
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
}

/* ---- waiting ---- */

static void a_slice_without_news_is_16_ms_and_a_repeat(void **state)
{
    struct rig *rig = *state;
    start(rig);
    for (int i = 0; i < 5; i++) {
        const uint64_t before = rig->machine.now_ns;
        assert_int_equal(rig_next(rig), FR_REPEAT);
        assert_int_equal(rig->machine.now_ns - before, 16 * FR_NS_PER_MS);
    }
}

static void the_slice_can_be_set(void **state)
{
    struct rig *rig = *state;
    rig->params.timing.event_slice_ns = 50 * FR_NS_PER_MS;
    start(rig);
    const uint64_t before = rig->machine.now_ns;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig->machine.now_ns - before, 50 * FR_NS_PER_MS);
    assert_true(rig->machine.longest_wait_ns <= 20 * FR_NS_PER_MS);
}

static void act_push(struct rig *rig)
{
    rig_source_acts(rig);
    (void)rig_push(rig);
}

static void an_event_ends_the_slice(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = act_push;
    const uint64_t before = rig->machine.now_ns;
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig->machine.now_ns, before);
}

static void a_lost_event_costs_at_most_the_slice(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->machine.deaf = true;
    rig->act = act_push;
    const uint64_t before = rig->machine.now_ns;
    assert_int_equal(rig_next(rig), FR_OK);
    assert_true(rig->machine.now_ns - before <= 16 * FR_NS_PER_MS);
}

static void act_signal(struct rig *rig)
{
    const struct fr_os os = machine_os(&rig->machine);
    os.ops->event_signal(os.self, &rig->source->current.event);
}

static void an_event_without_a_frame_does_not_spin(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = act_signal;
    const uint64_t before = rig->machine.now_ns;
    const uint32_t waits = rig->machine.waits;
    for (int i = 0; i < 10; i++)
        assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_in_range(rig->machine.waits - waits, 10, 10 * (FR_CAPTURE_WAKES_MAX + 2));
    assert_int_equal(rig->machine.now_ns - before, 160 * FR_NS_PER_MS);
}

static void next_can_be_cancelled(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->cancel = true;
    const uint32_t waits = rig->machine.waits;
    fr_frame frame = {.width = 1};
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_CANCELLED);
    assert_int_equal(frame.width, 0);
    assert_int_equal(rig->machine.waits, waits);
    rig->cancel = false;
    assert_int_equal(rig_next(rig), FR_REPEAT);
}

/* ---- repeats ---- */

static void a_repeat_is_the_last_frame_but_no_proof_of_life(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame fresh, repeat;
    assert_int_equal(fr_capture_next(rig->capture, &fresh), FR_OK);
    assert_int_equal(fr_capture_next(rig->capture, &repeat), FR_REPEAT);
    assert_true(repeat.repeat);
    assert_false(repeat.discontinuity);
    assert_int_equal(repeat.sequence, fresh.sequence);
    assert_int_equal(repeat.generation, fresh.generation);
    assert_int_equal(repeat.present_ns, fresh.present_ns);
    assert_int_equal(repeat.taken_ns, fresh.taken_ns);
    assert_true(stamp_fills(&repeat, rig_code(rig, &repeat)));
    assert_int_equal(rig_info(rig).fresh, 1);
    assert_int_equal(rig_info(rig).repeats, 1);
    const fr_wire_v2 *header = rig->capture->ring.header.ptr;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(header->host.taken, 1);
    assert_int_equal(header->host.repeated, 2);
    fr_frame_release(&fresh);
    fr_frame_release(&repeat);
}

static void no_frame_yet_is_again(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fake_backend_claims(&rig->backend, FR_CLAIM_BUSY, 60);
    rig->act = NULL;
    fr_frame frame = {.width = 1};
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_AGAIN);
    assert_int_equal(frame.width, 0);
    assert_int_equal(rig_info(rig).repeats, 0);
}

/* Where two encodes may read one picture, a repeat is the very same surface. */
static void a_shared_surface_is_repeated_in_place(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame fresh, repeat;
    assert_int_equal(fr_capture_next(rig->capture, &fresh), FR_OK);
    assert_int_equal(fr_capture_next(rig->capture, &repeat), FR_REPEAT);
    assert_ptr_equal(fresh.surface, repeat.surface);
    fr_frame_release(&fresh);
    assert_true(stamp_fills(&repeat, rig_code(rig, &repeat)));
    fr_frame_release(&repeat);
}

static void start_without_shared_reads(struct rig *rig)
{
    rig->backend.ops = (struct fr_backend_host_ops){.name = "fake", .concurrent_read = false};
    rig_start(rig);
}

static void a_surface_that_is_still_read_is_not_repeated(void **state)
{
    struct rig *rig = *state;
    start_without_shared_reads(rig);
    fr_frame fresh, repeat;
    assert_int_equal(fr_capture_next(rig->capture, &fresh), FR_OK);
    const int code = stamp_first_code(&fresh);
    assert_int_equal(fr_capture_next(rig->capture, &repeat), FR_REPEAT);
    assert_ptr_not_equal(fresh.surface, repeat.surface);
    assert_ptr_not_equal(fresh.plane[0], repeat.plane[0]);
    assert_int_equal(stamp_first_code(&repeat), code);
    assert_int_equal(rig->backend.copies, 1);
    assert_int_equal(repeat.sequence, fresh.sequence);
    assert_int_equal(rig_next(rig), FR_AGAIN); /* the caller is at its depth */
    fr_frame_release(&fresh);
    fr_frame_release(&repeat);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig->backend.copies, 1);
}

static void a_copy_that_fails_is_no_repeat(void **state)
{
    struct rig *rig = *state;
    start_without_shared_reads(rig);
    fr_frame fresh;
    assert_int_equal(fr_capture_next(rig->capture, &fresh), FR_OK);
    rig->backend.copy_failures = 1;
    assert_int_equal(rig_next(rig), FR_AGAIN);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    fr_frame_release(&fresh);
}

/* ---- the out ring ---- */

static void surfaces_rotate(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    const fr_surface *seen[3];
    for (int i = 0; i < 6; i++) {
        fr_frame frame;
        assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
        if (i < 3)
            seen[i] = frame.surface;
        else
            assert_ptr_equal(frame.surface, seen[i % 3]);
        fr_frame_release(&frame);
        assert_int_equal(rig_push(rig), FR_OK);
    }
    assert_ptr_not_equal(seen[0], seen[1]);
    assert_ptr_not_equal(seen[1], seen[2]);
    assert_ptr_not_equal(seen[2], seen[0]);
}

/* The pixels of a held frame stay, whatever comes after. */
static void a_held_surface_is_not_written(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame held;
    assert_int_equal(fr_capture_next(rig->capture, &held), FR_OK);
    const int code = stamp_first_code(&held);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(rig_push(rig), FR_OK);
        assert_int_equal(rig_next(rig), FR_OK);
    }
    assert_true(stamp_fills(&held, code));
    fr_frame_release(&held);
}

/* However many surfaces the busy slots went through before. */
static void the_last_picture_is_not_overwritten_by_a_frame_that_fails(void **state)
{
    struct rig *rig = *state;
    start(rig);
    const uint32_t stamp = rig->stamp;
    assert_int_equal(rig_push(rig), FR_OK);
    fake_backend_claims(&rig->backend, FR_CLAIM_BUSY, 2);
    rig->backend.release = FR_CLAIM_FATAL;
    rig->act = NULL;
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_REPEAT);
    assert_true(stamp_fills(&frame, stamp_code(FR_FORMAT_BGRA8, frame.format, stamp)));
    fr_frame_release(&frame);
}

static void depth_is_clamped(void **state)
{
    (void)state;
    static const struct {
        uint32_t surfaces, depth, clamped;
    } rows[] = {{0, 0, 2},          {0, 1, 1}, {0, 2, 2}, {0, 3, 2},
                {0, UINT32_MAX, 2}, {2, 0, 1}, {2, 5, 1}, {16, 99, 15}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig rig;
        rig_init(&rig);
        rig.params.out_surfaces = rows[i].surfaces;
        rig.params.depth = rows[i].depth;
        rig_start(&rig);
        assert_int_equal(rig.capture->params.depth, rows[i].clamped);
        fr_frame held[16];
        uint32_t count = 0;
        while (count < 16 && fr_capture_try_latest(rig.capture, &held[count]) == FR_OK) {
            count++;
            assert_int_equal(rig_push(&rig), FR_OK);
        }
        assert_int_equal(count, rows[i].clamped);
        while (count)
            fr_frame_release(&held[--count]);
        rig_finish(&rig);
    }
}

static void a_stuck_encoder_never_holds_a_slot(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame held[2];
    assert_int_equal(fr_capture_try_latest(rig->capture, &held[0]), FR_OK);
    assert_int_equal(rig_push(rig), FR_OK);
    assert_int_equal(fr_capture_try_latest(rig->capture, &held[1]), FR_OK);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(rig_push(rig), FR_OK);
        assert_int_equal(rig_try(rig), FR_AGAIN);
    }
    fr_frame_release(&held[1]);
    fr_frame frame;
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.sequence, 52);
    fr_frame_release(&frame);
    fr_frame_release(&held[0]);
}

/* ---- frames that outlive ---- */

static void frames_outlive_the_capture(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame held, copy;
    assert_int_equal(fr_capture_next(rig->capture, &held), FR_OK);
    const int code = rig_code(rig, &held);
    fr_frame_ref(&copy, &held);
    fr_capture_close(&rig->capture);
    assert_int_equal(rig->keepalive_released, 1);
    assert_true(stamp_fills(&held, code));
    fr_frame_release(&held);
    assert_true(stamp_fills(&copy, code));
    fr_frame_release(&copy);
    fr_frame_release(&copy);
    fr_frame_release(NULL);
}

static void frames_outlive_their_out_ring(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_frame held;
    assert_int_equal(fr_capture_next(rig->capture, &held), FR_OK);
    const int code = rig_code(rig, &held);
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_HDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_true(stamp_fills(&held, code));
    fr_frame_release(&held);
}

struct encoder {
    const fr_frame *frame;
    int code;
    uint32_t good; /* atomic */
};

static void encode(void *arg)
{
    struct encoder *encoder = arg;
    for (int i = 0; i < 200; i++) {
        fr_frame copy;
        fr_frame_ref(&copy, encoder->frame);
        if (stamp_first_code(&copy) == encoder->code)
            (void)fr_add_acq_rel_u32(&encoder->good, 1);
        fr_frame_release(&copy);
    }
}

static void references_are_counted_across_threads(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    for (int round = 0; round < 20; round++) {
        fr_frame frame;
        assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
        struct encoder encoder = {.frame = &frame, .code = stamp_first_code(&frame)};
        struct fr_thread *thread[2] = {0};
        for (int i = 0; i < 2; i++)
            assert_int_equal(fr_thread_start(&thread[i], "encode", encode, &encoder), FR_OK);
        for (int i = 0; i < 20; i++) { /* the capture goes on meanwhile */
            assert_int_equal(rig_push(rig), FR_OK);
            assert_int_equal(rig_try(rig), FR_OK);
        }
        fr_thread_join(&thread[0]);
        fr_thread_join(&thread[1]);
        assert_int_equal(encoder.good, 400);
        fr_frame_release(&frame);
        assert_int_equal(fr_out_ring_held(rig->capture->out), 0);
        assert_int_equal(rig_push(rig), FR_OK);
    }
}

struct last_reader {
    fr_frame frame;
};

static void release_late(void *arg)
{
    struct last_reader *reader = arg;
    (void)stamp_first_code(&reader->frame);
    fr_frame_release(&reader->frame);
}

/* The last reference of a closed capture's out ring goes on another thread. */
static void the_last_reference_may_go_anywhere(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    struct last_reader readers[2];
    assert_int_equal(fr_capture_next(rig->capture, &readers[0].frame), FR_OK);
    fr_frame_ref(&readers[1].frame, &readers[0].frame);
    struct fr_thread *thread[2] = {0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(fr_thread_start(&thread[i], "reader", release_late, &readers[i]), FR_OK);
    fr_capture_close(&rig->capture);
    fr_thread_join(&thread[0]);
    fr_thread_join(&thread[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_slice_without_news_is_16_ms_and_a_repeat),
        TEST(the_slice_can_be_set),
        TEST(an_event_ends_the_slice),
        TEST(a_lost_event_costs_at_most_the_slice),
        TEST(an_event_without_a_frame_does_not_spin),
        TEST(next_can_be_cancelled),
        TEST(a_repeat_is_the_last_frame_but_no_proof_of_life),
        TEST(no_frame_yet_is_again),
        TEST(a_shared_surface_is_repeated_in_place),
        TEST(a_surface_that_is_still_read_is_not_repeated),
        TEST(a_copy_that_fails_is_no_repeat),
        TEST(surfaces_rotate),
        TEST(a_held_surface_is_not_written),
        TEST(the_last_picture_is_not_overwritten_by_a_frame_that_fails),
        cmocka_unit_test(depth_is_clamped),
        TEST(a_stuck_encoder_never_holds_a_slot),
        TEST(frames_outlive_the_capture),
        TEST(frames_outlive_their_out_ring),
        TEST(references_are_counted_across_threads),
        TEST(the_last_reference_may_go_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
