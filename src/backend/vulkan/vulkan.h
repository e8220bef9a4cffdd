/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_VULKAN_VULKAN_H
#define FR_BACKEND_VULKAN_VULKAN_H

/*
 * Slots and pictures on a Vulkan device: what capture and publish know of it. Needs no Vulkan header; where
 * the library is built without one, stubs.c answers.
 *
 * The host's device is its own. It is made by the first ring_create, for the source's device where none is
 * named, and made anew by the next one after it was lost. The source's device is the caller's.
 */

#include "backend/backend.h"

#include <framering/log.h>
#include <framering/vulkan.h>

/* `automatic`: the caller did not ask for this backend by name. Its capabilities are without FR_CAP_STATES
 * then, so that sources without a GPU are the cpu backend's, and a ring_create for a source whose device is
 * no GPU, or cannot be shared with, says FR_ERR_UNSUPPORTED. FR_ERR_UNSUPPORTED: this machine, or this build,
 * has no Vulkan, which is logged with what comes instead: rings in shared memory; FR_ERR_NO_MEMORY. `params`
 * (NULL: all zero) is copied. */
fr_status fr_vk_host_create(struct fr_backend_host *out, const fr_vulkan_host_params *params, struct fr_os os,
                            bool automatic, const fr_log *log);

/* The backend that a picture is of, told by how it is destroyed. */
void fr_vk_picture_destroy(struct fr_picture *picture);
/* What fr_frame_vulkan says of a picture of this backend. */
void fr_vk_picture_get(const struct fr_picture *picture, fr_vulkan_picture *out);
fr_status fr_vk_picture_wait(const struct fr_picture *picture);
/* As fr_frame_vulkan_left; fr_frame_vulkan_device and what belongs to it. */
void fr_vk_picture_left(const struct fr_picture *picture, const uint32_t layout[2]);
fr_vulkan_device *fr_vk_picture_device(const struct fr_picture *picture);
void fr_vk_held_device_release(fr_vulkan_device *device);
void fr_vk_held_device_lock(fr_vulkan_device *device, bool lock);
/* As fr_frame_vulkan_export. */
fr_status fr_vk_picture_export(const struct fr_picture *picture, fr_vulkan_handle_kind kind, int *out);

/* FR_ERR_UNSUPPORTED: the device cannot be used (logged); FR_ERR_NO_MEMORY. `params` is copied, what it
 * points to outlives the backend. */
fr_status fr_vk_source_create(struct fr_backend_source *out, const fr_vulkan_source_params *params,
                              const fr_log *log);

/* What the public functions need of a source made by fr_vk_source_create. */

/* False: `source` is another backend. */
bool fr_vk_source_is(const struct fr_backend_source *source);

/* Size and format of an image; FR_FORMAT_NONE for a format that no ring has. */
void fr_vk_image_describe(const fr_vulkan_image *image, uint32_t *width, uint32_t *height, fr_format *format);

/* Copies `image`, of the same size and format, into slot `index` of `ring`, which is between begin and end,
 * or, where `ring` is NULL, into the memory of `out`. Into a slot the copy is submitted (its end says when it
 * is done), into memory it is complete. FR_ERR_DEVICE_LOST, FR_ERR_NO_MEMORY, FR_ERR_SYSTEM: image->wait and
 * image->signal were not used. FR_TIMEOUT: they were, but the GPU took longer than a second. */
fr_status fr_vk_source_fill(const struct fr_backend_source *source, void *ring, uint32_t index,
                            const fr_vulkan_image *image, const fr_slot *out);

/* As fr_source_vulkan_slot, for slot `index` of `ring`, which is between begin and end. */
void fr_vk_source_slot(const struct fr_backend_source *source, void *ring, uint32_t index,
                       fr_vulkan_slot *out);

/* As fr_vulkan_probe; the arguments are not NULL. */
fr_status fr_vk_probe(fr_vulkan_device_info *out, size_t max, size_t *count, const fr_log *log);

/* As fr_vulkan_format and fr_vulkan_source_extensions. */
fr_format fr_vk_ring_format(uint32_t vk_format);
const char *const *fr_vk_source_extensions(void);

#endif
