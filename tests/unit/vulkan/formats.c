/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A device that cannot share images of one of the ring's formats, or in one direction only, shares none in
 * that way, whichever side it is on: the next way is taken, and what was pushed is what is found. */
#define _GNU_SOURCE
#include "vulkan/faults.h"
#include "vulkan/lend.h"
#include "vulkan/pair.h"

#include "backend/vulkan/format.h"
#include "backend/vulkan/host.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 66, HEIGHT = 34, FRAMES = 5 };

enum side { HOST, SOURCE };

static const VkExternalMemoryHandleTypeFlags opaque_fd = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
                                             dma_buf = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;

static const VkExternalMemoryFeatureFlags features[] = {
    0,
    VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT,
    VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT,
};

static void pass_frames(struct gpu *gpu, struct pair_source *source, struct pair_host *host, fr_format format)
{
    for (uint32_t frame = 0; frame < FRAMES; frame++) {
        uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, format, frame), *found;
        struct gpu_image image;
        const size_t bytes = (size_t)WIDTH * HEIGHT * fr_format_pixel_bytes(format);
        found = malloc(bytes);
        assert_non_null(found);
        gpu_image_create(gpu, WIDTH, HEIGHT, format, pixels, VK_IMAGE_LAYOUT_GENERAL, &image);
        assert_int_equal(pair_source_push(source, &image.push), FR_OK);
        gpu_image_destroy(gpu, &image);
        pair_host_take(host, found);
        assert_memory_equal(found, pixels, bytes);
        pair_host_expect(host, &host->picture, pixels);
        free(found);
        free(pixels);
    }
}

/* A ring of `format` between a device that shares `lacking` in `ways` only so, and one that has all. */
static void session(enum side side, fr_format lacking, VkExternalMemoryHandleTypeFlags ways,
                    VkExternalMemoryFeatureFlags with, fr_format format, enum fr_slots_kind expected)
{
    struct gpu gpu;
    struct pair_source source;
    struct pair_host host;
    fr_wire_v2 *words = pair_words_create();
    gpu_open(&gpu, side == SOURCE ? faults_get : lend_get);
    if (side == SOURCE)
        faults_unshare(fr_vk_format(lacking), ways, with);
    pair_source_open(&source, &gpu);
    faults_unshare(fr_vk_format(lacking), side == HOST ? ways : 0, with);
    const struct pair_shape shape = {.capabilities = source.backend.capabilities | FR_CAP_STATES,
                                     .width = WIDTH,
                                     .height = HEIGHT,
                                     .format = format,
                                     .get = side == HOST ? faults_get : lend_get};
    pair_host_open(&host, &shape, &gpu.device->gpu, words);
    faults_unshare(VK_FORMAT_UNDEFINED, 0, 0);
    assert_int_equal(host.delivery.slots_kind, expected);
    const struct fr_delivery delivery = pair_delivered(&host.delivery);
    assert_int_equal(pair_source_attach(&source, &delivery, words), FR_OK);
    pass_frames(&gpu, &source, &host, format);
    pair_source_close(&source);
    pair_host_close(&host);
    pair_words_destroy(words);
    /* The loader asks the instance that it saw last. */
    (void)lend_get(gpu.device->instance, "vkDestroyInstance");
    gpu_close(&gpu);
}

static void test_not_as_opaque_fd(void **state)
{
    (void)state;
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    const enum fr_slots_kind next = gpu.device->dma_buf ? FR_SLOTS_DMA_BUF : FR_SLOTS_MEMORY;
    /* Where fences hang on DMA-BUFs and timelines are not shared, those come first. */
    const bool dma_buf_first = gpu.device->dma_buf && gpu.device->sync_file && !gpu.device->shared_timeline;
    gpu_close(&gpu);
    for (size_t i = 0; i < FR_VK_RING_FORMATS; i++)
        for (size_t k = 0; k < sizeof(features) / sizeof(features[0]); k++)
            for (enum side side = HOST; side <= SOURCE; side++)
                session(side, fr_vk_ring_formats[i], opaque_fd, features[k], fr_vk_ring_formats[i], next);
    /* Nor a ring of another format: the display may change. */
    session(HOST, FR_FORMAT_RGBA16F, opaque_fd, 0, FR_FORMAT_BGRA8, next);
    session(SOURCE, FR_FORMAT_RGBA16F, opaque_fd, 0, FR_FORMAT_BGRA8, next);
    session(HOST, FR_FORMAT_NONE, opaque_fd, 0, FR_FORMAT_BGRA8,
            dma_buf_first ? FR_SLOTS_DMA_BUF : FR_SLOTS_OPAQUE_FD);
}

/* DMA-BUFs are lent where the driver has none. */
static void test_not_as_dma_buf(void **state)
{
    (void)state;
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    const bool there = gpu.device->dma_buf;
    gpu_close(&gpu);
    if (!there && getenv("FRAMERING_TEST_GPU"))
        skip();
    lend_dma_buf(!there);
    for (enum side side = HOST; side <= SOURCE; side++)
        for (size_t i = 0; i < FR_VK_RING_FORMATS; i++) {
            session(side, fr_vk_ring_formats[i], opaque_fd, 0, FR_FORMAT_BGRA8, FR_SLOTS_DMA_BUF);
            session(side, fr_vk_ring_formats[i], dma_buf, 0, FR_FORMAT_BGRA8, FR_SLOTS_OPAQUE_FD);
            session(side, fr_vk_ring_formats[i], opaque_fd | dma_buf, 0, FR_FORMAT_BGRA8, FR_SLOTS_MEMORY);
        }
    lend_dma_buf(false);
}

static char said[4096];

static void note(void *user, fr_log_level level, const char *text)
{
    (void)user, (void)level;
    snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

/* A source without memory of its own to offer, and a host that cannot share: no ring, and the reason. */
static void test_no_way_is_left(void **state)
{
    (void)state;
    struct gpu gpu;
    struct fr_backend_host host;
    void *ring;
    const fr_log log = {.write = note, .max_level = FR_LOG_DEBUG};
    const fr_vulkan_host_params params = {.device = gpu_name()};
    gpu_open(&gpu, NULL);
    const struct fr_ring_request request = {
        .shape = {4, WIDTH, HEIGHT, FR_FORMAT_BGRA8},
        .wire_version = 2,
        .generation = 1,
        .capabilities = FR_CAP_OPAQUE_FD,
        .gpu = gpu.device->gpu,
    };
    faults_unshare(VK_FORMAT_R16G16B16A16_SFLOAT, opaque_fd | dma_buf, 0);
    assert_int_equal(fr_vk_host_create_with(&host, &params, fr_os_native(), false, faults_get, &log), FR_OK);
    assert_int_equal(host.ops->ring_create(host.self, &request, &ring), FR_ERR_UNSUPPORTED);
    host.ops->destroy(host.self);
    faults_unshare(VK_FORMAT_UNDEFINED, 0, 0);
    if (!strstr(said, "the device does not share images of every ring format"))
        fail_msg("the reason is missing: %s", said);
    const char *what;
    assert_int_equal(faults_alive(&what), 0);
    gpu_close(&gpu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_not_as_opaque_fd),
        cmocka_unit_test(test_not_as_dma_buf),
        cmocka_unit_test(test_no_way_is_left),
    };
    return cmocka_run_group_tests_name("vulkan/formats", tests, NULL, NULL);
}
