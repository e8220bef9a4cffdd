/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/sync.h"

#include "common/log.h"

/* A frame's fence value is one more than that of the frame before: nothing honest is further ahead. */
#define VALUES_AHEAD_MAX 1024u

enum fr_claim fr_d3d11_claim_failed(struct fr_d3d11_device *device, HRESULT result, const char *call,
                                    const fr_log *log)
{
    if (fr_d3d11_device_check(device, result)) {
        fr_d3d11_device_log_loss(device, log);
        return FR_CLAIM_FATAL;
    }
    fr_log_write(log, FR_LOG_WARNING,
                 "%s of a slot failed: %s (0x%08lx); the ring cannot be trusted any more", call,
                 fr_result_name(result), (unsigned long)result);
    return FR_CLAIM_ABANDONED;
}

/* Rounded down: the bound is the caller's. */
static DWORD whole_ms(uint64_t timeout_ns)
{
    const uint64_t ms = timeout_ns / FR_NS_PER_MS;
    return ms < INFINITE ? (DWORD)ms : INFINITE - 1;
}

enum fr_claim fr_d3d11_acquire(struct fr_d3d11_device *device, IDXGIKeyedMutex *mutex, uint64_t timeout_ns,
                               const fr_log *log)
{
    const HRESULT result = IDXGIKeyedMutex_AcquireSync(mutex, FR_D3D11_KEY, whole_ms(timeout_ns));
    switch (result) {
    case S_OK: return FR_CLAIM_ACQUIRED;
    case WAIT_TIMEOUT: return FR_CLAIM_BUSY;
    case WAIT_ABANDONED: (void)IDXGIKeyedMutex_ReleaseSync(mutex, FR_D3D11_KEY); return FR_CLAIM_ABANDONED;
    default: return fr_d3d11_claim_failed(device, result, "AcquireSync", log);
    }
}

enum fr_claim fr_d3d11_release(struct fr_d3d11_device *device, IDXGIKeyedMutex *mutex, const fr_log *log)
{
    const HRESULT result = IDXGIKeyedMutex_ReleaseSync(mutex, FR_D3D11_KEY);
    return result == S_OK ? FR_CLAIM_ACQUIRED : fr_d3d11_claim_failed(device, result, "ReleaseSync", log);
}

bool fr_d3d11_wait_init(struct fr_d3d11_wait *wait, ID3D11Fence *fence)
{
    wait->fence = fence;
    wait->awaited = 0;
    wait->reached = CreateEventW(NULL, FALSE, FALSE, NULL);
    return wait->reached != NULL;
}

void fr_d3d11_wait_finish(struct fr_d3d11_wait *wait)
{
    fr_com_release(wait->fence);
    if (wait->reached)
        CloseHandle(wait->reached);
    *wait = (struct fr_d3d11_wait){0};
}

/* S_OK, WAIT_TIMEOUT, or what failed. */
static HRESULT wait_on_cpu(struct fr_d3d11_wait *wait, uint64_t value, uint64_t timeout_ns)
{
    const uint64_t completed = ID3D11Fence_GetCompletedValue(wait->fence);
    if (completed == UINT64_MAX)
        return E_ABORT; /* what a fence says whose device was removed, ours or the other side's */
    if (completed >= value)
        return S_OK;
    if (value - completed > VALUES_AHEAD_MAX)
        return WAIT_TIMEOUT;
    /* Asked for once: each request that is never met would cost memory until the fence goes. */
    if (wait->awaited != value) {
        const HRESULT result = ID3D11Fence_SetEventOnCompletion(wait->fence, value, wait->reached);
        if (result != S_OK)
            return result;
        wait->awaited = value;
    }
    const uint64_t until = fr_win32_now_ns(NULL) + timeout_ns;
    for (;;) {
        const uint64_t now = fr_win32_now_ns(NULL);
        const DWORD woken = WaitForSingleObject(wait->reached, now < until ? whole_ms(until - now) : 0);
        /* The event may also be an earlier request's. */
        if (ID3D11Fence_GetCompletedValue(wait->fence) >= value)
            return S_OK;
        if (woken != WAIT_OBJECT_0)
            return WAIT_TIMEOUT;
    }
}

enum fr_claim fr_d3d11_wait_for(struct fr_d3d11_device *device, struct fr_d3d11_wait *wait, uint64_t value,
                                uint64_t timeout_ns, const fr_log *log)
{
    HRESULT result = wait_on_cpu(wait, value, timeout_ns);
    if (result == WAIT_TIMEOUT)
        return FR_CLAIM_BUSY;
    /* Reached already, so that the GPU never waits; but this is what makes its caches see the other side's
     * work. */
    if (result == S_OK)
        result = ID3D11DeviceContext4_Wait(device->context4, wait->fence, value);
    return result == S_OK ? FR_CLAIM_ACQUIRED
                          : fr_d3d11_claim_failed(device, result, "the wait for the fence", log);
}

enum fr_claim fr_d3d11_signal(struct fr_d3d11_device *device, ID3D11Fence *fence, uint64_t value,
                              const fr_log *log)
{
    const HRESULT result = ID3D11DeviceContext4_Signal(device->context4, fence, value);
    if (result != S_OK)
        return fr_d3d11_claim_failed(device, result, "the signal after the use", log);
    /* What is only recorded is never reached. */
    ID3D11DeviceContext_Flush(device->context);
    return FR_CLAIM_ACQUIRED;
}
