/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* HDR metadata in AV1 streams. */

#include "support.h"

#include "encode/obu.h"
#include "encode/sei.h"

#include <libavutil/mastering_display_metadata.h>

#include <math.h>
#include <string.h>

static AVPacket *packet_of(const uint8_t *bytes, size_t size)
{
    AVPacket *packet = av_packet_alloc();
    assert_non_null(packet);
    assert_int_equal(av_new_packet(packet, (int)size), 0);
    memcpy(packet->data, bytes, size);
    return packet;
}

/* Temporal delimiter, sequence header of three bytes (its size written in two), frame. */
static const uint8_t unit[] = {0x12, 0, 0x0a, 0x83, 0, 7, 7, 7, 0x32, 2, 0x10, 0x80};

static void metadata_go_before_the_first_frame_and_only_once(void **state)
{
    const fr_hdr_metadata hdr = fr_hdr_metadata_generic();
    AVPacket *packet = packet_of(unit, sizeof(unit));
    (void)state;
    assert_int_equal(fr_sei_insert(packet, AV_CODEC_ID_AV1, &hdr), FR_OK);
    assert_int_equal(packet->size, sizeof(unit) + FR_OBU_HDR_BYTES);
    assert_memory_equal(packet->data, unit, 8);
    assert_int_equal(packet->data[8], 0x2a);
    assert_memory_equal(packet->data + packet->size - 4, unit + 8, 4);
    assert_int_equal(fr_sei_insert(packet, AV_CODEC_ID_AV1, &hdr), FR_OK);
    assert_int_equal(packet->size, sizeof(unit) + FR_OBU_HDR_BYTES);
    av_packet_free(&packet);
}

static void units_that_break_off_are_left_alone(void **state)
{
    const fr_hdr_metadata hdr = fr_hdr_metadata_generic();
    (void)state;
    for (size_t size = 1; size < sizeof(unit); size++) {
        AVPacket *packet = packet_of(unit, size);
        assert_int_equal(fr_sei_insert(packet, AV_CODEC_ID_AV1, &hdr), FR_OK);
        assert_int_equal(packet->size, size);
        av_packet_free(&packet);
    }
    static const uint8_t endless[] = {0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    static const uint8_t sizeless[] = {0x30, 0x10, 0x80}, forbidden[] = {0xb2, 1, 0x80};
    size_t place;
    assert_false(fr_obu_find_place(endless, sizeof(endless), &place));
    assert_false(fr_obu_find_place(sizeless, sizeof(sizeless), &place));
    assert_false(fr_obu_find_place(forbidden, sizeof(forbidden), &place));
}

/* --- as a decoder reads them --- */

static AVPacket *encode_one(const struct fr_encoder_row *row)
{
    struct painter painter;
    char reason[FR_REASON_BYTES];
    struct fr_encoder *encoder;
    const struct fr_encoder_config config = {.width = 256,
                                             .height = 128,
                                             .format = FR_FORMAT_P010,
                                             .colour = fr_colour_of(FR_FORMAT_P010),
                                             .ticks_per_second = 90000,
                                             .fps_mhz = 60000,
                                             .gop_frames = 120};
    painter_init(&painter, 256, 128, FR_FORMAT_P010);
    assert_int_equal(row->open(&encoder, row, &config, reason), FR_OK);
    fr_frame frame = painter_next(&painter);
    frame.has_hdr = false;
    assert_int_equal(encoder->ops->send(encoder, &frame, 0, true), FR_OK);
    fr_frame_release(&frame);
    assert_int_equal(encoder->ops->drain(encoder), FR_OK);
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    return packet;
}

static void assert_decodes_with(const AVCodec *codec, const AVPacket *packet)
{
    AVCodecContext *ctx = avcodec_alloc_context3(codec);
    AVFrame *frame = av_frame_alloc();
    assert_int_equal(avcodec_open2(ctx, codec, NULL), 0);
    assert_int_equal(avcodec_send_packet(ctx, packet), 0);
    assert_int_equal(avcodec_send_packet(ctx, NULL), 0);
    assert_int_equal(avcodec_receive_frame(ctx, frame), 0);
    const AVFrameSideData *display = av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
    const AVFrameSideData *light = av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
    assert_non_null(display);
    assert_non_null(light);
    const AVMasteringDisplayMetadata *d = (const void *)display->data;
    const AVContentLightMetadata *l = (const void *)light->data;
    const double red_x = av_q2d(d->display_primaries[0][0]), blue_y = av_q2d(d->display_primaries[2][1]);
    assert_true(fabs(red_x - 0.68) < 0.0001 && fabs(blue_y - 0.06) < 0.0001);
    assert_true(fabs(av_q2d(d->white_point[0]) - 0.3127) < 0.0001);
    assert_true(fabs(av_q2d(d->max_luminance) - 600) < 0.01);
    assert_true(fabs(av_q2d(d->min_luminance) - 0.005) < 0.0001);
    assert_int_equal(l->MaxCLL, 600);
    assert_int_equal(l->MaxFALL, 250);
    av_frame_free(&frame);
    avcodec_free_context(&ctx);
}

static void decoders_read_what_was_inserted(void **state)
{
    const fr_hdr_metadata hdr = {.red = {34000, 16000},
                                 .green = {13250, 34500},
                                 .blue = {7500, 3000},
                                 .white = {15635, 16450},
                                 .max_luminance = 6000000,
                                 .min_luminance = 50,
                                 .max_cll = 600,
                                 .max_fall = 250};
    struct fr_encoder_row row;
    const AVCodec *decoder = avcodec_find_decoder_by_name("libdav1d");
    (void)state;
    if (!decoder || fr_encoder_row_find(&row, "libsvtav1") != FR_OK)
        return; /* Windows' FFmpeg has neither */
    AVPacket *packet = encode_one(&row);
    const int before = packet->size;
    assert_int_equal(fr_sei_insert(packet, AV_CODEC_ID_AV1, &hdr), FR_OK);
    assert_int_equal(packet->size, before + FR_OBU_HDR_BYTES);
    assert_decodes_with(decoder, packet);
    av_packet_free(&packet);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_go_before_the_first_frame_and_only_once),
        cmocka_unit_test(units_that_break_off_are_left_alone),
        cmocka_unit_test(decoders_read_what_was_inserted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
