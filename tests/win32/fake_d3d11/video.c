/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "device.h"

#include "fake_names.h"

#include <stdlib.h>

struct enumerator {
    struct fake_object object;
    D3D11_VIDEO_PROCESSOR_CONTENT_DESC content;
};

struct processor {
    struct fake_object object;
    struct enumerator *enumerator; /* held */
    bool auto_processing;
    bool has_source, has_dest, has_target;
    RECT source, dest, target;
    DXGI_COLOR_SPACE_TYPE stream_space, output_space;
};

static void destroy_enumerator(struct fake_object *object)
{
    free(object);
}

static void destroy_processor(struct fake_object *object)
{
    struct processor *processor = (struct processor *)object;
    fake_object_unhold(&processor->enumerator->object);
    free(processor);
}

#define IIDS(name, type)                                                                                     \
    static const struct fake_iid name##_iids[] = {{&IID_IUnknown, 0, 0}, {&IID_##type, 0, 0}}
IIDS(enumerator, ID3D11VideoProcessorEnumerator);
IIDS(processor, ID3D11VideoProcessor);
IIDS(input, ID3D11VideoProcessorInputView);
IIDS(output, ID3D11VideoProcessorOutputView);

static const struct fake_class enumerator_class = {"ID3D11VideoProcessorEnumerator", enumerator_iids, 2,
                                                   destroy_enumerator};
static const struct fake_class processor_class = {"ID3D11VideoProcessor", processor_iids, 2,
                                                  destroy_processor};
static const struct fake_class input_class = {"ID3D11VideoProcessorInputView", input_iids, 2,
                                              fake_view_destroy};
static const struct fake_class output_class = {"ID3D11VideoProcessorOutputView", output_iids, 2,
                                               fake_view_destroy};

/* ---- the enumerator and the processor ---- */

static HRESULT STDMETHODCALLTYPE enumerator_CheckVideoProcessorFormat(ID3D11VideoProcessorEnumerator *self,
                                                                      DXGI_FORMAT format, UINT *flags)
{
    const struct enumerator *enumerator = fake_object_of(self, &enumerator_class);
    *flags = 0;
    const HRESULT result =
        fake_call(enumerator->object.device, "ID3D11VideoProcessorEnumerator::CheckVideoProcessorFormat");
    if (format == DXGI_FORMAT_B8G8R8A8_UNORM || format == DXGI_FORMAT_R8G8B8A8_UNORM)
        *flags = D3D11_VIDEO_PROCESSOR_FORMAT_SUPPORT_INPUT;
    if (format == DXGI_FORMAT_NV12)
        *flags = D3D11_VIDEO_PROCESSOR_FORMAT_SUPPORT_OUTPUT;
    return result;
}

static ID3D11VideoProcessorEnumeratorVtbl enumerator_vtable = {
    FAKE_CHILD(ID3D11VideoProcessorEnumerator),
    .CheckVideoProcessorFormat = enumerator_CheckVideoProcessorFormat,
};
static ID3D11VideoProcessorVtbl processor_vtable = {FAKE_CHILD(ID3D11VideoProcessor)};
static ID3D11VideoProcessorInputViewVtbl input_vtable = {FAKE_CHILD(ID3D11VideoProcessorInputView)};
static ID3D11VideoProcessorOutputViewVtbl output_vtable = {FAKE_CHILD(ID3D11VideoProcessorOutputView)};

static struct fake_device *device_of(const void *self)
{
    return fake_object_of(self, &fake_device_class);
}

static HRESULT STDMETHODCALLTYPE
device_CreateVideoProcessorEnumerator(ID3D11VideoDevice *self, const D3D11_VIDEO_PROCESSOR_CONTENT_DESC *desc,
                                      ID3D11VideoProcessorEnumerator **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11VideoDevice::CreateVideoProcessorEnumerator");
    struct enumerator *enumerator = result == S_OK ? calloc(1, sizeof(*enumerator)) : NULL;
    if (!enumerator)
        return result == S_OK ? E_OUTOFMEMORY : result;
    enumerator->content = *desc;
    enumerator->object.face[0].vtable = &enumerator_vtable;
    fake_object_init(&enumerator->object, &enumerator_class, device_of(self));
    *out = (ID3D11VideoProcessorEnumerator *)&enumerator->object.face[0];
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE device_CreateVideoProcessor(ID3D11VideoDevice *self,
                                                             ID3D11VideoProcessorEnumerator *enumerator,
                                                             UINT rate, ID3D11VideoProcessor **out)
{
    (void)rate;
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11VideoDevice::CreateVideoProcessor");
    struct processor *processor = result == S_OK ? calloc(1, sizeof(*processor)) : NULL;
    if (!processor)
        return result == S_OK ? E_OUTOFMEMORY : result;
    processor->enumerator = fake_object_of(enumerator, &enumerator_class);
    fake_object_hold(&processor->enumerator->object);
    processor->auto_processing = true;
    processor->object.face[0].vtable = &processor_vtable;
    fake_object_init(&processor->object, &processor_class, device_of(self));
    *out = (ID3D11VideoProcessor *)&processor->object.face[0];
    return S_OK;
}

static HRESULT make_view(struct fake_device *device, const struct fake_class *class_, const void *vtable,
                         ID3D11Resource *resource, ID3D11VideoProcessorEnumerator *enumerator, void **out)
{
    struct fake_texture *texture = fake_object_of(resource, &fake_texture_class);
    struct fake_view *view = calloc(1, sizeof(*view));
    if (!view)
        return E_OUTOFMEMORY;
    view->texture = texture;
    view->format = texture->desc.Format;
    view->enumerator = fake_object_of(enumerator, &enumerator_class);
    fake_object_hold(&texture->object);
    fake_object_hold(view->enumerator);
    view->object.face[0].vtable = vtable;
    fake_object_init(&view->object, class_, device);
    *out = &view->object.face[0];
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE device_CreateVideoProcessorInputView(
    ID3D11VideoDevice *self, ID3D11Resource *resource, ID3D11VideoProcessorEnumerator *enumerator,
    const D3D11_VIDEO_PROCESSOR_INPUT_VIEW_DESC *desc, ID3D11VideoProcessorInputView **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11VideoDevice::CreateVideoProcessorInputView");
    if (result != S_OK)
        return result;
    if (desc->ViewDimension != D3D11_VPIV_DIMENSION_TEXTURE2D || desc->FourCC)
        return E_INVALIDARG;
    return make_view(device_of(self), &input_class, &input_vtable, resource, enumerator, (void **)out);
}

static HRESULT STDMETHODCALLTYPE device_CreateVideoProcessorOutputView(
    ID3D11VideoDevice *self, ID3D11Resource *resource, ID3D11VideoProcessorEnumerator *enumerator,
    const D3D11_VIDEO_PROCESSOR_OUTPUT_VIEW_DESC *desc, ID3D11VideoProcessorOutputView **out)
{
    *out = NULL;
    const HRESULT result = fake_call(device_of(self), "ID3D11VideoDevice::CreateVideoProcessorOutputView");
    const struct fake_texture *texture = fake_object_of(resource, &fake_texture_class);
    if (result != S_OK)
        return result;
    if (desc->ViewDimension != D3D11_VPOV_DIMENSION_TEXTURE2D ||
        !(texture->desc.BindFlags & D3D11_BIND_RENDER_TARGET)) {
        fake_violation("an output view of a texture that is no render target");
        return E_INVALIDARG;
    }
    return make_view(device_of(self), &output_class, &output_vtable, resource, enumerator, (void **)out);
}

ID3D11VideoDeviceVtbl fake_video_device_vtable = {
    FAKE_UNKNOWN(ID3D11VideoDevice),
    .CreateVideoProcessor = device_CreateVideoProcessor,
    .CreateVideoProcessorInputView = device_CreateVideoProcessorInputView,
    .CreateVideoProcessorOutputView = device_CreateVideoProcessorOutputView,
    .CreateVideoProcessorEnumerator = device_CreateVideoProcessorEnumerator,
};

/* ---- the context ---- */

static struct processor *processor_of(ID3D11VideoProcessor *processor)
{
    return fake_object_of(processor, &processor_class);
}

static void STDMETHODCALLTYPE context_SetOutputTargetRect(ID3D11VideoContext1 *self,
                                                          ID3D11VideoProcessor *processor, WINBOOL on,
                                                          const RECT *rect)
{
    (void)self;
    processor_of(processor)->has_target = on;
    processor_of(processor)->target = *rect;
}

static void STDMETHODCALLTYPE context_SetStreamFrameFormat(ID3D11VideoContext1 *self,
                                                           ID3D11VideoProcessor *processor, UINT stream,
                                                           D3D11_VIDEO_FRAME_FORMAT format)
{
    (void)self, (void)processor;
    if (stream || format != D3D11_VIDEO_FRAME_FORMAT_PROGRESSIVE)
        fake_violation("a stream that is not progressive");
}

static void STDMETHODCALLTYPE context_SetStreamSourceRect(ID3D11VideoContext1 *self,
                                                          ID3D11VideoProcessor *processor, UINT stream,
                                                          WINBOOL on, const RECT *rect)
{
    (void)self, (void)stream;
    processor_of(processor)->has_source = on;
    processor_of(processor)->source = *rect;
}

static void STDMETHODCALLTYPE context_SetStreamDestRect(ID3D11VideoContext1 *self,
                                                        ID3D11VideoProcessor *processor, UINT stream,
                                                        WINBOOL on, const RECT *rect)
{
    (void)self, (void)stream;
    processor_of(processor)->has_dest = on;
    processor_of(processor)->dest = *rect;
}

static void STDMETHODCALLTYPE context_SetStreamAutoProcessingMode(ID3D11VideoContext1 *self,
                                                                  ID3D11VideoProcessor *processor,
                                                                  UINT stream, WINBOOL on)
{
    (void)self, (void)stream;
    processor_of(processor)->auto_processing = on;
}

static void STDMETHODCALLTYPE context_SetStreamColorSpace1(ID3D11VideoContext1 *self,
                                                           ID3D11VideoProcessor *processor, UINT stream,
                                                           DXGI_COLOR_SPACE_TYPE space)
{
    (void)self, (void)stream;
    processor_of(processor)->stream_space = space;
}

static void STDMETHODCALLTYPE context_SetOutputColorSpace1(ID3D11VideoContext1 *self,
                                                           ID3D11VideoProcessor *processor,
                                                           DXGI_COLOR_SPACE_TYPE space)
{
    (void)self;
    processor_of(processor)->output_space = space;
}

static bool is_whole(bool set, const RECT *rect, const struct fake_texture *texture)
{
    return set && rect->left == 0 && rect->top == 0 && rect->right == (LONG)texture->desc.Width &&
           rect->bottom == (LONG)texture->desc.Height;
}

static void blt(const struct processor *processor, struct fake_texture *to, const struct fake_texture *from)
{
    if (processor->auto_processing || processor->stream_space != DXGI_COLOR_SPACE_RGB_FULL_G22_NONE_P709 ||
        processor->output_space != DXGI_COLOR_SPACE_YCBCR_STUDIO_G22_LEFT_P709)
        fake_violation("VideoProcessorBlt in other colours than ours");
    if (!is_whole(processor->has_source, &processor->source, from) ||
        !is_whole(processor->has_dest, &processor->dest, to) ||
        !is_whole(processor->has_target, &processor->target, to))
        fake_violation("VideoProcessorBlt of less than all");
    const fr_convert_params params = {
        .from = (fr_format)from->desc.Format,
        .to = (fr_format)to->desc.Format,
        .width = from->desc.Width,
        .height = from->desc.Height,
    };
    if (fake_texture_usable(from, "VideoProcessorBlt") && fake_texture_usable(to, "VideoProcessorBlt"))
        fake_convert(from, to, 2, &params, NULL);
}

static HRESULT STDMETHODCALLTYPE context_VideoProcessorBlt(ID3D11VideoContext1 *self,
                                                           ID3D11VideoProcessor *pointer,
                                                           ID3D11VideoProcessorOutputView *out, UINT frame,
                                                           UINT count,
                                                           const D3D11_VIDEO_PROCESSOR_STREAM *streams)
{
    (void)frame;
    const struct fake_object *context = fake_object_of(self, &fake_context_class);
    const struct processor *processor = processor_of(pointer);
    fake_enter();
    HRESULT result = fake_call(context->device, "ID3D11VideoContext::VideoProcessorBlt");
    if (result == S_OK && fake_has(FAKE_VIDEO_FAILS))
        result = E_FAIL;
    if (result == S_OK) {
        const struct fake_view *to = fake_object_of(out, &output_class);
        const struct fake_view *from = fake_object_of(streams[0].pInputSurface, &input_class);
        if (count != 1 || !streams[0].Enable || to->enumerator != &processor->enumerator->object ||
            from->enumerator != &processor->enumerator->object)
            fake_violation("VideoProcessorBlt with views of another processor");
        else
            blt(processor, to->texture, from->texture);
    }
    fake_leave();
    return result;
}

ID3D11VideoContext1Vtbl fake_video_context_vtable = {
    FAKE_CHILD(ID3D11VideoContext1),
    .VideoProcessorSetOutputTargetRect = context_SetOutputTargetRect,
    .VideoProcessorSetStreamFrameFormat = context_SetStreamFrameFormat,
    .VideoProcessorSetStreamSourceRect = context_SetStreamSourceRect,
    .VideoProcessorSetStreamDestRect = context_SetStreamDestRect,
    .VideoProcessorSetStreamAutoProcessingMode = context_SetStreamAutoProcessingMode,
    .VideoProcessorSetStreamColorSpace1 = context_SetStreamColorSpace1,
    .VideoProcessorSetOutputColorSpace1 = context_SetOutputColorSpace1,
    .VideoProcessorBlt = context_VideoProcessorBlt,
};

void fake_video_init(void)
{
    FAKE_VTABLE_FILL(enumerator_vtable, ID3D11VideoProcessorEnumerator);
    FAKE_VTABLE_FILL(processor_vtable, ID3D11VideoProcessor);
    FAKE_VTABLE_FILL(input_vtable, ID3D11VideoProcessorInputView);
    FAKE_VTABLE_FILL(output_vtable, ID3D11VideoProcessorOutputView);
    FAKE_VTABLE_FILL(fake_video_device_vtable, ID3D11VideoDevice);
    FAKE_VTABLE_FILL(fake_video_context_vtable, ID3D11VideoContext1);
}
