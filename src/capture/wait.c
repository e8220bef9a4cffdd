/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "capture/capture.h"

#include "os/relax.h"

enum { LOOKS_A_ROUND = 32 }; /* a microsecond at most, and the clock and the caller are asked */

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Looks for the newest token instead of sleeping. True: there is another one, or the caller wants to end. */
static bool spin(fr_capture *capture, uint64_t until_ns)
{
    do {
        for (int i = 0; i < LOOKS_A_ROUND; i++) {
            if (fr_ring_host_moved(&capture->ring.words))
                return true;
            fr_cpu_relax();
        }
        if (fr_capture_is_cancelled(capture))
            return true;
    } while (fr_capture_now(capture) < until_ns);
    return false;
}

void fr_capture_make_waiter(fr_capture *capture)
{
    const struct fr_os *os = &capture->env.os;
    const struct fr_event *events[] = {&capture->env.notify, &capture->ring.event};
    if (os->ops->waiter_create)
        (void)os->ops->waiter_create(os->self, events, 2, &capture->ring.waiter);
}

/* The ring's event ends it as it is: the frame is taken before its reset, if it needs one at all. */
static fr_status sleep_on_events(fr_capture *capture, uint64_t timeout_ns)
{
    const struct fr_os *os = &capture->env.os;
    struct fr_generation *ring = &capture->ring;
    const struct fr_event *events[] = {&capture->env.notify, &ring->event};
    const bool soon = capture->idle < FR_CAPTURE_IDLE_SLICES;
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
static fr_status wait_for_frames(fr_capture *capture, uint64_t timeout_ns)
{
    const uint64_t spin_ns = smaller(capture->params.spin_ns, timeout_ns);
    if (spin_ns && spin(capture, fr_capture_now(capture) + spin_ns))
        return FR_OK;
    if (spin_ns == timeout_ns)
        return FR_TIMEOUT;
    reset_event(capture);
    if (!fr_ring_host_may_sleep(&capture->ring.words))
        return FR_OK;
    const fr_status status = sleep_on_events(capture, timeout_ns - spin_ns);
    fr_ring_host_awake(&capture->ring.words);
    return status;
}

bool fr_capture_wait(fr_capture *capture, uint64_t timeout_ns, uint32_t *wakes)
{
    const struct fr_os *os = &capture->env.os;
    const struct fr_event *notify = &capture->env.notify;
    timeout_ns = smaller(timeout_ns, FR_CAPTURE_LOOK_NS);
    const bool listens = capture->ring.present && *wakes < FR_CAPTURE_WAKES_MAX;
    const fr_status status =
        listens ? wait_for_frames(capture, timeout_ns) : os->ops->wait(os->self, &notify, 1, timeout_ns);
    /* A wait that lasted its time was not cut short for nothing. */
    *wakes = status == FR_OK ? *wakes + 1 : 0;
    return status == FR_OK;
}
