/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_cuda_inside.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where in a memfd of that driver the memory begins. */
enum { PAYLOAD = 4096, STACK_MAX = 8, RANGES_MAX = 256, WAITING_MAX = 64, PITCH = 512 };

/* The header has no names for these. */
#define INVALID_VALUE ((CUresult)1)
#define OUT_OF_MEMORY ((CUresult)2)
#define NOT_INITIALIZED ((CUresult)3)
#define INVALID_DEVICE ((CUresult)101)
#define INVALID_CONTEXT ((CUresult)201)

struct CUctx_st {
    CUdevice device;
    uint32_t current; /* on so many stacks */
    uint32_t imports;
};

struct CUextMemory_st {
    struct CUctx_st *context;
    uint8_t *bytes;
    size_t size;
    uint32_t maps;
};

struct range {
    uint8_t *at;
    size_t size;
    struct CUextMemory_st *of; /* NULL: an allocation */
};

static struct fake_cuda fake;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool initialized;
static struct range ranges[RANGES_MAX];
static CUDA_MEMCPY2D waiting[WAITING_MAX];
static size_t num_waiting;
static _Thread_local struct CUctx_st *stack[STACK_MAX];
static _Thread_local size_t depth;

struct fake_cuda *fake_cuda(void)
{
    return &fake;
}

void fake_cuda_reset(void)
{
    struct fake_cuda fresh = {0};
    memcpy(fresh.uuid, fake.uuid, sizeof(fresh.uuid));
    fake = fresh;
    num_waiting = 0;
}

bool fake_cuda_balanced(void)
{
    const struct fake_cuda_pair *const pairs[] = {&fake.contexts, &fake.imports, &fake.maps,
                                                  &fake.allocations};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i]->made != pairs[i]->undone)
            return false;
    return depth == 0;
}

/* ---- what frames every call ---- */

static void expect(bool good, const char *otherwise)
{
    if (!good && !fake.wrong)
        fake.wrong = otherwise;
}

CUresult fake_cuda_not_faked(void)
{
    expect(false, "an entry point that the fake has not");
    return CUDA_ERROR_UNKNOWN;
}

/* Each call begins with this and ends with `leave`. */
static CUresult enter(bool in_context)
{
    (void)pthread_mutex_lock(&mutex);
    if (!initialized)
        return NOT_INITIALIZED;
    if (in_context && !depth) {
        expect(false, "a call without a current context");
        return INVALID_CONTEXT;
    }
    return ++fake.calls == fake.fail_call ? CUDA_ERROR_UNKNOWN : CUDA_SUCCESS;
}

static CUresult leave(CUresult result)
{
    (void)pthread_mutex_unlock(&mutex);
    return result;
}

/* ---- library and devices ---- */

__attribute__((constructor)) static void configure(void)
{
    const char *text = getenv("FAKE_CUDA_UUID");
    for (size_t i = 0; text && i < sizeof(fake.uuid); i++) {
        unsigned byte = 0;
        if (sscanf(text + 2 * i, "%2x", &byte) != 1)
            break;
        fake.uuid[i] = (uint8_t)byte;
    }
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("FAKE_CUDA_REPORT");
    FILE *file = path && fake.calls ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file,
            "{\"wrong\": \"%s\", \"contexts\": [%u, %u], \"imports\": [%u, %u], \"maps\": [%u, %u], "
            "\"allocations\": [%u, %u], \"copies\": %u}\n",
            fake.wrong ? fake.wrong : "", fake.contexts.made, fake.contexts.undone, fake.imports.made,
            fake.imports.undone, fake.maps.made, fake.maps.undone, fake.allocations.made,
            fake.allocations.undone, fake.copies);
    (void)fclose(file);
}

CUresult cuInit(unsigned flags)
{
    (void)pthread_mutex_lock(&mutex);
    expect(flags == 0, "flags of cuInit");
    initialized = fake.init == CUDA_SUCCESS;
    return leave(++fake.calls == fake.fail_call ? CUDA_ERROR_UNKNOWN : fake.init);
}

CUresult cuDeviceGetCount(int *count)
{
    const CUresult result = enter(false);
    *count = 2;
    return leave(result);
}

CUresult cuDeviceGet(CUdevice *device, int number)
{
    const CUresult result = enter(false);
    *device = number;
    return leave(result != CUDA_SUCCESS || (number >= 0 && number < 2) ? result : INVALID_DEVICE);
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device)
{
    const CUresult result = enter(false);
    memcpy(uuid->bytes, fake.uuid, sizeof(fake.uuid));
    uuid->bytes[0] = (char)(uuid->bytes[0] ^ (device == 1 ? 0 : 0x55));
    return leave(result);
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device)
{
    const CUresult result = enter(false);
    snprintf(name, (size_t)length, "fake %d", device);
    return leave(result);
}

CUresult cuDeviceComputeCapability(int *major, int *minor, CUdevice device)
{
    const CUresult result = enter(false);
    (void)device;
    *major = 9;
    *minor = 0;
    return leave(result);
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device)
{
    const CUresult result = enter(false);
    (void)device;
    *value = attribute == CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT ? PITCH : 0;
    return leave(result);
}

CUresult cuGetErrorName(CUresult error, const char **name)
{
    *name = error == CUDA_SUCCESS           ? "CUDA_SUCCESS"
            : error == CUDA_ERROR_NOT_READY ? "CUDA_ERROR_NOT_READY"
            : error == FAKE_CUDA_NO_DEVICE  ? "CUDA_ERROR_NO_DEVICE"
                                            : "CUDA_ERROR_UNKNOWN";
    return CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult error, const char **text)
{
    return cuGetErrorName(error, text);
}

/* ---- contexts ---- */

CUresult cuCtxCreate_v2(CUcontext *out, unsigned flags, CUdevice device)
{
    const CUresult result = enter(false);
    *out = NULL;
    if (result == CUDA_SUCCESS) {
        fake.device = device;
        fake.flags = flags;
        fake.contexts.made++;
        *out = calloc(1, sizeof(**out));
        (*out)->device = device;
        (*out)->current = 1;
        stack[depth++] = *out;
    }
    return leave(result);
}

CUresult cuCtxDestroy_v2(CUcontext context)
{
    const CUresult result = enter(false);
    expect(!context->current, "a context destroyed while it is current");
    expect(!context->imports, "a context destroyed with imported memory in it");
    fake.contexts.undone++;
    free(context);
    return leave(result);
}

/* Fails with a context that is broken for good, in which then nothing can be undone: not as one of the calls.
 */
CUresult cuCtxPushCurrent_v2(CUcontext context)
{
    (void)pthread_mutex_lock(&mutex);
    if (++fake.pushes == fake.fail_push)
        return leave(CUDA_ERROR_UNKNOWN);
    expect(depth < STACK_MAX, "contexts that are never left");
    context->current++;
    stack[depth++] = context;
    return leave(CUDA_SUCCESS);
}

/* One that fails would leave nobody anything to do. */
CUresult cuCtxPopCurrent_v2(CUcontext *context)
{
    (void)pthread_mutex_lock(&mutex);
    if (!depth) {
        expect(false, "a context left that is not there");
        return leave(INVALID_CONTEXT);
    }
    struct CUctx_st *top = stack[--depth];
    top->current--;
    if (context)
        *context = top;
    return leave(CUDA_SUCCESS);
}

CUresult cuCtxGetDevice(CUdevice *device)
{
    const CUresult result = enter(true);
    *device = depth ? stack[depth - 1]->device : 0;
    return leave(result);
}

CUresult cuCtxSetLimit(CUlimit limit, size_t value)
{
    (void)limit, (void)value;
    return leave(enter(true));
}

/* ---- memory ---- */

static struct range *range_of(const void *at, size_t bytes)
{
    const uint8_t *from = at;
    for (size_t i = 0; i < RANGES_MAX; i++)
        if (ranges[i].at && from >= ranges[i].at && bytes <= ranges[i].size &&
            from - ranges[i].at <= (ptrdiff_t)(ranges[i].size - bytes))
            return &ranges[i];
    return NULL;
}

bool fake_cuda_has(const void *at, size_t bytes)
{
    (void)pthread_mutex_lock(&mutex);
    const bool has = range_of(at, bytes) != NULL;
    (void)pthread_mutex_unlock(&mutex);
    return has;
}

static bool add_range(uint8_t *at, size_t size, struct CUextMemory_st *of)
{
    for (size_t i = 0; i < RANGES_MAX; i++)
        if (!ranges[i].at) {
            ranges[i] = (struct range){at, size, of};
            return true;
        }
    return false;
}

CUresult cuMemAlloc_v2(CUdeviceptr *out, size_t bytes)
{
    CUresult result = enter(true);
    uint8_t *at = result == CUDA_SUCCESS ? malloc(bytes) : NULL;
    if (result == CUDA_SUCCESS && !(at && add_range(at, bytes, NULL))) {
        free(at);
        at = NULL;
        result = OUT_OF_MEMORY;
    }
    fake.allocations.made += result == CUDA_SUCCESS;
    *out = (CUdeviceptr)(uintptr_t)at;
    return leave(result);
}

CUresult cuMemAllocPitch_v2(CUdeviceptr *out, size_t *pitch, size_t width, size_t height, unsigned element)
{
    (void)element;
    *pitch = (width + PITCH - 1) / PITCH * PITCH;
    return cuMemAlloc_v2(out, *pitch * height);
}

CUresult cuMemFree_v2(CUdeviceptr at)
{
    const CUresult result = enter(true);
    struct range *range = range_of((void *)(uintptr_t)at, 0);
    if (!range || range->at != (uint8_t *)(uintptr_t)at) {
        expect(false, "memory freed that is not there");
        return leave(INVALID_VALUE);
    }
    if (range->of) {
        range->of->maps--;
        fake.maps.undone++;
    } else {
        free(range->at);
        fake.allocations.undone++;
    }
    *range = (struct range){0};
    return leave(result);
}

CUresult cuImportExternalMemory(CUexternalMemory *out, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC *handle)
{
    struct stat file;
    CUresult result = enter(true);
    *out = NULL;
    if (result != CUDA_SUCCESS)
        return leave(result);
    expect(handle->type == CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD && !handle->flags, "kind of an import");
    if (fstat(handle->handle.fd, &file) || (uint64_t)file.st_size < PAYLOAD + handle->size) {
        expect(false, "size of an import");
        return leave(INVALID_VALUE);
    }
    void *bytes =
        mmap(NULL, handle->size, PROT_READ | PROT_WRITE, MAP_SHARED, handle->handle.fd, (off_t)PAYLOAD);
    struct CUextMemory_st *made = bytes == MAP_FAILED ? NULL : calloc(1, sizeof(*made));
    if (!made)
        return leave(OUT_OF_MEMORY);
    (void)close(handle->handle.fd);
    *made = (struct CUextMemory_st){stack[depth - 1], bytes, handle->size, 0};
    made->context->imports++;
    fake.imports.made++;
    *out = made;
    return leave(result);
}

CUresult cuExternalMemoryGetMappedBuffer(CUdeviceptr *out, CUexternalMemory memory,
                                         const CUDA_EXTERNAL_MEMORY_BUFFER_DESC *buffer)
{
    CUresult result = enter(true);
    *out = 0;
    expect(buffer->offset + buffer->size <= memory->size && buffer->size && !buffer->flags,
           "size of a mapped buffer");
    if (result == CUDA_SUCCESS && !add_range(memory->bytes + buffer->offset, buffer->size, memory))
        result = OUT_OF_MEMORY;
    if (result == CUDA_SUCCESS) {
        memory->maps++;
        fake.maps.made++;
        *out = (CUdeviceptr)(uintptr_t)(memory->bytes + buffer->offset);
    }
    return leave(result);
}

CUresult cuDestroyExternalMemory(CUexternalMemory memory)
{
    const CUresult result = enter(true);
    expect(!memory->maps, "an import destroyed with buffers mapped");
    expect(memory->context == stack[depth - 1], "an import destroyed in another context");
    memory->context->imports--;
    (void)munmap(memory->bytes, memory->size);
    free(memory);
    fake.imports.undone++;
    return leave(result);
}

/* ---- copies ---- */

static const uint8_t *source_of(const CUDA_MEMCPY2D *c)
{
    const uint8_t *base = c->srcMemoryType == CU_MEMORYTYPE_DEVICE ? (uint8_t *)(uintptr_t)c->srcDevice
                                                                   : (const uint8_t *)c->srcHost;
    return base + c->srcY * c->srcPitch + c->srcXInBytes;
}

static uint8_t *target_of(const CUDA_MEMCPY2D *c)
{
    uint8_t *base =
        c->dstMemoryType == CU_MEMORYTYPE_DEVICE ? (uint8_t *)(uintptr_t)c->dstDevice : c->dstHost;
    return base + c->dstY * c->dstPitch + c->dstXInBytes;
}

static void copy(const CUDA_MEMCPY2D *c)
{
    const size_t last = c->Height ? c->Height - 1 : 0;
    if ((c->srcMemoryType == CU_MEMORYTYPE_DEVICE &&
         !range_of(source_of(c), last * c->srcPitch + c->WidthInBytes)) ||
        (c->dstMemoryType == CU_MEMORYTYPE_DEVICE &&
         !range_of(target_of(c), last * c->dstPitch + c->WidthInBytes))) {
        expect(false, "a copy beyond what is there");
        return;
    }
    for (size_t y = 0; y < c->Height; y++)
        memcpy(target_of(c) + y * c->dstPitch, source_of(c) + y * c->srcPitch, c->WidthInBytes);
    fake.copies++;
}

static void copy_waiting(void)
{
    for (size_t i = 0; i < num_waiting; i++)
        copy(&waiting[i]);
    num_waiting = 0;
}

CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *c, CUstream stream)
{
    CUresult result = enter(true);
    (void)stream;
    if (result == CUDA_SUCCESS && num_waiting == WAITING_MAX)
        result = OUT_OF_MEMORY;
    if (result == CUDA_SUCCESS)
        waiting[num_waiting++] = *c;
    return leave(result);
}

CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D *c)
{
    const CUresult result = enter(true);
    if (result == CUDA_SUCCESS) {
        copy_waiting();
        copy(c);
    }
    return leave(result);
}

/* The fake of NVENC's, in the place of hardware: none of the calls that fail. */
CUresult cuMemcpyDtoH_v2(void *out, CUdeviceptr at, size_t bytes)
{
    (void)pthread_mutex_lock(&mutex);
    CUresult result = depth ? CUDA_SUCCESS : INVALID_CONTEXT;
    const void *from = (const void *)(uintptr_t)at;
    if (result == CUDA_SUCCESS && !range_of(from, bytes)) {
        expect(false, "a copy beyond what is there");
        result = INVALID_VALUE;
    }
    copy_waiting();
    if (result == CUDA_SUCCESS)
        memcpy(out, from, bytes);
    return leave(result);
}

CUresult cuStreamSynchronize(CUstream stream)
{
    const CUresult result = enter(true);
    (void)stream;
    copy_waiting();
    return leave(result);
}

CUresult cuStreamQuery(CUstream stream)
{
    CUresult result = enter(true);
    (void)stream;
    fake.queries++;
    if (result == CUDA_SUCCESS && (fake.hangs || (fake.busy && fake.busy--)))
        result = CUDA_ERROR_NOT_READY;
    if (result == CUDA_SUCCESS)
        copy_waiting();
    return leave(result);
}
