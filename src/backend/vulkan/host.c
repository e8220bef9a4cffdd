/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "backend/vulkan/host.h"

#include "backend/vulkan/ring.h"
#include "backend/vulkan/vulkan.h"

#include "common/log.h"

#include <stdlib.h>
#include <string.h>

struct vk_host {
    struct fr_os os;
    fr_vulkan_host_params params;
    char *device_name; /* what params.device points at */
    bool automatic;
    fr_log log;
    PFN_vkGetInstanceProcAddr get;
    struct fr_vk_device *device; /* in force; NULL: none was made yet */
    struct fr_gpu sought;        /* the source's for which the device was chosen */
    uint32_t serial;
    bool buffers; /* the last ring's slots are buffers */
};

/* Which of the two a slot needs is known when it comes. */
struct host_converter {
    struct fr_vk_device *device;
    fr_convert_params params;
    struct fr_vk_converter *of[2]; /* images, buffers */
};

static void log_ring(const struct vk_host *host, const struct fr_vk_device *device,
                     const struct fr_vk_plan *plan)
{
    char why[FR_VK_WHY_BYTES];
    fr_vk_plan_why(plan, why);
    fr_log_write(&host->log, plan->import_result == VK_SUCCESS ? FR_LOG_INFO : FR_LOG_WARNING,
                 "the ring is %s on \"%s\", kept in step by %s%s%s%s", fr_vk_plan_slots(plan), device->name,
                 fr_vk_plan_sync(plan), *why ? " (" : "", why, *why ? ")" : "");
}

static fr_status explain(const struct vk_host *host, struct fr_vk_device *device,
                         const struct fr_ring_request *request, fr_status status, const char *fault)
{
    if (status == FR_ERR_DEVICE_LOST)
        fr_vk_device_log_loss(device, &host->log);
    else if (*fault)
        fr_log_write(&host->log, FR_LOG_WARNING, "%u slots of %ux%u %s cannot be made on \"%s\": %s",
                     request->shape.ring_len, request->shape.width, request->shape.height,
                     fr_format_name(request->shape.format), device->name, fault);
    return status;
}

static fr_status ring_on(const struct vk_host *host, struct fr_vk_device *device,
                         const struct fr_ring_request *request, struct fr_vk_ring **out)
{
    struct fr_vk_plan plan;
    fr_status status = fr_vk_plan_make(&plan, device, &host->params, request->capabilities, &request->gpu);
    if (status == FR_OK && host->automatic && plan.kind == FR_SLOTS_MEMORY)
        status = FR_ERR_UNSUPPORTED;
    if (status != FR_OK) {
        char why[FR_VK_WHY_BYTES];
        fr_vk_plan_why(&plan, why);
        fr_log_write(&host->log, FR_LOG_INFO, "\"%s\" shares no images with the source: %s", device->name,
                     why);
        return status;
    }
    const char *fault;
    status = fr_vk_ring_create(out, device, host->os, request, &plan, &fault);
    if (status != FR_OK)
        return explain(host, device, request, status, fault);
    log_ring(host, device, &(*out)->plan);
    return FR_OK;
}

static fr_status new_device(const struct vk_host *host, const struct fr_gpu *gpu, struct fr_vk_device **out)
{
    const struct fr_vk_wish wish = {
        .params = &host->params,
        .gpu = gpu,
        .any_type = !host->automatic,
        .get_instance_proc_addr = host->get,
    };
    const fr_status status = fr_vk_device_create(out, &wish, &host->log);
    /* What was there before may come back. */
    return status == FR_ERR_UNSUPPORTED && host->device && fr_vk_device_is_lost(host->device)
               ? FR_ERR_DEVICE_LOST
               : status;
}

/* A device that is in force stays, unless it is lost or the source has another one that was not looked for
 * yet. */
static fr_status choose_device(const struct vk_host *host, const struct fr_gpu *gpu,
                               struct fr_vk_device **out)
{
    *out = host->device;
    if (!host->device)
        return new_device(host, gpu, out);
    if (fr_vk_device_is_lost(host->device)) {
        fr_vk_device_log_loss(host->device, &host->log);
        return new_device(host, gpu, out);
    }
    if (!gpu->present || fr_vk_gpu_equal(gpu, &host->device->gpu) || fr_vk_gpu_equal(gpu, &host->sought))
        return FR_OK;
    struct fr_vk_device *other = NULL;
    const fr_status status = new_device(host, gpu, &other);
    if (status == FR_OK && !fr_vk_gpu_equal(&other->gpu, &host->device->gpu)) {
        *out = other;
        return FR_OK;
    }
    fr_vk_device_unref(other);
    return status == FR_ERR_UNSUPPORTED ? FR_OK : status;
}

static fr_status ring_create(void *self, const struct fr_ring_request *request, void **out)
{
    struct vk_host *host = self;
    struct fr_vk_ring *ring = NULL;
    struct fr_vk_device *device;
    if (host->automatic && !request->gpu.present) {
        fr_log_write(&host->log, FR_LOG_DEBUG, "the source has no GPU to share images with");
        return FR_ERR_UNSUPPORTED;
    }
    fr_status status = choose_device(host, &request->gpu, &device);
    if (status != FR_OK)
        return status;
    status = ring_on(host, device, request, &ring);
    if (status != FR_OK) {
        if (device != host->device)
            fr_vk_device_unref(device);
        return status;
    }
    host->sought = request->gpu;
    host->buffers = ring->plan.kind == FR_SLOTS_MEMORY;
    if (device != host->device) {
        fr_vk_device_unref(host->device);
        host->device = device;
        host->serial++;
    }
    *out = ring;
    return FR_OK;
}

static void ring_destroy(void *self, void *ring)
{
    const struct vk_host *host = self;
    fr_vk_ring_destroy(ring, &host->log);
}

static void ring_describe(void *self, void *ring, struct fr_delivery *out)
{
    (void)self;
    fr_vk_ring_describe(ring, out);
}

static enum fr_ring_path ring_path(void *self, void *ring_)
{
    (void)self;
    const struct fr_vk_ring *ring = ring_;
    return fr_vk_plan_path(&ring->plan);
}

static enum fr_claim claim(void *self, void *ring, struct fr_ring_host *words, fr_token token,
                           uint64_t timeout_ns)
{
    const struct vk_host *host = self;
    return fr_vk_ring_claim(ring, words, token, timeout_ns, &host->log);
}

static enum fr_claim release(void *self, void *ring, struct fr_ring_host *words, fr_token token)
{
    const struct vk_host *host = self;
    return fr_vk_ring_release(ring, words, token, &host->log);
}

static uint32_t device_serial(void *self)
{
    const struct vk_host *host = self;
    return host->serial;
}

/* Devices have no LUIDs here: the source names its own in the request. */
static fr_status rebind(void *self, uint32_t luid_low, int32_t luid_high)
{
    (void)self, (void)luid_low, (void)luid_high;
    return FR_ERR_UNSUPPORTED;
}

static fr_status need_converter(const struct vk_host *host, struct host_converter *converter, bool buffers)
{
    if (converter->of[buffers])
        return FR_OK;
    return fr_vk_converter_create(&converter->of[buffers], converter->device, &converter->params, buffers,
                                  &host->log);
}

static void converter_destroy(void *self, void *converter_)
{
    (void)self;
    struct host_converter *converter = converter_;
    fr_vk_converter_destroy(converter->of[0]);
    fr_vk_converter_destroy(converter->of[1]);
    fr_vk_device_unref(converter->device);
    free(converter);
}

static fr_status converter_create(void *self, const fr_convert_params *params, void **out)
{
    struct vk_host *host = self;
    *out = NULL;
    if (!host->device)
        return FR_ERR_DEVICE_LOST;
    struct host_converter *converter = calloc(1, sizeof(*converter));
    if (!converter)
        return FR_ERR_NO_MEMORY;
    converter->device = fr_vk_device_ref(host->device);
    converter->params = *params;
    const fr_status status = need_converter(host, converter, host->buffers);
    if (status != FR_OK) {
        converter_destroy(self, converter);
        return status;
    }
    *out = converter;
    return FR_OK;
}

static const char *converter_name(void *self, void *converter_)
{
    (void)self;
    const struct host_converter *converter = converter_;
    return fr_vk_converter_name(converter->of[0] ? converter->of[0] : converter->of[1]);
}

static fr_status convert(void *self, void *converter_, void *ring_, uint32_t slot,
                         const struct fr_parts *parts, struct fr_picture *picture)
{
    const struct vk_host *host = self;
    struct host_converter *converter = converter_;
    struct fr_vk_ring *ring = ring_;
    struct fr_vk_input input;
    const bool buffers = ring->plan.kind == FR_SLOTS_MEMORY;
    fr_status status = need_converter(host, converter, buffers);
    if (status == FR_OK)
        status = fr_vk_ring_input(ring, slot, &input);
    uint64_t done = 0;
    if (status == FR_OK)
        status = fr_vk_convert(converter->of[buffers], &input, parts, picture->object, &done);
    if (status == FR_OK)
        fr_vk_ring_converted(ring, slot, done, &host->log);
    else if (status == FR_ERR_DEVICE_LOST)
        fr_vk_device_log_loss(ring->device, &host->log);
    return status;
}

static fr_status picture_create(void *self, uint32_t width, uint32_t height, fr_format format,
                                struct fr_picture *out)
{
    const struct vk_host *host = self;
    if (!host->device)
        return FR_ERR_DEVICE_LOST;
    const fr_status status = fr_vk_picture_create(host->device, width, height, format, out);
    if (status == FR_ERR_UNSUPPORTED)
        fr_log_write(&host->log, FR_LOG_WARNING, "\"%s\" has no pictures of %ux%u %s", host->device->name,
                     width, height, fr_format_name(format));
    return status;
}

static void destroy(void *self)
{
    struct vk_host *host = self;
    fr_vk_device_unref(host->device);
    free(host->device_name);
    free(host);
}

static const struct fr_backend_host_ops vk_host_ops = {
    .name = "vulkan",
    /* Whoever reads an image only reads it: in any number. */
    .concurrent_read = true,
    .ring_create = ring_create,
    .ring_destroy = ring_destroy,
    .ring_describe = ring_describe,
    .ring_path = ring_path,
    .claim = claim,
    .release = release,
    .device_serial = device_serial,
    .rebind = rebind,
    .converter_create = converter_create,
    .converter_destroy = converter_destroy,
    .converter_name = converter_name,
    .convert = convert,
    .picture_create = picture_create,
    .picture_destroy = fr_vk_picture_destroy,
    .picture_map = fr_vk_picture_map,
    .destroy = destroy,
};

fr_status fr_vk_host_create_with(struct fr_backend_host *out, const fr_vulkan_host_params *params,
                                 struct fr_os os, bool automatic, PFN_vkGetInstanceProcAddr get,
                                 const fr_log *log)
{
    struct vk_host *host = calloc(1, sizeof(*host));
    if (!host)
        return FR_ERR_NO_MEMORY;
    host->os = os;
    host->automatic = automatic;
    host->get = get;
    if (log)
        host->log = *log;
    if (params)
        host->params = *params;
    if (host->params.device) {
        host->device_name = strdup(host->params.device);
        host->params.device = host->device_name;
        if (!host->device_name) {
            destroy(host);
            return FR_ERR_NO_MEMORY;
        }
    }
    const uint64_t images =
        FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE | FR_CAP_SYNC_FILE | FR_CAP_FOREIGN;
    *out = (struct fr_backend_host){
        .ops = &vk_host_ops, .self = host, .capabilities = automatic ? images : images | FR_CAP_STATES};
    return FR_OK;
}

fr_status fr_vk_host_create(struct fr_backend_host *out, const fr_vulkan_host_params *params, struct fr_os os,
                            bool automatic, const fr_log *log)
{
    const PFN_vkGetInstanceProcAddr get = fr_vk_loader(NULL);
    if (get)
        return fr_vk_host_create_with(out, params, os, automatic, get, log);
    fr_log_write(
        log, automatic ? FR_LOG_INFO : FR_LOG_WARNING,
        "there is no Vulkan loader (%s), so rings lie in shared memory; the package libvulkan1 has it",
        fr_vk_loader_fault());
    return FR_ERR_UNSUPPORTED;
}
