/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The lines of the host, the source and the metadata. */
#include "pair.h"

#include "os/atomic.h"
#include "os/thread.h"

#include <string.h>

enum { METADATA_CHANGES = 100000 };

static void the_source_counts(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    for (int i = 0; i < 5; i++) /* the last two overwrite */
        (void)pair_publish(&pair);
    fr_ring_source_mismatch(&pair.source);
    fr_ring_source_mismatch(&pair.source);
    assert_int_not_equal(fr_ring_source_begin(&pair.source), -1); /* overwrites, and is given up */
    fr_ring_source_cancel(&pair.source);
    for (uint32_t i = 0; i < 3; i++)
        pair.header->slot[i].state = fr_slot_word(0, FR_WIRE_SLOT_READING);
    assert_int_equal(fr_ring_source_begin(&pair.source), -1);
    assert_int_equal(fr_ring_source_begin_ahead(&pair.source), -1); /* for no frame: nothing is lost */
    fr_ring_source_beat(&pair.source, 4711);

    struct fr_ring_totals totals;
    fr_ring_host_totals(&pair.host, &totals);
    assert_int_equal(totals.heartbeat_ns, 4711);
    assert_int_equal(totals.offered, 5 + 2 + 1 + 1);
    assert_int_equal(totals.published, 5);
    assert_int_equal(totals.mismatched, 2);
    assert_int_equal(totals.dropped, 2 + 1 + 1 + 1); /* overwritten twice and once more, given up, no slot */
    pair_finish(&pair);
}

static void the_host_counts(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    for (int i = 0; i < 3; i++) {
        (void)pair_publish(&pair);
        (void)pair_take(&pair);
    }
    pair.host.repeated = 9;
    fr_ring_host_beat(&pair.host, 815);
    assert_int_equal(pair.header->host.taken, 3);
    assert_int_equal(pair.header->host.repeated, 9);
    assert_int_equal(pair.header->host.heartbeat_ns, 815);
    pair_finish(&pair);
}

static void the_status_comes_with_its_detail(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    uint32_t detail = 1;
    assert_int_equal(fr_ring_host_source_status(&pair.host, &detail), FR_WIRE_STATUS_NONE);
    assert_int_equal(detail, 0);
    fr_ring_source_report(&pair.header->v1, FR_WIRE_STATUS_TEXTURE_FAILED, 12);
    assert_int_equal(fr_ring_host_source_status(&pair.host, &detail), FR_WIRE_STATUS_TEXTURE_FAILED);
    assert_int_equal(detail, 12);
    pair_finish(&pair);
}

static fr_wire_metadata metadata_of(uint32_t value)
{
    const uint16_t half = (uint16_t)value;
    return (fr_wire_metadata){
        .valid = FR_WIRE_META_HDR,
        .sdr_white_millinits = value,
        .red = {half, half},
        .green = {half, half},
        .blue = {half, half},
        .white = {half, half},
        .max_luminance = value,
        .min_luminance = value,
        .max_cll = half,
        .max_fall = half,
    };
}

static bool is_metadata_of(const fr_wire_metadata *line, uint32_t value)
{
    fr_wire_metadata wanted = metadata_of(value);
    wanted.change = line->change;
    return memcmp(line, &wanted, sizeof(wanted)) == 0;
}

static void metadata_are_read_once_a_change(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    uint32_t seen = 0;
    fr_wire_metadata line;
    assert_false(fr_ring_host_metadata(&pair.host, &seen, &line));
    for (uint32_t i = 1; i <= 3; i++) {
        const fr_wire_metadata metadata = metadata_of(i);
        fr_ring_source_set_metadata(&pair.source, &metadata);
        assert_true(fr_ring_host_metadata(&pair.host, &seen, &line));
        assert_true(is_metadata_of(&line, i));
        assert_int_equal(line.change, 2 * i);
        assert_false(fr_ring_host_metadata(&pair.host, &seen, &line));
    }
    pair_finish(&pair);
}

/* A source that died while it wrote leaves an odd number: nothing is read, and the next writer heals it. */
static void half_written_metadata_are_not_read(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    uint32_t seen = 0;
    fr_wire_metadata line;
    pair.header->metadata.change = 5;
    assert_false(fr_ring_host_metadata(&pair.host, &seen, &line));
    assert_int_equal(seen, 0);
    const fr_wire_metadata metadata = metadata_of(8);
    fr_ring_source_set_metadata(&pair.source, &metadata);
    assert_true(fr_ring_host_metadata(&pair.host, &seen, &line));
    assert_true(is_metadata_of(&line, 8));
    assert_int_equal(seen & 1u, 0);
    pair_finish(&pair);
}

static void write_metadata(void *pair_)
{
    struct pair *pair = pair_;
    for (uint32_t i = 1; i <= METADATA_CHANGES; i++) {
        const fr_wire_metadata metadata = metadata_of(i);
        fr_ring_source_set_metadata(&pair->source, &metadata);
    }
}

static void metadata_are_whole_while_another_thread_writes(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    struct fr_thread *thread;
    assert_int_equal(fr_thread_start(&thread, "peer", write_metadata, &pair), FR_OK);
    uint32_t seen = 0;
    uint32_t last = 0;
    while (last < METADATA_CHANGES) {
        fr_wire_metadata line;
        if (!fr_ring_host_metadata(&pair.host, &seen, &line))
            continue;
        assert_true(line.sdr_white_millinits > last);
        last = line.sdr_white_millinits;
        assert_true(is_metadata_of(&line, last));
    }
    fr_thread_join(&thread);
    pair_finish(&pair);
}

int run_lines(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_source_counts),
        cmocka_unit_test(the_host_counts),
        cmocka_unit_test(the_status_comes_with_its_detail),
        cmocka_unit_test(metadata_are_read_once_a_change),
        cmocka_unit_test(half_written_metadata_are_not_read),
        cmocka_unit_test(metadata_are_whole_while_another_thread_writes),
    };
    return cmocka_run_group_tests_name("ring lines", tests, NULL, NULL);
}
