/* The scalar kernels as a table of their own, to build with and without the compiler's vectorizer:
   cc <flags> -DMLP_SIMD=MLP_SIMD_SCALAR -DTABLE=table_vectorized -c bench/scalar.c */
#define MLP_STATIC
#define MLP_IMPLEMENTATION
#include "../mlp.h"

const void *TABLE(void);
const void *TABLE(void) { return mlp_kernels_for(NULL); }
