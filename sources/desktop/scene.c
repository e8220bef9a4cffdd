/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "scene.h"

#include <stdlib.h>

/* Patches are at least so large, so that few pointers need another one. */
enum { PATCH_MIN = 64 };

static HRESULT make_texture(const fr_desktop_scene *scene, uint32_t width, uint32_t height, bool readable,
                            ID3D11Texture2D **out)
{
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = width,
        .Height = height,
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = (DXGI_FORMAT)scene->format, /* they have the same numbers */
        .SampleDesc = {1, 0},
        .Usage = readable ? D3D11_USAGE_STAGING : D3D11_USAGE_DEFAULT,
        .BindFlags = readable ? 0 : D3D11_BIND_SHADER_RESOURCE | D3D11_BIND_RENDER_TARGET,
        .CPUAccessFlags = readable ? D3D11_CPU_ACCESS_READ | D3D11_CPU_ACCESS_WRITE : 0,
    };
    const HRESULT result = ID3D11Device_CreateTexture2D(scene->device, &desc, NULL, out);
    if (result != S_OK)
        *out = NULL;
    return result;
}

void fr_desktop_scene_finish(fr_desktop_scene *scene)
{
    fr_com_release(scene->picture);
    fr_com_release(scene->below);
    fr_com_release(scene->patch);
    fr_com_release(scene->wire);
    free(scene->turned);
    *scene = (fr_desktop_scene){0};
}

void fr_desktop_scene_shape(fr_desktop_scene *scene, ID3D11Device *device, ID3D11DeviceContext *context,
                            uint32_t width, uint32_t height, fr_format format, fr_turn turn)
{
    if (scene->device == device && scene->width == width && scene->height == height &&
        scene->format == format && scene->turn == turn)
        return;
    fr_desktop_scene_finish(scene);
    scene->device = device;
    scene->context = context;
    scene->width = width;
    scene->height = height;
    scene->format = format;
    scene->turn = turn;
}

static void copy_part(const fr_desktop_scene *scene, ID3D11Texture2D *to, uint32_t x, uint32_t y,
                      ID3D11Texture2D *from, fr_rect rect)
{
    const D3D11_BOX box = {rect.x, rect.y, 0, rect.x + rect.width, rect.y + rect.height, 1};
    ID3D11DeviceContext_CopySubresourceRegion(scene->context, (ID3D11Resource *)to, 0, x, y, 0,
                                              (ID3D11Resource *)from, 0, &box);
}

static void bring(const fr_desktop_scene *scene, fr_rect rect, const void *pixels, size_t pitch_bytes)
{
    const D3D11_BOX box = {rect.x, rect.y, 0, rect.x + rect.width, rect.y + rect.height, 1};
    ID3D11DeviceContext_UpdateSubresource(scene->context, (ID3D11Resource *)scene->picture, 0, &box, pixels,
                                          (UINT)pitch_bytes, 0);
}

/* Waits for the GPU. */
static HRESULT map(const fr_desktop_scene *scene, ID3D11Texture2D *texture, uint32_t width, uint32_t height,
                   fr_canvas *out)
{
    D3D11_MAPPED_SUBRESOURCE mapped;
    const HRESULT result = ID3D11DeviceContext_Map(scene->context, (ID3D11Resource *)texture, 0,
                                                   D3D11_MAP_READ_WRITE, 0, &mapped);
    if (result == S_OK)
        *out = fr_canvas_on(mapped.pData, mapped.RowPitch, width, height, scene->format);
    return result;
}

static void unmap(const fr_desktop_scene *scene, ID3D11Texture2D *texture)
{
    ID3D11DeviceContext_Unmap(scene->context, (ID3D11Resource *)texture, 0);
}

/* Rows of memory for the turned `rect`. */
static bool reserve_turned(fr_desktop_scene *scene, fr_rect rect, fr_canvas *out)
{
    const size_t pitch = (size_t)rect.width * fr_format_pixel_bytes(scene->format);
    const size_t bytes = pitch * rect.height;
    if (bytes > scene->turned_bytes) {
        free(scene->turned);
        scene->turned = malloc(bytes);
        scene->turned_bytes = scene->turned ? bytes : 0;
    }
    *out = fr_canvas_on(scene->turned, pitch, rect.width, rect.height, scene->format);
    return scene->turned != NULL;
}

/* Turns the damaged box alone: it becomes a picture of its own. */
static HRESULT take_turned(fr_desktop_scene *scene, ID3D11Texture2D *from, fr_rect damage)
{
    const bool across = scene->turn != FR_TURN_180;
    const uint32_t width = across ? scene->height : scene->width;
    const uint32_t height = across ? scene->width : scene->height;
    const fr_rect seen = fr_turn_rect(scene->turn, damage, scene->width, scene->height);
    fr_canvas wire, turned;
    HRESULT result = scene->wire ? S_OK : make_texture(scene, width, height, true, &scene->wire);
    if (result != S_OK)
        return result;
    if (!reserve_turned(scene, seen, &turned))
        return E_OUTOFMEMORY;
    copy_part(scene, scene->wire, damage.x, damage.y, from, damage);
    result = map(scene, scene->wire, width, height, &wire);
    if (result != S_OK)
        return result;
    const fr_canvas box =
        fr_canvas_on(wire.pixels + damage.y * wire.pitch_bytes + (size_t)damage.x * wire.pixel_bytes,
                     wire.pitch_bytes, damage.width, damage.height, scene->format);
    fr_turn_copy(scene->turn, &turned, &box, (fr_rect){0, 0, seen.width, seen.height});
    unmap(scene, scene->wire);
    bring(scene, seen, turned.pixels, turned.pitch_bytes);
    return S_OK;
}

static void erase_pointer(fr_desktop_scene *scene)
{
    const fr_rect drawn = scene->drawn;
    scene->drawn = (fr_rect){0};
    if (drawn.width)
        copy_part(scene, scene->picture, drawn.x, drawn.y, scene->below,
                  (fr_rect){0, 0, drawn.width, drawn.height});
}

HRESULT fr_desktop_scene_take(fr_desktop_scene *scene, ID3D11Texture2D *from, const fr_rects *damage)
{
    fr_rects taken = *damage;
    erase_pointer(scene);
    if (!scene->picture) {
        const HRESULT result = make_texture(scene, scene->width, scene->height, false, &scene->picture);
        if (result != S_OK)
            return result;
        const bool across = scene->turn == FR_TURN_90 || scene->turn == FR_TURN_270;
        const uint32_t width = across ? scene->height : scene->width;
        taken = (fr_rects){.count = 1, .rect = {{0, 0, width, across ? scene->width : scene->height}}};
    }
    /* Turning one box waits for the GPU, whatever its size. */
    if (scene->turn != FR_TURN_0)
        return take_turned(scene, from, fr_rects_bounds(&taken));
    for (uint32_t i = 0; i < taken.count; i++)
        copy_part(scene, scene->picture, taken.rect[i].x, taken.rect[i].y, from, taken.rect[i]);
    return S_OK;
}

static uint32_t at_least(uint32_t value, uint32_t least)
{
    return value > least ? value : least;
}

static HRESULT make_patches(fr_desktop_scene *scene, fr_rect rect)
{
    if (scene->patch && rect.width <= scene->patch_width && rect.height <= scene->patch_height)
        return S_OK;
    fr_com_release(scene->below);
    fr_com_release(scene->patch);
    scene->below = scene->patch = NULL;
    scene->patch_width = at_least(at_least(rect.width, scene->patch_width), PATCH_MIN);
    scene->patch_height = at_least(at_least(rect.height, scene->patch_height), PATCH_MIN);
    HRESULT result = make_texture(scene, scene->patch_width, scene->patch_height, false, &scene->below);
    if (result == S_OK)
        result = make_texture(scene, scene->patch_width, scene->patch_height, true, &scene->patch);
    return result;
}

HRESULT fr_desktop_scene_draw(fr_desktop_scene *scene, const fr_pointer *pointer, float white)
{
    fr_canvas canvas;
    erase_pointer(scene);
    const fr_rect rect = fr_pointer_rect(pointer, scene->width, scene->height);
    if (!rect.width || !scene->picture)
        return S_OK;
    HRESULT result = make_patches(scene, rect);
    if (result != S_OK)
        return result;
    copy_part(scene, scene->below, 0, 0, scene->picture, rect);
    copy_part(scene, scene->patch, 0, 0, scene->picture, rect);
    result = map(scene, scene->patch, rect.width, rect.height, &canvas);
    if (result != S_OK)
        return result;
    fr_pointer_draw(pointer, &canvas, rect.x, rect.y, white);
    bring(scene, rect, canvas.pixels, canvas.pitch_bytes);
    unmap(scene, scene->patch);
    scene->drawn = rect;
    return S_OK;
}
