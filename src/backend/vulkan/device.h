/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_DEVICE_H
#define FR_BACKEND_VULKAN_DEVICE_H

/* A device with one queue: a host's own, or a source's that was handed over. Reference counted, since
 * pictures outlive the host that made them. */

#include "backend/backend.h"
#include "backend/vulkan/api.h"

#include <framering/vulkan.h>

#include <pthread.h>

/* How long anything may wait for the GPU. A wait for so long lasts FR_VK_CPU_WAIT_NS on a device of type CPU,
 * whose work competes with everybody's, and whose shaders are compiled as they are first used. */
#define FR_VK_GPU_WAIT_NS FR_NS_PER_S
#define FR_VK_CPU_WAIT_NS (30 * FR_NS_PER_S)

enum { FR_VK_EXTENSIONS_MAX = 32, FR_VK_FAMILIES_MAX = 32, FR_VK_RING_FORMATS = 4 };

/* One way of sharing or of keeping order, and why there is none. */
enum fr_vk_way {
    FR_VK_WAY_OPAQUE_FD = 0, /* images of every ring format export and import as OPAQUE_FD */
    FR_VK_WAY_DMA_BUF,       /* ... as DMA-BUF with modifiers */
    FR_VK_WAY_FOREIGN,       /* images go to other devices and drivers, and come back */
    FR_VK_WAY_TIMELINE,      /* timeline semaphores export and import as OPAQUE_FD */
    FR_VK_WAY_SYNC_FILE,     /* binary ones as SYNC_FD, which the kernel attaches to DMA-BUFs */
    FR_VK_WAY_HOST_MEMORY,   /* shared memory imports as buffers */
    FR_VK_WAYS
};

struct fr_vk_device {
    struct fr_vk_functions vk;
    PFN_vkGetInstanceProcAddr get_instance_proc_addr;
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkQueue queue;
    uint32_t family;
    /* For copies into memory: of a family that does nothing else, so that they run beside conversions; else
     * the same. */
    VkQueue copy_queue;
    uint32_t copy_family;
    uint32_t num_families; /* of the physical device */
    VkQueueFlags queue_flags;
    bool owned;         /* instance and device are ours */
    bool high_priority; /* the queue goes before those of other processes */

    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    char driver[VK_MAX_DRIVER_NAME_SIZE + VK_MAX_DRIVER_INFO_SIZE]; /* "" where the device does not say */
    uint32_t api_version;                                           /* that may be used */
    VkPhysicalDeviceType type;
    struct fr_gpu gpu;
    VkPhysicalDeviceMemoryProperties memory;
    VkPhysicalDeviceLimits limits;
    VkDeviceSize max_allocation_bytes;
    VkDeviceSize host_pointer_align; /* VK_EXT_external_memory_host */

    /* What the device was made with: static strings, or the caller's. */
    const char *extension[FR_VK_EXTENSIONS_MAX];
    uint32_t num_extensions;

    /* What was found and turned on. */
    bool timeline;          /* timeline semaphores inside this device */
    bool writes_any_format; /* shaders store to images of any format */
    /* Whole subgroups of one size can be asked for in compute, with basic and shuffle operations: their size,
     * 0: they cannot; and how many a workgroup may have. */
    uint32_t subgroup_size, workgroup_subgroups;
    VkImageUsageFlags slot_usage[FR_VK_RING_FORMATS]; /* of images shared as OPAQUE_FD */
    bool opaque_fd;                                   /* FR_VK_WAY_OPAQUE_FD, and so on */
    bool dma_buf;                                     /* gpu.modifier has those of all ring formats */
    bool foreign;
    bool shared_timeline;
    bool sync_file;
    bool host_memory;
    bool buffer_opaque_fd; /* a buffer's memory exports as OPAQUE_FD */
    bool buffer_dma_buf;
    uint32_t render_node;          /* /dev/dri/renderD<n>; 0: not known */
    const char *fault[FR_VK_WAYS]; /* why a way is not there: "", or words after "is not used: " */

    /* Of a host's device: a timeline that each submission advances. */
    VkSemaphore progress;
    uint64_t submitted; /* its value when all submissions so far are done; under the lock */
    /* Likewise of what copy_queue does. */
    VkSemaphore copied;
    uint64_t copies;
    uint64_t serials; /* the last of fr_vk_device_serial; under the lock */

    struct fr_vk_device *next; /* device_share.c's */
    uint32_t refs, lost, hung, lost_logged;
    pthread_mutex_t mutex;
    pthread_mutex_t mapping; /* taken before the other: what pictures are mapped by is made outside of that */
    void (*lock)(void *user); /* the caller's of a source, instead of the mutex */
    void (*unlock)(void *user);
    void (*adopt)(void *user, void *object);
    void *user;
};

struct fr_vk_wish {
    const fr_vulkan_host_params *params;
    const struct fr_gpu *gpu; /* of the source: preferred where no device is named; may be absent, or NULL */
    bool any_type;            /* a device of type CPU will do, though it was not named */
    bool alone;               /* not one that another host of this process has already */
    PFN_vkGetInstanceProcAddr get_instance_proc_addr; /* NULL: the loader's */
};

/* The hosts of a process share a device: each one more is one more context for the GPU to change to, and
 * drivers have only so many. FR_ERR_UNSUPPORTED: no loader, no device that fits; logged with the reason.
 * FR_ERR_NO_MEMORY. */
fr_status fr_vk_device_create(struct fr_vk_device **out, const struct fr_vk_wish *wish, const fr_log *log);
/* A source's device. FR_ERR_UNSUPPORTED: it cannot be used, logged. */
fr_status fr_vk_device_wrap(struct fr_vk_device **out, const fr_vulkan_source_params *params,
                            const fr_log *log);
/* With one reference and nothing in it; NULL: no memory. */
struct fr_vk_device *fr_vk_device_make(void);
struct fr_vk_device *fr_vk_device_ref(struct fr_vk_device *device);
void fr_vk_device_unref(struct fr_vk_device *device); /* accepts NULL */

/* Around every use of the queue, of command pools that several threads share, and of `submitted`. */
void fr_vk_device_lock(struct fr_vk_device *device);
void fr_vk_device_unlock(struct fr_vk_device *device);
/* A number that no other slot or picture of the device has had; handles come again. */
uint64_t fr_vk_device_serial(struct fr_vk_device *device);
/* Gives a command buffer that the device made its dispatch pointer (a layer's device). */
void fr_vk_device_adopt(struct fr_vk_device *device, void *object);

/* What a failed call means: FR_ERR_DEVICE_LOST (from now on for ever), FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_vk_device_status(struct fr_vk_device *device, VkResult result);
bool fr_vk_device_is_lost(const struct fr_vk_device *device);
/* It does not end what it was given: lost, and whatever it may still use has to stay. */
void fr_vk_device_give_up(struct fr_vk_device *device);
bool fr_vk_device_is_hung(const struct fr_vk_device *device);
/* Says, once for a device, that it is lost. */
void fr_vk_device_log_loss(struct fr_vk_device *device, const fr_log *log);

/* A memory type of these bits with all of `wanted` and, if there is a choice, `preferred`; UINT32_MAX: none.
 */
uint32_t fr_vk_memory_type(const struct fr_vk_device *device, uint32_t bits, VkMemoryPropertyFlags wanted,
                           VkMemoryPropertyFlags preferred);

/* timeout_ns, or what that means on this device. */
uint64_t fr_vk_device_patience(const struct fr_vk_device *device, uint64_t timeout_ns);

/* Waits until `progress` has reached value: FR_OK; FR_TIMEOUT: what was submitted may still be at work, and
 * nothing that it uses may be destroyed; FR_ERR_DEVICE_LOST: it is at work no more. Any thread. */
fr_status fr_vk_device_wait(struct fr_vk_device *device, uint64_t value, uint64_t timeout_ns);

/* The same of `copied`. */
bool fr_vk_device_has_copied(const struct fr_vk_device *device, uint64_t value);
fr_status fr_vk_device_wait_copied(struct fr_vk_device *device, uint64_t value, uint64_t timeout_ns);

/* Both sides are the same device with the same driver. */
bool fr_vk_gpu_equal(const struct fr_gpu *a, const struct fr_gpu *b);

/* ---- device_share.c ---- */

/* A reference to the device on `gpu` that another host has; NULL: there is none that is not lost. */
struct fr_vk_device *fr_vk_device_find(PFN_vkGetInstanceProcAddr get, const struct fr_gpu *gpu);
/* From now on it can be found. */
void fr_vk_device_share(struct fr_vk_device *device);
/* Gives a reference back. True: it was the last, and the device cannot be found any more. */
bool fr_vk_device_leave(struct fr_vk_device *device);

/* ---- device_open.c ---- */

/* Makes the device, its queues and its timelines on a physical one that was chosen. FR_ERR_UNSUPPORTED: it
 * cannot be used, logged. FR_ERR_NO_MEMORY. */
fr_status fr_vk_device_open(struct fr_vk_device *device, const fr_log *log);

/* ---- device_choose.c ---- */

/* An instance of ours with its functions; *instance VK_NULL_HANDLE on failure, logged. */
fr_status fr_vk_instance_create(struct fr_vk_functions *vk, PFN_vkGetInstanceProcAddr get,
                                VkInstance *instance, const fr_log *log);
/* Tries all devices against the wish. FR_ERR_UNSUPPORTED: none fits, logged. */
fr_status fr_vk_device_choose(const struct fr_vk_functions *vk, VkInstance instance,
                              const struct fr_vk_wish *wish, const fr_log *log, VkPhysicalDevice *out);
/* driverUUID, deviceUUID. */
void fr_vk_gpu_of(const struct fr_vk_functions *vk, VkPhysicalDevice physical, struct fr_gpu *out);

/* ---- once.c ---- */

struct fr_vk_once {
    void (*record)(const void *what, VkCommandBuffer command);
    const void *what;
};

/* Under the lock, on a host's device. *pool: to be destroyed when progress has reached *value. On failure
 * there is none, and *value is what it was. */
VkResult fr_vk_submit_once(struct fr_vk_device *device, const struct fr_vk_once *once, VkCommandPool *pool,
                           uint64_t *value);

/* ---- device_query.c ---- */

bool fr_vk_device_has(const struct fr_vk_device *device, const char *extension);
/* Fills all that is known of a physical device: name to max_allocation_bytes, and with `extension` and
 * `timeline` filled in, the ways of sharing. */
void fr_vk_device_query(struct fr_vk_device *device);
void fr_vk_device_query_ways(struct fr_vk_device *device);
/* The DRM modifiers that the device lists for a format, and their planes; how many. */
enum { FR_VK_MODIFIERS_LISTED_MAX = 64 };
uint32_t fr_vk_device_modifiers(const struct fr_vk_device *device, fr_format format,
                                VkDrmFormatModifierPropertiesEXT list[FR_VK_MODIFIERS_LISTED_MAX]);

#endif
