/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <string.h>

/* A bound for a driver that never says no. */
enum { ADAPTERS_MAX = 64, OUTPUTS_MAX = 64 };

static WCHAR upper(WCHAR c)
{
    return c >= L'a' && c <= L'z' ? (WCHAR)(c - L'a' + L'A') : c;
}

static bool same(const WCHAR *a, const char *b)
{
    while (*a && upper(*a) == upper((WCHAR)(unsigned char)*b)) {
        a++;
        b++;
    }
    return !*a && !*b;
}

bool fr_desktop_output_is(const WCHAR *name, const char *wanted)
{
    static const WCHAR device[] = L"\\\\.\\", display[] = L"DISPLAY";
    if (same(name, wanted))
        return true;
    if (wcsncmp(name, device, wcslen(device)) != 0)
        return false;
    name += wcslen(device);
    if (same(name, wanted))
        return true;
    return !wcsncmp(name, display, wcslen(display)) && same(name + wcslen(display), wanted);
}

/* Nothing for what is no number of cd/m2. */
static uint32_t in_parts(float nits, float parts)
{
    return nits > 0.0F && nits <= 10000.0F ? (uint32_t)(nits * parts + 0.5F) : 0;
}

static void read_light(fr_desktop_output *out)
{
    DXGI_OUTPUT_DESC1 desc;
    IDXGIOutput6 *output = fr_com_query(out->output, &IID_IDXGIOutput6);
    if (output && IDXGIOutput6_GetDesc1(output, &desc) == S_OK) {
        out->hdr = desc.ColorSpace == DXGI_COLOR_SPACE_RGB_FULL_G2084_NONE_P2020;
        out->max_luminance_millinits = in_parts(desc.MaxLuminance, 1000.0F);
        out->max_full_frame_millinits = in_parts(desc.MaxFullFrameLuminance, 1000.0F);
        out->min_luminance_tenthmillinits = in_parts(desc.MinLuminance, 10000.0F);
    }
    fr_com_release(output);
}

static fr_turn turn_of(DXGI_MODE_ROTATION rotation)
{
    switch (rotation) {
    case DXGI_MODE_ROTATION_ROTATE90: return FR_TURN_90;
    case DXGI_MODE_ROTATION_ROTATE180: return FR_TURN_180;
    case DXGI_MODE_ROTATION_ROTATE270: return FR_TURN_270;
    case DXGI_MODE_ROTATION_IDENTITY:
    case DXGI_MODE_ROTATION_UNSPECIFIED: break;
    }
    return FR_TURN_0;
}

static void describe(fr_desktop_output *out, const DXGI_OUTPUT_DESC *desc)
{
    memcpy(out->name, desc->DeviceName, sizeof(out->name));
    out->name[31] = 0;
    for (size_t i = 0; i < sizeof(out->text); i++)
        out->text[i] = out->name[i] < 0x7f ? (char)out->name[i] : '?';
    out->width = (uint32_t)(desc->DesktopCoordinates.right - desc->DesktopCoordinates.left);
    out->height = (uint32_t)(desc->DesktopCoordinates.bottom - desc->DesktopCoordinates.top);
    out->turn = turn_of(desc->Rotation);
    read_light(out);
}

static bool is_wanted(const DXGI_OUTPUT_DESC *desc, const char *wanted)
{
    if (!desc->AttachedToDesktop)
        return false;
    return wanted ? fr_desktop_output_is(desc->DeviceName, wanted)
                  : !desc->DesktopCoordinates.left && !desc->DesktopCoordinates.top;
}

/* Takes references to both when it is the one. S_FALSE: it is not. */
static HRESULT check_output(fr_desktop_output *out, IDXGIAdapter1 *adapter, IDXGIOutput *output,
                            const char *wanted)
{
    DXGI_OUTPUT_DESC desc;
    DXGI_ADAPTER_DESC1 adapter_desc;
    HRESULT result = IDXGIOutput_GetDesc(output, &desc);
    if (result == S_OK && !is_wanted(&desc, wanted))
        return S_FALSE;
    if (result == S_OK)
        result = IDXGIAdapter1_GetDesc1(adapter, &adapter_desc);
    if (result != S_OK)
        return result;
    IDXGIAdapter1_AddRef(adapter);
    IDXGIOutput_AddRef(output);
    out->adapter = adapter;
    out->output = output;
    out->luid = adapter_desc.AdapterLuid;
    describe(out, &desc);
    return S_OK;
}

/* DXGI_ERROR_NOT_FOUND: it has no such output. */
static HRESULT search_adapter(fr_desktop_output *out, IDXGIAdapter1 *adapter, const char *wanted)
{
    for (UINT i = 0; i < OUTPUTS_MAX; i++) {
        IDXGIOutput *output;
        HRESULT result = IDXGIAdapter1_EnumOutputs(adapter, i, &output);
        if (result != S_OK)
            return result;
        result = check_output(out, adapter, output, wanted);
        IDXGIOutput_Release(output);
        if (result != S_FALSE)
            return result;
    }
    return DXGI_ERROR_NOT_FOUND;
}

HRESULT fr_desktop_output_open(fr_desktop_output *out, IDXGIFactory1 *factory, const char *wanted)
{
    /* One adapter's failure counts only when no other one has the output. */
    HRESULT failure = DXGI_ERROR_NOT_FOUND;
    *out = (fr_desktop_output){0};
    for (UINT i = 0; i < ADAPTERS_MAX; i++) {
        IDXGIAdapter1 *adapter;
        HRESULT result = IDXGIFactory1_EnumAdapters1(factory, i, &adapter);
        if (result == DXGI_ERROR_NOT_FOUND)
            break;
        if (result != S_OK)
            return result;
        result = search_adapter(out, adapter, wanted);
        IDXGIAdapter1_Release(adapter);
        if (result == S_OK)
            return S_OK;
        if (result != DXGI_ERROR_NOT_FOUND)
            failure = result;
    }
    return failure;
}

void fr_desktop_output_close(fr_desktop_output *output)
{
    fr_com_release(output->output);
    fr_com_release(output->adapter);
    *output = (fr_desktop_output){0};
}

fr_display_descriptor fr_desktop_output_describe(const fr_desktop_output *output, bool fp16,
                                                 uint32_t refresh_mhz, uint32_t sdr_white_millinits)
{
    fr_display_descriptor display = {
        .mode = {output->width, output->height, refresh_mhz},
        .colour_state = FR_COLOUR_STATE_SDR,
        .format = fp16 ? FR_FORMAT_RGBA16F : FR_FORMAT_BGRA8,
    };
    /* Windows composes in FP16 for wide colour in SDR too; and where it hands out BGRA8 of an HDR display, it
     * has made SDR of it. */
    if (fp16 && output->hdr) {
        display.colour_state = FR_COLOUR_STATE_HDR;
        display.sdr_white_millinits = sdr_white_millinits;
        display.max_luminance_millinits = output->max_luminance_millinits;
        display.max_full_frame_millinits = output->max_full_frame_millinits;
        display.min_luminance_tenthmillinits = output->min_luminance_tenthmillinits;
    } else if (fp16) {
        display.colour_state = FR_COLOUR_STATE_SDR_WCG;
    }
    return display;
}
