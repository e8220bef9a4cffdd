/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "usage.h"
#include "say.h"
#include "stop.h"
#include "thread.h"

#include <stdlib.h>

enum { CAPTURES_MAX = 16, BUSY_RATE_MHZ = 60000 };

struct one {
    struct thread thread;
    struct session_params params;
    struct session_result *result;
};

static void run_one(void *user)
{
    struct one *one = user;
    session_run(&one->params, one->result);
}

static json_t *sum_up(const struct one *all, unsigned count, bool busy)
{
    uint64_t fresh = 0, repeats = 0, dropped = 0;
    double source = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct session_result *r = all[i].result;
        fresh += r->info.fresh;
        repeats += r->info.repeats;
        dropped += r->info.dropped;
        source += r->cpu_source;
    }
    /* CPU, memory and wake-ups are those of the whole process, as any of its sessions saw them. */
    const struct session_result *r = all[0].result;
    return json_pack("{s:i, s:b, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "targets", (int)count, "busy",
                     (int)busy, "fresh", (json_int_t)fresh, "repeats", (json_int_t)repeats, "dropped",
                     (json_int_t)dropped, "cpu_pct", r->cpu_host, "source_cpu_pct", source, "rss_mib",
                     (double)r->rss_bytes / 1048576.0, "wakeups_per_s",
                     r->duration_ns ? (double)r->context_switches * 1e9 / (double)r->duration_ns : 0.0);
}

static json_t *measure(struct one *all, unsigned count, bool busy, const struct bench_options *options)
{
    struct bench_worker_args worker;
    bench_worker_args(&worker, options->width ? options->width : 1280, options->width ? options->height : 720,
                      busy ? BUSY_RATE_MHZ : 0);
    unsigned started = 0;
    bool good = true;
    for (; started < count; started++) {
        all[started].params = bench_session_params(&worker, options->for_ns);
        all[started].params.any_target = true;
        all[started].params.capture.target_id = started;
        if (!thread_start(&all[started].thread, run_one, &all[started]))
            break;
    }
    for (unsigned i = 0; i < started; i++)
        thread_join(&all[i].thread);
    for (unsigned i = 0; i < started; i++)
        good = bench_session_is_good(all[i].result) && good;
    json_t *row = good && started == count ? sum_up(all, count, busy) : NULL;
    for (unsigned i = 0; i < started; i++)
        session_result_finish(all[i].result);
    return row;
}

json_t *bench_scale(const struct bench_options *options)
{
    static const unsigned counts[] = {1, 4, CAPTURES_MAX};
    struct one *all = calloc(CAPTURES_MAX, sizeof *all);
    struct session_result *results = calloc(CAPTURES_MAX, sizeof *results);
    json_t *list = json_array(), *row = list;
    for (unsigned i = 0; all && results && i < CAPTURES_MAX; i++)
        all[i].result = &results[i];
    for (size_t i = 0; row && all && results && i < 2 * sizeof counts / sizeof counts[0]; i++) {
        row = measure(all, counts[i / 2], i % 2 == 1, options);
        if (row)
            json_array_append_new(list, row);
    }
    if (!row || !all || !results) {
        if (!stop_requested() && say_errors() == 0)
            say(FR_LOG_ERROR, "the measurement failed");
        json_decref(list);
        list = NULL;
    }
    free(results);
    free(all);
    return list;
}
