/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include <framering/observe.h>

#include "channel/dial.h"
#include "common/log.h"
#include "observe/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HANDSHAKE_NS FR_NS_PER_S

enum { SNAPSHOT_TRIES = 4, PACKETS_A_SAMPLE = 32 };

struct fr_observer {
    struct fr_link *link;   /* NULL: `names` */
    struct fr_names *names; /* a session that answers nobody */
    uint32_t target_id;
    fr_log log;
    struct fr_memory header; /* of the newest ring */
    uint32_t attaches;
    bool ended;
    fr_wire_fault told; /* the last fault that was logged */
};

static uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

static fr_status broken(struct fr_observer *observer, const char *fault)
{
    fr_log_write(&observer->log, FR_LOG_ERROR,
                 "the host of target %" PRIu32 " broke the protocol: it sent %s", observer->target_id, fault);
    return FR_ERR_PROTOCOL;
}

static fr_status map_header(struct fr_observer *observer, struct fr_packet *packet)
{
    const struct fr_os os = fr_os_native();
    struct fr_memory header = {.handle = FR_HANDLE_NONE};
    const fr_status status = os.ops->memory_map(
        os.self, packet->handles[0], (size_t)packet->msg.ring.header_bytes, FR_ACCESS_READ, &header);
    if (status == FR_ERR_PROTOCOL)
        return broken(observer, "a header that is too small or may shrink");
    if (status) {
        fr_log_write(&observer->log, FR_LOG_ERROR, "cannot map the header of target %" PRIu32 ": %s",
                     observer->target_id, fr_status_text(status));
        return status;
    }
    packet->num_handles = 0;
    os.ops->memory_close(os.self, &observer->header);
    observer->header = header;
    observer->attaches++;
    return FR_OK;
}

static fr_status handle(struct fr_observer *observer, struct fr_packet *packet, bool *welcomed)
{
    const char *fault = packet->fault;
    if (!fault)
        fault = fr_msg_check(&packet->msg, packet->bytes, packet->num_handles, FR_MSG_ROLE_OBSERVER);
    if (fault)
        return broken(observer, fault);
    switch (packet->msg.head.type) {
    case FR_MSG_BYE: return FR_END;
    case FR_MSG_REFUSE:
        fr_log_write(&observer->log, FR_LOG_ERROR, "the host of target %" PRIu32 " refused us: %s",
                     observer->target_id, packet->msg.refuse.text);
        return fr_msg_status_of_reason(packet->msg.refuse.reason);
    case FR_MSG_WELCOME:
        if (*welcomed || packet->msg.welcome.target_id != observer->target_id)
            break;
        *welcomed = true;
        return FR_OK;
    case FR_MSG_RING:
        if (!*welcomed)
            break;
        return map_header(observer, packet);
    default: break;
    }
    return broken(observer, "a message where it does not belong");
}

/* FR_OK: one packet was taken; FR_AGAIN: none waits; FR_END, failures: it is over. */
static fr_status receive(struct fr_observer *observer, bool *welcomed)
{
    struct fr_packet packet;
    fr_status status = fr_link_receive(observer->link, &packet);
    if (status != FR_OK)
        return status;
    status = handle(observer, &packet, welcomed);
    fr_packet_finish(&packet);
    return status;
}

static fr_status shake_hands(struct fr_observer *observer)
{
    union fr_msg msg;
    fr_dial_put_hello(&msg, FR_MSG_ROLE_OBSERVER, &observer->target_id, "observer", 0);
    (void)fr_link_send(observer->link, &msg); /* a failure shows in what we receive */
    const uint64_t deadline = now_ns() + HANDSHAKE_NS;
    bool welcomed = false;
    while (!welcomed) {
        const fr_status status = receive(observer, &welcomed);
        if (status != FR_OK && status != FR_AGAIN)
            return status;
        const uint64_t now = now_ns();
        if (welcomed || status == FR_OK)
            continue;
        if (now >= deadline)
            return FR_END;
        struct fr_waits waits = {0};
        fr_waits_add_link(&waits, observer->link, true);
        fr_waits_wait(&waits, deadline - now);
    }
    return FR_OK;
}

/* FR_AGAIN: nobody answers there. */
static fr_status connect_to(struct fr_observer *observer, const char *address)
{
    fr_status status = fr_dial(address, &observer->log, &observer->link);
    if (status == FR_OK)
        status = shake_hands(observer);
    return status == FR_END ? FR_AGAIN : status;
}

/* A host that answers is asked first: it shows its header to anybody whom it lets in. */
static fr_status find_session(struct fr_observer *observer, const char *place, char address[FR_ADDRESS_BYTES])
{
    fr_status status = FR_AGAIN;
    snprintf(address, FR_ADDRESS_BYTES, "%.100s", place ? place : "");
    if (!fr_names_meant(place)) {
        status = fr_dial_address(address, place, observer->target_id, &observer->log);
        if (!status)
            status = connect_to(observer, address);
    }
    if (status != FR_AGAIN || (place && !fr_names_meant(place)))
        return status;
    fr_link_destroy(observer->link);
    observer->link = NULL;
    return fr_names_open(&observer->names, place, observer->target_id, &observer->log);
}

fr_status fr_observer_open(fr_observer **out, const char *runtime_dir, uint32_t target_id, const fr_log *log)
{
    if (!out)
        return FR_ERR_ARGUMENT;
    *out = NULL;
    struct fr_observer *observer = calloc(1, sizeof(*observer));
    if (!observer)
        return FR_ERR_NO_MEMORY;
    observer->target_id = target_id;
    observer->header.handle = FR_HANDLE_NONE;
    if (log)
        observer->log = *log;
    char address[FR_ADDRESS_BYTES];
    fr_status status = find_session(observer, runtime_dir, address);
    if (status == FR_AGAIN) {
        fr_log_write(log, FR_LOG_ERROR,
                     "no host answers at target %" PRIu32 " (%s): start one, or name another target",
                     target_id, address);
        status = FR_ERR_NO_HOST;
    }
    if (status) {
        fr_observer_close(&observer);
        return status;
    }
    *out = observer;
    return FR_OK;
}

void fr_observer_close(fr_observer **observer)
{
    if (!observer || !*observer)
        return;
    const struct fr_os os = fr_os_native();
    os.ops->memory_close(os.self, &(*observer)->header);
    if ((*observer)->link)
        fr_link_send_bye((*observer)->link);
    fr_link_destroy((*observer)->link);
    fr_names_close((*observer)->names);
    free(*observer);
    *observer = NULL;
}

/* Follows the host: new rings, its end. */
static fr_status follow(struct fr_observer *observer)
{
    bool welcomed = true;
    fr_status status = FR_OK;
    for (int i = 0; i < PACKETS_A_SAMPLE && status == FR_OK; i++)
        status = receive(observer, &welcomed);
    if (status == FR_OK || status == FR_AGAIN)
        return FR_OK;
    observer->ended = true;
    return status == FR_ERR_TARGET_BUSY ? FR_END : status;
}

/* What a sample says of a header; the fault is told once. */
static fr_status judge(struct fr_observer *observer, fr_wire_fault fault, fr_observation *out)
{
    if (fault == FR_WIRE_FINE) {
        out->has_header = true;
        out->latest = fr_token_unpack(out->header.v1.latest);
        observer->told = FR_WIRE_FINE;
        return FR_OK;
    }
    memset(&out->header, 0, sizeof(out->header));
    if (fault == FR_WIRE_CHANGED || fault == FR_WIRE_NO_MAGIC)
        return FR_AGAIN; /* it is being made */
    if (fault != observer->told)
        fr_log_write(&observer->log, FR_LOG_ERROR, "the header of target %" PRIu32 " is damaged: %s",
                     observer->target_id, fr_wire_fault_text(fault));
    observer->told = fault;
    return FR_ERR_PROTOCOL;
}

static fr_status read_header(struct fr_observer *observer, fr_observation *out)
{
    fr_wire_fault fault = FR_WIRE_CHANGED;
    for (int i = 0; i < SNAPSHOT_TRIES && fault == FR_WIRE_CHANGED; i++)
        fault =
            fr_wire_snapshot(&out->header, observer->header.ptr, observer->header.bytes, observer->target_id);
    return judge(observer, fault, out);
}

static fr_status sample_names(struct fr_observer *observer, fr_observation *out)
{
    fr_wire_fault fault;
    const fr_status status = fr_names_sample(observer->names, &out->header, &out->attaches, &fault);
    observer->ended = status == FR_END;
    if (status == FR_OK || status == FR_ERR_PROTOCOL)
        return judge(observer, fault, out);
    return status;
}

fr_status fr_observer_sample(fr_observer *observer, fr_observation *out)
{
    if (!observer || !out)
        return FR_ERR_ARGUMENT;
    memset(out, 0, sizeof(*out));
    if (observer->ended)
        return FR_END;
    const fr_status status = observer->names ? FR_OK : follow(observer);
    out->at_ns = now_ns();
    if (observer->names)
        return sample_names(observer, out);
    out->attaches = observer->attaches;
    if (status != FR_OK)
        return status;
    return observer->header.ptr ? read_header(observer, out) : FR_AGAIN;
}
