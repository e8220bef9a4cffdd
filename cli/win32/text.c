/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "win32/text.h"

#include <stdio.h>
#include <string.h>
#include <wchar.h>

bool text_to_wide(const char *text, wchar_t *out, size_t count)
{
    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out, (int)count) > 0)
        return true;
    out[0] = L'\0';
    return false;
}

bool text_from_wide(const wchar_t *text, char *out, size_t bytes)
{
    if (WideCharToMultiByte(CP_UTF8, 0, text, -1, out, (int)bytes, NULL, NULL) > 0)
        return true;
    out[0] = '\0';
    return false;
}

char *text_of_error(DWORD error, char *out, size_t bytes)
{
    wchar_t wide[256];
    DWORD length = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS |
                                      FORMAT_MESSAGE_MAX_WIDTH_MASK,
                                  NULL, error, 0, wide, sizeof wide / sizeof wide[0], NULL);
    while (length > 0 && wcschr(L" .\r\n", wide[length - 1]))
        length--;
    wide[length] = L'\0';
    if (length == 0 || !text_from_wide(wide, out, bytes))
        snprintf(out, bytes, "error 0x%lx", (unsigned long)error);
    return out;
}

static bool append(wchar_t *line, size_t count, size_t *used, wchar_t what, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        if (*used + 1 >= count)
            return false;
        line[(*used)++] = what;
    }
    line[*used] = L'\0';
    return true;
}

/* Backslashes mean themselves, but those before a quotation mark are written twice. */
static bool append_quoted(wchar_t *line, size_t count, size_t *used, const wchar_t *argument)
{
    bool good = append(line, count, used, L'"', 1);
    size_t backslashes = 0;
    for (const wchar_t *at = argument; good && *at; at++) {
        if (*at == L'\\') {
            backslashes++;
            continue;
        }
        good = append(line, count, used, L'\\', *at == L'"' ? 2 * backslashes + 1 : backslashes) &&
               append(line, count, used, *at, 1);
        backslashes = 0;
    }
    return good && append(line, count, used, L'\\', 2 * backslashes) && append(line, count, used, L'"', 1);
}

bool text_append_argument(wchar_t *line, size_t count, const wchar_t *argument)
{
    size_t used = wcslen(line);
    if (used && !append(line, count, &used, L' ', 1))
        return false;
    if (*argument && !wcspbrk(argument, L" \t\n\v\""))
        return wcslen(argument) < count - used && wcscpy(line + used, argument);
    return append_quoted(line, count, &used, argument);
}
