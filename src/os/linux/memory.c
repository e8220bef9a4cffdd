/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "os/linux/linux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static fr_status status_of_errno(int error)
{
    return error == ENOMEM || error == EMFILE || error == ENFILE || error == ENOSPC ? FR_ERR_NO_MEMORY
                                                                                    : FR_ERR_SYSTEM;
}

static fr_status map(int fd, size_t bytes, int access, struct fr_memory *out)
{
    const int protection = access & FR_ACCESS_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
    void *ptr = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);
    if (ptr == MAP_FAILED)
        return errno == EACCES || errno == EPERM ? FR_ERR_PROTOCOL : status_of_errno(errno);
    *out = (struct fr_memory){.ptr = ptr, .bytes = bytes, .handle = fd};
    return FR_OK;
}

fr_status fr_linux_memory_create(void *self, const struct fr_object_name *name, size_t bytes, int access,
                                 struct fr_memory *out)
{
    (void)self;
    if (!bytes || bytes > INT64_MAX)
        return FR_ERR_NO_MEMORY;
    const int fd =
        memfd_create(name && name->label ? name->label : "framering", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return status_of_errno(errno);

    /* Mode 0400: who was handed a read-only descriptor cannot open it again through /proc for writing. */
    fr_status status = FR_OK;
    if (ftruncate(fd, (off_t)bytes) || fchmod(fd, S_IRUSR) ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        status = errno == EFBIG ? FR_ERR_NO_MEMORY : status_of_errno(errno);
    if (!status)
        status = map(fd, bytes, access, out);
    if (status)
        close(fd);
    return status;
}

fr_status fr_linux_memory_map(void *self, fr_handle handle, size_t bytes, int access, struct fr_memory *out)
{
    (void)self;
    const int fd = (int)handle;
    /* Without the seal, the peer could shrink the file later and every access here would raise SIGBUS. */
    const int seals = fcntl(fd, F_GET_SEALS);
    struct stat file;
    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &file))
        return FR_ERR_PROTOCOL;
    if (!bytes || file.st_size < 0 || (uintmax_t)file.st_size < bytes)
        return FR_ERR_PROTOCOL;
    return map(fd, bytes, access, out);
}

void fr_linux_memory_close(void *self, struct fr_memory *memory)
{
    if (memory->ptr) {
        munmap(memory->ptr, memory->bytes);
        fr_linux_handle_close(self, memory->handle);
    }
    *memory = (struct fr_memory){.handle = FR_HANDLE_NONE};
}
