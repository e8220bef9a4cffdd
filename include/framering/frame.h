/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_FRAME_H
#define FRAMERING_FRAME_H

/*
 * A frame that a capture hands out: an encoder-ready picture in a surface of the capture's out ring, and what
 * is known of it. A frame holds one reference to its surface; the pixels stay as they are, and readable from
 * any thread, until the last reference is released. A frame may outlive the capture that made it.
 */

#include <framering/format.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The clock of every time in these headers, in ns: CLOCK_MONOTONIC, on Windows QueryPerformanceCounter. The
 * same for all processes of the machine. Any thread. */
FR_API uint64_t fr_clock_now_ns(void);

typedef struct fr_surface fr_surface;

typedef struct fr_frame {
    uint32_t width, height; /* pixels */
    fr_format format;       /* FR_FORMAT_NV12 or FR_FORMAT_P010 */
    fr_colour colour;       /* what the stream is to be tagged with */
    bool has_hdr;           /* hdr is meaningful: the display is HDR and the format P010 */
    fr_hdr_metadata hdr;
    bool repeat;             /* the last picture again; only fresh frames are proof of life */
    bool discontinuity;      /* the first fresh frame of a generation: force a keyframe here */
    uint32_t generation;     /* of the ring that it came through */
    uint32_t sequence;       /* in that generation, from 1; a repeat keeps the number */
    uint64_t present_ns;     /* the source's present time, CLOCK_MONOTONIC; a repeat keeps it */
    uint64_t published_ns;   /* when the source published it */
    uint64_t taken_ns;       /* when the host claimed the slot */
    uint64_t converted_ns;   /* when the surface was complete */
    const uint8_t *plane[2]; /* Y, then CbCr; NULL when the surface is not in memory */
    size_t pitch_bytes[2];   /* from one row to the next */
    fr_surface *surface;     /* the reference */
} fr_frame;

/* Makes *copy a second frame on the same surface, with a reference of its own. `copy` is overwritten, not
 * released. Any thread. */
FR_API void fr_frame_ref(fr_frame *copy, const fr_frame *frame);

/*
 * Makes the planes readable by the CPU: fills plane and pitch_bytes where the surface is not in memory
 * (the picture is copied off the GPU; waits for that, at most a second, or 30 on a device of type CPU).
 * The planes stay valid until the frame is released. FR_OK, at once for a frame in memory;
 * FR_ERR_DEVICE_LOST, FR_ERR_NO_MEMORY, FR_TIMEOUT: the planes stay NULL; FR_ERR_ARGUMENT: a frame without
 * planes and without a surface. Where the surface's picture before was mapped, the copy has been under way
 * since the conversion. Any thread.
 */
FR_API fr_status fr_frame_map(fr_frame *frame);

/* Gives the reference back and zeroes *frame. A zeroed frame is accepted. Any thread. */
FR_API void fr_frame_release(fr_frame *frame);

#ifdef __cplusplus
}
#endif
#endif
