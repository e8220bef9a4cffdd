/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_API_H
#define FR_BACKEND_D3D11_API_H

/* The functions of Direct3D 11 that are no interface's, found at run time: the library loads on machines that
 * have none of them. */

#include "backend/d3d11/com.h"

#include <d3dcommon.h>
#include <framering/log.h>

typedef HRESULT WINAPI fr_d3d11_create_factory_fn(REFIID iid, void **factory);
typedef LONG WINAPI fr_d3d11_set_scheduling_class_fn(HANDLE process, int priority_class);
typedef HRESULT WINAPI fr_d3d11_compile_fn(const void *text, SIZE_T bytes, const char *name,
                                           const D3D_SHADER_MACRO *macros, ID3DInclude *include,
                                           const char *entry, const char *target, UINT flags1, UINT flags2,
                                           ID3DBlob **code, ID3DBlob **messages);

struct fr_d3d11_api {
    PFN_D3D11_CREATE_DEVICE create_device;
    fr_d3d11_create_factory_fn *create_factory;
    /* Whether the process's GPU work goes before that of others; NULL: cannot be said. */
    fr_d3d11_set_scheduling_class_fn *set_scheduling_class;
    fr_d3d11_compile_fn *compile; /* E_NOTIMPL: there is no compiler on this machine */
};

/* FR_ERR_UNSUPPORTED, logged: this machine has no Direct3D 11. What was loaded stays loaded. */
fr_status fr_d3d11_api_load(struct fr_d3d11_api *out, const fr_log *log);

#endif
