/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Rings whose GPU work hangs on the slots' DMA-BUFs as fences of the kernel's. Where the device, the kernel
 * or its module vgem, which makes fences that the test signals, lacks something, it says so and is skipped.
 */
#define _GNU_SOURCE
#include "vulkan/faults.h"
#include "vulkan/lend.h"
#include "vulkan/pair.h"
#include "vulkan/vgem.h"

#include "backend/vulkan/source.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WIDTH = 64, HEIGHT = 36, FRAMES = 13, SKIPPED = 77 };

static const struct pair_shape shape = {
    .capabilities = FR_CAP_DMA_BUF | FR_CAP_SYNC_FILE,
    .width = WIDTH,
    .height = HEIGHT,
    .format = FR_FORMAT_BGRA8,
    .get = faults_get,
};

enum { FENCES_MAX = 64 };

static struct vgem vgem = {.card = -1};
static bool lent;
static int lent_fence[FENCES_MAX];
static uint32_t num_lent;

static int new_fence(uint32_t *number)
{
    if (!lent)
        return vgem_sync_file(&vgem, number);
    assert_true(num_lent < FENCES_MAX);
    const int fence = lend_fence();
    *number = num_lent++;
    lent_fence[*number] = dup(fence);
    return fence;
}

static void signal_fence(uint32_t number)
{
    if (lent)
        lend_signal(lent_fence[number], false);
    else
        vgem_signal(&vgem, number);
}

/* What happens to the fences of who dies. */
static void end_fences(void)
{
    if (!lent) {
        vgem_close(&vgem);
        vgem_open(&vgem);
        return;
    }
    for (uint32_t i = 0; i < num_lent; i++) {
        struct pollfd one = {.fd = lent_fence[i], .events = POLLIN};
        if (!poll(&one, 1, 0))
            lend_signal(lent_fence[i], false);
        close(lent_fence[i]);
    }
    num_lent = 0;
}

/* What the hook gave. */
static uint32_t fence_made;
static unsigned made;

static int make_fence(void)
{
    made++;
    return new_fence(&fence_made);
}

static int make_done(void)
{
    made++;
    return -1;
}

/* No sync file: the kernel refuses to attach it. */
static int make_nonsense(void)
{
    made++;
    return memfd_create("nonsense", MFD_CLOEXEC);
}

/* Host and source, each on a device of its own. */
struct rig {
    struct gpu gpu;
    struct pair_host host;
    struct pair_source source;
    fr_wire_v2 *words;
};

static void rig_open(struct rig *rig)
{
    gpu_open(&rig->gpu, faults_get);
    rig->words = pair_words_create();
    pair_host_open(&rig->host, &shape, &rig->gpu.device->gpu, rig->words);
    assert_int_equal(rig->host.delivery.slots_kind, FR_SLOTS_DMA_BUF);
    assert_int_equal(rig->host.delivery.sync_kind, FR_WIRE_SYNC_FILE);
    pair_source_open(&rig->source, &rig->gpu);
    assert_true(rig->source.backend.capabilities & FR_CAP_SYNC_FILE);
    const struct fr_delivery delivery = pair_delivered(&rig->host.delivery);
    assert_int_equal(pair_source_attach(&rig->source, &delivery, rig->words), FR_OK);
    made = 0;
}

static void rig_close(struct rig *rig)
{
    faults_sync_files(NULL);
    /* The faults' loader asks the instance that it saw last. */
    pair_host_close(&rig->host);
    pair_source_close(&rig->source);
    gpu_close(&rig->gpu);
    pair_words_destroy(rig->words);
}

static void push_from(struct gpu *gpu, struct pair_source *source, uint32_t seed)
{
    uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, seed);
    struct gpu_image image;
    gpu_image_create(gpu, WIDTH, HEIGHT, FR_FORMAT_BGRA8, pixels, VK_IMAGE_LAYOUT_GENERAL, &image);
    assert_int_equal(pair_source_push(source, &image.push), FR_OK);
    struct fr_vk_source *inside = source->backend.self;
    assert_true(fr_vk_commands_settle(&inside->commands));
    gpu_image_destroy(gpu, &image);
    free(pixels);
}

static void push(struct rig *rig, uint32_t seed)
{
    push_from(&rig->gpu, &rig->source, seed);
}

static void take_from(struct pair_host *host, uint32_t seed)
{
    uint8_t *pixels = pair_pixels(WIDTH, HEIGHT, FR_FORMAT_BGRA8, seed), *found = malloc(WIDTH * HEIGHT * 4);
    assert_non_null(found);
    pair_host_take(host, found);
    assert_memory_equal(found, pixels, WIDTH * HEIGHT * 4);
    pair_host_expect(host, &host->picture, pixels);
    free(found);
    free(pixels);
}

static void take(struct rig *rig, uint32_t seed)
{
    take_from(&rig->host, seed);
}

static enum fr_claim claim(struct rig *rig, fr_token *token, uint64_t timeout_ns)
{
    struct pair_host *host = &rig->host;
    assert_true(fr_ring_host_newest(&host->words, token));
    return host->backend.ops->claim(host->backend.self, host->ring, &host->words, *token, timeout_ns);
}

static enum fr_claim begin(struct rig *rig, uint32_t index, uint64_t timeout_ns)
{
    const struct pair_source *source = &rig->source;
    return source->in_use->ops->begin(source->in_use->self, source->ring, index, 0, timeout_ns);
}

static void end(struct rig *rig, uint32_t index)
{
    const struct pair_source *source = &rig->source;
    uint64_t ready_value;
    assert_int_equal(source->in_use->ops->end(source->in_use->self, source->ring, index, &ready_value),
                     FR_CLAIM_ACQUIRED);
    assert_int_equal(ready_value, 0);
}

static void need_vgem(void)
{
    if (!lent && vgem.card < 0) {
        print_message("there is no vgem, whose fences this needs\n");
        skip();
    }
}

static int be_source(fr_wire_v2 *words, int socket)
{
    struct gpu gpu;
    struct pair_source source;
    char byte;
    gpu_open(&gpu, NULL);
    pair_source_open(&source, &gpu);
    assert_int_equal(write(socket, &gpu.device->gpu, sizeof(struct fr_gpu)), sizeof(struct fr_gpu));
    const struct fr_delivery delivery = pair_receive(socket);
    assert_int_equal(pair_source_attach(&source, &delivery, words), FR_OK);
    for (uint32_t frame = 0; frame < FRAMES; frame++) {
        push_from(&gpu, &source, frame);
        assert_int_equal(write(socket, "", 1), 1);
        assert_int_equal(read(socket, &byte, 1), 1);
    }
    pair_source_close(&source);
    gpu_close(&gpu);
    return 0;
}

static void test_two_processes(void **state)
{
    (void)state;
    int ends[2], status;
    char byte;
    if (lent) /* to this process alone */
        skip();
    fr_wire_v2 *words = pair_words_create();
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        close(ends[0]);
        _exit(be_source(words, ends[1]));
    }
    close(ends[1]);
    struct fr_gpu gpu;
    struct pair_host host;
    assert_int_equal(read(ends[0], &gpu, sizeof(gpu)), sizeof(gpu));
    pair_host_open(&host, &shape, &gpu, words);
    assert_int_equal(host.delivery.sync_kind, FR_WIRE_SYNC_FILE);
    pair_send(ends[0], &host.delivery);
    for (uint32_t frame = 0; frame < FRAMES; frame++) {
        assert_int_equal(read(ends[0], &byte, 1), 1);
        take_from(&host, frame);
        assert_int_equal(write(ends[0], "", 1), 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pair_host_close(&host);
    close(ends[0]);
    pair_words_destroy(words);
}

static void test_frames(void **state)
{
    (void)state;
    struct rig rig;
    rig_open(&rig);
    for (uint32_t frame = 0; frame < FRAMES; frame++) {
        push(&rig, frame);
        if (frame % 3)
            take(&rig, frame);
    }
    rig_close(&rig);
}

/* What is published before the GPU is done is waited for with a bound, and is whole then. */
static void test_a_frame_that_is_not_done(void **state)
{
    (void)state;
    struct rig rig;
    fr_token token;
    need_vgem();
    rig_open(&rig);
    faults_sync_files(make_fence);
    push(&rig, 3);
    assert_int_equal(made, 1);
    faults_sync_files(NULL);
    assert_int_equal(claim(&rig, &token, 0), FR_CLAIM_BUSY);
    const uint64_t start = fr_vk_now_ns();
    assert_int_equal(claim(&rig, &token, 20 * FR_NS_PER_MS), FR_CLAIM_BUSY);
    assert_true(fr_vk_now_ns() - start >= 20 * FR_NS_PER_MS);
    signal_fence(fence_made);
    take(&rig, 3);
    rig_close(&rig);
}

/* A source that dies takes its fences with it; one that lives may leave one for ever, and the next frame lies
 * elsewhere. */
static void test_a_fence_that_nobody_signals(void **state)
{
    (void)state;
    struct rig rig;
    fr_token token;
    need_vgem();
    rig_open(&rig);
    faults_sync_files(make_fence);
    push(&rig, 1);
    faults_sync_files(NULL);
    assert_int_equal(claim(&rig, &token, FR_NS_PER_MS), FR_CLAIM_BUSY);
    push(&rig, 2);
    take(&rig, 2);
    /* The slot of before, which the host has not: the source waits as briefly as it was told to. */
    assert_int_equal(begin(&rig, token.slot, 20 * FR_NS_PER_MS), FR_CLAIM_BUSY);
    end_fences();
    assert_int_equal(begin(&rig, token.slot, FR_NS_PER_S), FR_CLAIM_ACQUIRED);
    end(&rig, token.slot);
    rig_close(&rig);
}

/* The slot is the source's again before the host has read it: writing waits for that, with a bound; reading
 * does not. */
static void test_a_slot_that_is_still_read(void **state)
{
    (void)state;
    struct rig rig;
    fr_token token;
    need_vgem();
    rig_open(&rig);
    push(&rig, 1);
    faults_sync_files(make_fence);
    take(&rig, 1);
    assert_int_equal(made, 1);
    faults_sync_files(NULL);
    const struct fr_vk_slot *slot = pair_host_inside(&rig.host)->slot;
    assert_true(slot[0].attached);
    assert_int_equal(fr_sync_file_wait(slot[0].fd, FR_SYNC_READ, 0, NULL, NULL), FR_CLAIM_ACQUIRED);
    assert_int_equal(begin(&rig, 0, 0), FR_CLAIM_BUSY);
    const uint64_t start = fr_vk_now_ns();
    assert_int_equal(begin(&rig, 0, 20 * FR_NS_PER_MS), FR_CLAIM_BUSY);
    assert_true(fr_vk_now_ns() - start >= 20 * FR_NS_PER_MS);
    assert_int_equal(begin(&rig, 1, 0), FR_CLAIM_ACQUIRED);
    end(&rig, 1);
    push(&rig, 2);
    assert_int_equal(claim(&rig, &token, FR_NS_PER_S), FR_CLAIM_ACQUIRED);
    assert_int_not_equal(token.slot, 0);
    signal_fence(fence_made);
    assert_int_equal(begin(&rig, 0, FR_NS_PER_S), FR_CLAIM_ACQUIRED);
    end(&rig, 0);
    rig_close(&rig);
}

/* Whoever has the memory may attach to it what it likes. */
static void test_a_fence_of_somebody_else(void **state)
{
    (void)state;
    struct rig rig;
    fr_token token;
    uint32_t fence;
    need_vgem();
    rig_open(&rig);
    push(&rig, 1);
    const int foreign = new_fence(&fence);
    assert_int_equal(fr_sync_file_attach(pair_host_inside(&rig.host)->slot[0].fd, FR_SYNC_WRITE, foreign), 0);
    close(foreign);
    assert_int_equal(claim(&rig, &token, 5 * FR_NS_PER_MS), FR_CLAIM_BUSY);
    signal_fence(fence);
    take(&rig, 1);
    rig_close(&rig);
}

/* A reset of the source's GPU, say: what the slot holds is not known. vgem has no such fences. */
static void test_work_that_failed(void **state)
{
    (void)state;
    struct rig rig;
    fr_token token;
    if (!lent)
        skip();
    rig_open(&rig);
    faults_sync_files(make_fence);
    push(&rig, 1);
    faults_sync_files(NULL);
    lend_signal(lent_fence[fence_made], true);
    assert_int_equal(claim(&rig, &token, FR_NS_PER_S), FR_CLAIM_ABANDONED);
    rig_close(&rig);
}

/* Work that is done already has no fence; one that cannot be attached is waited for instead. */
static void test_what_cannot_be_attached_is_waited_for(void **state)
{
    (void)state;
    int (*const makes[])(void) = {make_done, make_nonsense};
    for (size_t i = 0; i < 2; i++) {
        struct rig rig;
        rig_open(&rig);
        faults_sync_files(makes[i]);
        for (uint32_t frame = 0; frame < FRAMES; frame++) {
            push(&rig, frame);
            take(&rig, frame);
            assert_int_equal(pair_host_inside(&rig.host)->slot[frame % 4].attached, i == 0);
        }
        assert_int_equal(made, 2 * FRAMES);
        rig_close(&rig);
    }
}

static void test_what_is_no_dma_buf(void **state)
{
    (void)state;
    const int file = make_nonsense();
    assert_int_equal(fr_sync_file_wait(file, FR_SYNC_READ, FR_NS_PER_S, NULL, NULL), FR_CLAIM_ABANDONED);
    assert_int_not_equal(fr_sync_file_attach(file, FR_SYNC_READ, file), 0);
    close(file);
}

/* In a process of its own: its threads would not survive the forks to come. */
static bool device_has_them(void)
{
    int status;
    const pid_t child = fork();
    if (!child) {
        struct gpu gpu;
        gpu_open(&gpu, NULL);
        fprintf(stderr, "%s\n", gpu.device->fault[FR_VK_WAY_SYNC_FILE]);
        _exit(gpu.device->sync_file ? 0 : SKIPPED);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_processes),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_a_frame_that_is_not_done),
        cmocka_unit_test(test_a_fence_that_nobody_signals),
        cmocka_unit_test(test_a_slot_that_is_still_read),
        cmocka_unit_test(test_a_fence_of_somebody_else),
        cmocka_unit_test(test_work_that_failed),
        cmocka_unit_test(test_what_cannot_be_attached_is_waited_for),
        cmocka_unit_test(test_what_is_no_dma_buf),
    };
    lent = !device_has_them();
    if (lent && (getenv("FRAMERING_TEST_GPU") || getenv("FRAMERING_VM")))
        return getenv("FRAMERING_VM") ? 1 : SKIPPED;
    lend_dma_buf(lent);
    vgem_open(&vgem);
    const int failed = cmocka_run_group_tests_name("vulkan/sync_file", tests, NULL, NULL);
    vgem_close(&vgem);
    return failed;
}
