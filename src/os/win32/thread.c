/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "os/thread.h"
#include "os/win32/win32.h"

#include <errno.h>
#include <limits.h>
#include <process.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 15

struct fr_thread {
    HANDLE handle;
    void (*run)(void *arg);
    void *arg;
};

struct fr_mutex {
    SRWLOCK lock;
};

static unsigned __stdcall thread_main(void *opaque)
{
    struct fr_thread *thread = opaque;
    thread->run(thread->arg);
    return 0;
}

/* SetThreadDescription is in no Windows before 10.0.14393. */
static void set_name(HANDLE thread, const char *name)
{
    typedef HRESULT(WINAPI * set_description)(HANDLE, PCWSTR);
    const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
    const FARPROC found = kernel ? GetProcAddress(kernel, "SetThreadDescription") : NULL;
    if (!found)
        return;
    wchar_t wide[NAME_MAX_BYTES + 1] = {0};
    for (size_t i = 0; i < NAME_MAX_BYTES && name[i]; i++)
        wide[i] = (wchar_t)(unsigned char)name[i];
    (void)((set_description)(void (*)(void))found)(thread, wide);
}

fr_status fr_thread_start(struct fr_thread **out, const char *name, void (*run)(void *arg), void *arg)
{
    *out = NULL;
    struct fr_thread *thread = malloc(sizeof(*thread));
    if (!thread)
        return FR_ERR_NO_MEMORY;
    *thread = (struct fr_thread){.run = run, .arg = arg};
    /* Not CreateThread: the C library sets up its own data here. */
    const uintptr_t handle = _beginthreadex(NULL, 0, thread_main, thread, 0, NULL);
    if (!handle) {
        const int error = errno;
        free(thread);
        return error == EAGAIN || error == EACCES || error == ENOMEM ? FR_ERR_NO_MEMORY : FR_ERR_SYSTEM;
    }
    thread->handle = (HANDLE)handle;
    set_name(thread->handle, name);
    *out = thread;
    return FR_OK;
}

void fr_thread_join(struct fr_thread **thread)
{
    if (!*thread)
        return;
    WaitForSingleObject((*thread)->handle, INFINITE);
    CloseHandle((*thread)->handle);
    free(*thread);
    *thread = NULL;
}

struct fr_mutex *fr_mutex_create(void)
{
    struct fr_mutex *mutex = malloc(sizeof(*mutex));
    if (mutex)
        InitializeSRWLock(&mutex->lock);
    return mutex;
}

void fr_mutex_destroy(struct fr_mutex **mutex)
{
    free(*mutex);
    *mutex = NULL;
}

void fr_mutex_lock(struct fr_mutex *mutex)
{
    AcquireSRWLockExclusive(&mutex->lock);
}

void fr_mutex_unlock(struct fr_mutex *mutex)
{
    ReleaseSRWLockExclusive(&mutex->lock);
}

struct fr_semaphore {
    HANDLE handle;
};

struct fr_semaphore *fr_semaphore_create(void)
{
    struct fr_semaphore *semaphore = malloc(sizeof(*semaphore));
    if (!semaphore)
        return NULL;
    semaphore->handle = CreateSemaphoreW(NULL, 0, LONG_MAX, NULL);
    if (!semaphore->handle) {
        free(semaphore);
        return NULL;
    }
    return semaphore;
}

void fr_semaphore_destroy(struct fr_semaphore **semaphore)
{
    if (!*semaphore)
        return;
    CloseHandle((*semaphore)->handle);
    free(*semaphore);
    *semaphore = NULL;
}

void fr_semaphore_post(struct fr_semaphore *semaphore)
{
    ReleaseSemaphore(semaphore->handle, 1, NULL);
}

void fr_semaphore_wait(struct fr_semaphore *semaphore)
{
    WaitForSingleObject(semaphore->handle, INFINITE);
}

uint32_t fr_num_processors(void)
{
    DWORD_PTR process = 0, system = 0;
    uint32_t count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &process, &system))
        for (; process; process &= process - 1)
            count++;
    return count ? count : 1;
}
