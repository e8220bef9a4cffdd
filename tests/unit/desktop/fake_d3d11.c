/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_d3d11.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct texture {
    struct fake_object object;
    D3D11_TEXTURE2D_DESC desc;
    fr_canvas canvas;
    bool mapped;
};

struct device {
    struct fake_object object;
    LONG adapter;
};

static void STDMETHODCALLTYPE texture_desc(ID3D11Texture2D *self, D3D11_TEXTURE2D_DESC *desc)
{
    *desc = ((const struct texture *)(void *)self)->desc;
}

static void texture_destroy(void *self)
{
    struct texture *texture = self;
    assert_false(texture->mapped);
    free(texture->canvas.pixels);
}

static const ID3D11Texture2DVtbl texture_table = {
    .AddRef = FAKE_ADD_REF(ID3D11Texture2D),
    .Release = FAKE_RELEASE(ID3D11Texture2D),
    .GetDesc = texture_desc,
};

ID3D11Texture2D *fake_texture_create(struct fake_dxgi *fake, const D3D11_TEXTURE2D_DESC *desc)
{
    struct texture *texture = fake_create(fake, &texture_table, sizeof(*texture), texture_destroy);
    const fr_format format = (fr_format)desc->Format;
    const size_t pitch = ((size_t)desc->Width * fr_format_pixel_bytes(format) + 255) / 256 * 256;
    texture->desc = *desc;
    texture->canvas = fr_canvas_on(calloc(desc->Height, pitch), pitch, desc->Width, desc->Height, format);
    assert_non_null(texture->canvas.pixels);
    /* Nothing may rely on what was never drawn. */
    memset(texture->canvas.pixels, 0xcc, desc->Height * pitch);
    return (ID3D11Texture2D *)texture;
}

fr_canvas fake_texture_canvas(ID3D11Texture2D *texture)
{
    return ((const struct texture *)(void *)texture)->canvas;
}

static HRESULT STDMETHODCALLTYPE device_texture(ID3D11Device *self, const D3D11_TEXTURE2D_DESC *desc,
                                                const D3D11_SUBRESOURCE_DATA *data, ID3D11Texture2D **out)
{
    struct fake_dxgi *fake = ((struct fake_object *)(void *)self)->fake;
    assert_null(data);
    assert_true(desc->Width && desc->Height && desc->MipLevels == 1 && desc->ArraySize == 1);
    if (desc->Usage == D3D11_USAGE_STAGING)
        assert_true(!desc->BindFlags && desc->CPUAccessFlags);
    else
        assert_int_equal(desc->CPUAccessFlags, 0);
    *out = (void *)(intptr_t)0x7777; /* real ones leave anything there on failure */
    if (fake->removed)
        return DXGI_ERROR_DEVICE_REMOVED;
    const HRESULT result = fake_call(fake);
    if (result == S_OK)
        *out = fake_texture_create(fake, desc);
    return result;
}

static HRESULT STDMETHODCALLTYPE device_reason(ID3D11Device *self)
{
    return ((struct fake_object *)(void *)self)->fake->removed;
}

static const ID3D11DeviceVtbl device_table = {
    .AddRef = FAKE_ADD_REF(ID3D11Device),
    .Release = FAKE_RELEASE(ID3D11Device),
    .CreateTexture2D = device_texture,
    .GetDeviceRemovedReason = device_reason,
};

static void check_box(const fr_canvas *canvas, UINT left, UINT top, UINT right, UINT bottom)
{
    assert_true(left < right && top < bottom);
    assert_true(right <= canvas->width && bottom <= canvas->height);
}

static void STDMETHODCALLTYPE context_copy(ID3D11DeviceContext *self, ID3D11Resource *to_, UINT to_part,
                                           UINT x, UINT y, UINT z, ID3D11Resource *from_, UINT from_part,
                                           const D3D11_BOX *box)
{
    const struct texture *to = (void *)to_, *from = (void *)from_;
    assert_true(!to_part && !from_part && !z && to != from && !to->mapped && !from->mapped);
    assert_int_equal(to->desc.Format, from->desc.Format);
    check_box(&from->canvas, box->left, box->top, box->right, box->bottom);
    check_box(&to->canvas, x, y, x + box->right - box->left, y + box->bottom - box->top);
    if (((struct fake_object *)(void *)self)->fake->removed)
        return;
    for (UINT row = 0; row < box->bottom - box->top; row++)
        for (UINT column = 0; column < box->right - box->left; column++)
            fr_canvas_set(&to->canvas, x + column, y + row,
                          fr_canvas_get(&from->canvas, box->left + column, box->top + row));
}

static void STDMETHODCALLTYPE context_update(ID3D11DeviceContext *self, ID3D11Resource *to_, UINT part,
                                             const D3D11_BOX *box, const void *pixels, UINT pitch, UINT depth)
{
    const struct texture *to = (void *)to_;
    (void)depth;
    assert_true(!part && to->desc.Usage == D3D11_USAGE_DEFAULT);
    check_box(&to->canvas, box->left, box->top, box->right, box->bottom);
    if (((struct fake_object *)(void *)self)->fake->removed)
        return;
    const size_t row_bytes = (size_t)(box->right - box->left) * to->canvas.pixel_bytes;
    assert_true(pitch >= row_bytes);
    for (UINT y = box->top; y < box->bottom; y++)
        memcpy(to->canvas.pixels + y * to->canvas.pitch_bytes + (size_t)box->left * to->canvas.pixel_bytes,
               (const uint8_t *)pixels + (size_t)(y - box->top) * pitch, row_bytes);
}

static HRESULT STDMETHODCALLTYPE context_map(ID3D11DeviceContext *self, ID3D11Resource *resource, UINT part,
                                             D3D11_MAP type, UINT flags, D3D11_MAPPED_SUBRESOURCE *out)
{
    struct fake_dxgi *fake = ((struct fake_object *)(void *)self)->fake;
    struct texture *texture = (void *)resource;
    assert_true(!part && !flags && !texture->mapped && texture->desc.Usage == D3D11_USAGE_STAGING);
    if (type == D3D11_MAP_READ_WRITE)
        assert_int_equal(texture->desc.CPUAccessFlags, D3D11_CPU_ACCESS_READ | D3D11_CPU_ACCESS_WRITE);
    if (fake->removed)
        return DXGI_ERROR_DEVICE_REMOVED;
    const HRESULT result = fake_call(fake);
    if (result != S_OK)
        return result;
    texture->mapped = true;
    *out = (D3D11_MAPPED_SUBRESOURCE){texture->canvas.pixels, (UINT)texture->canvas.pitch_bytes, 0};
    return S_OK;
}

static void STDMETHODCALLTYPE context_unmap(ID3D11DeviceContext *self, ID3D11Resource *resource, UINT part)
{
    struct texture *texture = (void *)resource;
    (void)self;
    assert_true(!part && texture->mapped);
    texture->mapped = false;
}

static const ID3D11DeviceContextVtbl context_table = {
    .AddRef = FAKE_ADD_REF(ID3D11DeviceContext),
    .Release = FAKE_RELEASE(ID3D11DeviceContext),
    .CopySubresourceRegion = context_copy,
    .UpdateSubresource = context_update,
    .Map = context_map,
    .Unmap = context_unmap,
};

void fake_device_create(struct fake_dxgi *fake, LONG adapter, ID3D11Device **device,
                        ID3D11DeviceContext **context)
{
    struct device *made = fake_create(fake, &device_table, sizeof(*made), NULL);
    made->adapter = adapter;
    *device = (ID3D11Device *)made;
    *context = fake_create(fake, &context_table, sizeof(struct fake_object), NULL);
}

LONG fake_device_adapter(IUnknown *device)
{
    return ((const struct device *)(void *)device)->adapter;
}
