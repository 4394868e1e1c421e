/* Handwritten digits: trains 64-32-10 on four fifths of 1797 8x8 images, saves the model, loads it again and tests
   it on the other fifth. Usage: digits [seed [file.csv [model.safetensors]]]. The seed chooses the split, the
   weights and the order of rows. */
#define _POSIX_C_SOURCE 200112L                 /* isatty */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIXELS = 64, CLASSES = 10, ROWS = 2000, EPOCHS = 60 };

typedef struct { size_t rows; float x[ROWS * PIXELS]; int label[ROWS]; } digits;

static digits all, train, held_out;

/* rows of 64 pixels 0..16 and a class; pixels become 0..1 */
static int read_csv(const char *path, digits *d)
{
    FILE *f = fopen(path, "r");
    int pixel = 0, i;
    for (d->rows = 0; f && d->rows < ROWS; d->rows++) {
        for (i = 0; i < PIXELS && fscanf(f, "%d,", &pixel) == 1 && (unsigned)pixel <= 16; i++)
            d->x[d->rows * PIXELS + i] = (float)pixel / 16;
        if (i < PIXELS || fscanf(f, "%d", &d->label[d->rows]) != 1 || (unsigned)d->label[d->rows] >= CLASSES) break;
    }
    if (f) fclose(f);
    return d->rows > 0;
}

static void append(digits *to, const digits *from, size_t row)
{
    memcpy(to->x + to->rows * PIXELS, from->x + row * PIXELS, PIXELS * sizeof(float));
    to->label[to->rows++] = from->label[row];
}

/* of each class, in an order drawn from the seed, every fifth row is held out */
static void split(unsigned long seed)
{
    static size_t order[ROWS];
    size_t seen[CLASSES] = { 0 }, i, j, swap;
    uint64_t state = seed * 2 + 1;
    for (i = 0; i < all.rows; i++) {            /* Fisher-Yates */
        order[i] = i;
        state = state * 6364136223846793005u + 1442695040888963407u;
        j = (size_t)(state >> 33) % (i + 1);
        swap = order[j]; order[j] = order[i]; order[i] = swap;
    }
    for (i = 0; i < all.rows; i++) append(seen[all.label[order[i]]]++ % 5 == 4 ? &held_out : &train, &all, order[i]);
}

static int progress(void *user, const mlp_progress *p)
{
    const int stays = *(int *)user;             /* on the same line of a terminal */
    printf("%sepoch %2d of %d: loss %.4f%s", stays ? "\r" : "", p->epoch, p->epochs, p->loss,
           stays && p->epoch < p->epochs ? "" : "\n");
    fflush(stdout);
    return 0;
}

static int largest(const float *p)
{
    int best = 0, c;
    for (c = 1; c < CLASSES; c++) if (p[c] > p[best]) best = c;
    return best;
}

/* an image beside the probabilities of the ten digits */
static void draw(const float *x, const float *p)
{
    int row, c;
    for (row = 0; row < CLASSES; row++) {
        for (c = 0; c < 8; c++) {
            const char shade = row < 8 ? " .:-=+*#@"[(int)(x[row * 8 + c] * 8)] : ' ';
            printf("%c%c", shade, shade);
        }
        printf("   %d %5.1f %% %.*s\n", row, 100 * (double)p[row], (int)(p[row] * 30 + 0.5f),
               "##############################");
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    mlp_desc desc = { .inputs = PIXELS, .layers = { { .units = 32 }, { .units = CLASSES } },
                      .loss = MLP_LOSS_CROSS_ENTROPY };
    mlp_fit_desc how = { .epochs = EPOCHS, .opt = { .rate = 0.003f }, .on_epoch = progress };
    mlp_data data = { .x = train.x, .labels = train.label };
    static float p[ROWS * CLASSES];
    int confusion[CLASSES][CLASSES] = { { 0 } }, terminal = isatty(1), right = 0, t, c;
    const char *model = argc > 3 ? argv[3] : "digits.safetensors";
    mlp_save_desc save = { .test_input = held_out.x };       /* goes with the model and is checked by mlp_load */
    mlp *net = NULL, *loaded = NULL;
    mlp_result r;
    size_t i;

    desc.seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    how.user = &terminal;
    if (!read_csv(argc > 2 ? argv[2] : "examples/data/digits.csv", &all))
        return fprintf(stderr, "cannot read the digits\n"), 2;
    split((unsigned long)desc.seed);
    data.rows = train.rows;
    r = mlp_create(&net, &desc);
    if (!r) r = mlp_fit(net, &data, &how);
    if (!r) r = mlp_save(net, model, &save);
    if (!r) r = mlp_load(&loaded, model, NULL);
    if (!r) r = mlp_predict(loaded, held_out.x, held_out.rows, p);
    mlp_destroy(net);
    mlp_destroy(loaded);
    if (r) return fprintf(stderr, "mlp: %s\n", mlp_result_string(r)), 1;

    for (i = 0; i < held_out.rows; i++) {
        confusion[held_out.label[i]][largest(p + i * CLASSES)]++;
        right += held_out.label[i] == largest(p + i * CLASSES);
    }
    printf("\n");
    for (i = 0; i < 3; i++) draw(held_out.x + i * PIXELS, p + i * CLASSES);
    printf("true \\ predicted\n     ");
    for (c = 0; c < CLASSES; c++) printf("%4d", c);
    for (t = 0; t < CLASSES; t++)
        for (printf("\n%5d", t), c = 0; c < CLASSES; c++) printf("%4d", confusion[t][c]);
    printf("\n\n%s kernels, %zu rows trained, %zu held out, model in %s\ntest accuracy %.1f %%\n", mlp_simd_name(),
           train.rows, held_out.rows, model, 100.0 * right / (double)held_out.rows);
    return 0;
}
