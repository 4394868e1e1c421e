/* The work that the programs of bench/ measure: work.c does it, with one version of mlp.h; run.h measures in turns. */
#ifndef WORK_H
#define WORK_H

#include <stddef.h>

enum { WORK_LAYERS = 8 };

typedef enum { WORK_FUNCTION, WORK_PRODUCT, WORK_NET } work_kind;

/* form and sizes: forward, dX, dW "rows,in,out" are the layer kernels, nn, fwd, dx, dw the public gemm in the forms of
   the comparison with other libraries; a function (relu, relu-backward, softmax10, hadamard, ...) "n"; predict,
   evaluate, train, step "in-units-...-units,rows" a net, relu inside, rows a call or a batch, with words behind:
   ",tanh,adam,full" (see work.c). */
typedef struct {
    char form[24], sizes[64], words[96];    /* words with commas around: ",tanh,adam," */
    work_kind kind;                         /* what the sizes are of */
    size_t rows, in, out;                   /* functions: rows elements */
    int layers, widths[WORK_LAYERS + 1], threads;
    size_t batches;                         /* of a call of train or evaluate */
    float *x, *w, *b, *dz, *y, *scratch;    /* random numbers, but y and scratch, which are written; all long enough */
    int *labels;
    const void *kernels;                    /* the table to use; NULL: what mlp.h itself chooses */
    double amount, flop;           /* out: elements, rows or parameters of a call; its floating-point operations or 0 */
    int function;                           /* out, as net, net_scratch and scratch_size: of work.c */
    void *net, *net_scratch;
    size_t scratch_size;
} work_case;

typedef struct {
    const char *(*name)(void);                              /* of the instruction set it chooses */
    const void *(*table)(const char *name);                 /* NULL: not on this CPU */
    /* what runs the case; NULL: nothing of that name, or not in this version */
    void (*(*prepare)(work_case *))(const void *);
    void (*memory)(const work_case *, size_t *scratch, size_t *train);      /* bytes for c->rows rows */
    void (*forget)(work_case *);
} work_version;

#endif
