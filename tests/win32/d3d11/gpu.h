/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIN32_D3D11_GPU_H
#define TESTS_WIN32_D3D11_GPU_H

/* The shaders on a Direct3D that runs them. Planes are textures of their own here, since Wine's NV12 and P010
 * have no views by plane. What fails ends the test. */

#include "backend/d3d11/convert.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct gpu {
    struct fr_d3d11_api api;
    struct fr_d3d11_device *device;
};

/* For cmocka: *state is a gpu. */
int gpu_setup(void **state);
int gpu_teardown(void **state);

/* The shaders of one conversion, and a slot. */
struct gpu_shade {
    struct gpu *gpu;
    fr_convert_params params;
    struct fr_d3d11_shade shaders;
    ID3D11Texture2D *slot;
    ID3D11ShaderResourceView *view;
};

struct gpu_picture {
    ID3D11Texture2D *plane[2], *staging[2];
    ID3D11RenderTargetView *target[2];
};

void gpu_shade_open(struct gpu_shade *shade, struct gpu *gpu, const fr_convert_params *params);
void gpu_shade_close(struct gpu_shade *shade);
void gpu_picture_open(const struct gpu_shade *shade, struct gpu_picture *picture);
void gpu_picture_close(struct gpu_picture *picture);

/* Tightly packed pixels into the slot. */
void gpu_fill(struct gpu_shade *shade, const void *pixels);
void gpu_run(struct gpu_shade *shade, struct gpu_picture *picture, const struct fr_parts *parts);

/* Of a plane, whose sizes are even. */
size_t gpu_sample_bytes(const fr_convert_params *params);
size_t gpu_row_bytes(const fr_convert_params *params); /* the same in both */
uint32_t gpu_rows(const fr_convert_params *params, uint32_t plane);
/* Tightly packed; the caller's to free. */
uint8_t *gpu_read(struct gpu_shade *shade, struct gpu_picture *picture, uint32_t plane);

#endif
