/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_FAKE_VA_INSIDE_H
#define FR_TEST_FAKE_VA_INSIDE_H

/* What the parts of the driver share. */

#include "fake_va.h"

#include <va/va_backend.h>

#include <stddef.h>

enum { SURFACES_MAX = 64, BUFFERS_MAX = 64, CODED_MAX = 8 << 20, HEADERS_MAX = 4096 };

struct fake_va_surface {
    bool used, imported;
    bool is_dma_buf; /* ... as the kernel knows it */
    uint32_t fourcc, width, height;
    int fd;
    uint8_t *memory;
    size_t bytes;
    uint8_t *plane[2];
    uint32_t pitch[2];
};

struct fake_va_buffer {
    bool used, mapped;
    VABufferType type;
    unsigned size, count;
    uint8_t *data;
    VACodedBufferSegment coded;
};

/* False: this call fails. Every function of the driver begins with it. */
bool fake_va_call(void);
/* False, and noted, unless it is. */
bool fake_va_expect(bool right, const char *what);

struct fake_va_surface *fake_va_surface_of(VASurfaceID id);
struct fake_va_buffer *fake_va_buffer_of(VABufferID id);

/* The processor reads the surface, between begin and end. */
void fake_va_read(const struct fake_va_surface *surface, bool begin);

/* Of fake_va_surface.c, fake_va_buffer.c and fake_va_encode.c. */
void fake_va_surface_functions(struct VADriverVTable *table);
void fake_va_buffer_functions(struct VADriverVTable *table);
void fake_va_encode_functions(struct VADriverVTable *table);

/* Of fake_va_pcm.c: the slice of a picture in NV12 whose macroblocks are all I_PCM, after the header of
 * `header_bits`, which begins with a start code and has emulation prevention. Bytes written. */
size_t fake_va_pcm_slice(const struct fake_va_surface *surface, uint32_t columns, uint32_t rows, bool intra,
                         const uint8_t *header, size_t header_bits, uint8_t *out, size_t room);

#endif
