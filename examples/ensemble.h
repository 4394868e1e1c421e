/* Several nets of one desc, each from a seed of its own, that answer with the mean of their outputs and lie in one file. Each holds
   back other rows for its best epoch where the fit desc has a validation_split. */
#ifndef ENSEMBLE_H
#define ENSEMBLE_H

#include "mlp.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MEMBERS = 64, PREDICT_ROWS = 512 };

typedef struct {
    mlp *net[MOST_MEMBERS];
    int count, outputs;
    float low, high;                    /* outputs are kept within */
} ensemble;

static void ensemble_free(ensemble *e)
{
    while (e->count > 0) mlp_destroy(e->net[--e->count]);
}

static int ensemble_outputs(const mlp_desc *desc)
{
    int last = 0;
    while (last + 1 < MLP_MAX_LAYERS && desc->layers[last + 1].units) last++;
    return desc->layers[last].units;
}

/* Trains until all members are there or a callback has ended one. */
static mlp_result ensemble_fit(ensemble *e, int members, const mlp_desc *desc, const mlp_data *data, const mlp_fit_desc *fit)
{
    mlp_desc own = *desc;
    mlp_fit_desc how = *fit;
    mlp_fit_report report;
    mlp_result r = MLP_OK;
    memset(&report, 0, sizeof report);
    how.report = &report;
    e->outputs = ensemble_outputs(desc);
    for (e->count = 0; e->count < members && !r && report.stop != MLP_STOP_CALLBACK;) {
        own.seed = desc->seed * MOST_MEMBERS + (uint64_t)e->count;
        r = mlp_create(&e->net[e->count++], &own);
        if (!r) r = mlp_fit(e->net[e->count - 1], data, &how);
    }
    if (r) ensemble_free(e);
    return r;
}

/* Adds one member's outputs for a block of rows: sums of a and of a^2. */
static mlp_result ensemble_add(const ensemble *e, const mlp *net, const float *x, size_t rows, float *a, double *sums, double *squares)
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

/* y: rows x outputs, the mean of the members; spread: the same size, their standard deviation, or NULL. */
static mlp_result ensemble_predict(const ensemble *e, const float *x, size_t rows, size_t inputs, float *y, float *spread)
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

/* The text "ensemble.members" of the first net says how many there are. */
static mlp_result ensemble_save(ensemble *e, const char *path, mlp_error *error)
{
    const mlp *more[MOST_MEMBERS];
    mlp_save_desc how;
    char count[16];
    mlp_result r;
    int m;
    memset(&how, 0, sizeof how);
    for (m = 1; m < e->count; m++) more[m - 1] = e->net[m];
    how.more = more;
    how.more_count = e->count - 1;
    how.error = error;
    snprintf(count, sizeof count, "%d", e->count);
    r = mlp_set_text(e->net[0], "ensemble.members", count);
    return r ? r : mlp_save(e->net[0], path, &how);
}

static mlp_result ensemble_load(ensemble *e, const char *path, mlp_error *error)
{
    mlp_load_desc how;
    mlp_result r = MLP_OK;
    const char *text = NULL;
    int members = 1;
    memset(&how, 0, sizeof how);
    how.error = error;
    for (e->count = 0; e->count < members && !r;) {
        how.member = e->count;
        r = mlp_load(&e->net[e->count++], path, &how);
        if (r || e->count > 1) continue;
        text = mlp_get_text(e->net[0], "ensemble.members");
        members = text ? atoi(text) : 1;
        if (members < 1 || members > MOST_MEMBERS) r = MLP_ERR_FORMAT;
    }
    if (r) ensemble_free(e);
    else e->outputs = ensemble_outputs(mlp_get_desc(e->net[0]));
    return r;
}

#endif
