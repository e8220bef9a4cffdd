/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "files.h"
#include "linux/display.h"
#include "sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

static void write_script(const char *folder, const char *name, const char *body, mode_t mode)
{
    char path[FILES_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(body, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void find_and_ask(void **state)
{
    (void)state;
    char folder[] = "/tmp/framering-test-XXXXXX", path[FILES_PATH_MAX];
    assert_non_null(mkdtemp(folder));
    write_script(folder, "framering-source-zebra", "#!/bin/sh\necho '--size WxH'\necho --fast\n", 0755);
    write_script(folder, "framering-source-apple", "#!/bin/sh\nexit 1\n", 0755);
    write_script(folder, "framering-source-not-a-program", "", 0644);
    setenv("FRAMERING_SOURCE_DIR", folder, 1);

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
    assert_int_equal(sources_option_kind(&options, "--fast"), ARGS_FLAG);
    assert_true(sources_find("apple", path, sizeof path));
    assert_false(sources_ask_options(path, &options));
    assert_false(sources_find("not-a-program", path, sizeof path));
    assert_false(sources_find("../zebra", path, sizeof path));
    assert_false(sources_find("", path, sizeof path));

    char command[FILES_PATH_MAX + 64];
    static const char *const names[] = {"zebra", "apple", "not-a-program"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(command, sizeof command, "%s/framering-source-%s", folder, names[i]);
        unlink(command);
    }
    rmdir(folder);
}

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_options),
        cmocka_unit_test(many_options_are_bounded),
        cmocka_unit_test(find_and_ask),
        cmocka_unit_test(display),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
