/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A peer that writes anything anywhere in the header spoils pictures, and nothing else. */
#include "pair.h"

#include "os/atomic.h"
#include "os/thread.h"

#include <string.h>

enum { FUZZ_ROUNDS = 200000, THREAD_ROUNDS = 100000, NUM_SEEDS = 4 };

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Values near the truth get further than noise does. */
static uint64_t likely_token(uint64_t *state, uint32_t sequence)
{
    const uint32_t kind = next_random(state) % 8;
    const fr_token token = {
        .generation = kind == 0 ? next_random(state) : GENERATION,
        .sequence = kind == 1 ? next_random(state) : sequence + next_random(state) % 5 - 2,
        .slot = next_random(state) % (kind == 2 ? 256 : 9),
    };
    return kind == 3 ? (uint64_t)next_random(state) << 32 | next_random(state) : fr_token_pack(token);
}

static uint32_t likely_state(uint64_t *state, uint32_t sequence)
{
    const uint32_t word = next_random(state);
    return word % 4 ? fr_slot_word(sequence + word / 4 % 5 - 2, word / 32 % 5) : word;
}

/* What an honest source would leave, so that the host gets as far as a claim. */
static void publish_well(fr_wire_v2 *header, uint64_t *state, uint32_t sequence)
{
    const fr_token token = {GENERATION, sequence + 1, next_random(state) % FR_RING_LEN_MIN};
    fr_wire_slot *slot = &header->slot[token.slot];
    fr_store_relaxed_u64(&slot->token, fr_token_pack(token));
    fr_store_relaxed_u32(&slot->flags,
                         FR_WIRE_FRAME_DAMAGE | next_random(state) % 20 << FR_WIRE_FRAME_RECTS_SHIFT);
    fr_store_relaxed_u32(&slot->state, fr_slot_word(token.sequence, FR_WIRE_SLOT_PUBLISHED));
    fr_store_release_u64(&header->v1.latest, fr_token_pack(token));
}

static void spoil(fr_wire_v2 *header, uint64_t *state, uint32_t sequence)
{
    fr_wire_slot *slot = &header->slot[next_random(state) % FR_WIRE_SLOTS_MAX];
    switch (next_random(state) % 6) {
    case 4: publish_well(header, state, sequence); break;
    case 0: fr_store_release_u64(&header->v1.latest, likely_token(state, sequence)); break;
    case 1: fr_store_relaxed_u64(&slot->token, likely_token(state, sequence)); break;
    case 2:
    case 3: fr_store_relaxed_u32(&slot->state, likely_state(state, sequence)); break;
    default: {
        uint32_t *const words = (uint32_t *)(void *)header;
        fr_store_relaxed_u32(&words[next_random(state) % (FR_WIRE_WHOLE_BYTES / 4)], next_random(state));
    }
    }
}

/* One take as a capture does it; what comes out obeys the rules, whatever went in. */
static bool host_round(struct fr_ring_host *host, uint32_t *seen)
{
    struct fr_ring_totals totals;
    fr_ring_host_totals(host, &totals);
    uint32_t detail;
    (void)fr_ring_host_source_status(host, &detail);
    fr_wire_metadata metadata;
    (void)fr_ring_host_metadata(host, seen, &metadata);
    fr_ring_host_beat(host, 1);
    fr_token token;
    if (!fr_ring_host_newest(host, &token))
        return false;
    assert_true(token.slot < host->ring_len);
    assert_int_equal(token.generation, host->generation);
    assert_true(fr_sequence_newer(token.sequence, host->last_sequence));
    if (!fr_ring_host_claim(host, token))
        return false;
    struct fr_ring_record record;
    const bool ours = fr_ring_host_record(host, token, &record);
    if (ours)
        assert_memory_equal(&record.token, &token, sizeof(token));
    assert_true(!ours || !record.has_damage || record.damage.count <= FR_PARTS_MAX);
    for (uint32_t i = 0; ours && record.has_damage && i < record.damage.count; i++)
        assert_true(fr_rect_fits(&record.damage.rect[i], host->width, host->height));
    fr_ring_host_release(host, token);
    if (ours)
        (void)fr_ring_host_taken(host, token);
    return ours;
}

static void source_round(struct fr_ring_source *source, uint32_t what)
{
    (void)fr_ring_source_stale(source);
    fr_ring_source_beat(source, what);
    const fr_wire_metadata metadata = {.valid = what};
    fr_ring_source_set_metadata(source, &metadata);
    const int slot = fr_ring_source_begin(source);
    if (slot < 0)
        return;
    assert_true((uint32_t)slot < source->ring_len);
    const struct fr_parts damage = {.count = 2, .rect = {{what % 64, 0, 1, 1}, {9, what % 64, 1, 1}}};
    const struct fr_ring_publish info = {.present_ns = what, .damage = what % 3 ? &damage : NULL};
    if (what % 4)
        (void)fr_ring_source_publish(source, &info);
    else
        fr_ring_source_cancel(source);
    assert_int_equal(source->writing, -1);
    assert_in_range(source->newest_slot + 1, 0, source->ring_len);
}

static void a_host_bears_any_header(void **state)
{
    (void)state;
    uint32_t taken = 0;
    for (uint32_t seed = 1; seed <= NUM_SEEDS; seed++) {
        struct pair pair;
        pair_init(&pair, 2 + seed);
        uint64_t random = seed;
        uint32_t seen = 0;
        for (uint32_t i = 0; i < FUZZ_ROUNDS; i++) {
            spoil(pair.header, &random, pair.host.last_sequence);
            taken += host_round(&pair.host, &seen);
        }
        pair_finish(&pair);
    }
    assert_true(taken > 100); /* else the fuzzing never got behind the first check */
}

static void a_source_bears_any_header(void **state)
{
    (void)state;
    uint64_t published = 0;
    for (uint32_t seed = 1; seed <= NUM_SEEDS; seed++) {
        struct pair pair;
        pair_init(&pair, 2 + seed);
        uint64_t random = seed;
        for (uint32_t i = 0; i < FUZZ_ROUNDS; i++) {
            spoil(pair.header, &random, pair.source.sequence);
            source_round(&pair.source, next_random(&random));
        }
        published += pair.source.line.published;
        pair_finish(&pair);
    }
    assert_true(published > 100);
}

static void spoil_in_a_thread(void *pair_)
{
    struct pair *pair = pair_;
    uint64_t random = 99;
    for (uint32_t i = 0; i < THREAD_ROUNDS; i++)
        spoil(pair->header, &random, i / 64);
}

static void both_bear_a_header_that_changes_meanwhile(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 4);
    struct fr_thread *thread;
    assert_int_equal(fr_thread_start(&thread, "peer", spoil_in_a_thread, &pair), FR_OK);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < THREAD_ROUNDS; i++) {
        (void)host_round(&pair.host, &seen);
        source_round(&pair.source, i);
    }
    fr_thread_join(&thread);
    pair_finish(&pair);
}

int run_hostile(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_bears_any_header),
        cmocka_unit_test(a_source_bears_any_header),
        cmocka_unit_test(both_bear_a_header_that_changes_meanwhile),
    };
    return cmocka_run_group_tests_name("ring hostile", tests, NULL, NULL);
}
