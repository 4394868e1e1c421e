/* Nets to train for their bits: isa_hash() is the hash of losses, weights, gradients and
   predictions after 1,000 steps of each. */

typedef struct {
    int units[5];                       /* inputs first, ends with 0 */
    mlp_activation hidden, last;
    mlp_loss loss;
    mlp_reduction reduction;
    int no_bias, rows, batch, weighted;     /* weighted: sample weights, and label smoothing where it applies */
    mlp_order order;
    struct { mlp_opt kind; float rate, momentum; int nesterov; float beta1, beta2; } opt;
} isa_net;

/* widths among 1, 10, 17, 33, 65, 128; both optimizers; with and without bias; every activation
   and loss, every order of rows */
static const isa_net isa_nets[] = {
    { { 17, 33, 10 }, MLP_ACT_TANH, MLP_ACT_SOFTMAX, MLP_LOSS_CROSS_ENTROPY, MLP_REDUCE_MEAN,
      0, 31, 6, 1, MLP_ORDER_SHUFFLED, { MLP_OPT_ADAM, 0.01f, 0, 0, 0, 0 } },
    { { 65, 128, 17 }, MLP_ACT_RELU, MLP_ACT_IDENTITY, MLP_LOSS_SQUARED, MLP_REDUCE_MEAN,
      1, 12, 2, 0, MLP_ORDER_SEQUENTIAL, { MLP_OPT_SGD, 0.002f, 0.9f, 0, 0, 0 } },
    { { 10, 17, 1 }, MLP_ACT_SIGMOID, MLP_ACT_SIGMOID, MLP_LOSS_BINARY_CROSS_ENTROPY, MLP_REDUCE_MEAN,
      1, 40, 8, 0, MLP_ORDER_REPLACEMENT, { MLP_OPT_ADAM, 0.02f, 0, 0, 0.8f, 0.9f } },
    { { 128, 10, 33, 65 }, MLP_ACT_LEAKY_RELU, MLP_ACT_TANH, MLP_LOSS_HALF_SQUARED, MLP_REDUCE_SUM,
      0, 9, 4, 1, MLP_ORDER_SHUFFLED, { MLP_OPT_SGD, 0.005f, 0.8f, 1, 0, 0 } },
    { { 1, 65, 1 }, MLP_ACT_TANH, MLP_ACT_LEAKY_RELU, MLP_LOSS_SQUARED, MLP_REDUCE_MEAN,
      0, 150, MLP_FULL_BATCH, 0, MLP_ORDER_SEQUENTIAL, { MLP_OPT_SGD, 0.05f, 0, 0, 0, 0 } },
    { { 33, 17, 10 }, MLP_ACT_IDENTITY, MLP_ACT_SOFTMAX, MLP_LOSS_SQUARED, MLP_REDUCE_SUM,
      1, 10, 1, 0, MLP_ORDER_SHUFFLED, { MLP_OPT_ADAM, 0.005f, 0, 0, 0, 0 } },
    { { 10, 17, 10 }, MLP_ACT_ELU, MLP_ACT_HARD_SIGMOID, MLP_LOSS_HUBER, MLP_REDUCE_MEAN,
      0, 20, 4, 0, MLP_ORDER_SHUFFLED, { MLP_OPT_SGD, 0.05f, 0.5f, 0, 0, 0 } },
    { { 17, 10, 1 }, MLP_ACT_GELU, MLP_ACT_IDENTITY, MLP_LOSS_HINGE, MLP_REDUCE_MEAN,
      0, 20, 5, 1, MLP_ORDER_SHUFFLED, { MLP_OPT_ADAM, 0.01f, 0, 0, 0, 0 } },
    { { 10, 33, 1 }, MLP_ACT_SILU, MLP_ACT_SOFTPLUS, MLP_LOSS_LOGISTIC, MLP_REDUCE_MEAN,
      1, 20, 5, 0, MLP_ORDER_REPLACEMENT, { MLP_OPT_SGD, 0.05f, 0, 0, 0, 0 } },
    { { 33, 10, 10 }, MLP_ACT_MISH, MLP_ACT_SOFTSIGN, MLP_LOSS_ABSOLUTE, MLP_REDUCE_SUM,
      0, 20, 3, 0, MLP_ORDER_SHUFFLED, { MLP_OPT_SGD, 0.01f, 0.9f, 0, 0, 0 } },
    { { 10, 17, 10 }, MLP_ACT_SELU, MLP_ACT_GAUSSIAN, MLP_LOSS_MARGIN, MLP_REDUCE_MEAN,
      0, 20, 5, 0, MLP_ORDER_SHUFFLED, { MLP_OPT_ADAM, 0.01f, 0, 0, 0, 0 } },
    { { 17, 17, 17 }, MLP_ACT_SIN, MLP_ACT_HARD_TANH, MLP_LOSS_SQUARED, MLP_REDUCE_MEAN,
      0, 20, 5, 0, MLP_ORDER_SHUFFLED, { MLP_OPT_ADAM, 0.01f, 0, 0, 0, 0 } },
    { { 10, 10, 10 }, MLP_ACT_GELU_TANH, MLP_ACT_SOFTMAX, MLP_LOSS_CROSS_ENTROPY, MLP_REDUCE_MEAN,
      0, 20, 4, 1, MLP_ORDER_SHUFFLED, { MLP_OPT_ADAM, 0.01f, 0, 0, 0, 0 } }
};

static int isa_hash_loss(void *user, const mlp_progress *p)
{
    const float loss = (float)p->loss;
    *(uint64_t *)user = test_hash(*(uint64_t *)user, &loss, 1);
    return 0;
}

/* 1,000 steps of one net */
static uint64_t isa_train(const isa_net *n, uint64_t hash)
{
    static float x[200 * 128], y[200 * 65], out[200 * 65], weights[200];
    const size_t rows = (size_t)n->rows, inputs = (size_t)n->units[0];
    size_t outputs = 0, count, i;
    mlp_data data;
    mlp_fit_desc fit;
    mlp_desc d;
    mlp *net;
    float *run;
    int l, updates;
    memset(&d, 0, sizeof d);
    memset(&data, 0, sizeof data);
    memset(&fit, 0, sizeof fit);
    d.inputs = n->units[0];
    d.loss = n->loss;
    d.reduction = n->reduction;
    if (n->loss == MLP_LOSS_HUBER) d.loss_delta = 0.25f;
    if (n->loss == MLP_LOSS_CROSS_ENTROPY && n->weighted) d.label_smoothing = 0.1f;
    for (l = 0; n->units[l + 1]; l++) {
        d.layers[l].units = n->units[l + 1];
        d.layers[l].activation = n->units[l + 2] ? n->hidden : n->last;
        d.layers[l].no_bias = n->no_bias;
        outputs = (size_t)n->units[l + 1];
    }
    test_seed(inputs);
    test_fill(x, rows * inputs);
    for (i = 0; i < rows * outputs; i++) y[i] = fabsf(test_float());
    for (i = 0; i < rows; i++) weights[i] = (float)test_below(4);
    data.rows = rows;
    data.x = x;
    data.y = y;
    if (n->weighted) data.sample_weights = weights;
    updates = n->batch == MLP_FULL_BATCH ? 1 : (n->rows + n->batch - 1) / n->batch;
    fit.epochs = (1000 + updates - 1) / updates;
    fit.batch = n->batch;
    fit.order = n->order;
    fit.opt.kind = n->opt.kind;
    fit.opt.rate = n->opt.rate;
    fit.opt.momentum = n->opt.momentum;
    fit.opt.nesterov = n->opt.nesterov;
    fit.opt.beta1 = n->opt.beta1;
    fit.opt.beta2 = n->opt.beta2;
    fit.on_epoch = isa_hash_loss;
    fit.user = &hash;
    if (mlp_create(&net, &d) || mlp_fit(net, &data, &fit)) return 0;
    if (mlp_compute_gradients(net, &data, NULL) || mlp_predict(net, x, rows, out)) return 0;
    run = mlp_params(net, &count);
    hash = test_hash(hash, run, count);
    hash = test_hash(hash, mlp_gradients(net, NULL), count);
    hash = test_hash(hash, out, rows * outputs);
    mlp_destroy(net);
    return hash;
}

static uint64_t isa_hash(void)
{
    uint64_t hash = TEST_HASH_BEGIN;
    size_t i;
    for (i = 0; i < sizeof isa_nets / sizeof *isa_nets && hash; i++) hash = isa_train(&isa_nets[i], hash);
    return hash;
}
