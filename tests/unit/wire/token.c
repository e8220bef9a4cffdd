/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "wire_test.h"

static void a_token_is_three_fields(void **state)
{
    (void)state;
    assert_int_equal(fr_token_pack((fr_token){1, 1, 0}), 0x0000010000000100u);
    assert_int_equal(fr_token_pack((fr_token){0xabcdef, 0x12345678, 0x9a}), 0xabcdef123456789au);
    const fr_token token = fr_token_unpack(0xabcdef123456789au);
    assert_int_equal(token.generation, 0xabcdef);
    assert_int_equal(token.sequence, 0x12345678);
    assert_int_equal(token.slot, 0x9a);
}

static void tokens_survive_the_way_there_and_back(void **state)
{
    (void)state;
    static const uint32_t generations[] = {1, 2, 0x7fffff, 0x800000, 0xfffffe, 0xffffff};
    static const uint32_t sequences[] = {0,          1,          2,          0xffffff,  0x1000000,
                                         0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    static const uint32_t slots[] = {0, 1, 7, 8, 254, 255};
    for (size_t g = 0; g < sizeof(generations) / sizeof(generations[0]); g++) {
        for (size_t s = 0; s < sizeof(sequences) / sizeof(sequences[0]); s++) {
            for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
                const fr_token in = {generations[g], sequences[s], slots[i]};
                const fr_token out = fr_token_unpack(fr_token_pack(in));
                assert_memory_equal(&in, &out, sizeof(in));
            }
        }
    }
    uint64_t word = 1;
    for (int i = 0; i < 1000; i++) {
        word = word * 6364136223846793005u + 1442695040888963407u;
        assert_int_equal(fr_token_pack(fr_token_unpack(word)), word);
    }
}

/* What does not fit a field never spills into its neighbour. */
static void too_much_is_cut_off(void **state)
{
    (void)state;
    assert_int_equal(fr_token_pack((fr_token){0xff000001, 2, 0x103}), fr_token_pack((fr_token){1, 2, 3}));
}

static void newer_means_later_across_the_wrap(void **state)
{
    (void)state;
    static const uint32_t from[] = {0,          1,          5,          0x7ffffffe, 0x7fffffff,
                                    0x80000000, 0x80000001, 0xfffffffe, 0xffffffff};
    for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
        assert_false(fr_sequence_newer(from[i], from[i]));
        static const uint32_t ahead[] = {1, 2, 0xffff, 0x7ffffffe, 0x7fffffff};
        for (size_t j = 0; j < sizeof(ahead) / sizeof(ahead[0]); j++) {
            assert_true(fr_sequence_newer(from[i] + ahead[j], from[i]));
            assert_false(fr_sequence_newer(from[i], from[i] + ahead[j]));
        }
        /* Exactly half way is neither. */
        assert_false(fr_sequence_newer(from[i] + 0x80000000u, from[i]));
        assert_false(fr_sequence_newer(from[i], from[i] + 0x80000000u));
    }
}

static void generations_skip_zero(void **state)
{
    (void)state;
    assert_int_equal(fr_generation_next(0), 1);
    assert_int_equal(fr_generation_next(1), 2);
    assert_int_equal(fr_generation_next(0xfffffe), 0xffffff);
    assert_int_equal(fr_generation_next(0xffffff), 1);
    assert_int_equal(fr_generation_next(0xffffffff), 1);
}

int run_token(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_three_fields), cmocka_unit_test(tokens_survive_the_way_there_and_back),
        cmocka_unit_test(too_much_is_cut_off),     cmocka_unit_test(newer_means_later_across_the_wrap),
        cmocka_unit_test(generations_skip_zero),
    };
    return cmocka_run_group_tests_name("wire token", tests, NULL, NULL);
}
