/* MNIST from the bytes of its files: 47 MB stay 47 MB, since mlp_fit gets its rows from a function
   (mlp_data.read), a block at a time; as floats they would be 188 MB. Trains 784-128-10, or with "wide"
   784-512-512-10 with dropout, for 20 epochs, and tests once, at the end.

      mnist folder [seed [wide]]      the folder has train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-... */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 28 * 28, CLASSES = 10 };

typedef struct { unsigned char *pixels, *labels; size_t rows; } images;

static uint32_t number(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The bytes behind the header of an IDX file: magic, number of rows, and of images 28 and 28, each of 4 bytes. NULL:
   not such a file. *rows: 0, or what it has to be. */
static unsigned char *read_idx(const char *folder, const char *name, uint32_t magic, size_t size, size_t *rows)
{
    const size_t header = size > 1 ? 16 : 8;
    unsigned char head[16], *bytes = NULL;
    char path[1000];
    size_t n;
    FILE *f;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (f && fread(head, 1, header, f) == header && number(head) == magic
        && (size == 1 || (number(head + 8) == 28 && number(head + 12) == 28))) {
        n = number(head + 4);
        if ((*rows == 0 || n == *rows) && n > 0 && n <= 1000000) bytes = (unsigned char *)malloc(n * size);
        if (bytes && fread(bytes, size, n, f) != n) { free(bytes); bytes = NULL; }
        *rows = n;
    }
    if (!bytes) fprintf(stderr, "%s is not such a file of MNIST\n", path);
    if (f) fclose(f);
    return bytes;
}

static int read_images(const char *folder, const char *part, images *to)
{
    char name[100];
    snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
    to->pixels = read_idx(folder, name, 0x803, PIXELS, &to->rows);
    snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
    to->labels = to->pixels ? read_idx(folder, name, 0x801, 1, &to->rows) : NULL;
    return to->labels != NULL;
}

/* mlp_data.read: these n rows as floats in [0, 1], and their classes */
static int read_rows(void *user, const size_t *rows, size_t n, float *x, float *y, int *labels)
{
    const images *from = (const images *)user;
    size_t i, p;
    (void)y;
    for (i = 0; i < n; i++) {
        const unsigned char *pixels = from->pixels + rows[i] * PIXELS;
        for (p = 0; p < PIXELS; p++) x[i * PIXELS + p] = (float)pixels[p] / 255;
        labels[i] = from->labels[rows[i]];
    }
    return 0;
}

static int progress(void *user, const mlp_progress *p)
{
    (void)user;
    printf("epoch %2d of %d: loss %.4f\n", p->epoch, p->epochs, p->loss);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    const int wide = argc > 3 && strcmp(argv[3], "wide") == 0;
    mlp_error why = { .code = MLP_OK };
    mlp_desc desc = { .inputs = PIXELS, .layers = { { .units = 128, .dropout = 0.1f }, { .units = CLASSES } },
                      .loss = MLP_LOSS_CROSS_ENTROPY, .error = &why };
    mlp_fit_desc how = { .epochs = 20, .batch = 64, .on_epoch = progress,
                         .schedule = { .kind = MLP_SCHEDULE_COSINE } };
    images train = { 0 }, test = { 0 };
    mlp_data data = { .read = read_rows, .read_labels = 1, .user = &train, .error = &why };
    mlp_data unseen = { .read = read_rows, .read_labels = 1, .user = &test, .error = &why };
    mlp_metrics m = { 0 };
    mlp *net = NULL;
    mlp_result r = MLP_ERR_IO;

    if (wide) {
        desc.layers[0].units = 512, desc.layers[0].dropout = 0.3f;
        desc.layers[1] = desc.layers[0], desc.layers[2].units = CLASSES;
        how.batch = 128;
    }
    desc.seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (argc < 2) fprintf(stderr, "usage: mnist folder [seed [wide]]\n");
    else if (read_images(argv[1], "train", &train) && read_images(argv[1], "t10k", &test)) {
        data.rows = train.rows, unseen.rows = test.rows;
        r = mlp_create(&net, &desc);
        if (!r) r = mlp_fit(net, &data, &how);
        if (!r) r = mlp_evaluate(net, &unseen, &m);
        if (r) fprintf(stderr, "mlp: %s %s\n", mlp_result_string(r), why.text);
        else printf("test accuracy %.2f %%\n", 100 * m.accuracy);
    }
    mlp_destroy(net);
    free(train.pixels), free(train.labels), free(test.pixels), free(test.labels);
    return r != MLP_OK;
}
