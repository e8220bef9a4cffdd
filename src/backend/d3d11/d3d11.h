/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_D3D11_H
#define FR_BACKEND_D3D11_D3D11_H

/*
 * Slots and pictures as Direct3D 11 textures. Slots are claimed by keyed mutexes, or by slot states with
 * shared fences where both sides have them.
 *
 * The host's device is its own. It is made by the first ring_create, and made anew by the next one after it
 * was lost or rebound; what belongs to the one before keeps that alive. The source's device is the caller's.
 */

#include "backend/backend.h"

#include <framering/d3d11.h>
#include <framering/log.h>

struct fr_d3d11_api;

/* FR_ERR_UNSUPPORTED: this machine has no Direct3D 11 (logged); FR_ERR_NO_MEMORY. `params` (NULL: all zero)
 * and `api` (NULL: the system's) are copied. */
fr_status fr_d3d11_host_create(struct fr_backend_host *out, const fr_d3d11_host_params *params,
                               const struct fr_d3d11_api *api, const fr_log *log);

/* References params->device. FR_ERR_UNSUPPORTED: the device cannot be used from several threads (logged);
 * FR_ERR_NO_MEMORY. */
fr_status fr_d3d11_source_create(struct fr_backend_source *out, const fr_d3d11_source_params *params,
                                 const fr_log *log);

/* What fr_frame_d3d11 says of a picture of this backend. */
void fr_d3d11_picture_get(const struct fr_picture *picture, fr_d3d11_picture *out);

/* The backend that a picture is of, told by how it is destroyed. */
void fr_d3d11_picture_destroy(struct fr_picture *picture);

/* What fr_source_push_d3d11 needs of a source made by fr_d3d11_source_create. */

/* False: `source` is another backend. */
bool fr_d3d11_source_is(const struct fr_backend_source *source);

/* Size and format of a texture; FR_FORMAT_NONE for a format that no ring has, and several samples. */
void fr_d3d11_texture_describe(struct ID3D11Texture2D *texture, uint32_t *width, uint32_t *height,
                               fr_format *format);

/* Copies `texture` into the slot `out`, a texture or memory, of the same size and format. Into a texture the
 * copy is submitted, into memory it is complete. FR_ERR_DEVICE_LOST, FR_ERR_NO_MEMORY, FR_ERR_SYSTEM,
 * FR_TIMEOUT: the GPU took longer than a second. */
fr_status fr_d3d11_source_fill(const struct fr_backend_source *source, struct ID3D11Texture2D *texture,
                               const fr_slot *out);

#endif
