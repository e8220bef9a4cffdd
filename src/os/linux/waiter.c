/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "os/linux/linux.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 4, TIMER = EVENTS_MAX, HAPPENINGS = EVENTS_MAX + 1 };

/*
 * What a sleep costs when it ends is paid before it: the events are registered for good, edge-triggered, so
 * that none is read, and the timeout is a timer that stays when a signal comes first. Taking the timeout of
 * an epoll_wait back is a microsecond of the woken thread's on a virtual machine.
 */
struct fr_waiter {
    int set, timer;
};

static bool add(const struct fr_waiter *waiter, int fd, uint32_t number)
{
    struct epoll_event interest = {.events = EPOLLIN | EPOLLET, .data.u32 = number};
    return epoll_ctl(waiter->set, EPOLL_CTL_ADD, fd, &interest) == 0;
}

fr_status fr_linux_waiter_create(void *self, const struct fr_event *const *events, size_t count,
                                 struct fr_waiter **out)
{
    assert(count <= EVENTS_MAX);
    *out = NULL;
    struct fr_waiter *waiter = calloc(1, sizeof(*waiter));
    if (!waiter)
        return FR_ERR_NO_MEMORY;
    waiter->set = epoll_create1(EPOLL_CLOEXEC);
    waiter->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    bool good = waiter->set >= 0 && waiter->timer >= 0 && add(waiter, waiter->timer, TIMER);
    for (size_t i = 0; good && i < count; i++)
        good = add(waiter, (int)events[i]->handle, (uint32_t)i);
    *out = waiter;
    if (!good)
        fr_linux_waiter_destroy(self, out);
    return good ? FR_OK : FR_ERR_SYSTEM;
}

void fr_linux_waiter_destroy(void *self, struct fr_waiter **waiter)
{
    (void)self;
    if (!*waiter)
        return;
    if ((*waiter)->set >= 0)
        close((*waiter)->set);
    if ((*waiter)->timer >= 0)
        close((*waiter)->timer);
    free(*waiter);
    *waiter = NULL;
}

/* The number of happenings; 0 after the timeout, or after a signal of the system's. */
static int wait_by_timeout(const struct fr_waiter *waiter, struct epoll_event *happened, uint64_t timeout_ns)
{
#ifdef SYS_epoll_pwait2
    /* Not every C library has its function, and not every kernel the call. */
    const struct timespec timeout = fr_linux_timespec(timeout_ns);
    const long count = syscall(SYS_epoll_pwait2, waiter->set, happened, HAPPENINGS, &timeout, NULL, 0);
    if (count >= 0 || errno != ENOSYS)
        return count > 0 ? (int)count : 0;
#endif
    const uint64_t ms = timeout_ns / FR_NS_PER_MS + (timeout_ns % FR_NS_PER_MS != 0);
    const int plain = epoll_wait(waiter->set, happened, HAPPENINGS, ms < INT32_MAX ? (int)ms : INT32_MAX);
    return plain > 0 ? plain : 0;
}

static int wait_by_timer(const struct fr_waiter *waiter, struct epoll_event *happened, uint64_t timeout_ns)
{
    /* Also takes back that it rang before; nothing would stop it. */
    const struct itimerspec due = {.it_value = fr_linux_timespec(timeout_ns)};
    if (timeout_ns == 0 || timerfd_settime(waiter->timer, 0, &due, NULL))
        return wait_by_timeout(waiter, happened, timeout_ns);
    const int count = epoll_wait(waiter->set, happened, HAPPENINGS, -1);
    return count > 0 ? count : 0;
}

fr_status fr_linux_waiter_wait(void *self, struct fr_waiter *waiter, uint64_t timeout_ns, bool soon,
                               uint32_t *signalled)
{
    (void)self;
    struct epoll_event happened[HAPPENINGS];
    const int count =
        soon ? wait_by_timer(waiter, happened, timeout_ns) : wait_by_timeout(waiter, happened, timeout_ns);
    *signalled = 0;
    for (int i = 0; i < count; i++)
        if (happened[i].data.u32 != TIMER)
            *signalled |= 1u << happened[i].data.u32;
    return *signalled ? FR_OK : FR_TIMEOUT;
}
