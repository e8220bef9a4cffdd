/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "picture.h"
#include "zimg_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zimg.h>

enum { ALIGNMENT = 64 };

/* AVX512: ZIMG_CPU_AUTO_64B; ZIMG_CPU_AUTO stays below. */
enum { PACKED = 1u << 0, APPROXIMATE = 1u << 1, AVX512 = 1u << 2 };

/* Planes go in and planes come out. Either whole ones, or, from and to a packed picture, lines of them that
 * two functions fill and empty while they are in the cache. */
struct state {
    const struct picture *picture;
    struct codes out;
    zimg_filter_graph *graph;
    void *tmp, *lines_in[3], *lines_out[3];
    zimg_image_buffer_const src;
    zimg_image_buffer writable_src, dst;
    bool packed;
};

static const char *version(void)
{
    static char text[32];
    unsigned v[3];
    zimg_get_version_info(&v[0], &v[1], &v[2]);
    snprintf(text, sizeof text, "%u.%u.%u", v[0], v[1], v[2]);
    return text;
}

static void close_zimg(void *state)
{
    struct state *s = state;
    zimg_filter_graph_free(s->graph);
    free(s->tmp);
    for (int i = 0; i < 3; i++) {
        free(s->lines_in[i]);
        free(s->lines_out[i]);
    }
    free(s);
}

static zimg_filter_graph *make_graph(const struct picture *picture, unsigned how)
{
    zimg_image_format src, dst;
    zimg_graph_builder_params params;
    zimg_image_format_default(&src, ZIMG_API_VERSION);
    zimg_image_format_default(&dst, ZIMG_API_VERSION);
    zimg_graph_builder_params_default(&params, ZIMG_API_VERSION);
    const bool hdr = picture->to == FR_FORMAT_P010;
    src.width = dst.width = picture->width;
    src.height = dst.height = picture->height;
    src.pixel_type = hdr ? ZIMG_PIXEL_HALF : ZIMG_PIXEL_BYTE;
    src.color_family = ZIMG_COLOR_RGB;
    src.matrix_coefficients = ZIMG_MATRIX_RGB;
    src.transfer_characteristics = hdr ? ZIMG_TRANSFER_LINEAR : ZIMG_TRANSFER_BT709;
    src.color_primaries = ZIMG_PRIMARIES_BT709;
    src.pixel_range = ZIMG_RANGE_FULL;
    dst.pixel_type = hdr ? ZIMG_PIXEL_WORD : ZIMG_PIXEL_BYTE;
    dst.depth = hdr ? 10 : 8;
    dst.color_family = ZIMG_COLOR_YUV;
    dst.matrix_coefficients = hdr ? ZIMG_MATRIX_BT2020_NCL : ZIMG_MATRIX_BT709;
    dst.transfer_characteristics = hdr ? ZIMG_TRANSFER_ST2084 : ZIMG_TRANSFER_BT709;
    dst.color_primaries = hdr ? ZIMG_PRIMARIES_BT2020 : ZIMG_PRIMARIES_BT709;
    dst.subsample_w = dst.subsample_h = 1;
    dst.pixel_range = ZIMG_RANGE_LIMITED;
    dst.chroma_location = ZIMG_CHROMA_LEFT;
    params.resample_filter = params.resample_filter_uv = ZIMG_RESIZE_BILINEAR;
    params.dither_type = ZIMG_DITHER_NONE;
    params.cpu_type = how & AVX512 ? ZIMG_CPU_AUTO_64B : ZIMG_CPU_AUTO;
    params.nominal_peak_luminance = 80;
    params.allow_approximate_gamma = (how & APPROXIMATE) != 0;
    zimg_filter_graph *const graph = zimg_filter_graph_build(&src, &dst, &params);
    if (!graph) {
        char text[256];
        zimg_get_last_error(text, sizeof text);
        fprintf(stderr, "zimg: %s\n", text);
    }
    return graph;
}

static void *lines(size_t count, size_t bytes)
{
    return aligned_alloc(ALIGNMENT, (count * bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

/* Whole planes, or as many lines as the graph looks at. */
static bool make_buffers(struct state *s)
{
    const struct picture *const p = s->picture;
    const size_t row = p->width * picture_sample_bytes(p);
    unsigned in = ZIMG_BUFFER_MAX, out = ZIMG_BUFFER_MAX;
    if (s->packed) {
        if (zimg_filter_graph_get_input_buffering(s->graph, &in) != 0 ||
            zimg_filter_graph_get_output_buffering(s->graph, &out) != 0)
            return false;
        in = zimg_select_buffer_mask(in);
        out = zimg_select_buffer_mask(out);
    }
    s->src.version = s->dst.version = s->writable_src.version = ZIMG_API_VERSION;
    for (int i = 0; i < 3; i++) {
        const unsigned mask = i == 0 || out == ZIMG_BUFFER_MAX ? out : out >> 1;
        if (s->packed && !(s->lines_in[i] = lines((size_t)in + 1, row)))
            return false;
        s->lines_out[i] = lines(s->packed ? (size_t)mask + 1
                                : i == 0  ? p->height
                                          : p->height / 2,
                                i == 0 ? row : row / 2);
        if (!s->lines_out[i])
            return false;
        s->writable_src.plane[i].data = s->packed ? s->lines_in[i] : p->planar[i];
        s->writable_src.plane[i].stride = (ptrdiff_t)row;
        s->writable_src.plane[i].mask = in;
        s->dst.plane[i].data = s->lines_out[i];
        s->dst.plane[i].stride = (ptrdiff_t)(i == 0 ? row : row / 2);
        s->dst.plane[i].mask = mask;
        s->src.plane[i].data = s->writable_src.plane[i].data;
        s->src.plane[i].stride = s->writable_src.plane[i].stride;
        s->src.plane[i].mask = in;
    }
    return true;
}

static void *open_zimg(const struct picture *picture, const struct codes *out, unsigned how)
{
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->picture = picture;
    s->out = *out;
    s->packed = how & PACKED;
    s->graph = make_graph(picture, how);
    size_t size;
    if (s->graph && zimg_filter_graph_get_tmp_size(s->graph, &size) == 0 &&
        (s->tmp = lines(1, size + ALIGNMENT)) && make_buffers(s))
        return s;
    close_zimg(s);
    return NULL;
}

static void *open_packed(const struct picture *picture, const struct codes *out)
{
    return open_zimg(picture, out, PACKED | AVX512);
}

static void *open_packed_approximate(const struct picture *picture, const struct codes *out)
{
    return open_zimg(picture, out, PACKED | APPROXIMATE | AVX512);
}

static void *open_packed_auto(const struct picture *picture, const struct codes *out)
{
    return open_zimg(picture, out, PACKED | APPROXIMATE);
}

static void *open_planar(const struct picture *picture, const struct codes *out)
{
    return open_zimg(picture, out, AVX512);
}

static void *open_planar_approximate(const struct picture *picture, const struct codes *out)
{
    return open_zimg(picture, out, APPROXIMATE | AVX512);
}

static void *open_planar_auto(const struct picture *picture, const struct codes *out)
{
    return open_zimg(picture, out, APPROXIMATE);
}

static void *line(const zimg_image_buffer *buffer, int plane, unsigned y)
{
    return (uint8_t *)buffer->plane[plane].data +
           (ptrdiff_t)(y & buffer->plane[plane].mask) * buffer->plane[plane].stride;
}

static int unpack(void *user, unsigned y, unsigned left, unsigned right)
{
    const struct state *s = user;
    const struct picture *const p = s->picture;
    void *const r = line(&s->writable_src, 0, y), *const g = line(&s->writable_src, 1, y),
                *const b = line(&s->writable_src, 2, y);
    const uint8_t *const row = p->packed + (size_t)y * p->width * 4 * picture_sample_bytes(p);
    if (p->from == FR_FORMAT_BGRA8)
        split_bgra(row, r, g, b, left, right);
    else
        split_rgba16((const uint16_t *)(const void *)row, r, g, b, left, right);
    return 0;
}

/* Two rows at once, for chroma has one of two. */
static int pack(void *user, unsigned y, unsigned left, unsigned right)
{
    const struct state *s = user;
    const struct picture *const p = s->picture;
    const size_t row = p->width * picture_sample_bytes(p);
    uint8_t *const chroma = s->out.chroma + y / 2 * row;
    void *const cb = line(&s->dst, 1, y / 2), *const cr = line(&s->dst, 2, y / 2);
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *const luma = s->out.luma + (y + i) * row;
        const uint8_t *const from = line(&s->dst, 0, y + i);
        if (p->to == FR_FORMAT_NV12)
            memcpy(luma + left, from + left, right - left);
        else
            raise_10((const uint16_t *)(const void *)from, (uint16_t *)(void *)luma, left, right);
    }
    if (p->to == FR_FORMAT_NV12)
        merge_8(cb, cr, chroma, left / 2, right / 2);
    else
        merge_10(cb, cr, (uint16_t *)(void *)chroma, left / 2, right / 2);
    return 0;
}

static bool run(void *state)
{
    struct state *s = state;
    return zimg_filter_graph_process(s->graph, &s->src, &s->dst, s->tmp, s->packed ? unpack : NULL, s,
                                     s->packed ? pack : NULL, s) == 0;
}

/* Whole planes have every line where the packing looks for it. */
static void fetch(void *state)
{
    struct state *s = state;
    if (!s->packed)
        for (unsigned y = 0; y < s->picture->height; y += 2)
            pack(s, y, 0, s->picture->width);
}

#define ZIMG .version = version, .run = run, .fetch = fetch, .close = close_zimg
#define EQUAL "bilinear chroma reaches over four rows where ours takes two; "
#define WHOLE "the whole work, with functions of this program that split and join rows, line by line; " EQUAL
#define PLANES "less work: from three planes to three planes, neither split nor joined; " EQUAL
#define WIDE "CPU_AUTO_64B, which allows AVX-512"
#define AUTO "CPU_AUTO, which stops at AVX2"
const struct peer peers_zimg[] = {
    {ZIMG, .name = "zimg", .from = FR_FORMAT_BGRA8, .open = open_packed, .differs = WHOLE WIDE},
    {ZIMG, .name = "zimg planar", .from = FR_FORMAT_BGRA8, .open = open_planar, .differs = PLANES WIDE},
    {ZIMG, .name = "zimg", .from = FR_FORMAT_RGBA16F, .open = open_packed,
     .differs = "exact gamma; " WHOLE WIDE},
    {ZIMG, .name = "zimg approximate", .from = FR_FORMAT_RGBA16F, .open = open_packed_approximate,
     .differs = "approximate gamma allowed; " WHOLE WIDE},
    {ZIMG, .name = "zimg approximate auto", .from = FR_FORMAT_RGBA16F, .open = open_packed_auto,
     .differs = "approximate gamma allowed; " WHOLE AUTO},
    {ZIMG, .name = "zimg planar approximate", .from = FR_FORMAT_RGBA16F, .open = open_planar_approximate,
     .differs = "approximate gamma allowed; " PLANES WIDE},
    {ZIMG, .name = "zimg planar approximate auto", .from = FR_FORMAT_RGBA16F, .open = open_planar_auto,
     .differs = "approximate gamma allowed; " PLANES AUTO},
    {.name = NULL},
};
