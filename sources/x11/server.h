/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_X11_SERVER_H
#define FRAMERING_SOURCES_X11_SERVER_H

/* The connection to an X server, every wait on it bounded. */

#include "common/program.h"

#include <xcb/xcb.h>

typedef struct fr_x11_server {
    const fr_program *program;
    const char *name; /* of the display, for messages */
    xcb_connection_t *connection;
    xcb_screen_t *screen;
    uint8_t damage_event, randr_event, xfixes_event; /* first event codes; 0 = no such extension */
    bool lost;                                       /* said why; nothing more can be asked */
} fr_x11_server;

/* Connects and asks for MIT-SHM 1.2, DAMAGE, XFIXES, RANDR, and COMPOSITE if it is needed; only RANDR may be
 * missing. False: said why. `name` NULL: of the environment variable DISPLAY. */
bool fr_x11_server_init(fr_x11_server *server, const fr_program *program, const char *name,
                        bool with_composite);
void fr_x11_server_finish(fr_x11_server *server);

/* The reply to a request, to be freed; NULL: an error of the server (its code in *error_code), or the server
 * is lost. The requests before are flushed. */
void *fr_x11_wait_reply(fr_x11_server *server, unsigned int sequence, uint8_t *error_code);

/* Waits until the server has seen a request that has no reply and was sent as checked. False: it refused, or
 * is lost. */
bool fr_x11_wait_done(fr_x11_server *server, xcb_void_cookie_t cookie);

/* False, and said once, when the connection has broken. */
bool fr_x11_server_is_alive(fr_x11_server *server);

#endif
