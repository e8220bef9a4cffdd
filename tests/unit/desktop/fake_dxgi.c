/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_dxgi.h"

#include "fake_d3d11.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

HRESULT fake_call(struct fake_dxgi *fake)
{
    fake->calls++;
    if (fake->calls != fake->fail_at)
        return S_OK;
    if (fake->fail_result == DXGI_ERROR_DEVICE_REMOVED)
        fake->removed = DXGI_ERROR_DEVICE_HUNG;
    return fake->fail_result;
}

void *fake_create(struct fake_dxgi *fake, const void *table, size_t bytes, void (*destroy)(void *))
{
    struct fake_object *object = calloc(1, bytes);
    assert_non_null(object);
    object->table = table;
    object->fake = fake;
    object->refs = 1;
    object->destroy = destroy;
    fake->live++;
    return object;
}

ULONG STDMETHODCALLTYPE fake_add_ref(void *self)
{
    struct fake_object *object = self;
    return (ULONG)++object->refs;
}

ULONG STDMETHODCALLTYPE fake_release(void *self)
{
    struct fake_object *object = self;
    assert_true(object->refs > 0);
    const ULONG refs = (ULONG)--object->refs;
    if (refs)
        return refs;
    object->fake->live--;
    if (object->destroy)
        object->destroy(object);
    free(object);
    return 0;
}

HRESULT fake_answer(void *self, void **out)
{
    fake_add_ref(self);
    *out = self;
    return S_OK;
}

static bool across(const struct fake_dxgi *fake)
{
    return fake->turn == FR_TURN_90 || fake->turn == FR_TURN_270;
}

static UINT wire_width(const struct fake_dxgi *fake)
{
    return across(fake) ? fake->desktop.height : fake->desktop.width;
}

static UINT wire_height(const struct fake_dxgi *fake)
{
    return across(fake) ? fake->desktop.width : fake->desktop.height;
}

/* Where on the wire what is seen at x, y comes from. */
static POINT on_wire(const struct fake_dxgi *fake, LONG x, LONG y)
{
    const LONG width = (LONG)fake->desktop.width, height = (LONG)fake->desktop.height;
    switch (fake->turn) {
    case FR_TURN_0: break;
    case FR_TURN_90: return (POINT){y, width - 1 - x};
    case FR_TURN_180: return (POINT){width - 1 - x, height - 1 - y};
    case FR_TURN_270: return (POINT){height - 1 - y, x};
    }
    return (POINT){x, y};
}

static LONG least(LONG a, LONG b)
{
    return a < b ? a : b;
}

static RECT rect_on_wire(const struct fake_dxgi *fake, RECT rect)
{
    const POINT a = on_wire(fake, rect.left, rect.top), b = on_wire(fake, rect.right - 1, rect.bottom - 1);
    return (RECT){least(a.x, b.x), least(a.y, b.y), a.x + b.x - least(a.x, b.x) + 1,
                  a.y + b.y - least(a.y, b.y) + 1};
}

/* --- duplication --- */

struct duplication {
    struct fake_object object;
    fr_format format;
    bool lost;
    ID3D11Texture2D *picture;       /* of the held frame */
    const struct fake_frame *frame; /* the held one */
};

struct resource {
    struct fake_object object;
    ID3D11Texture2D *texture;
};

static HRESULT STDMETHODCALLTYPE resource_query(IDXGIResource *self, REFIID iid, void **out)
{
    struct resource *resource = (void *)self;
    assert_true(IsEqualGUID(iid, &IID_ID3D11Texture2D));
    return fake_answer(resource->texture, out);
}

static void resource_destroy(void *self)
{
    struct resource *resource = self;
    ID3D11Texture2D_Release(resource->texture);
}

static const IDXGIResourceVtbl resource_table = {
    .QueryInterface = resource_query,
    .AddRef = FAKE_ADD_REF(IDXGIResource),
    .Release = FAKE_RELEASE(IDXGIResource),
};

static void draw(const struct fake_dxgi *fake, const fr_canvas *canvas)
{
    for (uint32_t y = 0; y < fake->desktop.height; y++) {
        for (uint32_t x = 0; x < fake->desktop.width; x++) {
            const POINT at = on_wire(fake, (LONG)x, (LONG)y);
            fr_canvas_set(canvas, (uint32_t)at.x, (uint32_t)at.y, fr_canvas_get(&fake->desktop, x, y));
        }
    }
}

static ID3D11Texture2D *draw_real(const struct fake_dxgi *fake, const D3D11_TEXTURE2D_DESC *desc)
{
    const size_t pitch = (size_t)desc->Width * fr_format_pixel_bytes((fr_format)desc->Format);
    const fr_canvas canvas =
        fr_canvas_on(calloc(desc->Height, pitch), pitch, desc->Width, desc->Height, (fr_format)desc->Format);
    const D3D11_SUBRESOURCE_DATA data = {canvas.pixels, (UINT)pitch, 0};
    ID3D11Texture2D *texture = NULL;
    assert_non_null(canvas.pixels);
    draw(fake, &canvas);
    assert_int_equal(ID3D11Device_CreateTexture2D(fake->real, desc, &data, &texture), S_OK);
    free(canvas.pixels);
    return texture;
}

static ID3D11Texture2D *draw_picture(const struct duplication *duplication)
{
    struct fake_dxgi *fake = duplication->object.fake;
    const struct fake_frame *frame = duplication->frame;
    const D3D11_TEXTURE2D_DESC desc = {
        .Width = frame->odd_width ? frame->odd_width : wire_width(fake),
        .Height = wire_height(fake),
        .MipLevels = 1,
        .ArraySize = 1,
        .Format = (DXGI_FORMAT)duplication->format,
        .SampleDesc = {1, 0},
    };
    if (fake->real)
        return draw_real(fake, &desc);
    ID3D11Texture2D *texture = fake_texture_create(fake, &desc);
    const fr_canvas canvas = fake_texture_canvas(texture);
    if (!frame->odd_width)
        draw(fake, &canvas);
    return texture;
}

static UINT rects_bytes(const struct fake_frame *frame)
{
    return frame->num_dirty * (UINT)sizeof(RECT) + frame->num_moved * (UINT)sizeof(DXGI_OUTDUPL_MOVE_RECT);
}

static void tell(const struct fake_frame *frame, DXGI_OUTDUPL_FRAME_INFO *info)
{
    *info = (DXGI_OUTDUPL_FRAME_INFO){
        .LastPresentTime.QuadPart = frame->picture ? 1000 : 0,
        .LastMouseUpdateTime.QuadPart = frame->mouse ? 900 : 0,
        .AccumulatedFrames = frame->picture,
        .TotalMetadataBufferSize = frame->picture ? rects_bytes(frame) : 0,
        .PointerShapeBufferSize = frame->mouse && frame->shape ? frame->shape_bytes : 0,
    };
    info->PointerPosition.Visible = frame->mouse && frame->mouse_visible;
    if (frame->mouse)
        info->PointerPosition.Position = frame->mouse_at;
}

static HRESULT check(struct duplication *duplication, bool held)
{
    struct fake_dxgi *fake = duplication->object.fake;
    if (fake->removed)
        return DXGI_ERROR_DEVICE_REMOVED;
    if (duplication->lost)
        return DXGI_ERROR_ACCESS_LOST;
    if (held != (duplication->frame != NULL))
        return DXGI_ERROR_INVALID_CALL;
    const HRESULT result = fake_call(fake);
    duplication->lost = result == DXGI_ERROR_ACCESS_LOST;
    return result;
}

static HRESULT STDMETHODCALLTYPE duplication_acquire(IDXGIOutputDuplication *self, UINT timeout_ms,
                                                     DXGI_OUTDUPL_FRAME_INFO *info, IDXGIResource **out)
{
    struct duplication *duplication = (void *)self;
    struct fake_dxgi *fake = duplication->object.fake;
    static const struct fake_frame cursor = {0};
    *out = NULL;
    fake->last_timeout_ms = timeout_ms;
    if (fake->before_acquire)
        fake->before_acquire(fake->user);
    const HRESULT result = check(duplication, false);
    if (result != S_OK)
        return result;
    if (fake->next_frame >= fake->num_frames)
        return DXGI_ERROR_WAIT_TIMEOUT;
    const struct fake_frame *frame = &fake->frames[fake->next_frame++];
    if (frame->result != S_OK) {
        duplication->lost = frame->result == DXGI_ERROR_ACCESS_LOST;
        return frame->result;
    }
    duplication->frame = frame->picture || frame->mouse ? frame : &cursor;
    duplication->picture = draw_picture(duplication);
    struct resource *resource = fake_create(fake, &resource_table, sizeof(*resource), resource_destroy);
    ID3D11Texture2D_AddRef(duplication->picture);
    resource->texture = duplication->picture;
    *out = (IDXGIResource *)resource;
    tell(frame, info);
    fake->held = true;
    fake->acquired++;
    return S_OK;
}

static void drop_frame(struct duplication *duplication)
{
    if (!duplication->frame)
        return;
    if (!duplication->object.fake->real) {
        const fr_canvas canvas = fake_texture_canvas(duplication->picture);
        memset(canvas.pixels, 0xdd, canvas.height * canvas.pitch_bytes);
    }
    ID3D11Texture2D_Release(duplication->picture);
    duplication->frame = NULL;
    duplication->object.fake->held = false;
}

static HRESULT STDMETHODCALLTYPE duplication_release_frame(IDXGIOutputDuplication *self)
{
    struct duplication *duplication = (void *)self;
    duplication->object.fake->released++;
    const bool held = duplication->frame != NULL;
    drop_frame(duplication);
    return held ? fake_call(duplication->object.fake) : DXGI_ERROR_INVALID_CALL;
}

static HRESULT STDMETHODCALLTYPE duplication_dirty(IDXGIOutputDuplication *self, UINT bytes, RECT *rects,
                                                   UINT *needed)
{
    struct duplication *duplication = (void *)self;
    const HRESULT result = check(duplication, true);
    if (result != S_OK)
        return result;
    const struct fake_frame *frame = duplication->frame;
    *needed = frame->num_dirty * (UINT)sizeof(RECT);
    if (frame->rects_result != S_OK || bytes < *needed)
        return frame->rects_result != S_OK ? frame->rects_result : DXGI_ERROR_MORE_DATA;
    for (UINT i = 0; i < frame->num_dirty; i++)
        rects[i] = rect_on_wire(duplication->object.fake, frame->dirty[i]);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE duplication_moved(IDXGIOutputDuplication *self, UINT bytes,
                                                   DXGI_OUTDUPL_MOVE_RECT *rects, UINT *needed)
{
    struct duplication *duplication = (void *)self;
    const HRESULT result = check(duplication, true);
    if (result != S_OK)
        return result;
    const struct fake_frame *frame = duplication->frame;
    *needed = frame->num_moved * (UINT)sizeof(*rects);
    if (bytes < *needed)
        return DXGI_ERROR_MORE_DATA;
    for (UINT i = 0; i < frame->num_moved; i++) {
        rects[i] = frame->moved[i];
        rects[i].DestinationRect = rect_on_wire(duplication->object.fake, frame->moved[i].DestinationRect);
    }
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE duplication_shape(IDXGIOutputDuplication *self, UINT bytes, void *pixels,
                                                   UINT *needed, DXGI_OUTDUPL_POINTER_SHAPE_INFO *info)
{
    struct duplication *duplication = (void *)self;
    const HRESULT result = check(duplication, true);
    if (result != S_OK)
        return result;
    const struct fake_frame *frame = duplication->frame;
    *needed = frame->shape_bytes;
    if (frame->shape_result != S_OK || bytes < *needed)
        return frame->shape_result != S_OK ? frame->shape_result : DXGI_ERROR_MORE_DATA;
    memcpy(pixels, frame->shape_pixels, frame->shape_bytes);
    *info = (DXGI_OUTDUPL_POINTER_SHAPE_INFO){
        .Type = (UINT)frame->shape->kind,
        .Width = frame->shape->width,
        .Height = frame->shape->height * (frame->shape->kind == FR_POINTER_MONOCHROME ? 2 : 1),
        .Pitch = (UINT)frame->shape->pitch_bytes,
    };
    return S_OK;
}

static void STDMETHODCALLTYPE duplication_desc(IDXGIOutputDuplication *self, DXGI_OUTDUPL_DESC *desc)
{
    struct duplication *duplication = (void *)self;
    const struct fake_dxgi *fake = duplication->object.fake;
    *desc = (DXGI_OUTDUPL_DESC){.Rotation = (DXGI_MODE_ROTATION)((int)fake->turn + 1)};
    desc->ModeDesc.Width = wire_width(fake);
    desc->ModeDesc.Height = wire_height(fake);
    desc->ModeDesc.RefreshRate = fake->refresh;
    desc->ModeDesc.Format = (DXGI_FORMAT)duplication->format;
}

static void duplication_destroy(void *self)
{
    struct duplication *duplication = self;
    drop_frame(duplication);
    duplication->object.fake->duplicated = false;
}

static const IDXGIOutputDuplicationVtbl duplication_table = {
    .AddRef = FAKE_ADD_REF(IDXGIOutputDuplication),
    .Release = FAKE_RELEASE(IDXGIOutputDuplication),
    .GetDesc = duplication_desc,
    .AcquireNextFrame = duplication_acquire,
    .GetFrameDirtyRects = duplication_dirty,
    .GetFrameMoveRects = duplication_moved,
    .GetFramePointerShape = duplication_shape,
    .ReleaseFrame = duplication_release_frame,
};

/* --- output, adapter, factory --- */

struct adapter {
    struct fake_object object;
    LONG luid; /* as it was when its factory was made */
};

static HRESULT next_duplicate(struct fake_dxgi *fake)
{
    if (fake->next_duplicate < fake->num_duplicates)
        return fake->duplicates[fake->next_duplicate++];
    return fake->always_duplicate;
}

static HRESULT duplicate(struct fake_dxgi *fake, IUnknown *device, fr_format format,
                         IDXGIOutputDuplication **out)
{
    *out = (void *)(intptr_t)0x7777; /* real ones leave anything there on failure */
    if (fake->duplicated || (!fake->real && fake_device_adapter(device) != fake->adapter))
        return E_INVALIDARG;
    if (fake->removed)
        return DXGI_ERROR_DEVICE_REMOVED;
    HRESULT result = fake_call(fake);
    if (result == S_OK)
        result = next_duplicate(fake);
    if (result != S_OK)
        return result;
    struct duplication *duplication =
        fake_create(fake, &duplication_table, sizeof(*duplication), duplication_destroy);
    duplication->format = format;
    fake->duplicated = true;
    fake->duplications++;
    *out = (IDXGIOutputDuplication *)duplication;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE output_duplicate(IDXGIOutput6 *self, IUnknown *device,
                                                  IDXGIOutputDuplication **out)
{
    return duplicate(((struct fake_object *)self)->fake, device, FR_FORMAT_BGRA8, out);
}

static HRESULT STDMETHODCALLTYPE output_duplicate_1(IDXGIOutput6 *self, IUnknown *device, UINT flags,
                                                    UINT num_formats, const DXGI_FORMAT *formats,
                                                    IDXGIOutputDuplication **out)
{
    struct fake_dxgi *fake = ((struct fake_object *)self)->fake;
    const fr_format format = fake->only_bgra ? FR_FORMAT_BGRA8 : fake->desktop.format;
    bool listed = false;
    for (UINT i = 0; i < num_formats; i++)
        listed |= formats[i] == (DXGI_FORMAT)format;
    if (flags || !listed)
        return E_INVALIDARG;
    if (fake->newer_refusal != S_OK)
        return fake->newer_refusal;
    return duplicate(fake, device, format, out);
}

static HRESULT STDMETHODCALLTYPE output_query(IDXGIOutput6 *self, REFIID iid, void **out)
{
    const struct fake_dxgi *fake = ((struct fake_object *)self)->fake;
    const bool has = (IsEqualGUID(iid, &IID_IDXGIOutput1) && fake->output_level >= 1) ||
                     (IsEqualGUID(iid, &IID_IDXGIOutput5) && fake->output_level >= 5) ||
                     (IsEqualGUID(iid, &IID_IDXGIOutput6) && fake->output_level >= 6);
    *out = NULL;
    return has ? fake_answer(self, out) : E_NOINTERFACE;
}

static HRESULT STDMETHODCALLTYPE output_desc(IDXGIOutput6 *self, DXGI_OUTPUT_DESC *desc)
{
    struct fake_dxgi *fake = ((struct fake_object *)self)->fake;
    const HRESULT result = fake_call(fake);
    *desc = (DXGI_OUTPUT_DESC){.AttachedToDesktop = !fake->detached,
                               .Rotation = (DXGI_MODE_ROTATION)((int)fake->turn + 1)};
    wcsncpy(desc->DeviceName, fake->name, 31);
    desc->DesktopCoordinates = (RECT){0, 0, (LONG)fake->desktop.width, (LONG)fake->desktop.height};
    return result;
}

static HRESULT STDMETHODCALLTYPE output_desc_1(IDXGIOutput6 *self, DXGI_OUTPUT_DESC1 *desc)
{
    struct fake_dxgi *fake = ((struct fake_object *)self)->fake;
    *desc = (DXGI_OUTPUT_DESC1){
        .ColorSpace =
            fake->hdr ? DXGI_COLOR_SPACE_RGB_FULL_G2084_NONE_P2020 : DXGI_COLOR_SPACE_RGB_FULL_G22_NONE_P709,
        .MinLuminance = 0.05F,
        .MaxLuminance = 600.0F,
        .MaxFullFrameLuminance = 350.0F,
    };
    return fake_call(fake);
}

static const IDXGIOutput6Vtbl output_table = {
    .QueryInterface = output_query,
    .AddRef = FAKE_ADD_REF(IDXGIOutput6),
    .Release = FAKE_RELEASE(IDXGIOutput6),
    .GetDesc = output_desc,
    .DuplicateOutput = output_duplicate,
    .DuplicateOutput1 = output_duplicate_1,
    .GetDesc1 = output_desc_1,
};

static HRESULT STDMETHODCALLTYPE adapter_outputs(IDXGIAdapter1 *self, UINT index, IDXGIOutput **out)
{
    const struct adapter *adapter = (void *)self;
    struct fake_dxgi *fake = adapter->object.fake;
    *out = NULL;
    if (index || adapter->luid != fake->adapter)
        return DXGI_ERROR_NOT_FOUND;
    const HRESULT result = fake_call(fake);
    if (result == S_OK)
        *out = fake_create(fake, &output_table, sizeof(struct fake_object), NULL);
    return result;
}

static HRESULT STDMETHODCALLTYPE adapter_desc(IDXGIAdapter1 *self, DXGI_ADAPTER_DESC1 *desc)
{
    const struct adapter *adapter = (void *)self;
    *desc = (DXGI_ADAPTER_DESC1){.AdapterLuid = {.LowPart = 7, .HighPart = adapter->luid}};
    return fake_call(adapter->object.fake);
}

static const IDXGIAdapter1Vtbl adapter_table = {
    .AddRef = FAKE_ADD_REF(IDXGIAdapter1),
    .Release = FAKE_RELEASE(IDXGIAdapter1),
    .EnumOutputs = adapter_outputs,
    .GetDesc1 = adapter_desc,
};

struct factory {
    struct fake_object object;
    UINT number;
};

/* Adapter 1 has no display unless it is the one. */
static HRESULT STDMETHODCALLTYPE factory_adapters(IDXGIFactory1 *self, UINT index, IDXGIAdapter1 **out)
{
    struct fake_dxgi *fake = ((struct fake_object *)self)->fake;
    *out = NULL;
    if (index > 1)
        return DXGI_ERROR_NOT_FOUND;
    const HRESULT result = fake_call(fake);
    if (result != S_OK)
        return result;
    struct adapter *adapter = fake_create(fake, &adapter_table, sizeof(*adapter), NULL);
    adapter->luid = (LONG)index + 1;
    *out = (IDXGIAdapter1 *)adapter;
    return S_OK;
}

static BOOL STDMETHODCALLTYPE factory_current(IDXGIFactory1 *self)
{
    const struct factory *factory = (void *)self;
    return !factory->object.fake->changed || factory->number != factory->object.fake->factories;
}

static const IDXGIFactory1Vtbl factory_table = {
    .AddRef = FAKE_ADD_REF(IDXGIFactory1),
    .Release = FAKE_RELEASE(IDXGIFactory1),
    .EnumAdapters1 = factory_adapters,
    .IsCurrent = factory_current,
};

static HRESULT api_factory(void *self, IDXGIFactory1 **out)
{
    struct fake_dxgi *fake = self;
    *out = NULL;
    HRESULT result = fake_call(fake);
    if (result == S_OK)
        result = fake->factory_result;
    if (result != S_OK)
        return result;
    struct factory *factory = fake_create(fake, &factory_table, sizeof(*factory), NULL);
    factory->number = ++fake->factories;
    fake->changed = false;
    *out = (IDXGIFactory1 *)factory;
    return S_OK;
}

static HRESULT api_device(void *self, IDXGIAdapter1 *adapter, ID3D11Device **device,
                          ID3D11DeviceContext **context)
{
    struct fake_dxgi *fake = self;
    *device = NULL;
    *context = NULL;
    HRESULT result = fake_call(fake);
    if (result == S_OK)
        result = fake->device_result;
    if (result != S_OK)
        return result;
    fake->devices++;
    fake->removed = S_OK;
    fake_device_create(fake, ((const struct adapter *)(void *)adapter)->luid, device, context);
    return S_OK;
}

static uint32_t api_white(void *self, const WCHAR *name)
{
    struct fake_dxgi *fake = self;
    fake->whites++;
    return wcscmp(name, fake->name) ? 0 : fake->sdr_white_millinits;
}

static uint64_t api_ns(void *self, int64_t ticks)
{
    (void)self;
    return (uint64_t)ticks * 100;
}

fr_desktop_api fake_dxgi_api(struct fake_dxgi *fake)
{
    return (fr_desktop_api){
        .self = fake,
        .create_factory = api_factory,
        .create_device = api_device,
        .sdr_white_millinits = api_white,
        .ns_of_ticks = api_ns,
    };
}

void fake_dxgi_set_mode(struct fake_dxgi *fake, uint32_t width, uint32_t height, fr_format format)
{
    free(fake->desktop.pixels);
    const size_t pitch = (size_t)width * fr_format_pixel_bytes(format);
    fake->desktop = fr_canvas_on(calloc(height, pitch), pitch, width, height, format);
    assert_non_null(fake->desktop.pixels);
    fake->changed = fake->factories != 0;
}

void fake_dxgi_init(struct fake_dxgi *fake, uint32_t width, uint32_t height, fr_format format)
{
    *fake = (struct fake_dxgi){
        .name = L"\\\\.\\DISPLAY1",
        .adapter = 1,
        .sdr_white_millinits = 240000,
        .refresh = {60000, 1001},
        .output_level = 6,
    };
    fake_dxgi_set_mode(fake, width, height, format);
}

void fake_dxgi_finish(struct fake_dxgi *fake)
{
    free(fake->desktop.pixels);
    fake->desktop.pixels = NULL;
}

struct fake_frame *fake_dxgi_add(struct fake_dxgi *fake)
{
    assert_true(fake->num_frames < FAKE_FRAMES_MAX);
    struct fake_frame *frame = &fake->frames[fake->num_frames++];
    *frame = (struct fake_frame){.picture = true};
    return frame;
}
