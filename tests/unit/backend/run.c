/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "backend/way.h"

#include <stdio.h>
#include <string.h>

enum { SKIPPED = 77 };

static const struct way *current;

const struct way *way_now(void)
{
    return current;
}

static bool is_asked_for(const struct way *way, int argc, char **argv)
{
    bool asked = argc < 2;
    for (int i = 1; i < argc; i++)
        asked = asked || !strcmp(argv[i], way->name);
    return asked;
}

/* A device that is kept makes all faster; one that is lost is not to be kept. */
static int run_body(const struct way *way)
{
    if (way->keep)
        way->keep(true);
    int failed = way_rings() + way_frames() + way_pictures() + way_parts() + way_lies() + way_orders();
    if (way->keep)
        way->keep(false);
    if (way->lose_host || way->lose_source)
        failed += way_losses();
    return failed;
}

/* Below 0: it was not run. */
static int run_one(const struct way *way)
{
    current = way;
    fprintf(stderr, "==== %s\n", way->name);
    int failed = -1;
    if (!way->open || way->open())
        failed = run_body(way);
    if (way->close)
        way->close();
    return failed;
}

int way_run(const struct way *ways, size_t count, int argc, char **argv)
{
    int failed = 0, run = 0;
    for (size_t i = 0; i < count; i++) {
        const int result = is_asked_for(&ways[i], argc, argv) ? run_one(&ways[i]) : -1;
        failed += result > 0;
        run += result >= 0;
    }
    return failed ? 1 : run ? 0 : SKIPPED;
}
