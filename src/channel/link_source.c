/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/link_source.h"

#include "channel/dial.h"
#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_NS (500 * FR_NS_PER_MS)

struct link_source {
    fr_log log;
    uint32_t target_id;
    bool inherited;
    char name[32];
    uint64_t capabilities;
    struct fr_gpu gpu;
    char address[FR_ADDRESS_BYTES];
    bool has_display;
    fr_display_descriptor display;

    struct fr_link *link; /* NULL: not connected */
    fr_handle waitable;   /* ready when `link` may have something new */
    bool said_hello, welcomed;
    bool quiet;       /* when last looked at, the connection held nothing: what comes shows in a wait */
    bool display_due; /* the host has not heard of the newest display */
    bool ended;       /* refused, or the inherited connection is gone */
    bool told_waiting;
    uint64_t retry_at_ns;
};

static uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

static void disconnect(struct link_source *source)
{
    fr_link_destroy(source->link);
    source->link = NULL;
    source->waitable = FR_HANDLE_NONE;
    source->said_hello = false;
    source->welcomed = false;
    source->quiet = false;
    source->ended = source->ended || source->inherited;
}

/* Takes the link over in any case. */
static fr_status adopt(struct link_source *source, struct fr_link *link)
{
    bool gone;
    source->link = link;
    fr_link_watch(link, fr_link_pid(link), &gone);
    const fr_status status = fr_link_waitable(link, &source->waitable);
    if (status) {
        fr_log_write(&source->log, FR_LOG_ERROR, "cannot wait for the host of target %" PRIu32 ": %s",
                     source->target_id, fr_status_text(status));
        disconnect(source);
    }
    return status;
}

/* FR_OK: connected. FR_AGAIN: nobody there. Else the reason why it never will. */
static fr_status try_connect(struct link_source *source)
{
    struct fr_link *link = NULL;
    source->retry_at_ns = now_ns() + RETRY_NS;
    const fr_status status = fr_dial(source->address, &source->log, &link);
    if (status == FR_AGAIN && !source->told_waiting) {
        source->told_waiting = true;
        fr_log_write(&source->log, FR_LOG_INFO, "waiting for a host at target %" PRIu32 " (%s)",
                     source->target_id, source->address);
    }
    return status ? status : adopt(source, link);
}

static void say_hello(struct link_source *source)
{
    union fr_msg msg;
    fr_dial_put_hello(&msg, FR_MSG_ROLE_SOURCE, source->inherited ? NULL : &source->target_id, source->name,
                      source->capabilities);
    fr_msg_put_gpu(&msg.hello.gpu, &source->gpu);
    if (source->has_display) {
        msg.hello.flags |= FR_MSG_HELLO_DISPLAY;
        fr_msg_put_display(&msg.hello.display, &source->display);
    }
    /* A host that closed already may have left a REFUSE to be read: a failure shows there. */
    (void)fr_link_send(source->link, &msg);
    source->said_hello = true;
    source->display_due = false;
}

static void send_display(struct link_source *source)
{
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_DISPLAY);
    fr_msg_put_display(&msg.display.display, &source->display);
    /* A host that does not read now (FR_AGAIN) hears it from a later poll. */
    source->display_due = fr_link_send(source->link, &msg) == FR_AGAIN;
}

static fr_status refused(struct link_source *source, fr_status reason, struct fr_source_news *out)
{
    source->ended = true;
    disconnect(source);
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_REFUSED, .reason = reason};
    return FR_OK;
}

static fr_status broken(struct link_source *source, const char *fault, struct fr_source_news *out)
{
    fr_log_write(&source->log, FR_LOG_ERROR, "the host of target %" PRIu32 " broke the protocol: it sent %s",
                 source->target_id, fault);
    return refused(source, FR_ERR_PROTOCOL, out);
}

/* FR_OK: GONE; FR_AGAIN: it never was a host to us, try again later. */
static fr_status host_left(struct link_source *source, struct fr_source_news *out)
{
    const bool is_news = source->welcomed || source->inherited;
    if (is_news)
        fr_log_write(&source->log, FR_LOG_INFO, "the host of target %" PRIu32 " went away",
                     source->target_id);
    disconnect(source);
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_GONE, .final = source->inherited};
    return is_news ? FR_OK : FR_AGAIN;
}

static fr_status take_ring(struct link_source *source, struct fr_packet *packet, struct fr_source_news *out)
{
    const struct fr_msg_ring *ring = &packet->msg.ring;
    if (!fr_caps_suffice(source->capabilities, ring->slots_kind, ring->sync_kind))
        return broken(source, "a RING of a kind that was not offered", out);
    struct fr_delivery delivery = fr_msg_get_ring(ring);
    fr_msg_take_handles(&delivery, packet->handles);
    if (!fr_link_is_event(delivery.event))
        return broken(source, "a RING whose event is not one", out);
    *out = (struct fr_source_news){.kind = FR_SOURCE_NEWS_RING, .delivery = delivery};
    packet->num_handles = 0;
    return FR_OK;
}

static fr_status take_welcome(struct link_source *source, const struct fr_msg_welcome *welcome,
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

static fr_status handle(struct link_source *source, struct fr_packet *packet, struct fr_source_news *out)
{
    const char *fault = packet->fault;
    if (!fault)
        fault = fr_msg_check(&packet->msg, packet->bytes, packet->num_handles, FR_MSG_ROLE_SOURCE);
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

/* FR_OK: news; FR_AGAIN: none now. */
static fr_status receive(struct link_source *source, struct fr_source_news *out)
{
    /* Asked first: what the connection then holds is all that the host said before it died. */
    const bool died = fr_link_died(source->link);
    struct fr_packet packet;
    const fr_status status = fr_link_receive(source->link, &packet);
    if (status == FR_END || (status == FR_AGAIN && died))
        return host_left(source, out);
    if (status != FR_OK)
        return FR_AGAIN;
    const fr_status handled = handle(source, &packet, out);
    fr_packet_finish(&packet);
    return handled;
}

/* One look at the connection; FR_OK: news. */
static fr_status step(struct link_source *source, struct fr_source_news *out)
{
    if (!source->link && now_ns() >= source->retry_at_ns) {
        const fr_status status = try_connect(source);
        if (status == FR_ERR_PERMISSION || status == FR_ERR_PROTOCOL)
            return refused(source, status, out);
        if (status)
            return status;
    }
    if (!source->link)
        return FR_AGAIN;
    if (!source->said_hello)
        say_hello(source);
    if (source->display_due && source->welcomed)
        send_display(source);
    return receive(source, out);
}

/* False: a signal came, the caller may want to look why. */
static bool wait_until(struct link_source *source, uint64_t until_ns)
{
    struct fr_waits waits = {0};
    const size_t link = fr_waits_add(&waits, source->waitable);
    const size_t process = source->link ? fr_waits_add_process(&waits, source->link) : FR_WAITS_NONE;
    const uint64_t now = now_ns();
    if (!fr_waits_wait(&waits, until_ns == UINT64_MAX ? UINT64_MAX : until_ns > now ? until_ns - now : 0))
        return false;
    source->quiet = source->quiet && !waits.ready[link] && !waits.ready[process];
    return true;
}

/* Nothing to send, and nothing to be heard but what a wait would show: that is one system call. */
static bool is_quiet(const struct link_source *source)
{
    return source->quiet && !(source->display_due && source->welcomed);
}

static fr_status source_poll(void *self, uint64_t timeout_ns, struct fr_source_news *out)
{
    struct link_source *source = self;
    memset(out, 0, sizeof(*out));
    const uint64_t begin = now_ns();
    const uint64_t deadline = timeout_ns > UINT64_MAX - begin ? UINT64_MAX : begin + timeout_ns;
    for (bool waited = false;; waited = true) {
        const bool quiet = is_quiet(source);
        const fr_status status = source->ended || quiet ? FR_AGAIN : step(source, out);
        if (status != FR_AGAIN)
            return status;
        memset(out, 0, sizeof(*out));
        source->quiet = source->link != NULL;
        if (now_ns() >= deadline && (waited || !quiet))
            return FR_AGAIN;
        const bool unconnected = !source->link && !source->ended;
        const uint64_t until = unconnected && source->retry_at_ns < deadline ? source->retry_at_ns : deadline;
        if (!wait_until(source, until))
            return FR_AGAIN;
    }
}

static fr_status source_announce(void *self, const fr_display_descriptor *display)
{
    struct link_source *source = self;
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
    const struct link_source *source = self;
    return (int)source->waitable;
}

static void source_destroy(void *self)
{
    struct link_source *source = self;
    if (source->link)
        fr_link_send_bye(source->link);
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

fr_status fr_link_source_create(struct fr_source_channel *out, const struct fr_link_source_params *params)
{
    *out = (struct fr_source_channel){0};
    struct link_source *source = calloc(1, sizeof(*source));
    if (!source) {
        fr_link_destroy(params->inherited);
        return FR_ERR_NO_MEMORY;
    }
    source->log = params->log;
    source->target_id = params->target_id;
    source->inherited = params->inherited != NULL;
    source->capabilities = params->capabilities;
    source->gpu = params->gpu;
    source->waitable = FR_HANDLE_NONE;
    fr_msg_put_text(source->name, sizeof(source->name), params->name);
    if (!source->inherited)
        snprintf(source->address, sizeof(source->address), "%s", params->address);
    const fr_status status = source->inherited ? adopt(source, params->inherited) : FR_OK;
    if (status) {
        free(source);
        return status;
    }
    *out = (struct fr_source_channel){.ops = &source_ops, .self = source};
    return FR_OK;
}
