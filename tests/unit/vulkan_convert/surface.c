/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "surface.h"

#include <libavutil/hwcontext.h>
#include <libavutil/mastering_display_metadata.h>
#include <stdlib.h>
#include <string.h>

void surface_convert(struct surface *s)
{
    const uint32_t count = s->frame.width * s->frame.height;
    uint32_t *const pixels = calloc(count, 4);
    uint64_t done;
    assert_non_null(pixels);
    for (size_t i = 0; i < count; i++)
        pixels[i] = random_next(&s->random);
    rig_slot_fill(&s->slot, pixels);
    assert_int_equal(
        fr_vk_convert(s->converter, &s->slot.input, NULL, s->ring.surface[0].picture.object, &done), FR_OK);
    free(pixels);
}

static VKAPI_ATTR VkResult VKAPI_CALL no_linear_images(VkPhysicalDevice physical,
                                                       const VkPhysicalDeviceImageFormatInfo2 *info,
                                                       VkImageFormatProperties2 *out)
{
    (void)physical, (void)info, (void)out;
    return VK_ERROR_FORMAT_NOT_SUPPORTED;
}

/* Mesa's driver for the processor exports what has linear images, or what it can export in its own way, in
 * that alone. */
void surface_open_with(struct surface *s, const fr_convert_params *way, bool images)
{
    *s = (struct surface){.device = rig_device(), .random = 4};
    const PFN_vkGetPhysicalDeviceImageFormatProperties2 ask =
        s->device->vk.GetPhysicalDeviceImageFormatProperties2;
    s->ring = (struct fr_out_ring){
        .refs = 1, .count = 1, .picture_destroy = fr_vk_picture_destroy, .picture_map = fr_vk_picture_map};
    struct fr_surface *surface = &s->ring.surface[0];
    surface->ring = &s->ring;
    assert_int_equal(fr_vk_converter_create(&s->converter, s->device, way, false, gpu_log()), FR_OK);
    const bool opaque_fd = s->device->buffer_opaque_fd;
    if (!images)
        s->device->vk.GetPhysicalDeviceImageFormatProperties2 = no_linear_images;
    s->device->buffer_opaque_fd = images && opaque_fd;
    assert_int_equal(fr_vk_picture_create(s->device, way->width, way->height, way->to, &surface->picture),
                     FR_OK);
    s->device->vk.GetPhysicalDeviceImageFormatProperties2 = ask;
    s->device->buffer_opaque_fd = opaque_fd;
    rig_slot_init(&s->slot, s->device, way->from, way->width, way->height, false);
    const fr_frame frame = {.width = way->width,
                            .height = way->height,
                            .format = way->to,
                            .colour = fr_colour_of(way->to),
                            .has_hdr = way->to == FR_FORMAT_P010,
                            .hdr = fr_hdr_metadata_generic(),
                            .surface = surface};
    fr_frame_ref(&s->frame, &frame);
    surface_convert(s);
}

void surface_open(struct surface *s, const fr_convert_params *way)
{
    surface_open_with(s, way, true);
}

void surface_renew(struct surface *s)
{
    struct fr_picture *picture = &s->ring.surface[0].picture;
    fr_vk_picture_destroy(picture);
    assert_int_equal(
        fr_vk_picture_create(s->device, s->frame.width, s->frame.height, s->frame.format, picture), FR_OK);
    surface_convert(s);
}

void surface_close(struct surface *s)
{
    assert_int_equal(s->ring.surface[0].refs, 1);
    fr_frame_release(&s->frame);
    fr_vk_converter_destroy(s->converter);
    fr_vk_picture_destroy(&s->ring.surface[0].picture);
    rig_slot_finish(&s->slot);
    fr_vk_device_unref(s->device);
}

enum AVPixelFormat surface_memory_format(const struct surface *s)
{
    return s->frame.format == FR_FORMAT_P010 ? AV_PIX_FMT_P010 : AV_PIX_FMT_NV12;
}

void surface_expect_pixels(const struct surface *s, const AVFrame *found)
{
    struct fr_picture mapped;
    assert_int_equal(found->format, surface_memory_format(s));
    assert_int_equal(fr_vk_picture_map(&s->ring.surface[0].picture, &mapped), FR_OK);
    const size_t sample = s->frame.format == FR_FORMAT_P010 ? 2u : 1u;
    for (uint32_t plane = 0; plane < 2; plane++) {
        const uint32_t rows = plane ? s->frame.height / 2 : s->frame.height;
        const size_t row = (plane ? s->frame.width / 2 * 2 : s->frame.width) * sample;
        for (uint32_t y = 0; y < rows; y++)
            assert_memory_equal(found->data[plane] + (ptrdiff_t)y * found->linesize[plane],
                                (uint8_t *)mapped.plane[plane] + y * mapped.pitch_bytes[plane], row);
    }
}

void surface_expect_description(const struct surface *s, const AVFrame *frame)
{
    const bool hdr = s->frame.has_hdr;
    assert_int_equal(frame->width, s->frame.width);
    assert_int_equal(frame->height, s->frame.height);
    assert_int_equal(frame->colorspace, hdr ? AVCOL_SPC_BT2020_NCL : AVCOL_SPC_BT709);
    assert_int_equal(frame->color_trc, hdr ? AVCOL_TRC_SMPTE2084 : AVCOL_TRC_BT709);
    assert_int_equal(frame->color_range, AVCOL_RANGE_MPEG);
    assert_int_equal(av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA) != NULL, hdr);
    assert_int_equal(av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL) != NULL, hdr);
}

void surface_expect_download(const struct surface *s, const AVFrame *gpu)
{
    AVFrame *cpu = av_frame_alloc();
    assert_int_equal(av_hwframe_transfer_data(cpu, gpu, 0), 0);
    surface_expect_pixels(s, cpu);
    av_frame_free(&cpu);
}
