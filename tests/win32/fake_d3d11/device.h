/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIN32_FAKE_D3D11_DEVICE_H
#define TESTS_WIN32_FAKE_D3D11_DEVICE_H

#include "object.h"

#include <framering/convert.h>

struct fake_adapter_info {
    wchar_t name[128];
    uint32_t megabytes;
    LUID luid;
    bool software;
};

/* By number; NULL: there are not so many. */
const struct fake_adapter_info *fake_adapter(size_t index);
HRESULT fake_adapter_of(size_t index, IDXGIAdapter **out);

/* ---- textures ---- */

/* What processes see of a texture that is shared; the pixels follow it. */
struct fake_shared {
    uint32_t magic;
    LUID luid;
    D3D11_TEXTURE2D_DESC desc;
    uint64_t owner; /* of the keyed mutex: fake_device.id; 0 = nobody */
    uint64_t key;
    uint32_t abandoned; /* its owner gave it up without a release */
};

struct fake_texture {
    struct fake_object object; /* ID3D11Texture2D, IDXGIKeyedMutex, IDXGIResource1 */
    D3D11_TEXTURE2D_DESC desc;
    struct fake_shared *shared; /* NULL: pixels are its own */
    HANDLE section;
    wchar_t section_name[64];
    uint8_t *pixels;
    size_t pitch_bytes, bytes;
    bool mapped;
};

extern const struct fake_class fake_texture_class;
HRESULT fake_texture_create(struct fake_device *device, const D3D11_TEXTURE2D_DESC *desc,
                            const D3D11_SUBRESOURCE_DATA *data, void **out);
/* Of a handle made by CreateSharedHandle, of whatever process. */
HRESULT fake_texture_open(struct fake_device *device, HANDLE handle, void **out);
size_t fake_pixel_bytes(DXGI_FORMAT format); /* of plane 0 */
bool fake_is_planar(DXGI_FORMAT format);
uint8_t *fake_texture_plane(const struct fake_texture *texture, uint32_t plane);
/* Whether this device may touch it now; a violation if not. */
bool fake_texture_usable(const struct fake_texture *texture, const char *by);

/* mutex.c */
extern IDXGIKeyedMutexVtbl fake_keyed_mutex_vtable;
void fake_keyed_mutex_abandon(struct fake_texture *texture);

/* A shared object is reached through a small section of its own, the ticket, which can be duplicated with any
 * rights and named: it holds the name of the section with the bytes. */
HANDLE fake_ticket_create(const SECURITY_ATTRIBUTES *security, const wchar_t *name, const wchar_t *section,
                          HRESULT *result);
bool fake_ticket_read(HANDLE ticket, wchar_t section[64]);
void fake_section_name(wchar_t name[64]);

/* ---- fences ---- */

struct fake_shared_fence {
    uint32_t magic;
    LUID luid;
    uint64_t value;
};

struct fake_fence {
    struct fake_object object;
    struct fake_shared_fence *shared;
    HANDLE section;
    wchar_t section_name[64];
    uint64_t last_signal; /* by this object */
};

extern const struct fake_class fake_fence_class;
HRESULT fake_fence_create(struct fake_device *device, UINT64 value, UINT flags, void **out);
HRESULT fake_fence_open(struct fake_device *device, HANDLE handle, void **out);
uint64_t fake_fence_value(const struct fake_fence *fence);

/* ---- views, buffers, shaders ---- */

struct fake_view {
    struct fake_object object;
    struct fake_texture *texture; /* held */
    DXGI_FORMAT format;
    uint32_t plane;
    struct fake_object *enumerator; /* of a video processor's view; held */
};

extern const struct fake_class fake_srv_class, fake_rtv_class;
HRESULT fake_srv_create(struct fake_device *device, ID3D11Resource *resource,
                        const D3D11_SHADER_RESOURCE_VIEW_DESC *desc, void **out);
HRESULT fake_rtv_create(struct fake_device *device, ID3D11Resource *resource,
                        const D3D11_RENDER_TARGET_VIEW_DESC *desc, void **out);
void fake_view_destroy(struct fake_object *object);

struct fake_bytes {
    struct fake_object object;
    size_t size;
    uint8_t *bytes;
};

extern const struct fake_class fake_buffer_class, fake_vertex_class, fake_pixel_class;
HRESULT fake_bytes_create(struct fake_device *device, const struct fake_class *class_, const void *bytes,
                          size_t size, void **out);

/* ---- the device and its context ---- */

enum { FAKE_SIGNALS_MAX = 64 };

struct fake_signal {
    struct fake_fence *fence; /* held */
    uint64_t value;
};

struct fake_context {
    struct fake_object object; /* ID3D11DeviceContext4, ID3D11Multithread, ID3D11VideoContext1 */
    /* What is bound is held. */
    struct fake_view *srv, *rtv;
    struct fake_bytes *vertex, *pixel, *params;
    D3D11_PRIMITIVE_TOPOLOGY topology;
    D3D11_VIEWPORT viewport;
    struct fake_signal recorded[FAKE_SIGNALS_MAX]; /* not flushed yet */
    size_t num_recorded;
    struct fake_signal submitted[FAKE_SIGNALS_MAX]; /* not done yet: the GPU stalls */
    size_t num_submitted;
};

struct fake_device {
    struct fake_object object; /* ID3D11Device5, ID3D11VideoDevice, IDXGIDevice2 */
    uint64_t id;               /* process << 32 | number */
    struct fake_adapter_info adapter;
    size_t adapter_index;
    HRESULT removed; /* S_OK: not */
    bool dead;
    struct fake_context *context; /* held */
    struct fake_priorities priorities;
};

extern const struct fake_class fake_device_class, fake_context_class;
HRESULT fake_device_make(size_t adapter_index, struct fake_device **out);
struct fake_context *fake_context_create(struct fake_device *device);
void fake_context_clear(struct fake_context *context);
/* Submits what is recorded, and does it unless the GPU stalls. */
void fake_context_flush(struct fake_context *context);
void fake_context_run(struct fake_context *context);
void fake_device_run_all(void);
void fake_devices_forget(void);
void fake_note_priorities(const struct fake_priorities *priorities);
void fake_note_scheduling_class(int scheduling_class);

/* Binding one object in place of another. */
void fake_bind(void *slot, void *object);

/* draw.c */
void fake_draw(struct fake_context *context, UINT vertices);
/* video.c */
extern ID3D11VideoDeviceVtbl fake_video_device_vtable;
extern ID3D11VideoContext1Vtbl fake_video_context_vtable;
void fake_video_init(void);

/* Converts on the CPU with the same formulas: into plane `plane` of `to`, or into both if it is 2. `part`:
 * all that is written, on whole pairs of columns and rows; NULL: everything. */
void fake_convert(const struct fake_texture *from, struct fake_texture *to, uint32_t plane,
                  const fr_convert_params *params, const fr_rect *part);

/* Fills the tables of all classes, once. */
void fake_init(void);
/* Of one file each. */
void fake_adapter_init(void);
void fake_texture_init(void);
void fake_mutex_init(void);
void fake_fence_init(void);
void fake_view_init(void);
void fake_context_init(void);

#endif
