/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "nvenc_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct machine machine;

/* --- the system --- */

static fr_status library_open(void *self, struct fr_nvenc_library *out, char reason[FR_REASON_BYTES])
{
    (void)self;
    *out = (struct fr_nvenc_library){0};
    if (machine.no_library) {
        snprintf(reason, FR_REASON_BYTES, "the library is not there");
        return FR_ERR_ENCODER;
    }
    *out = (struct fr_nvenc_library){&machine, fake_nvenc_get_max_version, fake_nvenc_create_instance};
    fake_nvenc()->libraries.made++;
    return FR_OK;
}

static void library_close(void *self, struct fr_nvenc_library *library)
{
    (void)self;
    library->handle = NULL;
    fake_nvenc()->libraries.undone++;
}

static void *event_create(void *self)
{
    (void)self;
    if (machine.no_events)
        return NULL;
    machine.events_made++;
    return calloc(1, sizeof(bool));
}

static void signal_event(void *event)
{
    *(bool *)event = true;
}

/* Time passes here and nowhere else: the GPU works while somebody waits. */
static enum fr_nvenc_wait event_wait(void *self, void *event, uint32_t timeout_ms)
{
    bool *signalled = event;
    (void)self;
    (void)timeout_ms;
    machine.waits++;
    fake_nvenc_complete();
    if (!*signalled)
        return FR_NVENC_TIMEOUT;
    *signalled = false;
    return FR_NVENC_SIGNALLED;
}

static void event_destroy(void *self, void *event)
{
    (void)self;
    machine.events_gone++;
    free(event);
}

static fr_status device_create(void *self, uint32_t adapter, void **device)
{
    (void)self;
    *device = NULL;
    if (adapter >= machine.num_adapters)
        return FR_END;
    if (machine.broken_adapter[adapter])
        return FR_ERR_UNSUPPORTED;
    machine.devices_created++;
    machine.adapter[adapter].refs++;
    *device = &machine.adapter[adapter];
    return FR_OK;
}

static bool device_lost(void *self, void *device)
{
    (void)self;
    return ((struct fake_object *)device)->lost;
}

static void ref(void *self, void *object)
{
    (void)self;
    assert_true(((struct fake_object *)object)->refs > 0);
    ((struct fake_object *)object)->refs++;
}

static void unref(void *self, void *object)
{
    struct fake_object *o = object;
    (void)self;
    assert_true(o->refs > 0);
    if (--o->refs || !o->pixels)
        return;
    assert_false(fake_nvenc_is_mapped(o));
    machine.textures_gone++;
    free(o->pixels);
    free(o);
}

static void texture_destroy(struct fr_picture *picture)
{
    unref(NULL, picture->object);
}

static fr_status picture_of(void *self, const fr_frame *frame, struct fr_nvenc_picture *out)
{
    (void)self;
    *out = (struct fr_nvenc_picture){0};
    if (!frame->surface || frame->surface->ring->picture_destroy != texture_destroy)
        return FR_ERR_UNSUPPORTED;
    struct fake_object *texture = frame->surface->picture.object;
    *out = (struct fr_nvenc_picture){texture->device, texture};
    return FR_OK;
}

static bool run_apart(void *self, void (*work)(void *arg), void *arg)
{
    (void)self;
    assert_null(machine.apart);
    if (machine.no_threads)
        return false;
    machine.apart = work;
    machine.apart_arg = arg;
    return true;
}

struct fr_nvenc_system machine_system = {.library_open = library_open,
                                         .library_close = library_close,
                                         .event_create = event_create,
                                         .event_wait = event_wait,
                                         .event_destroy = event_destroy,
                                         .device_create = device_create,
                                         .device_lost = device_lost,
                                         .ref = ref,
                                         .unref = unref,
                                         .picture_of = picture_of,
                                         .run_apart = run_apart};

static bool has_nvenc(void *device)
{
    return ((const struct fake_object *)device)->has_nvenc;
}

static const uint8_t *pixels_of(void *texture, size_t *pitch_bytes)
{
    const struct fake_object *o = texture;
    *pitch_bytes = o->pitch_bytes;
    return o->pixels;
}

void machine_set_times(uint32_t answer_ms, uint32_t reap_ms)
{
    machine_system.answer_ms = answer_ms;
    machine_system.reap_ms = reap_ms;
}

struct machine *machine_reset(void)
{
    fake_nvenc_reset();
    fake_nvenc()->signal = signal_event;
    fake_nvenc()->has_nvenc = has_nvenc;
    fake_nvenc()->pixels_of = pixels_of;
    machine = (struct machine){.num_adapters = 1, .map_status = FR_OK};
    for (size_t i = 0; i < MACHINE_ADAPTERS; i++)
        machine.adapter[i] = (struct fake_object){.refs = 1, .has_nvenc = i == 0};
    machine_set_times(20, 20);
    return &machine;
}

void machine_run_apart(void)
{
    void (*work)(void *arg) = machine.apart;
    assert_non_null(work);
    machine.apart = NULL;
    work(machine.apart_arg);
}

void assert_balanced(void)
{
    if (fake_nvenc()->wrong)
        fail_msg("%s", fake_nvenc()->wrong);
    assert_true(fake_nvenc_balanced());
    assert_int_equal(machine.events_made, machine.events_gone);
    assert_int_equal(machine.textures_made, machine.textures_gone);
    for (size_t i = 0; i < MACHINE_ADAPTERS; i++)
        assert_int_equal(machine.adapter[i].refs, 1);
    assert_null(machine.apart);
}

/* --- textures --- */

static fr_status texture_create(void *self, uint32_t width, uint32_t height, fr_format format,
                                struct fr_picture *out)
{
    struct fake_object *texture = calloc(1, sizeof(*texture));
    assert_non_null(texture);
    texture->refs = 1;
    texture->device = self;
    texture->width = (width + 1) & ~1u;
    texture->height = (height + 1) & ~1u;
    texture->pitch_bytes = texture->width * (format == FR_FORMAT_P010 ? 2u : 1u) + 32;
    texture->pixels = calloc(texture->pitch_bytes, texture->height + texture->height / 2);
    assert_non_null(texture->pixels);
    machine.textures_made++;
    *out = (struct fr_picture){.object = texture};
    return FR_OK;
}

static fr_status texture_map(const struct fr_picture *picture, struct fr_picture *out)
{
    const struct fake_object *texture = picture->object;
    machine.frame_maps++;
    if (machine.map_status != FR_OK)
        return machine.map_status;
    out->plane[0] = texture->pixels;
    out->plane[1] = texture->pixels + texture->pitch_bytes * texture->height;
    out->pitch_bytes[0] = out->pitch_bytes[1] = texture->pitch_bytes;
    return FR_OK;
}

void texture_ring_init(struct texture_ring *textures, struct fake_object *device, uint32_t width,
                       uint32_t height, fr_format format)
{
    static const struct fr_backend_host_ops ops = {
        .picture_create = texture_create, .picture_destroy = texture_destroy, .picture_map = texture_map};
    const struct fr_backend_host backend = {.ops = &ops, .self = device};
    *textures = (struct texture_ring){.device = device};
    assert_int_equal(fr_out_ring_create(&textures->ring, &backend, 3, width, height, format), FR_OK);
}

void texture_ring_finish(struct texture_ring *textures)
{
    fr_out_ring_drop(&textures->ring);
}

/* Codes of the limited range that differ from frame to frame and from place to place. */
static void draw(struct fake_object *texture, bool ten, uint32_t step)
{
    for (uint32_t y = 0; y < texture->height + texture->height / 2; y++) {
        uint8_t *row = texture->pixels + y * texture->pitch_bytes;
        uint16_t *row16 = (void *)row;
        for (uint32_t x = 0; x < texture->width; x++) {
            const unsigned code = 16 + (x / 16 * 7 + y / 16 * 11 + step * 5) % 200;
            if (ten)
                row16[x] = (uint16_t)(code << 8);
            else
                row[x] = (uint8_t)code;
        }
    }
}

fr_frame texture_ring_next(struct texture_ring *textures)
{
    const struct fr_out_ring *ring = textures->ring;
    struct fr_surface *surface = fr_out_ring_free_surface(textures->ring, NULL);
    assert_non_null(surface);
    assert_false(fake_nvenc_is_mapped(surface->picture.object));
    draw(surface->picture.object, ring->format == FR_FORMAT_P010, textures->sequence);
    fr_surface_ref(surface);
    fr_frame frame = {.width = ring->width,
                      .height = ring->height,
                      .format = ring->format,
                      .colour = fr_colour_of(ring->format),
                      .has_hdr = ring->format == FR_FORMAT_P010,
                      .hdr = fr_hdr_metadata_generic(),
                      .discontinuity = textures->sequence == 0,
                      .generation = 1,
                      .present_ns = UINT64_C(5000000000) + (uint64_t)textures->sequence * STEP_NS,
                      .surface = surface};
    frame.sequence = ++textures->sequence;
    return frame;
}

const void *machine_device_of(const fr_frame *frame)
{
    struct fr_nvenc_picture picture;
    return picture_of(NULL, frame, &picture) == FR_OK ? picture.device : NULL;
}

/* --- encoders --- */

static fr_status open_on_machine(struct fr_encoder **out, const struct fr_encoder_row *row,
                                 const struct fr_encoder_config *config, char reason[FR_REASON_BYTES])
{
    return fr_nvenc_open_on(&machine_system, out, row, config, reason);
}

#define COMMON                                                                                               \
    .vbv_frames = 1, .options = "preset=p1 tune=ull", .rate_options = "rc=cbr", .needs = "a fake",           \
    .open = open_on_machine, .check_options = fr_nvenc_check_options

const struct fr_encoder_row machine_rows[3] = {
    {.name = "h264_nvenc", .codec = FR_CODEC_H264, .quality_options = "rc=constqp qp=22", COMMON},
    {.name = "hevc_nvenc",
     .codec = FR_CODEC_HEVC,
     .hdr = FR_HDR_SEI,
     .quality_options = "rc=constqp qp=23",
     COMMON},
    {.name = "av1_nvenc",
     .codec = FR_CODEC_AV1,
     .hdr = FR_HDR_SEI,
     .quality_options = "rc=constqp qp=90",
     COMMON},
};

struct fr_encoder_config machine_config(uint32_t width, uint32_t height, fr_format format)
{
    return (struct fr_encoder_config){.width = width,
                                      .height = height,
                                      .format = format,
                                      .colour = fr_colour_of(format),
                                      .has_hdr = format == FR_FORMAT_P010,
                                      .hdr = fr_hdr_metadata_generic(),
                                      .ticks_per_second = 90000,
                                      .fps_mhz = 60000,
                                      .gop_frames = 120};
}

struct fr_encoder *machine_open(const struct fr_encoder_row *row, const struct fr_encoder_config *config)
{
    char reason[FR_REASON_BYTES] = "";
    struct fr_encoder *encoder = NULL;
    if (row->open(&encoder, row, config, reason) != FR_OK)
        fail_msg("%s does not open: %s", row->name, reason);
    return encoder;
}

AVPacket *machine_encode(struct fr_encoder *encoder, const fr_frame *frame, bool keyframe)
{
    static AVPacket *packet;
    av_packet_free(&packet);
    packet = av_packet_alloc();
    assert_non_null(packet);
    assert_int_equal(encoder->ops->send(encoder, frame, (int64_t)frame->sequence, keyframe), FR_OK);
    assert_int_equal(encoder->ops->receive(encoder, packet), FR_OK);
    assert_int_equal(packet->pts, (int64_t)frame->sequence);
    return packet;
}
