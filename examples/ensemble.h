/* Several nets of one desc, each from a seed of its own, that answer with the mean of their outputs and lie in one
   file. Each holds back other rows for its best epoch where the fit desc has a validation_split. */
#ifndef ENSEMBLE_H
#define ENSEMBLE_H

#include "mlp.h"

enum { MOST_MEMBERS = 64 };

typedef struct {
    mlp *net[MOST_MEMBERS];             /* texts of the file are those of net[0]: mlp_set_text, mlp_get_text */
    int count, outputs;
    float low, high;                    /* outputs are kept within */
} ensemble;

void ensemble_free(ensemble *);

/* Trains all members, with OpenMP several at a time, or as far as they are when a callback, which one thread at a time
   calls, ends one: then those stay that have done an epoch. The error is the first one's. */
mlp_result ensemble_fit(ensemble *, int members, const mlp_desc *, const mlp_data *, const mlp_fit_desc *);

/* y: rows x outputs, the mean of the members; spread: the same size, their standard deviation, or NULL. */
mlp_result ensemble_predict(const ensemble *, const float *x, size_t rows, size_t inputs, float *y, float *spread);

mlp_result ensemble_save(ensemble *, const char *path, mlp_error *);
mlp_result ensemble_load(ensemble *, const char *path, mlp_error *);

#endif
