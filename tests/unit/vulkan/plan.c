/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Which way of sharing is taken, and which device: decided from what is said, without a GPU. */
#include "vulkan/gpu.h"

#include "backend/vulkan/ring.h"

#include <string.h>

static const uint64_t every_cap =
    FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_TIMELINE | FR_CAP_FOREIGN;
static const uint64_t file_caps =
    FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF | FR_CAP_SYNC_FILE | FR_CAP_FOREIGN;

static struct fr_vk_device able_device(void)
{
    struct fr_vk_device device = {.opaque_fd = true,
                                  .dma_buf = true,
                                  .foreign = true,
                                  .shared_timeline = true,
                                  .timeline = true,
                                  .host_memory = true};
    for (uint32_t i = 0; i < FR_VK_WAYS; i++)
        device.fault[i] = "";
    device.fault[FR_VK_WAY_SYNC_FILE] = "no fences";
    device.gpu = (struct fr_gpu){.present = true,
                                 .driver_uuid = {1},
                                 .device_uuid = {2},
                                 .num_modifiers = 3,
                                 .modifier = {10, 20, 30}};
    return device;
}

struct expected {
    fr_status status;
    enum fr_slots_kind kind;
    uint32_t sync_kind;
};

static void expect_plan(const struct fr_vk_device *device, const fr_vulkan_host_params *params, uint64_t caps,
                        const struct fr_gpu *source, struct expected expected)
{
    struct fr_vk_plan plan;
    assert_int_equal(fr_vk_plan_make(&plan, device, params, caps, source), expected.status);
    char why[FR_VK_WHY_BYTES];
    fr_vk_plan_why(&plan, why);
    if (expected.status != FR_OK) {
        assert_true(why[0]);
        return;
    }
    assert_int_equal(plan.kind, expected.kind);
    assert_int_equal(plan.sync_kind, expected.sync_kind);
    const bool far = plan.kind == FR_SLOTS_DMA_BUF && !fr_vk_gpu_equal(&device->gpu, source);
    if (plan.kind != FR_SLOTS_MEMORY)
        assert_int_equal(plan.outside, far ? VK_QUEUE_FAMILY_FOREIGN_EXT : VK_QUEUE_FAMILY_EXTERNAL);
    const bool best = plan.kind == FR_SLOTS_OPAQUE_FD && plan.sync_kind == FR_WIRE_SYNC_FENCE;
    assert_int_equal(why[0] == '\0', best);
    assert_true(fr_vk_plan_slots(&plan)[0] && fr_vk_plan_sync(&plan)[0]);
}

static const struct expected opaque_fence = {FR_OK, FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_FENCE};
static const struct expected opaque_states = {FR_OK, FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_STATES};
static const struct expected dma_fence = {FR_OK, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_FENCE};
static const struct expected dma_states = {FR_OK, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_STATES};
static const struct expected dma_file = {FR_OK, FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_FILE};
static const struct expected memory = {FR_OK, FR_SLOTS_MEMORY, FR_WIRE_SYNC_STATES};
static const struct expected nothing = {.status = FR_ERR_UNSUPPORTED};

static void test_the_same_device(void **state)
{
    (void)state;
    const struct fr_vk_device device = able_device();
    const fr_vulkan_host_params all = {0}, no_timeline = {.no_timeline = true},
                                no_opaque = {.no_opaque_fd = true};
    expect_plan(&device, &all, every_cap, &device.gpu, opaque_fence);
    expect_plan(&device, &no_timeline, every_cap, &device.gpu, opaque_states);
    expect_plan(&device, &all, every_cap & ~FR_CAP_TIMELINE, &device.gpu, opaque_states);
    expect_plan(&device, &no_opaque, every_cap, &device.gpu, dma_fence);
    expect_plan(&device, &all, every_cap & ~FR_CAP_OPAQUE_FD, &device.gpu, dma_fence);
    expect_plan(&device, &all, FR_CAP_STATES, &device.gpu, memory);
}

static void test_another_device_or_driver(void **state)
{
    (void)state;
    const struct fr_vk_device device = able_device();
    const fr_vulkan_host_params all = {0}, no_dma_buf = {.no_dma_buf = true};
    struct fr_gpu other = device.gpu;
    other.device_uuid[15] = 1;
    expect_plan(&device, &all, every_cap, &other, dma_states);
    expect_plan(&device, &no_dma_buf, every_cap, &other, memory);
    other = device.gpu;
    other.driver_uuid[0] = 9;
    expect_plan(&device, &all, every_cap, &other, dma_states);
    other.present = false;
    expect_plan(&device, &all, FR_CAP_STATES, &other, memory);
    expect_plan(&device, &no_dma_buf, FR_CAP_OPAQUE_FD, &other, nothing);
}

/* Both sides have to give images to queues of other devices; those of one device need not. */
static void test_dma_bufs_of_another_device(void **state)
{
    (void)state;
    const fr_vulkan_host_params no_opaque = {.no_opaque_fd = true};
    struct fr_vk_device device = able_device();
    struct fr_gpu other = device.gpu;
    other.driver_uuid[3] = 5;
    expect_plan(&device, &no_opaque, every_cap, &other, dma_states);
    expect_plan(&device, &no_opaque, every_cap & ~FR_CAP_FOREIGN, &other, memory);
    expect_plan(&device, &no_opaque, every_cap & ~FR_CAP_FOREIGN, &device.gpu, dma_fence);
    device.foreign = false;
    device.fault[FR_VK_WAY_FOREIGN] = "no way out";
    expect_plan(&device, &no_opaque, every_cap, &other, memory);
    expect_plan(&device, &no_opaque, every_cap, &device.gpu, dma_fence);
}

static void test_modifiers_in_common(void **state)
{
    (void)state;
    const struct fr_vk_device device = able_device();
    const fr_vulkan_host_params params = {.no_opaque_fd = true};
    struct fr_gpu other = device.gpu;
    struct fr_vk_plan plan;
    other.device_uuid[0] = 77;
    other.num_modifiers = 3;
    other.modifier[0] = 30;
    other.modifier[1] = 99;
    other.modifier[2] = 10;
    assert_int_equal(fr_vk_plan_make(&plan, &device, &params, every_cap, &other), FR_OK);
    assert_int_equal(plan.num_modifiers, 2);
    assert_int_equal(plan.modifier[0], 10);
    assert_int_equal(plan.modifier[1], 30);
    other.modifier[0] = other.modifier[2] = 98;
    expect_plan(&device, &params, every_cap, &other, memory);
    expect_plan(&device, &params, FR_CAP_DMA_BUF, &other, nothing);
}

/* Where both have them, and the same kernel; timelines, where there are some, cost less. */
static void test_fences_attached_to_images(void **state)
{
    (void)state;
    const fr_vulkan_host_params all = {0}, no_file = {.no_sync_file = true},
                                no_timeline = {.no_timeline = true}, no_dma_buf = {.no_dma_buf = true};
    const uint64_t both = every_cap | FR_CAP_SYNC_FILE;
    struct fr_vk_device device = able_device();
    struct fr_gpu other = device.gpu;
    other.device_uuid[0] = 77;
    expect_plan(&device, &all, both, &other, dma_states);
    device.sync_file = true;
    expect_plan(&device, &all, both, &device.gpu, opaque_fence);
    expect_plan(&device, &no_timeline, both, &device.gpu, dma_file);
    expect_plan(&device, &all, file_caps, &device.gpu, dma_file);
    expect_plan(&device, &all, both, &other, dma_file);
    expect_plan(&device, &all, every_cap, &other, dma_states);
    expect_plan(&device, &no_file, both, &other, dma_states);
    expect_plan(&device, &no_file, file_caps, &device.gpu, opaque_states);
    expect_plan(&device, &no_dma_buf, file_caps, &device.gpu, opaque_states);
    expect_plan(&device, &all, file_caps & ~FR_CAP_DMA_BUF, &device.gpu, opaque_states);
    expect_plan(&device, &all, FR_CAP_STATES | FR_CAP_SYNC_FILE, &device.gpu, memory);
    other.modifier[0] = other.modifier[1] = other.modifier[2] = 99;
    expect_plan(&device, &all, both, &other, memory);
}

static void test_what_the_device_lacks(void **state)
{
    (void)state;
    const fr_vulkan_host_params all = {0}, no_host = {.no_host_memory = true};
    struct fr_vk_device device = able_device();
    struct fr_vk_plan plan;
    device.shared_timeline = false;
    device.fault[FR_VK_WAY_TIMELINE] = "no";
    expect_plan(&device, &all, every_cap, &device.gpu, opaque_states);
    device.opaque_fd = false;
    device.fault[FR_VK_WAY_OPAQUE_FD] = "no";
    expect_plan(&device, &all, every_cap, &device.gpu, dma_states);
    device.dma_buf = false;
    device.fault[FR_VK_WAY_DMA_BUF] = "no";
    assert_int_equal(fr_vk_plan_make(&plan, &device, &all, every_cap, &device.gpu), FR_OK);
    assert_true(plan.kind == FR_SLOTS_MEMORY && plan.import);
    assert_int_equal(fr_vk_plan_make(&plan, &device, &no_host, every_cap, &device.gpu), FR_OK);
    assert_true(plan.kind == FR_SLOTS_MEMORY && !plan.import);
}

/* ---- reasons ---- */

static void expect_why(const struct fr_vk_device *device, const fr_vulkan_host_params *params, uint64_t caps,
                       const struct fr_gpu *source, const char *expected)
{
    struct fr_vk_plan plan;
    char why[FR_VK_WHY_BYTES];
    (void)fr_vk_plan_make(&plan, device, params, caps, source);
    fr_vk_plan_why(&plan, why);
    assert_string_equal(why, expected);
}

static void test_why_not_another_way(void **state)
{
    (void)state;
    const fr_vulkan_host_params all = {0}, no_opaque = {.no_opaque_fd = true},
                                no_image = {.no_opaque_fd = true, .no_dma_buf = true},
                                nothing_on = {.no_opaque_fd = true,
                                              .no_dma_buf = true,
                                              .no_host_memory = true},
                                no_timeline = {.no_timeline = true}, no_file = {.no_sync_file = true};
    struct fr_vk_device device = able_device();
    struct fr_gpu other = device.gpu, none = {.present = false};
    other.device_uuid[0] = 77;
    other.num_modifiers = 0;
    expect_why(&device, &all, every_cap, &device.gpu, "");
    expect_why(&device, &no_timeline, every_cap, &device.gpu, "timelines are turned off; no fences");
    expect_why(&device, &all, every_cap & ~FR_CAP_TIMELINE & ~FR_CAP_DMA_BUF, &device.gpu,
               "the source's device does not share timelines; the source's device has no DMA-BUF");
    expect_why(&device, &no_opaque, every_cap, &device.gpu, "OPAQUE_FD is turned off");
    expect_why(&device, &no_image, every_cap, &device.gpu, "OPAQUE_FD is turned off; DMA-BUF is turned off");
    expect_why(&device, &nothing_on, every_cap, &device.gpu,
               "OPAQUE_FD is turned off; DMA-BUF is turned off; import of memory is turned off");
    expect_why(
        &device, &all, every_cap, &other,
        "the source is on another device or driver; the two devices have no DRM format modifier in common");
    expect_why(&device, &all, FR_CAP_STATES, &none, "the source has no GPU");
    other = device.gpu;
    other.driver_uuid[0] = 77;
    expect_why(
        &device, &all, every_cap & ~FR_CAP_FOREIGN, &other,
        "the source is on another device or driver; the source's device lacks VK_EXT_queue_family_foreign");
    device.foreign = false;
    device.fault[FR_VK_WAY_FOREIGN] = "no way out";
    expect_why(&device, &all, every_cap, &other, "the source is on another device or driver; no way out");
    device.host_memory = false;
    device.fault[FR_VK_WAY_HOST_MEMORY] = "no import";
    expect_why(&device, &all, FR_CAP_STATES, &none, "the source has no GPU; no import");
    device.sync_file = true;
    expect_why(&device, &no_timeline, file_caps, &device.gpu,
               "as OPAQUE_FD the source would wait for its GPU; timelines are turned off");
    expect_why(&device, &no_file, file_caps & ~FR_CAP_OPAQUE_FD, &device.gpu,
               "the source's device does not share images; the source's device does not share timelines; "
               "sync files are turned off");
    expect_why(&device, &all, file_caps & ~FR_CAP_SYNC_FILE, &device.gpu,
               "the source's device does not share timelines; the source has no sync files");
}

/* ---- choosing among devices ---- */

struct fake_device {
    const char *name;
    VkPhysicalDeviceType type;
    uint8_t uuid;
    uint32_t version;
    VkQueueFlags queue;
};

static const struct fake_device *machine;
static uint32_t machine_len;

static VkPhysicalDevice handle_of(uint32_t index)
{
    return (VkPhysicalDevice)(uintptr_t)(index + 1);
}

static const struct fake_device *fake_of(VkPhysicalDevice physical)
{
    return &machine[(uintptr_t)physical - 1];
}

static VkResult VKAPI_CALL fake_enumerate(VkInstance instance, uint32_t *count, VkPhysicalDevice *out)
{
    (void)instance;
    for (uint32_t i = 0; i < machine_len; i++)
        out[i] = handle_of(i);
    *count = machine_len;
    return VK_SUCCESS;
}

static void VKAPI_CALL fake_properties(VkPhysicalDevice physical, VkPhysicalDeviceProperties2 *out)
{
    const struct fake_device *fake = fake_of(physical);
    snprintf(out->properties.deviceName, sizeof(out->properties.deviceName), "%s", fake->name);
    out->properties.deviceType = fake->type;
    out->properties.apiVersion = fake->version ? fake->version : VK_API_VERSION_1_3;
    VkPhysicalDeviceIDProperties *id = out->pNext;
    if (id) {
        memset(id->deviceUUID, fake->uuid, sizeof(id->deviceUUID));
        memset(id->driverUUID, 1, sizeof(id->driverUUID));
    }
}

static void VKAPI_CALL fake_families(VkPhysicalDevice physical, uint32_t *count, VkQueueFamilyProperties *out)
{
    *count = 1;
    out[0] = (VkQueueFamilyProperties){.queueFlags = fake_of(physical)->queue ? fake_of(physical)->queue
                                                                              : VK_QUEUE_COMPUTE_BIT,
                                       .queueCount = 1};
}

static uint32_t choose(const fr_vulkan_host_params *params, const struct fr_gpu *source, bool any_type)
{
    const struct fr_vk_functions vk = {
        .EnumeratePhysicalDevices = fake_enumerate,
        .GetPhysicalDeviceProperties2 = fake_properties,
        .GetPhysicalDeviceQueueFamilyProperties = fake_families,
    };
    const struct fr_vk_wish wish = {.params = params, .gpu = source, .any_type = any_type};
    VkPhysicalDevice out;
    const fr_status status = fr_vk_device_choose(&vk, VK_NULL_HANDLE, &wish, NULL, &out);
    assert_int_equal(status, out ? FR_OK : FR_ERR_UNSUPPORTED);
    return out ? (uint32_t)(uintptr_t)out - 1 : UINT32_MAX;
}

static const struct fake_device four[] = {
    {"llvmpipe", VK_PHYSICAL_DEVICE_TYPE_CPU, 1, 0, 0},
    {"Graphics in the chip", VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU, 2, 0, 0},
    {"Big GPU", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, 3, 0, 0},
    {"Big GPU", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, 4, 0, 0},
};

static struct fr_gpu gpu_with(uint8_t uuid)
{
    struct fr_gpu gpu = {.present = true};
    memset(gpu.device_uuid, uuid, sizeof(gpu.device_uuid));
    memset(gpu.driver_uuid, 1, sizeof(gpu.driver_uuid));
    return gpu;
}

static void test_the_sources_device_is_taken(void **state)
{
    (void)state;
    machine = four;
    machine_len = 4;
    const struct fr_gpu second = gpu_with(4), inner = gpu_with(2), processor = gpu_with(1),
                        unknown = gpu_with(9);
    assert_int_equal(choose(NULL, NULL, false), 2);
    assert_int_equal(choose(NULL, &second, false), 3);
    assert_int_equal(choose(NULL, &inner, false), 1);
    assert_int_equal(choose(NULL, &unknown, false), 2);
    assert_int_equal(choose(NULL, &processor, false), 2);
    assert_int_equal(choose(NULL, &processor, true), 0);
}

static void test_a_named_device_is_taken(void **state)
{
    (void)state;
    machine = four;
    machine_len = 4;
    const struct fr_gpu second = gpu_with(4);
    const fr_vulkan_host_params chip = {.device = "the CHIP"}, big = {.device = "big"},
                                none = {.device = "huge"},
                                uuid = {.device = "04040404-0404-0404-0404-040404040404"},
                                processor = {.device = "llvm"};
    assert_int_equal(choose(&chip, &second, false), 1);
    assert_int_equal(choose(&big, NULL, false), 2);
    assert_int_equal(choose(&big, &second, false), 3);
    assert_int_equal(choose(&uuid, NULL, false), 3);
    assert_int_equal(choose(&processor, NULL, false), 0);
    assert_int_equal(choose(&none, NULL, true), UINT32_MAX);
}

static void test_devices_that_cannot_be_used(void **state)
{
    (void)state;
    static const struct fake_device poor[] = {
        {"Old GPU", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, 5, VK_API_VERSION_1_0, 0},
        {"Drawing only", VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU, 6, 0, VK_QUEUE_GRAPHICS_BIT},
        {"llvmpipe", VK_PHYSICAL_DEVICE_TYPE_CPU, 7, 0, 0},
    };
    machine = poor;
    machine_len = 3;
    assert_int_equal(choose(NULL, NULL, false), UINT32_MAX);
    assert_int_equal(choose(NULL, NULL, true), 2);
    machine_len = 0;
    assert_int_equal(choose(NULL, NULL, true), UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_device),
        cmocka_unit_test(test_another_device_or_driver),
        cmocka_unit_test(test_dma_bufs_of_another_device),
        cmocka_unit_test(test_modifiers_in_common),
        cmocka_unit_test(test_fences_attached_to_images),
        cmocka_unit_test(test_what_the_device_lacks),
        cmocka_unit_test(test_why_not_another_way),
        cmocka_unit_test(test_the_sources_device_is_taken),
        cmocka_unit_test(test_a_named_device_is_taken),
        cmocka_unit_test(test_devices_that_cannot_be_used),
    };
    return cmocka_run_group_tests_name("vulkan/plan", tests, NULL, NULL);
}
