/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "fake_names.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { ADAPTERS_MAX = 8 };

static struct fake_adapter_info adapters[ADAPTERS_MAX];
static size_t num_adapters;
static struct fake_priorities last_priorities = {.scheduling_class = -1};

struct factory {
    struct fake_object object;
};

struct adapter {
    struct fake_object object;
    size_t index;
    struct fake_adapter_info info;
};

static const struct fake_class adapter_class;

static void add_adapter(const wchar_t *name, uint32_t megabytes, uint32_t luid_low, bool software)
{
    if (num_adapters == ADAPTERS_MAX)
        return;
    struct fake_adapter_info *info = &adapters[num_adapters++];
    *info = (struct fake_adapter_info){.megabytes = megabytes, .luid = {luid_low, 0}, .software = software};
    wcsncpy(info->name, name, 127);
}

/* NAME:MEGABYTES:LUID[:software];... */
static void read_environment(void)
{
    wchar_t text[1024];
    if (!GetEnvironmentVariableW(L"FAKE_D3D11_ADAPTERS", text, 1024))
        return;
    for (wchar_t *one = text, *rest; one; one = rest) {
        rest = wcschr(one, L';');
        if (rest)
            *rest++ = 0;
        wchar_t *numbers = wcschr(one, L':');
        if (!numbers)
            continue;
        *numbers++ = 0;
        wchar_t *luid = wcschr(numbers, L':');
        add_adapter(one, (uint32_t)wcstoul(numbers, NULL, 10),
                    luid ? (uint32_t)wcstoul(luid + 1, NULL, 10) : 1, wcsstr(numbers, L"software") != NULL);
    }
}

void fake_adapters(const struct fake_adapter_desc *list, size_t count)
{
    num_adapters = 0;
    last_priorities = (struct fake_priorities){.scheduling_class = -1};
    for (size_t i = 0; i < count; i++)
        add_adapter(list[i].name, list[i].megabytes, list[i].luid_low, list[i].software);
    if (!count)
        add_adapter(L"Fake GPU", 8192, 4711, false);
}

const struct fake_adapter_info *fake_adapter(size_t index)
{
    if (!num_adapters)
        read_environment();
    if (!num_adapters)
        fake_adapters(NULL, 0);
    return index < num_adapters ? &adapters[index] : NULL;
}

void fake_note_priorities(const struct fake_priorities *priorities)
{
    const int scheduling_class = last_priorities.scheduling_class;
    last_priorities = *priorities;
    last_priorities.scheduling_class = scheduling_class;
}

void fake_note_scheduling_class(int scheduling_class)
{
    last_priorities.scheduling_class = scheduling_class;
}

struct fake_priorities fake_priorities(void)
{
    return last_priorities;
}

/* ---- adapters ---- */

static void fill_desc(const struct adapter *adapter, DXGI_ADAPTER_DESC1 *desc)
{
    *desc = (DXGI_ADAPTER_DESC1){
        .VendorId = 0x10de,
        .DeviceId = 0x1234,
        .DedicatedVideoMemory = (SIZE_T)adapter->info.megabytes << 20,
        .AdapterLuid = adapter->info.luid,
        .Flags = adapter->info.software ? DXGI_ADAPTER_FLAG_SOFTWARE : 0,
    };
    memcpy(desc->Description, adapter->info.name, sizeof(desc->Description));
}

static HRESULT STDMETHODCALLTYPE adapter_GetDesc1(IDXGIAdapter1 *self, DXGI_ADAPTER_DESC1 *desc)
{
    fill_desc(fake_object_of(self, &adapter_class), desc);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE adapter_GetDesc(IDXGIAdapter1 *self, DXGI_ADAPTER_DESC *desc)
{
    DXGI_ADAPTER_DESC1 more;
    fill_desc(fake_object_of(self, &adapter_class), &more);
    memcpy(desc, &more, sizeof(*desc));
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE adapter_EnumOutputs(IDXGIAdapter1 *self, UINT index, IDXGIOutput **out)
{
    (void)self, (void)index;
    *out = NULL;
    return DXGI_ERROR_NOT_FOUND;
}

static IDXGIAdapter1Vtbl adapter_vtable = {
    FAKE_UNKNOWN(IDXGIAdapter1),
    .EnumOutputs = adapter_EnumOutputs,
    .GetDesc = adapter_GetDesc,
    .GetDesc1 = adapter_GetDesc1,
};

static void free_object(struct fake_object *object)
{
    free(object);
}

static const struct fake_iid adapter_iids[] = {
    {&IID_IUnknown, 0, 0}, {&IID_IDXGIAdapter, 0, 0}, {&IID_IDXGIAdapter1, 0, 0}};
static const struct fake_class adapter_class = {"IDXGIAdapter1", adapter_iids, 3, free_object};

static HRESULT make_adapter(size_t index, void **out)
{
    struct adapter *adapter = calloc(1, sizeof(*adapter));
    if (!adapter)
        return E_OUTOFMEMORY;
    adapter->index = index;
    adapter->info = *fake_adapter(index);
    adapter->object.face[0].vtable = &adapter_vtable;
    fake_object_init(&adapter->object, &adapter_class, NULL);
    *out = &adapter->object.face[0];
    return S_OK;
}

HRESULT fake_adapter_of(size_t index, IDXGIAdapter **out)
{
    return make_adapter(index, (void **)out);
}

/* ---- the factory ---- */

static const struct fake_iid factory_iids[] = {
    {&IID_IUnknown, 0, 0}, {&IID_IDXGIFactory, 0, 0}, {&IID_IDXGIFactory1, 0, 0}};
static const struct fake_class factory_class = {"IDXGIFactory1", factory_iids, 3, free_object};

static HRESULT STDMETHODCALLTYPE factory_EnumAdapters1(IDXGIFactory1 *self, UINT index, IDXGIAdapter1 **out)
{
    (void)self;
    *out = NULL;
    const HRESULT result = fake_call(NULL, "IDXGIFactory1::EnumAdapters1");
    if (result != S_OK)
        return result;
    return fake_adapter(index) ? make_adapter(index, (void **)out) : DXGI_ERROR_NOT_FOUND;
}

static IDXGIFactory1Vtbl factory_vtable = {
    FAKE_UNKNOWN(IDXGIFactory1),
    .EnumAdapters1 = factory_EnumAdapters1,
};

static HRESULT WINAPI create_factory(REFIID iid, void **out)
{
    *out = NULL;
    fake_init();
    const HRESULT result = fake_call(NULL, "CreateDXGIFactory1");
    if (result != S_OK)
        return result;
    struct factory *factory = calloc(1, sizeof(*factory));
    if (!factory)
        return E_OUTOFMEMORY;
    factory->object.face[0].vtable = &factory_vtable;
    fake_object_init(&factory->object, &factory_class, NULL);
    const HRESULT found = fake_QueryInterface(&factory->object.face[0], iid, out);
    fake_Release(&factory->object.face[0]);
    return found;
}

/* ---- functions ---- */

static HRESULT WINAPI create_device(IDXGIAdapter *adapter, D3D_DRIVER_TYPE type, HMODULE software, UINT flags,
                                    const D3D_FEATURE_LEVEL *levels, UINT num_levels, UINT sdk,
                                    ID3D11Device **device_out, D3D_FEATURE_LEVEL *level_out,
                                    ID3D11DeviceContext **context_out)
{
    fake_init();
    (void)software, (void)flags;
    *device_out = NULL;
    const HRESULT result = fake_call(NULL, "D3D11CreateDevice");
    if (result != S_OK)
        return result;
    if ((type == D3D_DRIVER_TYPE_UNKNOWN) != (adapter != NULL) || sdk != D3D11_SDK_VERSION)
        return E_INVALIDARG;
    if (fake_has(FAKE_NO_DEVICE))
        return DXGI_ERROR_UNSUPPORTED;
    for (UINT i = 0; i < num_levels; i++)
        if (levels[i] == D3D_FEATURE_LEVEL_11_1 && fake_has(FAKE_OLD_RUNTIME))
            return E_INVALIDARG;
    struct fake_device *device;
    const struct adapter *chosen = fake_object_of(adapter, &adapter_class);
    const HRESULT made = fake_device_make(chosen ? chosen->index : 0, &device);
    if (made != S_OK)
        return made;
    *device_out = (ID3D11Device *)&device->object.face[0];
    if (level_out)
        *level_out = num_levels ? levels[0] : D3D_FEATURE_LEVEL_11_0;
    if (context_out)
        ID3D11Device_GetImmediateContext(*device_out, context_out);
    return S_OK;
}

static LONG WINAPI set_scheduling_class(HANDLE process, int scheduling_class)
{
    (void)process;
    fake_note_scheduling_class(scheduling_class);
    return 0;
}

static HRESULT WINAPI compile(const void *text, SIZE_T bytes, const char *name,
                              const D3D_SHADER_MACRO *macros, ID3DInclude *include, const char *entry,
                              const char *target, UINT flags1, UINT flags2, ID3DBlob **code,
                              ID3DBlob **messages)
{
    (void)text, (void)bytes, (void)name, (void)macros, (void)include, (void)entry, (void)target;
    (void)flags1, (void)flags2, (void)messages;
    *code = NULL;
    (void)fake_call(NULL, "D3DCompile");
    return E_NOTIMPL;
}

const struct fr_d3d11_api *fake_api(void)
{
    static const struct fr_d3d11_api api = {
        .create_device = create_device,
        .create_factory = create_factory,
        .set_scheduling_class = set_scheduling_class,
        .compile = compile,
    };
    return &api;
}

void fake_adapter_init(void)
{
    FAKE_VTABLE_FILL(adapter_vtable, IDXGIAdapter1);
    FAKE_VTABLE_FILL(factory_vtable, IDXGIFactory1);
}
