/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <libavutil/opt.h>
#include <libswscale/swscale.h>

#include <stdio.h>
#include <stdlib.h>

struct state {
    struct SwsContext *context;
    const struct picture *picture;
    struct codes out;
};

static const char *version(void)
{
    static char text[32];
    const unsigned v = swscale_version();
    snprintf(text, sizeof text, "%u.%u.%u", v >> 16, v >> 8 & 255, v & 255);
    return text;
}

static struct SwsContext *make_context(const struct picture *picture, int flags, bool bt709)
{
    struct SwsContext *context = sws_alloc_context();
    if (!context)
        return NULL;
    av_opt_set_int(context, "srcw", picture->width, 0);
    av_opt_set_int(context, "srch", picture->height, 0);
    av_opt_set_int(context, "dstw", picture->width, 0);
    av_opt_set_int(context, "dsth", picture->height, 0);
    av_opt_set_int(context, "src_format", AV_PIX_FMT_BGRA, 0);
    av_opt_set_int(context, "dst_format", AV_PIX_FMT_NV12, 0);
    av_opt_set_int(context, "sws_flags", flags, 0);
    if (bt709) {
        /* 256ths of a luma pixel: left, and between the two rows. */
        av_opt_set_int(context, "dst_h_chr_pos", 0, 0);
        av_opt_set_int(context, "dst_v_chr_pos", 128, 0);
        const int *const matrix = sws_getCoefficients(SWS_CS_ITU709);
        sws_setColorspaceDetails(context, matrix, 1, matrix, 0, 0, 1 << 16, 1 << 16);
    }
    if (sws_init_context(context, NULL, NULL) >= 0)
        return context;
    sws_freeContext(context);
    return NULL;
}

static void *open_sws(const struct picture *picture, const struct codes *out, int flags, bool bt709)
{
    struct state *s = malloc(sizeof *s);
    if (!s)
        return NULL;
    *s = (struct state){make_context(picture, flags, bt709), picture, *out};
    if (s->context)
        return s;
    fprintf(stderr, "swscale: no context\n");
    free(s);
    return NULL;
}

static void *open_accurate(const struct picture *picture, const struct codes *out)
{
    return open_sws(picture, out, SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP | SWS_FULL_CHR_H_INT,
                    true);
}

static void *open_default(const struct picture *picture, const struct codes *out)
{
    return open_sws(picture, out, SWS_BICUBIC, false);
}

static bool run(void *state)
{
    const struct state *s = state;
    const int width = (int)s->picture->width, height = (int)s->picture->height;
    const uint8_t *const src[4] = {s->picture->packed};
    const int src_stride[4] = {4 * width}, dst_stride[4] = {width, width};
    uint8_t *const dst[4] = {s->out.luma, s->out.chroma};
    return sws_scale(s->context, src, src_stride, 0, height, dst, dst_stride) == height;
}

static void close_sws(void *state)
{
    struct state *s = state;
    sws_freeContext(s->context);
    free(s);
}

const struct peer peers_swscale[] = {
    {
        .name = "swscale accurate",
        .from = FR_FORMAT_BGRA8,
        .differs =
            "the same picture asked for: BT.709 limited, chroma sited left, accurate_rnd, full_chroma_inp, "
            "full_chroma_int, bilinear; goes through lines of 15 bits; chroma filtered over more rows",
        .version = version,
        .open = open_accurate,
        .run = run,
        .close = close_sws,
    },
    {
        .name = "swscale default",
        .from = FR_FORMAT_BGRA8,
        .differs =
            "as ffmpeg -pix_fmt nv12 does it: bicubic, all else as it comes: matrix of BT.601, no accurate "
            "rounding, chroma from pairs of columns, by code without SIMD",
        .version = version,
        .open = open_default,
        .run = run,
        .close = close_sws,
    },
    {.name = NULL},
};
