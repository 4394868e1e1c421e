/* Reads n floats with all the vectors that fit, to see the bandwidth: cc <flags>
   -DREAD=read_avx2 -c bench/peers/read.c */
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include "../../mlp.h"

double READ(const float *x, size_t n);

enum { READ_CHAINS = 8 };

double READ(const float *x, size_t n)
{
    mlp__vf a[READ_CHAINS];
    float lanes[MLP__W];
    size_t i, j;
    MLP__UNROLL
    for (j = 0; j < READ_CHAINS; j++) a[j] = mlp__vzero();
    for (i = 0; i + READ_CHAINS * MLP__W <= n; i += READ_CHAINS * MLP__W) {
        MLP__UNROLL
        for (j = 0; j < READ_CHAINS; j++) a[j] = mlp__vadd(a[j], mlp__vload(x + i + j * MLP__W));
    }
    MLP__UNROLL
    for (j = 1; j < READ_CHAINS; j++) a[0] = mlp__vadd(a[0], a[j]);
    mlp__vstore(lanes, a[0]);
    return (double)lanes[0];
}
