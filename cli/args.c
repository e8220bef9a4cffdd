/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "args.h"

#include "commands.h"
#include "say.h"

#include <stdio.h>
#include <string.h>

enum { HELP_COLUMN = 26, HELP_WIDTH = 79 };

static size_t count_options(const struct args_command *command)
{
    return command->num_options + (command->more ? command->more->num_options : 0);
}

static const struct args_option *option_at(const struct args_command *command, size_t index)
{
    return index < command->num_options ? &command->options[index]
                                        : &command->more->options[index - command->num_options];
}

static const struct args_option *find(const struct args_command *command, const char *name)
{
    for (size_t i = 0; i < count_options(command); i++)
        if (strcmp(option_at(command, i)->name, name) == 0)
            return option_at(command, i);
    return NULL;
}

/* Sets args->value; `inline_value` is what followed "=", or NULL. */
static bool take_value(struct args *args, bool wanted, const char *inline_value)
{
    args->value = inline_value;
    if (!wanted && inline_value) {
        say(FR_LOG_ERROR, "%s takes no value, but was given '%s'", args->name, inline_value);
        return false;
    }
    if (wanted && !inline_value) {
        if (args->at + 1 >= args->argc) {
            say(FR_LOG_ERROR, "%s needs a value (see framering %s --help)", args->name, args->command->name);
            return false;
        }
        args->value = args->argv[++args->at];
    }
    return true;
}

static int next_option(struct args *args, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    snprintf(args->name, sizeof args->name, "%.*s", (int)length, text);
    const char *inline_value = equals ? equals + 1 : NULL;

    if (strcmp(args->name, "--help") == 0 || strcmp(args->name, "-h") == 0)
        return ARGS_HELP;
    const struct args_option *option = find(args->command, args->name);
    if (option)
        return take_value(args, option->value != NULL, inline_value) ? option->id : ARGS_BAD;
    enum args_foreign kind = args->foreign ? args->foreign(args->user, args->name) : ARGS_UNKNOWN;
    if (kind != ARGS_UNKNOWN)
        return take_value(args, kind == ARGS_VALUE, inline_value) ? ARGS_FOREIGN : ARGS_BAD;
    if (!args->lenient)
        say(FR_LOG_ERROR, "unknown option %s (see framering %s --help)", args->name, args->command->name);
    return ARGS_BAD;
}

int args_next(struct args *args)
{
    while (++args->at < args->argc) {
        const char *text = args->argv[args->at];
        if (args->no_options || text[0] != '-' || text[1] == '\0') {
            args->value = text;
            return ARGS_POSITIONAL;
        }
        if (strcmp(text, "--") == 0) {
            args->no_options = true;
            continue;
        }
        int id = next_option(args, text);
        if (id != ARGS_BAD || !args->lenient)
            return id;
    }
    return ARGS_END;
}

bool args_refuse(const struct args *args, const char *wanted)
{
    say(FR_LOG_ERROR, "%s %s: %s", args->name, args->value, wanted);
    return false;
}

static void print_wrapped(const char *text, int column)
{
    while (*text) {
        int width = HELP_WIDTH - HELP_COLUMN;
        int length = (int)strlen(text);
        if (length > width) {
            length = width;
            while (length > 0 && text[length] != ' ')
                length--;
            if (length == 0)
                length = (int)strcspn(text, " ");
        }
        printf("%*s%.*s\n", HELP_COLUMN - column, "", length, text);
        column = 0;
        text += length;
        text += strspn(text, " ");
    }
}

static void print_option(const struct args_option *option)
{
    char left[64];
    snprintf(left, sizeof left, "  %s%s%s", option->name, option->value ? " " : "",
             option->value ? option->value : "");
    int column = printf("%s", left);
    if (column >= HELP_COLUMN) {
        putchar('\n');
        column = 0;
    }
    print_wrapped(option->help, column);
}

int args_print_help(const struct args_command *command)
{
    printf("Usage: framering %s %s\n\n%s\n", command->name, command->synopsis, command->about);
    for (size_t i = 0; i < count_options(command); i++) {
        const struct args_option *option = option_at(command, i);
        if (option->heading)
            printf("\n%s\n", option->heading);
        print_option(option);
    }
    if (command->epilogue)
        printf("\n%s\n", command->epilogue);
    return EXIT_DONE;
}
