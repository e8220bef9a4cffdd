/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_RING_H
#define FR_BACKEND_D3D11_RING_H

/* The slots of one generation, on the host's side. */

#include "backend/d3d11/sync.h"

/* The view of a texture that one video processor has of it; made when it is first wanted. */
struct fr_d3d11_video_view {
    IUnknown *view;
    uint64_t converter; /* its number; a view of another one is replaced */
};

struct fr_d3d11_slot {
    ID3D11Texture2D *texture;
    ID3D11ShaderResourceView *view;
    struct fr_d3d11_video_view video;
    IDXGIKeyedMutex *mutex; /* NULL with fences */
    HANDLE handle;
};

struct fr_d3d11_ring {
    struct fr_d3d11_device *device;
    struct fr_ring_shape shape;
    uint32_t wire_version;
    uint32_t sync_kind; /* FR_WIRE_SYNC_KEYED_MUTEX or _FENCE */
    struct fr_d3d11_slot slot[FR_WIRE_SLOTS_MAX];
    struct fr_d3d11_wait ready;
    ID3D11Fence *retire;
    uint64_t retired; /* what the retire fence was last told to reach */
    HANDLE ready_handle, retire_handle;
};

/* Nothing is left of a ring that could not be made. `sync_kind` is one that the device has. *result: what
 * the call said that failed; the status is as fr_d3d11_device_status. */
fr_status fr_d3d11_ring_create(struct fr_d3d11_ring **out, struct fr_d3d11_device *device,
                               const struct fr_ring_request *request, uint32_t sync_kind, HRESULT *result);
void fr_d3d11_ring_destroy(struct fr_d3d11_ring *ring); /* accepts NULL */
void fr_d3d11_ring_describe(const struct fr_d3d11_ring *ring, struct fr_delivery *out);

enum fr_claim fr_d3d11_ring_claim(struct fr_d3d11_ring *ring, struct fr_ring_host *words, fr_token token,
                                  uint64_t timeout_ns, const fr_log *log);
enum fr_claim fr_d3d11_ring_release(struct fr_d3d11_ring *ring, struct fr_ring_host *words, fr_token token,
                                    const fr_log *log);

#endif
