/* Several nets of one desc, each from a seed of its own, that answer with the mean of their outputs and lie in one
   file. Each holds back other rows for its best epoch where the fit desc has a validation_split. */
#ifndef ENSEMBLE_H
#define ENSEMBLE_H

#include "mlp.h"

enum { MOST_MEMBERS = 64 };

typedef struct {
    mlp *net[MOST_MEMBERS];
    int count, outputs;
    float low, high;                    /* outputs are kept within */
    char *texts;                        /* pairs of key and value, each to a 0 */
    size_t text_size;
} ensemble;

void ensemble_free(ensemble *);

/* Trains until all members are there or a callback has ended one. */
mlp_result ensemble_fit(ensemble *, int members, const mlp_desc *, const mlp_data *, const mlp_fit_desc *);

/* y: rows x outputs, the mean of the members; spread: the same size, their standard deviation, or NULL. */
mlp_result ensemble_predict(const ensemble *, const float *x, size_t rows, size_t inputs, float *y, float *spread);

/* Texts under keys, for the file. set: 0 when it has room for it; get: NULL for an unknown key. */
int ensemble_set_text(ensemble *, const char *key, const char *value);
const char *ensemble_get_text(const ensemble *, const char *key);

mlp_result ensemble_save(const ensemble *, const char *path, mlp_error *);
mlp_result ensemble_load(ensemble *, const char *path, mlp_error *);

#endif
