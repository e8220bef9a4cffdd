/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_OS_H
#define FR_OS_OS_H

/*
 * All that the ring, capture and publish code knows of an operating system: a clock, shared memory, events.
 * os/linux/ has the real one; the unit tests have one whose clock only moves when they say so.
 */

#include <framering/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FR_NS_PER_MS UINT64_C(1000000)
#define FR_NS_PER_S UINT64_C(1000000000)

/* A descriptor or HANDLE. */
typedef intptr_t fr_handle;
#define FR_HANDLE_NONE ((fr_handle)-1)

enum {
    FR_ACCESS_READ = 1,
    FR_ACCESS_WRITE = 2 /* implies read */
};

/* A mapped range of shareable memory. All zero but handle: none. */
struct fr_memory {
    void *ptr;
    size_t bytes;
    fr_handle handle;
};

/* An auto-reset event, shareable. A hint only: who waits looks at the shared words. */
struct fr_event {
    fr_handle handle;
};

/* What a shareable object is called. NULL in its place: nothing at all. */
struct fr_object_name {
    const char *label; /* for people who look at the process */
    const char
        *global; /* Windows: its name for every process, UTF-8; NULL: none, it is reached by handles only */
    void *security; /* Windows: SECURITY_ATTRIBUTES *; NULL: the process's default */
};

struct fr_waiter;

struct fr_os_ops {
    uint64_t (*now_ns)(void *self); /* monotonic, the same for all processes of the machine */

    /* Zeroed memory that can be handed to another process and can never shrink or grow, mapped here with
     * `access`. *out is untouched on failure: FR_ERR_NO_MEMORY, FR_ERR_SYSTEM; FR_ERR_TARGET_BUSY: an object
     * of that global name exists; FR_ERR_PERMISSION: it may not be made. */
    fr_status (*memory_create)(void *self, const struct fr_object_name *name, size_t bytes, int access,
                               struct fr_memory *out);
    /* Maps memory that a peer delivered. Checks that it holds `bytes` and cannot shrink. Takes `handle` over
     * on FR_OK only. FR_ERR_PROTOCOL: too small or unsealed; FR_ERR_NO_MEMORY; FR_ERR_SYSTEM. */
    fr_status (*memory_map)(void *self, fr_handle handle, size_t bytes, int access, struct fr_memory *out);
    void (*memory_close)(void *self, struct fr_memory *memory); /* accepts none */

    fr_status (*event_create)(void *self, const struct fr_object_name *name, struct fr_event *out);
    void (*event_signal)(void *self, const struct fr_event *event); /* never blocks */
    void (*event_reset)(void *self, const struct fr_event *event);  /* never blocks */
    void (*event_close)(void *self, struct fr_event *event); /* accepts none; also for a delivered handle */

    /* Sleeps until one of `count` (0..4) events is signalled, at most timeout_ns, and resets those that were.
     * FR_OK, FR_TIMEOUT. An event may have been stolen or signalled for nothing. */
    fr_status (*wait)(void *self, const struct fr_event *const *events, size_t count, uint64_t timeout_ns);
    /* The same, but where a reset is a system call it is left to the caller, who may have better things to do
     * first: bit i of *left: events[i] is signalled still. */
    fr_status (*wait_only)(void *self, const struct fr_event *const *events, size_t count,
                           uint64_t timeout_ns, uint32_t *left);

    /* For who sleeps on the same events over and over again, where that can be made cheaper; NULL: it cannot.
     * The events outlive the waiter. FR_ERR_NO_MEMORY, FR_ERR_SYSTEM: *out is NULL. */
    fr_status (*waiter_create)(void *self, const struct fr_event *const *events, size_t count,
                               struct fr_waiter **out);
    /* As `wait`, at most timeout_ns (below 2^63). No event needs a reset, and none is reset: one counts when
     * it was signalled since the last wait here. Bit i of *signalled: events[i] was. `soon`: a signal is more
     * likely than the timeout, or this has to be exact. */
    fr_status (*waiter_wait)(void *self, struct fr_waiter *waiter, uint64_t timeout_ns, bool soon,
                             uint32_t *signalled);
    void (*waiter_destroy)(void *self, struct fr_waiter **waiter); /* accepts none */

    void (*handle_close)(void *self, fr_handle handle); /* a delivered handle that was not taken over */
};

struct fr_os {
    const struct fr_os_ops *ops;
    void *self;
};

/* The machine's own. No state: self is NULL. */
struct fr_os fr_os_native(void);

uint32_t fr_os_process_id(void);

#endif
