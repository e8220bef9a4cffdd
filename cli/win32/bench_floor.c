/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_floor.h"

#include "child.h"
#include "clock.h"
#include "commands.h"
#include "files.h"
#include "machine.h"
#include "say.h"
#include "win32/text.h"

#include <stdio.h>
#include <stdlib.h>

const char *const bench_floor_names[] = {"event", NULL};

enum { WAIT_MS = 5000, ANSWER_WAIT_MS = 60000, NAME_BYTES = 64 };

/* Two events of a name that both processes derive. */
struct pair {
    HANDLE there, back;
};

static bool pair_open(struct pair *pair, const char *name)
{
    char text[NAME_BYTES + 8];
    wchar_t wide[NAME_BYTES + 8];
    snprintf(text, sizeof text, "%.*s-there", NAME_BYTES, name);
    pair->there = text_to_wide(text, wide, NAME_BYTES + 8) ? CreateEventW(NULL, FALSE, FALSE, wide) : NULL;
    snprintf(text, sizeof text, "%.*s-back", NAME_BYTES, name);
    pair->back = text_to_wide(text, wide, NAME_BYTES + 8) ? CreateEventW(NULL, FALSE, FALSE, wide) : NULL;
    return pair->there && pair->back;
}

static void pair_close(struct pair *pair)
{
    if (pair->there)
        CloseHandle(pair->there);
    if (pair->back)
        CloseHandle(pair->back);
}

static bool come_and_go(HANDLE come, HANDLE go)
{
    return WaitForSingleObject(come, ANSWER_WAIT_MS) == WAIT_OBJECT_0 && SetEvent(go);
}

int bench_answer(const char *name)
{
    struct pair pair = {NULL, NULL};
    bool good = pair_open(&pair, name);
    while (good && come_and_go(pair.there, pair.back))
        ;
    pair_close(&pair);
    return good ? EXIT_DONE : EXIT_FAILED;
}

static bool go_and_come(const struct pair *pair)
{
    return SetEvent(pair->there) && WaitForSingleObject(pair->back, WAIT_MS) == WAIT_OBJECT_0;
}

struct bench_floor {
    struct pair pair;
    struct child child;
};

bool bench_floor_open(struct bench_floor **out, const char *name, int own_cpu, int peer_cpu)
{
    static char bench[] = "bench", answer[] = "answer";
    static char self[FILES_PATH_MAX], event[NAME_BYTES];
    struct bench_floor *floor = calloc(1, sizeof *floor);
    char *argv[] = {self, bench, answer, event, NULL};
    *out = floor;
    snprintf(event, sizeof event, "Local\\framering-bench-%lu", (unsigned long)GetCurrentProcessId());
    if (floor) {
        child_init(&floor->child);
        /* The first trip waits for its start. */
        machine_pin(peer_cpu);
        bool good = files_self(self, sizeof self) && pair_open(&floor->pair, event) &&
                    child_start(&floor->child, argv, -1) == 0;
        machine_pin(own_cpu);
        if (good && go_and_come(&floor->pair))
            return true;
    }
    say(FR_LOG_ERROR, "the %s round trip cannot be measured", name);
    bench_floor_close(out);
    return false;
}

bool bench_floor_trip(struct bench_floor *floor, uint64_t *both_ns, uint64_t *there_ns)
{
    uint64_t begin = fr_clock_now_ns();
    bool good = go_and_come(&floor->pair);
    *both_ns = fr_clock_now_ns() - begin;
    *there_ns = 0;
    if (!good)
        say(FR_LOG_ERROR, "the round trip over two events failed");
    return good;
}

void bench_floor_close(struct bench_floor **floor_)
{
    struct bench_floor *floor = *floor_;
    struct child_exit end;
    if (!floor)
        return;
    if (floor->child.pid > 0)
        child_kill(&floor->child);
    child_end(&floor->child, &end);
    child_finish(&floor->child);
    pair_close(&floor->pair);
    free(floor);
    *floor_ = NULL;
}
