/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "api.h"

#include "common/program.h"

#include <stdlib.h>
#include <wchar.h>

/* FARPROC means any function; a cast through the plainest one says that this is meant. */
#define AS_FUNCTION(type, found) ((type)(void (*)(void))(found))

/* A configuration that changes between the calls is read again, this often. */
enum { QUERY_TRIES = 4 };

static HRESULT create_factory(void *self, IDXGIFactory1 **out)
{
    (void)self;
    void *factory = NULL;
    const HRESULT result = CreateDXGIFactory1(&IID_IDXGIFactory1, &factory);
    *out = factory;
    return result;
}

static HRESULT create_device(void *self, IDXGIAdapter1 *adapter, ID3D11Device **out,
                             ID3D11DeviceContext **context)
{
    (void)self;
    const D3D_FEATURE_LEVEL level = D3D_FEATURE_LEVEL_11_0;
    const HRESULT result =
        D3D11CreateDevice((IDXGIAdapter *)adapter, D3D_DRIVER_TYPE_UNKNOWN, NULL,
                          D3D11_CREATE_DEVICE_BGRA_SUPPORT, &level, 1, D3D11_SDK_VERSION, out, NULL, context);
    if (result != S_OK) {
        *out = NULL;
        *context = NULL;
    }
    return result;
}

static bool has_name(const DISPLAYCONFIG_PATH_INFO *path, const WCHAR *name)
{
    DISPLAYCONFIG_SOURCE_DEVICE_NAME source = {
        .header =
            {
                .type = DISPLAYCONFIG_DEVICE_INFO_GET_SOURCE_NAME,
                .size = sizeof(source),
                .adapterId = path->sourceInfo.adapterId,
                .id = path->sourceInfo.id,
            },
    };
    return DisplayConfigGetDeviceInfo(&source.header) == ERROR_SUCCESS &&
           !wcsncmp(source.viewGdiDeviceName, name, CCHDEVICENAME);
}

static uint32_t white_of(const DISPLAYCONFIG_PATH_INFO *path)
{
    DISPLAYCONFIG_SDR_WHITE_LEVEL white = {
        .header =
            {
                .type = DISPLAYCONFIG_DEVICE_INFO_GET_SDR_WHITE_LEVEL,
                .size = sizeof(white),
                .adapterId = path->targetInfo.adapterId,
                .id = path->targetInfo.id,
            },
    };
    /* 1,000 is 80 cd/m2. */
    return DisplayConfigGetDeviceInfo(&white.header) == ERROR_SUCCESS && white.SDRWhiteLevel <= 125000
               ? white.SDRWhiteLevel * 80
               : 0;
}

/* The active paths, to be freed; NULL: none can be read. */
static DISPLAYCONFIG_PATH_INFO *read_paths(UINT32 *num_paths)
{
    UINT32 num_modes;
    for (int i = 0; i < QUERY_TRIES; i++) {
        if (GetDisplayConfigBufferSizes(QDC_ONLY_ACTIVE_PATHS, num_paths, &num_modes) != ERROR_SUCCESS)
            return NULL;
        DISPLAYCONFIG_PATH_INFO *paths = calloc((size_t)*num_paths + 1, sizeof(*paths));
        DISPLAYCONFIG_MODE_INFO *modes = calloc((size_t)num_modes + 1, sizeof(*modes));
        const LONG error = paths && modes ? QueryDisplayConfig(QDC_ONLY_ACTIVE_PATHS, num_paths, paths,
                                                               &num_modes, modes, NULL)
                                          : ERROR_NOT_ENOUGH_MEMORY;
        free(modes);
        if (error == ERROR_SUCCESS)
            return paths;
        free(paths);
        if (error != ERROR_INSUFFICIENT_BUFFER)
            return NULL;
    }
    return NULL;
}

static uint32_t sdr_white_millinits(void *self, const WCHAR *name)
{
    (void)self;
    UINT32 num_paths = 0;
    uint32_t white = 0;
    DISPLAYCONFIG_PATH_INFO *paths = read_paths(&num_paths);
    for (UINT32 i = 0; paths && !white && i < num_paths; i++)
        if (has_name(&paths[i], name))
            white = white_of(&paths[i]);
    free(paths);
    return white;
}

static uint64_t ns_of_ticks(void *self, int64_t ticks)
{
    (void)self;
    LARGE_INTEGER frequency;
    QueryPerformanceFrequency(&frequency);
    const uint64_t per_s = (uint64_t)frequency.QuadPart, count = ticks > 0 ? (uint64_t)ticks : 0;
    return count / per_s * FR_NS_PER_S + count % per_s * FR_NS_PER_S / per_s;
}

static void see_real_pixels(void)
{
    /* Not in Windows 10 of 2016; there the formats stay BGRA8. */
    typedef BOOL(WINAPI * set_fn)(DPI_AWARENESS_CONTEXT);
    const HMODULE user = GetModuleHandleW(L"user32.dll");
    const set_fn set =
        user ? AS_FUNCTION(set_fn, GetProcAddress(user, "SetProcessDpiAwarenessContext")) : NULL;
    if (set)
        set(DPI_AWARENESS_CONTEXT_PER_MONITOR_AWARE_V2);
}

const fr_desktop_api *fr_desktop_api_windows(void)
{
    static const fr_desktop_api api = {
        .create_factory = create_factory,
        .create_device = create_device,
        .sdr_white_millinits = sdr_white_millinits,
        .ns_of_ticks = ns_of_ticks,
    };
    see_real_pixels();
    return &api;
}
