/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What HELLO and RING say of GPUs and of images on them. */
#include "channel/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINEAR UINT64_C(0)
#define TILED UINT64_C(0x0300000000606010)
#define NO_MODIFIER UINT64_C(0x00ffffffffffffff)

static struct fr_gpu sane_gpu(void)
{
    struct fr_gpu gpu = {.present = true, .num_modifiers = 2, .modifier = {TILED, LINEAR}};
    memcpy(gpu.driver_uuid, "the driver's own", FR_GPU_UUID_BYTES);
    memcpy(gpu.device_uuid, "the device's own", FR_GPU_UUID_BYTES);
    return gpu;
}

static struct fr_delivery image_delivery(enum fr_slots_kind slots_kind, uint32_t sync_kind)
{
    struct fr_delivery delivery = fr_delivery_none();
    delivery.generation = 1;
    delivery.ring_len = 3;
    delivery.width = 100;
    delivery.height = 9;
    delivery.format = FR_FORMAT_RGBA16F;
    delivery.slots_kind = slots_kind;
    delivery.sync_kind = sync_kind;
    delivery.header_bytes = FR_WIRE_V2_BYTES;
    delivery.gpu = sane_gpu();
    delivery.image = (struct fr_gpu_image){.bytes = 65536, .memory_type = 31};
    if (slots_kind == FR_SLOTS_DMA_BUF)
        delivery.image = (struct fr_gpu_image){.bytes = 65536,
                                               .num_planes = 2,
                                               .modifier = TILED,
                                               .plane_offset = {0, 65535},
                                               .plane_pitch_bytes = {1024, 64}};
    return delivery;
}

static size_t handles_of(const struct fr_delivery *delivery)
{
    fr_handle handle[FR_MSG_HANDLES_MAX];
    return fr_msg_list_handles(delivery, handle, NULL);
}

static const char *check_delivery(const struct fr_delivery *delivery)
{
    union fr_msg msg;
    const size_t bytes = fr_msg_put_ring(&msg, delivery);
    return fr_msg_check(&msg, bytes, handles_of(delivery), FR_MSG_ROLE_SOURCE);
}

static size_t put_hello(union fr_msg *msg, const struct fr_gpu *gpu, uint64_t capabilities)
{
    const size_t bytes = fr_msg_init(msg, FR_MSG_HELLO);
    msg->hello.protocol_min = msg->hello.protocol_max = FR_MSG_PROTOCOL_MAX;
    msg->hello.wire_min = msg->hello.wire_max = FR_MSG_WIRE_MAX;
    msg->hello.role = FR_MSG_ROLE_SOURCE;
    msg->hello.capabilities = capabilities;
    fr_msg_put_gpu(&msg->hello.gpu, gpu);
    return bytes;
}

static void expect_fault(const union fr_msg *msg, size_t bytes, const char *words)
{
    const char *fault = fr_msg_check(msg, bytes, 0, FR_MSG_ROLE_HOST);
    if (!fault || !strstr(fault, words))
        fail_msg("expected \"%s\", got \"%s\"", words, fault ? fault : "nothing");
}

static void a_gpu_survives_the_hello(void **state)
{
    (void)state;
    union fr_msg msg;
    const struct fr_gpu gpu = sane_gpu(), none = {0};
    size_t bytes = put_hello(&msg, &gpu, FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF);
    assert_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_HOST));
    const struct fr_gpu back = fr_msg_get_gpu(&msg.hello.gpu);
    assert_true(back.present);
    assert_memory_equal(back.driver_uuid, gpu.driver_uuid, FR_GPU_UUID_BYTES);
    assert_memory_equal(back.device_uuid, gpu.device_uuid, FR_GPU_UUID_BYTES);
    assert_int_equal(back.num_modifiers, 2);
    assert_memory_equal(back.modifier, gpu.modifier, sizeof(gpu.modifier));

    bytes = put_hello(&msg, &none, FR_CAP_STATES);
    assert_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_HOST));
    assert_false(fr_msg_get_gpu(&msg.hello.gpu).present);
}

static void gpus_that_lie_are_caught(void **state)
{
    (void)state;
    union fr_msg msg;
    const struct fr_gpu gpu = sane_gpu(), none = {0};
    const uint64_t all = FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF;
    size_t bytes = put_hello(&msg, &gpu, all);
    msg.hello.gpu.present = 2;
    expect_fault(&msg, bytes, "neither there nor not");
    msg.hello.gpu.present = 0;
    expect_fault(&msg, bytes, "a GPU that is not there");
    bytes = put_hello(&msg, &none, all);
    expect_fault(&msg, bytes, "a way to share images, and no GPU");
    bytes = put_hello(&msg, &none, FR_CAP_STATES);
    msg.hello.gpu.modifier[15] = 1;
    expect_fault(&msg, bytes, "a GPU that is not there");
    bytes = put_hello(&msg, &gpu, all);
    msg.hello.gpu.num_modifiers = FR_GPU_MODIFIERS_MAX + 1;
    expect_fault(&msg, bytes, "more modifiers than fit");
    msg.hello.gpu.num_modifiers = UINT32_MAX;
    expect_fault(&msg, bytes, "more modifiers than fit");
    msg.hello.gpu.num_modifiers = 0;
    expect_fault(&msg, bytes, "DMA-BUF without a modifier");
    msg.hello.gpu.num_modifiers = 1;
    msg.hello.gpu.modifier[1] = 9;
    expect_fault(&msg, bytes, "a modifier that is none");
    bytes = put_hello(&msg, &gpu, all);
    msg.hello.gpu.modifier[1] = NO_MODIFIER;
    expect_fault(&msg, bytes, "a modifier that is none");
}

static void images_have_a_handle_a_slot(void **state)
{
    (void)state;
    const enum fr_slots_kind kinds[] = {FR_SLOTS_OPAQUE_FD, FR_SLOTS_DMA_BUF};
    for (size_t i = 0; i < 4; i++) {
        const uint32_t sync_kind = i % 2 ? FR_WIRE_SYNC_FENCE : FR_WIRE_SYNC_STATES;
        const struct fr_delivery delivery = image_delivery(kinds[i / 2], sync_kind);
        const size_t handles = i % 2 ? 7 : 5;
        assert_int_equal(handles_of(&delivery), handles);
        union fr_msg msg;
        const size_t bytes = fr_msg_put_ring(&msg, &delivery);
        assert_null(fr_msg_check(&msg, bytes, handles, FR_MSG_ROLE_SOURCE));
        for (size_t wrong = 0; wrong < 14; wrong++)
            if (wrong != handles)
                assert_non_null(fr_msg_check(&msg, bytes, wrong, FR_MSG_ROLE_SOURCE));

        const struct fr_delivery back = fr_msg_get_ring(&msg.ring);
        assert_int_equal(back.slots_kind, delivery.slots_kind);
        assert_int_equal(back.sync_kind, sync_kind);
        assert_true(back.gpu.present);
        assert_memory_equal(back.gpu.driver_uuid, delivery.gpu.driver_uuid, FR_GPU_UUID_BYTES);
        assert_memory_equal(back.gpu.device_uuid, delivery.gpu.device_uuid, FR_GPU_UUID_BYTES);
        assert_memory_equal(&back.image, &delivery.image, sizeof(back.image));
    }
}

#define LIE(fine, field, value)                                                                              \
    do {                                                                                                     \
        struct fr_delivery lie = fine;                                                                       \
        lie.field = (value);                                                                                 \
        if (!check_delivery(&lie))                                                                           \
            fail_msg("not caught: %s = %s", #field, #value);                                                 \
    } while (0)

static void images_that_lie_are_caught(void **state)
{
    (void)state;
    const struct fr_delivery opaque = image_delivery(FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_FENCE);
    assert_null(check_delivery(&opaque));
    LIE(opaque, image.bytes, 0);
    LIE(opaque, image.bytes, 100 * 9 * 8 - 1);
    LIE(opaque, image.bytes, UINT64_MAX);
    LIE(opaque, image.memory_type, 32);
    LIE(opaque, image.memory_type, UINT32_MAX);
    LIE(opaque, image.num_planes, 1);
    LIE(opaque, image.modifier, TILED);
    LIE(opaque, adapter_luid_low, 1);
    LIE(opaque, adapter_luid_high, 1);
    LIE(opaque, slots_bytes, 65536);
    LIE(opaque, pitch_bytes, 832);
    LIE(opaque, slot_offset[1], 4096);

    const struct fr_delivery dma_buf = image_delivery(FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_STATES);
    assert_null(check_delivery(&dma_buf));
    LIE(dma_buf, image.bytes, 100 * 9 * 8 - 1);
    LIE(dma_buf, image.memory_type, 1);
    LIE(dma_buf, image.num_planes, 0);
    LIE(dma_buf, image.num_planes, 5);
    LIE(dma_buf, image.num_planes, UINT32_MAX);
    LIE(dma_buf, image.modifier, NO_MODIFIER);
    LIE(dma_buf, image.plane_offset[1], 65536);
    LIE(dma_buf, image.plane_offset[1], UINT64_MAX);
    LIE(dma_buf, image.plane_pitch_bytes[1], 0);
    LIE(dma_buf, image.plane_pitch_bytes[0], UINT64_MAX);
}

/* What put_ring never writes. */
static void fields_that_belong_to_another_kind_are_caught(void **state)
{
    (void)state;
    union fr_msg msg;
    struct fr_delivery memory = image_delivery(FR_SLOTS_MEMORY, FR_WIRE_SYNC_STATES);
    memory.slots_bytes = 3 * 8192;
    memory.pitch_bytes = 832;
    memory.slot_offset[1] = 8192;
    memory.slot_offset[2] = 16384;
    const size_t bytes = fr_msg_put_ring(&msg, &memory);
    assert_null(fr_msg_check(&msg, bytes, 3, FR_MSG_ROLE_SOURCE));
    msg.ring.memory_type = 1;
    assert_non_null(fr_msg_check(&msg, bytes, 3, FR_MSG_ROLE_SOURCE));
    fr_msg_put_ring(&msg, &memory);
    msg.ring.plane_pitch_bytes[3] = 1;
    assert_non_null(fr_msg_check(&msg, bytes, 3, FR_MSG_ROLE_SOURCE));

    const struct fr_delivery dma_buf = image_delivery(FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_STATES);
    fr_msg_put_ring(&msg, &dma_buf);
    msg.ring.plane_offset[2] = 4;
    assert_non_null(fr_msg_check(&msg, bytes, 5, FR_MSG_ROLE_SOURCE));
    fr_msg_put_ring(&msg, &dma_buf);
    msg.ring.zero = 4;
    assert_non_null(fr_msg_check(&msg, bytes, 5, FR_MSG_ROLE_SOURCE));
    const struct fr_delivery opaque = image_delivery(FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_STATES);
    fr_msg_put_ring(&msg, &opaque);
    msg.ring.plane_pitch_bytes[0] = 4;
    assert_non_null(fr_msg_check(&msg, bytes, 5, FR_MSG_ROLE_SOURCE));
}

static void only_some_kinds_go_together(void **state)
{
    (void)state;
    static const uint64_t needs[5][6] = {
        [FR_SLOTS_MEMORY] = {[FR_WIRE_SYNC_STATES] = FR_CAP_STATES},
        [FR_SLOTS_D3D11] =
            {[FR_WIRE_SYNC_KEYED_MUTEX] = FR_CAP_KEYED_MUTEX, [FR_WIRE_SYNC_FENCE] = FR_CAP_FENCE},
        [FR_SLOTS_OPAQUE_FD] = {[FR_WIRE_SYNC_STATES] = FR_CAP_OPAQUE_FD,
                                [FR_WIRE_SYNC_FENCE] = FR_CAP_OPAQUE_FD | FR_CAP_TIMELINE},
        [FR_SLOTS_DMA_BUF] = {[FR_WIRE_SYNC_STATES] = FR_CAP_DMA_BUF,
                              [FR_WIRE_SYNC_FENCE] = FR_CAP_DMA_BUF | FR_CAP_TIMELINE,
                              [FR_WIRE_SYNC_FILE] = FR_CAP_DMA_BUF | FR_CAP_SYNC_FILE},
    };
    for (uint32_t slots = 0; slots < 5; slots++) {
        for (uint32_t sync = 0; sync < 6; sync++) {
            const uint64_t needed = needs[slots][sync];
            assert_true(fr_caps_needed(slots, sync) == needed);
            assert_int_equal(fr_caps_suffice(needed, slots, sync), needed != 0);
            assert_int_equal(fr_caps_suffice(UINT64_MAX, slots, sync), needed != 0);
            assert_false(fr_caps_suffice(needed & (needed - 1), slots, sync));
            struct fr_delivery delivery = image_delivery((enum fr_slots_kind)slots, sync);
            if (slots == FR_SLOTS_MEMORY) {
                delivery.slots_bytes = 8192;
                delivery.pitch_bytes = 832;
            }
            assert_int_equal(check_delivery(&delivery) == NULL, needed != 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gpu_survives_the_hello),
        cmocka_unit_test(gpus_that_lie_are_caught),
        cmocka_unit_test(images_have_a_handle_a_slot),
        cmocka_unit_test(images_that_lie_are_caught),
        cmocka_unit_test(fields_that_belong_to_another_kind_are_caught),
        cmocka_unit_test(only_some_kinds_go_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
