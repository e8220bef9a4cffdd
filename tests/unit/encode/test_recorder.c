/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A recording over its life: keyframes, times, segments, what is held. */

#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static fr_recorder *open_recorder(const char *url, const char *encoder, fr_codec codec)
{
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = url, .encoder = encoder, .codec = codec};
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    return recorder;
}

static void close_recorder(fr_recorder *recorder)
{
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
}

/* --- what is held --- */

static void x264_reads_the_surface_itself_and_lets_go(void **state)
{
    struct painter painter;
    fr_recorder *recorder = open_recorder(in_folder(state, "hold.mkv"), "libx264", FR_CODEC_DEFAULT);
    painter_init(&painter, 320, 192, FR_FORMAT_NV12);
    for (int i = 0; i < 10; i++) {
        fr_frame frame = painter_next(&painter);
        assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
        fr_frame_release(&frame);
        assert_int_equal(painter_held(&painter), 0);
    }
    close_recorder(recorder);
    painter_finish(&painter);
}

static void threads_hold_no_frame_back(void **state)
{
    static const char *const encoders[] = {"libx264", "libx265"};
    for (size_t i = 0; i < 6; i++) {
        struct painter painter;
        fr_recorder *recorder;
        fr_recorder_info info;
        if (!has_encoder(encoders[i % 2]))
            continue;
        const fr_recorder_params params = {
            .url = in_folder(state, "threads.mkv"), .encoder = encoders[i % 2], .threads = (uint32_t)i / 2};
        painter_init(&painter, 320, 192, FR_FORMAT_NV12);
        assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
        for (uint32_t frames = 1; frames <= 8; frames++) {
            put_frames(recorder, &painter, 1);
            fr_recorder_get_info(recorder, &info);
            assert_int_equal(info.frames, frames);
        }
        close_recorder(recorder);
        painter_finish(&painter);
    }
}

static void known_encoder_takes_nv12(void **state)
{
    (void)state;
    struct fr_encoder_row row;
    struct fr_encoder *encoder;
    char reason[FR_REASON_BYTES];
    const struct fr_encoder_config config = {.width = 64,
                                             .height = 64,
                                             .format = FR_FORMAT_NV12,
                                             .colour = fr_colour_of(FR_FORMAT_NV12),
                                             .ticks_per_second = 1000,
                                             .fps_mhz = 60000,
                                             .gop_frames = 60};
    assert_int_equal(fr_encoder_row_find(&row, "libx264"), FR_OK);
    assert_int_equal(row.open(&encoder, &row, &config, reason), FR_OK);
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    assert_int_equal(encoder->ops->describe(encoder, parameters), FR_OK);
    assert_int_equal(parameters->format, AV_PIX_FMT_NV12);
    assert_int_equal(parameters->video_delay, 0);
    avcodec_parameters_free(&parameters);
    fr_encoder_destroy(&encoder);
}

/* --- keyframes and reports --- */

struct reports {
    unsigned count, keyframes;
    uint32_t keyframe_at[8]; /* sequence */
};

static void note_report(void *user, const fr_encoded *encoded)
{
    struct reports *r = user;
    assert_int_equal(encoded->sequence, ++r->count);
    assert_int_equal(encoded->generation, 1);
    assert_int_equal(encoded->converted_ns, encoded->sequence * 10);
    assert_true(encoded->bytes > 0 && encoded->encoded_ns > 0);
    if (encoded->keyframe && r->keyframes < 8)
        r->keyframe_at[r->keyframes++] = encoded->sequence;
}

static void check_forced_keyframe(void **state, const char *encoder)
{
    if (!has_encoder(encoder))
        return;
    struct painter painter;
    struct reports reports = {0};
    fr_recorder *recorder;
    const char *path = in_folder(state, "key.mkv");
    const fr_recorder_params params = {
        .url = path, .encoder = encoder, .encoded = note_report, .user = &reports};
    painter_init(&painter, 128, 128, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    for (uint32_t i = 0; i < 12; i++) {
        fr_frame frame = painter_next(&painter);
        frame.discontinuity = i == 0 || i == 7;
        frame.converted_ns = frame.sequence * 10;
        assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
        fr_frame_release(&frame);
    }
    close_recorder(recorder);
    painter_finish(&painter);
    assert_int_equal(reports.count, 12);
    assert_int_equal(reports.keyframes, 2);
    assert_int_equal(reports.keyframe_at[1], 8);
    struct read_file *file = calloc(1, sizeof(*file));
    assert_true(read_back(file, path, NULL, NULL));
    assert_int_equal(file->num_frames, 12);
    for (size_t i = 0; i < 12; i++)
        assert_int_equal(file->frame[i].key, i == 0 || i == 7);
    free(file);
}

static void a_discontinuity_is_a_keyframe_and_every_frame_is_reported(void **state)
{
    check_forced_keyframe(state, "libx264");
    check_forced_keyframe(state, "libx265");
    check_forced_keyframe(state, "libsvtav1");
}

/* --- times --- */

static void times_are_kept_and_strictly_increase(void **state)
{
    static const struct {
        uint64_t present_ms;
        bool repeat;
        double seconds;
    } frames[] = {{0, false, 0},      {16, false, 0.016}, {16, false, 0.017},
                  {10, false, 0.018}, {250, false, 0.25}, {1700, false, 1.7}};
    static const char *const names[] = {"t.mkv", "t.mp4", "t.ts"};
    for (size_t n = 0; n < 3; n++) {
        struct painter painter;
        painter_init(&painter, 64, 64, FR_FORMAT_NV12);
        fr_recorder *recorder = open_recorder(in_folder(state, names[n]), "libx264", FR_CODEC_DEFAULT);
        for (size_t i = 0; i < 6; i++) {
            fr_frame frame = painter_next(&painter);
            frame.present_ns = UINT64_C(77000000000) + frames[i].present_ms * 1000000;
            assert_int_equal(fr_recorder_put(recorder, &frame), FR_OK);
            fr_frame_release(&frame);
        }
        close_recorder(recorder);
        painter_finish(&painter);
        struct read_file *file = calloc(1, sizeof(*file));
        assert_true(read_back(file, in_folder(state, names[n]), NULL, NULL));
        assert_int_equal(file->num_frames, 6);
        for (size_t i = 0; i < 6; i++) {
            assert_true(i == 0 || file->frame[i].seconds > file->frame[i - 1].seconds);
            assert_true(fabs(file->frame[i].seconds - file->frame[0].seconds - frames[i].seconds) < 0.0021);
        }
        free(file);
    }
}

/* --- flips --- */

static void record_flip(const char *url, fr_codec codec, fr_format second, uint32_t segments)
{
    struct painter a, b;
    painter_init(&a, 320, 180, FR_FORMAT_NV12);
    painter_init(&b, 640, 360, second);
    fr_recorder *recorder = open_recorder(url, NULL, codec);
    put_frames(recorder, &a, 9);
    put_frames(recorder, &b, 7);
    fr_recorder_info info;
    fr_recorder_get_info(recorder, &info);
    assert_int_equal(info.segments, segments);
    close_recorder(recorder);
    assert_int_equal(painter_held(&a) + painter_held(&b), 0);
    painter_finish(&a);
    painter_finish(&b);
}

static void files_that_cannot_change_go_on_in_a_new_one(void **state)
{
    record_flip(in_folder(state, "flip.mkv"), FR_CODEC_DEFAULT, FR_FORMAT_NV12, 2);
    assert_plays(in_folder(state, "flip.mkv"), 9, 320, 180);
    assert_plays(in_folder(state, "flip-2.mkv"), 7, 640, 360);
    record_flip(in_folder(state, "flip.mp4"), FR_CODEC_H264, FR_FORMAT_P010, 2);
    assert_plays(in_folder(state, "flip.mp4"), 9, 320, 180);
    assert_plays(in_folder(state, "flip-2.mp4"), 7, 640, 360);
}

static void ts_changes_size_and_depth_in_place(void **state)
{
    static const struct {
        fr_codec codec;
        fr_format second;
    } cases[] = {
        {FR_CODEC_H264, FR_FORMAT_NV12}, {FR_CODEC_H264, FR_FORMAT_P010}, {FR_CODEC_HEVC, FR_FORMAT_P010}};
    struct read_file *file = calloc(1, sizeof(*file));
    for (size_t n = 0; n < 3; n++) {
        if (cases[n].codec == FR_CODEC_HEVC && !has_encoder("libx265"))
            continue;
        const char *path = in_folder(state, "place.ts");
        record_flip(path, cases[n].codec, cases[n].second, 1);
        assert_true(read_back(file, path, NULL, NULL));
        assert_int_equal(file->num_frames, 16);
        for (size_t i = 0; i < 16; i++) {
            assert_int_equal(file->frame[i].width, i < 9 ? 320 : 640);
            assert_int_equal(file->frame[i].key, i == 0 || i == 9);
            assert_true(i == 0 || file->frame[i].seconds > file->frame[i - 1].seconds);
        }
        assert_int_equal(file->frame[15].transfer,
                         cases[n].second == FR_FORMAT_P010 ? AVCOL_TRC_SMPTE2084 : AVCOL_TRC_BT709);
    }
    free(file);
}

#ifndef _WIN32
static void ts_with_another_codec_is_a_new_file(void **state)
{
    record_flip(in_folder(state, "codec.ts"), FR_CODEC_DEFAULT, FR_FORMAT_P010, 2);
    assert_plays(in_folder(state, "codec.ts"), 9, 320, 180);
    assert_plays(in_folder(state, "codec-2.ts"), 7, 640, 360);
}
#endif

static void odd_sizes_lose_their_last_column_and_row(void **state)
{
    static const char *const encoders[] = {"libx264", "libx265", "libsvtav1"};
    for (size_t i = 0; i < 3; i++) {
        if (!has_encoder(encoders[i]))
            continue;
        struct painter painter;
        painter_init(&painter, 131, 129, FR_FORMAT_NV12);
        fr_recorder *recorder = open_recorder(in_folder(state, "odd.mkv"), encoders[i], FR_CODEC_DEFAULT);
        put_frames(recorder, &painter, 3);
        close_recorder(recorder);
        painter_finish(&painter);
        assert_plays(in_folder(state, "odd.mkv"), 3, 130, 128);
    }
}

static void a_bit_rate_is_kept_to(void **state)
{
    static const char *const encoders[] = {"libx264", "libx265", "libsvtav1"};
    for (size_t i = 0; i < 3; i++) {
        struct painter painter;
        fr_recorder *recorder;
        fr_recorder_info info;
        if (!has_encoder(encoders[i]))
            continue;
        const fr_recorder_params params = {
            .url = in_folder(state, "rate.mkv"), .encoder = encoders[i], .bitrate_kbps = 400, .threads = 1};
        painter_init(&painter, 320, 192, FR_FORMAT_NV12);
        assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
        put_frames(recorder, &painter, 120);
        fr_recorder_get_info(recorder, &info);
        close_recorder(recorder);
        painter_finish(&painter);
        /* Two seconds: 100 kB. A zero-delay control is coarse over so short a time. */
        assert_in_range(info.bytes, 10000, 220000);
    }
}

static void nothing_put_leaves_no_file(void **state)
{
    static const char *const names[] = {"none.mkv", "none.mp4", "none.ts", "none.y4m"};
    for (size_t i = 0; i < 4; i++) {
        struct read_file *file = calloc(1, sizeof(*file));
        fr_recorder *recorder = open_recorder(in_folder(state, names[i]), NULL, FR_CODEC_DEFAULT);
        fr_recorder_info info;
        fr_recorder_get_info(recorder, &info);
        assert_int_equal(info.segments, 0);
        assert_string_equal(info.encoder, "");
        assert_null(fr_recorder_segment(recorder, 0));
        close_recorder(recorder);
        assert_false(read_back(file, in_folder(state, names[i]), NULL, NULL));
        free(file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(x264_reads_the_surface_itself_and_lets_go, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(threads_hold_no_frame_back, folder_setup, folder_teardown),
        cmocka_unit_test(known_encoder_takes_nv12),
        cmocka_unit_test_setup_teardown(a_discontinuity_is_a_keyframe_and_every_frame_is_reported,
                                        folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(times_are_kept_and_strictly_increase, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(files_that_cannot_change_go_on_in_a_new_one, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(ts_changes_size_and_depth_in_place, folder_setup, folder_teardown),
#ifndef _WIN32 /* FFmpeg there is built without libx265 */
        cmocka_unit_test_setup_teardown(ts_with_another_codec_is_a_new_file, folder_setup, folder_teardown),
#endif
        cmocka_unit_test_setup_teardown(odd_sizes_lose_their_last_column_and_row, folder_setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_bit_rate_is_kept_to, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(nothing_put_leaves_no_file, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
