/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIN32_FAKE_D3D11_OBJECT_H
#define TESTS_WIN32_FAKE_D3D11_OBJECT_H

/*
 * What all objects of the fake have in common. A face is what a pointer to an interface points to; an object
 * has one or more. All functions of interfaces run under one lock, so that the fake is as safe as a
 * device with its multithread protection on.
 */

#include "fake.h"

struct fake_object;
struct fake_device;

struct fake_face {
    const void *vtable;
    struct fake_object *object;
};

/* Which interface of an object a name asks for. */
struct fake_iid {
    const IID *iid;
    unsigned face;
    uint32_t hidden_by; /* FAKE_*: there is none */
};

struct fake_class {
    const char *name; /* of its first interface */
    const struct fake_iid *iids;
    size_t num_iids;
    void (*destroy)(struct fake_object *object); /* frees it */
};

enum { FAKE_FACES = 4 };

struct fake_object {
    struct fake_face face[FAKE_FACES];
    const struct fake_class *class_;
    uint32_t refs;              /* of the program */
    uint32_t holds;             /* of other objects: views hold textures, a context what is bound */
    struct fake_device *device; /* referenced while refs is not 0; NULL: belongs to none */
    struct fake_object *next, *previous;
};

void fake_enter(void);
void fake_leave(void);

/* With one reference, in the list of the living. */
void fake_object_init(struct fake_object *object, const struct fake_class *class_,
                      struct fake_device *device);
void fake_object_hold(struct fake_object *object);   /* accepts NULL */
void fake_object_unhold(struct fake_object *object); /* accepts NULL */
void fake_object_unlink(struct fake_object *object);
/* All references to what belongs to a device are forgotten. */
void fake_objects_die(struct fake_device *device);
/* Whatever lives is no longer counted. */
void fake_objects_forget(void);

/* The object behind an interface pointer; NULL for NULL. Not one of the fake's: ends the program. */
void *fake_object_of(const void *interface_pointer, const struct fake_class *class_);

HRESULT STDMETHODCALLTYPE fake_QueryInterface(void *self, REFIID iid, void **out);
ULONG STDMETHODCALLTYPE fake_AddRef(void *self);
ULONG STDMETHODCALLTYPE fake_Release(void *self);
void STDMETHODCALLTYPE fake_GetDevice(void *self, ID3D11Device **out);

#define FAKE_UNKNOWN(type)                                                                                   \
    .QueryInterface = (HRESULT(STDMETHODCALLTYPE *)(type *, REFIID, void **))fake_QueryInterface,            \
    .AddRef = (ULONG(STDMETHODCALLTYPE *)(type *))fake_AddRef,                                               \
    .Release = (ULONG(STDMETHODCALLTYPE *)(type *))fake_Release
#define FAKE_CHILD(type)                                                                                     \
    FAKE_UNKNOWN(type), .GetDevice = (void(STDMETHODCALLTYPE *)(type *, ID3D11Device **))fake_GetDevice

/* Fills what a table leaves out with functions that end the program; once for each table. */
void fake_vtable_fill(void *vtable, size_t bytes, const char *interface_name, const char *const *names);
#define FAKE_VTABLE_FILL(vtable, type) fake_vtable_fill(&(vtable), sizeof(vtable), #type, names_##type)

/* ---- script.c ---- */

bool fake_has(uint32_t option);
/* Notes a call that belongs to `device` (may be NULL). S_OK: go on; else what it is to return. */
HRESULT fake_call(struct fake_device *device, const char *method);
/* The same for a method that cannot fail. False: the device is gone, it does nothing. */
bool fake_call_void(struct fake_device *device, const char *method);
void fake_violation(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));
bool fake_stalls(void);

#endif
