/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_print.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

static double number(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static int integer(const json_t *object, const char *key)
{
    return (int)json_integer_value(json_object_get(object, key));
}

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value ? value : "";
}

/* The ratio, and nothing where there is none. */
static const char *ratio(const json_t *object, char *out, size_t bytes)
{
    const json_t *value = json_object_get(object, "ratio");
    out[0] = '\0';
    if (json_is_number(value))
        snprintf(out, bytes, "%.2f", json_number_value(value));
    return out;
}

void bench_print_convert(json_t *list)
{
    size_t i;
    json_t *row;
    char size[24], name[64];
    printf("%-34s %-9s %7s %9s %9s %6s  %s\n", "kernel", "size", "threads", "ms", "bound ms", "ratio",
           "bound by");
    json_array_foreach(list, i, row)
    {
        const char *map = text(row, "sdr_map");
        snprintf(size, sizeof size, "%dx%d", integer(row, "width"), integer(row, "height"));
        snprintf(name, sizeof name, "%s%s%s", text(row, "kernel"), *map ? " " : "", map);
        printf("%-34s %-9s %7d %9.3f %9.3f %6.2f  %s\n", name, size, integer(row, "threads"),
               number(row, "ms"), number(row, "bound_ms"), number(row, "ratio"), text(row, "bound"));
    }
    printf(
        "\nmedians, one thread on one processor unless more are given; bound: one thread that reads all of\n"
        "the input and writes as many bytes as the output has, by the fastest of several ways, in turns\n"
        "with the kernels\n");
}

static void print_latency(const char *name, const json_t *object, const char *p50, const char *p99)
{
    if (json_object_get(object, p50))
        printf("%-34s %9.2f %9.2f\n", name, number(object, p50), number(object, p99));
}

void bench_print_handoff(json_t *object)
{
    static const struct {
        const char *key, *name;
    } hosts[] = {{"sleep", "publish to take, the host sleeps"},
                 {"look", "looks when a frame is due"},
                 {"spin", "spins"}};
    const json_t *sleep = json_object_get(object, "sleep"), *look = json_object_get(object, "look");
    char around[16];
    printf("%-34s %9s %9s %9s\n", "us", "p50", "p99", "CPU");
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        const json_t *host = json_object_get(object, hosts[i].key);
        printf("%-34s %9.2f %9.2f %7.1f %%\n", hosts[i].name, number(host, "p50_us"), number(host, "p99_us"),
               number(host, "cpu_pct"));
    }
    print_latency("bare eventfd, there and back", sleep, "eventfd_rtt_p50_us", "eventfd_rtt_p99_us");
    if (json_object_get(sleep, "eventfd_one_way_p50_us"))
        printf("%-34s %9.2f\n", "bare eventfd, only there", number(sleep, "eventfd_one_way_p50_us"));
    print_latency("bare futex, there and back", sleep, "futex_rtt_p50_us", "futex_rtt_p99_us");
    print_latency("bare event, there and back", sleep, "event_rtt_p50_us", "event_rtt_p99_us");
    printf(
        "\nto a sleeping host, as a ratio to half a bare round trip: %s\n"
        "CPU: of the host's thread while it takes the frames; who looks does so for %d us a frame at most\n"
        "and got %.0f %% of its frames so\n",
        ratio(sleep, around, sizeof around), integer(look, "spin_us"), number(look, "looked_pct"));
}

static void print_percent(const char *name, const json_t *object, const char *key)
{
    printf("%-34s %9.2f %%\n", name, number(object, key));
}

void bench_print_session(json_t *object)
{
    char around[16];
    const json_t *stages = json_object_get(object, "stages_us");
    const char *key;
    void *at = json_object_iter((json_t *)(uintptr_t)stages);
    printf("%dx%d, %s, %d frames a second, %.0f s\n", integer(object, "width"), integer(object, "height"),
           text(object, "source"), integer(object, "fps"), number(object, "seconds"));
    printf("%-34s %6d fresh, %d dropped\n", "beside an encoder", integer(object, "fresh"),
           integer(object, "dropped"));
    print_percent("host's share of a core", object, "host_cpu_pct");
    print_percent("the same, idle display", object, "idle_cpu_pct");
    printf("%-34s %9.1f MiB\n", "resident beyond the rings", number(object, "rss_beyond_rings_mib"));
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)stages, at)) {
        key = json_object_iter_key(at);
        printf("stage alone: %-21s %9.1f us\n", key, json_number_value(json_object_iter_value(at)));
    }
    printf("%-34s %9.1f us\n", "publish to encoded, p50", number(object, "session_us"));
    printf("%-34s %9s\n", "as a ratio to the sum of its stages", ratio(object, around, sizeof around));
}

void bench_print_typing(json_t *object)
{
    printf("%-34s %9s %9s\n", "conversion of a fresh frame, us", "mean", "p50");
    printf("%-34s %9.1f %9.1f   (%d frames)\n", "what changed", number(object, "damage_mean_us"),
           number(object, "damage_p50_us"), integer(object, "damage_frames"));
    printf("%-34s %9.1f %9.1f   (%d frames)\n", "the whole picture", number(object, "whole_mean_us"),
           number(object, "whole_p50_us"), integer(object, "whole_frames"));
    print_percent("cost of the one as part of the other", object, "cost_pct");
}

void bench_print_scale(json_t *list)
{
    size_t i;
    json_t *row;
    printf("%7s %-5s %7s %7s %9s %11s %9s %8s %9s %9s\n", "targets", "", "cpu %", "bare %", "RSS MiB",
           "wake-ups/s", "fresh/s", "dropped", "p50 us", "p99 us");
    json_array_foreach(list, i, row)
    {
        const json_t *latency = json_object_get(row, "publish_to_take_us");
        bool busy = json_is_true(json_object_get(row, "busy"));
        printf("%7d %-5s %7.2f ", integer(row, "targets"), busy ? "busy" : "idle", number(row, "cpu_pct"));
        if (json_object_get(row, "bare_cpu_pct"))
            printf("%7.2f", number(row, "bare_cpu_pct"));
        else
            printf("%7s", "");
        printf(" %9.1f %11.0f %9.1f %8d", number(row, "rss_mib"), number(row, "wakeups_per_s"),
               number(row, "fresh_per_s"), integer(row, "dropped"));
        if (busy)
            printf(" %9.1f %9.1f", number(latency, "p50"), number(latency, "p99"));
        printf("\n");
    }
    printf(
        "\none process with all targets, a source process each; idle: repeats 60 times a second; bare: as\n"
        "many threads that only wake up as often; the latency is from publish to take\n");
}
