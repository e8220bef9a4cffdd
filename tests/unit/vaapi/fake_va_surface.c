/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Surfaces, the driver's own and those that are made of DMA-BUFs, and images, in which they come back. */
#include "fake_va_inside.h"

#include <linux/dma-buf.h>

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Where in a memfd of Mesa's driver the memory begins. */
enum { MEMFD_PAYLOAD = 4096 };

/* The kernel's names of layers. */
enum { DRM_NV12 = 0x3231564e, DRM_R16 = 0x20363152, DRM_RG1616 = 0x32334752 };

static struct fake_va_surface surfaces[SURFACES_MAX];

struct fake_va_surface *fake_va_surface_of(VASurfaceID id)
{
    const bool known = id >= 1 && id <= SURFACES_MAX && surfaces[id - 1].used;
    return fake_va_expect(known, "a surface that there is not") ? &surfaces[id - 1] : NULL;
}

static uint32_t sample_bytes(uint32_t fourcc)
{
    return fourcc == VA_FOURCC_P010 ? 2 : 1;
}

void fake_va_read(const struct fake_va_surface *surface, bool begin)
{
    struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_READ | (begin ? DMA_BUF_SYNC_START : DMA_BUF_SYNC_END)};
    if (surface->is_dma_buf)
        (void)fake_va_expect(ioctl(surface->fd, DMA_BUF_IOCTL_SYNC, &sync) == 0,
                             "the DMA-BUF cannot be read");
}

/* ---- import ---- */

/* Of plane 0 or 1, in one layer or in two. */
struct plane {
    uint32_t object, offset, pitch;
};

static struct plane plane_of(const VADRMPRIMESurfaceDescriptor *d, uint32_t i)
{
    const uint32_t layer = d->num_layers == 2 ? i : 0, at = d->num_layers == 2 ? 0 : i;
    return (struct plane){d->layers[layer].object_index[at], d->layers[layer].offset[at],
                          d->layers[layer].pitch[at]};
}

static bool is_layered(const VADRMPRIMESurfaceDescriptor *d)
{
    if (d->fourcc == VA_FOURCC_NV12)
        return d->num_layers == 1 && d->layers[0].drm_format == DRM_NV12 && d->layers[0].num_planes == 2;
    return d->fourcc == VA_FOURCC_P010 && d->num_layers == 2 && d->layers[0].drm_format == DRM_R16 &&
           d->layers[1].drm_format == DRM_RG1616 && d->layers[0].num_planes == 1 &&
           d->layers[1].num_planes == 1;
}

static bool is_described(const VADRMPRIMESurfaceDescriptor *d, uint32_t width, uint32_t height)
{
    return fake_va_expect(is_layered(d), "neither NV12 nor P010") &&
           fake_va_expect(d->width == width && d->height == height, "two sizes") &&
           fake_va_expect(width && height && width % 2 == 0 && height % 2 == 0,
                          "half pairs of rows or columns") &&
           fake_va_expect(d->num_objects == 1 && !plane_of(d, 0).object && !plane_of(d, 1).object,
                          "objects") &&
           fake_va_expect(d->objects[0].drm_format_modifier == 0, "not linear");
}

static bool is_laid_out(const VADRMPRIMESurfaceDescriptor *d)
{
    const struct plane y = plane_of(d, 0), uv = plane_of(d, 1);
    const uint64_t row = (uint64_t)d->width * sample_bytes(d->fourcc);
    const uint64_t end = uv.offset + (uint64_t)uv.pitch * (d->height / 2 - 1) + row;
    return fake_va_expect(y.pitch == uv.pitch && y.pitch % 64 == 0 && y.pitch >= row, "pitches") &&
           fake_va_expect(uv.offset >= y.offset + (uint64_t)y.pitch * d->height, "planes that overlap") &&
           fake_va_expect((uv.offset - y.offset) % (2 * y.pitch) == 0, "chroma between rows") &&
           fake_va_expect(end <= d->objects[0].size, "planes outside of the object");
}

static bool map_object(struct fake_va_surface *s, const VADRMPRIMESurfaceDescriptor *d)
{
    struct dma_buf_sync sync = {.flags = DMA_BUF_SYNC_READ | DMA_BUF_SYNC_START};
    s->fd = dup(d->objects[0].fd);
    s->is_dma_buf = ioctl(s->fd, DMA_BUF_IOCTL_SYNC, &sync) == 0;
    if (s->is_dma_buf)
        fake_va_read(s, false);
    const off_t there = lseek(s->fd, 0, SEEK_END);
    const uint32_t skipped = s->is_dma_buf ? 0 : MEMFD_PAYLOAD;
    s->bytes = (size_t)d->objects[0].size + skipped;
    s->memory = there >= 0 && (size_t)there >= s->bytes
                    ? mmap(NULL, s->bytes, PROT_READ, MAP_SHARED, s->fd, 0)
                    : MAP_FAILED;
    if (!fake_va_expect(s->memory != MAP_FAILED, "an object smaller than it says, or none")) {
        (void)close(s->fd);
        return false;
    }
    for (int i = 0; i < 2; i++) {
        s->plane[i] = s->memory + skipped + plane_of(d, (uint32_t)i).offset;
        s->pitch[i] = plane_of(d, (uint32_t)i).pitch;
    }
    return true;
}

static bool import(struct fake_va_surface *s, const VADRMPRIMESurfaceDescriptor *d)
{
    s->imported = true;
    s->fourcc = d->fourcc;
    fake_va()->import = *d;
    if (!is_described(d, s->width, s->height) || !is_laid_out(d) || !map_object(s, d))
        return false;
    fake_va()->imports.made++;
    fake_va()->dma_bufs += s->is_dma_buf;
    return true;
}

static bool allocate(struct fake_va_surface *s)
{
    s->pitch[0] = s->pitch[1] = (s->width * sample_bytes(s->fourcc) + 63) & ~63u;
    s->bytes = (size_t)s->pitch[0] * (s->height + s->height / 2);
    s->memory = calloc(1, s->bytes);
    s->plane[0] = s->memory;
    s->plane[1] = s->memory + (size_t)s->pitch[0] * s->height;
    fake_va()->surfaces.made += s->memory != NULL;
    return s->memory;
}

static void release(struct fake_va_surface *s)
{
    if (s->imported) {
        (void)munmap(s->memory, s->bytes);
        (void)close(s->fd);
        fake_va()->imports.undone++;
    } else {
        free(s->memory);
        fake_va()->surfaces.undone++;
    }
    *s = (struct fake_va_surface){0};
}

/* ---- surfaces ---- */

static VAStatus destroy_surfaces(VADriverContextP context, VASurfaceID *ids, int num)
{
    (void)context;
    (void)fake_va_call();
    for (int i = 0; i < num; i++) {
        struct fake_va_surface *s = fake_va_surface_of(ids[i]);
        if (s)
            release(s);
    }
    return VA_STATUS_SUCCESS;
}

struct wish {
    bool import, foreign; /* DMA-BUFs as described here; in another way */
    uint32_t fourcc;
    const VADRMPRIMESurfaceDescriptor *descriptor;
};

static struct wish read_attributes(const VASurfaceAttrib *attributes, unsigned num, unsigned rt_format)
{
    struct wish wish = {.fourcc = rt_format == VA_RT_FORMAT_YUV420_10 ? VA_FOURCC_P010 : VA_FOURCC_NV12};
    for (unsigned i = 0; i < num; i++) {
        const VAGenericValue *value = &attributes[i].value;
        if (attributes[i].type == VASurfaceAttribMemoryType) {
            wish.import = value->value.i == VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2;
            wish.foreign = !wish.import && value->value.i != VA_SURFACE_ATTRIB_MEM_TYPE_VA;
        }
        if (attributes[i].type == VASurfaceAttribPixelFormat)
            wish.fourcc = (uint32_t)value->value.i;
        if (attributes[i].type == VASurfaceAttribExternalBufferDescriptor)
            wish.descriptor = value->value.p;
    }
    return wish;
}

static VAStatus create_surfaces2(VADriverContextP context, unsigned rt_format, unsigned width,
                                 unsigned height, VASurfaceID *ids, unsigned num, VASurfaceAttrib *attributes,
                                 unsigned num_attributes)
{
    const struct wish wish = read_attributes(attributes, num_attributes, rt_format);
    if (!fake_va_call())
        return VA_STATUS_ERROR_OPERATION_FAILED;
    if (wish.foreign || (wish.import && fake_va()->no_import))
        return VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE;
    for (unsigned i = 0; i < num; i++) {
        VASurfaceID at = 0;
        while (at < SURFACES_MAX && surfaces[at].used)
            at++;
        if (at == SURFACES_MAX)
            return VA_STATUS_ERROR_ALLOCATION_FAILED;
        struct fake_va_surface *s = &surfaces[at];
        *s = (struct fake_va_surface){.width = width, .height = height, .fourcc = wish.fourcc};
        if (wish.import ? !wish.descriptor || !import(s, wish.descriptor) : !allocate(s)) {
            if (i)
                (void)destroy_surfaces(context, ids, (int)i);
            return VA_STATUS_ERROR_INVALID_PARAMETER;
        }
        s->used = true;
        ids[i] = at + 1;
    }
    return VA_STATUS_SUCCESS;
}

static VAStatus create_surfaces(VADriverContextP context, int width, int height, int rt_format, int num,
                                VASurfaceID *ids)
{
    return create_surfaces2(context, (unsigned)rt_format, (unsigned)width, (unsigned)height, ids,
                            (unsigned)num, NULL, 0);
}

static VAStatus sync_surface(VADriverContextP context, VASurfaceID id)
{
    (void)context;
    if (!fake_va_call())
        return VA_STATUS_ERROR_OPERATION_FAILED;
    return fake_va_surface_of(id) ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_SURFACE;
}

static VASurfaceAttrib number(VASurfaceAttribType type, int value)
{
    return (VASurfaceAttrib){.type = type,
                             .flags = VA_SURFACE_ATTRIB_GETTABLE | VA_SURFACE_ATTRIB_SETTABLE,
                             .value = {.type = VAGenericValueTypeInteger, .value.i = value}};
}

static VAStatus query_surface_attributes(VADriverContextP context, VAConfigID config, VASurfaceAttrib *out,
                                         unsigned *num)
{
    const VASurfaceAttrib all[] = {
        number(VASurfaceAttribPixelFormat, VA_FOURCC_NV12),
        number(VASurfaceAttribPixelFormat, VA_FOURCC_P010),
        number(VASurfaceAttribMinWidth, 16),
        number(VASurfaceAttribMinHeight, 16),
        number(VASurfaceAttribMaxWidth, 8192),
        number(VASurfaceAttribMaxHeight, 8192),
        number(VASurfaceAttribMemoryType,
               VA_SURFACE_ATTRIB_MEM_TYPE_VA | VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2),
    };
    const unsigned there = sizeof(all) / sizeof(all[0]);
    (void)context, (void)config;
    if (!fake_va_call())
        return VA_STATUS_ERROR_OPERATION_FAILED;
    if (out && *num < there)
        return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
    if (out)
        memcpy(out, all, sizeof(all));
    *num = there;
    return VA_STATUS_SUCCESS;
}

/* ---- images ---- */

static const VAImageFormat formats[] = {
    {.fourcc = VA_FOURCC_NV12, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 12},
    {.fourcc = VA_FOURCC_P010, .byte_order = VA_LSB_FIRST, .bits_per_pixel = 24},
};

static VAStatus query_image_formats(VADriverContextP context, VAImageFormat *out, int *num)
{
    (void)context;
    if (!fake_va_call())
        return VA_STATUS_ERROR_OPERATION_FAILED;
    memcpy(out, formats, sizeof(formats));
    *num = sizeof(formats) / sizeof(formats[0]);
    return VA_STATUS_SUCCESS;
}

/* An image has the number of its buffer. */
static VAStatus create_image(VADriverContextP context, VAImageFormat *format, int width, int height,
                             VAImage *out)
{
    const uint32_t pitch = ((uint32_t)width * sample_bytes(format->fourcc) + 63) & ~63u;
    const uint32_t luma = pitch * (uint32_t)height, all = luma + luma / 2;
    VABufferID id;
    if (!fake_va_call() || context->vtable->vaCreateBuffer(context, 0, VAImageBufferType, all, 1, NULL,
                                                           &id) != VA_STATUS_SUCCESS)
        return VA_STATUS_ERROR_OPERATION_FAILED;
    *out = (VAImage){
        .image_id = id,
        .buf = id,
        .format = *format,
        .width = (uint16_t)width,
        .height = (uint16_t)height,
        .data_size = all,
        .num_planes = 2,
        .pitches = {pitch, pitch},
        .offsets = {0, luma},
    };
    fake_va()->images.made++;
    return VA_STATUS_SUCCESS;
}

static VAStatus destroy_image(VADriverContextP context, VAImageID id)
{
    (void)fake_va_call();
    fake_va()->images.undone++;
    return context->vtable->vaDestroyBuffer(context, id);
}

/* Between a surface and an image of NV12 or P010 that has the pitches of create_image. */
static VAStatus copy(VASurfaceID id, VAImageID image, unsigned width, unsigned height, bool out)
{
    const struct fake_va_surface *s = fake_va_surface_of(id);
    const struct fake_va_buffer *buffer = fake_va_buffer_of(image);
    if (!fake_va_call() || !s || !buffer ||
        !fake_va_expect(width <= s->width && height <= s->height, "outside of the surface") ||
        !fake_va_expect(out || !s->imported, "written where it can only be read"))
        return VA_STATUS_ERROR_OPERATION_FAILED;
    const size_t row = (size_t)width * sample_bytes(s->fourcc), pitch = (row + 63) & ~(size_t)63;
    if (!fake_va_expect(pitch * (height + height / 2) <= buffer->size, "an image of another size"))
        return VA_STATUS_ERROR_OPERATION_FAILED;
    uint8_t *at = buffer->data;
    fake_va_read(s, true);
    for (uint32_t plane = 0; plane < 2; plane++)
        for (uint32_t i = 0; i < height >> plane; i++, at += pitch) {
            uint8_t *const other = s->plane[plane] + (size_t)i * s->pitch[plane];
            memcpy(out ? at : other, out ? other : at, row);
        }
    fake_va_read(s, false);
    return VA_STATUS_SUCCESS;
}

static VAStatus get_image(VADriverContextP context, VASurfaceID id, int x, int y, unsigned width,
                          unsigned height, VAImageID image)
{
    (void)context;
    fake_va()->downloads++;
    return fake_va_expect(!x && !y, "a part") ? copy(id, image, width, height, true)
                                              : VA_STATUS_ERROR_OPERATION_FAILED;
}

static VAStatus put_image(VADriverContextP context, VASurfaceID id, VAImageID image, int x, int y,
                          unsigned width, unsigned height, int to_x, int to_y, unsigned to_width,
                          unsigned to_height)
{
    (void)context;
    fake_va()->uploads++;
    const bool whole = !x && !y && !to_x && !to_y && width == to_width && height == to_height;
    return fake_va_expect(whole, "a part") ? copy(id, image, width, height, false)
                                           : VA_STATUS_ERROR_OPERATION_FAILED;
}

void fake_va_surface_functions(struct VADriverVTable *table)
{
    table->vaCreateSurfaces = create_surfaces;
    table->vaCreateSurfaces2 = create_surfaces2;
    table->vaDestroySurfaces = destroy_surfaces;
    table->vaSyncSurface = sync_surface;
    table->vaQuerySurfaceAttributes = query_surface_attributes;
    table->vaQueryImageFormats = query_image_formats;
    table->vaCreateImage = create_image;
    table->vaDestroyImage = destroy_image;
    table->vaGetImage = get_image;
    table->vaPutImage = put_image;
}
