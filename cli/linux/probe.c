/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include "files.h"
#include "linux/display.h"
#include "linux/probe_vulkan.h"
#include "terminal.h"

#include <framering/observe.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

json_t *probe_system_os(void)
{
    struct utsname name;
    char pretty[128] = "";
    if (uname(&name) < 0)
        memset(&name, 0, sizeof name);
    FILE *file = fopen("/etc/os-release", "re");
    char line[256];
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "PRETTY_NAME=\"%127[^\"\n]", pretty) == 1)
            break;
    if (file)
        fclose(file);
    return json_pack("{s:s, s:s, s:s, s:s, s:I}", "system", name.sysname, "release", name.release, "machine",
                     name.machine, "distribution", pretty, "processors",
                     (json_int_t)sysconf(_SC_NPROCESSORS_ONLN));
}

json_t *probe_system_backends(const json_t *report)
{
    return json_pack("[{s:s, s:b, s:s}, o, {s:s, s:b, s:s}]", "name", "cpu", "usable", 1, "reason", "",
                     probe_vulkan_backend(json_object_get(report, "vulkan")), "name", "d3d11", "usable", 0,
                     "reason", "not built in: Windows only");
}

/* What stands against the folder; "" if nothing does. */
static const char *folder_fault(const char *path, const struct stat *st, int error)
{
    if (error == ENOENT)
        return "is not there yet; a capture makes it";
    if (error)
        return strerror(error);
    if (!S_ISDIR(st->st_mode))
        return "is no folder; remove it, or set XDG_RUNTIME_DIR";
    if (st->st_uid != geteuid())
        return "belongs to another user; set XDG_RUNTIME_DIR to a folder of yours";
    if (st->st_mode & 077)
        return "is open to others; chmod 700 closes it";
    return access(path, W_OK | X_OK) == 0 ? "" : "is not writable";
}

static json_t *runtime_json(const char *runtime_dir)
{
    char path[FILES_PATH_MAX] = "";
    struct stat st = {.st_mode = 0};
    if (runtime_dir)
        snprintf(path, sizeof path, "%s", runtime_dir);
    else if (fr_runtime_dir(path, sizeof path) < 0)
        path[0] = '\0';
    int error = stat(path, &st) < 0 ? errno : 0;
    char mode[16];
    snprintf(mode, sizeof mode, "%04o", (unsigned)st.st_mode & 07777u);
    uint32_t targets[64];
    size_t count = 0;
    if (fr_targets_list(runtime_dir, targets, sizeof targets / sizeof targets[0], &count) < 0)
        count = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer(targets[i]));
    return json_pack("{s:s, s:s, s:s, s:o}", "path", path, "mode", error ? "" : mode, "fault",
                     folder_fault(path, &st, error), "targets", list);
}

void probe_system_add(json_t *report, const char *where)
{
    const char *display = terminal_variable("DISPLAY");
    json_object_set_new(report, "runtime_dir", runtime_json(where));
    json_object_set_new(report, "vulkan", probe_vulkan_json());
    json_object_set_new(
        report, "x11",
        json_pack("{s:s, s:b}", "display", display ? display : "", "answers", display_answers()));
}

void probe_system_write(const json_t *report)
{
    const json_t *item, *folder = json_object_get(report, "runtime_dir"),
                        *x11 = json_object_get(report, "x11");
    size_t i;
    probe_vulkan_write(json_object_get(report, "vulkan"));
    printf("\nRuntime folder\n  %s %s %s\n", probe_text(folder, "path"), probe_text(folder, "mode"),
           probe_text(folder, "fault"));
    printf("  targets:");
    json_array_foreach(json_object_get(folder, "targets"), i, item)
        printf(" %d", (int)json_integer_value(item));
    const char *display = probe_text(x11, "display");
    printf("%s\n\nX display\n  %s%s\n", i ? "" : " none", *display ? display : "DISPLAY is not set",
           !*display                     ? ""
           : probe_truth(x11, "answers") ? " answers"
                                         : " does not answer");
}
