/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_NVENC_MACHINE_H
#define FR_TEST_NVENC_MACHINE_H

/* A system for nvenc.c without Windows: the fake library, events that are flags, devices and textures that
 * only count their references, and an out ring of such textures. */

#include "fake_nvenc.h"
#include "support.h"

#include "encode/nvenc.h"
#include "encode/nvenc_system.h"

/* What stands for an ID3D11Device or an ID3D11Texture2D. */
struct fake_object {
    int refs;
    bool lost;      /* devices: the GPU went away */
    bool has_nvenc; /* devices */
    struct fake_object *device;
    uint8_t *pixels; /* textures: NV12 or P010 of even size */
    size_t pitch_bytes;
    uint32_t width, height;
};

enum { MACHINE_ADAPTERS = 3 };

struct machine {
    bool no_library, no_events;
    uint32_t num_adapters;                        /* with a device each */
    struct fake_object adapter[MACHINE_ADAPTERS]; /* their devices */
    bool broken_adapter[MACHINE_ADAPTERS];        /* has none */
    uint32_t devices_created, events_made, events_gone, textures_made, textures_gone, waits;
    fr_status map_status; /* of fr_frame_map on textures */
    uint32_t frame_maps;
    void (*apart)(void *arg); /* work that waits to run on a thread of its own */
    void *apart_arg;
    bool no_threads;
};

/* Forgets everything, the fake library too. One adapter with NVENC. */
struct machine *machine_reset(void);
extern struct fr_nvenc_system machine_system;

/* machine_system with answers awaited for that long. */
void machine_set_times(uint32_t answer_ms, uint32_t reap_ms);

/* Runs what was left for a thread. */
void machine_run_apart(void);

/* Nothing is held, registered, mapped, locked or open, no texture is left, and nothing was done wrong. */
void assert_balanced(void);

/* --- frames in textures of a device --- */

struct texture_ring {
    struct fr_out_ring *ring;
    struct fake_object *device;
    uint32_t sequence;
};

void texture_ring_init(struct texture_ring *textures, struct fake_object *device, uint32_t width,
                       uint32_t height, fr_format format);
void texture_ring_finish(struct texture_ring *textures);

/* The next one, freshly drawn. It is wrong to draw into a texture that is mapped. */
fr_frame texture_ring_next(struct texture_ring *textures);

/* As struct fr_encoder_list has it. */
const void *machine_device_of(const fr_frame *frame);

/* --- encoders --- */

extern const struct fr_encoder_row machine_rows[3]; /* h264_nvenc, hevc_nvenc, av1_nvenc */

struct fr_encoder_config machine_config(uint32_t width, uint32_t height, fr_format format);

/* Opens on the machine; fails the test when it does not. */
struct fr_encoder *machine_open(const struct fr_encoder_row *row, const struct fr_encoder_config *config);

/* Sends and receives one frame; fails the test otherwise. The packet is the caller's until the next call. */
AVPacket *machine_encode(struct fr_encoder *encoder, const fr_frame *frame, bool keyframe);

#endif
