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
            if (d.kind == MLP_OPT_SGD && what % 3) { d.momentum = 0.9f; d.nesterov = what % 3 == 2; }
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
        adam = optim_desc(MLP_OPT_LBFGS, 0);
        CHECK(mlp_step(net, &adam) == MLP_ERR_UNSUPPORTED);                     /* needs the whole objective */
        CHECK(mlp_train_size(net, &adam, 4) > 21 * 4 * n && mlp_train_in(net, block, 1, &adam) == MLP_ERR_ARGUMENT);
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

/* ---- functions as a whole ---- */

static double optim_rosenbrock(const double *x, double *g)
{
    g[0] = -2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] * x[0]);
    g[1] = 200 * (x[1] - x[0] * x[0]);
    return pow(1 - x[0], 2) + 100 * pow(x[1] - x[0] * x[0], 2);
}

static double optim_beale(const double *x, double *g)
{
    static const double c[] = { 1.5, 2.25, 2.625 };
    double sum = 0;
    int i;
    g[0] = g[1] = 0;
    for (i = 0; i < 3; i++) {
        const double r = c[i] - x[0] * (1 - pow(x[1], i + 1));
        g[0] -= 2 * r * (1 - pow(x[1], i + 1));
        g[1] += 2 * r * x[0] * (i + 1) * pow(x[1], i);
        sum += r * r;
    }
    return sum;
}

static double optim_powell(const double *x, double *g)
{
    const double a = x[0] + 10 * x[1], b = x[2] - x[3], c = x[1] - 2 * x[2], d = x[0] - x[3];
    g[0] = 2 * a + 40 * d * d * d;
    g[1] = 20 * a + 4 * c * c * c;
    g[2] = 10 * b - 8 * c * c * c;
    g[3] = -10 * b - 40 * d * d * d;
    return a * a + 5 * b * b + c * c * c * c + 10 * d * d * d * d;
}

static double optim_wood(const double *x, double *g)
{
    const double a = x[0] * x[0] - x[1], b = x[2] * x[2] - x[3], c = x[1] - 1, d = x[3] - 1;
    g[0] = 400 * a * x[0] + 2 * (x[0] - 1);
    g[1] = -200 * a + 20.2 * c + 19.8 * d;
    g[2] = 360 * b * x[2] + 2 * (x[2] - 1);
    g[3] = -180 * b + 20.2 * d + 19.8 * c;
    return 100 * a * a + pow(x[0] - 1, 2) + pow(x[2] - 1, 2) + 90 * b * b + 10.1 * (c * c + d * d) + 19.8 * c * d;
}

/* of n values; reached: the first call whose value is at most 1e-8 */
typedef struct {
    const char *name;
    int n;
    double (*f)(const double *x, double *g);
    float start[4];
    int calls, reached;
    double value;
} optim_function;

static double optim_of_floats(void *user, const float *v, float *g)
{
    optim_function *f = (optim_function *)user;
    double x[4] = { 0 }, slope[4] = { 0 };
    int i;
    for (i = 0; i < f->n; i++) x[i] = (double)v[i];
    f->value = f->f(x, slope);
    for (i = 0; i < f->n; i++) g[i] = (float)slope[i];
    f->calls++;
    if (!f->reached && f->value <= 1e-8) f->reached = f->calls;
    return f->value;
}

/* from the standard starts (More, Garbow, Hillstrom 1981) to 1e-8 in so many calls */
static void optim_lbfgs_finds_minima_in_few_calls(void)
{
    static const int most[] = { 45, 15, 39, 118 };
    optim_function f[] = {
        { "Rosenbrock", 2, optim_rosenbrock, { -1.2f, 1 }, 0, 0, 0 },
        { "Beale", 2, optim_beale, { 1, 1 }, 0, 0, 0 },
        { "Powell", 4, optim_powell, { 3, -1, 0, 1 }, 0, 0, 0 },
        { "Wood", 4, optim_wood, { -3, -1, -3, -1 }, 0, 0, 0 } };
    const mlp_opt_desc d = optim_desc(MLP_OPT_LBFGS, 0);
    int i;
    for (i = 0; i < 4; i++) {
        const size_t used = strlen(test.note);
        float v[4];
        memcpy(v, f[i].start, sizeof v);
        CHECK(mlp_minimize(&d, (size_t)f[i].n, v, optim_of_floats, &f[i], 200) == MLP_OK);
        CHECK(f[i].reached > 0 && f[i].reached <= most[i]);
        CHECK(optim_of_floats(&f[i], v, v) <= 1e-8);
        snprintf(test.note + used, sizeof test.note - used, "%s%s %d", i ? ", " : "calls: ", f[i].name, f[i].reached);
    }
}

/* the two loops against the matrix that the pairs stand for (Nocedal, Wright 2006, 6.17), in
   double, on a quadratic of 6 values */
static void optim_lbfgs_direction_is_that_of_its_matrix(void)
{
    enum { N = 6, M = 4 };
    float pairs[2 * M * N], g[N], d[N], v[N];
    double a[N][N], h[N][N], next[N][N], largest = 0;
    mlp__objective o;
    int step, i, j, k, l, p;
    test_seed(63);
    memset(&o, 0, sizeof o);
    o.k = mlp_kernels_for(NULL);
    o.n = N;
    o.v = v;
    o.g = g;
    memset(pairs, 0, sizeof pairs);
    for (i = 0; i < N; i++) for (j = 0; j <= i; j++) a[i][j] = a[j][i] = i == j ? i + 2 : 0.3 * (double)test_float();
    for (step = 0; step < 7; step++) {
        const int first = step < M ? 0 : step - M;
        double ys = 0, yy = 0;
        test_fill(g, N);
        CHECK(mlp__lbfgs_direction(&o, pairs, M, (uint64_t)step, d) == (step > 0));
        if (step == 0) for (i = 0; i < N; i++) CHECK(d[i] == (float)-(double)g[i] || o.k->inner(N, g, g) > 1);
        for (i = 0; i < N && step > 0; i++) {
            const float *s = pairs + (step - 1) % M * 2 * N, *y = s + N;
            ys += (double)s[i] * (double)y[i];
            yy += (double)y[i] * (double)y[i];
        }
        for (i = 0; i < N; i++) for (j = 0; j < N; j++) h[i][j] = (i == j) * ys / yy;
        for (p = first; p < step; p++) {
            const float *s = pairs + p % M * 2 * N, *y = s + N;
            double rho = 0;
            for (i = 0; i < N; i++) rho += (double)s[i] * (double)y[i];
            for (i = 0; i < N; i++)
                for (j = 0; j < N; j++) {
                    next[i][j] = (double)s[i] * (double)s[j] / rho;
                    for (k = 0; k < N; k++)
                        for (l = 0; l < N; l++)
                            next[i][j] += ((i == k) - (double)s[i] * (double)y[k] / rho) * h[k][l]
                                        * ((l == j) - (double)y[l] * (double)s[j] / rho);
                }
            memcpy(h, next, sizeof h);
        }
        for (i = 0; i < N && step > 0; i++) {
            double hg = 0;
            for (j = 0; j < N; j++) hg += h[i][j] * (double)g[j];
            largest = fmax(largest, fabs(hg + (double)d[i]));
        }
        test_fill(pairs + step % M * 2 * N, N);
        for (i = 0; i < N; i++) {
            double y = 0;
            for (j = 0; j < N; j++) y += a[i][j] * (double)pairs[step % M * 2 * N + j];
            pairs[(step % M * 2 + 1) * N + i] = (float)y;
        }
    }
    CHECK(largest < 2e-6);
    snprintf(test.note, sizeof test.note, "off by %.1g", largest);
}

/* functions of one value, the slope into g: like those of More, Thuente 1994, and one that is not finite beyond 2 */
static double optim_line(double x, int which, float *g)
{
    if (which == 0) { *g = (float)((x * x - 2) / pow(x * x + 2, 2)); return -x / (x * x + 2); }
    if (which == 1) {
        *g = (float)(5 * pow(x + 0.4, 4) - 8 * pow(x + 0.4, 3));
        return pow(x + 0.4, 5) - 2 * pow(x + 0.4, 4);
    }
    if (which == 2) { *g = (float)(2 * (x - 1) - 3 * cos(9 * x)); return pow(x - 1, 2) - sin(9 * x) / 3; }
    *g = x < 2 ? (float)(-1 + 0.1 / (2 - x)) : test_nan();
    return x < 2 ? -x - 0.1 * log(2 - x) : (double)test_nan();
}

typedef struct { float v, g; int which; } optim_on_line;

static mlp_result optim_line_evaluate(void *work, double *value)
{
    optim_on_line *l = (optim_on_line *)work;
    *value = optim_line((double)l->v, l->which, &l->g);
    return isfinite(*value) ? MLP_OK : MLP_ERR_NONFINITE;
}

static void optim_line_search_meets_the_wolfe_conditions(void)
{
    static const double steps[] = { 1e-3, 0.1, 1, 10, 1000 };
    int which, i, found;
    for (which = 0; which < 4; which++)
        for (i = 0; i < 5; i++) {
            const float from = 0, d = 1;
            optim_on_line l = { 0, 0, 0 };
            mlp__objective o;
            mlp__point first = { 0, 0, 0 };
            l.which = which;
            memset(&o, 0, sizeof o);
            o.k = mlp_kernels_for(NULL);
            o.n = 1;
            o.v = &l.v;
            o.g = &l.g;
            o.evaluate = optim_line_evaluate;
            o.work = &l;
            first.value = optim_line(0, which, &l.g);
            first.slope = (double)l.g;
            CHECK(first.slope < 0 && mlp__line_search(&o, &from, &d, first, steps[i], &found) == MLP_OK && found);
            CHECK(o.known);
            CHECK(o.value <= first.value + 1e-4 * (double)l.v * first.slope && fabs((double)l.g) <= 0.9 * -first.slope);
        }
}

static int optim_counts(void *user, const mlp_progress *p) { (void)p; ++*(int *)user; return 0; }

static double optim_nowhere(void *user, const float *v, float *g)
{
    *g = 1;
    (*(int *)user)++;
    return *v < 1 ? (double)test_nan() : (double)*v;
}

static double optim_overflows(void *user, const float *v, float *g)
{
    (void)user;
    g[0] = v[0];
    g[1] = v[1] * FLT_MAX;
    return 1;
}

static void optim_minimize_refuses_and_stops(void)
{
    optim_function f = { "Rosenbrock", 2, optim_rosenbrock, { 0 }, 0, 0, 0 };
    float v[2] = { -1.2f, 1 }, w[2] = { -1.2f, 1 }, g[2], state[64] = { 0 };
    mlp_opt_desc d = optim_desc(MLP_OPT_LM, 0);
    mlp_error e;
    int i;
    d.error = &e;
    CHECK(mlp_minimize(&d, 2, v, optim_of_floats, &f, 5) == MLP_ERR_UNSUPPORTED && strstr(e.text, "lm"));
    CHECK(f.calls == 0);
    d.kind = MLP_OPT_LBFGS;
    CHECK(mlp_minimize(&d, 2, NULL, optim_of_floats, &f, 5) == MLP_ERR_ARGUMENT);
    CHECK(mlp_minimize(&d, 2, v, NULL, &f, 5) == MLP_ERR_ARGUMENT);
    CHECK(mlp_minimize(&d, 2, v, optim_of_floats, &f, -1) == MLP_ERR_ARGUMENT);
    CHECK(mlp_minimize(&d, SIZE_MAX / 8, v, optim_of_floats, &f, 5) == MLP_ERR_TOO_BIG);
    CHECK(mlp_opt_update(&d, state, 2, v, g) == MLP_ERR_UNSUPPORTED && strstr(e.text, "lbfgs"));
    CHECK(mlp_opt_state_size(&d, 2) == 0);
#define OPTIM_BAD(field, value) (d = optim_desc(MLP_OPT_LBFGS, 0), d.error = &e, d.field = (value), \
        CHECK(mlp_minimize(&d, 2, v, optim_of_floats, &f, 5) == MLP_ERR_ARGUMENT && strstr(e.text, #field)))
    OPTIM_BAD(history, -1);
    OPTIM_BAD(history, 1001);
    OPTIM_BAD(momentum, 0.5f);
    OPTIM_BAD(clip_norm, 1);
    OPTIM_BAD(clip_value, 1);
    OPTIM_BAD(max_norm, 1);
#undef OPTIM_BAD
    CHECK(f.calls == 0 && v[0] == -1.2f && v[1] == 1);
    d = optim_desc(MLP_OPT_LBFGS, 0);
    /* where there is nothing lower it ends */
    CHECK(mlp_minimize(&d, 2, v, optim_of_floats, &f, 100000) == MLP_OK && f.calls < 200);
    d.error = &e;
    v[0] = 3;
    i = 0;
    CHECK(mlp_minimize(&d, 1, v, optim_nowhere, &i, 50) == MLP_OK && v[0] >= 1 && v[0] < 1.01f);
    v[0] = 0;
    CHECK(mlp_minimize(&d, 1, v, optim_nowhere, &i, 50) == MLP_ERR_NONFINITE && v[0] == 0);
    CHECK(strstr(e.text, "f is NaN"));
    v[0] = v[1] = 2;
    CHECK(mlp_minimize(&d, 2, v, optim_overflows, NULL, 50) == MLP_ERR_NONFINITE && v[1] == 2 && e.column == 1);
    CHECK(strstr(e.text, "the gradient is infinity at 1"));
    d = optim_desc(MLP_OPT_ADAM, 0.01f);                    /* first order: the updates of mlp_opt_update */
    d.weight_decay = 0.1f;
    v[0] = w[0] = -1.2f;
    v[1] = w[1] = 1;
    CHECK(mlp_minimize(&d, 2, v, optim_of_floats, &f, 20) == MLP_OK);
    for (i = 0; i < 20; i++) { optim_of_floats(&f, w, g); CHECK(mlp_opt_update(&d, state, 2, w, g) == MLP_OK); }
    CHECK(test_same_bits(v, w, 2));
}

/* a function that falls towards infinity, where it is finite, too: no step goes there */
static double optim_far_down(void *user, const float *v, float *g)
{
    (void)user;
    *g = isfinite(*v) ? -1e-38f : 0;
    return isfinite(*v) ? -1e-38 * (double)*v : -1e30;
}

static void optim_lbfgs_stays_finite(void)
{
    mlp_opt_desc d = optim_desc(MLP_OPT_LBFGS, 3e38f);
    float v = 0;
    CHECK(mlp_minimize(&d, 1, &v, optim_far_down, NULL, 3) == MLP_OK && v > 3 && isfinite(v));
}

/* the minimum of |v - c|^2 / 2 with penalties is where decay and l1 say */
static double optim_distance(void *user, const float *v, float *g)
{
    const float *c = (const float *)user;
    double sum = 0;
    int i;
    for (i = 0; i < 3; i++) { g[i] = v[i] - c[i]; sum += (double)g[i] * (double)g[i] / 2; }
    return sum;
}

static void optim_lbfgs_penalties_are_in_the_objective(void)
{
    float c[3] = { 2, -3, 4 }, v[3] = { 0.5f, -0.5f, 0.5f };
    mlp_opt_desc d = optim_desc(MLP_OPT_LBFGS, 0);
    int i;
    d.weight_decay = 0.5f;
    d.l1 = 0.25f;
    CHECK(mlp_minimize(&d, 3, v, optim_distance, c, 30) == MLP_OK);
    for (i = 0; i < 3; i++) CHECK_NEAR((double)v[i], ((double)c[i] - (c[i] > 0 ? 0.25 : -0.25)) / 1.5, 1e-5);
}

/* ---- of a net ---- */

static mlp_fit_desc optim_full(mlp_opt kind, int epochs)
{
    mlp_fit_desc f;
    memset(&f, 0, sizeof f);
    f.epochs = epochs;
    f.batch = MLP_FULL_BATCH;
    f.opt = optim_desc(kind, 0);
    return f;
}

/* 60 rows of 5 inputs and 3 outputs; half of them weigh 2, every tenth nothing */
typedef struct { float x[60 * 5], y[60 * 3], weights[60]; mlp_data data; mlp_error error; } optim_rows;

static void optim_make(optim_rows *r)
{
    int i;
    test_seed(64);
    test_fill(r->x, 60 * 5);
    for (i = 0; i < 60 * 3; i++) {
        const float *x = r->x + i / 3 * 5;
        const volatile float product = 0.5f * x[i % 3] * x[3], noise = 0.1f * test_float();
        r->y[i] = product + noise;                              /* volatile: not fused, not even by clang for aarch64 */
    }
    for (i = 0; i < 60; i++) r->weights[i] = i % 10 == 9 ? 0 : (float)(1 + i % 2);
    r->data = loss_data(60, r->x, r->y);
    r->data.sample_weights = r->weights;
    r->data.error = &r->error;
}

static int optim_never(void *user, mlp *net, float *g, size_t n) { (void)user; (void)net; (void)g; (void)n; return 0; }

static const int optim_units[] = { 5, 21, 3 };

static uint64_t optim_hash(mlp *net)
{
    size_t n;
    const float *p = mlp_params(net, &n);
    return test_hash(TEST_HASH_BEGIN, p, n);
}

/* what a kind that sees the whole objective cannot have in a fit, by the word that says what */
static void optim_whole_refuses(mlp_opt kind)
{
    optim_rows rows;
    mlp *net = layers_net(optim_units, 2, 6, MLP_ACT_TANH, MLP_ACT_IDENTITY), *other;
    const uint64_t before = optim_hash(net);
    mlp_desc desc = *mlp_get_desc(net);
    mlp_fit_desc f;
    optim_make(&rows);
#define OPTIM_BAD(field, value, word) (f = optim_full(kind, 3), f.field = (value), \
        CHECK(mlp_fit(net, &rows.data, &f) == MLP_ERR_ARGUMENT && strstr(rows.error.text, word)))
    OPTIM_BAD(batch, 0, "MLP_FULL_BATCH");
    OPTIM_BAD(batch, 60, "MLP_FULL_BATCH");
    OPTIM_BAD(order, MLP_ORDER_REPLACEMENT, "replacement");
    OPTIM_BAD(on_gradients, optim_never, "on_gradients");
    OPTIM_BAD(schedule.kind, MLP_SCHEDULE_COSINE, "schedule");
    OPTIM_BAD(schedule.warmup, 2, "warmup");
    OPTIM_BAD(opt.clip_norm, 1, "clip_norm");
    OPTIM_BAD(opt.clip_value, 1, "clip_value");
    OPTIM_BAD(opt.max_norm, 1, "max_norm");
    OPTIM_BAD(opt.momentum, 0.5f, "momentum");
#undef OPTIM_BAD
    CHECK(optim_hash(net) == before);
    f = optim_full(kind, 3);
    desc.layers[0].dropout = 0.5f;
    CHECK(mlp_create(&other, &desc) == MLP_OK && mlp_fit(other, &rows.data, &f) == MLP_ERR_ARGUMENT);
    CHECK(strstr(rows.error.text, "dropout"));
    mlp_destroy(other);
    desc.layers[0].dropout = 0;
    desc.layers[1].rate = 0.5f;
    CHECK(mlp_create(&other, &desc) == MLP_OK && mlp_fit(other, &rows.data, &f) == MLP_ERR_ARGUMENT);
    CHECK(strstr(rows.error.text, "rates of layers"));
    mlp_destroy(other);
    CHECK(mlp_compute_gradients(net, &rows.data, NULL) == MLP_OK && mlp_step(net, &f.opt) == MLP_ERR_UNSUPPORTED);
    CHECK(optim_hash(net) == before && mlp_fit(net, &rows.data, &f) == MLP_OK && optim_hash(net) != before);
    mlp_destroy(net);
}

/* The objective falls from epoch to epoch, the gradient that is left is that of E and the penalties; a
   layer that does not learn stays. */
static int optim_falls(void *user, const mlp_progress *p)
{
    double *last = (double *)user;
    CHECK(p->step == 1 && p->steps == 1 && p->loss <= last[0]);
    last[0] = p->loss;
    last[1]++;
    return 0;
}

static void optim_whole_fit_falls(mlp_opt kind)
{
    optim_rows rows;
    mlp *net = layers_net(optim_units, 2, 6, MLP_ACT_TANH, MLP_ACT_IDENTITY), *frozen;
    mlp_fit_desc f = optim_full(kind, 40);
    mlp_desc desc = *mlp_get_desc(net);
    double last[2] = { INFINITY, 0 }, e;
    float w[21 * 5], same[21 * 5];
    mlp_fit_report report;
    mlp_metrics metrics;
    optim_make(&rows);
    f.on_step = optim_falls;
    f.user = last;
    f.report = &report;
    CHECK(mlp_compute_gradients(net, &rows.data, &e) == MLP_OK && mlp_fit(net, &rows.data, &f) == MLP_OK);
    CHECK(last[1] == 40);
    CHECK(report.epochs == 40 && report.stop == MLP_STOP_EPOCHS && report.loss == last[0] && report.loss < 0.1 * e);
    snprintf(test.note, sizeof test.note, "%.3g to %.3g", e, report.loss);
    desc.layers[0].rate = -1;
    CHECK(mlp_create(&frozen, &desc) == MLP_OK && mlp_get_weights(frozen, 0, w, NULL) == MLP_OK);
    f.on_step = NULL;
    f.opt.weight_decay = 0.01f;
    CHECK(mlp_fit(frozen, &rows.data, &f) == MLP_OK && mlp_get_weights(frozen, 0, same, NULL) == MLP_OK);
    CHECK(test_same_bits(w, same, 21 * 5));
    CHECK(report.loss < 0.8 * e);
    f.validation = &rows.data;                              /* best weights, and an end after 3 epochs without a gain */
    f.epochs = 3000;
    f.patience = 3;
    f.min_delta = 1e-5f;
    f.opt.weight_decay = 0;
    CHECK(mlp_fit(net, &rows.data, &f) == MLP_OK && report.stop == MLP_STOP_PATIENCE);
    CHECK(report.epochs == report.best_epoch + 3);
    CHECK(mlp_evaluate(net, &rows.data, &metrics) == MLP_OK && metrics.loss == report.best_loss);
    CHECK(report.best_loss <= last[0]);
    mlp_destroy(frozen);
    mlp_destroy(net);
}

static int optim_read(void *user, const size_t *rows, size_t n, float *x, float *y, int *labels)
{
    const optim_rows *r = (const optim_rows *)user;
    size_t i;
    (void)labels;
    for (i = 0; i < n; i++) {
        memcpy(x + i * 5, r->x + rows[i] * 5, 5 * sizeof(float));
        memcpy(y + i * 3, r->y + rows[i] * 3, 3 * sizeof(float));
    }
    return 0;
}

/* The same bits on each build of a class, for any cut into blocks and parts, with callbacks, which make fit look again,
   after 5 + 5 epochs, and from rows that are read; penalties, weights, scaling of inputs and a split are under way. */
static uint64_t optim_whole_run(mlp_opt kind, int way, optim_rows *rows)
{
    mlp_desc desc;
    mlp_fit_desc f = optim_full(kind, 10);
    mlp_data data = rows->data;
    uint64_t hash;
    int calls = 0;
    mlp *net = layers_net(optim_units, 2, 6, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    desc = *mlp_get_desc(net);
    mlp_destroy(net);
    desc.input_scaling = MLP_SCALE_STANDARD;
    CHECK(mlp_create(&net, &desc) == MLP_OK);
    f.opt.weight_decay = 1e-3f;
    f.opt.decay_biases = 1;
    if (kind == MLP_OPT_LBFGS) { f.opt.history = 3; f.opt.l1 = 1e-4f; }
    f.validation_split = 0.2f;
    f.keep_last = 1;
    f.user = &calls;
    if (way == 1) f.on_step = f.on_epoch = optim_counts;
    if (way == 6) { data.x = data.y = NULL; data.read = optim_read; data.user = rows; }
    else if (way >= 3) f.threads = way;
    if (way == 2) f.epochs = 5;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && calls == (way == 1 ? 20 : 0));
    if (way == 2) {
        mlp_save_desc save;
        mlp_load_desc load;
        size_t size = 0;
        void *memory;
        memset(&save, 0, sizeof save);
        memset(&load, 0, sizeof load);
        save.checkpoint = load.checkpoint = 1;
        CHECK(mlp_save_memory(net, NULL, &size, &save) == MLP_OK);
        memory = malloc(size);
        CHECK(mlp_save_memory(net, memory, &size, &save) == MLP_OK);
        mlp_destroy(net);
        CHECK(mlp_load_memory(&net, memory, size, &load) == MLP_OK && mlp_fit(net, &data, &f) == MLP_OK);
        free(memory);
    }
    hash = optim_hash(net);
    mlp_destroy(net);
    return hash;
}

static void optim_whole_is_one_arithmetic(mlp_opt kind, uint64_t fma, uint64_t no_fma)
{
    optim_rows rows;
    uint64_t hash;
    int way;
    optim_make(&rows);
    hash = optim_whole_run(kind, 0, &rows);
    if (!CHECK(hash == (mlp_kernels_for(NULL)->fma ? fma : no_fma)))
        printf("    0x%016llxu\n", (unsigned long long)hash);
    CHECK(optim_whole_run(kind, 1, &rows) == hash && optim_whole_run(kind, 2, &rows) == hash);
    CHECK(optim_whole_run(kind, 6, &rows) == hash);
#ifdef _OPENMP
    for (way = 3; way < 6; way++) CHECK(optim_whole_run(kind, way, &rows) == hash);
#else
    (void)way;
#endif
}

static void optim_lbfgs_refuses(void) { optim_whole_refuses(MLP_OPT_LBFGS); }
static void optim_lbfgs_fit_falls(void) { optim_whole_fit_falls(MLP_OPT_LBFGS); }

static void optim_lbfgs_is_one_arithmetic(void)
{
    optim_whole_is_one_arithmetic(MLP_OPT_LBFGS, 0xdd2763214fde79c1u, 0xfdc608aa49e80195u);
}

/* ---- Levenberg-Marquardt ---- */

/* J^T J, row by row and output by output from gradients of the library: with half_squared, summed, and a target 1 below
   an output, the gradient is the derivative of that output */
static void optim_lm_matrix_is_that_of_gradients(void)
{
    optim_rows rows;
    mlp_desc desc;
    mlp *net = layers_net(optim_units, 2, 6, MLP_ACT_TANH, MLP_ACT_IDENTITY), *one;
    mlp__fitting f;
    double *expected, total = 0, off = 0;
    size_t n, i, j, r, o;
    int softmax;
    optim_make(&rows);
    desc = *mlp_get_desc(net);
    mlp_destroy(net);
    for (softmax = 0; softmax < 2; softmax++) {
        desc.loss = softmax ? MLP_LOSS_SQUARED : MLP_LOSS_HALF_SQUARED;
        desc.layers[1].activation = softmax ? MLP_ACT_SOFTMAX : MLP_ACT_IDENTITY;
        CHECK(mlp_create(&net, &desc) == MLP_OK);
        desc.loss = MLP_LOSS_HALF_SQUARED;
        desc.reduction = MLP_REDUCE_SUM;
        CHECK(mlp_create(&one, &desc) == MLP_OK);
        desc.reduction = MLP_REDUCE_MEAN;
        mlp_params(net, &n);
        expected = ref_doubles(n * n);
        memset(&f, 0, sizeof f);
        f.net = net;
        f.data = &rows.data;
        f.fit = optim_full(MLP_OPT_LM, 1);
        f.fit.opt.weight_decay = 0.125f;
        CHECK(mlp__fit_begin(&f) == MLP_OK && mlp__normal_matrix(&f.normal) == MLP_OK);
        for (total = 0, r = 0; r < 60; r++) total += (double)rows.weights[r];
        for (r = 0; r < 60; r++)
            for (o = 0; o < 3; o++) {
                float y[3];
                const float *g;
                const double weight = (softmax ? 2 : 1) * (double)rows.weights[r] / total / 3;
                mlp_data data = loss_data(1, rows.x + r * 5, y);
                CHECK(mlp_predict(one, data.x, 1, y) == MLP_OK);
                y[o] -= 1;
                CHECK(mlp_compute_gradients(one, &data, NULL) == MLP_OK);
                g = mlp_gradients(one, NULL);
                for (i = 0; i < n; i++)
                    for (j = i; j < n; j++) expected[i * n + j] += weight * (double)g[i] * (double)g[j];
            }
        for (i = 0; i < 5 * 21 + 21 + 21 * 3; i++) if (i < 5 * 21 || i >= 5 * 21 + 21) expected[i * n + i] += 0.125;
        for (i = 0; i < n; i++)
            for (j = i; j < n; j++) {
                const double got = -mlp__normal_row(&f.normal, j)[i];
                const double size = sqrt(expected[i * n + i] * expected[j * n + j] + 1e-12);
                off = fmax(off, fabs(expected[i * n + j] - got) / size);
            }
        mlp__fit_end(&f);
        free(expected);
        mlp_destroy(one);
        mlp_destroy(net);
    }
    snprintf(test.note, sizeof test.note, "off by %.1g", off);
    CHECK(off < 2e-6);
}

/* without a hidden layer the sum of squares is a quadratic: its minimum, where J^T r is 0, in two steps */
static void optim_lm_solves_linear_nets(void)
{
    static const int units[] = { 5, 3 };
    optim_rows rows;
    mlp *net = layers_net(units, 1, 6, MLP_ACT_TANH, MLP_ACT_IDENTITY);
    mlp_fit_desc f = optim_full(MLP_OPT_LM, 2);
    float *g;
    size_t n, i;
    optim_make(&rows);
    f.opt.rate = 1e-6f;
    CHECK(mlp_fit(net, &rows.data, &f) == MLP_OK && mlp_compute_gradients(net, &rows.data, NULL) == MLP_OK);
    g = mlp_gradients(net, &n);
    for (i = 0; i < n; i++) CHECK(fabsf(g[i]) < 3e-7f);
    mlp_destroy(net);
}

static int optim_to_a_millionth(void *user, const mlp_progress *p)
{
    if (p->loss <= 1e-6) *(int *)user = p->epoch - 1;
    return p->loss <= 1e-6;
}

/* sin on [-pi, pi] by 1-10-1, from ten seeds to a mean square of 1e-6 */
static void optim_lm_learns_sin(void)
{
    static float x[200], y[200];
    mlp_data data = loss_data(200, x, y);
    mlp_desc d = net_desc(1, 10, 1);
    mlp_fit_desc f = optim_full(MLP_OPT_LM, 101);
    int i, found = 0, most = 0;
    for (i = 0; i < 200; i++) {
        x[i] = (float)(REF_PI * (2.0 * i / 199 - 1));
        y[i] = (float)sin((double)x[i]);
    }
    d.layers[0].activation = MLP_ACT_TANH;
    f.on_step = optim_to_a_millionth;
    for (d.seed = 0; d.seed < 10; d.seed++) {
        int steps = 0;
        mlp *net;
        f.user = &steps;
        CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, &f) == MLP_OK);
        found += steps > 0;
        if (steps > most) most = steps;
        mlp_destroy(net);
    }
    snprintf(test.note, sizeof test.note, "%d of 10 seeds, at most %d iterations", found, most);
    CHECK(found >= 9);
}

static void optim_lm_refuses(void)
{
    optim_rows rows;
    mlp_desc d = net_desc(5, 21, 3);
    mlp_fit_desc f = optim_full(MLP_OPT_LM, 3);
    int i;
    mlp *net;
    optim_whole_refuses(MLP_OPT_LM);
    optim_make(&rows);
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    for (i = 0; i < 180; i++) rows.y[i] = fabsf(rows.y[i]);
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &rows.data, &f) == MLP_ERR_ARGUMENT);
    CHECK(strstr(rows.error.text, "loss"));
    mlp_destroy(net);
    d = net_desc(5, 512, 2);                                        /* 4,098 parameters */
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &rows.data, &f) == MLP_ERR_ARGUMENT);
    CHECK(strstr(rows.error.text, "parameters"));
    mlp_destroy(net);
    d = net_desc(5, 21, 3);
    CHECK(mlp_create(&net, &d) == MLP_OK);
    f.opt.l1 = 0.1f;
    CHECK(mlp_fit(net, &rows.data, &f) == MLP_ERR_ARGUMENT && strstr(rows.error.text, "l1"));
    f.opt.l1 = 0;
    f.opt.history = 5;
    CHECK(mlp_fit(net, &rows.data, &f) == MLP_ERR_ARGUMENT && strstr(rows.error.text, "history"));
    mlp_destroy(net);
}

static void optim_every_allocation_may_fail(void)
{
    optim_rows rows;
    int kind, fail_at, sites = 0;
    optim_make(&rows);
    for (kind = MLP_OPT_LBFGS; kind <= MLP_OPT_LM; kind++)
        for (sites = 0, fail_at = 0; fail_at == 0 || fail_at <= sites; fail_at++) {
            mlp_desc d = net_desc(5, 21, 3);
            mlp_fit_desc f = optim_full((mlp_opt)kind, 3);
            net_counter counter;
            uint64_t before;
            mlp *net;
            int live;
            f.validation_split = 0.2f;
            d.allocator = net_allocator(&counter);
            CHECK(mlp_create(&net, &d) == MLP_OK);
            before = optim_hash(net);
            live = counter.live;
            counter.calls = 0;
            counter.fail_at = fail_at;
            CHECK(mlp_fit(net, &rows.data, &f) == (fail_at ? MLP_ERR_MEMORY : MLP_OK) && counter.live <= live + 1);
            if (fail_at) CHECK(rows.error.code == MLP_ERR_MEMORY && optim_hash(net) == before);
            else sites = counter.calls;
            counter.fail_at = 0;
            CHECK(mlp_fit(net, &rows.data, &f) == MLP_OK && optim_hash(net) != before);
            mlp_destroy(net);
            CHECK(counter.live == 0);
        }
    CHECK(sites == 4);              /* training block, split, evaluation with normal equations, best weights */
}

static void optim_lm_fit_falls(void) { optim_whole_fit_falls(MLP_OPT_LM); }

static void optim_lm_is_one_arithmetic(void)
{
    optim_whole_is_one_arithmetic(MLP_OPT_LM, 0xc2d156e0f3920bd6u, 0xb6510ed764bafd5cu);
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
    RUN(optim_lbfgs_finds_minima_in_few_calls);
    RUN(optim_lbfgs_direction_is_that_of_its_matrix);
    RUN(optim_line_search_meets_the_wolfe_conditions);
    RUN(optim_minimize_refuses_and_stops);
    RUN(optim_lbfgs_stays_finite);
    RUN(optim_lbfgs_penalties_are_in_the_objective);
    RUN(optim_lbfgs_refuses);
    RUN(optim_lbfgs_fit_falls);
    RUN(optim_lbfgs_is_one_arithmetic);
    RUN(optim_lm_matrix_is_that_of_gradients);
    RUN(optim_lm_solves_linear_nets);
    RUN(optim_lm_learns_sin);
    RUN(optim_lm_refuses);
    RUN(optim_lm_fit_falls);
    RUN(optim_lm_is_one_arithmetic);
    RUN(optim_every_allocation_may_fail);
}
