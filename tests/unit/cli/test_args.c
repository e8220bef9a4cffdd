/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "args.h"
#include "say.h"

#include <stdio.h>
#include <string.h>

static const struct args_option table[] = {
    {1, "--size", "WxH", "a size", "Options:"},
    {2, "--json", NULL, "a flag", NULL},
};
static const struct args_command command = {
    .name = "test", .synopsis = "", .about = "", .options = table, .num_options = 2};

static enum args_foreign foreign(void *user, const char *name)
{
    (void)user;
    if (strcmp(name, "--at") == 0)
        return ARGS_VALUE;
    return strcmp(name, "--loop") == 0 ? ARGS_FLAG : ARGS_UNKNOWN;
}

/* Room for the words of one test; args_next is given them as main would be. */
struct line {
    char text[256];
    char *argv[16];
    struct args args;
};

static struct args *read_line(struct line *line, const char *words)
{
    int argc = 0;
    snprintf(line->text, sizeof line->text, "test %s", words);
    for (char *word = strtok(line->text, " "); word; word = strtok(NULL, " "))
        line->argv[argc++] = word;
    line->args = (struct args){.command = &command, .argc = argc, .argv = line->argv, .foreign = foreign};
    return &line->args;
}

static void options_and_values(void **state)
{
    (void)state;
    struct line line;
    struct args *args = read_line(&line, "--size 1x1 out --json --size=2x2 - -- --json");
    assert_int_equal(args_next(args), 1);
    assert_string_equal(args->value, "1x1");
    assert_int_equal(args_next(args), ARGS_POSITIONAL);
    assert_string_equal(args->value, "out");
    assert_int_equal(args_next(args), 2);
    assert_int_equal(args_next(args), 1);
    assert_string_equal(args->value, "2x2");
    assert_int_equal(args_next(args), ARGS_POSITIONAL);
    assert_string_equal(args->value, "-");
    assert_int_equal(args_next(args), ARGS_POSITIONAL);
    assert_string_equal(args->value, "--json");
    assert_int_equal(args_next(args), ARGS_END);
    assert_int_equal(args_next(args), ARGS_END);
}

static void foreign_options(void **state)
{
    (void)state;
    struct line line;
    struct args *args = read_line(&line, "--at 2s:exit --loop --at=3s:x --loop=1");
    assert_int_equal(args_next(args), ARGS_FOREIGN);
    assert_string_equal(args->name, "--at");
    assert_string_equal(args->value, "2s:exit");
    assert_int_equal(args_next(args), ARGS_FOREIGN);
    assert_null(args->value);
    assert_int_equal(args_next(args), ARGS_FOREIGN);
    assert_string_equal(args->value, "3s:x");
    assert_int_equal(args_next(args), ARGS_BAD);
}

static void bad(void **state)
{
    (void)state;
    static const char *const lines[] = {"--nonsense", "--size", "--json=1", "--at"};
    struct line line;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        unsigned errors = say_errors();
        assert_int_equal(args_next(read_line(&line, lines[i])), ARGS_BAD);
        assert_int_equal(say_errors(), errors + 1);
    }
    assert_int_equal(args_next(read_line(&line, "-h")), ARGS_HELP);
}

static void lenient(void **state)
{
    (void)state;
    unsigned errors = say_errors();
    struct line line;
    struct args *args = read_line(&line, "--nonsense --size 1x1");
    args->lenient = true;
    args->foreign = NULL;
    assert_int_equal(args_next(args), 1);
    assert_int_equal(args_next(args), ARGS_END);
    assert_int_equal(say_errors(), errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_values),
        cmocka_unit_test(foreign_options),
        cmocka_unit_test(bad),
        cmocka_unit_test(lenient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
