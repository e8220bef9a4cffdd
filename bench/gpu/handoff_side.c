/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "handoff.h"

#include "shaders.h"
#include "stats.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static bool send_fd(int socket, int fd)
{
    char byte = 0;
    struct iovec data = {&byte, 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    control.header = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

static int receive_fd(int socket)
{
    char byte;
    struct iovec data = {&byte, 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int fd = -1;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

/* The shared timeline goes from the source to the host. */
static bool share_timeline(struct handoff_side *side)
{
    struct gpu *const gpu = &side->gpu;
    if (side->peer) {
        side->ready = side->me == 0 ? gpu_timeline(gpu, false) : side->peer->ready;
        side->own = gpu_timeline(gpu, false);
        return true;
    }
    if (side->me == 0) {
        side->ready = gpu_timeline(gpu, true);
        const int fd = gpu_timeline_export(gpu, side->ready);
        const bool sent = send_fd(side->socket, fd);
        close(fd);
        return sent;
    }
    const int fd = receive_fd(side->socket);
    if (fd < 0)
        return false;
    side->ready = gpu_timeline(gpu, false);
    gpu_timeline_import(gpu, side->ready, fd);
    side->own = gpu_timeline(gpu, false);
    return true;
}

static bool open_memory(struct handoff_side *side)
{
    struct gpu *const gpu = &side->gpu;
    const bool tiny = side->config->frame == HANDOFF_TINY;
    const bool halves = side->config->frame == HANDOFF_4K_HALVES;
    const VkFormat format = halves ? VK_FORMAT_R16G16B16A16_SFLOAT : VK_FORMAT_B8G8R8A8_UNORM;
    const uint32_t width = tiny ? 64 : 3840, height = tiny ? 64 : 2160;
    if (!gpu_image_create(gpu, format, width, height, 0, &side->image[0]) ||
        !gpu_image_create(gpu, format, width, height, side->gpu.formatless ? VK_IMAGE_USAGE_STORAGE_BIT : 0,
                          &side->image[1]) ||
        !gpu_buffer_create(gpu, (VkDeviceSize)width * height * 3 / (halves ? 1 : 2), GPU_PLACE_DEVICE,
                           &side->out) ||
        !gpu_buffer_create(gpu, 256, GPU_PLACE_DEVICE, &side->count))
        return false;
    gpu_buffer_noise(gpu, &side->count);
    if (side->me == 1)
        return gpu_buffer_create(gpu, 256, GPU_PLACE_HOST_CACHED, &side->word);
    gpu_buffer_import(gpu, (void *)side->shared->word, HANDOFF_WORD_BYTES, &side->word);
    return true;
}

bool handoff_side_words(const struct handoff_side *side)
{
    return side->word.buffer != VK_NULL_HANDLE;
}

static void open_kernels(struct handoff_side *side)
{
    struct gpu *const gpu = &side->gpu;
    const uint32_t spec[] = {8, 16, 4, 1, side->config->frame == HANDOFF_4K_HALVES, 0};
    gpu_kernel_create(gpu, &gpu_code_fetch_gather, spec, 6, &side->convert);
    if (gpu->formatless)
        gpu_kernel_create(gpu, &gpu_code_image_copy, (const uint32_t[]){16, 16}, 2, &side->copy);
    gpu_kernel_create(gpu, &gpu_code_tick, NULL, 0, &side->tick);
    gpu_kernel_create(gpu, &gpu_code_burn, NULL, 0, &side->burn);
    side->convert_set =
        gpu_set(gpu, &(struct gpu_bindings){.buffer = {NULL, &side->out}, .image = {&side->image[0]}});
    if (gpu->formatless)
        side->copy_set =
            gpu_set(gpu, &(struct gpu_bindings){.image = {&side->image[0], NULL, &side->image[1]}});
    if (handoff_side_words(side))
        side->tick_set = gpu_set(gpu, &(struct gpu_bindings){.buffer = {&side->count, &side->word}});
    side->burn_set = gpu_set(gpu, &(struct gpu_bindings){.buffer = {NULL, &side->out}});
}

/* By compute where the device lets a shader write any format: vkCmdCopyImage can be slow on a queue with
 * graphics. */
static void record_copy(struct handoff_side *side, VkCommandBuffer commands)
{
    struct gpu *const gpu = &side->gpu;
    const struct gpu_image *const image = &side->image[0];
    const VkImageCopy region = {.srcSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                .dstSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                .extent = {image->width, image->height, 1}};
    if (gpu->formatless)
        gpu_record(gpu, commands,
                   &(struct gpu_work){.kernel = &side->copy,
                                      .set = side->copy_set,
                                      .push = {image->width, image->height},
                                      .push_words = 2,
                                      .groups = {(image->width + 15) / 16, (image->height + 15) / 16}});
    else
        gpu->vk.CmdCopyImage(commands, image->image, VK_IMAGE_LAYOUT_GENERAL, side->image[1].image,
                             VK_IMAGE_LAYOUT_GENERAL, 1, &region);
}

/* The source copies an image, the host converts one. */
static void record_frame(struct handoff_side *side, VkCommandBuffer commands)
{
    const uint32_t width = side->image[0].width, height = side->image[0].height;
    const uint32_t chroma = width * height / (side->config->frame == HANDOFF_4K_HALVES ? 2 : 4);
    if (side->me == 0)
        record_copy(side, commands);
    else
        gpu_record(&side->gpu, commands,
                   &(struct gpu_work){.kernel = &side->convert,
                                      .set = side->convert_set,
                                      .push = {width, height, chroma},
                                      .push_words = 4,
                                      .groups = {(width + 31) / 32, (height + 31) / 32}});
    gpu_barrier(&side->gpu, commands);
}

static void record_all(struct handoff_side *side)
{
    struct gpu *const gpu = &side->gpu;
    side->plain = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    record_frame(side, side->plain);
    gpu_end(gpu, side->plain);
    if (handoff_side_words(side)) {
        side->ticking = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
        record_frame(side, side->ticking);
        gpu_record(gpu, side->ticking,
                   &(struct gpu_work){.kernel = &side->tick, .set = side->tick_set, .groups = {1, 1}});
        gpu_barrier(gpu, side->ticking);
        gpu_end(gpu, side->ticking);
    }
    const VkQueryPoolCreateInfo info = {.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO,
                                        .queryType = VK_QUERY_TYPE_TIMESTAMP,
                                        .queryCount = 2};
    gpu_must(gpu->vk.CreateQueryPool(gpu->device, &info, NULL, &side->queries), "vkCreateQueryPool");
    side->traced = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    gpu->vk.CmdResetQueryPool(side->traced, side->queries, 0, 2);
    gpu->vk.CmdWriteTimestamp(side->traced, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, side->queries, 0);
    record_frame(side, side->traced);
    gpu->vk.CmdWriteTimestamp(side->traced, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, side->queries, 1);
    gpu_end(gpu, side->traced);
}

void handoff_side_trace(struct handoff_side *side, double us[2])
{
    uint64_t ticks[2];
    gpu_must(side->gpu.vk.GetQueryPoolResults(side->gpu.device, side->queries, 0, 2, sizeof ticks, ticks, 8,
                                              VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
             "vkGetQueryPoolResults");
    for (int i = 0; i < 2; i++)
        us[i] =
            (double)ticks[i] * (double)side->gpu.props.limits.timestampPeriod / 1e3 + side->clock_offset_us;
}

void handoff_side_calibrate(struct handoff_side *side)
{
    const VkCalibratedTimestampInfoEXT infos[2] = {
        {.sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT, .timeDomain = VK_TIME_DOMAIN_DEVICE_EXT},
        {.sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT,
         .timeDomain = VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT}};
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 16; i++) {
        uint64_t times[2], deviation;
        gpu_must(side->gpu.vk.GetCalibratedTimestampsEXT(side->gpu.device, 2, infos, times, &deviation),
                 "vkGetCalibratedTimestampsEXT");
        if (deviation >= best)
            continue;
        best = deviation;
        side->clock_offset_us =
            (double)times[1] / 1e3 - (double)times[0] * (double)side->gpu.props.limits.timestampPeriod / 1e3;
    }
}

/* The source's other work is a game's: all of the GPU, about a millisecond each. The host's is short. */
static void record_burn(struct handoff_side *side)
{
    struct gpu *const gpu = &side->gpu;
    const uint32_t rounds = side->me == 0 ? 20000 : 2000, groups = side->me == 0 ? 4096 : 16;
    side->burning = gpu_begin(gpu, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    gpu_record(gpu, side->burning,
               &(struct gpu_work){.kernel = &side->burn,
                                  .set = side->burn_set,
                                  .push = {rounds},
                                  .push_words = 1,
                                  .groups = {groups, 1}});
    gpu_end(gpu, side->burning);
    side->burned = gpu_timeline(gpu, false);
}

static void *burn_thread(void *user)
{
    struct handoff_side *const side = user;
    struct gpu *const gpu = &side->gpu;
    for (uint64_t value = 1; !atomic_load(&side->stop); value++) {
        const uint64_t before = value > 2 ? value - 2 : 0;
        const VkTimelineSemaphoreSubmitInfo values = {.sType =
                                                          VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
                                                      .signalSemaphoreValueCount = 1,
                                                      .pSignalSemaphoreValues = &value};
        const VkSubmitInfo info = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
                                   .pNext = &values,
                                   .commandBufferCount = 1,
                                   .pCommandBuffers = &side->burning,
                                   .signalSemaphoreCount = 1,
                                   .pSignalSemaphores = &side->burned};
        const VkSemaphoreWaitInfo wait = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                          .semaphoreCount = 1,
                                          .pSemaphores = &side->burned,
                                          .pValues = &before};
        gpu_must(gpu->vk.QueueSubmit(gpu->queue[1], 1, &info, VK_NULL_HANDLE), "vkQueueSubmit");
        gpu_must(gpu->vk.WaitSemaphores(gpu->device, &wait, UINT64_MAX), "vkWaitSemaphores");
    }
    return NULL;
}

bool handoff_side_open(struct handoff_side *side, const char *device)
{
    const struct handoff_config *const config = side->config;
    const struct gpu_params params = {
        .device = device, .kind = config->kind[side->me], .priority = config->priority[side->me]};
    if (side->peer && side->me == 1)
        gpu_share(&side->gpu, &side->peer->gpu);
    else if (side->device)
        gpu_share(&side->gpu, side->device);
    else if (!gpu_open(&side->gpu, &params))
        return false;
    if (!open_memory(side) || !share_timeline(side))
        return false;
    open_kernels(side);
    record_all(side);
    if (config->busy[side->me] && side->gpu.num_queues > 1) {
        record_burn(side);
        side->burning_now = pthread_create(&side->burner, NULL, burn_thread, side) == 0;
    }
    return true;
}

/* The process ends after it: what the device holds goes with it. */
void handoff_side_close(struct handoff_side *side)
{
    atomic_store(&side->stop, true);
    if (side->burning_now)
        pthread_join(side->burner, NULL);
    if (side->gpu.device)
        side->gpu.vk.DeviceWaitIdle(side->gpu.device);
}
