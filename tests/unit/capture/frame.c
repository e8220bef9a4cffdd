/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.13 and 3.14: what a frame says of itself. */
#include "machine/rig.h"

#include <string.h>

static const fr_hdr_metadata some_hdr = {
    .red = {34000, 16000},
    .green = {13250, 34500},
    .blue = {7500, 3000},
    .white = {15635, 16450},
    .max_luminance = 6000000,
    .min_luminance = 50,
    .max_cll = 700,
    .max_fall = 300,
};

static fr_frame take(struct rig *rig)
{
    fr_frame frame;
    assert_int_equal(fr_capture_try_latest(rig->capture, &frame), FR_OK);
    return frame;
}

/* The label only: the surface is given back. */
static fr_frame look(struct rig *rig)
{
    fr_frame frame = take(rig);
    const fr_frame copy = frame;
    fr_frame_release(&frame);
    return copy;
}

static void start_hdr(struct rig *rig)
{
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    rig_start(rig);
}

static bool same_hdr(const fr_hdr_metadata *a, const fr_hdr_metadata *b)
{
    return !memcmp(a, b, sizeof(*a));
}

static void hdr_without_metadata_is_generic(void **state)
{
    struct rig *rig = *state;
    start_hdr(rig);
    const fr_frame frame = look(rig);
    const fr_hdr_metadata generic = fr_hdr_metadata_generic();
    assert_true(frame.has_hdr);
    assert_true(same_hdr(&frame.hdr, &generic));
    assert_int_equal(generic.max_luminance, 10000000);
    assert_int_equal(generic.max_cll, 1000);
    assert_int_equal(generic.max_fall, 400);
}

static void the_sources_metadata_is_used(void **state)
{
    struct rig *rig = *state;
    rig->source_params.has_hdr = true;
    rig->source_params.hdr = some_hdr;
    start_hdr(rig);
    const fr_frame frame = look(rig);
    assert_true(same_hdr(&frame.hdr, &some_hdr));
}

static void metadata_may_change_and_go(void **state)
{
    struct rig *rig = *state;
    start_hdr(rig);
    (void)look(rig);
    assert_int_equal(fr_source_set_hdr_metadata(rig->source, &some_hdr), FR_OK);
    assert_int_equal(rig_push(rig), FR_OK);
    fr_frame frame = look(rig);
    assert_true(same_hdr(&frame.hdr, &some_hdr));
    assert_int_equal(fr_source_set_hdr_metadata(rig->source, NULL), FR_OK);
    assert_int_equal(rig_push(rig), FR_OK);
    frame = look(rig);
    const fr_hdr_metadata generic = fr_hdr_metadata_generic();
    assert_true(same_hdr(&frame.hdr, &generic));
}

static void metadata_does_not_outlive_its_source(void **state)
{
    struct rig *rig = *state;
    rig->source_params.has_hdr = true;
    rig->source_params.hdr = some_hdr;
    start_hdr(rig);
    (void)look(rig);
    rig_kill_source(rig);
    rig->source_params.has_hdr = false;
    assert_int_equal(rig_open_source(rig), FR_OK);
    fr_frame frame = {0};
    for (int i = 0; i < 10 && frame.generation != 2; i++) {
        fr_frame_release(&frame);
        assert_true(fr_capture_next(rig->capture, &frame) >= 0);
    }
    assert_int_equal(frame.generation, 2);
    const fr_hdr_metadata generic = fr_hdr_metadata_generic();
    assert_true(same_hdr(&frame.hdr, &generic));
    fr_frame_release(&frame);
}

static void insane_metadata_is_not_believed(void **state)
{
    struct rig *rig = *state;
    start_hdr(rig);
    (void)look(rig);
    const fr_hdr_metadata generic = fr_hdr_metadata_generic();
    for (int i = 0; i < 6; i++) {
        fr_hdr_metadata bad = some_hdr;
        if (i == 0)
            bad.max_luminance = 0;
        else if (i == 1)
            bad.min_luminance = bad.max_luminance;
        else if (i == 2)
            bad.max_luminance = 100000001;
        else if (i == 3)
            bad.red[0] = 50001;
        else if (i == 4)
            bad.blue[1] = 65535;
        else
            bad.white[1] = 50001;
        assert_int_equal(fr_source_set_hdr_metadata(rig->source, &bad), FR_OK);
        assert_int_equal(rig_push(rig), FR_OK);
        const fr_frame frame = look(rig);
        assert_true(same_hdr(&frame.hdr, &generic));
    }
}

/* A line that is being written, for ever: the host neither waits nor takes half of it. */
static void metadata_that_is_never_finished_is_ignored(void **state)
{
    struct rig *rig = *state;
    start_hdr(rig);
    (void)look(rig);
    fr_wire_v2 *header = rig->source->current.header.ptr;
    assert_int_equal(fr_source_set_hdr_metadata(rig->source, &some_hdr), FR_OK);
    header->metadata.change |= 1;
    assert_int_equal(rig_push(rig), FR_OK);
    const fr_frame frame = look(rig);
    const fr_hdr_metadata generic = fr_hdr_metadata_generic();
    assert_true(same_hdr(&frame.hdr, &generic));
}

static void sdr_frames_have_no_hdr(void **state)
{
    struct rig *rig = *state;
    rig->source_params.has_hdr = true;
    rig->source_params.hdr = some_hdr;
    rig_start(rig);
    const fr_frame frame = look(rig);
    assert_false(frame.has_hdr);
    assert_int_equal(frame.hdr.max_luminance, 0);
}

/* ---- times ---- */

static void the_present_time_is_the_sources(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    (void)look(rig);
    const uint64_t present = rig->machine.now_ns;
    machine_advance(&rig->machine, 3 * FR_NS_PER_MS);
    fr_slot slot;
    assert_int_equal(fr_source_begin(rig->source, &slot), FR_OK);
    assert_int_equal(fr_source_publish(rig->source, &(fr_publish_info){.present_ns = present}), FR_OK);
    machine_advance(&rig->machine, 5 * FR_NS_PER_MS);
    const fr_frame frame = look(rig);
    assert_int_equal(frame.present_ns, present);
    assert_int_equal(frame.published_ns, present + 3 * FR_NS_PER_MS);
    assert_int_equal(frame.taken_ns, present + 8 * FR_NS_PER_MS);
    assert_int_equal(frame.converted_ns, present + 8 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).newest_present_ns, present);
}

static void a_present_time_in_the_future_is_now(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    (void)look(rig);
    fr_slot slot;
    assert_int_equal(fr_source_begin(rig->source, &slot), FR_OK);
    const fr_publish_info info = {.present_ns = rig->machine.now_ns + FR_NS_PER_S};
    assert_int_equal(fr_source_publish(rig->source, &info), FR_OK);
    const fr_frame frame = look(rig);
    assert_int_equal(frame.present_ns, rig->machine.now_ns);
    assert_int_equal(frame.published_ns, rig->machine.now_ns);
}

/* The record under the claim: an unknown clock, no time, a delay that leads past now. */
static void times_that_make_no_sense_are_replaced(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    (void)look(rig);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_push(rig), FR_OK);
        fr_wire_v2 *header = rig->source->current.header.ptr;
        fr_wire_slot *slot = &header->slot[rig->source->current.ring.newest_slot];
        const uint64_t present = slot->present_ns;
        machine_advance(&rig->machine, FR_NS_PER_MS);
        if (i == 0)
            slot->clock_id = 9;
        else if (i == 1)
            slot->present_ns = 0;
        else
            slot->publish_delay_us = UINT32_MAX;
        const fr_frame frame = look(rig);
        assert_int_equal(frame.present_ns, i < 2 ? rig->machine.now_ns : present);
        assert_int_equal(frame.published_ns, rig->machine.now_ns);
    }
}

static void only_the_first_frame_of_a_generation_is_a_discontinuity(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    assert_true(look(rig).discontinuity);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(rig_push(rig), FR_OK);
        assert_false(look(rig).discontinuity);
    }
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    rig_source_acts(rig);
    assert_true(look(rig).discontinuity);
    assert_int_equal(rig_push(rig), FR_OK);
    assert_false(look(rig).discontinuity);
}

/* A first frame that was not shown does not use the mark up. */
static void the_mark_waits_for_the_frame_that_is_shown(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fake_backend_claims(&rig->backend, FR_CLAIM_BUSY, 5);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig_push(rig), FR_OK);
    assert_true(look(rig).discontinuity);
}

static void odd_sizes_are_whole(void **state)
{
    struct rig *rig = *state;
    rig->source_params.display = rig_display(33, 17, FR_COLOUR_STATE_SDR);
    rig_start(rig);
    fr_frame frame = take(rig);
    assert_int_equal(frame.width, 33);
    assert_int_equal(frame.height, 17);
    assert_true(frame.pitch_bytes[1] >= 34);
    assert_true(stamp_fills(&frame, rig_code(rig, &frame)));
    fr_frame_release(&frame);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hdr_without_metadata_is_generic),
        TEST(the_sources_metadata_is_used),
        TEST(metadata_may_change_and_go),
        TEST(metadata_does_not_outlive_its_source),
        TEST(insane_metadata_is_not_believed),
        TEST(metadata_that_is_never_finished_is_ignored),
        TEST(sdr_frames_have_no_hdr),
        TEST(the_present_time_is_the_sources),
        TEST(a_present_time_in_the_future_is_now),
        TEST(times_that_make_no_sense_are_replaced),
        TEST(only_the_first_frame_of_a_generation_is_a_discontinuity),
        TEST(the_mark_waits_for_the_frame_that_is_shown),
        TEST(odd_sizes_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
