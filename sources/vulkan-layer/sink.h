/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_LAYER_SINK_H
#define FRAMERING_SOURCES_LAYER_SINK_H

/*
 * Where the copy of a presented image goes: a claimed slot of the ring, or a stage, which is an image or a
 * buffer of the layer's own that the feed brings into a slot later. The commands are recorded beforehand,
 * one buffer for each image of the swapchain.
 *
 * The feed's thread owns a sink that is OFF, offers it (OPEN), and has it back when it is FILLED; a stage it
 * holds first (HELD). A present takes an OPEN one (TAKEN), submits its commands and leaves it FILLED. Where
 * none is OPEN it takes a FILLED stage whose copy is done: a newer frame goes over one that nobody looked
 * at. Each move is one compare-and-swap or release store; the other side acquires.
 */

#include "common/rect.h"
#include "copier.h"
#include "stats.h"
#include "timer.h"

#include <framering/vulkan.h>

enum { FR_LAYER_IMAGES_MAX = FR_LAYER_COPIES_MAX };

enum fr_layer_sink_state {
    FR_LAYER_SINK_OFF = 0,
    FR_LAYER_SINK_OPEN,
    FR_LAYER_SINK_TAKEN,
    FR_LAYER_SINK_FILLED,
    FR_LAYER_SINK_HELD
};

typedef struct fr_layer_sink {
    _Atomic uint32_t state;
    bool made;
    bool is_slot;
    uint32_t outside; /* a slot's: the queue family that has it between uses */
    VkImage image;    /* a slot's (the library's), or ours */
    VkDeviceMemory image_memory;
    bool storage;           /* a shader may write the image */
    fr_layer_copies copies; /* by shader; none: by transfer */
    fr_layer_timer timer;
    VkBuffer buffer;
    VkDeviceMemory buffer_memory;
    bool cached; /* the buffer's memory has to be invalidated before it is read */
    const void *pixels;
    VkFence fence;                                 /* signalled when the copy is done */
    VkCommandBuffer copy[FR_LAYER_IMAGES_MAX + 1]; /* that of num_images: fr_layer_record_after_all */
    VkPipelineStageFlags stage;                    /* of the copy */

    VkSemaphore ready; /* a slot's, timeline: signalled with ready_value; none: the fence alone */
    uint64_t ready_value;

    /* FILLED: */
    bool submitted;       /* false: the GPU was given nothing */
    uint32_t image_index; /* the swapchain's, that was copied */
    uint64_t sequence, present_ns;
    bool has_damage; /* the program said what differs from the present before: */
    fr_rects damage;
} fr_layer_sink;

struct fr_layer_swapchain;

/* The move, if the sink is in state `from`. */
static inline bool fr_layer_sink_move(fr_layer_sink *sink, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong_explicit(&sink->state, &from, to, memory_order_acq_rel,
                                                   memory_order_acquire);
}

/* False: out of memory, logged; *sink is as before, all zero. */
bool fr_layer_sink_make_slot(fr_layer_sink *sink, const struct fr_layer_swapchain *swapchain,
                             VkCommandPool pool, const fr_vulkan_slot *slot);
bool fr_layer_sink_make_stage(fr_layer_sink *sink, const struct fr_layer_swapchain *swapchain,
                              VkCommandPool pool, bool in_memory);

/* The sink is OFF, and its commands are done. All zero again. */
void fr_layer_sink_finish(fr_layer_sink *sink, const struct fr_layer_swapchain *swapchain,
                          VkCommandPool pool);

/* Waits for the commands of a FILLED sink. VK_TIMEOUT; VK_ERROR_DEVICE_LOST. */
VkResult fr_layer_sink_wait(const fr_layer_sink *sink, const fr_layer_device *device, uint64_t timeout_ns);

/* As finish, but what the GPU still uses is left to it for ever. */
void fr_layer_sink_forget(fr_layer_sink *sink);

/* How its pictures are copied. */
fr_layer_means fr_layer_sink_means(const fr_layer_sink *sink, const struct fr_layer_swapchain *swapchain);

/* FILLED and done -> OFF, as new. */
void fr_layer_sink_reset(fr_layer_sink *sink, const struct fr_layer_swapchain *swapchain);

#endif
