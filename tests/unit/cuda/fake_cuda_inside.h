/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef FR_TEST_FAKE_CUDA_INSIDE_H
#define FR_TEST_FAKE_CUDA_INSIDE_H

/* The entry points that the fake has, and the names of those that FFmpeg looks for without calling them. */

#include "fake_cuda.h"

CUresult fake_cuda_not_faked(void);

tcuInit cuInit;
tcuDeviceGetCount cuDeviceGetCount;
tcuDeviceGet cuDeviceGet;
tcuDeviceGetUuid cuDeviceGetUuid;
tcuDeviceGetName cuDeviceGetName;
tcuDeviceComputeCapability cuDeviceComputeCapability;
tcuDeviceGetAttribute cuDeviceGetAttribute;
tcuGetErrorName cuGetErrorName;
tcuGetErrorString cuGetErrorString;
tcuCtxCreate_v2 cuCtxCreate_v2;
tcuCtxDestroy_v2 cuCtxDestroy_v2;
tcuCtxPushCurrent_v2 cuCtxPushCurrent_v2;
tcuCtxPopCurrent_v2 cuCtxPopCurrent_v2;
tcuCtxGetDevice cuCtxGetDevice;
tcuCtxSetLimit cuCtxSetLimit;
tcuMemAlloc_v2 cuMemAlloc_v2;
tcuMemAllocPitch_v2 cuMemAllocPitch_v2;
tcuMemFree_v2 cuMemFree_v2;
tcuImportExternalMemory cuImportExternalMemory;
tcuExternalMemoryGetMappedBuffer cuExternalMemoryGetMappedBuffer;
tcuDestroyExternalMemory cuDestroyExternalMemory;
tcuMemcpy2DAsync_v2 cuMemcpy2DAsync_v2;
tcuMemcpy2D_v2 cuMemcpy2D_v2;
tcuMemcpyDtoH_v2 cuMemcpyDtoH_v2;
tcuStreamSynchronize cuStreamSynchronize;
tcuStreamQuery cuStreamQuery;

#endif
