/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _CRT_RAND_S
#include "channel/sealed_security.h"

#include "common/log.h"

#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fr_wide(const char *text, wchar_t *out, size_t count)
{
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, out, (int)count) > 0;
}

bool fr_random_text(char *out, size_t bytes)
{
    for (size_t i = 0; i + 8 < bytes; i += 8) {
        unsigned word;
        if (rand_s(&word))
            return false;
        snprintf(out + i, bytes - i, "%08x", word);
    }
    return true;
}

fr_status fr_security_init(struct fr_security *out, const char *sddl, const fr_log *log)
{
    *out = (struct fr_security){0};
    wchar_t wide[FR_SDDL_BYTES];
    DWORD error = ERROR_INVALID_PARAMETER;
    if (fr_wide(sddl, wide, FR_SDDL_BYTES)) {
        if (ConvertStringSecurityDescriptorToSecurityDescriptorW(
                wide, SDDL_REVISION_1, &out->attributes.lpSecurityDescriptor, NULL)) {
            out->attributes.nLength = sizeof(out->attributes);
            return FR_OK;
        }
        error = GetLastError();
    }
    fr_log_write(log, FR_LOG_ERROR,
                 "\"%s\" is not a security descriptor (error %lu): write it as in D:P(A;;GA;;;SY)", sddl,
                 error);
    return fr_win32_status_of_error(error) == FR_ERR_NO_MEMORY ? FR_ERR_NO_MEMORY : FR_ERR_ARGUMENT;
}

void fr_security_finish(struct fr_security *security)
{
    LocalFree(security->attributes.lpSecurityDescriptor);
    *security = (struct fr_security){0};
}

SECURITY_ATTRIBUTES *fr_security_attributes(struct fr_security *security)
{
    return security->attributes.nLength ? &security->attributes : NULL;
}

/* A SID with room. */
struct sid {
    union {
        DWORD align;
        BYTE bytes[SECURITY_MAX_SID_SIZE];
    } room;
};

static PSID sid_of(struct sid *sid)
{
    return &sid->room;
}

static bool token_sid(HANDLE token, TOKEN_INFORMATION_CLASS what, struct sid *out)
{
    /* TOKEN_USER and TOKEN_OWNER both begin with the pointer. */
    union {
        PSID sid;
        BYTE bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    } info;
    DWORD bytes;
    return GetTokenInformation(token, what, &info, sizeof(info), &bytes) &&
           CopySid(SECURITY_MAX_SID_SIZE, sid_of(out), info.sid);
}

static bool own_sid(TOKEN_INFORMATION_CLASS what, struct sid *out)
{
    HANDLE token;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    const bool found = token_sid(token, what, out);
    CloseHandle(token);
    return found;
}

fr_status fr_security_own_user(char text[FR_SID_TEXT_BYTES])
{
    struct sid user;
    char *found = NULL;
    if (!own_sid(TokenUser, &user) || !ConvertSidToStringSidA(sid_of(&user), &found))
        return FR_ERR_SYSTEM;
    snprintf(text, FR_SID_TEXT_BYTES, "%s", found);
    LocalFree(found);
    return FR_OK;
}

static bool is_known(PSID sid, WELL_KNOWN_SID_TYPE type)
{
    return IsWellKnownSid(sid, type) != 0;
}

static bool is_own(PSID sid, TOKEN_INFORMATION_CLASS what)
{
    struct sid own;
    return own_sid(what, &own) && EqualSid(sid, sid_of(&own));
}

static bool is_administrator(HANDLE token)
{
    DWORD bytes = 0;
    (void)GetTokenInformation(token, TokenGroups, NULL, 0, &bytes);
    TOKEN_GROUPS *groups = bytes ? malloc(bytes) : NULL;
    bool found = false;
    if (groups && GetTokenInformation(token, TokenGroups, groups, bytes, &bytes))
        for (DWORD i = 0; i < groups->GroupCount; i++)
            found = found || ((groups->Groups[i].Attributes & SE_GROUP_ENABLED) &&
                              is_known(groups->Groups[i].Sid, WinBuiltinAdministratorsSid));
    free(groups);
    return found;
}

/* False: it may not be asked. */
static bool ask_process(DWORD pid, bool *trusted)
{
    HANDLE token = NULL;
    struct sid user;
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    const bool asked =
        process && OpenProcessToken(process, TOKEN_QUERY, &token) && token_sid(token, TokenUser, &user);
    *trusted = asked && (is_own(sid_of(&user), TokenUser) || is_known(sid_of(&user), WinLocalSystemSid) ||
                         is_administrator(token));
    if (token)
        CloseHandle(token);
    if (process)
        CloseHandle(process);
    return asked;
}

bool fr_security_trusts_owner(HANDLE object)
{
    union {
        SECURITY_DESCRIPTOR align;
        BYTE bytes[sizeof(SECURITY_DESCRIPTOR) + SECURITY_MAX_SID_SIZE];
    } descriptor;
    DWORD bytes;
    PSID owner = NULL;
    BOOL defaulted;
    if (!GetKernelObjectSecurity(object, OWNER_SECURITY_INFORMATION, &descriptor, sizeof(descriptor),
                                 &bytes) ||
        !GetSecurityDescriptorOwner(&descriptor, &owner, &defaulted) || !owner)
        return false;
    return is_own(owner, TokenUser) || is_own(owner, TokenOwner) || is_known(owner, WinLocalSystemSid) ||
           is_known(owner, WinBuiltinAdministratorsSid);
}

bool fr_security_trusts_server(HANDLE pipe)
{
    ULONG pid = 0;
    bool trusted = false;
    if (GetNamedPipeServerProcessId(pipe, &pid) && ask_process(pid, &trusted))
        return trusted;
    return fr_security_trusts_owner(pipe);
}
