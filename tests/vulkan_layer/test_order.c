/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What the layer's copy puts in an order on the program's queue: the commands that are recorded, and what is
 * submitted with a present. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vulkan-layer/feed.h"
#include "vulkan-layer/objects.h"
#include "vulkan-layer/record.h"
#include "vulkan-layer/settings.h"

enum { BARRIERS_MAX = 8, FAMILY = 3 };

/* Stands for any handle. */
#define HANDLE(type, number) ((type)(uintptr_t)(number))
#define SWAPCHAIN_IMAGE HANDLE(VkImage, 11)
#define SINK_IMAGE HANDLE(VkImage, 12)

static struct {
    VkPipelineStageFlags before, after;
    uint32_t num_images, num_all;
    VkImageMemoryBarrier image[2];
    VkMemoryBarrier all;
} barriers[BARRIERS_MAX];
static uint32_t num_barriers;

static VkSubmitInfo submitted;
static uint32_t num_submitted;
static VkPipelineStageFlags stages[4];
static VkCommandBuffer commands[2];
static VkPresentInfoKHR presented;
static VkSemaphore waited[4];
static VkResult submit_result;
static uint32_t num_lost, num_filled;

/* ---- what lies below ---- */

static VKAPI_ATTR VkResult VKAPI_CALL begin_commands(VkCommandBuffer buffer,
                                                     const VkCommandBufferBeginInfo *info)
{
    (void)buffer, (void)info;
    num_barriers = 0;
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL end_commands(VkCommandBuffer buffer)
{
    (void)buffer;
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL barrier(VkCommandBuffer buffer, VkPipelineStageFlags before,
                                          VkPipelineStageFlags after, VkDependencyFlags flags,
                                          uint32_t num_all, const VkMemoryBarrier *all, uint32_t num_buffers,
                                          const VkBufferMemoryBarrier *buffers, uint32_t num_images,
                                          const VkImageMemoryBarrier *images)
{
    (void)buffer, (void)flags, (void)num_buffers, (void)buffers;
    assert_true(num_barriers < BARRIERS_MAX && num_images <= 2 && num_all <= 1);
    barriers[num_barriers].before = before;
    barriers[num_barriers].after = after;
    barriers[num_barriers].num_images = num_images;
    barriers[num_barriers].num_all = num_all;
    if (num_all)
        barriers[num_barriers].all = *all;
    for (uint32_t i = 0; i < num_images; i++)
        barriers[num_barriers].image[i] = images[i];
    num_barriers++;
}

static VKAPI_ATTR void VKAPI_CALL copy_image(VkCommandBuffer buffer, VkImage from, VkImageLayout from_layout,
                                             VkImage to, VkImageLayout to_layout, uint32_t num,
                                             const VkImageCopy *regions)
{
    (void)buffer, (void)from, (void)from_layout, (void)to, (void)to_layout, (void)num, (void)regions;
}

static VKAPI_ATTR void VKAPI_CALL blit_image(VkCommandBuffer buffer, VkImage from, VkImageLayout from_layout,
                                             VkImage to, VkImageLayout to_layout, uint32_t num,
                                             const VkImageBlit *regions, VkFilter filter)
{
    (void)buffer, (void)from, (void)from_layout, (void)to, (void)to_layout, (void)num, (void)regions;
    (void)filter;
}

static VKAPI_ATTR void VKAPI_CALL copy_to_buffer(VkCommandBuffer buffer, VkImage from, VkImageLayout layout,
                                                 VkBuffer to, uint32_t num, const VkBufferImageCopy *regions)
{
    (void)buffer, (void)from, (void)layout, (void)to, (void)num, (void)regions;
}

static VKAPI_ATTR VkResult VKAPI_CALL queue_submit(VkQueue queue, uint32_t num, const VkSubmitInfo *infos,
                                                   VkFence fence)
{
    (void)queue, (void)fence;
    num_submitted += num;
    submitted = *infos;
    for (uint32_t i = 0; i < infos->waitSemaphoreCount; i++)
        stages[i] = infos->pWaitDstStageMask[i];
    for (uint32_t i = 0; i < infos->commandBufferCount; i++)
        commands[i] = infos->pCommandBuffers[i];
    return submit_result;
}

static VKAPI_ATTR VkResult VKAPI_CALL queue_present(VkQueue queue, const VkPresentInfoKHR *info)
{
    (void)queue;
    presented = *info;
    for (uint32_t i = 0; i < info->waitSemaphoreCount; i++)
        waited[i] = info->pWaitSemaphores[i];
    return submit_result;
}

/* ---- the layer's other parts ---- */

static fr_layer_device device = {
    .vk = {.BeginCommandBuffer = begin_commands,
           .EndCommandBuffer = end_commands,
           .CmdPipelineBarrier = barrier,
           .CmdCopyImage = copy_image,
           .CmdBlitImage = blit_image,
           .CmdCopyImageToBuffer = copy_to_buffer,
           .QueueSubmit = queue_submit,
           .QueuePresentKHR = queue_present},
};
static fr_layer_queue queue = {.device = &device, .family = FAMILY, .mutex = PTHREAD_MUTEX_INITIALIZER};
static fr_layer_swapchain swapchain = {
    .device = &device,
    .width = 64,
    .height = 32,
    .num_images = 1,
    .image = {SWAPCHAIN_IMAGE},
    .copied = {HANDLE(VkSemaphore, 21)},
    .family = FAMILY,
};

fr_layer_device *fr_layer_device_of(const void *dispatchable)
{
    (void)dispatchable;
    return &device;
}

fr_layer_queue *fr_layer_queue_of(const fr_layer_device *of, VkQueue handle)
{
    (void)of, (void)handle;
    return &queue;
}

fr_layer_swapchain *fr_layer_swapchain_of(const fr_layer_device *of, VkSwapchainKHR handle)
{
    (void)of, (void)handle;
    return &swapchain;
}

void fr_layer_feed_offer(fr_layer_queue *of, fr_layer_swapchain *offered)
{
    (void)of, (void)offered;
}

void fr_layer_feed_filled(fr_layer_swapchain *of, fr_layer_sink *sink)
{
    (void)of, (void)sink;
    num_filled++;
}

void fr_layer_feed_lose(fr_layer_device *of)
{
    (void)of;
    num_lost++;
}

const fr_layer_settings *fr_layer_settings_get(void)
{
    static const fr_layer_settings none;
    return &none;
}

fr_layer_moment fr_layer_moment_now(void)
{
    return (fr_layer_moment){0};
}

fr_layer_moment fr_layer_moment_since(fr_layer_moment since)
{
    return since;
}

void fr_layer_stats_note(fr_layer_fate fate, uint64_t cpu_ns, uint64_t clock_ns)
{
    (void)fate, (void)cpu_ns, (void)clock_ns;
}

void fr_layer_copies_record(const fr_layer_copies *copies, const fr_layer_copier *copier,
                            const fr_layer_device *of, VkCommandBuffer buffer, uint32_t index, uint32_t width,
                            uint32_t height)
{
    (void)copies, (void)copier, (void)of, (void)buffer, (void)index, (void)width, (void)height;
}

void fr_layer_timer_begin(const fr_layer_timer *timer, const fr_layer_device *of, VkCommandBuffer buffer,
                          uint32_t index)
{
    (void)timer, (void)of, (void)buffer, (void)index;
}

void fr_layer_timer_end(const fr_layer_timer *timer, const fr_layer_device *of, VkCommandBuffer buffer,
                        uint32_t index)
{
    (void)timer, (void)of, (void)buffer, (void)index;
}

/* ---- tests ---- */

typedef struct kind {
    bool is_slot, by_shader, has_image, has_buffer;
    fr_layer_way way;
} kind;

static const kind kinds[] = {
    {true, true, true, false, FR_LAYER_COPY},   {true, false, true, false, FR_LAYER_COPY},
    {true, false, true, false, FR_LAYER_BLIT},  {false, true, true, false, FR_LAYER_COPY},
    {false, false, true, false, FR_LAYER_COPY}, {false, false, false, true, FR_LAYER_COPY},
    {false, true, true, true, FR_LAYER_BLIT},   {false, false, true, true, FR_LAYER_BLIT},
};

static fr_layer_sink sink_of(const kind *k)
{
    swapchain.plan.way = k->way;
    return (fr_layer_sink){
        .is_slot = k->is_slot,
        .outside = VK_QUEUE_FAMILY_FOREIGN_EXT,
        .image = k->has_image ? SINK_IMAGE : VK_NULL_HANDLE,
        .buffer = k->has_buffer ? HANDLE(VkBuffer, 13) : VK_NULL_HANDLE,
        .copies.pool = k->by_shader ? HANDLE(VkDescriptorPool, 14) : VK_NULL_HANDLE,
    };
}

/* A barrier orders all of its first stages on the queue before all of its second, whoever submits them: none
 * names another stage than that of the copy (and those that nothing runs in). */
static void test_no_other_stage(void **state)
{
    const VkPipelineStageFlags nobody = VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT | VK_PIPELINE_STAGE_HOST_BIT;
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const fr_layer_sink sink = sink_of(&kinds[i]);
        const VkPipelineStageFlags own =
            kinds[i].by_shader ? VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT : VK_PIPELINE_STAGE_TRANSFER_BIT;
        const VkPipelineStageFlags buffer = kinds[i].has_buffer ? VK_PIPELINE_STAGE_TRANSFER_BIT : 0;
        assert_int_equal(fr_layer_record_stage(&sink), own);
        assert_int_equal(fr_layer_record(&sink, &swapchain, 0, NULL), VK_SUCCESS);
        assert_true(num_barriers >= 2);
        /* From here the chain goes on from the semaphores' wait. */
        assert_int_equal(barriers[0].before, own);
        assert_int_equal(barriers[0].after, own);
        for (uint32_t k = 0; k < num_barriers; k++) {
            assert_int_equal(barriers[k].before & ~(own | buffer), 0);
            assert_int_equal(barriers[k].after & ~(own | buffer | nobody), 0);
        }
        assert_int_equal(barriers[num_barriers - 1].after, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT);
    }
}

/* The layout that the image is in after all barriers, which begin where the one before ended. */
static VkImageLayout follow(VkImage image, VkImageLayout layout)
{
    for (uint32_t k = 0; k < num_barriers; k++)
        for (uint32_t i = 0; i < barriers[k].num_images; i++)
            if (barriers[k].image[i].image == image) {
                assert_int_equal(barriers[k].image[i].oldLayout, layout);
                layout = barriers[k].image[i].newLayout;
            }
    return layout;
}

static void test_layouts_and_owners(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const fr_layer_sink sink = sink_of(&kinds[i]);
        assert_int_equal(fr_layer_record(&sink, &swapchain, 0, NULL), VK_SUCCESS);
        assert_int_equal(follow(SWAPCHAIN_IMAGE, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR),
                         VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
        if (kinds[i].has_image)
            assert_int_equal(follow(SINK_IMAGE, VK_IMAGE_LAYOUT_UNDEFINED),
                             kinds[i].is_slot ? VK_IMAGE_LAYOUT_GENERAL
                                              : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
        if (!kinds[i].is_slot)
            continue;
        assert_int_equal(barriers[0].image[1].srcQueueFamilyIndex, VK_QUEUE_FAMILY_FOREIGN_EXT);
        assert_int_equal(barriers[0].image[1].dstQueueFamilyIndex, FAMILY);
        assert_int_equal(barriers[1].image[1].srcQueueFamilyIndex, FAMILY);
        assert_int_equal(barriers[1].image[1].dstQueueFamilyIndex, VK_QUEUE_FAMILY_FOREIGN_EXT);
        assert_true(barriers[1].image[1].srcAccessMask);
    }
}

static void present(uint32_t num_waits)
{
    static const VkSemaphore drawn[2] = {HANDLE(VkSemaphore, 31), HANDLE(VkSemaphore, 32)};
    const VkSwapchainKHR handle = VK_NULL_HANDLE;
    const uint32_t index = 0;
    const VkPresentInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = num_waits,
        .pWaitSemaphores = drawn,
        .swapchainCount = 1,
        .pSwapchains = &handle,
        .pImageIndices = &index,
    };
    swapchain.sink[0] = (fr_layer_sink){
        .state = FR_LAYER_SINK_OPEN,
        .is_slot = true,
        .stage = VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
        .copy = {HANDLE(VkCommandBuffer, 41), HANDLE(VkCommandBuffer, 42)},
    };
    swapchain.accepting = true;
    num_submitted = num_lost = num_filled = 0;
    assert_int_equal(fr_layer_QueuePresentKHR(NULL, &info), submit_result);
}

/* The copy waits for what the present was to wait for, in its own stage; the present waits for the copy. */
static void test_present_with_semaphores(void **state)
{
    (void)state;
    submit_result = VK_SUCCESS;
    present(2);
    assert_int_equal(num_submitted, 1);
    assert_int_equal(submitted.waitSemaphoreCount, 2);
    assert_int_equal(stages[0], VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
    assert_int_equal(stages[1], VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
    assert_int_equal(submitted.commandBufferCount, 1);
    assert_ptr_equal(commands[0], HANDLE(VkCommandBuffer, 41));
    assert_int_equal(presented.waitSemaphoreCount, 1);
    assert_ptr_equal(waited[0], swapchain.copied[0]);
    assert_int_equal(num_filled, 1);
}

/* A program that leaves the order to the queue has it for the copy as well. */
static void test_present_without_semaphores(void **state)
{
    (void)state;
    submit_result = VK_SUCCESS;
    present(0);
    assert_int_equal(submitted.commandBufferCount, 2);
    assert_ptr_equal(commands[0], HANDLE(VkCommandBuffer, 42));
    assert_ptr_equal(commands[1], HANDLE(VkCommandBuffer, 41));
    const fr_layer_sink sink = sink_of(&kinds[0]);
    assert_int_equal(fr_layer_record_after_all(&sink, &swapchain, NULL), VK_SUCCESS);
    assert_int_equal(num_barriers, 1);
    assert_int_equal(barriers[0].before, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
    assert_int_equal(barriers[0].after, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT);
    assert_true(barriers[0].num_all == 1 && barriers[0].all.srcAccessMask == VK_ACCESS_MEMORY_WRITE_BIT);
}

/* The present goes below as the program asked, and its answer is the program's. */
static void test_lost_device(void **state)
{
    (void)state;
    submit_result = VK_ERROR_DEVICE_LOST;
    present(2);
    assert_int_equal(presented.waitSemaphoreCount, 2);
    assert_ptr_equal(waited[1], HANDLE(VkSemaphore, 32));
    assert_true(num_lost >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_other_stage),
        cmocka_unit_test(test_layouts_and_owners),
        cmocka_unit_test(test_present_with_semaphores),
        cmocka_unit_test(test_present_without_semaphores),
        cmocka_unit_test(test_lost_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
