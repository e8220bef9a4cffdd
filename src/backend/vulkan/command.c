/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/command.h"

static VkResult make_command(struct fr_vk_commands *commands, struct fr_vk_command *command)
{
    struct fr_vk_device *device = commands->device;
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = commands->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    VkResult result = device->vk.AllocateCommandBuffers(device->device, &info, &command->buffer);
    if (result != VK_SUCCESS) {
        command->buffer = VK_NULL_HANDLE;
        return result;
    }
    fr_vk_device_adopt(device, command->buffer);
    result = device->vk.CreateFence(device->device, &fence, NULL, &command->fence);
    if (result != VK_SUCCESS)
        command->fence = VK_NULL_HANDLE;
    return result;
}

VkResult fr_vk_commands_init(struct fr_vk_commands *commands, struct fr_vk_device *device)
{
    const VkCommandPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = device->family,
    };
    *commands = (struct fr_vk_commands){.device = device};
    VkResult result = device->vk.CreateCommandPool(device->device, &info, NULL, &commands->pool);
    if (result != VK_SUCCESS)
        commands->pool = VK_NULL_HANDLE;
    for (uint32_t i = 0; i < FR_VK_COMMANDS && result == VK_SUCCESS; i++)
        result = make_command(commands, &commands->command[i]);
    if (result != VK_SUCCESS)
        fr_vk_commands_finish(commands);
    return result;
}

void fr_vk_commands_finish(struct fr_vk_commands *commands)
{
    const struct fr_vk_device *device = commands->device;
    for (uint32_t i = 0; i < FR_VK_COMMANDS; i++)
        if (commands->command[i].fence)
            device->vk.DestroyFence(device->device, commands->command[i].fence, NULL);
    if (commands->pool)
        device->vk.DestroyCommandPool(device->device, commands->pool, NULL);
    *commands = (struct fr_vk_commands){.device = NULL};
}

VkResult fr_vk_command_wait(struct fr_vk_commands *commands, struct fr_vk_command *command,
                            uint64_t timeout_ns)
{
    struct fr_vk_device *device = commands->device;
    if (!command->pending)
        return VK_SUCCESS;
    const VkResult result = device->vk.WaitForFences(device->device, 1, &command->fence, VK_TRUE,
                                                     fr_vk_device_patience(device, timeout_ns));
    command->pending = result != VK_SUCCESS;
    return result;
}

static bool does(const struct fr_vk_command *command, const struct fr_vk_task *task)
{
    return task->image && !command->recording && command->task.image == task->image &&
           command->task.slot == task->slot && command->task.layout == task->layout;
}

static struct fr_vk_command *choose(struct fr_vk_commands *commands, const struct fr_vk_task *task)
{
    for (uint32_t i = 0; i < FR_VK_COMMANDS; i++)
        if (does(&commands->command[i], task))
            return &commands->command[i];
    return &commands->command[commands->next];
}

static VkResult begin(const struct fr_vk_device *device, struct fr_vk_command *command,
                      const struct fr_vk_task *task)
{
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = task->image ? 0 : VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    /* What was not submitted after all. */
    VkResult result = command->recording ? device->vk.ResetCommandBuffer(command->buffer, 0) : VK_SUCCESS;
    if (result != VK_SUCCESS)
        return result;
    result = device->vk.BeginCommandBuffer(command->buffer, &begin);
    command->recording = true;
    command->task = *task;
    return result;
}

VkResult fr_vk_command_begin_task(struct fr_vk_commands *commands, const struct fr_vk_task *task,
                                  struct fr_vk_command **out, bool *again)
{
    const struct fr_vk_device *device = commands->device;
    struct fr_vk_command *command = choose(commands, task);
    *again = does(command, task);
    *out = command;
    VkResult result = fr_vk_command_wait(commands, command, FR_VK_GPU_WAIT_NS);
    if (result == VK_TIMEOUT)
        return VK_NOT_READY;
    if (result == VK_SUCCESS)
        result = device->vk.ResetFences(device->device, 1, &command->fence);
    return result == VK_SUCCESS && !*again ? begin(device, command, task) : result;
}

VkResult fr_vk_command_begin(struct fr_vk_commands *commands, struct fr_vk_command **out)
{
    const struct fr_vk_task none = {0};
    bool again;
    return fr_vk_command_begin_task(commands, &none, out, &again);
}

VkResult fr_vk_command_submit(struct fr_vk_commands *commands, struct fr_vk_command *command,
                              const struct fr_vk_submission *submission)
{
    struct fr_vk_device *device = commands->device;
    VkSemaphore wait[FR_VK_WAITS_MAX], signal[2];
    VkPipelineStageFlags stage[FR_VK_WAITS_MAX];
    uint64_t signal_value[2], wait_value[FR_VK_WAITS_MAX] = {0};
    uint32_t num_signal = 0;
    VkResult result = command->recording ? device->vk.EndCommandBuffer(command->buffer) : VK_SUCCESS;
    if (result != VK_SUCCESS)
        return result;
    command->recording = false;
    for (uint32_t i = 0; i < submission->num_wait; i++) {
        wait[i] = (VkSemaphore)(uintptr_t)submission->wait[i];
        stage[i] = submission->wait_stage ? submission->wait_stage
                                          : (VkPipelineStageFlags)VK_PIPELINE_STAGE_TRANSFER_BIT;
    }
    if (submission->signal) {
        signal_value[num_signal] = 0;
        signal[num_signal++] = submission->signal;
    }
    if (submission->shared) {
        signal_value[num_signal] = submission->shared_value;
        signal[num_signal++] = submission->shared;
    }
    const VkTimelineSemaphoreSubmitInfo values = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = submission->num_wait,
        .pWaitSemaphoreValues = wait_value,
        .signalSemaphoreValueCount = num_signal,
        .pSignalSemaphoreValues = signal_value,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = submission->shared_value ? &values : NULL,
        .waitSemaphoreCount = submission->num_wait,
        .pWaitSemaphores = wait,
        .pWaitDstStageMask = stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &command->buffer,
        .signalSemaphoreCount = num_signal,
        .pSignalSemaphores = signal,
    };
    fr_vk_device_lock(device);
    result = device->vk.QueueSubmit(device->queue, 1, &info, command->fence);
    fr_vk_device_unlock(device);
    command->pending = result == VK_SUCCESS;
    if (result == VK_SUCCESS && command == &commands->command[commands->next])
        commands->next = (commands->next + 1) % FR_VK_COMMANDS;
    return result;
}

bool fr_vk_commands_settle(struct fr_vk_commands *commands)
{
    bool done = true;
    for (uint32_t i = 0; i < FR_VK_COMMANDS; i++)
        done = fr_vk_command_wait(commands, &commands->command[i], FR_VK_GPU_WAIT_NS) != VK_TIMEOUT && done;
    return done;
}
