/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_SOURCE_H
#define FR_BACKEND_VULKAN_SOURCE_H

#include "backend/vulkan/copier.h"
#include "backend/vulkan/memory.h"
#include "backend/vulkan/sync.h"
#include "backend/vulkan/sync_file.h"
#include "backend/vulkan/vulkan.h"

/* A slot in a shared memory that the device can write to. */
struct fr_vk_window {
    size_t offset; /* of the slot in the memory */
    size_t inset;  /* of the slot in the buffer */
    struct fr_vk_buffer buffer;
};

/* The shared memory that read-backs go to: our own mapping, since it has to outlive its imports. */
struct fr_vk_shore {
    uint64_t device, inode; /* of the file */
    uint8_t *ptr;           /* NULL: none */
    size_t bytes;           /* mapped */
    bool refused;           /* this memory cannot be imported */
    struct fr_vk_window window[FR_WIRE_SLOTS_MAX];
    uint32_t num_windows;
};

struct fr_vk_source {
    struct fr_vk_device *device;
    fr_log log;
    struct fr_vk_commands commands;
    struct fr_vk_copier copier;
    struct fr_vk_buffer staging; /* for read-back where the memory cannot be imported */
    struct fr_vk_shore shore;
};

struct fr_vk_source_slot {
    struct fr_vk_image image;
    uint64_t serial;               /* fr_vk_device_serial */
    VkImageView storage;           /* made by the first copy that a shader makes */
    uint64_t ready_value;          /* FENCE: of the frame that is drawn */
    bool signalled;                /* FENCE, FILE: a submission will signal that, or `filled` */
    bool handed_out;               /* the program does */
    struct fr_vk_command *pending; /* STATES, FILE: what fills it, and was not handed on */
    VkSemaphore filled;            /* FILE */
    int fd;                        /* FILE: its memory; else -1 */
    bool broken;                   /* FILE: what state `filled` is in is not known */
};

struct fr_vk_source_ring {
    struct fr_vk_source *source;
    uint32_t ring_len, width, height;
    fr_format format;
    uint32_t sync_kind;
    uint32_t outside;        /* fr_vk_outside_family */
    VkImageUsageFlags usage; /* of the images */
    struct fr_vk_source_slot slot[FR_WIRE_SLOTS_MAX];
    VkSemaphore ready, retire;
    uint64_t written;   /* the highest value that a slot was given for the ready semaphore */
    uint64_t submitted; /* ... and that a submission of ours signals */
    uint64_t drawn;     /* ... and that the program's own work does, of a frame that it published */
    uint64_t retired;   /* what the retire semaphore was seen to have reached */
    bool failed;        /* said once: what failed may do so with every frame */
};

/* A slot's image is taken over from and given back to whoever else has it; `commands` in between writes it.
 */
void fr_vk_slot_acquire(const struct fr_vk_source_ring *ring, VkCommandBuffer commands, uint32_t index);
void fr_vk_slot_release(const struct fr_vk_source_ring *ring, VkCommandBuffer commands, uint32_t index);

/* Submits what fills a slot, in `stage`, from `image` (NULL: no program's image); the slot's end says when it
 * is done. */
VkResult fr_vk_slot_submit(struct fr_vk_source_ring *ring, uint32_t index, struct fr_vk_command *command,
                           const fr_vulkan_image *image, VkPipelineStageFlags stage);

/* A buffer over the slot's memory and where in it the slot begins; NULL: it cannot be imported. */
const struct fr_vk_window *fr_vk_shore_window(struct fr_vk_source *source, const fr_slot *slot);
/* Nothing under way uses it. */
void fr_vk_shore_leave(struct fr_vk_source *source);

#endif
