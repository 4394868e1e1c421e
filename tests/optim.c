/* >>optim: each optimizer step by step against double precision, on vectors and inside a net; defaults, fields. */

enum { OPTIM_N = 37, OPTIM_STEPS = 50 };

static mlp_opt_desc optim_desc(mlp_opt kind, float rate)
{
    mlp_opt_desc d;
    memset(&d, 0, sizeof d);
    d.kind = kind;
    d.rate = rate;
    return d;
}

/* ---- twins: PyTorch's documented formulas in double ---- */
/* of one weight w with gradient g and state s1, s2; t: the step from 1 */

typedef struct {
    double rate, momentum, beta1, beta2, epsilon, rho, eta_minus, eta_plus, step_min, step_max, decay, l1;
    int nesterov, t;
} optim_numbers;
typedef double optim_twin(const optim_numbers *o, double w, double g, double *s1, double *s2);

static int optim_sign(double v) { return (v > 0) - (v < 0); }

#define OPTIM_TWIN(name, body) static double optim_##name##_twin(const optim_numbers *o, double w, double g, \
                                                                 double *s1, double *s2) \
    { (void)s1; (void)s2; body }

OPTIM_TWIN(sgd, *s1 = o->momentum * *s1 + g; return w - o->rate * (o->nesterov ? g + o->momentum * *s1 : *s1);)
OPTIM_TWIN(adagrad, *s1 += g * g; return w - o->rate * g / (sqrt(*s1) + o->epsilon);)
OPTIM_TWIN(rmsprop, *s1 = o->rho * *s1 + (1 - o->rho) * g * g; return w - o->rate * g / (sqrt(*s1) + o->epsilon);)
OPTIM_TWIN(adam,
    *s1 = o->beta1 * *s1 + (1 - o->beta1) * g;
    *s2 = o->beta2 * *s2 + (1 - o->beta2) * g * g;
    return w - o->rate * (*s1 / (1 - pow(o->beta1, o->t))) / (sqrt(*s2 / (1 - pow(o->beta2, o->t))) + o->epsilon);)
OPTIM_TWIN(adamw, return optim_adam_twin(o, w * (1 - o->rate * o->decay), g, s1, s2);)
OPTIM_TWIN(rprop,
    const int turn = optim_sign(g * *s1);
    if (o->t == 1) *s2 = o->rate;
    *s2 = fmin(fmax(*s2 * (turn > 0 ? o->eta_plus : turn < 0 ? o->eta_minus : 1), o->step_min), o->step_max);
    *s1 = turn < 0 ? 0 : g;
    return w - optim_sign(*s1) * *s2;)

/* Every row of the library's table: one without a twin above does not compile. */
#define OPTIM_ROW(NAME, name, ...) { MLP_OPT_##NAME, " " #name " ", optim_##name##_twin },
static const struct { mlp_opt kind; const char *name; optim_twin *twin; } optim_kinds[] = { MLP__UPDATES(OPTIM_ROW) };
enum { OPTIM_KINDS = sizeof optim_kinds / sizeof *optim_kinds };

/* The fields of mlp_opt_desc, the kinds that take them, their documented defaults (rate, epsilon, weight_decay: of
   most), a value that is none, and what they must stay below */
#define OPTIM_ALL " sgd adagrad rmsprop adam adamw rprop "
#define OPTIM_FIELD(name) #name, offsetof(mlp_opt_desc, name)
static const struct {
    const char *name; size_t offset; const char *kinds; float standard, other, below;
} optim_fields[] = {
    { OPTIM_FIELD(rate), OPTIM_ALL, 0.01f, 0.02f, INFINITY },
    { OPTIM_FIELD(momentum), " sgd ", 0, 0.5f, 1 },
    { OPTIM_FIELD(beta1), " adam adamw ", 0.9f, 0.5f, 1 },
    { OPTIM_FIELD(beta2), " adam adamw ", 0.999f, 0.9f, 1 },
    { OPTIM_FIELD(epsilon), " adagrad rmsprop adam adamw ", 1e-8f, 1e-3f, INFINITY },
    { OPTIM_FIELD(weight_decay), OPTIM_ALL, 0, 0.2f, INFINITY },
    { OPTIM_FIELD(l1), OPTIM_ALL, 0, 0.3f, INFINITY },
    { OPTIM_FIELD(clip_norm), OPTIM_ALL, 0, 0.5f, INFINITY },
    { OPTIM_FIELD(clip_value), OPTIM_ALL, 0, 0.5f, INFINITY },
    { OPTIM_FIELD(max_norm), OPTIM_ALL, 0, 0.5f, INFINITY },
    { OPTIM_FIELD(rho), " rmsprop ", 0.99f, 0.5f, 1 },
    { OPTIM_FIELD(eta_minus), " rprop ", 0.5f, 0.25f, 1 },
    { OPTIM_FIELD(eta_plus), " rprop ", 1.2f, 1.5f, INFINITY },
    { OPTIM_FIELD(step_min), " rprop ", 1e-6f, 1e-3f, INFINITY },
    { OPTIM_FIELD(step_max), " rprop ", 50, 2, INFINITY }
};
enum { OPTIM_FIELDS = sizeof optim_fields / sizeof *optim_fields, OPTIM_CLIP_NORM = 7, OPTIM_MAX_NORM = 9,
       OPTIM_ETA_PLUS = 12, OPTIM_STEP_MAX = 14 };

static float *optim_field(mlp_opt_desc *d, int field)
{
    return (float *)(void *)((char *)d + optim_fields[field].offset);
}

static int optim_takes(int kind, int field)
{
    return strstr(optim_fields[field].kinds, optim_kinds[kind].name) != NULL;
}

static float optim_default(mlp_opt kind, int field)
{
    const int adam = kind == MLP_OPT_ADAM || kind == MLP_OPT_ADAMW;
    if (!strcmp(optim_fields[field].name, "rate") && adam) return 0.001f;
    if (!strcmp(optim_fields[field].name, "epsilon") && kind == MLP_OPT_ADAGRAD) return 1e-10f;
    if (!strcmp(optim_fields[field].name, "weight_decay") && kind == MLP_OPT_ADAMW) return 0.01f;
    return optim_fields[field].standard;
}

/* what a desc means: defaults, and negative for 0 */
static optim_numbers optim_numbers_of(const mlp_opt_desc *desc)
{
    mlp_opt_desc d = *desc;
    optim_numbers o;
    int field;
    if (d.kind == MLP_OPT_DEFAULT) d.kind = MLP_OPT_ADAM;
    for (field = 0; field < OPTIM_FIELDS; field++) {
        float *v = optim_field(&d, field);
        *v = *v == 0 ? optim_default(d.kind, field) : *v < 0 ? 0 : *v;
    }
    memset(&o, 0, sizeof o);
    o.rate = (double)d.rate; o.momentum = (double)d.momentum; o.nesterov = d.nesterov;
    o.beta1 = (double)d.beta1; o.beta2 = (double)d.beta2; o.epsilon = (double)d.epsilon; o.rho = (double)d.rho;
    o.eta_minus = (double)d.eta_minus; o.eta_plus = (double)d.eta_plus;
    o.step_min = (double)d.step_min; o.step_max = (double)d.step_max;
    o.decay = (double)d.weight_decay; o.l1 = (double)d.l1;
    return o;
}

/* one weight's update, penalties in the gradient but for adamw's decay, which is its own */
static double optim_twin_update(mlp_opt kind, const optim_numbers *o, double w, double g, double *s1, double *s2)
{
    int i;
    for (i = 0; i < OPTIM_KINDS; i++)
        if (optim_kinds[i].kind == (kind == MLP_OPT_DEFAULT ? MLP_OPT_ADAM : kind))
            return optim_kinds[i].twin(o, w, g + (kind == MLP_OPT_ADAMW ? 0 : o->decay * w) + o->l1 * optim_sign(w),
                                       s1, s2);
    printf("no twin for kind %d\n", (int)kind);
    exit(2);
}

/* Gradients of step t: every third keeps its sign, every third turns at each step; of many sizes, some tiny. */
static void optim_gradients(float *g, int t)
{
    int i;
    for (i = 0; i < OPTIM_N; i++) {
        g[i] = test_float() * (float)pow(10, -(i % 6));
        if (i % 3 < 2) g[i] = (i % 3 && t % 2 ? -1.0f : 1.0f) * (fabsf(g[i]) + 1e-6f);
    }
}

/* the weights after so many steps, between guard pages; unless twin is NULL, also those of the twin in double */
static void optim_walk(mlp_opt_desc d, int steps, float *after, double *twin)
{
    const size_t size = mlp_opt_state_size(&d, OPTIM_N);
    test_memory w = test_guarded(OPTIM_N, 0), g = test_guarded(OPTIM_N, 0), state = test_guarded(size / 4, 0);
    double s1[OPTIM_N] = { 0 }, s2[OPTIM_N] = { 0 };
    optim_numbers o = optim_numbers_of(&d);
    int t, i;
    CHECK(size > 0 && size % 4 == 0);
    memset(state.p, 0, size);
    test_seed(60);
    test_fill(w.p, OPTIM_N);
    for (i = 0; twin && i < OPTIM_N; i++) twin[i] = (double)w.p[i];
    for (t = 1; t <= steps; t++) {
        optim_gradients(g.p, t);
        CHECK(mlp_opt_update(&d, state.p, OPTIM_N, w.p, g.p) == MLP_OK);
        o.t = t;
        for (i = 0; twin && i < OPTIM_N; i++)
            twin[i] = optim_twin_update(d.kind, &o, twin[i], (double)g.p[i], &s1[i], &s2[i]);
    }
    memcpy(after, w.p, OPTIM_N * sizeof(float));
    test_free(w); test_free(g); test_free(state);
}

/* as far from the twin as roundings take it: `steps` of them and those of the gradient's scale */
static void optim_against_double(mlp_opt_desc d)
{
    float after[OPTIM_N];
    double twin[OPTIM_N], largest = 0;
    int i;
    optim_walk(d, OPTIM_STEPS, after, twin);
    for (i = 0; i < OPTIM_N; i++) largest = fmax(largest, fabs((double)after[i] - twin[i]) / (1 + fabs(twin[i])));
    if (!CHECK(largest < 2e-5)) printf("    kind %d: %.3g\n", (int)d.kind, largest);
}

static void optim_formulas(void)
{
    int kind, field, zero;
    mlp_opt_desc d;
    for (kind = 0; kind < OPTIM_KINDS; kind++) {
        d = optim_desc(optim_kinds[kind].kind, 0);
        optim_against_double(d);
        /* each field that it takes: another value, a wanted zero */
        for (field = 0; field < OPTIM_FIELDS; field++)
            for (zero = 0; zero < 2; zero++) {
                const int nets = field >= OPTIM_CLIP_NORM && field <= OPTIM_MAX_NORM;
                d = optim_desc(optim_kinds[kind].kind, 0);
                if (nets || !optim_takes(kind, field) || (zero && optim_default(d.kind, field) == 0)) continue;
                if (zero && (field == OPTIM_ETA_PLUS || field == OPTIM_STEP_MAX)) continue;
                *optim_field(&d, field) = zero ? -1 : optim_fields[field].other;
                optim_against_double(d);
            }
        d = optim_desc(optim_kinds[kind].kind, 0);
        d.weight_decay = 0.1f;
        d.l1 = 0.05f;
        d.decay_biases = 1;
        optim_against_double(d);
    }
    d = optim_desc(MLP_OPT_SGD, 0.05f);
    d.momentum = 0.9f;
    optim_against_double(d);
    d.nesterov = 1;
    optim_against_double(d);
    optim_against_double(optim_desc(MLP_OPT_DEFAULT, 0));
}

/* What is documented for a field is what 0 means, to the bit; another value is seen. */
static void optim_defaults_are_the_documented_ones(void)
{
    int kind, field;
    for (kind = 0; kind < OPTIM_KINDS; kind++)
        for (field = 0; field < OPTIM_FIELDS; field++) {
            mlp_opt_desc d = optim_desc(optim_kinds[kind].kind, 0);
            float implied[OPTIM_N], given[OPTIM_N];
            if (!optim_takes(kind, field) || (field >= OPTIM_CLIP_NORM && field <= OPTIM_MAX_NORM)) continue;
            optim_walk(d, 60, implied, NULL);
            *optim_field(&d, field) = optim_default(d.kind, field);
            optim_walk(d, 60, given, NULL);
            CHECK(test_same_bits(implied, given, OPTIM_N));
            *optim_field(&d, field) = optim_fields[field].other;
            optim_walk(d, 60, given, NULL);
            if (!CHECK(memcmp(implied, given, sizeof given) != 0))
                printf("    %s of%s\n", optim_fields[field].name, optim_kinds[kind].name);
        }
}

/* every pair of kind and field: refused by name where the kind does not take it, and out of its range where it does */
static void optim_foreign_and_bad_fields_are_refused_by_name(void)
{
    const float bad[] = { -0.5f, -2, (float)INFINITY, -(float)INFINITY, test_nan() };
    int kind, field, b;
    for (kind = 0; kind < OPTIM_KINDS; kind++) {
        mlp_opt_desc d;
        mlp_error e;
        float state[256] = { 0 }, v[2] = { 1, 2 }, g[2] = { 1, 1 };
        char name[16];
        sscanf(optim_kinds[kind].name, "%15s", name);
#define OPTIM_REFUSED(word) (d.error = &e, memset(&e, 0x55, sizeof e), \
                             CHECK(mlp_opt_update(&d, state, 2, v, g) == MLP_ERR_ARGUMENT), \
                             CHECK(e.code == MLP_ERR_ARGUMENT && strstr(e.text, word)), \
                             CHECK(mlp_opt_state_size(&d, 2) == 0), CHECK(v[0] == 1 && v[1] == 2))
        for (field = 0; field < OPTIM_FIELDS; field++) {
            d = optim_desc(optim_kinds[kind].kind, 0);
            *optim_field(&d, field) = optim_fields[field].other;
            if (optim_takes(kind, field)) CHECK(mlp_opt_state_size(&d, 2) > 0);
            else { OPTIM_REFUSED(optim_fields[field].name); CHECK(strstr(e.text, name)); }
            for (b = 0; b < 5; b++) {
                *optim_field(&d, field) = bad[b];
                OPTIM_REFUSED(optim_fields[field].name);
            }
            if (!optim_takes(kind, field) || optim_fields[field].below != 1) continue;
            *optim_field(&d, field) = 1;
            OPTIM_REFUSED(optim_fields[field].name);
        }
        d = optim_desc(optim_kinds[kind].kind, 0);
        d.history = 3;
        OPTIM_REFUSED("history");
        d.history = 0;
        d.nesterov = 1;
        OPTIM_REFUSED("nesterov");
        d.nesterov = 0;
        d.decay_biases = 1;
        d.weight_decay = optim_kinds[kind].kind == MLP_OPT_ADAMW ? -1.0f : 0;
        OPTIM_REFUSED("decay_biases");
        for (field = OPTIM_CLIP_NORM; field <= OPTIM_MAX_NORM; field++) {           /* of nets only */
            d = optim_desc(optim_kinds[kind].kind, 0);
            d.error = &e;
            *optim_field(&d, field) = 1;
            CHECK(mlp_opt_update(&d, state, 2, v, g) == MLP_ERR_ARGUMENT && strstr(e.text, optim_fields[field].name)
                  && v[0] == 1);
        }
    }
    {
        mlp_opt_desc d = optim_desc(MLP_OPT_RPROP, 0);
        d.eta_plus = 0.9f;
        CHECK(mlp_opt_state_size(&d, 2) == 0);
        d.eta_plus = 0;
        d.step_min = 3;
        d.step_max = 2;
        CHECK(mlp_opt_state_size(&d, 2) == 0);
        d.step_max = 3;
        CHECK(mlp_opt_state_size(&d, 2) > 0);
    }
#undef OPTIM_REFUSED
}

/* ---- of a net: clip_value, clip_norm, penalties, update, max_norm, in this order ---- */

typedef struct { double *w, *g, *s1, *s2; } optim_run;

/* one step of all parameters of a net in double, from its gradients */
static void optim_net_twin(const mlp *net, const mlp_opt_desc *d, const optim_run *r, size_t n, int t)
{
    const mlp_desc *desc = mlp_get_desc(net);
    optim_numbers o = optim_numbers_of(d), free_of = o;
    double norm = 0;
    size_t k, at = 0, in = (size_t)desc->inputs, u, i;
    int l;
    for (k = 0; k < n; k++) {
        if (d->clip_value > 0) r->g[k] = ref_clamp(r->g[k], -(double)d->clip_value, (double)d->clip_value);
        norm += r->g[k] * r->g[k];
    }
    norm = d->clip_norm > 0 ? (double)d->clip_norm / (sqrt(norm) + 1e-6) : 1;
    for (k = 0; k < n; k++) r->g[k] *= norm < 1 ? norm : 1;
    for (l = 0; l < MLP_MAX_LAYERS && desc->layers[l].units; l++) {
        const size_t out = (size_t)desc->layers[l].units, weights = at + in * out;
        const size_t end = weights + (desc->layers[l].no_bias ? 0 : out);
        const double rate = desc->layers[l].rate == 0 ? 1 : desc->layers[l].rate < 0 ? 0 : (double)desc->layers[l].rate;
        o = optim_numbers_of(d);
        o.rate *= rate;
        o.t = t;
        free_of = o;
        if (!d->decay_biases) free_of.decay = free_of.l1 = 0;
        for (k = at; k < end && rate > 0; k++)
            r->w[k] = optim_twin_update(d->kind, k < weights ? &o : &free_of, r->w[k], r->g[k], &r->s1[k], &r->s2[k]);
        for (u = 0; u < out && d->max_norm > 0 && rate > 0; u++) {
            double square = 0;
            for (i = 0; i < in; i++) square += pow(r->w[at + gemm_weight(in, out, i, u)], 2);
            for (i = 0; i < in && sqrt(square) > (double)d->max_norm; i++)
                r->w[at + gemm_weight(in, out, i, u)] *= (double)d->max_norm / sqrt(square);
        }
        at = end;
        in = out;
    }
}

static mlp *optim_net(int frozen)
{
    mlp_desc d;
    mlp *net;
    memset(&d, 0, sizeof d);
    d.inputs = 5;
    d.layers[0] = loss_layer(21, MLP_ACT_TANH, 0);
    d.layers[1] = loss_layer(18, MLP_ACT_SIGMOID, 1);
    d.layers[2] = loss_layer(7, MLP_ACT_SOFTPLUS, 0);
    d.layers[3] = loss_layer(3, MLP_ACT_IDENTITY, 0);
    d.layers[1].rate = 0.5f;
    d.layers[2].rate = frozen ? -1.0f : 3.0f;
    d.seed = 4;
    if (!CHECK(mlp_create(&net, &d) == MLP_OK)) exit(2);
    return net;
}

static void optim_net_is_its_twin(mlp_opt_desc d, int frozen)
{
    mlp *net = optim_net(frozen);
    float x[9 * 5], y[9 * 3], *p, *g;
    const mlp_data data = loss_data(9, x, y);
    double largest = 0;
    optim_run r;
    size_t n, k;
    int t;
    test_seed(63);
    test_fill(x, 45);
    test_fill(y, 27);
    layers_randomize(net);
    p = mlp_params(net, &n);
    r.w = ref_doubles(n); r.g = ref_doubles(n); r.s1 = ref_doubles(n); r.s2 = ref_doubles(n);
    for (k = 0; k < n; k++) r.w[k] = (double)p[k];
    for (t = 1; t <= 50; t++) {
        CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK);
        g = mlp_gradients(net, NULL);
        for (k = 0; k < n; k++) r.g[k] = (double)g[k];
        optim_net_twin(net, &d, &r, n, t);
        CHECK(mlp_step(net, &d) == MLP_OK);
        for (k = 0; k < n; k++) {
            largest = fmax(largest, fabs((double)p[k] - r.w[k]) / (1 + fabs(r.w[k])));
            /* else a sign near 0 parts them for ever */
            r.w[k] = (double)p[k];
        }
    }
    if (!CHECK(largest < 1e-6)) printf("    kind %d: %.3g\n", (int)d.kind, largest);
    free(r.w); free(r.g); free(r.s1); free(r.s2);
    mlp_destroy(net);
}

static void optim_penalties_and_clipping_of_a_net(void)
{
    int kind, what;
    for (kind = 0; kind < OPTIM_KINDS; kind++)
        for (what = 0; what < 9; what++) {
            mlp_opt_desc d = optim_desc(optim_kinds[kind].kind, 0.02f);
            if (what == 1 || what >= 7) d.weight_decay = 0.1f;
            if (what == 2 || what >= 7) d.l1 = 0.01f;
            if (what == 3 || what == 8) { d.weight_decay = 0.1f; d.l1 = 0.02f; d.decay_biases = 1; }
            if (what == 4 || what >= 7) d.clip_value = 0.03f;
            if (what == 5 || what >= 7) d.clip_norm = 0.1f;
            if (what == 6 || what >= 7) d.max_norm = 0.7f;
            optim_net_is_its_twin(d, what % 2);
        }
}

/* a layer of rate -1 stays as it is, whatever the penalties and norms */
static void optim_a_layer_may_be_kept_from_learning(void)
{
    mlp *net = optim_net(1);
    float x[9 * 5], y[9 * 3], before[18 * 7 + 7], after[18 * 7 + 7];
    const mlp_data data = loss_data(9, x, y);
    mlp_opt_desc d = optim_desc(MLP_OPT_ADAMW, 0.1f);
    int t;
    test_seed(64);
    test_fill(x, 45);
    test_fill(y, 27);
    d.l1 = 0.1f;
    d.max_norm = 0.01f;
    d.decay_biases = 1;
    CHECK(mlp_get_weights(net, 2, before, before + 18 * 7) == MLP_OK);
    for (t = 0; t < 3; t++) CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK && mlp_step(net, &d) == MLP_OK);
    CHECK(mlp_get_weights(net, 2, after, after + 18 * 7) == MLP_OK && test_same_bits(before, after, 18 * 7 + 7));
    mlp_destroy(net);
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
    CHECK(mlp_opt_update(&d, NULL, 2, v, g) == MLP_ERR_ARGUMENT
          && mlp_opt_update(&d, state, 2, NULL, g) == MLP_ERR_ARGUMENT);
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
    float x[4 * 5], y[4 * 3];
    mlp_data data;
    int k, t;
    test_seed(61);
    test_fill(x, 20);
    test_fill(y, 12);
    data = loss_data(4, x, y);
    for (k = 0; k < OPTIM_KINDS; k++) {
        mlp *net = layers_net(units, 2, 6, MLP_ACT_TANH, MLP_ACT_IDENTITY);
        mlp_opt_desc d = optim_desc(optim_kinds[k].kind, 0.01f);
        size_t n;
        d.decay_biases = d.kind == MLP_OPT_ADAMW;               /* as a plain vector, which has none */
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
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK && mlp_step(net, &adam) == MLP_OK
          && mlp_step(net, &sgd) == MLP_OK);
    CHECK(mlp_copy(&fresh, net) == MLP_OK);
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK && mlp_step(net, &adam) == MLP_OK);
    CHECK(mlp_compute_gradients(fresh, &data, NULL) == MLP_OK && mlp_step(fresh, &adam) == MLP_OK);
    CHECK(test_same_bits(mlp_params(net, &n), mlp_params(fresh, NULL), 5 * 21 + 21 + 21 * 3 + 3)
          && n == 5 * 21 + 21 + 21 * 3 + 3);
    mlp_gradients(net, NULL)[7] = test_nan();
    CHECK(mlp_step(net, &adam) == MLP_ERR_NONFINITE
          && test_same_bits(mlp_params(net, NULL), mlp_params(fresh, NULL), n));
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
    snprintf(test.note, sizeof test.note, "distances: quadratic %.1g %.1g, Rosenbrock %.1g %.1g", found[0], found[1],
             found[2], found[3]);
    CHECK(found[0] < 1e-5 && found[1] < 1e-4 && found[2] < 1e-3 && found[3] < 1e-3);
}

static void optim_tests(void)
{
    RUN(optim_formulas);
    RUN(optim_defaults_are_the_documented_ones);
    RUN(optim_foreign_and_bad_fields_are_refused_by_name);
    RUN(optim_penalties_and_clipping_of_a_net);
    RUN(optim_a_layer_may_be_kept_from_learning);
    RUN(optim_state_sizes_and_bad_descs);
    RUN(optim_state_is_flushed);
    RUN(optim_step_of_a_net_is_the_update_of_its_run);
    RUN(optim_change_of_kind_starts_from_zero);
    RUN(optim_finds_minima_of_functions);
}
