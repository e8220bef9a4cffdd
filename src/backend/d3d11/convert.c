/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/convert.h"

#include "common/log.h"

#include <stdlib.h>

static bool wants_video(const fr_convert_params *params)
{
    return (params->from == FR_FORMAT_BGRA8 || params->from == FR_FORMAT_RGBA8) &&
           params->to == FR_FORMAT_NV12 && params->width % 2 == 0 && params->height % 2 == 0;
}

/* Whether planes can be drawn to: an old driver has no such views, and would say so with the first frame. */
static HRESULT try_planes(struct fr_d3d11_device *device, fr_format format)
{
    const uint32_t size = 64;
    struct fr_picture picture;
    const fr_status status = fr_d3d11_picture_create(device, size, size, format, &picture);
    if (status != FR_OK)
        return status == FR_ERR_NO_MEMORY ? E_OUTOFMEMORY : DXGI_ERROR_UNSUPPORTED;
    const HRESULT result = fr_d3d11_picture_planes(picture.object);
    fr_d3d11_picture_destroy(&picture);
    return result;
}

static HRESULT make_shade(struct fr_d3d11_converter *converter, const struct fr_d3d11_api *api)
{
    HRESULT result = try_planes(converter->device, converter->params.to);
    if (result == S_OK)
        result = fr_d3d11_shade_init(&converter->shade, converter->device, api, &converter->params);
    converter->has_shade = result == S_OK;
    return result;
}

fr_status fr_d3d11_converter_create(struct fr_d3d11_converter **out, struct fr_d3d11_device *device,
                                    const struct fr_d3d11_api *api, const fr_convert_params *params,
                                    uint64_t number, const fr_log *log)
{
    *out = NULL;
    struct fr_d3d11_converter *converter = calloc(1, sizeof(*converter));
    if (!converter)
        return FR_ERR_NO_MEMORY;
    converter->device = fr_d3d11_device_ref(device);
    converter->params = *params;
    converter->number = number;
    converter->has_video =
        wants_video(params) && fr_d3d11_video_init(&converter->video, device, params) == S_OK;
    /* Beside the video processor too: it may refuse a frame yet. */
    const HRESULT result = make_shade(converter, api);
    if (!converter->has_video && result != S_OK) {
        fr_d3d11_converter_destroy(converter);
        fr_log_write(log, FR_LOG_WARNING, "the GPU cannot convert %s to %s: %s (0x%08lx)",
                     fr_format_name(params->from), fr_format_name(params->to), fr_result_name(result),
                     (unsigned long)result);
        const fr_status status = fr_d3d11_device_status(device, result);
        return status == FR_ERR_SYSTEM ? FR_ERR_UNSUPPORTED : status;
    }
    *out = converter;
    return FR_OK;
}

void fr_d3d11_converter_destroy(struct fr_d3d11_converter *converter)
{
    if (converter->has_video)
        fr_d3d11_video_finish(&converter->video);
    if (converter->has_shade)
        fr_d3d11_shade_finish(&converter->shade);
    fr_d3d11_device_unref(converter->device);
    free(converter);
}

const char *fr_d3d11_converter_name(const struct fr_d3d11_converter *converter)
{
    return converter->has_video ? "d3d11 video processor" : "d3d11 shaders";
}

static HRESULT run(struct fr_d3d11_converter *converter, struct fr_d3d11_slot *slot,
                   const struct fr_parts *parts, struct fr_d3d11_picture_object *picture)
{
    if (converter->has_video) {
        picture->by_video = true;
        return fr_d3d11_video_run(converter, slot, picture);
    }
    const HRESULT result = fr_d3d11_picture_planes(picture);
    if (result != S_OK)
        return result;
    /* The two round in their own ways: no picture is of both. */
    fr_d3d11_shade_run(&converter->shade, converter->device, &converter->params,
                       picture->by_video ? NULL : parts, slot->view, picture->plane);
    picture->by_video = false;
    return S_OK;
}

/* Under the device's lock. */
static HRESULT fill(struct fr_d3d11_converter *converter, struct fr_d3d11_slot *slot,
                    const struct fr_parts *parts, struct fr_d3d11_picture_object *picture, const fr_log *log)
{
    fr_d3d11_picture_begin(picture);
    HRESULT result = run(converter, slot, parts, picture);
    if (result != S_OK && converter->has_video && converter->has_shade &&
        !fr_d3d11_device_check(converter->device, result)) {
        fr_log_write(log, FR_LOG_WARNING,
                     "the video processor failed: %s (0x%08lx); pictures go through shaders from now on",
                     fr_result_name(result), (unsigned long)result);
        fr_d3d11_video_finish(&converter->video);
        converter->has_video = false;
        result = run(converter, slot, parts, picture);
    }
    if (result == S_OK)
        fr_d3d11_picture_end(picture);
    return result;
}

fr_status fr_d3d11_convert(struct fr_d3d11_converter *converter, struct fr_d3d11_slot *slot,
                           const struct fr_parts *parts, struct fr_d3d11_picture_object *picture,
                           const fr_log *log)
{
    struct fr_d3d11_device *device = converter->device;
    HRESULT result = S_OK;
    fr_d3d11_device_enter(device);
    if (!parts || parts->count)
        result = fill(converter, slot, parts, picture, log);
    fr_d3d11_device_leave(device);
    /* Draws and copies report nothing themselves. */
    if (fr_d3d11_device_check(device, result)) {
        fr_d3d11_device_log_loss(device, log);
        return FR_ERR_DEVICE_LOST;
    }
    return result == S_OK ? FR_OK : fr_d3d11_device_status(device, result);
}
