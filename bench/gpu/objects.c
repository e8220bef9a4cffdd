/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "gpu.h"

#include "shaders.h"

static uint32_t memory_type(const struct gpu *gpu, uint32_t bits, VkMemoryPropertyFlags wanted)
{
    for (uint32_t i = 0; i < gpu->memory.memoryTypeCount; i++)
        if ((bits >> i & 1) && (gpu->memory.memoryTypes[i].propertyFlags & wanted) == wanted)
            return i;
    return UINT32_MAX;
}

/* Memory of the processor's that is not also the device's, where there is such. */
static uint32_t host_type(const struct gpu *gpu, uint32_t bits, VkMemoryPropertyFlags wanted)
{
    for (uint32_t i = 0; i < gpu->memory.memoryTypeCount; i++) {
        const VkMemoryPropertyFlags flags = gpu->memory.memoryTypes[i].propertyFlags;
        if ((bits >> i & 1) && (flags & wanted) == wanted && !(flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT))
            return i;
    }
    return memory_type(gpu, bits, wanted);
}

static uint32_t place_type(const struct gpu *gpu, uint32_t bits, enum gpu_place place)
{
    const VkMemoryPropertyFlags host =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    if (place == GPU_PLACE_DEVICE)
        return memory_type(gpu, bits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    return host_type(gpu, bits, place == GPU_PLACE_HOST ? host : host | VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
}

static void create_buffer(struct gpu *gpu, VkDeviceSize bytes, const void *next, struct gpu_buffer *out)
{
    const VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                     .pNext = next,
                                     .size = bytes,
                                     .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                              VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    *out = (struct gpu_buffer){.bytes = bytes};
    gpu_must(gpu->vk.CreateBuffer(gpu->device, &info, NULL, &out->buffer), "vkCreateBuffer");
}

static bool bind_buffer(struct gpu *gpu, uint32_t type, const void *next, struct gpu_buffer *out)
{
    VkMemoryRequirements needs;
    gpu->vk.GetBufferMemoryRequirements(gpu->device, out->buffer, &needs);
    const VkMemoryAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
                                       .pNext = next,
                                       .allocationSize = next ? out->bytes : needs.size,
                                       .memoryTypeIndex = type};
    if (type == UINT32_MAX || gpu->vk.AllocateMemory(gpu->device, &info, NULL, &out->memory) != VK_SUCCESS) {
        gpu->vk.DestroyBuffer(gpu->device, out->buffer, NULL);
        return false;
    }
    gpu_must(gpu->vk.BindBufferMemory(gpu->device, out->buffer, out->memory, 0), "vkBindBufferMemory");
    return true;
}

bool gpu_buffer_create(struct gpu *gpu, VkDeviceSize bytes, enum gpu_place place, struct gpu_buffer *out)
{
    create_buffer(gpu, bytes, NULL, out);
    VkMemoryRequirements needs;
    gpu->vk.GetBufferMemoryRequirements(gpu->device, out->buffer, &needs);
    if (!bind_buffer(gpu, place_type(gpu, needs.memoryTypeBits, place), NULL, out))
        return false;
    if (place != GPU_PLACE_DEVICE)
        gpu_must(gpu->vk.MapMemory(gpu->device, out->memory, 0, VK_WHOLE_SIZE, 0, &out->mapped),
                 "vkMapMemory");
    return true;
}

bool gpu_buffer_import(struct gpu *gpu, void *memory, VkDeviceSize bytes, struct gpu_buffer *out)
{
    const VkExternalMemoryHandleTypeFlagBits kind = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
    const VkExternalMemoryBufferCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, .handleTypes = (uint32_t)kind};
    VkMemoryHostPointerPropertiesEXT props = {.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
    if (!gpu->host_pointer_align ||
        gpu->vk.GetMemoryHostPointerPropertiesEXT(gpu->device, kind, memory, &props) != VK_SUCCESS)
        return false;
    const VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .handleType = kind,
        .pHostPointer = memory};
    create_buffer(gpu, bytes, &external, out);
    return bind_buffer(gpu, memory_type(gpu, props.memoryTypeBits, 0), &import, out);
}

void gpu_buffer_destroy(struct gpu *gpu, struct gpu_buffer *buffer)
{
    gpu->vk.DestroyBuffer(gpu->device, buffer->buffer, NULL);
    gpu->vk.FreeMemory(gpu->device, buffer->memory, NULL);
    *buffer = (struct gpu_buffer){0};
}

void gpu_buffer_noise(struct gpu *gpu, struct gpu_buffer *buffer)
{
    struct gpu_kernel kernel;
    gpu_kernel_create(gpu, &gpu_code_fill, NULL, 0, &kernel);
    const VkDescriptorSet set = gpu_set(gpu, &(struct gpu_bindings){.buffer = {NULL, buffer}});
    const VkCommandBuffer commands = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    gpu_record(gpu, commands,
               &(struct gpu_work){.kernel = &kernel,
                                  .set = set,
                                  .push = {(uint32_t)(buffer->bytes / 16)},
                                  .push_words = 1,
                                  .groups = {1024, 1}});
    gpu_run(gpu, commands);
    gpu_set_free(gpu, set);
    gpu_kernel_destroy(gpu, &kernel);
}

static bool create_image(struct gpu *gpu, VkFormat format, VkImageUsageFlags usage, struct gpu_image *out)
{
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
    const VkImageCreateInfo info = {.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                                    .pNext = gpu->opaque_image ? &external : NULL,
                                    .imageType = VK_IMAGE_TYPE_2D,
                                    .format = format,
                                    .extent = {out->width, out->height, 1},
                                    .mipLevels = 1,
                                    .arrayLayers = 1,
                                    .samples = VK_SAMPLE_COUNT_1_BIT,
                                    .usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |
                                             VK_IMAGE_USAGE_TRANSFER_DST_BIT |
                                             VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | usage};
    gpu_must(gpu->vk.CreateImage(gpu->device, &info, NULL, &out->image), "vkCreateImage");
    VkMemoryRequirements needs;
    gpu->vk.GetImageMemoryRequirements(gpu->device, out->image, &needs);
    const VkMemoryDedicatedAllocateInfo dedicated = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, .image = out->image};
    const VkExportMemoryAllocateInfo export = {.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
                                               .pNext = &dedicated,
                                               .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
    const VkMemoryAllocateInfo memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = gpu->opaque_image ? (const void *)&export : &dedicated,
        .allocationSize = needs.size,
        .memoryTypeIndex = memory_type(gpu, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT)};
    out->bytes = needs.size;
    if (gpu->vk.AllocateMemory(gpu->device, &memory, NULL, &out->memory) != VK_SUCCESS)
        return false;
    gpu_must(gpu->vk.BindImageMemory(gpu->device, out->image, out->memory, 0), "vkBindImageMemory");
    return true;
}

static void record_layout(struct gpu *gpu, VkCommandBuffer commands, const struct gpu_image *image)
{
    const VkImageMemoryBarrier barrier = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                          .dstAccessMask =
                                              VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
                                          .newLayout = VK_IMAGE_LAYOUT_GENERAL,
                                          .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                          .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
                                          .image = image->image,
                                          .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
    gpu->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
                               VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

static void fill_image(struct gpu *gpu, struct gpu_image *image)
{
    struct gpu_buffer noise;
    if (!gpu_buffer_create(gpu, (VkDeviceSize)image->width * image->height * image->pixel_bytes,
                           GPU_PLACE_DEVICE, &noise))
        gpu_must(VK_ERROR_OUT_OF_DEVICE_MEMORY, "a buffer of noise");
    gpu_buffer_noise(gpu, &noise);
    const VkBufferImageCopy copy = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                    .imageExtent = {image->width, image->height, 1}};
    const VkCommandBuffer commands = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    record_layout(gpu, commands, image);
    gpu->vk.CmdCopyBufferToImage(commands, noise.buffer, image->image, VK_IMAGE_LAYOUT_GENERAL, 1, &copy);
    gpu_barrier(gpu, commands);
    gpu_run(gpu, commands);
    gpu_buffer_destroy(gpu, &noise);
}

static bool open_image(struct gpu *gpu, VkFormat format, VkImageUsageFlags usage, struct gpu_image *out)
{
    if (!create_image(gpu, format, usage, out)) {
        gpu_image_destroy(gpu, out);
        return false;
    }
    const VkImageViewCreateInfo view = {.sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
                                        .image = out->image,
                                        .viewType = VK_IMAGE_VIEW_TYPE_2D,
                                        .format = format,
                                        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
    gpu_must(gpu->vk.CreateImageView(gpu->device, &view, NULL, &out->view), "vkCreateImageView");
    return true;
}

bool gpu_image_create(struct gpu *gpu, VkFormat format, uint32_t width, uint32_t height,
                      VkImageUsageFlags usage, struct gpu_image *out)
{
    *out = (struct gpu_image){
        .width = width, .height = height, .pixel_bytes = format == VK_FORMAT_R16G16B16A16_SFLOAT ? 8 : 4};
    if (!open_image(gpu, format, usage, out))
        return false;
    fill_image(gpu, out);
    return true;
}

void gpu_image_destroy(struct gpu *gpu, struct gpu_image *image)
{
    gpu->vk.DestroyImageView(gpu->device, image->view, NULL);
    gpu->vk.DestroyImage(gpu->device, image->image, NULL);
    gpu->vk.FreeMemory(gpu->device, image->memory, NULL);
    *image = (struct gpu_image){0};
}

void gpu_blanks_create(struct gpu *gpu)
{
    gpu->blank_image = (struct gpu_image){.width = 8, .height = 8, .pixel_bytes = 8};
    if (!gpu_buffer_create(gpu, 256, GPU_PLACE_DEVICE, &gpu->blank_buffer) ||
        !open_image(gpu, VK_FORMAT_R16G16B16A16_SFLOAT, VK_IMAGE_USAGE_STORAGE_BIT, &gpu->blank_image))
        gpu_must(VK_ERROR_OUT_OF_DEVICE_MEMORY, "blanks");
    const VkCommandBuffer commands = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT);
    record_layout(gpu, commands, &gpu->blank_image);
    gpu_run(gpu, commands);
}
