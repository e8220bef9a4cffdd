/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_OPTIONS_H
#define PEERS_OPTIONS_H

#include <stdbool.h>

struct options {
    bool quick;       /* as short as proves that it runs */
    bool realtime;    /* above all ordinary programs of the machine */
    int rounds;       /* 0: as many as a good median takes */
    const char *only; /* the names of the peers to run, parted by commas; NULL: all */
};

/* --json (the only form there is), --quick, --realtime, --rounds N, --only NAMES, --help. False, and told:
 * something else. */
bool options_parse(struct options *options, int argc, char **argv, const char *program);

/* Whether --only lets it run. */
bool options_wanted(const struct options *options, const char *name);

#endif
