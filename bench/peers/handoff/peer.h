/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_HANDOFF_PEER_H
#define PEERS_HANDOFF_PEER_H

#include "measure.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MAX_SAMPLES = 1 << 14, DIR_BYTES = 64, FAILURE_BYTES = 160 };

/* One hand-off, from one process to another; in memory that the two share with their parent, beside what is
 * measured. */
struct run {
    uint32_t width, height, rate; /* frames in a second */
    uint64_t warm_ns, for_ns;
    bool realtime;       /* both ends and a daemon */
    char dir[DIR_BYTES]; /* empty, of this run alone */

    atomic_bool ready;        /* the receiver: the sender may start */
    atomic_bool done;         /* the sender: nothing more comes */
    atomic_uint sender_node;  /* PipeWire: what is linked to what; 0 = not known yet */
    _Atomic uint64_t from_ns; /* frames stamped before it warm up; 0 = none was sent */
    _Atomic uint64_t deadline_ns;
    atomic_uint sent, received; /* beyond the warm-up */
    uint64_t latency_ns[MAX_SAMPLES];
    uint64_t usable_ns[MAX_SAMPLES]; /* until the receiver had converted it, too */
    /* From the first of them to the last: the time, and the processor's of all of the receiver's process. */
    uint64_t length_ns, cpu_ns;
    char failure[FAILURE_BYTES];
};

struct handoff_peer {
    const char *name;
    int copies; /* of the whole frame, from the finished picture to what the receiver reads */
    const char *copies_why, *differs;
    bool private_memory; /* names in /dev/shm and /tmp are fixed: wants its own */
    const char *(*version)(void);
    /* Starts what has to run beside the two: its process, 0 when there is none, -1 and run_fail. NULL:
     * nothing has. */
    pid_t (*serve)(struct run *run);
    /* Each in a process of its own. Ends by itself soon after run->deadline_ns at the latest. */
    void (*send)(struct run *run);
    void (*receive)(struct run *run);
};

struct handoff_family {
    const char *name, *package;
    const struct handoff_peer *peers; /* ends with a zero name; NULL: not built */
};

/* framering: one whose host sleeps, one whose host looks when a frame is due, one whose host looks all the
 * time. */
enum { OURS_SLEEPS = 0, OURS_LOOKS = 1, OURS_SPINS = 2, NUM_OURS = 3 };
extern const struct handoff_peer handoff_framering[], handoff_gstreamer[], handoff_pipewire[],
    handoff_iceoryx[];

/* What every frame starts with. */
struct stamp {
    uint64_t published_ns; /* when the call that publishes it was begun */
};

static inline size_t run_frame_bytes(const struct run *run)
{
    return (size_t)run->width * run->height * 4;
}

/* The first failure stays. */
__attribute__((format(printf, 2, 3))) void run_fail(struct run *run, const char *format, ...);

bool run_over(const struct run *run); /* past the deadline */

/* Sleeps in short slices until the flag is set. False, and told: the deadline came first. */
bool run_wait(struct run *run, const atomic_bool *flag, const char *what);

/* The pace of a sender: sleeps until the next frame is due. False: enough were sent. */
struct pace {
    uint64_t due_ns, end_ns;
};
void pace_begin(struct pace *pace, struct run *run);
bool pace_next(struct pace *pace, const struct run *run);

/* A whole new picture, as a source draws it; then, as the last thing, the stamp. */
void frame_draw(void *pixels, const struct run *run, uint32_t number);
uint64_t frame_stamp(void *pixels, struct run *run);

/* A frame stamped then was received at `at_ns` and converted at `usable_ns`. */
void run_received(struct run *run, uint64_t stamp_ns, uint64_t at_ns, uint64_t usable_ns);

/* The same for a frame that lies at `pixels` and was received just now: converts it, as framering's host
 * does with each frame, so that all receivers work as much. */
void run_take(struct run *run, const void *pixels);

/* Starts a program that dies with us, its output thrown away. -1: it could not be forked. */
pid_t run_program(char *const argv[]);

#endif
