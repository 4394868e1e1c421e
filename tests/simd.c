/* >>simd: every operation against its specification on one float, on all lanes, with special values among them. */

#define SIMD_VALUES 4096

static float simd_a[SIMD_VALUES], simd_b[SIMD_VALUES], simd_c[SIMD_VALUES];

/* random bit patterns and the values at the edges, in every combination of neighbours over time */
static void simd_values(void)
{
    static const uint32_t edges[] = {
        0, 0x80000000u, 0x3f800000u, 0xbf800000u, 0x7f800000u, 0xff800000u, 0x7fc00000u, 1, 0x80000001u,
        0x007fffffu, 0x00800000u, 0x7f7fffffu, 0xff7fffffu, 0x3f000000u, 0x3fc00000u, 0xc0200000u };
    int i;
    test_seed(1);
    for (i = 0; i < SIMD_VALUES; i++) {
        simd_a[i] = test_below(3) ? mlp__float(test_random()) : mlp__float(edges[test_below(16)]);
        simd_b[i] = test_below(3) ? mlp__float(test_random()) : mlp__float(edges[test_below(16)]);
        simd_c[i] = test_below(3) ? test_float() * 100 : mlp__float(edges[test_below(16)]);
    }
}

/* f over all values, MLP__W at a time, against g on each */
#define SIMD_SAME(f, g) do { \
    float simd_got[MLP__W], simd_expected[MLP__W]; \
    int simd_i, simd_l; \
    for (simd_i = 0; simd_i + MLP__W <= SIMD_VALUES; simd_i += MLP__W) { \
        const mlp__vf a = mlp__vload(simd_a + simd_i), b = mlp__vload(simd_b + simd_i); \
        const mlp__vf c = mlp__vload(simd_c + simd_i); \
        mlp__vstore(simd_got, f); \
        (void)a; (void)b; (void)c; \
        for (simd_l = 0; simd_l < MLP__W; simd_l++) { \
            const float x = simd_a[simd_i + simd_l], y = simd_b[simd_i + simd_l], z = simd_c[simd_i + simd_l]; \
            (void)x; (void)y; (void)z; \
            simd_expected[simd_l] = (g); \
        } \
        if (!CHECK(test_same_bits(simd_got, simd_expected, MLP__W))) break; \
    } } while (0)

static void simd_arithmetic_is_ieee(void)
{
    simd_values();
    SIMD_SAME(mlp__vadd(a, b), x + y);
    SIMD_SAME(mlp__vsub(a, b), x - y);
    SIMD_SAME(mlp__vmul(a, b), x * y);
    SIMD_SAME(mlp__vdiv(a, b), x / y);
    SIMD_SAME(mlp__vsqrt(mlp__vabs(a)), sqrtf(fabsf(x)));
    SIMD_SAME(mlp__vfma(a, b, c), mlp__fma(x, y, z));
    SIMD_SAME(mlp__vfnma(a, b, c), mlp__fma(-x, y, z));
    SIMD_SAME(mlp__vset1(simd_a[7]), simd_a[7]);
#if MLP__FMA
    SIMD_SAME(mlp__vfma(a, b, c), fmaf(x, y, z));
#endif
}

static void simd_min_max_take_the_second_of_nan_and_zeros(void)
{
    simd_values();
    SIMD_SAME(mlp__vmin(a, b), x < y ? x : y);
    SIMD_SAME(mlp__vmax(a, b), x > y ? x : y);
}

static void simd_select_abs_sign(void)
{
    simd_values();
    SIMD_SAME(mlp__vselect(mlp__vlt(a, b), a, c), x < y ? x : z);
    SIMD_SAME(mlp__vabs(a), fabsf(x));
    SIMD_SAME(mlp__vneg(a), -x);
    SIMD_SAME(mlp__vsign(a, b), copysignf(x, y));
}

static void simd_round_is_to_even(void)
{
    int i;
    simd_values();
    for (i = 0; i < SIMD_VALUES; i++) simd_a[i] = i % 3 ? simd_c[i] : (float)(i - 2000) * 0.5f;
    SIMD_SAME(mlp__vround(a), rintf(x));
    SIMD_SAME(mlp__vround(c), rintf(z));
}

static void simd_power_rounds_once(void)
{
    int i, n;
    test_seed(4);
    for (n = -152; n <= 63; n++) {
        for (i = 0; i < SIMD_VALUES; i++) {
            simd_a[i] = i % 7 ? 0.5f * test_float() : 0;
            simd_b[i] = (float)n;
            simd_c[i] = 1 + 0.2f * test_float();
        }
        SIMD_SAME(mlp__vpower(c, mlp__vmul(a, mlp__vset1(0.8f)), b), ldexpf(mlp__fma(z, 0.8f * x, 1.0f), (int)y));
        if (n >= -126) SIMD_SAME(mlp__vpow2(b, 0), ldexpf(1, (int)y));
    }
    for (n = 64; n <= 127; n++) {
        for (i = 0; i < SIMD_VALUES; i++) simd_b[i] = (float)n;
        SIMD_SAME(mlp__vpow2(b, 0), ldexpf(1, (int)y));
    }
    for (i = 0; i < SIMD_VALUES; i++) simd_a[i] = simd_b[i] = test_nan();
    SIMD_SAME(mlp__vpower(a, a, b), x);
}

static void simd_split_is_exact(void)
{
    float m[MLP__W], e[MLP__W];
    int i, l;
    test_seed(3);
    for (i = 0; i < 100000; i++) {
        float x[MLP__W];
        mlp__vf ve, vm;
        for (l = 0; l < MLP__W; l++) x[l] = mlp__float(0x00800000u + test_random() % 0x7f000000u);
        vm = mlp__vsplit(mlp__vload(x), &ve);
        mlp__vstore(m, vm);
        mlp__vstore(e, ve);
        for (l = 0; l < MLP__W; l++)
            if (!CHECK(m[l] >= 0.70710677f && m[l] < 1.4142136f && (float)ldexp((double)m[l], (int)e[l]) == x[l]))
                return;
    }
}

static void simd_part_vectors_touch_nothing_else(void)
{
    size_t n, l;
    int front;
    for (front = 0; front < 2; front++)
        for (n = 0; n < MLP__W; n++) {
            test_memory from = test_guarded(n, front), to = test_guarded(n, front);
            float got[MLP__W];
            test_fill(from.p, n);
            test_fill_nan(to.p, n);
            mlp__vstore(got, mlp__vload_n(from.p, n, mlp__vset1(7.0f)));
            for (l = 0; l < MLP__W; l++) CHECK(got[l] == (l < n ? from.p[l] : 7.0f));
            mlp__vstore_n(to.p, mlp__vload_n(from.p, n, mlp__vzero()), n);
            CHECK(test_same_bits(from.p, to.p, n));
            test_free(from);
            test_free(to);
        }
}

static void simd_lanes_move_where_they_should(void)
{
    const float at[4] = { 5, 6, 7, 8 };
    float in[2 * MLP__W], got[2 * MLP__W], square[MLP__W][MLP__W];
    mlp__vf a, b, v[MLP__W], four[4];
    int i, j, d;
    for (i = 0; i < 2 * MLP__W; i++) in[i] = (float)i;
    for (d = 1; d < MLP__W; d *= 2) {
        mlp__vstore(got, mlp__vswap(mlp__vload(in), d));
        for (i = 0; i < MLP__W; i++) CHECK(got[i] == (float)(i ^ d));
    }
    CHECK(mlp__vfirst(mlp__vload(in + 1)) == 1);
    mlp__vset4(at, four);
    for (d = 0; d < 4; d++) {
        mlp__vstore(got, four[d]);
        for (i = 0; i < MLP__W; i++) CHECK(got[i] == at[d]);
    }
    a = mlp__vload(in);
    b = mlp__vload(in + MLP__W);
    mlp__vzip(&a, &b);
    mlp__vstore(got, a);
    mlp__vstore(got + MLP__W, b);
    for (i = 0; i < 2 * MLP__W && MLP__W > 1; i++) {
        const int second = i / MLP__W, l = i % MLP__W;
        CHECK(got[i] == (float)(l / 4 * 4 + second * 2 + l % 4 / 2 + l % 2 * MLP__W));
    }
    a = mlp__vload(in);
    b = mlp__vload(in + MLP__W);
    mlp__vunzip4(&a, &b);
    mlp__vstore(got, a);
    mlp__vstore(got + MLP__W, b);
    for (i = 0; i < 2 * MLP__W && MLP__W > 4; i++)
        CHECK(got[i] == (float)(i % MLP__W / 4 * 8 + i / MLP__W * 4 + i % 4));
    mlp__vstore(got, mlp__vload_halves(in, in + MLP__W));
    for (i = 0; i < MLP__W && MLP__W > 4; i++) CHECK(got[i] == (float)(i % MLP__COLUMNS + i / MLP__COLUMNS * MLP__W));
    for (i = 0; i < MLP__W; i++) {
        for (j = 0; j < MLP__W; j++) square[i][j] = (float)(i * MLP__W + j);
        v[i] = mlp__vload(square[i]);
    }
    mlp__transpose(MLP__W, v);
    for (i = 0; i < MLP__W; i++) {
        mlp__vstore(got, v[i]);
        for (j = 0; j < MLP__W; j++) CHECK(got[j] == square[j][i]);
    }
    for (d = 0; d < MLP__W; d += MLP__COLUMNS) {
        mlp__load_columns(&square[0][d], MLP__W, v);
        for (i = 0; i < MLP__COLUMNS; i++) {
            mlp__vstore(got, v[i]);
            for (j = 0; j < MLP__W; j++) CHECK(got[j] == square[j][d + i]);
        }
    }
}

/* a sum over 16 lanes is ((0+8)+(4+12)) + ..., the tree of 8, 4, 2, 1: checked with numbers
   whose sum depends on the order */
static void simd_fold_is_the_tree_of_8_4_2_1(void)
{
    float x[16], t[16];
    mlp__vf v[MLP__N16];
    int i, d, round;
    test_seed(4);
    for (round = 0; round < 1000; round++) {
        for (i = 0; i < 16; i++) x[i] = t[i] = test_float() * (float)(1 << test_below(20));
        for (i = 0; i < MLP__N16; i++) v[i] = mlp__vload(x + i * MLP__W);
        for (d = 8; d; d /= 2)
            for (i = 0; i < d; i++) t[i] += t[i + d];
        if (!CHECK(mlp__fold(mlp__vadd, v) == t[0])) return;
    }
}

static void simd_finite_looks_at_every_lane(void)
{
    float x[MLP__W];
    int l;
    for (l = 0; l < MLP__W; l++) {
        int k;
        for (k = 0; k < MLP__W; k++) x[k] = 3e38f;
        CHECK(mlp__vfinite(mlp__vload(x)));
        x[l] = test_nan();
        CHECK(!mlp__vfinite(mlp__vload(x)));
        x[l] = -(float)INFINITY;
        CHECK(!mlp__vfinite(mlp__vload(x)));
    }
}

static void simd_tests(void)
{
    RUN(simd_arithmetic_is_ieee);
    RUN(simd_min_max_take_the_second_of_nan_and_zeros);
    RUN(simd_select_abs_sign);
    RUN(simd_round_is_to_even);
    RUN(simd_power_rounds_once);
    RUN(simd_split_is_exact);
    RUN(simd_part_vectors_touch_nothing_else);
    RUN(simd_lanes_move_where_they_should);
    RUN(simd_fold_is_the_tree_of_8_4_2_1);
    RUN(simd_finite_looks_at_every_lane);
}
