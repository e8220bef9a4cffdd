/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include <framering/observe.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

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

static void an_observer_cannot_write(void **state)
{
    struct host host;
    struct ring ring;
    struct fr_packet packet;
    union fr_msg hello;
    char path[FR_ADDRESS_BYTES];
    sandbox_address(*state, 7, path);
    host_open(&host, *state, 7);
    ring_make(&ring, 5);
    host.channel.ops->deliver(host.channel.self, &ring.delivery);
    const fr_handle end = raw_connect(path);
    raw_hello(&hello, 7);
    hello.hello.role = FR_MSG_ROLE_OBSERVER;
    raw_send_msg(end, &hello);
    raw_expect(end, FR_MSG_WELCOME, &packet);
    raw_expect(end, FR_MSG_RING, &packet);
    assert_int_equal(packet.num_handles, 1);
    assert_int_equal(packet.msg.ring.slots_bytes, 0);

    const int fd = (int)packet.handles[0];
    assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    assert_ptr_equal(mmap(NULL, FR_WIRE_V2_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    assert_int_equal(errno, EACCES);
    void *map = mmap(NULL, FR_WIRE_V2_BYTES, PROT_READ, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(map, MAP_FAILED);
    assert_int_equal(mprotect(map, FR_WIRE_V2_BYTES, PROT_READ | PROT_WRITE), -1);
    munmap(map, FR_WIRE_V2_BYTES);
    if (geteuid() != 0) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        assert_int_equal(open(path, O_RDWR | O_CLOEXEC), -1);
    }
    fr_packet_finish(&packet);
    raw_close(end);
    host_close(&host);
    ring_free(&ring);
}

static void an_unsealed_header_is_refused(void **state)
{
    const struct sandbox *sandbox = *state;
    struct host host;
    struct ring ring;
    struct sink sink;
    fr_observer *observer;
    fr_observation seen;
    sink_init(&sink);
    const fr_log log = sink_log(&sink);
    host_open(&host, sandbox, 7);
    ring_make(&ring, 5);
    const int unsealed = memfd_create("unsealed", MFD_CLOEXEC);
    assert_int_equal(ftruncate(unsealed, FR_WIRE_V2_BYTES), 0);
    ring.delivery.header = unsealed;
    host.channel.ops->deliver(host.channel.self, &ring.delivery);
    assert_int_equal(observer_open(&observer, sandbox, 7, &log), FR_OK);
    fr_status status = FR_AGAIN;
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (status == FR_AGAIN && now_ns() < deadline)
        status = fr_observer_sample(observer, &seen);
    assert_int_equal(status, FR_ERR_PROTOCOL);
    assert_true(sink_has(&sink, FR_LOG_ERROR, "too small or may shrink"));
    fr_observer_close(&observer);
    host_close(&host);
    ring_free(&ring);
    close(unsealed);
    sink_finish(&sink);
}

static void targets_are_listed_in_order(void **state)
{
    const struct sandbox *sandbox = *state;
    const char *dir = sandbox->dir;
    uint32_t out[4];
    size_t count = 99;
    assert_int_equal(fr_targets_list(dir, out, 4, &count), FR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(fr_targets_list(dir, NULL, 1, &count), FR_ERR_ARGUMENT);

    struct host host[3];
    host_open(&host[0], sandbox, 300);
    host_open(&host[1], sandbox, UINT32_MAX);
    host_open(&host[2], sandbox, 0);
    const char *const noise[] = {"target-1.sock", "target-02.sock", "target-.sock", "target-4294967296.sock",
                                 "target-9.sockx"};
    for (size_t i = 0; i < 5; i++) {
        char path[160];
        struct raw_listener listener;
        snprintf(path, sizeof(path), "%s/%s", dir, noise[i]);
        if (i == 0) {
            close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
            continue;
        }
        raw_listen(&listener, path);
        raw_unlisten(&listener);
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
        TEST(an_observer_cannot_write),
        TEST(an_unsealed_header_is_refused),
        TEST(targets_are_listed_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
