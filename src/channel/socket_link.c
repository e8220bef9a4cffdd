/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/packet.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A peer that leaves about a dozen packets unread does not live; without the bound each would keep a ring
 * alive. */
enum { SEND_BUFFER_BYTES = 8192 };

struct fr_link {
    int fd;
    int process_fd; /* readable when the process at the other end has died; -1 = not watched */
    int wait_fd;    /* epoll over both; -1 = nobody asked */
    uint32_t pid;
};

struct fr_link *fr_link_create(fr_handle handle, enum fr_link_end end)
{
    const int fd = (int)handle;
    struct fr_link *link = malloc(sizeof(*link));
    if (!link) {
        close(fd);
        return NULL;
    }
    *link = (struct fr_link){.fd = fd, .process_fd = -1, .wait_fd = -1};
    if (end == FR_LINK_HOST) {
        const int bytes = SEND_BUFFER_BYTES;
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    }
    fr_packet_prepare(fd);
    pid_t pid;
    uid_t uid;
    if (fr_packet_peer(fd, &pid, &uid))
        link->pid = (uint32_t)pid;
    return link;
}

void fr_link_destroy(struct fr_link *link)
{
    if (!link)
        return;
    if (link->wait_fd >= 0)
        close(link->wait_fd);
    if (link->process_fd >= 0)
        close(link->process_fd);
    close(link->fd);
    free(link);
}

fr_status fr_link_receive(struct fr_link *link, struct fr_packet *out)
{
    return fr_packet_receive(link->fd, out);
}

fr_status fr_link_send(struct fr_link *link, const union fr_msg *msg)
{
    return fr_packet_send(link->fd, msg, msg->head.bytes, NULL, 0);
}

fr_status fr_link_send_ring(struct fr_link *link, const struct fr_delivery *delivery)
{
    union fr_msg msg;
    fr_handle handles[FR_MSG_HANDLES_MAX];
    int fds[FR_MSG_HANDLES_MAX];
    const size_t bytes = fr_msg_put_ring(&msg, delivery);
    const size_t count = fr_msg_list_handles(delivery, handles, NULL);
    for (size_t i = 0; i < count; i++)
        fds[i] = (int)handles[i];
    return fr_packet_send(link->fd, &msg, bytes, fds, count);
}

fr_status fr_link_send_header(struct fr_link *link, const union fr_msg *msg, fr_handle header)
{
    const int fd = (int)header;
    return fr_packet_send(link->fd, msg, msg->head.bytes, &fd, 1);
}

/* Opened anew: a duplicate would keep our right to write. */
fr_status fr_link_share_header(fr_handle header, fr_handle *out, const char **why)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fd/%d", (int)header);
    *out = open(path, O_RDONLY | O_CLOEXEC);
    if (*out >= 0)
        return FR_OK;
    *out = FR_HANDLE_NONE;
    *why = errno == EMFILE || errno == ENFILE ? "no descriptor is free: raise the limit of open files"
                                              : "the header cannot be opened through /proc: is it mounted?";
    return FR_ERR_SYSTEM;
}

/* Only anonymous inodes have no file type, and no pipe or socket, which would block or raise SIGPIPE, is
 * one. */
bool fr_link_is_event(fr_handle handle)
{
    struct stat info;
    return !fstat((int)handle, &info) && !(info.st_mode & S_IFMT) && !fcntl((int)handle, F_SETFL, O_NONBLOCK);
}

void fr_link_hang_up(struct fr_link *link)
{
    shutdown(link->fd, SHUT_RDWR);
}

bool fr_link_hung_up(struct fr_link *link)
{
    struct pollfd look = {.fd = link->fd};
    return poll(&look, 1, 0) > 0;
}

void fr_link_give_up(struct fr_link *link)
{
    shutdown(link->fd, SHUT_RDWR);
}

uint32_t fr_link_pid(const struct fr_link *link)
{
    return link->pid;
}

void fr_link_watch(struct fr_link *link, uint32_t pid, bool *gone)
{
    link->process_fd = fr_packet_watch_process((pid_t)pid, gone);
}

bool fr_link_died(const struct fr_link *link)
{
    struct pollfd process = {.fd = link->process_fd, .events = POLLIN};
    return link->process_fd >= 0 && poll(&process, 1, 0) > 0;
}

fr_status fr_link_waitable(struct fr_link *link, fr_handle *out)
{
    *out = FR_HANDLE_NONE;
    struct epoll_event interest = {.events = EPOLLIN};
    link->wait_fd = epoll_create1(EPOLL_CLOEXEC);
    if (link->wait_fd < 0 || epoll_ctl(link->wait_fd, EPOLL_CTL_ADD, link->fd, &interest))
        return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
    if (link->process_fd >= 0 && epoll_ctl(link->wait_fd, EPOLL_CTL_ADD, link->process_fd, &interest)) {
        close(link->process_fd);
        link->process_fd = -1;
    }
    *out = link->wait_fd;
    return FR_OK;
}

static size_t add(struct fr_waits *waits, fr_handle handle, bool input)
{
    if (handle < 0)
        return FR_WAITS_NONE;
    assert(waits->count < FR_WAITS_MAX);
    waits->handle[waits->count] = handle;
    waits->input[waits->count] = input;
    return waits->count++;
}

size_t fr_waits_add(struct fr_waits *waits, fr_handle handle)
{
    return add(waits, handle, true);
}

size_t fr_waits_add_link(struct fr_waits *waits, struct fr_link *link, bool input)
{
    return add(waits, link->fd, input);
}

size_t fr_waits_add_process(struct fr_waits *waits, const struct fr_link *link)
{
    return add(waits, link->process_fd, true);
}

bool fr_waits_wait(struct fr_waits *waits, uint64_t timeout_ns)
{
    struct pollfd fds[FR_WAITS_MAX];
    for (size_t i = 0; i < waits->count; i++)
        fds[i] = (struct pollfd){.fd = (int)waits->handle[i], .events = waits->input[i] ? POLLIN : 0};
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / FR_NS_PER_S),
                                     .tv_nsec = (long)(timeout_ns % FR_NS_PER_S)};
    if (ppoll(fds, (nfds_t)waits->count, timeout_ns > INT64_MAX ? NULL : &timeout, NULL) < 0)
        return false;
    for (size_t i = 0; i < waits->count; i++)
        waits->ready[i] = fds[i].revents != 0;
    return true;
}
