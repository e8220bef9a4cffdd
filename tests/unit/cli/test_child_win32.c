/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * Started with the word "look", this program is the child: it says what it may. With "start" it starts an
 * actor and waits to be killed.
 */
#include "cli_test.h"

#include "child.h"
#include "clock.h"
#include "files.h"
#include "system/system.h"
#include "win32/windows_lean.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 20000 };

static char actor[FILES_PATH_MAX], self[FILES_PATH_MAX];

static void keep(void *user, const char *text)
{
    strncat(user, text, 1000);
    strncat(user, "\n", 2);
}

/* Starts a program with words, waits for its end, keeps what it said. */
static struct child_exit run_program(char *program, const char *const *words, int socket_fd, char out[8192])
{
    char *argv[16] = {program};
    struct child child;
    struct child_exit end = {.code = 99};
    for (int i = 0; words[i]; i++)
        argv[i + 1] = _strdup(words[i]);
    out[0] = '\0';
    assert_int_equal(child_start(&child, argv, socket_fd), 0);
    assert_true(child_wait(&child, WAIT_MS, &end));
    child_read(&child, keep, out);
    child_finish(&child);
    for (int i = 1; argv[i]; i++)
        free(argv[i]);
    return end;
}

static void says_and_exits(void **state)
{
    (void)state;
    static const char *const words[] = {"out:one", "err:two\033[2J", "exit:7", NULL};
    char out[8192], text[64];
    struct child_exit end = run_program(actor, words, -1, out);
    assert_false(end.killed);
    assert_int_equal(end.code, 7);
    assert_string_equal(child_exit_text(&end, text, sizeof text), "ended with exit code 7");
    assert_string_equal(out, "one\ntwo [2J\n");
}

static void an_exception_is_a_death(void **state)
{
    (void)state;
    static const char *const words[] = {"die", NULL};
    char out[8192], text[64];
    struct child_exit end = run_program(actor, words, -1, out);
    assert_true(end.killed);
    assert_string_equal(child_exit_text(&end, text, sizeof text), "was ended by the exception 0xc0000005");
}

/* What the program's own command line has to survive: blanks, quotation marks, backslashes, other letters. */
static void words_arrive_whole(void **state)
{
    (void)state;
    static const char *const words[] = {"out:a b", "out:\"q\" \\\"", "out:c:\\d e\\",
                                        "out:",    "out:%PATH%",     NULL};
    char out[8192];
    run_program(actor, words, -1, out);
    assert_string_equal(out, "a b\n\"q\" \\\"\nc:\\d e\\\n%PATH%\n");
}

static void there_is_nothing_to_read(void **state)
{
    (void)state;
    static const char *const words[] = {"read", NULL};
    char out[8192];
    run_program(actor, words, -1, out);
    assert_string_equal(out, "nothing to read\n");
}

/* Printed by the child, one fact a line. */
static int look(void)
{
    HANDLE token;
    DWORD bytes = 0;
    union {
        TOKEN_PRIVILEGES header;
        char room[4096];
    } privileges;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) ||
        !GetTokenInformation(token, TokenPrivileges, &privileges, sizeof privileges, &bytes))
        return 1;
    printf("%lu privileges\n", privileges.header.PrivilegeCount);
    BOOL in_job = FALSE;
    IsProcessInJob(GetCurrentProcess(), NULL, &in_job);
    printf("%s\n", in_job ? "in a job" : "free");
    printf("%s\n", GetConsoleCP() ? "a console" : "no console");
    const char *socket = getenv("FRAMERING_SOCKET"), *other = getenv("FR_TEST_OTHER");
    DWORD flags;
    HANDLE sock = socket ? LongToHandle(atol(socket)) : NULL,
           another = LongToHandle(atol(other ? other : "0"));
    printf("%s\n", sock && SetEvent(sock) ? "the socket" : "no socket");
    /* The same number may name a handle of this process's own: then it is none of that event. */
    printf("%s\n",
           GetHandleInformation(another, &flags) && SetEvent(another) ? "another handle" : "nothing else");
    return 0;
}

/* An event stands for the socket, and a second one, just as inheritable, for what must not reach the child.
 */
static void is_restricted(void **state)
{
    (void)state;
    static const char *const words[] = {"look", NULL};
    SECURITY_ATTRIBUTES inherit = {.nLength = sizeof inherit, .bInheritHandle = TRUE};
    HANDLE sock = CreateEventW(NULL, TRUE, FALSE, NULL), other = CreateEventW(&inherit, TRUE, FALSE, NULL);
    char out[8192], number[16];
    assert_true(sock && other);
    snprintf(number, sizeof number, "%ld", HandleToLong(other));
    system_set_env("FR_TEST_OTHER", number);
    struct child_exit end = run_program(self, words, (int)HandleToLong(sock), out);
    assert_int_equal(end.code, 0);
    assert_string_equal(out, "1 privileges\nin a job\nno console\nthe socket\nnothing else\n");
    assert_int_equal(WaitForSingleObject(sock, 0), WAIT_OBJECT_0);
    assert_int_equal(WaitForSingleObject(other, 0), WAIT_TIMEOUT);
    child_socket_close((int)HandleToLong(sock));
    DWORD flags;
    assert_false(GetHandleInformation(sock, &flags));
    CloseHandle(other);
}

static void no_stale_socket_in_the_environment(void **state)
{
    (void)state;
    static const char *const words[] = {"env:FRAMERING_SOCKET", "env:FR_TEST_KEPT", NULL};
    char out[8192];
    system_set_env("FRAMERING_SOCKET", "17");
    system_set_env("FR_TEST_KEPT", "kept");
    run_program(actor, words, -1, out);
    system_set_env("FRAMERING_SOCKET", NULL);
    assert_string_equal(out, "[]\n[kept]\n");
}

static void a_missing_program_has_its_reason(void **state)
{
    (void)state;
    static char program[] = "C:\\nonexistent\\program.exe";
    char *argv[] = {program, NULL}, text[256];
    struct child child;
    int error = child_start(&child, argv, -1);
    assert_true(error == ERROR_PATH_NOT_FOUND || error == ERROR_FILE_NOT_FOUND);
    assert_true(strlen(child_error_text(error, text, sizeof text)) > 3);
    assert_int_equal(child.pid, 0);
    child_finish(&child);
}

static void is_ended(void **state)
{
    (void)state;
    static char word[] = "wait:600000";
    char *argv[] = {actor, word, NULL};
    struct child child;
    struct child_exit end = {.code = 99};
    assert_int_equal(child_start(&child, argv, -1), 0);
    child_end(&child, &end);
    assert_int_equal(child.pid, 0);
    assert_int_equal(end.code, 1);
    child_finish(&child);
}

static void floods_are_bounded(void **state)
{
    (void)state;
    static char word[] = "flood";
    char *argv[] = {actor, word, NULL};
    char out[65536] = "";
    struct child child;
    struct child_exit end;
    assert_int_equal(child_start(&child, argv, -1), 0);
    while (!out[0])
        child_read(&child, keep, out); /* returns although there is always more */
    child_end(&child, &end);
    child_finish(&child);
}

static void run_keeps_output(void **state)
{
    (void)state;
    static char hello[] = "out:hello", bad[] = "exit:1";
    char *good_argv[] = {actor, hello, NULL}, *bad_argv[] = {actor, hello, bad, NULL};
    char out[64], tiny[4], why[128];
    assert_true(child_run(good_argv, out, sizeof out, why, sizeof why));
    assert_string_equal(out, "hello\n");
    assert_false(child_run(bad_argv, out, sizeof out, why, sizeof why));
    assert_string_equal(why, "ended with exit code 1");
    assert_true(child_run(good_argv, tiny, sizeof tiny, why, sizeof why));
    assert_string_equal(tiny, "");
}

/* Says which process it started, then waits. */
static int start(void)
{
    static char word[] = "wait:600000";
    char *argv[] = {actor, word, NULL};
    struct child child;
    if (child_start(&child, argv, -1) != 0)
        return 1;
    printf("%ld\n", (long)child.pid);
    fflush(stdout);
    Sleep(INFINITE);
    return 0;
}

/* Reads the number that the middle one says. */
static DWORD pid_of_the_last(struct child *middle)
{
    char out[8192] = "";
    while (!strchr(out, '\n')) {
        child_read(middle, keep, out);
        Sleep(10);
    }
    return (DWORD)strtoul(out, NULL, 10);
}

static void dies_with_its_parent(void **state)
{
    (void)state;
    static char word[] = "start";
    char *argv[] = {self, word, NULL};
    struct child middle;
    struct child_exit end;
    assert_int_equal(child_start(&middle, argv, -1), 0);
    HANDLE last = OpenProcess(SYNCHRONIZE, FALSE, pid_of_the_last(&middle));
    assert_non_null(last);
    assert_int_equal(WaitForSingleObject(last, 0), WAIT_TIMEOUT);
    child_kill(&middle);
    assert_true(child_wait(&middle, WAIT_MS, &end));
    assert_int_equal(WaitForSingleObject(last, WAIT_MS), WAIT_OBJECT_0);
    CloseHandle(last);
    child_finish(&middle);
}

int main(int argc, char **argv)
{
    if (!files_self(self, sizeof self) || !files_beside(FR_TEST_ACTOR, actor, sizeof actor))
        return 1;
    if (argc > 1)
        return strcmp(argv[1], "look") == 0 ? look() : start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_and_exits),
        cmocka_unit_test(an_exception_is_a_death),
        cmocka_unit_test(words_arrive_whole),
        cmocka_unit_test(there_is_nothing_to_read),
        cmocka_unit_test(is_restricted),
        cmocka_unit_test(no_stale_socket_in_the_environment),
        cmocka_unit_test(a_missing_program_has_its_reason),
        cmocka_unit_test(is_ended),
        cmocka_unit_test(floods_are_bounded),
        cmocka_unit_test(run_keeps_output),
        cmocka_unit_test(dies_with_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
