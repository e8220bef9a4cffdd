/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* FFmpeg takes frames as AV_PIX_FMT_VULKAN and as AV_PIX_FMT_DRM_PRIME, and shows in them what our own map
 * shows. */
#include "surface.h"

#include <framering/ffmpeg.h>

#include <libavutil/hwcontext.h>
#include <dlfcn.h>
#include <string.h>

enum { WIDTH = 322, HEIGHT = 138 };

static const fr_convert_params ways[] = {
    {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT},
    {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = WIDTH, .height = HEIGHT}};

static void as_vulkan(const fr_convert_params *way)
{
    struct surface rig;
    fr_av_vulkan *av;
    surface_open(&rig, way);
    assert_int_equal(fr_av_vulkan_create(&av), FR_OK);
    for (int i = 0; i < 3; i++) {
        AVFrame *gpu = av_frame_alloc(), *again = av_frame_alloc();
        assert_int_equal(fr_av_vulkan_wrap(av, &rig.frame, gpu), FR_OK);
        assert_int_equal(gpu->format, AV_PIX_FMT_VULKAN);
        surface_expect_description(&rig, gpu);
        /* A repeat. */
        assert_int_equal(fr_av_vulkan_wrap(av, &rig.frame, again), FR_OK);
        assert_ptr_equal(gpu->data[0], again->data[0]);
        assert_int_equal(rig.ring.surface[0].refs, 2);
        surface_expect_download(&rig, gpu);
        av_frame_free(&gpu);
        assert_int_equal(rig.ring.surface[0].refs, 2);
        surface_expect_download(&rig, again);
        /* The last one outlives what made it. */
        if (i == 2)
            fr_av_vulkan_destroy(&av);
        av_frame_free(&again);
        assert_int_equal(rig.ring.surface[0].refs, 1);
        /* FFmpeg left the images as it likes: into the same ones once more. */
        surface_convert(&rig);
    }
    assert_null(av);
    surface_close(&rig);
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
    struct surface rig[2];
    fr_av_vulkan *av;
    assert_int_equal(fr_av_vulkan_create(&av), FR_OK);
    for (size_t i = 0; i < 2; i++)
        surface_open(&rig[i], &ways[i]);
    for (size_t i = 0; i < 4; i++) {
        AVFrame *gpu = av_frame_alloc();
        assert_int_equal(fr_av_vulkan_wrap(av, &rig[i % 2].frame, gpu), FR_OK);
        surface_expect_download(&rig[i % 2], gpu);
        av_frame_free(&gpu);
    }
    fr_av_vulkan_destroy(&av);
    fr_av_vulkan_destroy(&av);
    surface_close(&rig[0]);
    surface_close(&rig[1]);
}

/* Where the device exports DMA-BUFs and the machine has a DRM device that FFmpeg wants beside them. */
static void frames_as_drm(void **state)
{
    (void)state;
    AVBufferRef *drm = NULL;
    for (size_t i = 0; i < 2; i++) {
        struct surface rig;
        AVFrame *gpu = av_frame_alloc(), *cpu = av_frame_alloc();
        surface_open_with(&rig, &ways[i], false);
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
            surface_expect_description(&rig, gpu);
            assert_int_equal(rig.ring.surface[0].refs, 2);
            if (!drm)
                assert_int_equal(
                    av_hwdevice_ctx_create(&drm, AV_HWDEVICE_TYPE_DRM, "/dev/dri/card0", NULL, 0), 0);
            gpu->hw_frames_ctx = av_hwframe_ctx_alloc(drm);
            AVHWFramesContext *const frames = (AVHWFramesContext *)(void *)gpu->hw_frames_ctx->data;
            frames->format = AV_PIX_FMT_DRM_PRIME;
            frames->sw_format = surface_memory_format(&rig);
            frames->width = WIDTH;
            frames->height = HEIGHT;
            assert_int_equal(av_hwframe_ctx_init(gpu->hw_frames_ctx), 0);
            cpu->format = surface_memory_format(&rig);
            assert_int_equal(av_hwframe_map(cpu, gpu, AV_HWFRAME_MAP_READ), 0);
            surface_expect_pixels(&rig, cpu);
        }
        av_frame_free(&cpu);
        av_frame_free(&gpu);
        surface_close(&rig);
    }
    av_buffer_unref(&drm);
}

static void without_cuda(void **state)
{
    (void)state;
    struct surface rig;
    fr_av_cuda *av = NULL;
    void *const library = dlopen("libcuda.so.1", RTLD_NOW);
    if (library || fr_av_cuda_create(&av) == FR_ERR_UNSUPPORTED) {
        if (library)
            (void)dlclose(library);
        skip();
    }
    AVFrame *out = av_frame_alloc();
    surface_open(&rig, &ways[0]);
    assert_int_equal(fr_av_cuda_wrap(av, &rig.frame, out), FR_ERR_UNSUPPORTED);
    assert_string_equal(fr_av_cuda_reason(av),
                        "libcuda.so.1 is not there: CUDA needs an NVIDIA GPU and its driver");
    assert_null(out->buf[0]);
    fr_av_cuda_destroy(&av);
    surface_close(&rig);
    av_frame_free(&out);
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
        cmocka_unit_test(without_cuda),
        cmocka_unit_test(frames_that_are_not_on_a_gpu),
    };
    return cmocka_run_group_tests_name("vulkan: FFmpeg", tests, NULL, NULL);
}
