/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Several of the interfaces' names are in no import library: this is the one file that defines them all. */
#include "os/win32/win32.h"

/* After windows.h, before the headers whose names it defines. */
#include <initguid.h>

#include <d3d11_4.h>
#include <dxgi1_6.h>
