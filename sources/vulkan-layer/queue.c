/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Queues: seen when they are handed out, and locked around each use, because the library submits to the one
 * that presents on another thread than the program's (rarely: see feed.c). */
#include "feed.h"
#include "objects.h"
#include "settings.h"
#include "stats.h"

#include <framering/frame.h>

VKAPI_ATTR void VKAPI_CALL fr_layer_GetDeviceQueue(VkDevice handle, uint32_t family, uint32_t index,
                                                   VkQueue *out)
{
    fr_layer_device *device = fr_layer_device_of(handle);
    device->vk.GetDeviceQueue(handle, family, index, out);
    fr_layer_queue_note(device, *out, family);
}

VKAPI_ATTR void VKAPI_CALL fr_layer_GetDeviceQueue2(VkDevice handle, const VkDeviceQueueInfo2 *info,
                                                    VkQueue *out)
{
    fr_layer_device *device = fr_layer_device_of(handle);
    device->vk.GetDeviceQueue2(handle, info, out);
    if (!(info->flags & VK_DEVICE_QUEUE_CREATE_PROTECTED_BIT))
        fr_layer_queue_note(device, *out, info->queueFamilyIndex);
}

/* One use of a queue by the program. */
typedef struct use {
    fr_layer_device *device;
    pthread_mutex_t *mutex; /* NULL: nobody else uses it */
    bool timed;
    uint64_t begin_ns, below_ns;
} use;

static use enter(VkQueue handle)
{
    use u = {.timed = fr_layer_settings_get()->stats};
    u.begin_ns = u.timed ? fr_clock_now_ns() : 0;
    u.device = fr_layer_device_of(handle);
    fr_layer_queue *queue = fr_layer_queue_of(u.device, handle);
    u.mutex = queue ? &queue->mutex : NULL;
    if (u.mutex)
        pthread_mutex_lock(u.mutex);
    u.below_ns = u.timed ? fr_clock_now_ns() : 0;
    return u;
}

static VkResult leave(const use *u, VkResult result)
{
    const uint64_t above_ns = u->timed ? fr_clock_now_ns() : 0;
    if (u->mutex)
        pthread_mutex_unlock(u->mutex);
    if (u->timed)
        fr_layer_stats_note_use(u->below_ns - u->begin_ns + fr_clock_now_ns() - above_ns);
    if (result == VK_ERROR_DEVICE_LOST)
        fr_layer_feed_lose(u->device);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit(VkQueue queue, uint32_t num, const VkSubmitInfo *submits,
                                                    VkFence fence)
{
    const use u = enter(queue);
    return leave(&u, u.device->vk.QueueSubmit(queue, num, submits, fence));
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit2(VkQueue queue, uint32_t num,
                                                     const VkSubmitInfo2 *submits, VkFence fence)
{
    const use u = enter(queue);
    return leave(&u, u.device->vk.QueueSubmit2(queue, num, submits, fence));
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit2KHR(VkQueue queue, uint32_t num,
                                                        const VkSubmitInfo2 *submits, VkFence fence)
{
    const use u = enter(queue);
    return leave(&u, u.device->vk.QueueSubmit2KHR(queue, num, submits, fence));
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueBindSparse(VkQueue queue, uint32_t num,
                                                        const VkBindSparseInfo *binds, VkFence fence)
{
    const use u = enter(queue);
    return leave(&u, u.device->vk.QueueBindSparse(queue, num, binds, fence));
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueWaitIdle(VkQueue queue)
{
    const use u = enter(queue);
    return leave(&u, u.device->vk.QueueWaitIdle(queue));
}

/* It uses all queues. Always taken in the same order, and nobody else holds two. */
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_DeviceWaitIdle(VkDevice handle)
{
    use u = {.timed = fr_layer_settings_get()->stats};
    u.begin_ns = u.timed ? fr_clock_now_ns() : 0;
    u.device = fr_layer_device_of(handle);
    fr_layer_queue *first = atomic_load_explicit(&u.device->queues, memory_order_acquire);
    for (fr_layer_queue *queue = first; queue; queue = queue->next)
        pthread_mutex_lock(&queue->mutex);
    u.below_ns = u.timed ? fr_clock_now_ns() : 0;
    const VkResult result = u.device->vk.DeviceWaitIdle(handle);
    for (fr_layer_queue *queue = first; queue; queue = queue->next)
        pthread_mutex_unlock(&queue->mutex);
    return leave(&u, result);
}

VKAPI_ATTR void VKAPI_CALL fr_layer_QueueBeginDebugUtilsLabelEXT(VkQueue queue,
                                                                 const VkDebugUtilsLabelEXT *label)
{
    const use u = enter(queue);
    u.device->vk.QueueBeginDebugUtilsLabelEXT(queue, label);
    (void)leave(&u, VK_SUCCESS);
}

VKAPI_ATTR void VKAPI_CALL fr_layer_QueueEndDebugUtilsLabelEXT(VkQueue queue)
{
    const use u = enter(queue);
    u.device->vk.QueueEndDebugUtilsLabelEXT(queue);
    (void)leave(&u, VK_SUCCESS);
}

VKAPI_ATTR void VKAPI_CALL fr_layer_QueueInsertDebugUtilsLabelEXT(VkQueue queue,
                                                                  const VkDebugUtilsLabelEXT *label)
{
    const use u = enter(queue);
    u.device->vk.QueueInsertDebugUtilsLabelEXT(queue, label);
    (void)leave(&u, VK_SUCCESS);
}
