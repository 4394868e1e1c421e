/* Whether subnormal numbers slow training down: half of a layer's units die when there is state of them, 20,000
   steps go by in which that only decays, and the last 1,000 may take 5 % more time than the first 1,000 (CPU
   time, the fastest 50 steps of each in five runs). For each optimizer with state. Ends with 1 when one takes
   more. */
#define _POSIX_C_SOURCE 200112L
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>
#include <stdlib.h>
#include "measure.h"

enum { INPUTS = 64, UNITS = 256, OUTPUTS = 10, ROWS = 16, STEPS = 20000, BLOCK = 50, PART = 1000, RUNS = 5 };

static float x[ROWS * INPUTS];
static int labels[ROWS];

static void check(mlp_result r)
{
    if (!r) return;
    fprintf(stderr, "subnormals: %s\n", mlp_result_string(r));
    exit(2);
}

static void step(mlp *net, const mlp_opt_desc *how)
{
    const mlp_data data = { .rows = ROWS, .x = x, .labels = labels };
    check(mlp_compute_gradients(net, &data, NULL));
    check(mlp_step(net, how));
}

/* every other unit gives 0 for any input: its gradient is 0 from now on */
static void kill_units(mlp *net)
{
    float b[UNITS];
    int i;
    check(mlp_get_weights(net, 0, NULL, b));
    for (i = 0; i < UNITS; i += 2) b[i] = -1e6f;
    check(mlp_set_weights(net, 0, NULL, b));
}

/* seconds of the fastest block of the first thousand steps and of the last: those that it had, or less */
static void measure(const mlp_opt_desc *how, double *first, double *last)
{
    const mlp_desc desc = { .inputs = INPUTS, .layers = { { .units = UNITS }, { .units = OUTPUTS } },
                            .loss = MLP_LOSS_CROSS_ENTROPY };
    mlp *net;
    int s, i;
    check(mlp_create(&net, &desc));
    for (s = 0; s < 20; s++) step(net, how);
    kill_units(net);
    for (s = 0; s < STEPS; s += BLOCK) {
        double seconds = measure_thread();
        for (i = 0; i < BLOCK; i++) step(net, how);
        seconds = measure_thread() - seconds;
        if (s < PART && seconds < *first) *first = seconds;
        if (s >= STEPS - PART && seconds < *last) *last = seconds;
    }
    mlp_destroy(net);
}

int main(void)
{
    static const struct { const char *name; mlp_opt_desc how; } ways[] = {
        { "momentum", { .kind = MLP_OPT_SGD, .momentum = 0.9f } }, { "adagrad", { .kind = MLP_OPT_ADAGRAD } },
        { "rmsprop", { .kind = MLP_OPT_RMSPROP } }, { "adam", { .kind = MLP_OPT_ADAM } },
        { "adamw", { .kind = MLP_OPT_ADAMW } }, { "rprop", { .kind = MLP_OPT_RPROP } }
    };
    size_t w, i;
    int slow = 0, run;
    for (i = 0; i < sizeof x / sizeof *x; i++) x[i] = (float)(i * 7919 % 1000) / 500 - 1;
    for (i = 0; i < ROWS; i++) labels[i] = (int)i % OUTPUTS;
    for (w = 0; w < sizeof ways / sizeof *ways; w++) {
        double first = 1, last = 1;
        for (run = 0; run < RUNS; run++) measure(&ways[w].how, &first, &last);
        printf("%-9s %8.0f ns a step, %.3f of that after %d%s\n", ways[w].name, 1e9 * first / BLOCK, last / first,
               STEPS, last > 1.05 * first ? ": SLOWER" : "");
        slow |= last > 1.05 * first;
    }
    return slow;
}
