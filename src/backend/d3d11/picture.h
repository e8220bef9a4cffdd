/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_PICTURE_H
#define FR_BACKEND_D3D11_PICTURE_H

/* A picture of the out ring: a texture, and what was made of it. The object of its fr_picture. */

#include "backend/d3d11/ring.h"

struct fr_d3d11_picture_object {
    struct fr_d3d11_device *device;
    ID3D11Texture2D *texture;
    fr_format format;
    uint32_t height;                  /* of the texture: even */
    ID3D11RenderTargetView *plane[2]; /* when shaders first wanted them */
    struct fr_d3d11_video_view video; /* when a video processor first wanted it */
    bool by_video;                    /* what it holds, if anything, is a video processor's */

    /* Read-back. Under the device's own lock, since any thread may map. */
    ID3D11Texture2D *staging;
    bool copied; /* the copy into `staging` was submitted */
    bool mapped;
    D3D11_MAPPED_SUBRESOURCE memory;
};

fr_status fr_d3d11_picture_create(struct fr_d3d11_device *device, uint32_t width, uint32_t height,
                                  fr_format format, struct fr_picture *out);
fr_status fr_d3d11_picture_map(const struct fr_picture *picture, struct fr_picture *out);

/* Around a conversion: nobody maps the picture meanwhile. */
void fr_d3d11_picture_begin(struct fr_d3d11_picture_object *object);
/* Starts the read-back where somebody will want it. */
void fr_d3d11_picture_end(struct fr_d3d11_picture_object *object);

/* The planes as render targets. What failed, or S_OK. */
HRESULT fr_d3d11_picture_planes(struct fr_d3d11_picture_object *object);

#endif
