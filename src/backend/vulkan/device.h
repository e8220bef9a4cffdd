/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_DEVICE_H
#define FR_BACKEND_VULKAN_DEVICE_H

/* A device with one queue: a host's own, or a source's that was handed over. Reference counted, since
 * pictures outlive the host that made them. */

#include "backend/backend.h"
#include "backend/vulkan/api.h"

#include <framering/vulkan.h>

struct fr_vk_device {
    struct fr_vk_functions vk;
    PFN_vkGetInstanceProcAddr get_instance_proc_addr;
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkQueue queue;
    uint32_t family;
    bool owned; /* instance and device are ours */

    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    VkPhysicalDeviceType type;
    struct fr_gpu gpu;
    VkPhysicalDeviceMemoryProperties memory;
    VkPhysicalDeviceLimits limits;
    VkDeviceSize host_pointer_align; /* VK_EXT_external_memory_host */
    uint32_t subgroup_size;          /* with basic and shuffle operations in compute; 0 = without */

    /* What was found and turned on. */
    bool timeline;         /* timeline semaphores inside this device */
    bool opaque_fd;        /* images of every ring format export and import as OPAQUE_FD */
    bool dma_buf;          /* ... as DMA-BUF with modifiers */
    bool shared_timeline;  /* timeline semaphores export and import as OPAQUE_FD */
    bool host_memory;      /* shared memory imports as buffers */
    bool buffer_opaque_fd; /* a buffer's memory exports as OPAQUE_FD */
    bool buffer_dma_buf;

    /* Of a host's device: a timeline that each submission advances. */
    VkSemaphore progress;
    uint64_t submitted; /* its value when all submissions so far are done; under the lock */
};

struct fr_vk_wish {
    const fr_vulkan_host_params *params;
    const struct fr_gpu *gpu; /* of the source: preferred where no device is named; may be absent */
};

/* FR_ERR_UNSUPPORTED: no loader, no device that fits; logged with the reason. FR_ERR_NO_MEMORY. */
fr_status fr_vk_device_create(struct fr_vk_device **out, const struct fr_vk_wish *wish, const fr_log *log);
/* A source's device. FR_ERR_UNSUPPORTED: it cannot be used, logged. */
fr_status fr_vk_device_wrap(struct fr_vk_device **out, const fr_vulkan_source_params *params,
                            const fr_log *log);
struct fr_vk_device *fr_vk_device_ref(struct fr_vk_device *device);
void fr_vk_device_unref(struct fr_vk_device *device); /* accepts NULL */

/* Around every use of the queue, of command pools that several threads share, and of `submitted`. */
void fr_vk_device_lock(struct fr_vk_device *device);
void fr_vk_device_unlock(struct fr_vk_device *device);
/* Gives a command buffer that the device made its dispatch pointer (a layer's device). */
void fr_vk_device_adopt(struct fr_vk_device *device, void *object);

/* What a failed call means: FR_ERR_DEVICE_LOST (from now on for ever), FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_vk_device_status(struct fr_vk_device *device, VkResult result);
bool fr_vk_device_is_lost(const struct fr_vk_device *device);

/* A memory type of these bits with all of `wanted` and, if there is a choice, `preferred`; UINT32_MAX: none.
 */
uint32_t fr_vk_memory_type(const struct fr_vk_device *device, uint32_t bits, VkMemoryPropertyFlags wanted,
                           VkMemoryPropertyFlags preferred);

/* Waits until `progress` has reached value: FR_OK, FR_TIMEOUT, FR_ERR_DEVICE_LOST. Any thread. */
fr_status fr_vk_device_wait(struct fr_vk_device *device, uint64_t value, uint64_t timeout_ns);

#endif
