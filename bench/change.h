/* What a change of mlp.h does to times: change.c runs two versions of the header, each compiled into version.c, in turns. */
#ifndef CHANGE_H
#define CHANGE_H

#include <stddef.h>

enum { CHANGE_LAYERS = 8 };

/* A piece of work: forward, dX and dW are the layer kernels, nn, fwd, dx and dw the public gemm in the forms of the comparison with
   other libraries; a function of n elements; predict or train of a net, relu inside, rows a call or a batch. */
typedef struct {
    char form[24];
    size_t rows, in, out;                   /* of a product; functions have n = rows, nets their rows */
    int layers, widths[CHANGE_LAYERS + 1];
    char words[64];                         /* of a net: ",tanh,adam," */
    size_t batches, scratch_size;           /* training: batches of a call; predict: bytes of scratch */
    float *x, *w, *b, *dz, *y, *scratch;    /* random numbers, but y and scratch, which are written; all long enough */
    int *labels;
    void *net;                              /* of the version that runs it */
} change_case;

typedef enum { CHANGE_FUNCTION, CHANGE_PRODUCT, CHANGE_NET } change_kind;

typedef struct {
    const char *name;                       /* of the instruction set */
    void *(*net)(change_case *);            /* for predict and train, with scratch; NULL when there is no such net */
    void (*(*find)(const char *form, change_kind *))(const void *);     /* what runs a case; NULL: no such form */
} change_version;

#endif
