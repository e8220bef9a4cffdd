/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_SOURCE_H
#define FR_BACKEND_D3D11_SOURCE_H

#include "backend/d3d11/sync.h"

struct fr_d3d11_source {
    struct fr_d3d11_device *device;
    fr_log log;
    ID3D11Texture2D *staging; /* for read-back, of the last texture's size and format */
};

#endif
