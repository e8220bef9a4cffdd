/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A header that changes while it is read, and headers of any bytes: what is called fine is fine. */
#include "wire_test.h"

#include "os/atomic.h"
#include "os/thread.h"

#include <stdlib.h>
#include <string.h>

enum { FUZZ_ROUNDS = 500000, THREAD_ROUNDS = 300000, TARGET = 3 };

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Written anew from the table, so that it does not share a mistake with the checks of the library. */
static void check_promises(const fr_wire_v2 *out, size_t bytes)
{
    static const uint8_t zero[FR_WIRE_V2_BYTES - FR_WIRE_V1_BYTES];
    const fr_wire_v1 *v1 = &out->v1;
    assert_int_equal(v1->magic, 0x44564650);
    assert_in_range(v1->version, 1, 2);
    assert_in_range(v1->generation, 1, 0xffffff);
    assert_in_range(v1->ring_len, 1, 8);
    assert_in_range(v1->width, 1, 16384);
    assert_in_range(v1->height, 1, 16384);
    assert_true(v1->format == 87 || v1->format == 10 ||
                (v1->version == 2 && (v1->format == 28 || v1->format == 24)));
    assert_true(v1->target_id == 0 || v1->target_id == TARGET);
    if (v1->version == 1)
        assert_memory_equal((const uint8_t *)out + FR_WIRE_V1_BYTES, zero, sizeof(zero));
    else
        assert_true(bytes >= FR_WIRE_V2_BYTES);
}

/* A value that is right, on the edge or nonsense for the word at this offset. */
static uint32_t likely_word(size_t offset, uint64_t *state)
{
    static const uint32_t edges[] = {0,  1,  2,  3,   6,     8,     9,        10,
                                     24, 28, 87, 103, 16384, 16385, 0xffffff, 0x1000000};
    const uint32_t random = next_random(state);
    if (random % 8 == 0)
        return next_random(state);
    if (offset == 0 && random % 8 < 7)
        return FR_WIRE_MAGIC;
    return edges[random / 8 % (sizeof(edges) / sizeof(edges[0]))];
}

static void any_bytes_are_fine_or_named(void **state)
{
    (void)state;
    uint64_t random = 1;
    uint32_t num_fine = 0;
    for (uint32_t i = 0; i < FUZZ_ROUNDS; i++) {
        struct image image = i % 2 ? golden_v2 : golden_v1;
        for (uint32_t changes = next_random(&random) % 4; changes > 0; changes--) {
            const size_t offset = next_random(&random) % 16 * 4;
            put_u32(&image, offset, likely_word(offset, &random));
        }
        const size_t bytes = next_random(&random) % 4 ? FR_WIRE_V2_BYTES : next_random(&random) % 900;
        fr_wire_v2 out;
        const fr_wire_fault fault = fr_wire_snapshot(&out, image.byte, bytes, TARGET);
        assert_int_not_equal(fault, FR_WIRE_CHANGED);
        if (fault == FR_WIRE_FINE)
            check_promises(&out, bytes);
        num_fine += fault == FR_WIRE_FINE;
    }
    assert_in_range(num_fine, FUZZ_ROUNDS / 10, FUZZ_ROUNDS - FUZZ_ROUNDS / 10);
}

static void pure_noise_is_never_fine(void **state)
{
    (void)state;
    uint64_t random = 2;
    uint64_t words[FR_WIRE_V2_BYTES / 8];
    for (uint32_t i = 0; i < 20000; i++) {
        for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
            words[w] = (uint64_t)next_random(&random) << 32 | next_random(&random);
        fr_wire_v2 out;
        assert_int_equal(fr_wire_snapshot(&out, words, sizeof(words), 0), FR_WIRE_NO_MAGIC);
    }
}

/* Reads no byte behind what was delivered: a sanitizer or valgrind sees it. */
static void no_byte_behind_the_delivery_is_read(void **state)
{
    (void)state;
    static const size_t delivered[] = {0, 8, 56, 63, 64, 72, 824, 831, 832};
    for (size_t i = 0; i < sizeof(delivered) / sizeof(delivered[0]); i++) {
        const size_t bytes = delivered[i];
        uint8_t *memory = malloc(bytes ? bytes : 1);
        assert_non_null(memory);
        memcpy(memory, golden_v2.byte, bytes);
        fr_wire_v2 out;
        const fr_wire_fault wanted = bytes < FR_WIRE_V2_BYTES ? FR_WIRE_TOO_SHORT : FR_WIRE_FINE;
        assert_int_equal(fr_wire_snapshot(&out, memory, bytes, 0), wanted);
        free(memory);
    }
}

struct shared {
    struct image image;
    uint32_t over;
};

static void rewrite(void *shared_)
{
    struct shared *shared = shared_;
    uint32_t *const words = (uint32_t *)(void *)shared->image.byte;
    uint64_t random = 3;
    while (!fr_load_acquire_u32(&shared->over)) {
        const size_t word = next_random(&random) % 8;
        const uint32_t good = ((const uint32_t *)(const void *)golden_v2.byte)[word];
        fr_store_relaxed_u32(&words[word], next_random(&random) % 4 ? good : likely_word(word * 4, &random));
    }
}

static void a_header_that_is_rewritten_is_checked_as_copied(void **state)
{
    (void)state;
    struct shared shared = {.image = golden_v2};
    struct fr_thread *thread;
    assert_int_equal(fr_thread_start(&thread, "peer", rewrite, &shared), FR_OK);
    for (uint32_t i = 0; i < THREAD_ROUNDS; i++) {
        fr_wire_v2 out;
        if (fr_wire_snapshot(&out, shared.image.byte, FR_WIRE_V2_BYTES, TARGET) == FR_WIRE_FINE)
            check_promises(&out, FR_WIRE_V2_BYTES);
    }
    fr_store_release_u32(&shared.over, 1);
    fr_thread_join(&thread);
}

static void count_generations(void *shared_)
{
    struct shared *shared = shared_;
    uint32_t *const words = (uint32_t *)(void *)shared->image.byte;
    for (uint32_t generation = 1; !fr_load_acquire_u32(&shared->over);
         generation = fr_generation_next(generation))
        fr_store_release_u32(&words[2], generation);
}

static void a_generation_that_moves_is_noticed(void **state)
{
    (void)state;
    struct shared shared = {.image = golden_v2};
    struct fr_thread *thread;
    assert_int_equal(fr_thread_start(&thread, "peer", count_generations, &shared), FR_OK);
    uint32_t changed = 0;
    for (uint32_t i = 0; i < 100u * THREAD_ROUNDS && changed < 100; i++) {
        fr_wire_v2 out;
        const fr_wire_fault fault = fr_wire_snapshot(&out, shared.image.byte, FR_WIRE_V2_BYTES, TARGET);
        assert_true(fault == FR_WIRE_FINE || fault == FR_WIRE_CHANGED);
        changed += fault == FR_WIRE_CHANGED;
    }
    fr_store_release_u32(&shared.over, 1);
    fr_thread_join(&thread);
    assert_int_equal(changed, 100);
}

int run_hostile(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_bytes_are_fine_or_named),
        cmocka_unit_test(pure_noise_is_never_fine),
        cmocka_unit_test(no_byte_behind_the_delivery_is_read),
        cmocka_unit_test(a_header_that_is_rewritten_is_checked_as_copied),
        cmocka_unit_test(a_generation_that_moves_is_noticed),
    };
    return cmocka_run_group_tests_name("wire hostile", tests, NULL, NULL);
}
