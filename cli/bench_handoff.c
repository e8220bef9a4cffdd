/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "clock.h"
#include "histogram.h"
#include "say.h"
#include "summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUND_TRIPS = 20000, RATE_MHZ = 250000 };

static bool ping(int to, int from)
{
    uint64_t one = 1;
    return write(to, &one, sizeof one) == (ssize_t)sizeof one &&
           read(from, &one, sizeof one) == (ssize_t)sizeof one;
}

static void answer(int from, int to)
{
    uint64_t one = 1;
    for (int i = 0; i < ROUND_TRIPS; i++)
        if (read(from, &one, sizeof one) != (ssize_t)sizeof one ||
            write(to, &one, sizeof one) != (ssize_t)sizeof one)
            _exit(1);
    _exit(0);
}

/* What two processes that only wake each other need, there and back: the floor of every hand-off. */
static bool eventfd_round_trip(struct histogram *out)
{
    int there = eventfd(0, EFD_CLOEXEC), back = eventfd(0, EFD_CLOEXEC);
    pid_t pid = there >= 0 && back >= 0 ? fork() : -1;
    bool good = pid > 0;
    if (pid == 0)
        answer(there, back);
    for (int i = 0; good && i < ROUND_TRIPS; i++) {
        uint64_t begin = clock_now_ns();
        good = ping(there, back);
        histogram_add(out, clock_now_ns() - begin);
    }
    if (!good)
        say(FR_LOG_ERROR, "the eventfd round trip failed: %s", strerror(errno));
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (there >= 0)
        close(there);
    if (back >= 0)
        close(back);
    return good;
}

json_t *bench_handoff(const struct bench_options *options)
{
    uint32_t width = options->width ? options->width : 1920, height = options->width ? options->height : 1080;
    struct bench_worker_args worker;
    bench_worker_args(&worker, width, height, RATE_MHZ);
    struct session_params params = bench_session_params(&worker, options->for_ns);
    struct session_result *result = calloc(1, sizeof *result);
    struct histogram *floor = calloc(1, sizeof *floor);
    json_t *object = NULL;
    if (!result || !floor) {
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    } else if (eventfd_round_trip(floor)) {
        session_run(&params, result);
        if (bench_session_is_good(result))
            object = json_pack("{s:i, s:i, s:I, s:I, s:o, s:o, s:o}", "width", (int)width, "height",
                               (int)height, "fresh", (json_int_t)result->info.fresh, "dropped",
                               (json_int_t)result->info.dropped, "publish_to_take_us",
                               summary_percentiles(&result->publish_to_take), "take_to_converted_us",
                               summary_percentiles(&result->take_to_converted), "eventfd_round_trip_us",
                               summary_percentiles(floor));
        session_result_finish(result);
    }
    free(floor);
    free(result);
    return object;
}
