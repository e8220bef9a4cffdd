/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "changes.h"

#include "handoff.h"
#include "stats.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES_MAX = 16 };
#define WARM_US 300e3
#define MEASURE_US 400e3
#define PATIENCE_US 10e6

static const struct handoff_mode mode = {.name = "changes", .start = HANDOFF_POLL};

struct meeting {
    _Atomic uint32_t arrived, round;
    _Atomic bool over, failed;
    double us[2]; /* from, to */
    uint32_t rounds[2];
};

struct changes {
    uint32_t processes, copies; /* copies: of each process in a round */
    enum handoff_frame frame;
    enum gpu_queue_kind kind;
};

/* The last to come lets all go on, and keeps the time. */
static bool meet(struct meeting *meeting, const struct changes *changes, uint32_t round, double start)
{
    if (atomic_fetch_add(&meeting->arrived, 1) + 1 == changes->processes) {
        const double now = stats_now_us();
        const int at = meeting->us[0] > 0 || now - start < WARM_US ? 1 : 0;
        meeting->us[at] = now;
        meeting->rounds[at] = round;
        if (meeting->us[0] > 0 && now - meeting->us[0] > MEASURE_US)
            atomic_store(&meeting->over, true);
        atomic_store(&meeting->arrived, 0);
        atomic_store_explicit(&meeting->round, round, memory_order_release);
        return true;
    }
    for (uint32_t i = 1; atomic_load_explicit(&meeting->round, memory_order_acquire) < round; i++)
        if (i % 65536 == 0 && (atomic_load(&meeting->failed) || stats_now_us() - start > PATIENCE_US))
            return false;
    return true;
}

static bool reached(struct handoff_side *side, uint64_t wanted)
{
    const double start = stats_now_us();
    uint64_t value = 0;
    while (value < wanted && stats_now_us() - start < PATIENCE_US)
        gpu_must(side->gpu.vk.GetSemaphoreCounterValue(side->gpu.device, side->ready, &value), "the counter");
    return value >= wanted;
}

/* Never returns. */
static void run_process(struct handoff_side *side, const char *device, const struct changes *changes,
                        struct meeting *meeting)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Whom nobody hears: its timeline need not be shared. */
    side->peer = side + 1;
    bool good = handoff_side_open(side, device);
    double start = stats_now_us();
    for (uint32_t round = 1; good && !atomic_load(&meeting->over); round++) {
        good = meet(meeting, changes, round, start);
        start = round == 1 ? stats_now_us() : start;
        for (uint32_t i = 0; good && i < changes->copies; i++) {
            side->round++;
            handoff_submit(side, &mode, false);
        }
        good = good && reached(side, side->round);
    }
    if (!good)
        atomic_store(&meeting->failed, true);
    handoff_side_close(side);
    _exit(good ? 0 : 1);
}

static void run(struct probe *probe, const struct changes *changes)
{
    static struct handoff_side sides[PROCESSES_MAX][2];
    const struct handoff_config config = {.kind = {changes->kind, changes->kind}, .frame = changes->frame};
    struct meeting *const meeting =
        mmap(NULL, sizeof *meeting, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[PROCESSES_MAX];
    bool good = meeting != MAP_FAILED;
    for (uint32_t i = 0; good && i < changes->processes; i++)
        good = handoff_pair_open(sides[i], &config);
    if (!good)
        return;
    json_object(&probe->json, NULL);
    json_integer(&probe->json, "processes", changes->processes);
    json_integer(&probe->json, "copies", changes->copies);
    json_text(&probe->json, "frame", changes->frame == HANDOFF_TINY ? "tiny" : "4K BGRA8");
    json_text(&probe->json, "queue", changes->kind == GPU_QUEUE_GRAPHICS ? "graphics" : "compute");
    fflush(probe->json.file);
    for (uint32_t i = 0; i < changes->processes; i++)
        if ((children[i] = fork()) == 0)
            run_process(&sides[i][0], probe->device, changes, meeting);
    for (uint32_t i = 0; i < changes->processes; i++) {
        int status = 1;
        good = waitpid(children[i], &status, 0) == children[i] && status == 0 && good;
    }
    const double rounds = (double)(meeting->rounds[1] - meeting->rounds[0]);
    if (good && rounds > 0)
        json_number(&probe->json, "round_us", (meeting->us[1] - meeting->us[0]) / rounds);
    json_bool(&probe->json, "completed", good);
    json_end_object(&probe->json);
    for (uint32_t i = 0; i < changes->processes; i++)
        handoff_pair_close(sides[i]);
    munmap(meeting, sizeof *meeting);
}

void changes_run(struct probe *probe)
{
    static const struct changes all[] = {
        {1, 1, HANDOFF_TINY, GPU_QUEUE_COMPUTE},  {2, 1, HANDOFF_TINY, GPU_QUEUE_COMPUTE},
        {16, 1, HANDOFF_TINY, GPU_QUEUE_COMPUTE}, {16, 1, HANDOFF_TINY, GPU_QUEUE_GRAPHICS},
        {16, 1, HANDOFF_4K, GPU_QUEUE_GRAPHICS},  {16, 2, HANDOFF_4K, GPU_QUEUE_GRAPHICS},
        {16, 8, HANDOFF_4K, GPU_QUEUE_GRAPHICS},
    };
    const int can = handoff_can(probe);
    json_array(&probe->json, "changes");
    for (size_t i = 0; can >= 0 && i < sizeof all / sizeof *all; i++)
        if (can & HANDOFF_CAN_COMPUTE)
            run(probe, &all[i]);
    json_end_array(&probe->json);
}
