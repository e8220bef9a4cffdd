/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/device.h"

#include "common/log.h"

#include <wchar.h>

/* An integrated GPU has at most a part of the machine's memory set aside for it. */
#define DISCRETE_MEMORY_MIN ((SIZE_T)512 << 20)

#define VENDOR_MICROSOFT 0x1414u
#define DEVICE_BASIC_RENDER 0x8cu

enum { ADAPTERS_MAX = 64 };

struct candidate {
    IDXGIAdapter1 *adapter;
    DXGI_ADAPTER_DESC1 desc;
};

static bool is_software(const DXGI_ADAPTER_DESC1 *desc)
{
    return (desc->Flags & DXGI_ADAPTER_FLAG_SOFTWARE) ||
           (desc->VendorId == VENDOR_MICROSOFT && desc->DeviceId == DEVICE_BASIC_RENDER);
}

static bool has_luid(const DXGI_ADAPTER_DESC1 *desc, struct fr_d3d11_luid luid)
{
    return desc->AdapterLuid.LowPart == luid.low && desc->AdapterLuid.HighPart == luid.high;
}

static bool is_called(const DXGI_ADAPTER_DESC1 *desc, const char *part)
{
    wchar_t description[128], wanted[128];
    if (!MultiByteToWideChar(CP_UTF8, 0, part, -1, wanted, 128))
        return false;
    wcsncpy(description, desc->Description, 127);
    description[127] = 0;
    CharLowerW(description);
    CharLowerW(wanted);
    return wcsstr(description, wanted) != NULL;
}

static const struct candidate *by_name(const struct candidate *list, size_t count, const char *part)
{
    for (size_t i = 0; i < count; i++)
        if (is_called(&list[i].desc, part))
            return &list[i];
    return NULL;
}

static const struct candidate *by_luid(const struct candidate *list, size_t count, struct fr_d3d11_luid luid)
{
    for (size_t i = 0; i < count; i++)
        if (!is_software(&list[i].desc) && has_luid(&list[i].desc, luid))
            return &list[i];
    return NULL;
}

static const struct candidate *largest_discrete(const struct candidate *list, size_t count)
{
    const struct candidate *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const SIZE_T bytes = list[i].desc.DedicatedVideoMemory;
        if (!is_software(&list[i].desc) && bytes >= DISCRETE_MEMORY_MIN &&
            (!best || bytes > best->desc.DedicatedVideoMemory))
            best = &list[i];
    }
    return best;
}

static const struct candidate *first_hardware(const struct candidate *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_software(&list[i].desc))
            return &list[i];
    return NULL;
}

static const struct candidate *choose(const struct candidate *list, size_t count,
                                      const struct fr_d3d11_wish *wish, const fr_log *log)
{
    const fr_d3d11_host_params *params = wish->params;
    if (wish->has_luid)
        return by_luid(list, count, wish->luid);
    const struct candidate *found = NULL;
    if (params->adapter) {
        found = by_name(list, count, params->adapter);
        if (!found)
            fr_log_write(log, FR_LOG_WARNING, "no adapter is called \"%s\"; the fastest one is used",
                         params->adapter);
    }
    if (!found)
        found = largest_discrete(list, count);
    if (!found && params->has_fallback)
        found = by_luid(list, count,
                        (struct fr_d3d11_luid){params->fallback_luid_low, params->fallback_luid_high});
    return found ? found : first_hardware(list, count);
}

static size_t enumerate(IDXGIFactory1 *factory, struct candidate *list)
{
    size_t count = 0;
    for (UINT i = 0; i < ADAPTERS_MAX; i++) {
        struct candidate *next = &list[count];
        if (IDXGIFactory1_EnumAdapters1(factory, i, &next->adapter) != S_OK)
            break;
        if (IDXGIAdapter1_GetDesc1(next->adapter, &next->desc) == S_OK)
            count++;
        else
            fr_com_release(next->adapter);
    }
    return count;
}

fr_status fr_d3d11_adapter_choose(const struct fr_d3d11_api *api, const struct fr_d3d11_wish *wish,
                                  const fr_log *log, IDXGIAdapter1 **out)
{
    *out = NULL;
    void *factory = NULL;
    const HRESULT result = api->create_factory(&IID_IDXGIFactory1, &factory);
    if (result != S_OK) {
        fr_log_write(log, FR_LOG_WARNING, "the adapters cannot be listed: %s (0x%08lx)",
                     fr_result_name(result), result);
        return FR_ERR_UNSUPPORTED;
    }
    struct candidate list[ADAPTERS_MAX];
    const size_t count = enumerate(factory, list);
    const struct candidate *found = choose(list, count, wish, log);
    if (found) {
        *out = found->adapter;
        IDXGIAdapter1_AddRef(*out);
    } else if (!wish->has_luid) {
        fr_log_write(log, FR_LOG_WARNING,
                     "this machine has no GPU that Direct3D knows; a driver for it may be missing");
    }
    for (size_t i = 0; i < count; i++)
        fr_com_release(list[i].adapter);
    fr_com_release(factory);
    return found ? FR_OK : FR_ERR_UNSUPPORTED;
}
