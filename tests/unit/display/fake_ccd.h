/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_DISPLAY_FAKE_CCD_H
#define FR_TESTS_UNIT_DISPLAY_FAKE_CCD_H

/* A display configuration that answers as Windows does: what fr_ccd_api promises, request by request. */

#include "display/ccd.h"

#define FAKE_SCREENS_MAX 4

/* One active path, and what its display is like. */
struct fake_screen {
    LONG adapter; /* high part of the LUID; the low part is 7 */
    UINT32 target, source;
    UINT32 width, height; /* of the source's mode */
    UINT32 signal_width, signal_height;
    DISPLAYCONFIG_RATIONAL refresh;
    DISPLAYCONFIG_ROTATION rotation;
    fr_colour_state state;
    bool can_hdr, policy_bars;
    ULONG white; /* 1,000 is 80 cd/m2 */
    struct fr_ccd_luminance luminance;
    bool inactive;       /* the path is listed, but not active */
    bool without_source; /* its mode index leads nowhere */
};

struct fake_ccd {
    struct fake_screen screens[FAKE_SCREENS_MAX];
    UINT32 num_screens;
    bool modern;         /* knows the requests of Windows 11 24H2 */
    UINT32 unknown_mode; /* answer of the newer request in place of the real one; 0 = none */
    bool deaf;           /* takes switches of HDR and does nothing */
    UINT32 growths;      /* the configuration grows before so many queries */
    LONG sizes_error, query_error, info_2_error, info_error, white_error, name_error, set_error;
    uint32_t blocked; /* shared: queries wait until it is 0 */
    uint32_t waiting; /* shared: so many queries do */

    UINT32 queries, old_infos, sets, old_sets, luminances, destroyed;
    char log[4096]; /* the lines so far */
    UINT32 lines;
};

/* The table, which lives as long as `fake`. */
struct fr_ccd_api fake_ccd_api(struct fake_ccd *fake);

/* Keeps the lines in fake->log. */
fr_log fake_ccd_log(struct fake_ccd *fake);

/* A screen of 1920x1080 at 60 Hz that can do HDR and is in SDR, on adapter 1. */
struct fake_screen fake_screen(UINT32 target);

#endif
