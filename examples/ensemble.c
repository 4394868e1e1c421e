#include "ensemble.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREDICT_ROWS = 512 };          /* that go through all members together */

void ensemble_free(ensemble *e)
{
    while (e->count > 0) mlp_destroy(e->net[--e->count]);
    free(e->texts);
    e->texts = NULL;
    e->text_size = 0;
}

static int ensemble_outputs(const mlp_desc *desc)
{
    int last = 0;
    while (last + 1 < MLP_MAX_LAYERS && desc->layers[last + 1].units) last++;
    return desc->layers[last].units;
}

mlp_result ensemble_fit(ensemble *e, int members, const mlp_desc *desc, const mlp_data *data, const mlp_fit_desc *fit)
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

/* ---- the file: texts, then each member as mlp_save_memory has it, each behind its size in eight bytes ---- */
/* TODO mlp_set_text, mlp_save_desc.more and mlp_load_desc.member take the place of all that follows when they are
   there. */

static const char ensemble_magic[] = "mlp ensemble 1\n";

/* 0: fine. A text under a key, for the file. */
int ensemble_set_text(ensemble *e, const char *key, const char *value)
{
    const size_t k = strlen(key) + 1, v = strlen(value) + 1;
    char *more = (char *)realloc(e->texts, e->text_size + k + v);
    if (!more) return 1;
    memcpy(more + e->text_size, key, k);
    memcpy(more + e->text_size + k, value, v);
    e->texts = more;
    e->text_size += k + v;
    return 0;
}

/* NULL: none */
const char *ensemble_get_text(const ensemble *e, const char *key)
{
    const char *p = e->texts, *end = p + e->text_size;
    while (p && p < end) {
        const char *value = p + strlen(p) + 1;
        if (value >= end) return NULL;
        if (!strcmp(p, key)) return value;
        p = value + strlen(value) + 1;
    }
    return NULL;
}

static int ensemble_write_part(FILE *f, const void *part, uint64_t size)
{
    return fwrite(&size, sizeof size, 1, f) != 1 || (size && fwrite(part, (size_t)size, 1, f) != 1);
}

/* NULL: damaged, or no memory. A 0 stands behind the part. */
static char *ensemble_read_part(FILE *f, uint64_t file_size, size_t *size)
{
    uint64_t n;
    char *part;
    if (fread(&n, sizeof n, 1, f) != 1 || n > file_size || (part = (char *)malloc((size_t)n + 1)) == NULL)
        return NULL;
    if (n && fread(part, (size_t)n, 1, f) != 1) { free(part); return NULL; }
    part[n] = 0;
    *size = (size_t)n;
    return part;
}

static mlp_result ensemble_write_member(FILE *f, const mlp *net, mlp_error *error)
{
    mlp_save_desc how;
    size_t size = 0;
    void *memory;
    mlp_result r;
    memset(&how, 0, sizeof how);
    how.error = error;
    r = mlp_save_memory(net, NULL, &size, &how);
    memory = r ? NULL : malloc(size);
    if (!r && !memory) r = MLP_ERR_MEMORY;
    if (!r) r = mlp_save_memory(net, memory, &size, &how);
    if (!r && ensemble_write_part(f, memory, size)) r = MLP_ERR_IO;
    free(memory);
    return r;
}

mlp_result ensemble_save(const ensemble *e, const char *path, mlp_error *error)
{
    FILE *f = fopen(path, "wb");
    mlp_result r = f ? MLP_OK : MLP_ERR_IO;
    uint64_t count = (uint64_t)e->count;
    int m;
    if (f && (fwrite(ensemble_magic, sizeof ensemble_magic - 1, 1, f) != 1 || ensemble_write_part(f, e->texts,
        e->text_size) ||
              fwrite(&count, sizeof count, 1, f) != 1)) r = MLP_ERR_IO;
    for (m = 0; m < e->count && !r; m++) r = ensemble_write_member(f, e->net[m], error);
    if (f && fclose(f) && !r) r = MLP_ERR_IO;
    return r;
}

static mlp_result ensemble_read_member(ensemble *e, FILE *f, uint64_t file_size, mlp_error *error)
{
    mlp_load_desc how;
    size_t size = 0;
    char *part = ensemble_read_part(f, file_size, &size);
    mlp_result r;
    memset(&how, 0, sizeof how);
    how.error = error;
    r = part ? mlp_load_memory(&e->net[e->count], part, size, &how) : MLP_ERR_FORMAT;
    if (!r) e->count++;
    free(part);
    return r;
}

mlp_result ensemble_load(ensemble *e, const char *path, mlp_error *error)
{
    FILE *f = fopen(path, "rb");
    char magic[sizeof ensemble_magic] = "";
    uint64_t count = 0, file_size = 0;
    mlp_result r = MLP_OK;
    memset(e, 0, sizeof *e);
    if (!f) return MLP_ERR_IO;
    if (!fseek(f, 0, SEEK_END)) file_size = (uint64_t)ftell(f);
    rewind(f);
    if (fread(magic, sizeof magic - 1, 1, f) != 1 || strcmp(magic, ensemble_magic)) r = MLP_ERR_FORMAT;
    else if ((e->texts = ensemble_read_part(f, file_size, &e->text_size)) == NULL) r = MLP_ERR_FORMAT;
    else if (fread(&count, sizeof count, 1, f) != 1 || count < 1 || count > MOST_MEMBERS) r = MLP_ERR_FORMAT;
    while (!r && (uint64_t)e->count < count) r = ensemble_read_member(e, f, file_size, error);
    fclose(f);
    if (r) ensemble_free(e);
    else e->outputs = ensemble_outputs(mlp_get_desc(e->net[0]));
    return r;
}
