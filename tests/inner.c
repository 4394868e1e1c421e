/* The tests inside the kernels, >>simd and >>vmath, compiled for each instruction set. The kernels themselves are left out of this
   object: nothing calls them here. */
#define _DEFAULT_SOURCE
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "test.h"
#include "reference.h"
#include "simd.c"
#include "vmath.c"

void inner_tests(test_state *state)
{
    test = *state;
    if (test.every_input) vmath_step = 1;
    if (test.small) vmath_step *= 16;
    simd_tests();
    vmath_tests();
    *state = test;
}
