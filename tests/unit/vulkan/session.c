/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "vulkan/session.h"

#include "backend/cpu/cpu.h"

#include <stdlib.h>

enum { WIDTH = 66, HEIGHT = 34, RING_LEN = 3 };

static const uint64_t every_cap =
    FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE | FR_CAP_SYNC_FILE;

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

bool session_open_ring(struct session *session)
{
    const struct fr_ring_request request = request_of(session);
    return went(session, session->host.ops->ring_create(session->host.self, &request, &session->ring));
}

bool session_open_converter(struct session *session)
{
    const fr_convert_params convert = {
        .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};
    const struct fr_backend_host_ops *ops = session->host.ops;
    void *self = session->host.self;
    return went(session, ops->converter_create(self, &convert, &session->converter)) &&
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

bool session_open_source(struct session *session)
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

bool session_push(struct session *session)
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

bool session_take(struct session *session)
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

bool session_map(struct session *session)
{
    struct fr_picture mapped;
    return went(session, session->host.ops->picture_map(&session->picture, &mapped));
}

void session_close(struct session *session)
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
    pair_words_destroy(session->words);
}

void session_go_on(struct session *session)
{
    const struct fr_ring_request request = request_of(session);
    const uint32_t serial = session->host.ops->device_serial(session->host.self);
    void *ring;
    assert_int_equal(session->host.ops->ring_create(session->host.self, &request, &ring), FR_OK);
    if (session->ring)
        assert_int_not_equal(session->host.ops->device_serial(session->host.self), serial);
    session->host.ops->ring_destroy(session->host.self, ring);
}

void rig_open(struct rig *rig, const fr_vulkan_host_params *params)
{
    rig->params = *params;
    rig->params.device = gpu_name();
    gpu_open(&rig->gpu, NULL);
    make_image(&rig->gpu, &rig->image);
}

void rig_close(struct rig *rig)
{
    gpu_image_destroy(&rig->gpu, &rig->image);
    gpu_close(&rig->gpu);
    const char *what;
    assert_int_equal(faults_alive(&what), 0);
}

struct fr_backend_host rig_create_host(const struct rig *rig)
{
    struct fr_backend_host host;
    assert_int_equal(fr_vk_host_create_with(&host, &rig->params, fr_os_native(), false, faults_get, NULL),
                     FR_OK);
    return host;
}

struct session session_open(const struct rig *rig, struct fr_backend_host host)
{
    struct session session = {.gpu = &rig->gpu,
                              .image = &rig->image.push,
                              .timelines = rig->timelines,
                              .words = pair_words_create(),
                              .host = host};
    assert_int_equal(fr_cpu_source_create(&session.memory, fr_os_native()), FR_OK);
    return session;
}
