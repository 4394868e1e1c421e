/* >>train, what is asked of a net that is trained: metrics, classes, confusion, derivatives with respect to the
   inputs. */

enum { METRICS_ROWS = 600, METRICS_MOST = 9 };
typedef struct {
    /* classes: labels where there may be some, else targets that mean classes; 0: numbers */
    int outputs, classes;
    mlp_loss loss;
    mlp_activation last;
} metrics_case;

static const metrics_case metrics_cases[] = {
    { 9, 1, MLP_LOSS_CROSS_ENTROPY, MLP_ACT_DEFAULT }, { 6, 1, MLP_LOSS_CROSS_ENTROPY, MLP_ACT_DEFAULT },
    { 5, 1, MLP_LOSS_CROSS_ENTROPY, MLP_ACT_DEFAULT }, { 2, 1, MLP_LOSS_CROSS_ENTROPY, MLP_ACT_DEFAULT },
    { 1, 1, MLP_LOSS_BINARY_CROSS_ENTROPY, MLP_ACT_DEFAULT }, { 7, 1, MLP_LOSS_BINARY_CROSS_ENTROPY, MLP_ACT_DEFAULT },
    { 1, 1, MLP_LOSS_LOGISTIC, MLP_ACT_DEFAULT }, { 3, 1, MLP_LOSS_LOGISTIC, MLP_ACT_DEFAULT },
    { 1, 1, MLP_LOSS_HINGE, MLP_ACT_TANH }, { 6, 1, MLP_LOSS_HINGE, MLP_ACT_DEFAULT },
    { 7, 1, MLP_LOSS_SQUARED, MLP_ACT_SOFTMAX }, { 3, 1, MLP_LOSS_ABSOLUTE, MLP_ACT_SOFTMAX },
    { 3, 0, MLP_LOSS_SQUARED, MLP_ACT_DEFAULT }, { 1, 0, MLP_LOSS_HALF_SQUARED, MLP_ACT_DEFAULT },
    { 7, 0, MLP_LOSS_ABSOLUTE, MLP_ACT_DEFAULT }, { 2, 0, MLP_LOSS_HUBER, MLP_ACT_TANH },
    { 2, 0, MLP_LOSS_MARGIN, MLP_ACT_DEFAULT }
};
enum { METRICS_CASES = sizeof metrics_cases / sizeof *metrics_cases };

typedef struct {
    float x[METRICS_ROWS * 5], y[METRICS_ROWS * METRICS_MOST], weights[METRICS_ROWS];
    int labels[METRICS_ROWS];
} metrics_rows;
static metrics_rows metrics_data;

static int metrics_is_sign(mlp_loss l) { return l == MLP_LOSS_LOGISTIC || l == MLP_LOSS_HINGE; }
static int metrics_is_many(const metrics_case *c)
{
    return c->outputs > 1 && (metrics_is_sign(c->loss) || c->loss == MLP_LOSS_BINARY_CROSS_ENTROPY);
}

static mlp *metrics_net(const metrics_case *c, mlp_scaling in, mlp_scaling out)
{
    mlp_desc d = net_desc(5, 11, c->outputs);
    mlp *net;
    d.layers[0].activation = MLP_ACT_TANH;
    d.layers[1].activation = c->last;
    d.loss = c->loss;
    d.input_scaling = in;
    d.target_scaling = out;
    if (!CHECK(mlp_create(&net, &d) == MLP_OK)) exit(2);
    layers_randomize(net);
    return net;
}

/* with labels, or targets of the same meaning; weights 0, 1 or 2 */
static mlp_data metrics_make(const metrics_case *c, int labels, int weighted)
{
    metrics_rows *r = &metrics_data;
    mlp_data d = loss_data(METRICS_ROWS, r->x, labels ? NULL : r->y);
    int i, j;
    test_fill(r->x, METRICS_ROWS * 5);
    for (i = 0; i < METRICS_ROWS; i++) {
        r->labels[i] = test_below(c->outputs > 1 ? c->outputs : 2);
        r->weights[i] = (float)test_below(3);
        for (j = 0; j < c->outputs; j++) {
            float *y = &r->y[i * c->outputs + j];
            if (!c->classes) *y = 3 * test_float() + (float)j;
            else if (metrics_is_many(c)) *y = (float)test_below(2);
            else *y = (float)(c->outputs > 1 ? j == r->labels[i] : r->labels[i]);
            if (c->classes && metrics_is_sign(c->loss)) *y = 2 * *y - 1;
        }
    }
    if (labels) d.labels = r->labels;
    if (weighted) d.sample_weights = r->weights;
    return d;
}

static int metrics_on(const metrics_case *c, double v) { return metrics_is_sign(c->loss) ? v > 0 : v >= 0.5; }

static int metrics_class(const metrics_case *c, const float *v)
{
    int best = 0, j;
    if (c->outputs == 1) return metrics_on(c, (double)v[0]);
    for (j = 1; j < c->outputs; j++) if (v[j] > v[best]) best = j;
    return best;
}

/* the metrics of predictions p in double, from their definitions */
static mlp_metrics metrics_twin(const metrics_case *c, const mlp_data *d, const float *p)
{
    const float *y = metrics_data.y;
    const int n = c->outputs;
    double sum = 0, mean[METRICS_MOST] = { 0 }, error[METRICS_MOST] = { 0 }, spread[METRICS_MOST] = { 0 };
    mlp_metrics m;
    int i, j;
    memset(&m, 0, sizeof m);
    m.rows = METRICS_ROWS;
    for (i = 0; i < METRICS_ROWS; i++) {
        const double w = d->sample_weights ? (double)d->sample_weights[i] : 1;
        const float *a = p + i * n, *t = y + i * n;
        const int class_of = metrics_class(c, t);
        int above = 0, right = 0;
        sum += w;
        for (j = 0; j < n; j++) {
            right += metrics_on(c, (double)a[j]) == metrics_on(c, (double)t[j]);
            above += a[j] > a[class_of];
            mean[j] += w * (double)t[j];
            m.mae += w * fabs((double)a[j] - (double)t[j]) / n;
            m.rmse += w * pow((double)a[j] - (double)t[j], 2) / n;
            error[j] += w * pow((double)a[j] - (double)t[j], 2);
        }
        m.accuracy += metrics_is_many(c) ? w * right / n : w * (metrics_class(c, a) == class_of);
        m.top_k += w * (above < 5);
    }
    for (i = 0; i < METRICS_ROWS; i++)
        for (j = 0; j < n; j++)
            spread[j] += (double)mlp__weight_of(d, (size_t)i) * pow((double)y[i * n + j] - mean[j] / sum, 2);
    for (j = 0; j < n; j++) m.r2 += (1 - error[j] / spread[j]) / n;
    m.accuracy /= sum;
    m.top_k /= sum;
    m.mae /= sum;
    m.rmse = sqrt(m.rmse / sum);
    if (!c->classes) m.accuracy = (double)NAN;
    else m.mae = m.rmse = m.r2 = (double)NAN;
    if (!c->classes || n < 6 || metrics_is_many(c)) m.top_k = (double)NAN;
    return m;
}

static void metrics_same(double a, double b, double tolerance)
{
    if (isnan(b)) CHECK(isnan(a));
    else CHECK_NEAR(a, b, tolerance * (1 + fabs(b)));
}

static void metrics_are_those_of_their_definitions(void)
{
    static float p[METRICS_ROWS * METRICS_MOST];
    int k, labels, weighted, scaled;
    test_seed(140);
    for (k = 0; k < METRICS_CASES; k++)
        for (labels = 0; labels < 2; labels++)
            for (weighted = 0; weighted < 2; weighted++)
                for (scaled = 0; scaled < 2; scaled++) {
                    const metrics_case *c = &metrics_cases[k];
                    const int may = c->classes && c->last != MLP_ACT_SOFTMAX && !metrics_is_many(c);
                    const int target = scaled && !c->classes && c->loss != MLP_LOSS_MARGIN;
                    mlp *net = metrics_net(c, scaled ? MLP_SCALE_ROBUST : MLP_SCALE_NONE,
                                           target ? MLP_SCALE_STANDARD : MLP_SCALE_NONE);
                    mlp_data data = metrics_make(c, labels && may, weighted);
                    mlp_metrics m, twin;
                    if (scaled) CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
                    CHECK(mlp_predict(net, data.x, METRICS_ROWS, p) == MLP_OK
                          && mlp_evaluate(net, &data, &m) == MLP_OK);
                    twin = metrics_twin(c, &data, p);
                    CHECK(m.rows == METRICS_ROWS && isfinite(m.loss));
                    metrics_same(m.accuracy, twin.accuracy, 1e-12);
                    metrics_same(m.top_k, twin.top_k, 1e-12);
                    metrics_same(m.mae, twin.mae, 1e-6);
                    metrics_same(m.rmse, twin.rmse, 1e-6);
                    metrics_same(m.r2, twin.r2, 1e-5);
                    if (test.failures) { printf("    case %d\n", k); return; }
                    mlp_destroy(net);
                }
}

/* E of more rows than a block has, with labels and weights of rows and classes, against the twin of the net */
static void metrics_loss_is_that_of_the_twin(void)
{
    static const float class_weights[] = { 1, 0.5f, 0, 3, 2, 1 };
    int k;
    test_seed(141);
    for (k = 0; k < METRICS_CASES; k++) {
        const metrics_case *c = &metrics_cases[k];
        const int labels = c->loss == MLP_LOSS_CROSS_ENTROPY && c->outputs <= 6;
        mlp *net = metrics_net(c, MLP_SCALE_NONE, MLP_SCALE_NONE);
        mlp_data data = metrics_make(c, labels, 1);
        ref_net n = ref_from(net);
        mlp_metrics m;
        if (labels) data.class_weights = class_weights;
        CHECK(mlp_evaluate(net, &data, &m) == MLP_OK);
        CHECK_NEAR(m.loss, ref_evaluate(&n, &data, NULL), 2e-6 * (1 + m.loss));
        ref_free(&n);
        mlp_destroy(net);
    }
}

/* a target that does not vary counts 1 if it is met, else 0; rows of weight 0 are none */
static void metrics_r2_of_a_constant(void)
{
    const float x[] = { 1, 2, 3, 4 }, w[] = { 0, 1, 0 }, b[] = { 5, 0, 4 };
    float y[12] = { 0 }, weights[] = { 1, 1, 1, 1 };
    mlp_desc d = net_desc(1, 3, 0);
    mlp_data data = loss_data(4, x, y);
    mlp_metrics m;
    mlp *net;
    int i;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w, b) == MLP_OK);
    for (i = 0; i < 4; i++) { y[i * 3] = 5; y[i * 3 + 1] = x[i]; y[i * 3 + 2] = 4.5f; }
    CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && fabs(m.r2 - 2.0 / 3) < 1e-15 && fabs(m.mae - 0.5 / 3) < 1e-7);
    y[3 * 3] = 100;
    weights[3] = 0;
    data.sample_weights = weights;
    CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && fabs(m.r2 - 2.0 / 3) < 1e-15);
    data.rows = 1;                                                              /* one row: nothing varies */
    CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && fabs(m.r2 - 2.0 / 3) < 1e-15);
    mlp_destroy(net);
}

/* ---- classes ---- */

static void metrics_classes_are_counted(void)
{
    static float p[METRICS_ROWS * METRICS_MOST];
    static int labels[METRICS_ROWS];
    int k, weighted, i;
    test_seed(142);
    for (k = 0; k < METRICS_CASES; k++)
        for (weighted = 0; weighted < 2; weighted++) {
            const metrics_case *c = &metrics_cases[k];
            const size_t n = c->outputs > 1 ? (size_t)c->outputs : 2;
            mlp *net = metrics_net(c, MLP_SCALE_NONE, MLP_SCALE_NONE);
            mlp_data data = metrics_make(c, 0, weighted);
            size_t counts[81], twin[81] = { 0 };
            mlp_error e;
            data.error = &e;
            memset(counts, 0x55, sizeof counts);
            if (!c->classes || metrics_is_many(c)) {
                CHECK(mlp_confusion(net, &data, counts) == MLP_ERR_ARGUMENT && strstr(e.text, "classes"));
                CHECK(mlp_classify(net, data.x, METRICS_ROWS, labels) == MLP_ERR_ARGUMENT);
            } else {
                CHECK(mlp_predict(net, data.x, METRICS_ROWS, p) == MLP_OK
                      && mlp_classify(net, data.x, METRICS_ROWS, labels) == MLP_OK);
                for (i = 0; i < METRICS_ROWS; i++) {
                    CHECK(labels[i] == metrics_class(c, p + i * c->outputs));
                    if (!weighted || data.sample_weights[i] > 0)
                        twin[(size_t)metrics_class(c, data.y + i * c->outputs) * n + (size_t)labels[i]]++;
                }
                CHECK(mlp_confusion(net, &data, counts) == MLP_OK && memcmp(counts, twin, n * n * sizeof *counts) == 0);
                labels[0] = -7;
                CHECK(mlp_classify(net, data.x + 5, 1, labels) == MLP_OK
                      && labels[0] == metrics_class(c, p + c->outputs));
                CHECK(mlp_classify(net, NULL, 0, NULL) == MLP_OK
                      && mlp_classify(net, NULL, 1, labels) == MLP_ERR_ARGUMENT);
                CHECK(mlp_classify(NULL, data.x, 1, labels) == MLP_ERR_ARGUMENT);
            }
            mlp_destroy(net);
        }
}

/* where an output stands exactly on the border, and where outputs are equal */
static void metrics_borders_and_ties(void)
{
    static const struct { mlp_loss loss; int on; } borders[] = {
        { MLP_LOSS_BINARY_CROSS_ENTROPY, 1 }, { MLP_LOSS_LOGISTIC, 0 }, { MLP_LOSS_HINGE, 0 } };
    const float x = 1, zeros[49] = { 0 }, y[7] = { 0, 0, 0, 0, 0, 1, 0 };
    mlp_metrics m;
    mlp_data data;
    mlp *net;
    int i, label = 9;
    for (i = 0; i < 3; i++) {                               /* z = 0: sigmoid 0.5 is class 1, the sign 0 is class 0 */
        mlp_desc d = net_desc(1, 1, 0);
        d.loss = borders[i].loss;
        CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, zeros, zeros) == MLP_OK);
        CHECK(mlp_classify(net, &x, 1, &label) == MLP_OK && label == borders[i].on);
        data = loss_data(1, &x, NULL);
        data.labels = &label;
        CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && m.accuracy == 1);
        mlp_destroy(net);
    }
    /* seven equal outputs: the first; of 5 largest the first five */
    for (i = 0; i < 2; i++) {
        mlp_desc d = net_desc(1, 7, 0);
        d.loss = i ? MLP_LOSS_CROSS_ENTROPY : MLP_LOSS_SQUARED;
        d.layers[0].activation = MLP_ACT_SOFTMAX;
        CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, zeros, zeros) == MLP_OK);
        CHECK(mlp_classify(net, &x, 1, &label) == MLP_OK && label == 0);
        data = loss_data(1, &x, y);
        CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && m.accuracy == 0 && m.top_k == 0);
        mlp_destroy(net);
    }
}

static void metrics_scores_of_classes(void)
{
    /* class 0: 5 of 8, 6 predicted; class 1: 2 of 2, 3 predicted; class 2 is never there, class 3 never predicted */
    static const size_t counts[16] = { 5, 1, 2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 3, 0 };
    static const mlp_class_score expected[4] = { { 5.0 / 6, 5.0 / 8, 10.0 / 14, 8 }, { 2.0 / 3, 1, 4.0 / 5, 2 },
                                                { 0, 0, 0, 0 }, { 0, 0, 0, 4 } };
    static const size_t nothing[4] = { 0, 0, 0, 0 };
    mlp_class_score s[4];
    int i;
    CHECK(mlp_class_scores(counts, 4, s) == MLP_OK);
    for (i = 0; i < 4; i++) {
        CHECK_NEAR(s[i].precision, expected[i].precision, 1e-15);
        CHECK_NEAR(s[i].recall, expected[i].recall, 1e-15);
        CHECK_NEAR(s[i].f1, expected[i].f1, 1e-15);
        CHECK(s[i].support == expected[i].support);
    }
    CHECK(mlp_class_scores(nothing, 2, s) == MLP_OK && s[0].f1 == 0 && s[1].precision == 0 && s[1].support == 0);
    CHECK(mlp_class_scores(NULL, 2, s) == MLP_ERR_ARGUMENT && mlp_class_scores(counts, 2, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_class_scores(counts, 0, s) == MLP_ERR_ARGUMENT && mlp_class_scores(counts, -1, s) == MLP_ERR_ARGUMENT);
}

static int metrics_read(void *user, const size_t *rows, size_t n, float *x, float *y, int *labels)
{
    size_t i;
    (void)y;
    for (i = 0; i < n; i++) {
        memcpy(x + i * 5, metrics_data.x + rows[i] * 5, 20);
        labels[i] = metrics_data.labels[rows[i]];
    }
    return ++*(int *)user == 2;
}

/* counts are all 0 after a failure; every allocation may fail */
static void metrics_failures_leave_nothing(void)
{
    const metrics_case *c = &metrics_cases[0];
    mlp_desc d = net_desc(5, 400, 9);
    net_counter counter;
    mlp_data data;
    mlp_error e;
    mlp_metrics m;
    size_t counts[81] = { 0 }, zeros[81] = { 0 };
    static int labels[METRICS_ROWS];
    int call, fail_at, reads = 0;
    mlp *net;
    test_seed(143);
    data = metrics_make(c, 1, 0);
    data.error = &e;
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    d.allocator = net_allocator(&counter);
    CHECK(mlp_create(&net, &d) == MLP_OK);
    for (call = 0; call < 3; call++)
        for (fail_at = 1;; fail_at++) {
            mlp_result r;
            memset(counts, 0x55, sizeof counts);
            counter.calls = 0;
            counter.fail_at = fail_at;
            r = call == 0 ? mlp_evaluate(net, &data, &m) : call == 1 ? mlp_confusion(net, &data, counts)
              : mlp_classify(net, data.x, METRICS_ROWS, labels);
            if (!r) { CHECK(counter.calls == 1); break; }
            CHECK(r == MLP_ERR_MEMORY && counter.live == 1);
            if (call == 0) CHECK(m.rows == 0 && m.accuracy == 0);
            if (call == 1) CHECK(memcmp(counts, zeros, sizeof counts) == 0);
        }
    counter.fail_at = 0;
    metrics_data.labels[577] = 9;
    memset(counts, 0x55, sizeof counts);
    CHECK(mlp_confusion(net, &data, counts) == MLP_ERR_ARGUMENT && e.row == 577
          && memcmp(counts, zeros, sizeof counts) == 0);
    metrics_data.labels[577] = 8;
    data = loss_data(METRICS_ROWS, NULL, NULL);
    data.read = metrics_read;
    data.read_labels = 1;
    data.user = &reads;
    CHECK(mlp_confusion(net, &data, counts) == MLP_ERR_IO && memcmp(counts, zeros, sizeof counts) == 0);
    mlp_destroy(net);
}

#ifdef _OPENMP
static void metrics_threads_change_no_bit(void)
{
    int k, threads;
    test_seed(144);
    for (k = 0; k < METRICS_CASES; k++) {
        mlp *net = metrics_net(&metrics_cases[k], MLP_SCALE_NONE, MLP_SCALE_NONE);
        mlp_data data = metrics_make(&metrics_cases[k], 0, 1);
        mlp_metrics one, more;
        CHECK(mlp_evaluate(net, &data, &one) == MLP_OK);
        for (threads = 2; threads < 9; threads += 3) {
            mlp_fit_desc f = train_fit(-1, 0, MLP_ORDER_SHUFFLED, MLP_OPT_SGD, 0);
            f.threads = threads;
            CHECK(mlp_fit(net, &data, &f) == MLP_OK && mlp_evaluate(net, &data, &more) == MLP_OK
                  && memcmp(&one, &more, sizeof one) == 0);
        }
        mlp_destroy(net);
    }
}
#endif

/* ---- derivatives with respect to the inputs ---- */

/* E of these rows and outputs of one row, in double, with x[at] moved by h */
static double metrics_moved(const ref_net *n, const mlp_data *d, float *x, size_t at, float to)
{
    const float kept = x[at];
    double e;
    x[at] = to;
    e = ref_evaluate(n, d, NULL);
    x[at] = kept;
    return e;
}

/* every activation in the hidden and in the last layer, with squared; and the pairs of loss and activation */
static void metrics_input_gradients_are_differences(void)
{
    enum { ROWS = 4 };
    const float h = 1.0f / 1024;
    double worst = 0;
    int a, b;
    test_seed(145);
    for (a = 0; a < REF_ACTIVATIONS; a++)
        for (b = 0; b < METRICS_CASES + 2; b++) {
            const metrics_case *c = &metrics_cases[b % METRICS_CASES];
            mlp_desc d = net_desc(5, 11, c->outputs);
            float dx[ROWS * 5], weights[ROWS] = { 1, 0, 3, 0.5f };
            mlp_data data;
            size_t i, count;
            uint64_t before;
            ref_net n;
            mlp *net;
            d.loss = c->loss;
            d.layers[0].activation = ref_activations[a];
            d.layers[1].activation = b < METRICS_CASES ? c->last : ref_activations[a];
            if (b >= METRICS_CASES) d.loss = MLP_LOSS_SQUARED;
            d.seed = (uint64_t)(a * 100 + b);
            CHECK(mlp_create(&net, &d) == MLP_OK);
            layers_randomize(net);
            n = ref_from(net);
            do {
                data = metrics_make(c, 0, 0);
                data.rows = ROWS;
                data.sample_weights = weights;
            } while (ref_distance_to_kinks(&n, &data) < 0.01);
            CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK);
            mlp_params(net, &count);
            before = test_hash(TEST_HASH_BEGIN, mlp_gradients(net, NULL), count);
            test_fill_nan(dx, ROWS * 5);
            CHECK(mlp_input_gradients(net, &data, dx) == MLP_OK);
            CHECK(test_hash(TEST_HASH_BEGIN, mlp_gradients(net, NULL), count) == before);
            for (i = 0; i < ROWS * 5; i++) {
                float *x = metrics_data.x;
                const float up = x[i] + h, down = x[i] - h;
                const double rise = metrics_moved(&n, &data, x, i, up) - metrics_moved(&n, &data, x, i, down);
                const double slope = rise / ((double)up - (double)down);
                if (i / 5 == 1) CHECK(dx[i] == 0);                              /* a row of weight 0 */
                worst = fmax(worst, fabs((double)dx[i] - slope) / (0.1 + fabs(slope)));
            }
            ref_free(&n);
            mlp_destroy(net);
        }
    snprintf(test.note, sizeof test.note, "%.2g", worst);
    CHECK(worst < 1e-4);
}

static void metrics_jacobian_is_differences(void)
{
    const float h = 1.0f / 1024;
    double worst = 0;
    int a, b;
    test_seed(146);
    for (a = 0; a < REF_ACTIVATIONS; a++)
        for (b = 0; b <= REF_ACTIVATIONS; b++) {
            mlp_desc d = net_desc(5, 11, 4);
            float x[5], y[4] = { 0 }, j[20];
            mlp_data data = loss_data(1, x, y);
            size_t i, o;
            ref_pass up, down;
            ref_net n;
            mlp *net;
            d.layers[0].activation = ref_activations[a];
            d.layers[1].activation = b < REF_ACTIVATIONS ? ref_activations[b] : MLP_ACT_SOFTMAX;
            CHECK(mlp_create(&net, &d) == MLP_OK);
            layers_randomize(net);
            n = ref_from(net);
            do test_fill(x, 5); while (ref_distance_to_kinks(&n, &data) < 0.01);
            up = ref_pass_of(&n);
            down = ref_pass_of(&n);
            test_fill_nan(j, 20);
            CHECK(mlp_jacobian(net, x, j) == MLP_OK);
            for (i = 0; i < 5; i++) {
                const float kept = x[i], to = kept + h, from = kept - h;
                x[i] = to;
                ref_forward(&n, &up, x);
                x[i] = from;
                ref_forward(&n, &down, x);
                x[i] = kept;
                for (o = 0; o < 4; o++) {
                    const double slope = (up.a[2][o] - down.a[2][o]) / ((double)to - (double)from);
                    worst = fmax(worst, fabs((double)j[o * 5 + i] - slope) / (0.1 + fabs(slope)));
                }
            }
            ref_pass_free(&up);
            ref_pass_free(&down);
            ref_free(&n);
            mlp_destroy(net);
        }
    snprintf(test.note, sizeof test.note, "%.2g", worst);
    CHECK(worst < 1e-4);
}

/* functions of the caller's, in both layers and in the loss */
static void metrics_derivatives_of_custom_functions(void)
{
    const float h = 1.0f / 256;
    mlp_desc d = net_desc(4, 6, 3);
    float x[4] = { 0 }, y[3] = { 1, 2, 3 }, j[12], dx[4], up[3], down[3];
    mlp_data data = loss_data(1, x, y);
    mlp_metrics above, below;
    int calls = 0, l, i, o;
    mlp *net;
    for (l = 0; l < 2; l++) {
        d.layers[l].activation = MLP_ACT_CUSTOM;
        d.layers[l].custom.value = loss_cube;
        d.layers[l].custom.slope = loss_cube_slope;
        d.layers[l].custom.user = &calls;
    }
    d.loss = MLP_LOSS_CUSTOM;
    d.custom_loss.value = loss_custom_value;
    d.custom_loss.slope = loss_custom_slope;
    d.custom_loss.user = &calls;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    test_seed(149);
    layers_randomize(net);
    for (i = 0; i < 4; i++) x[i] = 2 + test_float();
    CHECK(mlp_jacobian(net, x, j) == MLP_OK && mlp_input_gradients(net, &data, dx) == MLP_OK);
    for (i = 0; i < 4; i++) {
        const float kept = x[i];
        x[i] = kept + h;
        CHECK(mlp_predict(net, x, 1, up) == MLP_OK && mlp_evaluate(net, &data, &above) == MLP_OK);
        x[i] = kept - h;
        CHECK(mlp_predict(net, x, 1, down) == MLP_OK && mlp_evaluate(net, &data, &below) == MLP_OK);
        x[i] = kept;
        for (o = 0; o < 3; o++)
            CHECK_NEAR((double)j[o * 4 + i], ((double)up[o] - (double)down[o]) / (2 * (double)h),
                       1e-3 * (1 + fabs((double)j[o * 4 + i])));
        CHECK_NEAR((double)dx[i], (above.loss - below.loss) / (2 * (double)h), 1e-3 * (1 + fabs((double)dx[i])));
    }
    mlp_destroy(net);
}

/* Scaled nets: derivatives are of the user's inputs, the Jacobian also of the user's outputs; against differences of
   what the net itself says. Steps are a part of each column's width. */
static void metrics_derivatives_are_in_the_users_units(void)
{
    static const float width[5] = { 1, 1000, 0.01f, 30, 2 };
    metrics_case c = { 3, 0, MLP_LOSS_SQUARED, MLP_ACT_DEFAULT };
    double worst[2] = { 0 };
    int in, out;
    size_t i, o, row;
    for (in = 0; in < 4; in++)
        for (out = 0; out < 3; out++) {
            mlp *net = metrics_net(&c, (mlp_scaling)in, (mlp_scaling)out);
            mlp_data data;
            mlp_metrics up, down;
            float *x = metrics_data.x, j[15], dx[3 * 5], a[3], b[3];
            test_seed(147);
            data = metrics_make(&c, 0, 0);
            for (i = 0; i < METRICS_ROWS * 5; i++) x[i] = in ? width[i % 5] * (x[i] + 3) : x[i];
            for (i = 0; i < METRICS_ROWS * 3; i++) metrics_data.y[i] *= i % 3 ? 100.0f : 0.01f;
            if (in + out) CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
            data.rows = 3;
            CHECK(mlp_input_gradients(net, &data, dx) == MLP_OK);
            for (row = 0; row < 3; row++) {
                CHECK(mlp_jacobian(net, x + row * 5, j) == MLP_OK);
                for (i = 0; i < 5; i++) {
                    float *at = x + row * 5 + i;
                    const float kept = *at, h = 0.02f * (in ? width[i] : 1), to = kept + h, from = kept - h;
                    const double wide = (double)to - (double)from;
                    *at = to;
                    CHECK(mlp_predict(net, x + row * 5, 1, a) == MLP_OK && mlp_evaluate(net, &data, &up) == MLP_OK);
                    *at = from;
                    CHECK(mlp_predict(net, x + row * 5, 1, b) == MLP_OK && mlp_evaluate(net, &data, &down) == MLP_OK);
                    *at = kept;
                    for (o = 0; o < 3; o++) {
                        /* of inputs, of outputs */
                        const double unit = (double)h / 0.02 * (out ? (double)net->scales[11 + 2 * o] : 1);
                        const double slope = ((double)a[o] - (double)b[o]) / wide;
                        worst[0] = fmax(worst[0], fabs(slope - (double)j[o * 5 + i]) * unit);
                    }
                    up.loss = (up.loss - down.loss) / wide - (double)dx[row * 5 + i];
                    worst[1] = fmax(worst[1], fabs(up.loss) * (double)h / 0.02 / (0.1 + down.loss));
                }
            }
            mlp_destroy(net);
        }
    snprintf(test.note, sizeof test.note, "Jacobian %.2g, gradients %.2g", worst[0], worst[1]);
    CHECK(worst[0] < 2e-3 && worst[1] < 2e-3);
}

/* of more rows than a block has, with gaps, as of each row alone */
static void metrics_input_gradients_of_many_rows(void)
{
    static float dx[METRICS_ROWS * 5], one[5], wide[METRICS_ROWS * 8];
    const metrics_case *c = &metrics_cases[0];
    mlp *net = metrics_net(c, MLP_SCALE_NONE, MLP_SCALE_NONE);
    mlp_data data, single;
    mlp_error e;
    size_t i, k, n;
    test_seed(148);
    data = metrics_make(c, 1, 0);
    test_fill_nan(wide, METRICS_ROWS * 8);
    for (i = 0; i < METRICS_ROWS; i++) memcpy(wide + i * 8, data.x + i * 5, 20);
    data.x = wide;
    data.x_stride = 8;
    CHECK(mlp_gradients(net, &n) == NULL && n == 0);
    CHECK(mlp_input_gradients(net, &data, dx) == MLP_OK);
    for (i = 0; i < METRICS_ROWS; i += 13) {
        single = data;
        single.rows = 1;
        single.x += i * 8;
        single.labels += i;
        CHECK(mlp_input_gradients(net, &single, one) == MLP_OK);
        for (k = 0; k < 5; k++) CHECK_NEAR((double)dx[i * 5 + k], (double)one[k] / METRICS_ROWS, 1e-6 / METRICS_ROWS);
    }
    /* that was no gradient of the parameters */
    CHECK(mlp_step(net, NULL) == MLP_ERR_ARGUMENT);
    data.error = &e;
    wide[300 * 8 + 2] = test_nan();
    CHECK(mlp_input_gradients(net, &data, dx) == MLP_ERR_NONFINITE && e.row == 300 && e.column == 2);
    CHECK(mlp_input_gradients(net, NULL, dx) == MLP_ERR_ARGUMENT
          && mlp_input_gradients(NULL, &data, dx) == MLP_ERR_ARGUMENT);
    CHECK(mlp_input_gradients(net, &data, NULL) == MLP_ERR_ARGUMENT && mlp_jacobian(net, NULL, dx) == MLP_ERR_ARGUMENT);
    CHECK(mlp_jacobian(NULL, wide, dx) == MLP_ERR_ARGUMENT && mlp_jacobian(net, wide, NULL) == MLP_ERR_ARGUMENT);
    mlp_destroy(net);
}

/* dx = w1 w2 2 (a - y) */
static void metrics_input_gradients_that_overflow(void)
{
    const float x[2] = { 0, 0 }, y[2] = { 0, 1 };
    float dx[2] = { 5, 5 };
    mlp_desc d = net_desc(1, 1, 1);
    mlp_data data = loss_data(2, x, y);
    mlp_error e;
    mlp *net;
    d.layers[0].activation = MLP_ACT_IDENTITY;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    mlp_params(net, NULL)[0] = 3e38f;
    mlp_params(net, NULL)[2] = 2;
    data.error = &e;
    CHECK(mlp_input_gradients(net, &data, dx) == MLP_ERR_NONFINITE && e.row == 1 && e.column == 0 && dx[0] == 0);
    CHECK(strstr(e.text, "dx: -infinity in row 1, column 0"));
    mlp_destroy(net);
}

static void metrics_tests(void)
{
    RUN(metrics_are_those_of_their_definitions);
    RUN(metrics_loss_is_that_of_the_twin);
    RUN(metrics_r2_of_a_constant);
    RUN(metrics_classes_are_counted);
    RUN(metrics_borders_and_ties);
    RUN(metrics_scores_of_classes);
    RUN(metrics_failures_leave_nothing);
#ifdef _OPENMP
    RUN(metrics_threads_change_no_bit);
#endif
    RUN(metrics_input_gradients_are_differences);
    RUN(metrics_jacobian_is_differences);
    RUN(metrics_derivatives_of_custom_functions);
    RUN(metrics_derivatives_are_in_the_users_units);
    RUN(metrics_input_gradients_of_many_rows);
    RUN(metrics_input_gradients_that_overflow);
}
