/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cmocka_all.h"

#include "common/colour.h"
#include "file/paint.h"

#include <libavutil/mastering_display_metadata.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A picture of one colour. */
static AVFrame *make_frame(enum AVPixelFormat format, int width, int height, const uint16_t code[3])
{
    AVFrame *frame = av_frame_alloc();
    frame->format = format;
    frame->width = width;
    frame->height = height;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    const int deep = format == AV_PIX_FMT_YUV420P10LE;
    for (int plane = 0; plane < 3; plane++) {
        const int rows = plane ? (height + 1) / 2 : height, columns = plane ? (width + 1) / 2 : width;
        for (int y = 0; y < rows; y++) {
            uint8_t *row = frame->data[plane] + (ptrdiff_t)y * frame->linesize[plane];
            for (int x = 0; x < columns; x++) {
                if (deep)
                    memcpy(row + 2 * x, &code[plane], 2);
                else
                    row[x] = (uint8_t)code[plane];
            }
        }
    }
    return frame;
}

enum { GUARD = 0xa5 };

static fr_slot make_slot(uint32_t width, uint32_t height, fr_format format)
{
    const size_t pitch = ((size_t)width * fr_format_pixel_bytes(format) + 63) / 64 * 64;
    fr_slot slot = {
        .pixels = malloc(pitch * height + 4096),
        .pitch_bytes = pitch,
        .width = width,
        .height = height,
        .format = format,
        .memory_fd = -1,
    };
    memset(slot.pixels, GUARD, pitch * height + 4096);
    return slot;
}

static void check_guard(const fr_slot *slot)
{
    const uint8_t *end = (const uint8_t *)slot->pixels + slot->pitch_bytes * slot->height;
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(end[i], GUARD);
}

static void expect_bgra(const fr_slot *slot, const uint8_t expected[3])
{
    for (uint32_t y = 0; y < slot->height; y++) {
        const uint8_t *row = (const uint8_t *)slot->pixels + y * slot->pitch_bytes;
        for (uint32_t x = 0; x < slot->width; x++)
            for (uint32_t k = 0; k < 3; k++)
                if (abs(row[4 * x + k] - expected[k]) > 2)
                    fail_msg("at %u,%u channel %u is %u, not %u", x, y, k, row[4 * x + k], expected[k]);
    }
}

static void sdr_follows_matrix_and_range(void **state)
{
    (void)state;
    static const struct {
        enum AVColorSpace matrix;
        enum AVColorRange range;
        uint16_t code[3];
        uint8_t bgr[3];
    } cases[] = {
        {AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, {235, 128, 128}, {255, 255, 255}},
        {AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, {16, 128, 128}, {0, 0, 0}},
        {AVCOL_SPC_BT709, AVCOL_RANGE_JPEG, {255, 128, 128}, {255, 255, 255}},
        {AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, {63, 102, 240}, {0, 0, 255}},
        {AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG, {81, 90, 240}, {0, 0, 255}},
        {AVCOL_SPC_BT709, AVCOL_RANGE_MPEG, {173, 42, 26}, {0, 255, 0}},
        {AVCOL_SPC_SMPTE170M, AVCOL_RANGE_MPEG, {145, 54, 34}, {0, 255, 0}},
        {AVCOL_SPC_BT709, AVCOL_RANGE_JPEG, {54, 99, 255}, {0, 0, 254}},
        {AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED, {81, 90, 240}, {0, 0, 255}},
    };
    fr_paint paint = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AVFrame *frame = make_frame(AV_PIX_FMT_YUV420P, 70, 38, cases[i].code);
        frame->colorspace = cases[i].matrix;
        frame->color_range = cases[i].range;
        assert_int_equal(fr_paint_colour_state(frame), FR_COLOUR_STATE_SDR);
        fr_slot slot = make_slot(70, 38, FR_FORMAT_BGRA8);
        assert_int_equal(fr_paint_draw(&paint, frame, &slot), FR_OK);
        expect_bgra(&slot, cases[i].bgr);
        check_guard(&slot);
        free(slot.pixels);
        av_frame_free(&frame);
    }
    fr_paint_finish(&paint);
}

/* Nothing is written behind the slot, whatever the sizes. */
static void odd_sizes_stay_inside(void **state)
{
    (void)state;
    static const uint16_t white[3] = {235, 128, 128};
    static const uint8_t expected[3] = {255, 255, 255};
    fr_paint paint = {0};
    for (int width = 1; width < 40; width += 3) {
        for (uint32_t to = 1; to < 50; to += 16) {
            AVFrame *frame = make_frame(AV_PIX_FMT_YUV420P, width, 7, white);
            fr_slot slot = make_slot(to, to, FR_FORMAT_BGRA8);
            assert_int_equal(fr_paint_draw(&paint, frame, &slot), FR_OK);
            expect_bgra(&slot, expected);
            check_guard(&slot);
            free(slot.pixels);
            av_frame_free(&frame);
        }
    }
    fr_paint_finish(&paint);
}

static void hdr_becomes_light(void **state)
{
    (void)state;
    static const struct {
        enum AVColorTransferCharacteristic curve;
        enum AVColorRange range;
        uint16_t code[3];
        float scrgb[3];
    } cases[] = {
        {AVCOL_TRC_SMPTE2084, AVCOL_RANGE_MPEG, {940, 512, 512}, {125, 125, 125}},
        {AVCOL_TRC_SMPTE2084, AVCOL_RANGE_JPEG, {1023, 512, 512}, {125, 125, 125}},
        {AVCOL_TRC_SMPTE2084, AVCOL_RANGE_MPEG, {490, 512, 512}, {1, 1, 1}},
        {AVCOL_TRC_ARIB_STD_B67, AVCOL_RANGE_MPEG, {940, 512, 512}, {12.5F, 12.5F, 12.5F}},
        /* The codes of scRGB red 1.0 in docs of the project: 325.39 448.10 598.44. */
        {AVCOL_TRC_SMPTE2084, AVCOL_RANGE_MPEG, {325, 448, 598}, {1, 0, 0}},
    };
    fr_paint paint = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AVFrame *frame = make_frame(AV_PIX_FMT_YUV420P10LE, 33, 17, cases[i].code);
        frame->color_trc = cases[i].curve;
        frame->color_range = cases[i].range;
        frame->colorspace = AVCOL_SPC_BT2020_NCL;
        frame->color_primaries = AVCOL_PRI_BT2020;
        assert_int_equal(fr_paint_colour_state(frame), FR_COLOUR_STATE_HDR);
        fr_slot slot = make_slot(33, 17, FR_FORMAT_RGBA16F);
        assert_int_equal(fr_paint_draw(&paint, frame, &slot), FR_OK);
        const uint16_t *last = (const void *)((const uint8_t *)slot.pixels + 16 * slot.pitch_bytes + 32 * 8);
        for (int k = 0; k < 3; k++) {
            const float value = fr_float_from_half(last[k]), expected = cases[i].scrgb[k];
            if (fabsf(value - expected) > 0.012F * fabsf(expected) + 0.02F)
                fail_msg("case %zu channel %d is %g, not %g", i, k, (double)value, (double)expected);
        }
        check_guard(&slot);
        free(slot.pixels);
        av_frame_free(&frame);
    }
    fr_paint_finish(&paint);
}

static void metadata_keeps_its_units(void **state)
{
    (void)state;
    static const uint16_t grey[3] = {300, 512, 512};
    AVFrame *frame = make_frame(AV_PIX_FMT_YUV420P10LE, 16, 16, grey);
    fr_hdr_metadata hdr;
    assert_false(fr_paint_hdr_metadata(frame, &hdr));
    AVMasteringDisplayMetadata *display = av_mastering_display_metadata_create_side_data(frame);
    display->has_primaries = display->has_luminance = 1;
    for (int i = 0; i < 3; i++) {
        display->display_primaries[i][0] = av_make_q(34000 - 1000 * i, 50000);
        display->display_primaries[i][1] = av_make_q(16000 + 1000 * i, 50000);
    }
    display->white_point[0] = av_make_q(15635, 50000);
    display->white_point[1] = av_make_q(16450, 50000);
    display->max_luminance = av_make_q(4000, 1);
    display->min_luminance = av_make_q(5, 1000);
    AVContentLightMetadata *light = av_content_light_metadata_create_side_data(frame);
    light->MaxCLL = 4000;
    light->MaxFALL = 70000;
    assert_true(fr_paint_hdr_metadata(frame, &hdr));
    assert_int_equal(hdr.red[0], 34000);
    assert_int_equal(hdr.green[1], 17000);
    assert_int_equal(hdr.blue[0], 32000);
    assert_int_equal(hdr.white[1], 16450);
    assert_int_equal(hdr.max_luminance, 40000000);
    assert_int_equal(hdr.min_luminance, 50);
    assert_int_equal(hdr.max_cll, 4000);
    assert_int_equal(hdr.max_fall, 65535);
    av_frame_free(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sdr_follows_matrix_and_range),
        cmocka_unit_test(odd_sizes_stay_inside),
        cmocka_unit_test(hdr_becomes_light),
        cmocka_unit_test(metadata_keeps_its_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
