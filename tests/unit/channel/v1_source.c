/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * A source of version 1 written from the table in docs/wire.md alone: it includes nothing of framering.
 * usage: v1-source PREFIX TARGET      Ends with 0 once it has published its frame, else with the step that
 * failed.
 */
#include <windows.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static volatile uint32_t *word(void *header, size_t offset)
{
    return (volatile uint32_t *)((char *)header + offset);
}

int main(int argc, char **argv)
{
    char name[200];
    if (argc < 3)
        return 1;
    const uint32_t target = (uint32_t)strtoul(argv[2], NULL, 10);
    snprintf(name, sizeof(name), "%s-hdr-%lu", argv[1], (unsigned long)target);
    HANDLE section = OpenFileMappingA(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, name);
    if (!section)
        return 2;
    void *header = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 64);
    if (!header)
        return 3;
    if (*word(header, 0) != 0x44564650u)
        return 4;
    MemoryBarrier();
    if (*word(header, 4) != 1 || (*word(header, 28) != target && *word(header, 28) != 0))
        return 5;
    const uint32_t generation = *word(header, 8), ring_len = *word(header, 12);
    if (!generation || generation > 0xffffff || !ring_len || ring_len > 8)
        return 6;
    if (!*word(header, 16) || !*word(header, 20) || (*word(header, 24) != 87 && *word(header, 24) != 10))
        return 7;
    snprintf(name, sizeof(name), "%s-evt-%lu", argv[1], (unsigned long)target);
    HANDLE event = OpenEventA(EVENT_MODIFY_STATE, FALSE, name);
    if (!event)
        return 8;
    snprintf(name, sizeof(name), "%s-dbg", argv[1]);
    HANDLE debug_section = OpenFileMappingA(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, name);
    void *debug = debug_section ? MapViewOfFile(debug_section, FILE_MAP_WRITE, 0, 0, 40) : NULL;
    if (!debug || *word(debug, 0) != 0x47424450u)
        return 9;
    *word(debug, 4) = 1; /* run_core_entries */
    *word(debug, 8) = target;

    *word(header, 48) = 0x1234; /* the adapter */
    *word(header, 60) = 0;
    MemoryBarrier();
    *word(header, 56) = 1; /* opened */
    *(volatile uint64_t *)((char *)header + 40) = 4711;
    MemoryBarrier();
    *(volatile uint64_t *)((char *)header + 32) = (uint64_t)generation << 40 | (uint64_t)1 << 8 | 2;
    return SetEvent(event) ? 0 : 10;
}
