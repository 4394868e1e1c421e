/* Two versions of mlp.h in one process, in turns: the median of the ratio of their times, after / before, and its quartiles.
   change [--json FILE] [--seconds S] [--reps N] form sizes ...     e.g. forward 32,784,128 tanh 65536 train 784-128-10,32
   Without forms a list of its own. A net may have words behind its rows: train 4-32-16-4,10000,tanh,adam,full: tanh (else relu) inside,
   adam or momentum (else plain SGD), shuffled (else rows as they stand), full: one batch a call (else eight, or 256 rows).
   Times are those of this thread. At the end two lines: geometric means, and how many rows differ by both quartiles.
   Ends with 0; 2 for any failure. */
#define _POSIX_C_SOURCE 200112L
#include "change.h"
#include "measure.h"
#include <math.h>

enum { CHANGE_SLACK = 64 };
static const char *const change_usual[] = {
    "forward", "1,64,64", "forward", "1,784,256", "forward", "16,64,32", "forward", "32,784,128", "forward", "64,256,256",
    "forward", "128,512,512", "forward", "256,1024,1024", "forward", "7,13,5", "forward", "33,65,17", "forward", "100,300,77",
    "dX", "1,64,64", "dX", "16,64,32", "dX", "32,784,128", "dX", "64,256,256", "dX", "128,512,512", "dX", "256,1024,1024",
    "dX", "33,65,17", "dX", "100,300,77",
    "dW", "1,64,64", "dW", "16,64,32", "dW", "32,784,128", "dW", "64,256,256", "dW", "128,512,512", "dW", "256,1024,1024",
    "dW", "33,65,17", "dW", "100,300,77",
    "nn", "1,64,64", "nn", "1,784,256", "nn", "64,256,256", "nn", "512,512,512", "fwd", "64,256,256", "dx", "64,256,256",
    "dw", "1,1024,1024", "dw", "64,256,256",
    "relu", "65536", "sigmoid", "65536", "tanh", "65536", "gelu", "65536", "softmax10", "65530", "hadamard", "65536",
    "predict", "64-64-10,1", "predict", "784-256-10,1", "predict", "784-128-10,256",
    "train", "64-32-10,16", "train", "784-128-10,32", "train", "784-512-512-10,128", "train", "1024-1024-1024-1024,256",
    "train", "6-64-8-4,32,shuffled,adam", "train", "16-32-32-1,32,shuffled,adam", "train", "4-32-16-4,10000,tanh,adam,full",
    "train", "4-32-16-4,1,tanh", "train", "64-32-10,1", "predict", "6-64-8-4,1", "predict", "16-32-32-1,1", "predict", "128-64-1,1",
    "predict", "6-64-8-4,64", "predict", "16-32-32-1,64"
};

const change_version *change_before(void), *change_after(void);
extern const measure_peak PEAK;
static const change_version *change_versions[2];

static void change_fail(const char *what, const char *which)
{
    fprintf(stderr, "change: %s %s\n", what, which);
    exit(2);
}

static size_t change_larger(size_t a, size_t b) { return a > b ? a : b; }

/* whether each of the words ",a,b," is one that version.c reads */
static int change_known(const char *words)
{
    static const char *const known[] = { "tanh", "adam", "momentum", "shuffled", "full" };
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
static void change_parse(change_case *c, const char *form, const char *sizes)
{
    const char *at = sizes;
    char *end;
    memset(c, 0, sizeof *c);
    snprintf(c->form, sizeof c->form, "%s", form);
    if (!strchr(sizes, '-')) {
        int at_end = 0;
        const int n = sscanf(sizes, "%zu%n,%zu,%zu%n", &c->rows, &at_end, &c->in, &c->out, &at_end);
        if ((n != 1 && n != 3) || sizes[at_end] || c->rows == 0 || (n == 3 && (c->in == 0 || c->out == 0)))
            change_fail("no sizes:", sizes);
        return;
    }
    for (c->layers = -1; c->layers < CHANGE_LAYERS; at = end + 1) {
        c->widths[++c->layers] = (int)strtol(at, &end, 10);
        if (c->widths[c->layers] < 1) break;
        if (*end == ',') {
            c->rows = strtoul(end + 1, &end, 10);
            snprintf(c->words, sizeof c->words, "%s,", end);
        }
        if (*end != '-') break;
    }
    if (c->rows == 0 || c->layers < 1 || !change_known(c->words)) change_fail("no net:", sizes);
}

static void change_data(change_case *c)
{
    const size_t in = change_larger(c->in, (size_t)c->widths[0]);
    size_t widest = change_larger(c->in, c->out), i, rows;
    int l;
    for (l = 0; l <= c->layers; l++) widest = change_larger(widest, (size_t)c->widths[l]);
    c->batches = strstr(c->words, ",full,") ? 1 : c->rows < 32 ? 256 / c->rows : 8;
    rows = c->batches * c->rows;
    c->x = measure_floats(c->in || c->layers ? rows * in : c->rows, 0.5f);
    c->w = measure_floats(change_larger(c->in * c->out, c->layers ? 0 : c->rows) + CHANGE_SLACK, 0.1f);
    c->b = measure_floats(widest + CHANGE_SLACK, 0.1f);
    c->dz = measure_floats(c->rows * c->out + CHANGE_SLACK, 0.5f);
    c->y = measure_floats(change_larger(c->rows * change_larger(widest, 1), c->in * c->out) + CHANGE_SLACK, 0);
    c->scratch = measure_floats(c->in ? (change_larger(c->rows, 256) + 16) * (2 * widest + 96) : 1, 0);
    c->labels = (int *)calloc(rows, sizeof *c->labels);
    if (!c->labels) change_fail("out of memory:", c->form);
    for (i = 0; c->layers && i < rows; i++) c->labels[i] = (int)(i % (size_t)c->widths[c->layers]);
}

static void change_print(const change_case *c, const char *sizes, const measure_figure f[2], FILE *json)
{
    printf("%-8s %-32s %11.1f ns %11.1f ns   after / before %.3f [%.3f %.3f]", c->form, sizes, f[0].seconds * 1e9,
           f[1].seconds * 1e9, f[1].ratio, f[1].first, f[1].third);
    if (c->out) printf("  %.2f P", 2.0 * (double)c->rows * (double)c->in * (double)c->out * f[1].per_peak);
    printf("\n");
    fflush(stdout);
    if (!json) return;
    fprintf(json, "{\"cpu\":\"%s\",\"compiler\":\"%s\",\"isa\":\"%s\",\"flags\":\"%s\",\"kernel\":\"%s\",\"shape\":\"%s\","
                  "\"unit\":\"ns\",\"reps\":%d,\"before\":%.5g,\"after\":%.5g,\"ratio\":%.4f,\"first\":%.4f,\"third\":%.4f}\n",
            measure_cpu(), measure_compiler(), change_versions[1]->name, PEAK.flags, c->form, sizes, f[1].reps, f[0].seconds * 1e9,
            f[1].seconds * 1e9, f[1].ratio, f[1].first, f[1].third);
}

/* What is added up over all rows, training apart from the rest: the logarithms of the ratios. Slower and faster: with both quartiles. */
static struct {
    double sum[2];
    int rows[2], slower, faster;
    struct { double ratio; char what[80]; } worst, best;
} change_total;

static void change_add(const change_case *c, const char *sizes, const measure_figure *after)
{
    const int train = strcmp(c->form, "train") == 0;
    const int slower = after->first > 1, faster = after->third < 1;
    change_total.sum[train] += log(after->ratio);
    change_total.rows[train]++;
    change_total.slower += slower;
    change_total.faster += faster;
    if (slower && after->ratio > change_total.worst.ratio) {
        change_total.worst.ratio = after->ratio;
        snprintf(change_total.worst.what, sizeof change_total.worst.what, "%s %s %.3f", c->form, sizes, after->ratio);
    }
    if (faster && (change_total.best.ratio == 0 || after->ratio < change_total.best.ratio)) {
        change_total.best.ratio = after->ratio;
        snprintf(change_total.best.what, sizeof change_total.best.what, "%s %s %.3f", c->form, sizes, after->ratio);
    }
}

static void change_sum_up(void)
{
    int i;
    printf("geometric mean of after / before:");
    for (i = 1; i >= 0; i--)
        if (change_total.rows[i])
            printf("  %s %.3f (%d rows)", i ? "training" : "all else", exp(change_total.sum[i] / change_total.rows[i]), change_total.rows[i]);
    printf("\nboth quartiles above 1: %d rows%s%s; below 1: %d rows%s%s\n", change_total.slower,
           change_total.slower ? ", most of all " : "", change_total.worst.what, change_total.faster,
           change_total.faster ? ", most of all " : "", change_total.best.what);
}

static void change_run(const char *form, const char *sizes, double seconds, int reps, FILE *json)
{
    static change_case cases[2];
    measure_way ways[2];
    measure_figure figures[2] = { { 0 } };
    change_kind kind;
    int i;
    change_parse(&cases[0], form, sizes);
    change_data(&cases[0]);
    cases[1] = cases[0];
    for (i = 0; i < 2; i++) {
        ways[i].run = change_versions[i]->find(form, &kind);
        ways[i].data = &cases[i];
        ways[i].peak = &PEAK;
        if (!ways[i].run) change_fail("no such form:", form);
        if (kind != (cases[i].layers ? CHANGE_NET : cases[i].in ? CHANGE_PRODUCT : CHANGE_FUNCTION))
            change_fail("these are not its sizes:", sizes);
        if (cases[i].layers && !(cases[i].net = change_versions[i]->net(&cases[i]))) change_fail("no net:", sizes);
    }
    measure_turns(ways, 2, measure_thread, seconds, reps, figures);
    change_print(&cases[0], sizes, figures, json);
    change_add(&cases[0], sizes, &figures[1]);
    free(cases[0].labels);
}

int main(int argc, char **argv)
{
    const char *const *forms = change_usual;
    double seconds = 0.002;
    int i, n = sizeof change_usual / sizeof *change_usual, reps = 15;
    FILE *json = NULL;
    for (i = 1; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
        if (strcmp(argv[i], "--seconds") == 0) seconds = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--reps") == 0) reps = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--json") == 0) {
            json = fopen(argv[i + 1], "w");
            if (!json) change_fail("cannot write", argv[i + 1]);
        } else change_fail("no such option:", argv[i]);
    }
    if (reps < MEASURE_LEAST_REPS || reps > MEASURE_MOST_REPS || !(seconds > 0)) change_fail("wrong --reps or --seconds for", argv[0]);
    if (argc > i) { forms = (const char *const *)(argv + i); n = argc - i; }
    if (n % 2) change_fail("sizes are missing behind", forms[n - 1]);
    change_versions[0] = change_before();
    change_versions[1] = change_after();
    printf("%s, %s, %s %s\n", measure_cpu(), measure_compiler(), change_versions[1]->name, PEAK.flags);
    for (i = 0; i + 1 < n; i += 2) change_run(forms[i], forms[i + 1], seconds, reps, json);
    change_sum_up();
    return json && fclose(json) ? 2 : 0;
}
