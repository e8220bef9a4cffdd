/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "record.h"

static const VkImageSubresourceLayers layer = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};

/* How images are used while they are copied. */
typedef struct way {
    VkPipelineStageFlags stage;
    VkImageLayout from, to;
    VkAccessFlags read, write;
} way;

static const way by_transfer = {VK_PIPELINE_STAGE_TRANSFER_BIT, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_ACCESS_TRANSFER_READ_BIT,
                                VK_ACCESS_TRANSFER_WRITE_BIT};
static const way by_shader = {VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL,
                              VK_IMAGE_LAYOUT_GENERAL, VK_ACCESS_SHADER_READ_BIT, VK_ACCESS_SHADER_WRITE_BIT};

typedef struct recording {
    const fr_layer_device *device;
    const fr_layer_swapchain *swapchain;
    const fr_layer_sink *sink;
    uint32_t index;
    VkImage from; /* the swapchain's */
    VkCommandBuffer commands;
    way way;
} recording;

static VkImageMemoryBarrier change(VkImage image, VkImageLayout from, VkImageLayout to,
                                   VkAccessFlags from_access, VkAccessFlags to_access)
{
    return (VkImageMemoryBarrier){
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = from_access,
        .dstAccessMask = to_access,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
}

static void put(const recording *r, VkPipelineStageFlags before, VkPipelineStageFlags after,
                const VkImageMemoryBarrier *barrier)
{
    r->device->vk.CmdPipelineBarrier(r->commands, before, after, 0, 0, NULL, 0, NULL, 1, barrier);
}

static void copy_images(const recording *r)
{
    const VkExtent3D extent = {r->swapchain->width, r->swapchain->height, 1};
    if (r->sink->copies.pool) {
        fr_layer_copies_record(&r->sink->copies, r->swapchain->copier, r->device, r->commands, r->index,
                               extent.width, extent.height);
    } else if (r->swapchain->plan.way == FR_LAYER_BLIT) {
        const VkOffset3D corner = {(int32_t)extent.width, (int32_t)extent.height, 1};
        const VkImageBlit region = {
            .srcSubresource = layer,
            .srcOffsets[1] = corner,
            .dstSubresource = layer,
            .dstOffsets[1] = corner,
        };
        r->device->vk.CmdBlitImage(r->commands, r->from, r->way.from, r->sink->image, r->way.to, 1, &region,
                                   VK_FILTER_NEAREST);
    } else {
        const VkImageCopy region = {.srcSubresource = layer, .dstSubresource = layer, .extent = extent};
        r->device->vk.CmdCopyImage(r->commands, r->from, r->way.from, r->sink->image, r->way.to, 1, &region);
    }
}

/* A slot belongs to the other process between uses; a stage to nobody else. */
static void fill_image(const recording *r)
{
    const fr_layer_sink *sink = r->sink;
    const way *w = &r->way;
    VkImageMemoryBarrier begin = change(sink->image, VK_IMAGE_LAYOUT_UNDEFINED, w->to, 0, w->write);
    VkImageMemoryBarrier end = sink->is_slot
                                   ? change(sink->image, w->to, VK_IMAGE_LAYOUT_GENERAL, w->write, 0)
                                   : change(sink->image, w->to, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                            w->write, VK_ACCESS_MEMORY_READ_BIT);
    if (sink->is_slot) {
        begin.srcQueueFamilyIndex = end.dstQueueFamilyIndex = sink->outside;
        begin.dstQueueFamilyIndex = end.srcQueueFamilyIndex = r->swapchain->family;
    }
    put(r, w->stage, w->stage, &begin);
    copy_images(r);
    put(r, w->stage,
        sink->is_slot ? VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT : VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, &end);
}

static void fill_buffer(const recording *r)
{
    const VkBufferImageCopy region = {.imageSubresource = layer,
                                      .imageExtent = {r->swapchain->width, r->swapchain->height, 1}};
    r->device->vk.CmdCopyImageToBuffer(r->commands, r->sink->image ? r->sink->image : r->from,
                                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, r->sink->buffer, 1, &region);
    const VkBufferMemoryBarrier to_host = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .buffer = r->sink->buffer,
        .size = VK_WHOLE_SIZE,
    };
    r->device->vk.CmdPipelineBarrier(r->commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT,
                                     0, 0, NULL, 1, &to_host, 0, NULL);
}

/* Whatever the program did to the image comes before: the submission waits for its semaphores with all its
 * stages, and a program that presents without any has its writes made visible by the first barrier. */
VkResult fr_layer_record(const fr_layer_sink *sink, const fr_layer_swapchain *swapchain, uint32_t index,
                         VkCommandBuffer commands)
{
    const recording r = {
        .device = swapchain->device,
        .swapchain = swapchain,
        .sink = sink,
        .index = index,
        .from = swapchain->image[index],
        .commands = commands,
        .way = sink->copies.pool ? by_shader : by_transfer,
    };
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    const VkResult result = r.device->vk.BeginCommandBuffer(commands, &info);
    if (result != VK_SUCCESS)
        return result;
    const VkImageMemoryBarrier begin =
        change(r.from, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, r.way.from, VK_ACCESS_MEMORY_WRITE_BIT, r.way.read);
    const VkImageMemoryBarrier end =
        change(r.from, r.way.from, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, r.way.read, 0);
    fr_layer_timer_begin(&sink->timer, r.device, commands, index);
    put(&r, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, r.way.stage, &begin);
    if (sink->image)
        fill_image(&r);
    if (sink->buffer)
        fill_buffer(&r);
    put(&r, r.way.stage, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, &end);
    fr_layer_timer_end(&sink->timer, r.device, commands, index);
    return r.device->vk.EndCommandBuffer(commands);
}
