/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include "clock.h"
#include "win32/windows_lean.h"

#include <process.h>

_Static_assert(sizeof(struct lock) == sizeof(SRWLOCK), "thread.h holds an SRWLOCK's word");
_Static_assert(sizeof(struct condition) == sizeof(CONDITION_VARIABLE), "and a CONDITION_VARIABLE's");

static SRWLOCK *srw(struct lock *lock)
{
    return (SRWLOCK *)&lock->word;
}

static CONDITION_VARIABLE *variable(struct condition *condition)
{
    return (CONDITION_VARIABLE *)&condition->word;
}

void lock_init(struct lock *lock)
{
    InitializeSRWLock(srw(lock));
}

void lock_finish(struct lock *lock)
{
    (void)lock;
}

void lock_take(struct lock *lock)
{
    AcquireSRWLockExclusive(srw(lock));
}

void lock_give(struct lock *lock)
{
    ReleaseSRWLockExclusive(srw(lock));
}

void condition_init(struct condition *condition)
{
    InitializeConditionVariable(variable(condition));
}

void condition_finish(struct condition *condition)
{
    (void)condition;
}

void condition_wake_all(struct condition *condition)
{
    WakeAllConditionVariable(variable(condition));
}

void condition_wait(struct condition *condition, struct lock *lock)
{
    SleepConditionVariableSRW(variable(condition), srw(lock), INFINITE, 0);
}

bool condition_wait_until(struct condition *condition, struct lock *lock, uint64_t deadline_ns)
{
    uint64_t now = fr_clock_now_ns();
    if (now >= deadline_ns)
        return false;
    uint64_t left_ms = (deadline_ns - now) / NS_PER_MS + 1;
    SleepConditionVariableSRW(variable(condition), srw(lock), left_ms < 1000 ? (DWORD)left_ms : 1000, 0);
    return fr_clock_now_ns() < deadline_ns;
}

static unsigned __stdcall thread_main(void *opaque)
{
    struct thread *thread = opaque;
    thread->run(thread->user);
    return 0;
}

bool thread_start(struct thread *thread, void (*run)(void *user), void *user)
{
    thread->run = run;
    thread->user = user;
    /* Not CreateThread: the C library sets up its own data here. */
    thread->handle = (void *)_beginthreadex(NULL, 0, thread_main, thread, 0, NULL);
    return thread->handle != NULL;
}

void thread_join(struct thread *thread)
{
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
    thread->handle = NULL;
}
