/* The whole net in double precision with plain loops: the oracle of all tests. Written from the formulas, sharing
   nothing with the library but its public types. Weights are [units][inputs].

   Beside each gradient stands its bound: the same gradient computed with absolute values, which the rounding errors of
   a float computation of depth L and sums of k terms stay below in units of c L k 2^-24. The majorant of a is
   |a| + |g'| z_abs, for the error that z brings along; that of g' is |g'| + max|g''| z_abs. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "../mlp.h"
#include "test.h"

typedef struct {
    mlp_desc desc;                                      /* resolved */
    int layers;
    size_t units[MLP_MAX_LAYERS + 1];                   /* units[0]: inputs */
    double *w[MLP_MAX_LAYERS], *b[MLP_MAX_LAYERS];      /* b: zeros without bias */
} ref_net;

typedef struct {
    double *w[MLP_MAX_LAYERS], *b[MLP_MAX_LAYERS];
    double *w_abs[MLP_MAX_LAYERS], *b_abs[MLP_MAX_LAYERS];
} ref_gradient;

/* a row's way through the net */
typedef struct {
    double *z[MLP_MAX_LAYERS], *a[MLP_MAX_LAYERS + 1], *dz[MLP_MAX_LAYERS];              /* a[0]: the input */
    double *z_abs[MLP_MAX_LAYERS], *a_abs[MLP_MAX_LAYERS + 1], *dz_abs[MLP_MAX_LAYERS];
} ref_pass;

static inline double *ref_doubles(size_t n)
{
    double *p = (double *)calloc(n ? n : 1, sizeof(double));
    if (!p) { printf("reference: out of memory\n"); exit(2); }
    return p;
}

/* where the weight from input i to output o stands: panels of 16 outputs, the last one ragged */
static inline size_t gemm_weight(size_t in, size_t out, size_t i, size_t o)
{
    const size_t panel = o / 16 * 16, width = out - panel < 16 ? out - panel : 16;
    return panel * in + i * width + o % 16;
}

/* ---- activations: value, slope, largest |slope of the slope|, how far z is from a place where the slope jumps ---- */

#define REF_PI 3.14159265358979323846

static inline double ref_sigmoid(double z) { return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z)); }
static inline double ref_softplus(double z) { return fmax(z, 0) + log1p(exp(-fabs(z))); }
static inline double ref_clamp(double z, double low, double high) { return z < low ? low : z > high ? high : z; }
static inline double ref_alpha(const mlp_layer *l) { return l->alpha < 0 ? 0 : (double)l->alpha; }
static inline double ref_gelu_tanh_u(double z) { return sqrt(2 / REF_PI) * (z + 0.044715 * z * z * z); }

static const double ref_selu_alpha = 1.6732632423543772, ref_selu_scale = 1.0507009873554805;

/* of z and alpha; a curvature of 0: pieces of straight lines, data keeps away from their ends */
typedef double ref_function(double z, double alpha);
typedef struct { ref_function *value, *slope, *curvature, *kink; } ref_activation;

#define REF_F(name, z, alpha, expression) \
    static inline double name(double z, double alpha) { (void)z; (void)alpha; return expression; }
#define REF_ACTIVATION(name, value, slope, curvature, kink) \
    REF_F(ref_##name##_value, z, alpha, value) REF_F(ref_##name##_slope, z, alpha, slope) \
    REF_F(ref_##name##_curvature, z, alpha, curvature) REF_F(ref_##name##_kink, z, alpha, kink)

REF_ACTIVATION(identity, z, 1, 0, INFINITY)
REF_ACTIVATION(sigmoid, ref_sigmoid(z), ref_sigmoid(z) * ref_sigmoid(-z), 0.1, INFINITY)
REF_ACTIVATION(tanh, tanh(z), 1 / (cosh(z) * cosh(z)), 0.77, INFINITY)
REF_ACTIVATION(relu, z < 0 ? 0 : z, z > 0, 0, fabs(z))
REF_ACTIVATION(leaky_relu, z < 0 ? alpha * z : z, z > 0 ? 1 : alpha, 0, fabs(z))
REF_ACTIVATION(elu, z < 0 ? alpha * expm1(z) : z, z > 0 ? 1 : alpha * exp(z), alpha, fabs(z))
REF_ACTIVATION(selu, ref_selu_scale * (z < 0 ? ref_selu_alpha * expm1(z) : z),
               ref_selu_scale * (z > 0 ? 1 : ref_selu_alpha * exp(z)), 1.76, fabs(z))
REF_ACTIVATION(gelu, z * 0.5 * erfc(-z / sqrt(2)),
               0.5 * erfc(-z / sqrt(2)) + z * exp(-0.5 * z * z) / sqrt(2 * REF_PI), 0.81, INFINITY)
REF_ACTIVATION(gelu_tanh, 0.5 * z * (1 + tanh(ref_gelu_tanh_u(z))),
               0.5 * (1 + tanh(ref_gelu_tanh_u(z))) + 0.5 * z * (1 - pow(tanh(ref_gelu_tanh_u(z)), 2))
               * sqrt(2 / REF_PI) * (1 + 3 * 0.044715 * z * z), 0.81, INFINITY)
REF_ACTIVATION(silu, z * ref_sigmoid(z), ref_sigmoid(z) * (1 + z * ref_sigmoid(-z)), 0.51, INFINITY)
REF_ACTIVATION(softplus, ref_softplus(z), ref_sigmoid(z), 0.26, INFINITY)
REF_ACTIVATION(softsign, z / (1 + fabs(z)), 1 / ((1 + fabs(z)) * (1 + fabs(z))), 2, INFINITY)
REF_ACTIVATION(hard_sigmoid, ref_clamp(z / 6 + 0.5, 0, 1), fabs(z) < 3 ? 1.0 / 6 : 0, 0, fabs(fabs(z) - 3))
REF_ACTIVATION(hard_tanh, ref_clamp(z, -1, 1), fabs(z) < 1, 0, fabs(fabs(z) - 1))
REF_ACTIVATION(mish, z * tanh(ref_softplus(z)),
               tanh(ref_softplus(z)) + z * ref_sigmoid(z) * (1 - pow(tanh(ref_softplus(z)), 2)), 0.7, INFINITY)
REF_ACTIVATION(sin, sin(z), cos(z), 1, INFINITY)
REF_ACTIVATION(gaussian, exp(-z * z), -2 * z * exp(-z * z), 2, INFINITY)

/* Every row of the library's table: one without a twin above does not compile. */
#define REF_ONE(NAME, name, ...) + 1
#define REF_KIND(NAME, name, ...) MLP_ACT_##NAME,
#define REF_TWIN(NAME, name, ...) { ref_##name##_value, ref_##name##_slope, ref_##name##_curvature, ref_##name##_kink },
enum { REF_ACTIVATIONS = 0 MLP__ACTIVATIONS(REF_ONE) };
/* all that work on single elements */
static const mlp_activation ref_activations[REF_ACTIVATIONS] = { MLP__ACTIVATIONS(REF_KIND) };
static const ref_activation ref_twins[REF_ACTIVATIONS] = { MLP__ACTIVATIONS(REF_TWIN) };

static inline const ref_activation *ref_twin(const mlp_layer *l)
{
    int i;
    for (i = 0; i < REF_ACTIVATIONS; i++) if (ref_activations[i] == l->activation) return &ref_twins[i];
    printf("reference: activation %d\n", (int)l->activation);
    exit(2);
}

static inline double ref_value(const mlp_layer *l, double z) { return ref_twin(l)->value(z, ref_alpha(l)); }
static inline double ref_slope(const mlp_layer *l, double z) { return ref_twin(l)->slope(z, ref_alpha(l)); }
static inline double ref_curvature(const mlp_layer *l)
{
    return l->activation == MLP_ACT_SOFTMAX ? 0 : ref_twin(l)->curvature(0, ref_alpha(l));
}

static inline double ref_kink(const mlp_layer *l, double z)
{
    return l->activation == MLP_ACT_SOFTMAX ? INFINITY : ref_twin(l)->kink(z, ref_alpha(l));
}

/* ---- losses of one output: value, slope with respect to a, its majorant, how far a is from a kink ---- */

typedef double ref_loss_function(double z, double a, double y, double delta);
typedef struct { ref_loss_function *value, *slope, *majorant, *kink; } ref_loss_twin;

#define REF_G(name, expression) static inline double name(double z, double a, double y, double delta) \
    { (void)z; (void)a; (void)y; (void)delta; return expression; }
#define REF_LOSS(name, value, slope, majorant, kink) \
    REF_G(ref_##name##_loss, value) REF_G(ref_##name##_loss_slope, slope) \
    REF_G(ref_##name##_loss_majorant, majorant) REF_G(ref_##name##_loss_kink, kink)

REF_LOSS(squared, (a - y) * (a - y), 2 * (a - y), 2 * (a + fabs(y)), INFINITY)
REF_LOSS(half_squared, 0.5 * (a - y) * (a - y), a - y, a + fabs(y), INFINITY)
REF_LOSS(absolute, fabs(a - y), (a > y) - (a < y), 1, fabs(a - y))
REF_LOSS(huber, fabs(a - y) <= delta ? 0.5 * (a - y) * (a - y) : delta * (fabs(a - y) - 0.5 * delta),
         ref_clamp(a - y, -delta, delta), a + fabs(y) + delta, INFINITY)
REF_LOSS(logistic, ref_softplus(-y * a), -y * ref_sigmoid(-y * a), fabs(y) * (1 + fabs(y) * a), INFINITY)
REF_LOSS(hinge, fmax(0, 1 - y * a), 1 - y * a > 0 ? -y : 0, fabs(y), fabs(1 - y * a))
REF_LOSS(margin, fmax(0, y - a), y > a ? -1 : 0, 1, fabs(a - y))
REF_LOSS(binary_cross_entropy, -y * log(ref_sigmoid(z)) - (1 - y) * log(ref_sigmoid(-z)),
         -y / a + (1 - y) / (1 - a), a + fabs(y), INFINITY)
REF_LOSS(cross_entropy, y == 0 ? 0 : -y * log(a), -y / a, a + fabs(y), INFINITY)

#define REF_LOSS_KIND(NAME, name, ...) MLP_LOSS_##NAME,
#define REF_LOSS_TWIN(NAME, name, ...) \
    { ref_##name##_loss, ref_##name##_loss_slope, ref_##name##_loss_majorant, ref_##name##_loss_kink },
enum { REF_LOSSES = 1 MLP__LOSSES(REF_ONE) };
/* all but custom */
static const mlp_loss ref_losses[REF_LOSSES] = { MLP__LOSSES(REF_LOSS_KIND) MLP_LOSS_CROSS_ENTROPY };
static const ref_loss_twin ref_loss_twins[REF_LOSSES] = { MLP__LOSSES(REF_LOSS_TWIN) REF_LOSS_TWIN(, cross_entropy,) };

static inline const ref_loss_twin *ref_twin_of_loss(const mlp_desc *d)
{
    int i;
    for (i = 0; i < REF_LOSSES; i++) if (ref_losses[i] == d->loss) return &ref_loss_twins[i];
    printf("reference: loss %d\n", (int)d->loss);
    exit(2);
}

static inline double ref_loss(const mlp_desc *d, double z, double a, double y)
{
    return ref_twin_of_loss(d)->value(z, a, y, (double)d->loss_delta);
}

static inline double ref_loss_slope(const mlp_desc *d, double a, double y)
{
    return ref_twin_of_loss(d)->slope(0, a, y, (double)d->loss_delta);
}

static inline double ref_loss_slope_abs(const mlp_desc *d, double a_abs, double y)
{
    return ref_twin_of_loss(d)->majorant(0, a_abs, y, (double)d->loss_delta);
}

static inline double ref_loss_kink(const mlp_desc *d, double a, double y)
{
    return ref_twin_of_loss(d)->kink(0, a, y, (double)d->loss_delta);
}

/* ---- the net ---- */

static inline void ref_free(ref_net *n)
{
    int l;
    for (l = 0; l < n->layers; l++) { free(n->w[l]); free(n->b[l]); }
}

/* weights and biases of `from` in double; `from` may be a net that holds gradients in their place */
static inline ref_net ref_from(const mlp *from)
{
    ref_net n;
    int l;
    size_t i;
    memset(&n, 0, sizeof n);
    if (mlp_resolve_desc(mlp_get_desc(from), &n.desc)) exit(2);
    n.units[0] = (size_t)n.desc.inputs;
    while (n.layers < MLP_MAX_LAYERS && n.desc.layers[n.layers].units) {
        n.units[n.layers + 1] = (size_t)n.desc.layers[n.layers].units;
        n.layers++;
    }
    for (l = 0; l < n.layers; l++) {
        const size_t out = n.units[l + 1], count = out * n.units[l];
        float *w = (float *)malloc((count + out) * sizeof(float));
        if (!w || mlp_get_weights(from, l, w, w + count)) exit(2);
        n.w[l] = ref_doubles(count);
        n.b[l] = ref_doubles(out);
        for (i = 0; i < count; i++) n.w[l][i] = (double)w[i];
        for (i = 0; i < out; i++) n.b[l][i] = (double)w[count + i];
        free(w);
    }
    return n;
}

static inline ref_gradient ref_gradient_of(const ref_net *n)
{
    ref_gradient g;
    int l;
    memset(&g, 0, sizeof g);
    for (l = 0; l < n->layers; l++) {
        g.w[l] = ref_doubles(n->units[l] * n->units[l + 1]);
        g.w_abs[l] = ref_doubles(n->units[l] * n->units[l + 1]);
        g.b[l] = ref_doubles(n->units[l + 1]);
        g.b_abs[l] = ref_doubles(n->units[l + 1]);
    }
    return g;
}

static inline void ref_gradient_free(ref_gradient *g)
{
    int l;
    for (l = 0; l < MLP_MAX_LAYERS; l++) { free(g->w[l]); free(g->b[l]); free(g->w_abs[l]); free(g->b_abs[l]); }
}

static inline ref_pass ref_pass_of(const ref_net *n)
{
    ref_pass p;
    int l;
    memset(&p, 0, sizeof p);
    for (l = 0; l <= n->layers; l++) {
        p.a[l] = ref_doubles(n->units[l]);
        p.a_abs[l] = ref_doubles(n->units[l]);
        if (l == n->layers) break;
        p.z[l] = ref_doubles(n->units[l + 1]);
        p.dz[l] = ref_doubles(n->units[l + 1]);
        p.z_abs[l] = ref_doubles(n->units[l + 1]);
        p.dz_abs[l] = ref_doubles(n->units[l + 1]);
    }
    return p;
}

static inline void ref_pass_free(ref_pass *p)
{
    int l;
    for (l = 0; l < MLP_MAX_LAYERS; l++) { free(p->z[l]); free(p->dz[l]); free(p->z_abs[l]); free(p->dz_abs[l]); }
    for (l = 0; l <= MLP_MAX_LAYERS; l++) { free(p->a[l]); free(p->a_abs[l]); }
}

/* z = W a + b, a = g(z), layer after layer */
static inline void ref_forward(const ref_net *n, ref_pass *p, const float *x)
{
    size_t i, o;
    int l;
    for (i = 0; i < n->units[0]; i++) { p->a[0][i] = (double)x[i]; p->a_abs[0][i] = fabs((double)x[i]); }
    for (l = 0; l < n->layers; l++) {
        const mlp_layer *layer = &n->desc.layers[l];
        const size_t in = n->units[l], out = n->units[l + 1];
        double max = -INFINITY, sum = 0, mean_abs = 0;
        for (o = 0; o < out; o++) {
            p->z[l][o] = n->b[l][o];
            p->z_abs[l][o] = fabs(n->b[l][o]);
            for (i = 0; i < in; i++) {
                p->z[l][o] += n->w[l][o * in + i] * p->a[l][i];
                p->z_abs[l][o] += fabs(n->w[l][o * in + i]) * p->a_abs[l][i];
            }
            if (layer->activation == MLP_ACT_SOFTMAX) { if (p->z[l][o] > max) max = p->z[l][o]; continue; }
            p->a[l + 1][o] = ref_value(layer, p->z[l][o]);
            p->a_abs[l + 1][o] = fabs(p->a[l + 1][o]) + fabs(ref_slope(layer, p->z[l][o])) * p->z_abs[l][o];
        }
        if (layer->activation != MLP_ACT_SOFTMAX) continue;
        for (o = 0; o < out; o++) sum += p->a[l + 1][o] = exp(p->z[l][o] - max);
        for (o = 0; o < out; o++) mean_abs += (p->a[l + 1][o] /= sum) * p->z_abs[l][o];
        for (o = 0; o < out; o++) p->a_abs[l + 1][o] = p->a[l + 1][o] * (1 + p->z_abs[l][o] + mean_abs);
    }
}

static inline double ref_row_loss(const ref_net *n, const ref_pass *p, const float *y)
{
    const size_t out = n->units[n->layers];
    double sum = 0;
    size_t o;
    for (o = 0; o < out; o++) sum += ref_loss(&n->desc, p->z[n->layers - 1][o], p->a[n->layers][o], (double)y[o]);
    return n->desc.reduction == MLP_REDUCE_SUM || n->desc.loss == MLP_LOSS_CROSS_ENTROPY ? sum : sum / (double)out;
}

/* the targets of a row: labels as one-hot, 0 and 1, or -1 and 1; smoothed */
static inline void ref_targets(const ref_net *n, const mlp_data *d, size_t row, float *y)
{
    const size_t out = n->units[n->layers];
    const double s = (double)n->desc.label_smoothing;
    const double classes = n->desc.loss == MLP_LOSS_CROSS_ENTROPY ? (double)out : 2;
    size_t o;
    for (o = 0; o < out; o++) {
        y[o] = !d->labels ? d->y[row * (d->y_stride ? d->y_stride : out) + o]
             : n->desc.loss == MLP_LOSS_CROSS_ENTROPY ? (float)((size_t)d->labels[row] == o)
             : n->desc.loss == MLP_LOSS_BINARY_CROSS_ENTROPY ? (float)d->labels[row] : (float)(2 * d->labels[row] - 1);
        if (s != 0) y[o] = (float)((1 - s) * (double)y[o] + s / classes);
    }
}

static inline double ref_weight(const mlp_data *d, size_t row)
{
    const double weight = d->sample_weights ? (double)d->sample_weights[row] : 1;
    return d->class_weights ? weight * (double)d->class_weights[d->labels[row]] : weight;
}

static inline const float *ref_x(const ref_net *n, const mlp_data *d, size_t row)
{
    return d->x + row * (d->x_stride ? d->x_stride : n->units[0]);
}

/* dz = g'(z) da, for softmax dz_j = sum over i of da_i a_i ((i == j) - a_j); da, da_abs: of the layer's outputs */
static inline void ref_activation_backward(const ref_net *n, ref_pass *p, int l, const double *da, const double *da_abs)
{
    const mlp_layer *layer = &n->desc.layers[l];
    const size_t out = n->units[l + 1];
    const double *a = p->a[l + 1], *a_abs = p->a_abs[l + 1];
    size_t i, j;
    for (j = 0; j < out; j++) {
        double dz = 0, dz_abs = 0;
        if (layer->activation == MLP_ACT_SOFTMAX)
            for (i = 0; i < out; i++) {
                dz += da[i] * a[i] * ((i == j) - a[j]);
                dz_abs += da_abs[i] * a_abs[i] * ((i == j) + a_abs[j]);
            }
        else {
            dz = da[j] * ref_slope(layer, p->z[l][j]);
            dz_abs = da_abs[j] * (fabs(ref_slope(layer, p->z[l][j])) + ref_curvature(layer) * p->z_abs[l][j]);
        }
        p->dz[l][j] = dz;
        p->dz_abs[l][j] = dz_abs;
    }
}

/* dE/dz of all layers for one row with factor w_i / sum of w */
static inline void ref_backward(const ref_net *n, ref_pass *p, const float *y, double factor)
{
    const int last = n->layers - 1;
    const size_t out = n->units[n->layers];
    const int entropy = n->desc.loss == MLP_LOSS_CROSS_ENTROPY;
    const int direct = entropy || n->desc.loss == MLP_LOSS_BINARY_CROSS_ENTROPY;
    const double scale = factor / (n->desc.reduction == MLP_REDUCE_SUM || entropy ? 1.0 : (double)out);
    size_t i, o, widest = 0;
    double *da, *da_abs, sum;
    int l;
    for (l = 0; l <= n->layers; l++) if (n->units[l] > widest) widest = n->units[l];
    da = ref_doubles(widest);
    da_abs = ref_doubles(widest);
    for (o = 0; o < out; o++) {
        da[o] = scale * ref_loss_slope(&n->desc, p->a[n->layers][o], (double)y[o]);
        da_abs[o] = scale * ref_loss_slope_abs(&n->desc, p->a_abs[n->layers][o], (double)y[o]);
    }
    ref_activation_backward(n, p, last, da, da_abs);
    for (o = 0, sum = 0; o < out; o++) sum += fabs((double)y[o]);
    for (o = 0; o < out && direct; o++)                     /* dz = a - y or a sum(y) - y, without the detour over da */
        p->dz_abs[last][o] = scale * (p->a_abs[n->layers][o] * (entropy ? sum : 1) + fabs((double)y[o]));
    for (l = last; l > 0; l--) {
        for (i = 0; i < n->units[l]; i++) {
            da[i] = da_abs[i] = 0;
            for (o = 0; o < n->units[l + 1]; o++) {
                da[i] += n->w[l][o * n->units[l] + i] * p->dz[l][o];
                da_abs[i] += fabs(n->w[l][o * n->units[l] + i]) * p->dz_abs[l][o];
            }
        }
        ref_activation_backward(n, p, l - 1, da, da_abs);
    }
    free(da);
    free(da_abs);
}

/* E and, unless g is NULL, its gradient, over all rows of data */
static inline double ref_evaluate(const ref_net *n, const mlp_data *d, ref_gradient *g)
{
    ref_pass p = ref_pass_of(n);
    float *y = (float *)malloc(n->units[n->layers] * sizeof(float));
    double total = 0, e = 0;
    size_t row, i, o;
    int l;
    for (row = 0; row < d->rows; row++) total += ref_weight(d, row);
    for (row = 0; row < d->rows; row++) {
        const double factor = ref_weight(d, row) / total;
        ref_targets(n, d, row, y);
        ref_forward(n, &p, ref_x(n, d, row));
        e += factor * ref_row_loss(n, &p, y);
        if (!g) continue;
        ref_backward(n, &p, y, factor);
        for (l = 0; l < n->layers; l++)
            for (o = 0; o < n->units[l + 1]; o++) {
                for (i = 0; i < n->units[l]; i++) {
                    g->w[l][o * n->units[l] + i] += p.dz[l][o] * p.a[l][i];
                    g->w_abs[l][o * n->units[l] + i] += p.dz_abs[l][o] * p.a_abs[l][i];
                }
                g->b[l][o] += p.dz[l][o];
                g->b_abs[l][o] += p.dz_abs[l][o];
            }
    }
    free(y);
    ref_pass_free(&p);
    return e;
}

/* how far the data stay away from all places without a slope, over all rows */
static inline double ref_distance_to_kinks(const ref_net *n, const mlp_data *d)
{
    ref_pass p = ref_pass_of(n);
    float *y = (float *)malloc(n->units[n->layers] * sizeof(float));
    double smallest = INFINITY;
    size_t row, o;
    int l;
    for (row = 0; row < d->rows; row++) {
        ref_targets(n, d, row, y);
        ref_forward(n, &p, ref_x(n, d, row));
        for (l = 0; l < n->layers; l++)
            for (o = 0; o < n->units[l + 1]; o++) smallest = fmin(smallest, ref_kink(&n->desc.layers[l], p.z[l][o]));
        for (o = 0; o < n->units[n->layers]; o++)
            smallest = fmin(smallest, ref_loss_kink(&n->desc, p.a[n->layers][o], (double)y[o]));
    }
    free(y);
    ref_pass_free(&p);
    return smallest;
}

#endif
