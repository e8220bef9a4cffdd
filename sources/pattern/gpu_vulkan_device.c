/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "gpu_vulkan.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { DEVICES_MAX = 16, FAMILIES_MAX = 32 };

static const uint32_t api_version = VK_API_VERSION_1_1;

static bool is_validated(void)
{
    const char *value = getenv("FRAMERING_VULKAN_VALIDATION");
    return value && !strcmp(value, "1");
}

/* What a person asked for by name is missed; a machine without Vulkan is no fault. */
static bool lack(fr_gpu_vulkan *vk, const char *what)
{
    vk->absent = !vk->name && !is_validated();
    fr_program_say(vk->program, "%s; %s", what,
                   vk->absent ? "the pattern is drawn in memory" : "--backend cpu draws in memory");
    return false;
}

static bool load_loader(fr_gpu_vulkan *vk)
{
    void *library = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);
    void *found = library ? dlsym(library, "vkGetInstanceProcAddr") : NULL;
    vk->get = (PFN_vkGetInstanceProcAddr)(uintptr_t)found;
    return found || lack(vk, "there is no Vulkan loader (libvulkan.so.1, package libvulkan1)");
}

/* Any error of the validation layer ends the program: what it leads to is not worth to be seen. */
static VKAPI_ATTR VkBool32 VKAPI_CALL on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
                                                 VkDebugUtilsMessageTypeFlagsEXT types,
                                                 const VkDebugUtilsMessengerCallbackDataEXT *data, void *user)
{
    const fr_gpu_vulkan *vk = user;
    (void)severity;
    (void)types;
    fr_program_say(vk->program, "validation: %s", data->pMessage);
    _exit(FR_EXIT_FAILED);
}

static bool load_instance(fr_gpu_vulkan *vk)
{
    bool all = true;
#define LOAD(name)                                                                                           \
    vk->name = (PFN_vk##name)vk->get(vk->instance, "vk" #name);                                              \
    all = all && vk->name;
    FR_GPU_INSTANCE_FUNCTIONS(LOAD)
#undef LOAD
    return all;
}

static bool load_device(fr_gpu_vulkan *vk)
{
    bool all = true;
#define LOAD(name)                                                                                           \
    vk->name = (PFN_vk##name)vk->GetDeviceProcAddr(vk->device, "vk" #name);                                  \
    all = all && vk->name;
    FR_GPU_DEVICE_FUNCTIONS(LOAD)
#undef LOAD
    return all;
}

static void listen_to_validation(fr_gpu_vulkan *vk, const VkDebugUtilsMessengerCreateInfoEXT *info)
{
    const PFN_vkCreateDebugUtilsMessengerEXT create =
        (PFN_vkCreateDebugUtilsMessengerEXT)vk->get(vk->instance, "vkCreateDebugUtilsMessengerEXT");
    if (create)
        (void)create(vk->instance, info, NULL, &vk->messenger);
}

static bool create_instance(fr_gpu_vulkan *vk)
{
    static const char *const layers[] = {"VK_LAYER_KHRONOS_validation"};
    static const char *const extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
    const bool validated = is_validated();
    const VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        .pfnUserCallback = on_message,
        .pUserData = vk,
    };
    const VkApplicationInfo application = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "framering-source-pattern",
        .apiVersion = api_version,
    };
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = validated ? &messenger : NULL,
        .pApplicationInfo = &application,
        .enabledLayerCount = validated,
        .ppEnabledLayerNames = layers,
        .enabledExtensionCount = validated,
        .ppEnabledExtensionNames = extensions,
    };
    const PFN_vkCreateInstance create = (PFN_vkCreateInstance)vk->get(NULL, "vkCreateInstance");
    const VkResult result = create ? create(&info, NULL, &vk->instance) : VK_ERROR_INITIALIZATION_FAILED;
    if (result != VK_SUCCESS || !load_instance(vk)) {
        char what[80];
        snprintf(what, sizeof(what), "Vulkan cannot be used (VkResult %d), %s may be missing", (int)result,
                 result == VK_ERROR_LAYER_NOT_PRESENT ? layers[0] : "a driver");
        return lack(vk, what);
    }
    if (validated)
        listen_to_validation(vk, &messenger);
    return true;
}

static bool holds(const char *text, const char *part)
{
    const size_t length = strlen(part);
    for (; *text; text++)
        if (!strncasecmp(text, part, length))
            return true;
    return false;
}

/* A queue family that computes, best one that does not draw: work gets through it sooner, and copies are
 * faster. UINT32_MAX: none. */
static uint32_t find_family(const fr_gpu_vulkan *vk, VkPhysicalDevice device)
{
    VkQueueFamilyProperties families[FAMILIES_MAX];
    uint32_t num = FAMILIES_MAX;
    vk->GetPhysicalDeviceQueueFamilyProperties(device, &num, families);
    uint32_t found = UINT32_MAX;
    for (uint32_t i = 0; i < num; i++) {
        const VkQueueFlags flags = families[i].queueFlags;
        if (flags & VK_QUEUE_COMPUTE_BIT && (found == UINT32_MAX || !(flags & VK_QUEUE_GRAPHICS_BIT)))
            found = i;
    }
    return found;
}

/* As framering probe prints it; dashes do not count. */
static bool has_uuid(const fr_gpu_vulkan *vk, VkPhysicalDevice device, const char *text)
{
    VkPhysicalDeviceIDProperties id = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
                                              .pNext = &id};
    vk->GetPhysicalDeviceProperties2(device, &properties);
    for (size_t i = 0; i < sizeof(id.deviceUUID); i++) {
        char digits[3];
        snprintf(digits, sizeof(digits), "%02x", id.deviceUUID[i]);
        for (size_t k = 0; k < 2; k++) {
            while (*text == '-')
                text++;
            if (tolower((unsigned char)*text++) != digits[k])
                return false;
        }
    }
    return !*text;
}

static bool choose_device(fr_gpu_vulkan *vk)
{
    const char *name = vk->name;
    VkPhysicalDevice devices[DEVICES_MAX];
    uint32_t num = DEVICES_MAX;
    bool is_gpu = false;
    if (vk->EnumeratePhysicalDevices(vk->instance, &num, devices) < 0)
        num = 0;
    for (uint32_t i = 0; i < num; i++) {
        VkPhysicalDeviceProperties properties;
        vk->GetPhysicalDeviceProperties(devices[i], &properties);
        const bool gpu = properties.deviceType != VK_PHYSICAL_DEVICE_TYPE_CPU;
        if (properties.apiVersion < api_version || find_family(vk, devices[i]) == UINT32_MAX ||
            (name && !holds(properties.deviceName, name) && !has_uuid(vk, devices[i], name)) ||
            (vk->physical_device && (is_gpu || !gpu)))
            continue;
        vk->physical_device = devices[i];
        is_gpu = gpu;
    }
    if (vk->physical_device)
        return true;
    if (!name)
        return lack(vk, "there is no Vulkan 1.1 device, a driver may be missing");
    fr_program_say(vk->program, "there is no Vulkan 1.1 device with \"%s\" in its name or for its UUID",
                   name);
    return false;
}

static bool list_extensions(fr_gpu_vulkan *vk)
{
    const char *const *wanted = fr_vulkan_source_extensions();
    uint32_t num_wanted = 0, num = 0;
    while (wanted && wanted[num_wanted])
        num_wanted++;
    if (vk->EnumerateDeviceExtensionProperties(vk->physical_device, NULL, &num, NULL) < 0)
        num = 0;
    VkExtensionProperties *there = calloc(num + 1u, sizeof(*there));
    vk->extensions = calloc(num_wanted + 1u, sizeof(*vk->extensions));
    if (!there || !vk->extensions ||
        vk->EnumerateDeviceExtensionProperties(vk->physical_device, NULL, &num, there) < 0) {
        free(there);
        return false;
    }
    for (uint32_t i = 0; i < num_wanted; i++)
        for (uint32_t k = 0; k < num; k++)
            if (!strcmp(wanted[i], there[k].extensionName)) {
                vk->extensions[vk->num_extensions++] = wanted[i];
                break;
            }
    free(there);
    return true;
}

static bool has_extension(const fr_gpu_vulkan *vk, const char *name)
{
    for (uint32_t i = 0; i < vk->num_extensions; i++)
        if (!strcmp(vk->extensions[i], name))
            return true;
    return false;
}

static bool create_device(fr_gpu_vulkan *vk)
{
    const float priority = 1.0f;
    VkPhysicalDeviceTimelineSemaphoreFeatures timelines = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
    vk->family = find_family(vk, vk->physical_device);
    if (!list_extensions(vk))
        return false;
    if (has_extension(vk, VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME))
        features.pNext = &timelines;
    vk->GetPhysicalDeviceFeatures2(vk->physical_device, &features);
    vk->timeline_semaphores = timelines.timelineSemaphore;
    const VkPhysicalDeviceFeatures used = {.shaderStorageImageWriteWithoutFormat =
                                               features.features.shaderStorageImageWriteWithoutFormat};
    vk->storage_image_write_without_format = used.shaderStorageImageWriteWithoutFormat;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = vk->family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = features.pNext,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = vk->num_extensions,
        .ppEnabledExtensionNames = vk->extensions,
        .pEnabledFeatures = &used,
    };
    if (vk->CreateDevice(vk->physical_device, &info, NULL, &vk->device) != VK_SUCCESS || !load_device(vk))
        return false;
    vk->GetDeviceQueue(vk->device, vk->family, 0, &vk->queue);
    vk->GetPhysicalDeviceMemoryProperties(vk->physical_device, &vk->memory);
    return true;
}

bool fr_gpu_vulkan_init(fr_gpu_vulkan *vk, const char *name, const fr_program *program)
{
    *vk = (fr_gpu_vulkan){.program = program, .name = name};
    if (!load_loader(vk) || !create_instance(vk) || !choose_device(vk))
        return false;
    if (create_device(vk))
        return true;
    fr_program_say(program, "no Vulkan device can be made; --backend cpu draws in memory");
    return false;
}

void fr_gpu_vulkan_finish(fr_gpu_vulkan *vk)
{
    if (vk->device && vk->DestroyDevice)
        vk->DestroyDevice(vk->device, NULL);
    free(vk->extensions);
    if (vk->messenger) {
        const PFN_vkDestroyDebugUtilsMessengerEXT destroy =
            (PFN_vkDestroyDebugUtilsMessengerEXT)vk->get(vk->instance, "vkDestroyDebugUtilsMessengerEXT");
        destroy(vk->instance, vk->messenger, NULL);
    }
    if (vk->instance && vk->DestroyInstance)
        vk->DestroyInstance(vk->instance, NULL);
    *vk = (fr_gpu_vulkan){0};
}
