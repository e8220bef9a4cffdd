/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a build without Vulkan's headers answers. */
#include "backend/vulkan/vulkan.h"

#include "common/log.h"

#include <string.h>

fr_status fr_vk_host_create(struct fr_backend_host *out, const fr_vulkan_host_params *params, struct fr_os os,
                            bool automatic, const fr_log *log)
{
    (void)out, (void)params, (void)os;
    fr_log_write(log, automatic ? FR_LOG_DEBUG : FR_LOG_WARNING,
                 "this library was built without Vulkan, so rings lie in shared memory");
    return FR_ERR_UNSUPPORTED;
}

void fr_vk_picture_destroy(struct fr_picture *picture)
{
    (void)picture;
}

void fr_vk_picture_get(const struct fr_picture *picture, fr_vulkan_picture *out)
{
    (void)picture;
    memset(out, 0, sizeof(*out));
}

fr_status fr_vk_picture_wait(const struct fr_picture *picture)
{
    (void)picture;
    return FR_ERR_UNSUPPORTED;
}

void fr_vk_picture_left(const struct fr_picture *picture, const uint32_t layout[2])
{
    (void)picture, (void)layout;
}

fr_vulkan_device *fr_vk_picture_device(const struct fr_picture *picture)
{
    (void)picture;
    return NULL;
}

void fr_vk_held_device_release(fr_vulkan_device *device)
{
    (void)device;
}

void fr_vk_held_device_lock(fr_vulkan_device *device, bool lock)
{
    (void)device, (void)lock;
}

fr_status fr_vk_picture_export(const struct fr_picture *picture, fr_vulkan_handle_kind kind, int *out)
{
    (void)picture, (void)kind;
    *out = -1;
    return FR_ERR_UNSUPPORTED;
}

fr_status fr_vk_source_create(struct fr_backend_source *out, const fr_vulkan_source_params *params,
                              const fr_log *log)
{
    (void)out, (void)params;
    fr_log_write(log, FR_LOG_ERROR, "this library was built without Vulkan");
    return FR_ERR_UNSUPPORTED;
}

bool fr_vk_source_is(const struct fr_backend_source *source)
{
    (void)source;
    return false;
}

void fr_vk_image_describe(const fr_vulkan_image *image, uint32_t *width, uint32_t *height, fr_format *format)
{
    *width = image->width;
    *height = image->height;
    *format = FR_FORMAT_NONE;
}

fr_status fr_vk_source_fill(const struct fr_backend_source *source, void *ring, uint32_t index,
                            const fr_vulkan_image *image, const fr_slot *out)
{
    (void)source, (void)ring, (void)index, (void)image, (void)out;
    return FR_ERR_UNSUPPORTED;
}

void fr_vk_source_slot(const struct fr_backend_source *source, void *ring, uint32_t index,
                       fr_vulkan_slot *out)
{
    (void)source, (void)ring, (void)index;
    memset(out, 0, sizeof(*out));
}

fr_status fr_vk_probe(fr_vulkan_device_info *out, size_t max, size_t *count, const fr_log *log)
{
    (void)out, (void)max;
    *count = 0;
    fr_log_write(log, FR_LOG_ERROR, "this library was built without Vulkan");
    return FR_ERR_UNSUPPORTED;
}

fr_format fr_vk_ring_format(uint32_t vk_format)
{
    (void)vk_format;
    return FR_FORMAT_NONE;
}

const char *const *fr_vk_source_extensions(void)
{
    static const char *const none[] = {NULL};
    return none;
}
