/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Pictures that others read: they are given away when they are complete, and taken over before a part of them
 * is written. */
#include "vulkan/faults.h"
#include "vulkan/pair.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 64, HEIGHT = 36, SLOT = 0 };

static const struct pair_shape shape = {
    .capabilities = FR_CAP_OPAQUE_FD | FR_CAP_STATES,
    .width = WIDTH,
    .height = HEIGHT,
    .format = FR_FORMAT_BGRA8,
    .get = faults_get,
};

static const struct fr_parts corner = {.count = 1, .rect = {{0, 0, 16, 16}}};

static void rig_open(struct pair_rig *rig)
{
    pair_rig_open(rig, &shape);
    (void)faults_transfers();
}

/* Until it is complete. The slot holds whatever it was made with. */
static void convert(struct pair_rig *rig, const struct fr_parts *parts)
{
    const struct fr_backend_host *backend = &rig->host.backend;
    assert_int_equal(backend->ops->convert(backend->self, rig->host.converter, rig->host.ring, SLOT, parts,
                                           &rig->host.picture),
                     FR_OK);
    assert_int_equal(fr_vk_picture_wait(&rig->host.picture), FR_OK);
}

static void expect(unsigned taken, unsigned given)
{
    const struct faults_transfers seen = faults_transfers();
    assert_int_equal(seen.buffers_taken, taken);
    assert_int_equal(seen.buffers_given, given);
}

/* False: this device exports none. */
static bool export(struct pair_rig *rig)
{
    int fd = -1;
    const fr_status status = fr_vk_picture_export(&rig->host.picture, FR_VULKAN_HANDLE_OPAQUE_FD, &fd);
    assert_true(status == FR_OK || status == FR_ERR_UNSUPPORTED);
    assert_int_equal(status == FR_OK, fd >= 0);
    if (fd >= 0)
        close(fd);
    return status == FR_OK;
}

static void test_given_away_when_exported(void **state)
{
    (void)state;
    struct pair_rig rig;
    rig_open(&rig);
    /* The third time with commands that are there. */
    for (int i = 0; i < 3; i++)
        convert(&rig, NULL);
    convert(&rig, &corner);
    expect(0, 0);
    const bool exports = export(&rig);
    if (exports) {
        expect(0, 1);
        assert_true(export(&rig));
        expect(0, 0);
        convert(&rig, NULL);
        expect(0, 1);
        convert(&rig, &corner);
        expect(1, 1);
    }
    pair_rig_close(&rig);
    if (!exports)
        skip();
}

/* Nobody has to wait for what there is not. */
static void test_exported_before_it_is_converted(void **state)
{
    (void)state;
    struct pair_rig rig;
    rig_open(&rig);
    const bool exports = export(&rig);
    if (exports) {
        expect(0, 0);
        convert(&rig, NULL);
        expect(0, 1);
    }
    pair_rig_close(&rig);
    if (!exports)
        skip();
}

/* A picture in memory that the processor cannot see is copied between: taken over, and given away again. */
static void test_exported_and_mapped(void **state)
{
    (void)state;
    struct pair_rig rig;
    struct fr_picture mapped;
    rig_open(&rig);
    struct fr_vk_picture *picture = rig.host.picture.object;
    picture->direct = false;
    convert(&rig, NULL);
    const bool exports = export(&rig);
    if (exports) {
        (void)faults_transfers();
        assert_int_equal(rig.host.backend.ops->picture_map(&rig.host.picture, &mapped), FR_OK);
        expect(1, 1);
        convert(&rig, NULL);
        expect(0, 1); /* its copy is recorded already */
        assert_int_equal(rig.host.backend.ops->picture_map(&rig.host.picture, &mapped), FR_OK);
        expect(0, 0);
    }
    pair_rig_close(&rig);
    if (!exports)
        skip();
}

/* Each call fails once; what was not given away is by the next export. */
static void test_no_memory_for_an_export(void **state)
{
    (void)state;
    struct pair_rig rig;
    rig_open(&rig);
    const struct fr_backend_host *backend = &rig.host.backend;
    unsigned nth = 0, failed = 0;
    bool exports = true;
    do {
        int fd;
        backend->ops->picture_destroy(&rig.host.picture);
        assert_int_equal(
            backend->ops->picture_create(backend->self, WIDTH, HEIGHT, FR_FORMAT_NV12, &rig.host.picture),
            FR_OK);
        convert(&rig, NULL);
        (void)faults_transfers();
        faults_at(++nth, VK_ERROR_OUT_OF_DEVICE_MEMORY);
        const fr_status status = fr_vk_picture_export(&rig.host.picture, FR_VULKAN_HANDLE_OPAQUE_FD, &fd);
        faults_at(0, VK_SUCCESS);
        assert_int_equal(fd >= 0, status == FR_OK);
        if (fd >= 0)
            close(fd);
        assert_true(status == FR_OK || status == FR_ERR_NO_MEMORY || status == FR_ERR_UNSUPPORTED);
        failed += status == FR_ERR_NO_MEMORY;
        exports = export(&rig);
        const char *hit = faults_hit() ? faults_hit() : "";
        const bool again = !strcmp(hit, "vkEndCommandBuffer") || !strcmp(hit, "vkQueueSubmit");
        if (exports)
            expect(0, again ? 2 : 1);
    } while (exports && faults_hit());
    assert_true(!exports || failed >= 5);
    pair_rig_close(&rig);
    if (!exports)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given_away_when_exported),
        cmocka_unit_test(test_exported_before_it_is_converted),
        cmocka_unit_test(test_exported_and_mapped),
        cmocka_unit_test(test_no_memory_for_an_export),
    };
    return cmocka_run_group_tests_name("vulkan/export", tests, NULL, NULL);
}
