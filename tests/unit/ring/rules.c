/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a viewer may rely on: the newest frame, once, under its own name. */
#include "pair.h"

static void create_writes_the_header(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const fr_wire_v2 *header = pair.header;
    assert_int_equal(header->v1.magic, 0x44564650);
    assert_int_equal(header->v1.version, 2);
    assert_int_equal(header->v1.generation, GENERATION);
    assert_int_equal(header->v1.ring_len, 4);
    assert_int_equal(header->v1.width, 1920);
    assert_int_equal(header->v1.height, 1080);
    assert_int_equal(header->v1.format, 87);
    assert_int_equal(header->v1.target_id, TARGET);
    assert_int_equal(header->v1.latest, 0);
    assert_int_equal(header->host.state, FR_WIRE_HOST_ACTIVE);
    assert_int_equal(header->host.sync_kind, FR_WIRE_SYNC_STATES);
    assert_int_equal(header->host.pid, 100);
    assert_int_equal(header->source.pid, 200);
    assert_int_equal(header->debug.magic, 0x47424450);
    pair_finish(&pair);
}

static void the_newest_wins(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    fr_token token;
    assert_false(fr_ring_host_newest(&pair.host, &token));
    for (int i = 0; i < 3; i++)
        (void)pair_publish(&pair);
    token = pair_newest(&pair);
    assert_int_equal(token.generation, GENERATION);
    assert_int_equal(token.sequence, 3);
    assert_true(fr_ring_host_claim(&pair.host, token));
    fr_ring_host_release(&pair.host, token);
    assert_int_equal(fr_ring_host_taken(&pair.host, token), 2);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(pair_state(&pair, i), FR_WIRE_SLOT_FREE);
    pair_finish(&pair);
}

static void nothing_is_fresh_twice(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    for (uint32_t i = 1; i <= 20; i++) {
        (void)pair_publish(&pair);
        assert_int_equal(pair_take(&pair), i);
        fr_token token;
        assert_false(fr_ring_host_newest(&pair.host, &token));
    }
    assert_int_equal(pair.source.line.dropped, 0);
    assert_int_equal(pair.host.taken, 20);
    pair_finish(&pair);
}

/* Without a host that takes, and whatever slots it sits on, the last frame stays where it is. */
static void the_newest_is_never_overwritten(void **state)
{
    (void)state;
    for (uint32_t ring_len = FR_RING_LEN_MIN; ring_len <= FR_WIRE_SLOTS_MAX; ring_len++) {
        struct pair pair;
        pair_init(&pair, ring_len);
        (void)pair_publish(&pair);
        const fr_token held = pair_newest(&pair);
        assert_true(fr_ring_host_claim(&pair.host, held));
        for (uint32_t i = 0; i < 100; i++) {
            const uint32_t newest = pair_publish(&pair);
            const int writing = fr_ring_source_begin(&pair.source);
            assert_true(writing >= 0);
            assert_int_not_equal(writing, newest);
            assert_int_not_equal(writing, held.slot);
            assert_int_equal(pair_newest(&pair).slot, newest);
            assert_int_equal(pair_state(&pair, newest), FR_WIRE_SLOT_PUBLISHED);
            fr_ring_source_cancel(&pair.source);
        }
        pair_finish(&pair);
    }
}

/* A source keeps its last picture for the next generation, also when the host has taken and freed it. */
static void the_newest_is_kept_when_free(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    const uint32_t first = pair_publish(&pair);
    const uint32_t newest = pair_publish(&pair);
    const fr_token token = pair_newest(&pair);
    assert_true(fr_ring_host_claim(&pair.host, token));
    fr_ring_host_release(&pair.host, token);
    assert_int_equal(pair_state(&pair, newest), FR_WIRE_SLOT_FREE);
    const uint32_t third = 0 + 1 + 2 - first - newest;
    pair.header->slot[third].state = fr_slot_word(9, FR_WIRE_SLOT_READING);
    assert_int_equal(fr_ring_source_begin(&pair.source), first);
    fr_ring_source_cancel(&pair.source);
    assert_int_equal(pair.source.newest_slot, newest);
    pair_finish(&pair);
}

static void the_oldest_is_overwritten(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 5);
    uint32_t slot[40];
    for (uint32_t i = 0; i < 40; i++) {
        slot[i] = pair_publish(&pair);
        if (i >= 5)
            assert_int_equal(slot[i], slot[i - 5]);
        assert_int_equal(pair.source.line.dropped, i < 5 ? 0 : i - 4);
    }
    pair_finish(&pair);
}

static void free_goes_before_published(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    (void)pair_publish(&pair);
    (void)pair_publish(&pair);
    assert_int_equal(pair_take(&pair), 2);
    (void)pair_publish(&pair);
    (void)pair_publish(&pair);
    (void)pair_publish(&pair); /* two slots were FREE: nothing is lost */
    assert_int_equal(pair.source.line.dropped, 0);
    pair_finish(&pair);
}

static void a_lapped_slot_is_not_claimed(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    const uint32_t slot = pair_publish(&pair);
    const fr_token old = pair_newest(&pair);
    for (int i = 0; i < 3; i++)
        (void)pair_publish(&pair);
    assert_int_equal(pair.header->slot[slot].state, fr_slot_word(4, FR_WIRE_SLOT_PUBLISHED));
    assert_false(fr_ring_host_claim(&pair.host, old));
    assert_int_equal(pair.header->slot[slot].state, fr_slot_word(4, FR_WIRE_SLOT_PUBLISHED));
    assert_int_equal(pair_take(&pair), 4);
    pair_finish(&pair);
}

static void another_record_is_refused(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    const uint32_t slot = pair_publish(&pair);
    const fr_token token = pair_newest(&pair);
    assert_true(fr_ring_host_claim(&pair.host, token));
    struct fr_ring_record record;
    assert_true(fr_ring_host_record(&pair.host, token, &record));
    const uint64_t right = pair.header->slot[slot].token;
    const uint64_t wrong[] = {0, right + 1, right + (1u << 8), right + (1ull << 40), right ^ 1ull << 39};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        pair.header->slot[slot].token = wrong[i];
        assert_false(fr_ring_host_record(&pair.host, token, &record));
    }
    pair_finish(&pair);
}

static void foreign_tokens_are_refused(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    pair_set_sequence(&pair, 10);
    const fr_token bad[] = {
        {GENERATION + 1, 11, 0},
        {GENERATION - 1, 11, 0},
        {0, 11, 0},
        {GENERATION, 11, 4},
        {GENERATION, 11, 255},
        {GENERATION, 10, 0},
        {GENERATION, 9, 0},
        {GENERATION, 1, 0},
        {GENERATION, 0, 0},
        {GENERATION, 11u + 0x80000000u, 0},
    };
    fr_token token;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        pair.header->v1.latest = fr_token_pack(bad[i]);
        assert_false(fr_ring_host_newest(&pair.host, &token));
    }
    pair.header->v1.latest = fr_token_pack((fr_token){GENERATION, 11, 3});
    assert_true(fr_ring_host_newest(&pair.host, &token));
    pair_finish(&pair);
}

/* Frames go on being newer, and older ones being freed, when the sequence or its 24-bit tag starts again at
 * 0. */
static void check_wrap(uint32_t from)
{
    struct pair pair;
    pair_init(&pair, 4);
    pair_set_sequence(&pair, from);
    for (uint32_t i = 1; i <= 40; i++) {
        (void)pair_publish(&pair);
        if (i % 3)
            continue;
        assert_int_equal(pair_take(&pair), from + i);
        for (uint32_t slot = 0; slot < 4; slot++)
            assert_int_equal(pair_state(&pair, slot), FR_WIRE_SLOT_FREE);
    }
    assert_int_equal(pair.source.line.dropped, 0);
    for (uint32_t i = 0; i < 20; i++)
        (void)pair_publish(&pair);
    assert_int_equal(pair.source.line.dropped, 17); /* the loop's last is untaken, three fit beside it */
    pair_finish(&pair);
}

static void the_sequence_wraps(void **state)
{
    (void)state;
    for (uint32_t before = 0; before < 8; before++) {
        check_wrap(0xffffffffu - before);
        check_wrap(0xffffffu - before);
        check_wrap(0x7fffffffu - before);
        check_wrap(0x7fffffu - before);
    }
}

static void a_retired_ring_is_stale(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    (void)pair_publish(&pair);
    assert_false(fr_ring_source_stale(&pair.source));
    fr_ring_host_retire(&pair.host, GENERATION + 1);
    assert_true(fr_ring_source_stale(&pair.source));
    assert_int_equal(pair.header->v1.latest, 0);
    assert_int_equal(pair.header->v1.generation, GENERATION + 1);
    assert_int_equal(pair.header->host.state, FR_WIRE_HOST_REBUILDING);
    fr_ring_host_retire(&pair.host, 0);
    assert_true(fr_ring_source_stale(&pair.source));
    assert_int_equal(pair.header->host.state, FR_WIRE_HOST_DEAD);
    pair_finish(&pair);
}

static void begin_is_bounded_when_the_host_holds_all(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    (void)pair_publish(&pair);
    for (uint32_t i = 0; i < 3; i++)
        if ((int)i != pair.source.newest_slot)
            pair.header->slot[i].state = fr_slot_word(0, FR_WIRE_SLOT_READING);
    for (uint64_t i = 1; i <= 100; i++) {
        assert_int_equal(fr_ring_source_begin(&pair.source), -1);
        assert_int_equal(pair.source.line.dropped, i);
    }
    assert_int_equal(pair_take(&pair), 1); /* what was published before is still there */
    pair_finish(&pair);
}

int run_rules(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(create_writes_the_header),
        cmocka_unit_test(the_newest_wins),
        cmocka_unit_test(nothing_is_fresh_twice),
        cmocka_unit_test(the_newest_is_never_overwritten),
        cmocka_unit_test(the_newest_is_kept_when_free),
        cmocka_unit_test(the_oldest_is_overwritten),
        cmocka_unit_test(free_goes_before_published),
        cmocka_unit_test(a_lapped_slot_is_not_claimed),
        cmocka_unit_test(another_record_is_refused),
        cmocka_unit_test(foreign_tokens_are_refused),
        cmocka_unit_test(the_sequence_wraps),
        cmocka_unit_test(a_retired_ring_is_stale),
        cmocka_unit_test(begin_is_bounded_when_the_host_holds_all),
    };
    return cmocka_run_group_tests_name("ring rules", tests, NULL, NULL);
}
