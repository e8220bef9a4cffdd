/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "system/system.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

size_t system_page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

uint8_t *system_pages_create(size_t count, bool guards)
{
    const size_t page = system_page_bytes();
    uint8_t *const pages =
        mmap(NULL, count * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(pages, MAP_FAILED);
    for (size_t i = 0; guards && i < count; i += 2)
        assert_int_equal(mprotect(pages + i * page, page, PROT_NONE), 0);
    return pages;
}

void system_pages_destroy(uint8_t *pages, size_t count)
{
    munmap(pages, count * system_page_bytes());
}

void system_set_env(const char *name, const char *value)
{
    assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

char *system_folder_create(void)
{
    char *folder = malloc(64);
    assert_non_null(folder);
    strcpy(folder, "/tmp/framering-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

void system_folder_remove(char *folder)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        char path[400];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            unlink(path);
    }
    if (dir)
        closedir(dir);
    rmdir(folder);
    free(folder);
}

bool system_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void system_program_copy(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    assert_true(in && out);
    for (size_t got; (got = fread(bytes, 1, sizeof(bytes), in)) > 0;)
        assert_int_equal(fwrite(bytes, 1, got, out), got);
    fclose(in);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(chmod(to, 0755), 0);
}

size_t system_count_handles(void)
{
    size_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

intptr_t system_duplicate_handle(intptr_t handle)
{
    const int copy = fcntl((int)handle, F_DUPFD_CLOEXEC, 0);
    assert_true(copy >= 0);
    return copy;
}
