/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* In every program of these tests, before its main: what breaks a rule of Vulkan ends the program, which is
 * tried in a child. Otherwise the program does not run: what it found would not mean what it says. */
#define _GNU_SOURCE
#include "vulkan/gpu.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* Any driver would take it. */
static void break_a_rule(void)
{
    const PFN_vkGetInstanceProcAddr get = fr_vk_loader(NULL);
    struct fr_vk_functions vk;
    VkInstance instance;
    VkPhysicalDevice device;
    uint32_t count = 1;
    if (!get || fr_vk_instance_create(&vk, get, &instance, NULL) != FR_OK ||
        vk.EnumeratePhysicalDevices(instance, &count, &device) < 0 || !count)
        return;
    VkPhysicalDeviceProperties2 without_type = {0};
    vk.GetPhysicalDeviceProperties2(device, &without_type);
}

int gpu_signal_that_ends(void (*what)(void))
{
    const pid_t child = fork();
    if (!child) {
        const struct rlimit none = {0};
        const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)dup2(nowhere, STDOUT_FILENO); /* where the layer says what is wrong */
        what();
        _exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || (WIFEXITED(status) && WEXITSTATUS(status)))
        return -1;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

__attribute__((constructor)) static void expect_validation(void)
{
    if (gpu_signal_that_ends(break_a_rule) == SIGTRAP)
        return;
    fprintf(stderr, "What Vulkan's validation layer finds does not end this program: run it with "
                    "VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation (package vulkan-validationlayers) and "
                    "VK_LAYER_SETTINGS_PATH=.../tests/unit/vulkan, as meson test does.\n");
    _exit(GPU_NOT_VALIDATED);
}
