/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "fake_names.h"

/* Mutexes of several processes: a word in shared memory, which the others watch. */

static uint64_t swap(uint64_t *word, uint64_t expected, uint64_t desired)
{
    return (uint64_t)InterlockedCompareExchange64((LONG64 *)(void *)word, (LONG64)desired, (LONG64)expected);
}

static bool process_is_dead(uint64_t owner)
{
    const DWORD pid = (DWORD)(owner >> 32);
    if (pid == GetCurrentProcessId())
        return false;
    HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, pid);
    if (!process)
        return true;
    const bool dead = WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
    CloseHandle(process);
    return dead;
}

/* WAIT_TIMEOUT: not now. */
static HRESULT try_acquire(struct fake_texture *texture, UINT64 key)
{
    struct fake_shared *shared = texture->shared;
    const uint64_t mine = texture->object.device->id;
    const uint64_t owner = swap(&shared->owner, 0, 0);
    if (owner && !process_is_dead(owner))
        return WAIT_TIMEOUT;
    if (!owner && shared->key != key && !shared->abandoned)
        return WAIT_TIMEOUT;
    if (swap(&shared->owner, owner, mine) != owner)
        return WAIT_TIMEOUT;
    const bool abandoned = owner || shared->abandoned;
    shared->abandoned = 0;
    return abandoned && !fake_has(FAKE_MUTEX_FORGETS) ? (HRESULT)WAIT_ABANDONED : S_OK;
}

static HRESULT STDMETHODCALLTYPE mutex_AcquireSync(IDXGIKeyedMutex *self, UINT64 key, DWORD milliseconds)
{
    struct fake_texture *texture = fake_object_of(self, &fake_texture_class);
    if (fake_has(FAKE_MUTEX_OPEN))
        return S_OK;
    fake_enter();
    HRESULT result = fake_call(texture->object.device, "IDXGIKeyedMutex::AcquireSync");
    const bool scripted = result != S_OK;
    if (!scripted && texture->shared->owner == texture->object.device->id) {
        fake_violation("AcquireSync of a mutex that this device holds already");
        result = DXGI_ERROR_INVALID_CALL;
    } else if (!scripted) {
        result = try_acquire(texture, key);
    }
    fake_leave();
    if (scripted)
        return result;
    const ULONGLONG until = GetTickCount64() + milliseconds;
    while (result == WAIT_TIMEOUT && GetTickCount64() < until) {
        Sleep(1);
        fake_enter();
        result = try_acquire(texture, key);
        fake_leave();
    }
    return result;
}

static HRESULT STDMETHODCALLTYPE mutex_ReleaseSync(IDXGIKeyedMutex *self, UINT64 key)
{
    struct fake_texture *texture = fake_object_of(self, &fake_texture_class);
    struct fake_device *device = texture->object.device;
    if (fake_has(FAKE_MUTEX_OPEN))
        return S_OK;
    fake_enter();
    HRESULT result = fake_call(device, "IDXGIKeyedMutex::ReleaseSync");
    if (result == S_OK && texture->shared->owner != device->id)
        result = E_FAIL;
    if (result == S_OK) {
        fake_context_flush(device->context);
        texture->shared->key = key;
        swap(&texture->shared->owner, device->id, 0);
    }
    fake_leave();
    return result;
}

void fake_keyed_mutex_abandon(struct fake_texture *texture)
{
    struct fake_shared *shared = texture->shared;
    if (texture->object.device->id != shared->owner)
        return;
    shared->abandoned = 1;
    swap(&shared->owner, texture->object.device->id, 0);
}

IDXGIKeyedMutexVtbl fake_keyed_mutex_vtable = {
    FAKE_UNKNOWN(IDXGIKeyedMutex),
    .AcquireSync = mutex_AcquireSync,
    .ReleaseSync = mutex_ReleaseSync,
};

void fake_mutex_init(void)
{
    FAKE_VTABLE_FILL(fake_keyed_mutex_vtable, IDXGIKeyedMutex);
}
