/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/convert.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>

struct d3d11_host {
    struct fr_d3d11_api api;
    fr_d3d11_host_params params;
    char *adapter; /* what params.adapter points at */
    fr_log log;
    struct fr_d3d11_device *device; /* in force; NULL: none was made yet */
    uint32_t serial;
    bool rebind; /* the next ring is made on the adapter `luid` */
    bool has_luid;
    struct fr_d3d11_luid luid;
    uint64_t last_converter;
};

/* The sync kind of a ring for a source that can do `capabilities`, or ABSENT. */
static uint32_t choose_sync(const struct d3d11_host *host, const struct fr_d3d11_device *device,
                            const struct fr_ring_request *request)
{
    const bool fences =
        request->wire_version > 1 && device->device5 && device->context4 && !host->params.no_fence;
    if (fences && (request->capabilities & FR_CAP_FENCE))
        return FR_WIRE_SYNC_FENCE;
    return request->wire_version == 1 || (request->capabilities & FR_CAP_KEYED_MUTEX)
               ? FR_WIRE_SYNC_KEYED_MUTEX
               : FR_WIRE_SYNC_ABSENT;
}

/* What it comes to that the device could not make the ring. */
static fr_status explain(const struct d3d11_host *host, struct fr_d3d11_device *device,
                         const struct fr_ring_request *request, fr_status status, HRESULT result)
{
    if (status == FR_ERR_DEVICE_LOST) {
        fr_d3d11_device_log_loss(device, &host->log);
        return status;
    }
    if (result == S_OK)
        return status;
    if (status == FR_ERR_SYSTEM && !host->device) {
        fr_log_write(&host->log, FR_LOG_WARNING,
                     "sharing textures is unsupported here: shared memory is used (%s, 0x%08lx)",
                     fr_result_name(result), (unsigned long)result);
        return FR_ERR_UNSUPPORTED;
    }
    fr_log_write(&host->log, FR_LOG_WARNING, "%u textures of %ux%u %s cannot be shared: %s (0x%08lx)",
                 request->shape.ring_len, request->shape.width, request->shape.height,
                 fr_format_name(request->shape.format), fr_result_name(result), (unsigned long)result);
    return status;
}

static fr_status ring_on(const struct d3d11_host *host, struct fr_d3d11_device *device,
                         const struct fr_ring_request *request, struct fr_d3d11_ring **out)
{
    const uint32_t sync_kind = choose_sync(host, device, request);
    if (sync_kind == FR_WIRE_SYNC_ABSENT) {
        fr_log_write(&host->log, FR_LOG_WARNING,
                     "the source takes textures only with fences, which this machine does not have");
        return FR_ERR_UNSUPPORTED;
    }
    HRESULT result;
    const fr_status status = fr_d3d11_ring_create(out, device, request, sync_kind, &result);
    return status == FR_OK ? FR_OK : explain(host, device, request, status, result);
}

static fr_status new_device(struct d3d11_host *host, struct fr_d3d11_device **out)
{
    struct fr_d3d11_wish wish = {&host->params, host->has_luid, host->luid};
    fr_status status = fr_d3d11_device_create(out, &host->api, &wish, &host->log);
    if (status == FR_ERR_UNSUPPORTED && host->has_luid && !host->rebind) {
        /* An adapter that was reset may have another number. */
        wish.has_luid = false;
        status = fr_d3d11_device_create(out, &host->api, &wish, &host->log);
    }
    /* What was there before may come back. */
    return status == FR_ERR_UNSUPPORTED && host->device && !host->rebind ? FR_ERR_DEVICE_LOST : status;
}

static fr_status ring_create(void *self, const struct fr_ring_request *request, void **out)
{
    struct d3d11_host *host = self;
    struct fr_d3d11_ring *ring = NULL;
    if (host->device && !host->rebind && !fr_d3d11_device_check(host->device, S_OK)) {
        const fr_status status = ring_on(host, host->device, request, &ring);
        *out = ring;
        return status;
    }
    if (host->device)
        fr_d3d11_device_log_loss(host->device, &host->log);
    struct fr_d3d11_device *device = NULL;
    fr_status status = new_device(host, &device);
    if (status == FR_OK)
        status = ring_on(host, device, request, &ring);
    if (status != FR_OK) {
        fr_d3d11_device_unref(device);
        return status;
    }
    fr_d3d11_device_unref(host->device);
    host->device = device;
    host->serial++;
    host->rebind = false;
    *out = ring;
    return FR_OK;
}

static void ring_destroy(void *self, void *ring)
{
    (void)self;
    fr_d3d11_ring_destroy(ring);
}

static void ring_describe(void *self, void *ring, struct fr_delivery *out)
{
    (void)self;
    fr_d3d11_ring_describe(ring, out);
}

static enum fr_claim claim(void *self, void *ring, struct fr_ring_host *words, fr_token token,
                           uint64_t timeout_ns)
{
    const struct d3d11_host *host = self;
    return fr_d3d11_ring_claim(ring, words, token, timeout_ns, &host->log);
}

static enum fr_claim release(void *self, void *ring, struct fr_ring_host *words, fr_token token)
{
    const struct d3d11_host *host = self;
    return fr_d3d11_ring_release(ring, words, token, &host->log);
}

static uint32_t device_serial(void *self)
{
    const struct d3d11_host *host = self;
    return host->serial;
}

static fr_status rebind(void *self, uint32_t luid_low, int32_t luid_high)
{
    struct d3d11_host *host = self;
    const struct fr_d3d11_luid luid = {luid_low, luid_high};
    const struct fr_d3d11_device *device = host->device;
    if (device && device->luid.low == luid.low && device->luid.high == luid.high)
        return FR_ERR_UNSUPPORTED;
    const struct fr_d3d11_wish wish = {&host->params, true, luid};
    IDXGIAdapter1 *adapter = NULL;
    const fr_status status = fr_d3d11_adapter_choose(&host->api, &wish, &host->log, &adapter);
    fr_com_release(adapter);
    if (status != FR_OK)
        return status;
    host->rebind = host->has_luid = true;
    host->luid = luid;
    return FR_OK;
}

static fr_status converter_create(void *self, const fr_convert_params *params, void **out)
{
    struct d3d11_host *host = self;
    struct fr_d3d11_converter *converter = NULL;
    const fr_status status = host->device
                                 ? fr_d3d11_converter_create(&converter, host->device, &host->api, params,
                                                             ++host->last_converter, &host->log)
                                 : FR_ERR_DEVICE_LOST;
    *out = converter;
    return status;
}

static void converter_destroy(void *self, void *converter)
{
    (void)self;
    fr_d3d11_converter_destroy(converter);
}

static const char *converter_name(void *self, void *converter)
{
    (void)self;
    return fr_d3d11_converter_name(converter);
}

static fr_status convert(void *self, void *converter, void *ring_, uint32_t slot,
                         const struct fr_parts *parts, struct fr_picture *picture)
{
    const struct d3d11_host *host = self;
    struct fr_d3d11_ring *ring = ring_;
    return fr_d3d11_convert(converter, &ring->slot[slot], parts, picture->object, &host->log);
}

static fr_status picture_create(void *self, uint32_t width, uint32_t height, fr_format format,
                                struct fr_picture *out)
{
    const struct d3d11_host *host = self;
    if (!host->device)
        return FR_ERR_DEVICE_LOST;
    const fr_status status = fr_d3d11_picture_create(host->device, width, height, format, out);
    if (status == FR_ERR_UNSUPPORTED)
        fr_log_write(&host->log, FR_LOG_WARNING, "the GPU has no pictures of %ux%u %s", width, height,
                     fr_format_name(format));
    return status;
}

static void destroy(void *self)
{
    struct d3d11_host *host = self;
    fr_d3d11_device_unref(host->device);
    free(host->adapter);
    free(host);
}

static const struct fr_backend_host_ops d3d11_host_ops = {
    .name = "d3d11",
    /* Whoever reads a texture only reads it: in any number. */
    .concurrent_read = true,
    .ring_create = ring_create,
    .ring_destroy = ring_destroy,
    .ring_describe = ring_describe,
    .claim = claim,
    .release = release,
    .device_serial = device_serial,
    .rebind = rebind,
    .converter_create = converter_create,
    .converter_destroy = converter_destroy,
    .converter_name = converter_name,
    .convert = convert,
    .picture_create = picture_create,
    .picture_destroy = fr_d3d11_picture_destroy,
    .picture_map = fr_d3d11_picture_map,
    .destroy = destroy,
};

fr_status fr_d3d11_host_create(struct fr_backend_host *out, const fr_d3d11_host_params *params,
                               const struct fr_d3d11_api *api, const fr_log *log)
{
    struct d3d11_host *host = calloc(1, sizeof(*host));
    if (!host)
        return FR_ERR_NO_MEMORY;
    fr_status status = FR_OK;
    if (log)
        host->log = *log;
    if (params)
        host->params = *params;
    if (host->params.adapter) {
        host->adapter = _strdup(host->params.adapter);
        host->params.adapter = host->adapter;
        status = host->adapter ? FR_OK : FR_ERR_NO_MEMORY;
    }
    if (api)
        host->api = *api;
    else if (status == FR_OK)
        status = fr_d3d11_api_load(&host->api, log);
    if (status != FR_OK) {
        destroy(host);
        return status;
    }
    *out = (struct fr_backend_host){
        .ops = &d3d11_host_ops, .self = host, .capabilities = FR_CAP_KEYED_MUTEX | FR_CAP_FENCE};
    return FR_OK;
}
