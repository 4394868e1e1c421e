/* >>train: order and size of batches, blocks, checks of data, failures in the middle, a pinned loss curve. */

static mlp_fit_desc train_fit(int epochs, int batch, mlp_order order, mlp_opt kind, float rate)
{
    mlp_fit_desc f;
    memset(&f, 0, sizeof f);
    f.epochs = epochs;
    f.batch = batch;
    f.order = order;
    f.opt = optim_desc(kind, rate);
    return f;
}

static uint64_t train_hash(mlp *net)
{
    size_t n;
    const float *p = mlp_params(net, &n);
    return test_hash(TEST_HASH_BEGIN, p, n);
}

/* rows of two clouds, class = cloud */
typedef struct { float x[500 * 6], y[500 * 3]; int labels[500]; } train_rows;

static void train_make(train_rows *d)
{
    int i, j;
    for (i = 0; i < 500; i++) {
        d->labels[i] = test_below(3);
        for (j = 0; j < 6; j++) d->x[i * 6 + j] = test_float() + (float)(j % 3 == d->labels[i]);
        for (j = 0; j < 3; j++) d->y[i * 3 + j] = (float)(j == d->labels[i]);
    }
}

static train_rows train_data_rows;
static const int train_units[] = { 6, 24, 3 };

/* a sequential fit is compute_gradients and step over slices, with ceil(N / batch) updates an epoch, the last smaller:
   bit for bit for online (S3, S5: batch 1), mini-batches, batches of several blocks and the full batch */
static void train_fit_is_gradients_and_steps_in_order(void)
{
    static const int batches[] = { 1, 7, 32, 200, MLP_FULL_BATCH };
    train_rows *rows = &train_data_rows;
    size_t b, rows_used = 173;
    test_seed(70);
    train_make(rows);
    for (b = 0; b < 5; b++) {
        mlp *net = layers_net(train_units, 2, 8, MLP_ACT_RELU, MLP_ACT_SIGMOID);
        mlp *by_hand = layers_net(train_units, 2, 8, MLP_ACT_RELU, MLP_ACT_SIGMOID);
        mlp_fit_desc f = train_fit(2, batches[b], MLP_ORDER_SEQUENTIAL, b % 2 ? MLP_OPT_SGD : MLP_OPT_ADAM, 0.01f);
        mlp_data data;
        size_t step, first, updates = 0;
        int epoch;
        if (b == 3) rows_used = 500;
        step = batches[b] > 0 ? (size_t)batches[b] : rows_used;
        data = loss_data(rows_used, rows->x, rows->y);
        CHECK(mlp_fit(net, &data, &f) == MLP_OK);
        for (epoch = 0; epoch < 2; epoch++)
            for (first = 0; first < rows_used; first += step, updates++) {
                const size_t n = rows_used - first < step ? rows_used - first : step;
                mlp_data slice = loss_data(n, rows->x + first * 6, rows->y + first * 3);
                CHECK(mlp_compute_gradients(by_hand, &slice, NULL) == MLP_OK && mlp_step(by_hand, &f.opt) == MLP_OK);
            }
        CHECK(updates == 2 * ((rows_used + step - 1) / step));
        CHECK(train_hash(net) == train_hash(by_hand));
        mlp_destroy(net);
        mlp_destroy(by_hand);
    }
}

/* a batch of several internal blocks is one sum over its rows: the documented chain, ascending, from +0 */
static void train_gradient_of_a_batch_is_that_of_its_blocks(void)
{
    static const int units[] = { 6, 3 };
    train_rows *rows = &train_data_rows;
    mlp *net = layers_net(units, 1, 0, MLP_ACT_RELU, MLP_ACT_IDENTITY);
    const size_t count = 473;                                   /* not a multiple of MLP__BLOCK_ROWS */
    float *g, p[500 * 3];
    mlp_data data;
    size_t i, o, r;
    test_seed(77);
    train_make(rows);
    data = loss_data(count, rows->x, rows->y);
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK && mlp_predict(net, rows->x, count, p) == MLP_OK);
    g = mlp_gradients(net, NULL);
    for (o = 0; o < 3; o++)
        for (i = 0; i < 7; i++) {                               /* i == 6: the bias */
            float sum = 0;
            for (r = 0; r < count; r++) {
                const float dz = 2 * (p[r * 3 + o] - rows->y[r * 3 + o]) * (float)(1.0 / ((double)count * 3));
                sum = i < 6 ? mlp__fma(rows->x[r * 6 + i], dz, sum) : sum + dz;
            }
            CHECK(g[i < 6 ? gemm_weight(6, 3, i, o) : 18 + o] == sum);
        }
    mlp_destroy(net);
}

/* the order of a shuffled epoch, seen through a net that learns one weight per row: each row once, a new order each
   epoch, the same order from the same seed */
typedef struct { mlp *net; float weights[64]; int epochs; } train_watch;

static int train_watching(void *user, const mlp_progress *p)
{
    train_watch *w = (train_watch *)user;
    CHECK(p->epoch == ++w->epochs && p->epochs == 3 && isfinite(p->loss));
    CHECK(mlp_get_weights(w->net, 0, w->weights, NULL) == MLP_OK);
    return 0;
}

static void train_shuffled_visits_each_row_once(void)
{
    static float x[64 * 64], y[64];
    mlp_desc d = net_desc(64, 1, 0);
    mlp_data data = loss_data(64, x, y);
    mlp_fit_desc f = train_fit(3, 1, MLP_ORDER_SHUFFLED, MLP_OPT_SGD, 0.5f);
    train_watch watch;
    int i, order, visited;
    d.layers[0].no_bias = 1;
    d.layers[0].activation = MLP_ACT_IDENTITY;
    d.layers[0].initializer = MLP_INIT_ZERO;
    d.loss = MLP_LOSS_HALF_SQUARED;
    memset(x, 0, sizeof x);
    for (i = 0; i < 64; i++) { x[i * 64 + i] = 1; y[i] = 1; }
    for (order = 0; order < 3; order++) {
        memset(&watch, 0, sizeof watch);
        CHECK(mlp_create(&watch.net, &d) == MLP_OK);
        f.order = (mlp_order)order;
        f.on_epoch = train_watching;
        f.user = &watch;
        CHECK(mlp_fit(watch.net, &data, &f) == MLP_OK && watch.epochs == 3);
        /* w_i = 1 - 2^-visits: each row alone moves its weight halfway */
        for (visited = 0, i = 0; i < 64; i++) visited += watch.weights[i] == 0.875f;
        /* 64 draws a time: some rows more often, some never */
        if (order == MLP_ORDER_REPLACEMENT) CHECK(visited < 40);
        else CHECK(visited == 64);
        mlp_destroy(watch.net);
    }
}

/* the frequency of each row over many epochs with replacement: uniform (S5) */
static void train_replacement_is_uniform(void)
{
    int count[10] = { 0 }, i;
    uint64_t epoch;
    double chi2 = 0;
    float x = 0;
    mlp_data data = loss_data(10, &x, &x);
    for (epoch = 0; epoch < 2000; epoch++) {
        const uint64_t seed = mlp__random(3, MLP__STREAM_ORDER, epoch);
        const mlp__source s = mlp__reordered(mlp__source_in_order(&data), MLP_ORDER_REPLACEMENT, seed, 0);
        for (i = 0; i < 10; i++) count[mlp__row_at(&s, (size_t)i)]++;
    }
    for (i = 0; i < 10; i++) chi2 += (count[i] - 2000.0) * (count[i] - 2000.0) / 2000.0;
    snprintf(test.note, sizeof test.note, "chi2 %.1f (9 degrees of freedom)", chi2);
    CHECK(chi2 < 30);
}

static int train_stop_at_two(void *user, const mlp_progress *p)
{
    *(int *)user = p->epoch;
    return p->epoch == 2;
}

static void train_goes_on_where_it_stopped(void)
{
    train_rows *rows = &train_data_rows;
    mlp *once = layers_net(train_units, 2, 3, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    mlp *twice = layers_net(train_units, 2, 3, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    mlp *other;
    mlp_fit_desc f = train_fit(6, 32, MLP_ORDER_SHUFFLED, MLP_OPT_ADAM, 0.01f);
    mlp_data data;
    int epoch = 0;
    test_seed(71);
    train_make(rows);
    data = loss_data(500, rows->x, rows->y);
    CHECK(mlp_fit(once, &data, &f) == MLP_OK);
    f.on_epoch = train_stop_at_two;
    f.user = &epoch;
    CHECK(mlp_fit(twice, &data, &f) == MLP_OK && epoch == 2);
    f.on_epoch = NULL;
    f.epochs = 4;
    CHECK(mlp_fit(twice, &data, &f) == MLP_OK && train_hash(once) == train_hash(twice));
    /* another seed: other weights and another order */
    other = layers_net(train_units, 2, 5, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    CHECK(mlp_fit(other, &data, &f) == MLP_OK && train_hash(other) != train_hash(once));
    f.epochs = -1;                                                             /* a wanted zero */
    CHECK(mlp_fit(other, &data, &f) == MLP_OK);
    mlp_destroy(once);
    mlp_destroy(twice);
    mlp_destroy(other);
}

static int train_makes_infinite(void *user, const mlp_progress *p)
{
    (void)p;
    *(float *)user = (float)INFINITY;
    return 0;
}

/* on_epoch may change the inputs, as those do that make new ones of old: what it puts there is
   noticed before a weight moves */
static void train_inputs_may_change_between_epochs(void)
{
    mlp_desc d = net_desc(6, 100, 3);
    mlp_fit_desc f = train_fit(3, 16, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 0.01f);
    train_rows *rows = &train_data_rows;
    mlp_data data;
    mlp_error e;
    mlp *net;
    size_t n, i;
    float *p;
    test_seed(81);
    train_make(rows);
    data = loss_data(64, rows->x, rows->y);
    data.error = &e;
    d.layers[0].activation = MLP_ACT_TANH;
    d.layers[2] = d.layers[1];
    d.layers[1] = d.layers[0];                                  /* weights enough for calm batches */
    f.on_epoch = train_makes_infinite;
    f.user = rows->x;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, &f) == MLP_ERR_NONFINITE && e.epoch == 2);
    p = mlp_params(net, &n);
    for (i = 0; i < n; i++) CHECK(isfinite(p[i]));
    mlp_destroy(net);
}

/* strides and gaps full of NaN change nothing */
static void train_strides_skip_gaps(void)
{
    train_rows *rows = &train_data_rows;
    static float wide_x[100 * 9], wide_y[100 * 5];
    mlp *packed, *wide;
    mlp_metrics a, b;
    mlp_data data;
    int order, i;
    test_seed(72);
    train_make(rows);
    test_fill_nan(wide_x, 900);
    test_fill_nan(wide_y, 500);
    for (i = 0; i < 100; i++) {
        memcpy(wide_x + i * 9, rows->x + i * 6, 24);
        memcpy(wide_y + i * 5, rows->y + i * 3, 12);
    }
    for (order = 0; order < 3; order++) {
        const mlp_fit_desc f = train_fit(2, 16, (mlp_order)order, MLP_OPT_SGD, 0.1f);
        packed = layers_net(train_units, 2, 9, MLP_ACT_RELU, MLP_ACT_IDENTITY);
        wide = layers_net(train_units, 2, 9, MLP_ACT_RELU, MLP_ACT_IDENTITY);
        data = loss_data(100, rows->x, rows->y);
        CHECK(mlp_fit(packed, &data, &f) == MLP_OK && mlp_evaluate(packed, &data, &a) == MLP_OK);
        data = loss_data(100, wide_x, wide_y);
        data.x_stride = 9;
        data.y_stride = 5;
        CHECK(mlp_fit(wide, &data, &f) == MLP_OK && mlp_evaluate(wide, &data, &b) == MLP_OK);
        CHECK(train_hash(packed) == train_hash(wide) && a.loss == b.loss && a.mae == b.mae && a.r2 == b.r2);
        mlp_destroy(packed);
        mlp_destroy(wide);
    }
}

/* data is refused by fit, compute_gradients and evaluate alike, and the net stays as it was */
static void train_refused(mlp *net, mlp_data data, mlp_result code, size_t row, size_t column)
{
    const uint64_t before = train_hash(net);
    mlp_error error;
    mlp_metrics metrics;
    double loss = 7;
    int call;
    data.error = &error;
    for (call = 0; call < 3; call++) {
        mlp_result r;
        memset(&error, 0x55, sizeof error);
        memset(&metrics, 0x55, sizeof metrics);
        r = call == 0 ? mlp_fit(net, &data, NULL)
          : call == 1 ? mlp_compute_gradients(net, &data, &loss) : mlp_evaluate(net, &data, &metrics);
        CHECK(r == code && error.code == code && error.row == row && error.column == column && error.text[0]);
        if (call == 1) CHECK(loss == 0);
        if (call == 2) CHECK(metrics.rows == 0 && metrics.loss == 0 && metrics.accuracy == 0);
    }
    CHECK(train_hash(net) == before);
    if (test.failures) printf("    (%s)\n", error.text);
}

static void train_bad_data_is_refused_by_row_and_column(void)
{
    train_rows *rows = &train_data_rows;
    mlp *net = layers_net(train_units, 2, 0, MLP_ACT_RELU, MLP_ACT_IDENTITY), *classes;
    mlp_desc d = net_desc(6, 24, 3);
    float weights[10] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    mlp_data good, data;
    test_seed(73);
    train_make(rows);
    good = loss_data(10, rows->x, rows->y);
#define TRAIN_REFUSED(net, change, code, row, column) \
    (data = good, (change), train_refused(net, data, code, row, column))
    TRAIN_REFUSED(net, data.rows = 0, MLP_ERR_ARGUMENT, 0, 0);
    TRAIN_REFUSED(net, data.x = NULL, MLP_ERR_ARGUMENT, 0, 0);
    TRAIN_REFUSED(net, data.y = NULL, MLP_ERR_ARGUMENT, 0, 0);
    TRAIN_REFUSED(net, data.labels = rows->labels, MLP_ERR_ARGUMENT, 0, 0);                         /* both */
    TRAIN_REFUSED(net, (data.y = NULL, data.labels = rows->labels), MLP_ERR_ARGUMENT, 0, 0);    /* not with this loss */
    TRAIN_REFUSED(net, data.x_stride = 5, MLP_ERR_ARGUMENT, 0, 0);
    TRAIN_REFUSED(net, data.y_stride = 2, MLP_ERR_ARGUMENT, 0, 0);
    rows->x[4 * 6 + 5] = test_nan();
    TRAIN_REFUSED(net, (void)0, MLP_ERR_NONFINITE, 4, 5);
    rows->x[4 * 6 + 5] = (float)INFINITY;
    TRAIN_REFUSED(net, (void)0, MLP_ERR_NONFINITE, 4, 5);
    rows->x[4 * 6 + 5] = 0;
    rows->y[9 * 3 + 1] = -(float)INFINITY;
    TRAIN_REFUSED(net, (void)0, MLP_ERR_NONFINITE, 9, 1);
    rows->y[9 * 3 + 1] = 0;
    weights[3] = -1;
    TRAIN_REFUSED(net, data.sample_weights = weights, MLP_ERR_ARGUMENT, 3, 0);
    weights[3] = test_nan();
    TRAIN_REFUSED(net, data.sample_weights = weights, MLP_ERR_ARGUMENT, 3, 0);
    memset(weights, 0, sizeof weights);
    TRAIN_REFUSED(net, data.sample_weights = weights, MLP_ERR_ARGUMENT, 0, 0);
    TRAIN_REFUSED(net, data.class_weights = weights, MLP_ERR_ARGUMENT, 0, 0);                       /* without labels */
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    CHECK(mlp_create(&classes, &d) == MLP_OK);
    rows->labels[6] = 3;
    TRAIN_REFUSED(classes, (data.y = NULL, data.labels = rows->labels), MLP_ERR_ARGUMENT, 6, 0);
    rows->labels[6] = -1;
    TRAIN_REFUSED(classes, (data.y = NULL, data.labels = rows->labels), MLP_ERR_ARGUMENT, 6, 0);
    rows->labels[6] = 0;
    good.y = NULL;
    good.labels = rows->labels;
    good.class_weights = weights;                                                               /* all zero */
    TRAIN_REFUSED(classes, (void)0, MLP_ERR_ARGUMENT, 0, 0);
    weights[1] = test_nan();
    TRAIN_REFUSED(classes, (void)0, MLP_ERR_ARGUMENT, 0, 0);
    good.class_weights = NULL;
    mlp_destroy(classes);
    d.loss = MLP_LOSS_BINARY_CROSS_ENTROPY;                                            /* labels with several outputs */
    CHECK(mlp_create(&classes, &d) == MLP_OK);
    rows->labels[6] = 0;
    TRAIN_REFUSED(classes, (void)0, MLP_ERR_ARGUMENT, 0, 0);
    mlp_destroy(classes);
    mlp_destroy(net);
#undef TRAIN_REFUSED
}

static void train_bad_fit_descs_are_refused(void)
{
    train_rows *rows = &train_data_rows;
    mlp *net = layers_net(train_units, 2, 0, MLP_ACT_RELU, MLP_ACT_IDENTITY);
    const uint64_t before = train_hash(net);
    mlp_error error;
    mlp_data data;
    mlp_fit_desc f;
    test_seed(74);
    train_make(rows);
    data = loss_data(10, rows->x, rows->y);
    data.error = &error;
#define TRAIN_BAD(field, value, result) \
    (memset(&f, 0, sizeof f), f.field = (value), CHECK(mlp_fit(net, &data, &f) == (result)), \
     CHECK(error.code == (result) && error.text[0]))
    TRAIN_BAD(batch, -2, MLP_ERR_ARGUMENT);
    TRAIN_BAD(order, (mlp_order)3, MLP_ERR_UNSUPPORTED);
#ifndef _OPENMP
    TRAIN_BAD(threads, 2, MLP_ERR_UNSUPPORTED);
#endif
    TRAIN_BAD(threads, -1, MLP_ERR_ARGUMENT);
    TRAIN_BAD(schedule.kind, (mlp_schedule)99, MLP_ERR_UNSUPPORTED);
    TRAIN_BAD(opt.kind, (mlp_opt)99, MLP_ERR_UNSUPPORTED);
    TRAIN_BAD(opt.momentum, 2, MLP_ERR_ARGUMENT);
#undef TRAIN_BAD
    CHECK(train_hash(net) == before);
    CHECK(mlp_fit(net, &data, NULL) == MLP_OK && error.code == MLP_OK && error.text[0] == 0);
    CHECK(train_hash(net) != before);
    mlp_destroy(net);
}

/* a net whose loss or gradient overflows: the step is not applied, the error says epoch
   and layer, the net stays usable */
static void train_nonfinite_steps_are_not_applied(void)
{
    float x[2] = { 1, 1 }, y[2] = { 0, 0 }, w = 1e19f, smaller = 1.8f, out[2];
    mlp_desc d = net_desc(1, 1, 1);
    mlp_fit_desc f = train_fit(5, 2, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 1e30f);
    mlp_error error;
    mlp_data data = loss_data(2, x, y);
    uint64_t before;
    double loss;
    mlp *net;
    d.layers[0].activation = d.layers[1].activation = MLP_ACT_IDENTITY;
    data.error = &error;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, &w, NULL) == MLP_OK);
    CHECK(mlp_set_weights(net, 1, &w, NULL) == MLP_OK);
    before = train_hash(net);
    CHECK(mlp_fit(net, &data, &f) == MLP_ERR_NONFINITE && error.epoch == 1 && error.layer == 1);
    CHECK(train_hash(net) == before);
    CHECK(mlp_compute_gradients(net, &data, &loss) == MLP_ERR_NONFINITE && !isfinite(loss));
    CHECK(train_hash(net) == before);
    CHECK(mlp_set_weights(net, 1, &smaller, NULL) == MLP_OK);   /* the loss is finite, the gradient of layer 1 is not */
    f.opt.rate = 1;
    before = train_hash(net);
    CHECK(mlp_fit(net, &data, &f) == MLP_ERR_NONFINITE && error.epoch == 1 && error.layer == 1);
    CHECK(train_hash(net) == before);
    w = 1;
    f.opt.rate = 1e30f;
    CHECK(mlp_set_weights(net, 0, &w, NULL) == MLP_OK && mlp_fit(net, &data, &f) == MLP_ERR_NONFINITE);
    CHECK(error.epoch == 2);
    w = 0.5f;
    CHECK(mlp_set_weights(net, 0, &w, &w) == MLP_OK && mlp_set_weights(net, 1, &w, &w) == MLP_OK);
    f.opt.rate = 0.1f;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && mlp_predict(net, x, 2, out) == MLP_OK && isfinite(out[0]));
    mlp_destroy(net);
}

/* any number of threads gives the bits of one: more than there are rows or panels, rows and units that do not divide,
   blocks, custom functions; compiled with OpenMP and threads from the first row on (make test) */
#ifdef _OPENMP
static void train_half(void *user, size_t n, const float *z, float *a) { (void)user; while (n--) a[n] = z[n] / 2; }
static void train_half_slope(void *user, size_t n, const float *z, const float *a, float *slope)
{
    (void)user;
    (void)z;
    (void)a;
    while (n--) slope[n] = 0.5f;
}

static void train_threads_change_no_bit(void)
{
    /* by rows or units, whole and ragged */
    static const int thread_counts[] = { 0, 1, 2, 3, 5, 8 }, units[] = { 5, 81, 128, 72 };
    train_rows *rows = &train_data_rows;
    int variant, i;
    test_seed(77);
    train_make(rows);
    for (variant = 0; variant < 6; variant++) {                 /* 4 and 5: 0 and 1 with labels */
        uint64_t one = 0;
        for (i = 0; i < 6; i++) {
            mlp_desc d = net_desc(6, units[variant % 4], 3);
            const mlp_opt kind = variant & 1 ? MLP_OPT_ADAM : MLP_OPT_SGD;
            mlp_fit_desc f = train_fit(2, variant & 2 ? 157 : 7, MLP_ORDER_SHUFFLED, kind, 0.01f);
            mlp_data data = loss_data(500, rows->x, rows->y);
            mlp *net;
            f.threads = thread_counts[i];
            if (variant >= 4) { d.loss = MLP_LOSS_CROSS_ENTROPY; data.y = NULL; data.labels = rows->labels; }
            if (variant & 1) {                                  /* 40 inputs: few units would have four chains */
                d.layers[2] = d.layers[1];
                d.layers[1] = d.layers[0];
                d.layers[0].units = 40;
            }
            f.opt.momentum = variant == 2 ? 0.5f : 0;
            if (variant & 2) {
                d.layers[0].activation = MLP_ACT_CUSTOM;
                d.layers[0].custom.value = train_half;
                d.layers[0].custom.slope = train_half_slope;
            }
            CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, &f) == MLP_OK);
            if (i == 0) one = train_hash(net);
            CHECK(train_hash(net) == one);
            mlp_destroy(net);
        }
    }
}
#endif

#ifdef _OPENMP
/* layers of unlike widths, cut by rows: no part writes where another reads */
static void train_evaluations_with_threads_are_those_of_one(void)
{
    static const int widths[] = { 3, 20, 40, 2, 33, 1 };        /* each by rows */
    static float x[16], y[16];
    float w[3] = { 1, 1, 1 };
    mlp_desc d = net_desc(1, 3, 1);
    mlp_fit_desc f = train_fit(-1, MLP_FULL_BATCH, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 0);
    mlp_data data = loss_data(16, x, y);
    mlp_metrics one, more;
    mlp *net;
    int i, threads;
    for (i = 0; i < 6; i++) d.layers[i].units = widths[i];
    d.layers[0].activation = MLP_ACT_CUSTOM;
    d.layers[0].custom.value = train_half;
    d.layers[0].custom.slope = train_half_slope;
    for (i = 0; i < 16; i++) { x[i] = (float)i / 6; y[i] = 1; }
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w, NULL) == MLP_OK);
    CHECK(mlp_evaluate(net, &data, &one) == MLP_OK);
    for (threads = 2; threads < 5; threads++) {
        f.threads = threads;
        CHECK(mlp_fit(net, &data, &f) == MLP_OK && mlp_evaluate(net, &data, &more) == MLP_OK);
        CHECK(memcmp(&one, &more, sizeof one) == 0);
    }
    mlp_destroy(net);
}
#endif

/* the layer is that of the block that overflowed, not of a later one */
static void train_nonfinite_layer_is_found_in_every_block(void)
{
    static float x[300], y[300];
    float w = 1e30f, one = 1;
    mlp_desc d = net_desc(1, 1, 1);
    mlp_error error;
    mlp_data data = loss_data(300, x, y);
    mlp *net;
    d.layers[0].activation = d.layers[1].activation = MLP_ACT_IDENTITY;
    data.error = &error;
    x[7] = 1e30f;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, &w, NULL) == MLP_OK);
    CHECK(mlp_set_weights(net, 1, &one, NULL) == MLP_OK);
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_ERR_NONFINITE && error.layer == 0);
    mlp_destroy(net);
}

static void train_batches_without_weight_are_left_out(void)
{
    train_rows *rows = &train_data_rows;
    mlp *with = layers_net(train_units, 2, 0, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    mlp *without = layers_net(train_units, 2, 0, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    float weights[30];
    mlp_fit_desc f = train_fit(1, 10, MLP_ORDER_SEQUENTIAL, MLP_OPT_ADAM, 0);
    mlp_data data;
    int i;
    test_seed(75);
    train_make(rows);
    for (i = 0; i < 30; i++) weights[i] = (float)(i < 20);
    data = loss_data(30, rows->x, rows->y);
    data.sample_weights = weights;
    CHECK(mlp_fit(with, &data, &f) == MLP_OK);
    data = loss_data(20, rows->x, rows->y);
    CHECK(mlp_fit(without, &data, &f) == MLP_OK && train_hash(with) == train_hash(without));
    mlp_destroy(with);
    mlp_destroy(without);
}

/* Of 20 rows drawn with replacement, often none is the one with weight: such an epoch has no loss, which is no gain. */
typedef struct { int with, without; double first, rate; } train_seen;

static int train_sees(void *user, const mlp_progress *p)
{
    train_seen *s = (train_seen *)user;
    *(isnan(p->loss) ? &s->without : &s->with) += 1;
    CHECK(!(p->loss <= 0));
    if (p->epoch == 1) s->first = p->rate;
    s->rate = p->rate;
    return 0;
}

static void train_epochs_without_weight_have_no_loss(void)
{
    float x[20] = { 0 }, y[20] = { 0 }, weights[20] = { 0 };
    mlp_desc d = net_desc(1, 1, 0);
    mlp_fit_desc f = train_fit(60, 5, MLP_ORDER_REPLACEMENT, MLP_OPT_SGD, 0.001f);
    mlp_data data = loss_data(20, x, y);
    train_seen seen = { 0, 0, 0, 0 };
    mlp *net;
    int i;
    for (i = 0; i < 20; i++) { x[i] = 1; y[i] = 5; }
    weights[3] = 1;
    data.sample_weights = weights;
    f.schedule.kind = MLP_SCHEDULE_PLATEAU;
    f.on_epoch = train_sees;
    f.user = &seen;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, &f) == MLP_OK);
    CHECK(seen.with > 5 && seen.without > 5 && seen.rate == seen.first);
    mlp_destroy(net);
}

static void train_accuracy_counts_what_it_says(void)
{
    const float x[] = { 1, 2, 3, 4 }, w[] = { 1, -1 }, b[] = { 0, 5 }, one_w[] = { 1 }, one_b[] = { -2.5f };
    const float weights[] = { 1, 1, 1, 5 };
    const int labels[] = { 1, 1, 0, 1 };
    mlp_desc d = net_desc(1, 2, 0);
    mlp_data data = loss_data(4, x, NULL);
    mlp_metrics m;
    mlp *net;
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    data.labels = labels;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w, b) == MLP_OK);      /* class 0 from x = 2.5 on */
    CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && m.rows == 4 && m.accuracy == 0.75);
    data.sample_weights = weights;
    CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && m.accuracy == 3.0 / 8);
    mlp_destroy(net);
    d = net_desc(1, 1, 0);
    d.loss = MLP_LOSS_BINARY_CROSS_ENTROPY;
    data.sample_weights = NULL;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, one_w, one_b) == MLP_OK);
    CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && m.accuracy == 0.25);                    /* right for x = 4 only */
    mlp_destroy(net);
    d.loss = MLP_LOSS_HINGE;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, one_w, one_b) == MLP_OK);
    CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && m.accuracy == 0.25);
    mlp_destroy(net);
    d.loss = MLP_LOSS_SQUARED;
    data.labels = NULL;
    data.y = x;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_evaluate(net, &data, &m) == MLP_OK && isnan(m.accuracy));
    CHECK(isnan(m.top_k) && isfinite(m.mae) && isfinite(m.r2));
    mlp_destroy(net);
}

/* Losses of the first epochs of a fixed run, to seven digits: the same in both classes of builds. */
static int train_curve(void *user, const mlp_progress *p)
{
    ((double *)user)[p->epoch - 1] = p->loss;
    return 0;
}

static void train_loss_curve_is_pinned(void)
{
    static const double pinned[2][6] = { { 0.6476073, 0.3297990, 0.2658763, 0.2395069, 0.2275811, 0.2196117 },
                                         { 0.7190444, 0.3334703, 0.2392941, 0.2168726, 0.2094131, 0.2021968 } };
    train_rows *rows = &train_data_rows;
    int k, i;
    for (k = 0; k < 2; k++) {
        mlp_desc d = net_desc(6, 24, 3);
        mlp_fit_desc f = train_fit(6, 32, MLP_ORDER_SHUFFLED, k ? MLP_OPT_ADAM : MLP_OPT_SGD, k ? 0.01f : 0.1f);
        double curve[6] = { 0 };
        mlp_data data;
        mlp *net;
        test_seed(76);
        train_make(rows);
        data = loss_data(500, rows->x, NULL);
        data.labels = rows->labels;
        d.loss = MLP_LOSS_CROSS_ENTROPY;
        f.on_epoch = train_curve;
        f.user = curve;
        f.opt.momentum = k ? 0 : 0.5f;
        CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, &f) == MLP_OK);
        for (i = 0; i < 6; i++) CHECK_NEAR(curve[i], pinned[k][i], 2e-6);
        mlp_destroy(net);
    }
}

/* on_epoch may change the data: what it puts there is looked at again before it is used */
typedef struct { int what, epochs; train_rows *rows; float *weights; } train_spoiler;

static int train_spoil(void *user, const mlp_progress *p)
{
    train_spoiler *s = (train_spoiler *)user;
    (void)p;
    s->epochs++;
    if (s->what == 0) s->rows->labels[9] = 200000;
    else if (s->what == 1) s->rows->labels[9] = -100000;
    else if (s->what == 2) s->weights[9] = -5;
    else if (s->what == 3) s->weights[9] = test_nan();
    else s->rows->x[9 * 6 + 2] = test_nan();
    return 0;
}

static void train_data_that_a_callback_spoils_is_refused(void)
{
    train_rows *rows = &train_data_rows;
    float weights[64];
    int what, step, i;
    for (what = 0; what < 5; what++)
        for (step = 0; step < 2; step++) {
            mlp_desc d = net_desc(6, 24, 3);
            mlp_fit_desc f = train_fit(3, 16, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 0.01f);
            train_spoiler s;
            mlp_error e;
            mlp_data data;
            mlp *net;
            size_t n, k;
            float *p;
            test_seed(82);
            train_make(rows);
            for (i = 0; i < 64; i++) weights[i] = 1;
            memset(&s, 0, sizeof s);
            s.what = what;
            s.rows = rows;
            s.weights = weights;
            d.loss = MLP_LOSS_CROSS_ENTROPY;
            data = loss_data(64, rows->x, NULL);
            data.labels = rows->labels;
            data.sample_weights = weights;
            data.error = &e;
            if (step) f.on_step = train_spoil;
            else f.on_epoch = train_spoil;
            f.user = &s;
            CHECK(mlp_create(&net, &d) == MLP_OK);
            CHECK(mlp_fit(net, &data, &f) == (what == 4 ? MLP_ERR_NONFINITE : MLP_ERR_ARGUMENT));
            CHECK(e.row == 9 && e.epoch == 2);
            p = mlp_params(net, &n);
            for (k = 0; k < n; k++) CHECK(isfinite(p[k]));
            mlp_destroy(net);
        }
}

/* labels that weights of classes are looked up by: of rows that come later, from any callback */
typedef struct { int *labels, calls; } train_labeller;

static int train_labels_far(train_labeller *l)
{
    if (++l->calls >= 2) l->labels[60] = 100000000;
    return 0;
}

static int train_labels_on_step(void *user, const mlp_progress *p)
{
    (void)p;
    return train_labels_far((train_labeller *)user);
}

static float train_labels_rate(void *user, double epoch, float rate)
{
    (void)epoch;
    train_labels_far((train_labeller *)user);
    return rate;
}

static int train_labels_on_gradients(void *user, mlp *net, float *g, size_t n)
{
    (void)net;
    (void)g;
    (void)n;
    return train_labels_far((train_labeller *)user);
}

static void train_labels_of_later_rows_are_looked_at(void)
{
    static const float weights[3] = { 1, 2, 3 };
    train_rows *rows = &train_data_rows;
    int how, weighted, split;
    for (how = 0; how < 3; how++)
        for (weighted = 0; weighted < 2; weighted++)
            for (split = 0; split < 2; split++) {
                mlp_desc d = net_desc(6, 24, 3);
                mlp_fit_desc f = train_fit(2, 16, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 0.01f);
                train_labeller l;
                mlp_data data;
                mlp_error e;
                mlp *net;
                test_seed(84);
                train_make(rows);
                l.labels = rows->labels;
                l.calls = 0;
                d.loss = MLP_LOSS_CROSS_ENTROPY;
                data = loss_data(64, rows->x, NULL);
                data.labels = rows->labels;
                data.class_weights = weighted ? weights : NULL;
                data.error = &e;
                f.validation_split = split ? 0.25f : 0;
                f.user = f.schedule.user = &l;
                if (how == 0) f.on_step = train_labels_on_step;
                if (how == 1) f.on_gradients = train_labels_on_gradients;
                if (how == 2) { f.schedule.kind = MLP_SCHEDULE_CUSTOM; f.schedule.rate = train_labels_rate; }
                CHECK(mlp_create(&net, &d) == MLP_OK);
                CHECK(mlp_fit(net, &data, &f) == MLP_ERR_ARGUMENT && e.row == 60);
                CHECK(strstr(e.text, "labels: 100000000"));
                mlp_destroy(net);
            }
}

/* Rows that are read: what trains is refused to the one who reads, and a gradient that was not finished is none. */
typedef struct { mlp *net; const mlp_data *data; int calls, refused, fail_at; } train_reader;

static int train_reads(void *user, const size_t *rows, size_t n, float *x, float *y, int *labels)
{
    train_reader *c = (train_reader *)user;
    size_t i;
    (void)rows;
    (void)labels;
    c->refused += mlp_fit(c->net, c->data, NULL) == MLP_ERR_ARGUMENT
               && mlp_fit_scaling(c->net, c->data) == MLP_ERR_ARGUMENT
               && mlp_compute_gradients(c->net, c->data, NULL) == MLP_ERR_ARGUMENT;
    for (i = 0; i < n * 6; i++) x[i] = (float)(i % 7);
    for (i = 0; i < n * 3; i++) y[i] = 1;
    return ++c->calls == c->fail_at;
}

static void train_gradients_that_were_not_finished_are_none(void)
{
    enum { BLOCKS = (300 + MLP__BLOCK_ROWS - 1) / MLP__BLOCK_ROWS };
    train_rows *rows = &train_data_rows;
    mlp_desc d = net_desc(6, 24, 3);
    mlp *net;
    mlp_data data, read;
    train_reader c;
    double loss = 7;
    test_seed(85);
    train_make(rows);
    data = loss_data(500, rows->x, rows->y);
    d.input_scaling = MLP_SCALE_STANDARD;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    memset(&c, 0, sizeof c);
    memset(&read, 0, sizeof read);
    c.net = net;
    c.data = &data;
    read.rows = 300;
    read.read = train_reads;
    read.user = &c;
    CHECK(mlp_fit_scaling(net, &read) == MLP_OK && c.calls == BLOCKS && c.refused == BLOCKS);
    c.fail_at = BLOCKS + 1;
    CHECK(mlp_compute_gradients(net, &read, NULL) == MLP_ERR_IO && mlp_step(net, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_compute_gradients(net, &read, NULL) == MLP_OK && mlp_step(net, NULL) == MLP_OK);
    CHECK(c.calls == 2 * BLOCKS + 1 && c.refused == c.calls);
    c.fail_at = c.calls + 2;                                /* in the second block */
    CHECK(mlp_compute_gradients(net, &read, &loss) == MLP_ERR_IO && mlp_step(net, NULL) == MLP_ERR_ARGUMENT);
    CHECK(loss == 0);
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK && mlp_step(net, NULL) == MLP_OK);
    mlp_destroy(net);
}

/* what trains is refused in a callback of the net's own fit, which goes on */
typedef struct { mlp *net; const mlp_data *data; void *memory; int calls, refused; } train_caller;

static int train_calls_back(void *user, const mlp_progress *p)
{
    train_caller *c = (train_caller *)user;
    float dx[500 * 6];
    (void)p;
    c->calls += 6;
    c->refused += mlp_fit(c->net, c->data, NULL) == MLP_ERR_ARGUMENT;
    c->refused += mlp_compute_gradients(c->net, c->data, NULL) == MLP_ERR_ARGUMENT;
    c->refused += mlp_step(c->net, NULL) == MLP_ERR_ARGUMENT;
    c->refused += mlp_train_in(c->net, c->memory, 100000, NULL) == MLP_ERR_ARGUMENT;
    c->refused += mlp_input_gradients(c->net, c->data, dx) == MLP_ERR_ARGUMENT;
    c->refused += mlp_jacobian(c->net, c->data->x, dx) == MLP_ERR_ARGUMENT;
    return 0;
}

static void train_a_net_being_fitted_is_not_for_others(void)
{
    train_rows *rows = &train_data_rows;
    mlp *net = layers_net(train_units, 2, 3, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    mlp *plain = layers_net(train_units, 2, 3, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    mlp_fit_desc f = train_fit(2, 100, MLP_ORDER_SHUFFLED, MLP_OPT_ADAM, 0.01f);
    mlp_data data;
    train_caller c;
    test_seed(83);
    train_make(rows);
    data = loss_data(500, rows->x, rows->y);
    CHECK(mlp_fit(plain, &data, &f) == MLP_OK);
    memset(&c, 0, sizeof c);
    c.net = net;
    c.data = &data;
    c.memory = malloc(100000);
    f.on_epoch = f.on_step = train_calls_back;
    f.user = &c;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && c.calls == 6 * 12 && c.refused == c.calls);
    CHECK(train_hash(net) == train_hash(plain));
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK);                   /* afterwards it is free again */
    free(c.memory);
    mlp_destroy(net);
    mlp_destroy(plain);
}

/* a row of weight 0 takes part in nothing, even if its loss or its gradient would overflow */
static void train_rows_without_weight_take_part_in_nothing(void)
{
    train_rows *rows = &train_data_rows;
    float x[40 * 6], y[40 * 3], weights[40];
    int order, i;
    test_seed(84);
    train_make(rows);
    for (order = 0; order < 2; order++) {
        mlp *with = layers_net(train_units, 2, 0, MLP_ACT_RELU, MLP_ACT_IDENTITY);
        mlp *without = layers_net(train_units, 2, 0, MLP_ACT_RELU, MLP_ACT_IDENTITY);
        mlp_fit_desc f = train_fit(3, MLP_FULL_BATCH, MLP_ORDER_SEQUENTIAL, MLP_OPT_ADAM, 0.01f);
        mlp_metrics a, b;
        mlp_data data = loss_data(40, x, y);
        double e, g;
        for (i = 0; i < 40; i++) weights[i] = 1;
        memcpy(x, rows->x, sizeof x);
        memcpy(y, rows->y, sizeof y);
        weights[order ? 0 : 39] = 0;
        for (i = 0; i < 6; i++) x[(order ? 0 : 39) * 6 + i] = 3e38f;
        y[(order ? 0 : 39) * 3] = -3e38f;
        data.sample_weights = weights;
        CHECK(mlp_fit(with, &data, &f) == MLP_OK && mlp_evaluate(with, &data, &a) == MLP_OK);
        CHECK(mlp_compute_gradients(with, &data, &e) == MLP_OK);
        data = loss_data(39, x + order * 6, y + order * 3);
        CHECK(mlp_fit(without, &data, &f) == MLP_OK && mlp_evaluate(without, &data, &b) == MLP_OK);
        CHECK(mlp_compute_gradients(without, &data, &g) == MLP_OK);
        CHECK(train_hash(with) == train_hash(without) && e == g && a.loss == b.loss && a.mae == b.mae);
        CHECK(a.rmse == b.rmse);
        mlp_destroy(with);
        mlp_destroy(without);
    }
}

static void train_targets_that_the_loss_does_not_mean_are_refused(void)
{
    float x[6] = { 0 }, y[6] = { 0, 1, 0.5f, 0.25f, 0, 1 };
    const float bad[] = { 1.5f, -0.25f };
    mlp_error error;
    mlp_data data = loss_data(3, x, y);
    int loss, i;
    data.error = &error;
    for (loss = 0; loss < 2; loss++)
        for (i = loss; i < 2; i++) {
            mlp_desc d = net_desc(2, 2, 0);
            mlp *net;
            d.loss = loss ? MLP_LOSS_CROSS_ENTROPY : MLP_LOSS_BINARY_CROSS_ENTROPY;
            y[3] = 0.25f;
            CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, NULL) == MLP_OK);
            y[3] = bad[i];
            train_refused(net, data, MLP_ERR_ARGUMENT, 1, 1);
            CHECK(mlp_fit(net, &data, NULL) == MLP_ERR_ARGUMENT);
            CHECK(strstr(error.text, i ? "-0.25 in row 1" : "1.5 in row 1"));
            mlp_destroy(net);
        }
}

static int train_stop_at_three(void *user, const mlp_progress *p) { (void)user; return p->epoch == 3; }

static void train_epochs_may_be_as_many_as_there_are(void)
{
    train_rows *rows = &train_data_rows;
    mlp *net = layers_net(train_units, 2, 3, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    mlp_fit_desc f = train_fit(INT32_MAX, 100, MLP_ORDER_SHUFFLED, MLP_OPT_ADAM, 0.01f);
    mlp_fit_report report;
    mlp_data data;
    test_seed(85);
    train_make(rows);
    data = loss_data(100, rows->x, rows->y);
    f.on_epoch = train_stop_at_three;
    f.report = &report;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && report.stop == MLP_STOP_CALLBACK && report.epochs == 3);
    CHECK(isfinite(report.loss));
    CHECK(isnan(report.validation_loss) && report.best_epoch == 0);
    mlp_destroy(net);
}

/* Never MLP_OK with weights that are not finite, whatever the optimizer: gradients whose square overflows, rates that
   overflow, 0 / 0 without epsilon. A refusal beforehand leaves the weights as they were. */
static void train_weights_stay_finite_or_it_is_an_error(void)
{
    static const float gradients[] = { 2e19f, 3e38f, 1, 0 }, rates[] = { 0, 3e38f };
    int kind, g, r, epsilon, step, wrong = 0, ok = 0;
    for (kind = MLP_OPT_SGD; kind <= MLP_OPT_RPROP; kind++)
        for (g = 0; g < 4; g++)
            for (r = 0; r < 2; r++)
                for (epsilon = 0; epsilon < 2; epsilon++) {
                    mlp_opt_desc d = optim_desc((mlp_opt)kind, rates[r]);
                    float v[1] = { 0.5f }, dv[1] = { gradients[g] }, state[64] = { 0 };
                    mlp_result code = MLP_OK;
                    if (kind == MLP_OPT_ADAGRAD || (kind >= MLP_OPT_RMSPROP && kind <= MLP_OPT_ADAMW))
                        d.epsilon = (float)-epsilon;
                    for (step = 0; step < 3 && !code; step++) {
                        code = mlp_opt_update(&d, state, 1, v, dv);
                        CHECK(code == MLP_OK || code == MLP_ERR_NONFINITE);
                        wrong += !code && !isfinite(v[0]);
                        ok += !code;
                    }
                }
    CHECK(wrong == 0 && ok > 60);
}

/* The recipe fits tables of any size: learns two clouds from 500 rows; few rows and rows
   of many classes have no split. */
static void train_recipe_fits_any_table(void)
{
    static const struct { size_t rows; int outputs, classes; } tables[] = {
        { 500, 0, 3 }, { 500, 3, 0 }, { 1, 1, 0 }, { 1, 0, 3 }, { 20, 2, 0 }, { 49, 0, 3 }, { 50, 0, 3 },
        { 60, 0, 29 }, { 60, 0, 30 }, { 100, 200, 0 } };
    static float x[500 * 6], y[500 * 200];
    static int labels[500];
    train_rows *rows = &train_data_rows;
    size_t t, i;
    test_seed(86);
    train_make(rows);
    test_fill(y, 500 * 200);
    for (i = 0; i < 500 * 6; i++) x[i] = 1000 * rows->x[i] - 5000;
    for (t = 0; t < sizeof tables / sizeof *tables; t++) {
        const int classes = tables[t].classes, few = tables[t].rows < 50 || (int)tables[t].rows <= 2 * classes + 1;
        mlp_desc desc;
        mlp_fit_desc f;
        mlp_fit_report report;
        mlp_metrics metrics;
        mlp_data data = loss_data(tables[t].rows, x, t == 1 ? rows->y : y);
        mlp *net;
        memset(&desc, 0x55, sizeof desc);
        memset(&f, 0x55, sizeof f);
        mlp_recipe_tabular(&desc, &f, data.rows, 6, classes ? -7 : tables[t].outputs, classes);
        if (classes) { data.y = NULL; data.labels = t ? labels : rows->labels; }
        for (i = 0; i < data.rows && t && classes; i++) labels[i] = (int)i % classes;
        f.report = &report;
        CHECK((f.validation_split == 0) == few && (!few || f.epochs < 60));
        CHECK(mlp_create(&net, &desc) == MLP_OK && mlp_fit(net, &data, &f) == MLP_OK);
        CHECK(mlp_evaluate(net, &data, &metrics) == MLP_OK);
        CHECK(report.epochs == f.epochs && (report.best_epoch > 0) == !few && isfinite(metrics.loss));
        if (t == 0) CHECK(metrics.accuracy > 0.6);
        if (t == 1) CHECK(metrics.r2 > 0.2);
        mlp_destroy(net);
    }
}

/* What makes no net is mlp_create's to refuse; nothing is crashed. */
static void train_recipe_takes_what_it_is_given(void)
{
    static const int numbers[] = { 0, -1, INT32_MIN, INT32_MAX };
    mlp_desc desc;
    mlp_fit_desc f;
    mlp *net;
    int i;
    mlp_recipe_tabular(NULL, NULL, 0, 0, 0, 0);
    for (i = 0; i < 4; i++) {
        mlp_recipe_tabular(&desc, NULL, SIZE_MAX, numbers[i], 1, 0);
        CHECK(desc.inputs == numbers[i] && (i == 3 || (mlp_create(&net, &desc) == MLP_ERR_ARGUMENT && !net)));
        mlp_recipe_tabular(&desc, &f, SIZE_MAX, 1, numbers[i], 0);
        CHECK(i == 3 ? desc.layers[2].units == INT32_MAX : mlp_create(&net, &desc) == MLP_ERR_ARGUMENT && !net);
        mlp_recipe_tabular(NULL, &f, i ? SIZE_MAX : 0, 1, 1, numbers[i]);
        CHECK(f.epochs > 0 && f.batch > 0);
    }
}

static void train_tests(void)
{
    RUN(train_fit_is_gradients_and_steps_in_order);
    RUN(train_gradient_of_a_batch_is_that_of_its_blocks);
    RUN(train_shuffled_visits_each_row_once);
    RUN(train_replacement_is_uniform);
    RUN(train_goes_on_where_it_stopped);
    RUN(train_inputs_may_change_between_epochs);
    RUN(train_strides_skip_gaps);
    RUN(train_bad_data_is_refused_by_row_and_column);
    RUN(train_bad_fit_descs_are_refused);
    RUN(train_nonfinite_steps_are_not_applied);
    RUN(train_nonfinite_layer_is_found_in_every_block);
    RUN(train_batches_without_weight_are_left_out);
    RUN(train_epochs_without_weight_have_no_loss);
#ifdef _OPENMP
    RUN(train_threads_change_no_bit);
    RUN(train_evaluations_with_threads_are_those_of_one);
#endif
    RUN(train_accuracy_counts_what_it_says);
    RUN(train_data_that_a_callback_spoils_is_refused);
    RUN(train_labels_of_later_rows_are_looked_at);
    RUN(train_gradients_that_were_not_finished_are_none);
    RUN(train_a_net_being_fitted_is_not_for_others);
    RUN(train_rows_without_weight_take_part_in_nothing);
    RUN(train_targets_that_the_loss_does_not_mean_are_refused);
    RUN(train_epochs_may_be_as_many_as_there_are);
    RUN(train_weights_stay_finite_or_it_is_an_error);
    RUN(train_recipe_fits_any_table);
    RUN(train_recipe_takes_what_it_is_given);
    RUN(train_loss_curve_is_pinned);
}
