/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "fake_va_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_va fake;

__attribute__((constructor)) static void begin(void)
{
    fake.no_import = getenv("FAKE_VA_NO_IMPORT");
}

struct fake_va *fake_va(void)
{
    return &fake;
}

void fake_va_reset(void)
{
    fake = (struct fake_va){0};
}

static bool is_undone(struct fake_va_pair pair)
{
    return pair.made == pair.undone;
}

bool fake_va_balanced(void)
{
    return is_undone(fake.displays) && is_undone(fake.configs) && is_undone(fake.contexts) &&
           is_undone(fake.imports) && is_undone(fake.surfaces) && is_undone(fake.images) &&
           is_undone(fake.buffers) && is_undone(fake.maps);
}

bool fake_va_call(void)
{
    return ++fake.calls != fake.fail_call;
}

bool fake_va_expect(bool right, const char *what)
{
    if (!right && !fake.wrong)
        fake.wrong = what;
    return right;
}

/* ---- what libva wants every driver to have ---- */

static VAStatus not_there(void)
{
    return VA_STATUS_ERROR_UNIMPLEMENTED;
}

static VAStatus terminate(VADriverContextP context)
{
    (void)context;
    (void)fake_va_call();
    fake.displays.undone++;
    return VA_STATUS_SUCCESS;
}

static void fill_the_rest(struct VADriverVTable *table)
{
    VAStatus (*const missing)(void) = not_there;
#define MISSING(name) memcpy(&table->name, &missing, sizeof(missing))
    MISSING(vaQuerySurfaceStatus);
    MISSING(vaPutSurface);
    MISSING(vaDeriveImage);
    MISSING(vaSetImagePalette);
    MISSING(vaQuerySubpictureFormats);
    MISSING(vaCreateSubpicture);
    MISSING(vaDestroySubpicture);
    MISSING(vaSetSubpictureImage);
    MISSING(vaSetSubpictureChromakey);
    MISSING(vaSetSubpictureGlobalAlpha);
    MISSING(vaAssociateSubpicture);
    MISSING(vaDeassociateSubpicture);
    MISSING(vaQueryDisplayAttributes);
    MISSING(vaGetDisplayAttributes);
    MISSING(vaSetDisplayAttributes);
#undef MISSING
}

/* libva finds it by its name, of the oldest interface that has what is here. */
__attribute__((visibility("default"))) VAStatus __vaDriverInit_1_0(VADriverContextP context);
VAStatus __vaDriverInit_1_0(VADriverContextP context)
{
    if (!fake_va_call())
        return VA_STATUS_ERROR_OPERATION_FAILED;
    context->version_major = VA_MAJOR_VERSION;
    context->version_minor = VA_MINOR_VERSION;
    context->max_profiles = 8;
    context->max_entrypoints = 2;
    context->max_attributes = 16;
    context->max_image_formats = 2;
    context->max_subpic_formats = 1;
    context->max_display_attributes = 1;
    context->str_vendor = "framering's driver for tests";
    context->vtable->vaTerminate = terminate;
    fake_va_surface_functions(context->vtable);
    fake_va_buffer_functions(context->vtable);
    fake_va_encode_functions(context->vtable);
    fill_the_rest(context->vtable);
    fake.displays.made++;
    return VA_STATUS_SUCCESS;
}

/* ---- report ---- */

static void put_pair(FILE *file, const char *name, struct fake_va_pair pair)
{
    fprintf(file, ", \"%s\": [%u, %u]", name, pair.made, pair.undone);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("FAKE_VA_REPORT");
    FILE *file = path && fake.displays.made ? fopen(path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "{\"wrong\": \"%s\", \"frames\": %u, \"keyframes\": %u, \"dma_bufs\": %u, \"uploads\": %u",
            fake.wrong ? fake.wrong : "", fake.frames, fake.keyframes, fake.dma_bufs, fake.uploads);
    put_pair(file, "displays", fake.displays);
    put_pair(file, "configs", fake.configs);
    put_pair(file, "contexts", fake.contexts);
    put_pair(file, "imports", fake.imports);
    put_pair(file, "surfaces", fake.surfaces);
    put_pair(file, "images", fake.images);
    put_pair(file, "buffers", fake.buffers);
    put_pair(file, "maps", fake.maps);
    fprintf(file, "}\n");
    (void)fclose(file);
}
