/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define COBJMACROS
#include "display/ccd.h"

#include <dxgi1_6.h>

#include <stdlib.h>
#include <wchar.h>

/* More than Windows has, and a bound for a driver that never says no. */
#define ADAPTERS_MAX 64u
#define OUTPUTS_MAX 64u

struct windows {
    IDXGIFactory1 *factory; /* as old as the last change of the displays; NULL: made when it is needed */
};

static LONG buffer_sizes(void *self, UINT32 flags, UINT32 *num_paths, UINT32 *num_modes)
{
    (void)self;
    return GetDisplayConfigBufferSizes(flags, num_paths, num_modes);
}

static LONG query(void *self, UINT32 flags, struct fr_ccd_config *config)
{
    (void)self;
    return QueryDisplayConfig(flags, &config->num_paths, config->paths, &config->num_modes, config->modes,
                              NULL);
}

static LONG get_info(void *self, DISPLAYCONFIG_DEVICE_INFO_HEADER *request)
{
    (void)self;
    return DisplayConfigGetDeviceInfo(request);
}

static LONG set_info(void *self, DISPLAYCONFIG_DEVICE_INFO_HEADER *request)
{
    (void)self;
    return DisplayConfigSetDeviceInfo(request);
}

/* A factory shows the displays as they were when it was made. */
static IDXGIFactory1 *current_factory(struct windows *windows)
{
    if (windows->factory && !IDXGIFactory1_IsCurrent(windows->factory)) {
        IDXGIFactory1_Release(windows->factory);
        windows->factory = NULL;
    }
    void *factory = NULL;
    if (!windows->factory && CreateDXGIFactory1(&IID_IDXGIFactory1, &factory) == S_OK)
        windows->factory = factory;
    return windows->factory;
}

static bool read_output(IDXGIOutput *output, const WCHAR *name, struct fr_ccd_luminance *out)
{
    DXGI_OUTPUT_DESC1 desc;
    void *newest = NULL;
    if (IDXGIOutput_QueryInterface(output, &IID_IDXGIOutput6, &newest) != S_OK)
        return false;
    IDXGIOutput6 *output6 = newest;
    const bool found =
        IDXGIOutput6_GetDesc1(output6, &desc) == S_OK && !wcsncmp(desc.DeviceName, name, CCHDEVICENAME);
    IDXGIOutput6_Release(output6);
    if (found)
        *out = (struct fr_ccd_luminance){desc.MaxLuminance, desc.MaxFullFrameLuminance, desc.MinLuminance};
    return found;
}

static bool read_adapter(IDXGIAdapter1 *adapter, const WCHAR *name, struct fr_ccd_luminance *out)
{
    bool found = false;
    IDXGIOutput *output;
    for (UINT i = 0; !found && i < OUTPUTS_MAX && IDXGIAdapter1_EnumOutputs(adapter, i, &output) == S_OK;
         i++) {
        found = read_output(output, name, out);
        IDXGIOutput_Release(output);
    }
    return found;
}

static bool luminance(void *self, const WCHAR *name, struct fr_ccd_luminance *out)
{
    IDXGIFactory1 *factory = current_factory(self);
    IDXGIAdapter1 *adapter;
    bool found = false;
    for (UINT i = 0; factory && !found && i < ADAPTERS_MAX; i++) {
        if (IDXGIFactory1_EnumAdapters1(factory, i, &adapter) != S_OK)
            break;
        found = read_adapter(adapter, name, out);
        IDXGIAdapter1_Release(adapter);
    }
    return found;
}

static void destroy(void *self)
{
    struct windows *windows = self;
    if (windows->factory)
        IDXGIFactory1_Release(windows->factory);
    free(windows);
}

fr_status fr_ccd_api_create(struct fr_ccd_api *out)
{
    struct windows *windows = calloc(1, sizeof(*windows));
    if (!windows)
        return FR_ERR_NO_MEMORY;
    *out = (struct fr_ccd_api){
        .self = windows,
        .buffer_sizes = buffer_sizes,
        .query = query,
        .get_info = get_info,
        .set_info = set_info,
        .luminance = luminance,
        .destroy = destroy,
    };
    return FR_OK;
}
