/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "harness.h"

#include "channel/packet.h"
#include "channel/socket.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void sleep_ms(unsigned ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

void sandbox_make(struct sandbox *sandbox)
{
    snprintf(sandbox->top, sizeof(sandbox->top), "/tmp/framering-test-XXXXXX");
    assert_non_null(mkdtemp(sandbox->top));
    snprintf(sandbox->dir, sizeof(sandbox->dir), "%s/framering", sandbox->top);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

void sandbox_remove(struct sandbox *sandbox)
{
    nftw(sandbox->top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

fr_status host_create(struct fr_host_channel *out, const char *dir, uint32_t target_id, const fr_log *log)
{
    const struct fr_socket_host_params params = {
        .target_id = target_id, .runtime_dir = dir ? dir : "/nowhere", .no_socket = !dir, .log = *log};
    return fr_socket_host_create(out, &params);
}

fr_status source_create(struct fr_source_channel *out, const char *dir, uint32_t target_id, int theirs,
                        const fr_log *log)
{
    const struct fr_socket_source_params params = {.socket_fd = theirs,
                                                   .target_id = target_id,
                                                   .runtime_dir = dir,
                                                   .name = "tester",
                                                   .capabilities = FR_CAP_STATES,
                                                   .log = *log};
    return fr_socket_source_create(out, &params);
}

static int unix_socket(const char *path, struct sockaddr_un *address)
{
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

fr_handle raw_connect(const char *path)
{
    struct sockaddr_un address;
    const int fd = unix_socket(path, &address);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    fr_packet_prepare(fd);
    return fd;
}

void raw_listen(struct raw_listener *listener, const char *path)
{
    struct sockaddr_un address;
    char dir[FR_ADDRESS_BYTES];
    snprintf(dir, sizeof(dir), "%s", path);
    *strrchr(dir, '/') = '\0';
    (void)mkdir(dir, 0700);
    const int fd = unix_socket(path, &address);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    listener->handle = fd;
    snprintf(listener->address, sizeof(listener->address), "%s", path);
}

fr_handle raw_accept(struct raw_listener *listener)
{
    const int fd = accept4((int)listener->handle, NULL, NULL, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    fr_packet_prepare(fd);
    return fd;
}

void raw_unlisten(struct raw_listener *listener)
{
    close((int)listener->handle);
}

void raw_close(fr_handle end)
{
    close((int)end);
}

void raw_send(fr_handle end, const void *bytes, size_t num_bytes, const fr_handle *handles,
              size_t num_handles)
{
    struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = num_bytes};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(16 * sizeof(int))];
    } control;
    memset(&control, 0, sizeof(control));
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    if (num_handles) {
        int fds[16];
        assert_true(num_handles <= 16);
        for (size_t i = 0; i < num_handles; i++)
            fds[i] = (int)handles[i];
        header.msg_control = &control;
        header.msg_controllen = CMSG_SPACE(num_handles * sizeof(int));
        struct cmsghdr *part = CMSG_FIRSTHDR(&header);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(num_handles * sizeof(int));
        memcpy(CMSG_DATA(part), fds, num_handles * sizeof(int));
    }
    /* The other end may have hung up already; the test looks at what it said. */
    (void)!sendmsg((int)end, &header, MSG_NOSIGNAL);
}

fr_status raw_receive(fr_handle end, struct fr_packet *out, uint64_t timeout_ns)
{
    struct pollfd wait = {.fd = (int)end, .events = POLLIN};
    if (poll(&wait, 1, (int)(timeout_ns / FR_NS_PER_MS)) != 1)
        return FR_AGAIN;
    return fr_packet_receive((int)end, out);
}

static const struct child_role *child_roles;
static int child_to;

void child_main(int argc, char **argv, const struct child_role *roles)
{
    (void)argc;
    (void)argv;
    child_roles = roles;
}

struct child child_start(const char *role, const struct sandbox *sandbox)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (!pid) {
        close(ends[0]);
        child_to = ends[1];
        for (const struct child_role *known = child_roles; known->name; known++)
            if (!strcmp(known->name, role))
                known->run(sandbox);
        _exit(0);
    }
    close(ends[1]);
    return (struct child){.pid = (uint32_t)pid, .process = FR_HANDLE_NONE, .from = ends[0]};
}

uint64_t child_hear(const struct child *child)
{
    uint64_t word;
    assert_int_equal(read((int)child->from, &word, sizeof(word)), sizeof(word));
    return word;
}

void child_kill(struct child *child)
{
    kill((pid_t)child->pid, SIGKILL);
}

void child_end(struct child *child)
{
    child_kill(child);
    assert_int_equal(waitpid((pid_t)child->pid, NULL, 0), (pid_t)child->pid);
    close((int)child->from);
}

void tell(uint64_t word)
{
    (void)!write(child_to, &word, sizeof(word));
}

void wait_for_ever(void)
{
    for (;;)
        pause();
}
