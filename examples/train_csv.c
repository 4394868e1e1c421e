/* Trains on a table and saves a model: train_csv data.csv. What it takes the columns for, how it trains and how good
   the result is on rows that were held out, it says. predict_csv uses the model. */
#define _POSIX_C_SOURCE 200112L                 /* isatty, clock_gettime, access */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include "csv.h"
#include "ensemble.h"
#include "table.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FEW_ROWS = 50, FOLDS = 5, SHOWN_CLASSES = 12, SHOWN_COLUMNS = 10, LIST = 64 };
enum { IMPORTANCE_ROWS = 2000, IMPORTANCE_CELLS = 200000 };

static const char usage[] =
    "usage: train_csv FILE [options]          FILE: a table in text, - for stdin\n"
    "  --target NAME|N         the column to predict, by name or place from 1 (default: the last)\n"
    "  --task classification|regression       (default: found)\n"
    "  --out MODEL             (default: model.safetensors)\n"
    "  --members N             nets that answer together, each with its own seed (default: 5)\n"
    "  --holdout F             share of the rows kept for the test (default: 0.2; 0: all rows train)\n"
    "  --seed N                of the split, the weights and the order of rows (default: 0)\n"
    "  --epochs N              (default: by the number of rows)\n"
    "  --number, --category, --ignore NAME|N   take this column so, as often as needed\n"
    "  --missing WORD          a cell that is missing, as often as needed; so are empty ones, ?, NA, nan, null,\n"
    "                          and among numbers none, - and .\n"
    "  --delimiter C|tab, --decimal .|,, --header yes|no        (default: found)\n"
    "  --help, --version\n"
    "Ctrl-C ends training and keeps the best so far. Status: 0, or 1 with a line on stderr.\n";

typedef struct {
    const char *file, *out;
    csv_options read;
    table_options plan;
    const char *numbers[LIST], *categories[LIST], *ignored[LIST], *missing[LIST];
    unsigned long seed;
    int members, epochs;
    double holdout;
} options;

/* One line, whatever names and cells have in them. */
static int fails(const char *format, ...)
{
    char text[1024], *p;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (p = text; *p; p++) if ((unsigned char)*p < ' ') *p = ' ';
    fprintf(stderr, "train_csv: %s\n", text);
    return 1;
}

/* ---- options ---- */

static int number_option(const char *name, const char *value, double low, double high, int whole, double *to)
{
    char *end;
    *to = strtod(value, &end);
    if (*value && !*end && *to >= low && *to <= high && (!whole || *to == floor(*to))) return 0;
    return fails("%s %s: a number of %g to %g is expected", name, value, low, high);
}

static int list_option(const char *name, const char *value, const char **list)
{
    int n = 0;
    while (list[n]) n++;
    if (n + 1 >= LIST) return fails("%s: at most %d times", name, LIST - 1);
    list[n] = value;
    return 0;
}

static int word_option(const char *name, const char *value, const char *first, const char *second)
{
    if (!strcmp(value, first) || !strcmp(value, second)) return 0;
    return fails("%s %s: %s or %s is expected", name, value, first, second);
}

static int sign_option(const char *name, const char *value, const char *allowed, char *to)
{
    *to = csv_sign(value, allowed);
    if (*to) return 0;
    return fails("%s %s: %s is expected", name, value, allowed ? "a point or a comma" : "one character, or tab,");
}

/* One option with its value. */
static int take_option(options *o, const char *name, const char *value)
{
    double n = 0;
    int bad = 0;
    if (!strcmp(name, "--target")) o->plan.target = value;
    else if (!strcmp(name, "--out")) o->out = value;
    else if (!strcmp(name, "--task")) {
        bad = word_option(name, value, "classification", "regression");
        o->plan.task = value;
    } else if (!strcmp(name, "--header")) {
        bad = word_option(name, value, "yes", "no");
        o->read.header = *value == 'y' ? 1 : -1;
    } else if (!strcmp(name, "--delimiter")) bad = sign_option(name, value, NULL, &o->read.delimiter);
    else if (!strcmp(name, "--decimal")) bad = sign_option(name, value, ".,", &o->read.decimal);
    else if (!strcmp(name, "--missing")) bad = list_option(name, value, o->missing);
    else if (!strcmp(name, "--number")) bad = list_option(name, value, o->numbers);
    else if (!strcmp(name, "--category")) bad = list_option(name, value, o->categories);
    else if (!strcmp(name, "--ignore")) bad = list_option(name, value, o->ignored);
    else if (!strcmp(name, "--holdout")) bad = number_option(name, value, 0, 0.9, 0, &o->holdout);
    else if (!strcmp(name, "--members")) bad = number_option(name, value, 1, MOST_MEMBERS, 1, &n), o->members = (int)n;
    else if (!strcmp(name, "--epochs")) bad = number_option(name, value, 1, 1e6, 1, &n), o->epochs = (int)n;
    else if (!strcmp(name, "--seed"))
        bad = number_option(name, value, 0, 4294967295.0, 1, &n), o->seed = (unsigned long)n;
    else bad = fails("%s: no such option; --help lists them", name);
    return bad;
}

/* 0: go on; 1: an error, said; 2: done */
static int take_options(options *o, int argc, char **argv)
{
    int i;
    memset(o, 0, sizeof *o);
    o->out = "model.safetensors";
    o->members = 5;
    o->holdout = 0.2;
    o->plan.missing = o->read.missing = o->missing;
    o->plan.numbers = o->numbers;
    o->plan.categories = o->categories;
    o->plan.ignored = o->ignored;
    for (i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help")) return fputs(usage, stdout), 2;
        if (!strcmp(argv[i], "--version")) return printf("train_csv %s\n", MLP_VERSION), 2;
        if (argv[i][0] != '-' || !argv[i][1]) {
            if (o->file) return fails("two files, %s and %s; one is expected", o->file, argv[i]);
            o->file = argv[i];
        } else if (i + 1 == argc)
            return fails("%s: an option, with a value behind it, is expected; --help lists them", argv[i]);
        else if (take_option(o, argv[i], argv[i + 1])) return 1;
        else i++;
    }
    return o->file ? 0 : fails("which table? train_csv FILE [options]; --help lists them");
}

/* Some rows of a table, what the net sees of them and what it should say. */
typedef struct {
    size_t n, *rows;                    /* of the file */
    float *x;                           /* n x inputs */
    int *labels;                        /* classification, else NULL */
    float *values;                      /* regression, else NULL */
} part;

/* ---- what was decided ---- */

/* "1 column", "7 columns" */
static void count_of(size_t n, const char *what) { printf("%lu %s%s", (unsigned long)n, what, n == 1 ? "" : "s"); }

/* At most so many characters of a name, one line, with blanks behind it up to `width` of them. */
static void put_name(const char *name, int most, int width)
{
    int n = 0;
    for (; *name && (n < most || (*name & 0xc0) == 0x80); name++) {
        putchar((unsigned char)*name < ' ' ? ' ' : *name);
        n += (*name & 0xc0) != 0x80;
    }
    while (n++ < width) putchar(' ');
}

static void list_kind(const table *t, table_kind kind, const char *head, const char *tail)
{
    int i, n = 0;
    for (i = 0; i < t->count; i++) {
        if (t->columns[i].kind != kind || n++ >= 8) continue;
        printf("%s", n > 1 ? ", " : head);
        put_name(t->columns[i].name, 60, 0);
    }
    if (n > 8) printf(" and %d more", n - 8);
    if (n) printf("%s\n", tail);
}

static void say_classes_of(const table *t, const part *all)
{
    size_t per_class[SHOWN_CLASSES] = { 0 }, i;
    int k;
    for (i = 0; i < all->n; i++) if (all->labels[i] < SHOWN_CLASSES) per_class[all->labels[i]]++;
    printf("classification, %d classes: ", t->class_count);
    for (k = 0; k < t->class_count && k < SHOWN_CLASSES; k++) {
        printf("%s", k ? ", " : "");
        put_name(t->classes[k], 60, 0);
        printf(" (%lu)", (unsigned long)per_class[k]);
    }
    printf("%s\n", k < t->class_count ? ", ..." : "");
}

static void say_target(const options *o, const table *t, const part *all)
{
    float low = 0, high = 0;
    size_t i;
    printf("  target      ");
    put_name(t->columns[t->target].name, 60, 0);
    printf("%s: ", o->plan.target ? "" : t->target + 1 == t->count ? " (the last column; --target names another)"
                                  : " (the last column but ids; --target names another)");
    if (t->classes) {
        say_classes_of(t, all);
        if (t->class_numbers && t->class_count > 2)
            printf("              (--task regression takes them for numbers)\n");
        return;
    }
    for (i = 0; i < all->n; i++) {
        if (i == 0 || all->values[i] < low) low = all->values[i];
        if (i == 0 || all->values[i] > high) high = all->values[i];
    }
    printf("regression, numbers from %g to %g\n", (double)low, (double)high);
}

static void say_table(const options *o, const csv *c, const table *t, const part *all)
{
    printf("%s: ", strcmp(o->file, "-") ? o->file : "stdin");
    count_of(c->rows, "row");
    printf(" of ");
    count_of(c->columns, "column");
    printf("; %s between them, decimal %s, %s\n", csv_delimiter_name(c->delimiter),
           c->decimal == ',' ? "comma" : "point", c->header ? "names in the first line" : "no names");
    list_kind(t, TABLE_NUMBER, "  numbers     ", "");
    list_kind(t, TABLE_CATEGORY, "  categories  ", "");
    list_kind(t, TABLE_ID, "  ids         (not used) ", "; --number NAME takes one");
    list_kind(t, TABLE_CONSTANT, "  constant    (not used) ", "");
    say_target(o, t, all);
    if (all->n < c->rows) { printf("  no target   (not used) "); count_of(c->rows - all->n, "row"); printf("\n"); }
}

/* ---- rows ---- */

static void free_part(part *p)
{
    free(p->rows);
    free(p->x);
    free(p->labels);
    free(p->values);
    memset(p, 0, sizeof *p);
}

static int make_part(part *p, size_t room, const table *t)
{
    memset(p, 0, sizeof *p);
    p->rows = (size_t *)malloc((room + 1) * sizeof *p->rows);
    if (t->classes) p->labels = (int *)malloc((room + 1) * sizeof *p->labels);
    else p->values = (float *)malloc((room + 1) * sizeof *p->values);
    return !p->rows || (!p->labels && !p->values);
}

static void append_row(part *p, size_t row, int label, float value)
{
    p->rows[p->n] = row;
    if (p->labels) p->labels[p->n] = label;
    else p->values[p->n] = value;
    p->n++;
}

/* All rows with a target, in an order drawn from the seed. Fisher-Yates. */
static int take_rows(part *all, const table *t, const csv *c, unsigned long seed)
{
    uint64_t state = seed * 2 + 1;
    size_t *order = (size_t *)malloc((c->rows + 1) * sizeof *order), i, j;
    if (!order || make_part(all, c->rows, t)) { free(order); return 1; }
    for (i = 0; i < c->rows; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        j = (size_t)(state >> 33) % (i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (i = 0; i < c->rows; i++) {
        int label = 0;
        float value = 0;
        if (t->classes ? table_class(t, c, order[i], &label) : table_value(t, c, order[i], &value))
            append_row(all, order[i], label, value);
    }
    free(order);
    return 0;
}

/* Of each class the share `holdout` goes to test, the rest to train; another fold holds out others. Rows are counted
   class after class, so that of small ones, too, this share is held out together; a class of one row trains. */
static int split(const part *all, const table *t, double holdout, int fold, part *train, part *test)
{
    size_t *counts = (size_t *)calloc((size_t)t->class_count + 1, sizeof *counts), i;
    size_t *places = (size_t *)calloc((size_t)t->class_count + 1, sizeof *places);
    int bad = make_part(train, all->n, t), c;
    bad |= make_part(test, all->n, t) || !counts || !places;
    for (i = 0; i < all->n && !bad; i++) counts[all->labels ? all->labels[i] : 0]++;
    for (c = 0; c + 1 < t->class_count && !bad; c++) places[c + 1] = places[c] + counts[c];
    for (i = 0; i < all->n && !bad; i++) {
        const int label = all->labels ? all->labels[i] : 0;
        const double place = (double)(places[label]++ + (size_t)fold);
        const int tests = floor((place + 1) * holdout) > floor(place * holdout) && counts[label] > 1;
        append_row(tests ? test : train, all->rows[i], label, all->values ? all->values[i] : 0);
    }
    free(counts);
    free(places);
    return bad;
}

static int encode(part *p, const table *t, const csv *c, char *error)
{
    p->x = (float *)malloc((p->n * (size_t)t->inputs + 1) * sizeof *p->x);
    if (!p->x) { snprintf(error, TABLE_ERROR, "not enough memory"); return 1; }
    return table_encode(t, c, NULL, p->rows, p->n, p->x, NULL, error);
}

static mlp_data data_of(const part *p, mlp_error *error)
{
    mlp_data d;
    memset(&d, 0, sizeof d);
    d.rows = p->n;
    d.x = p->x;
    d.y = p->values;
    d.labels = p->labels;
    d.error = error;
    return d;
}

/* ---- training ---- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    interrupted = 1;
    signal(signal_number, SIG_DFL);             /* a second time ends the program */
}

typedef struct {
    int shows, terminal, members, done; /* done: epochs of all members */
    double begin, shown;
} progress;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Ten times a second on a terminal; else at each tenth of the way. */
static int is_time(progress *s, double share, int last)
{
    const double place = s->terminal ? 10 * now() : 10 * share;
    if (floor(place) <= s->shown && !last) return 0;
    s->shown = floor(place);
    return 1;
}

static int show(void *user, const mlp_progress *p)
{
    progress *s = (progress *)user;
    const int all = s->members * p->epochs;
    const double seconds = now() - s->begin, done = ++s->done;
    if (s->shows && is_time(s, done / all, interrupted || s->done == all)) {
        printf("%sepoch %*d of %d: loss %.4f", s->terminal ? "\r" : "", all > 99 ? 3 : 2, s->done, all, p->loss);
        if (p->validation.rows) printf(", validation %.4f", p->validation.loss);
        printf(", %.3g rows/s, %.0f s left%s", (double)p->rows * done / (seconds > 0 ? seconds : 1),
               ceil(seconds / done * (all - done)), s->terminal ? "   " : "\n");
        fflush(stdout);
    }
    return interrupted;
}

typedef struct { mlp_desc desc; mlp_fit_desc fit; progress progress; mlp_error error; } trainer;

static void prepare(trainer *tr, const options *o, const table *t, size_t rows)
{
    mlp_recipe_tabular(&tr->desc, &tr->fit, rows, t->inputs, 1, t->class_count);
    tr->desc.seed = o->seed;
    tr->desc.error = &tr->error;
    if (o->epochs) tr->fit.epochs = o->epochs;
    tr->fit.on_epoch = show;
}

static int train(trainer *tr, ensemble *e, const table *t, const part *p, int shows, int members)
{
    mlp_data data = data_of(p, &tr->error);
    mlp_result r;
    memset(&tr->progress, 0, sizeof tr->progress);
    tr->fit.user = &tr->progress;
    tr->progress.shows = shows;
    tr->progress.members = members;
    tr->progress.terminal = isatty(1);
    tr->progress.begin = now();
    e->low = t->classes ? 0.0f : (float)t->low;
    e->high = t->classes ? 1.0f : (float)t->high;
    r = ensemble_fit(e, members, &tr->desc, &data, &tr->fit);
    if (shows && tr->progress.terminal) printf("\n");
    return r ? fails("training: %s", tr->error.text[0] ? tr->error.text : mlp_result_string(r)) : 0;
}

/* ---- what is known about rows that did not train: three answers to each ---- */

enum { TRIVIAL, LINEAR, NET, ANSWERS };

typedef struct {
    part rows;
    int outputs;
    float *answer[ANSWERS];             /* rows x outputs */
} trial;

static void free_trial(trial *r)
{
    int i;
    free_part(&r->rows);
    for (i = 0; i < ANSWERS; i++) free(r->answer[i]);
}

static int make_trial(trial *r, size_t rows, const table *t)
{
    int i, bad = make_part(&r->rows, rows, t);
    r->outputs = t->classes ? t->class_count : 1;
    for (i = 0; i < ANSWERS; i++) {
        r->answer[i] = (float *)malloc((rows * (size_t)r->outputs + 1) * sizeof(float));
        bad |= !r->answer[i];
    }
    return bad;
}

/* Shares of the classes, or the mean, of the training rows. */
static void answer_trivially(const part *train_rows, size_t n, int outputs, float *answer)
{
    double *shares = (double *)calloc((size_t)outputs, sizeof *shares);
    size_t i;
    for (i = 0; shares && i < train_rows->n; i++) {
        if (train_rows->labels) shares[train_rows->labels[i]] += 1;
        else shares[0] += (double)train_rows->values[i];
    }
    for (i = 0; shares && i < n * (size_t)outputs; i++)
        answer[i] = (float)(shares[i % (size_t)outputs] / (double)train_rows->n);
    free(shares);
}

/* What a linear model sees of the inputs: each number itself, not the parts that it lies in. NULL: no memory */
static float *without_parts(const table *t, const part *p, size_t *inputs)
{
    float *x, *to;
    size_t i;
    int j;
    for (*inputs = 0, j = 0; j < t->count; j++) *inputs += (size_t)(t->columns[j].inputs - t->columns[j].parts);
    x = to = (float *)malloc((p->n * *inputs + 1) * sizeof *x);
    for (i = 0; x && i < p->n; i++)
        for (j = 0; j < t->count; j++) {
            const table_column *k = &t->columns[j];
            const size_t n = (size_t)(k->inputs - k->parts);
            memcpy(to, p->x + i * (size_t)t->inputs + k->input, n * sizeof *to);
            to += n;
        }
    return x;
}

/* Ends the fit when the loss hardly falls any more. */
static int has_settled(void *user, const mlp_progress *p)
{
    double *last = (double *)user;
    const int settled = p->epoch > 1 && p->loss > *last * (1 - 1e-6);
    *last = p->loss;
    return settled;
}

/* A linear or logistic model with the penalty that scikit-learn has by default, to its minimum. */
static mlp_result answer_linearly(const trainer *tr, const table *t, const part *train_rows, const part *test,
                                  float *answer)
{
    mlp_desc desc = tr->desc;
    mlp_data data = data_of(train_rows, NULL);
    mlp_fit_desc fit;
    mlp *net = NULL;
    double last = 0;
    size_t inputs;
    float *x = without_parts(t, train_rows, &inputs), *test_x = without_parts(t, test, &inputs);
    mlp_result r = x && test_x ? MLP_OK : MLP_ERR_MEMORY;
    memset(desc.layers, 0, sizeof desc.layers);
    desc.layers[0].units = t->classes ? t->class_count : 1;
    desc.inputs = (int)inputs;
    desc.input_scaling = MLP_SCALE_STANDARD;
    desc.label_smoothing = 0;
    memset(&fit, 0, sizeof fit);
    fit.epochs = 200;
    fit.batch = MLP_FULL_BATCH;
    fit.opt.kind = MLP_OPT_LBFGS;
    fit.opt.weight_decay = (t->classes ? 1.0f : 2.0f) / (float)train_rows->n;
    fit.on_epoch = has_settled;
    fit.user = &last;
    data.x = x;
    if (!r) r = mlp_create(&net, &desc);
    if (!r) r = mlp_fit(net, &data, &fit);
    if (!r) r = mlp_predict(net, test_x, test->n, answer);
    mlp_destroy(net);
    free(x);
    free(test_x);
    return r;
}

/* Appends the rows of a test and the answers to them. */
static int try_out(trial *r, const trainer *tr, const table *t, const part *train_rows, const part *test,
                   const ensemble *e)
{
    const size_t at = r->rows.n * (size_t)r->outputs;
    size_t i;
    mlp_result bad;
    for (i = 0; i < test->n; i++)
        append_row(&r->rows, test->rows[i], test->labels ? test->labels[i] : 0, test->values ? test->values[i] : 0);
    answer_trivially(train_rows, test->n, r->outputs, r->answer[TRIVIAL] + at);
    bad = answer_linearly(tr, t, train_rows, test, r->answer[LINEAR] + at);
    if (!bad) bad = ensemble_predict(e, test->x, test->n, (size_t)t->inputs, r->answer[NET] + at, NULL);
    return bad ? fails("testing: %s", mlp_result_string(bad)) : 0;
}

typedef struct { double accuracy, log_loss, mae, rmse, r2; } scores;

static int largest(const float *p, int n)
{
    int best = 0, i;
    for (i = 1; i < n; i++) if (p[i] > p[best]) best = i;
    return best;
}

static scores score(const part *rows, const float *answer, int outputs)
{
    scores s = { 0, 0, 0, 0, 0 };
    double mean = 0, variance = 0, n = (double)(rows->n ? rows->n : 1);
    size_t i;
    for (i = 0; i < rows->n && rows->values; i++) mean += (double)rows->values[i] / n;
    for (i = 0; i < rows->n; i++) {
        const float *p = answer + i * (size_t)outputs;
        if (rows->labels) {
            const double right = (double)p[rows->labels[i]];
            s.accuracy += (largest(p, outputs) == rows->labels[i]) / n;
            s.log_loss -= log(right > 1e-7 ? right : 1e-7) / n;
        } else {
            const double y = (double)rows->values[i], off = (double)p[0] - y;
            s.mae += fabs(off) / n;
            s.rmse += off * off / n;
            variance += (y - mean) * (y - mean) / n;
        }
    }
    s.r2 = variance > 0 ? 1 - s.rmse / variance : 0;
    s.rmse = sqrt(s.rmse);
    return s;
}

/* ---- the report ---- */

static void say_scores(const trial *r)
{
    static const char *const class_names[] = { "class shares", "linear", "this model" },
        *const value_names[] = { "mean", "linear", "this model" };
    const int classes = r->rows.labels != NULL;
    int i;
    if (classes) printf("  %-14s%10s%10s\n", "", "accuracy", "log loss");
    else printf("  %-14s%10s%10s%10s\n", "", "R2", "MAE", "RMSE");
    for (i = 0; i < ANSWERS; i++) {
        const scores s = score(&r->rows, r->answer[i], r->outputs);
        if (classes) printf("  %-14s%8.1f %%%10.3f\n", class_names[i], 100 * s.accuracy, s.log_loss);
        else printf("  %-14s%10.3f%10.4g%10.4g\n", value_names[i], s.r2, s.mae, s.rmse);
    }
}

/* A class with rows or predictions: how many of its rows went where, and its scores. */
static void say_class(const size_t *counts, int n, int c, const char *name, int matrix)
{
    size_t support = 0, predicted = 0, right = counts[c * n + c];
    int i;
    for (i = 0; i < n; i++) { support += counts[c * n + i]; predicted += counts[i * n + c]; }
    if (!support && !predicted) return;
    printf("  %3d ", c + 1);
    put_name(name, 16, 16);
    for (i = 0; i < n && matrix; i++) printf("%6lu", (unsigned long)counts[c * n + i]);
    if (predicted) printf("%10.3f", (double)right / (double)predicted);
    else printf("%10s", "-");
    if (support)
        printf("%8.3f%8.3f%8lu\n", (double)right / (double)support,
               2.0 * (double)right / (double)(support + predicted), (unsigned long)support);
    else printf("%8s%8s%8lu\n", "-", "-", (unsigned long)support);
}

/* Rows: the true class; columns: the predicted one, by the number before its name. */
static int say_classes(const trial *r, const table *t)
{
    const int n = t->class_count, matrix = n <= SHOWN_CLASSES;
    size_t *counts = (size_t *)calloc((size_t)n * (size_t)n, sizeof *counts), i;
    int c;
    if (!counts) return fails("not enough memory");
    for (i = 0; i < r->rows.n; i++) counts[r->rows.labels[i] * n + largest(r->answer[NET] + i * (size_t)n, n)]++;
    printf("\n  %-20s", matrix ? "class, predicted as" : "class");
    for (c = 0; c < n && matrix; c++) printf("%6d", c + 1);
    printf("%10s%8s%8s%8s\n", "precision", "recall", "f1", "rows");
    for (c = 0; c < n; c++) say_class(counts, n, c, t->classes[c], matrix);
    free(counts);
    return 0;
}

/* Predicted against true, the true ones from left to right, a mark darker the more rows it stands for. */
static void draw(const trial *r)
{
    enum { WIDE = 48, HIGH = 16 };
    size_t counts[HIGH][WIDE] = { { 0 } }, most = 1, i;
    float low = r->rows.values[0], high = low;
    int x, y;
    for (i = 0; i < r->rows.n; i++) {
        const float a = r->rows.values[i], b = r->answer[NET][i];
        low = fminf(low, fminf(a, b));
        high = fmaxf(high, fmaxf(a, b));
    }
    for (i = 0; i < r->rows.n && high > low; i++) {
        x = (int)((r->rows.values[i] - low) / (high - low) * (WIDE - 0.001f));
        y = (int)((r->answer[NET][i] - low) / (high - low) * (HIGH - 0.001f));
        if (++counts[y][x] > most) most = counts[y][x];
    }
    printf("\n  predicted\n");
    for (y = HIGH - 1; y >= 0; y--) {
        printf("  %10.4g |", (double)low + (y + 0.5) * (double)(high - low) / HIGH);
        for (x = 0; x < WIDE; x++) {
            const int shade = counts[y][x] ? 1 + (int)(6.999 * log((double)counts[y][x]) / log((double)most + 1)) : 0;
            putchar(shade ? ".:-=+*#"[shade - 1] : x * HIGH / WIDE == y ? '/' : ' ');
        }
        printf("\n");
    }
    printf("  %10s  %-*.4g%*.4g true (on the line both are the same)\n", "", WIDE / 2, (double)low, WIDE / 2,
           (double)high);
}

typedef struct { const char *name; double loss; } importance;

static int by_loss(const void *a, const void *b)
{
    const double x = ((const importance *)a)->loss, y = ((const importance *)b)->loss;
    return (x < y) - (x > y);
}

/* How much worse the model gets when a column's cells are dealt to other rows. */
static double loss_without(const ensemble *e, const table_column *k, const part *p, size_t inputs, float *x,
                           float *answer)
{
    scores s;
    size_t i;
    for (i = 0; i < p->n; i++) {
        const float *from = p->x + (i * 7919 + p->n / 2 + 1) % p->n * inputs;
        memcpy(x + i * inputs, p->x + i * inputs, inputs * sizeof *x);
        if (k) memcpy(x + i * inputs + k->input, from + k->input, (size_t)k->inputs * sizeof *x);
    }
    if (ensemble_predict(e, x, p->n, inputs, answer, NULL)) return 0;
    s = score(p, answer, e->outputs);
    return p->labels ? s.log_loss : s.rmse;
}

static int say_importance(const ensemble *e, const table *t, const part *rows)
{
    const size_t inputs = (size_t)t->inputs;
    part p = *rows;
    importance *list = (importance *)calloc((size_t)t->count, sizeof *list);
    float *x, *answer;
    double base, most;
    int i, n = 0;
    i = IMPORTANCE_CELLS / t->count < IMPORTANCE_ROWS ? IMPORTANCE_CELLS / t->count + 20 : IMPORTANCE_ROWS;
    if (p.n > (size_t)i) p.n = (size_t)i;
    x = (float *)malloc((p.n * inputs + 1) * sizeof *x);
    answer = (float *)malloc((p.n * (size_t)e->outputs + 1) * sizeof *answer);
    if (!list || !x || !answer) { free(list); free(x); free(answer); return fails("not enough memory"); }
    base = loss_without(e, NULL, &p, inputs, x, answer);
    for (i = 0; i < t->count; i++) {
        if (!t->columns[i].inputs) continue;
        list[n].name = t->columns[i].name;
        list[n++].loss = loss_without(e, &t->columns[i], &p, inputs, x, answer) - base;
    }
    qsort(list, (size_t)n, sizeof *list, by_loss);
    most = list[0].loss > 0 ? list[0].loss : 1;
    printf("\n  column matters: %s when its cells are shuffled\n", p.labels ? "log loss" : "RMSE");
    for (i = 0; i < n && i < SHOWN_COLUMNS; i++) {
        printf("  ");
        put_name(list[i].name, 20, 20);
        printf("%+10.3g  %.*s\n", list[i].loss, list[i].loss > 0 ? (int)(30 * list[i].loss / most + 0.5) : 0,
               "##############################");
    }
    if (n > i) printf("  and %d more that matter less\n", n - i);
    free(list);
    free(x);
    free(answer);
    return 0;
}

/* ---- the whole ---- */

static int set_text(void *net, const char *key, const char *value) { return mlp_set_text((mlp *)net, key, value) != 0; }

/* A table of which the file cannot say all is better known now than after the training. */
static int check_room(const trainer *tr, const table *t, int members)
{
    const mlp *more[MOST_MEMBERS];
    mlp_save_desc how;
    mlp *net = NULL;
    size_t size;
    mlp_result r = mlp_create(&net, &tr->desc);
    int i;
    if (r) return fails("%s", tr->error.text[0] ? tr->error.text : mlp_result_string(r));
    for (i = 0; i < members; i++) more[i] = net;
    memset(&how, 0, sizeof how);
    how.more = more;
    how.more_count = members - 1;
    r = table_save(t, set_text, net) ? MLP_ERR_MEMORY : mlp_save_memory(net, NULL, &size, &how);
    mlp_destroy(net);
    if (r != MLP_ERR_TOO_BIG) return r ? fails("%s", mlp_result_string(r)) : 0;
    return fails("%d columns and their categories are too much for the file of a model; --ignore NAME leaves one out",
                 t->count);
}

/* Learns the encoding from the training rows, trains, and tries the rest out when there is one. */
static int run(const options *o, table *t, const csv *c, part *train_rows, part *test, int members, int shows,
               ensemble *e, trial *r)
{
    char error[TABLE_ERROR];
    trainer tr;
    memset(&tr, 0, sizeof tr);
    if (table_learn(t, c, train_rows->rows, train_rows->n, error) || encode(train_rows, t, c, error)
        || encode(test, t, c, error)) return fails("%s: %s", o->file, error);
    prepare(&tr, o, t, train_rows->n);
    if (shows && check_room(&tr, t, members)) return 1;
    if (train(&tr, e, t, train_rows, shows, members)) return 1;
    return test->n ? try_out(r, &tr, t, train_rows, test, e) : 0;
}

/* Few rows: each is tried out by a net that has not seen it, one net for each fold. One that was interrupted does not
   count. t is then what all rows teach again. */
static int cross_validate(const options *o, table *t, const csv *c, const part *all, trial *r)
{
    char error[TABLE_ERROR];
    int fold, bad = 0;
    for (fold = 0; fold < FOLDS && !bad && !interrupted; fold++) {
        const size_t before = r->rows.n;
        part train_rows, test;
        ensemble e = { { NULL }, 0, 0, 0, 0 };
        bad = split(all, t, 1.0 / FOLDS, fold, &train_rows, &test) ? fails("not enough memory")
            : train_rows.n && test.n && run(o, t, c, &train_rows, &test, 1, 0, &e, r);
        if (interrupted) r->rows.n = before;
        ensemble_free(&e);
        free_part(&train_rows);
        free_part(&test);
    }
    return bad || (table_learn(t, c, all->rows, all->n, error) && fails("%s: %s", o->file, error));
}

/* Everything that predict_csv needs is in the file: nets, scaling, and what the table says as texts. */
static int save(const options *o, const table *t, ensemble *e)
{
    mlp_error error;
    mlp_result r;
    memset(&error, 0, sizeof error);
    if (table_save(t, set_text, e->net[0])) return fails("the model cannot take what is to be known about the table");
    r = ensemble_save(e, o->out, &error);
    if (r) return fails("%s: %s", o->out, error.text[0] ? error.text : mlp_result_string(r));
    printf("saved: %s (", o->out);
    count_of((size_t)e->count, "net");
    printf(")\n");
    fflush(stdout);
    return 0;
}

static int report(const options *o, const trial *r, const table *t, const ensemble *e, const part *rows,
                  const char *head)
{
    int bad = 0;
    if (r->rows.n) {
        printf("\n%s: ", head);
        count_of(r->rows.n, "row");
        printf("\n");
        say_scores(r);
        if (t->classes) bad = say_classes(r, t);
        else draw(r);
    } else printf("\nno rows were held out: nothing is known about others than those it was trained with\n");
    if (!bad && !interrupted) bad = say_importance(e, t, rows);
    if (!bad) printf("\nto use it: predict_csv %s new.csv > predictions.csv\n", o->out);
    return bad;
}

static int train_on(const options *o, table *t, const csv *c, const part *all)
{
    const int few = all->n < FEW_ROWS;
    part train_rows, test;
    ensemble e = { { NULL }, 0, 0, 0, 0 };
    trial r;
    int bad = split(all, t, few ? 0 : o->holdout, 0, &train_rows, &test);
    if (make_trial(&r, all->n, t) || bad) bad = fails("not enough memory");
    bad = bad || run(o, t, c, &train_rows, &test, o->members, 1, &e, &r);
    if (!bad && interrupted) printf("interrupted: what was best so far stays\n");
    bad = bad || save(o, t, &e);
    if (!bad && few && o->holdout > 0) {
        printf("fewer than %d rows: all of them train; for the test five other nets train, each without a fifth\n",
               FEW_ROWS);
        bad = cross_validate(o, t, c, all, &r);
    }
    bad = bad || report(o, &r, t, &e, test.n ? &test : &train_rows,
                        few ? "each fifth by a net that has not seen it" : "held out");
    ensemble_free(&e);
    free_trial(&r);
    free_part(&train_rows);
    free_part(&test);
    return bad;
}

/* Whether all that was said could be written; 1: an error */
static int finish(int bad)
{
    return bad || ((fflush(stdout) || ferror(stdout)) && fails("the output cannot be written"));
}

/* A folder that takes no file is better known now than after the training. */
static int check_out(const options *o)
{
    const char *slash = strrchr(o->out, '/');
    char folder[1024];
    struct stat there, table;
    const int is_there = !stat(o->out, &there);
    if (!*o->out) return fails("--out: the name of a file is expected");
    if (is_there && !S_ISREG(there.st_mode)) return fails("%s: is no file that a model can be written to", o->out);
    if (is_there && !stat(o->file, &table) && there.st_dev == table.st_dev && there.st_ino == table.st_ino)
        return fails("%s: the model would overwrite the table", o->out);
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - o->out) + 1 : 1, slash ? o->out : ".");
    return access(folder, W_OK) ? fails("%s: no model can be written into this folder", folder) : 0;
}

int main(int argc, char **argv)
{
    options o;
    csv c;
    table t;
    part all;
    char error[TABLE_ERROR];
    int bad = take_options(&o, argc, argv);
    if (bad) return finish(bad == 1);
    if (check_out(&o)) return 1;
    if (csv_read(&c, o.file, &o.read, error, sizeof error)) return fails("%s", error);
    if (table_plan(&t, &c, &o.plan, error)) { csv_free(&c); return fails("%s: %s", o.file, error); }
    if (take_rows(&all, &t, &c, o.seed)) return fails("not enough memory");
    say_table(&o, &c, &t, &all);
    signal(SIGINT, on_interrupt);
    bad = train_on(&o, &t, &c, &all);
    free_part(&all);
    table_free(&t);
    csv_free(&c);
    return finish(bad);
}
