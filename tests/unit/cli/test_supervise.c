/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "clock.h"
#include "files.h"
#include "say.h"
#include "supervise.h"

#include <stdio.h>
#include <string.h>

/* A supervisor of an actor. */
struct setting {
    struct supervisor supervisor;
    char program[FILES_PATH_MAX], words[2][64];
    char *argv[4];
};

static void begin(struct setting *setting, const char *first, const char *second, bool restart, bool attached)
{
    assert_true(files_beside(FR_TEST_ACTOR, setting->program, sizeof setting->program));
    snprintf(setting->words[0], sizeof setting->words[0], "%s", first);
    snprintf(setting->words[1], sizeof setting->words[1], "%s", second);
    char *const argv[4] = {setting->program, setting->words[0], setting->words[1], NULL};
    memcpy(setting->argv, argv, sizeof argv);
    supervisor_init(&setting->supervisor, setting->argv, "actor", restart);
    setting->supervisor.attached = attached;
}

static void start(struct setting *setting)
{
    assert_int_equal(supervisor_start(&setting->supervisor, -1), FR_OK);
}

static void run_to_end(struct setting *setting)
{
    for (int i = 0; i < 6000 && setting->supervisor.child.pid; i++) {
        supervisor_watch(&setting->supervisor, fr_clock_now_ns());
        clock_sleep_ns(10 * NS_PER_MS);
    }
    assert_int_equal(setting->supervisor.child.pid, 0);
}

static void nothing_is_left(struct setting *setting)
{
    supervisor_finish(&setting->supervisor);
    assert_int_equal(setting->supervisor.child.pid, 0);
    assert_true(setting->supervisor.child.process == CHILD_NONE);
    assert_true(setting->supervisor.child.output == CHILD_NONE);
}

static void an_orderly_end(void **state)
{
    (void)state;
    struct setting s;
    begin(&s, "exit:0", "", true, true);
    start(&s);
    run_to_end(&s);
    assert_true(s.supervisor.ended);
    assert_false(s.supervisor.failed);
    assert_int_equal(s.supervisor.restart_at_ns, 0);
    assert_true(supervisor_watch(&s.supervisor, fr_clock_now_ns()));
    nothing_is_left(&s);
}

static void a_death_before_the_first_frame(void **state)
{
    (void)state;
    struct setting s;
    unsigned errors = say_errors();
    begin(&s, "out:it does not work", "exit:2", true, false);
    start(&s);
    run_to_end(&s);
    assert_true(s.supervisor.failed);
    assert_true(s.supervisor.spoke);
    assert_int_equal(s.supervisor.exit_code, 2);
    assert_int_equal(say_errors(), errors); /* the session tells it */
    nothing_is_left(&s);
}

static void a_death_is_followed_by_a_restart(void **state)
{
    (void)state;
    struct setting s;
    begin(&s, "die", "", true, true);
    s.supervisor.delivered = true;
    start(&s);
    s.supervisor.delivered = true;
    uint64_t before = fr_clock_now_ns();
    run_to_end(&s);
    uint64_t at = s.supervisor.restart_at_ns;
    assert_false(s.supervisor.failed);
    assert_int_equal(s.supervisor.exit_code, -1);
    assert_true(at > before && at < fr_clock_now_ns() + NS_PER_S);
    assert_false(supervisor_watch(&s.supervisor, at - 1));
    assert_true(supervisor_watch(&s.supervisor, at));
    nothing_is_left(&s);
}

static void without_restart_it_is_a_failure(void **state)
{
    (void)state;
    struct setting s;
    unsigned errors = say_errors();
    begin(&s, "exit:3", "", false, true);
    start(&s);
    run_to_end(&s);
    assert_true(s.supervisor.failed);
    assert_int_equal(say_errors(), errors + 1);
    nothing_is_left(&s);
}

static void barren_sources_are_given_up(void **state)
{
    (void)state;
    struct setting s;
    unsigned starts = 0, errors = say_errors();
    begin(&s, "exit:1", "", true, true);
    while (!s.supervisor.failed && starts < 20) {
        start(&s);
        s.supervisor.delivered = starts == 0; /* only the first one showed something */
        run_to_end(&s);
        starts++;
    }
    assert_int_equal(starts, 6);
    assert_int_equal(say_errors(), errors + 1);
    nothing_is_left(&s);
}

static void a_missing_program(void **state)
{
    (void)state;
    static char program[] = "/nonexistent/source";
    char *argv[] = {program, NULL};
    struct supervisor supervisor;
    unsigned errors = say_errors();
    supervisor_init(&supervisor, argv, "missing", true);
    assert_int_equal(supervisor_start(&supervisor, -1), FR_ERR_SOURCE_FAILED);
    assert_int_equal(say_errors(), errors + 1);
    supervisor_finish(&supervisor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_orderly_end),
        cmocka_unit_test(a_death_before_the_first_frame),
        cmocka_unit_test(a_death_is_followed_by_a_restart),
        cmocka_unit_test(without_restart_it_is_a_failure),
        cmocka_unit_test(barren_sources_are_given_up),
        cmocka_unit_test(a_missing_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
