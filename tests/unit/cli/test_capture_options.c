/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "capture_options.h"
#include "commands.h"
#include "system/system.h"

#include <framering/convert.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *folder;
static char program[FILES_PATH_MAX];

static int make_source(void **state)
{
    (void)state;
    char actor[FILES_PATH_MAX];
    folder = system_folder_create();
    snprintf(program, sizeof program, "%s/framering-source-fake%s", folder, files_program_suffix);
    assert_true(files_beside(FR_TEST_ACTOR, actor, sizeof actor));
    system_program_copy(actor, program);
    system_set_env("FRAMERING_SOURCE_DIR", folder);
    return 0;
}

static int remove_source(void **state)
{
    (void)state;
    system_folder_remove(folder);
    return 0;
}

/* Parses "framering capture WORDS..."; the caller frees the result. */
static struct capture_options *parse(const char *words, bool *good, int *exit_code)
{
    static char text[1024];
    static char name[] = "capture";
    char *argv[64] = {name};
    int argc = 1;
    snprintf(text, sizeof text, "%s", words);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    struct capture_options *o = calloc(1, sizeof *o);
    assert_non_null(o);
    *good = capture_options_parse(o, argc, argv, exit_code);
    return o;
}

static void refuse(const char *words)
{
    bool good;
    int exit_code = -1;
    struct capture_options *o = parse(words, &good, &exit_code);
    assert_false(good);
    assert_int_equal(exit_code, EXIT_USAGE);
    free(o);
}

static void everything(void **state)
{
    (void)state;
    bool good;
    int exit_code;
    struct capture_options *o =
        parse("--source none --target 7 --size 1280x720 --fps 30 --sdr --codec hevc --encoder "
              "libx265 --encoder-options preset=fast --bitrate 5000 --backend cpu --spin 50us --cpu-mask "
              "avx512,avx2 --for 2m "
              "--frames 10 --json --no-restart --no-repeats out.mp4",
              &good, &exit_code);
    assert_true(good);
    const struct session_params *s = &o->session;
    assert_null(s->source_argv);
    assert_int_equal(s->capture.target_id, 7);
    assert_false(s->any_target);
    assert_int_equal(s->capture.preferred.width, 1280);
    assert_int_equal(s->capture.preferred.height, 720);
    assert_int_equal(s->capture.preferred.refresh_mhz, 30000);
    assert_true(s->capture.sdr_output);
    assert_int_equal(s->capture.spin_ns, 50000);
    assert_int_equal(s->capture.cpu_mask, FR_CPU_AVX512 | FR_CPU_AVX2);
    assert_true(s->capture.timing.attach_wait_ns == UINT64_MAX);
    assert_int_equal(s->capture.backend, FR_BACKEND_CPU);
    assert_int_equal(s->recorder.codec, FR_CODEC_HEVC);
    assert_string_equal(s->recorder.encoder, "libx265");
    assert_string_equal(s->recorder.options, "preset=fast");
    assert_int_equal(s->recorder.bitrate_kbps, 5000);
    assert_int_equal(s->recorder.fps_mhz, 30000);
    assert_int_equal(s->cap_mhz, 30000);
    assert_true(s->for_ns == UINT64_C(120) * 1000000000);
    assert_int_equal(s->frames, 10);
    assert_false(s->restart);
    assert_true(s->no_repeats);
    assert_true(o->json);
    assert_string_equal(s->recorder.url, "out.mp4");
    free(o);
}

static void defaults(void **state)
{
    (void)state;
    bool good;
    int exit_code;
    struct capture_options *o = parse("--source none", &good, &exit_code);
    assert_true(good);
    assert_true(o->session.any_target);
    assert_true(o->session.restart);
    assert_int_equal(o->session.recorder.fps_mhz, 60000);
    assert_true(o->session.capture.spin_ns == capture_system_spin_ns());
    assert_int_equal(strncmp(o->out, "framering-", 10), 0);
    assert_string_equal(o->out + strlen(o->out) - 4, ".mkv");
    free(o);
}

static void a_spin_of_nothing_is_none(void **state)
{
    (void)state;
    bool good;
    int exit_code;
    struct capture_options *o = parse("--source none --spin 0", &good, &exit_code);
    assert_true(good);
    assert_int_equal(o->session.capture.spin_ns, 0);
    free(o);
}

static void options_of_the_source(void **state)
{
    (void)state;
    static const char *const wanted[] = {"--at",   "2s:hdr=on", "--loop", "--at", "4s:exit",
                                         "--size", "640x480",   "--fps",  "25",   "--hdr"};
    bool good;
    int exit_code;
    struct capture_options *o =
        parse("--at 2s:hdr=on --loop --source fake --at=4s:exit --size=640x480 --fps 25 --hdr "
              "null:",
              &good, &exit_code);
    assert_true(good);
    assert_ptr_equal(o->session.source_argv, o->source_argv);
    assert_true(o->session.capture.timing.attach_wait_ns == UINT64_C(15) * 1000000000);
    assert_string_equal(o->source_argv[0], program);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_string_equal(o->source_argv[i + 1], wanted[i]);
    assert_null(o->source_argv[1 + sizeof wanted / sizeof wanted[0]]);
    assert_true(o->session.capture.want_10bit);
    free(o);
    o = parse("--source fake:/tmp/a:b.mkv hash:", &good, &exit_code);
    assert_true(good);
    assert_string_equal(o->source_argv[1], "/tmp/a:b.mkv");
    assert_null(o->source_argv[2]);
    free(o);
}

static void outputs(void **state)
{
    (void)state;
    static const char *const good_ones[] = {"a.mkv",           "a.MP4", "b.c.ts", "/tmp/x.y4m",
                                            "udp://1.2.3.4:5", "hash:", "null:"};
    bool good;
    int exit_code;
    for (size_t i = 0; i < sizeof good_ones / sizeof good_ones[0]; i++) {
        char words[64];
        snprintf(words, sizeof words, "--source none %s", good_ones[i]);
        struct capture_options *o = parse(words, &good, &exit_code);
        assert_true(good);
        assert_string_equal(o->out, good_ones[i]);
        free(o);
    }
    refuse("--source none a.avi");
    refuse("--source none mkv");
    refuse("--source none .mkv");
    refuse("--source none a.mkv b.mkv");
}

static void refusals(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "--source nothing-like-it a.mkv",
        "--source none --size 0x100 a.mkv",
        "--source none --size 20000x100 a.mkv",
        "--source none --codec vp9 a.mkv",
        "--source none --backend glide a.mkv",
        "--source none --fps 0 a.mkv",
        "--source none --for 0 a.mkv",
        "--source none --for",
        "--source none --frames 0 a.mkv",
        "--source none --bitrate x a.mkv",
        "--source none --cpu-mask avx a.mkv",
        "--source none --target -1 a.mkv",
        "--source none --nonsense a.mkv",
        "--source fake --nonsense a.mkv",
        "--source none --at 2s:exit a.mkv",
        "--source file a.mkv",
        "--source ../fake a.mkv",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse(bad[i]);
}

#ifdef _WIN32
static void windows(void **state)
{
    (void)state;
    bool good;
    int exit_code;
    struct capture_options *o =
        parse("--source none --backend d3d11 --adapter GeForce --no-fence --sddl D:P(A;;GA;;;SY) "
              "--source-image C:\\x.exe --name-prefix mine a.mkv",
              &good, &exit_code);
    assert_true(good);
    const fr_capture_params *c = &o->session.capture;
    assert_int_equal(c->backend, FR_BACKEND_D3D11);
    assert_string_equal(c->d3d11->adapter, "GeForce");
    assert_true(c->d3d11->no_fence);
    assert_int_equal(c->win32->channel, FR_WIN32_CHANNEL_PIPE);
    assert_string_equal(c->win32->sddl, "D:P(A;;GA;;;SY)");
    assert_string_equal(c->win32->source_image, "C:\\x.exe");
    assert_string_equal(c->runtime_dir, "mine");
    free(o);
}

/* A source of ours that finds its host by names has to be told all of it. */
static void named(void **state)
{
    (void)state;
    static const char *const wanted[] = {"--target", "7", "--channel", "named", "--name-prefix", "Local\\t"};
    bool good;
    int exit_code;
    struct capture_options *o =
        parse("--source fake --target 7 --channel named --wire-version 1 --name-prefix Local\\t a.mkv", &good,
              &exit_code);
    assert_true(good);
    const fr_win32_host_params *w = o->session.capture.win32;
    assert_int_equal(w->channel, FR_WIN32_CHANNEL_NAMED);
    assert_int_equal(w->wire_version, 1);
    assert_string_equal(w->name_prefix, "Local\\t");
    assert_true(o->session.uninvited);
    assert_false(o->session.any_target);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        assert_string_equal(o->source_argv[i + 1], wanted[i]);
    assert_null(o->source_argv[1 + sizeof wanted / sizeof wanted[0]]);
    free(o);
}

static void windows_refusals(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "--source none --channel smoke a.mkv",
        "--source none --wire-version 1 a.mkv",
        "--source none --channel named --wire-version 3 a.mkv",
        "--source none --everyone a.mkv",

        "--source none --channel named --source-image C:\\x.exe a.mkv",
        "--source none --channel named --everyone --sddl D:P(A;;GA;;;SY) a.mkv",
        "--source none --channel named --wire-version 1 --backend cpu a.mkv",
        "--source none --adapter= a.mkv",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refuse(bad[i]);
}
#else
static void runtime_dir(void **state)
{
    (void)state;
    bool good;
    int exit_code;
    struct capture_options *o = parse("--source none --runtime-dir /tmp/x a.mkv", &good, &exit_code);
    assert_true(good);
    assert_string_equal(o->session.capture.runtime_dir, "/tmp/x");
    assert_null(o->session.capture.win32);
    free(o);
    refuse("--source none --backend d3d11 a.mkv");
    refuse("--source none --channel named a.mkv");
}

static void vulkan(void **state)
{
    (void)state;
    bool good;
    int exit_code;
    struct capture_options *o =
        parse("--source none --backend vulkan --gpu NVIDIA --no-dma-buf --no-timeline --no-sync-file a.mkv",
              &good, &exit_code);
    assert_true(good);
    const fr_capture_params *c = &o->session.capture;
    assert_int_equal(c->backend, FR_BACKEND_VULKAN);
    assert_string_equal(c->vulkan->device, "NVIDIA");
    assert_true(c->vulkan->no_dma_buf && c->vulkan->no_timeline && c->vulkan->no_sync_file);
    assert_false(c->vulkan->no_opaque_fd || c->vulkan->no_host_memory);
    free(o);
    o = parse("--source none --no-opaque-fd --no-host-memory a.mkv", &good, &exit_code);
    assert_true(good);
    assert_int_equal(o->session.capture.backend, FR_BACKEND_AUTO);
    assert_null(o->session.capture.vulkan->device);
    assert_true(o->session.capture.vulkan->no_opaque_fd && o->session.capture.vulkan->no_host_memory);
    free(o);
    refuse("--source none --gpu= a.mkv");
}
#endif

static void help(void **state)
{
    (void)state;
    bool good;
    int exit_code = -1;
    struct capture_options *o = parse("--source nothing-like-it --help", &good, &exit_code);
    free(o);
    o = parse("--help", &good, &exit_code);
    assert_false(good);
    assert_int_equal(exit_code, EXIT_DONE);
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),
        cmocka_unit_test(defaults),
        cmocka_unit_test(a_spin_of_nothing_is_none),
        cmocka_unit_test(options_of_the_source),
        cmocka_unit_test(outputs),
        cmocka_unit_test(refusals),
#ifdef _WIN32
        cmocka_unit_test(windows),
        cmocka_unit_test(named),
        cmocka_unit_test(windows_refusals),
#else
        cmocka_unit_test(runtime_dir),
        cmocka_unit_test(vulkan),
#endif
        cmocka_unit_test(help),
    };
    return cmocka_run_group_tests(tests, make_source, remove_source);
}
