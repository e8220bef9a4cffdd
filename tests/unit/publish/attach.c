/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 4.1: what a source checks before it believes a ring. */
#include "fixture.h"

#include "backend/cpu/cpu.h"

/* A connected source, and a ring that is made but not yet delivered. */
static void connect_source(struct fixture *f)
{
    host_open(&f->host);
    host_make(&f->host, 5, 64, 36, FR_FORMAT_BGRA8);
    assert_int_equal(rig_open_source(&f->rig), FR_OK);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_AGAIN);
}

/* The delivery is refused without a trace, and the next good one works. */
static void refused(struct fixture *f, uint32_t status, const char *words)
{
    const unsigned handles = f->rig.machine.handles;
    const unsigned mappings = f->rig.machine.mappings;
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_AGAIN);
    assert_false(fixture_info(f).attached);
    assert_int_equal(f->rig.machine.handles, handles);
    assert_int_equal(f->rig.machine.mappings, mappings);
    assert_int_equal(host_header(&f->host)->v1.status, status);
    if (words)
        assert_int_equal(rig_logged(&f->rig, FR_LOG_WARNING, words), 1);
    else
        assert_int_equal(rig_logged(&f->rig, FR_LOG_WARNING, ""), 0);
    host_make(&f->host, 9, 64, 36, FR_FORMAT_BGRA8);
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_REATTACHED);
    assert_true(fixture_info(f).attached);
}

static void a_good_ring_is_opened_and_reported(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_REATTACHED);
    const fr_wire_v2 *header = host_header(&f->host);
    assert_int_equal(header->v1.status, FR_WIRE_STATUS_OPENED);
    assert_int_equal(header->source.pid, 77);
    assert_int_equal(header->source.heartbeat_ns, f->rig.machine.now_ns);
    assert_int_equal(header->source.offered, 0);
    assert_int_equal(header->v1.latest, 0);
    const fr_source_info out = fixture_info(f);
    assert_true(out.attached);
    assert_int_equal(out.generation, 5);
    assert_int_equal(out.width, 64);
    assert_int_equal(out.height, 36);
    assert_int_equal(out.format, FR_FORMAT_BGRA8);
    assert_int_equal(out.attaches, 1);
    assert_int_equal(f->rig.machine.signals, 1);
}

static void the_debug_block_is_filled(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_REATTACHED);
    const fr_wire_debug *debug = &host_header(&f->host)->debug;
    assert_int_equal(debug->resolved_target_id, RIG_TARGET);
    assert_int_equal(debug->run_core_entries, 1);
    assert_int_equal(debug->header_open_attempts, 1);
    assert_int_equal(debug->header_opened, 1);
    assert_int_equal(debug->last_open_error, 0);
}

static void bytes_without_magic_are_no_ring(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.magic = 0;
    refused(f, FR_WIRE_STATUS_NONE, "no magic");
}

static void an_unknown_version_is_refused(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.version = 3;
    refused(f, FR_WIRE_STATUS_NONE, "version is not one of");
}

static void version_1_has_no_slot_records(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.version = 1;
    refused(f, FR_WIRE_STATUS_NONE, "disagrees with its message");
}

static void another_target_is_reported(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.target_id = 8;
    refused(f, FR_WIRE_STATUS_WRONG_TARGET, "the ring of target 8 to a source of target 7");
}

static void the_wrong_target_is_the_detail(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.target_id = 8;
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_AGAIN);
    assert_int_equal(host_header(&f->host)->v1.status_detail, 8);
    assert_int_equal(host_header(&f->host)->debug.header_opened, 0);
    assert_int_not_equal(host_header(&f->host)->debug.last_open_error, 0);
}

static void target_0_fits_every_source(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.target_id = 0;
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_REATTACHED);
}

/* An older delivery: the host has moved on, and the next one is on its way. */
static void another_generation_is_ignored_without_a_word(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    f->host.delivery.generation = 6;
    refused(f, FR_WIRE_STATUS_NONE, NULL);
}

static void the_ring_of_a_host_that_ended_is_ignored(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.generation = 0;
    refused(f, FR_WIRE_STATUS_NONE, NULL);
}

static void a_generation_of_more_than_24_bits_is_refused(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.generation = 1u << 24;
    f->host.delivery.generation = 1u << 24;
    refused(f, FR_WIRE_STATUS_NONE, "generation");
}

static void a_ring_of_nine_slots_is_refused(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.ring_len = 9;
    f->host.delivery.ring_len = 9;
    refused(f, FR_WIRE_STATUS_NONE, "ring length");
}

static void a_ring_of_two_slots_is_refused(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    host_header(&f->host)->v1.ring_len = 2;
    f->host.delivery.ring_len = 2;
    refused(f, FR_WIRE_STATUS_NONE, "disagrees with its message");
}

/* Message and header must say the same: whichever field is the odd one. */
static void message_and_header_must_agree(void **state)
{
    (void)state;
    for (int field = 0; field < 4; field++) {
        void *inner = NULL;
        assert_int_equal(fixture_setup(&inner), 0);
        struct fixture *f = inner;
        connect_source(f);
        fr_wire_v1 *v1 = &host_header(&f->host)->v1;
        if (field == 0)
            v1->ring_len = 3;
        else if (field == 1)
            v1->width = 65;
        else if (field == 2)
            v1->height = 35;
        else
            v1->format = FR_FORMAT_RGBA8;
        refused(f, FR_WIRE_STATUS_NONE, "disagrees with its message");
        assert_int_equal(fixture_teardown(&inner), 0);
    }
}

static void sizes_and_formats_out_of_range_are_refused(void **state)
{
    (void)state;
    for (int field = 0; field < 3; field++) {
        void *inner = NULL;
        assert_int_equal(fixture_setup(&inner), 0);
        struct fixture *f = inner;
        connect_source(f);
        fr_wire_v1 *v1 = &host_header(&f->host)->v1;
        if (field == 0)
            v1->width = f->host.delivery.width = 0;
        else if (field == 1)
            v1->height = f->host.delivery.height = FR_SIZE_MAX + 1;
        else
            v1->format = (uint32_t)(f->host.delivery.format = FR_FORMAT_NV12);
        refused(f, FR_WIRE_STATUS_NONE, field < 2 ? "width or height" : "format");
        assert_int_equal(fixture_teardown(&inner), 0);
    }
}

static void a_header_shorter_than_its_version_is_not_mapped(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    f->host.delivery.header_bytes = FR_WIRE_V2_BYTES - 1;
    refused(f, FR_WIRE_STATUS_NONE, "header could not be mapped");
}

static void a_header_smaller_than_announced_is_not_mapped(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    f->host.delivery.header_bytes = FR_WIRE_WHOLE_BYTES + 1;
    refused(f, FR_WIRE_STATUS_NONE, "header could not be mapped");
}

static void slots_smaller_than_announced_are_reported(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    f->host.delivery.slots_bytes++;
    refused(f, FR_WIRE_STATUS_TEXTURE_FAILED, "could not be opened");
}

static void an_unknown_sync_kind_is_reported(void **state)
{
    struct fixture *f = *state;
    connect_source(f);
    f->host.delivery.sync_kind = 7;
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_AGAIN);
    assert_int_equal(host_header(&f->host)->v1.status, FR_WIRE_STATUS_TEXTURE_FAILED);
    assert_int_equal(host_header(&f->host)->v1.status_detail, (uint32_t)-FR_ERR_UNSUPPORTED);
}

/* What cannot be opened does not cost the ring that is attached. */
static void a_bad_delivery_leaves_the_present_ring(void **state)
{
    struct fixture *f = *state;
    host_start(&f->host, &f->rig);
    assert_int_equal(rig_push(&f->rig), FR_OK);
    const struct fr_delivery good = f->host.delivery;
    f->host.delivery.generation = 2;
    host_deliver(&f->host);
    f->host.delivery = good;
    f->host.delivery.width = 65;
    host_deliver(&f->host);
    assert_int_equal(fr_source_poll(f->rig.source, 0), FR_OK);
    assert_int_equal(fixture_info(f).generation, 1);
    assert_int_equal(rig_push(&f->rig), FR_OK);
}

/* Every allocation of open and attach fails once: an error or no ring, nothing left open, and the next
 * delivery works. */
static void attach_survives_every_failing_allocation(void **state)
{
    (void)state;
    unsigned nth = 0;
    for (bool failed = true; failed;) {
        void *inner = NULL;
        assert_int_equal(fixture_setup(&inner), 0);
        struct fixture *f = inner;
        host_open(&f->host);
        host_make(&f->host, 1, 64, 36, FR_FORMAT_BGRA8);
        struct fr_source_env env = {.os = machine_os(&f->rig.machine)};
        f->rig.end = link_end_open(&f->rig.link, "drawing", 1);
        env.channel = link_source(f->rig.end);
        assert_int_equal(fr_cpu_source_create(&env.backend[0], env.os), FR_OK);
        machine_fail_allocation(++nth);
        const fr_status status = fr_source_open_env(&f->rig.source, &f->rig.source_params, &env);
        if (status != FR_OK) {
            assert_int_equal(status, FR_ERR_NO_MEMORY);
            assert_null(f->rig.source);
            assert_int_equal(f->rig.link.source_destroyed, 1);
        } else {
            assert_int_equal(fr_source_poll(f->rig.source, 0), FR_AGAIN);
            host_deliver(&f->host);
            if (fr_source_poll(f->rig.source, 0) == FR_AGAIN) {
                assert_true(machine_allocation_failed());
                assert_int_equal(f->rig.machine.mappings, 2);
                host_make(&f->host, 2, 64, 36, FR_FORMAT_BGRA8);
                host_deliver(&f->host);
                assert_int_equal(fr_source_poll(f->rig.source, 0), FR_REATTACHED);
            }
        }
        failed = machine_allocation_failed();
        assert_int_equal(fixture_teardown(&inner), 0);
    }
    assert_in_range(nth, 4, 20);
}

static void open_refuses_a_display_out_of_range(void **state)
{
    struct fixture *f = *state;
    static const fr_mode bad[] = {{0, 10, 0}, {10, 0, 0}, {FR_SIZE_MAX + 1, 10, 0}, {10, UINT32_MAX, 0}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        f->rig.source_params.display.mode = bad[i];
        f->rig.source = (fr_source *)(void *)f;
        assert_int_equal(rig_open_source(&f->rig), FR_ERR_ARGUMENT);
        assert_null(f->rig.source);
    }
    assert_int_equal(rig_logged(&f->rig, FR_LOG_ERROR, "cannot be announced"), 4);
    assert_int_equal(f->rig.link.source_destroyed, 4);
}

static void open_passes_a_channel_failure_on(void **state)
{
    struct fixture *f = *state;
    f->rig.link.announce_status = FR_ERR_SYSTEM;
    assert_int_equal(rig_open_source(&f->rig), FR_ERR_SYSTEM);
    assert_null(f->rig.source);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_ring_is_opened_and_reported),
        TEST(the_debug_block_is_filled),
        TEST(bytes_without_magic_are_no_ring),
        TEST(an_unknown_version_is_refused),
        TEST(version_1_has_no_slot_records),
        TEST(another_target_is_reported),
        TEST(the_wrong_target_is_the_detail),
        TEST(target_0_fits_every_source),
        TEST(another_generation_is_ignored_without_a_word),
        TEST(the_ring_of_a_host_that_ended_is_ignored),
        TEST(a_generation_of_more_than_24_bits_is_refused),
        TEST(a_ring_of_nine_slots_is_refused),
        TEST(a_ring_of_two_slots_is_refused),
        cmocka_unit_test(message_and_header_must_agree),
        cmocka_unit_test(sizes_and_formats_out_of_range_are_refused),
        TEST(a_header_shorter_than_its_version_is_not_mapped),
        TEST(a_header_smaller_than_announced_is_not_mapped),
        TEST(slots_smaller_than_announced_are_reported),
        TEST(an_unknown_sync_kind_is_reported),
        TEST(a_bad_delivery_leaves_the_present_ring),
        cmocka_unit_test(attach_survives_every_failing_allocation),
        TEST(open_refuses_a_display_out_of_range),
        TEST(open_passes_a_channel_failure_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
