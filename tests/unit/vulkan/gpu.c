/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "vulkan/gpu.h"
#include "vulkan/lend.h"

#include "backend/vulkan/format.h"

#include <stdlib.h>
#include <string.h>

static void write_line(void *user, fr_log_level level, const char *text)
{
    (void)user;
    fprintf(stderr, "  %d %s\n", (int)level, text);
}

const fr_log *gpu_log(void)
{
    static const fr_log log = {.write = write_line, .max_level = FR_LOG_DEBUG};
    return &log;
}

const fr_capture_timing *gpu_timing(void)
{
    static const fr_capture_timing timing = {.attach_wait_ns = 60 * FR_NS_PER_S,
                                             .recovery_ns = 60 * FR_NS_PER_S,
                                             .first_frame_ns = 60 * FR_NS_PER_S};
    return &timing;
}

const char *gpu_name(void)
{
    const char *name = getenv("FRAMERING_TEST_GPU");
    return name ? name : "llvmpipe";
}

void gpu_open(struct gpu *gpu, PFN_vkGetInstanceProcAddr get)
{
    const fr_vulkan_host_params params = {.device = gpu_name()};
    const struct fr_vk_wish wish = {.params = &params, .alone = true, .get_instance_proc_addr = lend_get};
    struct fr_vk_device *device;
    assert_int_equal(fr_vk_device_create(&device, &wish, NULL), FR_OK);
    gpu_open_on(gpu, device);
    fr_vk_device_unref(device);
    if (get)
        gpu->params.get_instance_proc_addr = *(void **)&get;
}

void gpu_open_on(struct gpu *gpu, struct fr_vk_device *device)
{
    gpu->device = fr_vk_device_ref(device);
    assert_int_equal(fr_vk_commands_init(&gpu->commands, gpu->device), VK_SUCCESS);
    gpu->params = (fr_vulkan_source_params){
        .instance = gpu->device->instance,
        .physical_device = gpu->device->physical,
        .device = gpu->device->device,
        .queue = gpu->device->queue,
        .queue_family = gpu->device->family,
        .api_version = VK_API_VERSION_1_3,
        .extensions = gpu->device->extension,
        .num_extensions = gpu->device->num_extensions,
        .timeline_semaphores = true,
        .storage_image_write_without_format = device->writes_any_format,
    };
}

void gpu_close(struct gpu *gpu)
{
    assert_true(fr_vk_commands_settle(&gpu->commands));
    fr_vk_commands_finish(&gpu->commands);
    fr_vk_device_unref(gpu->device);
}

fr_source *gpu_open_source(const char *dir, uint32_t width, uint32_t height,
                           const fr_vulkan_source_params *vulkan)
{
    const fr_source_params params = {
        .target_id = 7,
        .by_target = true,
        .runtime_dir = dir,
        .display = {.mode = {width, height, 60000}, .colour_state = FR_COLOUR_STATE_SDR},
        .vulkan = vulkan,
        .log = *gpu_log()};
    fr_source *source;
    assert_int_equal(fr_source_open(&source, &params), FR_OK);
    return source;
}

static void barrier(const struct fr_vk_device *device, VkCommandBuffer commands, VkImage image,
                    VkImageLayout from, VkImageLayout to, uint32_t from_family, uint32_t to_family)
{
    const VkImageMemoryBarrier info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = from_family,
        .dstQueueFamilyIndex = to_family,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    device->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                                  VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, NULL, 0, NULL, 1, &info);
}

static void submit_and_wait(struct fr_vk_commands *commands, struct fr_vk_command *command)
{
    const struct fr_vk_submission nothing = {0};
    assert_int_equal(fr_vk_command_submit(commands, command, &nothing), VK_SUCCESS);
    assert_int_equal(fr_vk_command_wait(commands, command, FR_VK_GPU_WAIT_NS), VK_SUCCESS);
}

static VkBufferImageCopy whole(uint32_t width, uint32_t height)
{
    return (VkBufferImageCopy){.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                               .imageExtent = {width, height, 1}};
}

static void staging(const struct fr_vk_device *device, size_t bytes, struct fr_vk_buffer *out)
{
    assert_int_equal(fr_vk_buffer_create(
                         device, bytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                         VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                         VK_MEMORY_PROPERTY_HOST_CACHED_BIT, out),
                     VK_SUCCESS);
}

static void make_image(struct gpu *gpu, uint32_t width, uint32_t height, fr_format format,
                       struct fr_vk_image *out)
{
    struct fr_vk_device *device = gpu->device;
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = fr_vk_format(format),
        .extent = {width, height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .usage =
            VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT,
    };
    assert_int_equal(device->vk.CreateImage(device->device, &info, NULL, &out->image), VK_SUCCESS);
    VkMemoryRequirements2 needs = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    const VkImageMemoryRequirementsInfo2 ask = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
                                                .image = out->image};
    device->vk.GetImageMemoryRequirements2(device->device, &ask, &needs);
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = needs.memoryRequirements.size,
        .memoryTypeIndex = fr_vk_memory_type(device, needs.memoryRequirements.memoryTypeBits, 0,
                                             VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
    };
    assert_int_equal(device->vk.AllocateMemory(device->device, &allocate, NULL, &out->memory), VK_SUCCESS);
    assert_int_equal(device->vk.BindImageMemory(device->device, out->image, out->memory, 0), VK_SUCCESS);
}

void gpu_image_create(struct gpu *gpu, uint32_t width, uint32_t height, fr_format format,
                      const uint8_t *pixels, VkImageLayout layout, struct gpu_image *out)
{
    struct fr_vk_device *device = gpu->device;
    const size_t bytes = (size_t)width * height * fr_format_pixel_bytes(format);
    const VkBufferImageCopy region = whole(width, height);
    struct fr_vk_buffer buffer;
    struct fr_vk_command *command;
    make_image(gpu, width, height, format, &out->image);
    staging(device, bytes, &buffer);
    memcpy(buffer.mapped, pixels, bytes);
    assert_int_equal(fr_vk_command_begin(&gpu->commands, &command), VK_SUCCESS);
    barrier(device, command->buffer, out->image.image, VK_IMAGE_LAYOUT_UNDEFINED,
            VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_QUEUE_FAMILY_IGNORED, VK_QUEUE_FAMILY_IGNORED);
    device->vk.CmdCopyBufferToImage(command->buffer, buffer.buffer, out->image.image,
                                    VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
    barrier(device, command->buffer, out->image.image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, layout,
            VK_QUEUE_FAMILY_IGNORED, VK_QUEUE_FAMILY_IGNORED);
    submit_and_wait(&gpu->commands, command);
    fr_vk_buffer_destroy(device, &buffer);
    out->push = (fr_vulkan_image){
        .image = (uint64_t)(uintptr_t)out->image.image,
        .format = (uint32_t)fr_vk_format(format),
        .width = width,
        .height = height,
        .layout = (uint32_t)layout,
    };
}

void gpu_image_destroy(struct gpu *gpu, struct gpu_image *image)
{
    gpu->device->vk.DeviceWaitIdle(gpu->device->device); /* a copy of it may still run */
    fr_vk_image_destroy(gpu->device, &image->image);
}

void gpu_read(struct fr_vk_device *device, struct fr_vk_commands *commands, VkImage image, uint32_t outside,
              uint32_t width, uint32_t height, fr_format format, uint8_t *out)
{
    const size_t bytes = (size_t)width * height * fr_format_pixel_bytes(format);
    const VkBufferImageCopy region = whole(width, height);
    const uint32_t here = outside != VK_QUEUE_FAMILY_IGNORED ? device->family : VK_QUEUE_FAMILY_IGNORED;
    struct fr_vk_buffer buffer;
    struct fr_vk_command *command;
    staging(device, bytes, &buffer);
    assert_int_equal(fr_vk_command_begin(commands, &command), VK_SUCCESS);
    barrier(device, command->buffer, image, VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_GENERAL, outside, here);
    device->vk.CmdCopyImageToBuffer(command->buffer, image, VK_IMAGE_LAYOUT_GENERAL, buffer.buffer, 1,
                                    &region);
    barrier(device, command->buffer, image, VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_GENERAL, here, outside);
    submit_and_wait(commands, command);
    memcpy(out, buffer.mapped, bytes);
    fr_vk_buffer_destroy(device, &buffer);
}
