/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "cli_test.h"

#include "clock.h"
#include "summary.h"

#include <stdlib.h>
#include <string.h>

static json_int_t integer_at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static double real_at(const json_t *object, const char *outer, const char *inner, const char *key)
{
    const json_t *value = json_object_get(json_object_get(object, outer), inner);
    if (key)
        value = json_object_get(value, key);
    assert_true(json_is_real(value));
    return json_real_value(value);
}

static struct session_result *example(void)
{
    struct session_result *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->began = true;
    r->started_ns = 10 * NS_PER_S;
    r->duration_ns = 5 * NS_PER_S;
    r->info.fresh = 300;
    r->info.repeats = 4;
    r->info.dropped = 2;
    r->info.looked = 290;
    r->info.looked_ns = 50 * NS_PER_MS;
    r->info.generations = 3;
    r->info.backend = "cpu";
    r->info.slots = "memory";
    r->info.taken_pixels = 8000;
    r->info.converted_pixels = 1000;
    r->info.sync = "states";
    r->info.source_path = "read-back";
    r->info.host_path = "upload";
    r->info.way = "shared memory that is uploaded to the GPU, read back by the source";
    r->info.kernel = "convert_bgra_nv12_c";
    r->cpu_host = 42.5;
    r->cpu_frame_thread = 10;
    r->cpu_source = 7;
    r->flips[0] = (fr_flip){FR_FLIP_HDR | FR_FLIP_SIZE, 12 * NS_PER_S, 40 * NS_PER_MS};
    r->flips[1] = (fr_flip){FR_FLIP_SOURCE, 9 * NS_PER_S, 1500 * NS_PER_US};
    r->num_flips = 2;
    for (unsigned i = 0; i < 100; i++)
        histogram_add(&r->publish_to_take, 50 * NS_PER_US);
    strcpy(r->encoder, "libx264");
    r->encoder_input = "memory";
    strcpy(r->encoder_input_reason, "libx264 reads memory");
    r->files = calloc(3, sizeof *r->files);
    assert_non_null(r->files);
    r->files[0] = strdup("a.mkv");
    r->files[1] = strdup("a-\xff.mkv");
    r->num_files = 2;
    return r;
}

static void has_every_field(void **state)
{
    (void)state;
    struct session_result *r = example();
    json_t *o = summary_json(r);
    assert_int_equal(integer_at(o, "fresh"), 300);
    assert_int_equal(integer_at(o, "repeats"), 4);
    assert_int_equal(integer_at(o, "dropped"), 2);
    assert_int_equal(integer_at(o, "generations"), 3);
    assert_true(json_real_value(json_object_get(o, "converted_pct")) == 12.5);
    double p50 = real_at(o, "latency_us", "publish_to_take", "p50");
    assert_true(p50 > 49.0 && p50 <= 50.0);
    assert_true(real_at(o, "latency_us", "publish_to_take", "p99") == p50);
    assert_true(real_at(o, "latency_us", "take_to_converted", "p50") == 0.0);
    assert_true(real_at(o, "latency_us", "converted_to_encoded", "p99") == 0.0);
    assert_true(real_at(o, "cpu_pct", "host", NULL) == 42.5);
    assert_true(real_at(o, "cpu_pct", "source", NULL) == 7.0);
    assert_true(real_at(o, "cpu_pct", "frame_thread", NULL) == 10.0);
    assert_int_equal(integer_at(json_object_get(o, "looking"), "frames"), 290);
    assert_true(real_at(o, "looking", "cpu_pct", NULL) == 1.0);
    assert_string_equal(json_string_value(json_object_get(o, "backend")), "cpu");
    assert_string_equal(json_string_value(json_object_get(o, "slots")), "memory");
    assert_string_equal(json_string_value(json_object_get(o, "sync")), "states");
    assert_string_equal(json_string_value(json_object_get(o, "source_path")), "read-back");
    assert_string_equal(json_string_value(json_object_get(o, "host_path")), "upload");
    assert_string_equal(json_string_value(json_object_get(o, "kernel")), "convert_bgra_nv12_c");
    assert_string_equal(json_string_value(json_object_get(o, "encoder")), "libx264");
    assert_string_equal(json_string_value(json_object_get(o, "encoder_input")), "memory");
    assert_string_equal(json_string_value(json_object_get(o, "encoder_input_reason")),
                        "libx264 reads memory");
    assert_string_equal(json_string_value(json_object_get(o, "end")), "done");
    assert_null(json_object_get(o, "error"));
    assert_null(json_object_get(o, "hash"));

    const json_t *files = json_object_get(o, "files");
    assert_int_equal(json_array_size(files), 2);
    assert_string_equal(json_string_value(json_array_get(files, 0)), "a.mkv");
    assert_non_null(json_string_value(json_array_get(files, 1)));

    const json_t *flips = json_object_get(o, "flips");
    assert_int_equal(json_array_size(flips), 2);
    const json_t *first = json_array_get(flips, 0), *second = json_array_get(flips, 1);
    assert_string_equal(json_string_value(json_object_get(first, "kind")), "hdr+size");
    assert_true(json_real_value(json_object_get(first, "at_ms")) == 2000.0);
    assert_true(json_real_value(json_object_get(first, "gap_ms")) == 40.0);
    assert_string_equal(json_string_value(json_object_get(second, "kind")), "source");
    assert_true(json_real_value(json_object_get(second, "at_ms")) == 0.0);
    assert_true(json_real_value(json_object_get(second, "gap_ms")) == 1.5);
    json_decref(o);
    session_result_finish(r);
    free(r);
}

static void a_session_that_never_began(void **state)
{
    (void)state;
    struct session_result *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->end = SESSION_FAILED;
    r->status = FR_ERR_NEVER_ATTACHED;
    json_t *o = summary_json(r);
    char *text = json_dumps(o, JSON_COMPACT);
    assert_non_null(text);
    assert_int_equal(integer_at(o, "fresh"), 0);
    assert_string_equal(json_string_value(json_object_get(o, "end")), "failed");
    assert_non_null(json_object_get(o, "error"));
    assert_int_equal(json_array_size(json_object_get(o, "files")), 0);
    free(text);
    json_decref(o);
    free(r);
}

static void says_which_path_ran(void **state)
{
    (void)state;
    struct session_result *r = example();
    FILE *file = tmpfile();
    assert_non_null(file);
    summary_write(file, r);
    rewind(file);
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof line, file))
        found =
            strcmp(line, "  frames came through shared memory that is uploaded to the GPU, read back by the "
                         "source, converted by convert_bgra_nv12_c\n") == 0;
    assert_true(found);
    assert_non_null(fgets(line, sizeof line, file));
    assert_string_equal(line, "  they went to the encoder through memory: libx264 reads memory\n");
    fclose(file);
    session_result_finish(r);
    free(r);
}

static void says_how_the_encoder_got_them(void **state)
{
    (void)state;
    static const struct {
        const char *input, *line; /* NULL: none */
    } rows[] = {{"cuda", "  they went to the encoder without a copy (cuda)\n"}, {"memory", NULL}, {"", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session_result *r = example();
        FILE *file = tmpfile();
        assert_non_null(file);
        r->encoder_input = rows[i].input;
        r->encoder_input_reason[0] = '\0';
        summary_write(file, r);
        rewind(file);
        char line[256];
        bool found = false;
        while (fgets(line, sizeof line, file)) {
            assert_true(rows[i].line || !strstr(line, "they went to"));
            found = found || (rows[i].line && strcmp(line, rows[i].line) == 0);
        }
        assert_true(found == (rows[i].line != NULL));
        fclose(file);
        session_result_finish(r);
        free(r);
    }
}

static void flip_kinds(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(summary_flip_kind(FR_FLIP_SIZE, text, sizeof text), "size");
    assert_string_equal(summary_flip_kind(15, text, sizeof text), "hdr+size+source+device");
    assert_string_equal(summary_flip_kind(0, text, sizeof text), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_every_field),     cmocka_unit_test(a_session_that_never_began),
        cmocka_unit_test(says_which_path_ran), cmocka_unit_test(says_how_the_encoder_got_them),
        cmocka_unit_test(flip_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
