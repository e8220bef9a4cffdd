/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define VK_NO_PROTOTYPES
#include "encode/av_vulkan_timelines.h"

#include <libavutil/mem.h>

#include <string.h>

struct fr_av_timeline_pair {
    VkSemaphore semaphore[2];
    uint64_t value[2];
    struct fr_av_timeline_pair *next;
};

fr_status fr_av_timelines_init(struct fr_av_timelines *timelines, PFN_vkGetDeviceProcAddr get,
                               const fr_vulkan_picture *picture)
{
    const VkDevice device = picture->device;
    *timelines = (struct fr_av_timelines){
        .device = device,
        .create = (PFN_vkCreateSemaphore)get(device, "vkCreateSemaphore"),
        .destroy = (PFN_vkDestroySemaphore)get(device, "vkDestroySemaphore"),
        .wait = (PFN_vkWaitSemaphores)get(device, "vkWaitSemaphores"),
        .submit = (PFN_vkQueueSubmit)get(device, "vkQueueSubmit"),
        .patience_ns = picture->patience_ns,
    };
    const PFN_vkGetDeviceQueue queue_of = (PFN_vkGetDeviceQueue)get(device, "vkGetDeviceQueue");
    if (!timelines->wait)
        timelines->wait = (PFN_vkWaitSemaphores)get(device, "vkWaitSemaphoresKHR");
    if (!timelines->create || !timelines->destroy || !timelines->wait || !timelines->submit || !queue_of ||
        pthread_mutex_init(&timelines->mutex, NULL)) {
        timelines->device = VK_NULL_HANDLE;
        return FR_ERR_UNSUPPORTED;
    }
    queue_of(device, picture->queue_family, 0, &timelines->queue);
    return FR_OK;
}

static fr_status wait_for(const struct fr_av_timelines *timelines, uint32_t count,
                          const VkSemaphore *semaphore, const uint64_t *value, uint64_t timeout_ns)
{
    const VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = count,
        .pSemaphores = semaphore,
        .pValues = value,
    };
    switch (timelines->wait(timelines->device, &info, timeout_ns)) {
    case VK_SUCCESS: return FR_OK;
    case VK_TIMEOUT: return FR_TIMEOUT;
    case VK_ERROR_DEVICE_LOST: return FR_ERR_DEVICE_LOST;
    default: return FR_ERR_NO_MEMORY;
    }
}

fr_status fr_av_timelines_wait(const struct fr_av_timelines *timelines,
                               const struct fr_av_timeline_pair *pair, const uint64_t value[2])
{
    return wait_for(timelines, 2, pair->semaphore, value, timelines->patience_ns);
}

fr_status fr_av_timelines_look(const struct fr_av_timelines *timelines,
                               const struct fr_av_timeline_pair *pair, const uint64_t value[2])
{
    return wait_for(timelines, 2, pair->semaphore, value, 0);
}

/* ---- pairs ---- */

static void destroy(const struct fr_av_timelines *timelines, struct fr_av_timeline_pair *pair)
{
    for (int i = 0; i < 2; i++)
        if (pair->semaphore[i])
            timelines->destroy(timelines->device, pair->semaphore[i], NULL);
    av_free(pair);
}

static struct fr_av_timeline_pair *make(const struct fr_av_timelines *timelines)
{
    const VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    struct fr_av_timeline_pair *pair = av_mallocz(sizeof(*pair));
    for (int i = 0; pair && i < 2; i++)
        if (timelines->create(timelines->device, &info, NULL, &pair->semaphore[i]) != VK_SUCCESS) {
            pair->semaphore[i] = VK_NULL_HANDLE;
            destroy(timelines, pair);
            pair = NULL;
        }
    return pair;
}

fr_status fr_av_timelines_take(struct fr_av_timelines *timelines, struct fr_av_timeline_pair **out,
                               AVVkFrame *vkf)
{
    (void)pthread_mutex_lock(&timelines->mutex);
    struct fr_av_timeline_pair *pair = timelines->spare;
    if (pair)
        timelines->spare = pair->next;
    (void)pthread_mutex_unlock(&timelines->mutex);
    if (!pair)
        pair = make(timelines);
    *out = pair;
    if (!pair)
        return FR_ERR_NO_MEMORY;
    for (int i = 0; i < 2; i++) {
        vkf->sem[i] = pair->semaphore[i];
        vkf->sem_value[i] = pair->value[i];
    }
    return FR_OK;
}

void fr_av_timelines_give(struct fr_av_timelines *timelines, struct fr_av_timeline_pair *pair,
                          const AVVkFrame *vkf)
{
    memcpy(pair->value, vkf->sem_value, sizeof(pair->value));
    (void)pthread_mutex_lock(&timelines->mutex);
    pair->next = timelines->spare;
    timelines->spare = pair;
    (void)pthread_mutex_unlock(&timelines->mutex);
}

/* ---- the end ---- */

/* A batch with nothing to do: what was submitted before is behind the queue's thread too when it is done. */
static fr_status pass(const struct fr_av_timelines *timelines, fr_vulkan_device *held,
                      const struct fr_av_timeline_pair *pair)
{
    const uint64_t value = pair->value[0] + 1;
    const VkTimelineSemaphoreSubmitInfo timeline = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &value,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &timeline,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = pair->semaphore,
    };
    fr_vulkan_device_lock(held);
    const VkResult result = timelines->submit(timelines->queue, 1, &info, VK_NULL_HANDLE);
    fr_vulkan_device_unlock(held);
    if (result != VK_SUCCESS)
        return result == VK_ERROR_DEVICE_LOST ? FR_ERR_DEVICE_LOST : FR_ERR_NO_MEMORY;
    return wait_for(timelines, 1, pair->semaphore, &value, timelines->patience_ns);
}

bool fr_av_timelines_finish(struct fr_av_timelines *timelines, fr_vulkan_device *held)
{
    struct fr_av_timeline_pair *pair = timelines->spare;
    const fr_status status = pair ? pass(timelines, held, pair) : FR_OK;
    const bool over = status == FR_OK || status == FR_ERR_DEVICE_LOST;
    while (pair) {
        struct fr_av_timeline_pair *next = pair->next;
        if (over)
            destroy(timelines, pair);
        else
            av_free(pair);
        pair = next;
    }
    (void)pthread_mutex_destroy(&timelines->mutex);
    return over;
}
