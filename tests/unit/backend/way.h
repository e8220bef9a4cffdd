/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_BACKEND_WAY_H
#define FR_TESTS_UNIT_BACKEND_WAY_H

/*
 * One body of tests over the tables of src/backend/backend.h, and what it is run over: a way is a host's
 * backend and a source's that have a kind of ring in common.
 */

#include "backend/pair.h"

struct way {
    const char *name;
    enum fr_slots_kind kind; /* of all rings that the two make */
    uint32_t sync_kind;
    enum fr_ring_path path;
    uint64_t capabilities; /* of the source */

    /* More than a part is converted by whole blocks of no more columns, and pairs of rows. */
    uint32_t block;

    /* What all tests have in common, and its end. NULL: nothing. False: this machine cannot do it; closed all
     * the same. */
    bool (*open)(void);
    void (*close)(void);

    /* While it is on, what hosts of one process share is there without them. NULL: there is nothing. */
    void (*keep)(bool on);

    void (*open_host)(struct fr_backend_host *out);
    void (*open_source)(struct pair_source *out);
    /* The source's. NULL: it has none. */
    void (*gpu)(struct fr_gpu *out);
    /* The program has a picture of these tight rows, until it has the next one. */
    void (*draw)(uint32_t width, uint32_t height, fr_format format, const uint8_t *pixels);
    /* Puts that into a slot that was begun. */
    fr_status (*fill)(struct pair_source *source, uint32_t index, const fr_slot *slot);

    /* What the loader lends a source does not outlive the host's. */
    bool source_goes_first;
    /* Images: the driver looks at what it is to import. */
    bool (*driver_looks)(void);

    /* True: from now on no ring can be had, for want of memory. */
    void (*starve)(bool on);
    /* The device of one end is lost, with nothing under way. NULL: it has none, or cannot lose it. */
    void (*lose_host)(const struct pair_host *host);
    void (*lose_source)(const struct pair_source *source);
    /* Objects of devices that are made and not destroyed. NULL: there are none. */
    long (*objects)(void);
};

/* Runs the body over all ways, or over those that the arguments name. What main returns. */
int way_run(const struct way *ways, size_t count, int argc, char **argv);

/* The way that is run over. */
const struct way *way_now(void);

/* The body; how many failed. */
int way_rings(void);
int way_frames(void);
int way_pictures(void);
int way_parts(void);
int way_lies(void);
int way_losses(void);
int way_orders(void);

#endif
