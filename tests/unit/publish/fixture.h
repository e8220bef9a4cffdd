/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PUBLISH_FIXTURE_H
#define PUBLISH_FIXTURE_H

/* A source beside a host that a test moves by hand. */

#include "machine/host.h"

struct fixture {
    struct rig rig;
    struct host host;
};

/* The host exists, nobody is connected. */
int fixture_setup(void **state);
/* As host_start: a ring is attached, nothing published. */
int fixture_setup_attached(void **state);
int fixture_teardown(void **state);

fr_source_info fixture_info(struct fixture *f);

#endif
