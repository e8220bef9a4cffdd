/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include "channel/socket.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Rings of images on a GPU, by sockets: what a source says of its GPU, and a descriptor for each slot. */

#define ALL_WAYS                                                                                             \
    (FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE | FR_CAP_SYNC_FILE | FR_CAP_FOREIGN)
/* Of a later source: a host takes no notice. */
#define LATER_WAY (UINT64_C(1) << 40)

struct fixture {
    struct sandbox sandbox;
    struct host host;
    struct ring ring;
    int fd[FR_WIRE_SLOTS_MAX + 2]; /* stand for images, and for two semaphores */
};

static struct fr_gpu some_gpu(void)
{
    struct fr_gpu gpu = {.present = true, .num_modifiers = 2, .modifier = {0x0300000000606010, 0}};
    memcpy(gpu.driver_uuid, "the driver's own", FR_GPU_UUID_BYTES);
    memcpy(gpu.device_uuid, "the device's own", FR_GPU_UUID_BYTES);
    return gpu;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    sandbox_make(&f->sandbox);
    host_open(&f->host, &f->sandbox, 7);
    ring_make(&f->ring, 1);
    for (size_t i = 0; i < sizeof(f->fd) / sizeof(f->fd[0]); i++) {
        f->fd[i] = memfd_create("image", MFD_CLOEXEC);
        assert_true(f->fd[i] >= 0);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(f->fd) / sizeof(f->fd[0]); i++)
        close(f->fd[i]);
    ring_free(&f->ring);
    host_close(&f->host);
    sandbox_remove(&f->sandbox);
    free(f);
    return 0;
}

static struct fr_delivery image_ring(const struct fixture *f, enum fr_slots_kind slots_kind,
                                     uint32_t sync_kind)
{
    struct fr_delivery delivery = f->ring.delivery;
    delivery.ring_len = FR_WIRE_SLOTS_MAX;
    delivery.slots_kind = slots_kind;
    delivery.sync_kind = sync_kind;
    delivery.slots = FR_HANDLE_NONE;
    delivery.slots_bytes = delivery.pitch_bytes = 0;
    memset(delivery.slot_offset, 0, sizeof(delivery.slot_offset));
    delivery.gpu = some_gpu();
    delivery.image.bytes = 65536;
    if (slots_kind == FR_SLOTS_DMA_BUF) {
        delivery.image.num_planes = 1;
        delivery.image.plane_pitch_bytes[0] = 256;
    }
    for (size_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        delivery.texture[i] = f->fd[i];
    if (sync_kind == FR_WIRE_SYNC_FENCE) {
        delivery.ready_fence = f->fd[FR_WIRE_SLOTS_MAX];
        delivery.retire_fence = f->fd[FR_WIRE_SLOTS_MAX + 1];
    }
    return delivery;
}

static void open_source(const struct fixture *f, struct source *source, uint64_t capabilities)
{
    sink_init(&source->sink);
    const struct fr_socket_source_params params = {.socket_fd = -1,
                                                   .target_id = 7,
                                                   .runtime_dir = f->sandbox.dir,
                                                   .name = "renderer",
                                                   .capabilities = capabilities,
                                                   .gpu = capabilities & ~FR_CAP_STATES ? some_gpu()
                                                                                        : (struct fr_gpu){0},
                                                   .log = sink_log(&source->sink)};
    assert_int_equal(fr_socket_source_create(&source->channel, &params), FR_OK);
}

static void connect_source(struct fixture *f, struct source *source, uint64_t capabilities)
{
    open_source(f, source, capabilities == FR_CAP_STATES ? capabilities : capabilities | LATER_WAY);
    source_expect(source, FR_SOURCE_NEWS_CONNECTED);
    const struct fr_host_news news = host_expect(&f->host, FR_HOST_NEWS_SOURCE);
    assert_true(news.capabilities == capabilities);
    assert_int_equal(news.gpu.present, capabilities != FR_CAP_STATES);
    assert_int_equal(news.on_gpu, news.gpu.present);
    const struct fr_gpu gpu = some_gpu();
    if (news.gpu.present) {
        assert_memory_equal(news.gpu.driver_uuid, gpu.driver_uuid, FR_GPU_UUID_BYTES);
        assert_memory_equal(news.gpu.device_uuid, gpu.device_uuid, FR_GPU_UUID_BYTES);
        assert_int_equal(news.gpu.num_modifiers, 2);
        assert_true(news.gpu.modifier[0] == gpu.modifier[0]);
    }
}

static ino_t file_of(fr_handle handle)
{
    struct stat info;
    assert_int_equal(fstat((int)handle, &info), 0);
    return info.st_ino;
}

static void a_gpu_that_shares_nothing_is_one_all_the_same(void **state)
{
    struct fixture *f = *state;
    struct source source;
    connect_source(f, &source, FR_CAP_STATES | FR_CAP_TIMELINE);
    source_close(&source);
}

static void a_descriptor_for_each_image_crosses(void **state)
{
    struct fixture *f = *state;
    struct source source;
    connect_source(f, &source, ALL_WAYS);
    for (uint32_t i = 0; i < 5; i++) {
        const bool fences = i % 2;
        const uint32_t plain = i == 4 ? FR_WIRE_SYNC_FILE : FR_WIRE_SYNC_STATES;
        const struct fr_delivery sent =
            image_ring(f, i / 2 ? FR_SLOTS_DMA_BUF : FR_SLOTS_OPAQUE_FD, fences ? FR_WIRE_SYNC_FENCE : plain);
        const size_t before = system_count_handles();
        assert_int_equal(f->host.channel.ops->deliver(f->host.channel.self, &sent), FR_OK);
        struct fr_source_news news = source_expect(&source, FR_SOURCE_NEWS_RING);
        struct fr_delivery *got = &news.delivery;
        assert_int_equal(got->slots_kind, sent.slots_kind);
        assert_int_equal(got->sync_kind, sent.sync_kind);
        assert_memory_equal(&got->image, &sent.image, sizeof(sent.image));
        assert_memory_equal(got->gpu.device_uuid, sent.gpu.device_uuid, FR_GPU_UUID_BYTES);
        for (size_t k = 0; k < FR_WIRE_SLOTS_MAX; k++)
            assert_int_equal(file_of(got->texture[k]), file_of(sent.texture[k]));
        assert_int_equal(got->slots, FR_HANDLE_NONE);
        if (fences) {
            assert_int_equal(file_of(got->ready_fence), file_of(sent.ready_fence));
            assert_int_equal(file_of(got->retire_fence), file_of(sent.retire_fence));
        } else {
            assert_int_equal(got->ready_fence, FR_HANDLE_NONE);
            assert_int_equal(got->retire_fence, FR_HANDLE_NONE);
        }
        delivery_close(got);
        expect_handles(before + (i == 0)); /* the observers' header */
    }
    source_close(&source);
    host_expect(&f->host, FR_HOST_NEWS_GONE);
}

static void only_what_was_offered_is_taken(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint64_t capabilities;
        enum fr_slots_kind slots_kind;
        uint32_t sync_kind;
    } cases[] = {
        {FR_CAP_STATES, FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_STATES},
        {FR_CAP_STATES | FR_CAP_OPAQUE_FD, FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_FENCE},
        {FR_CAP_STATES | FR_CAP_OPAQUE_FD, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_STATES},
        {FR_CAP_STATES | FR_CAP_DMA_BUF | FR_CAP_TIMELINE, FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_FENCE},
        /* A source of before there were any. */
        {FR_CAP_STATES | FR_CAP_DMA_BUF | FR_CAP_TIMELINE, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_FILE},
        {FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_SYNC_FILE, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_FILE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct source source;
        connect_source(f, &source, cases[i].capabilities);
        const struct fr_delivery sent = image_ring(f, cases[i].slots_kind, cases[i].sync_kind);
        const size_t before = system_count_handles();
        assert_int_equal(f->host.channel.ops->deliver(f->host.channel.self, &sent), FR_OK);
        assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
        assert_true(sink_has(&source.sink, FR_LOG_ERROR, "of a kind that was not offered"));
        host_expect(&f->host, FR_HOST_NEWS_GONE);
        assert_true(system_count_handles() <= before + 1);
        source_close(&source);
    }
}

/* A source with a GPU is still one of memory too. */
static void memory_is_taken_beside_images(void **state)
{
    struct fixture *f = *state;
    struct source source;
    connect_source(f, &source, ALL_WAYS);
    assert_int_equal(f->host.channel.ops->deliver(f->host.channel.self, &f->ring.delivery), FR_OK);
    struct fr_source_news news = source_expect(&source, FR_SOURCE_NEWS_RING);
    assert_int_equal(news.delivery.slots_kind, FR_SLOTS_MEMORY);
    assert_false(news.delivery.gpu.present);
    delivery_close(&news.delivery);
    source_close(&source);
    host_expect(&f->host, FR_HOST_NEWS_GONE);
}

static void a_source_that_lies_about_its_gpu_is_refused(void **state)
{
    struct fixture *f = *state;
    char address[FR_ADDRESS_BYTES];
    sandbox_address(&f->sandbox, 7, address);
    union fr_msg msg;
    raw_hello(&msg, 7);
    msg.hello.capabilities = ALL_WAYS;
    fr_handle end = raw_connect(address);
    raw_send_msg(end, &msg);
    raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, "a way to share images, and no GPU");
    raw_close(end);
    host_expect(&f->host, FR_HOST_NEWS_REFUSED);
    msg.hello.gpu.present = 1;
    msg.hello.gpu.num_modifiers = 17;
    end = raw_connect(address);
    raw_send_msg(end, &msg);
    raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, "more modifiers than fit");
    raw_close(end);
    host_expect(&f->host, FR_HOST_NEWS_REFUSED);
}

/* Semaphores alone are no way to take slots. */
static void timelines_alone_are_no_way(void **state)
{
    struct fixture *f = *state;
    char address[FR_ADDRESS_BYTES];
    sandbox_address(&f->sandbox, 7, address);
    union fr_msg msg;
    raw_hello(&msg, 7);
    msg.hello.capabilities = FR_CAP_TIMELINE | FR_CAP_SYNC_FILE | FR_CAP_KEYED_MUTEX;
    const fr_handle end = raw_connect(address);
    raw_send_msg(end, &msg);
    raw_expect_refused(end, FR_MSG_REASON_VERSION, "in none of the ways that the host knows");
    raw_close(end);
    host_expect(&f->host, FR_HOST_NEWS_REFUSED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_gpu_that_shares_nothing_is_one_all_the_same),
        TEST(a_descriptor_for_each_image_crosses),
        TEST(only_what_was_offered_is_taken),
        TEST(memory_is_taken_beside_images),
        TEST(a_source_that_lies_about_its_gpu_is_refused),
        TEST(timelines_alone_are_no_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
