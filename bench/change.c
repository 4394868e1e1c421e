/* Two versions of mlp.h in one process, in turns: the median of the ratio of their times, after / before, and its
   quartiles. A ratio below 1 is a gain.
     change [--json FILE] [--seconds S] [--reps N] [form [sizes ...] ...]
     change forward 32,784,128 tanh 65536 train 784-128-10,32,adam
   Sizes and words of nets: work.h, work.c. At the end two lines: geometric means, and how many rows differ by both
   quartiles; placing in memory alone may move a row of one call by 3 %. Ends with 0; 2 for any failure. */
#define _POSIX_C_SOURCE 200112L
#include "run.h"

extern const work_version work_before, work_after;
extern const measure_peak PEAK;

/* of the ratios: logarithms added up, training apart; slower, faster: rows with both quartiles above or below 1 */
static struct {
    double sum[2], worst, best;
    int rows[2], slower, faster;
    char worst_row[112], best_row[112];
} total;

static void add(const work_case *c, const measure_figure *after)
{
    const int train = strcmp(c->form, "train") == 0, slower = after->first > 1, faster = after->third < 1;
    total.sum[train] += log(after->ratio);
    total.rows[train]++;
    total.slower += slower;
    total.faster += faster;
    if (slower && after->ratio > total.worst) {
        total.worst = after->ratio;
        snprintf(total.worst_row, sizeof total.worst_row, ", most of all %s %s %.3f", c->form, c->sizes, after->ratio);
    }
    if (faster && (total.best == 0 || after->ratio < total.best)) {
        total.best = after->ratio;
        snprintf(total.best_row, sizeof total.best_row, ", most of all %s %s %.3f", c->form, c->sizes, after->ratio);
    }
}

static void each(const char *form, const char *sizes)
{
    const measure_figure *raw;
    const run_figure *f = run_measure(form, sizes, &raw);
    const work_case *c = &run_cases[1];
    if (!(f[0].value > 0) || !(f[1].value > 0)) printf("%-17s %-28s not in both versions\n", form, sizes);
    else {
        printf("%-17s %-28s %10.4g %10.4g %-7s  after / before %.3f [%.3f %.3f]%s", c->form, c->sizes,
               f[0].value, f[1].value, run_unit(c), raw[1].ratio, raw[1].first, raw[1].third,
               f[1].half_spread > 50 * MEASURE_STEADY ? " ~" : "  ");
        if (f[1].share > 0) printf("  %.2f P", f[1].share);
        printf("\n");
        run_write("{\"work\":\"%s\",\"shape\":\"%s\",\"unit\":\"ratio\",\"change\":[%.4f,%.4f,%.4f]}\n",
                  c->form, c->sizes, raw[1].ratio, raw[1].first, raw[1].third);
        add(c, &raw[1]);
    }
    run_end();
}

static const char *const list[] = {
    "forward", "1,64,64", "forward", "1,784,256", "forward", "16,64,32", "forward", "32,784,128",
    "forward", "64,256,256", "forward", "128,512,512", "forward", "256,1024,1024", "forward", "7,13,5",
    "forward", "33,65,17", "forward", "100,300,77",
    "dX", "1,64,64", "dX", "16,64,32", "dX", "32,784,128", "dX", "64,256,256", "dX", "128,512,512",
    "dX", "256,1024,1024", "dX", "33,65,17", "dX", "100,300,77",
    "dW", "1,64,64", "dW", "16,64,32", "dW", "32,784,128", "dW", "64,256,256", "dW", "128,512,512",
    "dW", "256,1024,1024", "dW", "33,65,17", "dW", "100,300,77",
    "nn", "1,64,64", "nn", "1,784,256", "nn", "64,256,256", "nn", "512,512,512", "fwd", "64,256,256",
    "dx", "64,256,256", "dw", "1,1024,1024", "dw", "64,256,256",
    "relu", "65536", "sigmoid", "65536", "tanh", "65536", "gelu", "65536", "softmax10", "65530", "hadamard", "65536",
    "predict", "6-64-8-4,1", "predict", "16-32-32-1,1", "predict", "64-64-10,1", "predict", "128-64-1,1",
    "predict", "784-256-10,1", "predict", "6-64-8-4,64", "predict", "16-32-32-1,64", "predict", "784-128-10,256",
    "train", "64-32-10,16", "train", "784-128-10,32", "train", "784-512-512-10,128",
    "train", "1024-1024-1024-1024,256", "train", "6-64-8-4,32,adam,shuffled", "train", "16-32-32-1,32,adam,shuffled",
    "train", "4-32-16-4,10000,tanh,adam,full", "train", "4-32-16-4,1,tanh", "train", "64-32-10,1"
};

int main(int argc, char **argv)
{
    int i;
    run_seconds = 0.002;
    run_reps = 15;
    run_add("before", &work_before, NULL, &PEAK);
    run_add("after", &work_after, NULL, &PEAK);
    run_options(argc, argv, "change");
    printf("%s %s\n", work_after.name(), PEAK.flags);
    run_all(list, sizeof list / sizeof *list, each);
    printf("geometric mean of after / before:");
    for (i = 1; i >= 0; i--) {
        const double mean = exp(total.sum[i] / total.rows[i]);
        if (total.rows[i]) printf("  %s %.3f (%d rows)", i ? "training" : "all else", mean, total.rows[i]);
    }
    printf("\nboth quartiles above 1: %d rows%s; below 1: %d rows%s\n",
           total.slower, total.worst_row, total.faster, total.best_row);
    return run_close();
}
