/* One version of mlp.h as change.c runs it: cc -I<where that mlp.h is> -DVERSION=before -c bench/version.c */
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include <mlp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "change.h"

#define C(name) const change_case *c = (const change_case *)name
static const mlp_kernels *k;

static void forward(const void *p) { C(p); k->forward(c->rows, c->in, c->out, c->x, c->in, c->w, c->b, c->y, c->out); }
static void layer_dx(const void *p)
{
    C(p);
    k->backward_input(c->rows, c->in, c->out, c->dz, c->out, c->w, c->y, c->in, c->scratch);
}
static void layer_dw(const void *p)
{
    C(p);
    k->backward_weights(c->rows, c->in, c->out, c->x, c->in, c->dz, c->out, c->y, 0, c->scratch);
}

static void product(size_t m, size_t n, size_t inner, const float *a, size_t a_row, size_t a_col, const float *b, size_t b_row,
                    size_t b_col, float *to)
{
    k->gemm(m, n, inner, a, (ptrdiff_t)a_row, (ptrdiff_t)a_col, b, (ptrdiff_t)b_row, (ptrdiff_t)b_col, to, (ptrdiff_t)n, 0);
}
static void gemm_nn(const void *p) { C(p); product(c->rows, c->out, c->in, c->x, c->in, 1, c->w, c->out, 1, c->y); }
static void gemm_fwd(const void *p) { C(p); product(c->rows, c->out, c->in, c->x, c->in, 1, c->w, 1, c->in, c->y); }
static void gemm_dx(const void *p) { C(p); product(c->rows, c->in, c->out, c->dz, c->out, 1, c->w, c->in, 1, c->y); }
static void gemm_dw(const void *p) { C(p); product(c->out, c->in, c->rows, c->dz, 1, c->out, c->x, c->in, 1, c->y); }

static void relu(const void *p) { C(p); k->activate(MLP_ACT_RELU, 0, c->rows, c->x, c->y); }
static void sigmoid(const void *p) { C(p); k->activate(MLP_ACT_SIGMOID, 0, c->rows, c->x, c->y); }
static void tanh_of(const void *p) { C(p); k->activate(MLP_ACT_TANH, 0, c->rows, c->x, c->y); }
static void gelu(const void *p) { C(p); k->activate(MLP_ACT_GELU, 0, c->rows, c->x, c->y); }
static void softmax10(const void *p) { C(p); k->softmax(c->rows / 10, 10, c->x, c->y); }
static void hadamard(const void *p) { C(p); k->hadamard(c->rows, c->x, c->w, c->y); }

static void must(mlp_result r)
{
    if (r) { fprintf(stderr, "change: %s\n", mlp_result_string(r)); exit(2); }
}
static void predict(const void *p) { C(p); must(mlp_predict_with((const mlp *)c->net, c->scratch, c->x, c->rows, c->y)); }
/* eight batches; the rate is small, for the same rows come again and again */
static void train(const void *p)
{
    C(p);
    const mlp_data data = { .rows = 8 * c->rows, .x = c->x, .labels = c->labels };
    const mlp_fit_desc fit = { .epochs = 1, .batch = (int)c->rows, .order = MLP_ORDER_SEQUENTIAL,
                               .opt = { .kind = MLP_OPT_SGD, .rate = 1e-6f } };
    must(mlp_fit((mlp *)c->net, &data, &fit));
}

static const struct { const char *form; change_kind kind; void (*run)(const void *); } forms[] = {
    { "forward", CHANGE_PRODUCT, forward }, { "dX", CHANGE_PRODUCT, layer_dx }, { "dW", CHANGE_PRODUCT, layer_dw },
    { "nn", CHANGE_PRODUCT, gemm_nn }, { "fwd", CHANGE_PRODUCT, gemm_fwd }, { "dx", CHANGE_PRODUCT, gemm_dx },
    { "dw", CHANGE_PRODUCT, gemm_dw },
    { "relu", CHANGE_FUNCTION, relu }, { "sigmoid", CHANGE_FUNCTION, sigmoid }, { "tanh", CHANGE_FUNCTION, tanh_of },
    { "gelu", CHANGE_FUNCTION, gelu }, { "softmax10", CHANGE_FUNCTION, softmax10 }, { "hadamard", CHANGE_FUNCTION, hadamard },
    { "predict", CHANGE_NET, predict }, { "train", CHANGE_NET, train }
};

static void (*find(const char *form, change_kind *kind))(const void *)
{
    size_t i;
    for (i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].form, form) == 0) {
            *kind = forms[i].kind;
            return forms[i].run;
        }
    return NULL;
}

static void *net(const change_case *c)
{
    mlp_desc desc;
    mlp *made;
    int l;
    memset(&desc, 0, sizeof desc);
    desc.inputs = c->widths[0];
    for (l = 0; l < c->layers; l++) desc.layers[l].units = c->widths[l + 1];
    desc.loss = strcmp(c->form, "train") == 0 ? MLP_LOSS_CROSS_ENTROPY : MLP_LOSS_SQUARED;
    return mlp_create(&made, &desc) ? NULL : made;
}

#define NAME_OF(version) change_##version
#define NAME(version) NAME_OF(version)
const change_version *NAME(VERSION)(void);
const change_version *NAME(VERSION)(void)
{
    static change_version version;
    k = mlp_kernels_for(NULL);
    version.name = mlp_simd_name();
    version.net = net;
    version.find = find;
    return &version;
}
