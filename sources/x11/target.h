/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_X11_TARGET_H
#define FRAMERING_SOURCES_X11_TARGET_H

/* What is captured: the root window, or one window by way of its COMPOSITE pixmap; its size, and what was
 * drawn in it. */

#include "common/rect.h"
#include "server.h"

#include <xcb/damage.h>

typedef struct fr_x11_target {
    fr_x11_server *server;
    xcb_window_t window;
    bool is_root;
    xcb_drawable_t drawable; /* the root, or the window's pixmap; 0 = the window is not shown */
    uint32_t width, height;  /* without the border */
    int16_t border;          /* of the window: part of its pixmap, not of the picture */
    xcb_damage_damage_t damage;
    fr_rect damaged; /* since the last take */
    fr_rect taken;   /* up to the last take, complete once a later reply is there and its events are noted */
    unsigned int take_sequence;
    bool resized; /* fr_x11_target_refresh is due */
    bool closed;
} fr_x11_target;

/* `window` 0: the root. False: said why. */
bool fr_x11_target_init(fr_x11_target *target, fr_x11_server *server, xcb_window_t window);

/* Reads the size anew. False: closed or lost. */
bool fr_x11_target_refresh(fr_x11_target *target);

/* Takes note of an event of the server. */
void fr_x11_target_note(fr_x11_target *target, const xcb_generic_event_t *event);

/* Moves what was drawn until now from `damaged` to `taken`. The server counts anew from a request that goes
 * out with the next flush; what it reports before that still gets into `taken`. */
void fr_x11_target_take_damage(fr_x11_target *target);

#endif
