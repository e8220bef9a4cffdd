/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_THREAD_H
#define FR_OS_THREAD_H

/* Threads, locks and semaphores for the few objects that have threads of their own: the socket channel, the
 * display sampler, the converters' pool. */

#include <framering/status.h>

#include <stdint.h>

struct fr_thread;

/* Starts `run(arg)`. The thread gets no signals: they stay with the program's own threads. `name`: at most 15
 * bytes are used. FR_ERR_NO_MEMORY, FR_ERR_SYSTEM: *out is NULL. */
fr_status fr_thread_start(struct fr_thread **out, const char *name, void (*run)(void *arg), void *arg);

/* Waits for the end of the thread and frees it, sets *thread NULL; accepts NULL in it. */
void fr_thread_join(struct fr_thread **thread);

struct fr_mutex;

/* NULL: no memory. */
struct fr_mutex *fr_mutex_create(void);
void fr_mutex_destroy(struct fr_mutex **mutex); /* accepts NULL in it */
void fr_mutex_lock(struct fr_mutex *mutex);
void fr_mutex_unlock(struct fr_mutex *mutex);

struct fr_semaphore;

/* Begins at 0. NULL: no memory. */
struct fr_semaphore *fr_semaphore_create(void);
void fr_semaphore_destroy(struct fr_semaphore **semaphore); /* accepts NULL in it; nobody waits any more */
void fr_semaphore_post(struct fr_semaphore *semaphore);
void fr_semaphore_wait(struct fr_semaphore *semaphore);

/* The processors that this process may run on; at least 1. */
uint32_t fr_num_processors(void);

#endif
