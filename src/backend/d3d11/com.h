/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_COM_H
#define FR_BACKEND_D3D11_COM_H

/* Direct3D 11 and DXGI as C sees them. The interfaces' own tables are all that the backend calls; the few
 * functions that are no interface's are in api.h. */

#define COBJMACROS
#include "os/win32/win32.h"

/* After windows.h. */
#include <d3d11_4.h>
#include <dxgi1_6.h>

/* NULL is accepted. */
static inline void fr_com_release(void *object)
{
    IUnknown *unknown = object;
    if (unknown)
        IUnknown_Release(unknown);
}

/* The interface of that name, with a reference, or NULL. */
static inline void *fr_com_query(void *object, REFIID iid)
{
    IUnknown *unknown = object;
    void *found = NULL;
    return IUnknown_QueryInterface(unknown, iid, &found) == S_OK ? found : NULL;
}

#endif
