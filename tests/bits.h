/* What an object of tests/isa.c offers to tests/bits.c: one build of the library, by one compiler, for one instruction set. */
#ifndef BITS_H
#define BITS_H

#include "../mlp.h"

typedef struct {
    const mlp_kernels *(*kernels)(void);
    uint64_t (*hash)(void);             /* of nets after 1,000 training steps: losses, weights, gradients, predictions */
} bits_build;

#endif
