/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What a source pushes is what the host finds in the slot, by every way of sharing that the device has; in
 * one process and in two. */
#define _GNU_SOURCE
#include "backend/vulkan/source.h"
#include "vulkan/faults.h"
#include "vulkan/lend.h"
#include "vulkan/pair.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint64_t every_cap =
    FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE | FR_CAP_FOREIGN;

struct way {
    const char *name;
    struct pair_shape shape;
    enum fr_slots_kind kind;
};

#define WAY(name_, kind_, caps_, width_, height_, format_, ...)                                              \
    {                                                                                                        \
        .name = name_, .kind = kind_, .shape = {                                                             \
            .capabilities = caps_,                                                                           \
            .width = width_,                                                                                 \
            .height = height_,                                                                               \
            .format = format_,                                                                               \
            .params = {__VA_ARGS__}                                                                          \
        }                                                                                                    \
    }

static const struct way ways[] = {
    WAY("opaque bgra8", FR_SLOTS_OPAQUE_FD, FR_CAP_OPAQUE_FD, 100, 62, FR_FORMAT_BGRA8, .no_timeline = true),
    WAY("opaque rgba8", FR_SLOTS_OPAQUE_FD, FR_CAP_OPAQUE_FD, 33, 17, FR_FORMAT_RGBA8, .no_timeline = true),
    WAY("opaque rgb10a2", FR_SLOTS_OPAQUE_FD, FR_CAP_OPAQUE_FD, 64, 64, FR_FORMAT_RGB10A2,
        .no_dma_buf = true),
    WAY("opaque rgba16f", FR_SLOTS_OPAQUE_FD, every_cap, 641, 359, FR_FORMAT_RGBA16F, .no_dma_buf = true),
    WAY("dma-buf bgra8", FR_SLOTS_DMA_BUF, every_cap, 641, 359, FR_FORMAT_BGRA8, .no_opaque_fd = true),
    WAY("dma-buf rgba16f", FR_SLOTS_DMA_BUF, every_cap, 100, 62, FR_FORMAT_RGBA16F, .no_opaque_fd = true,
        .no_timeline = true),
    WAY("memory", FR_SLOTS_MEMORY, FR_CAP_STATES, 641, 359, FR_FORMAT_BGRA8, .no_timeline = true),
    WAY("memory rgba16f", FR_SLOTS_MEMORY, every_cap, 100, 62, FR_FORMAT_RGBA16F, .no_opaque_fd = true,
        .no_dma_buf = true),
    WAY("uploaded", FR_SLOTS_MEMORY, FR_CAP_STATES, 640, 360, FR_FORMAT_RGB10A2, .no_host_memory = true),
};

enum { FRAMES = 11 };

static bool possible(const struct way *way, const struct fr_vk_device *device)
{
    return way->kind == FR_SLOTS_MEMORY ||
           (way->kind == FR_SLOTS_DMA_BUF ? device->dma_buf : device->opaque_fd);
}

static void push_frame(struct gpu *gpu, struct pair_source *source, const struct way *way, uint32_t frame)
{
    static const VkImageLayout layouts[] = {VK_IMAGE_LAYOUT_GENERAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                            VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
    const struct pair_shape *shape = &way->shape;
    uint8_t *pixels = pair_pixels(shape->width, shape->height, shape->format, frame);
    struct gpu_image image;
    gpu_image_create(gpu, shape->width, shape->height, shape->format, pixels, layouts[frame % 3], &image);
    /* By a shader, where that is possible. */
    image.push.sampled = frame % 2;
    assert_int_equal(pair_source_push(source, &image.push), FR_OK);
    struct fr_vk_source *inside = source->backend.self;
    assert_true(fr_vk_commands_settle(&inside->commands));
    gpu_image_destroy(gpu, &image);
    free(pixels);
}

static void expect_frame(struct pair_host *host, const struct way *way, uint32_t frame)
{
    const struct pair_shape *shape = &way->shape;
    const size_t bytes = (size_t)shape->width * shape->height * fr_format_pixel_bytes(shape->format);
    uint8_t *pixels = pair_pixels(shape->width, shape->height, shape->format, frame);
    uint8_t *found = malloc(bytes);
    assert_non_null(found);
    pair_host_take(host, found);
    assert_memory_equal(found, pixels, bytes);
    pair_host_expect(host, &host->picture, pixels);
    free(found);
    free(pixels);
}

/* As a picture is taken along to the next ring. */
static void copy_slot(struct pair_source *source)
{
    const struct fr_backend_source_ops *ops = source->in_use->ops;
    void *self = source->in_use->self;
    uint64_t ready_value;
    assert_int_equal(ops->begin(self, source->ring, 1, 0, FR_NS_PER_S), FR_CLAIM_ACQUIRED);
    assert_true(ops->copy(self, source->ring, 0, source->ring, 1));
    assert_int_equal(ops->end(self, source->ring, 1, &ready_value), FR_CLAIM_ACQUIRED);
}

/* `apart`: to each side the other one is on another driver. */
static void one_process(struct gpu *gpu, const struct way *way, bool apart)
{
    fprintf(stderr, "%s\n", way->name);
    fr_wire_v2 *words = pair_words_create();
    struct fr_gpu source_gpu = gpu->device->gpu;
    struct pair_source source;
    struct pair_host host;
    pair_source_open(&source, gpu);
    source_gpu.driver_uuid[0] ^= apart;
    pair_host_open(&host, &way->shape, &source_gpu, words);
    assert_int_equal(host.delivery.slots_kind, way->kind);
    struct fr_delivery delivery = pair_delivered(&host.delivery);
    delivery.gpu.driver_uuid[0] ^= apart;
    assert_int_equal(pair_source_attach(&source, &delivery, words), FR_OK);
    for (uint32_t frame = 0; frame < FRAMES; frame++) {
        push_frame(gpu, &source, way, frame);
        expect_frame(&host, way, frame);
    }
    if (source.images)
        copy_slot(&source);
    pair_source_close(&source);
    pair_host_close(&host);
    pair_words_destroy(words);
}

static void test_one_process(void **state)
{
    (void)state;
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (possible(&ways[i], gpu.device))
            one_process(&gpu, &ways[i], false);
    gpu_close(&gpu);
}

/* 641 columns of BGRA8 are 2624 bytes: three bands of 128 rows, of which a shader sees one at a time. */
static void test_slots_larger_than_a_shader_sees(void **state)
{
    (void)state;
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    faults_range(400000);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i].kind == FR_SLOTS_MEMORY) {
            struct way way = ways[i];
            way.shape.get = faults_get;
            one_process(&gpu, &way, false);
        }
    faults_range(0);
    gpu_close(&gpu);
}

/* Lent where the driver has none. False: not on this device. */
static bool open_dma_buf(struct gpu *gpu)
{
    gpu_open(gpu, faults_get);
    if (gpu->device->dma_buf && gpu->device->foreign)
        return true;
    gpu_close(gpu);
    if (getenv("FRAMERING_TEST_GPU"))
        return false;
    lend_dma_buf(true);
    gpu_open(gpu, faults_get);
    return true;
}

/* The loader asks the instance that it saw last. */
static void close_dma_buf(struct gpu *gpu)
{
    (void)lend_get(gpu->device->instance, "vkDestroyInstance");
    gpu_close(gpu);
    lend_dma_buf(false);
}

static const struct way dma_buf =
    WAY("dma-buf", FR_SLOTS_DMA_BUF, every_cap, 100, 62, FR_FORMAT_BGRA8, .no_opaque_fd = true);

/* Each side gives every image to a family that reaches the other side's queue, and takes it over from there.
 */
static void test_images_go_where_the_other_side_is(void **state)
{
    (void)state;
    struct gpu gpu;
    struct way way = dma_buf;
    if (!open_dma_buf(&gpu))
        skip();
    way.shape.get = faults_get;
    (void)faults_transfers();
    one_process(&gpu, &way, false);
    struct faults_transfers seen = faults_transfers();
    assert_true(seen.external > 3 * FRAMES && !seen.foreign);
    one_process(&gpu, &way, true);
    seen = faults_transfers();
    assert_true(seen.foreign > 3 * FRAMES && !seen.external);
    way.kind = FR_SLOTS_MEMORY;
    way.shape.capabilities &= ~FR_CAP_FOREIGN;
    one_process(&gpu, &way, true);
    faults_hide(VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME);
    way.shape.capabilities = every_cap;
    one_process(&gpu, &way, true);
    faults_hide(NULL);
    close_dma_buf(&gpu);
}

/* From a host that did not ask. */
static void test_a_source_cannot_give_to_another_device(void **state)
{
    (void)state;
    struct gpu gpu;
    struct pair_host host;
    struct pair_source source;
    if (!open_dma_buf(&gpu))
        skip();
    fr_wire_v2 *words = pair_words_create();
    struct pair_shape shape = dma_buf.shape;
    shape.get = faults_get;
    pair_host_open(&host, &shape, &gpu.device->gpu, words);
    assert_int_equal(host.delivery.slots_kind, FR_SLOTS_DMA_BUF);
    const char *extensions[FR_VK_EXTENSIONS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < gpu.params.num_extensions; i++)
        if (strcmp(gpu.params.extensions[i], VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME) != 0)
            extensions[count++] = gpu.params.extensions[i];
    gpu.params.extensions = extensions;
    gpu.params.num_extensions = count;
    pair_source_open(&source, &gpu);
    assert_true((source.backend.capabilities & (FR_CAP_DMA_BUF | FR_CAP_FOREIGN)) == FR_CAP_DMA_BUF);
    struct fr_delivery delivery = host.delivery;
    delivery.gpu.driver_uuid[0] ^= 1;
    assert_int_equal(pair_source_attach(&source, &delivery, words), FR_ERR_UNSUPPORTED);
    delivery = pair_delivered(&host.delivery);
    assert_int_equal(pair_source_attach(&source, &delivery, words), FR_OK);
    pair_source_close(&source);
    pair_host_close(&host);
    pair_words_destroy(words);
    close_dma_buf(&gpu);
}

static void expect_byte(int socket)
{
    char byte;
    assert_int_equal(read(socket, &byte, 1), 1);
}

static void send_byte(int socket)
{
    assert_int_equal(write(socket, "", 1), 1);
}

/* The source's process. */
static int be_source(const struct way *way, fr_wire_v2 *words, int socket)
{
    struct gpu gpu;
    struct pair_source source;
    gpu_open(&gpu, NULL);
    pair_source_open(&source, &gpu);
    assert_int_equal(write(socket, &gpu.device->gpu, sizeof(struct fr_gpu)), sizeof(struct fr_gpu));
    const struct fr_delivery delivery = pair_receive(socket);
    assert_int_equal(pair_source_attach(&source, &delivery, words), FR_OK);
    for (uint32_t frame = 0; frame < FRAMES; frame++) {
        push_frame(&gpu, &source, way, frame);
        send_byte(socket);
        expect_byte(socket);
    }
    pair_source_close(&source);
    gpu_close(&gpu);
    return 0;
}

/* Whatever is found of it. */
static bool known_to_share_timelines(const struct fr_vk_device *device)
{
    return strstr(device->name, "NVIDIA") != NULL;
}

static uint32_t sync_kind_of(const struct way *way, const struct fr_vk_device *device)
{
    assert_true(device->shared_timeline || !known_to_share_timelines(device));
    const bool wanted = way->shape.capabilities & FR_CAP_TIMELINE && !way->shape.params.no_timeline;
    return wanted && way->kind != FR_SLOTS_MEMORY && device->shared_timeline ? FR_WIRE_SYNC_FENCE
                                                                             : FR_WIRE_SYNC_STATES;
}

static void two_processes(const struct way *way)
{
    int ends[2];
    fr_wire_v2 *words = pair_words_create();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        close(ends[0]);
        _exit(be_source(way, words, ends[1]));
    }
    close(ends[1]);
    struct fr_gpu gpu;
    struct pair_host host;
    assert_int_equal(read(ends[0], &gpu, sizeof(gpu)), sizeof(gpu));
    pair_host_open(&host, &way->shape, &gpu, words);
    /* One device, and one that is known to share images. */
    assert_int_equal(host.delivery.slots_kind, way->kind);
    assert_int_equal(host.delivery.sync_kind, sync_kind_of(way, pair_host_inside(&host)->device));
    pair_send(ends[0], &host.delivery);
    for (uint32_t frame = 0; frame < FRAMES; frame++) {
        expect_byte(ends[0]);
        expect_frame(&host, way, frame);
        send_byte(ends[0]);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pair_host_close(&host);
    close(ends[0]);
    pair_words_destroy(words);
}

static void test_two_processes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (ways[i].kind != FR_SLOTS_DMA_BUF) {
            fprintf(stderr, "%s\n", ways[i].name);
            two_processes(&ways[i]);
        }
}

int main(void)
{
    /* Processes are split before there is a device, whose threads would stay behind. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_processes),
        cmocka_unit_test(test_one_process),
        cmocka_unit_test(test_slots_larger_than_a_shader_sees),
        cmocka_unit_test(test_images_go_where_the_other_side_is),
        cmocka_unit_test(test_a_source_cannot_give_to_another_device),
    };
    return cmocka_run_group_tests_name("vulkan/ring", tests, NULL, NULL);
}
