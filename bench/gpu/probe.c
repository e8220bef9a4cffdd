/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "commands.h"
#include "probe.h"

#include "stats.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name;
    bool (*run)(struct probe *probe);
} parts[] = {{"device", probe_device}, {"copy", probe_copy},     {"fetch", probe_fetch},
             {"image", probe_image},   {"submit", probe_submit}, {"handoff", probe_handoff},
             {"push", probe_push}};
enum { PARTS = sizeof parts / sizeof *parts };

const struct probe_size *probe_sizes(const struct probe *probe)
{
    static const struct probe_size full[PROBE_SIZES] = {{"4K", 3840, 2160}, {"8K", 7680, 4320}};
    static const struct probe_size quick[PROBE_SIZES] = {{"360p", 640, 352}, {"720p", 1280, 704}};
    return probe->quick ? quick : full;
}

/* In a process of its own: a part that breaks, or breaks the driver, takes no other with it. */
static int run_part(struct probe *probe, size_t part, const char *folder)
{
    const pid_t child = fork();
    if (child == 0) {
        char path[4096];
        snprintf(path, sizeof path, "%s/probe-%s.json", folder, parts[part].name);
        FILE *const file = fopen(path, "w");
        if (!file) {
            perror(path);
            _exit(1);
        }
        const double start = stats_now_us();
        json_open(&probe->json, file);
        const bool done = parts[part].run(probe);
        json_bool(&probe->json, "completed", done);
        json_number(&probe->json, "seconds", (stats_now_us() - start) / 1e6);
        json_close(&probe->json);
        fclose(file);
        _exit(done ? 0 : 1);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        fprintf(stderr, "probe %s ended with status %#x\n", parts[part].name, (unsigned)status);
    return status != 0;
}

static int usage(void)
{
    fputs("usage: framering-bench-gpu probe [--device NAME] [--parts NAME,...] [--quick] [--out FOLDER]\n"
          "parts: device copy fetch image submit handoff push\n",
          stderr);
    return 2;
}

bool probe_option(struct probe *probe, int option, const char **folder)
{
    switch (option) {
    case 'd': probe->device = optarg; return true;
    case 'o': *folder = optarg; return true;
    case 'q': probe->quick = true; return true;
    default: return false;
    }
}

int probe_file(int argc, char **argv, const char *name, bool (*run)(struct probe *probe))
{
    static const struct option options[] = {{"device", required_argument, NULL, 'd'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"quick", no_argument, NULL, 'q'},
                                            {0}};
    struct probe probe = {0};
    const char *folder = ".";
    char path[4096];
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!probe_option(&probe, option, &folder))
            return 2;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *const file = fopen(path, "w");
    if (!file) {
        perror(path);
        return 1;
    }
    json_open(&probe.json, file);
    const bool done = run(&probe);
    json_close(&probe.json);
    return fclose(file) != 0 || !done;
}

int cmd_probe(int argc, char **argv)
{
    static const struct option options[] = {{"device", required_argument, NULL, 'd'},
                                            {"parts", required_argument, NULL, 'p'},
                                            {"out", required_argument, NULL, 'o'},
                                            {"quick", no_argument, NULL, 'q'},
                                            {0}};
    struct probe probe = {0};
    const char *wanted = NULL, *folder = ".";
    int option, failed = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            wanted = optarg;
        else if (!probe_option(&probe, option, &folder))
            return usage();
    }
    for (size_t i = 0; i < PARTS; i++) {
        if (wanted && !strstr(wanted, parts[i].name))
            continue;
        fprintf(stderr, "probe %s ...\n", parts[i].name);
        failed |= run_part(&probe, i, folder);
    }
    return failed;
}
