/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Each row of the state table of ring.h, and that no function makes a move that is not there. */
#include "pair.h"

#include <string.h>

static const uint32_t states[] = {
    FR_WIRE_SLOT_FREE, FR_WIRE_SLOT_WRITING, FR_WIRE_SLOT_PUBLISHED, FR_WIRE_SLOT_READING, 4, 0xff};
enum { NUM_STATES = sizeof(states) / sizeof(states[0]) };

static void free_to_writing(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const int slot = fr_ring_source_begin(&pair.source);
    assert_in_range(slot, 0, 3);
    assert_int_equal(pair.header->slot[slot].state, fr_slot_word(1, FR_WIRE_SLOT_WRITING));
    for (uint32_t i = 0; i < 4; i++)
        if (i != (uint32_t)slot)
            assert_int_equal(pair.header->slot[i].state, 0);
    assert_int_equal(pair.header->v1.latest, 0);
    pair_finish(&pair);
}

static void writing_to_published(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const int slot = fr_ring_source_begin(&pair.source);
    const struct fr_parts parts = {.count = 1, .rect = {{1, 2, 3, 4}}};
    const struct fr_ring_publish info = {
        .present_ns = 1234567890123, .publish_delay_us = 77, .damage = &parts};
    assert_true(fr_ring_source_publish(&pair.source, &info));
    const fr_wire_slot *line = &pair.header->slot[slot];
    const uint64_t token = (uint64_t)GENERATION << 40 | 1u << 8 | (uint32_t)slot;
    assert_int_equal(line->state, fr_slot_word(1, FR_WIRE_SLOT_PUBLISHED));
    assert_int_equal(line->token, token);
    assert_int_equal(line->flags, FR_WIRE_FRAME_DAMAGE);
    assert_int_equal(line->present_ns, 1234567890123);
    assert_int_equal(line->clock_id, FR_WIRE_CLOCK_MONOTONIC);
    assert_int_equal(line->publish_delay_us, 77);
    const uint32_t damage[4] = {1, 2, 3, 4};
    assert_memory_equal(line->damage, damage, sizeof(damage));
    assert_int_equal(pair.header->v1.latest, token);
    assert_int_equal(pair.header->v1.present_time, 1234567890123);
    pair_finish(&pair);
}

static void writing_to_free(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const int slot = fr_ring_source_begin(&pair.source);
    fr_ring_source_cancel(&pair.source);
    assert_int_equal(pair_state(&pair, (uint32_t)slot), FR_WIRE_SLOT_FREE);
    assert_int_equal(pair.header->v1.latest, 0);
    assert_int_equal(pair.source.sequence, 0);
    fr_ring_source_cancel(&pair.source); /* nothing is held: nothing happens */
    assert_int_equal(pair.source.line.dropped, 1);
    pair_finish(&pair);
}

static void published_to_writing(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    const uint32_t first = pair_publish(&pair);
    (void)pair_publish(&pair);
    (void)pair_publish(&pair);
    const int slot = fr_ring_source_begin(&pair.source);
    assert_int_equal(slot, first);
    assert_int_equal(pair.header->slot[slot].state, fr_slot_word(4, FR_WIRE_SLOT_WRITING));
    assert_int_equal(pair.source.line.dropped, 1);
    pair_finish(&pair);
}

static void published_to_reading_to_free(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    const uint32_t slot = pair_publish(&pair);
    const fr_token token = pair_newest(&pair);
    assert_int_equal(token.slot, slot);
    assert_true(fr_ring_host_claim(&pair.host, token));
    assert_int_equal(pair.header->slot[slot].state, fr_slot_word(1, FR_WIRE_SLOT_READING));
    fr_ring_host_release(&pair.host, token);
    assert_int_equal(pair.header->slot[slot].state, fr_slot_word(1, FR_WIRE_SLOT_FREE));
    pair_finish(&pair);
}

/* The backend could not have the pixels yet: the frame stays to be taken. */
static void reading_to_published(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    const uint32_t slot = pair_publish(&pair);
    const fr_token token = pair_newest(&pair);
    assert_true(fr_ring_host_claim(&pair.host, token));
    fr_ring_host_unclaim(&pair.host, token);
    assert_int_equal(pair.header->slot[slot].state, fr_slot_word(1, FR_WIRE_SLOT_PUBLISHED));
    assert_int_equal(pair_take(&pair), 1);
    pair_finish(&pair);
}

static void writing_given_back_to_the_backend(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const int slot = fr_ring_source_begin(&pair.source);
    uint32_t tried = 1u << slot;
    for (int i = 0; i < 3; i++) {
        const int other = fr_ring_source_begin_other(&pair.source);
        assert_in_range(other, 0, 3);
        assert_false(tried & 1u << other);
        tried |= 1u << other;
    }
    assert_int_equal(fr_ring_source_begin_other(&pair.source), -1);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(pair_state(&pair, i), FR_WIRE_SLOT_FREE);
    assert_int_equal(pair.source.line.offered, 1);
    assert_int_equal(pair.source.line.dropped, 1);
    assert_int_equal(pair_publish(&pair), slot);
    pair_finish(&pair);
}

static void the_values_of_the_fences_cross_with_the_slot(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const int slot = fr_ring_source_begin(&pair.source);
    assert_int_equal(fr_ring_source_retire_value(&pair.source), 0);
    assert_true(
        fr_ring_source_publish(&pair.source, &(struct fr_ring_publish){.ready_value = 1234567890123}));
    const fr_token token = pair_newest(&pair);
    assert_true(fr_ring_host_claim(&pair.host, token));
    assert_int_equal(fr_ring_host_ready_value(&pair.host, token), 1234567890123);
    fr_ring_host_retire_value(&pair.host, token, 9876543210);
    fr_ring_host_release(&pair.host, token);
    (void)fr_ring_host_taken(&pair.host, token);
    assert_int_equal(pair.header->slot[slot].retire_value, 9876543210);
    for (int i = 0; i < 3; i++)
        assert_int_not_equal(pair_publish(&pair), slot);
    while (fr_ring_source_begin(&pair.source) != slot)
        (void)fr_ring_source_publish(&pair.source, &(struct fr_ring_publish){0});
    assert_int_equal(fr_ring_source_retire_value(&pair.source), 9876543210);
    pair_finish(&pair);
}

static void published_to_free(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    const uint32_t first = pair_publish(&pair);
    const uint32_t second = pair_publish(&pair);
    const fr_token token = pair_newest(&pair);
    assert_true(fr_ring_host_claim(&pair.host, token));
    const uint32_t third = pair_publish(&pair);
    assert_int_equal(fr_ring_host_taken(&pair.host, token), 1);
    assert_int_equal(pair.header->slot[first].state, fr_slot_word(1, FR_WIRE_SLOT_FREE));
    assert_int_equal(pair_state(&pair, second), FR_WIRE_SLOT_READING);
    assert_int_equal(pair.header->slot[third].state, fr_slot_word(3, FR_WIRE_SLOT_PUBLISHED));
    pair_finish(&pair);
}

/* The word of every other state, and of the right state with another frame's tag. */
static uint32_t wrong_word(uint32_t i, uint32_t sequence, uint32_t right)
{
    if (i < NUM_STATES)
        return states[i] == right ? fr_slot_word(sequence, 0x80) : fr_slot_word(sequence, states[i]);
    return fr_slot_word(sequence + (i == NUM_STATES ? 1 : 0xffffffu), right);
}

static void claim_refuses_other_words(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    const uint32_t slot = pair_publish(&pair);
    const fr_token token = pair_newest(&pair);
    for (uint32_t i = 0; i < NUM_STATES + 2; i++) {
        const uint32_t word = wrong_word(i, token.sequence, FR_WIRE_SLOT_PUBLISHED);
        pair.header->slot[slot].state = word;
        assert_false(fr_ring_host_claim(&pair.host, token));
        assert_int_equal(pair.header->slot[slot].state, word);
    }
    pair_finish(&pair);
}

static void release_refuses_other_words(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    const uint32_t slot = pair_publish(&pair);
    const fr_token token = pair_newest(&pair);
    assert_true(fr_ring_host_claim(&pair.host, token));
    for (uint32_t i = 0; i < NUM_STATES + 2; i++) {
        const uint32_t word = wrong_word(i, token.sequence, FR_WIRE_SLOT_READING);
        pair.header->slot[slot].state = word;
        fr_ring_host_release(&pair.host, token);
        assert_int_equal(pair.header->slot[slot].state, word);
    }
    pair_finish(&pair);
}

/* A slot that changed hands while it was written is neither published nor given back. */
static void publish_and_cancel_refuse_other_words(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < NUM_STATES + 2; i++) {
        struct pair pair;
        pair_init(&pair, 3);
        (void)pair_publish(&pair);
        const uint64_t latest = pair.header->v1.latest;
        int slot = fr_ring_source_begin(&pair.source);
        const uint32_t word = wrong_word(i, 2, FR_WIRE_SLOT_WRITING);
        pair.header->slot[slot].state = word;
        const struct fr_ring_publish info = {0};
        assert_false(fr_ring_source_publish(&pair.source, &info));
        assert_int_equal(pair.header->slot[slot].state, word);
        assert_int_equal(pair.header->v1.latest, latest);
        assert_int_equal(pair.source.sequence, 1);

        pair.header->slot[slot].state = fr_slot_word(0, FR_WIRE_SLOT_FREE);
        slot = fr_ring_source_begin(&pair.source);
        pair.header->slot[slot].state = word;
        fr_ring_source_cancel(&pair.source);
        assert_int_equal(pair.header->slot[slot].state, word);
        pair_finish(&pair);
    }
}

static void begin_leaves_foreign_states(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < NUM_STATES; i++) {
        if (states[i] == FR_WIRE_SLOT_FREE)
            continue;
        struct pair pair;
        pair_init(&pair, 4);
        for (uint32_t slot = 0; slot < 4; slot++)
            pair.header->slot[slot].state = fr_slot_word(9, states[i]);
        assert_int_equal(fr_ring_source_begin(&pair.source), -1);
        assert_int_equal(pair.source.line.offered, 1);
        assert_int_equal(pair.source.line.dropped, 1);
        for (uint32_t slot = 0; slot < 4; slot++)
            assert_int_equal(pair.header->slot[slot].state, fr_slot_word(9, states[i]));
        pair_finish(&pair);
    }
}

static void taken_frees_published_only(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 8);
    for (uint32_t i = 0; i < NUM_STATES; i++)
        pair.header->slot[i].state = fr_slot_word(3, states[i]);
    pair.header->slot[7].state = fr_slot_word(11, FR_WIRE_SLOT_PUBLISHED);
    (void)fr_ring_host_taken(&pair.host, (fr_token){GENERATION, 10, 6});
    for (uint32_t i = 0; i < NUM_STATES; i++) {
        const uint32_t wanted = states[i] == FR_WIRE_SLOT_PUBLISHED ? FR_WIRE_SLOT_FREE : states[i];
        assert_int_equal(pair.header->slot[i].state, fr_slot_word(3, wanted));
    }
    assert_int_equal(pair.header->slot[7].state, fr_slot_word(11, FR_WIRE_SLOT_PUBLISHED));
    pair_finish(&pair);
}

int run_states(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(free_to_writing),
        cmocka_unit_test(writing_to_published),
        cmocka_unit_test(writing_to_free),
        cmocka_unit_test(published_to_writing),
        cmocka_unit_test(published_to_reading_to_free),
        cmocka_unit_test(reading_to_published),
        cmocka_unit_test(writing_given_back_to_the_backend),
        cmocka_unit_test(the_values_of_the_fences_cross_with_the_slot),
        cmocka_unit_test(published_to_free),
        cmocka_unit_test(claim_refuses_other_words),
        cmocka_unit_test(release_refuses_other_words),
        cmocka_unit_test(publish_and_cancel_refuse_other_words),
        cmocka_unit_test(begin_leaves_foreign_states),
        cmocka_unit_test(taken_frees_published_only),
    };
    return cmocka_run_group_tests_name("ring states", tests, NULL, NULL);
}
