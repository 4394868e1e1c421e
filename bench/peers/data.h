/* The data of the comparison, the same for compare.c and all peers (peer.py and peer.mjs have the same): slices of one
   file of random floats, read round and round. */
#ifndef DATA_H
#define DATA_H

#include <math.h>
#include <stddef.h>

enum { DATA_FLOATS = 1 << 24,
       /* where slices begin */
       DATA_X = 0, DATA_W = 3 << 20, DATA_DY = 8 << 20, DATA_PARAMS = 10 << 20, DATA_LABELS = 15 << 20 };
#define DATA_RANGE 4.0f                     /* of the elementwise functions */

static void data_take(const float *data, size_t n, size_t from, float range, float *x)
{
    size_t i;
    for (i = 0; i < n; i++) x[i] = range * data[(from + i) % DATA_FLOATS];
}

/* where layer l begins in the parameters, w [in][out] then b [out] for each; l = layers: how many there are */
static size_t data_layer(const int *widths, int l)
{
    size_t n = 0;
    int i;
    for (i = 0; i < l; i++) n += ((size_t)widths[i] + 1) * (size_t)widths[i + 1];
    return n;
}

static void data_params(const float *data, const int *widths, int layers, float *p)
{
    int l;
    for (l = 0; l < layers; l++) {
        const size_t at = data_layer(widths, l), w = (size_t)widths[l] * (size_t)widths[l + 1];
        data_take(data, w, DATA_PARAMS + at, sqrtf(6.0f / (float)widths[l]), p + at);
        data_take(data, (size_t)widths[l + 1], DATA_PARAMS + at + w, 0.1f, p + at + w);
    }
}

static void data_labels(const float *data, size_t rows, int classes, int *labels)
{
    size_t i;
    for (i = 0; i < rows; i++) labels[i] = (int)((data[(DATA_LABELS + i) % DATA_FLOATS] + 1) * 0.5f * (float)classes);
}

#endif
