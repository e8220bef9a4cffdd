/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "win32/launch.h"

#include "files.h"
#include "win32/text.h"

#include <framering/source.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { LINE_MAX = 32767, INHERITED_MAX = 3, ATTRIBUTES_MAX = 2, PRIVILEGES_BYTES = 4096 };

/* All that a launch holds until the process runs. */
struct launch {
    wchar_t program[FILES_PATH_MAX];
    wchar_t *line, *environment; /* environment NULL: ours */
    HANDLE inherited[INHERITED_MAX];
    DWORD num_inherited;
    LPPROC_THREAD_ATTRIBUTE_LIST attributes;
    HANDLE token, job, null_file, output_write, output_read;
    STARTUPINFOEXW startup;
};

static bool write_line(struct launch *launch, char *const argv[])
{
    wchar_t *word = malloc(LINE_MAX * sizeof *word);
    launch->line = calloc(LINE_MAX, sizeof *launch->line);
    bool good = word && launch->line && text_to_wide(argv[0], launch->program, FILES_PATH_MAX);
    for (size_t i = 0; good && argv[i]; i++)
        good = text_to_wide(argv[i], word, LINE_MAX) && text_append_argument(launch->line, LINE_MAX, word);
    free(word);
    if (!good)
        SetLastError(ERROR_BAD_ARGUMENTS);
    return good;
}

/* Our environment, with FRAMERING_SOCKET as it must be for the program. */
static bool write_environment(struct launch *launch, HANDLE channel)
{
    static const wchar_t name[] = L"" FR_SOURCE_SOCKET_ENV L"=";
    const size_t name_count = sizeof name / sizeof name[0] - 1;
    LPWCH ours = GetEnvironmentStringsW();
    size_t count = 0, used = 0;
    while (ours && ours[count])
        count += wcslen(ours + count) + 1;
    launch->environment = ours ? calloc(count + name_count + 16, sizeof *ours) : NULL;
    bool good = launch->environment != NULL;
    for (size_t at = 0; good && at < count; at += wcslen(ours + at) + 1) {
        size_t bytes = wcslen(ours + at) + 1;
        if (_wcsnicmp(ours + at, name, name_count) == 0)
            continue;
        memcpy(launch->environment + used, ours + at, bytes * sizeof *ours);
        used += bytes;
    }
    if (good && channel)
        swprintf(launch->environment + used, name_count + 15, L"%ls%ld", name, HandleToLong(channel));
    if (ours)
        FreeEnvironmentStringsW(ours);
    return good;
}

static bool open_streams(struct launch *launch)
{
    SECURITY_ATTRIBUTES inherit = {.nLength = sizeof inherit, .bInheritHandle = TRUE};
    HANDLE null_file = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                   &inherit, OPEN_EXISTING, 0, NULL);
    if (null_file == INVALID_HANDLE_VALUE)
        return false;
    launch->null_file = null_file;
    if (!CreatePipe(&launch->output_read, &launch->output_write, &inherit, 0))
        return false;
    SetHandleInformation(launch->output_read, HANDLE_FLAG_INHERIT, 0);
    launch->startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    launch->startup.StartupInfo.hStdInput = launch->null_file;
    launch->startup.StartupInfo.hStdOutput = launch->output_write;
    launch->startup.StartupInfo.hStdError = launch->output_write;
    launch->inherited[launch->num_inherited++] = launch->null_file;
    launch->inherited[launch->num_inherited++] = launch->output_write;
    return true;
}

/* The process begins in its job: one that is put there afterwards, as a suspended process, would outlive a
 * parent that dies between the two. Without a list of handles a program would inherit every one that is
 * inheritable, also one that another thread has just made so for another program. */
static bool list_attributes(struct launch *launch)
{
    SIZE_T bytes = 0;
    InitializeProcThreadAttributeList(NULL, ATTRIBUTES_MAX, 0, &bytes);
    LPPROC_THREAD_ATTRIBUTE_LIST list = malloc(bytes);
    if (!list) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return false;
    }
    if (!InitializeProcThreadAttributeList(list, ATTRIBUTES_MAX, 0, &bytes)) {
        free(list);
        return false;
    }
    launch->attributes = list;
    launch->startup.lpAttributeList = list;
    return UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_JOB_LIST, &launch->job,
                                     sizeof launch->job, NULL, NULL) &&
           (launch->num_inherited == 0 ||
            UpdateProcThreadAttribute(list, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, launch->inherited,
                                      launch->num_inherited * sizeof launch->inherited[0], NULL, NULL));
}

/* All privileges but the right to pass through folders go; the user stays the same, so that the host may
 * still duplicate handles into the process. */
static bool drop_privileges(HANDLE own, HANDLE *out)
{
    union {
        TOKEN_PRIVILEGES list;
        unsigned char room[PRIVILEGES_BYTES];
    } privileges;
    LUID pass_through;
    DWORD bytes = 0, kept = 0;
    if (!GetTokenInformation(own, TokenPrivileges, &privileges, sizeof privileges, &bytes) ||
        !LookupPrivilegeValueW(NULL, L"SeChangeNotifyPrivilege", &pass_through))
        return false;
    LUID_AND_ATTRIBUTES *list = privileges.list.Privileges;
    for (DWORD i = 0; i < privileges.list.PrivilegeCount; i++)
        if (list[i].Luid.LowPart != pass_through.LowPart || list[i].Luid.HighPart != pass_through.HighPart)
            list[kept++] = list[i];
    return CreateRestrictedToken(own, DISABLE_MAX_PRIVILEGE, 0, NULL, kept, list, 0, NULL, out);
}

static bool restrict_token(struct launch *launch)
{
    HANDLE own;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_ASSIGN_PRIMARY | TOKEN_QUERY, &own))
        return false;
    bool good = drop_privileges(own, &launch->token);
    DWORD error = GetLastError();
    CloseHandle(own);
    SetLastError(error);
    return good;
}

static bool make_job(struct launch *launch, bool alone)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    memset(&limits, 0, sizeof limits);
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    if (alone) {
        limits.BasicLimitInformation.LimitFlags |=
            JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION | JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
        limits.BasicLimitInformation.ActiveProcessLimit = 1;
    }
    launch->job = CreateJobObjectW(NULL, NULL);
    if (!launch->job ||
        !SetInformationJobObject(launch->job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        return false;
    JOBOBJECT_BASIC_UI_RESTRICTIONS restrictions = {
        .UIRestrictionsClass = JOB_OBJECT_UILIMIT_EXITWINDOWS | JOB_OBJECT_UILIMIT_READCLIPBOARD |
                               JOB_OBJECT_UILIMIT_WRITECLIPBOARD | JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS |
                               JOB_OBJECT_UILIMIT_GLOBALATOMS};
    /* One fence more, not the fence: where there is no window system, there is none to protect. */
    if (alone)
        SetInformationJobObject(launch->job, JobObjectBasicUIRestrictions, &restrictions,
                                sizeof restrictions);
    return true;
}

static bool run(struct launch *launch, DWORD flags, struct launched *out)
{
    PROCESS_INFORMATION process;
    launch->startup.StartupInfo.cb = sizeof launch->startup;
    flags |= EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT;
    BOOL good =
        launch->token
            ? CreateProcessAsUserW(launch->token, launch->program, launch->line, NULL, NULL, TRUE, flags,
                                   launch->environment, NULL, &launch->startup.StartupInfo, &process)
            : CreateProcessW(launch->program, launch->line, NULL, NULL, TRUE, flags, launch->environment,
                             NULL, &launch->startup.StartupInfo, &process);
    if (!good)
        return false;
    CloseHandle(process.hThread);
    *out = (struct launched){process.dwProcessId, process.hProcess, launch->job, launch->output_read};
    launch->job = launch->output_read = NULL;
    return true;
}

static void finish(struct launch *launch)
{
    const HANDLE handles[] = {launch->token, launch->job, launch->null_file, launch->output_write,
                              launch->output_read};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++)
        if (handles[i])
            CloseHandle(handles[i]);
    if (launch->attributes)
        DeleteProcThreadAttributeList(launch->attributes);
    free(launch->attributes);
    free(launch->environment);
    free(launch->line);
    free(launch);
}

static DWORD launch_quiet(char *const argv[], HANDLE channel, bool restricted, struct launched *out)
{
    struct launch *launch = calloc(1, sizeof *launch);
    if (!launch)
        return ERROR_NOT_ENOUGH_MEMORY;
    bool good = write_line(launch, argv) && write_environment(launch, channel) && open_streams(launch);
    if (good && channel) {
        launch->inherited[launch->num_inherited++] = channel;
        good = SetHandleInformation(channel, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    }
    good = good && (!restricted || restrict_token(launch)) && make_job(launch, restricted) &&
           list_attributes(launch) && run(launch, DETACHED_PROCESS, out);
    DWORD error = good ? 0 : GetLastError();
    finish(launch);
    return good || error ? error : ERROR_GEN_FAILURE;
}

DWORD launch_restricted(char *const argv[], HANDLE channel, struct launched *out)
{
    return launch_quiet(argv, channel, true, out);
}

DWORD launch_trusted(char *const argv[], struct launched *out)
{
    return launch_quiet(argv, NULL, false, out);
}

DWORD launch_beside(char *const argv[], struct launched *out)
{
    struct launch *launch = calloc(1, sizeof *launch);
    if (!launch)
        return ERROR_NOT_ENOUGH_MEMORY;
    bool good =
        write_line(launch, argv) && make_job(launch, false) && list_attributes(launch) && run(launch, 0, out);
    DWORD error = good ? 0 : GetLastError();
    finish(launch);
    return good || error ? error : ERROR_GEN_FAILURE;
}
