/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Who is signalled when: the host's word `looking`. What two sides do at once is tests/sim's. */
#include "pair.h"

#include <string.h>

/* As a host of before, and one that never slept: its word is 0. */
static void a_host_that_says_nothing_is_signalled(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    for (int i = 0; i < 3; i++) {
        (void)pair_publish(&pair);
        assert_true(fr_ring_source_must_signal(&pair.source));
        (void)pair_take(&pair);
    }
    pair_finish(&pair);
}

static void only_a_sleeping_host_is_signalled(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    for (int i = 0; i < 3; i++) {
        assert_true(fr_ring_host_may_sleep(&pair.host));
        assert_int_equal(pair.header->host.looking, 0);
        (void)pair_publish(&pair);
        assert_true(fr_ring_source_must_signal(&pair.source));
        fr_ring_host_awake(&pair.host);
        assert_int_equal(pair.header->host.looking, 1);
        (void)pair_take(&pair);
        (void)pair_publish(&pair);
        assert_false(fr_ring_source_must_signal(&pair.source));
        (void)pair_take(&pair);
    }
    pair_finish(&pair);
}

static void any_other_word_is_signalled(void **state)
{
    (void)state;
    static const uint32_t words[] = {0, 2, 3, 0x80000001u, UINT32_MAX};
    struct pair pair;
    pair_init(&pair, 3);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        pair.header->host.looking = words[i];
        assert_true(fr_ring_source_must_signal(&pair.source));
    }
    pair_finish(&pair);
}

/* What was not looked at keeps the host awake once, also if it could not be taken: it would spin else. */
static void a_token_keeps_the_host_awake_once(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    assert_true(fr_ring_host_may_sleep(&pair.host));
    fr_ring_host_awake(&pair.host);
    for (int i = 0; i < 3; i++) {
        assert_false(fr_ring_host_moved(&pair.host));
        (void)pair_publish(&pair);
        assert_true(fr_ring_host_moved(&pair.host));
        assert_false(fr_ring_host_moved(&pair.host));
        (void)pair_publish(&pair);
        assert_false(fr_ring_host_may_sleep(&pair.host));
        assert_int_equal(pair.header->host.looking, 1);
        assert_false(fr_ring_host_moved(&pair.host));
        assert_true(fr_ring_host_may_sleep(&pair.host));
        assert_int_equal(pair.header->host.looking, 0);
    }
    (void)pair_newest(&pair);
    assert_true(fr_ring_host_may_sleep(&pair.host));
    pair_finish(&pair);
}

/* A word of nonsense is a change as well, and no more than one. */
static void nonsense_keeps_the_host_awake_once(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, 3);
    fr_token token;
    assert_false(fr_ring_host_newest(&pair.host, &token));
    pair.header->v1.latest = UINT64_MAX;
    assert_false(fr_ring_host_may_sleep(&pair.host));
    assert_false(fr_ring_host_newest(&pair.host, &token));
    assert_true(fr_ring_host_may_sleep(&pair.host));
    pair_finish(&pair);
}

static void version_1_is_always_signalled(void **state)
{
    (void)state;
    fr_wire_v1 header;
    memset(&header, 0, sizeof(header));
    const struct fr_ring_shape shape = {3, 64, 32, FR_FORMAT_BGRA8};
    struct fr_ring_host host;
    fr_ring_host_create_v1(&host, &header, &shape, GENERATION, TARGET);
    fr_wire_v2 copy;
    assert_int_equal(fr_wire_snapshot(&copy, &header, sizeof(header), TARGET), FR_WIRE_FINE);
    struct fr_ring_source source;
    fr_ring_source_attach(&source, (fr_wire_v2 *)(void *)&header, sizeof(header), &copy, 200, NULL);
    fr_ring_host_awake(&host); /* a sanitizer sees a step beyond the 64 bytes */
    assert_true(fr_ring_source_must_signal(&source));
    assert_true(fr_ring_host_may_sleep(&host));
    header.latest = 1;
    assert_true(fr_ring_host_moved(&host));
    assert_true(fr_ring_host_may_sleep(&host));
}

int run_looking(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_says_nothing_is_signalled),
        cmocka_unit_test(only_a_sleeping_host_is_signalled),
        cmocka_unit_test(any_other_word_is_signalled),
        cmocka_unit_test(a_token_keeps_the_host_awake_once),
        cmocka_unit_test(nonsense_keeps_the_host_awake_once),
        cmocka_unit_test(version_1_is_always_signalled),
    };
    return cmocka_run_group_tests_name("ring looking", tests, NULL, NULL);
}
