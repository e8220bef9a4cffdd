/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "harness_win32.h"

#include "channel/sealed.h"
#include "channel/sealed_link.h"
#include "channel/sealed_remote.h"
#include "channel/sealed_security.h"

#include <stdlib.h>

/* After windows.h. */
#include <aclapi.h>
#include <sddl.h>
#include <tlhelp32.h>

/* What only pipes have: descriptors, handles that are put into another process, who that is. */

struct fixture {
    struct sandbox sandbox;
    char address[FR_ADDRESS_BYTES];
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    sandbox_make(&fixture->sandbox);
    sandbox_address(&fixture->sandbox, 7, fixture->address);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    sandbox_remove(&((struct fixture *)*state)->sandbox);
    free(*state);
    return 0;
}

static void open_host(const struct fixture *fixture, struct host *host, const char *sddl, const char *image)
{
    sink_init(&host->sink);
    const struct fr_pipe_host_params params = {.target_id = 7,
                                               .prefix = fixture->sandbox.dir,
                                               .sddl = sddl,
                                               .source_image = image,
                                               .log = sink_log(&host->sink)};
    assert_int_equal(fr_pipe_host_create(&host->channel, &params), FR_OK);
    host_start(host);
}

/* A ring whose objects are called as the host wants it. */
static void ring_make_for(struct host *host, struct ring *ring, uint32_t generation)
{
    const struct fr_os os = fr_os_native();
    const struct fr_host_channel *channel = &host->channel;
    ring_make(ring, generation);
    os.ops->memory_close(os.self, &ring->header);
    os.ops->event_close(os.self, &ring->event);
    const struct fr_object_name *name =
        channel->ops->object_name(channel->self, FR_OBJECT_HEADER, generation, 0);
    assert_non_null(name);
    assert_int_equal(os.ops->memory_create(os.self, name, FR_WIRE_V2_BYTES, FR_ACCESS_WRITE, &ring->header),
                     FR_OK);
    name = channel->ops->object_name(channel->self, FR_OBJECT_EVENT, generation, 0);
    assert_int_equal(os.ops->event_create(os.self, name, &ring->event), FR_OK);
    ring->delivery.header = ring->header.handle;
    ring->delivery.event = ring->event.handle;
}

static fr_handle connect_as(const struct fixture *fixture, uint32_t role)
{
    union fr_msg hello;
    struct fr_packet packet;
    raw_hello(&hello, 7);
    hello.hello.role = role;
    const fr_handle end = raw_connect(fixture->address);
    raw_send_msg(end, &hello);
    raw_expect(end, FR_MSG_WELCOME, &packet);
    return end;
}

/* ---- descriptors ---- */

/* The SIDs that the object's DACL names, each followed by a space. */
static void list_sids(HANDLE object, char *text, size_t bytes)
{
    PACL dacl = NULL;
    PSECURITY_DESCRIPTOR descriptor = NULL;
    text[0] = '\0';
    assert_int_equal(GetSecurityInfo(object, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &dacl,
                                     NULL, &descriptor),
                     ERROR_SUCCESS);
    assert_non_null(dacl);
    for (DWORD i = 0; i < dacl->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace;
        char *sid;
        assert_true(GetAce(dacl, i, (void **)&ace));
        assert_int_equal(ace->Header.AceType, ACCESS_ALLOWED_ACE_TYPE);
        assert_true(ConvertSidToStringSidA(&ace->SidStart, &sid));
        strncat(text, sid, bytes - strlen(text) - 2);
        strcat(text, " ");
        LocalFree(sid);
    }
    LocalFree(descriptor);
}

static void a_source_that_knows_textures_has_a_gpu(void **state)
{
    static const uint64_t ways[] = {FR_CAP_STATES, FR_CAP_STATES | FR_CAP_KEYED_MUTEX,
                                    FR_CAP_STATES | FR_CAP_FENCE};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct host host;
        union fr_msg hello;
        open_host(fixture, &host, NULL, NULL);
        raw_hello(&hello, 7);
        hello.hello.capabilities = ways[i];
        const fr_handle end = raw_connect(fixture->address);
        raw_send_msg(end, &hello);
        const struct fr_host_news news = host_expect(&host, FR_HOST_NEWS_SOURCE);
        assert_int_equal(news.capabilities, ways[i]);
        assert_int_equal(news.on_gpu, i > 0);
        raw_close(end);
        host_close(&host);
    }
}

static void the_pipe_lets_the_user_and_system_in(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    char user[FR_SID_TEXT_BYTES], expected[256], sids[256];
    open_host(fixture, &host, NULL, NULL);
    assert_int_equal(fr_security_own_user(user), FR_OK);
    snprintf(expected, sizeof(expected), "S-1-5-18 %s ", user);
    const fr_handle end = raw_connect(fixture->address);
    list_sids((HANDLE)end, sids, sizeof(sids));
    assert_string_equal(sids, expected);
    raw_close(end);
    host_close(&host);
}

static void the_caller_may_say_whom_the_pipe_lets_in(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    char sids[256];
    open_host(fixture, &host, "D:P(A;;GA;;;BA)(A;;0x120183;;;LS)", NULL);
    /* Also the ends that were made later, for the next clients. */
    for (int i = 0; i < 3; i++) {
        const fr_handle end = raw_connect(fixture->address);
        list_sids((HANDLE)end, sids, sizeof(sids));
        assert_string_equal(sids, "S-1-5-32-544 S-1-5-19 ");
        raw_close(end);
    }
    host_close(&host);
}

static void a_descriptor_that_is_none_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct sink sink;
    struct fr_host_channel channel;
    sink_init(&sink);
    const struct fr_pipe_host_params params = {
        .target_id = 7, .prefix = fixture->sandbox.dir, .sddl = "let me in", .log = sink_log(&sink)};
    assert_int_equal(fr_pipe_host_create(&channel, &params), FR_ERR_ARGUMENT);
    assert_null(channel.self);
    assert_true(sink_has(&sink, FR_LOG_ERROR, "\"let me in\" is not a security descriptor"));
    sink_finish(&sink);
}

static void objects_of_others_are_not_trusted(void **state)
{
    (void)state;
    struct fr_security security;
    HANDLE ours = CreateEventW(NULL, FALSE, FALSE, NULL);
    assert_int_equal(fr_security_init(&security, "D:P(A;;GA;;;WD)", NULL), FR_OK);
    HANDLE defaulted =
        CreateEventW(fr_security_attributes(&security), FALSE, FALSE, L"framering-test-owner-1");
    assert_true(fr_security_trusts_owner(defaulted));
    fr_security_finish(&security);

    static const struct {
        const char *sddl;
        const wchar_t *name;
        bool trusted;
    } cases[] = {
        {"O:SYD:P(A;;GA;;;WD)", L"framering-test-owner-2", true},
        {"O:BAD:P(A;;GA;;;WD)", L"framering-test-owner-3", true},
        {"O:LSD:P(A;;GA;;;WD)", L"framering-test-owner-4", false},
        {"O:S-1-5-21-1-2-3-1005D:P(A;;GA;;;WD)", L"framering-test-owner-5", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(fr_security_init(&security, cases[i].sddl, NULL), FR_OK);
        HANDLE event = CreateEventW(fr_security_attributes(&security), FALSE, FALSE, cases[i].name);
        assert_non_null(event);
        assert_int_equal(fr_security_trusts_owner(event), cases[i].trusted);
        CloseHandle(event);
        fr_security_finish(&security);
    }
    CloseHandle(defaulted);
    CloseHandle(ours);
}

/* ---- least access ---- */

static bool may_map(HANDLE section, DWORD access)
{
    void *view = MapViewOfFile(section, access, 0, 0, 0);
    if (view)
        UnmapViewOfFile(view);
    return view != NULL;
}

/* Whether a process that has this handle can make itself one with more access. */
static bool may_raise(HANDLE handle, DWORD access)
{
    HANDLE raised = NULL;
    const BOOL done =
        DuplicateHandle(GetCurrentProcess(), handle, GetCurrentProcess(), &raised, access, FALSE, 0);
    if (done)
        CloseHandle(raised);
    return done;
}

static void a_source_gets_the_least_access(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct ring ring;
    struct fr_packet packet;
    open_host(fixture, &host, NULL, NULL);
    const fr_handle end = connect_as(fixture, FR_MSG_ROLE_SOURCE);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    ring_make_for(&host, &ring, 1);
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
    raw_expect(end, FR_MSG_RING, &packet);
    assert_int_equal(packet.num_handles, 3);
    HANDLE header = (HANDLE)packet.handles[0], event = (HANDLE)packet.handles[1];
    HANDLE slots = (HANDLE)packet.handles[2];

    assert_true(may_map(header, FILE_MAP_READ | FILE_MAP_WRITE));
    assert_true(may_map(slots, FILE_MAP_READ | FILE_MAP_WRITE));
    assert_false(may_raise(header, SECTION_ALL_ACCESS));

    /* It signals, and can neither wait nor steal what it signalled. */
    assert_true(SetEvent(event));
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_FAILED);
    assert_false(may_raise(event, EVENT_ALL_ACCESS));
    assert_int_equal(WaitForSingleObject((HANDLE)ring.event.handle, 0), WAIT_OBJECT_0);
    fr_packet_finish(&packet);
    raw_close(end);
    host_close(&host);
    ring_free(&ring);
}

static void an_observer_can_only_read(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct ring ring;
    struct fr_packet packet;
    open_host(fixture, &host, NULL, NULL);
    ring_make_for(&host, &ring, 1);
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
    const fr_handle end = connect_as(fixture, FR_MSG_ROLE_OBSERVER);
    raw_expect(end, FR_MSG_RING, &packet);
    assert_int_equal(packet.num_handles, 1);
    HANDLE header = (HANDLE)packet.handles[0];
    assert_true(may_map(header, FILE_MAP_READ));
    assert_false(may_map(header, FILE_MAP_WRITE));
    assert_false(may_raise(header, SECTION_MAP_WRITE));
    fr_packet_finish(&packet);
    raw_close(end);
    host_close(&host);
    ring_free(&ring);
}

static void nobody_opens_a_ring_by_its_name(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct fr_memory header;
    const struct fr_os os = fr_os_native();
    char first[64];
    open_host(fixture, &host, NULL, NULL);
    const struct fr_host_channel *channel = &host.channel;
    const struct fr_object_name *name = channel->ops->object_name(channel->self, FR_OBJECT_HEADER, 1, 0);
    assert_int_equal(os.ops->memory_create(os.self, name, 64, FR_ACCESS_WRITE, &header), FR_OK);
    assert_null(OpenFileMappingA(FILE_MAP_READ, FALSE, name->global));
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    snprintf(first, sizeof(first), "%s", name->global);
    name = channel->ops->object_name(channel->self, FR_OBJECT_HEADER, 1, 0);
    assert_string_not_equal(name->global, first);
    assert_null(channel->ops->object_name(channel->self, FR_OBJECT_TEXTURE, 1, 0));
    os.ops->memory_close(os.self, &header);
    host_close(&host);
}

/* ---- whose handles are whose ---- */

/* A client that holds its end and does what it is told by how often it was told. */
static void run_client(const struct sandbox *sandbox)
{
    union fr_msg hello;
    struct fr_packet packet;
    char address[FR_ADDRESS_BYTES];
    sandbox_address(sandbox, 7, address);
    const fr_handle end = raw_connect(address);
    raw_hello(&hello, 7);
    raw_send_msg(end, &hello);
    if (raw_receive(end, &packet, WAIT_NS) == FR_OK)
        tell(packet.msg.head.type);
    wait_for_ever();
}

/* A pipe whose client is this child, which never reads. */
static void run_silent_client(const struct sandbox *sandbox)
{
    HANDLE pipe = CreateFileA(sandbox->dir, FR_PIPE_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING, 0, NULL);
    tell(pipe != INVALID_HANDLE_VALUE);
    wait_for_ever();
}

static void run_client_that_closes(const struct sandbox *sandbox)
{
    HANDLE pipe = CreateFileA(sandbox->dir, FR_PIPE_CLIENT_ACCESS, 0, NULL, OPEN_EXISTING, 0, NULL);
    CloseHandle(pipe);
    tell(pipe != INVALID_HANDLE_VALUE);
    wait_for_ever();
}

static void a_failed_delivery_leaves_no_handle_there(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct ring ring;
    open_host(fixture, &host, NULL, NULL);
    ring_make_for(&host, &ring, 1);
    struct child child = child_start("client", &fixture->sandbox);
    assert_int_equal(child_hear(&child), FR_MSG_WELCOME);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_SOURCE).pid, child.pid);
    const size_t before = child_handles_settled(&child);
    struct fr_delivery bad = ring.delivery;
    bad.slots = 0x7ffffff0; /* the last of the three */
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &bad), FR_ERR_SYSTEM);
    assert_int_equal(child_handles(&child), before);
    assert_true(sink_has(&host.sink, FR_LOG_ERROR, "cannot hand the ring"));
    /* The connection goes on. */
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
    assert_int_equal(child_handles(&child), before + 3);
    child_end(&child);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_ERR_SOURCE_DIED);
    ring_free(&ring);
    host_close(&host);
}

/* Our end of a pipe whose other end `role` has, without a host in between. */
static struct fr_link *link_to_child(const struct fixture *fixture, const char *role, struct child *child)
{
    struct raw_listener listener;
    char why[FR_REMOTE_WHY_BYTES];
    HANDLE process;
    raw_listen(&listener, fixture->address);
    *child = child_start_with(role, fixture->address, 0);
    struct fr_link *link = fr_link_create(raw_accept(&listener), FR_LINK_HOST);
    raw_unlisten(&listener);
    assert_int_equal(child_hear(child), 1);
    assert_int_equal(fr_remote_open(child->pid, &process, why), FR_OK);
    fr_link_set_process(link, process);
    return link;
}

static void a_packet_that_cannot_be_sent_takes_its_handles_back(void **state)
{
    struct ring ring;
    struct child child;
    struct fr_link *link = link_to_child(*state, "closing", &child);
    ring_make(&ring, 1);
    const size_t before = child_handles_settled(&child);
    assert_int_equal(fr_link_send_ring(link, &ring.delivery), FR_END);
    assert_int_equal(child_handles(&child), before);
    fr_link_destroy(link);
    child_end(&child);
    ring_free(&ring);
}

static void a_packet_in_flight_takes_its_handles_back(void **state)
{
    struct ring ring;
    struct child child;
    struct fr_link *link = link_to_child(*state, "silent", &child);
    ring_make(&ring, 1);
    const size_t before = child_handles_settled(&child);
    size_t sent = 0;
    fr_status status = FR_OK;
    while (status == FR_OK && sent < 1000) {
        status = fr_link_send_ring(link, &ring.delivery);
        sent += status == FR_OK;
    }
    assert_int_equal(status, FR_AGAIN);
    assert_int_equal(child_handles(&child), before + 3 * sent);
    fr_link_hang_up(link);
    /* The others lie in the pipe, where the child can still read them. */
    assert_int_equal(child_handles(&child), before + 3 * (sent - 1));
    assert_int_equal(fr_link_send_ring(link, &ring.delivery), FR_END);
    fr_link_destroy(link);
    child_end(&child);
    ring_free(&ring);
}

/* What a client sends is a number to a host, never a handle. */
static void handles_that_a_client_sends_are_left_alone(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    union fr_msg hello;
    open_host(fixture, &host, NULL, NULL);
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    const fr_handle theirs = (fr_handle)event;
    const fr_handle end = raw_connect(fixture->address);
    raw_hello(&hello, 7);
    raw_send(end, &hello, hello.head.bytes, &theirs, 1);
    raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, "not the one it names");
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_int_equal(WaitForSingleObject(event, 0), WAIT_TIMEOUT);
    raw_close(end);
    CloseHandle(event);
    host_close(&host);
}

static void expect_bad_ring(const struct fixture *fixture, const union fr_msg *msg, const fr_handle *handles,
                            size_t num_handles, const char *sentence)
{
    struct raw_listener listener;
    struct source source;
    struct fr_packet packet;
    union fr_msg welcome;
    raw_listen(&listener, fixture->address);
    source_open(&source, &fixture->sandbox, 7);
    source_expect_quiet(&source);
    const fr_handle end = raw_accept(&listener);
    raw_expect(end, FR_MSG_HELLO, &packet);
    fr_msg_init(&welcome, FR_MSG_WELCOME);
    welcome.welcome.protocol = FR_MSG_PROTOCOL_MAX;
    welcome.welcome.wire = FR_MSG_WIRE_MAX;
    welcome.welcome.target_id = 7;
    raw_send_msg(end, &welcome);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    raw_send(end, msg, msg->head.bytes, handles, num_handles);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&source.sink, FR_LOG_ERROR, sentence));
    source_close(&source);
    raw_close(end);
    raw_unlisten(&listener);
}

static fr_handle copy_of(fr_handle handle)
{
    HANDLE copy = NULL;
    assert_true(DuplicateHandle(GetCurrentProcess(), (HANDLE)handle, GetCurrentProcess(), &copy, 0, FALSE,
                                DUPLICATE_SAME_ACCESS));
    return (fr_handle)copy;
}

static void rings_whose_handles_are_none(void **state)
{
    struct ring ring;
    union fr_msg msg;
    ring_make(&ring, 1);
    fr_msg_put_ring(&msg, &ring.delivery);
    const fr_handle wrong[] = {0, 0x7ffffff0, -1, INT64_C(0x100000000)};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const fr_handle handles[] = {copy_of(ring.header.handle), wrong[i], copy_of(ring.slots.handle)};
        expect_bad_ring(*state, &msg, handles, 3, "a handle that is none");
        CloseHandle((HANDLE)handles[2]);
    }
    const fr_handle header = copy_of(ring.header.handle), twice[] = {header, header, header};
    expect_bad_ring(*state, &msg, twice, 3, "the same handle twice");
    const fr_handle no_event[] = {copy_of(ring.header.handle), copy_of(ring.header.handle),
                                  copy_of(ring.slots.handle)};
    expect_bad_ring(*state, &msg, no_event, 3, "event is not one");
    const fr_handle few[] = {copy_of(ring.header.handle), copy_of(ring.event.handle)};
    expect_bad_ring(*state, &msg, few, 2, "wrong number of handles");
    expect_bad_ring(*state, &msg, NULL, 0, "wrong number of handles");
    fr_handle many[13];
    for (size_t i = 0; i < 13; i++)
        many[i] = ring.header.handle;
    expect_bad_ring(*state, &msg, many, 13, "not the one it names");
    ring_free(&ring);
}

/* ---- who it is ---- */

static void own_image(char path[MAX_PATH])
{
    DWORD chars = MAX_PATH;
    assert_true(QueryFullProcessImageNameA(GetCurrentProcess(), 0, path, &chars));
}

static void only_the_named_image_may_be_the_source(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct source source;
    char path[MAX_PATH];
    open_host(fixture, &host, NULL, "C:\\Windows\\System32\\WUDFHost.exe");
    source_open(&source, &fixture->sandbox, 7);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PERMISSION);
    assert_true(sink_has(&source.sink, FR_LOG_ERROR, "its image is not the one that is allowed"));
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_PERMISSION);
    assert_true(sink_has(&host.sink, FR_LOG_WARNING, "test-channel-pipes.exe"));
    source_close(&source);
    /* Observers are not asked for theirs. */
    raw_close(connect_as(fixture, FR_MSG_ROLE_OBSERVER));
    host_close(&host);

    own_image(path);
    CharUpperA(path);
    open_host(fixture, &host, NULL, path);
    source_open(&source, &fixture->sandbox, 7);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    source_close(&source);
    host_close(&host);
}

static void a_pipe_of_another_kind_is_refused(void **state)
{
    struct fixture *fixture = *state;
    struct source source;
    HANDLE bytes =
        CreateNamedPipeA(fixture->address, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, 4, 4096, 4096, 0, NULL);
    assert_ptr_not_equal(bytes, INVALID_HANDLE_VALUE);
    source_open(&source, &fixture->sandbox, 7);
    assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_REFUSED).reason, FR_ERR_PROTOCOL);
    assert_true(sink_has(&source.sink, FR_LOG_ERROR, "a pipe of another program"));
    source_close(&source);
    CloseHandle(bytes);
}

static void a_name_that_cannot_be_one_is_explained(void **state)
{
    (void)state;
    struct sink sink;
    sink_init(&sink);
    const fr_log log = sink_log(&sink);
    struct fr_source_channel source;
    struct fr_host_channel host;
    char longest[FR_ADDRESS_BYTES + 1];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    const char *const bad[] = {"a\\b", "", longest};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(source_create(&source, bad[i], 7, -1, &log), FR_ERR_ARGUMENT);
        assert_int_equal(host_create(&host, bad[i], 7, &log), FR_ERR_ARGUMENT);
    }
    assert_true(sink_has(&sink, FR_LOG_ERROR, "cannot begin the name of a pipe"));
    sink_finish(&sink);
}

/* ---- invitations ---- */

/* Inherits an end, waits for a ring and writes into its header. */
static void run_invited(const struct sandbox *sandbox)
{
    const struct fr_os os = fr_os_native();
    struct source source;
    struct fr_memory header;
    (void)sandbox;
    source_open_inherited(&source, atoi(__argv[5]));
    for (;;) {
        struct fr_source_news news;
        if (source.channel.ops->poll(source.channel.self, FR_NS_PER_S, &news) != FR_OK)
            continue;
        if (news.kind == FR_SOURCE_NEWS_RING &&
            os.ops->memory_map(os.self, news.delivery.header, FR_WIRE_V2_BYTES, FR_ACCESS_WRITE, &header) ==
                FR_OK) {
            ((fr_wire_v2 *)header.ptr)->v1.status_detail = fr_os_process_id();
            SetEvent((HANDLE)news.delivery.event);
        }
        tell((uint64_t)news.kind);
    }
}

static void an_invited_process_gets_its_rings(void **state)
{
    struct fixture *fixture = *state;
    const struct fr_os os = fr_os_native();
    struct host host;
    struct ring ring;
    int theirs;
    open_host(fixture, &host, NULL, NULL);
    assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_OK);
    struct child child = child_start_with("invited", "none", theirs);
    raw_close(theirs);
    assert_int_equal(child_hear(&child), FR_SOURCE_NEWS_CONNECTED);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_SOURCE).pid, child.pid);
    ring_make_for(&host, &ring, 1);
    assert_int_equal(host.channel.ops->deliver(host.channel.self, &ring.delivery), FR_OK);
    assert_int_equal(child_hear(&child), FR_SOURCE_NEWS_RING);
    const struct fr_event *const events[] = {&ring.event};
    assert_int_equal(os.ops->wait(os.self, events, 1, WAIT_NS), FR_OK);
    assert_int_equal(((fr_wire_v2 *)ring.header.ptr)->v1.status_detail, child.pid);
    child_end(&child);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_ERR_SOURCE_DIED);
    ring_free(&ring);
    host_close(&host);
}

/* The pipe does not break while we hold the end too: the process tells. */
static void a_source_whose_end_lives_on_is_dead(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    int theirs;
    open_host(fixture, &host, NULL, NULL);
    assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_OK);
    struct child child = child_start_with("invited", "none", theirs);
    assert_int_equal(child_hear(&child), FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    child_kill(&child);
    assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_ERR_SOURCE_DIED);
    child_end(&child);
    raw_close(theirs);
    host_close(&host);
}

/* One that is neither ours nor a child of ours, and that lives. */
static DWORD foreign_process(void)
{
    PROCESSENTRY32 entry = {.dwSize = sizeof(entry)};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    DWORD found = 0;
    for (BOOL more = Process32First(snapshot, &entry); more; more = Process32Next(snapshot, &entry)) {
        HANDLE process = OpenProcess(PROCESS_DUP_HANDLE | SYNCHRONIZE, FALSE, entry.th32ProcessID);
        if (process && entry.th32ProcessID != GetCurrentProcessId() &&
            entry.th32ParentProcessID != GetCurrentProcessId())
            found = entry.th32ProcessID;
        if (process)
            CloseHandle(process);
    }
    CloseHandle(snapshot);
    assert_int_not_equal(found, 0);
    return found;
}

static void an_invited_end_cannot_name_another_process(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    union fr_msg hello;
    int theirs;
    const DWORD others[] = {foreign_process(), 0};
    for (size_t i = 0; i < 2; i++) {
        open_host(fixture, &host, NULL, NULL);
        assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_OK);
        raw_hello(&hello, 7);
        hello.hello.pid = others[i];
        raw_send_msg(theirs, &hello);
        raw_expect_refused(theirs, FR_MSG_REASON_PERMISSION, "no process that the host started");
        assert_int_equal(host_expect(&host, FR_HOST_NEWS_REFUSED).reason, FR_ERR_PERMISSION);
        assert_int_equal(host_expect(&host, FR_HOST_NEWS_GONE).reason, FR_ERR_PERMISSION);
        raw_close(theirs);
        host_close(&host);
    }
}

static void a_handle_that_is_no_pipe_is_refused(void **state)
{
    (void)state;
    struct sink sink;
    struct fr_source_channel channel;
    sink_init(&sink);
    const fr_log log = sink_log(&sink);
    HANDLE event = CreateEventW(NULL, FALSE, FALSE, NULL);
    assert_int_equal(source_create(&channel, NULL, 0, (int)(intptr_t)event, &log), FR_ERR_ARGUMENT);
    assert_true(sink_has(&sink, FR_LOG_ERROR, "is not the pipe of a host"));
    assert_null(channel.self);
    DWORD flags;
    assert_false(GetHandleInformation(event, &flags));
    sink_finish(&sink);
}

/* What a thread began is cancelled when it ends, as here: a source may be polled by another one. */
static void a_source_may_change_its_thread(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    struct source source;
    int theirs;
    open_host(fixture, &host, NULL, NULL);
    assert_int_equal(host.channel.ops->invite(host.channel.self, &theirs), FR_OK);
    source_open_inherited(&source, theirs);
    source_expect(&source, FR_SOURCE_NEWS_CONNECTED);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    for (int i = 0; i < 3; i++) {
        source_expect_quiet(&source);
        assert_true(CancelIoEx((HANDLE)(intptr_t)theirs, NULL));
        assert_int_equal(host.channel.ops->request_hdr(host.channel.self, i & 1), FR_OK);
        assert_int_equal(source_expect(&source, FR_SOURCE_NEWS_HDR).hdr_on, i & 1);
    }
    source_close(&source);
    host_close(&host);
}

/* Who reads late still reads why. */
static void the_last_words_stay_in_the_pipe(void **state)
{
    struct fixture *fixture = *state;
    struct host host;
    open_host(fixture, &host, NULL, NULL);
    const fr_handle end = raw_connect(fixture->address);
    raw_send(end, "rubbish", 7, NULL, 0);
    host_expect(&host, FR_HOST_NEWS_REFUSED);
    sleep_ms(50);
    raw_expect_refused(end, FR_MSG_REASON_PROTOCOL, "too short");
    raw_close(end);

    const fr_handle other = connect_as(fixture, FR_MSG_ROLE_SOURCE);
    host_expect(&host, FR_HOST_NEWS_SOURCE);
    host_close(&host);
    struct fr_packet packet;
    raw_expect(other, FR_MSG_BYE, &packet);
    raw_expect_hang_up(other);
    raw_close(other);
}

int main(int argc, char **argv)
{
    const struct child_role roles[] = {{"client", run_client},
                                       {"silent", run_silent_client},
                                       {"closing", run_client_that_closes},
                                       {"invited", run_invited},
                                       {NULL, NULL}};
    child_main(argc, argv, roles);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_source_that_knows_textures_has_a_gpu),
        TEST(the_pipe_lets_the_user_and_system_in),
        TEST(the_caller_may_say_whom_the_pipe_lets_in),
        TEST(a_descriptor_that_is_none_is_refused),
        TEST(objects_of_others_are_not_trusted),
        TEST(a_source_gets_the_least_access),
        TEST(an_observer_can_only_read),
        TEST(nobody_opens_a_ring_by_its_name),
        TEST(a_failed_delivery_leaves_no_handle_there),
        TEST(a_packet_that_cannot_be_sent_takes_its_handles_back),
        TEST(a_packet_in_flight_takes_its_handles_back),
        TEST(handles_that_a_client_sends_are_left_alone),
        TEST(rings_whose_handles_are_none),
        TEST(only_the_named_image_may_be_the_source),
        TEST(a_pipe_of_another_kind_is_refused),
        TEST(a_name_that_cannot_be_one_is_explained),
        TEST(an_invited_process_gets_its_rings),
        TEST(a_source_whose_end_lives_on_is_dead),
        TEST(an_invited_end_cannot_name_another_process),
        TEST(a_handle_that_is_no_pipe_is_refused),
        TEST(a_source_may_change_its_thread),
        TEST(the_last_words_stay_in_the_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
