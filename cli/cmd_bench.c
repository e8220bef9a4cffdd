/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"
#include "bench.h"
#include "bench_floor.h"
#include "bench_print.h"
#include "clock.h"
#include "commands.h"
#include "cpu_mask.h"
#include "say.h"
#include "stop.h"
#include "summary.h"
#include "units.h"

#include <stdio.h>
#include <string.h>

enum { OPT_FOR = 1, OPT_SIZE, OPT_THREADS, OPT_CPU_MASK, OPT_TARGETS, OPT_SOURCE, OPT_TYPING, OPT_JSON };

static const struct args_option table[] = {
    {OPT_FOR, "--for", "TIME",
     "how long each session runs, 4s unless said; handoff: all of it; convert: each kernel, 150ms",
     "Options:"},
    {OPT_SIZE, "--size", "WxH", "in pixels; default: 1920x1080, convert also 3840x2160, scale 1280x720",
     NULL},
    {OPT_THREADS, "--threads", "N", "convert: also on 2 to N threads; default 2", NULL},
    {OPT_CPU_MASK, "--cpu-mask", "LIST", cpu_mask_help, NULL},
    {OPT_TARGETS, "--targets", "N", "scale: at most so many of 1, 4, 16 and 64; default 64", NULL},
    {OPT_SOURCE, "--source", "KIND", "session: pattern or x11; default pattern", NULL},
    {OPT_TYPING, "--typing", NULL,
     "session: what small changes of the X display cost, as part of converting whole pictures", NULL},
    {OPT_JSON, "--json", NULL, "the result as JSON on the standard output", NULL},
};

static const struct args_command command = {
    .name = "bench",
    .synopsis = "convert|handoff|session|scale [OPTIONS]",
    .about = "Measures this machine: medians, each beside a bound of the same run.\n\n"
             "  convert   every converter, against moving the same bytes\n"
             "  handoff   from publish to take between two processes, against bare wake-ups\n"
             "  session   a whole capture, against its stages: frames, CPU, memory, idle cost\n"
             "  scale     1, 4, 16 and 64 captures in one process, with idle and busy sources",
    .options = table,
    .num_options = sizeof table / sizeof table[0],
    .epilogue = "Example:\n  framering bench session --json --for 10s",
};

static const struct {
    const char *name;
    json_t *(*run)(const struct bench_options *options);
    void (*print)(json_t *result);
} benches[] = {
    {"convert", bench_convert, bench_print_convert},
    {"handoff", bench_handoff, bench_print_handoff},
    {"session", bench_session, bench_print_session},
    {"scale", bench_scale, bench_print_scale},
};

static int run(size_t which, const struct bench_options *options, bool json)
{
    bool typing = options->typing && benches[which].run == bench_session;
    stop_install();
    say_set_level(FR_LOG_WARNING);
    json_t *result = typing ? bench_typing(options) : benches[which].run(options);
    if (!result)
        return EXIT_FAILED;
    if (json)
        return summary_print(result) ? EXIT_DONE : EXIT_FAILED;
    if (typing)
        bench_print_typing(result);
    else
        benches[which].print(result);
    json_decref(result);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static bool take_number(const struct args *args, uint64_t max, uint32_t *out, const char *wanted)
{
    uint64_t value;
    if (!units_parse_number(args->value, 1, max, &value))
        return args_refuse(args, wanted);
    *out = (uint32_t)value;
    return true;
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
    case OPT_THREADS:
        return take_number(args, FR_CONVERT_THREADS_MAX, &options->threads,
                           "give a number of threads, as in 4");
    case OPT_CPU_MASK: return cpu_mask_take(args, &options->cpu_mask);
    case OPT_TARGETS:
        return take_number(args, BENCH_TARGETS_MAX, &options->targets, "give a number from 1 to 64");
    case OPT_SOURCE: options->source = args->value; return true;
    case OPT_TYPING: options->typing = true; return true;
    default: return true;
    }
}

int cmd_bench(int argc, char **argv)
{
    enum { COUNT = sizeof benches / sizeof benches[0] };
    struct args args = {.command = &command, .argc = argc, .argv = argv};
    struct bench_options options = {.source = "pattern"};
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
    if (!cpu_mask_environment())
        return EXIT_USAGE;
    for (size_t i = 0; what && i < COUNT; i++)
        if (strcmp(what, benches[i].name) == 0)
            return run(i, &options, json);
    say(FR_LOG_ERROR, "'%s' is no measurement; there are convert, handoff, session and scale",
        what ? what : "");
    return EXIT_USAGE;
}
