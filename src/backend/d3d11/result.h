/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BACKEND_D3D11_RESULT_H
#define FR_BACKEND_D3D11_RESULT_H

#include "backend/d3d11/com.h"

/* The name of a result, for example "DXGI_ERROR_DEVICE_REMOVED"; "?" for others. Static. */
const char *fr_result_name(HRESULT result);

/* The result says itself that the device is gone. */
bool fr_result_is_removal(HRESULT result);

#endif
