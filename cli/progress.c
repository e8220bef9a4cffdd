/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include "clock.h"
#include "say.h"
#include "terminal.h"
#include "units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DRAW_NS (250 * NS_PER_MS)
#define MEASURE_NS NS_PER_S
#define FIRST_MEASURE_NS (400 * NS_PER_MS)

void progress_init(struct progress *progress, bool enabled, uint64_t now_ns)
{
    *progress = (struct progress){.enabled = enabled, .started_ns = now_ns, .measured_ns = now_ns};
}

bool progress_is_due(const struct progress *progress, uint64_t now_ns)
{
    return progress->enabled && now_ns - progress->drawn_ns >= DRAW_NS;
}

static double rate(uint64_t now, uint64_t before, uint64_t ns)
{
    return now >= before && ns ? (double)(now - before) * 1e9 / (double)ns : 0;
}

static void measure(struct progress *progress, uint64_t now_ns, const fr_capture_info *info, uint64_t encoded)
{
    uint64_t ns = now_ns - progress->measured_ns;
    bool first = progress->measured_ns == progress->started_ns;
    if (ns < (first ? FIRST_MEASURE_NS : MEASURE_NS))
        return;
    progress->fresh_rate = rate(info->fresh, progress->fresh, ns);
    progress->repeat_rate = rate(info->repeats, progress->repeats, ns);
    progress->encoded_rate = rate(encoded, progress->encoded, ns);
    progress->fresh = info->fresh;
    progress->repeats = info->repeats;
    progress->encoded = encoded;
    progress->measured_ns = now_ns;
}

static void write_age(char *out, size_t bytes, uint64_t now_ns, uint64_t then_ns)
{
    if (then_ns == 0 || then_ns > now_ns)
        snprintf(out, bytes, "-");
    else if (now_ns - then_ns < 10 * NS_PER_S)
        snprintf(out, bytes, "%" PRIu64 " ms", (now_ns - then_ns) / NS_PER_MS);
    else
        snprintf(out, bytes, "%" PRIu64 " s", (now_ns - then_ns) / NS_PER_S);
}

void progress_format(const struct progress *progress, uint64_t now_ns, const fr_capture_info *info,
                     const char *file, char *out, size_t bytes)
{
    char clock[24], age[24];
    const char *state = info->state == FR_CAPTURE_RUNNING ? "" : fr_capture_state_name(info->state);
    write_age(age, sizeof age, now_ns, info->newest_present_ns);
    int written = snprintf(
        out, bytes,
        "%s  %.1f fresh/s  %.1f repeats/s  %" PRIu64 " dropped  age %s  enc %.1f/s  %ux%u %s %s%s%s  %s",
        units_write_clock(clock, sizeof clock, now_ns - progress->started_ns), progress->fresh_rate,
        progress->repeat_rate, info->dropped, age, progress->encoded_rate, info->display.mode.width,
        info->display.mode.height, fr_format_name(info->out_format),
        fr_colour_state_name(info->display.colour_state), *state ? "  " : "", state, file);
    if (written < 0)
        out[0] = '\0';
}

void progress_draw(struct progress *progress, uint64_t now_ns, const fr_capture_info *info, uint64_t encoded,
                   const char *file)
{
    char line[400];
    measure(progress, now_ns, info, encoded);
    progress_format(progress, now_ns, info, file, line, sizeof line);
    /* One column less than there are: a full line would wrap on some terminals. */
    int columns = terminal_columns();
    if (columns > 1 && (size_t)columns <= strlen(line))
        line[columns - 1] = '\0';
    say_progress(line);
    progress->drawn_ns = now_ns;
}
