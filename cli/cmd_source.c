/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"
#include "child.h"
#include "commands.h"
#include "files.h"
#include "say.h"
#include "sources.h"

#include <stdio.h>
#include <string.h>

static const struct args_command command = {
    .name = "source",
    .synopsis = "[KIND [OPTIONS OF THE SOURCE]]",
    .about = "Feeds a ring by hand: runs the source program of that kind, which connects to\n"
             "the host of its --target and waits for one where there is none.\n"
             "Without KIND: lists the kinds.",
    .epilogue = "Examples:\n"
                "  framering source\n"
                "  framering source pattern --help\n"
                "  framering source x11 --target 7\n"
                "    beside it: framering capture --source none --target 7",
};

static int list_kinds(void)
{
    struct sources_list list;
    char path[FILES_PATH_MAX];
    sources_scan(&list);
    if (list.count == 0) {
        say(FR_LOG_ERROR, "no source program was found; FRAMERING_SOURCE_DIR may name their folder");
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < list.count; i++)
        if (sources_find(list.kind[i], path, sizeof path))
            printf("%-12s %s\n", list.kind[i], path);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

int cmd_source(int argc, char **argv)
{
    char path[FILES_PATH_MAX], why[256];
    if (argc < 2)
        return list_kinds();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return args_print_help(&command);
    if (argv[1][0] == '-') {
        say(FR_LOG_ERROR, "the kind of the source comes first, as in framering source pattern %s", argv[1]);
        return EXIT_USAGE;
    }
    if (!sources_find(argv[1], path, sizeof path))
        return EXIT_USAGE;
    argv[1] = path;
    int exit_code = EXIT_FAILED, error = child_become(argv + 1, &exit_code);
    if (error)
        say(FR_LOG_ERROR, "cannot start %s: %s", path, child_error_text(error, why, sizeof why));
    return exit_code;
}
