/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define COBJMACROS
#include "encode/nvenc.h"

#include "encode/nvenc_system.h"

#include <d3d11.h>
#include <dxgi.h>

#include <framering/d3d11.h>

#include <stdio.h>
#include <stdlib.h>

#ifdef _WIN64
static const char driver_library[] = "nvEncodeAPI64.dll";
#else
static const char driver_library[] = "nvEncodeAPI.dll";
#endif

/* --- library --- */

/* `self`: a path, or NULL for the driver's. That one is looked for where only an administrator writes. */
static fr_status library_open(void *self, struct fr_nvenc_library *out, char reason[FR_REASON_BYTES])
{
    const char *name = self ? self : driver_library;
    HMODULE module = LoadLibraryExA(name, NULL, self ? 0 : LOAD_LIBRARY_SEARCH_SYSTEM32);
    *out = (struct fr_nvenc_library){0};
    if (!module) {
        snprintf(reason, FR_REASON_BYTES, "%s is not there (error %lu): needs an NVIDIA GPU and its driver",
                 name, GetLastError());
        return FR_ERR_ENCODER;
    }
    out->handle = module;
    out->get_max_version = (NVENCSTATUS(NVENCAPI *)(uint32_t *))(void (*)(void))GetProcAddress(
        module, "NvEncodeAPIGetMaxSupportedVersion");
    out->create_instance = (NVENCSTATUS(NVENCAPI *)(NV_ENCODE_API_FUNCTION_LIST *))(
        void (*)(void))GetProcAddress(module, "NvEncodeAPICreateInstance");
    if (out->get_max_version && out->create_instance)
        return FR_OK;
    snprintf(reason, FR_REASON_BYTES, "%s is too old: update the NVIDIA driver", name);
    return FR_ERR_ENCODER;
}

static void library_close(void *self, struct fr_nvenc_library *library)
{
    (void)self;
    FreeLibrary(library->handle);
    library->handle = NULL;
}

/* --- events --- */

static void *event_create(void *self)
{
    (void)self;
    return CreateEventW(NULL, FALSE, FALSE, NULL);
}

static enum fr_nvenc_wait event_wait(void *self, void *event, uint32_t timeout_ms)
{
    (void)self;
    switch (WaitForSingleObject(event, timeout_ms)) {
    case WAIT_OBJECT_0: return FR_NVENC_SIGNALLED;
    case WAIT_TIMEOUT: return FR_NVENC_TIMEOUT;
    default: return FR_NVENC_WAIT_FAILED;
    }
}

static void event_destroy(void *self, void *event)
{
    (void)self;
    CloseHandle(event);
}

/* --- devices and textures --- */

static fr_status create_on(IDXGIAdapter1 *adapter, void **device)
{
    static const D3D_FEATURE_LEVEL level = D3D_FEATURE_LEVEL_11_0;
    DXGI_ADAPTER_DESC1 desc;
    ID3D11Device *created = NULL;
    if (IDXGIAdapter1_GetDesc1(adapter, &desc) != S_OK || desc.Flags & DXGI_ADAPTER_FLAG_SOFTWARE)
        return FR_ERR_UNSUPPORTED;
    if (D3D11CreateDevice((IDXGIAdapter *)adapter, D3D_DRIVER_TYPE_UNKNOWN, NULL, 0, &level, 1,
                          D3D11_SDK_VERSION, &created, NULL, NULL) != S_OK)
        return FR_ERR_UNSUPPORTED;
    *device = created;
    return FR_OK;
}

static fr_status device_create(void *self, uint32_t adapter, void **device)
{
    IDXGIFactory1 *factory = NULL;
    IDXGIAdapter1 *found = NULL;
    (void)self;
    *device = NULL;
    if (CreateDXGIFactory1(&IID_IDXGIFactory1, (void **)&factory) != S_OK)
        return FR_END;
    fr_status status = FR_END;
    if (IDXGIFactory1_EnumAdapters1(factory, adapter, &found) == S_OK) {
        status = create_on(found, device);
        IDXGIAdapter1_Release(found);
    }
    IDXGIFactory1_Release(factory);
    return status;
}

static bool device_lost(void *self, void *device)
{
    (void)self;
    return ID3D11Device_GetDeviceRemovedReason((ID3D11Device *)device) != S_OK;
}

static void ref(void *self, void *object)
{
    (void)self;
    IUnknown_AddRef((IUnknown *)object);
}

static void unref(void *self, void *object)
{
    (void)self;
    IUnknown_Release((IUnknown *)object);
}

static fr_status picture_of(void *self, const fr_frame *frame, struct fr_nvenc_picture *out)
{
    fr_d3d11_picture picture;
    (void)self;
    const fr_status status = fr_frame_d3d11(frame, &picture);
    *out = (struct fr_nvenc_picture){0};
    if (status == FR_OK)
        *out = (struct fr_nvenc_picture){picture.device, picture.texture};
    return status;
}

/* --- a thread apart --- */

struct apart {
    void (*work)(void *arg);
    void *arg;
};

static DWORD WINAPI run(LPVOID user)
{
    const struct apart apart = *(struct apart *)user;
    free(user);
    apart.work(apart.arg);
    return 0;
}

static bool run_apart(void *self, void (*work)(void *arg), void *arg)
{
    HMODULE pinned;
    (void)self;
    /* Nobody waits for the thread, so its code must not be unloaded. */
    if (!GetModuleHandleExA(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                            (const char *)driver_library, &pinned))
        return false;
    struct apart *apart = malloc(sizeof(*apart));
    if (!apart)
        return false;
    *apart = (struct apart){work, arg};
    HANDLE thread = CreateThread(NULL, 0, run, apart, 0, NULL);
    if (!thread) {
        free(apart);
        return false;
    }
    CloseHandle(thread);
    return true;
}

const struct fr_nvenc_system fr_nvenc_native = {.library_open = library_open,
                                                .library_close = library_close,
                                                .event_create = event_create,
                                                .event_wait = event_wait,
                                                .event_destroy = event_destroy,
                                                .device_create = device_create,
                                                .device_lost = device_lost,
                                                .ref = ref,
                                                .unref = unref,
                                                .picture_of = picture_of,
                                                .run_apart = run_apart};

fr_status fr_nvenc_open(struct fr_encoder **out, const struct fr_encoder_row *row,
                        const struct fr_encoder_config *config, char reason[FR_REASON_BYTES])
{
    return fr_nvenc_open_on(&fr_nvenc_native, out, row, config, reason);
}

const void *fr_nvenc_device_of(const fr_frame *frame)
{
    fr_d3d11_picture picture;
    return fr_frame_d3d11(frame, &picture) == FR_OK ? picture.device : NULL;
}
