/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "vulkan/faults.h"

#include <string.h>

/* The tests that use it have one thread that calls Vulkan. */
static VkInstance last_instance;
static unsigned countdown;
static VkResult failure;
static const char *hit, *hidden;

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

void faults_at(unsigned nth, VkResult result)
{
    countdown = nth;
    failure = result;
    hit = nth ? NULL : hit;
}

const char *faults_hit(void)
{
    return hit;
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
    if (!countdown || --countdown)
        return false;
    hit = name;
    return true;
}

static PFN_vkVoidFunction real(const char *name)
{
    return fr_vk_loader(NULL)(last_instance, name);
}

#define REAL(name) ((PFN_vk##name)real("vk" #name))

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
MAKE_PLAIN(Semaphore, SEMAPHORE)
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
CALL(WaitForFences, d, (VkDevice d, uint32_t n, const VkFence *f, VkBool32 all, uint64_t t),
     (d, n, f, all, t))
CALL(WaitSemaphores, d, (VkDevice d, const VkSemaphoreWaitInfo *i, uint64_t t), (d, i, t))
CALL(GetSemaphoreCounterValue, d, (VkDevice d, VkSemaphore s, uint64_t *v), (d, s, v))
CALL(GetMemoryFdKHR, d, (VkDevice d, const VkMemoryGetFdInfoKHR *i, int *o), (d, i, o))
CALL(GetMemoryHostPointerPropertiesEXT, d,
     (VkDevice d, VkExternalMemoryHandleTypeFlagBits t, const void *p, VkMemoryHostPointerPropertiesEXT *o),
     (d, t, p, o))
CALL(EnumeratePhysicalDevices, NULL, (VkInstance i, uint32_t *n, VkPhysicalDevice *o), (i, n, o))

static VkResult VKAPI_CALL wrap_QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                                            VkFence fence)
{
    if (!must_fail("vkQueueSubmit"))
        return REAL(QueueSubmit)(queue, count, infos, fence);
    (void)REAL(QueueWaitIdle)(queue);
    return failure;
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
    alive[INSTANCE] += result == VK_SUCCESS;
    if (result == VK_SUCCESS)
        last_instance = *out;
    return result;
}

static void VKAPI_CALL wrap_DestroyInstance(VkInstance instance, const VkAllocationCallbacks *allocator)
{
    alive[INSTANCE]--;
    REAL(DestroyInstance)(instance, allocator);
}

static VkResult VKAPI_CALL wrap_CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                                             const VkAllocationCallbacks *allocator, VkDevice *out)
{
    const VkResult result =
        must_fail("vkCreateDevice") ? failure : REAL(CreateDevice)(physical, info, allocator, out);
    alive[DEVICE] += result == VK_SUCCESS;
    return result;
}

static void VKAPI_CALL wrap_DestroyDevice(VkDevice device, const VkAllocationCallbacks *allocator)
{
    alive[DEVICE]--;
    REAL(DestroyDevice)(device, allocator);
}

static VkResult VKAPI_CALL wrap_EnumerateDeviceExtensionProperties(VkPhysicalDevice physical,
                                                                   const char *layer, uint32_t *count,
                                                                   VkExtensionProperties *list)
{
    if (must_fail("vkEnumerateDeviceExtensionProperties"))
        return failure;
    const VkResult result = REAL(EnumerateDeviceExtensionProperties)(physical, layer, count, list);
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
    ENTRIES(Instance),
    ENTRIES(Device),
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
    const PFN_vkVoidFunction wrapper = found ? wrapper_of(name) : NULL;
    return wrapper ? wrapper : found;
}

PFN_vkVoidFunction VKAPI_CALL faults_get(VkInstance instance, const char *name)
{
    if (instance)
        last_instance = instance;
    const PFN_vkVoidFunction wrapper = wrapper_of(name);
    return wrapper ? wrapper : fr_vk_loader(NULL)(instance, name);
}
