/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FRAMERING_FFMPEG_H
#define FRAMERING_FFMPEG_H

/*
 * libframering-encode on Linux: frames that lie on a GPU as frames of FFmpeg's there, for programs that
 * filter or encode by themselves. No pixel is copied. Stands alone: no header of FFmpeg or Vulkan is needed
 * to include it.
 *
 *     fr_av_vulkan *av;
 *     if (fr_av_vulkan_create(&av) != FR_OK)
 *         return;
 *     while (...) {                                    // fr_capture_next gave `frame`
 *         AVFrame *out = av_frame_alloc();
 *         if (fr_av_vulkan_wrap(av, &frame, out) == FR_OK)
 *             av_buffersrc_add_frame(filter, out);     // hw_frames_ctx is set: scale_vulkan, hwdownload, ...
 *         fr_frame_release(&frame);                    // `out` has a reference of its own
 *     }
 *     fr_av_vulkan_destroy(&av);
 *
 * AV_PIX_FMT_VULKAN is for FFmpeg's Vulkan filters and encoders, and for downloads. The two planes are linear
 * images in one memory: FFmpeg 5.1 maps such frames neither to CUDA, whose planes it wants in memories of
 * their own, nor to DRM, for which it asks images for their modifier.
 *
 * AV_PIX_FMT_DRM_PRIME is for VAAPI (av_hwframe_map, the filter hwmap), for KMS, and for whatever else takes
 * a DMA-BUF.
 *
 * AV_PIX_FMT_CUDA (fr_av_cuda, used as fr_av_vulkan) is for NVENC, for FFmpeg's CUDA filters, and for
 * downloads: the frame's memory, imported into CUDA.
 */

#include <framering/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

struct AVFrame;

/* FFmpeg's view of the device that the frames lie on. */
typedef struct fr_av_vulkan fr_av_vulkan;

/* FR_ERR_NO_MEMORY; FR_ERR_UNSUPPORTED: built without Vulkan, or with an FFmpeg that has none. */
FR_API fr_status fr_av_vulkan_create(fr_av_vulkan **out);

/*
 * Makes `out`, blank before (av_frame_alloc), the frame as AV_PIX_FMT_VULKAN: hw_frames_ctx, whose
 * sw_format is NV12 or P010, colour, HDR metadata; no times. Its pixels are complete: waits for the GPU,
 * at most fr_vulkan_picture's patience_ns. The surface stays held until the last reference to `out` is
 * gone and what FFmpeg gave to the GPU with it is over: the release waits for that as long; work that goes
 * on keeps the surface, and later calls, of fr_av_vulkan_destroy too, look whether it is over. Frames of
 * one surface (repeats) share one AVVkFrame, in which FFmpeg keeps what it has under way and in which
 * layouts it left the images: also one that is wrapped while the last before it is being released. So a
 * surface is wrapped by one fr_av_vulkan alone: two know nothing of each other's layouts. The contexts are
 * made again when device, size or format change; those of before live as long as their frames.
 *
 * FR_ERR_UNSUPPORTED: the frame lies in memory, its device has no images of the planes
 * (fr_vulkan_picture), or FFmpeg does not take the device; FR_ERR_ARGUMENT; FR_ERR_NO_MEMORY; FR_TIMEOUT;
 * FR_ERR_DEVICE_LOST. `out` is blank then.
 *
 * Threads: one at a time for one fr_av_vulkan; frames may be released on any. FFmpeg uses the device's
 * queue, and before 6.1 there is no way to tell it that others do: with those versions what it does with
 * the frames is done on the thread that calls fr_capture_next, or while that does not run.
 */
FR_API fr_status fr_av_vulkan_wrap(fr_av_vulkan *av, const fr_frame *frame, struct AVFrame *out);

/* Sets *av NULL; accepts NULL. Frames that were made stay as they are. */
FR_API void fr_av_vulkan_destroy(fr_av_vulkan **av);

/*
 * Makes `out`, blank before, the frame as AV_PIX_FMT_DRM_PRIME: one DMA-BUF, linear; NV12 as one layer of two
 * planes, P010 as two layers of one (R16, RG1616), which is how FFmpeg maps each of them to VA-API.
 * hw_frames_ctx is left to the caller. Otherwise as fr_av_vulkan_wrap. FR_ERR_UNSUPPORTED
 * also: the device exports no DMA-BUFs.
 */
FR_API fr_status fr_av_drm_wrap(const fr_frame *frame, struct AVFrame *out);

/* FFmpeg's view of CUDA's device that the frames lie on. */
typedef struct fr_av_cuda fr_av_cuda;

/* FR_ERR_NO_MEMORY; FR_ERR_UNSUPPORTED: built without CUDA's headers, or with an FFmpeg that has none. */
FR_API fr_status fr_av_cuda_create(fr_av_cuda **out);

/*
 * Makes `out`, blank before, the frame as AV_PIX_FMT_CUDA: data and linesize of both planes, hw_frames_ctx,
 * whose sw_format is NV12 or P010, colour, HDR metadata; no times. Its pixels are complete: waits for the
 * GPU, at most patience_ns. Plane 1 lies frames->height rows of linesize[0] behind plane 0, as NVENC takes
 * it: that height may be more than the frame's.
 *
 * The first call loads libcuda.so.1 and opens a device context on the frames' own device, told by its UUID.
 * Each surface is imported once, and stays so as long as its frames context; that is a new one when device,
 * size or format change, and after 32 surfaces: an encoder is to be opened with the one of the frames that it
 * gets.
 *
 * The surface stays held until the last reference to `out` is gone and the context's stream has ended what
 * was given to it (waits for that, at most a second; a stream that goes on keeps the surface, and later
 * calls, of fr_av_cuda_destroy too, look whether it is over).
 *
 * FR_ERR_UNSUPPORTED: the frame lies in memory, its device does not export it, CUDA is not there or does not
 * know the device or take the memory; FR_ERR_ARGUMENT; FR_ERR_NO_MEMORY; FR_TIMEOUT; FR_ERR_DEVICE_LOST.
 * `out` is blank then.
 *
 * Threads: one at a time for one fr_av_cuda; frames may be released on any. CUDA's current context stays what
 * it was.
 */
FR_API fr_status fr_av_cuda_wrap(fr_av_cuda *av, const fr_frame *frame, struct AVFrame *out);

/* Why the last wrap failed, in one sentence without an end; "" where it did not. Valid until the next call.
 */
FR_API const char *fr_av_cuda_reason(const fr_av_cuda *av);

/* Sets *av NULL; accepts NULL. Frames that were made stay as they are. */
FR_API void fr_av_cuda_destroy(fr_av_cuda **av);

#ifdef __cplusplus
}
#endif
#endif
