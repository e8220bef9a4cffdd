/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_THREAD_H
#define FR_CLI_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* Threads, locks and what is waited for under a lock. linux/thread.c, win32/thread.c. */

#ifdef _WIN32

/* The words of an SRWLOCK, a CONDITION_VARIABLE and a HANDLE. */
struct lock {
    void *word;
};
struct condition {
    void *word;
};
struct thread {
    void *handle;
    void (*run)(void *user);
    void *user;
};
#define LOCK_READY                                                                                           \
    {                                                                                                        \
        0                                                                                                    \
    }

#else

#include <pthread.h>

struct lock {
    pthread_mutex_t mutex;
};
struct condition {
    pthread_cond_t cond;
};
struct thread {
    pthread_t id;
    void (*run)(void *user);
    void *user;
};
#define LOCK_READY                                                                                           \
    {                                                                                                        \
        PTHREAD_MUTEX_INITIALIZER                                                                            \
    }

#endif

/* A lock is ready by LOCK_READY, or after lock_init. */
void lock_init(struct lock *lock);
void lock_finish(struct lock *lock);
void lock_take(struct lock *lock);
void lock_give(struct lock *lock);

void condition_init(struct condition *condition);
void condition_finish(struct condition *condition);
void condition_wake_all(struct condition *condition);

/* Both give the lock while they wait, and may return for nothing. */
void condition_wait(struct condition *condition, struct lock *lock);
/* False when fr_clock_now_ns has passed the deadline. */
bool condition_wait_until(struct condition *condition, struct lock *lock, uint64_t deadline_ns);

/* Starts run(user); *thread must stay where it is until thread_join. Signals go to the other threads alone.
 * False: no memory. */
bool thread_start(struct thread *thread, void (*run)(void *user), void *user);
void thread_join(struct thread *thread);

#endif
