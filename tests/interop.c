/* What other programs compare with: nets trained here, and training of nets made elsewhere. Arrays are files of floats.
     interop make DIR               for each activation and a few shapes: DIR/NAME.safetensors, NAME.x, and NAME.y = its
                                    predictions
     interop train DIR LAYERS LOSS REDUCTION OPT STEPS
                                    loads DIR/model.safetensors, whose activations are LAYERS (words with commas), and
                                    DIR/x, DIR/y; writes DIR/forward, DIR/gradients and, after STEPS steps, the weights
                                    to DIR/after: layer by layer [out][in], [out]. OPT: "adam,rate=0.01"
     interop schedule DIR KIND EPOCHS WARMUP PERIOD GAMMA FLOOR    a fit at rate 1 of batches of which an epoch has 5:
                                    rate of each update to DIR/rates, loss of each epoch to DIR/losses
     interop predict DIR HIDDEN OUTPUT    loads it by two activations: DIR/forward
     interop compare A B TOLERANCE  largest |a - b| / max(1, |b|) of two arrays; fails above TOLERANCE */
#define _DEFAULT_SOURCE
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "test.h"

enum { ROWS = 64, MOST = 1 << 20 };

static void stop(const char *what, const char *why) { fprintf(stderr, "%s: %s\n", what, why); exit(1); }

static void demand(mlp_result r, const char *what, const mlp_error *error)
{
    if (r) { fprintf(stderr, "%s: %s: %s\n", what, mlp_result_string(r), error ? error->text : ""); exit(1); }
}

static const char *path_of(const char *dir, const char *name, const char *end)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", dir, name, end);
    return path;
}

static void write_floats(const char *path, const float *v, size_t n)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(v, sizeof(float), n, f) != n || fclose(f)) stop(path, "not written");
}

static float *read_floats(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    float *v = (float *)malloc(MOST * sizeof(float));
    if (!f || !v) stop(path, "cannot be read");
    *n = fread(v, sizeof(float), MOST, f);
    fclose(f);
    return v;
}

/* ---- nets of ours ---- */

static void make_net(const char *dir, const char *name, mlp_desc *d, float spread)
{
    static float x[ROWS * 1024], y[ROWS * 1024];
    int outputs = 0, l;
    mlp_fit_desc how = { 0 };
    mlp_data data = { 0 };
    mlp_error error;
    mlp *net;
    for (l = 0; l < MLP_MAX_LAYERS && d->layers[l].units; l++) outputs = d->layers[l].units;
    test_fill(x, (size_t)(ROWS * d->inputs));
    test_fill(y, (size_t)(ROWS * outputs));
    for (l = 0; l < ROWS * d->inputs; l++) x[l] *= spread;
    for (l = 0; l < ROWS * outputs && d->loss != MLP_LOSS_DEFAULT; l++)
        y[l] = l % outputs == l / outputs % outputs ? 1.0f : 0.0f;
    d->error = data.error = &error;
    data.rows = ROWS;
    data.x = x;
    data.y = y;
    how.epochs = 20;
    demand(mlp_create(&net, d), name, &error);
    demand(mlp_fit(net, &data, &how), name, &error);
    demand(mlp_save(net, path_of(dir, name, ".safetensors"), NULL), name, NULL);
    demand(mlp_predict(net, x, ROWS, y), name, NULL);
    write_floats(path_of(dir, name, ".x"), x, (size_t)(ROWS * d->inputs));
    write_floats(path_of(dir, name, ".y"), y, (size_t)(ROWS * outputs));
    mlp_destroy(net);
}

static void custom_value(void *user, size_t n, const float *z, float *a)
{
    (void)user;
    memcpy(a, z, n * sizeof(float));
}
static void custom_slope(void *user, size_t n, const float *z, const float *a, float *slope)
{
    (void)user; (void)z; (void)a;
    while (n--) slope[n] = 1;
}

static mlp_desc desc_of(int inputs, int first, int second, int third, mlp_activation hidden)
{
    mlp_desc d;
    int l;
    memset(&d, 0, sizeof d);
    d.inputs = inputs;
    d.layers[0].units = first;
    d.layers[1].units = second;
    d.layers[2].units = third;
    for (l = 0; l < MLP_MAX_LAYERS && d.layers[l].units; l++) {
        d.layers[l].activation = hidden;
        if (hidden == MLP_ACT_LEAKY_RELU) d.layers[l].alpha = l ? 0.2f : -1.0f;     /* -1: zero itself */
        if (hidden == MLP_ACT_ELU) d.layers[l].alpha = 0.7f;
        d.layers[l].custom.value = hidden == MLP_ACT_CUSTOM ? custom_value : NULL;
        d.layers[l].custom.slope = hidden == MLP_ACT_CUSTOM ? custom_slope : NULL;
    }
    return d;
}

/* Inputs within 2 take every activation into its flat parts; above, a rounding of z alone would be more than 1e-6. */
static int make(const char *dir)
{
    int a;
    mlp_desc d;
    for (a = MLP_ACT_IDENTITY; a < MLP_ACT_SOFTMAX; a++) {
        d = desc_of(5, 12, 7, 3, (mlp_activation)a);
        d.layers[1].no_bias = 1;
        make_net(dir, mlp__activation_names[a], &d, 2);
    }
    d = desc_of(5, 12, 7, 3, MLP_ACT_CUSTOM);
    make_net(dir, "custom", &d, 1);
    d = desc_of(64, 32, 10, 0, MLP_ACT_DEFAULT);
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    make_net(dir, "digits", &d, 1);
    d = desc_of(784, 256, 10, 0, MLP_ACT_DEFAULT);
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    make_net(dir, "wide", &d, 1);
    d = desc_of(100, 64, 32, 20, MLP_ACT_DEFAULT);
    make_net(dir, "deep", &d, 1);
    d = desc_of(4, 1, 0, 0, MLP_ACT_DEFAULT);
    d.loss = MLP_LOSS_BINARY_CROSS_ENTROPY;
    make_net(dir, "one", &d, 1);
    return 0;
}

/* ---- nets of others ---- */

static int index_of(const char *const *names, const char *word)
{
    const int i = mlp__name_index(names, word);
    if (i < 0) stop(word, "unknown name");
    return i;
}

/* a run of parameters or gradients as files have it: a copy of the net whose parameters are
   that run gives its weights back */
static void write_run(const char *path, const mlp *net, const float *run)
{
    static float v[MOST];
    const mlp_desc *d = mlp_get_desc(net);
    int l, in = d->inputs;
    size_t n, at = 0;
    mlp *copy;
    float *params;
    demand(mlp_copy(&copy, net), path, NULL);
    params = mlp_params(copy, &n);
    memcpy(params, run, n * sizeof(float));
    for (l = 0; l < MLP_MAX_LAYERS && d->layers[l].units; in = d->layers[l++].units) {
        demand(mlp_get_weights(copy, l, v + at, NULL), path, NULL);
        at += (size_t)in * (size_t)d->layers[l].units;
        if (d->layers[l].no_bias) continue;
        demand(mlp_get_weights(copy, l, NULL, v + at), path, NULL);
        at += (size_t)d->layers[l].units;
    }
    mlp_destroy(copy);
    write_floats(path, v, at);
}

static void predict(const char *dir, const mlp *net)
{
    static float y[MOST];
    const mlp_desc *d = mlp_get_desc(net);
    int l, outputs = 0;
    size_t values;
    float *x = read_floats(path_of(dir, "x", ""), &values);
    const size_t rows = values / (size_t)d->inputs;
    for (l = 0; l < MLP_MAX_LAYERS && d->layers[l].units; l++) outputs = d->layers[l].units;
    demand(mlp_predict(net, x, rows, y), dir, NULL);
    write_floats(path_of(dir, "forward", ""), y, rows * (size_t)outputs);
    free(x);
}

static int predict_foreign(const char *dir, const char *hidden, const char *output)
{
    mlp_load_desc how = { 0 };
    mlp_error error;
    mlp *net;
    how.hidden = (mlp_activation)index_of(mlp__activation_names, hidden);
    how.output = (mlp_activation)index_of(mlp__activation_names, output);
    how.error = &error;
    demand(mlp_load(&net, path_of(dir, "model", ".safetensors"), &how), dir, &error);
    predict(dir, net);
    mlp_destroy(net);
    return 0;
}

/* "adam,rate=0.01,decay_biases=1" */
static mlp_opt_desc opt_of(char *words)
{
#define FIELD(name) { #name, offsetof(mlp_opt_desc, name) }
    static const struct { const char *name; size_t offset; } fields[] = {
        FIELD(rate), FIELD(momentum), FIELD(beta1), FIELD(beta2), FIELD(epsilon), FIELD(weight_decay), FIELD(clip_norm),
        FIELD(clip_value), FIELD(rho), FIELD(eta_minus), FIELD(eta_plus), FIELD(step_min), FIELD(step_max) };
#undef FIELD
    mlp_opt_desc opt = { 0 };
    char *word = strtok(words, ",");
    size_t i;
    opt.kind = (mlp_opt)index_of(mlp__opt_names, word);
    while ((word = strtok(NULL, ",")) != NULL) {
        char *value = strchr(word, '=');
        if (!value) stop(word, "no value");
        *value++ = 0;
        for (i = 0; i < sizeof fields / sizeof *fields && strcmp(fields[i].name, word); i++) { }
        if (i < sizeof fields / sizeof *fields)
            *(float *)(void *)((char *)&opt + fields[i].offset) = (float)atof(value);
        else if (!strcmp(word, "nesterov")) opt.nesterov = atoi(value);
        else if (!strcmp(word, "decay_biases")) opt.decay_biases = atoi(value);
        else stop(word, "unknown field");
    }
    return opt;
}

static int train_foreign(const char *dir, char **arg)
{
    mlp_desc d;
    mlp_load_desc how = { 0 };
    mlp_opt_desc opt;
    mlp_data data = { 0 };
    mlp_error error;
    mlp *net;
    char *word;
    size_t values;
    int l = 0, step;
    memset(&d, 0, sizeof d);
    d.loss = (mlp_loss)index_of(mlp__loss_names, arg[1]);
    d.reduction = (mlp_reduction)index_of(mlp__reduction_names, arg[2]);
    for (word = strtok(arg[0], ","); word; word = strtok(NULL, ","))
        d.layers[l++].activation = (mlp_activation)index_of(mlp__activation_names, word);
    opt = opt_of(arg[3]);
    how.desc = &d;
    how.error = data.error = &error;
    demand(mlp_load(&net, path_of(dir, "model", ".safetensors"), &how), dir, &error);
    data.x = read_floats(path_of(dir, "x", ""), &values);
    data.rows = values / (size_t)mlp_get_desc(net)->inputs;
    predict(dir, net);
    data.y = read_floats(path_of(dir, "y", ""), &values);
    for (step = 0; step < atoi(arg[4]); step++) {
        demand(mlp_compute_gradients(net, &data, NULL), dir, &error);
        if (step == 0) write_run(path_of(dir, "gradients", ""), net, mlp_gradients(net, &values));
        opt.error = &error;
        demand(mlp_step(net, &opt), dir, &error);
    }
    write_run(path_of(dir, "after", ""), net, mlp_params(net, &values));
    mlp_destroy(net);
    return 0;
}

/* ---- schedules ---- */

#define NAME(enumerator, name, gamma, period, takes_floor) #name,
static const char *const schedule_names[] = { MLP__SCHEDULES(NAME) NULL };
#undef NAME
static float rates[MOST], losses[MOST];
static size_t rate_count, loss_count;

static int note_rate(void *user, const mlp_progress *p) { (void)user; rates[rate_count++] = (float)p->rate; return 0; }
static int note_loss(void *user, const mlp_progress *p) { (void)user; losses[loss_count++] = (float)p->loss; return 0; }

static int schedule(const char *dir, char **arg)
{
    static float x[80], y[80];
    mlp_desc d;
    mlp_fit_desc how = { 0 };
    mlp_data data = { 0 };
    mlp_error error;
    mlp *net;
    memset(&d, 0, sizeof d);
    d.inputs = d.layers[0].units = 1;
    d.error = data.error = &error;
    test_fill(x, 80);
    test_fill(y, 80);
    data.rows = 80;
    data.x = x;
    data.y = y;
    how.batch = 16;
    how.opt.kind = MLP_OPT_ADAM;
    how.opt.rate = 1;
    how.schedule.kind = (mlp_schedule)index_of(schedule_names, arg[0]);
    how.epochs = atoi(arg[1]);
    how.schedule.warmup = atoi(arg[2]);
    how.schedule.period = atoi(arg[3]);
    how.schedule.gamma = (float)atof(arg[4]);
    how.schedule.floor = (float)atof(arg[5]);
    how.on_step = note_rate;
    how.on_epoch = note_loss;
    demand(mlp_create(&net, &d), dir, &error);
    demand(mlp_fit(net, &data, &how), dir, &error);
    write_floats(path_of(dir, "rates", ""), rates, rate_count);
    write_floats(path_of(dir, "losses", ""), losses, loss_count);
    mlp_destroy(net);
    return 0;
}

static int compare(const char *a_path, const char *b_path, double tolerance)
{
    size_t n, m, i, bad = 0;
    const float *a = read_floats(a_path, &n), *b = read_floats(b_path, &m);
    double worst = 0;
    for (i = 0; i < n && i < m; i++) {
        const double error = fabs((double)a[i] - (double)b[i]) / fmax(1, fabs((double)b[i]));
        if (!(error <= tolerance)) bad++;               /* a NaN, too */
        if (error > worst) worst = error;
    }
    printf("%s: %lu of %lu values are wrong, largest error %.2g\n",
           a_path, (unsigned long)bad, (unsigned long)n, worst);
    return !(n == m && n > 0 && bad == 0);
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "make")) return make(argv[2]);
    if (argc == 5 && !strcmp(argv[1], "predict")) return predict_foreign(argv[2], argv[3], argv[4]);
    if (argc == 8 && !strcmp(argv[1], "train")) return train_foreign(argv[2], argv + 3);
    if (argc == 9 && !strcmp(argv[1], "schedule")) return schedule(argv[2], argv + 3);
    if (argc == 5 && !strcmp(argv[1], "compare")) return compare(argv[2], argv[3], atof(argv[4]));
    stop("usage", "see the top of tests/interop.c");
    return 2;
}
