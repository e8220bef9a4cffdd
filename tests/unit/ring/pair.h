/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TESTS_UNIT_RING_PAIR_H
#define FR_TESTS_UNIT_RING_PAIR_H

/* A host and a source over one header. The tests also read and spoil its words in place: they are alone with
 * it. */

#include "ring/ring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { TARGET = 7, GENERATION = 5 };

struct pair {
    fr_wire_v2 *header; /* exactly its bytes on the heap, so that a sanitizer sees a step beside them */
    struct fr_ring_host host;
    struct fr_ring_source source;
};

void pair_init(struct pair *pair, uint32_t ring_len);
void pair_finish(struct pair *pair);

/* Both sides go on from this sequence. */
void pair_set_sequence(struct pair *pair, uint32_t sequence);

/* A frame from begin to publish; its slot. */
uint32_t pair_publish(struct pair *pair);

/* The newest frame through claim, record, release and taken; its sequence. Fails the test when there is
 * none. */
uint32_t pair_take(struct pair *pair);

uint32_t pair_state(const struct pair *pair, uint32_t slot);

fr_token pair_newest(struct pair *pair);

int run_states(void);
int run_rules(void);
int run_lines(void);
int run_hostile(void);
int run_version1(void);
int run_resume(void);
int run_looking(void);
int run_damage(void);

#endif
