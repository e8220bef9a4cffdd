/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Every call that can fail does so once, on either side: nothing is left over, nothing is used that was not
 * made, a host goes on with the next session, and one whose device is lost with another device. */
#include "system/system.h"
#include "vulkan/lend.h"
#include "vulkan/session.h"

#include <stdlib.h>

enum { ROUNDS_MAX = 1000 };

/* The n-th call of one part of a session. */
struct fault {
    unsigned nth;
    VkResult result;
};

/* A new host's device and ring. */
static void run_ring(const struct rig *rig, const struct fr_backend_host *none, const struct fault *fault)
{
    struct session session = session_open(rig, rig_create_host(rig));
    (void)none;
    faults_at(fault->nth, fault->result);
    (void)session_open_ring(&session);
    faults_at(0, VK_SUCCESS);
    if (session.host_lost)
        session_go_on(&session);
    session_close(&session);
    session.host.ops->destroy(session.host.self);
}

/* All that follows on the ring, on a host that bears one fault after the other. The converter comes late, as
 * it takes as long as all the rest. */
static void run_rest(const struct rig *rig, const struct fr_backend_host *host, const struct fault *fault)
{
    struct session session = session_open(rig, *host);
    assert_true(session_open_ring(&session));
    faults_at(fault->nth, fault->result);
    const bool done = session_open_source(&session) && session_push(&session) &&
                      session_open_converter(&session) && session_take(&session) && session_map(&session) &&
                      session_push(&session) && session_take(&session) && session_map(&session) &&
                      session_push(&session) && session_take(&session);
    assert_true(done || faults_hit());
    faults_at(0, VK_SUCCESS);
    if (session.host_lost)
        session_go_on(&session);
    session_close(&session);
}

/* The number of its calls. */
static unsigned fail_each(void (*run)(const struct rig *, const struct fr_backend_host *,
                                      const struct fault *),
                          const struct rig *rig, const struct fr_backend_host *host, VkResult result)
{
    struct fault fault = {.result = result};
    const char *hit, *what = "";
    const long before = faults_alive(&what);
    const size_t fds = system_count_handles();
    do {
        assert_true(++fault.nth < ROUNDS_MAX);
        run(rig, host, &fault);
        hit = faults_hit();
        const long left = faults_alive(&what) - before;
        if (left)
            fprintf(stderr, "call %u, %s: %ld left, maybe a %s\n", fault.nth, hit ? hit : "none", left, what);
        assert_int_equal(left, 0);
        assert_int_equal(system_count_handles(), fds);
    } while (hit);
    return fault.nth - 1;
}

static void every_call_fails(const fr_vulkan_host_params *params, bool timelines, VkResult result)
{
    struct rig rig = {.timelines = timelines};
    rig_open(&rig, params);
    /* First: it would share the device of a host that is there. */
    const unsigned of_ring = fail_each(run_ring, &rig, NULL, result);
    const struct fr_backend_host host = rig_create_host(&rig);
    run_rest(&rig, &host, &(struct fault){.nth = ROUNDS_MAX});
    assert_null(faults_hit());
    const unsigned of_rest = fail_each(run_rest, &rig, &host, result);
    fprintf(stderr, "%u + %u calls\n", of_ring, of_rest);
    host.ops->destroy(host.self);
    rig_close(&rig);
}

static const fr_vulkan_host_params as_images = {0};
static const fr_vulkan_host_params as_memory = {.no_opaque_fd = true, .no_dma_buf = true};
static const fr_vulkan_host_params as_upload = {
    .no_opaque_fd = true, .no_dma_buf = true, .no_host_memory = true};
static const fr_vulkan_host_params as_dma_buf = {.no_opaque_fd = true};

/* Lost, since its time was over; what it still did is waited for all the same before its things go. */
static void test_a_gpu_that_takes_too_long(void **state)
{
    struct rig rig = {0};
    (void)state;
    rig_open(&rig, &as_images);
    struct session session = session_open(&rig, rig_create_host(&rig));
    /* The first conversion may take as long as its shader takes to be compiled: it is not the one that hangs.
     */
    assert_true(session_open_ring(&session) && session_open_source(&session) && session_push(&session) &&
                session_open_converter(&session) && session_take(&session) && session_push(&session));
    faults_hang(true);
    assert_false(session_take(&session));
    faults_hang(false);
    assert_true(session.host_lost);
    session_go_on(&session);
    session_close(&session);
    session.host.ops->destroy(session.host.self);
    rig_close(&rig);
}

static void test_no_memory(void **state)
{
    (void)state;
    every_call_fails(&as_images, false, VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_no_memory_in_shared_memory(void **state)
{
    (void)state;
    every_call_fails(&as_memory, false, VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_no_memory_uploaded(void **state)
{
    (void)state;
    every_call_fails(&as_upload, false, VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_device_lost(void **state)
{
    (void)state;
    every_call_fails(&as_images, false, VK_ERROR_DEVICE_LOST);
}

static void test_device_lost_uploaded(void **state)
{
    (void)state;
    every_call_fails(&as_upload, false, VK_ERROR_DEVICE_LOST);
}

static void with_timelines(VkResult result)
{
    faults_share_timelines(true);
    every_call_fails(&as_images, true, result);
    faults_share_timelines(false);
}

static void test_no_memory_with_timelines(void **state)
{
    (void)state;
    with_timelines(VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_device_lost_with_timelines(void **state)
{
    (void)state;
    with_timelines(VK_ERROR_DEVICE_LOST);
}

static void with_sync_files(VkResult result)
{
    struct gpu gpu;
    gpu_open(&gpu, NULL);
    const bool there = gpu.device->sync_file;
    gpu_close(&gpu);
    if (!there && getenv("FRAMERING_TEST_GPU"))
        skip();
    lend_dma_buf(!there);
    every_call_fails(&as_dma_buf, false, result);
    lend_dma_buf(false);
}

static void test_no_memory_with_sync_files(void **state)
{
    (void)state;
    with_sync_files(VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void test_device_lost_with_sync_files(void **state)
{
    (void)state;
    with_sync_files(VK_ERROR_DEVICE_LOST);
}

/* An argument: the tests that it names, as in "*sync_files". */
int main(int argc, char **argv)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_no_memory_in_shared_memory),
        cmocka_unit_test(test_no_memory_uploaded),
        cmocka_unit_test(test_device_lost),
        cmocka_unit_test(test_device_lost_uploaded),
        cmocka_unit_test(test_no_memory_with_timelines),
        cmocka_unit_test(test_device_lost_with_timelines),
        cmocka_unit_test(test_no_memory_with_sync_files),
        cmocka_unit_test(test_device_lost_with_sync_files),
        cmocka_unit_test(test_a_gpu_that_takes_too_long),
    };
    return cmocka_run_group_tests_name("vulkan/trouble", tests, NULL, NULL);
}
