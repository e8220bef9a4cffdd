/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The source's side: the program's own semaphores, images that come again, read-back; and hosts on devices
 * that lack something. */
#include "vulkan/faults.h"
#include "vulkan/pair.h"

#include "backend/vulkan/host.h"
#include "backend/vulkan/source.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 64, HEIGHT = 36, BYTES = WIDTH * HEIGHT * 4 };

static const struct pair_shape shape = {.capabilities = FR_CAP_OPAQUE_FD | FR_CAP_STATES,
                                        .width = WIDTH,
                                        .height = HEIGHT,
                                        .format = FR_FORMAT_BGRA8};

struct rig {
    struct gpu gpu;
    struct pair_source source;
    struct pair_host host;
    fr_wire_v2 *words;
};

static void rig_open(struct rig *rig, const struct pair_shape *of)
{
    gpu_open(&rig->gpu, NULL);
    rig->words = pair_words_create();
    pair_source_open(&rig->source, &rig->gpu);
    pair_host_open(&rig->host, of, &rig->gpu.device->gpu, rig->words);
}

static void rig_close(struct rig *rig)
{
    pair_source_close(&rig->source);
    pair_host_close(&rig->host);
    pair_words_destroy(rig->words);
    gpu_close(&rig->gpu);
}

static void image_create(struct rig *rig, uint32_t seed, struct gpu_image *out)
{
    uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, seed);
    gpu_image_create(&rig->gpu, WIDTH, HEIGHT, FR_FORMAT_BGRA8, pixels, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                     out);
    free(pixels);
}

static void settle(const struct rig *rig)
{
    struct fr_vk_source *inside = rig->source.backend.self;
    assert_true(fr_vk_commands_settle(&inside->commands));
}

static void push(struct rig *rig, uint32_t seed)
{
    struct gpu_image image;
    image_create(rig, seed, &image);
    assert_int_equal(pair_source_push(&rig->source, &image.push), FR_OK);
    settle(rig);
    gpu_image_destroy(&rig->gpu, &image);
}

static void expect_taken(struct pair_host *host, uint32_t seed)
{
    uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, seed), *found = malloc(BYTES);
    assert_non_null(found);
    pair_host_take(host, found);
    assert_memory_equal(found, pixels, BYTES);
    free(found);
    free(pixels);
}

static VkSemaphore semaphore_create(const struct fr_vk_device *device)
{
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO};
    VkSemaphore semaphore;
    assert_int_equal(device->vk.CreateSemaphore(device->device, &info, NULL, &semaphore), VK_SUCCESS);
    return semaphore;
}

/* Each push waits for what the one before signalled. */
static void chain(const struct pair_shape *of)
{
    struct rig rig;
    struct gpu_image image;
    VkSemaphore semaphore[2];
    rig_open(&rig, of);
    const struct fr_delivery delivery = pair_delivered(&rig.host.delivery);
    assert_int_equal(pair_source_attach(&rig.source, &delivery, rig.words), FR_OK);
    image_create(&rig, 11, &image);
    for (size_t i = 0; i < 2; i++)
        semaphore[i] = semaphore_create(rig.gpu.device);
    for (uint32_t i = 0; i < 9; i++) {
        const uint64_t wait = (uint64_t)(uintptr_t)semaphore[i % 2];
        image.push.wait = &wait;
        image.push.num_wait = i ? 1 : 0;
        image.push.signal = (uint64_t)(uintptr_t)semaphore[(i + 1) % 2];
        assert_int_equal(pair_source_push(&rig.source, &image.push), FR_OK);
        expect_taken(&rig.host, 11);
    }
    settle(&rig);
    for (size_t i = 0; i < 2; i++)
        rig.gpu.device->vk.DestroySemaphore(rig.gpu.device->device, semaphore[i], NULL);
    gpu_image_destroy(&rig.gpu, &image);
    rig_close(&rig);
}

static void test_the_programs_semaphores(void **state)
{
    (void)state;
    struct pair_shape memory = shape;
    memory.capabilities = FR_CAP_STATES;
    chain(&shape);
    chain(&memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL no_room_to_wait(VkDevice device, uint32_t num, const VkFence *fences,
                                                      VkBool32 all, uint64_t timeout_ns)
{
    (void)device, (void)num, (void)fences, (void)all, (void)timeout_ns;
    return VK_ERROR_OUT_OF_HOST_MEMORY;
}

/* The program has to know that its semaphores were used. */
static void test_a_copy_that_cannot_be_waited_for(void **state)
{
    (void)state;
    struct rig rig;
    struct gpu_image image;
    struct pair_shape memory = shape;
    memory.capabilities = FR_CAP_STATES;
    rig_open(&rig, &memory);
    const struct fr_delivery delivery = pair_delivered(&rig.host.delivery);
    assert_int_equal(pair_source_attach(&rig.source, &delivery, rig.words), FR_OK);
    struct fr_vk_functions *vk = &((struct fr_vk_source *)rig.source.backend.self)->device->vk;
    const PFN_vkWaitForFences wait = vk->WaitForFences;
    image_create(&rig, 11, &image);
    vk->WaitForFences = no_room_to_wait;
    assert_int_equal(pair_source_push(&rig.source, &image.push), FR_TIMEOUT);
    vk->WaitForFences = wait;
    assert_int_equal(pair_source_push(&rig.source, &image.push), FR_OK);
    expect_taken(&rig.host, 11);
    settle(&rig);
    gpu_image_destroy(&rig.gpu, &image);
    rig_close(&rig);
}

/* A ring in shared memory, then another one: what was imported of the first goes. */
static uint32_t times_recorded;
static PFN_vkBeginCommandBuffer begin_commands;

static VKAPI_ATTR VkResult VKAPI_CALL count_begin(VkCommandBuffer commands,
                                                  const VkCommandBufferBeginInfo *info)
{
    times_recorded++;
    return begin_commands(commands, info);
}

/* What was recorded for a program's image and a slot is used again for these two, and for no other. */
static void test_images_with_numbers(void **state)
{
    (void)state;
    enum { IMAGES = 3 };
    struct rig rig;
    struct gpu_image image[IMAGES];
    rig_open(&rig, &shape);
    const struct fr_delivery delivery = pair_delivered(&rig.host.delivery);
    assert_int_equal(pair_source_attach(&rig.source, &delivery, rig.words), FR_OK);
    struct fr_vk_source *inside = rig.source.backend.self;
    begin_commands = inside->device->vk.BeginCommandBuffer;
    inside->device->vk.BeginCommandBuffer = count_begin;
    for (uint32_t i = 0; i < IMAGES; i++) {
        image_create(&rig, i, &image[i]);
        image[i].push.number = i + 1;
    }
    const uint32_t couples = IMAGES * delivery.ring_len;
    times_recorded = 0;
    for (uint32_t i = 0; i < 20 * couples; i++) {
        const uint32_t which = (i * 7 + i / 5) % IMAGES;
        assert_int_equal(pair_source_push(&rig.source, &image[which].push), FR_OK);
        expect_taken(&rig.host, which);
    }
    assert_in_range(times_recorded, 1, couples);
    /* One that takes another's place, perhaps with its handle. */
    settle(&rig);
    gpu_image_destroy(&rig.gpu, &image[0]);
    image_create(&rig, 9, &image[0]);
    image[0].push.number = IMAGES + 1;
    for (uint32_t i = 0; i < 2 * couples; i++) {
        assert_int_equal(pair_source_push(&rig.source, &image[i % 2].push), FR_OK);
        expect_taken(&rig.host, i % 2 ? 1 : 9);
    }
    settle(&rig);
    inside->device->vk.BeginCommandBuffer = begin_commands;
    for (uint32_t i = 0; i < IMAGES; i++)
        gpu_image_destroy(&rig.gpu, &image[i]);
    rig_close(&rig);
}

static void test_read_back_follows_the_ring(void **state)
{
    (void)state;
    struct rig rig;
    struct pair_host next;
    struct pair_shape memory = shape;
    memory.capabilities = FR_CAP_STATES;
    rig_open(&rig, &memory);
    fr_wire_v2 *words = pair_words_create();
    const struct fr_delivery first = pair_delivered(&rig.host.delivery);
    assert_int_equal(pair_source_attach(&rig.source, &first, rig.words), FR_OK);
    const struct fr_vk_source *inside = rig.source.backend.self;
    for (uint32_t i = 0; i < 6; i++) {
        push(&rig, i);
        expect_taken(&rig.host, i);
    }
    assert_int_equal(inside->shore.num_windows > 0, inside->device->host_memory);
    const uint64_t before = inside->shore.inode;
    memory.width = WIDTH;
    pair_host_open(&next, &memory, &rig.gpu.device->gpu, words);
    const struct fr_delivery second = pair_delivered(&next.delivery);
    assert_int_equal(pair_source_attach(&rig.source, &second, words), FR_OK);
    push(&rig, 21);
    expect_taken(&next, 21);
    assert_true(!inside->device->host_memory || inside->shore.inode != before);
    pair_host_close(&next);
    rig_close(&rig);
    pair_words_destroy(words);
}

/* A device without the import of memory: through a staging buffer. */
static void test_read_back_without_import(void **state)
{
    (void)state;
    struct rig rig;
    struct pair_shape memory = shape;
    memory.capabilities = FR_CAP_STATES;
    rig_open(&rig, &memory);
    const struct fr_delivery delivery = pair_delivered(&rig.host.delivery);
    assert_int_equal(pair_source_attach(&rig.source, &delivery, rig.words), FR_OK);
    struct fr_vk_source *inside = rig.source.backend.self;
    inside->device->host_memory = false;
    for (uint32_t i = 0; i < 4; i++) {
        push(&rig, i);
        expect_taken(&rig.host, i);
    }
    assert_true(inside->staging.buffer && !inside->shore.ptr);
    rig_close(&rig);
}

/* ---- hosts ---- */

/* What was logged last at its level. */
static char last_line[FR_LOG_DEBUG + 1][512];

static void keep_line(void *user, fr_log_level level, const char *text)
{
    (void)user;
    snprintf(last_line[level], sizeof(last_line[level]), "%s", text);
    gpu_log()->write(NULL, level, text);
}

/* Of the last ring that was made. */
static enum fr_ring_path made_path;

static fr_status make_ring(const struct fr_ring_request *request, struct fr_delivery *out)
{
    const fr_vulkan_host_params params = {.device = gpu_name()};
    const fr_log log = {.write = keep_line, .max_level = FR_LOG_DEBUG};
    struct fr_backend_host host;
    void *ring = NULL;
    assert_int_equal(fr_vk_host_create_with(&host, &params, fr_os_native(), false, faults_get, &log), FR_OK);
    const fr_status status = host.ops->ring_create(host.self, request, &ring);
    if (status == FR_OK) {
        host.ops->ring_describe(host.self, ring, out);
        made_path = host.ops->ring_path(host.self, ring);
        host.ops->ring_destroy(host.self, ring);
    }
    host.ops->destroy(host.self);
    const char *what;
    assert_int_equal(faults_alive(&what), 0);
    return status;
}

static struct fr_ring_request request_for(const struct gpu *gpu, uint32_t width, uint32_t height)
{
    return (struct fr_ring_request){
        .shape = {4, width, height, FR_FORMAT_RGBA16F},
        .wire_version = 2,
        .generation = 1,
        .capabilities = FR_CAP_OPAQUE_FD | FR_CAP_STATES,
        .gpu = gpu->device->gpu,
    };
}

static void test_an_extension_is_missing(void **state)
{
    (void)state;
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    const struct fr_ring_request request = request_for(&gpu, WIDTH, HEIGHT);
    struct fr_delivery delivery = fr_delivery_none();
    assert_int_equal(make_ring(&request, &delivery), FR_OK);
    assert_int_equal(delivery.slots_kind, FR_SLOTS_OPAQUE_FD);
    assert_int_equal(made_path, FR_RING_PATH_DIRECT);
    faults_hide(VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
    assert_int_equal(make_ring(&request, &delivery), FR_OK);
    assert_int_equal(delivery.slots_kind, FR_SLOTS_MEMORY);
    struct fr_ring_request images_only = request;
    images_only.capabilities = FR_CAP_OPAQUE_FD;
    assert_int_equal(make_ring(&images_only, &delivery), FR_ERR_UNSUPPORTED);
    faults_hide(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
    images_only.capabilities = FR_CAP_STATES;
    assert_int_equal(make_ring(&images_only, &delivery), FR_OK);
    assert_int_equal(made_path, FR_RING_PATH_UPLOAD);
    faults_hide(NULL);
    gpu_close(&gpu);
}

/* Each slot's memory is imported by itself: the first time that one fails, all are uploaded, and the log says
 * so. */
static void test_an_import_fails(void **state)
{
    static const char call[] = "vkGetMemoryHostPointerPropertiesEXT";
    (void)state;
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    if (!gpu.device->host_memory) {
        gpu_close(&gpu);
        skip();
    }
    struct fr_ring_request request = request_for(&gpu, WIDTH, HEIGHT);
    struct fr_delivery delivery = fr_delivery_none();
    request.capabilities = FR_CAP_STATES;
    unsigned nth = 0;
    do {
        faults_at(++nth, VK_ERROR_OUT_OF_DEVICE_MEMORY);
        const fr_status status = make_ring(&request, &delivery);
        assert_true(nth < 100 && faults_hit());
        if (!strcmp(faults_hit(), call))
            assert_int_equal(status, FR_OK);
    } while (strcmp(faults_hit(), call) != 0);
    faults_at(0, VK_SUCCESS);
    assert_int_equal(delivery.slots_kind, FR_SLOTS_MEMORY);
    assert_int_equal(made_path, FR_RING_PATH_UPLOAD);
    assert_non_null(strstr(last_line[FR_LOG_WARNING], "shared memory that is uploaded"));
    assert_non_null(strstr(last_line[FR_LOG_WARNING], "the import failed: VK_ERROR_OUT_OF_DEVICE_MEMORY"));
    gpu_close(&gpu);
}

static void test_too_little_memory(void **state)
{
    (void)state;
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    const struct fr_ring_request request = request_for(&gpu, 16384, 16384);
    struct fr_delivery delivery;
    faults_heap(UINT64_C(4) << 30);
    assert_int_equal(make_ring(&request, &delivery), FR_ERR_NO_MEMORY);
    faults_heap(0);
    gpu_close(&gpu);
}

static void test_an_automatic_host_takes_real_gpus_only(void **state)
{
    (void)state;
    struct gpu gpu;
    struct fr_backend_host host;
    void *ring;
    gpu_open(&gpu, NULL);
    struct fr_ring_request request = request_for(&gpu, WIDTH, HEIGHT);
    assert_int_equal(fr_vk_host_create(&host, NULL, fr_os_native(), true, gpu_log()), FR_OK);
    assert_false(host.capabilities & FR_CAP_STATES);
    const fr_status expected = gpu.device->type == VK_PHYSICAL_DEVICE_TYPE_CPU ? FR_ERR_UNSUPPORTED : FR_OK;
    const fr_status status = host.ops->ring_create(host.self, &request, &ring);
    assert_int_equal(status, expected);
    if (status == FR_OK)
        host.ops->ring_destroy(host.self, ring);
    request.gpu.present = false;
    request.capabilities = FR_CAP_STATES;
    assert_int_equal(host.ops->ring_create(host.self, &request, &ring), FR_ERR_UNSUPPORTED);
    host.ops->destroy(host.self);
    gpu_close(&gpu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_programs_semaphores),
        cmocka_unit_test(test_a_copy_that_cannot_be_waited_for),
        cmocka_unit_test(test_images_with_numbers),
        cmocka_unit_test(test_read_back_follows_the_ring),
        cmocka_unit_test(test_read_back_without_import),
        cmocka_unit_test(test_an_extension_is_missing),
        cmocka_unit_test(test_an_import_fails),
        cmocka_unit_test(test_too_little_memory),
        cmocka_unit_test(test_an_automatic_host_takes_real_gpus_only),
    };
    return cmocka_run_group_tests_name("vulkan/source", tests, NULL, NULL);
}
