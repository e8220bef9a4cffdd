/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef EXAMPLE_IDDCX_STANDIN_H
#define EXAMPLE_IDDCX_STANDIN_H

/*
 * A STAND-IN for <wdf.h> and <iddcx.h> of the Windows Driver Kit: just the names that this example uses, so
 * that it is compiled, and its swap-chain loop run against a fake, where there is no driver kit. A real
 * driver includes the kit's headers instead. Names, fields and their meaning are those of the published
 * interface (IddCx 1.10); the order of fields is not promised to be, nor is any other part of it here.
 */

#include <windows.h>

#ifndef COBJMACROS
#define COBJMACROS
#endif
#include <d3d11.h>
#include <dxgi.h>
#include <dxgicommon.h>
#include <dxgitype.h>

typedef LONG NTSTATUS;
#define STATUS_SUCCESS ((NTSTATUS)0)
#define STATUS_INSUFFICIENT_RESOURCES ((NTSTATUS)0xC000009A)
#define STATUS_NOT_FOUND ((NTSTATUS)0xC0000225)
#define STATUS_INVALID_DEVICE_REQUEST ((NTSTATUS)0xC0000010)
#undef STATUS_INVALID_PARAMETER
#define STATUS_INVALID_PARAMETER ((NTSTATUS)0xC000000D)
#define STATUS_GRAPHICS_INDIRECT_DISPLAY_ABANDON_SWAPCHAIN ((NTSTATUS)0xC01E0012)
#define NT_SUCCESS(status) ((status) >= 0)

/* ---- the driver framework ---- */

typedef HANDLE WDFOBJECT;
typedef struct WDFDEVICE__ *WDFDEVICE;
typedef struct WDFREQUEST__ *WDFREQUEST;
typedef struct WDFFILEOBJECT__ *WDFFILEOBJECT;

void WdfObjectDelete(WDFOBJECT object);
NTSTATUS WdfRequestRetrieveInputBuffer(WDFREQUEST request, size_t least_bytes, void **buffer, size_t *bytes);
NTSTATUS WdfRequestRetrieveOutputBuffer(WDFREQUEST request, size_t least_bytes, void **buffer, size_t *bytes);
WDFFILEOBJECT WdfRequestGetFileObject(WDFREQUEST request);
void WdfRequestCompleteWithInformation(WDFREQUEST request, NTSTATUS status, ULONG_PTR information);

/* ---- indirect displays ---- */

typedef struct IDDCX_ADAPTER__ *IDDCX_ADAPTER;
typedef struct IDDCX_MONITOR__ *IDDCX_MONITOR;
typedef struct IDDCX_SWAPCHAIN__ *IDDCX_SWAPCHAIN;

typedef struct IDARG_OUT_MONITORARRIVAL {
    LUID OsAdapterLuid;
    UINT OsTargetId;
} IDARG_OUT_MONITORARRIVAL;

NTSTATUS IddCxMonitorArrival(IDDCX_MONITOR monitor, IDARG_OUT_MONITORARRIVAL *out);
NTSTATUS IddCxMonitorDeparture(IDDCX_MONITOR monitor);

typedef struct IDARG_IN_SETSWAPCHAIN {
    IDDCX_SWAPCHAIN hSwapChain;
    HANDLE hNextSurfaceAvailable;
    LUID RenderAdapterLuid;
} IDARG_IN_SETSWAPCHAIN;

typedef struct IDARG_IN_SWAPCHAINSETDEVICE {
    IDXGIDevice *pDevice;
} IDARG_IN_SWAPCHAINSETDEVICE;

typedef struct IDDCX_HDR10_METADATA {
    USHORT RedPrimary[2], GreenPrimary[2], BluePrimary[2], WhitePoint[2]; /* steps of 0.00002 */
    USHORT MaxMasteringLuminance;                                         /* cd/m2 */
    USHORT MinMasteringLuminance;                                         /* 0.0001 cd/m2 */
    USHORT MaxContentLightLevel, MaxFrameAverageLightLevel;               /* cd/m2 */
} IDDCX_HDR10_METADATA;

typedef enum IDDCX_HDR10_FRAME_METADATA_TYPE {
    IDDCX_HDR10_FRAME_METADATA_TYPE_UNINITIALIZED = 0,
    IDDCX_HDR10_FRAME_METADATA_TYPE_DEFAULT = 1,
    IDDCX_HDR10_FRAME_METADATA_TYPE_UNCHANGED = 2,
    IDDCX_HDR10_FRAME_METADATA_TYPE_NEW = 3
} IDDCX_HDR10_FRAME_METADATA_TYPE;

typedef struct IDDCX_HDR10_FRAME_METADATA {
    IDDCX_HDR10_FRAME_METADATA_TYPE Type;
    IDDCX_HDR10_METADATA NewMetaData;
} IDDCX_HDR10_FRAME_METADATA;

typedef enum IDDCX_METADATA2_VALID_FLAGS {
    IDDCX_METADATA2_VALID_FLAGS_NONE = 0,
    IDDCX_METADATA2_VALID_FLAGS_HDR10METADATA = 1
} IDDCX_METADATA2_VALID_FLAGS;

typedef struct IDDCX_METADATA2 {
    UINT Size;
    IDDCX_METADATA2_VALID_FLAGS ValidFlags;
    UINT PresentationFrameNumber;
    UINT DirtyRectCount;
    BOOL HwProtectedSurface;
    UINT64 PresentDisplayQPCTime;
    IDXGIResource *pSurface;
    DXGI_COLOR_SPACE_TYPE SurfaceColorSpace;
    UINT SdrWhiteLevel; /* cd/m2 */
    IDDCX_HDR10_FRAME_METADATA Hdr10FrameMetaData;
} IDDCX_METADATA2;

typedef struct IDARG_IN_RELEASEANDACQUIREBUFFER2 {
    UINT Size;
    BOOL AcquireSystemMemoryBuffer;
} IDARG_IN_RELEASEANDACQUIREBUFFER2;

typedef struct IDARG_OUT_RELEASEANDACQUIREBUFFER2 {
    IDDCX_METADATA2 MetaData;
} IDARG_OUT_RELEASEANDACQUIREBUFFER2;

HRESULT IddCxSwapChainSetDevice(IDDCX_SWAPCHAIN swap_chain, const IDARG_IN_SWAPCHAINSETDEVICE *in);
HRESULT IddCxSwapChainReleaseAndAcquireBuffer2(IDDCX_SWAPCHAIN swap_chain,
                                               IDARG_IN_RELEASEANDACQUIREBUFFER2 *in,
                                               IDARG_OUT_RELEASEANDACQUIREBUFFER2 *out);
HRESULT IddCxSwapChainFinishedProcessingFrame(IDDCX_SWAPCHAIN swap_chain);

typedef struct IDARG_IN_GETDIRTYRECTS {
    UINT DirtyRectInCount;
    RECT *pDirtyRects;
} IDARG_IN_GETDIRTYRECTS;

typedef struct IDARG_OUT_GETDIRTYRECTS {
    UINT DirtyRectOutCount;
} IDARG_OUT_GETDIRTYRECTS;

HRESULT IddCxSwapChainGetDirtyRects(IDDCX_SWAPCHAIN swap_chain, const IDARG_IN_GETDIRTYRECTS *in,
                                    IDARG_OUT_GETDIRTYRECTS *out);

typedef enum IDDCX_DEFAULT_HDR_METADATA_TYPE {
    IDDCX_HDRMETADATA_TYPE_UNINITIALIZED = 0,
    IDDCX_HDRMETADATA_TYPE_HDR10 = 1
} IDDCX_DEFAULT_HDR_METADATA_TYPE;

typedef struct IDARG_IN_MONITOR_SET_DEFAULT_HDR_METADATA {
    IDDCX_DEFAULT_HDR_METADATA_TYPE Type;
    UINT Size;
    union {
        IDDCX_HDR10_METADATA *pHdr10;
    } Data;
} IDARG_IN_MONITOR_SET_DEFAULT_HDR_METADATA;

#endif
