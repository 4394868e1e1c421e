/* >>loss and backpropagation: worked numbers from the texts that define the formulas (S1 "Gradient descent
   explained", S3 "Annex 2", S4 the three-layer walk-through), and the gradient of every loss and activation against
   the twin and against differences. */

/* the gradients as [units][inputs] and [units], in place of the parameters of a twin */
static ref_net loss_gradient(const mlp *net)
{
    ref_net g = ref_from(net);
    int l;
    for (l = 0; l < g.layers; l++) {
        const size_t out = g.units[l + 1], count = out * g.units[l];
        float *w = (float *)malloc((count + out) * sizeof(float));
        size_t i;
        if (!w || mlp_get_gradients(net, l, w, w + count)) exit(2);
        for (i = 0; i < count; i++) g.w[l][i] = (double)w[i];
        for (i = 0; i < out; i++) g.b[l][i] = (double)w[count + i];
        free(w);
    }
    return g;
}

static mlp_data loss_data(size_t rows, const float *x, const float *y)
{
    mlp_data d;
    memset(&d, 0, sizeof d);
    d.rows = rows;
    d.x = x;
    d.y = y;
    return d;
}

static mlp_layer loss_layer(int units, mlp_activation activation, int no_bias)
{
    mlp_layer l;
    memset(&l, 0, sizeof l);
    l.units = units;
    l.activation = activation;
    l.no_bias = no_bias;
    return l;
}

/* S3: E = (r-y)^2 / 2, sigmoid, no bias, one sample. x = (1, 0.5), hidden weights (0.1, 0.2) and (-0.3, 0.4), output
   weights (0.5, -0.6), r = 1. By hand: s1 = 0.2, s2 = -0.1; f(s1) = 0.549833997, f(s2) = 0.475020813; s = 0.5 f1 - 0.6
   f2 = -0.010095489; y = 0.497476149; delta = (r-y) y (1-y) = 0.125627762; hidden delta_i = f'(s_i) delta w_i. */
static void loss_worked_example_S3(void)
{
    static const float x[] = { 1, 0.5f }, r[] = { 1 }, w0[] = { 0.1f, 0.2f, -0.3f, 0.4f }, w1[] = { 0.5f, -0.6f };
    mlp_desc d = net_desc(2, 2, 1);
    mlp_data data = loss_data(1, x, r);
    mlp_fit_desc fit;
    float u0[4], u1[2];
    double e;
    ref_net g;
    mlp *net;
    d.layers[0] = loss_layer(2, MLP_ACT_SIGMOID, 1);
    d.layers[1] = loss_layer(1, MLP_ACT_SIGMOID, 1);
    d.loss = MLP_LOSS_HALF_SQUARED;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w0, NULL) == MLP_OK);
    CHECK(mlp_set_weights(net, 1, w1, NULL) == MLP_OK);
    CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK);
    CHECK_NEAR(e, 0.126265110, 1e-7);
    g = loss_gradient(net);
    CHECK_NEAR(g.w[1][0], -0.0690744144, 1e-7);           /* -delta f1 */
    CHECK_NEAR(g.w[1][1], -0.0596758014, 1e-7);
    CHECK_NEAR(g.w[0][0], -0.0155474765, 1e-7);           /* -f1 (1-f1) delta 0.5 x1 */
    CHECK_NEAR(g.w[0][1], -0.0077737383, 1e-7);
    CHECK_NEAR(g.w[0][2], 0.0187971323, 1e-7);
    CHECK_NEAR(g.w[0][3], 0.0093985661, 1e-7);
    ref_free(&g);
    memset(&fit, 0, sizeof fit);                                /* the online update w + alpha delta x, alpha = 0.5 */
    fit.epochs = fit.batch = 1;
    fit.order = MLP_ORDER_SEQUENTIAL;
    fit.opt.kind = MLP_OPT_SGD;
    fit.opt.rate = 0.5f;
    CHECK(mlp_fit(net, &data, &fit) == MLP_OK && mlp_get_weights(net, 0, u0, NULL) == MLP_OK);
    CHECK(mlp_get_weights(net, 1, u1, NULL) == MLP_OK);
    CHECK_NEAR((double)u1[0], 0.5 + 0.5 * 0.0690744144, 1e-7);
    CHECK_NEAR((double)u0[3], 0.4 - 0.5 * 0.0093985661, 1e-7);
    mlp_destroy(net);
}

/* S1: sigmoid hidden, softmax output, no bias, cross-entropy averaged over M = 2 samples; and the same net with the
   mean squared error (1/P) sum (a-y)^2, through the whole Jacobian of softmax. Numbers by hand in double precision. */
static void loss_worked_example_S1(void)
{
    static const float x[] = { 1, -1, 0.5f, 2 }, y[] = { 1, 0, 0, 0, 0, 1 };
    static const float w0[] = { 0.2f, -0.4f, 0.7f, 0.1f }, w1[] = { 0.3f, -0.2f, 0.8f, 0.5f, -0.6f, 0.1f };
    static const double ce_w0[] = { 0.0656447397, 0.1921233772, 0.0579672620, -0.0241325967 };
    static const double ce_w1[] = {
        -0.1945624487, -0.1541161476, 0.2637012845, 0.3381251173, -0.0691388358, -0.1840089697 };
    static const double mse_w0[] = { 0.0189146563, 0.0330848262, 0.0146587620, -0.0030321596 };
    static const double mse_w1[] = {
        -0.0461249011, -0.0424573502, 0.0690505279, 0.0869515262, -0.0229256268, -0.0444941759 };
    mlp_desc d = net_desc(2, 2, 3);
    mlp_data data = loss_data(2, x, y);
    int squared, i;
    d.layers[0] = loss_layer(2, MLP_ACT_SIGMOID, 1);
    d.layers[1] = loss_layer(3, MLP_ACT_SOFTMAX, 1);
    for (squared = 0; squared < 2; squared++) {
        double e;
        ref_net g;
        mlp *net;
        d.loss = squared ? MLP_LOSS_SQUARED : MLP_LOSS_CROSS_ENTROPY;
        CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w0, NULL) == MLP_OK);
        CHECK(mlp_set_weights(net, 1, w1, NULL) == MLP_OK);
        CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK);
        CHECK_NEAR(e, squared ? 0.2980586297 : 1.3872833834, 2e-7);
        g = loss_gradient(net);
        for (i = 0; i < 6; i++) CHECK_NEAR(g.w[1][i], squared ? mse_w1[i] : ce_w1[i], 1e-7);
        for (i = 0; i < 4; i++) CHECK_NEAR(g.w[0][i], squared ? mse_w0[i] : ce_w0[i], 1e-7);
        ref_free(&g);
        mlp_destroy(net);
    }
}

/* S5: the losses of one output a = w x with w = 1/2, x = 1, so that dE/dw = dE/da */
static void loss_worked_example_S5(void)
{
    static const struct { mlp_loss loss; float delta, y; double e, slope; } examples[] = {
        { MLP_LOSS_HALF_SQUARED, 0, 2, 1.125, -1.5 },              { MLP_LOSS_ABSOLUTE, 0, 2, 1.5, -1 },
        { MLP_LOSS_ABSOLUTE, 0, -1, 1.5, 1 },                      { MLP_LOSS_HUBER, 1, 2, 1, -1 },
        { MLP_LOSS_HUBER, 2, 2, 1.125, -1.5 },                     { MLP_LOSS_LOGISTIC, 0, 1, 0.47407698, -0.37754067 },
        { MLP_LOSS_LOGISTIC, 0, -1, 0.97407698, 0.62245933 },      { MLP_LOSS_MARGIN, 0, 2, 1.5, -1 },
        { MLP_LOSS_MARGIN, 0, 0.25f, 0, 0 },                       { MLP_LOSS_HINGE, 0, 1, 0.5, -1 },
        { MLP_LOSS_HINGE, 0, -1, 1.5, 1 }
    };
    const float x = 1, w = 0.5f;
    size_t i;
    for (i = 0; i < sizeof examples / sizeof *examples; i++) {
        mlp_desc d = net_desc(1, 1, 0);
        mlp_data data = loss_data(1, &x, &examples[i].y);
        double e = 0;
        mlp *net;
        d.loss = examples[i].loss;
        d.loss_delta = examples[i].delta;
        d.layers[0].no_bias = 1;
        CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, &w, NULL) == MLP_OK);
        CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK);
        CHECK_NEAR(e, examples[i].e, 1e-7);
        CHECK_NEAR((double)mlp_gradients(net, NULL)[0], examples[i].slope, 1e-7);
        mlp_destroy(net);
    }
}

/* S4: C = sum (a-y)^2, so delta = 2 (a-y) a (1-a) with sigmoid; bias; the gradient is one vector of all weights and
   biases. A 1-1-1 net: x = 0.5, w = 0.8, b = -0.2, w' = 1.5, b' = 0.3, y = 0. z = 0.2, a = 0.549833997, z' =
   1.124750996, a' = 0.754868914, delta' = 2 a' a' (1-a') = 0.279364661, delta = delta' w' a (1-a) = 0.103721075. */
static void loss_worked_example_S4(void)
{
    static const float x[] = { 0.5f }, y[] = { 0 }, w[] = { 0.8f }, b[] = { -0.2f }, v[] = { 1.5f }, c[] = { 0.3f };
    mlp_desc d = net_desc(1, 1, 1);
    mlp_data data = loss_data(1, x, y);
    double e;
    size_t n;
    float *g;
    mlp *net;
    d.layers[0] = loss_layer(1, MLP_ACT_SIGMOID, 0);
    d.layers[1] = loss_layer(1, MLP_ACT_SIGMOID, 0);
    d.loss = MLP_LOSS_SQUARED;
    d.reduction = MLP_REDUCE_SUM;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w, b) == MLP_OK);
    CHECK(mlp_set_weights(net, 1, v, c) == MLP_OK);
    CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK);
    g = mlp_gradients(net, &n);
    CHECK(n == 4);
    CHECK_NEAR(e, 0.569827077, 1e-6);
    CHECK_NEAR((double)g[0], 0.0518605375, 1e-7);                /* dC/dw = delta x */
    CHECK_NEAR((double)g[1], 0.103721075, 1e-7);                 /* dC/db = delta */
    CHECK_NEAR((double)g[2], 0.153604188, 1e-6);                 /* dC/dw' = delta' a */
    CHECK_NEAR((double)g[3], 0.279364661, 1e-6);
    mlp_destroy(net);
}

/* ---- every loss x activation x bias x depth ---- */

typedef struct { mlp_loss loss; mlp_activation last; } loss_pair;

/* the i-th legal pair, 0 .. LOSS_PAIRS - 1: seven losses with each activation and softmax, two with their own */
enum { LOSS_FREE = 7, LOSS_PAIRS = LOSS_FREE * (REF_ACTIVATIONS + 1) + 2, LOSS_ROWS = 6 };

static loss_pair loss_pair_at(int i)
{
    const int last = i % (REF_ACTIVATIONS + 1);
    loss_pair p = { MLP_LOSS_CROSS_ENTROPY, MLP_ACT_SOFTMAX };
    if (i == LOSS_PAIRS - 2) { p.loss = MLP_LOSS_BINARY_CROSS_ENTROPY; p.last = MLP_ACT_SIGMOID; }
    if (i < LOSS_PAIRS - 2) {
        p.loss = ref_losses[i / (REF_ACTIVATIONS + 1)];
        p.last = last < REF_ACTIVATIONS ? ref_activations[last] : MLP_ACT_SOFTMAX;
    }
    return p;
}

/* a net with its data: targets in [0, 1], or -1 and 1, and nothing within 0.004 of a kink */
typedef struct { mlp *net; mlp_data data; float x[LOSS_ROWS * 9], y[LOSS_ROWS * 4], weights[LOSS_ROWS]; } loss_case;

static void loss_make(loss_case *c, loss_pair pair, mlp_activation hidden, int layers, int variant)
{
    static const int units[] = { 9, 13, 18, 4 };
    int l, tries = 0;
    size_t i, j;
    for (;;) {
        mlp_desc d;
        ref_net n;
        double distance;
        memset(&d, 0, sizeof d);
        d.inputs = 9;
        d.loss = pair.loss;
        d.seed = test_random();
        d.reduction = variant & 2 ? MLP_REDUCE_SUM : MLP_REDUCE_MEAN;
        if (pair.loss == MLP_LOSS_HUBER) d.loss_delta = 0.4f;
        for (l = 0; l < layers - 1; l++) d.layers[l] = loss_layer(units[l + 1], hidden, variant & 1);
        d.layers[l] = loss_layer(units[3], pair.last, variant & 1);
        if (mlp_create(&c->net, &d)) { CHECK(!"create"); exit(2); }
        layers_randomize(c->net);
        test_fill(c->x, LOSS_ROWS * 9);
        for (i = 0; i < LOSS_ROWS; i++) {
            for (j = 0; j < 4; j++) {
                c->y[i * 4 + j] = 0.5f + 0.49f * test_float();
                if (pair.loss == MLP_LOSS_LOGISTIC || pair.loss == MLP_LOSS_HINGE)
                    c->y[i * 4 + j] = test_below(2) ? 1.0f : -1.0f;
            }
            c->weights[i] = 0.25f + (float)test_below(8);
        }
        c->data = loss_data(LOSS_ROWS, c->x, c->y);
        if (variant & 2) c->data.sample_weights = c->weights;
        n = ref_from(c->net);
        distance = ref_distance_to_kinks(&n, &c->data);
        ref_free(&n);
        if (distance > 0.004) return;
        mlp_destroy(c->net);
        if (++tries > 5000) { CHECK(!"no data away from kinks"); exit(2); }
    }
}

/* the first `layers` layers of gradient got within 8 (L+1) (k_max+2) 2^-24 of the twin's, in units of its majorant */
static double loss_worst(const ref_net *got, const ref_gradient *g)
{
    double worst = 0, k_max = 0;
    size_t i;
    int l;
    for (l = 0; l <= got->layers; l++) k_max = fmax(k_max, (double)got->units[l]);
    for (l = 0; l < got->layers; l++) {
        const size_t count = got->units[l] * got->units[l + 1];
        for (i = 0; i < count; i++) worst = fmax(worst, fabs(got->w[l][i] - g->w[l][i]) / (g->w_abs[l][i] + 1e-30));
        for (i = 0; i < got->units[l + 1] && !got->desc.layers[l].no_bias; i++)
            worst = fmax(worst, fabs(got->b[l][i] - g->b[l][i]) / (g->b_abs[l][i] + 1e-30));
    }
    return worst / (8 * (got->layers + 1) * (k_max + 2) * ldexp(1, -24));
}

/* one net against the twin; returns the share of the bound that it used */
static double loss_against_twin(loss_pair pair, mlp_activation hidden, int layers, int variant)
{
    double e, expected, worst;
    loss_case c;
    ref_net n, got;
    ref_gradient g;
    loss_make(&c, pair, hidden, layers, variant);
    n = ref_from(c.net);
    g = ref_gradient_of(&n);
    expected = ref_evaluate(&n, &c.data, &g);
    CHECK(mlp_compute_gradients(c.net, &c.data, &e) == MLP_OK);
    got = loss_gradient(c.net);
    CHECK_NEAR(e, expected, 1e-5 * (1 + fabs(expected)));
    worst = loss_worst(&got, &g);
    if (!CHECK(worst <= 1))
        printf("    loss %d last %d hidden %d layers %d variant %d: %.3g of the bound\n",
               (int)pair.loss, (int)pair.last, (int)hidden, layers, variant, worst);
    ref_gradient_free(&g);
    ref_free(&got);
    ref_free(&n);
    mlp_destroy(c.net);
    return worst;
}

/* backpropagation and then the gradients (S2: BP1 to BP4, softmax through its whole Jacobian; S5: the two passes):
   every legal loss x activation x bias x depth, the hidden layers going through all activations in turn; then every
   hidden activation with two losses */
static void loss_gradients_of_everything_match_the_twin(void)
{
    double largest = 0;
    int i, layers, variant, cases = 0;
    test_seed(50);
    for (variant = 0; variant < 4; variant++) {
        for (i = 0; i < LOSS_PAIRS; i++)
            for (layers = 1; layers <= 3; layers++, cases++) {
                const mlp_activation hidden = ref_activations[(i + cases) % REF_ACTIVATIONS];
                largest = fmax(largest, loss_against_twin(loss_pair_at(i), hidden, layers, variant));
            }
        for (i = 0; i < 2 * REF_ACTIVATIONS; i++)
            for (layers = 2; layers <= 3; layers++, cases++) {
                const loss_pair pair = loss_pair_at(i % 2 ? 0 : LOSS_PAIRS - 1);
                largest = fmax(largest, loss_against_twin(pair, ref_activations[i / 2], layers, variant));
            }
    }
    snprintf(test.note, sizeof test.note, "%d nets, at most %.3f of the bound", cases, largest);
}

/* dE/dp by central differences through mlp_evaluate alone */
static double loss_against_differences(loss_pair pair, mlp_activation hidden, int layers, int variant)
{
    const float h = 1.0f / 512;
    double largest = 0;
    loss_case c;
    mlp_metrics up, down;
    size_t n;
    float *p, *g;
    int t;
    loss_make(&c, pair, hidden, layers, variant);
    CHECK(mlp_compute_gradients(c.net, &c.data, NULL) == MLP_OK);
    p = mlp_params(c.net, &n);
    g = mlp_gradients(c.net, NULL);
    for (t = 0; t < 20; t++) {
        const size_t i = test_random() % n;
        const float old = p[i];
        double slope;
        p[i] = old + h;
        CHECK(mlp_evaluate(c.net, &c.data, &up) == MLP_OK);
        p[i] = old - h;
        CHECK(mlp_evaluate(c.net, &c.data, &down) == MLP_OK);
        slope = (up.loss - down.loss) / ((double)(old + h) - (double)(old - h));
        p[i] = old;
        largest = fmax(largest, fabs(slope - (double)g[i]) / (1 + fabs(slope)));
        if (!CHECK_NEAR(slope, (double)g[i], 1e-3 * (1 + fabs(slope))))
            printf("    loss %d last %d hidden %d layers %d\n", (int)pair.loss, (int)pair.last, (int)hidden, layers);
    }
    mlp_destroy(c.net);
    return largest;
}

static void loss_gradients_of_everything_match_differences(void)
{
    double largest = 0;
    int i, layers, cases = 0;
    test_seed(51);
    for (i = 0; i < LOSS_PAIRS; i++)
        for (layers = 1; layers <= 3; layers++, cases++) {
            const mlp_activation hidden = ref_activations[(i + cases) % REF_ACTIVATIONS];
            largest = fmax(largest, loss_against_differences(loss_pair_at(i), hidden, layers, i % 4));
        }
    for (i = 0; i < REF_ACTIVATIONS; i++, cases++)
        largest = fmax(largest, loss_against_differences(loss_pair_at(LOSS_PAIRS - 1), ref_activations[i], 2, 0));
    snprintf(test.note, sizeof test.note, "%d nets, largest relative difference %.2g", cases, largest);
}

/* the oracle itself: its gradient by central differences in double */
static void loss_twin_matches_its_own_differences(void)
{
    const double h = 1e-6;
    double largest = 0;
    int i, l, t;
    test_seed(52);
    for (i = 0; i < LOSS_PAIRS + REF_ACTIVATIONS; i++) {
        const int is_pair = i < LOSS_PAIRS;
        loss_case c;
        ref_net n;
        ref_gradient g;
        loss_make(&c, loss_pair_at(is_pair ? i : 0),
                  ref_activations[is_pair ? i * 5 % REF_ACTIVATIONS : i - LOSS_PAIRS], 3, i % 4);
        n = ref_from(c.net);
        g = ref_gradient_of(&n);
        ref_evaluate(&n, &c.data, &g);
        for (t = 0; t < 20; t++) {
            double *p, old, up, down, analytic;
            l = t % 3;
            if (t % 5 == 4) {
                const size_t o = test_random() % n.units[l + 1];
                p = &n.b[l][o];
                analytic = g.b[l][o];
            } else {
                const size_t j = test_random() % (n.units[l] * n.units[l + 1]);
                p = &n.w[l][j];
                analytic = g.w[l][j];
            }
            old = *p;
            *p = old + h;
            up = ref_evaluate(&n, &c.data, NULL);
            *p = old - h;
            down = ref_evaluate(&n, &c.data, NULL);
            *p = old;
            largest = fmax(largest, fabs((up - down) / (2 * h) - analytic) / (1 + fabs(analytic)));
        }
        ref_gradient_free(&g);
        ref_free(&n);
        mlp_destroy(c.net);
    }
    snprintf(test.note, sizeof test.note, "largest relative difference %.2g", largest);
    CHECK(largest < 1e-7);
}

/* labels against the targets that they stand for, with smoothing and class weights against the twin */
static void loss_labels_stand_for_targets(void)
{
    static const mlp_loss losses[] = {
        MLP_LOSS_CROSS_ENTROPY, MLP_LOSS_BINARY_CROSS_ENTROPY, MLP_LOSS_LOGISTIC, MLP_LOSS_HINGE };
    float x[7 * 6], y[7 * 5], a[200], class_weights[5] = { 2, 0.5f, 1, 0, 3 };
    float sample_weights[7] = { 1, 2, 1, 0.5f, 1, 1, 3 };
    int labels[7], i, k, variant;
    test_seed(53);
    test_fill(x, 42);
    for (k = 0; k < 4; k++)
        for (variant = 0; variant < 6; variant++) {             /* 4 and 5: class weights alone */
            const int classes = k ? 2 : 5, smooth = variant & 1 && k < 2;
            mlp_desc d = net_desc(6, 8, k ? 1 : 5);
            mlp_data data = loss_data(7, x, NULL);
            mlp_metrics with_labels, with_y;
            double e, f;
            ref_net n, got;
            ref_gradient r;
            size_t count;
            float *g;
            mlp *net;
            d.loss = losses[k];
            d.layers[0].activation = MLP_ACT_TANH;
            d.label_smoothing = smooth ? 0.2f : 0;
            CHECK(mlp_create(&net, &d) == MLP_OK);
            memset(y, 0, sizeof y);
            for (i = 0; i < 7; i++) {
                labels[i] = i < classes ? i : test_below(classes);
                if (k == 0) y[i * 5 + labels[i]] = 1;
                else y[i] = k == 1 ? (float)labels[i] : (float)(2 * labels[i] - 1);
            }
            data.labels = labels;
            if (variant >= 2) data.class_weights = class_weights;
            if (variant / 2 == 1) data.sample_weights = sample_weights;
            CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK && mlp_evaluate(net, &data, &with_labels) == MLP_OK);
            CHECK(with_labels.loss == e);
            n = ref_from(net);
            r = ref_gradient_of(&n);
            got = loss_gradient(net);
            CHECK_NEAR(e, ref_evaluate(&n, &data, &r), 1e-6);
            CHECK(loss_worst(&got, &r) <= 1);
            ref_free(&n);
            ref_free(&got);
            ref_gradient_free(&r);
            g = mlp_gradients(net, &count);
            memcpy(a, g, count * sizeof(float));
            if (variant < 2) {
                data.labels = NULL;
                data.y = y;
                CHECK(mlp_compute_gradients(net, &data, &f) == MLP_OK && mlp_evaluate(net, &data, &with_y) == MLP_OK);
                CHECK(e == f && test_same_bits(a, g, count) && with_labels.accuracy == with_y.accuracy);
            }
            mlp_destroy(net);
        }
}

static void loss_custom_functions_are_used(void)
{
    float x[300 * 5], y[300 * 3], p[300 * 3];
    int calls = 0, loss_calls = 0, last, t;
    size_t i;
    test_seed(55);
    test_fill(x, 1500);
    test_fill(y, 900);
    for (last = 0; last < 2; last++) {
        mlp_desc d = net_desc(5, 12, 3);
        mlp_data data = loss_data(300, x, y);
        mlp_metrics up, down;
        double expected = 0;
        size_t n;
        float *w, *g;
        mlp *net;
        d.layers[last].activation = MLP_ACT_CUSTOM;
        d.layers[last].custom.value = loss_cube;
        d.layers[last].custom.slope = loss_cube_slope;
        d.layers[last].custom.user = &calls;
        d.loss = MLP_LOSS_CUSTOM;
        d.custom_loss.value = loss_custom_value;
        d.custom_loss.slope = loss_custom_slope;
        d.custom_loss.user = &loss_calls;
        CHECK(mlp_create(&net, &d) == MLP_OK && mlp_predict(net, x, 300, p) == MLP_OK && calls > 0);
        for (i = 0; i < 300; i++) expected += (double)loss_custom_value(&loss_calls, 3, p + 3 * i, y + 3 * i) / 300;
        CHECK(mlp_evaluate(net, &data, &up) == MLP_OK && mlp_compute_gradients(net, &data, NULL) == MLP_OK);
        CHECK_NEAR(up.loss, expected, 1e-9);
        w = mlp_params(net, &n);
        g = mlp_gradients(net, NULL);
        for (t = 0; t < 40; t++) {
            const size_t at = test_random() % n;
            const float old = w[at], h = 1.0f / 512;
            w[at] = old + h;
            CHECK(mlp_evaluate(net, &data, &up) == MLP_OK);
            w[at] = old - h;
            CHECK(mlp_evaluate(net, &data, &down) == MLP_OK);
            CHECK_NEAR((up.loss - down.loss) / ((double)(old + h) - (double)(old - h)), (double)g[at],
                       5e-3 * (1 + fabs((double)g[at])));
            w[at] = old;
        }
        mlp_destroy(net);
    }
    CHECK(loss_calls > 0);
}

/* labels give the bits of targets of 0 and 1, for any number of classes and rows of several blocks */
static void loss_labels_of_any_number(void)
{
    static float x[300 * 3], y[300 * 18], a[18 * 4];
    static int labels[300];
    size_t rows, i, count;
    int classes;
    test_seed(54);
    test_fill(x, 900);
    for (classes = 2; classes <= 18; classes++)
        for (rows = (size_t)classes; rows <= 300; rows += 70) {
            mlp_desc d = net_desc(3, classes, 0);
            mlp_data data = loss_data(rows, x, NULL);
            double e, f;
            mlp *net;
            d.loss = MLP_LOSS_CROSS_ENTROPY;
            CHECK(mlp_create(&net, &d) == MLP_OK);
            memset(y, 0, sizeof y);
            for (i = 0; i < rows; i++) {
                labels[i] = test_below(classes);
                y[i * (size_t)classes + (size_t)labels[i]] = 1;
            }
            data.labels = labels;
            CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK);
            memcpy(a, mlp_gradients(net, &count), (size_t)classes * 4 * sizeof *a);
            data.labels = NULL;
            data.y = y;
            CHECK(mlp_compute_gradients(net, &data, &f) == MLP_OK);
            CHECK(e == f && test_same_bits(a, mlp_gradients(net, &count), count) && count == (size_t)classes * 4);
            mlp_destroy(net);
        }
}

/* targets whose rows do not sum to 1, as probabilities of several classes at once: dz = a sum(y) - y */
static void loss_cross_entropy_takes_any_targets(void)
{
    loss_case c;
    double e, worst;
    ref_net n, got;
    ref_gradient g;
    size_t i;
    test_seed(56);
    loss_make(&c, loss_pair_at(LOSS_PAIRS - 1), MLP_ACT_TANH, 2, 0);
    for (i = 0; i < LOSS_ROWS * 4; i++) c.y[i] = (float)test_below(4);
    n = ref_from(c.net);
    g = ref_gradient_of(&n);
    CHECK(mlp_compute_gradients(c.net, &c.data, &e) == MLP_OK);
    got = loss_gradient(c.net);
    CHECK_NEAR(e, ref_evaluate(&n, &c.data, &g), 1e-5);
    worst = loss_worst(&got, &g);
    CHECK(worst <= 1);
    ref_gradient_free(&g);
    ref_free(&got);
    ref_free(&n);
    mlp_destroy(c.net);
}

/* a weight of 2 is the row twice, a weight of 0 no row */
static void loss_sample_weights_count_rows(void)
{
    static const int units[] = { 4, 9, 3 }, from[5] = { 0, 0, 1, 3, 3 };
    mlp *net = layers_net(units, 2, 4, MLP_ACT_TANH, MLP_ACT_SIGMOID);
    float x[4 * 4], y[4 * 3], weights[4] = { 2, 1, 0, 2 }, doubled_x[5 * 4], doubled_y[5 * 3];
    mlp_data data;
    mlp_metrics m;
    double e, f;
    size_t n, i;
    float *g, *copy;
    test_seed(54);
    test_fill(x, 16);
    test_fill(y, 12);
    for (i = 0; i < 5; i++) {
        memcpy(doubled_x + i * 4, x + from[i] * 4, 16);
        memcpy(doubled_y + i * 3, y + from[i] * 3, 12);
    }
    data = loss_data(4, x, y);
    data.sample_weights = weights;
    CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK && mlp_evaluate(net, &data, &m) == MLP_OK && m.loss == e);
    g = mlp_gradients(net, &n);
    copy = (float *)malloc(n * sizeof(float));
    memcpy(copy, g, n * sizeof(float));
    data = loss_data(5, doubled_x, doubled_y);
    CHECK(mlp_compute_gradients(net, &data, &f) == MLP_OK);
    CHECK_NEAR(e, f, 1e-7);
    for (i = 0; i < n; i++) CHECK_NEAR((double)copy[i], (double)g[i], 1e-7);
    free(copy);
    mlp_destroy(net);
}

static void loss_extreme_logits_stay_finite(void)
{
    static const float x[] = { 1 }, w[] = { 200, -200, 0 };
    static const int labels[] = { 1 };
    mlp_desc d = net_desc(1, 3, 0);
    mlp_data data = loss_data(1, x, NULL);
    double e;
    mlp *net;
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    data.labels = labels;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w, NULL) == MLP_OK);
    CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK);
    CHECK_NEAR(e, 400, 1e-4);                               /* log of a probability that underflows in float */
    mlp_destroy(net);
    d = net_desc(1, 1, 0);
    d.loss = MLP_LOSS_BINARY_CROSS_ENTROPY;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w + 1, NULL) == MLP_OK);
    CHECK(mlp_compute_gradients(net, &data, &e) == MLP_OK);
    CHECK_NEAR(e, 200, 1e-4);
    mlp_destroy(net);
}

static void loss_tests(void)
{
    RUN(loss_worked_example_S1);
    RUN(loss_worked_example_S3);
    RUN(loss_worked_example_S4);
    RUN(loss_worked_example_S5);
    RUN(loss_gradients_of_everything_match_the_twin);
    RUN(loss_gradients_of_everything_match_differences);
    RUN(loss_twin_matches_its_own_differences);
    RUN(loss_labels_stand_for_targets);
    RUN(loss_custom_functions_are_used);
    RUN(loss_cross_entropy_takes_any_targets);
    RUN(loss_labels_of_any_number);
    RUN(loss_sample_weights_count_rows);
    RUN(loss_extreme_logits_stay_finite);
}
