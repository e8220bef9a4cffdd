/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Encoders that do not open, or fail later: a libx264 that does so on cue. */

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 128, HEIGHT = 96, GOOD_FRAMES = 5 };

struct breaking {
    struct fr_encoder base;
    struct fr_encoder *real;
    int frames_left;
};

static fr_status breaking_send(struct fr_encoder *base, const fr_frame *frame, int64_t ticks, bool keyframe)
{
    struct breaking *self = (void *)base;
    if (self->frames_left-- > 0)
        return self->real->ops->send(self->real, frame, ticks, keyframe);
    snprintf(self->base.reason, sizeof(self->base.reason), "the device went away");
    return FR_ERR_ENCODER;
}

static fr_status breaking_receive(struct fr_encoder *base, AVPacket *packet)
{
    struct breaking *self = (void *)base;
    return self->real->ops->receive(self->real, packet);
}

static fr_status breaking_drain(struct fr_encoder *base)
{
    struct breaking *self = (void *)base;
    return self->real->ops->drain(self->real);
}

static fr_status breaking_describe(const struct fr_encoder *base, AVCodecParameters *out)
{
    const struct breaking *self = (const void *)base;
    return self->real->ops->describe(self->real, out);
}

static void breaking_destroy(struct fr_encoder *base)
{
    struct breaking *self = (void *)base;
    fr_encoder_destroy(&self->real);
    free(self);
}

static fr_status breaking_open(struct fr_encoder **out, const struct fr_encoder_row *row,
                               const struct fr_encoder_config *config, char reason[FR_REASON_BYTES])
{
    static const struct fr_encoder_ops ops = {breaking_send, breaking_receive, breaking_drain,
                                              breaking_describe, breaking_destroy};
    struct fr_encoder_row x264;
    struct breaking *self = calloc(1, sizeof(*self));
    (void)row;
    assert_non_null(self);
    assert_int_equal(fr_encoder_row_find(&x264, "libx264"), FR_OK);
    self->base.ops = &ops;
    self->frames_left = GOOD_FRAMES;
    assert_int_equal(x264.open(&self->real, &x264, config, reason), FR_OK);
    *out = &self->base;
    return FR_OK;
}

/* Neither takes a frame nor gives a packet. */
static fr_status stuck_send(struct fr_encoder *base, const fr_frame *frame, int64_t ticks, bool keyframe)
{
    (void)base;
    (void)frame;
    (void)ticks;
    (void)keyframe;
    return FR_AGAIN;
}

static fr_status stuck_receive(struct fr_encoder *base, AVPacket *packet)
{
    (void)base;
    (void)packet;
    return FR_AGAIN;
}

static fr_status stuck_open(struct fr_encoder **out, const struct fr_encoder_row *row,
                            const struct fr_encoder_config *config, char reason[FR_REASON_BYTES])
{
    static const struct fr_encoder_ops ops = {stuck_send, stuck_receive, breaking_drain, breaking_describe,
                                              breaking_destroy};
    const fr_status status = breaking_open(out, row, config, reason);
    (*out)->ops = &ops;
    return status;
}

static fr_status closed_open(struct fr_encoder **out, const struct fr_encoder_row *row,
                             const struct fr_encoder_config *config, char reason[FR_REASON_BYTES])
{
    (void)row;
    (void)config;
    *out = NULL;
    snprintf(reason, FR_REASON_BYTES, "no such device");
    return FR_ERR_ENCODER;
}

static const struct fr_encoder_row rows[] = {
    {.name = "closed", .codec = FR_CODEC_H264, .open = closed_open},
    {.name = "breaking", .codec = FR_CODEC_H264, .open = breaking_open},
    {.name = "stuck", .codec = FR_CODEC_H264, .open = stuck_open},
    {.name = "libx264",
     .codec = FR_CODEC_H264,
     .options = "preset=ultrafast tune=zerolatency",
     .open = fr_lavc_open},
};

/* The first `num` of them. */
static struct fr_encoder_list first_rows(size_t num)
{
    return (struct fr_encoder_list){.rows = rows, .num_rows = num};
}

static void what_does_not_open_is_passed_over_with_one_warning(void **state)
{
    struct log_lines lines;
    struct painter painter;
    fr_recorder *recorder;
    fr_recorder_info info;
    static const struct fr_encoder_row open_or_not[] = {
        {.name = "closed", .codec = FR_CODEC_H264, .open = closed_open},
        {.name = "libx264",
         .codec = FR_CODEC_H264,
         .options = "preset=ultrafast tune=zerolatency",
         .open = fr_lavc_open}};
    const fr_recorder_params params = {.url = in_folder(state, "open.mkv"), .log = log_into(&lines)};
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open_with(&recorder, &params,
                                           (struct fr_encoder_list){.rows = open_or_not, .num_rows = 2}),
                     FR_OK);
    put_frames(recorder, &painter, 4);
    fr_recorder_get_info(recorder, &info);
    assert_string_equal(info.encoder, "libx264");
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    painter_finish(&painter);
    assert_int_equal(lines.count[FR_LOG_WARNING], 1);
    assert_non_null(strstr(lines.last[FR_LOG_WARNING], "closed"));
    assert_int_equal(lines.count[FR_LOG_ERROR], 0);
    assert_plays(in_folder(state, "open.mkv"), 4, WIDTH, HEIGHT);
}

static void failures_while_running_go_on_with_the_next_encoder(void **state)
{
    struct log_lines lines;
    struct painter painter;
    fr_recorder *recorder;
    fr_recorder_info info;
    const fr_recorder_params params = {.url = in_folder(state, "next.mkv"), .log = log_into(&lines)};
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open_with(&recorder, &params, first_rows(4)), FR_OK);
    put_frames(recorder, &painter, GOOD_FRAMES + 4);
    fr_recorder_get_info(recorder, &info);
    assert_string_equal(info.encoder, "libx264");
    assert_int_equal(info.frames, GOOD_FRAMES + 4);
    /* "stuck" gave nothing, so it costs no file. */
    assert_int_equal(info.segments, 2);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    assert_int_equal(painter_held(&painter), 0);
    painter_finish(&painter);
    assert_int_equal(lines.count[FR_LOG_ERROR], 0);
    assert_plays(in_folder(state, "next.mkv"), GOOD_FRAMES, WIDTH, HEIGHT);
    assert_plays(in_folder(state, "next-2.mkv"), 4, WIDTH, HEIGHT);
}

static void a_named_encoder_that_fails_ends_the_recording_playable(void **state)
{
    struct log_lines lines;
    struct painter painter;
    fr_recorder *recorder;
    const fr_recorder_params params = {
        .url = in_folder(state, "named.mkv"), .encoder = "breaking", .log = log_into(&lines)};
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open_with(&recorder, &params, first_rows(4)), FR_OK);
    put_frames(recorder, &painter, GOOD_FRAMES);
    fr_frame frame = painter_next(&painter);
    assert_int_equal(fr_recorder_put(recorder, &frame), FR_ERR_ENCODER);
    assert_int_equal(fr_recorder_put(recorder, &frame), FR_ERR_ENCODER);
    fr_frame_release(&frame);
    /* Complete before the close. */
    assert_plays(in_folder(state, "named.mkv"), GOOD_FRAMES, WIDTH, HEIGHT);
    assert_int_equal(fr_recorder_close(&recorder), FR_ERR_ENCODER);
    assert_int_equal(painter_held(&painter), 0);
    painter_finish(&painter);
    assert_int_equal(lines.count[FR_LOG_ERROR], 1);
    assert_non_null(strstr(lines.last[FR_LOG_ERROR], "the device went away"));
}

static void when_all_have_failed_the_recording_ends_playable(void **state)
{
    struct log_lines lines;
    struct painter painter;
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = in_folder(state, "all.mkv"), .log = log_into(&lines)};
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open_with(&recorder, &params, first_rows(2)), FR_OK);
    put_frames(recorder, &painter, GOOD_FRAMES);
    fr_frame frame = painter_next(&painter);
    assert_int_equal(fr_recorder_put(recorder, &frame), FR_ERR_ENCODER);
    fr_frame_release(&frame);
    assert_int_equal(fr_recorder_close(&recorder), FR_ERR_ENCODER);
    painter_finish(&painter);
    assert_int_equal(lines.count[FR_LOG_ERROR], 1);
    assert_plays(in_folder(state, "all.mkv"), GOOD_FRAMES, WIDTH, HEIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_does_not_open_is_passed_over_with_one_warning, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(failures_while_running_go_on_with_the_next_encoder, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_named_encoder_that_fails_ends_the_recording_playable, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(when_all_have_failed_the_recording_ends_playable, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
