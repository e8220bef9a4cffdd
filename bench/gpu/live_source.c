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
    double beaten_us, due_us;
};

static void lock_queue(void *user)
{
    pthread_mutex_lock(user);
}

static void unlock_queue(void *user)
{
    pthread_mutex_unlock(user);
}

static bool open_images(struct live_source *self)
{
    struct live *const live = self->live;
    const VkFormat format = live->hdr ? VK_FORMAT_R16G16B16A16_SFLOAT : VK_FORMAT_B8G8R8A8_UNORM;
    bool good = true;
    if (live->lock)
        pthread_mutex_lock(live->lock);
    for (int i = 0; good && i < IMAGES; i++)
        good = gpu_image_create(&self->gpu, format, live->width, live->height, 0, &self->image[i]);
    if (live->lock)
        pthread_mutex_unlock(live->lock);
    return good;
}

static bool open_source(struct live_source *self)
{
    struct live *const live = self->live;
    if (live->gpu)
        gpu_share(&self->gpu, live->gpu);
    else if (!gpu_open(&self->gpu, &(struct gpu_params){.device = live->device,
                                                        .kind = live->kind,
                                                        .extensions = fr_vulkan_source_extensions()}))
        return false;
    if (!open_images(self))
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
                                            .storage_image_write_without_format = self->gpu.formatless,
                                            .lock = live->lock ? lock_queue : NULL,
                                            .unlock = live->lock ? unlock_queue : NULL,
                                            .user = live->lock};
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

/* Sleeps for at most so long, or until the host or framering has something to say. */
static void sleep_us(struct live_source *self, double us)
{
    struct pollfd descriptors[2] = {{self->live->event, POLLIN, 0}, {fr_source_fd(self->source), POLLIN, 0}};
    const struct timespec timeout = {.tv_sec = (time_t)(us / 1e6), .tv_nsec = (long)(us * 1e3) % 1000000000};
    uint64_t told;
    if (ppoll(descriptors, 2, &timeout, NULL) > 0 && (descriptors[0].revents & POLLIN) &&
        read(self->live->event, &told, sizeof told) < 0)
        perror("eventfd");
}

/* Until there is something to do: a frame is wanted or due, or the heart has to beat. */
static void pause_source(struct live_source *self)
{
    struct live_shared *const shared = self->live->shared;
    const double now = stats_now_us(), left = self->due_us - now;
    if (self->live->period_us > 0) {
        if (left > 0)
            sleep_us(self, left < BEAT_US ? left : BEAT_US);
        return;
    }
    if (!self->live->spin) {
        sleep_us(self, BEAT_US);
        return;
    }
    while (atomic_load_explicit(&shared->wanted, memory_order_acquire) <= self->pushed &&
           !atomic_load(&shared->stop) && stats_now_us() - self->beaten_us < BEAT_US)
        ;
}

static bool is_wanted(struct live_source *self)
{
    struct live_shared *const shared = self->live->shared;
    const double period = self->live->period_us, now = stats_now_us();
    if (period <= 0)
        return atomic_load_explicit(&shared->wanted, memory_order_acquire) > self->pushed;
    if (now < self->due_us)
        return false;
    if (self->due_us > 0 && now > self->due_us + period)
        atomic_fetch_add(&shared->missed, (uint32_t)((now - self->due_us) / period));
    self->due_us = now > self->due_us + period ? now + period : self->due_us + period;
    return true;
}

static int run(struct live_source *self)
{
    struct live_shared *const shared = self->live->shared;
    bool attached = false, again = false;
    while (!atomic_load(&shared->stop)) {
        const bool wanted = is_wanted(self) || again;
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

static void *run_thread(void *user)
{
    if (live_source_run(user))
        fputs("a source failed\n", stderr);
    return NULL;
}

int live_sources_run(struct live *const *lives, uint32_t count)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct gpu gpu;
    pthread_t threads[LIVE_MAX];
    if (count > LIVE_MAX ||
        !gpu_open(&gpu, &(struct gpu_params){.device = lives[0]->device,
                                             .kind = lives[0]->kind,
                                             .extensions = fr_vulkan_source_extensions()}))
        return 1;
    gpu.queue[1] = gpu.queue[0];
    for (uint32_t i = 0; i < count; i++) {
        lives[i]->gpu = &gpu;
        lives[i]->lock = &lock;
        gpu_must(pthread_create(&threads[i], NULL, run_thread, lives[i]) ? VK_ERROR_UNKNOWN : VK_SUCCESS,
                 "a thread");
    }
    int status = 0;
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        status |= atomic_load(&lives[i]->shared->failed);
    }
    return status;
}
