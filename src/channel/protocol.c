/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "channel/protocol.h"

#include <assert.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the messages and the wire are little endian"
#endif

static_assert(sizeof(struct fr_msg_head) == 16, "layout");
static_assert(sizeof(struct fr_msg_descriptor) == 40, "layout");
static_assert(offsetof(struct fr_msg_hello, protocol_min) == 16, "layout");
static_assert(offsetof(struct fr_msg_hello, wire_max) == 28, "layout");
static_assert(offsetof(struct fr_msg_hello, capabilities) == 48, "layout");
static_assert(offsetof(struct fr_msg_hello, display) == 88, "layout");
static_assert(offsetof(struct fr_msg_hello, gpu) == 128, "layout");
static_assert(sizeof(struct fr_msg_hello) == 296, "layout");
static_assert(offsetof(struct fr_msg_gpu, driver_uuid) == 8, "layout");
static_assert(offsetof(struct fr_msg_gpu, device_uuid) == 24, "layout");
static_assert(offsetof(struct fr_msg_gpu, modifier) == 40, "layout");
static_assert(sizeof(struct fr_msg_gpu) == 168, "layout");
static_assert(sizeof(struct fr_msg_welcome) == 40, "layout");
static_assert(sizeof(struct fr_msg_refuse) == 256, "layout");
static_assert(sizeof(struct fr_msg_display) == 56, "layout");
static_assert(offsetof(struct fr_msg_ring, header_bytes) == 40, "layout");
static_assert(offsetof(struct fr_msg_ring, slot_offset) == 64, "layout");
static_assert(offsetof(struct fr_msg_ring, adapter_luid_low) == 128, "layout");
static_assert(offsetof(struct fr_msg_ring, slots_kind) == 136, "layout");
static_assert(offsetof(struct fr_msg_ring, driver_uuid) == 144, "layout");
static_assert(offsetof(struct fr_msg_ring, device_uuid) == 160, "layout");
static_assert(offsetof(struct fr_msg_ring, image_bytes) == 176, "layout");
static_assert(offsetof(struct fr_msg_ring, num_planes) == 192, "layout");
static_assert(offsetof(struct fr_msg_ring, plane_offset) == 200, "layout");
static_assert(offsetof(struct fr_msg_ring, plane_pitch_bytes) == 232, "layout");
static_assert(sizeof(struct fr_msg_ring) == 264, "layout");
static_assert(sizeof(struct fr_msg_hdr) == 24, "layout");
static_assert(sizeof(struct fr_msg_bye) == 16, "layout");
static_assert(sizeof(union fr_msg) == FR_MSG_BYTES_MAX, "the longest message fits");

enum {
    HELLO_FIXED_BYTES = 32,
    HEADER_BYTES_MAX = 1 << 20,
    PITCH_ALIGN = 64,
    PAGE_MIN = 4096,
    REFRESH_MAX_MHZ = 10000000
};

/* 10,000 cd/m2, the top of PQ (SMPTE ST 2084), in the two units of a descriptor. */
#define MILLINITS_MAX 10000000u
#define TENTHMILLINITS_MAX 100000000u
#define PITCH_BYTES_MAX (UINT64_C(8) * FR_SIZE_MAX * 2)

/* DRM_FORMAT_MOD_INVALID: no modifier. */
#define MODIFIER_INVALID UINT64_C(0x00ffffffffffffff)

/* VK_MAX_MEMORY_TYPES */
#define MEMORY_TYPES_MAX 32u

static const struct {
    const char *name;
    uint32_t bytes;
} kinds[] = {
    [FR_MSG_HELLO] = {"HELLO", sizeof(struct fr_msg_hello)},
    [FR_MSG_WELCOME] = {"WELCOME", sizeof(struct fr_msg_welcome)},
    [FR_MSG_REFUSE] = {"REFUSE", sizeof(struct fr_msg_refuse)},
    [FR_MSG_DISPLAY] = {"DISPLAY", sizeof(struct fr_msg_display)},
    [FR_MSG_RING] = {"RING", sizeof(struct fr_msg_ring)},
    [FR_MSG_HDR] = {"HDR", sizeof(struct fr_msg_hdr)},
    [FR_MSG_BYE] = {"BYE", sizeof(struct fr_msg_bye)},
};

static bool type_known(uint32_t type)
{
    return type >= FR_MSG_HELLO && type <= FR_MSG_BYE;
}

size_t fr_msg_init(union fr_msg *msg, uint32_t type)
{
    assert(type_known(type));
    memset(msg, 0, sizeof(*msg));
    msg->head = (struct fr_msg_head){.magic = FR_MSG_MAGIC, .type = type, .bytes = kinds[type].bytes};
    return kinds[type].bytes;
}

const char *fr_msg_name(uint32_t type)
{
    return type_known(type) ? kinds[type].name : "an unknown message";
}

static bool is_text(const char *text, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (!text[i])
            return true;
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return false;
}

void fr_msg_put_text(char *out, size_t bytes, const char *text)
{
    size_t i = 0;
    for (; text && text[i] && i + 1 < bytes; i++)
        out[i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
    out[i] = '\0';
}

const char *fr_msg_display_fault(const fr_display_descriptor *display)
{
    const fr_mode *mode = &display->mode;
    if (mode->width > FR_SIZE_MAX || mode->height > FR_SIZE_MAX || !mode->width != !mode->height)
        return "a display of an impossible size";
    if (mode->refresh_mhz > REFRESH_MAX_MHZ)
        return "a display of more than 10,000 Hz";
    if ((uint32_t)display->colour_state > FR_COLOUR_STATE_HDR)
        return "an unknown colour state";
    if (display->format != FR_FORMAT_NONE && !fr_format_pixel_bytes(display->format))
        return "a display format that is not a ring format";
    if (display->sdr_white_millinits > MILLINITS_MAX || display->max_luminance_millinits > MILLINITS_MAX ||
        display->max_full_frame_millinits > MILLINITS_MAX ||
        display->min_luminance_tenthmillinits > TENTHMILLINITS_MAX)
        return "a luminance above 10,000 cd/m2";
    return NULL;
}

void fr_msg_put_display(struct fr_msg_descriptor *out, const fr_display_descriptor *display)
{
    *out = (struct fr_msg_descriptor){
        .width = display->mode.width,
        .height = display->mode.height,
        .refresh_mhz = display->mode.refresh_mhz,
        .colour_state = (uint32_t)display->colour_state,
        .format = (uint32_t)display->format,
        .sdr_white_millinits = display->sdr_white_millinits,
        .max_luminance_millinits = display->max_luminance_millinits,
        .max_full_frame_millinits = display->max_full_frame_millinits,
        .min_luminance_tenthmillinits = display->min_luminance_tenthmillinits,
    };
}

fr_display_descriptor fr_msg_get_display(const struct fr_msg_descriptor *descriptor)
{
    return (fr_display_descriptor){
        .mode = {descriptor->width, descriptor->height, descriptor->refresh_mhz},
        .colour_state = (fr_colour_state)descriptor->colour_state,
        .format = (fr_format)descriptor->format,
        .sdr_white_millinits = descriptor->sdr_white_millinits,
        .max_luminance_millinits = descriptor->max_luminance_millinits,
        .max_full_frame_millinits = descriptor->max_full_frame_millinits,
        .min_luminance_tenthmillinits = descriptor->min_luminance_tenthmillinits,
    };
}

bool fr_msg_versions(const struct fr_msg_hello *hello, uint32_t *protocol, uint32_t *wire)
{
    *protocol = hello->protocol_max < FR_MSG_PROTOCOL_MAX ? hello->protocol_max : FR_MSG_PROTOCOL_MAX;
    *wire = hello->wire_max < FR_MSG_WIRE_MAX ? hello->wire_max : FR_MSG_WIRE_MAX;
    return *protocol >= FR_MSG_PROTOCOL_MIN && *protocol >= hello->protocol_min && *wire >= FR_MSG_WIRE_MIN &&
           *wire >= hello->wire_min;
}

void fr_msg_put_gpu(struct fr_msg_gpu *out, const struct fr_gpu *gpu)
{
    *out = (struct fr_msg_gpu){0};
    if (!gpu->present)
        return;
    out->present = 1;
    memcpy(out->driver_uuid, gpu->driver_uuid, sizeof(out->driver_uuid));
    memcpy(out->device_uuid, gpu->device_uuid, sizeof(out->device_uuid));
    out->num_modifiers =
        gpu->num_modifiers < FR_GPU_MODIFIERS_MAX ? gpu->num_modifiers : FR_GPU_MODIFIERS_MAX;
    for (uint32_t i = 0; i < out->num_modifiers; i++)
        out->modifier[i] = gpu->modifier[i];
}

struct fr_gpu fr_msg_get_gpu(const struct fr_msg_gpu *gpu)
{
    struct fr_gpu out = {.present = gpu->present != 0};
    if (!out.present)
        return out;
    memcpy(out.driver_uuid, gpu->driver_uuid, sizeof(out.driver_uuid));
    memcpy(out.device_uuid, gpu->device_uuid, sizeof(out.device_uuid));
    out.num_modifiers = gpu->num_modifiers;
    for (uint32_t i = 0; i < FR_GPU_MODIFIERS_MAX && i < gpu->num_modifiers; i++)
        out.modifier[i] = gpu->modifier[i];
    return out;
}

static bool is_zero(const void *bytes, size_t count)
{
    const uint8_t *byte = bytes;
    uint8_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= byte[i];
    return !any;
}

static const char *check_gpu(const struct fr_msg_gpu *gpu, uint64_t capabilities)
{
    if (gpu->present > 1)
        return "a GPU that is neither there nor not";
    if (!gpu->present)
        return !is_zero(gpu, sizeof(*gpu))                          ? "a GPU that is not there"
               : capabilities & (FR_CAP_OPAQUE_FD | FR_CAP_DMA_BUF) ? "a way to share images, and no GPU"
                                                                    : NULL;
    if (gpu->num_modifiers > FR_GPU_MODIFIERS_MAX)
        return "more modifiers than fit";
    if ((capabilities & FR_CAP_DMA_BUF) && !gpu->num_modifiers)
        return "DMA-BUF without a modifier";
    for (uint32_t i = 0; i < FR_GPU_MODIFIERS_MAX; i++)
        if (i < gpu->num_modifiers ? gpu->modifier[i] == MODIFIER_INVALID : gpu->modifier[i] != 0)
            return "a modifier that is none";
    return NULL;
}

static const char *check_hello(const struct fr_msg_hello *hello, size_t bytes)
{
    uint32_t protocol, wire;
    if (hello->protocol_min > hello->protocol_max || hello->wire_min > hello->wire_max)
        return "a version range that ends before it begins";
    if (!fr_msg_versions(hello, &protocol, &wire))
        return NULL;
    if (bytes < sizeof(*hello))
        return "a HELLO that is too short";
    if (hello->role != FR_MSG_ROLE_SOURCE && hello->role != FR_MSG_ROLE_OBSERVER)
        return "an unknown role";
    if (!is_text(hello->name, sizeof(hello->name)))
        return "a name that is not printable text";
    const char *fault = check_gpu(&hello->gpu, hello->capabilities);
    if (fault || !(hello->flags & FR_MSG_HELLO_DISPLAY))
        return fault;
    const fr_display_descriptor display = fr_msg_get_display(&hello->display);
    return fr_msg_display_fault(&display);
}

static const char *check_welcome(const struct fr_msg_welcome *welcome)
{
    if (welcome->protocol < FR_MSG_PROTOCOL_MIN || welcome->protocol > FR_MSG_PROTOCOL_MAX ||
        welcome->wire < FR_MSG_WIRE_MIN || welcome->wire > FR_MSG_WIRE_MAX)
        return "a WELCOME with a version that we did not offer";
    return NULL;
}

static const char *check_slots(const struct fr_msg_ring *ring)
{
    const uint64_t row_bytes = (uint64_t)ring->width * fr_format_pixel_bytes((fr_format)ring->format);
    if (ring->pitch_bytes < row_bytes || ring->pitch_bytes > PITCH_BYTES_MAX ||
        ring->pitch_bytes % PITCH_ALIGN)
        return "a RING whose pitch does not fit its width";
    if (ring->slots_bytes > INT64_MAX || ring->slots_bytes > SIZE_MAX)
        return "a RING of an impossible size";
    const uint64_t slot_bytes = ring->pitch_bytes * ring->height;
    for (uint32_t i = 0; i < ring->ring_len; i++)
        if (ring->slot_offset[i] % PAGE_MIN || ring->slot_offset[i] > ring->slots_bytes ||
            ring->slots_bytes - ring->slot_offset[i] < slot_bytes)
            return "a RING whose slots lie outside its memory";
    return NULL;
}

/* Textures have a layout of their own, which only their device knows. */
static const char *check_no_slots(const struct fr_msg_ring *ring)
{
    uint64_t any = ring->slots_bytes | ring->pitch_bytes;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX; i++)
        any |= ring->slot_offset[i];
    return any ? "a RING of textures with a layout of memory" : NULL;
}

static const char *check_no_image(const struct fr_msg_ring *ring)
{
    const size_t from = offsetof(struct fr_msg_ring, memory_type);
    return is_zero((const uint8_t *)ring + from, sizeof(*ring) - from)
               ? NULL
               : "a RING with a description of images that it has not";
}

static const char *check_planes(const struct fr_msg_ring *ring)
{
    if (!ring->num_planes || ring->num_planes > FR_GPU_PLANES_MAX)
        return "a RING of images with an impossible number of planes";
    if (ring->modifier == MODIFIER_INVALID)
        return "a RING of images without a modifier";
    for (uint32_t i = 0; i < FR_GPU_PLANES_MAX; i++) {
        const uint64_t offset = ring->plane_offset[i], pitch = ring->plane_pitch_bytes[i];
        if (i < ring->num_planes ? offset >= ring->image_bytes || !pitch || pitch > PITCH_BYTES_MAX
                                 : offset || pitch)
            return "a RING of images whose planes lie outside their memory";
    }
    return NULL;
}

static const char *check_image(const struct fr_msg_ring *ring)
{
    const uint64_t least =
        (uint64_t)ring->width * ring->height * fr_format_pixel_bytes((fr_format)ring->format);
    if (ring->image_bytes < least || ring->image_bytes > INT64_MAX)
        return "a RING of images whose memory does not fit their size";
    if (ring->adapter_luid_low || ring->adapter_luid_high || ring->zero)
        return "a RING of images with a description of textures";
    if (ring->slots_kind == FR_SLOTS_DMA_BUF)
        return ring->memory_type ? "a RING of DMA-BUFs with a type of memory" : check_planes(ring);
    if (ring->memory_type >= MEMORY_TYPES_MAX)
        return "a RING of images in an impossible type of memory";
    const size_t from = offsetof(struct fr_msg_ring, modifier);
    return is_zero((const uint8_t *)ring + from, sizeof(*ring) - from)
               ? NULL
               : "a RING of opaque images with a layout of planes";
}

static size_t count_handles(const struct fr_msg_ring *ring)
{
    const size_t slots = ring->slots_kind == FR_SLOTS_MEMORY ? 1 : ring->ring_len;
    return 2 + slots + (ring->sync_kind == FR_WIRE_SYNC_FENCE ? 2 : 0);
}

static const char *check_kinds(const struct fr_msg_ring *ring)
{
    if (ring->slots_kind > FR_SLOTS_DMA_BUF)
        return "a RING of slots of an unknown kind";
    if (ring->sync_kind < FR_WIRE_SYNC_STATES || ring->sync_kind > FR_WIRE_SYNC_FILE)
        return "a RING with an unknown kind of synchronisation";
    return fr_caps_needed(ring->slots_kind, ring->sync_kind)
               ? NULL
               : "a RING of slots that cannot be claimed in the way it names";
}

static const char wrong_handles[] = "a message with the wrong number of handles";

static const char *check_ring(const struct fr_msg_ring *ring, size_t num_handles, bool observer)
{
    if (!ring->generation || ring->generation > FR_GENERATION_MAX)
        return "a RING with an impossible generation";
    if (ring->header_bytes < FR_WIRE_V2_BYTES || ring->header_bytes > HEADER_BYTES_MAX)
        return "a RING with a header of an impossible size";
    if (observer)
        return num_handles == 1 ? NULL : wrong_handles;
    if (!ring->ring_len || ring->ring_len > FR_WIRE_SLOTS_MAX)
        return "a RING with an impossible number of slots";
    if (!ring->width || ring->width > FR_SIZE_MAX || !ring->height || ring->height > FR_SIZE_MAX)
        return "a RING of an impossible picture size";
    if (!fr_format_pixel_bytes((fr_format)ring->format))
        return "a RING with an unknown format";
    const char *fault = check_kinds(ring);
    if (fault)
        return fault;
    if (num_handles != count_handles(ring))
        return wrong_handles;
    const bool memory = ring->slots_kind == FR_SLOTS_MEMORY;
    fault = memory ? check_slots(ring) : check_no_slots(ring);
    if (fault)
        return fault;
    return memory || ring->slots_kind == FR_SLOTS_D3D11 ? check_no_image(ring) : check_image(ring);
}

static const char *check_head(const struct fr_msg_head *head, size_t bytes)
{
    if (bytes < sizeof(*head))
        return "a packet that is too short";
    if (head->magic != FR_MSG_MAGIC)
        return "something that is not a framering message";
    if (!type_known(head->type))
        return "a message of an unknown type";
    if (head->bytes != bytes)
        return "a message whose size is not the one it names";
    if (head->type == FR_MSG_HELLO ? bytes < HELLO_FIXED_BYTES : bytes != kinds[head->type].bytes)
        return "a message of the wrong size";
    return NULL;
}

const char *fr_msg_check(const union fr_msg *msg, size_t bytes, size_t num_handles, uint32_t role)
{
    const char *fault = check_head(&msg->head, bytes);
    if (fault)
        return fault;
    if (num_handles && (msg->head.type != FR_MSG_RING || role == FR_MSG_ROLE_HOST))
        return wrong_handles;
    switch (msg->head.type) {
    case FR_MSG_HELLO: return check_hello(&msg->hello, bytes);
    case FR_MSG_WELCOME: return check_welcome(&msg->welcome);
    case FR_MSG_REFUSE:
        return is_text(msg->refuse.text, sizeof(msg->refuse.text)) ? NULL
                                                                   : "a REFUSE that is not printable text";
    case FR_MSG_DISPLAY: {
        const fr_display_descriptor display = fr_msg_get_display(&msg->display.display);
        return fr_msg_display_fault(&display);
    }
    case FR_MSG_RING:
        /* To a host every RING is out of place, whatever it holds. */
        return role == FR_MSG_ROLE_HOST ? NULL
                                        : check_ring(&msg->ring, num_handles, role == FR_MSG_ROLE_OBSERVER);
    case FR_MSG_HDR: return msg->hdr.on > 1 ? "an HDR request that is neither on nor off" : NULL;
    default: return NULL;
    }
}

static void put_image(struct fr_msg_ring *ring, const struct fr_delivery *delivery)
{
    const struct fr_gpu_image *image = &delivery->image;
    memcpy(ring->driver_uuid, delivery->gpu.driver_uuid, sizeof(ring->driver_uuid));
    memcpy(ring->device_uuid, delivery->gpu.device_uuid, sizeof(ring->device_uuid));
    ring->image_bytes = image->bytes;
    ring->memory_type = image->memory_type;
    ring->num_planes = image->num_planes;
    ring->modifier = image->modifier;
    for (uint32_t i = 0; i < FR_GPU_PLANES_MAX && i < image->num_planes; i++) {
        ring->plane_offset[i] = image->plane_offset[i];
        ring->plane_pitch_bytes[i] = image->plane_pitch_bytes[i];
    }
}

static void get_image(struct fr_delivery *delivery, const struct fr_msg_ring *ring)
{
    struct fr_gpu_image *image = &delivery->image;
    delivery->gpu.present = true;
    memcpy(delivery->gpu.driver_uuid, ring->driver_uuid, sizeof(ring->driver_uuid));
    memcpy(delivery->gpu.device_uuid, ring->device_uuid, sizeof(ring->device_uuid));
    image->bytes = ring->image_bytes;
    image->memory_type = ring->memory_type;
    image->num_planes = ring->num_planes;
    image->modifier = ring->modifier;
    memcpy(image->plane_offset, ring->plane_offset, sizeof(image->plane_offset));
    memcpy(image->plane_pitch_bytes, ring->plane_pitch_bytes, sizeof(image->plane_pitch_bytes));
}

size_t fr_msg_put_ring(union fr_msg *msg, const struct fr_delivery *delivery)
{
    const size_t bytes = fr_msg_init(msg, FR_MSG_RING);
    struct fr_msg_ring *ring = &msg->ring;
    ring->generation = delivery->generation;
    ring->ring_len = delivery->ring_len;
    ring->width = delivery->width;
    ring->height = delivery->height;
    ring->format = (uint32_t)delivery->format;
    ring->sync_kind = delivery->sync_kind;
    ring->header_bytes = delivery->header_bytes;
    ring->slots_bytes = delivery->slots_bytes;
    ring->pitch_bytes = delivery->pitch_bytes;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX && i < delivery->ring_len; i++)
        ring->slot_offset[i] = delivery->slot_offset[i];
    ring->adapter_luid_low = delivery->adapter_luid_low;
    ring->adapter_luid_high = delivery->adapter_luid_high;
    ring->slots_kind = (uint32_t)delivery->slots_kind;
    if (delivery->slots_kind == FR_SLOTS_OPAQUE_FD || delivery->slots_kind == FR_SLOTS_DMA_BUF)
        put_image(ring, delivery);
    return bytes;
}

size_t fr_msg_put_observer_ring(union fr_msg *msg, const struct fr_delivery *delivery)
{
    const size_t bytes = fr_msg_init(msg, FR_MSG_RING);
    msg->ring.generation = delivery->generation;
    msg->ring.header_bytes = delivery->header_bytes;
    return bytes;
}

struct fr_delivery fr_msg_get_ring(const struct fr_msg_ring *ring)
{
    struct fr_delivery delivery = fr_delivery_none();
    delivery.wire_version = 2;
    delivery.generation = ring->generation;
    delivery.ring_len = ring->ring_len;
    delivery.width = ring->width;
    delivery.height = ring->height;
    delivery.format = (fr_format)ring->format;
    delivery.sync_kind = ring->sync_kind;
    delivery.header_bytes = (size_t)ring->header_bytes;
    delivery.slots_bytes = (size_t)ring->slots_bytes;
    delivery.pitch_bytes = (size_t)ring->pitch_bytes;
    delivery.adapter_luid_low = ring->adapter_luid_low;
    delivery.adapter_luid_high = ring->adapter_luid_high;
    for (uint32_t i = 0; i < FR_WIRE_SLOTS_MAX && i < ring->ring_len; i++)
        delivery.slot_offset[i] = (size_t)ring->slot_offset[i];
    delivery.slots_kind = (enum fr_slots_kind)ring->slots_kind;
    if (ring->slots_kind == FR_SLOTS_OPAQUE_FD || ring->slots_kind == FR_SLOTS_DMA_BUF)
        get_image(&delivery, ring);
    return delivery;
}

/* One list, walked in both directions. */
static size_t places_of_handles(struct fr_delivery *delivery, fr_handle **place, enum fr_object_kind *kind)
{
    size_t count = 0;
    place[count] = &delivery->header;
    kind[count++] = FR_OBJECT_HEADER;
    place[count] = &delivery->event;
    kind[count++] = FR_OBJECT_EVENT;
    const bool memory = delivery->slots_kind == FR_SLOTS_MEMORY;
    if (memory) {
        place[count] = &delivery->slots;
        kind[count++] = FR_OBJECT_SLOTS;
    }
    for (uint32_t i = 0; !memory && i < FR_WIRE_SLOTS_MAX && i < delivery->ring_len; i++) {
        place[count] = &delivery->texture[i];
        kind[count++] = FR_OBJECT_TEXTURE;
    }
    if (delivery->sync_kind != FR_WIRE_SYNC_FENCE)
        return count;
    place[count] = &delivery->ready_fence;
    kind[count++] = FR_OBJECT_READY_FENCE;
    place[count] = &delivery->retire_fence;
    kind[count++] = FR_OBJECT_RETIRE_FENCE;
    return count;
}

size_t fr_msg_list_handles(const struct fr_delivery *delivery, fr_handle *handle, enum fr_object_kind *kind)
{
    struct fr_delivery copy = *delivery;
    fr_handle *place[FR_MSG_HANDLES_MAX];
    enum fr_object_kind kinds_of[FR_MSG_HANDLES_MAX];
    const size_t count = places_of_handles(&copy, place, kinds_of);
    for (size_t i = 0; i < count; i++) {
        handle[i] = *place[i];
        if (kind)
            kind[i] = kinds_of[i];
    }
    return count;
}

void fr_msg_take_handles(struct fr_delivery *delivery, const fr_handle *handle)
{
    fr_handle *place[FR_MSG_HANDLES_MAX];
    enum fr_object_kind kinds_of[FR_MSG_HANDLES_MAX];
    const size_t count = places_of_handles(delivery, place, kinds_of);
    for (size_t i = 0; i < count; i++)
        *place[i] = handle[i];
}

static const struct {
    uint32_t reason;
    fr_status status;
} reasons[] = {
    {FR_MSG_REASON_OTHER, FR_ERR_REFUSED},     {FR_MSG_REASON_BUSY, FR_ERR_TARGET_BUSY},
    {FR_MSG_REASON_VERSION, FR_ERR_VERSION},   {FR_MSG_REASON_PERMISSION, FR_ERR_PERMISSION},
    {FR_MSG_REASON_PROTOCOL, FR_ERR_PROTOCOL},
};

enum { NUM_REASONS = sizeof(reasons) / sizeof(reasons[0]) };

fr_status fr_msg_status_of_reason(uint32_t reason)
{
    for (size_t i = 0; i < NUM_REASONS; i++)
        if (reasons[i].reason == reason)
            return reasons[i].status;
    return FR_ERR_REFUSED;
}

uint32_t fr_msg_reason_of_status(fr_status status)
{
    for (size_t i = 0; i < NUM_REASONS; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return FR_MSG_REASON_OTHER;
}
