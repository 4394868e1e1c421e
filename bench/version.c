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
/* The calls that had other arguments before 0.1: of one header only one type is right, the other call is never made. */
typedef size_t (*size_before)(const mlp *);
typedef size_t (*size_now)(const mlp *, size_t rows);
typedef mlp_result (*with_before)(const mlp *, void *, const float *, size_t, float *);
typedef mlp_result (*with_now)(const mlp *, void *, size_t, const float *, size_t, float *);
#define OF_TYPE(function, type) __builtin_types_compatible_p(__typeof__(&function), type)

static size_before scratch_before;              /* variables, or compilers warn of the call that is never made */
static size_now scratch_now;
static with_before predict_before;
static with_now predict_now;

static void find_calls(void)
{
    scratch_before = (size_before)(void (*)(void))mlp_scratch_size;
    scratch_now = (size_now)(void (*)(void))mlp_scratch_size;
    predict_before = (with_before)(void (*)(void))mlp_predict_with;
    predict_now = (with_now)(void (*)(void))mlp_predict_with;
}

static size_t scratch_size(const mlp *net, size_t rows)
{
    return OF_TYPE(mlp_scratch_size, size_before) ? scratch_before(net) : scratch_now(net, rows);
}
static void predict(const void *p)
{
    C(p);
    const mlp *net = (const mlp *)c->net;
    must(OF_TYPE(mlp_predict_with, with_before) ? predict_before(net, c->scratch, c->x, c->rows, c->y)
                                                : predict_now(net, c->scratch, c->scratch_size, c->x, c->rows, c->y));
}

static int has(const change_case *c, const char *word) { return strstr(c->words, word) != NULL; }
/* the rate is small, for the same rows come again and again */
static void train(const void *p)
{
    C(p);
    const mlp_data data = { .rows = c->batches * c->rows, .x = c->x, .labels = c->labels };
    mlp_fit_desc fit = { .epochs = 1, .batch = has(c, ",full,") ? MLP_FULL_BATCH : (int)c->rows,
                         .order = has(c, ",shuffled,") ? MLP_ORDER_SHUFFLED : MLP_ORDER_SEQUENTIAL };
    fit.opt.kind = has(c, ",adam,") ? MLP_OPT_ADAM : MLP_OPT_SGD;
    fit.opt.rate = 1e-6f;
    fit.opt.momentum = has(c, ",momentum,") ? 0.9f : 0;
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

static void *net(change_case *c)
{
    mlp_desc desc;
    mlp *made;
    int l;
    memset(&desc, 0, sizeof desc);
    desc.inputs = c->widths[0];
    for (l = 0; l < c->layers; l++) {
        desc.layers[l].units = c->widths[l + 1];
        if (has(c, ",tanh,") && l + 1 < c->layers) desc.layers[l].activation = MLP_ACT_TANH;
    }
    desc.loss = strcmp(c->form, "train") == 0 && c->widths[c->layers] > 1 ? MLP_LOSS_CROSS_ENTROPY
              : strcmp(c->form, "train") == 0 ? MLP_LOSS_BINARY_CROSS_ENTROPY : MLP_LOSS_SQUARED;
    if (mlp_create(&made, &desc)) return NULL;
    c->scratch_size = scratch_size(made, c->rows);
    c->scratch = (float *)malloc(c->scratch_size);
    return c->scratch ? made : NULL;
}

#define NAME_OF(version) change_##version
#define NAME(version) NAME_OF(version)
const change_version *NAME(VERSION)(void);
const change_version *NAME(VERSION)(void)
{
    static change_version version;
    k = mlp_kernels_for(NULL);
    find_calls();
    version.name = mlp_simd_name();
    version.net = net;
    version.find = find;
    return &version;
}
