/* Run-time choice of kernels: built with MLP_DISPATCH and linked with the kernels-only objects for AVX2 and AVX-512.
   EXPECT in the environment is the name of the best table on the CPU that runs this. */
#define _DEFAULT_SOURCE
#define MLP_DISPATCH
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "test.h"

static const char *dispatch_expected(void)
{
    const char *e = getenv("EXPECT");
    return e ? e : "EXPECT is not set";
}

static void dispatch_chooses_the_best(void)
{
    static const char *const order[] = { "avx512", "avx2", "sse2" };
    int i, best = 0;
    while (best < 2 && strcmp(order[best], dispatch_expected()) != 0) best++;
    snprintf(test.note, sizeof test.note, "%s", mlp_simd_name());
    CHECK(strcmp(mlp_simd_name(), dispatch_expected()) == 0);
    CHECK(mlp_kernels_for(NULL) == mlp_kernels_for(dispatch_expected()));
    for (i = 0; i < 3; i++) {
        const mlp_kernels *k = mlp_kernels_for(order[i]);
        CHECK((k != NULL) == (i >= best));                      /* all below the best, none above */
        if (k) CHECK(strcmp(k->name, order[i]) == 0 && k->fma == (i < 2) && k->lanes == 16 >> i);
    }
    CHECK(!mlp_kernels_for("neon") && !mlp_kernels_for("") && !mlp_kernels_for("avx"));
}

/* one net per table: each uses its own, nets of one class of arithmetic agree bit for bit, also after training */
static uint64_t dispatch_hash(const mlp_kernels *k)
{
    float x[40 * 20], y[40 * 7];
    mlp_desc d;
    mlp_data data;
    mlp_fit_desc fit;
    size_t n;
    uint64_t hash;
    float *p;
    mlp *net;
    memset(&d, 0, sizeof d);
    memset(&data, 0, sizeof data);
    memset(&fit, 0, sizeof fit);
    d.inputs = 20;
    d.layers[0].units = 50;
    d.layers[0].activation = MLP_ACT_GELU;
    d.layers[1].units = 7;
    d.kernels = k;
    test_seed(90);
    test_fill(x, 800);
    test_fill(y, 280);
    data.rows = 40;
    data.x = x;
    data.y = y;
    fit.epochs = 20;
    fit.batch = 9;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_get_desc(net)->kernels == k);
    CHECK(mlp_fit(net, &data, &fit) == MLP_OK);
    p = mlp_params(net, &n);
    hash = test_hash(TEST_HASH_BEGIN, p, n);
    mlp_destroy(net);
    return hash;
}

static void dispatch_nets_choose_for_themselves(void)
{
    const mlp_kernels *avx512 = mlp_kernels_for("avx512"), *avx2 = mlp_kernels_for("avx2");
    const mlp_kernels *sse2 = mlp_kernels_for("sse2");
    CHECK(dispatch_hash(NULL) == dispatch_hash(mlp_kernels_for(dispatch_expected())));
    if (avx512) CHECK(dispatch_hash(avx512) == dispatch_hash(avx2));
    if (avx2) CHECK(dispatch_hash(avx2) != dispatch_hash(sse2));
}

int main(int argc, char **argv)
{
    test.argc = argc;
    test.argv = argv;
    RUN(dispatch_chooses_the_best);
    RUN(dispatch_nets_choose_for_themselves);
    return test_end();
}
