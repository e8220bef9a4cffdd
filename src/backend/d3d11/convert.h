/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_CONVERT_H
#define FR_BACKEND_D3D11_CONVERT_H

/*
 * What turns slots into pictures. BGRA8 and RGBA8 of even size go through the video processor, which leaves
 * the 3D engine to whoever renders; all else, and where there is none, through shaders: video processors
 * cannot be trusted with P010, and do not repeat the edge of an odd size.
 *
 * Shaders draw the parts that a picture lacks. A video processor converts whole pictures: how far its chroma
 * filter reaches is the driver's own, and so is whether it looks beyond a source rectangle or repeats that
 * one's edge, so that around a part other codes may come out than in a whole picture.
 */

#include "backend/d3d11/picture.h"
#include "common/parts.h"

struct fr_d3d11_video {
    ID3D11VideoDevice *device;
    ID3D11VideoContext1 *context;
    ID3D11VideoProcessorEnumerator *enumerator;
    ID3D11VideoProcessor *processor;
};

struct fr_d3d11_shade {
    ID3D11VertexShader *vertex;
    ID3D11PixelShader *plane[2];
    ID3D11Buffer *params;
};

struct fr_d3d11_converter {
    struct fr_d3d11_device *device;
    fr_convert_params params;
    uint64_t number; /* no two of a host have the same; never 0 */
    bool has_video, has_shade;
    struct fr_d3d11_video video;
    struct fr_d3d11_shade shade;
};

/* FR_ERR_UNSUPPORTED: neither way is there, logged. */
fr_status fr_d3d11_converter_create(struct fr_d3d11_converter **out, struct fr_d3d11_device *device,
                                    const struct fr_d3d11_api *api, const fr_convert_params *params,
                                    uint64_t number, const fr_log *log);
void fr_d3d11_converter_destroy(struct fr_d3d11_converter *converter);
const char *fr_d3d11_converter_name(const struct fr_d3d11_converter *converter);
/* `parts` as in backend.h. */
fr_status fr_d3d11_convert(struct fr_d3d11_converter *converter, struct fr_d3d11_slot *slot,
                           const struct fr_parts *parts, struct fr_d3d11_picture_object *picture,
                           const fr_log *log);

/* video.c. S_OK, or what failed: nothing is left then. DXGI_ERROR_UNSUPPORTED: there is none that can. */
HRESULT fr_d3d11_video_init(struct fr_d3d11_video *video, struct fr_d3d11_device *device,
                            const fr_convert_params *params);
void fr_d3d11_video_finish(struct fr_d3d11_video *video);
HRESULT fr_d3d11_video_run(const struct fr_d3d11_converter *converter, struct fr_d3d11_slot *slot,
                           struct fr_d3d11_picture_object *picture);

/* shade.c. Where the device refuses the compiled shaders, they are compiled anew if a compiler is there. */
HRESULT fr_d3d11_shade_init(struct fr_d3d11_shade *shade, struct fr_d3d11_device *device,
                            const struct fr_d3d11_api *api, const fr_convert_params *params);
void fr_d3d11_shade_finish(struct fr_d3d11_shade *shade);
/* Draws these parts of both planes, of params' size rounded up to even; NULL: all. */
void fr_d3d11_shade_run(const struct fr_d3d11_shade *shade, struct fr_d3d11_device *device,
                        const fr_convert_params *params, const struct fr_parts *parts,
                        ID3D11ShaderResourceView *slot, ID3D11RenderTargetView *const plane[2]);

/* code.c: the compiled shaders. */
struct fr_d3d11_code {
    const void *bytes;
    size_t size;
    const char *target;        /* vs_4_0, ps_4_0 */
    const char *const *macros; /* what it is compiled with, ended by NULL */
};

enum { FR_D3D11_CODE_MACROS_MAX = 4 };

struct fr_d3d11_code fr_d3d11_vertex_code(void);
/* False: no such pair. */
bool fr_d3d11_plane_code(fr_format from, fr_format to, uint32_t plane, struct fr_d3d11_code *out);
/* The text that they are made of; all are called main. */
const char *fr_d3d11_code_text(size_t *bytes);

#endif
