/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "vulkan/lend.h"
#include "vulkan/lend_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFERS_MAX = 256, FENCES_MAX = 64, DONE = 1, FAILED = 2 };

static ino_t buffers[BUFFERS_MAX];
static size_t num_buffers;

static struct {
    ino_t buffer;
    uint32_t flags;
    int fence; /* ours; 0: free */
} attached[FENCES_MAX];

static ino_t inode_of(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 ? info.st_ino : 0;
}

void lend_note_buffer(int fd)
{
    buffers[num_buffers++ % BUFFERS_MAX] = inode_of(fd);
}

static bool is_buffer(int fd)
{
    const ino_t inode = inode_of(fd);
    for (size_t i = 0; i < BUFFERS_MAX; i++)
        if (inode && buffers[i] == inode)
            return true;
    return false;
}

int lend_fence(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void lend_signal(int sync_file, bool failed)
{
    const uint64_t value = failed ? FAILED : DONE;
    assert_int_equal(write(sync_file, &value, sizeof(value)), sizeof(value));
}

/* 0: not signalled. */
static unsigned count_of(int fd)
{
    char path[64], line[128];
    unsigned count = 0;
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file))
        (void)sscanf(line, "eventfd-count: %x", &count);
    if (file)
        fclose(file);
    return count;
}

static bool is_sync_file(int fd)
{
    char path[64], target[64] = "";
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "eventfd");
}

static void forget_done(void)
{
    for (size_t i = 0; i < FENCES_MAX; i++)
        if (attached[i].fence && count_of(attached[i].fence) == DONE) {
            close(attached[i].fence);
            attached[i].fence = 0;
        }
}

static int attach(int buffer, const struct dma_buf_import_sync_file *in)
{
    forget_done();
    if (!is_sync_file(in->fd))
        return EINVAL;
    if (count_of(in->fd) == DONE)
        return 0;
    for (size_t i = 0; i < FENCES_MAX; i++)
        if (!attached[i].fence) {
            attached[i].buffer = inode_of(buffer);
            attached[i].flags = in->flags;
            attached[i].fence = fcntl(in->fd, F_DUPFD_CLOEXEC, 1);
            return 0;
        }
    return ENOMEM;
}

/* One that is not signalled stands for all. */
static int collect(int buffer, struct dma_buf_export_sync_file *out)
{
    forget_done();
    for (size_t i = 0; i < FENCES_MAX; i++)
        if (attached[i].fence && attached[i].buffer == inode_of(buffer) &&
            (out->flags & DMA_BUF_SYNC_WRITE || attached[i].flags & DMA_BUF_SYNC_WRITE)) {
            out->fd = fcntl(attached[i].fence, F_DUPFD_CLOEXEC, 1);
            return 0;
        }
    out->fd = lend_fence();
    lend_signal(out->fd, false);
    return 0;
}

static int serve(int fd, unsigned long request, void *argument)
{
    if (request == DMA_BUF_IOCTL_EXPORT_SYNC_FILE && is_buffer(fd))
        return collect(fd, argument);
    if (request == DMA_BUF_IOCTL_IMPORT_SYNC_FILE && is_buffer(fd))
        return attach(fd, argument);
    if (request == SYNC_IOC_FILE_INFO && is_sync_file(fd)) {
        const unsigned count = count_of(fd);
        ((struct sync_file_info *)argument)->status = count == FAILED ? -EIO : (int)count;
        return 0;
    }
    return ENOTTY;
}

int lend_ioctl(int fd, unsigned long request, void *argument)
{
    if (!lend_is_on())
        return ioctl(fd, request, argument);
    errno = serve(fd, request, argument);
    return errno ? -1 : 0;
}

void lend_forget_fences(void)
{
    for (size_t i = 0; i < FENCES_MAX; i++) {
        if (attached[i].fence)
            close(attached[i].fence);
        attached[i].fence = 0;
    }
}
