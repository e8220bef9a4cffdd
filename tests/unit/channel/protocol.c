/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct fr_delivery sane_delivery(void)
{
    return (struct fr_delivery){.generation = 1,
                                .ring_len = 2,
                                .width = 100,
                                .height = 9,
                                .format = FR_FORMAT_BGRA8,
                                .sync_kind = FR_WIRE_SYNC_STATES,
                                .header_bytes = FR_WIRE_V2_BYTES,
                                .slots_bytes = 8192,
                                .pitch_bytes = 448,
                                .slot_offset = {0, 4096}};
}

/* The messages go over the wire as they lie in memory: their first bytes, by hand. */
static void the_bytes_of_a_hello(void **state)
{
    (void)state;
    union fr_msg msg;
    assert_int_equal(fr_msg_init(&msg, FR_MSG_HELLO), 296);
    msg.hello.protocol_max = 0x01020304;
    const uint8_t head[] = {'F', 'R', 'C', 'H', 1, 0, 0, 0, 40, 1, 0, 0, 0, 0, 0, 0};
    assert_memory_equal(&msg, head, sizeof(head));
    const uint8_t max[] = {4, 3, 2, 1};
    assert_memory_equal(msg.raw + 20, max, sizeof(max));
}

static void every_kind_checks_its_size_and_magic(void **state)
{
    (void)state;
    for (uint32_t type = FR_MSG_WELCOME; type <= FR_MSG_BYE; type++) {
        union fr_msg msg;
        const size_t bytes = fr_msg_init(&msg, type);
        msg.welcome.protocol = type == FR_MSG_WELCOME ? FR_MSG_PROTOCOL_MAX : msg.welcome.protocol;
        msg.welcome.wire = type == FR_MSG_WELCOME ? 2 : msg.welcome.wire;
        if (type == FR_MSG_RING) {
            const struct fr_delivery delivery = sane_delivery();
            fr_msg_put_ring(&msg, &delivery);
        }
        const size_t handles = type == FR_MSG_RING ? 3 : 0;
        assert_null(fr_msg_check(&msg, bytes, handles, FR_MSG_ROLE_SOURCE));
        assert_non_null(fr_msg_check(&msg, bytes, handles + 1, FR_MSG_ROLE_SOURCE));
        assert_non_null(fr_msg_check(&msg, bytes - 1, handles, FR_MSG_ROLE_SOURCE));
        assert_non_null(fr_msg_check(&msg, bytes + 1, handles, FR_MSG_ROLE_SOURCE));
        msg.head.bytes++;
        assert_non_null(fr_msg_check(&msg, bytes + 1, handles, FR_MSG_ROLE_SOURCE));
        msg.head.bytes--;
        msg.head.magic ^= 1;
        assert_non_null(fr_msg_check(&msg, bytes, handles, FR_MSG_ROLE_SOURCE));
    }
}

static void unknown_types_are_refused(void **state)
{
    (void)state;
    union fr_msg msg;
    const size_t bytes = fr_msg_init(&msg, FR_MSG_BYE);
    const uint32_t types[] = {0, FR_MSG_BYE + 1, UINT32_MAX};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        msg.head.type = types[i];
        assert_non_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE));
        assert_string_equal(fr_msg_name(types[i]), "an unknown message");
    }
    for (size_t i = 0; i < sizeof(msg.head); i++)
        assert_non_null(fr_msg_check(&msg, i, 0, FR_MSG_ROLE_SOURCE));
}

static void version_ranges_meet_at_the_highest(void **state)
{
    (void)state;
    static const struct {
        uint32_t protocol_min, protocol_max, wire_min, wire_max;
        bool meet;
    } cases[] = {
        {2, 2, 2, 2, true},
        {0, 9, 1, 9, true},
        {2, 2, 1, 1, false},
        {3, 4, 2, 2, false},
        {0, 1, 2, 2, false},
        {2, 2, 3, 4, false},
        {1, UINT32_MAX, 0, UINT32_MAX, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t protocol, wire;
        const struct fr_msg_hello hello = {.protocol_min = cases[i].protocol_min,
                                           .protocol_max = cases[i].protocol_max,
                                           .wire_min = cases[i].wire_min,
                                           .wire_max = cases[i].wire_max};
        assert_int_equal(fr_msg_versions(&hello, &protocol, &wire), cases[i].meet);
        if (cases[i].meet) {
            assert_int_equal(protocol, 2);
            assert_int_equal(wire, 2);
        }
    }
}

static void a_later_hello_may_be_longer(void **state)
{
    (void)state;
    union fr_msg msg;
    size_t bytes = fr_msg_init(&msg, FR_MSG_HELLO);
    msg.hello.protocol_min = msg.hello.protocol_max = 2;
    msg.hello.wire_min = msg.hello.wire_max = 2;
    msg.hello.role = FR_MSG_ROLE_SOURCE;
    assert_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE));
    msg.head.bytes = (uint32_t)(bytes += 64);
    assert_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE));
    /* One of another protocol may be shorter: only what tells the versions is looked at. */
    msg.head.bytes = (uint32_t)(bytes = 32);
    assert_non_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE));
    msg.hello.protocol_min = msg.hello.protocol_max = 7;
    assert_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE));
    msg.hello.protocol_min = 8;
    assert_non_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE));
}

static void displays_are_checked(void **state)
{
    (void)state;
    const fr_display_descriptor fine = {
        .mode = {16384, 1, 0}, .colour_state = FR_COLOUR_STATE_HDR, .format = FR_FORMAT_RGB10A2};
    const fr_display_descriptor none = {0};
    assert_null(fr_msg_display_fault(&none));
    assert_null(fr_msg_display_fault(&fine));
    fr_display_descriptor bad[8];
    for (size_t i = 0; i < 8; i++)
        bad[i] = fine;
    bad[0].mode.width = 16385;
    bad[1].mode.height = 0;
    bad[2].mode.refresh_mhz = UINT32_MAX;
    bad[3].colour_state = (fr_colour_state)4;
    bad[4].format = FR_FORMAT_NV12;
    bad[5].sdr_white_millinits = UINT32_MAX;
    bad[6].max_luminance_millinits = UINT32_MAX;
    bad[7].min_luminance_tenthmillinits = UINT32_MAX;
    for (size_t i = 0; i < 8; i++)
        assert_non_null(fr_msg_display_fault(&bad[i]));

    struct fr_msg_descriptor descriptor;
    fr_msg_put_display(&descriptor, &fine);
    const fr_display_descriptor back = fr_msg_get_display(&descriptor);
    assert_memory_equal(&back, &fine, sizeof(fine));
}

static const char *check_delivery(const struct fr_delivery *delivery)
{
    union fr_msg msg;
    const size_t bytes = fr_msg_put_ring(&msg, delivery);
    return fr_msg_check(&msg, bytes, 3, FR_MSG_ROLE_SOURCE);
}

static void rings_that_lie_are_caught(void **state)
{
    (void)state;
    const struct fr_delivery fine = sane_delivery();
    assert_null(check_delivery(&fine));
#define LIE(field, value)                                                                                    \
    do {                                                                                                     \
        struct fr_delivery lie = fine;                                                                       \
        lie.field = (value);                                                                                 \
        if (!check_delivery(&lie))                                                                           \
            fail_msg("not caught: %s = %s", #field, #value);                                                 \
    } while (0)
    LIE(generation, 0);
    LIE(generation, FR_GENERATION_MAX + 1);
    LIE(ring_len, 0);
    LIE(ring_len, 9);
    LIE(ring_len, UINT32_MAX);
    LIE(width, 0);
    LIE(width, FR_SIZE_MAX + 1);
    LIE(width, UINT32_MAX);
    LIE(width, 113); /* wider than the pitch */
    LIE(height, 0);
    LIE(height, FR_SIZE_MAX + 1);
    LIE(height, 10); /* the second slot would end outside */
    LIE(format, FR_FORMAT_NV12);
    LIE(format, (fr_format)77);
    LIE(sync_kind, 0);
    LIE(sync_kind, 2);
    LIE(sync_kind, FR_WIRE_SYNC_FILE);
    LIE(sync_kind, FR_WIRE_SYNC_FILE + 1);
    LIE(header_bytes, FR_WIRE_V2_BYTES - 1);
    LIE(header_bytes, SIZE_MAX);
    LIE(slots_bytes, 0);
    LIE(slots_bytes, 8191 - 4096);
    LIE(slots_bytes, SIZE_MAX);
    LIE(pitch_bytes, 0);
    LIE(pitch_bytes, 384);
    LIE(pitch_bytes, 449);
    LIE(pitch_bytes, SIZE_MAX & ~(size_t)63);
    LIE(slot_offset[1], 8192);
    LIE(slot_offset[1], 64);
    LIE(slot_offset[1], SIZE_MAX & ~(size_t)4095);
    LIE(slot_offset[0], SIZE_MAX - 4095);
}

static struct fr_delivery texture_delivery(uint32_t sync_kind)
{
    struct fr_delivery delivery = sane_delivery();
    delivery.slots_kind = FR_SLOTS_D3D11;
    delivery.sync_kind = sync_kind;
    delivery.slots_bytes = delivery.pitch_bytes = 0;
    memset(delivery.slot_offset, 0, sizeof(delivery.slot_offset));
    return delivery;
}

static void textures_have_handles_and_no_layout(void **state)
{
    (void)state;
    const uint32_t kinds[] = {FR_WIRE_SYNC_KEYED_MUTEX, FR_WIRE_SYNC_FENCE};
    for (size_t i = 0; i < 2; i++) {
        const size_t handles = i ? 6 : 4;
        union fr_msg msg;
        struct fr_delivery delivery = texture_delivery(kinds[i]);
        const size_t bytes = fr_msg_put_ring(&msg, &delivery);
        assert_null(fr_msg_check(&msg, bytes, handles, FR_MSG_ROLE_SOURCE));
        for (size_t wrong = 0; wrong < 14; wrong++)
            if (wrong != handles)
                assert_non_null(fr_msg_check(&msg, bytes, wrong, FR_MSG_ROLE_SOURCE));
        msg.ring.slots_bytes = 8192;
        assert_non_null(fr_msg_check(&msg, bytes, handles, FR_MSG_ROLE_SOURCE));
        fr_msg_put_ring(&msg, &delivery);
        msg.ring.pitch_bytes = 448;
        assert_non_null(fr_msg_check(&msg, bytes, handles, FR_MSG_ROLE_SOURCE));
        fr_msg_put_ring(&msg, &delivery);
        msg.ring.slot_offset[7] = 4096;
        assert_non_null(fr_msg_check(&msg, bytes, handles, FR_MSG_ROLE_SOURCE));
    }
}

static void handles_cross_in_one_order(void **state)
{
    (void)state;
    static const struct {
        enum fr_slots_kind slots_kind;
        uint32_t sync_kind;
        size_t count;
        enum fr_object_kind kind[6];
        fr_handle handle[6];
    } cases[] = {
        {FR_SLOTS_MEMORY,
         FR_WIRE_SYNC_STATES,
         3,
         {FR_OBJECT_HEADER, FR_OBJECT_EVENT, FR_OBJECT_SLOTS},
         {1, 2, 3}},
        {FR_SLOTS_D3D11,
         FR_WIRE_SYNC_KEYED_MUTEX,
         4,
         {FR_OBJECT_HEADER, FR_OBJECT_EVENT, FR_OBJECT_TEXTURE, FR_OBJECT_TEXTURE},
         {1, 2, 10, 11}},
        {FR_SLOTS_D3D11,
         FR_WIRE_SYNC_FENCE,
         6,
         {FR_OBJECT_HEADER, FR_OBJECT_EVENT, FR_OBJECT_TEXTURE, FR_OBJECT_TEXTURE, FR_OBJECT_READY_FENCE,
          FR_OBJECT_RETIRE_FENCE},
         {1, 2, 10, 11, 4, 5}},
        {FR_SLOTS_DMA_BUF,
         FR_WIRE_SYNC_STATES,
         4,
         {FR_OBJECT_HEADER, FR_OBJECT_EVENT, FR_OBJECT_TEXTURE, FR_OBJECT_TEXTURE},
         {1, 2, 10, 11}},
        {FR_SLOTS_DMA_BUF,
         FR_WIRE_SYNC_FILE,
         4,
         {FR_OBJECT_HEADER, FR_OBJECT_EVENT, FR_OBJECT_TEXTURE, FR_OBJECT_TEXTURE},
         {1, 2, 10, 11}},
        {FR_SLOTS_OPAQUE_FD,
         FR_WIRE_SYNC_FENCE,
         6,
         {FR_OBJECT_HEADER, FR_OBJECT_EVENT, FR_OBJECT_TEXTURE, FR_OBJECT_TEXTURE, FR_OBJECT_READY_FENCE,
          FR_OBJECT_RETIRE_FENCE},
         {1, 2, 10, 11, 4, 5}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fr_delivery delivery = sane_delivery();
        delivery.slots_kind = cases[i].slots_kind;
        delivery.sync_kind = cases[i].sync_kind;
        delivery.header = 1;
        delivery.event = 2;
        delivery.slots = 3;
        delivery.texture[0] = 10;
        delivery.texture[1] = 11;
        delivery.ready_fence = 4;
        delivery.retire_fence = 5;
        fr_handle handle[FR_MSG_HANDLES_MAX];
        enum fr_object_kind kind[FR_MSG_HANDLES_MAX];
        assert_int_equal(fr_msg_list_handles(&delivery, handle, kind), cases[i].count);
        assert_memory_equal(handle, cases[i].handle, cases[i].count * sizeof(handle[0]));
        assert_memory_equal(kind, cases[i].kind, cases[i].count * sizeof(kind[0]));

        struct fr_delivery back = fr_delivery_none();
        back.slots_kind = cases[i].slots_kind;
        back.sync_kind = cases[i].sync_kind;
        back.ring_len = 2;
        fr_msg_take_handles(&back, handle);
        fr_handle again[FR_MSG_HANDLES_MAX];
        assert_int_equal(fr_msg_list_handles(&back, again, NULL), cases[i].count);
        assert_memory_equal(again, handle, cases[i].count * sizeof(handle[0]));
        assert_int_equal(back.texture[2], FR_HANDLE_NONE);
    }
}

static void who_receives_decides_what_a_ring_needs(void **state)
{
    (void)state;
    union fr_msg msg;
    struct fr_delivery delivery = sane_delivery();
    delivery.adapter_luid_low = 0xfffffff0u;
    delivery.adapter_luid_high = -7;
    size_t bytes = fr_msg_put_ring(&msg, &delivery);
    assert_int_equal(bytes, 264);
    const struct fr_delivery back = fr_msg_get_ring(&msg.ring);
    assert_int_equal(back.adapter_luid_low, 0xfffffff0u);
    assert_int_equal(back.adapter_luid_high, -7);
    assert_int_equal(back.wire_version, 2);
    assert_non_null(fr_msg_check(&msg, bytes, 3, FR_MSG_ROLE_HOST));

    bytes = fr_msg_put_observer_ring(&msg, &delivery);
    assert_null(fr_msg_check(&msg, bytes, 1, FR_MSG_ROLE_OBSERVER));
    assert_non_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_OBSERVER));
    assert_non_null(fr_msg_check(&msg, bytes, 2, FR_MSG_ROLE_OBSERVER));
    assert_non_null(fr_msg_check(&msg, bytes, 3, FR_MSG_ROLE_SOURCE));
}

/* What needs the kernel's fences needs DMA-BUFs, and a peer that says it knows both. */
static void fences_attached_to_images_need_both_capabilities(void **state)
{
    (void)state;
    const uint64_t both = FR_CAP_DMA_BUF | FR_CAP_SYNC_FILE;
    for (uint32_t kind = FR_SLOTS_MEMORY; kind <= FR_SLOTS_DMA_BUF + 1; kind++)
        assert_true(fr_caps_needed(kind, FR_WIRE_SYNC_FILE) == (kind == FR_SLOTS_DMA_BUF ? both : 0));
    assert_true(fr_caps_suffice(both, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_FILE));
    assert_false(fr_caps_suffice(FR_CAP_DMA_BUF | FR_CAP_TIMELINE, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_FILE));
    assert_false(fr_caps_suffice(FR_CAP_SYNC_FILE, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_FILE));
    assert_true(fr_caps_suffice(FR_CAP_DMA_BUF, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_STATES));
    assert_false(FR_CAP_WAYS & FR_CAP_SYNC_FILE);
    for (uint32_t sync_kind = 0; sync_kind < 7; sync_kind++) {
        union fr_msg msg;
        struct fr_delivery delivery = sane_delivery();
        delivery.slots_kind = FR_SLOTS_DMA_BUF;
        delivery.sync_kind = sync_kind;
        delivery.slots_bytes = delivery.pitch_bytes = 0;
        memset(delivery.slot_offset, 0, sizeof(delivery.slot_offset));
        delivery.image = (struct fr_gpu_image){.bytes = 65536, .num_planes = 1, .plane_pitch_bytes = {512}};
        const size_t bytes = fr_msg_put_ring(&msg, &delivery);
        const bool plain = sync_kind == FR_WIRE_SYNC_STATES || sync_kind == FR_WIRE_SYNC_FILE;
        assert_int_equal(!fr_msg_check(&msg, bytes, 4, FR_MSG_ROLE_SOURCE), plain);
        assert_int_equal(!fr_msg_check(&msg, bytes, 6, FR_MSG_ROLE_SOURCE), sync_kind == FR_WIRE_SYNC_FENCE);
    }
}

static void offsets_beyond_the_ring_are_not_used(void **state)
{
    (void)state;
    union fr_msg msg;
    const struct fr_delivery delivery = sane_delivery();
    const size_t bytes = fr_msg_put_ring(&msg, &delivery);
    msg.ring.slot_offset[5] = UINT64_MAX;
    assert_null(fr_msg_check(&msg, bytes, 3, FR_MSG_ROLE_SOURCE));
    assert_int_equal(fr_msg_get_ring(&msg.ring).slot_offset[5], 0);
    assert_int_equal(fr_msg_get_ring(&msg.ring).header, FR_HANDLE_NONE);
}

static void text_is_made_printable_and_checked(void **state)
{
    (void)state;
    char text[8];
    fr_msg_put_text(text, sizeof(text), "a\nb\x1b[1mlong");
    assert_string_equal(text, "a?b?[1m");
    fr_msg_put_text(text, sizeof(text), NULL);
    assert_string_equal(text, "");

    union fr_msg msg;
    const size_t bytes = fr_msg_init(&msg, FR_MSG_REFUSE);
    memset(msg.refuse.text, 'x', sizeof(msg.refuse.text));
    assert_non_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE)); /* no final zero */
    strcpy(msg.refuse.text, "bell\a");
    assert_non_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE));
    strcpy(msg.refuse.text, "plain");
    assert_null(fr_msg_check(&msg, bytes, 0, FR_MSG_ROLE_SOURCE));
}

static void reasons_survive_the_wire(void **state)
{
    (void)state;
    const fr_status reasons[] = {FR_ERR_TARGET_BUSY, FR_ERR_VERSION, FR_ERR_PERMISSION, FR_ERR_PROTOCOL,
                                 FR_ERR_REFUSED};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fr_msg_status_of_reason(fr_msg_reason_of_status(reasons[i])), reasons[i]);
    assert_int_equal(fr_msg_status_of_reason(12345), FR_ERR_REFUSED);
    assert_int_equal(fr_msg_reason_of_status(FR_ERR_SYSTEM), FR_MSG_REASON_OTHER);
}

/* Nothing may crash or be read outside, whatever the bytes: run under the sanitizers. */
static void random_bytes_never_hurt(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (int i = 0; i < 200000; i++) {
        union fr_msg msg;
        fr_msg_init(&msg, (uint32_t)(i % 7) + 1);
        const size_t bytes = msg.head.bytes;
        for (size_t at = sizeof(msg.head); at < bytes; at += 4) {
            seed = seed * 1664525u + 1013904223u;
            if (seed >> 30) /* a quarter stays as it is, so that some checks are passed */
                memcpy(msg.raw + at, &seed, 4);
        }
        if (!fr_msg_check(&msg, bytes, i % 7 + 1 == FR_MSG_RING ? 3 : 0, FR_MSG_ROLE_SOURCE) &&
            msg.head.type == FR_MSG_RING)
            fr_msg_get_ring(&msg.ring);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bytes_of_a_hello),
        cmocka_unit_test(every_kind_checks_its_size_and_magic),
        cmocka_unit_test(unknown_types_are_refused),
        cmocka_unit_test(version_ranges_meet_at_the_highest),
        cmocka_unit_test(a_later_hello_may_be_longer),
        cmocka_unit_test(displays_are_checked),
        cmocka_unit_test(rings_that_lie_are_caught),
        cmocka_unit_test(textures_have_handles_and_no_layout),
        cmocka_unit_test(handles_cross_in_one_order),
        cmocka_unit_test(who_receives_decides_what_a_ring_needs),
        cmocka_unit_test(fences_attached_to_images_need_both_capabilities),
        cmocka_unit_test(offsets_beyond_the_ring_are_not_used),
        cmocka_unit_test(text_is_made_printable_and_checked),
        cmocka_unit_test(reasons_survive_the_wire),
        cmocka_unit_test(random_bytes_never_hurt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
