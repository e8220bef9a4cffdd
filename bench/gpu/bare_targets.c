/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bare_targets.h"

#include "stats.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BARE_MAX = 16 };
#define LOOK_US 200.0

static const struct handoff_config config = {.kind = {GPU_QUEUE_GRAPHICS, GPU_QUEUE_COMPUTE},
                                             .frame = HANDOFF_4K};
static const struct handoff_mode mode = {.name = "bare targets", .start = HANDOFF_POLL, .event = true};

/* shared->early: so many frames are wanted. */
struct bare_target {
    struct handoff_side side[2];
    int asked; /* an eventfd */
    pthread_t thread;
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
    return gpu->vk.WaitSemaphores(gpu->device, &info, UINT64_C(5000000000)) == VK_SUCCESS;
}

/* Never returns. */
static void source_process(struct bare_target *target, const char *device, bool alone)
{
    struct handoff_side *const side = &target->side[0];
    struct handoff_shared *const shared = side->shared;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!handoff_side_open(side, device))
        _exit(1);
    while (!atomic_load(&shared->failed)) {
        if (!alone && atomic_load_explicit(&shared->early, memory_order_acquire) <= side->round) {
            if (!told(target->asked))
                _exit(1);
            continue;
        }
        side->round++;
        handoff_submit(side, &mode, false);
        if (alone && side->round > 2 && !reached(side, side->ready, side->round - 2))
            _exit(1);
        atomic_store_explicit(&shared->seq, side->round, memory_order_release);
        if (!alone)
            tell(side->event);
    }
    handoff_side_close(side);
    _exit(0);
}

/* As cmd_targets.c: one is on its way while one is converted. */
static void *host_thread(void *user)
{
    struct bare_target *const target = user;
    struct handoff_side *const side = &target->side[1];
    bool good = true;
    while (good && !atomic_load(&stopping)) {
        side->round++;
        atomic_store_explicit(&side->shared->early, side->round, memory_order_release);
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

static double rate(struct bare_target *targets, uint32_t count, double seconds, bool alone)
{
    uint64_t before = 0, after = 0;
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    for (uint32_t i = 0; i < count; i++)
        before += alone ? atomic_load(&targets[i].side[0].shared->seq) : atomic_load(&targets[i].converted);
    const double start = stats_now_us();
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds}, NULL);
    for (uint32_t i = 0; i < count; i++)
        after += alone ? atomic_load(&targets[i].side[0].shared->seq) : atomic_load(&targets[i].converted);
    return (double)(after - before) / (stats_now_us() - start) * 1e6;
}

static void stop(struct bare_target *targets, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        atomic_store(&targets[i].side[0].shared->failed, true);
        tell(targets[i].asked);
    }
}

/* Never returns. */
static void host_process(struct json *json, struct bare_target *targets, uint32_t count, const char *device,
                         double seconds)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct gpu gpu;
    bool good = gpu_open(&gpu, &(struct gpu_params){.device = device, .kind = config.kind[1]});
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    gpu.queue[1] = gpu.queue[0];
    for (uint32_t i = 0; good && i < count; i++) {
        targets[i].side[1].device = &gpu;
        targets[i].side[1].queue_lock = &lock;
        good = handoff_side_open(&targets[i].side[1], device);
    }
    for (uint32_t i = 0; good && i < count; i++)
        pthread_create(&targets[i].thread, NULL, host_thread, &targets[i]);
    if (good)
        json_number(json, "frames_per_s", rate(targets, count, seconds, false));
    atomic_store(&stopping, true);
    for (uint32_t i = 0; good && i < count; i++) {
        pthread_join(targets[i].thread, NULL);
        good = !atomic_load(&targets[i].failed);
    }
    fflush(json->file);
    _exit(good ? 0 : 1);
}

void bare_targets_run(struct probe *probe, uint32_t count, bool alone)
{
    static struct bare_target targets[BARE_MAX];
    const double seconds = probe->quick ? 1 : 2;
    pid_t children[BARE_MAX + 1];
    bool good = count <= BARE_MAX;
    for (uint32_t i = 0; good && i < count; i++) {
        good = handoff_pair_open(targets[i].side, &config);
        targets[i].asked = eventfd(0, 0);
    }
    json_object(&probe->json, NULL);
    json_integer(&probe->json, "targets", count);
    json_bool(&probe->json, "sources_alone", alone);
    fflush(probe->json.file);
    for (uint32_t i = 0; good && i <= count; i++) {
        if (i == count && alone)
            break;
        children[i] = fork();
        if (children[i] == 0 && i < count)
            source_process(&targets[i], probe->device, alone);
        else if (children[i] == 0)
            host_process(&probe->json, targets, count, probe->device, seconds);
    }
    if (good && alone) {
        nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
        json_number(&probe->json, "frames_per_s", rate(targets, count, seconds, true));
    }
    int status = 1;
    if (good && !alone)
        good = waitpid(children[count], &status, 0) == children[count] && status == 0;
    stop(targets, count);
    for (uint32_t i = 0; i < count; i++)
        good = waitpid(children[i], &status, 0) == children[i] && status == 0 && good;
    json_bool(&probe->json, "completed", good);
    json_end_object(&probe->json);
    for (uint32_t i = 0; i < count; i++) {
        handoff_pair_close(targets[i].side);
        close(targets[i].asked);
    }
}
