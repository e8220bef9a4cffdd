/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "desk.h"

#include <framering/frame.h>
#include <framering/d3d11.h>

/* The library's ring, as the desk sees it. */
typedef struct run {
    const fr_desk_options *options;
    fr_d3d11_source_params d3d11;
    fr_feed feed;
    bool inherited; /* the connection was, and so is there once */
} run;

static bool run_open(void *self, ID3D11Device *device, const fr_display_descriptor *display)
{
    run *r = self;
    if (r->inherited) {
        fr_program_say(&r->options->feed.program,
                       "a new device needs a new connection, which the host gives to a new process: the end");
        return false;
    }
    r->d3d11 = (fr_d3d11_source_params){.device = device};
    fr_source_params params = {.name = "desktop", .display = *display, .d3d11 = &r->d3d11};
    const bool good = fr_feed_init(&r->feed, &r->options->feed, &params);
    r->inherited = good && r->feed.inherited;
    return good;
}

static void run_close(void *self)
{
    run *r = self;
    fr_feed_finish(&r->feed);
}

static fr_status run_announce(void *self, const fr_display_descriptor *display)
{
    const run *r = self;
    return fr_source_announce(r->feed.source, display);
}

static bool run_fits(void *self, const fr_display_descriptor *display)
{
    const run *r = self;
    fr_source_info info;
    fr_source_get_info(r->feed.source, &info);
    return info.width == display->mode.width && info.height == display->mode.height &&
           info.format == display->format;
}

static fr_status run_push(void *self, ID3D11Texture2D *picture, const fr_publish_info *info)
{
    const run *r = self;
    return fr_source_push_d3d11(r->feed.source, picture, info);
}

/* Waits for the ring, or only for the time where there is none yet. */
static fr_feed_state wait_for_ring(run *r, const fr_desk *desk, uint64_t wait_ns)
{
    if (desk->ring_open)
        return fr_feed_poll(&r->feed, wait_ns);
    fr_sleep_ns(wait_ns);
    return FR_FEED_WAIT;
}

int fr_desk_run(const fr_desk_options *options, const fr_desktop_api *api)
{
    run r = {.options = options};
    const fr_desk_ring ring = {&r, run_open, run_close, run_announce, run_fits, run_push};
    fr_desk desk;
    uint64_t wait_ns = 0;
    fr_desk_init(&desk, options, api, &ring);
    fr_program_start();
    while (!desk.stopped && !fr_program_stopped()) {
        const fr_feed_state state = wait_for_ring(&r, &desk, wait_ns);
        if (state == FR_FEED_STOP) {
            desk.exit_code = r.feed.exit_code;
            break;
        }
        if (state == FR_FEED_LOST) {
            fr_desk_lose_device(&desk, fr_clock_now_ns());
            wait_ns = 0;
            continue;
        }
        const bool attached = state == FR_FEED_READY || state == FR_FEED_REDRAW;
        wait_ns = fr_desk_turn(&desk, fr_clock_now_ns(), attached, state == FR_FEED_REDRAW);
    }
    fr_desk_finish(&desk);
    return desk.exit_code;
}
