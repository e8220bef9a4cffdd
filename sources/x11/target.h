/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_X11_TARGET_H
#define FRAMERING_SOURCES_X11_TARGET_H

/* What is captured: the root window, or one window by way of its COMPOSITE pixmap; its size, and what was
 * drawn in it. */

#include "common/rect.h"
#include "server.h"

#include <xcb/damage.h>
#include <xcb/xfixes.h>

typedef struct fr_x11_target {
    fr_x11_server *server;
    xcb_window_t window;
    bool is_root;
    xcb_drawable_t drawable; /* the root, or the window's pixmap; 0 = the window is not shown */
    uint32_t width, height;  /* without the border */
    int16_t border;          /* of the window: part of its pixmap, not of the picture */
    xcb_damage_damage_t damage;
    xcb_xfixes_region_t region; /* what the server hands out of it */
    bool damaged;               /* since the last take */
    fr_rects taken;             /* up to the last take */
    unsigned int take_sequence, region_sequence;
    bool resized; /* fr_x11_target_refresh is due */
    bool closed;
} fr_x11_target;

/* `window` 0: the root. False: said why. */
bool fr_x11_target_init(fr_x11_target *target, fr_x11_server *server, xcb_window_t window);

/* Reads the size anew. False: closed or lost. */
bool fr_x11_target_refresh(fr_x11_target *target);

/* Takes note of an event of the server. */
void fr_x11_target_note(fr_x11_target *target, const xcb_generic_event_t *event);

/* Asks what was drawn until now, and has the server count anew; goes out with the next flush, and is to be
 * followed by fr_x11_target_read_damage. */
void fr_x11_target_take_damage(fr_x11_target *target);

/* Waits for the answer, which is in `taken` then. False: there is none. */
bool fr_x11_target_read_damage(fr_x11_target *target);

#endif
