/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "reel.h"

#include "film.h"
#include "paint.h"

#include <framering/frame.h>

#include <string.h>

/* How long a host may take to make the ring that a change of size or colour needs. */
static const uint64_t ring_timeout_ns = 10 * FR_NS_PER_S;

/* A picture later than this is a sign of a pause, not of a slow machine: the clock is set anew. */
static const uint64_t late_ns = FR_NS_PER_S / 2;

/* How often an unpaced run looks whether the host has taken the last picture. */
static const uint64_t look_ns = FR_NS_PER_MS / 2;

/* Without a rate in the file. */
enum { USUAL_RATE_MHZ = 25000 };

typedef struct reel {
    const fr_reel_options *options;
    fr_feed feed;
    fr_film film;
    fr_paint paint;
    fr_display_descriptor display;
    fr_hdr_metadata hdr;
    bool has_hdr;
    bool due_known;
    uint64_t start_ns; /* when the file's time 0 is or would have been */
    uint64_t mismatch_since_ns;
} reel;

static fr_display_descriptor describe(const reel *r)
{
    const AVFrame *frame = r->film.frame;
    const fr_mode *wanted = &r->options->feed.mode;
    fr_display_descriptor display = {
        .mode = {wanted->width ? wanted->width : (uint32_t)frame->width,
                 wanted->width ? wanted->height : (uint32_t)frame->height,
                 r->options->feed.unpaced ? 0 : r->film.rate_mhz},
        .colour_state = fr_paint_colour_state(frame),
    };
    const bool hdr = display.colour_state == FR_COLOUR_STATE_HDR;
    display.format = hdr ? FR_FORMAT_RGBA16F : FR_FORMAT_BGRA8;
    /* 429496 cd/m2 is where thousandths end. */
    if (hdr && r->has_hdr && r->hdr.max_luminance / 10 < UINT32_MAX / 1000)
        display.max_luminance_millinits = r->hdr.max_luminance / 10;
    return display;
}

static void stop_because(reel *r, const char *what, fr_status status)
{
    fr_program_say(&r->options->feed.program, "%s: %s", what, fr_status_text(status));
    fr_feed_stop(&r->feed, FR_EXIT_FAILED);
}

/* Announces what is different in this picture. */
static void follow_picture(reel *r)
{
    fr_hdr_metadata hdr;
    if (fr_paint_hdr_metadata(r->film.frame, &hdr) &&
        (!r->has_hdr || memcmp(&hdr, &r->hdr, sizeof(hdr)) != 0)) {
        r->has_hdr = true;
        r->hdr = hdr;
        fr_source_set_hdr_metadata(r->feed.source, &hdr);
    }
    const fr_display_descriptor display = describe(r);
    if (fr_display_same_ring(&display, &r->display))
        return;
    r->display = display;
    const fr_status status = fr_source_announce(r->feed.source, &display);
    if (status < 0)
        stop_because(r, "cannot announce the picture's size", status);
}

/* Brings the next picture, from the beginning again in a loop. */
static void advance(reel *r)
{
    fr_film_result result = fr_film_next(&r->film);
    if (result == FR_FILM_END && r->options->loop && !fr_program_stopped()) {
        fr_film_close(&r->film);
        r->due_known = false;
        result = fr_film_open(&r->film, &r->options->feed.program, r->options->path) ? fr_film_next(&r->film)
                                                                                     : FR_FILM_FAILED;
    }
    if (result == FR_FILM_FRAME)
        follow_picture(r);
    else if (result == FR_FILM_END)
        fr_feed_linger(&r->feed);
    else
        fr_feed_stop(&r->feed, FR_EXIT_FAILED);
}

/* The host takes the newest picture and passes the others over: an unpaced run leaves it one at a time. */
static bool untaken(const reel *r)
{
    fr_source_info info;
    fr_source_get_info(r->feed.source, &info);
    return info.untaken > 0;
}

/* When the present picture is due. */
static uint64_t wait_for_picture_ns(reel *r, uint64_t now_ns)
{
    if (r->options->feed.unpaced)
        return untaken(r) ? look_ns : 0;
    const uint64_t time_ns = fr_film_time_ns(&r->film);
    if (!r->due_known || r->start_ns + time_ns + late_ns < now_ns) {
        r->due_known = true;
        r->start_ns = now_ns - time_ns;
    }
    return r->start_ns + time_ns > now_ns ? r->start_ns + time_ns - now_ns : 0;
}

/* A ring of the size and format before is still there until the host has made the one that was announced. */
static bool ring_fits(reel *r, uint64_t now_ns)
{
    fr_source_info info;
    fr_source_get_info(r->feed.source, &info);
    if (info.width == r->display.mode.width && info.height == r->display.mode.height &&
        info.format == r->display.format) {
        r->mismatch_since_ns = 0;
        return true;
    }
    if (!r->mismatch_since_ns)
        r->mismatch_since_ns = now_ns;
    if (now_ns - r->mismatch_since_ns > ring_timeout_ns) {
        fr_program_say(&r->options->feed.program,
                       "the host keeps a ring of %ux%u %s, and the picture is %ux%u %s", info.width,
                       info.height, fr_format_name(info.format), r->display.mode.width,
                       r->display.mode.height, fr_format_name(r->display.format));
        fr_feed_stop(&r->feed, FR_EXIT_FAILED);
    }
    return false;
}

/* The ring may hold nothing yet, so a picture that waits for its time is shown before it. */
static void show_picture(reel *r, bool now)
{
    const uint64_t now_ns = fr_clock_now_ns();
    fr_slot slot;
    if (!ring_fits(r, now_ns) || (!now && wait_for_picture_ns(r, now_ns) > 0) ||
        fr_source_begin(r->feed.source, &slot) != FR_OK)
        return;
    const fr_status status = fr_paint_draw(&r->paint, r->film.frame, &slot);
    if (status < 0) {
        fr_source_cancel(r->feed.source);
        stop_because(r, "cannot convert the picture", status);
        return;
    }
    if (fr_source_publish(r->feed.source, NULL) == FR_OK)
        advance(r);
}

static void turn(reel *r)
{
    const uint64_t wait_ns = r->feed.attached ? wait_for_picture_ns(r, fr_clock_now_ns()) : FR_NS_PER_S;
    const fr_feed_state state = fr_feed_poll(&r->feed, r->mismatch_since_ns ? FR_NS_PER_S : wait_ns);
    if (state == FR_FEED_READY || state == FR_FEED_REDRAW)
        show_picture(r, state == FR_FEED_REDRAW);
    else if (state == FR_FEED_WAIT)
        r->due_known = false;
}

static bool start(reel *r)
{
    const fr_feed_options *feed = &r->options->feed;
    if (!fr_film_open(&r->film, &feed->program, r->options->path) || fr_film_next(&r->film) != FR_FILM_FRAME)
        return false;
    if (!r->film.rate_mhz)
        r->film.rate_mhz = USUAL_RATE_MHZ;
    r->has_hdr = fr_paint_hdr_metadata(r->film.frame, &r->hdr);
    r->display = describe(r);
    fr_source_params params = {.name = "file", .display = r->display, .has_hdr = r->has_hdr, .hdr = r->hdr};
    return fr_feed_init(&r->feed, feed, &params);
}

int fr_reel_run(const fr_reel_options *options)
{
    reel r = {.options = options};
    if (!start(&r))
        r.feed.exit_code = FR_EXIT_FAILED;
    else
        while (!r.feed.stopped && !fr_program_stopped())
            turn(&r);
    fr_feed_finish(&r.feed);
    fr_paint_finish(&r.paint);
    fr_film_close(&r.film);
    return r.feed.exit_code;
}
