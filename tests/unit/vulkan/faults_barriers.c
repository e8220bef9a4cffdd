/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What recorded barriers take over from and give to queues outside. */
#include "vulkan/faults_inside.h"

static struct faults_transfers transfers;

struct faults_transfers faults_transfers(void)
{
    const struct faults_transfers seen = transfers;
    transfers = (struct faults_transfers){0};
    return seen;
}

static bool is_outside(uint32_t family)
{
    return family == VK_QUEUE_FAMILY_EXTERNAL || family == VK_QUEUE_FAMILY_FOREIGN_EXT;
}

static void VKAPI_CALL wrap_CmdPipelineBarrier(VkCommandBuffer commands, VkPipelineStageFlags before,
                                               VkPipelineStageFlags after, VkDependencyFlags flags,
                                               uint32_t num_memory, const VkMemoryBarrier *memory,
                                               uint32_t num_buffers, const VkBufferMemoryBarrier *buffers,
                                               uint32_t num_images, const VkImageMemoryBarrier *images)
{
    for (uint32_t i = 0; i < num_images; i++) {
        const uint32_t from = images[i].srcQueueFamilyIndex, to = images[i].dstQueueFamilyIndex;
        transfers.external += from == VK_QUEUE_FAMILY_EXTERNAL || to == VK_QUEUE_FAMILY_EXTERNAL;
        transfers.foreign += from == VK_QUEUE_FAMILY_FOREIGN_EXT || to == VK_QUEUE_FAMILY_FOREIGN_EXT;
    }
    for (uint32_t i = 0; i < num_buffers; i++) {
        transfers.buffers_taken += is_outside(buffers[i].srcQueueFamilyIndex);
        transfers.buffers_given += is_outside(buffers[i].dstQueueFamilyIndex);
    }
    REAL(CmdPipelineBarrier)
    (commands, before, after, flags, num_memory, memory, num_buffers, buffers, num_images, images);
}

const struct faults_entry faults_barriers[] = {
    FAULTS_ENTRY(CmdPipelineBarrier),
    {0},
};
