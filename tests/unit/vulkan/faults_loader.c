/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The instances that there are, and which function a name stands for. */
#include "vulkan/faults_inside.h"
#include "vulkan/lend.h"

#include <string.h>

enum { INSTANCES_MAX = 16 };

static VkInstance last_instance, foreign; /* foreign: not made here, of a program's device */
/* Those that are alive, of those that were made here. */
static VkInstance instances[INSTANCES_MAX];
static size_t num_instances;

static size_t made_at(VkInstance instance)
{
    size_t at = 0;
    while (at < num_instances && instances[at] != instance)
        at++;
    return at;
}

PFN_vkVoidFunction faults_below(const char *name)
{
    return lend_get(last_instance, name);
}

static VkResult VKAPI_CALL wrap_CreateInstance(const VkInstanceCreateInfo *info,
                                               const VkAllocationCallbacks *allocator, VkInstance *out)
{
    if (faults_due("vkCreateInstance"))
        return faults_failure();
    const PFN_vkCreateInstance create =
        (PFN_vkCreateInstance)fr_vk_loader(NULL)(VK_NULL_HANDLE, "vkCreateInstance");
    const VkResult result = create(info, allocator, out);
    if (result != VK_SUCCESS)
        return result;
    assert_true(num_instances < INSTANCES_MAX);
    last_instance = instances[num_instances++] = *out;
    faults_count(FAULTS_INSTANCE, 1);
    return result;
}

static void VKAPI_CALL wrap_DestroyInstance(VkInstance instance, const VkAllocationCallbacks *allocator)
{
    REAL(DestroyInstance)(instance, allocator);
    size_t at = made_at(instance);
    faults_count(FAULTS_INSTANCE, -1);
    num_instances--;
    for (; at < num_instances; at++)
        instances[at] = instances[at + 1];
    if (last_instance == instance)
        last_instance = num_instances ? instances[num_instances - 1] : foreign;
}

static PFN_vkVoidFunction VKAPI_CALL wrap_GetDeviceProcAddr(VkDevice device, const char *name);

static const struct faults_entry own[] = {
    FAULTS_ENTRIES(Instance),
    FAULTS_ENTRY(GetDeviceProcAddr),
    {0},
};

static const struct faults_entry *const parts[] = {
    own, faults_calls, faults_devices, faults_objects, faults_semaphores, faults_lacks, faults_barriers,
};

static PFN_vkVoidFunction wrapper_of(const char *name)
{
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        for (const struct faults_entry *at = parts[i]; at->name; at++)
            if (!strcmp(at->name, name))
                return at->function;
    return NULL;
}

/* What is not there stays away. */
static PFN_vkVoidFunction VKAPI_CALL wrap_GetDeviceProcAddr(VkDevice device, const char *name)
{
    const PFN_vkVoidFunction found = REAL(GetDeviceProcAddr)(device, name);
    const bool lent = faults_timelines_shared() && strstr(name, "SemaphoreFdKHR");
    const PFN_vkVoidFunction wrapper = found || lent ? wrapper_of(name) : NULL;
    return wrapper ? wrapper : found;
}

PFN_vkVoidFunction VKAPI_CALL faults_get(VkInstance instance, const char *name)
{
    if (instance)
        last_instance = instance;
    if (instance && made_at(instance) == num_instances)
        foreign = instance;
    const PFN_vkVoidFunction wrapper = wrapper_of(name);
    return wrapper ? wrapper : lend_get(instance, name);
}
