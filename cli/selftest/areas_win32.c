/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/areas_win32.h"
#include "selftest/duo.h"

const struct selftest_rows *const selftest_areas[] = {
    &selftest_adapters, &selftest_channel, &selftest_ring, &selftest_convert, &selftest_share, &selftest_gpu,
    &selftest_display,  &selftest_encode,  NULL,
};

const struct selftest_peer selftest_peers[] = {
    {"source", duo_source},
    {"refused", selftest_channel_refused},
    {"share", selftest_share_peer},
    {"open-name", selftest_open_name_peer},
    {NULL, NULL},
};
