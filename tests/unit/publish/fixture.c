/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <stdlib.h>

static int set_up(void **state, void (*begin)(struct host *host, struct rig *rig))
{
    struct fixture *f = malloc(sizeof(*f));
    if (!f)
        return -1;
    rig_init(&f->rig);
    begin(&f->host, &f->rig);
    *state = f;
    return 0;
}

int fixture_setup(void **state)
{
    return set_up(state, host_init);
}

int fixture_setup_attached(void **state)
{
    return set_up(state, host_start);
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    host_close(&f->host);
    rig_finish(&f->rig);
    free(f);
    return 0;
}

fr_source_info fixture_info(struct fixture *f)
{
    fr_source_info out;
    fr_source_get_info(f->rig.source, &out);
    return out;
}
