/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/sealed_link.h"

#include "channel/sealed_remote.h"
#include "os/atomic.h"
#include "os/thread.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* More than a pipe holds. */
enum { DRAIN_MAX = 256 };

enum { PIPE_PACKET_BYTES = FR_MSG_BYTES_MAX + FR_MSG_HANDLES_MAX * sizeof(uint64_t) };

/*
 * A read is always under way once somebody waits, so that its event tells of packets and of the end. What is
 * written leaves one packet in flight at most: the pipe's own buffer holds the others, and whoever fills that
 * does not read.
 */
struct fr_link {
    enum fr_link_end end;
    HANDLE pipe;
    HANDLE process;    /* NULL: not watched */
    uint32_t pid;      /* of the other end's process */
    uint32_t given_up; /* atomic */

    /* The receiving thread's alone. */
    OVERLAPPED read;
    bool reading; /* under way, or done and not looked at */
    bool broken;  /* nothing more will come */
    uint8_t in[PIPE_PACKET_BYTES];

    struct fr_mutex *lock; /* guards the rest; no call under it waits */
    bool hung_up;
    OVERLAPPED write;
    bool writing;
    uint8_t out[PIPE_PACKET_BYTES];
    struct fr_gift sent; /* with the packet in flight */
};

uint32_t fr_link_ask_pid(const struct fr_link *link)
{
    ULONG pid = 0;
    const BOOL known = link->end == FR_LINK_HOST ? GetNamedPipeClientProcessId(link->pipe, &pid)
                                                 : GetNamedPipeServerProcessId(link->pipe, &pid);
    return known ? pid : 0;
}

struct fr_link *fr_link_create(fr_handle handle, enum fr_link_end end)
{
    struct fr_link *link = calloc(1, sizeof(*link));
    if (!link) {
        CloseHandle((HANDLE)handle);
        return NULL;
    }
    link->pipe = (HANDLE)handle;
    link->end = end;
    link->lock = fr_mutex_create();
    link->read.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    link->write.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!link->lock || !link->read.hEvent || !link->write.hEvent) {
        fr_link_destroy(link);
        return NULL;
    }
    link->pid = fr_link_ask_pid(link);
    return link;
}

/* ---- receiving ---- */

static void break_link(struct fr_link *link)
{
    link->broken = true;
    SetEvent(link->read.hEvent);
}

static void arm(struct fr_link *link)
{
    if (link->reading || link->broken)
        return;
    link->reading = true;
    if (ReadFile(link->pipe, link->in, sizeof(link->in), NULL, &link->read))
        return;
    const DWORD error = GetLastError();
    if (error == ERROR_IO_PENDING || error == ERROR_MORE_DATA)
        return;
    link->reading = false;
    break_link(link);
}

enum outcome { NOTHING_YET, PACKET, TOO_LONG, BROKEN };

/* What the read has come to, without taking it. */
static enum outcome look(struct fr_link *link, DWORD *bytes)
{
    *bytes = 0;
    arm(link);
    if (link->broken)
        return BROKEN;
    if (!GetOverlappedResult(link->pipe, &link->read, bytes, FALSE) &&
        GetLastError() == ERROR_OPERATION_ABORTED && !fr_load_acquire_u32(&link->given_up)) {
        /* The thread that began it has ended. */
        link->reading = false;
        arm(link);
        if (link->broken)
            return BROKEN;
    }
    if (GetOverlappedResult(link->pipe, &link->read, bytes, FALSE))
        return PACKET;
    switch (GetLastError()) {
    case ERROR_MORE_DATA: return TOO_LONG;
    case ERROR_IO_INCOMPLETE:
        /* Partner: fr_link_give_up. Either it cancels this read, or we see the word here. */
        return fr_load_acquire_u32(&link->given_up) ? BROKEN : NOTHING_YET;
    default: return BROKEN;
    }
}

/* The values behind the message. A value that is no handle of ours, or comes twice, spoils all: whoever sends
 * that has not put them here, and what is closed must be ours. */
static const char *take_handles(struct fr_packet *packet, const uint8_t *in, size_t bytes)
{
    const size_t count = bytes / sizeof(uint64_t);
    if (bytes % sizeof(uint64_t) || count > FR_MSG_HANDLES_MAX)
        return "a message whose size is not the one it names";
    for (size_t i = 0; i < count; i++) {
        uint64_t value;
        memcpy(&value, in + i * sizeof(value), sizeof(value));
        if (!fr_remote_is_handle(value))
            return "a handle that is none";
        for (size_t k = 0; k < packet->num_handles; k++)
            if (packet->handles[k] == (fr_handle)value)
                return "the same handle twice";
        packet->handles[packet->num_handles++] = (fr_handle)value;
    }
    return NULL;
}

static void take_packet(const struct fr_link *link, size_t bytes, struct fr_packet *out)
{
    const size_t most = sizeof(out->msg);
    memcpy(&out->msg, link->in, bytes < most ? bytes : most);
    out->bytes = bytes;
    const size_t said = bytes < sizeof(out->msg.head) ? bytes : out->msg.head.bytes;
    if (link->end == FR_LINK_PEER && said >= sizeof(out->msg.head) && said < bytes && said <= most) {
        out->fault = take_handles(out, link->in + said, bytes - said);
        out->bytes = said;
    }
    if (out->bytes > most)
        out->fault = "a packet that is too long";
}

fr_status fr_link_receive(struct fr_link *link, struct fr_packet *out)
{
    DWORD bytes;
    memset(out, 0, sizeof(*out));
    switch (look(link, &bytes)) {
    case NOTHING_YET: return FR_AGAIN;
    case PACKET: take_packet(link, bytes, out); break;
    case TOO_LONG: out->fault = "a packet that is too long"; break;
    default: break_link(link); return FR_END;
    }
    link->reading = false;
    arm(link);
    return FR_OK;
}

/* Only packets from a host have any. */
void fr_packet_finish(struct fr_packet *packet)
{
    for (size_t i = 0; i < packet->num_handles; i++)
        CloseHandle((HANDLE)packet->handles[i]);
    packet->num_handles = 0;
}

/* ---- sending, under the lock ---- */

static void lose_packet(struct fr_link *link)
{
    link->writing = false;
    if (link->process)
        fr_remote_take_back(link->process, &link->sent);
}

/* FR_OK: the next packet may be written. */
static fr_status settle(struct fr_link *link)
{
    DWORD bytes;
    if (link->hung_up)
        return FR_END;
    if (!link->writing)
        return FR_OK;
    if (GetOverlappedResult(link->pipe, &link->write, &bytes, FALSE)) {
        link->writing = false;
        return FR_OK;
    }
    if (GetLastError() == ERROR_IO_INCOMPLETE)
        return FR_AGAIN;
    lose_packet(link);
    /* The receiving thread may know nothing of it: the thread that sent may just have ended. */
    fr_store_release_u32(&link->given_up, 1);
    (void)CancelIoEx(link->pipe, &link->read);
    return FR_END;
}

static fr_status write_packet(struct fr_link *link, const union fr_msg *msg, const struct fr_gift *gift)
{
    const size_t bytes = msg->head.bytes;
    const size_t gift_bytes = gift->count * sizeof(gift->value[0]);
    assert(bytes + gift_bytes <= sizeof(link->out));
    memcpy(link->out, msg, bytes);
    memcpy(link->out + bytes, gift->value, gift_bytes);
    link->sent = *gift;
    link->writing = true;
    if (WriteFile(link->pipe, link->out, (DWORD)(bytes + gift_bytes), NULL, &link->write)) {
        link->writing = false;
        return FR_OK;
    }
    const DWORD error = GetLastError();
    if (error == ERROR_IO_PENDING)
        return FR_OK;
    lose_packet(link);
    switch (error) {
    case ERROR_NO_DATA:
    case ERROR_BROKEN_PIPE:
    case ERROR_PIPE_NOT_CONNECTED: return FR_END;
    default: return fr_win32_status_of_error(error) == FR_ERR_NO_MEMORY ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
    }
}

fr_status fr_link_send(struct fr_link *link, const union fr_msg *msg)
{
    const struct fr_gift none = {0};
    fr_mutex_lock(link->lock);
    fr_status status = settle(link);
    if (!status)
        status = write_packet(link, msg, &none);
    fr_mutex_unlock(link->lock);
    return status;
}

fr_status fr_link_send_ring(struct fr_link *link, const struct fr_delivery *delivery)
{
    union fr_msg msg;
    struct fr_gift gift = {0};
    fr_handle handle[FR_MSG_HANDLES_MAX];
    enum fr_object_kind kind[FR_MSG_HANDLES_MAX];
    fr_msg_put_ring(&msg, delivery);
    const size_t count = fr_msg_list_handles(delivery, handle, kind);
    fr_mutex_lock(link->lock);
    fr_status status = link->process ? settle(link) : FR_ERR_SYSTEM;
    if (!status)
        status = fr_remote_give(link->process, handle, kind, count, &gift);
    if (!status)
        status = write_packet(link, &msg, &gift);
    fr_mutex_unlock(link->lock);
    return status;
}

fr_status fr_link_send_header(struct fr_link *link, const union fr_msg *msg, fr_handle header)
{
    struct fr_gift gift = {0};
    fr_mutex_lock(link->lock);
    fr_status status = link->process ? settle(link) : FR_ERR_SYSTEM;
    if (!status)
        status = fr_remote_give_same(link->process, header, &gift);
    if (!status)
        status = write_packet(link, msg, &gift);
    fr_mutex_unlock(link->lock);
    return status;
}

fr_status fr_link_share_header(fr_handle header, fr_handle *out, const char **why)
{
    HANDLE mine = NULL;
    if (DuplicateHandle(GetCurrentProcess(), (HANDLE)header, GetCurrentProcess(), &mine, SECTION_MAP_READ,
                        FALSE, 0)) {
        *out = (fr_handle)mine;
        return FR_OK;
    }
    *out = FR_HANDLE_NONE;
    *why = "no handle to the header could be made";
    return fr_win32_status_of_error(GetLastError());
}

/* The host looks again whenever it is woken. */
bool fr_link_is_event(fr_handle handle)
{
    return SetEvent((HANDLE)handle) != 0;
}

/* ---- ends and lives ---- */

void fr_link_hang_up(struct fr_link *link)
{
    DWORD bytes;
    fr_mutex_lock(link->lock);
    const bool before = link->hung_up;
    link->hung_up = true;
    fr_mutex_unlock(link->lock);
    if (before)
        return;
    /* Both must be over before their memory may go; a cancelled one is at once. */
    (void)CancelIoEx(link->pipe, NULL);
    if (link->reading)
        (void)GetOverlappedResult(link->pipe, &link->read, &bytes, TRUE);
    break_link(link);
    if (link->writing && !GetOverlappedResult(link->pipe, &link->write, &bytes, TRUE))
        lose_packet(link);
    link->writing = false;
    /* Not DisconnectNamedPipe, which would take our last words away from the other end. */
    CloseHandle(link->pipe);
}

bool fr_link_hung_up(struct fr_link *link)
{
    DWORD bytes;
    return look(link, &bytes) == BROKEN;
}

void fr_link_give_up(struct fr_link *link)
{
    fr_store_release_u32(&link->given_up, 1); /* partner: look */
    fr_mutex_lock(link->lock);
    if (!link->hung_up)
        (void)CancelIoEx(link->pipe, &link->read);
    fr_mutex_unlock(link->lock);
}

uint32_t fr_link_pid(const struct fr_link *link)
{
    return link->pid;
}

void fr_link_set_process(struct fr_link *link, HANDLE process)
{
    fr_mutex_lock(link->lock);
    HANDLE before = link->process;
    link->process = process;
    fr_mutex_unlock(link->lock);
    if (before)
        CloseHandle(before);
}

void fr_link_watch(struct fr_link *link, uint32_t pid, bool *gone)
{
    HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, pid);
    *gone = !process && GetLastError() == ERROR_INVALID_PARAMETER;
    if (process)
        fr_link_set_process(link, process);
}

bool fr_link_died(const struct fr_link *link)
{
    return link->process && WaitForSingleObject(link->process, 0) == WAIT_OBJECT_0;
}

fr_status fr_link_waitable(struct fr_link *link, fr_handle *out)
{
    arm(link);
    *out = (fr_handle)link->read.hEvent;
    return FR_OK;
}

/* What a host sent is ours, read or not: its handles are in this process already. */
static void drain(struct fr_link *link)
{
    for (int i = 0; i < DRAIN_MAX; i++) {
        struct fr_packet packet;
        if (fr_link_receive(link, &packet) != FR_OK)
            return;
        fr_packet_finish(&packet);
    }
}

void fr_link_destroy(struct fr_link *link)
{
    if (!link)
        return;
    const bool complete = link->lock && link->read.hEvent && link->write.hEvent;
    if (complete && link->end == FR_LINK_PEER && !link->hung_up)
        drain(link);
    if (complete)
        fr_link_hang_up(link);
    else
        CloseHandle(link->pipe);
    if (link->process)
        CloseHandle(link->process);
    if (link->read.hEvent)
        CloseHandle(link->read.hEvent);
    if (link->write.hEvent)
        CloseHandle(link->write.hEvent);
    fr_mutex_destroy(&link->lock);
    free(link);
}

/* ---- waiting ---- */

static_assert(FR_WAITS_MAX <= MAXIMUM_WAIT_OBJECTS, "all can be waited for");

size_t fr_waits_add(struct fr_waits *waits, fr_handle handle)
{
    if (handle == FR_HANDLE_NONE || !handle)
        return FR_WAITS_NONE;
    assert(waits->count < FR_WAITS_MAX);
    waits->handle[waits->count] = handle;
    return waits->count++;
}

size_t fr_waits_add_link(struct fr_waits *waits, struct fr_link *link, bool input)
{
    DWORD bytes;
    const enum outcome outcome = look(link, &bytes);
    if (!input && (outcome == PACKET || outcome == TOO_LONG))
        return FR_WAITS_NONE;
    return fr_waits_add(waits, (fr_handle)link->read.hEvent);
}

size_t fr_waits_add_process(struct fr_waits *waits, const struct fr_link *link)
{
    return fr_waits_add(waits, (fr_handle)link->process);
}

static DWORD timeout_ms(uint64_t timeout_ns)
{
    const uint64_t ms = timeout_ns / FR_NS_PER_MS + (timeout_ns % FR_NS_PER_MS != 0);
    return ms < INFINITE ? (DWORD)ms : INFINITE;
}

bool fr_waits_wait(struct fr_waits *waits, uint64_t timeout_ns)
{
    HANDLE handles[FR_WAITS_MAX];
    const DWORD ms = timeout_ms(timeout_ns);
    if (!waits->count) {
        Sleep(ms);
        return true;
    }
    for (size_t i = 0; i < waits->count; i++)
        handles[i] = (HANDLE)waits->handle[i];
    const DWORD woken = WaitForMultipleObjects((DWORD)waits->count, handles, FALSE, ms);
    if (woken == WAIT_TIMEOUT)
        return true;
    for (size_t i = 0; i < waits->count; i++)
        waits->ready[i] = i == woken - WAIT_OBJECT_0 || WaitForSingleObject(handles[i], 0) == WAIT_OBJECT_0;
    return true;
}
