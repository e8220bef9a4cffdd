/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A source that takes over a generation in which another has published: a driver whose render device was
 * lost, a program that was started again. */
#include "pair.h"

static void attach_again(struct pair *pair)
{
    fr_wire_v2 copy;
    assert_int_equal(fr_wire_snapshot(&copy, pair->header, FR_WIRE_V2_BYTES, TARGET), FR_WIRE_FINE);
    fr_ring_source_attach(&pair->source, pair->header, FR_WIRE_WHOLE_BYTES, &copy, 201, NULL);
}

static void the_next_source_goes_on(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    for (uint32_t i = 1; i <= 5; i++)
        (void)pair_publish(&pair);
    assert_int_equal(pair_take(&pair), 5);
    attach_again(&pair);
    assert_int_equal(pair.header->source.pid, 201);
    fr_token token;
    assert_false(fr_ring_host_newest(&pair.host, &token));
    for (uint32_t i = 6; i <= 20; i++) {
        (void)pair_publish(&pair);
        assert_int_equal(pair_take(&pair), i);
    }
    assert_int_equal(pair.source.line.published, 20);
    pair_finish(&pair);
}

/* What the last source published is the newest picture there is: it stays. */
static void the_newest_of_the_last_source_is_kept(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    (void)pair_publish(&pair);
    const uint32_t newest = pair_publish(&pair);
    attach_again(&pair);
    for (int i = 0; i < 5; i++) {
        const int slot = fr_ring_source_begin(&pair.source);
        assert_true(slot >= 0);
        assert_int_not_equal(slot, newest);
        fr_ring_source_cancel(&pair.source);
    }
    assert_int_equal(pair_take(&pair), 2);
    pair_finish(&pair);
}

/* All that it left untaken can be overwritten, oldest first, and counts as dropped. */
static void no_slot_is_lost(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    uint32_t slot[4];
    for (uint32_t i = 0; i < 4; i++)
        slot[i] = pair_publish(&pair);
    attach_again(&pair);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(pair_publish(&pair), slot[i]);
    assert_int_equal(pair.source.line.dropped, 4);
    assert_int_equal(pair_take(&pair), 8);
    pair_finish(&pair);
}

static void a_slot_that_was_being_written_is_free_again(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    (void)pair_publish(&pair);
    const int writing = fr_ring_source_begin(&pair.source);
    assert_true(writing >= 0);
    attach_again(&pair);
    assert_int_equal(pair_state(&pair, (uint32_t)writing), FR_WIRE_SLOT_FREE);
    (void)pair_publish(&pair);
    (void)pair_publish(&pair);
    assert_int_equal(pair.source.line.dropped, 0);
    pair_finish(&pair);
}

/* It died between the slot's state and the token: that number is never given to another picture. */
static void a_number_is_not_used_twice(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    (void)pair_publish(&pair);
    const uint64_t latest = pair.header->v1.latest;
    const uint32_t lost = pair_publish(&pair);
    pair.header->v1.latest = latest;
    attach_again(&pair);
    assert_int_not_equal(pair_publish(&pair), lost);
    assert_int_equal(pair_take(&pair), 3);
    assert_int_equal(pair_state(&pair, lost), FR_WIRE_SLOT_FREE);
    pair_finish(&pair);
}

static void the_numbers_wrap(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    pair_set_sequence(&pair, 0xfffffffdu);
    for (int i = 0; i < 4; i++)
        (void)pair_publish(&pair);
    attach_again(&pair);
    (void)pair_publish(&pair);
    assert_int_equal(pair_take(&pair), 2);
    pair_finish(&pair);
}

/* Words of a peer: what does not belong to this generation and ring is not taken over. */
static void what_makes_no_sense_is_ignored(void **state)
{
    (void)state;
    const fr_token bad[] = {{GENERATION + 1, 9, 0}, {GENERATION, 9, 4}, {GENERATION, 9, 255}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pair pair;
        pair_init(&pair, 4);
        pair.header->v1.latest = fr_token_pack(bad[i]);
        pair.header->slot[0].token = fr_token_pack(bad[i]);
        pair.header->slot[1].token = fr_token_pack((fr_token){GENERATION, 9, 2});
        attach_again(&pair);
        assert_int_equal(pair.source.newest_slot, -1);
        (void)pair_publish(&pair);
        assert_int_equal(pair_take(&pair), 1);
        pair_finish(&pair);
    }
}

int run_resume(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_source_goes_on),
        cmocka_unit_test(the_newest_of_the_last_source_is_kept),
        cmocka_unit_test(no_slot_is_lost),
        cmocka_unit_test(a_slot_that_was_being_written_is_free_again),
        cmocka_unit_test(a_number_is_not_used_twice),
        cmocka_unit_test(the_numbers_wrap),
        cmocka_unit_test(what_makes_no_sense_is_ignored),
    };
    return cmocka_run_group_tests_name("ring resume", tests, NULL, NULL);
}
