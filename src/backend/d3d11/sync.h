/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_SYNC_H
#define FR_BACKEND_D3D11_SYNC_H

/* What the two sides of a ring have in common: keyed mutexes and fences, with their outcomes told apart by
 * exact codes. */

#include "backend/d3d11/device.h"

/* The one key: who holds it, holds the texture. */
#define FR_D3D11_KEY 0

/*
 * S_OK: ACQUIRED. WAIT_TIMEOUT: BUSY. WAIT_ABANDONED: ABANDONED; the mutex was ours for a moment and is given
 * back, since nobody else could have it else. Both are codes of success by their sign. Anything else: FATAL
 * if the device is gone; else ABANDONED, logged: what such a texture holds is not known, and another ring on
 * the same device may do better. Waits at most timeout_ns, in whole milliseconds.
 */
enum fr_claim fr_d3d11_acquire(struct fr_d3d11_device *device, IDXGIKeyedMutex *mutex, uint64_t timeout_ns,
                               const fr_log *log);

/* ACQUIRED, or as above. */
enum fr_claim fr_d3d11_release(struct fr_d3d11_device *device, IDXGIKeyedMutex *mutex, const fr_log *log);

/* A fence that the other side signals, waited for with a bound. */
struct fr_d3d11_wait {
    ID3D11Fence *fence;
    HANDLE reached;   /* auto-reset */
    uint64_t awaited; /* what `reached` was last asked to tell; 0 = nothing */
};

/* False: no event could be made. Takes the fence over in any case. */
bool fr_d3d11_wait_init(struct fr_d3d11_wait *wait, ID3D11Fence *fence);
void fr_d3d11_wait_finish(struct fr_d3d11_wait *wait);

/*
 * ACQUIRED: the fence has reached `value`, and the device's work from now on comes after what the other side
 * did before. BUSY: not within timeout_ns; a value further ahead than frames can be is not waited for.
 */
enum fr_claim fr_d3d11_wait_for(struct fr_d3d11_device *device, struct fr_d3d11_wait *wait, uint64_t value,
                                uint64_t timeout_ns, const fr_log *log);

/* Lets the fence reach `value` when the device has done all that was asked of it so far. */
enum fr_claim fr_d3d11_signal(struct fr_d3d11_device *device, ID3D11Fence *fence, uint64_t value,
                              const fr_log *log);

/* What a call that failed means for a claim. */
enum fr_claim fr_d3d11_claim_failed(struct fr_d3d11_device *device, HRESULT result, const char *call,
                                    const fr_log *log);

#endif
