/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_ENCODE_AV_CUDA_DRIVER_H
#define FR_ENCODE_AV_CUDA_DRIVER_H

/*
 * CUDA's driver library, loaded at run time, and memory of Vulkan seen through it. Contexts are FFmpeg's.
 *
 * Threads: any; each call makes the context the thread's for as long as it lasts.
 */

#include "encode/encoder.h"

#include <ffnvcodec/dynlink_cuda.h>

struct fr_cuda {
    void *library;
    tcuInit *init;
    tcuDeviceGetCount *device_get_count;
    tcuDeviceGet *device_get;
    tcuDeviceGetUuid *device_get_uuid;
    tcuCtxPushCurrent_v2 *ctx_push;
    tcuCtxPopCurrent_v2 *ctx_pop;
    tcuImportExternalMemory *import_memory;
    tcuExternalMemoryGetMappedBuffer *map_buffer;
    tcuDestroyExternalMemory *destroy_memory;
    tcuMemFree_v2 *mem_free;
    tcuStreamQuery *stream_query;
    tcuGetErrorName *error_name;
};

/* FR_ERR_UNSUPPORTED: it is not there, too old, or finds no GPU; `reason` says so. */
fr_status fr_cuda_load(struct fr_cuda *out, char reason[FR_REASON_BYTES]);
/* Accepts one that is all zero. */
void fr_cuda_unload(struct fr_cuda *cuda);

/* The number of the device with this UUID. FR_ERR_UNSUPPORTED: CUDA does not know it. */
fr_status fr_cuda_find(const struct fr_cuda *cuda, const uint8_t uuid[16], int *number,
                       char reason[FR_REASON_BYTES]);

/* Memory of another API, as a range of addresses of a context. */
struct fr_cuda_memory {
    CUexternalMemory memory;
    CUdeviceptr at;
};

/* Takes `fd`, an OPAQUE_FD of `bytes`, also on failure. FR_ERR_UNSUPPORTED: CUDA does not take it. */
fr_status fr_cuda_import(const struct fr_cuda *cuda, CUcontext context, int fd, uint64_t bytes,
                         struct fr_cuda_memory *out, char reason[FR_REASON_BYTES]);
void fr_cuda_free(const struct fr_cuda *cuda, CUcontext context, struct fr_cuda_memory *memory);

/* Until all that was given to the stream is over, or can be over no more because the context is broken.
 * False: it is not, after timeout_ns. */
bool fr_cuda_settle(const struct fr_cuda *cuda, CUcontext context, CUstream stream, uint64_t timeout_ns);

#endif
