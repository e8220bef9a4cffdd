/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* fr_wire_snapshot over golden images, each spoilt in one place. */
#include "wire_test.h"

#include <string.h>

enum { V1 = FR_WIRE_V1_BYTES, V2 = FR_WIRE_V2_BYTES };

static fr_wire_v2 fine(const struct image *image, size_t bytes, uint32_t target_id)
{
    fr_wire_v2 out;
    memset(&out, 0x55, sizeof(out));
    assert_int_equal(fr_wire_snapshot(&out, image->byte, bytes, target_id), FR_WIRE_FINE);
    return out;
}

static void check_v1(const fr_wire_v1 *v1)
{
    assert_int_equal(v1->magic, FR_WIRE_MAGIC);
    assert_int_equal(v1->version, 1);
    assert_int_equal(v1->generation, 42);
    assert_int_equal(v1->ring_len, 6);
    assert_int_equal(v1->width, 1920);
    assert_int_equal(v1->height, 1080);
    assert_int_equal(v1->format, FR_FORMAT_BGRA8);
    assert_int_equal(v1->target_id, 3);
    const fr_token token = fr_token_unpack(v1->latest);
    assert_int_equal(token.generation, 42);
    assert_int_equal(token.sequence, 258);
    assert_int_equal(token.slot, 5);
    assert_int_equal(v1->present_time, 123456789);
    assert_int_equal(v1->adapter_luid_low, 0x12345678);
    assert_int_equal(v1->adapter_luid_high, -1);
    assert_int_equal(v1->status, FR_WIRE_STATUS_OPENED);
    assert_int_equal(v1->status_detail, 9);
}

/* However much is delivered, a version 1 header has no tail. */
static void version_1_is_64_bytes(void **state)
{
    (void)state;
    static const size_t delivered[] = {V1, V1 + 1, 100, V2 - 1, V2, 4096};
    static const uint8_t zero[V2 - V1];
    for (size_t i = 0; i < sizeof(delivered) / sizeof(delivered[0]); i++) {
        const fr_wire_v2 out = fine(&golden_v1, delivered[i], 3);
        check_v1(&out.v1);
        assert_memory_equal((const uint8_t *)&out + V1, zero, sizeof(zero));
    }
}

static void check_v2_lines(const fr_wire_v2 *v2)
{
    assert_int_equal(v2->host.state, FR_WIRE_HOST_REBUILDING);
    assert_int_equal(v2->host.sync_kind, FR_WIRE_SYNC_STATES);
    assert_int_equal(v2->host.heartbeat_ns, 0x8100000000000011u);
    assert_int_equal(v2->host.taken, 0x12);
    assert_int_equal(v2->host.repeated, 0x13);
    assert_int_equal(v2->host.capabilities, 0x14);
    assert_int_equal(v2->host.looking, 0x15);
    assert_int_equal(v2->host.pid, 0x16);
    assert_int_equal(v2->source.heartbeat_ns, 0x21);
    assert_int_equal(v2->source.offered, 0x22);
    assert_int_equal(v2->source.published, 0x23);
    assert_int_equal(v2->source.dropped, 0x24);
    assert_int_equal(v2->source.mismatched, 0x25);
    assert_int_equal(v2->source.capabilities, 0x26);
    assert_int_equal(v2->source.pid, 0x27);
    const fr_wire_metadata wanted = {
        .valid = FR_WIRE_META_HDR | FR_WIRE_META_SDR_WHITE,
        .sdr_white_millinits = 200000,
        .red = {35400, 14600},
        .green = {8500, 39850},
        .blue = {6550, 2300},
        .white = {15624, 16403},
        .max_luminance = 10000000,
        .min_luminance = 1,
        .max_cll = 1000,
        .max_fall = 400,
        .change = 6,
    };
    assert_memory_equal(&v2->metadata, &wanted, sizeof(wanted));
}

static void check_v2_slots(const fr_wire_v2 *v2)
{
    const fr_wire_slot wanted = {
        .state = 0x345678u << 8 | FR_WIRE_SLOT_PUBLISHED,
        .flags = FR_WIRE_FRAME_DAMAGE,
        .token = 0xffffff1234567802u,
        .ready_value = 0x31,
        .retire_value = 0x32,
        .present_ns = 0x33,
        .clock_id = FR_WIRE_CLOCK_MONOTONIC,
        .publish_delay_us = 0x34,
        .damage = {0x35, 0x36, 0x37, 0x38},
    };
    assert_memory_equal(&v2->slot[2], &wanted, sizeof(wanted));
    assert_int_equal(v2->slot[7].state, FR_WIRE_SLOT_READING);
    assert_int_equal(v2->slot[7].damage[3], 0x41);
    assert_int_equal(v2->debug.magic, FR_WIRE_DEBUG_MAGIC);
    assert_int_equal(v2->debug.run_core_entries, 0x51);
    assert_int_equal(v2->debug.resolved_target_id, 0x52);
    assert_int_equal(v2->debug.header_open_attempts, 0x53);
    assert_int_equal(v2->debug.last_open_error, 0x54);
    assert_int_equal(v2->debug.header_opened, 0x55);
    assert_int_equal(v2->debug.luid_low, 0x56);
    assert_int_equal(v2->debug.luid_high, 0x57);
    assert_int_equal(v2->debug.frames_acquired, 0x58);
    assert_int_equal(v2->debug.pad, 0x59);
}

static void version_2_has_the_tail(void **state)
{
    (void)state;
    const fr_wire_v2 out = fine(&golden_v2, V2, 3); /* the header's target 0 fits every target */
    assert_memory_equal(&out, golden_v2.byte, V2);
    assert_int_equal(out.v1.generation, FR_GENERATION_MAX);
    assert_int_equal(out.v1.latest, 0xffffff1234567802u);
    assert_int_equal(out.v1.format, FR_FORMAT_RGB10A2);
    check_v2_lines(&out);
    check_v2_slots(&out);
    (void)fine(&golden_v2, V2 + 4096, 0);
}

static void short_deliveries_are_named(void **state)
{
    (void)state;
    static const uint8_t zero[V2];
    for (size_t bytes = 0; bytes < V2; bytes++) {
        fr_wire_v2 out;
        memset(&out, 0x55, sizeof(out));
        assert_int_equal(fr_wire_snapshot(&out, golden_v2.byte, bytes, 0), FR_WIRE_TOO_SHORT);
        const size_t copied = bytes < V1 ? 0 : V1;
        assert_memory_equal(&out, golden_v2.byte, copied);
        assert_memory_equal((const uint8_t *)&out + copied, zero, V2 - copied);
        if (bytes < V1)
            assert_int_equal(fr_wire_snapshot(&out, golden_v1.byte, bytes, 0), FR_WIRE_TOO_SHORT);
    }
}

struct spoilt {
    size_t offset;
    uint32_t value;
    fr_wire_fault v1, v2; /* what each version's golden image is then */
};

static const struct spoilt spoilt[] = {
    {0, 0, FR_WIRE_NO_MAGIC, FR_WIRE_NO_MAGIC},
    {0, 0x50465644, FR_WIRE_NO_MAGIC, FR_WIRE_NO_MAGIC},
    {0, FR_WIRE_MAGIC + 1, FR_WIRE_NO_MAGIC, FR_WIRE_NO_MAGIC},
    {4, 0, FR_WIRE_BAD_VERSION, FR_WIRE_BAD_VERSION},
    {4, 3, FR_WIRE_BAD_VERSION, FR_WIRE_BAD_VERSION},
    {4, 0xffffffff, FR_WIRE_BAD_VERSION, FR_WIRE_BAD_VERSION},
    {4, 1, FR_WIRE_FINE, FR_WIRE_BAD_FORMAT}, /* format 24 is of version 2 */
    {8, 0, FR_WIRE_BAD_GENERATION, FR_WIRE_BAD_GENERATION},
    {8, 1, FR_WIRE_FINE, FR_WIRE_FINE},
    {8, 0x1000000, FR_WIRE_BAD_GENERATION, FR_WIRE_BAD_GENERATION},
    {8, 0xffffffff, FR_WIRE_BAD_GENERATION, FR_WIRE_BAD_GENERATION},
    {12, 0, FR_WIRE_BAD_RING_LEN, FR_WIRE_BAD_RING_LEN},
    {12, 1, FR_WIRE_FINE, FR_WIRE_FINE},
    {12, 8, FR_WIRE_FINE, FR_WIRE_FINE},
    {12, 9, FR_WIRE_BAD_RING_LEN, FR_WIRE_BAD_RING_LEN},
    {12, 0x80000004, FR_WIRE_BAD_RING_LEN, FR_WIRE_BAD_RING_LEN},
    {16, 0, FR_WIRE_BAD_SIZE, FR_WIRE_BAD_SIZE},
    {16, 16384, FR_WIRE_FINE, FR_WIRE_FINE},
    {16, 16385, FR_WIRE_BAD_SIZE, FR_WIRE_BAD_SIZE},
    {20, 0, FR_WIRE_BAD_SIZE, FR_WIRE_BAD_SIZE},
    {20, 16384, FR_WIRE_FINE, FR_WIRE_FINE},
    {20, 16385, FR_WIRE_BAD_SIZE, FR_WIRE_BAD_SIZE},
    {20, 0xffffffff, FR_WIRE_BAD_SIZE, FR_WIRE_BAD_SIZE},
    {24, FR_FORMAT_BGRA8, FR_WIRE_FINE, FR_WIRE_FINE},
    {24, FR_FORMAT_RGBA16F, FR_WIRE_FINE, FR_WIRE_FINE},
    {24, FR_FORMAT_RGBA8, FR_WIRE_BAD_FORMAT, FR_WIRE_FINE},
    {24, FR_FORMAT_RGB10A2, FR_WIRE_BAD_FORMAT, FR_WIRE_FINE},
    {24, FR_FORMAT_NONE, FR_WIRE_BAD_FORMAT, FR_WIRE_BAD_FORMAT},
    {24, FR_FORMAT_NV12, FR_WIRE_BAD_FORMAT, FR_WIRE_BAD_FORMAT},
    {24, FR_FORMAT_P010, FR_WIRE_BAD_FORMAT, FR_WIRE_BAD_FORMAT},
    {24, 0x80000057, FR_WIRE_BAD_FORMAT, FR_WIRE_BAD_FORMAT},
    {28, 4, FR_WIRE_BAD_TARGET, FR_WIRE_BAD_TARGET},
    {28, 3, FR_WIRE_FINE, FR_WIRE_FINE},
    {28, 0, FR_WIRE_FINE, FR_WIRE_FINE},
    {56, 99, FR_WIRE_FINE, FR_WIRE_FINE}, /* what the source says is not the header's fault */
};

static void each_fault_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        struct image v1 = golden_v1;
        struct image v2 = golden_v2;
        put_u32(&v1, spoilt[i].offset, spoilt[i].value);
        put_u32(&v2, spoilt[i].offset, spoilt[i].value);
        fr_wire_v2 out;
        assert_int_equal(fr_wire_snapshot(&out, v1.byte, V1, 3), spoilt[i].v1);
        assert_int_equal(fr_wire_snapshot(&out, v2.byte, V2, 3), spoilt[i].v2);
        assert_memory_equal(&out, v2.byte, V1); /* a fault does not keep the copy back */
    }
}

static void a_target_of_zero_fits_all(void **state)
{
    (void)state;
    (void)fine(&golden_v1, V1, 0);
    (void)fine(&golden_v2, V2, 0xffffffff);
    fr_wire_v2 out;
    assert_int_equal(fr_wire_snapshot(&out, golden_v1.byte, V1, 2), FR_WIRE_BAD_TARGET);
}

static void every_fault_has_a_sentence(void **state)
{
    (void)state;
    for (int fault = FR_WIRE_FINE; fault <= FR_WIRE_CHANGED; fault++) {
        const char *text = fr_wire_fault_text((fr_wire_fault)fault);
        assert_non_null(text);
        assert_string_not_equal(text, "unknown fault");
        for (int other = FR_WIRE_FINE; other < fault; other++)
            assert_string_not_equal(text, fr_wire_fault_text((fr_wire_fault)other));
    }
    assert_string_equal(fr_wire_fault_text((fr_wire_fault)(FR_WIRE_CHANGED + 1)), "unknown fault");
}

int run_snapshot(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_1_is_64_bytes),      cmocka_unit_test(version_2_has_the_tail),
        cmocka_unit_test(short_deliveries_are_named), cmocka_unit_test(each_fault_is_named),
        cmocka_unit_test(a_target_of_zero_fits_all),  cmocka_unit_test(every_fault_has_a_sentence),
    };
    return cmocka_run_group_tests_name("wire snapshot", tests, NULL, NULL);
}
