/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness_win32.h"

#include <framering/capture.h>
#include <framering/source.h>
#include <framering/win32.h>

#include <stdlib.h>

/* Whole sessions between two processes by each of the ways that Windows has, through the public functions
 * alone: frames arrive whole and in order, a dead source is replaced, a change of the display is followed. */

enum { FRAMES = 20, GREYS = 200 };

/* A source's process may take long to start, and to follow. */
static const fr_capture_timing patient = {
    .attach_wait_ns = WAIT_NS, .recovery_ns = WAIT_NS, .first_frame_ns = 2 * WAIT_NS};

struct fixture {
    struct sandbox sandbox;
    char prefix[64]; /* of names */
    struct sink sink;
    struct child child;
    HANDLE requests; /* where the courier writes */
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    snprintf(fixture->prefix, sizeof(fixture->prefix), "Local\\%.50s", fixture->sandbox.dir);
    sink_init(&fixture->sink);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    if (fixture->requests)
        CloseHandle(fixture->requests);
    sink_finish(&fixture->sink);
    free(fixture);
    return 0;
}

/* ---- the source's process ---- */

static void fill(const fr_slot *slot, uint32_t grey)
{
    for (uint32_t y = 0; y < slot->height; y++)
        memset((uint8_t *)slot->pixels + y * slot->pitch_bytes, (int)grey, (size_t)slot->width * 4);
}

/* Grey pictures, each of one brightness, that of its sequence. After a hundred the display has another
 * size. */
static void push_for_ever(const fr_source_params *params)
{
    fr_source *source;
    fr_source_params own = *params;
    own.target_id = 7;
    own.name = "pusher";
    own.display.mode = (fr_mode){64, 48, 60000};
    own.display.colour_state = FR_COLOUR_STATE_SDR;
    if (fr_source_open(&source, &own) < 0)
        exit(2);
    for (;;) {
        fr_slot slot;
        const fr_status status = fr_source_poll(source, 10 * FR_NS_PER_MS);
        if (status < 0 || status == FR_END)
            exit(3);
        if ((status != FR_OK && status != FR_REATTACHED) || fr_source_begin(source, &slot) != FR_OK)
            continue;
        fill(&slot, slot.sequence % GREYS);
        if (fr_source_publish(source, NULL) == FR_OK && slot.sequence == 100) {
            own.display.mode.width = own.display.mode.width == 64 ? 96 : 64;
            fr_source_announce(source, &own.display);
        }
    }
}

static void run_pipe(const struct sandbox *sandbox)
{
    const fr_win32_source_params win32 = {.name_prefix = sandbox->dir};
    push_for_ever(&(fr_source_params){.by_target = true, .win32 = &win32});
}

/* Its pipe stands in FRAMERING_SOCKET. */
static void run_invited(const struct sandbox *sandbox)
{
    (void)sandbox;
    push_for_ever(&(fr_source_params){0});
}

static void run_named(const struct sandbox *sandbox)
{
    const fr_win32_source_params win32 = {.channel = FR_WIN32_CHANNEL_NAMED, .name_prefix = sandbox->dir};
    push_for_ever(&(fr_source_params){.win32 = &win32});
}

static void run_stray(const struct sandbox *sandbox)
{
    fr_source *source;
    const fr_win32_source_params win32 = {.channel = FR_WIN32_CHANNEL_NAMED, .name_prefix = sandbox->dir};
    const fr_source_params params = {.target_id = 8, .win32 = &win32};
    if (fr_source_open(&source, &params) < 0)
        exit(2);
    tell(1);
    while (fr_source_poll(source, FR_NS_PER_S) >= 0)
        ;
}

/* As a driver: requests come on one thread, frames are made on another. */
static fr_source *delivered_source;

static void take_requests(void *unused)
{
    HANDLE requests = (HANDLE)(intptr_t)atoi(__argv[5]);
    (void)unused;
    for (;;) {
        fr_win32_ring ring;
        DWORD bytes;
        if (!ReadFile(requests, &ring, sizeof(ring), &bytes, NULL))
            return;
        tell((uint64_t)(int64_t)fr_source_deliver(delivered_source, &ring, bytes));
    }
}

static void run_delivered(const struct sandbox *sandbox)
{
    struct fr_thread *thread;
    const fr_win32_source_params win32 = {.channel = FR_WIN32_CHANNEL_DELIVERED};
    const fr_source_params params = {.target_id = 7, .name = "driver", .win32 = &win32};
    (void)sandbox;
    if (fr_source_open(&delivered_source, &params) < 0 ||
        fr_thread_start(&thread, "requests", take_requests, NULL))
        exit(2);
    for (;;) {
        fr_slot slot;
        const fr_status status = fr_source_poll(delivered_source, 10 * FR_NS_PER_MS);
        if ((status != FR_OK && status != FR_REATTACHED) || fr_source_begin(delivered_source, &slot) != FR_OK)
            continue;
        fill(&slot, slot.sequence % GREYS);
        fr_source_publish(delivered_source, NULL);
    }
}

/* ---- the host ---- */

static fr_status start_invited(void *user, int socket_fd)
{
    struct fixture *fixture = user;
    char number[16];
    snprintf(number, sizeof(number), "%d", socket_fd);
    SetEnvironmentVariableA(FR_SOURCE_SOCKET_ENV, number);
    fixture->child = child_start_with("invited", "none", 0);
    SetEnvironmentVariableA(FR_SOURCE_SOCKET_ENV, NULL);
    raw_close(socket_fd);
    return FR_OK;
}

static fr_status find_driver(void *user, fr_win32_peer *out)
{
    const struct fixture *fixture = user;
    *out = (fr_win32_peer){.pid = fixture->child.pid};
    return FR_OK;
}

static fr_status deliver_to_driver(void *user, const fr_win32_ring *ring)
{
    const struct fixture *fixture = user;
    uint64_t word = 0;
    DWORD bytes;
    if (!WriteFile(fixture->requests, ring, sizeof(*ring), &bytes, NULL) ||
        !ReadFile((HANDLE)fixture->child.from, &word, sizeof(word), &bytes, NULL))
        return FR_ERR_SYSTEM;
    return (fr_status)(int32_t)word;
}

static fr_capture *open_capture(struct fixture *fixture, const fr_win32_host_params *win32, bool invite)
{
    fr_capture *capture;
    const fr_capture_params params = {.target_id = 7,
                                      .preferred = {64, 48, 60000},
                                      .backend = FR_BACKEND_CPU,
                                      .no_socket = invite,
                                      .timing = patient,
                                      .win32 = win32,
                                      .start_source = invite ? start_invited : NULL,
                                      .user = fixture,
                                      .log = sink_log(&fixture->sink)};
    const fr_status status = fr_capture_open(&capture, &params, NULL);
    if (status != FR_OK) {
        for (size_t i = 0; i < fixture->sink.num_lines; i++)
            print_message("logged: %s\n", fixture->sink.line[i]);
        fail_msg("open: %s", fr_status_text(status));
    }
    return capture;
}

/* The picture is of one brightness, and that of its sequence. */
static void check_picture(const fr_frame *frame)
{
    const double grey = frame->sequence % GREYS;
    const int expected = (int)(16 + grey * 219 / 255 + 0.5);
    for (uint32_t y = 0; y < frame->height; y++)
        for (uint32_t x = 0; x < frame->width; x++)
            if (abs(frame->plane[0][y * frame->pitch_bytes[0] + x] - expected) > 1)
                fail_msg("generation %u, sequence %u: %d at %u,%u instead of %d", frame->generation,
                         frame->sequence, frame->plane[0][y * frame->pitch_bytes[0] + x], x, y, expected);
}

/* Takes that many fresh frames, each newer than the one before; returns the last one's generation. */
static uint32_t take_frames(fr_capture *capture, unsigned count)
{
    uint32_t generation = 0, sequence = 0;
    const uint64_t deadline = now_ns() + 2 * WAIT_NS;
    for (unsigned fresh = 0; fresh < count;) {
        fr_frame frame;
        assert_true(now_ns() < deadline);
        const fr_status status = fr_capture_next(capture, &frame);
        assert_true(status >= 0);
        if (status == FR_OK) {
            assert_int_equal(fr_frame_map(&frame), FR_OK);
            check_picture(&frame);
            assert_true(frame.generation != generation || frame.sequence > sequence);
            generation = frame.generation;
            sequence = frame.sequence;
            fresh++;
        }
        if (status == FR_OK || status == FR_REPEAT)
            fr_frame_release(&frame);
    }
    return generation;
}

static void watch_until_gone(fr_capture *capture)
{
    fr_capture_info info;
    const uint64_t deadline = now_ns() + WAIT_NS;
    do {
        fr_frame frame;
        assert_true(now_ns() < deadline);
        const fr_status status = fr_capture_next(capture, &frame);
        assert_true(status >= 0);
        if (status == FR_OK || status == FR_REPEAT)
            fr_frame_release(&frame);
        fr_capture_get_info(capture, &info);
    } while (info.source_pid || info.state == FR_CAPTURE_RUNNING);
}

static void by_a_pipe(void **state)
{
    struct fixture *fixture = *state;
    const fr_win32_host_params win32 = {.name_prefix = fixture->sandbox.dir};
    fixture->child = child_start("pipe", &fixture->sandbox);
    fr_capture *capture = open_capture(fixture, &win32, false);
    fr_capture_info info;
    take_frames(capture, FRAMES);
    fr_capture_get_info(capture, &info);
    assert_int_equal(info.source_pid, fixture->child.pid);
    assert_string_equal(info.source_name, "pusher");
    assert_string_equal(info.sync, "states");

    /* Through a change of its size that it announces at its hundredth frame. */
    uint32_t generation = info.generation;
    const uint64_t deadline = now_ns() + 2 * WAIT_NS;
    while (info.generation == generation && now_ns() < deadline) {
        take_frames(capture, 1);
        fr_capture_get_info(capture, &info);
    }
    assert_int_not_equal(info.generation, generation);
    assert_int_equal(info.display.mode.width, 96);
    take_frames(capture, FRAMES);

    child_kill(&fixture->child);
    watch_until_gone(capture);
    child_end(&fixture->child);
    fixture->child = child_start("pipe", &fixture->sandbox);
    take_frames(capture, FRAMES);
    fr_capture_close(&capture);
    child_end(&fixture->child);
}

static void by_an_inherited_pipe(void **state)
{
    struct fixture *fixture = *state;
    const fr_win32_host_params win32 = {.name_prefix = fixture->sandbox.dir};
    fr_capture *capture = open_capture(fixture, &win32, true);
    int theirs;
    take_frames(capture, FRAMES);
    assert_int_equal(fr_capture_invite(capture, &theirs), FR_ERR_TARGET_BUSY);
    child_kill(&fixture->child);
    watch_until_gone(capture);
    child_end(&fixture->child);
    assert_int_equal(fr_capture_invite(capture, &theirs), FR_OK);
    start_invited(fixture, theirs);
    take_frames(capture, FRAMES);
    fr_capture_close(&capture);
    /* Nothing more will come on an inherited pipe. */
    assert_int_equal(WaitForSingleObject((HANDLE)fixture->child.process, (DWORD)(WAIT_NS / FR_NS_PER_MS)),
                     WAIT_OBJECT_0);
    child_end(&fixture->child);
}

static void start_driver(struct fixture *fixture)
{
    SECURITY_ATTRIBUTES inheritable = {.nLength = sizeof(inheritable), .bInheritHandle = TRUE};
    HANDLE requests;
    if (fixture->requests)
        CloseHandle(fixture->requests);
    assert_true(CreatePipe(&requests, &fixture->requests, &inheritable, 4096));
    SetHandleInformation(fixture->requests, HANDLE_FLAG_INHERIT, 0);
    fixture->child = child_start_with("delivered", "none", (int)(intptr_t)requests);
    CloseHandle(requests);
}

static void by_a_courier(void **state)
{
    struct fixture *fixture = *state;
    const fr_win32_host_params win32 = {.channel = FR_WIN32_CHANNEL_DELIVERED,
                                        .courier = {fixture, find_driver, deliver_to_driver},
                                        .name_prefix = fixture->sandbox.dir};
    start_driver(fixture);
    fr_capture *capture = open_capture(fixture, &win32, false);
    fr_capture_info info;
    take_frames(capture, FRAMES);
    fr_capture_get_info(capture, &info);
    assert_int_equal(info.source_pid, fixture->child.pid);
    assert_string_equal(info.source_name, "test-channel-sessions.exe");
    fr_capture_close(&capture);
    child_end(&fixture->child);
}

static void by_names(void **state)
{
    struct fixture *fixture = *state;
    const fr_win32_host_params win32 = {.channel = FR_WIN32_CHANNEL_NAMED, .name_prefix = fixture->prefix};
    fixture->child = child_start_with("named", fixture->prefix, 0);
    fr_capture *capture = open_capture(fixture, &win32, false);
    fr_capture_info info;
    fr_capture_get_info(capture, &info);
    const uint32_t before = info.generation;
    take_frames(capture, FRAMES);
    child_end(&fixture->child);
    /* The next source attaches to a ring of its own. */
    fixture->child = child_start_with("named", fixture->prefix, 0);
    const uint64_t deadline = now_ns() + 2 * WAIT_NS;
    uint32_t generation = before;
    while (generation == before && now_ns() < deadline)
        generation = take_frames(capture, 1);
    assert_int_not_equal(generation, before);
    take_frames(capture, FRAMES);
    fr_capture_close(&capture);
    child_end(&fixture->child);
}

static void a_source_that_never_came_is_explained(void **state)
{
    struct fixture *fixture = *state;
    fr_capture *capture;
    const fr_win32_host_params win32 = {.channel = FR_WIN32_CHANNEL_NAMED, .name_prefix = fixture->prefix};
    fr_capture_params params = {.target_id = 7,
                                .preferred = {64, 48, 60000},
                                .backend = FR_BACKEND_CPU,
                                .timing.attach_wait_ns = FR_NS_PER_S,
                                .win32 = &win32,
                                .log = sink_log(&fixture->sink)};
    fixture->child = child_start_with("stray", fixture->prefix, 0);
    child_hear(&fixture->child);
    /* It looks for a target that nobody serves, and its debug block says so, once it has looked. */
    do {
        params.timing.attach_wait_ns *= 2;
        assert_in_range(params.timing.attach_wait_ns, 0, WAIT_NS);
        assert_int_equal(fr_capture_open(&capture, &params, NULL), FR_ERR_NEVER_ATTACHED);
        assert_null(capture);
        assert_true(sink_look(&fixture->sink, FR_LOG_ERROR, "never opened the ring"));
    } while (!sink_look(&fixture->sink, FR_LOG_ERROR, "resolved_target_id 8"));
    child_end(&fixture->child);
}

static void a_channel_that_is_none_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fr_capture *capture;
    fr_source *source;
    const fr_win32_host_params win32 = {.channel = (fr_win32_channel)9};
    const fr_capture_params params = {.target_id = 7, .win32 = &win32, .log = sink_log(&fixture->sink)};
    assert_int_equal(fr_capture_open(&capture, &params, NULL), FR_ERR_ARGUMENT);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "there is no channel 9"));
    const fr_win32_source_params theirs = {.channel = (fr_win32_channel)9};
    const fr_source_params other = {.win32 = &theirs};
    assert_int_equal(fr_source_open(&source, &other), FR_ERR_ARGUMENT);
    _putenv(FR_SOURCE_SOCKET_ENV "=seven");
    const fr_source_params inherited = {.target_id = 7, .log = sink_log(&fixture->sink)};
    assert_int_equal(fr_source_open(&source, &inherited), FR_ERR_ARGUMENT);
    assert_true(sink_has(&fixture->sink, FR_LOG_ERROR, "is not the number of a handle"));
    _putenv(FR_SOURCE_SOCKET_ENV "=");

    /* Requests are for a source that was opened for them. */
    const fr_source_params piped = {.target_id = 7, .by_target = true};
    assert_int_equal(fr_source_open(&source, &piped), FR_OK);
    assert_int_equal(fr_source_deliver(source, "", 1), FR_ERR_ARGUMENT);
    assert_int_equal(fr_source_deliver(NULL, "", 1), FR_ERR_ARGUMENT);
    fr_source_host_gone(source);
    fr_source_close(&source);
}

int main(int argc, char **argv)
{
    const struct child_role roles[] = {{"pipe", run_pipe},   {"invited", run_invited},
                                       {"named", run_named}, {"delivered", run_delivered},
                                       {"stray", run_stray}, {NULL, NULL}};
    child_main(argc, argv, roles);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(by_a_pipe),
        TEST(by_an_inherited_pipe),
        TEST(by_a_courier),
        TEST(by_names),
        TEST(a_source_that_never_came_is_explained),
        TEST(a_channel_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
