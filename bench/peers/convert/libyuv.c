/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <libyuv.h>

#include <stdio.h>
#include <stdlib.h>

struct state {
    const struct picture *picture;
    struct codes out;
};

static const char *version(void)
{
    static char text[16];
    snprintf(text, sizeof text, "%d", LIBYUV_VERSION);
    return text;
}

static void *open_libyuv(const struct picture *picture, const struct codes *out)
{
    struct state *s = malloc(sizeof *s);
    if (s)
        *s = (struct state){picture, *out};
    return s;
}

static bool run(void *state)
{
    const struct state *s = state;
    const int width = (int)s->picture->width;
    /* Its ARGB is named after the word, and is B, G, R, A in memory. */
    return ARGBToNV12(s->picture->packed, 4 * width, s->out.luma, width, s->out.chroma, width, width,
                      (int)s->picture->height) == 0;
}

const struct peer peers_libyuv[] = {
    {
        .name = "libyuv",
        .from = FR_FORMAT_BGRA8,
        .differs = "less work: matrix of BT.601 only, coefficients of 7 bits; chroma is the mean of the 2x2 "
                   "block, not sited left",
        .version = version,
        .open = open_libyuv,
        .run = run,
        .close = free,
    },
    {.name = NULL},
};
