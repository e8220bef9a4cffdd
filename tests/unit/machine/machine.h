/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

/*
 * A machine in one thread: the fr_os of both sides. Its clock moves only when a wait times out or a test says
 * so, its memory is the same bytes for whoever maps it, and it knows what is still open when a test ends.
 */

#include "os/os.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MACHINE_START_NS (1000 * FR_NS_PER_S)
#define MACHINE_HANDLES 512

struct machine_object;

struct machine {
    uint64_t now_ns;
    uint32_t waits;         /* how often the capture slept */
    uint32_t wakes;         /* of these, how often an event ended it */
    uint32_t events_waited; /* how many events the last wait listened to */
    uint64_t longest_wait_ns;
    struct machine_object *handle[MACHINE_HANDLES];
    unsigned handles, mappings; /* open now */
    size_t largest_memory;
    uint64_t signals;
    /* Called once in every wait of the capture, before time passes: the other side's turn. */
    void (*on_wait)(void *user);
    void *on_wait_user;
    bool in_wait;
    bool deaf;       /* signals are lost */
    uint32_t resets; /* of events, asked for by their own */
    /* Called once in each of these, before the event is reset. */
    void (*on_reset)(void *user);
    uint32_t *leave; /* where the wait that goes on says what it left signalled; NULL: it resets */
};

void machine_init(struct machine *machine);
/* Asserts that nothing is open any more. */
void machine_finish(struct machine *machine);

struct fr_os machine_os(struct machine *machine);
void machine_advance(struct machine *machine, uint64_t ns);

/* What a kernel does with a handle that is sent to another process. */
fr_handle machine_duplicate(struct machine *machine, fr_handle handle);

/* The nth allocation from now on (1 = the next one), of the C library or of the machine, fails, once. 0: none
 * will. */
void machine_fail_allocation(unsigned nth);
/* True when the allocation that was to fail has been reached since. */
bool machine_allocation_failed(void);
/* Counts one allocation: true when it must fail. */
bool machine_must_fail(void);

#endif
