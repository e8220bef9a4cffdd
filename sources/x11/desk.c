/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "desk.h"

#include "grab.h"
#include "pointer.h"
#include "target.h"

#include <framering/frame.h>

#include <poll.h>
#include <stdlib.h>
#include <time.h>

/* No protocol tells of pointer motion over other programs' windows, so it is asked for: this often while
 * there is life, and more slowly on a desktop where nothing has happened for a while. */
static const uint64_t pointer_slow_ns = 33 * FR_NS_PER_MS;
static const uint64_t pointer_calm_after_ns = 2 * FR_NS_PER_S;

typedef struct desk {
    const fr_desk_options *options;
    fr_feed feed;
    fr_x11_server server;
    fr_x11_target target;
    fr_x11_grab grab;
    fr_x11_pointer pointer;
    fr_display_descriptor display;
    fr_pacer pacer;
    uint64_t frame_ns;
    uint64_t pointer_due_ns, last_life_ns;
    fr_rect pointer_drawn; /* in the frame published last */
    int32_t drawn_x, drawn_y;
    uint32_t drawn_serial; /* of its image */
    fr_rects unpublished;  /* what changed since the frame published last, until the last take of damage */
    bool whole;            /* the ring is new, or has another size than the frame before */
} desk;

static void announce(desk *d)
{
    d->display.mode.width = d->target.width;
    d->display.mode.height = d->target.height;
    const fr_status status = fr_source_announce(d->feed.source, &d->display);
    if (status < 0) {
        fr_program_say(&d->options->feed.program, "cannot announce a size of %ux%u: %s", d->target.width,
                       d->target.height, fr_status_text(status));
        fr_feed_stop(&d->feed, FR_EXIT_FAILED);
    }
}

static void note_events(desk *d)
{
    xcb_generic_event_t *event;
    while ((event = xcb_poll_for_event(d->server.connection)) != NULL) {
        if (event->response_type) {
            fr_x11_target_note(&d->target, event);
            fr_x11_pointer_note(&d->pointer, event);
        }
        free(event);
    }
}

/* Acts on what the events said. False: the session is over. */
static bool follow_target(desk *d)
{
    const uint32_t width = d->target.width, height = d->target.height;
    if (d->target.resized && !d->target.closed) {
        fr_x11_target_refresh(&d->target);
        d->whole = true;
    }
    if (!fr_x11_server_is_alive(&d->server)) {
        fr_feed_stop(&d->feed, FR_EXIT_FAILED);
        return false;
    }
    if (d->target.closed) {
        fr_program_say(&d->options->feed.program, "window 0x%x was closed: the end", d->target.window);
        fr_feed_stop(&d->feed, FR_EXIT_DONE);
        return false;
    }
    if (d->target.width != width || d->target.height != height)
        announce(d);
    return !d->feed.stopped;
}

static bool pointer_moved(const desk *d)
{
    if (d->options->no_cursor)
        return false;
    const fr_rect rect = fr_x11_pointer_rect(&d->pointer, d->target.width, d->target.height);
    if (!rect.width && !d->pointer_drawn.width)
        return false;
    return d->pointer.image_changed || d->pointer.x != d->drawn_x || d->pointer.y != d->drawn_y ||
           rect.width != d->pointer_drawn.width;
}

static void look_at_pointer(desk *d, uint64_t now_ns)
{
    if (d->options->no_cursor || now_ns < d->pointer_due_ns)
        return;
    fr_x11_pointer_ask(&d->pointer);
    fr_x11_pointer_update(&d->pointer);
    const bool calm = now_ns - d->last_life_ns > pointer_calm_after_ns;
    d->pointer_due_ns = now_ns + (calm && d->frame_ns < pointer_slow_ns ? pointer_slow_ns : d->frame_ns);
}

static bool has_news(const desk *d)
{
    return d->target.drawable && (d->whole || d->target.damaged || d->unpublished.count || pointer_moved(d));
}

static void draw_pointer(desk *d, const fr_slot *slot)
{
    if (d->options->no_cursor)
        return;
    const fr_canvas canvas =
        fr_canvas_on(slot->pixels, slot->pitch_bytes, slot->width, slot->height, slot->format);
    fr_x11_pointer_update(&d->pointer);
    fr_x11_pointer_draw(&d->pointer, &canvas);
}

static uint32_t pointer_serial(const desk *d)
{
    return d->pointer.image ? d->pointer.image->cursor_serial : 0;
}

/* What the pointer makes different from the frame before: nothing if it looks as it did there. */
static void add_pointer_damage(desk *d, fr_rect pointer_rect)
{
    const fr_rect drawn = d->pointer_drawn;
    if (d->pointer.x == d->drawn_x && d->pointer.y == d->drawn_y && pointer_rect.width == drawn.width &&
        pointer_rect.height == drawn.height && pointer_serial(d) == d->drawn_serial)
        return;
    fr_rects_add(&d->unpublished, drawn);
    fr_rects_add(&d->unpublished, pointer_rect);
}

static void publish(desk *d, uint64_t present_ns)
{
    const fr_rect pointer_rect = d->options->no_cursor
                                     ? (fr_rect){0}
                                     : fr_x11_pointer_rect(&d->pointer, d->target.width, d->target.height);
    add_pointer_damage(d, pointer_rect);
    const bool known = !d->options->no_damage && !d->whole;
    const fr_publish_info info = {
        .present_ns = present_ns,
        .damage = known ? d->unpublished.rect : NULL,
        .num_damage = d->unpublished.count,
    };
    if (fr_source_publish(d->feed.source, &info) != FR_OK)
        return;
    d->unpublished.count = 0;
    d->whole = false;
    d->pointer_drawn = pointer_rect;
    d->drawn_x = d->pointer.x;
    d->drawn_y = d->pointer.y;
    d->drawn_serial = pointer_serial(d);
}

/* A ring of another size will soon be replaced. */
static bool ring_fits(const desk *d)
{
    fr_source_info info;
    fr_source_get_info(d->feed.source, &info);
    return info.width == d->target.width && info.height == d->target.height && info.format == FR_FORMAT_BGRA8;
}

/* Has the server write into a slot. */
static void make_frame(desk *d, uint64_t now_ns)
{
    fr_slot slot;
    if (!ring_fits(d) || fr_source_begin(d->feed.source, &slot) != FR_OK)
        return;
    if (!fr_x11_grab_prepare(&d->grab, &slot)) {
        fr_source_cancel(d->feed.source);
        fr_feed_stop(&d->feed, FR_EXIT_FAILED);
        return;
    }
    fr_x11_target_take_damage(&d->target);
    const xcb_shm_get_image_cookie_t cookie =
        fr_x11_grab_ask(&d->grab, d->target.drawable, d->target.border, &slot);
    if (!d->options->no_cursor)
        fr_x11_pointer_ask(&d->pointer);
    d->whole |= !fr_x11_target_read_damage(&d->target);
    fr_rects_add_all(&d->unpublished, &d->target.taken);
    if (!fr_x11_grab_wait(&d->grab, cookie, &slot)) {
        /* The size has changed since we last looked, or the server is gone. */
        fr_source_cancel(d->feed.source);
        d->target.resized = true;
        return;
    }
    draw_pointer(d, &slot);
    note_events(d);
    d->last_life_ns = now_ns;
    publish(d, now_ns);
}

static uint64_t time_to_wait(const desk *d, bool attached)
{
    const uint64_t now_ns = fr_clock_now_ns();
    uint64_t wait_ns = 100 * FR_NS_PER_MS;
    if (!attached)
        return wait_ns;
    if (has_news(d) && fr_pacer_wait_ns(&d->pacer, now_ns) < wait_ns)
        wait_ns = fr_pacer_wait_ns(&d->pacer, now_ns);
    if (!d->options->no_cursor) {
        const uint64_t pointer_ns = d->pointer_due_ns > now_ns ? d->pointer_due_ns - now_ns : 0;
        wait_ns = pointer_ns < wait_ns ? pointer_ns : wait_ns;
    }
    return wait_ns;
}

static void wait_for_news(desk *d, uint64_t wait_ns)
{
    struct pollfd fds[2] = {
        {.fd = xcb_get_file_descriptor(d->server.connection), .events = POLLIN},
        {.fd = fr_source_fd(d->feed.source), .events = POLLIN},
    };
    const struct timespec timeout = {(time_t)(wait_ns / FR_NS_PER_S), (long)(wait_ns % FR_NS_PER_S)};
    xcb_flush(d->server.connection);
    ppoll(fds, 2, &timeout, NULL);
}

static void turn(desk *d)
{
    const fr_feed_state state = fr_feed_poll(&d->feed, 0);
    const bool attached = state == FR_FEED_READY || state == FR_FEED_REDRAW;
    if (state == FR_FEED_STOP)
        return;
    if (state == FR_FEED_REDRAW)
        d->whole = true;
    if (state == FR_FEED_WAIT)
        fr_x11_grab_release(&d->grab);
    const uint64_t now_ns = fr_clock_now_ns();
    if (attached)
        look_at_pointer(d, now_ns);
    note_events(d);
    if (!follow_target(d))
        return;
    if (attached && has_news(d) && fr_pacer_wait_ns(&d->pacer, now_ns) == 0) {
        fr_pacer_advance(&d->pacer, now_ns, d->display.mode.refresh_mhz);
        make_frame(d, now_ns);
    }
    if (!d->target.resized && !d->feed.stopped)
        wait_for_news(d, time_to_wait(d, attached));
}

static void open_display(desk *d)
{
    const uint32_t refresh_mhz = d->options->feed.mode.refresh_mhz;
    d->whole = true;
    d->display = (fr_display_descriptor){
        .mode = {d->target.width, d->target.height, refresh_mhz},
        .colour_state = FR_COLOUR_STATE_SDR,
        .format = FR_FORMAT_BGRA8,
    };
    d->frame_ns = refresh_mhz ? 1000 * FR_NS_PER_S / refresh_mhz : FR_NS_PER_S / 60;
}

static bool start(desk *d)
{
    const fr_desk_options *options = d->options;
    if (!fr_x11_target_init(&d->target, &d->server, options->window))
        return false;
    if (!options->no_cursor)
        fr_x11_pointer_init(&d->pointer, &d->server, d->target.window);
    fr_x11_grab_init(&d->grab, &d->server);
    open_display(d);
    fr_source_params params = {.name = "x11", .display = d->display};
    fr_program_start();
    return fr_feed_init(&d->feed, &options->feed, &params);
}

int fr_desk_run(const fr_desk_options *options)
{
    desk d = {.options = options, .grab.detour_fd = -1};
    if (!fr_x11_server_init(&d.server, &options->feed.program, options->display, options->window != 0))
        return FR_EXIT_FAILED;
    if (!start(&d))
        d.feed.exit_code = FR_EXIT_FAILED;
    else
        while (!d.feed.stopped && !fr_program_stopped())
            turn(&d);
    fr_feed_finish(&d.feed);
    fr_x11_pointer_finish(&d.pointer);
    fr_x11_grab_finish(&d.grab);
    fr_x11_server_finish(&d.server);
    return d.feed.exit_code;
}
