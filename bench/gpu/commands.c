/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "gpu.h"

#include "stats.h"

void gpu_kernel_create(struct gpu *gpu, const struct gpu_code *code, const uint32_t *spec, uint32_t num_spec,
                       struct gpu_kernel *out)
{
    const VkShaderModuleCreateInfo module = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = code->bytes, .pCode = code->words};
    gpu_must(gpu->vk.CreateShaderModule(gpu->device, &module, NULL, &out->module), "vkCreateShaderModule");
    VkSpecializationMapEntry entries[8];
    for (uint32_t i = 0; i < num_spec; i++)
        entries[i] = (VkSpecializationMapEntry){i, 4 * i, 4};
    const VkSpecializationInfo special = {
        .mapEntryCount = num_spec, .pMapEntries = entries, .dataSize = 4 * num_spec, .pData = spec};
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = out->module,
                  .pName = "main",
                  .pSpecializationInfo = &special},
        .layout = gpu->layout};
    gpu_must(gpu->vk.CreateComputePipelines(gpu->device, VK_NULL_HANDLE, 1, &info, NULL, &out->pipeline),
             "vkCreateComputePipelines");
}

void gpu_kernel_destroy(struct gpu *gpu, struct gpu_kernel *kernel)
{
    gpu->vk.DestroyPipeline(gpu->device, kernel->pipeline, NULL);
    gpu->vk.DestroyShaderModule(gpu->device, kernel->module, NULL);
    *kernel = (struct gpu_kernel){0};
}

VkDescriptorSet gpu_set(struct gpu *gpu, const struct gpu_bindings *bindings)
{
    VkDescriptorSet set;
    const VkDescriptorSetAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                              .descriptorPool = gpu->sets,
                                              .descriptorSetCount = 1,
                                              .pSetLayouts = &gpu->set_layout};
    gpu_must(gpu->vk.AllocateDescriptorSets(gpu->device, &info, &set), "vkAllocateDescriptorSets");
    VkDescriptorBufferInfo buffer[2];
    VkDescriptorImageInfo image[3];
    VkWriteDescriptorSet writes[GPU_BINDINGS];
    for (uint32_t i = 0; i < GPU_BINDINGS; i++) {
        writes[i] = (VkWriteDescriptorSet){.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                           .dstSet = set,
                                           .dstBinding = i,
                                           .descriptorCount = 1,
                                           .descriptorType = gpu_binding_types[i]};
        if (i < 2) {
            const struct gpu_buffer *const from =
                bindings->buffer[i] ? bindings->buffer[i] : &gpu->blank_buffer;
            buffer[i] = (VkDescriptorBufferInfo){from->buffer, 0, VK_WHOLE_SIZE};
            writes[i].pBufferInfo = &buffer[i];
        } else {
            const struct gpu_image *const from =
                bindings->image[i - 2] ? bindings->image[i - 2] : &gpu->blank_image;
            image[i - 2] = (VkDescriptorImageInfo){gpu->sampler, from->view, VK_IMAGE_LAYOUT_GENERAL};
            writes[i].pImageInfo = &image[i - 2];
        }
    }
    gpu->vk.UpdateDescriptorSets(gpu->device, GPU_BINDINGS, writes, 0, NULL);
    return set;
}

void gpu_set_free(struct gpu *gpu, VkDescriptorSet set)
{
    gpu->vk.FreeDescriptorSets(gpu->device, gpu->sets, 1, &set);
}

void gpu_record(struct gpu *gpu, VkCommandBuffer commands, const struct gpu_work *work)
{
    gpu->vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, work->kernel->pipeline);
    gpu->vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, gpu->layout, 0, 1, &work->set, 0,
                                  NULL);
    if (work->push_words)
        gpu->vk.CmdPushConstants(commands, gpu->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 4 * work->push_words,
                                 work->push);
    gpu->vk.CmdDispatch(commands, work->groups[0], work->groups[1], 1);
}

void gpu_barrier(struct gpu *gpu, VkCommandBuffer commands)
{
    const VkMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                                     .srcAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
                                     .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT};
    gpu->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                               VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                               &barrier, 0, NULL, 0, NULL);
}

VkCommandBuffer gpu_begin(struct gpu *gpu, VkCommandBufferUsageFlags usage)
{
    VkCommandBuffer commands;
    const VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = gpu->pool,
                                              .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                              .commandBufferCount = 1};
    gpu_must(gpu->vk.AllocateCommandBuffers(gpu->device, &info, &commands), "vkAllocateCommandBuffers");
    const VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                            .flags = usage};
    gpu_must(gpu->vk.BeginCommandBuffer(commands, &begin), "vkBeginCommandBuffer");
    return commands;
}

void gpu_end(struct gpu *gpu, VkCommandBuffer commands)
{
    gpu_must(gpu->vk.EndCommandBuffer(commands), "vkEndCommandBuffer");
}

void gpu_submit(struct gpu *gpu, VkCommandBuffer commands)
{
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &commands};
    gpu_must(gpu->vk.QueueSubmit(gpu->queue[0], 1, &submit, gpu->fence), "vkQueueSubmit");
    gpu_must(gpu->vk.WaitForFences(gpu->device, 1, &gpu->fence, VK_TRUE, UINT64_MAX), "vkWaitForFences");
    gpu_must(gpu->vk.ResetFences(gpu->device, 1, &gpu->fence), "vkResetFences");
}

void gpu_run(struct gpu *gpu, VkCommandBuffer commands)
{
    gpu_end(gpu, commands);
    gpu_submit(gpu, commands);
    gpu->vk.FreeCommandBuffers(gpu->device, gpu->pool, 1, &commands);
}

VkSemaphore gpu_timeline(struct gpu *gpu, bool exported)
{
    const VkExportSemaphoreCreateInfo export = {.sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO,
                                                .handleTypes =
                                                    VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT};
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .pNext = exported ? &export : NULL,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    VkSemaphore semaphore;
    gpu_must(gpu->vk.CreateSemaphore(gpu->device, &info, NULL, &semaphore), "vkCreateSemaphore");
    return semaphore;
}

int gpu_timeline_export(struct gpu *gpu, VkSemaphore semaphore)
{
    const VkSemaphoreGetFdInfoKHR info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR,
                                          .semaphore = semaphore,
                                          .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT};
    int fd = -1;
    gpu_must(gpu->vk.GetSemaphoreFdKHR(gpu->device, &info, &fd), "vkGetSemaphoreFdKHR");
    return fd;
}

void gpu_timeline_import(struct gpu *gpu, VkSemaphore semaphore, int fd)
{
    const VkImportSemaphoreFdInfoKHR info = {.sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
                                             .semaphore = semaphore,
                                             .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT,
                                             .fd = fd};
    gpu_must(gpu->vk.ImportSemaphoreFdKHR(gpu->device, &info), "vkImportSemaphoreFdKHR");
}

static void record_measure(struct gpu *gpu, VkCommandBuffer commands, VkQueryPool pool, gpu_record_fn record,
                           void *user, uint32_t repeats)
{
    const VkPipelineStageFlagBits end = VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT;
    gpu->vk.CmdResetQueryPool(commands, pool, 0, 2 * repeats + 2);
    for (uint32_t i = 0; i < repeats; i++) {
        gpu_barrier(gpu, commands);
        gpu->vk.CmdWriteTimestamp(commands, end, pool, 2 * i);
        record(gpu, commands, i, user);
        gpu->vk.CmdWriteTimestamp(commands, end, pool, 2 * i + 1);
    }
    gpu_barrier(gpu, commands);
    gpu->vk.CmdWriteTimestamp(commands, end, pool, 2 * repeats);
    for (uint32_t i = 0; i < repeats; i++)
        record(gpu, commands, repeats + i, user);
    gpu->vk.CmdWriteTimestamp(commands, end, pool, 2 * repeats + 1);
}

void gpu_measure(struct gpu *gpu, gpu_record_fn record, void *user, uint32_t repeats, struct gpu_times *out)
{
    uint64_t ticks[2 * GPU_REPEATS_MAX + 2];
    double alone[GPU_REPEATS_MAX];
    const double us = (double)gpu->props.limits.timestampPeriod / 1e3;
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = 2 * repeats + 2};
    VkQueryPool pool;
    gpu_must(gpu->vk.CreateQueryPool(gpu->device, &info, NULL, &pool), "vkCreateQueryPool");
    const VkCommandBuffer commands = gpu_begin(gpu, 0);
    record_measure(gpu, commands, pool, record, user, repeats);
    gpu_end(gpu, commands);
    gpu_warm(gpu);
    gpu_submit(gpu, commands);
    gpu_submit(gpu, commands);
    const double clock = gpu_clock(gpu);
    gpu_must(gpu->vk.GetQueryPoolResults(gpu->device, pool, 0, 2 * repeats + 2, sizeof ticks, ticks, 8,
                                         VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
             "vkGetQueryPoolResults");
    for (uint32_t i = 0; i < repeats; i++)
        alone[i] = (double)(ticks[2 * i + 1] - ticks[2 * i]) * us;
    stats_sort(alone, repeats);
    *out = (struct gpu_times){.alone_us = stats_at(alone, repeats, 0.5),
                              .best_us = alone[0],
                              .clock = clock,
                              .stream_us = (double)(ticks[2 * repeats + 1] - ticks[2 * repeats]) * us /
                                           (double)repeats};
    gpu->vk.FreeCommandBuffers(gpu->device, gpu->pool, 1, &commands);
    gpu->vk.DestroyQueryPool(gpu->device, pool, NULL);
}
