/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "machine/link.h"

#include <stdio.h>
#include <string.h>

void link_init(struct link *link, struct machine *machine)
{
    *link = (struct link){.machine = machine};
}

static void close_ring(struct link *link, const struct fr_delivery *delivery)
{
    const struct fr_os os = machine_os(link->machine);
    os.ops->handle_close(os.self, delivery->header);
    os.ops->handle_close(os.self, delivery->slots);
    os.ops->handle_close(os.self, delivery->event);
}

/* ---- host ---- */

void link_tell_host(struct link *link, const struct fr_host_news *news)
{
    assert_true(link->news_count < LINK_NEWS);
    struct fr_host_news *last =
        &link->news[(link->news_first + link->news_count + LINK_NEWS - 1) % LINK_NEWS];
    if (link->news_count && news->kind == FR_HOST_NEWS_DISPLAY && last->kind == FR_HOST_NEWS_DISPLAY)
        *last = *news;
    else
        link->news[(link->news_first + link->news_count++) % LINK_NEWS] = *news;
    if (link->notify) {
        const struct fr_os os = machine_os(link->machine);
        os.ops->event_signal(os.self, link->notify);
    }
}

static fr_status host_start(void *self, const struct fr_event *notify)
{
    struct link *link = self;
    if (link->start_status < 0)
        return link->start_status;
    link->notify = notify;
    link->host_open = true;
    return FR_OK;
}

static fr_status host_poll(void *self, struct fr_host_news *out)
{
    struct link *link = self;
    *out = (struct fr_host_news){0};
    if (!link->news_count || link->hold_news)
        return FR_AGAIN;
    *out = link->news[link->news_first];
    link->news_first = (link->news_first + 1) % LINK_NEWS;
    link->news_count--;
    if (out->kind == FR_HOST_NEWS_GONE)
        link->gone_unread = false;
    return FR_OK;
}

static fr_status host_deliver(void *self, const struct fr_delivery *delivery)
{
    struct link *link = self;
    if (link->deliver_failures) {
        link->deliver_failures--;
        return FR_ERR_NO_MEMORY;
    }
    link->deliveries++;
    if (!link->active)
        return FR_OK;
    struct fr_source_news news = {.kind = FR_SOURCE_NEWS_RING, .delivery = *delivery};
    news.delivery.header = machine_duplicate(link->machine, delivery->header);
    news.delivery.slots = machine_duplicate(link->machine, delivery->slots);
    news.delivery.event = machine_duplicate(link->machine, delivery->event);
    link_tell_source(link->active, &news);
    return FR_OK;
}

static fr_status host_request_hdr(void *self, bool on)
{
    struct link *link = self;
    if (link->no_hdr)
        return FR_ERR_UNSUPPORTED;
    if (!link->active)
        return FR_AGAIN;
    link->hdr_requests++;
    link->hdr_on = on;
    link_tell_source(link->active, &(struct fr_source_news){.kind = FR_SOURCE_NEWS_HDR, .hdr_on = on});
    return FR_OK;
}

static fr_status host_invite(void *self, int *out)
{
    struct link *link = self;
    *out = -1;
    if (link->invite_status < 0)
        return link->invite_status;
    if (link->active)
        return FR_ERR_TARGET_BUSY;
    link->invites++;
    *out = 1234;
    return FR_OK;
}

static void host_destroy(void *self)
{
    struct link *link = self;
    link->host_destroyed++;
    link->host_open = false;
    link->notify = NULL;
    if (!link->active)
        return;
    link->active->connected = false;
    link_tell_source(link->active,
                     &(struct fr_source_news){.kind = FR_SOURCE_NEWS_GONE, .final = link->active->inherited});
    link->active = NULL;
}

static const struct fr_object_name *host_object_name(void *self, enum fr_object_kind kind,
                                                     uint32_t generation, uint32_t index)
{
    struct link *link = self;
    (void)kind, (void)generation, (void)index;
    link->named++;
    return NULL;
}

static void host_fixed(void *self, struct fr_memory *header, struct fr_event *event)
{
    struct link *link = self;
    *header = link->fixed;
    *event = link->fixed_event;
}

static const struct fr_host_channel_ops host_ops = {
    .start = host_start,
    .poll = host_poll,
    .deliver = host_deliver,
    .object_name = host_object_name,
    .fixed = host_fixed,
    .request_hdr = host_request_hdr,
    .invite = host_invite,
    .destroy = host_destroy,
};

struct fr_host_channel link_host(struct link *link)
{
    /* A host that is opened again after another one ended finds nothing of it. */
    link->news_count = 0;
    link->gone_unread = false;
    return (struct fr_host_channel){
        .ops = &host_ops, .self = link, .wire_version = link->wire_version ? link->wire_version : 2};
}

/* ---- source ---- */

void link_tell_source(struct link_end *end, const struct fr_source_news *news)
{
    assert_true(end->news_count < LINK_NEWS);
    end->news[(end->news_first + end->news_count++) % LINK_NEWS] = *news;
}

bool link_connect(struct link_end *end)
{
    struct link *link = end->link;
    if (end->connected)
        return true;
    if (end->dead || !link->host_open || link->active || link->gone_unread)
        return false;
    end->connected = true;
    link->active = end;
    struct fr_host_news hello = {
        .kind = FR_HOST_NEWS_SOURCE,
        .at_ns = link->machine->now_ns,
        .has_display = true,
        .display = end->display,
        .capabilities = end->capabilities,
        .gpu = end->gpu,
        .on_gpu = end->on_gpu,
        .pid = end->pid,
    };
    memcpy(hello.name, end->name, sizeof(hello.name));
    link_tell_host(link, &hello);
    link_tell_source(end, &(struct fr_source_news){.kind = FR_SOURCE_NEWS_CONNECTED,
                                                   .host_pid = 1,
                                                   .target_id = link->host_target});
    return true;
}

static void disconnect(struct link_end *end, fr_status reason)
{
    struct link *link = end->link;
    if (!end->connected)
        return;
    end->connected = false;
    link->active = NULL;
    link->gone_unread = true;
    link_tell_host(link, &(struct fr_host_news){
                             .kind = FR_HOST_NEWS_GONE, .at_ns = link->machine->now_ns, .reason = reason});
}

void link_kill(struct link_end *end)
{
    disconnect(end, FR_ERR_SOURCE_DIED);
    end->dead = true;
}

static bool take_news(struct link_end *end, struct fr_source_news *out)
{
    if (!end->news_count)
        return false;
    const struct fr_source_news *first = &end->news[end->news_first];
    if (end->link->hold_rings && first->kind == FR_SOURCE_NEWS_RING)
        return false;
    *out = *first;
    end->news_first = (end->news_first + 1) % LINK_NEWS;
    end->news_count--;
    return true;
}

static fr_status source_poll(void *self, uint64_t timeout_ns, struct fr_source_news *out)
{
    struct link_end *end = self;
    struct link *link = end->link;
    *out = (struct fr_source_news){0};
    link->polls++;
    if (timeout_ns > link->longest_poll_ns)
        link->longest_poll_ns = timeout_ns;
    if (link->poll_status < 0) {
        const fr_status status = link->poll_status;
        link->poll_status = FR_OK;
        return status;
    }
    if (!end->inherited)
        (void)link_connect(end);
    if (take_news(end, out))
        return FR_OK;
    machine_advance(link->machine, timeout_ns);
    return FR_AGAIN;
}

static fr_status source_announce(void *self, const fr_display_descriptor *display)
{
    struct link_end *end = self;
    struct link *link = end->link;
    if (link->announce_status < 0)
        return link->announce_status;
    end->display = *display;
    if (end->connected)
        link_tell_host(link, &(struct fr_host_news){.kind = FR_HOST_NEWS_DISPLAY,
                                                    .at_ns = link->machine->now_ns,
                                                    .has_display = true,
                                                    .display = *display});
    return FR_OK;
}

static int source_fd(void *self)
{
    const struct link_end *end = self;
    return end->connected ? 99 : -1;
}

static void source_destroy(void *self)
{
    struct link_end *end = self;
    disconnect(end, FR_END);
    struct fr_source_news news;
    while (end->news_count) {
        news = end->news[end->news_first];
        end->news_first = (end->news_first + 1) % LINK_NEWS;
        end->news_count--;
        if (news.kind == FR_SOURCE_NEWS_RING)
            close_ring(end->link, &news.delivery);
    }
    end->link->source_destroyed++;
    end->used = false;
}

static fr_wire_debug *source_debug(void *self)
{
    const struct link_end *end = self;
    return end->link->debug;
}

static const struct fr_source_channel_ops source_ops = {
    .poll = source_poll,
    .announce = source_announce,
    .fd = source_fd,
    .debug = source_debug,
    .destroy = source_destroy,
};

struct link_end *link_end_open(struct link *link, const char *name, uint32_t pid)
{
    for (int i = 0; i < LINK_ENDS; i++) {
        struct link_end *end = &link->end[i];
        if (end->used)
            continue;
        *end = (struct link_end){.link = link, .used = true, .pid = pid};
        snprintf(end->name, sizeof(end->name), "%s", name);
        return end;
    }
    fail_msg("%d sources are open", LINK_ENDS);
    return NULL;
}

struct fr_source_channel link_source(struct link_end *end)
{
    return (struct fr_source_channel){.ops = &source_ops, .self = end};
}

bool link_take_ring(struct link_end *end, struct fr_delivery *out)
{
    struct fr_source_news news;
    while (take_news(end, &news)) {
        if (news.kind != FR_SOURCE_NEWS_RING)
            continue;
        *out = news.delivery;
        return true;
    }
    return false;
}

void link_finish(struct link *link)
{
    for (int i = 0; i < LINK_ENDS; i++)
        assert_false(link->end[i].used);
}
