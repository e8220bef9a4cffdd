/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include "channel/packet.h"
#include "channel/socket.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What only sockets have: descriptors that cross, users, files, children that hold a socket. */

struct fixture {
    struct sandbox sandbox;
    char path[FR_ADDRESS_BYTES];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    sandbox_address(&fixture->sandbox, 7, fixture->path);
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

static fr_handle connect_raw_source(const struct fixture *fixture, struct host *host)
{
    union fr_msg hello;
    struct fr_packet packet;
    raw_hello(&hello, 7);
    const fr_handle end = raw_connect(fixture->path);
    raw_send_msg(end, &hello);
    raw_expect(end, FR_MSG_WELCOME, &packet);
    host_expect(host, FR_HOST_NEWS_SOURCE);
    return end;
}

static void descriptors_where_none_belong(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    host_open(&host, &fixture->sandbox, 7);
    const size_t before = system_count_handles();
    fr_handle fds[16];
    for (size_t i = 0; i < 16; i++)
        fds[i] = STDIN_FILENO;
    union fr_msg msg;
    raw_hello(&msg, 7);
    const size_t nums[] = {1, 16};
    const char *const sentences[] = {"wrong number of handles", "more descriptors than belong"};
    for (size_t i = 0; i < 2; i++) {
        const fr_handle end = raw_connect(fixture->path);
        raw_send(end, &msg, msg.head.bytes, fds, nums[i]);
        raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, sentences[i]);
        raw_close(end);
        assert_int_equal(host_expect(&host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    }

    const fr_handle end = connect_raw_source(fixture, &host);
    fr_msg_init(&msg, FR_MSG_DISPLAY);
    raw_send(end, &msg, msg.head.bytes, fds, 3);
    raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, "wrong number of handles");
    raw_close(end);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_ERR_PROTOCOL);
    expect_handles(before);
    host_close(&host);
}

static void unread_rings_leave_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct ring ring;
    host_open(&host, &fixture->sandbox, 7);
    ring_make(&ring, 1);
    const size_t before = system_count_handles();
    const fr_handle end = connect_raw_source(fixture, &host);
    struct fr_host_news news;
    for (int i = 0; i < 1000 && host.channel.ops->poll(host.channel.self, &news) == FR_AGAIN; i++) {
        assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
        sleep_ms(1);
    }
    assert_int_equal(news.kind, FR_HOST_NEWS_GONE);
    raw_close(end);
    /* The observers' copy of the ring is still there: the header stays visible after the source is gone. */
    expect_handles(before + 1);
    ring_free(&ring);
    host_close(&host);
}

/* A source meets a host that welcomes it and hands it this. */
static void expect_bad_ring(struct fixture *fixture, const union fr_msg *msg, const fr_handle *handles,
                            size_t num_handles, const char *sentence)
{
    struct raw_listener listener;
    struct source source;
    struct fr_packet packet;
    union fr_msg welcome;
    raw_listen(&listener, fixture->path);
    const size_t before = system_count_handles();
    source_open(&source, &fixture->sandbox, 7);
    source_expect_quiet(&source);
    const fr_handle end = raw_accept(&listener);
    raw_expect(end, FR_MSG_HELLO, &packet);
    assert_int_equal(packet.pid, getpid());
    fr_msg_init(&welcome, FR_MSG_WELCOME);
    welcome.welcome.protocol = FR_MSG_PROTOCOL_MAX;
    welcome.welcome.wire = FR_MSG_WIRE_MAX;
    welcome.welcome.target_id = 7;
    raw_send_msg(end, &welcome);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    raw_send(end, msg, msg->head.bytes, handles, num_handles);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&source.sink, FR_LOG_ERROR, sentence));
    source_close(&source);
    raw_close(end);
    expect_handles(before);
    raw_unlisten(&listener);
    unlink(fixture->path);
}

static void rings_with_the_wrong_descriptors(void **state)
{
    struct fixture *fixture = *state;
    struct ring ring;
    union fr_msg msg;
    ring_make(&ring, 1);
    fr_msg_put_ring(&msg, &ring.delivery);
    const fr_handle fine[] = {ring.header.handle, ring.event.handle, ring.slots.handle};
    fr_handle many[16];
    for (size_t i = 0; i < 16; i++)
        many[i] = fine[i % 3];
    expect_bad_ring(fixture, &msg, many, 0, "wrong number of handles");
    expect_bad_ring(fixture, &msg, many, 2, "wrong number of handles");
    expect_bad_ring(fixture, &msg, many, 4, "wrong number of handles");
    expect_bad_ring(fixture, &msg, many, 16, "more descriptors than belong");

    /* Writing to these would block, or raise SIGPIPE. */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    many[1] = ends[1];
    expect_bad_ring(fixture, &msg, many, 3, "event is not one");
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    many[1] = ends[1];
    expect_bad_ring(fixture, &msg, many, 3, "event is not one");
    many[1] = fine[0];
    expect_bad_ring(fixture, &msg, many, 3, "event is not one");
    close(ends[0]);
    close(ends[1]);
    ring_free(&ring);
}

static void textures_are_not_for_sources_of_memory(void **state)
{
    struct ring ring;
    union fr_msg msg;
    ring_make(&ring, 1);
    ring.delivery.slots_kind = FR_SLOTS_D3D11;
    ring.delivery.sync_kind = FR_WIRE_SYNC_KEYED_MUTEX;
    ring.delivery.slots_bytes = ring.delivery.pitch_bytes = 0;
    memset(ring.delivery.slot_offset, 0, sizeof(ring.delivery.slot_offset));
    fr_msg_put_ring(&msg, &ring.delivery);
    fr_handle handles[6];
    for (size_t i = 0; i < 6; i++)
        handles[i] = i == 1 ? ring.event.handle : ring.header.handle;
    expect_bad_ring(*state, &msg, handles, 6, "of a kind that was not offered");
    ring_free(&ring);
}

static void a_socket_that_is_none_is_refused(void **state)
{
    (void)state;
    struct sink sink;
    struct fr_source_channel channel;
    sink_init(&sink);
    const fr_log log = sink_log(&sink);
    const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_int_equal(source_create(&channel, NULL, 0, fd, &log), FR_ERR_ARGUMENT);
    assert_true(sink_has(&sink, FR_LOG_ERROR, "is not the socket of a host"));
    assert_null(channel.self);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    sink_finish(&sink);
}

static void a_socket_of_another_kind_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    struct sockaddr_storage address = {.ss_family = AF_UNIX};
    const size_t bytes = strlen(fixture->path) + 1;
    assert_int_equal(mkdir(fixture->sandbox.dir, 0700), 0);
    memcpy((char *)&address + sizeof(sa_family_t), fixture->path, bytes);
    const int listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listen_fd, (struct sockaddr *)&address, (socklen_t)(sizeof(sa_family_t) + bytes)),
                     0);
    assert_int_equal(listen(listen_fd, 1), 0);
    source_open(&source, &fixture->sandbox, 7);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&source.sink, FR_LOG_ERROR, "a socket of another program"));
    source_close(&source);
    close(listen_fd);
}

/* Root only: somebody else's process, let through the folders, is turned away by the kernel's word. */
static void another_user_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    if (geteuid() != 0)
        skip();
    host_open(&host, &fixture->sandbox, 7);
    assert_int_equal(chmod(fixture->sandbox.top, 0755), 0);
    assert_int_equal(chmod(fixture->sandbox.dir, 0755), 0);
    assert_int_equal(chmod(fixture->path, 0777), 0);
    const pid_t child = fork();
    if (!child) {
        struct fr_packet packet;
        if (setgid(65534) || setuid(65534))
            _exit(2);
        if (raw_receive(raw_connect(fixture->path), &packet, WAIT_NS))
            _exit(3);
        const bool refused = packet.msg.head.type == FR_MSG_REFUSE &&
                             packet.msg.refuse.reason == FR_MSG_REASON_PERMISSION &&
                             strstr(packet.msg.refuse.text, "user 65534 may not connect");
        _exit(refused ? 0 : 4);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_PERMISSION);
    host_close(&host);
}

static void run_host(const struct sandbox *sandbox)
{
    struct host host;
    host_open(&host, sandbox, 7);
    tell(1);
    wait_for_ever();
}

static void the_socket_of_a_dead_host_is_replaced_and_removed(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct stat info;
    struct child child = child_start("host", &fixture->sandbox);
    child_hear(&child);
    child_end(&child);
    assert_int_equal(stat(fixture->path, &info), 0);
    host_open(&host, &fixture->sandbox, 7);
    raw_close(connect_raw_source(fixture, &host));
    host_close(&host);
    assert_int_equal(stat(fixture->path, &info), -1);
}

static void run_source_with_a_child(const struct sandbox *sandbox)
{
    struct source source;
    source_open(&source, sandbox, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    const pid_t grandchild = fork();
    if (grandchild)
        tell((uint64_t)grandchild);
    wait_for_ever();
}

static void a_killed_source_whose_child_lives_on_is_dead(void **state)
{
    struct fixture *fixture = *state;
    bool gone;
    int self = fr_packet_watch_process(getpid(), &gone);
    if (self < 0)
        skip(); /* an old kernel, or valgrind, which has no pidfd_open */
    close(self);
    struct host host;
    struct child child = child_start("parent", &fixture->sandbox);
    host_open(&host, &fixture->sandbox, 7);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    const pid_t grandchild = (pid_t)child_hear(&child);
    const uint64_t killed = now_ns();
    child_kill(&child);
    const struct fr_host_news news = host_expect(&host, FR_HOST_NEWS_GONE);
    assert_int_equal(news.reason, FR_ERR_SOURCE_DIED);
    print_message("death of a source whose child holds the socket: %" PRIu64 " us\n",
                  (news.at_ns - killed) / 1000);
    child_end(&child);
    kill(grandchild, SIGKILL);
    host_close(&host);
}

int main(int argc, char **argv)
{
    const struct child_role roles[] = {{"host", run_host}, {"parent", run_source_with_a_child}, {NULL, NULL}};
    child_main(argc, argv, roles);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(descriptors_where_none_belong),
        TEST(unread_rings_leave_nothing_behind),
        TEST(rings_with_the_wrong_descriptors),
        TEST(textures_are_not_for_sources_of_memory),
        TEST(a_socket_that_is_none_is_refused),
        TEST(a_socket_of_another_kind_is_refused),
        TEST(another_user_is_refused),
        TEST(the_socket_of_a_dead_host_is_replaced_and_removed),
        TEST(a_killed_source_whose_child_lives_on_is_dead),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
