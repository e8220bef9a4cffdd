/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_COM_H
#define FRAMERING_SOURCES_DESKTOP_COM_H

/* Direct3D 11 and DXGI as C sees them. */

#define COBJMACROS
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

/* After windows.h. */
#include <d3d11.h>
#include <dxgi1_6.h>

#include <stdbool.h>

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
