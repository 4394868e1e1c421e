/* One program for all x86-64 CPUs: the kernels are chosen when it starts.
     cc -O2 -mavx2 -mfma -c avx2.c
     cc -O2 -mavx512f    -c avx512.c
     cc -O2 main.c avx2.o avx512.o */
#define MLP_DISPATCH
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>

int main(void)
{
    static const char *const names[] = { "avx512", "avx2", "sse2" };
    static const float x[4] = { 1, 2, 3, 4 };
    size_t i;

    printf("best: %s\n", mlp_simd_name());
    for (i = 0; i < 3; i++) {                   /* the same net, made by each of the kernels that this CPU runs */
        mlp_desc desc = { .inputs = 4, .layers = { { .units = 100, .activation = MLP_ACT_TANH }, { .units = 1 } } };
        mlp *net = NULL;
        float y = 0;
        desc.kernels = mlp_kernels_for(names[i]);
        if (!desc.kernels) { printf("%-7s not on this CPU\n", names[i]); continue; }
        if (mlp_create(&net, &desc) || mlp_predict(net, x, 1, &y)) return 1;
        printf("%-7s %d lanes, %s: %.9g\n", names[i], desc.kernels->lanes,
               desc.kernels->fma ? "fused" : "not fused", (double)y);
        mlp_destroy(net);
    }
    return 0;
}
