/* The tests compiled for each instruction set: inside the kernels >>simd and >>vmath; >>gemm, whose sums
   in the documented order want the same fma. The kernels themselves are another object; nothing here
   refers to those of this one. */
#define _DEFAULT_SOURCE
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "test.h"
#include "reference.h"
#include "simd.c"
#include "vmath.c"

extern const mlp_kernels mlp__kernels_under_test;
#define mlp__kernels mlp__kernels_under_test
#include "gemm.c"

void inner_tests(test_state *state)
{
    test = *state;
    if (test.every_input) vmath_step = 1;
    if (test.small) vmath_step *= 16;
    simd_tests();
    vmath_tests();
    gemm_tests();
    *state = test;
}
