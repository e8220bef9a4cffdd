/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Shared memory between two processes. */
#include "selftest/areas.h"
#include "selftest/duo.h"

#include "clock.h"

#include <inttypes.h>

static const struct duo_wish plain = {
    .capture = {.backend = FR_BACKEND_CPU},
    .colour_state = FR_COLOUR_STATE_SDR,
};

static void cpu(struct selftest *test)
{
    struct duo duo;
    const fr_status status = duo_open(&duo, test, &plain);
    if (status < 0) {
        selftest_fail(test, "the ring does not open: %s", selftest_reason(test, status));
    } else if (duo_check_numbers(&duo, DUO_FRAMES)) {
        fr_capture_info info;
        fr_capture_get_info(duo.capture, &info);
        selftest_pass(test,
                      "%d frames of %dx%d came through (%s, %s), none torn, mislabelled or out of order",
                      DUO_FRAMES, DUO_WIDTH, DUO_HEIGHT, info.backend, info.sync);
    }
    duo_close(&duo);
}

/* HDR's format and converter on the same way. */
static void cpu_hdr(struct selftest *test)
{
    struct duo_wish wish = plain;
    wish.colour_state = FR_COLOUR_STATE_HDR;
    struct duo duo;
    const fr_status status = duo_open(&duo, test, &wish);
    if (status < 0) {
        selftest_fail(test, "the ring does not open: %s", selftest_reason(test, status));
    } else if (duo_check_numbers(&duo, DUO_FRAMES / 4)) {
        fr_capture_info info;
        fr_capture_get_info(duo.capture, &info);
        if (info.out_format == FR_FORMAT_P010)
            selftest_pass(test, "%d frames of an HDR display came through as %s to %s", DUO_FRAMES / 4,
                          fr_format_name(info.ring_format), fr_format_name(info.out_format));
        else
            selftest_fail(test, "frames of an HDR display became %s", fr_format_name(info.out_format));
    }
    duo_close(&duo);
}

static bool repeats_until_gone(struct duo *duo)
{
    const uint64_t until_ns = fr_clock_now_ns() + DUO_FRAME_MS * NS_PER_MS;
    fr_capture_info info = {.liveness = FR_LIVENESS_FLOWING};
    fr_status status = FR_OK;
    while (status >= 0 && fr_clock_now_ns() < until_ns &&
           (info.liveness != FR_LIVENESS_GONE || status != FR_REPEAT)) {
        fr_frame frame;
        status = fr_capture_next(duo->capture, &frame);
        fr_frame_release(&frame);
        fr_capture_get_info(duo->capture, &info);
    }
    if (status == FR_REPEAT && info.liveness == FR_LIVENESS_GONE)
        return true;
    selftest_fail(duo->test, "the death of the source was not noticed within %d ms (state %s, source %s)",
                  DUO_FRAME_MS, fr_capture_state_name(info.state), fr_liveness_name(info.liveness));
    return false;
}

static void death(struct selftest *test)
{
    struct duo duo;
    const fr_status status = duo_open(&duo, test, &plain);
    if (status < 0) {
        selftest_fail(test, "the ring does not open: %s", selftest_reason(test, status));
    } else if (duo_check_numbers(&duo, 20)) {
        const uint64_t killed_ns = fr_clock_now_ns();
        peer_kill(&duo.peer);
        if (repeats_until_gone(&duo)) {
            const unsigned noticed_ms = (unsigned)((fr_clock_now_ns() - killed_ns) / NS_PER_MS);
            if (duo_invite(&duo) && duo_check_numbers(&duo, 20))
                selftest_pass(test,
                              "a killed source was noticed after %u ms, the last frame was repeated, and "
                              "another source went on",
                              noticed_ms);
        }
    }
    duo_close(&duo);
}

static const struct selftest_row rows[] = {
    {"ring", "memory", "frames through shared memory, two processes", 30000, false, cpu, NULL},
    {"ring", "memory-hdr", "the same for an HDR display", 30000, false, cpu_hdr, NULL},
    {"ring", "death", "a source that is killed", 30000, false, death, NULL},
};
const struct selftest_rows selftest_ring = {rows, sizeof rows / sizeof rows[0]};
