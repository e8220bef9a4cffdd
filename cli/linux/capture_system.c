/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture_options.h"

#include "clock.h"

#include <sched.h>
#include <string.h>

enum {
    OPT_RUNTIME_DIR = CAPTURE_SYSTEM_FIRST,
    OPT_GPU,
    OPT_NO_OPAQUE_FD,
    OPT_NO_DMA_BUF,
    OPT_NO_TIMELINE,
    OPT_NO_SYNC_FILE,
    OPT_NO_HOST_MEMORY
};

const char capture_system_source_help[] =
    "what to record: pattern, x11, file:PATH, or none to wait for a source that somebody else starts; "
    "default: x11 where a display answers, else pattern. Options of the source may follow";
const char capture_system_backend_help[] = "auto (a GPU for sources that have one), cpu (shared memory) or "
                                           "vulkan (a GPU for every source; cpu, with "
                                           "a warning, where there is none)";
const char capture_system_spin_help[] = "look for each frame when it is due, so long at most, as in 200us, "
                                        "instead of being woken by it; default: "
                                        "200us with four processors or more, else 0";
const char capture_system_backends[] = "auto, cpu and vulkan";

static const struct args_option options[] = {
    {OPT_RUNTIME_DIR, "--runtime-dir", "DIR",
     "where the socket of the target lies; default: $XDG_RUNTIME_DIR/framering", NULL},
    {OPT_GPU, "--gpu", "NAME",
     "the Vulkan device that has this in its name, or has this UUID; default: the source's, else the first "
     "GPU",
     "GPU:"},
    {OPT_NO_OPAQUE_FD, "--no-opaque-fd", NULL, "never share images in the driver's own way", NULL},
    {OPT_NO_DMA_BUF, "--no-dma-buf", NULL, "never share images as DMA-BUF", NULL},
    {OPT_NO_TIMELINE, "--no-timeline", NULL, "never share timeline semaphores", NULL},
    {OPT_NO_SYNC_FILE, "--no-sync-file", NULL, "never attach fences to images shared as DMA-BUF", NULL},
    {OPT_NO_HOST_MEMORY, "--no-host-memory", NULL, "upload what lies in shared memory, never import it",
     NULL},
};
const struct args_table capture_system_table = {options, sizeof options / sizeof options[0]};

bool capture_system_backend(const char *name, fr_backend_kind *out)
{
    static const struct {
        const char *name;
        fr_backend_kind kind;
    } backends[] = {{"auto", FR_BACKEND_AUTO}, {"cpu", FR_BACKEND_CPU}, {"vulkan", FR_BACKEND_VULKAN}};
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++) {
        if (strcmp(name, backends[i].name) == 0) {
            *out = backends[i].kind;
            return true;
        }
    }
    return false;
}

static bool set_gpu(struct capture_options *o, const struct args *args)
{
    o->vulkan.device = args->value;
    return *args->value || args_refuse(args, "it is empty; leave the option out for its default");
}

/* With fewer, host and source share one too often. Figures: docs/architecture.md. */
uint64_t capture_system_spin_ns(void)
{
    cpu_set_t allowed;
    const bool many = sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) >= 4;
    return many ? 200 * NS_PER_US : 0;
}

bool capture_system_set(struct capture_options *o, const struct args *args, int id)
{
    switch (id) {
    case OPT_RUNTIME_DIR: o->session.capture.runtime_dir = args->value; return true;
    case OPT_GPU: return set_gpu(o, args);
    case OPT_NO_OPAQUE_FD: o->vulkan.no_opaque_fd = true; return true;
    case OPT_NO_DMA_BUF: o->vulkan.no_dma_buf = true; return true;
    case OPT_NO_TIMELINE: o->vulkan.no_timeline = true; return true;
    case OPT_NO_SYNC_FILE: o->vulkan.no_sync_file = true; return true;
    case OPT_NO_HOST_MEMORY: o->vulkan.no_host_memory = true; return true;
    default: return false;
    }
}

bool capture_system_finish(struct capture_options *o)
{
    o->session.capture.vulkan = &o->vulkan;
    if (o->vulkan.device)
        capture_options_hand_on(o, "--gpu", o->vulkan.device);
    return true;
}

void capture_system_close(struct capture_options *o)
{
    (void)o;
}
