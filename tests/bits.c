/* One arithmetic: every build returns the bits of its class, which stand in tests/golden.txt. Here
   the kernels; the nets of isa.c. */

/* ---- every kernel over every length 0..67 and offset 0..15, hashed ---- */

enum { BITS_MOST = 67, BITS_SPACE = BITS_MOST + 16 };

static float bits_a[BITS_SPACE], bits_b[BITS_SPACE], bits_c[BITS_SPACE], bits_d[BITS_SPACE], bits_e[BITS_SPACE];
static float bits_x[96 * 96], bits_y[96 * 96], bits_z[96 * 96], bits_w[96 * 96 + 32], bits_scratch[96 * 256];

/* mostly ordinary numbers, some large, tiny, and special */
static void bits_fill(float *x, size_t n)
{
    static const uint32_t special[] = {
        0x80000000u, 0x7f800000u, 0xff800000u, 0x7fc00000u, 1, 0x00800000u, 0x7f7fffffu, 0xc2ce0000u };
    size_t i;
    for (i = 0; i < n; i++) {
        const int kind = test_below(24);
        x[i] = test_float();
        if (kind < 6) x[i] = x[i] * 16;
        if (kind == 6) x[i] = x[i] * 100;
        if (kind == 7) memcpy(&x[i], &special[test_below(8)], 4);
    }
}

/* one length and offset through all elementwise and row kernels; the outputs are whole arrays, so
   what is not to be written counts */
static uint64_t bits_of_vectors(const mlp_kernels *k, size_t n, size_t o, uint64_t h)
{
    const float one = 1;
    mlp_update u;
    int f;
    bits_fill(bits_a, BITS_SPACE);
    bits_fill(bits_b, BITS_SPACE);
    bits_fill(bits_c, BITS_SPACE);
#define BITS_OUT (memcpy(bits_d, bits_c, sizeof bits_d), bits_d + o)
#define BITS_HASH (h = test_hash(h, bits_d, BITS_SPACE))
    for (f = MLP_ACT_IDENTITY; f < MLP_ACT_SOFTMAX; f++) {
        k->activate((mlp_activation)f, 0.25f, n, bits_a + o, BITS_OUT); BITS_HASH;
        k->activate_backward((mlp_activation)f, 0.25f, n, bits_a + o, bits_b + o, bits_c + o, BITS_OUT); BITS_HASH;
    }
    for (f = MLP_LOSS_SQUARED; f < MLP_LOSS_CROSS_ENTROPY; f++) {
        k->loss((mlp_loss)f, 0.5f, n, bits_a + o, bits_b + o, bits_c + o, BITS_OUT); BITS_HASH;
        k->loss_backward((mlp_loss)f, 0.5f, n, bits_a + o, bits_b + o, BITS_OUT); BITS_HASH;
    }
    k->hadamard(n, bits_a + o, bits_b + o, BITS_OUT); BITS_HASH;
    k->axpy(n, 0.3f, bits_a + o, BITS_OUT); BITS_HASH;
    k->softmax(1, n, bits_a + o, BITS_OUT); BITS_HASH;
    k->softmax_backward(1, n, bits_a + o, bits_b + o, BITS_OUT); BITS_HASH;
    k->cross_entropy(1, n, bits_a + o, bits_b + o, bits_c + o, NULL, BITS_OUT, NULL, 0); BITS_HASH;
    k->cross_entropy(1, n, bits_a + o, bits_a + o, bits_b + o, &one, bits_e, BITS_OUT, 0); BITS_HASH;
    k->column_sums(1, n, bits_a + o, n, BITS_OUT, 1); BITS_HASH;
    k->scale_rows(1, n, bits_a, BITS_OUT); BITS_HASH;
    memset(&u, 0, sizeof u);
    u.opt.rate = 0.1f; u.opt.momentum = 0.9f; u.opt.nesterov = (int)(n % 2);
    k->update(MLP_OPT_SGD, &u, n, BITS_OUT, bits_a + o, bits_b + o, NULL); BITS_HASH;
    h = test_hash(h, bits_b, BITS_SPACE);
    for (f = 0; f < BITS_SPACE; f++) bits_c[f] = fabsf(bits_c[f]);
    u.opt.rate = 0.01f; u.opt.beta1 = 0.9f; u.opt.beta2 = 0.999f; u.scale = 2; u.opt.epsilon = 1e-8f;
    k->update(MLP_OPT_ADAM, &u, n, BITS_OUT, bits_a + o, bits_b + o, bits_c + o); BITS_HASH;
    h = test_hash(h, bits_b, BITS_SPACE);
    h = test_hash(h, bits_c, BITS_SPACE);
#undef BITS_OUT
#undef BITS_HASH
    return h ^ k->first_nonfinite(n, 0, bits_a + o);
}

/* matrix kernels at shapes up to 67 and offsets 0..15 */
static uint64_t bits_of_matrices(const mlp_kernels *k, size_t n, uint64_t h)
{
    const size_t m = 1 + (size_t)test_below(40), q = 1 + (size_t)test_below(80), o = n % 16;
    const int way = test_below(8);
    test_fill(bits_x, 96 * 96);
    test_fill(bits_y, 96 * 96);
    test_fill(bits_w, 96 * 96 + 32);
    memcpy(bits_z, bits_y, sizeof bits_z);
    k->gemm(m, n, q, bits_x + o, way & 1 ? 96 : 1, way & 1 ? 1 : 96, bits_w + o, way & 2 ? 96 : 1, way & 2 ? 1 : 96,
            bits_z + o, 96, way / 4);
    h = test_hash(h, bits_z, 96 * 96);
    k->forward(m, q, n, bits_x + o, 96, bits_w + o, way & 1 ? bits_y : NULL, bits_z + o, 96);
    h = test_hash(h, bits_z, 96 * 96);
    k->backward_input(m, q, n, bits_x + o, 96, bits_w + o, bits_z + o, 96, bits_scratch);
    h = test_hash(h, bits_z, 96 * 96);
    k->backward_weights(m, q, n, bits_x + o, 96, bits_y + o, 96, bits_w + o, way & 1, bits_scratch);
    return test_hash(h, bits_w, 96 * 96 + 32);
}

static uint64_t bits_of_kernels(const mlp_kernels *k)
{
    uint64_t h = TEST_HASH_BEGIN;
    size_t n, o;
    test_seed(80);
    for (n = 0; n <= BITS_MOST; n++) {
        for (o = 0; o < 16; o++) h = bits_of_vectors(k, n, o, h);
        if (n) h = bits_of_matrices(k, n, h);
    }
    return h;
}

/* ---- the table ---- */

static uint64_t bits_golden(const char *wanted)
{
    FILE *f = fopen("tests/golden.txt", "r");
    char line[200], name[32];
    unsigned long long hash, found = 0;
    while (f && fgets(line, sizeof line, f))
        if (line[0] != '#' && sscanf(line, "%31s %llx", name, &hash) == 2 && strcmp(name, wanted) == 0) found = hash;
    if (f) fclose(f);
    return found;
}

static void bits_of_all_kernels_are_golden(void)
{
    const mlp_kernels *k = mlp_kernels_for(NULL);
    const uint64_t hash = bits_of_kernels(k);
    snprintf(test.note, sizeof test.note, "%s %s %016llx", k->name, k->fma ? "fma" : "nofma", (unsigned long long)hash);
    CHECK(hash == bits_golden(k->fma ? "fma-kernels" : "nofma-kernels"));
}

static void bits_of_trained_nets_are_golden(void)
{
    const mlp_kernels *k = mlp_kernels_for(NULL);
    const uint64_t hash = isa_hash();
    snprintf(test.note, sizeof test.note, "%s %s %016llx", k->name, k->fma ? "fma" : "nofma", (unsigned long long)hash);
    CHECK(hash != 0 && hash == bits_golden(k->fma ? "fma-nets" : "nofma-nets"));
}

static void bits_tests(void)
{
    RUN(bits_of_all_kernels_are_golden);
    RUN(bits_of_trained_nets_are_golden);
}
