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
    snprintf(test.note, sizeof test.note, "largest deviation %.2f sigma, neighbours together %.4f (chance 0.083)", worst, together / (double)KEYS);
    CHECK(worst < 5 && together < KEYS / 8);
}

static void rng_tests(void)
{
    RUN(rng_known_numbers);
    RUN(rng_signs_are_uniform);
    RUN(rng_permutation_has_each_index_once);
    RUN(rng_permutation_is_fair);
}
