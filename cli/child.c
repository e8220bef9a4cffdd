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
    *child = (struct child){.pidfd = -1, .output_fd = -1};
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
    child->output_fd = output[0];
    child->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return 0;
}

static void end_line(struct child *child, void (*line)(void *user, const char *text), void *user)
{
    child->line[child->line_bytes] = '\0';
    if (child->line_bytes)
        line(user, child->line);
    child->line_bytes = 0;
}

void child_read(struct child *child, void (*line)(void *user, const char *text), void *user)
{
    char chunk[512];
    /* Bounded: a source that floods its output must not keep the frame thread here. */
    for (int i = 0; child->output_fd >= 0 && i < 32; i++) {
        ssize_t got = read(child->output_fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return;
        if (got == 0) {
            end_line(child, line, user);
            close(child->output_fd);
            child->output_fd = -1;
            return;
        }
        for (ssize_t k = 0; k < got; k++) {
            if (chunk[k] == '\n' || child->line_bytes == sizeof child->line - 1)
                end_line(child, line, user);
            if (chunk[k] != '\n') /* control characters of an untrusted program stay off the terminal */
                child->line[child->line_bytes++] =
                    (unsigned char)chunk[k] >= 0x20 && chunk[k] != 0x7f ? chunk[k] : ' ';
        }
    }
}

static bool ended_within(const struct child *child, int timeout_ms)
{
    uint64_t deadline = clock_now_ns() + (uint64_t)timeout_ms * NS_PER_MS;
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == child->pid)
            return true;
        uint64_t now = clock_now_ns();
        if (now >= deadline)
            return false;
        int left_ms = (int)((deadline - now) / NS_PER_MS) + 1;
        struct pollfd wait = {.fd = child->pidfd, .events = POLLIN};
        poll(&wait, 1, child->pidfd >= 0 || left_ms < 10 ? left_ms : 10);
    }
}

bool child_wait(struct child *child, int timeout_ms, int *wait_status, uint64_t *cpu_ns)
{
    if (child->pid <= 0 || !ended_within(child, timeout_ms))
        return false;
    struct rusage usage;
    memset(&usage, 0, sizeof usage);
    while (wait4(child->pid, wait_status, 0, &usage) < 0)
        if (errno != EINTR)
            break;
    *cpu_ns = ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * NS_PER_S +
              ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * NS_PER_US;
    child->pid = 0;
    return true;
}

void child_end(struct child *child, int *wait_status, uint64_t *cpu_ns)
{
    if (child->pid <= 0 || child_wait(child, END_BY_ITSELF_MS, wait_status, cpu_ns))
        return;
    kill(child->pid, SIGTERM);
    if (child_wait(child, END_BY_TERM_MS, wait_status, cpu_ns))
        return;
    kill(child->pid, SIGKILL);
    while (!child_wait(child, END_BY_TERM_MS, wait_status, cpu_ns))
        ;
}

void child_finish(struct child *child)
{
    if (child->output_fd >= 0)
        close(child->output_fd);
    if (child->pidfd >= 0)
        close(child->pidfd);
    *child = (struct child){.pidfd = -1, .output_fd = -1};
}

struct text {
    char *out;
    size_t bytes, used;
};

static void append_line(void *user, const char *line)
{
    struct text *text = user;
    int written = snprintf(text->out + text->used, text->bytes - text->used, "%s\n", line);
    if (written > 0 && (size_t)written < text->bytes - text->used)
        text->used += (size_t)written;
    else
        text->out[text->used] = '\0';
}

bool child_run(char *const argv[], char *out, size_t bytes)
{
    struct child child;
    struct text text = {out, bytes, 0};
    out[0] = '\0';
    if (child_start(&child, argv, -1) != 0)
        return false;
    int wait_status = -1;
    uint64_t cpu_ns;
    bool ended = false;
    for (int i = 0; i < 200 && !ended; i++) {
        child_read(&child, append_line, &text);
        ended = child_wait(&child, 10, &wait_status, &cpu_ns);
    }
    if (!ended) {
        kill(child.pid, SIGKILL);
        while (!child_wait(&child, END_BY_TERM_MS, &wait_status, &cpu_ns))
            ;
    }
    child_read(&child, append_line, &text);
    child_finish(&child);
    return ended && WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
}
