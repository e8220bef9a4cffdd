/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "vulkan/vgem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* From the kernel's drm.h, drm_mode.h and vgem_drm.h, which not every system has. */
struct drm_version {
    int major, minor, patch;
    size_t name_len;
    char *name;
    size_t date_len;
    char *date;
    size_t text_len;
    char *text;
};
struct drm_create_dumb {
    uint32_t height, width, bpp, flags, handle, pitch;
    uint64_t size;
};
struct drm_prime {
    uint32_t handle, flags;
    int32_t fd;
};
struct vgem_attach {
    uint32_t handle, flags, out_fence, pad;
};
struct vgem_signal {
    uint32_t fence, flags;
};
#define DRM_VERSION _IOWR('d', 0x00, struct drm_version)
#define DRM_CREATE_DUMB _IOWR('d', 0xb2, struct drm_create_dumb)
#define DRM_PRIME _IOWR('d', 0x2d, struct drm_prime)
#define VGEM_ATTACH _IOWR('d', 0x41, struct vgem_attach)
#define VGEM_SIGNAL _IOW('d', 0x42, struct vgem_signal)
#define VGEM_WRITES 1u

static bool is_vgem(int card)
{
    char name[16] = "";
    struct drm_version version = {.name = name, .name_len = sizeof(name) - 1};
    return ioctl(card, DRM_VERSION, &version) == 0 && !strcmp(name, "vgem");
}

void vgem_open(struct vgem *vgem)
{
    vgem->card = -1;
    for (int i = 0; i < 8 && vgem->card < 0; i++) {
        char path[32];
        snprintf(path, sizeof(path), "/dev/dri/card%d", i);
        const int card = open(path, O_RDWR | O_CLOEXEC);
        if (card >= 0 && is_vgem(card))
            vgem->card = card;
        else if (card >= 0)
            close(card);
    }
}

void vgem_close(struct vgem *vgem)
{
    if (vgem->card >= 0)
        close(vgem->card);
    vgem->card = -1;
}

int vgem_sync_file(const struct vgem *vgem, uint32_t *fence)
{
    struct drm_create_dumb dumb = {.height = 8, .width = 8, .bpp = 32};
    assert_int_equal(ioctl(vgem->card, DRM_CREATE_DUMB, &dumb), 0);
    struct vgem_attach attach = {.handle = dumb.handle, .flags = VGEM_WRITES};
    assert_int_equal(ioctl(vgem->card, VGEM_ATTACH, &attach), 0);
    struct drm_prime prime = {.handle = dumb.handle, .flags = O_CLOEXEC | O_RDWR};
    assert_int_equal(ioctl(vgem->card, DRM_PRIME, &prime), 0);
    struct dma_buf_export_sync_file out = {.flags = DMA_BUF_SYNC_READ, .fd = -1};
    assert_int_equal(ioctl(prime.fd, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &out), 0);
    close(prime.fd);
    *fence = attach.out_fence;
    return out.fd;
}

void vgem_signal(const struct vgem *vgem, uint32_t fence)
{
    struct vgem_signal signal = {.fence = fence};
    assert_int_equal(ioctl(vgem->card, VGEM_SIGNAL, &signal), 0);
}
