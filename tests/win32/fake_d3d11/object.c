/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "object.h"

#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fake_object *living;
static INIT_ONCE lock_once = INIT_ONCE_STATIC_INIT;
static CRITICAL_SECTION lock;

static BOOL CALLBACK make_lock(INIT_ONCE *once, void *argument, void **context)
{
    (void)once, (void)argument, (void)context;
    InitializeCriticalSection(&lock);
    return TRUE;
}

void fake_enter(void)
{
    InitOnceExecuteOnce(&lock_once, make_lock, NULL, NULL);
    EnterCriticalSection(&lock);
}

void fake_leave(void)
{
    LeaveCriticalSection(&lock);
}

void fake_object_init(struct fake_object *object, const struct fake_class *class_, struct fake_device *device)
{
    object->class_ = class_;
    object->refs = 1;
    object->device = device;
    for (size_t i = 0; i < FAKE_FACES; i++)
        object->face[i].object = object;
    if (device)
        fake_AddRef(&device->object.face[0]);
    fake_enter();
    object->next = living;
    object->previous = NULL;
    if (living)
        living->previous = object;
    living = object;
    fake_leave();
}

void fake_object_unlink(struct fake_object *object)
{
    if (object->previous)
        object->previous->next = object->next;
    else
        living = object->next;
    if (object->next)
        object->next->previous = object->previous;
}

static void destroy_if_unused(struct fake_object *object)
{
    if (object->refs || object->holds)
        return;
    fake_object_unlink(object);
    object->class_->destroy(object);
}

void fake_object_hold(struct fake_object *object)
{
    if (object)
        object->holds++;
}

void fake_object_unhold(struct fake_object *object)
{
    if (!object)
        return;
    object->holds--;
    destroy_if_unused(object);
}

void *fake_object_of(const void *interface_pointer, const struct fake_class *class_)
{
    const struct fake_face *face = interface_pointer;
    if (!face)
        return NULL;
    if (face->object->class_ != class_) {
        fprintf(stderr, "fake: a %s was passed where a %s is wanted\n", face->object->class_->name,
                class_->name);
        abort();
    }
    return face->object;
}

HRESULT STDMETHODCALLTYPE fake_QueryInterface(void *self, REFIID iid, void **out)
{
    struct fake_object *object = ((struct fake_face *)self)->object;
    *out = NULL;
    for (size_t i = 0; i < object->class_->num_iids; i++) {
        const struct fake_iid *entry = &object->class_->iids[i];
        if (!IsEqualGUID(iid, entry->iid) || fake_has(entry->hidden_by))
            continue;
        /* A face that this object has not, a keyed mutex of a texture that has none. */
        if (!object->face[entry->face].vtable)
            continue;
        fake_AddRef(self);
        *out = &object->face[entry->face];
        return S_OK;
    }
    return E_NOINTERFACE;
}

ULONG STDMETHODCALLTYPE fake_AddRef(void *self)
{
    struct fake_object *object = ((struct fake_face *)self)->object;
    fake_enter();
    const ULONG refs = ++object->refs;
    if (refs == 1 && object->device) /* found again through a hold */
        fake_AddRef(&object->device->object.face[0]);
    fake_leave();
    return refs;
}

ULONG STDMETHODCALLTYPE fake_Release(void *self)
{
    struct fake_object *object = ((struct fake_face *)self)->object;
    fake_enter();
    struct fake_device *device = object->device;
    if (!object->refs)
        fake_violation("a %s was released once too often", object->class_->name);
    const ULONG refs = --object->refs;
    if (!refs) {
        destroy_if_unused(object);
        if (device)
            fake_Release(&device->object.face[0]);
    }
    fake_leave();
    return refs;
}

void STDMETHODCALLTYPE fake_GetDevice(void *self, ID3D11Device **out)
{
    struct fake_object *object = ((struct fake_face *)self)->object;
    *out = (ID3D11Device *)&object->device->object.face[0];
    fake_AddRef(*out);
}

static struct fake_object *first_of(const struct fake_device *device)
{
    struct fake_object *object = living;
    while (object && (object->device != device || !object->refs))
        object = object->next;
    return object;
}

void fake_objects_die(struct fake_device *device)
{
    for (struct fake_object *object; (object = first_of(device));) {
        object->refs = 0;
        destroy_if_unused(object);
    }
}

void fake_objects_forget(void)
{
    living = NULL;
}

uint32_t fake_live_of(const char *interface_name)
{
    uint32_t count = 0;
    fake_enter();
    for (const struct fake_object *object = living; object; object = object->next)
        if (!interface_name || !strcmp(object->class_->name, interface_name))
            count++;
    fake_leave();
    return count;
}

uint32_t fake_live(void)
{
    const uint32_t count = fake_live_of(NULL);
    fake_enter();
    for (const struct fake_object *object = living; object; object = object->next)
        fprintf(stderr, "fake: alive: %s, %u references, %u holds\n", object->class_->name, object->refs,
                object->holds);
    fake_leave();
    return count;
}

/* ---- what a table leaves out ---- */

static const char *const *name_of(const void *vtable, const char **interface_name);

static void missing(const void *self, unsigned index)
{
    const struct fake_face *face = self;
    const char *interface_name = "?";
    const char *const *names = name_of(face->vtable, &interface_name);
    fprintf(stderr, "fake: %s::%s is not there yet\n", interface_name, names ? names[index] : "?");
    fflush(stderr);
    abort();
}

#define STUB(n)                                                                                              \
    static HRESULT STDMETHODCALLTYPE stub_##n(void *self)                                                    \
    {                                                                                                        \
        missing(self, n);                                                                                    \
        return E_NOTIMPL;                                                                                    \
    }
#define STUBS(x)                                                                                             \
    STUB(x##0)                                                                                               \
    STUB(x##1) STUB(x##2) STUB(x##3) STUB(x##4) STUB(x##5) STUB(x##6) STUB(x##7) STUB(x##8) STUB(x##9)
#define NAMES(x)                                                                                             \
    stub_##x##0, stub_##x##1, stub_##x##2, stub_##x##3, stub_##x##4, stub_##x##5, stub_##x##6, stub_##x##7,  \
        stub_##x##8, stub_##x##9

STUB(0)
STUB(1)
STUB(2)
STUB(3)
STUB(4)
STUB(5)
STUB(6)
STUB(7)
STUB(8)
STUB(9)
STUBS(1)
STUBS(2) STUBS(3) STUBS(4) STUBS(5) STUBS(6) STUBS(7) STUBS(8) STUBS(9) STUBS(10) STUBS(11) STUBS(12)
    STUBS(13) STUBS(14)

        typedef HRESULT STDMETHODCALLTYPE stub_fn(void *self);

static stub_fn *const stubs[] = {
    stub_0,   stub_1,   stub_2,   stub_3,    stub_4,    stub_5,    stub_6,    stub_7,
    stub_8,   stub_9,   NAMES(1), NAMES(2),  NAMES(3),  NAMES(4),  NAMES(5),  NAMES(6),
    NAMES(7), NAMES(8), NAMES(9), NAMES(10), NAMES(11), NAMES(12), NAMES(13), NAMES(14),
};

enum { TABLES_MAX = 32 };

static struct table {
    const void *vtable;
    const char *interface_name;
    const char *const *names;
} tables[TABLES_MAX];

static const char *const *name_of(const void *vtable, const char **interface_name)
{
    for (size_t i = 0; i < TABLES_MAX; i++)
        if (tables[i].vtable == vtable) {
            *interface_name = tables[i].interface_name;
            return tables[i].names;
        }
    return NULL;
}

void fake_vtable_fill(void *vtable, size_t bytes, const char *interface_name, const char *const *names)
{
    stub_fn **slots = vtable;
    fake_enter();
    for (size_t i = 0; i < bytes / sizeof(*slots); i++)
        if (!slots[i])
            slots[i] = stubs[i];
    for (size_t i = 0; i < TABLES_MAX; i++)
        if (!tables[i].vtable || tables[i].vtable == vtable) {
            tables[i] = (struct table){vtable, interface_name, names};
            break;
        }
    fake_leave();
}
