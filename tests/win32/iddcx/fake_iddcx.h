/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIN32_IDDCX_FAKE_IDDCX_H
#define TESTS_WIN32_IDDCX_FAKE_IDDCX_H

/*
 * The system as the example driver sees it: a monitor, one swap chain at a time, requests. A frame is pushed
 * by the test; the driver acquires it on its own thread, and the fake looks what the driver has done with it
 * when it says that it has finished.
 *
 * What the real one would answer with a crash of the driver's host is a violation: counted, with its text.
 */

#include "fake.h"
#include "iddcx/display.h"

enum { FAKE_FRAMES = 64, FAKE_DIRTY = 4, FAKE_TARGET = 0x5e7 };

/* What a frame was when the driver said that it had finished. */
struct fake_finished {
    uint32_t number;
    bool had_source;
    uint64_t published, mismatched; /* of the driver's source, then */
};

struct fake_system {
    struct display display; /* the driver's */
    uint32_t next_target;   /* what the next arrival says */
    LUID luid;              /* of the adapter that renders */

    /* The swap chain that is assigned. */
    bool assigned, deleted;
    unsigned chains, deletions; /* so far */
    HANDLE new_frame;
    ID3D11Device *device; /* that the driver gave it */
    HRESULT set_device;   /* what it says of that */

    SRWLOCK lock; /* guards the rest */
    struct {
        uint32_t number, width, height;
        DXGI_FORMAT format;
        uint8_t grey;
        IDDCX_METADATA2 metadata; /* size and surface are ours */
        RECT dirty[FAKE_DIRTY];   /* as many as the metadata say */
    } queue[FAKE_FRAMES];
    unsigned first, queued;
    uint32_t frames; /* pushed */
    HRESULT lost;    /* what acquire says from now on; S_OK: nothing is lost */
    bool acquired;   /* a frame was acquired, and not finished */
    uint32_t acquired_number;
    unsigned acquired_at; /* in the queue */
    struct fake_finished finished[FAKE_FRAMES];
    unsigned num_finished;
    int surfaces; /* references to surfaces that the driver holds */
    unsigned violations;
    char violation[200];
};

/* There is one system at a time. */
void fake_system_init(struct fake_system *system);
/* The monitor departs; asserts that nothing was held and no rule was broken. */
void fake_system_finish(struct fake_system *system);

/* Gives the driver a swap chain. False: it abandoned it. */
bool fake_assign(struct fake_system *system);
/* Takes it away. */
void fake_unassign(struct fake_system *system);
/* Waits until the driver has let the swap chain go by itself. */
void fake_wait_deleted(struct fake_system *system);
/* The swap chain is lost with this code, whatever is queued. */
void fake_lose(struct fake_system *system, HRESULT code);

/* A composed frame of one grey (BGRA8) or one value in half floats (RGBA16F: its bits' upper byte). */
void fake_push(struct fake_system *system, uint32_t width, uint32_t height, DXGI_FORMAT format, uint8_t grey);
void fake_push_with(struct fake_system *system, uint32_t width, uint32_t height, DXGI_FORMAT format,
                    uint8_t grey, const IDDCX_METADATA2 *metadata, const RECT *dirty);
/* Waits until all frames pushed so far are finished. */
void fake_wait_finished(struct fake_system *system);

/* Sends a request as the host's program would. */
NTSTATUS fake_request(DWORD code, WDFFILEOBJECT file, const void *in, size_t in_bytes, void *out,
                      size_t out_bytes);

#endif
