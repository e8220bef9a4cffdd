/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "commands.h"
#include "say.h"
#include "terminal.h"

#include <framering/version.h>

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"capture", cmd_capture, "record a display: source, ring, encoder, file or stream"},
    {"source", cmd_source, "feed a ring by hand; list the kinds of sources"},
    {"watch", cmd_watch, "look at a running session from outside"},
    {"probe", cmd_probe, "what this machine can do, and why not"},
    {"convert", cmd_convert, "run the converters on raw frames"},
    {"bench", cmd_bench, "measure this machine"},
    {"selftest", cmd_selftest, "prove this machine, row by row"},
};

enum { NUM_COMMANDS = sizeof commands / sizeof commands[0] };

static int print_help(void)
{
    printf("Usage: framering COMMAND [OPTIONS]\n\n"
           "Moves frames from a virtual display to a video encoder.\n\nCommands:\n");
    for (size_t i = 0; i < NUM_COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].help);
    printf("  %-10s %s\n", "help", "this text, or that of a command: framering help capture");
    printf("\nframering COMMAND --help tells the options; framering --version the version.\n"
           "Exit codes: 0 done, 1 failed, 2 usage, 3 the session was dropped.\n");
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < NUM_COMMANDS; i++)
        if (strcmp(argv[0], commands[i].name) == 0)
            return commands[i].run(argc, argv);
    say(FR_LOG_ERROR, "there is no command '%s'; see framering help", argv[0]);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    terminal_init(&argc, &argv);
    if (argc < 2) {
        print_help();
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("framering %s\n", fr_version_text());
        return EXIT_DONE;
    }
    bool help = strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
    if (help && argc == 2)
        return print_help();
    if (help) {
        char flag[] = "--help";
        char *args[] = {argv[2], flag, NULL};
        return run_command(2, args);
    }
    return run_command(argc - 1, argv + 1);
}
