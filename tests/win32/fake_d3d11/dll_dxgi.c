/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* dxgi.dll: there is one fake in a process, and it is in d3d11.dll. */
#include <windows.h>

typedef void any_function(void);
typedef HRESULT WINAPI create_factory_fn(REFIID iid, void **factory);

HRESULT WINAPI CreateDXGIFactory1(REFIID iid, void **factory);

HRESULT WINAPI CreateDXGIFactory1(REFIID iid, void **factory)
{
    HMODULE fake = LoadLibraryW(L"d3d11.dll");
    any_function *found = fake ? (any_function *)GetProcAddress(fake, "CreateDXGIFactory1") : NULL;
    create_factory_fn *create = (create_factory_fn *)found;
    return create ? create(iid, factory) : E_NOTIMPL;
}
