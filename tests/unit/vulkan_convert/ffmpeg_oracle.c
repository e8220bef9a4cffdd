/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* FFmpeg takes a picture's images as AV_PIX_FMT_VULKAN and downloads what our own map shows. */
#include "check.h"

#include <libavutil/buffer.h>
#include <libavutil/frame.h>
#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_vulkan.h>
#include <libavutil/pixdesc.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 322, HEIGHT = 138 };

static AVBufferRef *wrap_device(struct fr_vk_device *device)
{
    AVBufferRef *ref = av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_VULKAN);
    assert_non_null(ref);
    AVVulkanDeviceContext *const hw = ((AVHWDeviceContext *)(void *)ref->data)->hwctx;
    const int family = (int)device->family;
    hw->get_proc_addr = device->get_instance_proc_addr;
    hw->inst = device->instance;
    hw->phys_dev = device->physical;
    hw->act_dev = device->device;
    hw->device_features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    hw->enabled_dev_extensions = device->extension;
    hw->nb_enabled_dev_extensions = (int)device->num_extensions;
    hw->queue_family_index = hw->queue_family_tx_index = hw->queue_family_comp_index = family;
    hw->nb_graphics_queues = hw->nb_tx_queues = hw->nb_comp_queues = 1;
    hw->queue_family_encode_index = hw->queue_family_decode_index = -1;
    assert_int_equal(av_hwdevice_ctx_init(ref), 0);
    return ref;
}

static AVBufferRef *wrap_frames(AVBufferRef *device, const struct fr_vk_picture *p)
{
    AVBufferRef *ref = av_hwframe_ctx_alloc(device);
    assert_non_null(ref);
    AVHWFramesContext *const frames = (AVHWFramesContext *)(void *)ref->data;
    AVVulkanFramesContext *const hw = frames->hwctx;
    frames->format = AV_PIX_FMT_VULKAN;
    frames->sw_format = p->format == FR_FORMAT_P010 ? AV_PIX_FMT_P010 : AV_PIX_FMT_NV12;
    frames->width = (int)p->width;
    frames->height = (int)p->height;
    hw->tiling = VK_IMAGE_TILING_LINEAR;
    hw->usage = (VkImageUsageFlagBits)(VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
    assert_int_equal(av_hwframe_ctx_init(ref), 0);
    return ref;
}

static void keep(void *opaque, uint8_t *data)
{
    (void)opaque, (void)data;
}

/* FFmpeg signals a frame's semaphores, so that they cannot be the device's own timeline. */
static AVVkFrame *wrap_picture(struct fr_vk_device *device, const struct fr_picture *picture)
{
    fr_vulkan_picture p;
    fr_vk_picture_get(picture, &p);
    rig_wait(device, p.value);
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    AVVkFrame *vkf = av_vk_frame_alloc();
    assert_non_null(vkf);
    vkf->tiling = VK_IMAGE_TILING_LINEAR;
    vkf->mem[0] = (VkDeviceMemory)(uintptr_t)p.memory;
    vkf->size[0] = (size_t)p.bytes;
    for (int i = 0; i < 2; i++) {
        vkf->img[i] = (VkImage)(uintptr_t)p.image[i];
        vkf->offset[i] = (ptrdiff_t)p.offset_bytes[i];
        vkf->layout[i] = VK_IMAGE_LAYOUT_GENERAL;
        assert_int_equal(device->vk.CreateSemaphore(device->device, &info, NULL, &vkf->sem[i]), VK_SUCCESS);
    }
    return vkf;
}

static void download(struct fr_vk_device *device, const struct fr_picture *picture)
{
    const struct fr_vk_picture *const p = picture->object;
    AVBufferRef *device_ref = wrap_device(device), *frames = wrap_frames(device_ref, p);
    AVVkFrame *vkf = wrap_picture(device, picture);
    AVFrame *gpu = av_frame_alloc(), *cpu = av_frame_alloc();
    gpu->buf[0] = av_buffer_create((uint8_t *)vkf, 1, keep, NULL, 0);
    gpu->data[0] = (uint8_t *)vkf;
    gpu->format = AV_PIX_FMT_VULKAN;
    gpu->width = (int)p->width;
    gpu->height = (int)p->height;
    gpu->hw_frames_ctx = av_buffer_ref(frames);
    assert_int_equal(av_hwframe_transfer_data(cpu, gpu, 0), 0);
    assert_int_equal(cpu->format, p->format == FR_FORMAT_P010 ? AV_PIX_FMT_P010 : AV_PIX_FMT_NV12);

    struct fr_picture mapped;
    assert_int_equal(fr_vk_picture_map(picture, &mapped), FR_OK);
    const size_t row = p->width * (p->format == FR_FORMAT_P010 ? 2u : 1u);
    for (uint32_t plane = 0; plane < 2; plane++)
        for (uint32_t y = 0; y < p->height >> plane; y++)
            assert_memory_equal(cpu->data[plane] + (ptrdiff_t)y * cpu->linesize[plane],
                                (uint8_t *)mapped.plane[plane] + y * mapped.pitch_bytes[plane], row);
    av_frame_free(&cpu);
    av_frame_free(&gpu);
    /* Mesa 22.3 may still be signalling them when the fence says that all is done. */
    assert_int_equal(device->vk.DeviceWaitIdle(device->device), VK_SUCCESS);
    for (int i = 0; i < 2; i++)
        device->vk.DestroySemaphore(device->device, vkf->sem[i], NULL);
    av_free(vkf);
    av_buffer_unref(&frames);
    av_buffer_unref(&device_ref);
}

static void ffmpeg_downloads_what_was_converted(void **state)
{
    (void)state;
    static const fr_convert_params ways[] = {
        {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT},
        {.from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = WIDTH, .height = HEIGHT}};
    struct fr_vk_device *device = rig_device();
    uint32_t *const pixels = calloc(WIDTH * HEIGHT, 4);
    uint64_t random = 4;
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = random_next(&random);
    for (size_t i = 0; i < 2; i++) {
        struct fr_vk_converter *converter;
        struct fr_picture picture;
        struct rig_slot slot;
        uint64_t done;
        assert_int_equal(fr_vk_converter_create(&converter, device, &ways[i], false, gpu_log()), FR_OK);
        assert_int_equal(fr_vk_picture_create(device, WIDTH, HEIGHT, ways[i].to, &picture), FR_OK);
        rig_slot_init(&slot, device, ways[i].from, WIDTH, HEIGHT, false);
        rig_slot_fill(&slot, pixels);
        assert_int_equal(fr_vk_convert(converter, &slot.input, NULL, picture.object, &done), FR_OK);
        download(device, &picture);
        fr_vk_converter_destroy(converter);
        fr_vk_picture_destroy(&picture);
        rig_slot_finish(&slot);
    }
    free(pixels);
    fr_vk_device_unref(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ffmpeg_downloads_what_was_converted)};
    return cmocka_run_group_tests_name("vulkan: FFmpeg", tests, NULL, NULL);
}
