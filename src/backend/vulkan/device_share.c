/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The devices of this process's hosts, to be shared among them. */
#include "backend/vulkan/device.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct fr_vk_device *first;

struct fr_vk_device *fr_vk_device_ref(struct fr_vk_device *device)
{
    (void)pthread_mutex_lock(&mutex);
    device->refs++;
    (void)pthread_mutex_unlock(&mutex);
    return device;
}

bool fr_vk_device_leave(struct fr_vk_device *device)
{
    (void)pthread_mutex_lock(&mutex);
    const bool last = --device->refs == 0;
    struct fr_vk_device **at = &first;
    while (last && *at && *at != device)
        at = &(*at)->next;
    if (last && *at)
        *at = device->next;
    (void)pthread_mutex_unlock(&mutex);
    return last;
}

void fr_vk_device_share(struct fr_vk_device *device)
{
    (void)pthread_mutex_lock(&mutex);
    device->next = first;
    first = device;
    (void)pthread_mutex_unlock(&mutex);
}

struct fr_vk_device *fr_vk_device_find(PFN_vkGetInstanceProcAddr get, const struct fr_gpu *gpu)
{
    (void)pthread_mutex_lock(&mutex);
    struct fr_vk_device *device = first;
    while (device && (device->get_instance_proc_addr != get || fr_vk_device_is_lost(device) ||
                      !fr_vk_gpu_equal(&device->gpu, gpu)))
        device = device->next;
    if (device)
        device->refs++;
    (void)pthread_mutex_unlock(&mutex);
    return device;
}
