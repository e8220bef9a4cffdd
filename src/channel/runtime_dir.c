/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "channel/runtime_dir.h"

#include "common/log.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == FR_SOCKET_PATH_BYTES, "as unix(7) says");

enum { LOCK_TRIES = 8, LISTEN_BACKLOG = 16, LOCK_NAME_BYTES = 32 };

fr_status fr_runtime_dir(char *out, size_t bytes)
{
    if (!out || !bytes)
        return FR_ERR_ARGUMENT;
    const char *base = getenv("XDG_RUNTIME_DIR");
    char user_dir[64];
    snprintf(user_dir, sizeof(user_dir), "/run/user/%lu", (unsigned long)geteuid());
    struct stat info;
    /* The XDG base directory specification has relative paths ignored. */
    if (!base || base[0] != '/')
        base = !stat(user_dir, &info) && S_ISDIR(info.st_mode) ? user_dir : NULL;
    const int need = base ? snprintf(out, bytes, "%s/framering", base)
                          : snprintf(out, bytes, "/tmp/framering-%lu", (unsigned long)geteuid());
    if (need < 0 || (size_t)need >= bytes) {
        out[0] = '\0';
        return FR_ERR_ARGUMENT;
    }
    return FR_OK;
}

fr_status fr_target_paths_init(struct fr_target_paths *out, const char *runtime_dir, uint32_t target_id,
                               const fr_log *log)
{
    memset(out, 0, sizeof(*out));
    int need;
    if (runtime_dir)
        need = snprintf(out->dir, sizeof(out->dir), "%s", runtime_dir);
    else
        need = fr_runtime_dir(out->dir, sizeof(out->dir)) ? -1 : 0;
    if (need >= 0 && (size_t)need < sizeof(out->dir))
        need = snprintf(out->socket, sizeof(out->socket), "%s/target-%" PRIu32 ".sock", out->dir, target_id);
    else
        need = -1;
    if (need >= 0 && (size_t)need < sizeof(out->socket))
        return FR_OK;
    fr_log_write(
        log, FR_LOG_ERROR,
        "the folder %.200s is too long for a socket address of %d bytes: name a shorter runtime folder",
        runtime_dir ? runtime_dir : "under XDG_RUNTIME_DIR", FR_SOCKET_PATH_BYTES - 1);
    return FR_ERR_ARGUMENT;
}

static fr_status status_of_errno(int error)
{
    switch (error) {
    case ENOMEM:
    case ENOBUFS:
    case EMFILE:
    case ENFILE: return FR_ERR_NO_MEMORY;
    case EACCES:
    case EPERM:
    case EROFS: return FR_ERR_PERMISSION;
    default: return FR_ERR_SYSTEM;
    }
}

static fr_status check_dir(const struct fr_target_claim *claim, bool others, const fr_log *log)
{
    struct stat info;
    if (fstat(claim->dir_fd, &info))
        return FR_ERR_SYSTEM;
    const char *dir = claim->paths.dir;
    if (info.st_uid != geteuid()) {
        fr_log_write(
            log, FR_LOG_ERROR,
            "the runtime folder %s belongs to user %lu, not to us (%lu): remove it or name another one", dir,
            (unsigned long)info.st_uid, (unsigned long)geteuid());
        return FR_ERR_PERMISSION;
    }
    const mode_t allowed = others ? S_IRWXU | S_IXGRP | S_IXOTH : S_IRWXU;
    if (info.st_mode & (S_IRWXG | S_IRWXO) & ~allowed) {
        fr_log_write(log, FR_LOG_ERROR,
                     "the runtime folder %s is open to other users (mode %03o): chmod %s it", dir,
                     (unsigned)(info.st_mode & 0777), others ? "711" : "700");
        return FR_ERR_PERMISSION;
    }
    if (others && !(info.st_mode & S_IXOTH))
        fr_log_write(log, FR_LOG_WARNING, "other users cannot reach %s: chmod 711 %s if they are to connect",
                     claim->paths.socket, dir);
    return FR_OK;
}

static fr_status open_dir(struct fr_target_claim *claim, bool others, const fr_log *log)
{
    const char *dir = claim->paths.dir;
    if (!mkdir(dir, S_IRWXU)) {
        /* Not by the argument of mkdir: the umask would take from it. */
        if (others && chmod(dir, S_IRWXU | S_IXGRP | S_IXOTH))
            return FR_ERR_SYSTEM;
    } else if (errno != EEXIST) {
        const int error = errno;
        fr_log_write(log, FR_LOG_ERROR,
                     "cannot make the runtime folder %s (%s): set XDG_RUNTIME_DIR, or name one", dir,
                     strerror(error));
        return status_of_errno(error);
    }
    claim->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (claim->dir_fd < 0) {
        const int error = errno;
        /* ENOTDIR is also what a symbolic link gives when both flags are set. */
        const bool not_ours = error == ELOOP || error == ENOTDIR;
        fr_log_write(log, FR_LOG_ERROR, "cannot use the runtime folder %s (%s): %s", dir,
                     not_ours ? "it is a symbolic link or not a folder" : strerror(error),
                     not_ours ? "remove it or name another one" : "name another one");
        return not_ours ? FR_ERR_PERMISSION : status_of_errno(error);
    }
    return check_dir(claim, others, log);
}

static unsigned long pid_in_lock(int fd)
{
    char text[24] = "";
    const ssize_t got = pread(fd, text, sizeof(text) - 1, 0);
    return got > 0 ? strtoul(text, NULL, 10) : 0;
}

static void write_pid(int fd)
{
    char text[24];
    const int bytes = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    /* For people and for the busy message only: the lock counts, not what the file says. */
    if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)bytes, 0) < 0)
        return;
}

/* One try. FR_AGAIN: the file was removed by a host that ended between our open and our lock. */
static fr_status try_lock(struct fr_target_claim *claim, const char *name, const fr_log *log)
{
    const int fd = openat(claim->dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                          S_IRUSR | S_IWUSR);
    if (fd < 0) {
        const int error = errno;
        fr_log_write(log, FR_LOG_ERROR,
                     "cannot open the lock %s/%s (%s): make the folder writable, or name another one",
                     claim->paths.dir, name, strerror(error));
        return status_of_errno(error);
    }
    struct stat ours, there;
    fr_status status = FR_OK;
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        status = errno == EWOULDBLOCK ? FR_ERR_TARGET_BUSY : FR_ERR_SYSTEM;
        if (status == FR_ERR_TARGET_BUSY)
            fr_log_write(log, FR_LOG_ERROR,
                         "another host serves target %" PRIu32
                         " (pid %lu): end it, or use another target number",
                         claim->target_id, pid_in_lock(fd));
        else
            fr_log_write(log, FR_LOG_ERROR,
                         "cannot lock %s/%s (%s): name a runtime folder on a local file system",
                         claim->paths.dir, name, strerror(errno));
    } else if (fstat(fd, &ours) || fstatat(claim->dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) ||
               ours.st_ino != there.st_ino || ours.st_dev != there.st_dev) {
        status = FR_AGAIN;
    }
    if (status) {
        close(fd);
        return status;
    }
    write_pid(fd);
    claim->lock_fd = fd;
    return FR_OK;
}

static void lock_name(char out[LOCK_NAME_BYTES], uint32_t target_id)
{
    snprintf(out, LOCK_NAME_BYTES, "target-%" PRIu32 ".lock", target_id);
}

static fr_status lock_target(struct fr_target_claim *claim, const fr_log *log)
{
    char name[LOCK_NAME_BYTES];
    lock_name(name, claim->target_id);
    for (int i = 0; i < LOCK_TRIES; i++) {
        const fr_status status = try_lock(claim, name, log);
        if (status != FR_AGAIN)
            return status;
    }
    fr_log_write(log, FR_LOG_ERROR, "the lock %s/%s keeps vanishing: something removes it; try again",
                 claim->paths.dir, name);
    return FR_ERR_TARGET_BUSY;
}

static fr_status remove_stale(const struct fr_target_claim *claim, const fr_log *log)
{
    struct stat info;
    if (lstat(claim->paths.socket, &info))
        return FR_OK;
    if (!S_ISSOCK(info.st_mode)) {
        fr_log_write(log, FR_LOG_ERROR, "%s is in the way and is not a socket: remove it",
                     claim->paths.socket);
        return FR_ERR_PERMISSION;
    }
    /* We hold the lock, so whoever bound it is dead. */
    unlink(claim->paths.socket);
    return FR_OK;
}

static fr_status listen_at(struct fr_target_claim *claim, bool others, const fr_log *log)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, claim->paths.socket, sizeof(address.sun_path));
    struct stat info;
    claim->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (claim->listen_fd < 0 || bind(claim->listen_fd, (const struct sockaddr *)&address, sizeof(address)))
        goto fail;
    if (lstat(claim->paths.socket, &info))
        goto fail;
    claim->socket_device = info.st_dev;
    claim->socket_inode = info.st_ino;
    /* Before listen: until then nobody gets in, whatever the umask was. */
    if (chmod(claim->paths.socket, others ? 0666 : 0600) || listen(claim->listen_fd, LISTEN_BACKLOG))
        goto fail;
    return FR_OK;
fail:;
    const int error = errno;
    fr_log_write(log, FR_LOG_ERROR, "cannot listen at %s (%s): name another runtime folder",
                 claim->paths.socket, strerror(error));
    return status_of_errno(error);
}

fr_status fr_target_claim_init(struct fr_target_claim *out, const char *runtime_dir, uint32_t target_id,
                               bool others, const fr_log *log)
{
    *out = (struct fr_target_claim){.target_id = target_id, .dir_fd = -1, .lock_fd = -1, .listen_fd = -1};
    fr_status status = fr_target_paths_init(&out->paths, runtime_dir, target_id, log);
    if (!status)
        status = open_dir(out, others, log);
    if (!status)
        status = lock_target(out, log);
    if (!status)
        status = remove_stale(out, log);
    if (!status)
        status = listen_at(out, others, log);
    if (status)
        fr_target_claim_finish(out);
    return status;
}

void fr_target_claim_finish(struct fr_target_claim *claim)
{
    struct stat info;
    if (claim->socket_inode && !lstat(claim->paths.socket, &info) && info.st_dev == claim->socket_device &&
        info.st_ino == claim->socket_inode)
        unlink(claim->paths.socket);
    if (claim->listen_fd >= 0)
        close(claim->listen_fd);
    if (claim->lock_fd >= 0) {
        char name[LOCK_NAME_BYTES];
        lock_name(name, claim->target_id);
        /* While it is still locked: who opened it meanwhile finds that the name is gone, and tries again. */
        unlinkat(claim->dir_fd, name, 0);
        close(claim->lock_fd);
    }
    if (claim->dir_fd >= 0)
        close(claim->dir_fd);
    *claim = (struct fr_target_claim){.dir_fd = -1, .lock_fd = -1, .listen_fd = -1};
}
