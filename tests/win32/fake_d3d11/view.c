/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "fake_names.h"

#include "backend/d3d11/convert.h"

#include <stdlib.h>
#include <string.h>

void fake_view_destroy(struct fake_object *object)
{
    struct fake_view *view = (struct fake_view *)object;
    fake_object_unhold(&view->texture->object);
    fake_object_unhold(view->enumerator);
    free(view);
}

static const struct fake_iid srv_iids[] = {{&IID_IUnknown, 0, 0},
                                           {&IID_ID3D11DeviceChild, 0, 0},
                                           {&IID_ID3D11View, 0, 0},
                                           {&IID_ID3D11ShaderResourceView, 0, 0}};
static const struct fake_iid rtv_iids[] = {{&IID_IUnknown, 0, 0},
                                           {&IID_ID3D11DeviceChild, 0, 0},
                                           {&IID_ID3D11View, 0, 0},
                                           {&IID_ID3D11RenderTargetView, 0, 0}};
const struct fake_class fake_srv_class = {"ID3D11ShaderResourceView", srv_iids, 4, fake_view_destroy};
const struct fake_class fake_rtv_class = {"ID3D11RenderTargetView", rtv_iids, 4, fake_view_destroy};

static ID3D11ShaderResourceViewVtbl srv_vtable = {FAKE_CHILD(ID3D11ShaderResourceView)};
static ID3D11RenderTargetViewVtbl rtv_vtable = {FAKE_CHILD(ID3D11RenderTargetView)};

static HRESULT make(struct fake_device *device, const struct fake_class *class_, const void *vtable,
                    struct fake_texture *texture, DXGI_FORMAT format, uint32_t plane, void **out)
{
    if (texture->object.device != device) {
        fake_violation("a %s of another device's texture", class_->name);
        return E_INVALIDARG;
    }
    struct fake_view *view = calloc(1, sizeof(*view));
    if (!view)
        return E_OUTOFMEMORY;
    view->texture = texture;
    view->format = format;
    view->plane = plane;
    fake_object_hold(&texture->object);
    view->object.face[0].vtable = vtable;
    fake_object_init(&view->object, class_, device);
    *out = &view->object.face[0];
    return S_OK;
}

HRESULT fake_srv_create(struct fake_device *device, ID3D11Resource *resource,
                        const D3D11_SHADER_RESOURCE_VIEW_DESC *desc, void **out)
{
    *out = NULL;
    struct fake_texture *texture = fake_object_of(resource, &fake_texture_class);
    if (desc || !(texture->desc.BindFlags & D3D11_BIND_SHADER_RESOURCE)) {
        fake_violation("CreateShaderResourceView: a description, or a texture that is not for shaders");
        return E_INVALIDARG;
    }
    return make(device, &fake_srv_class, &srv_vtable, texture, texture->desc.Format, 0, out);
}

/* Which plane a view of that format is of; -1: none. */
static int plane_of(DXGI_FORMAT texture, DXGI_FORMAT view)
{
    if (!fake_is_planar(texture))
        return texture == view ? 0 : -1;
    const bool deep = texture == DXGI_FORMAT_P010;
    if (view == (deep ? DXGI_FORMAT_R16_UNORM : DXGI_FORMAT_R8_UNORM))
        return 0;
    return view == (deep ? DXGI_FORMAT_R16G16_UNORM : DXGI_FORMAT_R8G8_UNORM) ? 1 : -1;
}

HRESULT fake_rtv_create(struct fake_device *device, ID3D11Resource *resource,
                        const D3D11_RENDER_TARGET_VIEW_DESC *desc, void **out)
{
    *out = NULL;
    struct fake_texture *texture = fake_object_of(resource, &fake_texture_class);
    const DXGI_FORMAT format = desc ? desc->Format : texture->desc.Format;
    const int plane = plane_of(texture->desc.Format, format);
    if (plane < 0 || !(texture->desc.BindFlags & D3D11_BIND_RENDER_TARGET) ||
        (desc && desc->ViewDimension != D3D11_RTV_DIMENSION_TEXTURE2D)) {
        fake_violation("CreateRenderTargetView: a format or a texture that cannot be drawn to");
        return E_INVALIDARG;
    }
    if (fake_is_planar(texture->desc.Format) && fake_has(FAKE_NO_PLANES))
        return E_INVALIDARG;
    return make(device, &fake_rtv_class, &rtv_vtable, texture, format, (uint32_t)plane, out);
}

/* ---- bytes: buffers and shaders ---- */

static void destroy_bytes(struct fake_object *object)
{
    struct fake_bytes *bytes = (struct fake_bytes *)object;
    free(bytes->bytes);
    free(bytes);
}

static ID3D11BufferVtbl buffer_vtable = {FAKE_CHILD(ID3D11Buffer)};
static ID3D11VertexShaderVtbl vertex_vtable = {FAKE_CHILD(ID3D11VertexShader)};
static ID3D11PixelShaderVtbl pixel_vtable = {FAKE_CHILD(ID3D11PixelShader)};

static const struct fake_iid buffer_iids[] = {{&IID_IUnknown, 0, 0}, {&IID_ID3D11Buffer, 0, 0}};
static const struct fake_iid vertex_iids[] = {{&IID_IUnknown, 0, 0}, {&IID_ID3D11VertexShader, 0, 0}};
static const struct fake_iid pixel_iids[] = {{&IID_IUnknown, 0, 0}, {&IID_ID3D11PixelShader, 0, 0}};
const struct fake_class fake_buffer_class = {"ID3D11Buffer", buffer_iids, 2, destroy_bytes};
const struct fake_class fake_vertex_class = {"ID3D11VertexShader", vertex_iids, 2, destroy_bytes};
const struct fake_class fake_pixel_class = {"ID3D11PixelShader", pixel_iids, 2, destroy_bytes};

HRESULT fake_bytes_create(struct fake_device *device, const struct fake_class *class_, const void *bytes,
                          size_t size, void **out)
{
    *out = NULL;
    if (class_ != &fake_buffer_class && fake_has(FAKE_NO_CODE))
        return E_INVALIDARG;
    struct fake_bytes *object = calloc(1, sizeof(*object));
    if (!object || !(object->bytes = malloc(size))) {
        free(object);
        return E_OUTOFMEMORY;
    }
    memcpy(object->bytes, bytes, size);
    object->size = size;
    object->object.face[0].vtable = class_ == &fake_buffer_class   ? (const void *)&buffer_vtable
                                    : class_ == &fake_vertex_class ? (const void *)&vertex_vtable
                                                                   : (const void *)&pixel_vtable;
    fake_object_init(&object->object, class_, device);
    *out = &object->object.face[0];
    return S_OK;
}

void fake_view_init(void)
{
    FAKE_VTABLE_FILL(srv_vtable, ID3D11ShaderResourceView);
    FAKE_VTABLE_FILL(rtv_vtable, ID3D11RenderTargetView);
    FAKE_VTABLE_FILL(buffer_vtable, ID3D11Buffer);
    FAKE_VTABLE_FILL(vertex_vtable, ID3D11VertexShader);
    FAKE_VTABLE_FILL(pixel_vtable, ID3D11PixelShader);
}
