/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_WIRE_H
#define FRAMERING_WIRE_H

/*
 * The bytes that a host and a source share: docs/wire.md says who writes what, when, and in which order.
 *
 * Everything is little endian and of fixed width. Version 1 is the first 64 bytes; version 2 adds a tail,
 * which is there only if `version` says 2 AND the channel delivered at least its bytes. A zero in the tail
 * means "absent". Behind it lie the damage lines, which are there only if the host's capabilities say so AND
 * the channel delivered at least their bytes.
 *
 * These are bytes of an untrusted peer: copy with fr_wire_snapshot, use the copy. The words marked "shared"
 * change while both sides run; the library touches them only by its own atomic functions.
 */

#include <framering/format.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FR_WIRE_MAGIC 0x44564650u       /* "PFVD" */
#define FR_WIRE_DEBUG_MAGIC 0x47424450u /* "PDBG" */
#define FR_WIRE_VERSION_MIN 1u
#define FR_WIRE_VERSION_MAX 2u
#define FR_WIRE_SLOTS_MAX 8u
#define FR_WIRE_RECTS_MAX 16u

/* fr_wire_v1.status: what the source says of its attach. */
enum {
    FR_WIRE_STATUS_NONE = 0,
    FR_WIRE_STATUS_OPENED = 1,
    FR_WIRE_STATUS_TEXTURE_FAILED = 2,
    FR_WIRE_STATUS_NO_DEVICE = 3,
    FR_WIRE_STATUS_WRONG_TARGET = 4
};

/* fr_wire_host.state */
enum { FR_WIRE_HOST_ABSENT = 0, FR_WIRE_HOST_ACTIVE = 1, FR_WIRE_HOST_REBUILDING = 2, FR_WIRE_HOST_DEAD = 3 };

/* fr_wire_host.sync_kind: how a slot is claimed in this generation. */
enum {
    FR_WIRE_SYNC_ABSENT = 0,
    FR_WIRE_SYNC_STATES = 1,      /* the slot records' states alone; pixels are complete when published */
    FR_WIRE_SYNC_KEYED_MUTEX = 2, /* the states, and the texture's keyed mutex with key 0 around every access;
                                     version 1: the keyed mutex alone */
    FR_WIRE_SYNC_FENCE = 3, /* the states, and two shared fences: the GPU work before `ready_value` wrote the
                               pixels, that before `retire_value` has read them */
    FR_WIRE_SYNC_FILE = 4   /* the states, and the fences that both sides attach to the slot's DMA-BUF: what
                               writes the pixels, and what reads them */
};

/* The low byte of fr_wire_slot.state. */
enum {
    FR_WIRE_SLOT_FREE = 0,
    FR_WIRE_SLOT_WRITING = 1,
    FR_WIRE_SLOT_PUBLISHED = 2,
    FR_WIRE_SLOT_READING = 3
};

/* Version 1. Shared: magic, generation, latest, present_time, status, status_detail. */
typedef struct fr_wire_v1 {
    uint32_t magic;            /* 0: host, last, release; source acquire */
    uint32_t version;          /* 4 */
    uint32_t generation;       /* 8: 24 bits, never 0 */
    uint32_t ring_len;         /* 12: 1..FR_WIRE_SLOTS_MAX */
    uint32_t width, height;    /* 16, 20: pixels */
    uint32_t format;           /* 24: fr_format */
    uint32_t target_id;        /* 28: 0 in the oldest hosts */
    uint64_t latest;           /* 32: token; source release, host acquire */
    uint64_t present_time;     /* 40: of the latest frame, ns */
    uint32_t adapter_luid_low; /* 48 */
    int32_t adapter_luid_high; /* 52 */
    uint32_t status;           /* 56: FR_WIRE_STATUS_* */
    uint32_t status_detail;    /* 60: errno or HRESULT */
} fr_wire_v1;

/* fr_wire_host.capabilities, fr_wire_source.capabilities */
enum {
    FR_WIRE_CAP_DAMAGE_LINES = 1u << 0 /* host: they are there; source: it writes them */
};

/* What the host says. Times are CLOCK_MONOTONIC ns; totals count since the generation began. */
typedef struct fr_wire_host {
    uint32_t state;        /* 0 */
    uint32_t sync_kind;    /* 4 */
    uint64_t heartbeat_ns; /* 8 */
    uint64_t taken;        /* 16: fresh frames claimed */
    uint64_t repeated;     /* 24: repeats handed out */
    uint64_t capabilities; /* 32: FR_WIRE_CAP_* in force */
    uint32_t looking;      /* 40: 1: awake, looks at `latest` before it sleeps; 0: signal after publishing */
    uint32_t pid;          /* 44 */
    uint64_t reserved[2];  /* 48 */
} fr_wire_host;

/* What the source says. offered = published + mismatched + those that found no slot or were given up. */
typedef struct fr_wire_source {
    uint64_t heartbeat_ns; /* 0 */
    uint64_t offered;      /* 8: frames the source had */
    uint64_t published;    /* 16 */
    uint64_t dropped;      /* 24: found no slot, or overwritten before the host took them */
    uint64_t mismatched;   /* 32: of another size or format than the ring */
    uint64_t capabilities; /* 40: FR_WIRE_CAP_* in force */
    uint32_t pid;          /* 48 */
    uint32_t reserved0;    /* 52 */
    uint64_t reserved1;    /* 56 */
} fr_wire_source;

/* What is known of the picture's light, in the units of fr_hdr_metadata. */
typedef struct fr_wire_metadata {
    uint32_t valid;               /* 0: FR_WIRE_META_* */
    uint32_t sdr_white_millinits; /* 4: thousandths of cd/m2 */
    uint16_t red[2];              /* 8 */
    uint16_t green[2];            /* 12 */
    uint16_t blue[2];             /* 16 */
    uint16_t white[2];            /* 20 */
    uint32_t max_luminance;       /* 24: 0.0001 cd/m2 */
    uint32_t min_luminance;       /* 28: 0.0001 cd/m2 */
    uint16_t max_cll;             /* 32: cd/m2 */
    uint16_t max_fall;            /* 34: cd/m2 */
    uint32_t change;              /* 36: even: stable; odd: being written */
    uint64_t reserved[3];         /* 40 */
} fr_wire_metadata;

enum {
    FR_WIRE_META_HDR = 1u << 0,      /* the HDR10 fields are meaningful */
    FR_WIRE_META_SDR_WHITE = 1u << 1 /* sdr_white_millinits is meaningful */
};

/* One slot. `state` is the claim; all else is written by the source while it holds WRITING, and read by the
 * host while it holds READING. state = tag << 8 | FR_WIRE_SLOT_*; the tag is the low 24 bits of the sequence,
 * so that a compare-and-swap that means one frame cannot hit another. */
typedef struct fr_wire_slot {
    uint32_t state;            /* 0 */
    uint32_t flags;            /* 4: FR_WIRE_FRAME_* */
    uint64_t token;            /* 8 */
    uint64_t ready_value;      /* 16: with fences: what the ready fence reaches when the pixels are written */
    uint64_t retire_value;     /* 24: with fences: what the retire fence reaches when they have been read; the
                                  host writes it while it holds READING */
    uint64_t present_ns;       /* 32 */
    uint32_t clock_id;         /* 40: 1 = the machine's monotonic clock */
    uint32_t publish_delay_us; /* 44: publish time less present_ns, saturated */
    uint32_t damage[4];        /* 48: x, y, width, height; meaningful with FR_WIRE_FRAME_DAMAGE */
} fr_wire_slot;

/* fr_wire_slot.flags. What is said of this frame against the one with the sequence before holds against each
 * of `reach` more before that one too. */
enum {
    FR_WIRE_FRAME_DAMAGE = 1u << 0, /* nothing outside the damage rectangle differs */
    FR_WIRE_FRAME_RECTS_SHIFT = 8, /* 8 bits: nor outside the first so many of the slot's damage line; 0 = the
                                      line says nothing */
    FR_WIRE_FRAME_REACH_SHIFT = 16 /* 16 bits: reach */
};

/* Monotonic: CLOCK_MONOTONIC, or QueryPerformanceCounter in ns. */
enum { FR_WIRE_CLOCK_ABSENT = 0, FR_WIRE_CLOCK_MONOTONIC = 1 };

/* Why a source never attached, when the header cannot tell. Best effort; not part of any order. */
typedef struct fr_wire_debug {
    uint32_t magic;                /* 0 */
    uint32_t run_core_entries;     /* 4: how often the source's frame loop was entered */
    uint32_t resolved_target_id;   /* 8 */
    uint32_t header_open_attempts; /* 12 */
    uint32_t last_open_error;      /* 16: errno or HRESULT */
    uint32_t header_opened;        /* 20 */
    uint32_t luid_low;             /* 24 */
    int32_t luid_high;             /* 28 */
    uint32_t frames_acquired;      /* 32 */
    uint32_t pad;                  /* 36 */
} fr_wire_debug;

typedef struct fr_wire_v2 {
    fr_wire_v1 v1;                        /* 0 */
    fr_wire_host host;                    /* 64 */
    fr_wire_source source;                /* 128 */
    fr_wire_metadata metadata;            /* 192 */
    fr_wire_slot slot[FR_WIRE_SLOTS_MAX]; /* 256 */
    fr_wire_debug debug;                  /* 768: on Windows a section of its own */
    uint64_t reserved[3];                 /* 808 */
} fr_wire_v2;

/* One slot's damage, written and read as its record is: rectangles, x | y << 16 | width << 32 | height << 48,
 * in the picture and not empty. How many of them hold the record's flags say. */
typedef struct fr_wire_damage {
    uint64_t rect[FR_WIRE_RECTS_MAX];
} fr_wire_damage;

/* All that a header can have. */
typedef struct fr_wire_whole {
    fr_wire_v2 v2;                            /* 0 */
    fr_wire_damage damage[FR_WIRE_SLOTS_MAX]; /* 832 */
} fr_wire_whole;

#define FR_WIRE_V1_BYTES 64u
#define FR_WIRE_V2_BYTES 832u
#define FR_WIRE_WHOLE_BYTES 1856u

/* ---- The token: generation << 40 | sequence << 8 | slot. 0 means that nothing was published. ---- */

#define FR_GENERATION_MAX 0xffffffu

typedef struct fr_token {
    uint32_t generation; /* 1..FR_GENERATION_MAX */
    uint32_t sequence;   /* from 1; wraps */
    uint32_t slot;       /* 0..255; valid below ring_len */
} fr_token;

FR_API uint64_t fr_token_pack(fr_token token);
FR_API fr_token fr_token_unpack(uint64_t word);

/* True when sequence `a` comes after `b`, across the wrap at 2^32 (serial number arithmetic, RFC 1982). */
FR_API bool fr_sequence_newer(uint32_t a, uint32_t b);

/* The generation after this one: never 0, at most FR_GENERATION_MAX. */
FR_API uint32_t fr_generation_next(uint32_t generation);

/* ---- Reading a header that somebody else wrote ---- */

typedef enum fr_wire_fault {
    FR_WIRE_FINE = 0,
    FR_WIRE_TOO_SHORT, /* fewer bytes delivered than the version needs */
    FR_WIRE_NO_MAGIC,  /* not (yet) a header */
    FR_WIRE_BAD_VERSION,
    FR_WIRE_BAD_GENERATION, /* 0 or more than 24 bits */
    FR_WIRE_BAD_RING_LEN,
    FR_WIRE_BAD_SIZE, /* width or height 0 or above FR_SIZE_MAX */
    FR_WIRE_BAD_FORMAT,
    FR_WIRE_BAD_TARGET, /* the header names another target */
    FR_WIRE_CHANGED     /* the generation moved while it was copied: try again */
} fr_wire_fault;

/* One sentence, with what is wrong and what is meant. Static; never NULL. */
FR_API const char *fr_wire_fault_text(fr_wire_fault fault);

/*
 * Copies the header at `shared` (`bytes` delivered, 8-byte aligned) into *out, checks the copy, and names the
 * first thing that is wrong. Bytes that the version or `bytes` do not cover are zero in *out, which is
 * written also on a fault as far as the copy went. target_id: the target expected; 0 = any. A header that
 * names target 0 fits every target. Any thread; never blocks.
 */
FR_API fr_wire_fault fr_wire_snapshot(fr_wire_v2 *out, const void *shared, size_t bytes, uint32_t target_id);

#ifdef __cplusplus
}
#endif
#endif
