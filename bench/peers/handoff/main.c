/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Hand-off by others, beside framering's. README.md says how to read the figures. */

#include "options.h"
#include "peer.h"
#include "peers_config.h"
#include "report.h"
#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_PEERS = 8, ROUNDS = 3, ATTEMPTS = 3 };

static const struct handoff_family families[] = {
    {"framering", "", handoff_framering},
    {"gstreamer shm", "libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-bad",
     HAVE_GSTREAMER ? handoff_gstreamer : NULL},
    {"pipewire", "libpipewire-0.3-dev pipewire", HAVE_PIPEWIRE ? handoff_pipewire : NULL},
    {"iceoryx", "libiceoryx-binding-c-dev iceoryx", HAVE_ICEORYX ? handoff_iceoryx : NULL},
};
enum { NUM_FAMILIES = sizeof families / sizeof families[0] };

struct entry {
    const struct handoff_peer *peer;
    const char *package;
    struct samples p50, p99, usable_p50, usable_p99, cpu; /* of each round; cpu in millionths of a core */
    unsigned sent, received;
    char failure[FAILURE_BYTES];
    bool gave_up;
};

struct table {
    struct entry entries[MAX_PEERS]; /* at first ours */
    size_t count;
};

static void fill_table(struct table *table, const struct options *options)
{
    table->count = 0;
    for (size_t f = 0; f < NUM_FAMILIES; f++)
        for (const struct handoff_peer *p = families[f].peers; p && p->name && table->count < MAX_PEERS; p++)
            if (f == 0 || options_wanted(options, p->name))
                table->entries[table->count++] = (struct entry){.peer = p, .package = families[f].package};
}

static void add_round(struct samples *p50, struct samples *p99, uint64_t *ns, size_t count)
{
    struct samples round = {ns, count, count};
    samples_add(p50, samples_at(&round, 0.5));
    samples_add(p99, samples_at(&round, 0.99));
}

/* On a machine that is busy with else, an end may get no time at all for as long as a short run is. */
static void run_once(struct entry *e, struct run *run, const struct run *fresh)
{
    for (int i = 0; i < ATTEMPTS && !e->gave_up; i++) {
        *run = *fresh;
        session_run(e->peer, run);
        if (run->received > 0)
            break;
        run_fail(run, "of %u frames none arrived", (unsigned)run->sent);
        memcpy(e->failure, run->failure, sizeof e->failure);
        e->gave_up = i + 1 == ATTEMPTS;
    }
    /* A pipeline that ends may complain; what it had measured holds. */
    if (run->received > 0) {
        add_round(&e->p50, &e->p99, run->latency_ns, run->received);
        add_round(&e->usable_p50, &e->usable_p99, run->usable_ns, run->received);
        samples_add(&e->cpu, run->length_ns ? run->cpu_ns * 1000000 / run->length_ns : 0);
    }
    e->sent += run->sent;
    e->received += run->received;
    run->received = 0;
}

/* The median of the rounds, so that one in which the machine did something else does not count. */
static double us(struct samples *rounds)
{
    return (double)samples_at(rounds, 0.5) / 1e3;
}

static double cpu_pct(struct entry *e)
{
    return (double)samples_at(&e->cpu, 0.5) / 1e4;
}

static void add_own(json_t *row, const char *prefix, struct entry *own)
{
    const struct {
        const char *name;
        double value;
    } figures[] = {{"p50_us", us(&own->p50)}, {"p99_us", us(&own->p99)}, {"cpu_pct", cpu_pct(own)}};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        char key[48];
        snprintf(key, sizeof key, "%s_%s", prefix, figures[i].name);
        json_object_set_new(row, key, json_real(figures[i].value));
    }
}

/* `ours`: as in handoff_framering. */
static json_t *describe(struct entry *e, struct entry *ours, const struct run *run)
{
    const double p50 = us(&e->p50), p99 = us(&e->p99);
    struct entry *const sleeps = &ours[OURS_SLEEPS];
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:i, s:s, s:s}", "name",
                  e->peer->name, "version", e->peer->version(), "task", "handoff", "width", (int)run->width,
                  "height", (int)run->height, "rate", (int)run->rate, "sent", (int)e->sent, "received",
                  (int)e->received, "p50_us", p50, "p99_us", p99, "converted_p50_us", us(&e->usable_p50),
                  "converted_p99_us", us(&e->usable_p99), "cpu_pct", cpu_pct(e), "copies", e->peer->copies,
                  "copies_why", e->peer->copies_why, "differs", e->peer->differs);
    json_t *own =
        json_pack("{s:f, s:f, s:f, s:f, s:i, s:i, s:i}", "ratio", p50 / us(&sleeps->p50), "p99_ratio",
                  p99 / us(&sleeps->p99), "ours_converted_p50_us", us(&sleeps->usable_p50),
                  "ours_converted_p99_us", us(&sleeps->usable_p99), "ours_sent", (int)sleeps->sent,
                  "ours_received", (int)sleeps->received, "ours_copies", sleeps->peer->copies);
    if (row && own)
        json_object_update(row, own);
    json_decref(own);
    add_own(row, "ours", sleeps);
    add_own(row, "ours_look", &ours[OURS_LOOKS]);
    add_own(row, "ours_spin", &ours[OURS_SPINS]);
    return row;
}

static bool measure(struct run *run, const uint32_t frames[3], const struct options *options,
                    struct report *report)
{
    /* The warm-up is long enough for every buffer of a ring to get its pages. */
    static struct run fresh;
    fresh = (struct run){.width = frames[0],
                         .height = frames[1],
                         .rate = frames[2],
                         .realtime = options->realtime,
                         .warm_ns = (options->quick ? 300 : 600) * NS_PER_MS,
                         .for_ns = (options->quick ? 500 : 4000) * NS_PER_MS};
    struct table table;
    fill_table(&table, options);
    const int rounds = options->rounds ? options->rounds : options->quick ? 1 : ROUNDS;
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < table.count; i++)
            run_once(&table.entries[i], run, &fresh);
    struct entry *const ours = table.entries;
    bool good = true;
    for (size_t i = 0; i < NUM_OURS; i++) {
        good = good && ours[i].received > 0;
        if (ours[i].received == 0)
            fprintf(stderr, "%s: %s\n", ours[i].peer->name, ours[i].failure);
    }
    for (size_t i = NUM_OURS; i < table.count && good; i++) {
        if (table.entries[i].received > 0)
            report_add(report, describe(&table.entries[i], ours, &fresh));
        else
            report_missing(report, table.entries[i].peer->name, table.entries[i].package,
                           table.entries[i].failure);
    }
    for (size_t i = 0; i < table.count; i++) {
        samples_finish(&table.entries[i].p50);
        samples_finish(&table.entries[i].p99);
        samples_finish(&table.entries[i].usable_p50);
        samples_finish(&table.entries[i].usable_p99);
        samples_finish(&table.entries[i].cpu);
    }
    return good;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!options_parse(&options, argc, argv, "framering-peers-handoff"))
        return 2;
    struct report report;
    struct run *run = mmap(NULL, sizeof *run, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run == MAP_FAILED || !report_init(&report)) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    for (size_t f = 0; f < NUM_FAMILIES; f++)
        if (!families[f].peers)
            report_missing(&report, families[f].name, families[f].package, "not there when this was built");
    static const uint32_t frames[][3] = {{1920, 1080, 250}, {3840, 2160, 60}};
    bool good = true;
    for (size_t i = 0; i < (options.quick ? 1 : 2) && good; i++)
        good = measure(run, frames[i], &options, &report);
    return report_print(&report) != 0 || !good;
}
