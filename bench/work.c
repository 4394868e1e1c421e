/* The work of one version of mlp.h: cc -I<where that mlp.h is> -DVERSION=work_after -c bench/work.c
   Words of nets: tanh, sigmoid (else relu inside); momentum, adam, adamw, clip (adamw with its gradient clipped; else
   plain SGD); shuffled (else rows as they stand); full: one batch a call (else eight, or 256 rows). */
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include <mlp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "work.h"

#define C(p) const work_case *c = (const work_case *)(p)
static const mlp_kernels *table_of(const work_case *c) { return (const mlp_kernels *)c->kernels; }

/* ---- products ---- */

static void forward(const void *p)
{
    C(p);
    table_of(c)->forward(c->rows, c->in, c->out, c->x, c->in, c->w, c->b, c->y, c->out);
}
static void layer_dx(const void *p)
{
    C(p);
    table_of(c)->backward_input(c->rows, c->in, c->out, c->dz, c->out, c->w, c->y, c->in, c->scratch);
}
static void layer_dw(const void *p)
{
    C(p);
    table_of(c)->backward_weights(c->rows, c->in, c->out, c->x, c->in, c->dz, c->out, c->y, 0, c->scratch);
}

static void product(const work_case *c, size_t m, size_t n, size_t inner, const float *a, size_t a_row, size_t a_col,
                    const float *b, size_t b_row, size_t b_col)
{
    table_of(c)->gemm(m, n, inner, a, (ptrdiff_t)a_row, (ptrdiff_t)a_col, b, (ptrdiff_t)b_row, (ptrdiff_t)b_col,
                      c->y, (ptrdiff_t)n, 0);
}
static void gemm_nn(const void *p) { C(p); product(c, c->rows, c->out, c->in, c->x, c->in, 1, c->w, c->out, 1); }
static void gemm_fwd(const void *p) { C(p); product(c, c->rows, c->out, c->in, c->x, c->in, 1, c->w, 1, c->in); }
static void gemm_dx(const void *p) { C(p); product(c, c->rows, c->in, c->out, c->dz, c->out, 1, c->w, c->in, 1); }
static void gemm_dw(const void *p) { C(p); product(c, c->out, c->in, c->rows, c->dz, 1, c->out, c->x, c->in, 1); }

/* ---- functions ---- */

static const struct { const char *name; mlp_activation kind; } activations[] = {
    { "relu", MLP_ACT_RELU }, { "sigmoid", MLP_ACT_SIGMOID }, { "tanh", MLP_ACT_TANH }, { "gelu", MLP_ACT_GELU },
    { "gelu_tanh", MLP_ACT_GELU_TANH }, { "silu", MLP_ACT_SILU }, { "elu", MLP_ACT_ELU },
    { "softplus", MLP_ACT_SOFTPLUS }, { "mish", MLP_ACT_MISH }, { "sin", MLP_ACT_SIN },
    { "gaussian", MLP_ACT_GAUSSIAN }
};
static void activate(const void *p)
{
    C(p);
    table_of(c)->activate((mlp_activation)c->function, 1, c->rows, c->x, c->y);
}
static void activate_backward(const void *p)
{
    C(p);
    table_of(c)->activate_backward((mlp_activation)c->function, 1, c->rows, c->x, c->w, c->dz, c->y);
}
static void softmax(const void *p)
{
    C(p);
    table_of(c)->softmax(c->rows / (size_t)c->function, (size_t)c->function, c->x, c->y);
}
static void hadamard(const void *p) { C(p); table_of(c)->hadamard(c->rows, c->x, c->w, c->y); }

static void (*function_named(work_case *c))(const void *)
{
    const size_t length = strcspn(c->form, "-");
    size_t i;
    c->amount = (double)c->rows;
    if (strcmp(c->form, "hadamard") == 0) return hadamard;
    if (strncmp(c->form, "softmax", 7) == 0 && (c->function = atoi(c->form + 7)) > 0 && c->rows >= (size_t)c->function)
        return softmax;
    for (i = 0; i < sizeof activations / sizeof *activations; i++)
        if (strlen(activations[i].name) == length && strncmp(activations[i].name, c->form, length) == 0) {
            c->function = (int)activations[i].kind;
            if (!c->form[length]) return activate;
            if (strcmp(c->form + length, "-backward") == 0) return activate_backward;
        }
    return NULL;
}

/* ---- nets ---- */

/* The calls that had other arguments before 0.1: of one header only one type is right, the other call is never made. */
typedef size_t (*scratch_before)(const mlp *);
typedef size_t (*scratch_now)(const mlp *, size_t rows);
typedef size_t (*train_before)(const mlp *, const mlp_opt_desc *);
typedef size_t (*train_now)(const mlp *, const mlp_opt_desc *, size_t rows);
typedef mlp_result (*predict_before)(const mlp *, void *, const float *, size_t, float *);
typedef mlp_result (*predict_now)(const mlp *, void *, size_t, const float *, size_t, float *);
#define IS(function, type) __builtin_types_compatible_p(__typeof__(&function), type)

/* a variable, or compilers warn of the call that is never made */
typedef void (*any_call)(void);
static any_call volatile scratch_call, train_call, predict_call;

static size_t scratch_size(const mlp *net, size_t rows)
{
    const any_call call = scratch_call = (any_call)mlp_scratch_size;
    return IS(mlp_scratch_size, scratch_before) ? ((scratch_before)call)(net) : ((scratch_now)call)(net, rows);
}
static size_t train_size(const mlp *net, const mlp_opt_desc *opt, size_t rows)
{
    const any_call call = train_call = (any_call)mlp_train_size;
    return IS(mlp_train_size, train_before) ? ((train_before)call)(net, opt) : ((train_now)call)(net, opt, rows);
}

static mlp_result result;                       /* of the last call */
static void must(mlp_result r)
{
    result = r;
    if (r && r != MLP_ERR_UNSUPPORTED) { fprintf(stderr, "bench: %s\n", mlp_result_string(r)); exit(2); }
}
static int has(const work_case *c, const char *word) { return strstr(c->words, word) != NULL; }

static void predict(const void *p)
{
    C(p);
    const mlp *net = (const mlp *)c->net;
    const any_call call = predict_call;
    if (IS(mlp_predict_with, predict_before))
        must(((predict_before)call)(net, c->net_scratch, c->x, c->rows, c->y));
    else must(((predict_now)call)(net, c->net_scratch, c->scratch_size, c->x, c->rows, c->y));
}
static mlp_data data_of(const work_case *c)
{
    const mlp_data data = { .rows = c->batches * c->rows, .x = c->x, .labels = c->labels };
    return data;
}
static void evaluate(const void *p)
{
    C(p);
    const mlp_data data = data_of(c);
    mlp_metrics metrics;
    must(mlp_evaluate((mlp *)c->net, &data, &metrics));
}

/* the rate is small, for the same rows come again and again */
static mlp_opt_desc opt_of(const work_case *c)
{
    mlp_opt_desc opt;
    memset(&opt, 0, sizeof opt);
    opt.kind = has(c, ",adam,") ? MLP_OPT_ADAM : has(c, ",adamw,") || has(c, ",clip,") ? MLP_OPT_ADAMW : MLP_OPT_SGD;
    opt.rate = 1e-6f;
    if (has(c, ",momentum,")) opt.momentum = 0.9f;
#ifdef WORK_CLIPS
    if (has(c, ",clip,")) opt.clip_norm = 1;
#endif
    return opt;
}
static void train(const void *p)
{
    C(p);
    const mlp_data data = data_of(c);
    mlp_fit_desc fit = { .epochs = 1, .batch = has(c, ",full,") ? MLP_FULL_BATCH : (int)c->rows,
                         .order = has(c, ",shuffled,") ? MLP_ORDER_SHUFFLED : MLP_ORDER_SEQUENTIAL,
                         .threads = c->threads };
    fit.opt = opt_of(c);
    must(mlp_fit((mlp *)c->net, &data, &fit));
}
/* an update from the gradient run, which is checked for NaN, too */
static void step(const void *p)
{
    C(p);
    const mlp_opt_desc opt = opt_of(c);
    must(mlp_step((mlp *)c->net, &opt));
}

static void memory(const work_case *c, size_t *scratch, size_t *training)
{
    const mlp_opt_desc opt = opt_of(c);
    *scratch = scratch_size((const mlp *)c->net, c->rows);
    *training = train_size((const mlp *)c->net, &opt, c->rows);
}

static void forget(work_case *c)
{
    mlp_destroy((mlp *)c->net);
    free(c->net_scratch);
    c->net = c->net_scratch = NULL;
}

static mlp *net_of(const work_case *c, int trains)
{
    mlp_desc desc;
    mlp *net = NULL;
    const mlp_activation other = has(c, ",sigmoid,") ? MLP_ACT_SIGMOID : MLP_ACT_RELU;
    const mlp_activation hidden = has(c, ",tanh,") ? MLP_ACT_TANH : other;
    int l;
    memset(&desc, 0, sizeof desc);
    desc.inputs = c->widths[0];
    for (l = 0; l < c->layers; l++) {
        desc.layers[l].units = c->widths[l + 1];
        if (l + 1 < c->layers) desc.layers[l].activation = hidden;
    }
    if (trains) desc.loss = c->widths[c->layers] > 1 ? MLP_LOSS_CROSS_ENTROPY : MLP_LOSS_BINARY_CROSS_ENTROPY;
    desc.kernels = (const mlp_kernels *)c->kernels;
    return mlp_create(&net, &desc) ? NULL : net;
}

static const struct { const char *form; work_kind kind; void (*run)(const void *); } forms[] = {
    { "forward", WORK_PRODUCT, forward }, { "dX", WORK_PRODUCT, layer_dx }, { "dW", WORK_PRODUCT, layer_dw },
    { "nn", WORK_PRODUCT, gemm_nn }, { "fwd", WORK_PRODUCT, gemm_fwd }, { "dx", WORK_PRODUCT, gemm_dx },
    { "dw", WORK_PRODUCT, gemm_dw }, { "predict", WORK_NET, predict }, { "evaluate", WORK_NET, evaluate },
    { "train", WORK_NET, train }, { "step", WORK_NET, step }
};

/* rows and operations of a call: forward, and for training dW and dX of every layer, but no dX of the first */
static void count(work_case *c, void (*run)(const void *))
{
    double forward_flop = 0;
    int l;
    for (l = 0; l < c->layers; l++) forward_flop += 2.0 * c->widths[l] * c->widths[l + 1];
    c->amount = (double)(run == predict ? c->rows : c->batches * c->rows);
    c->flop = c->amount * (run == train ? 3 * forward_flop - 2.0 * c->widths[0] * c->widths[1] : forward_flop);
}

static void (*net_prepared(work_case *c, void (*run)(const void *)))(const void *)
{
    mlp *net = net_of(c, run != predict);
    const mlp_data data = data_of(c);
    size_t n;
    c->net = net;
    if (!net) return NULL;
    predict_call = (any_call)mlp_predict_with;
    c->scratch_size = scratch_size(net, c->rows);
    c->net_scratch = malloc(c->scratch_size);
    if (!c->net_scratch) must(MLP_ERR_MEMORY);
    count(c, run);
    if (run == step) {
        must(mlp_compute_gradients(net, &data, NULL));
        (void)mlp_params(net, &n);
        c->amount = (double)n;
        c->flop = 0;
    }
#ifndef WORK_CLIPS
    if (has(c, ",clip,")) result = MLP_ERR_UNSUPPORTED; else
#endif
    run(c);
    if (!result) return run;
    forget(c);                                  /* a kind of optimizer that this version does not have */
    return NULL;
}

static void (*prepare(work_case *c))(const void *)
{
    size_t i;
    if (c->kind != WORK_NET && !c->kernels) c->kernels = mlp_kernels_for(NULL);
    if (c->kind == WORK_FUNCTION) return function_named(c);
    for (i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(forms[i].form, c->form) != 0 || forms[i].kind != c->kind) continue;
        if (c->kind == WORK_NET) return net_prepared(c, forms[i].run);
        c->amount = c->flop = 2.0 * (double)c->rows * (double)c->in * (double)c->out;
        return forms[i].run;
    }
    return NULL;
}

static const void *table(const char *name) { return mlp_kernels_for(name); }

extern const work_version VERSION;
const work_version VERSION = { mlp_simd_name, table, prepare, memory, forget };
