/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "timer.h"

#include "settings.h"

enum { FAMILIES_MAX = 32 };

/* The bits of the timestamps of that family; 0: it has none, or cannot reset queries. */
static uint32_t bits_of(const fr_layer_device *device, uint32_t family)
{
    VkQueueFamilyProperties families[FAMILIES_MAX];
    uint32_t num = FAMILIES_MAX;
    device->instance->vk.GetPhysicalDeviceQueueFamilyProperties(device->physical_device, &num, families);
    if (family >= num || !(families[family].queueFlags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT)))
        return 0;
    return families[family].timestampValidBits;
}

void fr_layer_timer_init(fr_layer_timer *timer, const fr_layer_device *device, uint32_t family,
                         uint32_t num_images)
{
    const VkQueryPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
        .queryType = VK_QUERY_TYPE_TIMESTAMP,
        .queryCount = 2 * num_images,
    };
    VkPhysicalDeviceProperties properties;
    const uint32_t bits = fr_layer_settings_get()->stats ? bits_of(device, family) : 0;
    *timer = (fr_layer_timer){.pool = VK_NULL_HANDLE};
    if (!bits || device->vk.CreateQueryPool(device->handle, &info, NULL, &timer->pool) != VK_SUCCESS) {
        timer->pool = VK_NULL_HANDLE;
        return;
    }
    device->instance->vk.GetPhysicalDeviceProperties(device->physical_device, &properties);
    timer->ns_per_tick = properties.limits.timestampPeriod;
    timer->mask = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

void fr_layer_timer_finish(fr_layer_timer *timer, const fr_layer_device *device)
{
    if (timer->pool)
        device->vk.DestroyQueryPool(device->handle, timer->pool, NULL);
    *timer = (fr_layer_timer){.pool = VK_NULL_HANDLE};
}

void fr_layer_timer_begin(const fr_layer_timer *timer, const fr_layer_device *device,
                          VkCommandBuffer commands, uint32_t index)
{
    if (!timer->pool)
        return;
    device->vk.CmdResetQueryPool(commands, timer->pool, 2 * index, 2);
    device->vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, timer->pool, 2 * index);
}

void fr_layer_timer_end(const fr_layer_timer *timer, const fr_layer_device *device, VkCommandBuffer commands,
                        uint32_t index)
{
    if (timer->pool)
        device->vk.CmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, timer->pool,
                                     2 * index + 1);
}

uint64_t fr_layer_timer_read(const fr_layer_timer *timer, const fr_layer_device *device, uint32_t index)
{
    uint64_t ticks[2];
    if (!timer->pool ||
        device->vk.GetQueryPoolResults(device->handle, timer->pool, 2 * index, 2, sizeof(ticks), ticks,
                                       sizeof(ticks[0]), VK_QUERY_RESULT_64_BIT) != VK_SUCCESS)
        return 0;
    return (uint64_t)((double)((ticks[1] - ticks[0]) & timer->mask) * (double)timer->ns_per_tick);
}
