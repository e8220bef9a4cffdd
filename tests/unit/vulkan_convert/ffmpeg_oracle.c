/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* FFmpeg takes frames as AV_PIX_FMT_VULKAN and as AV_PIX_FMT_DRM_PRIME, and shows in them what our own map
 * shows. */
#include "check.h"

#include "capture/out_ring.h"

#include <framering/ffmpeg.h>

#include <libavutil/frame.h>
#include <libavutil/hwcontext.h>
#include <libavutil/mastering_display_metadata.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 322, HEIGHT = 138 };

static const fr_convert_params ways[] = {
    {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT},
    {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = WIDTH, .height = HEIGHT}};

/* One surface of a capture, and what fills it. */
struct rig {
    struct fr_vk_device *device;
    struct fr_vk_converter *converter;
    struct rig_slot slot;
    struct fr_out_ring ring;
    fr_frame frame;
    uint64_t random;
};

static void convert(struct rig *rig)
{
    uint32_t *const pixels = calloc(WIDTH * HEIGHT, 4);
    uint64_t done;
    assert_non_null(pixels);
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = random_next(&rig->random);
    rig_slot_fill(&rig->slot, pixels);
    assert_int_equal(
        fr_vk_convert(rig->converter, &rig->slot.input, NULL, rig->ring.surface[0].picture.object, &done),
        FR_OK);
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
static void rig_open_with(struct rig *rig, const fr_convert_params *way, bool images)
{
    *rig = (struct rig){.device = rig_device(), .random = 4};
    const PFN_vkGetPhysicalDeviceImageFormatProperties2 ask =
        rig->device->vk.GetPhysicalDeviceImageFormatProperties2;
    rig->ring = (struct fr_out_ring){
        .refs = 1, .count = 1, .picture_destroy = fr_vk_picture_destroy, .picture_map = fr_vk_picture_map};
    struct fr_surface *surface = &rig->ring.surface[0];
    surface->ring = &rig->ring;
    assert_int_equal(fr_vk_converter_create(&rig->converter, rig->device, way, false, gpu_log()), FR_OK);
    const bool opaque_fd = rig->device->buffer_opaque_fd;
    if (!images)
        rig->device->vk.GetPhysicalDeviceImageFormatProperties2 = no_linear_images;
    rig->device->buffer_opaque_fd = images && opaque_fd;
    assert_int_equal(fr_vk_picture_create(rig->device, WIDTH, HEIGHT, way->to, &surface->picture), FR_OK);
    rig->device->vk.GetPhysicalDeviceImageFormatProperties2 = ask;
    rig->device->buffer_opaque_fd = opaque_fd;
    rig_slot_init(&rig->slot, rig->device, way->from, WIDTH, HEIGHT, false);
    const fr_frame frame = {.width = WIDTH,
                            .height = HEIGHT,
                            .format = way->to,
                            .colour = fr_colour_of(way->to),
                            .has_hdr = way->to == FR_FORMAT_P010,
                            .hdr = fr_hdr_metadata_generic(),
                            .surface = surface};
    fr_frame_ref(&rig->frame, &frame);
    convert(rig);
}

static void rig_open(struct rig *rig, const fr_convert_params *way)
{
    rig_open_with(rig, way, true);
}

static void rig_close(struct rig *rig)
{
    assert_int_equal(rig->ring.surface[0].refs, 1);
    fr_frame_release(&rig->frame);
    fr_vk_converter_destroy(rig->converter);
    fr_vk_picture_destroy(&rig->ring.surface[0].picture);
    rig_slot_finish(&rig->slot);
    fr_vk_device_unref(rig->device);
}

static enum AVPixelFormat memory_format(const struct rig *rig)
{
    return rig->frame.format == FR_FORMAT_P010 ? AV_PIX_FMT_P010 : AV_PIX_FMT_NV12;
}

static void expect_pixels(const struct rig *rig, const AVFrame *found)
{
    struct fr_picture mapped;
    assert_int_equal(found->format, memory_format(rig));
    assert_int_equal(fr_vk_picture_map(&rig->ring.surface[0].picture, &mapped), FR_OK);
    const size_t row = WIDTH * (rig->frame.format == FR_FORMAT_P010 ? 2u : 1u);
    for (uint32_t plane = 0; plane < 2; plane++)
        for (uint32_t y = 0; y < (uint32_t)HEIGHT >> plane; y++)
            assert_memory_equal(found->data[plane] + (ptrdiff_t)y * found->linesize[plane],
                                (uint8_t *)mapped.plane[plane] + y * mapped.pitch_bytes[plane], row);
}

static void expect_description(const struct rig *rig, const AVFrame *frame)
{
    const bool hdr = rig->frame.has_hdr;
    assert_int_equal(frame->width, WIDTH);
    assert_int_equal(frame->height, HEIGHT);
    assert_int_equal(frame->colorspace, hdr ? AVCOL_SPC_BT2020_NCL : AVCOL_SPC_BT709);
    assert_int_equal(frame->color_trc, hdr ? AVCOL_TRC_SMPTE2084 : AVCOL_TRC_BT709);
    assert_int_equal(frame->color_range, AVCOL_RANGE_MPEG);
    assert_int_equal(av_frame_get_side_data(frame, AV_FRAME_DATA_MASTERING_DISPLAY_METADATA) != NULL, hdr);
    assert_int_equal(av_frame_get_side_data(frame, AV_FRAME_DATA_CONTENT_LIGHT_LEVEL) != NULL, hdr);
}

static void download(const struct rig *rig, const AVFrame *gpu)
{
    AVFrame *cpu = av_frame_alloc();
    assert_int_equal(av_hwframe_transfer_data(cpu, gpu, 0), 0);
    expect_pixels(rig, cpu);
    av_frame_free(&cpu);
}

static void as_vulkan(const fr_convert_params *way)
{
    struct rig rig;
    fr_av_vulkan *av;
    rig_open(&rig, way);
    assert_int_equal(fr_av_vulkan_create(&av), FR_OK);
    for (int i = 0; i < 3; i++) {
        AVFrame *gpu = av_frame_alloc(), *again = av_frame_alloc();
        assert_int_equal(fr_av_vulkan_wrap(av, &rig.frame, gpu), FR_OK);
        assert_int_equal(gpu->format, AV_PIX_FMT_VULKAN);
        expect_description(&rig, gpu);
        /* A repeat. */
        assert_int_equal(fr_av_vulkan_wrap(av, &rig.frame, again), FR_OK);
        assert_ptr_equal(gpu->data[0], again->data[0]);
        assert_int_equal(rig.ring.surface[0].refs, 2);
        download(&rig, gpu);
        av_frame_free(&gpu);
        assert_int_equal(rig.ring.surface[0].refs, 2);
        download(&rig, again);
        /* The last one outlives what made it. */
        if (i == 2)
            fr_av_vulkan_destroy(&av);
        av_frame_free(&again);
        assert_int_equal(rig.ring.surface[0].refs, 1);
        /* FFmpeg left the images as it likes: into the same ones once more. */
        convert(&rig);
    }
    assert_null(av);
    rig_close(&rig);
}

static void frames_as_vulkan(void **state)
{
    (void)state;
    as_vulkan(&ways[0]);
    as_vulkan(&ways[1]);
}

static void one_view_for_frames_of_every_kind(void **state)
{
    (void)state;
    struct rig rig[2];
    fr_av_vulkan *av;
    assert_int_equal(fr_av_vulkan_create(&av), FR_OK);
    for (size_t i = 0; i < 2; i++)
        rig_open(&rig[i], &ways[i]);
    for (size_t i = 0; i < 4; i++) {
        AVFrame *gpu = av_frame_alloc();
        assert_int_equal(fr_av_vulkan_wrap(av, &rig[i % 2].frame, gpu), FR_OK);
        download(&rig[i % 2], gpu);
        av_frame_free(&gpu);
    }
    fr_av_vulkan_destroy(&av);
    fr_av_vulkan_destroy(&av);
    rig_close(&rig[0]);
    rig_close(&rig[1]);
}

/* Where the device exports DMA-BUFs and the machine has a DRM device that FFmpeg wants beside them. */
static void frames_as_drm(void **state)
{
    (void)state;
    AVBufferRef *drm = NULL;
    for (size_t i = 0; i < 2; i++) {
        struct rig rig;
        AVFrame *gpu = av_frame_alloc(), *cpu = av_frame_alloc();
        rig_open_with(&rig, &ways[i], false);
        fr_av_vulkan *av;
        assert_int_equal(fr_av_vulkan_create(&av), FR_OK);
        assert_int_equal(fr_av_vulkan_wrap(av, &rig.frame, gpu), FR_ERR_UNSUPPORTED);
        fr_av_vulkan_destroy(&av);
        if (!rig.device->buffer_dma_buf) {
            assert_int_equal(fr_av_drm_wrap(&rig.frame, gpu), FR_ERR_UNSUPPORTED);
            assert_int_equal(rig.ring.surface[0].refs, 1);
        } else {
            assert_int_equal(fr_av_drm_wrap(&rig.frame, gpu), FR_OK);
            assert_int_equal(gpu->format, AV_PIX_FMT_DRM_PRIME);
            expect_description(&rig, gpu);
            assert_int_equal(rig.ring.surface[0].refs, 2);
            if (!drm)
                assert_int_equal(
                    av_hwdevice_ctx_create(&drm, AV_HWDEVICE_TYPE_DRM, "/dev/dri/card0", NULL, 0), 0);
            gpu->hw_frames_ctx = av_hwframe_ctx_alloc(drm);
            AVHWFramesContext *const frames = (AVHWFramesContext *)(void *)gpu->hw_frames_ctx->data;
            frames->format = AV_PIX_FMT_DRM_PRIME;
            frames->sw_format = memory_format(&rig);
            frames->width = WIDTH;
            frames->height = HEIGHT;
            assert_int_equal(av_hwframe_ctx_init(gpu->hw_frames_ctx), 0);
            cpu->format = memory_format(&rig);
            assert_int_equal(av_hwframe_map(cpu, gpu, AV_HWFRAME_MAP_READ), 0);
            expect_pixels(&rig, cpu);
        }
        av_frame_free(&cpu);
        av_frame_free(&gpu);
        rig_close(&rig);
    }
    av_buffer_unref(&drm);
}

static void frames_that_are_not_on_a_gpu(void **state)
{
    (void)state;
    static const uint8_t plane[4];
    struct fr_out_ring ring = {.refs = 1};
    struct fr_surface surface = {.refs = 1, .ring = &ring};
    const fr_frame bare = {.width = 2, .height = 2, .format = FR_FORMAT_NV12, .plane = {plane, plane}};
    fr_frame held = bare;
    fr_av_vulkan *av;
    AVFrame *out = av_frame_alloc();
    held.surface = &surface;
    assert_int_equal(fr_av_vulkan_create(&av), FR_OK);
    assert_int_equal(fr_av_vulkan_wrap(av, &bare, out), FR_ERR_UNSUPPORTED);
    assert_int_equal(fr_av_vulkan_wrap(av, &held, out), FR_ERR_UNSUPPORTED);
    assert_int_equal(fr_av_drm_wrap(&bare, out), FR_ERR_UNSUPPORTED);
    assert_int_equal(fr_av_drm_wrap(&held, out), FR_ERR_UNSUPPORTED);
    assert_int_equal(fr_av_vulkan_wrap(NULL, &bare, out), FR_ERR_ARGUMENT);
    assert_int_equal(fr_av_vulkan_wrap(av, NULL, out), FR_ERR_ARGUMENT);
    assert_int_equal(fr_av_vulkan_wrap(av, &bare, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_av_drm_wrap(&bare, NULL), FR_ERR_ARGUMENT);
    assert_int_equal(fr_av_vulkan_create(NULL), FR_ERR_ARGUMENT);
    assert_int_equal(surface.refs, 1);
    fr_av_vulkan_destroy(&av);
    av_frame_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_as_vulkan),
        cmocka_unit_test(one_view_for_frames_of_every_kind),
        cmocka_unit_test(frames_as_drm),
        cmocka_unit_test(frames_that_are_not_on_a_gpu),
    };
    return cmocka_run_group_tests_name("vulkan: FFmpeg", tests, NULL, NULL);
}
