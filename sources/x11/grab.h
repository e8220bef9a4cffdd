/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_X11_GRAB_H
#define FRAMERING_SOURCES_X11_GRAB_H

/*
 * Has the X server write a picture straight into the memory of a slot. Its rows lie without gaps, so where a
 * slot's rows have gaps (a width that is no multiple of 16) the picture takes a way round by memory of our
 * own.
 */

#include "server.h"

#include <framering/source.h>

#include <xcb/shm.h>

typedef struct fr_x11_grab {
    fr_x11_server *server;
    xcb_shm_seg_t segment; /* 0 = none is attached */
    uint32_t generation;   /* of the ring that is attached */
    bool direct;
    int detour_fd; /* -1 = none */
    uint8_t *detour;
    size_t detour_bytes;
} fr_x11_grab;

void fr_x11_grab_init(fr_x11_grab *grab, fr_x11_server *server);
void fr_x11_grab_finish(fr_x11_grab *grab);

/* Lets go of the ring's memory, in the server too. */
void fr_x11_grab_release(fr_x11_grab *grab);

/* Makes the server able to write into slots of this ring. False: said why. */
bool fr_x11_grab_prepare(fr_x11_grab *grab, const fr_slot *slot);

/* Asks for the picture of a drawable, at the slot's size, without `border` pixels on its edges;
 * fr_x11_grab_wait then brings it into the slot. */
xcb_shm_get_image_cookie_t fr_x11_grab_ask(fr_x11_grab *grab, xcb_drawable_t drawable, int16_t border,
                                           const fr_slot *slot);

/* False: the server has no such picture (any more). */
bool fr_x11_grab_wait(fr_x11_grab *grab, xcb_shm_get_image_cookie_t cookie, const fr_slot *slot);

#endif
