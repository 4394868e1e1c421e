/* What the programs of bench/ have in common: cases of work.h are measured in several ways that take turns, printed,
   and written as lines of JSON. A file of results begins with a line that says CPU, compiler, what kind of results, and
   for each way its flags; the others are one case each:
   {"work":"dX","shape":"64,256,256","unit":"GFLOP/s","avx2":[107,0.6,0.92],...}: of each way the median, half the
   distance of the quartiles in percent, and for products and nets the share of the register-only rate. */
#ifndef RUN_H
#define RUN_H

#include <math.h>
#include <stdarg.h>
#include "measure.h"
#include "work.h"

/* words: added to those of the case. rows: in place of the case's; 0: those. peak, flags: of its
   instruction set, may be NULL. */
typedef struct {
    const char *name;
    const work_version *version;
    const void *kernels;
    const measure_peak *peak;
    const char *flags, *words;
    size_t rows;
    int threads;
} run_way;

typedef struct { double value, half_spread, share; } run_figure;        /* value 0: this way does not have the case */

static run_way run_ways[MEASURE_WAYS];
static int run_count, run_reps = 11, run_rows, run_noisy;
static double run_seconds = 0.003;              /* of a repetition */
static double (*run_clock)(void) = measure_thread;
static const char *run_cpu;
static char **run_words;                        /* of the command line: forms, and sizes behind a form */
static int run_word_count;
static FILE *run_json;

static void run_fail(const char *what, const char *which)
{
    fprintf(stderr, "bench: %s %s\n", what, which);
    exit(2);
}

static run_way *run_add(const char *name, const work_version *version, const void *kernels, const measure_peak *peak)
{
    run_way *w = &run_ways[run_count++];
    memset(w, 0, sizeof *w);
    w->name = name;
    w->version = version;
    w->kernels = kernels;
    w->peak = peak;
    w->flags = peak ? peak->flags : "";
    w->words = "";
    return w;
}

/* ---- cases ---- */

static size_t run_larger(size_t a, size_t b) { return a > b ? a : b; }

/* whether each of the words ",a,b," is one that work.c reads */
static int run_known(const char *words)
{
    static const char *const known[] = {
        "tanh", "sigmoid", "sgd", "momentum", "adam", "adamw", "clip", "shuffled", "full" };
    size_t i, length;
    for (words++; words[-1] && *words; words += length + 1) {
        length = strcspn(words, ",");
        for (i = 0; i < sizeof known / sizeof *known; i++)
            if (strlen(known[i]) == length && strncmp(known[i], words, length) == 0) break;
        if (i == sizeof known / sizeof *known) return 0;
    }
    return 1;
}

/* "rows,in,out", "n" or "in-units-...-units,rows[,words]" */
static void run_parse(work_case *c, const char *form, const char *sizes)
{
    const char *at = sizes;
    char *end;
    memset(c, 0, sizeof *c);
    snprintf(c->form, sizeof c->form, "%s", form);
    snprintf(c->sizes, sizeof c->sizes, "%s", sizes);
    c->kind = strchr(sizes, '-') ? WORK_NET : strchr(sizes, ',') ? WORK_PRODUCT : WORK_FUNCTION;
    if (c->kind != WORK_NET) {
        int at_end = 0;
        const int n = sscanf(sizes, "%zu%n,%zu,%zu%n", &c->rows, &at_end, &c->in, &c->out, &at_end);
        if ((n != 1 && n != 3) || sizes[at_end] || c->rows == 0 || (n == 3 && (c->in == 0 || c->out == 0)))
            run_fail("no sizes:", sizes);
        return;
    }
    for (c->layers = -1; c->layers < WORK_LAYERS; at = end + 1) {
        c->widths[++c->layers] = (int)strtol(at, &end, 10);
        if (c->widths[c->layers] < 1) break;
        if (*end == ',') {
            c->rows = strtoul(end + 1, &end, 10);
            snprintf(c->words, sizeof c->words, "%s,", end);
        }
        if (*end != '-') break;
    }
    if (c->rows == 0 || c->layers < 1 || !run_known(c->words)) run_fail("no net:", sizes);
}

/* arrays for all ways, the largest of which has `rows` rows */
static void run_data(work_case *c, size_t rows)
{
    const size_t in = run_larger(c->in, (size_t)c->widths[0]);
    size_t widest = run_larger(c->in, c->out), i;
    int l;
    for (l = 0; l <= c->layers; l++) widest = run_larger(widest, (size_t)c->widths[l]);
    c->batches = strstr(c->words, ",full,") ? 1 : c->rows < 32 ? 256 / c->rows : 8;
    rows = c->kind == WORK_NET ? run_larger(c->batches * c->rows, rows) : rows;
    c->x = measure_floats(rows * run_larger(in, 1), 2);
    c->w = measure_floats(run_larger(c->in * c->out, c->kind == WORK_FUNCTION ? rows : 0) + 64, 0.1f);
    c->b = measure_floats(widest + 64, 0.1f);
    c->dz = measure_floats(c->kind == WORK_NET ? 1 : c->rows * run_larger(c->out, 1) + 64, 0.5f);
    c->y = measure_floats(run_larger(rows * run_larger(widest, 1), c->in * c->out) + 64, 0);
    c->scratch = measure_floats(c->in ? (run_larger(c->rows, 256) + 16) * (2 * widest + 96) : 1, 0);
    c->labels = (int *)(void *)measure_floats(rows, 0);
    for (i = 0; i < rows; i++) c->labels[i] = c->kind == WORK_NET ? (int)(i % (size_t)c->widths[c->layers]) : 0;
}

static const char *run_unit(const work_case *c) { return c->kind == WORK_PRODUCT ? "GFLOP/s" : "ns"; }
static double run_value(const work_case *c, double seconds)
{
    return c->kind == WORK_PRODUCT ? c->flop / seconds * 1e-9 : seconds / c->amount * 1e9;
}

/* ---- output ---- */

static void run_write(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (run_json) vfprintf(run_json, format, list);
    va_end(list);
}

static void run_open(const char *path, const char *kind)
{
    int i;
    run_json = fopen(path, "w");
    if (!run_json) run_fail("cannot write", path);
    run_write("{\"cpu\":\"%s\",\"compiler\":\"%s\",\"kind\":\"%s\",\"reps\":%d",
              run_cpu, measure_compiler(), kind, run_reps);
    for (i = 0; i < run_count; i++) run_write(",\"%s\":\"%s\"", run_ways[i].name, run_ways[i].flags);
    run_write("}\n");
}

static void run_write_case(const work_case *c, const run_figure *f)
{
    int i;
    run_write("{\"work\":\"%s\",\"shape\":\"%s\",\"unit\":\"%s\"", c->form, c->sizes, run_unit(c));
    for (i = 0; i < run_count; i++) {
        if (!(f[i].value > 0)) continue;
        run_write(",\"%s\":[%.3g,%.1f", run_ways[i].name, f[i].value, f[i].half_spread);
        run_write(f[i].share > 0 ? ",%.2f]" : "]", f[i].share);
    }
    run_write("}\n");
}

static void run_print_way(const work_case *c, const run_way *w, const run_figure *f)
{
    printf("%-17s %-28s %-10s %10.4g %-7s +-%4.1f %%%s", c->form, c->sizes, w->name, f->value, run_unit(c),
           f->half_spread, f->half_spread > 50 * MEASURE_STEADY ? " ~" : "  ");
    if (f->share > 0) printf("  %.2f P", f->share);
}

/* ---- measuring ---- */

/* Prepares the case in every way, measures, and returns the figures of the ways, which stay until the next call; raw
   ones (times and ratios to way 0) to *raw. cases: those of the ways, for who looks at the nets; run_end frees them. */
static work_case run_cases[MEASURE_WAYS];
static const run_figure *run_measure(const char *form, const char *sizes, const measure_figure **raw)
{
    static run_figure figures[MEASURE_WAYS];
    static measure_figure measured[MEASURE_WAYS];
    measure_figure turns[MEASURE_WAYS];
    measure_way ways[MEASURE_WAYS];
    work_case whole;
    size_t rows;
    int i, n = 0, at[MEASURE_WAYS];
    run_parse(&whole, form, sizes);
    for (rows = whole.rows, i = 0; i < run_count; i++) rows = run_larger(rows, run_ways[i].rows);
    run_data(&whole, rows);
    memset(figures, 0, sizeof figures);
    memset(measured, 0, sizeof measured);
    memset(turns, 0, sizeof turns);
    for (i = 0; i < run_count; i++) {
        const run_way *w = &run_ways[i];
        work_case *c = &run_cases[i];
        *c = whole;
        c->kernels = w->kernels;
        c->threads = w->threads;
        if (w->rows) c->rows = w->rows;
        snprintf(c->words, sizeof c->words, "%s%s", whole.words, w->words);
        ways[n].run = w->version->prepare(c);
        ways[n].data = c;
        ways[n].peak = whole.kind == WORK_FUNCTION ? NULL : w->peak;
        if (ways[n].run) at[n++] = i;
    }
    if (n == 0) run_fail("nothing of that name and these sizes:", form);
    run_noisy += measure_turns(ways, n, run_clock, run_seconds, run_reps, turns) > MEASURE_STEADY;
    run_rows++;
    for (i = 0; i < n; i++) {
        const work_case *c = &run_cases[at[i]];
        run_figure *f = &figures[at[i]];
        measured[at[i]] = turns[i];
        f->value = run_value(c, turns[i].seconds);
        f->half_spread = 50 * turns[i].spread;
        f->share = ways[i].peak && c->flop > 0 ? c->flop * turns[i].per_peak : 0;
    }
    run_write_case(&whole, figures);
    *raw = measured;
    return figures;
}

static void run_end(void)
{
    int i;
    for (i = 0; i < run_count; i++) {
        if (run_cases[i].net) run_ways[i].version->forget(&run_cases[i]);
        run_cases[i].net = NULL;
    }
    measure_forget();
    fflush(stdout);
}

/* ---- the command line ---- */

static int run_is_form(const char *word) { return word[0] < '0' || word[0] > '9'; }

/* whether the case of a list is among what the words ask for: forms whose names have the word
   in them, where no sizes follow */
static int run_wanted(const char *form)
{
    int i;
    for (i = 0; i < run_word_count; i++) {
        const int without_sizes = i + 1 == run_word_count || run_is_form(run_words[i + 1]);
        if (run_is_form(run_words[i]) && without_sizes && strstr(form, run_words[i])) return 1;
    }
    return run_word_count == 0;
}

/* the cases that the words name with sizes, then those of the list, pairs of form and sizes */
static void run_all(const char *const *list, size_t count, void (*each)(const char *form, const char *sizes))
{
    const char *form = NULL;
    size_t n;
    int i;
    for (i = 0; i < run_word_count; i++) {
        if (run_is_form(run_words[i])) form = run_words[i];
        else if (form) each(form, run_words[i]);
        else run_fail("no form before", run_words[i]);
    }
    for (n = 0; n + 1 < count; n += 2) if (run_wanted(list[n])) each(list[n], list[n + 1]);
    if (run_rows == 0) run_fail("nothing is called", run_word_count ? run_words[0] : "that");
}

/* [--name KIND] [--json FILE] [--cpu NAME] [--seconds S] [--reps N] words; kind: of the results */
static void run_options(int argc, char **argv, const char *kind)
{
    const char *json = NULL;
    char text[512], name[256];
    int i, only_name = 0;
    run_cpu = measure_cpu();
    if (argc > 1 && strcmp(argv[argc - 1], "--about") == 0) {
        printf("%s\n%s\n", argc > 3 ? argv[2] : run_cpu, measure_compiler());
        exit(0);
    }
    for (i = 1; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--name") == 0) { only_name = 1; kind = argv[i + 1]; }
        else if (strcmp(argv[i], "--json") == 0) json = argv[i + 1];
        else if (strcmp(argv[i], "--cpu") == 0) run_cpu = argv[i + 1];
        else if (strcmp(argv[i], "--seconds") == 0) run_seconds = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--reps") == 0) run_reps = atoi(argv[i + 1]);
        else run_fail("no such option:", argv[i]);
    }
    if (i < argc && strncmp(argv[i], "--", 2) == 0) run_fail("this option needs a value:", argv[i]);
    run_words = argv + i;
    run_word_count = argc - i;
    if (run_reps < MEASURE_LEAST_REPS || run_reps > MEASURE_MOST_REPS || !(run_seconds > 0))
        run_fail("wrong --reps or --seconds for", argv[0]);
    snprintf(text, sizeof text, "%s-%s-%s", run_cpu, measure_compiler(), kind);
    measure_file_name(text, name, sizeof name);
    if (only_name) { puts(name); exit(0); }
    printf("%s, %s%s\n", run_cpu, measure_compiler(),
           measure_emulated() ? ", EMULATED: times mean nothing, no results are written" : "");
    if (measure_load() > 0.5)
        printf("other programs are running (%.1f per processor); this takes longer then, and single rows may be off\n",
               measure_load());
    if (json && !measure_emulated()) run_open(json, kind);
}

static int run_close(void)
{
    if (run_noisy)
        printf("%d of %d rows are marked ~: after %d tries their quartiles are still more than %.0f %% apart. "
               "Something else uses this core or\nits caches. For steady figures run alone (uptime near 0), or on a "
               "core of its own: taskset -c 1 make ...\n", run_noisy, run_rows, MEASURE_TRIES, 100 * MEASURE_STEADY);
    return run_json && fclose(run_json) ? 2 : 0;
}

#endif
