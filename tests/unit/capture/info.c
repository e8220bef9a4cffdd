/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Spec 3.15 and 3.16: liveness, counters, flips, and what get_info says. */
#include "machine/rig.h"

#include <stdio.h>
#include <string.h>

static void start(struct rig *rig)
{
    rig_start(rig);
    assert_int_equal(rig_next(rig), FR_OK);
}

static void act_beat(struct rig *rig)
{
    rig_source_acts(rig);
}

static void act_draw(struct rig *rig)
{
    rig_source_acts(rig);
    (void)rig_push(rig);
}

/* What is offered finds no slot. */
static void act_lose(struct rig *rig)
{
    rig_source_acts(rig);
    fr_slot slot;
    if (fr_source_begin(rig->source, &slot) == FR_OK)
        fr_source_cancel(rig->source);
}

static void run(struct rig *rig, uint64_t ns)
{
    const uint64_t until = rig->machine.now_ns + ns;
    while (rig->machine.now_ns < until) {
        assert_true(rig_next(rig) >= 0);
        machine_advance(&rig->machine, 5 * FR_NS_PER_MS);
    }
}

static void liveness_tells_idle_from_flowing_from_lossy(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = act_beat;
    run(rig, 1200 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_IDLE);
    assert_int_equal(rig_info(rig).state, FR_CAPTURE_RUNNING);
    rig->act = act_draw;
    run(rig, 1200 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_FLOWING);
    rig->act = act_lose;
    run(rig, 1200 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_LOSSY);
    rig->act = act_beat;
    run(rig, 1200 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_IDLE);
}

static void an_old_heartbeat_is_a_stalled_source(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = NULL;
    run(rig, 1900 * FR_NS_PER_MS);
    assert_int_not_equal(rig_info(rig).liveness, FR_LIVENESS_STALLED);
    run(rig, 200 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_STALLED);
    run(rig, 5 * FR_NS_PER_S);
    assert_int_equal(rig_logged(rig, FR_LOG_WARNING, "does not answer; the last frame is repeated"), 1);
    rig->act = act_draw;
    run(rig, 1200 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_FLOWING);
    assert_int_equal(rig_logged(rig, FR_LOG_INFO, "answers again"), 1);
}

/* A caller that slept does not blame the source. */
static void a_host_that_slept_does_not_call_the_source_stalled(void **state)
{
    struct rig *rig = *state;
    start(rig);
    rig->act = act_beat;
    run(rig, 100 * FR_NS_PER_MS);
    machine_advance(&rig->machine, 60 * FR_NS_PER_S);
    rig_source_acts(rig);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    assert_int_not_equal(rig_info(rig).liveness, FR_LIVENESS_STALLED);
}

/* The new ring counts from nothing: the old one's totals are no frames. */
static void a_new_generation_is_judged_by_its_own_counts(void **state)
{
    struct rig *rig = *state;
    rig->params.sdr_output = true;
    start(rig);
    rig->act = act_draw;
    run(rig, 1200 * FR_NS_PER_MS);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_FLOWING);
    rig->act = NULL;
    rig_announce(rig, 64, 36, FR_COLOUR_STATE_HDR);
    run(rig, 520 * FR_NS_PER_MS); /* the first window that ends in it */
    assert_int_equal(rig_info(rig).generations, 2);
    assert_int_equal(rig_info(rig).liveness, FR_LIVENESS_IDLE);
}

static void the_hosts_heart_beats_for_observers(void **state)
{
    struct rig *rig = *state;
    start(rig);
    const fr_wire_v2 *header = rig->capture->ring.header.ptr;
    run(rig, 100 * FR_NS_PER_MS);
    assert_true(rig->machine.now_ns - header->host.heartbeat_ns <= 21 * FR_NS_PER_MS);
    assert_int_equal(header->host.pid, 4242);
    assert_int_equal(header->host.state, FR_WIRE_HOST_ACTIVE);
}

static void dropped_counts_what_was_passed_over(void **state)
{
    struct rig *rig = *state;
    start(rig);
    for (int i = 0; i < 4; i++)
        assert_int_equal(rig_push(rig), FR_OK);
    assert_int_equal(rig_try(rig), FR_OK);
    fr_capture_info info = rig_info(rig);
    assert_int_equal(info.fresh, 2);
    assert_int_equal(info.published, 5);
    assert_int_equal(info.offered, 5);
    assert_int_equal(info.dropped, 3);
    fr_slot slot;
    assert_int_equal(fr_source_begin(rig->source, &slot), FR_OK);
    fr_source_cancel(rig->source);
    info = rig_info(rig);
    assert_int_equal(info.offered, 6);
    assert_int_equal(info.dropped, 4);
}

static void mismatched_is_counted_apart(void **state)
{
    struct rig *rig = *state;
    start(rig);
    static const uint8_t pixels[16 * 16 * 4];
    const fr_image image = {pixels, 64, 16, 16, FR_FORMAT_BGRA8};
    assert_int_equal(fr_source_push(rig->source, &image, NULL), FR_AGAIN);
    const fr_capture_info info = rig_info(rig);
    assert_int_equal(info.mismatched, 1);
    assert_int_equal(info.dropped, 0);
    assert_int_equal(info.offered, 2);
}

static void totals_go_on_over_generations(void **state)
{
    struct rig *rig = *state;
    start(rig);
    for (uint32_t i = 1; i < 5; i++) {
        rig_announce(rig, 48 + i, 32, FR_COLOUR_STATE_SDR);
        assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
        assert_int_equal(rig_info(rig).published, i + 1);
        assert_int_equal(rig_info(rig).offered, i + 1);
        assert_int_equal(rig_info(rig).fresh, i + 1);
        assert_int_equal(rig_info(rig).generations, i + 1);
        assert_int_equal(rig_info(rig).dropped, 0);
    }
}

/* A peer may say what it wants: no count runs backwards through zero. */
static void a_lying_peer_makes_no_negative_counts(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fr_wire_v2 *header = rig->source->current.header.ptr;
    static const uint64_t lies[][3] = {{0, 100, 0}, {5, 3, 9}, {0, 0, 0}, {1, UINT64_MAX, 0}, {10, 4, 7}};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        header->source.offered = lies[i][0];
        header->source.published = lies[i][1];
        header->source.mismatched = lies[i][2];
        assert_int_equal(rig_info(rig).dropped, 0);
    }
}

static void info_names_everything(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fr_capture_info info = rig_info(rig);
    assert_int_equal(info.target_id, RIG_TARGET);
    assert_int_equal(info.generation, 1);
    assert_int_equal(info.source_pid, 77);
    assert_string_equal(info.source_name, "drawing");
    assert_string_equal(info.backend, "fake");
    assert_non_null(strstr(info.kernel, "convert_bgra_nv12"));
    assert_int_equal(info.display.mode.width, 64);
    assert_int_equal(info.ring_format, FR_FORMAT_BGRA8);
    assert_true(info.source_heartbeat_ns > 0);
    assert_string_equal(fr_capture_state_name(info.state), "running");
    rig_kill_source(rig);
    assert_int_equal(rig_next(rig), FR_REPEAT);
    info = rig_info(rig);
    assert_int_equal(info.source_heartbeat_ns, 0);
    assert_string_equal(fr_liveness_name(info.liveness), "gone");
    assert_string_equal(fr_capture_state_name(info.state), "rebuilding");
}

/* A source for which the next ring is made, by a backend that takes this path. */
static void come(struct rig *rig, bool on_gpu, enum fr_ring_path path)
{
    rig->backend.path = path;
    assert_int_equal(rig_open_source(rig), FR_OK);
    rig->end->on_gpu = on_gpu;
    if (!rig->capture)
        assert_int_equal(rig_open(rig), FR_OK);
    assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
}

static void expect_paths(struct rig *rig, const char *source_path, const char *host_path, const char *way)
{
    const fr_capture_info info = rig_info(rig);
    assert_string_equal(info.slots, "memory");
    assert_string_equal(info.source_path, source_path);
    assert_string_equal(info.host_path, host_path);
    assert_string_equal(info.way, way);
}

static void info_says_which_way_the_pixels_of_shared_memory_go(void **state)
{
    static const struct {
        bool on_gpu;
        enum fr_ring_path path;
        const char *source_path, *host_path, *way;
    } rows[] = {
        {false, FR_RING_PATH_DIRECT, "direct", "direct", "shared memory"},
        {true, FR_RING_PATH_DIRECT, "read-back", "direct", "shared memory, read back by the source"},
        {false, FR_RING_PATH_IMPORT, "direct", "import", "shared memory that the GPU reads"},
        {true, FR_RING_PATH_IMPORT, "read-back", "import",
         "shared memory that the GPU reads, read back by the source"},
        {false, FR_RING_PATH_UPLOAD, "direct", "upload", "shared memory that is uploaded to the GPU"},
        {true, FR_RING_PATH_UPLOAD, "read-back", "upload",
         "shared memory that is uploaded to the GPU, read back by the source"},
    };
    struct rig *rig = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[160];
        come(rig, rows[i].on_gpu, rows[i].path);
        expect_paths(rig, rows[i].source_path, rows[i].host_path, rows[i].way);
        snprintf(line, sizeof(line), " in %s; the fake backend", rows[i].way);
        assert_int_equal(rig_logged(rig, FR_LOG_INFO, line), 1);
        /* Of the ring, which stays. */
        rig_kill_source(rig);
        assert_int_equal(rig_next(rig), FR_REPEAT);
        expect_paths(rig, rows[i].source_path, rows[i].host_path, rows[i].way);
    }
}

static void names_are_never_null(void **state)
{
    (void)state;
    assert_string_equal(fr_capture_state_name(FR_CAPTURE_ATTACHING), "attaching");
    assert_string_equal(fr_capture_state_name(FR_CAPTURE_FAILED), "failed");
    assert_string_equal(fr_capture_state_name((fr_capture_state)99), "unknown");
    assert_string_equal(fr_liveness_name(FR_LIVENESS_FLOWING), "flowing");
    assert_string_equal(fr_liveness_name(FR_LIVENESS_IDLE), "idle");
    assert_string_equal(fr_liveness_name(FR_LIVENESS_LOSSY), "lossy");
    assert_string_equal(fr_liveness_name(FR_LIVENESS_STALLED), "stalled");
    assert_string_equal(fr_liveness_name((fr_liveness)99), "unknown");
}

static void sixteen_flips_are_kept(void **state)
{
    struct rig *rig = *state;
    start(rig);
    fr_flip flip;
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_AGAIN);
    uint64_t at[20];
    for (uint32_t i = 0; i < 20; i++) {
        at[i] = rig->machine.now_ns;
        rig_announce(rig, 40 + i, 32, FR_COLOUR_STATE_SDR);
        assert_int_equal(rig_run(rig, FR_NS_PER_S), FR_OK);
        machine_advance(&rig->machine, FR_NS_PER_MS);
    }
    for (uint32_t i = 4; i < 20; i++) {
        assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_OK);
        assert_int_equal(flip.at_ns, at[i]);
    }
    assert_int_equal(fr_capture_next_flip(rig->capture, &flip), FR_AGAIN);
}

static void a_source_can_be_invited_when_none_is_there(void **state)
{
    struct rig *rig = *state;
    start(rig);
    int fd = 0;
    assert_int_equal(fr_capture_invite(rig->capture, &fd), FR_ERR_TARGET_BUSY);
    assert_int_equal(fd, -1);
    rig_kill_source(rig);
    assert_int_equal(fr_capture_invite(rig->capture, &fd), FR_OK);
    assert_int_equal(fd, 1234);
}

static void closing_tells_the_source(void **state)
{
    struct rig *rig = *state;
    start(rig);
    const fr_wire_v2 *header = rig->source->current.header.ptr;
    fr_capture_close(&rig->capture);
    assert_int_equal(header->host.state, FR_WIRE_HOST_DEAD);
    assert_int_equal(header->v1.generation, 0);
    assert_int_equal(header->v1.latest, 0);
    assert_int_equal(rig_push(rig), FR_AGAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(liveness_tells_idle_from_flowing_from_lossy),
        TEST(an_old_heartbeat_is_a_stalled_source),
        TEST(a_host_that_slept_does_not_call_the_source_stalled),
        TEST(a_new_generation_is_judged_by_its_own_counts),
        TEST(the_hosts_heart_beats_for_observers),
        TEST(dropped_counts_what_was_passed_over),
        TEST(mismatched_is_counted_apart),
        TEST(totals_go_on_over_generations),
        TEST(a_lying_peer_makes_no_negative_counts),
        TEST(info_names_everything),
        TEST(info_says_which_way_the_pixels_of_shared_memory_go),
        cmocka_unit_test(names_are_never_null),
        TEST(sixteen_flips_are_kept),
        TEST(a_source_can_be_invited_when_none_is_there),
        TEST(closing_tells_the_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
