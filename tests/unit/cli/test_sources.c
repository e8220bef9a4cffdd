/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "files.h"
#include "sources.h"
#include "system/system.h"

#include <stdio.h>
#include <string.h>

#ifndef _WIN32
#include "linux/display.h"

#include <stdlib.h>
#endif

static void parse_options(void **state)
{
    (void)state;
    struct sources_options o;
    sources_parse_options("--size WxH\n  --hdr  \n--at TIME:WHAT\nnonsense\n\n--\n--x\n-y Z\n--last N", &o);
    assert_int_equal(o.count, 5);
    assert_int_equal(sources_option_kind(&o, "--size"), ARGS_VALUE);
    assert_int_equal(sources_option_kind(&o, "--hdr"), ARGS_FLAG);
    assert_int_equal(sources_option_kind(&o, "--at"), ARGS_VALUE);
    assert_int_equal(sources_option_kind(&o, "--x"), ARGS_FLAG);
    assert_int_equal(sources_option_kind(&o, "--last"), ARGS_VALUE);
    assert_int_equal(sources_option_kind(&o, "--si"), ARGS_UNKNOWN);
    sources_parse_options("", &o);
    assert_int_equal(o.count, 0);
}

static void many_options_are_bounded(void **state)
{
    (void)state;
    char text[2048] = "";
    for (int i = 0; i < 100; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "--option-%d\n", i);
    struct sources_options o;
    sources_parse_options(text, &o);
    assert_int_equal(o.count, SOURCES_OPTIONS_MAX);
}

static void install(const char *folder, const char *kind)
{
    char actor[FILES_PATH_MAX], to[FILES_PATH_MAX];
    assert_true(files_beside(FR_TEST_ACTOR, actor, sizeof actor));
    snprintf(to, sizeof to, "%s/framering-source-%s%s", folder, kind, files_program_suffix);
    system_program_copy(actor, to);
}

static void find_and_ask(void **state)
{
    (void)state;
    char *folder = system_folder_create(), path[FILES_PATH_MAX];
    install(folder, "zebra");
    install(folder, "apple");
    snprintf(path, sizeof path, "%s/framering-source-not-a-program", folder);
    fclose(fopen(path, "w"));
    system_set_env("FRAMERING_SOURCE_DIR", folder);

    struct sources_list list;
    sources_scan(&list);
    assert_true(list.count >= 2);
    assert_string_equal(list.kind[0], "apple");
    bool zebra = false;
    for (size_t i = 0; i < list.count; i++) {
        assert_string_not_equal(list.kind[i], "not-a-program");
        zebra = zebra || strcmp(list.kind[i], "zebra") == 0;
    }
    assert_true(zebra);

    struct sources_options options;
    assert_true(sources_find("zebra", path, sizeof path));
    assert_true(sources_ask_options(path, &options));
    assert_int_equal(sources_option_kind(&options, "--size"), ARGS_VALUE);
    assert_int_equal(sources_option_kind(&options, "--loop"), ARGS_FLAG);
    assert_true(sources_find("apple", path, sizeof path));
    assert_false(sources_ask_options(path, &options));
    assert_false(sources_find("not-a-program", path, sizeof path));
    assert_false(sources_find("../zebra", path, sizeof path));
    assert_false(sources_find("", path, sizeof path));
    system_folder_remove(folder);
}

#ifndef _WIN32
static void display(void **state)
{
    (void)state;
    unsetenv("DISPLAY");
    assert_false(display_answers());
    setenv("DISPLAY", ":64999", 1);
    assert_false(display_answers());
    setenv("DISPLAY", "nonsense", 1);
    assert_false(display_answers());
    setenv("DISPLAY", "far.example:0", 1);
    assert_true(display_answers());
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_options),
        cmocka_unit_test(many_options_are_bounded),
        cmocka_unit_test(find_and_ask),
#ifndef _WIN32
        cmocka_unit_test(display),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
