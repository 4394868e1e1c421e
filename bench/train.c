/* A training program of the size of MNIST for make bench-builds: 784-128-10, 60,000 rows seen, as 10 epochs over 6,000
   rows that are made in memory: ten random images under as much noise. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>

enum { PIXELS = 784, CLASSES = 10, ROWS = 6000 };

static float x[ROWS * PIXELS], images[CLASSES * PIXELS];
static int labels[ROWS];

static float uniform(void)
{
    static uint32_t state = 1;
    state = state * 1664525u + 1013904223u;
    return (float)(state >> 8) / 16777216.0f;
}

int main(void)
{
    mlp_desc desc = { .inputs = PIXELS, .layers = { { .units = 128 }, { .units = CLASSES } },
                      .loss = MLP_LOSS_CROSS_ENTROPY };
    mlp_fit_desc how = { .epochs = 10, .batch = 32 };
    mlp_data data = { .rows = ROWS, .x = x, .labels = labels };
    mlp_metrics metrics = { 0 };
    mlp *net = NULL;
    mlp_result r;
    size_t i, j;
    for (i = 0; i < CLASSES * PIXELS; i++) images[i] = uniform();
    for (i = 0; i < ROWS; i++) {
        labels[i] = (int)(i % CLASSES);
        for (j = 0; j < PIXELS; j++) x[i * PIXELS + j] = (images[i % CLASSES * PIXELS + j] + uniform()) / 2;
    }
    r = mlp_create(&net, &desc);
    if (!r) r = mlp_fit(net, &data, &how);
    if (!r) r = mlp_evaluate(net, &data, &metrics);
    mlp_destroy(net);
    printf("%s kernels: %s, loss %.6f, accuracy %.4f\n",
           mlp_simd_name(), mlp_result_string(r), metrics.loss, metrics.accuracy);
    return r != MLP_OK || metrics.accuracy < 0.9;
}
