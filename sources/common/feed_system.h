/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_SOURCES_FEED_SYSTEM_H
#define FRAMERING_SOURCES_FEED_SYSTEM_H

/* For the table of fr_feed_common_group, which each system has its own of: feed_linux.c, feed_win32.c. */

#include "feed.h"

const char *fr_feed_apply_target(void *user, const char *value);
const char *fr_feed_apply_verbose(void *user, const char *value);

#define FR_FEED_TARGET_OPTION                                                                                \
    {                                                                                                        \
        "target", "N", "feed the host of target N, and wait for it where there is none",                     \
            fr_feed_apply_target                                                                             \
    }
#define FR_FEED_VERBOSE_OPTION                                                                               \
    {                                                                                                        \
        "verbose", NULL, "say more on stderr", fr_feed_apply_verbose                                         \
    }

#endif
