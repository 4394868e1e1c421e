/* exp of mlp.h, which is no activation and so not in its table of kernels: cc <flags> -DEXP=exp_avx2 -c exp.c */
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include "../../mlp.h"

void EXP(size_t n, const float *x, float *y);
MLP__INLINE mlp__vf exp_value(mlp__vf x, MLP__UNUSED mlp__vf y, MLP__UNUSED mlp__vf z, MLP__UNUSED mlp__vf parameter)
{
    return mlp__vexp(x);
}

void EXP(size_t n, const float *x, float *y) { mlp__map(exp_value, 0, n, x, x, x, y); }
