/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fate.h"

static const struct {
    HRESULT result;
    fr_fate fate;
    const char *name;
} fates[] = {
    {S_OK, FR_FATE_FINE, "S_OK"},
    {DXGI_ERROR_WAIT_TIMEOUT, FR_FATE_FINE, "DXGI_ERROR_WAIT_TIMEOUT"},
    {DXGI_ERROR_ACCESS_LOST, FR_FATE_LOST, "DXGI_ERROR_ACCESS_LOST"},
    {DXGI_ERROR_MODE_CHANGE_IN_PROGRESS, FR_FATE_LOST, "DXGI_ERROR_MODE_CHANGE_IN_PROGRESS"},
    {DXGI_ERROR_INVALID_CALL, FR_FATE_LOST, "DXGI_ERROR_INVALID_CALL"},
    {E_OUTOFMEMORY, FR_FATE_LOST, "E_OUTOFMEMORY"},
    {E_FAIL, FR_FATE_LOST, "E_FAIL"},
    {E_ACCESSDENIED, FR_FATE_LOCKED, "E_ACCESSDENIED"},
    {DXGI_ERROR_ACCESS_DENIED, FR_FATE_LOCKED, "DXGI_ERROR_ACCESS_DENIED"},
    {DXGI_ERROR_SESSION_DISCONNECTED, FR_FATE_LOCKED, "DXGI_ERROR_SESSION_DISCONNECTED"},
    {DXGI_ERROR_NOT_FOUND, FR_FATE_ABSENT, "DXGI_ERROR_NOT_FOUND"},
    {DXGI_ERROR_NOT_CURRENTLY_AVAILABLE, FR_FATE_CROWDED, "DXGI_ERROR_NOT_CURRENTLY_AVAILABLE"},
    {DXGI_ERROR_DEVICE_REMOVED, FR_FATE_GONE, "DXGI_ERROR_DEVICE_REMOVED"},
    {DXGI_ERROR_DEVICE_RESET, FR_FATE_GONE, "DXGI_ERROR_DEVICE_RESET"},
    {DXGI_ERROR_DEVICE_HUNG, FR_FATE_GONE, "DXGI_ERROR_DEVICE_HUNG"},
    {DXGI_ERROR_DRIVER_INTERNAL_ERROR, FR_FATE_GONE, "DXGI_ERROR_DRIVER_INTERNAL_ERROR"},
    /* The device may belong to a state of the displays that is over. */
    {E_INVALIDARG, FR_FATE_GONE, "E_INVALIDARG"},
    {DXGI_ERROR_UNSUPPORTED, FR_FATE_UNSUPPORTED, "DXGI_ERROR_UNSUPPORTED"},
    {E_NOTIMPL, FR_FATE_UNSUPPORTED, "E_NOTIMPL"},
    {E_NOINTERFACE, FR_FATE_UNSUPPORTED, "E_NOINTERFACE"},
};

fr_fate fr_fate_of(HRESULT result)
{
    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++)
        if (fates[i].result == result)
            return fates[i].fate;
    return FR_FATE_LOST;
}

const char *fr_fate_result_name(HRESULT result)
{
    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++)
        if (fates[i].result == result)
            return fates[i].name;
    return "?";
}

const char *fr_fate_text(fr_fate fate)
{
    switch (fate) {
    case FR_FATE_FINE: break;
    case FR_FATE_LOST:
        return "Windows takes the picture away again and again; does something else change the display?";
    case FR_FATE_LOCKED:
        return "it is locked, shows a secure prompt, or belongs to another session; the picture goes on when "
               "it "
               "is back";
    case FR_FATE_ABSENT: return "it is not part of the desktop; framering probe lists what is";
    case FR_FATE_CROWDED:
        return "as many programs as Windows allows capture it already, so close one of them; or this one "
               "runs as a "
               "service";
    case FR_FATE_GONE: return "its GPU went away, was restarted, or serves other displays now";
    case FR_FATE_UNSUPPORTED:
        return "Windows cannot duplicate it for this program; where there are two GPUs, run the program on "
               "the "
               "one that drives the display (Settings, Display, Graphics)";
    }
    return "";
}
