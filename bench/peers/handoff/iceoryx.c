/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <iceoryx_binding_c/log.h>
#include <iceoryx_binding_c/publisher.h>
#include <iceoryx_binding_c/runtime.h>
#include <iceoryx_binding_c/subscriber.h>
#include <iceoryx_binding_c/wait_set.h>

#include <stdio.h>
#include <unistd.h>

enum { CHUNKS = 8, CHUNK_EXTRA = 4096, QUEUE = 2, PATH_BYTES = 96 };
#define START_NS (10 * NS_PER_S)

static const char service[] = "framering-peers", instance[] = "frames", event[] = "bgra";

/* RouDi, with chunks of our size; it is there once its socket is. */
static pid_t serve(struct run *run)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/roudi.toml", run->dir);
    FILE *file = fopen(path, "w");
    if (!file) {
        run_fail(run, "cannot write %s", path);
        return -1;
    }
    const size_t chunk = (run_frame_bytes(run) + 2 * CHUNK_EXTRA - 1) / CHUNK_EXTRA * CHUNK_EXTRA;
    fprintf(file, "[general]\nversion = 1\n\n[[segment]]\n\n[[segment.mempool]]\nsize = %zu\ncount = %d\n",
            chunk, CHUNKS);
    fclose(file);
    char program[] = "iox-roudi", config[] = "-c", monitoring[] = "-m", off[] = "off";
    char *const argv[] = {program, config, path, monitoring, off, NULL};
    const pid_t pid = run_program(argv);
    const uint64_t until = now_ns() + START_NS;
    while (pid > 0 && access("/tmp/roudi", F_OK) != 0 && now_ns() < until)
        sleep_until(now_ns() + 10 * NS_PER_MS);
    return pid;
}

static void send_frames(struct run *run)
{
    iox_pub_storage_t storage;
    iox_pub_options_t options;
    iox_pub_options_init(&options);
    iox_set_loglevel(Iceoryx_LogLevel_Off);
    iox_runtime_init("framering-peers-send");
    const iox_pub_t publisher = iox_pub_init(&storage, service, instance, event, &options);
    while (!iox_pub_has_subscribers(publisher) && !run_over(run))
        sleep_until(now_ns() + NS_PER_MS);
    struct pace pace;
    uint32_t number = 0;
    pace_begin(&pace, run);
    while (run_wait(run, &run->ready, "the receiver") && pace_next(&pace, run)) {
        sleep_until(pace.due_ns);
        void *chunk;
        if (iox_pub_loan_chunk(publisher, &chunk, (uint32_t)run_frame_bytes(run)) !=
            AllocationResult_SUCCESS) {
            run_fail(run, "no chunk could be loaned");
            break;
        }
        frame_draw(chunk, run, ++number);
        frame_stamp(chunk, run);
        iox_pub_publish_chunk(publisher, chunk);
    }
    run->done = true;
    iox_pub_deinit(publisher);
    iox_runtime_shutdown();
}

static void take_all(struct run *run, iox_sub_t subscriber)
{
    const void *chunk;
    while (iox_sub_take_chunk(subscriber, &chunk) == ChunkReceiveResult_SUCCESS) {
        run_take(run, chunk);
        iox_sub_release_chunk(subscriber, chunk);
    }
}

static void receive_frames(struct run *run)
{
    iox_sub_storage_t storage;
    iox_ws_storage_t set_storage;
    iox_sub_options_t options;
    iox_sub_options_init(&options);
    options.queueCapacity = QUEUE;
    options.queueFullPolicy = QueueFullPolicy_DISCARD_OLDEST_DATA;
    iox_set_loglevel(Iceoryx_LogLevel_Off);
    iox_runtime_init("framering-peers-receive");
    const iox_sub_t subscriber = iox_sub_init(&storage, service, instance, event, &options);
    const iox_ws_t set = iox_ws_init(&set_storage);
    iox_ws_attach_subscriber_event(set, subscriber, SubscriberEvent_DATA_RECEIVED, 0, NULL);
    run->ready = true;
    while (!run->done && !run_over(run)) {
        const struct timespec timeout = {0, 100000000};
        iox_notification_info_t info[1];
        uint64_t missed;
        if (iox_ws_timed_wait(set, timeout, info, 1, &missed) > 0)
            take_all(run, subscriber);
    }
    iox_ws_detach_subscriber_event(set, subscriber, SubscriberEvent_DATA_RECEIVED);
    iox_ws_deinit(set);
    iox_sub_deinit(subscriber);
    iox_runtime_shutdown();
}

static const char *version(void)
{
    return PEERS_ICEORYX_VERSION;
}

const struct handoff_peer handoff_iceoryx[] = {
    {
        .name = "iceoryx",
        .copies = 0,
        .copies_why =
            "the publisher draws into a chunk that it loaned from shared memory, the subscriber reads "
            "that",
        .differs =
            "less work: frames stay as they are, no format, no size, no damage, a fixed pool made by the "
            "daemon RouDi (monitoring off); sleeps in a wait set",
        .private_memory = true,
        .version = version,
        .serve = serve,
        .send = send_frames,
        .receive = receive_frames,
    },
    {.name = NULL},
};
