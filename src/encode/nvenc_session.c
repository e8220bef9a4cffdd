/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/nvenc_session.h"

#include <stdio.h>

/* Of the version's word from the driver, which is not packed as NVENCAPI_VERSION is. */
enum { MINOR_BITS = 4, MINOR_MASK = 15 };

static fr_status check_version(struct fr_nvenc_session *s)
{
    uint32_t max = 0;
    const NVENCSTATUS status = s->library.get_max_version(&max);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(s, "NVENC does not tell its version", status);
    const uint32_t ours = NVENCAPI_MAJOR_VERSION << MINOR_BITS | NVENCAPI_MINOR_VERSION;
    if (max >= ours)
        return FR_OK;
    snprintf(s->reason, FR_REASON_BYTES,
             "the NVIDIA driver speaks NVENC %u.%u, framering needs %u.%u: update the driver",
             max >> MINOR_BITS, max & MINOR_MASK, (unsigned)NVENCAPI_MAJOR_VERSION,
             (unsigned)NVENCAPI_MINOR_VERSION);
    return FR_ERR_ENCODER;
}

static bool has_all_functions(const NV_ENCODE_API_FUNCTION_LIST *api)
{
    return api->nvEncOpenEncodeSessionEx && api->nvEncDestroyEncoder && api->nvEncGetEncodeGUIDs &&
           api->nvEncGetEncodeCaps && api->nvEncGetEncodePresetConfigEx && api->nvEncInitializeEncoder &&
           api->nvEncGetSequenceParams && api->nvEncCreateInputBuffer && api->nvEncDestroyInputBuffer &&
           api->nvEncLockInputBuffer && api->nvEncUnlockInputBuffer && api->nvEncCreateBitstreamBuffer &&
           api->nvEncDestroyBitstreamBuffer && api->nvEncLockBitstream && api->nvEncUnlockBitstream &&
           api->nvEncRegisterResource && api->nvEncUnregisterResource && api->nvEncMapInputResource &&
           api->nvEncUnmapInputResource && api->nvEncRegisterAsyncEvent && api->nvEncUnregisterAsyncEvent &&
           api->nvEncEncodePicture;
}

static fr_status get_functions(struct fr_nvenc_session *s)
{
    s->api = (NV_ENCODE_API_FUNCTION_LIST){.version = NV_ENCODE_API_FUNCTION_LIST_VER};
    const NVENCSTATUS status = s->library.create_instance(&s->api);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(s, "NVENC does not start", status);
    if (has_all_functions(&s->api))
        return FR_OK;
    snprintf(s->reason, FR_REASON_BYTES, "the NVIDIA driver's NVENC lacks functions: update the driver");
    return FR_ERR_ENCODER;
}

fr_status fr_nvenc_session_load(struct fr_nvenc_session *s)
{
    fr_status status = s->system->library_open(s->system->self, &s->library, s->reason);
    if (status == FR_OK)
        status = check_version(s);
    return status == FR_OK ? get_functions(s) : status;
}

void fr_nvenc_session_unload(struct fr_nvenc_session *s)
{
    if (s->library.handle)
        s->system->library_close(s->system->self, &s->library);
    s->library = (struct fr_nvenc_library){0};
}

fr_status fr_nvenc_session_open(struct fr_nvenc_session *s, void *device)
{
    NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS params = {.version = NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS_VER,
                                                   .deviceType = NV_ENC_DEVICE_TYPE_DIRECTX,
                                                   .device = device,
                                                   .apiVersion = NVENCAPI_VERSION};
    s->system->ref(s->system->self, device);
    s->device = device;
    const NVENCSTATUS status = s->api.nvEncOpenEncodeSessionEx(&params, &s->handle);
    if (status == NV_ENC_SUCCESS && s->handle) {
        s->sessions++;
        return FR_OK;
    }
    const fr_status failed = fr_nvenc_fail(s, "NVENC opens no session", status);
    /* The header asks for it: a session that failed to open is destroyed too. */
    fr_nvenc_session_close(s);
    return failed;
}

void fr_nvenc_session_close(struct fr_nvenc_session *s)
{
    if (s->handle)
        s->api.nvEncDestroyEncoder(s->handle);
    s->handle = NULL;
    if (s->device)
        s->system->unref(s->system->self, s->device);
    s->device = NULL;
}
