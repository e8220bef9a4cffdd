/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* d3d11.dll: the fake as a program finds it. dxgi.dll (dll_dxgi.c) passes on to it. */
#include "fake.h"

#include <stdio.h>

HRESULT WINAPI D3D11CreateDevice(IDXGIAdapter *adapter, D3D_DRIVER_TYPE type, HMODULE software, UINT flags,
                                 const D3D_FEATURE_LEVEL *levels, UINT num_levels, UINT sdk,
                                 ID3D11Device **device, D3D_FEATURE_LEVEL *level,
                                 ID3D11DeviceContext **context)
{
    return fake_api()->create_device(adapter, type, software, flags, levels, num_levels, sdk, device, level,
                                     context);
}

HRESULT WINAPI CreateDXGIFactory1(REFIID iid, void **factory)
{
    return fake_api()->create_factory(iid, factory);
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    (void)instance;
    if (reason != DLL_PROCESS_DETACH || !reserved)
        return TRUE;
    char text[8];
    const bool strict = GetEnvironmentVariableA("FAKE_D3D11_STRICT", text, sizeof(text)) && text[0] == '1';
    if (fake_violations() || (strict && fake_live())) {
        fprintf(stderr, "fake: rules were broken\n");
        fflush(stderr);
        TerminateProcess(GetCurrentProcess(), 3);
    }
    return TRUE;
}
