/* SPDX-FileCopyrightText: The framering authors */
/* SPDX-License-Identifier: MIT */

/*
 * Compiles one text of shaders into variants, by the D3DCompile of the machine (Wine's will do).
 * usage: compile.exe TEXT OUT_FOLDER < list     list: lines of NAME TARGET MACRO...
 */
#define COBJMACROS
#include <windows.h>

#include <d3dcompiler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20, MACROS_MAX = 8 };

static char text[TEXT_MAX];

static int write_file(const char *folder, const char *name, ID3DBlob *blob)
{
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s.dxbc", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file)
        return 1;
    const size_t size = ID3D10Blob_GetBufferSize(blob);
    const size_t written = fwrite(ID3D10Blob_GetBufferPointer(blob), 1, size, file);
    return fclose(file) != 0 || written != size;
}

static int compile_line(char *line, size_t text_bytes, const char *folder)
{
    D3D_SHADER_MACRO macros[MACROS_MAX + 1] = {{0}};
    const char *name = strtok(line, " \r\n"), *target = strtok(NULL, " \r\n");
    for (int i = 0; i < MACROS_MAX; i++) {
        macros[i].Name = strtok(NULL, " \r\n");
        if (!macros[i].Name)
            break;
        macros[i].Definition = "1";
    }
    ID3DBlob *code = NULL, *messages = NULL;
    const HRESULT result =
        D3DCompile(text, text_bytes, "convert.hlsl", macros, NULL, "main", target, 0, 0, &code, &messages);
    if (result == S_OK)
        return write_file(folder, name, code);
    fprintf(stderr, "%s: 0x%08lx %s\n", name, (unsigned long)result,
            messages ? (const char *)ID3D10Blob_GetBufferPointer(messages) : "");
    return 1;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
    if (!file) {
        fprintf(stderr, "usage: compile TEXT OUT_FOLDER < list\n");
        return 2;
    }
    const size_t bytes = fread(text, 1, sizeof(text), file);
    fclose(file);
    int failed = 0;
    char line[256];
    while (fgets(line, sizeof(line), stdin))
        failed |= compile_line(line, bytes, argv[2]);
    return failed;
}
