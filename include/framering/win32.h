/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_WIN32_H
#define FRAMERING_WIN32_H

/*
 * Windows: how a ring reaches its source. Three ways, chosen by the host:
 *
 *   pipe       a named pipe, \\.\pipe\framering-target-<target>, with a DACL; any source that may open it and
 *              passes the check of its image, or one that inherits an end of its own. The default.
 *   delivered  no pipe: the host duplicates the handles into a process that the caller names, and the caller
 *              carries their values there, usually by an IOCTL to its driver. The source hands them to
 *              fr_source_deliver.
 *   named      objects with names in Global\, as the reference design has them: a source of version 1 works.
 *
 * In the first two nothing can be opened by its name, and handles are duplicated with the least access:
 * section read and write, event modify, texture read and write. A source owns its handles only once they were
 * delivered; if that fails the host closes them in the source's process again. docs/windows.md has the names,
 * rights and requests.
 *
 * Stands alone: no Windows header is needed to include it.
 */

#include <framering/capture.h>
#include <framering/source.h>
#include <framering/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What crosses to a driver in one request, little endian, fixed layout: docs/windows.md has it as a table. A
 * handle is the value that it has in the source's process; 0 = none. */
#define FR_WIN32_RING_MAGIC 0x52465246u /* "FRFR" */
#define FR_WIN32_RING_VERSION 1u
typedef struct fr_win32_ring {
    uint32_t magic;                          /* 0 */
    uint32_t version;                        /* 4: FR_WIN32_RING_VERSION */
    uint32_t bytes;                          /* 8: of this struct */
    uint32_t target_id;                      /* 12 */
    uint32_t generation, ring_len;           /* 16, 20 */
    uint32_t width, height;                  /* 24, 28 */
    uint32_t format, sync_kind;              /* 32, 36: fr_format, FR_WIRE_SYNC_* */
    uint32_t host_pid, adapter_luid_low;     /* 40, 44: the adapter that the textures lie on */
    int32_t adapter_luid_high;               /* 48 */
    uint32_t reserved;                       /* 52: 0 */
    uint64_t header_bytes, slots_bytes;      /* 56, 64: slots_bytes is 0 for textures */
    uint64_t pitch_bytes;                    /* 72 */
    uint64_t slot_offset[FR_WIRE_SLOTS_MAX]; /* 80 */
    uint64_t header, event, slots;           /* 144, 152, 160: handles */
    uint64_t texture[FR_WIRE_SLOTS_MAX];     /* 168 */
    uint64_t ready_fence, retire_fence;      /* 232, 240 */
} fr_win32_ring;                             /* 248 */

typedef enum fr_win32_channel {
    FR_WIN32_CHANNEL_PIPE = 0,
    FR_WIN32_CHANNEL_DELIVERED = 1,
    FR_WIN32_CHANNEL_NAMED = 2
} fr_win32_channel;

/* The source's process, for the delivered way. */
typedef struct fr_win32_peer {
    uint32_t pid;
    uint64_t capabilities; /* what that source can do, FR_WIN32_CAN_*; 0 = FR_WIN32_CAN_MEMORY */
} fr_win32_peer;

#define FR_WIN32_CAN_MEMORY (UINT64_C(1) << 0)      /* rings in shared memory */
#define FR_WIN32_CAN_KEYED_MUTEX (UINT64_C(1) << 1) /* textures with keyed mutexes */
#define FR_WIN32_CAN_FENCE (UINT64_C(1) << 2)       /* textures with shared fences */

/* How the caller carries a ring to its driver. Both are called on a thread of the capture, one at a time, and
 * may take long; no lock is held. fr_capture_close waits for one that is under way. */
typedef struct fr_win32_courier {
    void *user;
    /* Which process is the source now? FR_OK with its pid; anything else: none yet, asked again every 0.5 s.
     * Asked again after that process has died, or its ring was not delivered. */
    fr_status (*find_source)(void *user, fr_win32_peer *out);
    /* Hands `ring` to the source; valid during the call. FR_OK: the handles in it are the source's now; any
     * other result: they were not taken, and are closed again. Of several rings that wait for a slow courier
     * only the newest is carried. */
    fr_status (*deliver)(void *user, const fr_win32_ring *ring);
} fr_win32_courier;

/* All zero: the pipe, for the user that runs the host and for SYSTEM, from any image. */
typedef struct fr_win32_host_params {
    fr_win32_channel channel;
    fr_win32_courier courier; /* delivered */
    /* The full path that a source's image must have, for example
     * C:\Windows\System32\WUDFHost.exe, compared without case; NULL: any. UTF-8. Not for the named way, which
     * does not know its sources. */
    const char *source_image;
    /* Who may open the pipe (delivered: the pipe for observers) or the named objects, in the security
     * descriptor definition language; NULL: for the pipe the host's user and SYSTEM; for names SYSTEM,
     * Administrators and, with the least rights, user-mode drivers. A client of the pipe needs 0x120183:
     * D:P(A;;GA;;;SY)(A;;0x120183;;;LS). */
    const char *sddl;
    bool everyone;           /* named: the reference design's old Everyone:GenericAll; opens the door wide */
    uint32_t wire_version;   /* named: 2, or 1 for sources that know nothing else; 0 = 2 */
    const char *name_prefix; /* named: instead of "Global\\pfvd", for tests, and hosts without the right to
                                create global objects ("Local\\pfvd"); pipe and delivered: instead of
                                "framering-target", without a backslash */
} fr_win32_host_params;

/* All zero: the pipe of the target. */
typedef struct fr_win32_source_params {
    fr_win32_channel channel;
    const char *name_prefix; /* as the host's */
} fr_win32_source_params;

/*
 * The delivered way, source's side: hands over what arrived with the host's request. `bytes` is its length.
 * The request is copied and checked; the ring is attached by the next fr_source_poll, and supersedes the one
 * before. FR_OK: the handles belong to the source. Failures leave the handles to the caller, who must close
 * them, or fail the request so that the host does: FR_ERR_ARGUMENT (the source was not opened with
 * FR_WIN32_CHANNEL_DELIVERED), FR_ERR_PROTOCOL (the request is damaged, or not for this source; logged). Any
 * thread.
 */
FR_API fr_status fr_source_deliver(fr_source *source, const void *ring, size_t bytes);

/* The host is gone: it closed the device that it sends requests by. The ring is detached by the next
 * fr_source_poll. Any thread. */
FR_API void fr_source_host_gone(fr_source *source);

/* What the display configuration says of a target, as a provider for fr_capture_params. */
typedef struct fr_ccd_params {
    uint32_t target_id; /* unique per adapter only */
    bool has_adapter;   /* else the first active path with that target */
    uint32_t adapter_luid_low;
    int32_t adapter_luid_high;
} fr_ccd_params;

/* Makes a provider that reads (and switches) a display by QueryDisplayConfig and its kin. It is the caller's,
 * outlives the capture, and is freed by fr_ccd_destroy. FR_ERR_NO_MEMORY. */
FR_API fr_status fr_ccd_create(fr_display_provider *out, const fr_ccd_params *params, const fr_log *log);
FR_API void fr_ccd_destroy(fr_display_provider *provider);

#ifdef __cplusplus
}
#endif
#endif
