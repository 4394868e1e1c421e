/* Optimizers that see the whole objective beside Adam, on tables of numbers whose last column is the target: n-10-1
   with tanh, inputs and target scaled. Adam has three rates and 5,000 epochs of the full batch; its best loss is what
   the others are to reach in half of its seconds (of this process), and lm after 100 iterations to beat.
     fits FILE.csv ...
   Ends with 0, whether reached or not; 2 for any failure. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>
#include <time.h>

enum { SEEDS = 5, MOST = 100000 };
static float cells[MOST], x[MOST], y[MOST];

static void fail(const char *what, const char *where)
{
    fprintf(stderr, "fits: %s %s\n", what, where);
    exit(2);
}

/* rows of numbers with commas between them */
static mlp_data read_table(const char *path, int *inputs)
{
    mlp_data data = { 0 };
    FILE *f = fopen(path, "r");
    size_t n = 0, i, columns = 0;
    char after = ',';
    if (!f) fail("cannot open", path);
    while (n < MOST && fscanf(f, "%f%c", &cells[n], &after) >= 1) {
        n++;
        if (!columns && after != ',') columns = n;
    }
    fclose(f);
    if (columns < 2 || n % columns) fail("no table of numbers:", path);
    for (i = 0; i < n; i++) {
        if (i % columns + 1 == columns) y[i / columns] = cells[i];
        else x[i / columns * (columns - 1) + i % columns] = cells[i];
    }
    data.rows = n / columns;
    data.x = x;
    data.y = y;
    *inputs = (int)columns - 1;
    return data;
}

/* when a loss was reached, 0: not */
typedef struct { double target, seconds; int epoch; clock_t begin; } goal;

static double seconds_since(clock_t begin) { return (double)(clock() - begin) / CLOCKS_PER_SEC; }

static int watch(void *user, const mlp_progress *p)
{
    goal *g = (goal *)user;
    if (!g->epoch && p->loss <= g->target) { g->epoch = p->epoch - 1; g->seconds = seconds_since(g->begin); }
    return 0;
}

/* the loss in the end; *g: its target, and when it was there */
static double fit(const mlp_data *data, int inputs, int seed, mlp_opt kind, float rate, int epochs, goal *g)
{
    mlp_desc desc = { .inputs = inputs, .seed = (uint64_t)seed,
                      .layers = { { .units = 10, .activation = MLP_ACT_TANH }, { .units = 1 } },
                      .input_scaling = MLP_SCALE_STANDARD, .target_scaling = MLP_SCALE_STANDARD };
    mlp_fit_desc how = { .epochs = epochs, .batch = MLP_FULL_BATCH, .opt = { .kind = kind, .rate = rate },
                         .on_step = kind == MLP_OPT_ADAM ? NULL : watch, .user = g };
    mlp_metrics m;
    mlp *net;
    mlp_result r = mlp_create(&net, &desc);
    g->begin = clock();
    if (!r) r = mlp_fit(net, data, &how);
    if (g->target == 0) g->seconds = seconds_since(g->begin);
    if (!r) r = mlp_evaluate(net, data, &m);
    mlp_destroy(net);
    if (r) fail("fit:", mlp_result_string(r));
    return m.loss;
}

int main(int argc, char **argv)
{
    static const float rates[] = { 0.001f, 0.003f, 0.01f };
    int file, seed, inputs, i, reached = 0, asked = 0;
    for (file = 1; file < argc; file++) {
        const mlp_data data = read_table(argv[file], &inputs);
        printf("%s: %lu rows, %d-10-1, %s kernels\n", argv[file], (unsigned long)data.rows, inputs, mlp_simd_name());
        for (seed = 0; seed < SEEDS; seed++) {
            goal adam = { 0 }, g = { 0 };
            double best = 0, loss;
            for (i = 0; i < 3; i++) {
                loss = fit(&data, inputs, seed, MLP_OPT_ADAM, rates[i], 5000, &adam);
                if (i == 0 || loss < best) { best = loss; g.seconds = adam.seconds; }
            }
            printf("seed %d  adam %.4f in %.3f s", seed, best, g.seconds);
            for (i = 0; i < 2; i++) {
                goal other = { 0 };
                other.target = best;
                loss = fit(&data, inputs, seed, i ? MLP_OPT_LM : MLP_OPT_LBFGS, 0, i ? 100 : 1000, &other);
                printf("  %s %.4f after %d", i ? "lm" : "lbfgs", loss, i ? 100 : 1000);
                if (other.epoch) printf(", adam's after %d in %.3f s", other.epoch, other.seconds);
                if (i) { asked++; reached += other.epoch && loss < best && other.seconds <= g.seconds / 2; }
            }
            printf("\n");
        }
    }
    printf("lm lower, and there in half the seconds: %d of %d\n", reached, asked);
    return 0;
}
