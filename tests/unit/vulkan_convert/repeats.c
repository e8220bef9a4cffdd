/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* A repeat is wrapped while the last frame of its surface is released on another thread: there is one
 * AVVkFrame for both, since FFmpeg keeps in it what it has under way and in which layouts it left the images.
 */
#include "surface.h"

#include <framering/ffmpeg.h>

#define VK_NO_PROTOTYPES
#include <libavutil/hwcontext_vulkan.h>
#include <pthread.h>
#include <string.h>

enum { WIDTH = 66, HEIGHT = 34, ROUNDS = 3000 };

static const fr_convert_params way = {
    .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};

/* ---- the frames' loader: a wait for semaphores is held on one thread, or fails on another ---- */

static struct {
    PFN_vkGetInstanceProcAddr loader;
    PFN_vkGetDeviceProcAddr get;
    PFN_vkWaitSemaphores wait;
    PFN_vkCreateSemaphore create;
    PFN_vkDestroySemaphore destroy;
    PFN_vkQueueSubmit submit;
    unsigned created, destroyed;
    bool closes, passed; /* a batch with nothing in it came last, and was waited for */
    VkSemaphore passing;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool holds, is_held, times_out; /* times_out: for all but who is held */
    pthread_t *releaser;            /* whose release ends when a device is opened; NULL: it does not */
} gate = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static _Thread_local bool is_releaser;

static VkResult VKAPI_CALL wait_semaphores(VkDevice device, const VkSemaphoreWaitInfo *info,
                                           uint64_t timeout_ns)
{
    pthread_mutex_lock(&gate.mutex);
    const bool times_out = gate.times_out && !is_releaser;
    while (gate.holds && is_releaser) {
        gate.is_held = true;
        pthread_cond_broadcast(&gate.changed);
        pthread_cond_wait(&gate.changed, &gate.mutex);
    }
    pthread_mutex_unlock(&gate.mutex);
    const VkResult result = times_out ? VK_TIMEOUT : gate.wait(device, info, timeout_ns);
    if (result == VK_SUCCESS && info->semaphoreCount == 1 && info->pSemaphores[0] == gate.passing)
        gate.passed = true;
    return result;
}

static VkResult VKAPI_CALL create_semaphore(VkDevice device, const VkSemaphoreCreateInfo *info,
                                            const VkAllocationCallbacks *allocator, VkSemaphore *out)
{
    gate.created++;
    return gate.create(device, info, allocator, out);
}

static void VKAPI_CALL destroy_semaphore(VkDevice device, VkSemaphore semaphore,
                                         const VkAllocationCallbacks *allocator)
{
    assert_true(gate.passed || !gate.closes);
    gate.destroyed++;
    gate.destroy(device, semaphore, allocator);
}

static VkResult VKAPI_CALL queue_submit(VkQueue queue, uint32_t count, const VkSubmitInfo *info,
                                        VkFence fence)
{
    const bool passes = count == 1 && !info->commandBufferCount && !info->waitSemaphoreCount;
    gate.passed = false;
    gate.passing = passes ? info->pSignalSemaphores[0] : VK_NULL_HANDLE;
    return gate.submit(queue, count, info, fence);
}

static PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice device, const char *name)
{
    const PFN_vkVoidFunction found = gate.get(device, name);
    if (!found)
        return found;
    if (strcmp(name, "vkWaitSemaphores") == 0) {
        gate.wait = (PFN_vkWaitSemaphores)found;
        return (PFN_vkVoidFunction)wait_semaphores;
    }
    if (strcmp(name, "vkCreateSemaphore") == 0) {
        gate.create = (PFN_vkCreateSemaphore)found;
        return (PFN_vkVoidFunction)create_semaphore;
    }
    if (strcmp(name, "vkDestroySemaphore") == 0) {
        gate.destroy = (PFN_vkDestroySemaphore)found;
        return (PFN_vkVoidFunction)destroy_semaphore;
    }
    if (strcmp(name, "vkQueueSubmit") == 0) {
        gate.submit = (PFN_vkQueueSubmit)found;
        return (PFN_vkVoidFunction)queue_submit;
    }
    return found;
}

static void end_release(pthread_t thread)
{
    pthread_mutex_lock(&gate.mutex);
    gate.holds = false;
    pthread_cond_broadcast(&gate.changed);
    pthread_mutex_unlock(&gate.mutex);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance instance, const char *name)
{
    const PFN_vkVoidFunction found = gate.loader(instance, name);
    if (strcmp(name, "vkGetDeviceProcAddr") != 0)
        return found;
    if (gate.releaser)
        end_release(*gate.releaser);
    gate.releaser = NULL;
    gate.get = (PFN_vkGetDeviceProcAddr)found;
    return (PFN_vkVoidFunction)get_device;
}

static void open_held(struct surface *rig, fr_av_vulkan **av)
{
    surface_open(rig, &way);
    gate.loader = rig->device->get_instance_proc_addr;
    rig->device->get_instance_proc_addr = get_instance;
    gate.holds = true;
    gate.is_held = gate.times_out = gate.closes = false;
    assert_int_equal(fr_av_vulkan_create(av), FR_OK);
}

static void close_held(struct surface *rig, fr_av_vulkan **av)
{
    assert_int_equal(rig->ring.surface[0].refs, 1);
    /* Into the images as FFmpeg left them. */
    surface_convert(rig);
    gate.closes = true;
    fr_av_vulkan_destroy(av);
    rig->device->get_instance_proc_addr = gate.loader;
    surface_close(rig);
}

/* ---- a release that takes its time ---- */

static void *release(void *user)
{
    AVFrame *frame = user;
    is_releaser = true;
    av_frame_free(&frame);
    return NULL;
}

/* Released on a thread that is in the middle of it when this returns. */
static pthread_t begin_release(AVFrame *frame)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, release, frame), 0);
    pthread_mutex_lock(&gate.mutex);
    while (!gate.is_held)
        pthread_cond_wait(&gate.changed, &gate.mutex);
    pthread_mutex_unlock(&gate.mutex);
    return thread;
}

static AVFrame *wrap(fr_av_vulkan *av, const struct surface *rig)
{
    AVFrame *frame = av_frame_alloc();
    assert_int_equal(fr_av_vulkan_wrap(av, &rig->frame, frame), FR_OK);
    return frame;
}

static void go_on(bool uses)
{
    struct surface rig;
    fr_av_vulkan *av;
    open_held(&rig, &av);
    AVFrame *first = wrap(av, &rig);
    const void *const known = first->data[0];
    /* FFmpeg leaves the images in another layout. */
    surface_expect_download(&rig, first);
    const pthread_t thread = begin_release(first);
    AVFrame *again = wrap(av, &rig);
    assert_ptr_equal(again->data[0], known);
    if (uses)
        surface_expect_download(&rig, again);
    end_release(thread);
    assert_int_equal(rig.ring.surface[0].refs, 2);
    surface_expect_download(&rig, again);
    av_frame_free(&again);
    close_held(&rig, &av);
}

static void a_repeat_goes_on_with_what_is_released(void **state)
{
    (void)state;
    go_on(false);
    go_on(true);
}

static void a_repeat_is_released_before_it(void **state)
{
    (void)state;
    struct surface rig;
    fr_av_vulkan *av;
    open_held(&rig, &av);
    AVFrame *first = wrap(av, &rig);
    const void *const known = first->data[0];
    surface_expect_download(&rig, first);
    const pthread_t thread = begin_release(first);
    for (int i = 0; i < 2; i++) {
        AVFrame *again = wrap(av, &rig);
        assert_ptr_equal(again->data[0], known);
        surface_expect_download(&rig, again);
        av_frame_free(&again);
        assert_int_equal(rig.ring.surface[0].refs, 2);
    }
    end_release(thread);
    close_held(&rig, &av);
}

/* The release ends when the repeat is being wrapped, and there is no view to be found after it. */
static void a_repeat_knows_what_was_left(void **state)
{
    (void)state;
    const fr_convert_params other = {
        .from = FR_FORMAT_RGB10A2, .to = FR_FORMAT_P010, .width = WIDTH, .height = HEIGHT};
    struct surface rig, between;
    fr_av_vulkan *av;
    open_held(&rig, &av);
    surface_open(&between, &other);
    AVFrame *first = wrap(av, &rig);
    surface_expect_download(&rig, first);
    AVFrame *next = wrap(av, &between);
    pthread_t thread = begin_release(first);
    gate.releaser = &thread;
    AVFrame *again = wrap(av, &rig);
    assert_null(gate.releaser);
    surface_expect_download(&rig, again);
    av_frame_free(&again);
    av_frame_free(&next);
    surface_close(&between);
    close_held(&rig, &av);
}

/* What the first release waited for is over, what came after it is not. */
static void a_repeat_hangs(void **state)
{
    (void)state;
    struct surface rig;
    fr_av_vulkan *av;
    open_held(&rig, &av);
    AVFrame *first = wrap(av, &rig);
    const void *const known = first->data[0];
    surface_expect_download(&rig, first);
    const pthread_t thread = begin_release(first);
    AVFrame *again = wrap(av, &rig);
    surface_expect_download(&rig, again);
    gate.times_out = true;
    av_frame_free(&again);
    end_release(thread);
    assert_int_equal(rig.ring.surface[0].refs, 2);
    again = wrap(av, &rig);
    assert_ptr_equal(again->data[0], known);
    gate.times_out = false;
    av_frame_free(&again);
    close_held(&rig, &av);
}

/* Nobody wraps the surface again, as it is held: whoever wraps another, or ends, finds that it is over. */
static void what_hung_is_let_go_when_it_is_over(void **state)
{
    (void)state;
    struct surface rig, other;
    fr_av_vulkan *av;
    for (int ends = 0; ends < 2; ends++) {
        open_held(&rig, &av);
        surface_open(&other, &way);
        gate.holds = false;
        AVFrame *hangs = wrap(av, &rig);
        surface_expect_download(&rig, hangs);
        gate.times_out = true;
        av_frame_free(&hangs);
        AVFrame *next = wrap(av, &other);
        assert_int_equal(rig.ring.surface[0].refs, 2);
        av_frame_free(&next);
        gate.times_out = false;
        if (!ends) {
            next = wrap(av, &other);
            assert_int_equal(rig.ring.surface[0].refs, 1);
            av_frame_free(&next);
        }
        fr_av_vulkan_destroy(&av);
        surface_close(&other);
        close_held(&rig, &av);
    }
}

/* ---- the semaphores ---- */

/* Mesa's queues go back to what a batch waited for after it is done. */
static void semaphores_last_as_long_as_the_device(void **state)
{
    (void)state;
    struct surface rig;
    fr_av_vulkan *av;
    open_held(&rig, &av);
    gate.holds = false;
    for (unsigned i = 0; i < 10; i++) {
        AVFrame *one = wrap(av, &rig);
        surface_expect_download(&rig, one);
        av_frame_free(&one);
        /* FFmpeg tries out what frames it could make when it meets the first. */
        if (i == 0)
            gate.created = gate.destroyed = 0;
    }
    assert_int_equal(gate.created, 0);
    assert_int_equal(gate.destroyed, 0);
    close_held(&rig, &av);
    assert_int_equal(gate.destroyed, 2);
}

/* The device stays, with what it may still use. */
static void semaphores_of_a_device_that_hangs_stay(void **state)
{
    (void)state;
    struct surface rig;
    fr_av_vulkan *av;
    open_held(&rig, &av);
    gate.holds = false;
    AVFrame *one = wrap(av, &rig);
    av_frame_free(&one);
    struct fr_vk_device *const device = fr_vk_device_ref(rig.device);
    gate.destroyed = 0;
    gate.times_out = true;
    close_held(&rig, &av);
    assert_int_equal(gate.destroyed, 0);
    assert_int_equal(device->refs, 2);
    fr_vk_device_unref(device);
}

/* ---- two threads ---- */

struct race {
    struct surface rig;
    fr_av_vulkan *av;
    pthread_mutex_t mutex;
    VkImageLayout layout; /* in which who had the frame before left the images; under the mutex */
    unsigned wrong;
};

/* As FFmpeg does, but with nothing for the GPU. */
static void use(struct race *race, const AVFrame *frame)
{
    AVVkFrame *vkf = (AVVkFrame *)(void *)frame->data[0];
    race->wrong += vkf->layout[0] != race->layout;
    race->layout = race->layout == VK_IMAGE_LAYOUT_GENERAL ? VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL
                                                           : VK_IMAGE_LAYOUT_GENERAL;
    vkf->layout[0] = race->layout;
}

static void *take_turns(void *user)
{
    struct race *race = user;
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&race->mutex);
        AVFrame *frame = wrap(race->av, &race->rig);
        use(race, frame);
        pthread_mutex_unlock(&race->mutex);
        av_frame_free(&frame);
    }
    return NULL;
}

static void frames_are_released_on_any_thread(void **state)
{
    (void)state;
    struct race race = {.mutex = PTHREAD_MUTEX_INITIALIZER, .layout = VK_IMAGE_LAYOUT_GENERAL};
    pthread_t threads[2];
    surface_open(&race.rig, &way);
    assert_int_equal(fr_av_vulkan_create(&race.av), FR_OK);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_turns, &race), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(race.wrong, 0);
    assert_int_equal(race.rig.ring.surface[0].refs, 1);
    assert_int_equal(race.layout, VK_IMAGE_LAYOUT_GENERAL);
    fr_av_vulkan_destroy(&race.av);
    surface_convert(&race.rig);
    surface_close(&race.rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repeat_goes_on_with_what_is_released),
        cmocka_unit_test(a_repeat_is_released_before_it),
        cmocka_unit_test(a_repeat_knows_what_was_left),
        cmocka_unit_test(a_repeat_hangs),
        cmocka_unit_test(what_hung_is_let_go_when_it_is_over),
        cmocka_unit_test(semaphores_last_as_long_as_the_device),
        cmocka_unit_test(frames_are_released_on_any_thread),
        cmocka_unit_test(semaphores_of_a_device_that_hangs_stay),
    };
    return cmocka_run_group_tests_name("vulkan: repeats for FFmpeg", tests, NULL, NULL);
}
