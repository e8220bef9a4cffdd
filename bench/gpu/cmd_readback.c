/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include "live.h"
#include "probe.h"
#include "stats.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What reading pictures back costs the thread that takes frames, and the frames: one source, one capture. */

enum { SAMPLES_MAX = 8192 };

enum reader { READER_NONE, READER_THREAD, READER_SAME };

static const char *const readers[] = {"nobody", "another thread", "the frame thread"};

struct row {
    uint32_t width, height;
    bool hdr;
    double hz; /* 0: as fast as it goes */
    enum reader reader;
};

/* From the frame thread to the one that reads back: one frame at a time. */
struct handover {
    pthread_mutex_t mutex;
    pthread_cond_t there;
    fr_frame frame;
    double taken_us;
    bool full, over;
    uint32_t num;
    double readable_us[SAMPLES_MAX];
};

struct samples {
    fr_frame before;
    bool counts; /* else it warms up */
    uint32_t num;
    double next_cpu_us[SAMPLES_MAX], handed_us[SAMPLES_MAX];
};

static double thread_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void map(struct handover *handover, fr_frame *frame)
{
    const double taken_us = (double)frame->taken_ns / 1e3;
    if (fr_frame_map(frame) == FR_OK && handover->num < SAMPLES_MAX)
        handover->readable_us[handover->num++] = stats_now_us() - taken_us;
}

static void *read_back(void *user)
{
    struct handover *const handover = user;
    for (;;) {
        pthread_mutex_lock(&handover->mutex);
        while (!handover->full && !handover->over)
            pthread_cond_wait(&handover->there, &handover->mutex);
        fr_frame frame = handover->frame;
        const bool full = handover->full;
        handover->full = false;
        pthread_mutex_unlock(&handover->mutex);
        if (!full)
            return NULL;
        map(handover, &frame);
        fr_frame_release(&frame);
    }
}

/* What the other thread is not ready for is not read. */
static void hand_over(struct handover *handover, const fr_frame *frame)
{
    pthread_mutex_lock(&handover->mutex);
    if (!handover->full) {
        fr_frame_ref(&handover->frame, frame);
        handover->full = true;
        pthread_cond_signal(&handover->there);
    }
    pthread_mutex_unlock(&handover->mutex);
}

static bool take(struct live_host *host, const struct row *row, struct handover *handover, uint32_t i,
                 struct samples *samples)
{
    fr_frame frame;
    /* One is on its way while one is converted. */
    if (row->hz == 0 && !live_host_ask(host, i + 1))
        return false;
    const double cpu = thread_us();
    if (!live_host_next(host, &frame))
        return false;
    const double now = stats_now_us(), spent = thread_us() - cpu;
    if (row->reader == READER_THREAD)
        hand_over(handover, &frame);
    if (row->reader == READER_SAME)
        map(handover, &frame);
    const bool good = !samples->before.surface || live_host_converted(host, &samples->before, false);
    fr_frame_release(&samples->before);
    samples->before = frame;
    if (samples->counts && samples->num < SAMPLES_MAX) {
        samples->next_cpu_us[samples->num] = spent;
        samples->handed_us[samples->num++] = now - (double)frame.taken_ns / 1e3;
    }
    return good;
}

static bool run_host(struct json *json, struct live *live, const struct row *row)
{
    static struct samples samples;
    static struct handover handover = {.mutex = PTHREAD_MUTEX_INITIALIZER, .there = PTHREAD_COND_INITIALIZER};
    struct live_host host;
    pthread_t thread;
    bool good = live_host_open(&host, live) && !pthread_create(&thread, NULL, read_back, &handover);
    const double start = stats_now_us();
    uint32_t i = 0;
    while (good && stats_now_us() - start < 400e3)
        good = take(&host, row, &handover, i++, &samples);
    samples.counts = true;
    const double from = stats_now_us();
    while (good && stats_now_us() - from < 1000e3)
        good = take(&host, row, &handover, i++, &samples);
    const double seconds = (stats_now_us() - from) / 1e6;
    pthread_mutex_lock(&handover.mutex);
    handover.over = true;
    pthread_cond_signal(&handover.there);
    pthread_mutex_unlock(&handover.mutex);
    pthread_join(thread, NULL);
    fr_frame_release(&samples.before);
    json_number(json, "frames_per_s", samples.num / seconds);
    stats_write(json, "next_cpu_us", samples.next_cpu_us, samples.num);
    stats_write(json, "taken_to_handed_out_us", samples.handed_us, samples.num);
    if (row->reader != READER_NONE)
        stats_write(json, "taken_to_readable_us", handover.readable_us, handover.num);
    atomic_store(&live->shared->stop, true);
    live_host_close(&host);
    return good;
}

/* In two processes of its own. */
static void run_row(struct probe *probe, const struct row *row)
{
    char folder[64];
    pid_t children[2];
    struct live_shared *const shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    gpu_must(shared == MAP_FAILED ? VK_ERROR_OUT_OF_HOST_MEMORY : VK_SUCCESS, "mmap");
    live_folder_make(folder, sizeof folder);
    struct live live = {.device = probe->device,
                        .folder = folder,
                        .target = 1,
                        .width = probe->quick ? 640 : row->width,
                        .height = probe->quick ? 360 : row->height,
                        .hdr = row->hdr,
                        .event = eventfd(0, 0),
                        .period_us = row->hz > 0 ? 1e6 / row->hz : 0,
                        .shared = shared,
                        .host = {.device = probe->device}};
    json_object(&probe->json, NULL);
    json_text(&probe->json, "pair", row->hdr ? "rgba16f-p010" : "bgra8-nv12");
    json_integer(&probe->json, "width", live.width);
    json_integer(&probe->json, "height", live.height);
    json_number(&probe->json, "paced_hz", row->hz);
    json_text(&probe->json, "read_by", readers[row->reader]);
    fflush(probe->json.file);
    bool good = true;
    for (int side = 0; side < 2; side++) {
        children[side] = fork();
        if (children[side] != 0)
            continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (side == 1)
            _exit(live_source_run(&live));
        const bool held = run_host(&probe->json, &live, row);
        atomic_store(&shared->stop, true);
        fflush(probe->json.file);
        _exit(held ? 0 : 1);
    }
    for (int side = 0; side < 2; side++) {
        int status = 1;
        waitpid(children[side], &status, 0);
        good = good && status == 0;
        atomic_store(&shared->stop, true);
    }
    probe->json.more = true;
    json_bool(&probe->json, "completed", good);
    json_end_object(&probe->json);
    close(live.event);
    munmap(shared, sizeof *shared);
    live_folder_remove(folder);
}

static bool run_rows(struct probe *probe)
{
    static const struct row rows[] = {
        {3840, 2160, false, 60, READER_NONE},  {3840, 2160, false, 60, READER_THREAD},
        {3840, 2160, false, 60, READER_SAME},  {3840, 2160, false, 0, READER_NONE},
        {3840, 2160, false, 0, READER_THREAD}, {3840, 2160, false, 0, READER_SAME},
        {7680, 4320, true, 60, READER_NONE},   {7680, 4320, true, 60, READER_THREAD},
        {7680, 4320, true, 0, READER_NONE},    {7680, 4320, true, 0, READER_THREAD}};
    json_array(&probe->json, "runs");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run_row(probe, &rows[i]);
    json_end_array(&probe->json);
    return true;
}

int cmd_readback(int argc, char **argv)
{
    return probe_file(argc, argv, "readback.json", run_rows);
}
