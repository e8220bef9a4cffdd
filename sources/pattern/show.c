/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "show.h"

#include "picture.h"
#include "trouble.h"

#include <framering/frame.h>

#include <stdlib.h>

typedef struct show {
    fr_show_options *options;
    fr_feed feed;
    fr_display_descriptor display;
    fr_gpu *gpu; /* NULL: in memory */
    fr_picture *picture;
    fr_pacer pacer;
    bool started;
    uint64_t start_ns;
    uint64_t idle_until_ns, mismatch_until_ns;
    uint32_t frames;
    uint32_t taken;      /* by the host, of this ring, since the last step */
    uint32_t looked_at;  /* `frames` when the script looked last */
    uint32_t generation; /* of the ring then */
    bool changed;        /* by the last step, and the host has made no ring for it yet */
    uint32_t
        pushed; /* by the GPU: the stamps count by it, because a push does not tell its sequence before */
    bool wish, wished_hdr; /* what the host asked for in the last poll */
} show;

void fr_show_set_format(fr_show_options *options, fr_format format)
{
    const bool deep = format == FR_FORMAT_RGBA16F || format == FR_FORMAT_RGB10A2;
    if (deep)
        options->hdr_format = format;
    else
        options->sdr_format = format;
    if (deep && options->colour_state == FR_COLOUR_STATE_SDR)
        options->colour_state = FR_COLOUR_STATE_HDR;
    else if (!deep)
        options->colour_state = FR_COLOUR_STATE_SDR;
}

/* Brings what is announced into line with the options, which a script changes. */
static void describe_display(show *s)
{
    const fr_show_options *options = s->options;
    s->display.mode = options->feed.mode;
    s->display.colour_state = options->colour_state;
    s->display.format = options->colour_state == FR_COLOUR_STATE_SDR   ? options->sdr_format
                        : options->colour_state == FR_COLOUR_STATE_HDR ? options->hdr_format
                                                                       : FR_FORMAT_NONE;
    s->display.sdr_white_millinits = 203000;
    s->display.max_luminance_millinits = options->peak_nits * 1000;
}

static void announce(show *s)
{
    describe_display(s);
    const fr_status status = fr_source_announce(s->feed.source, &s->display);
    if (status < 0) {
        fr_program_say(&s->options->feed.program, "cannot announce the display: %s", fr_status_text(status));
        fr_feed_stop(&s->feed, FR_EXIT_FAILED);
    }
}

/* The library is in the middle of a poll here; the wish is followed after it. */
static void note_wish(void *user, bool on)
{
    show *s = user;
    s->wish = true;
    s->wished_hdr = on;
}

static void follow_wish(show *s)
{
    const fr_colour_state wanted = s->wished_hdr ? FR_COLOUR_STATE_HDR : FR_COLOUR_STATE_SDR;
    if (!s->wish)
        return;
    s->wish = false;
    if (s->options->ignore_host || s->options->colour_state == wanted)
        return;
    s->options->colour_state = wanted;
    announce(s);
}

static bool fit_picture(show *s, const fr_slot *slot)
{
    fr_colour_state state = s->display.colour_state;
    /* Until the host has made a new ring, frames still go into the one of the state before. */
    if (slot->format == FR_FORMAT_BGRA8 || slot->format == FR_FORMAT_RGBA8)
        state = FR_COLOUR_STATE_SDR;
    else if (slot->format == FR_FORMAT_RGB10A2 || state == FR_COLOUR_STATE_SDR)
        state = FR_COLOUR_STATE_HDR;
    if (s->picture && fr_picture_fits(s->picture, slot->width, slot->height, slot->format, state))
        return true;
    fr_picture_destroy(&s->picture);
    s->picture = fr_picture_create(slot->width, slot->height, slot->format, state);
    if (!s->picture) {
        fr_program_say(&s->options->feed.program, "out of memory for a picture of %ux%u", slot->width,
                       slot->height);
        fr_feed_stop(&s->feed, FR_EXIT_FAILED);
    }
    return s->picture != NULL;
}

typedef enum trouble { TROUBLE_NONE, TROUBLE_HANG, TROUBLE_DIE } trouble;

static fr_stamp stamp_for(show *s, const fr_slot *slot)
{
    return (fr_stamp){
        .sequence = s->gpu ? ++s->pushed : slot->sequence,
        .generation = slot->generation,
        .time_us = fr_clock_now_ns() / 1000,
    };
}

/* One that hangs is gone only with the process, and a capture's connection is had once: who started the
 * program may start it again. */
static void end_without_gpu(show *s)
{
    fr_program_say(
        &s->options->feed.program,
        "the GPU is lost or hangs, and this source ends; one that is started again gets a new device");
    fr_feed_stop(&s->feed, FR_EXIT_FAILED);
}

static bool prepare(show *s, fr_slot *slot)
{
    const fr_status status = slot->pixels ? FR_OK : fr_gpu_canvas(s->gpu, slot);
    if (status == FR_OK)
        return fit_picture(s, slot);
    if (status == FR_ERR_DEVICE_LOST) {
        end_without_gpu(s);
        return false;
    }
    fr_program_say(&s->options->feed.program, "the GPU has no room for a texture of %ux%u", slot->width,
                   slot->height);
    fr_feed_stop(&s->feed, FR_EXIT_FAILED);
    return false;
}

static void draw_frame(show *s, uint64_t now_ns, trouble what, uint64_t hang_ns)
{
    fr_slot slot;
    if (fr_source_begin(s->feed.source, &slot) != FR_OK)
        return;
    const bool on_gpu = !slot.pixels;
    if (!prepare(s, &slot)) {
        fr_source_cancel(s->feed.source);
        return;
    }
    const fr_stamp stamp = stamp_for(s, &slot);
    fr_picture_draw(s->picture, &slot, &stamp, now_ns - s->start_ns,
                    what == TROUBLE_NONE ? FR_PICTURE_WHOLE : FR_PICTURE_UPPER);
    fr_status status = on_gpu ? fr_gpu_upload(s->gpu, s->feed.source, &slot, what == TROUBLE_NONE) : FR_OK;
    if (what == TROUBLE_DIE)
        fr_trouble_die();
    if (what == TROUBLE_HANG) {
        fr_sleep_ns(hang_ns);
        fr_picture_draw(s->picture, &slot, &stamp, now_ns - s->start_ns, FR_PICTURE_LOWER);
        status = on_gpu ? fr_gpu_upload(s->gpu, s->feed.source, &slot, true) : FR_OK;
    }
    if (status == FR_ERR_DEVICE_LOST)
        end_without_gpu(s);
    if (status != FR_OK) {
        fr_source_cancel(s->feed.source);
        return;
    }
    const fr_publish_info info = {.present_ns = stamp.time_us * 1000};
    if (fr_source_publish(s->feed.source, &info) == FR_OK)
        s->frames++;
}

/* As a program that has its pictures on a GPU: the library copies them into the ring. */
static void push_frame(show *s, uint64_t now_ns)
{
    fr_source_info ring;
    fr_source_get_info(s->feed.source, &ring);
    fr_slot slot = {
        .width = ring.width, .height = ring.height, .format = ring.format, .generation = ring.generation};
    if (!prepare(s, &slot))
        return;
    const fr_stamp stamp = stamp_for(s, &slot);
    fr_picture_draw(s->picture, &slot, &stamp, now_ns - s->start_ns, FR_PICTURE_WHOLE);
    const fr_publish_info info = {.present_ns = stamp.time_us * 1000};
    const fr_status status = fr_gpu_push(s->gpu, s->feed.source, &info);
    if (status == FR_OK)
        s->frames++;
    else if (status == FR_ERR_DEVICE_LOST)
        end_without_gpu(s);
}

static void push_mismatch(show *s)
{
    fr_source_info info;
    fr_source_get_info(s->feed.source, &info);
    const uint32_t width = info.width + 16, height = info.height + 16;
    const size_t pitch = (size_t)width * fr_format_pixel_bytes(info.format);
    void *pixels = calloc(height, pitch);
    if (!pixels)
        return;
    const fr_image image = {pixels, (ptrdiff_t)pitch, width, height, info.format};
    fr_source_push(s->feed.source, &image, NULL);
    free(pixels);
}

static void send_garbage(const show *s)
{
    uint8_t rubbish[96];
    for (size_t i = 0; i < sizeof(rubbish); i++)
        rubbish[i] = (uint8_t)(i * 167 + 91);
    if (!fr_trouble_send(rubbish, sizeof(rubbish)))
        fr_program_say(&s->options->feed.program, "could not send rubbish to the host");
}

static void change_display(show *s, const fr_script_step *step)
{
    fr_show_options *options = s->options;
    if (step->action == FR_SCRIPT_COLOUR) {
        options->colour_state = step->colour_state;
    } else if (step->action == FR_SCRIPT_FORMAT) {
        fr_show_set_format(options, step->format);
    } else if (step->action == FR_SCRIPT_RATE) {
        options->feed.mode.refresh_mhz = step->refresh_mhz;
    } else {
        options->feed.mode.width = step->width;
        options->feed.mode.height = step->height;
    }
    s->changed = step->action != FR_SCRIPT_RATE;
    announce(s);
}

static void run_step(show *s, const fr_script_step *step)
{
    const uint64_t now_ns = fr_clock_now_ns();
    switch (step->action) {
    case FR_SCRIPT_COLOUR:
    case FR_SCRIPT_SIZE:
    case FR_SCRIPT_RATE:
    case FR_SCRIPT_FORMAT: change_display(s, step); break;
    case FR_SCRIPT_IDLE: s->idle_until_ns = now_ns + step->duration_ns; break;
    case FR_SCRIPT_MISMATCH: s->mismatch_until_ns = now_ns + step->duration_ns; break;
    case FR_SCRIPT_STALL: fr_sleep_ns(step->duration_ns); break;
    case FR_SCRIPT_HANG_WRITING: draw_frame(s, now_ns, TROUBLE_HANG, step->duration_ns); break;
    case FR_SCRIPT_KILL_WRITING: draw_frame(s, now_ns, TROUBLE_DIE, 0); break;
    case FR_SCRIPT_KILL: fr_trouble_die(); break;
    case FR_SCRIPT_GARBAGE: send_garbage(s); break;
    case FR_SCRIPT_EXIT: fr_feed_stop(&s->feed, (int)step->exit_code); break;
    }
}

/* Frames that the host has taken since it followed the last step; what it misses does not count. */
static uint32_t frames_taken(show *s)
{
    fr_source_info ring;
    fr_source_get_info(s->feed.source, &ring);
    if (ring.generation != s->generation) {
        s->generation = ring.generation;
        s->looked_at = s->frames;
        s->taken = 0;
        s->changed = false;
    }
    if (!ring.untaken && s->frames != s->looked_at) {
        s->looked_at = s->frames;
        s->taken++;
    }
    return s->changed ? 0 : s->taken;
}

static void run_script(show *s)
{
    const fr_script_step *step;
    while (s->started && !s->feed.stopped &&
           (step = fr_script_take(&s->options->script, fr_clock_now_ns() - s->start_ns, frames_taken(s))) !=
               NULL) {
        s->taken = 0;
        run_step(s, step);
    }
}

static bool is_idle(const show *s, uint64_t now_ns)
{
    const uint64_t idle_after_ns = s->options->idle_after_ns;
    return now_ns < s->idle_until_ns || (idle_after_ns && now_ns - s->start_ns >= idle_after_ns);
}

static void make_frame(show *s, bool now)
{
    const uint64_t now_ns = fr_clock_now_ns();
    if (!now && fr_pacer_wait_ns(&s->pacer, now_ns) > 0)
        return;
    fr_pacer_advance(&s->pacer, now_ns, s->options->feed.mode.refresh_mhz);
    if (is_idle(s, now_ns))
        return;
    if (now_ns < s->mismatch_until_ns)
        push_mismatch(s);
    else if (s->gpu)
        push_frame(s, now_ns);
    else
        draw_frame(s, now_ns, TROUBLE_NONE, 0);
    if (s->options->num_frames && s->frames >= s->options->num_frames)
        fr_feed_linger(&s->feed);
}

static void turn(show *s)
{
    const uint64_t now_ns = fr_clock_now_ns();
    uint64_t wait_ns = fr_pacer_wait_ns(&s->pacer, now_ns);
    if (s->started)
        wait_ns = fr_script_wait_ns(&s->options->script, now_ns - s->start_ns, wait_ns);
    else
        wait_ns = FR_NS_PER_S;
    const fr_feed_state state = fr_feed_poll(&s->feed, wait_ns);
    if (state == FR_FEED_LOST) {
        end_without_gpu(s);
        return;
    }
    follow_wish(s);
    if (state == FR_FEED_READY || state == FR_FEED_REDRAW) {
        if (!s->started)
            s->start_ns = fr_clock_now_ns();
        s->started = true;
    }
    run_script(s);
    if (!s->feed.stopped && (state == FR_FEED_READY || state == FR_FEED_REDRAW))
        make_frame(s, state == FR_FEED_REDRAW);
}

int fr_show_run(fr_show_options *options)
{
    show s = {.options = options};
    describe_display(&s);
    fr_source_params params = {
        .name = "pattern",
        .display = s.display,
        .has_hdr = options->peak_nits > 0,
        .hdr_requested = note_wish,
        .user = &s,
    };
    params.hdr = fr_hdr_metadata_generic();
    params.hdr.max_luminance = options->peak_nits * 10000;
    params.hdr.max_cll = (uint16_t)options->peak_nits;
    if (!fr_gpu_create(&s.gpu, &options->gpu, &options->feed.program))
        return FR_EXIT_FAILED;
    fr_gpu_offer(s.gpu, &params);
    if (!fr_feed_init(&s.feed, &options->feed, &params)) {
        fr_gpu_destroy(&s.gpu);
        return FR_EXIT_FAILED;
    }
    while (!s.feed.stopped && !fr_program_stopped())
        turn(&s);
    fr_feed_finish(&s.feed);
    fr_picture_destroy(&s.picture);
    fr_gpu_destroy(&s.gpu);
    return s.feed.exit_code;
}
