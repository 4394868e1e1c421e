/* exp of mlp.h, which is no activation and so not in its table of kernels: cc <flags> -DEXP=exp_avx2 -c exp.c */
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include "../../mlp.h"

void EXP(size_t n, const float *x, float *y);
MLP__ELEMENTWISE(exp_value, x, y, z, p, q) { return mlp__vexp(x); }

void EXP(size_t n, const float *x, float *y) { mlp__map(mlp__exp_value, 0, 0, n, x, x, x, y); }
