/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Pictures: in memory, as images, handed to another device; and the order of conversions. */
#include "check.h"

#include "backend/vulkan/format.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WIDTH = 101, HEIGHT = 35, NUM_THREADS = 4 };

static struct fr_vk_device *device;

/* A converter, a slot with a picture of one colour to a number, and a picture. */
struct set {
    fr_convert_params params;
    struct fr_vk_converter *converter;
    struct rig_slot slot;
    struct fr_picture picture;
};

static void fill(struct set *set, uint8_t number)
{
    uint8_t *const pixels = malloc(WIDTH * HEIGHT * 4);
    memset(pixels, number, WIDTH * HEIGHT * 4);
    rig_slot_fill(&set->slot, pixels);
    free(pixels);
}

static uint8_t luma_of(uint8_t number)
{
    return (uint8_t)((28142u * number + (16u << 15) + (1u << 14)) >> 15);
}

static void open_set(struct set *set, struct fr_vk_device *on, bool buffer)
{
    set->params =
        (fr_convert_params){.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};
    assert_int_equal(fr_vk_converter_create(&set->converter, on, &set->params, buffer, gpu_log()), FR_OK);
    assert_string_equal(fr_vk_converter_name(set->converter), "convert_bgra_nv12_vulkan");
    assert_int_equal(fr_vk_picture_create(on, WIDTH, HEIGHT, FR_FORMAT_NV12, &set->picture), FR_OK);
    rig_slot_init(&set->slot, on, FR_FORMAT_BGRA8, WIDTH, HEIGHT, buffer);
}

static void close_set(struct set *set)
{
    fr_vk_converter_destroy(set->converter);
    fr_vk_picture_destroy(&set->picture);
    assert_null(set->picture.object);
    rig_slot_finish(&set->slot);
}

static uint64_t convert(struct set *set)
{
    uint64_t done;
    assert_int_equal(fr_vk_convert(set->converter, &set->slot.input, NULL, set->picture.object, &done),
                     FR_OK);
    assert_int_equal(done, ((struct fr_vk_picture *)set->picture.object)->value);
    if (!set->slot.input.ready)
        rig_wait(((struct fr_vk_picture *)set->picture.object)->device, done);
    return done;
}

static void assert_holds(const struct fr_picture *picture, uint8_t number)
{
    struct fr_picture mapped;
    assert_int_equal(fr_vk_picture_map(picture, &mapped), FR_OK);
    for (size_t y = 0; y < HEIGHT; y++)
        for (size_t x = 0; x < WIDTH; x++)
            assert_int_equal(((uint8_t *)mapped.plane[0])[y * mapped.pitch_bytes[0] + x], luma_of(number));
    for (size_t y = 0; y < (HEIGHT + 1) / 2; y++)
        for (size_t x = 0; x < WIDTH + 1; x++)
            assert_int_equal(((uint8_t *)mapped.plane[1])[y * mapped.pitch_bytes[1] + x], 128);
}

/* As on a GPU with memory of its own: what the host maps is a copy. */
static struct fr_vk_device *device_without_shared_memory(void)
{
    struct fr_vk_device *other = rig_device();
    other->memory.memoryTypes[0].propertyFlags &= ~(VkMemoryPropertyFlags)VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    return other;
}

static void a_picture_is_read_back(void **state)
{
    (void)state;
    struct fr_vk_device *other = device_without_shared_memory();
    struct set set;
    open_set(&set, other, false);
    const struct fr_vk_picture *const p = set.picture.object;
    assert_false(p->direct);
    fill(&set, 40);
    (void)convert(&set);
    assert_false(p->staged);
    assert_holds(&set.picture, 40); /* by a copy of its own */
    assert_true(p->wanted && p->staged);
    fill(&set, 80);
    const uint64_t done = convert(&set);
    assert_true(p->staged && p->staged_value == 2 && p->value == done);
    assert_holds(&set.picture, 80); /* by the conversion's */
    fill(&set, 120);
    for (int i = 0; i < 12; i++) /* more than are under way at a time */
        (void)convert(&set);
    assert_true(!p->staged && p->staged_value == 3); /* what nobody read is not copied again */
    assert_holds(&set.picture, 120);
    assert_holds(&set.picture, 120);
    close_set(&set);
    fr_vk_device_unref(other);
}

static void a_picture_never_converted_maps(void **state)
{
    (void)state;
    struct fr_picture picture, mapped;
    assert_int_equal(fr_vk_picture_create(device, 5, 3, FR_FORMAT_P010, &picture), FR_OK);
    assert_int_equal(fr_vk_picture_map(&picture, &mapped), FR_OK);
    assert_non_null(mapped.plane[1]);
    fr_vk_picture_destroy(&picture);
}

static void *map_thread(void *arg)
{
    for (int i = 0; i < 20; i++)
        assert_holds(arg, 55);
    return NULL;
}

static void several_threads_map_one_picture(void **state)
{
    (void)state;
    struct fr_vk_device *other = device_without_shared_memory();
    for (int direct = 0; direct < 2; direct++) {
        struct set set;
        open_set(&set, direct ? device : other, true);
        fill(&set, 55);
        (void)convert(&set);
        pthread_t threads[NUM_THREADS];
        for (int i = 0; i < NUM_THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, map_thread, &set.picture), 0);
        for (int i = 0; i < NUM_THREADS; i++)
            assert_int_equal(pthread_join(threads[i], NULL), 0);
        close_set(&set);
    }
    fr_vk_device_unref(other);
}

static VkSemaphore make_timeline(void)
{
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    VkSemaphore semaphore;
    assert_int_equal(device->vk.CreateSemaphore(device->device, &info, NULL, &semaphore), VK_SUCCESS);
    return semaphore;
}

static void wait_for(VkSemaphore semaphore, uint64_t value)
{
    const VkSemaphoreWaitInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
                                      .semaphoreCount = 1,
                                      .pSemaphores = &semaphore,
                                      .pValues = &value};
    assert_int_equal(device->vk.WaitSemaphores(device->device, &info, 60 * FR_NS_PER_S), VK_SUCCESS);
}

static uint64_t counter(VkSemaphore semaphore)
{
    uint64_t value;
    assert_int_equal(device->vk.GetSemaphoreCounterValue(device->device, semaphore, &value), VK_SUCCESS);
    return value;
}

/* It is read when the source's semaphore says so, and the source hears of it. */
static void a_slot_is_waited_for_and_given_back(void **state)
{
    (void)state;
    struct set set;
    open_set(&set, device, false);
    fill(&set, 200);
    VkSemaphore ready = make_timeline(), retire = make_timeline();
    set.slot.input.ready = ready;
    set.slot.input.ready_value = 7;
    set.slot.input.retire = retire;
    set.slot.input.retire_value = 3;
    const uint64_t done = convert(&set);
    assert_int_equal(fr_vk_device_wait(device, done, 20 * FR_NS_PER_MS), FR_TIMEOUT);
    assert_int_equal(counter(retire), 0);
    const VkSemaphoreSignalInfo signal = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = ready, .value = 7};
    assert_int_equal(device->vk.SignalSemaphore(device->device, &signal), VK_SUCCESS);
    rig_wait(device, done);
    wait_for(retire, 3);
    assert_holds(&set.picture, 200);
    close_set(&set);
    device->vk.DestroySemaphore(device->device, ready, NULL);
    device->vk.DestroySemaphore(device->device, retire, NULL);
}

static struct {
    struct fr_vk_device *device;
    PFN_vkAllocateMemory allocate;
    int times;
} free_to_convert;

static VKAPI_ATTR VkResult VKAPI_CALL allocate_unlocked(VkDevice on, const VkMemoryAllocateInfo *info,
                                                        const VkAllocationCallbacks *callbacks,
                                                        VkDeviceMemory *memory)
{
    assert_int_equal(pthread_mutex_trylock(&free_to_convert.device->mutex), 0);
    assert_int_equal(pthread_mutex_unlock(&free_to_convert.device->mutex), 0);
    free_to_convert.times++;
    return free_to_convert.allocate(on, info, callbacks, memory);
}

/* Of a large picture that takes longer than a frame. */
static void conversions_go_on_while_a_map_makes_memory(void **state)
{
    (void)state;
    struct fr_vk_device *other = device_without_shared_memory();
    struct set set;
    open_set(&set, other, false);
    fill(&set, 70);
    (void)convert(&set);
    free_to_convert.device = other;
    free_to_convert.allocate = other->vk.AllocateMemory;
    free_to_convert.times = 0;
    other->vk.AllocateMemory = allocate_unlocked;
    assert_holds(&set.picture, 70);
    other->vk.AllocateMemory = free_to_convert.allocate;
    assert_int_equal(free_to_convert.times, 1);
    close_set(&set);
    fr_vk_device_unref(other);
}

/* What conversions waited for on the GPU. */
static struct {
    PFN_vkQueueSubmit submit;
    VkSemaphore semaphore;
    uint64_t value;
} watch;

static VKAPI_ATTR VkResult VKAPI_CALL watch_submit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                                                   VkFence fence)
{
    const VkTimelineSemaphoreSubmitInfo *const values = infos[0].pNext;
    for (uint32_t i = 0; i < infos[0].waitSemaphoreCount; i++)
        if (infos[0].pWaitSemaphores[i] == watch.semaphore)
            watch.value = values->pWaitSemaphoreValues[i];
    return watch.submit(queue, count, infos, fence);
}

/* The frame thread goes on whatever the GPU has not done yet: conversions, and the copies into memory behind
 * them, also those of the picture that is converted again. */
static void no_conversion_waits_for_a_copy(void **state)
{
    (void)state;
    struct fr_vk_device *const one = device, *const other = device_without_shared_memory();
    struct set first, second;
    device = other;
    open_set(&first, other, false);
    open_set(&second, other, false);
    fill(&first, 10);
    fill(&second, 90);
    (void)convert(&first);
    (void)convert(&second);
    assert_holds(&first.picture, 10); /* from now on copies are made */
    assert_holds(&second.picture, 90);
    const struct fr_vk_picture *const p = first.picture.object;
    watch.submit = other->vk.QueueSubmit;
    watch.semaphore = other->copied;
    watch.value = 0;
    other->vk.QueueSubmit = watch_submit;
    VkSemaphore ready = make_timeline();
    first.slot.input.ready = ready;
    first.slot.input.ready_value = 1;
    uint64_t done;
    const uint64_t start_ns = fr_clock_now_ns();
    for (int i = 0; i < 3; i++) {
        const uint64_t before = p->staged_value;
        assert_int_equal(fr_vk_convert(first.converter, &first.slot.input, NULL, first.picture.object, &done),
                         FR_OK);
        assert_int_equal(watch.value, i ? before : 0); /* it is not written over before it is copied */
        assert_int_equal(
            fr_vk_convert(second.converter, &second.slot.input, NULL, second.picture.object, &done), FR_OK);
    }
    other->vk.QueueSubmit = watch.submit;
    /* A wait for `ready` would last as long as one for the device may. */
    assert_true(fr_clock_now_ns() - start_ns < fr_vk_device_patience(other, FR_VK_GPU_WAIT_NS));
    assert_false(fr_vk_device_has_copied(other, p->staged_value));
    const VkSemaphoreSignalInfo signal = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = ready, .value = 1};
    assert_int_equal(other->vk.SignalSemaphore(other->device, &signal), VK_SUCCESS);
    assert_holds(&first.picture, 10);
    assert_holds(&second.picture, 90);
    close_set(&first);
    close_set(&second);
    other->vk.DestroySemaphore(other->device, ready, NULL);
    device = one;
    fr_vk_device_unref(other);
}

static void one_picture_again_and_again_holds_the_last(void **state)
{
    (void)state;
    struct set first, second;
    open_set(&first, device, false);
    open_set(&second, device, true);
    fill(&first, 10);
    fill(&second, 90);
    uint64_t done;
    for (int i = 0; i < 9; i++) {
        assert_int_equal(fr_vk_convert(first.converter, &first.slot.input, NULL, first.picture.object, &done),
                         FR_OK);
        assert_int_equal(
            fr_vk_convert(second.converter, &second.slot.input, NULL, first.picture.object, &done), FR_OK);
    }
    assert_holds(&first.picture, 90);
    close_set(&first);
    close_set(&second);
}

struct copied {
    const fr_vulkan_picture *picture;
    VkBuffer to;
    uint32_t plane, width, height;
};

static void record_image_copy(struct fr_vk_device *on, VkCommandBuffer command, void *arg)
{
    const struct copied *const copied = arg;
    const VkBufferImageCopy all = {.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                   .imageExtent = {copied->width, copied->height, 1}};
    on->vk.CmdCopyImageToBuffer(command, (VkImage)(uintptr_t)copied->picture->image[copied->plane],
                                VK_IMAGE_LAYOUT_GENERAL, copied->to, 1, &all);
}

/* What a program sees that takes the images. */
static void the_images_hold_what_the_buffer_holds(void **state)
{
    (void)state;
    struct set set;
    open_set(&set, device, false);
    fill(&set, 150);
    const uint64_t done = convert(&set);
    fr_vulkan_picture picture;
    fr_vk_picture_get(&set.picture, &picture);
    assert_int_equal(picture.value, done);
    assert_ptr_equal(picture.device, device->device);
    assert_true(picture.image[0] && picture.image[1] && picture.buffer && picture.memory &&
                picture.semaphore);
    rig_wait(device, done);
    for (uint32_t plane = 0; plane < 2; plane++) {
        VkDeviceMemory memory;
        void *mapped;
        struct copied copied = {.picture = &picture,
                                .plane = plane,
                                .width = plane ? (WIDTH + 1) / 2 : WIDTH,
                                .height = plane ? (HEIGHT + 1) / 2 : HEIGHT};
        const size_t bytes = (size_t)copied.width * copied.height * (plane + 1);
        copied.to = rig_buffer(device, bytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT, &memory, &mapped);
        rig_submit(device, record_image_copy, &copied);
        for (size_t i = 0; i < bytes; i++)
            assert_int_equal(((uint8_t *)mapped)[i], plane ? 128 : luma_of(150));
        device->vk.DestroyBuffer(device->device, copied.to, NULL);
        device->vk.FreeMemory(device->device, memory, NULL);
    }
    close_set(&set);
}

/* Another device of the same driver reads the memory that was exported. */
static void an_exported_picture_holds_the_pixels(void **state)
{
    (void)state;
    struct set set;
    open_set(&set, device, true);
    fill(&set, 99);
    (void)convert(&set);
    const VkExternalMemoryHandleTypeFlags types = ((struct fr_vk_picture *)set.picture.object)->handle_types;
    const bool dma_buf = types & VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
    const bool opaque = types & VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    int fd;
    assert_true(opaque || dma_buf);
    assert_int_equal(fr_vk_picture_export(&set.picture, FR_VULKAN_HANDLE_DMA_BUF, &fd),
                     dma_buf ? FR_OK : FR_ERR_UNSUPPORTED);
    assert_true(dma_buf == (fd >= 0));
    if (dma_buf && opaque)
        assert_int_equal(close(fd), 0);
    if (opaque)
        assert_int_equal(fr_vk_picture_export(&set.picture, FR_VULKAN_HANDLE_OPAQUE_FD, &fd), FR_OK);
    fr_vulkan_picture picture;
    fr_vk_picture_get(&set.picture, &picture);
    struct fr_vk_device *other = rig_device();
    const VkImportMemoryFdInfoKHR import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
        .handleType = opaque ? VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT
                             : VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
        .fd = fd,
    };
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &import,
        .allocationSize = picture.bytes,
        .memoryTypeIndex = ((struct fr_vk_picture *)set.picture.object)->memory_type,
    };
    VkDeviceMemory memory;
    void *mapped;
    assert_int_equal(other->vk.AllocateMemory(other->device, &info, NULL, &memory), VK_SUCCESS);
    /* A GPU's own memory can be imported, and no more is seen of it here. */
    if (((struct fr_vk_picture *)set.picture.object)->direct) {
        assert_int_equal(other->vk.MapMemory(other->device, memory, 0, VK_WHOLE_SIZE, 0, &mapped),
                         VK_SUCCESS);
        const uint8_t *const last =
            (uint8_t *)mapped + picture.offset_bytes[0] + (HEIGHT - 1) * picture.pitch_bytes[0];
        assert_int_equal(last[WIDTH - 1], luma_of(99));
    }
    other->vk.FreeMemory(other->device, memory, NULL);
    fr_vk_device_unref(other);
    close_set(&set);
}

static VKAPI_ATTR VkResult VKAPI_CALL no_linear_images(VkPhysicalDevice physical,
                                                       const VkPhysicalDeviceImageFormatInfo2 *info,
                                                       VkImageFormatProperties2 *out)
{
    (void)physical, (void)info, (void)out;
    return VK_ERROR_FORMAT_NOT_SUPPORTED;
}

static void a_device_without_linear_images_has_buffers(void **state)
{
    (void)state;
    struct fr_vk_device *other = rig_device();
    other->vk.GetPhysicalDeviceImageFormatProperties2 = no_linear_images;
    struct set set;
    open_set(&set, other, true);
    fill(&set, 77);
    (void)convert(&set);
    fr_vulkan_picture picture;
    fr_vk_picture_get(&set.picture, &picture);
    assert_true(!picture.image[0] && !picture.image[1] && picture.buffer);
    assert_holds(&set.picture, 77);
    int fd;
    assert_int_equal(fr_vk_picture_export(&set.picture, FR_VULKAN_HANDLE_OPAQUE_FD, &fd), FR_OK);
    assert_int_equal(close(fd), 0);
    close_set(&set);
    fr_vk_device_unref(other);
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    struct fr_vk_converter *converter;
    const fr_convert_params none = {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_P010, .width = 8, .height = 8};
    assert_int_equal(fr_vk_converter_create(&converter, device, &none, false, gpu_log()), FR_ERR_UNSUPPORTED);
    assert_null(converter);
    struct set set;
    open_set(&set, device, true);
    uint64_t done;
    struct fr_vk_input input = set.slot.input;
    input.pitch_bytes += 4;
    assert_int_equal(fr_vk_convert(set.converter, &input, NULL, set.picture.object, &done),
                     FR_ERR_UNSUPPORTED);
    assert_int_equal(done, 0);
    close_set(&set);
}

static void nothing_works_on_a_lost_device(void **state)
{
    (void)state;
    struct fr_vk_device *other = rig_device();
    struct set set;
    open_set(&set, other, true);
    fill(&set, 1);
    (void)convert(&set);
    struct fr_picture mapped;
    int fd;
    uint64_t done;
    assert_int_equal(other->vk.QueueWaitIdle(other->queue),
                     VK_SUCCESS); /* nothing runs that would outlive it */
    (void)fr_vk_device_status(other, VK_ERROR_DEVICE_LOST);
    assert_int_equal(fr_vk_convert(set.converter, &set.slot.input, NULL, set.picture.object, &done),
                     FR_ERR_DEVICE_LOST);
    assert_int_equal(fr_vk_picture_map(&set.picture, &mapped), FR_ERR_DEVICE_LOST);
    assert_int_equal(fr_vk_picture_export(&set.picture, FR_VULKAN_HANDLE_OPAQUE_FD, &fd), FR_ERR_DEVICE_LOST);
    struct fr_picture picture;
    assert_int_equal(fr_vk_picture_create(other, 8, 8, FR_FORMAT_NV12, &picture), FR_ERR_DEVICE_LOST);
    close_set(&set);
    fr_vk_device_unref(other);
}

static void pictures_outlive_the_host(void **state)
{
    (void)state;
    struct fr_vk_device *other = rig_device();
    struct set set;
    open_set(&set, other, true);
    fill(&set, 33);
    (void)convert(&set);
    fr_vk_converter_destroy(set.converter);
    rig_slot_finish(&set.slot);
    fr_vk_device_unref(other);
    assert_holds(&set.picture, 33);
    fr_vk_picture_destroy(&set.picture);
}

static int open_device(void **state)
{
    (void)state;
    device = rig_device();
    return 0;
}

static int close_device(void **state)
{
    (void)state;
    fr_vk_device_unref(device);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_is_read_back),
        cmocka_unit_test(a_picture_never_converted_maps),
        cmocka_unit_test(several_threads_map_one_picture),
        cmocka_unit_test(a_slot_is_waited_for_and_given_back),
        cmocka_unit_test(no_conversion_waits_for_a_copy),
        cmocka_unit_test(conversions_go_on_while_a_map_makes_memory),
        cmocka_unit_test(one_picture_again_and_again_holds_the_last),
        cmocka_unit_test(the_images_hold_what_the_buffer_holds),
        cmocka_unit_test(an_exported_picture_holds_the_pixels),
        cmocka_unit_test(a_device_without_linear_images_has_buffers),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(nothing_works_on_a_lost_device),
        cmocka_unit_test(pictures_outlive_the_host),
    };
    return cmocka_run_group_tests_name("vulkan: pictures", tests, open_device, close_device);
}
