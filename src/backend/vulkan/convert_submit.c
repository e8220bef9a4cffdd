/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* One conversion. */
#include "backend/vulkan/converter.h"

struct job {
    struct fr_vk_converter *converter;
    const struct fr_vk_input *input;
    const struct fr_parts *parts;
    struct fr_vk_picture *picture;
    struct fr_vk_flight *flight;
    bool lasting;             /* what is recorded may be used again */
    uint32_t rows, num_bands; /* of a band, but for the last */
};

static void bind_band(const struct job *job, uint32_t band)
{
    const struct fr_vk_converter *const c = job->converter;
    const struct fr_vk_picture *const p = job->picture;
    const uint32_t row = band * job->rows;
    const uint32_t rows = c->params.height - row < job->rows ? c->params.height - row : job->rows;
    const VkDescriptorImageInfo image = {.imageView = job->input->view,
                                         .imageLayout = VK_IMAGE_LAYOUT_GENERAL};
    const VkDeviceSize source_pitch = job->input->pitch_bytes;
    const VkDescriptorBufferInfo buffers[3] = {
        {job->input->buffer, job->input->offset_bytes + row * source_pitch, rows * source_pitch},
        {p->buffer, p->offset_bytes[0] + row * p->pitch_bytes[0], rows * p->pitch_bytes[0]},
        {p->buffer, p->offset_bytes[1] + row / 2 * p->pitch_bytes[1], (rows + 1) / 2 * p->pitch_bytes[1]},
    };
    VkWriteDescriptorSet writes[3];
    for (uint32_t i = 0; i < 3; i++) {
        const bool is_image = i == 0 && !c->buffers;
        writes[i] = (VkWriteDescriptorSet){
            .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
            .dstSet = job->flight->set[band],
            .dstBinding = i,
            .descriptorCount = 1,
            .descriptorType =
                is_image ? VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .pImageInfo = is_image ? &image : NULL,
            .pBufferInfo = is_image ? NULL : &buffers[i],
        };
    }
    c->device->vk.UpdateDescriptorSets(c->device->device, 3, writes, 0, NULL);
}

static uint32_t at_most(uint32_t value, uint32_t most)
{
    return value < most ? value : most;
}

/* The blocks of a band that a part touches, in rows of the band. */
static bool blocks_of(const struct job *job, const fr_rect *part, uint32_t row, uint32_t rows,
                      struct fr_vk_push *push)
{
    const fr_convert_params *const params = &job->converter->params;
    const uint32_t columns = job->converter->shade.variant.columns;
    if (part->x >= params->width || part->y >= params->height || !part->width || !part->height)
        return false;
    const uint32_t right = part->x + at_most(part->width, params->width - part->x);
    const uint32_t bottom = part->y + at_most(part->height, params->height - part->y);
    const uint32_t top = part->y > row ? part->y - row : 0;
    if (bottom <= row || top >= rows)
        return false;
    /* Two pairs write a word together. */
    const uint32_t unit = columns < 4 ? 4 : columns;
    push->first[0] = (int32_t)(part->x / unit * (unit / columns));
    push->first[1] = (int32_t)(top / 2);
    push->end[0] = (int32_t)((right + unit - 1) / unit * (unit / columns));
    push->end[1] = (int32_t)((at_most(bottom - row, rows) + 1) / 2);
    return true;
}

static void dispatch_band(const struct job *job, VkCommandBuffer command, uint32_t band)
{
    const struct fr_vk_converter *const c = job->converter;
    const struct fr_vk_functions *const vk = &c->device->vk;
    const struct fr_vk_variant *const variant = &c->shade.variant;
    const uint32_t row = band * job->rows, rows = at_most(job->rows, c->params.height - row);
    const fr_rect all = {0, 0, c->params.width, c->params.height};
    const uint32_t deep = variant->down * (variant->columns == 2 && variant->deep ? variant->deep : 1);
    const uint32_t count = job->parts ? at_most(job->parts->count, FR_PARTS_MAX) : 1;
    struct fr_vk_push push = c->push;
    push.edge[0] = (int32_t)c->params.width - 1;
    push.edge[1] = (int32_t)rows - 1;
    push.image_row = (int32_t)row;
    push.texel[0] = 1.0f / (float)c->params.width;
    push.texel[1] = 1.0f / (float)c->params.height;
    push.source_pitch = (int32_t)(job->input->pitch_bytes / FR_VK_SOURCE_PITCH_ALIGN);
    push.luma_pitch = (int32_t)(job->picture->pitch_bytes[0] / 4);
    push.chroma_pitch = (int32_t)(job->picture->pitch_bytes[1] / 4);
    vk->CmdBindDescriptorSets(command, VK_PIPELINE_BIND_POINT_COMPUTE, c->shade.layout, 0, 1,
                              &job->flight->set[band], 0, NULL);
    for (uint32_t i = 0; i < count; i++) {
        if (!blocks_of(job, job->parts ? &job->parts->rect[i] : &all, row, rows, &push))
            continue;
        vk->CmdPushConstants(command, c->shade.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof(push), &push);
        const uint32_t across = (uint32_t)(push.end[0] - push.first[0]),
                       down = (uint32_t)(push.end[1] - push.first[1]);
        vk->CmdDispatch(command, (across + variant->across - 1) / variant->across, (down + deep - 1) / deep,
                        1);
    }
}

static VkImageMemoryBarrier image_barrier(VkImage image, VkImageLayout old)
{
    return (VkImageMemoryBarrier){
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .oldLayout = old,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
}

/* The picture may still be written by what was submitted before: a conversion of it that nobody waited for.
 */
static bool is_busy(const struct fr_vk_picture *p)
{
    uint64_t reached = 0;
    return p->value && (p->device->vk.GetSemaphoreCounterValue(p->device->device, p->device->progress,
                                                               &reached) != VK_SUCCESS ||
                        reached < p->value);
}

static void record_before(const struct job *job, VkCommandBuffer command)
{
    const struct fr_vk_device *const device = job->converter->device;
    const struct fr_vk_picture *const p = job->picture;
    VkImageMemoryBarrier images[3];
    uint32_t count = 0;
    for (uint32_t i = 0; i < 2; i++)
        if (p->layout[i] != VK_IMAGE_LAYOUT_GENERAL && p->image[i]) {
            images[count] = image_barrier(p->image[i], p->layout[i]);
            images[count++].dstAccessMask = VK_ACCESS_SHADER_WRITE_BIT;
        }
    if (!job->converter->buffers) {
        images[count] = image_barrier(job->input->image, VK_IMAGE_LAYOUT_GENERAL);
        images[count].srcQueueFamilyIndex = job->input->outside;
        images[count].dstQueueFamilyIndex = device->family;
        images[count++].dstAccessMask = VK_ACCESS_SHADER_READ_BIT;
    }
    const VkMemoryBarrier writes = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
    };
    const uint32_t busy = is_busy(p);
    if (!busy && !count)
        return;
    /* The ready semaphore is waited for at the compute stage. */
    device->vk.CmdPipelineBarrier(command, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                  VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 0, busy, &writes, 0, NULL, count,
                                  images);
}

static void record_after(const struct job *job, VkCommandBuffer command)
{
    const struct fr_vk_device *const device = job->converter->device;
    if (!job->converter->buffers) {
        VkImageMemoryBarrier image = image_barrier(job->input->image, VK_IMAGE_LAYOUT_GENERAL);
        image.srcQueueFamilyIndex = device->family;
        image.dstQueueFamilyIndex = job->input->outside;
        device->vk.CmdPipelineBarrier(command, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                      VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 0, NULL, 1, &image);
    }
    const VkMemoryBarrier pixels = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
    };
    if (job->picture->direct)
        device->vk.CmdPipelineBarrier(command, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                      VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &pixels, 0, NULL, 0, NULL);
}

static void record_dispatches(const struct job *job, VkCommandBuffer command)
{
    const struct fr_vk_converter *const c = job->converter;
    c->device->vk.CmdBindPipeline(command, VK_PIPELINE_BIND_POINT_COMPUTE, c->shade.pipeline);
    for (uint32_t band = 0; band < job->num_bands; band++)
        dispatch_band(job, command, band);
}

static VkResult record_convert(const struct job *job)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT;
    const struct fr_vk_functions *const vk = &job->converter->device->vk;
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = job->lasting ? 0 : VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT};
    const VkResult result = vk->BeginCommandBuffer(job->flight->command, &begin);
    if (result != VK_SUCCESS)
        return result;
    record_before(job, job->flight->command);
    /* A picture that is written whole need not be taken over. */
    if (job->parts)
        fr_vk_picture_record_take(job->picture, job->flight->command, stage, VK_ACCESS_SHADER_WRITE_BIT);
    record_dispatches(job, job->flight->command);
    record_after(job, job->flight->command);
    fr_vk_picture_record_give(job->picture, job->flight->command, stage, VK_ACCESS_SHADER_WRITE_BIT);
    return vk->EndCommandBuffer(job->flight->command);
}

/* Over what the picture holds nothing may be written before its copy is made. */
static uint32_t add_waits(const struct job *job, VkSemaphore semaphores[2], uint64_t values[2])
{
    const struct fr_vk_device *const device = job->converter->device;
    uint32_t count = 0;
    if (job->input->ready) {
        semaphores[count] = job->input->ready;
        values[count++] = job->input->ready_value;
    }
    if (!fr_vk_device_has_copied(device, job->picture->staged_value)) {
        semaphores[count] = device->copied;
        values[count++] = job->picture->staged_value;
    }
    return count;
}

static VkResult submit(const struct job *job)
{
    struct fr_vk_device *device = job->converter->device;
    const struct fr_vk_input *const input = job->input;
    const VkPipelineStageFlags stages[2] = {VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                                            VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT};
    const uint64_t value = device->submitted + 1;
    VkSemaphore waits[2];
    uint64_t wait_values[2];
    const uint32_t num_waits = add_waits(job, waits, wait_values);
    /* The device's last: who sees it may do away with the other (Mesa signals one after the other). */
    const VkSemaphore signals[2] = {input->retire, device->progress};
    const uint64_t values[2] = {input->retire_value, value};
    const uint32_t first = input->retire ? 0 : 1;
    const VkTimelineSemaphoreSubmitInfo timelines = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = num_waits,
        .pWaitSemaphoreValues = wait_values,
        .signalSemaphoreValueCount = 2 - first,
        .pSignalSemaphoreValues = values + first,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &timelines,
        .waitSemaphoreCount = num_waits,
        .pWaitSemaphores = waits,
        .pWaitDstStageMask = stages,
        .commandBufferCount = 1,
        .pCommandBuffers = &job->flight->command,
        .signalSemaphoreCount = 2 - first,
        .pSignalSemaphores = signals + first,
    };
    const VkResult result = device->vk.QueueSubmit(device->queue, 1, &info, VK_NULL_HANDLE);
    if (result != VK_SUCCESS)
        return result;
    struct fr_vk_picture *p = job->picture;
    p->value = value;
    p->staged = false;
    p->layout[0] = p->layout[1] = VK_IMAGE_LAYOUT_GENERAL;
    device->submitted = job->flight->value = value;
    return VK_SUCCESS;
}

/* Under the lock, as another thread may map the picture meanwhile. */
static VkResult record_and_submit(const struct job *job)
{
    struct fr_vk_flight *const flight = job->flight;
    VkResult result = VK_SUCCESS;
    if (!flight->slot) {
        result = record_convert(job);
        flight->slot = result == VK_SUCCESS && job->lasting ? job->input->serial : 0;
        flight->picture = job->picture->serial;
    }
    if (result == VK_SUCCESS)
        result = submit(job);
    /* Whoever maps it is likely to do so again. The picture is whole without its copy too: a map makes one
     * that is missing. */
    if (result == VK_SUCCESS && job->picture->wanted)
        (void)fr_vk_picture_submit_copy(job->picture);
    job->picture->wanted = job->picture->wanted && result != VK_SUCCESS;
    return result;
}

static fr_status plan_job(struct job *job)
{
    const struct fr_vk_converter *const c = job->converter;
    const struct fr_vk_input *const input = job->input;
    const VkDeviceSize align = c->device->limits.minStorageBufferOffsetAlignment;
    if (c->buffers && (input->pitch_bytes % FR_VK_SOURCE_PITCH_ALIGN || input->offset_bytes % align))
        return FR_ERR_UNSUPPORTED;
    job->rows = fr_vk_band_rows(c->device, c->params.height, c->buffers ? input->pitch_bytes : 0,
                                job->picture->pitch_bytes);
    job->num_bands = fr_vk_count_bands(c->params.height, job->rows);
    return job->num_bands <= c->num_bands ? FR_OK : FR_ERR_UNSUPPORTED;
}

/* The one that has been recorded for this already, else the one that is free soonest. */
static struct fr_vk_flight *choose_flight(const struct job *job)
{
    struct fr_vk_flight *const flights = job->converter->flight, *oldest = flights;
    for (uint32_t i = 0; i < FR_VK_FLIGHTS; i++) {
        struct fr_vk_flight *const flight = &flights[i];
        if (job->lasting && flight->slot == job->input->serial && flight->picture == job->picture->serial)
            return flight;
        if (flight->value < oldest->value)
            oldest = flight;
    }
    oldest->slot = 0;
    return oldest;
}

static bool is_lasting(const struct job *job)
{
    const struct fr_vk_picture *const p = job->picture;
    bool settled = true;
    for (uint32_t i = 0; i < 2; i++)
        settled = settled && (!p->image[i] || p->layout[i] == VK_IMAGE_LAYOUT_GENERAL);
    return job->input->serial && !job->parts && settled && !is_busy(p);
}

fr_status fr_vk_convert(struct fr_vk_converter *converter, const struct fr_vk_input *input,
                        const struct fr_parts *parts, struct fr_vk_picture *picture, uint64_t *done)
{
    struct fr_vk_device *device = converter->device;
    struct job job = {.converter = converter, .input = input, .parts = parts, .picture = picture};
    *done = 0;
    fr_status status = plan_job(&job);
    fr_vk_device_lock(device);
    job.lasting = is_lasting(&job);
    fr_vk_device_unlock(device);
    job.flight = choose_flight(&job);
    if (status == FR_OK)
        status = fr_vk_device_wait(device, job.flight->value, FR_VK_GPU_WAIT_NS);
    if (status == FR_TIMEOUT) {
        fr_vk_device_give_up(device);
        return FR_ERR_DEVICE_LOST;
    }
    if (status != FR_OK)
        return status;
    for (uint32_t band = 0; band < job.num_bands && !job.flight->slot; band++)
        bind_band(&job, band);
    fr_vk_device_lock(device);
    const VkResult result = record_and_submit(&job);
    fr_vk_device_unlock(device);
    if (result != VK_SUCCESS)
        return fr_vk_device_status(device, result);
    *done = job.picture->value;
    return FR_OK;
}

fr_status fr_vk_converter_record(struct fr_vk_converter *converter, uint32_t flight, VkCommandBuffer command,
                                 const struct fr_vk_input *input, struct fr_vk_picture *picture, bool bound)
{
    struct job job = {
        .converter = converter, .input = input, .picture = picture, .flight = &converter->flight[flight]};
    const fr_status status = plan_job(&job);
    if (status != FR_OK)
        return status;
    for (uint32_t band = 0; band < job.num_bands && !bound; band++)
        bind_band(&job, band);
    record_dispatches(&job, command);
    return FR_OK;
}
