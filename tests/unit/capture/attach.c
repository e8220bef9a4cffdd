/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.5: the wait of open, and the name of each way in which it fails. */
#include "machine/rig.h"

/* What a puppet does in each wait of open. */
static void connect_only(struct rig *rig)
{
    if (!rig->puppet.end)
        puppet_connect(rig, 64, 36, FR_COLOUR_STATE_SDR);
}

static void connect_and_report(struct rig *rig, uint32_t status, uint32_t detail)
{
    connect_only(rig);
    if (puppet_take_ring(rig))
        puppet_report(rig, status, detail);
}

static void open_only(struct rig *rig)
{
    connect_and_report(rig, FR_WIRE_STATUS_OPENED, 0);
}

static uint64_t waited_ns(const struct rig *rig)
{
    return rig->machine.now_ns - MACHINE_START_NS;
}

static void fails(struct rig *rig, void (*act)(struct rig *rig), fr_status expected, const char *words)
{
    rig->act = act;
    const fr_status status = rig_open(rig);
    if (status != expected || rig_logged(rig, FR_LOG_ERROR, words) != 1)
        rig_print_log(rig);
    assert_int_equal(status, expected);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, words), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, ""), 1);
    assert_null(rig->capture);
}

static void nobody_connects(void **state)
{
    struct rig *rig = *state;
    fails(rig, NULL, FR_ERR_NEVER_ATTACHED, "no source connected");
    assert_in_range(waited_ns(rig), 4 * FR_NS_PER_S, 4 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
    assert_true(rig->machine.longest_wait_ns <= 20 * FR_NS_PER_MS);
}

static void connected_but_never_opened(void **state)
{
    struct rig *rig = *state;
    fails(rig, connect_only, FR_ERR_NEVER_ATTACHED, "a source connected but never opened the ring");
    assert_in_range(waited_ns(rig), 4 * FR_NS_PER_S, 4 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "does not answer; its first frame is waited for"), 1);
}

static void opened_but_nothing_offered(void **state)
{
    struct rig *rig = *state;
    fails(rig, open_only, FR_ERR_NOTHING_OFFERED, "attached but offered no frame");
    assert_in_range(waited_ns(rig), 4 * FR_NS_PER_S, 4 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
}

static void act_mismatch(struct rig *rig)
{
    open_only(rig);
    if (rig->puppet.header.ptr)
        fr_ring_source_mismatch(&rig->puppet.words);
}

static void everything_offered_mismatched(void **state)
{
    struct rig *rig = *state;
    fails(rig, act_mismatch, FR_ERR_ALL_MISMATCHED, "another size or format");
}

static void act_offer_without_publish(struct rig *rig)
{
    open_only(rig);
    if (!rig->puppet.header.ptr)
        return;
    (void)fr_ring_source_begin(&rig->puppet.words);
    fr_ring_source_cancel(&rig->puppet.words);
    fr_ring_source_mismatch(&rig->puppet.words);
}

static void offered_but_nothing_published(void **state)
{
    struct rig *rig = *state;
    fails(rig, act_offer_without_publish, FR_ERR_NOTHING_OFFERED, "published no frame");
}

static void act_texture_failed(struct rig *rig)
{
    connect_and_report(rig, FR_WIRE_STATUS_TEXTURE_FAILED, 4711);
}

static void act_no_device(struct rig *rig)
{
    connect_and_report(rig, FR_WIRE_STATUS_NO_DEVICE, 4712);
}

static void act_wrong_target(struct rig *rig)
{
    connect_and_report(rig, FR_WIRE_STATUS_WRONG_TARGET, 4713);
}

static void act_unknown_status(struct rig *rig)
{
    connect_and_report(rig, 17, 4714);
}

static void a_reported_failure_ends_the_wait_at_once(struct rig *rig, void (*act)(struct rig *rig),
                                                     const char *words, const char *detail)
{
    fails(rig, act, FR_ERR_SOURCE_FAILED, words);
    assert_true(waited_ns(rig) <= 60 * FR_NS_PER_MS);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, detail), 1);
}

static void status_2_fails_at_once(void **state)
{
    a_reported_failure_ends_the_wait_at_once(*state, act_texture_failed, "could not open the ring's slots",
                                             "status 2, detail 4711");
}

static void status_3_fails_at_once(void **state)
{
    a_reported_failure_ends_the_wait_at_once(*state, act_no_device, "graphics device cannot share",
                                             "status 3, detail 4712");
}

static void status_4_fails_at_once(void **state)
{
    a_reported_failure_ends_the_wait_at_once(*state, act_wrong_target, "serves another target",
                                             "status 4, detail 4713");
}

static void an_unknown_status_fails_at_once(void **state)
{
    a_reported_failure_ends_the_wait_at_once(*state, act_unknown_status, "a status that is not known",
                                             "status 17, detail 4714");
}

static void act_die(struct rig *rig)
{
    open_only(rig);
    if (rig->puppet.header.ptr && rig->puppet.end->connected)
        link_kill(rig->puppet.end);
}

static void the_source_died(void **state)
{
    struct rig *rig = *state;
    fails(rig, act_die, FR_ERR_SOURCE_DIED, "went away before its first frame");
    assert_in_range(waited_ns(rig), 4 * FR_NS_PER_S, 4 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
}

static fr_status no_source(void *user, int socket_fd)
{
    (void)user, (void)socket_fd;
    return FR_OK;
}

/* A source that open itself started is the only one that will come. */
static void the_started_source_died(void **state)
{
    struct rig *rig = *state;
    rig->params.start_source = no_source;
    fails(rig, act_die, FR_ERR_SOURCE_DIED, "went away before its first frame");
    assert_true(waited_ns(rig) <= 60 * FR_NS_PER_MS);
}

static void act_break_protocol(struct rig *rig)
{
    connect_only(rig);
    if (!rig->puppet.end->connected || rig->link.news_count)
        return;
    link_kill(rig->puppet.end);
    rig->link.news[rig->link.news_first].reason = FR_ERR_PROTOCOL;
}

static void the_source_broke_the_protocol(void **state)
{
    struct rig *rig = *state;
    fails(rig, act_break_protocol, FR_ERR_PROTOCOL, "broke the protocol");
}

static void act_refused(struct rig *rig)
{
    if (rig->machine.waits == 1)
        link_tell_host(&rig->link,
                       &(struct fr_host_news){.kind = FR_HOST_NEWS_REFUSED, .reason = FR_ERR_VERSION});
}

static void the_only_source_has_another_version(void **state)
{
    struct rig *rig = *state;
    fails(rig, act_refused, FR_ERR_VERSION, "another protocol version");
}

static void act_refused_for_permission(struct rig *rig)
{
    if (rig->machine.waits == 1)
        link_tell_host(&rig->link,
                       &(struct fr_host_news){.kind = FR_HOST_NEWS_REFUSED, .reason = FR_ERR_PERMISSION});
}

static void a_stranger_that_was_refused_is_no_source(void **state)
{
    struct rig *rig = *state;
    fails(rig, act_refused_for_permission, FR_ERR_NEVER_ATTACHED, "no source connected");
}

static void act_publish_without_report(struct rig *rig)
{
    connect_only(rig);
    if (puppet_take_ring(rig))
        puppet_publish(rig, 0);
}

static void a_frame_without_opened_is_no_success(void **state)
{
    struct rig *rig = *state;
    fails(rig, act_publish_without_report, FR_ERR_NEVER_ATTACHED, "never opened the ring");
}

static void act_frame_of_another_generation(struct rig *rig)
{
    open_only(rig);
    if (rig->puppet.header.ptr)
        ((fr_wire_v2 *)rig->puppet.header.ptr)->v1.latest =
            fr_token_pack((fr_token){.generation = 99, .sequence = 1, .slot = 0});
}

static void a_frame_of_another_generation_is_no_success(void **state)
{
    struct rig *rig = *state;
    fails(rig, act_frame_of_another_generation, FR_ERR_NOTHING_OFFERED, "offered no frame");
}

static void act_cancel(struct rig *rig)
{
    rig->cancel = rig->machine.waits >= 3;
}

static void the_caller_can_cancel(void **state)
{
    struct rig *rig = *state;
    rig->act = act_cancel;
    assert_int_equal(rig_open(rig), FR_CANCELLED);
    assert_null(rig->capture);
    assert_int_equal(rig->machine.waits, 3);
    assert_int_equal(rig->keepalive_released, 0);
}

static void act_cancel_after_ten_seconds(struct rig *rig)
{
    rig->cancel = rig->machine.now_ns > MACHINE_START_NS + 10 * FR_NS_PER_S;
}

static void for_ever_is_for_ever(void **state)
{
    struct rig *rig = *state;
    rig->params.timing.attach_wait_ns = UINT64_MAX;
    rig->act = act_cancel_after_ten_seconds;
    assert_int_equal(rig_open(rig), FR_CANCELLED);
    assert_true(waited_ns(rig) > 10 * FR_NS_PER_S);
}

static void act_late(struct rig *rig)
{
    open_only(rig);
    if (rig->puppet.header.ptr && waited_ns(rig) >= 2 * FR_NS_PER_S)
        puppet_publish(rig, 0);
}

/* However long nothing came: the event of the first frame ends the wait, not the next look. */
static void the_first_frame_wakes_a_long_wait(void **state)
{
    struct rig *rig = *state;
    rig->act = act_late;
    assert_int_equal(rig_open(rig), FR_OK);
    assert_int_equal(rig->machine.events_waited, 2);
    assert_true(waited_ns(rig) < 2 * FR_NS_PER_S + 20 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
}

static void act_second_source(struct rig *rig)
{
    if (rig->machine.waits == 2) {
        puppet_connect(rig, 48, 32, FR_COLOUR_STATE_SDR);
    } else if (rig->machine.waits == 5) {
        link_kill(rig->puppet.end);
    } else if (rig->machine.waits == 8) {
        puppet_finish(rig);
        puppet_connect(rig, 64, 36, FR_COLOUR_STATE_SDR);
    } else {
        (void)(rig->machine.waits > 8 && puppet_attach(rig));
    }
}

static void another_source_may_come_after_one_died(void **state)
{
    struct rig *rig = *state;
    rig->act = act_second_source;
    assert_int_equal(rig_open(rig), FR_OK);
    assert_int_equal(rig_info(rig).generations, 2);
    assert_int_equal(rig->backend.shape.width, 64);
}

static void act_last_words(struct rig *rig)
{
    connect_only(rig);
    if (puppet_attach(rig))
        link_kill(rig->puppet.end);
}

/* A source that left its first frame behind: open works, and the state says that nobody is there. */
static void a_source_may_die_after_its_first_frame(void **state)
{
    struct rig *rig = *state;
    rig->act = act_last_words;
    assert_int_equal(rig_open(rig), FR_OK);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_REBUILDING);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_GONE);
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig_next(rig), FR_REPEAT);
}

static void the_failure_says_what_is_known_of_the_source(void **state)
{
    struct rig *rig = *state;
    rig->act = open_only;
    assert_int_equal(rig_open(rig), FR_ERR_NOTHING_OFFERED);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "source puppet connected"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "adapter 00000000:00000000"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "run_core_entries"), 1);
    assert_int_equal(rig_logged(rig, FR_LOG_ERROR, "target 7"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_connects),
        TEST(connected_but_never_opened),
        TEST(opened_but_nothing_offered),
        TEST(everything_offered_mismatched),
        TEST(offered_but_nothing_published),
        TEST(status_2_fails_at_once),
        TEST(status_3_fails_at_once),
        TEST(status_4_fails_at_once),
        TEST(an_unknown_status_fails_at_once),
        TEST(the_source_died),
        TEST(the_started_source_died),
        TEST(the_source_broke_the_protocol),
        TEST(the_only_source_has_another_version),
        TEST(a_stranger_that_was_refused_is_no_source),
        TEST(a_frame_without_opened_is_no_success),
        TEST(a_frame_of_another_generation_is_no_success),
        TEST(the_caller_can_cancel),
        TEST(for_ever_is_for_ever),
        TEST(the_first_frame_wakes_a_long_wait),
        TEST(another_source_may_come_after_one_died),
        TEST(a_source_may_die_after_its_first_frame),
        TEST(the_failure_says_what_is_known_of_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
