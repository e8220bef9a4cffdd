/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness_win32.h"

#include "channel/sealed.h"

#include <framering/observe.h>

#include <stdlib.h>

/* A courier that carries requests to another process, as a program does to its driver, and both sides of what
 * may go wrong on the way. */

enum { CALLS_MAX = 32 };

struct courier {
    SRWLOCK lock;
    uint32_t pid; /* of the source; 0 = none now */
    uint64_t capabilities;
    fr_status answer; /* to deliver; FR_OK: the child's */
    HANDLE hold;      /* deliver waits for it; NULL: does not wait */
    HANDLE to, from;  /* the child's */
    unsigned asked, calls;
    fr_win32_ring ring[CALLS_MAX];
};

static fr_status find_source(void *user, fr_win32_peer *out)
{
    struct courier *courier = user;
    AcquireSRWLockExclusive(&courier->lock);
    courier->asked++;
    *out = (fr_win32_peer){.pid = courier->pid, .capabilities = courier->capabilities};
    ReleaseSRWLockExclusive(&courier->lock);
    return out->pid ? FR_OK : FR_AGAIN;
}

/* The child's own answer comes back as a word. */
static fr_status carry(struct courier *courier, const fr_win32_ring *ring)
{
    uint64_t word = 0;
    DWORD bytes;
    if (!courier->to)
        return FR_OK;
    if (!WriteFile(courier->to, ring, sizeof(*ring), &bytes, NULL) ||
        !ReadFile(courier->from, &word, sizeof(word), &bytes, NULL))
        return FR_ERR_SYSTEM;
    return (fr_status)(int32_t)word;
}

static fr_status deliver(void *user, const fr_win32_ring *ring)
{
    struct courier *courier = user;
    AcquireSRWLockExclusive(&courier->lock);
    if (courier->calls < CALLS_MAX)
        courier->ring[courier->calls] = *ring;
    courier->calls++;
    const fr_status answer = courier->answer;
    HANDLE hold = courier->hold;
    ReleaseSRWLockExclusive(&courier->lock);
    if (hold)
        WaitForSingleObject(hold, (DWORD)(WAIT_NS / FR_NS_PER_MS));
    return answer ? answer : carry(courier, ring);
}

static unsigned calls_of(struct courier *courier)
{
    AcquireSRWLockExclusive(&courier->lock);
    const unsigned calls = courier->calls;
    ReleaseSRWLockExclusive(&courier->lock);
    return calls;
}

static unsigned wait_for_calls(struct courier *courier, unsigned calls)
{
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (calls_of(courier) < calls && now_ns() < deadline)
        sleep_ms(1);
    return calls_of(courier);
}

struct fixture {
    struct sandbox sandbox;
    struct courier courier;
    struct host host;
    struct ring ring;
};

static void open_host(struct fixture *fixture, const char *image)
{
    struct host *host = &fixture->host;
    sink_init(&host->sink);
    const struct fr_courier_host_params params = {.target_id = 7,
                                                  .courier = {&fixture->courier, find_source, deliver},
                                                  .prefix = fixture->sandbox.dir,
                                                  .source_image = image,
                                                  .log = sink_log(&host->sink)};
    assert_int_equal(fr_courier_host_create(&host->channel, &params), FR_OK);
    host_start(host);
}

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    InitializeSRWLock(&fixture->courier.lock);
    ring_make(&fixture->ring, 1);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    ring_free(&fixture->ring);
    sandbox_remove(&fixture->sandbox);
    free(fixture);
    return 0;
}

static fr_status deliver_generation(struct fixture *fixture, uint32_t generation)
{
    struct host *host = &fixture->host;
    fixture->ring.delivery.generation = generation;
    return host->channel.ops->deliver(host->channel.self, &fixture->ring.delivery);
}

/* ---- the driver ---- */

/* Takes requests as they come and writes its pid into each header. */
static void run_driver(const struct sandbox *sandbox)
{
    const struct fr_os os = fr_os_native();
    struct sink sink;
    struct fr_source_channel channel;
    HANDLE requests = (HANDLE)(intptr_t)atoi(__argv[5]);
    (void)sandbox;
    sink_init(&sink);
    const fr_log log = sink_log(&sink);
    if (fr_delivered_source_create(&channel, 7, FR_CAP_STATES, &log))
        return;
    tell(1);
    for (;;) {
        uint8_t request[sizeof(fr_win32_ring)];
        DWORD bytes;
        struct fr_source_news news;
        if (!ReadFile(requests, request, sizeof(request), &bytes, NULL))
            return;
        const fr_status status = fr_delivered_source_put(&channel, request, bytes);
        while (!status && channel.ops->poll(channel.self, 0, &news) == FR_OK) {
            struct fr_memory header;
            if (news.kind != FR_SOURCE_NEWS_RING ||
                os.ops->memory_map(os.self, news.delivery.header, FR_WIRE_V2_BYTES, FR_ACCESS_WRITE, &header))
                continue;
            ((fr_wire_v2 *)header.ptr)->v1.status_detail = fr_os_process_id();
            os.ops->memory_close(os.self, &header);
            os.ops->handle_close(os.self, news.delivery.slots);
            SetEvent((HANDLE)news.delivery.event);
            os.ops->handle_close(os.self, news.delivery.event);
        }
        tell((uint64_t)(int64_t)status);
    }
}

static struct child start_driver(struct courier *courier)
{
    SECURITY_ATTRIBUTES inheritable = {.nLength = sizeof(inheritable), .bInheritHandle = TRUE};
    HANDLE requests, to;
    assert_true(CreatePipe(&requests, &to, &inheritable, 4096));
    SetHandleInformation(to, HANDLE_FLAG_INHERIT, 0);
    struct child child = child_start_with("driver", "none", (int)(intptr_t)requests);
    CloseHandle(requests);
    assert_int_equal(child_hear(&child), 1);
    AcquireSRWLockExclusive(&courier->lock);
    courier->pid = child.pid;
    courier->to = to;
    courier->from = (HANDLE)child.from;
    ReleaseSRWLockExclusive(&courier->lock);
    return child;
}

static void end_driver(struct courier *courier, struct child *child)
{
    AcquireSRWLockExclusive(&courier->lock);
    courier->pid = 0;
    CloseHandle(courier->to);
    courier->to = NULL;
    ReleaseSRWLockExclusive(&courier->lock);
    child_end(child);
}

/* ---- the host ---- */

static void a_ring_reaches_another_process(void **state)
{
    struct fixture *fixture = *state;
    struct courier *courier = &fixture->courier;
    const struct fr_os os = fr_os_native();
    struct child child = start_driver(courier);
    const size_t theirs = child_handles_settled(&child);
    open_host(fixture, NULL);
    const struct fr_host_news news = host_expect(&fixture->host, FR_HOST_NEWS_SOURCE);
    assert_int_equal(news.pid, child.pid);
    assert_string_equal(news.name, "test-channel-delivered.exe");
    assert_int_equal(news.capabilities, FR_CAP_STATES);
    assert_false(news.on_gpu);
    assert_false(news.has_display);

    const size_t ours = system_count_handles();
    for (uint32_t generation = 5; generation < 8; generation++) {
        assert_int_equal(deliver_generation(fixture, generation), FR_OK);
        const struct fr_event *const events[] = {&fixture->ring.event};
        assert_int_equal(os.ops->wait(os.self, events, 1, WAIT_NS), FR_OK);
    }
    assert_int_equal(((fr_wire_v2 *)fixture->ring.header.ptr)->v1.status_detail, child.pid);
    const fr_win32_ring *ring = &courier->ring[0];
    assert_int_equal(ring->magic, FR_WIN32_RING_MAGIC);
    assert_int_equal(ring->version, 1);
    assert_int_equal(ring->bytes, 248);
    assert_int_equal(ring->target_id, 7);
    assert_int_equal(ring->generation, 5);
    assert_int_equal(ring->host_pid, GetCurrentProcessId());
    assert_int_equal(ring->header_bytes, FR_WIRE_V2_BYTES);
    assert_int_equal(ring->slot_offset[3], fixture->ring.delivery.slot_offset[3]);
    for (size_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        assert_int_equal(ring->texture[i], 0);
    assert_int_equal(ring->ready_fence | ring->retire_fence, 0);

    /* The driver closed its handles, and nothing is left of what the host kept for the courier: only the
     * observers' copy of the header. */
    expect_handles(ours + 1);
    expect_child_handles(&child, theirs);
    host_close(&fixture->host);
    end_driver(courier, &child);
}

static void the_source_is_asked_for_until_it_is_there(void **state)
{
    struct fixture *fixture = *state;
    struct courier *courier = &fixture->courier;
    open_host(fixture, NULL);
    host_expect_quiet(&fixture->host);
    assert_int_equal(deliver_generation(fixture, 1), FR_OK);
    courier->capabilities = FR_CAP_KEYED_MUTEX | FR_CAP_FENCE;
    struct child child = start_driver(courier);
    const struct fr_os os = fr_os_native();
    const struct fr_event *const events[] = {&fixture->host.notify};
    assert_int_equal(os.ops->wait(os.self, events, 1, WAIT_NS), FR_OK);
    /* It is there, but nobody has heard of it. */
    assert_int_equal(deliver_generation(fixture, 2), FR_OK);
    sleep_ms(50);
    const struct fr_host_news news = host_expect(&fixture->host, FR_HOST_NEWS_SOURCE);
    assert_int_equal(news.capabilities, FR_CAP_KEYED_MUTEX | FR_CAP_FENCE);
    assert_true(news.on_gpu);
    assert_true(courier->asked >= 2);
    /* What was made before it came is not its ring. */
    host_expect_quiet(&fixture->host);
    assert_int_equal(calls_of(courier), 0);
    assert_int_equal(fixture->host.channel.ops->request_hdr(fixture->host.channel.self, true),
                     FR_ERR_UNSUPPORTED);
    int theirs;
    assert_int_equal(fixture->host.channel.ops->invite(fixture->host.channel.self, &theirs),
                     FR_ERR_UNSUPPORTED);
    host_close(&fixture->host);
    end_driver(courier, &child);
}

static void another_image_is_turned_away_once(void **state)
{
    struct fixture *fixture = *state;
    struct child child = start_driver(&fixture->courier);
    open_host(fixture, "C:\\Windows\\System32\\WUDFHost.exe");
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_PERMISSION);
    assert_true(sink_has(&fixture->host.sink, FR_LOG_WARNING, "its image is not the one that is allowed"));
    const unsigned asked = fixture->courier.asked;
    while (fixture->courier.asked == asked)
        sleep_ms(10);
    host_expect_quiet(&fixture->host);
    assert_int_equal(sink_count(&fixture->host.sink, FR_LOG_WARNING), 1);
    host_close(&fixture->host);
    end_driver(&fixture->courier, &child);
}

static void a_source_of_unknown_ways_is_turned_away(void **state)
{
    struct fixture *fixture = *state;
    fixture->courier.capabilities = UINT64_C(1) << 40;
    struct child child = start_driver(&fixture->courier);
    open_host(fixture, NULL);
    host_expect(&fixture->host, FR_HOST_NEWS_REFUSED);
    assert_true(sink_has(&fixture->host.sink, FR_LOG_WARNING, "in none of the ways"));
    host_close(&fixture->host);
    end_driver(&fixture->courier, &child);
}

static void the_death_of_the_source_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct courier *courier = &fixture->courier;
    struct child child = start_driver(courier);
    open_host(fixture, NULL);
    host_expect(&fixture->host, FR_HOST_NEWS_SOURCE);
    end_driver(courier, &child);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_GONE).reason, FR_ERR_SOURCE_DIED);
    child = start_driver(courier);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_SOURCE).pid, child.pid);
    assert_int_equal(deliver_generation(fixture, 2), FR_OK);
    assert_int_equal(wait_for_calls(courier, 1), 1);
    host_close(&fixture->host);
    end_driver(courier, &child);
}

static void what_the_courier_does_not_deliver_is_closed_and_tried_again(void **state)
{
    struct fixture *fixture = *state;
    struct courier *courier = &fixture->courier;
    struct child child = start_driver(courier);
    open_host(fixture, NULL);
    host_expect(&fixture->host, FR_HOST_NEWS_SOURCE);
    const size_t theirs = child_handles_settled(&child);
    courier->answer = FR_ERR_REFUSED;
    assert_int_equal(deliver_generation(fixture, 1), FR_OK);
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_GONE).reason, FR_ERR_SOURCE_DIED);
    expect_child_handles(&child, theirs);
    assert_int_equal(calls_of(courier), 1);
    assert_true(sink_has(&fixture->host.sink, FR_LOG_WARNING, "could not be handed to its source"));
    courier->answer = FR_OK;
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_SOURCE).pid, child.pid);
    assert_int_equal(deliver_generation(fixture, 2), FR_OK);
    assert_int_equal(wait_for_calls(courier, 2), 2);
    assert_int_equal(courier->ring[1].generation, 2);
    host_close(&fixture->host);
    end_driver(courier, &child);
}

static void a_handle_that_cannot_be_given_spoils_the_whole(void **state)
{
    struct fixture *fixture = *state;
    struct courier *courier = &fixture->courier;
    struct child child = start_driver(courier);
    open_host(fixture, NULL);
    host_expect(&fixture->host, FR_HOST_NEWS_SOURCE);
    const size_t theirs = child_handles_settled(&child), ours = system_count_handles();
    struct fr_delivery bad = fixture->ring.delivery;
    bad.slots = 0x7ffffff0;
    assert_true(fixture->host.channel.ops->deliver(fixture->host.channel.self, &bad) < 0);
    host_expect_quiet(&fixture->host);
    assert_int_equal(calls_of(courier), 0);
    expect_child_handles(&child, theirs);
    expect_handles(ours + 1);
    host_close(&fixture->host);
    end_driver(courier, &child);
}

/* The frame thread neither waits for a courier that hangs, nor does a ring that nobody needs any more get on
 * the way. */
static void the_newest_ring_waits_for_a_slow_courier(void **state)
{
    struct fixture *fixture = *state;
    struct courier *courier = &fixture->courier;
    struct child child = start_driver(courier);
    open_host(fixture, NULL);
    host_expect(&fixture->host, FR_HOST_NEWS_SOURCE);
    courier->hold = CreateEventW(NULL, TRUE, FALSE, NULL);
    const size_t theirs = child_handles_settled(&child);
    assert_int_equal(deliver_generation(fixture, 1), FR_OK);
    assert_int_equal(wait_for_calls(courier, 1), 1);
    for (uint32_t generation = 2; generation <= 5; generation++)
        assert_int_equal(deliver_generation(fixture, generation), FR_OK);
    assert_int_equal(calls_of(courier), 1);
    SetEvent(courier->hold);
    assert_int_equal(wait_for_calls(courier, 2), 2);
    host_expect_quiet(&fixture->host);
    assert_int_equal(calls_of(courier), 2);
    assert_int_equal(courier->ring[1].generation, 5);
    expect_child_handles(&child, theirs);
    host_close(&fixture->host);
    CloseHandle(courier->hold);
    end_driver(courier, &child);
}

static void observers_watch_and_sources_do_not_come_by_the_pipe(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    fr_observer *observer;
    fr_observation seen;
    open_host(fixture, NULL);
    assert_int_equal(deliver_generation(fixture, 1), FR_OK);
    source_open(&source, &fixture->sandbox, 7);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_REFUSED);
    assert_true(sink_has(&source.sink, FR_LOG_ERROR, "gets its rings from the host's program"));
    assert_int_equal(host_expect(&fixture->host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_REFUSED);
    source_close(&source);
    assert_int_equal(observer_open(&observer, &fixture->sandbox, 7, NULL), FR_OK);
    fr_status status = FR_AGAIN;
    const uint64_t deadline = now_ns() + WAIT_NS;
    while (status == FR_AGAIN && now_ns() < deadline)
        status = fr_observer_sample(observer, &seen);
    assert_int_equal(status, FR_OK);
    assert_int_equal(seen.header.v1.generation, 1);
    fr_observer_close(&observer);
    host_close(&fixture->host);
}

static void a_courier_needs_both_functions(void **state)
{
    struct fixture *fixture = *state;
    struct fr_host_channel channel;
    const fr_win32_courier half[] = {{NULL, find_source, NULL}, {NULL, NULL, deliver}};
    for (size_t i = 0; i < 2; i++) {
        const struct fr_courier_host_params params = {
            .target_id = 7, .courier = half[i], .prefix = fixture->sandbox.dir};
        assert_int_equal(fr_courier_host_create(&channel, &params), FR_ERR_ARGUMENT);
        assert_null(channel.self);
    }
}

/* ---- the source, alone ---- */

struct receiver {
    struct sink sink;
    struct fr_source_channel channel;
};

static void receiver_open(struct receiver *receiver, uint64_t capabilities)
{
    sink_init(&receiver->sink);
    const fr_log log = sink_log(&receiver->sink);
    assert_int_equal(fr_delivered_source_create(&receiver->channel, 7, capabilities, &log), FR_OK);
}

static void receiver_close(struct receiver *receiver)
{
    receiver->channel.ops->destroy(receiver->channel.self);
    sink_finish(&receiver->sink);
}

static uint64_t copy_of(fr_handle handle)
{
    HANDLE copy = NULL;
    assert_true(DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, GetCurrentProcess(), &copy, 0, FALSE,
                                DUPLICATE_SAME_ACCESS));
    return (uint64_t)(uintptr_t)copy;
}

static fr_win32_ring request_of(const struct ring *ring, uint32_t generation, uint32_t host_pid)
{
    const struct fr_delivery *from = &ring->delivery;
    fr_win32_ring request = {.magic = FR_WIN32_RING_MAGIC,
                             .version = 1,
                             .bytes = sizeof(request),
                             .target_id = 7,
                             .generation = generation,
                             .ring_len = from->ring_len,
                             .width = from->width,
                             .height = from->height,
                             .format = (uint32_t)from->format,
                             .sync_kind = FR_WIRE_SYNC_STATES,
                             .host_pid = host_pid,
                             .header_bytes = from->header_bytes,
                             .slots_bytes = from->slots_bytes,
                             .pitch_bytes = from->pitch_bytes,
                             .header = copy_of(ring->header.handle),
                             .event = copy_of(ring->event.handle),
                             .slots = copy_of(ring->slots.handle)};
    for (uint32_t i = 0; i < from->ring_len; i++)
        request.slot_offset[i] = from->slot_offset[i];
    return request;
}

static void close_request(const fr_win32_ring *request)
{
    CloseHandle((HANDLE)(uintptr_t)request->header);
    CloseHandle((HANDLE)(uintptr_t)request->event);
    CloseHandle((HANDLE)(uintptr_t)request->slots);
}

static struct fr_source_news receiver_expect(struct receiver *receiver, enum fr_source_news_kind kind)
{
    struct fr_source_news news;
    assert_int_equal(receiver->channel.ops->poll(receiver->channel.self, 0, &news), FR_OK);
    assert_int_equal(news.kind, kind);
    return news;
}

static void receiver_expect_quiet(struct receiver *receiver)
{
    struct fr_source_news news;
    assert_int_equal(receiver->channel.ops->poll(receiver->channel.self, 0, &news), FR_AGAIN);
}

static void a_newer_request_supersedes_and_closes(void **state)
{
    struct fixture *fixture = *state;
    struct receiver receiver;
    receiver_open(&receiver, FR_CAP_STATES);
    receiver_expect_quiet(&receiver);
    const size_t before = system_count_handles();
    for (uint32_t generation = 1; generation <= 4; generation++) {
        const fr_win32_ring request = request_of(&fixture->ring, generation, 11);
        assert_int_equal(fr_delivered_source_put(&receiver.channel, &request, sizeof(request)), FR_OK);
    }
    assert_int_equal(system_count_handles(), before + 3);
    const struct fr_source_news connected = receiver_expect(&receiver, FR_SOURCE_NEWS_CONNECTED);
    assert_int_equal(connected.host_pid, 11);
    assert_int_equal(connected.target_id, 7);
    struct fr_delivery got = receiver_expect(&receiver, FR_SOURCE_NEWS_RING).delivery;
    assert_int_equal(got.generation, 4);
    assert_int_equal(got.wire_version, 2);
    assert_int_equal(got.ready_fence, FR_HANDLE_NONE);
    assert_int_equal(got.texture[0], FR_HANDLE_NONE);
    receiver_expect_quiet(&receiver);
    delivery_close(&got);
    assert_int_equal(system_count_handles(), before);

    /* One that was not taken goes with the source. */
    const fr_win32_ring request = request_of(&fixture->ring, 5, 11);
    assert_int_equal(fr_delivered_source_put(&receiver.channel, &request, sizeof(request)), FR_OK);
    receiver_close(&receiver);
    DWORD flags;
    assert_false(GetHandleInformation((HANDLE)(uintptr_t)request.header, &flags));
}

static void the_end_of_a_host_and_another_host_are_heard(void **state)
{
    struct fixture *fixture = *state;
    struct receiver receiver;
    receiver_open(&receiver, FR_CAP_STATES);
    fr_delivered_source_host_gone(&receiver.channel);
    receiver_expect_quiet(&receiver);

    fr_win32_ring request = request_of(&fixture->ring, 1, 11);
    assert_int_equal(fr_delivered_source_put(&receiver.channel, &request, sizeof(request)), FR_OK);
    receiver_expect(&receiver, FR_SOURCE_NEWS_CONNECTED);
    struct fr_delivery got = receiver_expect(&receiver, FR_SOURCE_NEWS_RING).delivery;
    delivery_close(&got);
    request = request_of(&fixture->ring, 2, 11);
    assert_int_equal(fr_delivered_source_put(&receiver.channel, &request, sizeof(request)), FR_OK);
    fr_delivered_source_host_gone(&receiver.channel);
    assert_false(receiver_expect(&receiver, FR_SOURCE_NEWS_GONE).final);
    receiver_expect_quiet(&receiver); /* the ring went with its host */

    for (uint32_t host = 12; host <= 13; host++) {
        request = request_of(&fixture->ring, 3, host);
        assert_int_equal(fr_delivered_source_put(&receiver.channel, &request, sizeof(request)), FR_OK);
        if (host == 13)
            receiver_expect(&receiver, FR_SOURCE_NEWS_GONE);
        assert_int_equal(receiver_expect(&receiver, FR_SOURCE_NEWS_CONNECTED).host_pid, host);
        got = receiver_expect(&receiver, FR_SOURCE_NEWS_RING).delivery;
        delivery_close(&got);
    }
    receiver_close(&receiver);
}

static void requests_that_lie_leave_their_handles(void **state)
{
    struct fixture *fixture = *state;
    struct receiver receiver;
    receiver_open(&receiver, FR_CAP_STATES | FR_CAP_KEYED_MUTEX);
    const fr_win32_ring fine = request_of(&fixture->ring, 1, 11);
    fr_win32_ring lie;
#define LIE(field, value)                                                                                    \
    do {                                                                                                     \
        lie = fine;                                                                                          \
        lie.field = (value);                                                                                 \
        if (fr_delivered_source_put(&receiver.channel, &lie, sizeof(lie)) != FR_ERR_PROTOCOL)                \
            fail_msg("not caught: %s = %s", #field, #value);                                                 \
    } while (0)
    LIE(magic, 0);
    LIE(version, 2);
    LIE(bytes, 240);
    LIE(target_id, 8);
    LIE(generation, 0);
    LIE(generation, FR_GENERATION_MAX + 1);
    LIE(ring_len, 0);
    LIE(ring_len, 9);
    LIE(ring_len, UINT32_MAX);
    LIE(width, 0);
    LIE(height, 65);
    LIE(format, 77);
    LIE(sync_kind, 0);
    LIE(sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    LIE(sync_kind, FR_WIRE_SYNC_FENCE);
    LIE(header_bytes, 64);
    LIE(slots_bytes, 0);
    LIE(pitch_bytes, 8);
    LIE(slot_offset[3], UINT64_MAX & ~UINT64_C(4095));
    LIE(header, 0);
    LIE(header, 0x7ffffff0);
    LIE(header, UINT64_MAX);
    LIE(header, lie.slots);
    LIE(event, 0);
    LIE(event, lie.header);
    LIE(slots, 0);
    LIE(texture[0], lie.slots);
    LIE(texture[7], 4);
    LIE(ready_fence, 4);
    LIE(retire_fence, 4);
    assert_int_equal(fr_delivered_source_put(&receiver.channel, &fine, sizeof(fine) - 1), FR_ERR_PROTOCOL);
    assert_int_equal(fr_delivered_source_put(&receiver.channel, &fine, 0), FR_ERR_PROTOCOL);
    assert_int_equal(fr_delivered_source_put(&receiver.channel, NULL, 248), FR_ERR_ARGUMENT);
    uint8_t longer[sizeof(fine) + 8] = {0};
    memcpy(longer, &fine, sizeof(fine));
    assert_int_equal(fr_delivered_source_put(&receiver.channel, longer, sizeof(longer)), FR_ERR_PROTOCOL);
    receiver_expect_quiet(&receiver);
    assert_true(sink_has(&receiver.sink, FR_LOG_ERROR, "it is for another target"));
    /* They are still the caller's, and still good. */
    assert_int_equal(fr_delivered_source_put(&receiver.channel, &fine, sizeof(fine)), FR_OK);
    receiver_close(&receiver);
}

static void textures_come_with_as_many_handles(void **state)
{
    struct fixture *fixture = *state;
    struct receiver receiver;
    receiver_open(&receiver, FR_CAP_KEYED_MUTEX | FR_CAP_FENCE);
    for (int fences = 0; fences <= 1; fences++) {
        fr_win32_ring request = request_of(&fixture->ring, 1, 11);
        CloseHandle((HANDLE)(uintptr_t)request.slots);
        request.slots = request.slots_bytes = request.pitch_bytes = 0;
        memset(request.slot_offset, 0, sizeof(request.slot_offset));
        request.sync_kind = fences ? FR_WIRE_SYNC_FENCE : FR_WIRE_SYNC_KEYED_MUTEX;
        request.adapter_luid_low = 77;
        request.adapter_luid_high = -1;
        for (size_t i = 0; i < 4; i++)
            request.texture[i] = copy_of(fixture->ring.slots.handle);
        if (fences) {
            request.ready_fence = copy_of(fixture->ring.event.handle);
            assert_int_equal(fr_delivered_source_put(&receiver.channel, &request, sizeof(request)),
                             FR_ERR_PROTOCOL);
            request.retire_fence = copy_of(fixture->ring.event.handle);
        }
        assert_int_equal(fr_delivered_source_put(&receiver.channel, &request, sizeof(request)), FR_OK);
        if (!fences)
            receiver_expect(&receiver, FR_SOURCE_NEWS_CONNECTED);
        struct fr_delivery got = receiver_expect(&receiver, FR_SOURCE_NEWS_RING).delivery;
        assert_int_equal(got.texture[3], request.texture[3]);
        assert_int_equal(got.texture[4], FR_HANDLE_NONE);
        assert_int_equal(got.slots, FR_HANDLE_NONE);
        assert_int_equal(got.retire_fence, fences ? (fr_handle)request.retire_fence : FR_HANDLE_NONE);
        assert_int_equal(got.adapter_luid_low, 77);
        assert_int_equal(got.adapter_luid_high, -1);
        delivery_close(&got);
    }
    receiver_close(&receiver);
}

struct knocker {
    struct receiver *receiver;
    const struct ring *ring;
};

static void knock(void *knocker_)
{
    const struct knocker *knocker = knocker_;
    sleep_ms(50);
    const fr_win32_ring request = request_of(knocker->ring, 9, 11);
    if (fr_delivered_source_put(&knocker->receiver->channel, &request, sizeof(request)))
        close_request(&request);
}

static void a_request_wakes_a_source_that_waits(void **state)
{
    struct fixture *fixture = *state;
    struct receiver receiver;
    struct fr_thread *thread;
    struct fr_source_news news;
    receiver_open(&receiver, FR_CAP_STATES);
    struct knocker knocker = {&receiver, &fixture->ring};
    assert_int_equal(fr_thread_start(&thread, "knock", knock, &knocker), FR_OK);
    assert_int_equal(receiver.channel.ops->poll(receiver.channel.self, WAIT_NS, &news), FR_OK);
    assert_int_equal(news.kind, FR_SOURCE_NEWS_CONNECTED);
    fr_thread_join(&thread);
    receiver_close(&receiver);
}

int main(int argc, char **argv)
{
    const struct child_role roles[] = {{"driver", run_driver}, {NULL, NULL}};
    child_main(argc, argv, roles);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_ring_reaches_another_process),
        TEST(the_source_is_asked_for_until_it_is_there),
        TEST(another_image_is_turned_away_once),
        TEST(a_source_of_unknown_ways_is_turned_away),
        TEST(the_death_of_the_source_is_noticed),
        TEST(what_the_courier_does_not_deliver_is_closed_and_tried_again),
        TEST(a_handle_that_cannot_be_given_spoils_the_whole),
        TEST(the_newest_ring_waits_for_a_slow_courier),
        TEST(observers_watch_and_sources_do_not_come_by_the_pipe),
        TEST(a_courier_needs_both_functions),
        TEST(a_newer_request_supersedes_and_closes),
        TEST(the_end_of_a_host_and_another_host_are_heard),
        TEST(requests_that_lie_leave_their_handles),
        TEST(textures_come_with_as_many_handles),
        TEST(a_request_wakes_a_source_that_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
