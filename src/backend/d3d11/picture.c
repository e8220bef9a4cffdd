/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/picture.h"

#include "backend/d3d11/format.h"
#include "os/atomic.h"

#include <stdlib.h>

/* How often a thread that waits for a read-back looks. */
#define LOOK_MS 1u

/* Both formats halve their chroma: they have no odd sizes. */
static uint32_t even(uint32_t size)
{
    return (size + 1) & ~1u;
}

fr_status fr_d3d11_picture_create(struct fr_d3d11_device *device, uint32_t width, uint32_t height,
                                  fr_format format, struct fr_picture *out)
{
    struct fr_d3d11_picture_object *object = calloc(1, sizeof(*object));
    if (!object)
        return FR_ERR_NO_MEMORY;
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = even(width),
        .Height = even(height),
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = fr_dxgi_format(format),
        .SampleDesc = {.Count = 1},
        .Usage = D3D11_USAGE_DEFAULT,
        .BindFlags = D3D11_BIND_RENDER_TARGET,
    };
    const HRESULT result = ID3D11Device_CreateTexture2D(device->device, &desc, NULL, &object->texture);
    if (result != S_OK) {
        free(object);
        return result == E_INVALIDARG ? FR_ERR_UNSUPPORTED : fr_d3d11_device_status(device, result);
    }
    object->device = fr_d3d11_device_ref(device);
    object->format = format;
    object->height = desc.Height;
    *out = (struct fr_picture){.object = object};
    return FR_OK;
}

static void unmap(struct fr_d3d11_picture_object *object)
{
    if (object->mapped)
        ID3D11DeviceContext_Unmap(object->device->context, (ID3D11Resource *)object->staging, 0);
    object->mapped = false;
}

void fr_d3d11_picture_destroy(struct fr_picture *picture)
{
    struct fr_d3d11_picture_object *object = picture->object;
    *picture = (struct fr_picture){0};
    if (!object)
        return;
    unmap(object);
    fr_com_release(object->staging);
    fr_com_release(object->video.view);
    fr_com_release(object->plane[0]);
    fr_com_release(object->plane[1]);
    fr_com_release(object->texture);
    fr_d3d11_device_unref(object->device);
    free(object);
}

void fr_d3d11_picture_get(const struct fr_picture *picture, fr_d3d11_picture *out)
{
    const struct fr_d3d11_picture_object *object = picture->object;
    *out = (fr_d3d11_picture){.device = object->device->device, .texture = object->texture};
}

HRESULT fr_d3d11_picture_planes(struct fr_d3d11_picture_object *object)
{
    for (uint32_t i = 0; i < 2; i++) {
        const D3D11_RENDER_TARGET_VIEW_DESC desc = {
            .Format = fr_dxgi_plane_format(object->format, i),
            .ViewDimension = D3D11_RTV_DIMENSION_TEXTURE2D,
        };
        if (object->plane[i])
            continue;
        const HRESULT result = ID3D11Device_CreateRenderTargetView(
            object->device->device, (ID3D11Resource *)object->texture, &desc, &object->plane[i]);
        if (result != S_OK)
            return result;
    }
    return S_OK;
}

static HRESULT make_staging(struct fr_d3d11_picture_object *object)
{
    if (object->staging)
        return S_OK;
    D3D11_TEXTURE2D_DESC desc;
    ID3D11Texture2D_GetDesc(object->texture, &desc);
    desc.Usage = D3D11_USAGE_STAGING;
    desc.BindFlags = 0;
    desc.CPUAccessFlags = D3D11_CPU_ACCESS_READ;
    return ID3D11Device_CreateTexture2D(object->device->device, &desc, NULL, &object->staging);
}

static void start_copy(struct fr_d3d11_picture_object *object)
{
    ID3D11DeviceContext *context = object->device->context;
    ID3D11DeviceContext_CopyResource(context, (ID3D11Resource *)object->staging,
                                     (ID3D11Resource *)object->texture);
    ID3D11DeviceContext_Flush(context);
    object->copied = true;
}

void fr_d3d11_picture_begin(struct fr_d3d11_picture_object *object)
{
    unmap(object);
    object->copied = false;
}

void fr_d3d11_picture_end(struct fr_d3d11_picture_object *object)
{
    /* A failure shows when it is mapped. */
    if (fr_load_relaxed_u32(&object->device->starts_copies) && make_staging(object) == S_OK)
        start_copy(object);
}

/* S_OK; DXGI_ERROR_WAS_STILL_DRAWING: not yet; or what failed. */
static HRESULT try_map(struct fr_d3d11_picture_object *object)
{
    if (object->mapped)
        return S_OK;
    HRESULT result = make_staging(object);
    if (result != S_OK)
        return result;
    if (!object->copied)
        start_copy(object);
    result = ID3D11DeviceContext_Map(object->device->context, (ID3D11Resource *)object->staging, 0,
                                     D3D11_MAP_READ, D3D11_MAP_FLAG_DO_NOT_WAIT, &object->memory);
    object->mapped = result == S_OK;
    return result;
}

fr_status fr_d3d11_picture_map(const struct fr_picture *picture, struct fr_picture *out)
{
    struct fr_d3d11_picture_object *object = picture->object;
    struct fr_d3d11_device *device = object->device;
    fr_store_relaxed_u32(&device->starts_copies, 1);
    const uint64_t until = fr_win32_now_ns(NULL) + FR_D3D11_GPU_WAIT_NS;
    for (;;) {
        fr_d3d11_device_enter(device);
        const HRESULT result = try_map(object);
        fr_d3d11_device_leave(device);
        if (result == S_OK)
            break;
        if (result != DXGI_ERROR_WAS_STILL_DRAWING)
            return fr_d3d11_device_status(device, result);
        if (fr_win32_now_ns(NULL) >= until)
            return FR_TIMEOUT;
        Sleep(LOOK_MS);
    }
    uint8_t *const luma = object->memory.pData;
    const size_t pitch = object->memory.RowPitch;
    *out = (struct fr_picture){.plane = {luma, luma + pitch * object->height}, .pitch_bytes = {pitch, pitch}};
    return FR_OK;
}
