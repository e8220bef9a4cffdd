/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The best compute copy, measured as the conversions are. */
#include "convert_rig.h"

#include "backend/vulkan/memory.h"
#include "shaders.h"

#include <stdlib.h>

enum { TURNS_MAX = 64, REPEATS = 24 };
#define CACHE_BYTES (UINT64_C(256) << 20)

struct copy {
    struct fr_vk_device *device;
    uint32_t turns;
    VkDeviceSize bytes;
    VkBuffer from[TURNS_MAX], to[TURNS_MAX];
    VkDeviceMemory memory[2 * TURNS_MAX];
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkDescriptorPool descriptors;
    VkDescriptorSet set[TURNS_MAX];
    VkQueryPool queries;
};

static VkBuffer make_buffer(struct copy *copy, VkDeviceMemory *memory)
{
    struct fr_vk_device *device = copy->device;
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .size = copy->bytes,
                                     .usage = FR_VK_SHARED_BUFFER_USAGE};
    VkBuffer buffer;
    rig_must(device->vk.CreateBuffer(device->device, &info, NULL, &buffer), "vkCreateBuffer");
    const VkBufferMemoryRequirementsInfo2 of = {.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2,
                                                .buffer = buffer};
    VkMemoryRequirements2 wants = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    device->vk.GetBufferMemoryRequirements2(device->device, &of, &wants);
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = wants.memoryRequirements.size,
        .memoryTypeIndex = fr_vk_memory_type(device, wants.memoryRequirements.memoryTypeBits,
                                             VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0),
    };
    rig_must(device->vk.AllocateMemory(device->device, &allocate, NULL, memory), "vkAllocateMemory");
    rig_must(device->vk.BindBufferMemory(device->device, buffer, *memory, 0), "vkBindBufferMemory");
    return buffer;
}

static void make_sets(struct copy *copy)
{
    const struct fr_vk_functions *const vk = &copy->device->vk;
    VkDevice device = copy->device->device;
    const VkDescriptorSetLayoutBinding bindings[2] = {
        {0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
        {1, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL}};
    const VkDescriptorSetLayoutCreateInfo set_info = {.sType =
                                                          VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                      .bindingCount = 2,
                                                      .pBindings = bindings};
    rig_must(vk->CreateDescriptorSetLayout(device, &set_info, NULL, &copy->set_layout), "a set layout");
    const VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, 4};
    const VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                               .setLayoutCount = 1,
                                               .pSetLayouts = &copy->set_layout,
                                               .pushConstantRangeCount = 1,
                                               .pPushConstantRanges = &push};
    rig_must(vk->CreatePipelineLayout(device, &layout, NULL, &copy->layout), "a pipeline layout");
    const VkDescriptorPoolSize size = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2 * TURNS_MAX};
    const VkDescriptorPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .maxSets = TURNS_MAX,
                                             .poolSizeCount = 1,
                                             .pPoolSizes = &size};
    rig_must(vk->CreateDescriptorPool(device, &pool, NULL, &copy->descriptors), "a descriptor pool");
    for (uint32_t i = 0; i < copy->turns; i++) {
        const VkDescriptorSetAllocateInfo allocate = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
                                                      .descriptorPool = copy->descriptors,
                                                      .descriptorSetCount = 1,
                                                      .pSetLayouts = &copy->set_layout};
        rig_must(vk->AllocateDescriptorSets(device, &allocate, &copy->set[i]), "a descriptor set");
        const VkDescriptorBufferInfo buffers[2] = {{copy->from[i], 0, VK_WHOLE_SIZE},
                                                   {copy->to[i], 0, VK_WHOLE_SIZE}};
        const VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
                                            .dstSet = copy->set[i],
                                            .descriptorCount = 2,
                                            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                                            .pBufferInfo = buffers};
        vk->UpdateDescriptorSets(device, 1, &write, 0, NULL);
    }
}

static VkPipeline make_pipeline(struct copy *copy, uint32_t local, uint32_t per)
{
    const struct fr_vk_functions *const vk = &copy->device->vk;
    const VkShaderModuleCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
                                           .codeSize = gpu_code_copy.bytes,
                                           .pCode = gpu_code_copy.words};
    VkShaderModule module;
    rig_must(vk->CreateShaderModule(copy->device->device, &info, NULL, &module), "vkCreateShaderModule");
    const uint32_t values[2] = {local, per};
    const VkSpecializationMapEntry entries[2] = {{0, 0, 4}, {1, 4, 4}};
    const VkSpecializationInfo special = {2, entries, sizeof(values), values};
    const VkComputePipelineCreateInfo pipeline = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &special},
        .layout = copy->layout,
    };
    VkPipeline out;
    rig_must(vk->CreateComputePipelines(copy->device->device, VK_NULL_HANDLE, 1, &pipeline, NULL, &out),
             "a pipeline");
    vk->DestroyShaderModule(copy->device->device, module, NULL);
    return out;
}

static void record(struct copy *copy, VkCommandBuffer command, uint32_t turn, uint32_t local, uint32_t per)
{
    const struct fr_vk_functions *const vk = &copy->device->vk;
    const uint32_t lines = (uint32_t)(copy->bytes / 16), groups = (lines + local * per - 1) / (local * per);
    vk->CmdBindDescriptorSets(command, VK_PIPELINE_BIND_POINT_COMPUTE, copy->layout, 0, 1,
                              &copy->set[turn % copy->turns], 0, NULL);
    vk->CmdDispatch(command, groups, 1, 1);
}

static void stamp(struct copy *copy, VkCommandBuffer command, uint32_t query)
{
    rig_barrier(copy->device, command);
    copy->device->vk.CmdWriteTimestamp(command, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, copy->queries, query);
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static struct rig_rate run_once(struct copy *copy, VkPipeline pipeline, uint32_t local, uint32_t per)
{
    const struct fr_vk_functions *const vk = &copy->device->vk;
    const uint32_t lines = (uint32_t)(copy->bytes / 16);
    struct rig_once once = rig_begin(copy->device);
    uint32_t turn = 0, warm = rig_warm_count(copy->device, 2.0 * (double)copy->bytes);
    vk->CmdResetQueryPool(once.command, copy->queries, 0, REPEATS + 2);
    vk->CmdBindPipeline(once.command, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    vk->CmdPushConstants(once.command, copy->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 4, &lines);
    for (; turn < warm; turn++)
        record(copy, once.command, turn, local, per);
    for (uint32_t i = 0; i < REPEATS; i++, turn++) {
        stamp(copy, once.command, i);
        record(copy, once.command, turn, local, per);
    }
    stamp(copy, once.command, REPEATS);
    for (uint32_t i = 0; i < REPEATS; i++, turn++)
        record(copy, once.command, turn, local, per);
    stamp(copy, once.command, REPEATS + 1);
    rig_end(&once);
    uint64_t ticks[REPEATS + 2], alone[REPEATS];
    rig_must(vk->GetQueryPoolResults(copy->device->device, copy->queries, 0, REPEATS + 2, sizeof(ticks),
                                     ticks, 8, VK_QUERY_RESULT_64_BIT),
             "vkGetQueryPoolResults");
    for (uint32_t i = 0; i < REPEATS; i++)
        alone[i] = ticks[i + 1] - ticks[i];
    qsort(alone, REPEATS, sizeof(alone[0]), compare);
    const double bytes = 2.0 * (double)copy->bytes, ns = (double)copy->device->limits.timestampPeriod;
    return (struct rig_rate){
        .alone = bytes / ((double)alone[REPEATS / 2] * ns),
        .stream = bytes * REPEATS / ((double)(ticks[REPEATS + 1] - ticks[REPEATS]) * ns),
    };
}

static void finish(struct copy *copy)
{
    const struct fr_vk_functions *const vk = &copy->device->vk;
    VkDevice device = copy->device->device;
    for (uint32_t i = 0; i < copy->turns; i++) {
        vk->DestroyBuffer(device, copy->from[i], NULL);
        vk->DestroyBuffer(device, copy->to[i], NULL);
        vk->FreeMemory(device, copy->memory[2 * i], NULL);
        vk->FreeMemory(device, copy->memory[2 * i + 1], NULL);
    }
    vk->DestroyQueryPool(device, copy->queries, NULL);
    vk->DestroyDescriptorPool(device, copy->descriptors, NULL);
    vk->DestroyPipelineLayout(device, copy->layout, NULL);
    vk->DestroyDescriptorSetLayout(device, copy->set_layout, NULL);
}

struct rig_rate rig_copy_rate(struct fr_vk_device *device, VkDeviceSize bytes)
{
    static const uint32_t shapes[][2] = {{256, 4}, {512, 2}, {1024, 1}, {128, 4}, {256, 1}};
    static struct copy copy;
    copy = (struct copy){.device = device, .bytes = bytes / 16 * 16};
    if (copy.bytes > device->limits.maxStorageBufferRange)
        copy.bytes = device->limits.maxStorageBufferRange / 16 * 16;
    while (copy.turns < TURNS_MAX && 2 * copy.bytes * copy.turns < CACHE_BYTES) {
        copy.from[copy.turns] = make_buffer(&copy, &copy.memory[2 * copy.turns]);
        copy.to[copy.turns] = make_buffer(&copy, &copy.memory[2 * copy.turns + 1]);
        copy.turns++;
    }
    make_sets(&copy);
    copy.queries = rig_queries(device, REPEATS + 2);
    struct rig_rate best = {0};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        const VkPipeline pipeline = make_pipeline(&copy, shapes[i][0], shapes[i][1]);
        const struct rig_rate rate = run_once(&copy, pipeline, shapes[i][0], shapes[i][1]);
        best.alone = rate.alone > best.alone ? rate.alone : best.alone;
        best.stream = rate.stream > best.stream ? rate.stream : best.stream;
        device->vk.DestroyPipeline(device->device, pipeline, NULL);
    }
    finish(&copy);
    return best;
}
