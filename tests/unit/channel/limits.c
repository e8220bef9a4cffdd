/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include "channel/socket.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

/* No descriptor above those in use can be opened until the old limit is back. */
static struct rlimit forbid_descriptors(void)
{
    struct rlimit before, tight;
    const int next = dup(STDIN_FILENO);
    assert_true(next >= 0);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)next;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    return before;
}

static void a_host_without_descriptors_waits_for_some(void **state)
{
    struct host host;
    int go[2];
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (!child) {
        struct source source;
        char ready;
        (void)!read(go[0], &ready, 1);
        source_open(&source, *state, 7);
        source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
        source_close(&source);
        _exit(0);
    }
    close(go[0]);
    host_open(&host, *state, 7);
    const struct rlimit before = forbid_descriptors();
    assert_int_equal(write(go[1], "x", 1), 1);
    const bool told = sink_has(&host.sink, FR_LOG_WARNING, "cannot accept connections");
    sleep_ms(250);
    const size_t lines = sink_count(&host.sink, FR_LOG_WARNING);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(told);
    assert_int_equal(lines, 1);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(go[1]);
    host_close(&host);
}

static void creating_without_descriptors_fails_cleanly(void **state)
{
    const struct sandbox *sandbox = *state;
    struct sink sink;
    struct fr_host_channel channel;
    sink_init(&sink);
    const struct fr_socket_host_params params = {
        .target_id = 7, .runtime_dir = sandbox->dir, .log = sink_log(&sink)};
    const size_t fds = system_count_handles();
    /* One more each time, until it works: every step on the way fails once. */
    fr_status status = FR_ERR_NO_MEMORY;
    for (rlim_t spare = 0; spare < 10 && status == FR_ERR_NO_MEMORY; spare++) {
        const struct rlimit before = forbid_descriptors();
        struct rlimit some;
        getrlimit(RLIMIT_NOFILE, &some);
        some.rlim_cur += spare;
        setrlimit(RLIMIT_NOFILE, &some);
        status = fr_socket_host_create(&channel, &params);
        setrlimit(RLIMIT_NOFILE, &before);
        if (status)
            assert_null(channel.self);
        assert_int_equal(sink_count(&sink, FR_LOG_ERROR), spare + (status != FR_OK));
    }
    assert_int_equal(status, FR_OK);
    channel.ops->destroy(channel.self);
    expect_handles(fds);
    sink_finish(&sink);
}

static void a_source_without_descriptors_says_so(void **state)
{
    struct host host;
    struct source source;
    struct ring ring;
    host_open(&host, *state, 7);
    source_open(&source, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    ring_make(&ring, 1);
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
    const struct rlimit before = forbid_descriptors();
    struct fr_source_news news;
    const fr_status status = source.channel.ops->poll(source.channel.self, FR_NS_PER_S, &news);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(status, FR_OK);
    assert_int_equal(news.kind, FR_SOURCE_NEWS_REFUSED);
    assert_true(sink_has(&source.sink, FR_LOG_ERROR, "than this process may open"));
    source_close(&source);
    host_close(&host);
    ring_free(&ring);
}

/* How often the thread of that name gave the processor up by itself; -1: there is none. */
static long switches_of(const char *thread)
{
    long switches = -1;
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[300], line[128], name[64] = "";
        long count;
        snprintf(path, sizeof(path), "/proc/self/task/%s/status", entry->d_name);
        FILE *file = fopen(path, "r");
        while (file && fgets(line, sizeof(line), file)) {
            sscanf(line, "Name: %63s", name);
            if (!strcmp(name, thread) && sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1)
                switches = count;
        }
        if (file)
            fclose(file);
    }
    closedir(dir);
    return switches;
}

static void an_idle_host_sleeps(void **state)
{
    struct host host;
    struct source source;
    host_open(&host, *state, 7);
    source_open(&source, *state, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    /* A thread that is not run for a while is still at what came before: some window is quiet. */
    long before, after;
    int windows = 0;
    do {
        sleep_ms(50);
        before = switches_of("fr-chan-7");
        if (before < 0)
            skip(); /* valgrind keeps the names to itself */
        sleep_ms(500);
        after = switches_of("fr-chan-7");
    } while (after != before && ++windows < 4);
    assert_int_equal(after, before);
    source_close(&source);
    host_close(&host);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_host_without_descriptors_waits_for_some),
        TEST(creating_without_descriptors_fails_cleanly),
        TEST(a_source_without_descriptors_says_so),
        TEST(an_idle_host_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
