/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_COMMAND_H
#define FR_BACKEND_VULKAN_COMMAND_H

/* A few command buffers of a source, each with a fence that says when it can be used again. One thread. */

#include "backend/vulkan/device.h"

/* As many as there are pairs of four images and four slots: what was recorded for a pair stays. */
enum { FR_VK_COMMANDS = 16, FR_VK_WAITS_MAX = 16 };

/* What a command does, so that it can be told whether it can be submitted again. */
struct fr_vk_task {
    uint64_t image;  /* the program's number; 0: it cannot */
    uint64_t slot;   /* fr_vk_device_serial */
    uint32_t layout; /* of the image */
};

struct fr_vk_command {
    VkCommandBuffer buffer;
    VkFence fence;
    bool pending;   /* submitted, and not seen to be done */
    bool recording; /* begun, and not ended */
    struct fr_vk_task task;
    VkPipelineStageFlags stage; /* for whom began it */
};

struct fr_vk_commands {
    struct fr_vk_device *device; /* borrowed */
    VkCommandPool pool;
    struct fr_vk_command command[FR_VK_COMMANDS];
    uint32_t next;
};

/* What a submission waits for and signals beside its fence. */
struct fr_vk_submission {
    const uint64_t *wait;            /* binary semaphores */
    uint32_t num_wait;               /* at most FR_VK_WAITS_MAX */
    VkPipelineStageFlags wait_stage; /* what waits; 0 = transfers */
    VkSemaphore signal;              /* binary; VK_NULL_HANDLE: none */
    VkSemaphore shared;              /* likewise, or a timeline's */
    uint64_t shared_value;           /* what that reaches; 0: it is binary */
};

/* Nothing is left on failure. */
VkResult fr_vk_commands_init(struct fr_vk_commands *commands, struct fr_vk_device *device);
/* All of them are done. */
void fr_vk_commands_finish(struct fr_vk_commands *commands);

/* The next one, begun; waits for its last use at most FR_VK_GPU_WAIT_NS: VK_NOT_READY. */
VkResult fr_vk_command_begin(struct fr_vk_commands *commands, struct fr_vk_command **out);
/* The same, but one that has been recorded for `task`, where there is one: then *again is true, and there is
 * nothing to record. */
VkResult fr_vk_command_begin_task(struct fr_vk_commands *commands, const struct fr_vk_task *task,
                                  struct fr_vk_command **out, bool *again);
VkResult fr_vk_command_submit(struct fr_vk_commands *commands, struct fr_vk_command *command,
                              const struct fr_vk_submission *submission);
/* VK_TIMEOUT: not done within timeout_ns. */
VkResult fr_vk_command_wait(struct fr_vk_commands *commands, struct fr_vk_command *command,
                            uint64_t timeout_ns);
/* False: something is still under way after FR_VK_GPU_WAIT_NS. */
bool fr_vk_commands_settle(struct fr_vk_commands *commands);

#endif
