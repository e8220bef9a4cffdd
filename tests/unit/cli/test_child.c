/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "child.h"
#include "clock.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The command line of a shell; the caller frees the script. */
struct shell_args {
    char *argv[4];
};

static struct shell_args shell_args(const char *script)
{
    static char sh[] = "/bin/sh", command[] = "-c";
    return (struct shell_args){{sh, command, strdup(script), NULL}};
}

static void keep(void *user, const char *text)
{
    strncat(user, text, 1000);
    strncat(user, "\n", 2);
}

/* Starts a shell command, waits for its end, keeps what it said. */
static struct child_exit shell(const char *script, int socket_fd, char out[8192])
{
    struct shell_args args = shell_args(script);
    struct child child;
    struct child_exit end = {.code = 1};
    out[0] = '\0';
    assert_int_equal(child_start(&child, args.argv, socket_fd), 0);
    assert_true(child_wait(&child, 10000, &end));
    child_read(&child, keep, out);
    child_finish(&child);
    free(args.argv[2]);
    return end;
}

static void says_and_exits(void **state)
{
    (void)state;
    char out[8192];
    char text[64];
    struct child_exit end = shell("echo one; printf 'two\\033[2J\\n' >&2; exit 7", -1, out);
    assert_false(end.killed);
    assert_int_equal(end.code, 7);
    assert_string_equal(child_exit_text(&end, text, sizeof text), "ended with exit code 7");
    assert_string_equal(out, "one\ntwo [2J\n");
}

static void is_restricted(void **state)
{
    (void)state;
    char out[8192];
    int ours = dup(1); /* one more descriptor that must not reach the child */
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    shell("grep NoNewPrivs /proc/self/status; ulimit -c; echo $FRAMERING_SOCKET; "
          "ls /proc/$$/fd; readlink /proc/$$/fd/0",
          pair[0], out);
    assert_non_null(strstr(out, "NoNewPrivs:\t1") ? strstr(out, "NoNewPrivs:\t1")
                                                  : strstr(out, "NoNewPrivs: 1"));
    /* No core file, the socket is 3, and nothing is open above it. */
    assert_non_null(strstr(out, "\n0\n3\n0\n1\n2\n3\n/dev/null\n"));
    close(ours);
    close(pair[0]);
    close(pair[1]);
}

static void no_stale_socket_in_the_environment(void **state)
{
    (void)state;
    char out[8192];
    setenv("FRAMERING_SOCKET", "17", 1);
    shell("echo \"[$FRAMERING_SOCKET]\"", -1, out);
    unsetenv("FRAMERING_SOCKET");
    assert_string_equal(out, "[]\n");
}

static void failed_exec_has_its_reason(void **state)
{
    (void)state;
    static char program[] = "/nonexistent/program";
    char *argv[] = {program, NULL};
    struct child child;
    assert_int_equal(child_start(&child, argv, -1), ENOENT);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nothing is left behind */
    assert_int_equal(errno, ECHILD);
}

/* Waits until the child has said something; what it says is bounded, though there may always be more. */
static void hear(struct child *child, char out[65536])
{
    out[0] = '\0';
    while (!out[0])
        child_read(child, keep, out);
}

static void is_ended(void **state)
{
    (void)state;
    static char out[65536];
    static const struct {
        const char *script;
        int signal;
    } cases[] = {{"echo ready; sleep 60", SIGTERM},
                 {"trap '' TERM; echo ready; while :; do sleep 1; done", SIGKILL}};
    for (size_t i = 0; i < 2; i++) {
        struct shell_args args = shell_args(cases[i].script);
        struct child child;
        struct child_exit end = {.killed = false};
        uint64_t begin;
        assert_int_equal(child_start(&child, args.argv, -1), 0);
        hear(&child, out);
        begin = fr_clock_now_ns();
        child_end(&child, &end);
        assert_true(fr_clock_now_ns() - begin < 20 * NS_PER_S);
        assert_true(end.killed);
        assert_int_equal(end.code, cases[i].signal);
        child_finish(&child);
        free(args.argv[2]);
    }
}

static void floods_are_bounded(void **state)
{
    (void)state;
    struct shell_args args = shell_args("yes");
    struct child child;
    static char out[65536];
    struct child_exit end;
    assert_int_equal(child_start(&child, args.argv, -1), 0);
    hear(&child, out);
    child_end(&child, &end);
    child_finish(&child);
    free(args.argv[2]);
}

static void run_keeps_output(void **state)
{
    (void)state;
    char out[64], why[128], tiny[4];
    struct shell_args good = shell_args("echo hello");
    assert_true(child_run(good.argv, out, sizeof out, why, sizeof why));
    assert_string_equal(out, "hello\n");
    assert_true(child_run(good.argv, tiny, sizeof tiny, why, sizeof why));
    assert_string_equal(tiny, "");
    free(good.argv[2]);
}

static void run_says_why_not(void **state)
{
    (void)state;
    char out[64], why[128], missing[] = "/nowhere/at-all";
    struct shell_args bad = shell_args("echo hello; exit 7");
    char *const none[] = {missing, NULL};
    assert_false(child_run(bad.argv, out, sizeof out, why, sizeof why));
    assert_string_equal(why, "ended with exit code 7");
    assert_false(child_run(none, out, sizeof out, why, sizeof why));
    assert_string_equal(why, "cannot be started: No such file or directory");
    free(bad.argv[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_and_exits),
        cmocka_unit_test(is_restricted),
        cmocka_unit_test(no_stale_socket_in_the_environment),
        cmocka_unit_test(failed_exec_has_its_reason),
        cmocka_unit_test(is_ended),
        cmocka_unit_test(floods_are_bounded),
        cmocka_unit_test(run_keeps_output),
        cmocka_unit_test(run_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
