/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_STATUS_H
#define FRAMERING_STATUS_H

/*
 * Every function that can do anything but succeed returns an fr_status:
 *
 *   0          done
 *   positive   flow: nothing is wrong, the sentence of the value says what to do
 *   negative   failure, with the true cause
 *
 * A failure is logged once, as one sentence with cause and cure, at FR_LOG_ERROR, where the cause is
 * known (log.h); the status that comes back lets a program act on it.
 */

#include <framering/version.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum fr_status {
    FR_OK = 0,

    FR_AGAIN = 1,      /* nothing now; call again */
    FR_TIMEOUT = 2,    /* the time given is over; nothing was lost */
    FR_REPEAT = 3,     /* capture: the last frame again, nothing new was published */
    FR_END = 4,        /* the other side finished in order */
    FR_REATTACHED = 5, /* source: a new ring is attached; draw a whole frame */
    FR_CANCELLED = 6,  /* the caller's own `cancelled` function said so */

    FR_ERR_ARGUMENT = -1,          /* an argument is out of its range */
    FR_ERR_NO_MEMORY = -2,         /* memory, address space or descriptors ran out */
    FR_ERR_SYSTEM = -3,            /* the operating system refused; the log has its reason */
    FR_ERR_UNSUPPORTED = -4,       /* not built in, or this machine cannot do it */
    FR_ERR_PERMISSION = -5,        /* the peer or the file system does not let us */
    FR_ERR_NO_MODE = -6,           /* neither the display nor the caller named a size */
    FR_ERR_TARGET_BUSY = -7,       /* another host, or another source, serves this target */
    FR_ERR_NO_HOST = -8,           /* source, observer: nobody listens at this target */
    FR_ERR_REFUSED = -9,           /* the peer refused us and said why */
    FR_ERR_VERSION = -10,          /* no common protocol or wire version */
    FR_ERR_PROTOCOL = -11,         /* the peer broke the rules */
    FR_ERR_NEVER_ATTACHED = -12,   /* attach wait: no source ever opened the ring */
    FR_ERR_NOTHING_OFFERED = -13,  /* attach wait: attached, but no frame was offered */
    FR_ERR_ALL_MISMATCHED = -14,   /* attach wait: every frame had another size or format */
    FR_ERR_ADAPTER_MISMATCH = -15, /* attach wait: the source renders on another adapter */
    FR_ERR_SOURCE_FAILED = -16,    /* attach wait: the source reported status 2, 3 or 4 */
    FR_ERR_SOURCE_DIED = -17,      /* attach wait: the source went away */
    FR_ERR_NOT_RECOVERED = -18,    /* no fresh frame in time after a change of the display */
    FR_ERR_NO_FRAME = -19,         /* not one frame within the deadline of fr_capture_next */
    FR_ERR_DEVICE_LOST = -20,      /* the GPU went away */
    FR_ERR_NO_SPACE = -21,         /* the disk is full */
    FR_ERR_IO = -22,               /* a file or network address failed */
    FR_ERR_ENCODER = -23           /* the encoder failed to open, or failed later */
} fr_status;

/* One sentence for a status, without a final stop. Static; never NULL, also for unknown values. */
FR_API const char *fr_status_text(fr_status status);

#ifdef __cplusplus
}
#endif
#endif
