/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "encode/recorder.h"

#include "encode/gpu_feeder.h"
#include "encode/output.h"
#include "encode/select.h"
#include "encode/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_FPS_MHZ = 60000, MAX_FPS_MHZ = 1000000, MAX_THREADS = 1024, NUM_PENDING = 64 };

/* A frame between the encoder's input and its packet. */
struct pending {
    int64_t ticks;
    uint32_t generation, sequence;
    bool repeat;
    uint64_t converted_ns;
};

struct fr_recorder {
    fr_recorder_params params; /* its strings are ours */
    char *url, *options;
    const struct fr_address_kind *kind;
    struct fr_output *output;
    struct fr_selection selection;
    struct fr_encoder *encoder; /* NULL: none open */
    struct fr_gpu_keep keep;
    const void *device; /* that the encoder was opened for; it holds a reference where it uses it */
    bool keyframe_due;  /* a frame that had to be one was lost */
    bool losing;        /* the last frame was lost, which the log has */
    bool memory_only;   /* a GPU stopped handing out frames to the encoder */
    fr_frame shape;     /* size, format, colour and HDR metadata of what is recorded; no surface */
    bool begun;         /* the open segment has its header */
    struct fr_timeline timeline;
    struct pending pending[NUM_PENDING];
    size_t next_pending;
    AVPacket *packet; /* blank between calls */
    AVCodecParameters *coded;
    char **segments;
    uint32_t num_segments; /* addresses opened; the last may not have begun */
    fr_recorder_info info;
    fr_status finished; /* not FR_OK: what ended it */
};

static char *copy_text(const char *text)
{
    char *copy = malloc(strlen(text) + 1);
    return copy ? strcpy(copy, text) : NULL;
}

/* --- segments --- */

static fr_status open_address(fr_recorder *r)
{
    char *name = fr_address_segment(r->kind, r->url, r->num_segments);
    char **grown = name ? realloc(r->segments, (r->num_segments + 1) * sizeof(*grown)) : NULL;
    if (!grown) {
        free(name);
        return FR_ERR_NO_MEMORY;
    }
    r->segments = grown;
    const fr_status status = r->output->ops->open(r->output, name);
    if (status != FR_OK)
        free(name);
    else
        r->segments[r->num_segments++] = name;
    return status;
}

static struct fr_stream stream_of(const fr_recorder *r)
{
    return (struct fr_stream){.width = r->shape.width,
                              .height = r->shape.height,
                              .format = r->shape.format,
                              .fps_mhz = r->params.fps_mhz,
                              .has_hdr = r->shape.has_hdr,
                              .hdr = r->shape.hdr,
                              .coded = r->encoder ? r->coded : NULL};
}

/* Makes sure that what comes now can follow: in the open segment, or in one that only waits for its
 * beginning. */
static fr_status prepare_segment(fr_recorder *r)
{
    const struct fr_stream stream = stream_of(r);
    if (r->begun && r->output->ops->continues(r->output, &stream))
        return FR_OK;
    fr_timeline_init(&r->timeline, r->kind->ticks_per_second);
    if (!r->begun)
        return FR_OK;
    r->begun = false;
    const fr_status status = r->output->ops->end(r->output);
    return status == FR_OK ? open_address(r) : status;
}

/* Not before there is something to write: an encoder that fails at its first frame then costs no segment. */
static fr_status begin_segment(fr_recorder *r)
{
    const struct fr_stream stream = stream_of(r);
    const fr_status status = r->output->ops->begin(r->output, &stream);
    if (status != FR_OK)
        return status;
    r->begun = true;
    r->info.segments = r->num_segments;
    fr_log_write(&r->params.log, FR_LOG_INFO, "recording %ux%u %s%s%s to %s", r->shape.width, r->shape.height,
                 fr_format_name(r->shape.format), r->encoder ? " with " : "",
                 r->encoder ? r->info.encoder : "", r->segments[r->num_segments - 1]);
    if (r->encoder && (r->shape.width | r->shape.height) & 1)
        fr_log_write(&r->params.log, FR_LOG_INFO,
                     "encoders take even sizes: the last row or column is left out");
    return FR_OK;
}

/* --- packets --- */

static void report(fr_recorder *r, const struct pending *frame, bool keyframe, size_t bytes,
                   uint64_t encoded_ns)
{
    r->info.frames++;
    r->info.keyframes += keyframe;
    r->info.bytes += bytes;
    if (!r->params.encoded)
        return;
    const fr_encoded encoded = {.generation = frame->generation,
                                .sequence = frame->sequence,
                                .repeat = frame->repeat,
                                .keyframe = keyframe,
                                .converted_ns = frame->converted_ns,
                                .encoded_ns = encoded_ns,
                                .bytes = bytes};
    r->params.encoded(r->params.user, &encoded);
}

static struct pending pending_of(const fr_frame *frame, int64_t ticks)
{
    return (struct pending){ticks, frame->generation, frame->sequence, frame->repeat, frame->converted_ns};
}

static fr_status deliver(fr_recorder *r)
{
    const uint64_t now = fr_clock_now_ns();
    const struct pending *frame = NULL;
    for (size_t i = 0; i < NUM_PENDING && !frame; i++)
        if (r->pending[i].ticks == r->packet->pts)
            frame = &r->pending[i];
    const bool keyframe = r->packet->flags & AV_PKT_FLAG_KEY;
    const size_t bytes = (size_t)r->packet->size;
    fr_status status = r->begun ? FR_OK : begin_segment(r);
    if (status == FR_OK)
        status = r->output->ops->write_packet(r->output, r->packet);
    if (status == FR_OK && frame)
        report(r, frame, keyframe, bytes, now);
    return status;
}

/* All packets that are ready. FR_OK, or what ended encoder or output. */
static fr_status receive_all(fr_recorder *r)
{
    for (;;) {
        fr_status status = r->encoder->ops->receive(r->encoder, r->packet);
        if (status == FR_AGAIN || status == FR_END)
            return FR_OK;
        if (status == FR_OK)
            status = deliver(r);
        if (status != FR_OK)
            return status;
    }
}

/* The encoder's last packets, then its end. */
static fr_status retire_encoder(fr_recorder *r)
{
    if (!r->encoder)
        return FR_OK;
    fr_status status = r->encoder->ops->drain(r->encoder);
    if (status == FR_OK)
        status = receive_all(r);
    const bool lost = status == FR_ERR_ENCODER || status == FR_ERR_DEVICE_LOST;
    if (lost)
        fr_log_write(&r->params.log, FR_LOG_WARNING, "%s lost its last frames: %s", r->info.encoder,
                     r->encoder->reason);
    fr_encoder_destroy(&r->encoder);
    return lost ? FR_OK : status;
}

/* --- frames --- */

static bool in_memory(const fr_frame *frame)
{
    return frame->plane[0] != NULL;
}

static const void *device_of(const fr_recorder *r, const fr_frame *frame)
{
    const struct fr_encoder_list *list = &r->selection.list;
    return frame->surface && list->device_of && !r->memory_only ? list->device_of(frame) : NULL;
}

static bool same_shape(const fr_frame *a, const fr_frame *b)
{
    return a->width == b->width && a->height == b->height && a->format == b->format &&
           !memcmp(&a->colour, &b->colour, sizeof(a->colour));
}

static bool same_hdr(const fr_frame *a, const fr_frame *b)
{
    return a->has_hdr == b->has_hdr && (!a->has_hdr || !memcmp(&a->hdr, &b->hdr, sizeof(a->hdr)));
}

static void keep_shape(fr_recorder *r, const fr_frame *frame)
{
    r->shape = (fr_frame){.width = frame->width,
                          .height = frame->height,
                          .format = frame->format,
                          .colour = frame->colour,
                          .has_hdr = frame->has_hdr,
                          .hdr = frame->hdr};
}

/* How frames of a GPU get into the encoder, where that is new. */
static void tell_input(fr_recorder *r)
{
    const char *input = r->encoder->input ? r->encoder->input : "memory";
    const char *reason = r->device ? r->encoder->input_reason : r->memory_only ? r->info.input_reason : "";
    const bool known = !strcmp(r->info.input, input) && !strcmp(r->info.input_reason, reason);
    r->info.input = input;
    if (reason != r->info.input_reason)
        snprintf(r->info.input_reason, sizeof(r->info.input_reason), "%s", reason);
    if (known || !r->device)
        return;
    if (r->encoder->input)
        fr_log_write(&r->params.log, FR_LOG_INFO, "frames stay on the GPU: %s takes them as %s",
                     r->info.encoder, input);
    else
        fr_log_write(&r->params.log, FR_LOG_INFO, "frames go to %s through memory: %s", r->info.encoder,
                     reason);
}

static fr_status open_encoder(fr_recorder *r, const fr_frame *frame)
{
    const struct fr_encoder_config config = {.width = r->shape.width,
                                             .height = r->shape.height,
                                             .format = r->shape.format,
                                             .colour = r->shape.colour,
                                             .has_hdr = r->shape.has_hdr,
                                             .hdr = r->shape.hdr,
                                             .ticks_per_second = r->kind->ticks_per_second,
                                             .fps_mhz = r->params.fps_mhz,
                                             .bitrate_kbps = r->params.bitrate_kbps,
                                             .threads = r->params.threads,
                                             .gop_frames = r->params.gop_frames,
                                             .options = r->options,
                                             .global_header = !r->kind->in_place,
                                             .device = r->device,
                                             .frame = frame,
                                             .keep = &r->keep};
    const fr_status status = fr_selection_open(&r->selection, &r->encoder, &config);
    if (status != FR_OK)
        return status;
    r->info.encoder = fr_selection_name(&r->selection);
    tell_input(r);
    for (size_t i = 0; i < NUM_PENDING; i++)
        r->pending[i].ticks = AV_NOPTS_VALUE;
    return r->encoder->ops->describe(r->encoder, r->coded);
}

static fr_status change_stream(fr_recorder *r, const fr_frame *frame, const void *device)
{
    fr_status status = retire_encoder(r);
    if (status != FR_OK)
        return status;
    keep_shape(r, frame);
    r->device = device;
    if (r->output->ops->write_packet)
        status = open_encoder(r, frame);
    return status == FR_OK ? prepare_segment(r) : status;
}

/* The same encoder once more, in the same segment: it begins with a keyframe. */
static fr_status renew_encoder(fr_recorder *r, const fr_frame *frame)
{
    const fr_status status = retire_encoder(r);
    return status == FR_OK ? open_encoder(r, frame) : status;
}

static bool has_planes(const fr_frame *frame)
{
    const size_t sample = frame->format == FR_FORMAT_P010 ? 2 : 1;
    const size_t row = frame->width * sample, chroma_row = (frame->width + 1u) / 2 * 2 * sample;
    for (size_t i = 0; i < 2; i++)
        if (!frame->plane[i] || (uintptr_t)frame->plane[i] % sample || frame->pitch_bytes[i] % sample ||
            frame->pitch_bytes[i] > INT32_MAX)
            return false;
    return frame->pitch_bytes[0] >= row && frame->pitch_bytes[1] >= chroma_row;
}

static bool is_usable(const fr_frame *frame)
{
    if (frame->format != FR_FORMAT_NV12 && frame->format != FR_FORMAT_P010)
        return false;
    if (!frame->width || !frame->height || frame->width > FR_SIZE_MAX || frame->height > FR_SIZE_MAX)
        return false;
    return in_memory(frame) ? has_planes(frame) : frame->surface != NULL;
}

/* FR_TIMEOUT or FR_ERR_DEVICE_LOST: this frame is lost, but the next may be encoded. FR_AGAIN. */
static fr_status lose_frame(fr_recorder *r, fr_status why)
{
    if (!r->losing)
        fr_log_write(&r->params.log, FR_LOG_WARNING, "frames are left out of the recording: the GPU %s",
                     why == FR_TIMEOUT ? "does not hand them out in time" : "that holds them is lost");
    r->losing = true;
    return FR_AGAIN;
}

/* The one place where pictures on a GPU come into memory, for whoever reads planes. `held`: zero before, to
 * be released. FR_AGAIN: the frame is lost. */
static fr_status read_planes(fr_recorder *r, fr_frame *held, const fr_frame **frame)
{
    if (in_memory(*frame))
        return FR_OK;
    fr_frame_ref(held, *frame);
    const fr_status status = fr_frame_map(held);
    *frame = held;
    return status == FR_TIMEOUT || status == FR_ERR_DEVICE_LOST ? lose_frame(r, status) : status;
}

static fr_status put_raw(fr_recorder *r, const fr_frame *frame)
{
    size_t bytes = 0;
    fr_frame held = {0};
    fr_status status = r->output->ops->ignores_pixels ? FR_OK : read_planes(r, &held, &frame);
    if (status == FR_OK && !(r->begun && same_shape(&r->shape, frame)))
        status = change_stream(r, frame, NULL);
    if (status == FR_OK && !r->begun)
        status = begin_segment(r);
    if (status == FR_OK)
        status = r->output->ops->write_frame(r->output, frame, &bytes);
    if (status == FR_OK) {
        const struct pending meta = pending_of(frame, 0);
        report(r, &meta, true, bytes, fr_clock_now_ns());
        r->losing = false;
    }
    fr_frame_release(&held);
    return status;
}

static fr_status send(fr_recorder *r, const fr_frame *frame, bool keyframe)
{
    const int64_t ticks = fr_timeline_next(&r->timeline, frame, fr_clock_now_ns());
    r->pending[r->next_pending++ % NUM_PENDING] = pending_of(frame, ticks);
    fr_status status = r->encoder->ops->send(r->encoder, frame, ticks, keyframe);
    if (status == FR_AGAIN) {
        status = receive_all(r);
        if (status == FR_OK)
            status = r->encoder->ops->send(r->encoder, frame, ticks, keyframe);
        /* It neither gives a packet nor takes a frame. */
        if (status == FR_AGAIN)
            status = FR_ERR_ENCODER;
    }
    return status == FR_OK ? receive_all(r) : status;
}

static fr_status encode(fr_recorder *r, const fr_frame *frame, bool keyframe)
{
    fr_frame held = {0};
    const bool in_place = r->device && r->encoder->reads_textures;
    fr_status status = in_place ? FR_OK : read_planes(r, &held, &frame);
    if (status == FR_OK)
        status = send(r, frame, keyframe);
    fr_frame_release(&held);
    return in_place && status == FR_TIMEOUT ? lose_frame(r, status) : status;
}

/* With the encoder that is open, or with one that fits the frame. FR_ERR_ENCODER with r->encoder set: that
 * one failed. */
static fr_status put_once(fr_recorder *r, const fr_frame *frame)
{
    const void *device = device_of(r, frame);
    const bool other_device = r->encoder && r->encoder->reads_textures && device != r->device;
    const bool fresh_encoder = !r->encoder || other_device || !same_shape(&r->shape, frame);
    r->keyframe_due |= frame->discontinuity || !same_hdr(&r->shape, frame);
    fr_status status = fresh_encoder ? change_stream(r, frame, device) : FR_OK;
    if (status != FR_OK)
        return status;
    const bool keyframe = fresh_encoder || r->keyframe_due;
    keep_shape(r, frame);
    if (keyframe && !fresh_encoder && r->encoder->ignores_keyframe)
        status = renew_encoder(r, frame);
    if (status == FR_OK)
        status = encode(r, frame, keyframe);
    if (status == FR_OK)
        r->keyframe_due = r->losing = false;
    return status;
}

/* Another encoder is opened for the frame, without a device. */
static void go_through_memory(fr_recorder *r)
{
    fr_log_write(&r->params.log, FR_LOG_WARNING, "frames go to %s through memory from now on: %s",
                 r->info.encoder, r->encoder->reason);
    snprintf(r->info.input_reason, sizeof(r->info.input_reason), "%s", r->encoder->reason);
    r->memory_only = true;
}

static fr_status put_coded(fr_recorder *r, const fr_frame *frame)
{
    for (;;) {
        const fr_status status = put_once(r, frame);
        if (status == FR_ERR_DEVICE_LOST) {
            fr_encoder_destroy(&r->encoder);
            return lose_frame(r, status);
        }
        if (status == FR_ERR_UNSUPPORTED && r->encoder && r->device && r->encoder->reads_textures) {
            go_through_memory(r);
            continue;
        }
        if (status != FR_ERR_ENCODER || !r->encoder)
            return status;
        if (!fr_selection_reject(&r->selection, r->encoder->reason))
            return status;
        fr_encoder_destroy(&r->encoder);
    }
}

/* After a failure nothing more is written but the end, where that still works. */
static void finish(fr_recorder *r, fr_status status)
{
    r->finished = status;
    fr_encoder_destroy(&r->encoder);
    r->output->ops->end(r->output);
    r->begun = false;
}

fr_status fr_recorder_put(fr_recorder *recorder, const fr_frame *frame)
{
    if (!recorder || !frame)
        return FR_ERR_ARGUMENT;
    if (recorder->finished != FR_OK)
        return recorder->finished;
    if (!is_usable(frame)) {
        fr_log_write(&recorder->params.log, FR_LOG_ERROR,
                     "a frame cannot be recorded: it is not NV12 or P010, in a surface or with whole rows in "
                     "memory");
        return FR_ERR_ARGUMENT;
    }
    const fr_status status =
        recorder->output->ops->write_packet ? put_coded(recorder, frame) : put_raw(recorder, frame);
    if (status != FR_OK && status != FR_AGAIN)
        finish(recorder, status);
    return status;
}

/* --- open and close --- */

static void free_all(fr_recorder *r)
{
    fr_encoder_destroy(&r->encoder);
    fr_gpu_keep_finish(&r->keep);
    if (r->output)
        r->output->ops->destroy(r->output);
    av_packet_free(&r->packet);
    avcodec_parameters_free(&r->coded);
    for (uint32_t i = 0; i < r->num_segments; i++)
        free(r->segments[i]);
    free(r->segments);
    free(r->url);
    free(r->options);
    fr_selection_finish(&r->selection);
    free(r);
}

static fr_status set_up(fr_recorder *r, struct fr_encoder_list list)
{
    const fr_recorder_params *params = &r->params;
    fr_status status = fr_address_find(&r->kind, params->url, params->encoder || params->codec, &params->log);
    if (status < 0)
        return status;
    r->url = copy_text(params->url);
    r->options = params->options ? copy_text(params->options) : NULL;
    r->packet = av_packet_alloc();
    r->coded = avcodec_parameters_alloc();
    if (!r->url || (params->options && !r->options) || !r->packet || !r->coded)
        return FR_ERR_NO_MEMORY;
    const struct fr_output_config config = {
        .kind = r->kind, .cancelled = params->cancelled, .user = params->user, .log = &r->params.log};
    if (r->kind->muxer)
        status = fr_selection_init(&r->selection, params, r->kind, list);
    if (r->kind->muxer && status == FR_OK)
        status = fr_selection_try(&r->selection, r->options);
    if (status == FR_OK)
        status = r->kind->create(&r->output, &config);
    if (status == FR_OK)
        status = open_address(r);
    return status;
}

static bool is_valid(const fr_recorder_params *params)
{
    const char *wrong = NULL;
    if (!params->url || !*params->url)
        wrong = "no file or address is named";
    else if (params->codec < FR_CODEC_DEFAULT || params->codec > FR_CODEC_AV1)
        wrong = "the codec is none of h264, hevc and av1";
    else if (params->fps_mhz > MAX_FPS_MHZ)
        wrong = "the frame rate is above 1000 Hz";
    else if (params->threads > MAX_THREADS || params->gop_frames > INT32_MAX)
        wrong = "threads or gop_frames is too large";
    if (wrong)
        fr_log_write(&params->log, FR_LOG_ERROR, "cannot record: %s", wrong);
    return !wrong;
}

fr_status fr_recorder_open_with(fr_recorder **out, const fr_recorder_params *params,
                                struct fr_encoder_list list)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    if (!params || !is_valid(params))
        return FR_ERR_ARGUMENT;
    fr_recorder *r = calloc(1, sizeof(*r));
    if (!r)
        return FR_ERR_NO_MEMORY;
    r->params = *params;
    r->info.encoder = r->info.input = "";
    if (!r->params.fps_mhz)
        r->params.fps_mhz = DEFAULT_FPS_MHZ;
    if (!r->params.gop_frames)
        r->params.gop_frames = (2 * r->params.fps_mhz + 999) / 1000;
    const fr_status status = set_up(r, list);
    if (status != FR_OK)
        free_all(r);
    else
        *out = r;
    return status;
}

fr_status fr_recorder_open(fr_recorder **out, const fr_recorder_params *params)
{
    return fr_recorder_open_with(out, params, fr_encoder_list_known());
}

fr_status fr_recorder_close(fr_recorder **recorder)
{
    if (!recorder || !*recorder)
        return FR_OK;
    fr_recorder *r = *recorder;
    *recorder = NULL;
    fr_status status = r->finished;
    if (status == FR_OK) {
        status = retire_encoder(r);
        const fr_status ended = r->output->ops->end(r->output);
        status = status < 0 ? status : ended;
    }
    free_all(r);
    return status;
}

void fr_recorder_get_info(const fr_recorder *recorder, fr_recorder_info *out)
{
    *out = recorder->info;
    out->hash = 0;
    if (recorder->output->ops->hash)
        out->hash = recorder->output->ops->hash(recorder->output);
}

const char *fr_recorder_segment(const fr_recorder *recorder, uint32_t index)
{
    return index < recorder->info.segments ? recorder->segments[index] : NULL;
}
