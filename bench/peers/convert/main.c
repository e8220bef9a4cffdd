/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Conversion by others, beside framering's. README.md says how to read the figures. */

#include "measure.h"
#include "options.h"
#include "peers_config.h"
#include "picture.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PEERS = 16, WARM_CALLS = 2, CALLS_MIN = 2, CALLS_MAX = 16 };
#define ROUND_NS (30 * NS_PER_MS)

static const struct peer_family families[] = {
    {"libyuv", "libyuv-dev", HAVE_LIBYUV ? peers_libyuv : NULL},
    {"swscale", "libswscale-dev", peers_swscale},
    {"zimg", "libzimg-dev", HAVE_ZIMG ? peers_zimg : NULL},
    {"libplacebo", "libplacebo-dev", HAVE_LIBPLACEBO ? peers_libplacebo : NULL},
};
enum { NUM_FAMILIES = sizeof families / sizeof families[0] };

struct entry {
    const struct peer *peer;
    void *state;
    struct codes out;
    struct samples wall, cpu;
};

struct table {
    struct entry entries[MAX_PEERS]; /* the first is ours */
    size_t count;
};

/* False: it cannot do this here. */
static bool add(struct table *table, const struct peer *peer, const struct picture *picture)
{
    struct entry *e = &table->entries[table->count];
    *e = (struct entry){.peer = peer};
    if (table->count == MAX_PEERS || !codes_init(&e->out, picture))
        return false;
    e->state = peer->open(picture, &e->out);
    bool good = e->state;
    for (int i = 0; good && i < WARM_CALLS; i++)
        good = peer->run(e->state);
    if (good) {
        table->count++;
        return true;
    }
    if (e->state)
        peer->close(e->state);
    codes_finish(&e->out);
    return false;
}

static void finish(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        struct entry *e = &table->entries[i];
        e->peer->close(e->state);
        codes_finish(&e->out);
        samples_finish(&e->wall);
        samples_finish(&e->cpu);
    }
}

/* One call to warm caches that others used meanwhile, then as many as a round has time for. */
static void run_round(struct entry *e)
{
    e->peer->run(e->state);
    const uint64_t begin = now_ns();
    for (int i = 0; i < CALLS_MAX && (i < CALLS_MIN || now_ns() - begin < ROUND_NS); i++) {
        const uint64_t wall = now_ns(), cpu = process_cpu_ns();
        e->peer->run(e->state);
        samples_add(&e->cpu, process_cpu_ns() - cpu);
        samples_add(&e->wall, now_ns() - wall);
    }
}

static json_t *describe(struct entry *e, struct entry *ours, const struct picture *picture)
{
    if (e->peer->fetch)
        e->peer->fetch(e->state);
    json_t *difference = codes_difference(&ours->out, &e->out, picture);
    const double ms = (double)samples_at(&e->wall, 0.5) / 1e6, cpu = (double)samples_at(&e->cpu, 0.5) / 1e6;
    const double ours_ms = (double)samples_at(&ours->wall, 0.5) / 1e6,
                 ours_cpu = (double)samples_at(&ours->cpu, 0.5) / 1e6;
    return json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:s, s:o, s:s}", "name",
                     e->peer->name, "version", e->peer->version(), "task",
                     picture->from == FR_FORMAT_BGRA8 ? "bgra-nv12" : "rgba16f-p010", "width",
                     (int)picture->width, "height", (int)picture->height, "runs", (int)e->wall.count, "ms",
                     ms, "ours_ms", ours_ms, "cpu_ms", cpu, "ours_cpu_ms", ours_cpu, "ratio", cpu / ours_cpu,
                     "wall_ratio", ms / ours_ms, "ours_kernel", ours->peer->version(), "difference",
                     difference, "differs", e->peer->differs);
}

static void fill_table(struct table *table, const struct picture *picture, struct report *report)
{
    for (size_t f = 0; f < NUM_FAMILIES; f++)
        for (const struct peer *p = families[f].peers; p && p->name; p++)
            if (p->from == picture->from && !add(table, p, picture))
                report_missing(report, p->name, families[f].package,
                               "does not run here; standard error says why");
}

static bool measure(fr_format from, uint32_t width, uint32_t height, int rounds, struct report *report)
{
    struct picture picture;
    struct table table = {.count = 0};
    const struct peer *ours = peers_ours;
    while (ours->from != from)
        ours++;
    bool good = picture_init(&picture, from, width, height) && add(&table, ours, &picture);
    if (good) {
        fill_table(&table, &picture, report);
        for (int round = 0; round < rounds; round++)
            for (size_t i = 0; i < table.count; i++)
                run_round(&table.entries[i]);
        for (size_t i = 1; i < table.count; i++)
            report_add(report, describe(&table.entries[i], &table.entries[0], &picture));
    }
    finish(&table);
    picture_finish(&picture);
    return good;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!options_parse(&options, argc, argv, "framering-peers-convert"))
        return 2;
    struct report report;
    pin_to(nth_core(0));
    if (options.realtime)
        be_realtime();
    bool good = report_init(&report);
    for (size_t i = 0; good && i < NUM_FAMILIES; i++)
        if (!families[i].peers)
            report_missing(&report, families[i].name, families[i].package, "not there when this was built");
    static const uint32_t sizes[][2] = {{1920, 1080}, {3840, 2160}};
    const int rounds = options.rounds ? options.rounds : options.quick ? 1 : 15;
    static const fr_format formats[] = {FR_FORMAT_BGRA8, FR_FORMAT_RGBA16F};
    for (size_t s = 0; s < (options.quick ? 1 : 2) && good; s++)
        for (size_t f = 0; f < 2 && good; f++)
            good = measure(formats[f], sizes[s][0], sizes[s][1], rounds, &report);
    if (good)
        report_missing(
            &report, "swscale (rgba16f-p010)", "libswscale-dev",
            "no half floats in FFmpeg 5.1, and no transfer function in any: linear light does not become PQ");
    return report_print(&report) != 0 || !good;
}
