/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <inttypes.h>
#include <stdlib.h>

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

static void run_host(const struct sandbox *sandbox)
{
    struct host host;
    host_open(&host, sandbox, 7);
    tell(1);
    wait_for_ever();
}

/* Tells 1 when it is connected, then when each ring arrived. */
static void run_source(const struct sandbox *sandbox)
{
    struct source source;
    source_open(&source, sandbox, 7);
    for (;;) {
        struct fr_source_news news;
        if (source.channel.ops->poll(source.channel.self, FR_NS_PER_S, &news) != FR_OK)
            continue;
        if (news.kind == FR_SOURCE_NEWS_RING)
            delivery_close(&news.delivery);
        tell(news.kind == FR_SOURCE_NEWS_RING ? now_ns() : 1);
    }
}

/* How long it takes until the death of a source is heard. */
static uint64_t kill_source(struct host *host, const struct sandbox *sandbox)
{
    struct child child = child_start("source", sandbox);
    assert_int_equal(host_expect(host, FR_HOST_NEWS_SOURCE).pid, child.pid);
    const uint64_t killed = now_ns();
    child_kill(&child);
    const struct fr_host_news news = host_expect(host, FR_HOST_NEWS_GONE);
    const uint64_t heard = now_ns();
    assert_int_equal(news.reason, FR_ERR_SOURCE_DIED);
    print_message("death of a source: noticed after %" PRIu64 " us, heard after %" PRIu64 " us\n",
                  (news.at_ns - killed) / 1000, (heard - killed) / 1000);
    child_end(&child);
    return heard - killed;
}

static void a_killed_source_is_noticed_at_once(void **state)
{
    struct host host;
    host_open(&host, *state, 7);
    /* One may come back at once. The least of a few: the machine itself may stand still meanwhile. */
    const uint64_t first = kill_source(&host, *state), second = kill_source(&host, *state);
    uint64_t least = first < second ? first : second;
    for (int i = 0; i < 2 && least >= FR_NS_PER_S; i++)
        least = kill_source(&host, *state);
    assert_true(least < FR_NS_PER_S);
    host_close(&host);
}

static void a_killed_host_is_noticed_and_waited_for(void **state)
{
    struct source source;
    struct child child = child_start("host", *state);
    child_hear(&child);
    source_open(&source, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    const uint64_t killed = now_ns();
    child_kill(&child);
    const struct fr_source_news news = source_expect(&source, FR_SOURCE_NEWS_GONE);
    print_message("death of a host: heard after %" PRIu64 " us\n", (now_ns() - killed) / 1000);
    assert_false(news.final);
    child_end(&child);
    source_expect_quiet(&source);
    assert_int_equal(source.channel.ops->fd(source.channel.self), -1);

    /* On Linux its socket is still there, stale, and so is its lock file: the next host replaces both. */
    struct host host;
    host_open(&host, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    const struct fr_host_news back = host_expect(&host, FR_HOST_NEWS_SOURCE);
    assert_memory_equal(&back.display, &full_hd, sizeof(full_hd));
    source_close(&source);
    host_close(&host);
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
    char address[FR_ADDRESS_BYTES];
    sandbox_address(*state, 7, address);
    host_open(&host, *state, 7);
    for (int goodbye = 0; goodbye <= 1; goodbye++) {
        const fr_handle end = raw_connect(address);
        raw_hello(&msg, 7);
        raw_send_msg(end, &msg);
        raw_expect(end, FR_MSG_WELCOME, &packet);
        host_expect(&host, FR_HOST_NEWS_SOURCE);
        if (goodbye)
            raw_send_bye(end);
        raw_close(end);
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
    char address[FR_ADDRESS_BYTES];
    sandbox_address(*state, 7, address);
    host_open(&host, *state, 7);
    const fr_handle end = raw_connect(address);
    raw_hello(&msg, 7);
    raw_send_msg(end, &msg);
    raw_expect(end, FR_MSG_WELCOME, &packet);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    ring_make(&ring, 1);
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
    fr_msg_init(&msg, FR_MSG_DISPLAY);
    fr_msg_put_display(&msg.display.display, &full_hd);
    raw_send_msg(end, &msg);
    raw_send_bye(end);
    raw_close(end);
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
    snprintf(sentence, sizeof(sentence), "target 7 already has a source (pid %" PRIu32 ", tester)",
             fr_os_process_id());
    assert_true(sink_has(&second.sink, FR_LOG_ERROR, sentence));
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_TARGET_BUSY);
    source_expect_quiet(&second);
    source_close(&second);
    /* The first noticed nothing. */
    source_expect_quiet(&first);
    source_close(&first);
    host_expect(&host, FR_HOST_NEWS_GONE);

    int theirs;
    assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_OK);
    source_open(&second, *state, 7);
    assert_int_equal(source_expect(&second, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_TARGET_BUSY);
    assert_true(sink_has(&second.sink, FR_LOG_ERROR, "waits for a source that its host started"));
    source_close(&second);
    raw_close(theirs);
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
    struct child child = child_start("host", *state);
    struct sink sink;
    struct fr_host_channel channel;
    char sentence[80];
    child_hear(&child);
    sink_init(&sink);
    const fr_log log = sink_log(&sink);
    const char *dir = ((struct sandbox *)*state)->dir;
    assert_int_equal(host_create(&channel, dir, 7, &log), FR_ERR_TARGET_BUSY);
    snprintf(sentence, sizeof(sentence), "another host serves target 7 (pid %" PRIu32 ")", child.pid);
    assert_true(sink_has(&sink, FR_LOG_ERROR, sentence));
    child_end(&child);
    struct host host;
    host_open(&host, *state, 7);
    assert_int_equal(host_create(&channel, dir, 7, &log), FR_ERR_TARGET_BUSY);
    host_close(&host);
    host_open(&host, *state, 7);
    host_close(&host);
    sink_finish(&sink);
}

static void a_ring_is_delivered_quickly(void **state)
{
    enum { ROUNDS = 200 };
    static uint64_t took[ROUNDS];
    struct host host;
    struct ring ring;
    struct child child = child_start("source", *state);
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
    /* Not the median: how many of them wait for a processor is the machine's affair. */
    assert_true(took[ROUNDS / 10] < 100000);
    child_end(&child);
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
    struct child child = child_start("source", *state);
    for (int i = 0; i < 12; i++) {
        struct fr_host_news news;
        const uint64_t until = now_ns() + 15 * FR_NS_PER_MS;
        while (now_ns() < until) {
            host.channel.ops->poll(host.channel.self, &news);
            assert_true(host.channel.ops->deliver(host.channel.self, &ring.delivery) >= 0);
            assert_true(host.channel.ops->request_hdr(host.channel.self, i & 1) >= 0);
        }
        child_end(&child);
        child = child_start("source", *state);
    }
    child_end(&child);
    host_close(&host);
    ring_free(&ring);
}

int main(int argc, char **argv)
{
    const struct child_role roles[] = {{"host", run_host}, {"source", run_source}, {NULL, NULL}};
    child_main(argc, argv, roles);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_killed_source_is_noticed_at_once),
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
