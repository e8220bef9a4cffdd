/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>

#include <stdio.h>
#include <string.h>

enum { SHM_FRAMES = 8, POOL_FRAMES = 4, TEXT_BYTES = 512 };

/* Messages of errors end up in run->failure. */
static bool healthy(struct run *run, GstElement *pipeline)
{
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    gst_object_unref(bus);
    if (!message)
        return true;
    GError *error = NULL;
    gst_message_parse_error(message, &error, NULL);
    run_fail(run, "%s", error->message);
    g_error_free(error);
    gst_message_unref(message);
    return false;
}

static GstElement *make_pipeline(struct run *run, const char *text)
{
    gst_init(NULL, NULL);
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch(text, &error);
    if (error) {
        run_fail(run, "%s", error->message);
        g_error_free(error);
    }
    return pipeline;
}

/* What shmsink would tell an element that asks it for memory. NULL: none. */
static GstAllocator *shared_allocator(GstElement *sink, GstAllocationParams *params)
{
    GstPad *pad = gst_element_get_static_pad(sink, "sink");
    GstCaps *caps = gst_pad_get_current_caps(pad);
    GstQuery *query = gst_query_new_allocation(caps, FALSE);
    GstAllocator *allocator = NULL;
    if (gst_pad_query(pad, query) && gst_query_get_n_allocation_params(query) > 0)
        gst_query_parse_nth_allocation_param(query, 0, &allocator, params);
    gst_query_unref(query);
    if (caps)
        gst_caps_unref(caps);
    gst_object_unref(pad);
    return allocator;
}

/* Where a program that pushes takes its buffers from: shmsink's memory, or a few of its own, again and again.
 */
struct store {
    GstAllocator *allocator;
    GstAllocationParams params;
    GstBufferPool *pool;
};

static bool make_pool(struct store *store, const struct run *run)
{
    store->pool = gst_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(store->pool);
    gst_buffer_pool_config_set_params(config, NULL, (guint)run_frame_bytes(run), POOL_FRAMES, 0);
    return gst_buffer_pool_set_config(store->pool, config) && gst_buffer_pool_set_active(store->pool, TRUE);
}

static GstBuffer *take_buffer(struct store *store, const struct run *run)
{
    GstBuffer *buffer = NULL;
    if (store->allocator)
        return gst_buffer_new_allocate(store->allocator, run_frame_bytes(run), &store->params);
    gst_buffer_pool_acquire_buffer(store->pool, &buffer, NULL);
    return buffer;
}

static bool push(struct run *run, GstElement *source, struct store *store, uint32_t number)
{
    GstBuffer *buffer = take_buffer(store, run);
    GstMapInfo map;
    if (!buffer || !gst_buffer_map(buffer, &map, GST_MAP_WRITE)) {
        run_fail(run, "no buffer");
        return false;
    }
    frame_draw(map.data, run, number);
    frame_stamp(map.data, run);
    gst_buffer_unmap(buffer, &map);
    return gst_app_src_push_buffer(GST_APP_SRC(source), buffer) == GST_FLOW_OK;
}

static void send_frames(struct run *run, bool into_shared)
{
    char text[TEXT_BYTES];
    snprintf(text, sizeof text,
             "appsrc name=source is-live=true format=time do-timestamp=true max-bytes=0 max-buffers=1 "
             "leaky-type=downstream "
             "caps=video/x-raw,format=BGRA,width=%u,height=%u,framerate=%u/1 ! "
             "shmsink name=sink socket-path=%s/frames shm-size=%zu sync=false wait-for-connection=false",
             run->width, run->height, run->rate, run->dir, SHM_FRAMES * (run_frame_bytes(run) + 4096));
    GstElement *pipeline = make_pipeline(run, text);
    if (!pipeline)
        return;
    GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    struct store store = {.allocator = NULL};
    gst_allocation_params_init(&store.params);
    /* A frame makes the caps known, and the socket is there for the receiver. */
    bool good = make_pool(&store, run) && push(run, source, &store, 0);
    run->sender_node = 1;
    good = good && run_wait(run, &run->ready, "the receiver");
    if (good && into_shared && !(store.allocator = shared_allocator(sink, &store.params))) {
        run_fail(run, "shmsink offers no memory");
        good = false;
    }
    struct pace pace;
    uint32_t number = 0;
    pace_begin(&pace, run);
    while (good && pace_next(&pace, run) && healthy(run, pipeline)) {
        sleep_until(pace.due_ns);
        good = push(run, source, &store, ++number);
    }
    run->done = true;
    gst_element_set_state(pipeline, GST_STATE_NULL);
    if (store.allocator)
        gst_object_unref(store.allocator);
    gst_buffer_pool_set_active(store.pool, FALSE);
    gst_object_unref(store.pool);
    gst_object_unref(source);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
}

static void send_copied(struct run *run)
{
    send_frames(run, false);
}

static void send_shared(struct run *run)
{
    send_frames(run, true);
}

static GstFlowReturn on_sample(GstAppSink *sink, gpointer user)
{
    struct run *run = user;
    GstSample *sample = gst_app_sink_pull_sample(sink);
    GstBuffer *buffer = sample ? gst_sample_get_buffer(sample) : NULL;
    GstMapInfo map;
    if (buffer && gst_buffer_map(buffer, &map, GST_MAP_READ)) {
        if (map.size >= run_frame_bytes(run))
            run_take(run, map.data);
        gst_buffer_unmap(buffer, &map);
    }
    if (sample)
        gst_sample_unref(sample);
    return GST_FLOW_OK;
}

static void receive_frames(struct run *run)
{
    char text[TEXT_BYTES];
    while (run->sender_node == 0 && !run_over(run))
        sleep_until(now_ns() + NS_PER_MS);
    snprintf(text, sizeof text,
             "shmsrc socket-path=%s/frames is-live=true ! "
             "video/x-raw,format=BGRA,width=%u,height=%u,framerate=%u/1 ! "
             "appsink name=sink sync=false max-buffers=2 drop=true",
             run->dir, run->width, run->height, run->rate);
    GstElement *pipeline = make_pipeline(run, text);
    if (!pipeline)
        return;
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    GstAppSinkCallbacks callbacks = {.new_sample = on_sample};
    gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, run, NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    sleep_until(now_ns() + 100 * NS_PER_MS);
    run->ready = true;
    while (!run->done && !run_over(run) && healthy(run, pipeline))
        sleep_until(now_ns() + 20 * NS_PER_MS);
    /* A sender that is gone ends the stream with an error. */
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
}

static const char *version(void)
{
    static char text[32];
    unsigned v[4];
    gst_version(&v[0], &v[1], &v[2], &v[3]);
    snprintf(text, sizeof text, "%u.%u.%u", v[0], v[1], v[2]);
    return text;
}

#define WORK "appsrc to shmsink, shmsrc to appsink's callback: two queues and a socket of streaming threads"
const struct handoff_peer handoff_gstreamer[] = {
    {
        .name = "gstreamer shm",
        .copies = 1,
        .copies_why = "shmsink copies the buffer into its shared memory; shmsrc reads it there",
        .differs = WORK "; the copy lies between publish and receive",
        .version = version,
        .send = send_copied,
        .receive = receive_frames,
    },
    {
        .name = "gstreamer shm, sink's memory",
        .copies = 0,
        .copies_why = "the sender draws into memory of shmsink's allocator; shmsrc reads it there",
        .differs = WORK "; the sender has to ask the sink for its allocator, which appsrc does not",
        .version = version,
        .send = send_shared,
        .receive = receive_frames,
    },
    {.name = NULL},
};
