/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "gpu.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gpu_must(VkResult result, const char *what)
{
    if (result >= 0)
        return;
    fprintf(stderr, "%s failed: VkResult %d\n", what, (int)result);
    exit(1);
}

bool gpu_has(const struct gpu *gpu, const char *extension)
{
    for (uint32_t i = 0; i < gpu->num_extensions; i++)
        if (strcmp(gpu->extensions[i].extensionName, extension) == 0)
            return true;
    return false;
}

static bool open_instance(struct gpu *gpu, PFN_vkGetInstanceProcAddr *get)
{
    void *const loader = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!loader) {
        fprintf(stderr, "No Vulkan: %s\n", dlerror());
        return false;
    }
    *(void **)get = dlsym(loader, "vkGetInstanceProcAddr");
    const PFN_vkCreateInstance create = (PFN_vkCreateInstance)(*get)(NULL, "vkCreateInstance");
    const VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                   .pApplicationName = "framering-bench-gpu",
                                   .apiVersion = VK_API_VERSION_1_2};
    const VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                       .pApplicationInfo = &app};
    const VkResult result = create(&info, NULL, &gpu->instance);
    if (result != VK_SUCCESS) {
        fprintf(stderr, "vkCreateInstance failed: VkResult %d (is there a driver?)\n", (int)result);
        return false;
    }
#define LOAD(name) gpu->vk.name = (PFN_vk##name)(*get)(gpu->instance, "vk" #name);
    GPU_INSTANCE_FUNCTIONS(LOAD)
#undef LOAD
    return true;
}

static bool pick_device(struct gpu *gpu, const char *wanted)
{
    VkPhysicalDevice devices[16];
    uint32_t count = 16;
    gpu_must(gpu->vk.EnumeratePhysicalDevices(gpu->instance, &count, devices), "vkEnumeratePhysicalDevices");
    for (uint32_t i = 0; i < 2 * count && !gpu->physical; i++) {
        VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
        gpu->vk.GetPhysicalDeviceProperties2(devices[i % count], &props);
        const bool real = props.properties.deviceType != VK_PHYSICAL_DEVICE_TYPE_CPU;
        if (wanted ? strstr(props.properties.deviceName, wanted) != NULL : real || i >= count)
            gpu->physical = devices[i % count];
    }
    if (!gpu->physical)
        fprintf(stderr, "No Vulkan device%s%s\n", wanted ? " called " : "", wanted ? wanted : "");
    return gpu->physical != VK_NULL_HANDLE;
}

static void query_families(struct gpu *gpu)
{
    VkQueueFamilyProperties2 families[GPU_FAMILIES_MAX];
    gpu->num_families = GPU_FAMILIES_MAX;
    for (uint32_t i = 0; i < GPU_FAMILIES_MAX; i++)
        families[i] = (VkQueueFamilyProperties2){.sType = VK_STRUCTURE_TYPE_QUEUE_FAMILY_PROPERTIES_2};
    gpu->vk.GetPhysicalDeviceQueueFamilyProperties2(gpu->physical, &gpu->num_families, families);
    for (uint32_t i = 0; i < gpu->num_families; i++)
        gpu->family[i] = families[i].queueFamilyProperties;
}

static bool query_shared_timeline(struct gpu *gpu)
{
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkPhysicalDeviceExternalSemaphoreInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
        .pNext = &type,
        .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT};
    VkExternalSemaphoreProperties props = {.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES};
    gpu->vk.GetPhysicalDeviceExternalSemaphoreProperties(gpu->physical, &info, &props);
    const VkExternalSemaphoreFeatureFlags both =
        VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
    return gpu_has(gpu, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME) &&
           (props.externalSemaphoreFeatures & both) == both;
}

static void query_device(struct gpu *gpu)
{
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
    gpu->subgroup = (VkPhysicalDeviceSubgroupProperties){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES, .pNext = &host};
    gpu->driver = (VkPhysicalDeviceDriverProperties){
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES, .pNext = &gpu->subgroup};
    gpu->id = (VkPhysicalDeviceIDProperties){.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES,
                                             .pNext = &gpu->driver};
    VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                         .pNext = &gpu->id};
    gpu->vk.GetPhysicalDeviceProperties2(gpu->physical, &props);
    gpu->props = props.properties;
    gpu->vk.GetPhysicalDeviceMemoryProperties(gpu->physical, &gpu->memory);
    gpu->vk.EnumerateDeviceExtensionProperties(gpu->physical, NULL, &gpu->num_extensions, NULL);
    gpu->extensions = calloc(gpu->num_extensions + 1, sizeof *gpu->extensions);
    if (!gpu->extensions)
        gpu_must(VK_ERROR_OUT_OF_HOST_MEMORY, "the list of extensions");
    gpu->vk.EnumerateDeviceExtensionProperties(gpu->physical, NULL, &gpu->num_extensions, gpu->extensions);
    query_families(gpu);
    if (gpu_has(gpu, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME))
        gpu->host_pointer_align = host.minImportedHostPointerAlignment;
    gpu->opaque_image = gpu_has(gpu, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
    gpu->shared_timeline = query_shared_timeline(gpu);
    gpu->calibrated = gpu_has(gpu, VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME);
}

uint32_t gpu_family(const struct gpu *gpu, enum gpu_queue_kind kind)
{
    for (uint32_t i = 0; i < gpu->num_families; i++) {
        const VkQueueFlags flags = gpu->family[i].queueFlags;
        const bool graphics = (flags & VK_QUEUE_GRAPHICS_BIT) != 0,
                   compute = (flags & VK_QUEUE_COMPUTE_BIT) != 0;
        if (kind == GPU_QUEUE_GRAPHICS  ? graphics && compute
            : kind == GPU_QUEUE_COMPUTE ? compute && !graphics
                                        : !compute && !graphics && (flags & VK_QUEUE_TRANSFER_BIT))
            return i;
    }
    return UINT32_MAX;
}

static void enable(struct gpu *gpu, const char *name)
{
    for (uint32_t i = 0; i < gpu->num_enabled; i++)
        if (strcmp(gpu->enabled[i], name) == 0)
            return;
    if (gpu_has(gpu, name) && gpu->num_enabled < GPU_EXTENSIONS_MAX)
        gpu->enabled[gpu->num_enabled++] = name;
}

static void enable_extensions(struct gpu *gpu, const struct gpu_params *params)
{
    enable(gpu, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
    enable(gpu, VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME);
    enable(gpu, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
    enable(gpu, VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME);
    if (params->priority)
        enable(gpu, VK_EXT_GLOBAL_PRIORITY_EXTENSION_NAME);
    for (const char *const *name = params->extensions; name && *name; name++)
        enable(gpu, *name);
}

static VkResult create_device(struct gpu *gpu, uint32_t priority)
{
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES};
    VkPhysicalDeviceFeatures2 has = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
                                     .pNext = &timeline};
    gpu->vk.GetPhysicalDeviceFeatures2(gpu->physical, &has);
    gpu->timeline = timeline.timelineSemaphore;
    gpu->shared_timeline = gpu->shared_timeline && gpu->timeline;
    gpu->formatless =
        has.features.shaderStorageImageReadWithoutFormat && has.features.shaderStorageImageWriteWithoutFormat;
    VkPhysicalDeviceFeatures2 wanted = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2,
        .pNext = &timeline,
        .features = {.shaderStorageImageReadWithoutFormat = gpu->formatless,
                     .shaderStorageImageWriteWithoutFormat = gpu->formatless}};
    const float queue_priority[GPU_QUEUES_MAX] = {1, 1};
    const VkDeviceQueueGlobalPriorityCreateInfoEXT global = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_GLOBAL_PRIORITY_CREATE_INFO_EXT,
        .globalPriority = (VkQueueGlobalPriorityEXT)priority};
    const VkDeviceQueueCreateInfo queues = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
                                            .pNext = priority ? &global : NULL,
                                            .queueFamilyIndex = gpu->queue_family,
                                            .queueCount = gpu->num_queues,
                                            .pQueuePriorities = queue_priority};
    const VkDeviceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                     .pNext = &wanted,
                                     .queueCreateInfoCount = 1,
                                     .pQueueCreateInfos = &queues,
                                     .enabledExtensionCount = gpu->num_enabled,
                                     .ppEnabledExtensionNames = gpu->enabled};
    return gpu->vk.CreateDevice(gpu->physical, &info, NULL, &gpu->device);
}

const VkDescriptorType gpu_binding_types[GPU_BINDINGS] = {
    VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
    VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE,
    VK_DESCRIPTOR_TYPE_STORAGE_IMAGE};

static void create_layout(struct gpu *gpu)
{
    VkDescriptorSetLayoutBinding bindings[GPU_BINDINGS];
    for (uint32_t i = 0; i < GPU_BINDINGS; i++)
        bindings[i] = (VkDescriptorSetLayoutBinding){.binding = i,
                                                     .descriptorType = gpu_binding_types[i],
                                                     .descriptorCount = 1,
                                                     .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT};
    const VkDescriptorSetLayoutCreateInfo set = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
                                                 .bindingCount = GPU_BINDINGS,
                                                 .pBindings = bindings};
    gpu_must(gpu->vk.CreateDescriptorSetLayout(gpu->device, &set, NULL, &gpu->set_layout), "a set layout");
    const VkPushConstantRange push = {.stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = 32};
    const VkPipelineLayoutCreateInfo layout = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
                                               .setLayoutCount = 1,
                                               .pSetLayouts = &gpu->set_layout,
                                               .pushConstantRangeCount = 1,
                                               .pPushConstantRanges = &push};
    gpu_must(gpu->vk.CreatePipelineLayout(gpu->device, &layout, NULL, &gpu->layout), "a pipeline layout");
}

static void create_pools(struct gpu *gpu)
{
    enum { SETS = 512 };
    const VkDescriptorPoolSize sizes[] = {{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2 * SETS},
                                          {VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, SETS},
                                          {VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, 2 * SETS}};
    const VkDescriptorPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
                                             .flags = VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT,
                                             .maxSets = SETS,
                                             .poolSizeCount = 3,
                                             .pPoolSizes = sizes};
    gpu_must(gpu->vk.CreateDescriptorPool(gpu->device, &pool, NULL, &gpu->sets), "a descriptor pool");
    const VkCommandPoolCreateInfo commands = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
                                              .queueFamilyIndex = gpu->queue_family};
    gpu_must(gpu->vk.CreateCommandPool(gpu->device, &commands, NULL, &gpu->pool), "a command pool");
    const VkFenceCreateInfo fence = {.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    gpu_must(gpu->vk.CreateFence(gpu->device, &fence, NULL, &gpu->fence), "a fence");
}

static void create_sampler(struct gpu *gpu)
{
    const VkSamplerCreateInfo sampler = {.sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
                                         .addressModeU = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                                         .addressModeV = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE,
                                         .addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE};
    gpu_must(gpu->vk.CreateSampler(gpu->device, &sampler, NULL, &gpu->sampler), "a sampler");
}

bool gpu_open(struct gpu *gpu, const struct gpu_params *params)
{
    PFN_vkGetInstanceProcAddr get = NULL;
    *gpu = (struct gpu){0};
    if (!open_instance(gpu, &get) || !pick_device(gpu, params->device))
        return false;
    query_device(gpu);
    gpu->queue_family = gpu_family(gpu, params->kind);
    if (gpu->queue_family == UINT32_MAX) {
        fprintf(stderr, "%s has no queue family of that kind\n", gpu->props.deviceName);
        return false;
    }
    const uint32_t queues = gpu->family[gpu->queue_family].queueCount;
    gpu->num_queues = queues < GPU_QUEUES_MAX ? queues : GPU_QUEUES_MAX;
    enable_extensions(gpu, params);
    const VkResult result = create_device(gpu, params->priority);
    if (result != VK_SUCCESS) {
        fprintf(stderr, "vkCreateDevice on %s failed: VkResult %d\n", gpu->props.deviceName, (int)result);
        return false;
    }
#define LOAD(name) gpu->vk.name = (PFN_vk##name)gpu->vk.GetDeviceProcAddr(gpu->device, "vk" #name);
    GPU_DEVICE_FUNCTIONS(LOAD)
    GPU_OPTIONAL_FUNCTIONS(LOAD)
#undef LOAD
    for (uint32_t i = 0; i < GPU_QUEUES_MAX; i++)
        gpu->vk.GetDeviceQueue(gpu->device, gpu->queue_family, i % gpu->num_queues, &gpu->queue[i]);
    create_layout(gpu);
    create_sampler(gpu);
    create_pools(gpu);
    gpu_blanks_create(gpu);
    return true;
}

void gpu_share(struct gpu *gpu, const struct gpu *from)
{
    *gpu = *from;
    gpu->queue[0] = from->queue[1];
    create_pools(gpu);
}

void gpu_close(struct gpu *gpu)
{
    if (gpu->device) {
        gpu->vk.DeviceWaitIdle(gpu->device);
        gpu_warm_end(gpu);
        gpu_buffer_destroy(gpu, &gpu->blank_buffer);
        gpu_image_destroy(gpu, &gpu->blank_image);
        gpu->vk.DestroySampler(gpu->device, gpu->sampler, NULL);
        gpu->vk.DestroyCommandPool(gpu->device, gpu->pool, NULL);
        gpu->vk.DestroyFence(gpu->device, gpu->fence, NULL);
        gpu->vk.DestroyDescriptorPool(gpu->device, gpu->sets, NULL);
        gpu->vk.DestroyPipelineLayout(gpu->device, gpu->layout, NULL);
        gpu->vk.DestroyDescriptorSetLayout(gpu->device, gpu->set_layout, NULL);
        gpu->vk.DestroyDevice(gpu->device, NULL);
    }
    if (gpu->instance)
        gpu->vk.DestroyInstance(gpu->instance, NULL);
    free(gpu->extensions);
    *gpu = (struct gpu){0};
}
