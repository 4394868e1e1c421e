#include "ensemble.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _OPENMP
#define OMP(directive) _Pragma(#directive)
#else
#define OMP(directive)
#endif

enum { PREDICT_ROWS = 512 };          /* that go through all members together */

void ensemble_free(ensemble *e)
{
    while (e->count > 0) mlp_destroy(e->net[--e->count]);
}

static int ensemble_outputs(const mlp_desc *desc)
{
    int last = 0;
    while (last + 1 < MLP_MAX_LAYERS && desc->layers[last + 1].units) last++;
    return desc->layers[last].units;
}

/* What the members share while they train, and how each ended. */
typedef struct {
    ensemble *e;
    const mlp_desc *desc;
    const mlp_data *data;
    const mlp_fit_desc *fit;
    int stopped;
    mlp_result result[MOST_MEMBERS];
    mlp_error error[MOST_MEMBERS];
    mlp_fit_report report[MOST_MEMBERS];
} ensemble_training;

/* Asks the caller whether to stop; p NULL: whether that has been said. One thread at a time. */
static int ensemble_stops(ensemble_training *t, const mlp_progress *p)
{
    int stop = 0;
    OMP(omp critical)
    {
        if (p && t->fit->on_epoch) t->stopped |= t->fit->on_epoch(t->fit->user, p) != 0;
        stop = t->stopped;
    }
    return stop;
}

static int ensemble_on_epoch(void *user, const mlp_progress *p) { return ensemble_stops((ensemble_training *)user, p); }

static void ensemble_train(ensemble_training *t, int member)
{
    mlp **net = &t->e->net[member];
    mlp_desc desc = *t->desc;
    mlp_data data = *t->data;
    mlp_fit_desc fit = *t->fit;
    desc.seed = t->desc->seed * MOST_MEMBERS + (uint64_t)member;
    desc.error = data.error = &t->error[member];
    fit.on_epoch = ensemble_on_epoch;
    fit.user = t;
    fit.report = &t->report[member];
    t->result[member] = mlp_create(net, &desc);
    if (!t->result[member]) t->result[member] = mlp_fit(*net, &data, &fit);
}

mlp_result ensemble_fit(ensemble *e, int members, const mlp_desc *desc, const mlp_data *data, const mlp_fit_desc *fit)
{
    ensemble_training *t = (ensemble_training *)calloc(1, sizeof *t);
    mlp_result r = t ? MLP_OK : MLP_ERR_MEMORY;
    int m, most = 0;
    e->count = 0;
    if (r) return r;
    t->e = e;
    t->desc = desc;
    t->data = data;
    t->fit = fit;
    e->outputs = ensemble_outputs(desc);
    memset(e->net, 0, sizeof e->net);
    OMP(omp parallel for schedule(dynamic, 1))
    for (m = 0; m < members; m++) if (!ensemble_stops(t, NULL)) ensemble_train(t, m);
    for (m = members - 1; m >= 0; m--) {
        if (t->result[m]) { r = t->result[m]; if (data->error) *data->error = t->error[m]; }
        if (t->report[m].epochs > most) most = t->report[m].epochs;
    }
    for (m = 0; m < members; m++) {             /* one stopped before others got further would spoil the mean */
        const int whole = t->report[m].stop != MLP_STOP_CALLBACK || t->report[m].epochs == most;
        if (!r && e->net[m] && whole) e->net[e->count++] = e->net[m];
        else mlp_destroy(e->net[m]);
    }
    free(t);
    return r;
}

/* Adds one member's outputs for a block of rows: sums of a and of a^2. */
static mlp_result ensemble_add(const ensemble *e, const mlp *net, const float *x, size_t rows, float *a,
    double *sums, double *squares)
{
    const mlp_result r = mlp_predict(net, x, rows, a);
    size_t i;
    for (i = 0; !r && i < rows * (size_t)e->outputs; i++) {
        const double v = (double)(a[i] < e->low ? e->low : a[i] > e->high ? e->high : a[i]);
        sums[i] += v;
        squares[i] += v * v;
    }
    return r;
}

mlp_result ensemble_predict(const ensemble *e, const float *x, size_t rows, size_t inputs, float *y, float *spread)
{
    const size_t k = (size_t)e->outputs;
    double *sums = (double *)malloc(2 * PREDICT_ROWS * k * sizeof *sums), *squares = sums + PREDICT_ROWS * k;
    float *a = (float *)malloc(PREDICT_ROWS * k * sizeof *a);
    mlp_result r = sums && a ? MLP_OK : MLP_ERR_MEMORY;
    size_t at, n, i;
    int m;
    for (at = 0; at < rows && !r; at += n) {
        n = rows - at < PREDICT_ROWS ? rows - at : PREDICT_ROWS;
        memset(sums, 0, 2 * PREDICT_ROWS * k * sizeof *sums);
        for (m = 0; m < e->count && !r; m++) r = ensemble_add(e, e->net[m], x + at * inputs, n, a, sums, squares);
        for (i = 0; i < n * k; i++) {
            const double mean = sums[i] / e->count, variance = squares[i] / e->count - mean * mean;
            y[at * k + i] = (float)mean;
            if (spread) spread[at * k + i] = variance > 0 ? (float)sqrt(variance) : 0.0f;
        }
    }
    free(sums);
    free(a);
    return r;
}

mlp_result ensemble_save(ensemble *e, const char *path, mlp_error *error)
{
    mlp_save_desc how;
    char count[16];
    mlp_result r;
    memset(&how, 0, sizeof how);
    how.error = error;
    how.more = (const mlp *const *)(e->net + 1);
    how.more_count = e->count - 1;
    snprintf(count, sizeof count, "%d", e->count);
    r = mlp_set_text(e->net[0], "members", count);
    return r ? r : mlp_save(e->net[0], path, &how);
}

mlp_result ensemble_load(ensemble *e, const char *path, mlp_error *error)
{
    mlp_load_desc how;
    const char *count;
    mlp_result r;
    int members = 1;
    memset(e, 0, sizeof *e);
    memset(&how, 0, sizeof how);
    how.error = error;
    how.max_header = (size_t)1 << 26;           /* names of many columns and categories */
    do {
        how.member = e->count;
        r = mlp_load(&e->net[e->count], path, &how);
        if (!r && e->count++ == 0 && (count = mlp_get_text(e->net[0], "members")) != NULL) members = atoi(count);
    } while (!r && e->count < members && e->count < MOST_MEMBERS);
    if (r) ensemble_free(e);
    else e->outputs = ensemble_outputs(mlp_get_desc(e->net[0]));
    return r;
}
