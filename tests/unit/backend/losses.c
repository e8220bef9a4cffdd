/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A device that is lost stays lost; what comes after lies on another one. */
#include "backend/rig.h"

static void expect_lost(struct rig *rig, fr_token held)
{
    const struct fr_backend_host_ops *ops = rig->host.backend.ops;
    void *self = rig->host.backend.self;
    struct fr_picture mapped;
    fr_token token;
    assert_int_equal(
        ops->convert(self, rig->host.converter, rig->host.ring, held.slot, NULL, &rig->host.picture),
        FR_ERR_DEVICE_LOST);
    assert_int_equal(ops->picture_map(&rig->host.picture, &mapped), FR_ERR_DEVICE_LOST);
    assert_int_equal(pair_host_claim(&rig->host, &token, 0), FR_CLAIM_FATAL);
    assert_int_equal(rig_state(rig, token.slot), FR_WIRE_SLOT_PUBLISHED);
    /* Nobody may write where the GPU may still read. */
    assert_int_equal(ops->release(self, rig->host.ring, &rig->host.words, held), FR_CLAIM_FATAL);
    assert_int_equal(rig_state(rig, held.slot), FR_WIRE_SLOT_READING);
}

static void a_host_that_lost_its_device_goes_on_with_another(void **state)
{
    (void)state;
    struct rig rig;
    if (!way_now()->lose_host)
        return;
    const struct rig_count before = rig_count();
    rig_open(&rig, &rig_plain);
    const struct fr_backend_host_ops *ops = rig.host.backend.ops;
    for (uint32_t generation = 2; generation < 4; generation++) {
        const uint32_t serial = ops->device_serial(rig.host.backend.self);
        rig_push(&rig, 1);
        const fr_token held = pair_host_hold(&rig.host);
        rig_push(&rig, 2);
        rig.way->lose_host(&rig.host);
        for (uint32_t again = 0; again < 2; again++)
            expect_lost(&rig, held);
        assert_int_equal(ops->device_serial(rig.host.backend.self), serial);

        struct pair_host old = rig.host;
        const struct fr_ring_request request = rig_request(&rig, generation);
        pair_host_ring(&rig.host, &request, rig.words);
        assert_int_not_equal(ops->device_serial(rig.host.backend.self), serial);
        pair_host_converter(&rig.host, &rig.shape.convert);
        pair_host_drop_picture(&old);
        pair_host_drop_converter(&old);
        pair_host_drop_ring(&old);
        rig_attach(&rig);
        rig_push(&rig, 3);
        rig_take(&rig, 3);
    }
    rig_close(&rig);
    rig_expect_count(before);
}

static void a_picture_of_a_lost_device_is_not_mapped_after_its_host(void **state)
{
    (void)state;
    struct rig rig;
    struct fr_picture mapped;
    if (!way_now()->lose_host)
        return;
    const struct rig_count before = rig_count();
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    rig.way->lose_host(&rig.host);
    struct pair_host late = rig.host;
    rig.host.picture = (struct fr_picture){0};
    rig_close(&rig);
    assert_int_equal(late.backend.ops->picture_map(&late.picture, &mapped), FR_ERR_DEVICE_LOST);
    pair_host_drop_picture(&late);
    rig_expect_count(before);
}

/* By begin, or by what fills the slot: the frame is given up. */
static void a_source_that_lost_its_device_publishes_nothing(void **state)
{
    (void)state;
    struct rig rig;
    fr_slot slot;
    fr_token token;
    if (!way_now()->lose_source)
        return;
    const struct rig_count before = rig_count();
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    rig_draw(&rig, 2);
    const uint32_t begun = pair_source_begin(&rig.source, &slot);
    rig.way->lose_source(&rig.source);
    const fr_status filled = rig.way->fill(&rig.source, begun, &slot);
    assert_int_equal(filled, FR_ERR_DEVICE_LOST);
    assert_int_equal(pair_source_end(&rig.source, begun, filled), FR_ERR_DEVICE_LOST);
    if (rig.source.images) {
        const struct fr_backend_source_ops *ops = rig.source.in_use->ops;
        void *self = rig.source.in_use->self;
        uint64_t ready_value;
        assert_int_equal(ops->begin(self, rig.source.ring, 0, 0, 0), FR_CLAIM_FATAL);
        assert_int_equal(ops->end(self, rig.source.ring, 0, &ready_value), FR_CLAIM_FATAL);
    }
    assert_false(fr_ring_host_newest(&rig.host.words, &token));

    /* Another one takes its place. */
    pair_source_close(&rig.source);
    rig.way->open_source(&rig.source);
    rig_attach(&rig);
    rig_push(&rig, 3);
    rig_take(&rig, 3);
    rig_close(&rig);
    rig_expect_count(before);
}

int way_losses(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_lost_its_device_goes_on_with_another),
        cmocka_unit_test(a_picture_of_a_lost_device_is_not_mapped_after_its_host),
        cmocka_unit_test(a_source_that_lost_its_device_publishes_nothing),
    };
    return cmocka_run_group_tests_name("backend: losses", tests, NULL, NULL);
}
