/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness_win32.h"

#include "channel/named.h"

#include <stdlib.h>

/*
 * The order in which a front is written. named_host.c is compiled into this program with a step before each
 * access to a shared word, and at each step the front is read as a source would read it: what it then says is
 * the old generation, the new one, or that it is being made.
 */

static const fr_wire_v1 *front; /* NULL: not looked at */
static uint32_t target = 7;
static struct {
    uint32_t generation, width;
    fr_format format;
} allowed[2];
static unsigned steps, fine;

void fr_simulator_step(void);

void fr_simulator_step(void)
{
    if (!front)
        return;
    steps++;
    fr_wire_v2 copy = {0}, checked;
    memcpy(&copy.v1, front, sizeof(copy.v1));
    const fr_wire_fault fault = fr_wire_snapshot(&checked, &copy, sizeof(copy), target);
    if (fault == FR_WIRE_NO_MAGIC)
        return;
    assert_int_equal(fault, FR_WIRE_FINE);
    fine++;
    /* Under the old number the sizes may be mixed: docs/wire.md says how a reader finds out. Under the new
     * number all is new. */
    assert_int_equal(copy.v1.version, 2);
    assert_true(copy.v1.generation == allowed[0].generation || copy.v1.generation == allowed[1].generation);
    if (copy.v1.generation == allowed[1].generation) {
        assert_int_equal(copy.v1.width, allowed[1].width);
        assert_int_equal(copy.v1.format, allowed[1].format);
    }
}

static void write_generation(struct fr_host_channel *channel, uint32_t number, uint32_t width,
                             fr_format format)
{
    struct fr_delivery delivery = fr_delivery_none();
    delivery.wire_version = 2;
    delivery.generation = number;
    delivery.ring_len = 4;
    delivery.width = width;
    delivery.height = 48;
    delivery.format = format;
    delivery.slots_kind = FR_SLOTS_D3D11;
    delivery.sync_kind = FR_WIRE_SYNC_KEYED_MUTEX;
    allowed[0] = allowed[1];
    allowed[1].generation = number;
    allowed[1].width = width;
    allowed[1].format = format;
    assert_int_equal(channel->ops->deliver(channel->self, &delivery), FR_OK);
}

static void a_front_is_never_half_written(void **state)
{
    (void)state;
    struct sandbox sandbox;
    struct sink sink;
    struct fr_host_channel channel;
    char prefix[FR_NAMED_PREFIX_BYTES], name[FR_NAME_BYTES];
    sandbox_make(&sandbox);
    sink_init(&sink);
    snprintf(prefix, sizeof(prefix), "Local\\%.60s", sandbox.dir);
    snprintf(name, sizeof(name), "%s-hdr-7", prefix);
    const struct fr_named_host_params params = {.target_id = 7, .prefix = prefix, .log = sink_log(&sink)};
    assert_int_equal(fr_named_host_create(&channel, &params), FR_OK);
    HANDLE section = OpenFileMappingA(FILE_MAP_READ, FALSE, name);
    front = MapViewOfFile(section, FILE_MAP_READ, 0, 0, FR_WIRE_V1_BYTES);
    assert_non_null(front);

    write_generation(&channel, 100, 64, FR_FORMAT_BGRA8);
    assert_true(steps >= 8);
    assert_int_equal(fine, 0); /* the magic was the last word */
    assert_int_equal(front->magic, FR_WIRE_MAGIC);
    assert_int_equal(front->generation, 100);
    steps = 0;
    write_generation(&channel, 101, 128, FR_FORMAT_RGBA16F);
    assert_true(steps >= 6);
    assert_int_equal(fine, steps); /* whole all the time */
    assert_int_equal(front->generation, 101);
    assert_int_equal(front->width, 128);

    const fr_wire_v1 *kept = front;
    front = NULL;
    channel.ops->destroy(channel.self);
    assert_int_equal(kept->generation, 0);
    UnmapViewOfFile(kept);
    CloseHandle(section);
    sink_finish(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_front_is_never_half_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
