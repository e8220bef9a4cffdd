/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* os/atomic_msvc.h does the access that its name says, with the barrier on the right side of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define FR_ATOMIC_STEP() ((void)0)
#include "os/atomic_msvc.h"

char msvc_trace[16];

/* What was done since the last call. */
static const char *done(void)
{
    static char copy[sizeof(msvc_trace)];
    memcpy(copy, msvc_trace, sizeof(copy));
    memset(msvc_trace, 0, sizeof(msvc_trace));
    return copy;
}

static void loads_come_before_their_barrier(void **state)
{
    (void)state;
    const uint32_t word = 0xfedcba98u;
    const uint64_t wide = UINT64_C(0xfedcba9876543210);
    assert_true(fr_load_relaxed_u32(&word) == word);
    assert_string_equal(done(), "L");
    assert_true(fr_load_acquire_u32(&word) == word);
    assert_string_equal(done(), "LB");
    assert_true(fr_load_relaxed_u64(&wide) == wide);
    assert_string_equal(done(), "L");
    assert_true(fr_load_acquire_u64(&wide) == wide);
    assert_string_equal(done(), "LB");
}

static void stores_come_after_their_barrier(void **state)
{
    (void)state;
    uint32_t word = 0;
    uint64_t wide = 0;
    fr_store_relaxed_u32(&word, 0xfffffffeu);
    assert_string_equal(done(), "S");
    assert_true(word == 0xfffffffeu);
    fr_store_release_u32(&word, 7);
    assert_string_equal(done(), "BS");
    assert_true(word == 7);
    fr_store_relaxed_u64(&wide, UINT64_MAX - 1);
    assert_string_equal(done(), "S");
    assert_true(wide == UINT64_MAX - 1);
    fr_store_release_u64(&wide, 9);
    assert_string_equal(done(), "BS");
    assert_true(wide == 9);
}

static void exchanges_say_what_became_of_them(void **state)
{
    (void)state;
    uint32_t word[2] = {0xfffffff0u, 5}; /* the second must stay */
    assert_false(fr_compare_swap_u32(word, 1, 2));
    assert_true(word[0] == 0xfffffff0u);
    assert_true(fr_compare_swap_u32(word, 0xfffffff0u, 0x80000001u));
    assert_true(word[0] == 0x80000001u);
    assert_true(fr_add_acq_rel_u32(word, 0x80000000u) == 1);
    assert_true(fr_sub_acq_rel_u32(word, 3) == 0xfffffffeu);
    assert_true(word[0] == 0xfffffffeu);
    assert_true(word[1] == 5);
    assert_string_equal(done(), "XXXX");
}

static void fences_are_barriers(void **state)
{
    (void)state;
    fr_fence_acquire();
    fr_fence_release();
    assert_string_equal(done(), "BB");
    fr_fence_full();
    assert_string_equal(done(), "BXB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loads_come_before_their_barrier),
        cmocka_unit_test(stores_come_after_their_barrier),
        cmocka_unit_test(exchanges_say_what_became_of_them),
        cmocka_unit_test(fences_are_barriers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
