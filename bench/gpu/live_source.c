/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "live.h"

#include "stats.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { IMAGES = 3 };
#define BEAT_US 1e5

struct live_source {
    struct live *live;
    struct gpu gpu;
    struct gpu_image image[IMAGES];
    fr_source *source;
    uint32_t pushed;
    double beaten_us;
};

static bool open_source(struct live_source *self)
{
    struct live *const live = self->live;
    const VkFormat format = live->hdr ? VK_FORMAT_R16G16B16A16_SFLOAT : VK_FORMAT_B8G8R8A8_UNORM;
    if (!gpu_open(&self->gpu, &(struct gpu_params){.device = live->device,
                                                   .kind = live->kind,
                                                   .extensions = fr_vulkan_source_extensions()}))
        return false;
    for (int i = 0; i < IMAGES; i++)
        if (!gpu_image_create(&self->gpu, format, live->width, live->height, 0, &self->image[i]))
            return false;
    const fr_vulkan_source_params vulkan = {.instance = self->gpu.instance,
                                            .physical_device = self->gpu.physical,
                                            .device = self->gpu.device,
                                            .queue = self->gpu.queue[0],
                                            .queue_family = self->gpu.queue_family,
                                            .api_version = VK_API_VERSION_1_2,
                                            .extensions = self->gpu.enabled,
                                            .num_extensions = self->gpu.num_enabled,
                                            .timeline_semaphores = self->gpu.timeline,
                                            .storage_image_write_without_format = self->gpu.formatless};
    const fr_source_params params = {
        .target_id = live->target,
        .by_target = true,
        .runtime_dir = live->folder,
        .name = "bench",
        .display = {.mode = {live->width, live->height, 0},
                    .colour_state = live->hdr ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR},
        .vulkan = &vulkan,
        .log = live_log("source")};
    return fr_source_open(&self->source, &params) == FR_OK;
}

static fr_status push(struct live_source *self)
{
    struct live_shared *const shared = self->live->shared;
    const struct gpu_image *const from = &self->image[self->pushed % IMAGES];
    const fr_vulkan_image image = {.image = (uint64_t)(uintptr_t)from->image,
                                   .format = self->live->hdr ? VK_FORMAT_R16G16B16A16_SFLOAT
                                                             : VK_FORMAT_B8G8R8A8_UNORM,
                                   .width = from->width,
                                   .height = from->height,
                                   .layout = VK_IMAGE_LAYOUT_GENERAL,
                                   .sampled = true,
                                   .number = self->pushed % IMAGES + 1};
    shared->push_us = stats_now_us();
    const fr_status status = fr_source_push_vulkan(self->source, &image, NULL);
    shared->pushed_us = stats_now_us();
    if (status == FR_OK)
        atomic_store_explicit(&shared->pushed, ++self->pushed, memory_order_release);
    return status;
}

/* Until there is something to do: a frame is wanted, or the heart has to beat. */
static void pause_source(struct live_source *self)
{
    struct live_shared *const shared = self->live->shared;
    if (!self->live->spin) {
        struct pollfd descriptors[2] = {{self->live->event, POLLIN, 0},
                                        {fr_source_fd(self->source), POLLIN, 0}};
        uint64_t told;
        if (poll(descriptors, 2, 100) > 0 && (descriptors[0].revents & POLLIN) &&
            read(self->live->event, &told, sizeof told) < 0)
            perror("eventfd");
        return;
    }
    while (atomic_load_explicit(&shared->wanted, memory_order_acquire) <= self->pushed &&
           !atomic_load(&shared->stop) && stats_now_us() - self->beaten_us < BEAT_US)
        ;
}

static int run(struct live_source *self)
{
    struct live_shared *const shared = self->live->shared;
    bool attached = false, again = false;
    while (!atomic_load(&shared->stop)) {
        const bool wanted =
            atomic_load_explicit(&shared->wanted, memory_order_acquire) > self->pushed || again;
        if (!attached || !wanted || stats_now_us() - self->beaten_us > BEAT_US) {
            const fr_status status = fr_source_poll(self->source, attached ? 0 : 10000000);
            self->beaten_us = stats_now_us();
            if (status < 0)
                return 1;
            attached = status == FR_OK || status == FR_REATTACHED;
            again = again || status == FR_REATTACHED;
        }
        if (!attached)
            continue;
        if (again || wanted) {
            const fr_status status = push(self);
            if (status < 0)
                return 1;
            again = again && status != FR_OK;
            attached = status == FR_OK;
        } else {
            pause_source(self);
        }
    }
    return 0;
}

int live_source_run(struct live *live)
{
    struct live_source self = {.live = live};
    const int status = open_source(&self) ? run(&self) : 1;
    if (status)
        atomic_store(&live->shared->failed, true);
    fr_source_close(&self.source);
    return status;
}
