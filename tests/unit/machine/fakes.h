/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef MACHINE_FAKES_H
#define MACHINE_FAKES_H

/* A display that says what the test says, and a backend that is the cpu one except where its script says
 * otherwise. */

#include "backend/backend.h"
#include "display/feed.h"
#include "machine/machine.h"

struct fake_feed {
    fr_display_descriptor sample;
    bool has_sample; /* poll gives it, once */
    fr_status request_status;
    unsigned requests, destroyed;
    bool requested_on;
};

struct fr_display_feed fake_feed(struct fake_feed *feed);
void fake_feed_sample(struct fake_feed *feed, uint32_t width, uint32_t height, fr_colour_state state);

#define FAKE_SCRIPT 64

struct fake_backend {
    struct machine *machine;
    struct fr_backend_host cpu;
    struct fr_backend_host_ops ops; /* the cpu one's, with ours over it */
    uint64_t capabilities;          /* 0 = the cpu one's */

    enum fr_claim claims[FAKE_SCRIPT]; /* outcomes of the next claims; ACQUIRED asks the cpu backend */
    unsigned num_claims, claims_given;
    enum fr_claim release; /* of the next release, once */
    fr_status convert;     /* of the next conversion, once */
    /* That many fail from now on. */
    unsigned ring_failures, converter_failures, picture_failures, copy_failures;

    /* The other side's turn at a bad moment. */
    void (*before_claim)(void *user);
    void (*in_convert)(void *user);
    void *user;

    unsigned claim_calls, acquired, released, conversions, copies;
    bool held;
    uint64_t last_timeout_ns; /* that the last claim was given */
    int rings, converters;    /* alive */
    fr_status no_rings;       /* what every ring fails with: no ring can be made on this machine */
    fr_status rebind;         /* of every rebind */
    unsigned rebinds;
    uint32_t luid_low; /* of the adapter that its rings name; a rebind moves it */
    uint32_t device_serial;
    /* Of its rings; 0 = the cpu one's. */
    enum fr_slots_kind slots_kind;
    uint32_t sync_kind;
    enum fr_ring_path path;
    uint64_t parts, parts_area; /* how many conversions had parts, and the pixels of those */
    struct fr_ring_shape shape;
    struct fr_ring_request request;
    fr_convert_params converter_params; /* of the last one made */
    bool destroyed;
};

struct fr_backend_host fake_backend(struct fake_backend *fake, struct machine *machine);
void fake_backend_claims(struct fake_backend *fake, enum fr_claim outcome, unsigned times);

#endif
