/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "linux/probe_vulkan.h"

#include "probe.h"

#include <framering/vulkan.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEVICES_MAX = 16 };

/* The ways of sharing, as members of a device: why not, or "". */
static const struct {
    const char *key, *title;
    size_t offset;
} ways[] = {
    {"opaque_fd", "OPAQUE_FD images", offsetof(fr_vulkan_device_info, opaque_fd)},
    {"dma_buf", "DMA-BUF images", offsetof(fr_vulkan_device_info, dma_buf)},
    {"foreign", "other devices", offsetof(fr_vulkan_device_info, foreign)},
    {"timeline", "shared timelines", offsetof(fr_vulkan_device_info, timeline)},
    {"sync_file", "sync files", offsetof(fr_vulkan_device_info, sync_file)},
    {"host_memory", "import of memory", offsetof(fr_vulkan_device_info, host_memory)},
};

enum { WAYS = sizeof ways / sizeof ways[0] };

static void keep_last(void *user, fr_log_level level, const char *text)
{
    char *last = user;
    (void)level;
    snprintf(last, 256, "%s", text);
}

static json_t *uuid_json(const uint8_t uuid[FR_VULKAN_UUID_BYTES])
{
    char text[2 * FR_VULKAN_UUID_BYTES + 1];
    for (size_t i = 0; i < FR_VULKAN_UUID_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", uuid[i]);
    return json_string(text);
}

static json_t *device_json(const fr_vulkan_device_info *info)
{
    json_t *device = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:b, s:b, s:s}", "name", info->name,
                               "type", info->type, "driver", info->driver, "version", info->version,
                               "device_uuid", uuid_json(info->device_uuid), "driver_uuid",
                               uuid_json(info->driver_uuid), "fault", info->fault, "by_default",
                               info->by_default, "high_priority", info->high_priority, "way", info->way);
    for (size_t i = 0; i < WAYS && !info->fault[0]; i++) {
        const char *reason = (const char *)info + ways[i].offset;
        json_object_set_new(device, ways[i].key,
                            json_pack("{s:b, s:s}", "available", !*reason, "reason", reason));
    }
    return device;
}

json_t *probe_vulkan_json(void)
{
    char fault[256] = "";
    const fr_log log = {.write = keep_last, .user = fault, .max_level = FR_LOG_WARNING};
    fr_vulkan_device_info *info = calloc(DEVICES_MAX, sizeof *info);
    size_t count = 0;
    fr_status status = info ? fr_vulkan_probe(info, DEVICES_MAX, &count, &log) : FR_ERR_NO_MEMORY;
    if (status < 0 && !fault[0])
        snprintf(fault, sizeof fault, "%s", fr_status_text(status));
    json_t *devices = json_array();
    for (size_t i = 0; i < count && i < DEVICES_MAX; i++)
        json_array_append_new(devices, device_json(&info[i]));
    free(info);
    return json_pack("{s:s, s:o}", "fault", status < 0 ? fault : "", "devices", devices);
}

json_t *probe_vulkan_backend(const json_t *vulkan)
{
    const char *reason = probe_text(vulkan, "fault");
    const json_t *devices = json_object_get(vulkan, "devices"), *device;
    size_t i;
    bool usable = false, by_default = false;
    json_array_foreach(devices, i, device)
    {
        usable = usable || !*probe_text(device, "fault");
        by_default = by_default || probe_truth(device, "by_default");
    }
    if (!*reason && !json_array_size(devices))
        reason = "no device; a driver may be missing";
    else if (!*reason && !usable)
        reason = "no device can be used";
    else if (!*reason && !by_default)
        reason = "no GPU: only where it is asked for";
    return json_pack("{s:s, s:b, s:s}", "name", "vulkan", "usable", usable, "reason", reason);
}

static void write_device(const json_t *device)
{
    printf("  %s\n    %s, Vulkan %s%s%s%s\n", probe_text(device, "name"), probe_text(device, "type"),
           probe_text(device, "version"), *probe_text(device, "driver") ? ", " : "",
           probe_text(device, "driver"),
           probe_truth(device, "by_default") ? "; taken where none is named" : "");
    printf("    device %s, driver %s\n", probe_text(device, "device_uuid"),
           probe_text(device, "driver_uuid"));
    if (*probe_text(device, "fault")) {
        printf("    cannot be used: %s\n", probe_text(device, "fault"));
        return;
    }
    for (size_t i = 0; i < WAYS; i++) {
        const json_t *way = json_object_get(device, ways[i].key);
        printf("    %-17s %s %s\n", ways[i].title, probe_truth(way, "available") ? "yes" : "no ",
               probe_text(way, "reason"));
    }
    printf("    work goes first   %s\n", probe_truth(device, "high_priority") ? "yes" : "no ");
    printf("    host and source   %s\n", probe_text(device, "way"));
}

void probe_vulkan_write(const json_t *vulkan)
{
    const json_t *devices = json_object_get(vulkan, "devices"), *device;
    size_t i;
    printf("\nVulkan\n");
    if (*probe_text(vulkan, "fault"))
        printf("  %s\n", probe_text(vulkan, "fault"));
    else if (!json_array_size(devices))
        printf("  no device; a driver may be missing\n");
    json_array_foreach(devices, i, device) write_device(device);
}
