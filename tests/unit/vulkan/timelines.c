/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "vulkan/timelines.h"

#include <stdlib.h>

static const struct pair_shape shape = {
    .capabilities = FR_CAP_OPAQUE_FD | FR_CAP_TIMELINE,
    .width = TIMELINES_WIDTH,
    .height = TIMELINES_HEIGHT,
    .format = FR_FORMAT_BGRA8,
    .get = faults_get,
};

void timelines_open(struct timelines *rig, PFN_vkGetInstanceProcAddr get)
{
    struct gpu probe;
    faults_share_timelines(true);
    gpu_open(&probe, NULL);
    rig->words = pair_words_create();
    pair_host_open(&rig->host, &shape, &probe.device->gpu, rig->words);
    assert_int_equal(rig->host.delivery.sync_kind, FR_WIRE_SYNC_FENCE);
    gpu_close(&probe);
    gpu_open_on(&rig->gpu, pair_host_inside(&rig->host)->device);
    if (!get)
        get = faults_get;
    rig->gpu.params.get_instance_proc_addr = *(void *const *)&get;
    pair_source_open(&rig->source, &rig->gpu);
    const struct fr_delivery delivery = pair_delivered(&rig->host.delivery);
    assert_int_equal(pair_source_attach(&rig->source, &delivery, rig->words), FR_OK);
}

void timelines_close(struct timelines *rig)
{
    const char *what = "";
    pair_source_close(&rig->source);
    gpu_close(&rig->gpu);
    pair_host_close(&rig->host);
    pair_words_destroy(rig->words);
    faults_share_timelines(false);
    if (faults_alive(&what))
        fprintf(stderr, "left: a %s\n", what);
    assert_int_equal(faults_alive(&what), 0);
}

const struct fr_vk_source_ring *timelines_ring(const struct timelines *rig)
{
    return rig->source.ring;
}

void timelines_push(struct timelines *rig, uint32_t seed)
{
    uint8_t *pixels = pair_pixels(TIMELINES_WIDTH, TIMELINES_HEIGHT, FR_FORMAT_BGRA8, seed);
    struct gpu_image image;
    gpu_image_create(&rig->gpu, TIMELINES_WIDTH, TIMELINES_HEIGHT, FR_FORMAT_BGRA8, pixels,
                     VK_IMAGE_LAYOUT_GENERAL, &image);
    assert_int_equal(pair_source_push(&rig->source, &image.push), FR_OK);
    struct fr_vk_source *inside = rig->source.backend.self;
    assert_true(fr_vk_commands_settle(&inside->commands));
    gpu_image_destroy(&rig->gpu, &image);
    free(pixels);
}

uint32_t timelines_begin(struct timelines *rig, fr_vulkan_slot *out)
{
    struct pair_source *source = &rig->source;
    const int index = fr_ring_source_begin(&source->words);
    assert_true(index >= 0);
    assert_int_equal(source->in_use->ops->begin(source->in_use->self, source->ring, (uint32_t)index,
                                                fr_ring_source_retire_value(&source->words), FR_NS_PER_S),
                     FR_CLAIM_ACQUIRED);
    fr_vk_source_slot(source->in_use, source->ring, (uint32_t)index, out);
    return (uint32_t)index;
}

void timelines_publish(struct timelines *rig, uint32_t index, uint64_t lie)
{
    struct pair_source *source = &rig->source;
    struct fr_ring_publish info = {.present_ns = 1};
    assert_int_equal(source->in_use->ops->end(source->in_use->self, source->ring, index, &info.ready_value),
                     FR_CLAIM_ACQUIRED);
    if (lie)
        info.ready_value = lie;
    assert_true(fr_ring_source_publish(&source->words, &info));
}
