/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "summary.h"

#include "clock.h"
#include "say.h"
#include "units.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

char *summary_flip_kind(uint32_t kind, char *out, size_t bytes)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } kinds[] = {
        {FR_FLIP_HDR, "hdr"}, {FR_FLIP_SIZE, "size"}, {FR_FLIP_SOURCE, "source"}, {FR_FLIP_DEVICE, "device"}};
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kind & kinds[i].bit && used < bytes)
            used += (size_t)snprintf(out + used, bytes - used, "%s%s", used ? "+" : "", kinds[i].name);
    if (used == 0)
        snprintf(out, bytes, "none");
    return out;
}

/* Three decimals: more are noise. */
static json_t *number(double value)
{
    return json_real(floor(value * 1000.0 + 0.5) / 1000.0);
}

static json_t *integer(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static double to_ms(uint64_t ns)
{
    return (double)ns / (double)NS_PER_MS;
}

static double to_us(uint64_t ns)
{
    return (double)ns / (double)NS_PER_US;
}

json_t *summary_percentiles(const struct histogram *histogram)
{
    return json_pack("{s:o, s:o}", "p50", number(to_us(histogram_at(histogram, 0.50))), "p99",
                     number(to_us(histogram_at(histogram, 0.99))));
}

static json_t *flips_json(const struct session_result *r)
{
    json_t *flips = json_array();
    char kind[32];
    for (uint64_t i = 0; i < r->num_flips && i < SESSION_FLIPS_MAX; i++) {
        const fr_flip *flip = &r->flips[i];
        uint64_t at = flip->at_ns > r->started_ns ? flip->at_ns - r->started_ns : 0;
        json_array_append_new(flips, json_pack("{s:s, s:o, s:o}", "kind",
                                               summary_flip_kind(flip->kind, kind, sizeof kind), "at_ms",
                                               number(to_ms(at)), "gap_ms", number(to_ms(flip->gap_ns))));
    }
    return flips;
}

static json_t *files_json(const struct session_result *r)
{
    json_t *files = json_array();
    for (uint32_t i = 0; i < r->num_files; i++) {
        json_t *file = json_string(r->files[i]);
        /* A path need not be UTF-8; JSON must. */
        json_array_append_new(files, file ? file : json_string("(a name that is not UTF-8)"));
    }
    return files;
}

/* Of a core, over the whole session. */
static double looking_pct(const struct session_result *r)
{
    return r->duration_ns ? 100.0 * (double)r->info.looked_ns / (double)r->duration_ns : 0;
}

static double converted_pct(const fr_capture_info *info)
{
    return info->taken_pixels ? 100 * (double)info->converted_pixels / (double)info->taken_pixels : 0;
}

json_t *summary_json(const struct session_result *r)
{
    const fr_capture_info *info = &r->info;
    json_t *object = json_object();
    json_object_set_new(object, "fresh", integer(info->fresh));
    json_object_set_new(object, "repeats", integer(info->repeats));
    json_object_set_new(object, "dropped", integer(info->dropped));
    json_object_set_new(object, "generations", integer(info->generations));
    json_object_set_new(object, "converted_pct", number(converted_pct(info)));
    json_object_set_new(object, "flips", flips_json(r));
    json_object_set_new(object, "latency_us",
                        json_pack("{s:o, s:o, s:o}", "publish_to_take",
                                  summary_percentiles(&r->publish_to_take), "take_to_converted",
                                  summary_percentiles(&r->take_to_converted), "converted_to_encoded",
                                  summary_percentiles(&r->converted_to_encoded)));
    json_object_set_new(object, "cpu_pct",
                        json_pack("{s:o, s:o, s:o, s:o}", "host", number(r->cpu_host), "source",
                                  number(r->cpu_source), "frame_thread", number(r->cpu_frame_thread),
                                  "encoder", number(fmax(0, r->cpu_host - r->cpu_frame_thread))));
    json_object_set_new(
        object, "looking",
        json_pack("{s:o, s:o}", "frames", integer(info->looked), "cpu_pct", number(looking_pct(r))));
    json_object_set_new(object, "backend", json_string(info->backend ? info->backend : ""));
    json_object_set_new(object, "encoder", json_string(r->encoder));
    json_object_set_new(object, "encoder_input", json_string(r->encoder_input ? r->encoder_input : ""));
    json_object_set_new(object, "encoder_input_reason", json_string(r->encoder_input_reason));
    json_object_set_new(object, "files", files_json(r));

    json_object_set_new(object, "end", json_string(session_end_name(r->end)));
    if (r->status < 0)
        json_object_set_new(object, "error", json_string(fr_status_text(r->status)));
    json_object_set_new(object, "target", integer(r->target_id));
    json_object_set_new(object, "duration_s", number((double)r->duration_ns / 1e9));
    json_object_set_new(object, "setup_ms", number(to_ms(r->setup_ns)));
    json_object_set_new(object, "frames_encoded", integer(r->frames_encoded));
    json_object_set_new(object, "bytes", integer(r->bytes));
    json_object_set_new(object, "dropped_at_start", integer(r->dropped_at_start));
    json_object_set_new(object, "mismatched", integer(info->mismatched));
    json_object_set_new(object, "offered", integer(info->offered));
    json_object_set_new(object, "published", integer(info->published));
    json_object_set_new(object, "restarts", integer(r->restarts));
    json_object_set_new(object, "flips_total", integer(r->num_flips));
    json_object_set_new(object, "slots", json_string(info->slots ? info->slots : ""));
    json_object_set_new(object, "sync", json_string(info->sync ? info->sync : ""));
    json_object_set_new(object, "source_path", json_string(info->source_path ? info->source_path : ""));
    json_object_set_new(object, "host_path", json_string(info->host_path ? info->host_path : ""));
    json_object_set_new(object, "kernel", json_string(info->kernel ? info->kernel : ""));
    json_object_set_new(object, "width", integer(info->display.mode.width));
    json_object_set_new(object, "height", integer(info->display.mode.height));
    json_object_set_new(object, "format", json_string(fr_format_name(info->out_format)));
    json_object_set_new(object, "colour_state",
                        json_string(fr_colour_state_name(info->display.colour_state)));
    json_object_set_new(object, "rss_mib", number((double)r->rss_bytes / 1048576.0));
    json_object_set_new(
        object, "wakeups_per_s",
        number(r->duration_ns ? (double)r->context_switches * 1e9 / (double)r->duration_ns : 0));
    if (r->has_hash) {
        char hash[20];
        snprintf(hash, sizeof hash, "%016" PRIx64, r->hash);
        json_object_set_new(object, "hash", json_string(hash));
    }
    return object;
}

bool summary_print(json_t *object)
{
    bool good = object && json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) == 0 &&
                putchar('\n') != EOF && fflush(stdout) == 0;
    if (!good)
        say(FR_LOG_ERROR, "cannot write the result to the standard output: %s",
            strerror(object ? errno : ENOMEM));
    json_decref(object);
    return good;
}

static void write_latency(FILE *file, const char *name, const struct histogram *histogram)
{
    fprintf(file, "  %-22s %9.2f %9.2f\n", name, to_us(histogram_at(histogram, 0.5)) / 1000.0,
            to_us(histogram_at(histogram, 0.99)) / 1000.0);
}

static void write_flips(FILE *file, const struct session_result *r)
{
    char kind[32];
    fprintf(file, "changes of the display or the source\n");
    for (uint64_t i = 0; i < r->num_flips && i < SESSION_FLIPS_MAX; i++) {
        uint64_t at = r->flips[i].at_ns > r->started_ns ? r->flips[i].at_ns - r->started_ns : 0;
        fprintf(file, "  %9.3f s  %-12s gap %.1f ms\n", (double)at / 1e9,
                summary_flip_kind(r->flips[i].kind, kind, sizeof kind), to_ms(r->flips[i].gap_ns));
    }
    if (r->num_flips > SESSION_FLIPS_MAX)
        fprintf(file, "  ... and %" PRIu64 " more\n", r->num_flips - SESSION_FLIPS_MAX);
}

void summary_write(FILE *file, const struct session_result *r)
{
    char clock[24];
    const fr_capture_info *info = &r->info;
    if (!r->began)
        return;
    fprintf(file, "%s at %ux%u %s (%s), %s to %s\n", units_write_clock(clock, sizeof clock, r->duration_ns),
            info->display.mode.width, info->display.mode.height, fr_format_name(info->out_format),
            fr_colour_state_name(info->display.colour_state), info->backend ? info->backend : "",
            r->encoder[0] ? r->encoder : "no encoder");
    if (info->way && *info->way)
        fprintf(file, "  frames came through %s, converted by %s\n", info->way,
                info->kernel && *info->kernel ? info->kernel : "nothing yet");
    if (r->encoder_input_reason[0])
        fprintf(file, "  they went to the encoder through memory: %s\n", r->encoder_input_reason);
    else if (r->encoder_input && *r->encoder_input && strcmp(r->encoder_input, "memory") != 0)
        fprintf(file, "  they went to the encoder without a copy (%s)\n", r->encoder_input);
    fprintf(file,
            "  %" PRIu64 " fresh, %" PRIu64 " repeated, %" PRIu64 " dropped; %" PRIu64
            " encoded; %u generation%s\n",
            info->fresh, info->repeats, info->dropped, r->frames_encoded, info->generations,
            info->generations == 1 ? "" : "s");
    if (info->looked_ns)
        fprintf(file,
                "  %" PRIu64 " fresh ones came while it looked for them, which took %.2f %% of a core\n",
                info->looked, looking_pct(r));
    if (info->mismatched)
        fprintf(file, "  %" PRIu64 " frames of the source had another size or format than the ring\n",
                info->mismatched);
    fprintf(file, "latency in ms                 p50       p99\n");
    write_latency(file, "publish to take", &r->publish_to_take);
    write_latency(file, "take to converted", &r->take_to_converted);
    write_latency(file, "converted to encoded", &r->converted_to_encoded);
    fprintf(file, "cpu, %% of a core: host %.1f (frame thread %.1f), source %.1f\n", r->cpu_host,
            r->cpu_frame_thread, r->cpu_source);
    if (r->num_flips)
        write_flips(file, r);
    if (r->has_hash)
        fprintf(file, "hash %016" PRIx64 "\n", r->hash);
    for (uint32_t i = 0; i < r->num_files; i++)
        fprintf(file, "wrote %s\n", r->files[i]);
}
