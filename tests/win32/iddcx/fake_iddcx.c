/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_iddcx.h"

#include "iddcx/ioctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WAIT_MS = 20000, LOOK_MS = 1 };

static struct fake_system *the;

static void violation(const char *text)
{
    AcquireSRWLockExclusive(&the->lock);
    the->violations++;
    snprintf(the->violation, sizeof the->violation, "%s", text);
    ReleaseSRWLockExclusive(&the->lock);
}

static void wait_for(bool (*holds)(void), const char *what)
{
    for (int i = 0; i < WAIT_MS / LOOK_MS; i++) {
        if (holds())
            return;
        Sleep(LOOK_MS);
    }
    fail_msg("%s did not happen", what);
}

/* ---- surfaces: what the driver asks for its texture and gives back ---- */

struct surface {
    IDXGIResourceVtbl *vtable;
    LONG references;
    ID3D11Texture2D *texture;
};

static HRESULT STDMETHODCALLTYPE surface_query(IDXGIResource *self, REFIID iid, void **out)
{
    struct surface *surface = (struct surface *)(void *)self;
    *out = NULL;
    if (!IsEqualGUID(iid, &IID_ID3D11Texture2D))
        return E_NOINTERFACE;
    *out = surface->texture;
    ID3D11Texture2D_AddRef(surface->texture);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE surface_release(IDXGIResource *self)
{
    struct surface *surface = (struct surface *)(void *)self;
    const LONG left = InterlockedDecrement(&surface->references);
    if (left == 0) {
        ID3D11Texture2D_Release(surface->texture);
        free(surface);
        AcquireSRWLockExclusive(&the->lock);
        the->surfaces--;
        ReleaseSRWLockExclusive(&the->lock);
    }
    return (ULONG)left;
}

static IDXGIResourceVtbl surface_vtable = {.QueryInterface = surface_query, .Release = surface_release};

static uint32_t pixel_bytes(DXGI_FORMAT format)
{
    return format == DXGI_FORMAT_R16G16B16A16_FLOAT ? 8 : 4;
}

/* Under the lock. The texture that the system has composed, on the device that the driver gave it. */
static IDXGIResource *compose(unsigned at)
{
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = the->queue[at].width,
        .Height = the->queue[at].height,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = the->queue[at].format,
        .SampleDesc = {.Count = 1},
        .BindFlags = D3D11_BIND_RENDER_TARGET | D3D11_BIND_SHADER_RESOURCE,
    };
    struct surface *surface = calloc(1, sizeof *surface);
    if (!surface || FAILED(ID3D11Device_CreateTexture2D(the->device, &desc, NULL, &surface->texture))) {
        free(surface);
        return NULL;
    }
    size_t pitch;
    uint8_t *pixels = fake_pixels(surface->texture, 0, &pitch);
    for (uint32_t y = 0; y < desc.Height; y++)
        for (uint32_t x = 0; x < desc.Width * pixel_bytes(desc.Format); x++)
            pixels[y * pitch + x] = pixel_bytes(desc.Format) == 4 || x % 2 ? the->queue[at].grey : 0;
    surface->vtable = &surface_vtable;
    surface->references = 1;
    the->surfaces++;
    return (IDXGIResource *)(void *)surface;
}

/* ---- what the driver calls ---- */

HRESULT IddCxSwapChainSetDevice(IDDCX_SWAPCHAIN swap_chain, const IDARG_IN_SWAPCHAINSETDEVICE *in)
{
    (void)swap_chain;
    if (FAILED(the->set_device))
        return the->set_device;
    return IDXGIDevice_QueryInterface(in->pDevice, &IID_ID3D11Device, (void **)&the->device);
}

HRESULT IddCxSwapChainReleaseAndAcquireBuffer2(IDDCX_SWAPCHAIN swap_chain,
                                               IDARG_IN_RELEASEANDACQUIREBUFFER2 *in,
                                               IDARG_OUT_RELEASEANDACQUIREBUFFER2 *out)
{
    (void)swap_chain;
    if (in->Size != sizeof *in || out->MetaData.Size != sizeof out->MetaData)
        violation("acquire: a size that is not the structure's");
    AcquireSRWLockExclusive(&the->lock);
    HRESULT result = the->lost != S_OK ? the->lost : the->queued ? S_OK : E_PENDING;
    const bool unfinished = the->acquired;
    if (result == S_OK) {
        const unsigned at = the->first;
        IDXGIResource *surface = compose(at);
        if (surface) {
            out->MetaData = the->queue[at].metadata;
            out->MetaData.Size = sizeof out->MetaData;
            out->MetaData.pSurface = surface;
            the->acquired = true;
            the->acquired_number = the->queue[at].number;
            the->acquired_at = at;
            the->first = (at + 1) % FAKE_FRAMES;
            the->queued--;
        } else {
            result = DXGI_ERROR_DEVICE_REMOVED;
        }
    }
    ReleaseSRWLockExclusive(&the->lock);
    if (unfinished)
        violation("acquire: the frame before was not finished");
    return result;
}

HRESULT IddCxSwapChainGetDirtyRects(IDDCX_SWAPCHAIN swap_chain, const IDARG_IN_GETDIRTYRECTS *in,
                                    IDARG_OUT_GETDIRTYRECTS *out)
{
    (void)swap_chain;
    AcquireSRWLockShared(&the->lock);
    const bool acquired = the->acquired;
    const UINT count = the->queue[the->acquired_at].metadata.DirtyRectCount;
    const bool fits = acquired && in->DirtyRectInCount >= count && count <= FAKE_DIRTY;
    out->DirtyRectOutCount = fits ? count : 0;
    for (UINT i = 0; i < out->DirtyRectOutCount; i++)
        in->pDirtyRects[i] = the->queue[the->acquired_at].dirty[i];
    ReleaseSRWLockShared(&the->lock);
    if (!acquired)
        violation("dirty rectangles: no frame was acquired");
    return fits ? S_OK : E_INVALIDARG;
}

HRESULT IddCxSwapChainFinishedProcessingFrame(IDDCX_SWAPCHAIN swap_chain)
{
    (void)swap_chain;
    struct fake_finished now = {.had_source = the->display.source != NULL};
    if (now.had_source) { /* this is the thread that the source belongs to */
        fr_source_info info;
        fr_source_get_info(the->display.source, &info);
        now.published = info.published;
        now.mismatched = info.mismatched;
    }
    AcquireSRWLockExclusive(&the->lock);
    const bool was_acquired = the->acquired;
    now.number = the->acquired_number;
    the->acquired = false;
    if (was_acquired && the->num_finished < FAKE_FRAMES)
        the->finished[the->num_finished++] = now;
    const bool held = the->surfaces != 0;
    ReleaseSRWLockExclusive(&the->lock);
    if (!was_acquired)
        violation("finished: no frame was acquired");
    if (held)
        violation("finished: the surface is still held");
    return S_OK;
}

NTSTATUS IddCxMonitorArrival(IDDCX_MONITOR monitor, IDARG_OUT_MONITORARRIVAL *out)
{
    (void)monitor;
    *out = (IDARG_OUT_MONITORARRIVAL){.OsTargetId = the->next_target};
    return STATUS_SUCCESS;
}

NTSTATUS IddCxMonitorDeparture(IDDCX_MONITOR monitor)
{
    (void)monitor;
    fake_unassign(the);
    return STATUS_SUCCESS;
}

void WdfObjectDelete(WDFOBJECT object)
{
    (void)object;
    if (!the->assigned || the->deleted)
        violation("delete: the driver owns no swap chain");
    if (the->device)
        ID3D11Device_Release(the->device);
    the->device = NULL;
    AcquireSRWLockExclusive(&the->lock);
    the->deleted = true;
    the->deletions++;
    ReleaseSRWLockExclusive(&the->lock);
}

/* ---- requests ---- */

struct WDFREQUEST__ {
    void *in, *out;
    size_t in_bytes, out_bytes, written;
    WDFFILEOBJECT file;
    NTSTATUS status;
    unsigned completions;
};

NTSTATUS WdfRequestRetrieveInputBuffer(WDFREQUEST request, size_t least_bytes, void **buffer, size_t *bytes)
{
    if (request->in_bytes < least_bytes)
        return STATUS_INVALID_PARAMETER;
    *buffer = request->in;
    if (bytes)
        *bytes = request->in_bytes;
    return STATUS_SUCCESS;
}

NTSTATUS WdfRequestRetrieveOutputBuffer(WDFREQUEST request, size_t least_bytes, void **buffer, size_t *bytes)
{
    if (request->out_bytes < least_bytes)
        return STATUS_INVALID_PARAMETER;
    *buffer = request->out;
    if (bytes)
        *bytes = request->out_bytes;
    return STATUS_SUCCESS;
}

WDFFILEOBJECT WdfRequestGetFileObject(WDFREQUEST request)
{
    return request->file;
}

void WdfRequestCompleteWithInformation(WDFREQUEST request, NTSTATUS status, ULONG_PTR information)
{
    request->status = status;
    request->written = information;
    request->completions++;
}

NTSTATUS fake_request(DWORD code, WDFFILEOBJECT file, const void *in, size_t in_bytes, void *out,
                      size_t out_bytes)
{
    struct WDFREQUEST__ request = {
        .out = out, .in_bytes = in_bytes, .out_bytes = out_bytes, .file = file, .in = malloc(in_bytes + 1)};
    assert_non_null(request.in);
    if (in_bytes)
        memcpy(request.in, in, in_bytes);
    example_device_io_control(NULL, &request, out_bytes, in_bytes, code);
    if (request.completions != 1)
        violation("a request was not completed once");
    free(request.in);
    return request.status;
}

/* ---- the system's side ---- */

static IDDCX_MONITOR monitor_of(struct fake_system *system)
{
    return (IDDCX_MONITOR)(void *)system;
}

void fake_system_init(struct fake_system *system)
{
    *system = (struct fake_system){.next_target = FAKE_TARGET};
    InitializeSRWLock(&system->lock);
    the = system;
    system->new_frame = CreateEventW(NULL, FALSE, FALSE, NULL);
    assert_non_null(system->new_frame);
    assert_int_equal(example_monitor_arrive(&system->display, monitor_of(system)), STATUS_SUCCESS);
}

void fake_system_finish(struct fake_system *system)
{
    example_monitor_depart(&system->display);
    assert_true(!system->assigned || system->deleted);
    assert_int_equal(system->surfaces, 0);
    if (system->violations)
        print_message("%s\n", system->violation);
    assert_int_equal(system->violations, 0);
    CloseHandle(system->new_frame);
    the = NULL;
}

bool fake_assign(struct fake_system *system)
{
    assert_true(!system->assigned || system->deleted);
    const IDARG_IN_SETSWAPCHAIN in = {.hSwapChain = (IDDCX_SWAPCHAIN)(void *)system,
                                      .hNextSurfaceAvailable = system->new_frame,
                                      .RenderAdapterLuid = system->luid};
    system->lost = S_OK;
    system->acquired = system->deleted = false;
    system->assigned = true;
    const NTSTATUS status = example_assign_swap_chain(monitor_of(system), &in);
    system->assigned = NT_SUCCESS(status);
    system->chains += system->assigned;
    if (!system->assigned)
        assert_int_equal(status, STATUS_GRAPHICS_INDIRECT_DISPLAY_ABANDON_SWAPCHAIN);
    return system->assigned;
}

void fake_unassign(struct fake_system *system)
{
    if (!system->assigned)
        return;
    assert_int_equal(example_unassign_swap_chain(monitor_of(system)), STATUS_SUCCESS);
    if (!system->deleted)
        violation("unassign: the swap chain is still the driver's");
    system->assigned = false;
}

static bool is_deleted(void)
{
    AcquireSRWLockShared(&the->lock);
    const bool deleted = the->deleted;
    ReleaseSRWLockShared(&the->lock);
    return deleted;
}

void fake_wait_deleted(struct fake_system *system)
{
    (void)system;
    wait_for(is_deleted, "the end of the swap chain");
}

void fake_lose(struct fake_system *system, HRESULT code)
{
    AcquireSRWLockExclusive(&system->lock);
    system->lost = code;
    system->queued = 0;
    ReleaseSRWLockExclusive(&system->lock);
    SetEvent(system->new_frame);
}

void fake_push_with(struct fake_system *system, uint32_t width, uint32_t height, DXGI_FORMAT format,
                    uint8_t grey, const IDDCX_METADATA2 *metadata, const RECT *dirty)
{
    const RECT all = {0, 0, (LONG)width, (LONG)height};
    AcquireSRWLockExclusive(&system->lock);
    const unsigned at = (system->first + system->queued) % FAKE_FRAMES;
    const bool fits = system->queued < FAKE_FRAMES;
    if (fits) {
        system->queue[at].number = ++system->frames;
        system->queue[at].width = width;
        system->queue[at].height = height;
        system->queue[at].format = format;
        system->queue[at].grey = grey;
        system->queue[at].metadata = *metadata;
        for (UINT i = 0; i < metadata->DirtyRectCount && i < FAKE_DIRTY; i++)
            system->queue[at].dirty[i] = dirty ? dirty[i] : all;
        system->queued++;
    }
    ReleaseSRWLockExclusive(&system->lock);
    assert_true(fits);
    SetEvent(system->new_frame);
}

void fake_push(struct fake_system *system, uint32_t width, uint32_t height, DXGI_FORMAT format, uint8_t grey)
{
    const IDDCX_METADATA2 plain = {.DirtyRectCount = 1};
    fake_push_with(system, width, height, format, grey, &plain, NULL);
}

static bool all_finished(void)
{
    AcquireSRWLockShared(&the->lock);
    const bool finished = the->queued == 0 && !the->acquired;
    ReleaseSRWLockShared(&the->lock);
    return finished;
}

void fake_wait_finished(struct fake_system *system)
{
    (void)system;
    wait_for(all_finished, "the end of all frames");
}
