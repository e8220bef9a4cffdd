/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <stdlib.h>

/* Whatever a peer says: it loses its connection with one sentence, and the source that behaves hears nothing
 * of it. */

struct fixture {
    struct sandbox sandbox;
    char address[FR_ADDRESS_BYTES];
    struct host host;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    sandbox_address(&fixture->sandbox, 7, fixture->address);
    host_open(&fixture->host, &fixture->sandbox, 7);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    host_close(&fixture->host);
    sandbox_remove(&fixture->sandbox);
    free(fixture);
    return 0;
}

static void still_serves(struct fixture *fixture)
{
    struct source source;
    source_open(&source, &fixture->sandbox, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&fixture->host, FR_HOST_NEWS_SOURCE);
    source_close(&source);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_GONE).reason, FR_END);
}

static void expect_refused(struct fixture *fixture, fr_handle end, const char *sentence)
{
    raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, sentence);
    raw_close(end);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&fixture->host.sink, FR_LOG_WARNING, sentence));
}

static void garbage_instead_of_a_hello(void **state)
{
    struct fixture *fixture = *state;
    union fr_msg hello;
    raw_hello(&hello, 7);
    uint8_t garbage[600];
    memset(garbage, 0xa5, sizeof(garbage));

    fr_handle end = raw_connect(fixture->address);
    raw_send(end, garbage, 100, NULL, 0);
    expect_refused(fixture, end, "not a framering message");
    end = raw_connect(fixture->address);
    raw_send(end, garbage, sizeof(garbage), NULL, 0);
    expect_refused(fixture, end, "too long");
    end = raw_connect(fixture->address);
    raw_send(end, &hello, 15, NULL, 0);
    expect_refused(fixture, end, "too short");
    end = raw_connect(fixture->address);
    raw_send(end, &hello, 0, NULL, 0);
    expect_refused(fixture, end, "too short");
    end = raw_connect(fixture->address);
    raw_send(end, &hello, 127, NULL, 0);
    expect_refused(fixture, end, "not the one it names");
    end = raw_connect(fixture->address);
    raw_send(end, &hello, 129, NULL, 0);
    expect_refused(fixture, end, "not the one it names");
    still_serves(fixture);
}

static void a_hello_with_bad_fields(void **state)
{
    struct fixture *fixture = *state;
    union fr_msg hello;
    raw_hello(&hello, 7);
    hello.hello.role = 3;
    fr_handle end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    expect_refused(fixture, end, "unknown role");

    raw_hello(&hello, 7);
    memset(hello.hello.name, 'n', sizeof(hello.hello.name));
    end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    expect_refused(fixture, end, "a name that is not printable");

    raw_hello(&hello, 7);
    hello.hello.flags |= FR_MSG_HELLO_DISPLAY;
    hello.hello.display.width = 70000;
    hello.hello.display.height = 1;
    end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    expect_refused(fixture, end, "impossible size");
    still_serves(fixture);
}

static void other_messages_before_the_hello(void **state)
{
    struct fixture *fixture = *state;
    for (uint32_t type = FR_MSG_WELCOME; type <= FR_MSG_HDR; type++) {
        union fr_msg msg;
        fr_msg_init(&msg, type);
        const fr_handle end = raw_connect(fixture->address);
        raw_send_msg(end, &msg);
        raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, NULL);
        raw_close(end);
        assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    }
    still_serves(fixture);
}

static fr_handle connect_raw_source(struct fixture *fixture)
{
    union fr_msg hello;
    struct fr_packet packet;
    raw_hello(&hello, 7);
    const fr_handle end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    raw_expect(end, FR_MSG_WELCOME, &packet);
    host_expect(&fixture->host, FR_HOST_NEWS_SOURCE);
    return end;
}

static void a_source_that_breaks_the_rules_later(void **state)
{
    struct fixture *fixture = *state;
    union fr_msg msg[5];
    raw_hello(&msg[0], 7);
    struct ring ring;
    ring_make(&ring, 1);
    fr_msg_put_ring(&msg[1], &ring.delivery);
    ring_free(&ring);
    fr_msg_init(&msg[2], FR_MSG_DISPLAY);
    msg[2].display.display.colour_state = 99;
    fr_msg_init(&msg[3], FR_MSG_DISPLAY);
    msg[3].head.magic = 0;
    fr_msg_init(&msg[4], FR_MSG_DISPLAY);
    msg[4].head.type = 1000;
    const char *sentence[] = {"HELLO where it does not belong", "RING where it does not belong",
                              "unknown colour state", "not a framering message", "unknown type"};
    for (size_t i = 0; i < 5; i++) {
        const fr_handle end = connect_raw_source(fixture);
        raw_send_msg(end, &msg[i]);
        raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, sentence[i]);
        assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_GONE).reason, FR_ERR_PROTOCOL);
        assert_true(sink_has(&fixture->host.sink, FR_LOG_WARNING, sentence[i]));
        raw_close(end);
    }
    assert_int_equal(sink_count(&fixture->host.sink, FR_LOG_WARNING), 5);
    still_serves(fixture);
}

static void versions_without_overlap(void **state)
{
    struct fixture *fixture = *state;
    union fr_msg hello;
    raw_hello(&hello, 7);
    hello.hello.protocol_min = 5;
    hello.hello.protocol_max = 6;
    fr_handle end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    raw_expect_refused(
        end, FR_MSG_REASON_VERSION,
        "the host speaks protocol 2 to 2 and wire 2 to 2, the peer protocol 5 to 6 and wire 2 to 2");
    raw_close(end);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_VERSION);

    raw_hello(&hello, 7);
    hello.hello.wire_min = hello.hello.wire_max = 1;
    end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    raw_expect_refused(end, FR_MSG_REASON_VERSION, "wire 1 to 1");
    raw_close(end);
    host_expect(&fixture->host, FR_HOST_NEWS_REFUSED);

    /* An observer's versions say nothing about the source that is waited for. */
    raw_hello(&hello, 7);
    hello.hello.role = FR_MSG_ROLE_OBSERVER;
    hello.hello.protocol_min = hello.hello.protocol_max = 9;
    end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    raw_expect_refused(end, FR_MSG_REASON_VERSION, NULL);
    raw_close(end);
    host_expect_quiet(&fixture->host);
}

static void another_target_and_missing_capabilities(void **state)
{
    struct fixture *fixture = *state;
    union fr_msg hello;
    raw_hello(&hello, 8);
    fr_handle end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    raw_expect_refused(end, FR_MSG_REASON_OTHER, "asked for target 8, this is target 7");
    raw_close(end);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_REFUSED);

    raw_hello(&hello, 7);
    hello.hello.capabilities = 0;
    end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    raw_expect_refused(end, FR_MSG_REASON_VERSION, "in none of the ways");
    raw_close(end);
    host_expect(&fixture->host, FR_HOST_NEWS_REFUSED);
}

static void who_says_nothing_is_closed_after_a_second(void **state)
{
    struct fixture *fixture = *state;
    const uint64_t begin = now_ns();
    const fr_handle end = raw_connect(fixture->address);
    raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, "no HELLO within one second");
    raw_close(end);
    assert_true(now_ns() - begin >= FR_NS_PER_S * 9 / 10);
    host_expect(&fixture->host, FR_HOST_NEWS_REFUSED);
    still_serves(fixture);
}

/* Nine that say nothing; whether the last is one too many. It is not where the host's thread was held for so
 * long that the first has had its second. */
static bool crowd(struct fixture *fixture)
{
    fr_handle ends[9];
    struct fr_packet packet;
    for (size_t i = 0; i < 9; i++)
        ends[i] = raw_connect(fixture->address);
    raw_expect(ends[8], FR_MSG_REFUSE, &packet);
    const bool turned_away = packet.msg.refuse.reason == FR_MSG_REASON_OTHER &&
                             strstr(packet.msg.refuse.text, "too many connections");
    raw_expect_hang_up(ends[8]);
    for (size_t i = 0; i < 9; i++)
        raw_close(ends[i]);
    return turned_away;
}

/* Of nine some may have had their second meanwhile, which is news as well. */
static struct fr_host_news expect_beyond_refusals(struct fixture *fixture, unsigned *refusals)
{
    struct host *host = &fixture->host;
    struct fr_host_news news;
    const uint64_t deadline = now_ns() + WAIT_NS;
    do {
        while (host->channel.ops->poll(host->channel.self, &news) == FR_AGAIN) {
            assert_true(now_ns() < deadline);
            sleep_ms(1);
        }
        *refusals += news.kind == FR_HOST_NEWS_REFUSED && news.reason == FR_ERR_REFUSED;
    } while (news.kind == FR_HOST_NEWS_REFUSED);
    return news;
}

static void a_crowd_is_turned_away(void **state)
{
    struct fixture *fixture = *state;
    unsigned tries = 1, refusals = 0;
    while (!crowd(fixture))
        assert_true(++tries < 5);
    struct source source;
    source_open(&source, &fixture->sandbox, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    assert_int_equal(expect_beyond_refusals(fixture, &refusals).kind, FR_HOST_NEWS_SOURCE);
    assert_int_equal(refusals, 1);
    source_close(&source);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_GONE).reason, FR_END);
    still_serves(fixture);
}

/* How many rings a source was sent until it was disconnected. */
static int send_unread_rings(struct fixture *fixture)
{
    const fr_handle end = connect_raw_source(fixture);
    struct ring ring;
    struct fr_host_news news = {0};
    int rings = 0;
    ring_make(&ring, 1);
    const struct fr_host_channel *channel = &fixture->host.channel;
    while (channel->ops->poll(channel->self, &news) == FR_AGAIN && rings < 1000) {
        assert_int_equal(channel->ops->deliver(channel->self, &ring.delivery), FR_OK);
        rings++;
        sleep_ms(1);
    }
    print_message("disconnected after %d unread rings\n", rings);
    assert_int_equal(news.kind, FR_HOST_NEWS_GONE);
    assert_int_equal(news.reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&fixture->host.sink, FR_LOG_WARNING, "does not read"));
    raw_close(end);
    ring_free(&ring);
    return rings;
}

/* The least of a few: the host's thread may come late to one. */
static void a_source_that_does_not_read_is_disconnected(void **state)
{
    struct fixture *fixture = *state;
    int least = 1000;
    for (int i = 0; i < 4 && least > 64; i++) {
        const int rings = send_unread_rings(fixture);
        least = rings < least ? rings : least;
    }
    assert_in_range(least, 4, 64);
    still_serves(fixture);
}

static void a_flood_of_displays_is_merged(void **state)
{
    struct fixture *fixture = *state;
    const fr_handle end = connect_raw_source(fixture);
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_DISPLAY);
    for (uint32_t i = 1; i <= 5000; i++) {
        msg.display.display.width = msg.display.display.height = i;
        raw_send_msg(end, &msg);
    }
    fr_msg_init(&msg, FR_MSG_BYE);
    raw_send_msg(end, &msg);
    assert_true(sink_has(&fixture->host.sink, FR_LOG_DEBUG, "said goodbye"));
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_DISPLAY).display.mode.width, 5000);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_GONE).reason, FR_END);
    host_expect_quiet(&fixture->host);
    raw_close(end);
}

static void an_invited_end_that_sends_garbage(void **state)
{
    struct fixture *fixture = *state;
    int theirs;
    assert_int_equal(fixture->host.channel.ops->invite(fixture->host.channel.self, &theirs), FR_OK);
    const fr_handle end = theirs;
    raw_send(end, "rubbish", 7, NULL, 0);
    raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, "too short");
    host_expect(&fixture->host, FR_HOST_NEWS_REFUSED);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_GONE).reason, FR_ERR_PROTOCOL);
    raw_close(end);
    still_serves(fixture);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(garbage_instead_of_a_hello),
        TEST(a_hello_with_bad_fields),
        TEST(other_messages_before_the_hello),
        TEST(a_source_that_breaks_the_rules_later),
        TEST(versions_without_overlap),
        TEST(another_target_and_missing_capabilities),
        TEST(who_says_nothing_is_closed_after_a_second),
        TEST(a_crowd_is_turned_away),
        TEST(a_source_that_does_not_read_is_disconnected),
        TEST(a_flood_of_displays_is_merged),
        TEST(an_invited_end_that_sends_garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
