/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_DISPLAY_FEED_H
#define FR_DISPLAY_FEED_H

/* A display that has to be asked: the capture sees only the samples, which somebody takes off the frame
 * thread. */

#include "os/os.h"

#include <framering/display.h>

struct fr_display_feed_ops {
    /* The newest sample not yet taken: FR_OK, FR_AGAIN. A failed sample is not one. Never blocks. */
    fr_status (*poll)(void *self, fr_display_descriptor *out);
    /* Asks for HDR on or off, off this thread. FR_ERR_UNSUPPORTED: the provider cannot. Never blocks. */
    fr_status (*request_hdr)(void *self, bool on);
    void (*destroy)(void *self);
};

struct fr_display_feed {
    const struct fr_display_feed_ops *ops; /* NULL: no such display, the source announces */
    void *self;
};

/* A thread that samples `provider` every interval_ns (25 ms for 250 ms after each HDR request) and signals
 * `notify` for every sample. `notify` is borrowed until destroy, which waits for a sample under way.
 * FR_ERR_NO_MEMORY, FR_ERR_SYSTEM. */
fr_status fr_display_sampler_create(struct fr_display_feed *out, const fr_display_provider *provider,
                                    uint64_t interval_ns, const struct fr_event *notify);

#endif
