/* Backpropagation by hand, to check one's own derivation with: one row through the 2-3-2 of the three-layer
   walk-through (S4), sigmoids and C = sum (a-y)^2. Prints z, a and delta of each layer and the gradients by the
   four equations of "Gradient descent and backpropagation" (S2), in the two passes of S5, beside those of
   mlp_get_gradients. o is the elementwise product. Ends with 1 when a number differs by more than 1e-6. In memory
   the weights of so small a layer are S5's Omega, [inputs][units]; mlp_get_weights speaks [units][inputs]. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <math.h>
#include <stdio.h>

enum { LAYERS = 2, WIDEST = 3 };

static const int width[LAYERS + 1] = { 2, 3, 2 };

/* layer 0 is the row itself; of the others W [units][inputs], as l counts from 1 */
static double w[LAYERS + 1][WIDEST][WIDEST], b[LAYERS + 1][WIDEST];
static double z[LAYERS + 1][WIDEST], a[LAYERS + 1][WIDEST], delta[LAYERS + 1][WIDEST];
static double worst;
static int wrong;

static double slope(double s) { return s * (1 - s); }           /* of the sigmoid, from its value */

static void print(const char *name, int layer, const double *v, int n)
{
    int i;
    printf("%s%d =", name, layer);
    for (i = 0; i < n; i++) printf(" %10.7f", v[i]);
    printf("\n");
}

/* z = W a + b, a = g(z), from the first layer to the last */
static void forward(void)
{
    int l, i, j;
    for (l = 1; l <= LAYERS; l++)
        for (i = 0; i < width[l]; i++) {
            for (z[l][i] = b[l][i], j = 0; j < width[l - 1]; j++) z[l][i] += w[l][i][j] * a[l - 1][j];
            a[l][i] = 1 / (1 + exp(-z[l][i]));
        }
}

/* BP1 at the last layer, BP2 from each layer to the one before */
static void backward(const double *y)
{
    int l, i, j;
    for (i = 0; i < width[LAYERS]; i++)                         /* BP1: delta = dC/da o g'(z), dC/da = 2 (a-y) */
        delta[LAYERS][i] = 2 * (a[LAYERS][i] - y[i]) * slope(a[LAYERS][i]);
    for (l = LAYERS - 1; l >= 1; l--)                           /* BP2: delta = (W^T delta of the next layer) o g'(z) */
        for (j = 0; j < width[l]; j++) {
            double sum = 0;
            for (i = 0; i < width[l + 1]; i++) sum += w[l + 1][i][j] * delta[l + 1][i];
            delta[l][j] = sum * slope(a[l][j]);
        }
}

static void compare(const char *name, int layer, int i, int j, double ours, float library)
{
    const double difference = fabs(ours - (double)library);
    if (j >= 0) printf("dC/d%s%d[%d][%d] = %10.7f  %10.7f\n", name, layer, i, j, ours, (double)library);
    else printf("dC/d%s%d[%d]    = %10.7f  %10.7f\n", name, layer, i, ours, (double)library);
    if (difference > worst) worst = difference;
    if (!(difference <= 1e-6)) wrong = 1;
}

int main(void)
{
    static const float x[] = { 0.5f, -1 }, y[] = { 1, 0 };
    static const double target[] = { 1, 0 };
    const mlp_layer sigmoids = { .activation = MLP_ACT_SIGMOID, .initializer = MLP_INIT_PYTORCH };     /* biases, too */
    mlp_desc desc = { .inputs = 2, .layers = { sigmoids, sigmoids }, .reduction = MLP_REDUCE_SUM };
    mlp_data row = { .rows = 1, .x = x, .y = y };
    mlp *net = NULL;
    double loss = 0, own = 0;
    int l, i, j;
    mlp_result r;

    for (l = 1; l <= LAYERS; l++) desc.layers[l - 1].units = width[l];
    r = mlp_create(&net, &desc);
    if (!r) r = mlp_compute_gradients(net, &row, &loss);
    for (l = 1; !r && l <= LAYERS; l++) {
        float lw[WIDEST * WIDEST], lb[WIDEST];
        r = mlp_get_weights(net, l - 1, lw, lb);
        for (i = 0; !r && i < width[l]; i++) {
            for (b[l][i] = (double)lb[i], j = 0; j < width[l - 1]; j++) w[l][i][j] = (double)lw[i * width[l - 1] + j];
        }
    }
    for (i = 0; i < width[0]; i++) a[0][i] = (double)x[i];
    forward();
    backward(target);
    print("a", 0, a[0], width[0]);
    for (l = 1; l <= LAYERS; l++) print("z", l, z[l], width[l]), print("a", l, a[l], width[l]);
    for (l = LAYERS; l >= 1; l--) print("delta", l, delta[l], width[l]);
    for (i = 0; i < width[LAYERS]; i++) own += (a[LAYERS][i] - target[i]) * (a[LAYERS][i] - target[i]);
    printf("C = %.7f, mlp.h %.7f\n                by hand       mlp.h\n", own, loss);
    for (l = 1; !r && l <= LAYERS; l++) {
        float gw[WIDEST * WIDEST], gb[WIDEST];
        r = mlp_get_gradients(net, l - 1, gw, gb);
        for (i = 0; !r && i < width[l]; i++) {
            for (j = 0; j < width[l - 1]; j++)                  /* BP4: dC/dW = delta (a of the layer before)^T */
                compare("w", l, i, j, delta[l][i] * a[l - 1][j], gw[i * width[l - 1] + j]);
            compare("b", l, i, -1, delta[l][i], gb[i]);         /* BP3: dC/db = delta */
        }
    }
    mlp_destroy(net);
    printf("largest difference %.1e: %s\n", worst, mlp_result_string(r));
    return r != MLP_OK || wrong || !(fabs(own - loss) <= 1e-6);
}
