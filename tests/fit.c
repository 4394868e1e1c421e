/* >>train, what mlp_fit has besides: schedules, validation, callbacks, rows from a function, dropout, scaling, exact
   resume. */

/* rows of train_data_rows, which train_make fills anew */
static mlp_data fit_rows(uint64_t seed, size_t first, size_t rows, int labels)
{
    train_rows *r = &train_data_rows;
    mlp_data d = loss_data(rows, r->x + first * 6, labels ? NULL : r->y + first * 3);
    test_seed(seed);
    train_make(r);
    if (labels) d.labels = r->labels + first;
    return d;
}

/* 6-24-3, cross entropy with labels, else squared; of rows of train_data_rows */
static mlp_desc fit_net_desc(int labels)
{
    mlp_desc d = net_desc(6, 24, 3);
    d.layers[0].activation = MLP_ACT_TANH;
    if (labels) d.loss = MLP_LOSS_CROSS_ENTROPY;
    return d;
}

static mlp *fit_net(const mlp_desc *d)
{
    mlp *net;
    if (!CHECK(mlp_create(&net, d) == MLP_OK)) exit(2);
    return net;
}

/* how 100 rows are learned, 4 updates an epoch */
static mlp_fit_desc fit_how(int epochs) { return train_fit(epochs, 32, MLP_ORDER_SHUFFLED, MLP_OPT_ADAM, 0.01f); }

/* ---- schedules ---- */

enum { FIT_RATES = 200 };
typedef struct { double rate[FIT_RATES], at[FIT_RATES]; int n; } fit_rates;

static int fit_note_rate(void *user, const mlp_progress *p)
{
    fit_rates *r = (fit_rates *)user;
    if (!CHECK(r->n < FIT_RATES && p->steps == 4 && p->step >= 1 && p->step <= 4)) return 1;
    r->at[r->n] = p->epoch - 1 + (double)(p->step - 1) / (double)p->steps;
    r->rate[r->n++] = p->rate;
    return 0;
}

/* the factor when e epochs of `total` are done, by the formulas of mlp_schedule; 4 updates an epoch */
static double fit_factor(mlp_schedule_desc s, double e, double total)
{
    const double least = (double)s.floor;
    double t, f = 1;
    if (s.gamma == 0) s.gamma = s.kind == MLP_SCHEDULE_EXPONENTIAL ? 0.95f : 0.1f;
    if (s.period == 0) s.period = 10;
    if (e < s.warmup) return (e + 0.25) / s.warmup;
    e -= s.warmup;
    total -= s.warmup;
    t = total > 0 && e < total ? e / total : 1;
    if (s.kind == MLP_SCHEDULE_STEP) f = pow((double)s.gamma, floor(e / s.period));
    if (s.kind == MLP_SCHEDULE_EXPONENTIAL) f = pow((double)s.gamma, floor(e));
    if (s.kind == MLP_SCHEDULE_COSINE) f = least + (1 - least) * (1 + cos(REF_PI * t)) / 2;
    if (s.kind == MLP_SCHEDULE_COSLOG) f = (1 - cos(2 * REF_PI * log2(1 + 15 * t))) / 2;
    if (s.kind == MLP_SCHEDULE_ONE_CYCLE) f = t < 0.3 ? 0.04 + 0.96 * (1 - cos(REF_PI * t / 0.3)) / 2
                                            : 4e-6 + (1 - 4e-6) * (1 + cos(REF_PI * (t - 0.3) / 0.7)) / 2;
    return fmax(f, least);
}

/* 3 epochs before and then `epochs`, of which the rates are seen; total > 0: the schedule goes by the net's count */
static void fit_schedule(mlp_schedule_desc s, int epochs, int total)
{
    mlp_data data = fit_rows(90, 0, 100, 0);
    mlp_desc d = fit_net_desc(0);
    mlp *net = fit_net(&d);
    mlp_fit_desc f = fit_how(3);
    fit_rates r;
    int i;
    r.n = 0;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK);
    s.epochs = total;
    f.epochs = epochs;
    f.schedule = s;
    f.on_step = fit_note_rate;
    f.user = &r;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && r.n == 4 * epochs);
    for (i = 0; i < r.n; i++) {
        const double e = r.at[i] + (total ? 3 : 0), expected = fit_factor(s, e, total ? total : epochs);
        CHECK_NEAR(r.rate[i] / (double)0.01f, expected, 1e-6 * (0.1 + expected));
        if (test.failures) { printf("    kind %d, %g epochs of %d\n", (int)s.kind, e, total ? total : epochs); break; }
    }
    mlp_destroy(net);
}

static mlp_schedule_desc fit_schedule_desc(mlp_schedule kind, int warmup, int period, float gamma, float least)
{
    mlp_schedule_desc s;
    memset(&s, 0, sizeof s);
    s.kind = kind;
    s.warmup = warmup;
    s.period = period;
    s.gamma = gamma;
    s.floor = least;
    return s;
}

static void fit_rates_follow_the_formulas(void)
{
    int kind, warmup, total;
    for (kind = MLP_SCHEDULE_CONSTANT; kind <= MLP_SCHEDULE_COSLOG; kind++)
        for (warmup = 0; warmup < 4; warmup += 3)
            for (total = 0; total < 2 && kind != MLP_SCHEDULE_PLATEAU; total++) {
                const int gamma = kind == MLP_SCHEDULE_STEP || kind == MLP_SCHEDULE_EXPONENTIAL;
                const int least = kind != MLP_SCHEDULE_CONSTANT && kind != MLP_SCHEDULE_ONE_CYCLE;
                fit_schedule(fit_schedule_desc((mlp_schedule)kind, warmup, 0, 0, 0), 22, total ? 17 : 0);
                fit_schedule(fit_schedule_desc((mlp_schedule)kind, warmup, kind == MLP_SCHEDULE_STEP ? 3 : 0,
                                               gamma ? 0.5f : 0, least ? 0.2f : 0), 11, total ? 10 : 0);
            }
    /* a warm-up longer than the fit */
    fit_schedule(fit_schedule_desc(MLP_SCHEDULE_COSINE, 30, 0, 0, 0), 5, 0);
    /* one that is all of the schedule */
    fit_schedule(fit_schedule_desc(MLP_SCHEDULE_COSINE, 2, 0, 0, 0.5f), 6, 2);
}

typedef struct { fit_rates rates; double asked[FIT_RATES]; int calls; float returned; } fit_custom;

static int fit_custom_step(void *user, const mlp_progress *p) { return fit_note_rate(&((fit_custom *)user)->rates, p); }

static float fit_custom_rate(void *user, double epoch, float rate)
{
    fit_custom *c = (fit_custom *)user;
    CHECK(rate == 0.01f && c->calls < FIT_RATES);
    c->asked[c->calls++] = epoch;
    return c->returned != 0 ? c->returned : rate / (float)(1 + epoch);
}

static void fit_custom_schedule_gives_the_rate(void)
{
    mlp_data data = fit_rows(90, 0, 100, 0);
    mlp_desc d = fit_net_desc(0);
    mlp *net = fit_net(&d);
    mlp_fit_desc f = fit_how(5);
    const float bad[] = { -1, test_nan(), (float)INFINITY };
    mlp_error error;
    fit_custom c;
    uint64_t before;
    int i;
    memset(&c, 0, sizeof c);
    data.error = &error;
    f.schedule = fit_schedule_desc(MLP_SCHEDULE_CUSTOM, 2, 0, 0, 0);
    f.schedule.rate = fit_custom_rate;
    f.schedule.user = f.user = &c;
    f.on_step = fit_custom_step;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && c.rates.n == 20 && c.calls == 12);
    for (i = 0; i < 20; i++)
        CHECK_NEAR(c.rates.rate[i], 0.01 * (i < 8 ? (i + 1) / 8.0 : 1 / (1 + (i - 8) / 4.0)), 1e-8);
    for (i = 0; i < 12; i++) CHECK(c.asked[i] == i / 4.0);                      /* counted without the warm-up */
    before = train_hash(net);
    f.schedule.warmup = 0;
    for (i = 0; i < 3; i++) {
        c.returned = bad[i];
        CHECK(mlp_fit(net, &data, &f) == MLP_ERR_ARGUMENT && strstr(error.text, "rate") && error.epoch == 1);
        CHECK(train_hash(net) == before);
    }
    mlp_destroy(net);
}

/* ---- what is seen of a fit, epoch by epoch ---- */

enum { FIT_EPOCHS = 60, FIT_PARAMS = 6 * 24 + 24 + 24 * 3 + 3 };
typedef struct {
    mlp *net;
    const mlp_data *validation;             /* to be evaluated here, too, or NULL */
    int epochs, stop_at;
    double loss[FIT_EPOCHS], held[FIT_EPOCHS], rate[FIT_EPOCHS];
    float params[FIT_EPOCHS][FIT_PARAMS];
} fit_watch;

static fit_watch fit_seen;

static int fit_note_epoch(void *user, const mlp_progress *p)
{
    fit_watch *w = (fit_watch *)user;
    size_t n;
    const float *params = mlp_params(w->net, &n);
    if (!CHECK(w->epochs < FIT_EPOCHS && n <= FIT_PARAMS && p->epoch == w->epochs + 1)) return 1;
    w->loss[w->epochs] = p->loss;
    w->rate[w->epochs] = p->rate;
    w->held[w->epochs] = p->validation.rows ? p->validation.loss : (double)NAN;
    memcpy(w->params[w->epochs++], params, n * sizeof(float));
    if (w->validation) {
        mlp_metrics m;
        CHECK(mlp_evaluate(w->net, w->validation, &m) == MLP_OK && memcmp(&m, &p->validation, sizeof m) == 0);
    }
    return w->epochs == w->stop_at;
}

static fit_watch *fit_watching(mlp *net, mlp_fit_desc *f)
{
    memset(&fit_seen, 0, sizeof fit_seen);
    fit_seen.net = net;
    f->on_epoch = fit_note_epoch;
    f->user = &fit_seen;
    return &fit_seen;
}

/* the factors of plateau, from the losses that were seen: PyTorch's ReduceLROnPlateau */
static void fit_check_plateau(const fit_watch *w, int validated, mlp_schedule_desc s)
{
    double best = 0, factor = 1;
    int e, bad = 0, lowered = 0;
    for (e = 0; e < w->epochs; e++) {
        const double loss = validated ? w->held[e] : w->loss[e];
        CHECK_NEAR(w->rate[e], (double)0.01f * fmax(factor, (double)s.floor), 1e-9);
        if (e == 0 || loss < best * (1 - 1e-4)) { best = loss; bad = 0; }
        else if (++bad > s.period) { factor *= (double)s.gamma; bad = 0; lowered++; }
    }
    CHECK(lowered > 1);
}

static void fit_plateau_lowers_the_rate(void)
{
    int validated, frozen;
    for (validated = 0; validated < 2; validated++)
        for (frozen = 0; frozen < 2; frozen++) {
            mlp_data held = fit_rows(91, 400, 50, 1), data = fit_rows(91, 0, 100, 1);
            mlp_desc d = fit_net_desc(1);
            mlp_fit_desc f = fit_how(40);
            fit_watch *w;
            mlp *net;
            if (frozen) d.layers[0].rate = d.layers[1].rate = -1;
            net = fit_net(&d);
            w = fit_watching(net, &f);
            f.schedule = fit_schedule_desc(MLP_SCHEDULE_PLATEAU, 0, 2, 0.5f, frozen ? 0.2f : 0);
            if (validated) f.validation = &held;
            else if (!frozen) f.opt.l1 = 0.05f;                         /* so that the loss has a floor */
            CHECK(mlp_fit(net, &data, &f) == MLP_OK && w->epochs == 40);
            fit_check_plateau(w, validated, f.schedule);
            if (frozen) CHECK(w->rate[3] == (double)0.01f && w->rate[4] < 0.0051 && w->rate[6] > 0.0049
                              && w->rate[7] < 0.0026);
            mlp_destroy(net);
        }
}

/* ---- refusals ---- */

static float fit_any_rate(void *user, double epoch, float rate) { (void)user; (void)epoch; return rate; }

static void fit_bad_descs_are_refused_by_name(void)
{
    mlp_data data = fit_rows(92, 0, 60, 1), held = fit_rows(92, 100, 20, 1), wrong;
    const float bad[] = { -0.25f, test_nan(), (float)INFINITY };
    mlp_desc d = fit_net_desc(1);
    mlp *net = fit_net(&d);
    const uint64_t before = train_hash(net);
    mlp_fit_report report;
    mlp_error error;
    mlp_fit_desc f;
    int i;
    data.error = &error;
#define FIT_BAD(change, result, word) do { \
        memset(&f, 0, sizeof f); memset(&error, 0x55, sizeof error); memset(&report, 0x55, sizeof report); \
        f.report = &report; \
        change; \
        CHECK(mlp_fit(net, &data, &f) == result && error.code == result && strstr(error.text, word)); \
        if (test.failures) { printf("    %s: %s\n", word, error.text); return; } \
        CHECK(report.stop == MLP_STOP_ERROR && report.epochs == 0 && report.best_epoch == 0); \
        CHECK(isnan(report.loss) && isnan(report.validation_loss) && isnan(report.best_loss)); \
        CHECK(train_hash(net) == before); } while (0)
    FIT_BAD(f.patience = 3, MLP_ERR_ARGUMENT, "patience");
    FIT_BAD(f.min_delta = 0.1f, MLP_ERR_ARGUMENT, "min_delta");
    FIT_BAD(f.keep_last = 1, MLP_ERR_ARGUMENT, "keep_last");
    FIT_BAD((f.validation = &held, f.patience = -1), MLP_ERR_ARGUMENT, "patience");
    for (i = 0; i < 3; i++) {
        FIT_BAD((f.validation = &held, f.min_delta = bad[i]), MLP_ERR_ARGUMENT, "min_delta");
        FIT_BAD(f.validation_split = i == 2 ? 1 : bad[i], MLP_ERR_ARGUMENT, "validation_split");
        FIT_BAD((f.schedule.kind = MLP_SCHEDULE_STEP, f.schedule.gamma = bad[i]), MLP_ERR_ARGUMENT, "gamma");
        FIT_BAD((f.schedule.kind = MLP_SCHEDULE_STEP, f.schedule.floor = bad[i]), MLP_ERR_ARGUMENT, "floor");
        FIT_BAD(f.opt.clip_norm = bad[i], MLP_ERR_ARGUMENT, "clip_norm");
    }
    FIT_BAD((f.validation = &held, f.validation_split = 0.2f), MLP_ERR_ARGUMENT, "validation_split");
    /* no row to validate on */
    FIT_BAD(f.validation_split = 0.001f, MLP_ERR_ARGUMENT, "to validate on");
    /* and none to train on */
    FIT_BAD(f.validation_split = 0.999f, MLP_ERR_ARGUMENT, "to train on");
    wrong = held;
    FIT_BAD((f.validation = &wrong, wrong.x_stride = 5), MLP_ERR_ARGUMENT, "x_stride");
    FIT_BAD((f.validation = &wrong, wrong = held, wrong.rows = 0), MLP_ERR_ARGUMENT, "rows");
    FIT_BAD((f.validation = &wrong, wrong = held, wrong.labels = NULL), MLP_ERR_ARGUMENT, "labels");
    FIT_BAD(f.schedule.kind = (mlp_schedule)-1, MLP_ERR_UNSUPPORTED, "schedule");
    FIT_BAD(f.schedule.kind = MLP_SCHEDULE_CUSTOM, MLP_ERR_ARGUMENT, "rate");
    FIT_BAD((f.schedule.kind = MLP_SCHEDULE_COSINE, f.schedule.rate = fit_any_rate), MLP_ERR_ARGUMENT, "rate");
    FIT_BAD(f.schedule.epochs = -1, MLP_ERR_ARGUMENT, "epochs");
    FIT_BAD(f.schedule.warmup = -1, MLP_ERR_ARGUMENT, "warmup");
    FIT_BAD((f.schedule.kind = MLP_SCHEDULE_STEP, f.schedule.period = -1), MLP_ERR_ARGUMENT, "period");
    FIT_BAD((f.schedule.kind = MLP_SCHEDULE_STEP, f.schedule.gamma = 1.5f), MLP_ERR_ARGUMENT, "gamma");
    FIT_BAD((f.schedule.kind = MLP_SCHEDULE_STEP, f.schedule.floor = 1.5f), MLP_ERR_ARGUMENT, "floor");
    for (i = MLP_SCHEDULE_CONSTANT; i <= MLP_SCHEDULE_CUSTOM; i++) {            /* foreign fields */
        const int step = i == MLP_SCHEDULE_STEP || i == MLP_SCHEDULE_PLATEAU;
        const int gamma = step || i == MLP_SCHEDULE_EXPONENTIAL;
        const int least = gamma || i == MLP_SCHEDULE_COSINE || i == MLP_SCHEDULE_COSLOG;
#define FIT_FOREIGN(field, value) FIT_BAD((f.schedule.kind = (mlp_schedule)i, f.schedule.field = value, \
            f.schedule.rate = i == MLP_SCHEDULE_CUSTOM ? fit_any_rate : NULL), MLP_ERR_ARGUMENT, #field)
        if (!step) FIT_FOREIGN(period, 3);
        if (!gamma) FIT_FOREIGN(gamma, 0.5f);
        if (!least) FIT_FOREIGN(floor, 0.5f);
#undef FIT_FOREIGN
    }
#undef FIT_BAD
    mlp_destroy(net);
}

/* ---- validation ---- */

/* what the losses that were seen mean: the best epoch from 1, and whether patience ends after the last one, and no
   earlier */
static int fit_best_of(const fit_watch *w, double min_delta, int patience)
{
    int e, best = 0, waited = 0;
    for (e = 0; e < w->epochs; e++) {
        CHECK(!patience || waited < patience);
        if (e == 0 || w->held[e] < w->held[best] - min_delta) { best = e; waited = 0; }
        else waited++;
    }
    return best + 1;
}

/* 40 rows whose targets are noise: the loss of the others soon grows */
static void fit_validation_brings_the_best_weights_back(void)
{
    int keep, patience, delta, labels;
    for (labels = 0; labels < 2; labels++)
        for (keep = 0; keep < 2; keep++)
            for (patience = 0; patience < 6; patience += 5)
                for (delta = 0; delta < 2; delta++) {
                    mlp_data held = fit_rows(93, 100, 50, labels), data = fit_rows(93, 0, 40, labels);
                    mlp_desc d = fit_net_desc(labels);
                    mlp_fit_desc f = fit_how(50);
                    mlp_fit_report report;
                    fit_watch *w;
                    size_t n;
                    mlp *net = fit_net(&d);
                    int best;
                    w = fit_watching(net, &f);
                    w->validation = f.validation = &held;
                    f.keep_last = keep;
                    f.patience = patience;
                    f.min_delta = delta ? 0.02f : 0;
                    f.report = &report;
                    CHECK(mlp_fit(net, &data, &f) == MLP_OK);
                    best = fit_best_of(w, (double)f.min_delta, patience);
                    CHECK(best > 1 && best < w->epochs);
                    CHECK(report.epochs == w->epochs && report.loss == w->loss[w->epochs - 1]);
                    CHECK(report.validation_loss == w->held[w->epochs - 1] && report.best_epoch == best);
                    CHECK(report.best_loss == w->held[best - 1]);
                    CHECK(report.stop == (patience ? MLP_STOP_PATIENCE : MLP_STOP_EPOCHS));
                    if (patience) CHECK(w->epochs == best + patience && w->epochs < 50);
                    else CHECK(w->epochs == 50);
                    mlp_params(net, &n);
                    CHECK(test_same_bits(mlp_params(net, NULL), w->params[(keep ? w->epochs : best) - 1], n));
                    mlp_destroy(net);
                }
}

/* losses that stay the same are no gain: the first epoch is the best */
static void fit_ties_keep_the_earlier(void)
{
    mlp_data held = fit_rows(94, 100, 50, 1), data = fit_rows(94, 0, 100, 1);
    mlp_desc d = fit_net_desc(1);
    mlp_fit_desc f = fit_how(50);
    mlp_fit_report report;
    mlp *net;
    d.layers[0].rate = d.layers[1].rate = -1;
    net = fit_net(&d);
    f.validation = &held;
    f.patience = 4;
    f.report = &report;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && report.stop == MLP_STOP_PATIENCE && report.epochs == 5
          && report.best_epoch == 1);
    mlp_destroy(net);
}

/* a validation loss that is infinite, or no number, is no gain; the first other one is */
static float fit_loss_value(void *user, size_t n, const float *a, const float *y)
{
    (void)n;
    if (y[0] != 77) return (a[0] - y[0]) * (a[0] - y[0]);
    if (*(const int *)user < 3) return *(const int *)user == 1 ? INFINITY : test_nan();
    return *(const int *)user == 5 ? 1.0f : 2.0f;
}

static void fit_loss_slope(void *user, size_t n, const float *a, const float *y, float *slope)
{
    (void)user;
    memset(slope, 0, n * sizeof(float));
    slope[0] = 2 * (a[0] - y[0]);
}

static int fit_count_epoch(void *user, const mlp_progress *p) { *(int *)user = p->epoch + 1; return 0; }

static void fit_loss_that_is_no_number_is_no_gain(void)
{
    mlp_data held = fit_rows(94, 100, 50, 0), data = fit_rows(94, 0, 50, 0);
    mlp_desc d = fit_net_desc(0);
    mlp_fit_desc f = fit_how(8);
    mlp_fit_report report;
    int epoch = 1;
    size_t i;
    mlp *net;
    for (i = 0; i < 50; i++) train_data_rows.y[(100 + i) * 3] = 77;
    d.loss = MLP_LOSS_CUSTOM;
    d.custom_loss.value = fit_loss_value;
    d.custom_loss.slope = fit_loss_slope;
    d.custom_loss.user = &epoch;
    net = fit_net(&d);
    f.validation = &held;
    f.report = &report;
    f.on_epoch = fit_count_epoch;
    f.user = &epoch;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && report.best_epoch == 5 && report.best_loss == 1);
    f.epochs = 2;                                           /* nothing else: no epoch is the best */
    epoch = 1;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && report.best_epoch == 0 && isnan(report.best_loss));
    mlp_destroy(net);
}

static int fit_stop_at_step_six(void *user, const mlp_progress *p)
{
    (void)user;
    return p->epoch == 2 && p->step == 2;
}

static int fit_stop_before_update_six(void *user, mlp *net, float *g, size_t n)
{
    (void)net; (void)g; (void)n;
    return ++*(int *)user == 6;
}

static int fit_stop_after_two(void *user, const mlp_progress *p) { (void)user; return p->epoch == 2; }

static int fit_spoil_the_gradient(void *user, mlp *net, float *g, size_t n)
{
    (void)net;
    if (++*(int *)user == 10) g[n - 1] = test_nan();
    return 0;
}

/* why a fit ended, what its report says, and that an error leaves one, too */
static void fit_report_says_why_it_ended(void)
{
    int why;
    for (why = 0; why < 4; why++) {
        mlp_data held = fit_rows(95, 100, 50, 1), data = fit_rows(95, 0, 100, 1);
        mlp_desc d = fit_net_desc(1);
        mlp_fit_desc f = fit_how(9);
        mlp_fit_report report;
        mlp_metrics m;
        mlp_error error;
        int count = 0;
        mlp *net = fit_net(&d);
        mlp_result r;
        memset(&report, 0x55, sizeof report);
        data.error = &error;
        f.user = &count;
        f.report = &report;
        f.validation = &held;
        if (why == 0) f.on_step = fit_stop_at_step_six;
        if (why == 1) f.on_gradients = fit_stop_before_update_six;
        if (why == 2) f.on_epoch = fit_stop_after_two;
        if (why == 3) f.on_gradients = fit_spoil_the_gradient;
        r = mlp_fit(net, &data, &f);
        CHECK(r == (why == 3 ? MLP_ERR_NONFINITE : MLP_OK) && error.code == r);
        CHECK(report.stop == (why == 3 ? MLP_STOP_ERROR : MLP_STOP_CALLBACK) && report.epochs == (why < 2 ? 1 : 2));
        CHECK(isfinite(report.loss) && isfinite(report.validation_loss) && report.best_loss <= report.validation_loss);
        CHECK(report.best_epoch >= 1 && report.best_epoch <= report.epochs);
        CHECK(mlp_evaluate(net, &held, &m) == MLP_OK && m.loss == report.best_loss);
        if (why == 3) CHECK(error.epoch == 3 && error.layer == 1);
        mlp_destroy(net);
    }
}

/* with labels of each class alike; the same from the same seed */
static void fit_split_is_exact(void)
{
    static const float shares[] = { 0.1f, 0.25f, 0.5f, 0.9f };
    size_t s, i, rows[500], seen[3];
    int labels;
    for (labels = 0; labels < 2; labels++)
        for (s = 0; s < 4; s++) {
            mlp_data data = fit_rows(96, 0, 487, labels);
            mlp_desc d = fit_net_desc(labels);
            mlp *net;
            size_t kept, count[500] = { 0 }, of_class[3] = { 0 }, held_class[3] = { 0 }, first[500], again;
            int c, other = 0;
            d.seed = s;
            net = fit_net(&d);
            memset(seen, 0, sizeof seen);
            kept = mlp__split(net, &data, shares[s], rows, seen);
            for (i = 0; i < 487; i++) {
                CHECK(rows[i] < 487 && !count[rows[i]]++);                      /* no row lost, none on both sides */
                c = labels ? data.labels[rows[i]] : 0;
                of_class[c]++;
                held_class[c] += i >= kept;
            }
            for (c = 0; c < (labels ? 3 : 1); c++)
                CHECK(held_class[c] == (size_t)floor((double)of_class[c] * (double)shares[s] + 0.5));
            memcpy(first, rows, sizeof first);
            memset(seen, 0, sizeof seen);
            CHECK(mlp__split(net, &data, shares[s], rows, seen) == kept
                  && memcmp(first, rows, 487 * sizeof *rows) == 0);
            mlp_destroy(net);
            d.seed = s + 100;                                                   /* another seed: other rows */
            net = fit_net(&d);
            memset(seen, 0, sizeof seen);
            again = mlp__split(net, &data, shares[s], rows, seen);
            CHECK(again == kept);
            for (i = 0; i < 487; i++) other += first[i] != rows[i];
            CHECK(other > 400);
            mlp_destroy(net);
        }
}

/* a fit with a split is one on its rows, validated on the others: the same bits */
static void fit_split_is_two_sets_of_data(void)
{
    static float x[200 * 6], y[200 * 3], weights[200], given[200];
    static int labels[200];
    int with_labels, weighted;
    for (with_labels = 0; with_labels < 2; with_labels++)
        for (weighted = 0; weighted < 2; weighted++) {
            mlp_data data = fit_rows(97, 0, 200, with_labels), training, held;
            mlp_desc d = fit_net_desc(with_labels);
            mlp *split = fit_net(&d), *apart = fit_net(&d);
            mlp_fit_desc f = fit_how(6);
            mlp_fit_report a, b;
            size_t rows[200], seen[3] = { 0 }, kept, i;
            for (i = 0; i < 200; i++) given[i] = (float)(1 + i % 3) * (float)(i % 7 != 0);
            if (weighted) data.sample_weights = given;
            kept = mlp__split(split, &data, 0.3f, rows, seen);
            for (i = 0; i < 200; i++) {
                memcpy(x + i * 6, data.x + rows[i] * 6, 24);
                if (with_labels) labels[i] = data.labels[rows[i]];
                else memcpy(y + i * 3, data.y + rows[i] * 3, 12);
                weights[i] = given[rows[i]];
            }
            training = loss_data(kept, x, with_labels ? NULL : y);
            held = loss_data(200 - kept, x + kept * 6, with_labels ? NULL : y + kept * 3);
            if (with_labels) { training.labels = labels; held.labels = labels + kept; }
            if (weighted) { training.sample_weights = weights; held.sample_weights = weights + kept; }
            f.report = &a;
            f.validation_split = 0.3f;
            CHECK(mlp_fit(split, &data, &f) == MLP_OK);
            f.report = &b;
            f.validation_split = 0;
            f.validation = &held;
            CHECK(mlp_fit(apart, &training, &f) == MLP_OK && train_hash(split) == train_hash(apart));
            CHECK(a.loss == b.loss && a.validation_loss == b.validation_loss && a.best_loss == b.best_loss);
            CHECK(a.best_epoch == b.best_epoch && isfinite(a.best_loss));
            mlp_destroy(split);
            mlp_destroy(apart);
        }
}

typedef struct { float *weights; const size_t *rows; size_t from, to; } fit_zeros;

static int fit_take_the_weights(void *user, const mlp_progress *p)
{
    const fit_zeros *z = (const fit_zeros *)user;
    size_t i;
    (void)p;
    for (i = z->from; i < z->to; i++) z->weights[z->rows[i]] = 0;
    return 0;
}

/* a side of a split whose rows all have weight 0 */
static void fit_split_needs_weight_on_both_sides(void)
{
    int side, later;
    for (side = 0; side < 2; side++)
        for (later = 0; later < 2; later++) {
            mlp_data data = fit_rows(98, 0, 60, 1);
            mlp_desc d = fit_net_desc(1);
            mlp *net = fit_net(&d);
            mlp_fit_desc f = fit_how(3);
            float weights[60];
            size_t rows[60], seen[3] = { 0 }, i;
            uint64_t before = train_hash(net);
            mlp_error error;
            fit_zeros z;
            mlp_result r;
            data.error = &error;
            data.sample_weights = weights;
            for (i = 0; i < 60; i++) weights[i] = 1;
            f.validation_split = 0.25f;
            z.from = mlp__split(net, &data, 0.25f, rows, seen);
            z.to = 60;
            z.rows = rows;
            z.weights = weights;
            if (side) { z.to = z.from; z.from = 0; }
            f.on_epoch = fit_take_the_weights;
            f.user = &z;
            if (!later) fit_take_the_weights(&z, NULL);
            r = mlp_fit(net, &data, &f);
            if (!later) CHECK(r == MLP_ERR_ARGUMENT && strstr(error.text, "weight") && train_hash(net) == before);
            else CHECK(r == MLP_ERR_ARGUMENT && strstr(error.text, "weight") && error.epoch == 2);
            mlp_destroy(net);
        }
}

/* ---- callbacks ---- */

typedef struct { const mlp_data *data; mlp *net; int calls, updates; double loss; float params[FIT_PARAMS]; } fit_calls;

/* the gradient given is that of the batch, as mlp_compute_gradients has it, before clipping; the rows of calls 0, 1,
   ... in order */
static int fit_see_raw_gradient(void *user, mlp *net, float *g, size_t count)
{
    fit_calls *c = (fit_calls *)user;
    mlp_data batch = *c->data;
    mlp *copy;
    size_t first = (size_t)(c->calls++ % 4) * 32, n;
    CHECK(net == c->net && g == mlp_gradients(net, &n) && n == count);
    batch.rows = first == 96 ? 4 : 32;
    batch.x += first * 6;
    batch.labels += first;
    CHECK(mlp_copy(&copy, net) == MLP_OK && mlp_compute_gradients(copy, &batch, NULL) == MLP_OK);
    CHECK(test_same_bits(g, mlp_gradients(copy, NULL), count));
    mlp_destroy(copy);
    memcpy(c->params, mlp_params(net, NULL), count * sizeof(float));
    return 0;
}

static int fit_count_step(void *user, const mlp_progress *p)
{
    fit_calls *c = (fit_calls *)user;
    c->updates++;
    CHECK(p->steps == 4 && p->step == (size_t)(c->updates - 1) % 4 + 1 && p->epoch == (c->updates - 1) / 4 + 1
          && p->rows == 100);
    CHECK(memcmp(c->params, mlp_params(c->net, NULL), sizeof c->params) != 0);              /* the update is done */
    c->loss = p->loss;
    return 0;
}

static int fit_last_loss(void *user, const mlp_progress *p)
{
    CHECK(p->loss == ((fit_calls *)user)->loss);
    return 0;
}

static void fit_callbacks_see_each_update(void)
{
    mlp_data data = fit_rows(100, 0, 100, 1);
    mlp_desc d = fit_net_desc(1);
    mlp *net = fit_net(&d), *plain = fit_net(&d);
    mlp_fit_desc f = train_fit(3, 32, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 0.1f);
    fit_calls c;
    memset(&c, 0, sizeof c);
    f.opt.clip_value = 0.01f;
    f.opt.clip_norm = 0.02f;
    CHECK(mlp_fit(plain, &data, &f) == MLP_OK);
    c.data = &data;
    c.net = net;
    f.on_gradients = fit_see_raw_gradient;
    f.on_step = fit_count_step;
    f.on_epoch = fit_last_loss;
    f.user = &c;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && c.calls == 12 && c.updates == 12
          && train_hash(net) == train_hash(plain));
    mlp_destroy(net);
    mlp_destroy(plain);
}

typedef struct { int what, calls; float before[FIT_PARAMS]; } fit_change;

static int fit_change_gradient(void *user, mlp *net, float *g, size_t count)
{
    fit_change *c = (fit_change *)user;
    size_t i;
    memcpy(c->before, mlp_params(net, NULL), count * sizeof(float));
    for (i = 0; i < count; i++) g[i] = c->what == 0 ? 0 : i % 2 ? -1e30f : 1e30f;
    if (c->what == 2) g[7] = test_nan();
    if (c->what == 3) g[7] = (float)INFINITY;
    return ++c->calls == 2 && c->what == 4;
}

/* what on_gradients puts there is what is checked, clipped and applied; without its update where it says so */
static void fit_on_gradients_may_change_them(void)
{
    int what;
    for (what = 0; what < 5; what++) {
        mlp_data data = fit_rows(101, 0, 100, 1);
        mlp_desc d = fit_net_desc(1);
        mlp *net = fit_net(&d);
        mlp_fit_desc f = train_fit(1, what < 4 ? MLP_FULL_BATCH : 50, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 0.1f);
        mlp_fit_report report;
        mlp_error error;
        fit_change c;
        size_t n, i;
        const float *p = mlp_params(net, &n);
        mlp_result r;
        memset(&c, 0, sizeof c);
        c.what = what;
        data.error = &error;
        f.opt.clip_value = 0.5f;
        f.report = &report;
        f.on_gradients = fit_change_gradient;
        f.user = &c;
        r = mlp_fit(net, &data, &f);
        CHECK(r == (what == 2 || what == 3 ? MLP_ERR_NONFINITE : MLP_OK) && c.calls == (what == 4 ? 2 : 1));
        for (i = 0; i < n; i++)
            CHECK_NEAR((double)p[i], (double)c.before[i] + (what != 1 ? 0 : i % 2 ? 0.05 : -0.05),
                       what == 1 ? 1e-6 : 0);
        if (what == 2 || what == 3) CHECK(error.epoch == 1 && error.layer == 0 && report.stop == MLP_STOP_ERROR);
        if (what == 4) CHECK(report.stop == MLP_STOP_CALLBACK && report.epochs == 0);
        mlp_destroy(net);
    }
}

/* a weight of 2 is a row that is there twice, one of 0 a row that is not there */
static void fit_weights_are_repetitions(void)
{
    static float x[200 * 6], weights[60];
    static int labels[200];
    mlp_data data = fit_rows(102, 0, 60, 1), repeated;
    mlp_desc d = fit_net_desc(1);
    mlp *weighted = fit_net(&d), *twice = fit_net(&d);
    mlp_fit_desc f = train_fit(30, MLP_FULL_BATCH, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 0.2f);
    const float *p = mlp_params(weighted, NULL), *q = mlp_params(twice, NULL);
    size_t i, n = 0, count;
    int k;
    for (i = 0; i < 60; i++) {
        weights[i] = (float)(i % 4);
        for (k = 0; k < (int)i % 4; k++, n++) {
            memcpy(x + n * 6, data.x + i * 6, 24);
            labels[n] = data.labels[i];
        }
    }
    repeated = loss_data(n, x, NULL);
    repeated.labels = labels;
    data.sample_weights = weights;
    CHECK(mlp_fit(weighted, &data, &f) == MLP_OK && mlp_fit(twice, &repeated, &f) == MLP_OK);
    mlp_params(weighted, &count);
    for (i = 0; i < count; i++) CHECK_NEAR((double)p[i], (double)q[i], 1e-5);
    mlp_destroy(weighted);
    mlp_destroy(twice);
}

/* ---- rows from a function ---- */

typedef struct { const mlp_data *from; size_t fail_at, spoil_at, last; int what, calls; } fit_reader;

static int fit_read(void *user, const size_t *rows, size_t n, float *x, float *y, int *labels)
{
    fit_reader *r = (fit_reader *)user;
    size_t i;
    r->calls++;
    CHECK(n > 0 && !y == (r->from->labels != NULL) && !labels == (r->from->labels == NULL));
    for (i = 0; i < n; i++) {
        if (!CHECK(rows[i] < r->from->rows)) return 1;
        memcpy(x + i * 6, r->from->x + rows[i] * 6, 24);
        if (y) memcpy(y + i * 3, r->from->y + rows[i] * 3, 12);
        if (labels) labels[i] = r->from->labels[rows[i]];
        if (rows[i] == r->fail_at) return 1;
        if (rows[i] != r->spoil_at) continue;
        if (r->what == 0) x[i * 6 + 4] = test_nan();
        if (r->what == 1 && y) y[i * 3 + 2] = (float)INFINITY;
        if (r->what == 1 && labels) labels[i] = 3;
    }
    return 0;
}

static mlp_data fit_by_reading(const mlp_data *from, fit_reader *r)
{
    mlp_data d = loss_data(from->rows, NULL, NULL);
    memset(r, 0, sizeof *r);
    r->from = from;
    r->fail_at = r->spoil_at = SIZE_MAX;
    d.read = fit_read;
    d.read_labels = from->labels != NULL;
    d.user = r;
    d.sample_weights = from->sample_weights;
    return d;
}

#ifdef _OPENMP
enum { FIT_THREADS = 3 };
#else
enum { FIT_THREADS = 1 };
#endif

/* whatever the order, weights, scaling, validation: the bits of the same rows in arrays */
static void fit_rows_may_come_from_a_function(void)
{
    static float weights[300];
    int variant;
    for (variant = 0; variant < 24; variant++) {
        const int labels = variant & 1;
        mlp_data data = fit_rows(103, 0, 300, labels), held = fit_rows(103, 300, 90, labels), read, read_held;
        mlp_desc d = fit_net_desc(labels);
        mlp *arrays, *reading;
        mlp_fit_desc f = fit_how(4);
        mlp_fit_report a, b;
        mlp_metrics m, k;
        double e, g;
        fit_reader reader, reader_held;
        size_t i;
        for (i = 0; i < 300; i++) weights[i] = (float)(i % 5);
        if (variant & 2) data.sample_weights = weights;
        f.order = (mlp_order)(variant % 3);
        d.input_scaling = (mlp_scaling)(variant / 2 % 4);
        if (!labels) d.target_scaling = (mlp_scaling)(variant / 8 % 3);
        if (variant & 4) d.layers[0].dropout = 0.3f;
        f.threads = variant & 8 ? FIT_THREADS : 1;
        f.batch = variant & 8 ? 100 : 32;
        arrays = fit_net(&d);
        reading = fit_net(&d);
        read = fit_by_reading(&data, &reader);
        read_held = fit_by_reading(&held, &reader_held);
        if (variant >= 8) f.validation = &held;
        f.report = &a;
        CHECK(mlp_fit(arrays, &data, &f) == MLP_OK && mlp_evaluate(arrays, &data, &m) == MLP_OK);
        if (variant >= 8) f.validation = &read_held;
        f.report = &b;
        CHECK(mlp_fit(reading, &read, &f) == MLP_OK && mlp_evaluate(reading, &read, &k) == MLP_OK && reader.calls > 4);
        CHECK(train_hash(arrays) == train_hash(reading) && memcmp(&m, &k, sizeof m) == 0 && a.loss == b.loss);
        CHECK(variant < 8 || (a.best_loss == b.best_loss && a.best_epoch == b.best_epoch));
        CHECK(mlp_compute_gradients(arrays, &data, &e) == MLP_OK && mlp_compute_gradients(reading, &read, &g) == MLP_OK
              && e == g);
        CHECK(test_same_bits(mlp_gradients(arrays, NULL), mlp_gradients(reading, NULL), 6 * 24 + 24 + 24 * 3 + 3));
        if (test.failures) printf("    variant %d\n", variant);
        mlp_destroy(arrays);
        mlp_destroy(reading);
    }
}

/* a split of rows that are read: the rows are those of the arrays where these have no labels either */
static void fit_split_of_rows_that_are_read(void)
{
    mlp_data data = fit_rows(104, 0, 300, 0), read;
    mlp_desc d = fit_net_desc(0);
    mlp *arrays = fit_net(&d), *reading = fit_net(&d);
    mlp_fit_desc f = fit_how(4);
    fit_reader reader;
    read = fit_by_reading(&data, &reader);
    f.validation_split = 0.3f;
    CHECK(mlp_fit(arrays, &data, &f) == MLP_OK && mlp_fit(reading, &read, &f) == MLP_OK
          && train_hash(arrays) == train_hash(reading));
    mlp_destroy(arrays);
    mlp_destroy(reading);
}

static void fit_errors_of_reading_name_the_row(void)
{
    int labels, what, call;
    for (labels = 0; labels < 2; labels++)
        for (what = 0; what < 3; what++)
            for (call = 0; call < 4; call++) {
                /* in the first and in the last batch of an epoch */
                static const size_t bad[] = { 37, 290 };
                mlp_data data = fit_rows(105, 0, 300, labels), read;
                mlp_desc d = fit_net_desc(labels);
                mlp *net = fit_net(&d), *begun = fit_net(&d);
                mlp_fit_desc f = train_fit(2, 145, MLP_ORDER_SEQUENTIAL, MLP_OPT_SGD, 0.1f);
                mlp_fit_report report;
                mlp_metrics m;
                mlp_error error;
                fit_reader reader;
                mlp_result r;
                const size_t row = bad[call % 2];
                size_t n;
                read = fit_by_reading(&data, &reader);
                read.error = &error;
                reader.what = what;
                if (what == 2) reader.fail_at = row;
                else reader.spoil_at = row;
                memset(&error, 0x55, sizeof error);
                f.report = &report;
                r = call < 2 ? mlp_fit(net, &read, &f) : call == 2 ? mlp_evaluate(net, &read, &m)
                    : mlp_compute_gradients(net, &read, NULL);
                CHECK(r == (what == 2 ? MLP_ERR_IO : labels && what == 1 ? MLP_ERR_ARGUMENT : MLP_ERR_NONFINITE)
                      && error.code == r);
                if (what < 2) CHECK(error.row == row && error.column == (what == 0 ? 4u : labels ? 0u : 2u));
                else CHECK(error.row <= row && row - error.row < 256 && strstr(error.text, "read"));
                if (call < 2) {
                    data.rows = row < 145 ? 0 : 145 * (row / 145);              /* the updates before stay */
                    f.epochs = 1;
                    if (data.rows) CHECK(mlp_fit(begun, &data, &f) == MLP_OK);
                    CHECK(train_hash(net) == train_hash(begun) && error.epoch == 1
                          && (call == 1 || report.stop == MLP_STOP_ERROR));
                }
                if (call == 2) CHECK(m.rows == 0);
                mlp_params(net, &n);
                mlp_destroy(net);
                mlp_destroy(begun);
            }
}

static void fit_reading_refuses_what_it_cannot_have(void)
{
    mlp_data data = fit_rows(106, 0, 50, 1), read;
    const float weights[3] = { 1, 1, 1 };
    mlp_desc d = fit_net_desc(1);
    mlp *net = fit_net(&d);
    mlp_error error;
    fit_reader reader;
    float dx[50 * 6];
    read = fit_by_reading(&data, &reader);
#define FIT_READ_BAD(change, word) (read = fit_by_reading(&data, &reader), read.error = &error, (change), \
        CHECK(mlp_fit(net, &read, NULL) == MLP_ERR_ARGUMENT && strstr(error.text, word) && reader.calls == 0))
    FIT_READ_BAD(read.class_weights = weights, "class_weights");
    FIT_READ_BAD(read.x = data.x, "read");
    FIT_READ_BAD(read.y = data.x, "read");
    FIT_READ_BAD(read.labels = data.labels, "read");
    FIT_READ_BAD(read.x_stride = 6, "x_stride");
    FIT_READ_BAD((read = data, read.error = &error, read.read_labels = 1), "read_labels");
#undef FIT_READ_BAD
    read = fit_by_reading(&data, &reader);
    read.error = &error;
    CHECK(mlp_input_gradients(net, &read, dx) == MLP_ERR_ARGUMENT && strstr(error.text, "read"));
    mlp_destroy(net);
    d = fit_net_desc(0);                                                        /* labels where the loss has none */
    net = fit_net(&d);
    CHECK(mlp_fit(net, &read, NULL) == MLP_ERR_ARGUMENT && strstr(error.text, "labels"));
    mlp_destroy(net);
}

/* what is wrong with validation or the optimizer of a fit is in the error of its data */
static void fit_errors_are_those_of_the_data(void)
{
    mlp_data held = fit_rows(94, 100, 50, 1), data = fit_rows(94, 0, 50, 1);
    mlp_desc d = fit_net_desc(1);
    mlp_fit_desc f = fit_how(2);
    mlp_data read;
    fit_reader reader;
    mlp_error error, other;
    mlp *net = fit_net(&d);
    data.error = &error;
    held.error = f.opt.error = &other;
    f.validation = &held;
    train_data_rows.labels[120] = 3;
    CHECK(mlp_fit(net, &data, &f) == MLP_ERR_ARGUMENT && error.code == MLP_ERR_ARGUMENT && error.row == 20);
    CHECK(strncmp(error.text, "validation: labels: 3 in row 20", 31) == 0);
    read = fit_by_reading(&held, &reader);
    reader.fail_at = 30;
    f.validation = &read;
    CHECK(mlp_fit(net, &data, &f) == MLP_ERR_IO && error.epoch == 1);
    CHECK(strncmp(error.text, "validation: read", 16) == 0);
    f.validation = &held;
    f.opt.momentum = 0.5f;
    CHECK(mlp_fit(net, &data, &f) == MLP_ERR_ARGUMENT && strstr(error.text, "momentum"));
    CHECK(other.code == MLP_OK && !other.text[0]);          /* nothing is wrong with the rows to validate on */
    data.error = NULL;
    CHECK(mlp_fit(net, &data, &f) == MLP_ERR_ARGUMENT && strstr(other.text, "momentum"));
    mlp_destroy(net);
}

/* ---- dropout ---- */

static mlp_desc fit_dropout_desc(float p)
{
    mlp_desc d;
    memset(&d, 0, sizeof d);
    d.inputs = 6;
    d.layers[0] = loss_layer(96, MLP_ACT_TANH, 0);          /* threads share its units */
    d.layers[1] = loss_layer(33, MLP_ACT_SILU, 0);
    d.layers[2] = loss_layer(3, MLP_ACT_IDENTITY, 0);
    d.layers[0].dropout = p;
    d.layers[1].dropout = p;
    return d;
}

/* 0 with probability p, else 1/(1-p), each unit, row, layer and update for itself; what is dropped is not seen by the
   next layer */
static void fit_masks_are_as_documented(void)
{
    static const float shares[] = { 0.1f, 0.5f, 0.75f };
    enum { ROWS = 400, UNITS = 96 };
    static float mask[ROWS * UNITS], a[ROWS * UNITS], out[ROWS * UNITS], other[ROWS * UNITS];
    int s, kind, row, unit;
    size_t i;
    test_seed(110);
    test_fill(a, ROWS * UNITS);
    for (s = 0; s < 3; s++) {
        mlp_desc d = fit_dropout_desc(shares[s]);
        mlp *net = fit_net(&d);
        const double p = (double)shares[s], n = ROWS * UNITS;
        double dropped = 0, pairs = 0, of_row[ROWS] = { 0 }, of_unit[UNITS] = { 0 }, same;
        mlp__dropout(net, 0, 0, ROWS, mask, a, out);
        for (i = 0; i < ROWS * UNITS; i++) {
            CHECK((mask[i] == 0 || mask[i] == 1 / (1 - shares[s])) && out[i] == a[i] * mask[i]);
            dropped += mask[i] == 0;
            pairs += i % 2 && mask[i] == 0 && mask[i - 1] == 0;
            of_row[i / UNITS] += mask[i] == 0;
            of_unit[i % UNITS] += mask[i] == 0;
        }
        CHECK_NEAR(dropped / n, p, 5 * sqrt(p * (1 - p) / n));
        CHECK_NEAR(pairs / (n / 2), p * p, 5 * sqrt(p * p * (1 - p * p) / (n / 2)));
        for (row = 0; row < ROWS; row++) CHECK_NEAR(of_row[row] / UNITS, p, 5 * sqrt(p * (1 - p) / UNITS));
        for (unit = 0; unit < UNITS; unit++) CHECK_NEAR(of_unit[unit] / ROWS, p, 5 * sqrt(p * (1 - p) / ROWS));
        /* another update, layer, place: another mask */
        for (kind = 0; kind < 3; kind++) {
            if (kind == 0) net->course.step++;
            if (kind == 1) mlp__dropout(net, 1, 0, ROWS, other, a, out);
            else mlp__dropout(net, 0, kind == 2, ROWS, other, a, out);
            for (same = 0, i = 0; i < ROWS * 33; i++) same += mask[i] == other[i];
            CHECK_NEAR(same / (ROWS * 33), p * p + (1 - p) * (1 - p), 0.03);
            if (kind == 0) net->course.step--;
        }
        mlp_destroy(net);
    }
}

/* any number of rows in a block and of threads: the same gradients and weights */
static void fit_masks_do_not_depend_on_cuts(void)
{
    static const size_t blocks[] = { 1, 3, 7, 64 };
    mlp_data data = fit_rows(111, 0, 150, 0);
    mlp_desc d = fit_dropout_desc(0.4f);
    mlp *net = fit_net(&d);
    mlp_fit_desc f = train_fit(3, 60, MLP_ORDER_SHUFFLED, MLP_OPT_ADAM, 0.01f);
    float *g;
    uint64_t fitted, gradients;
    size_t i, n;
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK);
    g = mlp_gradients(net, &n);
    gradients = test_hash(TEST_HASH_BEGIN, g, n);
    CHECK(mlp_fit(net, &data, &f) == MLP_OK);
    fitted = train_hash(net);
    mlp_destroy(net);
    for (i = 0; i < 4; i++) {
        size_t size;
        void *memory;
        net = fit_net(&d);
        size = mlp_train_size(net, NULL, blocks[i]);
        memory = malloc(size);
        CHECK(mlp_train_in(net, memory, size, NULL) == MLP_OK && mlp_compute_gradients(net, &data, NULL) == MLP_OK);
        CHECK(test_hash(TEST_HASH_BEGIN, mlp_gradients(net, NULL), n) == gradients);
        f.threads = i % 2 ? FIT_THREADS : 1;
        CHECK(mlp_fit(net, &data, &f) == MLP_OK && train_hash(net) == fitted);
        mlp_destroy(net);
        free(memory);
    }
}

/* with the masks of the update to come, which stay until it is done */
static void fit_gradient_with_dropout_is_that_of_differences(void)
{
    mlp_data data = fit_rows(112, 0, 20, 0);
    mlp_desc d = fit_dropout_desc(0.5f);
    mlp *net = fit_net(&d);
    const float h = 0.004f;
    double worst = 0, largest = 0, up, down;
    float *p, *g, kept;
    size_t n, i;
    layers_randomize(net);
    p = mlp_params(net, &n);
    g = (float *)malloc(n * sizeof(float));
    CHECK(mlp_compute_gradients(net, &data, NULL) == MLP_OK);
    memcpy(g, mlp_gradients(net, NULL), n * sizeof(float));
    for (i = 0; i < n; i += 7) {
        kept = p[i];
        p[i] = kept + h;
        CHECK(mlp_compute_gradients(net, &data, &up) == MLP_OK);
        p[i] = kept - h;
        CHECK(mlp_compute_gradients(net, &data, &down) == MLP_OK);
        worst = fmax(worst, fabs((up - down) / ((double)(kept + h) - (double)(kept - h)) - (double)g[i]));
        largest = fmax(largest, fabs((double)g[i]));
        p[i] = kept;
    }
    snprintf(test.note, sizeof test.note, "%.2g beside gradients of up to %.2g", worst, largest);
    CHECK(worst < 2e-4 && largest > 0.1);
    CHECK(mlp_compute_gradients(net, &data, &up) == MLP_OK && mlp_step(net, NULL) == MLP_OK);
    /* other masks, not only a step */
    CHECK(mlp_compute_gradients(net, &data, &down) == MLP_OK && fabs(up - down) > 1e-3);
    free(g);
    mlp_destroy(net);
}

static void fit_dropout_is_off_outside_of_training(void)
{
    mlp_data data = fit_rows(113, 0, 60, 0);
    mlp_desc d = fit_dropout_desc(0.5f);
    mlp *with = fit_net(&d), *without;
    float a[60 * 3], b[60 * 3], dx[60 * 6], dz[60 * 6];
    mlp_metrics m, k;
    double e;
    int l;
    for (l = 0; l < 2; l++) d.layers[l].dropout = 0;
    without = fit_net(&d);
    CHECK(train_hash(with) == train_hash(without));
    CHECK(mlp_predict(with, data.x, 60, a) == MLP_OK && mlp_predict(without, data.x, 60, b) == MLP_OK
          && test_same_bits(a, b, 180));
    CHECK(mlp_evaluate(with, &data, &m) == MLP_OK && mlp_evaluate(without, &data, &k) == MLP_OK
          && memcmp(&m, &k, sizeof m) == 0);
    CHECK(mlp_input_gradients(with, &data, dx) == MLP_OK && mlp_input_gradients(without, &data, dz) == MLP_OK
          && test_same_bits(dx, dz, 360));
    CHECK(mlp_jacobian(with, data.x, dx) == MLP_OK && mlp_jacobian(without, data.x, dz) == MLP_OK
          && test_same_bits(dx, dz, 18));
    CHECK(mlp_compute_gradients(with, &data, &e) == MLP_OK && fabs(e - m.loss) > 1e-3);
    mlp_destroy(with);
    mlp_destroy(without);
}

/* ---- scaling ---- */

static int fit_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double fit_quantile(const double *sorted, size_t n, double q)
{
    const size_t at = (size_t)floor(q * (double)(n - 1));
    return at + 1 < n ? sorted[at] + (q * (double)(n - 1) - (double)at) * (sorted[at + 1] - sorted[at]) : sorted[at];
}

/* shift and width of n values in double; sorts them */
static void fit_scale_twin(mlp_scaling kind, double *v, size_t n, double *shift, double *width)
{
    double sum = 0, square = 0;
    size_t i;
    qsort(v, n, sizeof *v, fit_compare);
    for (i = 0; i < n; i++) sum += v[i];
    for (i = 0; i < n; i++) square += pow(v[i] - sum / (double)n, 2);
    *shift = kind == MLP_SCALE_STANDARD ? sum / (double)n : kind == MLP_SCALE_MIN_MAX ? v[0] : fit_quantile(v, n, 0.5);
    *width = kind == MLP_SCALE_STANDARD ? sqrt(square / (double)n) : kind == MLP_SCALE_MIN_MAX ? v[n - 1] - v[0]
           : fit_quantile(v, n, 0.75) - fit_quantile(v, n, 0.25);
    if (kind == MLP_SCALE_ROBUST && *width == 0) *width = (v[n - 1] - v[0]) / 2;
    if (v[0] == v[n - 1]) *width = 1;
}

/* the scales of a net against those of these rows (NULL: all), weight 0 left out */
static void fit_check_scales(const mlp *net, const mlp_data *d, const size_t *rows, size_t n)
{
    const mlp_desc *desc = mlp_get_desc(net);
    size_t j, i, used;
    for (j = 0; j < net->inputs + net->outputs; j++) {
        const int target = j >= net->inputs;
        const mlp_scaling kind = target ? desc->target_scaling : desc->input_scaling;
        double shift = 0, width = 1, *v = ref_doubles(n);
        for (used = 0, i = 0; i < n; i++) {
            const size_t row = rows ? rows[i] : i;
            if (d->sample_weights && d->sample_weights[row] == 0) continue;
            v[used++] = (double)(target ? d->y[row * net->outputs + j - net->inputs] : d->x[row * net->inputs + j]);
        }
        if (kind) fit_scale_twin(kind, v, used, &shift, &width);
        CHECK_NEAR((double)net->scales[2 * j], shift, 2e-6 * (fabs(shift) + width));
        CHECK_NEAR(1 / (double)net->scales[2 * j + 1], width, 4e-6 * width);
        if (test.failures) { printf("    column %d, kind %d\n", (int)j, (int)kind); free(v); return; }
        free(v);
    }
}

/* rows with columns of other sizes: one constant, one mostly 0, one with outliers, one far from 0 */
static mlp_data fit_wide_rows(uint64_t seed, size_t rows)
{
    mlp_data d = fit_rows(seed, 0, rows, 0);
    float *x = train_data_rows.x, *y = train_data_rows.y;
    size_t i;
    for (i = 0; i < 500; i++) {
        x[i * 6] = 7.25f;
        x[i * 6 + 1] = i % 9 ? 0 : 3 + test_float();
        x[i * 6 + 2] *= i % 50 == 3 ? 1e5f : 1;
        x[i * 6 + 3] = 1000 + 0.5f * test_float();
        x[i * 6 + 4] *= 1e-4f;
        y[i * 3] = 500 + 20 * y[i * 3] + 3 * x[i * 6 + 5];
        y[i * 3 + 1] = y[i * 3 + 1] * 1e-3f + 1e-4f * test_float();
        y[i * 3 + 2] = -4;
    }
    return d;
}

static void fit_scales_are_the_documented_numbers(void)
{
    int in, out, how;
    for (in = 0; in < 4; in++)
        for (out = 0; out < 3; out++)
            for (how = 0; how < 4; how++) {                 /* by mlp_fit_scaling; by the first fit, read, of a split */
                mlp_data data = fit_wide_rows(120, 400), read;
                float weights[400];
                mlp_desc d = fit_net_desc(0);
                mlp_fit_desc f = fit_how(1);
                size_t rows[400], seen[1] = { 0 }, kept = 400, i;
                fit_reader reader;
                mlp *net;
                d.input_scaling = (mlp_scaling)in;
                d.target_scaling = (mlp_scaling)out;
                net = fit_net(&d);
                for (i = 0; i < 400; i++) { weights[i] = (float)(i % 5); rows[i] = i; }
                if (how == 1) data.sample_weights = weights;
                read = fit_by_reading(&data, &reader);
                if (how == 3) { f.validation_split = 0.3f; kept = mlp__split(net, &data, 0.3f, rows, seen); }
                if (how == 0 && in + out == 0) CHECK(mlp_fit_scaling(net, &data) == MLP_ERR_ARGUMENT);
                else if (how == 0) CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
                else CHECK(mlp_fit(net, how == 2 ? &read : &data, &f) == MLP_OK);
                if (in + out) fit_check_scales(net, &data, rows, kept);
                mlp_destroy(net);
            }
}

/* A scaled net is a plain one on rows scaled by hand, to the bit; its predictions are back in the user's units; E is
   that of the plain one, the other metrics are the user's; a later fit keeps the scales, mlp_fit_scaling makes
   new ones. */
static void fit_scaled_net_is_a_plain_one_on_scaled_rows(void)
{
    static float x[300 * 6], y[300 * 3], p[300 * 3], q[300 * 3], wide_x[300 * 8], wide_y[300 * 4];
    int in, out;
    for (in = 0; in < 4; in++)
        for (out = 0; out < 3; out++) {
            mlp_data data = fit_wide_rows(121, 300), hand = loss_data(300, x, y), other, apart;
            mlp_desc d = fit_net_desc(0);
            mlp_fit_desc f = fit_how(3);
            mlp *plain = fit_net(&d), *net;
            mlp_metrics m, k;
            float scales[18];
            double distance = 0, square = 0;
            size_t i, j;
            d.input_scaling = (mlp_scaling)in;
            d.target_scaling = (mlp_scaling)out;
            if (in + out == 0) { mlp_destroy(plain); continue; }
            net = fit_net(&d);
            CHECK(mlp_fit(net, &data, &f) == MLP_OK);
            memcpy(scales, net->scales, sizeof scales);
            for (i = 0; i < 300; i++) {
                for (j = 0; j < 6; j++) {
                    const float v = (data.x[i * 6 + j] - scales[2 * j]) * scales[2 * j + 1];
                    x[i * 6 + j] = in != MLP_SCALE_ROBUST ? v
                        : (float)((double)v / sqrt(1 + (double)(v / 3) * (double)(v / 3)));
                    if (in == MLP_SCALE_ROBUST) CHECK(fabsf(x[i * 6 + j]) <= 3);
                    if (in == MLP_SCALE_MIN_MAX) CHECK(x[i * 6 + j] >= 0 && x[i * 6 + j] <= 1.000001f);
                }
                for (j = 0; j < 3; j++) y[i * 3 + j] = (data.y[i * 3 + j] - scales[12 + 2 * j]) * scales[13 + 2 * j];
            }
            CHECK(mlp_fit(plain, &hand, &f) == MLP_OK && train_hash(plain) == train_hash(net));
            CHECK(mlp_predict(net, data.x, 300, p) == MLP_OK && mlp_predict(plain, x, 300, q) == MLP_OK);
            for (i = 0; i < 900; i++) CHECK(p[i] == q[i] / scales[13 + 2 * (i % 3)] + scales[12 + 2 * (i % 3)]);
            CHECK(mlp_evaluate(net, &data, &m) == MLP_OK && mlp_evaluate(plain, &hand, &k) == MLP_OK
                  && m.loss == k.loss);
            for (i = 0; i < 900; i++) distance += fabs((double)p[i] - (double)data.y[i]) / 900;
            for (i = 0; i < 900; i++) square += pow((double)p[i] - (double)data.y[i], 2) / 900;
            CHECK_NEAR(m.mae, distance, 1e-5 * distance);
            CHECK_NEAR(m.rmse, sqrt(square), 1e-5 * sqrt(square));
            for (i = 0; i < 300; i++) {                                         /* with gaps: the same */
                memcpy(wide_x + i * 8, data.x + i * 6, 24);
                memcpy(wide_y + i * 4, data.y + i * 3, 12);
            }
            apart = loss_data(300, wide_x, wide_y);
            apart.x_stride = 8;
            apart.y_stride = 4;
            CHECK(mlp_fit_scaling(net, &apart) == MLP_OK && test_same_bits(scales, net->scales, 18));
            CHECK(mlp_evaluate(net, &apart, &k) == MLP_OK && memcmp(&m, &k, sizeof m) == 0);
            other = data;
            other.rows = 30;
            CHECK(mlp_fit(net, &other, &f) == MLP_OK && test_same_bits(scales, net->scales, 18));
            CHECK(mlp_fit_scaling(net, &other) == MLP_OK && memcmp(scales, net->scales, sizeof scales) != 0);
            fit_check_scales(net, &other, NULL, 30);
            mlp_destroy(plain);
            mlp_destroy(net);
        }
}

/* robust: of 65,536 rows that are drawn from the seed, of those that have weight; outliers beyond the quartiles change
   nothing */
static void fit_robust_scales_are_of_a_sample(void)
{
    enum { ROWS = 70000 };
    float *x = (float *)calloc(ROWS, sizeof(float)), *y = (float *)calloc(ROWS, sizeof(float));
    float *weights = (float *)calloc(ROWS, sizeof(float));
    size_t *rows = (size_t *)malloc(ROWS * sizeof(size_t)), i;
    mlp_data data = loss_data(ROWS, x, y);
    mlp_desc d = net_desc(1, 2, 1);
    mlp__permutation p;
    mlp *net;
    test_seed(122);
    test_fill(x, ROWS);
    d.input_scaling = MLP_SCALE_ROBUST;
    d.target_scaling = MLP_SCALE_MIN_MAX;
    d.seed = 5;
    net = fit_net(&d);
    p = mlp__permutation_of(ROWS, 5, MLP__STREAM_SAMPLE);
    for (i = 0; i < ROWS; i++) rows[i] = (size_t)mlp__permute(&p, i);
    y[rows[ROWS - 1]] = 3;                                                      /* targets: of all rows */
    CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
    CHECK(net->scales[2] == 0 && fabsf(net->scales[3] - 1 / 3.0f) < 1e-7f);
    y[rows[ROWS - 1]] = 0;
    d.target_scaling = MLP_SCALE_NONE;
    mlp_destroy(net);
    net = fit_net(&d);
    CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
    fit_check_scales(net, &data, rows, 65536);
    for (i = ROWS - 5; i < ROWS; i++) weights[rows[i]] = 1;                     /* the few rows with weight come last */
    data.sample_weights = weights;
    CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
    fit_check_scales(net, &data, rows + ROWS - 5, 5);
    mlp_destroy(net);
    free(x); free(y); free(weights); free(rows);
}

/* a failure leaves the scales as they were, and fitted if they were so */
static void fit_scaling_may_fail(void)
{
    int robust, fitted;
    for (robust = 0; robust < 2; robust++)
        for (fitted = 0; fitted < 2; fitted++) {
            mlp_data data = fit_wide_rows(123, 400), read;
            mlp_desc d = fit_net_desc(0);
            net_counter counter;
            float scales[18];
            mlp_error error;
            fit_reader reader;
            mlp *net;
            size_t before = 0, after = 0;
            d.allocator = net_allocator(&counter);
            d.input_scaling = robust ? MLP_SCALE_ROBUST : MLP_SCALE_STANDARD;
            d.target_scaling = MLP_SCALE_STANDARD;
            net = fit_net(&d);
            if (fitted) CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
            memcpy(scales, net->scales, sizeof scales);
            CHECK(mlp_save_memory(net, NULL, &before, NULL) == MLP_OK);
            read = fit_by_reading(&data, &reader);
            read.error = &error;
            for (reader.spoil_at = 3; reader.spoil_at < 400; reader.spoil_at += 360) {
                CHECK(mlp_fit_scaling(net, &read) == MLP_ERR_NONFINITE && error.row == reader.spoil_at);
                CHECK(test_same_bits(scales, net->scales, 18));
                CHECK(mlp_save_memory(net, NULL, &after, NULL) == MLP_OK && before == after);
            }
            counter.fail_at = counter.calls + 1;
            data.error = &error;
            CHECK(mlp_fit_scaling(net, &data) == MLP_ERR_MEMORY && error.code == MLP_ERR_MEMORY);
            CHECK(test_same_bits(scales, net->scales, 18) && mlp_fit_scaling(net, &data) == MLP_OK);
            mlp_destroy(net);
            CHECK(counter.live == 0);
        }
}

/* columns whose range is no float cannot be scaled: refused by name, and the net can have other rows */
static void fit_ranges_that_overflow_are_refused(void)
{
    int kind, target;
    for (kind = MLP_SCALE_STANDARD; kind <= MLP_SCALE_ROBUST; kind++)
        for (target = 0; target < 2; target++) {
            mlp_data data = fit_rows(125, 0, 60, 0);
            mlp_desc d = fit_net_desc(0);
            float *bad = target ? train_data_rows.y + 1 : train_data_rows.x + 4;
            mlp_error error;
            mlp *net;
            if (target && kind == MLP_SCALE_ROBUST) continue;
            if (target) d.target_scaling = (mlp_scaling)kind;
            else d.input_scaling = (mlp_scaling)kind;
            net = fit_net(&d);
            data.error = &error;
            bad[0] = 3e38f;
            bad[target ? 3 : 6] = -3e38f;
            CHECK(mlp_fit(net, &data, NULL) == MLP_ERR_NONFINITE && error.column == (target ? 1u : 4u));
            CHECK(strstr(error.text, target ? "y" : "x") && !net->scaled);
            bad[0] = 1;
            bad[target ? 3 : 6] = 2;
            CHECK(mlp_fit(net, &data, NULL) == MLP_OK);
            fit_check_scales(net, &data, NULL, 60);
            mlp_destroy(net);
        }
}

/* however far out: robust inputs are 3 there, not NaN */
static void fit_robust_inputs_stay_within_3(void)
{
    mlp_desc d = net_desc(1, 1, 0);
    float x[8] = { 0 }, y[8] = { 0 }, p[5];
    mlp_data data = loss_data(8, x, y);
    const float far[5] = { 3.4e38f, -3.4e38f, 3e30f, -3e30f, test_nan() };
    mlp *net;
    int i;
    for (i = 0; i < 8; i++) x[i] = (float)i * 1e-9f;
    d.input_scaling = MLP_SCALE_ROBUST;
    net = fit_net(&d);
    CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
    mlp_params(net, NULL)[0] = 1;
    CHECK(mlp_predict(net, far, 5, p) == MLP_OK && p[0] == 3 && p[1] == -3 && p[2] == 3 && p[3] == -3 && p[4] != p[4]);
    x[7] = 3.4e38f;                                         /* and a fit takes them */
    CHECK(mlp_fit_scaling(net, &data) == MLP_OK && mlp_fit(net, &data, NULL) == MLP_OK);
    mlp_destroy(net);
}

/* a copy is scaled as its net */
static void fit_copies_are_scaled(void)
{
    mlp_data data = fit_wide_rows(126, 100);
    mlp_desc d = fit_net_desc(0);
    float p[300], q[300];
    mlp *net, *copy = NULL;
    d.input_scaling = MLP_SCALE_ROBUST;
    d.target_scaling = MLP_SCALE_MIN_MAX;
    net = fit_net(&d);
    CHECK(mlp_fit(net, &data, NULL) == MLP_OK && mlp_copy(&copy, net) == MLP_OK);
    CHECK(mlp_predict(net, data.x, 100, p) == MLP_OK && mlp_predict(copy, data.x, 100, q) == MLP_OK);
    CHECK(test_same_bits(p, q, 300));
    data = fit_rows(127, 0, 100, 0);
    CHECK(mlp_fit(copy, &data, NULL) == MLP_OK && test_same_bits(net->scales, copy->scales, 18));
    mlp_destroy(net);
    mlp_destroy(copy);
}

/* with scaling, a split, best weights and threads: nothing is lost, the net as it was, and the fit works afterwards */
static void fit_every_allocation_may_fail(void)
{
    mlp_data data = fit_rows(128, 0, 400, 0);
    mlp_desc d = fit_net_desc(0);
    mlp_fit_desc f = fit_how(2);
    mlp_fit_report report;
    net_counter counter;
    mlp_error error;
    uint64_t whole = 0, before;
    int fail_at, calls = 0;
    mlp *net;
    data.error = &error;
    d.allocator = net_allocator(&counter);
    d.input_scaling = MLP_SCALE_ROBUST;
    d.target_scaling = MLP_SCALE_STANDARD;
    f.batch = 200;
    f.threads = FIT_THREADS;
    f.validation_split = 0.2f;
    f.report = &report;
    for (fail_at = 0; fail_at <= calls; fail_at++) {
        memset(&counter, 0, sizeof counter);
        net = fit_net(&d);
        before = train_hash(net);
        counter.calls = 0;
        counter.fail_at = fail_at;
        if (fail_at) {
            CHECK(mlp_fit(net, &data, &f) == MLP_ERR_MEMORY && error.code == MLP_ERR_MEMORY && error.text[0]);
            CHECK(report.stop == MLP_STOP_ERROR && report.epochs == 0 && train_hash(net) == before && !net->scaled);
        }
        counter.fail_at = 0;
        CHECK(mlp_fit(net, &data, &f) == MLP_OK);
        if (!fail_at) { whole = train_hash(net); calls = counter.calls; }
        CHECK(train_hash(net) == whole);
        mlp_destroy(net);
        CHECK(counter.live == 0);
    }
    snprintf(test.note, sizeof test.note, "%d allocations", calls);
    CHECK(calls >= 5);
}

static mlp *fit_through_a_file(const mlp *net, const mlp_save_desc *save, mlp_result expected)
{
    mlp_load_desc how;
    size_t size = 0;
    mlp *back = NULL;
    void *memory;
    memset(&how, 0, sizeof how);
    how.checkpoint = save->checkpoint;
    if (!CHECK(mlp_save_memory(net, NULL, &size, save) == expected) || expected) return NULL;
    memory = malloc(size);
    CHECK(mlp_save_memory(net, memory, &size, save) == MLP_OK && mlp_load_memory(&back, memory, size, &how) == MLP_OK);
    free(memory);
    return back;
}

/* a scaled net comes back the same; folded, it is a plain net that predicts the same, unless layers cannot take the
   scales */
static void fit_scaled_nets_in_files(void)
{
    static float p[100 * 3], q[100 * 3], spread[3];
    int in, out, shape;
    for (in = 0; in < 4; in++)
        for (out = 0; out < 3; out++)
            for (shape = 0; shape < 4; shape++) {           /* no bias below, none above, an activation above */
                mlp_data data = fit_wide_rows(124, 100);
                mlp_desc d = fit_net_desc(0);
                mlp_fit_desc f = fit_how(20);
                const int unfolded = in == MLP_SCALE_ROBUST || (in && shape == 1) || (out && shape >= 2);
                mlp_save_desc save;
                mlp *net, *back;
                size_t i, j;
                memset(&save, 0, sizeof save);
                /* folded, a column far from 0 loses digits */
                for (i = 0; i < 100; i++) train_data_rows.x[i * 6 + 3] -= 990;
                d.input_scaling = (mlp_scaling)in;
                d.target_scaling = (mlp_scaling)out;
                d.layers[0].no_bias = shape == 1;
                d.layers[1].no_bias = shape == 2;
                if (shape == 3) d.layers[1].activation = MLP_ACT_TANH;
                net = fit_net(&d);
                CHECK(mlp_fit(net, &data, &f) == MLP_OK && mlp_predict(net, data.x, 100, p) == MLP_OK);
                back = fit_through_a_file(net, &save, MLP_OK);
                CHECK(mlp_predict(back, data.x, 100, q) == MLP_OK && test_same_bits(p, q, 300));
                CHECK(!net->scales || test_same_bits(net->scales, back->scales, 18));
                mlp_destroy(back);
                save.fold = 1;
                back = fit_through_a_file(net, &save, unfolded ? MLP_ERR_UNSUPPORTED : MLP_OK);
                mlp_destroy(net);
                if (!back) continue;
                CHECK(!mlp_get_desc(back)->input_scaling && !mlp_get_desc(back)->target_scaling);
                CHECK(mlp_predict(back, data.x, 100, q) == MLP_OK);
                for (j = 0; j < 3; j++)
                    for (spread[j] = 0, i = 0; i < 100; i++) spread[j] = fmaxf(spread[j], fabsf(p[i * 3 + j]));
                for (i = 0; i < 300; i++) CHECK_NEAR((double)p[i], (double)q[i], 1e-5 * (double)spread[i % 3]);
                mlp_destroy(back);
            }
}

/* ---- exact resume ---- */

typedef struct { mlp *net; void *memory; size_t size; int at; } fit_saving;

static int fit_save_checkpoint(void *user, const mlp_progress *p)
{
    fit_saving *s = (fit_saving *)user;
    mlp_save_desc how;
    if (p->epoch != s->at) return 0;
    memset(&how, 0, sizeof how);
    how.checkpoint = 1;
    CHECK(mlp_save_memory(s->net, NULL, &s->size, &how) == MLP_OK);
    s->memory = malloc(s->size);
    CHECK(mlp_save_memory(s->net, s->memory, &s->size, &how) == MLP_OK);
    return 0;
}

/* `epochs` epochs, and as many with a checkpoint saved in on_epoch at `at`, loaded and gone on with: the same bits,
   the same report */
static void fit_resumes(const mlp_desc *d, mlp_fit_desc f, const mlp_data *data, int epochs, int at)
{
    mlp *whole = fit_net(d), *back = NULL;
    mlp_fit_report a, b;
    mlp_save_desc save;
    mlp_load_desc how;
    fit_saving s;
    size_t n, m, i;
    unsigned char *x, *y;
    memset(&s, 0, sizeof s);
    memset(&how, 0, sizeof how);
    memset(&save, 0, sizeof save);
    s.net = whole;
    s.at = at;
    f.epochs = epochs;
    f.on_epoch = fit_save_checkpoint;
    f.user = &s;
    f.report = &a;
    how.checkpoint = save.checkpoint = 1;
    CHECK(mlp_fit(whole, data, &f) == MLP_OK && s.memory);
    CHECK(mlp_load_memory(&back, s.memory, s.size, &how) == MLP_OK);
    free(s.memory);
    s.at = 0;
    f.epochs = epochs - at;
    f.report = &b;
    CHECK(mlp_fit(back, data, &f) == MLP_OK && train_hash(back) == train_hash(whole));
    CHECK(a.stop == b.stop && a.epochs == at + b.epochs && a.best_epoch == b.best_epoch);
    CHECK(b.epochs ? a.loss == b.loss : isnan(b.loss));
    CHECK(test_same_bits((const float *)(void *)&a.best_loss, (const float *)(void *)&b.best_loss, 2)
          || isnan(a.best_loss));
    CHECK(mlp_save_memory(whole, NULL, &n, &save) == MLP_OK && mlp_save_memory(back, NULL, &m, &save) == MLP_OK
          && n == m);
    x = (unsigned char *)malloc(n);
    y = (unsigned char *)malloc(n);
    CHECK(mlp_save_memory(whole, x, &n, &save) == MLP_OK && mlp_save_memory(back, y, &m, &save) == MLP_OK);
    for (i = 0; i < n && i < m && x[i] == y[i]; i++) { }
    /* and so is all that a checkpoint has */
    CHECK(i == n);
    free(x);
    free(y);
    mlp_destroy(whole);
    mlp_destroy(back);
}

static void fit_resumes_with_every_optimizer(void)
{
    int kind;
    for (kind = 0; kind <= OPTIM_KINDS; kind++) {
        mlp_data data = fit_rows(130, 0, 100, 1);
        mlp_desc d = fit_net_desc(1);
        mlp_fit_desc f = fit_how(0);
        f.opt = optim_desc(kind < OPTIM_KINDS ? optim_kinds[kind].kind : MLP_OPT_SGD, 0.01f);
        if (kind == OPTIM_KINDS) { f.opt.momentum = 0.9f; f.opt.nesterov = 1; }
        f.opt.weight_decay = 0.01f;
        f.opt.clip_norm = 0.3f;
        fit_resumes(&d, f, &data, 10, 5);
    }
    for (kind = MLP_OPT_LBFGS; kind <= MLP_OPT_LM; kind++) {            /* by the whole objective, with best weights */
        mlp_data data = fit_rows(133, 0, 100, 0);
        mlp_desc d = fit_net_desc(0);
        mlp_fit_desc f = train_fit(0, MLP_FULL_BATCH, MLP_ORDER_SHUFFLED, (mlp_opt)kind, 0);
        f.opt.weight_decay = 0.001f;
        f.validation_split = 0.2f;
        f.patience = 8;
        fit_resumes(&d, f, &data, 10, 5);
    }
}

static void fit_resumes_with_every_feature(void)
{
    int what, patience;
    for (what = 0; what < 8; what++) {
        mlp_data held = fit_rows(131, 300, 60, 1), data = fit_rows(131, 0, 100, 1);
        mlp_desc d = fit_net_desc(1);
        mlp_fit_desc f = fit_how(0);
        if (what == 0) d.layers[0].dropout = 0.3f;
        if (what == 1) { f.schedule = fit_schedule_desc(MLP_SCHEDULE_ONE_CYCLE, 2, 0, 0, 0); f.schedule.epochs = 10; }
        if (what == 2) { f.schedule = fit_schedule_desc(MLP_SCHEDULE_STEP, 0, 3, 0.5f, 0); f.schedule.epochs = 1; }
        if (what == 3 || what == 7) {
            f.schedule = fit_schedule_desc(MLP_SCHEDULE_PLATEAU, 0, 1, 0.5f, 0);
            f.opt.rate = 0.1f;
            f.opt.l1 = 0.1f;
        }
        if (what == 4) d.input_scaling = MLP_SCALE_ROBUST;
        if (what == 5) f.order = MLP_ORDER_REPLACEMENT;
        if (what == 6) { f.validation = &held; f.keep_last = 1; }
        if (what == 7) f.validation_split = 0.2f;
        fit_resumes(&d, f, &data, 10, 5);
    }
    /* best weights before and after the checkpoint */
    for (patience = 0; patience < 12; patience += 3)
        for (what = 2; what < 30; what += 4) {
            mlp_data held = fit_rows(93, 100, 50, 1), data = fit_rows(93, 0, 40, 1);
            mlp_desc d = fit_net_desc(1);
            mlp_fit_desc f = fit_how(0);
            mlp_fit_report report;
            mlp *probe = fit_net(&d);
            f.epochs = 30;
            f.validation = &held;
            f.patience = patience;
            f.report = &report;
            CHECK(mlp_fit(probe, &data, &f) == MLP_OK);
            mlp_destroy(probe);
            if (what < report.epochs) fit_resumes(&d, f, &data, 30, what);
            else if (report.stop == MLP_STOP_PATIENCE) fit_resumes(&d, f, &data, 30, report.epochs);
        }
}

/* best weights in a checkpoint do not come back where the last are to stay */
static void fit_resumed_without_best_weights(void)
{
    mlp_data held = fit_rows(93, 100, 50, 1), data = fit_rows(93, 0, 40, 1);
    mlp_desc d = fit_net_desc(1);
    mlp *net = fit_net(&d), *back = NULL, *last = fit_net(&d), *none = NULL;
    mlp_fit_desc f = fit_how(20);
    mlp_load_desc how;
    mlp_error error;
    fit_saving s;
    memset(&s, 0, sizeof s);
    memset(&how, 0, sizeof how);
    how.checkpoint = 1;
    s.net = net;
    s.at = 15;
    f.validation = &held;
    f.on_epoch = fit_save_checkpoint;
    f.user = &s;
    CHECK(mlp_fit(net, &data, &f) == MLP_OK && mlp_load_memory(&back, s.memory, s.size, &how) == MLP_OK);
    memset((char *)s.memory + s.size - 4, 0xff, 4);         /* of mlp.best, which would come back: NaN */
    how.error = &error;
    CHECK(mlp_load_memory(&none, s.memory, s.size, &how) == MLP_ERR_FORMAT && strstr(error.text, "mlp.best"));
    free(s.memory);
    s.at = 0;
    f.epochs = 5;
    f.keep_last = 1;
    CHECK(mlp_fit(back, &data, &f) == MLP_OK);
    f.epochs = 20;
    CHECK(mlp_fit(last, &data, &f) == MLP_OK && train_hash(last) == train_hash(back)
          && train_hash(last) != train_hash(net));
    mlp_destroy(net);
    mlp_destroy(back);
    mlp_destroy(last);
}

/* two fits in a row are one, if the last weights stay */
static void fit_goes_on_with_the_last_weights(void)
{
    int kind;
    for (kind = 0; kind < OPTIM_KINDS; kind++) {
        mlp_data data = fit_rows(132, 0, 100, 1);
        mlp_desc d = fit_net_desc(1);
        mlp *once, *twice;
        mlp_fit_desc f = fit_how(10);
        d.layers[0].dropout = 0.2f;
        once = fit_net(&d);
        twice = fit_net(&d);
        f.opt = optim_desc(optim_kinds[kind].kind, 0.01f);
        f.validation_split = 0.2f;
        f.keep_last = 1;
        f.schedule = fit_schedule_desc(MLP_SCHEDULE_COSINE, 1, 0, 0, 0.1f);
        f.schedule.epochs = 12;
        CHECK(mlp_fit(once, &data, &f) == MLP_OK);
        f.epochs = 5;
        CHECK(mlp_fit(twice, &data, &f) == MLP_OK && mlp_fit(twice, &data, &f) == MLP_OK
              && train_hash(once) == train_hash(twice));
        mlp_destroy(once);
        mlp_destroy(twice);
    }
}

#ifdef _OPENMP
/* updates of any kind, with penalties, norms, rates of layers, scaling and a split: the bits of one thread */
static void fit_threads_change_no_bit(void)
{
    int kind, threads, what;
    for (kind = 0; kind < OPTIM_KINDS; kind++)
        for (what = 0; what < 2; what++) {
            uint64_t one = 0;
            for (threads = 1; threads < 9; threads += threads < 3 ? 1 : 5) {
                mlp_data data = fit_rows(150, 0, 300, 0);
                mlp_desc d = fit_dropout_desc(0.2f);
                mlp_fit_desc f = train_fit(3, 90, MLP_ORDER_SHUFFLED, optim_kinds[kind].kind, 0.01f);
                mlp *net;
                d.input_scaling = MLP_SCALE_STANDARD;
                f.threads = threads;
                f.validation_split = 0.25f;
                f.opt.clip_norm = 0.2f;
                if (what) {
                    d.layers[1].rate = 0.3f;
                    d.layers[0].no_bias = 1;
                    f.opt.weight_decay = 0.1f;
                    f.opt.l1 = 0.01f;
                    f.opt.max_norm = 1;
                }
                net = fit_net(&d);
                CHECK(mlp_fit(net, &data, &f) == MLP_OK);
                if (threads == 1) one = train_hash(net);
                CHECK(train_hash(net) == one);
                mlp_destroy(net);
            }
        }
}
#endif

static void fit_tests(void)
{
    RUN(fit_rates_follow_the_formulas);
    RUN(fit_custom_schedule_gives_the_rate);
    RUN(fit_plateau_lowers_the_rate);
    RUN(fit_bad_descs_are_refused_by_name);
    RUN(fit_validation_brings_the_best_weights_back);
    RUN(fit_ties_keep_the_earlier);
    RUN(fit_loss_that_is_no_number_is_no_gain);
    RUN(fit_errors_are_those_of_the_data);
    RUN(fit_report_says_why_it_ended);
    RUN(fit_split_is_exact);
    RUN(fit_split_is_two_sets_of_data);
    RUN(fit_split_needs_weight_on_both_sides);
    RUN(fit_callbacks_see_each_update);
    RUN(fit_on_gradients_may_change_them);
    RUN(fit_weights_are_repetitions);
    RUN(fit_rows_may_come_from_a_function);
    RUN(fit_split_of_rows_that_are_read);
    RUN(fit_errors_of_reading_name_the_row);
    RUN(fit_reading_refuses_what_it_cannot_have);
    RUN(fit_masks_are_as_documented);
    RUN(fit_masks_do_not_depend_on_cuts);
    RUN(fit_gradient_with_dropout_is_that_of_differences);
    RUN(fit_dropout_is_off_outside_of_training);
    RUN(fit_scales_are_the_documented_numbers);
    RUN(fit_scaled_net_is_a_plain_one_on_scaled_rows);
    RUN(fit_robust_scales_are_of_a_sample);
    RUN(fit_scaling_may_fail);
    RUN(fit_ranges_that_overflow_are_refused);
    RUN(fit_robust_inputs_stay_within_3);
    RUN(fit_copies_are_scaled);
    RUN(fit_every_allocation_may_fail);
    RUN(fit_scaled_nets_in_files);
    RUN(fit_resumes_with_every_optimizer);
    RUN(fit_resumes_with_every_feature);
    RUN(fit_resumed_without_best_weights);
    RUN(fit_goes_on_with_the_last_weights);
#ifdef _OPENMP
    RUN(fit_threads_change_no_bit);
#endif
}
