/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "live.h"

#include "stats.h"

#include <stdio.h>
#include <unistd.h>

#define PATIENCE_US 10e6

bool live_host_open(struct live_host *host, struct live *live)
{
    *host = (struct live_host){.live = live};
    const fr_capture_params params = {.target_id = live->target,
                                      .preferred = {live->width, live->height, 60000},
                                      .backend = FR_BACKEND_VULKAN,
                                      .out_surfaces = 4,
                                      .depth = 3,
                                      .spin_ns = live->look_ns,
                                      .runtime_dir = live->folder,
                                      .vulkan = &live->host,
                                      .timing = {.attach_wait_ns = UINT64_C(20000000000)},
                                      .log = live_log("host")};
    const fr_status status = fr_capture_open(&host->capture, &params, NULL);
    if (status != FR_OK)
        fprintf(stderr, "fr_capture_open: %s\n", fr_status_text(status));
    return status == FR_OK;
}

void live_host_close(struct live_host *host)
{
    fr_capture_close(&host->capture);
}

bool live_host_ask(struct live_host *host, uint32_t wanted)
{
    atomic_store_explicit(&host->live->shared->wanted, wanted, memory_order_release);
    return host->live->spin || write(host->live->event, &(uint64_t){1}, sizeof(uint64_t)) == sizeof(uint64_t);
}

bool live_host_next(struct live_host *host, fr_frame *frame)
{
    const double start = stats_now_us();
    for (;;) {
        const fr_status status = fr_capture_next(host->capture, frame);
        if (status == FR_OK)
            return true;
        if (status == FR_REPEAT)
            fr_frame_release(frame);
        if (status < 0 || atomic_load(&host->live->shared->failed) || stats_now_us() - start > PATIENCE_US) {
            fprintf(stderr, "no fresh frame: %s\n", fr_status_text(status));
            return false;
        }
    }
}

static void learn(struct live_host *host, const fr_vulkan_picture *picture)
{
    const union {
        void *pointer;
        PFN_vkGetInstanceProcAddr call;
    } instance = {picture->get_instance_proc_addr};
    const PFN_vkGetDeviceProcAddr get =
        (PFN_vkGetDeviceProcAddr)instance.call(picture->instance, "vkGetDeviceProcAddr");
    host->device = picture->device;
    host->counter = (PFN_vkGetSemaphoreCounterValue)get(host->device, "vkGetSemaphoreCounterValue");
    host->wait = (PFN_vkWaitSemaphores)get(host->device, "vkWaitSemaphores");
    if (!host->counter)
        host->counter = (PFN_vkGetSemaphoreCounterValue)get(host->device, "vkGetSemaphoreCounterValueKHR");
    if (!host->wait)
        host->wait = (PFN_vkWaitSemaphores)get(host->device, "vkWaitSemaphoresKHR");
    host->known = true;
}

bool live_host_converted(struct live_host *host, const fr_frame *frame, bool spin)
{
    fr_vulkan_picture picture;
    if (fr_frame_vulkan(frame, &picture) != FR_OK)
        return true; /* in memory: complete when it is handed out */
    if (!host->known || host->device != picture.device)
        learn(host, &picture);
    const VkSemaphore semaphore = (VkSemaphore)(uintptr_t)picture.semaphore;
    if (spin) {
        uint64_t value = 0;
        while (host->counter(host->device, semaphore, &value) == VK_SUCCESS)
            if (value >= picture.value)
                return true;
        return false;
    }
    const VkSemaphoreWaitInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                      .semaphoreCount = 1,
                                      .pSemaphores = &semaphore,
                                      .pValues = &picture.value};
    return host->wait(host->device, &info, UINT64_C(2000000000)) == VK_SUCCESS;
}
