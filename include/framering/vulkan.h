/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_VULKAN_H
#define FRAMERING_VULKAN_H

/*
 * Vulkan, Linux. Stands alone: no Vulkan header is needed to include it, and every other header of framering
 * works without it. Dispatchable handles are their pointers; other handles are given as the 64 bits that they
 * are made of, (uint64_t)(uintptr_t)image where they are pointers.
 *
 * The loader (libvulkan.so.1) is opened at run time: where there is none, rings lie in shared memory.
 *
 * Threads: as in source.h and capture.h. A queue that is handed to framering is used on the thread that
 * calls, between `lock` and `unlock` where they are given.
 */

#include <framering/frame.h>
#include <framering/source.h>

#ifdef __cplusplus
extern "C" {
#endif

struct VkInstance_T;
struct VkPhysicalDevice_T;
struct VkDevice_T;
struct VkQueue_T;

enum { FR_VULKAN_UUID_BYTES = 16 };

/* Which device a host's ring lies on. All zero: the source's own where it names one, else the first GPU. */
typedef struct fr_vulkan_host_params {
    const char *device;  /* a part of the device's name, case-insensitive ("NVIDIA"), or its deviceUUID in
                            hexadecimal; NULL: none named. A named device may be of type CPU, others are not */
    bool no_opaque_fd;   /* never share by OPAQUE_FD */
    bool no_dma_buf;     /* never share by DMA-BUF */
    bool no_timeline;    /* never share timeline semaphores */
    bool no_sync_file;   /* never attach fences to DMA-BUFs. Without this and the one above the source waits
                            for its GPU before it publishes */
    bool no_host_memory; /* never import shared memory: what a source draws there is uploaded */
} fr_vulkan_host_params;

/* How rings can be shared on one device, for `framering probe` and for people who look for a reason. */
typedef struct fr_vulkan_device_info {
    char name[256];
    char driver[512]; /* its name and version; "" where it does not say */
    char type[16];    /* "discrete", "integrated", "virtual", "cpu", "other" */
    char version[16]; /* of Vulkan */
    uint8_t device_uuid[FR_VULKAN_UUID_BYTES], driver_uuid[FR_VULKAN_UUID_BYTES];
    char fault[128];       /* why no host can use it; "" = one can */
    char opaque_fd[128];   /* why images are not shared as OPAQUE_FD; "" = they are */
    char dma_buf[128];     /* ... as DMA-BUF */
    char foreign[128];     /* ... as DMA-BUF with other devices and drivers */
    char timeline[128];    /* ... why timeline semaphores are not shared */
    char sync_file[128];   /* ... why fences are not attached to DMA-BUFs */
    char host_memory[128]; /* ... why shared memory is not imported, but uploaded */
    bool by_default;       /* a host takes it where none is named and the source names none */
    bool high_priority;    /* the host's work goes before that of other programs */
    char way[128];         /* how a ring is shared with a source on the same device */
} fr_vulkan_device_info;

/* Looks at every device of this machine; makes a device on each, which may take a second. Fills at most `max`
 * elements and sets *count to how many there are. FR_ERR_UNSUPPORTED: no Vulkan here, `log` says why. */
FR_API fr_status fr_vulkan_probe(fr_vulkan_device_info *out, size_t max, size_t *count, const fr_log *log);

/* A picture on a GPU. Every handle is borrowed: valid until the frame is released. */
typedef struct fr_vulkan_picture {
    struct VkInstance_T *instance;
    struct VkPhysicalDevice_T *physical_device;
    struct VkDevice_T *device;
    void *get_instance_proc_addr;  /* PFN_vkGetInstanceProcAddr */
    const char *const *extensions; /* of the device, that are on */
    uint32_t num_extensions;
    uint32_t queue_family; /* that owns the images; the device has its queue 0 alone */
    uint64_t image[2];     /* VkImage, linear: R8 and RG8 (NV12), or R16 and RG16 (P010); 0 = there is none */
    uint32_t layout[2];    /* VkImageLayout: GENERAL, or what fr_frame_vulkan_left said */
    uint64_t buffer;       /* VkBuffer over the same bytes */
    uint64_t memory;       /* VkDeviceMemory of both */
    /* Of the planes in it. Where both pitches are one, plane 1 begins an even number of rows after plane 0.
     */
    uint64_t offset_bytes[2], pitch_bytes[2];
    uint64_t bytes; /* of the memory */
    uint64_t
        semaphore; /* VkSemaphore, timeline: reaches `value` when the pixels are complete. Never signal it */
    uint64_t value;
    uint32_t id; /* of the memory: none of the next 4 billion pictures of this process has it */
    uint8_t device_uuid[FR_VULKAN_UUID_BYTES];
    uint32_t render_node; /* of the device: 128 is /dev/dri/renderD128; 0: the driver does not say */
    /* What this library takes for a device that hangs: a second, or 30 on one of type CPU, whose work
     * competes with everybody's. */
    uint64_t patience_ns;
} fr_vulkan_picture;

/* The picture of a frame: FR_OK, or FR_ERR_UNSUPPORTED when the frame lies in memory (*out is zeroed). Any
 * thread. */
FR_API fr_status fr_frame_vulkan(const fr_frame *frame, fr_vulkan_picture *out);

/* Until the pixels are complete, at most fr_vulkan_picture's patience_ns. FR_ERR_UNSUPPORTED: a frame in
 * memory; FR_TIMEOUT; FR_ERR_DEVICE_LOST. Any thread. */
FR_API fr_status fr_frame_vulkan_wait(const fr_frame *frame);

/* For who left the images in other layouts: all that it submitted is over. `layout`: two VkImageLayouts, not
 * UNDEFINED. FR_ERR_UNSUPPORTED: a frame in memory; FR_ERR_ARGUMENT. Any thread. */
FR_API fr_status fr_frame_vulkan_left(const fr_frame *frame, const uint32_t layout[2]);

/* A device that stays where it is when its frames and captures are gone, for objects that were made on it. */
typedef struct fr_vulkan_device fr_vulkan_device;

/* The device of a frame's picture, to be released. FR_ERR_UNSUPPORTED: a frame in memory (*out is NULL). Any
 * thread. */
FR_API fr_status fr_frame_vulkan_device(const fr_frame *frame, fr_vulkan_device **out);
/* Sets *device NULL; accepts NULL. What was made on it is gone. Any thread. */
FR_API void fr_vulkan_device_release(fr_vulkan_device **device);
/* Around every use of its queue, which captures use too. Briefly: they wait. */
FR_API void fr_vulkan_device_lock(fr_vulkan_device *device);
FR_API void fr_vulkan_device_unlock(fr_vulkan_device *device);

/* How a picture's memory is handed to another API. */
typedef enum fr_vulkan_handle_kind {
    FR_VULKAN_HANDLE_OPAQUE_FD = 1,
    FR_VULKAN_HANDLE_DMA_BUF = 2
} fr_vulkan_handle_kind;

/* A new descriptor of the picture's memory, the caller's. The pixels are complete (waits for the GPU, at most
 * patience_ns), and released to whoever imports them, as those of every later frame in the same memory are:
 * to VK_QUEUE_FAMILY_FOREIGN_EXT where it can be a DMA-BUF and the device has VK_EXT_queue_family_foreign,
 * else to _EXTERNAL. Who uses the picture's images or buffer too takes them over from there.
 * FR_ERR_UNSUPPORTED: not on this device, or a frame in memory; FR_TIMEOUT; FR_ERR_DEVICE_LOST. Any thread.
 */
FR_API fr_status fr_frame_vulkan_export(const fr_frame *frame, fr_vulkan_handle_kind kind, int *out);

/* The device that a source renders with; all of it outlives the source. */
typedef struct fr_vulkan_source_params {
    struct VkInstance_T *instance;
    struct VkPhysicalDevice_T *physical_device;
    struct VkDevice_T *device;
    struct VkQueue_T *queue; /* graphics or compute; copies are submitted to it */
    uint32_t queue_family;
    void *get_instance_proc_addr;  /* PFN_vkGetInstanceProcAddr; NULL: the loader's */
    void *get_device_proc_addr;    /* PFN_vkGetDeviceProcAddr; NULL: the instance's */
    uint32_t api_version;          /* that the instance was made for; 0 = 1.1 */
    const char *const *extensions; /* that the device was made with: what is not named is not used */
    uint32_t num_extensions;
    bool timeline_semaphores;                /* the feature is on */
    bool storage_image_write_without_format; /* shaderStorageImageWriteWithoutFormat is on */
    void (*lock)(void *user);                /* around every use of the queue; both may be NULL */
    void (*unlock)(void *user);
    /* For a layer: gives a dispatchable object that the library made its dispatch pointer
     * (PFN_vkSetDeviceLoaderData). NULL: the loader does that. */
    void (*adopt)(void *user, void *object);
    void *user;
    uint32_t acquire_wait_ms; /* the longest wait for a slot that the host still reads; 0 = none */
} fr_vulkan_source_params;

/* The device extensions that a source's device should have where they are there. Static; NULL ends the list.
 * Any thread. */
FR_API const char *const *fr_vulkan_source_extensions(void);

/* An image of the source's device that is to be pushed. */
typedef struct fr_vulkan_image {
    uint64_t image;         /* VkImage with TRANSFER_SRC usage, one sample, first mip level and layer */
    uint32_t format;        /* VkFormat: B8G8R8A8_UNORM/_SRGB, R8G8B8A8_UNORM/_SRGB, A2B10G10R10_UNORM_PACK32,
                               R16G16B16A16_SFLOAT */
    uint32_t width, height; /* pixels */
    uint32_t layout;        /* VkImageLayout that it is in, and will be left in */
    const uint64_t
        *wait; /* VkSemaphore, binary: the copy waits for them; used on FR_OK and FR_TIMEOUT only */
    uint32_t num_wait;
    uint64_t signal; /* VkSemaphore, binary: signalled when the copy is done; 0 = none; likewise */
    bool sampled;    /* it has SAMPLED usage: on a queue that also draws, and with
                        storage_image_write_without_format, a shader copies it, which can be much faster */
    uint64_t number; /* the program's own for the image: what was recorded to copy it is used again for as
                        long as it has this number, which no other image of the source has had; 0 = it is
                        recorded for each frame */
} fr_vulkan_image;

/* The ring format of a VkFormat; FR_FORMAT_NONE: no ring has it. Any thread. */
FR_API fr_format fr_vulkan_format(uint32_t vk_format);

/*
 * begin, copy on the GPU, publish in one call. An image whose format or size is not the ring's is dropped
 * and counted as mismatched (logged once per episode): FR_AGAIN. Where the ring lies in shared memory (the
 * host has no way to share images with this device) the pixels are read back. Where both sides share
 * semaphores, or attach fences to DMA-BUFs, it returns once the copy is submitted, else once it is done.
 * FR_OK: the copy was submitted, so that `wait` and `signal` are in use; a frame that is lost after that
 * (the ring went stale) is one that the host never took. FR_TIMEOUT: the same, but the GPU took longer
 * than a second (30 on a device of type CPU), and the frame is dropped. FR_ERR_UNSUPPORTED: the source was
 * opened without a device; FR_ERR_DEVICE_LOST; else as fr_source_publish.
 */
FR_API fr_status fr_source_push_vulkan(fr_source *source, const fr_vulkan_image *image,
                                       const fr_publish_info *info);

/*
 * A claimed slot, for a program that submits its own work, between fr_source_begin and fr_source_publish. The
 * work takes the image over from `queue_family` (old layout UNDEFINED, or GENERAL to keep what is there) and
 * gives it back to it in layout GENERAL. Its last submission signals `ready` with `ready_value`;
 * it is submitted before fr_source_publish. Without `ready` it is done before fr_source_publish.
 *
 * The values are signalled in the order of the frames, and work on an image comes after the work that was
 * submitted for that image before. A program that uses more than one queue, or pushes images too, sees to
 * that.
 *
 * Once fr_source_publish was called, whatever it returned, image and `ready` stay until `ready` has reached
 * the value: where the library lets go of them (in fr_source_poll, _publish, _push_vulkan and _close) it
 * waits for that, at most a second (30 on a device of type CPU). Work that is not over by then keeps them,
 * and their memory, for as long as the device lives. A slot that is not published (fr_source_cancel, or
 * fr_source_close before fr_source_publish) has no such work: nothing was submitted for it, or that is over.
 */
typedef struct fr_vulkan_slot {
    uint64_t image;         /* VkImage: TRANSFER_DST, COLOR_ATTACHMENT and SAMPLED usage */
    bool storage;           /* and STORAGE usage */
    uint32_t format;        /* VkFormat */
    uint32_t width, height; /* pixels */
    uint32_t queue_family;  /* VK_QUEUE_FAMILY_EXTERNAL; _FOREIGN_EXT where the host's device or driver is
                               another one */
    uint64_t ready;         /* VkSemaphore, timeline; 0 = none */
    uint64_t ready_value;
} fr_vulkan_slot;

/* The handles are borrowed: valid until publish or cancel. FR_OK; FR_ERR_UNSUPPORTED: `slot` lies in memory,
 * see slot->pixels; FR_ERR_ARGUMENT: no begin. */
FR_API fr_status fr_source_vulkan_slot(const fr_source *source, const fr_slot *slot, fr_vulkan_slot *out);

#ifdef __cplusplus
}
#endif
#endif
