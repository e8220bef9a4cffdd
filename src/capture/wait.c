/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "os/relax.h"

enum { LOOKS_A_ROUND = 32 }; /* a microsecond at most, and the clock and the caller are asked */

enum look { LOOK_SEEN, LOOK_CANCELLED, LOOK_OVER };

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Looks for the newest token instead of sleeping. */
static enum look look(fr_capture *capture, uint64_t until_ns)
{
    do {
        for (int i = 0; i < LOOKS_A_ROUND; i++) {
            if (fr_ring_host_moved(&capture->ring.words))
                return LOOK_SEEN;
            fr_cpu_relax();
        }
        if (fr_capture_is_cancelled(capture))
            return LOOK_CANCELLED;
    } while (fr_capture_now(capture) < until_ns);
    return LOOK_OVER;
}

void fr_capture_make_waiter(fr_capture *capture)
{
    const struct fr_os *os = &capture->env.os;
    const struct fr_event *events[] = {&capture->env.notify, &capture->ring.event};
    if (os->ops->waiter_create)
        (void)os->ops->waiter_create(os->self, events, 2, &capture->ring.waiter);
}

/* The ring's event ends it as it is: the frame is taken before its reset, if it needs one at all. */
static fr_status sleep_on_events(fr_capture *capture, uint64_t timeout_ns, bool exact)
{
    const struct fr_os *os = &capture->env.os;
    struct fr_generation *ring = &capture->ring;
    const struct fr_event *events[] = {&capture->env.notify, &ring->event};
    const bool soon = exact || capture->idle < FR_CAPTURE_IDLE_SLICES;
    uint32_t signalled = 0, left = 0;
    const fr_status status = ring->waiter
                                 ? os->ops->waiter_wait(os->self, ring->waiter, timeout_ns, soon, &signalled)
                                 : os->ops->wait_only(os->self, events, 2, timeout_ns, &left);
    if ((signalled | left) & 1)
        os->ops->event_reset(os->self, &capture->env.notify);
    ring->event_left = (left & 2) != 0;
    return status;
}

/* Takes back what ended the last sleep, and whatever was signalled since: `latest` is looked at after it. */
static void reset_event(fr_capture *capture)
{
    if (!capture->ring.event_left)
        return;
    capture->ring.event_left = false;
    capture->env.os.ops->event_reset(capture->env.os.self, &capture->ring.event);
}

/* FR_OK: something may have happened. */
static fr_status sleep_until(fr_capture *capture, uint64_t now_ns, uint64_t until_ns, bool exact)
{
    reset_event(capture);
    if (!fr_ring_host_may_sleep(&capture->ring.words))
        return FR_OK;
    const fr_status status = sleep_on_events(capture, until_ns - now_ns, exact);
    fr_ring_host_awake(&capture->ring.words);
    return status;
}

/* The same, awake. */
static fr_status look_until(fr_capture *capture, uint64_t begin_ns, uint64_t until_ns)
{
    struct fr_pace *pace = &capture->pace;
    const enum look end = look(capture, until_ns);
    const uint64_t now = fr_capture_now(capture);
    capture->seen_looking = end == LOOK_SEEN;
    capture->looked_ns += now - begin_ns;
    if (end == LOOK_SEEN || (end == LOOK_OVER && now >= pace->until_ns))
        fr_pace_looked(pace, end == LOOK_SEEN);
    return end == LOOK_SEEN || end == LOOK_CANCELLED ? FR_OK : FR_TIMEOUT;
}

/* Asleep until shortly before a frame is due, then looking, then asleep again. Whatever comes meanwhile ends
 * a sleep. */
static fr_status wait_for_frames(fr_capture *capture, uint64_t timeout_ns)
{
    struct fr_pace *pace = &capture->pace;
    uint64_t now = fr_capture_now(capture);
    const uint64_t end = now + timeout_ns, from = pace->from_ns, until = smaller(pace->until_ns, end);
    if (now < from && from < until) {
        fr_pace_nap(pace);
        const fr_status status = sleep_until(capture, now, from, true);
        now = fr_capture_now(capture);
        if (status == FR_OK || now < from) /* before its time: a signal of the system's */
            return status;
        fr_pace_woke(pace, now);
    }
    if (now >= from && now < until) {
        if (look_until(capture, now, until) == FR_OK)
            return FR_OK;
        now = fr_capture_now(capture);
    }
    return now < end ? sleep_until(capture, now, end, false) : FR_TIMEOUT;
}

bool fr_capture_wait(fr_capture *capture, uint64_t timeout_ns, uint32_t *wakes)
{
    const struct fr_os *os = &capture->env.os;
    const struct fr_event *notify = &capture->env.notify;
    timeout_ns = smaller(timeout_ns, FR_CAPTURE_LOOK_NS);
    capture->seen_looking = false;
    const bool listens = capture->ring.present && *wakes < FR_CAPTURE_WAKES_MAX;
    const fr_status status =
        listens ? wait_for_frames(capture, timeout_ns) : os->ops->wait(os->self, &notify, 1, timeout_ns);
    /* A wait that lasted its time was not cut short for nothing. */
    *wakes = status == FR_OK ? *wakes + 1 : 0;
    return status == FR_OK;
}
