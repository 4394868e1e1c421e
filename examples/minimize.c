/* Minimizing any differentiable function, without a net: the optimizers work on a plain vector.
   Rosenbrock's valley (1-x)^2 + 100 (y-x^2)^2 from (-1.2, 1); its minimum, 0, is at (1, 1). */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>

typedef struct { int calls, needed; double value; } valley;

/* the value at v and its gradient; needed: how many calls it took to a value of 1e-6 */
static double rosenbrock(void *user, const float *v, float *g)
{
    valley *u = (valley *)user;
    float a = 1 - v[0], b = v[1] - v[0] * v[0];
    g[0] = -2 * a - 400 * v[0] * b;
    g[1] = 200 * b;
    u->value = (double)(a * a + 100 * b * b);
    u->calls++;
    if (u->value <= 1e-6 && !u->needed) u->needed = u->calls;
    return u->value;
}

int main(void)
{
    static const mlp_opt_desc ways[] = { { .kind = MLP_OPT_SGD, .rate = 0.001f },
                                         { .kind = MLP_OPT_SGD, .rate = 0.0002f, .momentum = 0.95f, .nesterov = 1 },
                                         { .kind = MLP_OPT_ADAM, .rate = 0.01f }, { .kind = MLP_OPT_LBFGS } };
    static const char *const names[] = { "sgd", "nesterov", "adam", "lbfgs" };
    static const int steps[] = { 30000, 10000, 10000, 50 };
    size_t i;

    for (i = 0; i < sizeof ways / sizeof *ways; i++) {
        valley u = { 0 };
        float v[2] = { -1.2f, 1 };
        mlp_result r = mlp_minimize(&ways[i], 2, v, rosenbrock, &u, steps[i]);
        printf("%-9s %6d calls to 1e-6; (%.4f, %.4f), value %.1e after %d: %s\n", names[i], u.needed,
               (double)v[0], (double)v[1], u.value, u.calls, mlp_result_string(r));
        if (r) return 1;
    }
    return 0;
}
