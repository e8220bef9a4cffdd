/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The whole program but for its command line, on a real device and the library's own ring, against a host:
 * only the duplication is a fake. */
#include "fake_dxgi.h"

#include "desktop/desk.h"

#include <framering/capture.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define NUM_STEPS 4

/* What the desktop shows, step by step. */
static const struct step {
    uint32_t width, height;
    uint32_t bgra;
    fr_turn turn;
    uint8_t luma; /* of BT.709, limited */
} steps[NUM_STEPS] = {
    {320, 180, 0xffffffffu, FR_TURN_0, 235},
    {320, 180, 0xff000000u, FR_TURN_0, 16},
    {200, 240, 0xffffffffu, FR_TURN_90, 235},
    {256, 128, 0xffff0000u, FR_TURN_180, 63},
};

struct session {
    struct fake_dxgi fake;
    fr_desktop_api api, fake_api;
    fr_desk_options options;
    LONG devices; /* made */
    LONG wanted;  /* shared: the step to show */
    LONG shown;
    LONG stop; /* shared */
    int exit_code;
};

static struct session session;

bool __wrap_fr_program_stopped(void);
bool __wrap_fr_program_stopped(void)
{
    return InterlockedCompareExchange(&session.stop, 0, 0) != 0;
}

static HRESULT create_device(void *self, IDXGIAdapter1 *adapter, ID3D11Device **device,
                             ID3D11DeviceContext **context)
{
    (void)self, (void)adapter;
    session.devices++;
    const HRESULT result =
        D3D11CreateDevice(NULL, D3D_DRIVER_TYPE_HARDWARE, NULL, D3D11_CREATE_DEVICE_BGRA_SUPPORT, NULL, 0,
                          D3D11_SDK_VERSION, device, NULL, context);
    session.fake.real = *device;
    return result;
}

static void show(LONG number)
{
    const struct step *step = &steps[number];
    struct fake_dxgi *fake = &session.fake;
    const bool resized = fake->desktop.width != step->width || fake->desktop.height != step->height;
    fake->next_frame = fake->num_frames = 0;
    if (resized) {
        fake_dxgi_set_mode(fake, step->width, step->height, FR_FORMAT_BGRA8);
        fake->turn = step->turn;
        fake_dxgi_add(fake)->result = DXGI_ERROR_ACCESS_LOST;
    }
    fr_canvas_fill(&fake->desktop, (fr_rect){0, 0, step->width, step->height}, step->bgra);
    fake_dxgi_add(fake);
    session.shown = number;
}

/* On the desk's thread. A wait as Windows' is: the fake comes back at once. */
static void before_acquire(void *user)
{
    (void)user;
    const LONG wanted = InterlockedCompareExchange(&session.wanted, 0, 0);
    if (wanted != session.shown)
        show(wanted);
    else if (session.fake.next_frame == session.fake.num_frames)
        Sleep(session.fake.last_timeout_ms);
}

static DWORD WINAPI run_desk(void *unused)
{
    (void)unused;
    session.exit_code = fr_desk_run(&session.options, &session.api);
    return 0;
}

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    print_message("host: %s\n", text);
}

static fr_capture *open_host(uint32_t target)
{
    const fr_capture_params params = {
        .target_id = target,
        .backend = FR_BACKEND_CPU,
        .timing = {.attach_wait_ns = 20 * FR_NS_PER_S, .recovery_ns = 20 * FR_NS_PER_S},
        .log = {.write = write_log, .max_level = FR_LOG_WARNING},
    };
    fr_capture *capture;
    assert_int_equal(fr_capture_open(&capture, &params, NULL), FR_OK);
    return capture;
}

/* Every pixel of the picture has that luma, give or take a code. */
static bool is_step(const fr_frame *frame, const struct step *step)
{
    if (frame->width != step->width || frame->height != step->height || !frame->plane[0])
        return false;
    for (uint32_t y = 0; y < frame->height; y++)
        for (uint32_t x = 0; x < frame->width; x++)
            if (abs(frame->plane[0][y * frame->pitch_bytes[0] + x] - step->luma) > 1)
                return false;
    return true;
}

static void expect_step(fr_capture *capture, const struct step *step)
{
    bool seen = false;
    for (int i = 0; i < 1000 && !seen; i++) {
        fr_frame frame;
        const fr_status status = fr_capture_next(capture, &frame);
        assert_true(status >= 0);
        if (status == FR_OK)
            seen = is_step(&frame, step);
        fr_frame_release(&frame);
    }
    assert_true(seen);
}

static void a_host_sees_the_desktop_and_its_changes(void **state)
{
    (void)state;
    const uint32_t target = 40000 + GetCurrentProcessId() % 20000;
    fake_dxgi_init(&session.fake, steps[0].width, steps[0].height, FR_FORMAT_BGRA8);
    session.fake.before_acquire = before_acquire;
    session.api = fake_dxgi_api(&session.fake);
    session.api.create_device = create_device;
    session.options.feed =
        (fr_feed_options){.program = {.name = "source"}, .has_target = true, .target_id = target};
    show(0);
    HANDLE thread = CreateThread(NULL, 0, run_desk, NULL, 0, NULL);
    assert_non_null(thread);
    fr_capture *capture = open_host(target);
    for (LONG i = 0; i < NUM_STEPS; i++) {
        InterlockedExchange(&session.wanted, i);
        expect_step(capture, &steps[i]);
    }
    fr_capture_info info;
    fr_capture_get_info(capture, &info);
    assert_string_equal(info.source_name, "desktop");
    assert_int_equal(info.mismatched, 0);
    assert_int_equal(info.display.mode.refresh_mhz, 59940);
    fr_capture_close(&capture);

    /* The next host finds it again. */
    capture = open_host(target);
    expect_step(capture, &steps[NUM_STEPS - 1]);
    fr_capture_close(&capture);
    InterlockedExchange(&session.stop, 1);
    assert_int_equal(WaitForSingleObject(thread, 20000), WAIT_OBJECT_0);
    CloseHandle(thread);
    assert_int_equal(session.exit_code, FR_EXIT_DONE);
    assert_int_equal(session.devices, 1);
    assert_int_equal(session.fake.live, 0);
    fake_dxgi_finish(&session.fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_sees_the_desktop_and_its_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
