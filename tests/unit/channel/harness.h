/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_CHANNEL_HARNESS_H
#define TESTS_UNIT_CHANNEL_HARNESS_H

/* Real hosts, real sources and raw sockets in a runtime folder of the test's own, so that any number of tests
 * run at once. */

#include "channel/packet.h"
#include "channel/runtime_dir.h"
#include "channel/socket.h"

#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_NS (5 * FR_NS_PER_S) /* far beyond what anything here takes */
#define QUIET_NS (50 * FR_NS_PER_MS)

enum { SINK_LINES_MAX = 64, SINK_LINE_BYTES = 300 };

/* Keeps what is logged. */
struct sink {
    pthread_mutex_t lock;
    size_t num_lines;
    fr_log_level level[SINK_LINES_MAX];
    char line[SINK_LINES_MAX][SINK_LINE_BYTES];
};

void sink_init(struct sink *sink);
fr_log sink_log(struct sink *sink);
/* Waits until a line of that level holds `part`. */
bool sink_has(struct sink *sink, fr_log_level level, const char *part);
size_t sink_count(struct sink *sink, fr_log_level level);

uint64_t now_ns(void);
void sleep_ms(unsigned ms);
size_t count_fds(void);
/* That many are open, at once or soon: the host's thread closes some after it told us. */
void expect_fds(size_t count);

/* A new folder with mode 0700 and, in `path`, the one in it that a host makes. */
struct sandbox {
    char top[64], dir[96];
};

void sandbox_make(struct sandbox *sandbox);
void sandbox_remove(struct sandbox *sandbox);
void sandbox_socket(const struct sandbox *sandbox, uint32_t target_id, char path[FR_SOCKET_PATH_BYTES]);

struct host {
    struct fr_host_channel channel;
    struct fr_event notify;
    struct sink sink;
};

/* Opened and started; asserts that it works. */
void host_open(struct host *host, const struct sandbox *sandbox, uint32_t target_id);
void host_close(struct host *host);
/* Waits for the next news; fails if none come, or of another kind. */
struct fr_host_news host_expect(struct host *host, enum fr_host_news_kind kind);
void host_expect_quiet(struct host *host);

struct source {
    struct fr_source_channel channel;
    struct sink sink;
};

void source_open(struct source *source, const struct sandbox *sandbox, uint32_t target_id);
void source_open_inherited(struct source *source, int fd);
void source_close(struct source *source);
struct fr_source_news source_expect(struct source *source, enum fr_source_news_kind kind);
void source_expect_quiet(struct source *source);

/* A ring that nobody draws into. */
struct ring {
    struct fr_memory header, slots;
    struct fr_event event;
    struct fr_delivery delivery;
};

void ring_make(struct ring *ring, uint32_t generation);
void ring_free(struct ring *ring);
void delivery_close(struct fr_delivery *delivery);

/* Raw ends that say what they like. */
int raw_connect(const char *path);
int raw_listen(const char *path);
int raw_accept(int listen_fd);
void raw_send(int fd, const void *bytes, size_t num_bytes, const int *fds, size_t num_fds);
void raw_send_msg(int fd, const union fr_msg *msg);
size_t raw_hello(union fr_msg *msg, uint32_t target_id);
/* Waits for a packet of that type, without a fault. */
void raw_expect(int fd, uint32_t type, struct fr_packet *out);
/* The REFUSE and the hang-up that end a connection; text may be NULL. */
void raw_expect_refused(int fd, uint32_t reason, const char *text);
void raw_expect_hang_up(int fd);

extern const fr_display_descriptor full_hd;

#endif
