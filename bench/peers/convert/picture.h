/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef PEERS_CONVERT_PICTURE_H
#define PEERS_CONVERT_PICTURE_H

#include "peer.h"

#include <jansson.h>

/* Something like a desktop: slow gradients, flat panes, rows of text, a little noise. HDR: up to 1000 cd/m2,
 * some of it outside BT.709. False: no memory, and that was told; finish it all the same. */
bool picture_init(struct picture *picture, fr_format from, uint32_t width, uint32_t height);
void picture_finish(struct picture *picture);

size_t picture_samples(const struct picture *picture);      /* pixels */
size_t picture_sample_bytes(const struct picture *picture); /* of one code of the result */

bool codes_init(struct codes *codes, const struct picture *picture);
void codes_finish(struct codes *codes);

/* How far a result is from ours, in codes of the format's own depth: an object of y_max, y_mean, c_max,
 * c_mean. */
json_t *codes_difference(const struct codes *ours, const struct codes *theirs, const struct picture *picture);

/* A half float, rounded to nearest, of a value that one can hold. */
uint16_t half_from(float value);

#endif
