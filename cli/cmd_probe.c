/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"
#include "commands.h"
#include "say.h"
#include "sources.h"
#include "summary.h"

#include <framering/capture.h>
#include <framering/convert.h>
#include <framering/encode.h>
#include <framering/observe.h>

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { OPT_JSON = 1, OPT_RUNTIME_DIR, ENCODERS_MAX = 64 };

static const struct args_option table[] = {
    {OPT_JSON, "--json", NULL, "one JSON object on the standard output", "Options:"},
    {OPT_RUNTIME_DIR, "--runtime-dir", "DIR", "the folder to look at; default: $XDG_RUNTIME_DIR/framering",
     NULL},
};

static const struct args_command command = {
    .name = "probe",
    .synopsis = "[OPTIONS]",
    .about = "Says what this machine can do, and for what it cannot do, why not. Every encoder\n"
             "is tried with a small frame, which may take a second.",
    .options = table,
    .num_options = sizeof table / sizeof table[0],
};

/* The report is made once, as JSON; the text is written from it. */

static json_t *system_json(void)
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

static json_t *cpu_json(void)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } sets[] = {
        {FR_CPU_SSE41, "sse41"}, {FR_CPU_AVX2, "avx2"}, {FR_CPU_AVX512, "avx512"}, {FR_CPU_NEON, "neon"}};
    json_t *list = json_array();
    uint32_t flags = fr_cpu_flags();
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        if (flags & sets[i].flag)
            json_array_append_new(list, json_string(sets[i].name));
    return list;
}

static json_t *kernels_json(void)
{
    static const fr_format pairs[][2] = {{FR_FORMAT_BGRA8, FR_FORMAT_NV12},
                                         {FR_FORMAT_RGBA8, FR_FORMAT_NV12},
                                         {FR_FORMAT_RGBA16F, FR_FORMAT_P010},
                                         {FR_FORMAT_RGB10A2, FR_FORMAT_P010},
                                         {FR_FORMAT_RGBA16F, FR_FORMAT_NV12}};
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        fr_convert_params params = {.from = pairs[i][0], .to = pairs[i][1], .width = 64, .height = 64};
        fr_converter *converter;
        fr_status status = fr_converter_create(&converter, &params);
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s}", "from", fr_format_name(params.from), "to", fr_format_name(params.to),
                      "kernel", status < 0 ? fr_status_text(status) : fr_converter_kernel(converter)));
        fr_converter_destroy(&converter);
    }
    return list;
}

static json_t *backends_json(void)
{
    return json_pack("[{s:s, s:b, s:s}, {s:s, s:b, s:s}, {s:s, s:b, s:s}]", "name", "cpu", "usable", 1,
                     "reason", "", "name", "vulkan", "usable", 0, "reason",
                     "not built in: this version has shared memory only", "name", "d3d11", "usable", 0,
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
    char path[PATH_MAX] = "";
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

static json_t *encoders_json(void)
{
    json_t *list = json_array();
    fr_encoder_info *info = calloc(ENCODERS_MAX, sizeof *info);
    size_t count = info ? fr_encoders_probe(info, ENCODERS_MAX) : 0;
    for (size_t i = 0; i < count && i < ENCODERS_MAX; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:b, s:b, s:b, s:s}", "name", info[i].name, "codec",
                                        fr_codec_name(info[i].codec), "built_in", info[i].built_in, "usable",
                                        info[i].usable, "hdr", info[i].hdr, "reason", info[i].reason));
    free(info);
    return list;
}

static json_t *sources_json(void)
{
    struct sources_list found;
    json_t *list = json_array();
    char path[PATH_MAX];
    sources_scan(&found);
    for (size_t i = 0; i < found.count; i++)
        if (sources_find(found.kind[i], path, sizeof path))
            json_array_append_new(list, json_pack("{s:s, s:s}", "kind", found.kind[i], "path", path));
    return list;
}

static json_t *probe(const char *runtime_dir)
{
    const char *display = getenv("DISPLAY");
    json_t *report = json_object();
    json_object_set_new(report, "version", json_string(fr_version_text()));
    json_object_set_new(report, "os", system_json());
    json_object_set_new(report, "cpu", cpu_json());
    json_object_set_new(report, "kernels", kernels_json());
    json_object_set_new(report, "backends", backends_json());
    json_object_set_new(report, "runtime_dir", runtime_json(runtime_dir));
    json_object_set_new(report, "encoders", encoders_json());
    json_object_set_new(report, "sources", sources_json());
    json_object_set_new(
        report, "x11",
        json_pack("{s:s, s:b}", "display", display ? display : "", "answers", sources_display_answers()));
    return report;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool truth_of(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static void write_usable(const json_t *list, const char *title)
{
    size_t i;
    json_t *item;
    printf("\n%s\n", title);
    json_array_foreach(list, i, item)
    {
        bool usable = truth_of(item, "usable");
        printf("  %-14s %-8s %-5s %s%s\n", text_of(item, "name"), text_of(item, "codec"),
               usable ? "yes" : "no", truth_of(item, "hdr") ? "10 bit" : "", text_of(item, "reason"));
    }
}

static void write_machine(const json_t *report)
{
    const json_t *os = json_object_get(report, "os"), *item;
    size_t i;
    printf("framering %s on %s, %s %s %s, %d processors\n", text_of(report, "version"),
           text_of(os, "distribution"), text_of(os, "system"), text_of(os, "release"), text_of(os, "machine"),
           (int)json_integer_value(json_object_get(os, "processors")));
    printf("\nInstruction sets used:");
    json_array_foreach(json_object_get(report, "cpu"), i, item) printf(" %s", json_string_value(item));
    printf("\n\nConverters\n");
    json_array_foreach(json_object_get(report, "kernels"), i, item)
        printf("  %-8s to %-5s %s\n", text_of(item, "from"), text_of(item, "to"), text_of(item, "kernel"));
}

static void write_text(const json_t *report)
{
    const json_t *item, *folder = json_object_get(report, "runtime_dir"),
                        *x11 = json_object_get(report, "x11");
    size_t i;
    write_machine(report);
    write_usable(json_object_get(report, "backends"), "Backends");
    write_usable(json_object_get(report, "encoders"), "Encoders");
    printf("\nRuntime folder\n  %s %s %s\n", text_of(folder, "path"), text_of(folder, "mode"),
           text_of(folder, "fault"));
    printf("  targets:");
    json_array_foreach(json_object_get(folder, "targets"), i, item)
        printf(" %d", (int)json_integer_value(item));
    printf("%s\n\nSources\n", i ? "" : " none");
    json_array_foreach(json_object_get(report, "sources"), i, item)
        printf("  %-8s %s\n", text_of(item, "kind"), text_of(item, "path"));
    if (i == 0)
        printf("  none found; FRAMERING_SOURCE_DIR may name their folder\n");
    const char *display = text_of(x11, "display");
    printf("\nX display\n  %s%s\n", *display ? display : "DISPLAY is not set",
           !*display                  ? ""
           : truth_of(x11, "answers") ? " answers"
                                      : " does not answer");
}

int cmd_probe(int argc, char **argv)
{
    struct args args = {.command = &command, .argc = argc, .argv = argv};
    const char *runtime_dir = NULL;
    bool json = false;
    int id;
    while ((id = args_next(&args)) != ARGS_END) {
        if (id == ARGS_HELP)
            return args_print_help(&command);
        if (id == ARGS_POSITIONAL)
            say(FR_LOG_ERROR, "framering probe takes no argument, but was given '%s'", args.value);
        if (id == ARGS_BAD || id == ARGS_POSITIONAL)
            return EXIT_USAGE;
        json = json || id == OPT_JSON;
        if (id == OPT_RUNTIME_DIR)
            runtime_dir = args.value;
    }
    json_t *report = probe(runtime_dir);
    if (json)
        return summary_print(report) ? EXIT_DONE : EXIT_FAILED;
    write_text(report);
    json_decref(report);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}
