/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "vulkan/pair.h"

#include "backend/cpu/cpu.h"
#include "backend/vulkan/host.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RING_LEN = 4 };

fr_wire_v2 *pair_words_create(void)
{
    void *words = mmap(NULL, FR_WIRE_V2_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(words, MAP_FAILED);
    return words;
}

void pair_words_destroy(fr_wire_v2 *words)
{
    munmap(words, FR_WIRE_V2_BYTES);
}

static void make_picture(struct pair_host *host, const struct pair_shape *shape)
{
    const bool deep = shape->format == FR_FORMAT_RGBA16F || shape->format == FR_FORMAT_RGB10A2;
    host->convert = (fr_convert_params){
        .from = shape->format,
        .to = deep ? FR_FORMAT_P010 : FR_FORMAT_NV12,
        .width = shape->width,
        .height = shape->height,
    };
    const struct fr_backend_host_ops *ops = host->backend.ops;
    assert_int_equal(ops->converter_create(host->backend.self, &host->convert, &host->converter), FR_OK);
    assert_int_equal(ops->picture_create(host->backend.self, shape->width, shape->height, host->convert.to,
                                         &host->picture),
                     FR_OK);
}

void pair_host_open(struct pair_host *host, const struct pair_shape *shape, const struct fr_gpu *source,
                    fr_wire_v2 *words)
{
    fr_vulkan_host_params params = shape->params;
    const struct fr_ring_request request = {
        .shape = {RING_LEN, shape->width, shape->height, shape->format},
        .wire_version = 2,
        .generation = 1,
        .capabilities = shape->capabilities,
        .gpu = *source,
    };
    void *ring;
    if (!params.device)
        params.device = gpu_name();
    assert_int_equal(
        fr_vk_host_create_with(&host->backend, &params, fr_os_native(), false, shape->get, gpu_log()), FR_OK);
    assert_int_equal(host->backend.ops->ring_create(host->backend.self, &request, &ring), FR_OK);
    host->ring = ring;
    host->delivery = fr_delivery_none();
    host->delivery.wire_version = 2;
    host->delivery.generation = 1;
    host->delivery.ring_len = RING_LEN;
    host->delivery.width = shape->width;
    host->delivery.height = shape->height;
    host->delivery.format = shape->format;
    host->backend.ops->ring_describe(host->backend.self, ring, &host->delivery);
    assert_true(fr_caps_suffice(shape->capabilities, host->delivery.slots_kind, host->delivery.sync_kind));
    fr_ring_host_create(&host->words, words, FR_WIRE_V2_BYTES, &request.shape, 1, 7, host->delivery.sync_kind,
                        1);
    assert_int_equal(fr_vk_commands_init(&host->commands, host->ring->device), VK_SUCCESS);
    make_picture(host, shape);
}

void pair_host_close(struct pair_host *host)
{
    assert_true(fr_vk_commands_settle(&host->commands));
    fr_vk_commands_finish(&host->commands);
    host->backend.ops->picture_destroy(&host->picture);
    host->backend.ops->converter_destroy(host->backend.self, host->converter);
    host->backend.ops->ring_destroy(host->backend.self, host->ring);
    host->backend.ops->destroy(host->backend.self);
}

static void read_slot(struct pair_host *host, uint32_t index, uint8_t *pixels)
{
    const struct fr_vk_ring *ring = host->ring;
    const size_t row_bytes = (size_t)ring->shape.width * fr_format_pixel_bytes(ring->shape.format);
    if (ring->plan.kind != FR_SLOTS_MEMORY) {
        gpu_read(ring->device, &host->commands, ring->slot[index].image.image, ring->plan.outside,
                 ring->shape.width, ring->shape.height, ring->shape.format, pixels);
        return;
    }
    const uint8_t *from = (const uint8_t *)ring->memory.ptr + index * ring->slot_bytes;
    for (uint32_t y = 0; y < ring->shape.height; y++)
        memcpy(pixels + y * row_bytes, from + y * ring->pitch_bytes, row_bytes);
}

void pair_host_take(struct pair_host *host, uint8_t *pixels)
{
    const struct fr_backend_host_ops *ops = host->backend.ops;
    fr_token token;
    assert_true(fr_ring_host_newest(&host->words, &token));
    assert_int_equal(ops->claim(host->backend.self, host->ring, &host->words, token, FR_NS_PER_S),
                     FR_CLAIM_ACQUIRED);
    struct fr_ring_record record;
    assert_true(fr_ring_host_record(&host->words, token, &record));
    assert_int_equal(
        ops->convert(host->backend.self, host->converter, host->ring, token.slot, NULL, &host->picture),
        FR_OK);
    read_slot(host, token.slot, pixels);
    assert_int_equal(ops->release(host->backend.self, host->ring, &host->words, token), FR_CLAIM_ACQUIRED);
    (void)fr_ring_host_taken(&host->words, token);
}

static uint32_t sample(const uint8_t *plane, size_t pitch_bytes, uint32_t x, uint32_t y, bool deep)
{
    const uint8_t *at = plane + y * pitch_bytes + (deep ? 2u * x : x);
    return deep ? (uint32_t)(at[0] | at[1] << 8) >> 6 : at[0];
}

static void expect_plane(const uint8_t *found, size_t found_pitch, const uint8_t *wanted, size_t wanted_pitch,
                         uint32_t width, uint32_t height, bool deep)
{
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint32_t a = sample(found, found_pitch, x, y, deep);
            const uint32_t b = sample(wanted, wanted_pitch, x, y, deep);
            if (a > b + 1 || b > a + 1)
                fprintf(stderr, "at %u, %u: %u for %u\n", x, y, a, b);
            assert_true(a <= b + 1 && b <= a + 1);
        }
}

void pair_host_expect_picture(struct pair_host *host, const uint8_t *pixels)
{
    const fr_convert_params *convert = &host->convert;
    const bool deep = convert->to == FR_FORMAT_P010;
    const uint32_t width = convert->width, height = convert->height;
    const uint32_t chroma_width = (width + 1) / 2 * 2, chroma_height = (height + 1) / 2;
    const ptrdiff_t pitch[2] = {(ptrdiff_t)chroma_width * 2, (ptrdiff_t)chroma_width * 2};
    uint8_t *luma = calloc(height + chroma_height, (size_t)pitch[0]);
    assert_non_null(luma);
    uint8_t *const chroma = luma + (size_t)pitch[0] * height;
    void *const planes[2] = {luma, chroma};
    fr_converter *converter;
    struct fr_picture mapped;
    assert_int_equal(fr_converter_create(&converter, convert), FR_OK);
    fr_converter_run(converter, pixels, (ptrdiff_t)width * (ptrdiff_t)fr_format_pixel_bytes(convert->from),
                     planes, pitch);
    fr_converter_destroy(&converter);
    assert_int_equal(host->backend.ops->picture_map(&host->picture, &mapped), FR_OK);
    expect_plane(mapped.plane[0], mapped.pitch_bytes[0], luma, (size_t)pitch[0], width, height, deep);
    expect_plane(mapped.plane[1], mapped.pitch_bytes[1], chroma, (size_t)pitch[1], chroma_width,
                 chroma_height, deep);
    free(luma);
}

/* The handles of a delivery, in the order in which they are sent. */
static size_t handles_of(struct fr_delivery *delivery, fr_handle *list[FR_WIRE_SLOTS_MAX + 3])
{
    size_t count = 0;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        list[count++] = &delivery->texture[i];
    list[count++] = &delivery->slots;
    list[count++] = &delivery->ready_fence;
    list[count++] = &delivery->retire_fence;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (*list[i] != FR_HANDLE_NONE)
            list[kept++] = list[i];
    return kept;
}

struct fr_delivery pair_delivered(const struct fr_delivery *delivery)
{
    struct fr_delivery copy = *delivery;
    fr_handle *list[FR_WIRE_SLOTS_MAX + 3];
    const size_t count = handles_of(&copy, list);
    for (size_t i = 0; i < count; i++)
        *list[i] = dup((int)*list[i]);
    return copy;
}

union control {
    struct cmsghdr header;
    uint8_t bytes[CMSG_SPACE(sizeof(int) * (FR_WIRE_SLOTS_MAX + 3))];
};

void pair_send(int socket, const struct fr_delivery *delivery)
{
    struct fr_delivery copy = *delivery;
    fr_handle *list[FR_WIRE_SLOTS_MAX + 3];
    const size_t count = handles_of(&copy, list);
    int fds[FR_WIRE_SLOTS_MAX + 3];
    for (size_t i = 0; i < count; i++)
        fds[i] = (int)*list[i];
    union control control = {.bytes = {0}};
    struct iovec part = {.iov_base = &copy, .iov_len = sizeof(copy)};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * count);
    memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
    assert_int_equal(sendmsg(socket, &message, 0), sizeof(copy));
}

struct fr_delivery pair_receive(int socket)
{
    struct fr_delivery delivery;
    union control control;
    struct iovec part = {.iov_base = &delivery, .iov_len = sizeof(delivery)};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control)};
    assert_int_equal(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), sizeof(delivery));
    fr_handle *list[FR_WIRE_SLOTS_MAX + 3];
    int fds[FR_WIRE_SLOTS_MAX + 3];
    const size_t count = handles_of(&delivery, list);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    assert_non_null(header);
    assert_int_equal(header->cmsg_len, CMSG_LEN(sizeof(int) * count));
    memcpy(fds, CMSG_DATA(header), sizeof(int) * count);
    for (size_t i = 0; i < count; i++)
        *list[i] = fds[i];
    return delivery;
}

void pair_source_open(struct pair_source *source, const struct gpu *gpu)
{
    *source = (struct pair_source){0};
    assert_int_equal(fr_vk_source_create(&source->backend, &gpu->params, gpu_log()), FR_OK);
    assert_int_equal(fr_cpu_source_create(&source->memory, fr_os_native()), FR_OK);
}

static void detach(struct pair_source *source)
{
    if (source->ring)
        source->in_use->ops->detach(source->in_use->self, source->ring);
    source->ring = NULL;
}

fr_status pair_source_attach(struct pair_source *source, const struct fr_delivery *delivery,
                             fr_wire_v2 *words)
{
    struct fr_attach_fault fault;
    detach(source);
    source->images = delivery->slots_kind != FR_SLOTS_MEMORY;
    source->in_use = source->images ? &source->backend : &source->memory;
    const fr_status status =
        source->in_use->ops->attach(source->in_use->self, delivery, &source->ring, &fault);
    if (status != FR_OK) {
        source->ring = NULL;
        return status;
    }
    const fr_wire_v2 header = *words;
    fr_ring_source_attach(&source->words, words, FR_WIRE_V2_BYTES, &header, 2, NULL);
    source->width = delivery->width;
    source->height = delivery->height;
    source->format = delivery->format;
    return FR_OK;
}

fr_status pair_source_push(struct pair_source *source, const fr_vulkan_image *image)
{
    const struct fr_backend_source_ops *ops = source->in_use->ops;
    const int index = fr_ring_source_begin(&source->words);
    assert_true(index >= 0);
    const uint32_t at = (uint32_t)index;
    assert_int_equal(ops->begin(source->in_use->self, source->ring, at,
                                fr_ring_source_retire_value(&source->words), FR_NS_PER_S),
                     FR_CLAIM_ACQUIRED);
    fr_slot slot = {.width = source->width, .height = source->height, .format = source->format};
    ops->slot(source->in_use->self, source->ring, at, &slot);
    const fr_status status = fr_vk_source_fill(&source->backend, source->images ? source->ring : NULL, at,
                                               image, source->images ? NULL : &slot);
    struct fr_ring_publish publish = {.present_ns = 1};
    const enum fr_claim ended = ops->end(source->in_use->self, source->ring, at, &publish.ready_value);
    if (status != FR_OK || ended != FR_CLAIM_ACQUIRED) {
        fr_ring_source_cancel(&source->words);
        return status != FR_OK ? status : FR_ERR_DEVICE_LOST;
    }
    assert_true(fr_ring_source_publish(&source->words, &publish));
    return FR_OK;
}

void pair_source_close(struct pair_source *source)
{
    detach(source);
    source->memory.ops->destroy(source->memory.self);
    source->backend.ops->destroy(source->backend.self);
}
