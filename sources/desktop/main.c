/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "desk.h"

static const char *apply_output(void *user, const char *value)
{
    fr_desk_options *options = user;
    options->output = value;
    return *value ? NULL : "an output is needed, such as DISPLAY1 or 1 (framering probe lists them)";
}

static const char *apply_no_cursor(void *user, const char *value)
{
    (void)value;
    fr_desk_options *options = user;
    options->no_cursor = true;
    return NULL;
}

static const fr_option own_options[] = {
    {"output", "NAME", "display to capture, such as DISPLAY1 (default: the main display)", apply_output},
    {"no-cursor", NULL, "leave the pointer out", apply_no_cursor},
};

int main(int argc, char **argv)
{
    static fr_desk_options options = {.feed = {.program = {.name = "framering-source-desktop"}}};
    const fr_option_group groups[] = {
        fr_feed_common_group(&options.feed),
        fr_feed_rate_group(&options.feed),
        {own_options, sizeof(own_options) / sizeof(own_options[0]), &options},
    };
    const fr_command command = {
        .program = &options.feed.program,
        .usage = "[options]",
        .summary =
            "Feeds a ring with a display of the Windows desktop, by desktop duplication: a frame when "
            "something changed, at most as often as the display shows one unless told otherwise. Changes "
            "of size, rotation and HDR are followed.",
        .groups = groups,
        .num_groups = sizeof(groups) / sizeof(groups[0]),
    };
    int exit_code;
    if (!fr_options_parse(&command, argc, argv, &exit_code))
        return exit_code;
    if (options.feed.unpaced)
        options.feed.mode.refresh_mhz = 0;
    return fr_desk_run(&options, fr_desktop_api_windows());
}
