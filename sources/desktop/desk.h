/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_DESK_H
#define FRAMERING_SOURCES_DESKTOP_DESK_H

/*
 * A run of the desktop source: a frame for what changed, at most at its rate; else nothing. What Windows
 * takes away is asked for again: without end while the desktop is locked, else for ten seconds.
 *
 * It sees the ring through a table, and time only as it is told, so that a test can drive it.
 */

#include "common/feed.h"
#include "fate.h"
#include "grab.h"
#include "scene.h"

/* The ring that is fed: run.c has the library's. */
typedef struct fr_desk_ring {
    void *self;
    /* For a device, which the source keeps until it is closed. False: said why. */
    bool (*open)(void *self, ID3D11Device *device, const fr_display_descriptor *display);
    void (*close)(void *self);
    fr_status (*announce)(void *self, const fr_display_descriptor *display);
    /* Whether the ring has that size and format. */
    bool (*fits)(void *self, const fr_display_descriptor *display);
    fr_status (*push)(void *self, ID3D11Texture2D *picture, const fr_publish_info *info); /* _push_d3d11 */
} fr_desk_ring;

typedef struct fr_desk_options {
    fr_feed_options feed;
    const char *output; /* as fr_desktop_output_open */
    bool no_cursor;
} fr_desk_options;

typedef struct fr_desk {
    const fr_desk_options *options;
    const fr_desk_ring *ring;
    bool ring_open;
    fr_desktop_grab grab;
    fr_desktop_scene scene;
    fr_pointer pointer;
    fr_display_descriptor announced;
    uint64_t announced_ns;
    fr_pacer pacer;
    uint64_t look_due_ns; /* whether the displays have changed */

    fr_rects unpublished; /* what changed since the frame published last */
    bool whole;           /* the ring is new, or the picture has another shape than the frame before */
    uint64_t present_ns;  /* of the newest change; 0 = not known */
    fr_rect pointer_drawn;
    uint32_t drawn_number;
    int32_t drawn_x, drawn_y;

    /* What Windows took away and did not give back yet. */
    bool troubled, ever_fine;
    fr_fate said;
    uint64_t troubled_since_ns, retry_ns;
    uint32_t retries;

    bool stopped;
    int exit_code;
} fr_desk;

void fr_desk_init(fr_desk *desk, const fr_desk_options *options, const fr_desktop_api *api,
                  const fr_desk_ring *ring);
void fr_desk_finish(fr_desk *desk);

/*
 * One turn: opens what is to be opened, waits at most 16 ms for news of Windows, publishes them. `attached`:
 * the ring takes frames; `redraw`: it is new and empty. Returns how long nothing is to be done.
 */
uint64_t fr_desk_turn(fr_desk *desk, uint64_t now_ns, bool attached, bool redraw);

/* The ring says that the device is gone: all is made anew on another, as after a turn that finds it so. */
void fr_desk_lose_device(fr_desk *desk, uint64_t now_ns);

/* Runs until the end; the exit code of the program. */
int fr_desk_run(const fr_desk_options *options, const fr_desktop_api *api);

#endif
