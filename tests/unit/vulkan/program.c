/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Slots that a program draws by itself, whose work is under way when it publishes them: what that works on
 * stays until it is over. */
#include "vulkan/timelines.h"

#include <string.h>

/* Work of a program's that goes on until somebody waits for it. */
struct work {
    struct timelines *rig;
    VkSemaphore gate;
    struct fr_vk_command *command;
    bool over;
};

static struct work *under_way;

static PFN_vkVoidFunction find(const struct timelines *rig, const char *name)
{
    return fr_vk_loader(NULL)(rig->gpu.device->instance, name);
}

static void signal_now(const struct timelines *rig, VkSemaphore semaphore, uint64_t value)
{
    const PFN_vkSignalSemaphore signal = (PFN_vkSignalSemaphore)find(rig, "vkSignalSemaphore");
    const VkSemaphoreSignalInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, .semaphore = semaphore, .value = value};
    assert_int_equal(signal(rig->gpu.device->device, &info), VK_SUCCESS);
}

static void let_end(void)
{
    struct work *work = under_way;
    if (!work || work->over)
        return;
    work->over = true;
    signal_now(work->rig, work->gate, 1);
}

/* ---- the source's loader ---- */

static bool hangs;

static VkResult VKAPI_CALL wait_semaphores(VkDevice device, const VkSemaphoreWaitInfo *info,
                                           uint64_t timeout_ns)
{
    if (hangs)
        return VK_TIMEOUT;
    let_end();
    const PFN_vkWaitSemaphores wait = (PFN_vkWaitSemaphores)faults_get(VK_NULL_HANDLE, "vkWaitSemaphores");
    return wait(device, info, timeout_ns);
}

static VkResult VKAPI_CALL wait_fences(VkDevice device, uint32_t count, const VkFence *fences, VkBool32 all,
                                       uint64_t timeout_ns)
{
    const PFN_vkWaitForFences wait = (PFN_vkWaitForFences)faults_get(VK_NULL_HANDLE, "vkWaitForFences");
    let_end();
    return wait(device, count, fences, all, timeout_ns);
}

static PFN_vkVoidFunction hook_of(const char *name)
{
    if (!strcmp(name, "vkWaitSemaphores") || !strcmp(name, "vkWaitSemaphoresKHR"))
        return (PFN_vkVoidFunction)wait_semaphores;
    return !strcmp(name, "vkWaitForFences") ? (PFN_vkVoidFunction)wait_fences : NULL;
}

static PFN_vkVoidFunction VKAPI_CALL get_device(VkDevice device, const char *name)
{
    const PFN_vkGetDeviceProcAddr get =
        (PFN_vkGetDeviceProcAddr)faults_get(VK_NULL_HANDLE, "vkGetDeviceProcAddr");
    const PFN_vkVoidFunction found = get(device, name), hook = hook_of(name);
    return found && hook ? hook : found;
}

static PFN_vkVoidFunction VKAPI_CALL get_instance(VkInstance instance, const char *name)
{
    const PFN_vkVoidFunction found = faults_get(instance, name);
    return strcmp(name, "vkGetDeviceProcAddr") ? found : (PFN_vkVoidFunction)get_device;
}

/* ---- the program's work ---- */

static void record_clear(const struct timelines *rig, VkCommandBuffer commands, const fr_vulkan_slot *slot)
{
    const struct fr_vk_device *device = rig->gpu.device;
    const VkClearColorValue white = {.float32 = {1, 1, 1, 1}};
    const VkImageSubresourceRange whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = (VkImage)(uintptr_t)slot->image,
        .subresourceRange = whole,
    };
    device->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0,
                                  0, NULL, 0, NULL, 1, &barrier);
    const PFN_vkCmdClearColorImage clear = (PFN_vkCmdClearColorImage)find(rig, "vkCmdClearColorImage");
    clear(commands, barrier.image, VK_IMAGE_LAYOUT_GENERAL, &white, 1, &whole);
    barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = 0;
    barrier.oldLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.srcQueueFamilyIndex = device->family;
    barrier.dstQueueFamilyIndex = slot->queue_family;
    device->vk.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT,
                                  VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 0, NULL, 1, &barrier);
}

static void work_submit(struct work *work, VkSemaphore ready, uint64_t ready_value)
{
    const struct fr_vk_device *device = work->rig->gpu.device;
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    const uint64_t open = 1;
    const VkTimelineSemaphoreSubmitInfo values = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = 1,
        .pWaitSemaphoreValues = &open,
        .signalSemaphoreValueCount = ready ? 1 : 0,
        .pSignalSemaphoreValues = &ready_value,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &values,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &work->gate,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &work->command->buffer,
        .signalSemaphoreCount = ready ? 1 : 0,
        .pSignalSemaphores = &ready,
    };
    assert_int_equal(device->vk.EndCommandBuffer(work->command->buffer), VK_SUCCESS);
    work->command->recording = false;
    assert_int_equal(device->vk.QueueSubmit(device->queue, 1, &info, work->command->fence), VK_SUCCESS);
    work->command->pending = true;
}

/* Into a slot that was begun; `signals` false: its last submission is still to come. */
static void work_begin(struct work *work, struct timelines *rig, const fr_vulkan_slot *slot, bool signals)
{
    const VkSemaphoreTypeCreateInfo type = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
                                            .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE};
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    const struct fr_vk_device *device = rig->gpu.device;
    *work = (struct work){.rig = rig};
    assert_int_equal(device->vk.CreateSemaphore(device->device, &info, NULL, &work->gate), VK_SUCCESS);
    assert_int_equal(fr_vk_command_begin(&rig->gpu.commands, &work->command), VK_SUCCESS);
    record_clear(rig, work->command->buffer, slot);
    work_submit(work, signals ? (VkSemaphore)(uintptr_t)slot->ready : VK_NULL_HANDLE, slot->ready_value);
    under_way = work;
}

/* It was waited for. */
static void work_finish(struct work *work)
{
    const struct fr_vk_device *device = work->rig->gpu.device;
    assert_true(work->over);
    under_way = NULL;
    assert_true(fr_vk_commands_settle(&work->rig->gpu.commands));
    device->vk.DestroySemaphore(device->device, work->gate, NULL);
}

static void test_a_ring_stays_for_the_work_of_its_program(void **state)
{
    (void)state;
    struct timelines rig;
    struct work work;
    fr_vulkan_slot slot;
    timelines_open(&rig, get_instance);
    const uint32_t index = timelines_begin(&rig, &slot);
    work_begin(&work, &rig, &slot, true);
    timelines_publish(&rig, index, 0);
    pair_source_detach(&rig.source);
    assert_true(work.over);
    work_finish(&work);
    timelines_close(&rig);
}

static void test_a_ring_whose_program_hangs_is_left(void **state)
{
    (void)state;
    struct timelines rig;
    struct work work;
    fr_vulkan_slot slot;
    const char *what;
    timelines_open(&rig, get_instance);
    const struct fr_backend_source_ops *ops = rig.source.in_use->ops;
    const uint32_t index = timelines_begin(&rig, &slot);
    work_begin(&work, &rig, &slot, true);
    timelines_publish(&rig, index, 0);
    const long alive = faults_alive(&what);
    hangs = true;
    ops->detach(rig.source.in_use->self, rig.source.ring);
    hangs = false;
    assert_int_equal(faults_alive(&what), alive);
    pair_source_detach(&rig.source);
    work_finish(&work);
    timelines_close(&rig);
}

/* The values that such slots were given are never reached. */
static void test_a_slot_that_is_given_up_is_not_waited_for(void **state)
{
    (void)state;
    struct timelines rig;
    fr_vulkan_slot slot;
    timelines_open(&rig, get_instance);
    timelines_push(&rig, 3);
    struct pair_source *source = &rig.source;
    const uint32_t index = timelines_begin(&rig, &slot);
    assert_int_equal(slot.ready_value, 2);
    assert_int_equal(source->in_use->ops->end(source->in_use->self, source->ring, index, NULL),
                     FR_CLAIM_ACQUIRED);
    fr_ring_source_cancel(&source->words);
    hangs = true;
    pair_source_detach(&rig.source);
    hangs = false;
    timelines_close(&rig);
}

/* Nobody tells any more when the work is over, but the queue. */
static void test_a_host_that_spoils_the_semaphore_of_a_program(void **state)
{
    (void)state;
    struct timelines rig;
    struct work work;
    fr_vulkan_slot slot;
    timelines_open(&rig, get_instance);
    const uint32_t index = timelines_begin(&rig, &slot);
    work_begin(&work, &rig, &slot, false);
    timelines_publish(&rig, index, 0);
    signal_now(&rig, pair_host_inside(&rig.host)->ready, UINT64_MAX);
    pair_source_detach(&rig.source);
    assert_true(work.over);
    work_finish(&work);
    timelines_close(&rig);
}

/* As when a frame is shown again in a new ring. */
static void test_a_picture_is_copied_when_its_program_is_done(void **state)
{
    (void)state;
    struct timelines rig;
    struct work work;
    fr_vulkan_slot slot;
    uint64_t ready_value;
    timelines_open(&rig, get_instance);
    struct pair_source *source = &rig.source;
    const struct fr_backend_source_ops *ops = source->in_use->ops;
    void *self = source->in_use->self;
    const uint32_t from = timelines_begin(&rig, &slot), to = (from + 1) % source->words.ring_len;
    work_begin(&work, &rig, &slot, true);
    timelines_publish(&rig, from, 0);
    assert_int_equal(ops->begin(self, source->ring, to, 0, 0), FR_CLAIM_ACQUIRED);
    hangs = true;
    assert_false(ops->copy(self, source->ring, from, source->ring, to));
    hangs = false;
    assert_true(ops->copy(self, source->ring, from, source->ring, to));
    assert_true(work.over);
    assert_int_equal(ops->end(self, source->ring, to, &ready_value), FR_CLAIM_ACQUIRED);
    pair_source_detach(&rig.source);
    work_finish(&work);
    timelines_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_ring_stays_for_the_work_of_its_program),
        cmocka_unit_test(test_a_ring_whose_program_hangs_is_left),
        cmocka_unit_test(test_a_slot_that_is_given_up_is_not_waited_for),
        cmocka_unit_test(test_a_host_that_spoils_the_semaphore_of_a_program),
        cmocka_unit_test(test_a_picture_is_copied_when_its_program_is_done),
    };
    return cmocka_run_group_tests_name("vulkan/program", tests, NULL, NULL);
}
