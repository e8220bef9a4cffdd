/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/* What each status of the library means for a source program. The library is a script. */
#include "cmocka_all.h"

#include "common/feed.h"

static fr_status polled;
static unsigned polls;
static fr_source_info info;

fr_status fr_source_poll(fr_source *source, uint64_t timeout_ns)
{
    (void)source, (void)timeout_ns;
    polls++;
    return polled;
}

void fr_source_get_info(const fr_source *source, fr_source_info *out)
{
    (void)source;
    *out = info;
}

static const fr_feed_options options = {.program = {.name = "test"}};

static fr_feed_state state_of(fr_status status, fr_feed *feed)
{
    *feed = (fr_feed){.options = &options, .inherited = true};
    polled = status;
    return fr_feed_poll(feed, 0);
}

static void statuses_are_read(void **state)
{
    (void)state;
    fr_feed feed;
    assert_int_equal(state_of(FR_OK, &feed), FR_FEED_READY);
    assert_int_equal(state_of(FR_REATTACHED, &feed), FR_FEED_REDRAW);
    assert_int_equal(state_of(FR_AGAIN, &feed), FR_FEED_WAIT);
    assert_false(feed.stopped);
    assert_int_equal(state_of(FR_END, &feed), FR_FEED_STOP);
    assert_true(feed.stopped);
    assert_int_equal(feed.exit_code, FR_EXIT_DONE);
    assert_int_equal(state_of(FR_ERR_REFUSED, &feed), FR_FEED_STOP);
    assert_true(feed.stopped);
    assert_int_equal(feed.exit_code, FR_EXIT_FAILED);
}

/* The program may have another device. */
static void a_lost_device_is_the_programs_to_answer(void **state)
{
    (void)state;
    fr_feed feed;
    assert_int_equal(state_of(FR_ERR_DEVICE_LOST, &feed), FR_FEED_LOST);
    assert_false(feed.stopped);
}

static void nothing_is_taken_of_a_lost_device(void **state)
{
    (void)state;
    fr_feed feed;
    info.untaken = 1;
    (void)state_of(FR_ERR_DEVICE_LOST, &feed);
    polls = 0;
    fr_feed_linger(&feed);
    assert_int_equal(polls, 1);
    assert_true(feed.stopped);
    assert_int_equal(feed.exit_code, FR_EXIT_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_read),
        cmocka_unit_test(a_lost_device_is_the_programs_to_answer),
        cmocka_unit_test(nothing_is_taken_of_a_lost_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
