/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * The fake as libnvidia-encode.so.1, for FFmpeg's wrapper. It encodes what CUDA reads, the fake or
 * a real one. FAKE_NVENC_REPORT in the environment: a file to which the end of the process writes what was
 * counted, and what the newest session was told.
 */

#include "coder.h"
#include "fake_nvenc.h"
#include "nvenc_coder.h"

#include <ffnvcodec/dynlink_cuda.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

EXPORTED NVENCSTATUS NVENCAPI NvEncodeAPIGetMaxSupportedVersion(uint32_t *version);
EXPORTED NVENCSTATUS NVENCAPI NvEncodeAPIGetMaxSupportedVersion(uint32_t *version)
{
    return fake_nvenc_get_max_version(version);
}

EXPORTED NVENCSTATUS NVENCAPI NvEncodeAPICreateInstance(NV_ENCODE_API_FUNCTION_LIST *functions);
EXPORTED NVENCSTATUS NVENCAPI NvEncodeAPICreateInstance(NV_ENCODE_API_FUNCTION_LIST *functions)
{
    return fake_nvenc_create_instance(functions);
}

/* Of the fake of CUDA, or of the real one; FFmpeg has entered the context. */
static bool read_cuda(void *out, const void *address, size_t bytes)
{
    tcuMemcpyDtoH_v2 *copy;
    void *const library = dlopen("libcuda.so.1", RTLD_NOW);
    void *const symbol = library ? dlsym(library, "cuMemcpyDtoH_v2") : NULL;
    memcpy(&copy, &symbol, sizeof(copy));
    const bool good = symbol && copy(out, (CUdeviceptr)(uintptr_t)address, bytes) == CUDA_SUCCESS;
    if (library)
        (void)dlclose(library);
    return good;
}

/* For a test in the same process: as new. */
EXPORTED struct fake_nvenc *fake_nvenc_begin(void);
EXPORTED struct fake_nvenc *fake_nvenc_begin(void)
{
    fake_nvenc_reset();
    fake_nvenc()->cuda = true;
    fake_nvenc()->read = read_cuda;
    nvenc_coder_install();
    return fake_nvenc();
}

__attribute__((constructor)) static void begin(void)
{
    (void)fake_nvenc_begin();
}

static void put_pair(FILE *file, const char *name, struct fake_pair pair)
{
    fprintf(file, ", \"%s\": [%u, %u]", name, pair.made, pair.undone);
}

__attribute__((destructor)) static void end(void)
{
    const struct fake_nvenc *f = fake_nvenc();
    const char *path = getenv("FAKE_NVENC_REPORT");
    FILE *file = path && f->sessions.made ? fopen(path, "w") : NULL;
    coder_finish();
    if (!file)
        return;
    fprintf(file, "{\"wrong\": \"%s\", \"frames\": %u, \"keyframes\": %u", f->wrong ? f->wrong : "",
            f->frames, f->keyframes);
    put_pair(file, "sessions", f->sessions);
    put_pair(file, "resources", f->resources);
    put_pair(file, "maps", f->maps);
    put_pair(file, "locks", f->locks);
    put_pair(file, "inputs", f->inputs);
    put_pair(file, "input_locks", f->input_locks);
    fprintf(file, "}\n");
    (void)fclose(file);
}
