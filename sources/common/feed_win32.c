/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "feed_system.h"

#include <string.h>

static const char *apply_channel(void *user, const char *value)
{
    fr_feed_options *options = user;
    const bool named = !strcmp(value, "named");
    options->win32.channel = named ? FR_WIN32_CHANNEL_NAMED : FR_WIN32_CHANNEL_PIPE;
    return named || !strcmp(value, "pipe") ? NULL : "a channel is pipe or named";
}

static const char *apply_name_prefix(void *user, const char *value)
{
    fr_feed_options *options = user;
    options->win32.name_prefix = value;
    options->runtime_dir = value;
    return *value ? NULL : "the beginning of a name is needed, such as Local\\pfvd";
}

static const fr_option options_here[] = {
    FR_FEED_TARGET_OPTION,
    {"channel", "NAME", "how the host is reached: pipe (default) or named", apply_channel},
    {"name-prefix", "TEXT", "how the host's names begin (default: framering-target, Global\\pfvd)",
     apply_name_prefix},
    FR_FEED_VERBOSE_OPTION,
};

fr_option_group fr_feed_common_group(fr_feed_options *options)
{
    return (fr_option_group){options_here, sizeof(options_here) / sizeof(options_here[0]), options};
}
