/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "fake_names.h"

#include <stdlib.h>
#include <string.h>

enum { DEVICES_MAX = 64 };

static struct fake_device *devices[DEVICES_MAX];

static struct fake_device *device_of(const void *self)
{
    return fake_object_of(self, &fake_device_class);
}

/* ---- ID3D11Device ---- */

static HRESULT STDMETHODCALLTYPE device_CreateTexture2D(ID3D11Device5 *self, const D3D11_TEXTURE2D_DESC *desc,
                                                        const D3D11_SUBRESOURCE_DATA *data,
                                                        ID3D11Texture2D **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device::CreateTexture2D");
    return result == S_OK ? fake_texture_create(device_of(self), desc, data, (void **)out) : result;
}

static HRESULT STDMETHODCALLTYPE device_CreateBuffer(ID3D11Device5 *self, const D3D11_BUFFER_DESC *desc,
                                                     const D3D11_SUBRESOURCE_DATA *data, ID3D11Buffer **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device::CreateBuffer");
    if (result != S_OK)
        return result;
    if (desc->BindFlags != D3D11_BIND_CONSTANT_BUFFER || desc->ByteWidth % 16 || !data ||
        desc->Usage != D3D11_USAGE_IMMUTABLE) {
        fake_violation("CreateBuffer: not a constant buffer that never changes");
        return E_INVALIDARG;
    }
    return fake_bytes_create(device_of(self), &fake_buffer_class, data->pSysMem, desc->ByteWidth,
                             (void **)out);
}

static HRESULT STDMETHODCALLTYPE device_CreateShaderResourceView(ID3D11Device5 *self,
                                                                 ID3D11Resource *resource,
                                                                 const D3D11_SHADER_RESOURCE_VIEW_DESC *desc,
                                                                 ID3D11ShaderResourceView **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device::CreateShaderResourceView");
    return result == S_OK ? fake_srv_create(device_of(self), resource, desc, (void **)out) : result;
}

static HRESULT STDMETHODCALLTYPE device_CreateRenderTargetView(ID3D11Device5 *self, ID3D11Resource *resource,
                                                               const D3D11_RENDER_TARGET_VIEW_DESC *desc,
                                                               ID3D11RenderTargetView **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device::CreateRenderTargetView");
    return result == S_OK ? fake_rtv_create(device_of(self), resource, desc, (void **)out) : result;
}

static HRESULT STDMETHODCALLTYPE device_CreateVertexShader(ID3D11Device5 *self, const void *bytes,
                                                           SIZE_T size, ID3D11ClassLinkage *linkage,
                                                           ID3D11VertexShader **out)
{
    (void)linkage;
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device::CreateVertexShader");
    return result == S_OK ? fake_bytes_create(device_of(self), &fake_vertex_class, bytes, size, (void **)out)
                          : result;
}

static HRESULT STDMETHODCALLTYPE device_CreatePixelShader(ID3D11Device5 *self, const void *bytes, SIZE_T size,
                                                          ID3D11ClassLinkage *linkage,
                                                          ID3D11PixelShader **out)
{
    (void)linkage;
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device::CreatePixelShader");
    return result == S_OK ? fake_bytes_create(device_of(self), &fake_pixel_class, bytes, size, (void **)out)
                          : result;
}

static HRESULT STDMETHODCALLTYPE device_GetDeviceRemovedReason(ID3D11Device5 *self)
{
    (void)fake_call_void(device_of(self), "ID3D11Device::GetDeviceRemovedReason");
    return device_of(self)->removed;
}

static void STDMETHODCALLTYPE device_GetImmediateContext(ID3D11Device5 *self, ID3D11DeviceContext **out)
{
    *out = (ID3D11DeviceContext *)&device_of(self)->context->object.face[0];
    fake_AddRef(*out);
}

static D3D_FEATURE_LEVEL STDMETHODCALLTYPE device_GetFeatureLevel(ID3D11Device5 *self)
{
    (void)self;
    return D3D_FEATURE_LEVEL_11_1;
}

static HRESULT STDMETHODCALLTYPE device_OpenSharedResource1(ID3D11Device5 *self, HANDLE handle, REFIID iid,
                                                            void **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device1::OpenSharedResource1");
    if (result != S_OK)
        return result;
    if (!IsEqualGUID(iid, &IID_ID3D11Texture2D))
        return E_NOINTERFACE;
    return fake_has(FAKE_NO_SHARING) ? E_NOTIMPL : fake_texture_open(device_of(self), handle, out);
}

static HRESULT STDMETHODCALLTYPE device_OpenSharedResourceByName(ID3D11Device5 *self, const WCHAR *name,
                                                                 DWORD access, REFIID iid, void **out)
{
    (void)access;
    HANDLE ticket = OpenFileMappingW(FILE_MAP_READ, FALSE, name);
    *out = NULL;
    if (!ticket)
        return HRESULT_FROM_WIN32(GetLastError());
    const HRESULT result = device_OpenSharedResource1(self, ticket, iid, out);
    CloseHandle(ticket);
    return result;
}

static HRESULT STDMETHODCALLTYPE device_CreateFence(ID3D11Device5 *self, UINT64 value, D3D11_FENCE_FLAG flags,
                                                    REFIID iid, void **out)
{
    *out = NULL;
    (void)iid;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device5::CreateFence");
    return result == S_OK ? fake_fence_create(device_of(self), value, (UINT)flags, out) : result;
}

static HRESULT STDMETHODCALLTYPE device_OpenSharedFence(ID3D11Device5 *self, HANDLE handle, REFIID iid,
                                                        void **out)
{
    *out = NULL;
    (void)iid;
    const HRESULT result = fake_call(device_of(self), "ID3D11Device5::OpenSharedFence");
    return result == S_OK ? fake_fence_open(device_of(self), handle, out) : result;
}

static ID3D11Device5Vtbl device_vtable = {
    FAKE_UNKNOWN(ID3D11Device5),
    .CreateBuffer = device_CreateBuffer,
    .CreateTexture2D = device_CreateTexture2D,
    .CreateShaderResourceView = device_CreateShaderResourceView,
    .CreateRenderTargetView = device_CreateRenderTargetView,
    .CreateVertexShader = device_CreateVertexShader,
    .CreatePixelShader = device_CreatePixelShader,
    .GetFeatureLevel = device_GetFeatureLevel,
    .GetDeviceRemovedReason = device_GetDeviceRemovedReason,
    .GetImmediateContext = device_GetImmediateContext,
    .OpenSharedResource1 = device_OpenSharedResource1,
    .OpenSharedResourceByName = device_OpenSharedResourceByName,
    .CreateFence = device_CreateFence,
    .OpenSharedFence = device_OpenSharedFence,
};

/* ---- IDXGIDevice ---- */

static HRESULT STDMETHODCALLTYPE dxgi_GetAdapter(IDXGIDevice2 *self, IDXGIAdapter **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "IDXGIDevice::GetAdapter");
    return result == S_OK ? fake_adapter_of(device_of(self)->adapter_index, out) : result;
}

static HRESULT STDMETHODCALLTYPE dxgi_SetGPUThreadPriority(IDXGIDevice2 *self, INT priority)
{
    struct fake_device *device = device_of(self);
    const HRESULT result = fake_call(device, "IDXGIDevice::SetGPUThreadPriority");
    if (result != S_OK)
        return result;
    if (priority > 7 && fake_has(FAKE_NO_PRIORITY))
        return E_INVALIDARG;
    device->priorities.gpu_thread = priority;
    fake_note_priorities(&device->priorities);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE dxgi_SetMaximumFrameLatency(IDXGIDevice2 *self, UINT frames)
{
    struct fake_device *device = device_of(self);
    const HRESULT result = fake_call(device, "IDXGIDevice1::SetMaximumFrameLatency");
    device->priorities.frame_latency = frames;
    fake_note_priorities(&device->priorities);
    return result;
}

static IDXGIDevice2Vtbl dxgi_vtable = {
    FAKE_UNKNOWN(IDXGIDevice2),
    .GetAdapter = dxgi_GetAdapter,
    .SetGPUThreadPriority = dxgi_SetGPUThreadPriority,
    .SetMaximumFrameLatency = dxgi_SetMaximumFrameLatency,
};

/* ---- the object ---- */

static void destroy(struct fake_object *object)
{
    struct fake_device *device = (struct fake_device *)object;
    for (size_t i = 0; i < DEVICES_MAX; i++)
        if (devices[i] == device)
            devices[i] = NULL;
    fake_context_clear(device->context);
    fake_object_unhold(&device->context->object);
    free(device);
}

static const struct fake_iid iids[] = {
    {&IID_IUnknown, 0, 0},
    {&IID_ID3D11Device, 0, 0},
    {&IID_ID3D11Device1, 0, FAKE_NO_DEVICE1},
    {&IID_ID3D11Device2, 0, FAKE_NO_DEVICE1},
    {&IID_ID3D11Device3, 0, FAKE_NO_DEVICE1},
    {&IID_ID3D11Device5, 0, FAKE_NO_FENCES | FAKE_NO_DEVICE1},
    {&IID_ID3D11VideoDevice, 1, FAKE_NO_VIDEO},
    {&IID_IDXGIDevice, 2, 0},
    {&IID_IDXGIDevice1, 2, 0},
    {&IID_IDXGIDevice2, 2, 0},
};
const struct fake_class fake_device_class = {"ID3D11Device", iids, sizeof(iids) / sizeof(iids[0]), destroy};

HRESULT fake_device_make(size_t adapter_index, struct fake_device **out)
{
    static LONG number;
    struct fake_device *device = calloc(1, sizeof(*device));
    if (!device)
        return E_OUTOFMEMORY;
    device->id = (uint64_t)GetCurrentProcessId() << 32 | (uint32_t)InterlockedIncrement(&number);
    device->adapter = *fake_adapter(adapter_index);
    device->adapter_index = adapter_index;
    device->object.face[0].vtable = &device_vtable;
    device->object.face[1].vtable = &fake_video_device_vtable;
    device->object.face[2].vtable = &dxgi_vtable;
    fake_object_init(&device->object, &fake_device_class, NULL);
    device->context = fake_context_create(device);
    for (size_t i = 0; i < DEVICES_MAX; i++)
        if (!devices[i]) {
            devices[i] = device;
            break;
        }
    *out = device;
    return S_OK;
}

void fake_devices_forget(void)
{
    memset(devices, 0, sizeof(devices));
}

void fake_device_run_all(void)
{
    for (size_t i = 0; i < DEVICES_MAX; i++)
        if (devices[i])
            fake_context_run(devices[i]->context);
}

ID3D11Device *fake_device_create(size_t adapter_index)
{
    struct fake_device *device;
    fake_init();
    return fake_device_make(adapter_index, &device) == S_OK ? (ID3D11Device *)&device->object.face[0] : NULL;
}

void fake_remove_device(ID3D11Device *device, HRESULT reason)
{
    device_of(device)->removed = reason;
}

void fake_device_die(ID3D11Device *pointer)
{
    struct fake_device *device = device_of(pointer);
    fake_enter();
    fake_context_clear(device->context);
    fake_objects_die(device);
    device->dead = true;
    device->object.refs = 1;
    fake_Release(&device->object.face[0]);
    fake_leave();
}

/* ---- tables ---- */

static BOOL CALLBACK init_once(INIT_ONCE *once, void *argument, void **context)
{
    (void)once, (void)argument, (void)context;
    FAKE_VTABLE_FILL(device_vtable, ID3D11Device5);
    FAKE_VTABLE_FILL(dxgi_vtable, IDXGIDevice2);
    fake_adapter_init();
    fake_texture_init();
    fake_mutex_init();
    fake_fence_init();
    fake_view_init();
    fake_context_init();
    fake_video_init();
    return TRUE;
}

void fake_init(void)
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    InitOnceExecuteOnce(&once, init_once, NULL, NULL);
}
