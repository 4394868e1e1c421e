/* >>layers: whole nets forward, against the twin in double and against themselves in other cuts of the same rows. */

/* widths, activations and bias by the bits of `variant`; x in [-1, 1) */
static mlp *layers_net(const int *units, int layers, int variant, mlp_activation hidden, mlp_activation last)
{
    mlp_desc d;
    mlp *net;
    int l;
    memset(&d, 0, sizeof d);
    d.inputs = units[0];
    d.seed = (uint64_t)variant;
    for (l = 0; l < layers; l++) {
        d.layers[l].units = units[l + 1];
        d.layers[l].activation = l + 1 < layers ? hidden : last;
        d.layers[l].no_bias = variant & 1;
    }
    if (!CHECK(mlp_create(&net, &d) == MLP_OK)) exit(2);
    return net;
}

/* random biases, so that they are seen */
static void layers_randomize(mlp *net)
{
    size_t n, i;
    float *p = mlp_params(net, &n);
    for (i = 0; i < n; i++) p[i] += 0.1f * test_float();
}

static void layers_predict_is_within_the_bound_of_the_twin(void)
{
    static const int units[] = { 17, 40, 33, 5 };
    double largest = 0;
    size_t h, last, row, o;
    test_seed(40);
    for (h = 0; h < REF_ACTIVATIONS; h++)
        for (last = 0; last <= REF_ACTIVATIONS; last++) {
            const mlp_activation output = last < REF_ACTIVATIONS ? ref_activations[last] : MLP_ACT_SOFTMAX;
            mlp *net = layers_net(units, 3, (int)(h + last), ref_activations[h], output);
            float x[9 * 17], y[9 * 5];
            ref_net n;
            ref_pass p;
            layers_randomize(net);
            n = ref_from(net);
            p = ref_pass_of(&n);
            test_fill(x, 9 * 17);
            test_fill_nan(y, 9 * 5);
            CHECK(mlp_predict(net, x, 9, y) == MLP_OK);
            for (row = 0; row < 9; row++) {
                ref_forward(&n, &p, x + row * 17);
                for (o = 0; o < 5; o++) {
                    const double bound = 3 * 42 * ldexp(1, -24) * p.a_abs[3][o];
                    largest = fmax(largest, fabs((double)y[row * 5 + o] - p.a[3][o]) / bound);
                }
            }
            ref_pass_free(&p);
            ref_free(&n);
            mlp_destroy(net);
        }
    snprintf(test.note, sizeof test.note, "%.3f of L (k+2) 2^-24 |W||x|", largest);
    CHECK(largest <= 1);
}

static void layers_rows_do_not_depend_on_their_batch(void)
{
    static const int shapes[][4] = { { 3, 5, 4, 2 }, { 40, 130, 17, 10 }, { 64, 16, 33, 1 }, { 9, 2000, 8, 3 } };
    static float x[300 * 64], whole[300 * 10], cut[300 * 10];
    size_t s, step;
    test_seed(41);
    for (s = 0; s < 4; s++) {
        mlp *net = layers_net(shapes[s], 3, (int)s, MLP_ACT_TANH, s % 2 ? MLP_ACT_SOFTMAX : MLP_ACT_IDENTITY);
        const size_t in = (size_t)shapes[s][0], out = (size_t)shapes[s][3], rows = 300;
        float *scratch = (float *)malloc(mlp_scratch_size(net, 0));
        layers_randomize(net);
        test_fill(x, rows * in);
        CHECK(mlp_predict(net, x, rows, whole) == MLP_OK);
        for (step = 1; step < rows; step = step * 3 + 1) {
            size_t done, n;
            test_fill_nan(cut, rows * out);
            for (done = 0; done < rows; done += n) {
                const float *from = x + done * in;
                float *to = cut + done * out;
                n = rows - done < step ? rows - done : step;
                if (done / step % 2) CHECK(mlp_predict(net, from, n, to) == MLP_OK);
                else CHECK(mlp_predict_with(net, scratch, mlp_scratch_size(net, 0), from, n, to) == MLP_OK);
            }
            CHECK(test_same_bits(whole, cut, rows * out));
        }
        free(scratch);
        mlp_destroy(net);
    }
}

static void layers_predict_writes_only_y_and_keeps_nan_in_its_row(void)
{
    static const int units[] = { 11, 70, 7 };
    mlp *net = layers_net(units, 2, 0, MLP_ACT_SIGMOID, MLP_ACT_SOFTMAX);
    const size_t rows = 21;
    test_memory x = test_guarded(rows * 11, 0), y = test_guarded(rows * 7, 0), front = test_guarded(rows * 7, 1);
    test_memory scratch = test_guarded(mlp_scratch_size(net, rows) / 4, 0);
    float clean[21 * 7];
    size_t n, r, j;
    const float *params = mlp_params(net, &n);
    const uint64_t before = test_hash(TEST_HASH_BEGIN, params, n);
    test_seed(42);
    test_fill(x.p, rows * 11);
    CHECK(mlp_predict_with(net, scratch.p, mlp_scratch_size(net, rows), x.p, rows, y.p) == MLP_OK);
    CHECK(mlp_predict(net, x.p, rows, front.p) == MLP_OK);
    CHECK(test_same_bits(y.p, front.p, rows * 7));
    memcpy(clean, y.p, sizeof clean);
    x.p[5 * 11 + 3] = test_nan();
    x.p[9 * 11] = (float)INFINITY;
    CHECK(mlp_predict(net, x.p, rows, y.p) == MLP_OK);
    for (r = 0; r < rows; r++)
        for (j = 0; j < 7; j++)
            CHECK(r == 5 ? y.p[r * 7 + j] != y.p[r * 7 + j] : r == 9 || y.p[r * 7 + j] == clean[r * 7 + j]);
    CHECK(test_hash(TEST_HASH_BEGIN, params, n) == before);
    CHECK(mlp_predict(net, NULL, 0, NULL) == MLP_OK && mlp_predict_with(net, NULL, 0, NULL, 0, NULL) == MLP_OK);
    CHECK(mlp_predict(net, NULL, 1, y.p) == MLP_ERR_ARGUMENT && mlp_predict(net, x.p, 1, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_predict_with(net, NULL, 100, x.p, 1, y.p) == MLP_ERR_ARGUMENT);
    test_free(x); test_free(y); test_free(front); test_free(scratch);
    mlp_destroy(net);
}

/* predict allocates for large nets only, predict_with never */
static void layers_predict_with_never_allocates(void)
{
    mlp_desc d = net_desc(20, 3000, 5);
    net_counter counter;
    static float x[40 * 20], y[40 * 5];
    mlp *net;
    void *scratch;
    d.allocator = net_allocator(&counter);
    CHECK(mlp_create(&net, &d) == MLP_OK && counter.calls == 1);
    scratch = malloc(mlp_scratch_size(net, 0));
    CHECK(mlp_predict_with(net, scratch, mlp_scratch_size(net, 0), x, 40, y) == MLP_OK && counter.calls == 1);
    CHECK(mlp_predict(net, x, 40, y) == MLP_OK && counter.calls == 2 && counter.live == 1);
    free(scratch);
    mlp_destroy(net);
    d = net_desc(20, 32, 5);
    d.allocator = net_allocator(&counter);
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_predict(net, x, 40, y) == MLP_OK && counter.calls == 1);
    mlp_destroy(net);
}

/* Any size of scratch from that of one row on, between guard pages: the same bits, and no byte outside of it. */
static void layers_any_scratch_will_do(void)
{
    static float x[40 * 7], expected[40 * 3], y[40 * 3];
    int scaled, layers, front;
    test_seed(43);
    test_fill(x, 40 * 7);
    for (scaled = 0; scaled < 2; scaled++)
        for (layers = 1; layers < 5; layers++) {
            mlp_desc d;
            mlp *net;
            mlp_data data;
            size_t size, smallest;
            int l;
            memset(&d, 0, sizeof d);
            d.inputs = 7;
            for (l = 0; l < layers; l++) d.layers[l].units = l == layers - 1 ? 3 : 5 + 13 * (l % 2);
            d.input_scaling = scaled ? MLP_SCALE_STANDARD : MLP_SCALE_NONE;
            if (!CHECK(mlp_create(&net, &d) == MLP_OK)) return;
            memset(&data, 0, sizeof data);
            data.rows = 13;
            data.x = x;
            data.y = expected;
            if (scaled) CHECK(mlp_fit_scaling(net, &data) == MLP_OK);
            CHECK(mlp_predict(net, x, 40, expected) == MLP_OK);
            smallest = mlp_scratch_size(net, 1);
            CHECK(mlp_scratch_size(net, 0) == mlp_scratch_size(net, 256));
            CHECK(mlp_scratch_size(net, 5000) == mlp_scratch_size(net, 256));
            for (size = smallest; size < smallest * 45 && size < mlp_scratch_size(net, 40) + 64; size += 4)
                for (front = 0; front < 2; front++) {
                    test_memory scratch = test_guarded(size / 4, front);
                    test_fill_nan(scratch.p, size / 4);
                    test_fill_nan(y, 120);
                    CHECK(mlp_predict_with(net, scratch.p, size, x, 40, y) == MLP_OK);
                    CHECK(test_same_bits(y, expected, 120));
                    CHECK(mlp_predict_with(net, scratch.p, smallest - 1, x, 1, y) == MLP_ERR_ARGUMENT);
                    test_free(scratch);
                }
            mlp_destroy(net);
        }
}

/* what the smallest nets take: one row of 2-8-1 and its training with batches of 8 */
static void layers_small_nets_take_little_memory(void)
{
    const float x[] = { 0, 0, 0, 1, 1, 0, 1, 1, 0, 2, 2, 0, 2, 2, 1, 2 }, y[] = { 0, 1, 1, 0, 1, 1, 0, 0 };
    mlp_desc d = net_desc(2, 8, 1);
    net_counter counter;
    mlp_data data;
    void *memory;
    mlp *net;
    d.allocator = net_allocator(&counter);
    CHECK(mlp_create(&net, &d) == MLP_OK);
    snprintf(test.note, sizeof test.note, "2-8-1: %lu bytes for a row, %lu to train, %lu the net",
             (unsigned long)mlp_scratch_size(net, 1), (unsigned long)mlp_train_size(net, NULL, 8),
             (unsigned long)mlp_size(&d));
    CHECK(mlp_scratch_size(net, 1) <= 256 && mlp_train_size(net, NULL, 8) > 0 && mlp_train_size(net, NULL, 8) <= 4096);
    memset(&data, 0, sizeof data);
    data.rows = 8;
    data.x = x;
    data.y = y;
    memory = malloc(4096);                                                      /* then a fit allocates nothing */
    CHECK(mlp_train_in(net, memory, 4096, NULL) == MLP_OK && mlp_fit(net, &data, NULL) == MLP_OK && counter.calls == 1);
    mlp_destroy(net);
    free(memory);
}

static void layers_tests(void)
{
    RUN(layers_predict_is_within_the_bound_of_the_twin);
    RUN(layers_rows_do_not_depend_on_their_batch);
    RUN(layers_predict_writes_only_y_and_keeps_nan_in_its_row);
    RUN(layers_predict_with_never_allocates);
    RUN(layers_any_scratch_will_do);
    RUN(layers_small_nets_take_little_memory);
}
