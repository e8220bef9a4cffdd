/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "clock.h"
#include "watch_model.h"

#include <string.h>

static fr_observation example(uint64_t at_ns, uint32_t generation, uint64_t published)
{
    fr_observation seen = {.at_ns = at_ns, .has_header = true};
    seen.header.v1.version = 2;
    seen.header.v1.generation = generation;
    seen.header.v1.ring_len = 4;
    seen.header.v1.width = 1920;
    seen.header.v1.height = 1080;
    seen.header.v1.format = FR_FORMAT_BGRA8;
    seen.header.v1.status = FR_WIRE_STATUS_OPENED;
    seen.header.host.state = FR_WIRE_HOST_ACTIVE;
    seen.header.host.taken = published;
    seen.header.source.published = published;
    seen.header.source.pid = 4711;
    seen.header.source.heartbeat_ns = at_ns - 12 * NS_PER_MS;
    return seen;
}

static void rates(void **state)
{
    (void)state;
    fr_observation a = example(NS_PER_S, 1, 100), b = example(3 * NS_PER_S, 1, 220);
    struct watch_rates r;
    watch_rates_between(&a, &b, &r);
    assert_true(r.published == 60.0);
    assert_true(r.taken == 60.0);
    assert_true(r.dropped == 0.0);
    fr_observation anew = example(3 * NS_PER_S, 2, 20);
    watch_rates_between(&a, &anew, &r);
    assert_true(r.published == 10.0);
    fr_observation none = {.at_ns = 0};
    watch_rates_between(&none, &b, &r);
    assert_true(r.published == 0.0);
}

static void aids(void **state)
{
    (void)state;
    const char *out[WATCH_AIDS_MAX];
    fr_wire_v2 header = {.v1 = {.magic = FR_WIRE_MAGIC}};
    fr_wire_debug *debug = &header.debug;
    assert_int_equal(watch_aids(&header, 7, out), 1);
    debug->magic = FR_WIRE_DEBUG_MAGIC;
    assert_int_equal(watch_aids(&header, 7, out), 1);
    assert_non_null(strstr(out[0], "never ran"));
    debug->run_core_entries = 1;
    debug->resolved_target_id = 8;
    debug->header_open_attempts = 3;
    debug->last_open_error = 0x80070002u;
    assert_int_equal(watch_aids(&header, 7, out), 2);
    assert_non_null(strstr(out[0], "another display"));
    assert_non_null(strstr(out[1], "another name"));
    debug->resolved_target_id = 7;
    debug->header_opened = 1;
    debug->last_open_error = 0;
    assert_int_equal(watch_aids(&header, 7, out), 1);
    assert_non_null(strstr(out[0], "idle"));
    debug->frames_acquired = 5;
    assert_int_equal(watch_aids(&header, 7, out), 1);
    assert_non_null(strstr(out[0], "nothing unusual"));
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(watch_slot_state(0x1234u << 8 | FR_WIRE_SLOT_READING), "reading");
    assert_string_equal(watch_slot_state(0x77), "damaged");
    assert_string_equal(watch_host_state(99), "unknown");
    assert_string_equal(watch_source_status(99), "unknown");
}

static void lines(void **state)
{
    (void)state;
    char line[512];
    fr_observation seen = example(5 * NS_PER_S, 9, 300), none = {.at_ns = 1};
    struct watch_rates r = {.published = 60};
    watch_line(line, sizeof line, 7, &seen, &r);
    assert_non_null(strstr(line, "target 7: active, source opened (pid 4711), 1920x1080 bgra, generation 9"));
    assert_non_null(strstr(line, "published 60.0/s"));
    assert_non_null(strstr(line, "source 12 ms"));
    assert_non_null(strstr(watch_line(line, sizeof line, 7, &none, NULL), "no ring"));
}

static void objects(void **state)
{
    (void)state;
    fr_observation seen = example(5 * NS_PER_S, 9, 300), none = {.at_ns = 1};
    struct watch_rates r = {.published = 60};
    json_t *o = watch_json(7, &seen, &r);
    assert_int_equal(json_array_size(json_object_get(o, "slots")), 4);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(o, "source"), "published")), 300);
    assert_string_equal(json_string_value(json_object_get(json_object_get(o, "host"), "state")), "active");
    json_decref(o);
    o = watch_json(7, &none, NULL);
    assert_true(json_is_false(json_object_get(o, "ring")));
    json_decref(o);
    o = watch_debug_json(7, &seen.header);
    assert_true(json_array_size(json_object_get(o, "aids")) == 1);
    json_decref(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates), cmocka_unit_test(aids),    cmocka_unit_test(names),
        cmocka_unit_test(lines), cmocka_unit_test(objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
