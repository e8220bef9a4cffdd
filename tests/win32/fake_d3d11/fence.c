/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "fake_names.h"

#include <stdlib.h>
#include <string.h>

#define FENCE_MAGIC 0x46454e43u

enum { WAITERS_MAX = 256, LOOK_MS = 1 };

/* Who wants to know when a fence gets somewhere. */
static struct waiter {
    struct fake_fence *fence; /* NULL: free; held */
    uint64_t value;
    HANDLE event;
} waiters[WAITERS_MAX];

static HANDLE watcher;

uint64_t fake_fence_value(const struct fake_fence *fence)
{
    return fence->object.device->removed ? UINT64_MAX
                                         : __atomic_load_n(&fence->shared->value, __ATOMIC_ACQUIRE);
}

/* The other process signals too, so that somebody has to look. */
static void look(void)
{
    for (size_t i = 0; i < WAITERS_MAX; i++) {
        struct waiter *waiter = &waiters[i];
        if (!waiter->fence || fake_fence_value(waiter->fence) < waiter->value)
            continue;
        SetEvent(waiter->event);
        waiter->fence = NULL;
    }
}

static DWORD WINAPI watch(void *argument)
{
    (void)argument;
    while (Sleep(LOOK_MS), true) {
        fake_enter();
        look();
        fake_leave();
    }
    return 0;
}

static void destroy(struct fake_object *object)
{
    struct fake_fence *fence = (struct fake_fence *)object;
    for (size_t i = 0; i < WAITERS_MAX; i++)
        if (waiters[i].fence == fence)
            waiters[i].fence = NULL;
    UnmapViewOfFile(fence->shared);
    CloseHandle(fence->section);
    free(fence);
}

static const struct fake_iid iids[] = {
    {&IID_IUnknown, 0, 0}, {&IID_ID3D11DeviceChild, 0, 0}, {&IID_ID3D11Fence, 0, 0}};
const struct fake_class fake_fence_class = {"ID3D11Fence", iids, 3, destroy};

static ID3D11FenceVtbl fence_vtable;

/* `section` is taken over. */
static HRESULT make(struct fake_device *device, HANDLE section, const wchar_t *name, struct fake_fence **out)
{
    struct fake_fence *fence = calloc(1, sizeof(*fence));
    struct fake_shared_fence *shared = section ? MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0) : NULL;
    if (!fence || !shared) {
        if (shared)
            UnmapViewOfFile(shared);
        if (section)
            CloseHandle(section);
        free(fence);
        return E_INVALIDARG;
    }
    fence->section = section;
    fence->shared = shared;
    memcpy(fence->section_name, name, sizeof(fence->section_name));
    fence->object.face[0].vtable = &fence_vtable;
    fake_object_init(&fence->object, &fake_fence_class, device);
    *out = fence;
    return S_OK;
}

HRESULT fake_fence_create(struct fake_device *device, UINT64 value, UINT flags, void **out)
{
    *out = NULL;
    if (flags != D3D11_FENCE_FLAG_SHARED) {
        fake_violation("CreateFence: flags that the fake does not have");
        return E_INVALIDARG;
    }
    wchar_t name[64];
    fake_section_name(name);
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                        sizeof(struct fake_shared_fence), name);
    struct fake_fence *fence;
    const HRESULT result = make(device, section, name, &fence);
    if (result != S_OK)
        return result;
    *fence->shared = (struct fake_shared_fence){FENCE_MAGIC, device->adapter.luid, value};
    *out = &fence->object.face[0];
    return S_OK;
}

HRESULT fake_fence_open(struct fake_device *device, HANDLE handle, void **out)
{
    *out = NULL;
    wchar_t name[64];
    if (!fake_ticket_read(handle, name))
        return E_INVALIDARG;
    struct fake_fence *fence;
    HRESULT result = make(device, OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, name), name, &fence);
    if (result != S_OK)
        return result;
    if (fence->shared->magic != FENCE_MAGIC) {
        fake_Release(&fence->object.face[0]);
        return E_INVALIDARG;
    }
    *out = &fence->object.face[0];
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE fence_CreateSharedHandle(ID3D11Fence *self,
                                                          const SECURITY_ATTRIBUTES *security, DWORD access,
                                                          const WCHAR *name, HANDLE *out)
{
    const struct fake_fence *fence = fake_object_of(self, &fake_fence_class);
    *out = NULL;
    HRESULT result = fake_call(fence->object.device, "ID3D11Fence::CreateSharedHandle");
    if (result != S_OK)
        return result;
    if (access != GENERIC_ALL) {
        fake_violation("CreateSharedHandle: a fence is shared with GENERIC_ALL");
        return E_INVALIDARG;
    }
    *out = fake_ticket_create(security, name, fence->section_name, &result);
    return result;
}

static UINT64 STDMETHODCALLTYPE fence_GetCompletedValue(ID3D11Fence *self)
{
    const struct fake_fence *fence = fake_object_of(self, &fake_fence_class);
    (void)fake_call_void(fence->object.device, "ID3D11Fence::GetCompletedValue");
    return fake_fence_value(fence);
}

static HRESULT STDMETHODCALLTYPE fence_SetEventOnCompletion(ID3D11Fence *self, UINT64 value, HANDLE event)
{
    struct fake_fence *fence = fake_object_of(self, &fake_fence_class);
    fake_enter();
    HRESULT result = fake_call(fence->object.device, "ID3D11Fence::SetEventOnCompletion");
    if (result == S_OK && !event) {
        fake_violation("SetEventOnCompletion without an event waits without a bound");
        result = E_INVALIDARG;
    }
    for (size_t i = 0; i < WAITERS_MAX && result == S_OK; i++)
        if (!waiters[i].fence) {
            waiters[i] = (struct waiter){fence, value, event};
            break;
        }
    look();
    if (!watcher)
        watcher = CreateThread(NULL, 0, watch, NULL, 0, NULL);
    fake_leave();
    return result;
}

static ID3D11FenceVtbl fence_vtable = {
    FAKE_CHILD(ID3D11Fence),
    .CreateSharedHandle = fence_CreateSharedHandle,
    .GetCompletedValue = fence_GetCompletedValue,
    .SetEventOnCompletion = fence_SetEventOnCompletion,
};

void fake_fence_init(void)
{
    FAKE_VTABLE_FILL(fence_vtable, ID3D11Fence);
}
