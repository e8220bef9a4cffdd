/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "feed_system.h"

static const char *apply_runtime_dir(void *user, const char *value)
{
    fr_feed_options *options = user;
    options->runtime_dir = value;
    return *value ? NULL : "the name of a folder is needed";
}

static const fr_option options_here[] = {
    FR_FEED_TARGET_OPTION,
    {"runtime-dir", "DIR", "where hosts have their sockets (default: $XDG_RUNTIME_DIR/framering)",
     apply_runtime_dir},
    FR_FEED_VERBOSE_OPTION,
};

fr_option_group fr_feed_common_group(fr_feed_options *options)
{
    return (fr_option_group){options_here, sizeof(options_here) / sizeof(options_here[0]), options};
}
