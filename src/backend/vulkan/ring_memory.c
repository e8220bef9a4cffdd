/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A ring in shared memory, as the cpu backend's: imported into the device, or copied to it. */
#include "backend/vulkan/ring.h"

#include <string.h>

#define ROW_ALIGN 64u
#define SLOT_ALIGN 4096u

static size_t round_up(size_t value, size_t to)
{
    return (value + to - 1) / to * to;
}

static VkResult import_slots(struct fr_vk_ring *ring)
{
    VkResult result = VK_SUCCESS;
    for (uint32_t i = 0; i < ring->shape.ring_len && result == VK_SUCCESS; i++)
        result = fr_vk_buffer_import(ring->device, (uint8_t *)ring->memory.ptr + i * ring->slot_bytes,
                                     ring->slot_bytes, &ring->slot[i].memory);
    if (result != VK_SUCCESS)
        for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
            fr_vk_buffer_destroy(ring->device, &ring->slot[i].memory);
    return result;
}

static VkResult make_uploads(struct fr_vk_ring *ring)
{
    VkResult result = VK_SUCCESS;
    for (uint32_t i = 0; i < FR_VK_UPLOADS && result == VK_SUCCESS; i++)
        result =
            fr_vk_buffer_create(ring->device, ring->slot_bytes,
                                VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                                VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                                VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, &ring->upload[i]);
    return result;
}

/* To be imported it must be writable, though nobody writes there. */
static fr_status make_memory(struct fr_vk_ring *ring, const struct fr_ring_request *request)
{
    const struct fr_object_name plain = {.label = "framering-slots"};
    const struct fr_host_channel *naming = request->naming;
    const struct fr_object_name *name =
        naming ? naming->ops->object_name(naming->self, FR_OBJECT_SLOTS, request->generation, 0) : NULL;
    return ring->os.ops->memory_create(ring->os.self, name ? name : &plain,
                                       ring->slot_bytes * ring->shape.ring_len,
                                       FR_ACCESS_READ | FR_ACCESS_WRITE, &ring->memory);
}

fr_status fr_vk_ring_memory_create(struct fr_vk_ring *ring, const struct fr_ring_request *request,
                                   const char **fault)
{
    const struct fr_ring_shape *shape = &ring->shape;
    const VkDeviceSize align = ring->plan.import ? ring->device->host_pointer_align : 0;
    ring->pitch_bytes = round_up((size_t)shape->width * fr_format_pixel_bytes(shape->format), ROW_ALIGN);
    ring->slot_bytes =
        round_up(ring->pitch_bytes * shape->height, align > SLOT_ALIGN ? (size_t)align : SLOT_ALIGN);
    if (!fr_vk_converter_reads(ring->device, shape->height, ring->pitch_bytes)) {
        *fault = "its shaders see too little of a buffer at once";
        return FR_ERR_UNSUPPORTED;
    }
    const fr_status status = make_memory(ring, request);
    if (status < 0) {
        ring->memory = (struct fr_memory){.handle = FR_HANDLE_NONE};
        return status;
    }
    if (ring->plan.import)
        ring->plan.import_result = import_slots(ring);
    ring->plan.import = ring->plan.import && ring->plan.import_result == VK_SUCCESS;
    if (ring->plan.import)
        return FR_OK;
    const VkResult result = make_uploads(ring);
    if (result == VK_SUCCESS)
        return FR_OK;
    *fault = fr_vk_result_name(result);
    return fr_vk_device_status(ring->device, result);
}

void fr_vk_ring_memory_destroy(struct fr_vk_ring *ring)
{
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        fr_vk_buffer_destroy(ring->device, &ring->slot[i].memory);
    for (uint32_t i = 0; i < FR_VK_UPLOADS; i++)
        fr_vk_buffer_destroy(ring->device, &ring->upload[i]);
    ring->os.ops->memory_close(ring->os.self, &ring->memory);
}

void fr_vk_ring_memory_describe(const struct fr_vk_ring *ring, struct fr_delivery *out)
{
    out->slots = ring->memory.handle;
    out->slots_bytes = ring->memory.bytes;
    out->pitch_bytes = ring->pitch_bytes;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        out->slot_offset[i] = i < ring->shape.ring_len ? i * ring->slot_bytes : 0;
}

fr_status fr_vk_ring_memory_input(struct fr_vk_ring *ring, uint32_t index, struct fr_vk_input *out)
{
    out->pitch_bytes = (uint32_t)ring->pitch_bytes;
    if (ring->plan.import) {
        out->buffer = ring->slot[index].memory.buffer;
        return FR_OK;
    }
    const uint32_t next = ring->next_upload = (ring->next_upload + 1) % FR_VK_UPLOADS;
    const fr_status status = fr_vk_device_wait(ring->device, ring->uploaded[next], FR_VK_GPU_WAIT_NS);
    if (status == FR_TIMEOUT)
        fr_vk_device_give_up(ring->device);
    if (status != FR_OK)
        return status == FR_TIMEOUT ? FR_ERR_DEVICE_LOST : status;
    memcpy(ring->upload[next].mapped, (const uint8_t *)ring->memory.ptr + index * ring->slot_bytes,
           ring->pitch_bytes * ring->shape.height);
    out->buffer = ring->upload[next].buffer;
    return FR_OK;
}
