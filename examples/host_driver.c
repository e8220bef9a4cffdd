/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A host for the driver of examples/iddcx: carries each ring to it by an IOCTL, records 300 frames.
 *
 *     host-driver DEVICE TARGET [FILE]
 *
 * DEVICE is the path of the driver's device interface (CM_Get_Device_Interface_List finds it), TARGET the
 * number of the virtual monitor's target. To be run as SYSTEM or as an administrator: it duplicates handles
 * into the driver's process. */

#include "iddcx/ioctl.h"

#include <framering/encode.h>
#include <framering/win32.h>

#include <stdio.h>
#include <stdlib.h>

enum { REQUEST_MS = 2000 };

/* Sends one request and waits for its end, which the driver owes at once. */
static bool request(HANDLE device, DWORD code, const void *in, DWORD in_bytes, void *out, DWORD out_bytes)
{
    OVERLAPPED call = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
    if (!call.hEvent)
        return false;
    DWORD got = 0;
    BOOL done = DeviceIoControl(device, code, (void *)(uintptr_t)in, in_bytes, out, out_bytes, NULL, &call);
    if (!done && GetLastError() == ERROR_IO_PENDING) {
        /* After a cancel the result still decides: the driver may have completed it just before. */
        if (WaitForSingleObject(call.hEvent, REQUEST_MS) != WAIT_OBJECT_0)
            CancelIoEx(device, &call);
        done = GetOverlappedResult(device, &call, &got, TRUE);
    } else if (done) {
        done = GetOverlappedResult(device, &call, &got, FALSE);
    }
    CloseHandle(call.hEvent);
    return done && got == out_bytes;
}

/* Which process opens the handles: the driver's host, which may be another after it was restarted. */
static fr_status find_source(void *user, fr_win32_peer *out)
{
    struct example_source source;
    if (!request(user, IOCTL_EXAMPLE_GET_SOURCE, NULL, 0, &source, sizeof source))
        return FR_AGAIN;
    *out = (fr_win32_peer){.pid = source.pid, .capabilities = source.capabilities};
    return FR_OK;
}

static fr_status deliver(void *user, const fr_win32_ring *ring)
{
    return request(user, IOCTL_EXAMPLE_SET_RING, ring, sizeof *ring, NULL, 0) ? FR_OK : FR_ERR_REFUSED;
}

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "%s\n", text);
}

static int record(fr_capture *capture, const char *file, fr_log log)
{
    const fr_recorder_params out = {.url = file, .log = log};
    fr_recorder *recorder;
    if (fr_recorder_open(&recorder, &out) < 0)
        return 1;
    fr_status status = FR_OK;
    for (int frames = 0; frames < 300 && status >= 0;) {
        fr_frame frame;
        status = fr_capture_next(capture, &frame);
        if (status != FR_OK && status != FR_REPEAT)
            continue;
        status = fr_recorder_put(recorder, &frame);
        fr_frame_release(&frame);
        frames++;
    }
    const fr_status closed = fr_recorder_close(&recorder);
    return status < 0 || closed < 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: host-driver DEVICE TARGET [FILE]\n");
        return 2;
    }
    const fr_log log = {.write = write_log};
    const uint32_t target = (uint32_t)strtoul(argv[2], NULL, 0);
    HANDLE device = CreateFileA(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                                FILE_FLAG_OVERLAPPED, NULL);
    if (device == INVALID_HANDLE_VALUE) {
        fprintf(stderr, "the driver's device cannot be opened (error %lu)\n", GetLastError());
        return 1;
    }
    const fr_win32_host_params win32 = {
        .channel = FR_WIN32_CHANNEL_DELIVERED,
        .courier = {.user = device, .find_source = find_source, .deliver = deliver},
        .source_image = "C:\\Windows\\System32\\WUDFHost.exe",
    };
    fr_display_provider display;
    const fr_ccd_params ccd = {.target_id = target};
    int result = 1;
    if (fr_ccd_create(&display, &ccd, &log) == FR_OK) {
        const fr_capture_params params = {
            .target_id = target, .win32 = &win32, .display = &display, .log = log};
        fr_capture *capture;
        if (fr_capture_open(&capture, &params, NULL) == FR_OK)
            result = record(capture, argc > 3 ? argv[3] : "example.mkv", log);
        fr_capture_close(&capture);
        fr_ccd_destroy(&display);
    }
    CloseHandle(device); /* how the driver hears that this host is gone */
    return result;
}
