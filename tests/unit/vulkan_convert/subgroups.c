/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Invocations lend to each other in subgroups only where whole ones can be had, and then those are asked for.
 */
#include "check.h"

#include "backend/vulkan/vulkan.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 301, HEIGHT = 5 };

/* What a device says of itself; the first is lavapipe's own, but for its type. */
struct said {
    VkBool32 size_control, full;
    VkShaderStageFlags required_in;
    VkSubgroupFeatureFlags operations;
    uint32_t smallest, largest; /* over its own */
    uint32_t most;              /* to a workgroup */
    uint32_t api_version;       /* 0: its own; before 1.3 the extension is looked for, which is hidden */
};
#define OPERATIONS (VK_SUBGROUP_FEATURE_BASIC_BIT | VK_SUBGROUP_FEATURE_SHUFFLE_BIT)
static const struct said good = {.size_control = VK_TRUE,
                                 .full = VK_TRUE,
                                 .required_in = VK_SHADER_STAGE_COMPUTE_BIT,
                                 .operations = OPERATIONS,
                                 .most = 64};
static struct said said;
static uint32_t own_size;

static struct fr_vk_functions real;
static PFN_vkGetInstanceProcAddr loader;
static uint32_t pipelines, asked_size;
static bool asked_whole;

static VKAPI_ATTR void VKAPI_CALL features_of(VkPhysicalDevice physical, VkPhysicalDeviceFeatures2 *out)
{
    real.GetPhysicalDeviceFeatures2(physical, out);
    for (VkBaseOutStructure *s = (VkBaseOutStructure *)out; s; s = s->pNext)
        if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES) {
            VkPhysicalDeviceSubgroupSizeControlFeatures *const features = (void *)s;
            features->subgroupSizeControl &= said.size_control;
            features->computeFullSubgroups &= said.full;
        }
}

static VKAPI_ATTR void VKAPI_CALL properties_of(VkPhysicalDevice physical, VkPhysicalDeviceProperties2 *out)
{
    real.GetPhysicalDeviceProperties2(physical, out);
    out->properties.deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
    if (said.api_version)
        out->properties.apiVersion = said.api_version;
    for (VkBaseOutStructure *s = (VkBaseOutStructure *)out; s; s = s->pNext) {
        VkPhysicalDeviceSubgroupProperties *const subgroup = (void *)s;
        VkPhysicalDeviceSubgroupSizeControlProperties *const sizes = (void *)s;
        if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_PROPERTIES) {
            subgroup->supportedOperations = said.operations;
            own_size = subgroup->subgroupSize;
        } else if (s->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_PROPERTIES) {
            sizes->requiredSubgroupSizeStages = said.required_in;
            sizes->minSubgroupSize += said.smallest;
            sizes->maxSubgroupSize -= said.largest;
            sizes->maxComputeWorkgroupSubgroups = said.most;
        }
    }
}

static VKAPI_ATTR VkResult VKAPI_CALL extensions_of(VkPhysicalDevice physical, const char *layer,
                                                    uint32_t *count, VkExtensionProperties *list)
{
    const VkResult result = real.EnumerateDeviceExtensionProperties(physical, layer, count, list);
    for (uint32_t i = 0; list && said.api_version && i < *count; i++)
        if (!strcmp(list[i].extensionName, VK_EXT_SUBGROUP_SIZE_CONTROL_EXTENSION_NAME))
            list[i].extensionName[0] = '-';
    return result;
}

static PFN_vkVoidFunction VKAPI_CALL get(VkInstance instance, const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } own[] = {{"vkGetPhysicalDeviceFeatures2", (PFN_vkVoidFunction)features_of},
               {"vkGetPhysicalDeviceProperties2", (PFN_vkVoidFunction)properties_of},
               {"vkEnumerateDeviceExtensionProperties", (PFN_vkVoidFunction)extensions_of}};
    const PFN_vkVoidFunction found = loader(instance, name);
    if (!strcmp(name, own[0].name))
        real.GetPhysicalDeviceFeatures2 = (PFN_vkGetPhysicalDeviceFeatures2)found;
    if (!strcmp(name, own[1].name))
        real.GetPhysicalDeviceProperties2 = (PFN_vkGetPhysicalDeviceProperties2)found;
    if (!strcmp(name, own[2].name))
        real.EnumerateDeviceExtensionProperties = (PFN_vkEnumerateDeviceExtensionProperties)found;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        if (!strcmp(name, own[i].name))
            return own[i].function;
    return found;
}

static VKAPI_ATTR VkResult VKAPI_CALL look_at_pipelines(VkDevice device, VkPipelineCache cache,
                                                        uint32_t count,
                                                        const VkComputePipelineCreateInfo *infos,
                                                        const VkAllocationCallbacks *allocator,
                                                        VkPipeline *out)
{
    const VkPipelineShaderStageCreateInfo *const stage = &infos->stage;
    const VkPipelineShaderStageRequiredSubgroupSizeCreateInfo *const required = stage->pNext;
    pipelines += count;
    asked_whole = stage->flags == VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    asked_size = required ? required->requiredSubgroupSize : 0;
    return real.CreateComputePipelines(device, cache, count, infos, allocator, out);
}

/* A device that says this, the default way there, and that it is right. */
static void check_device(const struct said *says, bool in_subgroups)
{
    const struct fr_vk_wish wish = {.any_type = true, .alone = true, .get_instance_proc_addr = get};
    struct check check = {
        .params = {.from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT}};
    uint32_t pixels[WIDTH * HEIGHT];
    uint64_t seed = 1;
    said = *says;
    loader = fr_vk_loader(gpu_log());
    assert_non_null(loader);
    assert_int_equal(fr_vk_device_create(&check.device, &wish, gpu_log()), FR_OK);
    const struct fr_vk_variant variant =
        fr_vk_variant_default(check.device, FR_FORMAT_BGRA8, FR_FORMAT_NV12, false);
    assert_int_equal(variant.neighbour, in_subgroups ? FR_VK_NEIGHBOUR_SHUFFLE : FR_VK_NEIGHBOUR_LEND);
    for (size_t i = 0; i < WIDTH * HEIGHT; i++)
        pixels[i] = random_next(&seed);
    pipelines = 0;
    real.CreateComputePipelines = check.device->vk.CreateComputePipelines;
    check.device->vk.CreateComputePipelines = look_at_pipelines;
    check_against_cpu(&check, pixels, 0, 1);
    assert_int_equal(pipelines, 1);
    assert_int_equal(asked_whole, in_subgroups);
    assert_int_equal(asked_size, in_subgroups ? own_size : 0);
    fr_vk_device_unref(check.device);
}

static void whole_ones_are_asked_for(void **state)
{
    (void)state;
    check_device(&good, true);
}

static void without_them_the_workgroup_lends(void **state)
{
    struct said bad[8];
    (void)state;
    for (size_t i = 0; i < 8; i++)
        bad[i] = good;
    bad[0].size_control = VK_FALSE;
    bad[1].full = VK_FALSE;
    bad[2].required_in = VK_SHADER_STAGE_FRAGMENT_BIT;
    bad[3].operations = VK_SUBGROUP_FEATURE_BASIC_BIT;
    bad[4].smallest = 1;
    bad[5].largest = 1;
    bad[6].most = 2;
    bad[7].api_version = VK_API_VERSION_1_2;
    for (size_t i = 0; i < 8; i++)
        check_device(&bad[i], false);
}

/* One that is chosen by hand is refused, not run with subgroups of any kind. */
static void a_variant_that_needs_them_is_refused(void **state)
{
    const struct fr_vk_variant variant = {
        .columns = 2, .across = 128, .down = 1, .neighbour = FR_VK_NEIGHBOUR_SHUFFLE, .deep = 2};
    const fr_convert_params params = {
        .from = FR_FORMAT_BGRA8, .to = FR_FORMAT_NV12, .width = WIDTH, .height = HEIGHT};
    struct fr_vk_device *device = rig_device();
    struct fr_vk_converter *converter;
    (void)state;
    device->subgroup_size = 0;
    assert_int_equal(fr_vk_converter_create_variant(&converter, device, &params, false, &variant, gpu_log()),
                     FR_ERR_UNSUPPORTED);
    fr_vk_device_unref(device);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_ones_are_asked_for),
        cmocka_unit_test(without_them_the_workgroup_lends),
        cmocka_unit_test(a_variant_that_needs_them_is_refused),
    };
    return cmocka_run_group_tests_name("vulkan: subgroups", tests, NULL, NULL);
}
