/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_FAULTS_INSIDE_H
#define FR_TESTS_UNIT_VULKAN_FAULTS_INSIDE_H

/* The parts of the loader of faults.h: faults.c has which call fails, faults_loader.c hands the functions
 * out, the others stand for the functions of one matter each. The tests that use it have one thread that
 * calls Vulkan. */

#include "vulkan/faults.h"

struct faults_entry {
    const char *name;
    PFN_vkVoidFunction function;
};

#define FAULTS_ENTRY(name)                                                                                   \
    {                                                                                                        \
        "vk" #name, (PFN_vkVoidFunction)wrap_##name                                                          \
    }
#define FAULTS_ENTRIES(name) FAULTS_ENTRY(Create##name), FAULTS_ENTRY(Destroy##name)

/* Each part's functions; one without a name ends them. */
extern const struct faults_entry faults_calls[], faults_devices[], faults_objects[], faults_semaphores[],
    faults_lacks[], faults_barriers[];

/* What lies below. */
PFN_vkVoidFunction faults_below(const char *name);
#define REAL(name) ((PFN_vk##name)faults_below("vk" #name))

/* ---- faults.c ---- */

bool faults_paused(void);
/* Counts the call. True: it is to fail. */
bool faults_due(const char *name);
/* The same for one look of many that are made until something is there: each is as the other. */
bool faults_look_due(const char *name);
/* What a call that is to fail says. A device that is lost has nothing under way; a call without a device,
 * NULL, cannot say that it is. */
VkResult faults_refuse(VkDevice device);
/* The same, whatever the device. */
VkResult faults_failure(void);

/* ---- faults_devices.c ---- */

/* NULL: the queue was not asked for here. */
VkDevice faults_device_of(VkQueue queue);
/* Counts the call. Looks in a row are one call. */
bool faults_is_lost(VkDevice device, bool look);

/* ---- faults_semaphores.c ---- */

/* Where faults_share_timelines() is on. */
bool faults_timelines_shared(void);

/* ---- faults_objects.c ---- */

enum faults_kind {
    FAULTS_INSTANCE,
    FAULTS_DEVICE,
    FAULTS_MEMORY,
    FAULTS_BUFFER,
    FAULTS_IMAGE,
    FAULTS_IMAGE_VIEW,
    FAULTS_SHADER_MODULE,
    FAULTS_SET_LAYOUT,
    FAULTS_DESCRIPTOR_POOL,
    FAULTS_PIPELINE_LAYOUT,
    FAULTS_PIPELINE,
    FAULTS_COMMAND_POOL,
    FAULTS_FENCE,
    FAULTS_SEMAPHORE,
    FAULTS_SAMPLER,
    FAULTS_KINDS
};

/* So many more are alive. */
void faults_count(enum faults_kind kind, long num);

#endif
