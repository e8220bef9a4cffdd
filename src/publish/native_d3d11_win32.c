/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */
#include "publish/native.h"

#include "backend/cpu/cpu.h"
#include "backend/d3d11/d3d11.h"

fr_status fr_source_native_backends(struct fr_source_env *env, const fr_source_params *params)
{
    const fr_d3d11_source_params *d3d11 = params->d3d11;
    fr_status status = fr_cpu_source_create(&env->backend[1], env->os);
    if (status < 0 || !d3d11 || !d3d11->device)
        return status;
    env->acquire_wait_ns = d3d11->acquire_wait_ms * FR_NS_PER_MS;
    return fr_d3d11_source_create(&env->backend[0], d3d11, &params->log);
}

static const struct fr_backend_source *find_backend(const fr_source *source)
{
    for (size_t i = 0; i < FR_SOURCE_BACKENDS; i++)
        if (source->env.backend[i].ops && fr_d3d11_source_is(&source->env.backend[i]))
            return &source->env.backend[i];
    return NULL;
}

fr_status fr_source_push_d3d11(fr_source *source, struct ID3D11Texture2D *texture,
                               const fr_publish_info *info)
{
    if (!source || !texture)
        return FR_ERR_ARGUMENT;
    const struct fr_backend_source *backend = find_backend(source);
    if (!backend)
        return FR_ERR_UNSUPPORTED;
    if (!fr_source_takes_frames(source))
        return FR_AGAIN;
    struct fr_ring_shape shape;
    fr_d3d11_texture_describe(texture, &shape.width, &shape.height, &shape.format);
    if (!fr_source_fits(source, shape.width, shape.height, shape.format))
        return FR_AGAIN;
    fr_slot slot;
    fr_status status = fr_source_begin(source, &slot);
    if (status == FR_OK) {
        status = fr_d3d11_source_fill(backend, texture, &slot);
        if (status == FR_OK)
            status = fr_source_publish(source, info);
        else
            fr_source_cancel(source);
    }
    return backend->ops->is_lost(backend->self) ? FR_ERR_DEVICE_LOST : status;
}
