/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

const fr_display_descriptor full_hd = {
    .mode = {1920, 1080, 60000}, .colour_state = FR_COLOUR_STATE_SDR, .sdr_white_millinits = 203000};

void sink_init(struct sink *sink)
{
    memset(sink, 0, sizeof(*sink));
    pthread_mutex_init(&sink->lock, NULL);
}

static void sink_write(void *user, fr_log_level level, const char *text)
{
    struct sink *sink = user;
    pthread_mutex_lock(&sink->lock);
    if (sink->num_lines < SINK_LINES_MAX) {
        sink->level[sink->num_lines] = level;
        snprintf(sink->line[sink->num_lines], SINK_LINE_BYTES, "%s", text);
        sink->num_lines++;
    }
    pthread_mutex_unlock(&sink->lock);
}

fr_log sink_log(struct sink *sink)
{
    return (fr_log){.write = sink_write, .user = sink, .max_level = FR_LOG_DEBUG};
}

static bool sink_look(struct sink *sink, fr_log_level level, const char *part)
{
    bool found = false;
    pthread_mutex_lock(&sink->lock);
    for (size_t i = 0; i < sink->num_lines; i++)
        found = found || (sink->level[i] == level && strstr(sink->line[i], part));
    pthread_mutex_unlock(&sink->lock);
    return found;
}

bool sink_has(struct sink *sink, fr_log_level level, const char *part)
{
    const uint64_t deadline = now_ns() + FR_NS_PER_S;
    while (!sink_look(sink, level, part)) {
        if (now_ns() > deadline) {
            for (size_t i = 0; i < sink->num_lines; i++)
                print_message("logged %d: %s\n", (int)sink->level[i], sink->line[i]);
            print_message("but not %d: %s\n", (int)level, part);
            return false;
        }
        sleep_ms(1);
    }
    return true;
}

size_t sink_count(struct sink *sink, fr_log_level level)
{
    size_t count = 0;
    pthread_mutex_lock(&sink->lock);
    for (size_t i = 0; i < sink->num_lines; i++)
        count += sink->level[i] == level;
    pthread_mutex_unlock(&sink->lock);
    return count;
}

uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

void sleep_ms(unsigned ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

size_t count_fds(void)
{
    size_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

void expect_fds(size_t count)
{
    const uint64_t deadline = now_ns() + FR_NS_PER_S;
    while (count_fds() != count && now_ns() < deadline)
        sleep_ms(1);
    assert_int_equal(count_fds(), count);
}

void sandbox_make(struct sandbox *sandbox)
{
    snprintf(sandbox->top, sizeof(sandbox->top), "/tmp/framering-test-XXXXXX");
    assert_non_null(mkdtemp(sandbox->top));
    snprintf(sandbox->dir, sizeof(sandbox->dir), "%s/framering", sandbox->top);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

void sandbox_remove(struct sandbox *sandbox)
{
    nftw(sandbox->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void sandbox_socket(const struct sandbox *sandbox, uint32_t target_id, char path[FR_SOCKET_PATH_BYTES])
{
    struct fr_target_paths paths;
    assert_int_equal(fr_target_paths_init(&paths, sandbox->dir, target_id, NULL), FR_OK);
    memcpy(path, paths.socket, FR_SOCKET_PATH_BYTES);
}

void host_open(struct host *host, const struct sandbox *sandbox, uint32_t target_id)
{
    const struct fr_os os = fr_os_native();
    sink_init(&host->sink);
    const struct fr_socket_host_params params = {
        .target_id = target_id, .runtime_dir = sandbox->dir, .log = sink_log(&host->sink)};
    assert_int_equal(fr_socket_host_create(&host->channel, &params), FR_OK);
    assert_int_equal(os.ops->event_create(os.self, NULL, &host->notify), FR_OK);
    assert_int_equal(host->channel.ops->start(host->channel.self, &host->notify), FR_OK);
}

void host_close(struct host *host)
{
    const struct fr_os os = fr_os_native();
    host->channel.ops->destroy(host->channel.self);
    os.ops->event_close(os.self, &host->notify);
}

static fr_status host_next(struct host *host, struct fr_host_news *news, uint64_t timeout_ns)
{
    const struct fr_os os = fr_os_native();
    const struct fr_event *const events[] = {&host->notify};
    const uint64_t deadline = now_ns() + timeout_ns;
    for (;;) {
        if (host->channel.ops->poll(host->channel.self, news) == FR_OK)
            return FR_OK;
        const uint64_t now = now_ns();
        if (now >= deadline)
            return FR_TIMEOUT;
        os.ops->wait(os.self, events, 1, deadline - now);
    }
}

struct fr_host_news host_expect(struct host *host, enum fr_host_news_kind kind)
{
    struct fr_host_news news;
    assert_int_equal(host_next(host, &news, WAIT_NS), FR_OK);
    assert_int_equal(news.kind, kind);
    return news;
}

void host_expect_quiet(struct host *host)
{
    struct fr_host_news news;
    assert_int_equal(host_next(host, &news, QUIET_NS), FR_TIMEOUT);
}

static void source_create(struct source *source, const char *dir, uint32_t target_id, int fd)
{
    sink_init(&source->sink);
    const struct fr_socket_source_params params = {.socket_fd = fd,
                                                   .target_id = target_id,
                                                   .runtime_dir = dir,
                                                   .name = "tester",
                                                   .log = sink_log(&source->sink)};
    assert_int_equal(fr_socket_source_create(&source->channel, &params), FR_OK);
    assert_int_equal(source->channel.ops->announce(source->channel.self, &full_hd), FR_OK);
}

void source_open(struct source *source, const struct sandbox *sandbox, uint32_t target_id)
{
    source_create(source, sandbox->dir, target_id, -1);
}

void source_open_inherited(struct source *source, int fd)
{
    source_create(source, NULL, 0, fd);
}

void source_close(struct source *source)
{
    source->channel.ops->destroy(source->channel.self);
}

struct fr_source_news source_expect(struct source *source, enum fr_source_news_kind kind)
{
    struct fr_source_news news;
    const uint64_t deadline = now_ns() + WAIT_NS;
    fr_status status = FR_AGAIN;
    while (status == FR_AGAIN && now_ns() < deadline)
        status = source->channel.ops->poll(source->channel.self, FR_NS_PER_S, &news);
    assert_int_equal(status, FR_OK);
    assert_int_equal(news.kind, kind);
    return news;
}

void source_expect_quiet(struct source *source)
{
    struct fr_source_news news;
    assert_int_equal(source->channel.ops->poll(source->channel.self, QUIET_NS, &news), FR_AGAIN);
}

void ring_make(struct ring *ring, uint32_t generation)
{
    const struct fr_os os = fr_os_native();
    memset(ring, 0, sizeof(*ring));
    const size_t slot_bytes = 64 * 256;
    assert_int_equal(os.ops->memory_create(os.self, &(struct fr_object_name){.label = "test-header"},
                                           FR_WIRE_V2_BYTES, FR_ACCESS_WRITE, &ring->header),
                     FR_OK);
    assert_int_equal(os.ops->memory_create(os.self, &(struct fr_object_name){.label = "test-slots"},
                                           4 * slot_bytes, FR_ACCESS_READ, &ring->slots),
                     FR_OK);
    assert_int_equal(os.ops->event_create(os.self, NULL, &ring->event), FR_OK);
    ring->delivery = (struct fr_delivery){.generation = generation,
                                          .ring_len = 4,
                                          .width = 64,
                                          .height = 64,
                                          .format = FR_FORMAT_BGRA8,
                                          .sync_kind = FR_WIRE_SYNC_STATES,
                                          .header_bytes = FR_WIRE_V2_BYTES,
                                          .slots_bytes = 4 * slot_bytes,
                                          .pitch_bytes = 256,
                                          .slot_offset = {0, slot_bytes, 2 * slot_bytes, 3 * slot_bytes},
                                          .header = ring->header.handle,
                                          .slots = ring->slots.handle,
                                          .event = ring->event.handle};
    fr_wire_v2 *header = ring->header.ptr;
    header->v1 = (fr_wire_v1){.magic = FR_WIRE_MAGIC,
                              .version = 2,
                              .generation = generation,
                              .ring_len = 4,
                              .width = 64,
                              .height = 64,
                              .format = FR_FORMAT_BGRA8,
                              .target_id = 0};
}

void ring_free(struct ring *ring)
{
    const struct fr_os os = fr_os_native();
    os.ops->memory_close(os.self, &ring->header);
    os.ops->memory_close(os.self, &ring->slots);
    os.ops->event_close(os.self, &ring->event);
}

void delivery_close(struct fr_delivery *delivery)
{
    const struct fr_os os = fr_os_native();
    os.ops->handle_close(os.self, delivery->header);
    os.ops->handle_close(os.self, delivery->slots);
    os.ops->handle_close(os.self, delivery->event);
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

int raw_connect(const char *path)
{
    struct sockaddr_un address;
    const int fd = unix_socket(path, &address);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    fr_packet_prepare(fd);
    return fd;
}

int raw_listen(const char *path)
{
    struct sockaddr_un address;
    const int fd = unix_socket(path, &address);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

int raw_accept(int listen_fd)
{
    const int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    fr_packet_prepare(fd);
    return fd;
}

void raw_send(int fd, const void *bytes, size_t num_bytes, const int *fds, size_t num_fds)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = num_bytes};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control;
    memset(&control, 0, sizeof(control));
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    if (num_fds) {
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
        struct cmsghdr *part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
        memcpy(CMSG_DATA(part), fds, num_fds * sizeof(int));
    }
    /* The other end may have hung up already; the test looks at what it said. */
    (void)!sendmsg(fd, &header, MSG_NOSIGNAL);
}

void raw_send_msg(int fd, const union fr_msg *msg)
{
    raw_send(fd, msg, msg->head.bytes, NULL, 0);
}

size_t raw_hello(union fr_msg *msg, uint32_t target_id)
{
    const size_t bytes = fr_msg_init(msg, FR_MSG_HELLO);
    struct fr_msg_hello *hello = &msg->hello;
    hello->protocol_min = FR_MSG_PROTOCOL_MIN;
    hello->protocol_max = FR_MSG_PROTOCOL_MAX;
    hello->wire_min = FR_MSG_WIRE_MIN;
    hello->wire_max = FR_MSG_WIRE_MAX;
    hello->role = FR_MSG_ROLE_SOURCE;
    hello->target_id = target_id;
    hello->capabilities = FR_MSG_CAPABILITIES;
    strcpy(hello->name, "raw");
    return bytes;
}

static fr_status raw_receive(int fd, struct fr_packet *out)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, (int)(WAIT_NS / FR_NS_PER_MS)), 1);
    return fr_packet_receive(fd, out);
}

void raw_expect(int fd, uint32_t type, struct fr_packet *out)
{
    assert_int_equal(raw_receive(fd, out), FR_OK);
    assert_null(out->fault);
    assert_int_equal(out->msg.head.magic, FR_MSG_MAGIC);
    assert_string_equal(fr_msg_name(out->msg.head.type), fr_msg_name(type));
}

void raw_expect_hang_up(int fd)
{
    struct fr_packet packet;
    assert_int_equal(raw_receive(fd, &packet), FR_END);
}

void raw_expect_refused(int fd, uint32_t reason, const char *text)
{
    struct fr_packet packet;
    raw_expect(fd, FR_MSG_REFUSE, &packet);
    assert_int_equal(packet.msg.refuse.reason, reason);
    if (text && !strstr(packet.msg.refuse.text, text))
        fail_msg("\"%s\" does not hold \"%s\"", packet.msg.refuse.text, text);
    raw_expect_hang_up(fd);
}
