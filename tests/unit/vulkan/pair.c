/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "vulkan/pair.h"

#include "backend/cpu/cpu.h"
#include "backend/vulkan/host.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

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

void pair_host_open(struct pair_host *host, const struct pair_shape *shape, const struct fr_gpu *source,
                    fr_wire_v2 *words)
{
    const bool deep = shape->format == FR_FORMAT_RGBA16F || shape->format == FR_FORMAT_RGB10A2;
    const fr_convert_params convert = {.to = deep ? FR_FORMAT_P010 : FR_FORMAT_NV12};
    fr_vulkan_host_params params = shape->params;
    const struct fr_ring_request request = {
        .shape = {RING_LEN, shape->width, shape->height, shape->format},
        .wire_version = 2,
        .generation = 1,
        .capabilities = shape->capabilities,
        .gpu = *source,
    };
    *host = (struct pair_host){0};
    if (!params.device)
        params.device = gpu_name();
    assert_int_equal(
        fr_vk_host_create_with(&host->backend, &params, fr_os_native(), false, shape->get, gpu_log()), FR_OK);
    pair_host_ring(host, &request, words);
    pair_host_converter(host, &convert);
}

struct fr_vk_ring *pair_host_inside(const struct pair_host *host)
{
    return host->ring;
}

static void read_image(const struct fr_vk_ring *ring, VkImage image, uint8_t *pixels)
{
    struct fr_vk_commands commands;
    assert_int_equal(fr_vk_commands_init(&commands, ring->device), VK_SUCCESS);
    gpu_read(ring->device, &commands, image, ring->plan.outside, ring->shape.width, ring->shape.height,
             ring->shape.format, pixels);
    assert_true(fr_vk_commands_settle(&commands));
    fr_vk_commands_finish(&commands);
}

static void read_slot(const struct fr_vk_ring *ring, uint32_t index, uint8_t *pixels)
{
    const size_t row_bytes = (size_t)ring->shape.width * fr_format_pixel_bytes(ring->shape.format);
    if (ring->plan.kind != FR_SLOTS_MEMORY) {
        read_image(ring, ring->slot[index].image.image, pixels);
        return;
    }
    const uint8_t *from = (const uint8_t *)ring->memory.ptr + index * ring->slot_bytes;
    for (uint32_t y = 0; y < ring->shape.height; y++)
        memcpy(pixels + y * row_bytes, from + y * ring->pitch_bytes, row_bytes);
}

void pair_host_take(struct pair_host *host, uint8_t *pixels)
{
    const fr_token token = pair_host_hold(host);
    pair_host_convert(host, token, NULL, &host->picture);
    read_slot(pair_host_inside(host), token.slot, pixels);
    pair_host_release(host, token);
}

union control {
    struct cmsghdr header;
    uint8_t bytes[CMSG_SPACE(sizeof(int) * PAIR_HANDLES_MAX)];
};

void pair_send(int socket, const struct fr_delivery *delivery)
{
    struct fr_delivery copy = *delivery;
    fr_handle *list[PAIR_HANDLES_MAX];
    const size_t count = pair_handles(&copy, list);
    int fds[PAIR_HANDLES_MAX];
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
    fr_handle *list[PAIR_HANDLES_MAX];
    int fds[PAIR_HANDLES_MAX];
    const size_t count = pair_handles(&delivery, list);
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

fr_status pair_source_push(struct pair_source *source, const fr_vulkan_image *image)
{
    fr_slot slot;
    const uint32_t index = pair_source_begin(source, &slot);
    return pair_source_end(source, index,
                           fr_vk_source_fill(&source->backend, source->images ? source->ring : NULL, index,
                                             image, source->images ? NULL : &slot));
}

void pair_rig_open(struct pair_rig *rig, const struct pair_shape *shape)
{
    gpu_open(&rig->gpu, shape->get);
    rig->words = pair_words_create();
    pair_host_open(&rig->host, shape, &rig->gpu.device->gpu, rig->words);
}

void pair_rig_close(struct pair_rig *rig)
{
    pair_host_close(&rig->host);
    pair_words_destroy(rig->words);
    gpu_close(&rig->gpu);
}
