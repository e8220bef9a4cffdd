/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness_win32.h"

#include "channel/named.h"
#include "ring/ring.h"

#include <framering/observe.h>

#include <stdlib.h>

/* Sessions whose objects have names, seen from outside; and what else is Windows' own. */

struct fixture {
    char prefix[FR_NAMED_PREFIX_BYTES];
    struct host host;
    struct sink sink;
    fr_log log;
};

static int setup(void **state)
{
    struct sandbox sandbox;
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&sandbox);
    snprintf(fixture->prefix, sizeof(fixture->prefix), "Local\\%.60s", sandbox.dir);
    sink_init(&fixture->sink);
    fixture->log = sink_log(&fixture->sink);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    sink_finish(&fixture->sink);
    free(fixture);
    return 0;
}

static void open_host(struct fixture *fixture, uint32_t wire_version, const char *sddl)
{
    struct host *host = &fixture->host;
    sink_init(&host->sink);
    const struct fr_named_host_params params = {.target_id = 7,
                                                .wire_version = wire_version,
                                                .prefix = fixture->prefix,
                                                .sddl = sddl,
                                                .log = sink_log(&host->sink)};
    assert_int_equal(fr_named_host_create(&host->channel, &params), FR_OK);
    host_start(host);
}

static fr_observer *open_observer(struct fixture *fixture)
{
    fr_observer *observer;
    assert_int_equal(fr_observer_open(&observer, fixture->prefix, 7, &fixture->log), FR_OK);
    return observer;
}

static const struct fr_ring_shape shape = {4, 64, 48, FR_FORMAT_BGRA8};

static void a_session_of_version_1_is_watched(void **state)
{
    struct fixture *fixture = *state;
    struct fr_memory header;
    struct fr_event event;
    struct fr_ring_host words;
    fr_observation seen;
    open_host(fixture, 1, NULL);
    const struct fr_host_channel *channel = &fixture->host.channel;
    fr_observer *observer = open_observer(fixture);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_AGAIN);
    assert_false(seen.has_header);
    assert_true(seen.at_ns > 0);

    channel->ops->fixed(channel->self, &header, &event);
    fr_wire_v1 *v1 = header.ptr;
    fr_ring_host_create_v1(&words, v1, &shape, 20, 7);
    v1->latest = fr_token_pack((fr_token){20, 9, 2});
    channel->ops->debug(channel->self)->run_core_entries = 31;
    assert_int_equal(fr_observer_sample(observer, &seen), FR_OK);
    assert_true(seen.has_header);
    assert_int_equal(seen.attaches, 1);
    assert_int_equal(seen.header.v1.version, 1);
    assert_int_equal(seen.header.v1.height, 48);
    assert_int_equal(seen.latest.sequence, 9);
    assert_int_equal(seen.header.debug.magic, FR_WIRE_DEBUG_MAGIC);
    assert_int_equal(seen.header.debug.run_core_entries, 31);
    assert_int_equal(seen.header.source.published, 0);

    fr_ring_host_create_v1(&words, v1, &shape, 21, 7);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_OK);
    assert_int_equal(seen.attaches, 2);
    assert_int_equal(seen.latest.sequence, 0);
    v1->format = 77;
    assert_int_equal(fr_observer_sample(observer, &seen), FR_ERR_PROTOCOL);
    assert_false(seen.has_header);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "the header of target 7 is damaged: "));
    host_close(&fixture->host);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_END);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_END);
    fr_observer_close(&observer);
}

static void make_generation(struct fixture *fixture, uint32_t number, struct fr_memory *header)
{
    const struct fr_os os = fr_os_native();
    const struct fr_host_channel *channel = &fixture->host.channel;
    struct fr_ring_host words;
    struct fr_delivery delivery = fr_delivery_none();
    delivery.wire_version = 2;
    delivery.generation = number;
    delivery.ring_len = shape.ring_len;
    delivery.width = shape.width;
    delivery.height = shape.height;
    delivery.format = shape.format;
    delivery.slots_kind = FR_SLOTS_D3D11;
    delivery.sync_kind = FR_WIRE_SYNC_KEYED_MUTEX;
    const struct fr_object_name *name = channel->ops->object_name(channel->self, FR_OBJECT_HEADER, number, 0);
    assert_int_equal(os.ops->memory_create(os.self, name, FR_WIRE_V2_BYTES, FR_ACCESS_WRITE, header), FR_OK);
    fr_ring_host_create(&words, header->ptr, FR_WIRE_V2_BYTES, &shape, number, 7, FR_WIRE_SYNC_KEYED_MUTEX,
                        1);
    delivery.header = header->handle;
    assert_int_equal(channel->ops->deliver(channel->self, &delivery), FR_OK);
}

static void a_session_of_version_2_is_watched(void **state)
{
    struct fixture *fixture = *state;
    const struct fr_os os = fr_os_native();
    struct fr_memory first, second;
    fr_observation seen;
    open_host(fixture, 2, NULL);
    fr_observer *observer = open_observer(fixture);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_AGAIN);
    make_generation(fixture, 20, &first);
    ((fr_wire_v2 *)first.ptr)->source.published = 5;
    assert_int_equal(fr_observer_sample(observer, &seen), FR_OK);
    assert_int_equal(seen.header.v1.generation, 20);
    assert_int_equal(seen.header.source.published, 5);
    assert_int_equal(seen.header.host.sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    make_generation(fixture, 21, &second);
    os.ops->memory_close(os.self, &first);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_OK);
    assert_int_equal(seen.header.v1.generation, 21);
    assert_int_equal(seen.attaches, 2);
    os.ops->memory_close(os.self, &second);
    host_close(&fixture->host);
    assert_int_equal(fr_observer_sample(observer, &seen), FR_END);
    fr_observer_close(&observer);
}

static void no_names_no_observer(void **state)
{
    struct fixture *fixture = *state;
    fr_observer *observer = (fr_observer *)fixture;
    assert_int_equal(fr_observer_open(&observer, fixture->prefix, 7, &fixture->log), FR_ERR_NO_HOST);
    assert_null(observer);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "no host answers at target 7"));
    open_host(fixture, 1, NULL);
    assert_int_equal(fr_observer_open(&observer, fixture->prefix, 8, &fixture->log), FR_ERR_NO_HOST);
    host_close(&fixture->host);
}

static void names_that_keep_us_out_say_so(void **state)
{
    struct fixture *fixture = *state;
    fr_observer *observer;
    open_host(fixture, 1, "D:P(A;;GA;;;SY)");
    assert_int_equal(fr_observer_open(&observer, fixture->prefix, 7, &fixture->log), FR_ERR_PERMISSION);
    assert_null(observer);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "may not be read"));
    host_close(&fixture->host);
}

static void an_observer_leaves_nothing_open(void **state)
{
    struct fixture *fixture = *state;
    const struct fr_os os = fr_os_native();
    struct fr_memory header;
    fr_observation seen;
    open_host(fixture, 2, NULL);
    make_generation(fixture, 20, &header);
    /* Until the host's thread has what it needs. */
    size_t before = 0;
    for (size_t now = 1; now != before;) {
        before = now;
        sleep_ms(50);
        now = system_count_handles();
    }
    for (int i = 0; i < 3; i++) {
        fr_observer *observer = open_observer(fixture);
        assert_int_equal(fr_observer_sample(observer, &seen), FR_OK);
        fr_observer_close(&observer);
    }
    expect_handles(before);
    os.ops->memory_close(os.self, &header);
    host_close(&fixture->host);
}

/* Wine does not list pipes, and says so. */
static void targets_are_listed_or_not_at_all(void **state)
{
    (void)state;
    struct sandbox sandbox;
    struct host host[3];
    uint32_t out[4] = {0};
    size_t count = 99;
    sandbox_make(&sandbox);
    assert_int_equal(fr_targets_list(sandbox.dir, NULL, 1, &count), FR_ERR_ARGUMENT);
    const uint32_t targets[] = {300, UINT32_MAX, 0};
    for (size_t i = 0; i < 3; i++)
        host_open(&host[i], &sandbox, targets[i]);
    const fr_status status = fr_targets_list(sandbox.dir, out, 4, &count);
    if (status == FR_ERR_UNSUPPORTED) {
        assert_int_equal(count, 0);
    } else {
        assert_int_equal(status, FR_OK);
        assert_int_equal(count, 3);
        assert_int_equal(out[0], 0);
        assert_int_equal(out[1], 300);
        assert_int_equal(out[2], UINT32_MAX);
    }
    for (size_t i = 0; i < 3; i++)
        host_close(&host[i]);
    char dir[64] = "x";
    assert_int_equal(fr_runtime_dir(dir, sizeof(dir)), FR_ERR_UNSUPPORTED);
    assert_string_equal(dir, "");
    assert_int_equal(fr_runtime_dir(NULL, 0), FR_ERR_ARGUMENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_session_of_version_1_is_watched),
        TEST(a_session_of_version_2_is_watched),
        TEST(no_names_no_observer),
        TEST(names_that_keep_us_out_say_so),
        TEST(an_observer_leaves_nothing_open),
        TEST(targets_are_listed_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
