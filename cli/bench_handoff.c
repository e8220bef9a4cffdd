/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "histogram.h"
#include "say.h"
#include "summary.h"

#include <stdlib.h>

enum { RATE_MHZ = 250000 };

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
    } else if (bench_round_trip(floor)) {
        session_run(&params, result);
        if (bench_session_is_good(result))
            object = json_pack("{s:i, s:i, s:I, s:I, s:o, s:o, s:o}", "width", (int)width, "height",
                               (int)height, "fresh", (json_int_t)result->info.fresh, "dropped",
                               (json_int_t)result->info.dropped, "publish_to_take_us",
                               summary_percentiles(&result->publish_to_take), "take_to_converted_us",
                               summary_percentiles(&result->take_to_converted), bench_round_trip_name,
                               summary_percentiles(floor));
        session_result_finish(result);
    }
    free(floor);
    free(result);
    return object;
}
