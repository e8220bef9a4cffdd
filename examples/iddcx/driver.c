/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * What the system and the host call. DriverEntry, the adapter, modes and monitor descriptions are as in any
 * IddCx driver, and not shown; so is WDF_DECLARE_CONTEXT_TYPE: find_display stands for it.
 */

#include "display.h"
#include "ioctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DISPLAYS = 4 };

/* Filled and emptied by example_monitor_arrive and _depart; each display has a lock of its own. */
static struct {
    SRWLOCK lock;
    struct display *display[DISPLAYS];
} driver = {.lock = SRWLOCK_INIT};

void example_trace(const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    OutputDebugStringA(text); /* a driver has its own tracing */
}

static struct display *find_display(IDDCX_MONITOR monitor, bool arrived)
{
    struct display *found = NULL;
    AcquireSRWLockShared(&driver.lock);
    for (size_t i = 0; i < DISPLAYS; i++)
        if (driver.display[i] && driver.display[i]->monitor == monitor &&
            (driver.display[i]->arrived || !arrived))
            found = driver.display[i];
    ReleaseSRWLockShared(&driver.lock);
    return found;
}

/* ---- monitors ---- */

static bool put_display(struct display *from, struct display *to)
{
    bool put = false;
    AcquireSRWLockExclusive(&driver.lock);
    for (size_t i = 0; i < DISPLAYS && !put; i++)
        if (driver.display[i] == from) {
            driver.display[i] = to;
            put = true;
        }
    ReleaseSRWLockExclusive(&driver.lock);
    return put;
}

NTSTATUS example_monitor_arrive(struct display *display, IDDCX_MONITOR monitor)
{
    InitializeSRWLock(&display->lock);
    display->monitor = monitor;
    if (!put_display(NULL, display))
        return STATUS_INSUFFICIENT_RESOURCES;
    IDARG_OUT_MONITORARRIVAL out;
    const NTSTATUS status = IddCxMonitorArrival(monitor, &out);
    AcquireSRWLockExclusive(&driver.lock);
    display->arrived = NT_SUCCESS(status);
    if (display->arrived)
        display->target_id = out.OsTargetId; /* may be another than at the arrival before */
    ReleaseSRWLockExclusive(&driver.lock);
    if (!display->arrived)
        put_display(display, NULL);
    return status;
}

void example_monitor_depart(struct display *display)
{
    if (!display->arrived)
        return;
    IddCxMonitorDeparture(display->monitor); /* calls example_unassign_swap_chain */
    put_display(display, NULL);              /* from here on no request finds it */
    display_stop(display);
    display_close_source(display);
    display_device_finish(&display->gpu);
    ring_box_empty(&display->box);
    *display = (struct display){.arrived = false};
}

/* ---- swap chains ---- */

NTSTATUS example_assign_swap_chain(IDDCX_MONITOR monitor, const IDARG_IN_SETSWAPCHAIN *in)
{
    /* Before the arrival is over the target's number is not known. */
    struct display *display = find_display(monitor, true);
    /* The one code that the system forgives: it assigns another swap chain. It stays the owner of this one.
     */
    if (!display)
        return STATUS_GRAPHICS_INDIRECT_DISPLAY_ABANDON_SWAPCHAIN;
    display_stop(display);
    bool changed;
    const bool works = display_device_ensure(&display->gpu, in->RenderAdapterLuid, &changed);
    if (changed)
        display_close_source(display);
    if (!works)
        return STATUS_GRAPHICS_INDIRECT_DISPLAY_ABANDON_SWAPCHAIN;
    display->counts.devices += changed;
    if (!display->source)
        display_open_source(display);
    return display_start(display, in->hSwapChain, in->hNextSurfaceAvailable)
               ? STATUS_SUCCESS
               : STATUS_GRAPHICS_INDIRECT_DISPLAY_ABANDON_SWAPCHAIN;
}

NTSTATUS example_unassign_swap_chain(IDDCX_MONITOR monitor)
{
    struct display *display = find_display(monitor, false);
    if (display)
        display_stop(display); /* device, source and ring stay: the next swap chain needs them */
    return STATUS_SUCCESS;
}

NTSTATUS example_set_default_hdr_metadata(IDDCX_MONITOR monitor,
                                          const IDARG_IN_MONITOR_SET_DEFAULT_HDR_METADATA *in)
{
    struct display *display = find_display(monitor, false);
    if (!display || in->Type != IDDCX_HDRMETADATA_TYPE_HDR10 || in->Size < sizeof *in->Data.pHdr10 ||
        !in->Data.pHdr10)
        return STATUS_INVALID_PARAMETER;
    AcquireSRWLockExclusive(&display->lock);
    display->default_hdr = *in->Data.pHdr10;
    display->has_default_hdr = true;
    display->default_hdr_changed = true;
    ReleaseSRWLockExclusive(&display->lock);
    return STATUS_SUCCESS;
}

/* ---- the host ---- */

/* The lock is held over fr_source_deliver, which copies, checks and queues, and waits for nothing. */
static NTSTATUS take_ring(struct display *display, const fr_win32_ring *ring, WDFFILEOBJECT host)
{
    AcquireSRWLockExclusive(&display->lock);
    const bool taken = display_give_ring(display, ring);
    if (taken) {
        ring_box_put(&display->box, ring);
        display->host = host;
    }
    ReleaseSRWLockExclusive(&display->lock);
    return taken ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER; /* then the host closes the handles */
}

static NTSTATUS set_ring(WDFREQUEST request)
{
    void *input;
    size_t bytes;
    NTSTATUS status = WdfRequestRetrieveInputBuffer(request, sizeof(fr_win32_ring), &input, &bytes);
    if (!NT_SUCCESS(status))
        return status;
    fr_win32_ring ring; /* what is checked is what is used */
    memcpy(&ring, input, sizeof ring);
    if (ring.magic != FR_WIN32_RING_MAGIC || ring.version != FR_WIN32_RING_VERSION ||
        ring.bytes != sizeof ring || bytes != sizeof ring)
        return STATUS_INVALID_PARAMETER;
    AcquireSRWLockShared(&driver.lock);
    struct display *found = NULL;
    for (size_t i = 0; i < DISPLAYS; i++)
        if (driver.display[i] && driver.display[i]->arrived && driver.display[i]->target_id == ring.target_id)
            found = driver.display[i];
    status = found ? take_ring(found, &ring, WdfRequestGetFileObject(request)) : STATUS_NOT_FOUND;
    ReleaseSRWLockShared(&driver.lock);
    return status;
}

static NTSTATUS get_source(WDFREQUEST request, size_t *written)
{
    void *output;
    const NTSTATUS status =
        WdfRequestRetrieveOutputBuffer(request, sizeof(struct example_source), &output, NULL);
    if (!NT_SUCCESS(status))
        return status;
    const struct example_source answer = {
        .pid = GetCurrentProcessId(),
        /* FR_WIN32_CAN_FENCE too, where every device that may come has ID3D11Device5. */
        .capabilities = FR_WIN32_CAN_MEMORY | FR_WIN32_CAN_KEYED_MUTEX,
    };
    memcpy(output, &answer, sizeof answer);
    *written = sizeof answer;
    return STATUS_SUCCESS;
}

void example_device_io_control(WDFDEVICE device, WDFREQUEST request, size_t out_bytes, size_t in_bytes,
                               ULONG code)
{
    (void)device, (void)out_bytes, (void)in_bytes;
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    size_t written = 0;
    if (code == IOCTL_EXAMPLE_SET_RING)
        status = set_ring(request);
    else if (code == IOCTL_EXAMPLE_GET_SOURCE)
        status = get_source(request, &written);
    WdfRequestCompleteWithInformation(request, status, written);
}

/* The last handle of a file was closed: its host ended, in order or not. */
void example_file_cleanup(WDFFILEOBJECT file)
{
    AcquireSRWLockShared(&driver.lock);
    for (size_t i = 0; i < DISPLAYS; i++) {
        struct display *display = driver.display[i];
        if (!display)
            continue;
        AcquireSRWLockExclusive(&display->lock);
        if (display->host == file) {
            display->host = NULL;
            ring_box_empty(&display->box);
            if (display->source)
                fr_source_host_gone(display->source);
        }
        ReleaseSRWLockExclusive(&display->lock);
    }
    ReleaseSRWLockShared(&driver.lock);
}
