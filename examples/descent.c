/* What the size of a batch does to gradient descent: learning curves of the full batch, mini-batches and one row
   at a time at one rate, as CSV: way,seed,epochs,updates,loss; an epoch is as many rows as there are, the loss
   that of all. make descent draws the means of the seeds. What they settle of what texts say depends on what one
   counts:
   - "much faster convergence" with few rows: yes, by rows seen. After one epoch the full batch has made one
     update.
   - "convergence can be much slower" with few rows: yes, by updates. The full batch has the exact direction; but
     16 rows are as good until near the end, for a 32nd of the work.
   - "noisier gradient", "the noise becomes problematic": at a constant rate one row at a time ends in a jitter,
     above where the others go on falling. 16 rows are the trade-off: most of the speed, little of the noise. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>

enum { ROWS = 512, INPUTS = 4, SEEDS = 5, EPOCHS = 64 };
enum { FULL_EPOCHS = EPOCHS * ROWS / 16 };              /* as many updates as by 16 rows */

typedef struct {
    const mlp *net;
    const mlp_data *data;
    const char *way;
    unsigned seed;
    size_t batch, updates, next;
} curve;

static float x[ROWS * INPUTS], y[ROWS];
static uint64_t state = 1;

static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) / 9007199254740992.0;
}

/* y: a smooth function of x, and noise that no net can learn */
static void make_rows(void)
{
    int i, k;
    for (i = 0; i < ROWS; i++) {
        double sum = 0;
        for (k = 0; k < INPUTS; k++) {
            const double value = 2 * uniform() - 1;
            x[i * INPUTS + k] = (float)value;
            sum += k % 2 ? -value : value;
        }
        y[i] = (float)(sum / (1 + sum * sum) + 0.6 * (uniform() + uniform() - 1));
    }
}

/* a line of the curve: each of the first updates, then at steps of a tenth, and the end of each pass over the rows */
static int write_point(void *user, const mlp_progress *p)
{
    curve *c = (curve *)user;
    const size_t rows = c->updates * c->batch;
    mlp_metrics m;
    (void)p;
    if (c->updates++ < c->next && rows % ROWS != 0) return 0;
    if (mlp_evaluate(c->net, c->data, &m)) return 1;
    printf("%s,%u,%g,%zu,%g\n", c->way, c->seed, (double)rows / ROWS, c->updates - 1, m.loss);
    if (c->updates > c->next) c->next = c->updates + c->updates / 10;
    return 0;
}

/* from the same weights, at the same rate */
static mlp_result descend(const char *way, int batch, int epochs, unsigned seed)
{
    mlp_desc desc = { .inputs = INPUTS, .layers = { { .units = 8, .activation = MLP_ACT_TANH }, { .units = 1 } } };
    mlp_data data = { .rows = ROWS, .x = x, .y = y };
    mlp_fit_desc how = { .epochs = epochs, .batch = batch, .opt = { .kind = MLP_OPT_SGD, .rate = 0.1f } };
    curve c = { .data = &data, .way = way, .batch = (size_t)batch, .seed = seed };
    mlp *net = NULL;
    mlp_result r;
    desc.seed = seed;
    r = mlp_create(&net, &desc);
    c.net = net;
    how.on_step = write_point, how.user = &c;
    if (!r) write_point(&c, NULL);
    if (!r) r = mlp_fit(net, &data, &how);
    mlp_destroy(net);
    return r;
}

int main(void)
{
    mlp_result r = MLP_OK;
    unsigned seed;
    make_rows();
    printf("way,seed,epochs,updates,loss\n");
    for (seed = 0; !r && seed < SEEDS; seed++) {
        r = descend("full batch", ROWS, FULL_EPOCHS, seed);
        if (!r) r = descend("16 rows", 16, EPOCHS, seed);
        if (!r) r = descend("one row", 1, EPOCHS, seed);
    }
    if (r) fprintf(stderr, "mlp: %s\n", mlp_result_string(r));
    return r != MLP_OK;
}
