/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* dxgi.dll: there is one fake in a process, and it is in d3d11.dll. */
#include <windows.h>

typedef HRESULT WINAPI create_factory_fn(REFIID iid, void **factory);

HRESULT WINAPI CreateDXGIFactory1(REFIID iid, void **factory);

HRESULT WINAPI CreateDXGIFactory1(REFIID iid, void **factory)
{
    HMODULE fake = LoadLibraryW(L"d3d11.dll");
    create_factory_fn *create = fake ? (create_factory_fn *)GetProcAddress(fake, "CreateDXGIFactory1") : NULL;
    return create ? create(iid, factory) : E_NOTIMPL;
}
