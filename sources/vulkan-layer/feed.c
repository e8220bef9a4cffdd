/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "feed_inside.h"

#include "settings.h"
#include "stats.h"

#include <framering/frame.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A host that said no, or a source that failed, is tried again after this. */
static const uint64_t retry_ns = 2 * FR_LAYER_NS_PER_S;

/* A program without a swapchain for so long is no source any more, until it has one again. */
static const uint64_t idle_ns = FR_LAYER_NS_PER_S;

/* The library wants to be called twice in a second; what a host says is heard at once, but for one that is
 * only coming. */
static const uint64_t poll_attached_ns = 400 * FR_LAYER_NS_PER_MS,
                      poll_searching_ns = 100 * FR_LAYER_NS_PER_MS;

static uint64_t poll_every_ns(const struct fr_layer_feed *feed)
{
    return feed->attached ? poll_attached_ns : poll_searching_ns;
}

uint64_t fr_layer_now_ns(void)
{
    return fr_clock_now_ns();
}

void fr_layer_feed_rouse(const struct fr_layer_feed *feed)
{
    const uint64_t one = 1;
    /* Fails only when a wake-up is pending already. */
    if (write(feed->wake_fd, &one, sizeof(one)) < 0)
        return;
}

/* ---- the source ---- */

static void lock_queue(void *user)
{
    fr_layer_queue *queue = user;
    pthread_mutex_lock(&queue->mutex);
}

static void unlock_queue(void *user)
{
    fr_layer_queue *queue = user;
    pthread_mutex_unlock(&queue->mutex);
}

static void adopt(void *user, void *object)
{
    const fr_layer_queue *queue = user;
    if (queue->device->adopt)
        (void)queue->device->adopt(queue->device->handle, object);
}

static void fill_vulkan(struct fr_layer_feed *feed)
{
    const fr_layer_device *device = feed->device;
    feed->vulkan = (fr_vulkan_source_params){
        .instance = device->instance->handle,
        .physical_device = device->physical_device,
        .device = device->handle,
        .queue = feed->queue->handle,
        .queue_family = feed->queue->family,
        .get_instance_proc_addr = (void *)(uintptr_t)device->instance->get,
        .get_device_proc_addr = (void *)(uintptr_t)device->get,
        .api_version = device->instance->api_version,
        .extensions = device->extensions,
        .num_extensions = device->num_extensions,
        .timeline_semaphores = device->timeline_semaphores,
        .storage_image_write_without_format = device->storage_image_write_without_format,
        .lock = lock_queue,
        .unlock = unlock_queue,
        .adopt = adopt,
        .user = feed->queue,
    };
}

static void close_source(struct fr_layer_feed *feed)
{
    if (!feed->source)
        return;
    if (feed->current)
        fr_layer_frames_drop(feed);
    if (feed->holding)
        fr_source_cancel(feed->source);
    feed->holding = false;
    /* A copy that never ends may write to a slot, which a close takes away: then it lasts as long as the
     * program. */
    if (feed->hung)
        feed->source = NULL;
    else
        fr_source_close(&feed->source);
    feed->attached = false;
    feed->generation = 0;
}

static void open_source(struct fr_layer_feed *feed)
{
    const fr_layer_settings *settings = fr_layer_settings_get();
    const fr_layer_swapchain *swapchain = feed->current;
    const char *socket = getenv(FR_SOURCE_SOCKET_ENV);
    const fr_source_params params = {
        .target_id = settings->target_id,
        .by_target = settings->has_target,
        .name = program_invocation_short_name,
        .display = fr_layer_display(&swapchain->plan, swapchain->width, swapchain->height),
        .vulkan = settings->memory_only ? NULL : &feed->vulkan,
        .log = fr_layer_log(),
    };
    fill_vulkan(feed);
    feed->inherited = socket && *socket && !settings->has_target;
    fr_status status = fr_source_open(&feed->source, &params);
    if (status == FR_ERR_UNSUPPORTED && params.vulkan) {
        fr_source_params plain = params;
        plain.vulkan = NULL;
        status = fr_source_open(&feed->source, &plain);
    }
    if (status == FR_OK)
        return;
    fr_layer_say("frames cannot be offered to a host: %s", fr_status_text(status));
    feed->over = true;
}

static void tell_hdr(struct fr_layer_feed *feed)
{
    fr_layer_swapchain *swapchain = feed->current;
    if (!atomic_exchange_explicit(&swapchain->hdr_changed, false, memory_order_acquire))
        return;
    pthread_mutex_lock(&swapchain->hdr_mutex);
    const bool has_hdr = swapchain->has_hdr;
    const fr_hdr_metadata hdr = swapchain->hdr;
    pthread_mutex_unlock(&swapchain->hdr_mutex);
    (void)fr_source_set_hdr_metadata(feed->source, has_hdr ? &hdr : NULL);
}

static void keep_source(struct fr_layer_feed *feed, uint64_t now_ns)
{
    /* At once: a new device is to have the connection. */
    if (atomic_load_explicit(&feed->device->lost, memory_order_relaxed))
        feed->over = true;
    if (feed->over)
        close_source(feed);
    if (!feed->current) {
        if (feed->source && !feed->inherited && now_ns - feed->idle_ns >= idle_ns)
            close_source(feed);
        return;
    }
    feed->idle_ns = now_ns;
    if (!feed->source && !feed->over && now_ns >= feed->retry_ns) {
        open_source(feed);
        atomic_store_explicit(&feed->current->hdr_changed, true, memory_order_relaxed);
    }
    if (feed->source)
        tell_hdr(feed);
}

static void poll_source(struct fr_layer_feed *feed, uint64_t now_ns)
{
    feed->news = false;
    feed->polled_ns = now_ns;
    const fr_status status = fr_source_poll(feed->source, 0);
    feed->attached = status == FR_OK || status == FR_REATTACHED;
    if (status == FR_ERR_DEVICE_LOST)
        fr_layer_feed_lose(feed->device);
    if (status == FR_END || status < 0) {
        close_source(feed);
        feed->retry_ns = now_ns + retry_ns;
        feed->over = feed->inherited; /* it is not had a second time */
    }
}

/* ---- the swapchain ---- */

/* A copy that never ends is one of its commands, and stays as they do. */
static void drop_pool(struct fr_layer_feed *feed)
{
    if (!feed->hung)
        feed->device->vk.DestroyCommandPool(feed->device->handle, feed->pool, NULL);
    feed->pool = VK_NULL_HANDLE;
}

static bool make_pool(struct fr_layer_feed *feed, fr_layer_queue *queue)
{
    const fr_layer_device *device = feed->device;
    const VkCommandPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .queueFamilyIndex = queue->family,
    };
    if (feed->queue == queue)
        return true;
    close_source(feed);
    drop_pool(feed);
    feed->queue = NULL;
    if (device->vk.CreateCommandPool(device->handle, &info, NULL, &feed->pool) != VK_SUCCESS)
        return false;
    feed->queue = queue;
    return true;
}

static void set_current(struct fr_layer_feed *feed, fr_layer_swapchain *swapchain)
{
    pthread_mutex_lock(&feed->mutex);
    feed->current = swapchain;
    pthread_cond_broadcast(&feed->let_go);
    pthread_mutex_unlock(&feed->mutex);
}

/* Where both ways are as fast, the plain one. NULL: that, and why. */
static const fr_layer_copier *find_copier(struct fr_layer_feed *feed, const fr_layer_swapchain *swapchain,
                                          const char **why)
{
    const VkQueueFlags both = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
    *why = "its queue does not both draw and compute";
    if ((feed->queue->flags & both) != both)
        return NULL;
    *why = swapchain->not_sampled;
    if (*why)
        return NULL;
    if (!feed->copier_tried)
        (void)fr_layer_copier_init(&feed->copier, feed->device);
    feed->copier_tried = true;
    *why = feed->copier.encoding ? NULL : "the device has no room for the shader";
    return *why ? NULL : &feed->copier;
}

static void switch_to(struct fr_layer_feed *feed, fr_layer_swapchain *swapchain, fr_layer_queue *queue)
{
    if (feed->current)
        fr_layer_frames_drop(feed);
    set_current(feed, NULL);
    if (!swapchain)
        return;
    if (!make_pool(feed, queue)) {
        feed->over = true;
        return;
    }
    swapchain->family = queue->family;
    const char *why;
    swapchain->copier = find_copier(feed, swapchain, &why);
    if (fr_layer_settings_get()->stats || fr_layer_settings_get()->verbose)
        fr_layer_say("images of %ux%u are copied by %s%s", swapchain->width, swapchain->height,
                     why ? "the queue's own commands: "
                         : "a compute shader, where the ring's can be stored to",
                     why ? why : "");
    feed->published = feed->shown = 0; /* its presents are counted from 1 again */
    atomic_store_explicit(&swapchain->hdr_changed, true, memory_order_relaxed);
    set_current(feed, swapchain);
    if (feed->source) {
        const fr_display_descriptor display =
            fr_layer_display(&swapchain->plan, swapchain->width, swapchain->height);
        (void)fr_source_announce(feed->source, &display);
    }
}

static void serve(struct fr_layer_feed *feed)
{
    pthread_mutex_lock(&feed->mutex);
    fr_layer_swapchain *wanted = feed->wanted;
    fr_layer_queue *queue = feed->wanted_queue;
    pthread_mutex_unlock(&feed->mutex);
    if (wanted != feed->current)
        switch_to(feed, wanted, queue);
}

/* ---- the thread ---- */

/* What the thread sleeps for. */
typedef struct sleep_plan {
    int source_fd;
    uint64_t wait_ns;
} sleep_plan;

/* The work that there is. */
static sleep_plan turn(struct fr_layer_feed *feed)
{
    pthread_mutex_lock(&feed->work);
    serve(feed);
    keep_source(feed, fr_layer_now_ns());
    if (feed->source && feed->current)
        fr_layer_frames_collect(feed);
    const uint64_t now = fr_layer_now_ns();
    const bool due = feed->news || now - feed->polled_ns >= poll_every_ns(feed);
    /* The library may take slots away in a poll; what was published it waits for by itself. */
    if (feed->source && due && !feed->hung && fr_layer_claims_expire(feed, now, true))
        poll_source(feed, now);
    if (feed->source)
        (void)fr_layer_claims_expire(feed, now, false);
    if (feed->source && feed->current) {
        fr_layer_frames_follow(feed);
        fr_layer_claims_make(feed, FR_LAYER_PATIENT);
    }
    const uint64_t wait_ns = fr_layer_claims_wait_ns(feed, fr_layer_now_ns());
    const sleep_plan plan = {
        .source_fd = feed->source ? fr_source_fd(feed->source) : -1,
        .wait_ns = wait_ns < poll_every_ns(feed) ? wait_ns : poll_every_ns(feed),
    };
    pthread_mutex_unlock(&feed->work);
    return plan;
}

static void count_cpu(struct fr_layer_feed *feed)
{
    if (!fr_layer_settings_get()->stats)
        return;
    const uint64_t now_ns = fr_layer_moment_now().cpu_ns;
    fr_layer_stats_note_thread(now_ns - feed->cpu_ns);
    feed->cpu_ns = now_ns;
}

static void wait_for_something(struct fr_layer_feed *feed, sleep_plan plan)
{
    struct pollfd fds[2] = {{.fd = feed->wake_fd, .events = POLLIN},
                            {.fd = plan.source_fd, .events = POLLIN}};
    const struct timespec timeout = {.tv_nsec = (long)plan.wait_ns};
    uint64_t wakes;
    if (ppoll(fds, 2, &timeout, NULL) <= 0)
        return;
    const bool broken = fds[0].revents && read(feed->wake_fd, &wakes, sizeof(wakes)) < 0 && errno != EAGAIN;
    pthread_mutex_lock(&feed->work);
    feed->over = feed->over || broken;
    feed->news = feed->news || fds[1].revents;
    pthread_mutex_unlock(&feed->work);
}

static void end(struct fr_layer_feed *feed)
{
    pthread_mutex_lock(&feed->work);
    switch_to(feed, NULL, NULL);
    close_source(feed);
    if (!feed->hung) /* such a copy may be made by it */
        fr_layer_copier_finish(&feed->copier, feed->device);
    drop_pool(feed);
    pthread_mutex_unlock(&feed->work);
}

static void *run(void *user)
{
    struct fr_layer_feed *feed = user;
    while (!atomic_load_explicit(&feed->stop, memory_order_acquire) &&
           !atomic_load_explicit(&fr_layer_feed_leaving, memory_order_acquire)) {
        const sleep_plan plan = turn(feed);
        count_cpu(feed);
        wait_for_something(feed, plan);
    }
    if (!atomic_load_explicit(&fr_layer_feed_leaving, memory_order_acquire))
        end(feed);
    count_cpu(feed);
    return NULL;
}

void fr_layer_feed_free(struct fr_layer_feed *feed)
{
    if (feed->wake_fd >= 0)
        close(feed->wake_fd);
    pthread_cond_destroy(&feed->let_go);
    pthread_mutex_destroy(&feed->mutex);
    pthread_mutex_destroy(&feed->work);
    free(feed);
}

/* The program's signals are for its own threads. */
static int start_thread(struct fr_layer_feed *feed)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&feed->thread, NULL, run, feed);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!error)
        (void)pthread_setname_np(feed->thread, "framering");
    return error;
}

struct fr_layer_feed *fr_layer_feed_start(fr_layer_device *device)
{
    struct fr_layer_feed *feed = calloc(1, sizeof(*feed));
    if (!feed)
        return NULL;
    feed->device = device;
    feed->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&feed->mutex, NULL);
    pthread_mutex_init(&feed->work, NULL);
    pthread_cond_init(&feed->let_go, NULL);
    if (feed->wake_fd < 0 || start_thread(feed)) {
        fr_layer_say("no thread can be started, nothing is captured");
        fr_layer_feed_free(feed);
        return NULL;
    }
    return feed;
}
