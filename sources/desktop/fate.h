/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_DESKTOP_FATE_H
#define FRAMERING_SOURCES_DESKTOP_FATE_H

/* What a result of DXGI or Direct3D means for the capture. */

#include "com.h"

typedef enum fr_fate {
    FR_FATE_FINE,
    FR_FATE_LOST,       /* routine: another mode, another desktop; to be duplicated anew */
    FR_FATE_LOCKED,     /* another desktop is shown, or none: it comes back when the user wants it to */
    FR_FATE_ABSENT,     /* the output is not part of the desktop */
    FR_FATE_CROWDED,    /* others duplicate it, as many as Windows allows */
    FR_FATE_GONE,       /* the device is of no use any more */
    FR_FATE_UNSUPPORTED /* this output cannot be duplicated by this device */
} fr_fate;

/* By the exact code; any other failure is LOST. */
fr_fate fr_fate_of(HRESULT result);

/* For sentences: what it means and what can be done about it. Static. */
const char *fr_fate_text(fr_fate fate);

/* For sentences: "DXGI_ERROR_ACCESS_LOST", or "?". Static. */
const char *fr_fate_result_name(HRESULT result);

#endif
