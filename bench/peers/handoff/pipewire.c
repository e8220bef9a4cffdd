/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <pipewire/pipewire.h>
#include <spa/param/video/format-utils.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* SPA's macros are GNU C. */
#pragma GCC diagnostic ignored "-Wpedantic"

enum { BUFFERS = 4, POD_BYTES = 1024, PATH_BYTES = 96, ID_BYTES = 16 };
#define START_NS (10 * NS_PER_S)

/* No session manager, no devices, no D-Bus: the program that receives makes the link. */
static const char daemon_conf[] = "context.properties = { core.daemon = true core.name = pipewire-0 "
                                  "support.dbus = false link.max-buffers = 16 }\n"
                                  "context.spa-libs = { support.* = support/libspa-support }\n"
                                  "context.modules = [\n"
                                  " { name = libpipewire-module-protocol-native }\n"
                                  " { name = libpipewire-module-client-node }\n"
                                  " { name = libpipewire-module-access }\n"
                                  " { name = libpipewire-module-link-factory }\n"
                                  "]\n";
static const char client_conf[] = "context.properties = { support.dbus = false }\n"
                                  "context.spa-libs = { support.* = support/libspa-support }\n"
                                  "context.modules = [\n"
                                  " { name = libpipewire-module-protocol-native }\n"
                                  " { name = libpipewire-module-client-node }\n"
                                  "]\n";

static bool write_file(struct run *run, const char *name, const char *text)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", run->dir, name);
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) {
        run_fail(run, "cannot write %s", path);
        return false;
    }
    return true;
}

/* The daemon, and for all that are forked later the folder where it is. */
static pid_t serve(struct run *run)
{
    static const char *const names[] = {"XDG_RUNTIME_DIR", "PIPEWIRE_RUNTIME_DIR", "PIPEWIRE_CONFIG_DIR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        setenv(names[i], run->dir, 1);
    setenv("PIPEWIRE_DEBUG", "0", 1);
    unsetenv("PIPEWIRE_REMOTE");
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    if (!write_file(run, "pipewire.conf", daemon_conf) || !write_file(run, "client.conf", client_conf))
        return -1;
    char program[] = "pipewire", path[PATH_BYTES];
    char *const argv[] = {program, NULL};
    const pid_t pid = run_program(argv);
    snprintf(path, sizeof path, "%s/pipewire-0", run->dir);
    const uint64_t until = now_ns() + START_NS;
    while (pid > 0 && access(path, F_OK) != 0 && now_ns() < until)
        sleep_until(now_ns() + 10 * NS_PER_MS);
    return pid;
}

struct end {
    struct run *run;
    struct pw_thread_loop *loop;
    struct pw_context *context;
    struct pw_core *core;
    struct pw_stream *stream;
    struct pw_proxy *link;
    struct spa_hook listener;
    atomic_bool streaming;
};

static const struct spa_pod *format_param(struct spa_pod_builder *builder, const struct run *run)
{
    struct spa_video_info_raw info = SPA_VIDEO_INFO_RAW_INIT(.format = SPA_VIDEO_FORMAT_BGRA,
                                                             .size = SPA_RECTANGLE(run->width, run->height),
                                                             .framerate = SPA_FRACTION(run->rate, 1));
    return spa_format_video_raw_build(builder, SPA_PARAM_EnumFormat, &info);
}

static void on_param_changed(void *user, uint32_t id, const struct spa_pod *param)
{
    struct end *end = user;
    uint8_t memory[POD_BYTES];
    if (!param || id != SPA_PARAM_Format)
        return;
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof memory);
    const struct spa_pod *const params[1] = {spa_pod_builder_add_object(
        &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
        SPA_POD_CHOICE_RANGE_Int(BUFFERS, 2, 2 * BUFFERS), SPA_PARAM_BUFFERS_blocks, SPA_POD_Int(1),
        SPA_PARAM_BUFFERS_size, SPA_POD_Int((int)run_frame_bytes(end->run)), SPA_PARAM_BUFFERS_stride,
        SPA_POD_Int((int)(end->run->width * 4)), SPA_PARAM_BUFFERS_dataType,
        SPA_POD_CHOICE_FLAGS_Int(1 << SPA_DATA_MemFd))};
    pw_stream_update_params(end->stream, (const struct spa_pod **)params, 1);
}

static void on_state_changed(void *user, enum pw_stream_state old, enum pw_stream_state state,
                             const char *error)
{
    struct end *end = user;
    (void)old;
    if (state == PW_STREAM_STATE_ERROR)
        run_fail(end->run, "%s", error ? error : "the stream failed");
    end->streaming = state == PW_STREAM_STATE_STREAMING;
}

/* In the thread of the data, as soon as it wakes. */
static void on_process(void *user)
{
    struct end *end = user;
    struct pw_buffer *buffer = pw_stream_dequeue_buffer(end->stream);
    if (!buffer)
        return;
    run_take(end->run, buffer->buffer->datas[0].data);
    pw_stream_queue_buffer(end->stream, buffer);
}

static const struct pw_stream_events sender_events = {
    PW_VERSION_STREAM_EVENTS,
    .state_changed = on_state_changed,
    .param_changed = on_param_changed,
};
static const struct pw_stream_events receiver_events = {
    PW_VERSION_STREAM_EVENTS,
    .state_changed = on_state_changed,
    .param_changed = on_param_changed,
    .process = on_process,
};

/* All but the loop's start; that is left locked. */
static bool open_end(struct end *end, struct run *run, bool sends)
{
    *end = (struct end){.run = run};
    pw_init(NULL, NULL);
    end->loop = pw_thread_loop_new("peers", NULL);
    end->context = pw_context_new(pw_thread_loop_get_loop(end->loop), NULL, 0);
    pw_thread_loop_start(end->loop);
    pw_thread_loop_lock(end->loop);
    end->core = end->context ? pw_context_connect(end->context, NULL, 0) : NULL;
    if (!end->core) {
        run_fail(run, "no daemon answers");
        return false;
    }
    end->stream = pw_stream_new(end->core, sends ? "sender" : "receiver",
                                pw_properties_new(PW_KEY_MEDIA_TYPE, "Video", PW_KEY_MEDIA_CLASS,
                                                  sends ? "Video/Source" : "Stream/Input/Video", NULL));
    pw_stream_add_listener(end->stream, &end->listener, sends ? &sender_events : &receiver_events, end);
    uint8_t memory[POD_BYTES];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(memory, sizeof memory);
    const struct spa_pod *params[1] = {format_param(&builder, run)};
    const enum pw_stream_flags flags =
        PW_STREAM_FLAG_MAP_BUFFERS | (sends ? PW_STREAM_FLAG_DRIVER : PW_STREAM_FLAG_RT_PROCESS);
    return pw_stream_connect(end->stream, sends ? PW_DIRECTION_OUTPUT : PW_DIRECTION_INPUT, PW_ID_ANY, flags,
                             params, 1) == 0;
}

static void close_end(struct end *end)
{
    if (end->link)
        pw_proxy_destroy(end->link);
    if (end->stream)
        pw_stream_destroy(end->stream);
    if (end->core)
        pw_core_disconnect(end->core);
    pw_thread_loop_unlock(end->loop);
    pw_thread_loop_stop(end->loop);
    if (end->context)
        pw_context_destroy(end->context);
    pw_thread_loop_destroy(end->loop);
    pw_deinit();
}

/* Unlocked while it waits. */
static uint32_t wait_for_node(struct end *end)
{
    uint32_t id;
    while ((id = pw_stream_get_node_id(end->stream)) == SPA_ID_INVALID && !run_over(end->run)) {
        pw_thread_loop_unlock(end->loop);
        sleep_until(now_ns() + NS_PER_MS);
        pw_thread_loop_lock(end->loop);
    }
    return id;
}

static void publish(struct end *end, uint32_t number)
{
    struct pw_buffer *buffer = pw_stream_dequeue_buffer(end->stream);
    if (!buffer)
        return;
    struct spa_data *data = &buffer->buffer->datas[0];
    frame_draw(data->data, end->run, number);
    *data->chunk =
        (struct spa_chunk){0, (uint32_t)run_frame_bytes(end->run), (int32_t)(end->run->width * 4), 0};
    frame_stamp(data->data, end->run);
    pw_stream_queue_buffer(end->stream, buffer);
    pw_stream_trigger_process(end->stream);
}

static void send_frames(struct run *run)
{
    struct end end;
    bool good = open_end(&end, run, true);
    if (good)
        run->sender_node = wait_for_node(&end);
    pw_thread_loop_unlock(end.loop);
    good = good && run_wait(run, &end.streaming, "a link") && run_wait(run, &run->ready, "the receiver");
    struct pace pace;
    uint32_t number = 0;
    pace_begin(&pace, run);
    while (good && pace_next(&pace, run)) {
        sleep_until(pace.due_ns);
        pw_thread_loop_lock(end.loop);
        publish(&end, ++number);
        pw_thread_loop_unlock(end.loop);
    }
    run->done = true;
    pw_thread_loop_lock(end.loop);
    close_end(&end);
}

static bool link_to_sender(struct end *end)
{
    char from[ID_BYTES], to[ID_BYTES];
    while (end->run->sender_node == 0 && !run_over(end->run))
        sleep_until(now_ns() + NS_PER_MS);
    snprintf(to, sizeof to, "%u", wait_for_node(end));
    snprintf(from, sizeof from, "%u", end->run->sender_node);
    struct pw_properties *properties =
        pw_properties_new(PW_KEY_LINK_OUTPUT_NODE, from, PW_KEY_LINK_INPUT_NODE, to, NULL);
    end->link = pw_core_create_object(end->core, "link-factory", PW_TYPE_INTERFACE_Link, PW_VERSION_LINK,
                                      &properties->dict, 0);
    pw_properties_free(properties);
    return end->link;
}

static void receive_frames(struct run *run)
{
    struct end end;
    const bool good = open_end(&end, run, false) && link_to_sender(&end);
    pw_thread_loop_unlock(end.loop);
    if (good && run_wait(run, &end.streaming, "a link"))
        run->ready = true;
    while (good && !run->done && !run_over(run))
        sleep_until(now_ns() + 20 * NS_PER_MS);
    pw_thread_loop_lock(end.loop);
    close_end(&end);
}

const struct handoff_peer handoff_pipewire[] = {
    {
        .name = "pipewire",
        .copies = 0,
        .copies_why = "the sender draws into a memfd buffer of the link, the receiver maps the same",
        .differs = "streams at both ends, the sender drives the graph, the receiver is called in its data "
                   "thread; own daemon without a session manager, no real-time priority",
        .version = pw_get_library_version,
        .serve = serve,
        .send = send_frames,
        .receive = receive_frames,
    },
    {.name = NULL},
};
