/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include <framering/observe.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct fixture {
    struct sandbox sandbox;
    char path[FR_SOCKET_PATH_BYTES];
    struct sink sink;
    fr_log log;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    sandbox_socket(&fixture->sandbox, 7, fixture->path);
    sink_init(&fixture->sink);
    fixture->log = sink_log(&fixture->sink);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    sandbox_remove(&fixture->sandbox);
    free(fixture);
    return 0;
}

static fr_observer *open_observer(struct fixture *fixture)
{
    fr_observer *observer;
    assert_int_equal(fr_observer_open(&observer, fixture->sandbox.dir, 7, &fixture->log), FR_OK);
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
    const size_t before = count_fds();
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
    expect_fds(before);
}

static void an_observer_cannot_write(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct ring ring;
    struct fr_packet packet;
    union fr_msg hello;
    host_open(&host, &fixture->sandbox, 7);
    ring_make(&ring, 5);
    host.channel.ops->deliver(host.channel.self, &ring.delivery);
    const int fd = raw_connect(fixture->path);
    raw_hello(&hello, 7);
    hello.hello.role = FR_MSG_ROLE_OBSERVER;
    raw_send_msg(fd, &hello);
    raw_expect(fd, FR_MSG_WELCOME, &packet);
    raw_expect(fd, FR_MSG_RING, &packet);
    assert_int_equal(packet.num_fds, 1);
    assert_int_equal(packet.msg.ring.slots_bytes, 0);

    assert_int_equal(fcntl(packet.fds[0], F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_ptr_equal(mmap(NULL, FR_WIRE_V2_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, packet.fds[0], 0),
                     MAP_FAILED);
    assert_int_equal(errno, EACCES);
    void *map = mmap(NULL, FR_WIRE_V2_BYTES, PROT_READ, MAP_SHARED, packet.fds[0], 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    assert_int_equal(mprotect(map, FR_WIRE_V2_BYTES, PROT_READ | PROT_WRITE), -1);
    munmap(map, FR_WIRE_V2_BYTES);
    if (geteuid() != 0) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/self/fd/%d", packet.fds[0]);
        assert_int_equal(open(path, O_RDWR | O_CLOEXEC), -1);
    }
    fr_packet_finish(&packet);
    close(fd);
    host_close(&host);
    ring_free(&ring);
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
    assert_int_equal(mkdir(fixture->sandbox.dir, 0700), 0);
    const int listen_fd = raw_listen(fixture->path);
    fr_observer *observer;
    const uint64_t begin = now_ns();
    assert_int_equal(fr_observer_open(&observer, fixture->sandbox.dir, 7, &fixture->log), FR_ERR_NO_HOST);
    const uint64_t took = now_ns() - begin;
    assert_true(took >= FR_NS_PER_S * 9 / 10 && took < 3 * FR_NS_PER_S);
    close(listen_fd);
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
    assert_int_equal(fr_observer_open(&surplus, fixture->sandbox.dir, 7, &fixture->log), FR_ERR_REFUSED);
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

/* A raw host hands an observer `header`; returns what the sample says. */
static fr_status sample_header(struct fixture *fixture, int header, fr_observation *seen)
{
    struct host host;
    struct ring ring;
    host_open(&host, &fixture->sandbox, 7);
    ring_make(&ring, 5);
    if (header >= 0)
        ring.delivery.header = header;
    else
        ((fr_wire_v2 *)ring.header.ptr)->v1.ring_len = 99;
    host.channel.ops->deliver(host.channel.self, &ring.delivery);
    fr_observer *observer = open_observer(fixture);
    fr_status status = FR_AGAIN;
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (status == FR_AGAIN && now_ns() < deadline)
        status = fr_observer_sample(observer, seen);
    fr_observer_close(&observer);
    host_close(&host);
    ring_free(&ring);
    return status;
}

static void a_damaged_header_is_named(void **state)
{
    struct fixture *fixture = *state;
    fr_observation seen;
    assert_int_equal(sample_header(fixture, -1, &seen), FR_ERR_PROTOCOL);
    assert_false(seen.has_header);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "ring length"));
    const int unsealed = memfd_create("unsealed", MFD_CLOEXEC);
    assert_int_equal(ftruncate(unsealed, FR_WIRE_V2_BYTES), 0);
    assert_int_equal(sample_header(fixture, unsealed, &seen), FR_ERR_PROTOCOL);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "too small or may shrink"));
    close(unsealed);
}

static void targets_are_listed_in_order(void **state)
{
    struct fixture *fixture = *state;
    const char *dir = fixture->sandbox.dir;
    uint32_t out[4];
    size_t count = 99;
    assert_int_equal(fr_targets_list(dir, out, 4, &count), FR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(fr_targets_list(dir, NULL, 1, &count), FR_ERR_ARGUMENT);

    struct host host[3];
    host_open(&host[0], &fixture->sandbox, 300);
    host_open(&host[1], &fixture->sandbox, UINT32_MAX);
    host_open(&host[2], &fixture->sandbox, 0);
    const char *const noise[] = {"target-1.sock", "target-02.sock", "target-.sock", "target-4294967296.sock",
                                 "target-9.sockx"};
    for (size_t i = 0; i < 5; i++) {
        char path[160];
        snprintf(path, sizeof(path), "%s/%s", dir, noise[i]);
        if (i == 0)
            close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        else
            close(raw_listen(path));
    }
    assert_int_equal(fr_targets_list(dir, out, 4, &count), FR_OK);
    assert_int_equal(count, 3);
    assert_int_equal(out[0], 0);
    assert_int_equal(out[1], 300);
    assert_int_equal(out[2], UINT32_MAX);
    assert_int_equal(fr_targets_list(dir, out, 2, &count), FR_OK);
    assert_int_equal(count, 2);
    assert_int_equal(out[0], 0);
    assert_int_equal(out[1], 300);
    assert_int_equal(fr_targets_list(dir, NULL, 0, &count), FR_OK);
    assert_int_equal(count, 0);
    for (size_t i = 0; i < 3; i++)
        host_close(&host[i]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_running_session_is_watched),
        TEST(an_observer_cannot_write),
        TEST(no_host_no_observer),
        TEST(a_silent_host_is_given_up),
        TEST(a_crowd_of_observers_is_bounded),
        TEST(a_damaged_header_is_named),
        TEST(targets_are_listed_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
