/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness_win32.h"

#include "channel/named.h"
#include "channel/sealed_security.h"
#include "ring/ring.h"

#include <stdlib.h>

/* After windows.h. */
#include <aclapi.h>
#include <sddl.h>

/* Hosts and sources that find each other by names, in a namespace of the test's own. */

struct fixture {
    struct sandbox sandbox;
    char prefix[FR_NAMED_PREFIX_BYTES];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    snprintf(fixture->prefix, sizeof(fixture->prefix), "Local\\%.60s", fixture->sandbox.dir);
    snprintf(fixture->sandbox.dir, sizeof(fixture->sandbox.dir), "%s", fixture->prefix);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static fr_status create_host(struct fr_host_channel *out, struct fr_named_host_params params,
                             const char *prefix, struct sink *sink)
{
    params.target_id = params.target_id ? params.target_id : 7;
    params.prefix = prefix;
    params.log = sink_log(sink);
    return fr_named_host_create(out, &params);
}

static void open_host(struct host *host, const char *prefix, struct fr_named_host_params params)
{
    sink_init(&host->sink);
    assert_int_equal(create_host(&host->channel, params, prefix, &host->sink), FR_OK);
    host_start(host);
}

static void open_source(struct source *source, const char *prefix, uint32_t target_id)
{
    sink_init(&source->sink);
    const struct fr_named_source_params params = {
        .target_id = target_id, .prefix = prefix, .log = sink_log(&source->sink)};
    assert_int_equal(fr_named_source_create(&source->channel, &params), FR_OK);
}

static const struct fr_ring_shape shape = {4, 64, 48, FR_FORMAT_BGRA8};

/* What the capture does in version 1. */
static fr_wire_v1 *make_v1(struct host *host, uint32_t generation)
{
    struct fr_memory header;
    struct fr_event event;
    struct fr_ring_host words;
    struct fr_delivery delivery = fr_delivery_none();
    host->channel.ops->fixed(host->channel.self, &header, &event);
    assert_int_equal(header.bytes, 64);
    assert_int_not_equal(event.handle, FR_HANDLE_NONE);
    fr_ring_host_create_v1(&words, header.ptr, &shape, generation, 7);
    delivery.wire_version = 1;
    delivery.generation = generation;
    assert_int_equal(host->channel.ops->deliver(host->channel.self, &delivery), FR_OK);
    return header.ptr;
}

/* What the capture does in version 2. */
struct generation {
    struct fr_memory header, slots;
    struct fr_event event;
    struct fr_delivery delivery;
};

static void generation_make_of(struct host *host, struct generation *out, uint32_t number,
                               size_t header_bytes)
{
    const struct fr_os os = fr_os_native();
    const struct fr_host_channel *channel = &host->channel;
    struct fr_ring_host words;
    struct fr_delivery *delivery = &out->delivery;
    *delivery = fr_delivery_none();
    delivery->wire_version = 2;
    delivery->generation = number;
    delivery->ring_len = shape.ring_len;
    delivery->width = shape.width;
    delivery->height = shape.height;
    delivery->format = shape.format;
    delivery->sync_kind = FR_WIRE_SYNC_STATES;
    delivery->header_bytes = header_bytes;
    fr_named_layout(delivery);
    const struct fr_object_name *name = channel->ops->object_name(channel->self, FR_OBJECT_SLOTS, number, 0);
    assert_int_equal(os.ops->memory_create(os.self, name, delivery->slots_bytes, FR_ACCESS_READ, &out->slots),
                     FR_OK);
    name = channel->ops->object_name(channel->self, FR_OBJECT_HEADER, number, 0);
    assert_int_equal(os.ops->memory_create(os.self, name, header_bytes, FR_ACCESS_WRITE, &out->header),
                     FR_OK);
    name = channel->ops->object_name(channel->self, FR_OBJECT_EVENT, number, 0);
    assert_int_equal(os.ops->event_create(os.self, name, &out->event), FR_OK);
    fr_ring_host_create(&words, out->header.ptr, header_bytes, &shape, number, 7, FR_WIRE_SYNC_STATES, 1);
    delivery->header = out->header.handle;
    delivery->slots = out->slots.handle;
    delivery->event = out->event.handle;
    assert_int_equal(channel->ops->deliver(channel->self, delivery), FR_OK);
}

/* As hosts from before there were damage lines make it. */
static void generation_make(struct host *host, struct generation *out, uint32_t number)
{
    generation_make_of(host, out, number, FR_WIRE_V2_BYTES);
}

static void generation_free(struct generation *generation)
{
    const struct fr_os os = fr_os_native();
    os.ops->memory_close(os.self, &generation->header);
    os.ops->memory_close(os.self, &generation->slots);
    os.ops->event_close(os.self, &generation->event);
}

static HANDLE open_section(const char *prefix, const char *kind, DWORD access)
{
    char name[FR_NAME_BYTES];
    snprintf(name, sizeof(name), "%s-%s", prefix, kind);
    return OpenFileMappingA(access, FALSE, name);
}

/* ---- names ---- */

static void the_names_are_the_reference_designs(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    char name[FR_NAME_BYTES], expected[FR_NAME_BYTES];
    fr_named_put(name, FR_NAMED_PREFIX, "hdr", 7, FR_NAMED_NONE, FR_NAMED_NONE);
    assert_string_equal(name, "Global\\pfvd-hdr-7");
    fr_named_put(name, FR_NAMED_PREFIX, "tex", UINT32_MAX, 12, 3);
    assert_string_equal(name, "Global\\pfvd-tex-4294967295-12-3");
    fr_named_put(name, FR_NAMED_PREFIX, "dbg", FR_NAMED_NONE, FR_NAMED_NONE, FR_NAMED_NONE);
    assert_string_equal(name, "Global\\pfvd-dbg");

    static const struct {
        enum fr_object_kind kind;
        const char *name;
    } objects[] = {
        {FR_OBJECT_HEADER, "ring-7-12"},     {FR_OBJECT_EVENT, "evt-7-12"},
        {FR_OBJECT_SLOTS, "mem-7-12"},       {FR_OBJECT_TEXTURE, "tex-7-12-3"},
        {FR_OBJECT_READY_FENCE, "rdy-7-12"}, {FR_OBJECT_RETIRE_FENCE, "ret-7-12"},
    };
    open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        const struct fr_object_name *object =
            host.channel.ops->object_name(host.channel.self, objects[i].kind, 12, 3);
        snprintf(expected, sizeof(expected), "%s-%s", fixture->prefix, objects[i].name);
        assert_string_equal(object->global, expected);
        assert_non_null(object->security);
    }
    host_close(&host);
}

static void a_version_1_header_is_64_bytes_in_place(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    open_host(&host, fixture->prefix, (struct fr_named_host_params){.wire_version = 1});
    assert_int_equal(host.channel.wire_version, 1);
    make_v1(&host, 0x010203);
    HANDLE section = open_section(fixture->prefix, "hdr-7", FILE_MAP_READ);
    assert_non_null(section);
    const uint8_t *bytes = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 64);
    const uint8_t golden[64] = {'P', 'F', 'V', 'D', 1,  0, 0, 0, 3,  2, 1, 0, 4, 0, 0, 0,
                                64,  0,   0,   0,   48, 0, 0, 0, 87, 0, 0, 0, 7, 0, 0, 0};
    assert_memory_equal(bytes, golden, sizeof(golden));
    make_v1(&host, 0x010204);
    assert_int_equal(bytes[8], 4);
    UnmapViewOfFile(bytes);
    CloseHandle(section);
    host_close(&host);
}

static DWORD run_v1_source(const char *prefix, const char *target)
{
    char path[MAX_PATH], line[MAX_PATH + 256];
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION process;
    GetModuleFileNameA(NULL, path, sizeof(path));
    *strrchr(path, '\\') = '\0';
    snprintf(line, sizeof(line), "\"%s\\v1-source.exe\" %s %s", path, prefix, target);
    assert_true(CreateProcessA(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process));
    assert_int_equal(WaitForSingleObject(process.hProcess, (DWORD)(WAIT_NS / FR_NS_PER_MS)), WAIT_OBJECT_0);
    DWORD code = 99;
    GetExitCodeProcess(process.hProcess, &code);
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return code;
}

/* The source knows nothing of framering but the table. */
static void a_foreign_version_1_source_finds_the_host(void **state)
{
    struct fixture *fixture = *state;
    const struct fr_os os = fr_os_native();
    struct host host;
    assert_int_equal(run_v1_source(fixture->prefix, "7"), 2);
    open_host(&host, fixture->prefix, (struct fr_named_host_params){.wire_version = 1});
    const struct fr_host_news news = host_expect(&host, FR_HOST_NEWS_SOURCE);
    assert_string_equal(news.name, "named");
    assert_int_equal(news.pid, 0);
    assert_int_equal(news.capabilities, FR_CAP_KEYED_MUTEX);
    assert_int_equal(run_v1_source(fixture->prefix, "7"), 4); /* no ring yet */
    const fr_wire_v1 *header = make_v1(&host, 77);
    assert_int_equal(run_v1_source(fixture->prefix, "7"), 0);
    assert_int_equal(run_v1_source(fixture->prefix, "8"), 2);

    struct fr_memory memory;
    struct fr_event event;
    host.channel.ops->fixed(host.channel.self, &memory, &event);
    const struct fr_event *const events[] = {&event};
    assert_int_equal(os.ops->wait(os.self, events, 1, WAIT_NS), FR_OK);
    assert_int_equal(header->status, FR_WIRE_STATUS_OPENED);
    assert_int_equal(header->adapter_luid_low, 0x1234);
    const fr_token token = fr_token_unpack(header->latest);
    assert_int_equal(token.generation, 77);
    assert_int_equal(token.sequence, 1);
    assert_int_equal(token.slot, 2);
    const fr_wire_debug *debug = host.channel.ops->debug(host.channel.self);
    assert_int_equal(debug->run_core_entries, 1);
    assert_int_equal(debug->resolved_target_id, 7);
    host_close(&host);
}

/* ---- sources of ours ---- */

static void our_source_opens_a_version_1_host(void **state)
{
    struct fixture *fixture = *state;
    const struct fr_os os = fr_os_native();
    struct host host;
    struct source source;
    char expected[FR_NAME_BYTES];
    open_source(&source, fixture->prefix, 7);
    source_expect_quiet(&source);
    assert_true(sink_has(&source.sink, FR_LOG_INFO, "waiting for a host at target 7"));
    open_host(&host, fixture->prefix, (struct fr_named_host_params){.wire_version = 1});
    fr_wire_v1 *header = make_v1(&host, 77);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_CONNECTED).target_id, 7);
    struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    assert_int_equal(got.wire_version, 1);
    assert_int_equal(got.generation, 77);
    assert_int_equal(got.ring_len, 4);
    assert_int_equal(got.width, 64);
    assert_int_equal(got.height, 48);
    assert_int_equal(got.sync_kind, FR_WIRE_SYNC_KEYED_MUTEX);
    assert_int_equal(got.header_bytes, 64);
    snprintf(expected, sizeof(expected), "%s-tex-7-77", fixture->prefix);
    assert_string_equal(got.texture_name, expected);
    assert_int_equal(got.texture[0], FR_HANDLE_NONE);

    struct fr_memory theirs;
    assert_int_equal(os.ops->memory_map(os.self, got.header, 64, FR_ACCESS_WRITE, &theirs), FR_OK);
    ((fr_wire_v1 *)theirs.ptr)->status = FR_WIRE_STATUS_OPENED;
    assert_int_equal(header->status, FR_WIRE_STATUS_OPENED);
    assert_true(SetEvent((HANDLE)got.event));
    assert_int_equal(WaitForSingleObject((HANDLE)got.event, 0), WAIT_FAILED);
    source_expect_quiet(&source);

    make_v1(&host, 78);
    struct fr_delivery next = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    assert_int_equal(next.generation, 78);
    delivery_close(&next);
    os.ops->memory_close(os.self, &theirs);
    CloseHandle((HANDLE)got.event);
    host_close(&host);
    assert_false(source_expect(&source, FR_SOURCE_NEWS_GONE).final);
    source_close(&source);
}

static void our_source_opens_a_version_2_host(void **state)
{
    struct fixture *fixture = *state;
    const struct fr_os os = fr_os_native();
    struct host host;
    struct source source;
    struct generation first, second;
    open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
    assert_int_equal(host.channel.wire_version, 2);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_SOURCE).capabilities,
                     FR_CAP_STATES | FR_CAP_KEYED_MUTEX);
    open_source(&source, fixture->prefix, 7);
    source_expect_quiet(&source); /* the front is there, and names nothing yet */
    generation_make(&host, &first, 1000);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    assert_int_equal(got.wire_version, 2);
    assert_int_equal(got.generation, 1000);
    assert_int_equal(got.sync_kind, FR_WIRE_SYNC_STATES);
    assert_int_equal(got.header_bytes, FR_WIRE_V2_BYTES);
    assert_int_equal(got.pitch_bytes, 256);
    assert_int_equal(got.slots_bytes, 4 * 12288);
    assert_int_equal(got.slot_offset[3], 3 * 12288);
    assert_string_equal(got.texture_name, "");
    struct fr_memory slots, header;
    assert_int_equal(os.ops->memory_map(os.self, got.slots, got.slots_bytes, FR_ACCESS_WRITE, &slots), FR_OK);
    assert_int_equal(os.ops->memory_map(os.self, got.header, got.header_bytes, FR_ACCESS_WRITE, &header),
                     FR_OK);
    ((uint8_t *)slots.ptr)[got.slot_offset[2]] = 0xab;
    assert_int_equal(((uint8_t *)first.slots.ptr)[2 * 12288], 0xab);

    /* Both generations exist at a time. A name does not say how long the header is: the header does. */
    generation_make_of(&host, &second, 1001, FR_WIRE_WHOLE_BYTES);
    struct fr_delivery next = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    assert_int_equal(next.generation, 1001);
    assert_int_equal(next.header_bytes, FR_WIRE_WHOLE_BYTES);
    delivery_close(&next);
    generation_free(&first);
    generation_free(&second);
    host_close(&host);
    source_expect(&source, FR_SOURCE_NEWS_GONE);
    os.ops->memory_close(os.self, &slots);
    os.ops->memory_close(os.self, &header);
    CloseHandle((HANDLE)got.event);
    source_close(&source);
}

static void slots_that_lie_otherwise_are_not_delivered(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct generation first;
    open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
    generation_make(&host, &first, 1);
    first.delivery.pitch_bytes += 64;
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &first.delivery), FR_ERR_UNSUPPORTED);
    assert_true(sink_has(&host.sink, FR_LOG_ERROR, "do not lie as named slots do"));
    generation_free(&first);
    host_close(&host);
}

/* ---- why a source never attached ---- */

static void the_debug_block_tells_why(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct source source;
    open_host(&host, fixture->prefix, (struct fr_named_host_params){.wire_version = 1});
    const fr_wire_debug *debug = host.channel.ops->debug(host.channel.self);
    assert_non_null(debug);
    assert_int_equal(debug->magic, FR_WIRE_DEBUG_MAGIC);
    assert_int_equal(debug->run_core_entries, 0);

    open_source(&source, fixture->prefix, 8); /* looks elsewhere */
    source_expect_quiet(&source);
    assert_int_equal(debug->run_core_entries, 1);
    assert_int_equal(debug->resolved_target_id, 8);
    assert_int_equal(debug->header_open_attempts, 1);
    assert_int_equal(debug->last_open_error, 0x80070002);
    assert_int_equal(debug->header_opened, 0);
    assert_ptr_not_equal(source.channel.ops->debug(source.channel.self), NULL);
    source_close(&source);

    make_v1(&host, 5);
    open_source(&source, fixture->prefix, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    assert_int_equal(debug->last_open_error, 0);
    assert_int_equal(debug->header_opened, 1);
    assert_int_equal(debug->resolved_target_id, 7);
    delivery_close(&got);
    source_close(&source);
    host_close(&host);
}

static void a_header_of_another_program_is_named(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct source source;
    open_host(&host, fixture->prefix, (struct fr_named_host_params){.wire_version = 1});
    fr_wire_v1 *header = make_v1(&host, 5);
    open_source(&source, fixture->prefix, 7);
    header->ring_len = 9;
    source_expect_quiet(&source);
    assert_true(sink_has(&source.sink, FR_LOG_WARNING, "cannot be used: "));
    header->ring_len = 4;
    header->target_id = 9;
    source_expect_quiet(&source);
    header->target_id = 7;
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    source_close(&source);
    host_close(&host);
}

/* ---- descriptors ---- */

static void describe(const char *prefix, const char *kind, char *text, size_t bytes)
{
    PACL dacl = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    HANDLE section = open_section(prefix, kind, READ_CONTROL);
    assert_non_null(section);
    assert_int_equal(GetSecurityInfo(section, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &dacl,
                                     NULL, &descriptor),
                     ERROR_SUCCESS);
    text[0] = '\0';
    for (DWORD i = 0; i < dacl->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace;
        char *sid;
        assert_true(GetAce(dacl, i, (void **)&ace));
        assert_true(ConvertSidToStringSidA(&ace->SidStart, &sid));
        const bool all = ace->Mask == SECTION_ALL_ACCESS || ace->Mask == GENERIC_ALL;
        snprintf(text + strlen(text), bytes - strlen(text), "%s:%lx ", sid, all ? 0xfffful : ace->Mask);
        LocalFree(sid);
    }
    LocalFree(descriptor);
    CloseHandle(section);
}

static void the_least_is_granted_to_user_mode_drivers(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct generation generation;
    char text[256];
    open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
    generation_make(&host, &generation, 3);
    describe(fixture->prefix, "hdr-7", text, sizeof(text));
    assert_string_equal(text, "S-1-5-18:ffff S-1-5-32-544:ffff S-1-5-84-0-0-0-0-0:5 ");
    describe(fixture->prefix, "ring-7-3", text, sizeof(text));
    assert_string_equal(text, "S-1-5-18:ffff S-1-5-32-544:ffff S-1-5-84-0-0-0-0-0:7 ");
    generation_free(&generation);
    host_close(&host);

    open_host(&host, fixture->prefix, (struct fr_named_host_params){.wire_version = 1});
    describe(fixture->prefix, "hdr-7", text, sizeof(text));
    assert_string_equal(text, "S-1-5-18:ffff S-1-5-32-544:ffff S-1-5-84-0-0-0-0-0:7 ");
    assert_int_equal(sink_count(&host.sink, FR_LOG_WARNING), 0);
    host_close(&host);
}

static void everyone_only_when_asked_for(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    char text[256];
    open_host(&host, fixture->prefix, (struct fr_named_host_params){.wire_version = 1, .everyone = true});
    describe(fixture->prefix, "hdr-7", text, sizeof(text));
    assert_string_equal(text, "S-1-1-0:ffff ");
    assert_true(sink_has(&host.sink, FR_LOG_WARNING, "every process of this machine"));
    host_close(&host);
}

static void who_is_not_named_is_denied(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct source source;
    open_host(&host, fixture->prefix,
              (struct fr_named_host_params){.wire_version = 1, .sddl = "D:P(A;;GA;;;SY)"});
    make_v1(&host, 5);
    assert_null(open_section(fixture->prefix, "hdr-7", FILE_MAP_READ));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    open_source(&source, fixture->prefix, 7);
    source_expect_quiet(&source);
    source_close(&source);
    host_close(&host);

    /* Reading alone is not enough for a source of version 1. */
    open_host(&host, fixture->prefix,
              (struct fr_named_host_params){.wire_version = 1, .sddl = "D:P(A;;0x4;;;WD)"});
    make_v1(&host, 5);
    assert_null(open_section(fixture->prefix, "hdr-7", FILE_MAP_READ | FILE_MAP_WRITE));
    open_source(&source, fixture->prefix, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    source_expect_quiet(&source);
    source_close(&source);
    host_close(&host);
}

/* ---- one host, and the next ---- */

static void run_host(const struct sandbox *sandbox)
{
    struct host host;
    struct generation generation;
    open_host(&host, sandbox->dir, (struct fr_named_host_params){0});
    generation_make(&host, &generation, 1);
    tell(1);
    wait_for_ever();
}

static void run_v1_host(const struct sandbox *sandbox)
{
    struct host host;
    open_host(&host, sandbox->dir, (struct fr_named_host_params){.wire_version = 1, .everyone = true});
    make_v1(&host, 1);
    tell(1);
    wait_for_ever();
}

static void a_second_host_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sink sink;
    struct fr_host_channel channel;
    sink_init(&sink);
    struct child child = child_start("host", &fixture->sandbox);
    child_hear(&child);
    for (uint32_t version = 1; version <= 2; version++)
        assert_int_equal(create_host(&channel, (struct fr_named_host_params){.wire_version = version},
                                     fixture->prefix, &sink),
                         FR_ERR_TARGET_BUSY);
    assert_true(sink_has(&sink, FR_LOG_ERROR, "another host serves target 7"));
    /* Other targets are free, although they share the debug block. */
    assert_int_equal(
        create_host(&channel, (struct fr_named_host_params){.target_id = 8}, fixture->prefix, &sink), FR_OK);
    assert_non_null(channel.ops->debug(channel.self));
    channel.ops->destroy(channel.self);
    child_end(&child);
    assert_int_equal(create_host(&channel, (struct fr_named_host_params){0}, fixture->prefix, &sink), FR_OK);
    channel.ops->destroy(channel.self);
    sink_finish(&sink);
}

static void a_killed_host_of_version_2_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    struct host host;
    struct generation generation;
    struct child child = child_start("host", &fixture->sandbox);
    child_hear(&child);
    open_source(&source, fixture->prefix, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    struct fr_delivery held = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    child_end(&child);
    source_expect(&source, FR_SOURCE_NEWS_GONE);
    /* The source still holds what the dead one made; the next host does not stumble over it. */
    open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
    generation_make(&host, &generation, fr_generation_next(host.channel.last_generation));
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    delivery_close(&got);
    delivery_close(&held);
    generation_free(&generation);
    source_close(&source);
    host_close(&host);
}

static void a_version_1_header_that_a_source_kept_is_used_again(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    struct host host;
    struct child child = child_start("host-1", &fixture->sandbox);
    child_hear(&child);
    open_source(&source, fixture->prefix, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    struct fr_delivery held = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    child_end(&child);
    source_expect_quiet(&source); /* the source itself keeps the name */
    open_host(&host, fixture->prefix, (struct fr_named_host_params){.wire_version = 1});
    source_expect_quiet(&source); /* and finds nothing in it until there is a ring */
    /* The old one let everyone in. */
    char text[256];
    describe(fixture->prefix, "hdr-7", text, sizeof(text));
    assert_string_equal(text, "S-1-5-18:ffff S-1-5-32-544:ffff S-1-5-84-0-0-0-0-0:7 ");
    make_v1(&host, 500);
    struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    assert_int_equal(got.generation, 500);
    delivery_close(&got);
    delivery_close(&held);
    source_close(&source);
    host_close(&host);
}

static void names_held_by_others_are_not_used(void **state)
{
    struct fixture *fixture = *state;
    struct sink sink;
    struct fr_host_channel channel;
    struct fr_security security;
    char name[FR_NAME_BYTES];
    wchar_t wide[FR_NAME_BYTES];
    sink_init(&sink);
    assert_int_equal(fr_security_init(&security, "O:LSD:P(A;;GA;;;WD)", NULL), FR_OK);
    snprintf(name, sizeof(name), "%s-hdr-7", fixture->prefix);
    assert_true(fr_wide(name, wide, FR_NAME_BYTES));
    HANDLE squatter = CreateFileMappingW(INVALID_HANDLE_VALUE, fr_security_attributes(&security),
                                         PAGE_READWRITE, 0, 4096, wide);
    assert_non_null(squatter);
    assert_int_equal(create_host(&channel, (struct fr_named_host_params){0}, fixture->prefix, &sink),
                     FR_ERR_TARGET_BUSY);
    assert_true(sink_has(&sink, FR_LOG_ERROR, "is there already and is not ours"));
    CloseHandle(squatter);
    assert_int_equal(create_host(&channel, (struct fr_named_host_params){0}, fixture->prefix, &sink), FR_OK);
    channel.ops->destroy(channel.self);
    fr_security_finish(&security);
    sink_finish(&sink);
}

/* ---- the death of a source ---- */

/* Attaches, says who it is, and stays. */
static void run_source(const struct sandbox *sandbox)
{
    const struct fr_os os = fr_os_native();
    struct source source;
    struct fr_memory header;
    open_source(&source, sandbox->dir, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    const struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
    if (os.ops->memory_map(os.self, got.header, got.header_bytes, FR_ACCESS_WRITE, &header) == FR_OK)
        ((fr_wire_v2 *)header.ptr)->source.pid = fr_os_process_id();
    tell(1);
    wait_for_ever();
}

static void run_nobody(const struct sandbox *sandbox)
{
    (void)sandbox;
    tell(1);
    wait_for_ever();
}

static void a_killed_source_of_version_2_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct generation first, second;
    open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    generation_make(&host, &first, 1);
    struct child child = child_start("source", &fixture->sandbox);
    child_hear(&child);
    sleep_ms(250);
    host_expect_quiet(&host);
    child_end(&child);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_ERR_SOURCE_DIED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    host_expect_quiet(&host);

    generation_make(&host, &second, 2);
    child = child_start("source", &fixture->sandbox);
    child_hear(&child);
    child_end(&child);
    host_expect(&host, FR_HOST_NEWS_GONE);
    generation_free(&first);
    generation_free(&second);
    host_close(&host);
}

/* Its pid is nobody's: the system may still hold the process for a while. */
static void expect_nobody(uint32_t pid)
{
    const uint64_t deadline = now_ns() + WAIT_NS;
    HANDLE process;
    while ((process = OpenProcess(SYNCHRONIZE, FALSE, pid)) != NULL) {
        CloseHandle(process);
        assert_true(now_ns() < deadline);
        sleep_ms(10);
    }
    assert_int_equal(GetLastError(), ERROR_INVALID_PARAMETER);
}

static void a_source_that_was_gone_before_the_host_looked_is_noticed(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct generation generation;
    struct child child = child_start("nobody", &fixture->sandbox);
    child_hear(&child);
    child_end(&child);
    expect_nobody(child.pid);
    open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    generation_make(&host, &generation, 1);
    ((fr_wire_v2 *)generation.header.ptr)->source.pid = child.pid;
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_ERR_SOURCE_DIED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    host_expect_quiet(&host);
    generation_free(&generation);
    host_close(&host);
}

static void a_host_has_nothing_to_ask_by(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct sink sink;
    struct fr_host_channel channel;
    int theirs;
    open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
    assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_ERR_UNSUPPORTED);
    assert_int_equal(theirs, -1);
    assert_int_equal(host.channel.ops->request_hdr(host.channel.self, true), FR_ERR_UNSUPPORTED);
    host_close(&host);
    sink_init(&sink);
    assert_int_equal(
        create_host(&channel, (struct fr_named_host_params){.wire_version = 3}, fixture->prefix, &sink),
        FR_ERR_ARGUMENT);
    assert_int_equal(create_host(&channel, (struct fr_named_host_params){0}, "", &sink), FR_ERR_ARGUMENT);
    assert_int_equal(
        create_host(&channel, (struct fr_named_host_params){.sddl = "x"}, fixture->prefix, &sink),
        FR_ERR_ARGUMENT);
    sink_finish(&sink);
}

static void nothing_is_left_open(void **state)
{
    struct fixture *fixture = *state;
    const size_t before = system_count_handles();
    for (int i = 0; i < 3; i++) {
        struct host host;
        struct source source;
        struct generation generation;
        open_host(&host, fixture->prefix, (struct fr_named_host_params){0});
        generation_make(&host, &generation, 9);
        open_source(&source, fixture->prefix, 7);
        source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
        struct fr_delivery got = source_expect(&source, FR_SOURCE_NEWS_RING).delivery;
        delivery_close(&got);
        source_close(&source);
        generation_free(&generation);
        host_close(&host);
    }
    expect_handles(before);
}

int main(int argc, char **argv)
{
    const struct child_role roles[] = {{"host", run_host},
                                       {"host-1", run_v1_host},
                                       {"source", run_source},
                                       {"nobody", run_nobody},
                                       {NULL, NULL}};
    child_main(argc, argv, roles);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_names_are_the_reference_designs),
        TEST(a_version_1_header_is_64_bytes_in_place),
        TEST(a_foreign_version_1_source_finds_the_host),
        TEST(our_source_opens_a_version_1_host),
        TEST(our_source_opens_a_version_2_host),
        TEST(slots_that_lie_otherwise_are_not_delivered),
        TEST(the_debug_block_tells_why),
        TEST(a_header_of_another_program_is_named),
        TEST(the_least_is_granted_to_user_mode_drivers),
        TEST(everyone_only_when_asked_for),
        TEST(who_is_not_named_is_denied),
        TEST(a_second_host_is_refused),
        TEST(a_killed_host_of_version_2_is_noticed),
        TEST(a_version_1_header_that_a_source_kept_is_used_again),
        TEST(names_held_by_others_are_not_used),
        TEST(a_killed_source_of_version_2_is_noticed),
        TEST(a_source_that_was_gone_before_the_host_looked_is_noticed),
        TEST(a_host_has_nothing_to_ask_by),
        TEST(nothing_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
