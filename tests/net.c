/* >>net: descs good and bad, memory, weights. */

static mlp_desc net_desc(int inputs, int hidden, int outputs)
{
    mlp_desc d;
    memset(&d, 0, sizeof d);
    d.inputs = inputs;
    d.layers[0].units = hidden;
    d.layers[1].units = outputs;
    return d;
}

/* an allocator that counts, and fails at the call `fail_at` (0: never), from there on with `persistent` */
typedef struct { int calls, live, fail_at, persistent; } net_counter;

static void *net_alloc(void *user, size_t size)
{
    net_counter *c = (net_counter *)user;
    c->calls++;
    if (c->fail_at && (c->calls == c->fail_at || (c->persistent && c->calls > c->fail_at))) return NULL;
    c->live++;
    return malloc(size);
}

static void net_release(void *user, void *p)
{
    CHECK(p != NULL);
    ((net_counter *)user)->live--;
    free(p);
}

static mlp_allocator net_allocator(net_counter *c)
{
    mlp_allocator a;
    memset(c, 0, sizeof *c);
    a.alloc = net_alloc;
    a.free = net_release;
    a.user = c;
    return a;
}

static void net_numbers_in_texts(void)
{
    static const struct { float alpha; const char *words; } texts[] = {
        { 9.5e23f, "alpha is 9.5e+23, " }, { 1e6f, "alpha is 1e+6, " }, { 999999, "alpha is 999999, " },
        { 0.001f, "alpha is 0.001, " }, { 1e-6f, "alpha is 1e-6, " },
        { 9.9999999e-5f, "alpha is 1e-4, " }, { -2.5e-7f, "alpha is -2.5e-7, " }, { 0.1f, "alpha is 0.1, " } };
    mlp_desc d = net_desc(2, 3, 1);
    mlp_error error;
    size_t i;
    d.error = &error;
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        d.layers[0].alpha = texts[i].alpha;
        CHECK(mlp_size(&d) == 0);
        if (!CHECK(strstr(error.text, texts[i].words))) printf("    %s\n", error.text);
    }
}

static void net_results_have_names(void)
{
    int r, s;
    for (r = MLP_OK; r <= MLP_ERR_UNSUPPORTED; r++)
        for (s = MLP_OK; s < r; s++)
            CHECK(strcmp(mlp_result_string((mlp_result)r), mlp_result_string((mlp_result)s)) != 0);
    CHECK(strcmp(mlp_result_string((mlp_result)99), "unknown result") == 0);
}

static void net_defaults_are_resolved(void)
{
    mlp_desc d = net_desc(4, 3, 2), r;
    mlp_error error;
    int i;
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    d.layers[0].activation = MLP_ACT_LEAKY_RELU;
    d.error = &error;
    CHECK(mlp_resolve_desc(&d, &r) == MLP_OK && error.code == MLP_OK && !r.error);
    CHECK(r.layers[0].alpha == 0.01f && r.layers[0].initializer == MLP_INIT_HE_UNIFORM && r.layers[0].gain == 1);
    CHECK(r.layers[0].rate == 1);
    CHECK(r.layers[1].activation == MLP_ACT_SOFTMAX && r.layers[1].initializer == MLP_INIT_GLOROT_UNIFORM);
    CHECK(r.kernels == mlp_kernels_for(NULL));
    d = net_desc(4, 3, 2);
    d.layers[0].activation = MLP_ACT_LEAKY_RELU;
    d.layers[0].alpha = d.layers[0].gain = d.layers[1].rate = -1;       /* wanted zeros */
    CHECK(mlp_resolve_desc(&d, &r) == MLP_OK && r.loss == MLP_LOSS_SQUARED);
    CHECK(r.layers[1].activation == MLP_ACT_IDENTITY);
    CHECK(r.layers[0].alpha == -1 && r.layers[0].gain == -1 && r.layers[1].rate == -1);
    d = net_desc(4, 3, 1);
    d.loss = MLP_LOSS_BINARY_CROSS_ENTROPY;
    CHECK(mlp_resolve_desc(&d, &d) == MLP_OK && d.layers[0].activation == MLP_ACT_RELU);
    CHECK(d.layers[1].activation == MLP_ACT_SIGMOID);
    CHECK(mlp_resolve_desc(&d, &r) == MLP_OK && memcmp(&d, &r, sizeof d) == 0);    /* resolved again, nothing changes */
    for (i = MLP_INIT_ZERO; i <= MLP_INIT_ORTHOGONAL; i++) {                    /* and a net can be made of it */
        d = net_desc(4, 3, 1);
        d.layers[0].initializer = (mlp_initializer)i;
        CHECK(mlp_resolve_desc(&d, &d) == MLP_OK && mlp_resolve_desc(&d, &r) == MLP_OK);
        CHECK(memcmp(&d, &r, sizeof d) == 0 && mlp_size(&d) > 0);
    }
    d.inputs = 0;
    d.error = &error;
    CHECK(mlp_resolve_desc(&d, &r) == MLP_ERR_ARGUMENT && r.loss == MLP_LOSS_DEFAULT && error.code == MLP_ERR_ARGUMENT);
    CHECK(mlp_resolve_desc(NULL, &r) == MLP_ERR_ARGUMENT && mlp_resolve_desc(&d, NULL) == MLP_ERR_ARGUMENT);
}

/* mlp_get_desc gives what was given: a copy of it with one field changed makes the net that the user means */
static void net_desc_comes_back_as_it_was_given(void)
{
    mlp_desc d = net_desc(4, 3, 2), changed, r;
    mlp_error error;
    mlp *net;
    d.layers[0].activation = MLP_ACT_LEAKY_RELU;
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    d.error = &error;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    d.error = NULL;
    CHECK(memcmp(mlp_get_desc(net), &d, sizeof d) == 0);
    changed = *mlp_get_desc(net);
    mlp_destroy(net);
    changed.layers[0].activation = MLP_ACT_TANH;
    CHECK(mlp_resolve_desc(&changed, &r) == MLP_OK && r.layers[0].initializer == MLP_INIT_GLOROT_UNIFORM);
    CHECK(r.layers[0].alpha == 0);
    changed.loss = MLP_LOSS_SQUARED;
    CHECK(mlp_resolve_desc(&changed, &r) == MLP_OK && r.layers[1].activation == MLP_ACT_IDENTITY);
    CHECK(mlp_create(&net, &changed) == MLP_OK);
    mlp_destroy(net);
    CHECK(mlp_get_desc(NULL) == NULL);
}

/* a custom activation z^3/4 and a custom loss: the largest difference, squared and halved; user counts the calls */
static void loss_cube(void *user, size_t n, const float *z, float *a)
{
    size_t i;
    for (i = 0; i < n; i++) a[i] = z[i] * z[i] * z[i] * 0.25f;
    ++*(int *)user;
}

static void loss_cube_slope(void *user, size_t n, const float *z, const float *a, float *slope)
{
    size_t i;
    (void)a;
    for (i = 0; i < n; i++) slope[i] = 0.75f * z[i] * z[i];
    ++*(int *)user;
}

static size_t loss_largest_difference(size_t n, const float *a, const float *y)
{
    size_t best = 0, j;
    for (j = 1; j < n; j++) if (fabsf(a[j] - y[j]) > fabsf(a[best] - y[best])) best = j;
    return best;
}

static float loss_custom_value(void *user, size_t outputs, const float *a, const float *y)
{
    const size_t j = loss_largest_difference(outputs, a, y);
    ++*(int *)user;
    return 0.5f * (a[j] - y[j]) * (a[j] - y[j]);
}

static void loss_custom_slope(void *user, size_t outputs, const float *a, const float *y, float *slope)
{
    const size_t j = loss_largest_difference(outputs, a, y);
    ++*(int *)user;
    memset(slope, 0, outputs * sizeof(float));
    slope[j] = a[j] - y[j];
}

/* d is refused with this code, by all three doors, with a text and nothing left behind */
static void net_refused(mlp_desc d, mlp_result code, int layer)
{
    unsigned char memory[64];
    mlp *net = (mlp *)(void *)memory;
    mlp_error error;
    memset(&error, 0x55, sizeof error);
    d.error = &error;
    CHECK(mlp_create(&net, &d) == code && net == NULL);
    CHECK(error.code == code && error.layer == layer && error.text[0] && memchr(error.text, 0, sizeof error.text));
    CHECK(mlp_size(&d) == 0);
    net = (mlp *)(void *)memory;
    CHECK(mlp_init_in(&net, memory, sizeof memory, &d) == code && net == NULL);
    if (test.failures) printf("    (%s)\n", error.text);
}

static void net_bad_descs_are_refused(void)
{
    const mlp_desc good = net_desc(4, 3, 2);
    mlp_desc d;
    int a;
#define NET_REFUSED(change, code, layer) (d = good, (change), net_refused(d, code, layer))
    NET_REFUSED(d.inputs = 0, MLP_ERR_ARGUMENT, -1);
    NET_REFUSED(d.inputs = -3, MLP_ERR_ARGUMENT, -1);
    NET_REFUSED(d.layers[0].units = 0, MLP_ERR_ARGUMENT, 1);                    /* an entry behind the end */
    NET_REFUSED((d.layers[0].units = 0, d.layers[1].units = 0), MLP_ERR_ARGUMENT, -1);
    NET_REFUSED(d.layers[1].units = -1, MLP_ERR_ARGUMENT, 1);
    NET_REFUSED(d.layers[2].activation = MLP_ACT_TANH, MLP_ERR_ARGUMENT, 2);    /* units forgotten */
    NET_REFUSED(d.layers[31].no_bias = 1, MLP_ERR_ARGUMENT, 31);
    NET_REFUSED(d.layers[0].activation = (mlp_activation)77, MLP_ERR_UNSUPPORTED, 0);
    NET_REFUSED(d.layers[0].activation = (mlp_activation)-1, MLP_ERR_UNSUPPORTED, 0);
    NET_REFUSED(d.layers[0].alpha = 0.5f, MLP_ERR_ARGUMENT, 0);                 /* relu takes none */
    NET_REFUSED((d.layers[0].activation = MLP_ACT_LEAKY_RELU, d.layers[0].alpha = test_nan()), MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.layers[0].dropout = 1, MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.layers[0].dropout = -0.5f, MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.layers[0].dropout = test_nan(), MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.layers[1].dropout = 0.5f, MLP_ERR_ARGUMENT, 1);               /* of the last layer */
    NET_REFUSED(d.layers[0].gain = test_nan(), MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.layers[0].rate = (float)INFINITY, MLP_ERR_ARGUMENT, 0);
    NET_REFUSED((d.layers[0].initializer = MLP_INIT_ZERO, d.layers[0].gain = 2), MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.layers[4].gain = 1, MLP_ERR_ARGUMENT, 4);                     /* behind the end */
    NET_REFUSED(d.layers[4].rate = 1, MLP_ERR_ARGUMENT, 4);
    NET_REFUSED((d.loss = MLP_LOSS_CROSS_ENTROPY, d.layers[1].units = 1), MLP_ERR_ARGUMENT, 1);
    NET_REFUSED(d.input_scaling = (mlp_scaling)4, MLP_ERR_UNSUPPORTED, -1);
    NET_REFUSED(d.target_scaling = (mlp_scaling)-1, MLP_ERR_UNSUPPORTED, -1);
    NET_REFUSED(d.target_scaling = MLP_SCALE_ROBUST, MLP_ERR_ARGUMENT, -1);
    NET_REFUSED((d.loss = MLP_LOSS_CROSS_ENTROPY, d.target_scaling = MLP_SCALE_STANDARD), MLP_ERR_ARGUMENT, -1);
    NET_REFUSED(d.layers[0].initializer = (mlp_initializer)50, MLP_ERR_UNSUPPORTED, 0);
    NET_REFUSED(d.layers[0].activation = MLP_ACT_SOFTMAX, MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.loss = (mlp_loss)40, MLP_ERR_UNSUPPORTED, -1);
    NET_REFUSED(d.loss_delta = 1, MLP_ERR_ARGUMENT, -1);                        /* squared takes none */
    NET_REFUSED((d.loss = MLP_LOSS_HUBER, d.loss_delta = -1), MLP_ERR_ARGUMENT, -1);
    NET_REFUSED((d.loss = MLP_LOSS_HUBER, d.loss_delta = test_nan()), MLP_ERR_ARGUMENT, -1);
    NET_REFUSED(d.label_smoothing = 0.1f, MLP_ERR_ARGUMENT, -1);
    NET_REFUSED((d.loss = MLP_LOSS_CROSS_ENTROPY, d.label_smoothing = 1), MLP_ERR_ARGUMENT, -1);
    NET_REFUSED((d.loss = MLP_LOSS_CROSS_ENTROPY, d.label_smoothing = -0.1f), MLP_ERR_ARGUMENT, -1);
    NET_REFUSED(d.loss = MLP_LOSS_CUSTOM, MLP_ERR_ARGUMENT, -1);                /* without functions */
    NET_REFUSED(d.custom_loss.value = loss_custom_value, MLP_ERR_ARGUMENT, -1);  /* without custom */
    NET_REFUSED((d.loss = MLP_LOSS_CUSTOM, d.custom_loss.slope = loss_custom_slope), MLP_ERR_ARGUMENT, -1);
    NET_REFUSED(d.layers[0].activation = MLP_ACT_CUSTOM, MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.layers[0].custom.slope = loss_cube_slope, MLP_ERR_ARGUMENT, 0);
    NET_REFUSED((d.layers[0].activation = MLP_ACT_CUSTOM, d.layers[0].custom.value = loss_cube), MLP_ERR_ARGUMENT, 0);
    NET_REFUSED(d.layers[5].custom.user = &d, MLP_ERR_ARGUMENT, 5);
    NET_REFUSED(d.reduction = (mlp_reduction)2, MLP_ERR_UNSUPPORTED, -1);
    NET_REFUSED(d.allocator.alloc = net_alloc, MLP_ERR_ARGUMENT, -1);
    NET_REFUSED(d.allocator.free = net_release, MLP_ERR_ARGUMENT, -1);
    for (a = MLP_ACT_IDENTITY; a <= MLP_ACT_SOFTMAX; a++) {     /* losses and activations that do not go together */
        const mlp_activation last = (mlp_activation)a;
        if (a != MLP_ACT_SOFTMAX)
            NET_REFUSED((d.loss = MLP_LOSS_CROSS_ENTROPY, d.layers[1].activation = last), MLP_ERR_ARGUMENT, 1);
        if (a != MLP_ACT_SIGMOID)
            NET_REFUSED((d.loss = MLP_LOSS_BINARY_CROSS_ENTROPY, d.layers[1].activation = last), MLP_ERR_ARGUMENT, 1);
    }
    if (sizeof(size_t) == 4) {
        NET_REFUSED((d.inputs = 70000, d.layers[0].units = 70000), MLP_ERR_TOO_BIG, 0);
        NET_REFUSED((d.layers[1].units = INT32_MAX), MLP_ERR_TOO_BIG, 1);
    }
    NET_REFUSED((d.inputs = d.layers[0].units = d.layers[1].units = INT32_MAX), MLP_ERR_TOO_BIG, 0);
#undef NET_REFUSED
}

static void net_null_is_an_argument_error(void)
{
    mlp_desc d = net_desc(4, 3, 2);
    float w[12];
    size_t n = 5;
    mlp *net = NULL;
    CHECK(mlp_create(NULL, &d) == MLP_ERR_ARGUMENT && mlp_create(&net, NULL) == MLP_ERR_ARGUMENT && !net);
    CHECK(mlp_init_in(NULL, w, sizeof w, &d) == MLP_ERR_ARGUMENT);
    CHECK(mlp_init_in(&net, NULL, 100000, &d) == MLP_ERR_ARGUMENT);
    CHECK(mlp_init_in(&net, w, sizeof w, NULL) == MLP_ERR_ARGUMENT && mlp_size(NULL) == 0);
    CHECK(mlp_copy(NULL, NULL) == MLP_ERR_ARGUMENT && mlp_copy(&net, NULL) == MLP_ERR_ARGUMENT && !net);
    CHECK(mlp_train_size(NULL, NULL, 0) == 0 && mlp_train_in(NULL, w, 4, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_scratch_size(NULL, 0) == 0);
    CHECK(mlp_params(NULL, &n) == NULL && n == 0);
    n = 5;
    CHECK(mlp_gradients(NULL, &n) == NULL && n == 0);
    CHECK(mlp_get_weights(NULL, 0, w, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_set_weights(NULL, 0, w, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_fit(NULL, NULL, NULL) == MLP_ERR_ARGUMENT && mlp_evaluate(NULL, NULL, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_compute_gradients(NULL, NULL, NULL) == MLP_ERR_ARGUMENT && mlp_step(NULL, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_predict(NULL, w, 1, w) == MLP_ERR_ARGUMENT && mlp_predict_with(NULL, w, 4, w, 1, w) == MLP_ERR_ARGUMENT);
    mlp_destroy(NULL);
}

static void net_64_32_10_has_2410_parameters_without_gaps(void)
{
    mlp_desc d = net_desc(64, 32, 10);
    size_t count, gradients = 9, i;
    mlp *net;
    float *p;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    p = mlp_params(net, &count);
    CHECK(count == 2410 && p && mlp_params(net, NULL) == p);
    CHECK(mlp_gradients(net, &gradients) == NULL && gradients == 0);
    for (i = 0; i < count; i++) CHECK(isfinite(p[i]));
    mlp_destroy(net);
}

static void net_weights_are_in_the_documented_panels(void)
{
    mlp_desc d = net_desc(5, 37, 3);
    float w[37 * 5], b[37], back[37 * 5], b_back[37];
    float *p;
    size_t i, o;
    mlp *net;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    p = mlp_params(net, NULL);
    for (i = 0; i < 37 * 5; i++) w[i] = (float)i;
    for (o = 0; o < 37; o++) b[o] = -(float)o;
    CHECK(mlp_set_weights(net, 0, w, b) == MLP_OK);
    for (o = 0; o < 37; o++)
        for (i = 0; i < 5; i++) CHECK(p[gemm_weight(5, 37, i, o)] == w[o * 5 + i]);
    for (o = 0; o < 37; o++) CHECK(p[5 * 37 + o] == b[o]);
    CHECK(mlp_get_weights(net, 0, back, b_back) == MLP_OK && !memcmp(w, back, sizeof w));
    CHECK(!memcmp(b, b_back, sizeof b));
    CHECK(mlp_get_weights(net, 0, NULL, NULL) == MLP_OK && mlp_set_weights(net, 0, NULL, NULL) == MLP_OK);
    CHECK(mlp_get_weights(net, 2, w, b) == MLP_ERR_ARGUMENT && mlp_set_weights(net, -1, w, b) == MLP_ERR_ARGUMENT);
    mlp_destroy(net);
    d.layers[0].no_bias = 1;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    CHECK(mlp_set_weights(net, 0, w, b) == MLP_ERR_ARGUMENT && mlp_set_weights(net, 0, w, NULL) == MLP_OK);
    CHECK(mlp_get_weights(net, 0, back, b_back) == MLP_OK && !memcmp(w, back, sizeof w));
    for (o = 0; o < 37; o++) CHECK(b_back[o] == 0);
    CHECK((mlp_params(net, &i), i == 5 * 37 + 37 * 3 + 3));
    mlp_destroy(net);
}

static double net_largest(const float *w, int n)
{
    double largest = 0;
    int i;
    for (i = 0; i < n; i++) largest = fmax(largest, fabs((double)w[i]));
    return largest;
}

static void net_initial_weights_fill_their_limits(void)
{
    static float w[200 * 50], b[200], again[200 * 50];
    mlp_desc d = net_desc(50, 200, 40);
    double sum = 0;
    mlp *net;
    int i;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_get_weights(net, 0, w, b) == MLP_OK);
    /* he_uniform for relu */
    CHECK(net_largest(w, 10000) <= sqrt(6.0 / 50) && net_largest(w, 10000) > 0.999 * sqrt(6.0 / 50));
    for (i = 0; i < 200 * 50; i++) sum += fabs((double)w[i]);
    CHECK_NEAR(sum / 10000, 0.5 * sqrt(6.0 / 50), 0.005);
    CHECK(net_largest(b, 200) == 0);
    CHECK(mlp_get_weights(net, 1, w, NULL) == MLP_OK);
    /* glorot_uniform */
    CHECK(net_largest(w, 8000) <= sqrt(6.0 / 240) && net_largest(w, 8000) > 0.999 * sqrt(6.0 / 240));
    mlp_destroy(net);
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_get_weights(net, 1, again, NULL) == MLP_OK);
    CHECK(!memcmp(w, again, 40 * 200 * sizeof(float)));
    mlp_destroy(net);
    d.seed = 1;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_get_weights(net, 1, again, NULL) == MLP_OK);
    CHECK(memcmp(w, again, 40 * 200 * sizeof(float)));
    mlp_destroy(net);
    d.layers[0].initializer = MLP_INIT_ZERO;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_get_weights(net, 0, w, NULL) == MLP_OK && net_largest(w, 10000) == 0);
    mlp_destroy(net);
}

/* ---- initializers: what a row of the table means, in double; n inputs, m units ---- */

/* 'c'onstant, 'u'niform by its limit, 'n'ormal, 'o'rthogonal */
typedef struct { char shape; double measure; } net_spread;
#define NET_SPREAD(name, letter, expression) \
    static net_spread net_spread_##name(double n, double m) \
    { net_spread s; s.shape = letter; s.measure = expression; (void)n; (void)m; return s; }
NET_SPREAD(zero, 'c', 0)
NET_SPREAD(constant, 'c', 1)
NET_SPREAD(he_uniform, 'u', sqrt(6 / n))
NET_SPREAD(he_normal, 'n', sqrt(2 / n))
NET_SPREAD(glorot_uniform, 'u', sqrt(6 / (n + m)))
NET_SPREAD(glorot_normal, 'n', sqrt(2 / (n + m)))
NET_SPREAD(lecun_normal, 'n', sqrt(1 / n))
NET_SPREAD(pytorch, 'u', sqrt(1 / n))
NET_SPREAD(orthogonal, 'o', 1)

/* Every row of the library's table: one without a twin above does not compile. */
#define NET_INITIALIZER(NAME, name, ...) { MLP_INIT_##NAME, net_spread_##name },
static const struct { mlp_initializer kind; net_spread (*spread)(double n, double m); } net_initializers[] = {
    MLP__INITIALIZERS(NET_INITIALIZER) };
enum { NET_INITIALIZERS = sizeof net_initializers / sizeof *net_initializers };

/* count numbers against their distribution, within 5 deviations of what so many give */
static void net_is_spread(const float *w, size_t count, net_spread s)
{
    const double n = (double)count, variance = s.shape == 'u' ? s.measure * s.measure / 3 : s.measure * s.measure;
    const double kurtosis = s.shape == 'u' ? 1.8 : 3;
    double sum = 0, square = 0, fourth = 0;
    size_t i;
    for (i = 0; i < count; i++) {
        const double v = (double)w[i];
        if (s.shape == 'c') CHECK(v == (double)(float)s.measure);
        if (s.shape == 'u') CHECK(fabs(v) <= s.measure * (1 + 1e-7));
        sum += v;
        square += v * v;
        fourth += pow(v, 4);
    }
    if (s.shape == 'c' || s.measure == 0) return;
    CHECK_NEAR(sum / n, 0, 5 * sqrt(variance / n));
    CHECK_NEAR(square / n, variance, 5 * variance * sqrt((kurtosis - 1) / n));
    if (count > 1000) CHECK_NEAR(fourth / n, kurtosis * variance * variance, 0.15 * kurtosis * variance * variance);
    if (count > 1000 && s.shape == 'u') CHECK(net_largest(w, (int)count) > 0.998 * s.measure);
}

static void net_initializers_are_as_documented(void)
{
    static float w[3][90 * 60], b[90];
    static const float gains[] = { 0, 2.5f, -1 };
    int k, g, l;
    for (k = 0; k < NET_INITIALIZERS; k++)
        for (g = 0; g < 3; g++) {
            mlp_desc d = net_desc(60, 90, 60);
            const mlp_initializer kind = net_initializers[k].kind;
            const double gain = g == 0 || kind == MLP_INIT_ZERO ? 1 : g == 2 ? 0 : (double)gains[g];
            mlp *net;
            d.layers[2].units = 90;                                             /* 60-90, 90-60, 60-90 */
            for (l = 0; l < 3; l++) {
                d.layers[l].initializer = kind;
                d.layers[l].gain = kind == MLP_INIT_ZERO ? 0 : gains[g];
            }
            if (!CHECK(mlp_create(&net, &d) == MLP_OK)) return;
            for (l = 0; l < 3; l++) {
                net_spread s = net_initializers[k].spread(l == 1 ? 90 : 60, l == 1 ? 60 : 90), bias = { 'c', 0 };
                s.measure *= gain;
                CHECK(mlp_get_weights(net, l, w[l], b) == MLP_OK);
                if (kind == MLP_INIT_PYTORCH) bias = s;
                net_is_spread(b, l == 1 ? 60 : 90, bias);
                if (s.shape != 'o') net_is_spread(w[l], 90 * 60, s);
            }
            if (net_initializers[k].spread(1, 1).shape != 'c' && gain > 0)      /* layers of one shape are not alike */
                CHECK(memcmp(w[0], w[2], sizeof w[0]) != 0);
            mlp_destroy(net);
        }
}

/* rows are orthogonal and of length gain, or columns where there are fewer; numbers on either side of 0 */
static void net_orthogonal_is_orthogonal(void)
{
    static const int shapes[][2] = { { 20, 7 }, { 7, 20 }, { 33, 33 }, { 1, 1 }, { 1, 5 }, { 5, 1 }, { 150, 130 } };
    static float w[150 * 130];
    double worst = 0;
    size_t s, u, v, i;
    for (s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const size_t in = (size_t)shapes[s][0], out = (size_t)shapes[s][1];
        const size_t few = in < out ? in : out, many = in + out - few;
        mlp_desc d = net_desc(shapes[s][0], shapes[s][1], 0);
        int negative = 0;
        mlp *net;
        d.layers[0].initializer = MLP_INIT_ORTHOGONAL;
        d.layers[0].gain = 1.5f;
        if (!CHECK(mlp_create(&net, &d) == MLP_OK)) return;
        CHECK(mlp_get_weights(net, 0, w, NULL) == MLP_OK);
        for (i = 0; i < in * out; i++) negative += w[i] < 0;
        for (u = 0; u < few; u++)
            for (v = 0; v <= u; v++) {
                double dot = 0;
                for (i = 0; i < many && out <= in; i++) dot += (double)w[u * in + i] * (double)w[v * in + i];
                for (i = 0; i < many && out > in; i++) dot += (double)w[i * in + u] * (double)w[i * in + v];
                worst = fmax(worst, fabs(dot / 2.25 - (u == v)));
            }
        if (in * out > 100) CHECK_NEAR((double)negative / (double)(in * out), 0.5, 3 / sqrt((double)(in * out)));
        mlp_destroy(net);
    }
    snprintf(test.note, sizeof test.note, "%.2g", worst);
    CHECK(worst < 1e-6);
}

/* orthogonal needs memory for a while: without it there is no net, and nothing is left behind */
static void net_orthogonal_may_lack_memory(void)
{
    mlp_desc d = net_desc(6, 5, 4);
    net_counter counter;
    mlp_error error;
    int in, fail_at;
    d.layers[0].initializer = d.layers[1].initializer = MLP_INIT_ORTHOGONAL;
    d.allocator = net_allocator(&counter);
    d.error = &error;
    for (in = 0; in < 2; in++)
        for (fail_at = 1 + !in; fail_at <= 3 - in; fail_at++) {
            void *memory = malloc(mlp_size(&d));
            mlp *net = (mlp *)memory;
            mlp_result r;
            memset(&counter, 0, sizeof counter);
            counter.fail_at = fail_at;
            r = in ? mlp_init_in(&net, memory, mlp_size(&d), &d) : mlp_create(&net, &d);
            CHECK(r == MLP_ERR_MEMORY && error.code == MLP_ERR_MEMORY && error.text[0] && !net && counter.live == 0);
            counter.fail_at = 0;
            r = in ? mlp_init_in(&net, memory, mlp_size(&d), &d) : mlp_create(&net, &d);
            CHECK(r == MLP_OK && counter.live == !in);
            mlp_destroy(net);
            CHECK(counter.live == 0);
            free(memory);
        }
}

/* at every alignment, in exactly mlp_size and mlp_train_size bytes, the same net as from mlp_create */
static void net_lives_in_memory_of_the_caller(void)
{
    mlp_desc d = net_desc(7, 19, 3);
    const size_t size = mlp_size(&d);
    float x[4 * 7], y[4 * 3], expected[4 * 3];
    mlp_data data;
    mlp *net = NULL;
    int offset;
    test_seed(30);
    test_fill(x, 28);
    test_fill(y, 12);
    memset(&data, 0, sizeof data);
    data.rows = 4;
    data.x = x;
    data.y = y;
    CHECK(size > 0 && mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, NULL) == MLP_OK);
    CHECK(mlp_predict(net, x, 4, expected) == MLP_OK);
    mlp_destroy(net);
    for (offset = 0; offset < 64; offset += offset < 8 ? 1 : 7) {
        test_memory memory = test_guarded((size + 3) / 4 + 16, 0), training;
        size_t train_size;
        unsigned char *at = (unsigned char *)(memory.p + (size + 3) / 4 + 16) - size - offset;
        float got[4 * 3];
        CHECK(mlp_init_in(&net, at, size - 1, &d) == MLP_ERR_ARGUMENT && !net);
        if (!CHECK(mlp_init_in(&net, at, size, &d) == MLP_OK)) return;
        train_size = mlp_train_size(net, NULL, 1);
        training = test_guarded((train_size + 3) / 4 + 16, 0);
        at = (unsigned char *)(training.p + (train_size + 3) / 4 + 16) - train_size - offset;
        CHECK(mlp_train_in(net, at, train_size - 1, NULL) == MLP_ERR_ARGUMENT);
        CHECK(mlp_train_in(net, at, train_size, NULL) == MLP_OK);
        CHECK(mlp_fit(net, &data, NULL) == MLP_OK && mlp_predict(net, x, 4, got) == MLP_OK);
        CHECK(test_same_bits(got, expected, 12));
        mlp_destroy(net);
        test_free(memory);
        test_free(training);
    }
}

static void net_copy_is_a_net_of_its_own(void)
{
    mlp_desc d = net_desc(6, 20, 4);
    float x[6] = { 1, 2, 3, 4, 5, 6 }, y[4], z[4];
    net_counter counter;
    mlp *net, *copy = NULL;
    size_t n;
    d.allocator = net_allocator(&counter);
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_copy(&copy, net) == MLP_OK);
    CHECK(mlp_predict(net, x, 1, y) == MLP_OK && mlp_predict(copy, x, 1, z) == MLP_OK && test_same_bits(y, z, 4));
    CHECK(memcmp(mlp_get_desc(net), mlp_get_desc(copy), sizeof d) == 0 && !mlp_gradients(copy, NULL));
    mlp_params(net, &n)[0] += 1;
    mlp_destroy(net);
    CHECK(mlp_predict(copy, x, 1, y) == MLP_OK && test_same_bits(y, z, 4));
    mlp_destroy(copy);
    CHECK(counter.live == 0 && counter.calls == 2);
}

/* create, copy, predict with too large a scratch, evaluate, gradients, fit, another optimizer: every allocation fails
   once, and then for good; each time an error, nothing lost, and the same call works afterwards */
static mlp_result net_session(mlp *net, int step, const mlp_data *data, float *y)
{
    mlp_fit_desc fit;
    mlp_metrics metrics;
    mlp *copy = NULL;
    mlp_result r;
    memset(&fit, 0, sizeof fit);
    fit.epochs = 1;
    switch (step) {
    case 0:
        r = mlp_copy(&copy, net);
        CHECK(!r == (copy != NULL));
        mlp_destroy(copy);
        return r;
    case 1: return mlp_predict(net, data->x, data->rows, y);
    case 2:
        r = mlp_evaluate(net, data, &metrics);
        CHECK(r ? metrics.rows == 0 && metrics.loss == 0 : metrics.rows == data->rows);
        return r;
    case 3: fit.opt.kind = MLP_OPT_SGD; return mlp_fit(net, data, &fit);
    case 4: return mlp_compute_gradients(net, data, NULL);
    case 5: return mlp_step(net, NULL);                 /* adam needs a larger block than sgd */
    default: return MLP_OK;
    }
}

static void net_every_allocation_may_fail(void)
{
    mlp_desc d = net_desc(9, 400, 5);
    static float x[40 * 9], y[40 * 5], out[40 * 5], expected[40 * 5];
    net_counter counter;
    mlp_error error;
    mlp_data data;
    int persistent, fail_at, step, sites = 0;
    mlp *net;
    test_seed(31);
    test_fill(x, 40 * 9);
    test_fill(y, 40 * 5);
    memset(&data, 0, sizeof data);
    data.rows = 40;
    data.x = x;
    data.y = y;
    data.error = &error;
    d.allocator = net_allocator(&counter);
    d.error = &error;
    for (persistent = 0; persistent < 2; persistent++)
        for (fail_at = 0; fail_at == 0 || fail_at <= sites; fail_at++) {
            memset(&counter, 0, sizeof counter);
            counter.fail_at = fail_at;
            counter.persistent = persistent;
            if (mlp_create(&net, &d)) {
                CHECK(fail_at == 1 && !net && error.code == MLP_ERR_MEMORY && counter.live == 0);
                counter.fail_at = 0;
                if (!CHECK(mlp_create(&net, &d) == MLP_OK)) return;
            }
            for (step = 0; step < 6; step++) {
                const float *params = mlp_params(net, NULL);
                const uint64_t before = test_hash(TEST_HASH_BEGIN, params, 9 * 400 + 400 + 400 * 5 + 5);
                const int live = counter.live;
                mlp_result r = net_session(net, step, &data, out);
                if (!r) continue;
                CHECK(fail_at && r == MLP_ERR_MEMORY && counter.live == live);
                CHECK(test_hash(TEST_HASH_BEGIN, params, 9 * 400 + 400 + 400 * 5 + 5) == before);
                counter.fail_at = 0;
                CHECK(net_session(net, step, &data, out) == MLP_OK);
            }
            if (!fail_at) sites = counter.calls;
            counter.fail_at = 0;
            CHECK(mlp_predict(net, x, 40, out) == MLP_OK);
            if (!fail_at) memcpy(expected, out, sizeof out);
            CHECK(test_same_bits(out, expected, 40 * 5));
            mlp_destroy(net);
            CHECK(counter.live == 0);
        }
    snprintf(test.note, sizeof test.note, "%d allocations, once and persistently", sites);
    CHECK(sites >= 6);
}

static void net_tests(void)
{
    RUN(net_results_have_names);
    RUN(net_numbers_in_texts);
    RUN(net_defaults_are_resolved);
    RUN(net_desc_comes_back_as_it_was_given);
    RUN(net_bad_descs_are_refused);
    RUN(net_null_is_an_argument_error);
    RUN(net_64_32_10_has_2410_parameters_without_gaps);
    RUN(net_weights_are_in_the_documented_panels);
    RUN(net_initial_weights_fill_their_limits);
    RUN(net_initializers_are_as_documented);
    RUN(net_orthogonal_is_orthogonal);
    RUN(net_orthogonal_may_lack_memory);
    RUN(net_lives_in_memory_of_the_caller);
    RUN(net_copy_is_a_net_of_its_own);
    RUN(net_every_allocation_may_fail);
}
