/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/d3d11/format.h"

fr_format fr_format_of_dxgi(DXGI_FORMAT format)
{
    const fr_format same = (fr_format)format;
    return fr_format_pixel_bytes(same) ? same : FR_FORMAT_NONE;
}

DXGI_FORMAT fr_dxgi_plane_format(fr_format format, uint32_t plane)
{
    if (format == FR_FORMAT_P010)
        return plane ? DXGI_FORMAT_R16G16_UNORM : DXGI_FORMAT_R16_UNORM;
    return plane ? DXGI_FORMAT_R8G8_UNORM : DXGI_FORMAT_R8_UNORM;
}
