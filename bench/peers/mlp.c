/* mlp.h itself, with the kernels named on the command line: layers in panels, the public gemm, elementwise kernels, and
   whole nets through the API. The library is compiled as anyone would (-O2, kernels by run-time dispatch). */
#define MLP_DISPATCH
#define MLP_IMPLEMENTATION
#include "../../mlp.h"
#include <stdio.h>
#include <stdlib.h>
#include "peer.h"

void exp_avx512(size_t, const float *, float *);
void exp_avx2(size_t, const float *, float *);

static const mlp_kernels *k;                /* set by the first call of all, mlp_kernel */

static const char *mlp_kernel(void)
{
    static char text[64];
    k = mlp_kernels_for(peer_argc > 0 ? peer_argv[0] : NULL);
    if (!k) { fprintf(stderr, "mlp: this CPU does not run %s\n", peer_argv[0]); exit(1); }
    snprintf(text, sizeof text, "mlp.h %s %s", MLP_VERSION, k->name);
    return text;
}

static int is(const peer_case *c, const char *form) { return strcmp(c->form, form) == 0; }
static void bad(mlp_result r) { fprintf(stderr, "mlp: %s\n", mlp_result_string(r)); exit(1); }

/* ---- products: the layer kernels with weights in panels, and the public gemm ---- */

typedef struct { float *panels, *bias, *scratch; } layer;

/* [out][in] to or from [out/16][in][16], the last panel [in][out % 16] */
static void in_panels(const peer_case *c, float *wt, float *panels, int back)
{
    const size_t in = (size_t)c->in, out = (size_t)c->out;
    size_t i, j;
    for (j = 0; j < out; j++) {
        const size_t first = j / 16 * 16, wide = out - first < 16 ? out - first : 16;
        for (i = 0; i < in; i++) {
            float *p = panels + first * in + i * wide + (j - first);
            if (back) wt[j * in + i] = *p; else *p = wt[j * in + i];
        }
    }
}

#define SIZES(c) (size_t)(c)->batch, (size_t)(c)->in, (size_t)(c)->out
static void layer_forward(peer_case *c)
{
    const layer *l = (const layer *)c->own;
    k->forward(SIZES(c), c->x, (size_t)c->in, l->panels, l->bias, c->result, (size_t)c->out);
}
static void layer_dx(peer_case *c)
{
    const layer *l = (const layer *)c->own;
    k->backward_input(SIZES(c), c->dy, (size_t)c->out, l->panels, c->result, (size_t)c->in, l->scratch);
}
static void layer_dw(peer_case *c)
{
    const layer *l = (const layer *)c->own;
    k->backward_weights(SIZES(c), c->x, (size_t)c->in, c->dy, (size_t)c->out, l->panels, 0, l->scratch);
}
static void layer_dw_finish(peer_case *c) { in_panels(c, c->result, ((const layer *)c->own)->panels, 1); }

static void product(const peer_case *c, int m, int n, int inner, const float *a, int a_row, int a_col,
                    const float *b, int b_row, int b_col)
{
    k->gemm((size_t)m, (size_t)n, (size_t)inner, a, a_row, a_col, b, b_row, b_col, c->result, n, 0);
}
static void gemm_nn(peer_case *c) { product(c, c->batch, c->out, c->in, c->x, c->in, 1, c->w, c->out, 1); }
static void gemm_fwd(peer_case *c) { product(c, c->batch, c->out, c->in, c->x, c->in, 1, c->wt, 1, c->in); }
static void gemm_dx(peer_case *c) { product(c, c->batch, c->in, c->out, c->dy, c->out, 1, c->wt, c->in, 1); }
static void gemm_dw(peer_case *c) { product(c, c->out, c->in, c->batch, c->dy, 1, c->out, c->x, c->in, 1); }

static const struct { const char *form; void (*call)(peer_case *), (*finish)(peer_case *); } products[] = {
    { "forward", layer_forward, NULL }, { "layer-dx", layer_dx, NULL }, { "layer-dw", layer_dw, layer_dw_finish },
    { "nn", gemm_nn, NULL }, { "fwd", gemm_fwd, NULL }, { "dx", gemm_dx, NULL }, { "dw", gemm_dw, NULL }
};

static int prepare_product(peer_case *c)
{
    static layer layers[PEER_MOST_CASES];
    static int next;
    layer *l = &layers[next++ % PEER_MOST_CASES];
    size_t i;
    l->panels = peer_floats((size_t)c->in * (size_t)c->out);
    l->bias = peer_floats((size_t)c->out);
    l->scratch = peer_floats(((size_t)c->batch + 16) * (size_t)(c->in + c->out + 96));     /* as mlp_kernels says */
    in_panels(c, c->wt, l->panels, 0);
    c->own = l;
    for (i = 0; i < sizeof products / sizeof *products; i++)
        if (is(c, products[i].form)) { c->call = products[i].call; c->finish = products[i].finish; return 1; }
    return 0;
}

/* ---- functions ---- */

static const struct { const char *name; mlp_activation kind; } activations[] = {
    { "relu", MLP_ACT_RELU }, { "sigmoid", MLP_ACT_SIGMOID }, { "tanh", MLP_ACT_TANH }, { "gelu_erf", MLP_ACT_GELU },
    { "gelu_tanh", MLP_ACT_GELU_TANH }
};
static void call_activate(peer_case *c) { k->activate(*(const mlp_activation *)c->own, 1, c->n, c->x, c->result); }
static void call_hadamard(peer_case *c) { k->hadamard(c->n, c->x, c->w, c->result); }
static void call_softmax10(peer_case *c) { k->softmax(c->n / 10, 10, c->x, c->result); }
static void call_softmax1024(peer_case *c) { k->softmax(c->n / 1024, 1024, c->x, c->result); }
static void call_exp(peer_case *c) { (strcmp(k->name, "avx512") == 0 ? exp_avx512 : exp_avx2)(c->n, c->x, c->result); }

static int prepare_function(peer_case *c)
{
    size_t i;
    c->call = is(c, "hadamard") ? call_hadamard : is(c, "softmax10") ? call_softmax10
            : is(c, "softmax1024") ? call_softmax1024 : is(c, "exp") ? call_exp : NULL;
    for (i = 0; i < sizeof activations / sizeof *activations; i++)
        if (is(c, activations[i].name)) { c->own = &activations[i].kind; c->call = call_activate; }
    return c->call != NULL;
}

/* ---- nets ---- */

typedef struct { mlp *net; mlp_data data; mlp_fit_desc fit; void *scratch; size_t size; } whole;

static void *bytes(size_t n) { return peer_floats(n / sizeof(float) + 1); }

static void call_infer(peer_case *c)
{
    const whole *w = (const whole *)c->own;
    const mlp_result r = mlp_predict_with(w->net, w->scratch, w->size, c->x, 1, c->result);
    if (r) bad(r);
}
static void call_train(peer_case *c)
{
    const whole *w = (const whole *)c->own;
    const mlp_result r = mlp_fit(w->net, &w->data, &w->fit);
    if (r) bad(r);
}

/* between the net's [out][in] and the case's [in][out] */
static void exchange(peer_case *c, int back)
{
    const whole *s = (const whole *)c->own;
    int l, i, j;
    for (l = 0; l < c->layers; l++) {
        const int in = c->widths[l], out = c->widths[l + 1];
        float *w = peer_layer(c, l), *b = w + (size_t)in * (size_t)out, *t = peer_floats((size_t)in * (size_t)out);
        if (back) mlp_get_weights(s->net, l, t, b);
        for (i = 0; i < in; i++)
            for (j = 0; j < out; j++) {
                if (back) w[i * out + j] = t[j * in + i];
                else t[j * in + i] = w[i * out + j];
            }
        if (!back) mlp_set_weights(s->net, l, t, b);
    }
}
static void finish_train(peer_case *c) { exchange(c, 1); }

static int prepare_net(peer_case *c)
{
    static whole states[PEER_MOST_CASES];
    static int next;
    whole *s = &states[next++ % PEER_MOST_CASES];
    mlp_desc desc;
    mlp_result r;
    int l;
    if (c->sigmoid) return 0;
    memset(s, 0, sizeof *s);
    memset(&desc, 0, sizeof desc);
    desc.inputs = c->widths[0];
    for (l = 0; l < c->layers; l++) desc.layers[l].units = c->widths[l + 1];
    if (c->rate > 0) desc.loss = MLP_LOSS_CROSS_ENTROPY;
    desc.kernels = k;
    r = mlp_init_in(&s->net, bytes(mlp_size(&desc)), mlp_size(&desc), &desc);
    if (r) bad(r);
    s->size = mlp_scratch_size(s->net, 1);
    s->scratch = bytes(s->size);
    s->data.rows = (size_t)c->rows; s->data.x = c->x; s->data.labels = c->labels;
    s->fit.epochs = 1; s->fit.batch = c->batch; s->fit.order = MLP_ORDER_SEQUENTIAL;
    s->fit.opt.kind = MLP_OPT_SGD; s->fit.opt.rate = c->rate;
    c->own = s;
    exchange(c, 0);
    c->call = call_infer;
    c->how = "mlp_predict_with";
    if (c->rate > 0) {
        const size_t n = mlp_train_size(s->net, &s->fit.opt, 0);
        r = mlp_train_in(s->net, bytes(n), n, &s->fit.opt);
        if (r) bad(r);
        c->call = call_train;
        c->finish = finish_train;
        c->how = "mlp_fit";
    }
    return 1;
}

static int prepare(peer_case *c)
{
    return c->layers ? prepare_net(c) : c->n ? prepare_function(c) : prepare_product(c);
}

const peer peer_self = { mlp_kernel, NULL, NULL, NULL, prepare };
