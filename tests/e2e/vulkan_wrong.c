/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * VK_LAYER_FRAMERING_wrong: a layer for tests, above the validation layer. Where the program is called as
 * WRONG_PROGRAM says, it breaks a rule of Vulkan at the WRONG_SUBMIT-th submission, by a call that any driver
 * takes; or its device is lost at the WRONG_LOSS-th submission or wait for fences, in the first process that
 * finds no file WRONG_MARK, which it makes.
 */
#define _GNU_SOURCE
#define VK_NO_PROTOTYPES
#include "vulkan_layer/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One chain of layers, whatever is made of it: what comes next is the same for all. */
static struct {
    VkInstance instance;
    VkPhysicalDevice physical_device;
    PFN_vkGetInstanceProcAddr get_of_instance;
    PFN_vkGetDeviceProcAddr get_of_device;
    VkDevice device;
    PFN_vkQueueSubmit submit;
    PFN_vkWaitForFences wait;
    PFN_vkDeviceWaitIdle wait_idle;
} next;

static atomic_long submissions, calls;
static atomic_bool lost;

/* Whether it is this one's turn to count. */
static bool counts(atomic_long *count, const char *at)
{
    const char *program = getenv("WRONG_PROGRAM"), *when = getenv(at);
    return program && when && !strcmp(program, program_invocation_short_name) &&
           atomic_fetch_add(count, 1) + 1 == strtol(when, NULL, 10);
}

/* A device that is lost has nothing under way. The program has one thread with a queue. */
static bool is_lost(void)
{
    if (!counts(&calls, "WRONG_LOSS"))
        return atomic_load(&lost);
    const int mark = open(getenv("WRONG_MARK"), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (mark < 0)
        return false;
    close(mark);
    (void)next.wait_idle(next.device);
    atomic_store(&lost, true);
    return true;
}

static void break_a_rule(void)
{
    VkPhysicalDeviceProperties2 without_type = {0};
    const PFN_vkGetPhysicalDeviceProperties2 ask = (PFN_vkGetPhysicalDeviceProperties2)next.get_of_instance(
        next.instance, "vkGetPhysicalDeviceProperties2");
    ask(next.physical_device, &without_type);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_QueueSubmit(VkQueue queue, uint32_t num, const VkSubmitInfo *infos,
                                                      VkFence fence)
{
    if (counts(&submissions, "WRONG_SUBMIT"))
        break_a_rule();
    return is_lost() ? VK_ERROR_DEVICE_LOST : next.submit(queue, num, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_WaitForFences(VkDevice device, uint32_t num, const VkFence *fences,
                                                        VkBool32 all, uint64_t timeout)
{
    return is_lost() ? VK_ERROR_DEVICE_LOST : next.wait(device, num, fences, all, timeout);
}

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateInstance(const VkInstanceCreateInfo *info,
                                                         const VkAllocationCallbacks *allocator,
                                                         VkInstance *out)
{
    next.get_of_instance = chain_of_instance(info);
    if (!next.get_of_instance)
        return VK_ERROR_INITIALIZATION_FAILED;
    const PFN_vkCreateInstance create = (PFN_vkCreateInstance)next.get_of_instance(NULL, "vkCreateInstance");
    const VkResult result = create(info, allocator, out);
    if (result == VK_SUCCESS)
        next.instance = *out;
    return result;
}

static VKAPI_ATTR VkResult VKAPI_CALL own_CreateDevice(VkPhysicalDevice physical_device,
                                                       const VkDeviceCreateInfo *info,
                                                       const VkAllocationCallbacks *allocator, VkDevice *out)
{
    PFN_vkGetInstanceProcAddr of_instance;
    next.get_of_device = chain_of_device(info, &of_instance);
    if (!next.get_of_device)
        return VK_ERROR_INITIALIZATION_FAILED;
    next.physical_device = physical_device;
    const PFN_vkCreateDevice create = (PFN_vkCreateDevice)of_instance(next.instance, "vkCreateDevice");
    const VkResult result = create(physical_device, info, allocator, out);
    if (result != VK_SUCCESS)
        return result;
    next.device = *out;
    next.submit = (PFN_vkQueueSubmit)next.get_of_device(*out, "vkQueueSubmit");
    next.wait = (PFN_vkWaitForFences)next.get_of_device(*out, "vkWaitForFences");
    next.wait_idle = (PFN_vkDeviceWaitIdle)next.get_of_device(*out, "vkDeviceWaitIdle");
    return VK_SUCCESS;
}

/* ---- the loader's side ---- */

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_instance(VkInstance handle, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_device(VkDevice handle, const char *name);

static PFN_vkVoidFunction find(const char *name)
{
    static const struct chain_entry entries[] = {
        {"vkGetInstanceProcAddr", (PFN_vkVoidFunction)get_of_instance},
        {"vkGetDeviceProcAddr", (PFN_vkVoidFunction)get_of_device},
        CHAIN_ENTRY(CreateInstance),
        CHAIN_ENTRY(CreateDevice),
        CHAIN_ENTRY(QueueSubmit),
        CHAIN_ENTRY(WaitForFences),
    };
    return chain_find(entries, sizeof(entries) / sizeof(entries[0]), name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_instance(VkInstance handle, const char *name)
{
    const PFN_vkVoidFunction own = find(name);
    return own || !handle ? own : next.get_of_instance(handle, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL get_of_device(VkDevice handle, const char *name)
{
    const PFN_vkVoidFunction own = find(name);
    return own ? own : next.get_of_device(handle, name);
}

CHAIN_NEGOTIATE(get_of_instance, get_of_device)
