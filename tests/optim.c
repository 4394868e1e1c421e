/* >>optim: each optimizer step by step against double precision, on plain vectors and inside a net. */

enum { OPTIM_N = 37, OPTIM_STEPS = 200 };

static mlp_opt_desc optim_desc(mlp_opt kind, float rate)
{
    mlp_opt_desc d;
    memset(&d, 0, sizeof d);
    d.kind = kind;
    d.rate = rate;
    return d;
}

/* OPTIM_STEPS steps with random gradients against the formulas of mlp_opt in double */
static void optim_against_double(mlp_opt_desc d)
{
    const double rate = (double)d.rate, mu = (double)d.momentum;
    const double beta1 = d.beta1 == 0 ? (double)0.9f : (double)d.beta1, beta2 = d.beta2 == 0 ? (double)0.999f : (double)d.beta2;
    const double epsilon = d.epsilon == 0 ? (double)1e-8f : (double)d.epsilon;
    const size_t size = mlp_opt_state_size(&d, OPTIM_N);
    test_memory w = test_guarded(OPTIM_N, 0), g = test_guarded(OPTIM_N, 0), state = test_guarded(size / 4, 0);
    double v[OPTIM_N], m[OPTIM_N] = { 0 }, s[OPTIM_N] = { 0 }, largest = 0;
    int t, i;
    CHECK(size % 4 == 0);
    memset(state.p, 0, size);
    test_fill(w.p, OPTIM_N);
    for (i = 0; i < OPTIM_N; i++) v[i] = (double)w.p[i];
    for (t = 1; t <= OPTIM_STEPS; t++) {
        test_fill(g.p, OPTIM_N);
        CHECK(mlp_opt_update(&d, state.p, OPTIM_N, w.p, g.p) == MLP_OK);
        for (i = 0; i < OPTIM_N; i++) {
            const double gi = (double)g.p[i];
            if (d.kind == MLP_OPT_SGD) {
                m[i] = mu * m[i] + gi;
                v[i] -= rate * (d.nesterov ? gi + mu * m[i] : m[i]);
            } else {
                m[i] = beta1 * m[i] + (1 - beta1) * gi;
                s[i] = beta2 * s[i] + (1 - beta2) * gi * gi;
                v[i] -= rate * (m[i] / (1 - pow(beta1, t))) / (sqrt(s[i] / (1 - pow(beta2, t))) + epsilon);
            }
            largest = fmax(largest, fabs((double)w.p[i] - v[i]));
        }
    }
    CHECK(largest < 4e-5);
    if (largest >= 4e-5) printf("    kind %d: %.3g\n", (int)d.kind, largest);
    test_free(w); test_free(g); test_free(state);
}

static void optim_formulas(void)
{
    mlp_opt_desc d;
    test_seed(60);
    optim_against_double(optim_desc(MLP_OPT_SGD, 0.1f));
    d = optim_desc(MLP_OPT_SGD, 0.05f);
    d.momentum = 0.9f;
    optim_against_double(d);
    d.nesterov = 1;
    optim_against_double(d);
    optim_against_double(optim_desc(MLP_OPT_ADAM, 0.01f));
    d = optim_desc(MLP_OPT_ADAM, 0.02f);
    d.beta1 = 0.5f;
    d.beta2 = 0.9f;
    d.epsilon = 1e-3f;
    optim_against_double(d);
}

static void optim_state_sizes_and_bad_descs(void)
{
    mlp_opt_desc d = optim_desc(MLP_OPT_SGD, 0);
    const size_t header = mlp_opt_state_size(&d, 0);
    float state[64] = { 0 }, v[2] = { 1, 2 }, g[2] = { 1, 1 };
    CHECK(header > 0 && mlp_opt_state_size(&d, 100) == header);
    d.momentum = 0.5f;
    CHECK(mlp_opt_state_size(&d, 100) == header + 400);
    CHECK(mlp_opt_state_size(NULL, 100) == header + 800 && mlp_opt_state_size(&d, SIZE_MAX / 4) == 0);
    CHECK(mlp_opt_update(&d, NULL, 2, v, g) == MLP_ERR_ARGUMENT && mlp_opt_update(&d, state, 2, NULL, g) == MLP_ERR_ARGUMENT);
#define OPTIM_BAD(field, value, code) (d = optim_desc(MLP_OPT_DEFAULT, 0), d.field = (value), \
        CHECK(mlp_opt_update(&d, state, 2, v, g) == (code)), CHECK(mlp_opt_state_size(&d, 2) == 0))
    OPTIM_BAD(kind, MLP_OPT_LBFGS, MLP_ERR_UNSUPPORTED);
    OPTIM_BAD(kind, (mlp_opt)55, MLP_ERR_UNSUPPORTED);
    OPTIM_BAD(rate, test_nan(), MLP_ERR_ARGUMENT);
    OPTIM_BAD(momentum, 1.0f, MLP_ERR_ARGUMENT);
    OPTIM_BAD(momentum, -0.1f, MLP_ERR_ARGUMENT);
    OPTIM_BAD(momentum, test_nan(), MLP_ERR_ARGUMENT);
    OPTIM_BAD(beta1, 1.0f, MLP_ERR_ARGUMENT);
    OPTIM_BAD(beta2, test_nan(), MLP_ERR_ARGUMENT);
    OPTIM_BAD(epsilon, (float)INFINITY, MLP_ERR_ARGUMENT);
#undef OPTIM_BAD
    CHECK(v[0] == 1 && v[1] == 2);
    g[1] = test_nan();
    CHECK(mlp_opt_update(NULL, state, 2, v, g) == MLP_ERR_NONFINITE && v[0] == 1 && v[1] == 2);
    g[1] = 1;
    d = optim_desc(MLP_OPT_SGD, -1);                        /* a wanted rate of zero */
    CHECK(mlp_opt_update(&d, state, 2, v, g) == MLP_OK && v[0] == 1 && v[1] == 2);
    d.rate = 0;
    CHECK(mlp_opt_update(&d, state, 2, v, g) == MLP_OK);
    CHECK_NEAR((double)v[0], 0.99, 1e-7);                   /* the default rate of sgd */
}

/* a weight whose gradient stays 0 ends with a state of 0, not with a subnormal number */
static void optim_state_is_flushed(void)
{
    mlp_opt_desc d = optim_desc(MLP_OPT_SGD, 0.1f);
    float g[1] = { 1 }, w[1] = { 0 }, last = -1;
    float state[64] = { 0 };
    size_t size;
    int t;
    d.momentum = 0.9f;
    size = mlp_opt_state_size(&d, 1);
    for (t = 0; t < 2000; t++) {
        CHECK(mlp_opt_update(&d, state, 1, w, g) == MLP_OK);
        g[0] = 0;
        last = state[size / 4 - 1];
        CHECK(last == 0 || last > 1e-37f);
    }
    CHECK(last == 0);
}

static void optim_step_of_a_net_is_the_update_of_its_run(void)
{
    static const int units[] = { 5, 21, 3 };
    const mlp_opt kinds[] = { MLP_OPT_SGD, MLP_OPT_ADAM };
    float x[4 * 5], y[4 * 3];
    mlp_data data;
    int k, t;
    test_seed(61);
    test_fill(x, 20);
    test_fill(y, 12);
    data = loss_data(4, x, y);
    for (k = 0; k < 2; k++) {
        mlp *net = layers_net(units, 2, 6, MLP_ACT_TANH, MLP_ACT_IDENTITY);
        mlp_opt_desc d = optim_desc(kinds[k], 0.01f);
        size_t n;
        float *p = mlp_params(net, &n), *v = (float *)malloc(n * sizeof(float));
        void *state = calloc(1, mlp_opt_state_size(&d, n));
        memcpy(v, p, n * sizeof(float));
        for (t = 0; t < 5; t++) {
            CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK);
            CHECK(mlp_opt_update(&d, state, n, v, mlp_gradients(net, NULL)) == MLP_OK && mlp_step(net, &d) == MLP_OK);
            CHECK(test_same_bits(p, v, n));
        }
        free(v);
        free(state);
        mlp_destroy(net);
    }
}

static void optim_change_of_kind_starts_from_zero(void)
{
    static const int units[] = { 5, 21, 3 };
    mlp *net = layers_net(units, 2, 6, MLP_ACT_TANH, MLP_ACT_IDENTITY), *fresh;
    float x[4 * 5], y[4 * 3];
    mlp_opt_desc adam = optim_desc(MLP_OPT_ADAM, 0.01f), sgd = optim_desc(MLP_OPT_SGD, 0.01f);
    mlp_data data;
    size_t n;
    test_seed(62);
    test_fill(x, 20);
    test_fill(y, 12);
    data = loss_data(4, x, y);
    CHECK(mlp_step(net, NULL) == MLP_ERR_ARGUMENT);                             /* no gradients yet */
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK && mlp_step(net, &adam) == MLP_OK && mlp_step(net, &sgd) == MLP_OK);
    CHECK(mlp_copy(&fresh, net) == MLP_OK);
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK && mlp_step(net, &adam) == MLP_OK);
    CHECK(mlp_compute_gradients(fresh, &data, NULL) == MLP_OK && mlp_step(fresh, &adam) == MLP_OK);
    CHECK(test_same_bits(mlp_params(net, &n), mlp_params(fresh, NULL), 5 * 21 + 21 + 21 * 3 + 3) && n == 5 * 21 + 21 + 21 * 3 + 3);
    mlp_gradients(net, NULL)[7] = test_nan();
    CHECK(mlp_step(net, &adam) == MLP_ERR_NONFINITE && test_same_bits(mlp_params(net, NULL), mlp_params(fresh, NULL), n));
    mlp_destroy(fresh);
    CHECK(mlp_train_size(net, &sgd, 4) < mlp_train_size(net, &adam, 4));
    {
        void *block = malloc(mlp_train_size(net, &sgd, 4));
        CHECK(mlp_train_in(net, block, mlp_train_size(net, &sgd, 4), &sgd) == MLP_OK);
        CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK && mlp_step(net, &sgd) == MLP_OK);
        CHECK(mlp_step(net, &adam) == MLP_ERR_ARGUMENT);                        /* does not fit the caller's block */
        adam.kind = MLP_OPT_LBFGS;
        CHECK(mlp_train_size(net, &adam, 4) == 0 && mlp_train_in(net, block, 1, &adam) == MLP_ERR_UNSUPPORTED);
        adam = optim_desc(MLP_OPT_ADAM, INFINITY);
        CHECK(mlp_train_in(net, block, 1, &adam) == MLP_ERR_ARGUMENT);
        mlp_destroy(net);
        free(block);
    }
}

/* S2: any differentiable function of a vector. The quadratic sum of (i+1) (v_i - 1)^2 / 2, and Rosenbrock's valley
   (1-x)^2 + 100 (y-x^2)^2 from (-1.2, 1), both with their minimum at (1, 1, ...). */
static double optim_minimize(mlp_opt_desc d, int n, float *v, int steps)
{
    float g[8];
    void *state = calloc(1, mlp_opt_state_size(&d, (size_t)n));
    double distance = 0;
    int t, i;
    for (t = 0; t < steps; t++) {
        if (n == 2) {
            g[0] = -2 * (1 - v[0]) - 400 * v[0] * (v[1] - v[0] * v[0]);
            g[1] = 200 * (v[1] - v[0] * v[0]);
        } else for (i = 0; i < n; i++) g[i] = (float)(i + 1) * (v[i] - 1);
        CHECK(mlp_opt_update(&d, state, (size_t)n, v, g) == MLP_OK);
    }
    for (i = 0; i < n; i++) distance = fmax(distance, fabs((double)v[i] - 1));
    free(state);
    return distance;
}

static void optim_finds_minima_of_functions(void)
{
    float a[8] = { 0 }, b[8] = { 5, -5, 3, 0, 9, 1, 2, -8 }, c[2] = { -1.2f, 1 }, d[2] = { -1.2f, 1 };
    mlp_opt_desc momentum = optim_desc(MLP_OPT_SGD, 0.0002f);
    double found[4];
    momentum.momentum = 0.95f;
    found[0] = optim_minimize(optim_desc(MLP_OPT_SGD, 0.1f), 8, a, 400);
    found[1] = optim_minimize(optim_desc(MLP_OPT_ADAM, 0.1f), 8, b, 2000);
    found[2] = optim_minimize(momentum, 2, c, 40000);
    found[3] = optim_minimize(optim_desc(MLP_OPT_ADAM, 0.01f), 2, d, 20000);
    snprintf(test.note, sizeof test.note, "distances: quadratic %.1g %.1g, Rosenbrock %.1g %.1g", found[0], found[1], found[2], found[3]);
    CHECK(found[0] < 1e-5 && found[1] < 1e-4 && found[2] < 1e-3 && found[3] < 1e-3);
}

static void optim_tests(void)
{
    RUN(optim_formulas);
    RUN(optim_state_sizes_and_bad_descs);
    RUN(optim_state_is_flushed);
    RUN(optim_step_of_a_net_is_the_update_of_its_run);
    RUN(optim_change_of_kind_starts_from_zero);
    RUN(optim_finds_minima_of_functions);
}
