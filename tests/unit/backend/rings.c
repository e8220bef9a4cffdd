/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Rings: made, described, opened by a peer, left. */
#include "backend/rig.h"

#include "system/system.h"

#include <stdlib.h>

static void expect_one_memory(const struct fr_delivery *delivery)
{
    const size_t row_bytes = (size_t)delivery->width * fr_format_pixel_bytes(delivery->format);
    assert_true(delivery->slots != FR_HANDLE_NONE);
    assert_true(delivery->pitch_bytes >= row_bytes && delivery->pitch_bytes % 64 == 0);
    size_t end = 0;
    for (uint32_t i = 0; i < delivery->ring_len; i++) {
        assert_true(delivery->slot_offset[i] >= end);
        end = delivery->slot_offset[i] + delivery->pitch_bytes * delivery->height;
    }
    assert_true(end <= delivery->slots_bytes);
}

static void expect_images(const struct fr_delivery *delivery)
{
    assert_true(delivery->gpu.present && delivery->image.bytes > 0);
    assert_int_equal(delivery->slots, FR_HANDLE_NONE);
    assert_int_equal(delivery->slots_bytes, 0);
    for (uint32_t i = 0; i < delivery->ring_len; i++)
        for (uint32_t j = 0; j < i; j++)
            assert_int_not_equal(delivery->texture[i], delivery->texture[j]);
}

/* What a channel sends: no handle that is not of the ring's kind. */
static void expect_description(const struct fr_delivery *delivery)
{
    const bool images = delivery->slots_kind != FR_SLOTS_MEMORY;
    const bool fences = images && delivery->sync_kind == FR_WIRE_SYNC_FENCE;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        assert_int_equal(delivery->texture[i] != FR_HANDLE_NONE, images && i < delivery->ring_len);
    assert_int_equal(delivery->ready_fence != FR_HANDLE_NONE, fences);
    assert_int_equal(delivery->retire_fence != FR_HANDLE_NONE, fences);
    if (images)
        expect_images(delivery);
    else
        expect_one_memory(delivery);
}

static void a_ring_of_every_format_and_odd_size_carries_frames(void **state)
{
    (void)state;
    static const fr_format formats[] = {FR_FORMAT_BGRA8, FR_FORMAT_RGBA8, FR_FORMAT_RGB10A2,
                                        FR_FORMAT_RGBA16F};
    static const uint32_t sizes[][2] = {{1, 1}, {2, 2}, {7, 5}, {33, 17}, {64, 36}, {131, 3}, {3, 131}};
    for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            const bool deep = formats[f] == FR_FORMAT_RGB10A2 || formats[f] == FR_FORMAT_RGBA16F;
            struct rig_shape shape = rig_plain;
            struct rig rig;
            shape.width = sizes[i][0];
            shape.height = sizes[i][1];
            shape.format = formats[f];
            shape.convert.to = deep ? FR_FORMAT_P010 : FR_FORMAT_NV12;
            rig_open(&rig, &shape);
            expect_description(&rig.host.delivery);
            for (uint32_t frame = 0; frame < 2; frame++) {
                rig_push(&rig, frame);
                rig_take(&rig, frame);
            }
            rig_close(&rig);
        }
}

/* All are held at the same time. */
static void each_slot_has_pixels_of_its_own(void **state)
{
    (void)state;
    for (uint32_t ring_len = FR_RING_LEN_MIN; ring_len <= FR_WIRE_SLOTS_MAX; ring_len++) {
        struct rig_shape shape = rig_plain;
        struct rig rig;
        fr_token held[FR_WIRE_SLOTS_MAX];
        shape.ring_len = ring_len;
        rig_open(&rig, &shape);
        expect_description(&rig.host.delivery);
        for (uint32_t i = 0; i < ring_len; i++) {
            rig_push(&rig, i);
            held[i] = pair_host_hold(&rig.host);
        }
        assert_int_equal(fr_ring_source_begin(&rig.source.words), -1);
        for (uint32_t i = 0; i < ring_len; i++) {
            pair_host_convert(&rig.host, held[i], NULL, &rig.host.picture);
            rig_expect(&rig, &rig.host.picture, i);
        }
        for (uint32_t i = 0; i < ring_len; i++)
            pair_host_release(&rig.host, held[ring_len - 1 - i]);
        rig_push(&rig, 99);
        rig_close(&rig);
    }
}

static void a_ring_keeps_its_handles_and_a_source_closes_those_it_got(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    pair_source_detach(&rig.source);
    const size_t before = system_count_handles();
    for (uint32_t i = 0; i < 5; i++) {
        rig_attach(&rig);
        rig_push(&rig, i);
        pair_source_detach(&rig.source);
        assert_int_equal(system_count_handles(), before);
        rig_take(&rig, i);
    }
    rig_close(&rig);
}

/* A frame that nobody has taken yet is the host's to take, whatever becomes of its source. */
static void a_frame_outlives_its_source(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 3);
    pair_source_close(&rig.source);
    rig_take(&rig, 3);
    rig.way->open_source(&rig.source);
    rig_attach(&rig);
    rig_push(&rig, 4);
    rig_take(&rig, 4);
    rig_close(&rig);
}

static void the_next_ring_is_another_and_on_the_same_device(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    const struct fr_backend_host_ops *ops = rig.host.backend.ops;
    const uint32_t serial = ops->device_serial(rig.host.backend.self);
    void *const first = rig.host.ring;
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    const struct fr_ring_request request = rig_request(&rig, 2);
    pair_host_ring(&rig.host, &request, rig.words);
    assert_ptr_not_equal(rig.host.ring, first);
    rig_attach(&rig);
    ops->ring_destroy(rig.host.backend.self, first);
    assert_int_equal(ops->device_serial(rig.host.backend.self), serial);
    /* By the converter, and into the picture, of before. */
    rig_push(&rig, 2);
    rig_take(&rig, 2);
    rig_close(&rig);
}

static void a_picture_is_taken_along_to_the_next_ring(void **state)
{
    (void)state;
    struct rig rig, next;
    rig_open(&rig, &rig_plain);
    rig_push(&rig, 7);
    const struct fr_backend_source *backend = rig.source.in_use;
    const uint32_t newest = (uint32_t)rig.source.words.newest_slot;
    void *const from = rig.source.ring;

    /* The same source, at a second ring. */
    rig_open_host(&next, &rig_plain);
    const struct fr_ring_request request = rig_request(&next, 2);
    pair_host_ring(&next.host, &request, next.words);
    pair_host_converter(&next.host, &rig_plain.convert);
    next.source = rig.source;
    next.source.ring = NULL;
    rig_attach(&next);
    fr_slot slot;
    const uint32_t to = pair_source_begin(&next.source, &slot);
    assert_true(backend->ops->copy(backend->self, from, newest, next.source.ring, to));
    assert_int_equal(pair_source_end(&next.source, to, FR_OK), FR_OK);
    rig_take(&next, 7);
    rig_take(&rig, 7); /* and it is there still */

    pair_source_detach(&next.source);
    next.source.backend.ops = next.source.memory.ops = NULL;
    rig_close(&next);
    rig_close(&rig);
}

static void without_memory_nothing_is_made_and_later_all_is(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    const struct fr_backend_host_ops *ops = rig.host.backend.ops;
    const struct rig_count before = rig_count();
    const struct fr_ring_request request = rig_request(&rig, 2);
    void *ring = NULL;
    rig.way->starve(true);
    assert_int_equal(ops->ring_create(rig.host.backend.self, &request, &ring), FR_ERR_NO_MEMORY);
    rig.way->starve(false);
    rig_expect_count(before);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    assert_int_equal(ops->ring_create(rig.host.backend.self, &request, &ring), FR_OK);
    ops->ring_destroy(rig.host.backend.self, ring);
    rig_close(&rig);
}

static void an_adapter_that_is_not_there_is_not_taken(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig, &rig_plain);
    const struct fr_backend_host_ops *ops = rig.host.backend.ops;
    const uint32_t serial = ops->device_serial(rig.host.backend.self);
    assert_int_equal(ops->rebind(rig.host.backend.self, 0xdead, 0xbeef), FR_ERR_UNSUPPORTED);
    assert_int_equal(ops->device_serial(rig.host.backend.self), serial);
    rig_push(&rig, 1);
    rig_take(&rig, 1);
    rig_close(&rig);
}

int way_rings(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_of_every_format_and_odd_size_carries_frames),
        cmocka_unit_test(each_slot_has_pixels_of_its_own),
        cmocka_unit_test(a_ring_keeps_its_handles_and_a_source_closes_those_it_got),
        cmocka_unit_test(a_frame_outlives_its_source),
        cmocka_unit_test(the_next_ring_is_another_and_on_the_same_device),
        cmocka_unit_test(a_picture_is_taken_along_to_the_next_ring),
        cmocka_unit_test(without_memory_nothing_is_made_and_later_all_is),
        cmocka_unit_test(an_adapter_that_is_not_there_is_not_taken),
    };
    return cmocka_run_group_tests_name("backend: rings", tests, NULL, NULL);
}
