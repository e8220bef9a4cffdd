/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.8 and 3.13: which state of the display is believed, which ring it makes, and what a flip leaves
 * behind. */
#include "machine/rig.h"

static void start(struct rig *rig)
{
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
}

static void start_with_feed(struct rig *rig, fr_colour_state state)
{
    rig->use_feed = rig->has_display = true;
    fake_feed_sample(&rig->feed, 64, 36, state);
    rig->feed.has_sample = false;
    start(rig);
}

/* ---- the rules alone ---- */

static void a_sample_counts_when_it_is_seen_twice(void **state)
{
    (void)state;
    struct fr_follow follow = {.display = rig_display(64, 36, FR_COLOUR_STATE_SDR)};
    const fr_display_descriptor other = rig_display(32, 32, FR_COLOUR_STATE_SDR);
    const fr_display_descriptor third = rig_display(16, 16, FR_COLOUR_STATE_SDR);
    assert_false(fr_follow_report(&follow, &other, false));
    assert_false(fr_follow_report(&follow, &third, false));
    assert_false(fr_follow_report(&follow, &other, false));
    assert_int_equal(follow.display.mode.width, 64);
    assert_true(fr_follow_report(&follow, &other, false));
    assert_int_equal(follow.display.mode.width, 32);
    assert_false(fr_follow_report(&follow, &other, false));
}

static void a_sample_of_the_present_state_clears_the_doubt(void **state)
{
    (void)state;
    struct fr_follow follow = {.display = rig_display(64, 36, FR_COLOUR_STATE_SDR)};
    const fr_display_descriptor same = follow.display;
    const fr_display_descriptor other = rig_display(64, 36, FR_COLOUR_STATE_HDR);
    assert_false(fr_follow_report(&follow, &other, false));
    assert_false(fr_follow_report(&follow, &same, false));
    assert_false(fr_follow_report(&follow, &other, false));
    assert_true(fr_follow_report(&follow, &other, false));
}

static void a_pushed_change_counts_at_once(void **state)
{
    (void)state;
    struct fr_follow follow = {.display = rig_display(64, 36, FR_COLOUR_STATE_SDR)};
    const fr_display_descriptor other = rig_display(64, 36, FR_COLOUR_STATE_HDR);
    assert_true(fr_follow_report(&follow, &other, true));
}

static void what_is_not_known_keeps_its_last_value(void **state)
{
    (void)state;
    struct fr_follow follow = {.display = rig_display(64, 36, FR_COLOUR_STATE_HDR)};
    follow.display.format = FR_FORMAT_RGB10A2;
    const fr_display_descriptor nothing = {0};
    assert_false(fr_follow_report(&follow, &nothing, true));
    assert_int_equal(follow.display.mode.width, 64);
    assert_int_equal(follow.display.colour_state, FR_COLOUR_STATE_HDR);
    assert_int_equal(follow.display.format, FR_FORMAT_RGB10A2);
    const fr_display_descriptor size = rig_display(32, 32, FR_COLOUR_STATE_UNKNOWN);
    assert_true(fr_follow_report(&follow, &size, true));
    assert_int_equal(follow.display.colour_state, FR_COLOUR_STATE_HDR);
}

static void the_state_chooses_the_formats(void **state)
{
    (void)state;
    static const struct {
        fr_colour_state state;
        fr_format wish;
        bool sdr_output;
        fr_format ring, out;
    } rows[] = {
        {FR_COLOUR_STATE_SDR, FR_FORMAT_NONE, false, FR_FORMAT_BGRA8, FR_FORMAT_NV12},
        {FR_COLOUR_STATE_SDR, FR_FORMAT_RGBA8, false, FR_FORMAT_RGBA8, FR_FORMAT_NV12},
        {FR_COLOUR_STATE_SDR, FR_FORMAT_RGBA16F, false, FR_FORMAT_BGRA8, FR_FORMAT_NV12},
        {FR_COLOUR_STATE_UNKNOWN, FR_FORMAT_NONE, false, FR_FORMAT_BGRA8, FR_FORMAT_NV12},
        {FR_COLOUR_STATE_SDR_WCG, FR_FORMAT_NONE, false, FR_FORMAT_RGBA16F, FR_FORMAT_NV12},
        {FR_COLOUR_STATE_SDR_WCG, FR_FORMAT_BGRA8, true, FR_FORMAT_RGBA16F, FR_FORMAT_NV12},
        {FR_COLOUR_STATE_HDR, FR_FORMAT_NONE, false, FR_FORMAT_RGBA16F, FR_FORMAT_P010},
        {FR_COLOUR_STATE_HDR, FR_FORMAT_RGB10A2, false, FR_FORMAT_RGB10A2, FR_FORMAT_P010},
        {FR_COLOUR_STATE_HDR, FR_FORMAT_RGB10A2, true, FR_FORMAT_RGBA16F, FR_FORMAT_NV12},
        {FR_COLOUR_STATE_HDR, FR_FORMAT_BGRA8, false, FR_FORMAT_RGBA16F, FR_FORMAT_P010},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const fr_display_descriptor display = {.colour_state = rows[i].state, .format = rows[i].wish};
        assert_int_equal(fr_follow_ring_format(&display, rows[i].sdr_output), rows[i].ring);
        assert_int_equal(fr_follow_out_format(&display, rows[i].sdr_output), rows[i].out);
    }
}

/* ---- in a session ---- */

static void a_provider_needs_two_equal_samples(void **state)
{
    struct rig *rig = *state;
    start_with_feed(rig, FR_COLOUR_STATE_SDR);
    fake_feed_sample(&rig->feed, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_info(rig).generations, 1);
    fake_feed_sample(&rig->feed, 48, 32, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(rig_info(rig).generations, 2);
    assert_int_equal(rig->backend.shape.width, 48);
}

static void the_source_is_not_asked_where_a_provider_is(void **state)
{
    struct rig *rig = *state;
    start_with_feed(rig, FR_COLOUR_STATE_SDR);
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_HDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_REPEAT);
    assert_int_equal(rig_info(rig).generations, 1);
}

static void an_announced_change_is_followed_at_once(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_SDR);
    rig->act = NULL;
    assert_int_equal(rig_try(rig), FR_AGAIN);
    assert_int_equal(rig_info(rig).generations, 2);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_REBUILDING);
}

/* Until a fresh frame of the new size there is nothing to hand out: the last picture does not fit. */
static void a_size_flip_forgets_the_last_frame(void **state)
{
    struct rig *rig = *state;
    start(rig);
    const struct fr_out_ring *before = rig->capture->out;
    rig->act = NULL;
    rig_announce(rig, 48, 33, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_next(rig), FR_AGAIN);
    assert_int_equal(rig_next(rig), FR_AGAIN);
    assert_int_equal(rig_info(rig).newest_present_ns, 0);
    assert_ptr_not_equal(rig->capture->out, before);
    rig->act = rig_source_acts;
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.width, 48);
    assert_int_equal(frame.height, 33);
    assert_int_equal(frame.generation, 2);
    assert_int_equal(frame.sequence, 1);
    assert_true(frame.discontinuity);
    assert_true(stamp_fills(&frame, rig_code(rig, &frame)));
    fr_frame_release(&frame);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
    assert_int_equal(flip.kind, FR_FLIP_SIZE);
    assert_in_range(flip.gap_ns, 32 * FR_NS_PER_MS, 60 * FR_NS_PER_MS);
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_AGAIN);
    assert_int_equal(flip.kind, 0);
}

static void an_hdr_flip_changes_the_formats(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = NULL;
    rig_announce(rig, 64, 36, FR_COLOUR_STATE_HDR);
    assert_int_equal(rig_next(rig), FR_AGAIN);
    assert_int_equal(rig_info(rig).ring_format, FR_FORMAT_RGBA16F);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_P010);
    assert_int_equal(rig->backend.converters, 1);
    assert_int_equal(rig->backend.rings, 1);
    rig->act = rig_source_acts;
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.format, FR_FORMAT_P010);
    assert_int_equal(frame.colour.transfer, 16);
    assert_true(frame.has_hdr);
    assert_true(stamp_fills(&frame, rig_code(rig, &frame)));
    fr_frame_release(&frame);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
    assert_int_equal(flip.kind, FR_FLIP_HDR);
    rig_announce(rig, 64, 36, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_NV12);
}

static void one_change_of_both_is_one_flip(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig_announce(rig, 48, 32, FR_COLOUR_STATE_HDR);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
    assert_int_equal(flip.kind, FR_FLIP_HDR | FR_FLIP_SIZE);
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_AGAIN);
    assert_int_equal(rig_info(rig).generations, 2);
}

static void the_clients_wish_does_not_choose_the_format(void **state)
{
    struct rig *rig = *state;
    rig->params.want_10bit = false;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    start(rig);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_P010);
}

static void wanting_10bit_does_not_make_sdr_p010(void **state)
{
    struct rig *rig = *state;
    rig->params.want_10bit = true;
    rig->link.no_hdr = true;
    start(rig);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_NV12);
}

static void sdr_output_is_tone_mapped(void **state)
{
    struct rig *rig = *state;
    rig->params.sdr_output = true;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    rig->source_params.display.max_luminance_millinits = 1200000;
    rig->source_params.display.sdr_white_millinits = 250000;
    rig_start(rig);
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.format, FR_FORMAT_NV12);
    assert_int_equal(frame.colour.transfer, 1);
    assert_false(frame.has_hdr);
    fr_frame_release(&frame);
    assert_int_equal(rig->backend.converter_params.sdr_map, FR_SDR_MAP_TONE);
    assert_int_equal(rig->backend.converter_params.peak_millinits, 1200000);
    assert_int_equal(rig->backend.converter_params.sdr_white_millinits, 250000);
}

static void wide_colour_is_clipped(void **state)
{
    struct rig *rig = *state;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_SDR_WCG;
    start(rig);
    assert_int_equal(rig_info(rig).ring_format, FR_FORMAT_RGBA16F);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_NV12);
    assert_int_equal(rig->backend.converter_params.sdr_map, FR_SDR_MAP_CLIP);
}

static void rgb10a2_is_followed_for_hdr(void **state)
{
    struct rig *rig = *state;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    rig->source_params.display.format = FR_FORMAT_RGB10A2;
    rig_start(rig);
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.format, FR_FORMAT_P010);
    assert_true(stamp_fills(&frame, rig_code(rig, &frame)));
    fr_frame_release(&frame);
}

/* Light alone makes no new ring; where it matters, the tone map moves. */
static void luminance_makes_no_new_ring(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fr_display_descriptor display = rig_display(64, 36, FR_COLOUR_STATE_SDR);
    display.max_luminance_millinits = 600000;
    display.mode.refresh_mhz = 144000;
    assert_int_equal(fr_source_announce(rig->source, &display), FR_OK);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_info(rig).generations, 1);
    assert_int_equal(rig_info(rig).display.max_luminance_millinits, 600000);
    assert_int_equal(rig_info(rig).display.mode.refresh_mhz, 144000);
}

static void luminance_moves_the_tone_map(void **state)
{
    struct rig *rig = *state;
    rig->params.sdr_output = true;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    start(rig);
    fr_display_descriptor display = rig->source_params.display;
    display.max_luminance_millinits = 600000;
    assert_int_equal(fr_source_announce(rig->source, &display), FR_OK);
    rig->backend.converter_failures = 1;
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig->backend.converters, 1);
    assert_int_equal(rig->capture->converter_params.peak_millinits, 0);
    assert_int_equal(fr_source_announce(rig->source, &display), FR_OK);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig->capture->converter_params.peak_millinits, 600000);
    assert_int_equal(rig->backend.converter_params.peak_millinits, 600000);
    assert_int_equal(rig->backend.converters, 1);
    assert_int_equal(rig_info(rig).generations, 1);
}

/* A flip that the encoder does not see keeps its last picture: repeats go on. */
static void a_flip_behind_the_same_pictures_goes_on_repeating(void **state)
{
    struct rig *rig = *state;
    rig->params.sdr_output = true;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    start(rig);
    rig->act = NULL;
    rig_announce(rig, 64, 36, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_REBUILDING);
    assert_int_equal(rig_info(rig).ring_format, FR_FORMAT_BGRA8);
    rig->act = rig_source_acts;
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    assert_true(stamp_fills(&frame, rig_code(rig, &frame)));
    fr_frame_release(&frame);
}

static void generations_wrap_and_are_never_0(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->capture->last_generation = FR_GENERATION_MAX - 1;
    for (uint32_t i = 0; i < 3; i++) {
        rig_announce(rig, 48 + i, 32, FR_COLOUR_STATE_SDR);
        assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
        const uint32_t expected[] = {FR_GENERATION_MAX, 1, 2};
        assert_int_equal(rig_info(rig).generation, expected[i]);
    }
}

static void hdr_can_be_asked_for_later(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->obey_hdr = true;
    assert_int_equal(fr_capture_request_hdr(rig->capture, true), FR_OK);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_P010);
    assert_int_equal(fr_capture_request_hdr(rig->capture, false), FR_OK);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_NV12);
    rig->link.no_hdr = true;
    assert_int_equal(fr_capture_request_hdr(rig->capture, true), FR_ERR_UNSUPPORTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_counts_when_it_is_seen_twice),
        cmocka_unit_test(a_sample_of_the_present_state_clears_the_doubt),
        cmocka_unit_test(a_pushed_change_counts_at_once),
        cmocka_unit_test(what_is_not_known_keeps_its_last_value),
        cmocka_unit_test(the_state_chooses_the_formats),
        TEST(a_provider_needs_two_equal_samples),
        TEST(the_source_is_not_asked_where_a_provider_is),
        TEST(an_announced_change_is_followed_at_once),
        TEST(a_size_flip_forgets_the_last_frame),
        TEST(an_hdr_flip_changes_the_formats),
        TEST(one_change_of_both_is_one_flip),
        TEST(the_clients_wish_does_not_choose_the_format),
        TEST(wanting_10bit_does_not_make_sdr_p010),
        TEST(sdr_output_is_tone_mapped),
        TEST(wide_colour_is_clipped),
        TEST(rgb10a2_is_followed_for_hdr),
        TEST(luminance_makes_no_new_ring),
        TEST(luminance_moves_the_tone_map),
        TEST(a_flip_behind_the_same_pictures_goes_on_repeating),
        TEST(generations_wrap_and_are_never_0),
        TEST(hdr_can_be_asked_for_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
