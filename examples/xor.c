#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>

int main(void)
{
    static const float x[] = { 0,0,  0,1,  1,0,  1,1 };   /* 4 rows of 2 inputs */
    static const float y[] = { 0,    1,    1,    0   };   /* 4 rows of 1 target */
    mlp_desc desc = { .inputs = 2, .layers = { { .units = 8, .activation = MLP_ACT_TANH }, { .units = 1 } },
                      .loss = MLP_LOSS_BINARY_CROSS_ENTROPY };
    mlp_data data = { .rows = 4, .x = x, .y = y };
    mlp_fit_desc how = { .epochs = 400, .batch = MLP_FULL_BATCH, .opt = { .rate = 0.05f } };
    float p[4] = { 0 };
    mlp *net = NULL;

    mlp_result r = mlp_create(&net, &desc);
    if (!r) r = mlp_fit(net, &data, &how);
    if (!r) r = mlp_predict(net, x, 4, p);
    for (int i = 0; !r && i < 4; i++) printf("%d xor %d = %.3f\n", i / 2, i % 2, (double)p[i]);
    printf("%s kernels: %s\n", mlp_simd_name(), mlp_result_string(r));
    mlp_destroy(net);
    return r != MLP_OK;
}
