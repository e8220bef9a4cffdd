/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_RING_H
#define FR_BACKEND_VULKAN_RING_H

/* The slots of one generation, on the host's side: images, or one shared memory. */

#include "backend/vulkan/convert.h"
#include "backend/vulkan/memory.h"
#include "backend/vulkan/sync.h"
#include "backend/vulkan/sync_file.h"

/* How a ring is shared and kept in step. */
struct fr_vk_plan {
    enum fr_slots_kind kind;
    uint32_t sync_kind;
    uint32_t outside;              /* images: fr_vk_outside_family */
    bool import;                   /* MEMORY: the slots are imported, not uploaded */
    VkResult import_result;        /* MEMORY: what became of the import, when the ring was made */
    const char *fault[FR_VK_WAYS]; /* why a way is not for these two, or is not taken: static; "" */
    uint64_t modifier[FR_GPU_MODIFIERS_MAX];
    uint32_t num_modifiers;
};

/* FR_ERR_UNSUPPORTED: the two sides have no way in common that `params` allows. */
fr_status fr_vk_plan_make(struct fr_vk_plan *plan, const struct fr_vk_device *device,
                          const fr_vulkan_host_params *params, uint64_t capabilities,
                          const struct fr_gpu *source);

/* What it is, in words. Static. */
const char *fr_vk_plan_slots(const struct fr_vk_plan *plan);
const char *fr_vk_plan_sync(const struct fr_vk_plan *plan);
/* Of a ring that was made so. */
enum fr_ring_path fr_vk_plan_path(const struct fr_vk_plan *plan);
/* Why it is none of those that would be better; "": it is the best. */
enum { FR_VK_WHY_BYTES = 400 };
void fr_vk_plan_why(const struct fr_vk_plan *plan, char out[FR_VK_WHY_BYTES]);

/* Uploads that may be on their way while the next one is written. */
enum { FR_VK_UPLOADS = 2 };

struct fr_vk_slot {
    struct fr_vk_image image;
    VkImageView view;
    uint64_t serial; /* fr_vk_device_serial */
    int fd;
    struct fr_vk_buffer memory; /* the slot's part of the shared memory, imported */
    uint64_t ready_value;       /* of the frame that is claimed */
    uint64_t retire_value;      /* of the last conversion; 0 = none */
    uint64_t done;              /* what device->progress reaches when that has read the slot */
    /* FR_WIRE_SYNC_FILE: the source's work, put in; our conversion, taken out; and that the latter hangs on
     * the memory. */
    VkSemaphore arrived, left;
    bool attached;
};

struct fr_vk_ring {
    struct fr_vk_device *device;
    struct fr_os os;
    struct fr_ring_shape shape;
    struct fr_vk_plan plan;
    struct fr_vk_slot slot[FR_WIRE_SLOTS_MAX];
    struct fr_gpu_image layout;
    VkSemaphore ready, retire; /* FR_WIRE_SYNC_FENCE */
    int ready_fd, retire_fd;
    uint64_t retired; /* the highest value that the retire semaphore was told to reach */
    uint64_t done;    /* what device->progress reaches when nothing of ours is under way */
    bool broken;      /* a semaphore of a slot is in a state that is not known */

    struct fr_memory memory; /* FR_SLOTS_MEMORY */
    size_t pitch_bytes, slot_bytes;
    struct fr_vk_buffer upload[FR_VK_UPLOADS];
    uint64_t uploaded[FR_VK_UPLOADS]; /* as `done`, of each */
    uint32_t next_upload;
};

/* Nothing is left of a ring that could not be made. *fault: why not, where the device is the reason; "". */
fr_status fr_vk_ring_create(struct fr_vk_ring **out, struct fr_vk_device *device, struct fr_os os,
                            const struct fr_ring_request *request, const struct fr_vk_plan *plan,
                            const char **fault);
/* Waits for what it has under way, at most FR_VK_GPU_WAIT_NS: then it is left as it is. */
void fr_vk_ring_destroy(struct fr_vk_ring *ring, const fr_log *log); /* accepts NULL */
void fr_vk_ring_describe(const struct fr_vk_ring *ring, struct fr_delivery *out);

enum fr_claim fr_vk_ring_claim(struct fr_vk_ring *ring, struct fr_ring_host *words, fr_token token,
                               uint64_t timeout_ns, const fr_log *log);
enum fr_claim fr_vk_ring_release(struct fr_vk_ring *ring, struct fr_ring_host *words, fr_token token,
                                 const fr_log *log);
/* What the converter is to read of a slot that is claimed, and what came of it. */
fr_status fr_vk_ring_input(struct fr_vk_ring *ring, uint32_t slot, struct fr_vk_input *out);
void fr_vk_ring_converted(struct fr_vk_ring *ring, uint32_t slot, uint64_t done, const fr_log *log);

/* ---- ring_memory.c ---- */

fr_status fr_vk_ring_memory_create(struct fr_vk_ring *ring, const struct fr_ring_request *request,
                                   const char **fault);
void fr_vk_ring_memory_destroy(struct fr_vk_ring *ring);
void fr_vk_ring_memory_describe(const struct fr_vk_ring *ring, struct fr_delivery *out);
fr_status fr_vk_ring_memory_input(struct fr_vk_ring *ring, uint32_t slot, struct fr_vk_input *out);

#endif
