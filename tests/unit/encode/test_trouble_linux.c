/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* setresuid */

/* Places that cannot be written, disks that fill up, recorders that are killed, receivers that are not there
 * or take nothing: with what Linux has for making them. */

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
        IN_FOLDER(an_unwritable_path_fails_at_open),
        IN_FOLDER(a_full_disk_is_told_once_and_ends_the_recording),
        IN_FOLDER(what_fitted_on_a_full_disk_plays),
        IN_FOLDER(what_fitted_under_a_size_limit_plays),
        IN_FOLDER(a_killed_recorder_leaves_what_it_wrote_playable),
        cmocka_unit_test(a_receiver_that_takes_nothing_can_be_cancelled),
        IN_FOLDER(a_live_stream_connects_again_for_another_codec),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
