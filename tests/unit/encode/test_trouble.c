/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* setresuid */

/* Wrong parameters, places that cannot be written, disks that fill up, recorders that are killed, receivers
 * that are not there or take nothing. */

#include "support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 320, HEIGHT = 192, NOBODY = 65534 };

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
    assert_int_equal(access(h264_mkv, F_OK), -1);
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

/* In a process of its own that is not root. 0: as expected. */
static int write_without_permission(const char *path)
{
    struct log_lines lines;
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = path, .log = log_into(&lines)};
    if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return 2;
    const fr_status status = fr_recorder_open(&recorder, &params);
    return !(status == FR_ERR_PERMISSION && lines.count[FR_LOG_ERROR] == 1 &&
             strstr(lines.last[FR_LOG_ERROR], "Permission denied") &&
             strstr(lines.last[FR_LOG_ERROR], "name a folder"));
}

static int exit_code_of(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void an_unwritable_path_fails_at_open(void **state)
{
    static const char *const names[] = {"p.mkv", "p.y4m"};
    assert_int_equal(chmod(*state, 0500), 0);
    for (size_t i = 0; i < 2; i++) {
        const char *path = in_folder(state, names[i]);
        const pid_t child = fork();
        if (child == 0)
            _exit(write_without_permission(path));
        assert_int_equal(exit_code_of(child), 0);
    }
    assert_int_equal(chmod(*state, 0700), 0);
}

/* --- no space --- */

/* Frames until one fails, then once more. */
static fr_status fill(const char *path, struct log_lines *lines, unsigned max_frames)
{
    struct painter painter;
    fr_recorder *recorder;
    const fr_recorder_params params = {
        .url = path, .options = "crf=1", .encoder = "libx264", .log = log_into(lines)};
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    fr_status status = fr_recorder_open(&recorder, &params);
    for (unsigned i = 0; status == FR_OK && i < max_frames; i++) {
        fr_frame frame = painter_next(&painter);
        status = fr_recorder_put(recorder, &frame);
        if (status < 0 && fr_recorder_put(recorder, &frame) != status)
            status = FR_ERR_SYSTEM;
        fr_frame_release(&frame);
    }
    if (fr_recorder_close(&recorder) != status)
        status = FR_ERR_SYSTEM;
    painter_finish(&painter);
    return status;
}

static const char *const endings[] = {"mkv", "mp4", "ts", "y4m"};

static void a_full_disk_is_told_once_and_ends_the_recording(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        char name[32];
        struct log_lines lines;
        snprintf(name, sizeof(name), "full.%s", endings[i]);
        assert_int_equal(symlink("/dev/full", in_folder(state, name)), 0);
        assert_int_equal(fill(in_folder(state, name), &lines, 300), FR_ERR_NO_SPACE);
        assert_int_equal(lines.count[FR_LOG_ERROR], 1);
        assert_non_null(strstr(lines.last[FR_LOG_ERROR], "No space left"));
    }
}

static void what_fitted_on_a_full_disk_plays(void **state)
{
    if (mount("tmpfs", *state, "tmpfs", 0, "size=300k") != 0)
        skip();
    for (size_t i = 0; i < 4; i++) {
        char name[32];
        struct log_lines lines;
        struct read_file *file = calloc(1, sizeof(*file));
        snprintf(name, sizeof(name), "disk.%s", endings[i]);
        const char *path = in_folder(state, name);
        const fr_status status = fill(path, &lines, 1500);
        const bool plays = read_back(file, path, NULL, NULL);
        unlink(path);
        free(file);
        if (status != FR_ERR_NO_SPACE || !plays)
            umount(*state);
        assert_int_equal(status, FR_ERR_NO_SPACE);
        assert_true(plays);
    }
    assert_int_equal(umount(*state), 0);
}

static int fill_to_the_limit(const char *path)
{
    struct log_lines lines;
    const struct rlimit limit = {300000, 300000};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    return fill(path, &lines, 1500) != FR_ERR_NO_SPACE;
}

static void what_fitted_under_a_size_limit_plays(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        char name[32];
        struct read_file *file = calloc(1, sizeof(*file));
        snprintf(name, sizeof(name), "limit.%s", endings[i]);
        const char *path = in_folder(state, name);
        const pid_t child = fork();
        if (child == 0)
            _exit(fill_to_the_limit(path));
        assert_int_equal(exit_code_of(child), 0);
        assert_true(read_back(file, path, NULL, NULL));
        free(file);
    }
}

/* --- killed --- */

/* Fewer than a group of pictures: at a keyframe every container begins anew. */
enum { BEFORE_KILL = 100 };

static void record_until_killed(const char *path, const char *encoder, int ready)
{
    struct painter painter;
    fr_recorder *recorder;
    const fr_recorder_params params = {.url = path, .encoder = encoder};
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    if (fr_recorder_open(&recorder, &params) != FR_OK)
        _exit(1);
    for (uint32_t i = 0;; i++) {
        put_frames(recorder, &painter, 1);
        if (i == BEFORE_KILL && write(ready, "", 1) != 1)
            _exit(1);
        if (i > BEFORE_KILL)
            nanosleep(&(struct timespec){0, 5000000}, NULL);
    }
}

static void a_killed_recorder_leaves_what_it_wrote_playable(void **state)
{
    static const struct {
        const char *name, *encoder;
    } cases[] = {{"k.mkv", "libx264"}, {"k.mp4", "libx264"}, {"k.ts", "libx264"}, {"k.y4m", NULL},
                 {"h.mkv", "libx265"}, {"h.mp4", "libx265"}, {"h.ts", "libx265"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int ready[2];
        char byte;
        const char *path = in_folder(state, cases[i].name);
        assert_int_equal(pipe(ready), 0);
        const pid_t child = fork();
        if (child == 0)
            record_until_killed(path, cases[i].encoder, ready[1]);
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        kill(child, SIGKILL);
        assert_int_equal(exit_code_of(child), 128 + SIGKILL);
        struct read_file *file = calloc(1, sizeof(*file));
        assert_true(read_back(file, path, NULL, NULL));
        /* Half a second may be lost with the last cluster or fragment. */
        assert_true(file->num_frames >= BEFORE_KILL - 32);
        for (size_t f = 1; f < file->num_frames; f++)
            assert_true(file->frame[f].seconds > file->frame[f - 1].seconds);
        free(file);
    }
}

/* --- networks --- */

static int listen_somewhere(char url[64])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    assert_int_equal(listen(fd, 4), 0);
    snprintf(url, 64, "tcp://127.0.0.1:%u", (unsigned)ntohs(address.sin_port));
    return fd;
}

static void no_receiver_is_told_at_open(void **state)
{
    (void)state;
    char url[64];
    struct log_lines lines;
    fr_recorder *recorder;
    close(listen_somewhere(url));
    const fr_recorder_params params = {.url = url, .log = log_into(&lines)};
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_ERR_IO);
    assert_int_equal(lines.count[FR_LOG_ERROR], 1);
    assert_non_null(strstr(lines.last[FR_LOG_ERROR], "start the receiver"));
}

static bool asked_often(void *user)
{
    unsigned *count = user;
    return ++*count > 5;
}

static void a_receiver_that_takes_nothing_can_be_cancelled(void **state)
{
    (void)state;
    char url[64];
    struct log_lines lines;
    struct painter painter;
    fr_recorder *recorder;
    unsigned asked = 0;
    const int listener = listen_somewhere(url);
    const fr_recorder_params params = {.url = url,
                                       .encoder = "libx264",
                                       .options = "crf=0",
                                       .cancelled = asked_often,
                                       .user = &asked,
                                       .log = log_into(&lines)};
    painter_init(&painter, 640, 384, FR_FORMAT_NV12);
    assert_int_equal(fr_recorder_open(&recorder, &params), FR_OK);
    fr_status status = FR_OK;
    for (int i = 0; status == FR_OK && i < 5000; i++) {
        fr_frame frame = painter_next(&painter);
        asked = asked > 5 ? asked : 0;
        status = fr_recorder_put(recorder, &frame);
        fr_frame_release(&frame);
    }
    assert_int_equal(status, FR_CANCELLED);
    assert_int_equal(lines.count[FR_LOG_ERROR], 0);
    assert_int_equal(fr_recorder_close(&recorder), FR_CANCELLED);
    assert_int_equal(painter_held(&painter), 0);
    painter_finish(&painter);
    close(listener);
}

static int receive_two(int listener, const char *first, const char *second)
{
    for (int i = 0; i < 2; i++) {
        char bytes[4096];
        ssize_t got;
        FILE *file = fopen(i ? second : first, "wb");
        const int fd = accept(listener, NULL, NULL);
        if (!file || fd < 0)
            return 1;
        while ((got = read(fd, bytes, sizeof(bytes))) > 0)
            fwrite(bytes, 1, (size_t)got, file);
        fclose(file);
        close(fd);
    }
    return 0;
}

static void a_live_stream_connects_again_for_another_codec(void **state)
{
    char url[64];
    struct painter sdr, hdr;
    fr_recorder *recorder;
    const int listener = listen_somewhere(url);
    const char *first = in_folder(state, "net1.ts"), *second = in_folder(state, "net2.ts");
    const pid_t child = fork();
    if (child == 0)
        _exit(receive_two(listener, first, second));
    close(listener);
    painter_init(&sdr, 320, 192, FR_FORMAT_NV12);
    painter_init(&hdr, 320, 192, FR_FORMAT_P010);
    assert_int_equal(fr_recorder_open(&recorder, &(fr_recorder_params){.url = url}), FR_OK);
    put_frames(recorder, &sdr, 5);
    put_frames(recorder, &hdr, 6);
    assert_string_equal(fr_recorder_segment(recorder, 1), url);
    assert_int_equal(fr_recorder_close(&recorder), FR_OK);
    assert_int_equal(exit_code_of(child), 0);
    assert_plays(first, 5, 320, 192);
    assert_plays(second, 6, 320, 192);
    painter_finish(&sdr);
    painter_finish(&hdr);
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
        IN_FOLDER(an_unwritable_path_fails_at_open),
        IN_FOLDER(a_full_disk_is_told_once_and_ends_the_recording),
        IN_FOLDER(what_fitted_on_a_full_disk_plays),
        IN_FOLDER(what_fitted_under_a_size_limit_plays),
        IN_FOLDER(a_killed_recorder_leaves_what_it_wrote_playable),
        cmocka_unit_test(no_receiver_is_told_at_open),
        cmocka_unit_test(a_receiver_that_takes_nothing_can_be_cancelled),
        IN_FOLDER(a_live_stream_connects_again_for_another_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
