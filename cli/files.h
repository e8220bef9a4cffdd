/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_CLI_FILES_H
#define FR_CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Files by paths in UTF-8, whatever the system makes of them. linux/files.c, win32/files.c. */

enum { FILES_PATH_MAX = 4096 };

/* The end of a program's name: "" or ".exe". */
extern const char files_program_suffix[];

/* Where source programs lie: a path from the root, or relative to the folder of this program. Ends with
 * NULL. */
extern const char *const files_source_folders[];

/* As fopen, "rb" or "wb"; programs that we start do not inherit it. errno tells a failure. */
FILE *files_open(const char *path, const char *mode);

bool files_exist(const char *path);
bool files_is_program(const char *path);

void files_remove(const char *path);
/* Only if it is a file and holds nothing. */
void files_remove_empty(const char *path);

/* Makes an empty file of a new name in the folder for such. False: *out names the folder. */
bool files_make_temporary(char *out, size_t bytes, const char *suffix);

/* Calls `name` for each entry of the folder; of one that cannot be read, for none. */
void files_list(const char *folder, void (*name)(void *user, const char *name), void *user);

/* The path of this program, and one relative to its folder. False: the system does not say. */
bool files_self(char *out, size_t bytes);
bool files_beside(const char *relative, char *out, size_t bytes);

#endif
