/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "copier.h"

/* Made by glslangValidator, see meson.build; the shader is the backend's. */
#include "copy.h"

/* As in copy.comp, each way. */
enum { GROUP = 16 };

static VkResult make_layouts(fr_layer_copier *copier, const fr_layer_device *device)
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
        device->vk.CreateDescriptorSetLayout(device->handle, &set, NULL, &copier->set_layout);
    if (result != VK_SUCCESS)
        return result;
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &copier->set_layout,
    };
    return device->vk.CreatePipelineLayout(device->handle, &layout, NULL, &copier->layout);
}

static VkResult make_pipeline(const fr_layer_copier *copier, const fr_layer_device *device,
                              VkShaderModule module, VkBool32 encode, VkPipeline *out)
{
    const VkSpecializationMapEntry entry = {.constantID = 0, .size = sizeof(encode)};
    const VkSpecializationInfo constants = {
        .mapEntryCount = 1, .pMapEntries = &entry, .dataSize = sizeof(encode), .pData = &encode};
    const VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                  .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                  .module = module,
                  .pName = "main",
                  .pSpecializationInfo = &constants},
        .layout = copier->layout,
    };
    return device->vk.CreateComputePipelines(device->handle, VK_NULL_HANDLE, 1, &info, NULL, out);
}

static VkResult make_pipelines(fr_layer_copier *copier, const fr_layer_device *device)
{
    const VkShaderModuleCreateInfo code = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = sizeof(copy),
        .pCode = copy,
    };
    VkShaderModule module;
    VkResult result = device->vk.CreateShaderModule(device->handle, &code, NULL, &module);
    if (result != VK_SUCCESS)
        return result;
    result = make_pipeline(copier, device, module, VK_FALSE, &copier->pipeline);
    if (result == VK_SUCCESS)
        result = make_pipeline(copier, device, module, VK_TRUE, &copier->encoding);
    device->vk.DestroyShaderModule(device->handle, module, NULL);
    return result;
}

bool fr_layer_copier_init(fr_layer_copier *copier, const fr_layer_device *device)
{
    *copier = (fr_layer_copier){0};
    if (!device->storage_image_write_without_format)
        return false;
    if (make_layouts(copier, device) == VK_SUCCESS && make_pipelines(copier, device) == VK_SUCCESS)
        return true;
    fr_layer_copier_finish(copier, device);
    return false;
}

void fr_layer_copier_finish(fr_layer_copier *copier, const fr_layer_device *device)
{
    device->vk.DestroyPipeline(device->handle, copier->pipeline, NULL);
    device->vk.DestroyPipeline(device->handle, copier->encoding, NULL);
    device->vk.DestroyPipelineLayout(device->handle, copier->layout, NULL);
    device->vk.DestroyDescriptorSetLayout(device->handle, copier->set_layout, NULL);
    *copier = (fr_layer_copier){0};
}

static VkResult make_view(const fr_layer_device *device, VkImage image, VkFormat format,
                          VkImageUsageFlags usage, VkImageView *out)
{
    /* The instance is of version 1.1 where there is a copier. */
    const VkImageViewUsageCreateInfo only = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_USAGE_CREATE_INFO,
        .usage = usage,
    };
    const VkImageViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .pNext = &only,
        .image = image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    return device->vk.CreateImageView(device->handle, &info, NULL, out);
}

static VkResult make_sets(fr_layer_copies *copies, const fr_layer_copier *copier,
                          const fr_layer_device *device, uint32_t num)
{
    const VkDescriptorPoolSize sizes[2] = {{VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, num},
                                           {VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, num}};
    const VkDescriptorPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = num,
        .poolSizeCount = 2,
        .pPoolSizes = sizes,
    };
    const VkResult result = device->vk.CreateDescriptorPool(device->handle, &info, NULL, &copies->pool);
    if (result != VK_SUCCESS)
        return result;
    VkDescriptorSetLayout layouts[FR_LAYER_COPIES_MAX];
    for (uint32_t i = 0; i < num; i++)
        layouts[i] = copier->set_layout;
    const VkDescriptorSetAllocateInfo sets = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorPool = copies->pool,
        .descriptorSetCount = num,
        .pSetLayouts = layouts,
    };
    return device->vk.AllocateDescriptorSets(device->handle, &sets, copies->set);
}

static void write_set(const fr_layer_copies *copies, const fr_layer_device *device, uint32_t index)
{
    const VkDescriptorImageInfo from = {.imageView = copies->from[index],
                                        .imageLayout = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
    const VkDescriptorImageInfo to = {.imageView = copies->to, .imageLayout = VK_IMAGE_LAYOUT_GENERAL};
    VkWriteDescriptorSet writes[2] = {
        {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
         .dstSet = copies->set[index],
         .dstBinding = 0,
         .descriptorCount = 1,
         .descriptorType = VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE,
         .pImageInfo = &from},
        {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
         .dstSet = copies->set[index],
         .dstBinding = 1,
         .descriptorCount = 1,
         .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_IMAGE,
         .pImageInfo = &to},
    };
    device->vk.UpdateDescriptorSets(device->handle, 2, writes, 0, NULL);
}

bool fr_layer_copies_init(fr_layer_copies *copies, const fr_layer_copier *copier,
                          const fr_layer_device *device, const VkImage *from, uint32_t num_from,
                          VkFormat from_format, VkImage to, VkFormat to_format)
{
    const bool srgb = from_format == VK_FORMAT_B8G8R8A8_SRGB || from_format == VK_FORMAT_R8G8B8A8_SRGB;
    *copies = (fr_layer_copies){.pipeline = srgb ? copier->encoding : copier->pipeline};
    VkResult result = make_view(device, to, to_format, VK_IMAGE_USAGE_STORAGE_BIT, &copies->to);
    for (uint32_t i = 0; i < num_from && result == VK_SUCCESS; i++)
        result = make_view(device, from[i], from_format, VK_IMAGE_USAGE_SAMPLED_BIT, &copies->from[i]);
    if (result == VK_SUCCESS)
        result = make_sets(copies, copier, device, num_from);
    if (result != VK_SUCCESS) {
        fr_layer_copies_finish(copies, device);
        return false;
    }
    for (uint32_t i = 0; i < num_from; i++)
        write_set(copies, device, i);
    return true;
}

void fr_layer_copies_finish(fr_layer_copies *copies, const fr_layer_device *device)
{
    device->vk.DestroyDescriptorPool(device->handle, copies->pool, NULL);
    device->vk.DestroyImageView(device->handle, copies->to, NULL);
    for (uint32_t i = 0; i < FR_LAYER_COPIES_MAX; i++)
        device->vk.DestroyImageView(device->handle, copies->from[i], NULL);
    *copies = (fr_layer_copies){0};
}

void fr_layer_copies_record(const fr_layer_copies *copies, const fr_layer_copier *copier,
                            const fr_layer_device *device, VkCommandBuffer commands, uint32_t index,
                            uint32_t width, uint32_t height)
{
    device->vk.CmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, copies->pipeline);
    device->vk.CmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, copier->layout, 0, 1,
                                     &copies->set[index], 0, NULL);
    device->vk.CmdDispatch(commands, (width + GROUP - 1) / GROUP, (height + GROUP - 1) / GROUP, 1);
}
