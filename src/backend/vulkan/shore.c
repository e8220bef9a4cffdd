/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE

/* Read-backs straight into the slots of a ring in shared memory, where the device imports that. */
#include "backend/vulkan/source.h"

#include "common/log.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fr_vk_shore_leave(struct fr_vk_source *source)
{
    struct fr_vk_shore *shore = &source->shore;
    for (uint32_t i = 0; i < shore->num_windows; i++)
        fr_vk_buffer_destroy(source->device, &shore->window[i].buffer);
    if (shore->ptr)
        munmap(shore->ptr, shore->bytes);
    *shore = (struct fr_vk_shore){.ptr = NULL};
}

/* The one that the slot's memory is, or a new one. */
static bool arrive(struct fr_vk_source *source, const fr_slot *slot)
{
    struct fr_vk_shore *shore = &source->shore;
    struct stat file;
    if (fstat(slot->memory_fd, &file) != 0)
        return false;
    if (shore->inode == file.st_ino && shore->device == file.st_dev && (shore->ptr || shore->refused))
        return !shore->refused;
    if (!fr_vk_commands_settle(&source->commands))
        return false;
    fr_vk_shore_leave(source);
    shore->inode = file.st_ino;
    shore->device = file.st_dev;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    shore->bytes = (slot->memory_bytes + page - 1) / page * page;
    void *ptr = mmap(NULL, shore->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, slot->memory_fd, 0);
    shore->ptr = ptr == MAP_FAILED ? NULL : ptr;
    shore->refused = !shore->ptr;
    return !shore->refused;
}

static const struct fr_vk_window *open_window(struct fr_vk_source *source, const fr_slot *slot)
{
    struct fr_vk_shore *shore = &source->shore;
    const size_t align = (size_t)source->device->host_pointer_align;
    const size_t slot_bytes = slot->pitch_bytes * slot->height;
    /* Alignment is that of the address: a mapping begins at a page, which may be less. */
    const uintptr_t base = (uintptr_t)shore->ptr, first = (base + slot->memory_offset) / align * align;
    const uintptr_t end = (base + slot->memory_offset + slot_bytes + align - 1) / align * align;
    if (first < base || end > base + shore->bytes || shore->num_windows == FR_WIRE_SLOTS_MAX)
        return NULL;
    struct fr_vk_window *window = &shore->window[shore->num_windows];
    window->offset = slot->memory_offset;
    window->inset = base + slot->memory_offset - first;
    const VkResult result =
        fr_vk_buffer_import(source->device, shore->ptr + (first - base), end - first, &window->buffer);
    if (result != VK_SUCCESS) {
        fr_log_write(&source->log, FR_LOG_INFO,
                     "\"%s\" does not import the ring's memory (%s): pictures are copied once more",
                     source->device->name, fr_vk_result_name(result));
        return NULL;
    }
    shore->num_windows++;
    return window;
}

const struct fr_vk_window *fr_vk_shore_window(struct fr_vk_source *source, const fr_slot *slot)
{
    struct fr_vk_shore *shore = &source->shore;
    if (!source->device->host_memory || slot->memory_fd < 0 || !arrive(source, slot))
        return NULL;
    for (uint32_t i = 0; i < shore->num_windows; i++)
        if (shore->window[i].offset == slot->memory_offset)
            return &shore->window[i];
    const struct fr_vk_window *window = open_window(source, slot);
    shore->refused = !window;
    return window;
}
