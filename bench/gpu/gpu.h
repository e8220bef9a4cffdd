/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_BENCH_GPU_GPU_H
#define FR_BENCH_GPU_GPU_H

/*
 * Just enough of Vulkan to measure a device, apart from the library: what it is compared with must not share
 * its mistakes. A failed call ends the program; measurements have no use for half of them.
 */

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#include "shaders.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GPU_INSTANCE_FUNCTIONS(X)                                                                            \
    X(DestroyInstance)                                                                                       \
    X(EnumeratePhysicalDevices)                                                                              \
    X(EnumerateDeviceExtensionProperties)                                                                    \
    X(GetPhysicalDeviceProperties2)                                                                          \
    X(GetPhysicalDeviceFeatures2)                                                                            \
    X(GetPhysicalDeviceMemoryProperties)                                                                     \
    X(GetPhysicalDeviceQueueFamilyProperties2)                                                               \
    X(GetPhysicalDeviceFormatProperties)                                                                     \
    X(GetPhysicalDeviceImageFormatProperties2)                                                               \
    X(GetPhysicalDeviceExternalBufferProperties)                                                             \
    X(GetPhysicalDeviceExternalSemaphoreProperties)                                                          \
    X(CreateDevice)                                                                                          \
    X(GetDeviceProcAddr)

#define GPU_DEVICE_FUNCTIONS(X)                                                                              \
    X(DestroyDevice)                                                                                         \
    X(GetDeviceQueue)                                                                                        \
    X(DeviceWaitIdle)                                                                                        \
    X(QueueSubmit)                                                                                           \
    X(QueueWaitIdle)                                                                                         \
    X(AllocateMemory)                                                                                        \
    X(FreeMemory)                                                                                            \
    X(MapMemory)                                                                                             \
    X(CreateBuffer)                                                                                          \
    X(DestroyBuffer)                                                                                         \
    X(GetBufferMemoryRequirements)                                                                           \
    X(BindBufferMemory)                                                                                      \
    X(CreateImage)                                                                                           \
    X(DestroyImage)                                                                                          \
    X(GetImageMemoryRequirements)                                                                            \
    X(BindImageMemory)                                                                                       \
    X(CreateImageView)                                                                                       \
    X(DestroyImageView)                                                                                      \
    X(CreateSampler)                                                                                         \
    X(DestroySampler)                                                                                        \
    X(CreateShaderModule)                                                                                    \
    X(DestroyShaderModule)                                                                                   \
    X(CreateDescriptorSetLayout)                                                                             \
    X(DestroyDescriptorSetLayout)                                                                            \
    X(CreateDescriptorPool)                                                                                  \
    X(DestroyDescriptorPool)                                                                                 \
    X(AllocateDescriptorSets)                                                                                \
    X(FreeDescriptorSets)                                                                                    \
    X(UpdateDescriptorSets)                                                                                  \
    X(CreatePipelineLayout)                                                                                  \
    X(DestroyPipelineLayout)                                                                                 \
    X(CreateComputePipelines)                                                                                \
    X(DestroyPipeline)                                                                                       \
    X(CreateCommandPool)                                                                                     \
    X(DestroyCommandPool)                                                                                    \
    X(AllocateCommandBuffers)                                                                                \
    X(FreeCommandBuffers)                                                                                    \
    X(BeginCommandBuffer)                                                                                    \
    X(EndCommandBuffer)                                                                                      \
    X(CmdBindPipeline)                                                                                       \
    X(CmdBindDescriptorSets)                                                                                 \
    X(CmdPushConstants)                                                                                      \
    X(CmdDispatch)                                                                                           \
    X(CmdPipelineBarrier)                                                                                    \
    X(CmdCopyImage)                                                                                          \
    X(CmdCopyBuffer)                                                                                         \
    X(CmdCopyBufferToImage)                                                                                  \
    X(CreateFence)                                                                                           \
    X(DestroyFence)                                                                                          \
    X(ResetFences)                                                                                           \
    X(WaitForFences)                                                                                         \
    X(CreateSemaphore)                                                                                       \
    X(DestroySemaphore)                                                                                      \
    X(CreateQueryPool)                                                                                       \
    X(DestroyQueryPool)                                                                                      \
    X(CmdResetQueryPool)                                                                                     \
    X(CmdWriteTimestamp)                                                                                     \
    X(GetQueryPoolResults)

/* NULL where the device has not got them. */
#define GPU_OPTIONAL_FUNCTIONS(X)                                                                            \
    X(GetMemoryFdKHR)                                                                                        \
    X(GetSemaphoreFdKHR)                                                                                     \
    X(ImportSemaphoreFdKHR)                                                                                  \
    X(GetMemoryHostPointerPropertiesEXT)                                                                     \
    X(GetCalibratedTimestampsEXT)                                                                            \
    X(WaitSemaphores)                                                                                        \
    X(GetSemaphoreCounterValue)

struct gpu_functions {
#define GPU_MEMBER(name) PFN_vk##name name;
    GPU_INSTANCE_FUNCTIONS(GPU_MEMBER)
    GPU_DEVICE_FUNCTIONS(GPU_MEMBER)
    GPU_OPTIONAL_FUNCTIONS(GPU_MEMBER)
#undef GPU_MEMBER
};

enum { GPU_FAMILIES_MAX = 16, GPU_QUEUES_MAX = 2, GPU_BINDINGS = 5, GPU_EXTENSIONS_MAX = 32 };

extern const VkDescriptorType gpu_binding_types[GPU_BINDINGS];

/* Which queue family: the first with graphics; the first with compute and no graphics; with neither. */
enum gpu_queue_kind { GPU_QUEUE_GRAPHICS, GPU_QUEUE_COMPUTE, GPU_QUEUE_TRANSFER };

struct gpu_params {
    const char *device; /* part of a name; NULL: the first that is not of type CPU, else the first */
    enum gpu_queue_kind kind;
    uint32_t priority;             /* VkQueueGlobalPriorityKHR; 0 = none asked for */
    const char *const *extensions; /* more that are turned on where they are there; NULL ends them; NULL */
};

struct gpu_buffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize bytes;
    void *mapped; /* NULL: not visible to the processor */
};

struct gpu_image {
    VkImage image;
    VkImageView view;
    VkDeviceMemory memory;
    VkDeviceSize bytes;
    uint32_t width, height, pixel_bytes;
};

struct gpu {
    struct gpu_functions vk;
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkPhysicalDeviceProperties props;
    VkPhysicalDeviceIDProperties id;
    VkPhysicalDeviceDriverProperties driver;
    VkPhysicalDeviceSubgroupProperties subgroup;
    VkPhysicalDeviceMemoryProperties memory;
    VkQueueFamilyProperties family[GPU_FAMILIES_MAX];
    uint32_t num_families;
    VkExtensionProperties *extensions;
    uint32_t num_extensions;
    VkDeviceSize host_pointer_align; /* 0 = host memory cannot be imported */

    const char *enabled[GPU_EXTENSIONS_MAX];
    uint32_t num_enabled;
    uint32_t queue_family;
    VkQueue queue[GPU_QUEUES_MAX]; /* the second may be the first again */
    uint32_t num_queues;
    VkCommandPool pool;
    VkFence fence;
    VkDescriptorPool sets;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkSampler sampler;
    /* Stand for bindings that a kernel does not use: lavapipe looks at them. */
    struct gpu_buffer blank_buffer;
    struct gpu_image blank_image;

    struct gpu_clock *clock; /* NULL: not warmed up yet */
    bool timeline, shared_timeline, opaque_image, calibrated, formatless;
};

/* False, and a line on stderr: no loader, no device, no such family; VK_ERROR_NOT_PERMITTED for the
 * priority. */
bool gpu_open(struct gpu *gpu, const struct gpu_params *params);
void gpu_close(struct gpu *gpu);
/* The same device for another thread, which gets its second queue where there is one. Closed never. */
void gpu_share(struct gpu *gpu, const struct gpu *from);
bool gpu_has(const struct gpu *gpu, const char *extension);
/* UINT32_MAX: none. */
uint32_t gpu_family(const struct gpu *gpu, enum gpu_queue_kind kind);
/* Ends the program with a line on stderr where result is an error. */
void gpu_must(VkResult result, const char *what);

enum gpu_place { GPU_PLACE_DEVICE, GPU_PLACE_HOST, GPU_PLACE_HOST_CACHED };
/* False: out of memory, or no memory of that kind. */
bool gpu_buffer_create(struct gpu *gpu, VkDeviceSize bytes, enum gpu_place place, struct gpu_buffer *out);
/* Over memory of this process, aligned to host_pointer_align. */
bool gpu_buffer_import(struct gpu *gpu, void *memory, VkDeviceSize bytes, struct gpu_buffer *out);
void gpu_buffer_destroy(struct gpu *gpu, struct gpu_buffer *buffer);
void gpu_buffer_noise(struct gpu *gpu, struct gpu_buffer *buffer);

/* Optimal, exportable where the device can, in layout GENERAL, with noise in it. Has usage besides the
 * ring's. */
bool gpu_image_create(struct gpu *gpu, VkFormat format, uint32_t width, uint32_t height,
                      VkImageUsageFlags usage, struct gpu_image *out);
void gpu_image_destroy(struct gpu *gpu, struct gpu_image *image);

void gpu_blanks_create(struct gpu *gpu); /* part of gpu_open */

struct gpu_kernel {
    VkShaderModule module;
    VkPipeline pipeline;
};

/* spec[i] is the constant of id i. */
void gpu_kernel_create(struct gpu *gpu, const struct gpu_code *code, const uint32_t *spec, uint32_t num_spec,
                       struct gpu_kernel *out);
void gpu_kernel_destroy(struct gpu *gpu, struct gpu_kernel *kernel);

/* What the bindings 0 to 4 are: buffer read, buffer written, image sampled, image loaded, image stored.
 * Each may be NULL. */
struct gpu_bindings {
    const struct gpu_buffer *buffer[2];
    const struct gpu_image *image[3];
};
VkDescriptorSet gpu_set(struct gpu *gpu, const struct gpu_bindings *bindings);
void gpu_set_free(struct gpu *gpu, VkDescriptorSet set);

struct gpu_work {
    const struct gpu_kernel *kernel;
    VkDescriptorSet set;
    uint32_t push[8];
    uint32_t push_words;
    uint32_t groups[2];
};
void gpu_record(struct gpu *gpu, VkCommandBuffer commands, const struct gpu_work *work);
/* All before it is done and seen by all after it. */
void gpu_barrier(struct gpu *gpu, VkCommandBuffer commands);

VkCommandBuffer gpu_begin(struct gpu *gpu, VkCommandBufferUsageFlags usage);
void gpu_end(struct gpu *gpu, VkCommandBuffer commands);
void gpu_run(struct gpu *gpu, VkCommandBuffer commands);    /* ends, submits, waits, frees */
void gpu_submit(struct gpu *gpu, VkCommandBuffer commands); /* and waits */

/* A real GPU, until it runs at its full clock; at most half a second. */
void gpu_warm(struct gpu *gpu);
void gpu_warm_end(struct gpu *gpu); /* part of gpu_close */
/* The present clock as part of the fastest seen by gpu_warm; 0 = not known. */
double gpu_clock(struct gpu *gpu);

VkSemaphore gpu_timeline(struct gpu *gpu, bool exported);
int gpu_timeline_export(struct gpu *gpu, VkSemaphore semaphore);
void gpu_timeline_import(struct gpu *gpu, VkSemaphore semaphore, int fd);

/* Times on the device. */
enum { GPU_REPEATS_MAX = 64 };
struct gpu_times {
    double alone_us;  /* median of one with nothing else on the device */
    double best_us;   /* the least of them */
    double clock;     /* of the GPU in all this, as part of the fastest seen; 0 = not known */
    double stream_us; /* of many, back to back with nothing between */
};
typedef void (*gpu_record_fn)(struct gpu *gpu, VkCommandBuffer commands, uint32_t index, void *user);
/* repeats: at most GPU_REPEATS_MAX; record is called with index 0.. several times over. */
/* First the GPU is kept busy until it runs at its full clock: it idles at a fraction of it. */
void gpu_measure(struct gpu *gpu, gpu_record_fn record, void *user, uint32_t repeats, struct gpu_times *out);

#endif
