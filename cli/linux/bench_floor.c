/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "bench_floor.h"

#include "clock.h"
#include "machine.h"
#include "say.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const bench_floor_names[] = {"eventfd", "futex", NULL};

/* What both processes map. */
struct shared {
    _Atomic uint32_t there, back; /* futex: how often each was woken */
    _Atomic uint64_t woken_ns;
};

struct bench_floor {
    bool is_futex;
    int there, back;
    struct shared *shared;
    uint32_t trips;
    pid_t pid;
};

static bool event_wake(int fd)
{
    const uint64_t one = 1;
    return write(fd, &one, sizeof one) == (ssize_t)sizeof one;
}

static bool event_wait(int fd)
{
    uint64_t value;
    return read(fd, &value, sizeof value) == (ssize_t)sizeof value;
}

static bool futex_wake(_Atomic uint32_t *word, uint32_t value)
{
    atomic_store(word, value);
    return syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) >= 0;
}

static bool futex_wait(_Atomic uint32_t *word, uint32_t value)
{
    uint32_t now;
    while ((now = atomic_load(word)) != value)
        if (syscall(SYS_futex, word, FUTEX_WAIT, now, NULL, NULL, 0) < 0 && errno != EAGAIN && errno != EINTR)
            return false;
    return true;
}

static void answer(const struct bench_floor *floor)
{
    struct shared *shared = floor->shared;
    bool good = true;
    for (uint32_t trip = 1; good; trip++) {
        good = floor->is_futex ? futex_wait(&shared->there, trip) : event_wait(floor->there);
        atomic_store_explicit(&shared->woken_ns, fr_clock_now_ns(), memory_order_relaxed);
        good = good && (floor->is_futex ? futex_wake(&shared->back, trip) : event_wake(floor->back));
    }
    _exit(1);
}

static bool start(struct bench_floor *floor, int own_cpu, int peer_cpu)
{
    void *memory =
        mmap(NULL, sizeof *floor->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t parent = getpid();
    if (memory == MAP_FAILED)
        return false;
    floor->shared = memory;
    floor->there = eventfd(0, EFD_CLOEXEC);
    floor->back = eventfd(0, EFD_CLOEXEC);
    if (floor->there < 0 || floor->back < 0)
        return false;
    machine_pin(peer_cpu);
    floor->pid = fork();
    if (floor->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        answer(floor);
    }
    machine_pin(own_cpu);
    return floor->pid > 0;
}

bool bench_floor_open(struct bench_floor **out, const char *name, int own_cpu, int peer_cpu)
{
    struct bench_floor *floor = calloc(1, sizeof *floor);
    *out = floor;
    if (floor) {
        floor->is_futex = strcmp(name, "futex") == 0;
        floor->there = floor->back = -1;
        if (start(floor, own_cpu, peer_cpu))
            return true;
    }
    say(FR_LOG_ERROR, "the %s round trip cannot be measured: %s", name, strerror(errno));
    bench_floor_close(out);
    return false;
}

bool bench_floor_trip(struct bench_floor *floor, uint64_t *both_ns, uint64_t *there_ns)
{
    struct shared *shared = floor->shared;
    uint64_t begin = fr_clock_now_ns();
    floor->trips++;
    bool good = floor->is_futex
                    ? futex_wake(&shared->there, floor->trips) && futex_wait(&shared->back, floor->trips)
                    : event_wake(floor->there) && event_wait(floor->back);
    uint64_t woken_ns = atomic_load_explicit(&shared->woken_ns, memory_order_relaxed);
    *both_ns = fr_clock_now_ns() - begin;
    *there_ns = woken_ns > begin ? woken_ns - begin : 0;
    if (!good)
        say(FR_LOG_ERROR, "the round trip of two processes failed: %s", strerror(errno));
    return good;
}

void bench_floor_close(struct bench_floor **floor_)
{
    struct bench_floor *floor = *floor_;
    if (!floor)
        return;
    if (floor->pid > 0) {
        kill(floor->pid, SIGKILL);
        while (waitpid(floor->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (floor->there >= 0)
        close(floor->there);
    if (floor->back >= 0)
        close(floor->back);
    if (floor->shared)
        munmap(floor->shared, sizeof *floor->shared);
    free(floor);
    *floor_ = NULL;
}

int bench_answer(const char *name)
{
    (void)name;
    return 1;
}
