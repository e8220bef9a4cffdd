/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CAPTURE_CAPTURE_H
#define FR_CAPTURE_CAPTURE_H

/*
 * The host's state machine: attach, take, follow, recover, repeat, fall back. Sees memory, clock, events,
 * claims, converters, the channel and the display only through tables; all of it runs on the caller's thread.
 * docs/architecture.md has the states.
 */

#include "backend/backend.h"
#include "capture/damage.h"
#include "capture/follow.h"
#include "capture/out_ring.h"
#include "capture/pace.h"
#include "channel/channel.h"
#include "display/feed.h"
#include "os/os.h"
#include "ring/ring.h"

#include <framering/capture.h>

#define FR_CAPTURE_RING_LEN 4u
#define FR_CAPTURE_OUT_SURFACES 3u
#define FR_CAPTURE_DEPTH 2u
#define FR_CAPTURE_LOCK_WAIT_NS (8 * FR_NS_PER_MS)
#define FR_CAPTURE_LOOK_NS (20 * FR_NS_PER_MS) /* how often waits look at the words without being woken */
#define FR_CAPTURE_REBUILD_RETRY_NS (250 * FR_NS_PER_MS)
#define FR_CAPTURE_LIVENESS_NS (500 * FR_NS_PER_MS) /* the window over which a source is judged */
#define FR_CAPTURE_SPIN_MAX_NS FR_NS_PER_S
#define FR_CAPTURE_IDLE_SLICES 8u /* from here on a capture expects no frame soon */
#define FR_CAPTURE_FLIPS_MAX 16u
#define FR_CAPTURE_WAKES_MAX 32u /* in a row */

/* Taken over by the capture, also when opening fails. */
struct fr_capture_env {
    struct fr_os os;
    struct fr_host_channel channel;
    struct fr_backend_host backend;
    struct fr_backend_host fallback; /* for sources and machines that cannot use `backend`; ops NULL: none */
    struct fr_display_feed feed;     /* ops NULL: the source announces its display */
    struct fr_event notify;          /* what channel and feed signal */
    bool has_display;                /* the feed's display was read already */
    fr_display_descriptor display;
    uint32_t pid;
};

/* One ring incarnation. Header and event are its own, but in version 1, where they are the channel's. */
struct fr_generation {
    bool present;
    struct fr_memory header;
    struct fr_event event;
    struct fr_waiter *waiter; /* on the notify and that; NULL: none, wait_only does */
    const struct fr_backend_host *backend;
    void *slots; /* the backend's */
    struct fr_delivery delivery;
    enum fr_ring_path path;
    bool read_back; /* the slots are memory, and the source that they were made for has its pixels on a GPU */
    struct fr_ring_shape shape;
    struct fr_ring_host words;
    uint32_t metadata_seen;
    uint32_t status_seen; /* what the source said of its attach, already logged */
    bool adapted;         /* what the source said of its attach was answered by another ring */
    bool poisoned;        /* a claim was abandoned or the device lost: nothing more is taken from it */
    bool had_frame;       /* a fresh frame came through it */
    bool event_left;      /* the event ended a sleep and was not reset yet */
};

struct fr_liveness_watch {
    uint64_t window_ns; /* when the present window began */
    struct fr_ring_totals at_start;
    uint64_t heartbeat_value, heartbeat_seen_ns; /* by our clock: the peer's is only compared with itself */
    fr_liveness liveness;
};

struct fr_capture {
    struct fr_capture_env env;
    fr_capture_params params;
    fr_keepalive keepalive;
    fr_log log;

    fr_capture_state state;
    fr_status failure; /* what next returns for ever once the session ended */

    struct fr_follow follow;
    struct fr_generation ring;
    uint32_t last_generation, generations;

    /* What the pictures and the converter belong to. */
    const struct fr_backend_host *backend;
    uint32_t device_serial;
    struct fr_out_ring *out;
    void *converter;
    fr_convert_params converter_params;
    struct fr_damage damage;
    bool has_last;
    fr_frame last; /* holds no reference: out_ring keeps it by name */
    uint32_t idle; /* slices in a row that brought no fresh frame */
    bool has_metadata;
    fr_wire_metadata metadata;

    bool connected;
    uint64_t source_capabilities; /* FR_CAP_* */
    struct fr_gpu source_gpu;
    bool source_on_gpu;
    bool rebound;         /* the backend was moved to this source's adapter */
    bool use_fallback;    /* this source, or this machine, cannot use env.backend */
    const char *told_why; /* of the last fallback that was a warning: the next source's is no news */
    bool starved;         /* the last ring could not be made for want of memory */
    uint32_t source_pid;
    char source_name[32];
    fr_status gone_reason; /* of the last source that went; FR_OK = none went */
    fr_status refused_reason;

    bool rebuild_due; /* a new generation */
    uint64_t rebuild_not_before_ns;
    uint64_t settle_until_ns;   /* HDR was asked for; no ring is made before */
    uint64_t recover_until_ns;  /* 0 = no deadline runs */
    uint64_t no_frame_since_ns; /* since when there is nothing to hand out */
    bool flip_pending;
    fr_flip flip;
    fr_flip flips[FR_CAPTURE_FLIPS_MAX];
    uint32_t flips_first, flips_count;

    struct fr_liveness_watch watch;
    struct fr_pace pace;
    bool seen_looking; /* the last wait ended with a token that was seen awake */
    uint64_t fresh, repeats, superseded, looked, looked_ns;
    uint64_t taken_pixels, converted_pixels;
    struct fr_ring_totals past; /* of generations that are gone */
};

/* fr_capture_open on the given tables. */
fr_status fr_capture_open_env(fr_capture **out, const fr_capture_params *params,
                              const fr_keepalive *keepalive, const struct fr_capture_env *env);

/* Destroys the parts that are there. */
void fr_capture_env_finish(struct fr_capture_env *env);

/* capture.c */
uint64_t fr_capture_now(const fr_capture *capture);
/* News of channel and display, new generations, deadlines. FR_OK, or the failure that ends the session. */
fr_status fr_capture_serve(fr_capture *capture);
bool fr_capture_is_cancelled(const fr_capture *capture);

/* wait.c */
/* Makes the waiter of the ring in force, if there is one to be had. */
void fr_capture_make_waiter(fr_capture *capture);
/* Sleeps, and looks when a frame is due, until something may have happened, at most timeout_ns and
 * FR_CAPTURE_LOOK_NS in all. `wakes`, 0 at first, counts how often in a row an event or a new token ended it:
 * a source that signals or publishes without end is not listened to for a while after FR_CAPTURE_WAKES_MAX.
 * True: that was it. */
bool fr_capture_wait(fr_capture *capture, uint64_t timeout_ns, uint32_t *wakes);

/* adapt.c */
/* The backend that the source in force can use: NULL if there is none. */
const struct fr_backend_host *fr_capture_choose_backend(const fr_capture *capture);
/* The source could not open the ring: moves the backend to the source's adapter, once, or else turns to the
 * fallback. True: a new generation is due. */
bool fr_capture_adapt(fr_capture *capture);
/* The backend cannot make rings on this machine. True: the fallback may. */
bool fr_capture_fall_back(fr_capture *capture, const char *why);

/* attach.c: the wait of open. */
fr_status fr_capture_attach(fr_capture *capture);
/* Writes what is known of a source that does not deliver: status, detail, adapter, debug block. */
void fr_capture_describe_source(const fr_capture *capture, char *text, size_t bytes);

/* generation.c */
/* Makes the ring that the display in force asks for, and hands it out. Nothing is changed when the ring
 * cannot be made; when it cannot be handed out, it is made again later. */
fr_status fr_generation_begin(fr_capture *capture);
/* Closes the ring; next_generation as in fr_ring_host_retire. */
void fr_generation_end(fr_capture *capture, uint32_t next_generation);
/* "memory", "d3d11 textures", "opaque fd", "dma-buf". */
const char *fr_slots_kind_name(enum fr_slots_kind slots_kind);
/* "states", "keyed mutex", "fence", "sync file". */
const char *fr_sync_kind_name(uint32_t sync_kind);
/* "direct", "import", "upload". */
const char *fr_ring_path_name(enum fr_ring_path path);
/* All of it as people say it; "" = there is no ring. */
const char *fr_generation_way(const struct fr_generation *ring);
void fr_capture_forget_last(fr_capture *capture);
void fr_capture_drop_converter(fr_capture *capture);

/* take.c */
/* FR_OK with a fresh frame, FR_AGAIN. Never blocks longer than lock_wait_ns. */
fr_status fr_capture_take(fr_capture *capture, uint64_t lock_wait_ns, fr_frame *out);
/* FR_REPEAT, or FR_AGAIN when there is none or no surface for it. */
fr_status fr_capture_repeat(fr_capture *capture, fr_frame *out);

/* info.c */
/* Once for each generation after open, whose own failures say it. */
void fr_capture_log_source_status(fr_capture *capture);
void fr_capture_watch_source(fr_capture *capture, uint64_t now_ns);
void fr_capture_begin_flip(fr_capture *capture, uint32_t kind, uint64_t at_ns);
void fr_capture_finish_flip(fr_capture *capture, uint64_t fresh_ns);

#endif
