#define MLP_KERNELS_ONLY avx512
#include "mlp.h"
