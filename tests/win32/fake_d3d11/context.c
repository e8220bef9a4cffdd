/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "fake_names.h"

#include <stdlib.h>
#include <string.h>

static struct fake_context *context_of(const void *self)
{
    return fake_object_of(self, &fake_context_class);
}

static struct fake_device *device_of(const void *self)
{
    return context_of(self)->object.device;
}

void fake_bind(void *slot, void *object)
{
    struct fake_object *before, *const now = object;
    memcpy(&before, slot, sizeof(before));
    fake_object_hold(now);
    memcpy(slot, &now, sizeof(now));
    fake_object_unhold(before);
}

/* ---- state ---- */

#define SETTER(name) (void)fake_call_void(device_of(self), "ID3D11DeviceContext::" name)

static void STDMETHODCALLTYPE context_IASetInputLayout(ID3D11DeviceContext4 *self, ID3D11InputLayout *layout)
{
    SETTER("IASetInputLayout");
    if (layout)
        fake_violation("an input layout");
}

static void STDMETHODCALLTYPE context_IASetPrimitiveTopology(ID3D11DeviceContext4 *self,
                                                             D3D11_PRIMITIVE_TOPOLOGY topology)
{
    SETTER("IASetPrimitiveTopology");
    context_of(self)->topology = topology;
}

static void STDMETHODCALLTYPE context_VSSetShader(ID3D11DeviceContext4 *self, ID3D11VertexShader *shader,
                                                  ID3D11ClassInstance *const *instances, UINT count)
{
    (void)instances, (void)count;
    SETTER("VSSetShader");
    fake_enter();
    fake_bind(&context_of(self)->vertex, fake_object_of(shader, &fake_vertex_class));
    fake_leave();
}

static void STDMETHODCALLTYPE context_PSSetShader(ID3D11DeviceContext4 *self, ID3D11PixelShader *shader,
                                                  ID3D11ClassInstance *const *instances, UINT count)
{
    (void)instances, (void)count;
    SETTER("PSSetShader");
    fake_enter();
    fake_bind(&context_of(self)->pixel, fake_object_of(shader, &fake_pixel_class));
    fake_leave();
}

/* The stages that the fake does not have must be set to nothing. */
#define NO_STAGE(name, shader_type)                                                                          \
    static void STDMETHODCALLTYPE context_##name(ID3D11DeviceContext4 *self, shader_type *shader,            \
                                                 ID3D11ClassInstance *const *instances, UINT count)          \
    {                                                                                                        \
        (void)instances, (void)count;                                                                        \
        SETTER(#name);                                                                                       \
        if (shader)                                                                                          \
            fake_violation(#name " with a shader");                                                          \
    }

NO_STAGE(HSSetShader, ID3D11HullShader)
NO_STAGE(DSSetShader, ID3D11DomainShader)
NO_STAGE(GSSetShader, ID3D11GeometryShader)

static void STDMETHODCALLTYPE context_RSSetState(ID3D11DeviceContext4 *self, ID3D11RasterizerState *state)
{
    SETTER("RSSetState");
    if (state)
        fake_violation("a rasterizer state");
}

static void STDMETHODCALLTYPE context_RSSetViewports(ID3D11DeviceContext4 *self, UINT count,
                                                     const D3D11_VIEWPORT *viewports)
{
    SETTER("RSSetViewports");
    if (count == 1)
        context_of(self)->viewport = viewports[0];
}

static void STDMETHODCALLTYPE context_OMSetBlendState(ID3D11DeviceContext4 *self, ID3D11BlendState *state,
                                                      const FLOAT factor[4], UINT mask)
{
    (void)factor;
    SETTER("OMSetBlendState");
    if (state || mask != ~0u)
        fake_violation("a blend state, or a mask that leaves samples out");
}

static void STDMETHODCALLTYPE context_OMSetDepthStencilState(ID3D11DeviceContext4 *self,
                                                             ID3D11DepthStencilState *state, UINT reference)
{
    (void)reference;
    SETTER("OMSetDepthStencilState");
    if (state)
        fake_violation("a depth state");
}

static void STDMETHODCALLTYPE context_SetPredication(ID3D11DeviceContext4 *self, ID3D11Predicate *predicate,
                                                     BOOL value)
{
    (void)value;
    SETTER("SetPredication");
    if (predicate)
        fake_violation("a predicate");
}

static void STDMETHODCALLTYPE context_PSSetConstantBuffers(ID3D11DeviceContext4 *self, UINT start, UINT count,
                                                           ID3D11Buffer *const *buffers)
{
    SETTER("PSSetConstantBuffers");
    fake_enter();
    if (start == 0 && count == 1)
        fake_bind(&context_of(self)->params, fake_object_of(buffers[0], &fake_buffer_class));
    fake_leave();
}

static void STDMETHODCALLTYPE context_PSSetShaderResources(ID3D11DeviceContext4 *self, UINT start, UINT count,
                                                           ID3D11ShaderResourceView *const *views)
{
    SETTER("PSSetShaderResources");
    fake_enter();
    if (start == 0 && count == 1)
        fake_bind(&context_of(self)->srv, fake_object_of(views[0], &fake_srv_class));
    fake_leave();
}

static void STDMETHODCALLTYPE context_OMSetRenderTargets(ID3D11DeviceContext4 *self, UINT count,
                                                         ID3D11RenderTargetView *const *views,
                                                         ID3D11DepthStencilView *depth)
{
    SETTER("OMSetRenderTargets");
    if (depth)
        fake_violation("a depth view");
    fake_enter();
    fake_bind(&context_of(self)->rtv, count ? fake_object_of(views[0], &fake_rtv_class) : NULL);
    fake_leave();
}

void fake_context_clear(struct fake_context *context)
{
    fake_bind(&context->srv, NULL);
    fake_bind(&context->rtv, NULL);
    fake_bind(&context->vertex, NULL);
    fake_bind(&context->pixel, NULL);
    fake_bind(&context->params, NULL);
    for (size_t i = 0; i < context->num_recorded; i++)
        fake_object_unhold(&context->recorded[i].fence->object);
    for (size_t i = 0; i < context->num_submitted; i++)
        fake_object_unhold(&context->submitted[i].fence->object);
    context->num_recorded = context->num_submitted = 0;
}

static void STDMETHODCALLTYPE context_ClearState(ID3D11DeviceContext4 *self)
{
    SETTER("ClearState");
    fake_enter();
    struct fake_context *context = context_of(self);
    fake_bind(&context->srv, NULL);
    fake_bind(&context->rtv, NULL);
    fake_bind(&context->vertex, NULL);
    fake_bind(&context->pixel, NULL);
    fake_bind(&context->params, NULL);
    fake_leave();
}

static void STDMETHODCALLTYPE context_Draw(ID3D11DeviceContext4 *self, UINT vertices, UINT first)
{
    fake_enter();
    if (fake_call_void(device_of(self), "ID3D11DeviceContext::Draw")) {
        if (first)
            fake_violation("Draw from another vertex than the first");
        fake_draw(context_of(self), vertices);
    }
    fake_leave();
}

/* ---- copies ---- */

static bool copy_fits(const struct fake_texture *to, const struct fake_texture *from, const char *by)
{
    const bool usable = fake_texture_usable(to, by) && fake_texture_usable(from, by);
    if (!usable)
        return false;
    if (to->object.device != from->object.device || to->desc.Width != from->desc.Width ||
        to->desc.Height != from->desc.Height || to->desc.Format != from->desc.Format || to == from) {
        fake_violation("%s between textures that differ", by);
        return false;
    }
    return true;
}

static void copy(const struct fake_texture *to, const struct fake_texture *from)
{
    memcpy(to->pixels, from->pixels, to->bytes);
}

static void STDMETHODCALLTYPE context_CopyResource(ID3D11DeviceContext4 *self, ID3D11Resource *to_,
                                                   ID3D11Resource *from_)
{
    struct fake_texture *to = fake_object_of(to_, &fake_texture_class);
    struct fake_texture *from = fake_object_of(from_, &fake_texture_class);
    fake_enter();
    if (fake_call_void(device_of(self), "ID3D11DeviceContext::CopyResource") &&
        copy_fits(to, from, "CopyResource"))
        copy(to, from);
    fake_leave();
}

static void STDMETHODCALLTYPE context_CopySubresourceRegion(ID3D11DeviceContext4 *self, ID3D11Resource *to_,
                                                            UINT to_sub, UINT x, UINT y, UINT z,
                                                            ID3D11Resource *from_, UINT from_sub,
                                                            const D3D11_BOX *box)
{
    struct fake_texture *to = fake_object_of(to_, &fake_texture_class);
    struct fake_texture *from = fake_object_of(from_, &fake_texture_class);
    fake_enter();
    if (fake_call_void(device_of(self), "ID3D11DeviceContext::CopySubresourceRegion")) {
        if (to_sub || from_sub || x || y || z || box)
            fake_violation("CopySubresourceRegion of less than all");
        else if (copy_fits(to, from, "CopySubresourceRegion"))
            copy(to, from);
    }
    fake_leave();
}

static void STDMETHODCALLTYPE context_UpdateSubresource(ID3D11DeviceContext4 *self, ID3D11Resource *to_,
                                                        UINT sub, const D3D11_BOX *box, const void *data,
                                                        UINT pitch, UINT depth_pitch)
{
    (void)depth_pitch;
    struct fake_texture *to = fake_object_of(to_, &fake_texture_class);
    const size_t row = to->desc.Width * fake_pixel_bytes(to->desc.Format);
    fake_enter();
    if (fake_call_void(device_of(self), "ID3D11DeviceContext::UpdateSubresource") &&
        fake_texture_usable(to, "UpdateSubresource")) {
        if (sub || box || to->desc.Usage != D3D11_USAGE_DEFAULT)
            fake_violation("UpdateSubresource of less than all, or of another usage");
        for (UINT y = 0; y < to->desc.Height; y++)
            memcpy(to->pixels + y * to->pitch_bytes, (const uint8_t *)data + (size_t)y * pitch, row);
    }
    fake_leave();
}

static HRESULT map(struct fake_texture *texture, D3D11_MAP type, UINT flags, D3D11_MAPPED_SUBRESOURCE *out)
{
    if (texture->desc.Usage != D3D11_USAGE_STAGING || type != D3D11_MAP_READ || texture->mapped) {
        fake_violation("Map: not a staging texture for reading, or mapped already");
        return E_INVALIDARG;
    }
    if (!(flags & D3D11_MAP_FLAG_DO_NOT_WAIT))
        fake_violation("Map waits without a bound");
    if (fake_stalls())
        return DXGI_ERROR_WAS_STILL_DRAWING;
    texture->mapped = true;
    *out = (D3D11_MAPPED_SUBRESOURCE){texture->pixels, (UINT)texture->pitch_bytes, (UINT)texture->bytes};
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE context_Map(ID3D11DeviceContext4 *self, ID3D11Resource *resource, UINT sub,
                                             D3D11_MAP type, UINT flags, D3D11_MAPPED_SUBRESOURCE *out)
{
    (void)sub;
    fake_enter();
    HRESULT result = fake_call(device_of(self), "ID3D11DeviceContext::Map");
    if (result == S_OK)
        result = map(fake_object_of(resource, &fake_texture_class), type, flags, out);
    fake_leave();
    return result;
}

static void STDMETHODCALLTYPE context_Unmap(ID3D11DeviceContext4 *self, ID3D11Resource *resource, UINT sub)
{
    (void)sub;
    struct fake_texture *texture = fake_object_of(resource, &fake_texture_class);
    fake_enter();
    (void)fake_call_void(device_of(self), "ID3D11DeviceContext::Unmap");
    if (!texture->mapped)
        fake_violation("Unmap without a Map");
    texture->mapped = false;
    fake_leave();
}

/* ---- fences and submission ---- */

void fake_context_run(struct fake_context *context)
{
    for (size_t i = 0; i < context->num_submitted; i++) {
        struct fake_fence *fence = context->submitted[i].fence;
        if (!context->object.device->removed)
            __atomic_store_n(&fence->shared->value, context->submitted[i].value, __ATOMIC_RELEASE);
        fake_object_unhold(&fence->object);
    }
    context->num_submitted = 0;
}

void fake_context_flush(struct fake_context *context)
{
    for (size_t i = 0; i < context->num_recorded && context->num_submitted < FAKE_SIGNALS_MAX; i++)
        context->submitted[context->num_submitted++] = context->recorded[i];
    context->num_recorded = 0;
    if (!fake_stalls())
        fake_context_run(context);
}

static void STDMETHODCALLTYPE context_Flush(ID3D11DeviceContext4 *self)
{
    fake_enter();
    if (fake_call_void(device_of(self), "ID3D11DeviceContext::Flush"))
        fake_context_flush(context_of(self));
    fake_leave();
}

static HRESULT STDMETHODCALLTYPE context_Signal(ID3D11DeviceContext4 *self, ID3D11Fence *pointer,
                                                UINT64 value)
{
    struct fake_context *context = context_of(self);
    struct fake_fence *fence = fake_object_of(pointer, &fake_fence_class);
    if (fake_has(FAKE_FENCE_DEAF))
        return S_OK;
    fake_enter();
    const HRESULT result = fake_call(device_of(self), "ID3D11DeviceContext4::Signal");
    if (result == S_OK && value <= fence->last_signal)
        fake_violation("a fence is signalled with a value that does not grow");
    if (result == S_OK && context->num_recorded < FAKE_SIGNALS_MAX) {
        fence->last_signal = value;
        fake_object_hold(&fence->object);
        context->recorded[context->num_recorded++] = (struct fake_signal){fence, value};
    }
    fake_leave();
    return result;
}

static HRESULT STDMETHODCALLTYPE context_Wait(ID3D11DeviceContext4 *self, ID3D11Fence *pointer, UINT64 value)
{
    const struct fake_fence *fence = fake_object_of(pointer, &fake_fence_class);
    fake_enter();
    const HRESULT result = fake_call(device_of(self), "ID3D11DeviceContext4::Wait");
    if (result == S_OK && fake_fence_value(fence) < value)
        fake_violation("the GPU waits without a bound: the fence is at %llu, not at %llu",
                       (unsigned long long)fake_fence_value(fence), (unsigned long long)value);
    fake_leave();
    return result;
}

static ID3D11DeviceContext4Vtbl context_vtable = {
    FAKE_CHILD(ID3D11DeviceContext4),
    .PSSetShaderResources = context_PSSetShaderResources,
    .PSSetShader = context_PSSetShader,
    .VSSetShader = context_VSSetShader,
    .Draw = context_Draw,
    .Map = context_Map,
    .Unmap = context_Unmap,
    .PSSetConstantBuffers = context_PSSetConstantBuffers,
    .IASetInputLayout = context_IASetInputLayout,
    .GSSetShader = context_GSSetShader,
    .IASetPrimitiveTopology = context_IASetPrimitiveTopology,
    .SetPredication = context_SetPredication,
    .OMSetRenderTargets = context_OMSetRenderTargets,
    .OMSetBlendState = context_OMSetBlendState,
    .OMSetDepthStencilState = context_OMSetDepthStencilState,
    .RSSetState = context_RSSetState,
    .RSSetViewports = context_RSSetViewports,
    .CopySubresourceRegion = context_CopySubresourceRegion,
    .CopyResource = context_CopyResource,
    .UpdateSubresource = context_UpdateSubresource,
    .HSSetShader = context_HSSetShader,
    .DSSetShader = context_DSSetShader,
    .ClearState = context_ClearState,
    .Flush = context_Flush,
    .Signal = context_Signal,
    .Wait = context_Wait,
};

/* ---- ID3D11Multithread ---- */

static void STDMETHODCALLTYPE multithread_Enter(ID3D11Multithread *self)
{
    (void)self;
    fake_enter();
}

static void STDMETHODCALLTYPE multithread_Leave(ID3D11Multithread *self)
{
    (void)self;
    fake_leave();
}

static WINBOOL STDMETHODCALLTYPE multithread_SetMultithreadProtected(ID3D11Multithread *self, WINBOOL on)
{
    struct fake_priorities *priorities = &device_of(self)->priorities;
    const WINBOOL before = priorities->multithread_protected;
    priorities->multithread_protected = on;
    fake_note_priorities(priorities);
    return before;
}

static ID3D11MultithreadVtbl multithread_vtable = {
    FAKE_UNKNOWN(ID3D11Multithread),
    .Enter = multithread_Enter,
    .Leave = multithread_Leave,
    .SetMultithreadProtected = multithread_SetMultithreadProtected,
};

static void destroy(struct fake_object *object)
{
    free(object);
}

static const struct fake_iid iids[] = {
    {&IID_IUnknown, 0, 0},
    {&IID_ID3D11DeviceContext, 0, 0},
    {&IID_ID3D11DeviceContext1, 0, FAKE_NO_DEVICE1},
    {&IID_ID3D11DeviceContext4, 0, FAKE_NO_FENCES},
    {&IID_ID3D11Multithread, 1, FAKE_NO_THREADS},
    {&IID_ID3D11VideoContext, 2, FAKE_NO_VIDEO},
    {&IID_ID3D11VideoContext1, 2, FAKE_NO_VIDEO},
};
const struct fake_class fake_context_class = {"ID3D11DeviceContext", iids, sizeof(iids) / sizeof(iids[0]),
                                              destroy};

struct fake_context *fake_context_create(struct fake_device *device)
{
    struct fake_context *context = calloc(1, sizeof(*context));
    context->object.face[0].vtable = &context_vtable;
    context->object.face[1].vtable = &multithread_vtable;
    context->object.face[2].vtable = &fake_video_context_vtable;
    fake_object_init(&context->object, &fake_context_class, device);
    fake_enter();
    fake_object_hold(&context->object);
    fake_Release(&context->object.face[0]);
    fake_leave();
    return context;
}

void fake_context_init(void)
{
    FAKE_VTABLE_FILL(context_vtable, ID3D11DeviceContext4);
    FAKE_VTABLE_FILL(multithread_vtable, ID3D11Multithread);
}
