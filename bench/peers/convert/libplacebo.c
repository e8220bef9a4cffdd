/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <libplacebo/renderer.h>
#include <libplacebo/utils/upload.h>
#include <libplacebo/vulkan.h>

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libplacebo's light has 1.0 at 203 cd/m2, scRGB at 80. */
#define LIGHT_SCALE (80.0f / 203.0f)

struct state {
    const struct picture *picture;
    struct codes out;
    uint8_t *scaled; /* an HDR picture in libplacebo's own scale; made before the time runs */
    pl_log log;
    pl_vk_inst instance;
    pl_vulkan vulkan;
    pl_renderer renderer;
    pl_tex source, planes[2];
    struct pl_frame image, target;
};

static char device[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];

static const char *version(void)
{
    static char text[sizeof device + 32];
    snprintf(text, sizeof text, "%s%s%s", PL_VERSION, *device ? ", " : "", device);
    return text;
}

static void write_log(void *user, enum pl_log_level level, const char *text)
{
    (void)user, (void)level;
    fprintf(stderr, "libplacebo: %s\n", text);
}

/* The software driver, also where there is a GPU: the comparison is one of processors. */
static bool choose_lavapipe(void)
{
    glob_t found;
    const bool there = glob("/usr/share/vulkan/icd.d/lvp_icd.*.json", 0, NULL, &found) == 0;
    if (there) {
        setenv("VK_ICD_FILENAMES", found.gl_pathv[0], 1);
        setenv("VK_DRIVER_FILES", found.gl_pathv[0], 1);
        /* One worker on the one core that is pinned. */
        setenv("LP_NUM_THREADS", "1", 1);
        globfree(&found);
    } else {
        fprintf(stderr, "libplacebo: no lavapipe (Debian package mesa-vulkan-drivers)\n");
    }
    return there;
}

static bool open_device(struct state *s)
{
    const struct pl_log_params log = {.log_cb = write_log, .log_level = PL_LOG_ERR};
    if (!choose_lavapipe())
        return false;
    s->log = pl_log_create(PL_API_VER, &log);
    s->instance = pl_vk_inst_create(s->log, &pl_vk_inst_default_params);
    if (!s->instance)
        return false;
    const struct pl_vulkan_params params = {.instance = s->instance->instance,
                                            .get_proc_addr = s->instance->get_proc_addr,
                                            .allow_software = true};
    s->vulkan = pl_vulkan_create(s->log, &params);
    if (!s->vulkan)
        return false;
    VkPhysicalDeviceProperties properties;
    const PFN_vkGetPhysicalDeviceProperties get = (PFN_vkGetPhysicalDeviceProperties)(void (*)(
        void))s->instance->get_proc_addr(s->instance->instance, "vkGetPhysicalDeviceProperties");
    get(s->vulkan->phys_device, &properties);
    snprintf(device, sizeof device, "%s", properties.deviceName);
    s->renderer = pl_renderer_create(s->log, s->vulkan->gpu);
    return s->renderer;
}

static bool make_plane(struct state *s, int plane)
{
    const int depth = s->picture->to == FR_FORMAT_P010 ? 16 : 8, count = plane + 1;
    const pl_fmt format = pl_find_fmt(s->vulkan->gpu, PL_FMT_UNORM, count, depth, depth,
                                      PL_FMT_CAP_RENDERABLE | PL_FMT_CAP_HOST_READABLE);
    const struct pl_tex_params params = {
        .w = (int)s->picture->width >> plane,
        .h = (int)s->picture->height >> plane,
        .format = format,
        .renderable = true,
        .host_readable = true,
        .blit_dst = format && (format->caps & PL_FMT_CAP_BLITTABLE),
    };
    s->planes[plane] = format ? pl_tex_create(s->vulkan->gpu, &params) : NULL;
    s->target.planes[plane] = (struct pl_plane){
        .texture = s->planes[plane],
        .components = count,
        .component_mapping = {plane == 0 ? PL_CHANNEL_Y : PL_CHANNEL_CB, PL_CHANNEL_CR},
    };
    return s->planes[plane];
}

static void describe(struct state *s)
{
    const bool hdr = s->picture->to == FR_FORMAT_P010;
    s->image.num_planes = 1;
    s->image.repr = (struct pl_color_repr){.sys = PL_COLOR_SYSTEM_RGB, .levels = PL_COLOR_LEVELS_FULL};
    s->image.color.primaries = PL_COLOR_PRIM_BT_709;
    s->image.color.transfer = hdr ? PL_COLOR_TRC_LINEAR : PL_COLOR_TRC_BT_1886;
    s->target.num_planes = 2;
    s->target.repr.sys = hdr ? PL_COLOR_SYSTEM_BT_2020_NC : PL_COLOR_SYSTEM_BT_709;
    s->target.repr.levels = PL_COLOR_LEVELS_LIMITED;
    s->target.repr.bits = hdr ? (struct pl_bit_encoding){16, 10, 6} : (struct pl_bit_encoding){8, 8, 0};
    s->target.color.primaries = hdr ? PL_COLOR_PRIM_BT_2020 : PL_COLOR_PRIM_BT_709;
    s->target.color.transfer = hdr ? PL_COLOR_TRC_PQ : PL_COLOR_TRC_BT_1886;
    if (hdr) {
        s->image.color.hdr.max_luma = s->target.color.hdr.max_luma = 10000;
        s->image.color.hdr.min_luma = s->target.color.hdr.min_luma = 1e-6f;
    }
}

static float half_value(uint16_t half)
{
    const float size = (half >> 10 & 31) ? ldexpf((float)(0x400 | (half & 0x3ff)), (half >> 10 & 31) - 25)
                                         : (float)(half & 0x3ff) * 0x1p-24f;
    return half & 0x8000 ? -size : size;
}

static bool scale_light(struct state *s)
{
    const size_t count = 4 * picture_samples(s->picture);
    const uint16_t *const from = (const uint16_t *)(const void *)s->picture->packed;
    uint16_t *const to = malloc(count * sizeof *to);
    s->scaled = (uint8_t *)to;
    for (size_t i = 0; to && i < count; i++)
        to[i] = i % 4 == 3 ? from[i] : half_from(half_value(from[i]) * LIGHT_SCALE);
    return to;
}

static void close_placebo(void *state)
{
    struct state *s = state;
    if (s->vulkan) {
        pl_renderer_destroy(&s->renderer);
        pl_tex_destroy(s->vulkan->gpu, &s->source);
        for (int i = 0; i < 2; i++)
            pl_tex_destroy(s->vulkan->gpu, &s->planes[i]);
    }
    pl_vulkan_destroy(&s->vulkan);
    pl_vk_inst_destroy(&s->instance);
    pl_log_destroy(&s->log);
    free(s->scaled);
    free(s);
}

static void *open_placebo(const struct picture *picture, const struct codes *out)
{
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->picture = picture;
    s->out = *out;
    describe(s);
    if (open_device(s) && make_plane(s, 0) && make_plane(s, 1) &&
        (picture->from == FR_FORMAT_BGRA8 || scale_light(s))) {
        pl_frame_set_chroma_location(&s->target, PL_CHROMA_LEFT);
        return s;
    }
    close_placebo(s);
    return NULL;
}

static bool upload(struct state *s)
{
    const bool hdr = s->picture->to == FR_FORMAT_P010;
    const int bits = hdr ? 16 : 8;
    const size_t pixel = hdr ? 8 : 4;
    const struct pl_plane_data data = {
        .type = hdr ? PL_FMT_FLOAT : PL_FMT_UNORM,
        .width = (int)s->picture->width,
        .height = (int)s->picture->height,
        .component_size = {bits, bits, bits, bits},
        .component_map = {hdr ? 0 : 2, 1, hdr ? 2 : 0, -1},
        .pixel_stride = pixel,
        .row_stride = pixel * s->picture->width,
        .pixels = hdr ? s->scaled : s->picture->packed,
    };
    return pl_upload_plane(s->vulkan->gpu, &s->image.planes[0], &s->source, &data);
}

static bool run(void *state)
{
    struct state *s = state;
    /* No dithering, no debanding, no tone mapping: peaks are equal, out of gamut is clipped. */
    static const struct pl_color_map_params map = {
        .intent = PL_INTENT_ABSOLUTE_COLORIMETRIC,
        .gamut_mode = PL_GAMUT_CLIP,
        .tone_mapping_function = &pl_tone_map_clip,
    };
    static const struct pl_render_params params = {.color_map_params = &map,
                                                   .skip_caching_single_frame = true};
    if (!upload(s) || !pl_render_image(s->renderer, &s->image, &s->target, &params))
        return false;
    for (int i = 0; i < 2; i++) {
        const struct pl_tex_transfer_params transfer = {
            .tex = s->planes[i],
            .row_pitch = s->picture->width * picture_sample_bytes(s->picture),
            .ptr = i == 0 ? s->out.luma : s->out.chroma,
        };
        if (!pl_tex_download(s->vulkan->gpu, &transfer))
            return false;
    }
    return true;
}

#define PLACEBO                                                                                              \
    .name = "libplacebo", .version = version, .open = open_placebo, .run = run, .close = close_placebo
#define WORK "more work: uploads the picture to a software GPU, renders it, downloads both planes; "
const struct peer peers_libplacebo[] = {
    {PLACEBO, .from = FR_FORMAT_BGRA8, .differs = WORK "chroma by the sampler's bilinear filter, sited left"},
    {PLACEBO, .from = FR_FORMAT_RGBA16F,
     .differs = WORK "the picture is given with 203 cd/m2 as 1.0, scaled before the time runs"},
    {.name = NULL},
};
