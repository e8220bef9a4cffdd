/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Queues: seen when they are handed out, and locked around each use, because the library submits to the one
 * that presents on another thread than the program's (rarely: see feed.c). */
#include "objects.h"

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

/* NULL: nobody else uses it. */
static pthread_mutex_t *enter(const fr_layer_device *device, VkQueue handle)
{
    fr_layer_queue *queue = fr_layer_queue_of(device, handle);
    if (!queue)
        return NULL;
    pthread_mutex_lock(&queue->mutex);
    return &queue->mutex;
}

static void leave(pthread_mutex_t *mutex)
{
    if (mutex)
        pthread_mutex_unlock(mutex);
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit(VkQueue queue, uint32_t num, const VkSubmitInfo *submits,
                                                    VkFence fence)
{
    const fr_layer_device *device = fr_layer_device_of(queue);
    pthread_mutex_t *mutex = enter(device, queue);
    const VkResult result = device->vk.QueueSubmit(queue, num, submits, fence);
    leave(mutex);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit2(VkQueue queue, uint32_t num,
                                                     const VkSubmitInfo2 *submits, VkFence fence)
{
    const fr_layer_device *device = fr_layer_device_of(queue);
    pthread_mutex_t *mutex = enter(device, queue);
    const VkResult result = device->vk.QueueSubmit2(queue, num, submits, fence);
    leave(mutex);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueSubmit2KHR(VkQueue queue, uint32_t num,
                                                        const VkSubmitInfo2 *submits, VkFence fence)
{
    const fr_layer_device *device = fr_layer_device_of(queue);
    pthread_mutex_t *mutex = enter(device, queue);
    const VkResult result = device->vk.QueueSubmit2KHR(queue, num, submits, fence);
    leave(mutex);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueBindSparse(VkQueue queue, uint32_t num,
                                                        const VkBindSparseInfo *binds, VkFence fence)
{
    const fr_layer_device *device = fr_layer_device_of(queue);
    pthread_mutex_t *mutex = enter(device, queue);
    const VkResult result = device->vk.QueueBindSparse(queue, num, binds, fence);
    leave(mutex);
    return result;
}

VKAPI_ATTR VkResult VKAPI_CALL fr_layer_QueueWaitIdle(VkQueue queue)
{
    const fr_layer_device *device = fr_layer_device_of(queue);
    pthread_mutex_t *mutex = enter(device, queue);
    const VkResult result = device->vk.QueueWaitIdle(queue);
    leave(mutex);
    return result;
}

/* It uses all queues. Always taken in the same order, and nobody else holds two. */
VKAPI_ATTR VkResult VKAPI_CALL fr_layer_DeviceWaitIdle(VkDevice handle)
{
    const fr_layer_device *device = fr_layer_device_of(handle);
    fr_layer_queue *first = atomic_load_explicit(&device->queues, memory_order_acquire);
    for (fr_layer_queue *queue = first; queue; queue = queue->next)
        pthread_mutex_lock(&queue->mutex);
    const VkResult result = device->vk.DeviceWaitIdle(handle);
    for (fr_layer_queue *queue = first; queue; queue = queue->next)
        pthread_mutex_unlock(&queue->mutex);
    return result;
}

VKAPI_ATTR void VKAPI_CALL fr_layer_QueueBeginDebugUtilsLabelEXT(VkQueue queue,
                                                                 const VkDebugUtilsLabelEXT *label)
{
    const fr_layer_device *device = fr_layer_device_of(queue);
    pthread_mutex_t *mutex = enter(device, queue);
    device->vk.QueueBeginDebugUtilsLabelEXT(queue, label);
    leave(mutex);
}

VKAPI_ATTR void VKAPI_CALL fr_layer_QueueEndDebugUtilsLabelEXT(VkQueue queue)
{
    const fr_layer_device *device = fr_layer_device_of(queue);
    pthread_mutex_t *mutex = enter(device, queue);
    device->vk.QueueEndDebugUtilsLabelEXT(queue);
    leave(mutex);
}

VKAPI_ATTR void VKAPI_CALL fr_layer_QueueInsertDebugUtilsLabelEXT(VkQueue queue,
                                                                  const VkDebugUtilsLabelEXT *label)
{
    const fr_layer_device *device = fr_layer_device_of(queue);
    pthread_mutex_t *mutex = enter(device, queue);
    device->vk.QueueInsertDebugUtilsLabelEXT(queue, label);
    leave(mutex);
}
