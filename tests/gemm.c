/* >>gemm: products of integers, which must be exact, for all small shapes and every way to lay the operands out,
   in memory without a spare byte on either side; random data within the bound of a sum of k terms; the
   documented order of additions. */

/* a matrix of rows x cols at some strides, in guarded memory */
typedef struct { test_memory memory; ptrdiff_t row, col; } gemm_matrix;

/* WIDE: a gap behind rows; BOTH: neither stride is 1; FAR: rows 8 KiB apart; COLUMNS: columns 4 KiB apart */
enum { GEMM_PLAIN, GEMM_TRANSPOSED, GEMM_WIDE, GEMM_BOTH, GEMM_FAR, GEMM_COLUMNS };

static gemm_matrix gemm_take(size_t rows, size_t cols, int layout, int at_front)
{
    gemm_matrix m;
    m.row = (ptrdiff_t)cols;
    m.col = 1;
    if (layout == GEMM_TRANSPOSED) { m.row = 1; m.col = (ptrdiff_t)rows; }
    if (layout == GEMM_WIDE) m.row = (ptrdiff_t)cols + 3;
    if (layout == GEMM_FAR) m.row = 2048;
    if (layout == GEMM_COLUMNS) { m.row = 1; m.col = 1024; }
    if (layout == GEMM_BOTH) { m.row = (ptrdiff_t)(2 * cols) + 1; m.col = 2; }
    m.memory = test_guarded(rows && cols ? (rows - 1) * (size_t)m.row + (cols - 1) * (size_t)m.col + 1 : 0, at_front);
    return m;
}

static float *gemm_at(const gemm_matrix *m, size_t i, size_t j)
{
    return m->memory.p + (ptrdiff_t)i * m->row + (ptrdiff_t)j * m->col;
}

/* c = a b (+ c) for integers in [-8, 8]: no rounding, so equality */
static int gemm_integers(size_t m, size_t n, size_t k, int a_layout, int b_layout, int c_gap, int accumulate,
                         int at_front)
{
    gemm_matrix a = gemm_take(m, k, a_layout, at_front), b = gemm_take(k, n, b_layout, at_front);
    gemm_matrix c = gemm_take(m, n, c_gap ? GEMM_WIDE : GEMM_PLAIN, at_front);
    const size_t c_size = (m - 1) * (size_t)c.row + n;
    size_t i, j, p;
    int ok = 1;
    for (i = 0; i < m; i++) for (p = 0; p < k; p++) *gemm_at(&a, i, p) = (float)(test_below(17) - 8);
    for (p = 0; p < k; p++) for (j = 0; j < n; j++) *gemm_at(&b, p, j) = (float)(test_below(17) - 8);
    test_fill_nan(c.memory.p, c_size);
    if (accumulate) for (i = 0; i < m; i++) for (j = 0; j < n; j++) *gemm_at(&c, i, j) = (float)(i + j);
    mlp__kernels.gemm(m, n, k, a.memory.p, a.row, a.col, b.memory.p, b.row, b.col, c.memory.p, c.row, accumulate);
    for (i = 0; i < m; i++)
        for (j = 0; j < (size_t)c.row && i * (size_t)c.row + j < c_size; j++) {
            float expected = accumulate ? (float)(i + j) : 0;
            if (j >= n) {                                   /* the gap */
                ok = ok && c.memory.p[i * (size_t)c.row + j] != c.memory.p[i * (size_t)c.row + j];
                continue;
            }
            for (p = 0; p < k; p++) expected += *gemm_at(&a, i, p) * *gemm_at(&b, p, j);
            ok = ok && *gemm_at(&c, i, j) == expected;
        }
    if (!ok) printf("    m %d n %d k %d layouts %d %d gap %d accumulate %d front %d\n",
                    (int)m, (int)n, (int)k, a_layout, b_layout, c_gap, accumulate, at_front);
    test_free(a.memory); test_free(b.memory); test_free(c.memory);
    return ok;
}

/* all layouts in turn: over the shapes, each of the 128 combinations comes up hundreds of times */
static void gemm_integers_are_exact_for_all_small_shapes(void)
{
    size_t m, n, k, turn = 0;
    const size_t most = test.small ? 19 : 33;
    test_seed(20);
    for (m = 1; m <= most; m++)
        for (n = 1; n <= most; n++)
            for (k = 1; k <= most; k++, turn++) {
                const int t = (int)(turn * 7 % 128);
                if (!CHECK(gemm_integers(m, n, k, t % 4, t / 4 % 4, t / 16 % 2, t / 32 % 2, t / 64 % 2))) return;
            }
}

static void gemm_integers_are_exact_for_larger_shapes(void)
{
    static const size_t shapes[][3] = {
        { 1, 127, 129 }, { 2, 65, 300 }, { 47, 1, 515 }, { 63, 65, 67 }, { 129, 31, 257 }, { 37, 131, 1 },
        { 5, 257, 33 }, { 97, 113, 101 }, { 12, 64, 1000 }, { 14, 80, 16 }, { 64, 48, 0 }, { 1, 83, 256 },
        { 5, 130, 0 } };
    size_t s;
    int t;
    test_seed(21);
    for (s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (t = 0; t < 32; t++) {
            const size_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
            if (!CHECK(gemm_integers(m, n, k, t % 4, t / 4 % 4, t / 16, t % 3 == 1, t % 2))) return;
        }
}

static void gemm_integers_are_exact_for_rows_far_apart(void)
{
    int t;
    test_seed(25);
    for (t = 0; t < 4; t++)
        CHECK(gemm_integers(260, 100, 300, t < 2 ? GEMM_FAR : GEMM_TRANSPOSED, GEMM_FAR, 0, t % 2, t / 2));
    CHECK(gemm_integers(20, 70, 500, GEMM_PLAIN, GEMM_FAR, 0, 0, 0));
    /* blocks: t = 0 only */
    for (t = 0; t < 4; t++) CHECK(gemm_integers(1024, 66, 40, GEMM_TRANSPOSED, GEMM_PLAIN, t % 2, t / 2, 0));
    CHECK(gemm_integers(2, 2900, 1100, GEMM_PLAIN, GEMM_WIDE, 0, 0, 0));
}

/* some elements of a large product, bit for bit */
static int gemm_chains(size_t m, size_t n, size_t k, int a_layout, int b_layout, int at_front)
{
    gemm_matrix a = gemm_take(m, k, a_layout, at_front), b = gemm_take(k, n, b_layout, at_front);
    gemm_matrix c = gemm_take(m, n, GEMM_PLAIN, at_front);
    size_t i, j, p;
    int ok = 1;
    for (i = 0; i < m; i++) for (p = 0; p < k; p++) *gemm_at(&a, i, p) = test_float();
    for (p = 0; p < k; p++) for (j = 0; j < n; j++) *gemm_at(&b, p, j) = test_float();
    test_fill_nan(c.memory.p, m * n);
    mlp__kernels.gemm(m, n, k, a.memory.p, a.row, a.col, b.memory.p, b.row, b.col, c.memory.p, c.row, 0);
    for (i = 0; i < m; i++)
        for (j = i % 61; j < n; j += 61) {
            float sum = 0;
            for (p = 0; p < k; p++) sum = mlp__fma(*gemm_at(&a, i, p), *gemm_at(&b, p, j), sum);
            ok = ok && *gemm_at(&c, i, j) == sum;
        }
    if (!ok)
        printf("    m %d n %d k %d layouts %d %d front %d\n", (int)m, (int)n, (int)k, a_layout, b_layout, at_front);
    test_free(a.memory); test_free(b.memory); test_free(c.memory);
    return ok;
}

/* with copies in the last rows of c: several steps of k, blocks of rows and panels that
   are not full, the last columns */
static void gemm_large_products_are_one_chain(void)
{
    float none = 0;
    test_seed(26);
    CHECK(gemm_chains(200, 1300, 400, GEMM_COLUMNS, GEMM_PLAIN, 0));
    CHECK(gemm_chains(1000, 70, 40, GEMM_COLUMNS, GEMM_TRANSPOSED, 1));
    mlp__kernels.gemm(200, 0, 100, &none, 1, 1024, &none, 0, 1, &none, 0, 0);   /* no columns: nothing is touched */
    CHECK(gemm_chains(192, 320, 64, GEMM_COLUMNS, GEMM_PLAIN, 0));          /* the copies end with c */
    /* narrow tiles: what is left goes by blocks, too */
    CHECK(gemm_chains(600, 700, 400, GEMM_COLUMNS, GEMM_PLAIN, 1));
    CHECK(gemm_chains(50, 1024, 300, GEMM_COLUMNS, GEMM_TRANSPOSED, 0));    /* few rows: smaller blocks */
    CHECK(gemm_chains(192, 333, 150, GEMM_PLAIN, GEMM_TRANSPOSED, 0));
    CHECK(gemm_chains(50, 20, 150, GEMM_COLUMNS, GEMM_PLAIN, 0));           /* no room in 20 columns */
    CHECK(gemm_chains(1, 101, 70, GEMM_PLAIN, GEMM_COLUMNS, 0));            /* columns that share sets of L1 */
}

/* Few steps of k, of which one or two go row by row of c; a single row; rows of c that are multiples of 2 and of 4 KiB
   and that are not, columns that are no whole vectors. */
static void gemm_by_steps_is_exact(void)
{
    size_t k;
    test_seed(27);
    for (k = 1; k <= 13; k++) {
        const int at_front = (int)k % 2, accumulate = (int)k / 2 % 2;
        CHECK(gemm_integers(11, 1024, k, GEMM_TRANSPOSED, GEMM_PLAIN, 0, accumulate, at_front));
        CHECK(gemm_integers(19, 512, k, GEMM_PLAIN, GEMM_WIDE, 0, !accumulate, at_front));
        CHECK(gemm_integers(3, 2045, k, GEMM_BOTH, GEMM_PLAIN, 1, accumulate, at_front));           /* c_row 2048 */
        CHECK(gemm_integers(1, 193 + 8 * k, k, GEMM_PLAIN, GEMM_WIDE, 0, accumulate, at_front));
        CHECK(gemm_chains(40, 1024, k, GEMM_TRANSPOSED, GEMM_PLAIN, at_front));
    }
    for (k = 0; k < 4; k++) {
        CHECK(gemm_integers(9, 128 + 5 * k, 1, GEMM_TRANSPOSED, GEMM_PLAIN, (int)k / 2, (int)k % 2, (int)k % 2));
        CHECK(gemm_integers(2, 9000, 1, GEMM_TRANSPOSED, GEMM_PLAIN, (int)k % 2, (int)k / 2, (int)k % 2));
        CHECK(gemm_integers(1, 300 + 91 * k, 97 + k, GEMM_PLAIN, GEMM_PLAIN, 0, (int)k / 2, (int)k % 2));
        CHECK(gemm_integers(1, 256 + k % 2, 100, GEMM_PLAIN, GEMM_PLAIN, 0, (int)k / 2, (int)k % 2));
    }
    CHECK(gemm_chains(1, 256, 784, GEMM_PLAIN, GEMM_PLAIN, 0));
    CHECK(gemm_chains(1, 197, 51, GEMM_TRANSPOSED, GEMM_WIDE, 1));
}

static void gemm_random_data_is_within_the_bound(void)
{
    static const int shapes[][3] = { { 7, 13, 5 }, { 33, 65, 17 }, { 64, 64, 64 }, { 19, 35, 784 }, { 100, 77, 300 } };
    double largest = 0;
    size_t s, i, j, p;
    test_seed(22);
    for (s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const size_t m = (size_t)shapes[s][0], n = (size_t)shapes[s][1], k = (size_t)shapes[s][2];
        gemm_matrix a = gemm_take(m, k, (int)s % 4, 0), b = gemm_take(k, n, ((int)s + 1) % 4, 0);
        gemm_matrix c = gemm_take(m, n, GEMM_PLAIN, 0);
        for (i = 0; i < m; i++) for (p = 0; p < k; p++) *gemm_at(&a, i, p) = test_float();
        for (p = 0; p < k; p++) for (j = 0; j < n; j++) *gemm_at(&b, p, j) = test_float();
        mlp__kernels.gemm(m, n, k, a.memory.p, a.row, a.col, b.memory.p, b.row, b.col, c.memory.p, c.row, 0);
        for (i = 0; i < m; i++)
            for (j = 0; j < n; j++) {
                double sum = 0, sum_abs = 0;
                for (p = 0; p < k; p++) {
                    const double t = (double)*gemm_at(&a, i, p) * (double)*gemm_at(&b, p, j);
                    sum += t;
                    sum_abs += fabs(t);
                }
                largest = fmax(largest, fabs((double)*gemm_at(&c, i, j) - sum)
                                        / ((double)(k + 2) * ldexp(1, -24) * sum_abs));
            }
        test_free(a.memory); test_free(b.memory); test_free(c.memory);
    }
    snprintf(test.note, sizeof test.note, "%.3f of (k+2) 2^-24 |A||B|", largest);
    CHECK(largest <= 1);
}

/* ---- layer kernels: weights in panels ---- */

/* The documented order of additions: one chain of fma, or four over the quarters for out <= 16 and in >= 32. */
static float gemm_documented_unit(const float *x, const float *w, size_t in, size_t out, size_t o, float bias)
{
    const size_t quarter = (in + 3) / 4, chains = out <= 16 && in >= 32 ? 4 : 1;
    float s[4];
    size_t i, c;
    for (c = 0; c < chains; c++) {
        s[c] = c ? 0 : bias;
        for (i = chains == 4 ? c * quarter : 0; i < in && (chains == 1 || i < (c + 1) * quarter); i++)
            s[c] = mlp__fma(x[i], w[gemm_weight(in, out, i, o)], s[c]);
    }
    return chains == 4 ? (s[0] + s[1]) + (s[2] + s[3]) : s[0];
}

/* One shape through the three layer kernels: x, dz flush with guard pages, 15 floats of NaN as slack behind w and dz,
   every result bit for bit as documented, outputs full of NaN before and gaps left alone. */
static int gemm_layer(size_t rows, size_t in, size_t out, int with_bias, int accumulate)
{
    const size_t x_gap = in % 3, z_gap = out % 2, xs = in + x_gap, zs = out + z_gap;
    test_memory x = test_guarded((rows - 1) * xs + in, 0), w = test_guarded(in * out + 15, 0), b = test_guarded(out, 0);
    test_memory z = test_guarded((rows - 1) * zs + out, 0), dz = test_guarded((rows - 1) * zs + out + 15, 0);
    test_memory dw = test_guarded(in * out, 0), dx = test_guarded((rows - 1) * xs + in, 0);
    test_memory scratch = test_guarded((rows + 16) * (in + out + 96), 0);
    size_t r, i, o;
    int ok = 1;
    test_fill(x.p, (rows - 1) * xs + in);
    test_fill(w.p, in * out);
    test_fill(b.p, out);
    test_fill(dz.p, (rows - 1) * zs + out);
    test_fill(dw.p, in * out);
    test_fill_nan(w.p + in * out, 15);
    test_fill_nan(dz.p + (rows - 1) * zs + out, 15);
    test_fill_nan(z.p, (rows - 1) * zs + out);
    test_fill_nan(dx.p, (rows - 1) * xs + in);
    test_fill_nan(scratch.p, (rows + 16) * (in + out + 96));
    mlp__kernels.forward(rows, in, out, x.p, xs, w.p, with_bias ? b.p : NULL, z.p, zs);
    for (r = 0; r < rows; r++)
        for (o = 0; o < out; o++)
            ok = ok && z.p[r * zs + o] == gemm_documented_unit(x.p + r * xs, w.p, in, out, o, with_bias ? b.p[o] : 0);
    if (!CHECK(ok)) printf("    forward %d %d %d bias %d\n", (int)rows, (int)in, (int)out, with_bias);
    mlp__kernels.backward_input(rows, in, out, dz.p, zs, w.p, dx.p, xs, scratch.p);
    for (r = 0; r < rows; r++)
        for (i = 0; i < in; i++) {
            float sum = 0;
            for (o = 0; o < out; o++) sum = mlp__fma(dz.p[r * zs + o], w.p[gemm_weight(in, out, i, o)], sum);
            ok = ok && dx.p[r * xs + i] == sum;
        }
    if (!CHECK(ok)) printf("    backward_input %d %d %d\n", (int)rows, (int)in, (int)out);
    for (r = 0; r + 1 < rows; r++) {
        if (x_gap) ok = ok && dx.p[r * xs + in] != dx.p[r * xs + in];
        if (z_gap) ok = ok && z.p[r * zs + out] != z.p[r * zs + out];
    }
    memcpy(w.p, dw.p, in * out * sizeof(float));
    if (!accumulate) test_fill_nan(dw.p, in * out);
    mlp__kernels.backward_weights(rows, in, out, x.p, xs, dz.p, zs, dw.p, accumulate, scratch.p);
    for (i = 0; i < in; i++)
        for (o = 0; o < out; o++) {
            float sum = accumulate ? w.p[gemm_weight(in, out, i, o)] : 0;
            for (r = 0; r < rows; r++) sum = mlp__fma(x.p[r * xs + i], dz.p[r * zs + o], sum);
            ok = ok && dw.p[gemm_weight(in, out, i, o)] == sum;
        }
    if (!CHECK(ok)) printf("    backward_weights %d %d %d accumulate %d\n", (int)rows, (int)in, (int)out, accumulate);
    test_free(x);
    test_free(w);
    test_free(b);
    test_free(z);
    test_free(dz);
    test_free(dw);
    test_free(dx);
    test_free(scratch);
    return ok;
}

static void gemm_layers_add_in_the_documented_order(void)
{
    static const size_t larger[][3] = {
        { 1, 784, 10 }, { 3, 100, 128 }, { 31, 65, 80 }, { 129, 33, 47 }, { 2, 513, 17 }, { 20, 64, 200 },
        { 50, 300, 1 }, { 2, 20, 83 }, { 4, 31, 16 }, { 4, 32, 16 }, { 13, 32, 17 }, { 70, 257, 16 }, { 1, 1, 1 },
        { 11, 96, 48 }, { 61, 300, 261 }, { 47, 147, 161 }, { 130, 1024, 70 }, { 66, 1022, 40 }, { 130, 600, 233 },
        { 33, 65, 17 }, { 19, 45, 18 }, { 41, 90, 3 }, { 16, 32, 4 }, { 17, 100, 1 }, { 1, 150, 40 }, { 1, 64, 64 },
        { 70, 2, 40 }, { 80, 1, 70 }, { 3, 513, 520 }, { 17, 8, 1 }, { 18, 13, 2 }, { 33, 15, 20 }, { 9, 5, 1 },
        { 10, 4, 18 }, { 35, 80, 16 }, { 8, 97, 64 }, { 16, 49, 40 }, { 32, 145, 177 }, { 64, 100, 130 },
        { 48, 50, 49 }, { 260, 40, 1000 }, { 1000, 254, 130 }, { 520, 2047, 70 } };
    size_t rows, in, out, s, turn = 0;
    const size_t most = test.small ? 20 : 35;
    test_seed(23);
    for (in = 1; in <= most; in++)
        for (out = 1; out <= most; out++, turn++) {
            rows = 1 + (turn * 5) % 15;
            if (!gemm_layer(rows, in, out, (int)(turn % 2), (int)(turn / 2 % 2))) return;
        }
    for (s = 0; s < sizeof larger / sizeof *larger - (test.small ? 3 : 0); s++)
        if (!gemm_layer(larger[s][0], larger[s][1], larger[s][2], (int)(s % 2), (int)(s / 2 % 2))) return;
}

/* a NaN in one row of x reaches exactly that row of z; in one unit's weights exactly that column */
static void gemm_nan_stays_in_its_row_and_column(void)
{
    const size_t rows = 9, in = 40, out = 21;
    float x[9 * 40], w[40 * 21 + 15], clean[9 * 21], z[9 * 21];
    size_t r, o;
    test_seed(24);
    test_fill(x, rows * in);
    test_fill(w, in * out + 15);
    mlp__kernels.forward(rows, in, out, x, in, w, NULL, clean, out);
    x[4 * in + 17] = test_nan();
    mlp__kernels.forward(rows, in, out, x, in, w, NULL, z, out);
    for (r = 0; r < rows; r++)
        for (o = 0; o < out; o++)
            CHECK(r == 4 ? z[r * out + o] != z[r * out + o] : z[r * out + o] == clean[r * out + o]);
    x[4 * in + 17] = 0;
    mlp__kernels.forward(rows, in, out, x, in, w, NULL, clean, out);
    w[gemm_weight(in, out, 3, 18)] = (float)INFINITY;
    w[gemm_weight(in, out, 4, 18)] = -(float)INFINITY;
    mlp__kernels.forward(rows, in, out, x, in, w, NULL, z, out);
    for (r = 0; r < rows; r++)
        for (o = 0; o < out; o++) if (o != 18) CHECK(z[r * out + o] == clean[r * out + o]);
}

static void gemm_tests(void)
{
    RUN(gemm_integers_are_exact_for_all_small_shapes);
    RUN(gemm_integers_are_exact_for_larger_shapes);
    RUN(gemm_integers_are_exact_for_rows_far_apart);
    RUN(gemm_large_products_are_one_chain);
    RUN(gemm_by_steps_is_exact);
    RUN(gemm_random_data_is_within_the_bound);
    RUN(gemm_layers_add_in_the_documented_order);
    RUN(gemm_nan_stays_in_its_row_and_column);
}
