/* What a peer of the comparison is: a program made of peer.c and one file for each library, which fills in peer_self.
   compare.c starts it, has it prepare cases and lets all peers take turns, one timed round each. */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PEER_MOST_LAYERS = 6, PEER_MOST_CASES = 8 };

/* A case: its data, made from the random numbers that compare.c hands out, so that every peer computes the same. */
typedef struct peer_case peer_case;
struct peer_case {
    char form[24];                          /* "nn" "fwd" "dx" "dw" "forward" ..., a function, "infer" or "train" */
    int batch, in, out;                     /* products: x [batch][in], w [in][out], wt [out][in], dy [batch][out] */
    float *x, *w, *wt, *dy;
    size_t n;                               /* functions: x and w, n elements each */
    /* nets: x [rows][widths[0]], labels[rows]; sigmoid: not relu */
    int layers, widths[PEER_MOST_LAYERS + 1], sigmoid, rows;
    float rate, *params;                    /* for each layer w [in][out], then b [out] */
    int *labels;
    float *result;                        /* what compare.c checks: y, dx, dw as [out][in]; f(x); outputs; parameters */
    size_t results;
    void (*call)(peer_case *);              /* the work that is timed */
    void (*finish)(peer_case *);            /* NULL, or: brings the result into the order above */
    const char *how;                        /* which of several ways it is, for the report; may be NULL */
    const void *own;                        /* of the peer */
    long calls;                             /* per timed round */
};

typedef struct { const char *name; void (*f)(size_t n, const float *a, const float *b, float *out); } peer_function;

typedef struct {
    const char *(*kernel)(void);            /* library, version and the kernels it really runs */
    /* row-major c = alpha op(a) op(b) + beta c, m x n x k; y = op(a) x + beta y for the m x n matrix a; NULL: none */
    void (*sgemm)(int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                  const float *b, int ldb, float beta, float *c, int ldc);
    void (*sgemv)(int ta, int m, int n, const float *a, const float *x, float beta, float *y);
    const peer_function *functions;         /* ends with a NULL name; softmaxN is rows of N; NULL: has none */
    int (*prepare)(peer_case *);            /* cases of its own kind: sets call and returns 1; NULL: has none */
} peer;

extern const peer peer_self;
extern int peer_argc;                       /* the words behind the program's name and the two paths */
extern char **peer_argv;

float *peer_floats(size_t n);               /* at a boundary of 64 bytes, until the cases are forgotten */
float *peer_layer(const peer_case *, int layer);                        /* its w in params; b is behind */
/* sets call and how */
void peer_fastest(peer_case *, void (*const *calls)(peer_case *), const char *const *names, int n);

#ifdef __cplusplus
}
#endif
#endif
