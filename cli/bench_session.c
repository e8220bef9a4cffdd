/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "bench_stages.h"
#include "clock.h"
#include "usage.h"
#include "say.h"
#include "sources.h"
#include "summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH_NS (4 * NS_PER_S)

enum { RING_LEN = 4, ROW_ALIGN = 64, OUT_SURFACES = SESSION_QUEUE_LIVE + 2 };

/* What the rings hold in memory: it is the session's by design, all else is overhead. */
static uint64_t ring_bytes(const fr_capture_info *info)
{
    uint64_t width = info->display.mode.width, height = info->display.mode.height;
    uint64_t row = (width * fr_format_pixel_bytes(info->ring_format) + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN;
    uint64_t sample = info->out_format == FR_FORMAT_P010 ? 2 : 1;
    return RING_LEN * row * height + OUT_SURFACES * (width * height * 3 / 2) * sample;
}

struct plan {
    const struct bench_options *options;
    char path[FILES_PATH_MAX], source[SOURCES_KIND_BYTES], size[24], file[FILES_PATH_MAX];
    bool has_file;
    char *argv[8];
};

/* The source program with as much of size and rate as it takes. */
static bool plan_source(struct plan *plan)
{
    static char size_option[] = "--size", fps_option[] = "--fps", fps[] = "60";
    struct sources_options known;
    if (!sources_find(plan->source, plan->path, sizeof plan->path) ||
        !sources_ask_options(plan->path, &known))
        return false;
    size_t used = 0;
    plan->argv[used++] = plan->path;
    if (sources_option_kind(&known, size_option) == ARGS_VALUE) {
        plan->argv[used++] = size_option;
        plan->argv[used++] = plan->size;
    }
    if (sources_option_kind(&known, fps_option) == ARGS_VALUE) {
        plan->argv[used++] = fps_option;
        plan->argv[used++] = fps;
    }
    plan->argv[used] = NULL;
    return true;
}

static bool make_file(struct plan *plan)
{
    plan->has_file = files_make_temporary(plan->file, sizeof plan->file, ".mkv");
    if (!plan->has_file)
        say(FR_LOG_ERROR, "cannot make a file in %s", plan->file);
    return plan->has_file;
}

static bool run(struct plan *plan, const char *url, char *const *argv, struct session_result *result)
{
    struct bench_worker_args worker;
    bench_worker_args(&worker, plan->options->width, plan->options->height, "0");
    struct session_params params = bench_session_params(&worker, plan->options->for_ns);
    params.recorder.url = url;
    params.cap_mhz = 60000;
    params.capture.ring_len = RING_LEN;
    if (argv) {
        params.source_argv = argv;
        params.source_kind = plan->source;
    }
    params.capture.preferred = (fr_mode){plan->options->width, plan->options->height, 60000};
    params.capture.timing.event_slice_ns = NS_PER_S / 60;
    session_run(&params, result);
    return bench_session_is_good(result);
}

static bool append(json_t *report, const char *name, const struct session_result *result)
{
    return json_object_set_new(report, name, summary_json(result)) == 0;
}

static double median_us(const struct histogram *histogram)
{
    return (double)histogram_at(histogram, 0.5) / (double)NS_PER_US;
}

/* From publish to encoded, as a ratio to what its stages take each alone. */
static bool add_stages(struct plan *plan, struct bench_stages *stages, const struct session_result *result,
                       json_t *report)
{
    if (!bench_stages_rest(stages, plan->argv, &result->info, plan->file))
        return false;
    double session = median_us(&result->publish_to_take) + median_us(&result->take_to_converted) +
                     median_us(&result->converted_to_encoded);
    double sum = stages->wake_us + stages->convert_us + stages->encode_us;
    json_object_set_new(report, "stages_us",
                        json_pack("{s:f, s:f, s:f}", "wake", stages->wake_us, "convert", stages->convert_us,
                                  "encode", stages->encode_us));
    json_object_set_new(report, "session_us", json_real(session));
    json_object_set_new(report, "ratio", json_real(sum > 0 ? session / sum : 0));
    return true;
}

/* Three sessions: with an encoder, without, and with an idle display. */
static bool measure(struct plan *plan, json_t *report, struct session_result *result)
{
    struct bench_stages stages;
    bool good = bench_stages_wake(&stages) && make_file(plan) && run(plan, plan->file, plan->argv, result) &&
                add_stages(plan, &stages, result, report);
    if (plan->has_file)
        files_remove(plan->file);
    if (!good)
        return false;
    append(report, "encoded", result);
    json_object_set_new(report, "fresh", json_integer((json_int_t)result->info.fresh));
    json_object_set_new(report, "dropped", json_integer((json_int_t)result->info.dropped));
    session_result_finish(result);

    good = run(plan, "null:", plan->argv, result);
    if (!good)
        return false;
    append(report, "plain", result);
    uint64_t rings = ring_bytes(&result->info);
    json_object_set_new(report, "host_cpu_pct", json_real(result->cpu_host));
    json_object_set_new(report, "rss_mib", json_real((double)result->rss_bytes / 1048576.0));
    json_object_set_new(report, "rings_mib", json_real((double)rings / 1048576.0));
    json_object_set_new(report, "rss_beyond_rings_mib",
                        json_real(((double)result->rss_bytes - (double)rings) / 1048576.0));
    session_result_finish(result);

    good = run(plan, "null:", NULL, result);
    if (!good)
        return false;
    append(report, "idle", result);
    json_object_set_new(report, "idle_cpu_pct", json_real(result->cpu_host));
    json_object_set_new(report, "idle_repeats_per_s",
                        json_real((double)result->info.repeats * 1e9 / (double)result->duration_ns));
    return true;
}

json_t *bench_session(const struct bench_options *options)
{
    struct bench_options used = *options;
    if (!used.for_ns)
        used.for_ns = LENGTH_NS;
    if (!used.width) {
        used.width = 1920;
        used.height = 1080;
    }
    struct session_result *result = calloc(1, sizeof *result);
    struct plan *plan = calloc(1, sizeof *plan);
    json_t *report =
        json_pack("{s:i, s:i, s:i, s:f, s:s}", "width", (int)used.width, "height", (int)used.height, "fps",
                  60, "seconds", (double)used.for_ns / 1e9, "source", used.source);
    bool good = false;
    if (!result || !plan || !report) {
        say(FR_LOG_ERROR, "%s", fr_status_text(FR_ERR_NO_MEMORY));
    } else {
        plan->options = &used;
        snprintf(plan->source, sizeof plan->source, "%s", used.source);
        snprintf(plan->size, sizeof plan->size, "%ux%u", used.width, used.height);
        good = plan_source(plan) && measure(plan, report, result);
        session_result_finish(result);
    }
    if (!good) {
        json_decref(report);
        report = NULL;
    }
    free(plan);
    free(result);
    return report;
}
