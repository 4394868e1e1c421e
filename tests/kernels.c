/* >>kernels: through the table only, each against double precision, over every length 0..67 and offset 0..15 in memory
   without a spare byte, outputs full of NaN before. */

#define KERNELS_MOST 67

static const mlp_kernels *const kernels_k = &mlp__kernels;

/* |got - expected| <= c 2^-24 (|expected| + scale) for all, and the element behind the end, if any, still NaN */
static int kernels_close(const float *got, const double *expected, size_t n, double c, double scale)
{
    size_t i;
    for (i = 0; i < n; i++)
        if (!CHECK_NEAR((double)got[i], expected[i], c * ldexp(1, -24) * (fabs(expected[i]) + scale) + 1e-44)) return 0;
    return 1;
}

/* n floats, flush with a guard page at the end (even offset), or `offset` floats behind the start of a page */
typedef struct { test_memory memory; float *p; } kernels_array;

static kernels_array kernels_take(size_t n, size_t offset)
{
    kernels_array a;
    const size_t at_front = offset % 2;          /* odd: behind a guard page, shifted by the offset; even: before one */
    a.memory = test_guarded(n + offset, (int)at_front);
    a.p = a.memory.p + offset;
    return a;
}

static const float kernels_slopes[] = { 0, 0.01f, 0.3f };

static mlp_layer kernels_layer(mlp_activation activation, float alpha)
{
    mlp_layer l;
    memset(&l, 0, sizeof l);
    l.units = 1;
    l.activation = activation;
    l.alpha = alpha;
    return l;
}

/* relative error in 2^-24: e^x with a rounded x is worth the more, the steeper it is */
static double kernels_tolerance(mlp_activation a)
{
    return a == MLP_ACT_GELU || a == MLP_ACT_GELU_TANH || a == MLP_ACT_GAUSSIAN ? 80 : 8;
}

static void kernels_activate_and_backward(void)
{
    double value[KERNELS_MOST], slope[KERNELS_MOST];
    size_t n, i, k;
    test_seed(10);
    for (k = 0; k < REF_ACTIVATIONS; k++)
        for (n = 0; n <= KERNELS_MOST; n++) {
            const mlp_activation activation = ref_activations[k];
            const int with_alpha = activation == MLP_ACT_LEAKY_RELU || activation == MLP_ACT_ELU;
            const float alpha = with_alpha ? kernels_slopes[n % 3] : 0;
            const mlp_layer layer = kernels_layer(activation, alpha);
            kernels_array z = kernels_take(n, n % 16), a = kernels_take(n, (n + 3) % 16);
            kernels_array da = kernels_take(n, (n + 7) % 16), dz = kernels_take(n, (n + 11) % 16);
            test_fill(z.p, n);
            test_fill(da.p, n);
            test_fill_nan(a.p, n);
            test_fill_nan(dz.p, n);
            for (i = 0; i < n; i++) {
                z.p[i] *= 6;
                value[i] = ref_value(&layer, (double)z.p[i]);
                slope[i] = ref_slope(&layer, (double)z.p[i]) * (double)da.p[i];
            }
            kernels_k->activate(activation, alpha, n, z.p, a.p);
            kernels_k->activate_backward(activation, alpha, n, z.p, a.p, da.p, dz.p);
            if (!CHECK(kernels_close(a.p, value, n, kernels_tolerance(activation), activation == MLP_ACT_HARD_SIGMOID)))
                printf("    activation %d\n", (int)activation);
            if (!CHECK(kernels_close(dz.p, slope, n, kernels_tolerance(activation), 1)))
                printf("    slope of activation %d\n", (int)activation);
            kernels_k->activate(activation, alpha, n, z.p, dz.p);
            memcpy(a.p, z.p, n * sizeof(float));
            kernels_k->activate(activation, alpha, n, a.p, a.p);                             /* in place */
            CHECK(test_same_bits(a.p, dz.p, n));
            kernels_k->activate_backward(activation, alpha, n, z.p, a.p, da.p, dz.p);
            kernels_k->activate_backward(activation, alpha, n, z.p, a.p, da.p, da.p);
            CHECK(test_same_bits(da.p, dz.p, n));
            test_free(z.memory); test_free(a.memory); test_free(da.memory); test_free(dz.memory);
        }
}

/* the losses of elements (S5: half_squared, absolute, huber, logistic, margin), and their slopes, against double */
static void kernels_loss_and_backward(void)
{
    double value[KERNELS_MOST], slope[KERNELS_MOST];
    size_t n, i, k;
    test_seed(16);
    for (k = 0; k < REF_LOSSES; k++)
        for (n = 0; n <= KERNELS_MOST; n++) {
            const int signs = ref_losses[k] == MLP_LOSS_LOGISTIC || ref_losses[k] == MLP_LOSS_HINGE;
            kernels_array z = kernels_take(n, n % 16), a = kernels_take(n, 3), y = kernels_take(n, 8);
            kernels_array l = kernels_take(n, 12);
            mlp_desc d;
            memset(&d, 0, sizeof d);
            d.loss = ref_losses[k];
            d.loss_delta = d.loss == MLP_LOSS_HUBER ? 0.7f : 0;
            if (d.loss == MLP_LOSS_CROSS_ENTROPY) break;                /* by rows */
            test_fill(z.p, n);
            test_fill(y.p, n);
            for (i = 0; i < n; i++) {
                const int entropy = d.loss == MLP_LOSS_BINARY_CROSS_ENTROPY;
                double zi, ai;
                z.p[i] *= 6;
                zi = (double)z.p[i];
                a.p[i] = entropy ? (float)ref_sigmoid(zi) : z.p[i];
                ai = (double)a.p[i];
                y.p[i] = signs ? (y.p[i] < 0 ? -1.0f : 1.0f) : entropy ? fabsf(y.p[i]) : y.p[i] * 6;
                value[i] = ref_loss(&d, zi, ai, (double)y.p[i]);
                slope[i] = entropy ? ai - (double)y.p[i] : ref_loss_slope(&d, ai, (double)y.p[i]);
            }
            test_fill_nan(l.p, n);
            kernels_k->loss(d.loss, d.loss_delta, n, z.p, a.p, y.p, l.p);
            if (!CHECK(kernels_close(l.p, value, n, 8, 1))) printf("    loss %d\n", (int)d.loss);
            test_fill_nan(l.p, n);
            kernels_k->loss_backward(d.loss, d.loss_delta, n, a.p, y.p, l.p);
            if (!CHECK(kernels_close(l.p, slope, n, 4, 0))) printf("    slope of loss %d\n", (int)d.loss);
            test_free(z.memory); test_free(a.memory); test_free(y.memory); test_free(l.memory);
        }
}

static void kernels_relu_of_special_values(void)
{
    const float z[6] = { -0.0f, 0.0f, -1, (float)INFINITY, -(float)INFINITY, test_nan() };
    const float expected[6] = { -0.0f, 0.0f, 0, (float)INFINITY, 0, test_nan() };
    float a[6];
    kernels_k->activate(MLP_ACT_RELU, 0, 6, z, a);
    CHECK(test_same_bits(a, expected, 6));
}

static void kernels_hadamard_axpy_scale_rows(void)
{
    size_t n, i;
    test_seed(11);
    for (n = 0; n <= KERNELS_MOST; n++) {
        kernels_array a = kernels_take(n, n % 16), b = kernels_take(n, (n + 5) % 16), c = kernels_take(n, (n + 9) % 16);
        float factor = 1.5f;
        test_fill(a.p, n);
        test_fill(b.p, n);
        test_fill_nan(c.p, n);
        kernels_k->hadamard(n, a.p, b.p, c.p);
        for (i = 0; i < n; i++) CHECK(c.p[i] == a.p[i] * b.p[i]);
        kernels_k->axpy(n, 2.0f, a.p, c.p);
        for (i = 0; i < n; i++) CHECK(c.p[i] == mlp__fma(2.0f, a.p[i], a.p[i] * b.p[i]));
        kernels_k->scale_rows(1, n, &factor, b.p);
        kernels_k->hadamard(n, a.p, a.p, a.p);
        test_free(a.memory); test_free(b.memory); test_free(c.memory);
    }
    {
        float x[3 * 5], y[3 * 5], factors[3] = { 2, 0, -0.5f };
        test_fill(x, 15);
        memcpy(y, x, sizeof x);
        kernels_k->scale_rows(3, 5, factors, x);
        for (i = 0; i < 15; i++) CHECK(x[i] == y[i] * factors[i / 5]);
    }
}

/* rows x cols matrix in exact memory: softmax, its backward, cross-entropy and its backward against double */
static void kernels_softmax_of(size_t rows, size_t cols, float range)
{
    const size_t n = rows * cols;
    kernels_array z = kernels_take(n, n % 16), a = kernels_take(n, 1), da = kernels_take(n, 2), dz = kernels_take(n, 3);
    kernels_array l = kernels_take(n, 4), again = kernels_take(n, 5), factors = kernels_take(rows, 6);
    kernels_array made = kernels_take(n, 7), slope = kernels_take(n, 8);
    double *p = ref_doubles(n), *log_p = ref_doubles(n), *back = ref_doubles(n);
    size_t i, j;
    test_fill(z.p, n);
    test_fill(da.p, n);
    test_fill(factors.p, rows);
    test_fill_nan(a.p, n);
    test_fill_nan(dz.p, n);
    for (i = 0; i < n; i++) z.p[i] *= range;
    for (i = 0; i < rows; i++) {
        double max = -INFINITY, sum = 0, dot = 0;
        for (j = 0; j < cols; j++) max = fmax(max, (double)z.p[i * cols + j]);
        for (j = 0; j < cols; j++) sum += exp((double)z.p[i * cols + j] - max);
        for (j = 0; j < cols; j++) {
            log_p[i * cols + j] = (double)z.p[i * cols + j] - max - log(sum);
            p[i * cols + j] = exp(log_p[i * cols + j]);
            dot += p[i * cols + j] * (double)da.p[i * cols + j];
        }
        for (j = 0; j < cols; j++) back[i * cols + j] = p[i * cols + j] * ((double)da.p[i * cols + j] - dot);
    }
    kernels_k->softmax(rows, cols, z.p, a.p);
    kernels_k->softmax_backward(rows, cols, a.p, da.p, dz.p);
    CHECK(kernels_close(a.p, p, n, 6 + 2 * (double)range + (double)cols / 8, 0));
    CHECK(kernels_close(dz.p, back, n, 20 + 2 * (double)range + (double)cols / 8, 1.0 / (double)cols));
    test_fill_nan(dz.p, n);
    for (i = 0; i < n; i++) { da.p[i] = i % 3 ? fabsf(da.p[i]) : 0; log_p[i] *= -(double)da.p[i]; }        /* targets */
    kernels_k->cross_entropy(rows, cols, z.p, a.p, da.p, NULL, l.p, NULL, 0);
    CHECK(kernels_close(l.p, log_p, n, 8, 1 + (double)cols / 16));
    for (i = 0; i < rows; i++) {
        double sum = 0;
        for (j = 0; j < cols; j++) sum += (double)da.p[i * cols + j];
        for (j = 0; j < cols; j++)
            back[i * cols + j] = ((double)a.p[i * cols + j] * sum - (double)da.p[i * cols + j]) * (double)factors.p[i];
    }
    test_fill_nan(again.p, n);
    kernels_k->cross_entropy(rows, cols, z.p, a.p, da.p, factors.p, again.p, dz.p, 0);
    CHECK(kernels_close(dz.p, back, n, 4 + (double)cols / 8, 1));
    CHECK(test_same_bits(again.p, l.p, n));
    test_fill_nan(again.p, n);
    test_fill_nan(made.p, n);
    test_fill_nan(slope.p, n);
    kernels_k->cross_entropy(rows, cols, z.p, made.p, da.p, factors.p, again.p, slope.p, 1);
    CHECK(test_same_bits(made.p, a.p, n) && test_same_bits(again.p, l.p, n) && test_same_bits(slope.p, dz.p, n));
    kernels_k->softmax(rows, cols, z.p, z.p);
    CHECK(test_same_bits(z.p, a.p, n));
    free(p); free(log_p); free(back);
    test_free(z.memory); test_free(a.memory); test_free(da.memory); test_free(dz.memory);
    test_free(l.memory);
    test_free(again.memory);
    test_free(factors.memory);
    test_free(made.memory);
    test_free(slope.memory);
}

static void kernels_softmax(void)
{
    size_t cols, rows;
    test_seed(12);
    for (cols = 1; cols <= KERNELS_MOST; cols++)
        for (rows = 1; rows <= 3; rows++) kernels_softmax_of(rows, cols, cols % 2 ? 3.0f : 80.0f);
    for (cols = 1; cols <= 17; cols++)
        for (rows = 1; rows <= 40; rows++) kernels_softmax_of(rows, cols, 5.0f);
    kernels_softmax_of(5, 1000, 5.0f);
}

/* the bits of a row are the same alone and among others, whichever way the kernels take for its length */
static void kernels_rows_do_not_depend_on_each_other(void)
{
    static const size_t lengths[] = { 1, 2, 3, 7, 10, 15, 16, 17, 31, 33, 63, 64, 65, 200 };
    enum { ROWS = 37, MOST = ROWS * 200 };
    static float z[MOST], y[MOST], a[MOST], whole[5][MOST], alone[5][MOST], factors[ROWS];
    size_t c, i, k;
    test_seed(17);
    for (c = 0; c < sizeof lengths / sizeof *lengths; c++) {
        const size_t cols = lengths[c], n = ROWS * cols;
        test_fill(z, n); test_fill(y, n); test_fill(factors, ROWS);
        for (i = 0; i < n; i++) z[i] *= 30;
        kernels_k->softmax(ROWS, cols, z, a);
        memcpy(whole[0], a, n * sizeof *a);
        kernels_k->softmax_backward(ROWS, cols, a, y, whole[1]);
        kernels_k->cross_entropy(ROWS, cols, z, a, y, factors, whole[2], whole[3], 0);
        memcpy(whole[4], z, n * sizeof *z); memcpy(alone[4], z, n * sizeof *z);
        kernels_k->scale_rows(ROWS, cols, factors, whole[4]);
        for (i = 0; i < ROWS; i++) {
            const size_t at = i * cols;
            kernels_k->softmax(1, cols, z + at, alone[0] + at);
            kernels_k->softmax_backward(1, cols, a + at, y + at, alone[1] + at);
            kernels_k->cross_entropy(1, cols, z + at, a + at, y + at, factors + i, alone[2] + at, alone[3] + at, 0);
            kernels_k->scale_rows(1, cols, factors + i, alone[4] + at);
        }
        for (k = 0; k < 5; k++)
            if (!CHECK(test_same_bits(whole[k], alone[k], n))) printf("    kernel %d, rows of %d\n", (int)k, (int)cols);
    }
}

/* by labels: the bits of targets that are 1 at the label, and of the sum of a row's losses in double */
static void kernels_class_entropy_is_cross_entropy(void)
{
    enum { ROWS = 37, COLS = 16 };
    static float z[ROWS * COLS], a[ROWS * COLS], y[ROWS * COLS], l[ROWS * COLS], dz[ROWS * COLS], slope[ROWS * COLS];
    static float loss[ROWS];
    float factors[ROWS];
    int labels[ROWS];
    size_t rows, cols, i, j;
    test_seed(31);
    for (cols = 1; cols <= COLS; cols++)
        for (rows = 1; rows <= ROWS; rows++) {
            test_fill(z, rows * cols); test_fill(factors, rows);
            for (i = 0; i < rows * cols; i++) { z[i] *= 30; y[i] = 0; }
            if (rows > 3) z[3 * cols] = rows % 2 ? test_nan() : (float)INFINITY;
            for (i = 0; i < rows; i++) y[i * cols + (size_t)(labels[i] = (int)test_below(cols))] = 1;
            kernels_k->cross_entropy(rows, cols, z, a, y, factors, l, dz, 1);
            kernels_k->class_entropy(rows, cols, z, labels, factors, loss, slope);
            CHECK(test_same_bits(dz, slope, rows * cols));
            for (i = 0; i < rows; i++) {
                double sum = 0;
                float as_float;
                for (j = 0; j < cols; j++) sum += (double)l[i * cols + j];
                as_float = (float)sum;
                CHECK(test_same_bits(&as_float, loss + i, 1));
            }
        }
}

static void kernels_softmax_keeps_nan_in_its_row(void)
{
    float z[3 * 10], a[3 * 10], clean[3 * 10];
    size_t j;
    test_seed(13);
    test_fill(z, 30);
    kernels_k->softmax(3, 10, z, clean);
    z[14] = test_nan();
    kernels_k->softmax(3, 10, z, a);
    for (j = 0; j < 10; j++) CHECK(a[10 + j] != a[10 + j]);
    CHECK(test_same_bits(a, clean, 10) && test_same_bits(a + 20, clean + 20, 10));
    z[14] = 1000;                                       /* and no overflow */
    kernels_k->softmax(3, 10, z, a);
    CHECK(a[14] == 1 && a[13] == 0);
}

static void kernels_column_sums(void)
{
    size_t rows, cols, i, j;
    test_seed(14);
    for (cols = 1; cols <= KERNELS_MOST; cols++)
        for (rows = 0; rows <= 5; rows++) {
            const size_t stride = cols + rows % 3;
            kernels_array x = kernels_take(rows ? (rows - 1) * stride + cols : 0, cols % 16), s = kernels_take(cols, 1);
            kernels_array t = kernels_take(cols, 2);
            test_fill(x.p, rows ? (rows - 1) * stride + cols : 0);
            test_fill_nan(s.p, cols);
            test_fill(t.p, cols);
            kernels_k->column_sums(rows, cols, x.p, stride, s.p, 0);
            for (j = 0; j < cols; j++) {
                float sum = 0, more = t.p[j];
                for (i = 0; i < rows; i++) { sum += x.p[i * stride + j]; more += x.p[i * stride + j]; }
                CHECK(s.p[j] == sum);
                s.p[j] = more;
            }
            kernels_k->column_sums(rows, cols, x.p, stride, t.p, 1);
            CHECK(test_same_bits(t.p, s.p, cols));
            test_free(x.memory); test_free(s.memory); test_free(t.memory);
        }
}

static void kernels_first_nonfinite(void)
{
    size_t n, at;
    test_seed(15);
    for (n = 0; n <= KERNELS_MOST; n++) {
        kernels_array x = kernels_take(n, n % 16);
        test_fill(x.p, n);
        CHECK(kernels_k->first_nonfinite(n, 0, x.p) == n);
        for (at = n; at-- > 0;) {
            x.p[at] = at % 2 ? test_nan() : -(float)INFINITY;
            CHECK(kernels_k->first_nonfinite(n, 0, x.p) == at);
        }
        /* eight of them times 3e18 overflow, one does not */
        for (at = 0; at < n; at++) x.p[at] = at % 2 ? 1e20f : -1e20f;
        CHECK(kernels_k->first_nonfinite(n, 3e18f, x.p) == n);
        for (at = n; at-- > 0;) {
            x.p[at] = at % 2 ? 1.2e20f : at % 3 ? -2e25f : test_nan();
            CHECK(kernels_k->first_nonfinite(n, 3e18f, x.p) == at && kernels_k->first_nonfinite(n, 1, x.p) >= at);
        }
        test_free(x.memory);
    }
}

/* ---- optimizers: the formulas of PyTorch in double precision, a twin for each row of the list ---- */

typedef struct { double w, s1, s2; } kernels_weight;
typedef void kernels_updating(const mlp_update *u, double g, kernels_weight *t);
#define KERNELS_UPDATE(name) static void kernels_##name(const mlp_update *u, double g, kernels_weight *t)

KERNELS_UPDATE(sgd)
{
    const double mu = (double)u->opt.momentum;
    t->s1 = mu * t->s1 + g;
    t->w -= (double)u->opt.rate * (u->opt.nesterov ? g + mu * t->s1 : t->s1);
}
KERNELS_UPDATE(adagrad)
{
    t->s1 += g * g;
    t->w -= (double)u->opt.rate * g / (sqrt(t->s1) + (double)u->opt.epsilon);
}
KERNELS_UPDATE(rmsprop)
{
    t->s1 = (double)u->opt.rho * t->s1 + (1 - (double)u->opt.rho) * g * g;
    t->w -= (double)u->opt.rate * g / (sqrt(t->s1) + (double)u->opt.epsilon);
}
KERNELS_UPDATE(adam)
{
    t->s1 = (double)u->opt.beta1 * t->s1 + (1 - (double)u->opt.beta1) * g;
    t->s2 = (double)u->opt.beta2 * t->s2 + (1 - (double)u->opt.beta2) * g * g;
    t->w -= (double)u->opt.rate * t->s1 / (sqrt(t->s2) * (double)u->scale + (double)u->opt.epsilon);
}
KERNELS_UPDATE(adamw) { t->w *= (double)u->shrink; kernels_adam(u, g, t); }
KERNELS_UPDATE(rprop)
{
    const double p = g * t->s1, eta = p > 0 ? (double)u->opt.eta_plus : p < 0 ? (double)u->opt.eta_minus : 1;
    const double step = (u->first ? (double)u->opt.rate : t->s2) * eta;
    t->s2 = fmin(fmax(step, (double)u->opt.step_min), (double)u->opt.step_max);
    t->s1 = p < 0 ? 0 : g;
    t->w -= t->s1 > 0 ? t->s2 : t->s1 < 0 ? -t->s2 : 0;
}

typedef struct {
    mlp_opt kind;
    kernels_updating *twin;
    int arrays;
    float rate, beta1, beta2, epsilon;
    int takes;
} kernels_optimizer;

static const kernels_optimizer kernels_optimizers[] = {
#define KERNELS_ROW(NAME, name, arrays, rate, beta1, beta2, epsilon, takes) \
    { MLP_OPT_##NAME, kernels_##name, arrays, rate, beta1, beta2, epsilon, takes },
MLP__UPDATES(KERNELS_ROW)
};
#define KERNELS_UPDATES_FMA    0xef5fa2436e9656e2u
#define KERNELS_UPDATES_NO_FMA 0x08303e693df5e581u
enum { KERNELS_OPTIMIZERS = sizeof kernels_optimizers / sizeof *kernels_optimizers };

/* way: bits 1 momentum or a decay in adamw, 2 nesterov, 4 decay, 8 l1 */
static mlp_update kernels_update_of(const kernels_optimizer *o, int way)
{
    mlp_update u;
    memset(&u, 0, sizeof u);
    u.opt.rate = o->rate; u.opt.beta1 = o->beta1; u.opt.beta2 = o->beta2; u.opt.epsilon = o->epsilon;
    u.opt.rho = 0.99f; u.scale = 1.25f;
    u.shrink = way & 1 ? 0.875f : 1;
    u.opt.eta_minus = 0.5f; u.opt.eta_plus = 1.2f; u.opt.step_min = 1e-3f; u.opt.step_max = 0.015f;
    u.opt.momentum = way & 1 ? 0.9f : 0;
    u.opt.nesterov = way >> 1 & way & 1;
    u.opt.weight_decay = way & 4 ? 0.05f : 0;
    u.opt.l1 = way & 8 ? 0.25f : 0;
    return u;
}

static void kernels_updates_of(const kernels_optimizer *o, int way, size_t n, uint64_t *hash)
{
    mlp_update u = kernels_update_of(o, way);
    const int arrays = o->kind == MLP_OPT_SGD && u.opt.momentum == 0 ? 0 : o->arrays;
    kernels_array w = kernels_take(n, n % 16), g = kernels_take(n, 1), s1 = kernels_take(n, 2), s2 = kernels_take(n, 3);
    kernels_array alone = kernels_take(n, 4), a1 = kernels_take(n, 5), a2 = kernels_take(n, 6);
    double *value = ref_doubles(n), *state = ref_doubles(n);
    kernels_weight *t = (kernels_weight *)calloc(n + 1, sizeof *t);
    size_t i;
    int step, one = 0;
    test_fill(w.p, n);
    memset(s1.p, 0, n * sizeof(float)); memset(s2.p, 0, n * sizeof(float));
    if (n > 2) w.p[2] = 0;
    memcpy(alone.p, w.p, n * sizeof(float));
    memcpy(a1.p, s1.p, n * sizeof(float));
    memcpy(a2.p, s2.p, n * sizeof(float));
    for (step = 0; step < 3; step++) {
        test_fill(g.p, n);
        if (n > 1) g.p[1] = 0;
        u.first = step == 0;
        for (i = 0; i < n; i++) {                          /* from the values as rounded so far: errors do not add up */
            double gradient = (double)g.p[i];
            t[i].w = (double)w.p[i];
            t[i].s1 = (double)s1.p[i];
            t[i].s2 = (double)s2.p[i];
            gradient += (double)u.opt.weight_decay * t[i].w + (double)u.opt.l1 * ((t[i].w > 0) - (t[i].w < 0));
            o->twin(&u, gradient, &t[i]);
        }
        CHECK(kernels_k->update(o->kind, &u, n, w.p, g.p, arrays > 0 ? s1.p : NULL, arrays > 1 ? s2.p : NULL) == 0);
        for (i = 0; i < n; i++)
            one |= kernels_k->update(o->kind, &u, 1, alone.p + i, g.p + i, arrays > 0 ? a1.p + i : NULL,
                                     arrays > 1 ? a2.p + i : NULL);
        for (i = 0; i < n; i++) value[i] = t[i].w;
        if (!CHECK(kernels_close(w.p, value, n, 4, 1)))
            printf("    optimizer %d, way %d, step %d\n", (int)o->kind, way, step);
        for (i = 0; i < n; i++) state[i] = t[i].s1;
        if (arrays > 0) CHECK(kernels_close(s1.p, state, n, 4, 1));
        for (i = 0; i < n; i++) state[i] = t[i].s2;
        if (arrays > 1) CHECK(kernels_close(s2.p, state, n, 4, 1));
    }
    CHECK(!one && test_same_bits(w.p, alone.p, n) && test_same_bits(s1.p, a1.p, n) && test_same_bits(s2.p, a2.p, n));
    *hash = test_hash(test_hash(test_hash(*hash, w.p, n), s1.p, n), s2.p, n);
    free(value); free(state); free(t);
    test_free(w.memory); test_free(g.memory); test_free(s1.memory); test_free(s2.memory);
    test_free(alone.memory); test_free(a1.memory); test_free(a2.memory);
}

/* every kind of 1 to 70 weights, and of more than a piece of penalized gradients; a weight alone and among others has
   the same bits, and all together those that they have on any other build of the class */
static void kernels_update(void)
{
    uint64_t hash = TEST_HASH_BEGIN;
    size_t k, n;
    int way;
    test_seed(21);
    for (k = 0; k < KERNELS_OPTIMIZERS; k++)
        for (way = 0; way < 16; way++) {
            for (n = 1; n <= 70; n++) kernels_updates_of(&kernels_optimizers[k], way, n, &hash);
            kernels_updates_of(&kernels_optimizers[k], way, 600, &hash);
        }
    if (!CHECK(hash == (kernels_k->fma ? KERNELS_UPDATES_FMA : KERNELS_UPDATES_NO_FMA)))
        printf("    0x%016llxu\n", (unsigned long long)hash);
}

/* without momentum: the bits of axpy */
static void kernels_update_sgd_is_axpy(void)
{
    float w[70], v[70], g[70];
    mlp_update u = kernels_update_of(&kernels_optimizers[0], 0);
    test_seed(22);
    test_fill(w, 70); test_fill(g, 70);
    memcpy(v, w, sizeof v);
    kernels_k->axpy(70, -u.opt.rate, g, v);
    CHECK(kernels_k->update(MLP_OPT_SGD, &u, 70, w, g, NULL, NULL) == 0 && test_same_bits(w, v, 70));
    /* none of these */
    CHECK(kernels_k->update(MLP_OPT_LM, &u, 70, w, g, NULL, NULL) == 0 && test_same_bits(w, v, 70));
}

/* wherever one weight stops being finite, the call says so; what lanes behind the end hold, like 0/0
   with an epsilon of 0, does not */
static void kernels_update_tells_nonfinite(void)
{
    float w[70], g[70], s1[70], s2[70];
    size_t k, n, at;
    test_seed(23);
    for (k = 0; k < KERNELS_OPTIMIZERS; k++) {
        mlp_update u = kernels_update_of(&kernels_optimizers[k], 1);
        const int two = kernels_optimizers[k].arrays > 1;
        u.first = 1;
        u.opt.epsilon = 0;
        for (n = 1; n <= 70; n++)
            for (at = 0; at <= n; at++) {
                size_t i;
                test_fill(w, 70); test_fill(g, 70);
                for (i = 0; i < n; i++) { g[i] = g[i] < 0 ? g[i] - 1 : g[i] + 1; s1[i] = s2[i] = 0; }
                if (at < n) w[at] = at % 2 ? test_nan() : (float)INFINITY;
                CHECK(!kernels_k->update(kernels_optimizers[k].kind, &u, n, w, g, s1, two ? s2 : NULL) == (at == n));
            }
    }
}

static void kernels_update_flushes_state(void)
{
    size_t k;
    int step;
    for (k = 0; k < KERNELS_OPTIMIZERS; k++) {
        const kernels_optimizer *o = &kernels_optimizers[k];
        mlp_update u = kernels_update_of(o, 1);
        float w[3] = { 1, 1, 1 }, g[3] = { 1e-37f, -1e-37f, 0 }, s1[3] = { 0, 0, 1e-36f }, s2[3] = { 1, 1, 1 };
        for (step = 0; step < 100; step++) kernels_k->update(o->kind, &u, 3, w, g, s1, o->arrays > 1 ? s2 : NULL);
        for (step = 0; step < 3; step++) CHECK(s1[step] == 0 || fabsf(s1[step]) >= ldexpf(1, -120));
    }
}

static void kernels_inner(void)
{
    static float a[200], b[200];
    size_t n, i, width;
    test_seed(25);
    for (i = 0; i < 200; i++) { a[i] = test_float(); b[i] = test_float(); }
    for (n = 0; n < 200; n++) {
        double sum[16] = { 0 };
        for (i = 0; i < n; i++) sum[i % 16] += (double)a[i] * (double)b[i];     /* exact products */
        for (width = 8; width > 0; width /= 2)
            for (i = 0; i < width; i++) sum[i] += sum[i + width];
        CHECK(kernels_k->inner(n, a, b) == sum[0]);
    }
}

/* each y is its chain of multiply-adds in double, alone or among others; what is not its own is not touched */
static void kernels_subtract_products(void)
{
    enum { STRIDE = 48, ROWS = 7, HIGH = 21 };
    static double x[ROWS * STRIDE], y[HIGH * STRIDE], z[HIGH * STRIDE];
    size_t m, n, rows, i, j, r;
    test_seed(24);
    for (i = 0; i < ROWS * STRIDE; i++) x[i] = (double)test_float() * (1 + (double)test_float() / 3e9);
    for (m = 0; m < HIGH; m++)
        for (n = 0; n <= STRIDE; n += 16)
            for (rows = 0; rows <= ROWS; rows++) {
                const double *a = x + (n < STRIDE ? 16 + m % 3 : 0);
                for (j = 0; j < HIGH * STRIDE; j++)
                    y[j] = z[j] = (double)test_float() * (1 + (double)test_float() / 3e9);
                for (i = 0; i < m; i++)
                    for (j = 0; j < n; j++)
                        for (r = 0; r < rows; r++) {
                            double *to = &z[i * STRIDE + j];
                            const double by = a[r * STRIDE + i], v = x[r * STRIDE + j];
                            const volatile double product = by * v;
                            *to = kernels_k->fma ? fma(-by, v, *to) : *to - product;
                        }
                kernels_k->subtract_products(rows, m, n, a, x, STRIDE, y);
                CHECK(memcmp(y, z, sizeof y) == 0);
            }
}

static void kernels_tests(void)
{
    RUN(kernels_activate_and_backward);
    RUN(kernels_loss_and_backward);
    RUN(kernels_relu_of_special_values);
    RUN(kernels_hadamard_axpy_scale_rows);
    RUN(kernels_softmax);
    RUN(kernels_rows_do_not_depend_on_each_other);
    RUN(kernels_class_entropy_is_cross_entropy);
    RUN(kernels_softmax_keeps_nan_in_its_row);
    RUN(kernels_column_sums);
    RUN(kernels_first_nonfinite);
    RUN(kernels_update);
    RUN(kernels_update_sgd_is_axpy);
    RUN(kernels_update_tells_nonfinite);
    RUN(kernels_update_flushes_state);
    RUN(kernels_inner);
    RUN(kernels_subtract_products);
}
