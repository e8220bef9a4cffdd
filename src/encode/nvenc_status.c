/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/nvenc_session.h"

#include <stdio.h>

const char *fr_nvenc_status_name(NVENCSTATUS status)
{
    switch (status) {
    case NV_ENC_SUCCESS: return "NV_ENC_SUCCESS";
    case NV_ENC_ERR_NO_ENCODE_DEVICE: return "NV_ENC_ERR_NO_ENCODE_DEVICE";
    case NV_ENC_ERR_UNSUPPORTED_DEVICE: return "NV_ENC_ERR_UNSUPPORTED_DEVICE";
    case NV_ENC_ERR_INVALID_ENCODERDEVICE: return "NV_ENC_ERR_INVALID_ENCODERDEVICE";
    case NV_ENC_ERR_INVALID_DEVICE: return "NV_ENC_ERR_INVALID_DEVICE";
    case NV_ENC_ERR_DEVICE_NOT_EXIST: return "NV_ENC_ERR_DEVICE_NOT_EXIST";
    case NV_ENC_ERR_INVALID_PTR: return "NV_ENC_ERR_INVALID_PTR";
    case NV_ENC_ERR_INVALID_EVENT: return "NV_ENC_ERR_INVALID_EVENT";
    case NV_ENC_ERR_INVALID_PARAM: return "NV_ENC_ERR_INVALID_PARAM";
    case NV_ENC_ERR_INVALID_CALL: return "NV_ENC_ERR_INVALID_CALL";
    case NV_ENC_ERR_OUT_OF_MEMORY: return "NV_ENC_ERR_OUT_OF_MEMORY";
    case NV_ENC_ERR_ENCODER_NOT_INITIALIZED: return "NV_ENC_ERR_ENCODER_NOT_INITIALIZED";
    case NV_ENC_ERR_UNSUPPORTED_PARAM: return "NV_ENC_ERR_UNSUPPORTED_PARAM";
    case NV_ENC_ERR_LOCK_BUSY: return "NV_ENC_ERR_LOCK_BUSY";
    case NV_ENC_ERR_NOT_ENOUGH_BUFFER: return "NV_ENC_ERR_NOT_ENOUGH_BUFFER";
    case NV_ENC_ERR_INVALID_VERSION: return "NV_ENC_ERR_INVALID_VERSION";
    case NV_ENC_ERR_MAP_FAILED: return "NV_ENC_ERR_MAP_FAILED";
    case NV_ENC_ERR_NEED_MORE_INPUT: return "NV_ENC_ERR_NEED_MORE_INPUT";
    case NV_ENC_ERR_ENCODER_BUSY: return "NV_ENC_ERR_ENCODER_BUSY";
    case NV_ENC_ERR_EVENT_NOT_REGISTERD: return "NV_ENC_ERR_EVENT_NOT_REGISTERD";
    case NV_ENC_ERR_GENERIC: return "NV_ENC_ERR_GENERIC";
    case NV_ENC_ERR_INCOMPATIBLE_CLIENT_KEY: return "NV_ENC_ERR_INCOMPATIBLE_CLIENT_KEY";
    case NV_ENC_ERR_UNIMPLEMENTED: return "NV_ENC_ERR_UNIMPLEMENTED";
    case NV_ENC_ERR_RESOURCE_REGISTER_FAILED: return "NV_ENC_ERR_RESOURCE_REGISTER_FAILED";
    case NV_ENC_ERR_RESOURCE_NOT_REGISTERED: return "NV_ENC_ERR_RESOURCE_NOT_REGISTERED";
    case NV_ENC_ERR_RESOURCE_NOT_MAPPED: return "NV_ENC_ERR_RESOURCE_NOT_MAPPED";
    default: return "an unknown status"; /* newer headers have more */
    }
}

const char *fr_nvenc_status_cure(NVENCSTATUS status)
{
    switch (status) {
    case NV_ENC_ERR_NO_ENCODE_DEVICE:
    case NV_ENC_ERR_UNSUPPORTED_DEVICE:
    case NV_ENC_ERR_INVALID_ENCODERDEVICE:
    case NV_ENC_ERR_INVALID_DEVICE: return "needs an NVIDIA GPU with NVENC";
    case NV_ENC_ERR_DEVICE_NOT_EXIST: return "the GPU was reset or removed";
    case NV_ENC_ERR_OUT_OF_MEMORY:
    case NV_ENC_ERR_INCOMPATIBLE_CLIENT_KEY:
        return "too many sessions or no video memory: close other recorders and streams";
    case NV_ENC_ERR_INVALID_VERSION:
    case NV_ENC_ERR_UNIMPLEMENTED: return "update the NVIDIA driver";
    case NV_ENC_ERR_INVALID_PARAM:
    case NV_ENC_ERR_UNSUPPORTED_PARAM: return "this GPU cannot do it: try another size, codec or option";
    case NV_ENC_ERR_LOCK_BUSY:
    case NV_ENC_ERR_ENCODER_BUSY: return "the GPU is overloaded";
    case NV_ENC_ERR_GENERIC: return "a fault inside the driver: update it, or restart";
    default: return NULL;
    }
}

/* Never of a session that is not open: drivers write through what they are given. */
static const char *words_of_driver(const struct fr_nvenc_session *s)
{
    const char *words =
        s->handle && s->api.nvEncGetLastErrorString ? s->api.nvEncGetLastErrorString(s->handle) : NULL;
    return words ? words : "";
}

fr_status fr_nvenc_fail(struct fr_nvenc_session *s, const char *what, NVENCSTATUS status)
{
    const char *cure = fr_nvenc_status_cure(status), *words = words_of_driver(s);
    snprintf(s->reason, FR_REASON_BYTES, "%s (%s)%s%s%s%.80s", what, fr_nvenc_status_name(status),
             cure ? ": " : "", cure ? cure : "", *words ? "; driver: " : "", words);
    const bool lost = status == NV_ENC_ERR_DEVICE_NOT_EXIST ||
                      (s->device && s->system->device_lost(s->system->self, s->device));
    return lost ? FR_ERR_DEVICE_LOST : FR_ERR_ENCODER;
}
