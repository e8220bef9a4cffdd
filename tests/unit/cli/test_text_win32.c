/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "win32/text.h"

#include <shellapi.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void there_and_back(void **state)
{
    (void)state;
    wchar_t wide[32];
    char text[32];
    assert_true(text_to_wide("Gr\xc3\xbc\xc3\x9f"
                             "e \xf0\x9f\x98\x80",
                             wide, 32));
    assert_int_equal(wcslen(wide), 8);
    assert_true(text_from_wide(wide, text, sizeof text));
    assert_string_equal(text, "Gr\xc3\xbc\xc3\x9f"
                              "e \xf0\x9f\x98\x80");
    assert_false(text_to_wide("too long for it", wide, 4));
    assert_true(wide[0] == 0);
    assert_false(text_to_wide("\xff is no UTF-8", wide, 32));
}

static void errors_have_words(void **state)
{
    (void)state;
    char text[256];
    text_of_error(ERROR_ACCESS_DENIED, text, sizeof text);
    assert_true(strlen(text) > 5);
    assert_null(strpbrk(text, "\r\n"));
    assert_true(text[strlen(text) - 1] != '.');
    assert_string_equal(text_of_error(0x20001234u, text, sizeof text), "error 0x20001234");
}

/* Any words come out of Windows' own reading of the line as they went in. */
static void any_words_survive(void **state)
{
    (void)state;
    static const wchar_t letters[] = L"\\\\\\\"\" \ta\x00e4";
    enum { ROUNDS = 3000, WORDS = 4, LETTERS = sizeof letters / sizeof letters[0] - 1 };
    unsigned seed = 1;
    for (int round = 0; round < ROUNDS; round++) {
        wchar_t line[256] = L"", word[WORDS][12];
        assert_true(text_append_argument(line, 256, L"C:\\a b\\program.exe"));
        for (int i = 0; i < WORDS; i++) {
            size_t length = (seed = seed * 1103515245u + 12345u) >> 16 & 7;
            for (size_t k = 0; k < length; k++)
                word[i][k] = letters[((seed = seed * 1103515245u + 12345u) >> 16) % LETTERS];
            word[i][length] = 0;
            assert_true(text_append_argument(line, 256, word[i]));
        }
        int count;
        LPWSTR *read = CommandLineToArgvW(line, &count);
        assert_int_equal(count, WORDS + 1);
        for (int i = 0; i < WORDS; i++)
            assert_int_equal(wcscmp(read[i + 1], word[i]), 0);
        LocalFree(read);
    }
}

static void a_full_line_is_refused(void **state)
{
    (void)state;
    wchar_t line[8] = L"";
    assert_true(text_append_argument(line, 8, L"abc"));
    assert_false(text_append_argument(line, 8, L"defgh"));
    line[3] = 0;
    assert_false(text_append_argument(line, 8, L"d e"));
    line[3] = 0;
    assert_true(text_append_argument(line, 8, L"def"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(errors_have_words),
        cmocka_unit_test(any_words_survive),
        cmocka_unit_test(a_full_line_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
