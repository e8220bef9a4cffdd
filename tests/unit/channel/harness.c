/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness.h"

const fr_display_descriptor full_hd = {
    .mode = {1920, 1080, 60000}, .colour_state = FR_COLOUR_STATE_SDR, .sdr_white_millinits = 203000};

void sink_init(struct sink *sink)
{
    memset(sink, 0, sizeof(*sink));
    sink->lock = fr_mutex_create();
    assert_non_null(sink->lock);
}

void sink_finish(struct sink *sink)
{
    fr_mutex_destroy(&sink->lock);
}

static void sink_write(void *user, fr_log_level level, const char *text)
{
    struct sink *sink = user;
    fr_mutex_lock(sink->lock);
    if (sink->num_lines < SINK_LINES_MAX) {
        sink->level[sink->num_lines] = level;
        snprintf(sink->line[sink->num_lines], SINK_LINE_BYTES, "%s", text);
        sink->num_lines++;
    }
    fr_mutex_unlock(sink->lock);
}

fr_log sink_log(struct sink *sink)
{
    return (fr_log){.write = sink_write, .user = sink, .max_level = FR_LOG_DEBUG};
}

bool sink_look(struct sink *sink, fr_log_level level, const char *part)
{
    bool found = false;
    fr_mutex_lock(sink->lock);
    for (size_t i = 0; i < sink->num_lines; i++)
        found = found || (sink->level[i] == level && strstr(sink->line[i], part));
    fr_mutex_unlock(sink->lock);
    return found;
}

bool sink_has(struct sink *sink, fr_log_level level, const char *part)
{
    const uint64_t deadline = now_ns() + WAIT_NS;
    bool late = false;
    while (!sink_look(sink, level, part)) {
        if (late) {
            for (size_t i = 0; i < sink->num_lines; i++)
                print_message("logged %d: %s\n", (int)sink->level[i], sink->line[i]);
            print_message("but not %d: %s\n", (int)level, part);
            return false;
        }
        late = now_ns() > deadline; /* it looks once more */
        sleep_ms(1);
    }
    return true;
}

size_t sink_count(struct sink *sink, fr_log_level level)
{
    size_t count = 0;
    fr_mutex_lock(sink->lock);
    for (size_t i = 0; i < sink->num_lines; i++)
        count += sink->level[i] == level;
    fr_mutex_unlock(sink->lock);
    return count;
}

uint64_t now_ns(void)
{
    const struct fr_os os = fr_os_native();
    return os.ops->now_ns(os.self);
}

void expect_handles(size_t count)
{
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (system_count_handles() != count && now_ns() < deadline)
        sleep_ms(1);
    assert_int_equal(system_count_handles(), count);
}

void sandbox_address(const struct sandbox *sandbox, uint32_t target_id, char address[FR_ADDRESS_BYTES])
{
    assert_int_equal(fr_dial_address(address, sandbox->dir, target_id, NULL), FR_OK);
}

void host_open(struct host *host, const struct sandbox *sandbox, uint32_t target_id)
{
    sink_init(&host->sink);
    const fr_log log = sink_log(&host->sink);
    assert_int_equal(host_create(&host->channel, sandbox->dir, target_id, &log), FR_OK);
    host_start(host);
}

void host_start(struct host *host)
{
    const struct fr_os os = fr_os_native();
    assert_int_equal(os.ops->event_create(os.self, NULL, &host->notify), FR_OK);
    assert_int_equal(host->channel.ops->start(host->channel.self, &host->notify), FR_OK);
}

void host_close(struct host *host)
{
    const struct fr_os os = fr_os_native();
    host->channel.ops->destroy(host->channel.self);
    os.ops->event_close(os.self, &host->notify);
    sink_finish(&host->sink);
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

static void open_source(struct source *source, const char *dir, uint32_t target_id, int theirs)
{
    sink_init(&source->sink);
    const fr_log log = sink_log(&source->sink);
    assert_int_equal(source_create(&source->channel, dir, target_id, theirs, &log), FR_OK);
    assert_int_equal(source->channel.ops->announce(source->channel.self, &full_hd), FR_OK);
}

void source_open(struct source *source, const struct sandbox *sandbox, uint32_t target_id)
{
    open_source(source, sandbox->dir, target_id, -1);
}

void source_open_inherited(struct source *source, int theirs)
{
    open_source(source, NULL, 0, theirs);
}

void source_close(struct source *source)
{
    source->channel.ops->destroy(source->channel.self);
    sink_finish(&source->sink);
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
    ring->delivery = fr_delivery_none();
    ring->delivery.wire_version = 2;
    ring->delivery.generation = generation;
    ring->delivery.ring_len = 4;
    ring->delivery.width = ring->delivery.height = 64;
    ring->delivery.format = FR_FORMAT_BGRA8;
    ring->delivery.sync_kind = FR_WIRE_SYNC_STATES;
    ring->delivery.header_bytes = FR_WIRE_V2_BYTES;
    ring->delivery.slots_bytes = 4 * slot_bytes;
    ring->delivery.pitch_bytes = 256;
    for (uint32_t i = 0; i < 4; i++)
        ring->delivery.slot_offset[i] = i * slot_bytes;
    ring->delivery.header = ring->header.handle;
    ring->delivery.slots = ring->slots.handle;
    ring->delivery.event = ring->event.handle;
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
    fr_handle handles[FR_MSG_HANDLES_MAX];
    const size_t count = fr_msg_list_handles(delivery, handles, NULL);
    for (size_t i = 0; i < count; i++)
        os.ops->handle_close(os.self, handles[i]);
}

fr_status observer_open(fr_observer **out, const struct sandbox *sandbox, uint32_t target_id,
                        const fr_log *log)
{
    const uint64_t deadline = now_ns() + WAIT_NS;
    fr_status status;
    do
        status = fr_observer_open(out, sandbox->dir, target_id, log);
    while (status == FR_ERR_NO_HOST && now_ns() < deadline);
    return status;
}

void raw_send_msg(fr_handle end, const union fr_msg *msg)
{
    raw_send(end, msg, msg->head.bytes, NULL, 0);
}

void raw_send_bye(fr_handle end)
{
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_BYE);
    raw_send_msg(end, &msg);
}

void raw_send_refuse(fr_handle end, fr_status reason, const char *text)
{
    union fr_msg msg;
    fr_msg_init(&msg, FR_MSG_REFUSE);
    msg.refuse.reason = fr_msg_reason_of_status(reason);
    fr_msg_put_text(msg.refuse.text, sizeof(msg.refuse.text), text);
    raw_send_msg(end, &msg);
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
    hello->capabilities = FR_CAP_STATES;
    strcpy(hello->name, "raw");
    return bytes;
}

void raw_expect(fr_handle end, uint32_t type, struct fr_packet *out)
{
    assert_int_equal(raw_receive(end, out, WAIT_NS), FR_OK);
    assert_null(out->fault);
    assert_int_equal(out->msg.head.magic, FR_MSG_MAGIC);
    assert_string_equal(fr_msg_name(out->msg.head.type), fr_msg_name(type));
}

void raw_expect_hang_up(fr_handle end)
{
    struct fr_packet packet;
    assert_int_equal(raw_receive(end, &packet, WAIT_NS), FR_END);
}

void raw_expect_refused(fr_handle end, uint32_t reason, const char *text)
{
    struct fr_packet packet;
    raw_expect(end, FR_MSG_REFUSE, &packet);
    assert_int_equal(packet.msg.refuse.reason, reason);
    if (text && !strstr(packet.msg.refuse.text, text))
        fail_msg("\"%s\" does not hold \"%s\"", packet.msg.refuse.text, text);
    raw_expect_hang_up(end);
}
