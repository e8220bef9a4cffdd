/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Who comes, who goes, who is second: with real processes that are really killed. Bounds are loose, figures
 * printed. */

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

struct child {
    pid_t pid;
    int from; /* what it tells us */
};

/* Runs `body(arg, to)` in a new process, which ends only by being killed or by returning. */
static struct child child_start(void (*body)(void *arg, int to), void *arg)
{
    int ends[2];
    struct child child;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    child.pid = fork();
    assert_true(child.pid >= 0);
    if (!child.pid) {
        close(ends[0]);
        body(arg, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    child.from = ends[0];
    return child;
}

static uint64_t child_hear(const struct child *child)
{
    uint64_t word;
    assert_int_equal(read(child->from, &word, sizeof(word)), sizeof(word));
    return word;
}

static void child_kill(struct child *child, int signal_number)
{
    kill(child->pid, signal_number);
    assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
    close(child->from);
}

static void tell(int to, uint64_t word)
{
    (void)!write(to, &word, sizeof(word));
}

static void run_host(void *sandbox, int to)
{
    struct host host;
    host_open(&host, sandbox, 7);
    tell(to, 1);
    for (;;)
        pause();
}

/* Tells 1 when it is connected, then when each ring arrived. */
static void run_source(void *sandbox, int to)
{
    struct source source;
    source_open(&source, sandbox, 7);
    for (;;) {
        struct fr_source_news news;
        if (source.channel.ops->poll(source.channel.self, FR_NS_PER_S, &news) != FR_OK)
            continue;
        if (news.kind == FR_SOURCE_NEWS_RING)
            delivery_close(&news.delivery);
        tell(to, news.kind == FR_SOURCE_NEWS_RING ? now_ns() : 1);
    }
}

static void run_source_with_a_child(void *sandbox, int to)
{
    struct source source;
    source_open(&source, sandbox, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    const pid_t grandchild = fork();
    if (grandchild) {
        tell(to, (uint64_t)grandchild);
    } else {
        close(to);
    }
    for (;;)
        pause();
}

static void a_killed_source_is_noticed_at_once(void **state)
{
    struct host host;
    struct child child = child_start(run_source, *state);
    host_open(&host, *state, 7);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_SOURCE).pid, child.pid);
    const uint64_t killed = now_ns();
    kill(child.pid, SIGKILL);
    const struct fr_host_news news = host_expect(&host, FR_HOST_NEWS_GONE);
    const uint64_t heard = now_ns();
    assert_int_equal(news.reason, FR_ERR_SOURCE_DIED);
    print_message("death of a source: noticed after %" PRIu64 " us, heard after %" PRIu64 " us\n",
                  (news.at_ns - killed) / 1000, (heard - killed) / 1000);
    assert_true(heard - killed < FR_NS_PER_S);
    child_kill(&child, SIGKILL);

    /* It may come back at once. */
    child = child_start(run_source, *state);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_SOURCE).pid, child.pid);
    child_kill(&child, SIGKILL);
    host_close(&host);
}

static void a_killed_source_whose_child_lives_on_is_dead(void **state)
{
    bool gone;
    int self = fr_packet_watch_process(getpid(), &gone);
    if (self < 0)
        skip(); /* an old kernel, or valgrind, which has no pidfd_open */
    close(self);
    struct host host;
    struct child child = child_start(run_source_with_a_child, *state);
    host_open(&host, *state, 7);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    const pid_t grandchild = (pid_t)child_hear(&child);
    const uint64_t killed = now_ns();
    kill(child.pid, SIGKILL);
    const struct fr_host_news news = host_expect(&host, FR_HOST_NEWS_GONE);
    assert_int_equal(news.reason, FR_ERR_SOURCE_DIED);
    print_message("death of a source whose child holds the socket: %" PRIu64 " us\n",
                  (news.at_ns - killed) / 1000);
    child_kill(&child, SIGKILL);
    kill(grandchild, SIGKILL);
    host_close(&host);
}

static void a_killed_host_is_noticed_and_waited_for(void **state)
{
    struct source source;
    struct child child = child_start(run_host, *state);
    child_hear(&child);
    source_open(&source, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    const uint64_t killed = now_ns();
    kill(child.pid, SIGKILL);
    const struct fr_source_news news = source_expect(&source, FR_SOURCE_NEWS_GONE);
    print_message("death of a host: heard after %" PRIu64 " us\n", (now_ns() - killed) / 1000);
    assert_false(news.final);
    child_kill(&child, SIGKILL);
    source_expect_quiet(&source);
    assert_int_equal(source.channel.ops->fd(source.channel.self), -1);

    /* Its socket is still there, stale, and so is its lock file: the next host replaces both. */
    struct host host;
    struct stat info;
    char path[FR_SOCKET_PATH_BYTES];
    sandbox_socket(*state, 7, path);
    assert_int_equal(stat(path, &info), 0);
    host_open(&host, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    const struct fr_host_news back = host_expect(&host, FR_HOST_NEWS_SOURCE);
    assert_memory_equal(&back.display, &full_hd, sizeof(full_hd));
    source_close(&source);
    host_close(&host);
    assert_int_equal(stat(path, &info), -1);
}

static void a_source_waits_for_a_host_quietly(void **state)
{
    struct source source;
    struct host host;
    source_open(&source, *state, 7);
    const uint64_t begin = now_ns();
    struct fr_source_news news;
    assert_int_equal(source.channel.ops->poll(source.channel.self, 700 * FR_NS_PER_MS, &news), FR_AGAIN);
    assert_true(now_ns() - begin >= 690 * FR_NS_PER_MS);
    assert_true(sink_has(&source.sink, FR_LOG_INFO, "waiting for a host at target 7"));
    assert_int_equal(source.sink.num_lines, 1);
    assert_int_equal(source.channel.ops->poll(source.channel.self, 0, &news), FR_AGAIN);
    host_open(&host, *state, 7);
    const uint64_t opened = now_ns();
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    print_message("a waiting source connects after %" PRIu64 " ms\n", (now_ns() - opened) / FR_NS_PER_MS);
    host_close(&host);
    source_close(&source);
}

static void an_orderly_end_is_told_from_a_death(void **state)
{
    union fr_msg msg;
    struct fr_packet packet;
    struct host host;
    char path[FR_SOCKET_PATH_BYTES];
    sandbox_socket(*state, 7, path);
    host_open(&host, *state, 7);
    for (int goodbye = 0; goodbye <= 1; goodbye++) {
        const int fd = raw_connect(path);
        raw_hello(&msg, 7);
        raw_send_msg(fd, &msg);
        raw_expect(fd, FR_MSG_WELCOME, &packet);
        host_expect(&host, FR_HOST_NEWS_SOURCE);
        if (goodbye)
            fr_packet_send_bye(fd);
        close(fd);
        assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, goodbye ? FR_END : FR_ERR_SOURCE_DIED);
    }
    host_close(&host);
}

/* What was said before the hang-up is heard, in order, though the host looks late; an unread ring does not
 * get in the way. */
static void the_last_words_are_heard(void **state)
{
    union fr_msg msg;
    struct fr_packet packet;
    struct host host;
    struct ring ring;
    char path[FR_SOCKET_PATH_BYTES];
    sandbox_socket(*state, 7, path);
    host_open(&host, *state, 7);
    const int fd = raw_connect(path);
    raw_hello(&msg, 7);
    raw_send_msg(fd, &msg);
    raw_expect(fd, FR_MSG_WELCOME, &packet);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    ring_make(&ring, 1);
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
    fr_msg_init(&msg, FR_MSG_DISPLAY);
    fr_msg_put_display(&msg.display.display, &full_hd);
    raw_send_msg(fd, &msg);
    fr_packet_send_bye(fd);
    close(fd);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_DISPLAY).display.mode.width, 1920);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_END);
    ring_free(&ring);
    host_close(&host);
}

static void a_second_source_is_refused_with_a_reason(void **state)
{
    struct host host;
    struct source first, second;
    char sentence[100];
    host_open(&host, *state, 7);
    source_open(&first, *state, 7);
    source_expect(&first, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    source_open(&second, *state, 7);
    assert_int_equal(source_expect(&second, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_TARGET_BUSY);
    snprintf(sentence, sizeof(sentence), "target 7 already has a source (pid %ld, tester)", (long)getpid());
    assert_true(sink_has(&second.sink, FR_LOG_ERROR, sentence));
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_TARGET_BUSY);
    source_expect_quiet(&second);
    source_close(&second);
    /* The first noticed nothing. */
    source_expect_quiet(&first);
    source_close(&first);
    host_expect(&host, FR_HOST_NEWS_GONE);

    int fd;
    assert_int_equal(host.channel.ops->invite(host.channel.self, &fd), FR_OK);
    source_open(&second, *state, 7);
    assert_int_equal(source_expect(&second, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_TARGET_BUSY);
    assert_true(sink_has(&second.sink, FR_LOG_ERROR, "waits for a source that its host started"));
    source_close(&second);
    close(fd);
    host_close(&host);
}

static void the_next_source_waits_until_the_end_of_the_last_was_heard(void **state)
{
    struct host host;
    struct source first, second, third;
    host_open(&host, *state, 7);
    source_open(&first, *state, 7);
    source_expect(&first, FR_SOURCE_NEWS_CONNECTED);
    source_close(&first);
    assert_true(sink_has(&host.sink, FR_LOG_DEBUG, "said goodbye"));
    /* The host has heard neither its coming nor its going yet. */
    source_open(&second, *state, 7);
    source_expect_quiet(&second);
    source_open(&third, *state, 7);
    assert_int_equal(source_expect(&third, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_TARGET_BUSY);
    source_close(&third);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_TARGET_BUSY);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    source_expect_quiet(&second);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_END);
    source_expect(&second, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    source_close(&second);
    host_close(&host);
}

static void a_second_host_is_told_who_the_first_is(void **state)
{
    struct child child = child_start(run_host, *state);
    struct sink sink;
    struct fr_host_channel channel;
    char sentence[80];
    child_hear(&child);
    sink_init(&sink);
    const struct fr_socket_host_params params = {
        .target_id = 7, .runtime_dir = ((struct sandbox *)*state)->dir, .log = sink_log(&sink)};
    assert_int_equal(fr_socket_host_create(&channel, &params), FR_ERR_TARGET_BUSY);
    snprintf(sentence, sizeof(sentence), "another host serves target 7 (pid %ld)", (long)child.pid);
    assert_true(sink_has(&sink, FR_LOG_ERROR, sentence));
    child_kill(&child, SIGKILL);
    struct host host;
    host_open(&host, *state, 7);
    assert_int_equal(fr_socket_host_create(&channel, &params), FR_ERR_TARGET_BUSY);
    host_close(&host);
    host_open(&host, *state, 7);
    host_close(&host);
}

static void a_ring_is_delivered_quickly(void **state)
{
    enum { ROUNDS = 200 };
    static uint64_t took[ROUNDS];
    struct host host;
    struct ring ring;
    struct child child = child_start(run_source, *state);
    host_open(&host, *state, 7);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    child_hear(&child);
    ring_make(&ring, 1);
    for (size_t i = 0; i < ROUNDS; i++) {
        const uint64_t sent = now_ns();
        assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
        const uint64_t us = (child_hear(&child) - sent) / 1000;
        size_t at = i;
        for (; at > 0 && took[at - 1] > us; at--)
            took[at] = took[at - 1];
        took[at] = us;
        sleep_ms(1);
    }
    print_message("delivery of a ring: p50 %" PRIu64 " us, p99 %" PRIu64 " us\n", took[ROUNDS / 2],
                  took[ROUNDS * 99 / 100]);
    assert_true(took[ROUNDS / 2] < 100000);
    child_kill(&child, SIGKILL);
    host_close(&host);
    ring_free(&ring);
}

/* Frame thread and channel thread meet at every point of a connection's life: run under the thread
 * sanitizer. */
static void sends_race_with_coming_and_going(void **state)
{
    struct host host;
    struct ring ring;
    host_open(&host, *state, 7);
    ring_make(&ring, 1);
    struct child child = child_start(run_source, *state);
    for (int i = 0; i < 12; i++) {
        struct fr_host_news news;
        const uint64_t until = now_ns() + 15 * FR_NS_PER_MS;
        while (now_ns() < until) {
            host.channel.ops->poll(host.channel.self, &news);
            assert_true(host.channel.ops->deliver(host.channel.self, &ring.delivery) >= 0);
            assert_true(host.channel.ops->request_hdr(host.channel.self, i & 1) >= 0);
        }
        child_kill(&child, SIGKILL);
        child = child_start(run_source, *state);
    }
    child_kill(&child, SIGKILL);
    host_close(&host);
    ring_free(&ring);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_killed_source_is_noticed_at_once),
        TEST(a_killed_source_whose_child_lives_on_is_dead),
        TEST(a_killed_host_is_noticed_and_waited_for),
        TEST(a_source_waits_for_a_host_quietly),
        TEST(an_orderly_end_is_told_from_a_death),
        TEST(the_last_words_are_heard),
        TEST(a_second_source_is_refused_with_a_reason),
        TEST(the_next_source_waits_until_the_end_of_the_last_was_heard),
        TEST(a_second_host_is_told_who_the_first_is),
        TEST(a_ring_is_delivered_quickly),
        TEST(sends_race_with_coming_and_going),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
