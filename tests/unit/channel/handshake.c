/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <stdlib.h>

static int setup(void **state)
{
    struct sandbox *sandbox = calloc(1, sizeof(*sandbox));
    sandbox_make(sandbox);
    *state = sandbox;
    return 0;
}

static int teardown(void **state)
{
    sandbox_remove(*state);
    free(*state);
    return 0;
}

static void both_sides_hear_of_each_other(void **state)
{
    struct host host;
    struct source source;
    host_open(&host, *state, 7);
    source_open(&source, *state, 7);
    const struct fr_source_news welcome = source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    assert_int_equal(welcome.host_pid, fr_os_process_id());
    assert_int_equal(welcome.target_id, 7);
    assert_int_not_equal(source.channel.ops->fd(source.channel.self), -1);

    const struct fr_host_news news = host_expect(&host, FR_HOST_NEWS_SOURCE);
    assert_int_equal(news.pid, fr_os_process_id());
    assert_string_equal(news.name, "tester");
    assert_true(news.has_display);
    assert_memory_equal(&news.display, &full_hd, sizeof(full_hd));
    assert_int_equal(news.capabilities, FR_CAP_STATES);
    assert_true(sink_has(&host.sink, FR_LOG_DEBUG, "source 'tester'"));

    source_close(&source);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_END);
    host_close(&host);
}

static void a_ring_arrives_with_its_handles(void **state)
{
    const struct fr_os os = fr_os_native();
    struct host host;
    struct source source;
    struct ring ring;
    host_open(&host, *state, 7);
    source_open(&source, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    ring_make(&ring, 5);
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);

    struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    assert_int_equal(got.wire_version, 2);
    assert_int_equal(got.generation, 5);
    assert_int_equal(got.ring_len, 4);
    assert_int_equal(got.slots_bytes, ring.delivery.slots_bytes);
    assert_memory_equal(got.slot_offset, ring.delivery.slot_offset, sizeof(got.slot_offset));
    struct fr_memory header;
    assert_int_equal(os.ops->memory_map(os.self, got.header, got.header_bytes, FR_ACCESS_WRITE, &header),
                     FR_OK);
    ((fr_wire_v2 *)header.ptr)->v1.status = FR_WIRE_STATUS_OPENED;
    assert_int_equal(((fr_wire_v2 *)ring.header.ptr)->v1.status, FR_WIRE_STATUS_OPENED);
    os.ops->memory_close(os.self, &header);

    const struct fr_event theirs = {.handle = got.event};
    const struct fr_event *const events[] = {&ring.event};
    os.ops->event_signal(os.self, &theirs);
    assert_int_equal(os.ops->wait(os.self, events, 1, WAIT_NS), FR_OK);
    got.header = FR_HANDLE_NONE;
    delivery_close(&got);
    source_close(&source);
    host_close(&host);
    ring_free(&ring);
}

static void a_ring_without_a_source_is_no_failure(void **state)
{
    struct host host;
    struct ring ring;
    host_open(&host, *state, 7);
    ring_make(&ring, 1);
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
    assert_int_equal(host.channel.ops->request_hdr(host.channel.self, true), FR_AGAIN);
    host_close(&host);
    ring_free(&ring);
}

static void displays_and_hdr_requests_cross(void **state)
{
    struct host host;
    struct source source;
    host_open(&host, *state, 7);
    source_open(&source, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);

    fr_display_descriptor display = full_hd;
    display.mode.width = 2560;
    display.colour_state = FR_COLOUR_STATE_HDR;
    assert_int_equal(source.channel.ops->announce(source.channel.self, &display), FR_OK);
    const struct fr_host_news news = host_expect(&host, FR_HOST_NEWS_DISPLAY);
    assert_memory_equal(&news.display, &display, sizeof(display));

    assert_int_equal(host.channel.ops->request_hdr(host.channel.self, true), FR_OK);
    assert_true(source_expect(&source, FR_SOURCE_NEWS_HDR).hdr_on);
    assert_int_equal(host.channel.ops->request_hdr(host.channel.self, false), FR_OK);
    assert_false(source_expect(&source, FR_SOURCE_NEWS_HDR).hdr_on);

    display.mode.width = FR_SIZE_MAX + 1;
    assert_int_equal(source.channel.ops->announce(source.channel.self, &display), FR_ERR_ARGUMENT);
    host_expect_quiet(&host);
    source_close(&source);
    host_close(&host);
}

static void display_news_are_merged_newest_wins(void **state)
{
    struct host host;
    struct source source;
    host_open(&host, *state, 7);
    source_open(&source, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    fr_display_descriptor display = full_hd;
    for (uint32_t width = 100; width < 110; width++) {
        display.mode.width = width;
        assert_int_equal(source.channel.ops->announce(source.channel.self, &display), FR_OK);
    }
    source_close(&source);
    /* The goodbye is after all of them, so once it is here they are too. */
    assert_true(sink_has(&host.sink, FR_LOG_DEBUG, "said goodbye"));
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_DISPLAY).display.mode.width, 109);
    host_expect(&host, FR_HOST_NEWS_GONE);
    host_close(&host);
}

static void an_invited_source_needs_no_path(void **state)
{
    (void)state;
    struct host host;
    struct source source;
    sink_init(&host.sink);
    const fr_log log = sink_log(&host.sink);
    assert_int_equal(host_create(&host.channel, NULL, 9, &log), FR_OK);
    host_start(&host);

    int theirs, second;
    assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_OK);
    assert_int_equal(host.channel.ops->invite(host.channel.self, &second), FR_ERR_TARGET_BUSY);
    assert_int_equal(second, -1);
    host_expect_quiet(&host);

    source_open_inherited(&source, theirs);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_CONNECTED).target_id, 9);
    const struct fr_host_news news = host_expect(&host, FR_HOST_NEWS_SOURCE);
    assert_int_equal(news.pid, fr_os_process_id());
    assert_int_equal(host.channel.ops->invite(host.channel.self, &second), FR_ERR_TARGET_BUSY);

    host_close(&host);
    assert_true(source_expect(&source, FR_SOURCE_NEWS_GONE).final);
    source_expect_quiet(&source);
    assert_int_equal(source.channel.ops->fd(source.channel.self), -1);
    source_close(&source);
}

static void an_invitation_that_is_dropped_is_news(void **state)
{
    struct host host;
    struct source source;
    host_open(&host, *state, 7);
    int theirs;
    assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_OK);
    raw_close(theirs);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_ERR_SOURCE_DIED);
    assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_OK);
    source_open_inherited(&source, theirs);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    source_close(&source);
    host_close(&host);
}

static void several_targets_live_in_one_process(void **state)
{
    enum { NUM = 3 };
    struct host host[NUM];
    struct source source[NUM];
    struct ring ring[NUM];
    for (uint32_t i = 0; i < NUM; i++)
        host_open(&host[i], *state, i);
    for (uint32_t i = 0; i < NUM; i++) {
        source_open(&source[i], *state, i);
        assert_int_equal(source_expect(&source[i], FR_SOURCE_NEWS_CONNECTED).target_id, i);
        host_expect(&host[i], FR_HOST_NEWS_SOURCE);
        ring_make(&ring[i], 10 + i);
        host[i].channel.ops->deliver(host[i].channel.self, &ring[i].delivery);
    }
    for (uint32_t i = 0; i < NUM; i++) {
        struct fr_delivery got = source_expect(&source[i], FR_SOURCE_NEWS_RING).delivery;
        assert_int_equal(got.generation, 10 + i);
        delivery_close(&got);
        host_close(&host[i]);
        assert_false(source_expect(&source[i], FR_SOURCE_NEWS_GONE).final);
        source_close(&source[i]);
        ring_free(&ring[i]);
    }
}

static void nothing_is_left_open(void **state)
{
    struct host host;
    const size_t before = system_count_handles();
    for (uint32_t i = 1; i <= 3; i++) {
        struct source source;
        struct ring ring;
        host_open(&host, *state, 7);
        source_open(&source, *state, 7);
        source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
        host_expect(&host, FR_HOST_NEWS_SOURCE);
        ring_make(&ring, i);
        host.channel.ops->deliver(host.channel.self, &ring.delivery);
        struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
        delivery_close(&got);
        ring.delivery.generation = 100 + i;
        host.channel.ops->deliver(host.channel.self, &ring.delivery); /* never read */
        source_close(&source);
        host_close(&host);
        ring_free(&ring);
    }
    expect_handles(before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(both_sides_hear_of_each_other),
        TEST(a_ring_arrives_with_its_handles),
        TEST(a_ring_without_a_source_is_no_failure),
        TEST(displays_and_hdr_requests_cross),
        TEST(display_news_are_merged_newest_wins),
        TEST(an_invited_source_needs_no_path),
        TEST(an_invitation_that_is_dropped_is_news),
        TEST(several_targets_live_in_one_process),
        TEST(nothing_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
