/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "os/linux/linux.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

enum { EVENTS_MAX = 4 };

fr_status fr_linux_event_create(void *self, const struct fr_object_name *name, struct fr_event *out)
{
    (void)self, (void)name;
    const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0)
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
    out->handle = fd;
    return FR_OK;
}

void fr_linux_event_signal(void *self, const struct fr_event *event)
{
    (void)self;
    const uint64_t one = 1;
    /* EAGAIN: the counter is full, so the event is signalled already. */
    ssize_t ignored = write((int)event->handle, &one, sizeof(one));
    (void)ignored;
}

void fr_linux_event_close(void *self, struct fr_event *event)
{
    fr_linux_handle_close(self, event->handle);
    event->handle = FR_HANDLE_NONE;
}

void fr_linux_event_reset(void *self, const struct fr_event *event)
{
    (void)self;
    const int fd = (int)event->handle;
    uint64_t count;
    const struct iovec piece = {.iov_base = &count, .iov_len = sizeof(count)};
    /* O_NONBLOCK belongs to the open file, which the peer shares and may change: a plain read could then
     * block for ever when the peer also takes the count away first. */
    if (preadv2(fd, &piece, 1, -1, RWF_NOWAIT) >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
        return;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    ssize_t ignored = read(fd, &count, sizeof(count));
    (void)ignored;
}

fr_status fr_linux_wait_only(void *self, const struct fr_event *const *events, size_t count,
                             uint64_t timeout_ns, uint32_t *left)
{
    (void)self;
    *left = 0;
    assert(count <= EVENTS_MAX);
    struct pollfd fds[EVENTS_MAX];
    for (size_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){.fd = (int)events[i]->handle, .events = POLLIN};

    const struct timespec timeout = fr_linux_timespec(timeout_ns);
    const bool forever = timeout_ns > (uint64_t)INT64_MAX;
    /* A signal ends the wait early, so that a program which asked it to stop is looked at. */
    if (ppoll(fds, (nfds_t)count, forever ? NULL : &timeout, NULL) <= 0)
        return FR_TIMEOUT;
    for (size_t i = 0; i < count; i++)
        if (fds[i].revents & POLLIN)
            *left |= 1u << i;
    return FR_OK;
}

fr_status fr_linux_wait(void *self, const struct fr_event *const *events, size_t count, uint64_t timeout_ns)
{
    uint32_t left;
    const fr_status status = fr_linux_wait_only(self, events, count, timeout_ns, &left);
    for (size_t i = 0; i < count; i++)
        if (left & 1u << i)
            fr_linux_event_reset(self, events[i]);
    return status;
}
