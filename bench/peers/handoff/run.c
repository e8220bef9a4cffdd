/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <framering/convert.h>

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* As many as a capture has by default. */
enum { SURFACES = 3 };

#define SLICE_NS (2 * NS_PER_MS)

void run_fail(struct run *run, const char *format, ...)
{
    if (run->failure[0])
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run->failure, sizeof run->failure, format, arguments);
    va_end(arguments);
}

bool run_over(const struct run *run)
{
    return now_ns() > run->deadline_ns;
}

bool run_wait(struct run *run, const atomic_bool *flag, const char *what)
{
    while (!*flag) {
        if (run_over(run)) {
            run_fail(run, "waited in vain for %s", what);
            return false;
        }
        sleep_until(now_ns() + SLICE_NS);
    }
    return true;
}

void pace_begin(struct pace *pace, struct run *run)
{
    const uint64_t now = now_ns();
    *pace = (struct pace){now, now + run->warm_ns + run->for_ns};
    run->from_ns = now + run->warm_ns;
}

bool pace_next(struct pace *pace, const struct run *run)
{
    const uint64_t now = now_ns();
    pace->due_ns += NS_PER_S / run->rate;
    /* Frames that are overdue are left out, not sent in a heap. */
    if (pace->due_ns < now)
        pace->due_ns = now;
    return pace->due_ns < pace->end_ns && !run_over(run);
}

void frame_draw(void *pixels, const struct run *run, uint32_t number)
{
    memset(pixels, (int)(number & 255), run_frame_bytes(run));
}

uint64_t frame_stamp(void *pixels, struct run *run)
{
    const struct stamp stamp = {now_ns()};
    if (stamp.published_ns >= run->from_ns)
        run->sent++;
    if (pixels)
        memcpy(pixels, &stamp, sizeof stamp);
    return stamp.published_ns;
}

void run_received(struct run *run, uint64_t stamp_ns, uint64_t at_ns, uint64_t usable_ns)
{
    if (run->from_ns == 0 || stamp_ns < run->from_ns || run->received == MAX_SAMPLES)
        return;
    run->latency_ns[run->received] = at_ns - stamp_ns;
    run->usable_ns[run->received] = usable_ns - stamp_ns;
    static uint64_t first_ns, first_cpu_ns;
    const uint64_t cpu_ns = process_cpu_ns();
    if (run->received++ == 0) {
        first_ns = usable_ns;
        first_cpu_ns = cpu_ns;
    }
    run->length_ns = usable_ns - first_ns;
    run->cpu_ns = cpu_ns - first_cpu_ns;
}

/* Of a receiver's process, for all its frames; freed with it. */
static fr_converter *converter;
static uint8_t *surfaces;

void run_take(struct run *run, const void *pixels)
{
    const uint64_t now = now_ns();
    struct stamp stamp;
    memcpy(&stamp, pixels, sizeof stamp);
    /* Several, in turn, as for an encoder that holds some. */
    const size_t bytes = run_frame_bytes(run) / 8 * 3;
    if (!converter) {
        const fr_convert_params params = {
            .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = run->width, .height = run->height};
        surfaces = malloc(SURFACES * bytes);
        if (!surfaces || fr_converter_create(&converter, &params) < 0) {
            run_fail(run, "no converter");
            return;
        }
    }
    const ptrdiff_t width = (ptrdiff_t)run->width;
    uint8_t *const surface = surfaces + run->received % SURFACES * bytes;
    void *const planes[2] = {surface, surface + (size_t)run->width * run->height};
    const ptrdiff_t pitches[2] = {width, width};
    fr_converter_run(converter, pixels, 4 * width, planes, pitches);
    run_received(run, stamp.published_ns, now, now_ns());
}

pid_t run_program(char *const argv[])
{
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int null = open("/dev/null", O_RDWR);
    if (null >= 0 && !getenv("PEERS_VERBOSE")) {
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
    }
    execvp(argv[0], argv);
    _exit(127);
}
