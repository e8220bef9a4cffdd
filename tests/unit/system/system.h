/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_SYSTEM_SYSTEM_H
#define FR_TESTS_UNIT_SYSTEM_SYSTEM_H

/* What tests need of a system beside os/os.h: linux.c and win32.c have it. Failures end the test. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

size_t system_page_bytes(void);

/* `count` pages of zeros; those whose index is even cannot be touched when `guards`. */
uint8_t *system_pages_create(size_t count, bool guards);
void system_pages_destroy(uint8_t *pages, size_t count);

/* NULL unsets it. */
void system_set_env(const char *name, const char *value);

/* An empty folder for this test alone, to be freed; and its end, with the files in it. Slashes on Windows
 * too. */
char *system_folder_create(void);
void system_folder_remove(char *folder);

bool system_file_exists(const char *path);

/* `to` becomes a program that can be started. */
void system_program_copy(const char *from, const char *to);

/* Descriptors or handles of this process. */
size_t system_count_handles(void);

/* Another one for the same object. */
intptr_t system_duplicate_handle(intptr_t handle);

#endif
