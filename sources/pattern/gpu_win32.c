/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The identifiers of these interfaces are in no library. */
#include <initguid.h>

#include "gpu.h"

#include <framering/d3d11.h>

#define WIN32_LEAN_AND_MEAN
#define COBJMACROS
#include <d3d11.h>
#include <dxgi.h>
#include <windows.h>

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { ADAPTERS_MAX = 16, NAME_MAX_BYTES = 256, PITCH_ALIGN = 64 };

typedef HRESULT(WINAPI *create_factory_fn)(REFIID, void **);

/* FARPROC means any function; a cast through the plainest one says that this is meant. */
#define AS_FUNCTION(type, found) ((type)(void (*)(void))(found))

struct fr_gpu {
    fr_d3d11_source_params params;
    const fr_program *program;
    ID3D11Device *device;
    ID3D11DeviceContext *context;
    ID3D11Texture2D *texture; /* of the size and format below */
    uint32_t width, height;
    fr_format format;
    size_t pitch_bytes;
    uint8_t *pixels;
};

static const char *apply_backend(void *user, const char *value)
{
    fr_gpu_options *options = user;
    options->wanted = !strcmp(value, "d3d11");
    return options->wanted || !strcmp(value, "cpu") ? NULL : "a backend is cpu or d3d11";
}

static const char *apply_adapter(void *user, const char *value)
{
    fr_gpu_options *options = user;
    options->name = value;
    return *value ? NULL : "a part of the GPU's name is needed";
}

static const fr_option own_options[] = {
    {"backend", "NAME", "cpu: draw into the ring (default); d3d11: publish textures of a GPU", apply_backend},
    {"adapter", "NAME", "d3d11: the GPU that has this in its name", apply_adapter},
};

fr_option_group fr_gpu_group(fr_gpu_options *options)
{
    return (fr_option_group){own_options, sizeof(own_options) / sizeof(own_options[0]), options};
}

static wchar_t lower(wchar_t c)
{
    return c >= L'A' && c <= L'Z' ? (wchar_t)(c - L'A' + L'a') : c;
}

static bool holds(const wchar_t *text, const wchar_t *part)
{
    for (; *text; text++) {
        size_t i = 0;
        while (part[i] && lower(text[i]) == lower(part[i]))
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

/* NULL: there is none. */
static IDXGIAdapter1 *find_adapter(const char *name)
{
    wchar_t part[NAME_MAX_BYTES];
    HMODULE dxgi = LoadLibraryW(L"dxgi.dll");
    create_factory_fn create =
        dxgi ? AS_FUNCTION(create_factory_fn, GetProcAddress(dxgi, "CreateDXGIFactory1")) : NULL;
    IDXGIFactory1 *factory = NULL;
    IDXGIAdapter1 *adapter = NULL, *found = NULL;
    DXGI_ADAPTER_DESC1 desc;
    if (!MultiByteToWideChar(CP_UTF8, 0, name, -1, part, NAME_MAX_BYTES) || !create ||
        FAILED(create(&IID_IDXGIFactory1, (void **)&factory)))
        return NULL;
    for (UINT i = 0;
         !found && i < ADAPTERS_MAX && SUCCEEDED(IDXGIFactory1_EnumAdapters1(factory, i, &adapter)); i++) {
        if (SUCCEEDED(IDXGIAdapter1_GetDesc1(adapter, &desc)) && holds(desc.Description, part))
            found = adapter;
        else
            IDXGIAdapter1_Release(adapter);
    }
    IDXGIFactory1_Release(factory);
    return found;
}

static bool create_device(fr_gpu *gpu, const char *adapter_name)
{
    HMODULE d3d11 = LoadLibraryW(L"d3d11.dll");
    PFN_D3D11_CREATE_DEVICE create =
        d3d11 ? AS_FUNCTION(PFN_D3D11_CREATE_DEVICE, GetProcAddress(d3d11, "D3D11CreateDevice")) : NULL;
    IDXGIAdapter1 *adapter = adapter_name ? find_adapter(adapter_name) : NULL;
    if (adapter_name && !adapter) {
        fr_program_say(gpu->program, "there is no GPU with \"%s\" in its name; framering probe lists them",
                       adapter_name);
        return false;
    }
    HRESULT result = E_NOTIMPL;
    if (create)
        result = create((IDXGIAdapter *)adapter, adapter ? D3D_DRIVER_TYPE_UNKNOWN : D3D_DRIVER_TYPE_HARDWARE,
                        NULL, D3D11_CREATE_DEVICE_BGRA_SUPPORT, NULL, 0, D3D11_SDK_VERSION, &gpu->device,
                        NULL, &gpu->context);
    if (adapter)
        IDXGIAdapter1_Release(adapter);
    if (FAILED(result))
        fr_program_say(gpu->program,
                       "there is no Direct3D 11 device (0x%08lx); --backend cpu draws in memory",
                       (unsigned long)result);
    return SUCCEEDED(result);
}

bool fr_gpu_create(fr_gpu **out, const fr_gpu_options *options, const fr_program *program)
{
    *out = NULL;
    if (!options->wanted)
        return true;
    fr_gpu *gpu = calloc(1, sizeof(*gpu));
    if (!gpu) {
        fr_program_say(program, "%s", fr_status_text(FR_ERR_NO_MEMORY));
        return false;
    }
    gpu->program = program;
    if (!create_device(gpu, options->name)) {
        fr_gpu_destroy(&gpu);
        return false;
    }
    gpu->params.device = gpu->device;
    *out = gpu;
    return true;
}

static void drop_picture(fr_gpu *gpu)
{
    if (gpu->texture)
        ID3D11Texture2D_Release(gpu->texture);
    gpu->texture = NULL;
    free(gpu->pixels);
    gpu->pixels = NULL;
}

void fr_gpu_destroy(fr_gpu **gpu_)
{
    fr_gpu *gpu = *gpu_;
    if (!gpu)
        return;
    *gpu_ = NULL;
    drop_picture(gpu);
    if (gpu->context)
        ID3D11DeviceContext_Release(gpu->context);
    if (gpu->device)
        ID3D11Device_Release(gpu->device);
    free(gpu);
}

void fr_gpu_offer(const fr_gpu *gpu, fr_source_params *params)
{
    params->d3d11 = gpu ? &gpu->params : NULL;
}

static bool make_picture(fr_gpu *gpu, const fr_slot *slot)
{
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = slot->width,
        .Height = slot->height,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = (DXGI_FORMAT)slot->format, /* they have the same numbers */
        .SampleDesc = {1, 0},
        .BindFlags = D3D11_BIND_SHADER_RESOURCE | D3D11_BIND_RENDER_TARGET,
    };
    drop_picture(gpu);
    gpu->width = slot->width;
    gpu->height = slot->height;
    gpu->format = slot->format;
    gpu->pitch_bytes = ((size_t)slot->width * fr_format_pixel_bytes(slot->format) + PITCH_ALIGN - 1) /
                       PITCH_ALIGN * PITCH_ALIGN;
    gpu->pixels = calloc(slot->height, gpu->pitch_bytes);
    return gpu->pixels && SUCCEEDED(ID3D11Device_CreateTexture2D(gpu->device, &desc, NULL, &gpu->texture));
}

fr_status fr_gpu_canvas(fr_gpu *gpu, fr_slot *slot)
{
    const bool same = gpu->texture && gpu->width == slot->width && gpu->height == slot->height &&
                      gpu->format == slot->format;
    if (!same && !make_picture(gpu, slot)) {
        drop_picture(gpu);
        return ID3D11Device_GetDeviceRemovedReason(gpu->device) == S_OK ? FR_ERR_NO_MEMORY
                                                                        : FR_ERR_DEVICE_LOST;
    }
    slot->pixels = gpu->pixels;
    slot->pitch_bytes = gpu->pitch_bytes;
    return FR_OK;
}

static void upload(fr_gpu *gpu, ID3D11Texture2D *to)
{
    ID3D11DeviceContext_UpdateSubresource(gpu->context, (ID3D11Resource *)to, 0, NULL, gpu->pixels,
                                          (UINT)gpu->pitch_bytes, 0);
}

fr_status fr_gpu_upload(fr_gpu *gpu, fr_source *source, const fr_slot *slot, bool last)
{
    (void)source;
    (void)last;
    upload(gpu, slot->texture);
    /* What follows may be a death or a long pause: the GPU is to have begun by then. */
    ID3D11DeviceContext_Flush(gpu->context);
    return FR_OK;
}

fr_status fr_gpu_push(fr_gpu *gpu, fr_source *source, const fr_publish_info *info)
{
    upload(gpu, gpu->texture);
    return fr_source_push_d3d11(source, gpu->texture, info);
}
