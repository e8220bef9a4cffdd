/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

/* The kernel that ran last. */
static const char *kernel = "";

static const char *version(void)
{
    return kernel;
}

struct state {
    fr_converter *converter;
    const struct picture *picture;
    void *planes[2];
    ptrdiff_t src_pitch, pitches[2];
};

static void *open_ours(const struct picture *picture, const struct codes *out)
{
    struct state *s = calloc(1, sizeof *s);
    const fr_convert_params params = {
        .from = picture->from, .to = picture->to, .width = picture->width, .height = picture->height};
    if (!s || fr_converter_create(&s->converter, &params) < 0) {
        fprintf(stderr, "framering: no converter\n");
        free(s);
        return NULL;
    }
    kernel = fr_converter_kernel(s->converter);
    const ptrdiff_t width = (ptrdiff_t)picture->width, sample = picture->to == FR_FORMAT_P010 ? 2 : 1;
    s->picture = picture;
    s->src_pitch = 4 * sample * width;
    s->planes[0] = out->luma;
    s->planes[1] = out->chroma;
    s->pitches[0] = s->pitches[1] = sample * width;
    return s;
}

static bool run_ours(void *state)
{
    struct state *s = state;
    fr_converter_run(s->converter, s->picture->packed, s->src_pitch, s->planes, s->pitches);
    return true;
}

static void close_ours(void *state)
{
    struct state *s = state;
    fr_converter_destroy(&s->converter);
    free(s);
}

#define OURS .name = "framering", .version = version, .open = open_ours, .run = run_ours, .close = close_ours
const struct peer peers_ours[] = {
    {OURS, .from = FR_FORMAT_BGRA8}, {OURS, .from = FR_FORMAT_RGBA16F}, {.name = NULL}};
