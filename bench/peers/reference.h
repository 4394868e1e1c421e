/* What the peers' results are checked against: plain loops in double. `scale` is what an error
   is measured in, per element. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "data.h"

typedef struct { size_t n; double *value, *scale; } reference;

static void *reference_memory(size_t n)
{
    void *p = calloc(n + 1, sizeof(double));
    if (!p) abort();
    return p;
}
static void reference_make(reference *r, size_t n)
{
    r->n = n;
    r->value = (double *)reference_memory(n);
    r->scale = (double *)reference_memory(n);
}
static void reference_free(reference *r) { free(r->value); free(r->scale); }

/* c = a b, m x n x k, scale the same sum of absolute values; a[i][l] at a[i*ai + l*al], b[l][j] at b[l*bl + j*bj]. Of a
   large product every REFERENCE_ROWS-th row, a number that is prime to all tiles; the others have scale HUGE_VAL, so
   that only a NaN is found in them. */
enum { REFERENCE_ROWS = 7 };
static void reference_product(reference *r, size_t m, size_t n, size_t k, const float *a, size_t ai, size_t al,
                              const float *b, size_t bl, size_t bj)
{
    size_t i, j, l;
    const size_t step = (double)m * (double)n * (double)k > 2e8 ? REFERENCE_ROWS : 1;
    double *row = (double *)reference_memory(k * n);
    reference_make(r, m * n);
    for (l = 0; l < k; l++) for (j = 0; j < n; j++) row[l * n + j] = (double)b[l * bl + j * bj];
    for (i = 0; i < m; i++) {
        if (i % step) { for (j = 0; j < n; j++) r->scale[i * n + j] = HUGE_VAL; continue; }
        for (l = 0; l < k; l++) {
            const double x = (double)a[i * ai + l * al], y = fabs(x), *bs = row + l * n;
            double *c = r->value + i * n, *s = r->scale + i * n;
            for (j = 0; j < n; j++) { c[j] += x * bs[j]; s[j] += y * fabs(bs[j]); }
        }
    }
    free(row);
}

/* form: 'y', 'x' (dx) or 'w' (dw, [out][in]) */
static void reference_layer(reference *r, const float *data, char form, size_t batch, size_t in, size_t out)
{
    float *x = (float *)reference_memory(batch * in), *w = (float *)reference_memory(in * out);
    float *dy = (float *)reference_memory(batch * out);
    data_take(data, batch * in, DATA_X, 1, x);
    data_take(data, in * out, DATA_W, 1, w);
    data_take(data, batch * out, DATA_DY, 1, dy);
    if (form == 'y') reference_product(r, batch, out, in, x, in, 1, w, out, 1);
    if (form == 'x') reference_product(r, batch, in, out, dy, out, 1, w, 1, out);
    if (form == 'w') reference_product(r, out, in, batch, dy, 1, out, x, in, 1);
    free(x); free(w); free(dy);
}

static double reference_at(const char *f, double x, double y)
{
    if (strcmp(f, "relu") == 0) return x > 0 ? x : 0;
    if (strcmp(f, "hadamard") == 0) return x * y;
    if (strcmp(f, "exp") == 0) return exp(x);
    if (strcmp(f, "sigmoid") == 0) return 1 / (1 + exp(-x));
    if (strcmp(f, "tanh") == 0) return tanh(x);
    if (strcmp(f, "gelu_erf") == 0) return 0.5 * x * (1 + erf(x * sqrt(0.5)));
    if (strcmp(f, "gelu_tanh") == 0) return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1.0)) * (x + 0.044715 * x * x * x)));
    abort();
}

/* softmaxN works on whole rows of N, what is left over is zero */
static void reference_function(reference *r, const float *data, const char *f, size_t n)
{
    float *x = (float *)reference_memory(n), *y = (float *)reference_memory(n);
    size_t i, j, cols = strncmp(f, "softmax", 7) == 0 ? (size_t)atol(f + 7) : 0;
    reference_make(r, n);
    data_take(data, n, DATA_X, DATA_RANGE, x);
    data_take(data, n, DATA_W, DATA_RANGE, y);
    for (i = 0; cols && i + cols <= n; i += cols) {
        double sum = 0;
        for (j = i; j < i + cols; j++) sum += r->value[j] = exp((double)x[j]);
        for (j = i; j < i + cols; j++) r->value[j] /= sum;
    }
    for (i = 0; i < n; i++) {
        if (!cols) r->value[i] = reference_at(f, (double)x[i], (double)y[i]);
        r->scale[i] = fabs(r->value[i]) > 1 ? fabs(r->value[i]) : 1;
    }
    free(x); free(y);
}

/* ---- nets: relu (sigmoid) hidden layers; training: softmax, cross-entropy (sigmoid, half the squared error) ---- */

static void reference_forward(const double *p, const int *widths, int layers, int sigmoid, int train, double **a)
{
    int l, i, j;
    for (l = 0; l < layers; l++) {
        const double *w = p + data_layer(widths, l), *b = w + widths[l] * widths[l + 1];
        double *z = a[l + 1], sum = 0;
        memcpy(z, b, (size_t)widths[l + 1] * sizeof *z);
        for (i = 0; i < widths[l]; i++) for (j = 0; j < widths[l + 1]; j++) z[j] += a[l][i] * w[i * widths[l + 1] + j];
        if (sigmoid) for (j = 0; j < widths[l + 1]; j++) z[j] = 1 / (1 + exp(-z[j]));
        else if (l + 1 < layers) for (j = 0; j < widths[l + 1]; j++) z[j] = z[j] > 0 ? z[j] : 0;
        else if (train) {
            for (j = 0; j < widths[l + 1]; j++) sum += z[j] = exp(z[j]);
            for (j = 0; j < widths[l + 1]; j++) z[j] /= sum;
        }
    }
}

/* adds the gradient of one row to g; a as the forward pass left it */
static void reference_backward(const double *p, const int *widths, int layers, int sigmoid, int label, double **a,
                               double **d, double *g)
{
    int l, i, j;
    for (j = 0; j < widths[layers]; j++) {
        d[layers][j] = a[layers][j] - (j == label);
        if (sigmoid) d[layers][j] *= a[layers][j] * (1 - a[layers][j]);
    }
    for (l = layers - 1; l >= 0; l--) {
        const size_t at = data_layer(widths, l);
        const int out = widths[l + 1];
        for (i = 0; i < widths[l]; i++) {
            double sum = 0;
            for (j = 0; j < out; j++) {
                g[at + (size_t)(i * out + j)] += a[l][i] * d[l + 1][j];
                sum += d[l + 1][j] * p[at + (size_t)(i * out + j)];
            }
            d[l][i] = sigmoid ? sum * a[l][i] * (1 - a[l][i]) : a[l][i] > 0 ? sum : 0;
        }
        for (j = 0; j < out; j++) g[at + (size_t)(widths[l] * out + j)] += d[l + 1][j];
    }
}

/* rate 0: the outputs for the first row, else the parameters after one pass over the rows; an error there
   counts in full, and 3000-fold the smaller the largest update of that run of parameters is: 3e-6 of it
   is a hundredth of the update */
static void reference_net(reference *r, const float *data, const int *widths, int layers, int sigmoid, double rate,
                          size_t batch, size_t rows)
{
    const size_t n = data_layer(widths, layers);
    float *p32 = (float *)reference_memory(n), *x32 = (float *)reference_memory(rows * (size_t)widths[0]);
    int *labels = (int *)reference_memory(rows);
    double *p = (double *)reference_memory(n), *g = (double *)reference_memory(n), *a[16], *d[16];
    size_t i, j;
    int l;
    for (l = 0; l <= layers; l++) {
        a[l] = (double *)reference_memory((size_t)widths[l]);
        d[l] = (double *)reference_memory((size_t)widths[l]);
    }
    data_params(data, widths, layers, p32);
    data_take(data, rows * (size_t)widths[0], DATA_X, 1, x32);
    data_labels(data, rows, widths[layers], labels);
    for (i = 0; i < n; i++) p[i] = (double)p32[i];
    for (i = 0; i < rows; i++) {
        for (j = 0; j < (size_t)widths[0]; j++) a[0][j] = (double)x32[i * (size_t)widths[0] + j];
        reference_forward(p, widths, layers, sigmoid, rate > 0, a);
        if (!(rate > 0)) continue;
        reference_backward(p, widths, layers, sigmoid, labels[i], a, d, g);
        if ((i + 1) % batch) continue;
        for (j = 0; j < n; j++) p[j] -= rate / (double)batch * g[j];
        memset(g, 0, n * sizeof *g);
    }
    reference_make(r, rate > 0 ? n : (size_t)widths[layers]);
    for (j = 0; j < r->n && !(rate > 0); j++) {
        r->value[j] = a[layers][j];
        r->scale[j] = fabs(a[layers][j]) > 1 ? fabs(a[layers][j]) : 1;
    }
    for (l = 0; l < 2 * layers && rate > 0; l++) {                  /* runs: the weights and the biases of each layer */
        const size_t begin = data_layer(widths, l / 2) + (l & 1 ? (size_t)(widths[l / 2] * widths[l / 2 + 1]) : 0);
        const size_t end = begin + (size_t)((l & 1 ? 1 : widths[l / 2]) * widths[l / 2 + 1]);
        double most = 0;
        for (j = begin; j < end; j++) { r->value[j] = p[j]; most = fmax(most, fabs(p[j] - (double)p32[j])); }
        for (j = begin; j < end; j++) r->scale[j] = fmin(1, 3000 * most);
    }
    for (l = 0; l <= layers; l++) { free(a[l]); free(d[l]); }
    free(p32); free(x32); free(labels); free(p); free(g);
}

/* the largest error in units of scale; infinity when there is a NaN */
static double reference_error(const reference *r, const float *x)
{
    double most = 0;
    size_t i;
    for (i = 0; i < r->n; i++) {
        const double e = fabs((double)x[i] - r->value[i]);
        if (!(e <= 1e30)) return HUGE_VAL;
        if (r->scale[i] < HUGE_VAL && e > most * r->scale[i]) most = e / r->scale[i];
    }
    return most;
}

#endif
