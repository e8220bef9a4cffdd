/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "child.h"

#include "clock.h"

#include <framering/source.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SOCKET_FD = 3,
    REPORT_FD = 4, /* carries the errno of a failed exec; closed by a good one */
    END_BY_ITSELF_MS = 250,
    END_BY_TERM_MS = 1000
};

extern char **environ;

static int dup_above(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, 10);
}

/* After fork in a program with threads: only calls that are safe in a signal handler. */
static void become(char *const argv[], char *const envp[], int socket_fd, int output_fd, int report_fd,
                   pid_t parent)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int report = dup_above(report_fd);
    int output = dup_above(output_fd);
    int sock = socket_fd >= 0 ? dup_above(socket_fd) : -1;
    if (null_fd < 0 || report < 0 || output < 0 || dup2(null_fd, 0) < 0 || dup2(output, 1) < 0 ||
        dup2(output, 2) < 0)
        _exit(127);
    if (dup3(report, REPORT_FD, O_CLOEXEC) < 0)
        _exit(127);
    if (sock >= 0 && dup2(sock, SOCKET_FD) < 0)
        goto failed;
    if (sock < 0)
        close(SOCKET_FD);
    if (syscall(SYS_close_range, (unsigned)REPORT_FD + 1u, ~0u, 0u) < 0)
        for (int fd = REPORT_FD + 1; fd < 1024; fd++)
            close(fd);

    setsid();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != parent) /* we died before that took effect */
        _exit(127);
    const struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(argv[0], argv, envp);
failed:;
    int error = errno;
    ssize_t written = write(REPORT_FD, &error, sizeof error);
    (void)written;
    _exit(127);
}

/* Our environment, with FRAMERING_SOCKET as it must be for the child. */
static char **child_environment(bool with_socket)
{
    static char socket_is[] = FR_SOURCE_SOCKET_ENV "=3";
    const size_t name_bytes = sizeof FR_SOURCE_SOCKET_ENV; /* with the "=" */
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **envp = calloc(count + 2, sizeof *envp);
    if (!envp)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], FR_SOURCE_SOCKET_ENV "=", name_bytes) != 0)
            envp[kept++] = environ[i];
    if (with_socket)
        envp[kept] = socket_is;
    return envp;
}

static int read_report(int fd)
{
    int error = 0;
    ssize_t got;
    do
        got = read(fd, &error, sizeof error);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof error ? error : 0;
}

int child_start(struct child *child, char *const argv[], int socket_fd)
{
    child_init(child);
    int output[2], report[2];
    if (pipe2(output, O_CLOEXEC) < 0)
        return errno;
    if (pipe2(report, O_CLOEXEC) < 0) {
        int error = errno;
        close(output[0]);
        close(output[1]);
        return error;
    }
    char **envp = child_environment(socket_fd >= 0);
    pid_t parent = getpid();
    pid_t pid = envp ? fork() : -1;
    int error = envp ? errno : ENOMEM;
    if (pid == 0)
        become(argv, envp, socket_fd, output[1], report[1], parent);
    free(envp);
    close(output[1]);
    close(report[1]);
    if (pid > 0)
        error = read_report(report[0]);
    close(report[0]);
    if (pid <= 0 || error) {
        close(output[0]);
        if (pid > 0)
            waitpid(pid, NULL, 0);
        return error ? error : EAGAIN;
    }
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    child->pid = pid;
    child->output = output[0];
    child->process = syscall(SYS_pidfd_open, pid, 0);
    return 0;
}

int child_start_trusted(struct child *child, char *const argv[])
{
    return child_start(child, argv, -1);
}

char *child_error_text(int error, char *out, size_t bytes)
{
    snprintf(out, bytes, "%s", strerror(error));
    return out;
}

void child_socket_close(int socket_fd)
{
    if (socket_fd >= 0)
        close(socket_fd);
}

int child_read_some(struct child *child, char *out, size_t bytes)
{
    ssize_t got;
    do
        got = read((int)child->output, out, bytes);
    while (got < 0 && errno == EINTR);
    if (got == 0) {
        close((int)child->output);
        child->output = CHILD_NONE;
    }
    return (int)got;
}

static bool ended_within(const struct child *child, int timeout_ms)
{
    uint64_t deadline = fr_clock_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == child->pid)
            return true;
        uint64_t now = fr_clock_now_ns();
        if (now >= deadline)
            return false;
        int left_ms = (int)((deadline - now) / NS_PER_MS) + 1;
        struct pollfd wait = {.fd = (int)child->process, .events = POLLIN};
        poll(&wait, 1, child->process >= 0 || left_ms < 10 ? left_ms : 10);
    }
}

bool child_wait(struct child *child, int timeout_ms, struct child_exit *out)
{
    if (child->pid <= 0 || !ended_within(child, timeout_ms))
        return false;
    struct rusage usage;
    int status = 0;
    memset(&usage, 0, sizeof usage);
    while (wait4((pid_t)child->pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            break;
    out->killed = WIFSIGNALED(status);
    out->code = (uint32_t)(out->killed ? WTERMSIG(status) : WEXITSTATUS(status));
    out->cpu_ns = ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * NS_PER_S +
                  ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * NS_PER_US;
    child->pid = 0;
    return true;
}

char *child_exit_text(const struct child_exit *how, char *out, size_t bytes)
{
    if (how->killed)
        snprintf(out, bytes, "was killed by signal %d (%s)", (int)how->code, strsignal((int)how->code));
    else
        snprintf(out, bytes, "ended with exit code %d", (int)how->code);
    return out;
}

void child_kill(struct child *child)
{
    kill((pid_t)child->pid, SIGKILL);
}

void child_end(struct child *child, struct child_exit *out)
{
    if (child->pid <= 0 || child_wait(child, END_BY_ITSELF_MS, out))
        return;
    kill((pid_t)child->pid, SIGTERM);
    if (child_wait(child, END_BY_TERM_MS, out))
        return;
    child_kill(child);
    while (!child_wait(child, END_BY_TERM_MS, out))
        ;
}

void child_finish(struct child *child)
{
    if (child->output != CHILD_NONE)
        close((int)child->output);
    if (child->process >= 0)
        close((int)child->process);
    child_init(child);
}

int child_become(char *const argv[], int *exit_code)
{
    (void)exit_code;
    execv(argv[0], argv);
    return errno;
}
