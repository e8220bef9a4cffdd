/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "win32/probe_parts.h"
#include "win32/text.h"

#include <framering/observe.h>

#include <stdio.h>

enum { TARGETS_MAX = 64 };

typedef LONG(WINAPI *get_version_fn)(OSVERSIONINFOW *);
typedef const char *(__cdecl *get_wine_version_fn)(void);
typedef uint32_t(WINAPI *get_nvenc_version_fn)(uint32_t *);

/* FARPROC means any function; a cast through the plainest one says that this is meant. */
#define AS_FUNCTION(type, found) ((type)(void (*)(void))(found))

json_t *probe_system_os(void)
{
    SYSTEM_INFO info;
    OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof version};
    char release[48], wine[64] = "";
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    /* GetVersionEx tells the version that the manifest names, not the system's. */
    get_version_fn get_version = AS_FUNCTION(get_version_fn, GetProcAddress(ntdll, "RtlGetVersion"));
    get_wine_version_fn get_wine =
        AS_FUNCTION(get_wine_version_fn, GetProcAddress(ntdll, "wine_get_version"));
    if (get_version)
        get_version(&version);
    snprintf(release, sizeof release, "%lu.%lu.%lu", version.dwMajorVersion, version.dwMinorVersion,
             version.dwBuildNumber);
    if (get_wine)
        snprintf(wine, sizeof wine, "Wine %s", get_wine());
    GetNativeSystemInfo(&info);
    return json_pack("{s:s, s:s, s:s, s:s, s:I}", "system", "Windows", "release", release, "machine",
                     info.wProcessorArchitecture == PROCESSOR_ARCHITECTURE_AMD64 ? "x86_64" : "other",
                     "distribution", wine, "processors",
                     (json_int_t)GetActiveProcessorCount(ALL_PROCESSOR_GROUPS));
}

json_t *probe_system_backends(const json_t *report)
{
    const json_t *adapters = json_object_get(report, "adapters"), *adapter;
    const char *reason = "there is no graphics adapter";
    bool usable = false;
    size_t i;
    json_array_foreach(adapters, i, adapter)
    {
        const json_t *sharing = json_object_get(adapter, "keyed_mutex");
        usable = usable || probe_truth(sharing, "usable");
        if (i == 0)
            reason = probe_text(sharing, "reason");
    }
    return json_pack("[{s:s, s:b, s:s}, {s:s, s:b, s:s}]", "name", "cpu", "usable", 1, "reason", "", "name",
                     "d3d11", "usable", (int)usable, "reason", usable ? "" : reason);
}

static json_t *nvenc_json(void)
{
    char reason[160] = "", version_text[32] = "";
    uint32_t version = 0;
    /* From System32 alone: the driver puts it there, and nobody else should. */
    HMODULE library = LoadLibraryExW(L"nvEncodeAPI64.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    get_nvenc_version_fn get_version =
        library
            ? AS_FUNCTION(get_nvenc_version_fn, GetProcAddress(library, "NvEncodeAPIGetMaxSupportedVersion"))
            : NULL;
    if (!library)
        snprintf(reason, sizeof reason, "nvEncodeAPI64.dll is not there: no NVIDIA driver is installed");
    else if (!get_version)
        snprintf(reason, sizeof reason, "nvEncodeAPI64.dll lacks NvEncodeAPIGetMaxSupportedVersion");
    else if (get_version(&version) != 0)
        snprintf(reason, sizeof reason, "the driver does not tell its version of the interface");
    if (!reason[0])
        snprintf(version_text, sizeof version_text, "%u.%u", version >> 4, version & 15);
    if (library)
        FreeLibrary(library);
    return json_pack("{s:b, s:s, s:s}", "usable", !reason[0], "version", version_text, "reason", reason);
}

static json_t *targets_json(const char *where)
{
    uint32_t targets[TARGETS_MAX];
    size_t count = 0;
    json_t *list = json_array();
    if (fr_targets_list(where, targets, TARGETS_MAX, &count) < 0)
        count = 0;
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(targets[i]));
    return list;
}

void probe_system_add(json_t *report, const char *where)
{
    json_object_set_new(report, "adapters", probe_adapters());
    json_object_set_new(report, "nvenc", nvenc_json());
    json_object_set_new(report, "displays", probe_displays());
    json_object_set_new(report, "targets", targets_json(where));
}

static void write_ability(const json_t *adapter, const char *key, const char *name)
{
    const json_t *ability = json_object_get(adapter, key);
    printf("    %-14s %-4s %s\n", name, probe_truth(ability, "usable") ? "yes" : "no",
           probe_text(ability, "reason"));
}

static void write_adapters(const json_t *list)
{
    const json_t *adapter;
    size_t i;
    printf("\nGraphics adapters\n");
    json_array_foreach(list, i, adapter)
    {
        printf("  %s, %d MiB, %s%s\n", probe_text(adapter, "name"),
               (int)json_integer_value(json_object_get(adapter, "memory_mib")), probe_text(adapter, "luid"),
               probe_truth(adapter, "software") ? ", in software" : "");
        write_ability(adapter, "device", "Direct3D 11");
        write_ability(adapter, "keyed_mutex", "keyed mutexes");
        write_ability(adapter, "fence", "shared fences");
    }
    if (i == 0)
        printf("  none\n");
}

static void write_displays(const json_t *list)
{
    const json_t *display;
    size_t i;
    printf("\nDisplays\n");
    json_array_foreach(list, i, display)
    {
        printf("  target %u, %s, %s, %dx%d at %.2f Hz, HDR %s %s\n",
               (unsigned)json_integer_value(json_object_get(display, "target")),
               probe_text(display, "adapter"),
               *probe_text(display, "name") ? probe_text(display, "name") : "without a name",
               (int)json_integer_value(json_object_get(display, "width")),
               (int)json_integer_value(json_object_get(display, "height")),
               json_real_value(json_object_get(display, "refresh_hz")), probe_text(display, "hdr"),
               probe_text(display, "reason"));
    }
    if (i == 0)
        printf("  none\n");
}

void probe_system_write(const json_t *report)
{
    const json_t *nvenc = json_object_get(report, "nvenc"), *target;
    size_t i;
    write_adapters(json_object_get(report, "adapters"));
    printf("\nNVENC\n  %s\n",
           probe_truth(nvenc, "usable") ? probe_text(nvenc, "version") : probe_text(nvenc, "reason"));
    write_displays(json_object_get(report, "displays"));
    printf("\nTargets\n ");
    json_array_foreach(json_object_get(report, "targets"), i, target)
        printf(" %u", (unsigned)json_integer_value(target));
    printf("%s\n", i ? "" : " none");
}
