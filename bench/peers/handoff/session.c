/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <errno.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* What starting and ending may take beside the frames themselves; then the ends are killed. */
#define START_NS (20 * NS_PER_S)
#define END_NS (5 * NS_PER_S)

/* Waits for a child: at first for its own end, at last for the kill's. */
static void reap(pid_t pid, int signal_first, uint64_t wait_ns)
{
    if (pid <= 0)
        return;
    if (signal_first)
        kill(pid, signal_first);
    const uint64_t until = now_ns() + wait_ns;
    while (now_ns() < until) {
        if (waitpid(pid, NULL, WNOHANG) != 0)
            return;
        sleep_until(now_ns() + 5 * NS_PER_MS);
    }
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static pid_t start_end(void (*end)(struct run *), struct run *run, int core)
{
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pin_to(core);
    end(run);
    /* Libraries that clean up at exit do it for the parent's buffers too. */
    fflush(stderr);
    _exit(0);
}

static bool write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    const bool good = file && fputs(text, file) >= 0;
    return file && fclose(file) == 0 && good;
}

/* Who may not have a mount namespace may have one in a user namespace, where that is allowed. */
static bool leave_mounts(void)
{
    char users[64], groups[64];
    snprintf(users, sizeof users, "%u %u 1", (unsigned)geteuid(), (unsigned)geteuid());
    snprintf(groups, sizeof groups, "%u %u 1", (unsigned)getegid(), (unsigned)getegid());
    if (unshare(CLONE_NEWNS) == 0)
        return true;
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_text("/proc/self/setgroups", "deny") &&
           write_text("/proc/self/uid_map", users) && write_text("/proc/self/gid_map", groups);
}

/* /dev/shm and /tmp of this process and its children alone. */
static bool hide_memory(struct run *run)
{
    static const char *const folders[] = {"/dev/shm", "/tmp"};
    bool good = leave_mounts() && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    for (size_t i = 0; good && i < sizeof folders / sizeof folders[0]; i++)
        good = mount("tmpfs", folders[i], "tmpfs", 0, "mode=1777") == 0;
    if (!good)
        run_fail(run, "its names are the same for all of a machine, and no mount namespace can be had: %s",
                 strerror(errno));
    return good;
}

static void run_inside(const struct handoff_peer *peer, struct run *run)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* All that is forked from here inherits it, a daemon too. */
    if (run->realtime)
        be_realtime();
    if (peer->private_memory && !hide_memory(run))
        return;
    if (!mkdtemp(run->dir)) {
        run_fail(run, "no folder: %s", strerror(errno));
        return;
    }
    run->deadline_ns = now_ns() + START_NS + run->warm_ns + run->for_ns;
    const pid_t server = peer->serve ? peer->serve(run) : 0;
    if (server < 0)
        return;
    const pid_t receiver = start_end(peer->receive, run, nth_core(1));
    const pid_t sender = start_end(peer->send, run, nth_core(0));
    reap(sender, 0, START_NS + run->warm_ns + run->for_ns + END_NS);
    run->done = true;
    reap(receiver, 0, END_NS);
    reap(server, SIGTERM, END_NS);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

void session_run(const struct handoff_peer *peer, struct run *run)
{
    snprintf(run->dir, sizeof run->dir, "/tmp/framering-peers-XXXXXX");
    fflush(stdout);
    fflush(stderr);
    const pid_t pid = fork();
    if (pid == 0) {
        run_inside(peer, run);
        _exit(0);
    }
    if (pid < 0)
        run_fail(run, "cannot fork");
    reap(pid, 0, 2 * START_NS + run->warm_ns + run->for_ns + 4 * END_NS);
    if (!strstr(run->dir, "XXXXXX"))
        nftw(run->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
