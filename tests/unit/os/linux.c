/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "os/os.h"
#include "os/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

static struct fr_os os;

static int setup(void **state)
{
    (void)state;
    os = fr_os_native();
    return 0;
}

static struct fr_memory create(size_t bytes, int access)
{
    struct fr_memory memory;
    assert_int_equal(os.ops->memory_create(os.self, &(struct fr_object_name){.label = "framering-test"},
                                           bytes, access, &memory),
                     FR_OK);
    return memory;
}

static void memory_is_shared(void **state)
{
    (void)state;
    struct fr_memory memory = create(10000, FR_ACCESS_WRITE);
    struct fr_memory again;
    assert_int_equal(os.ops->memory_map(os.self, dup((int)memory.handle), 10000, FR_ACCESS_READ, &again),
                     FR_OK);
    ((uint8_t *)memory.ptr)[9999] = 7;
    assert_int_equal(((const uint8_t *)again.ptr)[9999], 7);
    os.ops->memory_close(os.self, &again);
    os.ops->memory_close(os.self, &memory);
}

static void memory_can_neither_shrink_nor_grow(void **state)
{
    (void)state;
    struct fr_memory memory = create(8192, FR_ACCESS_READ);
    const int fd = (int)memory.handle;
    assert_int_equal(ftruncate(fd, 4096), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, 16384), -1);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
    assert_int_equal(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    os.ops->memory_close(os.self, &memory);
}

/* The least access: what was asked for reading is not mapped for writing. */
static void a_read_mapping_cannot_be_written(void **state)
{
    (void)state;
    struct fr_memory memory = create(4096, FR_ACCESS_READ);
    char line[512], rights[8] = "";
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps))
        if (strtoull(line, NULL, 16) == (uintptr_t)memory.ptr)
            sscanf(line, "%*s %7s", rights);
    fclose(maps);
    assert_string_equal(rights, "r--s");
    os.ops->memory_close(os.self, &memory);
}

static void expect_no_map(int fd, size_t bytes)
{
    struct fr_memory memory = {.handle = 1234};
    assert_int_equal(os.ops->memory_map(os.self, fd, bytes, FR_ACCESS_WRITE, &memory), FR_ERR_PROTOCOL);
    assert_int_equal(memory.handle, 1234);
    assert_true(fcntl(fd, F_GETFD) >= 0); /* not taken over */
}

static void delivered_memory_is_checked(void **state)
{
    (void)state;
    struct fr_memory memory = create(8192, FR_ACCESS_READ);
    expect_no_map((int)memory.handle, 8193);
    expect_no_map((int)memory.handle, SIZE_MAX);
    expect_no_map((int)memory.handle, 0);
    os.ops->memory_close(os.self, &memory);

    const int unsealed = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_int_equal(ftruncate(unsealed, 8192), 0);
    expect_no_map(unsealed, 4096);
    assert_int_equal(fcntl(unsealed, F_ADD_SEALS, F_SEAL_GROW), 0);
    expect_no_map(unsealed, 4096);
    assert_int_equal(fcntl(unsealed, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE), 0);
    expect_no_map(unsealed, 4096); /* sealed, but not writable as asked */
    close(unsealed);

    char path[] = "/tmp/framering-test-XXXXXX";
    const int file = mkstemp(path);
    unlink(path);
    assert_int_equal(ftruncate(file, 8192), 0);
    expect_no_map(file, 4096);
    close(file);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    expect_no_map(ends[0], 4096);
    close(ends[0]);
    close(ends[1]);
}

static struct fr_event make_event(void)
{
    struct fr_event event;
    assert_int_equal(os.ops->event_create(os.self, NULL, &event), FR_OK);
    return event;
}

static void on_alarm(int number)
{
    (void)number;
}

static void a_signal_ends_a_wait(void **state)
{
    (void)state;
    struct fr_event event = make_event();
    const struct fr_event *const events[] = {&event};
    struct sigaction action = {.sa_handler = on_alarm}, before;
    sigaction(SIGALRM, &action, &before);
    const struct itimerval timer = {.it_value = {.tv_usec = 20000}, .it_interval = {.tv_usec = 20000}};
    const struct itimerval off = {0};
    setitimer(ITIMER_REAL, &timer, NULL);
    assert_int_equal(os.ops->wait(os.self, events, 1, 20 * FR_NS_PER_S), FR_TIMEOUT);
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &before, NULL);
    os.ops->event_close(os.self, &event);
}

/* The peer shares the open file, so it can take O_NONBLOCK away: neither side may block for ever on that. */
static void a_peer_cannot_make_a_wait_block(void **state)
{
    (void)state;
    struct fr_event event = make_event();
    const struct fr_event *const events[] = {&event};
    assert_int_equal(fcntl((int)event.handle, F_SETFL, 0), 0);
    os.ops->event_signal(os.self, &event);
    assert_int_equal(os.ops->wait(os.self, events, 1, 0), FR_OK);
    assert_int_equal(os.ops->wait(os.self, events, 1, FR_NS_PER_MS), FR_TIMEOUT);
    os.ops->event_close(os.self, &event);
}

static void a_full_event_does_not_block_the_signaller(void **state)
{
    (void)state;
    struct fr_event event = make_event();
    const uint64_t most = UINT64_MAX - 1;
    assert_int_equal(write((int)event.handle, &most, sizeof(most)), sizeof(most));
    os.ops->event_signal(os.self, &event);
    os.ops->event_close(os.self, &event);
}

static void do_nothing_with_signals(void *blocked)
{
    pthread_sigmask(SIG_SETMASK, NULL, blocked);
}

static void threads_leave_signals_alone(void **state)
{
    (void)state;
    struct fr_thread *thread;
    sigset_t theirs, mine;
    sigemptyset(&theirs);
    assert_int_equal(fr_thread_start(&thread, "signals", do_nothing_with_signals, &theirs), FR_OK);
    fr_thread_join(&thread);
    assert_true(sigismember(&theirs, SIGINT));
    assert_false(sigismember(&theirs, SIGSEGV));
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_false(sigismember(&mine, SIGINT));
}

static void a_waiter_hears_each_signal_once(void **state)
{
    (void)state;
    struct fr_event event[2] = {make_event(), make_event()};
    const struct fr_event *const events[] = {&event[0], &event[1]};
    os.ops->event_signal(os.self, &event[1]); /* also what was signalled before there was a waiter */
    struct fr_waiter *waiter;
    assert_int_equal(os.ops->waiter_create(os.self, events, 2, &waiter), FR_OK);
    for (int round = 0; round < 6; round++) {
        const bool soon = round % 2 == 0;
        uint32_t signalled = 7;
        assert_int_equal(os.ops->waiter_wait(os.self, waiter, FR_NS_PER_S, soon, &signalled), FR_OK);
        assert_int_equal(signalled, round == 0 ? 2 : 3);
        const uint64_t begin = os.ops->now_ns(os.self);
        assert_int_equal(os.ops->waiter_wait(os.self, waiter, 3 * FR_NS_PER_MS, soon, &signalled),
                         FR_TIMEOUT);
        assert_int_equal(signalled, 0);
        assert_true(os.ops->now_ns(os.self) - begin >= 3 * FR_NS_PER_MS);
        assert_int_equal(os.ops->waiter_wait(os.self, waiter, 0, soon, &signalled), FR_TIMEOUT);
        os.ops->event_signal(os.self, &event[1]);
        os.ops->event_signal(os.self, &event[1]);
        os.ops->event_signal(os.self, &event[0]);
    }
    os.ops->waiter_destroy(os.self, &waiter);
    assert_null(waiter);
    os.ops->waiter_destroy(os.self, &waiter);
    for (size_t i = 0; i < 2; i++)
        os.ops->event_close(os.self, &event[i]);
}

/* The timer of a wait that a signal ended rings into no later one. */
static void a_waiter_does_not_keep_its_timeouts(void **state)
{
    (void)state;
    struct fr_event event = make_event();
    const struct fr_event *const events[] = {&event};
    struct fr_waiter *waiter;
    assert_int_equal(os.ops->waiter_create(os.self, events, 1, &waiter), FR_OK);
    uint32_t signalled;
    os.ops->event_signal(os.self, &event);
    assert_int_equal(os.ops->waiter_wait(os.self, waiter, 2 * FR_NS_PER_MS, true, &signalled), FR_OK);
    const uint64_t until = os.ops->now_ns(os.self) + 4 * FR_NS_PER_MS;
    while (os.ops->now_ns(os.self) < until) {
    }
    const uint64_t begin = os.ops->now_ns(os.self);
    assert_int_equal(os.ops->waiter_wait(os.self, waiter, 20 * FR_NS_PER_MS, true, &signalled), FR_TIMEOUT);
    assert_true(os.ops->now_ns(os.self) - begin >= 20 * FR_NS_PER_MS);
    os.ops->waiter_destroy(os.self, &waiter);
    os.ops->event_close(os.self, &event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_waiter_hears_each_signal_once),
        cmocka_unit_test(a_waiter_does_not_keep_its_timeouts),
        cmocka_unit_test(memory_is_shared),
        cmocka_unit_test(memory_can_neither_shrink_nor_grow),
        cmocka_unit_test(a_read_mapping_cannot_be_written),
        cmocka_unit_test(delivered_memory_is_checked),
        cmocka_unit_test(a_signal_ends_a_wait),
        cmocka_unit_test(a_peer_cannot_make_a_wait_block),
        cmocka_unit_test(a_full_event_does_not_block_the_signaller),
        cmocka_unit_test(threads_leave_signals_alone),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
