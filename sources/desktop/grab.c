/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "grab.h"

#include "common/rect.h"

#include <stdlib.h>

/* What one frame can say at most: far beyond what Windows does. */
enum { BUFFER_MAX = 64 * 1024 * 1024 };

static HRESULT open_output(fr_desktop_grab *grab)
{
    HRESULT result = grab->factory ? S_OK : grab->api->create_factory(grab->api->self, &grab->factory);
    if (result == S_OK)
        result = fr_desktop_output_open(&grab->output, grab->factory, grab->wanted);
    return result;
}

HRESULT fr_desktop_grab_open(fr_desktop_grab *grab)
{
    HRESULT result = open_output(grab);
    if (result == S_OK)
        result =
            grab->api->create_device(grab->api->self, grab->output.adapter, &grab->device, &grab->context);
    if (result != S_OK) {
        fr_desktop_grab_close(grab);
        return FAILED(result) ? result : E_FAIL;
    }
    grab->display = fr_desktop_output_describe(&grab->output, grab->output.hdr, 0, 0);
    return S_OK;
}

void fr_desktop_grab_end(fr_desktop_grab *grab)
{
    fr_com_release(grab->duplication);
    grab->duplication = NULL;
}

void fr_desktop_grab_close(fr_desktop_grab *grab)
{
    fr_desktop_grab_end(grab);
    fr_com_release(grab->context);
    fr_com_release(grab->device);
    fr_desktop_output_close(&grab->output);
    fr_com_release(grab->factory);
    free(grab->buffer);
    *grab = (fr_desktop_grab){.api = grab->api, .wanted = grab->wanted};
}

bool fr_desktop_grab_is_current(const fr_desktop_grab *grab)
{
    return grab->factory && IDXGIFactory1_IsCurrent(grab->factory);
}

/* The output as it is now, which needs a new factory when the displays have changed. */
static HRESULT refresh_output(fr_desktop_grab *grab)
{
    const LUID luid = grab->output.luid;
    fr_desktop_output_close(&grab->output);
    if (!fr_desktop_grab_is_current(grab)) {
        fr_com_release(grab->factory);
        grab->factory = NULL;
    }
    const HRESULT result = open_output(grab);
    if (result == S_OK &&
        (grab->output.luid.LowPart != luid.LowPart || grab->output.luid.HighPart != luid.HighPart))
        return DXGI_ERROR_DEVICE_RESET;
    /* For the next time. */
    grab->output.luid = luid;
    return result;
}

static HRESULT duplicate_newer(fr_desktop_grab *grab)
{
    static const DXGI_FORMAT formats[] = {DXGI_FORMAT_R16G16B16A16_FLOAT, DXGI_FORMAT_B8G8R8A8_UNORM};
    IDXGIOutput5 *output = fr_com_query(grab->output.output, &IID_IDXGIOutput5);
    if (!output)
        return E_NOINTERFACE;
    const HRESULT result =
        IDXGIOutput5_DuplicateOutput1(output, (IUnknown *)grab->device, 0, 2, formats, &grab->duplication);
    fr_com_release(output);
    return result;
}

static HRESULT duplicate_older(fr_desktop_grab *grab)
{
    IDXGIOutput1 *output = fr_com_query(grab->output.output, &IID_IDXGIOutput1);
    if (!output)
        return E_NOINTERFACE;
    const HRESULT result = IDXGIOutput1_DuplicateOutput(output, (IUnknown *)grab->device, &grab->duplication);
    fr_com_release(output);
    return result;
}

static HRESULT duplicate_output(fr_desktop_grab *grab)
{
    HRESULT result = duplicate_newer(grab);
    /* The newer one is refused for more reasons: to programs that see scaled pixels, by older drivers. */
    if (result != S_OK)
        result = duplicate_older(grab);
    /* What a failed call leaves there is no interface. */
    if (result != S_OK)
        grab->duplication = NULL;
    return result;
}

static uint32_t to_millihertz(DXGI_RATIONAL rate)
{
    if (!rate.Denominator)
        return 0;
    const uint64_t mhz = ((uint64_t)rate.Numerator * 1000 + rate.Denominator / 2) / rate.Denominator;
    return mhz <= UINT32_MAX ? (uint32_t)mhz : 0;
}

HRESULT fr_desktop_grab_duplicate(fr_desktop_grab *grab)
{
    DXGI_OUTDUPL_DESC desc;
    fr_desktop_grab_end(grab);
    HRESULT result = refresh_output(grab);
    if (result == S_OK)
        result = duplicate_output(grab);
    if (result != S_OK)
        return FAILED(result) ? result : E_FAIL;
    grab->fresh = true;
    IDXGIOutputDuplication_GetDesc(grab->duplication, &desc);
    const bool fp16 = desc.ModeDesc.Format == DXGI_FORMAT_R16G16B16A16_FLOAT;
    const uint32_t white =
        fp16 && grab->output.hdr ? grab->api->sdr_white_millinits(grab->api->self, grab->output.name) : 0;
    grab->display =
        fr_desktop_output_describe(&grab->output, fp16, to_millihertz(desc.ModeDesc.RefreshRate), white);
    return S_OK;
}

static bool reserve(fr_desktop_grab *grab, size_t bytes)
{
    if (bytes <= grab->buffer_bytes)
        return true;
    uint8_t *buffer = bytes <= BUFFER_MAX ? realloc(grab->buffer, bytes) : NULL;
    if (!buffer)
        return false;
    grab->buffer = buffer;
    grab->buffer_bytes = bytes;
    return true;
}

/* The size of the picture on the wire. */
static void wire_size(const fr_desktop_grab *grab, uint32_t *width, uint32_t *height)
{
    const bool across = grab->output.turn == FR_TURN_90 || grab->output.turn == FR_TURN_270;
    *width = across ? grab->output.height : grab->output.width;
    *height = across ? grab->output.width : grab->output.height;
}

static fr_rects whole(const fr_desktop_grab *grab)
{
    fr_rects rects = {.count = 1};
    wire_size(grab, &rects.rect[0].width, &rects.rect[0].height);
    return rects;
}

static void add_rect(const fr_desktop_grab *grab, fr_rects *damage, const RECT *rect)
{
    uint32_t width, height;
    wire_size(grab, &width, &height);
    fr_rects_add(damage, fr_rect_clip(rect->left, rect->top, rect->right - rect->left,
                                      rect->bottom - rect->top, width, height));
}

/* All that moved or was drawn. False: Windows does not say. */
static bool read_damage(fr_desktop_grab *grab, const DXGI_OUTDUPL_FRAME_INFO *info, fr_rects *damage)
{
    UINT moved_bytes = 0, dirty_bytes = 0;
    damage->count = 0;
    if (!info->TotalMetadataBufferSize || !reserve(grab, info->TotalMetadataBufferSize))
        return false;
    const UINT bytes = info->TotalMetadataBufferSize;
    DXGI_OUTDUPL_MOVE_RECT *moved = (void *)grab->buffer;
    if (IDXGIOutputDuplication_GetFrameMoveRects(grab->duplication, bytes, moved, &moved_bytes) != S_OK)
        return false;
    for (UINT i = 0; i < moved_bytes / sizeof(*moved) && i < bytes / sizeof(*moved); i++)
        add_rect(grab, damage, &moved[i].DestinationRect);
    RECT *dirty = (void *)grab->buffer;
    if (IDXGIOutputDuplication_GetFrameDirtyRects(grab->duplication, bytes, dirty, &dirty_bytes) != S_OK)
        return false;
    for (UINT i = 0; i < dirty_bytes / sizeof(*dirty) && i < bytes / sizeof(*dirty); i++)
        add_rect(grab, damage, &dirty[i]);
    return damage->count != 0;
}

static void read_shape(fr_desktop_grab *grab, UINT bytes, fr_pointer *pointer)
{
    DXGI_OUTDUPL_POINTER_SHAPE_INFO info;
    UINT needed;
    if (!reserve(grab, bytes) || IDXGIOutputDuplication_GetFramePointerShape(
                                     grab->duplication, bytes, grab->buffer, &needed, &info) != S_OK)
        return;
    const bool mono = info.Type == DXGI_OUTDUPL_POINTER_SHAPE_TYPE_MONOCHROME;
    const fr_pointer_shape shape = {
        .kind = (fr_pointer_kind)info.Type,
        .width = info.Width,
        .height = mono ? info.Height / 2 : info.Height,
        .pitch_bytes = info.Pitch,
    };
    fr_pointer_set_shape(pointer, &shape, grab->buffer, bytes);
}

static void read_pointer(fr_desktop_grab *grab, const DXGI_OUTDUPL_FRAME_INFO *info, fr_pointer *pointer)
{
    if (!info->LastMouseUpdateTime.QuadPart)
        return;
    pointer->visible = info->PointerPosition.Visible != FALSE;
    if (pointer->visible) {
        pointer->x = info->PointerPosition.Position.x;
        pointer->y = info->PointerPosition.Position.y;
    }
    if (info->PointerShapeBufferSize)
        read_shape(grab, info->PointerShapeBufferSize, pointer);
}

/* A reference to the texture, or NULL: not the picture that was promised. */
static ID3D11Texture2D *picture_of(const fr_desktop_grab *grab, IDXGIResource *resource)
{
    ID3D11Texture2D *texture = resource ? fr_com_query(resource, &IID_ID3D11Texture2D) : NULL;
    if (!texture)
        return NULL;
    D3D11_TEXTURE2D_DESC desc;
    uint32_t width, height;
    ID3D11Texture2D_GetDesc(texture, &desc);
    wire_size(grab, &width, &height);
    if (desc.Width == width && desc.Height == height && desc.Format == (DXGI_FORMAT)grab->display.format)
        return texture;
    fr_com_release(texture);
    return NULL;
}

static uint64_t to_ns(const fr_desktop_grab *grab, LARGE_INTEGER ticks)
{
    return ticks.QuadPart > 0 ? grab->api->ns_of_ticks(grab->api->self, ticks.QuadPart) : 0;
}

HRESULT fr_desktop_grab_next(fr_desktop_grab *grab, uint32_t timeout_ms, fr_desktop_news *news,
                             fr_pointer *pointer)
{
    DXGI_OUTDUPL_FRAME_INFO info;
    IDXGIResource *resource = NULL;
    *news = (fr_desktop_news){0};
    HRESULT result = IDXGIOutputDuplication_AcquireNextFrame(grab->duplication, timeout_ms, &info, &resource);
    if (result != S_OK)
        return FAILED(result) ? result : E_FAIL;
    grab->held = true;
    read_pointer(grab, &info, pointer);
    news->present_ns = to_ns(grab, info.LastMouseUpdateTime);
    if (info.LastPresentTime.QuadPart) {
        news->present_ns = to_ns(grab, info.LastPresentTime);
        grab->picture = picture_of(grab, resource);
        if (!grab->picture)
            result = DXGI_ERROR_ACCESS_LOST;
        else if (!read_damage(grab, &info, &news->damage) || grab->fresh)
            news->damage = whole(grab);
        grab->fresh = !grab->picture;
        news->picture = grab->picture;
    }
    fr_com_release(resource);
    if (result != S_OK)
        fr_desktop_grab_done(grab);
    return result;
}

void fr_desktop_grab_done(fr_desktop_grab *grab)
{
    fr_com_release(grab->picture);
    grab->picture = NULL;
    if (grab->held)
        IDXGIOutputDuplication_ReleaseFrame(grab->duplication);
    grab->held = false;
}
