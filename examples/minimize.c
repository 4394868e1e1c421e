/* Gradient descent on any differentiable function, without a net: the optimizers work on a plain vector.
   Rosenbrock's valley (1-x)^2 + 100 (y-x^2)^2 from (-1.2, 1); its minimum, 0, is at (1, 1). */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>
#include <stdlib.h>

static float value(const float *v) { float a = 1 - v[0], b = v[1] - v[0] * v[0]; return a * a + 100 * b * b; }

static void gradient(const float *v, float *g)
{
    g[0] = -2 * (1 - v[0]) - 400 * v[0] * (v[1] - v[0] * v[0]);
    g[1] = 200 * (v[1] - v[0] * v[0]);
}

int main(void)
{
    static const mlp_opt_desc ways[] = { { .kind = MLP_OPT_SGD, .rate = 0.001f },
                                         { .kind = MLP_OPT_SGD, .rate = 0.0002f, .momentum = 0.95f, .nesterov = 1 },
                                         { .kind = MLP_OPT_ADAM, .rate = 0.01f } };
    static const char *const names[] = { "sgd", "nesterov", "adam" };
    size_t i;

    for (i = 0; i < sizeof ways / sizeof *ways; i++) {
        float v[2] = { -1.2f, 1 }, g[2];
        void *state = calloc(1, mlp_opt_state_size(&ways[i], 2));
        int step = 0;
        mlp_result r = state ? MLP_OK : MLP_ERR_MEMORY;
        while (!r && value(v) > 1e-6f && step < 100000) {
            gradient(v, g);
            r = mlp_opt_update(&ways[i], state, 2, v, g);
            step++;
        }
        printf("%-9s %6d steps to (%.4f, %.4f), value %.1e: %s\n", names[i], step, (double)v[0], (double)v[1], (double)value(v), mlp_result_string(r));
        free(state);
        if (r) return 1;
    }
    return 0;
}
