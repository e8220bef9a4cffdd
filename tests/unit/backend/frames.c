/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Who has a slot: begun and ended by the source, claimed and released by the host. */
#include "backend/rig.h"

static enum fr_claim claim(struct rig *rig, fr_token token)
{
    return rig->host.backend.ops->claim(rig->host.backend.self, rig->host.ring, &rig->host.words, token, 0);
}

static void frames_arrive_whole_and_in_order(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    for (uint32_t frame = 0; frame < 11; frame++) {
        rig_push(&rig, frame);
        if (frame % 3)
            rig_take(&rig, frame);
    }
    rig_close(&rig);
}

static void a_slot_that_is_held_is_busy_and_stays_as_it_was(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 1);
    const fr_token token = pair_host_hold(&rig.host);
    assert_int_equal(rig_state(&rig, token.slot), FR_WIRE_SLOT_READING);
    assert_int_equal(claim(&rig, token), FR_CLAIM_BUSY);
    assert_int_equal(rig_state(&rig, token.slot), FR_WIRE_SLOT_READING);
    pair_host_convert(&rig.host, token, NULL, &rig.host.picture);
    rig_expect(&rig, &rig.host.picture, 1);
    pair_host_release(&rig.host, token);
    assert_int_equal(rig_state(&rig, token.slot), FR_WIRE_SLOT_FREE);
    assert_int_equal(claim(&rig, token), FR_CLAIM_BUSY);
    assert_int_equal(rig_state(&rig, token.slot), FR_WIRE_SLOT_FREE);
    rig_close(&rig);
}

static void a_slot_that_is_written_is_busy(void **state)
{
    (void)state;
    struct rig rig;
    fr_slot slot;
    fr_token token;
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 1);
    assert_true(fr_ring_host_newest(&rig.host.words, &token));
    const uint32_t index = pair_source_begin(&rig.source, &slot);
    token.slot = index;
    assert_int_equal(claim(&rig, token), FR_CLAIM_BUSY);
    assert_int_equal(rig_state(&rig, index), FR_WIRE_SLOT_WRITING);
    assert_int_equal(pair_source_end(&rig.source, index, FR_AGAIN), FR_AGAIN);
    rig_close(&rig);
}

static void a_frame_that_was_lapped_is_busy_and_the_newest_is_not(void **state)
{
    (void)state;
    struct rig rig;
    fr_token first;
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 1);
    assert_true(fr_ring_host_newest(&rig.host.words, &first));
    for (uint32_t i = 2; i < 2 + 2 * rig_plain.ring_len; i++)
        rig_push(&rig, i);
    assert_int_equal(claim(&rig, first), FR_CLAIM_BUSY);
    rig_take(&rig, 1 + 2 * rig_plain.ring_len);
    rig_close(&rig);
}

/* The source laps the ring many times meanwhile. */
static void a_slot_that_is_held_keeps_its_pixels(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    for (uint32_t round = 0; round < rig_plain.ring_len; round++) {
        const uint32_t seed = 100 * round;
        rig_push(&rig, seed);
        const fr_token token = pair_host_hold(&rig.host);
        for (uint32_t i = 1; i <= 3 * rig_plain.ring_len; i++) {
            rig_push(&rig, seed + i);
            assert_int_equal(rig_state(&rig, token.slot), FR_WIRE_SLOT_READING);
        }
        pair_host_convert(&rig.host, token, NULL, &rig.host.picture);
        rig_expect(&rig, &rig.host.picture, seed);
        pair_host_release(&rig.host, token);
        rig_take(&rig, seed + 3 * rig_plain.ring_len);
    }
    rig_close(&rig);
}

/* The program has the next frame ready, and no other slot: it writes as soon as it may. */
static void a_slot_is_not_let_go_while_it_is_read(void **state)
{
    (void)state;
    struct rig_shape shape = rig_plain;
    struct rig rig;
    fr_token held[FR_RING_LEN_MIN];
    shape.width = 1280;
    shape.height = 360;
    shape.ring_len = FR_RING_LEN_MIN;
    rig_open(&rig, &shape);
    for (uint32_t i = 0; i < FR_RING_LEN_MIN; i++) {
        rig_push(&rig, i);
        held[i] = pair_host_hold(&rig.host);
    }
    for (uint32_t i = 0; i < 3 * FR_RING_LEN_MIN; i++) {
        fr_token *const token = &held[i % FR_RING_LEN_MIN];
        rig_draw(&rig, i + FR_RING_LEN_MIN);
        pair_host_convert(&rig.host, *token, NULL, &rig.host.picture);
        pair_host_release(&rig.host, *token);
        rig_push_drawn(&rig);
        rig_expect(&rig, &rig.host.picture, i);
        *token = pair_host_hold(&rig.host);
    }
    rig_close(&rig);
}

/* Converted, or not: a slot that was let go is written by the next frame, and read by nobody any more. */
static void a_slot_that_was_let_go_is_written_again(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    for (uint32_t frame = 0; frame < 4 * rig_plain.ring_len; frame++) {
        rig_push(&rig, frame);
        const fr_token token = pair_host_hold(&rig.host);
        if (frame % 2)
            pair_host_convert(&rig.host, token, NULL, &rig.host.picture);
        pair_host_release(&rig.host, token);
        for (uint32_t i = 0; i < rig_plain.ring_len; i++)
            rig_push(&rig, 1000 + i);
        if (frame % 2)
            rig_expect(&rig, &rig.host.picture, frame);
        rig_take(&rig, 1000 + rig_plain.ring_len - 1);
    }
    rig_close(&rig);
}

static void a_frame_that_is_given_up_is_never_seen(void **state)
{
    (void)state;
    struct rig rig;
    fr_slot slot;
    fr_token token;
    rig_open(&rig, &rig_plain);
    rig_draw(&rig, 5);
    for (uint32_t round = 0; round < 3 * rig_plain.ring_len; round++) {
        const uint32_t index = pair_source_begin(&rig.source, &slot);
        const fr_status filled =
            round % 2 ? rig.way->fill(&rig.source, index, &slot) : FR_OK; /* or nothing was drawn */
        assert_int_equal(filled, FR_OK);
        assert_int_equal(pair_source_end(&rig.source, index, FR_AGAIN), FR_AGAIN);
        assert_int_equal(rig_state(&rig, index), FR_WIRE_SLOT_FREE);
        assert_false(fr_ring_host_newest(&rig.host.words, &token));
        rig_push(&rig, round);
        rig_take(&rig, round);
        rig_draw(&rig, 5);
    }
    rig_close(&rig);
}

/* The table says what a slot is in memory, or that it is none. */
static void a_slot_that_is_begun_is_described(void **state)
{
    (void)state;
    struct rig rig;
    fr_slot slot;
    rig_open(&rig, &rig_plain);
    const struct fr_delivery *delivery = &rig.host.delivery;
    for (uint32_t i = 0; i < rig_plain.ring_len; i++) {
        const uint32_t index = pair_source_begin(&rig.source, &slot);
        if (rig.way->kind == FR_SLOTS_MEMORY) {
            assert_non_null(slot.pixels);
            assert_int_equal(slot.pitch_bytes, delivery->pitch_bytes);
            assert_int_equal(slot.memory_offset, delivery->slot_offset[index]);
            assert_true(slot.memory_bytes >= delivery->slots_bytes);
        } else {
            assert_null(slot.pixels);
            assert_int_equal(slot.memory_fd, -1);
        }
        assert_int_equal(pair_source_end(&rig.source, index, FR_OK), FR_OK);
    }
    rig_close(&rig);
}

int way_frames(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_arrive_whole_and_in_order),
        cmocka_unit_test(a_slot_that_is_held_is_busy_and_stays_as_it_was),
        cmocka_unit_test(a_slot_that_is_written_is_busy),
        cmocka_unit_test(a_frame_that_was_lapped_is_busy_and_the_newest_is_not),
        cmocka_unit_test(a_slot_that_is_held_keeps_its_pixels),
        cmocka_unit_test(a_slot_is_not_let_go_while_it_is_read),
        cmocka_unit_test(a_slot_that_was_let_go_is_written_again),
        cmocka_unit_test(a_frame_that_is_given_up_is_never_seen),
        cmocka_unit_test(a_slot_that_is_begun_is_described),
    };
    return cmocka_run_group_tests_name("backend: frames", tests, NULL, NULL);
}
