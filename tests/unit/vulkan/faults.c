/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "vulkan/faults.h"
#include "vulkan/lend.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The tests that use it have one thread that calls Vulkan. */
static VkInstance last_instance, foreign; /* foreign: not made here, of a program's device */
static unsigned countdown, looks;
static VkResult failure;
static const char *hit, *hidden;
static bool paused, shared_timelines, hanging;
static VkDeviceSize heap_bytes;
static uint32_t range_bytes;
static struct faults_transfers transfers;
static int (*make_sync_file)(void);
enum { QUEUES_MAX = 16 };

static VkDevice newest, lost;
static struct {
    VkQueue queue;
    VkDevice device;
} queues[QUEUES_MAX]; /* the last that programs were given */
static size_t num_queues;
static unsigned until_lost, losses;
static struct {
    VkFormat format;
    VkExternalMemoryHandleTypeFlags ways;
    VkExternalMemoryFeatureFlags features;
} unshared;

enum kind {
    INSTANCE,
    DEVICE,
    MEMORY,
    BUFFER,
    IMAGE,
    IMAGE_VIEW,
    SHADER_MODULE,
    SET_LAYOUT,
    DESCRIPTOR_POOL,
    PIPELINE_LAYOUT,
    PIPELINE,
    COMMAND_POOL,
    FENCE,
    SEMAPHORE,
    SAMPLER,
    KINDS
};

static const char *const kind_names[KINDS] = {
    "instance",   "device",        "memory",     "buffer",          "image",
    "image view", "shader module", "set layout", "descriptor pool", "pipeline layout",
    "pipeline",   "command pool",  "fence",      "semaphore",       "sampler",
};

static long alive[KINDS];

/* Those that are alive, of those that were made here. */
enum { INSTANCES_MAX = 16 };
static VkInstance instances[INSTANCES_MAX];

static long made_at(VkInstance instance)
{
    long at = 0;
    while (at < alive[INSTANCE] && instances[at] != instance)
        at++;
    return at;
}

void faults_at(unsigned nth, VkResult result)
{
    countdown = nth;
    looks = 0;
    failure = result;
    hit = nth ? NULL : hit;
}

void faults_lose(unsigned nth)
{
    until_lost = nth;
}

unsigned faults_lost(void)
{
    return losses;
}

void faults_unshare(VkFormat format, VkExternalMemoryHandleTypeFlags ways,
                    VkExternalMemoryFeatureFlags features)
{
    unshared.format = format;
    unshared.ways = ways;
    unshared.features = features;
}

const char *faults_hit(void)
{
    return hit;
}

void faults_pause(bool pause)
{
    paused = pause;
}

void faults_hang(bool on)
{
    hanging = on;
}

void faults_share_timelines(bool on)
{
    shared_timelines = on;
}

void faults_sync_files(int (*make)(void))
{
    make_sync_file = make;
}

void faults_heap(VkDeviceSize bytes)
{
    heap_bytes = bytes;
}

void faults_range(uint32_t bytes)
{
    range_bytes = bytes;
}

struct faults_transfers faults_transfers(void)
{
    const struct faults_transfers seen = transfers;
    transfers = (struct faults_transfers){0};
    return seen;
}

void faults_hide(const char *extension)
{
    hidden = extension;
}

long faults_alive(const char **what)
{
    long sum = 0;
    for (size_t i = 0; i < KINDS; i++) {
        sum += alive[i];
        if (alive[i])
            *what = kind_names[i];
    }
    return sum;
}

static bool must_fail(const char *name)
{
    if (paused || !countdown || --countdown)
        return false;
    hit = name;
    return true;
}

static PFN_vkVoidFunction real(const char *name)
{
    return lend_get(last_instance, name);
}

#define REAL(name) ((PFN_vk##name)real("vk" #name))

static VkDevice device_of(VkQueue queue)
{
    for (size_t i = num_queues; i > 0 && num_queues - i < QUEUES_MAX; i--)
        if (queues[(i - 1) % QUEUES_MAX].queue == queue)
            return queues[(i - 1) % QUEUES_MAX].device;
    return VK_NULL_HANDLE;
}

/* Looks in a row are one call. */
static bool is_lost(VkDevice device, bool look)
{
    static bool looked;
    if (paused)
        return false;
    const bool counts = until_lost && device == newest && newest != lost && !(look && looked);
    looked = look;
    if (counts && !--until_lost) {
        (void)REAL(DeviceWaitIdle)(newest);
        lost = newest;
        losses++;
    }
    return lost && device == lost;
}

/* A device that is lost has nothing under way. Calls without a device cannot say that it is. */
static VkResult refuse(VkDevice device)
{
    if (failure != VK_ERROR_DEVICE_LOST)
        return failure;
    if (device)
        (void)REAL(DeviceWaitIdle)(device);
    return device ? failure : VK_ERROR_OUT_OF_HOST_MEMORY;
}

/* Calls that make nothing. */
#define CALL(name, device, parameters, arguments)                                                            \
    static VkResult VKAPI_CALL wrap_##name parameters                                                        \
    {                                                                                                        \
        return must_fail("vk" #name) ? refuse(device) : REAL(name) arguments;                                \
    }

/* Calls that make one object. */
#define MAKE(name, kind, device, parameters, arguments)                                                      \
    static VkResult VKAPI_CALL wrap_Create##name parameters                                                  \
    {                                                                                                        \
        const VkResult result = must_fail("vkCreate" #name) ? refuse(device) : REAL(Create##name) arguments; \
        alive[kind] += result == VK_SUCCESS;                                                                 \
        return result;                                                                                       \
    }                                                                                                        \
    static void VKAPI_CALL wrap_Destroy##name(VkDevice device_, Vk##name object,                             \
                                              const VkAllocationCallbacks *allocator)                        \
    {                                                                                                        \
        alive[kind] -= object != VK_NULL_HANDLE;                                                             \
        REAL(Destroy##name)(device_, object, allocator);                                                     \
    }

#define MAKE_PLAIN(name, kind)                                                                               \
    MAKE(name, kind, d,                                                                                      \
         (VkDevice d, const Vk##name##CreateInfo *i, const VkAllocationCallbacks *a, Vk##name *o),           \
         (d, i, a, o))

MAKE_PLAIN(Buffer, BUFFER)
MAKE_PLAIN(Image, IMAGE)
MAKE_PLAIN(ImageView, IMAGE_VIEW)
MAKE_PLAIN(ShaderModule, SHADER_MODULE)
MAKE_PLAIN(DescriptorSetLayout, SET_LAYOUT)
MAKE_PLAIN(DescriptorPool, DESCRIPTOR_POOL)
MAKE_PLAIN(PipelineLayout, PIPELINE_LAYOUT)
MAKE_PLAIN(CommandPool, COMMAND_POOL)
MAKE_PLAIN(Fence, FENCE)
MAKE_PLAIN(Sampler, SAMPLER)

CALL(BindBufferMemory, d, (VkDevice d, VkBuffer b, VkDeviceMemory m, VkDeviceSize o), (d, b, m, o))
CALL(BindImageMemory, d, (VkDevice d, VkImage i, VkDeviceMemory m, VkDeviceSize o), (d, i, m, o))
CALL(MapMemory, d,
     (VkDevice d, VkDeviceMemory m, VkDeviceSize o, VkDeviceSize s, VkMemoryMapFlags f, void **p),
     (d, m, o, s, f, p))
CALL(AllocateDescriptorSets, d, (VkDevice d, const VkDescriptorSetAllocateInfo *i, VkDescriptorSet *o),
     (d, i, o))
CALL(AllocateCommandBuffers, d, (VkDevice d, const VkCommandBufferAllocateInfo *i, VkCommandBuffer *o),
     (d, i, o))
CALL(BeginCommandBuffer, NULL, (VkCommandBuffer c, const VkCommandBufferBeginInfo *i), (c, i))
CALL(EndCommandBuffer, NULL, (VkCommandBuffer c), (c))
CALL(ResetFences, d, (VkDevice d, uint32_t n, const VkFence *f), (d, n, f))
CALL(GetMemoryFdKHR, d, (VkDevice d, const VkMemoryGetFdInfoKHR *i, int *o), (d, i, o))
CALL(GetMemoryHostPointerPropertiesEXT, d,
     (VkDevice d, VkExternalMemoryHandleTypeFlagBits t, const void *p, VkMemoryHostPointerPropertiesEXT *o),
     (d, t, p, o))
CALL(EnumeratePhysicalDevices, NULL, (VkInstance i, uint32_t *n, VkPhysicalDevice *o), (i, n, o))

static VkResult VKAPI_CALL wrap_WaitForFences(VkDevice device, uint32_t count, const VkFence *fences,
                                              VkBool32 all, uint64_t timeout_ns)
{
    if (is_lost(device, false))
        return VK_ERROR_DEVICE_LOST;
    return must_fail("vkWaitForFences") ? refuse(device)
                                        : REAL(WaitForFences)(device, count, fences, all, timeout_ns);
}

/* ---- semaphores, and those that stand for others ---- */

enum { ALIASES = 64, SEMAPHORES_MAX = 32, LOOKS_MAX = 12 };

static struct {
    VkSemaphore alias, target;
} aliases[ALIASES];

static VkSemaphore target_of(VkSemaphore semaphore)
{
    for (size_t i = 0; i < ALIASES && semaphore; i++)
        if (aliases[i].alias == semaphore)
            return aliases[i].target;
    return semaphore;
}

static const VkSemaphore *targets(uint32_t count, const VkSemaphore *from, VkSemaphore *to)
{
    assert_true(count <= SEMAPHORES_MAX);
    for (uint32_t i = 0; i < count; i++)
        to[i] = target_of(from[i]);
    return to;
}

static VkResult VKAPI_CALL wrap_CreateSemaphore(VkDevice device, const VkSemaphoreCreateInfo *info,
                                                const VkAllocationCallbacks *allocator, VkSemaphore *out)
{
    VkSemaphoreCreateInfo plain = *info;
    VkSemaphoreTypeCreateInfo type;
    if (shared_timelines && info->pNext) {
        type = *(const VkSemaphoreTypeCreateInfo *)info->pNext;
        type.pNext = NULL;
        plain.pNext = &type;
    }
    const VkResult result = must_fail("vkCreateSemaphore")
                                ? refuse(device)
                                : REAL(CreateSemaphore)(device, &plain, allocator, out);
    alive[SEMAPHORE] += result == VK_SUCCESS;
    return result;
}

static void VKAPI_CALL wrap_DestroySemaphore(VkDevice device, VkSemaphore semaphore,
                                             const VkAllocationCallbacks *allocator)
{
    alive[SEMAPHORE] -= semaphore != VK_NULL_HANDLE;
    for (size_t i = 0; i < ALIASES; i++)
        if (aliases[i].alias == semaphore)
            aliases[i].alias = VK_NULL_HANDLE;
    REAL(DestroySemaphore)(device, semaphore, allocator);
}

static VkResult VKAPI_CALL wrap_GetSemaphoreFdKHR(VkDevice device, const VkSemaphoreGetFdInfoKHR *info,
                                                  int *fd)
{
    if (must_fail("vkGetSemaphoreFdKHR"))
        return refuse(device);
    if (info->handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT) {
        const VkResult result = REAL(GetSemaphoreFdKHR)(device, info, fd);
        if (result != VK_SUCCESS || !make_sync_file)
            return result;
        if (*fd >= 0)
            close(*fd);
        *fd = make_sync_file();
        return VK_SUCCESS;
    }
    if (!shared_timelines)
        return REAL(GetSemaphoreFdKHR)(device, info, fd);
    *fd = memfd_create("semaphore", MFD_CLOEXEC);
    assert_int_equal(write(*fd, &info->semaphore, sizeof(info->semaphore)), sizeof(info->semaphore));
    return VK_SUCCESS;
}

static VkResult VKAPI_CALL wrap_ImportSemaphoreFdKHR(VkDevice device, const VkImportSemaphoreFdInfoKHR *info)
{
    if (must_fail("vkImportSemaphoreFdKHR"))
        return refuse(device);
    if (!shared_timelines)
        return REAL(ImportSemaphoreFdKHR)(device, info);
    size_t free_at = 0;
    while (free_at < ALIASES && aliases[free_at].alias)
        free_at++;
    assert_true(free_at < ALIASES);
    aliases[free_at].alias = info->semaphore;
    assert_int_equal(pread(info->fd, &aliases[free_at].target, sizeof(VkSemaphore), 0), sizeof(VkSemaphore));
    close(info->fd);
    return VK_SUCCESS;
}

static void VKAPI_CALL wrap_GetPhysicalDeviceExternalSemaphoreProperties(
    VkPhysicalDevice physical, const VkPhysicalDeviceExternalSemaphoreInfo *info,
    VkExternalSemaphoreProperties *out)
{
    REAL(GetPhysicalDeviceExternalSemaphoreProperties)(physical, info, out);
    const bool opaque = info->handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
    if (shared_timelines)
        out->externalSemaphoreFeatures = opaque ? VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT |
                                                      VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT
                                                : 0u;
}

static VkResult VKAPI_CALL wrap_WaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info,
                                               uint64_t timeout_ns)
{
    VkSemaphore list[SEMAPHORES_MAX];
    VkSemaphoreWaitInfo own = *info;
    own.pSemaphores = targets(info->semaphoreCount, info->pSemaphores, list);
    if (hanging)
        return VK_TIMEOUT;
    if (is_lost(device, false))
        return VK_ERROR_DEVICE_LOST;
    return must_fail("vkWaitSemaphores") ? refuse(device) : REAL(WaitSemaphores)(device, &own, timeout_ns);
}

static VkResult VKAPI_CALL wrap_GetSemaphoreCounterValue(VkDevice device, VkSemaphore semaphore,
                                                         uint64_t *out)
{
    if (is_lost(device, true))
        return VK_ERROR_DEVICE_LOST;
    /* Who waits looks again and again: one look is as the other. */
    return looks++ < LOOKS_MAX && must_fail("vkGetSemaphoreCounterValue")
               ? refuse(device)
               : REAL(GetSemaphoreCounterValue)(device, target_of(semaphore), out);
}

static VkResult VKAPI_CALL wrap_QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                                            VkFence fence)
{
    if (is_lost(device_of(queue), false))
        return VK_ERROR_DEVICE_LOST;
    if (must_fail("vkQueueSubmit")) {
        /* A program's own device has one queue, which was not asked for here. */
        (void)(device_of(queue) ? REAL(DeviceWaitIdle)(device_of(queue)) : REAL(QueueWaitIdle)(queue));
        return failure;
    }
    VkSemaphore wait[4][SEMAPHORES_MAX], signal[4][SEMAPHORES_MAX];
    VkSubmitInfo own[4];
    assert_true(count <= 4);
    for (uint32_t i = 0; i < count; i++) {
        own[i] = infos[i];
        own[i].pWaitSemaphores = targets(infos[i].waitSemaphoreCount, infos[i].pWaitSemaphores, wait[i]);
        own[i].pSignalSemaphores =
            targets(infos[i].signalSemaphoreCount, infos[i].pSignalSemaphores, signal[i]);
    }
    return REAL(QueueSubmit)(queue, count, own, fence);
}

static bool is_outside(uint32_t family)
{
    return family == VK_QUEUE_FAMILY_EXTERNAL || family == VK_QUEUE_FAMILY_FOREIGN_EXT;
}

static void VKAPI_CALL wrap_CmdPipelineBarrier(VkCommandBuffer commands, VkPipelineStageFlags before,
                                               VkPipelineStageFlags after, VkDependencyFlags flags,
                                               uint32_t num_memory, const VkMemoryBarrier *memory,
                                               uint32_t num_buffers, const VkBufferMemoryBarrier *buffers,
                                               uint32_t num_images, const VkImageMemoryBarrier *images)
{
    for (uint32_t i = 0; i < num_images; i++) {
        const uint32_t from = images[i].srcQueueFamilyIndex, to = images[i].dstQueueFamilyIndex;
        transfers.external += from == VK_QUEUE_FAMILY_EXTERNAL || to == VK_QUEUE_FAMILY_EXTERNAL;
        transfers.foreign += from == VK_QUEUE_FAMILY_FOREIGN_EXT || to == VK_QUEUE_FAMILY_FOREIGN_EXT;
    }
    for (uint32_t i = 0; i < num_buffers; i++) {
        transfers.buffers_taken += is_outside(buffers[i].srcQueueFamilyIndex);
        transfers.buffers_given += is_outside(buffers[i].dstQueueFamilyIndex);
    }
    REAL(CmdPipelineBarrier)
    (commands, before, after, flags, num_memory, memory, num_buffers, buffers, num_images, images);
}

static void VKAPI_CALL wrap_GetPhysicalDeviceMemoryProperties(VkPhysicalDevice physical,
                                                              VkPhysicalDeviceMemoryProperties *out)
{
    REAL(GetPhysicalDeviceMemoryProperties)(physical, out);
    for (uint32_t i = 0; i < out->memoryHeapCount && heap_bytes; i++)
        out->memoryHeaps[i].size = heap_bytes;
}

static void VKAPI_CALL wrap_GetPhysicalDeviceProperties2(VkPhysicalDevice physical,
                                                         VkPhysicalDeviceProperties2 *out)
{
    REAL(GetPhysicalDeviceProperties2)(physical, out);
    if (range_bytes)
        out->properties.limits.maxStorageBufferRange = range_bytes;
}

static VkResult VKAPI_CALL wrap_GetPhysicalDeviceImageFormatProperties2(
    VkPhysicalDevice physical, const VkPhysicalDeviceImageFormatInfo2 *info, VkImageFormatProperties2 *out)
{
    const VkResult result = REAL(GetPhysicalDeviceImageFormatProperties2)(physical, info, out);
    const VkPhysicalDeviceExternalImageFormatInfo *external = info->pNext;
    VkExternalImageFormatProperties *shared = out->pNext;
    if (info->format != unshared.format || result != VK_SUCCESS || !external || !shared ||
        external->sType != VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO ||
        !(external->handleType & unshared.ways))
        return result;
    shared->externalMemoryProperties.externalMemoryFeatures &= unshared.features;
    return unshared.features ? result : VK_ERROR_FORMAT_NOT_SUPPORTED;
}

static VkResult VKAPI_CALL wrap_AllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
                                               const VkAllocationCallbacks *allocator, VkDeviceMemory *out)
{
    const VkResult result =
        must_fail("vkAllocateMemory") ? refuse(device) : REAL(AllocateMemory)(device, info, allocator, out);
    alive[MEMORY] += result == VK_SUCCESS;
    return result;
}

static void VKAPI_CALL wrap_FreeMemory(VkDevice device, VkDeviceMemory memory,
                                       const VkAllocationCallbacks *allocator)
{
    alive[MEMORY] -= memory != VK_NULL_HANDLE;
    REAL(FreeMemory)(device, memory, allocator);
}

static VkResult VKAPI_CALL wrap_CreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                                       const VkComputePipelineCreateInfo *infos,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkPipeline *out)
{
    const VkResult result = must_fail("vkCreateComputePipelines")
                                ? refuse(device)
                                : REAL(CreateComputePipelines)(device, cache, count, infos, allocator, out);
    alive[PIPELINE] += result == VK_SUCCESS ? (long)count : 0;
    return result;
}

static void VKAPI_CALL wrap_DestroyPipeline(VkDevice device, VkPipeline pipeline,
                                            const VkAllocationCallbacks *allocator)
{
    alive[PIPELINE] -= pipeline != VK_NULL_HANDLE;
    REAL(DestroyPipeline)(device, pipeline, allocator);
}

static VkResult VKAPI_CALL wrap_CreateInstance(const VkInstanceCreateInfo *info,
                                               const VkAllocationCallbacks *allocator, VkInstance *out)
{
    if (must_fail("vkCreateInstance"))
        return failure;
    const PFN_vkCreateInstance create =
        (PFN_vkCreateInstance)fr_vk_loader(NULL)(VK_NULL_HANDLE, "vkCreateInstance");
    const VkResult result = create(info, allocator, out);
    if (result != VK_SUCCESS)
        return result;
    assert_true(alive[INSTANCE] < INSTANCES_MAX);
    last_instance = instances[alive[INSTANCE]++] = *out;
    return result;
}

static void VKAPI_CALL wrap_DestroyInstance(VkInstance instance, const VkAllocationCallbacks *allocator)
{
    REAL(DestroyInstance)(instance, allocator);
    long at = made_at(instance);
    alive[INSTANCE]--;
    for (; at < alive[INSTANCE]; at++)
        instances[at] = instances[at + 1];
    if (last_instance == instance)
        last_instance = alive[INSTANCE] ? instances[alive[INSTANCE] - 1] : foreign;
}

static VkResult VKAPI_CALL wrap_CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                             const VkAllocationCallbacks *allocator, VkDevice *out)
{
    const char *names[64];
    VkDeviceCreateInfo own = *info;
    own.ppEnabledExtensionNames = names;
    own.enabledExtensionCount = 0;
    assert_true(info->enabledExtensionCount <= 64);
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++)
        if (!shared_timelines ||
            strcmp(info->ppEnabledExtensionNames[i], VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME) != 0)
            names[own.enabledExtensionCount++] = info->ppEnabledExtensionNames[i];
    const VkResult result =
        must_fail("vkCreateDevice") ? failure : REAL(CreateDevice)(physical, &own, allocator, out);
    alive[DEVICE] += result == VK_SUCCESS;
    if (result == VK_SUCCESS)
        newest = *out;
    return result;
}

static void VKAPI_CALL wrap_GetDeviceQueue(VkDevice device, uint32_t family, uint32_t index, VkQueue *out)
{
    REAL(GetDeviceQueue)(device, family, index, out);
    queues[num_queues % QUEUES_MAX].queue = *out;
    queues[num_queues++ % QUEUES_MAX].device = device;
}

static void VKAPI_CALL wrap_DestroyDevice(VkDevice device, const VkAllocationCallbacks *allocator)
{
    alive[DEVICE]--;
    /* Another one may get its handle. */
    if (device == lost)
        lost = VK_NULL_HANDLE;
    if (device == newest)
        newest = VK_NULL_HANDLE;
    REAL(DestroyDevice)(device, allocator);
}

static VkResult VKAPI_CALL wrap_EnumerateDeviceExtensionProperties(VkPhysicalDevice physical,
                                                                   const char *layer, uint32_t *count,
                                                                   VkExtensionProperties *list)
{
    if (must_fail("vkEnumerateDeviceExtensionProperties"))
        return failure;
    uint32_t room = *count;
    if (list && shared_timelines)
        (*count)--;
    const VkResult result = REAL(EnumerateDeviceExtensionProperties)(physical, layer, count, list);
    if (shared_timelines && list && *count < room)
        strcpy(list[*count].extensionName, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME);
    *count += shared_timelines;
    for (uint32_t i = 0; list && hidden && i < *count; i++)
        if (!strcmp(list[i].extensionName, hidden))
            list[i].extensionName[0] = '-';
    return result;
}

static PFN_vkVoidFunction VKAPI_CALL wrap_GetDeviceProcAddr(VkDevice device, const char *name);

struct entry {
    const char *name;
    PFN_vkVoidFunction function;
};

#define ENTRY(name)                                                                                          \
    {                                                                                                        \
        "vk" #name, (PFN_vkVoidFunction)wrap_##name                                                          \
    }
#define ENTRIES(name) ENTRY(Create##name), ENTRY(Destroy##name)

static const struct entry entries[] = {
    ENTRIES(Buffer),
    ENTRIES(Image),
    ENTRIES(ImageView),
    ENTRIES(ShaderModule),
    ENTRIES(DescriptorSetLayout),
    ENTRIES(DescriptorPool),
    ENTRIES(PipelineLayout),
    ENTRIES(CommandPool),
    ENTRIES(Fence),
    ENTRIES(Semaphore),
    ENTRIES(Sampler),
    ENTRY(GetSemaphoreFdKHR),
    ENTRY(ImportSemaphoreFdKHR),
    ENTRY(GetPhysicalDeviceExternalSemaphoreProperties),
    ENTRY(GetPhysicalDeviceMemoryProperties),
    ENTRY(GetPhysicalDeviceProperties2),
    ENTRY(CmdPipelineBarrier),
    ENTRIES(Instance),
    ENTRIES(Device),
    ENTRY(GetDeviceQueue),
    ENTRY(GetPhysicalDeviceImageFormatProperties2),
    ENTRY(BindBufferMemory),
    ENTRY(BindImageMemory),
    ENTRY(MapMemory),
    ENTRY(AllocateDescriptorSets),
    ENTRY(AllocateCommandBuffers),
    ENTRY(BeginCommandBuffer),
    ENTRY(EndCommandBuffer),
    ENTRY(QueueSubmit),
    ENTRY(ResetFences),
    ENTRY(WaitForFences),
    ENTRY(WaitSemaphores),
    ENTRY(GetSemaphoreCounterValue),
    ENTRY(GetMemoryFdKHR),
    ENTRY(GetMemoryHostPointerPropertiesEXT),
    ENTRY(EnumeratePhysicalDevices),
    ENTRY(EnumerateDeviceExtensionProperties),
    ENTRY(AllocateMemory),
    ENTRY(FreeMemory),
    ENTRY(CreateComputePipelines),
    ENTRY(DestroyPipeline),
    ENTRY(GetDeviceProcAddr),
};

static PFN_vkVoidFunction wrapper_of(const char *name)
{
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
        if (!strcmp(entries[i].name, name))
            return entries[i].function;
    return NULL;
}

/* What is not there stays away. */
static PFN_vkVoidFunction VKAPI_CALL wrap_GetDeviceProcAddr(VkDevice device, const char *name)
{
    const PFN_vkVoidFunction found = REAL(GetDeviceProcAddr)(device, name);
    const bool lent = shared_timelines && strstr(name, "SemaphoreFdKHR");
    const PFN_vkVoidFunction wrapper = found || lent ? wrapper_of(name) : NULL;
    return wrapper ? wrapper : found;
}

PFN_vkVoidFunction VKAPI_CALL faults_get(VkInstance instance, const char *name)
{
    if (instance)
        last_instance = instance;
    if (instance && made_at(instance) == alive[INSTANCE])
        foreign = instance;
    const PFN_vkVoidFunction wrapper = wrapper_of(name);
    return wrapper ? wrapper : lend_get(instance, name);
}
