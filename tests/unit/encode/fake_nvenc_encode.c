/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_nvenc_inside.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_CODED = 1 << 21 };

static bool sets_disabled(const struct session *s)
{
    switch (fake_bit_of(&s->codec)) {
    case FAKE_H264: return s->config.encodeCodecConfig.h264Config.disableSPSPPS;
    case FAKE_HEVC: return s->config.encodeCodecConfig.hevcConfig.disableSPSPPS;
#if FR_NVENC_HAS_AV1
    case FAKE_AV1: return s->config.encodeCodecConfig.av1Config.disableSeqHdr;
#endif
    default: return false;
    }
}

static bool sets_repeated(const struct session *s)
{
    switch (fake_bit_of(&s->codec)) {
    case FAKE_H264: return s->config.encodeCodecConfig.h264Config.repeatSPSPPS;
    case FAKE_HEVC: return s->config.encodeCodecConfig.hevcConfig.repeatSPSPPS;
    default: return false;
    }
}

NVENCSTATUS NVENCAPI fake_get_sequence(void *encoder, NV_ENC_SEQUENCE_PARAM_PAYLOAD *params)
{
    const struct session *s = fake_session_of(encoder, true);
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_SEQUENCE_PARAM_PAYLOAD_VER, "version of SEQUENCE_PARAM_PAYLOAD");
    fake_expect(params->inBufferSize >= 64 && params->spsppsBuffer && params->outSPSPPSPayloadSize,
                "room for parameter sets");
    if (fake_fails(&status))
        return status;
    const struct fake_input in = {.session = s->number,
                                  .config = &s->config,
                                  .codec = s->codec,
                                  .width = s->width,
                                  .height = s->height};
    *params->outSPSPPSPayloadSize =
        (uint32_t)(fake.code_sets ? fake.code_sets(&in, params->spsppsBuffer, params->inBufferSize)
                                  : fake_mark_sets(&in, params->spsppsBuffer));
    return status;
}

static void complete(struct output *output)
{
    if (output->complete || !output->submitted)
        return;
    output->complete = true;
    if (output->event && fake.signal)
        fake.signal(output->event);
}

void fake_nvenc_complete(void)
{
    for (size_t i = 0; i < MAX_SESSIONS && !fake.stalled; i++)
        for (size_t j = 0; j < MAX_THINGS; j++)
            if (fake_sessions[i].output[j].in_flight)
                complete(&fake_sessions[i].output[j]);
}

static bool is_input(const struct session *s, const void *buffer)
{
    for (size_t i = 0; i < MAX_THINGS; i++)
        if (buffer == &s->input[i])
            return true;
    return false;
}

/* As the hardware does: one address, one pitch, and the chroma after `height` rows. */
static void read_picture(struct output *output, struct fake_input *in)
{
    const struct resource *resource = output->resource;
    const size_t luma = (size_t)resource->pitch * resource->height;
    const size_t bytes = luma + (size_t)resource->pitch * (in->height / 2);
    free(output->picture);
    output->picture = malloc(bytes);
    fake_expect(output->picture && fake.read && fake.read(output->picture, resource->texture, bytes),
                "a picture that cannot be read");
    in->plane[0] = output->picture;
    in->plane[1] = output->picture + luma;
    in->pitch_bytes = resource->pitch;
}

static struct fake_input describe_input(const struct session *s, const NV_ENC_PIC_PARAMS *params,
                                        struct output *output)
{
    struct fake_input in = {.session = s->number,
                            .config = &s->config,
                            .codec = s->codec,
                            .format = params->bufferFmt,
                            .width = s->width,
                            .height = s->height,
                            .time = params->inputTimeStamp,
                            .keyframe = output->type == NV_ENC_PIC_TYPE_IDR};
    const bool asked = params->encodePicFlags & NV_ENC_PIC_FLAG_OUTPUT_SPSPPS;
    fake_expect(!asked || !sets_disabled(s), "parameter sets asked for that are disabled");
    in.with_sets = in.keyframe && !sets_disabled(s) && (!s->begun || asked || sets_repeated(s));
    if (output->input) {
        in.plane[0] = output->input->pixels;
        in.pitch_bytes = output->input->pitch;
        in.plane[1] = in.plane[0] + (size_t)output->input->pitch * output->input->height;
    } else if (fake.cuda) {
        read_picture(output, &in);
    } else if (fake.pixels_of) {
        in.plane[0] = fake.pixels_of(output->resource->texture, &in.pitch_bytes);
        in.plane[1] = in.plane[0] + in.pitch_bytes * output->resource->height;
    }
    return in;
}

static NVENCSTATUS flush(struct session *s, const NV_ENC_PIC_PARAMS *params)
{
    fake_expect(!params->inputBuffer && !params->outputBitstream, "a flush with a frame");
    fake_expect(fake.cuda || (s->begun && !s->flushed), "a flush of nothing");
    fake_expect(!s->async || fake_is_registered(s, params->completionEvent), "the event of a flush");
    for (size_t i = 0; i < MAX_THINGS; i++)
        s->output[i].submitted |= s->output[i].in_flight;
    s->flushed = true;
    fake.flushes++;
    return NV_ENC_SUCCESS;
}

static void check_picture(const struct session *s, const NV_ENC_PIC_PARAMS *params)
{
    const struct output *output = params->outputBitstream;
    /* FFmpeg leaves both zero for what is mapped. */
    fake_expect(fake.cuda || (params->inputWidth == s->width && params->inputHeight == s->height),
                "size of a picture");
    fake_expect(params->pictureStruct == NV_ENC_PIC_STRUCT_FRAME, "structure of a picture");
    fake_expect(output && output->used && !output->locked && !output->in_flight,
                "output buffer of a picture");
    fake_expect(s->async == (params->completionEvent != NULL), "event of a picture");
    fake_expect(!s->async || fake_is_registered(s, params->completionEvent),
                "an event that is not registered");
    if (is_input(s, params->inputBuffer)) {
        const struct input *input = params->inputBuffer;
        fake_expect(input->used && !input->locked && !input->in_flight, "input buffer of a picture");
        fake_expect(input->format == params->bufferFmt, "format of an input buffer");
    } else {
        const struct resource *resource = params->inputBuffer;
        fake_expect(resource && resource->used && resource->maps, "a picture that is not mapped");
        fake_expect(resource && resource->format == params->bufferFmt, "format of a mapped picture");
    }
}

NVENCSTATUS NVENCAPI fake_encode_picture(void *encoder, NV_ENC_PIC_PARAMS *params)
{
    struct session *s = fake_session_of(encoder, true);
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_PIC_PARAMS_VER, "version of PIC_PARAMS");
    if (fake_fails(&status)) {
        s->flushed |= (params->encodePicFlags & NV_ENC_PIC_FLAG_EOS) != 0;
        return status;
    }
    if (params->encodePicFlags & NV_ENC_PIC_FLAG_EOS)
        return flush(s, params);
    check_picture(s, params);
    if (fake.wrong)
        return NV_ENC_ERR_INVALID_PARAM;
    if (fake.busy && fake.busy--)
        return NV_ENC_ERR_ENCODER_BUSY;
    struct output *output = params->outputBitstream;
    output->input = is_input(s, params->inputBuffer) ? params->inputBuffer : NULL;
    output->resource = output->input ? NULL : params->inputBuffer;
    if (output->input)
        output->input->in_flight++;
    else
        output->resource->in_flight++;
    output->type = !s->begun || params->encodePicFlags & NV_ENC_PIC_FLAG_FORCEIDR ? NV_ENC_PIC_TYPE_IDR
                                                                                  : NV_ENC_PIC_TYPE_P;
    const struct fake_input in = describe_input(s, params, output);
    free(output->bytes);
    output->bytes = malloc(MAX_CODED);
    output->size =
        (uint32_t)(fake.code ? fake.code(&in, output->bytes, MAX_CODED) : fake_mark(&in, output->bytes));
    output->event = params->completionEvent;
    output->time = params->inputTimeStamp;
    output->in_flight = true;
    output->complete = false;
    output->polls_left = fake.polls;
    output->order = ++s->submitted;
    s->begun = true;
    s->flushed = false;
    fake.picture = *params;
    fake.frames++;
    fake.keyframes += in.keyframe;
    for (size_t i = 0; i < MAX_THINGS; i++)
        if (s->output[i].in_flight && (&s->output[i] != output || !fake.more_input))
            s->output[i].submitted = true;
    if (fake.own_signals)
        fake_nvenc_complete();
    return output->submitted ? NV_ENC_SUCCESS : NV_ENC_ERR_NEED_MORE_INPUT;
}

static void give_input_back(struct session *s, struct output *output)
{
    s->taken++;
    output->in_flight = false;
    if (output->input)
        output->input->in_flight--;
    else
        output->resource->in_flight--;
}

NVENCSTATUS NVENCAPI fake_lock_output(void *encoder, NV_ENC_LOCK_BITSTREAM *params)
{
    struct session *s = fake_session_of(encoder, true);
    struct output *output = params->outputBitstream;
    NVENCSTATUS status;
    fake_expect(params->version == NV_ENC_LOCK_BITSTREAM_VER, "version of LOCK_BITSTREAM");
    fake_expect(output->used && !output->locked && output->in_flight, "a lock on an output without a frame");
    fake_expect(output->order == s->taken + 1, "a lock out of order");
    fake_expect(params->doNotWait || fake.cuda, "a lock that can block for good");
    fake_expect(!s->async || output->complete, "a lock before the event");
    if (fake_fails(&status)) {
        /* Nobody comes back for it. */
        if (status != NV_ENC_ERR_LOCK_BUSY)
            give_input_back(s, output);
        return status;
    }
    const bool part = !output->complete && fake.parts;
    if (!s->async && !output->complete) {
        if (fake.stalled || (output->polls_left && output->polls_left--)) {
            if (!part)
                return NV_ENC_ERR_LOCK_BUSY;
        } else {
            complete(output);
        }
    }
    output->locked = true;
    fake.locks.made++;
    params->bitstreamBufferPtr = output->bytes;
    params->bitstreamSizeInBytes = output->complete ? output->size : output->size / 2;
    params->hwEncodeStatus = output->complete ? 2 : 1;
    params->pictureType = output->type;
    params->outputTimeStamp = output->time;
    if (!output->complete)
        return status;
    give_input_back(s, output);
    return status;
}

NVENCSTATUS NVENCAPI fake_unlock_output(void *encoder, NV_ENC_OUTPUT_PTR buffer)
{
    struct output *output = buffer;
    NVENCSTATUS status;
    (void)fake_session_of(encoder, true);
    fake_fails(&status);
    fake_expect(output->locked, "an output unlocked that is not locked");
    output->locked = false;
    fake.locks.undone++;
    return status;
}
