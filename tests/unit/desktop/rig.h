/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_DESKTOP_RIG_H
#define FR_TESTS_UNIT_DESKTOP_RIG_H

/* A desk on the fake, and a ring that keeps what it is given. Time moves when the rig turns. */

#include "fake_dxgi.h"

#include "desktop/desk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RIG_WIDTH 96u
#define RIG_HEIGHT 70u

struct rig {
    struct fake_dxgi fake;
    fr_desktop_api api;
    fr_desk_options options;
    fr_desk_ring ring;
    fr_desk desk;
    uint64_t now_ns;
    bool attached, redraw;

    /* The ring. */
    bool open, refuses_open, misfit;
    UINT opens, announces, pushes;
    ID3D11Device *device;
    fr_display_descriptor display;
    fr_status push_status, announce_status;
    bool has_damage; /* of the last push, like what follows */
    fr_rects damage;
    uint64_t present_ns;
    fr_canvas picture;
};

/* All sentences since rig_open, a line each. */
extern char rig_said[8192];
extern UINT rig_lines;

/* A display of RIG_WIDTH by RIG_HEIGHT in SDR, numbered pixels, an attached ring. */
void rig_open(struct rig *rig);

/* Ends the desk: every object must be gone. */
void rig_close(struct rig *rig);

/* A setup and a teardown of cmocka with these. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* Fills the desktop with pixels that are all different. */
void rig_paint(struct rig *rig, uint32_t seed);

/* One turn, or several; each takes 1 ms, or as long as the desk says that there is nothing to do. */
void rig_turn(struct rig *rig);
void rig_turns(struct rig *rig, UINT turns);

/* The last picture pushed is the desktop, but for `hole` (width 0: none). */
void rig_expect_picture(const struct rig *rig, fr_rect hole);

/* What the last push said has changed, in order. */
void rig_expect_rects(const struct rig *rig, const fr_rect *rects, size_t count);
#define rig_expect_damage(rig, ...)                                                                          \
    rig_expect_rects(rig, (const fr_rect[]){__VA_ARGS__},                                                    \
                     sizeof((const fr_rect[]){__VA_ARGS__}) / sizeof(fr_rect))

#endif
