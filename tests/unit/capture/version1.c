/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A host whose channel knows one header of 64 bytes, which every generation is made in: what the capture does
 * with it, seen by a source that is nothing but the table of version 1. */
#include "machine/rig.h"

#include <string.h>

struct old_source {
    struct fr_memory slots;
    uint32_t sequence;
};

static fr_wire_v1 *header(struct rig *rig)
{
    return rig->link.fixed.ptr;
}

static int setup(void **state)
{
    if (rig_setup(state))
        return -1;
    struct rig *rig = *state;
    const struct fr_os os = machine_os(&rig->machine);
    rig->link.wire_version = 1;
    assert_int_equal(
        os.ops->memory_create(os.self, NULL, FR_WIRE_V1_BYTES, FR_ACCESS_WRITE, &rig->link.fixed), FR_OK);
    assert_int_equal(os.ops->event_create(os.self, NULL, &rig->link.fixed_event), FR_OK);
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    const struct fr_os os = machine_os(&rig->machine);
    fr_capture_close(&rig->capture);
    assert_int_equal(header(rig)->generation, 0);
    os.ops->memory_close(os.self, &rig->link.fixed);
    os.ops->event_close(os.self, &rig->link.fixed_event);
    return rig_teardown(state);
}

/* The whole of a version 1 source's publish. */
static void publish(struct rig *rig, uint32_t sequence, uint32_t slot)
{
    const struct fr_os os = machine_os(&rig->machine);
    header(rig)->status = FR_WIRE_STATUS_OPENED;
    header(rig)->latest = (uint64_t)header(rig)->generation << 40 | (uint64_t)sequence << 8 | slot;
    os.ops->event_signal(os.self, &rig->link.fixed_event);
}

static void act(struct rig *rig)
{
    if (!rig->puppet.end)
        puppet_connect(rig, 64, 36, FR_COLOUR_STATE_SDR);
    if (header(rig)->magic == FR_WIRE_MAGIC && !header(rig)->latest)
        publish(rig, 1, 0);
}

static void open_it(struct rig *rig)
{
    rig->act = act;
    const fr_status status = rig_open(rig);
    if (status != FR_OK)
        rig_print_log(rig);
    assert_int_equal(status, FR_OK);
    rig->act = NULL;
}

static void a_frame_comes_through(void **state)
{
    struct rig *rig = *state;
    open_it(rig);
    assert_int_equal(header(rig)->version, 1);
    assert_int_equal(header(rig)->ring_len, 4);
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.sequence, 1);
    fr_frame_release(&frame);
    assert_int_equal(rig_try(rig), FR_AGAIN);
    publish(rig, 2, 1);
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig_info(rig).published, 2);
}

static void a_flip_makes_the_header_anew_in_place(void **state)
{
    struct rig *rig = *state;
    open_it(rig);
    assert_int_equal(rig_next(rig), FR_OK);
    const uint32_t before = header(rig)->generation;
    const struct fr_host_news news = {.kind = FR_HOST_NEWS_DISPLAY,
                                      .has_display = true,
                                      .display = rig_display(64, 36, FR_COLOUR_STATE_HDR)};
    link_tell_host(&rig->link, &news);
    (void)rig_next(rig);
    assert_int_equal(header(rig)->generation, before + 1);
    assert_int_equal(header(rig)->format, 10);
    assert_int_equal(header(rig)->latest, 0);
    assert_int_equal(header(rig)->status, 0);
    assert_int_equal(rig->backend.rings, 1);
    /* A frame of the generation before, published late. */
    header(rig)->latest = (uint64_t)before << 40 | UINT64_C(9) << 8;
    assert_int_equal(rig_try(rig), FR_AGAIN);
    publish(rig, 1, 0);
    assert_int_equal(rig_next(rig), FR_OK);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
}

/* It has no heartbeat to judge by. */
static void a_still_desktop_is_idle_not_stalled(void **state)
{
    struct rig *rig = *state;
    open_it(rig);
    (void)rig_run(rig, FR_NS_PER_S);
    (void)rig_run(rig, 5 * FR_NS_PER_S);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_IDLE);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
}

static void lap(void *user)
{
    struct rig *rig = user;
    rig->backend.before_claim = NULL;
    publish(rig, 4, 3); /* ring_len - 1 later than the one that is about to be claimed */
}

static void a_slot_that_was_lapped_before_the_claim_is_not_shown(void **state)
{
    struct rig *rig = *state;
    open_it(rig);
    rig->backend.before_claim = lap;
    rig->backend.user = rig;
    fr_frame frame;
    assert_int_equal(fr_capture_next(rig->capture, &frame), FR_OK);
    assert_int_equal(frame.sequence, 4);
    fr_frame_release(&frame);
    assert_int_equal(rig->backend.acquired, 2);
    assert_int_equal(rig->backend.conversions, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_frame_comes_through, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flip_makes_the_header_anew_in_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_still_desktop_is_idle_not_stalled, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slot_that_was_lapped_before_the_claim_is_not_shown, setup,
                                        teardown),
    };
    return cmocka_run_group_tests_name("version 1", tests, NULL, NULL);
}
