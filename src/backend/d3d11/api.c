/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/api.h"

#include "common/log.h"

typedef void any_function(void);

static any_function *find(const wchar_t *library, const char *name)
{
    HMODULE module = LoadLibraryW(library);
    return module ? (any_function *)GetProcAddress(module, name) : NULL;
}

/* The compiler is loaded when it is wanted for the first time, which is hardly ever. */
static HRESULT WINAPI compile(const void *text, SIZE_T bytes, const char *name,
                              const D3D_SHADER_MACRO *macros, ID3DInclude *include, const char *entry,
                              const char *target, UINT flags1, UINT flags2, ID3DBlob **code,
                              ID3DBlob **messages)
{
    fr_d3d11_compile_fn *const found = (fr_d3d11_compile_fn *)find(L"d3dcompiler_47.dll", "D3DCompile");
    return found ? found(text, bytes, name, macros, include, entry, target, flags1, flags2, code, messages)
                 : E_NOTIMPL;
}

fr_status fr_d3d11_api_load(struct fr_d3d11_api *out, const fr_log *log)
{
    *out = (struct fr_d3d11_api){0};
    out->create_device = (PFN_D3D11_CREATE_DEVICE)find(L"d3d11.dll", "D3D11CreateDevice");
    out->create_factory = (fr_d3d11_create_factory_fn *)find(L"dxgi.dll", "CreateDXGIFactory1");
    if (!out->create_device || !out->create_factory) {
        fr_log_write(log, FR_LOG_WARNING,
                     "d3d11.dll and dxgi.dll cannot be loaded, so that textures cannot be shared");
        return FR_ERR_UNSUPPORTED;
    }
    out->set_scheduling_class =
        (fr_d3d11_set_scheduling_class_fn *)find(L"gdi32.dll", "D3DKMTSetProcessSchedulingPriorityClass");
    out->compile = compile;
    return FR_OK;
}
