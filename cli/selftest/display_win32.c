/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What the display configuration says, and a picture of the desktop. */
#include "selftest/areas_win32.h"
#include "selftest/gpu_win32.h"

#include "clock.h"
#include "win32/probe_parts.h"

#include <framering/win32.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FLIP_MS = 6000, LOOK_MS = 100, FRAME_MS = 500, FRAME_TRIES = 10 };

/* The first active display. False: there is none, and the row says so. */
static bool first_display(struct selftest *test, fr_display_provider *out, char *name, size_t bytes)
{
    json_t *displays = probe_displays();
    const json_t *first = json_array_get(displays, 0);
    bool made = false;
    if (first) {
        const fr_ccd_params params = {.target_id =
                                          (uint32_t)json_integer_value(json_object_get(first, "target"))};
        const char *text = json_string_value(json_object_get(first, "name"));
        const fr_log log = selftest_log(test);
        snprintf(name, bytes, "%s (target %" PRIu32 ")", text && *text ? text : "the display",
                 params.target_id);
        const fr_status status = fr_ccd_create(out, &params, &log);
        made = status == FR_OK;
        if (!made)
            selftest_fail(test, "the display configuration cannot be read: %s",
                          selftest_reason(test, status));
    } else {
        selftest_not_available(test, "no display is active in this session");
    }
    json_decref(displays);
    return made;
}

static void query(struct selftest *test)
{
    fr_display_provider display;
    fr_display_descriptor now = {.colour_state = FR_COLOUR_STATE_UNKNOWN};
    char name[128];
    if (!first_display(test, &display, name, sizeof name))
        return;
    const fr_status status = display.sample(display.self, &now);
    if (status < 0)
        selftest_fail(test, "%s cannot be read: %s", name, selftest_reason(test, status));
    else if (now.mode.width == 0)
        selftest_fail(test, "%s has no mode", name);
    else if (now.colour_state == FR_COLOUR_STATE_UNKNOWN)
        selftest_not_available(test,
                               "%s: %" PRIu32 "x%" PRIu32 ", but the system does not say whether HDR is on",
                               name, now.mode.width, now.mode.height);
    else
        selftest_pass(test, "%s: %" PRIu32 "x%" PRIu32 " at %" PRIu32 ".%03" PRIu32 " Hz, %s", name,
                      now.mode.width, now.mode.height, now.mode.refresh_mhz / 1000,
                      now.mode.refresh_mhz % 1000, fr_colour_state_name(now.colour_state));
    fr_ccd_destroy(&display);
}

/* Asks for HDR and waits until the display shows it. */
static fr_status set_hdr(fr_display_provider *display, bool on)
{
    const uint64_t until_ns = fr_clock_now_ns() + FLIP_MS * NS_PER_MS;
    fr_status status = display->set_hdr(display->self, on);
    while (status >= 0) {
        fr_display_descriptor now = {.colour_state = FR_COLOUR_STATE_UNKNOWN};
        if (display->sample(display->self, &now) == FR_OK &&
            (now.colour_state == FR_COLOUR_STATE_HDR) == on && now.colour_state != FR_COLOUR_STATE_UNKNOWN)
            return FR_OK;
        if (fr_clock_now_ns() >= until_ns)
            return FR_TIMEOUT;
        clock_sleep_ns(LOOK_MS * NS_PER_MS);
    }
    return status;
}

static void flip(struct selftest *test)
{
    fr_display_provider display;
    fr_display_descriptor before = {.colour_state = FR_COLOUR_STATE_UNKNOWN};
    char name[128];
    if (!first_display(test, &display, name, sizeof name))
        return;
    fr_status status = display.sample(display.self, &before);
    const bool was_on = before.colour_state == FR_COLOUR_STATE_HDR;
    if (status < 0 || before.colour_state == FR_COLOUR_STATE_UNKNOWN) {
        selftest_not_available(test, "the system does not say whether HDR is on for %s", name);
    } else {
        status = set_hdr(&display, !was_on);
        const fr_status back = set_hdr(&display, was_on);
        if (status == FR_ERR_UNSUPPORTED)
            selftest_not_available(test, "%s has no HDR", name);
        else if (status != FR_OK)
            selftest_fail(test, "HDR of %s did not go %s: %s", name, was_on ? "off" : "on",
                          selftest_reason(test, status));
        else if (back != FR_OK)
            selftest_fail(test, "HDR of %s did not go back %s: %s", name, was_on ? "on" : "off",
                          selftest_reason(test, back));
        else
            selftest_pass(test, "HDR of %s went %s and back", name, was_on ? "off" : "on");
    }
    fr_ccd_destroy(&display);
}

/* ---- the fall-back capture ---- */

static bool failed(struct gpu *gpu, const char *call, HRESULT result)
{
    gpu->call = call;
    gpu->result = result;
    return FAILED(result);
}

static bool duplicate(struct gpu *gpu, IDXGIOutputDuplication **out)
{
    IDXGIOutput *output = NULL;
    IDXGIOutput1 *output1 = NULL;
    if (failed(gpu, "EnumOutputs", IDXGIAdapter1_EnumOutputs(gpu->adapter, 0, &output)))
        return false;
    HRESULT result = IDXGIOutput_QueryInterface(output, &IID_IDXGIOutput1, (void **)&output1);
    IDXGIOutput_Release(output);
    if (failed(gpu, "IDXGIOutput1", result))
        return false;
    result = IDXGIOutput1_DuplicateOutput(output1, (IUnknown *)gpu->device, out);
    IDXGIOutput1_Release(output1);
    return !failed(gpu, "DuplicateOutput", result);
}

/* A still desktop may give nothing for a while; the first picture comes at once. */
static bool take_picture(struct gpu *gpu, IDXGIOutputDuplication *duplication)
{
    HRESULT result = DXGI_ERROR_WAIT_TIMEOUT;
    for (int i = 0; i < FRAME_TRIES && result == DXGI_ERROR_WAIT_TIMEOUT; i++) {
        DXGI_OUTDUPL_FRAME_INFO info;
        IDXGIResource *resource = NULL;
        result = IDXGIOutputDuplication_AcquireNextFrame(duplication, FRAME_MS, &info, &resource);
        if (SUCCEEDED(result)) {
            IDXGIResource_Release(resource);
            IDXGIOutputDuplication_ReleaseFrame(duplication);
        }
    }
    return !failed(gpu, "AcquireNextFrame", result);
}

static void desktop(struct selftest *test)
{
    struct gpu gpu;
    IDXGIOutputDuplication *duplication = NULL;
    if (!gpu_open_desktop(&gpu)) {
        gpu_conclude(test, &gpu);
    } else if (!duplicate(&gpu, &duplication)) {
        selftest_code(test, (uint32_t)gpu.result);
        /* A session without a desktop, or one that belongs to somebody else. */
        if (gpu.result == E_ACCESSDENIED || gpu.result == DXGI_ERROR_SESSION_DISCONNECTED)
            selftest_not_available(test, "%s: this session's desktop is not ours to see", gpu.call);
        else
            gpu_conclude(test, &gpu);
    } else if (!take_picture(&gpu, duplication)) {
        gpu_conclude(test, &gpu);
    } else {
        selftest_pass(test, "a picture of the desktop was taken from %s", gpu.name);
    }
    if (duplication)
        IDXGIOutputDuplication_Release(duplication);
    gpu_close(&gpu);
}

static const struct selftest_row rows[] = {
    {"display", "query", "mode and HDR of the first display", 20000, false, query, NULL},
    {"display", "hdr-flip", "HDR switched there and back", 40000, true, flip, NULL},
    {"display", "duplication", "one picture of the desktop", 30000, false, desktop, NULL},
};
const struct selftest_rows selftest_display = {rows, sizeof rows / sizeof rows[0]};
