/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "backend/vulkan/device.h"

#include "common/log.h"
#include "os/atomic.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static VkResult submit_nothing(const struct fr_vk_device *device, VkQueue queue, VkSemaphore timeline,
                               uint64_t value)
{
    const VkTimelineSemaphoreSubmitInfo values = {.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                  .signalSemaphoreValueCount = 1,
                                                  .pSignalSemaphoreValues = &value};
    const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                               .pNext = &values,
                               .signalSemaphoreCount = 1,
                               .pSignalSemaphores = &timeline};
    return device->vk.QueueSubmit(queue, 1, &info, VK_NULL_HANDLE);
}

/* A host's queues are past all that was submitted. That it is done is not enough: the threads of Mesa's
 * queues go back to the timelines that a batch waited for after they signalled that it is done. False: the
 * device does not end what it was given. */
static bool drain(struct fr_vk_device *device)
{
    if (!device->progress || !device->copied || fr_vk_device_is_lost(device))
        return true;
    VkResult result = submit_nothing(device, device->queue, device->progress, ++device->submitted);
    if (result == VK_SUCCESS)
        result = submit_nothing(device, device->copy_queue, device->copied, ++device->copies);
    return result != VK_SUCCESS ||
           (fr_vk_device_wait(device, device->submitted, FR_VK_GPU_WAIT_NS) != FR_TIMEOUT &&
            fr_vk_device_wait_copied(device, device->copies, FR_VK_GPU_WAIT_NS) != FR_TIMEOUT);
}

static void destroy(struct fr_vk_device *device)
{
    const struct fr_vk_functions *vk = &device->vk;
    if (!drain(device))
        return;
    if (device->progress)
        vk->DestroySemaphore(device->device, device->progress, NULL);
    if (device->copied)
        vk->DestroySemaphore(device->device, device->copied, NULL);
    if (device->owned && device->device)
        vk->DestroyDevice(device->device, NULL);
    if (device->owned && device->instance)
        vk->DestroyInstance(device->instance, NULL);
    (void)pthread_mutex_destroy(&device->mutex);
    (void)pthread_mutex_destroy(&device->mapping);
    free(device);
}

void fr_vk_device_unref(struct fr_vk_device *device)
{
    if (device && fr_vk_device_leave(device))
        destroy(device);
}

struct fr_vk_device *fr_vk_device_make(void)
{
    struct fr_vk_device *device = calloc(1, sizeof(*device));
    if (!device)
        return NULL;
    device->refs = 1;
    (void)pthread_mutex_init(&device->mutex, NULL);
    (void)pthread_mutex_init(&device->mapping, NULL);
    for (uint32_t i = 0; i < FR_VK_WAYS; i++)
        device->fault[i] = "";
    return device;
}

fr_status fr_vk_device_create(struct fr_vk_device **out, const struct fr_vk_wish *wish, const fr_log *log)
{
    *out = NULL;
    PFN_vkGetInstanceProcAddr get = wish->get_instance_proc_addr;
    if (!get)
        get = fr_vk_loader(log);
    if (!get)
        return FR_ERR_UNSUPPORTED;
    struct fr_vk_device *device = fr_vk_device_make();
    if (!device)
        return FR_ERR_NO_MEMORY;
    device->owned = true;
    device->get_instance_proc_addr = get;
    fr_status status = fr_vk_instance_create(&device->vk, get, &device->instance, log);
    if (status == FR_OK)
        status = fr_vk_device_choose(&device->vk, device->instance, wish, log, &device->physical);
    if (status == FR_OK && !wish->alone) {
        fr_vk_gpu_of(&device->vk, device->physical, &device->gpu);
        struct fr_vk_device *other = fr_vk_device_find(get, &device->gpu);
        if (other) {
            fr_vk_device_unref(device);
            *out = other;
            return FR_OK;
        }
    }
    if (status == FR_OK)
        status = fr_vk_device_open(device, log);
    if (status != FR_OK) {
        fr_vk_device_unref(device);
        return status;
    }
    if (!wish->alone)
        fr_vk_device_share(device);
    fr_log_write(log, FR_LOG_INFO, "pictures are converted on \"%s\"%s%s%s", device->name,
                 device->driver[0] ? " (" : "", device->driver, device->driver[0] ? ")" : "");
    if (!device->high_priority)
        fr_log_write(log, FR_LOG_DEBUG, "the GPU does not do this process's work first");
    *out = device;
    return FR_OK;
}

bool fr_vk_device_is_lost(const struct fr_vk_device *device)
{
    /* Pairs with the release in fr_vk_device_status. */
    return fr_load_acquire_u32(&device->lost) != 0;
}

fr_status fr_vk_device_status(struct fr_vk_device *device, VkResult result)
{
    if (result == VK_ERROR_DEVICE_LOST)
        fr_store_release_u32(&device->lost, 1);
    if (fr_vk_device_is_lost(device))
        return FR_ERR_DEVICE_LOST;
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_FRAGMENTED_POOL:
    case VK_ERROR_FRAGMENTATION:
    case VK_ERROR_MEMORY_MAP_FAILED:
    case VK_ERROR_TOO_MANY_OBJECTS: return FR_ERR_NO_MEMORY;
    default: return FR_ERR_SYSTEM;
    }
}

void fr_vk_device_log_loss(struct fr_vk_device *device, const fr_log *log)
{
    if (fr_vk_device_is_lost(device) && fr_compare_swap_u32(&device->lost_logged, 0, 1))
        fr_log_write(log, FR_LOG_WARNING, "the GPU's device \"%s\" was lost", device->name);
}

void fr_vk_device_lock(struct fr_vk_device *device)
{
    if (device->lock)
        device->lock(device->user);
    else
        (void)pthread_mutex_lock(&device->mutex);
}

void fr_vk_device_unlock(struct fr_vk_device *device)
{
    if (device->lock)
        device->unlock(device->user);
    else
        (void)pthread_mutex_unlock(&device->mutex);
}

uint64_t fr_vk_device_serial(struct fr_vk_device *device)
{
    fr_vk_device_lock(device);
    const uint64_t serial = ++device->serials;
    fr_vk_device_unlock(device);
    return serial;
}

void fr_vk_device_adopt(struct fr_vk_device *device, void *object)
{
    if (device->adopt)
        device->adopt(device->user, object);
}

uint32_t fr_vk_memory_type(const struct fr_vk_device *device, uint32_t bits, VkMemoryPropertyFlags wanted,
                           VkMemoryPropertyFlags preferred)
{
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < device->memory.memoryTypeCount; i++) {
        const VkMemoryPropertyFlags flags = device->memory.memoryTypes[i].propertyFlags;
        if (!(bits & (UINT32_C(1) << i)) || (flags & wanted) != wanted)
            continue;
        if ((flags & preferred) == preferred)
            return i;
        if (found == UINT32_MAX)
            found = i;
    }
    return found;
}

/* A wait that cannot be had, for want of memory say. */
static VkResult look_until(const struct fr_vk_device *device, VkSemaphore timeline, uint64_t value,
                           uint64_t timeout_ns)
{
    const struct timespec pause = {.tv_nsec = (long)FR_NS_PER_MS};
    for (uint64_t waited_ns = 0;; waited_ns += FR_NS_PER_MS) {
        uint64_t reached = 0;
        const VkResult result = device->vk.GetSemaphoreCounterValue(device->device, timeline, &reached);
        if (result == VK_ERROR_DEVICE_LOST || reached >= value)
            return result;
        if (waited_ns >= timeout_ns)
            return VK_TIMEOUT;
        (void)nanosleep(&pause, NULL);
    }
}

uint64_t fr_vk_device_patience(const struct fr_vk_device *device, uint64_t timeout_ns)
{
    const bool slow = device->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
    return slow && timeout_ns >= FR_VK_GPU_WAIT_NS ? FR_VK_CPU_WAIT_NS : timeout_ns;
}

static VkResult wait_until(const struct fr_vk_device *device, VkSemaphore timeline, uint64_t value,
                           uint64_t timeout_ns)
{
    const VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &timeline,
        .pValues = &value,
    };
    const VkResult result = device->vk.WaitSemaphores(device->device, &info, timeout_ns);
    return result == VK_SUCCESS || result == VK_TIMEOUT || result == VK_ERROR_DEVICE_LOST
               ? result
               : look_until(device, timeline, value, timeout_ns);
}

static fr_status wait_for(struct fr_vk_device *device, VkSemaphore timeline, uint64_t value,
                          uint64_t timeout_ns)
{
    const bool lost = fr_vk_device_is_lost(device);
    if (lost && !fr_vk_device_is_hung(device))
        return FR_ERR_DEVICE_LOST;
    /* One that was given up may be at work all the same; it had its time, and gets a tenth of that. */
    const uint64_t patience_ns = fr_vk_device_patience(device, timeout_ns),
                   last_look_ns = fr_vk_device_patience(device, FR_VK_GPU_WAIT_NS) / 10;
    const VkResult result =
        wait_until(device, timeline, value, lost && patience_ns > last_look_ns ? last_look_ns : patience_ns);
    if (result == VK_TIMEOUT && timeout_ns >= FR_VK_GPU_WAIT_NS)
        fr_store_release_u32(&device->hung, 1);
    if (result == VK_TIMEOUT)
        return FR_TIMEOUT;
    return result == VK_SUCCESS && !lost ? FR_OK : fr_vk_device_status(device, VK_ERROR_DEVICE_LOST);
}

fr_status fr_vk_device_wait(struct fr_vk_device *device, uint64_t value, uint64_t timeout_ns)
{
    return wait_for(device, device->progress, value, timeout_ns);
}

fr_status fr_vk_device_wait_copied(struct fr_vk_device *device, uint64_t value, uint64_t timeout_ns)
{
    return wait_for(device, device->copied, value, timeout_ns);
}

bool fr_vk_device_has_copied(const struct fr_vk_device *device, uint64_t value)
{
    uint64_t reached = 0;
    return !value ||
           (device->vk.GetSemaphoreCounterValue(device->device, device->copied, &reached) == VK_SUCCESS &&
            reached >= value);
}

void fr_vk_device_give_up(struct fr_vk_device *device)
{
    fr_store_release_u32(&device->hung, 1);
    (void)fr_vk_device_status(device, VK_ERROR_DEVICE_LOST);
}

bool fr_vk_device_is_hung(const struct fr_vk_device *device)
{
    /* Pairs with the releases in fr_vk_device_wait and fr_vk_device_give_up. */
    return fr_load_acquire_u32(&device->hung) != 0;
}
