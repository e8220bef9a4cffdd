/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_OS_THREAD_H
#define FR_OS_THREAD_H

/* Threads and locks for the few objects that have a thread of their own: the socket channel, the display
 * sampler. */

#include <framering/status.h>

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

#endif
