/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "args.h"
#include "say.h"

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

#define ARGS(...)                                                                                            \
    char *argv[] = {"test", __VA_ARGS__};                                                                    \
    struct args args = {                                                                                     \
        .command = &command, .argc = sizeof argv / sizeof argv[0], .argv = argv, .foreign = foreign}

static void options_and_values(void **state)
{
    (void)state;
    ARGS("--size", "1x1", "out", "--json", "--size=2x2", "-", "--", "--json");
    assert_int_equal(args_next(&args), 1);
    assert_string_equal(args.value, "1x1");
    assert_int_equal(args_next(&args), ARGS_POSITIONAL);
    assert_string_equal(args.value, "out");
    assert_int_equal(args_next(&args), 2);
    assert_int_equal(args_next(&args), 1);
    assert_string_equal(args.value, "2x2");
    assert_int_equal(args_next(&args), ARGS_POSITIONAL);
    assert_string_equal(args.value, "-");
    assert_int_equal(args_next(&args), ARGS_POSITIONAL);
    assert_string_equal(args.value, "--json");
    assert_int_equal(args_next(&args), ARGS_END);
    assert_int_equal(args_next(&args), ARGS_END);
}

static void foreign_options(void **state)
{
    (void)state;
    ARGS("--at", "2s:exit", "--loop", "--at=3s:x", "--loop=1");
    assert_int_equal(args_next(&args), ARGS_FOREIGN);
    assert_string_equal(args.name, "--at");
    assert_string_equal(args.value, "2s:exit");
    assert_int_equal(args_next(&args), ARGS_FOREIGN);
    assert_null(args.value);
    assert_int_equal(args_next(&args), ARGS_FOREIGN);
    assert_string_equal(args.value, "3s:x");
    assert_int_equal(args_next(&args), ARGS_BAD);
}

static void bad(void **state)
{
    (void)state;
    {
        ARGS("--nonsense");
        assert_int_equal(args_next(&args), ARGS_BAD);
    }
    {
        ARGS("--size");
        assert_int_equal(args_next(&args), ARGS_BAD);
    }
    {
        ARGS("--json=1");
        assert_int_equal(args_next(&args), ARGS_BAD);
    }
    {
        ARGS("--at");
        assert_int_equal(args_next(&args), ARGS_BAD);
    }
    {
        ARGS("-h");
        assert_int_equal(args_next(&args), ARGS_HELP);
    }
    assert_int_equal(say_errors(), 4);
}

static void lenient(void **state)
{
    (void)state;
    unsigned errors = say_errors();
    ARGS("--nonsense", "--size", "1x1");
    args.lenient = true;
    args.foreign = NULL;
    assert_int_equal(args_next(&args), 1);
    assert_int_equal(args_next(&args), ARGS_END);
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
