/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "fake_names.h"

#include <stdlib.h>
#include <string.h>

#define TEXTURE_MAGIC 0x54455854u
/* Where the pixels of a shared texture begin. */
#define SHARED_HEAD 4096u
#define PITCH_ALIGN 256u

size_t fake_pixel_bytes(DXGI_FORMAT format)
{
    switch ((int)format) {
    case DXGI_FORMAT_R16G16B16A16_FLOAT: return 8;
    case DXGI_FORMAT_B8G8R8A8_UNORM:
    case DXGI_FORMAT_R8G8B8A8_UNORM:
    case DXGI_FORMAT_R10G10B10A2_UNORM:
    case DXGI_FORMAT_R16G16_UNORM: return 4;
    case DXGI_FORMAT_P010:
    case DXGI_FORMAT_R16_UNORM:
    case DXGI_FORMAT_R8G8_UNORM: return 2;
    case DXGI_FORMAT_NV12:
    case DXGI_FORMAT_R8_UNORM: return 1;
    default: return 0;
    }
}

bool fake_is_planar(DXGI_FORMAT format)
{
    return format == DXGI_FORMAT_NV12 || format == DXGI_FORMAT_P010;
}

uint8_t *fake_texture_plane(const struct fake_texture *texture, uint32_t plane)
{
    return texture->pixels + plane * texture->pitch_bytes * texture->desc.Height;
}

uint8_t *fake_pixels(ID3D11Texture2D *pointer, uint32_t plane, size_t *pitch_bytes)
{
    const struct fake_texture *texture = fake_object_of(pointer, &fake_texture_class);
    *pitch_bytes = texture->pitch_bytes;
    return fake_texture_plane(texture, plane);
}

bool fake_texture_usable(const struct fake_texture *texture, const char *by)
{
    if (!fake_has(FAKE_MUTEX_OPEN) &&
        (texture->desc.MiscFlags & (UINT)D3D11_RESOURCE_MISC_SHARED_KEYEDMUTEX) && texture->shared &&
        texture->shared->owner != texture->object.device->id) {
        fake_violation("%s uses a shared texture whose keyed mutex this device does not hold", by);
        return false;
    }
    if (texture->mapped) {
        fake_violation("%s uses a texture that is mapped", by);
        return false;
    }
    return true;
}

static HRESULT check_desc(const D3D11_TEXTURE2D_DESC *desc)
{
    const UINT misc = desc->MiscFlags, shared = D3D11_RESOURCE_MISC_SHARED,
               keyed = D3D11_RESOURCE_MISC_SHARED_KEYEDMUTEX, nt = D3D11_RESOURCE_MISC_SHARED_NTHANDLE;
    const char *wrong = NULL;
    if (!fake_pixel_bytes(desc->Format) || desc->MipLevels != 1 || desc->ArraySize != 1 ||
        desc->SampleDesc.Count != 1)
        wrong = "a format, or a number of levels, slices or samples, that the fake does not have";
    else if (!desc->Width || !desc->Height || desc->Width > 16384 || desc->Height > 16384)
        wrong = "a size that is out of range";
    else if (fake_is_planar(desc->Format) && (desc->Width % 2 || desc->Height % 2))
        wrong = "an odd size for a format with half the chroma";
    else if (misc & ~(shared | keyed | nt))
        wrong = "flags that the fake does not have";
    else if ((misc & shared) && (misc & keyed))
        wrong = "SHARED beside SHARED_KEYEDMUTEX";
    else if ((misc & nt) && !(misc & (shared | keyed)))
        wrong = "SHARED_NTHANDLE alone";
    else if (desc->Usage == D3D11_USAGE_STAGING && (desc->BindFlags || misc || !desc->CPUAccessFlags))
        wrong = "a staging texture that is bound, shared, or not for the CPU";
    else if (desc->Usage == D3D11_USAGE_DEFAULT && (desc->CPUAccessFlags || (misc && !desc->BindFlags)))
        wrong = "a default texture for the CPU, or one that is shared and not bound";
    if (wrong)
        fake_violation("CreateTexture2D: %s", wrong);
    return wrong ? E_INVALIDARG : S_OK;
}

static HRESULT make_shared(struct fake_texture *texture, struct fake_device *device)
{
    fake_section_name(texture->section_name);
    texture->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                          (DWORD)(SHARED_HEAD + texture->bytes), texture->section_name);
    if (texture->section)
        texture->shared = MapViewOfFile(texture->section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    if (!texture->shared)
        return E_OUTOFMEMORY;
    *texture->shared =
        (struct fake_shared){.magic = TEXTURE_MAGIC, .luid = device->adapter.luid, .desc = texture->desc};
    texture->pixels = (uint8_t *)texture->shared + SHARED_HEAD;
    return S_OK;
}

static void measure(struct fake_texture *texture)
{
    const size_t row = texture->desc.Width * fake_pixel_bytes(texture->desc.Format);
    const size_t rows =
        texture->desc.Height + (fake_is_planar(texture->desc.Format) ? texture->desc.Height / 2 : 0);
    texture->pitch_bytes = (row + PITCH_ALIGN - 1) / PITCH_ALIGN * PITCH_ALIGN;
    texture->bytes = texture->pitch_bytes * rows;
}

static IDXGIResource1Vtbl resource_vtable;
static ID3D11Texture2DVtbl texture_vtable;

static void finish_init(struct fake_texture *texture, struct fake_device *device)
{
    texture->object.face[0].vtable = &texture_vtable;
    if (texture->desc.MiscFlags & (UINT)D3D11_RESOURCE_MISC_SHARED_KEYEDMUTEX)
        texture->object.face[1].vtable = &fake_keyed_mutex_vtable;
    texture->object.face[2].vtable = &resource_vtable;
    fake_object_init(&texture->object, &fake_texture_class, device);
}

static void destroy(struct fake_object *object)
{
    struct fake_texture *texture = (struct fake_texture *)object;
    if (texture->mapped)
        fake_violation("a texture went while it was mapped");
    if (texture->shared) {
        fake_keyed_mutex_abandon(texture);
        UnmapViewOfFile(texture->shared);
    } else {
        free(texture->pixels);
    }
    if (texture->section)
        CloseHandle(texture->section);
    free(texture);
}

HRESULT fake_texture_create(struct fake_device *device, const D3D11_TEXTURE2D_DESC *desc,
                            const D3D11_SUBRESOURCE_DATA *data, void **out)
{
    *out = NULL;
    HRESULT result = check_desc(desc);
    if (result != S_OK)
        return result;
    struct fake_texture *texture = calloc(1, sizeof(*texture));
    if (!texture)
        return E_OUTOFMEMORY;
    texture->desc = *desc;
    measure(texture);
    if (desc->MiscFlags)
        result = make_shared(texture, device);
    else if (!(texture->pixels = calloc(1, texture->bytes)))
        result = E_OUTOFMEMORY;
    if (result != S_OK) {
        free(texture);
        return result;
    }
    const size_t row = desc->Width * fake_pixel_bytes(desc->Format);
    for (UINT y = 0; data && y < desc->Height; y++)
        memcpy(texture->pixels + y * texture->pitch_bytes,
               (const uint8_t *)data->pSysMem + (size_t)y * data->SysMemPitch, row);
    finish_init(texture, device);
    *out = &texture->object.face[0];
    return S_OK;
}

static bool same_luid(LUID a, LUID b)
{
    return a.LowPart == b.LowPart && a.HighPart == b.HighPart;
}

HRESULT fake_texture_open(struct fake_device *device, HANDLE handle, void **out)
{
    *out = NULL;
    wchar_t name[64];
    if (!fake_ticket_read(handle, name))
        return E_INVALIDARG;
    struct fake_texture *texture = calloc(1, sizeof(*texture));
    if (!texture)
        return E_OUTOFMEMORY;
    texture->section = OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, name);
    if (texture->section)
        texture->shared = MapViewOfFile(texture->section, FILE_MAP_ALL_ACCESS, 0, 0, 0);
    if (!texture->shared || texture->shared->magic != TEXTURE_MAGIC ||
        !same_luid(texture->shared->luid, device->adapter.luid)) {
        if (texture->shared)
            UnmapViewOfFile(texture->shared);
        if (texture->section)
            CloseHandle(texture->section);
        free(texture);
        return E_INVALIDARG;
    }
    wcsncpy(texture->section_name, name, 63);
    texture->desc = texture->shared->desc;
    texture->pixels = (uint8_t *)texture->shared + SHARED_HEAD;
    measure(texture);
    finish_init(texture, device);
    *out = &texture->object.face[0];
    return S_OK;
}

/* ---- interfaces ---- */

static void STDMETHODCALLTYPE texture_GetDesc(ID3D11Texture2D *self, D3D11_TEXTURE2D_DESC *desc)
{
    const struct fake_texture *texture = fake_object_of(self, &fake_texture_class);
    *desc = texture->desc;
}

static void STDMETHODCALLTYPE texture_GetType(ID3D11Texture2D *self, D3D11_RESOURCE_DIMENSION *type)
{
    (void)self;
    *type = D3D11_RESOURCE_DIMENSION_TEXTURE2D;
}

static HRESULT STDMETHODCALLTYPE resource_CreateSharedHandle(IDXGIResource1 *self,
                                                             const SECURITY_ATTRIBUTES *security,
                                                             DWORD access, const WCHAR *name, HANDLE *out)
{
    struct fake_texture *texture = fake_object_of(self, &fake_texture_class);
    *out = NULL;
    HRESULT result = fake_call(texture->object.device, "IDXGIResource1::CreateSharedHandle");
    if (result != S_OK)
        return result;
    if (!(texture->desc.MiscFlags & (UINT)D3D11_RESOURCE_MISC_SHARED_NTHANDLE) ||
        !(access & (DWORD)DXGI_SHARED_RESOURCE_READ)) {
        fake_violation("CreateSharedHandle: not a texture for it, or no access");
        return E_INVALIDARG;
    }
    *out = fake_ticket_create(security, name, texture->section_name, &result);
    return result;
}

static ID3D11Texture2DVtbl texture_vtable = {
    FAKE_CHILD(ID3D11Texture2D),
    .GetType = texture_GetType,
    .GetDesc = texture_GetDesc,
};

static IDXGIResource1Vtbl resource_vtable = {
    FAKE_UNKNOWN(IDXGIResource1),
    .CreateSharedHandle = resource_CreateSharedHandle,
};

static const struct fake_iid iids[] = {
    {&IID_IUnknown, 0, 0},
    {&IID_ID3D11DeviceChild, 0, 0},
    {&IID_ID3D11Resource, 0, 0},
    {&IID_ID3D11Texture2D, 0, 0},
    {&IID_IDXGIKeyedMutex, 1, FAKE_NO_SHARING},
    {&IID_IDXGIResource, 2, FAKE_NO_SHARING},
    {&IID_IDXGIResource1, 2, FAKE_NO_SHARING},
};
const struct fake_class fake_texture_class = {"ID3D11Texture2D", iids, sizeof(iids) / sizeof(iids[0]),
                                              destroy};

void fake_texture_init(void)
{
    FAKE_VTABLE_FILL(texture_vtable, ID3D11Texture2D);
    FAKE_VTABLE_FILL(resource_vtable, IDXGIResource1);
}
