/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/nvenc_encoder.h"
#include "encode/sei.h"

#include <libavutil/time.h> /* av_usleep */

#include <stdio.h>

enum { POLL_US = 500 };

uint32_t fr_nvenc_answer_ms(const struct fr_nvenc_encoder *self)
{
    const uint32_t wanted = self->session.system->answer_ms;
    return wanted ? wanted : FR_NVENC_ANSWER_MS;
}

static int64_t deadline_us(uint32_t from_now_ms)
{
    return (int64_t)(fr_clock_now_ns() / 1000) + (int64_t)from_now_ms * 1000;
}

static fr_status fail_stalled(struct fr_nvenc_encoder *self, uint32_t waited_ms)
{
    self->stalled = true;
    if (self->session.system->device_lost(self->session.system->self, self->session.device))
        return fr_nvenc_fail(&self->session, "NVENC does not answer", NV_ENC_ERR_DEVICE_NOT_EXIST);
    snprintf(self->session.reason, FR_REASON_BYTES,
             "NVENC gave no answer for %u ms: the GPU hangs or is overloaded; update its driver, or name "
             "another encoder",
             waited_ms);
    return FR_ERR_ENCODER;
}

/* --- input --- */

static fr_status fill_slot(struct fr_nvenc_encoder *self, struct fr_nvenc_slot *slot, const fr_frame *frame)
{
    struct fr_nvenc_session *s = &self->session;
    struct fr_nvenc_picture picture;
    if (slot->buffer)
        return fr_nvenc_buffer_fill(s, slot->buffer, frame, self->traits.width, self->traits.height);
    if (s->system->picture_of(s->system->self, frame, &picture) != FR_OK || picture.device != s->device) {
        snprintf(s->reason, FR_REASON_BYTES, "a frame is no texture of the device that NVENC was opened on");
        return FR_ERR_ENCODER;
    }
    /* The texture is rounded up to even sizes, what is coded rounded down. */
    return fr_nvenc_texture_map(s, &self->textures, picture.texture, (frame->width + 1) & ~1u,
                                (frame->height + 1) & ~1u, self->traits.format, &slot->texture);
}

void fr_nvenc_slot_empty(struct fr_nvenc_encoder *self, struct fr_nvenc_slot *slot)
{
    if (slot->texture)
        fr_nvenc_texture_unmap(&self->session, slot->texture);
    slot->texture = NULL;
    fr_frame_release(&slot->frame);
}

static NVENCSTATUS submit(struct fr_nvenc_encoder *self, struct fr_nvenc_slot *slot, bool keyframe)
{
    uint32_t flags = 0;
    if (keyframe)
        flags |= NV_ENC_PIC_FLAG_FORCEIDR;
    if (keyframe && !self->config.global_header)
        flags |= NV_ENC_PIC_FLAG_OUTPUT_SPSPPS;
    const int64_t deadline = deadline_us(fr_nvenc_answer_ms(self));
    for (;;) {
        NV_ENC_PIC_PARAMS params = {.version = NV_ENC_PIC_PARAMS_VER,
                                    .inputWidth = self->traits.width,
                                    .inputHeight = self->traits.height,
                                    .inputPitch = self->traits.width,
                                    .encodePicFlags = flags,
                                    .inputTimeStamp = (uint64_t)slot->ticks,
                                    .inputBuffer = slot->texture ? slot->texture->mapped : slot->buffer,
                                    .outputBitstream = slot->output,
                                    .completionEvent = slot->event,
                                    .bufferFmt = slot->texture ? slot->texture->format : self->traits.format,
                                    .pictureStruct = NV_ENC_PIC_STRUCT_FRAME};
        const NVENCSTATUS status = self->session.api.nvEncEncodePicture(self->session.handle, &params);
        if (status != NV_ENC_ERR_ENCODER_BUSY || (int64_t)(fr_clock_now_ns() / 1000) >= deadline)
            return status;
        av_usleep(POLL_US);
    }
}

fr_status fr_nvenc_send(struct fr_encoder *base, const fr_frame *frame, int64_t ticks, bool keyframe)
{
    struct fr_nvenc_encoder *self = (void *)base;
    if (self->count == FR_NVENC_SLOTS)
        return FR_AGAIN;
    struct fr_nvenc_slot *slot = &self->slot[(self->first + self->count) % FR_NVENC_SLOTS];
    const fr_status status = fill_slot(self, slot, frame);
    if (status != FR_OK)
        return status;
    if (slot->texture) {
        fr_frame_ref(&slot->frame, frame);
    } else {
        slot->frame = *frame;
        slot->frame.surface = NULL; /* copied: the picture is the capture's again */
    }
    slot->ticks = ticks;
    keyframe = keyframe || !self->begun || self->since_keyframe >= self->config.gop_frames;
    const NVENCSTATUS submitted = submit(self, slot, keyframe);
    if (submitted != NV_ENC_SUCCESS && submitted != NV_ENC_ERR_NEED_MORE_INPUT) {
        fr_nvenc_slot_empty(self, slot);
        return fr_nvenc_fail(&self->session, "NVENC does not take the frame", submitted);
    }
    self->since_keyframe = keyframe ? 1 : self->since_keyframe + 1;
    self->begun = true;
    self->count++;
    if (submitted == NV_ENC_SUCCESS)
        self->ready = self->count;
    return FR_OK;
}

/* --- output --- */

static fr_status await(struct fr_nvenc_encoder *self, const struct fr_nvenc_slot *slot, uint32_t timeout_ms)
{
    if (!slot->event)
        return FR_OK; /* lock tells */
    const struct fr_nvenc_system *system = self->session.system;
    switch (system->event_wait(system->self, slot->event, timeout_ms)) {
    case FR_NVENC_SIGNALLED: return FR_OK;
    case FR_NVENC_TIMEOUT: return fail_stalled(self, timeout_ms);
    default: break;
    }
    self->stalled = true;
    snprintf(self->session.reason, FR_REASON_BYTES, "waiting for NVENC fails");
    return FR_ERR_ENCODER;
}

/* The header has it both ways: a lock that does not wait answers LOCK_BUSY until the frame is complete, or
 * hands out a part of it. */
static bool is_part(const NV_ENC_LOCK_BITSTREAM *lock)
{
    enum { PARTLY_ENCODED = 1 };
    return lock->hwEncodeStatus == PARTLY_ENCODED || !lock->bitstreamSizeInBytes;
}

/* A lock that waits would do so without a bound. */
static fr_status lock_bitstream(struct fr_nvenc_encoder *self, const struct fr_nvenc_slot *slot,
                                uint32_t timeout_ms, NV_ENC_LOCK_BITSTREAM *lock)
{
    struct fr_nvenc_session *s = &self->session;
    const int64_t deadline = deadline_us(timeout_ms);
    for (;;) {
        *lock = (NV_ENC_LOCK_BITSTREAM){
            .version = NV_ENC_LOCK_BITSTREAM_VER, .outputBitstream = slot->output, .doNotWait = 1};
        const NVENCSTATUS status = s->api.nvEncLockBitstream(s->handle, lock);
        if (status == NV_ENC_SUCCESS && !is_part(lock))
            return FR_OK;
        if (status == NV_ENC_SUCCESS)
            s->api.nvEncUnlockBitstream(s->handle, slot->output);
        else if (status != NV_ENC_ERR_LOCK_BUSY)
            return fr_nvenc_fail(s, "NVENC does not hand out what it encoded", status);
        if ((int64_t)(fr_clock_now_ns() / 1000) >= deadline)
            return fail_stalled(self, timeout_ms);
        av_usleep(POLL_US);
    }
}

static fr_status fill_packet(AVPacket *packet, const NV_ENC_LOCK_BITSTREAM *lock,
                             const struct fr_nvenc_slot *slot)
{
    if (lock->bitstreamSizeInBytes > INT32_MAX - AV_INPUT_BUFFER_PADDING_SIZE ||
        av_new_packet(packet, (int)lock->bitstreamSizeInBytes) < 0)
        return FR_ERR_NO_MEMORY;
    memcpy(packet->data, lock->bitstreamBufferPtr, lock->bitstreamSizeInBytes);
    packet->pts = packet->dts = slot->ticks;
    if (lock->pictureType == NV_ENC_PIC_TYPE_IDR)
        packet->flags |= AV_PKT_FLAG_KEY;
    return FR_OK;
}

/* Takes the oldest frame out of the encoder. `packet` NULL: what it became is thrown away. Unless it stalled,
 * the slot is free afterwards. */
static fr_status take_oldest(struct fr_nvenc_encoder *self, uint32_t timeout_ms, AVPacket *packet)
{
    struct fr_nvenc_session *s = &self->session;
    struct fr_nvenc_slot *slot = &self->slot[self->first];
    NV_ENC_LOCK_BITSTREAM lock;
    fr_status status = await(self, slot, timeout_ms);
    if (status == FR_OK)
        status = lock_bitstream(self, slot, timeout_ms, &lock);
    if (self->stalled)
        return status;
    if (status == FR_OK) {
        if (packet)
            status = fill_packet(packet, &lock, slot);
        const NVENCSTATUS unlocked = s->api.nvEncUnlockBitstream(s->handle, slot->output);
        if (status == FR_OK && unlocked != NV_ENC_SUCCESS)
            status = fr_nvenc_fail(s, "NVENC does not take its output buffer back", unlocked);
    }
    if (status == FR_OK && packet && slot->frame.has_hdr && packet->flags & AV_PKT_FLAG_KEY)
        status = fr_sei_insert(packet, self->traits.codec, &slot->frame.hdr);
    fr_nvenc_slot_empty(self, slot);
    self->first = (self->first + 1) % FR_NVENC_SLOTS;
    self->count--;
    self->ready--;
    if (status != FR_OK && packet)
        av_packet_unref(packet);
    return status;
}

fr_status fr_nvenc_receive(struct fr_encoder *base, AVPacket *packet)
{
    struct fr_nvenc_encoder *self = (void *)base;
    if (self->ready)
        return take_oldest(self, fr_nvenc_answer_ms(self), packet);
    return self->drained ? FR_END : FR_AGAIN;
}

fr_status fr_nvenc_flush(struct fr_nvenc_encoder *self)
{
    if (!self->begun || self->flushed)
        return FR_OK;
    self->flushed = true;
    NV_ENC_PIC_PARAMS params = {.version = NV_ENC_PIC_PARAMS_VER,
                                .encodePicFlags = NV_ENC_PIC_FLAG_EOS,
                                .completionEvent = self->flush_event};
    const NVENCSTATUS status = self->session.api.nvEncEncodePicture(self->session.handle, &params);
    if (status != NV_ENC_SUCCESS)
        return fr_nvenc_fail(&self->session, "NVENC does not flush", status);
    self->ready = self->count;
    return FR_OK;
}

fr_status fr_nvenc_drain(struct fr_encoder *base)
{
    struct fr_nvenc_encoder *self = (void *)base;
    self->drained = true;
    return fr_nvenc_flush(self);
}

bool fr_nvenc_is_lost(const struct fr_nvenc_encoder *self)
{
    const struct fr_nvenc_session *s = &self->session;
    return s->device && s->system->device_lost(s->system->self, s->device);
}

bool fr_nvenc_settle(struct fr_nvenc_encoder *self, uint32_t timeout_ms)
{
    const int64_t deadline = deadline_us(timeout_ms);
    self->stalled = false;
    self->ready = self->count;
    while (self->count && !self->stalled) {
        const int64_t left_us = deadline - (int64_t)(fr_clock_now_ns() / 1000);
        take_oldest(self, left_us > 0 ? (uint32_t)(left_us / 1000) : 0, NULL);
    }
    return !self->count || fr_nvenc_is_lost(self);
}
