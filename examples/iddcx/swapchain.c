/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The swap-chain loop: from a composed frame of the system to a published one. docs/driver.md goes through it
 * step by step. */

#include "display.h"

enum { FRAME_WAIT_MS = 16, DIRTY_MAX = 64 };

/* ---- the source ---- */

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    example_trace("%s", text);
}

bool display_give_ring(struct display *display, const fr_win32_ring *ring)
{
    fr_win32_ring copy;
    if (!display->source)
        return true;
    if (!ring_duplicate(ring, &copy))
        return false;
    if (fr_source_deliver(display->source, &copy, sizeof copy) == FR_OK)
        return true;
    ring_close(&copy);
    return false;
}

void display_open_source(struct display *display)
{
    const fr_win32_source_params win32 = {.channel = FR_WIN32_CHANNEL_DELIVERED};
    const fr_d3d11_source_params d3d11 = {.device = display->gpu.device};
    const fr_source_params params = {
        .target_id = display->target_id,
        .name = "iddcx example",
        .display = {.sdr_white_millinits = display->sdr_white_nits * 1000u},
        .has_hdr = display->has_hdr,
        .hdr = display->hdr,
        .win32 = &win32,
        .d3d11 = &d3d11,
        .log = {.write = write_log},
    };
    fr_source *source;
    if (fr_source_open(&source, &params) < 0)
        return;
    AcquireSRWLockExclusive(&display->lock);
    display->source = source;
    if (display->box.full)
        (void)display_give_ring(display, &display->box.ring);
    ReleaseSRWLockExclusive(&display->lock);
}

void display_close_source(struct display *display)
{
    AcquireSRWLockExclusive(&display->lock);
    fr_source *source = display->source;
    display->source = NULL;
    ReleaseSRWLockExclusive(&display->lock);
    fr_source_close(&source);
}

/* ---- light ---- */

static void tell_metadata(struct display *display, const IDDCX_HDR10_METADATA *from)
{
    fr_hdr_metadata to = {
        .max_luminance = from->MaxMasteringLuminance * 10000u, /* whole cd/m2 become 0.0001 cd/m2 */
        .min_luminance = from->MinMasteringLuminance,
        .max_cll = from->MaxContentLightLevel,
        .max_fall = from->MaxFrameAverageLightLevel,
    };
    for (int i = 0; i < 2; i++) {
        to.red[i] = from->RedPrimary[i];
        to.green[i] = from->GreenPrimary[i];
        to.blue[i] = from->BluePrimary[i];
        to.white[i] = from->WhitePoint[i];
    }
    display->hdr = to;
    display->has_hdr = true;
    fr_source_set_hdr_metadata(display->source, &to);
}

static void tell_default_metadata(struct display *display)
{
    AcquireSRWLockExclusive(&display->lock);
    const bool has = display->has_default_hdr;
    const IDDCX_HDR10_METADATA metadata = display->default_hdr;
    display->default_hdr_changed = false;
    ReleaseSRWLockExclusive(&display->lock);
    if (has)
        tell_metadata(display, &metadata);
}

static void follow_light(struct display *display, const IDDCX_METADATA2 *frame)
{
    if (frame->SdrWhiteLevel && frame->SdrWhiteLevel != display->sdr_white_nits) {
        display->sdr_white_nits = frame->SdrWhiteLevel;
        const fr_display_descriptor light = {.sdr_white_millinits = frame->SdrWhiteLevel * 1000u};
        fr_source_announce(display->source, &light);
    }
    if (!(frame->ValidFlags & IDDCX_METADATA2_VALID_FLAGS_HDR10METADATA))
        return;
    const IDDCX_HDR10_FRAME_METADATA *hdr = &frame->Hdr10FrameMetaData;
    if (hdr->Type == IDDCX_HDR10_FRAME_METADATA_TYPE_NEW) {
        display->uses_default_hdr = false;
        tell_metadata(display, &hdr->NewMetaData);
    } else if (hdr->Type == IDDCX_HDR10_FRAME_METADATA_TYPE_DEFAULT && !display->uses_default_hdr) {
        display->uses_default_hdr = true;
        tell_default_metadata(display);
    } /* UNCHANGED: the library keeps what it was told, across rings too */
}

/* ---- frames ---- */

/* The system's time of a frame, as the library counts; 0 = now. */
static uint64_t present_ns(uint64_t ticks)
{
    LARGE_INTEGER now, rate;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&rate);
    if (ticks == 0 || ticks > (uint64_t)now.QuadPart) /* the time at which it will be shown */
        return 0;
    const uint64_t hz = (uint64_t)rate.QuadPart;
    return ticks / hz * 1000000000u + ticks % hz * 1000000000u / hz;
}

/* A ring is attached, and the kept frame is of its size and format: their numbers are DXGI's. */
static bool kept_fits(const struct display *display)
{
    fr_source_info ring;
    fr_source_get_info(display->source, &ring);
    const D3D11_TEXTURE2D_DESC *kept = &display->gpu.kept_desc;
    return display->gpu.has_kept && ring.attached && ring.width == kept->Width &&
           ring.height == kept->Height && (DXGI_FORMAT)ring.format == kept->Format;
}

/* What the host did meanwhile: a new ring, a new generation, its end. Never waits. */
static void follow_host(struct display *display)
{
    if (!display->source)
        return;
    AcquireSRWLockShared(&display->lock);
    const bool new_default = display->default_hdr_changed && display->uses_default_hdr;
    ReleaseSRWLockShared(&display->lock);
    if (new_default)
        tell_default_metadata(display);
    if (fr_source_poll(display->source, 0) == FR_REATTACHED)
        display->owed = true;
    /* A new ring without a picture, or a frame that found no slot, and a desktop that may stand still for
     * hours: the last frame once more. */
    if (!display->owed || !kept_fits(display))
        return;
    display->owed = fr_source_push_d3d11(display->source, display->gpu.kept, NULL) != FR_OK;
    display->counts.republished += !display->owed;
}

/* What the system says differs from the frame acquired before. False: not known. */
static bool read_dirty(const struct display *display, const IDDCX_METADATA2 *frame, fr_rect rects[DIRTY_MAX])
{
    RECT dirty[DIRTY_MAX];
    const UINT count = frame->DirtyRectCount;
    const IDARG_IN_GETDIRTYRECTS in = {.DirtyRectInCount = count, .pDirtyRects = dirty};
    IDARG_OUT_GETDIRTYRECTS out = {0};
    if (count == 0 || count > DIRTY_MAX ||
        FAILED(IddCxSwapChainGetDirtyRects(display->swap_chain, &in, &out)) || out.DirtyRectOutCount != count)
        return false;
    for (UINT i = 0; i < count; i++) {
        const RECT *d = &dirty[i];
        if (d->left < 0 || d->top < 0 || d->right < d->left || d->bottom < d->top)
            return false;
        rects[i] = (fr_rect){(uint32_t)d->left, (uint32_t)d->top, (uint32_t)(d->right - d->left),
                             (uint32_t)(d->bottom - d->top)};
    }
    return true;
}

/* Publishes one frame. A frame of another size or format than the ring's is counted and dropped by the
 * library (fr_source_info.mismatched): after a change of the mode such frames come until the host, which sees
 * the change too, has delivered a ring that fits. */
static void publish(struct display *display, const IDDCX_METADATA2 *frame, ID3D11Texture2D *texture)
{
    display_device_keep(&display->gpu, texture);
    const bool was_in_step = display->in_step;
    display->in_step = false;
    if (!display->source) {
        display->counts.unwatched++;
        return;
    }
    follow_light(display, frame);
    fr_rect dirty[DIRTY_MAX];
    const bool known = was_in_step && read_dirty(display, frame, dirty);
    const fr_publish_info info = {
        .present_ns = present_ns(frame->PresentDisplayQPCTime),
        .damage = known ? dirty : NULL,
        .num_damage = frame->DirtyRectCount,
    };
    display->owed = fr_source_push_d3d11(display->source, texture, &info) != FR_OK;
    display->in_step = !display->owed;
}

/* False: the loop ends. */
static bool process(struct display *display, const IDDCX_METADATA2 *frame)
{
    display->counts.acquired++;
    ID3D11Texture2D *texture = NULL;
    if (frame->HwProtectedSurface) {
        display->counts.protected_frames++; /* nothing may copy it */
        display->in_step = false;
    } else if (SUCCEEDED(
                   IDXGIResource_QueryInterface(frame->pSurface, &IID_ID3D11Texture2D, (void **)&texture))) {
        publish(display, frame, texture);
    }
    /* The surface is the system's again after this: whatever reads it must have been submitted before. */
    if (texture)
        ID3D11Texture2D_Release(texture);
    IDXGIResource_Release(frame->pSurface);
    return SUCCEEDED(IddCxSwapChainFinishedProcessingFrame(display->swap_chain));
}

/* False: the loop ends. */
static bool wait_frame(const struct display *display)
{
    const HANDLE events[] = {display->terminate, display->new_frame};
    const DWORD woken = WaitForMultipleObjects(2, events, FALSE, FRAME_WAIT_MS);
    return woken == WAIT_OBJECT_0 + 1 || woken == WAIT_TIMEOUT;
}

static void run_frames(struct display *display)
{
    while (WaitForSingleObject(display->terminate, 0) == WAIT_TIMEOUT &&
           display_device_works(&display->gpu)) {
        follow_host(display);
        IDARG_IN_RELEASEANDACQUIREBUFFER2 in = {.Size = sizeof in};
        IDARG_OUT_RELEASEANDACQUIREBUFFER2 out = {.MetaData = {.Size = sizeof out.MetaData}};
        const HRESULT acquired = IddCxSwapChainReleaseAndAcquireBuffer2(display->swap_chain, &in, &out);
        if (acquired == E_PENDING) {
            if (!wait_frame(display))
                return;
        } else if (FAILED(acquired)) {
            example_trace("the swap chain is lost: 0x%08lx", (unsigned long)acquired);
            return;
        } else if (!process(display, &out.MetaData)) {
            return;
        }
    }
}

static HRESULT set_device(const struct display *display)
{
    IDARG_IN_SWAPCHAINSETDEVICE in = {.pDevice = NULL};
    HRESULT result = ID3D11Device_QueryInterface(display->gpu.device, &IID_IDXGIDevice, (void **)&in.pDevice);
    if (FAILED(result))
        return result;
    result = IddCxSwapChainSetDevice(display->swap_chain, &in);
    IDXGIDevice_Release(in.pDevice);
    return result;
}

/* ---- the thread ---- */

static DWORD WINAPI run(void *user)
{
    struct display *display = user;
    display->counts.loops++;
    display->in_step = false;
    if (display->source)
        fr_source_note_loop(display->source, display->counts.loops);
    const HRESULT ready = set_device(display);
    if (SUCCEEDED(ready))
        run_frames(display);
    else
        example_trace("the swap chain does not take the device: 0x%08lx", (unsigned long)ready);
    /* Whoever ended it: a swap chain that is deleted makes the system assign another, as long as the monitor
     * is active. */
    WdfObjectDelete((WDFOBJECT)display->swap_chain);
    return 0;
}

bool display_start(struct display *display, IDDCX_SWAPCHAIN swap_chain, HANDLE new_frame)
{
    display->swap_chain = swap_chain;
    display->new_frame = new_frame;
    display->terminate = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (display->terminate)
        display->thread = CreateThread(NULL, 0, run, display, 0, NULL);
    if (!display->thread)
        display_stop(display);
    return display->thread != NULL;
}

void display_stop(struct display *display)
{
    if (display->thread) {
        SetEvent(display->terminate);
        /* Nothing in the loop waits for the host, and nothing at all for longer than two frames. */
        WaitForSingleObject(display->thread, INFINITE);
        CloseHandle(display->thread);
    }
    if (display->terminate)
        CloseHandle(display->terminate);
    display->thread = NULL;
    display->terminate = NULL;
}
