/* The bits of a build of the whole library, net code and all: cc -mavx2 -mfma -O3 tests/one_build.c -lm */
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#define _DEFAULT_SOURCE
#include "../mlp.h"
#include "test.h"
#include "isa.c"
#include "bits.c"

int main(int argc, char **argv)
{
    test.argc = argc;
    test.argv = argv;
    bits_tests();
    return test_end();
}
