/* A regression with a loop of one's own: batches, the rate and when to stop are this program's. Heat lost by a
   wall from its area, thickness and the two temperatures: units of very different size, so the net scales inputs
   and targets. mlp_compute_gradients makes the gradient of any rows, mlp_step applies it; in between it may be
   looked at and changed. A part of the rows says when to stop, another how good the net is. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TRAIN = 800, STOP = 200, TEST = 200, ROWS = TRAIN + STOP + TEST };
enum { INPUTS = 4, BATCH = 20, PATIENCE = 20, MOST_EPOCHS = 400 };

static float x[ROWS][INPUTS], y[ROWS];                  /* m2, m, degrees inside, degrees outside; W */
static size_t order[TRAIN];
static uint64_t state = 1;

static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) / 9007199254740992.0;
}

static void measure_walls(void)
{
    int i;
    for (i = 0; i < ROWS; i++) {
        const double area = 5 + 45 * uniform(), thickness = 0.1 + 0.4 * uniform();
        const double in = 15 + 10 * uniform(), out = -20 + 40 * uniform();
        const double watts = 0.5 * area * (in - out) / (0.1 + thickness), error = 1 + 0.04 * (uniform() - 0.5);
        x[i][0] = (float)area, x[i][1] = (float)thickness, x[i][2] = (float)in, x[i][3] = (float)out;
        y[i] = (float)(watts * error);
    }
}

/* a new order of the rows to train on (Fisher-Yates) */
static void shuffle(void)
{
    size_t i, j, swap;
    for (i = TRAIN - 1; i > 0; i--) {
        j = (size_t)(uniform() * (double)(i + 1));
        swap = order[i], order[i] = order[j], order[j] = swap;
    }
}

/* one pass over the rows; *mean: the loss of its batches, each before its update */
static mlp_result epoch(mlp *net, const mlp_opt_desc *how, double *mean)
{
    float bx[BATCH][INPUTS], by[BATCH];
    mlp_data batch = { .rows = BATCH, .x = &bx[0][0], .y = by };
    size_t at, i;
    *mean = 0;
    shuffle();
    for (at = 0; at < TRAIN; at += BATCH) {
        double loss;
        mlp_result r;
        for (i = 0; i < BATCH; i++) memcpy(bx[i], x[order[at + i]], sizeof bx[i]), by[i] = y[order[at + i]];
        r = mlp_compute_gradients(net, &batch, &loss);
        if (!r) r = mlp_step(net, how);
        if (r) return r;
        *mean += loss * BATCH / TRAIN;
    }
    return MLP_OK;
}

int main(void)
{
    mlp_desc desc = { .inputs = INPUTS, .layers = { { .units = 24, .activation = MLP_ACT_TANH }, { .units = 1 } },
                      .input_scaling = MLP_SCALE_STANDARD, .target_scaling = MLP_SCALE_STANDARD };
    mlp_opt_desc how = { .kind = MLP_OPT_ADAM, .rate = 0.01f };
    const mlp_data train = { .rows = TRAIN, .x = &x[0][0], .y = y };
    const mlp_data stop = { .rows = STOP, .x = &x[TRAIN][0], .y = y + TRAIN };
    const mlp_data test = { .rows = TEST, .x = &x[TRAIN + STOP][0], .y = y + TRAIN + STOP };
    static float best_params[1000];
    static const float asked[] = { 20, 0.3f, 20, 0 };
    mlp_metrics m = { 0 };
    double loss = 0, best = INFINITY;
    int e, best_epoch = 0;
    float watts = 0, *params;
    size_t i, count;
    mlp *net = NULL;
    mlp_result r;

    measure_walls();
    for (i = 0; i < TRAIN; i++) order[i] = i;
    r = mlp_create(&net, &desc);
    if (!r) r = mlp_fit_scaling(net, &train);           /* of the rows to train on only */
    params = mlp_params(net, &count);
    if (!r && count > sizeof best_params / sizeof *best_params) r = MLP_ERR_TOO_BIG;
    for (e = 1; !r && e <= MOST_EPOCHS && e - best_epoch <= PATIENCE; e++) {
        if (e % 50 == 0) how.rate /= 2;
        r = epoch(net, &how, &loss);
        if (!r) r = mlp_evaluate(net, &stop, &m);
        if (r || m.loss >= best) continue;
        best = m.loss, best_epoch = e;
        memcpy(best_params, params, count * sizeof *params);
        if ((e & (e - 1)) == 0) printf("epoch %3d: loss %.5f, of the rows to stop by %.5f\n", e, loss, best);
    }
    if (!r) memcpy(params, best_params, count * sizeof *params);
    if (!r) r = mlp_evaluate(net, &test, &m);
    if (!r) r = mlp_predict(net, asked, 1, &watts);
    mlp_destroy(net);
    if (r) return fprintf(stderr, "mlp: %s\n", mlp_result_string(r)), 1;
    printf("best of %d epochs: %d\nrows of neither: R2 %.4f, mean error %.1f W\n", e - 1, best_epoch, m.r2, m.mae);
    printf("20 m2 of 0.3 m, 20 inside, 0 outside: %.0f W (formula: 500)\n", (double)watts);
    return 0;
}
