/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "vulkan/lend.h"
#include "vulkan/lend_inside.h"

#include <string.h>
#include <unistd.h>

enum { IMPORTED_MAX = 64, WAITS_MAX = 32, BARRIERS_MAX = 16, PITCH_BYTES = 4096 };

static const char *const lent[] = {
    VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME, VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
    VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME};
enum { LENT = sizeof(lent) / sizeof(lent[0]) };

/* The tests have one thread that calls Vulkan, and one queue at a time. */
static bool on;
static VkInstance last_instance;
static VkQueue last_queue;
static VkSemaphore imported[IMPORTED_MAX]; /* the next wait for them is over already */

void lend_dma_buf(bool value)
{
    on = value;
    lend_forget_fences();
    memset(imported, 0, sizeof(imported));
}

bool lend_is_on(void)
{
    return on;
}

#define REAL(name) ((PFN_vk##name)fr_vk_loader(NULL)(last_instance, "vk" #name))

/* ---- what the device can ---- */

static VkResult VKAPI_CALL lend_EnumerateDeviceExtensionProperties(VkPhysicalDevice physical,
                                                                   const char *layer, uint32_t *count,
                                                                   VkExtensionProperties *list)
{
    uint32_t real = list ? *count - LENT : 0;
    const VkResult result = REAL(EnumerateDeviceExtensionProperties)(physical, layer, &real, list);
    for (uint32_t i = 0; list && i < LENT; i++)
        list[real + i] = (VkExtensionProperties){.specVersion = 1};
    for (uint32_t i = 0; list && i < LENT; i++)
        strcpy(list[real + i].extensionName, lent[i]);
    *count = real + LENT;
    return result;
}

static VkResult VKAPI_CALL lend_CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                             const VkAllocationCallbacks *allocator, VkDevice *out)
{
    const char *names[64];
    VkDeviceCreateInfo own = *info;
    own.ppEnabledExtensionNames = names;
    own.enabledExtensionCount = 0;
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
        bool real = true;
        for (uint32_t k = 0; k < LENT; k++)
            real = real && strcmp(info->ppEnabledExtensionNames[i], lent[k]) != 0;
        if (real)
            names[own.enabledExtensionCount++] = info->ppEnabledExtensionNames[i];
    }
    return REAL(CreateDevice)(physical, &own, allocator, out);
}

static void VKAPI_CALL lend_GetPhysicalDeviceFormatProperties2(VkPhysicalDevice physical, VkFormat format,
                                                               VkFormatProperties2 *out)
{
    VkDrmFormatModifierPropertiesListEXT *list = out->pNext;
    VkFormatProperties2 plain = {.sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2};
    REAL(GetPhysicalDeviceFormatProperties2)(physical, format, &plain);
    out->formatProperties = plain.formatProperties;
    if (!list || list->sType != VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT)
        return;
    list->drmFormatModifierCount = 1;
    if (list->pDrmFormatModifierProperties)
        list->pDrmFormatModifierProperties[0] = (VkDrmFormatModifierPropertiesEXT){
            .drmFormatModifierPlaneCount = 1,
            .drmFormatModifierTilingFeatures = plain.formatProperties.optimalTilingFeatures,
        };
}

static VkResult VKAPI_CALL lend_GetPhysicalDeviceImageFormatProperties2(
    VkPhysicalDevice physical, const VkPhysicalDeviceImageFormatInfo2 *info, VkImageFormatProperties2 *out)
{
    const VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
    };
    VkPhysicalDeviceImageFormatInfo2 own = *info;
    if (info->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) {
        own.tiling = VK_IMAGE_TILING_OPTIMAL;
        own.pNext = &external;
    }
    return REAL(GetPhysicalDeviceImageFormatProperties2)(physical, &own, out);
}

/* Mesa's driver says yes to whatever it does not know. */
static void VKAPI_CALL lend_GetPhysicalDeviceExternalBufferProperties(
    VkPhysicalDevice physical, const VkPhysicalDeviceExternalBufferInfo *info,
    VkExternalBufferProperties *out)
{
    REAL(GetPhysicalDeviceExternalBufferProperties)(physical, info, out);
    if (info->handleType == VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT)
        out->externalMemoryProperties = (VkExternalMemoryProperties){0};
}

static void VKAPI_CALL lend_GetPhysicalDeviceExternalSemaphoreProperties(
    VkPhysicalDevice physical, const VkPhysicalDeviceExternalSemaphoreInfo *info,
    VkExternalSemaphoreProperties *out)
{
    REAL(GetPhysicalDeviceExternalSemaphoreProperties)(physical, info, out);
    if (info->handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT)
        out->externalSemaphoreFeatures =
            VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
}

/* ---- images ---- */

static VkResult VKAPI_CALL lend_CreateImage(VkDevice device, const VkImageCreateInfo *info,
                                            const VkAllocationCallbacks *allocator, VkImage *out)
{
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
    };
    VkImageCreateInfo own = *info;
    if (info->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) {
        own.tiling = VK_IMAGE_TILING_OPTIMAL;
        own.pNext = &external;
    }
    return REAL(CreateImage)(device, &own, allocator, out);
}

static uint32_t own_family(uint32_t family)
{
    return family == VK_QUEUE_FAMILY_FOREIGN_EXT ? VK_QUEUE_FAMILY_EXTERNAL : family;
}

static void VKAPI_CALL lend_CmdPipelineBarrier(VkCommandBuffer commands, VkPipelineStageFlags before,
                                               VkPipelineStageFlags after, VkDependencyFlags flags,
                                               uint32_t num_memory, const VkMemoryBarrier *memory,
                                               uint32_t num_buffers, const VkBufferMemoryBarrier *buffers,
                                               uint32_t num_images, const VkImageMemoryBarrier *images)
{
    VkImageMemoryBarrier own[BARRIERS_MAX];
    VkBufferMemoryBarrier own_buffers[BARRIERS_MAX];
    assert_true(num_images <= BARRIERS_MAX && num_buffers <= BARRIERS_MAX);
    for (uint32_t i = 0; i < num_buffers; i++) {
        own_buffers[i] = buffers[i];
        own_buffers[i].srcQueueFamilyIndex = own_family(buffers[i].srcQueueFamilyIndex);
        own_buffers[i].dstQueueFamilyIndex = own_family(buffers[i].dstQueueFamilyIndex);
    }
    for (uint32_t i = 0; i < num_images; i++) {
        own[i] = images[i];
        own[i].srcQueueFamilyIndex = own_family(images[i].srcQueueFamilyIndex);
        own[i].dstQueueFamilyIndex = own_family(images[i].dstQueueFamilyIndex);
    }
    REAL(CmdPipelineBarrier)
    (commands, before, after, flags, num_memory, memory, num_buffers, own_buffers, num_images, own);
}

static VkResult VKAPI_CALL lend_GetImageDrmFormatModifierPropertiesEXT(
    VkDevice device, VkImage image, VkImageDrmFormatModifierPropertiesEXT *out)
{
    (void)device, (void)image;
    out->drmFormatModifier = 0;
    return VK_SUCCESS;
}

static void VKAPI_CALL lend_GetImageSubresourceLayout(VkDevice device, VkImage image,
                                                      const VkImageSubresource *part,
                                                      VkSubresourceLayout *out)
{
    if (part->aspectMask == VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT)
        *out = (VkSubresourceLayout){.rowPitch = PITCH_BYTES};
    else
        REAL(GetImageSubresourceLayout)(device, image, part, out);
}

/* The chains of src/backend/vulkan/memory.c: a dedicated one before what exports or imports. */
static VkResult VKAPI_CALL lend_AllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
                                               const VkAllocationCallbacks *allocator, VkDeviceMemory *out)
{
    VkMemoryAllocateInfo own = *info;
    VkMemoryDedicatedAllocateInfo dedicated;
    VkExportMemoryAllocateInfo exported;
    VkImportMemoryFdInfoKHR import;
    const VkBaseInStructure *how = info->pNext;
    const void **link = &own.pNext;
    if (how && how->sType == VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO) {
        memcpy(&dedicated, how, sizeof(dedicated));
        own.pNext = &dedicated;
        link = &dedicated.pNext;
        how = how->pNext;
    }
    if (how && how->sType == VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO) {
        memcpy(&exported, how, sizeof(exported));
        exported.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
        *link = &exported;
    } else if (how && how->sType == VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR) {
        memcpy(&import, how, sizeof(import));
        import.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
        *link = &import;
    }
    return REAL(AllocateMemory)(device, &own, allocator, out);
}

static VkResult VKAPI_CALL lend_GetMemoryFdKHR(VkDevice device, const VkMemoryGetFdInfoKHR *info, int *out)
{
    VkMemoryGetFdInfoKHR own = *info;
    own.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    const VkResult result = REAL(GetMemoryFdKHR)(device, &own, out);
    if (result == VK_SUCCESS && info->handleType == VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT)
        lend_note_buffer(*out);
    return result;
}

static VkResult VKAPI_CALL lend_GetMemoryFdPropertiesKHR(VkDevice device,
                                                         VkExternalMemoryHandleTypeFlagBits type, int fd,
                                                         VkMemoryFdPropertiesKHR *out)
{
    (void)device, (void)type, (void)fd;
    out->memoryTypeBits = UINT32_MAX;
    return VK_SUCCESS;
}

/* ---- semaphores ---- */

static VkSemaphore *find(VkSemaphore semaphore)
{
    for (size_t i = 0; i < IMPORTED_MAX; i++)
        if (imported[i] == semaphore)
            return &imported[i];
    return NULL;
}

static VkResult VKAPI_CALL lend_CreateSemaphore(VkDevice device, const VkSemaphoreCreateInfo *info,
                                                const VkAllocationCallbacks *allocator, VkSemaphore *out)
{
    const VkBaseInStructure *next = info->pNext;
    VkSemaphoreCreateInfo own = *info;
    if (next && next->sType == VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO)
        own.pNext = NULL;
    return REAL(CreateSemaphore)(device, &own, allocator, out);
}

static void VKAPI_CALL lend_DestroySemaphore(VkDevice device, VkSemaphore semaphore,
                                             const VkAllocationCallbacks *allocator)
{
    VkSemaphore *noted = semaphore ? find(semaphore) : NULL;
    if (noted)
        *noted = VK_NULL_HANDLE;
    REAL(DestroySemaphore)(device, semaphore, allocator);
}

/* Unsignals it, when what was to signal it is done. */
static VkResult VKAPI_CALL lend_GetSemaphoreFdKHR(VkDevice device, const VkSemaphoreGetFdInfoKHR *info,
                                                  int *fd)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &info->semaphore,
        .pWaitDstStageMask = &stage,
    };
    (void)device;
    assert_int_equal(info->handleType, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT);
    VkResult result = REAL(QueueSubmit)(last_queue, 1, &submit, VK_NULL_HANDLE);
    if (result == VK_SUCCESS)
        result = REAL(QueueWaitIdle)(last_queue);
    if (result != VK_SUCCESS)
        return result;
    *fd = lend_fence();
    lend_signal(*fd, false);
    return VK_SUCCESS;
}

static VkResult VKAPI_CALL lend_ImportSemaphoreFdKHR(VkDevice device, const VkImportSemaphoreFdInfoKHR *info)
{
    (void)device;
    assert_int_equal(info->handleType, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT);
    assert_true(info->flags & VK_SEMAPHORE_IMPORT_TEMPORARY_BIT);
    VkSemaphore *place = find(info->semaphore);
    place = place ? place : find(VK_NULL_HANDLE);
    assert_non_null(place);
    *place = info->semaphore;
    close(info->fd);
    return VK_SUCCESS;
}

/* Without the waits that are over. */
static void strip(VkSubmitInfo *own, VkSemaphore waits[WAITS_MAX], VkPipelineStageFlags stages[WAITS_MAX],
                  VkTimelineSemaphoreSubmitInfo *values, uint64_t numbers[WAITS_MAX])
{
    const VkBaseInStructure *next = own->pNext;
    const VkTimelineSemaphoreSubmitInfo *given =
        next && next->sType == VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO ? (const void *)next : NULL;
    uint32_t kept = 0;
    assert_true(own->waitSemaphoreCount <= WAITS_MAX);
    for (uint32_t i = 0; i < own->waitSemaphoreCount; i++) {
        VkSemaphore *noted = find(own->pWaitSemaphores[i]);
        if (noted) {
            *noted = VK_NULL_HANDLE;
            continue;
        }
        waits[kept] = own->pWaitSemaphores[i];
        stages[kept] = own->pWaitDstStageMask[i];
        numbers[kept++] = given && i < given->waitSemaphoreValueCount ? given->pWaitSemaphoreValues[i] : 0;
    }
    own->waitSemaphoreCount = kept;
    own->pWaitSemaphores = waits;
    own->pWaitDstStageMask = stages;
    if (!given)
        return;
    *values = *given;
    values->waitSemaphoreValueCount = kept;
    values->pWaitSemaphoreValues = numbers;
    own->pNext = values;
}

static VkResult VKAPI_CALL lend_QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                                            VkFence fence)
{
    VkSubmitInfo own[4];
    VkSemaphore waits[4][WAITS_MAX];
    VkPipelineStageFlags stages[4][WAITS_MAX];
    VkTimelineSemaphoreSubmitInfo values[4];
    uint64_t numbers[4][WAITS_MAX];
    assert_true(count <= 4);
    last_queue = queue;
    for (uint32_t i = 0; i < count; i++) {
        own[i] = infos[i];
        strip(&own[i], waits[i], stages[i], &values[i], numbers[i]);
    }
    return REAL(QueueSubmit)(queue, count, own, fence);
}

/* ---- the loader ---- */

static PFN_vkVoidFunction VKAPI_CALL lend_GetDeviceProcAddr(VkDevice device, const char *name);

#define ENTRY(name)                                                                                          \
    {                                                                                                        \
        "vk" #name, (PFN_vkVoidFunction)lend_##name                                                          \
    }

static const struct {
    const char *name;
    PFN_vkVoidFunction function;
} entries[] = {
    ENTRY(EnumerateDeviceExtensionProperties),
    ENTRY(CreateDevice),
    ENTRY(GetPhysicalDeviceFormatProperties2),
    ENTRY(GetPhysicalDeviceImageFormatProperties2),
    ENTRY(GetPhysicalDeviceExternalBufferProperties),
    ENTRY(GetPhysicalDeviceExternalSemaphoreProperties),
    ENTRY(CreateImage),
    ENTRY(CmdPipelineBarrier),
    ENTRY(GetImageDrmFormatModifierPropertiesEXT),
    ENTRY(GetImageSubresourceLayout),
    ENTRY(AllocateMemory),
    ENTRY(GetMemoryFdKHR),
    ENTRY(GetMemoryFdPropertiesKHR),
    ENTRY(CreateSemaphore),
    ENTRY(DestroySemaphore),
    ENTRY(GetSemaphoreFdKHR),
    ENTRY(ImportSemaphoreFdKHR),
    ENTRY(QueueSubmit),
    ENTRY(GetDeviceProcAddr),
};

static PFN_vkVoidFunction wrapper_of(const char *name)
{
    for (size_t i = 0; on && i < sizeof(entries) / sizeof(entries[0]); i++)
        if (!strcmp(entries[i].name, name))
            return entries[i].function;
    return NULL;
}

static PFN_vkVoidFunction VKAPI_CALL lend_GetDeviceProcAddr(VkDevice device, const char *name)
{
    const PFN_vkVoidFunction wrapper = wrapper_of(name);
    return wrapper ? wrapper : REAL(GetDeviceProcAddr)(device, name);
}

PFN_vkVoidFunction VKAPI_CALL lend_get(VkInstance instance, const char *name)
{
    if (instance)
        last_instance = instance;
    const PFN_vkVoidFunction wrapper = wrapper_of(name);
    return wrapper ? wrapper : fr_vk_loader(NULL)(instance, name);
}
