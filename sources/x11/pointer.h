/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_X11_POINTER_H
#define FRAMERING_SOURCES_X11_POINTER_H

/* The pointer, which the server does not draw into what it hands out. */

#include "common/canvas.h"
#include "server.h"

#include <xcb/xfixes.h>

typedef struct fr_x11_pointer {
    fr_x11_server *server;
    xcb_window_t window; /* positions count from its upper left corner */
    xcb_query_pointer_cookie_t cookie;
    bool asked;
    bool image_changed;
    bool on_screen;                             /* the pointer is on the window's screen */
    int32_t x, y;                               /* of the hot spot */
    xcb_xfixes_get_cursor_image_reply_t *image; /* NULL: none yet */
} fr_x11_pointer;

void fr_x11_pointer_init(fr_x11_pointer *pointer, fr_x11_server *server, xcb_window_t window);
void fr_x11_pointer_finish(fr_x11_pointer *pointer);

/* Asks where the pointer is; the answer is read by fr_x11_pointer_update. */
void fr_x11_pointer_ask(fr_x11_pointer *pointer);
void fr_x11_pointer_update(fr_x11_pointer *pointer);

void fr_x11_pointer_note(fr_x11_pointer *pointer, const xcb_generic_event_t *event);

/* What the pointer covers of a picture of that size. */
fr_rect fr_x11_pointer_rect(const fr_x11_pointer *pointer, uint32_t width, uint32_t height);

/* Blends `width` by `height` premultiplied ARGB pixels over a BGRA8 canvas at x, y, which may lie outside. */
void fr_x11_blend(const fr_canvas *canvas, int32_t x, int32_t y, const uint32_t *argb, uint32_t width,
                  uint32_t height);

void fr_x11_pointer_draw(const fr_x11_pointer *pointer, const fr_canvas *canvas);

#endif
