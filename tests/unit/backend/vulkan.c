/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* The body over the backends on a device, and over one of these with one of the processor's. */
#include "backend/memory.h"

#include "backend/vulkan/host.h"
#include "backend/vulkan/source.h"
#include "vulkan/faults.h"
#include "vulkan/lend.h"
#include "vulkan/pair.h"

#include <stdlib.h>

/* The source's device, and what the host is to do. */
static struct gpu gpu;
static fr_vulkan_host_params host_params;

static void open_gpu(fr_vulkan_host_params params)
{
    host_params = params;
    host_params.device = gpu_name();
    gpu_open(&gpu, faults_get);
}

/* The program's image. */
static struct gpu_image drawn;

static void forget_drawn(void)
{
    if (drawn.push.image)
        gpu_image_destroy(&gpu, &drawn);
    drawn.push.image = 0;
}

static void close_gpu(void)
{
    forget_drawn();
    gpu_close(&gpu);
}

static bool open_images(void)
{
    open_gpu((fr_vulkan_host_params){.no_dma_buf = true, .no_timeline = true});
    return gpu.device->opaque_fd;
}

static bool open_imports(void)
{
    open_gpu((fr_vulkan_host_params){.no_opaque_fd = true, .no_dma_buf = true});
    return gpu.device->host_memory;
}

static bool open_uploads(void)
{
    open_gpu((fr_vulkan_host_params){.no_opaque_fd = true, .no_dma_buf = true, .no_host_memory = true});
    return true;
}

/* ---- parts of ways ---- */

static void open_host(struct fr_backend_host *out)
{
    assert_int_equal(fr_vk_host_create_with(out, &host_params, memory_os(), false, faults_get, gpu_log()),
                     FR_OK);
}

static void open_source(struct pair_source *out)
{
    memory_open_source(out);
    assert_int_equal(fr_vk_source_create(&out->backend, &gpu.params, gpu_log()), FR_OK);
}

static void gpu_of_source(struct fr_gpu *out)
{
    *out = gpu.device->gpu;
}

static void draw(uint32_t width, uint32_t height, fr_format format, const uint8_t *pixels)
{
    forget_drawn();
    gpu_image_create(&gpu, width, height, format, pixels, VK_IMAGE_LAYOUT_GENERAL, &drawn);
}

/* As fr_source_push_vulkan, by turns as a copy and by a shader. Only the slot's end waits for it. */
static fr_status fill(struct pair_source *source, uint32_t index, const fr_slot *slot)
{
    static bool sampled;
    drawn.push.sampled = sampled = !sampled;
    return fr_vk_source_fill(&source->backend, source->images ? source->ring : NULL, index, &drawn.push,
                             source->images ? NULL : slot);
}

static bool driver_looks(void)
{
    return gpu.device->type == VK_PHYSICAL_DEVICE_TYPE_CPU;
}

static void starve(bool on)
{
    memory_starve(on);
    faults_at(on, VK_ERROR_OUT_OF_DEVICE_MEMORY);
}

static void lose(struct fr_vk_device *device)
{
    device->vk.DeviceWaitIdle(device->device);
    (void)fr_vk_device_status(device, VK_ERROR_DEVICE_LOST);
}

static void lose_host(const struct pair_host *host)
{
    lose(pair_host_inside(host)->device);
}

static void lose_source(const struct pair_source *source)
{
    lose(((struct fr_vk_source *)source->backend.self)->device);
}

static long objects(void)
{
    const char *what;
    return faults_alive(&what);
}

/* ---- a host whose device the others share ---- */

static struct pair_host keeper;
static fr_wire_v2 *keeper_words;

static void keep(bool on)
{
    const struct pair_shape shape = {.params = host_params,
                                     .capabilities = FR_CAP_STATES | FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF |
                                                     FR_CAP_TIMELINE | FR_CAP_SYNC_FILE,
                                     .width = 16,
                                     .height = 16,
                                     .format = FR_FORMAT_BGRA8,
                                     .get = faults_get};
    if (!on) {
        pair_host_close(&keeper);
        pair_words_destroy(keeper_words);
        return;
    }
    keeper_words = pair_words_create();
    pair_host_open(&keeper, &shape, &gpu.device->gpu, keeper_words);
}

/* ---- timelines: host and source on one device, on which the loader lends them ---- */

static bool open_timelines(void)
{
    const PFN_vkGetInstanceProcAddr get = faults_get;
    faults_share_timelines(true);
    open_gpu((fr_vulkan_host_params){.no_dma_buf = true});
    keep(true);
    gpu_close(&gpu);
    gpu_open_on(&gpu, pair_host_inside(&keeper)->device);
    gpu.params.get_instance_proc_addr = *(void *const *)&get;
    return true;
}

static void close_timelines(void)
{
    close_gpu();
    keep(false);
    faults_share_timelines(false);
}

/* ---- DMA-BUFs with fences, lent where the device or the kernel has none ---- */

static bool open_dma_bufs(void)
{
    const fr_vulkan_host_params params = {.no_opaque_fd = true};
    open_gpu(params);
    if (gpu.device->sync_file || getenv("FRAMERING_TEST_GPU") || getenv("FRAMERING_VM"))
        return gpu.device->sync_file;
    gpu_close(&gpu);
    lend_dma_buf(true);
    open_gpu(params);
    return gpu.device->sync_file;
}

static void close_dma_bufs(void)
{
    close_gpu();
    lend_dma_buf(false);
}

#define HOST                                                                                                 \
    .open_host = open_host, .driver_looks = driver_looks, .block = 16, .starve = starve, .objects = objects
#define SOURCE .open_source = open_source, .gpu = gpu_of_source, .draw = draw, .fill = fill
#define LOSES_HOST .keep = keep, .lose_host = lose_host
#define PLAIN_SOURCE .open_source = memory_open_source, .draw = memory_draw, .fill = memory_fill
#define IMAGES(kind_, sync_, caps_) .kind = kind_, .sync_kind = sync_, .capabilities = caps_
#define MEMORY IMAGES(FR_SLOTS_MEMORY, FR_WIRE_SYNC_STATES, FR_CAP_STATES)

static const struct way ways[] = {
    {
        IMAGES(FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_STATES, FR_CAP_OPAQUE_FD | FR_CAP_STATES),
        HOST,
        SOURCE,
        .name = "images",
        .open = open_images,
        .close = close_gpu,
        LOSES_HOST,
        .lose_source = lose_source,
    },
    {
        IMAGES(FR_SLOTS_OPAQUE_FD, FR_WIRE_SYNC_FENCE, FR_CAP_OPAQUE_FD | FR_CAP_TIMELINE),
        HOST,
        SOURCE,
        .name = "timelines",
        .open = open_timelines,
        .close = close_timelines,
        .source_goes_first = true,
    },
    {
        IMAGES(FR_SLOTS_DMA_BUF, FR_WIRE_SYNC_FILE, FR_CAP_DMA_BUF | FR_CAP_SYNC_FILE),
        HOST,
        SOURCE,
        .name = "dma-bufs",
        .open = open_dma_bufs,
        .close = close_dma_bufs,
        LOSES_HOST,
        .lose_source = lose_source,
    },
    {
        MEMORY,
        HOST,
        PLAIN_SOURCE,
        .name = "import",
        .open = open_imports,
        .close = close_gpu,
        .path = FR_RING_PATH_IMPORT,
        LOSES_HOST,
    },
    {
        MEMORY,
        HOST,
        PLAIN_SOURCE,
        .name = "upload",
        .open = open_uploads,
        .close = close_gpu,
        .path = FR_RING_PATH_UPLOAD,
        LOSES_HOST,
    },
    {
        MEMORY,
        HOST,
        SOURCE,
        .name = "import-of-read-back",
        .open = open_imports,
        .close = close_gpu,
        .path = FR_RING_PATH_IMPORT,
        LOSES_HOST,
        .lose_source = lose_source,
    },
    {
        MEMORY,
        SOURCE,
        .name = "read-back",
        .open = open_uploads,
        .close = close_gpu,
        .open_host = memory_open_host,
        .block = MEMORY_BLOCK,
        .starve = memory_starve,
        .lose_source = lose_source,
    },
};

int main(int argc, char **argv)
{
    return way_run(ways, sizeof(ways) / sizeof(ways[0]), argc, argv);
}
