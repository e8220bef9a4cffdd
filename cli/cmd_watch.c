/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"
#include "clock.h"
#include "commands.h"
#include "say.h"
#include "stop.h"
#include "summary.h"
#include "units.h"
#include "watch_model.h"
#include "watch_screen.h"
#include "where.h"

#include <stdio.h>

enum { OPT_SAMPLES = 1, OPT_EVERY, OPT_JSON, OPT_LIST, TARGETS_MAX = 256 };

static const struct args_option table[] = {
    {OPT_SAMPLES, "--samples", "N", "look so often; default 40, on a live screen until q", "Options:"},
    {OPT_EVERY, "--every", "TIME", "between two looks; default 750ms", NULL},
    {OPT_JSON, "--json", NULL, "one JSON object a line: the samples, then the debug block", NULL},
    {OPT_LIST, "--list", NULL, "list the live targets, also when there is but one", NULL},
};

static const struct args_command command = {
    .name = "watch",
    .synopsis = "[OPTIONS] [TARGET]",
    .about = "Looks at a running session from outside, without disturbing it: a live screen\n"
             "on a terminal, else a line for each sample, then the debug block and what it\nmeans.\n"
             "Without TARGET: watches the only live target, or lists them when there are more.",
    .options = table,
    .num_options = sizeof table / sizeof table[0],
    .more = &where_table,
    .epilogue = "Examples:\n"
                "  framering watch\n"
                "  framering watch 7 --json --samples 4 --every 1s",
};

struct watch {
    const char *where;
    uint64_t every_ns, samples, target;
    bool has_target, json, list, has_samples;
};

static bool set_option(struct watch *w, const struct args *args, int id)
{
    switch (id) {
    case OPT_SAMPLES:
        w->has_samples = true;
        return units_parse_number(args->value, 1, UINT32_MAX, &w->samples) ||
               args_refuse(args, "give a number above 0");
    case OPT_EVERY:
        return units_parse_duration(args->value, &w->every_ns) ||
               args_refuse(args, "give a time, as in 750ms or 2s");
    case OPT_JSON: w->json = true; return true;
    case OPT_LIST: w->list = true; return true;
    case OPT_WHERE: w->where = args->value; return true;
    default: break;
    }
    if (w->has_target || !units_parse_number(args->value, 0, UINT32_MAX, &w->target)) {
        say(FR_LOG_ERROR, "'%s': give one target by its number (framering watch --list lists them)",
            args->value);
        return false;
    }
    w->has_target = true;
    return true;
}

/* A ring may be on its way for a moment after the connection. */
static fr_status first_sample(fr_observer *observer, fr_observation *seen)
{
    fr_status status = FR_AGAIN;
    for (int i = 0; i < 20 && status == FR_AGAIN; i++) {
        status = fr_observer_sample(observer, seen);
        if (status == FR_AGAIN)
            clock_sleep_ns(5 * NS_PER_MS);
    }
    return status;
}

static bool list_one(const struct watch *w, uint32_t target)
{
    static const fr_log silent = {.write = NULL};
    fr_observer *observer;
    fr_observation seen = {.has_header = false};
    char line[512];
    if (fr_observer_open(&observer, w->where, target, &silent) < 0)
        return false; /* the socket of a host that died */
    bool live = first_sample(observer, &seen) >= 0;
    fr_observer_close(&observer);
    if (live && w->json)
        return summary_print(watch_json(target, &seen, NULL));
    if (live)
        printf("%s\n", watch_line(line, sizeof line, target, &seen, NULL));
    return live;
}

static int list_targets(const struct watch *w, const uint32_t *targets, size_t count)
{
    size_t live = 0;
    for (size_t i = 0; i < count; i++)
        live += list_one(w, targets[i]);
    if (live == 0)
        say(FR_LOG_INFO, "no target is live; framering capture makes one");
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static void tell_debug(const struct watch *w, const fr_observation *seen)
{
    const fr_wire_debug *debug = &seen->header.debug;
    const char *aids[WATCH_AIDS_MAX];
    if (w->json) {
        summary_print(watch_debug_json((uint32_t)w->target, &seen->header));
        return;
    }
    printf("debug block: run_core_entries %u, resolved_target_id %u, header_open_attempts %u, "
           "last_open_error 0x%x, header_opened %u, frames_acquired %u\n",
           debug->run_core_entries, debug->resolved_target_id, debug->header_open_attempts,
           debug->last_open_error, debug->header_opened, debug->frames_acquired);
    size_t count = watch_aids(&seen->header, (uint32_t)w->target, aids);
    for (size_t i = 0; i < count; i++)
        printf("  %s\n", aids[i]);
}

static bool show(const struct watch *w, struct watch_screen *screen, const fr_observation *seen,
                 const struct watch_rates *rates)
{
    char line[512];
    if (screen) {
        watch_screen_draw(screen, (uint32_t)w->target, seen, rates);
        return true;
    }
    if (w->json)
        return summary_print(watch_json((uint32_t)w->target, seen, rates));
    printf("%s\n", watch_line(line, sizeof line, (uint32_t)w->target, seen, rates));
    return fflush(stdout) == 0;
}

/* False: quit. */
static bool wait_for_next(const struct watch *w, struct watch_screen *screen)
{
    if (screen)
        return !watch_screen_wait(screen, w->every_ns) && !stop_requested();
    clock_sleep_ns(w->every_ns);
    return !stop_requested();
}

static int watch_target(const struct watch *w)
{
    fr_observer *observer;
    fr_log log = say_log();
    unsigned errors_before = say_errors();
    fr_status status = fr_observer_open(&observer, w->where, (uint32_t)w->target, &log);
    if (status < 0) {
        if (say_errors() == errors_before)
            say(FR_LOG_ERROR, "target %u: %s", (uint32_t)w->target, fr_status_text(status));
        return EXIT_FAILED;
    }
    struct watch_screen *screen = w->json ? NULL : watch_screen_create();
    uint64_t limit = screen && !w->has_samples ? UINT64_MAX : w->samples;
    fr_observation before = {.has_header = false}, seen = {.has_header = false}, last = {.has_header = false};
    struct watch_rates rates;
    bool good = true;
    status = first_sample(observer, &seen);
    for (uint64_t i = 0; good && status >= 0 && status != FR_END; i++) {
        watch_rates_between(&before, &seen, &rates);
        good = show(w, screen, &seen, screen || i ? &rates : NULL);
        before = seen;
        if (seen.has_header)
            last = seen;
        if (i + 1 >= limit || !wait_for_next(w, screen))
            break;
        status = fr_observer_sample(observer, &seen);
    }
    watch_screen_destroy(&screen);
    fr_observer_close(&observer);
    tell_debug(w, &last);
    if (status == FR_END)
        say(FR_LOG_INFO, "the host of target %u ended", (uint32_t)w->target);
    if (status < 0 && say_errors() == errors_before)
        say(FR_LOG_ERROR, "target %u: %s", (uint32_t)w->target, fr_status_text(status));
    return good && status >= 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

int cmd_watch(int argc, char **argv)
{
    struct args args = {.command = &command, .argc = argc, .argv = argv};
    struct watch w = {.every_ns = 750 * NS_PER_MS, .samples = 40};
    uint32_t targets[TARGETS_MAX];
    size_t count = 0;
    int id;
    while ((id = args_next(&args)) != ARGS_END) {
        if (id == ARGS_HELP)
            return args_print_help(&command);
        if (id == ARGS_BAD || !set_option(&w, &args, id))
            return EXIT_USAGE;
    }
    stop_install();
    if (!w.has_target) {
        fr_status status = fr_targets_list(w.where, targets, TARGETS_MAX, &count);
        if (status < 0) {
            say(FR_LOG_ERROR, "cannot list the targets: %s",
                status == FR_ERR_UNSUPPORTED ? "this system does not tell; name one, as in framering watch 7"
                                             : fr_status_text(status));
            return EXIT_FAILED;
        }
        if (count != 1 || w.list)
            return list_targets(&w, targets, count);
        w.target = targets[0];
    }
    return watch_target(&w);
}
