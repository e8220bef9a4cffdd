/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_FORMAT_H
#define FR_BACKEND_D3D11_FORMAT_H

/* fr_format has DXGI's own numbers. */

#include "backend/d3d11/com.h"

#include <framering/format.h>

static inline DXGI_FORMAT fr_dxgi_format(fr_format format)
{
    return (DXGI_FORMAT)format;
}

/* The ring format of a texture, or FR_FORMAT_NONE. */
fr_format fr_format_of_dxgi(DXGI_FORMAT format);

/* What a shader writes the planes of an out ring format as. */
DXGI_FORMAT fr_dxgi_plane_format(fr_format format, uint32_t plane);

#endif
