/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "display.h"

static bool same_luid(LUID a, LUID b)
{
    return a.LowPart == b.LowPart && a.HighPart == b.HighPart;
}

static IDXGIAdapter1 *find_adapter(LUID luid)
{
    IDXGIFactory1 *factory = NULL;
    IDXGIAdapter1 *adapter = NULL, *found = NULL;
    if (FAILED(CreateDXGIFactory1(&IID_IDXGIFactory1, (void **)&factory)))
        return NULL;
    for (UINT i = 0; !found && SUCCEEDED(IDXGIFactory1_EnumAdapters1(factory, i, &adapter)); i++) {
        DXGI_ADAPTER_DESC1 desc;
        if (SUCCEEDED(IDXGIAdapter1_GetDesc1(adapter, &desc)) && same_luid(desc.AdapterLuid, luid))
            found = adapter;
        else
            IDXGIAdapter1_Release(adapter);
    }
    IDXGIFactory1_Release(factory);
    return found;
}

static bool open_device(struct display_device *gpu, LUID luid)
{
    /* The adapter that the system renders on: a surface of it cannot be used on another. */
    IDXGIAdapter1 *adapter = find_adapter(luid);
    if (!adapter)
        return false;
    const HRESULT made = D3D11CreateDevice((IDXGIAdapter *)adapter, D3D_DRIVER_TYPE_UNKNOWN, NULL,
                                           D3D11_CREATE_DEVICE_BGRA_SUPPORT, NULL, 0, D3D11_SDK_VERSION,
                                           &gpu->device, NULL, &gpu->context);
    IDXGIAdapter1_Release(adapter);
    if (FAILED(made)) {
        example_trace("no device on the adapter %08lx%08lx: 0x%08lx", (unsigned long)luid.HighPart,
                      (unsigned long)luid.LowPart, (unsigned long)made);
        return false;
    }
    gpu->luid = luid;
    return true;
}

bool display_device_works(const struct display_device *gpu)
{
    return gpu->device && ID3D11Device_GetDeviceRemovedReason(gpu->device) == S_OK;
}

bool display_device_ensure(struct display_device *gpu, LUID luid, bool *changed)
{
    *changed = false;
    if (display_device_works(gpu) && same_luid(gpu->luid, luid))
        return true;
    *changed = true;
    display_device_finish(gpu);
    return open_device(gpu, luid);
}

void display_device_finish(struct display_device *gpu)
{
    if (gpu->kept)
        ID3D11Texture2D_Release(gpu->kept);
    if (gpu->context)
        ID3D11DeviceContext_Release(gpu->context);
    if (gpu->device)
        ID3D11Device_Release(gpu->device);
    *gpu = (struct display_device){.kept = NULL};
}

static bool fits(const struct display_device *gpu, const D3D11_TEXTURE2D_DESC *frame)
{
    return gpu->kept && gpu->kept_desc.Width == frame->Width && gpu->kept_desc.Height == frame->Height &&
           gpu->kept_desc.Format == frame->Format;
}

void display_device_keep(struct display_device *gpu, ID3D11Texture2D *frame)
{
    D3D11_TEXTURE2D_DESC desc;
    ID3D11Texture2D_GetDesc(frame, &desc);
    if (!fits(gpu, &desc)) {
        if (gpu->kept)
            ID3D11Texture2D_Release(gpu->kept);
        gpu->kept = NULL;
        gpu->has_kept = false;
        gpu->kept_desc = (D3D11_TEXTURE2D_DESC){
            .Width = desc.Width,
            .Height = desc.Height,
            .MipLevels = 1,
            .ArraySize = 1,
            .Format = desc.Format,
            .SampleDesc = {.Count = 1},
            .Usage = D3D11_USAGE_DEFAULT,
        };
        if (FAILED(ID3D11Device_CreateTexture2D(gpu->device, &gpu->kept_desc, NULL, &gpu->kept))) {
            gpu->kept = NULL;
            return;
        }
    }
    ID3D11DeviceContext_CopyResource(gpu->context, (ID3D11Resource *)gpu->kept, (ID3D11Resource *)frame);
    gpu->has_kept = true;
}
