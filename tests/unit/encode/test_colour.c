/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Every stream says what its numbers mean, in the coded stream and in the container, and shows what was put
 * in. */

#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 256, HEIGHT = 128, FRAMES = 6 };

static void record(const char *path, const char *encoder, fr_format format, const fr_hdr_metadata *hdr)
{
    struct painter painter;
    fr_recorder *recorder;
    painter_init(&painter, WIDTH, HEIGHT, format);
    assert_int_equal(fr_recorder_open(&recorder, &(fr_recorder_params){.url = path, .encoder = encoder}),
                     FR_OK);
    for (int i = 0; i < FRAMES; i++) {
        fr_frame frame = painter_next(&painter);
        if (hdr)
            frame.hdr = *hdr;
        assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
        fr_frame_release(&frame);
    }
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    assert_int_equal(painter_held(&painter), 0);
    painter_finish(&painter);
}

static const struct {
    const char *encoder, *ending, *codec;
} cases[] = {
    {"libx264", "mkv", "h264"},  {"libx264", "mp4", "h264"},  {"libx264", "ts", "h264"},
    {"libx265", "mkv", "hevc"},  {"libx265", "mp4", "hevc"},  {"libx265", "ts", "hevc"},
    {"libsvtav1", "mkv", "av1"}, {"libsvtav1", "mp4", "av1"},
};

enum { NUM_CASES = sizeof(cases) / sizeof(cases[0]) };

static void check_sdr(void **state, size_t i)
{
    char name[32];
    snprintf(name, sizeof(name), "sdr%zu.%s", i, cases[i].ending);
    const char *path = in_folder(state, name);
    struct read_file *file = calloc(1, sizeof(*file));
    record(path, cases[i].encoder, FR_FORMAT_NV12, NULL);
    assert_true(read_back(file, path, NULL, NULL));
    assert_string_equal(file->codec, cases[i].codec);
    assert_int_equal(file->num_frames, FRAMES);
    for (size_t f = 0; f < FRAMES; f++) {
        const struct read_frame *frame = &file->frame[f];
        assert_int_equal(frame->primaries, AVCOL_PRI_BT709);
        assert_int_equal(frame->transfer, AVCOL_TRC_BT709);
        assert_int_equal(frame->matrix, AVCOL_SPC_BT709);
        assert_int_equal(frame->range, AVCOL_RANGE_MPEG);
        assert_int_equal(frame->location, AVCHROMA_LOC_LEFT);
        assert_int_equal(frame->format, AV_PIX_FMT_YUV420P);
        assert_false(frame->has_display || frame->has_light);
    }
    free(file);
}

static void check_hdr(void **state, size_t i)
{
    /* Not the baseline, so that no default passes for it. */
    const fr_hdr_metadata hdr = {.red = {34000, 16000},
                                 .green = {13250, 34500},
                                 .blue = {7500, 3000},
                                 .white = {15635, 16450},
                                 .max_luminance = 6000000,
                                 .min_luminance = 50,
                                 .max_cll = 600,
                                 .max_fall = 250};
    char name[32];
    snprintf(name, sizeof(name), "hdr%zu.%s", i, cases[i].ending);
    const char *path = in_folder(state, name);
    struct read_file *file = calloc(1, sizeof(*file));
    record(path, cases[i].encoder, FR_FORMAT_P010, &hdr);
    assert_true(read_back(file, path, NULL, NULL));
    assert_int_equal(file->num_frames, FRAMES);
    /* MPEG-TS has no place of its own for them. */
    if (strcmp(cases[i].ending, "ts") != 0)
        assert_true(file->stream_display && file->stream_light);
    const struct read_frame *frame = &file->frame[0];
    assert_int_equal(frame->primaries, AVCOL_PRI_BT2020);
    assert_int_equal(frame->transfer, AVCOL_TRC_SMPTE2084);
    assert_int_equal(frame->matrix, AVCOL_SPC_BT2020_NCL);
    assert_int_equal(frame->range, AVCOL_RANGE_MPEG);
    assert_int_equal(frame->location, AVCHROMA_LOC_LEFT);
    assert_int_equal(frame->format, AV_PIX_FMT_YUV420P10LE);
    /* FFmpeg 5.1's H.264 decoder reads neither message. */
    if (strcmp(cases[i].codec, "h264") != 0) {
        assert_true(frame->has_display && frame->has_light);
        assert_true(fabs(frame->red_x - 0.68) < 0.0001);
        assert_true(fabs(frame->max_luminance - 600) < 0.01);
        assert_true(fabs(frame->min_luminance - 0.005) < 0.0001);
        assert_int_equal(frame->max_cll, 600);
        assert_int_equal(frame->max_fall, 250);
    }
    free(file);
}

static void sdr_streams_are_tagged_bt709_limited_left(void **state)
{
    for (size_t i = 0; i < NUM_CASES; i++)
        if (has_encoder(cases[i].encoder))
            check_sdr(state, i);
}

static void hdr_streams_are_tagged_pq_with_display_and_light(void **state)
{
    for (size_t i = 0; i < NUM_CASES; i++)
        if (has_encoder(cases[i].encoder))
            check_hdr(state, i);
}

/* --- pixels --- */

struct difference {
    struct painter painter;
    uint64_t sum, samples;
};

static void add_difference(void *user, const AVFrame *frame)
{
    struct difference *d = user;
    fr_frame want = painter_next(&d->painter);
    const bool ten = want.format == FR_FORMAT_P010;
    for (int plane = 0; plane < 3; plane++) {
        for (int y = 0; y < (plane ? HEIGHT / 2 : HEIGHT); y++) {
            const uint8_t *row = frame->data[plane] + (ptrdiff_t)y * frame->linesize[plane];
            const uint8_t *wanted = want.plane[plane != 0] + (size_t)y * want.pitch_bytes[plane != 0];
            for (int x = 0; x < (plane ? WIDTH / 2 : WIDTH); x++) {
                const int at = plane ? 2 * x + plane - 1 : x;
                const int a = ten ? ((const uint16_t *)(const void *)row)[x] >> 2 : row[x];
                const int b = ten ? ((const uint16_t *)(const void *)wanted)[at] >> 8 : wanted[at];
                d->sum += (uint64_t)abs(a - b);
                d->samples++;
            }
        }
    }
    fr_frame_release(&want);
}

static void encoders_get_the_planes_the_right_way_round(void **state)
{
    static const fr_format formats[] = {FR_FORMAT_NV12, FR_FORMAT_P010};
    static const char *const encoders[] = {"libx264", "libx265", "libsvtav1"};
    struct read_file *file = calloc(1, sizeof(*file));
    for (size_t i = 0; i < 6; i++) {
        if (!has_encoder(encoders[i / 2]))
            continue;
        struct difference d = {.sum = 0};
        const char *path = in_folder(state, "pixels.mkv");
        record(path, encoders[i / 2], formats[i % 2], NULL);
        painter_init(&d.painter, WIDTH, HEIGHT, formats[i % 2]);
        assert_true(read_back(file, path, add_difference, &d));
        painter_finish(&d.painter);
        /* In steps of 8 bit; planes swapped or shifted are off by tens. */
        assert_true((double)d.sum / (double)d.samples < 8);
    }
    free(file);
}

#ifndef _WIN32
static void a_change_of_hdr_metadata_is_told_at_a_new_keyframe(void **state)
{
    struct painter painter;
    fr_recorder *recorder;
    const char *path = in_folder(state, "metadata.mkv");
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_P010);
    assert_int_equal(fr_recorder_open(&recorder, &(fr_recorder_params){.url = path, .encoder = "libx265"}),
                     FR_OK);
    for (int i = 0; i < FRAMES; i++) {
        fr_frame frame = painter_next(&painter);
        frame.hdr.max_cll = i < 3 ? 1000 : 444;
        assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
        fr_frame_release(&frame);
    }
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    painter_finish(&painter);
    struct read_file *file = calloc(1, sizeof(*file));
    assert_true(read_back(file, path, NULL, NULL));
    for (size_t i = 0; i < FRAMES; i++)
        assert_int_equal(file->frame[i].key, i == 0 || i == 3);
    assert_int_equal(file->frame[0].max_cll, 1000);
    assert_int_equal(file->frame[3].max_cll, 444);
    free(file);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sdr_streams_are_tagged_bt709_limited_left, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(hdr_streams_are_tagged_pq_with_display_and_light, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(encoders_get_the_planes_the_right_way_round, folder_setup,
                                        folder_teardown),
#ifndef _WIN32 /* FFmpeg there is built without libx265 */
        cmocka_unit_test_setup_teardown(a_change_of_hdr_metadata_is_told_at_a_new_keyframe, folder_setup,
                                        folder_teardown),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
