/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/dial.h"
#include "channel/runtime_dir.h"
#include "channel/socket.h"

#include "common/log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RETRY_NS (500 * FR_NS_PER_MS)

struct socket_source {
    fr_log log;
    uint32_t target_id;
    bool inherited;
    char name[32];
    struct fr_target_paths paths;
    bool has_display;
    fr_display_descriptor display;

    int fd;         /* -1 = not connected */
    int process_fd; /* readable when the host's process has died; -1 = cannot be watched */
    int wait_fd;    /* epoll over both, so that a caller has one descriptor to wait on */
    bool said_hello, welcomed;
    bool display_due; /* the host has not heard of the newest display */
    bool ended;       /* refused, or the inherited socket is gone */
    bool told_waiting;
    uint64_t retry_at_ns;
};

static uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void disconnect(struct socket_source *source)
{
    close_fd(&source->wait_fd);
    close_fd(&source->process_fd);
    close_fd(&source->fd);
    source->said_hello = false;
    source->welcomed = false;
    source->ended = source->ended || source->inherited;
}

/* Takes the descriptor over in any case. */
static fr_status adopt(struct socket_source *source, int fd)
{
    source->fd = fd;
    source->wait_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event interest = {.events = EPOLLIN};
    if (source->wait_fd < 0 || epoll_ctl(source->wait_fd, EPOLL_CTL_ADD, fd, &interest)) {
        const int error = errno;
        fr_log_write(&source->log, FR_LOG_ERROR, "cannot wait for the host of target %" PRIu32 " (%s)",
                     source->target_id, strerror(error));
        disconnect(source);
        return error == EMFILE || error == ENFILE || error == ENOMEM ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
    }
    pid_t pid;
    uid_t uid;
    bool gone;
    if (fr_packet_peer(fd, &pid, &uid))
        source->process_fd = fr_packet_watch_process(pid, &gone);
    if (source->process_fd >= 0 && epoll_ctl(source->wait_fd, EPOLL_CTL_ADD, source->process_fd, &interest))
        close_fd(&source->process_fd);
    return FR_OK;
}

/* FR_OK: connected. FR_AGAIN: nobody there. Else the reason why it never will. */
static fr_status try_connect(struct socket_source *source)
{
    int fd;
    source->retry_at_ns = now_ns() + RETRY_NS;
    const fr_status status = fr_dial(source->paths.socket, &source->log, &fd);
    if (status == FR_AGAIN && !source->told_waiting) {
        source->told_waiting = true;
        fr_log_write(&source->log, FR_LOG_INFO, "waiting for a host at target %" PRIu32 " (%s)",
                     source->target_id, source->paths.socket);
    }
    return status ? status : adopt(source, fd);
}

static void say_hello(struct socket_source *source)
{
    union fr_msg msg;
    const size_t bytes = fr_dial_put_hello(&msg, FR_MSG_ROLE_SOURCE,
                                           source->inherited ? NULL : &source->target_id, source->name);
    if (source->has_display) {
        msg.hello.flags |= FR_MSG_HELLO_DISPLAY;
        fr_msg_put_display(&msg.hello.display, &source->display);
    }
    /* A host that closed already may have left a REFUSE to be read: a failure shows there. */
    (void)fr_packet_send(source->fd, &msg, bytes, NULL, 0);
    source->said_hello = true;
    source->display_due = false;
}

static void send_display(struct socket_source *source)
{
    union fr_msg msg;
    const size_t bytes = fr_msg_init(&msg, FR_MSG_DISPLAY);
    fr_msg_put_display(&msg.display.display, &source->display);
    /* A host that does not read now (FR_AGAIN) hears it from a later poll. */
    source->display_due = fr_packet_send(source->fd, &msg, bytes, NULL, 0) == FR_AGAIN;
}

static fr_status refused(struct socket_source *source, fr_status reason, struct fr_source_news *out)
{
    source->ended = true;
    disconnect(source);
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_REFUSED, .reason = reason};
    return FR_OK;
}

static fr_status broken(struct socket_source *source, const char *fault, struct fr_source_news *out)
{
    fr_log_write(&source->log, FR_LOG_ERROR, "the host of target %" PRIu32 " broke the protocol: it sent %s",
                 source->target_id, fault);
    return refused(source, FR_ERR_PROTOCOL, out);
}

/* FR_OK: GONE; FR_AGAIN: it never was a host to us, try again later. */
static fr_status host_left(struct socket_source *source, struct fr_source_news *out)
{
    const bool is_news = source->welcomed || source->inherited;
    if (is_news)
        fr_log_write(&source->log, FR_LOG_INFO, "the host of target %" PRIu32 " went away",
                     source->target_id);
    disconnect(source);
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_GONE, .final = source->inherited};
    return is_news ? FR_OK : FR_AGAIN;
}

/* A write to it must neither block nor raise SIGPIPE: only anonymous inodes have no file type, and no pipe or
 * socket is one. */
static bool is_event(int fd)
{
    struct stat info;
    return !fstat(fd, &info) && !(info.st_mode & S_IFMT) && !fcntl(fd, F_SETFL, O_NONBLOCK);
}

static fr_status take_ring(struct socket_source *source, struct fr_packet *packet, struct fr_source_news *out)
{
    if (!is_event(packet->fds[2]))
        return broken(source, "a RING whose event is not one", out);
    *out =
        (struct fr_source_news){.kind = FR_SOURCE_NEWS_RING, .delivery = fr_msg_get_ring(&packet->msg.ring)};
    out->delivery.header = packet->fds[0];
    out->delivery.slots = packet->fds[1];
    out->delivery.event = packet->fds[2];
    packet->num_fds = 0;
    return FR_OK;
}

static fr_status take_welcome(struct socket_source *source, const struct fr_msg_welcome *welcome,
                              struct fr_source_news *out)
{
    if (!source->inherited && welcome->target_id != source->target_id)
        return broken(source, "a WELCOME to another target", out);
    source->welcomed = true;
    source->told_waiting = false;
    source->target_id = welcome->target_id;
    *out = (struct fr_source_news){
        .kind = FR_SOURCE_NEWS_CONNECTED, .host_pid = welcome->pid, .target_id = welcome->target_id};
    fr_log_write(&source->log, FR_LOG_INFO, "connected to the host of target %" PRIu32 " (pid %" PRIu32 ")",
                 welcome->target_id, welcome->pid);
    return FR_OK;
}

static fr_status handle(struct socket_source *source, struct fr_packet *packet, struct fr_source_news *out)
{
    const char *fault = packet->fault;
    if (!fault)
        fault = fr_msg_check(&packet->msg, packet->bytes, packet->num_fds, FR_MSG_RING_HANDLES);
    if (fault)
        return broken(source, fault, out);
    const uint32_t type = packet->msg.head.type;
    if (type == FR_MSG_BYE)
        return host_left(source, out);
    if (type == FR_MSG_REFUSE) {
        const struct fr_msg_refuse *refuse = &packet->msg.refuse;
        fr_log_write(&source->log, FR_LOG_ERROR, "the host of target %" PRIu32 " refused us: %s",
                     source->target_id, refuse->text);
        return refused(source, fr_msg_status_of_reason(refuse->reason), out);
    }
    if (type == FR_MSG_WELCOME && !source->welcomed)
        return take_welcome(source, &packet->msg.welcome, out);
    if (type == FR_MSG_RING && source->welcomed)
        return take_ring(source, packet, out);
    if (type == FR_MSG_HDR && source->welcomed) {
        *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_HDR, .hdr_on = packet->msg.hdr.on};
        return FR_OK;
    }
    return broken(source, "a message where it does not belong", out);
}

static bool process_died(const struct socket_source *source)
{
    struct pollfd process = {.fd = source->process_fd, .events = POLLIN};
    return source->process_fd >= 0 && poll(&process, 1, 0) > 0;
}

/* FR_OK: news; FR_AGAIN: none now. */
static fr_status receive(struct socket_source *source, struct fr_source_news *out)
{
    /* Asked first: what the socket then holds is all that the host said before it died. */
    const bool died = process_died(source);
    struct fr_packet packet;
    const fr_status status = fr_packet_receive(source->fd, &packet);
    if (status == FR_END || (status == FR_AGAIN && died))
        return host_left(source, out);
    if (status != FR_OK)
        return FR_AGAIN;
    const fr_status handled = handle(source, &packet, out);
    fr_packet_finish(&packet);
    return handled;
}

/* One look at the connection; FR_OK: news. */
static fr_status step(struct socket_source *source, struct fr_source_news *out)
{
    if (source->fd < 0 && now_ns() >= source->retry_at_ns) {
        const fr_status status = try_connect(source);
        if (status == FR_ERR_PERMISSION || status == FR_ERR_PROTOCOL)
            return refused(source, status, out);
        if (status)
            return status;
    }
    if (source->fd < 0)
        return FR_AGAIN;
    if (!source->said_hello)
        say_hello(source);
    if (source->display_due && source->welcomed)
        send_display(source);
    return receive(source, out);
}

/* False: a signal came, the caller may want to look why. */
static bool wait_until(const struct socket_source *source, uint64_t until_ns)
{
    struct pollfd wait = {.fd = source->wait_fd, .events = POLLIN};
    const uint64_t now = now_ns();
    const uint64_t left = until_ns > now ? until_ns - now : 0;
    const struct timespec timeout = {.tv_sec = (time_t)(left / FR_NS_PER_S),
                                     .tv_nsec = (long)(left % FR_NS_PER_S)};
    return ppoll(&wait, wait.fd >= 0, left > INT64_MAX ? NULL : &timeout, NULL) >= 0;
}

static fr_status source_poll(void *self, uint64_t timeout_ns, struct fr_source_news *out)
{
    struct socket_source *source = self;
    memset(out, 0, sizeof(*out));
    const uint64_t begin = now_ns();
    const uint64_t deadline = timeout_ns > UINT64_MAX - begin ? UINT64_MAX : begin + timeout_ns;
    for (;;) {
        const fr_status status = source->ended ? FR_AGAIN : step(source, out);
        if (status != FR_AGAIN)
            return status;
        memset(out, 0, sizeof(*out));
        if (now_ns() >= deadline)
            return FR_AGAIN;
        const bool unconnected = source->fd < 0 && !source->ended;
        const uint64_t until = unconnected && source->retry_at_ns < deadline ? source->retry_at_ns : deadline;
        if (!wait_until(source, until))
            return FR_AGAIN;
    }
}

static fr_status source_announce(void *self, const fr_display_descriptor *display)
{
    struct socket_source *source = self;
    if (fr_msg_display_fault(display))
        return FR_ERR_ARGUMENT;
    source->display = *display;
    source->has_display = true;
    source->display_due = true;
    if (source->welcomed)
        send_display(source);
    return FR_OK;
}

static int source_fd(void *self)
{
    const struct socket_source *source = self;
    return source->wait_fd;
}

static void source_destroy(void *self)
{
    struct socket_source *source = self;
    if (source->fd >= 0)
        fr_packet_send_bye(source->fd);
    disconnect(source);
    free(source);
}

/* It lies in the header. */
static fr_wire_debug *source_debug(void *self)
{
    (void)self;
    return NULL;
}

static const struct fr_source_channel_ops source_ops = {
    .poll = source_poll,
    .announce = source_announce,
    .fd = source_fd,
    .debug = source_debug,
    .destroy = source_destroy,
};

static bool is_seqpacket(int fd)
{
    int type = 0;
    socklen_t bytes = sizeof(type);
    return !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) && type == SOCK_SEQPACKET;
}

fr_status fr_socket_source_create(struct fr_source_channel *out, const struct fr_socket_source_params *params)
{
    *out = (struct fr_source_channel){0};
    struct socket_source *source = calloc(1, sizeof(*source));
    if (!source) {
        if (params->socket_fd >= 0)
            close(params->socket_fd);
        return FR_ERR_NO_MEMORY;
    }
    source->log = params->log;
    source->target_id = params->target_id;
    source->inherited = params->socket_fd >= 0;
    source->fd = source->process_fd = source->wait_fd = -1;
    fr_msg_put_text(source->name, sizeof(source->name), params->name);

    fr_status status;
    if (source->inherited && !is_seqpacket(params->socket_fd)) {
        fr_log_write(
            &source->log, FR_LOG_ERROR,
            "descriptor %d is not the socket of a host: let the host start the source, or name a target",
            params->socket_fd);
        close(params->socket_fd);
        status = FR_ERR_ARGUMENT;
    } else if (source->inherited) {
        fcntl(params->socket_fd, F_SETFD, FD_CLOEXEC);
        fr_packet_prepare(params->socket_fd);
        status = adopt(source, params->socket_fd);
    } else {
        status = fr_target_paths_init(&source->paths, params->runtime_dir, params->target_id, &source->log);
    }
    if (status) {
        free(source);
        return status;
    }
    *out = (struct fr_source_channel){.ops = &source_ops, .self = source};
    return FR_OK;
}
