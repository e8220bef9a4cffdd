/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "chain.h"

#include <stdlib.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static fr_layer_instance *instances;
static fr_layer_device *devices;
static pthread_mutex_t queues_mutex = PTHREAD_MUTEX_INITIALIZER; /* of those that add one */

void fr_layer_instance_load(fr_layer_instance *instance)
{
#define LOAD(name) instance->vk.name = (PFN_vk##name)instance->get(instance->handle, "vk" #name);
    FR_LAYER_INSTANCE_FUNCTIONS(LOAD)
#undef LOAD
}

void fr_layer_device_load(fr_layer_device *device)
{
#define LOAD(name) device->vk.name = (PFN_vk##name)device->get(device->handle, "vk" #name);
    FR_LAYER_DEVICE_FUNCTIONS(LOAD)
#undef LOAD
}

void fr_layer_instance_add(fr_layer_instance *instance)
{
    pthread_rwlock_wrlock(&lock);
    instance->next = instances;
    instances = instance;
    pthread_rwlock_unlock(&lock);
}

void fr_layer_device_add(fr_layer_device *device)
{
    pthread_rwlock_wrlock(&lock);
    device->next = devices;
    devices = device;
    pthread_rwlock_unlock(&lock);
}

fr_layer_instance *fr_layer_instance_remove(VkInstance handle)
{
    pthread_rwlock_wrlock(&lock);
    fr_layer_instance **at = &instances;
    while (*at && (*at)->key != fr_layer_key(handle))
        at = &(*at)->next;
    fr_layer_instance *found = *at;
    if (found)
        *at = found->next;
    pthread_rwlock_unlock(&lock);
    return found;
}

fr_layer_device *fr_layer_device_remove(VkDevice handle)
{
    pthread_rwlock_wrlock(&lock);
    fr_layer_device **at = &devices;
    while (*at && (*at)->key != fr_layer_key(handle))
        at = &(*at)->next;
    fr_layer_device *found = *at;
    if (found)
        *at = found->next;
    pthread_rwlock_unlock(&lock);
    return found;
}

fr_layer_instance *fr_layer_instance_of(const void *dispatchable)
{
    void *key = fr_layer_key(dispatchable);
    pthread_rwlock_rdlock(&lock);
    fr_layer_instance *at = instances;
    while (at && at->key != key)
        at = at->next;
    pthread_rwlock_unlock(&lock);
    return at;
}

fr_layer_device *fr_layer_device_of(const void *dispatchable)
{
    void *key = fr_layer_key(dispatchable);
    pthread_rwlock_rdlock(&lock);
    fr_layer_device *at = devices;
    while (at && at->key != key)
        at = at->next;
    pthread_rwlock_unlock(&lock);
    return at;
}

fr_layer_queue *fr_layer_queue_of(const fr_layer_device *device, VkQueue handle)
{
    /* Queues are only ever added, each whole before it is seen. */
    fr_layer_queue *at = atomic_load_explicit(&device->queues, memory_order_acquire);
    while (at && at->handle != handle)
        at = at->next;
    return at;
}

static VkQueueFlags flags_of(const fr_layer_device *device, uint32_t family)
{
    VkQueueFamilyProperties properties[64];
    uint32_t num = sizeof(properties) / sizeof(properties[0]);
    device->instance->vk.GetPhysicalDeviceQueueFamilyProperties(device->physical_device, &num, properties);
    return family < num ? properties[family].queueFlags : 0;
}

void fr_layer_queue_note(fr_layer_device *device, VkQueue handle, uint32_t family)
{
    if (!handle || fr_layer_queue_of(device, handle))
        return;
    fr_layer_queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return; /* presents on it pass through */
    queue->device = device;
    queue->handle = handle;
    queue->family = family;
    queue->flags = flags_of(device, family);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_mutex_lock(&queues_mutex);
    const bool known = fr_layer_queue_of(device, handle) != NULL;
    if (!known) {
        queue->next = atomic_load_explicit(&device->queues, memory_order_relaxed);
        atomic_store_explicit(&device->queues, queue, memory_order_release);
    }
    pthread_mutex_unlock(&queues_mutex);
    if (known)
        free(queue);
}
