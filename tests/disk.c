/* For disk.sh: disk save SEED PATH saves the net of that seed; disk load PATH prints the
   seed of the net that is there. */
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    mlp_desc d;
    mlp *net = NULL;
    mlp_result r = MLP_ERR_ARGUMENT;
    memset(&d, 0, sizeof d);
    d.inputs = 40;                          /* a file of 3 writes */
    d.layers[0].units = 50;
    d.layers[1].units = 3;
    if (argc == 4 && strcmp(argv[1], "save") == 0) {
        d.seed = (uint64_t)atoi(argv[2]);
        r = mlp_create(&net, &d);
        if (!r) r = mlp_save(net, argv[3], NULL);
    } else if (argc == 3 && strcmp(argv[1], "load") == 0) {
        r = mlp_load(&net, argv[2], NULL);
        if (!r) printf("%d\n", (int)mlp_get_desc(net)->seed);
    }
    mlp_destroy(net);
    return (int)r;
}
