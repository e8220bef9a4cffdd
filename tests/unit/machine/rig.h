/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef MACHINE_RIG_H
#define MACHINE_RIG_H

/* Everything that a test of either side needs: a machine, a link, fakes, a logbook, and the two sides
 * themselves. */

#include "capture/capture.h"
#include "machine/fakes.h"
#include "machine/link.h"
#include "machine/stamp.h"
#include "publish/publish.h"

#include <framering/capture.h>
#include <framering/source.h>

#define RIG_LINES 128
#define RIG_TARGET 7u

struct rig_line {
    fr_log_level level;
    char text[1000];
};

struct rig_log {
    struct rig_line line[RIG_LINES];
    unsigned count;
};

/* A source that is nothing but the shared words: it can say what a real one never would. */
struct puppet {
    struct link_end *end;
    struct fr_memory header, slots;
    struct fr_event event;
    struct fr_delivery ring;
    struct fr_ring_source words;
};

struct rig {
    struct machine machine;
    struct link link;
    struct fake_backend backend;
    bool has_fallback; /* the next rig_open has one more backend */
    struct fake_backend fallback;
    struct fake_feed feed;
    struct rig_log log;

    fr_capture *capture;
    fr_capture_params params; /* of the next rig_open */
    bool use_feed;
    bool has_display; /* the feed's sample was read before open */
    unsigned keepalive_released;
    bool cancel;
    int inherited_fd; /* for the start_source of a test */
    fr_status start_status;

    fr_source *source;
    struct link_end *end; /* the source's */
    fr_source_params source_params;
    fr_status polled; /* what its last poll said */
    unsigned reattached;
    uint32_t stamp;             /* of the last picture it drew */
    int hdr_heard;              /* -1, or what the host asked for */
    bool obey_hdr;              /* announces what the host asks for */
    fr_source *dead[LINK_ENDS]; /* what a killed process would have left to the kernel */

    struct puppet puppet;
    /* The source's turn in each wait of the capture; NULL: it sleeps. */
    void (*act)(struct rig *rig);
};

void rig_init(struct rig *rig);
/* Closes what is open, and asserts that nothing leaked. */
void rig_finish(struct rig *rig);
/* For cmocka. *state is the rig. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* ---- host ---- */
fr_status rig_open(struct rig *rig);
/* Source and capture, the first frame published and not yet taken. Asserts that it works. */
void rig_start(struct rig *rig);
fr_capture_info rig_info(struct rig *rig);
/* Frames that come are released. */
fr_status rig_next(struct rig *rig);
fr_status rig_try(struct rig *rig);
/* next until it gives anything but FR_REPEAT and FR_AGAIN, for `ns` of the machine's time. */
fr_status rig_run(struct rig *rig, uint64_t ns);
/* How much of a long script to run: all of it, or one part in FRAMERING_SHORTENED, where each step costs many
 * times as much. */
unsigned rig_share(unsigned whole);

fr_display_descriptor rig_display(uint32_t width, uint32_t height, fr_colour_state state);

/* ---- source ---- */
fr_status rig_open_source(struct rig *rig);
/* Polls once, without waiting. Draws the whole frame that FR_REATTACHED asks for. */
void rig_source_acts(struct rig *rig);
/* Publishes one more stamped picture. */
fr_status rig_push(struct rig *rig);
/* Its process ends at once, whatever it held. */
void rig_kill_source(struct rig *rig);
void rig_announce(struct rig *rig, uint32_t width, uint32_t height, fr_colour_state state);
/* The luma that the source's last picture must have in this frame. */
int rig_code(const struct rig *rig, const fr_frame *frame);

/* ---- puppet ---- */
void puppet_connect(struct rig *rig, uint32_t width, uint32_t height, fr_colour_state state);
/* Maps the next ring that was delivered. False: there is none. */
bool puppet_take_ring(struct rig *rig);
void puppet_report(struct rig *rig, uint32_t status, uint32_t detail);
/* Takes the ring, reports opened and publishes one stamped picture. */
bool puppet_attach(struct rig *rig);
/* Publishes; `present_ns` 0 = now. */
void puppet_publish(struct rig *rig, uint64_t present_ns);
void puppet_finish(struct rig *rig);

/* ---- logbook ---- */
unsigned rig_logged(const struct rig *rig, fr_log_level level, const char *words);
void rig_print_log(const struct rig *rig);

#endif
