/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "bare_targets.h"
#include "live.h"
#include "probe.h"
#include "stats.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Many targets on one GPU: a source process each, all captures in one host process. */

enum { TARGETS_MAX = 16 };

struct target {
    struct live live;
    struct live_host host;
    pthread_t thread;
    _Atomic uint64_t converted;
    double period_us; /* 0 = as fast as it goes */
    _Atomic bool failed;
};

static _Atomic bool stopping;

/* The one before is waited for when the next is there, so that two are under way. */
static void *run_target(void *user)
{
    struct target *const target = user;
    struct live_shared *const shared = target->live.shared;
    fr_frame frame[2] = {0};
    double due = stats_now_us();
    uint32_t wanted = 0;
    for (uint32_t i = 0; !atomic_load(&stopping); i++) {
        if (target->period_us > 0) {
            const double now = stats_now_us();
            due = due + target->period_us > now - target->period_us ? due + target->period_us : now;
            if (due > now)
                nanosleep(&(struct timespec){.tv_nsec = (long)((due - now) * 1e3)}, NULL);
        }
        /* One is on its way while one is converted. `pushed` may lag behind what was taken. */
        const uint32_t pushed = atomic_load(&shared->pushed);
        wanted = (pushed > wanted ? pushed : wanted) + 1;
        if (!live_host_ask(&target->host, wanted) || !live_host_next(&target->host, &frame[i % 2])) {
            atomic_store(&target->failed, true);
            break;
        }
        if (frame[(i + 1) % 2].surface) {
            if (!live_host_converted(&target->host, &frame[(i + 1) % 2], false))
                atomic_store(&target->failed, true);
            fr_frame_release(&frame[(i + 1) % 2]);
            atomic_fetch_add(&target->converted, 1);
        }
    }
    for (int i = 0; i < 2; i++)
        fr_frame_release(&frame[i]);
    return NULL;
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void write_result(struct json *json, struct target *targets, uint32_t count, const uint64_t *before,
                         double seconds, double cpu)
{
    const double pixels = (double)targets[0].live.width * targets[0].live.height;
    const double moved = targets[0].live.hdr ? 8 + 3 : 4 + 1.5, copied = targets[0].live.hdr ? 16 : 8;
    double total = 0, least = 1e30, most = 0;
    for (uint32_t i = 0; i < count; i++) {
        const double rate = (double)(atomic_load(&targets[i].converted) - before[i]) / seconds;
        total += rate;
        least = rate < least ? rate : least;
        most = rate > most ? rate : most;
    }
    json_number(json, "seconds", seconds);
    json_number(json, "frames_per_s", total);
    json_number(json, "least_frames_per_s", least);
    json_number(json, "most_frames_per_s", most);
    json_number(json, "converted_gb_s", total * pixels * moved / 1e9);
    json_number(json, "converted_and_copied_gb_s", total * pixels * (moved + copied) / 1e9);
    json_number(json, "host_cpu_s_per_s", cpu / seconds);
}

static bool measure(struct json *json, struct target *targets, uint32_t count, double seconds)
{
    uint64_t before[TARGETS_MAX];
    bool good = true;
    atomic_store(&stopping, false);
    for (uint32_t i = 0; i < count; i++)
        pthread_create(&targets[i].thread, NULL, run_target, &targets[i]);
    nanosleep(&(struct timespec){.tv_nsec = 500000000}, NULL);
    for (uint32_t i = 0; i < count; i++)
        before[i] = atomic_load(&targets[i].converted);
    const double cpu = cpu_seconds(), start = stats_now_us();
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds}, NULL);
    write_result(json, targets, count, before, (stats_now_us() - start) / 1e6, cpu_seconds() - cpu);
    atomic_store(&stopping, true);
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(targets[i].thread, NULL);
        good = good && !atomic_load(&targets[i].failed);
    }
    return good;
}

static bool run_host(struct json *json, struct target *targets, uint32_t count, double seconds)
{
    bool good = true;
    uint32_t open = 0;
    for (; good && open < count; open += good)
        good = live_host_open(&targets[open].host, &targets[open].live);
    good = good && measure(json, targets, count, seconds);
    for (uint32_t i = 0; i < open; i++) {
        atomic_store(&targets[i].live.shared->stop, true);
        live_host_close(&targets[i].host);
    }
    return good;
}

static pid_t start(struct probe *probe, struct target *targets, uint32_t count, int source)
{
    const pid_t child = fork();
    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (source >= 0)
        _exit(live_source_run(&targets[source].live));
    const bool good = run_host(&probe->json, targets, count, probe->quick ? 1 : 2);
    fflush(probe->json.file);
    _exit(good ? 0 : 1);
}

static void run_count(struct probe *probe, uint32_t count, bool hdr, double period_us)
{
    static struct target targets[TARGETS_MAX];
    const size_t bytes = TARGETS_MAX * sizeof(struct live_shared);
    struct live_shared *const shared =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[TARGETS_MAX + 1];
    char folder[64];
    bool good = shared != MAP_FAILED;
    live_folder_make(folder, sizeof folder);
    for (uint32_t i = 0; i < count; i++) {
        targets[i] = (struct target){.period_us = period_us};
        targets[i].live = (struct live){.device = probe->device,
                                        .folder = folder,
                                        .target = i + 1,
                                        .width = probe->quick ? 640 : 3840,
                                        .height = probe->quick ? 360 : 2160,
                                        .hdr = hdr,
                                        .event = eventfd(0, 0),
                                        .shared = &shared[i],
                                        .host = {.device = probe->device}};
    }
    json_object(&probe->json, NULL);
    json_integer(&probe->json, "targets", count);
    json_text(&probe->json, "frame", hdr ? "RGBA16F" : "BGRA8");
    json_number(&probe->json, "paced_hz", period_us > 0 ? 1e6 / period_us : 0);
    fflush(probe->json.file);
    for (uint32_t i = 0; i <= count; i++)
        children[i] = start(probe, targets, count, (int)i - 1);
    for (uint32_t i = 0; i <= count; i++) {
        int status = 1;
        waitpid(children[i], &status, 0);
        good = good && status == 0;
        for (uint32_t k = 0; i == 0 && k < count; k++) {
            atomic_store(&shared[k].stop, true);
            close(targets[k].live.event);
        }
    }
    json_bool(&probe->json, "completed", good);
    json_end_object(&probe->json);
    munmap(shared, bytes);
    live_folder_remove(folder);
}

int cmd_targets(int argc, char **argv)
{
    static const struct option options[] = {{"device", required_argument, NULL, 'd'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"quick", no_argument, NULL, 'q'},
                                            {"most", required_argument, NULL, 'm'},
                                            {0}};
    struct probe probe = {0};
    const char *folder = ".";
    char path[4096];
    uint32_t most = TARGETS_MAX;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd')
            probe.device = optarg;
        else if (option == 'o')
            folder = optarg;
        else if (option == 'm')
            most = (uint32_t)strtoul(optarg, NULL, 10);
        else if (option == 'q')
            probe.quick = true;
        else
            return 2;
    }
    snprintf(path, sizeof path, "%s/targets.json", folder);
    FILE *const file = fopen(path, "w");
    if (!file) {
        perror(path);
        return 1;
    }
    json_open(&probe.json, file);
    /* Beside what they bound, on the same warm machine. */
    json_array(&probe.json, "bare");
    for (int alone = 0; handoff_can(&probe) == (HANDOFF_CAN_SHARE | HANDOFF_CAN_COMPUTE) && alone < 2;
         alone++)
        for (uint32_t count = 1; count <= most && count <= TARGETS_MAX; count *= 4)
            bare_targets_run(&probe, count, alone);
    json_end_array(&probe.json);
    json_array(&probe.json, "runs");
    for (int hdr = 0; hdr < 2; hdr++)
        for (uint32_t count = 1; count <= most && count <= TARGETS_MAX; count *= 4)
            for (int paced = 0; paced < 2; paced++)
                run_count(&probe, count, hdr != 0, paced ? 1e6 / 60 : 0);
    json_end_array(&probe.json);
    json_close(&probe.json);
    return fclose(file) != 0;
}
