/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The small pieces: repacking, SEI messages, times, addresses, and what an encoder is handed. */

#include "support.h"

#include "encode/address.h"
#include "encode/feeder.h"
#include "encode/repack.h"
#include "encode/sei.h"
#include "encode/timeline.h"

#include <stdlib.h>
#include <string.h>

/* --- repacking --- */

static void chroma_is_split_exactly_at_every_width(void **state)
{
    (void)state;
    uint8_t uv[2 * 67 * 3], u[67 * 3], v[67 * 3];
    for (size_t i = 0; i < sizeof(uv); i++)
        uv[i] = (uint8_t)(i * 31 + 7);
    for (size_t width = 1; width <= 67; width++) {
        memset(u, 0xee, sizeof(u));
        memset(v, 0xee, sizeof(v));
        fr_repack_uv8(u, v, 67, uv, 134, width, 3);
        for (size_t y = 0; y < 3; y++)
            for (size_t x = 0; x < 67; x++) {
                assert_int_equal(u[y * 67 + x], x < width ? uv[y * 134 + 2 * x] : 0xee);
                assert_int_equal(v[y * 67 + x], x < width ? uv[y * 134 + 2 * x + 1] : 0xee);
            }
    }
}

static void every_ten_bit_code_survives_repacking(void **state)
{
    (void)state;
    uint16_t in[2048], y[1024], u[1024], v[1024];
    for (unsigned i = 0; i < 1024; i++) {
        in[2 * i] = (uint16_t)(i << 6);
        in[2 * i + 1] = (uint16_t)((1023 - i) << 6);
    }
    fr_repack_uv10((uint8_t *)u, (uint8_t *)v, sizeof(u), (const uint8_t *)in, sizeof(in), 1024, 1);
    fr_repack_y10((uint8_t *)y, sizeof(y), (const uint8_t *)in, sizeof(in), 1024, 1);
    for (unsigned i = 0; i < 1024; i++) {
        assert_int_equal(u[i], i);
        assert_int_equal(v[i], 1023 - i);
        assert_int_equal(y[i], in[i] >> 6);
    }
}

/* --- SEI --- */

static void sei_bytes_are_those_of_the_standard(void **state)
{
    (void)state;
    /* The generic baseline; min_luminance 1 needs an emulation prevention byte: 00 00 00 01 -> 00 00 03 00
     * 01. */
    static const uint8_t expected[] = {0,    0,    0,    1,    0x4e, 0x01, 137,  24,   0x21, 0x34, 0x9b, 0xaa,
                                       0x19, 0x96, 0x08, 0xfc, 0x8a, 0x48, 0x39, 0x08, 0x3d, 0x13, 0x40, 0x42,
                                       0x00, 0x98, 0x96, 0x80, 0x00, 0x00, 0x03, 0x00, 0x01, 0x80, 0,    0,
                                       0,    1,    0x4e, 0x01, 144,  4,    0x03, 0xe8, 0x01, 0x90, 0x80};
    const fr_hdr_metadata hdr = fr_hdr_metadata_generic();
    uint8_t out[FR_SEI_BYTES];
    assert_int_equal(fr_sei_write(out, AV_CODEC_ID_HEVC, &hdr), sizeof(expected));
    assert_memory_equal(out, expected, sizeof(expected));
    assert_int_equal(fr_sei_write(out, AV_CODEC_ID_H264, &hdr), sizeof(expected) - 2);
    assert_int_equal(out[4], 6);
    assert_int_equal(out[5], 137);
}

static void worst_sei_fits_its_room(void **state)
{
    (void)state;
    const fr_hdr_metadata zeros = {0};
    uint8_t out[FR_SEI_BYTES];
    assert_true(fr_sei_write(out, AV_CODEC_ID_HEVC, &zeros) <= sizeof(out));
}

static AVPacket *packet_of(const uint8_t *bytes, int size)
{
    AVPacket *packet = av_packet_alloc();
    assert_non_null(packet);
    assert_int_equal(av_new_packet(packet, size), 0);
    memcpy(packet->data, bytes, (size_t)size);
    return packet;
}

static void sei_goes_before_the_first_slice_and_only_once(void **state)
{
    (void)state;
    static const uint8_t unit[] = {0, 0, 0, 1,    0x42, 0x01, 0xaa,
                                   0, 0, 1, 0x26, 0x01, 0xbb}; /* SPS, IDR slice */
    const fr_hdr_metadata hdr = fr_hdr_metadata_generic();
    AVPacket *packet = packet_of(unit, sizeof(unit));
    assert_int_equal(fr_sei_insert(packet, AV_CODEC_ID_HEVC, &hdr), FR_OK);
    assert_true((size_t)packet->size > sizeof(unit));
    assert_memory_equal(packet->data, unit, 7);
    assert_int_equal(packet->data[7 + 6], 137);
    assert_memory_equal(packet->data + packet->size - 6, unit + 7, 6);
    const int once = packet->size;
    assert_int_equal(fr_sei_insert(packet, AV_CODEC_ID_HEVC, &hdr), FR_OK);
    assert_int_equal(packet->size, once);
    av_packet_free(&packet);
}

static void sei_leaves_what_it_does_not_know(void **state)
{
    (void)state;
    static const uint8_t junk[] = {0, 0, 0, 9, 0x65, 1, 2, 3, 4, 0, 0, 1};
    const fr_hdr_metadata hdr = fr_hdr_metadata_generic();
    for (int size = 1; size <= (int)sizeof(junk); size++) {
        AVPacket *packet = packet_of(junk, size);
        assert_int_equal(fr_sei_insert(packet, AV_CODEC_ID_H264, &hdr), FR_OK);
        assert_int_equal(fr_sei_insert(packet, AV_CODEC_ID_AV1, &hdr), FR_OK);
        assert_int_equal(packet->size, size);
        av_packet_free(&packet);
    }
}

/* --- times --- */

static const uint64_t ms = 1000000;

static void times_follow_present_times_and_begin_at_zero(void **state)
{
    (void)state;
    struct fr_timeline t;
    fr_timeline_init(&t, 90000);
    const uint64_t start = UINT64_C(123456789012345);
    for (uint64_t i = 0; i < 10; i++) {
        const fr_frame frame = {.present_ns = start + i * 10 * ms};
        assert_int_equal(fr_timeline_next(&t, &frame, 7 + i * ms), i * 900);
    }
}

static void equal_and_earlier_times_move_on_by_one_step(void **state)
{
    (void)state;
    struct fr_timeline t;
    fr_timeline_init(&t, 1000);
    const uint64_t at[] = {100 * ms, 100 * ms, 99 * ms, 90 * ms, 110 * ms};
    const int64_t ticks[] = {0, 1, 2, 3, 10};
    for (size_t i = 0; i < 5; i++) {
        const fr_frame frame = {.present_ns = at[i]};
        assert_int_equal(fr_timeline_next(&t, &frame, i), ticks[i]);
    }
}

static void repeats_go_by_the_clock(void **state)
{
    (void)state;
    struct fr_timeline t;
    fr_timeline_init(&t, 1000);
    const fr_frame fresh = {.present_ns = 500 * ms}, again = {.present_ns = 500 * ms, .repeat = true};
    assert_int_equal(fr_timeline_next(&t, &fresh, 9000 * ms), 0);
    assert_int_equal(fr_timeline_next(&t, &again, 9016 * ms), 16);
    assert_int_equal(fr_timeline_next(&t, &again, 9033 * ms), 33);
    const fr_frame next = {.present_ns = 540 * ms};
    assert_int_equal(fr_timeline_next(&t, &next, 9050 * ms), 40);
}

static void a_lying_present_time_does_not_bend_the_recording(void **state)
{
    (void)state;
    static const uint64_t lies[] = {0, UINT64_MAX, UINT64_C(1) << 63, 1000, UINT64_C(500000000000)};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        struct fr_timeline t;
        fr_timeline_init(&t, 1000);
        const fr_frame first = {.present_ns = UINT64_C(100000000000)}, lie = {.present_ns = lies[i]};
        const fr_frame after = {.present_ns = lies[i] + 20 * ms};
        assert_int_equal(fr_timeline_next(&t, &first, 50 * ms), 0);
        assert_int_equal(fr_timeline_next(&t, &lie, 70 * ms), 20);
        assert_int_equal(fr_timeline_next(&t, &after, 90 * ms), 40);
    }
}

/* --- addresses --- */

static void addresses_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *url, *match;
        fr_status status;
    } cases[] = {
        {"a.mkv", ".mkv", FR_OK},         {"/x.y/a.MP4", ".mp4", FR_OK},
        {"a:b.ts", ".ts", FR_OK},         {"file:/a/b.y4m", ".y4m", FR_OK},
        {"hash:", "hash", FR_OK},         {"null:", "null", FR_OK},
        {"udp://h:1", "udp", FR_OK},      {"rtmp://h/a/b", "rtmp", FR_OK},
        {"rtsp://h/a", "rtsp", FR_OK},    {"a", NULL, FR_ERR_ARGUMENT},
        {"a.xyz", NULL, FR_ERR_ARGUMENT}, {"/a.mkv/b", NULL, FR_ERR_ARGUMENT},
        {".", NULL, FR_ERR_ARGUMENT},     {"gopher://h/a.mkv", NULL, FR_ERR_ARGUMENT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fr_address_kind *kind = NULL;
        struct log_lines lines;
        const fr_log log = log_into(&lines);
        assert_int_equal(fr_address_find(&kind, cases[i].url, false, &log), cases[i].status);
        assert_int_equal(lines.count[FR_LOG_ERROR], cases[i].status < 0);
        if (cases[i].match)
            assert_string_equal(kind->match, cases[i].match);
    }
}

static void segments_are_numbered_before_the_ending(void **state)
{
    (void)state;
    static const struct {
        const char *url, *first, *second;
    } cases[] = {
        {"a.mkv", "a.mkv", "a-2.mkv"},
        {"file:/d.d/a.b.y4m", "/d.d/a.b.y4m", "/d.d/a.b-2.y4m"},
        {"udp://h:1", "udp://h:1", "udp://h:1"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fr_address_kind *kind;
        assert_int_equal(fr_address_find(&kind, cases[i].url, false, NULL), FR_OK);
        char *first = fr_address_segment(kind, cases[i].url, 0),
             *second = fr_address_segment(kind, cases[i].url, 1);
        assert_string_equal(first, cases[i].first);
        assert_string_equal(second, cases[i].second);
        free(first);
        free(second);
    }
}

/* --- what an encoder is handed --- */

static void nv12_is_handed_over_without_a_copy_and_held(void **state)
{
    (void)state;
    struct painter painter;
    struct fr_feeder feeder;
    painter_init(&painter, 64, 48, FR_FORMAT_NV12);
    assert_int_equal(fr_feeder_init(&feeder, AV_PIX_FMT_NV12, 64, 48), FR_OK);
    fr_frame frame = painter_next(&painter);
    const uint8_t *const luma = frame.plane[0], *const chroma = frame.plane[1];
    AVFrame *out = av_frame_alloc();
    assert_int_equal(fr_feeder_make(&feeder, out, &frame), FR_OK);
    fr_frame_release(&frame);
    assert_ptr_equal(out->data[0], luma);
    assert_ptr_equal(out->data[1], chroma);
    assert_int_equal(painter_held(&painter), 1);
    av_frame_free(&out);
    assert_int_equal(painter_held(&painter), 0);
    fr_feeder_finish(&feeder);
    painter_finish(&painter);
}

static void planar_8_bit_keeps_the_luma_plane_and_splits_chroma(void **state)
{
    (void)state;
    struct painter painter;
    struct fr_feeder feeder;
    painter_init(&painter, 65, 49, FR_FORMAT_NV12);
    assert_int_equal(fr_feeder_init(&feeder, AV_PIX_FMT_YUV420P, 65, 49), FR_OK);
    fr_frame frame = painter_next(&painter);
    AVFrame *out = av_frame_alloc();
    assert_int_equal(fr_feeder_make(&feeder, out, &frame), FR_OK);
    assert_ptr_equal(out->data[0], frame.plane[0]);
    assert_int_equal(out->width, 64);
    assert_int_equal(out->height, 48);
    assert_true(av_frame_is_writable(out) == 0);
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 32; x++)
            for (int i = 0; i < 2; i++)
                assert_int_equal(out->data[1 + i][y * out->linesize[1 + i] + x],
                                 frame.plane[1][(size_t)y * frame.pitch_bytes[1] + (size_t)(2 * x + i)]);
    fr_frame_release(&frame);
    assert_int_equal(painter_held(&painter), 1);
    av_frame_free(&out);
    assert_int_equal(painter_held(&painter), 0);
    fr_feeder_finish(&feeder);
    painter_finish(&painter);
}

static void planar_10_bit_needs_the_surface_no_longer(void **state)
{
    (void)state;
    struct painter painter;
    struct fr_feeder feeder;
    painter_init(&painter, 64, 48, FR_FORMAT_P010);
    assert_int_equal(fr_feeder_init(&feeder, AV_PIX_FMT_YUV420P10LE, 64, 48), FR_OK);
    fr_frame frame = painter_next(&painter);
    AVFrame *out = av_frame_alloc();
    assert_int_equal(fr_feeder_make(&feeder, out, &frame), FR_OK);
    for (int x = 0; x < 64; x++)
        assert_int_equal(((const uint16_t *)(const void *)out->data[0])[x],
                         ((const uint16_t *)(const void *)frame.plane[0])[x] >> 6);
    fr_frame_release(&frame);
    assert_int_equal(painter_held(&painter), 0);
    av_frame_free(&out);
    fr_feeder_finish(&feeder);
    painter_finish(&painter);
}

static void a_frame_without_a_surface_is_copied(void **state)
{
    (void)state;
    uint8_t pixels[32 * 48];
    memset(pixels, 77, sizeof(pixels));
    struct fr_feeder feeder;
    assert_int_equal(fr_feeder_init(&feeder, AV_PIX_FMT_NV12, 32, 32), FR_OK);
    const fr_frame frame = {.width = 32,
                            .height = 32,
                            .format = FR_FORMAT_NV12,
                            .plane = {pixels, pixels + 32 * 32},
                            .pitch_bytes = {32, 32}};
    AVFrame *out = av_frame_alloc();
    assert_int_equal(fr_feeder_make(&feeder, out, &frame), FR_OK);
    memset(pixels, 0, sizeof(pixels));
    assert_int_equal(out->data[0][0], 77);
    assert_int_equal(out->data[1][15 * out->linesize[1] + 31], 77);
    av_frame_free(&out);
    fr_feeder_finish(&feeder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chroma_is_split_exactly_at_every_width),
        cmocka_unit_test(every_ten_bit_code_survives_repacking),
        cmocka_unit_test(sei_bytes_are_those_of_the_standard),
        cmocka_unit_test(worst_sei_fits_its_room),
        cmocka_unit_test(sei_goes_before_the_first_slice_and_only_once),
        cmocka_unit_test(sei_leaves_what_it_does_not_know),
        cmocka_unit_test(times_follow_present_times_and_begin_at_zero),
        cmocka_unit_test(equal_and_earlier_times_move_on_by_one_step),
        cmocka_unit_test(repeats_go_by_the_clock),
        cmocka_unit_test(a_lying_present_time_does_not_bend_the_recording),
        cmocka_unit_test(addresses_are_told_apart),
        cmocka_unit_test(segments_are_numbered_before_the_ending),
        cmocka_unit_test(nv12_is_handed_over_without_a_copy_and_held),
        cmocka_unit_test(planar_8_bit_keeps_the_luma_plane_and_splits_chroma),
        cmocka_unit_test(planar_10_bit_needs_the_surface_no_longer),
        cmocka_unit_test(a_frame_without_a_surface_is_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
