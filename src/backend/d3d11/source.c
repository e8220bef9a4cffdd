/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/source.h"

#include "backend/d3d11/format.h"

#include "common/log.h"

#include <stdio.h>
#include <stdlib.h>

struct source_slot {
    ID3D11Texture2D *texture;
    IDXGIKeyedMutex *mutex; /* NULL with fences */
    bool lost;              /* it could not be released: whoever has it, it is not to be had */
};

struct source_ring {
    struct fr_d3d11_device *device;
    uint32_t ring_len;
    struct source_slot slot[FR_WIRE_SLOTS_MAX];
    ID3D11Fence *ready;
    uint64_t written; /* what the ready fence was last told to reach */
    struct fr_d3d11_wait retire;
    bool failed; /* said once: what failed may do so with every frame */
};

static void close_ring(struct source_ring *ring)
{
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++) {
        fr_com_release(ring->slot[i].mutex);
        fr_com_release(ring->slot[i].texture);
    }
    fr_com_release(ring->ready);
    fr_d3d11_wait_finish(&ring->retire);
    fr_d3d11_device_unref(ring->device);
    free(ring);
}

/* The peer made it: it must be what the delivery said. */
static bool texture_agrees(ID3D11Texture2D *texture, const struct fr_delivery *delivery)
{
    D3D11_TEXTURE2D_DESC desc;
    ID3D11Texture2D_GetDesc(texture, &desc);
    return desc.Width == delivery->width && desc.Height == delivery->height &&
           desc.Format == fr_dxgi_format(delivery->format) && desc.MipLevels == 1 && desc.ArraySize == 1 &&
           desc.SampleDesc.Count == 1;
}

/* By its name where it has no handle. */
static HRESULT open_texture(const struct source_ring *ring, const struct fr_delivery *delivery,
                            uint32_t index, void **out)
{
    ID3D11Device1 *device = ring->device->device1;
    if (!delivery->texture_name[0])
        return ID3D11Device1_OpenSharedResource1(device, (HANDLE)delivery->texture[index],
                                                 &IID_ID3D11Texture2D, out);
    char name[FR_TEXTURE_NAME_BYTES + 16];
    wchar_t wide[FR_TEXTURE_NAME_BYTES + 16];
    snprintf(name, sizeof(name), "%s-%u", delivery->texture_name, (unsigned)index);
    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, name, -1, wide, (int)sizeof(name)))
        return E_INVALIDARG;
    return ID3D11Device1_OpenSharedResourceByName(
        device, wide, (DWORD)DXGI_SHARED_RESOURCE_READ | (DWORD)DXGI_SHARED_RESOURCE_WRITE,
        &IID_ID3D11Texture2D, out);
}

static HRESULT open_slot(struct source_ring *ring, const struct fr_delivery *delivery, uint32_t index)
{
    struct source_slot *slot = &ring->slot[index];
    HRESULT result = open_texture(ring, delivery, index, (void **)&slot->texture);
    if (result == S_OK && !texture_agrees(slot->texture, delivery))
        result = E_INVALIDARG;
    if (result == S_OK && delivery->sync_kind == FR_WIRE_SYNC_KEYED_MUTEX)
        result = ID3D11Texture2D_QueryInterface(slot->texture, &IID_IDXGIKeyedMutex, (void **)&slot->mutex);
    return result;
}

static HRESULT open_fences(struct source_ring *ring, const struct fr_delivery *delivery)
{
    ID3D11Device5 *device = ring->device->device5;
    HRESULT result = ID3D11Device5_OpenSharedFence(device, (HANDLE)delivery->ready_fence, &IID_ID3D11Fence,
                                                   (void **)&ring->ready);
    ID3D11Fence *retire = NULL;
    if (result == S_OK)
        result = ID3D11Device5_OpenSharedFence(device, (HANDLE)delivery->retire_fence, &IID_ID3D11Fence,
                                               (void **)&retire);
    if (!fr_d3d11_wait_init(&ring->retire, retire) && result == S_OK)
        result = E_OUTOFMEMORY;
    if (result == S_OK)
        ring->written = ID3D11Fence_GetCompletedValue(ring->ready);
    return result;
}

static HRESULT open_all(struct source_ring *ring, const struct fr_delivery *delivery)
{
    HRESULT result = S_OK;
    for (uint32_t i = 0; i < ring->ring_len && result == S_OK; i++)
        result = open_slot(ring, delivery, i);
    if (result == S_OK && delivery->sync_kind == FR_WIRE_SYNC_FENCE)
        result = open_fences(ring, delivery);
    return result;
}

/* Nothing refers to the handles once the objects are open. */
static void close_handles(const struct fr_delivery *delivery)
{
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        fr_win32_handle_close(NULL, delivery->texture[i]);
    fr_win32_handle_close(NULL, delivery->ready_fence);
    fr_win32_handle_close(NULL, delivery->retire_fence);
    fr_win32_handle_close(NULL, delivery->slots);
}

static fr_status blame(const struct fr_d3d11_source *source, const struct fr_delivery *delivery,
                       HRESULT result)
{
    struct fr_d3d11_device *device = source->device;
    const fr_status status = fr_d3d11_device_status(device, result);
    if (status == FR_ERR_DEVICE_LOST)
        fr_d3d11_device_log_loss(device, &source->log);
    const bool named = delivery->adapter_luid_low || delivery->adapter_luid_high;
    const bool elsewhere = named && (delivery->adapter_luid_low != device->luid.low ||
                                     delivery->adapter_luid_high != device->luid.high);
    return status == FR_ERR_SYSTEM && elsewhere ? FR_ERR_ADAPTER_MISMATCH : status;
}

static fr_status attach(void *self, const struct fr_delivery *delivery, void **out,
                        struct fr_attach_fault *fault)
{
    struct fr_d3d11_source *source = self;
    struct fr_d3d11_device *device = source->device;
    const bool fences = delivery->sync_kind == FR_WIRE_SYNC_FENCE;
    *fault = (struct fr_attach_fault){.status = FR_WIRE_STATUS_TEXTURE_FAILED};
    if (delivery->sync_kind != FR_WIRE_SYNC_KEYED_MUTEX && !fences)
        return FR_ERR_UNSUPPORTED;
    if (!device->device1 || (fences && (!device->device5 || !device->context4))) {
        *fault = (struct fr_attach_fault){FR_WIRE_STATUS_NO_DEVICE, (uint32_t)E_NOINTERFACE};
        return FR_ERR_UNSUPPORTED;
    }
    struct source_ring *ring = calloc(1, sizeof(*ring));
    if (!ring)
        return FR_ERR_NO_MEMORY;
    ring->device = fr_d3d11_device_ref(device);
    ring->ring_len = delivery->ring_len;
    const HRESULT result = open_all(ring, delivery);
    if (result != S_OK) {
        fault->detail = (uint32_t)result;
        close_ring(ring);
        return blame(source, delivery, result);
    }
    close_handles(delivery);
    *out = ring;
    return FR_OK;
}

static void detach(void *self, void *ring)
{
    (void)self;
    close_ring(ring);
}

static void adapter(void *self, uint32_t *luid_low, int32_t *luid_high)
{
    const struct fr_d3d11_source *source = self;
    *luid_low = source->device->luid.low;
    *luid_high = source->device->luid.high;
}

static const fr_log *log_of(const struct fr_d3d11_source *source, const struct source_ring *ring)
{
    return ring->failed ? NULL : &source->log;
}

static enum fr_claim note(struct source_ring *ring, enum fr_claim claim)
{
    if (claim == FR_CLAIM_ABANDONED || claim == FR_CLAIM_FATAL)
        ring->failed = true;
    return claim;
}

static enum fr_claim begin(void *self, void *ring_, uint32_t index, uint64_t retire_value,
                           uint64_t timeout_ns)
{
    struct source_ring *ring = ring_;
    const fr_log *log = log_of(self, ring);
    IDXGIKeyedMutex *mutex = ring->slot[index].mutex;
    if (ring->slot[index].lost)
        return FR_CLAIM_ABANDONED;
    return note(ring, mutex ? fr_d3d11_acquire(ring->device, mutex, timeout_ns, log)
                            : fr_d3d11_wait_for(ring->device, &ring->retire, retire_value, timeout_ns, log));
}

static enum fr_claim end(void *self, void *ring_, uint32_t index, uint64_t *ready_value)
{
    struct source_ring *ring = ring_;
    const fr_log *log = log_of(self, ring);
    IDXGIKeyedMutex *mutex = ring->slot[index].mutex;
    if (ready_value)
        *ready_value = 0;
    if (mutex) {
        const enum fr_claim claim = note(ring, fr_d3d11_release(ring->device, mutex, log));
        ring->slot[index].lost = claim != FR_CLAIM_ACQUIRED;
        return claim;
    }
    const enum fr_claim claim =
        note(ring, fr_d3d11_signal(ring->device, ring->ready, ring->written + 1, log));
    ring->written += claim == FR_CLAIM_ACQUIRED;
    if (claim == FR_CLAIM_ACQUIRED && ready_value)
        *ready_value = ring->written;
    return claim;
}

static void slot_of(void *self, void *ring_, uint32_t index, fr_slot *out)
{
    (void)self;
    const struct source_ring *ring = ring_;
    out->texture = ring->slot[index].texture;
}

/* The old slot is only read, but its host may be at it too: with a mutex it has to be had first. */
static bool copy(void *self, void *from_, uint32_t from_index, void *to_, uint32_t to_index)
{
    struct source_ring *from_ring = from_;
    struct source_ring *to_ring = to_;
    struct source_slot *from = &from_ring->slot[from_index];
    if (from->mutex && begin(self, from_ring, from_index, 0, 0) != FR_CLAIM_ACQUIRED)
        return false;
    ID3D11DeviceContext_CopyResource(to_ring->device->context,
                                     (ID3D11Resource *)to_ring->slot[to_index].texture,
                                     (ID3D11Resource *)from->texture);
    if (from->mutex)
        (void)end(self, from_ring, from_index, NULL);
    return true;
}

static void destroy(void *self)
{
    struct fr_d3d11_source *source = self;
    fr_com_release(source->staging);
    fr_d3d11_device_unref(source->device);
    free(source);
}

static bool is_lost(void *self)
{
    const struct fr_d3d11_source *source = self;
    return fr_d3d11_device_is_lost(source->device);
}

static const struct fr_backend_source_ops d3d11_source_ops = {
    .name = "d3d11",
    .attach = attach,
    .detach = detach,
    .adapter = adapter,
    .begin = begin,
    .end = end,
    .slot = slot_of,
    .copy = copy,
    .is_lost = is_lost,
    .destroy = destroy,
};

fr_status fr_d3d11_source_create(struct fr_backend_source *out, const fr_d3d11_source_params *params,
                                 const fr_log *log)
{
    struct fr_d3d11_source *source = calloc(1, sizeof(*source));
    if (!source)
        return FR_ERR_NO_MEMORY;
    if (log)
        source->log = *log;
    const fr_status status = fr_d3d11_device_wrap(&source->device, params->device, log);
    if (status != FR_OK) {
        free(source);
        return status;
    }
    const bool fences = source->device->device5 && source->device->context4;
    *out = (struct fr_backend_source){.ops = &d3d11_source_ops,
                                      .self = source,
                                      .capabilities = FR_CAP_KEYED_MUTEX | (fences ? FR_CAP_FENCE : 0)};
    return FR_OK;
}

bool fr_d3d11_source_is(const struct fr_backend_source *source)
{
    return source->ops == &d3d11_source_ops;
}
