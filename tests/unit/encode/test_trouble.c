/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Wrong parameters, bad frames, folders and receivers that are not there. */

#include "support.h"

#include "system/system.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 192 };

/* --- parameters --- */

static void wrong_parameters_are_refused_with_one_sentence(void **state)
{
    char av1_ts[400], h264_mkv[400];
    snprintf(av1_ts, sizeof(av1_ts), "%s", in_folder(state, "a.ts"));
    snprintf(h264_mkv, sizeof(h264_mkv), "%s", in_folder(state, "a.mkv"));
    const struct {
        fr_recorder_params params;
        fr_status status;
        const char *says;
    } cases[] = {
        {{.url = NULL}, FR_ERR_ARGUMENT, "no file"},
        {{.url = ""}, FR_ERR_ARGUMENT, "no file"},
        {{.url = "a.docx"}, FR_ERR_ARGUMENT, ".mkv"},
        {{.url = "gopher://here/a"}, FR_ERR_ARGUMENT, "gopher"},
        {{.url = h264_mkv, .encoder = "libx999"}, FR_ERR_UNSUPPORTED, "libx999"},
        {{.url = h264_mkv, .encoder = "aac"}, FR_ERR_UNSUPPORTED, "aac"},
        {{.url = h264_mkv, .encoder = "libx264", .codec = FR_CODEC_HEVC}, FR_ERR_ARGUMENT, "hevc"},
        {{.url = h264_mkv, .codec = (fr_codec)9}, FR_ERR_ARGUMENT, "codec"},
        {{.url = h264_mkv, .fps_mhz = 2000000}, FR_ERR_ARGUMENT, "frame rate"},
        {{.url = h264_mkv, .threads = 5000}, FR_ERR_ARGUMENT, "threads"},
        {{.url = h264_mkv, .options = "crf"}, FR_ERR_ARGUMENT, "key=value"},
        {{.url = h264_mkv, .encoder = "libx264", .options = "colour=red"}, FR_ERR_ARGUMENT, "colour"},
        {{.url = h264_mkv, .options = "colour=red"}, FR_ERR_ARGUMENT, "colour"},
        {{.url = av1_ts, .codec = FR_CODEC_AV1}, FR_ERR_UNSUPPORTED, "av1"},
        {{.url = "rtmp://127.0.0.1:9/a/b", .codec = FR_CODEC_HEVC}, FR_ERR_UNSUPPORTED, "hevc"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct log_lines lines;
        fr_recorder *recorder = (fr_recorder *)1;
        fr_recorder_params params = cases[i].params;
        params.log = log_into(&lines);
        assert_int_equal(fr_recorder_open(&recorder, &params), cases[i].status);
        assert_null(recorder);
        assert_int_equal(lines.count[FR_LOG_ERROR], 1);
        assert_non_null(strstr(lines.last[FR_LOG_ERROR], cases[i].says));
    }
    assert_false(system_file_exists(h264_mkv));
    assert_int_equal(fr_recorder_open(NULL, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_recorder_close(NULL), FR_OK);
}

static void options_of_the_user_win(void **state)
{
    uint64_t bytes[2];
    for (int i = 0; i < 2; i++) {
        struct painter painter;
        fr_recorder *recorder;
        fr_recorder_info info;
        const fr_recorder_params params = {.url = in_folder(state, "crf.mkv"),
                                           .encoder = "libx264",
                                           .options = i ? "crf=45:x264-params=keyint=2" : NULL};
        painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
        assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
        put_frames(recorder, &painter, 4);
        fr_recorder_get_info(recorder, &info);
        bytes[i] = info.bytes;
        assert_int_equal(info.keyframes, i ? 2 : 1);
        assert_int_equal(fr_recorder_close(&recorder), FR_OK);
        painter_finish(&painter);
    }
    assert_true(bytes[1] < bytes[0]);
}

static void an_8_bit_encoder_says_that_it_cannot_do_hdr(void **state)
{
    static const char *const names[] = {"h264_nvenc", "h264_vaapi", "mpeg4"};
    for (size_t i = 0; i < 3; i++) {
        struct log_lines lines;
        struct painter painter;
        fr_recorder *recorder;
        const fr_recorder_params params = {
            .url = in_folder(state, "eight.mkv"), .encoder = names[i], .log = log_into(&lines)};
        if (fr_recorder_open(&recorder, &params) < 0)
            continue; /* not built in, or its hardware is not there */
        painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_P010);
        fr_frame frame = painter_next(&painter);
        assert_int_equal(fr_recorder_put(recorder, &frame), FR_ERR_UNSUPPORTED);
        fr_frame_release(&frame);
        assert_int_equal(lines.count[FR_LOG_ERROR], 1);
        assert_non_null(strstr(lines.last[FR_LOG_ERROR], "10 bit"));
        assert_int_equal(fr_recorder_close(&recorder), FR_ERR_UNSUPPORTED);
        painter_finish(&painter);
    }
}

static void any_encoder_of_ffmpeg_can_be_named(void **state)
{
    struct painter painter;
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = in_folder(state, "other.mkv"), .encoder = "mpeg4"};
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    /* MPEG-4 cannot count milliseconds in its header, as several codecs cannot: it must fail in words or
     * work. */
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    put_frames(recorder, &painter, 5);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    painter_finish(&painter);
    assert_plays(in_folder(state, "other.mkv"), 5, WIDTH, HEIGHT);
}

static void bad_frames_are_refused_and_the_recording_goes_on(void **state)
{
    struct painter painter;
    fr_recorder *recorder;
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open(&recorder, &(fr_recorder_params){.url = in_folder(state, "bad.mkv")}),
                     FR_OK);
    put_frames(recorder, &painter, 2);
    const fr_frame good = painter_next(&painter);
    fr_frame bad[8];
    for (size_t i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].width = 0;
    bad[1].height = FR_SIZE_MAX + 1;
    bad[2].format = FR_FORMAT_BGRA8;
    bad[3].plane[1] = NULL;
    bad[4].pitch_bytes[0] = WIDTH - 1;
    bad[5].pitch_bytes[1] = WIDTH - 1;
    bad[6].pitch_bytes[0] = SIZE_MAX;
    bad[7].format = FR_FORMAT_P010; /* rows too short for it */
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(fr_recorder_put(recorder, &bad[i]), FR_ERR_ARGUMENT);
    assert_int_equal(fr_recorder_put(recorder, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_recorder_put(NULL, &good), FR_ERR_ARGUMENT);
    assert_int_equal(fr_recorder_put(recorder, &good), FR_OK);
    fr_frame_release(&(fr_frame){.surface = good.surface});
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    painter_finish(&painter);
    assert_plays(in_folder(state, "bad.mkv"), 3, WIDTH, HEIGHT);
}

/* --- places that cannot be written --- */

static void a_missing_folder_is_named(void **state)
{
    static const char *const names[] = {"no/a.mkv", "no/a.y4m"};
    for (size_t i = 0; i < 2; i++) {
        struct log_lines lines;
        fr_recorder *recorder;
        const fr_recorder_params params = {.url = in_folder(state, names[i]), .log = log_into(&lines)};
        assert_int_equal(fr_recorder_open(&recorder, &params), FR_ERR_IO);
        assert_null(recorder);
        assert_int_equal(lines.count[FR_LOG_ERROR], 1);
        assert_non_null(strstr(lines.last[FR_LOG_ERROR], "create the folder"));
    }
}

/* --- networks --- */

static void no_receiver_is_told_at_open(void **state)
{
    (void)state;
    struct log_lines lines;
    fr_recorder *recorder;
    /* A port that nothing listens at. */
    const fr_recorder_params params = {.url = "tcp://127.0.0.1:1", .log = log_into(&lines)};
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_ERR_IO);
    assert_int_equal(lines.count[FR_LOG_ERROR], 1);
    /* FFmpeg does not hear of a refused connection on Windows, it waits for an answer. */
#ifdef _WIN32
    assert_non_null(strstr(lines.last[FR_LOG_ERROR], "no answer in time; check that the receiver runs"));
#else
    assert_non_null(strstr(lines.last[FR_LOG_ERROR], "start the receiver"));
#endif
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(wrong_parameters_are_refused_with_one_sentence),
        IN_FOLDER(options_of_the_user_win),
        IN_FOLDER(an_8_bit_encoder_says_that_it_cannot_do_hdr),
        IN_FOLDER(any_encoder_of_ffmpeg_can_be_named),
        IN_FOLDER(bad_frames_are_refused_and_the_recording_goes_on),
        IN_FOLDER(a_missing_folder_is_named),
        cmocka_unit_test(no_receiver_is_told_at_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
