/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CHANNEL_HARNESS_H
#define TESTS_UNIT_CHANNEL_HARNESS_H

/* Real hosts, real sources, raw connections and other processes, at addresses of the test's own, so that any
 * number of tests run at once. harness_linux.c and harness_win32.c have what differs. */

#include "channel/dial.h"
#include "channel/link.h"
#include "os/thread.h"
#include "system/system.h"

#include <framering/observe.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define WAIT_NS (20 * FR_NS_PER_S) /* far beyond what anything here takes */
#define QUIET_NS (50 * FR_NS_PER_MS)

enum { SINK_LINES_MAX = 64, SINK_LINE_BYTES = 300 };

/* Keeps what is logged. */
struct sink {
    struct fr_mutex *lock;
    size_t num_lines;
    fr_log_level level[SINK_LINES_MAX];
    char line[SINK_LINES_MAX][SINK_LINE_BYTES];
};

void sink_init(struct sink *sink);
void sink_finish(struct sink *sink);
fr_log sink_log(struct sink *sink);
/* Waits until a line of that level holds `part`. */
bool sink_has(struct sink *sink, fr_log_level level, const char *part);
/* The same without waiting. */
bool sink_look(struct sink *sink, fr_log_level level, const char *part);
size_t sink_count(struct sink *sink, fr_log_level level);

uint64_t now_ns(void);
void sleep_ms(unsigned ms);

/* That many are open, at once or soon: the host's thread closes some after it told us. */
void expect_handles(size_t count);

/* Where the test's hosts are: on Linux `dir` is a runtime folder in a new folder with mode 0700, on Windows
 * the beginning of pipe names. */
struct sandbox {
    char top[64], dir[96];
};

void sandbox_make(struct sandbox *sandbox);
void sandbox_remove(struct sandbox *sandbox);
void sandbox_address(const struct sandbox *sandbox, uint32_t target_id, char address[FR_ADDRESS_BYTES]);

struct host {
    struct fr_host_channel channel;
    struct fr_event notify;
    struct sink sink;
};

/* Opened and started; asserts that it works. */
void host_open(struct host *host, const struct sandbox *sandbox, uint32_t target_id);
/* The same with a channel that was made by the caller, after sink_init. */
void host_start(struct host *host);
void host_close(struct host *host);
/* Waits for the next news; fails if none come, or of another kind. */
struct fr_host_news host_expect(struct host *host, enum fr_host_news_kind kind);
void host_expect_quiet(struct host *host);
/* The channel that sandbox and target ask for. dir NULL: only invitations. */
fr_status host_create(struct fr_host_channel *out, const char *dir, uint32_t target_id, const fr_log *log);

struct source {
    struct fr_source_channel channel;
    struct sink sink;
};

void source_open(struct source *source, const struct sandbox *sandbox, uint32_t target_id);
void source_open_inherited(struct source *source, int theirs);
void source_close(struct source *source);
struct fr_source_news source_expect(struct source *source, enum fr_source_news_kind kind);
void source_expect_quiet(struct source *source);
/* theirs -1: connects by target. */
fr_status source_create(struct fr_source_channel *out, const char *dir, uint32_t target_id, int theirs,
                        const fr_log *log);

/* A ring that nobody draws into. */
struct ring {
    struct fr_memory header, slots;
    struct fr_event event;
    struct fr_delivery delivery;
};

void ring_make(struct ring *ring, uint32_t generation);
void ring_free(struct ring *ring);
void delivery_close(struct fr_delivery *delivery);

/* As fr_observer_open, and again while nobody answers: a host's thread may be held for longer than an
 * observer waits for it. */
fr_status observer_open(fr_observer **out, const struct sandbox *sandbox, uint32_t target_id,
                        const fr_log *log);

/* Raw ends that say what they like: descriptors or pipe handles. */
struct raw_listener {
    fr_handle handle;
    char address[FR_ADDRESS_BYTES];
};

fr_handle raw_connect(const char *address);
void raw_listen(struct raw_listener *listener, const char *address);
fr_handle raw_accept(struct raw_listener *listener);
void raw_unlisten(struct raw_listener *listener);
void raw_close(fr_handle end);
void raw_send(fr_handle end, const void *bytes, size_t num_bytes, const fr_handle *handles,
              size_t num_handles);
void raw_send_msg(fr_handle end, const union fr_msg *msg);
void raw_send_bye(fr_handle end);
void raw_send_refuse(fr_handle end, fr_status reason, const char *text);
size_t raw_hello(union fr_msg *msg, uint32_t target_id);
/* FR_AGAIN when nothing came in timeout_ns. */
fr_status raw_receive(fr_handle end, struct fr_packet *out, uint64_t timeout_ns);
/* Waits for a packet of that type, without a fault. */
void raw_expect(fr_handle end, uint32_t type, struct fr_packet *out);
/* The REFUSE and the hang-up that end a connection; text may be NULL. */
void raw_expect_refused(fr_handle end, uint32_t reason, const char *text);
void raw_expect_hang_up(fr_handle end);

/* Another process, which runs one of the functions that child_main was given. */
struct child {
    uint32_t pid;
    fr_handle process, from; /* what it tells us */
};

struct child_role {
    const char *name;
    void (*run)(const struct sandbox *sandbox);
};

/* First thing in main: does not return in a child. The list ends with a zero. */
void child_main(int argc, char **argv, const struct child_role *roles);
struct child child_start(const char *role, const struct sandbox *sandbox);
uint64_t child_hear(const struct child *child);
void child_kill(struct child *child);
void child_end(struct child *child); /* killed already, or now */
/* In the child. */
void tell(uint64_t word);
void wait_for_ever(void);

extern const fr_display_descriptor full_hd;

#endif
