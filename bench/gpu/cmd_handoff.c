/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "handoff.h"
#include "live.h"
#include "probe.h"
#include "stats.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* framering's way from a push to a converted picture, beside a bare hand-off in the same run. */

enum { ROUNDS_MAX = 2000, WARM = 20 };

#define LOOK_NS (500 * UINT64_C(1000))

static const struct {
    const char *name;
    uint32_t width, height;
    bool hdr;
    uint32_t rounds;
    enum gpu_queue_kind kind; /* of the source's queue */
} cases[] = {{"tiny, from graphics", 64, 64, false, 800, GPU_QUEUE_GRAPHICS},
             {"4K BGRA8, from graphics", 3840, 2160, false, 400, GPU_QUEUE_GRAPHICS},
             {"tiny, from compute", 64, 64, false, 800, GPU_QUEUE_COMPUTE},
             {"4K BGRA8, from compute", 3840, 2160, false, 400, GPU_QUEUE_COMPUTE},
             {"4K RGBA16F, from graphics", 3840, 2160, true, 400, GPU_QUEUE_GRAPHICS}};
enum { CASES = 5, FEW_CASES = 2 };

static const struct {
    const char *name;
    long ns;
    uint32_t divide; /* the rounds by this */
} pauses[] = {{"none", 0, 1}, {"1 ms", 1000000, 1}, {"16.6 ms", 16600000, 8}};

struct samples {
    double push_cpu_us[ROUNDS_MAX], converted_us[ROUNDS_MAX]; /* both from the push */
    double published_us[ROUNDS_MAX], taken_us[ROUNDS_MAX], handed_us[ROUNDS_MAX], after_us[ROUNDS_MAX];
};

static bool host_round(struct live_host *host, struct samples *samples, uint32_t i, long pause_ns)
{
    struct live_shared *const shared = host->live->shared;
    fr_frame frame;
    if (pause_ns)
        nanosleep(&(struct timespec){.tv_nsec = pause_ns}, NULL);
    const uint32_t wanted = atomic_load(&shared->pushed) + 1;
    if (!live_host_ask(host, wanted) || !live_host_next(host, &frame))
        return false;
    const double handed = stats_now_us();
    const bool good = live_host_converted(host, &frame, true);
    const double end = stats_now_us();
    while (good && atomic_load_explicit(&shared->pushed, memory_order_acquire) < wanted)
        if (stats_now_us() - end > 1e6)
            return false;
    samples->push_cpu_us[i] = shared->pushed_us - shared->push_us;
    samples->converted_us[i] = end - shared->push_us;
    samples->published_us[i] = (double)frame.published_ns / 1e3 - shared->push_us;
    samples->taken_us[i] = (double)frame.taken_ns / 1e3 - shared->push_us;
    samples->handed_us[i] = handed - shared->push_us;
    samples->after_us[i] = end - (double)frame.published_ns / 1e3;
    fr_frame_release(&frame);
    return good;
}

static bool run_pause(struct json *json, struct live_host *host, struct samples *samples, size_t pause,
                      uint32_t rounds)
{
    for (uint32_t i = 0; i < WARM; i++)
        if (!host_round(host, samples, 0, pauses[pause].ns / 16))
            return false;
    for (uint32_t i = 0; i < rounds; i++)
        if (!host_round(host, samples, i, pauses[pause].ns))
            return false;
    json_object(json, NULL);
    json_text(json, "pause", pauses[pause].name);
    stats_write(json, "push_to_converted_us", samples->converted_us, rounds);
    stats_write(json, "publish_to_converted_us", samples->after_us, rounds);
    stats_write(json, "push_cpu_us", samples->push_cpu_us, rounds);
    stats_write(json, "push_to_published_us", samples->published_us, rounds);
    stats_write(json, "push_to_taken_us", samples->taken_us, rounds);
    stats_write(json, "push_to_handed_out_us", samples->handed_us, rounds);
    json_end_object(json);
    return true;
}

static bool run_host(struct probe *probe, struct live *live, uint32_t rounds)
{
    struct json *const json = &probe->json;
    struct live_host host;
    fr_capture_info info;
    fr_frame frame;
    struct samples *const samples = calloc(1, sizeof *samples);
    if (!samples || !live_host_open(&host, live))
        return false;
    bool good = live_host_next(&host, &frame);
    if (good)
        fr_frame_release(&frame);
    /* It may have been taken before the source counts it. */
    for (double start = stats_now_us(); good && !atomic_load(&live->shared->pushed);)
        good = stats_now_us() - start < 1e6;
    json_array(json, "pauses");
    for (size_t pause = 0; good && pause < 3; pause++)
        good = run_pause(json, &host, samples, pause, rounds / pauses[pause].divide);
    json_end_array(json);
    fr_capture_get_info(host.capture, &info);
    json_text(json, "backend", info.backend);
    json_text(json, "sync", info.sync);
    json_text(json, "kernel", info.kernel);
    json_integer(json, "looked_frames", info.looked);
    json_number(json, "looked_us", (double)info.looked_ns / 1e3);
    atomic_store(&live->shared->stop, true);
    live_host_close(&host);
    free(samples);
    return good;
}

static struct live_shared *share(void)
{
    void *const memory =
        mmap(NULL, sizeof(struct live_shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    gpu_must(memory == MAP_FAILED ? VK_ERROR_OUT_OF_HOST_MEMORY : VK_SUCCESS, "mmap");
    return memory;
}

/* In two processes of its own. */
static void run_case(struct probe *probe, size_t i, fr_vulkan_host_params host, uint64_t look_ns)
{
    char folder[64];
    int status[2] = {1, 1};
    pid_t children[2];
    live_folder_make(folder, sizeof folder);
    struct live live = {.device = probe->device,
                        .folder = folder,
                        .width = probe->quick && cases[i].width > 640 ? 640 : cases[i].width,
                        .height = probe->quick && cases[i].height > 360 ? 360 : cases[i].height,
                        .hdr = cases[i].hdr,
                        .kind = cases[i].kind,
                        .spin = true,
                        .look_ns = look_ns,
                        .shared = share(),
                        .host = host};
    json_object(&probe->json, NULL);
    json_text(&probe->json, "frame", cases[i].name);
    fflush(probe->json.file);
    for (int side = 0; side < 2; side++) {
        children[side] = fork();
        if (children[side] != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (side == 1)
            _exit(live_source_run(&live));
        const bool good = run_host(probe, &live, probe->quick ? 40 : cases[i].rounds);
        if (!good)
            atomic_store(&live.shared->failed, true);
        atomic_store(&live.shared->stop, true);
        fflush(probe->json.file);
        _exit(good ? 0 : 1);
    }
    for (int side = 0; side < 2; side++)
        waitpid(children[side], &status[side], 0);
    probe->json.more = true;
    json_bool(&probe->json, "completed", status[0] == 0 && status[1] == 0);
    json_end_object(&probe->json);
    live_folder_remove(folder);
}

static void run_cases(struct probe *probe, int can, const char *name, size_t count,
                      fr_vulkan_host_params host, uint64_t look_ns)
{
    host.device = probe->device;
    json_array(&probe->json, name);
    for (size_t i = 0; i < count; i++)
        if (cases[i].kind == GPU_QUEUE_GRAPHICS || (can & HANDOFF_CAN_COMPUTE))
            run_case(probe, i, host, look_ns);
    json_end_array(&probe->json);
}

static bool run_all(struct probe *probe)
{
    static const struct handoff_config bare[] = {{"tiny, from graphics",
                                                  {GPU_QUEUE_GRAPHICS, GPU_QUEUE_COMPUTE},
                                                  {0, 0},
                                                  {0, 0},
                                                  HANDOFF_TINY,
                                                  500,
                                                  true,
                                                  false,
                                                  true},
                                                 {"4K BGRA8, from graphics",
                                                  {GPU_QUEUE_GRAPHICS, GPU_QUEUE_COMPUTE},
                                                  {0, 0},
                                                  {0, 0},
                                                  HANDOFF_4K,
                                                  300,
                                                  true,
                                                  false,
                                                  true},
                                                 {"tiny, from compute",
                                                  {GPU_QUEUE_COMPUTE, GPU_QUEUE_COMPUTE},
                                                  {0, 0},
                                                  {0, 0},
                                                  HANDOFF_TINY,
                                                  500,
                                                  true,
                                                  false,
                                                  true},
                                                 {"4K BGRA8, from compute",
                                                  {GPU_QUEUE_COMPUTE, GPU_QUEUE_COMPUTE},
                                                  {0, 0},
                                                  {0, 0},
                                                  HANDOFF_4K,
                                                  300,
                                                  true,
                                                  false,
                                                  true},
                                                 {"4K RGBA16F, from graphics",
                                                  {GPU_QUEUE_GRAPHICS, GPU_QUEUE_COMPUTE},
                                                  {0, 0},
                                                  {0, 0},
                                                  HANDOFF_4K_HALVES,
                                                  300,
                                                  true,
                                                  false,
                                                  true}};
    const int can = handoff_can(probe), both = HANDOFF_CAN_SHARE | HANDOFF_CAN_COMPUTE;
    if (can < 0)
        return false;
    json_array(&probe->json, "bare");
    for (size_t i = 0; i < sizeof bare / sizeof *bare && (can & both) == both; i++)
        handoff_run(probe, &bare[i]);
    json_end_array(&probe->json);
    run_cases(probe, can, "real", CASES, (fr_vulkan_host_params){0}, 0);
    run_cases(probe, can, "real_looking", CASES, (fr_vulkan_host_params){0}, LOOK_NS);
    run_cases(probe, can, "real_without_timelines", FEW_CASES, (fr_vulkan_host_params){.no_timeline = true},
              0);
    run_cases(probe, can, "real_through_shared_memory", FEW_CASES,
              (fr_vulkan_host_params){.no_opaque_fd = true, .no_dma_buf = true}, 0);
    return true;
}

int cmd_handoff(int argc, char **argv)
{
    return probe_file(argc, argv, "handoff.json", run_all);
}
