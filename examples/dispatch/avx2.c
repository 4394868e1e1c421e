#define MLP_KERNELS_ONLY avx2
#include "mlp.h"
