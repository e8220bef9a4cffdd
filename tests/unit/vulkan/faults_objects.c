/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What is made and destroyed, and how much of it is alive. */
#include "vulkan/faults_inside.h"

static const char *const kind_names[FAULTS_KINDS] = {
    "instance",   "device",        "memory",     "buffer",          "image",
    "image view", "shader module", "set layout", "descriptor pool", "pipeline layout",
    "pipeline",   "command pool",  "fence",      "semaphore",       "sampler",
};

static long alive[FAULTS_KINDS];

void faults_count(enum faults_kind kind, long num)
{
    alive[kind] += num;
}

long faults_alive(const char **what)
{
    long sum = 0;
    for (size_t i = 0; i < FAULTS_KINDS; i++) {
        sum += alive[i];
        if (alive[i])
            *what = kind_names[i];
    }
    return sum;
}

/* Calls that make one object. */
#define MAKE(name, kind, device, parameters, arguments)                                                      \
    static VkResult VKAPI_CALL wrap_Create##name parameters                                                  \
    {                                                                                                        \
        const VkResult result =                                                                              \
            faults_due("vkCreate" #name) ? faults_refuse(device) : REAL(Create##name) arguments;             \
        faults_count(kind, result == VK_SUCCESS);                                                            \
        return result;                                                                                       \
    }                                                                                                        \
    static void VKAPI_CALL wrap_Destroy##name(VkDevice device_, Vk##name object,                             \
                                              const VkAllocationCallbacks *allocator)                        \
    {                                                                                                        \
        faults_count(kind, -(object != VK_NULL_HANDLE));                                                     \
        REAL(Destroy##name)(device_, object, allocator);                                                     \
    }

#define MAKE_PLAIN(name, kind)                                                                               \
    MAKE(name, kind, d,                                                                                      \
         (VkDevice d, const Vk##name##CreateInfo *i, const VkAllocationCallbacks *a, Vk##name *o),           \
         (d, i, a, o))

MAKE_PLAIN(Buffer, FAULTS_BUFFER)
MAKE_PLAIN(Image, FAULTS_IMAGE)
MAKE_PLAIN(ImageView, FAULTS_IMAGE_VIEW)
MAKE_PLAIN(ShaderModule, FAULTS_SHADER_MODULE)
MAKE_PLAIN(DescriptorSetLayout, FAULTS_SET_LAYOUT)
MAKE_PLAIN(DescriptorPool, FAULTS_DESCRIPTOR_POOL)
MAKE_PLAIN(PipelineLayout, FAULTS_PIPELINE_LAYOUT)
MAKE_PLAIN(CommandPool, FAULTS_COMMAND_POOL)
MAKE_PLAIN(Fence, FAULTS_FENCE)
MAKE_PLAIN(Sampler, FAULTS_SAMPLER)

static VkResult VKAPI_CALL wrap_AllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
                                               const VkAllocationCallbacks *allocator, VkDeviceMemory *out)
{
    const VkResult result = faults_due("vkAllocateMemory")
                                ? faults_refuse(device)
                                : REAL(AllocateMemory)(device, info, allocator, out);
    faults_count(FAULTS_MEMORY, result == VK_SUCCESS);
    return result;
}

static void VKAPI_CALL wrap_FreeMemory(VkDevice device, VkDeviceMemory memory,
                                       const VkAllocationCallbacks *allocator)
{
    faults_count(FAULTS_MEMORY, -(memory != VK_NULL_HANDLE));
    REAL(FreeMemory)(device, memory, allocator);
}

static VkResult VKAPI_CALL wrap_CreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                                       const VkComputePipelineCreateInfo *infos,
                                                       const VkAllocationCallbacks *allocator,
                                                       VkPipeline *out)
{
    const VkResult result = faults_due("vkCreateComputePipelines")
                                ? faults_refuse(device)
                                : REAL(CreateComputePipelines)(device, cache, count, infos, allocator, out);
    faults_count(FAULTS_PIPELINE, result == VK_SUCCESS ? (long)count : 0);
    return result;
}

static void VKAPI_CALL wrap_DestroyPipeline(VkDevice device, VkPipeline pipeline,
                                            const VkAllocationCallbacks *allocator)
{
    faults_count(FAULTS_PIPELINE, -(pipeline != VK_NULL_HANDLE));
    REAL(DestroyPipeline)(device, pipeline, allocator);
}

const struct faults_entry faults_objects[] = {
    FAULTS_ENTRIES(Buffer),
    FAULTS_ENTRIES(Image),
    FAULTS_ENTRIES(ImageView),
    FAULTS_ENTRIES(ShaderModule),
    FAULTS_ENTRIES(DescriptorSetLayout),
    FAULTS_ENTRIES(DescriptorPool),
    FAULTS_ENTRIES(PipelineLayout),
    FAULTS_ENTRIES(CommandPool),
    FAULTS_ENTRIES(Fence),
    FAULTS_ENTRIES(Sampler),
    FAULTS_ENTRY(AllocateMemory),
    FAULTS_ENTRY(FreeMemory),
    FAULTS_ENTRY(CreateComputePipelines),
    FAULTS_ENTRY(DestroyPipeline),
    {0},
};
