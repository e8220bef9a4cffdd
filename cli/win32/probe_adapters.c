/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The identifiers of these interfaces are in no library. */
#include <initguid.h>

#include "win32/probe_parts.h"

#include "win32/text.h"

#define COBJMACROS
#include <d3d11_4.h>
#include <dxgi1_2.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { PROBE_SIZE = 64, REASON_BYTES = 160, ADAPTERS_MAX = 16 };

typedef HRESULT(WINAPI *create_factory_fn)(REFIID, void **);

/* FARPROC means any function; a cast through the plainest one says that this is meant. */
#define AS_FUNCTION(type, found) ((type)(void (*)(void))(found))

char *probe_luid(LUID luid, char out[20])
{
    snprintf(out, 20, "%08lx%08lx", (unsigned long)luid.HighPart, luid.LowPart);
    return out;
}

/* What one adapter can, by trying; "" = it can. */
struct abilities {
    char device[REASON_BYTES], keyed_mutex[REASON_BYTES], fence[REASON_BYTES];
};

static void fail(char *reason, const char *what, HRESULT result)
{
    snprintf(reason, REASON_BYTES, "%s failed with 0x%08lx", what, (unsigned long)result);
}

static void share(IDXGIResource1 *resource, char *reason)
{
    HANDLE handle = NULL;
    HRESULT result = IDXGIResource1_CreateSharedHandle(
        resource, NULL, DXGI_SHARED_RESOURCE_READ | DXGI_SHARED_RESOURCE_WRITE, NULL, &handle);
    if (FAILED(result))
        fail(reason, "CreateSharedHandle", result);
    else
        CloseHandle(handle);
}

/* A texture such as a ring has. */
static void try_keyed_mutex(ID3D11Device *device, char *reason)
{
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = PROBE_SIZE,
        .Height = PROBE_SIZE,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = DXGI_FORMAT_B8G8R8A8_UNORM,
        .SampleDesc = {1, 0},
        .BindFlags = D3D11_BIND_RENDER_TARGET | D3D11_BIND_SHADER_RESOURCE,
        .MiscFlags = D3D11_RESOURCE_MISC_SHARED_NTHANDLE | D3D11_RESOURCE_MISC_SHARED_KEYEDMUTEX,
    };
    ID3D11Texture2D *texture = NULL;
    IDXGIKeyedMutex *mutex = NULL;
    IDXGIResource1 *resource = NULL;
    HRESULT result = ID3D11Device_CreateTexture2D(device, &desc, NULL, &texture);
    if (FAILED(result)) {
        fail(reason, "a texture with a keyed mutex", result);
        return;
    }
    result = ID3D11Texture2D_QueryInterface(texture, &IID_IDXGIKeyedMutex, (void **)&mutex);
    if (FAILED(result))
        fail(reason, "IDXGIKeyedMutex", result);
    else
        result = ID3D11Texture2D_QueryInterface(texture, &IID_IDXGIResource1, (void **)&resource);
    if (mutex && FAILED(result))
        fail(reason, "IDXGIResource1", result);
    if (resource) {
        share(resource, reason);
        IDXGIResource1_Release(resource);
    }
    if (mutex)
        IDXGIKeyedMutex_Release(mutex);
    ID3D11Texture2D_Release(texture);
}

static void try_fence(ID3D11Device *device, char *reason)
{
    ID3D11Device5 *device5 = NULL;
    ID3D11Fence *fence = NULL;
    HANDLE handle = NULL;
    HRESULT result = ID3D11Device_QueryInterface(device, &IID_ID3D11Device5, (void **)&device5);
    if (FAILED(result)) {
        fail(reason, "ID3D11Device5", result);
        return;
    }
    result =
        ID3D11Device5_CreateFence(device5, 0, D3D11_FENCE_FLAG_SHARED, &IID_ID3D11Fence, (void **)&fence);
    if (FAILED(result)) {
        fail(reason, "CreateFence", result);
    } else {
        result = ID3D11Fence_CreateSharedHandle(fence, NULL, GENERIC_ALL, NULL, &handle);
        if (FAILED(result))
            fail(reason, "CreateSharedHandle of a fence", result);
        else
            CloseHandle(handle);
        ID3D11Fence_Release(fence);
    }
    ID3D11Device5_Release(device5);
}

static void try_adapter(IDXGIAdapter1 *adapter, HMODULE d3d11, struct abilities *out)
{
    static const D3D_FEATURE_LEVEL levels[] = {D3D_FEATURE_LEVEL_11_1, D3D_FEATURE_LEVEL_11_0};
    PFN_D3D11_CREATE_DEVICE create =
        d3d11 ? AS_FUNCTION(PFN_D3D11_CREATE_DEVICE, GetProcAddress(d3d11, "D3D11CreateDevice")) : NULL;
    ID3D11Device *device = NULL;
    HRESULT result = E_NOTIMPL;
    if (create)
        result =
            create((IDXGIAdapter *)adapter, D3D_DRIVER_TYPE_UNKNOWN, NULL, D3D11_CREATE_DEVICE_BGRA_SUPPORT,
                   levels, sizeof levels / sizeof levels[0], D3D11_SDK_VERSION, &device, NULL, NULL);
    if (FAILED(result)) {
        fail(out->device, create ? "D3D11CreateDevice" : "loading d3d11.dll", result);
        snprintf(out->keyed_mutex, REASON_BYTES, "%s", "it has no device");
        snprintf(out->fence, REASON_BYTES, "%s", "it has no device");
        return;
    }
    try_keyed_mutex(device, out->keyed_mutex);
    try_fence(device, out->fence);
    ID3D11Device_Release(device);
}

static json_t *ability_json(const char *reason)
{
    return json_pack("{s:b, s:s}", "usable", !*reason, "reason", reason);
}

static json_t *adapter_json(IDXGIAdapter1 *adapter, HMODULE d3d11)
{
    DXGI_ADAPTER_DESC1 desc;
    char name[3 * 128], luid[20], vendor[16];
    struct abilities abilities = {{0}, {0}, {0}};
    if (FAILED(IDXGIAdapter1_GetDesc1(adapter, &desc)))
        return NULL;
    try_adapter(adapter, d3d11, &abilities);
    text_from_wide(desc.Description, name, sizeof name);
    snprintf(vendor, sizeof vendor, "0x%04x", desc.VendorId);
    return json_pack(
        "{s:s, s:s, s:s, s:I, s:b, s:o, s:o, s:o}", "name", name, "luid", probe_luid(desc.AdapterLuid, luid),
        "vendor", vendor, "memory_mib", (json_int_t)(desc.DedicatedVideoMemory >> 20), "software",
        (desc.Flags & DXGI_ADAPTER_FLAG_SOFTWARE) != 0, "device", ability_json(abilities.device),
        "keyed_mutex", ability_json(abilities.keyed_mutex), "fence", ability_json(abilities.fence));
}

/* Both libraries are loaded by hand: a machine without them is one that we have to report on. */
json_t *probe_adapters(void)
{
    json_t *list = json_array();
    HMODULE dxgi = LoadLibraryW(L"dxgi.dll"), d3d11 = LoadLibraryW(L"d3d11.dll");
    create_factory_fn create =
        dxgi ? AS_FUNCTION(create_factory_fn, GetProcAddress(dxgi, "CreateDXGIFactory1")) : NULL;
    IDXGIFactory1 *factory = NULL;
    IDXGIAdapter1 *adapter;
    if (create && SUCCEEDED(create(&IID_IDXGIFactory1, (void **)&factory))) {
        for (UINT i = 0; i < ADAPTERS_MAX && SUCCEEDED(IDXGIFactory1_EnumAdapters1(factory, i, &adapter));
             i++) {
            json_t *one = adapter_json(adapter, d3d11);
            if (one)
                json_array_append_new(list, one);
            IDXGIAdapter1_Release(adapter);
        }
        IDXGIFactory1_Release(factory);
    }
    if (d3d11)
        FreeLibrary(d3d11);
    if (dxgi)
        FreeLibrary(dxgi);
    return list;
}
