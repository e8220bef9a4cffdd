/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "publish/native.h"

#include "backend/cpu/cpu.h"
#include "backend/vulkan/vulkan.h"

fr_status fr_source_native_backends(struct fr_source_env *env, const fr_source_params *params)
{
    const fr_vulkan_source_params *vulkan = params->vulkan;
    const fr_status status = fr_cpu_source_create(&env->backend[1], env->os);
    if (status < 0 || !vulkan || !vulkan->device)
        return status;
    env->acquire_wait_ns =
        vulkan->acquire_wait_ms ? vulkan->acquire_wait_ms * FR_NS_PER_MS : FR_SOURCE_NO_WAIT;
    return fr_vk_source_create(&env->backend[0], vulkan, &params->log);
}

static const struct fr_backend_source *find_backend(const fr_source *source)
{
    for (size_t i = 0; i < FR_SOURCE_BACKENDS; i++)
        if (source->env.backend[i].ops && fr_vk_source_is(&source->env.backend[i]))
            return &source->env.backend[i];
    return NULL;
}

const char *const *fr_vulkan_source_extensions(void)
{
    return fr_vk_source_extensions();
}

fr_format fr_vulkan_format(uint32_t vk_format)
{
    return fr_vk_ring_format(vk_format);
}

static fr_status fill_and_publish(fr_source *source, const struct fr_backend_source *backend,
                                  const fr_vulkan_image *image, const fr_slot *slot,
                                  const fr_publish_info *info)
{
    const struct fr_attachment *current = &source->current;
    void *ring = current->backend == backend ? current->slots : NULL;
    const fr_status status = fr_vk_source_fill(backend, ring, (uint32_t)current->ring.writing, image, slot);
    if (status != FR_OK) {
        fr_source_cancel(source);
        return status;
    }
    /* The copy is under way: the semaphores are used, whatever becomes of the frame. */
    const fr_status published = fr_source_publish(source, info);
    return published < 0 ? published : FR_OK;
}

fr_status fr_source_push_vulkan(fr_source *source, const fr_vulkan_image *image, const fr_publish_info *info)
{
    if (!source || !image || !image->image || (image->num_wait && !image->wait))
        return FR_ERR_ARGUMENT;
    const struct fr_backend_source *backend = find_backend(source);
    if (!backend)
        return FR_ERR_UNSUPPORTED;
    if (!fr_source_takes_frames(source))
        return FR_AGAIN;
    struct fr_ring_shape shape;
    fr_vk_image_describe(image, &shape.width, &shape.height, &shape.format);
    if (!fr_source_fits(source, shape.width, shape.height, shape.format))
        return FR_AGAIN;
    fr_slot slot;
    fr_status status = fr_source_begin(source, &slot);
    if (status == FR_OK)
        status = fill_and_publish(source, backend, image, &slot, info);
    return backend->ops->is_lost(backend->self) ? FR_ERR_DEVICE_LOST : status;
}

fr_status fr_source_vulkan_slot(const fr_source *source, const fr_slot *slot, fr_vulkan_slot *out)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = (fr_vulkan_slot){0};
    if (!source || !slot)
        return FR_ERR_ARGUMENT;
    const struct fr_attachment *current = &source->current;
    if (!current->present || current->ring.writing < 0 || !current->begun ||
        slot->generation != current->ring.generation || slot->sequence != current->ring.sequence + 1)
        return FR_ERR_ARGUMENT;
    if (!fr_vk_source_is(current->backend))
        return FR_ERR_UNSUPPORTED;
    fr_vk_source_slot(current->backend, current->slots, (uint32_t)current->ring.writing, out);
    return FR_OK;
}
