/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* nanosleep */
#include "encode/av_cuda_driver.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char library_name[] = "libcuda.so.1";

enum { DEVICES_MAX = 64, LOOK_NS = 50 * 1000 };

static const char *name_of(const struct fr_cuda *cuda, CUresult result)
{
    const char *name = NULL;
    return cuda->error_name(result, &name) == CUDA_SUCCESS && name ? name : "an unknown error";
}

static bool find(void *library, const char *name, void *function)
{
    void *const symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof(symbol));
    return symbol != NULL;
}

static bool find_all(struct fr_cuda *c)
{
    return find(c->library, "cuInit", &c->init) &&
           find(c->library, "cuDeviceGetCount", &c->device_get_count) &&
           find(c->library, "cuDeviceGet", &c->device_get) &&
           find(c->library, "cuDeviceGetUuid", &c->device_get_uuid) &&
           find(c->library, "cuCtxPushCurrent_v2", &c->ctx_push) &&
           find(c->library, "cuCtxPopCurrent_v2", &c->ctx_pop) &&
           find(c->library, "cuImportExternalMemory", &c->import_memory) &&
           find(c->library, "cuExternalMemoryGetMappedBuffer", &c->map_buffer) &&
           find(c->library, "cuDestroyExternalMemory", &c->destroy_memory) &&
           find(c->library, "cuMemFree_v2", &c->mem_free) &&
           find(c->library, "cuStreamQuery", &c->stream_query) &&
           find(c->library, "cuGetErrorName", &c->error_name);
}

fr_status fr_cuda_load(struct fr_cuda *out, char reason[FR_REASON_BYTES])
{
    *out = (struct fr_cuda){.library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL)};
    if (!out->library) {
        snprintf(reason, FR_REASON_BYTES, "%s is not there: CUDA needs an NVIDIA GPU and its driver",
                 library_name);
        return FR_ERR_UNSUPPORTED;
    }
    const bool complete = find_all(out);
    const CUresult result = complete ? out->init(0) : CUDA_SUCCESS;
    if (complete && result == CUDA_SUCCESS)
        return FR_OK;
    if (complete)
        snprintf(reason, FR_REASON_BYTES, "CUDA does not start: %s", name_of(out, result));
    else
        snprintf(reason, FR_REASON_BYTES, "%s is too old: update the NVIDIA driver", library_name);
    fr_cuda_unload(out);
    return FR_ERR_UNSUPPORTED;
}

void fr_cuda_unload(struct fr_cuda *cuda)
{
    if (cuda->library)
        (void)dlclose(cuda->library);
    *cuda = (struct fr_cuda){0};
}

fr_status fr_cuda_find(const struct fr_cuda *cuda, const uint8_t uuid[16], int *number,
                       char reason[FR_REASON_BYTES])
{
    int count = 0;
    CUresult result = cuda->device_get_count(&count);
    for (int i = 0; i < count && i < DEVICES_MAX && result == CUDA_SUCCESS; i++) {
        CUdevice device;
        CUuuid found;
        result = cuda->device_get(&device, i);
        if (result == CUDA_SUCCESS)
            result = cuda->device_get_uuid(&found, device);
        if (result == CUDA_SUCCESS && !memcmp(found.bytes, uuid, sizeof(found.bytes))) {
            *number = i;
            return FR_OK;
        }
    }
    if (result == CUDA_SUCCESS)
        snprintf(reason, FR_REASON_BYTES, "the GPU that the frames lie on is none of CUDA's %d", count);
    else
        snprintf(reason, FR_REASON_BYTES, "CUDA does not tell its devices: %s", name_of(cuda, result));
    return FR_ERR_UNSUPPORTED;
}

static void leave(const struct fr_cuda *cuda)
{
    CUcontext ours;
    (void)cuda->ctx_pop(&ours);
}

/* In the context. */
static CUresult import(const struct fr_cuda *cuda, int fd, uint64_t bytes, struct fr_cuda_memory *out)
{
    const CUDA_EXTERNAL_MEMORY_HANDLE_DESC handle = {
        .type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD, .handle = {.fd = fd}, .size = bytes};
    const CUDA_EXTERNAL_MEMORY_BUFFER_DESC all = {.size = bytes};
    CUresult result = cuda->import_memory(&out->memory, &handle);
    if (result != CUDA_SUCCESS) {
        (void)close(fd); /* an import that succeeds takes it */
        return result;
    }
    result = cuda->map_buffer(&out->at, out->memory, &all);
    if (result != CUDA_SUCCESS)
        (void)cuda->destroy_memory(out->memory);
    return result;
}

fr_status fr_cuda_import(const struct fr_cuda *cuda, CUcontext context, int fd, uint64_t bytes,
                         struct fr_cuda_memory *out, char reason[FR_REASON_BYTES])
{
    struct fr_cuda_memory made = {0};
    *out = made;
    CUresult result = cuda->ctx_push(context);
    if (result == CUDA_SUCCESS) {
        result = import(cuda, fd, bytes, &made);
        leave(cuda);
    } else {
        (void)close(fd);
    }
    if (result == CUDA_SUCCESS) {
        *out = made;
        return FR_OK;
    }
    snprintf(reason, FR_REASON_BYTES, "CUDA does not take the frames' memory: %s", name_of(cuda, result));
    return FR_ERR_UNSUPPORTED;
}

void fr_cuda_free(const struct fr_cuda *cuda, CUcontext context, struct fr_cuda_memory *memory)
{
    if (memory->memory && cuda->ctx_push(context) == CUDA_SUCCESS) {
        (void)cuda->mem_free(memory->at);
        (void)cuda->destroy_memory(memory->memory);
        leave(cuda);
    }
    *memory = (struct fr_cuda_memory){0};
}

bool fr_cuda_settle(const struct fr_cuda *cuda, CUcontext context, CUstream stream, uint64_t timeout_ns)
{
    const uint64_t deadline = fr_clock_now_ns() + timeout_ns;
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    if (cuda->ctx_push(context) != CUDA_SUCCESS)
        return true;
    /* cuStreamSynchronize has no bound. */
    CUresult result;
    while ((result = cuda->stream_query(stream)) == CUDA_ERROR_NOT_READY && fr_clock_now_ns() < deadline)
        (void)nanosleep(&pause, NULL);
    leave(cuda);
    return result != CUDA_ERROR_NOT_READY;
}
