/* A fuzz target (libFuzzer): any bytes as a model file are an error, or a net that predicts, learns and can be saved;
   never more memory than 4 times the file, besides the net itself. The first byte chooses how they are loaded. Built
   with FUZZ_SEEDS it is a program that writes the files to begin with into a folder: fuzz_seeds FOLDER. */
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include <stdio.h>
#include <stdlib.h>

enum { FUZZ_HOW = 5 };

/* *desc: one of 1 to 3 layers of 1 to 4 units, for the last choice */
static mlp_load_desc fuzz_how(unsigned char choice, mlp_desc *desc, mlp_error *error)
{
    mlp_load_desc how;
    int l;
    memset(&how, 0, sizeof how);
    how.error = error;
    how.checkpoint = choice % FUZZ_HOW == 1;
    if (choice % FUZZ_HOW == 2) how.hidden = MLP_ACT_TANH;
    if (choice % FUZZ_HOW == 3) how.output = MLP_ACT_SOFTMAX;
    memset(desc, 0, sizeof *desc);
    desc->inputs = 1 + choice / FUZZ_HOW % 4;
    for (l = 0; l <= choice / FUZZ_HOW % 3; l++) desc->layers[l].units = desc->inputs;
    if (choice % FUZZ_HOW == 4) how.desc = desc;
    return how;
}

#ifndef FUZZ_SEEDS

static size_t fuzz_now, fuzz_peak;

static void *fuzz_alloc(void *user, size_t size)
{
    size_t *p = (size_t *)malloc(size + 16);
    (void)user;
    if (!p) return NULL;
    *p = size;
    fuzz_now += size;
    if (fuzz_now > fuzz_peak) fuzz_peak = fuzz_now;
    return (char *)p + 16;
}

static void fuzz_free(void *user, void *p)
{
    size_t *block = (size_t *)(void *)((char *)p - 16);
    (void)user;
    fuzz_now -= *block;
    free(block);
}

static void fuzz_must(int condition) { if (!condition) abort(); }

/* a step of training, if the net is small */
static void fuzz_learn(mlp *net, const float *x, size_t outputs)
{
    float y[64] = { 0 };
    mlp_data data;
    mlp_fit_desc how;
    memset(&data, 0, sizeof data);
    memset(&how, 0, sizeof how);
    data.rows = 1;
    data.x = x;
    data.y = y;
    how.epochs = 1;
    if (outputs <= 64) (void)mlp_fit(net, &data, &how);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static float x[4096], y[4096];
    mlp_error error;
    mlp_desc desc;
    mlp_load_desc how = fuzz_how(size ? bytes[0] : 0, &desc, &error);
    mlp_result r;
    mlp *net;
    how.allocator.alloc = fuzz_alloc;
    how.allocator.free = fuzz_free;
    fuzz_now = fuzz_peak = 0;
    r = mlp_load_memory(&net, bytes + (size > 0), size - (size > 0), &how);
    fuzz_must(!r == (net != NULL) && error.code == r);
    fuzz_must(how.checkpoint || fuzz_peak <= 4 * size + 2 * sizeof(mlp) + 4096);
    if (net) {
        const mlp_desc *d = mlp_get_desc(net);
        mlp_save_desc save;
        mlp *again = NULL;
        unsigned char *file;
        size_t n, outputs = net->outputs;
        memset(&save, 0, sizeof save);
        save.checkpoint = how.checkpoint;
        if (d->inputs <= 4096 && outputs <= 4096) {
            fuzz_must(mlp_predict(net, x, 1, y) == MLP_OK);
            fuzz_learn(net, x, outputs);
        }
        /* what loads can be saved, and loads again */
        fuzz_must(mlp_save_memory(net, NULL, &n, &save) == MLP_OK && n > 0);
        file = (unsigned char *)malloc(n);
        fuzz_must(file && mlp_save_memory(net, file, &n, &save) == MLP_OK);
        how = fuzz_how((unsigned char)how.checkpoint, &desc, &error);
        fuzz_must(mlp_load_memory(&again, file, n, &how) == MLP_OK);
        mlp_destroy(again);
        free(file);
    }
    mlp_destroy(net);
    fuzz_must(fuzz_now == 0);
    return 0;
}

#else

static int fuzz_write(const char *folder, int number, unsigned char choice, const void *bytes, size_t size)
{
    char path[512];
    FILE *f;
    snprintf(path, sizeof path, "%s/seed%d", folder, number);
    f = fopen(path, "wb");
    return f && fputc(choice, f) != EOF && fwrite(bytes, 1, size, f) == size && fclose(f) == 0;
}

int main(int argc, char **argv)
{
    static const float x[] = { 1, -1, 0.5f, 2 }, y[] = { 1, 0 };
    static const char foreign[] =
        "\103\0\0\0\0\0\0\0{\"net.0.weight\":{\"dtype\":\"F16\",\"shape\":[1,2],\"data_offsets\":[0,4]}}\0\74\0\300";
    int n = 0, i;
    for (i = 0; argc > 1 && i < 4; i++) {
        mlp_desc d;
        mlp_data data;
        mlp_save_desc save;
        mlp *net;
        unsigned char file[4096];
        size_t size;
        memset(&d, 0, sizeof d);
        memset(&data, 0, sizeof data);
        memset(&save, 0, sizeof save);
        d.inputs = 2;
        d.layers[0].units = 3;
        d.layers[0].activation = i % 2 ? MLP_ACT_ELU : MLP_ACT_GELU;
        d.layers[1].units = 1;
        d.loss = i % 2 ? MLP_LOSS_HUBER : MLP_LOSS_BINARY_CROSS_ENTROPY;
        data.rows = 2;
        data.x = x;
        data.y = y;
        save.test_input = i == 2 ? x : NULL;
        save.checkpoint = i == 1;
        if (mlp_create(&net, &d) || mlp_fit(net, &data, NULL)) return 1;
        size = sizeof file;
        if (mlp_save_memory(net, file, &size, &save) || !fuzz_write(argv[1], n++, (unsigned char)i, file, size))
            return 1;
        mlp_destroy(net);
    }
    return !(n == 4 && fuzz_write(argv[1], n, 2, foreign, sizeof foreign - 1));
}

#endif
