/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/av_common.h"

#include "encode/hdr.h"

fr_status fr_av_describe(AVFrame *out, const fr_frame *frame)
{
    out->width = (int)frame->width;
    out->height = (int)frame->height;
    out->sample_aspect_ratio = (AVRational){1, 1};
    out->color_primaries = frame->colour.primaries;
    out->color_trc = frame->colour.transfer;
    out->colorspace = frame->colour.matrix;
    out->color_range = frame->colour.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    /* FFmpeg's numbers are H.273's plus one; 0 is unspecified. */
    out->chroma_location = (enum AVChromaLocation)(frame->colour.chroma_location + 1);
    if (!frame->has_hdr)
        return FR_OK;
    AVMasteringDisplayMetadata *display = av_mastering_display_metadata_create_side_data(out);
    AVContentLightMetadata *light = av_content_light_metadata_create_side_data(out);
    if (!display || !light)
        return FR_ERR_NO_MEMORY;
    fr_hdr_to_av(display, light, &frame->hdr);
    return FR_OK;
}
