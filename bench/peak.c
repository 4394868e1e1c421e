/* The rate of fused multiply-adds (or, without them, multiplications and additions) that only touch registers,
   for one instruction set: the upper bound P of every matrix product. cc <flags> -DPEAK=peak_avx2
   -DFLAGS='"<flags>"' -c bench/peak.c */
#define _POSIX_C_SOURCE 200112L
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "measure.h"

/* Two pipes of 4 cycles need 8 independent sums, multiplications followed by additions of 3 + 3 cycles 12, four pipes
   (Arm) 16. With x and y, 14 fill the 16 registers of AVX2. */
#if defined(__aarch64__)
enum { PEAK_CHAINS = 24 };
#else
enum { PEAK_CHAINS = 14 };
#endif

/* One link of a chain. The sum is the addend of a fma, as in the matrix products: where an instruction overwrites its
   addend (Arm), a constant one costs two moves per fma (gcc 12, clang 14). Without fma the sum is a factor, for a
   product of constants leaves the loop. */
#if MLP__FMA
#define PEAK_NEXT(a) mlp__vfma(x, y, a)
#else
#define PEAK_NEXT(a) mlp__vfma(a, x, y)
#endif

static double peak_run(long rounds)
{
    volatile float zero = 0, one = 1;
    mlp__vf a[PEAK_CHAINS], x = mlp__vset1(one), y = mlp__vset1(zero);
    float lanes[MLP__W];
    double sum = 0;
    long r;
    int i;
    MLP__UNROLL
    for (i = 0; i < PEAK_CHAINS; i++) a[i] = mlp__vset1((float)i);
    for (r = 0; r < rounds; r++) {
        MLP__UNROLL
        for (i = 0; i < PEAK_CHAINS; i++) a[i] = PEAK_NEXT(a[i]);
        __asm__ volatile("");
    }
    MLP__UNROLL
    for (i = 0; i < PEAK_CHAINS; i++) { mlp__vstore(lanes, a[i]); sum += (double)lanes[0]; }
    return sum == (PEAK_CHAINS - 1) * PEAK_CHAINS / 2 ? 2.0 * PEAK_CHAINS * MLP__W * (double)rounds : 0;
}

extern const measure_peak PEAK;
const measure_peak PEAK = { FLAGS, peak_run };
