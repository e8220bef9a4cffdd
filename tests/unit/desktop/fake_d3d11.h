/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_DESKTOP_FAKE_D3D11_H
#define FR_TESTS_UNIT_DESKTOP_FAKE_D3D11_H

/* What the two halves of the fake share: objects that count, devices, textures. */

#include "fake_dxgi.h"

/* Begins every object. */
struct fake_object {
    const void *table;
    struct fake_dxgi *fake;
    LONG refs;
    void (*destroy)(void *self); /* frees what the object holds; NULL: nothing */
};

/* With one reference; zeroed behind the head. */
void *fake_create(struct fake_dxgi *fake, const void *table, size_t bytes, void (*destroy)(void *));
ULONG STDMETHODCALLTYPE fake_add_ref(void *self);
ULONG STDMETHODCALLTYPE fake_release(void *self);
HRESULT fake_answer(void *self, void **out); /* one more reference, as QueryInterface gives it */

#define FAKE_ADD_REF(type) ((ULONG(STDMETHODCALLTYPE *)(type *))fake_add_ref)
#define FAKE_RELEASE(type) ((ULONG(STDMETHODCALLTYPE *)(type *))fake_release)

/* Counts a call that can fail: its result. */
HRESULT fake_call(struct fake_dxgi *fake);

ID3D11Texture2D *fake_texture_create(struct fake_dxgi *fake, const D3D11_TEXTURE2D_DESC *desc);
void fake_device_create(struct fake_dxgi *fake, LONG adapter, ID3D11Device **device,
                        ID3D11DeviceContext **context);
LONG fake_device_adapter(IUnknown *device);

#endif
