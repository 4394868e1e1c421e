/* Two versions of mlp.h in one process, in turns: the median of the ratio of their times, after / before, and its quartiles.
   change [--json FILE] [--seconds S] [--reps N] form sizes ...     e.g. forward 32,784,128 tanh 65536 train 784-128-10,32
   Without forms a list of its own. In a training figure a call is eight batches. Ends with 0; 2 for any failure. */
#define _POSIX_C_SOURCE 200112L
#include "change.h"
#include "measure.h"

enum { CHANGE_MOST_REPS = 101, CHANGE_LEAST_REPS = 4, CHANGE_SLACK = 64 };
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
    "train", "64-32-10,16", "train", "784-128-10,32", "train", "784-512-512-10,128", "train", "1024-1024-1024-1024,256"
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

/* "rows,in,out", "n" or "in-units-...-units,rows" */
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
        if (*end == ',') c->rows = strtoul(end + 1, NULL, 10);
        if (*end != '-') break;
    }
    if (c->rows == 0 || c->layers < 1) change_fail("no net:", sizes);
}

static void change_data(change_case *c)
{
    const size_t in = change_larger(c->in, (size_t)c->widths[0]);
    size_t widest = change_larger(c->in, c->out), i, rows = 8 * c->rows;
    int l;
    for (l = 0; l <= c->layers; l++) widest = change_larger(widest, (size_t)c->widths[l]);
    c->x = measure_floats(c->in || c->layers ? rows * in : c->rows, 0.5f);
    c->w = measure_floats(change_larger(c->in * c->out, c->layers ? 0 : c->rows) + CHANGE_SLACK, 0.1f);
    c->b = measure_floats(widest + CHANGE_SLACK, 0.1f);
    c->dz = measure_floats(c->rows * c->out + CHANGE_SLACK, 0.5f);
    c->y = measure_floats(change_larger(c->rows * change_larger(widest, 1), c->in * c->out) + CHANGE_SLACK, 0);
    c->scratch = measure_floats(c->in || c->layers ? (change_larger(c->rows, 256) + 16) * (2 * widest + 96) : 1, 0);
    c->labels = (int *)calloc(rows, sizeof *c->labels);
    if (!c->labels) change_fail("out of memory:", c->form);
    for (i = 0; c->layers && i < rows; i++) c->labels[i] = (int)(i % (size_t)c->widths[c->layers]);
}

/* ratio: after / before; share: of the register-only rate, for products */
typedef struct { double before, after, ratio, first, third, share; } change_result;

static change_result change_measure(change_case cases[2], void (*const run[2])(const void *), double seconds, int reps)
{
    static double took[2][CHANGE_MOST_REPS], ratio[CHANGE_MOST_REPS], share[CHANGE_MOST_REPS];
    const double work = 2.0 * (double)cases[0].rows * (double)cases[0].in * (double)cases[0].out;
    change_result result;
    double unused;
    const long calls = measure_how_many(run[0], &cases[0], seconds);
    int r, i;
    (void)measure_calls(run[1], &cases[1], calls);
    for (r = 0; r < reps; r++) {
        const double begin = measure_now(), done = PEAK.run(100000), peak = done / (measure_now() - begin);
        for (i = 0; i < 2; i++) {
            const int version = (r + i) % 2;
            took[version][r] = measure_calls(run[version], &cases[version], calls) / (double)calls;
        }
        ratio[r] = took[1][r] / took[0][r];
        share[r] = work / took[1][r] / peak;
    }
    result.before = measure_median(took[0], reps, &unused);
    result.after = measure_median(took[1], reps, &unused);
    result.ratio = measure_median(ratio, reps, &unused);
    result.first = ratio[reps / 4];
    result.third = ratio[3 * reps / 4];
    result.share = measure_median(share, reps, &unused);
    return result;
}

static void change_print(const change_case *c, const char *sizes, int reps, const change_result *r, FILE *json)
{
    printf("%-10s %-22s %12.1f ns %12.1f ns   after / before %.3f [%.3f %.3f]", c->form, sizes, r->before * 1e9, r->after * 1e9,
           r->ratio, r->first, r->third);
    if (c->out) printf("  %.2f P", r->share);
    printf("\n");
    fflush(stdout);
    if (!json) return;
    fprintf(json, "{\"cpu\":\"%s\",\"compiler\":\"%s\",\"isa\":\"%s\",\"flags\":\"%s\",\"kernel\":\"%s\",\"shape\":\"%s\","
                  "\"unit\":\"ns\",\"reps\":%d,\"before\":%.5g,\"after\":%.5g,\"ratio\":%.4f,\"first\":%.4f,\"third\":%.4f}\n",
            measure_cpu(), measure_compiler(), change_versions[1]->name, PEAK.flags, c->form, sizes, reps, r->before * 1e9,
            r->after * 1e9, r->ratio, r->first, r->third);
}

static void change_run(const char *form, const char *sizes, double seconds, int reps, FILE *json)
{
    static change_case cases[2];
    void (*run[2])(const void *);
    change_result result;
    change_kind kind;
    int i;
    change_parse(&cases[0], form, sizes);
    change_data(&cases[0]);
    cases[1] = cases[0];
    for (i = 0; i < 2; i++) {
        run[i] = change_versions[i]->find(form, &kind);
        if (!run[i]) change_fail("no such form:", form);
        if (kind != (cases[i].layers ? CHANGE_NET : cases[i].in ? CHANGE_PRODUCT : CHANGE_FUNCTION))
            change_fail("these are not its sizes:", sizes);
        if (cases[i].layers && !(cases[i].net = change_versions[i]->net(&cases[i]))) change_fail("no net:", sizes);
    }
    result = change_measure(cases, run, seconds, reps);
    change_print(&cases[0], sizes, reps, &result, json);
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
    if (reps < CHANGE_LEAST_REPS || reps > CHANGE_MOST_REPS || !(seconds > 0)) change_fail("wrong --reps or --seconds for", argv[0]);
    if (argc > i) { forms = (const char *const *)(argv + i); n = argc - i; }
    if (n % 2) change_fail("sizes are missing behind", forms[n - 1]);
    change_versions[0] = change_before();
    change_versions[1] = change_after();
    printf("%s, %s, %s %s\n", measure_cpu(), measure_compiler(), change_versions[1]->name, PEAK.flags);
    for (i = 0; i + 1 < n; i += 2) change_run(forms[i], forms[i + 1], seconds, reps, json);
    return json && fclose(json) ? 2 : 0;
}
