/* What nets reach on two small tables, with fixed seeds and means of all of them: prints work,score,seconds of
   CPU a run. accuracy digits.csv diabetes.csv. digits: 64-128-10, of each class every fifth row of an order drawn
   from the seed is held out, seeds 0 .. 9, percent. diabetes: 5 folds of the orders of seeds 4 .. 13, R2: a net
   that scales and stops by patience (chosen among seven on the orders 0 .. 3), one that is all defaults but for
   the scaling, and the line of least squares. bench/accuracy.py has the same splits. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_ROWS = 2000, MOST_COLUMNS = 65, SEEDS = 10, FIRST_ORDER = 4, ORDERS = 10, FOLDS = 5 };

typedef struct { size_t rows; float x[MOST_ROWS * MOST_COLUMNS], y[MOST_ROWS]; int label[MOST_ROWS]; } table;

static table all, train, test;
static size_t order[MOST_ROWS];

static void check(mlp_result r, const char *what)
{
    if (!r) return;
    fprintf(stderr, "accuracy: %s: %s\n", what, mlp_result_string(r));
    exit(1);
}

static void read_csv(const char *path, size_t columns)
{
    FILE *f = fopen(path, "r");
    size_t c = columns;
    for (all.rows = 0; f && all.rows < MOST_ROWS; all.rows++) {
        for (c = 0; c < columns && fscanf(f, "%f,", &all.x[all.rows * columns + c]) == 1; c++) { }
        if (c < columns || fscanf(f, "%f", &all.y[all.rows]) != 1) break;
        all.label[all.rows] = (int)all.y[all.rows];
    }
    if (f) fclose(f);
    if (all.rows == 0 || c) check(MLP_ERR_IO, path);
}

static void shuffle(uint64_t seed)
{
    uint64_t state = seed * 2 + 1;
    size_t i, j;
    for (i = 0; i < all.rows; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        j = (size_t)(state >> 33) % (i + 1);
        order[i] = i;
        order[i] = order[j], order[j] = i;
    }
}

static void append(table *to, size_t row, size_t columns)
{
    memcpy(to->x + to->rows * columns, all.x + row * columns, columns * sizeof *all.x);
    to->y[to->rows] = all.y[row];
    to->label[to->rows++] = all.label[row];
}

/* trained on train, measured on test */
static mlp_metrics measure(const mlp_desc *desc, const mlp_fit_desc *how, int labels)
{
    mlp_error why = { .code = MLP_OK };
    mlp_data given = { .rows = train.rows, .x = train.x, .error = &why }, unseen = { .rows = test.rows, .x = test.x };
    mlp_metrics m;
    mlp *net;
    if (labels) given.labels = train.label, unseen.labels = test.label;
    else given.y = train.y, unseen.y = test.y;
    check(mlp_create(&net, desc), "create");
    check(mlp_fit(net, &given, how), why.text);
    check(mlp_evaluate(net, &unseen, &m), "evaluate");
    mlp_destroy(net);
    return m;
}

static void report(const char *work, double sum, int runs, clock_t begin)
{
    printf("%s,%.4f,%.2f\n", work, sum / runs, (double)(clock() - begin) / CLOCKS_PER_SEC / runs);
    fflush(stdout);
}

static void digits(void)
{
    mlp_desc desc = { .inputs = 64, .layers = { { .units = 128, .dropout = 0.2f }, { .units = 10 } },
                      .loss = MLP_LOSS_CROSS_ENTROPY, .input_scaling = MLP_SCALE_MIN_MAX };
    const mlp_fit_desc how = { .epochs = 60, .opt = { .rate = 0.003f }, .schedule = { .kind = MLP_SCHEDULE_COSINE } };
    const clock_t begin = clock();
    double sum = 0;
    size_t i;
    for (desc.seed = 0; desc.seed < SEEDS; desc.seed++) {
        size_t seen[10] = { 0 };
        shuffle(desc.seed);
        train.rows = test.rows = 0;
        for (i = 0; i < all.rows; i++) append(seen[all.label[order[i]]]++ % 5 == 4 ? &test : &train, order[i], 64);
        sum += 100 * measure(&desc, &how, 1).accuracy;
    }
    report("digits", sum, SEEDS, begin);
}

static void diabetes(const char *work, mlp_desc desc, const mlp_fit_desc *how)
{
    const clock_t begin = clock();
    double sum = 0;
    size_t i, fold;
    desc.inputs = 10;
    desc.input_scaling = desc.target_scaling = MLP_SCALE_STANDARD;
    for (desc.seed = FIRST_ORDER; desc.seed < FIRST_ORDER + ORDERS; desc.seed++)
        for (fold = 0; fold < FOLDS; fold++) {
            shuffle(desc.seed);
            train.rows = test.rows = 0;
            for (i = 0; i < all.rows; i++) append(i % FOLDS == fold ? &test : &train, order[i], 10);
            sum += measure(&desc, how, 0).r2;
        }
    report(work, sum, ORDERS * FOLDS, begin);
}

int main(int argc, char **argv)
{
    const mlp_desc line = { .layers = { { .units = 1 } } }, plain = { .layers = { { .units = 100 }, { .units = 1 } } };
    const mlp_desc net = { .layers = { { .units = 16, .activation = MLP_ACT_TANH, .dropout = 0.2f }, { .units = 1 } } };
    const mlp_fit_desc patient = { .epochs = 500, .validation_split = 0.2f, .patience = 40 };
    const mlp_fit_desc exact = { .epochs = 200, .batch = MLP_FULL_BATCH, .opt = { .kind = MLP_OPT_LBFGS } };
    if (argc != 3) return fprintf(stderr, "usage: accuracy digits.csv diabetes.csv\n"), 2;
    read_csv(argv[1], 64);
    digits();
    read_csv(argv[2], 10);
    diabetes("squares", line, &exact);
    diabetes("diabetes", net, &patient);
    diabetes("diabetes defaults", plain, NULL);
    return 0;
}
