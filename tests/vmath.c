/* >>vmath: largest error in units in the last place against double precision, over a sample of all 2^32 inputs, or over
   all of them with --every-input; and the special values. */

static uint64_t vmath_step = 1021;                  /* every vmath_step-th input; prime */

typedef mlp__vf vmath_function(mlp__vf);

static double vmath_sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }

/* |got - expected| in units in the last place of the float nearest to expected; 0 where
   both are the same special value */
static double vmath_ulps(float got, double expected)
{
    int e;
    if ((double)got == expected || (got != got && expected != expected)) return 0;
    if ((float)expected == got && isinf(got)) return 0;             /* overflow, rightly rounded */
    if (got != got || expected != expected || isinf(got) || isinf(expected)) return INFINITY;
    frexp(expected, &e);
    return fabs((double)got - expected) / ldexp(1, e - 24 < -149 ? -149 : e - 24);
}

static void vmath_sweep(vmath_function *f, double (*reference)(double), double bound)
{
    enum { N = 64 };
    float x[N], y[N];
    double worst = 0;
    float worst_at = 0;
    uint64_t next = 0;
    int i;
    while (next < (uint64_t)1 << 32) {
        for (i = 0; i < N; i++, next += vmath_step) x[i] = mlp__float((uint32_t)(next >> 32 ? 0 : next));
        for (i = 0; i < N; i += MLP__W) mlp__vstore(y + i, f(mlp__vload(x + i)));
        for (i = 0; i < N; i++) {
            const double u = vmath_ulps(y[i], reference((double)x[i]));
            if (u > worst) { worst = u; worst_at = x[i]; }
        }
    }
    snprintf(test.note, sizeof test.note, "%.4f ULP at %a (bound %g)", worst, (double)worst_at, bound);
    CHECK(worst <= bound);
}

/* the bounds in the comments of >>vmath, and no more than 1, 2, 1.5 and 2 */
static mlp__vf vmath_exp(mlp__vf x) { return mlp__vexp(mlp__vmin(mlp__vset1(43.0f), x)); }         /* NaN passes */
static double vmath_exp_reference(double x) { return exp(x > 43 ? 43 : x); }
static void vmath_exp_is_within_1_ulp(void)     { vmath_sweep(vmath_exp, vmath_exp_reference, 0.90); }
static void vmath_log_is_within_2_ulp(void)     { vmath_sweep(mlp__vlog, log, 0.84); }
static void vmath_tanh_is_within_1_5_ulp(void)  { vmath_sweep(mlp__vtanh, tanh, 1.21); }
static void vmath_sigmoid_is_within_2_ulp(void) { vmath_sweep(mlp__vsigmoid, vmath_sigmoid, 1.97); }

/* over all floats, also the largest, whose reduction takes 120 bits of 2/pi; glibc's sin and cos
   of a double are within an ulp */
static void vmath_sin_is_within_2_ulp(void) { vmath_sweep(mlp__vsin, sin, 1.65); }
static void vmath_cos_is_within_2_ulp(void) { vmath_sweep(mlp__vcos, cos, 1.65); }

static float vmath_of(vmath_function *f, float x)
{
    float y[MLP__W];
    mlp__vstore(y, f(mlp__vset1(x)));
    return y[MLP__W - 1];
}

static int vmath_is(float got, float expected) { return test_bits(got) == test_bits(expected); }

static void vmath_special_values_are_exact(void)
{
    const float inf = (float)INFINITY, nan = test_nan(), tiny = mlp__float(1);
    CHECK(vmath_is(vmath_of(mlp__vexp, 0.0f), 1) && vmath_is(vmath_of(mlp__vexp, -0.0f), 1));
    CHECK(vmath_is(vmath_of(mlp__vexp, tiny), 1));
    CHECK(vmath_is(vmath_of(mlp__vexp, -inf), 0) && vmath_is(vmath_of(mlp__vexp, nan), nan));
    CHECK(vmath_is(vmath_of(mlp__vexp, -103.972076f), tiny) && vmath_is(vmath_of(mlp__vexp, -103.972084f), 0));
    CHECK(vmath_is(vmath_of(mlp__vexp, -1e30f), 0));
    CHECK(vmath_is(vmath_of(mlp__vlog, 0.0f), -inf) && vmath_is(vmath_of(mlp__vlog, -0.0f), -inf));
    CHECK(vmath_is(vmath_of(mlp__vlog, 1.0f), 0));
    CHECK(vmath_is(vmath_of(mlp__vlog, inf), inf) && vmath_is(vmath_of(mlp__vlog, nan), nan));
    CHECK(vmath_is(vmath_of(mlp__vlog, -1.0f), nan) && vmath_is(vmath_of(mlp__vlog, -inf), nan));
    CHECK(vmath_is(vmath_of(mlp__vlog, -tiny), nan));
    CHECK(vmath_is(vmath_of(mlp__vlog, tiny), (float)log(0x1p-149)));
    CHECK(vmath_is(vmath_of(mlp__vtanh, 0.0f), 0.0f) && vmath_is(vmath_of(mlp__vtanh, -0.0f), -0.0f));
    CHECK(vmath_is(vmath_of(mlp__vtanh, tiny), tiny) && vmath_is(vmath_of(mlp__vtanh, -tiny), -tiny));
    CHECK(vmath_is(vmath_of(mlp__vtanh, inf), 1) && vmath_is(vmath_of(mlp__vtanh, -inf), -1));
    CHECK(vmath_is(vmath_of(mlp__vtanh, nan), nan));
    CHECK(vmath_is(vmath_of(mlp__vsigmoid, 0.0f), 0.5f) && vmath_is(vmath_of(mlp__vsigmoid, -0.0f), 0.5f));
    CHECK(vmath_is(vmath_of(mlp__vsigmoid, inf), 1) && vmath_is(vmath_of(mlp__vsigmoid, -inf), 0));
    CHECK(vmath_is(vmath_of(mlp__vsigmoid, nan), nan));
    CHECK(vmath_is(vmath_of(mlp__vsigmoid, -103.9f), (float)exp(-103.9f)));
}

/* largest error of f in ulp, or in 2^-24 with `absolute`, over floats from low to high by their bits */
static double vmath_worst(vmath_function *f, double (*reference)(double), float low, float high, int absolute)
{
    const uint32_t step = (uint32_t)(vmath_step > 100 ? 4093 : 97), last = mlp__bits(mlp__abs1(high));
    double worst = 0;
    uint32_t i;
    for (i = mlp__bits(mlp__abs1(low)); i <= last; i += step) {
        const float x = mlp__float(i | (high < 0 ? 0x80000000u : 0)), y = vmath_of(f, x);
        const double expected = reference((double)x);
        const double error = absolute ? fabs((double)y - expected) * 16777216 / fmax(1, fabs((double)x))
                                      : vmath_ulps(y, expected);
        worst = fmax(worst, error);
    }
    return worst;
}

static double vmath_worst_of_both(vmath_function *f, double (*reference)(double), float low, float high, int absolute)
{
    return fmax(vmath_worst(f, reference, 0, high, absolute), vmath_worst(f, reference, -0.0f, low, absolute));
}

static mlp__vf vmath_gelu(mlp__vf x) { return mlp__gelu_value(x, x); }
static mlp__vf vmath_gelu_slope(mlp__vf x) { return mlp__gelu_slope(x, x, x); }
static mlp__vf vmath_normal(mlp__vf x) { mlp__vf e; return mlp__vnormal(x, &e); }
static double vmath_gelu_exact(double x) { return x * 0.5 * erfc(-x / sqrt(2)); }
static double vmath_gelu_slope_exact(double x)
{
    return 0.5 * erfc(-x / sqrt(2)) + x * exp(-0.5 * x * x) / sqrt(2 * REF_PI);
}

static double vmath_normal_exact(double x) { return 0.5 * erfc(-x / sqrt(2)); }

static void vmath_gelu_has_its_absolute_bound(void)
{
    const double value = vmath_worst_of_both(vmath_gelu, vmath_gelu_exact, -40, 40, 1);
    const double slope = vmath_worst_of_both(vmath_gelu_slope, vmath_gelu_slope_exact, -40, 40, 1);
    const double tail = vmath_worst(vmath_normal, vmath_normal_exact, -1e-6f, -5, 0);
    snprintf(test.note, sizeof test.note, "gelu %.2f, slope %.2f times 2^-24 max(1, |z|); Phi(-5 .. 0) within %.0f ulp",
             value, slope, tail);
    CHECK(value <= 4e-7 * 16777216 && slope <= 4e-7 * 16777216 && tail < 32);
}

static void vmath_softplus_and_relatives_are_accurate(void)
{
    const double l = vmath_worst(mlp__vlog1p, log1p, 0, 1, 0);
    const double e = vmath_worst(mlp__vexpm1_negative, expm1, -0.0f, -100, 0);
    const double s = vmath_worst_of_both(mlp__vsoftplus, ref_softplus, -80, 100, 0);
    snprintf(test.note, sizeof test.note, "log1p %.2f, expm1 of negative numbers %.2f, softplus %.2f ulp", l, e, s);
    CHECK(l <= 1.5 && e <= 1.5 && s <= 3);
}

static void vmath_sin_of_special_values(void)
{
    const float inf = (float)INFINITY, nan = test_nan();
    CHECK(vmath_is(vmath_of(mlp__vsin, 0.0f), 0.0f) && vmath_is(vmath_of(mlp__vsin, -0.0f), -0.0f));
    CHECK(vmath_is(vmath_of(mlp__vcos, 0.0f), 1));
    CHECK(vmath_is(vmath_of(mlp__vsin, inf), nan) && vmath_is(vmath_of(mlp__vcos, -inf), nan));
    CHECK(vmath_is(vmath_of(mlp__vsin, nan), nan));
    CHECK_NEAR((double)vmath_of(mlp__vsin, 3.4028235e38f), sin((double)3.4028235e38f), 1e-7);
    CHECK_NEAR((double)vmath_of(mlp__vcos, -1e22f), cos((double)-1e22f), 1e-7);
    CHECK_NEAR((double)vmath_of(mlp__vsin, 1600.5f), sin(1600.5), 1e-7);
}

static void vmath_tests(void)
{
    RUN(vmath_exp_is_within_1_ulp);
    RUN(vmath_log_is_within_2_ulp);
    RUN(vmath_tanh_is_within_1_5_ulp);
    RUN(vmath_sigmoid_is_within_2_ulp);
    RUN(vmath_sin_is_within_2_ulp);
    RUN(vmath_cos_is_within_2_ulp);
    RUN(vmath_gelu_has_its_absolute_bound);
    RUN(vmath_softplus_and_relatives_are_accurate);
    RUN(vmath_special_values_are_exact);
    RUN(vmath_sin_of_special_values);
}
