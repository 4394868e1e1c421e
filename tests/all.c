/* The tests of what does not know instruction sets, section by section, and the main program. It is compiled once for
   a compiler and linked with the kernels to test and with tests/inner.c, which are compiled for each instruction set:
     cc -std=c99 -O2 -mavx2 -mfma -DMLP_KERNELS_ONLY=avx2 -Dmlp__kernels_avx2=mlp__kernels_under_test \
        -x c -c mlp.h -o kernels.o
     cc -std=c99 -O2 -mavx2 -mfma -c tests/inner.c
     cc -std=c99 tests/all.c kernels.o inner.o -lm
   See test.h for the command line; --every-input makes the sweeps of >>vmath visit all 2^32 floats. */
#define _DEFAULT_SOURCE
#define MLP__SIMD_under_test 0
#define MLP__KERNELS_APART
#define MLP_DISPATCH
#define MLP_DISPATCH_TABLES(X) X(under_test)
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "test.h"

/* From here on these mean the table under test and its arithmetic, not those of this object. */
#define mlp__kernels mlp__kernels_under_test
#define mlp__fma(a, b, c) all_fma(a, b, c)
static float all_fma(float a, float b, float c) { return mlp__kernels.fma ? fmaf(a, b, c) : a * b + c; }

#include "reference.h"
#include "kernels.c"
#include "rng.c"
#include "net.c"
#include "layers.c"
#include "loss.c"
#include "optim.c"
#include "train.c"
#include "fit.c"
#include "metrics.c"
#include "io.c"
#include "isa.c"
#include "bits.c"

int main(int argc, char **argv)
{
    test.every_input = argc > 1 && strcmp(argv[1], "--every-input") == 0;
    test.small = getenv("TEST_SMALL") != NULL;
    test.argc = argc - test.every_input;
    test.argv = argv + test.every_input;
    inner_tests(&test);
    kernels_tests();
    rng_tests();
    net_tests();
    layers_tests();
    loss_tests();
    optim_tests();
    train_tests();
    fit_tests();
    metrics_tests();
    io_tests();
    bits_tests();
    return test_end();
}
