/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "handoff.h"

#include "stats.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

enum { ROUNDS_MAX = 2000, HIGH = 512, REALTIME = 1024 };

#define G GPU_QUEUE_GRAPHICS
#define C GPU_QUEUE_COMPUTE

static const struct handoff_config configs[] = {
    {"tiny, graphics to graphics", {G, G}, {0, 0}, {0, 0}, HANDOFF_TINY, 1000, true, false, false},
    {"tiny, graphics to compute", {G, C}, {0, 0}, {0, 0}, HANDOFF_TINY, 1000, true, false, false},
    {"tiny, compute to compute", {C, C}, {0, 0}, {0, 0}, HANDOFF_TINY, 1000, true, false, false},
    {"tiny, threads, graphics", {G, G}, {0, 0}, {0, 0}, HANDOFF_TINY, 500, false, true, false},
    {"tiny, threads, compute", {C, C}, {0, 0}, {0, 0}, HANDOFF_TINY, 500, false, true, false},
    {"tiny, graphics to compute high", {G, C}, {0, HIGH}, {0, 0}, HANDOFF_TINY, 300, false, false, false},
    {"tiny, graphics to compute realtime",
     {G, C},
     {0, REALTIME},
     {0, 0},
     HANDOFF_TINY,
     300,
     false,
     false,
     false},
    {"tiny, source busy, graphics to graphics",
     {G, G},
     {0, 0},
     {1, 0},
     HANDOFF_TINY,
     300,
     false,
     false,
     false},
    {"tiny, source busy, graphics to compute",
     {G, C},
     {0, 0},
     {1, 0},
     HANDOFF_TINY,
     300,
     false,
     false,
     false},
    {"tiny, source busy, graphics to compute high",
     {G, C},
     {0, HIGH},
     {1, 0},
     HANDOFF_TINY,
     300,
     false,
     false,
     false},
    {"4K, graphics to compute", {G, C}, {0, 0}, {0, 0}, HANDOFF_4K, 500, true, false, false},
    {"4K, compute to compute", {C, C}, {0, 0}, {0, 0}, HANDOFF_4K, 500, true, false, false},
    {"4K, threads, compute", {C, C}, {0, 0}, {0, 0}, HANDOFF_4K, 300, false, true, false},
    {"4K, source busy, graphics to compute", {G, C}, {0, 0}, {1, 0}, HANDOFF_4K, 300, false, false, false},
};

static const struct handoff_mode modes[] = {
    {"gpu waits", HANDOFF_GPU_WAITS, false, false, false},
    {"gpu waits, eventfd", HANDOFF_GPU_WAITS, false, true, false},
    {"host polls the counter", HANDOFF_POLL, false, false, false},
    {"host polls the counter, eventfd", HANDOFF_POLL, false, true, false},
    {"host blocks in vkWaitSemaphores", HANDOFF_BLOCK, false, false, false},
    {"host has submitted before", HANDOFF_EARLY, false, false, false},
    {"host polls a word of the source's GPU, end by word", HANDOFF_WORD, true, false, false},
    {"source polls its counter, then tells", HANDOFF_SOURCE_WAITS, false, false, false},
    {"trace: host has submitted before", HANDOFF_EARLY, false, false, true},
    {"trace: source polls its counter, then tells", HANDOFF_SOURCE_WAITS, false, false, true},
};
enum { CONFIGS = sizeof configs / sizeof *configs, MODES = sizeof modes / sizeof *modes };

static const struct {
    const char *name;
    uint64_t ns;
} pauses[] = {{"none", 0}, {"1 ms", 1000000}, {"16.6 ms", 16600000}};

static uint32_t rounds_of(const struct probe *probe, const struct handoff_config *config, int mode, int pause)
{
    if (probe->quick)
        return 20;
    if (pause == 2)
        return config->slow && (mode == 1 || mode == 3 || mode == 8) ? 80 : 0;
    return modes[mode].trace && config->rounds > 300 ? 300 : config->rounds;
}

/* The cases in an order that both sides know. False: skipped. */
static bool applies(const struct handoff_side *side, const struct handoff_mode *mode)
{
    if ((side->config->few && !mode->event) || (mode->trace && !side->gpu.calibrated) ||
        (mode->start == HANDOFF_EARLY && side->queue_lock))
        return false;
    return !mode->end_word && mode->start != HANDOFF_WORD ? true : side->gpu.host_pointer_align != 0;
}

static void write_case(struct json *json, const struct handoff_mode *mode, const char *pause,
                       struct handoff_samples *samples, uint32_t rounds)
{
    static const char *const segments[5] = {"source_submit_to_start_us", "source_work_us", "switch_us",
                                            "host_work_us", "host_end_to_seen_us"};
    json_object(json, NULL);
    json_text(json, "mode", mode->name);
    json_text(json, "pause", pause);
    stats_write(json, "latency_us", samples->latency_us, rounds);
    stats_write(json, "told_us", samples->told_us, rounds);
    stats_write(json, "host_submit_us", samples->submit_us, rounds);
    for (int k = 0; mode->trace && k < 5; k++)
        stats_write(json, segments[k], samples->segment_us[k], rounds);
    json_end_object(json);
}

static bool run_case(struct handoff_side *side, struct probe *probe, int mode, int pause,
                     struct handoff_samples *samples)
{
    const uint32_t rounds = rounds_of(probe, side->config, mode, pause);
    if (rounds == 0 || !applies(side, &modes[mode]))
        return true;
    if (modes[mode].trace)
        handoff_side_calibrate(side);
    if (side->me == 1)
        handoff_host_look(side);
    if (!handoff_meet(side))
        return false;
    if (side->me == 0)
        return handoff_source_rounds(side, &modes[mode], rounds, pauses[pause].ns);
    if (!handoff_host_rounds(side, &modes[mode], rounds, samples))
        return false;
    write_case(&probe->json, &modes[mode], pauses[pause].name, samples, rounds);
    return true;
}

static bool open_samples(struct handoff_samples *samples)
{
    double *const all = calloc(8 * ROUNDS_MAX, sizeof *all);
    if (!all)
        return false;
    *samples = (struct handoff_samples){all, all + ROUNDS_MAX, all + 2 * ROUNDS_MAX, {0}};
    for (int k = 0; k < 5; k++)
        samples->segment_us[k] = all + (3 + k) * ROUNDS_MAX;
    return true;
}

static bool run_side(struct handoff_side *side, struct probe *probe)
{
    struct handoff_samples samples = {0};
    bool done = open_samples(&samples) && handoff_meet(side);
    for (int mode = 0; done && mode < MODES; mode++)
        for (int pause = 0; done && pause < 3; pause++)
            done = run_case(side, probe, mode, pause, &samples);
    if (!done)
        atomic_store(&side->shared->failed, true);
    return done;
}

/* A process of its own, in which Vulkan starts anew. Never returns. */
static void side_process(struct handoff_side *side, struct probe *probe)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const bool opened = handoff_side_open(side, probe->device);
    if (!opened)
        atomic_store(&side->shared->failed, true);
    const bool done = opened && run_side(side, probe);
    if (done)
        handoff_side_close(side);
    fflush(probe->json.file);
    _exit(done ? 0 : 1);
}

struct source_thread {
    struct handoff_side *side;
    struct probe *probe;
};

static void *run_source_thread(void *user)
{
    const struct source_thread *const thread = user;
    run_side(thread->side, thread->probe);
    return NULL;
}

/* Both sides in one process. Never returns. */
static void threads_process(struct handoff_side *sides, struct probe *probe)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct source_thread source = {&sides[0], probe};
    pthread_t thread;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    sides[0].peer = &sides[1];
    sides[1].peer = &sides[0];
    if (!handoff_side_open(&sides[0], probe->device) || !handoff_side_open(&sides[1], probe->device))
        _exit(1);
    if (sides[0].gpu.num_queues < 2)
        sides[0].queue_lock = sides[1].queue_lock = &lock;
    if (pthread_create(&thread, NULL, run_source_thread, &source) != 0)
        _exit(1);
    const bool done = run_side(&sides[1], probe);
    pthread_join(thread, NULL);
    fflush(probe->json.file);
    _exit(done ? 0 : 1);
}

bool handoff_pair_open(struct handoff_side sides[2], const struct handoff_config *config)
{
    const size_t bytes = sizeof(struct handoff_shared) + 2 * HANDOFF_WORD_BYTES;
    char *const memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int sockets[2];
    if (memory == MAP_FAILED || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) != 0)
        return false;
    struct handoff_shared *const shared = (struct handoff_shared *)memory;
    const uintptr_t word = (uintptr_t)memory + sizeof *shared + HANDOFF_WORD_BYTES - 1;
    shared->word = (_Atomic uint32_t *)(word / HANDOFF_WORD_BYTES * HANDOFF_WORD_BYTES);
    const int event = eventfd(0, 0);
    for (int i = 0; i < 2; i++) {
        sides[i] = (struct handoff_side){
            .me = i, .config = config, .shared = shared, .socket = sockets[i], .event = event};
    }
    return event >= 0;
}

void handoff_pair_close(struct handoff_side sides[2])
{
    close(sides[0].socket);
    close(sides[1].socket);
    close(sides[0].event);
    munmap(sides[0].shared, sizeof(struct handoff_shared) + 2 * HANDOFF_WORD_BYTES);
}

void handoff_run(struct probe *probe, const struct handoff_config *config)
{
    struct handoff_side sides[2];
    pid_t children[2];
    const int count = config->threads ? 1 : 2;
    bool done = true;
    if (!handoff_pair_open(sides, config))
        return;
    json_object(&probe->json, NULL);
    json_text(&probe->json, "config", config->name);
    json_array(&probe->json, "cases");
    fflush(probe->json.file);
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        if (children[i] == 0 && config->threads)
            threads_process(sides, probe);
        else if (children[i] == 0)
            side_process(&sides[i], probe);
    }
    for (int i = 0; i < count; i++) {
        int status = 1;
        done = waitpid(children[i], &status, 0) == children[i] && status == 0 && done;
        if (!done)
            atomic_store(&sides[0].shared->failed, true);
    }
    /* The host has written the cases. */
    json_end_array(&probe->json);
    json_bool(&probe->json, "completed", done);
    json_end_object(&probe->json);
    handoff_pair_close(sides);
}

/* In a process of its own: the driver is not carried over a fork. */
int handoff_can(struct probe *probe)
{
    int status = 0;
    fflush(probe->json.file);
    const pid_t child = fork();
    if (child == 0) {
        struct gpu gpu;
        if (!gpu_open(&gpu, &(struct gpu_params){.device = probe->device}))
            _exit(64);
        _exit((gpu.shared_timeline ? HANDOFF_CAN_SHARE : 0) |
              (gpu_family(&gpu, GPU_QUEUE_COMPUTE) != UINT32_MAX ? HANDOFF_CAN_COMPUTE : 0));
    }
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 64)
        return -1;
    return WEXITSTATUS(status);
}

bool probe_handoff(struct probe *probe)
{
    const int can = handoff_can(probe);
    const bool shares = can & HANDOFF_CAN_SHARE;
    if (can < 0)
        return false;
    if (!shares) {
        const char *const reason = "the device cannot share timeline semaphores between processes";
        fprintf(stderr, "only threads: %s\n", reason);
        json_text(&probe->json, "skipped", reason);
    }
    json_array(&probe->json, "configs");
    for (size_t i = 0; i < CONFIGS; i++) {
        const bool compute = configs[i].kind[0] == C || configs[i].kind[1] == C;
        if ((!shares && !configs[i].threads) || (compute && !(can & HANDOFF_CAN_COMPUTE)))
            continue;
        fprintf(stderr, "  %s\n", configs[i].name);
        handoff_run(probe, &configs[i]);
    }
    json_end_array(&probe->json);
    return true;
}
