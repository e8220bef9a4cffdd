/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "paint.h"

#include <libavutil/mastering_display_metadata.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>

#include <string.h>

fr_colour_state fr_paint_colour_state(const AVFrame *frame)
{
    return frame->color_trc == AVCOL_TRC_SMPTE2084 || frame->color_trc == AVCOL_TRC_ARIB_STD_B67
               ? FR_COLOUR_STATE_HDR
               : FR_COLOUR_STATE_SDR;
}

static uint32_t in_steps(AVRational value, double steps, double max)
{
    const double scaled = value.den ? av_q2d(value) * steps + 0.5 : 0.0;
    return scaled < 0.0 ? 0 : (uint32_t)(scaled > max ? max : scaled);
}

static void read_point(const AVRational from[2], uint16_t to[2])
{
    to[0] = (uint16_t)in_steps(from[0], 50000.0, UINT16_MAX);
    to[1] = (uint16_t)in_steps(from[1], 50000.0, UINT16_MAX);
}

bool fr_paint_hdr_metadata(const AVFrame *frame, fr_hdr_metadata *out)
{
    const AVFrameSideData *mastering =
        av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA);
    const AVFrameSideData *light = av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL);
    *out = fr_hdr_metadata_generic();
    if (mastering) {
        const AVMasteringDisplayMetadata *data = (const void *)mastering->data;
        if (data->has_primaries) {
            read_point(data->display_primaries[0], out->red);
            read_point(data->display_primaries[1], out->green);
            read_point(data->display_primaries[2], out->blue);
            read_point(data->white_point, out->white);
        }
        if (data->has_luminance) {
            out->max_luminance = in_steps(data->max_luminance, 10000.0, UINT32_MAX);
            out->min_luminance = in_steps(data->min_luminance, 10000.0, UINT32_MAX);
        }
    }
    if (light) {
        const AVContentLightMetadata *data = (const void *)light->data;
        out->max_cll = (uint16_t)(data->MaxCLL > UINT16_MAX ? UINT16_MAX : data->MaxCLL);
        out->max_fall = (uint16_t)(data->MaxFALL > UINT16_MAX ? UINT16_MAX : data->MaxFALL);
    }
    return mastering || light;
}

static bool is_rgb(enum AVPixelFormat format)
{
    const AVPixFmtDescriptor *descriptor = av_pix_fmt_desc_get(format);
    return descriptor && descriptor->flags & AV_PIX_FMT_FLAG_RGB;
}

/* The formats whose name once said that they are full range. */
static enum AVPixelFormat plain_format(enum AVPixelFormat format, bool *full_range)
{
    static const enum AVPixelFormat pairs[][2] = {
        {AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P}, {AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P},
        {AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P}, {AV_PIX_FMT_YUVJ440P, AV_PIX_FMT_YUV440P},
        {AV_PIX_FMT_YUVJ411P, AV_PIX_FMT_YUV411P},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (pairs[i][0] == format) {
            *full_range = true;
            return pairs[i][1];
        }
    }
    *full_range |= is_rgb(format);
    return format;
}

/* A file that does not say is taken for what its size suggests: BT.709 from 720 rows up. */
static enum AVColorSpace matrix_of(const AVFrame *frame, bool hdr)
{
    if (frame->colorspace != AVCOL_SPC_UNSPECIFIED && frame->colorspace != AVCOL_SPC_RGB)
        return frame->colorspace;
    if (hdr)
        return AVCOL_SPC_BT2020_NCL;
    return frame->height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

static int scaler_matrix(enum AVColorSpace matrix)
{
    switch (matrix) {
    case AVCOL_SPC_BT709: return SWS_CS_ITU709;
    case AVCOL_SPC_FCC: return SWS_CS_FCC;
    case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
    default: return SWS_CS_ITU601;
    }
}

typedef struct scaling {
    enum AVPixelFormat from, to;
    bool from_full, to_full;
    int matrix;
    int chroma_x, chroma_y; /* of the source, in 1/256 of a pixel */
} scaling;

static void read_chroma_site(const AVFrame *frame, scaling *way)
{
    const enum AVChromaLocation location = frame->chroma_location;
    const AVPixFmtDescriptor *format = av_pix_fmt_desc_get(frame->format);
    const bool centre = location == AVCHROMA_LOC_CENTER || location == AVCHROMA_LOC_TOP;
    const bool top = location == AVCHROMA_LOC_TOPLEFT || location == AVCHROMA_LOC_TOP;
    way->chroma_x = format && format->log2_chroma_w ? (centre ? 128 : 0) : -513;
    way->chroma_y = format && format->log2_chroma_h ? (top ? 0 : 128) : -513;
}

static struct SwsContext *make_scaler(const AVFrame *frame, const fr_slot *slot, const scaling *way)
{
    struct SwsContext *scaler = sws_alloc_context();
    if (!scaler)
        return NULL;
    const bool same_size = (uint32_t)frame->width == slot->width && (uint32_t)frame->height == slot->height;
    const int flags =
        (same_size ? SWS_BILINEAR : SWS_BICUBIC) | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;
    av_opt_set_int(scaler, "sws_flags", flags, 0);
    av_opt_set_int(scaler, "srcw", frame->width, 0);
    av_opt_set_int(scaler, "srch", frame->height, 0);
    av_opt_set_int(scaler, "dstw", (int)slot->width, 0);
    av_opt_set_int(scaler, "dsth", (int)slot->height, 0);
    av_opt_set_int(scaler, "src_format", way->from, 0);
    av_opt_set_int(scaler, "dst_format", way->to, 0);
    av_opt_set_int(scaler, "src_range", way->from_full, 0);
    av_opt_set_int(scaler, "dst_range", way->to_full, 0);
    av_opt_set_int(scaler, "src_h_chr_pos", way->chroma_x, 0);
    av_opt_set_int(scaler, "src_v_chr_pos", way->chroma_y, 0);
    const int *matrix = sws_getCoefficients(way->matrix);
    sws_setColorspaceDetails(scaler, matrix, way->from_full, matrix, way->to_full, 0, 1 << 16, 1 << 16);
    if (sws_init_context(scaler, NULL, NULL) < 0) {
        sws_freeContext(scaler);
        return NULL;
    }
    return scaler;
}

static bool fit_scaler(fr_paint *paint, const AVFrame *frame, const fr_slot *slot, const scaling *way)
{
    const uint32_t key[10] = {
        (uint32_t)frame->width,
        (uint32_t)frame->height,
        slot->width,
        slot->height,
        (uint32_t)way->from,
        (uint32_t)way->to,
        (uint32_t)way->from_full << 1 | way->to_full,
        (uint32_t)way->matrix,
        (uint32_t)way->chroma_x,
        (uint32_t)way->chroma_y,
    };
    if (paint->scaler && !memcmp(key, paint->key, sizeof(key)))
        return true;
    sws_freeContext(paint->scaler);
    memcpy(paint->key, key, sizeof(key));
    paint->scaler = make_scaler(frame, slot, way);
    return paint->scaler != NULL;
}

static fr_status draw_sdr(fr_paint *paint, const AVFrame *frame, const fr_slot *slot)
{
    scaling way = {.to = AV_PIX_FMT_BGRA, .from_full = frame->color_range == AVCOL_RANGE_JPEG};
    way.from = plain_format(frame->format, &way.from_full);
    way.to_full = true;
    way.matrix = scaler_matrix(matrix_of(frame, false));
    read_chroma_site(frame, &way);
    if (!fit_scaler(paint, frame, slot, &way))
        return FR_ERR_UNSUPPORTED;
    uint8_t *const planes[4] = {slot->pixels};
    const int pitches[4] = {(int)slot->pitch_bytes};
    const int rows = sws_scale(paint->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0,
                               frame->height, planes, pitches);
    return rows == (int)slot->height ? FR_OK : FR_ERR_UNSUPPORTED;
}

static bool fit_wide(fr_paint *paint, const fr_slot *slot, enum AVPixelFormat format)
{
    AVFrame *wide = paint->wide;
    if (wide && wide->format == format && (uint32_t)wide->width == slot->width &&
        (uint32_t)wide->height == slot->height)
        return true;
    av_frame_free(&paint->wide);
    wide = paint->wide = av_frame_alloc();
    if (!wide)
        return false;
    wide->format = format;
    wide->width = (int)slot->width;
    wide->height = (int)slot->height;
    return av_frame_get_buffer(wide, 0) >= 0;
}

static bool fit_light(fr_paint *paint, const AVFrame *frame, const scaling *way)
{
    const enum AVColorSpace matrix = matrix_of(frame, true);
    const fr_light_params params = {
        .curve = frame->color_trc == AVCOL_TRC_SMPTE2084 ? FR_LIGHT_PQ : FR_LIGHT_HLG,
        .is_rgb = is_rgb(way->to),
        .full_range = way->to_full,
        .kr = matrix == AVCOL_SPC_BT709 ? 0.2126F : 0.2627F,
        .kb = matrix == AVCOL_SPC_BT709 ? 0.0722F : 0.0593F,
        .bt709_primaries = frame->color_primaries == AVCOL_PRI_BT709,
    };
    if (paint->light && fr_light_is_for(paint->light, &params))
        return true;
    fr_light_destroy(&paint->light);
    paint->light = fr_light_create(&params);
    return paint->light != NULL;
}

/* The scaler only gives each pixel chroma of its own and 16 bits: its own matrix is not made for PQ. */
static fr_status draw_hdr(fr_paint *paint, const AVFrame *frame, const fr_slot *slot)
{
    scaling way = {.from_full = frame->color_range == AVCOL_RANGE_JPEG};
    way.from = plain_format(frame->format, &way.from_full);
    way.to = is_rgb(frame->format) ? AV_PIX_FMT_GBRP16LE : AV_PIX_FMT_YUV444P16LE;
    way.to_full = way.from_full;
    way.matrix = scaler_matrix(matrix_of(frame, true));
    read_chroma_site(frame, &way);
    if (!fit_wide(paint, slot, way.to) || !fit_light(paint, frame, &way))
        return FR_ERR_NO_MEMORY;
    if (!fit_scaler(paint, frame, slot, &way))
        return FR_ERR_UNSUPPORTED;
    const AVFrame *wide = paint->wide;
    if (sws_scale(paint->scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height,
                  wide->data, wide->linesize) != wide->height)
        return FR_ERR_UNSUPPORTED;
    for (uint32_t y = 0; y < slot->height; y++) {
        const uint16_t *rows[3];
        for (int i = 0; i < 3; i++)
            rows[i] = (const void *)(wide->data[i] + (ptrdiff_t)y * wide->linesize[i]);
        fr_light_row(paint->light, rows, (void *)((uint8_t *)slot->pixels + y * slot->pitch_bytes),
                     slot->width);
    }
    return FR_OK;
}

fr_status fr_paint_draw(fr_paint *paint, const AVFrame *frame, const fr_slot *slot)
{
    return slot->format == FR_FORMAT_RGBA16F ? draw_hdr(paint, frame, slot) : draw_sdr(paint, frame, slot);
}

void fr_paint_finish(fr_paint *paint)
{
    sws_freeContext(paint->scaler);
    fr_light_destroy(&paint->light);
    av_frame_free(&paint->wide);
    *paint = (fr_paint){0};
}
