/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/convert.h"

#include "backend/d3d11/format.h"

static HRESULT make(struct fr_d3d11_video *video, const fr_convert_params *params)
{
    const D3D11_VIDEO_PROCESSOR_CONTENT_DESC content = {
        .InputFrameFormat = D3D11_VIDEO_FRAME_FORMAT_PROGRESSIVE,
        .InputFrameRate = {60, 1},
        .InputWidth = params->width,
        .InputHeight = params->height,
        .OutputFrameRate = {60, 1},
        .OutputWidth = params->width,
        .OutputHeight = params->height,
        .Usage = D3D11_VIDEO_USAGE_OPTIMAL_SPEED,
    };
    HRESULT result =
        ID3D11VideoDevice_CreateVideoProcessorEnumerator(video->device, &content, &video->enumerator);
    UINT in = 0, out = 0;
    if (result == S_OK)
        result = ID3D11VideoProcessorEnumerator_CheckVideoProcessorFormat(video->enumerator,
                                                                          fr_dxgi_format(params->from), &in);
    if (result == S_OK)
        result = ID3D11VideoProcessorEnumerator_CheckVideoProcessorFormat(video->enumerator,
                                                                          fr_dxgi_format(params->to), &out);
    if (result == S_OK && (!(in & D3D11_VIDEO_PROCESSOR_FORMAT_SUPPORT_INPUT) ||
                           !(out & D3D11_VIDEO_PROCESSOR_FORMAT_SUPPORT_OUTPUT)))
        result = DXGI_ERROR_UNSUPPORTED;
    if (result == S_OK)
        result =
            ID3D11VideoDevice_CreateVideoProcessor(video->device, video->enumerator, 0, &video->processor);
    return result;
}

/* All that a frame does not change. */
static void set_up(const struct fr_d3d11_video *video, const fr_convert_params *params)
{
    ID3D11VideoContext1 *context = video->context;
    ID3D11VideoProcessor *processor = video->processor;
    const RECT whole = {0, 0, (LONG)params->width, (LONG)params->height};
    ID3D11VideoContext1_VideoProcessorSetStreamFrameFormat(context, processor, 0,
                                                           D3D11_VIDEO_FRAME_FORMAT_PROGRESSIVE);
    /* Else some drivers denoise and sharpen. */
    ID3D11VideoContext1_VideoProcessorSetStreamAutoProcessingMode(context, processor, 0, FALSE);
    ID3D11VideoContext1_VideoProcessorSetStreamSourceRect(context, processor, 0, TRUE, &whole);
    ID3D11VideoContext1_VideoProcessorSetStreamDestRect(context, processor, 0, TRUE, &whole);
    ID3D11VideoContext1_VideoProcessorSetOutputTargetRect(context, processor, TRUE, &whole);
    ID3D11VideoContext1_VideoProcessorSetStreamColorSpace1(context, processor, 0,
                                                           DXGI_COLOR_SPACE_RGB_FULL_G22_NONE_P709);
    ID3D11VideoContext1_VideoProcessorSetOutputColorSpace1(context, processor,
                                                           DXGI_COLOR_SPACE_YCBCR_STUDIO_G22_LEFT_P709);
}

HRESULT fr_d3d11_video_init(struct fr_d3d11_video *video, struct fr_d3d11_device *device,
                            const fr_convert_params *params)
{
    *video = (struct fr_d3d11_video){
        .device = fr_com_query(device->device, &IID_ID3D11VideoDevice),
        .context = fr_com_query(device->context, &IID_ID3D11VideoContext1),
    };
    const HRESULT result = video->device && video->context ? make(video, params) : DXGI_ERROR_UNSUPPORTED;
    if (result == S_OK)
        set_up(video, params);
    else
        fr_d3d11_video_finish(video);
    return result;
}

void fr_d3d11_video_finish(struct fr_d3d11_video *video)
{
    fr_com_release(video->processor);
    fr_com_release(video->enumerator);
    fr_com_release(video->context);
    fr_com_release(video->device);
    *video = (struct fr_d3d11_video){0};
}

/* Views cost a call into the driver each: they stay with the texture as long as the converter does. */
static HRESULT view_slot(const struct fr_d3d11_converter *converter, struct fr_d3d11_slot *slot,
                         ID3D11VideoProcessorInputView **out)
{
    struct fr_d3d11_video_view *cached = &slot->video;
    if (cached->converter != converter->number) {
        const D3D11_VIDEO_PROCESSOR_INPUT_VIEW_DESC desc = {.ViewDimension = D3D11_VPIV_DIMENSION_TEXTURE2D};
        ID3D11VideoProcessorInputView *view = NULL;
        const HRESULT result = ID3D11VideoDevice_CreateVideoProcessorInputView(
            converter->video.device, (ID3D11Resource *)slot->texture, converter->video.enumerator, &desc,
            &view);
        if (result != S_OK)
            return result;
        fr_com_release(cached->view);
        *cached = (struct fr_d3d11_video_view){(IUnknown *)view, converter->number};
    }
    *out = (ID3D11VideoProcessorInputView *)cached->view;
    return S_OK;
}

static HRESULT view_picture(const struct fr_d3d11_converter *converter,
                            struct fr_d3d11_picture_object *picture, ID3D11VideoProcessorOutputView **out)
{
    struct fr_d3d11_video_view *cached = &picture->video;
    if (cached->converter != converter->number) {
        const D3D11_VIDEO_PROCESSOR_OUTPUT_VIEW_DESC desc = {.ViewDimension = D3D11_VPOV_DIMENSION_TEXTURE2D};
        ID3D11VideoProcessorOutputView *view = NULL;
        const HRESULT result = ID3D11VideoDevice_CreateVideoProcessorOutputView(
            converter->video.device, (ID3D11Resource *)picture->texture, converter->video.enumerator, &desc,
            &view);
        if (result != S_OK)
            return result;
        fr_com_release(cached->view);
        *cached = (struct fr_d3d11_video_view){(IUnknown *)view, converter->number};
    }
    *out = (ID3D11VideoProcessorOutputView *)cached->view;
    return S_OK;
}

HRESULT fr_d3d11_video_run(const struct fr_d3d11_converter *converter, struct fr_d3d11_slot *slot,
                           struct fr_d3d11_picture_object *picture)
{
    ID3D11VideoProcessorInputView *in = NULL;
    ID3D11VideoProcessorOutputView *out = NULL;
    HRESULT result = view_slot(converter, slot, &in);
    if (result == S_OK)
        result = view_picture(converter, picture, &out);
    if (result != S_OK)
        return result;
    const D3D11_VIDEO_PROCESSOR_STREAM stream = {.Enable = TRUE, .pInputSurface = in};
    return ID3D11VideoContext1_VideoProcessorBlt(converter->video.context, converter->video.processor, out, 0,
                                                 1, &stream);
}
