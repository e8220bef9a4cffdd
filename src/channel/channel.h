/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CHANNEL_CHANNEL_H
#define FR_CHANNEL_CHANNEL_H

/*
 * How a ring's handles reach a source, and how each side hears of the other: what capture and publish know of
 * it. socket.h is the one for Linux, sealed.h and named.h those for Windows; the unit tests have one that is
 * a queue in memory.
 */

#include "os/os.h"

#include <framering/display.h>
#include <framering/wire.h>

enum { FR_TEXTURE_NAME_BYTES = 160 };

/* What the slots of a ring are. */
enum fr_slots_kind {
    FR_SLOTS_MEMORY = 0,    /* one shared memory */
    FR_SLOTS_D3D11 = 1,     /* textures, NT handles or names */
    FR_SLOTS_OPAQUE_FD = 2, /* VkImages: for the same driver and device only */
    FR_SLOTS_DMA_BUF = 3    /* VkImages with a DRM format modifier */
};

enum { FR_GPU_UUID_BYTES = 16, FR_GPU_MODIFIERS_MAX = 16, FR_GPU_PLANES_MAX = 4 };

/* The Vulkan device of one side. */
struct fr_gpu {
    bool present;
    uint8_t driver_uuid[FR_GPU_UUID_BYTES], device_uuid[FR_GPU_UUID_BYTES];
    /* DRM format modifiers that images of every ring format can have there; none: no DMA-BUF. */
    uint32_t num_modifiers;
    uint64_t modifier[FR_GPU_MODIFIERS_MAX];
};

/* How the VkImages of a ring are to be made again by who imports them: all slots alike. */
struct fr_gpu_image {
    uint64_t bytes;       /* of each slot's memory */
    uint32_t memory_type; /* OPAQUE_FD: the index */
    uint32_t num_planes;  /* DMA_BUF: memory planes, 1..FR_GPU_PLANES_MAX; else 0 */
    uint64_t modifier;    /* DMA_BUF */
    uint64_t plane_offset[FR_GPU_PLANES_MAX], plane_pitch_bytes[FR_GPU_PLANES_MAX];
};

/* A ring as it is handed over. On the host's side the handles are borrowed, on the source's side they are the
 * receiver's. */
struct fr_delivery {
    uint32_t wire_version; /* 1: a bare fr_wire_v1 that is created anew in place */
    uint32_t generation, ring_len, width, height;
    fr_format format;
    enum fr_slots_kind slots_kind;
    uint32_t sync_kind;        /* FR_WIRE_SYNC_* */
    struct fr_gpu gpu;         /* OPAQUE_FD, DMA_BUF: the host's */
    struct fr_gpu_image image; /* likewise */
    uint32_t adapter_luid_low; /* that the textures lie on; zero = not known, or memory */
    int32_t adapter_luid_high;
    size_t header_bytes;
    size_t slots_bytes; /* of the one memory that holds all slots; 0 = another kind */
    size_t pitch_bytes;
    size_t slot_offset[FR_WIRE_SLOTS_MAX];
    fr_handle header, event;
    fr_handle slots;                      /* FR_SLOTS_MEMORY; else none */
    fr_handle texture[FR_WIRE_SLOTS_MAX]; /* the first ring_len of all other kinds; else none */
    /* Not "": the textures have no handles but names, this, '-' and the slot in decimal. Windows, UTF-8. */
    char texture_name[FR_TEXTURE_NAME_BYTES];
    fr_handle ready_fence, retire_fence; /* FR_WIRE_SYNC_FENCE; else none */
};

/* All handles none, all else zero. */
static inline struct fr_delivery fr_delivery_none(void)
{
    struct fr_delivery none = {
        .header = FR_HANDLE_NONE,
        .event = FR_HANDLE_NONE,
        .slots = FR_HANDLE_NONE,
        .ready_fence = FR_HANDLE_NONE,
        .retire_fence = FR_HANDLE_NONE,
    };
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        none.texture[i] = FR_HANDLE_NONE;
    return none;
}

/* Ways in which a source can take slots, or-ed. Also the capabilities in a HELLO. */
#define FR_CAP_STATES (UINT64_C(1) << 0)      /* FR_SLOTS_MEMORY */
#define FR_CAP_KEYED_MUTEX (UINT64_C(1) << 1) /* FR_SLOTS_D3D11 with FR_WIRE_SYNC_KEYED_MUTEX */
#define FR_CAP_FENCE (UINT64_C(1) << 2)       /* FR_SLOTS_D3D11 with FR_WIRE_SYNC_FENCE */
#define FR_CAP_OPAQUE_FD (UINT64_C(1) << 3)   /* FR_SLOTS_OPAQUE_FD */
#define FR_CAP_DMA_BUF (UINT64_C(1) << 4)     /* FR_SLOTS_DMA_BUF */
#define FR_CAP_TIMELINE (UINT64_C(1) << 5)    /* with these two, FR_WIRE_SYNC_FENCE: timeline semaphores */
#define FR_CAP_SYNC_FILE (UINT64_C(1) << 6)   /* with DMA_BUF, FR_WIRE_SYNC_FILE */
#define FR_CAP_FOREIGN (UINT64_C(1) << 7)     /* with DMA_BUF, of a host on another device or driver */

/* Those that are a way by themselves. */
#define FR_CAP_WAYS (FR_CAP_STATES | FR_CAP_KEYED_MUTEX | FR_CAP_FENCE | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF)
/* Of these, those to slots on a GPU. */
#define FR_CAP_GPU_WAYS (FR_CAP_WAYS & ~FR_CAP_STATES)

/* All that a source needs for slots of that kind, claimed so; 0: the two do not go together. */
static inline uint64_t fr_caps_needed(uint32_t slots_kind, uint32_t sync_kind)
{
    const bool states = sync_kind == FR_WIRE_SYNC_STATES, fence = sync_kind == FR_WIRE_SYNC_FENCE;
    const uint64_t timeline = fence ? FR_CAP_TIMELINE : 0;
    switch (slots_kind) {
    case FR_SLOTS_MEMORY: return states ? FR_CAP_STATES : 0;
    case FR_SLOTS_D3D11:
        return sync_kind == FR_WIRE_SYNC_KEYED_MUTEX ? FR_CAP_KEYED_MUTEX : fence ? FR_CAP_FENCE : 0;
    case FR_SLOTS_OPAQUE_FD: return states || fence ? FR_CAP_OPAQUE_FD | timeline : 0;
    case FR_SLOTS_DMA_BUF:
        if (sync_kind == FR_WIRE_SYNC_FILE)
            return FR_CAP_DMA_BUF | FR_CAP_SYNC_FILE;
        return states || fence ? FR_CAP_DMA_BUF | timeline : 0;
    default: return 0;
    }
}

/* False: `capabilities` do not suffice for it, or there is no such delivery. */
static inline bool fr_caps_suffice(uint64_t capabilities, uint32_t slots_kind, uint32_t sync_kind)
{
    const uint64_t needed = fr_caps_needed(slots_kind, sync_kind);
    return needed && (capabilities & needed) == needed;
}

/* Which object of a ring is to be named, or handed over. */
enum fr_object_kind {
    FR_OBJECT_HEADER = 0,
    FR_OBJECT_EVENT,
    FR_OBJECT_SLOTS,
    FR_OBJECT_TEXTURE, /* index: the slot */
    FR_OBJECT_READY_FENCE,
    FR_OBJECT_RETIRE_FENCE
};

/* ---- host ---- */

enum fr_host_news_kind {
    FR_HOST_NEWS_NONE = 0,
    FR_HOST_NEWS_SOURCE,  /* a source said hello and was accepted; deliver a ring to it */
    FR_HOST_NEWS_DISPLAY, /* the connected source announced its display */
    FR_HOST_NEWS_GONE,    /* the connected source, or the one that was invited, is no more */
    FR_HOST_NEWS_REFUSED  /* somebody was turned away before becoming the source; reason says why */
};

struct fr_host_news {
    enum fr_host_news_kind kind;
    uint64_t at_ns;                /* when the channel noticed */
    bool has_display;              /* SOURCE, DISPLAY */
    fr_display_descriptor display; /* checked: in range, or zero where not known */
    uint64_t capabilities;         /* SOURCE: FR_CAP_*, not 0 */
    struct fr_gpu gpu;             /* SOURCE */
    bool on_gpu;   /* SOURCE: it said that it has a device; false: it did not, or sources here say nothing */
    uint32_t pid;  /* SOURCE: from the kernel where it knows, else as claimed; 0 = not known */
    char name[32]; /* SOURCE: printable, terminated */
    /* GONE: FR_END (said goodbye), FR_ERR_SOURCE_DIED, FR_ERR_PROTOCOL; also of an invited end that was never
     * the source: SOURCE_DIED, or why it was refused. REFUSED: FR_ERR_TARGET_BUSY, _VERSION, _PERMISSION,
     * _PROTOCOL, _REFUSED */
    fr_status reason;
};

/*
 * At most one source at a time: the next SOURCE comes only after the GONE of the last was taken from the
 * queue. DISPLAY news are merged, newest wins, so that the queue is bounded. No function blocks.
 */
struct fr_host_channel_ops {
    /* From now on `notify` is signalled whenever poll has news. Called once, before all others. */
    fr_status (*start)(void *self, const struct fr_event *notify);
    fr_status (*poll)(void *self, struct fr_host_news *out); /* FR_OK with news, FR_AGAIN */
    /* Hands the ring to the connected source, and the header, read-only, to every observer, also those who
     * come later. FR_OK also when nobody is connected; a source that does not read is disconnected (GONE
     * follows). */
    fr_status (*deliver)(void *self, const struct fr_delivery *delivery);
    /* How an object of the coming generation is to be called: *out lives until the next call. NULL: unnamed.
     */
    const struct fr_object_name *(*object_name)(void *self, enum fr_object_kind kind, uint32_t generation,
                                                uint32_t index);
    /* Version 1 only, else NULL: the header that every generation is made in, and its event. Both stay the
     * channel's. */
    void (*fixed)(void *self, struct fr_memory *header, struct fr_event *event);
    /* Where sources write their debug block if it lies outside the header; NULL: it does not, or there is
     * none. The op itself may be NULL. Anybody may write there: copy, then use the copy. */
    fr_wire_debug *(*debug)(void *self);
    /* Asks the source to switch HDR. FR_AGAIN: nobody is connected; FR_ERR_UNSUPPORTED: it cannot be asked.
     */
    fr_status (*request_hdr)(void *self, bool on);
    /* A connection for a source to inherit: on Linux a socket, close-on-exec, on Windows the number of an
     * inheritable pipe handle. FR_ERR_TARGET_BUSY while there is a source or an invitation;
     * FR_ERR_UNSUPPORTED: this channel has none. Any thread. */
    fr_status (*invite)(void *self, int *out);
    void (*destroy)(void *self); /* tells the source and the observers that the host ends in order */
};

struct fr_host_channel {
    const struct fr_host_channel_ops *ops;
    void *self;
    uint32_t wire_version; /* of the rings that its sources open; 1 only with `fixed` */
    /* The first ring's number is the one after this: where names are made of it, those of a host that is gone
     * may still be held. */
    uint32_t last_generation;
};

/* ---- source ---- */

enum fr_source_news_kind {
    FR_SOURCE_NEWS_NONE = 0,
    FR_SOURCE_NEWS_CONNECTED, /* accepted: pid and target_id of the host */
    FR_SOURCE_NEWS_RING,      /* a delivery; its handles belong to the receiver */
    FR_SOURCE_NEWS_HDR,       /* the host asks for HDR on or off */
    FR_SOURCE_NEWS_GONE,      /* the host is no more; the channel tries again by itself if it can */
    FR_SOURCE_NEWS_REFUSED    /* turned away: reason; nothing more will come */
};

struct fr_source_news {
    enum fr_source_news_kind kind;
    uint32_t host_pid, target_id; /* CONNECTED */
    struct fr_delivery delivery;  /* RING: sizes checked for sense, not yet against the memory */
    bool hdr_on;                  /* HDR */
    bool final;                   /* GONE: an inherited socket: nothing more will come */
    fr_status reason; /* REFUSED: FR_ERR_TARGET_BUSY, _VERSION, _PERMISSION, _REFUSED, _PROTOCOL */
};

struct fr_source_channel_ops {
    /* Waits at most timeout_ns for news; connects and reconnects (every 0.5 s) on the way. FR_OK with news,
     * FR_AGAIN without, failures: FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
    fr_status (*poll)(void *self, uint64_t timeout_ns, struct fr_source_news *out);
    /* Remembers the display for every later hello, and tells a connected host. */
    fr_status (*announce)(void *self, const fr_display_descriptor *display);
    int (*fd)(void *self); /* to wait on; -1 = none now */
    /* Where a debug block lies outside the header, else NULL. Shared with anybody: only written. */
    fr_wire_debug *(*debug)(void *self);
    void (*destroy)(void *self); /* says goodbye */
};

struct fr_source_channel {
    const struct fr_source_channel_ops *ops;
    void *self;
};

#endif
