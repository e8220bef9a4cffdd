/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What every channel that is found by a target's number must do. */
#include "selftest/areas.h"
#include "selftest/duo.h"

#include "clock.h"
#include "commands.h"
#include "units.h"

#include <string.h>

enum { REFUSAL_MS = 5000 };

void selftest_channel_busy(struct selftest *test)
{
    const struct duo_wish wish = {
        .capture = {.backend = FR_BACKEND_CPU}, .way = "target", .colour_state = FR_COLOUR_STATE_SDR};
    struct duo duo;
    struct peer second;
    peer_init(&second);
    const fr_status status = duo_open(&duo, test, &wish);
    const char *const words[] = {duo.target_word, NULL};
    if (status < 0)
        selftest_fail(test, "no source attached: %s", selftest_reason(test, status));
    else if (duo_check_numbers(&duo, 10) && peer_start(test, &second, "refused", words, -1)) {
        const char *reason = peer_expect(test, &second, "refused", REFUSAL_MS);
        if (reason && duo_check_numbers(&duo, 10))
            selftest_pass(test, "the second source was told so: %s; the first went on", reason);
    }
    (void)peer_finish(&second, 100);
    duo_close(&duo);
}

int selftest_channel_refused(int argc, char **argv)
{
    uint64_t target;
    if (argc != 1 || !units_parse_number(argv[0], 0, UINT32_MAX, &target))
        return EXIT_USAGE;
    const fr_source_params params = {
        .target_id = (uint32_t)target, .by_target = true, .name = "selftest second", .log = peer_log()};
    fr_source *source;
    fr_status status = fr_source_open(&source, &params);
    const uint64_t until_ns = fr_clock_now_ns() + REFUSAL_MS * NS_PER_MS;
    while (status >= 0 && fr_clock_now_ns() < until_ns)
        status = fr_source_poll(source, 20 * NS_PER_MS);
    fr_source_close(&source);
    if (status >= 0)
        return peer_failed("it was not turned away");
    peer_say("refused %d (%s)", (int)status, fr_status_text(status));
    return EXIT_DONE;
}
