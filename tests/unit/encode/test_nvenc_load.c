/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What nvenc_win32.c does of Windows: the fake as a DLL, events, Direct3D devices, a thread apart. */

#include "support.h"

#include "fake_nvenc.h"

#include "encode/nvenc.h"
#include "encode/nvenc_system.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 320, HEIGHT = 192, LOOKS = 3000 };

static char *library; /* path of the fake */
static struct fr_nvenc_system sys;
static struct fake_nvenc *fake;
static void (*complete)(void);
static bool (*balanced)(void);

static void *symbol(HMODULE module, const char *name)
{
    void *found;
    FARPROC address = GetProcAddress(module, name);
    assert_true(address != NULL);
    memcpy(&found, &address, sizeof(found));
    return found;
}

/* The fake as new; the test keeps it loaded. */
static int set_up(void **state)
{
    HMODULE module = LoadLibraryA(library);
    struct fake_nvenc *(*reset)(void);
    void *found[3];
    assert_non_null(module);
    *state = module;
    found[0] = symbol(module, "FakeReset");
    found[1] = symbol(module, "FakeComplete");
    found[2] = symbol(module, "FakeBalanced");
    memcpy(&reset, &found[0], sizeof(reset));
    memcpy(&complete, &found[1], sizeof(complete));
    memcpy(&balanced, &found[2], sizeof(balanced));
    fake = reset();
    sys = fr_nvenc_native;
    sys.self = library;
    return 0;
}

static int tear_down(void **state)
{
    FreeLibrary(*state);
    return 0;
}

static const struct fr_encoder_row h264 = {.name = "h264_nvenc",
                                           .codec = FR_CODEC_H264,
                                           .vbv_frames = 1,
                                           .options = "preset=p1 tune=ull",
                                           .quality_options = "rc=constqp qp=22"};

static struct fr_encoder_config config_of(void)
{
    return (struct fr_encoder_config){.width = WIDTH,
                                      .height = HEIGHT,
                                      .format = FR_FORMAT_NV12,
                                      .colour = fr_colour_of(FR_FORMAT_NV12),
                                      .ticks_per_second = 90000,
                                      .fps_mhz = 60000,
                                      .gop_frames = 120};
}

static struct fr_encoder *open_encoder(void)
{
    char reason[FR_REASON_BYTES] = "";
    struct fr_encoder *encoder = NULL;
    const struct fr_encoder_config config = config_of();
    if (fr_nvenc_open_on(&sys, &encoder, &h264, &config, reason) != FR_OK)
        fail_msg("it does not open: %s", reason);
    return encoder;
}

static void assert_good(void)
{
    if (fake->wrong)
        fail_msg("%s", fake->wrong);
    assert_true(balanced());
}

static void frames_go_through_a_real_library_with_real_events(void **state)
{
    struct painter painter;
    AVPacket *packet = av_packet_alloc();
    (void)state;
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_encoder();
    assert_non_null(fake->device);
    for (int64_t i = 0; i < 9; i++) {
        fr_frame frame = painter_next(&painter);
        assert_int_equal(encoder->ops->send(encoder, &frame, i, false), FR_OK);
        fr_frame_release(&frame);
        assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
        assert_int_equal(packet->pts, i);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    fr_encoder_destroy(&encoder);
    painter_finish(&painter);
    assert_int_equal(fake->frames, 9);
    assert_int_equal(fake->events.made, 5);
    assert_good();
}

static void a_stalled_session_ends_on_a_thread_of_its_own(void **state)
{
    struct painter painter;
    AVPacket *packet = av_packet_alloc();
    (void)state;
    sys.answer_ms = 10;
    sys.reap_ms = 0;
    painter_init(&painter, WIDTH, HEIGHT, FR_FORMAT_NV12);
    struct fr_encoder *encoder = open_encoder();
    fake->stalled = true;
    fr_frame frame = painter_next(&painter);
    assert_int_equal(encoder->ops->send(encoder, &frame, 0, false), FR_OK);
    fr_frame_release(&frame);
    assert_int_equal(encoder->ops->receive(encoder, packet), FR_ERR_ENCODER);
    assert_non_null(strstr(encoder->reason, "no answer for 10 ms"));
    fr_encoder_destroy(&encoder);
    assert_int_equal(fake->sessions.undone, 0);
    fake->stalled = false;
    complete();
    for (int i = 0; i < LOOKS && !*(volatile uint32_t *)&fake->sessions.undone; i++)
        Sleep(10);
    assert_good();
    av_packet_free(&packet);
    painter_finish(&painter);
}

static void devices_are_counted_by_their_references(void **state)
{
    void *device = NULL;
    uint32_t adapter = 0;
    (void)state;
    fr_status status = sys.device_create(sys.self, adapter, &device);
    while (status < 0)
        status = sys.device_create(sys.self, ++adapter, &device);
    assert_int_equal(status, FR_OK);
    assert_false(sys.device_lost(sys.self, device));
    sys.ref(sys.self, device);
    sys.unref(sys.self, device);
    sys.unref(sys.self, device);
    assert_int_equal(sys.device_create(sys.self, 1000, &device), FR_END);
    assert_null(device);
}

static void events_reset_when_they_were_waited_for(void **state)
{
    (void)state;
    void *event = sys.event_create(sys.self);
    assert_non_null(event);
    assert_int_equal(sys.event_wait(sys.self, event, 0), FR_NVENC_TIMEOUT);
    SetEvent(event);
    assert_int_equal(sys.event_wait(sys.self, event, 0), FR_NVENC_SIGNALLED);
    assert_int_equal(sys.event_wait(sys.self, event, 0), FR_NVENC_TIMEOUT);
    sys.event_destroy(sys.self, event);
    assert_int_equal(sys.event_wait(sys.self, event, 0), FR_NVENC_WAIT_FAILED);
}

static void assert_no_library(struct fr_nvenc_system *system, const char *word)
{
    char reason[FR_REASON_BYTES] = "";
    struct fr_encoder *encoder = NULL;
    const struct fr_encoder_config config = config_of();
    assert_int_equal(fr_nvenc_open_on(system, &encoder, &h264, &config, reason), FR_ERR_ENCODER);
    assert_null(encoder);
    if (!strstr(reason, word))
        fail_msg("'%s' does not say '%s'", reason, word);
}

static void a_library_that_is_not_there_or_not_nvencs_is_told(void **state)
{
    char nowhere[] = "C:\\nowhere\\nvEncodeAPI64.dll", other[] = "kernel32.dll";
    (void)state;
    sys.self = nowhere;
    assert_no_library(&sys, "is not there");
    sys.self = other;
    assert_no_library(&sys, "too old: update the NVIDIA driver");
}

/* From the folder of the system alone, not from beside the program or from where it was started. */
static void the_drivers_library_is_not_taken_from_anywhere(void **state)
{
    char folder[MAX_PATH], *end;
    (void)state;
    FreeLibrary(*state); /* a module that is loaded is found by its name */
    strcpy(folder, library);
    end = strrchr(folder, '\\');
    if (!end)
        end = strrchr(folder, '/');
    *end = '\0';
    assert_true(SetCurrentDirectoryA(folder));
    sys.self = NULL;
    assert_no_library(&sys, "nvEncodeAPI64.dll is not there");
    *state = LoadLibraryA(library);
}

#define WITH_FAKE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WITH_FAKE(frames_go_through_a_real_library_with_real_events),
        WITH_FAKE(a_stalled_session_ends_on_a_thread_of_its_own),
        WITH_FAKE(devices_are_counted_by_their_references),
        WITH_FAKE(events_reset_when_they_were_waited_for),
        WITH_FAKE(a_library_that_is_not_there_or_not_nvencs_is_told),
        WITH_FAKE(the_drivers_library_is_not_taken_from_anywhere),
    };
    if (argc != 2)
        return 2;
    library = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}
