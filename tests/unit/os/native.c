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

static void memory_is_zeroed_and_shared(void **state)
{
    (void)state;
    struct fr_memory memory = create(10000, FR_ACCESS_WRITE);
    struct fr_memory again;
    assert_int_equal(memory.bytes, 10000);
    for (size_t i = 0; i < memory.bytes; i++)
        assert_int_equal(((const uint8_t *)memory.ptr)[i], 0);
    assert_int_equal(os.ops->memory_map(os.self, dup((int)memory.handle), 10000, FR_ACCESS_READ, &again),
                     FR_OK);
    ((uint8_t *)memory.ptr)[9999] = 7;
    assert_int_equal(((const uint8_t *)again.ptr)[9999], 7);
    os.ops->memory_close(os.self, &again);
    os.ops->memory_close(os.self, &memory);
    assert_int_equal(memory.handle, FR_HANDLE_NONE);
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

static void too_much_memory_is_refused(void **state)
{
    (void)state;
    struct fr_memory memory = {.handle = 1234};
    assert_int_equal(
        os.ops->memory_create(os.self, &(struct fr_object_name){.label = "x"}, 0, FR_ACCESS_READ, &memory),
        FR_ERR_NO_MEMORY);
    assert_int_equal(os.ops->memory_create(os.self, &(struct fr_object_name){.label = "x"}, SIZE_MAX,
                                           FR_ACCESS_READ, &memory),
                     FR_ERR_NO_MEMORY);
    assert_int_equal(memory.handle, 1234);
}

static struct fr_event make_event(void)
{
    struct fr_event event;
    assert_int_equal(os.ops->event_create(os.self, NULL, &event), FR_OK);
    return event;
}

static void events_wake_and_reset(void **state)
{
    (void)state;
    struct fr_event event[4] = {make_event(), make_event(), make_event(), make_event()};
    const struct fr_event *const events[] = {&event[0], &event[1], &event[2], &event[3]};
    assert_int_equal(os.ops->wait(os.self, events, 4, 0), FR_TIMEOUT);
    os.ops->event_signal(os.self, &event[3]);
    os.ops->event_signal(os.self, &event[3]);
    os.ops->event_signal(os.self, &event[1]);
    assert_int_equal(os.ops->wait(os.self, events, 4, UINT64_MAX), FR_OK);
    assert_int_equal(os.ops->wait(os.self, events, 4, 0), FR_TIMEOUT);
    for (size_t i = 0; i < 4; i++)
        os.ops->event_close(os.self, &event[i]);
    os.ops->event_close(os.self, &event[0]);
}

static void a_wait_lasts_as_long_as_said(void **state)
{
    (void)state;
    struct fr_event event = make_event();
    const struct fr_event *const events[] = {&event};
    uint64_t begin = os.ops->now_ns(os.self);
    assert_int_equal(os.ops->wait(os.self, events, 1, 20 * FR_NS_PER_MS), FR_TIMEOUT);
    assert_true(os.ops->now_ns(os.self) - begin >= 20 * FR_NS_PER_MS);
    begin = os.ops->now_ns(os.self);
    assert_int_equal(os.ops->wait(os.self, NULL, 0, 5 * FR_NS_PER_MS), FR_TIMEOUT);
    assert_true(os.ops->now_ns(os.self) - begin >= 5 * FR_NS_PER_MS);
    os.ops->event_close(os.self, &event);
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

struct work {
    struct fr_mutex *lock;
    int count;
    bool signals_blocked;
};

static void do_work(void *opaque)
{
    struct work *work = opaque;
    sigset_t blocked;
    sigemptyset(&blocked);
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    for (int i = 0; i < 10000; i++) {
        fr_mutex_lock(work->lock);
        work->count++;
        work->signals_blocked = sigismember(&blocked, SIGINT) && !sigismember(&blocked, SIGSEGV);
        fr_mutex_unlock(work->lock);
    }
}

static void threads_work_and_leave_signals_alone(void **state)
{
    (void)state;
    struct work work = {.lock = fr_mutex_create()};
    struct fr_thread *thread[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fr_thread_start(&thread[i], "a name that is too long", do_work, &work), FR_OK);
    for (size_t i = 0; i < 4; i++)
        fr_thread_join(&thread[i]);
    assert_null(thread[0]);
    fr_thread_join(&thread[0]);
    assert_int_equal(work.count, 40000);
    assert_true(work.signals_blocked);
    sigset_t mine;
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_false(sigismember(&mine, SIGINT));
    fr_mutex_destroy(&work.lock);
    fr_mutex_destroy(&work.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed_and_shared),
        cmocka_unit_test(memory_can_neither_shrink_nor_grow),
        cmocka_unit_test(a_read_mapping_cannot_be_written),
        cmocka_unit_test(delivered_memory_is_checked),
        cmocka_unit_test(too_much_memory_is_refused),
        cmocka_unit_test(events_wake_and_reset),
        cmocka_unit_test(a_wait_lasts_as_long_as_said),
        cmocka_unit_test(a_signal_ends_a_wait),
        cmocka_unit_test(a_peer_cannot_make_a_wait_block),
        cmocka_unit_test(a_full_event_does_not_block_the_signaller),
        cmocka_unit_test(threads_work_and_leave_signals_alone),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
