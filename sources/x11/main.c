/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "desk.h"

#include <errno.h>
#include <stdlib.h>

static const char *apply_display(void *user, const char *value)
{
    fr_desk_options *options = user;
    options->display = value;
    return *value ? NULL : "a display is needed, such as :0";
}

static const char *apply_window(void *user, const char *value)
{
    fr_desk_options *options = user;
    char *end;
    errno = 0;
    const unsigned long id = strtoul(value, &end, 0);
    if (*value < '0' || *value > '9' || *end || errno || !id || id > UINT32_MAX)
        return "the number of a window is needed, such as 0x1e00007 (xwininfo shows it)";
    options->window = (uint32_t)id;
    return NULL;
}

static const char *apply_no_cursor(void *user, const char *value)
{
    (void)value;
    fr_desk_options *options = user;
    options->no_cursor = true;
    return NULL;
}

static const char *apply_no_damage(void *user, const char *value)
{
    (void)value;
    fr_desk_options *options = user;
    options->no_damage = true;
    return NULL;
}

static const fr_option own_options[] = {
    {"display", "NAME", "X server (default: $DISPLAY)", apply_display},
    {"window", "ID", "one window, not the whole screen", apply_window},
    {"no-cursor", NULL, "leave the pointer out", apply_no_cursor},
    {"no-damage", NULL, "say of each frame that all of it changed", apply_no_damage},
};

int main(int argc, char **argv)
{
    static fr_desk_options options = {
        .feed = {.program = {.name = "framering-source-x11"}, .mode = {.refresh_mhz = 60000}},
    };
    const fr_option_group groups[] = {
        fr_feed_common_group(&options.feed),
        fr_feed_rate_group(&options.feed),
        {own_options, sizeof(own_options) / sizeof(own_options[0]), &options},
    };
    const fr_command command = {
        .program = &options.feed.program,
        .usage = "[options]",
        .summary = "Feeds a ring with the screen of an X server, or with one of its windows: a frame when "
                   "something was drawn, at most 60 a second unless told otherwise. Changes of size are "
                   "followed.",
        .groups = groups,
        .num_groups = sizeof(groups) / sizeof(groups[0]),
    };
    int exit_code;
    fr_program_arguments(&argc, &argv);
    if (!fr_options_parse(&command, argc, argv, &exit_code))
        return exit_code;
    if (options.feed.unpaced)
        options.feed.mode.refresh_mhz = 0;
    return fr_desk_run(&options);
}
