/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <framering/capture.h>
#include <framering/source.h>

enum { TARGET = 1 };
/* Shortly before and after a frame is due. */
#define LOOK_NS NS_PER_MS
/* Longer than from one frame to the next. */
#define SPIN_NS (20 * NS_PER_MS)
#define POLL_NS (100 * NS_PER_MS)

static void write_log(void *user, fr_log_level level, const char *text)
{
    (void)level;
    run_fail(user, "%s", text);
}

static fr_log log_of(struct run *run)
{
    return (fr_log){.write = write_log, .user = run, .max_level = FR_LOG_ERROR};
}

/* Until the frame is due, or for `POLL_NS`. False: the host is gone. */
static bool poll_until(fr_source *source, uint64_t due_ns, bool *attached)
{
    do {
        const uint64_t now = now_ns(), wait = due_ns > now ? due_ns - now : 0;
        const fr_status status = fr_source_poll(source, wait < POLL_NS ? wait : POLL_NS);
        if (status < 0 || status == FR_END)
            return false;
        *attached = status != FR_AGAIN;
    } while (now_ns() < due_ns);
    return true;
}

static void publish(fr_source *source, struct run *run, uint32_t number)
{
    fr_slot slot;
    if (fr_source_begin(source, &slot) != FR_OK)
        return;
    /* Width is a multiple of the pitch's alignment. */
    frame_draw(slot.pixels, run, number);
    const fr_publish_info info = {.present_ns = frame_stamp(slot.pixels, run)};
    fr_source_publish(source, &info);
}

static void send_frames(struct run *run)
{
    fr_source *source;
    fr_source_params params = {
        .target_id = TARGET, .by_target = true, .runtime_dir = run->dir, .name = "peers", .log = log_of(run)};
    params.display.mode = (fr_mode){run->width, run->height, run->rate * 1000};
    params.display.colour_state = FR_COLOUR_STATE_SDR;
    if (!run_wait(run, &run->ready, "the receiver") || fr_source_open(&source, &params) < 0)
        return;
    bool attached = false, good = true;
    while (!attached && good && !run_over(run))
        good = poll_until(source, now_ns() + NS_PER_MS, &attached);
    struct pace pace;
    uint32_t number = 0;
    pace_begin(&pace, run);
    while (good && pace_next(&pace, run)) {
        good = poll_until(source, pace.due_ns, &attached);
        if (attached)
            publish(source, run, ++number);
    }
    run->done = true;
    fr_source_close(&source);
}

static bool cancelled(void *user)
{
    const struct run *run = user;
    return run->done || run_over(run);
}

static void receive_frames(struct run *run, uint64_t spin_ns)
{
    fr_capture_params params = {.target_id = TARGET,
                                .runtime_dir = run->dir,
                                .preferred = {run->width, run->height, run->rate * 1000},
                                .backend = FR_BACKEND_CPU,
                                .spin_ns = spin_ns,
                                .cancelled = cancelled,
                                .user = run,
                                .log = log_of(run)};
    fr_capture *capture;
    run->ready = true;
    if (fr_capture_open(&capture, &params, NULL) < 0)
        return;
    for (;;) {
        fr_frame frame;
        const fr_status status = fr_capture_next(capture, &frame);
        const uint64_t usable = now_ns();
        if (status < 0 || status == FR_CANCELLED)
            break;
        if (status == FR_OK)
            run_received(run, frame.present_ns, frame.taken_ns, usable);
        fr_frame_release(&frame);
    }
    fr_capture_close(&capture);
}

static void receive_sleeping(struct run *run)
{
    receive_frames(run, 0);
}

static void receive_looking(struct run *run)
{
    receive_frames(run, LOOK_NS);
}

static void receive_spinning(struct run *run)
{
    receive_frames(run, SPIN_NS);
}

#define OURS .copies = 0, .send = send_frames
const struct handoff_peer handoff_framering[] = {
    [OURS_SLEEPS] = {OURS, .name = "framering", .receive = receive_sleeping},
    [OURS_LOOKS] = {OURS, .name = "framering, looking", .receive = receive_looking},
    [OURS_SPINS] = {OURS, .name = "framering, spinning", .receive = receive_spinning},
    [NUM_OURS] = {.name = NULL},
};
