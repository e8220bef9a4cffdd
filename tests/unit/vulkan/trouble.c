/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Every call that can fail does so once, on either side: nothing is left over, nothing is used that was not
 * made, and a host whose device is lost goes on with another one. */
#define _GNU_SOURCE
#include "system/system.h"
#include "vulkan/faults.h"
#include "vulkan/lend.h"
#include "vulkan/pair.h"

#include "backend/cpu/cpu.h"
#include "backend/vulkan/host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 66, HEIGHT = 34, RING_LEN = 3, ROUNDS_MAX = 1000 };

static const uint64_t every_cap =
    FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE | FR_CAP_SYNC_FILE;

/* One session. What was not made is NULL. */
struct session {
    const struct gpu *gpu;
    const fr_vulkan_image *image;
    bool timelines; /* the source is on the host's device, with which it shares semaphores */
    struct gpu own_gpu;
    struct gpu_image own_image;
    const fr_vulkan_host_params *params;
    fr_wire_v2 *words;
    struct fr_backend_host host;
    void *ring, *converter;
    struct fr_ring_host host_words;
    struct fr_picture picture;
    struct fr_backend_source images, memory;
    const struct fr_backend_source *in_use;
    void *source_ring;
    struct fr_ring_source source_words;
    bool host_lost;
};

static void make_image(struct gpu *gpu, struct gpu_image *image)
{
    uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, 1);
    gpu_image_create(gpu, WIDTH, HEIGHT, FR_FORMAT_BGRA8, pixels, VK_IMAGE_LAYOUT_GENERAL, image);
    image->push.sampled = true;
    free(pixels);
}

static struct fr_ring_request request_of(const struct session *session)
{
    return (struct fr_ring_request){
        .shape = {RING_LEN, WIDTH, HEIGHT, FR_FORMAT_BGRA8},
        .wire_version = 2,
        .generation = 1,
        .capabilities = every_cap,
        .gpu = session->gpu->device->gpu,
    };
}

static bool went(struct session *session, fr_status status)
{
    session->host_lost = session->host_lost || status == FR_ERR_DEVICE_LOST;
    return status >= 0;
}

static bool open_host(struct session *session)
{
    const struct fr_ring_request request = request_of(session);
    const fr_convert_params convert = {
        .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};
    if (fr_vk_host_create_with(&session->host, session->params, fr_os_native(), false, faults_get, NULL) < 0)
        return false;
    const struct fr_backend_host_ops *ops = session->host.ops;
    void *self = session->host.self;
    return went(session, ops->ring_create(self, &request, &session->ring)) &&
           went(session, ops->converter_create(self, &convert, &session->converter)) &&
           went(session, ops->picture_create(self, WIDTH, HEIGHT, FR_FORMAT_NV12, &session->picture));
}

/* The rig's own work is not to fail. */
static void share_device(struct session *session)
{
    const struct fr_vk_ring *ring = session->ring;
    faults_pause(true);
    gpu_open_on(&session->own_gpu, ring->device);
    make_image(&session->own_gpu, &session->own_image);
    faults_pause(false);
    session->gpu = &session->own_gpu;
    session->image = &session->own_image.push;
}

static void close_delivered(const struct fr_delivery *delivery)
{
    const struct fr_os os = fr_os_native();
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        os.ops->handle_close(os.self, delivery->texture[i]);
    os.ops->handle_close(os.self, delivery->slots);
    os.ops->handle_close(os.self, delivery->ready_fence);
    os.ops->handle_close(os.self, delivery->retire_fence);
}

static bool open_source(struct session *session)
{
    if (session->timelines)
        share_device(session);
    fr_vulkan_source_params params = session->gpu->params;
    const PFN_vkGetInstanceProcAddr get = faults_get;
    params.get_instance_proc_addr = *(void *const *)&get;
    struct fr_delivery delivery = fr_delivery_none();
    const struct fr_ring_request request = request_of(session);
    delivery.ring_len = RING_LEN;
    delivery.width = WIDTH;
    delivery.height = HEIGHT;
    delivery.format = FR_FORMAT_BGRA8;
    session->host.ops->ring_describe(session->host.self, session->ring, &delivery);
    assert_true(!session->timelines || delivery.sync_kind == FR_WIRE_SYNC_FENCE);
    fr_ring_host_create(&session->host_words, session->words, FR_WIRE_V2_BYTES, &request.shape, 1, 7,
                        delivery.sync_kind, 1);
    if (fr_vk_source_create(&session->images, &params, NULL) < 0)
        return false;
    session->in_use = delivery.slots_kind == FR_SLOTS_MEMORY ? &session->memory : &session->images;
    const struct fr_delivery delivered = pair_delivered(&delivery);
    struct fr_attach_fault fault;
    if (session->in_use->ops->attach(session->in_use->self, &delivered, &session->source_ring, &fault) < 0) {
        session->source_ring = NULL;
        close_delivered(&delivered);
        return false;
    }
    const fr_wire_v2 header = *session->words;
    fr_ring_source_attach(&session->source_words, session->words, FR_WIRE_V2_BYTES, &header, 2, NULL);
    return true;
}

static bool push(struct session *session)
{
    const struct fr_backend_source_ops *ops = session->in_use->ops;
    void *self = session->in_use->self;
    const bool images = session->in_use == &session->images;
    const int index = fr_ring_source_begin(&session->source_words);
    struct fr_ring_publish publish = {.present_ns = 1};
    fr_slot slot = {.width = WIDTH, .height = HEIGHT, .format = FR_FORMAT_BGRA8};
    assert_true(index >= 0);
    const uint32_t at = (uint32_t)index;
    if (ops->begin(self, session->source_ring, at, fr_ring_source_retire_value(&session->source_words),
                   FR_NS_PER_S) != FR_CLAIM_ACQUIRED)
        return false;
    ops->slot(self, session->source_ring, at, &slot);
    const fr_status filled = fr_vk_source_fill(&session->images, images ? session->source_ring : NULL, at,
                                               session->image, images ? NULL : &slot);
    const enum fr_claim ended = ops->end(self, session->source_ring, at, &publish.ready_value);
    if (filled != FR_OK || ended != FR_CLAIM_ACQUIRED) {
        fr_ring_source_cancel(&session->source_words);
        return false;
    }
    return fr_ring_source_publish(&session->source_words, &publish);
}

static bool take(struct session *session)
{
    const struct fr_backend_host_ops *ops = session->host.ops;
    void *self = session->host.self;
    struct fr_ring_host *words = &session->host_words;
    fr_token token;
    assert_true(fr_ring_host_newest(words, &token));
    const enum fr_claim claim = ops->claim(self, session->ring, words, token, FR_NS_PER_S);
    session->host_lost = session->host_lost || claim == FR_CLAIM_FATAL;
    if (claim != FR_CLAIM_ACQUIRED)
        return false;
    const bool converted = went(
        session, ops->convert(self, session->converter, session->ring, token.slot, NULL, &session->picture));
    const enum fr_claim released = ops->release(self, session->ring, words, token);
    session->host_lost = session->host_lost || released == FR_CLAIM_FATAL;
    (void)fr_ring_host_taken(words, token);
    return converted && released == FR_CLAIM_ACQUIRED;
}

static bool map(struct session *session)
{
    struct fr_picture mapped;
    return went(session, session->host.ops->picture_map(&session->picture, &mapped));
}

static void close_session(struct session *session)
{
    if (session->source_ring)
        session->in_use->ops->detach(session->in_use->self, session->source_ring);
    if (session->images.ops)
        session->images.ops->destroy(session->images.self);
    session->memory.ops->destroy(session->memory.self);
    if (session->own_gpu.device) {
        gpu_image_destroy(&session->own_gpu, &session->own_image);
        gpu_close(&session->own_gpu);
    }
    if (session->picture.object)
        session->host.ops->picture_destroy(&session->picture);
    if (session->converter)
        session->host.ops->converter_destroy(session->host.self, session->converter);
    if (session->ring)
        session->host.ops->ring_destroy(session->host.self, session->ring);
    if (session->host.ops)
        session->host.ops->destroy(session->host.self);
}

/* The fault is over by now. */
static void go_on(struct session *session)
{
    const struct fr_ring_request request = request_of(session);
    const uint32_t serial = session->host.ops->device_serial(session->host.self);
    void *ring;
    assert_int_equal(session->host.ops->ring_create(session->host.self, &request, &ring), FR_OK);
    if (session->ring)
        assert_int_not_equal(session->host.ops->device_serial(session->host.self), serial);
    session->host.ops->ring_destroy(session->host.self, ring);
}

/* True: it ran through. */
static bool run(const struct gpu *gpu, const fr_vulkan_image *image, const fr_vulkan_host_params *params,
                bool timelines, unsigned nth, VkResult result)
{
    struct session session = {
        .gpu = gpu, .image = image, .params = params, .timelines = timelines, .words = pair_words_create()};
    assert_int_equal(fr_cpu_source_create(&session.memory, fr_os_native()), FR_OK);
    faults_at(nth, result);
    const bool done = open_host(&session) && open_source(&session) && push(&session) && take(&session) &&
                      map(&session) && push(&session) && take(&session) && map(&session) && push(&session) &&
                      take(&session);
    faults_at(0, VK_SUCCESS);
    if (session.host_lost)
        go_on(&session);
    close_session(&session);
    pair_words_destroy(session.words);
    return done;
}

static void every_call_fails(const fr_vulkan_host_params *params, bool timelines, VkResult result)
{
    struct gpu gpu;
    struct gpu_image image;
    gpu_open(&gpu, NULL);
    make_image(&gpu, &image);
    assert_true(run(&gpu, &image.push, params, timelines, 0, VK_SUCCESS));
    const size_t fds = system_count_handles();
    unsigned nth = 0;
    const char *hit;
    do {
        assert_true(++nth < ROUNDS_MAX);
        (void)run(&gpu, &image.push, params, timelines, nth, result);
        hit = faults_hit();
        const char *what = "";
        const long left = faults_alive(&what);
        if (left)
            fprintf(stderr, "call %u, %s: %ld left, a %s among them\n", nth, hit ? hit : "none", left, what);
        assert_int_equal(left, 0);
        assert_int_equal(system_count_handles(), fds);
    } while (hit);
    fprintf(stderr, "%u calls\n", nth - 1);
    gpu_image_destroy(&gpu, &image);
    gpu_close(&gpu);
}

static fr_vulkan_host_params on_device(const fr_vulkan_host_params *params)
{
    fr_vulkan_host_params own = *params;
    own.device = gpu_name();
    return own;
}

/* Lost, since its time was over; what it still did is waited for all the same before its things go. */
static void test_a_gpu_that_takes_too_long(void **state)
{
    const fr_vulkan_host_params none = {0}, params = on_device(&none);
    struct gpu gpu;
    struct gpu_image image;
    (void)state;
    gpu_open(&gpu, NULL);
    make_image(&gpu, &image);
    struct session session = {
        .gpu = &gpu, .image = &image.push, .params = &params, .words = pair_words_create()};
    assert_int_equal(fr_cpu_source_create(&session.memory, fr_os_native()), FR_OK);
    assert_true(open_host(&session) && open_source(&session) && push(&session));
    faults_hang(true);
    assert_false(take(&session));
    faults_hang(false);
    assert_true(session.host_lost);
    go_on(&session);
    close_session(&session);
    pair_words_destroy(session.words);
    const char *what;
    assert_int_equal(faults_alive(&what), 0);
    gpu_image_destroy(&gpu, &image);
    gpu_close(&gpu);
}

static const fr_vulkan_host_params as_memory = {.no_opaque_fd = true, .no_dma_buf = true};
static const fr_vulkan_host_params as_upload = {
    .no_opaque_fd = true, .no_dma_buf = true, .no_host_memory = true};

static void test_no_memory(void **state)
{
    const fr_vulkan_host_params none = {0}, params = on_device(&none);
    (void)state;
    every_call_fails(&params, false, VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_no_memory_in_shared_memory(void **state)
{
    const fr_vulkan_host_params params = on_device(&as_memory);
    (void)state;
    every_call_fails(&params, false, VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_no_memory_uploaded(void **state)
{
    const fr_vulkan_host_params params = on_device(&as_upload);
    (void)state;
    every_call_fails(&params, false, VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_device_lost(void **state)
{
    const fr_vulkan_host_params none = {0}, params = on_device(&none);
    (void)state;
    every_call_fails(&params, false, VK_ERROR_DEVICE_LOST);
}

static void test_device_lost_uploaded(void **state)
{
    const fr_vulkan_host_params params = on_device(&as_upload);
    (void)state;
    every_call_fails(&params, false, VK_ERROR_DEVICE_LOST);
}

static void with_timelines(VkResult result)
{
    const fr_vulkan_host_params none = {0}, params = on_device(&none);
    faults_share_timelines(true);
    every_call_fails(&params, true, result);
    faults_share_timelines(false);
}

static void test_no_memory_with_timelines(void **state)
{
    (void)state;
    with_timelines(VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_device_lost_with_timelines(void **state)
{
    (void)state;
    with_timelines(VK_ERROR_DEVICE_LOST);
}

static void with_sync_files(VkResult result)
{
    const fr_vulkan_host_params dma_buf = {.no_opaque_fd = true}, params = on_device(&dma_buf);
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    const bool there = gpu.device->sync_file;
    gpu_close(&gpu);
    if (!there && getenv("FRAMERING_TEST_GPU"))
        skip();
    lend_dma_buf(!there);
    every_call_fails(&params, false, result);
    lend_dma_buf(false);
}

static void test_no_memory_with_sync_files(void **state)
{
    (void)state;
    with_sync_files(VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_device_lost_with_sync_files(void **state)
{
    (void)state;
    with_sync_files(VK_ERROR_DEVICE_LOST);
}

/* An argument: the tests that it names, as in "*sync_files". */
int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_memory_in_shared_memory),
        cmocka_unit_test(test_no_memory_uploaded),
        cmocka_unit_test(test_device_lost),
        cmocka_unit_test(test_device_lost_uploaded),
        cmocka_unit_test(test_no_memory_with_timelines),
        cmocka_unit_test(test_device_lost_with_timelines),
        cmocka_unit_test(test_no_memory_with_sync_files),
        cmocka_unit_test(test_device_lost_with_sync_files),
        cmocka_unit_test(test_a_gpu_that_takes_too_long),
    };
    return cmocka_run_group_tests_name("vulkan/trouble", tests, NULL, NULL);
}
