/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include "observe/targets.h"

#include <framering/observe.h>

#include <stdlib.h>

struct fixture {
    struct sandbox sandbox;
    char address[FR_ADDRESS_BYTES];
    struct sink sink;
    fr_log log;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    sandbox_address(&fixture->sandbox, 7, fixture->address);
    sink_init(&fixture->sink);
    fixture->log = sink_log(&fixture->sink);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    sandbox_remove(&fixture->sandbox);
    sink_finish(&fixture->sink);
    free(fixture);
    return 0;
}

static fr_observer *open_observer(struct fixture *fixture)
{
    fr_observer *observer;
    assert_int_equal(observer_open(&observer, &fixture->sandbox, 7, &fixture->log), FR_OK);
    return observer;
}

/* Samples until the observer has seen that many rings. */
static fr_observation sample_ring(fr_observer *observer, uint32_t attaches)
{
    fr_observation seen = {0};
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (seen.attaches < attaches) {
        assert_true(now_ns() < deadline);
        assert_true(fr_observer_sample(observer, &seen) >= 0);
        sleep_ms(1);
    }
    return seen;
}

static void a_running_session_is_watched(void **state)
{
    struct fixture *fixture = *state;
    const size_t before = system_count_handles();
    struct host host;
    struct source source;
    struct ring ring, next;
    fr_observation seen;
    host_open(&host, &fixture->sandbox, 7);
    fr_observer *observer = open_observer(fixture);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_AGAIN);
    assert_false(seen.has_header);
    assert_true(seen.at_ns > 0);

    source_open(&source, &fixture->sandbox, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    ring_make(&ring, 5);
    host.channel.ops->deliver(host.channel.self, &ring.delivery);
    struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    delivery_close(&got);
    seen = sample_ring(observer, 1);
    assert_true(seen.has_header);
    assert_int_equal(seen.header.v1.generation, 5);
    assert_int_equal(seen.latest.sequence, 0);

    ((fr_wire_v2 *)ring.header.ptr)->v1.latest =
        fr_token_pack((fr_token){.generation = 5, .sequence = 9, .slot = 2});
    assert_int_equal(fr_observer_sample(observer, &seen), FR_OK);
    assert_int_equal(seen.latest.sequence, 9);
    assert_int_equal(seen.latest.slot, 2);

    /* A new generation in a new header is followed. */
    ring_make(&next, 6);
    host.channel.ops->deliver(host.channel.self, &next.delivery);
    seen = sample_ring(observer, 2);
    assert_int_equal(seen.header.v1.generation, 6);

    /* One who comes later gets the ring in force, and nobody else noticed any of this. */
    fr_observer *late = open_observer(fixture);
    assert_int_equal(sample_ring(late, 1).header.v1.generation, 6);
    got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    delivery_close(&got);
    source_expect_quiet(&source);
    host_expect_quiet(&host);

    fr_observer_close(&late);
    assert_null(late);
    source_close(&source);
    host_close(&host);
    const uint64_t deadline = now_ns() + WAIT_NS;
    fr_status status = FR_OK;
    while (status != FR_END && now_ns() < deadline)
        status = fr_observer_sample(observer, &seen);
    assert_int_equal(status, FR_END);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_END);
    fr_observer_close(&observer);
    ring_free(&ring);
    ring_free(&next);
    expect_handles(before);
}

static void no_host_no_observer(void **state)
{
    struct fixture *fixture = *state;
    fr_observer *observer = (fr_observer *)fixture;
    assert_int_equal(fr_observer_open(&observer, fixture->sandbox.dir, 7, &fixture->log), FR_ERR_NO_HOST);
    assert_null(observer);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "no host answers at target 7"));
    assert_int_equal(fr_observer_open(NULL, NULL, 7, NULL), FR_ERR_ARGUMENT);
    fr_observer_close(&observer);
    fr_observer_close(NULL);
}

/* A host that accepts and then says nothing costs one second, no more. */
static void a_silent_host_is_given_up(void **state)
{
    struct fixture *fixture = *state;
    struct raw_listener listener;
    raw_listen(&listener, fixture->address);
    fr_observer *observer;
    /* The least of a few: the machine itself may stand still meanwhile. */
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 8 && least >= 3 * FR_NS_PER_S; i++) {
        const uint64_t begin = now_ns();
        assert_int_equal(fr_observer_open(&observer, fixture->sandbox.dir, 7, &fixture->log), FR_ERR_NO_HOST);
        const uint64_t took = now_ns() - begin;
        assert_true(took >= FR_NS_PER_S * 9 / 10);
        least = took < least ? took : least;
    }
    assert_true(least < 3 * FR_NS_PER_S);
    raw_unlisten(&listener);
}

static void a_crowd_of_observers_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    enum { NUM = 8 };
    struct host host;
    struct source source;
    fr_observer *observer[NUM], *surplus;
    host_open(&host, &fixture->sandbox, 7);
    for (size_t i = 0; i < NUM; i++)
        observer[i] = open_observer(fixture);
    assert_int_equal(observer_open(&surplus, &fixture->sandbox, 7, &fixture->log), FR_ERR_REFUSED);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "too many observers"));
    /* They take no source's place. */
    source_open(&source, &fixture->sandbox, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    for (size_t i = 0; i < NUM; i++)
        fr_observer_close(&observer[i]);
    source_close(&source);
    host_close(&host);
}

static void a_damaged_header_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct ring ring;
    fr_observation seen;
    host_open(&host, &fixture->sandbox, 7);
    ring_make(&ring, 5);
    ((fr_wire_v2 *)ring.header.ptr)->v1.ring_len = 99;
    host.channel.ops->deliver(host.channel.self, &ring.delivery);
    fr_observer *observer = open_observer(fixture);
    fr_status status = FR_AGAIN;
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (status == FR_AGAIN && now_ns() < deadline)
        status = fr_observer_sample(observer, &seen);
    assert_int_equal(status, FR_ERR_PROTOCOL);
    assert_false(seen.has_header);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "ring length"));
    fr_observer_close(&observer);
    host_close(&host);
    ring_free(&ring);
}

static void only_names_that_a_host_makes_are_targets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits;
        uint32_t target_id;
    } cases[] = {
        {"framering-target-0", true, 0},
        {"framering-target-300", true, 300},
        {"framering-target-4294967295", true, UINT32_MAX},
        {"framering-target-4294967296", false, 0},
        {"framering-target-02", false, 0},
        {"framering-target-+2", false, 0},
        {"framering-target-", false, 0},
        {"framering-target-2x", false, 0},
        {"other-framering-target-2", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t target_id = 99;
        assert_int_equal(fr_targets_parse(cases[i].text, "framering-target-", "", &target_id), cases[i].fits);
        if (cases[i].fits)
            assert_int_equal(target_id, cases[i].target_id);
    }

    uint32_t out[3];
    size_t count = 0;
    const uint32_t targets[] = {300, 5, UINT32_MAX, 7, 0};
    for (size_t i = 0; i < 5; i++)
        fr_targets_insert(out, 3, &count, targets[i]);
    assert_int_equal(count, 3);
    assert_int_equal(out[0], 0);
    assert_int_equal(out[1], 5);
    assert_int_equal(out[2], 7);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_running_session_is_watched), TEST(no_host_no_observer),
        TEST(a_silent_host_is_given_up),    TEST(a_crowd_of_observers_is_bounded),
        TEST(a_damaged_header_is_named),    TEST(only_names_that_a_host_makes_are_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
