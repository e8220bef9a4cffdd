/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/ring.h"

#include "backend/d3d11/format.h"

#include <stdlib.h>

/* A fence's handle has these rights or none. */
#define FENCE_ACCESS GENERIC_ALL

static fr_status name_of(const struct fr_ring_request *request, enum fr_object_kind kind, uint32_t index,
                         struct fr_win32_name *out)
{
    const struct fr_host_channel *channel = request->naming;
    const struct fr_object_name *name =
        channel ? channel->ops->object_name(channel->self, kind, request->generation, index) : NULL;
    return fr_win32_name_of(name, out);
}

static HRESULT make_texture(struct fr_d3d11_ring *ring, struct fr_d3d11_slot *slot)
{
    const bool keyed = ring->sync_kind == FR_WIRE_SYNC_KEYED_MUTEX;
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = ring->shape.width,
        .Height = ring->shape.height,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = fr_dxgi_format(ring->shape.format),
        .SampleDesc = {.Count = 1},
        .Usage = D3D11_USAGE_DEFAULT,
        .BindFlags = D3D11_BIND_RENDER_TARGET | D3D11_BIND_SHADER_RESOURCE,
        .MiscFlags = (UINT)D3D11_RESOURCE_MISC_SHARED_NTHANDLE |
                     (UINT)(keyed ? D3D11_RESOURCE_MISC_SHARED_KEYEDMUTEX : D3D11_RESOURCE_MISC_SHARED),
    };
    ID3D11Device *device = ring->device->device;
    HRESULT result = ID3D11Device_CreateTexture2D(device, &desc, NULL, &slot->texture);
    if (result == S_OK)
        result =
            ID3D11Device_CreateShaderResourceView(device, (ID3D11Resource *)slot->texture, NULL, &slot->view);
    if (result == S_OK && keyed)
        result = ID3D11Texture2D_QueryInterface(slot->texture, &IID_IDXGIKeyedMutex, (void **)&slot->mutex);
    return result;
}

static HRESULT share_texture(struct fr_d3d11_slot *slot, const struct fr_win32_name *name)
{
    IDXGIResource1 *resource = NULL;
    HRESULT result = ID3D11Texture2D_QueryInterface(slot->texture, &IID_IDXGIResource1, (void **)&resource);
    if (result == S_OK)
        result = IDXGIResource1_CreateSharedHandle(
            resource, name->security, (DWORD)DXGI_SHARED_RESOURCE_READ | DXGI_SHARED_RESOURCE_WRITE,
            name->global, &slot->handle);
    fr_com_release(resource);
    return result;
}

static fr_status make_slots(struct fr_d3d11_ring *ring, const struct fr_ring_request *request,
                            HRESULT *result)
{
    for (uint32_t i = 0; i < ring->shape.ring_len; i++) {
        struct fr_win32_name name;
        const fr_status status = name_of(request, FR_OBJECT_TEXTURE, i, &name);
        if (status < 0)
            return status;
        *result = make_texture(ring, &ring->slot[i]);
        if (*result == S_OK)
            *result = share_texture(&ring->slot[i], &name);
        if (*result != S_OK)
            return fr_d3d11_device_status(ring->device, *result);
    }
    return FR_OK;
}

static fr_status make_fence(struct fr_d3d11_ring *ring, const struct fr_ring_request *request,
                            enum fr_object_kind kind, ID3D11Fence **fence, HANDLE *handle, HRESULT *result)
{
    struct fr_win32_name name;
    const fr_status status = name_of(request, kind, 0, &name);
    if (status < 0)
        return status;
    *result = ID3D11Device5_CreateFence(ring->device->device5, 0, D3D11_FENCE_FLAG_SHARED, &IID_ID3D11Fence,
                                        (void **)fence);
    if (*result == S_OK)
        *result = ID3D11Fence_CreateSharedHandle(*fence, name.security, FENCE_ACCESS, name.global, handle);
    return *result == S_OK ? FR_OK : fr_d3d11_device_status(ring->device, *result);
}

static fr_status make_fences(struct fr_d3d11_ring *ring, const struct fr_ring_request *request,
                             HRESULT *result)
{
    ID3D11Fence *ready = NULL;
    fr_status status = make_fence(ring, request, FR_OBJECT_READY_FENCE, &ready, &ring->ready_handle, result);
    if (!fr_d3d11_wait_init(&ring->ready, ready) && status == FR_OK)
        status = FR_ERR_NO_MEMORY;
    if (status == FR_OK)
        status =
            make_fence(ring, request, FR_OBJECT_RETIRE_FENCE, &ring->retire, &ring->retire_handle, result);
    return status;
}

fr_status fr_d3d11_ring_create(struct fr_d3d11_ring **out, struct fr_d3d11_device *device,
                               const struct fr_ring_request *request, uint32_t sync_kind, HRESULT *result)
{
    *out = NULL;
    *result = S_OK;
    struct fr_d3d11_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return FR_ERR_NO_MEMORY;
    ring->device = fr_d3d11_device_ref(device);
    ring->shape = request->shape;
    ring->wire_version = request->wire_version;
    ring->sync_kind = sync_kind;
    fr_status status = make_slots(ring, request, result);
    if (status == FR_OK && sync_kind == FR_WIRE_SYNC_FENCE)
        status = make_fences(ring, request, result);
    if (status != FR_OK) {
        fr_d3d11_ring_destroy(ring);
        return status;
    }
    *out = ring;
    return FR_OK;
}

static void close_handle(HANDLE handle)
{
    if (handle)
        CloseHandle(handle);
}

void fr_d3d11_ring_destroy(struct fr_d3d11_ring *ring)
{
    if (!ring)
        return;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++) {
        struct fr_d3d11_slot *slot = &ring->slot[i];
        close_handle(slot->handle);
        fr_com_release(slot->video.view);
        fr_com_release(slot->mutex);
        fr_com_release(slot->view);
        fr_com_release(slot->texture);
    }
    close_handle(ring->ready_handle);
    close_handle(ring->retire_handle);
    fr_d3d11_wait_finish(&ring->ready);
    fr_com_release(ring->retire);
    fr_d3d11_device_unref(ring->device);
    free(ring);
}

static fr_handle handle_of(HANDLE handle)
{
    return handle ? (fr_handle)handle : FR_HANDLE_NONE;
}

void fr_d3d11_ring_describe(const struct fr_d3d11_ring *ring, struct fr_delivery *out)
{
    out->slots_kind = FR_SLOTS_D3D11;
    out->sync_kind = ring->sync_kind;
    out->adapter_luid_low = ring->device->luid.low;
    out->adapter_luid_high = ring->device->luid.high;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        out->texture[i] = handle_of(ring->slot[i].handle);
    out->ready_fence = handle_of(ring->ready_handle);
    out->retire_fence = handle_of(ring->retire_handle);
}

/* The state word is ours already. */
static enum fr_claim claim_pixels(struct fr_d3d11_ring *ring, struct fr_ring_host *words, fr_token token,
                                  uint64_t timeout_ns, const fr_log *log)
{
    if (ring->sync_kind == FR_WIRE_SYNC_KEYED_MUTEX)
        return fr_d3d11_acquire(ring->device, ring->slot[token.slot].mutex, timeout_ns, log);
    return fr_d3d11_wait_for(ring->device, &ring->ready, fr_ring_host_ready_value(words, token), timeout_ns,
                             log);
}

enum fr_claim fr_d3d11_ring_claim(struct fr_d3d11_ring *ring, struct fr_ring_host *words, fr_token token,
                                  uint64_t timeout_ns, const fr_log *log)
{
    if (fr_d3d11_device_is_lost(ring->device)) {
        fr_d3d11_device_log_loss(ring->device, log);
        return FR_CLAIM_FATAL;
    }
    if (!fr_ring_host_claim(words, token))
        return FR_CLAIM_BUSY;
    const enum fr_claim claim = claim_pixels(ring, words, token, timeout_ns, log);
    if (claim == FR_CLAIM_BUSY)
        fr_ring_host_unclaim(words, token);
    return claim;
}

enum fr_claim fr_d3d11_ring_release(struct fr_d3d11_ring *ring, struct fr_ring_host *words, fr_token token,
                                    const fr_log *log)
{
    enum fr_claim claim;
    if (ring->sync_kind == FR_WIRE_SYNC_KEYED_MUTEX) {
        claim = fr_d3d11_release(ring->device, ring->slot[token.slot].mutex, log);
    } else {
        claim = fr_d3d11_signal(ring->device, ring->retire, ring->retired + 1, log);
        if (claim == FR_CLAIM_ACQUIRED)
            fr_ring_host_retire_value(words, token, ++ring->retired);
    }
    /* A slot that could not be released stays ours: nobody may write where the GPU may still read. */
    if (claim == FR_CLAIM_ACQUIRED)
        fr_ring_host_release(words, token);
    return claim;
}
