/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_D3D11_H
#define FRAMERING_D3D11_H

/*
 * Direct3D 11, Windows only. Stands alone: no Windows header is needed to include it, and every other header
 * of framering works without it.
 *
 * Threads: a device that is handed to framering is used from the thread that calls, through its immediate
 * context. framering turns the context's multithread protection on (ID3D11Multithread), because encoders and
 * read-backs use it from other threads.
 */

#include <framering/frame.h>
#include <framering/source.h>

#ifdef __cplusplus
extern "C" {
#endif

struct ID3D11Device;
struct ID3D11Texture2D;

/* Which adapter a host's ring lies on. All zero: the discrete GPU with the most memory; software adapters are
 * skipped. */
typedef struct fr_d3d11_host_params {
    const char
        *adapter; /* a part of the adapter's description, case-insensitive ("NVIDIA"); NULL: none named */
    bool has_fallback; /* when no adapter is named and none is discrete: the one that the target names */
    uint32_t fallback_luid_low;
    int32_t fallback_luid_high;
    bool no_fence; /* never offer shared fences, only keyed mutexes */
} fr_d3d11_host_params;

/* A picture on a GPU. Both pointers are borrowed: valid until the frame is released. */
typedef struct fr_d3d11_picture {
    struct ID3D11Device *device;
    struct ID3D11Texture2D
        *texture; /* NV12 or P010, one subresource; the frame's own size, rounded up to even */
} fr_d3d11_picture;

/* The texture of a frame: FR_OK, or FR_ERR_UNSUPPORTED when the frame lies in memory (*out is zeroed). The
 * work that fills it was submitted to the device's immediate context. Any thread. */
FR_API fr_status fr_frame_d3d11(const fr_frame *frame, fr_d3d11_picture *out);

/* The device that a source renders with. `device` is referenced by fr_source_open. */
typedef struct fr_d3d11_source_params {
    struct ID3D11Device *device;
    uint32_t acquire_wait_ms; /* 0 = 16: the longest wait for a slot that the host still reads */
} fr_d3d11_source_params;

/*
 * begin, copy on the GPU, publish in one call, for a frame that lies in a texture of the source's device. A
 * texture whose format or size is not the ring's is dropped and counted as mismatched (logged once per
 * episode): FR_AGAIN. A ring in shared memory (the host has no way to share textures with this device) gets
 * the pixels by read-back. FR_ERR_UNSUPPORTED: the source was opened without a device; FR_ERR_DEVICE_LOST;
 * else as fr_source_publish. The texture is only read, before the call returns or in GPU order after it.
 */
FR_API fr_status fr_source_push_d3d11(fr_source *source, struct ID3D11Texture2D *texture,
                                      const fr_publish_info *info);

#ifdef __cplusplus
}
#endif
#endif
