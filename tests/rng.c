/* >>rng: known numbers, and the permutation of rows: each index once, any place as likely as another. */

static void rng_known_numbers(void)
{
    /* first outputs of SplitMix64 from the state 1234567: mix(state + i * golden), published with the generator */
    CHECK(mlp__mix(1234567u + 0x9e3779b97f4a7c15u) == 6457827717110365317u);
    CHECK(mlp__mix(1234567u + 2 * 0x9e3779b97f4a7c15u) == 3203168211198807973u);
    CHECK(mlp__random(1, 2, 3) != mlp__random(1, 3, 2) && mlp__random(1, 2, 3) != mlp__random(2, 2, 3));
}

static void rng_signs_are_uniform(void)
{
    int count[16] = { 0 }, i;
    double chi2 = 0, sum = 0;
    for (i = 0; i < 160000; i++) {
        const double u = (double)mlp__random_sign(7, 1, (uint64_t)i);
        CHECK(u >= -1 && u < 1);
        count[(int)((u + 1) * 8)]++;
        sum += u;
    }
    for (i = 0; i < 16; i++) chi2 += (count[i] - 10000.0) * (count[i] - 10000.0) / 10000.0;
    snprintf(test.note, sizeof test.note, "chi2 %.1f (15 degrees of freedom), mean %.5f", chi2, sum / 160000);
    CHECK(chi2 < 45 && fabs(sum / 160000) < 0.006);
}

static void rng_permutation_has_each_index_once(void)
{
    static unsigned char seen[5000];
    uint64_t n, i, key;
    for (n = 1; n <= 5000; n = n < 300 ? n + 1 : n * 3 / 2)
        for (key = 0; key < 3; key++) {
            const mlp__permutation p = mlp__permutation_of(n, 9, key);
            memset(seen, 0, sizeof seen);
            for (i = 0; i < n; i++) {
                const uint64_t at = mlp__permute(&p, i);
                if (!CHECK(at < n && !seen[at])) return;
                seen[at] = 1;
            }
        }
}

/* over many keys, index i lands on j as often as on any other, and neighbours do not stay neighbours */
static void rng_permutation_is_fair(void)
{
    enum { N = 13, KEYS = 26000 };
    static int count[N][N];
    int together = 0, i, j;
    double worst = 0;
    uint64_t key;
    memset(count, 0, sizeof count);
    for (key = 0; key < KEYS; key++) {
        const mlp__permutation p = mlp__permutation_of(N, 5, key);
        for (i = 0; i < N; i++) count[i][mlp__permute(&p, (uint64_t)i)]++;
        together += (mlp__permute(&p, 3) + 1) % N == mlp__permute(&p, 4);
    }
    for (i = 0; i < N; i++)
        for (j = 0; j < N; j++) worst = fmax(worst, fabs(count[i][j] - KEYS / (double)N) / sqrt(KEYS / (double)N));
    snprintf(test.note, sizeof test.note, "largest deviation %.2f sigma, neighbours together %.4f (chance 0.083)",
             worst, together / (double)KEYS);
    CHECK(worst < 5 && together < KEYS / 8);
}

/* each of the 24 orders of 4 rows comes equally often over 24,000 epochs, and so do pairs of places of 20 rows */
static void rng_few_rows_are_shuffled_exactly(void)
{
    int count[256] = { 0 }, i, orders = 0;
    double chi2 = 0;
    uint64_t key;
    for (key = 0; key < 24000; key++) {
        const mlp__permutation p = mlp__permutation_of(4, 7, key);
        int code = 0;
        for (i = 0; i < 4; i++) code = code * 4 + (int)mlp__permute(&p, (uint64_t)i);
        count[code]++;
    }
    for (i = 0; i < 256; i++) {
        orders += count[i] > 0;
        if (count[i]) chi2 += (count[i] - 1000.0) * (count[i] - 1000.0) / 1000.0;
    }
    snprintf(test.note, sizeof test.note, "%d orders, chi2 %.1f (23 degrees of freedom)", orders, chi2);
    CHECK(orders == 24 && chi2 < 60);
}

/* normal deviates: mean, variance, fourth moment, shares beyond 1, 2 and 3; log2 and cosine against libm */
static void rng_normals_are_normal(void)
{
    double sum = 0, square = 0, fourth = 0, beyond[3] = { 0 }, worst = 0;
    int i, k;
    for (i = 0; i < 200000; i++) {
        const double v = (double)mlp__random_normal(3, 9, (uint64_t)i);
        sum += v;
        square += v * v;
        fourth += v * v * v * v;
        for (k = 0; k < 3; k++) beyond[k] += fabs(v) > k + 1;
    }
    CHECK_NEAR(sum / 200000, 0, 0.01);
    CHECK_NEAR(square / 200000, 1, 0.015);
    CHECK_NEAR(fourth / 200000, 3, 0.1);
    CHECK_NEAR(beyond[0] / 200000, 0.31731, 0.005);
    CHECK_NEAR(beyond[1] / 200000, 0.04550, 0.002);
    CHECK_NEAR(beyond[2] / 200000, 0.00270, 0.0005);
    for (i = 1; i < 4000; i++) {
        worst = fmax(worst, fabs(mlp__log2(i * 0.003) - log2(i * 0.003)));
        worst = fmax(worst, fabs(mlp__cos_turn(i * 0.003) - cos(6.283185307179586 * i * 0.003)));
    }
    CHECK(worst < 1e-14 * 16);
}

static void rng_tests(void)
{
    RUN(rng_known_numbers);
    RUN(rng_signs_are_uniform);
    RUN(rng_permutation_has_each_index_once);
    RUN(rng_permutation_is_fair);
    RUN(rng_few_rows_are_shuffled_exactly);
    RUN(rng_normals_are_normal);
}
