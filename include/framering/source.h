/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCE_H
#define FRAMERING_SOURCE_H

/*
 * The source's side: has the pixels, opens a ring that a host made, draws or copies each frame into a free
 * slot, publishes it. It never waits for the host to read: the newest frame wins.
 *
 *     fr_source *source;
 *     fr_source_params params = {.target_id = 7, .name = "mine", .log = log};
 *     params.display.mode = (fr_mode){1920, 1080, 60000};
 *     params.display.colour_state = FR_COLOUR_STATE_SDR;
 *     if (fr_source_open(&source, &params) < 0)
 *         return 1;
 *     for (;;) {
 *         fr_status status = fr_source_poll(source, wait_ns);   // connects, attaches, beats the heart
 *         if (status < 0)
 *             break;
 *         if (status != FR_OK && status != FR_REATTACHED)
 *             continue;                                         // FR_AGAIN: no ring yet
 *         if (status == FR_REATTACHED || frame_is_due()) {
 *             fr_slot slot;
 *             if (fr_source_begin(source, &slot) == FR_OK) {
 *                 draw(slot.pixels, slot.pitch_bytes, slot.width, slot.height, slot.format);
 *                 fr_source_publish(source, NULL);
 *             }
 *         }
 *     }
 *     fr_source_close(&source);
 *
 * States: CONNECTING (nobody answers at the target; tried again every 0.5 s) -> CONNECTED (waits for a ring)
 * -> ATTACHED -> STALE (the host made a new generation) -> ATTACHED ... A host that died takes a source found
 * by target number back to CONNECTING; a source on an inherited socket ends with FR_END.
 *
 * The source keeps the last frame it published: when a new ring of the same size and format is attached, that
 * frame is published again by the library at once (FR_OK); else, or when a newer one was lost meanwhile,
 * FR_REATTACHED asks for a whole new frame. While a ring is attached a lost frame (FR_AGAIN) is the program's
 * to show again, should its picture stand still after it.
 *
 * Threads: one thread at a time calls functions on a source.
 */

#include <framering/display.h>
#include <framering/log.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct fr_source fr_source;

/* The environment variable by which a host hands a connected socket, on Windows a pipe handle, to a source
 * that it starts: its number, in decimal. */
#define FR_SOURCE_SOCKET_ENV "FRAMERING_SOCKET"

struct fr_win32_source_params;  /* framering/win32.h */
struct fr_d3d11_source_params;  /* framering/d3d11.h */
struct fr_vulkan_source_params; /* framering/vulkan.h */

typedef struct fr_source_params {
    uint32_t target_id;            /* connect to the host of this target, when no socket is inherited */
    bool by_target;                /* use target_id even if an inherited socket is there */
    const char *runtime_dir;       /* as in fr_capture_params */
    const char *name;              /* of the program, for the host's messages; at most 31 bytes are used */
    fr_display_descriptor display; /* what is announced first; a zero mode lets the host choose the size */
    bool has_hdr;                  /* hdr is to be announced as the display's static metadata */
    fr_hdr_metadata hdr;
    /* The host asks for HDR on or off. Called inside fr_source_poll; the source may follow by
     * fr_source_announce, then or later, or not at all. NULL: cannot. */
    void (*hdr_requested)(void *user, bool on);
    void *user;
    const struct fr_win32_source_params *win32;   /* Windows: how the host is reached; NULL: all zero */
    const struct fr_d3d11_source_params *d3d11;   /* Windows: the device that renders; NULL: memory only */
    const struct fr_vulkan_source_params *vulkan; /* Linux: the device that renders; NULL: memory only */
    fr_log log;
} fr_source_params;

/* Makes a source. Takes over the socket named by FRAMERING_SOCKET if there is one (and unsets the variable),
 * unless by_target. Never blocks; nothing is sent before the first fr_source_poll. FR_ERR_ARGUMENT: name or
 * display out of range; FR_ERR_NO_MEMORY; FR_ERR_SYSTEM. On failure *out is NULL. */
FR_API fr_status fr_source_open(fr_source **out, const fr_source_params *params);

/* Says goodbye to the host (an orderly end), frees everything, sets *source NULL; NULL is accepted. */
FR_API void fr_source_close(fr_source **source);

/*
 * Does whatever the channel needs and waits at most timeout_ns for something to happen: connects, attaches,
 * follows new generations, beats the heart. To be called often: at least once in 0.5 s.
 *
 * FR_OK         attached; begin and publish may be called
 * FR_REATTACHED attached to a new ring, which holds no frame yet, or an old one: draw a whole one
 * FR_AGAIN      not attached (no host, or no ring yet)
 * FR_END        the host closed the inherited socket: nothing more will come
 * FR_ERR_ARGUMENT between begin and publish: the slot might go away under the drawing
 * FR_ERR_REFUSED, FR_ERR_TARGET_BUSY, FR_ERR_VERSION, FR_ERR_PERMISSION  the host said no, and the log says
 * why
 * FR_ERR_DEVICE_LOST  the GPU that the source was opened with went away, whichever call found it, and for
 * good: another source on another device may be opened, but an inherited socket is had once
 * FR_ERR_NO_MEMORY, FR_ERR_SYSTEM
 */
FR_API fr_status fr_source_poll(fr_source *source, uint64_t timeout_ns);

/* The descriptor to wait on beside the program's own (readable: call fr_source_poll with timeout 0).
 * It changes with each connection; -1 while there is none. Owned by the source. Windows: the number of an
 * event handle; always -1 by names. */
FR_API int fr_source_fd(const fr_source *source);

/* Tells the host that the display is different now. The host makes a new ring when size, colour state or
 * format changed; frames of the old ring stay allowed until poll says FR_REATTACHED. Kept and sent on later
 * connections too. FR_ERR_ARGUMENT: out of range, nothing changed. */
FR_API fr_status fr_source_announce(fr_source *source, const fr_display_descriptor *display);

/* The display's static HDR metadata from now on; NULL: none, the host uses the generic baseline. */
FR_API fr_status fr_source_set_hdr_metadata(fr_source *source, const fr_hdr_metadata *hdr);

/* How often the program's frame loop has been entered: in a driver, how many swap chains it was given. Shown
 * to observers in the debug block (run_core_entries), now and in later rings, and says nothing else. A source
 * that never calls this shows how often it attached. */
FR_API void fr_source_note_loop(fr_source *source, uint32_t entries);

/* A slot to draw into. Whatever it holds is an older frame. */
typedef struct fr_slot {
    void *pixels;       /* top row; NULL: a texture, or an image */
    size_t pitch_bytes; /* a multiple of 64 */
    uint32_t width, height;
    fr_format format;
    uint32_t generation;
    uint32_t sequence; /* that the frame will have when it is published */
    int memory_fd; /* the slot's memory as a descriptor, for a server that draws for us; -1 = none. Owned by
                      the source; the same for all slots of a generation */
    size_t memory_offset; /* of `pixels` in it; a multiple of the page size */
    size_t memory_bytes;  /* of the whole descriptor */
    void *texture; /* the slot as an ID3D11Texture2D of the source's device, to render or copy into; NULL: in
                      memory. Borrowed, until publish or cancel */
} fr_slot;

/*
 * Claims a slot: a free one, else the oldest that the host has not taken. Counts the frame as offered.
 * FR_OK: draw, then fr_source_publish or fr_source_cancel; until then no other begin.
 * FR_AGAIN: no slot, the frame is dropped, or the ring is stale: call fr_source_poll. Never blocks.
 */
FR_API fr_status fr_source_begin(fr_source *source, fr_slot *out);

/* The same for who claims a slot before there is a frame: nothing is counted, neither here nor by
 * fr_source_cancel, unless fr_source_publish is called. */
FR_API fr_status fr_source_begin_ahead(fr_source *source, fr_slot *out);

typedef struct fr_publish_info {
    uint64_t present_ns; /* when the frame was presented, CLOCK_MONOTONIC; 0 = now */
    /* Nothing outside these differs from the frame published before; with num_damage 0 nothing differs at
     * all. NULL: not known. Not believed after a frame that was lost, or where one leaves the picture. In any
     * order; they may overlap. Of more than 16 those are taken as one that cover the least beside them. */
    const fr_rect *damage;
    uint32_t num_damage;
} fr_publish_info;

/* Offers the frame in the slot of fr_source_begin to the host. `info` may be NULL. After FR_OK the slot is
 * not ours any more. FR_AGAIN: the ring went stale meanwhile, the frame is dropped. FR_ERR_ARGUMENT: there
 * was no begin. */
FR_API fr_status fr_source_publish(fr_source *source, const fr_publish_info *info);

/* Gives the slot of fr_source_begin back unpublished: its frame is dropped. Without a begin it does nothing.
 */
FR_API void fr_source_cancel(fr_source *source);

/* A picture in the program's own memory. */
typedef struct fr_image {
    const void *pixels;
    ptrdiff_t pitch_bytes; /* negative: bottom-up */
    uint32_t width, height;
    fr_format format;
} fr_image;

/*
 * Copies a picture into the slot of fr_source_begin: all of it (rects NULL), or what `num_rects` rectangles
 * of it cover, at the same place; what of a rectangle lies outside the picture is left out, and they may
 * overlap. The rest of the slot stays what it was, which is an older frame. A large picture goes past the
 * cache. FR_ERR_ARGUMENT: the image has no pixels, or not the slot's format and size; FR_ERR_UNSUPPORTED: the
 * slot is a texture or an image. Nothing is written then. Any thread, which owns the slot until publish or
 * cancel.
 */
FR_API fr_status fr_slot_write(const fr_slot *slot, const fr_image *image, const fr_rect *rects,
                               uint32_t num_rects);

/* begin, fr_slot_write, publish in one call. An image whose format or size is not the ring's is dropped and
 * counted as mismatched (logged once per episode): FR_AGAIN. FR_ERR_UNSUPPORTED: the ring's slots are
 * textures or images, as they can be for a source with a device: fr_source_push_d3d11, fr_source_push_vulkan
 * fill them.
 */
FR_API fr_status fr_source_push(fr_source *source, const fr_image *image, const fr_publish_info *info);

/* Counts since open. */
typedef struct fr_source_info {
    bool attached;
    uint32_t target_id, generation;
    uint32_t width, height; /* of the ring; 0 = none */
    fr_format format;
    uint32_t untaken; /* frames of this ring that the host has not looked at yet; it takes only the newest of
                         them */
    uint32_t host_pid;
    uint64_t offered, published, dropped, mismatched, attaches;
} fr_source_info;

FR_API void fr_source_get_info(const fr_source *source, fr_source_info *out);

#ifdef __cplusplus
}
#endif
#endif
