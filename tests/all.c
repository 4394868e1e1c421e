/* All tests of one build, section by section: cc -I. tests/all.c -lm. See test.h for the command line; --every-input makes the
   sweeps of >>vmath visit all 2^32 floats. */
#define _DEFAULT_SOURCE
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "test.h"
#include "reference.h"
#include "simd.c"
#include "vmath.c"
#include "kernels.c"
#include "gemm.c"
#include "rng.c"
#include "net.c"
#include "layers.c"
#include "loss.c"
#include "optim.c"
#include "train.c"
#include "io.c"

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--every-input") == 0) {
        vmath_step = 1;
        argv++;
        argc--;
    }
    test.small = getenv("TEST_SMALL") != NULL;
    if (test.small) vmath_step *= 16;
    test.argc = argc;
    test.argv = argv;
    simd_tests();
    vmath_tests();
    kernels_tests();
    gemm_tests();
    rng_tests();
    net_tests();
    layers_tests();
    loss_tests();
    optim_tests();
    train_tests();
    io_tests();
    return test_end();
}
