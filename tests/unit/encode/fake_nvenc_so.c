/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * The fake as libnvidia-encode.so.1, for FFmpeg's wrapper. It encodes what lies in the memory of the fake of
 * CUDA. FAKE_NVENC_REPORT in the environment: a file to which the end of the process writes what was counted,
 * and what the newest session was told.
 */

#include "nvenc_coder.h"

#include <stdio.h>
#include <stdlib.h>

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

/* For a test in the same process: as new. */
EXPORTED struct fake_nvenc *fake_nvenc_begin(void);
EXPORTED struct fake_nvenc *fake_nvenc_begin(void)
{
    fake_nvenc_reset();
    fake_nvenc()->cuda = true;
    nvenc_coder_install();
    return fake_nvenc();
}

__attribute__((constructor)) static void begin(void)
{
    (void)fake_nvenc_begin();
}

__attribute__((destructor)) static void end(void)
{
    const struct fake_nvenc *f = fake_nvenc();
    const char *path = getenv("FAKE_NVENC_REPORT");
    FILE *file = path && f->sessions.made ? fopen(path, "w") : NULL;
    nvenc_coder_finish();
    if (!file)
        return;
    fprintf(file,
            "{\"wrong\": \"%s\", \"sessions\": [%u, %u], \"resources\": [%u, %u], \"maps\": [%u, %u], "
            "\"locks\": [%u, "
            "%u], \"inputs\": [%u, %u], \"frames\": %u, \"keyframes\": %u}\n",
            f->wrong ? f->wrong : "", f->sessions.made, f->sessions.undone, f->resources.made,
            f->resources.undone, f->maps.made, f->maps.undone, f->locks.made, f->locks.undone, f->inputs.made,
            f->inputs.undone, f->frames, f->keyframes);
    (void)fclose(file);
}
