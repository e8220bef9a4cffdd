/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What os/os.h and os/thread.h promise on every system. */
#include "os/aligned.h"
#include "os/os.h"
#include "os/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

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

static void memory_is_zeroed(void **state)
{
    (void)state;
    struct fr_memory memory = create(10000, FR_ACCESS_WRITE);
    assert_int_equal(memory.bytes, 10000);
    for (size_t i = 0; i < memory.bytes; i++)
        assert_int_equal(((const uint8_t *)memory.ptr)[i], 0);
    memset(memory.ptr, 1, memory.bytes);
    os.ops->memory_close(os.self, &memory);
    assert_null(memory.ptr);
    assert_int_equal(memory.handle, FR_HANDLE_NONE);
    os.ops->memory_close(os.self, &memory);
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

/* What it says is left is signalled until it is reset; all else is as after a wait. */
static void a_wait_may_leave_events_signalled(void **state)
{
    (void)state;
    struct fr_event event[2] = {make_event(), make_event()};
    const struct fr_event *const events[] = {&event[0], &event[1]};
    uint32_t left = 3;
    assert_int_equal(os.ops->wait_only(os.self, events, 2, 0, &left), FR_TIMEOUT);
    assert_int_equal(left, 0);
    os.ops->event_signal(os.self, &event[1]);
    assert_int_equal(os.ops->wait_only(os.self, events, 2, UINT64_MAX, &left), FR_OK);
    assert_true(left == 0 || left == 2);
    os.ops->event_signal(os.self, &event[1]);
    os.ops->event_reset(os.self, &event[1]);
    os.ops->event_reset(os.self, &event[1]);
    assert_int_equal(os.ops->wait(os.self, events, 2, 0), FR_TIMEOUT);
    os.ops->event_signal(os.self, &event[0]);
    assert_int_equal(os.ops->wait(os.self, events, 2, 0), FR_OK);
    for (size_t i = 0; i < 2; i++)
        os.ops->event_close(os.self, &event[i]);
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

static void the_clock_does_not_go_back(void **state)
{
    (void)state;
    uint64_t before = os.ops->now_ns(os.self);
    for (int i = 0; i < 100000; i++) {
        const uint64_t now = os.ops->now_ns(os.self);
        assert_true(now >= before);
        before = now;
    }
}

struct work {
    struct fr_mutex *lock;
    int count;
};

static void do_work(void *opaque)
{
    struct work *work = opaque;
    for (int i = 0; i < 10000; i++) {
        fr_mutex_lock(work->lock);
        work->count++;
        fr_mutex_unlock(work->lock);
    }
}

static void threads_work_under_a_lock(void **state)
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
    fr_mutex_destroy(&work.lock);
    assert_null(work.lock);
    fr_mutex_destroy(&work.lock);
}

static void aligned_memory_is_aligned(void **state)
{
    (void)state;
    void *memory[8];
    for (size_t i = 0; i < 8; i++) {
        memory[i] = fr_aligned_alloc(64, 100 + i);
        assert_non_null(memory[i]);
        assert_int_equal((uintptr_t)memory[i] % 64, 0);
        memset(memory[i], 0, 100 + i);
    }
    for (size_t i = 0; i < 8; i++)
        fr_aligned_free(memory[i]);
    fr_aligned_free(NULL);
    assert_null(fr_aligned_alloc(64, SIZE_MAX - 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed),
        cmocka_unit_test(too_much_memory_is_refused),
        cmocka_unit_test(events_wake_and_reset),
        cmocka_unit_test(a_wait_may_leave_events_signalled),
        cmocka_unit_test(a_wait_lasts_as_long_as_said),
        cmocka_unit_test(the_clock_does_not_go_back),
        cmocka_unit_test(threads_work_under_a_lock),
        cmocka_unit_test(aligned_memory_is_aligned),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
