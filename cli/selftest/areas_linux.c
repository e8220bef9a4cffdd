/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/areas.h"
#include "selftest/duo.h"

const struct selftest_rows *const selftest_areas[] = {
    &selftest_channel, &selftest_ring, &selftest_convert, &selftest_encode, NULL,
};

const struct selftest_peer selftest_peers[] = {
    {"source", duo_source},
    {"refused", selftest_channel_refused},
    {NULL, NULL},
};
