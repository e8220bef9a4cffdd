/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_VULKAN_FAULTS_H
#define FR_TESTS_UNIT_VULKAN_FAULTS_H

/* A loader in front of the real one: any call can be made to fail, extensions can be hidden, and what is made
 * is counted. */

#include "vulkan/gpu.h"

PFN_vkVoidFunction VKAPI_CALL faults_get(VkInstance instance, const char *name);

/* The n-th call from now on of those that can fail does so (1: the next); 0: none any more. */
void faults_at(unsigned nth, VkResult result);
/* The n-th call from now on that can say so finds the device that was made last lost; so does each later one
 * of that device, until it is destroyed. 0: no other is lost. */
void faults_lose(unsigned nth);
/* Devices lost so far. */
unsigned faults_lost(void);

/* Which function that was; NULL: it was not reached yet. */
const char *faults_hit(void);

/* Calls while it is true do not count, do not fail and do not find a device lost: the test's own. */
void faults_pause(bool paused);

/* Waits for semaphores end at once, as if their time were over. */
void faults_hang(bool on);

/* Devices made from now on share timeline semaphores within this process and one device, whatever the driver
 * can. */
void faults_share_timelines(bool on);

/* From now on an export of a SYNC_FD, done for what it does to the semaphore, gives what `make` makes
 * instead; NULL: what it is. */
void faults_sync_files(int (*make)(void));

/* From now on an export of memory gives what `make` makes instead; NULL: what it is. */
void faults_memory_files(int (*make)(void));

/* Devices made from now on do not have it; NULL: all is there. */
void faults_hide(const char *extension);

/* Images of this format can be shared so with these features only, by devices looked at from now on; without
 * any there are none. VK_FORMAT_UNDEFINED: all as it is. */
void faults_unshare(VkFormat format, VkExternalMemoryHandleTypeFlags ways,
                    VkExternalMemoryFeatureFlags features);

/* All memory of devices looked at from now on; 0: what there is. */
void faults_heap(VkDeviceSize bytes);

/* What a shader sees of a buffer, on devices looked at from now on; 0: what it does. */
void faults_range(uint32_t bytes);

/* Images, by family, and buffers that were taken over from and given to queues outside by what was recorded
 * since the last call. */
struct faults_transfers {
    unsigned external, foreign, buffers_taken, buffers_given;
};
struct faults_transfers faults_transfers(void);

/* Objects made and not destroyed, of all kinds; `what`: the kind of one of them. */
long faults_alive(const char **what);

#endif
