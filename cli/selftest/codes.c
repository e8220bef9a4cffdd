/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/selftest.h"

/* What Windows calls its codes: winerror.h, dxgi, wait results. Here by number, so that a report of one
 * machine can be read on another. */
static const struct {
    uint32_t code;
    const char *name;
} names[] = {
    {0x00000000, "S_OK"},
    {0x00000001, "S_FALSE"},
    {0x00000002, "ERROR_FILE_NOT_FOUND"},
    {0x00000005, "ERROR_ACCESS_DENIED"},
    {0x00000006, "ERROR_INVALID_HANDLE"},
    {0x00000032, "ERROR_NOT_SUPPORTED"},
    {0x00000057, "ERROR_INVALID_PARAMETER"},
    {0x0000007e, "ERROR_MOD_NOT_FOUND"},
    {0x00000080, "WAIT_ABANDONED"},
    {0x00000102, "WAIT_TIMEOUT"},
    {0x80004001, "E_NOTIMPL"},
    {0x80004002, "E_NOINTERFACE"},
    {0x80004005, "E_FAIL"},
    {0x8000000a, "E_PENDING"},
    {0x80070002, "ERROR_FILE_NOT_FOUND"},
    {0x80070005, "E_ACCESSDENIED"},
    {0x80070006, "E_HANDLE"},
    {0x8007000e, "E_OUTOFMEMORY"},
    {0x80070032, "ERROR_NOT_SUPPORTED"},
    {0x80070057, "E_INVALIDARG"},
    {0x8007007e, "ERROR_MOD_NOT_FOUND"},
    {0x887a0001, "DXGI_ERROR_INVALID_CALL"},
    {0x887a0002, "DXGI_ERROR_NOT_FOUND"},
    {0x887a0004, "DXGI_ERROR_UNSUPPORTED"},
    {0x887a0005, "DXGI_ERROR_DEVICE_REMOVED"},
    {0x887a0006, "DXGI_ERROR_DEVICE_HUNG"},
    {0x887a0007, "DXGI_ERROR_DEVICE_RESET"},
    {0x887a0020, "DXGI_ERROR_DRIVER_INTERNAL_ERROR"},
    {0x887a0022, "DXGI_ERROR_NOT_CURRENTLY_AVAILABLE"},
    {0x887a0026, "DXGI_ERROR_ACCESS_LOST"},
    {0x887a0027, "DXGI_ERROR_WAIT_TIMEOUT"},
    {0x887a0028, "DXGI_ERROR_SESSION_DISCONNECTED"},
    {0x887a002b, "DXGI_ERROR_ACCESS_DENIED"},
};

const char *selftest_code_name(uint32_t code)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].code == code)
            return names[i].name;
    return "";
}
