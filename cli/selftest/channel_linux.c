/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* How a source finds its host: the socket. */
#include "selftest/areas.h"
#include "selftest/duo.h"

static const struct duo_wish by_target = {
    .capture = {.backend = FR_BACKEND_CPU},
    .way = "target",
    .colour_state = FR_COLOUR_STATE_SDR,
};

static void socket_row(struct selftest *test)
{
    struct duo duo;
    const fr_status status = duo_open(&duo, test, &by_target);
    if (status < 0)
        selftest_fail(test, "no source attached by the target's number: %s", selftest_reason(test, status));
    else if (duo_check_numbers(&duo, 50))
        selftest_pass(test, "a source found target %s by its socket", duo.target_word);
    duo_close(&duo);
}

static const struct selftest_row rows[] = {
    {"channel", "socket", "a source that finds its host by target", 30000, false, socket_row, NULL},
    {"channel", "busy", "a second source is turned away", 30000, false, selftest_channel_busy, NULL},
};
const struct selftest_rows selftest_channel = {rows, sizeof rows / sizeof rows[0]};
