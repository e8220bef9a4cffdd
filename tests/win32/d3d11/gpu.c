/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int gpu_setup(void **state)
{
    static struct gpu gpu;
    const fr_d3d11_host_params none = {0};
    const struct fr_d3d11_wish wish = {.params = &none};
    if (fr_d3d11_api_load(&gpu.api, NULL) != FR_OK ||
        fr_d3d11_device_create(&gpu.device, &gpu.api, &wish, NULL) != FR_OK) {
        fprintf(stderr, "no Direct3D device; under Wine it needs a display\n");
        return -1;
    }
    *state = &gpu;
    return 0;
}

int gpu_teardown(void **state)
{
    struct gpu *gpu = *state;
    fr_d3d11_device_unref(gpu->device);
    return 0;
}

static ID3D11Texture2D *make_texture(const struct gpu *gpu, uint32_t width, uint32_t height,
                                     DXGI_FORMAT format, UINT bind)
{
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = width,
        .Height = height,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = format,
        .SampleDesc = {.Count = 1},
        .Usage = bind ? D3D11_USAGE_DEFAULT : D3D11_USAGE_STAGING,
        .BindFlags = bind,
        .CPUAccessFlags = bind ? 0 : D3D11_CPU_ACCESS_READ,
    };
    ID3D11Texture2D *texture = NULL;
    assert_int_equal(ID3D11Device_CreateTexture2D(gpu->device->device, &desc, NULL, &texture), S_OK);
    return texture;
}

void gpu_shade_open(struct gpu_shade *shade, struct gpu *gpu, const fr_convert_params *params)
{
    *shade = (struct gpu_shade){.gpu = gpu, .params = *params};
    assert_int_equal(fr_d3d11_shade_init(&shade->shaders, gpu->device, &gpu->api, params), S_OK);
    shade->slot = make_texture(gpu, params->width, params->height, (DXGI_FORMAT)params->from,
                               D3D11_BIND_SHADER_RESOURCE);
    assert_int_equal(ID3D11Device_CreateShaderResourceView(gpu->device->device, (ID3D11Resource *)shade->slot,
                                                           NULL, &shade->view),
                     S_OK);
}

void gpu_shade_close(struct gpu_shade *shade)
{
    fr_com_release(shade->view);
    fr_com_release(shade->slot);
    fr_d3d11_shade_finish(&shade->shaders);
}

static uint32_t half_of(uint32_t size)
{
    return (size + 1) / 2;
}

size_t gpu_sample_bytes(const fr_convert_params *params)
{
    return params->to == FR_FORMAT_P010 ? 2 : 1;
}

size_t gpu_row_bytes(const fr_convert_params *params)
{
    return half_of(params->width) * 2 * gpu_sample_bytes(params);
}

uint32_t gpu_rows(const fr_convert_params *params, uint32_t plane)
{
    return half_of(params->height) * (plane ? 1 : 2);
}

void gpu_picture_open(const struct gpu_shade *shade, struct gpu_picture *picture)
{
    static const DXGI_FORMAT formats[2][2] = {{DXGI_FORMAT_R8_UNORM, DXGI_FORMAT_R8G8_UNORM},
                                              {DXGI_FORMAT_R16_UNORM, DXGI_FORMAT_R16G16_UNORM}};
    const fr_convert_params *params = &shade->params;
    for (uint32_t i = 0; i < 2; i++) {
        const DXGI_FORMAT format = formats[params->to == FR_FORMAT_P010][i];
        const uint32_t width = half_of(params->width) * (i ? 1 : 2), height = gpu_rows(params, i);
        picture->plane[i] = make_texture(shade->gpu, width, height, format, D3D11_BIND_RENDER_TARGET);
        picture->staging[i] = make_texture(shade->gpu, width, height, format, 0);
        assert_int_equal(ID3D11Device_CreateRenderTargetView(shade->gpu->device->device,
                                                             (ID3D11Resource *)picture->plane[i], NULL,
                                                             &picture->target[i]),
                         S_OK);
    }
}

void gpu_picture_close(struct gpu_picture *picture)
{
    for (uint32_t i = 0; i < 2; i++) {
        fr_com_release(picture->target[i]);
        fr_com_release(picture->staging[i]);
        fr_com_release(picture->plane[i]);
    }
}

void gpu_fill(struct gpu_shade *shade, const void *pixels)
{
    const fr_convert_params *params = &shade->params;
    ID3D11DeviceContext_UpdateSubresource(shade->gpu->device->context, (ID3D11Resource *)shade->slot, 0, NULL,
                                          pixels, params->width * fr_format_pixel_bytes(params->from), 0);
}

void gpu_run(struct gpu_shade *shade, struct gpu_picture *picture, const struct fr_parts *parts)
{
    fr_d3d11_shade_run(&shade->shaders, shade->gpu->device, &shade->params, parts, shade->view,
                       picture->target);
}

uint8_t *gpu_read(struct gpu_shade *shade, struct gpu_picture *picture, uint32_t plane)
{
    const size_t row = gpu_row_bytes(&shade->params);
    const uint32_t rows = gpu_rows(&shade->params, plane);
    ID3D11DeviceContext *context = shade->gpu->device->context;
    ID3D11Resource *const staging = (ID3D11Resource *)picture->staging[plane];
    ID3D11DeviceContext_CopyResource(context, staging, (ID3D11Resource *)picture->plane[plane]);
    D3D11_MAPPED_SUBRESOURCE mapped;
    assert_int_equal(ID3D11DeviceContext_Map(context, staging, 0, D3D11_MAP_READ, 0, &mapped), S_OK);
    uint8_t *out = malloc(row * rows);
    for (uint32_t y = 0; y < rows; y++)
        memcpy(out + y * row, (const uint8_t *)mapped.pData + (size_t)y * mapped.RowPitch, row);
    ID3D11DeviceContext_Unmap(context, staging, 0);
    return out;
}
