/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "os/thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct fr_thread {
    pthread_t id;
    void (*run)(void *arg);
    void *arg;
};

struct fr_mutex {
    pthread_mutex_t lock;
};

static void *thread_main(void *opaque)
{
    struct fr_thread *thread = opaque;
    thread->run(thread->arg);
    return NULL;
}

fr_status fr_thread_start(struct fr_thread **out, const char *name, void (*run)(void *arg), void *arg)
{
    *out = NULL;
    struct fr_thread *thread = malloc(sizeof(*thread));
    if (!thread)
        return FR_ERR_NO_MEMORY;
    *thread = (struct fr_thread){.run = run, .arg = arg};

    sigset_t all, before;
    sigfillset(&all);
    /* Faults belong to the thread that makes them: a crash reporter must still see them. */
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&thread->id, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) {
        free(thread);
        return error == EAGAIN || error == ENOMEM ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
    }
    char short_name[16];
    snprintf(short_name, sizeof(short_name), "%s", name);
    pthread_setname_np(thread->id, short_name);
    *out = thread;
    return FR_OK;
}

void fr_thread_join(struct fr_thread **thread)
{
    if (!*thread)
        return;
    pthread_join((*thread)->id, NULL);
    free(*thread);
    *thread = NULL;
}

struct fr_mutex *fr_mutex_create(void)
{
    struct fr_mutex *mutex = malloc(sizeof(*mutex));
    if (mutex && pthread_mutex_init(&mutex->lock, NULL)) {
        free(mutex);
        return NULL;
    }
    return mutex;
}

void fr_mutex_destroy(struct fr_mutex **mutex)
{
    if (!*mutex)
        return;
    pthread_mutex_destroy(&(*mutex)->lock);
    free(*mutex);
    *mutex = NULL;
}

void fr_mutex_lock(struct fr_mutex *mutex)
{
    pthread_mutex_lock(&mutex->lock);
}

void fr_mutex_unlock(struct fr_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->lock);
}

struct fr_semaphore {
    sem_t count;
};

struct fr_semaphore *fr_semaphore_create(void)
{
    struct fr_semaphore *semaphore = malloc(sizeof(*semaphore));
    if (semaphore && sem_init(&semaphore->count, 0, 0)) {
        free(semaphore);
        return NULL;
    }
    return semaphore;
}

void fr_semaphore_destroy(struct fr_semaphore **semaphore)
{
    if (!*semaphore)
        return;
    sem_destroy(&(*semaphore)->count);
    free(*semaphore);
    *semaphore = NULL;
}

void fr_semaphore_post(struct fr_semaphore *semaphore)
{
    sem_post(&semaphore->count);
}

void fr_semaphore_wait(struct fr_semaphore *semaphore)
{
    while (sem_wait(&semaphore->count) && errno == EINTR)
        continue;
}

uint32_t fr_num_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set))
        return 1;
    const int count = CPU_COUNT(&set);
    return count > 0 ? (uint32_t)count : 1;
}
