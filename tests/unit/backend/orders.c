/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A session's parts go in any order that the table allows, with work under way, and leave nothing. */
#include "backend/rig.h"

#include "system/system.h"

#include <stdlib.h>

enum part { SOURCE, PICTURE, CONVERTER, RING, HOST, PARTS };

/* The host takes neither ring nor converter with it. */
static bool is_allowed(const enum part order[PARTS])
{
    size_t at[PARTS];
    for (size_t i = 0; i < PARTS; i++)
        at[order[i]] = i;
    return at[HOST] > at[RING] && at[HOST] > at[CONVERTER] &&
           (!way_now()->source_goes_first || at[RING] > at[SOURCE]);
}

static void drop(struct rig *rig, enum part part)
{
    switch (part) {
    case SOURCE: pair_source_close(&rig->source); break;
    case PICTURE: pair_host_drop_picture(&rig->host); break;
    case CONVERTER: pair_host_drop_converter(&rig->host); break;
    case RING: pair_host_drop_ring(&rig->host); break;
    case HOST: rig->host.backend.ops->destroy(rig->host.backend.self); break;
    case PARTS: break;
    }
}

/* The last frame is still held, and its conversion not waited for. */
static void run(const enum part order[PARTS])
{
    const struct rig_count before = rig_count();
    struct rig rig;
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    rig_push(&rig, 2);
    const fr_token token = pair_host_hold(&rig.host);
    pair_host_convert(&rig.host, token, NULL, &rig.host.picture);
    for (size_t i = 0; i < PARTS; i++)
        drop(&rig, order[i]);
    system_pages_destroy((uint8_t *)rig.words, 1);
    rig_expect_count(before);
}

static unsigned run_all(enum part order[PARTS], size_t from)
{
    if (from == PARTS) {
        if (!is_allowed(order))
            return 0;
        run(order);
        return 1;
    }
    unsigned count = 0;
    for (size_t i = from; i < PARTS; i++) {
        const enum part first = order[from];
        order[from] = order[i];
        order[i] = first;
        count += run_all(order, from + 1);
        order[i] = order[from];
        order[from] = first;
    }
    return count;
}

static void all_goes_in_any_order_and_nothing_is_left(void **state)
{
    (void)state;
    enum part order[PARTS] = {SOURCE, PICTURE, CONVERTER, RING, HOST};
    assert_int_equal(run_all(order, 0), way_now()->source_goes_first ? 15 : 40);
}

static void what_was_never_used_leaves_nothing(void **state)
{
    (void)state;
    const struct rig_count before = rig_count();
    struct rig rig;
    rig_open_host(&rig, &rig_plain);
    rig_close(&rig);
    rig_expect_count(before);
    rig_open(&rig, &rig_plain);
    rig_close(&rig);
    rig_expect_count(before);
}

/* Two hosts and two sources beside each other do not meet. */
static void two_sessions_are_apart(void **state)
{
    (void)state;
    const struct rig_count before = rig_count();
    struct rig a, b;
    rig_open(&a, &rig_plain);
    rig_open(&b, &rig_plain);
    for (uint32_t frame = 0; frame < 6; frame++) {
        rig_push(&a, frame);
        rig_push(&b, 100 + frame);
        rig_take(&a, frame);
        rig_take(&b, 100 + frame);
    }
    rig_close(&a);
    rig_push(&b, 7);
    rig_take(&b, 7);
    rig_close(&b);
    rig_expect_count(before);
}

int way_orders(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_goes_in_any_order_and_nothing_is_left),
        cmocka_unit_test(what_was_never_used_leaves_nothing),
        cmocka_unit_test(two_sessions_are_apart),
    };
    return cmocka_run_group_tests_name("backend: orders", tests, NULL, NULL);
}
