/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Memory of a software driver is a file, which would take its pages from whoever maps it if another cut it:
 * nobody is given one that can be cut, and nobody takes one. */
#define _GNU_SOURCE
#include "backend/vulkan/host.h"
#include "vulkan/faults.h"
#include "vulkan/pair.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WIDTH = 64, HEIGHT = 36, FILE_BYTES = 1 << 20 };

static const struct pair_shape shape = {
    .capabilities = FR_CAP_OPAQUE_FD | FR_CAP_STATES,
    .width = WIDTH,
    .height = HEIGHT,
    .format = FR_FORMAT_BGRA8,
    .get = faults_get,
};

static void rig_open(struct pair_rig *rig)
{
    pair_rig_open(rig, &shape);
    assert_int_equal(rig->host.delivery.slots_kind, FR_SLOTS_OPAQUE_FD);
}

/* As a driver that seals nothing makes it. */
static int make_file(unsigned flags)
{
    const int fd = memfd_create("memory", MFD_CLOEXEC | flags);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, FILE_BYTES), 0);
    return fd;
}

static int make_unsealed(void)
{
    return make_file(MFD_ALLOW_SEALING);
}

static int make_unsealable(void)
{
    return make_file(0);
}

static off_t bytes_of(int fd)
{
    struct stat file;
    assert_int_equal(fstat(fd, &file), 0);
    return file.st_size;
}

/* False: it is no file. */
static bool is_file(int fd)
{
    struct stat file;
    assert_int_equal(fstat(fd, &file), 0);
    return S_ISREG(file.st_mode);
}

static void expect_uncut(int fd)
{
    const off_t bytes = bytes_of(fd);
    assert_int_equal(ftruncate(fd, bytes / 2), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, bytes * 2), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(bytes_of(fd), bytes);
}

/* Of a ring, and of a picture. How many are files. */
static unsigned expect_all_uncut(struct pair_rig *rig)
{
    unsigned files = 0;
    for (uint32_t i = 0; i < rig->host.delivery.ring_len; i++)
        if (is_file((int)rig->host.delivery.texture[i])) {
            expect_uncut((int)rig->host.delivery.texture[i]);
            files++;
        }
    int fd;
    const fr_status status = fr_vk_picture_export(&rig->host.picture, FR_VULKAN_HANDLE_OPAQUE_FD, &fd);
    if (status == FR_ERR_UNSUPPORTED)
        return files;
    assert_int_equal(status, FR_OK);
    if (is_file(fd)) {
        expect_uncut(fd);
        files++;
    }
    close(fd);
    return files;
}

static void test_exported_files_cannot_be_cut(void **state)
{
    (void)state;
    struct pair_rig rig;
    rig_open(&rig);
    const unsigned files = expect_all_uncut(&rig);
    pair_rig_close(&rig);
    if (!files)
        skip(); /* a GPU's memory */
}

/* Whatever this driver does by itself. */
static void test_files_are_sealed(void **state)
{
    (void)state;
    struct pair_rig rig;
    faults_memory_files(make_unsealed);
    rig_open(&rig);
    assert_true(expect_all_uncut(&rig) >= rig.host.delivery.ring_len);
    faults_memory_files(NULL);
    pair_rig_close(&rig);
}

static bool said;

static void listen_for_seals(void *user, fr_log_level level, const char *text)
{
    (void)user;
    said = said || (level == FR_LOG_WARNING && strstr(text, "cannot be sealed"));
}

static void test_files_that_cannot_be_sealed_are_kept(void **state)
{
    (void)state;
    const fr_log log = {.write = listen_for_seals, .max_level = FR_LOG_DEBUG};
    const fr_vulkan_host_params params = {.device = gpu_name()};
    struct pair_rig rig;
    struct fr_backend_host host;
    void *ring = NULL;
    int fd;
    rig_open(&rig);
    const struct fr_ring_request request = {
        .shape = {4, WIDTH, HEIGHT, FR_FORMAT_BGRA8},
        .wire_version = 2,
        .generation = 1,
        .capabilities = shape.capabilities,
        .gpu = rig.gpu.device->gpu,
    };
    assert_int_equal(fr_vk_host_create_with(&host, &params, fr_os_native(), false, faults_get, &log), FR_OK);
    said = false;
    faults_memory_files(make_unsealable);
    assert_int_equal(host.ops->ring_create(host.self, &request, &ring), FR_ERR_UNSUPPORTED);
    assert_true(said);
    assert_null(ring);
    assert_int_equal(fr_vk_picture_export(&rig.host.picture, FR_VULKAN_HANDLE_OPAQUE_FD, &fd),
                     FR_ERR_UNSUPPORTED);
    assert_int_equal(fd, -1);
    faults_memory_files(NULL);
    host.ops->destroy(host.self);
    pair_rig_close(&rig);
}

/* The same bytes, as a host would give them that seals nothing. */
static int copy_file(int from)
{
    const off_t bytes = bytes_of(from);
    const int fd = memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    off_t at = 0;
    assert_true(fd >= 0);
    while (at < bytes) {
        uint8_t part[4096];
        const ssize_t count = pread(from, part, sizeof(part), at);
        assert_true(count > 0);
        assert_int_equal(pwrite(fd, part, (size_t)count, at), count);
        at += count;
    }
    return fd;
}

static void attach_to_copy(struct pair_rig *rig)
{
    struct pair_source source;
    struct fr_delivery delivery = pair_delivered(&rig->host.delivery);
    const int copy = copy_file((int)delivery.texture[1]);
    close((int)delivery.texture[1]);
    delivery.texture[1] = copy;
    pair_source_open(&source, &rig->gpu);
    assert_int_equal(pair_source_attach(&source, &delivery, rig->words), FR_ERR_PROTOCOL);
    assert_int_equal(fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    assert_int_equal(pair_source_attach(&source, &delivery, rig->words), FR_OK);
    pair_source_close(&source);
}

static void test_a_source_takes_no_file_that_can_be_cut(void **state)
{
    (void)state;
    struct pair_rig rig;
    rig_open(&rig);
    const bool files = is_file((int)rig.host.delivery.texture[1]);
    if (files)
        attach_to_copy(&rig);
    pair_rig_close(&rig);
    if (!files)
        skip(); /* a GPU's memory */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exported_files_cannot_be_cut),
        cmocka_unit_test(test_files_are_sealed),
        cmocka_unit_test(test_files_that_cannot_be_sealed_are_kept),
        cmocka_unit_test(test_a_source_takes_no_file_that_can_be_cut),
    };
    return cmocka_run_group_tests_name("vulkan/seals", tests, NULL, NULL);
}
