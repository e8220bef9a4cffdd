/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"
#include "commands.h"
#include "files.h"
#include "probe.h"
#include "say.h"
#include "sources.h"
#include "summary.h"
#include "where.h"

#include <framering/convert.h>
#include <framering/encode.h>

#include <stdio.h>
#include <stdlib.h>

enum { OPT_JSON = 1, ENCODERS_MAX = 64 };

static const struct args_option table[] = {
    {OPT_JSON, "--json", NULL, "one JSON object on the standard output", "Options:"},
};

static const struct args_command command = {
    .name = "probe",
    .synopsis = "[OPTIONS]",
    .about = "Says what this machine can do, and for what it cannot do, why not. Every encoder\n"
             "is tried with a small frame, which may take a second.",
    .options = table,
    .num_options = sizeof table / sizeof table[0],
    .more = &where_table,
};

/* The report is made once, as JSON; the text is written from it. */

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
    char path[FILES_PATH_MAX];
    sources_scan(&found);
    for (size_t i = 0; i < found.count; i++)
        if (sources_find(found.kind[i], path, sizeof path))
            json_array_append_new(list, json_pack("{s:s, s:s}", "kind", found.kind[i], "path", path));
    return list;
}

json_t *probe_report(const char *where)
{
    json_t *report = json_object();
    json_object_set_new(report, "version", json_string(fr_version_text()));
    json_object_set_new(report, "os", probe_system_os());
    json_object_set_new(report, "cpu", cpu_json());
    json_object_set_new(report, "kernels", kernels_json());
    json_object_set_new(report, "encoders", encoders_json());
    json_object_set_new(report, "sources", sources_json());
    probe_system_add(report, where);
    json_object_set_new(report, "backends", probe_system_backends(report));
    return report;
}

const char *probe_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

bool probe_truth(const json_t *object, const char *key)
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
        bool usable = probe_truth(item, "usable");
        printf("  %-14s %-8s %-5s %s%s\n", probe_text(item, "name"), probe_text(item, "codec"),
               usable ? "yes" : "no", probe_truth(item, "hdr") ? "10 bit" : "", probe_text(item, "reason"));
    }
}

static void write_machine(const json_t *report)
{
    const json_t *os = json_object_get(report, "os"), *item;
    size_t i;
    printf("framering %s on %s, %s %s %s, %d processors\n", probe_text(report, "version"),
           probe_text(os, "distribution"), probe_text(os, "system"), probe_text(os, "release"),
           probe_text(os, "machine"), (int)json_integer_value(json_object_get(os, "processors")));
    printf("\nInstruction sets used:");
    json_array_foreach(json_object_get(report, "cpu"), i, item) printf(" %s", json_string_value(item));
    printf("\n\nConverters\n");
    json_array_foreach(json_object_get(report, "kernels"), i, item) printf(
        "  %-8s to %-5s %s\n", probe_text(item, "from"), probe_text(item, "to"), probe_text(item, "kernel"));
}

static void write_text(const json_t *report)
{
    const json_t *item;
    size_t i;
    write_machine(report);
    write_usable(json_object_get(report, "backends"), "Backends");
    write_usable(json_object_get(report, "encoders"), "Encoders");
    printf("\nSources\n");
    json_array_foreach(json_object_get(report, "sources"), i, item)
        printf("  %-8s %s\n", probe_text(item, "kind"), probe_text(item, "path"));
    if (i == 0)
        printf("  none found; FRAMERING_SOURCE_DIR may name their folder\n");
    probe_system_write(report);
}

int cmd_probe(int argc, char **argv)
{
    struct args args = {.command = &command, .argc = argc, .argv = argv};
    const char *where = NULL;
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
        if (id == OPT_WHERE)
            where = args.value;
    }
    json_t *report = probe_report(where);
    if (json)
        return summary_print(report) ? EXIT_DONE : EXIT_FAILED;
    write_text(report);
    json_decref(report);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}
