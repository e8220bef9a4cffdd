/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"
#include "bench.h"
#include "clock.h"
#include "commands.h"
#include "say.h"
#include "stop.h"
#include "summary.h"
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPT_FOR = 1, OPT_SIZE, OPT_SOURCE, OPT_JSON };

static const struct args_option table[] = {
    {OPT_FOR, "--for", "TIME", "length of each session; default 4s", "Options:"},
    {OPT_SIZE, "--size", "WxH", "in pixels; default: 1920x1080, convert also 3840x2160, scale 1280x720",
     NULL},
    {OPT_SOURCE, "--source", "KIND", "session: pattern or x11; default pattern", NULL},
    {OPT_JSON, "--json", NULL, "the result as JSON on the standard output", NULL},
};

static const struct args_command command = {
    .name = "bench",
    .synopsis = "convert|handoff|session|scale [OPTIONS]",
    .about = "Measures this machine.\n\n"
             "  convert   every converter, against moving the same bytes by memcpy\n"
             "  handoff   from publish to take between two processes, against a bare wake-up\n"
             "  session   a whole capture: frames, CPU beside the encoder, memory, idle cost\n"
             "  scale     1, 4 and 16 captures in one process, with idle and busy sources",
    .options = table,
    .num_options = sizeof table / sizeof table[0],
    .epilogue = "Example:\n  framering bench session --json --for 10s",
};

static void print_convert(json_t *list)
{
    size_t i;
    json_t *row;
    printf("%-28s %-10s %9s %9s %7s\n", "kernel", "size", "ms", "bound ms", "ratio");
    json_array_foreach(list, i, row)
    {
        char size[24];
        snprintf(size, sizeof size, "%dx%d", (int)json_integer_value(json_object_get(row, "width")),
                 (int)json_integer_value(json_object_get(row, "height")));
        printf("%-28s %-10s %9.3f %9.3f %7.2f\n", json_string_value(json_object_get(row, "kernel")), size,
               json_real_value(json_object_get(row, "ms")), json_real_value(json_object_get(row, "bound_ms")),
               json_real_value(json_object_get(row, "ratio")));
    }
}

/* Every number by its name, objects indented: enough for a reader, and never out of step with the JSON. */
static void print_object(json_t *object, int indent)
{
    const char *key;
    json_t *value;
    void *at = json_object_iter(object);
    for (; at; at = json_object_iter_next(object, at)) {
        key = json_object_iter_key(at);
        value = json_object_iter_value(at);
        if (json_is_object(value)) {
            printf("%*s%s\n", indent, "", key);
            print_object(value, indent + 2);
        } else if (json_is_string(value)) {
            printf("%*s%-24s %s\n", indent, "", key, json_string_value(value));
        } else if (json_is_integer(value)) {
            printf("%*s%-24s %" PRId64 "\n", indent, "", key, (int64_t)json_integer_value(value));
        } else if (json_is_real(value)) {
            printf("%*s%-24s %.2f\n", indent, "", key, json_real_value(value));
        } else if (json_is_boolean(value)) {
            printf("%*s%-24s %s\n", indent, "", key, json_is_true(value) ? "yes" : "no");
        }
    }
}

static void print_rows(json_t *list)
{
    size_t i;
    json_t *row;
    json_array_foreach(list, i, row)
    {
        print_object(row, 0);
        printf("\n");
    }
}

static const struct {
    const char *name;
    json_t *(*run)(const struct bench_options *options);
    void (*print)(json_t *result);
} benches[] = {
    {"convert", bench_convert, print_convert},
    {"handoff", bench_handoff, NULL},
    {"session", bench_session, NULL},
    {"scale", bench_scale, print_rows},
};

static int run(size_t which, const struct bench_options *options, bool json)
{
    stop_install();
    say_set_level(FR_LOG_WARNING);
    json_t *result = benches[which].run(options);
    if (!result)
        return EXIT_FAILED;
    if (json)
        return summary_print(result) ? EXIT_DONE : EXIT_FAILED;
    if (benches[which].print)
        benches[which].print(result);
    else
        print_object(result, 0);
    json_decref(result);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static bool set_option(struct bench_options *options, const struct args *args, int id)
{
    switch (id) {
    case OPT_FOR:
        return units_parse_duration(args->value, &options->for_ns) ||
               args_refuse(args, "give a time, as in 4s");
    case OPT_SIZE:
        return units_parse_size(args->value, &options->width, &options->height) ||
               args_refuse(args, "give width and height from 1 to 16384 pixels, as in 1920x1080");
    case OPT_SOURCE: options->source = args->value; return true;
    default: return true;
    }
}

int cmd_bench(int argc, char **argv)
{
    enum { COUNT = sizeof benches / sizeof benches[0] };
    struct args args = {.command = &command, .argc = argc, .argv = argv};
    struct bench_options options = {.for_ns = 4 * NS_PER_S, .source = "pattern"};
    const char *what = NULL;
    bool json = false;
    int id;
    if (argc == 4 && strcmp(argv[1], "worker") == 0)
        return bench_worker(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "answer") == 0)
        return bench_answer(argv[2]);
    while ((id = args_next(&args)) != ARGS_END) {
        if (id == ARGS_HELP)
            return args_print_help(&command);
        if (id == ARGS_POSITIONAL && !what)
            what = args.value;
        else if (id == ARGS_POSITIONAL)
            say(FR_LOG_ERROR, "one measurement at a time: %s or %s", what, args.value);
        if (id == ARGS_BAD || (id == ARGS_POSITIONAL && what != args.value) ||
            !set_option(&options, &args, id))
            return EXIT_USAGE;
        json = json || id == OPT_JSON;
    }
    for (size_t i = 0; what && i < COUNT; i++)
        if (strcmp(what, benches[i].name) == 0)
            return run(i, &options, json);
    say(FR_LOG_ERROR, "'%s' is no measurement; there are convert, handoff, session and scale",
        what ? what : "");
    return EXIT_USAGE;
}
