/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "selftest/duo.h"
#include "selftest/gpu_win32.h"

#include "files.h"

#include <framering/d3d11.h>
#include <framering/win32.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duo_system {
    struct gpu gpu;
    fr_win32_source_params win32;
    fr_d3d11_source_params d3d11;
    const char *path; /* of the requests of the delivered way; NULL: another way */
    unsigned taken;
};

static const char named[] = "named=", delivered[] = "delivered=";

struct duo_system *duo_system_create(fr_source_params *params, const char *way, bool gpu)
{
    struct duo_system *system = calloc(1, sizeof *system);
    if (!system) {
        peer_failed("no memory");
        return NULL;
    }
    if (strncmp(way, named, sizeof named - 1) == 0)
        system->win32 = (fr_win32_source_params){.channel = FR_WIN32_CHANNEL_NAMED,
                                                 .name_prefix = way + sizeof named - 1};
    if (strncmp(way, delivered, sizeof delivered - 1) == 0) {
        system->win32.channel = FR_WIN32_CHANNEL_DELIVERED;
        system->path = way + sizeof delivered - 1;
    }
    params->win32 = &system->win32;
    if (!gpu)
        return system;
    if (!gpu_open(&system->gpu, NULL)) {
        gpu_peer_concludes(&system->gpu);
        duo_system_destroy(system);
        return NULL;
    }
    system->d3d11.device = system->gpu.device;
    params->d3d11 = &system->d3d11;
    return system;
}

void duo_system_destroy(struct duo_system *system)
{
    gpu_close(&system->gpu);
    free(system);
}

/* The next request, once it is there. */
void duo_system_poll(struct duo_system *system, fr_source *source)
{
    char path[FILES_PATH_MAX + 16], taken[FILES_PATH_MAX + 32];
    fr_win32_ring ring;
    if (!system->path)
        return;
    snprintf(path, sizeof path, "%s-%u", system->path, system->taken + 1);
    FILE *file = files_open(path, "rb");
    if (!file)
        return;
    const bool whole = fread(&ring, sizeof ring, 1, file) == 1;
    fclose(file);
    system->taken++;
    if (!whole || fr_source_deliver(source, &ring, sizeof ring) < 0)
        return;
    snprintf(taken, sizeof taken, "%s.taken", path);
    file = files_open(taken, "wb");
    if (file)
        fclose(file);
}

void duo_system_upload(struct duo_system *system, const fr_slot *slot, const void *pixels, size_t pitch_bytes)
{
    ID3D11DeviceContext_UpdateSubresource(system->gpu.context, (ID3D11Resource *)slot->texture, 0, NULL,
                                          pixels, (UINT)pitch_bytes, 0);
}
