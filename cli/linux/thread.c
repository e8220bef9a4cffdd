/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include "clock.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

void lock_init(struct lock *lock)
{
    pthread_mutex_init(&lock->mutex, NULL);
}

void lock_finish(struct lock *lock)
{
    pthread_mutex_destroy(&lock->mutex);
}

void lock_take(struct lock *lock)
{
    pthread_mutex_lock(&lock->mutex);
}

void lock_give(struct lock *lock)
{
    pthread_mutex_unlock(&lock->mutex);
}

void condition_init(struct condition *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition->cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

void condition_finish(struct condition *condition)
{
    pthread_cond_destroy(&condition->cond);
}

void condition_wake_all(struct condition *condition)
{
    pthread_cond_broadcast(&condition->cond);
}

void condition_wait(struct condition *condition, struct lock *lock)
{
    pthread_cond_wait(&condition->cond, &lock->mutex);
}

bool condition_wait_until(struct condition *condition, struct lock *lock, uint64_t deadline_ns)
{
    struct timespec t = {.tv_sec = (time_t)(deadline_ns / NS_PER_S),
                         .tv_nsec = (long)(deadline_ns % NS_PER_S)};
    return pthread_cond_timedwait(&condition->cond, &lock->mutex, &t) != ETIMEDOUT;
}

static void *thread_main(void *opaque)
{
    struct thread *thread = opaque;
    thread->run(thread->user);
    return NULL;
}

bool thread_start(struct thread *thread, void (*run)(void *user), void *user)
{
    /* Signals go to the first thread alone: its waits are the ones to end early. */
    sigset_t all, before;
    sigfillset(&all);
    thread->run = run;
    thread->user = user;
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&thread->id, NULL, thread_main, thread) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void thread_join(struct thread *thread)
{
    pthread_join(thread->id, NULL);
}
