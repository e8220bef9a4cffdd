/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_nvenc_inside.h"

#include <stdlib.h>
#include <string.h>

enum { PITCH_EXTRA = 64 };

struct fake_nvenc fake;
struct session fake_sessions[MAX_SESSIONS];

struct fake_nvenc *fake_nvenc(void)
{
    return &fake;
}

static void clear_session(struct session *s)
{
    for (size_t i = 0; i < MAX_THINGS; i++) {
        free(s->output[i].bytes);
        free(s->output[i].picture);
        free(s->input[i].pixels);
    }
    memset(s, 0, sizeof(*s));
}

void fake_nvenc_reset(void)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        clear_session(&fake_sessions[i]);
    memset(&fake, 0, sizeof(fake));
    fake.codecs = FAKE_H264 | FAKE_HEVC | FAKE_AV1;
}

void fake_expect(bool good, const char *otherwise)
{
    if (!good && !fake.wrong)
        fake.wrong = otherwise;
}

bool fake_fails(NVENCSTATUS *status)
{
    *status = ++fake.calls == fake.fail_call ? fake.fail_status : NV_ENC_SUCCESS;
    return *status != NV_ENC_SUCCESS;
}

struct session *fake_session_of(void *encoder, bool initialized)
{
    static struct session nowhere;
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        if (encoder != &fake_sessions[i] || !fake_sessions[i].open)
            continue;
        fake_expect(fake_sessions[i].initialized || !initialized, "a call before NvEncInitializeEncoder");
        return &fake_sessions[i];
    }
    fake_expect(false, "a call on a session that is not open");
    return &nowhere;
}

bool fake_nvenc_is_mapped(const void *texture)
{
    for (size_t i = 0; i < MAX_SESSIONS; i++)
        for (size_t j = 0; j < MAX_THINGS; j++)
            if (fake_sessions[i].resource[j].texture == texture && fake_sessions[i].resource[j].maps)
                return true;
    return false;
}

bool fake_nvenc_balanced(void)
{
    const struct fake_pair *const pairs[] = {&fake.libraries, &fake.sessions,    &fake.outputs,
                                             &fake.inputs,    &fake.input_locks, &fake.locks,
                                             &fake.resources, &fake.maps,        &fake.events};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (pairs[i]->made != pairs[i]->undone)
            return false;
    return true;
}

unsigned fake_bit_of(const GUID *codec)
{
    if (!memcmp(codec, &NV_ENC_CODEC_H264_GUID, sizeof(*codec)))
        return FAKE_H264;
    if (!memcmp(codec, &NV_ENC_CODEC_HEVC_GUID, sizeof(*codec)))
        return FAKE_HEVC;
#if FR_NVENC_HAS_AV1
    if (!memcmp(codec, &NV_ENC_CODEC_AV1_GUID, sizeof(*codec)))
        return FAKE_AV1;
#endif
    return 0;
}

/* --- sessions --- */

static NVENCSTATUS NVENCAPI open_session(NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS *params, void **encoder)
{
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS_VER,
                "version of OPEN_ENCODE_SESSION_EX");
    fake_expect(params->apiVersion == NVENCAPI_VERSION, "apiVersion");
    fake_expect(params->deviceType == (fake.cuda ? NV_ENC_DEVICE_TYPE_CUDA : NV_ENC_DEVICE_TYPE_DIRECTX) &&
                    params->device,
                "device of the session");
    if (fake_fails(&status) && !fake.failed_open_leaves_handle)
        return status;
    if (status == NV_ENC_SUCCESS && fake.has_nvenc && !fake.has_nvenc(params->device))
        return NV_ENC_ERR_NO_ENCODE_DEVICE;
    for (size_t i = 0; i < MAX_SESSIONS; i++) {
        if (fake_sessions[i].open)
            continue;
        clear_session(&fake_sessions[i]);
        fake_sessions[i].open = true;
        fake_sessions[i].device = fake.device = params->device;
        fake_sessions[i].number = ++fake.sessions.made;
        *encoder = &fake_sessions[i];
        return status;
    }
    return NV_ENC_ERR_OUT_OF_MEMORY;
}

static NVENCSTATUS NVENCAPI destroy_encoder(void *encoder)
{
    struct session *s = fake_session_of(encoder, false);
    NVENCSTATUS status;
    fake_fails(&status);
    fake_expect(!s->begun || s->flushed || fake.lost, "a session destroyed without a flush");
    for (size_t i = 0; i < MAX_THINGS; i++) {
        fake_expect(!s->output[i].used && !s->input[i].used, "a session destroyed with buffers in it");
        fake_expect(!s->resource[i].used, "a session destroyed with registered resources");
        fake_expect(!s->event[i], "a session destroyed with registered events");
    }
    s->open = false;
    fake.sessions.undone++;
    return status;
}

static const char *NVENCAPI get_last_error(void *encoder)
{
    (void)fake_session_of(encoder, false);
    return fake.words;
}

/* --- what it can --- */

static NVENCSTATUS NVENCAPI get_guids(void *encoder, GUID *guids, uint32_t room, uint32_t *count)
{
    static const GUID *const all[] = {
        &NV_ENC_CODEC_H264_GUID,
        &NV_ENC_CODEC_HEVC_GUID,
#if FR_NVENC_HAS_AV1
        &NV_ENC_CODEC_AV1_GUID
#endif
    };
    NVENCSTATUS status;
    (void)fake_session_of(encoder, false);
    if (fake_fails(&status))
        return status;
    *count = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (fake.codecs & fake_bit_of(all[i]) && *count < room)
            guids[(*count)++] = *all[i];
    return status;
}

static NVENCSTATUS NVENCAPI get_guid_count(void *encoder, uint32_t *count)
{
    GUID guids[8];
    return get_guids(encoder, guids, sizeof(guids) / sizeof(guids[0]), count);
}

static NVENCSTATUS NVENCAPI set_streams(void *encoder, NV_ENC_CUSTREAM_PTR in, NV_ENC_CUSTREAM_PTR out)
{
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_expect(in && out, "streams");
    fake_fails(&status);
    return status;
}

static NVENCSTATUS NVENCAPI get_caps(void *encoder, GUID codec, NV_ENC_CAPS_PARAM *param, int *value)
{
    NVENCSTATUS status;
    (void)fake_session_of(encoder, false);
    fake_expect(param->version == NV_ENC_CAPS_PARAM_VER, "version of CAPS_PARAM");
    fake_expect(fake_bit_of(&codec) & fake.codecs, "capabilities of a codec that is not there");
    if (fake_fails(&status))
        return status;
    switch (param->capsToQuery) {
    case NV_ENC_CAPS_SUPPORT_10BIT_ENCODE: *value = !fake.no_ten_bit; break;
    case NV_ENC_CAPS_ASYNC_ENCODE_SUPPORT: *value = !fake.no_async; break;
    case NV_ENC_CAPS_SUPPORT_CUSTOM_VBV_BUF_SIZE: *value = !fake.no_custom_vbv; break;
    case NV_ENC_CAPS_WIDTH_MIN: *value = 145; break;
    case NV_ENC_CAPS_HEIGHT_MIN: *value = 49; break;
    case NV_ENC_CAPS_WIDTH_MAX:
    case NV_ENC_CAPS_HEIGHT_MAX: *value = fake.max_width ? fake.max_width : 4096; break;
    default: *value = 0; break;
    }
    return status;
}

static NVENCSTATUS NVENCAPI get_preset(void *encoder, GUID codec, GUID preset, NV_ENC_TUNING_INFO tuning,
                                       NV_ENC_PRESET_CONFIG *out)
{
    NVENCSTATUS status;
    (void)preset;
    (void)fake_session_of(encoder, false);
    fake_expect(out->version == NV_ENC_PRESET_CONFIG_VER, "version of PRESET_CONFIG");
    fake_expect(out->presetCfg.version == NV_ENC_CONFIG_VER, "version of CONFIG in PRESET_CONFIG");
    fake_expect(fake_bit_of(&codec) & fake.codecs, "preset of a codec that is not there");
    fake_expect(tuning != NV_ENC_TUNING_INFO_UNDEFINED, "tuning of the preset");
    if (fake_fails(&status))
        return status;
    /* What a driver would rather do, so that leaving it alone shows. */
    out->presetCfg.gopLength = 30;
    out->presetCfg.frameIntervalP = 3;
    out->presetCfg.frameFieldMode = NV_ENC_PARAMS_FRAME_FIELD_MODE_FRAME;
    out->presetCfg.rcParams.rateControlMode = NV_ENC_PARAMS_RC_VBR;
    out->presetCfg.rcParams.vbvBufferSize = 12345678;
    out->presetCfg.rcParams.enableLookahead = 1;
    return status;
}

static NVENCSTATUS NVENCAPI initialize(void *encoder, NV_ENC_INITIALIZE_PARAMS *params)
{
    struct session *s = fake_session_of(encoder, false);
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_INITIALIZE_PARAMS_VER, "version of INITIALIZE_PARAMS");
    fake_expect(params->encodeConfig && params->encodeConfig->version == NV_ENC_CONFIG_VER,
                "version of CONFIG");
    fake_expect(!s->initialized, "initialized twice");
    fake_expect(params->enablePTD == 1, "picture types are not left to NVENC");
    fake_expect(!params->enableEncodeAsync || !fake.no_async, "events where there are none");
    fake_expect(params->encodeWidth % 2 == 0 && params->encodeHeight % 2 == 0, "an odd size");
    if (fake_fails(&status))
        return status;
    fake.init = *params;
    fake.config = *params->encodeConfig;
    fake.init.encodeConfig = NULL;
    s->initialized = true;
    s->async = params->enableEncodeAsync != 0;
    s->config = *params->encodeConfig;
    s->codec = params->encodeGUID;
    s->width = params->encodeWidth;
    s->height = params->encodeHeight;
    return status;
}

/* --- buffers and events --- */

static NVENCSTATUS NVENCAPI create_output(void *encoder, NV_ENC_CREATE_BITSTREAM_BUFFER *params)
{
    struct session *s = fake_session_of(encoder, true);
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_CREATE_BITSTREAM_BUFFER_VER, "version of CREATE_BITSTREAM_BUFFER");
    if (fake_fails(&status))
        return status;
    for (size_t i = 0; i < MAX_THINGS; i++) {
        if (s->output[i].used)
            continue;
        s->output[i] = (struct output){.used = true};
        params->bitstreamBuffer = &s->output[i];
        fake.outputs.made++;
        return status;
    }
    return NV_ENC_ERR_OUT_OF_MEMORY;
}

static NVENCSTATUS NVENCAPI destroy_output(void *encoder, NV_ENC_OUTPUT_PTR buffer)
{
    struct output *output = buffer;
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_fails(&status);
    fake_expect(output->used && !output->locked, "an output buffer destroyed while it is locked");
    fake_expect(!output->in_flight || fake.lost, "an output buffer freed under the encoder");
    free(output->bytes);
    free(output->picture);
    *output = (struct output){0};
    fake.outputs.undone++;
    return status;
}

static NVENCSTATUS NVENCAPI create_input(void *encoder, NV_ENC_CREATE_INPUT_BUFFER *params)
{
    struct session *s = fake_session_of(encoder, true);
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_CREATE_INPUT_BUFFER_VER, "version of CREATE_INPUT_BUFFER");
    fake_expect(fake.cuda ? params->width >= s->width && params->height >= s->height
                          : params->width == s->width && params->height == s->height,
                "size of an input buffer");
    if (fake_fails(&status))
        return status;
    const uint32_t sample = params->bufferFmt == NV_ENC_BUFFER_FORMAT_NV12 ? 1 : 2;
    for (size_t i = 0; i < MAX_THINGS; i++) {
        struct input *input = &s->input[i];
        if (input->used)
            continue;
        *input = (struct input){.used = true,
                                .format = params->bufferFmt,
                                .pitch = params->width * sample + PITCH_EXTRA,
                                .height = params->height};
        input->pixels = calloc(input->pitch, input->height + input->height / 2);
        params->inputBuffer = input;
        fake.inputs.made++;
        return status;
    }
    return NV_ENC_ERR_OUT_OF_MEMORY;
}

static NVENCSTATUS NVENCAPI destroy_input(void *encoder, NV_ENC_INPUT_PTR buffer)
{
    struct input *input = buffer;
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_fails(&status);
    fake_expect(input->used && !input->locked, "an input buffer destroyed while it is locked");
    free(input->pixels);
    *input = (struct input){0};
    fake.inputs.undone++;
    return status;
}

static NVENCSTATUS NVENCAPI lock_input(void *encoder, NV_ENC_LOCK_INPUT_BUFFER *params)
{
    struct input *input = params->inputBuffer;
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_expect(params->version == NV_ENC_LOCK_INPUT_BUFFER_VER, "version of LOCK_INPUT_BUFFER");
    fake_expect(input->used && !input->locked, "an input buffer locked twice");
    fake_expect(!input->in_flight, "an input buffer written under the encoder");
    if (fake_fails(&status))
        return status;
    input->locked = true;
    params->bufferDataPtr = input->pixels;
    params->pitch = input->pitch;
    fake.input_locks.made++;
    return status;
}

static NVENCSTATUS NVENCAPI unlock_input(void *encoder, NV_ENC_INPUT_PTR buffer)
{
    struct input *input = buffer;
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_fails(&status);
    fake_expect(input->locked, "an input buffer unlocked that is not locked");
    input->locked = false;
    fake.input_locks.undone++;
    return status;
}

static NVENCSTATUS NVENCAPI register_event(void *encoder, NV_ENC_EVENT_PARAMS *params)
{
    struct session *s = fake_session_of(encoder, true);
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_EVENT_PARAMS_VER, "version of EVENT_PARAMS");
    fake_expect(s->async && params->completionEvent, "an event where none is used");
    if (fake_fails(&status))
        return status;
    size_t i = 0;
    while (i < MAX_THINGS - 1 && s->event[i])
        i++;
    s->event[i] = params->completionEvent;
    fake.events.made++;
    return status;
}

bool fake_is_registered(const struct session *s, const void *event)
{
    for (size_t i = 0; i < MAX_THINGS; i++)
        if (s->event[i] == event)
            return event != NULL;
    return false;
}

static NVENCSTATUS NVENCAPI unregister_event(void *encoder, NV_ENC_EVENT_PARAMS *params)
{
    struct session *s = fake_session_of(encoder, true);
    NVENCSTATUS status;
    fake_fails(&status);
    fake_expect(params->version == NV_ENC_EVENT_PARAMS_VER, "version of EVENT_PARAMS");
    fake_expect(fake_is_registered(s, params->completionEvent),
                "an event unregistered that is not registered");
    for (size_t i = 0; i < MAX_THINGS; i++)
        if (s->event[i] == params->completionEvent)
            s->event[i] = NULL;
    fake.events.undone++;
    return status;
}

/* --- textures --- */

static NVENCSTATUS NVENCAPI register_resource(void *encoder, NV_ENC_REGISTER_RESOURCE *params)
{
    struct session *s = fake_session_of(encoder, true);
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_REGISTER_RESOURCE_VER, "version of REGISTER_RESOURCE");
    fake_expect(params->resourceType == (fake.cuda ? NV_ENC_INPUT_RESOURCE_TYPE_CUDADEVICEPTR
                                                   : NV_ENC_INPUT_RESOURCE_TYPE_DIRECTX) &&
                    params->resourceToRegister && (params->pitch != 0) == fake.cuda &&
                    params->bufferUsage == NV_ENC_INPUT_IMAGE,
                "kind of a resource");
    fake_expect(params->width % 2 == 0 && params->width >= s->width && params->height % 2 == 0 &&
                    params->height >= s->height,
                "size of a resource");
    if (fake_fails(&status))
        return status;
    for (uint32_t i = 0; i < s->num_known; i++)
        fake.registrations_of_known += s->known[i] == params->resourceToRegister;
    if (s->num_known < sizeof(s->known) / sizeof(s->known[0]))
        s->known[s->num_known++] = params->resourceToRegister;
    for (size_t i = 0; i < MAX_THINGS; i++) {
        if (s->resource[i].used)
            continue;
        s->resource[i] = (struct resource){.used = true,
                                           .texture = params->resourceToRegister,
                                           .format = params->bufferFormat,
                                           .height = params->height,
                                           .pitch = params->pitch};
        params->registeredResource = &s->resource[i];
        fake.resource = *params;
        fake.resources.made++;
        return status;
    }
    return NV_ENC_ERR_RESOURCE_REGISTER_FAILED;
}

static NVENCSTATUS NVENCAPI unregister_resource(void *encoder, NV_ENC_REGISTERED_PTR registered)
{
    struct resource *resource = registered;
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_fails(&status);
    fake_expect(resource->used && !resource->maps, "a resource unregistered while it is mapped");
    *resource = (struct resource){0};
    fake.resources.undone++;
    return status;
}

static NVENCSTATUS NVENCAPI map_resource(void *encoder, NV_ENC_MAP_INPUT_RESOURCE *params)
{
    struct resource *resource = params->registeredResource;
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_expect(params->version == NV_ENC_MAP_INPUT_RESOURCE_VER, "version of MAP_INPUT_RESOURCE");
    fake_expect(resource->used && !resource->maps, "a resource mapped twice");
    if (fake_fails(&status))
        return status;
    resource->maps = 1;
    params->mappedResource = resource;
    params->mappedBufferFmt = resource->format;
    fake.maps.made++;
    return status;
}

static NVENCSTATUS NVENCAPI unmap_resource(void *encoder, NV_ENC_INPUT_PTR mapped)
{
    struct resource *resource = mapped;
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_fails(&status);
    fake_expect(resource->used && resource->maps, "a resource unmapped that is not mapped");
    fake_expect(!resource->in_flight || fake.lost, "a resource unmapped under the encoder");
    resource->maps = 0;
    fake.maps.undone++;
    return status;
}

/* --- the library --- */

NVENCSTATUS NVENCAPI fake_nvenc_get_max_version(uint32_t *version)
{
    NVENCSTATUS status;
    if (fake_fails(&status))
        return status;
    *version = fake.max_version ? fake.max_version : NVENCAPI_MAJOR_VERSION << 4 | NVENCAPI_MINOR_VERSION;
    return status;
}

NVENCSTATUS NVENCAPI fake_nvenc_create_instance(NV_ENCODE_API_FUNCTION_LIST *f)
{
    NVENCSTATUS status;
    fake_expect(f->version == NV_ENCODE_API_FUNCTION_LIST_VER, "version of FUNCTION_LIST");
    if (fake_fails(&status))
        return status;
    f->nvEncOpenEncodeSessionEx = open_session;
    f->nvEncDestroyEncoder = destroy_encoder;
    f->nvEncGetLastErrorString = get_last_error;
    f->nvEncGetEncodeGUIDCount = get_guid_count;
    f->nvEncGetEncodeGUIDs = get_guids;
    f->nvEncSetIOCudaStreams = fake.cuda ? set_streams : NULL;
    f->nvEncGetEncodeCaps = get_caps;
    f->nvEncGetEncodePresetConfigEx = fake.lacks_a_function ? NULL : get_preset;
    f->nvEncInitializeEncoder = initialize;
    f->nvEncGetSequenceParams = fake_get_sequence;
    f->nvEncCreateBitstreamBuffer = create_output;
    f->nvEncDestroyBitstreamBuffer = destroy_output;
    f->nvEncCreateInputBuffer = create_input;
    f->nvEncDestroyInputBuffer = destroy_input;
    f->nvEncLockInputBuffer = lock_input;
    f->nvEncUnlockInputBuffer = unlock_input;
    f->nvEncRegisterAsyncEvent = register_event;
    f->nvEncUnregisterAsyncEvent = unregister_event;
    f->nvEncRegisterResource = register_resource;
    f->nvEncUnregisterResource = unregister_resource;
    f->nvEncMapInputResource = map_resource;
    f->nvEncUnmapInputResource = unmap_resource;
    f->nvEncEncodePicture = fake_encode_picture;
    f->nvEncLockBitstream = fake_lock_output;
    f->nvEncUnlockBitstream = fake_unlock_output;
    return status;
}
