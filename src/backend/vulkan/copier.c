/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/copier.h"

#include <stdint.h>

/* Made by glslangValidator, see shaders/meson.build. */
#include "backend/vulkan/shaders/copy.h"

/* As in copy.comp, each way. */
enum { GROUP = 16 };

static VkResult make_layouts(struct fr_vk_copier *copier, const struct fr_vk_device *device)
{
    const VkDescriptorSetLayoutBinding bindings[2] = {
        {0, VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
        {1, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, 1, VK_SHADER_STAGE_COMPUTE_BIT, NULL},
    };
    const VkDescriptorSetLayoutCreateInfo set = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = 2,
        .pBindings = bindings,
    };
    const VkResult result =
        device->vk.CreateDescriptorSetLayout(device->device, &set, NULL, &copier->set_layout);
    if (result != VK_SUCCESS) {
        copier->set_layout = VK_NULL_HANDLE;
        return result;
    }
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &copier->set_layout,
    };
    return device->vk.CreatePipelineLayout(device->device, &layout, NULL, &copier->layout);
}

static VkResult make_pipeline(struct fr_vk_copier *copier, const struct fr_vk_device *device)
{
    const VkShaderModuleCreateInfo code = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = sizeof(copy),
        .pCode = copy,
    };
    VkShaderModule module;
    VkResult result = device->vk.CreateShaderModule(device->device, &code, NULL, &module);
    if (result != VK_SUCCESS)
        return result;
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main"},
        .layout = copier->layout,
    };
    result =
        device->vk.CreateComputePipelines(device->device, VK_NULL_HANDLE, 1, &info, NULL, &copier->pipeline);
    device->vk.DestroyShaderModule(device->device, module, NULL);
    return result;
}

static VkResult make_sets(struct fr_vk_copier *copier, const struct fr_vk_device *device)
{
    const VkDescriptorPoolSize sizes[2] = {{VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, FR_VK_COMMANDS},
                                           {VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, FR_VK_COMMANDS}};
    const VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = FR_VK_COMMANDS,
        .poolSizeCount = 2,
        .pPoolSizes = sizes,
    };
    const VkResult result = device->vk.CreateDescriptorPool(device->device, &info, NULL, &copier->pool);
    if (result != VK_SUCCESS) {
        copier->pool = VK_NULL_HANDLE;
        return result;
    }
    VkDescriptorSetLayout layouts[FR_VK_COMMANDS];
    for (uint32_t i = 0; i < FR_VK_COMMANDS; i++)
        layouts[i] = copier->set_layout;
    const VkDescriptorSetAllocateInfo sets = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = copier->pool,
        .descriptorSetCount = FR_VK_COMMANDS,
        .pSetLayouts = layouts,
    };
    return device->vk.AllocateDescriptorSets(device->device, &sets, copier->set);
}

bool fr_vk_copier_need(struct fr_vk_copier *copier, const struct fr_vk_device *device)
{
    if (copier->pipeline || copier->refused)
        return !copier->refused;
    VkResult result = make_layouts(copier, device);
    if (result != VK_SUCCESS)
        copier->layout = VK_NULL_HANDLE;
    if (result == VK_SUCCESS)
        result = make_sets(copier, device);
    if (result == VK_SUCCESS)
        result = make_pipeline(copier, device);
    if (result == VK_SUCCESS)
        return true;
    copier->pipeline = VK_NULL_HANDLE;
    fr_vk_copier_finish(copier, device);
    copier->refused = true;
    return false;
}

void fr_vk_copier_finish(struct fr_vk_copier *copier, const struct fr_vk_device *device)
{
    for (uint32_t i = 0; i < FR_VK_COMMANDS; i++)
        if (copier->from[i])
            device->vk.DestroyImageView(device->device, copier->from[i], NULL);
    if (copier->pool)
        device->vk.DestroyDescriptorPool(device->device, copier->pool, NULL);
    if (copier->pipeline)
        device->vk.DestroyPipeline(device->device, copier->pipeline, NULL);
    if (copier->layout)
        device->vk.DestroyPipelineLayout(device->device, copier->layout, NULL);
    if (copier->set_layout)
        device->vk.DestroyDescriptorSetLayout(device->device, copier->set_layout, NULL);
    *copier = (struct fr_vk_copier){.refused = copier->refused};
}

VkResult fr_vk_copier_record(struct fr_vk_copier *copier, const struct fr_vk_device *device, uint32_t index,
                             VkCommandBuffer commands, const fr_vulkan_image *image, VkImageLayout layout,
                             VkImageView to)
{
    /* The command's last use is over. A view is made anew each time: handles of images come again. */
    if (copier->from[index])
        device->vk.DestroyImageView(device->device, copier->from[index], NULL);
    const VkResult result =
        fr_vk_view_create(device, (VkImage)(uintptr_t)image->image, (VkFormat)image->format,
                          VK_IMAGE_USAGE_SAMPLED_BIT, &copier->from[index]);
    if (result != VK_SUCCESS)
        return result;
    const VkDescriptorImageInfo from_info = {.imageView = copier->from[index], .imageLayout = layout};
    const VkDescriptorImageInfo to_info = {.imageView = to, .imageLayout = VK_IMAGE_LAYOUT_GENERAL};
    VkWriteDescriptorSet writes[2] = {
        {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
         .dstSet = copier->set[index],
         .dstBinding = 0,
         .descriptorCount = 1,
         .descriptorType = VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE,
         .pImageInfo = &from_info},
        {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
         .dstSet = copier->set[index],
         .dstBinding = 1,
         .descriptorCount = 1,
         .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_IMAGE,
         .pImageInfo = &to_info},
    };
    device->vk.UpdateDescriptorSets(device->device, 2, writes, 0, NULL);
    device->vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, copier->pipeline);
    device->vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, copier->layout, 0, 1,
                                     &copier->set[index], 0, NULL);
    device->vk.CmdDispatch(commands, (image->width + GROUP - 1) / GROUP, (image->height + GROUP - 1) / GROUP,
                           1);
    return VK_SUCCESS;
}
