/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* A source that meets a host which says what it likes: it ends with a reason, and keeps nothing open. */

struct fixture {
    struct sandbox sandbox;
    char path[FR_SOCKET_PATH_BYTES];
    int listen_fd;
    size_t fds;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    sandbox_socket(&fixture->sandbox, 7, fixture->path);
    assert_int_equal(mkdir(fixture->sandbox.dir, 0700), 0);
    fixture->listen_fd = raw_listen(fixture->path);
    fixture->fds = count_fds();
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    expect_fds(fixture->fds);
    close(fixture->listen_fd);
    sandbox_remove(&fixture->sandbox);
    free(fixture);
    return 0;
}

/* The source has said HELLO to us. */
static int meet(struct fixture *fixture, struct source *source)
{
    struct fr_packet packet;
    source_open(source, &fixture->sandbox, 7);
    source_expect_quiet(source);
    const int fd = raw_accept(fixture->listen_fd);
    raw_expect(fd, FR_MSG_HELLO, &packet);
    assert_int_equal(packet.pid, getpid());
    assert_string_equal(packet.msg.hello.name, "tester");
    assert_int_equal(packet.msg.hello.display.width, 1920);
    return fd;
}

static void send_welcome(int fd, uint32_t target_id)
{
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_WELCOME);
    msg.welcome.protocol = FR_MSG_PROTOCOL_MAX;
    msg.welcome.wire = FR_MSG_WIRE_MAX;
    msg.welcome.target_id = target_id;
    msg.welcome.pid = 4711;
    raw_send_msg(fd, &msg);
}

static void expect_broken(struct source *source, int fd, const char *sentence)
{
    assert_int_equal(source_expect(source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&source->sink, FR_LOG_ERROR, sentence));
    assert_int_equal(source->channel.ops->fd(source->channel.self), -1);
    source_expect_quiet(source);
    source_close(source);
    close(fd);
}

static void garbage_instead_of_a_welcome(void **state)
{
    struct source source;
    int fd = meet(*state, &source);
    raw_send(fd, "hello there, this is not it", 27, NULL, 0);
    expect_broken(&source, fd, "not a framering message");
    fd = meet(*state, &source);
    raw_send(fd, "x", 0, NULL, 0);
    expect_broken(&source, fd, "too short");
    fd = meet(*state, &source);
    send_welcome(fd, 8);
    expect_broken(&source, fd, "WELCOME to another target");
    union fr_msg msg;
    for (uint32_t type = FR_MSG_HELLO; type <= FR_MSG_HDR; type++) {
        if (type == FR_MSG_REFUSE)
            continue;
        fd = meet(*state, &source);
        fr_msg_init(&msg, type);
        raw_send_msg(fd, &msg);
        expect_broken(&source, fd, "broke the protocol");
    }
}

/* What is sent after the WELCOME, with that many descriptors, breaks the rules. */
static void expect_bad_ring(struct fixture *fixture, const union fr_msg *msg, const int *fds, size_t num_fds,
                            const char *sentence)
{
    struct source source;
    const int fd = meet(fixture, &source);
    send_welcome(fd, 7);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_CONNECTED).host_pid, 4711);
    raw_send(fd, msg, msg->head.bytes, fds, num_fds);
    expect_broken(&source, fd, sentence);
}

static void rings_with_the_wrong_descriptors(void **state)
{
    struct fixture *fixture = *state;
    struct ring ring;
    union fr_msg msg;
    ring_make(&ring, 1);
    fr_msg_put_ring(&msg, &ring.delivery);
    const int fine[] = {(int)ring.header.handle, (int)ring.slots.handle, (int)ring.event.handle};
    int many[16];
    for (size_t i = 0; i < 16; i++)
        many[i] = fine[i % 3];
    expect_bad_ring(fixture, &msg, many, 0, "wrong number of descriptors");
    expect_bad_ring(fixture, &msg, many, 2, "wrong number of descriptors");
    expect_bad_ring(fixture, &msg, many, 4, "wrong number of descriptors");
    expect_bad_ring(fixture, &msg, many, 16, "more descriptors than belong");

    /* Writing to these would block, or raise SIGPIPE. */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    many[2] = ends[1];
    expect_bad_ring(fixture, &msg, many, 3, "event is not one");
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    many[2] = ends[1];
    expect_bad_ring(fixture, &msg, many, 3, "event is not one");
    many[2] = fine[0];
    expect_bad_ring(fixture, &msg, many, 3, "event is not one");
    close(ends[0]);
    close(ends[1]);
    ring_free(&ring);
}

static void rings_with_forged_sizes(void **state)
{
    struct fixture *fixture = *state;
    struct ring ring;
    ring_make(&ring, 1);
    const int fds[] = {(int)ring.header.handle, (int)ring.slots.handle, (int)ring.event.handle};
    union fr_msg msg;
    fr_msg_put_ring(&msg, &ring.delivery);
    msg.ring.ring_len = 9;
    expect_bad_ring(fixture, &msg, fds, 3, "number of slots");
    fr_msg_put_ring(&msg, &ring.delivery);
    msg.ring.slot_offset[3] = UINT64_MAX & ~UINT64_C(4095);
    expect_bad_ring(fixture, &msg, fds, 3, "slots lie outside");
    fr_msg_put_ring(&msg, &ring.delivery);
    msg.ring.pitch_bytes = UINT64_MAX & ~UINT64_C(63);
    expect_bad_ring(fixture, &msg, fds, 3, "pitch");
    fr_msg_put_ring(&msg, &ring.delivery);
    msg.ring.height = 0;
    expect_bad_ring(fixture, &msg, fds, 3, "picture size");
    ring_free(&ring);
}

/* The message may be right and the memory behind it wrong: the mapping catches that. */
static void memory_that_is_not_what_the_ring_says(void **state)
{
    (void)state;
    const struct fr_os os = fr_os_native();
    struct ring ring;
    struct fr_memory memory = {.handle = FR_HANDLE_NONE};
    ring_make(&ring, 1);
    assert_int_equal(
        os.ops->memory_map(os.self, ring.slots.handle, (size_t)ring.slots.bytes + 1, FR_ACCESS_READ, &memory),
        FR_ERR_PROTOCOL);
    assert_null(memory.ptr);
    ring_free(&ring);
}

static void a_refusal_is_told_with_its_reason(void **state)
{
    struct source source;
    const fr_status reasons[] = {FR_ERR_VERSION, FR_ERR_PERMISSION, FR_ERR_TARGET_BUSY, FR_ERR_REFUSED};
    for (size_t i = 0; i < 4; i++) {
        const int fd = meet(*state, &source);
        fr_packet_send_refuse(fd, reasons[i], "because \x1b[31mof this");
        close(fd);
        assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, reasons[i]);
        assert_true(sink_has(&source.sink, FR_LOG_ERROR, "because ?[31mof this"));
        source_close(&source);
    }
}

/* A host may refuse and close before it reads the HELLO: the kernel then puts a reset in front of the
 * words. */
static void a_refusal_before_the_hello_was_read(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    source_open(&source, &fixture->sandbox, 7);
    source_expect_quiet(&source);
    const int fd = raw_accept(fixture->listen_fd);
    fr_packet_send_refuse(fd, FR_ERR_PERMISSION, "not you");
    close(fd);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PERMISSION);
    source_close(&source);
}

static void a_host_that_hangs_up_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    int fd = meet(fixture, &source);
    const uint64_t begin = now_ns();
    close(fd);
    source_expect_quiet(&source); /* it never was a host, so nothing is told */
    struct fr_source_news news;
    assert_int_equal(source.channel.ops->poll(source.channel.self, FR_NS_PER_S, &news), FR_AGAIN);
    fd = raw_accept(fixture->listen_fd);
    assert_true(now_ns() - begin >= 400 * FR_NS_PER_MS);
    struct fr_packet packet;
    raw_expect(fd, FR_MSG_HELLO, &packet);
    send_welcome(fd, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    close(fd);
    assert_false(source_expect(&source, FR_SOURCE_NEWS_GONE).final);
    source_close(&source);
}

/* Announcing must not block, and the newest must arrive once the host reads again. */
static void a_host_that_does_not_read_gets_the_newest_display(void **state)
{
    struct source source;
    struct fr_packet packet;
    struct fr_source_news news;
    const int fd = meet(*state, &source);
    send_welcome(fd, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    fr_display_descriptor display = full_hd;
    for (uint32_t width = 1; width <= 3000; width++) {
        display.mode.width = width;
        assert_int_equal(source.channel.ops->announce(source.channel.self, &display), FR_OK);
    }
    uint32_t newest = 0;
    for (int i = 0; i < 4000 && newest != 3000; i++) {
        if (fr_packet_receive(fd, &packet) == FR_OK)
            newest = packet.msg.display.display.width;
        else
            source.channel.ops->poll(source.channel.self, 0, &news);
    }
    assert_int_equal(newest, 3000);
    source_close(&source);
    close(fd);
}

static void a_socket_that_is_none_is_refused(void **state)
{
    (void)state;
    struct sink sink;
    struct fr_source_channel channel;
    sink_init(&sink);
    const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    const struct fr_socket_source_params params = {.socket_fd = fd, .name = "x", .log = sink_log(&sink)};
    assert_int_equal(fr_socket_source_create(&channel, &params), FR_ERR_ARGUMENT);
    assert_true(sink_has(&sink, FR_LOG_ERROR, "is not the socket of a host"));
    assert_null(channel.self);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void a_socket_of_another_kind_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    close(fixture->listen_fd);
    unlink(fixture->path);
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    memcpy((char *)&address + sizeof(sa_family_t), fixture->path, sizeof(fixture->path));
    fixture->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(fixture->listen_fd, (struct sockaddr *)&address, sizeof(sa_family_t) + sizeof(fixture->path)),
        0);
    assert_int_equal(listen(fixture->listen_fd, 1), 0);
    source_open(&source, &fixture->sandbox, 7);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&source.sink, FR_LOG_ERROR, "a socket of another program"));
    source_close(&source);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(garbage_instead_of_a_welcome),
        TEST(rings_with_the_wrong_descriptors),
        TEST(rings_with_forged_sizes),
        TEST(memory_that_is_not_what_the_ring_says),
        TEST(a_refusal_is_told_with_its_reason),
        TEST(a_refusal_before_the_hello_was_read),
        TEST(a_host_that_hangs_up_is_tried_again),
        TEST(a_host_that_does_not_read_gets_the_newest_display),
        TEST(a_socket_that_is_none_is_refused),
        TEST(a_socket_of_another_kind_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
