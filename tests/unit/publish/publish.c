/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 4.2: which slot a frame goes to, and what happens to one that does not fit. */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>

static fr_slot begin(struct fixture *f)
{
    fr_slot slot;
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_OK);
    return slot;
}

static unsigned slots_in(struct fixture *f, uint32_t state)
{
    unsigned count = 0;
    for (int i = 0; i < 4; i++)
        count += (host_header(&f->host)->slot[i].state & 0xff) == state;
    return count;
}

static void a_published_frame_arrives(void **state)
{
    struct fixture *f = *state;
    const uint64_t signals = f->rig.machine.signals;
    fr_slot slot = begin(f);
    assert_int_equal(slot.width, 64);
    assert_int_equal(slot.height, 36);
    assert_int_equal(slot.format, FR_FORMAT_BGRA8);
    assert_int_equal(slot.generation, 1);
    assert_int_equal(slot.sequence, 1);
    assert_int_equal(slot.pitch_bytes % 64, 0);
    assert_int_equal(slot.memory_offset % 4096, 0);
    assert_true(slot.memory_fd >= 0);
    memset(slot.pixels, 0x5a, slot.pitch_bytes * slot.height);
    assert_int_equal(host_header(&f->host)->v1.latest, 0);
    assert_int_equal(f->rig.machine.signals, signals);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_OK);
    assert_int_equal(f->rig.machine.signals, signals + 1);
    fr_token token;
    assert_true(host_take(&f->host, &token));
    assert_int_equal(token.sequence, 1);
    assert_int_equal(token.generation, 1);
    assert_int_equal(host_pixels(&f->host, token.slot)[100], 0x5a);
    host_release(&f->host, token);
    assert_int_equal(fixture_info(f).published, 1);
    assert_int_equal(fixture_info(f).offered, 1);
}

static void free_slots_come_first(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(slots_in(f, FR_WIRE_SLOT_PUBLISHED), 4);
    assert_int_equal(fixture_info(f).dropped, 0);
}

static void then_the_oldest_untaken_frame_is_overwritten(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 11; i++)
        assert_int_equal(rig_push(&f->rig), FR_OK);
    assert_int_equal(fixture_info(f).published, 11);
    assert_int_equal(fixture_info(f).dropped, 7);
    uint32_t seen = 0;
    for (int i = 0; i < 4; i++)
        seen |= 1u << (host_header(&f->host)->slot[i].state >> 8);
    assert_int_equal(seen, 1u << 8 | 1u << 9 | 1u << 10 | 1u << 11);
}

/* Not one slot to be had: the frame is lost, the source is not held. */
static void without_a_slot_the_frame_is_dropped_and_nobody_waits(void **state)
{
    struct fixture *f = *state;
    fr_token token[4];
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rig_push(&f->rig), FR_OK);
        assert_true(host_take(&f->host, &token[i]));
    }
    const uint64_t before = f->rig.machine.now_ns;
    const unsigned polls = f->rig.link.polls;
    fr_slot slot;
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_AGAIN);
    assert_null(slot.pixels);
    assert_int_equal(slot.memory_fd, -1);
    assert_int_equal(f->rig.machine.now_ns, before);
    assert_int_equal(f->rig.machine.waits, 0);
    assert_int_equal(f->rig.link.polls, polls);
    assert_int_equal(fixture_info(f).dropped, 1);
    assert_int_equal(fixture_info(f).offered, 5);
    host_release(&f->host, token[0]);
    assert_int_equal(rig_push(&f->rig), FR_OK);
}

static void order_is_an_argument_error(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_ERR_ARGUMENT);
    (void)begin(f);
    fr_slot slot;
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_ERR_ARGUMENT);
    assert_null(slot.pixels);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_OK);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fixture_info(f).published, 1);
}

static void cancel_gives_the_slot_back(void **state)
{
    struct fixture *f = *state;
    fr_source_cancel(f->rig.source);
    assert_int_equal(fixture_info(f).dropped, 0);
    for (int i = 0; i < 9; i++) {
        (void)begin(f);
        assert_int_equal(slots_in(f, FR_WIRE_SLOT_WRITING), 1);
        fr_source_cancel(f->rig.source);
        assert_int_equal(slots_in(f, FR_WIRE_SLOT_FREE), 4);
    }
    assert_int_equal(host_header(&f->host)->v1.latest, 0);
    assert_int_equal(fixture_info(f).dropped, 9);
    assert_int_equal(fixture_info(f).published, 0);
    assert_int_equal(begin(f).sequence, 1);
}

/* A program that stands still drops nothing. */
static void a_slot_claimed_ahead_counts_when_it_is_published(void **state)
{
    struct fixture *f = *state;
    fr_slot slot;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(fr_source_begin_ahead(f->rig.source, &slot), FR_OK);
        assert_int_equal(slots_in(f, FR_WIRE_SLOT_WRITING), 1);
        fr_source_cancel(f->rig.source);
    }
    assert_int_equal(fixture_info(f).offered, 0);
    assert_int_equal(fixture_info(f).dropped, 0);
    assert_int_equal(fr_source_begin_ahead(f->rig.source, &slot), FR_OK);
    assert_int_equal(fixture_info(f).offered, 0);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_OK);
    assert_int_equal(fixture_info(f).offered, 1);
    assert_int_equal(fixture_info(f).published, 1);
    /* The next one is counted as ever. */
    (void)begin(f);
    fr_source_cancel(f->rig.source);
    assert_int_equal(fixture_info(f).offered, 2);
    assert_int_equal(fixture_info(f).dropped, 1);
    /* There was a frame, and it is lost. */
    assert_int_equal(fr_source_begin_ahead(f->rig.source, &slot), FR_OK);
    fr_ring_host_retire(&f->host.words, 2);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_AGAIN);
    assert_int_equal(fixture_info(f).offered, 3);
    assert_int_equal(fixture_info(f).dropped, 2);
    assert_int_equal(fr_source_begin_ahead(f->rig.source, &slot), FR_AGAIN);
    assert_int_equal(fixture_info(f).offered, 3);
}

static void a_ring_that_goes_stale_takes_no_frame(void **state)
{
    struct fixture *f = *state;
    (void)begin(f);
    fr_ring_host_retire(&f->host.words, 2);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_AGAIN);
    assert_int_equal(host_header(&f->host)->v1.latest, 0);
    assert_int_equal(slots_in(f, FR_WIRE_SLOT_WRITING), 0);
    fr_slot slot;
    assert_int_equal(fr_source_begin(f->rig.source, &slot), FR_AGAIN);
    assert_int_equal(fixture_info(f).offered, 1);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_AGAIN);
}

static void a_host_that_takes_the_slot_away_is_left(void **state)
{
    struct fixture *f = *state;
    (void)begin(f);
    for (int i = 0; i < 4; i++)
        host_header(&f->host)->slot[i].state = FR_WIRE_SLOT_READING;
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_AGAIN);
    assert_false(fixture_info(f).attached);
    assert_int_equal(host_header(&f->host)->v1.latest, 0);
    assert_int_equal(rig_logged(&f->rig, FR_LOG_WARNING, "changed hands"), 1);
    assert_int_equal(fixture_info(f).published, 0);
}

/* ---- push ---- */

static uint8_t pixels[65 * 36 * 8];

static fr_image image(uint32_t width, uint32_t height, fr_format format)
{
    return (fr_image){.pixels = pixels,
                      .pitch_bytes = (ptrdiff_t)(width * fr_format_pixel_bytes(format)),
                      .width = width,
                      .height = height,
                      .format = format};
}

static void push_copies_row_by_row(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = (uint8_t)(i * 31 / 7);
    fr_image whole = image(64, 36, FR_FORMAT_BGRA8);
    for (int flipped = 0; flipped < 2; flipped++) {
        if (flipped) {
            whole.pixels = pixels + 35 * 256;
            whole.pitch_bytes = -256;
        }
        assert_int_equal(fr_source_push(f->rig.source, &whole, NULL), FR_OK);
        fr_token token;
        assert_true(host_take(&f->host, &token));
        for (int y = 0; y < 36; y++)
            assert_memory_equal(host_pixels(&f->host, token.slot) + (size_t)y * f->host.delivery.pitch_bytes,
                                pixels + (size_t)(flipped ? 35 - y : y) * 256, 256);
        host_release(&f->host, token);
    }
}

static void mismatch(struct fixture *f, fr_image wrong)
{
    const fr_source_info before = fixture_info(f);
    assert_int_equal(fr_source_push(f->rig.source, &wrong, NULL), FR_AGAIN);
    assert_int_equal(fixture_info(f).mismatched, before.mismatched + 1);
    assert_int_equal(fixture_info(f).offered, before.offered + 1);
    assert_int_equal(fixture_info(f).published, before.published);
    assert_int_equal(host_header(&f->host)->source.mismatched, before.mismatched + 1);
    assert_int_equal(slots_in(f, FR_WIRE_SLOT_WRITING), 0);
}

static void another_size_or_format_is_dropped_and_counted(void **state)
{
    struct fixture *f = *state;
    mismatch(f, image(65, 36, FR_FORMAT_BGRA8));
    mismatch(f, image(64, 35, FR_FORMAT_BGRA8));
    mismatch(f, image(64, 36, FR_FORMAT_RGBA8));
    mismatch(f, image(64, 36, FR_FORMAT_RGBA16F));
    assert_int_equal(host_header(&f->host)->v1.latest, 0);
}

static void an_episode_is_logged_once(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 5; i++)
        mismatch(f, image(65, 36, FR_FORMAT_BGRA8));
    assert_int_equal(rig_logged(&f->rig, FR_LOG_WARNING, "65x36 bgra do not fit the ring of 64x36 bgra"), 1);
    const fr_image good = image(64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(fr_source_push(f->rig.source, &good, NULL), FR_OK);
    mismatch(f, image(64, 36, FR_FORMAT_RGBA8));
    mismatch(f, image(64, 36, FR_FORMAT_RGBA8));
    assert_int_equal(rig_logged(&f->rig, FR_LOG_WARNING, "do not fit"), 2);
}

static void push_refuses_nothing_to_push(void **state)
{
    struct fixture *f = *state;
    fr_image none = image(64, 36, FR_FORMAT_BGRA8);
    none.pixels = NULL;
    assert_int_equal(fr_source_push(f->rig.source, &none, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_source_push(f->rig.source, NULL, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fixture_info(f).offered, 0);
}

/* ---- what goes with a frame ---- */

static const fr_wire_slot *newest(struct fixture *f)
{
    return &host_header(&f->host)->slot[f->rig.source->current.ring.newest_slot];
}

static void times_go_with_the_frame(void **state)
{
    struct fixture *f = *state;
    (void)begin(f);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_OK);
    assert_int_equal(newest(f)->present_ns, f->rig.machine.now_ns);
    assert_int_equal(newest(f)->publish_delay_us, 0);
    assert_int_equal(newest(f)->clock_id, FR_WIRE_CLOCK_MONOTONIC);
    static const uint64_t ago_us[] = {0, 1, 2500, UINT32_MAX, UINT64_C(1) << 33};
    machine_advance(&f->rig.machine, UINT64_C(20000) * FR_NS_PER_S);
    for (size_t i = 0; i < sizeof(ago_us) / sizeof(ago_us[0]); i++) {
        const fr_publish_info at = {.present_ns = f->rig.machine.now_ns - ago_us[i] * 1000};
        (void)begin(f);
        assert_int_equal(fr_source_publish(f->rig.source, &at), FR_OK);
        assert_int_equal(newest(f)->present_ns, at.present_ns);
        assert_int_equal(host_header(&f->host)->v1.present_time, at.present_ns);
        const uint64_t delay = ago_us[i] < UINT32_MAX ? ago_us[i] : UINT32_MAX;
        assert_int_equal(newest(f)->publish_delay_us, delay);
    }
    const fr_publish_info later = {.present_ns = f->rig.machine.now_ns + FR_NS_PER_S};
    (void)begin(f);
    assert_int_equal(fr_source_publish(f->rig.source, &later), FR_OK);
    assert_int_equal(newest(f)->publish_delay_us, 0);
}

static void take_newest(struct fixture *f)
{
    fr_token token;
    assert_true(host_take(&f->host, &token));
    host_release(&f->host, token);
}

static void damage_must_lie_in_the_picture(void **state)
{
    struct fixture *f = *state;
    static const struct {
        fr_rect rect;
        bool good;
    } rows[] = {
        {{0, 0, 64, 36}, true},  {{63, 35, 1, 1}, true},         {{64, 36, 0, 0}, true},
        {{0, 0, 65, 36}, false}, {{1, 0, 64, 36}, false},        {{0, 1, 64, 36}, false},
        {{65, 0, 0, 0}, false},  {{UINT32_MAX, 0, 2, 1}, false}, {{1, 1, UINT32_MAX, 1}, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        (void)begin(f);
        const fr_rect rects[2] = {{1, 1, 0, 0}, rows[i].rect};
        const fr_publish_info with = {.damage = rects, .num_damage = 2};
        assert_int_equal(fr_source_publish(f->rig.source, &with), FR_OK);
        assert_int_equal(newest(f)->flags & 1u, rows[i].good ? FR_WIRE_FRAME_DAMAGE : 0);
        if (rows[i].good)
            assert_int_equal(newest(f)->damage[2], rows[i].rect.width);
        take_newest(f);
    }
}

static void more_damage_than_a_slot_can_say_is_merged(void **state)
{
    struct fixture *f = *state;
    fr_rect rects[100];
    for (uint32_t i = 0; i < 100; i++)
        rects[i] = (fr_rect){i % 10 * 6, i / 10 * 3, 2, 1};
    const fr_publish_info with = {.damage = rects, .num_damage = 100};
    (void)begin(f);
    assert_int_equal(fr_source_publish(f->rig.source, &with), FR_OK);
    fr_token token;
    struct fr_ring_record record;
    assert_true(fr_ring_host_newest(&f->host.words, &token));
    assert_true(fr_ring_host_claim(&f->host.words, token));
    assert_true(fr_ring_host_record(&f->host.words, token, &record));
    assert_true(record.has_damage);
    assert_in_range(record.damage.count, 2, FR_WIRE_RECTS_MAX);
    for (uint32_t i = 0; i < 100; i++) {
        bool covered = false;
        for (uint32_t k = 0; k < record.damage.count; k++) {
            const fr_rect *have = &record.damage.rect[k];
            covered |= rects[i].x >= have->x && rects[i].x + 2 <= have->x + have->width &&
                       rects[i].y - have->y < have->height;
        }
        assert_true(covered);
    }
}

/* A host from before there were lists: its header ends where the lists would begin. */
static void an_older_host_gets_the_bounds(void **state)
{
    struct fixture *f = *state;
    const fr_rect rects[2] = {{0, 0, 4, 4}, {50, 30, 4, 4}};
    const fr_publish_info with = {.damage = rects, .num_damage = 2};
    f->host.header_bytes = FR_WIRE_V2_BYTES;
    host_make(&f->host, 2, 64, 36, FR_FORMAT_BGRA8);
    host_deliver(&f->host);
    assert_true(fr_source_poll(f->rig.source, 0) >= 0);
    (void)begin(f);
    assert_int_equal(fr_source_publish(f->rig.source, &with), FR_OK);
    assert_int_equal(newest(f)->flags, FR_WIRE_FRAME_DAMAGE);
    const uint32_t bounds[4] = {0, 0, 54, 34};
    assert_memory_equal(newest(f)->damage, bounds, sizeof(bounds));
}

static void publish_beats_the_heart(void **state)
{
    struct fixture *f = *state;
    machine_advance(&f->rig.machine, FR_NS_PER_S);
    (void)begin(f);
    assert_int_equal(fr_source_publish(f->rig.source, NULL), FR_OK);
    assert_int_equal(host_header(&f->host)->source.heartbeat_ns, f->rig.machine.now_ns);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup_attached, fixture_teardown)

/* The host did not get what the rectangle is against, though the numbers follow each other. */
static void what_changed_since_a_lost_frame_is_not_said(void **state)
{
    struct fixture *f = *state;
    const fr_rect rect = {1, 2, 3, 4};
    const fr_publish_info with = {.damage = &rect, .num_damage = 1};
    const fr_image other = {.pixels = f, .width = 65, .height = 36, .format = FR_FORMAT_BGRA8};
    assert_int_equal(rig_push(&f->rig), FR_OK);
    for (int i = 0; i < 2; i++) {
        (void)begin(f);
        assert_int_equal(fr_source_publish(f->rig.source, &with), FR_OK);
        assert_int_equal(newest(f)->flags & 1u, FR_WIRE_FRAME_DAMAGE);
        assert_int_equal(fr_source_push(f->rig.source, &other, &with), FR_AGAIN);
        (void)begin(f);
        assert_int_equal(fr_source_publish(f->rig.source, &with), FR_OK);
        assert_int_equal(newest(f)->flags, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_published_frame_arrives),
        TEST(free_slots_come_first),
        TEST(then_the_oldest_untaken_frame_is_overwritten),
        TEST(without_a_slot_the_frame_is_dropped_and_nobody_waits),
        TEST(order_is_an_argument_error),
        TEST(cancel_gives_the_slot_back),
        TEST(a_slot_claimed_ahead_counts_when_it_is_published),
        TEST(a_ring_that_goes_stale_takes_no_frame),
        TEST(a_host_that_takes_the_slot_away_is_left),
        TEST(push_copies_row_by_row),
        TEST(another_size_or_format_is_dropped_and_counted),
        TEST(an_episode_is_logged_once),
        TEST(push_refuses_nothing_to_push),
        TEST(times_go_with_the_frame),
        TEST(damage_must_lie_in_the_picture),
        TEST(more_damage_than_a_slot_can_say_is_merged),
        TEST(an_older_host_gets_the_bounds),
        TEST(what_changed_since_a_lost_frame_is_not_said),
        TEST(publish_beats_the_heart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
