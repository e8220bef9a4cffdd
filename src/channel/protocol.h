/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_PROTOCOL_H
#define FR_CHANNEL_PROTOCOL_H

/*
 * What is said on a connection: fixed little-endian messages, one a packet. No input or output here.
 *
 *     source                      host
 *     HELLO          ->                      within 1 s of the connection, or it is closed
 *                    <-           WELCOME    or REFUSE, then the connection ends
 *                    <-           RING       + its handles; again for each generation
 *     DISPLAY        ->                      whenever the display changes
 *                    <-           HDR        asks for HDR on or off
 *     BYE            <->          BYE        an orderly end; a hang-up without it is a death
 *
 * A RING comes with the header, the event, then the slots' one memory or ring_len textures or images, then
 * with fences the ready and the retire fence. On a socket they are descriptors beside the packet; in a pipe
 * they follow the message, 8 bytes each: values that are valid in the receiver already. Whoever is not the
 * host sends none.
 *
 * An observer says HELLO too, then only listens: its RING has one handle, the header, read-only. A packet
 * that breaks these rules ends the connection; the receiver never uses a field that fr_msg_check has not
 * seen.
 */

#include "channel/channel.h"

#define FR_MSG_MAGIC 0x48435246u /* "FRCH" */
#define FR_MSG_PROTOCOL_MIN 2u
#define FR_MSG_PROTOCOL_MAX 2u
/* The slots are claimed by the slot records, which version 1 of the wire has not. */
#define FR_MSG_WIRE_MIN 2u
#define FR_MSG_WIRE_MAX FR_WIRE_VERSION_MAX
#define FR_MSG_BYTES_MAX 512u
#define FR_MSG_HANDLES_MAX (4u + FR_WIRE_SLOTS_MAX)

enum {
    FR_MSG_HELLO = 1,
    FR_MSG_WELCOME = 2,
    FR_MSG_REFUSE = 3,
    FR_MSG_DISPLAY = 4,
    FR_MSG_RING = 5,
    FR_MSG_HDR = 6,
    FR_MSG_BYE = 7
};

enum { FR_MSG_ROLE_HOST = 0, FR_MSG_ROLE_SOURCE = 1, FR_MSG_ROLE_OBSERVER = 2 };

/* fr_msg_hello.flags */
enum {
    FR_MSG_HELLO_ANY_TARGET = 1u << 0, /* an inherited socket: target_id says nothing */
    FR_MSG_HELLO_DISPLAY = 1u << 1     /* display is meaningful */
};

/* fr_msg_refuse.reason */
enum {
    FR_MSG_REASON_OTHER = 1,
    FR_MSG_REASON_BUSY = 2,
    FR_MSG_REASON_VERSION = 3,
    FR_MSG_REASON_PERMISSION = 4,
    FR_MSG_REASON_PROTOCOL = 5
};

struct fr_msg_head {
    uint32_t magic; /* 0 */
    uint32_t type;  /* 4 */
    uint32_t bytes; /* 8: of the whole message */
    uint32_t zero;  /* 12 */
};

struct fr_msg_descriptor {
    uint32_t width, height, refresh_mhz;   /* 0, 4, 8 */
    uint32_t colour_state, format;         /* 12, 16 */
    uint32_t sdr_white_millinits;          /* 20 */
    uint32_t max_luminance_millinits;      /* 24 */
    uint32_t max_full_frame_millinits;     /* 28 */
    uint32_t min_luminance_tenthmillinits; /* 32 */
    uint32_t zero;                         /* 36 */
};

/* struct fr_gpu; all zero: none. */
struct fr_msg_gpu {
    uint32_t present, num_modifiers;         /* 0: 0 or 1, 4 */
    uint8_t driver_uuid[FR_GPU_UUID_BYTES];  /* 8 */
    uint8_t device_uuid[FR_GPU_UUID_BYTES];  /* 24 */
    uint64_t modifier[FR_GPU_MODIFIERS_MAX]; /* 40: those after num_modifiers are 0 */
};

/* The first 32 bytes, and REFUSE, are the same in every version of the protocol, so that any two can tell
 * each other apart; a later HELLO may be longer. */
struct fr_msg_hello {
    struct fr_msg_head head;
    uint32_t protocol_min, protocol_max; /* 16, 20 */
    uint32_t wire_min, wire_max;         /* 24, 28 */
    uint32_t role, flags;                /* 32, 36 */
    uint32_t target_id, pid;             /* 40, 44 */
    uint64_t capabilities;               /* 48: FR_CAP_* */
    char name[32];                       /* 56: printable ASCII, terminated */
    struct fr_msg_descriptor display;    /* 88 */
    struct fr_msg_gpu gpu;               /* 128 */
};

struct fr_msg_welcome {
    struct fr_msg_head head;
    uint32_t protocol, wire; /* 16, 20 */
    uint32_t target_id, pid; /* 24, 28 */
    uint64_t capabilities;   /* 32: those of the HELLO that the host has too */
};

struct fr_msg_refuse {
    struct fr_msg_head head;
    uint32_t reason, zero; /* 16, 20 */
    char text[232];        /* 24: printable ASCII, terminated */
};

struct fr_msg_display {
    struct fr_msg_head head;
    struct fr_msg_descriptor display; /* 16 */
};

/* For an observer all but generation and header_bytes is zero. For all but memory slots_bytes, pitch_bytes
 * and the offsets are; for all but Vulkan's images what follows slots_kind is. */
struct fr_msg_ring {
    struct fr_msg_head head;
    uint32_t generation, ring_len;            /* 16, 20 */
    uint32_t width, height;                   /* 24, 28 */
    uint32_t format, sync_kind;               /* 32, 36 */
    uint64_t header_bytes, slots_bytes;       /* 40, 48 */
    uint64_t pitch_bytes;                     /* 56 */
    uint64_t slot_offset[FR_WIRE_SLOTS_MAX];  /* 64 */
    uint32_t adapter_luid_low;                /* 128: that the textures lie on; zero: not known, or memory */
    int32_t adapter_luid_high;                /* 132 */
    uint32_t slots_kind;                      /* 136: FR_SLOTS_* */
    uint32_t memory_type;                     /* 140: OPAQUE_FD */
    uint8_t driver_uuid[FR_GPU_UUID_BYTES];   /* 144: the host's device */
    uint8_t device_uuid[FR_GPU_UUID_BYTES];   /* 160 */
    uint64_t image_bytes;                     /* 176: of each slot's memory */
    uint64_t modifier;                        /* 184: DMA_BUF */
    uint32_t num_planes, zero;                /* 192, 196: DMA_BUF: memory planes; those after them are 0 */
    uint64_t plane_offset[FR_GPU_PLANES_MAX]; /* 200 */
    uint64_t plane_pitch_bytes[FR_GPU_PLANES_MAX]; /* 232 */
};

struct fr_msg_hdr {
    struct fr_msg_head head;
    uint32_t on, zero; /* 16, 20 */
};

struct fr_msg_bye {
    struct fr_msg_head head;
};

union fr_msg {
    struct fr_msg_head head;
    struct fr_msg_hello hello;
    struct fr_msg_welcome welcome;
    struct fr_msg_refuse refuse;
    struct fr_msg_display display;
    struct fr_msg_ring ring;
    struct fr_msg_hdr hdr;
    struct fr_msg_bye bye;
    uint8_t raw[FR_MSG_BYTES_MAX];
};

/* Zeroes *msg and fills its head. Returns the bytes of the message. */
size_t fr_msg_init(union fr_msg *msg, uint32_t type);

/* "HELLO", ..., "an unknown message". */
const char *fr_msg_name(uint32_t type);

/*
 * Checks a received copy of `bytes` bytes that came with num_handles handles, for a receiver of that role
 * (FR_MSG_ROLE_*). NULL: every field is in its range. Else what is wrong, to follow "it sent ". Static. Of a
 * HELLO whose version ranges do not overlap with ours only the ranges are checked: see fr_msg_versions.
 */
const char *fr_msg_check(const union fr_msg *msg, size_t bytes, size_t num_handles, uint32_t role);

/* The highest versions that both sides know. False: there are none. */
bool fr_msg_versions(const struct fr_msg_hello *hello, uint32_t *protocol, uint32_t *wire);

/* NULL: in range, or zero where not known. Else what is wrong, to follow "it sent ". */
const char *fr_msg_display_fault(const fr_display_descriptor *display);

void fr_msg_put_display(struct fr_msg_descriptor *out, const fr_display_descriptor *display);
fr_display_descriptor fr_msg_get_display(const struct fr_msg_descriptor *descriptor);

void fr_msg_put_gpu(struct fr_msg_gpu *out, const struct fr_gpu *gpu);
/* Of a HELLO that was checked. */
struct fr_gpu fr_msg_get_gpu(const struct fr_msg_gpu *gpu);

/* Copies what is printable ASCII, '?' for the rest, cut to `bytes`, terminated. */
void fr_msg_put_text(char *out, size_t bytes, const char *text);

size_t fr_msg_put_ring(union fr_msg *msg, const struct fr_delivery *delivery);
size_t fr_msg_put_observer_ring(union fr_msg *msg, const struct fr_delivery *delivery);
/* All but the handles. */
struct fr_delivery fr_msg_get_ring(const struct fr_msg_ring *ring);

/* The handles of a delivery in the order in which they cross; returns how many. `kind` may be NULL. */
size_t fr_msg_list_handles(const struct fr_delivery *delivery, fr_handle *handle, enum fr_object_kind *kind);
/* The way back: fills in the handles of a delivery whose RING was checked. */
void fr_msg_take_handles(struct fr_delivery *delivery, const fr_handle *handle);

fr_status fr_msg_status_of_reason(uint32_t reason);
uint32_t fr_msg_reason_of_status(fr_status status);

#endif
