/* Predicts the rows of a table with a model of train_csv: predict_csv model.safetensors new.csv > predictions.csv.
   The columns may come in another order where both tables have names, and the target may be there or not. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include "csv.h"
#include "ensemble.h"
#include "table.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: predict_csv MODEL FILE [options]  MODEL: of train_csv; FILE: a table in text, - for stdin\n"
    "  --missing WORD          a cell that is missing, besides those that training had, as often as needed\n"
    "  --delimiter C|tab, --decimal .|,, --header yes|no        (default: found, or as in training)\n"
    "  --help, --version\n"
    "Prints a table with the column prediction, and the probability of each class or the spread of the nets, a line\n"
    "for each row of FILE in its order. Status: 0, or 1 with a line on stderr.\n";

enum { LIST = 64 };
typedef struct { const char *model, *file, *missing[LIST]; int words; csv_options read; } options;

/* One line, whatever names and cells have in them. */
static void say(const char *format, va_list arguments)
{
    char text[1024], *p;
    vsnprintf(text, sizeof text, format, arguments);
    for (p = text; *p; p++) if ((unsigned char)*p < ' ') *p = ' ';
    fprintf(stderr, "predict_csv: %s\n", text);
}

static int fails(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return 1;
}

static void note(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

/* One option with its value; 0: fine */
static int take_option(options *o, const char *name, const char *value)
{
    if (!strcmp(name, "--missing") && o->words < LIST) o->missing[o->words++] = value;
    else if (!strcmp(name, "--delimiter") && csv_sign(value, NULL)) o->read.delimiter = csv_sign(value, NULL);
    else if (!strcmp(name, "--decimal") && csv_sign(value, ".,")) o->read.decimal = csv_sign(value, ".,");
    else if (!strcmp(name, "--header") && !strcmp(value, "yes")) o->read.header = 1;
    else if (!strcmp(name, "--header") && !strcmp(value, "no")) o->read.header = -1;
    else return fails("%s %s: no such option or value; --help lists them", name, value);
    return 0;
}

/* 0: go on; 1: an error, said; 2: done */
static int take_options(options *o, int argc, char **argv)
{
    int i;
    memset(o, 0, sizeof *o);
    for (i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help")) return fputs(usage, stdout), 2;
        if (!strcmp(argv[i], "--version")) return printf("predict_csv %s\n", MLP_VERSION), 2;
        if (argv[i][0] != '-' || !argv[i][1]) {
            if (o->file) return fails("%s: one model and one file are expected", argv[i]);
            *(o->model ? &o->file : &o->model) = argv[i];
        } else if (i + 1 == argc)
            return fails("%s: an option, with a value behind it, is expected; --help lists them", argv[i]);
        else if (take_option(o, argv[i], argv[i + 1])) return 1;
        else i++;
    }
    return o->file ? 0 : fails("which model, which table? predict_csv MODEL FILE; --help says more");
}

static const char *get_text(void *net, const char *key) { return mlp_get_text((const mlp *)net, key); }

static int load(const options *o, ensemble *e, table *t)
{
    mlp_error error;
    char reason[TABLE_ERROR];
    mlp_result r;
    memset(&error, 0, sizeof error);
    r = ensemble_load(e, o->model, &error);
    if (r) return fails("%s: %s", o->model, error.text[0] ? error.text : mlp_result_string(r));
    if (table_load(t, get_text, e->net[0], reason)) return ensemble_free(e), fails("%s: %s", o->model, reason);
    e->low = t->classes ? 0.0f : (float)t->low;
    e->high = t->classes ? 1.0f : (float)t->high;
    if (mlp_get_desc(e->net[0])->inputs == t->inputs && e->outputs == (t->classes ? t->class_count : 1)) return 0;
    table_free(t);
    ensemble_free(e);
    return fails("%s: the net and what the model says about its table do not go together", o->model);
}

/* As the table was read that trained, unless an option says otherwise. */
static int read_table(const options *o, const table *t, csv *c)
{
    char error[TABLE_ERROR];
    csv_options how = o->read;
    const char **missing;
    char **names = (char **)malloc((size_t)t->count * sizeof *names);
    int i, words = 0, bad;
    while (t->missing[words]) words++;
    missing = (const char **)calloc((size_t)(words + o->words) + 1, sizeof *missing);
    for (i = 0; missing && i < words + o->words; i++) missing[i] = i < words ? t->missing[i] : o->missing[i - words];
    for (i = 0; names && i < t->count; i++) names[i] = t->columns[i].name;
    how.missing = missing;
    how.names = t->header ? names : NULL;
    how.name_count = (size_t)t->count;
    how.like_delimiter = t->delimiter;
    how.like_decimal = t->decimal;
    bad = csv_read(c, o->file, &how, error, sizeof error);
    free(names);
    free(missing);
    return bad ? fails("%s", error) : 0;
}

static void write_head(const table *t)
{
    char *name;
    size_t size = 32;
    int i;
    printf("prediction");
    for (i = 0; i < t->class_count; i++) size += strlen(t->classes[i]);
    name = (char *)malloc(size);
    for (i = 0; name && i < t->class_count; i++) {
        snprintf(name, size, "probability of %s", t->classes[i]);
        printf(",");
        csv_write(stdout, name, ',');
    }
    free(name);
    printf("%s\n", t->classes ? "" : ",spread");
}

static void write_row(const table *t, const float *y, const float *spread)
{
    int best = 0, i;
    if (!t->classes) {
        /* more digits where they are still of use */
        printf("%.*g,%.3g\n", y[0] > -1e6f && y[0] < 1e6f ? 7 : 9, (double)y[0], (double)spread[0]);
        return;
    }
    for (i = 1; i < t->class_count; i++) if (y[i] > y[best]) best = i;
    csv_write(stdout, t->classes[best], ',');
    for (i = 0; i < t->class_count; i++) printf(",%.4f", (double)y[i]);
    printf("\n");
}

static void say_cells(const char *column, size_t n, const char *what)
{
    if (n) note("column '%s': %lu cell%s %s", column, (unsigned long)n, n == 1 ? "" : "s", what);
}

static void say_surprises(const table *t, const table_surprises *s)
{
    int i;
    for (i = 0; i < t->count; i++) {
        say_cells(t->columns[i].name, s[i].unseen, "with a text that training hardly ever had, or never");
        say_cells(t->columns[i].name, s[i].missing, t->columns[i].kind == TABLE_CATEGORY
                  ? "missing, in training hardly any was, or none" : "missing, in training none was");
        say_cells(t->columns[i].name, s[i].outside, "outside of the numbers of training, beyond which little changes");
    }
}

/* Whether all could be written; 1: an error */
static int finish(void)
{
    return (fflush(stdout) || ferror(stdout)) && fails("the output cannot be written");
}

/* Memory for all rows: inputs, outputs, their spread. */
typedef struct { int *place; table_surprises *surprises; float *x, *y, *spread; } room;

static int predict(const options *o, const ensemble *e, const table *t, const csv *c, room *m)
{
    char error[TABLE_ERROR];
    const size_t k = (size_t)e->outputs;
    size_t i;
    mlp_result r;
    m->place = (int *)malloc((size_t)t->count * sizeof *m->place);
    m->surprises = (table_surprises *)calloc((size_t)t->count, sizeof *m->surprises);
    m->x = (float *)malloc((c->rows * (size_t)t->inputs + 1) * sizeof *m->x);
    m->y = (float *)malloc((c->rows * k + 1) * sizeof *m->y);
    m->spread = (float *)malloc((c->rows * k + 1) * sizeof *m->spread);
    if (!m->place || !m->surprises || !m->x || !m->y || !m->spread) return fails("not enough memory");
    if (table_match(t, c, m->place, error) || table_encode(t, c, m->place, NULL, c->rows, m->x, m->surprises, error))
        return fails("%s: %s", o->file, error);
    r = ensemble_predict(e, m->x, c->rows, (size_t)t->inputs, m->y, m->spread);
    if (r) return fails("%s", mlp_result_string(r));
    write_head(t);
    for (i = 0; i < c->rows; i++) write_row(t, m->y + i * k, m->spread + i * k);
    if (finish()) return 1;
    say_surprises(t, m->surprises);
    return 0;
}

int main(int argc, char **argv)
{
    options o;
    ensemble e;
    table t;
    csv c;
    room m = { NULL, NULL, NULL, NULL, NULL };
    int bad = take_options(&o, argc, argv);
    if (bad) return bad == 1 || finish();
    if (load(&o, &e, &t)) return 1;
    bad = read_table(&o, &t, &c);
    if (!bad) {
        bad = predict(&o, &e, &t, &c, &m);
        csv_free(&c);
    }
    free(m.place);
    free(m.surprises);
    free(m.x);
    free(m.y);
    free(m.spread);
    table_free(&t);
    ensemble_free(&e);
    return bad;
}
