/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdio.h>
#include <string.h>

/* Words wrapped at 80 columns; what follows a line break in `text` starts a line. `column` is where we are
 * already. */
static void print_wrapped(const char *text, int indent, int column)
{
    while (*text) {
        const int length = (int)strcspn(text, " \n");
        if (column > indent && column + 1 + length > 80) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", length, text);
        column += length;
        text += length;
        if (*text == '\n') {
            printf("\n%*s", indent, "");
            column = indent;
        }
        text += *text != 0;
    }
    putchar('\n');
}

static void print_option(const char *left, const char *help)
{
    const int column = 24;
    printf("  %-20s  ", left);
    if (strlen(left) > 20)
        printf("\n%*s", column, "");
    print_wrapped(help, column, column);
}

static void print_help(const fr_command *command)
{
    printf("Usage: %s %s\n\n", command->program->name, command->usage);
    print_wrapped(command->summary, 0, 0);
    printf("\nOptions:\n");
    for (size_t g = 0; g < command->num_groups; g++) {
        for (size_t i = 0; i < command->groups[g].num_options; i++) {
            const fr_option *option = &command->groups[g].options[i];
            char left[64];
            snprintf(left, sizeof(left), "--%s%s%s", option->name, option->value ? " " : "",
                     option->value ? option->value : "");
            print_option(left, option->help);
        }
    }
    print_option("--list-options", "print the options, one a line, for programs");
    print_option("--help", "print this");
    if (command->more)
        printf("\n%s\n", command->more);
}

static void print_list(const fr_command *command)
{
    for (size_t g = 0; g < command->num_groups; g++) {
        for (size_t i = 0; i < command->groups[g].num_options; i++) {
            const fr_option *option = &command->groups[g].options[i];
            printf("--%s%s%s\n", option->name, option->value ? " " : "", option->value ? option->value : "");
        }
    }
}

static const fr_option *find(const fr_command *command, const char *name, size_t length, void **user)
{
    for (size_t g = 0; g < command->num_groups; g++) {
        for (size_t i = 0; i < command->groups[g].num_options; i++) {
            const fr_option *option = &command->groups[g].options[i];
            if (strlen(option->name) == length && !strncmp(option->name, name, length)) {
                *user = command->groups[g].user;
                return option;
            }
        }
    }
    return NULL;
}

/* Reads argv[*index], which starts with "--", and its value. */
static bool read_option(const fr_command *command, int argc, char **argv, int *index)
{
    const fr_program *program = command->program;
    const char *name = argv[*index] + 2;
    const size_t length = strcspn(name, "=");
    void *user;
    const fr_option *option = find(command, name, length, &user);
    if (!option) {
        fr_program_say(program, "there is no option --%.*s; --help lists them", (int)length, name);
        return false;
    }
    const char *value = name[length] ? name + length + 1 : NULL;
    if (option->value && !value) {
        if (*index + 1 >= argc) {
            fr_program_say(program, "--%s needs a value: %s", option->name, option->value);
            return false;
        }
        value = argv[++*index];
    }
    if (!option->value && value) {
        fr_program_say(program, "--%s takes no value", option->name);
        return false;
    }
    const char *wrong = option->apply(user, value);
    if (wrong)
        fr_program_say(program, "--%s %s: %s", option->name, value ? value : "", wrong);
    return !wrong;
}

static bool read_argument(const fr_command *command, const char *value)
{
    if (!command->argument) {
        fr_program_say(command->program, "\"%s\" is no option, and nothing else is expected; try --help",
                       value);
        return false;
    }
    const char *wrong = command->argument(command->user, value);
    if (wrong)
        fr_program_say(command->program, "\"%s\": %s", value, wrong);
    return !wrong;
}

bool fr_options_parse(const fr_command *command, int argc, char **argv, int *exit_code)
{
    *exit_code = FR_EXIT_DONE;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help")) {
            print_help(command);
            return false;
        }
        if (!strcmp(argv[i], "--list-options")) {
            print_list(command);
            return false;
        }
    }
    *exit_code = FR_EXIT_USAGE;
    for (int i = 1; i < argc; i++) {
        const bool good = !strncmp(argv[i], "--", 2) ? read_option(command, argc, argv, &i)
                                                     : read_argument(command, argv[i]);
        if (!good)
            return false;
    }
    *exit_code = FR_EXIT_DONE;
    return true;
}
