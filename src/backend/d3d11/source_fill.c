/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/source.h"

#include "backend/d3d11/format.h"

#include <string.h>

/* How often a read-back is looked for. */
#define LOOK_MS 1u

void fr_d3d11_texture_describe(ID3D11Texture2D *texture, uint32_t *width, uint32_t *height, fr_format *format)
{
    D3D11_TEXTURE2D_DESC desc;
    ID3D11Texture2D_GetDesc(texture, &desc);
    *width = desc.Width;
    *height = desc.Height;
    *format = desc.SampleDesc.Count == 1 ? fr_format_of_dxgi(desc.Format) : FR_FORMAT_NONE;
}

static HRESULT need_staging(struct fr_d3d11_source *source, ID3D11Texture2D *texture)
{
    D3D11_TEXTURE2D_DESC wanted, present = {0};
    ID3D11Texture2D_GetDesc(texture, &wanted);
    if (source->staging)
        ID3D11Texture2D_GetDesc(source->staging, &present);
    if (present.Width == wanted.Width && present.Height == wanted.Height && present.Format == wanted.Format)
        return S_OK;
    fr_com_release(source->staging);
    source->staging = NULL;
    wanted.MipLevels = wanted.ArraySize = 1;
    wanted.SampleDesc = (DXGI_SAMPLE_DESC){.Count = 1};
    wanted.Usage = D3D11_USAGE_STAGING;
    wanted.BindFlags = 0;
    wanted.CPUAccessFlags = D3D11_CPU_ACCESS_READ;
    wanted.MiscFlags = 0;
    return ID3D11Device_CreateTexture2D(source->device->device, &wanted, NULL, &source->staging);
}

static HRESULT map_staging(struct fr_d3d11_source *source, D3D11_MAPPED_SUBRESOURCE *out)
{
    const uint64_t until = fr_win32_now_ns(NULL) + FR_D3D11_GPU_WAIT_NS;
    for (;;) {
        const HRESULT result =
            ID3D11DeviceContext_Map(source->device->context, (ID3D11Resource *)source->staging, 0,
                                    D3D11_MAP_READ, D3D11_MAP_FLAG_DO_NOT_WAIT, out);
        if (result != DXGI_ERROR_WAS_STILL_DRAWING || fr_win32_now_ns(NULL) >= until)
            return result;
        Sleep(LOOK_MS);
    }
}

static HRESULT read_back(struct fr_d3d11_source *source, ID3D11Texture2D *texture, const fr_slot *out)
{
    ID3D11DeviceContext *context = source->device->context;
    HRESULT result = need_staging(source, texture);
    if (result != S_OK)
        return result;
    ID3D11DeviceContext_CopySubresourceRegion(context, (ID3D11Resource *)source->staging, 0, 0, 0, 0,
                                              (ID3D11Resource *)texture, 0, NULL);
    ID3D11DeviceContext_Flush(context);
    D3D11_MAPPED_SUBRESOURCE memory;
    result = map_staging(source, &memory);
    if (result != S_OK)
        return result;
    const size_t row_bytes = (size_t)out->width * fr_format_pixel_bytes(out->format);
    for (uint32_t y = 0; y < out->height; y++)
        memcpy((uint8_t *)out->pixels + y * out->pitch_bytes,
               (const uint8_t *)memory.pData + (size_t)y * memory.RowPitch, row_bytes);
    ID3D11DeviceContext_Unmap(context, (ID3D11Resource *)source->staging, 0);
    return S_OK;
}

fr_status fr_d3d11_source_fill(const struct fr_backend_source *backend, ID3D11Texture2D *texture,
                               const fr_slot *out)
{
    struct fr_d3d11_source *source = backend->self;
    struct fr_d3d11_device *device = source->device;
    HRESULT result = S_OK;
    if (out->texture)
        ID3D11DeviceContext_CopySubresourceRegion(device->context, out->texture, 0, 0, 0, 0,
                                                  (ID3D11Resource *)texture, 0, NULL);
    else
        result = read_back(source, texture, out);
    if (fr_d3d11_device_check(device, result)) {
        fr_d3d11_device_log_loss(device, &source->log);
        return FR_ERR_DEVICE_LOST;
    }
    if (result == DXGI_ERROR_WAS_STILL_DRAWING)
        return FR_TIMEOUT;
    return result == S_OK ? FR_OK : fr_d3d11_device_status(device, result);
}
