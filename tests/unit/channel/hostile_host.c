/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <stdlib.h>

/* A source that meets a host which says what it likes: it ends with a reason, and keeps nothing open. */

struct fixture {
    struct sandbox sandbox;
    struct raw_listener listener;
    size_t handles;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    char address[FR_ADDRESS_BYTES];
    sandbox_address(&fixture->sandbox, 7, address);
    raw_listen(&fixture->listener, address);
    fixture->handles = system_count_handles();
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    expect_handles(fixture->handles);
    raw_unlisten(&fixture->listener);
    sandbox_remove(&fixture->sandbox);
    free(fixture);
    return 0;
}

/* The source has said HELLO to us. */
static fr_handle meet(struct fixture *fixture, struct source *source)
{
    struct fr_packet packet;
    source_open(source, &fixture->sandbox, 7);
    source_expect_quiet(source);
    const fr_handle end = raw_accept(&fixture->listener);
    raw_expect(end, FR_MSG_HELLO, &packet);
    assert_int_equal(packet.msg.hello.pid, fr_os_process_id());
    assert_string_equal(packet.msg.hello.name, "tester");
    assert_int_equal(packet.msg.hello.display.width, 1920);
    return end;
}

static void send_welcome(fr_handle end, uint32_t target_id)
{
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_WELCOME);
    msg.welcome.protocol = FR_MSG_PROTOCOL_MAX;
    msg.welcome.wire = FR_MSG_WIRE_MAX;
    msg.welcome.target_id = target_id;
    msg.welcome.pid = 4711;
    raw_send_msg(end, &msg);
}

static void expect_broken(struct source *source, fr_handle end, const char *sentence)
{
    assert_int_equal(source_expect(source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&source->sink, FR_LOG_ERROR, sentence));
    assert_int_equal(source->channel.ops->fd(source->channel.self), -1);
    source_expect_quiet(source);
    source_close(source);
    raw_close(end);
}

static void garbage_instead_of_a_welcome(void **state)
{
    struct source source;
    fr_handle end = meet(*state, &source);
    raw_send(end, "hello there, this is not it", 27, NULL, 0);
    expect_broken(&source, end, "not a framering message");
    end = meet(*state, &source);
    raw_send(end, "x", 0, NULL, 0);
    expect_broken(&source, end, "too short");
    end = meet(*state, &source);
    send_welcome(end, 8);
    expect_broken(&source, end, "WELCOME to another target");
    union fr_msg msg;
    for (uint32_t type = FR_MSG_HELLO; type <= FR_MSG_HDR; type++) {
        if (type == FR_MSG_REFUSE)
            continue;
        end = meet(*state, &source);
        fr_msg_init(&msg, type);
        raw_send_msg(end, &msg);
        expect_broken(&source, end, "broke the protocol");
    }
}

/* What is sent after the WELCOME, with that many descriptors, breaks the rules. */
static void expect_bad_ring(struct fixture *fixture, const union fr_msg *msg, const fr_handle *handles,
                            size_t num_handles, const char *sentence)
{
    struct source source;
    const fr_handle end = meet(fixture, &source);
    send_welcome(end, 7);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_CONNECTED).host_pid, 4711);
    raw_send(end, msg, msg->head.bytes, handles, num_handles);
    expect_broken(&source, end, sentence);
}

static void rings_with_forged_sizes(void **state)
{
    struct fixture *fixture = *state;
    struct ring ring;
    ring_make(&ring, 1);
    const fr_handle handles[] = {ring.header.handle, ring.event.handle, ring.slots.handle};
    union fr_msg msg;
    fr_msg_put_ring(&msg, &ring.delivery);
    msg.ring.ring_len = 9;
    expect_bad_ring(fixture, &msg, handles, 3, "number of slots");
    fr_msg_put_ring(&msg, &ring.delivery);
    msg.ring.slot_offset[3] = UINT64_MAX & ~UINT64_C(4095);
    expect_bad_ring(fixture, &msg, handles, 3, "slots lie outside");
    fr_msg_put_ring(&msg, &ring.delivery);
    msg.ring.pitch_bytes = UINT64_MAX & ~UINT64_C(63);
    expect_bad_ring(fixture, &msg, handles, 3, "pitch");
    fr_msg_put_ring(&msg, &ring.delivery);
    msg.ring.height = 0;
    expect_bad_ring(fixture, &msg, handles, 3, "picture size");
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
        const fr_handle end = meet(*state, &source);
        raw_send_refuse(end, reasons[i], "because \x1b[31mof this");
        raw_close(end);
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
    const fr_handle end = raw_accept(&fixture->listener);
    raw_send_refuse(end, FR_ERR_PERMISSION, "not you");
    raw_close(end);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PERMISSION);
    source_close(&source);
}

static void a_host_that_hangs_up_is_tried_again(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    fr_handle end = meet(fixture, &source);
    const uint64_t begin = now_ns();
    raw_close(end);
    source_expect_quiet(&source); /* it never was a host, so nothing is told */
    struct fr_source_news news;
    assert_int_equal(source.channel.ops->poll(source.channel.self, FR_NS_PER_S, &news), FR_AGAIN);
    end = raw_accept(&fixture->listener);
    assert_true(now_ns() - begin >= 400 * FR_NS_PER_MS);
    struct fr_packet packet;
    raw_expect(end, FR_MSG_HELLO, &packet);
    send_welcome(end, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    raw_close(end);
    assert_false(source_expect(&source, FR_SOURCE_NEWS_GONE).final);
    source_close(&source);
}

/* Announcing must not block, and the newest must arrive once the host reads again. */
static void a_host_that_does_not_read_gets_the_newest_display(void **state)
{
    struct source source;
    struct fr_packet packet;
    struct fr_source_news news;
    const fr_handle end = meet(*state, &source);
    send_welcome(end, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    fr_display_descriptor display = full_hd;
    for (uint32_t width = 1; width <= 3000; width++) {
        display.mode.width = width;
        assert_int_equal(source.channel.ops->announce(source.channel.self, &display), FR_OK);
    }
    uint32_t newest = 0;
    for (int i = 0; i < 4000 && newest != 3000; i++) {
        if (raw_receive(end, &packet, 0) == FR_OK)
            newest = packet.msg.display.display.width;
        else
            source.channel.ops->poll(source.channel.self, 0, &news);
    }
    assert_int_equal(newest, 3000);
    source_close(&source);
    raw_close(end);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(garbage_instead_of_a_welcome),
        TEST(rings_with_forged_sizes),
        TEST(memory_that_is_not_what_the_ring_says),
        TEST(a_refusal_is_told_with_its_reason),
        TEST(a_refusal_before_the_hello_was_read),
        TEST(a_host_that_hangs_up_is_tried_again),
        TEST(a_host_that_does_not_read_gets_the_newest_display),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
