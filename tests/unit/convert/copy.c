/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* Copying as it is: each kernel's rows at any place and of any length, and pictures that are larger than the
 * cache. */

#include "picture.h"

#include "convert/copy.h"
#include "convert/kernel.h"
#include "system/system.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 1200, MARGIN = 64, CANARY = 0xa5 };

static void fill(uint8_t *bytes, size_t count, uint64_t *random)
{
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)random_next(random);
}

static void check_row(const fr_copy_kernel *kernel, const uint8_t *in, uint8_t *out, size_t offset,
                      size_t bytes)
{
    uint8_t *const row = out + MARGIN + offset;
    memset(out, CANARY, MOST + 3 * MARGIN);
    kernel->run(row, in, bytes, 0);
    fr_convert_end_stream();
    assert_true(!memcmp(row, in, bytes));
    for (size_t i = 0; i < MARGIN; i++) {
        assert_int_equal(row[-1 - (ptrdiff_t)i], CANARY);
        assert_int_equal(row[bytes + i], CANARY);
    }
}

/* What is read ends at a page that cannot be touched. */
static void every_kernel_copies_a_row_and_nothing_else(void **state)
{
    (void)state;
    const size_t page = system_page_bytes();
    uint8_t *const pages = system_pages_create(3, true) + page, *const out = malloc(MOST + 3 * MARGIN);
    uint64_t random = 9;
    size_t num = 0;
    fill(pages, page, &random);
    for (const fr_copy_kernel *k = fr_copy_kernels; k->name; k++) {
        if (k->cpu & ~fr_cpu_flags()) {
            print_message("%s is not tested: this processor lacks what it needs\n", k->name);
            continue;
        }
        num++;
        for (size_t bytes = 0; bytes <= MOST; bytes++)
            for (size_t offset = 0; offset < MARGIN; offset += 1 + bytes % 7)
                check_row(k, pages + page - bytes, out, offset, bytes);
    }
    free(out);
    system_pages_destroy(pages - page, 3);
    if (!num) {
        print_message("this processor has none of the instruction sets that kernels were built for\n");
        skip();
    }
}

static void the_strongest_kernel_is_taken(void **state)
{
    (void)state;
    const fr_copy_kernel *strongest = NULL;
    for (const fr_copy_kernel *k = fr_copy_kernels; k->name; k++)
        strongest = k->cpu & ~fr_cpu_flags() ? strongest : k;
    assert_ptr_equal(fr_copy_find_kernel(), strongest);
    system_set_env("FRAMERING_CPU_MASK", "all");
    assert_null(fr_copy_find_kernel());
    system_set_env("FRAMERING_CPU_MASK", NULL);
}

typedef struct image {
    uint8_t *memory, *first;
    size_t bytes;
    ptrdiff_t pitch;
} image;

static image image_create(size_t row_bytes, size_t num_rows, size_t padding, bool upside_down)
{
    const size_t pitch = row_bytes + padding;
    image i = {.bytes = pitch * num_rows, .pitch = upside_down ? -(ptrdiff_t)pitch : (ptrdiff_t)pitch};
    i.memory = malloc(i.bytes);
    i.first = i.memory + (upside_down && num_rows ? pitch * (num_rows - 1) : 0);
    memset(i.memory, CANARY, i.bytes);
    return i;
}

static void check_picture_of(size_t row_bytes, size_t num_rows)
{
    uint64_t random = 10;
    for (int turn = 0; turn < 4; turn++) {
        image in = image_create(row_bytes, num_rows, 5, turn & 1),
              out = image_create(row_bytes, num_rows, 9, turn & 2);
        fill(in.memory, in.bytes < 100000 ? in.bytes : 100000, &random);
        fr_copy_rows(out.first, out.pitch, in.first, in.pitch, row_bytes, num_rows);
        for (size_t y = 0; y < num_rows; y++) {
            const uint8_t *const row = out.first + (ptrdiff_t)y * out.pitch;
            assert_true(!memcmp(row, in.first + (ptrdiff_t)y * in.pitch, row_bytes));
            const size_t after = (size_t)(row - out.memory) + row_bytes;
            for (size_t i = after; i < after + 9; i++)
                assert_int_equal(out.memory[i], CANARY);
        }
        free(in.memory);
        free(out.memory);
    }
}

static void pictures_of_any_pitch_are_copied(void **state)
{
    (void)state;
    check_picture_of(0, 3);
    check_picture_of(3, 0);
    check_picture_of(1, 1);
    check_picture_of(777, 13);
    const size_t cache = fr_convert_cache_bytes();
    if (cache && cache <= (size_t)64 << 20)
        check_picture_of(10000, cache / 4 / 10000 + 2); /* past the cache */
    else
        print_message("no picture goes past a cache of %zu bytes here\n", cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_copies_a_row_and_nothing_else),
        cmocka_unit_test(the_strongest_kernel_is_taken),
        cmocka_unit_test(pictures_of_any_pitch_are_copied),
    };
    return cmocka_run_group_tests_name("convert: copy", tests, NULL, NULL);
}
