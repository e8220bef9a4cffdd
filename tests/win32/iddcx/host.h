/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIN32_IDDCX_HOST_H
#define TESTS_WIN32_IDDCX_HOST_H

/* A real host beside the example driver: the capture, the courier that carries its rings by requests, a
 * display that says what the test says. Its GPU is the fake's. */

#include "capture/capture.h"
#include "fake_iddcx.h"

#include <framering/capture.h>

struct host {
    struct fake_system *system;
    WDFFILEOBJECT file; /* through which its requests go */
    uint32_t target;
    fr_capture *capture;
    fr_display_descriptor display; /* of the provider; moved under the lock */
    SRWLOCK lock;
    unsigned carried, refused; /* requests */
    bool memory_only;          /* the driver says so */
    char last_log[400];
};

/* Opens a host of the system's target, with this display; nothing waits for a frame longer than timeout_ms.
 */
fr_status host_open(struct host *host, struct fake_system *system, uint32_t width, uint32_t height,
                    fr_colour_state state, uint32_t timeout_ms);
void host_close(struct host *host);

void host_display(struct host *host, uint32_t width, uint32_t height, fr_colour_state state);

/* Waits for a fresh frame of this size and first luma code; the frame's label in *sequence. Fails the test
 * when none comes. Other fresh frames before it are passed over. */
void host_expect(struct host *host, uint32_t width, uint32_t height, int luma, uint32_t *sequence);
/* Takes whatever comes for a while: how many fresh frames there were. */
unsigned host_drain(struct host *host, unsigned calls);

/* The luma that a grey of BGRA8 has in NV12. */
int host_luma(uint8_t grey);

#endif
