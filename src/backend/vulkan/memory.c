/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "backend/vulkan/memory.h"

#include "backend/vulkan/format.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static VkExternalMemoryHandleTypeFlagBits handle_type_of(enum fr_slots_kind kind)
{
    return kind == FR_SLOTS_DMA_BUF ? VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
                                    : VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
}

VkImageUsageFlags fr_vk_slot_usage(const struct fr_vk_device *device, enum fr_slots_kind kind,
                                   fr_format format)
{
    for (uint32_t i = 0; i < FR_VK_RING_FORMATS && kind == FR_SLOTS_OPAQUE_FD; i++)
        if (fr_vk_ring_formats[i] == format)
            return device->slot_usage[i];
    return FR_VK_SLOT_USAGE;
}

/* EXTERNAL reaches no further than one device and driver. */
uint32_t fr_vk_outside_family(enum fr_slots_kind kind, const struct fr_gpu *a, const struct fr_gpu *b)
{
    return kind == FR_SLOTS_DMA_BUF && !fr_vk_gpu_equal(a, b) ? VK_QUEUE_FAMILY_FOREIGN_EXT
                                                              : VK_QUEUE_FAMILY_EXTERNAL;
}

/* `tiling`: what a DMA-BUF's modifier is to be, else NULL. */
static VkResult make_image(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                           const void *tiling, VkImage *out)
{
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = tiling,
        .handleTypes = handle_type_of(sharing->kind),
    };
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .pNext = &external,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = fr_vk_format(sharing->format),
        .extent = {sharing->width, sharing->height, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = tiling ? VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT : VK_IMAGE_TILING_OPTIMAL,
        .usage = fr_vk_slot_usage(device, sharing->kind, sharing->format),
        .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
    };
    const VkResult result = device->vk.CreateImage(device->device, &info, NULL, out);
    if (result != VK_SUCCESS)
        *out = VK_NULL_HANDLE;
    return result;
}

/* What an image wants of its memory. */
struct needs {
    VkDeviceSize bytes;
    uint32_t type_bits;
    bool dedicated;
};

static struct needs needs_of(const struct fr_vk_device *device, VkImage image)
{
    VkMemoryDedicatedRequirements dedicated = {.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_REQUIREMENTS};
    VkMemoryRequirements2 wanted = {.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2, .pNext = &dedicated};
    const VkImageMemoryRequirementsInfo2 info = {.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
                                                 .image = image};
    device->vk.GetImageMemoryRequirements2(device->device, &info, &wanted);
    return (struct needs){
        .bytes = wanted.memoryRequirements.size,
        .type_bits = wanted.memoryRequirements.memoryTypeBits,
        .dedicated = dedicated.prefersDedicatedAllocation || dedicated.requiresDedicatedAllocation,
    };
}

/* `how`: an export or an import. */
static VkResult give_memory(const struct fr_vk_device *device, const struct needs *needs, VkDeviceSize bytes,
                            uint32_t type, const void *how, struct fr_vk_image *image)
{
    const VkMemoryDedicatedAllocateInfo dedicated = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .pNext = how,
        .image = image->image,
    };
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = needs->dedicated ? &dedicated : how,
        .allocationSize = bytes,
        .memoryTypeIndex = type,
    };
    const VkResult result = device->vk.AllocateMemory(device->device, &info, NULL, &image->memory);
    if (result != VK_SUCCESS) {
        image->memory = VK_NULL_HANDLE;
        return result;
    }
    return device->vk.BindImageMemory(device->device, image->image, image->memory, 0);
}

static uint32_t planes_of(const struct fr_vk_device *device, fr_format format, uint64_t modifier)
{
    VkDrmFormatModifierPropertiesEXT list[FR_VK_MODIFIERS_LISTED_MAX];
    const uint32_t count = fr_vk_device_modifiers(device, format, list);
    for (uint32_t i = 0; i < count; i++)
        if (list[i].drmFormatModifier == modifier)
            return list[i].drmFormatModifierPlaneCount;
    return 0;
}

static const VkImageAspectFlags plane_aspect[FR_GPU_PLANES_MAX] = {
    VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT,
    VK_IMAGE_ASPECT_MEMORY_PLANE_1_BIT_EXT,
    VK_IMAGE_ASPECT_MEMORY_PLANE_2_BIT_EXT,
    VK_IMAGE_ASPECT_MEMORY_PLANE_3_BIT_EXT,
};

/* Which of the modifiers the driver took, and where its planes lie. */
static VkResult describe_planes(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                                VkImage image, struct fr_gpu_image *layout)
{
    VkImageDrmFormatModifierPropertiesEXT chosen = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_PROPERTIES_EXT};
    const VkResult result = device->vk.GetImageDrmFormatModifierPropertiesEXT(device->device, image, &chosen);
    if (result != VK_SUCCESS)
        return result;
    layout->modifier = chosen.drmFormatModifier;
    layout->num_planes = planes_of(device, sharing->format, layout->modifier);
    if (!layout->num_planes || layout->num_planes > FR_GPU_PLANES_MAX)
        return VK_ERROR_FORMAT_NOT_SUPPORTED;
    for (uint32_t i = 0; i < layout->num_planes; i++) {
        const VkImageSubresource plane = {.aspectMask = plane_aspect[i]};
        VkSubresourceLayout where;
        device->vk.GetImageSubresourceLayout(device->device, image, &plane, &where);
        layout->plane_offset[i] = where.offset;
        layout->plane_pitch_bytes[i] = where.rowPitch;
    }
    return VK_SUCCESS;
}

/* A software driver's memory is a file: one that others could cut would take our pages away. */
static bool stays(int fd, VkDeviceSize bytes)
{
    struct stat file;
    if (fstat(fd, &file) != 0)
        return false;
    if (!S_ISREG(file.st_mode))
        return true;
    const int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & F_SEAL_SHRINK) && (uintmax_t)file.st_size >= bytes;
}

VkResult fr_vk_memory_export(const struct fr_vk_device *device, VkDeviceMemory memory,
                             VkExternalMemoryHandleTypeFlagBits type, int *fd)
{
    const VkMemoryGetFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
        .memory = memory,
        .handleType = type,
    };
    const VkResult result = device->vk.GetMemoryFdKHR(device->device, &info, fd);
    if (result != VK_SUCCESS || type != VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT) {
        *fd = result == VK_SUCCESS ? *fd : -1;
        return result;
    }
    /* What the driver has sealed itself takes no more seals. */
    (void)fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
    if (stays(*fd, 0))
        return VK_SUCCESS;
    close(*fd);
    *fd = -1;
    return VK_ERROR_INVALID_EXTERNAL_HANDLE;
}

static VkResult back_exported(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                              struct fr_vk_image *image, struct fr_gpu_image *layout, int *fd)
{
    const VkExportMemoryAllocateInfo how = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .handleTypes = handle_type_of(sharing->kind),
    };
    const struct needs needs = needs_of(device, image->image);
    layout->bytes = needs.bytes;
    layout->memory_type = fr_vk_memory_type(device, needs.type_bits, 0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    if (layout->memory_type == UINT32_MAX || needs.bytes > device->max_allocation_bytes)
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    VkResult result = give_memory(device, &needs, needs.bytes, layout->memory_type, &how, image);
    if (result == VK_SUCCESS && sharing->kind == FR_SLOTS_DMA_BUF)
        result = describe_planes(device, sharing, image->image, layout);
    if (result == VK_SUCCESS)
        result = fr_vk_memory_export(device, image->memory, handle_type_of(sharing->kind), fd);
    return result;
}

VkResult fr_vk_image_export(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                            struct fr_vk_image *out, struct fr_gpu_image *layout, int *fd)
{
    const VkImageDrmFormatModifierListCreateInfoEXT any_of = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
        .drmFormatModifierCount = sharing->num_modifiers,
        .pDrmFormatModifiers = sharing->modifiers,
    };
    *out = (struct fr_vk_image){VK_NULL_HANDLE, VK_NULL_HANDLE};
    *layout = (struct fr_gpu_image){0};
    *fd = -1;
    VkResult result =
        make_image(device, sharing, sharing->kind == FR_SLOTS_DMA_BUF ? &any_of : NULL, &out->image);
    if (result == VK_SUCCESS)
        result = back_exported(device, sharing, out, layout, fd);
    if (result != VK_SUCCESS)
        fr_vk_image_destroy(device, out);
    return result;
}

/* The peer made it: what it says of it has to hold what our image needs. */
static VkResult check_import(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                             const struct needs *needs, const struct fr_gpu_image *layout, int fd,
                             VkDeviceSize *bytes, uint32_t *type)
{
    if (sharing->kind == FR_SLOTS_OPAQUE_FD) {
        const bool fits = stays(fd, layout->bytes) && layout->bytes >= needs->bytes &&
                          layout->memory_type < device->memory.memoryTypeCount &&
                          (needs->type_bits & (UINT32_C(1) << layout->memory_type));
        *bytes = layout->bytes;
        *type = layout->memory_type;
        return fits ? VK_SUCCESS : VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    const off_t end = lseek(fd, 0, SEEK_END);
    VkMemoryFdPropertiesKHR allowed = {.sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR};
    if (end < 0 || (VkDeviceSize)end < needs->bytes)
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    const VkResult result = device->vk.GetMemoryFdPropertiesKHR(
        device->device, VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT, fd, &allowed);
    if (result != VK_SUCCESS)
        return result;
    *bytes = needs->bytes;
    *type = fr_vk_memory_type(device, needs->type_bits & allowed.memoryTypeBits, 0,
                              VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    return *type == UINT32_MAX ? VK_ERROR_INVALID_EXTERNAL_HANDLE : VK_SUCCESS;
}

static VkResult back_imported(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                              const struct fr_gpu_image *layout, int fd, struct fr_vk_image *image)
{
    const struct needs needs = needs_of(device, image->image);
    VkDeviceSize bytes;
    uint32_t type;
    const VkResult result = check_import(device, sharing, &needs, layout, fd, &bytes, &type);
    if (result != VK_SUCCESS)
        return result;
    /* A successful import owns its descriptor. */
    const VkImportMemoryFdInfoKHR how = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
        .handleType = handle_type_of(sharing->kind),
        .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
    };
    if (how.fd < 0)
        return VK_ERROR_TOO_MANY_OBJECTS;
    const VkResult given = give_memory(device, &needs, bytes, type, &how, image);
    if (!image->memory)
        close(how.fd);
    return given;
}

VkResult fr_vk_image_import(const struct fr_vk_device *device, const struct fr_vk_sharing *sharing,
                            const struct fr_gpu_image *layout, int fd, struct fr_vk_image *out)
{
    VkSubresourceLayout plane[FR_GPU_PLANES_MAX] = {{0}};
    const VkImageDrmFormatModifierExplicitCreateInfoEXT exactly = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
        .drmFormatModifier = layout->modifier,
        .drmFormatModifierPlaneCount = layout->num_planes,
        .pPlaneLayouts = plane,
    };
    const bool dma_buf = sharing->kind == FR_SLOTS_DMA_BUF;
    *out = (struct fr_vk_image){VK_NULL_HANDLE, VK_NULL_HANDLE};
    if (dma_buf &&
        (!layout->num_planes || layout->num_planes != planes_of(device, sharing->format, layout->modifier)))
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    for (uint32_t i = 0; i < layout->num_planes && i < FR_GPU_PLANES_MAX; i++)
        plane[i] = (VkSubresourceLayout){.offset = layout->plane_offset[i],
                                         .rowPitch = layout->plane_pitch_bytes[i]};
    VkResult result = make_image(device, sharing, dma_buf ? &exactly : NULL, &out->image);
    if (result == VK_SUCCESS)
        result = back_imported(device, sharing, layout, fd, out);
    if (result != VK_SUCCESS)
        fr_vk_image_destroy(device, out);
    return result;
}

void fr_vk_image_destroy(const struct fr_vk_device *device, struct fr_vk_image *image)
{
    if (image->image)
        device->vk.DestroyImage(device->device, image->image, NULL);
    if (image->memory)
        device->vk.FreeMemory(device->device, image->memory, NULL);
    *image = (struct fr_vk_image){VK_NULL_HANDLE, VK_NULL_HANDLE};
}

VkResult fr_vk_view_create(const struct fr_vk_device *device, VkImage image, VkFormat format,
                           VkImageUsageFlags usage, VkImageView *out)
{
    const VkImageViewUsageCreateInfo only = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_USAGE_CREATE_INFO,
        .usage = usage,
    };
    const VkImageViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .pNext = &only,
        .image = image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1},
    };
    const VkResult result = device->vk.CreateImageView(device->device, &info, NULL, out);
    if (result != VK_SUCCESS)
        *out = VK_NULL_HANDLE;
    return result;
}
