/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bare_targets.h"

#include "handoff.h"
#include "stats.h"

#include <poll.h>
#include <signal.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BARE_MAX = 16 };
#define LOOK_US 200.0

#define PATIENCE_NS UINT64_C(5000000000)

static const struct handoff_mode mode = {.name = "bare targets", .start = HANDOFF_POLL, .event = true};

/* shared->early: so many frames are wanted. */
struct bare_target {
    struct handoff_side side[2];
    int asked; /* an eventfd */
    uint32_t ahead;
    pthread_t thread[2];
    _Atomic uint64_t converted;
    _Atomic bool failed;
};

static _Atomic bool stopping;

static void tell(int event)
{
    if (write(event, &(uint64_t){1}, 8) != 8)
        perror("eventfd");
}

/* False: nobody told within 5 s. */
static bool told(int event)
{
    struct pollfd descriptor = {event, POLLIN, 0};
    uint64_t count;
    return poll(&descriptor, 1, 5000) == 1 && read(event, &count, 8) == 8;
}

/* By looking first, as the library does. */
static bool reached(struct handoff_side *side, VkSemaphore semaphore, uint64_t value)
{
    struct gpu *const gpu = &side->gpu;
    const double start = stats_now_us();
    uint64_t now = 0;
    do {
        gpu_must(gpu->vk.GetSemaphoreCounterValue(gpu->device, semaphore, &now), "the counter");
        if (now >= value)
            return true;
    } while (stats_now_us() - start < LOOK_US);
    const VkSemaphoreWaitInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                      .semaphoreCount = 1,
                                      .pSemaphores = &semaphore,
                                      .pValues = &value};
    return gpu->vk.WaitSemaphores(gpu->device, &info, PATIENCE_NS) == VK_SUCCESS;
}

static void *source_thread(void *user)
{
    struct bare_target *const target = user;
    struct handoff_side *const side = &target->side[0];
    struct handoff_shared *const shared = side->shared;
    while (!atomic_load(&shared->failed)) {
        if (atomic_load_explicit(&shared->early, memory_order_acquire) <= side->round) {
            if (!told(target->asked))
                atomic_store(&shared->failed, true);
            continue;
        }
        side->round++;
        handoff_submit(side, &mode, false);
        atomic_store_explicit(&shared->seq, side->round, memory_order_release);
        tell(side->event);
    }
    return NULL;
}

/* As cmd_targets.c: one is on its way while one is converted. */
static void *host_thread(void *user)
{
    struct bare_target *const target = user;
    struct handoff_side *const side = &target->side[1];
    bool good = true;
    while (good && !atomic_load(&stopping)) {
        side->round++;
        atomic_store_explicit(&side->shared->early, side->round + target->ahead - 1, memory_order_release);
        tell(target->asked);
        while (good && atomic_load_explicit(&side->shared->seq, memory_order_acquire) < side->round)
            good = told(side->event);
        good = good && reached(side, side->ready, side->round);
        if (good)
            handoff_submit(side, &mode, true);
        if (good && side->round > 1) {
            good = reached(side, side->own, side->round - 1);
            atomic_fetch_add(&target->converted, 1);
        }
    }
    if (!good)
        atomic_store(&target->failed, true);
    return NULL;
}

static double rate(struct bare_target *targets, uint32_t count)
{
    uint64_t before = 0, after = 0;
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    for (uint32_t i = 0; i < count; i++)
        before += atomic_load(&targets[i].converted);
    const double start = stats_now_us();
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    for (uint32_t i = 0; i < count; i++)
        after += atomic_load(&targets[i].converted);
    return (double)(after - before) / (stats_now_us() - start) * 1e6;
}

/* One queue for all sides `me` of the process. False: no device. */
static bool open_sides(struct bare_target *targets, uint32_t count, int me, struct gpu *gpu,
                       pthread_mutex_t *lock)
{
    bool good = true;
    for (uint32_t i = 0; good && i < count; i++) {
        targets[i].side[me].device = gpu;
        targets[i].side[me].queue_lock = lock;
        good = handoff_side_open(&targets[i].side[me], NULL);
    }
    return good;
}

static bool open_device(struct gpu *gpu, const char *device, enum gpu_queue_kind kind)
{
    const bool good = gpu_open(gpu, &(struct gpu_params){.device = device, .kind = kind});
    gpu->queue[1] = gpu->queue[0];
    return good;
}

static void start_threads(struct bare_target *targets, uint32_t count, int me)
{
    for (uint32_t i = 0; i < count; i++)
        if (pthread_create(&targets[i].thread[me], NULL, me ? host_thread : source_thread, &targets[i]) != 0)
            _exit(1);
}

static void join_threads(struct bare_target *targets, uint32_t count, int me)
{
    for (uint32_t i = 0; i < count; i++)
        pthread_join(targets[i].thread[me], NULL);
}

static void stop_sources(struct bare_target *targets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        atomic_store(&targets[i].side[0].shared->failed, true);
        tell(targets[i].asked);
    }
}

static bool measure(struct json *json, struct bare_target *targets, uint32_t count)
{
    bool good = true;
    start_threads(targets, count, 1);
    json_number(json, "frames_per_s", rate(targets, count));
    atomic_store(&stopping, true);
    join_threads(targets, count, 1);
    for (uint32_t i = 0; i < count; i++)
        good = good && !atomic_load(&targets[i].failed);
    return good;
}

/* Sources of one process. Never returns. */
static void source_process(struct bare_target *targets, uint32_t count, const char *device)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct gpu gpu;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!open_device(&gpu, device, GPU_QUEUE_GRAPHICS) || !open_sides(targets, count, 0, &gpu, &lock))
        _exit(1);
    start_threads(targets, count, 0);
    join_threads(targets, count, 0);
    gpu.vk.DeviceWaitIdle(gpu.device);
    _exit(0);
}

/* Never returns. */
static void host_process(struct json *json, struct bare_target *targets, const struct bare_row *row,
                         const char *device)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct gpu gpu;
    const bool all = row->layout == BARE_ALL_TOGETHER;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint32_t i = 0; all && i < row->count; i++)
        for (int me = 0; me < 2; me++)
            targets[i].side[me].peer = &targets[i].side[!me];
    bool good = open_device(&gpu, device, GPU_QUEUE_COMPUTE) &&
                (!all || open_sides(targets, row->count, 0, &gpu, &lock)) &&
                open_sides(targets, row->count, 1, &gpu, &lock);
    if (good && all)
        start_threads(targets, row->count, 0);
    good = good && measure(json, targets, row->count);
    stop_sources(targets, row->count);
    if (good && all)
        join_threads(targets, row->count, 0);
    fflush(json->file);
    _exit(good ? 0 : 1);
}

static void write_row(struct json *json, const struct bare_row *row)
{
    static const char *const layouts[] = {"processes", "one process", "one process with the host"};
    json_object(json, NULL);
    json_integer(json, "targets", row->count);
    json_text(json, "frame", row->halves ? "RGBA16F" : "BGRA8");
    json_text(json, "sources", layouts[row->layout]);
    json_integer(json, "ahead", row->ahead);
    fflush(json->file);
}

/* Never returns, in a child. */
static pid_t start(struct probe *probe, struct bare_target *targets, const struct bare_row *row,
                   uint32_t child)
{
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (child == 0)
        host_process(&probe->json, targets, row, probe->device);
    const bool together = row->layout == BARE_SOURCES_TOGETHER;
    source_process(together ? targets : &targets[child - 1], together ? row->count : 1, probe->device);
    return -1;
}

void bare_targets_run(struct probe *probe, const struct bare_row *row)
{
    static const uint32_t sources[] = {[BARE_SOURCES_TOGETHER] = 1, [BARE_ALL_TOGETHER] = 0};
    static struct bare_target targets[BARE_MAX];
    static struct handoff_config config;
    config = (struct handoff_config){.kind = {GPU_QUEUE_GRAPHICS, GPU_QUEUE_COMPUTE},
                                     .frame = row->halves ? HANDOFF_4K_HALVES : HANDOFF_4K};
    const uint32_t num_children = 1 + (row->layout == BARE_PROCESSES ? row->count : sources[row->layout]);
    pid_t children[BARE_MAX + 1];
    bool good = row->count <= BARE_MAX;
    for (uint32_t i = 0; good && i < row->count; i++) {
        targets[i] = (struct bare_target){.asked = eventfd(0, 0), .ahead = row->ahead};
        good = handoff_pair_open(targets[i].side, &config);
    }
    if (!good)
        return;
    write_row(&probe->json, row);
    for (uint32_t i = 0; i < num_children; i++)
        children[i] = start(probe, targets, row, i);
    for (uint32_t i = 0; i < num_children; i++) {
        int status = 1;
        good = waitpid(children[i], &status, 0) == children[i] && status == 0 && good;
        if (i == 0)
            stop_sources(targets, row->count);
    }
    probe->json.more = true;
    json_bool(&probe->json, "completed", good);
    json_end_object(&probe->json);
    for (uint32_t i = 0; i < row->count; i++) {
        handoff_pair_close(targets[i].side);
        close(targets[i].asked);
    }
}
