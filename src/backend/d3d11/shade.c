/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/convert.h"

#include "convert/curve.h"
#include "convert/rgba16f_p010.h"

#include <math.h>

/* The constant buffer of convert.hlsl. */
struct shade_params {
    int32_t edge[4];
    float light[9][4]; /* red, green, blue; of each the high, the middle and the low parts */
    float tone[4];
    float white[4];
};

_Static_assert(sizeof(struct shade_params) % 16 == 0, "a constant buffer is made of lines of 16 bytes");

/* `value` to so many bits that its product with a half is exact in a float. */
static float twelve_bits(double value)
{
    int exponent;
    const double fraction = frexp(value, &exponent);
    return (float)ldexp(nearbyint(ldexp(fraction, 12)), exponent - 12);
}

static void fill_light(struct shade_params *params)
{
    for (size_t row = 0; row < 3; row++)
        for (size_t column = 0; column < 3; column++) {
            const double factor = fr_scrgb_to_bt2020[row][column];
            const float high = twelve_bits(factor);
            const float middle = twelve_bits(factor - (double)high);
            params->light[3 * row][column] = high;
            params->light[3 * row + 1][column] = middle;
            params->light[3 * row + 2][column] = (float)(factor - (double)high - (double)middle);
        }
}

static void fill_tone(struct shade_params *params, const fr_convert_params *from)
{
    const uint32_t peak = from->peak_millinits ? from->peak_millinits : 1000000;
    const uint32_t white = from->sdr_white_millinits ? from->sdr_white_millinits : 203000;
    const fr_tone_map map = fr_tone_map_init(fmin(peak / 1000.0, 10000), fmin(white / 1000.0, 10000));
    const bool maps = map.target_peak < map.source_peak;
    params->tone[0] = (float)map.source;
    params->tone[1] = maps ? (float)map.knee : HUGE_VALF; /* what is never reached is never bent */
    params->tone[2] = (float)map.target;
    params->tone[3] = from->sdr_map == FR_SDR_MAP_TONE;
    params->white[0] = (float)map.target_peak;
    params->white[1] = (float)(80 / map.target_peak);
}

static HRESULT make_params(struct fr_d3d11_shade *shade, ID3D11Device *device, const fr_convert_params *from)
{
    struct shade_params params = {
        .edge = {(int32_t)from->width - 1, (int32_t)from->height - 1},
        .white = {[2] = 1},
    };
    fill_light(&params);
    fill_tone(&params, from);
    const D3D11_BUFFER_DESC desc = {
        .ByteWidth = sizeof(params),
        .Usage = D3D11_USAGE_IMMUTABLE,
        .BindFlags = D3D11_BIND_CONSTANT_BUFFER,
    };
    const D3D11_SUBRESOURCE_DATA data = {.pSysMem = &params};
    return ID3D11Device_CreateBuffer(device, &desc, &data, &shade->params);
}

typedef HRESULT make_fn(ID3D11Device *device, const void *bytes, size_t size, void *out);

static HRESULT make_vertex(ID3D11Device *device, const void *bytes, size_t size, void *out)
{
    return ID3D11Device_CreateVertexShader(device, bytes, size, NULL, out);
}

static HRESULT make_pixel(ID3D11Device *device, const void *bytes, size_t size, void *out)
{
    return ID3D11Device_CreatePixelShader(device, bytes, size, NULL, out);
}

static HRESULT compile(const struct fr_d3d11_api *api, const struct fr_d3d11_code *code, ID3DBlob **out)
{
    D3D_SHADER_MACRO macros[FR_D3D11_CODE_MACROS_MAX + 1] = {{0}};
    for (size_t i = 0; code->macros[i]; i++)
        macros[i] = (D3D_SHADER_MACRO){code->macros[i], "1"};
    size_t bytes;
    const char *text = fr_d3d11_code_text(&bytes);
    return api->compile(text, bytes, "convert.hlsl", macros, NULL, "main", code->target, 0, 0, out, NULL);
}

static HRESULT make_shader(ID3D11Device *device, const struct fr_d3d11_api *api,
                           const struct fr_d3d11_code *code, make_fn *make, void *out)
{
    const HRESULT result = make(device, code->bytes, code->size, out);
    if (result != E_INVALIDARG)
        return result;
    ID3DBlob *blob = NULL;
    if (compile(api, code, &blob) != S_OK)
        return result;
    const HRESULT second =
        make(device, ID3D10Blob_GetBufferPointer(blob), ID3D10Blob_GetBufferSize(blob), out);
    fr_com_release(blob);
    return second;
}

HRESULT fr_d3d11_shade_init(struct fr_d3d11_shade *shade, struct fr_d3d11_device *device,
                            const struct fr_d3d11_api *api, const fr_convert_params *params)
{
    *shade = (struct fr_d3d11_shade){0};
    struct fr_d3d11_code code = fr_d3d11_vertex_code();
    HRESULT result = make_shader(device->device, api, &code, make_vertex, &shade->vertex);
    for (uint32_t i = 0; i < 2 && result == S_OK; i++)
        result = fr_d3d11_plane_code(params->from, params->to, i, &code)
                     ? make_shader(device->device, api, &code, make_pixel, &shade->plane[i])
                     : DXGI_ERROR_UNSUPPORTED;
    if (result == S_OK)
        result = make_params(shade, device->device, params);
    if (result != S_OK)
        fr_d3d11_shade_finish(shade);
    return result;
}

void fr_d3d11_shade_finish(struct fr_d3d11_shade *shade)
{
    fr_com_release(shade->params);
    fr_com_release(shade->plane[0]);
    fr_com_release(shade->plane[1]);
    fr_com_release(shade->vertex);
    *shade = (struct fr_d3d11_shade){0};
}

/* Whatever another user of the device left is set, not assumed. */
static void set_state(ID3D11DeviceContext *context, const struct fr_d3d11_shade *shade)
{
    ID3D11DeviceContext_IASetInputLayout(context, NULL);
    ID3D11DeviceContext_IASetPrimitiveTopology(context, D3D11_PRIMITIVE_TOPOLOGY_TRIANGLELIST);
    ID3D11DeviceContext_VSSetShader(context, shade->vertex, NULL, 0);
    ID3D11DeviceContext_HSSetShader(context, NULL, NULL, 0);
    ID3D11DeviceContext_DSSetShader(context, NULL, NULL, 0);
    ID3D11DeviceContext_GSSetShader(context, NULL, NULL, 0);
    ID3D11DeviceContext_RSSetState(context, NULL);
    ID3D11DeviceContext_OMSetBlendState(context, NULL, NULL, ~0u);
    ID3D11DeviceContext_OMSetDepthStencilState(context, NULL, 0);
    ID3D11DeviceContext_SetPredication(context, NULL, FALSE);
    ID3D11DeviceContext_PSSetConstantBuffers(context, 0, 1, &shade->params);
}

/* The triangle ends at the viewport, and a shader knows its pixel by its place in the target: what is drawn
 * does not depend on the part. */
static void draw_part(ID3D11DeviceContext *context, const fr_rect *part, uint32_t plane)
{
    const uint32_t samples = plane ? 1 : 2; /* of two columns or rows, the last of which may be missing */
    const D3D11_VIEWPORT viewport = {
        .TopLeftX = (FLOAT)(part->x / 2 * samples),
        .TopLeftY = (FLOAT)(part->y / 2 * samples),
        .Width = (FLOAT)((part->width + 1) / 2 * samples),
        .Height = (FLOAT)((part->height + 1) / 2 * samples),
        .MaxDepth = 1,
    };
    ID3D11DeviceContext_RSSetViewports(context, 1, &viewport);
    ID3D11DeviceContext_Draw(context, 3, 0);
}

void fr_d3d11_shade_run(const struct fr_d3d11_shade *shade, struct fr_d3d11_device *device,
                        const fr_convert_params *params, const struct fr_parts *parts,
                        ID3D11ShaderResourceView *slot, ID3D11RenderTargetView *const plane[2])
{
    const fr_rect all = {0, 0, params->width, params->height};
    const uint32_t count = parts ? parts->count : 1;
    ID3D11DeviceContext *context = device->context;
    set_state(context, shade);
    ID3D11DeviceContext_PSSetShaderResources(context, 0, 1, &slot);
    for (uint32_t i = 0; i < 2; i++) {
        ID3D11DeviceContext_PSSetShader(context, shade->plane[i], NULL, 0);
        ID3D11DeviceContext_OMSetRenderTargets(context, 1, &plane[i], NULL);
        for (uint32_t k = 0; k < count; k++)
            draw_part(context, parts ? &parts->rect[k] : &all, i);
    }
    /* A bound texture cannot be written by others, and is kept alive. */
    ID3D11ShaderResourceView *const no_slot = NULL;
    ID3D11DeviceContext_PSSetShaderResources(context, 0, 1, &no_slot);
    ID3D11DeviceContext_OMSetRenderTargets(context, 0, NULL, NULL);
}
