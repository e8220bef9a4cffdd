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

static void put(const recording *r, VkPipelineStageFlags before, VkPipelineStageFlags after, uint32_t num,
                const VkImageMemoryBarrier *barriers)
{
    r->device->vk.CmdPipelineBarrier(r->commands, before, after, 0, 0, NULL, 0, NULL, num, barriers);
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
static VkImageMemoryBarrier take_sink(const recording *r)
{
    VkImageMemoryBarrier begin =
        change(r->sink->image, VK_IMAGE_LAYOUT_UNDEFINED, r->way.to, 0, r->way.write);
    if (r->sink->is_slot) {
        begin.srcQueueFamilyIndex = r->sink->outside;
        begin.dstQueueFamilyIndex = r->swapchain->family;
    }
    return begin;
}

/* Whoever reads it next has waited for the fence, or the semaphore. */
static VkImageMemoryBarrier leave_sink(const recording *r)
{
    if (!r->sink->is_slot)
        return change(r->sink->image, r->way.to, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, r->way.write, 0);
    VkImageMemoryBarrier end = change(r->sink->image, r->way.to, VK_IMAGE_LAYOUT_GENERAL, r->way.write, 0);
    end.srcQueueFamilyIndex = r->swapchain->family;
    end.dstQueueFamilyIndex = r->sink->outside;
    return end;
}

/* From the swapchain's image, or from the one of ours that it was converted into. */
static void fill_buffer(const recording *r)
{
    if (r->sink->image) {
        const VkImageMemoryBarrier converted =
            change(r->sink->image, r->way.to, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, r->way.write,
                   VK_ACCESS_TRANSFER_READ_BIT);
        put(r, r->way.stage, VK_PIPELINE_STAGE_TRANSFER_BIT, 1, &converted);
    }
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

static const way *way_of(const fr_layer_sink *sink)
{
    return sink->copies.pool ? &by_shader : &by_transfer;
}

VkPipelineStageFlags fr_layer_record_stage(const fr_layer_sink *sink)
{
    return way_of(sink)->stage;
}

static VkResult begin(const recording *r)
{
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    return r->device->vk.BeginCommandBuffer(r->commands, &info);
}

/* The first barrier goes on from the submission's waits, which are for the same stage, and from the program's
 * work in that stage alone: nothing else on the queue, before or after, is put in an order. */
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
        .way = *way_of(sink),
    };
    const VkResult result = begin(&r);
    if (result != VK_SUCCESS)
        return result;
    VkImageMemoryBarrier barriers[2] = {
        change(r.from, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, r.way.from, 0, r.way.read)};
    if (sink->image)
        barriers[1] = take_sink(&r);
    fr_layer_timer_begin(&sink->timer, r.device, commands, index);
    put(&r, r.way.stage, r.way.stage, sink->image ? 2 : 1, barriers);
    if (sink->image)
        copy_images(&r);
    if (sink->buffer)
        fill_buffer(&r);
    barriers[0] = change(r.from, r.way.from, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR, r.way.read, 0);
    const bool is_last = sink->image && !sink->buffer;
    if (is_last)
        barriers[1] = leave_sink(&r);
    put(&r, r.way.stage, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, is_last ? 2 : 1, barriers);
    fr_layer_timer_end(&sink->timer, r.device, commands, index);
    return r.device->vk.EndCommandBuffer(commands);
}

VkResult fr_layer_record_after_all(const fr_layer_sink *sink, const fr_layer_swapchain *swapchain,
                                   VkCommandBuffer commands)
{
    const recording r = {.device = swapchain->device, .commands = commands, .way = *way_of(sink)};
    const VkMemoryBarrier all = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT,
        .dstAccessMask = r.way.read,
    };
    const VkResult result = begin(&r);
    if (result != VK_SUCCESS)
        return result;
    r.device->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, r.way.stage, 0, 1, &all, 0,
                                    NULL, 0, NULL);
    return r.device->vk.EndCommandBuffer(commands);
}
