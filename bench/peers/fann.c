/* FANN: sigmoid nets, trained on half the squared error with an update after each row, which is how it is used. */
#include <floatfann.h>
#include <stdlib.h>
#include <string.h>
#include "peer.h"

typedef struct { struct fann *net; float *targets; } one;

static const char *fann_kernel(void) { return "FANN, plain C"; }

/* the weights of FANN stand unit by unit, those of the inputs and then the bias */
static void exchange(peer_case *c, int back)
{
    float *f = ((const one *)c->own)->net->weights;
    int l, i, j;
    for (l = 0; l < c->layers; l++) {
        const int in = c->widths[l], out = c->widths[l + 1];
        float *w = peer_layer(c, l);
        for (j = 0; j < out; j++)
            /* the bias is row `in` */
            for (i = 0; i <= in; i++, f++) { if (back) w[i * out + j] = *f; else *f = w[i * out + j]; }
    }
}
static void finish(peer_case *c) { exchange(c, 1); }

static void call_train(peer_case *c)
{
    const one *s = (const one *)c->own;
    const int in = c->widths[0], out = c->widths[c->layers];
    int r;
    for (r = 0; r < c->rows; r++)
        fann_train(s->net, c->x + (size_t)r * (size_t)in, s->targets + (size_t)r * (size_t)out);
}
static void call_infer(peer_case *c)
{
    memcpy(c->result, fann_run(((const one *)c->own)->net, c->x), c->results * sizeof(float));
}

static int prepare(peer_case *c)
{
    static one states[PEER_MOST_CASES];
    static int next;
    one *s = &states[next++ % PEER_MOST_CASES];
    unsigned widths[PEER_MOST_LAYERS + 1];
    int l, r;
    if (!c->layers || !c->sigmoid) return 0;
    for (l = 0; l <= c->layers; l++) widths[l] = (unsigned)c->widths[l];
    if (s->net) fann_destroy(s->net);
    s->net = fann_create_standard_array((unsigned)c->layers + 1, widths);
    if (!s->net) return 0;
    fann_set_activation_function_hidden(s->net, FANN_SIGMOID);
    fann_set_activation_function_output(s->net, FANN_SIGMOID);
    fann_set_training_algorithm(s->net, FANN_TRAIN_INCREMENTAL);
    fann_set_train_error_function(s->net, FANN_ERRORFUNC_LINEAR);
    fann_set_learning_rate(s->net, c->rate);
    s->targets = peer_floats((size_t)c->rows * (size_t)c->widths[c->layers]);
    for (r = 0; r < c->rows; r++) s->targets[r * c->widths[c->layers] + c->labels[r]] = 1;
    c->own = s;
    exchange(c, 0);
    c->call = c->rate > 0 ? call_train : call_infer;
    c->finish = c->rate > 0 ? finish : NULL;
    c->how = c->rate > 0 ? "fann_train, sigmoid" : "fann_run, sigmoid";
    return 1;
}

const peer peer_self = { fann_kernel, NULL, NULL, NULL, prepare };
