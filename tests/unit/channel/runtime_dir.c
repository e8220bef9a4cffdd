/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include "channel/runtime_dir.h"
#include "channel/socket.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    struct sandbox *sandbox = calloc(1, sizeof(*sandbox));
    sandbox_make(sandbox);
    *state = sandbox;
    return 0;
}

static int teardown(void **state)
{
    sandbox_remove(*state);
    free(*state);
    return 0;
}

/* Opens a claim; on failure a sentence with `part` must have been logged. */
static fr_status claim(const struct sandbox *sandbox, bool others, const char *part)
{
    struct sink sink;
    struct fr_target_claim claim;
    sink_init(&sink);
    const fr_log log = sink_log(&sink);
    const size_t before = system_count_handles();
    const fr_status status = fr_target_claim_init(&claim, sandbox->dir, 7, others, &log);
    if (part)
        assert_true(sink_has(&sink, status ? FR_LOG_ERROR : FR_LOG_WARNING, part));
    else
        assert_int_equal(sink.num_lines, 0);
    fr_target_claim_finish(&claim);
    expect_handles(before);
    sink_finish(&sink);
    return status;
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode & 07777;
}

static void the_environment_names_the_folder(void **state)
{
    (void)state;
    char dir[FR_RUNTIME_DIR_BYTES], small[10];
    setenv("XDG_RUNTIME_DIR", "/some/where", 1);
    assert_int_equal(fr_runtime_dir(dir, sizeof(dir)), FR_OK);
    assert_string_equal(dir, "/some/where/framering");
    assert_int_equal(fr_runtime_dir(small, sizeof(small)), FR_ERR_ARGUMENT);
    assert_string_equal(small, "");
    assert_int_equal(fr_runtime_dir(NULL, 0), FR_ERR_ARGUMENT);

    char by_user[64], in_tmp[64];
    snprintf(by_user, sizeof(by_user), "/run/user/%lu/framering", (unsigned long)geteuid());
    snprintf(in_tmp, sizeof(in_tmp), "/tmp/framering-%lu", (unsigned long)geteuid());
    const char *const unusable[] = {NULL, "", "relative/path"};
    for (size_t i = 0; i < 3; i++) {
        unsetenv("XDG_RUNTIME_DIR");
        if (unusable[i])
            setenv("XDG_RUNTIME_DIR", unusable[i], 1);
        assert_int_equal(fr_runtime_dir(dir, sizeof(dir)), FR_OK);
        struct stat info;
        char parent[64];
        snprintf(parent, sizeof(parent), "/run/user/%lu", (unsigned long)geteuid());
        assert_string_equal(dir, stat(parent, &info) ? in_tmp : by_user);
    }
}

static void a_missing_folder_is_made_for_us_alone(void **state)
{
    const struct sandbox *sandbox = *state;
    struct fr_target_claim claim;
    const mode_t before = umask(0);
    assert_int_equal(fr_target_claim_init(&claim, sandbox->dir, 7, false, NULL), FR_OK);
    umask(before);
    assert_int_equal(mode_of(sandbox->dir), 0700);
    assert_int_equal(mode_of(claim.paths.socket), 0600);
    fr_target_claim_finish(&claim);
    assert_int_equal(access(claim.paths.socket, F_OK), -1);
    char lock[128];
    snprintf(lock, sizeof(lock), "%s/target-7.lock", sandbox->dir);
    assert_int_equal(access(lock, F_OK), -1);
}

static void others_may_pass_only_when_asked_for(void **state)
{
    const struct sandbox *sandbox = *state;
    struct fr_target_claim first;
    const mode_t before = umask(077);
    assert_int_equal(fr_target_claim_init(&first, sandbox->dir, 7, true, NULL), FR_OK);
    umask(before);
    assert_int_equal(mode_of(sandbox->dir), 0711);
    assert_int_equal(mode_of(first.paths.socket), 0666);
    fr_target_claim_finish(&first);
    assert_int_equal(claim(sandbox, false, "chmod 700"), FR_ERR_PERMISSION);
    assert_int_equal(chmod(sandbox->dir, 0700), 0);
    assert_int_equal(claim(sandbox, true, "chmod 711"), FR_OK);
    assert_int_equal(chmod(sandbox->dir, 0733), 0);
    assert_int_equal(claim(sandbox, true, "chmod 711"), FR_ERR_PERMISSION);
}

static void an_open_folder_is_refused(void **state)
{
    const struct sandbox *sandbox = *state;
    const mode_t bad[] = {0755, 0770, 0701, 0720, 0777};
    assert_int_equal(mkdir(sandbox->dir, 0700), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(chmod(sandbox->dir, bad[i]), 0);
        assert_int_equal(claim(sandbox, false, "is open to other users"), FR_ERR_PERMISSION);
    }
    assert_int_equal(chmod(sandbox->dir, 02700), 0);
    assert_int_equal(claim(sandbox, false, NULL), FR_OK);
}

static void links_and_files_are_refused(void **state)
{
    const struct sandbox *sandbox = *state;
    char real[128];
    snprintf(real, sizeof(real), "%s/real", sandbox->top);
    assert_int_equal(mkdir(real, 0700), 0);
    assert_int_equal(symlink(real, sandbox->dir), 0);
    assert_int_equal(claim(sandbox, false, "symbolic link or not a folder"), FR_ERR_PERMISSION);
    unlink(sandbox->dir);
    close(open(sandbox->dir, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(claim(sandbox, false, "symbolic link or not a folder"), FR_ERR_PERMISSION);
}

static void a_folder_of_another_user_is_refused(void **state)
{
    const struct sandbox *sandbox = *state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(mkdir(sandbox->dir, 0700), 0);
    assert_int_equal(chown(sandbox->dir, 65534, 65534), 0);
    assert_int_equal(claim(sandbox, false, "belongs to user 65534"), FR_ERR_PERMISSION);
}

static void a_folder_that_cannot_be_made_is_explained(void **state)
{
    struct sandbox nowhere = *(const struct sandbox *)*state;
    snprintf(nowhere.dir, sizeof(nowhere.dir), "%s/a/b", nowhere.top);
    assert_int_equal(claim(&nowhere, false, "cannot make the runtime folder"), FR_ERR_SYSTEM);
}

static void a_path_that_is_too_long_is_explained(void **state)
{
    (void)state;
    struct sink sink;
    struct fr_target_paths paths;
    char dir[FR_SOCKET_PATH_BYTES];
    sink_init(&sink);
    const fr_log log = sink_log(&sink);
    memset(dir, 'd', sizeof(dir));
    dir[0] = '/';
    /* "/target-7.sock" takes 14 bytes and the final zero one. */
    dir[FR_SOCKET_PATH_BYTES - 15] = '\0';
    assert_int_equal(fr_target_paths_init(&paths, dir, 7, &log), FR_OK);
    assert_int_equal(fr_target_paths_init(&paths, dir, 77, &log), FR_ERR_ARGUMENT);
    assert_true(sink_has(&sink, FR_LOG_ERROR, "too long for a socket address of 107 bytes"));
    sink_finish(&sink);
}

static void what_is_not_a_socket_stays(void **state)
{
    const struct sandbox *sandbox = *state;
    char path[FR_ADDRESS_BYTES];
    sandbox_address(sandbox, 7, path);
    assert_int_equal(mkdir(sandbox->dir, 0700), 0);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    assert_int_equal(claim(sandbox, false, "is in the way and is not a socket"), FR_ERR_PERMISSION);
    assert_int_equal(access(path, F_OK), 0);
}

static void a_lock_that_is_a_link_is_not_followed(void **state)
{
    const struct sandbox *sandbox = *state;
    char lock[128], victim[128];
    snprintf(lock, sizeof(lock), "%s/target-7.lock", sandbox->dir);
    snprintf(victim, sizeof(victim), "%s/victim", sandbox->top);
    assert_int_equal(mkdir(sandbox->dir, 0700), 0);
    assert_int_equal(symlink(victim, lock), 0);
    assert_int_equal(claim(sandbox, false, "cannot open the lock"), FR_ERR_SYSTEM);
    assert_int_equal(access(victim, F_OK), -1);
}

/* A host removes only what it bound itself. */
static void a_socket_that_was_replaced_is_left_alone(void **state)
{
    const struct sandbox *sandbox = *state;
    struct fr_target_claim first;
    assert_int_equal(fr_target_claim_init(&first, sandbox->dir, 7, false, NULL), FR_OK);
    char path[FR_SOCKET_PATH_BYTES], kept[128];
    memcpy(path, first.paths.socket, sizeof(path));
    snprintf(kept, sizeof(kept), "%s/kept", sandbox->dir);
    assert_int_equal(rename(path, kept), 0); /* so that its inode number is not used again */
    struct raw_listener other;
    raw_listen(&other, path);
    fr_target_claim_finish(&first);
    assert_int_equal(access(path, F_OK), 0);
    raw_unlisten(&other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_environment_names_the_folder),
        TEST(a_missing_folder_is_made_for_us_alone),
        TEST(others_may_pass_only_when_asked_for),
        TEST(an_open_folder_is_refused),
        TEST(links_and_files_are_refused),
        TEST(a_folder_of_another_user_is_refused),
        TEST(a_folder_that_cannot_be_made_is_explained),
        TEST(a_path_that_is_too_long_is_explained),
        TEST(what_is_not_a_socket_stays),
        TEST(a_lock_that_is_a_link_is_not_followed),
        TEST(a_socket_that_was_replaced_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
