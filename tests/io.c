/* >>io: files of ours, foreign files, damaged and hostile files, failing disks. */

/* the tests write into build/, where there is one */
#if defined(__unix__) || defined(__APPLE__) || defined(__wasi__)
    #define TEST_FILES 1
#else
    #define TEST_FILES 0
#endif

/* ---- nets and files in memory ---- */

typedef struct { unsigned char *p; size_t size; } io_bytes;

/* the file of a net in memory of exactly its size */
static io_bytes io_saved(const mlp *net, const mlp_save_desc *how)
{
    io_bytes f;
    f.size = mlp_save_size(net, how);
    f.p = (unsigned char *)malloc(f.size + !f.size);
    CHECK(f.size > 0 && mlp_save_memory(net, f.p, f.size, how) == MLP_OK);
    return f;
}

static uint64_t io_hash(const unsigned char *p, size_t n)
{
    uint64_t hash = TEST_HASH_BEGIN;
    while (n-- > 0) hash = (hash ^ *p++) * 1099511628211u;
    return hash;
}

/* a file of this header and this data; the header's length is put before it */
static io_bytes io_file(const char *header, const void *data, size_t size)
{
    const size_t n = strlen(header);
    io_bytes f;
    size_t i;
    f.size = 8 + n + size;
    f.p = (unsigned char *)malloc(f.size);
    for (i = 0; i < 8; i++) f.p[i] = (unsigned char)((uint64_t)n >> 8 * i);
    memcpy(f.p + 8, header, n);
    if (size && data) memcpy(f.p + 8 + n, data, size);
    else if (size) memset(f.p + 8 + n, 0, size);
    return f;
}

static mlp *io_net(int inputs, int hidden, int outputs, mlp_activation activation, mlp_loss loss)
{
    mlp_desc d = net_desc(inputs, hidden, outputs);
    mlp *net = NULL;
    size_t i, n;
    float *p;
    d.layers[0].activation = activation;
    d.loss = loss;
    d.seed = 0xfedcba9876543210u;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    p = mlp_params(net, &n);
    for (i = 0; i < n; i++) p[i] += 0.001f * (float)i;       /* biases, too */
    return net;
}

/* same desc, but for kernels and memory, and same bits of all parameters */
static int io_same_net(mlp *a, mlp *b)
{
    mlp_desc d = *mlp_get_desc(a), e = *mlp_get_desc(b);
    size_t n, m;
    const float *p = mlp_params(a, &n), *q = mlp_params(b, &m);
    memset(&d.allocator, 0, sizeof d.allocator);
    memset(&e.allocator, 0, sizeof e.allocator);
    return memcmp(&d, &e, sizeof d) == 0 && n == m && memcmp(p, q, n * sizeof(float)) == 0;
}

static mlp *io_loaded(io_bytes f, const mlp_load_desc *how)
{
    mlp *net = NULL;
    CHECK(mlp_load_memory(&net, f.p, f.size, how) == MLP_OK && net);
    return net;
}

/* The file is refused with this code, at least from this offset on, with these words in the text; nothing is left behind. */
static void io_refused(io_bytes f, mlp_load_desc how, mlp_result code, const char *words)
{
    mlp *net = (mlp *)(void *)&how;
    net_counter counter;
    mlp_error error;
    memset(&error, 0x55, sizeof error);
    how.error = &error;
    how.allocator = net_allocator(&counter);
    CHECK(mlp_load_memory(&net, f.p, f.size, &how) == code);
    CHECK(net == NULL && counter.live == 0 && error.code == code && error.offset <= f.size);
    CHECK(memchr(error.text, 0, sizeof error.text) && strstr(error.text, words));
    if (test.failures) printf("    (%s: %s, byte %lu; wanted: %s)\n", mlp_result_string(error.code), error.text, (unsigned long)error.offset, words);
}

static mlp_load_desc io_default(void)
{
    mlp_load_desc how;
    memset(&how, 0, sizeof how);
    return how;
}

/* relu and identity */
static mlp_load_desc io_relu(void)
{
    mlp_load_desc how = io_default();
    how.hidden = MLP_ACT_RELU;
    return how;
}

static void io_refused_header(const char *header, size_t data, mlp_result code, const char *words)
{
    const io_bytes f = io_file(header, NULL, data);
    io_refused(f, io_relu(), code, words);
    if (test.failures) printf("    (%s)\n", header);
    free(f.p);
}

/* ---- our own files ---- */

/* every activation, loss, initializer, with and without bias, alpha, delta, smoothing: the same desc and bits, and the same file again */
static void io_save_and_load_is_the_same_net(void)
{
    int a, loss, n = 0;
    for (a = MLP_ACT_IDENTITY; a < MLP_ACT_SOFTMAX; a++)
        for (loss = MLP_LOSS_SQUARED; loss < MLP_LOSS_CUSTOM; loss++, n++) {
            mlp_desc d = net_desc(7, 20, 3);
            io_bytes f, again;
            mlp *net = NULL, *back;
            d.layers[1].units = 5;
            d.layers[2].units = 3;
            d.layers[0].activation = (mlp_activation)a;
            d.layers[n % 3].no_bias = n % 2;
            d.layers[2 - n % 3].initializer = n % 5 == 0 ? MLP_INIT_ZERO : MLP_INIT_GLOROT_UNIFORM;
            if (a == MLP_ACT_LEAKY_RELU || a == MLP_ACT_ELU) d.layers[0].alpha = n % 3 ? 0.1f * (float)(n % 7 + 1) : -1;
            d.loss = (mlp_loss)loss;
            if (loss == MLP_LOSS_HUBER) d.loss_delta = 0.3f;
            if (loss == MLP_LOSS_CROSS_ENTROPY) d.label_smoothing = 0.1f;
            d.reduction = (mlp_reduction)(n % 2);
            d.seed = (uint64_t)n << 60 | 12345;
            if (!CHECK(mlp_create(&net, &d) == MLP_OK)) return;
            f = io_saved(net, NULL);
            back = io_loaded(f, NULL);
            if (!CHECK(io_same_net(net, back))) printf("    activation %d, loss %d\n", a, loss);
            again = io_saved(back, NULL);
            CHECK(again.size == f.size && memcmp(again.p, f.p, f.size) == 0);
            mlp_destroy(net);
            mlp_destroy(back);
            free(f.p);
            free(again.p);
        }
    snprintf(test.note, sizeof test.note, "%d nets", n);
}

/* a float in the metadata is its bits, for all kinds of floats */
static void io_floats_in_metadata_are_exact(void)
{
    int i, n = 0;
    for (i = 0; i < 20000; i++) {
        const uint32_t bits = i < 512 ? (uint32_t)i << 23 | (uint32_t)(i & 1) : test_random();
        char text[MLP__WORD] = { 0 };
        mlp__out o = mlp__out_to(text, sizeof text - 1);
        float x, y = 0;
        memcpy(&x, &bits, 4);
        if (!isfinite(x)) continue;
        mlp__put_float(&o, x);
        CHECK(mlp__word_float(text, &y) && memcmp(&x, &y, 4) == 0 && strtof(text, NULL) == x);
        n++;
    }
    CHECK(n > 19000);
}

static void io_foreign_floats_are_read(void)
{
    static const struct { const char *text; float value; } good[] = {
        { "0x1.999999999999ap-4", 0.1f }, { "-0x1.0000000000000p+0", -1 }, { "0x0.0p+0", 0 }, { "0x10p+0", 16 }, { "0x1p-149", 1.4e-45f },
        { "0x1p-1000", 0 }, { "0x0.00000000001p+0", 5.6843419e-14f } };
    static const char *const bad[] = { "", "1", "0.5", "0x", "0xp+0", "0x1", "0x1p", "0x1p+", "0x1p1", "0x1.1.1p+0", "0x1p+9999", "0x1p+128", "nan",
                                       "inf", "0x1p+0 ", "0x1.123456789abcdefp+0", "0X1P+0", "--0x1p+0", "0x1p+99999999999999999999" };
    size_t i;
    float x;
    for (i = 0; i < sizeof good / sizeof *good; i++) CHECK(mlp__word_float(good[i].text, &x) && x == good[i].value);
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        if (!CHECK(!mlp__word_float(bad[i], &x))) printf("    %s\n", bad[i]);
}

/* a net of known weights: bytes that no version, compiler or platform may change */
static void io_file_is_the_pinned_bytes(void)
{
    static const char header[] = "{\"__metadata__\":{\"format\":\"pt\",\"mlp.activations\":\"leaky_relu:0x1.99999ap-4 softmax\","
        "\"mlp.initializers\":\"he_uniform glorot_uniform\",\"mlp.loss\":\"cross_entropy\",\"mlp.reduction\":\"mean\",\"mlp.seed\":\"7\","
        "\"mlp.version\":\"1\"},\"0.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},\"0.weight\":{\"dtype\":\"F32\",\"shape\":[3,2],"
        "\"data_offsets\":[12,36]},\"2.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[36,44]},\"2.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],"
        "\"data_offsets\":[44,68]}}";
    static const float w0[] = { 1, 2, 3, 4, 5, 6 }, b0[] = { -1, -2, -3 }, w1[] = { 0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f }, b1[] = { 0.25f, 0.75f };
    mlp_desc d = net_desc(2, 3, 2);
    io_bytes f;
    mlp *net = NULL;
    size_t i, n = sizeof header - 1;
    d.layers[0].activation = MLP_ACT_LEAKY_RELU;
    d.layers[0].alpha = 0.1f;
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    d.seed = 7;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w0, b0) == MLP_OK && mlp_set_weights(net, 1, w1, b1) == MLP_OK);
    f = io_saved(net, NULL);
    CHECK(f.p[0] == 504 % 256 && f.p[1] == 504 / 256 && f.size == 8 + 504 + 68);         /* the data is at 512 */
    CHECK(n <= 504 && memcmp(f.p + 8, header, n) == 0);
    for (i = 8 + n; i < 512; i++) CHECK(f.p[i] == ' ');
    CHECK(f.p[512] == 0 && f.p[515] == 0xbf && f.p[524] == 0 && f.p[527] == 0x3f);      /* -1, 1 */
    snprintf(test.note, sizeof test.note, "%016llx", (unsigned long long)io_hash(f.p, f.size));
    CHECK(io_hash(f.p, f.size) == 0x9684919547a16b6bu);
    mlp_destroy(net);
    free(f.p);
}

/* ---- exact resume ---- */

static mlp *io_resume(mlp *net, int through_disk)
{
    mlp_save_desc how;
    mlp_load_desc load = io_default();
    mlp *back = NULL;
    io_bytes f;
    if (through_disk) {
        CHECK(mlp_save_checkpoint(net, "build/io-test.checkpoint") == MLP_OK && mlp_load_checkpoint(&back, "build/io-test.checkpoint", NULL) == MLP_OK);
        CHECK(remove("build/io-test.checkpoint") == 0);
        return back;
    }
    memset(&how, 0, sizeof how);
    how.checkpoint = load.checkpoint = 1;
    f = io_saved(net, &how);
    CHECK(mlp_load_memory(&back, f.p, f.size, &load) == MLP_OK);
    free(f.p);
    return back;
}

/* 3 epochs, a file, 4 epochs: the bits of 7 epochs, and those of the file after them; sgd, momentum, adam, and before any training */
static void io_checkpoint_is_an_unbroken_run(void)
{
    static const struct { mlp_opt kind; float momentum; } opts[] = { { MLP_OPT_SGD, 0 }, { MLP_OPT_SGD, 0.9f }, { MLP_OPT_ADAM, 0 } };
    train_rows *rows = &train_data_rows;
    mlp_data data;
    size_t o;
    int first;
    test_seed(90);
    train_make(rows);
    data = loss_data(173, rows->x, rows->y);
    for (o = 0; o < 3; o++)
        for (first = 0; first <= 3; first += 3) {
            mlp *whole = layers_net(train_units, 2, 7, MLP_ACT_GELU, MLP_ACT_SIGMOID), *part = layers_net(train_units, 2, 7, MLP_ACT_GELU, MLP_ACT_SIGMOID), *back;
            mlp_fit_desc f = train_fit(7, 20, MLP_ORDER_SHUFFLED, opts[o].kind, 0.01f);
            mlp_save_desc how;
            io_bytes a, b;
            f.opt.momentum = opts[o].momentum;
            CHECK(mlp_fit(whole, &data, &f) == MLP_OK);
            f.epochs = first;
            CHECK(first == 0 || mlp_fit(part, &data, &f) == MLP_OK);
            back = io_resume(part, o == 2 && TEST_FILES);
            if (!CHECK(back != NULL)) return;
            f.epochs = 7 - first;
            CHECK(mlp_fit(back, &data, &f) == MLP_OK && train_hash(back) == train_hash(whole));
            memset(&how, 0, sizeof how);
            how.checkpoint = 1;
            a = io_saved(whole, &how);
            b = io_saved(back, &how);
            CHECK(a.size == b.size && memcmp(a.p, b.p, a.size) == 0);
            free(a.p);
            free(b.p);
            mlp_destroy(whole);
            mlp_destroy(part);
            mlp_destroy(back);
        }
}

/* the net of a checkpoint can be had without the rest; a file without it is no checkpoint */
static void io_checkpoint_is_a_model_too(void)
{
    mlp *net = io_net(6, 24, 3, MLP_ACT_TANH, MLP_LOSS_SQUARED), *back;
    mlp_data data = loss_data(20, train_data_rows.x, train_data_rows.y);
    mlp_load_desc load = io_default();
    mlp_save_desc how;
    io_bytes f, plain;
    train_make(&train_data_rows);
    CHECK(mlp_fit(net, &data, NULL) == MLP_OK);
    memset(&how, 0, sizeof how);
    how.checkpoint = 1;
    f = io_saved(net, &how);
    plain = io_saved(net, NULL);
    back = io_loaded(f, NULL);
    CHECK(io_same_net(net, back) && !mlp_gradients(back, NULL) && f.size > 3 * (plain.size - 1024));
    load.checkpoint = 1;
    io_refused(plain, load, MLP_ERR_UNSUPPORTED, "not a checkpoint");
    mlp_destroy(net);
    mlp_destroy(back);
    free(f.p);
    free(plain.p);
}

/* ---- real files ---- */

#if TEST_FILES
static void io_files_are_written_and_read(void)
{
    static const char path[] = "build/io-test.safetensors";
    mlp *net = io_net(5, 9, 4, MLP_ACT_SILU, MLP_LOSS_CROSS_ENTROPY), *back = NULL;
    io_bytes f = io_saved(net, NULL);
    unsigned char *read = (unsigned char *)malloc(f.size + 1);
    mlp_error error;
    mlp_load_desc how = io_default();
    mlp_save_desc save;
    FILE *file;
    memset(&save, 0, sizeof save);
    save.error = how.error = &error;
    CHECK(mlp_save(net, path) == MLP_OK && mlp_save(net, path) == MLP_OK);             /* a second time over the first */
    file = fopen(path, "rb");
    CHECK(file && fread(read, 1, f.size + 1, file) == f.size && memcmp(read, f.p, f.size) == 0);
    if (file) fclose(file);
    CHECK(mlp_load(&back, path, &how) == MLP_OK && error.code == MLP_OK && io_same_net(net, back));
    mlp_destroy(back);
    CHECK(fopen("build/io-test.safetensors.tmp0", "rb") == NULL);
    CHECK(remove(path) == 0);
    CHECK(mlp_load(&back, path, &how) == MLP_ERR_IO && !back && error.code == MLP_ERR_IO);
    CHECK(mlp_load(&back, "build", &how) == MLP_ERR_IO && !back);                       /* a folder */
    CHECK(mlp_save_with(net, "build/no/such/folder.safetensors", &save) == MLP_ERR_IO && error.code == MLP_ERR_IO);
    CHECK(mlp_save(net, "") == MLP_ERR_ARGUMENT && mlp_save(net, NULL) == MLP_ERR_ARGUMENT && mlp_save(NULL, path) == MLP_ERR_ARGUMENT);
    mlp_destroy(net);
    free(f.p);
    free(read);
}
#endif

static void io_tests(void)
{
    RUN(io_save_and_load_is_the_same_net);
    RUN(io_floats_in_metadata_are_exact);
    RUN(io_foreign_floats_are_read);
    RUN(io_file_is_the_pinned_bytes);
    RUN(io_checkpoint_is_an_unbroken_run);
    RUN(io_checkpoint_is_a_model_too);
#if TEST_FILES
    RUN(io_files_are_written_and_read);
#endif
}
