/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include "child.h"
#include "clock.h"
#include "commands.h"
#include "histogram.h"
#include "say.h"
#include "win32/text.h"

#include <stdio.h>

const char bench_round_trip_name[] = "event_round_trip_us";

enum { WAIT_MS = 5000, NAME_BYTES = 64 };

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
    return WaitForSingleObject(come, WAIT_MS) == WAIT_OBJECT_0 && SetEvent(go);
}

int bench_answer(const char *name)
{
    struct pair pair = {NULL, NULL};
    bool good = pair_open(&pair, name);
    for (int i = 0; good && i < BENCH_ROUND_TRIPS; i++)
        good = come_and_go(pair.there, pair.back);
    pair_close(&pair);
    return good ? EXIT_DONE : EXIT_FAILED;
}

static bool go_and_come(const struct pair *pair)
{
    return SetEvent(pair->there) && WaitForSingleObject(pair->back, WAIT_MS) == WAIT_OBJECT_0;
}

bool bench_round_trip(struct histogram *out)
{
    static char bench[] = "bench", answer[] = "answer";
    char self[FILES_PATH_MAX], name[NAME_BYTES];
    struct pair pair = {NULL, NULL};
    struct child child;
    struct child_exit end;
    snprintf(name, sizeof name, "Local\\framering-bench-%lu", (unsigned long)GetCurrentProcessId());
    char *argv[] = {self, bench, answer, name, NULL};
    child_init(&child);
    bool good = files_self(self, sizeof self) && pair_open(&pair, name) &&
                child_start(&child, argv, -1) == 0 &&
                go_and_come(&pair); /* the first trip waits for its start */
    for (int i = 1; good && i < BENCH_ROUND_TRIPS; i++) {
        uint64_t begin = fr_clock_now_ns();
        good = go_and_come(&pair);
        histogram_add(out, fr_clock_now_ns() - begin);
    }
    if (!good)
        say(FR_LOG_ERROR, "the round trip over two events failed");
    child_end(&child, &end);
    child_finish(&child);
    pair_close(&pair);
    return good;
}
