/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include <wchar.h>

#define TICKET_MAGIC 0x5449434bu

struct ticket {
    uint32_t magic;
    wchar_t section[64];
};

void fake_section_name(wchar_t name[64])
{
    static LONG number;
    swprintf(name, 64, L"Local\\fake-d3d11-%lu-%ld", GetCurrentProcessId(), InterlockedIncrement(&number));
}

HANDLE fake_ticket_create(const SECURITY_ATTRIBUTES *security, const wchar_t *name, const wchar_t *section,
                          HRESULT *result)
{
    HANDLE handle = CreateFileMappingW(INVALID_HANDLE_VALUE, (SECURITY_ATTRIBUTES *)(uintptr_t)security,
                                       PAGE_READWRITE, 0, sizeof(struct ticket), name);
    const DWORD error = GetLastError();
    *result = S_OK;
    if (!handle)
        *result = HRESULT_FROM_WIN32(error);
    else if (error == ERROR_ALREADY_EXISTS)
        *result = DXGI_ERROR_NAME_ALREADY_EXISTS;
    struct ticket *ticket =
        *result == S_OK ? MapViewOfFile(handle, FILE_MAP_WRITE, 0, 0, sizeof(*ticket)) : NULL;
    if (!ticket) {
        if (handle)
            CloseHandle(handle);
        return NULL;
    }
    ticket->magic = TICKET_MAGIC;
    wcsncpy(ticket->section, section, 63);
    UnmapViewOfFile(ticket);
    return handle;
}

bool fake_ticket_read(HANDLE handle, wchar_t section[64])
{
    const struct ticket *ticket = MapViewOfFile(handle, FILE_MAP_READ, 0, 0, sizeof(*ticket));
    const bool is_ticket = ticket && ticket->magic == TICKET_MAGIC;
    if (is_ticket)
        wcsncpy(section, ticket->section, 64);
    if (ticket)
        UnmapViewOfFile(ticket);
    return is_ticket;
}
