/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Rings of version 1: 64 bytes that are made anew in place, no slot states. The heap block ends after them,
 * so that a sanitizer sees a step into a tail that is not there. */
#include "pair.h"

#include <stdlib.h>
#include <string.h>

static const struct fr_ring_shape shape = {6, 1920, 1080, FR_FORMAT_BGRA8};

struct v1 {
    fr_wire_v1 *header;
    fr_wire_debug debug;
    struct fr_ring_host host;
    struct fr_ring_source source;
};

static void attach(struct v1 *v1)
{
    fr_wire_v2 copy;
    assert_int_equal(fr_wire_snapshot(&copy, v1->header, FR_WIRE_V1_BYTES, TARGET), FR_WIRE_FINE);
    fr_ring_source_attach(&v1->source, (fr_wire_v2 *)(void *)v1->header, FR_WIRE_V1_BYTES, &copy, 200,
                          &v1->debug);
}

static void init(struct v1 *v1)
{
    memset(v1, 0, sizeof(*v1));
    v1->header = calloc(1, FR_WIRE_V1_BYTES);
    assert_non_null(v1->header);
    fr_ring_host_create_v1(&v1->host, v1->header, &shape, GENERATION, TARGET);
    attach(v1);
}

static void finish(struct v1 *v1)
{
    free(v1->header);
}

static uint32_t publish(struct v1 *v1)
{
    const int slot = fr_ring_source_begin(&v1->source);
    assert_in_range(slot, 0, 5);
    assert_true(fr_ring_source_publish(&v1->source, &(struct fr_ring_publish){.present_ns = 77}));
    return (uint32_t)slot;
}

static fr_token newest(struct v1 *v1)
{
    fr_token token = {0};
    assert_true(fr_ring_host_newest(&v1->host, &token));
    return token;
}

static void the_next_source_goes_on(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    for (uint32_t i = 0; i < 9; i++)
        (void)publish(&v1);
    attach(&v1);
    assert_int_equal(publish(&v1), 9 % 6);
    assert_int_equal(newest(&v1).sequence, 10);
    finish(&v1);
}

static void create_writes_the_table(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    const uint8_t golden[FR_WIRE_V1_BYTES] = {
        0x50, 0x46, 0x56, 0x44, 1,    0, 0, 0, GENERATION, 0, 0, 0, 6,      0, 0, 0,
        0x80, 7,    0,    0,    0x38, 4, 0, 0, 87,         0, 0, 0, TARGET, 0, 0, 0,
    };
    assert_memory_equal(v1.header, golden, sizeof(golden));
    finish(&v1);
}

static void a_generation_is_made_anew_in_place(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    (void)publish(&v1);
    fr_ring_source_report(v1.header, FR_WIRE_STATUS_OPENED, 3);
    fr_ring_host_retire(&v1.host, GENERATION + 1);
    assert_int_equal(v1.header->generation, GENERATION);
    assert_false(fr_ring_source_stale(&v1.source));
    const struct fr_ring_shape other = {6, 64, 32, FR_FORMAT_RGBA16F};
    fr_ring_host_create_v1(&v1.host, v1.header, &other, GENERATION + 1, TARGET);
    assert_true(fr_ring_source_stale(&v1.source));
    assert_int_equal(v1.header->latest, 0);
    assert_int_equal(v1.header->status, FR_WIRE_STATUS_NONE);
    assert_int_equal(v1.header->status_detail, 0);
    assert_int_equal(v1.header->width, 64);
    assert_int_equal(v1.header->format, 10);
    attach(&v1);
    (void)publish(&v1);
    assert_int_equal(newest(&v1).generation, GENERATION + 1);
    finish(&v1);
}

/* A source that was in the middle of its frame when the generation changed. */
static void a_late_token_is_refused(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    const int slot = fr_ring_source_begin(&v1.source);
    assert_true(slot >= 0);
    fr_ring_host_create_v1(&v1.host, v1.header, &shape, GENERATION + 1, TARGET);
    assert_true(fr_ring_source_publish(&v1.source, &(struct fr_ring_publish){0}));
    fr_token token;
    assert_false(fr_ring_host_newest(&v1.host, &token));
    struct fr_ring_totals totals;
    fr_ring_host_totals(&v1.host, &totals);
    assert_int_equal(totals.published, 0);
    finish(&v1);
}

static void the_end_of_the_host_is_a_generation_of_nobody(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    (void)publish(&v1);
    fr_ring_host_retire(&v1.host, 0);
    assert_true(fr_ring_source_stale(&v1.source));
    assert_int_equal(v1.header->latest, 0);
    finish(&v1);
}

/* Round the ring; every slot but that of the newest frame is tried once. */
static void slots_are_taken_in_turn(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    for (uint32_t i = 0; i < 13; i++)
        assert_int_equal(publish(&v1), i % 6);
    int slot = fr_ring_source_begin(&v1.source);
    assert_int_equal(slot, 1);
    for (int expected = 2; expected < 6; expected++)
        assert_int_equal(fr_ring_source_begin_other(&v1.source), expected);
    assert_int_equal(fr_ring_source_begin_other(&v1.source), -1);
    assert_int_equal(v1.source.line.offered, 14);
    assert_int_equal(v1.source.line.published, 13);
    assert_int_equal(v1.source.line.dropped, 1);
    assert_int_equal(v1.debug.frames_acquired, 14);
    /* The next frame starts over, with every slot. */
    assert_int_equal(publish(&v1), 1);
    finish(&v1);
}

static void the_claim_is_the_mutex_alone(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    (void)publish(&v1);
    const fr_token token = newest(&v1);
    assert_true(fr_ring_host_claim(&v1.host, token));
    struct fr_ring_record record;
    assert_true(fr_ring_host_record(&v1.host, token, &record));
    assert_int_equal(record.token.sequence, 1);
    assert_int_equal(record.clock_id, FR_WIRE_CLOCK_ABSENT);
    fr_ring_host_unclaim(&v1.host, token);
    assert_int_equal(newest(&v1).sequence, 1);
    fr_ring_host_release(&v1.host, token);
    assert_int_equal(fr_ring_host_taken(&v1.host, token), 0);
    fr_token again;
    assert_false(fr_ring_host_newest(&v1.host, &again));
    finish(&v1);
}

/* Between the look at `latest` and the mutex the source may come round the ring: from ring_len - 1 frames on,
 * the slot may hold another picture than the label says. */
static void a_lapped_slot_is_not_labelled(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    (void)publish(&v1);
    const fr_token token = newest(&v1);
    assert_true(fr_ring_host_claim(&v1.host, token));
    struct fr_ring_record record;
    for (uint32_t later = 1; later <= 4; later++) {
        (void)publish(&v1);
        assert_true(fr_ring_host_record(&v1.host, token, &record));
    }
    (void)publish(&v1);
    assert_false(fr_ring_host_record(&v1.host, token, &record));
    finish(&v1);
}

static void nothing_behind_the_64_bytes_is_touched(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    (void)publish(&v1);
    fr_ring_host_beat(&v1.host, 5);
    fr_ring_source_beat(&v1.source, 5);
    const fr_wire_metadata metadata = {.valid = FR_WIRE_META_HDR};
    fr_ring_source_set_metadata(&v1.source, &metadata);
    uint32_t seen = 0;
    fr_wire_metadata line;
    assert_false(fr_ring_host_metadata(&v1.host, &seen, &line));
    assert_int_equal(fr_ring_source_untaken(&v1.source), 0);
    assert_true(fr_ring_source_begin(&v1.source) >= 0);
    assert_int_equal(fr_ring_source_retire_value(&v1.source), 0);
    fr_ring_source_cancel(&v1.source);
    struct fr_ring_totals totals;
    fr_ring_host_totals(&v1.host, &totals);
    assert_int_equal(totals.published, 1);
    assert_int_equal(totals.offered, 1);
    assert_int_equal(totals.heartbeat_ns, 0);
    finish(&v1);
}

static void the_adapter_stands_in_the_header(void **state)
{
    (void)state;
    struct v1 v1;
    init(&v1);
    uint32_t low;
    int32_t high;
    assert_false(fr_ring_host_source_adapter(&v1.host, &low, &high));
    fr_ring_source_adapter(v1.header, 0xfedcba98u, -2);
    assert_true(fr_ring_host_source_adapter(&v1.host, &low, &high));
    assert_int_equal(low, 0xfedcba98u);
    assert_int_equal(high, -2);
    assert_int_equal(v1.header->adapter_luid_low, 0xfedcba98u);
    assert_int_equal(v1.header->adapter_luid_high, -2);
    finish(&v1);
}

int run_version1(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_writes_the_table),
        cmocka_unit_test(the_next_source_goes_on),
        cmocka_unit_test(a_generation_is_made_anew_in_place),
        cmocka_unit_test(a_late_token_is_refused),
        cmocka_unit_test(the_end_of_the_host_is_a_generation_of_nobody),
        cmocka_unit_test(slots_are_taken_in_turn),
        cmocka_unit_test(the_claim_is_the_mutex_alone),
        cmocka_unit_test(a_lapped_slot_is_not_labelled),
        cmocka_unit_test(nothing_behind_the_64_bytes_is_touched),
        cmocka_unit_test(the_adapter_stands_in_the_header),
    };
    return cmocka_run_group_tests_name("version 1", tests, NULL, NULL);
}
