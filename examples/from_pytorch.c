/* Runs a net that PyTorch trained: from_pytorch model.safetensors, the file written by from_pytorch.py.
   state_dict() holds weights, not activations, so mlp_load is told those. */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    static const float x[] = { 0, 0,  0.5f, 0.25f,  0.9f, 0.1f,  -0.8f, 0.8f };
    mlp_error error = { .text = "" };
    mlp_load_desc how = { .hidden = MLP_ACT_TANH, .output = MLP_ACT_SIGMOID, .error = &error };
    float p[4];
    mlp *net = NULL;
    mlp_result r = mlp_load(&net, argc > 1 ? argv[1] : "model.safetensors", &how);

    if (!r && (mlp_get_desc(net)->inputs != 2 || mlp_get_desc(net)->layers[1].units != 1)) r = MLP_ERR_ARGUMENT;
    if (!r) r = mlp_predict(net, x, 4, p);
    for (int i = 0; !r && i < 4; i++)
        printf("(%g, %g) is inside the circle: %.3f\n", (double)x[2 * i], (double)x[2 * i + 1], (double)p[i]);
    if (r) fprintf(stderr, "%s: %s\n", mlp_result_string(r), error.text);
    mlp_destroy(net);
    return r != MLP_OK;
}
