/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The identifiers of these interfaces are in no library. */
#include <initguid.h>

#include "selftest/gpu_win32.h"

#include "win32/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ADAPTERS_MAX = 16 };

typedef HRESULT(WINAPI *create_factory_fn)(REFIID, void **);
typedef void any_function(void);

/* By hand: a machine without these libraries is one to report on. */
static any_function *find(const wchar_t *library, const char *name)
{
    HMODULE module = LoadLibraryW(library);
    return module ? (any_function *)GetProcAddress(module, name) : NULL;
}

static IDXGIFactory1 *open_factory(HRESULT *result)
{
    const create_factory_fn create = (create_factory_fn)find(L"dxgi.dll", "CreateDXGIFactory1");
    IDXGIFactory1 *factory = NULL;
    *result =
        create ? create(&IID_IDXGIFactory1, (void **)&factory) : HRESULT_FROM_WIN32(ERROR_MOD_NOT_FOUND);
    return SUCCEEDED(*result) ? factory : NULL;
}

static bool is_software(const DXGI_ADAPTER_DESC1 *desc)
{
    return desc->Flags & DXGI_ADAPTER_FLAG_SOFTWARE;
}

static bool same_luid(LUID a, LUID b)
{
    return a.LowPart == b.LowPart && a.HighPart == b.HighPart;
}

static bool is_better(const DXGI_ADAPTER_DESC1 *desc, const DXGI_ADAPTER_DESC1 *best)
{
    if (is_software(desc) != is_software(best))
        return is_software(best);
    return desc->DedicatedVideoMemory > best->DedicatedVideoMemory;
}

static IDXGIAdapter1 *choose(IDXGIFactory1 *factory, const LUID *luid, DXGI_ADAPTER_DESC1 *best)
{
    IDXGIAdapter1 *chosen = NULL, *adapter;
    for (UINT i = 0; i < ADAPTERS_MAX && SUCCEEDED(IDXGIFactory1_EnumAdapters1(factory, i, &adapter)); i++) {
        DXGI_ADAPTER_DESC1 desc;
        bool take = SUCCEEDED(IDXGIAdapter1_GetDesc1(adapter, &desc));
        if (take)
            take = luid ? same_luid(desc.AdapterLuid, *luid) : !chosen || is_better(&desc, best);
        if (!take) {
            IDXGIAdapter1_Release(adapter);
            continue;
        }
        if (chosen)
            IDXGIAdapter1_Release(chosen);
        chosen = adapter;
        *best = desc;
    }
    return chosen;
}

static bool failed(struct gpu *gpu, const char *call, HRESULT result)
{
    gpu->call = call;
    gpu->result = result;
    return FAILED(result);
}

static bool open_device(struct gpu *gpu, const DXGI_ADAPTER_DESC1 *desc)
{
    static const D3D_FEATURE_LEVEL levels[] = {D3D_FEATURE_LEVEL_11_0};
    const PFN_D3D11_CREATE_DEVICE create = (PFN_D3D11_CREATE_DEVICE)find(L"d3d11.dll", "D3D11CreateDevice");
    gpu->luid = desc->AdapterLuid;
    gpu->software = is_software(desc);
    text_from_wide(desc->Description, gpu->name, sizeof gpu->name);
    const HRESULT result = create ? create((IDXGIAdapter *)gpu->adapter, D3D_DRIVER_TYPE_UNKNOWN, NULL,
                                           D3D11_CREATE_DEVICE_BGRA_SUPPORT, levels, 1, D3D11_SDK_VERSION,
                                           &gpu->device, NULL, &gpu->context)
                                  : HRESULT_FROM_WIN32(ERROR_MOD_NOT_FOUND);
    return !failed(gpu, "D3D11CreateDevice", result);
}

bool gpu_open(struct gpu *gpu, const LUID *luid)
{
    *gpu = (struct gpu){.call = ""};
    HRESULT result;
    IDXGIFactory1 *factory = open_factory(&result);
    if (failed(gpu, "CreateDXGIFactory1", result))
        return false;
    DXGI_ADAPTER_DESC1 desc;
    gpu->adapter = choose(factory, luid, &desc);
    IDXGIFactory1_Release(factory);
    return !failed(gpu, "EnumAdapters1", gpu->adapter ? S_OK : DXGI_ERROR_NOT_FOUND) &&
           open_device(gpu, &desc);
}

static bool has_display(IDXGIAdapter1 *adapter, DXGI_ADAPTER_DESC1 *desc)
{
    IDXGIOutput *output;
    if (FAILED(IDXGIAdapter1_GetDesc1(adapter, desc)) ||
        FAILED(IDXGIAdapter1_EnumOutputs(adapter, 0, &output)))
        return false;
    IDXGIOutput_Release(output);
    return true;
}

bool gpu_open_desktop(struct gpu *gpu)
{
    *gpu = (struct gpu){.call = ""};
    HRESULT result;
    IDXGIFactory1 *factory = open_factory(&result);
    if (failed(gpu, "CreateDXGIFactory1", result))
        return false;
    DXGI_ADAPTER_DESC1 desc;
    IDXGIAdapter1 *adapter;
    for (UINT i = 0;
         !gpu->adapter && i < ADAPTERS_MAX && SUCCEEDED(IDXGIFactory1_EnumAdapters1(factory, i, &adapter));
         i++) {
        if (has_display(adapter, &desc))
            gpu->adapter = adapter;
        else
            IDXGIAdapter1_Release(adapter);
    }
    IDXGIFactory1_Release(factory);
    return !failed(gpu, "EnumOutputs", gpu->adapter ? S_OK : DXGI_ERROR_NOT_FOUND) && open_device(gpu, &desc);
}

void gpu_close(struct gpu *gpu)
{
    if (gpu->context)
        ID3D11DeviceContext_Release(gpu->context);
    if (gpu->device)
        ID3D11Device_Release(gpu->device);
    if (gpu->adapter)
        IDXGIAdapter1_Release(gpu->adapter);
    *gpu = (struct gpu){.call = ""};
}

unsigned gpu_list(char *out, size_t bytes, HRESULT *result)
{
    unsigned hardware = 0;
    size_t used = 0;
    IDXGIFactory1 *factory = open_factory(result);
    IDXGIAdapter1 *adapter;
    out[0] = '\0';
    for (UINT i = 0;
         factory && i < ADAPTERS_MAX && SUCCEEDED(IDXGIFactory1_EnumAdapters1(factory, i, &adapter)); i++) {
        DXGI_ADAPTER_DESC1 desc;
        char name[3 * 128];
        if (SUCCEEDED(IDXGIAdapter1_GetDesc1(adapter, &desc)) && used < bytes) {
            text_from_wide(desc.Description, name, sizeof name);
            hardware += !is_software(&desc);
            used += (size_t)snprintf(out + used, bytes - used, "%s%s (%u MiB%s)", used ? ", " : "", name,
                                     (unsigned)(desc.DedicatedVideoMemory >> 20),
                                     is_software(&desc) ? ", software" : "");
        }
        IDXGIAdapter1_Release(adapter);
    }
    if (factory)
        IDXGIFactory1_Release(factory);
    return hardware;
}

/* The codes by which a system or driver says that it has no such thing. */
static bool means_absent(HRESULT result)
{
    return result == E_NOINTERFACE || result == E_NOTIMPL || result == E_INVALIDARG ||
           result == DXGI_ERROR_UNSUPPORTED || result == DXGI_ERROR_NOT_FOUND ||
           result == HRESULT_FROM_WIN32(ERROR_MOD_NOT_FOUND) || result == DXGI_ERROR_NOT_CURRENTLY_AVAILABLE;
}

void gpu_conclude(struct selftest *test, const struct gpu *gpu)
{
    selftest_code(test, (uint32_t)gpu->result);
    if (means_absent(gpu->result))
        selftest_not_available(test, "%s says that there is no such thing here%s%s", gpu->call,
                               gpu->name[0] ? ": " : "", gpu->name);
    else
        selftest_fail(test, "%s failed%s%s", gpu->call, gpu->name[0] ? " on " : "", gpu->name);
}

int gpu_peer_concludes(const struct gpu *gpu)
{
    /* What the first process could make must open on a device here: a bad argument is a fault then, not a
     * lack. */
    if (gpu->device ? gpu->result == E_NOINTERFACE || gpu->result == E_NOTIMPL : means_absent(gpu->result))
        return peer_cannot((uint32_t)gpu->result, "%s says that there is no such thing here", gpu->call);
    return peer_failed("%s failed with 0x%08lx", gpu->call, (unsigned long)gpu->result);
}

/* ---- shared textures ---- */

bool gpu_share(struct gpu *gpu, struct gpu_shared *out)
{
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = GPU_SIZE,
        .Height = GPU_SIZE,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = DXGI_FORMAT_B8G8R8A8_UNORM,
        .SampleDesc = {1, 0},
        .BindFlags = D3D11_BIND_RENDER_TARGET | D3D11_BIND_SHADER_RESOURCE,
        .MiscFlags = D3D11_RESOURCE_MISC_SHARED_NTHANDLE | D3D11_RESOURCE_MISC_SHARED_KEYEDMUTEX,
    };
    IDXGIResource1 *resource = NULL;
    *out = (struct gpu_shared){.handle = NULL};
    if (failed(gpu, "CreateTexture2D (shared, keyed mutex)",
               ID3D11Device_CreateTexture2D(gpu->device, &desc, NULL, &out->texture)) ||
        failed(gpu, "IDXGIKeyedMutex",
               ID3D11Texture2D_QueryInterface(out->texture, &IID_IDXGIKeyedMutex, (void **)&out->mutex)) ||
        failed(gpu, "IDXGIResource1",
               ID3D11Texture2D_QueryInterface(out->texture, &IID_IDXGIResource1, (void **)&resource)))
        return false;
    const HRESULT result = IDXGIResource1_CreateSharedHandle(
        resource, NULL, DXGI_SHARED_RESOURCE_READ | DXGI_SHARED_RESOURCE_WRITE, NULL, &out->handle);
    IDXGIResource1_Release(resource);
    return !failed(gpu, "CreateSharedHandle", result);
}

bool gpu_fetch_handle(struct gpu *gpu, DWORD pid, uint64_t handle, HANDLE *out)
{
    HANDLE process = OpenProcess(PROCESS_DUP_HANDLE, FALSE, pid);
    if (failed(gpu, "OpenProcess", process ? S_OK : HRESULT_FROM_WIN32(GetLastError())))
        return false;
    const BOOL done = DuplicateHandle(process, (HANDLE)(uintptr_t)handle, GetCurrentProcess(), out, 0, FALSE,
                                      DUPLICATE_SAME_ACCESS);
    const HRESULT result = done ? S_OK : HRESULT_FROM_WIN32(GetLastError());
    CloseHandle(process);
    return !failed(gpu, "DuplicateHandle", result);
}

bool gpu_open_shared(struct gpu *gpu, DWORD pid, uint64_t handle, struct gpu_shared *out)
{
    ID3D11Device1 *device = NULL;
    *out = (struct gpu_shared){.handle = NULL};
    if (!gpu_fetch_handle(gpu, pid, handle, &out->handle) ||
        failed(gpu, "ID3D11Device1",
               ID3D11Device_QueryInterface(gpu->device, &IID_ID3D11Device1, (void **)&device)))
        return false;
    const HRESULT result =
        ID3D11Device1_OpenSharedResource1(device, out->handle, &IID_ID3D11Texture2D, (void **)&out->texture);
    ID3D11Device1_Release(device);
    return !failed(gpu, "OpenSharedResource1", result) &&
           !failed(gpu, "IDXGIKeyedMutex",
                   ID3D11Texture2D_QueryInterface(out->texture, &IID_IDXGIKeyedMutex, (void **)&out->mutex));
}

void gpu_unshare(struct gpu_shared *shared)
{
    if (shared->mutex)
        IDXGIKeyedMutex_Release(shared->mutex);
    if (shared->texture)
        ID3D11Texture2D_Release(shared->texture);
    if (shared->handle)
        CloseHandle(shared->handle);
    *shared = (struct gpu_shared){.handle = NULL};
}

/* ---- pixels ---- */

void gpu_fill(struct gpu *gpu, ID3D11Texture2D *texture, uint32_t bgra)
{
    uint32_t pixels[GPU_SIZE * GPU_SIZE];
    for (size_t i = 0; i < sizeof pixels / sizeof pixels[0]; i++)
        pixels[i] = bgra;
    ID3D11DeviceContext_UpdateSubresource(gpu->context, (ID3D11Resource *)texture, 0, NULL, pixels,
                                          GPU_SIZE * sizeof pixels[0], 0);
}

bool gpu_read(struct gpu *gpu, ID3D11Texture2D *texture, uint32_t *bgra)
{
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = GPU_SIZE,
        .Height = GPU_SIZE,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = DXGI_FORMAT_B8G8R8A8_UNORM,
        .SampleDesc = {1, 0},
        .Usage = D3D11_USAGE_STAGING,
        .CPUAccessFlags = D3D11_CPU_ACCESS_READ,
    };
    ID3D11Texture2D *staging = NULL;
    if (failed(gpu, "CreateTexture2D (staging)",
               ID3D11Device_CreateTexture2D(gpu->device, &desc, NULL, &staging)))
        return false;
    ID3D11DeviceContext_CopyResource(gpu->context, (ID3D11Resource *)staging, (ID3D11Resource *)texture);
    D3D11_MAPPED_SUBRESOURCE map;
    const HRESULT result =
        ID3D11DeviceContext_Map(gpu->context, (ID3D11Resource *)staging, 0, D3D11_MAP_READ, 0, &map);
    uint32_t last = 0;
    if (SUCCEEDED(result)) {
        memcpy(bgra, map.pData, sizeof *bgra);
        memcpy(&last, (const uint8_t *)map.pData + (GPU_SIZE - 1) * (size_t)map.RowPitch + (GPU_SIZE - 1) * 4,
               sizeof last);
        ID3D11DeviceContext_Unmap(gpu->context, (ID3D11Resource *)staging, 0);
    }
    ID3D11Texture2D_Release(staging);
    return !failed(gpu, "Map", result) &&
           !failed(gpu, "reading one colour back", last == *bgra ? S_OK : E_FAIL);
}

void gpu_write_luid(LUID luid, char out[20])
{
    snprintf(out, 20, "%08lx%08lx", (unsigned long)luid.HighPart, luid.LowPart);
}

bool gpu_parse_luid(const char *text, LUID *out)
{
    char *end;
    const unsigned long long word = strtoull(text, &end, 16);
    out->HighPart = (LONG)(word >> 32);
    out->LowPart = (DWORD)word;
    return *text && !*end;
}
