/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/vulkan/picture.h"

#include "backend/vulkan/format.h"
#include "os/atomic.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE_USAGE ((VkImageUsageFlags)VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT)
#define BUFFER_USAGE                                                                                         \
    ((VkBufferUsageFlags)VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT)

/* Of a plane in the memory: the most that a storage buffer's offset may ask for. */
enum { PLANE_ALIGN = 256, ROW_ALIGN = 64, PLANE_GAP_MAX = 1 << 21 };

static VkDeviceSize round_up(VkDeviceSize value, VkDeviceSize unit)
{
    return (value + unit - 1) / unit * unit;
}

/* Plane 0 is Y, 1 is CbCr in pairs. */
static VkExtent3D plane_extent(const struct fr_vk_picture *p, uint32_t plane)
{
    return plane ? (VkExtent3D){(p->width + 1) / 2, (p->height + 1) / 2, 1}
                 : (VkExtent3D){p->width, p->height, 1};
}

static uint32_t plane_texel_bytes(const struct fr_vk_picture *p, uint32_t plane)
{
    return (p->format == FR_FORMAT_P010 ? 2u : 1u) << plane;
}

/* What a block of four columns stores to a row. */
static VkDeviceSize row_unit(const struct fr_vk_picture *p)
{
    return p->format == FR_FORMAT_P010 ? 8 : 4;
}

/* `type` 0: not shared. */
static bool image_exists(const struct fr_vk_picture *p, uint32_t plane, VkExternalMemoryHandleTypeFlags type)
{
    const VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .handleType = (VkExternalMemoryHandleTypeFlagBits)type,
    };
    const VkPhysicalDeviceImageFormatInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = type ? &external : NULL,
        .format = fr_vk_plane_format(p->format, plane),
        .type = VK_IMAGE_TYPE_2D,
        .tiling = VK_IMAGE_TILING_LINEAR,
        .usage = IMAGE_USAGE,
    };
    VkExternalImageFormatProperties shared = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
    VkImageFormatProperties2 out = {.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
                                    .pNext = type ? &shared : NULL};
    const VkExtent3D extent = plane_extent(p, plane), *const max = &out.imageFormatProperties.maxExtent;
    if (p->device->vk.GetPhysicalDeviceImageFormatProperties2(p->device->physical, &info, &out) !=
            VK_SUCCESS ||
        extent.width > max->width || extent.height > max->height)
        return false;
    const VkExternalMemoryFeatureFlags features = shared.externalMemoryProperties.externalMemoryFeatures;
    return !type || ((features & VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT) &&
                     !(features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT));
}

static VkExternalMemoryProperties buffer_properties(const struct fr_vk_picture *p,
                                                    VkExternalMemoryHandleTypeFlags type)
{
    const VkPhysicalDeviceExternalBufferInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
        .usage = BUFFER_USAGE,
        .handleType = (VkExternalMemoryHandleTypeFlagBits)type,
    };
    VkExternalBufferProperties out = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
    p->device->vk.GetPhysicalDeviceExternalBufferProperties(p->device->physical, &info, &out);
    return out.externalMemoryProperties;
}

/* All handle types that the buffer, and the images where there are any, can be exported as together. */
static void find_handle_types(struct fr_vk_picture *p, bool images)
{
    const VkExternalMemoryHandleTypeFlags types[2] = {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
                                                      VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT};
    const bool has[2] = {p->device->buffer_opaque_fd, p->device->buffer_dma_buf};
    for (uint32_t i = 0; i < 2; i++) {
        if (!has[i] || (images && !(image_exists(p, 0, types[i]) && image_exists(p, 1, types[i]))))
            continue;
        const VkExternalMemoryProperties with = buffer_properties(p, types[i]);
        const VkExternalMemoryHandleTypeFlags all = p->handle_types | types[i];
        if (!(with.externalMemoryFeatures & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT) &&
            (with.compatibleHandleTypes & all) == all)
            p->handle_types = all;
    }
}

static VkResult make_image(struct fr_vk_picture *p, uint32_t plane)
{
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, .handleTypes = p->handle_types};
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .pNext = p->handle_types ? &external : NULL,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = fr_vk_plane_format(p->format, plane),
        .extent = plane_extent(p, plane),
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_LINEAR,
        .usage = IMAGE_USAGE,
    };
    return p->device->vk.CreateImage(p->device->device, &info, NULL, &p->image[plane]);
}

/* Where the images lie in the memory, and what memory they want. */
struct places {
    VkDeviceSize offset[2], bytes[2];
    uint32_t type_bits;
};

/* Behind plane 0, on `align`, and after an even number of its rows: hardware encoders are told one address,
 * one pitch and how many rows there are. Where that would leave a lot unused, it is not kept. */
static VkDeviceSize place_chroma(const struct fr_vk_picture *p, const struct places *places,
                                 VkDeviceSize align)
{
    const VkDeviceSize first = round_up(places->offset[0] + places->bytes[0], align);
    for (VkDeviceSize at = first; at - first < PLANE_GAP_MAX; at += align)
        if ((at - p->offset_bytes[0]) % (2 * p->pitch_bytes[0]) == 0)
            return at;
    return first;
}

static void place_without_images(struct fr_vk_picture *p, struct places *places)
{
    places->type_bits = UINT32_MAX;
    for (uint32_t i = 0; i < 2; i++) {
        const VkExtent3D extent = plane_extent(p, i);
        p->pitch_bytes[i] = round_up((VkDeviceSize)extent.width * plane_texel_bytes(p, i), ROW_ALIGN);
        places->bytes[i] = p->pitch_bytes[i] * extent.height;
    }
    places->offset[0] = p->offset_bytes[0] = 0;
    places->offset[1] = p->offset_bytes[1] = place_chroma(p, places, PLANE_ALIGN);
}

/* False: our shaders cannot write rows that lie like this. */
static bool place_image(struct fr_vk_picture *p, uint32_t plane, struct places *places)
{
    const struct fr_vk_functions *vk = &p->device->vk;
    const VkImageMemoryRequirementsInfo2 info = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
                                                 .image = p->image[plane]};
    VkMemoryDedicatedRequirements dedicated = {.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_REQUIREMENTS};
    VkMemoryRequirements2 wants = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2, .pNext = &dedicated};
    vk->GetImageMemoryRequirements2(p->device->device, &info, &wants);
    const VkImageSubresource all = {.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT};
    VkSubresourceLayout layout;
    vk->GetImageSubresourceLayout(p->device->device, p->image[plane], &all, &layout);

    const VkMemoryRequirements *const memory = &wants.memoryRequirements;
    const VkDeviceSize align = memory->alignment > PLANE_ALIGN ? memory->alignment : PLANE_ALIGN;
    const VkDeviceSize rows = layout.offset + layout.rowPitch * plane_extent(p, plane).height;
    places->offset[plane] = plane ? place_chroma(p, places, align) : 0;
    places->bytes[plane] = memory->size > rows ? memory->size : rows;
    places->type_bits &= memory->memoryTypeBits;
    p->pitch_bytes[plane] = layout.rowPitch;
    p->offset_bytes[plane] = places->offset[plane] + layout.offset;
    return !dedicated.requiresDedicatedAllocation && layout.offset % PLANE_ALIGN == 0 &&
           layout.rowPitch % row_unit(p) == 0 && places->type_bits;
}

static void destroy_images(struct fr_vk_picture *p)
{
    for (uint32_t i = 0; i < 2; i++) {
        p->device->vk.DestroyImage(p->device->device, p->image[i], NULL);
        p->image[i] = VK_NULL_HANDLE;
    }
}

/* The images, or none. */
static void make_images(struct fr_vk_picture *p, struct places *places)
{
    *places = (struct places){.type_bits = UINT32_MAX};
    bool images = image_exists(p, 0, 0) && image_exists(p, 1, 0);
    find_handle_types(p, images);
    for (uint32_t i = 0; i < 2 && images; i++)
        images = make_image(p, i) == VK_SUCCESS && place_image(p, i, places);
    if (images)
        return;
    destroy_images(p);
    p->handle_types = 0;
    find_handle_types(p, false);
    place_without_images(p, places);
}

static VkResult make_buffer(struct fr_vk_picture *p, const struct places *places)
{
    const uint32_t families[2] = {p->device->family, p->device->copy_family};
    const VkExternalMemoryBufferCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, .handleTypes = p->handle_types};
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .pNext = p->handle_types ? &external : NULL,
        .size = places->offset[1] + places->bytes[1],
        .usage = BUFFER_USAGE,
        .sharingMode = families[0] == families[1] ? VK_SHARING_MODE_EXCLUSIVE : VK_SHARING_MODE_CONCURRENT,
        .queueFamilyIndexCount = 2,
        .pQueueFamilyIndices = families,
    };
    return p->device->vk.CreateBuffer(p->device->device, &info, NULL, &p->buffer);
}

static VkResult make_memory(struct fr_vk_picture *p, const struct places *places)
{
    const struct fr_vk_functions *vk = &p->device->vk;
    const VkBufferMemoryRequirementsInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2, .buffer = p->buffer};
    VkMemoryRequirements2 wants = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2};
    vk->GetBufferMemoryRequirements2(p->device->device, &info, &wants);
    const VkMemoryPropertyFlags mappable =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    p->bytes = wants.memoryRequirements.size;
    p->memory_type = fr_vk_memory_type(p->device, wants.memoryRequirements.memoryTypeBits & places->type_bits,
                                       VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, mappable);
    if (p->memory_type == UINT32_MAX || p->bytes > p->device->max_allocation_bytes)
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    p->direct = (p->device->memory.memoryTypes[p->memory_type].propertyFlags & mappable) == mappable;
    const VkExportMemoryAllocateInfo exported = {.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
                                                 .handleTypes = p->handle_types};
    const VkMemoryAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = p->handle_types ? &exported : NULL,
        .allocationSize = p->bytes,
        .memoryTypeIndex = p->memory_type,
    };
    VkResult result = vk->AllocateMemory(p->device->device, &allocate, NULL, &p->memory);
    if (result == VK_SUCCESS)
        result = vk->BindBufferMemory(p->device->device, p->buffer, p->memory, 0);
    for (uint32_t i = 0; i < 2 && result == VK_SUCCESS; i++)
        if (p->image[i])
            result = vk->BindImageMemory(p->device->device, p->image[i], p->memory, places->offset[i]);
    return result;
}

static void destroy_all(struct fr_vk_picture *p)
{
    const struct fr_vk_functions *vk = &p->device->vk;
    fr_vk_picture_finish_map(p);
    vk->DestroyCommandPool(p->device->device, p->leaving, NULL);
    destroy_images(p);
    vk->DestroyBuffer(p->device->device, p->buffer, NULL);
    vk->FreeMemory(p->device->device, p->memory, NULL);
    fr_vk_device_unref(p->device);
    free(p);
}

static struct fr_vk_picture *make(struct fr_vk_device *device, uint32_t width, uint32_t height,
                                  fr_format format)
{
    static uint32_t made; /* shared by all threads */
    struct fr_vk_picture *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->id = fr_add_acq_rel_u32(&made, 1);
    p->device = fr_vk_device_ref(device);
    p->serial = fr_vk_device_serial(device);
    p->width = width;
    p->height = height;
    p->format = format;
    return p;
}

fr_status fr_vk_picture_create(struct fr_vk_device *device, uint32_t width, uint32_t height, fr_format format,
                               struct fr_picture *out)
{
    if (fr_vk_device_is_lost(device))
        return FR_ERR_DEVICE_LOST;
    struct fr_vk_picture *p = make(device, width, height, format);
    if (!p)
        return FR_ERR_NO_MEMORY;
    struct places places;
    make_images(p, &places);
    VkResult result = make_buffer(p, &places);
    if (result == VK_SUCCESS)
        result = make_memory(p, &places);
    if (result != VK_SUCCESS) {
        const fr_status status = fr_vk_device_status(device, result);
        destroy_all(p);
        return status;
    }
    *out = (struct fr_picture){.object = p};
    return FR_OK;
}

bool fr_vk_picture_layout(struct fr_vk_device *device, uint32_t width, uint32_t height, fr_format format,
                          VkDeviceSize pitch_bytes[2])
{
    struct fr_vk_picture *p = make(device, width, height, format);
    if (!p)
        return false;
    struct places places;
    make_images(p, &places);
    const bool images = p->image[0] != VK_NULL_HANDLE;
    memcpy(pitch_bytes, p->pitch_bytes, sizeof(p->pitch_bytes));
    destroy_all(p);
    return images;
}

void fr_vk_picture_destroy(struct fr_picture *picture)
{
    struct fr_vk_picture *p = picture->object;
    *picture = (struct fr_picture){0};
    if (!p)
        return;
    /* What a GPU that hangs may still write to is left to it. */
    if (fr_vk_device_wait(p->device, p->value, FR_VK_GPU_WAIT_NS) != FR_TIMEOUT &&
        fr_vk_device_wait_copied(p->device, p->staged_value, FR_VK_GPU_WAIT_NS) != FR_TIMEOUT)
        destroy_all(p);
}

void fr_vk_picture_get(const struct fr_picture *picture, fr_vulkan_picture *out)
{
    const struct fr_vk_picture *const p = picture->object;
    fr_vk_device_lock(p->device);
    const uint64_t value = p->value;
    const VkImageLayout layout[2] = {p->layout[0], p->layout[1]};
    fr_vk_device_unlock(p->device);
    PFN_vkGetInstanceProcAddr get = p->device->get_instance_proc_addr;
    *out = (fr_vulkan_picture){
        .instance = p->device->instance,
        .physical_device = p->device->physical,
        .device = p->device->device,
        .extensions = p->device->extension,
        .num_extensions = p->device->num_extensions,
        .queue_family = p->device->family,
        .layout = {(uint32_t)layout[0], (uint32_t)layout[1]},
        .image = {(uint64_t)(uintptr_t)p->image[0], (uint64_t)(uintptr_t)p->image[1]},
        .buffer = (uint64_t)(uintptr_t)p->buffer,
        .memory = (uint64_t)(uintptr_t)p->memory,
        .offset_bytes = {p->offset_bytes[0], p->offset_bytes[1]},
        .pitch_bytes = {p->pitch_bytes[0], p->pitch_bytes[1]},
        .bytes = p->bytes,
        .semaphore = (uint64_t)(uintptr_t)p->device->progress,
        .value = value,
        .id = p->id,
        .render_node = p->device->render_node,
        .patience_ns = fr_vk_device_patience(p->device, FR_VK_GPU_WAIT_NS),
    };
    memcpy(out->device_uuid, p->device->gpu.device_uuid, sizeof(out->device_uuid));
    memcpy(&out->get_instance_proc_addr, &get, sizeof(get));
}

fr_status fr_vk_picture_wait(const struct fr_picture *picture)
{
    const struct fr_vk_picture *const p = picture->object;
    fr_vk_device_lock(p->device);
    const uint64_t value = p->value;
    fr_vk_device_unlock(p->device);
    return fr_vk_device_wait(p->device, value, FR_VK_GPU_WAIT_NS);
}

void fr_vk_picture_left(const struct fr_picture *picture, const uint32_t layout[2])
{
    struct fr_vk_picture *const p = picture->object;
    fr_vk_device_lock(p->device);
    p->layout[0] = (VkImageLayout)layout[0];
    p->layout[1] = (VkImageLayout)layout[1];
    fr_vk_device_unlock(p->device);
}

fr_vulkan_device *fr_vk_picture_device(const struct fr_picture *picture)
{
    const struct fr_vk_picture *const p = picture->object;
    return (fr_vulkan_device *)(void *)fr_vk_device_ref(p->device);
}

static struct fr_vk_device *held(fr_vulkan_device *device)
{
    return (struct fr_vk_device *)(void *)device;
}

void fr_vk_held_device_release(fr_vulkan_device *device)
{
    fr_vk_device_unref(held(device));
}

void fr_vk_held_device_lock(fr_vulkan_device *device, bool lock)
{
    if (lock)
        fr_vk_device_lock(held(device));
    else
        fr_vk_device_unlock(held(device));
}
