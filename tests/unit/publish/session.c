/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 4.3 to 4.5: stale rings, the last picture, hosts that come and go, and the source's word. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static fr_status poll_source(struct fixture *f)
{
    return fr_source_poll(f->rig.source, 0);
}

static void flip(struct fixture *f, uint32_t generation, uint32_t width, fr_format format)
{
    host_make(&f->host, generation, width, 36, format);
    host_deliver(&f->host);
}

/* Takes the newest frame: its pixels are those of `stamp`. */
static void expect_picture(struct fixture *f, uint32_t sequence, uint32_t stamp)
{
    fr_token token;
    assert_true(host_take(&f->host, &token));
    assert_int_equal(token.sequence, sequence);
    const size_t bytes = f->host.delivery.pitch_bytes * f->host.delivery.height;
    uint8_t *expected = calloc(1, bytes);
    assert_non_null(expected);
    stamp_draw(&(fr_slot){.pixels = expected,
                          .pitch_bytes = f->host.delivery.pitch_bytes,
                          .width = f->host.delivery.width,
                          .height = f->host.delivery.height,
                          .format = f->host.delivery.format},
               stamp);
    assert_memory_equal(host_pixels(&f->host, token.slot), expected, bytes);
    free(expected);
    host_release(&f->host, token);
}

/* ---- stale and re-attach ---- */

static void a_stale_ring_waits_for_the_next_delivery(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    host_make(&f->host, 2, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_AGAIN);
    host_deliver(&f->host);
    assert_int_equal(poll_source(f), FR_OK);
    assert_int_equal(fixture_info(f).generation, 2);
    assert_int_equal(rig_push(&f->rig), FR_OK);
}

/* The picture that is published again is older than one that found no ring: the caller is asked for that. */
static void a_frame_that_was_lost_is_asked_for(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    const uint32_t stamp = f->rig.stamp;
    host_make(&f->host, 2, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(rig_push(&f->rig), FR_AGAIN);
    host_deliver(&f->host);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    expect_picture(f, 1, stamp); /* there at once */
    assert_int_equal(rig_push(&f->rig), FR_OK);
    flip(f, 3, 64, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_OK); /* nothing was lost since */
}

/* Every way of losing one counts: begun on a ring that went stale, and of another size. */
static void a_frame_lost_late_is_asked_for_too(void **state)
{
    struct fixture *f = *state;
    fr_slot slot;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    host_make(&f->host, 2, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_AGAIN);
    host_deliver(&f->host);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    static const uint8_t pixels[8 * 8 * 4];
    const fr_image other = {
        .pixels = pixels, .pitch_bytes = 32, .width = 8, .height = 8, .format = FR_FORMAT_BGRA8};
    assert_int_equal(fr_source_push(f->rig.source, &other, NULL), FR_AGAIN);
    flip(f, 3, 64, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
}

/* A still desktop shows its picture at once, and when it was presented stays true. */
static void the_last_picture_is_published_again(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rig_push(&f->rig), FR_OK);
    const uint64_t presented = f->rig.machine.now_ns;
    const uint32_t stamp = f->rig.stamp;
    machine_advance(&f->rig.machine, 5 * FR_NS_PER_S);
    flip(f, 2, 64, FR_FORMAT_BGRA8);
    const uint64_t signals = f->rig.machine.signals;
    assert_int_equal(poll_source(f), FR_OK);
    assert_true(f->rig.machine.signals > signals);
    const fr_wire_slot *slot = &host_header(&f->host)->slot[f->rig.source->current.ring.newest_slot];
    assert_int_equal(slot->present_ns, presented);
    assert_int_equal(slot->publish_delay_us, 5000000);
    expect_picture(f, 1, stamp);
    assert_int_equal(fixture_info(f).published, 4);
    assert_int_equal(fixture_info(f).attaches, 2);
}

/* A source that is opened anew, on the ring that the one before had: numbers go on, its own counts do not. */
static void another_source_takes_the_generation_over(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rig_push(&f->rig), FR_OK);
    fr_source_close(&f->rig.source);
    struct fr_host_news news;
    const struct fr_host_channel channel = link_host(&f->rig.link);
    while (channel.ops->poll(channel.self, &news) == FR_OK)
        ;
    assert_int_equal(rig_open_source(&f->rig), FR_OK);
    assert_int_equal(poll_source(f), FR_AGAIN);
    host_deliver(&f->host);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    expect_picture(f, 4, f->rig.stamp);
    assert_int_equal(host_header(&f->host)->source.published, 4);
    assert_int_equal(fixture_info(f).offered, 1);
    assert_int_equal(fixture_info(f).published, 1);
}

/* The same ring twice: nothing is lost, nothing is counted twice. */
static void the_same_ring_may_be_delivered_again(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rig_push(&f->rig), FR_OK);
    const uint32_t stamp = f->rig.stamp;
    host_deliver(&f->host);
    assert_int_equal(poll_source(f), FR_OK);
    expect_picture(f, 4, stamp);
    assert_int_equal(fixture_info(f).published, 4);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(fixture_info(f).published, 5);
    assert_int_equal(fixture_info(f).offered, 5);
    assert_int_equal(fixture_info(f).dropped, 0);
    host_make(&f->host, 2, 64, 36, FR_FORMAT_BGRA8);
    host_deliver(&f->host);
    assert_int_equal(poll_source(f), FR_OK);
    assert_int_equal(fixture_info(f).published, 6);
}

static void the_loop_is_counted_where_an_observer_looks(void **state)
{
    struct fixture *f = *state;
    const fr_wire_debug *debug = &host_header(&f->host)->debug;
    assert_int_equal(debug->run_core_entries, 1);
    fr_source_note_loop(f->rig.source, 5);
    assert_int_equal(debug->run_core_entries, 5);
    flip(f, 2, 64, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    debug = &host_header(&f->host)->debug;
    assert_int_equal(debug->run_core_entries, 5);
    assert_int_equal(debug->header_open_attempts, 2);
    host_close(&f->host);
    assert_int_equal(poll_source(f), FR_AGAIN);
    fr_source_note_loop(f->rig.source, 6); /* no ring: kept for the next */
    host_open(&f->host);
    host_make(&f->host, 9, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_AGAIN);
    host_deliver(&f->host);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    assert_int_equal(host_header(&f->host)->debug.run_core_entries, 6);
}

/* Where the channel has a block of its own, that is the one. */
static void the_loop_is_counted_outside_the_header(void **state)
{
    struct fixture *f = *state;
    fr_wire_debug debug = {0};
    f->rig.link.debug = &debug;
    fr_source_note_loop(f->rig.source, 5);
    assert_int_equal(debug.run_core_entries, 5);
    assert_int_equal(host_header(&f->host)->debug.run_core_entries, 1);
}

static void again_and_again(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    const uint64_t presented = f->rig.machine.now_ns;
    for (uint32_t generation = 2; generation < 12; generation++) {
        machine_advance(&f->rig.machine, FR_NS_PER_S);
        flip(f, generation, 64, FR_FORMAT_BGRA8);
        assert_int_equal(poll_source(f), FR_OK);
        assert_int_equal(host_header(&f->host)->v1.present_time, presented);
        expect_picture(f, 1, f->rig.stamp);
        assert_int_equal(f->rig.machine.mappings, 4);
    }
}

static void another_shape_wants_a_whole_frame(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    flip(f, 2, 65, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    assert_int_equal(host_header(&f->host)->v1.latest, 0);
    assert_int_equal(poll_source(f), FR_OK);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    flip(f, 3, 65, FR_FORMAT_RGBA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
}

static void nothing_published_is_nothing_to_publish_again(void **state)
{
    struct fixture *f = *state;
    flip(f, 2, 64, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    assert_int_equal(host_header(&f->host)->v1.latest, 0);
}

/* Through a ring of another shape that never got a frame, the picture of the ring before survives. */
static void a_picture_survives_a_ring_it_does_not_fit(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    flip(f, 2, 65, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    flip(f, 3, 64, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_OK);
    expect_picture(f, 1, f->rig.stamp);
}

static void the_old_picture_goes_with_the_first_new_one(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    flip(f, 2, 65, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    assert_int_equal(f->rig.machine.mappings, 6);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(f->rig.machine.mappings, 4);
}

/* Not even when it lies in the only slot to be had: the frame is lost, the picture is not. */
static void the_newest_picture_is_never_written_over(void **state)
{
    struct fixture *f = *state;
    fr_token token[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rig_push(&f->rig), FR_OK);
        assert_true(host_take(&f->host, &token[i]));
    }
    host_release(&f->host, token[3]);
    fr_slot slot;
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_AGAIN);
    flip(f, 2, 64, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    expect_picture(f, 1, f->rig.stamp);
}

static void a_frame_given_up_leaves_the_last_picture(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(rig_push(&f->rig), FR_OK);
    const uint32_t stamp = f->rig.stamp;
    expect_picture(f, 3, stamp);
    fr_slot slot;
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    memset(slot.pixels, 0, 100);
    fr_source_cancel(f->rig.source);
    flip(f, 2, 64, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_OK);
    expect_picture(f, 1, stamp);
}

static void the_newest_delivery_wins(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    flip(f, 2, 65, FR_FORMAT_BGRA8);
    flip(f, 3, 66, FR_FORMAT_BGRA8);
    flip(f, 4, 64, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_OK);
    assert_int_equal(fixture_info(f).generation, 4);
    assert_int_equal(fixture_info(f).attaches, 2);
    expect_picture(f, 1, f->rig.stamp);
}

/* A failure between the attach and the answer does not lose the wish for a frame. */
static void reattached_is_told_after_an_error_too(void **state)
{
    struct fixture *f = *state;
    flip(f, 2, 65, FR_FORMAT_BGRA8);
    f->rig.end->news[(f->rig.end->news_first + f->rig.end->news_count) % LINK_NEWS] =
        (struct fr_source_news){.kind = FR_SOURCE_NEWS_REFUSED, .reason = FR_ERR_SYSTEM};
    f->rig.end->news_count++;
    assert_int_equal(poll_source(f), FR_ERR_SYSTEM);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    assert_int_equal(poll_source(f), FR_OK);
}

static void totals_go_on_over_rings(void **state)
{
    struct fixture *f = *state;
    for (uint32_t generation = 2; generation < 6; generation++) {
        assert_int_equal(rig_push(&f->rig), FR_OK);
        fr_slot slot;
        assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
        fr_source_cancel(f->rig.source);
        flip(f, generation, 60 + generation, FR_FORMAT_BGRA8);
        assert_int_equal(poll_source(f), FR_REATTACHED);
    }
    assert_int_equal(fixture_info(f).published, 4);
    assert_int_equal(fixture_info(f).offered, 8);
    assert_int_equal(fixture_info(f).dropped, 4);
    assert_int_equal(fixture_info(f).attaches, 5);
}

/* ---- hosts that go ---- */

static void a_host_that_is_gone_is_left_and_waited_for(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(fixture_info(f).host_pid, 1);
    assert_int_equal(fr_source_fd(f->rig.source), 99);
    host_close(&f->host);
    assert_int_equal(poll_source(f), FR_AGAIN);
    assert_false(fixture_info(f).attached);
    assert_int_equal(fixture_info(f).host_pid, 0);
    assert_int_equal(fixture_info(f).width, 0);
    assert_int_equal(fr_source_fd(f->rig.source), -1);
    fr_slot slot;
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_AGAIN);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_ERR_ARGUMENT);
    fr_source_cancel(f->rig.source);
    const fr_image image = {
        .pixels = &slot, .pitch_bytes = 4, .width = 1, .height = 1, .format = FR_FORMAT_BGRA8};
    assert_int_equal(fr_source_push(f->rig.source, &image, NULL), FR_AGAIN);
}

static void the_next_host_gets_the_last_picture(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(rig_push(&f->rig), FR_OK);
    host_close(&f->host);
    assert_int_equal(poll_source(f), FR_AGAIN);
    host_open(&f->host);
    host_make(&f->host, 1, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_AGAIN);
    host_deliver(&f->host);
    assert_int_equal(poll_source(f), FR_OK);
    expect_picture(f, 1, f->rig.stamp);
}

static void an_inherited_socket_ends(void **state)
{
    struct fixture *f = *state;
    f->rig.end->inherited = true;
    host_close(&f->host);
    assert_int_equal(poll_source(f), FR_END);
    assert_false(fixture_info(f).attached);
}

static void refusals_say_why(void **state)
{
    struct fixture *f = *state;
    static const fr_status reasons[] = {FR_ERR_TARGET_BUSY, FR_ERR_VERSION, FR_ERR_PERMISSION, FR_ERR_REFUSED,
                                        FR_ERR_PROTOCOL};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        const struct fr_source_news news = {.kind = FR_SOURCE_NEWS_REFUSED, .reason = reasons[i]};
        link_tell_source(f->rig.end, &news);
        assert_int_equal(poll_source(f), reasons[i]);
    }
    const struct fr_source_news mute = {.kind = FR_SOURCE_NEWS_REFUSED};
    link_tell_source(f->rig.end, &mute);
    assert_int_equal(poll_source(f), FR_ERR_REFUSED);
}

static void channel_failures_are_passed_on(void **state)
{
    struct fixture *f = *state;
    f->rig.link.poll_status = FR_ERR_SYSTEM;
    assert_int_equal(poll_source(f), FR_ERR_SYSTEM);
    assert_int_equal(poll_source(f), FR_OK);
}

/* ---- the heart ---- */

static void a_long_poll_beats_at_least_every_half_second(void **state)
{
    struct fixture *f = *state;
    const uint64_t before = f->rig.machine.now_ns;
    const unsigned polls = f->rig.link.polls;
    assert_int_equal(fr_source_poll(f->rig.source, 5 * FR_NS_PER_S), FR_OK);
    assert_int_equal(f->rig.machine.now_ns - before, 5 * FR_NS_PER_S);
    assert_true(f->rig.link.longest_poll_ns <= 500 * FR_NS_PER_MS);
    assert_in_range(f->rig.link.polls - polls, 10, 12);
    assert_true(f->rig.machine.now_ns - host_header(&f->host)->source.heartbeat_ns <= 500 * FR_NS_PER_MS);
}

static void a_poll_without_time_does_not_wait(void **state)
{
    struct fixture *f = *state;
    const uint64_t before = f->rig.machine.now_ns;
    assert_int_equal(poll_source(f), FR_OK);
    assert_int_equal(f->rig.machine.now_ns, before);
}

/* ---- the source's word to the host ---- */

static void announcements_are_checked(void **state)
{
    struct fixture *f = *state;
    const fr_display_descriptor bad[] = {
        rig_display(0, 10, FR_COLOUR_STATE_SDR),
        rig_display(10, 0, FR_COLOUR_STATE_SDR),
        rig_display(FR_SIZE_MAX + 1, 10, FR_COLOUR_STATE_SDR),
        rig_display(10, 10, (fr_colour_state)4),
        rig_display(10, 10, (fr_colour_state)-1),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(fr_source_announce(f->rig.source, &bad[i]), FR_ERR_ARGUMENT);
    assert_int_equal(f->rig.end->display.mode.width, 64);
    const fr_display_descriptor good = rig_display(FR_SIZE_MAX, 1, FR_COLOUR_STATE_HDR);
    assert_int_equal(fr_source_announce(f->rig.source, &good), FR_OK);
    assert_int_equal(f->rig.end->display.mode.width, FR_SIZE_MAX);
    const fr_display_descriptor unknown = {0};
    assert_int_equal(fr_source_announce(f->rig.source, &unknown), FR_OK);
}

static void a_request_for_hdr_reaches_the_program(void **state)
{
    struct fixture *f = *state;
    const struct fr_host_channel channel = link_host(&f->rig.link);
    assert_int_equal(channel.ops->request_hdr(channel.self, true), FR_OK);
    assert_int_equal(poll_source(f), FR_OK);
    assert_int_equal(f->rig.hdr_heard, 1);
    assert_int_equal(channel.ops->request_hdr(channel.self, false), FR_OK);
    assert_int_equal(poll_source(f), FR_OK);
    assert_int_equal(f->rig.hdr_heard, 0);
    f->rig.source->params.hdr_requested = NULL;
    assert_int_equal(channel.ops->request_hdr(channel.self, true), FR_OK);
    assert_int_equal(poll_source(f), FR_OK);
}

static void metadata_is_written_to_every_ring(void **state)
{
    struct fixture *f = *state;
    fr_display_descriptor display = rig_display(64, 36, FR_COLOUR_STATE_SDR);
    display.sdr_white_millinits = 200000;
    assert_int_equal(fr_source_announce(f->rig.source, &display), FR_OK);
    const fr_wire_metadata *line = &host_header(&f->host)->metadata;
    assert_int_equal(line->valid, FR_WIRE_META_SDR_WHITE);
    assert_int_equal(line->sdr_white_millinits, 200000);
    const fr_hdr_metadata hdr = fr_hdr_metadata_generic();
    assert_int_equal(fr_source_set_hdr_metadata(f->rig.source, &hdr), FR_OK);
    assert_int_equal(line->valid, FR_WIRE_META_SDR_WHITE | FR_WIRE_META_HDR);
    assert_int_equal(line->max_cll, 1000);
    assert_int_equal(line->change % 2, 0);
    flip(f, 2, 65, FR_FORMAT_BGRA8);
    assert_int_equal(poll_source(f), FR_REATTACHED);
    line = &host_header(&f->host)->metadata;
    assert_int_equal(line->valid, FR_WIRE_META_SDR_WHITE | FR_WIRE_META_HDR);
    assert_int_equal(line->red[0], hdr.red[0]);
    display.sdr_white_millinits = 0;
    assert_int_equal(fr_source_announce(f->rig.source, &display), FR_OK);
    assert_int_equal(fr_source_set_hdr_metadata(f->rig.source, NULL), FR_OK);
    assert_int_equal(line->valid, 0);
}

static void closing_says_goodbye_and_frees_the_slot(void **state)
{
    struct fixture *f = *state;
    fr_slot slot;
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    fr_source_close(&f->rig.source);
    assert_null(f->rig.source);
    fr_source_close(&f->rig.source);
    fr_source_close(NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(host_header(&f->host)->slot[i].state & 0xff, FR_WIRE_SLOT_FREE);
    struct fr_host_news last =
        f->rig.link.news[(f->rig.link.news_first + f->rig.link.news_count - 1) % LINK_NEWS];
    assert_int_equal(last.kind, FR_HOST_NEWS_GONE);
    assert_int_equal(last.reason, FR_END);
    assert_int_equal(f->rig.machine.mappings, 2);
}

/* Each allocation of a re-attach fails once: the ring is not attached, nothing leaks, the next one is. */
static void reattach_survives_every_failing_allocation(void **state)
{
    struct fixture *f = *state;
    unsigned nth = 0;
    uint32_t generation = 2;
    for (bool failed = true; failed;) {
        assert_int_equal(rig_push(&f->rig), FR_OK);
        host_make(&f->host, generation++, 64, 36, FR_FORMAT_BGRA8);
        machine_fail_allocation(++nth);
        host_deliver(&f->host);
        const fr_status status = poll_source(f);
        failed = machine_allocation_failed();
        machine_fail_allocation(0);
        assert_int_equal(status, failed ? FR_AGAIN : FR_OK);
        if (failed) {
            flip(f, generation++, 64, FR_FORMAT_BGRA8);
            assert_int_equal(poll_source(f), FR_OK);
        }
        expect_picture(f, 1, f->rig.stamp);
        assert_int_equal(f->rig.machine.mappings, 4);
    }
    assert_in_range(nth, 3, 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup_attached, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stale_ring_waits_for_the_next_delivery),
        TEST(a_frame_that_was_lost_is_asked_for),
        TEST(a_frame_lost_late_is_asked_for_too),
        TEST(the_last_picture_is_published_again),
        TEST(another_source_takes_the_generation_over),
        TEST(the_same_ring_may_be_delivered_again),
        TEST(the_loop_is_counted_where_an_observer_looks),
        TEST(the_loop_is_counted_outside_the_header),
        TEST(again_and_again),
        TEST(another_shape_wants_a_whole_frame),
        TEST(nothing_published_is_nothing_to_publish_again),
        TEST(a_picture_survives_a_ring_it_does_not_fit),
        TEST(the_old_picture_goes_with_the_first_new_one),
        TEST(the_newest_picture_is_never_written_over),
        TEST(a_frame_given_up_leaves_the_last_picture),
        TEST(the_newest_delivery_wins),
        TEST(reattached_is_told_after_an_error_too),
        TEST(totals_go_on_over_rings),
        TEST(a_host_that_is_gone_is_left_and_waited_for),
        TEST(the_next_host_gets_the_last_picture),
        TEST(an_inherited_socket_ends),
        TEST(refusals_say_why),
        TEST(channel_failures_are_passed_on),
        TEST(a_long_poll_beats_at_least_every_half_second),
        TEST(a_poll_without_time_does_not_wait),
        TEST(announcements_are_checked),
        TEST(a_request_for_hdr_reaches_the_program),
        TEST(metadata_is_written_to_every_ring),
        TEST(closing_says_goodbye_and_frees_the_slot),
        TEST(reattach_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
