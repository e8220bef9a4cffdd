/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_CAPTURE_H
#define FRAMERING_CAPTURE_H

/*
 * The host's side: owns the ring of one target, takes the newest frame from it, converts it into a surface of
 * its own and hands that out.
 *
 *     fr_capture *capture;
 *     fr_capture_params params = {.target_id = 7, .preferred = {1920, 1080, 60000}, .log = log};
 *     if (fr_capture_open(&capture, &params, NULL) < 0)
 *         return fall_back();
 *     fr_frame frame;
 *     fr_status status;
 *     while ((status = fr_capture_next(capture, &frame)) >= 0) {
 *         if (status != FR_OK && status != FR_REPEAT)
 *             continue;                                   // FR_AGAIN, FR_CANCELLED: no frame
 *         encode(&frame);
 *         fr_frame_release(&frame);
 *     }
 *     fr_capture_close(&capture);
 *
 * States: ATTACHING (open waits for a source and its first frame) -> RUNNING -> REBUILDING (the display
 * changed, or the source went away; repeats go on) -> RUNNING ..., or FAILED (next returns the failure from
 * then on).
 *
 * Threads: one thread at a time calls functions on a capture, except fr_capture_invite, which any thread may
 * call. Frames may be released on any thread. A capture has one thread of its own for the channel, and one
 * more when a display provider is given. Several captures, of different targets, live side by side.
 */

#include <framering/display.h>
#include <framering/frame.h>
#include <framering/log.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_capture fr_capture;

/* The object that keeps a virtual display alive. `release` is called once, by fr_capture_close, after the
 * ring is gone; if fr_capture_open fails it is not called, and the object stays the caller's. */
typedef struct fr_keepalive {
    void *object;
    void (*release)(void *object);
} fr_keepalive;

typedef enum fr_backend_kind {
    FR_BACKEND_AUTO = 0,
    FR_BACKEND_CPU = 1, /* shared memory */
    FR_BACKEND_D3D11 =
        2, /* Windows: Direct3D 11 textures. A source that cannot open them gets shared memory */
    FR_BACKEND_VULKAN = 3 /* Linux: Vulkan images; shared memory of sources without a device is imported or
                             uploaded. Without a loader, a driver or a device that it may use rings lie in
                             shared memory, as those of CPU, with a warning. AUTO takes a GPU for sources that
                             have one, else shared memory */
} fr_backend_kind;

struct fr_d3d11_host_params;  /* framering/d3d11.h */
struct fr_win32_host_params;  /* framering/win32.h */
struct fr_vulkan_host_params; /* framering/vulkan.h */

/* Times, overridable; 0 = the default in brackets. Nanoseconds. */
typedef struct fr_capture_timing {
    uint64_t attach_wait_ns;     /* [4 s] open waits so long for a first frame; UINT64_MAX: for ever */
    uint64_t event_slice_ns;     /* [16 ms] next waits so long for a fresh frame before it repeats; up to an
                                    eighth less for the first eight repeats in a row, until idle captures of a
                                    machine wake together */
    uint64_t descriptor_poll_ns; /* [250 ms] between two samples of a display provider */
    uint64_t hdr_settle_ns;      /* [250 ms] after HDR was asked for, looked at every 25 ms */
    uint64_t recovery_ns;        /* [3 s] from a change of the display to a fresh frame */
    uint64_t first_frame_ns;     /* [20 s] next gives up when there never was a frame */
    uint64_t stalled_ns;         /* [2 s] a source heartbeat older than this is a stalled source */
} fr_capture_timing;

/* All zero: target 0, defaults everywhere. Copied by fr_capture_open. */
typedef struct fr_capture_params {
    uint32_t target_id;
    fr_mode preferred; /* used only where the display's actual mode cannot be read */
    bool want_10bit;   /* the client shows 10 bit: turn the display's HDR on at open */
    bool sdr_output;   /* the client cannot show HDR: tone-map, always hand out NV12 */
    fr_backend_kind backend;
    uint32_t ring_len;     /* slots, 3..8; 0 = 4 */
    uint32_t out_surfaces; /* 2..16; 0 = 3 */
    uint32_t depth;        /* frames that the caller holds at once; clamped to 1..out_surfaces - 1; 0 = 2 */
    uint32_t cpu_mask;     /* as in fr_convert_params */
    uint32_t convert_threads; /* backend cpu: as fr_convert_params.threads */
    /* The most time of a core that the wait for one frame may spend looking for it; at most 1 s; 0 = none, it
     * sleeps at once. A frame that comes while the host looks costs no wake-up and no system call on either
     * side. Next learns when frames are published. Where they come so evenly that most lie within this time
     * of when they are due, it sleeps until shortly before, then looks until the frame is there or the time
     * is spent; else it sleeps at once, as it does until it has seen four frames. A time as long as from one
     * frame to the next: it looks all the while. */
    uint64_t spin_ns;
    fr_capture_timing timing;
    const fr_display_provider *display; /* NULL: believe the source; copied */
    const char *runtime_dir;            /* where the target's socket lies; NULL: see fr_runtime_dir */
    bool no_socket; /* only invited sources (fr_capture_invite, start_source); nobody can connect by target */
    const uint32_t *allow_uids;               /* users, besides our own, whose sources may connect; copied */
    uint32_t num_allow_uids;                  /* at most 16 */
    const struct fr_win32_host_params *win32; /* Windows: how sources are reached; NULL: all zero; copied */
    const struct fr_d3d11_host_params *d3d11; /* Windows: the adapter; NULL: all zero; copied */
    const struct fr_vulkan_host_params *vulkan; /* Linux: the device; NULL: all zero; copied */
    /* Called by fr_capture_open once a source can be served: starts a source that inherits socket_fd (on
     * Windows the number of an inheritable pipe handle, to be closed by CloseHandle; the source must be a
     * process that this one started, or one of its children). The
     * function owns the descriptor, also when it fails (any negative status; open then returns it). NULL:
     * sources come alone. */
    fr_status (*start_source)(void *user, int socket_fd);
    /* Asked at least every 20 ms by open and next; true makes them return FR_CANCELLED. May be NULL. */
    bool (*cancelled)(void *user);
    void *user; /* for start_source and cancelled */
    fr_log log;
} fr_capture_params;

/*
 * Makes the target reachable, waits for a source and its first frame. On FR_OK the capture owns `keepalive`
 * (may be NULL; copied). On any other result *out is NULL and the keepalive's object stays the caller's.
 *
 * FR_CANCELLED; FR_ERR_ARGUMENT; FR_ERR_UNSUPPORTED (backend); FR_ERR_TARGET_BUSY (another host serves it);
 * FR_ERR_PERMISSION (the runtime folder is not ours alone); FR_ERR_NO_MODE; FR_ERR_NO_MEMORY; FR_ERR_SYSTEM;
 * and the reasons of a failed attach: FR_ERR_NEVER_ATTACHED, _NOTHING_OFFERED, _ALL_MISMATCHED,
 * _ADAPTER_MISMATCH, _SOURCE_FAILED, _SOURCE_DIED, _VERSION, _PROTOCOL. Blocks at most the attach wait.
 */
FR_API fr_status fr_capture_open(fr_capture **out, const fr_capture_params *params,
                                 const fr_keepalive *keepalive);

/* Ends the session: tells the source, frees the ring, then releases the keepalive. Frames still held stay
 * valid. NULL and a pointer to NULL are accepted; sets *capture NULL. */
FR_API void fr_capture_close(fr_capture **capture);

/*
 * The next frame: FR_OK a fresh one, as soon as there is one; FR_REPEAT the last one again after 16 ms
 * without; FR_AGAIN none could be handed out (no frame yet in this slice, or the caller holds every surface);
 * FR_CANCELLED. *out is zeroed unless the result is FR_OK or FR_REPEAT; then the caller releases it. Failures
 * end the session: FR_ERR_NOT_RECOVERED, FR_ERR_NO_FRAME, FR_ERR_DEVICE_LOST, FR_ERR_NO_MEMORY,
 * FR_ERR_SYSTEM.
 */
FR_API fr_status fr_capture_next(fr_capture *capture, fr_frame *out);

/* As fr_capture_next, but never waits: FR_AGAIN when there is no fresh frame. */
FR_API fr_status fr_capture_try_latest(fr_capture *capture, fr_frame *out);

/* Makes one end of a connected socket pair, on Windows of a pipe, for a source that the caller starts, for
 * example after the last one died. The caller owns *socket_fd. FR_ERR_TARGET_BUSY while a source is
 * connected. FR_ERR_UNSUPPORTED: a channel of Windows without a pipe for sources. Any thread. */
FR_API fr_status fr_capture_invite(fr_capture *capture, int *socket_fd);

typedef enum fr_capture_state {
    FR_CAPTURE_ATTACHING = 0,
    FR_CAPTURE_RUNNING = 1,
    FR_CAPTURE_REBUILDING = 2,
    FR_CAPTURE_FAILED = 3
} fr_capture_state;

/* What the source does. An idle desktop is never a fault. */
typedef enum fr_liveness {
    FR_LIVENESS_GONE = 0,    /* no source is connected */
    FR_LIVENESS_FLOWING = 1, /* fresh frames come */
    FR_LIVENESS_IDLE = 2,    /* alive, offers nothing */
    FR_LIVENESS_LOSSY = 3,   /* offers frames that are not published */
    FR_LIVENESS_STALLED = 4  /* its heartbeat stopped */
} fr_liveness;

/* "attaching", ... and "gone", ... Static; never NULL. */
FR_API const char *fr_capture_state_name(fr_capture_state state);
FR_API const char *fr_liveness_name(fr_liveness liveness);

/* Totals count since open, over all generations. Times are CLOCK_MONOTONIC ns. */
typedef struct fr_capture_info {
    fr_capture_state state;
    fr_liveness liveness;
    fr_display_descriptor display; /* in force */
    uint32_t target_id;
    uint32_t generation;  /* the ring's; 0 = none yet */
    uint32_t generations; /* how many rings there were */
    fr_format ring_format, out_format;
    uint64_t fresh, repeats;
    uint64_t looked;           /* of the fresh ones, those that came while the host looked (spin_ns) */
    uint64_t looked_ns;        /* the time spent so */
    uint64_t taken_pixels;     /* of all fresh frames */
    uint64_t converted_pixels; /* those that the pictures which they went into lacked; a backend may convert
                                  more */
    uint64_t dropped;    /* published but superseded before they were taken, or found no slot in the source */
    uint64_t mismatched; /* of a size or format that is not the ring's */
    uint64_t offered, published;  /* by the sources */
    uint64_t newest_present_ns;   /* of the last fresh frame; 0 = none */
    uint64_t source_heartbeat_ns; /* of the connected source; 0 = none */
    uint32_t source_pid;          /* 0 = none connected */
    char source_name[32];
    const char *backend; /* of the ring in force: "cpu", "d3d11", "vulkan"; static */
    const char *slots; /* what its slots are: "memory", "d3d11 textures", "opaque fd", "dma-buf"; static; "" =
                          no ring */
    const char *sync;  /* how they are claimed: "states", "keyed mutex", "fence", "sync file"; static; "" = no
                          ring */
    /* How pixels come into its slots: "direct", or "read-back": the slots are memory, and the source said
     * that it has a GPU, from which it reads them back. What a source reads back before framering has it is
     * not known. Static; "" = no ring. */
    const char *source_path;
    /* How they come from there to the converter: "direct": it reads the slots; "import": a GPU reads the
     * shared memory; "upload": they are copied from it to a GPU. Static; "" = no ring. */
    const char *host_path;
    const char *way;    /* these four in words for people: "shared memory that the GPU reads"; static; "" = no
                           ring */
    const char *kernel; /* the converter that runs; static; "" = none yet */
} fr_capture_info;

FR_API void fr_capture_get_info(fr_capture *capture, fr_capture_info *out);

/* Why a generation began. */
enum {
    FR_FLIP_HDR = 1u << 0,    /* the colour state or the ring's format changed */
    FR_FLIP_SIZE = 1u << 1,   /* the size changed */
    FR_FLIP_SOURCE = 1u << 2, /* the source went away and one came back */
    FR_FLIP_DEVICE = 1u << 3  /* the device was lost, or a claim was abandoned */
};

typedef struct fr_flip {
    uint32_t kind;   /* FR_FLIP_*, or-ed */
    uint64_t at_ns;  /* when the change was noticed, CLOCK_MONOTONIC */
    uint64_t gap_ns; /* from then until the first fresh frame after it was converted */
} fr_flip;

/* Takes the oldest flip not yet taken (the newest 16 are kept): FR_OK, or FR_AGAIN when there is none. */
FR_API fr_status fr_capture_next_flip(fr_capture *capture, fr_flip *out);

/* Asks the display (its provider, or the source) for HDR on or off. What happens is seen in the frames.
 * FR_AGAIN: no source is connected. FR_ERR_UNSUPPORTED: it cannot be asked. */
FR_API fr_status fr_capture_request_hdr(fr_capture *capture, bool on);

#ifdef __cplusplus
}
#endif
#endif
