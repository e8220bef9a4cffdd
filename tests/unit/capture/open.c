/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.1 to 3.3: what open takes, gives back and makes. */
#include "machine/rig.h"

#include <stdlib.h>
#include <string.h>

static void success_takes_the_keepalive(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    assert_int_equal(rig->keepalive_released, 0);
    fr_capture_close(&rig->capture);
    assert_null(rig->capture);
    assert_int_equal(rig->keepalive_released, 1);
}

static void keepalive_goes_after_the_ring_and_the_channel(void **state)
{
    struct rig *rig = *state;
    rig_start(rig);
    fr_source_close(&rig->source);
    fr_capture_close(&rig->capture);
    assert_int_equal(rig->link.host_destroyed, 1);
    assert_true(rig->backend.destroyed);
    assert_int_equal(rig->machine.handles, 0);
    assert_int_equal(rig->machine.mappings, 0);
}

static void close_accepts_nothing(void **state)
{
    struct rig *rig = *state;
    fr_capture_close(NULL);
    fr_capture_close(&rig->capture);
    assert_null(rig->capture);
}

static void failure_gives_the_keepalive_back(void **state)
{
    struct rig *rig = *state;
    rig->capture = (fr_capture *)(void *)rig;
    assert_int_equal(rig_open(rig), FR_ERR_NEVER_ATTACHED);
    assert_null(rig->capture);
    assert_int_equal(rig->keepalive_released, 0);
    assert_int_equal(rig->machine.handles, 0);
    assert_int_equal(rig->machine.mappings, 0);
    assert_int_equal(rig->link.host_destroyed, 1);
    assert_true(rig->backend.destroyed);
}

static void a_channel_that_cannot_start_fails_open(void **state)
{
    struct rig *rig = *state;
    rig->link.start_status = FR_ERR_TARGET_BUSY;
    assert_int_equal(rig_open(rig), FR_ERR_TARGET_BUSY);
    assert_int_equal(rig->keepalive_released, 0);
    assert_int_equal(rig->machine.waits, 0);
}

static void refused(struct rig *rig, const char *words)
{
    assert_int_equal(rig_open(rig), FR_ERR_ARGUMENT);
    assert_int_equal(rig->keepalive_released, 0);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, words), 1);
    rig->log.count = 0;
}

static void arguments_out_of_range_are_refused(void **state)
{
    struct rig *rig = *state;
    rig->params.ring_len = 2;
    refused(rig, "a ring has 3 to 8 slots");
    rig->params.ring_len = 9;
    refused(rig, "a ring has 3 to 8 slots");
    rig->params.ring_len = 0;
    rig->params.out_surfaces = 1;
    refused(rig, "an out ring has 2 to 16 surfaces");
    rig->params.out_surfaces = 17;
    refused(rig, "an out ring has 2 to 16 surfaces");
    rig->params.out_surfaces = 0;
    rig->params.convert_threads = 17;
    refused(rig, "a conversion has 1 to 16 threads");
    rig->params.convert_threads = 0;
    rig->params.preferred = (fr_mode){FR_SIZE_MAX + 1, 10, 0};
    refused(rig, "pixels each way");
    rig->params.preferred = (fr_mode){10, 0, 0};
    refused(rig, "pixels each way");
}

static void the_ring_has_the_announced_size(void **state)
{
    struct rig *rig = *state;
    rig->params.preferred = (fr_mode){1920, 1080, 60000};
    rig->source_params.display = rig_display(48, 32, FR_COLOUR_STATE_SDR);
    rig_start(rig);
    assert_int_equal(rig->backend.shape.width, 48);
    assert_int_equal(rig->backend.shape.height, 32);
    assert_int_equal(rig->backend.shape.format, FR_FORMAT_BGRA8);
    assert_int_equal(rig->backend.shape.ring_len, 4);
    assert_true(rig_logged(rig, FR_LOG_INFO, "1920x1080") >= 1);
}

static void equal_sizes_are_no_difference_to_log(void **state)
{
    struct rig *rig = *state;
    rig->params.preferred = (fr_mode){64, 36, 60000};
    rig_start(rig);
    assert_int_equal(rig_logged(rig, FR_LOG_INFO, "was asked for"), 0);
}

static void the_preferred_size_is_for_a_display_that_names_none(void **state)
{
    struct rig *rig = *state;
    rig->params.preferred = (fr_mode){66, 38, 60000};
    rig->source_params.display = rig_display(0, 0, FR_COLOUR_STATE_SDR);
    rig_start(rig);
    assert_int_equal(rig->backend.shape.width, 66);
    assert_int_equal(rig->backend.shape.height, 38);
}

static void no_size_at_all_is_an_error(void **state)
{
    struct rig *rig = *state;
    rig->source_params.display = rig_display(0, 0, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_open_source(rig), FR_OK);
    assert_int_equal(rig_open(rig), FR_ERR_NO_MODE);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "neither the display nor the caller named a size"), 1);
    assert_int_equal(rig->keepalive_released, 0);
}

static void a_provider_is_believed_instead_of_the_source(void **state)
{
    struct rig *rig = *state;
    rig->use_feed = rig->has_display = true;
    fake_feed_sample(&rig->feed, 40, 30, FR_COLOUR_STATE_SDR);
    rig->feed.has_sample = false;
    rig_start(rig);
    assert_int_equal(rig->backend.shape.width, 40);
    assert_int_equal(rig->backend.shape.height, 30);
    fr_capture_close(&rig->capture);
    assert_int_equal(rig->feed.destroyed, 1);
}

static void the_first_sample_of_a_provider_counts_at_once(void **state)
{
    struct rig *rig = *state;
    rig->use_feed = true;
    rig->params.preferred = (fr_mode){66, 38, 60000};
    fake_feed_sample(&rig->feed, 40, 30, FR_COLOUR_STATE_SDR);
    rig_start(rig);
    assert_int_equal(rig->backend.shape.width, 40);
    assert_int_equal(rig_info(rig).generations, 1);
}

static void want_10bit_asks_for_hdr(void **state)
{
    struct rig *rig = *state;
    rig->params.want_10bit = true;
    rig->obey_hdr = true;
    rig_start(rig);
    assert_int_equal(rig->hdr_heard, 1);
    assert_int_equal(rig->backend.shape.format, FR_FORMAT_RGBA16F);
    assert_int_equal(rig_info(rig).generations, 1);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_P010);
}

static void hdr_is_not_asked_for_where_nobody_wants_it(void **state)
{
    struct rig *rig = *state;
    rig->obey_hdr = true;
    rig_start(rig);
    assert_int_equal(rig->hdr_heard, -1);
    assert_int_equal(rig->backend.shape.format, FR_FORMAT_BGRA8);
}

static void hdr_that_is_on_is_not_asked_for(void **state)
{
    struct rig *rig = *state;
    rig->params.want_10bit = true;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    rig_start(rig);
    assert_int_equal(rig->hdr_heard, -1);
    assert_int_equal(rig->backend.shape.format, FR_FORMAT_RGBA16F);
}

/* The ring is that of the observed state, never that of the wanted one. */
static void hdr_that_does_not_come_is_waited_for_250_ms(void **state)
{
    struct rig *rig = *state;
    rig->params.want_10bit = true;
    rig_start(rig);
    assert_int_equal(rig->hdr_heard, 1);
    const uint64_t took = rig->machine.now_ns - MACHINE_START_NS;
    assert_in_range(took, 250 * FR_NS_PER_MS, 300 * FR_NS_PER_MS);
    assert_int_equal(rig->backend.shape.format, FR_FORMAT_BGRA8);
    assert_int_equal(rig_info(rig).display.colour_state, FR_COLOUR_STATE_SDR);
    assert_int_equal(rig_info(rig).out_format, FR_FORMAT_NV12);
}

static void hdr_that_cannot_be_asked_for_is_not_waited_for(void **state)
{
    struct rig *rig = *state;
    rig->params.want_10bit = true;
    rig->link.no_hdr = true;
    rig_start(rig);
    assert_true(rig->machine.now_ns - MACHINE_START_NS < 100 * FR_NS_PER_MS);
}

static void act_hdr_late(struct rig *rig)
{
    rig_source_acts(rig);
    if (rig->source && rig->machine.now_ns >= MACHINE_START_NS + 100 * FR_NS_PER_MS &&
        rig->source->display.colour_state != FR_COLOUR_STATE_HDR)
        rig_announce(rig, 64, 36, FR_COLOUR_STATE_HDR);
}

static void hdr_that_settles_ends_the_wait(void **state)
{
    struct rig *rig = *state;
    rig->params.want_10bit = true;
    rig->act = act_hdr_late;
    rig_start(rig);
    assert_in_range(rig->machine.now_ns - MACHINE_START_NS, 100 * FR_NS_PER_MS, 180 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).generations, 1);
    assert_int_equal(rig_info(rig).ring_format, FR_FORMAT_RGBA16F);
}

static void a_provider_is_asked_for_hdr_itself(void **state)
{
    struct rig *rig = *state;
    rig->use_feed = rig->has_display = true;
    rig->params.want_10bit = true;
    fake_feed_sample(&rig->feed, 64, 36, FR_COLOUR_STATE_SDR);
    rig_start(rig);
    assert_int_equal(rig->feed.requests, 1);
    assert_true(rig->feed.requested_on);
    assert_int_equal(rig->link.hdr_requests, 0);
    assert_int_equal(rig->hdr_heard, -1);
}

static void an_unknown_colour_state_keeps_the_last_one(void **state)
{
    struct rig *rig = *state;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_HDR;
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
    rig_announce(rig, 64, 36, FR_COLOUR_STATE_UNKNOWN);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_equal(rig_info(rig).generations, 1);
    assert_int_equal(rig_info(rig).display.colour_state, FR_COLOUR_STATE_HDR);
}

static void an_unknown_state_at_open_is_sdr(void **state)
{
    struct rig *rig = *state;
    rig->source_params.display.colour_state = FR_COLOUR_STATE_UNKNOWN;
    rig_start(rig);
    assert_int_equal(rig->backend.shape.format, FR_FORMAT_BGRA8);
}

static fr_status start_source(void *user, int socket_fd)
{
    struct rig *rig = user;
    rig->inherited_fd = socket_fd;
    return rig->start_status < 0 ? rig->start_status : rig_open_source(rig);
}

static void open_starts_the_source_with_a_socket(void **state)
{
    struct rig *rig = *state;
    rig->params.start_source = start_source;
    assert_int_equal(rig_open(rig), FR_OK);
    assert_int_equal(rig->inherited_fd, 1234);
}

static void a_source_that_does_not_start_fails_open(void **state)
{
    struct rig *rig = *state;
    rig->params.start_source = start_source;
    rig->start_status = FR_ERR_PERMISSION;
    assert_int_equal(rig_open(rig), FR_ERR_PERMISSION);
    assert_int_equal(rig->keepalive_released, 0);
    rig->link.invite_status = FR_ERR_NO_MEMORY;
    rig->start_status = FR_OK;
    assert_int_equal(rig_open(rig), FR_ERR_NO_MEMORY);
}

/* Every allocation of open fails once: open says so, keeps nothing, and the keepalive stays the caller's. */
static void open_survives_every_failing_allocation(void **state)
{
    struct rig *rig = *state;
    rig->params.timing.attach_wait_ns = 100 * FR_NS_PER_MS;
    unsigned nth = 0;
    for (bool failed = true; failed;) {
        struct rig *one = malloc(sizeof(*one));
        assert_non_null(one);
        rig_init(one);
        one->params.timing = rig->params.timing;
        assert_int_equal(rig_open_source(one), FR_OK);
        struct fr_capture_env env = {.os = machine_os(&one->machine),
                                     .channel = link_host(&one->link),
                                     .backend = fake_backend(&one->backend, &one->machine),
                                     .notify.handle = FR_HANDLE_NONE};
        assert_int_equal(env.os.ops->event_create(env.os.self, NULL, &env.notify), FR_OK);
        const fr_keepalive keepalive = {0};
        machine_fail_allocation(++nth);
        const fr_status status = fr_capture_open_env(&one->capture, &one->params, &keepalive, &env);
        failed = machine_allocation_failed();
        if (status != FR_OK) {
            assert_true(failed);
            assert_true(status < 0);
            assert_null(one->capture);
            assert_int_equal(one->link.host_destroyed, 1);
        }
        rig_finish(one);
        free(one);
    }
    assert_in_range(nth, 8, 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(success_takes_the_keepalive),
        TEST(keepalive_goes_after_the_ring_and_the_channel),
        TEST(close_accepts_nothing),
        TEST(failure_gives_the_keepalive_back),
        TEST(a_channel_that_cannot_start_fails_open),
        TEST(arguments_out_of_range_are_refused),
        TEST(the_ring_has_the_announced_size),
        TEST(equal_sizes_are_no_difference_to_log),
        TEST(the_preferred_size_is_for_a_display_that_names_none),
        TEST(no_size_at_all_is_an_error),
        TEST(a_provider_is_believed_instead_of_the_source),
        TEST(the_first_sample_of_a_provider_counts_at_once),
        TEST(want_10bit_asks_for_hdr),
        TEST(hdr_is_not_asked_for_where_nobody_wants_it),
        TEST(hdr_that_is_on_is_not_asked_for),
        TEST(hdr_that_does_not_come_is_waited_for_250_ms),
        TEST(hdr_that_cannot_be_asked_for_is_not_waited_for),
        TEST(hdr_that_settles_ends_the_wait),
        TEST(a_provider_is_asked_for_hdr_itself),
        TEST(an_unknown_colour_state_keeps_the_last_one),
        TEST(an_unknown_state_at_open_is_sdr),
        TEST(open_starts_the_source_with_a_socket),
        TEST(a_source_that_does_not_start_fails_open),
        TEST(open_survives_every_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
