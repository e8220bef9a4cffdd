/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_link.h"

#include "clock.h"
#include "machine.h"
#include "say.h"
#include "stop.h"

/* Many workers start at once, and a slow machine is measured as well. */
#define START_WAIT_NS (30 * NS_PER_S)

static fr_status start_source(void *user, int socket_fd)
{
    struct bench_link *link = user;
    if (link->source_cpu < 0)
        return supervisor_start(&link->supervisor, socket_fd);
    machine_pin(link->source_cpu);
    fr_status status = supervisor_start(&link->supervisor, socket_fd);
    machine_pin(link->host_cpu);
    return status;
}

static bool cancelled(void *user)
{
    (void)user;
    return stop_requested();
}

bool bench_link_open(struct bench_link *link, fr_capture_params params)
{
    supervisor_init(&link->supervisor, link->argv ? link->argv : link->worker.argv, "source", false);
    params.no_socket = true;
    params.start_source = start_source;
    params.cancelled = cancelled;
    params.user = link;
    params.log = say_log();
    if (!params.timing.attach_wait_ns)
        params.timing.attach_wait_ns = START_WAIT_NS;
    unsigned errors_before = say_errors();
    fr_status status = fr_capture_open(&link->capture, &params, NULL);
    if (status == FR_OK)
        return true;
    if (say_errors() == errors_before)
        say(FR_LOG_ERROR, "%s",
            stop_requested() ? "stopped before the measurement was over" : fr_status_text(status));
    return false;
}

bool bench_link_is_well(struct bench_link *link)
{
    supervisor_watch(&link->supervisor, fr_clock_now_ns());
    if (!link->supervisor.ended && !link->supervisor.failed)
        return true;
    say(FR_LOG_ERROR, "a source of the measurement ended before it was over");
    return false;
}

void bench_link_close(struct bench_link *link)
{
    if (!link->supervisor.argv)
        return;
    fr_capture_close(&link->capture);
    supervisor_finish(&link->supervisor);
}
