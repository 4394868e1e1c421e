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
    size_t size = 0;
    CHECK(mlp_save_memory(net, NULL, &size, how) == MLP_OK && size > 0);
    f.size = size;
    f.p = (unsigned char *)malloc(f.size + !f.size);
    CHECK(mlp_save_memory(net, f.p, &size, how) == MLP_OK && size == f.size);
    return f;
}

static void io_not_saved(const mlp *net, const mlp_save_desc *how, mlp_result code)
{
    size_t size = 1;
    CHECK(mlp_save_memory(net, NULL, &size, how) == code && size == 0 && how->error->code == code);
}

static uint64_t io_hash(const unsigned char *p, size_t n)
{
    uint64_t hash = TEST_HASH_BEGIN;
    while (n-- > 0) hash = (hash ^ *p++) * 1099511628211u;
    return hash;
}

/* a file of this header, in which ' stands for ", and of `count` elements of `each` bytes in this machine's order, or
   zeros; the header's length is put before it */
static io_bytes io_file(const char *header, const void *data, size_t count, size_t each)
{
    static const uint16_t one = 1;
    const int little = *(const unsigned char *)&one == 1;
    const size_t n = strlen(header), size = count * each;
    io_bytes f;
    size_t i;
    f.size = 8 + n + size;
    f.p = (unsigned char *)malloc(f.size);
    for (i = 0; i < 8; i++) f.p[i] = (unsigned char)((uint64_t)n >> 8 * i);
    for (i = 0; i < n; i++) f.p[8 + i] = (unsigned char)(header[i] == '\'' ? '"' : header[i]);
    for (i = 0; i < size; i++)
        f.p[8 + n + i] = !data ? 0 : ((const unsigned char *)data)[little ? i : i / each * each + each - 1 - i % each];
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

static mlp_desc io_resolved(const mlp *net)
{
    mlp_desc d;
    CHECK(mlp_resolve_desc(mlp_get_desc(net), &d) == MLP_OK);
    return d;
}

/* same desc, but for kernels and memory, and same bits of all parameters */
static int io_same_net(mlp *a, mlp *b)
{
    mlp_desc d = io_resolved(a), e = io_resolved(b);
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

/* The file is refused with this code, at least from this offset on, with these words in the
   text; nothing is left behind. */
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
    if (test.failures) printf("    (%s: %s, byte %lu; wanted: %s)\n", mlp_result_string(error.code), error.text,
                              (unsigned long)error.offset, words);
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
    const io_bytes f = io_file(header, NULL, data, 1);
    io_refused(f, io_relu(), code, words);
    if (test.failures) printf("    (%.200s)\n", header);
    free(f.p);
}

/* a tensor's entry in a header, and a header of one; numbers may be formats of snprintf */
#define IO_T(name, type, shape, begin, end) \
    "'" name "':{'dtype':'" type "','shape':[" shape "],'data_offsets':[" #begin "," #end "]}"
#define IO_FILE(name, type, shape, begin, end) "{" IO_T(name, type, shape, begin, end) "}"

/* ---- our own files ---- */

/* every activation, loss, initializer, with and without bias, alpha, delta, smoothing: the same desc and
   bits, and the same file again */
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

/* a net of known weights: bytes that no version, compiler or platform may change */
static void io_file_is_the_pinned_bytes(void)
{
    static const char header[] =
        "{\"__metadata__\":{\"format\":\"pt\",\"mlp.activations\":\"leaky_relu softmax\","
        "\"mlp.alpha\":\"3dcccccd 00000000\",\"mlp.loss\":\"cross_entropy\",\"mlp.seed\":\"7\",\"mlp.version\":\"1\"},"
        "\"0.bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]},"
        "\"0.weight\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[12,36]},"
        "\"2.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[36,44]},"
        "\"2.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[44,68]}}";
    static const float w0[] = { 1, 2, 3, 4, 5, 6 }, b0[] = { -1, -2, -3 };
    static const float w1[] = { 0.5f, 1.5f, 2.5f, 3.5f, 4.5f, 5.5f }, b1[] = { 0.25f, 0.75f };
    mlp_desc d = net_desc(2, 3, 2);
    io_bytes f;
    mlp *net = NULL;
    size_t i, n = sizeof header - 1;
    d.layers[0].activation = MLP_ACT_LEAKY_RELU;
    d.layers[0].alpha = 0.1f;
    d.loss = MLP_LOSS_CROSS_ENTROPY;
    d.seed = 7;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_set_weights(net, 0, w0, b0) == MLP_OK);
    CHECK(mlp_set_weights(net, 1, w1, b1) == MLP_OK);
    f = io_saved(net, NULL);
    CHECK(f.p[0] == 440 % 256 && f.p[1] == 440 / 256 && f.size == 8 + 440 + 68);         /* the data is at 448 */
    CHECK(n <= 440 && memcmp(f.p + 8, header, n) == 0);
    for (i = 8 + n; i < 448; i++) CHECK(f.p[i] == ' ');
    CHECK(f.p[448] == 0 && f.p[451] == 0xbf && f.p[460] == 0 && f.p[463] == 0x3f);      /* -1, 1 */
    snprintf(test.note, sizeof test.note, "%016llx", (unsigned long long)io_hash(f.p, f.size));
    CHECK(io_hash(f.p, f.size) == 0x6568fd605775d647u);
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
    memset(&how, 0, sizeof how);
    if (through_disk) {
        how.checkpoint = load.checkpoint = 1;
        CHECK(mlp_save(net, "build/io-test.checkpoint", &how) == MLP_OK);
        CHECK(mlp_load(&back, "build/io-test.checkpoint", &load) == MLP_OK);
        CHECK(remove("build/io-test.checkpoint") == 0);
        return back;
    }
    how.checkpoint = load.checkpoint = 1;
    f = io_saved(net, &how);
    CHECK(mlp_load_memory(&back, f.p, f.size, &load) == MLP_OK);
    free(f.p);
    return back;
}

/* 3 epochs, a file, 4 epochs: the bits of 7 epochs, and those of the file after them; sgd, momentum,
   adam, and before any training */
static void io_checkpoint_is_an_unbroken_run(void)
{
    static const struct { mlp_opt kind; float momentum; } opts[] = {
        { MLP_OPT_SGD, 0 }, { MLP_OPT_SGD, 0.9f }, { MLP_OPT_ADAM, 0 } };
    train_rows *rows = &train_data_rows;
    mlp_data data;
    size_t o;
    int first;
    test_seed(90);
    train_make(rows);
    data = loss_data(173, rows->x, rows->y);
    for (o = 0; o < 3; o++)
        for (first = 0; first <= 3; first += 3) {
            mlp *whole = layers_net(train_units, 2, 7, MLP_ACT_GELU, MLP_ACT_SIGMOID);
            mlp *part = layers_net(train_units, 2, 7, MLP_ACT_GELU, MLP_ACT_SIGMOID), *back;
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

typedef struct { mlp *net; io_bytes file; int at; } io_epoch;

static int io_save_in_epoch(void *user, const mlp_progress *p)
{
    io_epoch *e = (io_epoch *)user;
    mlp_save_desc how;
    memset(&how, 0, sizeof how);
    how.checkpoint = 1;
    if (p->epoch == e->at) e->file = io_saved(e->net, &how);
    return 0;
}

/* Saved within a fit, in the epoch after the best one: what goes on from there finds the same best weights. */
static void io_checkpoint_of_an_epoch_has_the_best_weights(void)
{
    train_rows *rows = &train_data_rows;
    mlp_fit_report whole_report, report;
    mlp_fit_desc f = train_fit(12, 20, MLP_ORDER_SHUFFLED, MLP_OPT_ADAM, 0.05f);
    mlp *whole = layers_net(train_units, 2, 7, MLP_ACT_GELU, MLP_ACT_SIGMOID), *back;
    mlp_load_desc load = io_default();
    io_epoch epoch;
    mlp_data data;
    int at;
    train_make(rows);
    data = loss_data(173, rows->x, rows->y);
    f.validation_split = 0.3f;
    f.report = &whole_report;
    CHECK(mlp_fit(whole, &data, &f) == MLP_OK && whole_report.best_epoch > 0 && whole_report.best_epoch < 11);
    f.report = &report;
    load.checkpoint = 1;
    for (at = 1; at < 12; at++) {
        mlp *part = layers_net(train_units, 2, 7, MLP_ACT_GELU, MLP_ACT_SIGMOID);
        f.epochs = 12;
        f.on_epoch = io_save_in_epoch;
        f.user = &epoch;
        memset(&epoch, 0, sizeof epoch);
        epoch.net = part;
        epoch.at = at;
        CHECK(mlp_fit(part, &data, &f) == MLP_OK && epoch.file.p);
        mlp_destroy(part);
        back = io_loaded(epoch.file, &load);
        free(epoch.file.p);
        if (!back) return;
        f.on_epoch = NULL;
        f.epochs = 12 - at;
        CHECK(mlp_fit(back, &data, &f) == MLP_OK && train_hash(back) == train_hash(whole));
        CHECK(report.best_epoch == whole_report.best_epoch);
        mlp_destroy(back);
    }
    mlp_destroy(whole);
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

/* Any number of arrays that an optimizer may have is loaded and saved; more, and another shape than
   the parameters', is refused. */
static void io_state_is_that_of_the_optimizer(void)
{
    static const struct { const char *optimizer; int arrays, columns; const char *type, *words; } files[] = {
        { "lbfgs", 2001, 3, "F32", NULL },
        { "lbfgs", 21, 3, "F32", NULL },
        { "adam", 2, 3, "F32", NULL },
        { "sgd", 1, 3, "F32", NULL },
        { "lbfgs", 2002, 3, "F32", "mlp.train.optimizer" },
        { "adam", 3, 3, "F32", "mlp.train.optimizer" },
        { "lm", 2, 3, "F32", "mlp.train.optimizer" },
        { "default", 1, 3, "F32", "mlp.train.optimizer" },
        { "lbfgs", 2001, 2, "F32", "tensor 'mlp.state' [2001,2]: " },
        { "lbfgs", 3, 4, "F32", "tensor 'mlp.state' [3,4]: " },
        { "adam", 2, 3, "I32", "tensor 'mlp.state' [2,3]: " } };
    static float data[3 + 2002 * 3];
    char header[700];
    mlp_load_desc load = io_default();
    mlp_save_desc save;
    size_t i;
    memset(&save, 0, sizeof save);
    save.checkpoint = load.checkpoint = 1;
    for (i = 0; i < sizeof data / sizeof *data; i++) data[i] = (float)i + 0.5f;
    for (i = 0; i < sizeof files / sizeof *files; i++) {
        const int floats = 3 + files[i].arrays * files[i].columns;
        io_bytes f, again;
        snprintf(header, sizeof header,
                 "{'__metadata__':{'mlp.activations':'identity','mlp.version':'1','mlp.train':'1',"
                 "'mlp.train.steps':'5','mlp.train.optimizer':'%s'}," IO_T("0.bias", "F32", "1", 0, 4) ","
                 IO_T("0.weight", "F32", "1,2", 4, 12) "," IO_T("mlp.state", "%s", "%d,%d", 12, %d) "}",
                 files[i].optimizer, files[i].type, files[i].arrays, files[i].columns, floats * 4);
        f = io_file(header, data, (size_t)floats, 4);
        if (files[i].words) io_refused(f, load, MLP_ERR_FORMAT, files[i].words);
        else {
            mlp *net = io_loaded(f, &load);
            if (!net) return;
            again = io_saved(net, &save);
            CHECK(again.size > (size_t)floats * 4);
            CHECK(!memcmp(again.p + again.size - floats * 4, f.p + f.size - floats * 4, (size_t)floats * 4));
            mlp_destroy(net);
            free(again.p);
        }
        free(f.p);
    }
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
    /* a second time over the first */
    CHECK(mlp_save(net, path, NULL) == MLP_OK && mlp_save(net, path, NULL) == MLP_OK);
    file = fopen(path, "rb");
    CHECK(file && fread(read, 1, f.size + 1, file) == f.size && memcmp(read, f.p, f.size) == 0);
    if (file) fclose(file);
    CHECK(mlp_load(&back, path, &how) == MLP_OK && error.code == MLP_OK && io_same_net(net, back));
    mlp_destroy(back);
    CHECK(fopen("build/io-test.safetensors.tmp0", "rb") == NULL);
    CHECK(remove(path) == 0);
    CHECK(mlp_load(&back, path, &how) == MLP_ERR_IO && !back && error.code == MLP_ERR_IO);
    CHECK(mlp_load(&back, "build", &how) == MLP_ERR_IO && !back);                       /* a folder */
    CHECK(mlp_save(net, "build/no/such/folder.safetensors", &save) == MLP_ERR_IO && error.code == MLP_ERR_IO);
    CHECK(mlp_save(net, "", NULL) == MLP_ERR_ARGUMENT && mlp_save(net, NULL, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_save(NULL, path, NULL) == MLP_ERR_ARGUMENT);
    mlp_destroy(net);
    free(f.p);
    free(read);
}
#endif

/* ---- what may be at a path ---- */

#if TEST_FILES && !defined(__wasi__)
#include <sys/stat.h>

static int io_mode(const char *path)
{
    struct stat s;
    return stat(path, &s) ? -1 : (int)(s.st_mode & 0777);
}

static void io_not_saved_to(const mlp *net, const char *path, const char *words)
{
    const char *shown = strlen(path) > 70 ? path + strlen(path) - 60 : path;
    mlp_save_desc save;
    mlp_error error;
    memset(&save, 0, sizeof save);
    save.error = &error;
    CHECK(mlp_save(net, path, &save) == MLP_ERR_IO && error.code == MLP_ERR_IO);
    if (!CHECK(strstr(error.text, words) && strstr(error.text, shown))) printf("    %s: %s\n", path, error.text);
}

/* A file that is saved over keeps its mode; a write-protected one (also for root), a folder, a
   device, a pipe stay what they are. */
static void io_mode_and_kind_of_a_path_are_kept(void)
{
    static const int modes[] = { 0600, 0644, 0640, 0666, 0777, 0604 };
    static const char path[] = "build/io-test-mode", link[] = "build/io-test-link";
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED), *back = NULL;
    size_t i;
    remove(path);
    for (i = 0; i < sizeof modes / sizeof *modes; i++) {
        CHECK(mlp_save(net, path, NULL) == MLP_OK && chmod(path, (mode_t)modes[i]) == 0);
        CHECK(mlp_save(net, path, NULL) == MLP_OK && io_mode(path) == modes[i]);
    }
    CHECK(mlp_load(&back, path, NULL) == MLP_OK);
    mlp_destroy(back);
    CHECK(chmod(path, 0444) == 0);
    io_not_saved_to(net, path, "write-protected");
    CHECK(io_mode(path) == 0444 && symlink("io-test-mode", link) == 0);
    io_not_saved_to(net, link, "write-protected");
    /* the link is now a file */
    CHECK(chmod(path, 0600) == 0 && mlp_save(net, link, NULL) == MLP_OK && io_mode(link) == 0600);
    CHECK(remove(path) == 0 && mlp_load(&back, link, NULL) == MLP_OK && remove(link) == 0);
    mlp_destroy(back);
    io_not_saved_to(net, "build", "a folder");
    io_not_saved_to(net, "build/", "a folder");
#ifdef __linux__                                /* a device of our own: a broken library would replace the system's */
    if (mknod(path, S_IFCHR | 0600, 1 << 8 | 3) == 0) {
        io_not_saved_to(net, path, "no regular file");
        CHECK(remove(path) == 0);
    }
#endif
    CHECK(mkfifo(path, 0600) == 0);
    io_not_saved_to(net, path, "no regular file");
    CHECK(remove(path) == 0);
    io_not_saved_to(net, "build/no/such/file", "no such file or folder");
    io_not_saved_to(net, "Makefile/file", "no folder");
    mlp_destroy(net);
}

static char io_created[500];                /* the last new file */

static void *io_open_and_note(void *user, const char *path, int create)
{
    if (create) snprintf(io_created, sizeof io_created, "%s", path);
    return mlp__system_io.open(user, path, create);
}

/* Names as long as the system takes them; one more is an error that says so. A character is never cut. */
static void io_long_paths(void)
{
    mlp_io io = mlp__system_io;
    mlp_save_desc save;
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED), *back = NULL;
    char path[400] = "build/";
    size_t n, i;
    memset(&save, 0, sizeof save);
    save.io = &io;
    io.open = io_open_and_note;
    for (n = 240; n <= 256; n++) {
        for (i = 0; i < n; i++) path[6 + i] = (char)(i < n % 2 ? 'a' : (i + n) % 2 ? '\244' : '\303');
        path[6 + n] = 0;
        if (n > 255) { io_not_saved_to(net, path, "too long"); continue; }
        CHECK(mlp_save(net, path, NULL) == MLP_OK && mlp_save(net, path, &save) == MLP_OK);
        CHECK(mlp_load(&back, path, NULL) == MLP_OK && remove(path) == 0);
        CHECK(strlen(io_created) > 100 && mlp__not_utf8(io_created, strlen(io_created)) == strlen(io_created));
        mlp_destroy(back);
        back = NULL;
    }
    mlp_destroy(net);
}

/* Two saves of one path at once: the one that comes while the other is about to rename does not
   take its file for a leftover. */
typedef struct { mlp *net; const char *path; int saved; } io_other_save;

static int io_save_then_rename(void *user, const char *from, const char *to)
{
    io_other_save *s = (io_other_save *)user;
    s->saved = mlp_save(s->net, s->path, NULL) == MLP_OK;
    return mlp__system_io.rename(NULL, from, to);
}

static void io_saves_at_once_are_both_whole(void)
{
    static const char path[] = "build/io-test-once";
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED);
    mlp *other = io_net(3, 9, 2, MLP_ACT_TANH, MLP_LOSS_SQUARED), *back = NULL;
    mlp_io io = mlp__system_io;
    mlp_save_desc save;
    io_other_save s;
    memset(&save, 0, sizeof save);
    s.net = other;
    s.path = path;
    save.io = &io;
    io.user = &s;
    io.rename = io_save_then_rename;
    CHECK(mlp_save(net, path, &save) == MLP_OK && s.saved);
    CHECK(mlp_load(&back, path, NULL) == MLP_OK && io_same_net(net, back) && remove(path) == 0);
    mlp_destroy(back);
    mlp_destroy(other);
    mlp_destroy(net);
}

/* What crashed saves left is removed; what another one writes at this moment, and what is no file, is not touched. */
static void io_leftovers_do_not_block(void)
{
    static const char path[] = "build/io-test-left";
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED), *back = NULL;
    char name[100];
    FILE *file;
    void *taken;
    int i;
    for (i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "%s.mlp-tmp%d", path, i);
        file = fopen(name, "w");
        CHECK(file && fputs("half a model", file) >= 0 && fclose(file) == 0);
    }
    CHECK(mlp_save(net, path, NULL) == MLP_OK && mlp_load(&back, path, NULL) == MLP_OK);
    mlp_destroy(back);
    snprintf(name, sizeof name, "%s.mlp-tmp0", path);
    CHECK(io_mode(name) == -1);
    taken = mlp__system_io.open(NULL, name, 1);             /* another save is under way */
    CHECK(taken && mlp__system_io.write(NULL, taken, "x", 1) == 0 && mlp_save(net, path, NULL) == MLP_OK);
    CHECK(io_mode(name) >= 0);
    CHECK(mlp__system_io.close(NULL, taken) == 0 && mlp_save(net, path, NULL) == MLP_OK && io_mode(name) == -1);
    CHECK(mkfifo(name, 0600) == 0 && mlp_save(net, path, NULL) == MLP_OK && io_mode(name) >= 0 && remove(name) == 0);
    CHECK(mkdir(name, 0700) == 0 && mlp_save(net, path, NULL) == MLP_OK && io_mode(name) >= 0 && remove(name) == 0);
    CHECK(symlink("io-test-left", name) == 0 && mlp_save(net, path, NULL) == MLP_OK);
    CHECK(mlp_load(&back, path, NULL) == MLP_OK);
    mlp_destroy(back);
    for (i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "%s.mlp-tmp%d", path, i);
        remove(name);
    }
    CHECK(remove(path) == 0);
    mlp_destroy(net);
}

/* an error of loading has the path and what the system said */
static void io_errors_say_why(void)
{
    static const struct { const char *path, *words; } files[] = {
        { "build/no-such-file", "cannot open build/no-such-file: no such file" },
        { "build", "cannot read build: it is a folder" },
        { "/dev/null", "the file is empty" },
        { "Makefile/x", "a part of the path is no folder" },
        { "/dev/zero", "not a safetensors file" },
        { "README.md", "not a safetensors file" } };
    mlp_load_desc how = io_default();
    mlp_error error;
    mlp *net = NULL;
    size_t i;
    how.error = &error;
    for (i = 0; i < sizeof files / sizeof *files; i++)
        if (!CHECK(mlp_load(&net, files[i].path, &how) && !net && strstr(error.text, files[i].words)))
            printf("    %s\n", error.text);
}
#endif

/* ---- foreign files ---- */

/* a 2-3-1 net in a file with names of this form (%d: 0 and 2, or 1 and 2), in any order, without our metadata */
static const float io_w0[] = { 1, -2, 0.5f, 4, -0.25f, 8 }, io_b0[] = { 0.5f, -1, 2 }, io_w1[] = { 2, -4, 0.125f };
static const float io_b1[] = { -3 };

static io_bytes io_foreign(const char *form, int first, int second, const char *metadata)
{
    float data[6 + 3 + 3 + 1];
    char header[1024], name[2][100];
    memcpy(data, io_w1, 12);
    memcpy(data + 3, io_b0, 12);
    memcpy(data + 6, io_w0, 24);
    memcpy(data + 12, io_b1, 4);
    snprintf(name[0], 100, form, first);
    snprintf(name[1], 100, form, second);
    snprintf(header, sizeof header,
             "\n {%s'%sweight':{'shape':[3,2],'dtype':'F32','data_offsets':[24,48]} ,"
             " '%sbias' : { 'data_offsets' : [ 12 ,\t24 ] ,'dtype':'F32','shape':[3]},"
             IO_T("%sbias", "F32", "1", 48, 52) "," IO_T("%sweight", "F32", "1,3", 0, 12) "}\r\n ",
             metadata, name[0], name[0], name[1], name[1]);
    return io_file(header, data, sizeof data / 4, 4);
}

static void io_is_the_foreign_net(io_bytes f, const mlp_load_desc *how)
{
    mlp *net = io_loaded(f, how);
    float w0[6], b0[3], w1[3], b1[1];
    if (!net) return;
    CHECK(mlp_get_weights(net, 0, w0, b0) == MLP_OK && mlp_get_weights(net, 1, w1, b1) == MLP_OK);
    CHECK(!memcmp(w0, io_w0, sizeof w0) && !memcmp(b0, io_b0, sizeof b0) && !memcmp(w1, io_w1, sizeof w1));
    CHECK(!memcmp(b1, io_b1, sizeof b1));
    CHECK(mlp_get_desc(net)->layers[0].activation == MLP_ACT_TANH && mlp_get_desc(net)->inputs == 2);
    mlp_destroy(net);
}

static void io_foreign_files_load_by_their_names(void)
{
    static const struct { const char *form; int first, second; } good[] = {
        { "%d.", 0, 2 }, { "net.%d.", 2, 10 }, { "model.layers.%d.", 9, 10 }, { "fc%d.", 1, 2 },
        { "module.seq.%d.linear.", 0, 1 }, { "0.stack.%d.", 3, 4 }, { "_orig_mod.%d.", 0, 3 }, { "%05d.", 7, 11 },
        { "\\u006eet.%d.", 0, 2 }, { "n\303\244t\\n%d.", 0, 2 } };
    size_t i;
    for (i = 0; i < sizeof good / sizeof *good; i++) {
        const io_bytes f = io_foreign(good[i].form, good[i].first, good[i].second,
                                      "'__metadata__':{'format':'pt','other':'\\u00e4\\ud83d\\ude00'},");
        mlp_desc d = net_desc(0, 0, 0);
        mlp_load_desc how = io_default();
        mlp *net;
        how.hidden = MLP_ACT_TANH;
        io_is_the_foreign_net(f, &how);
        how.hidden = MLP_ACT_DEFAULT;
        how.desc = &d;                                  /* activations from the desc, sizes from the file */
        d.layers[0].activation = MLP_ACT_TANH;
        d.loss = MLP_LOSS_BINARY_CROSS_ENTROPY;
        io_is_the_foreign_net(f, &how);
        d.inputs = 2;                                   /* the whole desc */
        d.layers[0].units = 3;
        d.layers[1].units = 1;
        io_is_the_foreign_net(f, &how);
        net = io_loaded(f, &how);
        CHECK(mlp_get_desc(net)->loss == MLP_LOSS_BINARY_CROSS_ENTROPY);
        CHECK(io_resolved(net).layers[1].activation == MLP_ACT_SIGMOID);
        mlp_destroy(net);
        d.layers[0].units = 4;
        io_refused(f, how, MLP_ERR_ARGUMENT, "not the sizes of this layer");
        d.layers[0].units = 3;
        d.layers[1].no_bias = 1;
        io_refused(f, how, MLP_ERR_ARGUMENT, "a bias, but no_bias");
        io_refused(f, io_default(), MLP_ERR_ARGUMENT, "does not say its activations");
        how.hidden = MLP_ACT_RELU;
        io_refused(f, how, MLP_ERR_ARGUMENT, "not both");
        free(f.p);
    }
}

/* A file of Linears without bias, by name and sizes: layer i is sizes[i] -> sizes[i+1], its weights all i + 1. */
static io_bytes io_chain(int layers, const char *const *names, const int *sizes)
{
    static float data[4096];
    char header[4096];
    size_t at = 0, n = 0;
    int i, j;
    for (i = 0; i < layers; i++) {
        const int count = sizes[i] * sizes[i + 1];
        n += (size_t)snprintf(header + n, sizeof header - n, "%s" IO_T("%s%sweight", "F32", "%d,%d", %d, %d),
                              i ? "," : "{", names[i], *names[i] ? "." : "", sizes[i + 1], sizes[i],
                              (int)at * 4, ((int)at + count) * 4);
        for (j = 0; j < count; j++) data[at++] = (float)(i + 1);
    }
    strcpy(header + n, "}");
    return io_file(header, data, at, 4);
}

static int io_is_chain(io_bytes f, const mlp_load_desc *how, int layers, const int *sizes)
{
    mlp *net = NULL;
    int i, same = mlp_load_memory(&net, f.p, f.size, how) == MLP_OK;
    for (i = 0; same && i < layers; i++) {
        const mlp_desc *d = mlp_get_desc(net);
        float w[1024];
        same = d->layers[i].units == sizes[i + 1] && !mlp_get_weights(net, i, w, NULL) && w[0] == (float)(i + 1);
    }
    if (same) {
        const mlp_desc *d = mlp_get_desc(net);
        same = d->inputs == sizes[0] && (layers == MLP_MAX_LAYERS || d->layers[layers].units == 0);
    }
    mlp_destroy(net);
    return same;
}

/* The usual names of Linears in PyTorch, in any order in the file: numbers in names and sizes decide. */
static void io_names_give_the_order(void)
{
    static const struct { int layers, sizes[5]; const char *names[4]; } nets[] = {
        { 3, { 4, 8, 8, 2 }, { "fc1", "fc2", "fc3" } },
        { 3, { 4, 8, 8, 2 }, { "fc1", "fc2", "out" } },
        { 2, { 4, 8, 2 }, { "hidden", "output" } },
        { 3, { 4, 8, 8, 2 }, { "input_layer", "hidden_layer", "output_layer" } },
        { 2, { 4, 8, 2 }, { "layers.0.0", "layers.1.0" } },
        { 3, { 4, 8, 8, 2 }, { "net.0.0", "net.1.0", "net.2" } },
        { 2, { 4, 8, 2 }, { "layer1.0", "layer2.0" } },
        { 2, { 4, 4, 4 }, { "layer9.0", "layer10.0" } },
        { 3, { 4, 8, 8, 2 }, { "mlp_extractor.policy_net.0", "mlp_extractor.policy_net.2", "action_net" } },
        { 2, { 4, 8, 8 }, { "projector.linear_1", "projector.linear_2" } },
        { 4, { 4, 8, 8, 8, 2 }, { "in_proj", "layers.0", "layers.1", "out_proj" } },
        { 4, { 8, 8, 3, 8, 8 }, { "encoder.0", "encoder.2", "encoder.4", "encoder.6" } },
        { 1, { 4, 2 }, { "linear" } },
        { 1, { 4, 2 }, { "" } },
        { 2, { 4, 4, 2 }, { "classifier.dense", "classifier.out_proj" } },
        { 4, { 3, 3, 3, 3, 3 }, { "b.0007.a.1", "b.7.a.2", "b.8.a.0", "b.10.a.0" } } };
    const mlp_load_desc how = io_relu();
    size_t i;
    for (i = 0; i < sizeof nets / sizeof *nets; i++) {
        const io_bytes f = io_chain(nets[i].layers, nets[i].names, nets[i].sizes);
        if (!CHECK(io_is_chain(f, &how, nets[i].layers, nets[i].sizes))) printf("    %s\n", nets[i].names[0]);
        free(f.p);
    }
}

/* Several orders that fit, whatever the names mean; none that fits; and one that is not found from either end. */
static void io_an_order_that_is_not_certain_is_refused(void)
{
    static const struct { int layers, sizes[4]; const char *names[3]; } nets[] = {
        { 2, { 4, 4, 4 }, { "encoder", "decoder" } },
        { 2, { 4, 8, 4 }, { "decoder", "encoder" } },
        { 2, { 4, 16, 4 }, { "mlp.c_fc", "mlp.c_proj" } },
        { 3, { 5, 5, 5, 5 }, { "h.0", "h.1", "head" } },
        { 2, { 4, 4, 4 }, { "a0", "a00" } },
        { 3, { 4, 8, 4, 2 }, { "a", "b", "c" } } };
    char header[4096];
    size_t n = 0;
    int i;
    for (i = 0; i < (int)(sizeof nets / sizeof *nets); i++) {
        const io_bytes f = io_chain(nets[i].layers, nets[i].names, nets[i].sizes);
        io_refused(f, io_relu(), MLP_ERR_UNSUPPORTED, "give mlp_load_desc.names");
        free(f.p);
    }
    io_refused_header("{" IO_T("0.weight", "F32", "2,3", 0, 24) "," IO_T("1.weight", "F32", "2,2", 24, 40) ","
                      IO_T("2.weight", "F32", "1,3", 40, 52) "}", 52, MLP_ERR_UNSUPPORTED,
                      "tensor '2.weight' [1,3]: its inputs are not the 2 outputs before it");
    for (i = 0; i < 32; i++)                                /* very many beginnings of orders, of which none fits */
        n += (size_t)snprintf(header + n, sizeof header - n, "%c" IO_T("%c%c.weight", "F32", "%d,1", %d, %d),
                              i ? ',' : '{', 'a' + i / 8, 'a' + i % 8, i < 30 ? 1 : 2,
                              i < 31 ? 4 * i : 128, i < 30 ? 4 * i + 4 : i == 30 ? 128 : 136);
    strcpy(header + n, "}");
    io_refused_header(header, 136, MLP_ERR_UNSUPPORTED, "not");
}

static void io_names_may_be_given(void)
{
    static const int sizes[] = { 4, 4, 4 };
    static const char *const inside[] = { "decoder", "encoder" }, *const swapped[] = { "encoder", "decoder" };
    static const char *const one[] = { "encoder" }, *const twice[] = { "encoder", "encoder" };
    static const char *const other[] = { "decoder", "x" };
    const io_bytes f = io_chain(2, inside, sizes);
    mlp_load_desc how = io_relu();
    char longest[200];
    const char *too_long = longest;
    mlp *net;
    float w[16];
    how.names = inside;
    how.name_count = 2;
    CHECK(io_is_chain(f, &how, 2, sizes));
    how.names = swapped;
    net = io_loaded(f, &how);
    CHECK(net && mlp_get_weights(net, 0, w, NULL) == MLP_OK && w[0] == 2 && mlp_get_weights(net, 1, w, NULL) == MLP_OK);
    CHECK(w[0] == 1);
    mlp_destroy(net);
    how.names = one;                                        /* the others are left out */
    how.name_count = 1;
    net = io_loaded(f, &how);
    CHECK(net && mlp_get_weights(net, 0, w, NULL) == MLP_OK && w[0] == 2);
    CHECK(mlp_get_weights(net, 1, w, NULL) == MLP_ERR_ARGUMENT);
    mlp_destroy(net);
    how.name_count = 2;
    how.names = twice;
    io_refused(f, how, MLP_ERR_ARGUMENT, "mlp_load_desc.names");
    how.names = other;
    io_refused(f, how, MLP_ERR_ARGUMENT, "'x' is not in the file");
    how.names = NULL;
    io_refused(f, how, MLP_ERR_ARGUMENT, "mlp_load_desc.names");
    how.name_count = -1;
    io_refused(f, how, MLP_ERR_ARGUMENT, "name_count");
    memset(longest, 'n', sizeof longest);
    longest[199] = 0;
    how.names = &too_long;
    how.name_count = 1;
    io_refused(f, how, MLP_ERR_ARGUMENT, "'nnnnnnn");
    free(f.p);
}

static void io_loads(const char *header, size_t data)
{
    const io_bytes f = io_file(header, NULL, data, 1);
    const mlp_load_desc how = io_relu();
    mlp_destroy(io_loaded(f, &how));
    free(f.p);
}

/* long names of tensors and long words of metadata */
static void io_long_names_and_words(void)
{
    char header[600], word[400];
    size_t n;
    for (n = 40; n < 400; n++) {
        io_bytes f;
        memset(word, 'w', sizeof word);
        word[n] = 0;
        snprintf(header, sizeof header, "{'__metadata__':{'mlp.version':'1','mlp.activations':'%s'},"
                 IO_T("0.weight", "F32", "1,1", 0, 4) "}", word);
        f = io_file(header, NULL, 4, 1);
        io_refused(f, io_default(), MLP_ERR_UNSUPPORTED, "this version does not know");
        free(f.p);
    }
    for (n = 10; n <= 500; n++) {
        char name[501];
        memset(name, 'n', sizeof name);
        strcpy(name + n - 9, n % 2 ? ".0.weight" : ".0.WEIGHT");
        snprintf(header, sizeof header, IO_FILE("%s", "F32", "1,1", 0, 4), name);
        if (n % 2) io_loads(header, 4);
        else io_refused_header(header, 4, MLP_ERR_UNSUPPORTED, "[1,1]: not of a Linear");
    }
    for (n = 0; n < 12; n++) {                              /* members that there are not */
        snprintf(header, sizeof header, IO_FILE("mlp.member%d.0.weight", "F32", "1,1", 0, 4), (int)n);
        if (n) io_refused_header(header, 4, MLP_ERR_UNSUPPORTED, "no tensors");
    }
}

/* softmax at the end without a desc is a classifier: labels can be fitted */
static void io_softmax_implies_cross_entropy(void)
{
    static const char *const names[] = { "fc1", "fc2" };
    static const int sizes[] = { 4, 8, 3 }, labels[] = { 0, 2 };
    static const float x[8] = { 1, 2, 3, 4, -1, -2, -3, -4 };
    const io_bytes f = io_chain(2, names, sizes);
    mlp_load_desc how = io_default();
    mlp_data data = loss_data(2, x, NULL);
    mlp *net;
    how.output = MLP_ACT_SOFTMAX;
    net = io_loaded(f, &how);
    data.labels = labels;
    CHECK(net && mlp_get_desc(net)->loss == MLP_LOSS_CROSS_ENTROPY && mlp_fit(net, &data, NULL) == MLP_OK);
    mlp_destroy(net);
    how.output = MLP_ACT_SIGMOID;
    net = io_loaded(f, &how);
    CHECK(net && io_resolved(net).loss == MLP_LOSS_SQUARED);
    mlp_destroy(net);
    free(f.p);
}

/* activations given at load take the place of a file's own, each for itself; the rest is the file's */
static void io_activations_take_the_place_of_a_files(void)
{
    static const mlp_activation given[][2] = {              /* hidden, output; 0: the file's */
        { MLP_ACT_DEFAULT, MLP_ACT_IDENTITY }, { MLP_ACT_DEFAULT, MLP_ACT_SOFTMAX }, { MLP_ACT_RELU, MLP_ACT_DEFAULT },
        { MLP_ACT_ELU, MLP_ACT_IDENTITY }, { MLP_ACT_GELU, MLP_ACT_TANH } };
    static const char *const names[] = { "0" };
    mlp_load_desc how = io_default();
    mlp_desc d = net_desc(4, 5, 3);
    mlp *net = NULL, *back;
    io_bytes f;
    size_t i;
    d.layers[0].activation = MLP_ACT_ELU;
    d.layers[0].alpha = 0.5f;
    d.layers[0].dropout = 0.25f;
    d.loss = MLP_LOSS_HUBER;
    d.loss_delta = 2;
    d.seed = 7;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    f = io_saved(net, NULL);
    for (i = 0; i < sizeof given / sizeof *given; i++) {
        const int hidden = given[i][0] && given[i][0] != MLP_ACT_ELU, output = given[i][1] > MLP_ACT_IDENTITY;
        mlp_desc r;
        how.hidden = given[i][0];
        how.output = given[i][1];
        back = io_loaded(f, &how);
        if (!CHECK(back != NULL)) continue;
        r = io_resolved(back);
        CHECK(r.layers[0].activation == (hidden ? given[i][0] : MLP_ACT_ELU));
        CHECK(r.layers[1].activation == (output ? given[i][1] : MLP_ACT_IDENTITY));
        CHECK(r.layers[0].alpha == (hidden ? 0 : 0.5f) && r.layers[0].dropout == 0.25f && r.seed == 7);
        CHECK(r.loss == (!output ? MLP_LOSS_HUBER : given[i][1] == MLP_ACT_SOFTMAX ? MLP_LOSS_CROSS_ENTROPY
                                                                                     : MLP_LOSS_SQUARED));
        mlp_destroy(back);
    }
    how = io_default();
    how.names = names;
    how.name_count = 1;
    io_refused(f, how, MLP_ERR_ARGUMENT, "names: the file's own desc is of other layers");
    mlp_destroy(net);
    free(f.p);
}

/* metadata may be null, as the reference takes it; and what else is no object is refused */
static void io_metadata_may_be_null(void)
{
    static const char *const bad[] = { "nul", "nulL", "true", "[]", "n", "\"a\"", "nulll" };
    io_bytes f = io_foreign("%d.", 0, 2, "'__metadata__': null ,");
    mlp_load_desc how = io_default();
    char metadata[100];
    size_t i;
    how.hidden = MLP_ACT_TANH;
    io_is_the_foreign_net(f, &how);
    io_refused(f, io_default(), MLP_ERR_ARGUMENT, "does not say its activations");
    free(f.p);
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(metadata, sizeof metadata, "'__metadata__':%s,", bad[i]);
        f = io_foreign("%d.", 0, 2, metadata);
        io_refused(f, how, MLP_ERR_FORMAT, "JSON");
        free(f.p);
    }
}

/* files of other formats are named; a damaged one of ours is not taken for one of them */
static void io_other_formats_are_named(void)
{
    static const struct { const char *bytes; size_t size; const char *words; } files[] = {
        { "", 0, "the file is empty" },
        { "PK\3\4\24\0\0\0\10\0", 10, "zip archive, as .pt" },
        { "\200\2}q\0.padding", 13, "Python pickle" },
        { "\211HDF\r\n\32\n\0\0", 10, "HDF5" },
        { "GGUF\3\0\0\0\1\0\0\0", 12, "GGUF" },
        { "\223NUMPY\1\0v\0{", 11, "NumPy" },
        { "version https://git-lfs.github.com/spec/v1\n", 43, "git-lfs pointer" },
        { "<!DOCTYPE html><html>", 21, "HTML" },
        { "\10\7\22\7pytorch", 11, "not a safetensors file" },
        { "\10\0\0\0\0\0\0\0", 8, "ends too early" },
        { "\10\0\0\0\0\0\0\0x", 9, "not a safetensors file" },
        { "\200\1\0\0\0\0\0\0{", 9, "ends too early" }, { "<\0\0\0\0\0\0\0{\"a", 11, "ends too early" },
        { "\377\377\377\0\0\0\0\0{", 9, "larger than max_header" }, { "# text\n\n\n{", 10, "not a safetensors file" } };
    size_t i;
    for (i = 0; i < sizeof files / sizeof *files; i++) {
        io_bytes f;
        f.size = files[i].size;
        f.p = (unsigned char *)malloc(f.size + !f.size);
        memcpy(f.p, files[i].bytes, f.size);
        io_refused(f, io_default(), MLP_ERR_FORMAT, files[i].words);
        free(f.p);
    }
}

/* escapes, upper and lower case, and pairs of surrogates, in the text that they mean */
static void io_texts_are_read_as_json_means_them(void)
{
    const io_bytes f = io_foreign("%d.", 0, 2,
        "'__metadata__':{'format':'pt','mlp.x':'1','a\\u00E4\\u005F':'\\ud83D\\uDe00\\u20ac\\n\\\\\\/',"
        "'zero\\u0000':'x','y':'\\u0000','':'none','b':''},");
    mlp_load_desc how = io_relu();
    mlp *net = io_loaded(f, &how);
    if (!net) return;
    CHECK(mlp_get_text(net, "a\303\244_"));
    CHECK(!strcmp(mlp_get_text(net, "a\303\244_"), "\360\237\230\200\342\202\254\n\\/"));
    CHECK(mlp_get_text(net, "b") && !*mlp_get_text(net, "b"));
    CHECK(!mlp_get_text(net, "format") && !mlp_get_text(net, "mlp.x") && !mlp_get_text(net, "zero"));
    CHECK(!mlp_get_text(net, "y") && !mlp_get_text(net, ""));
    mlp_destroy(net);
    free(f.p);
}

/* one weight matrix [2][2] of each type, without bias */
static void io_types_are_converted(void)
{
    static const float f32[] = { 1.5f, -0.25f, 65504, 6.1035156e-05f };               /* largest, smallest normal F16 */
    static const double f64[] = { 0.1, -3, 1e300, 1e-300 };
    static const uint16_t f16[] = { 0x3e00, 0xb400, 0x7bff, 0x0400 }, f16_odd[] = { 0x0001, 0x83ff, 0xfc00, 0x7e01 };
    static const uint16_t bf16[] = { 0x3fc0, 0xbe80, 0x7f7f, 0x0001 };
    static const float tiny[] = { 5.9604645e-08f, -6.0975552e-05f };
    static const float from_bf16[] = { 1.5f, -0.25f, 3.3895314e+38f, 9.1835496e-41f };
    static const float from_f64[] = { 0.1f, -3, INFINITY, 0 };                  /* rounded; out of range; too small */
    const struct { const char *type; const void *data; int size; } files[] = {
        { "F32", f32, 4 }, { "F64", f64, 8 }, { "F16", f16, 2 }, { "F16", f16_odd, 2 }, { "BF16", bf16, 2 } };
    const mlp_load_desc how = io_relu();
    float w[5][4];
    int i;
    for (i = 0; i < 5; i++) {
        char header[200];
        io_bytes f;
        mlp *net;
        snprintf(header, sizeof header, IO_FILE("weight", "%s", "2,2", 0, %d), files[i].type, 4 * files[i].size);
        f = io_file(header, files[i].data, 4, (size_t)files[i].size);
        net = io_loaded(f, &how);
        if (!net) return;
        CHECK(mlp_get_desc(net)->layers[0].no_bias && mlp_get_weights(net, 0, w[i], NULL) == MLP_OK);
        mlp_destroy(net);
        free(f.p);
    }
    CHECK(!memcmp(w[0], f32, 16) && !memcmp(w[2], f32, 16) && !memcmp(w[4], from_bf16, 16));
    CHECK(!memcmp(w[1], from_f64, 16));
    CHECK(!memcmp(w[3], tiny, 8) && w[3][2] == -INFINITY && isnan(w[3][3]));
}

/* nn.Sequential counts every module: identity is none, dropout and softmax would be */
static void io_modules_are_numbered_as_in_sequential(void)
{
    static const mlp_activation activations[] = { MLP_ACT_RELU, MLP_ACT_IDENTITY, MLP_ACT_TANH };
    static const char *const expected[] = { "0", "2", "3", "5", "7", "8", "10", "12", "13", "15", "17", "18" };
    mlp_desc d = net_desc(2, 2, 2);
    mlp *net = NULL, *back;
    char name[64];
    io_bytes f;
    int l;
    for (l = 0; l < 12; l++) {
        d.layers[l].units = l + 2;
        d.layers[l].activation = activations[l % 3];
        d.layers[l].no_bias = l % 5 == 0;
    }
    CHECK(mlp_create(&net, &d) == MLP_OK);
    f = io_saved(net, NULL);
    back = io_loaded(f, NULL);
    CHECK(io_same_net(net, back));
    f.p[512 * 4] = 0;                                       /* ends the header as text */
    for (l = 0; l < 12; l++) {
        snprintf(name, sizeof name, "\"%s.weight\":{\"dtype\":\"F32\",\"shape\":[%d,%d]",
                 expected[l], l + 2, l ? l + 1 : 2);
        CHECK(strstr((char *)f.p + 8, name) != NULL);
        snprintf(name, sizeof name, "\"%s.bias\"", expected[l]);
        CHECK(!strstr((char *)f.p + 8, name) == (l % 5 == 0));
    }
    mlp_destroy(net);
    mlp_destroy(back);
    free(f.p);
}

/* valid files, none of a net: each is refused by name, with another code than a damaged one */
static void io_files_of_other_things_are_refused_by_name(void)
{
#define IO_BESIDE(name, type, shape, begin, end) \
    "{" IO_T("0.weight", "F32", "2,2", 0, 16) "," IO_T(name, type, shape, begin, end) "}"
    static const struct { const char *header; size_t data; const char *words; } files[] = {
        { "{}", 0, "no tensors" },
        { "{'__metadata__':{'format':'pt'}}", 0, "no tensors" },
        { IO_FILE("test", "I32", "2,2", 0, 16), 16, "tensor 'test' [2,2]: not of a Linear" },
        { "{" IO_T("a.weight", "F32", "2,2", 0, 16) " , \t" IO_T("test", "I32", "2", 16, 24) "}", 24,
          "tensor 'test' [2]: not of a Linear" },
        { IO_FILE("0.weight", "I32", "2,2", 0, 16), 16, "tensor '0.weight' [2,2]: its dtype" },
        { IO_BESIDE("0.bias", "I64", "2", 16, 32), 32, "tensor '0.bias' [2]: its dtype" },
        { IO_FILE("0.weight", "F32", "2,1,2,1,1", 0, 16), 16,                               /* convolution */
          "tensor '0.weight' [2,1,2,1,1]: not a Linear" },
        { IO_FILE("0.weight", "F32", "4", 0, 16), 16, "tensor '0.weight' [4]: not a Linear" },      /* LayerNorm */
        { IO_BESIDE("1.running_mean", "F32", "2", 16, 24), 24, "tensor '1.running_mean' [2]: not of a Linear" },
        { IO_FILE("1.num_batches_tracked", "I64", "", 0, 8), 8, "tensor '1.num_batches_tracked' []: not of a Linear" },
        { IO_FILE("lstm.weight_ih_l0", "F32", "2,2", 0, 16), 16, "tensor 'lstm.weight_ih_l0' [2,2]: not of a Linear" },
        { IO_FILE("0.weight", "F32", "0,2", 0, 0), 0, "tensor '0.weight' [0,2]: sizes" },
        { IO_FILE("0.weight", "F32", "2,0", 0, 0), 0, "tensor '0.weight' [2,0]: sizes" },
        { IO_FILE("0.weight", "F32", "2147483648,0", 0, 0), 0, "sizes" },
        { IO_FILE("0.bias", "F32", "2", 0, 8), 8, "tensor '0.bias' [2]: its module has no weight" },
        { IO_FILE("mlp.state", "F32", "2,2", 0, 16), 16, "no tensors" },
        { IO_FILE("mlp.states", "F32", "2,2", 0, 16), 16, "tensor 'mlp.states' [2,2]: not of a Linear" },
        { IO_BESIDE("0.bias", "F32", "3", 16, 28), 28, "tensor '0.bias' [3]: not a bias of 2 units" },
        { IO_BESIDE("0.bias", "F32", "1,2", 16, 24), 24, "tensor '0.bias' [1,2]: not a bias of 2 units" },
        { IO_BESIDE("2.weight", "F32", "1,3", 16, 28), 28,
          "tensor '2.weight' [1,3]: its inputs are not the 2 outputs" },
        { IO_BESIDE("00.weight", "F32", "2,2", 16, 32), 32, "the order of the layers is not certain" },
        { "{" IO_T("a.0.weight", "F32", "2,2", 0, 16) "," IO_T("b.1.weight", "F32", "2,2", 16, 32) "}", 32,
          "the order of the layers is not certain" },
        { IO_FILE("xweight", "F32", "2,2", 0, 16), 16, "not of a Linear" },
        { "{" IO_T("weight", "F32", "2,2", 0, 16) "," IO_T(".weight", "F32", "2,2", 16, 32) "}", 32,
          "tensor '.weight' [2,2]: another one" },
        { IO_BESIDE("mlp.member0.0.weight", "F32", "2,2", 16, 32), 32, "the order of the layers is not certain" },
        { IO_FILE("%s%n%u%g.w", "F32", "2,2", 0, 16), 16, "tensor '%s%n%u%g.w' [2,2]: not of a Linear" }
    };
#undef IO_BESIDE
    char header[4000];
    size_t i, n = 0;
    int l;
    for (i = 0; i < sizeof files / sizeof *files; i++)
        io_refused_header(files[i].header, files[i].data, MLP_ERR_UNSUPPORTED, files[i].words);
    for (l = 0; l < 33; l++)
        n += (size_t)snprintf(header + n, sizeof header - n, "%c" IO_T("%d.weight", "F32", "1,1", %d, %d),
                              l ? ',' : '{', l, 4 * l, 4 * l + 4);
    strcpy(header + n, "}");
    io_refused_header(header, 4 * 33, MLP_ERR_UNSUPPORTED, "more than 32 layers");
}

/* The cases of the tests of the reference implementation, and its rules: the same verdict. Accepted here: MLP_OK, or
   MLP_ERR_UNSUPPORTED for what is no net. */
static void io_reference_cases_have_the_same_verdict(void)
{
    static const struct { const char *header; size_t data; int accepted; } cases[] = {
        { IO_FILE("test", "I32", "2,2", 0, 16), 16, 1 },                            /* its golden file */
        { "{'test':{'dtype':'I32','shape':[2,2],'data_offsets':[0,16]}}    ", 16, 1 },  /* padded */
        { " \t\r\n {'test':{'dtype':'I32','shape':[2,2],'data_offsets':[0,16]}}\n", 16, 1 },
        { IO_FILE("test", "I32", "2,0", 0, 0), 0, 1 },                              /* empty */
        { IO_FILE("test", "I32", "", 0, 4), 4, 1 },                                 /* rank 0 */
        { "{" IO_T("0.weight\\u0000", "U8", "0", 0, 0) "," IO_T("0.weight\\u0000x", "U8", "0", 0, 0) "}", 0, 1 },
        { "{" IO_T("a", "U8", "0", 4, 4) "," IO_T("b", "F32", "1", 0, 4) "}", 4, 1 },
        { "{" IO_T("a", "F4", "3,2", 0, 3) "," IO_T("b", "BOOL", "1", 3, 4) "}", 4, 1 },
        { "{'__metadata__':{}," IO_T("\\u0061\\\\\\/\\b\\f\\n\\r\\t\\\"", "U64", "1", 0, 8) "}", 8, 1 },
        { "{}", 0, 1 },
        { "", 0, 0 },
        { "{", 0, 0 },
        { "[]", 0, 0 },
        { "\377\376", 0, 0 },                                                       /* not UTF-8 */
        { IO_FILE("\300\200", "U8", "1", 0, 1), 1, 0 },                             /* overlong ones */
        { IO_FILE("\340\200\257", "U8", "1", 0, 1), 1, 0 }, { IO_FILE("\360\200\200\200", "U8", "1", 0, 1), 1, 0 },
        { IO_FILE("\355\240\200", "U8", "1", 0, 1), 1, 0 },                         /* a surrogate */
        { IO_FILE("\\ud800", "U8", "1", 0, 1), 1, 0 },
        { IO_FILE("\001", "U8", "1", 0, 1), 1, 0 },
        { IO_FILE("test", "F32", "2,2", 0, 4), 4, 0 },                              /* shape and offsets disagree */
        { IO_FILE("test", "F32", "2,2", 0, 16), 17, 0 },                            /* one byte behind */
        { IO_FILE("test", "F32", "2,2", 0, 16), 14, 0 },                            /* two missing */
        { IO_FILE("test", "F32", "2,18446744073709551614", 0, 16), 16, 0 },         /* overflow of the elements */
        { IO_FILE("test", "F32", "2,9223372036854775807", 0, 16), 16, 0 },          /* of the bits */
        { "{" IO_T("a", "F32", "2,2", 0, 16) "," IO_T("b", "F32", "2,2", 0, 16) "}", 16, 0 },
        { "{" IO_T("a", "U8", "1", 0, 1) "," IO_T("b", "U8", "1", 2, 3) "}", 3, 0 },
        { IO_FILE("a", "U8", "1", 1, 2), 2, 0 },
        { IO_FILE("a", "U8", "2", 2, 0), 2, 0 },
        { IO_FILE("a", "U8", "1.0", 0, 1), 1, 0 },
        { IO_FILE("a", "U8", "01", 0, 1), 1, 0 },
        { IO_FILE("a", "U8", "1", 0, 18446744073709551616), 1, 0 },
        { "{'a':{'dtype':'U8','shape':[1]}}", 1, 0 },
        { "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},}", 1, 0 },
        { IO_FILE("a", "U8", "1,", 0, 1), 1, 0 },
        { "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}{}", 1, 0 },
        { "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]}}x", 1, 0 },
        { "{'__metadata__':{'a':1}}", 0, 0 },                                       /* only strings */
        { "{'__metadata__':{'a':{'b':'c'}}}", 0, 0 },
        { "{'__metadata__':'a'}", 0, 0 },
        { "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1],'more':1}}", 1, 0 }  /* stricter */
    };
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const io_bytes f = io_file(cases[i].header, NULL, cases[i].data, 1);
        mlp *net = NULL;
        const mlp_result r = mlp_load_memory(&net, f.p, f.size, NULL);
        if (!CHECK(cases[i].accepted ? r == MLP_ERR_UNSUPPORTED : r == MLP_ERR_FORMAT))
            printf("    %s: %s\n", cases[i].header, mlp_result_string(r));
        free(f.p);
    }
}

/* stricter than the reference, which keeps the last of equal keys, also when it is written differently */
static void io_a_key_twice_is_refused_at_every_level(void)
{
    static const struct { const char *header; size_t data; } files[] = {
        { "{" IO_T("0.weight", "F32", "1,1", 0, 4) "," IO_T("0.weight", "F32", "1,1", 4, 8) "}", 8 },
        { "{" IO_T("0.weight", "F32", "1,1", 0, 4) "," IO_T("9.weight", "F32", "1,1", 8, 12) ","
          IO_T("0.w\\u0065ight", "F32", "1,1", 4, 8) "}", 12 },
        { "{'__metadata__':{'x':'1','y':'2','x':'1'}}", 0 },
        { "{'__metadata__':{},'__metadata__':{}}", 0 },
        { "{'0.weight':{'dtype':'F32','dtype':'F32','shape':[1,1],'data_offsets':[0,4]}}", 4 },
        { "{'0.weight':{'dtype':'F32','shape':[1,1],'shape':[1,1],'data_offsets':[0,4]}}", 4 },
        { "{'0.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[0,4],'data_offsets':[0,4]}}", 4 }
    };
    size_t i;
    for (i = 0; i < sizeof files / sizeof *files; i++)
        io_refused_header(files[i].header, files[i].data, MLP_ERR_FORMAT, "a key twice");
}

static void io_error_has_the_byte(void)
{
    io_bytes f = io_file("{'0.weight':{'dtype':'F32','shape':[1,x],'data_offsets':[0,4]}}", NULL, 4, 1);
    mlp_load_desc how = io_relu();
    mlp_error error;
    mlp *net;
    how.error = &error;
    CHECK(mlp_load_memory(&net, f.p, f.size, &how) == MLP_ERR_FORMAT && f.p[error.offset] == 'x' && error.layer == -1);
    free(f.p);
    f = io_file("{'0.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[0,4]}}", NULL, 4, 1);
    CHECK(mlp_load_memory(&net, f.p, f.size - 1, &how) == MLP_ERR_FORMAT && error.offset == f.size - 1);
    free(f.p);
    f = io_file("{'0.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[0,4]}}", NULL, 6, 1);
    CHECK(mlp_load_memory(&net, f.p, f.size, &how) == MLP_ERR_FORMAT && error.offset == f.size - 2);
    free(f.p);
}

/* ---- metadata ---- */

static void io_metadata_that_make_no_sense_are_refused(void)
{
#define IO_V1 "'mlp.version':'1','mlp.activations':"
#define IO_TEST IO_V1 "'tanh identity','mlp.test':'1','mlp.test.input':"
    static const struct { const char *metadata; mlp_result code; const char *words; } files[] = {
        { "'mlp.version':'2','mlp.activations':'tanh identity'", MLP_ERR_UNSUPPORTED, "a later version" },
        { "'mlp.version':'','mlp.activations':'tanh identity'", MLP_ERR_FORMAT, "mlp.version: too few" },
        { "'mlp.version':'1x','mlp.activations':'tanh identity'", MLP_ERR_FORMAT, "mlp.version" },
        { "'mlp.version':'1 1','mlp.activations':'tanh identity'", MLP_ERR_FORMAT, "mlp.version: too many" },
        { "'mlp.version':'1'", MLP_ERR_FORMAT, "mlp.activations is missing" },
        { IO_V1 "'tanh'", MLP_ERR_FORMAT, "mlp.activations: too few" },
        { IO_V1 "'tanh relu tanh'", MLP_ERR_FORMAT, "mlp.activations: too many" },
        { IO_V1 "'tanh warp'", MLP_ERR_UNSUPPORTED, "mlp.activations: this version does not know warp" },
        { IO_V1 "'tanh r\\u0001\\u00e4'", MLP_ERR_UNSUPPORTED, "does not know r\?\?\?" },
        { IO_V1 "'tanh custom'", MLP_ERR_ARGUMENT, "mlp.activations: custom functions need a desc" },
        { IO_V1 "'softmax tanh'", MLP_ERR_FORMAT, "softmax" },
        { IO_V1 "'tanh relu','mlp.alpha':'3f800000 00000000'", MLP_ERR_FORMAT, "alpha" },
        { IO_V1 "'elu relu','mlp.alpha':'3f80000 00000000'", MLP_ERR_FORMAT, "mlp.alpha: no number" },
        { IO_V1 "'elu relu','mlp.alpha':'3f8000000 00000000'", MLP_ERR_FORMAT, "mlp.alpha: no number" },
        { IO_V1 "'elu relu','mlp.alpha':'3f80000g 00000000'", MLP_ERR_FORMAT, "mlp.alpha: no number" },
        { IO_V1 "'elu relu','mlp.alpha':'7f800000 00000000'", MLP_ERR_FORMAT, "must be finite" },
        { IO_V1 "'elu relu','mlp.alpha':'3f800000'", MLP_ERR_FORMAT, "mlp.alpha: too few" },
        { IO_V1 "'tanh relu','mlp.initializers':'zero'", MLP_ERR_FORMAT, "mlp.initializers: too few" },
        { IO_V1 "'tanh relu','mlp.loss':'custom'", MLP_ERR_ARGUMENT, "mlp.loss: custom functions need a desc" },
        { IO_V1 "'tanh relu','mlp.loss':'cross_entropy'", MLP_ERR_FORMAT, "softmax" },
        { IO_V1 "'tanh relu','mlp.loss':'huber','mlp.loss_delta':'bf800000'", MLP_ERR_FORMAT, "loss_delta" },
        { IO_V1 "'tanh relu','mlp.reduction':'max'", MLP_ERR_UNSUPPORTED, "this version does not know max" },
        { IO_V1 "'tanh relu','mlp.reduction':''", MLP_ERR_FORMAT, "mlp.reduction: too few" },
        { IO_V1 "'tanh relu','mlp.label_smoothing':'x'", MLP_ERR_FORMAT, "mlp.label_smoothing" },
        { IO_V1 "'tanh relu','mlp.seed':'18446744073709551616'", MLP_ERR_FORMAT, "mlp.seed" },
        { IO_V1 "'tanh relu','mlp.seed':'-1'", MLP_ERR_FORMAT, "mlp.seed" },
        { IO_TEST "'00000000'", MLP_ERR_FORMAT, "mlp.test.input: too few" },
        { IO_TEST "'00000000 00000000'", MLP_ERR_FORMAT, "not the outputs of" },
        { IO_TEST "'00000000 00000000','mlp.test.output':'1'", MLP_ERR_FORMAT, "mlp.test.output: no number" },
        { IO_TEST "'00000000 00000000','mlp.test.output':'3f800000'", MLP_ERR_FORMAT, "not the outputs of" }
    };
#undef IO_V1
#undef IO_TEST
    char metadata[400];
    size_t i;
    for (i = 0; i < sizeof files / sizeof *files; i++) {
        io_bytes f;
        snprintf(metadata, sizeof metadata, "'__metadata__':{%s},", files[i].metadata);
        f = io_foreign("%d.", 0, 2, metadata);
        io_refused(f, io_default(), files[i].code, files[i].words);
        free(f.p);
    }
    {   /* and those that do, with keys of other people */
        const io_bytes f = io_foreign("%d.", 0, 2,
            "'__metadata__':{'mlp.future':'x','mlp.activations':'t\\u0061nh  identity ','zebra':'','mlp.version':'1',"
            "'mlp.seed':'18446744073709551615'},");
        mlp *net = io_loaded(f, NULL);
        io_is_the_foreign_net(f, NULL);
        CHECK(mlp_get_desc(net)->seed == UINT64_MAX);
        mlp_destroy(net);
        free(f.p);
    }
}

static void io_custom_functions_need_a_desc(void)
{
    mlp_desc d = net_desc(4, 6, 2);
    mlp_load_desc how = io_default();
    int calls = 0;
    io_bytes f;
    mlp *net = NULL, *back;
    d.layers[0].activation = MLP_ACT_CUSTOM;
    d.layers[0].custom.value = loss_cube;
    d.layers[0].custom.slope = loss_cube_slope;
    d.layers[0].custom.user = &calls;
    CHECK(mlp_create(&net, &d) == MLP_OK);
    f = io_saved(net, NULL);
    io_refused(f, how, MLP_ERR_ARGUMENT, "mlp.activations: custom functions need a desc");
    how.desc = &d;
    back = io_loaded(f, &how);
    CHECK(io_same_net(net, back));
    mlp_destroy(net);
    mlp_destroy(back);
    free(f.p);
}

/* a net that does something else than when it was saved does not load: other weights, other activations */
static void io_test_vector_is_checked(void)
{
    static const float x[] = { 0.1f, -1, 3 };
    float bad[3];
    mlp *net = io_net(3, 8, 2, MLP_ACT_GELU, MLP_LOSS_SQUARED), *back;
    mlp_load_desc how = io_default();
    mlp_save_desc save;
    mlp_error error;
    io_bytes f, plain = io_saved(net, NULL);
    memset(&save, 0, sizeof save);
    save.test_input = x;
    save.error = &error;
    f = io_saved(net, &save);
    CHECK(f.size > plain.size && error.code == MLP_OK);
    back = io_loaded(f, NULL);
    CHECK(io_same_net(net, back));
    how.hidden = MLP_ACT_RELU;
    io_refused(f, how, MLP_ERR_FORMAT, "test vector");
    f.p[f.size - 2] ^= 0x40;                                     /* a weight times 2 or 1/2 */
    io_refused(f, io_default(), MLP_ERR_FORMAT, "test vector");
    memset(bad, 0, sizeof bad);                             /* of which the file says nothing */
    save.test_input = bad;
    free(f.p);
    f = io_saved(net, &save);
    io_refused(f, how, MLP_ERR_FORMAT, "test vector");
    mlp_destroy(back);
    back = io_loaded(f, NULL);
    CHECK(io_same_net(net, back));
    memcpy(bad, x, sizeof bad);
    bad[1] = test_nan();
    save.test_input = bad;
    io_not_saved(net, &save, MLP_ERR_NONFINITE);
    bad[1] = 3e38f;
    io_not_saved(net, &save, MLP_ERR_NONFINITE);       /* its outputs are not */
    save.test_input = x;
    save.test_tolerance = INFINITY;
    io_not_saved(net, &save, MLP_ERR_ARGUMENT);
    mlp_destroy(net);
    mlp_destroy(back);
    free(f.p);
    free(plain.p);
}

static void io_test_vector_may_be_too_long(void)
{
    const size_t n = 200000;
    size_t size = 0;
    float *x = (float *)calloc(n, sizeof(float));
    mlp *net = io_net((int)n, 1, 1, MLP_ACT_RELU, MLP_LOSS_SQUARED);
    mlp_save_desc save;
    mlp_error error;
    memset(&save, 0, sizeof save);
    save.error = &error;
    save.test_input = x;
    x[n - 1] = 1;                                           /* zeros alone need no room */
    io_not_saved(net, &save, MLP_ERR_TOO_BIG);
    save.test_input = NULL;
    CHECK(mlp_save_memory(net, NULL, &size, &save) == MLP_OK && size > n * 4);
    mlp_destroy(net);
    free(x);
}

/* ---- texts, members, scaling ---- */

static int io_set(mlp *net, const char *key, const char *text) { return mlp_set_text(net, key, text) == MLP_OK; }

static int io_has(const mlp *net, const char *key, const char *text)
{
    const char *found = mlp_get_text(net, key);
    return found && strcmp(found, text) == 0;
}

/* Texts go with a net through copies and files; every byte of UTF-8 and every control character does. */
static void io_texts_travel(void)
{
    static const struct { const char *key, *value; } bad[] = {
        { "mlp.", "v" }, { "format", "v" }, { "", "v" }, { NULL, "v" }, { "k", "\300\200" }, { "\355\240\200", "v" },
        { "k", "\364\220\200\200" }, { "k", "\303" }, { "k", "\200" } };
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED), *copy = NULL, *back;
    const mlp_desc d = *mlp_get_desc(net);
    char all[400], memory[65536], key[2] = "a";
    io_bytes f, again;
    size_t n = 0;
    int i;
    for (i = 1; i < 128; i++) all[n++] = (char)i;
    strcpy(all + n, "\303\244\337\277\340\240\200\357\277\277\360\220\200\200\364\217\277\277");
    CHECK(!mlp_get_text(net, "none") && io_set(net, "none", NULL));
    CHECK(io_set(net, "all", all) && io_set(net, all, "value") && io_set(net, "empty", ""));
    for (i = 0; i < 26; i++, key[0]++) CHECK(io_set(net, key, all + i));
    CHECK(io_set(net, "c", "other") && io_set(net, "d", NULL) && io_set(net, "e", mlp_get_text(net, "all")));
    CHECK(mlp_copy(&copy, net) == MLP_OK);
    mlp_destroy(net);
    f = io_saved(copy, NULL);
    mlp_destroy(copy);
    back = io_loaded(f, NULL);
    if (!back) return;
    again = io_saved(back, NULL);
    CHECK(again.size == f.size && memcmp(again.p, f.p, f.size) == 0);
    CHECK(io_has(back, "all", all) && io_has(back, all, "value") && io_has(back, "empty", ""));
    CHECK(io_has(back, "c", "other") && !mlp_get_text(back, "d"));
    CHECK(io_has(back, "e", all) && io_has(back, "z", all + 25));
    mlp_destroy(back);
    CHECK(mlp_init_in(&net, memory, sizeof memory, &d) == MLP_OK && io_set(net, "k", "v") && io_has(net, "k", "v"));
    for (i = 0; i < (int)(sizeof bad / sizeof *bad); i++)
        if (!CHECK(mlp_set_text(net, bad[i].key, bad[i].value) == MLP_ERR_ARGUMENT)) printf("    %d\n", i);
    CHECK(mlp_set_text(NULL, "k", "v") == MLP_ERR_ARGUMENT && !mlp_get_text(NULL, "k") && !mlp_get_text(net, NULL));
    CHECK(io_has(net, "k", "v") && io_set(net, "k", NULL) && !mlp_get_text(net, "k") && io_set(net, "k", "again"));
    mlp_destroy(net);                                       /* a sanitizer sees what it leaves */
    free(f.p);
    free(again.p);
}

/* what is written is never more than is read */
static void io_a_header_has_a_limit(void)
{
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED), *back;
    const size_t most = 1 << 20;
    char *text = (char *)malloc(most + 1), key[20];
    mlp_save_desc save;
    mlp_error error;
    size_t size, n, i, largest = 0;
    io_bytes f;
    memset(&save, 0, sizeof save);
    save.error = &error;
    memset(text, 'x', most + 1);
    for (n = most - 1200; n < most; n += 7) {
        text[n] = 0;
        CHECK(mlp_set_text(net, "long", text) == MLP_OK);
        text[n] = 'x';
        if (mlp_save_memory(net, NULL, &size, &save) == MLP_OK) largest = n;
        else { io_not_saved(net, &save, MLP_ERR_TOO_BIG); break; }
    }
    CHECK(largest > 0 && n < most);
    text[largest] = 0;
    CHECK(mlp_set_text(net, "long", text) == MLP_OK);
    f = io_saved(net, NULL);
    CHECK(f.size > most - 200);
    back = io_loaded(f, NULL);
    CHECK(back && strlen(mlp_get_text(back, "long")) == largest);
    mlp_destroy(back);
    free(f.p);
    CHECK(mlp_set_text(net, "long", NULL) == MLP_OK);
    for (i = 0; i < 4100; i += 1) {                         /* and so of keys */
        snprintf(key, sizeof key, "%lu", (unsigned long)i);
        if (mlp_set_text(net, key, "") != MLP_OK) break;
        if (i < 3990) continue;
        if (mlp_save_memory(net, NULL, &size, &save)) break;
        largest = i;
    }
    CHECK(i < 4096 && i > 4000 && error.code == MLP_ERR_TOO_BIG);
    CHECK(mlp_set_text(net, key, NULL) == MLP_OK);
    f = io_saved(net, NULL);
    back = io_loaded(f, NULL);
    CHECK(back != NULL);
    mlp_destroy(back);
    mlp_destroy(net);
    free(f.p);
    free(text);
}

/* nets of one desc in one file, each its own weights and scales */
static void io_members_are_in_one_file(void)
{
    enum { MEMBERS = 12 };
    static float x[20 * 3], y[20 * 2];
    mlp_data data = loss_data(20, x, y);
    const mlp *more[MEMBERS];
    mlp *net[MEMBERS], *back;
    mlp_desc d = net_desc(3, 8, 2);
    mlp_save_desc save;
    mlp_load_desc load = io_default();
    mlp_error error;
    io_bytes f;
    int i, l;
    memset(&save, 0, sizeof save);
    test_seed(5);
    test_fill(x, sizeof x / sizeof *x);
    test_fill(y, sizeof y / sizeof *y);
    d.layers[0].no_bias = 1;
    d.input_scaling = MLP_SCALE_STANDARD;
    for (i = 0; i < MEMBERS; i++) {
        d.seed = (uint64_t)i;
        data.rows = 20 - (size_t)i;                         /* other scales */
        CHECK(mlp_create(&net[i], &d) == MLP_OK && mlp_fit(net[i], &data, NULL) == MLP_OK);
        if (i) more[i - 1] = net[i];
    }
    save.more = more;
    save.more_count = MEMBERS - 1;
    save.test_input = x;
    save.error = &error;
    CHECK(mlp_set_text(net[0], "classes", "a b") == MLP_OK);
    f = io_saved(net[0], &save);
    for (i = 0; i < MEMBERS; i++) {
        float p[40], q[40];
        load.member = i;
        back = io_loaded(f, &load);
        if (!back) return;
        CHECK(mlp_predict(net[i], x, 20, p) == MLP_OK && mlp_predict(back, x, 20, q) == MLP_OK);
        CHECK(!memcmp(p, q, sizeof p));
        CHECK(!strcmp(mlp_get_text(back, "classes"), "a b"));
        mlp_destroy(back);
    }
    load.member = MEMBERS;
    io_refused(f, load, MLP_ERR_ARGUMENT, "no such member");
    load.member = -1;
    io_refused(f, load, MLP_ERR_ARGUMENT, "member");
    free(f.p);
    for (l = 0; l < 4; l++) {                               /* nets that are not of the same desc */
        mlp_desc e = d;
        if (l == 0) e.layers[0].units = 9;
        if (l == 1) e.layers[0].activation = MLP_ACT_TANH;
        if (l == 2) e.loss = MLP_LOSS_ABSOLUTE;
        if (l == 3) e.layers[0].no_bias = 0;
        CHECK(mlp_create(&back, &e) == MLP_OK && mlp_fit(back, &data, NULL) == MLP_OK);
        more[1] = back;
        io_not_saved(net[0], &save, MLP_ERR_ARGUMENT);
        mlp_destroy(back);
    }
    more[1] = NULL;
    io_not_saved(net[0], &save, MLP_ERR_ARGUMENT);
    save.more_count = -1;
    io_not_saved(net[0], &save, MLP_ERR_ARGUMENT);
    save.more_count = 1;
    save.checkpoint = 1;
    io_not_saved(net[0], &save, MLP_ERR_ARGUMENT);
    for (i = 0; i < MEMBERS; i++) mlp_destroy(net[i]);
}

/* A scaled net is the same from its file; folded, it is a net without scaling that
   predicts the same, within rounding. */
static void io_scaling_is_saved_and_folded(void)
{
    static const mlp_scaling kinds[] = { MLP_SCALE_NONE, MLP_SCALE_STANDARD, MLP_SCALE_MIN_MAX, MLP_SCALE_ROBUST };
    static float x[50 * 3], y[50 * 2];
    const mlp_data data = loss_data(50, x, y);
    mlp_save_desc save;
    mlp_error error;
    int in, out, i, j;
    test_seed(6);
    for (i = 0; i < 50; i++) {
        for (j = 0; j < 3; j++) x[3 * i + j] = 3.0f * (float)j + test_float() * (float)(j + 1);
        for (j = 0; j < 2; j++) y[2 * i + j] = 1000.0f * (float)j + 50 * x[3 * i + j];
    }
    memset(&save, 0, sizeof save);
    save.error = &error;
    for (in = 0; in < 4; in++)
        for (out = 0; out < 3; out++) {
            mlp_desc d = net_desc(3, 8, 2);
            mlp *net = NULL, *back;
            float p[100], q[100];
            io_bytes f;
            d.layers[0].activation = MLP_ACT_TANH;
            d.input_scaling = kinds[in];
            d.target_scaling = kinds[out];
            CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, NULL) == MLP_OK);
            CHECK(mlp_predict(net, x, 50, p) == MLP_OK);
            save.fold = 0;
            f = io_saved(net, &save);
            back = io_loaded(f, NULL);
            CHECK(back && io_same_net(net, back) && mlp_predict(back, x, 50, q) == MLP_OK && !memcmp(p, q, sizeof p));
            mlp_destroy(back);
            save.fold = 1;
            save.test_input = x;
            if (kinds[in] == MLP_SCALE_ROBUST) io_not_saved(net, &save, MLP_ERR_UNSUPPORTED);
            else {
                free(f.p);
                f = io_saved(net, &save);
                back = io_loaded(f, NULL);
                CHECK(back && mlp_get_desc(back)->input_scaling == MLP_SCALE_NONE);
                CHECK(mlp_get_desc(back)->target_scaling == MLP_SCALE_NONE);
                CHECK(mlp_predict(back, x, 50, q) == MLP_OK);
                for (i = 0; i < 100; i++) CHECK_NEAR(p[i], q[i], 1e-4 * (1 + fabs((double)p[i])));
                mlp_destroy(back);
            }
            save.checkpoint = 1;
            io_not_saved(net, &save, MLP_ERR_ARGUMENT);
            save.checkpoint = 0;
            mlp_destroy(net);
            free(f.p);
        }
}

/* scales so large that they do not fit into the weights */
static void io_folded_weights_are_finite(void)
{
    static const float x[] = { 1e-38f, 2e-38f, 3e-38f }, y[] = { 1, 2, 3 };
    const mlp_data data = loss_data(3, x, y);
    mlp_desc d = net_desc(1, 1, 0);
    mlp_save_desc save;
    mlp_error error;
    io_bytes f;
    mlp *net = NULL;
    memset(&save, 0, sizeof save);
    save.error = &error;
    d.input_scaling = MLP_SCALE_STANDARD;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit_scaling(net, &data) == MLP_OK);
    mlp_params(net, NULL)[0] = 20;
    f = io_saved(net, &save);
    free(f.p);
    save.fold = 1;
    io_not_saved(net, &save, MLP_ERR_NONFINITE);
    mlp_destroy(net);
}

/* ---- arguments ---- */

static void io_null_and_limits(void)
{
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED), *back = net;
    io_bytes f = io_saved(net, NULL);
    mlp_load_desc how = io_default();
    unsigned char *larger = (unsigned char *)malloc(f.size + 1);
    size_t size = f.size;
    CHECK(mlp_save_memory(NULL, f.p, &size, NULL) == MLP_ERR_ARGUMENT && size == 0);
    CHECK(mlp_save_memory(net, f.p, NULL, NULL) == MLP_ERR_ARGUMENT);
    size = f.size + 1;
    larger[f.size] = 77;
    CHECK(mlp_save_memory(net, larger, &size, NULL) == MLP_OK && size == f.size && larger[f.size] == 77);
    CHECK(!memcmp(larger, f.p, f.size));
    for (size = 0; size < f.size - 1; size = 2 * size + 1) {       /* too small: nothing behind it is touched */
        size_t room = size;
        memset(larger, 77, f.size);
        CHECK(mlp_save_memory(net, larger, &room, NULL) == MLP_ERR_ARGUMENT && room == f.size && larger[size] == 77);
    }
    CHECK(mlp_load_memory(NULL, f.p, f.size, NULL) == MLP_ERR_ARGUMENT);
    CHECK(mlp_load_memory(&back, NULL, f.size, NULL) == MLP_ERR_ARGUMENT && !back);
    how.max_header = (size_t)f.p[0] + 256u * f.p[1] - 1;
    io_refused(f, how, MLP_ERR_FORMAT, "max_header");
    how.max_header = (size_t)f.p[0] + 256u * f.p[1];
    back = io_loaded(f, &how);
    mlp_destroy(back);
    how.allocator.alloc = net_alloc;
    CHECK(mlp_load_memory(&back, f.p, f.size, &how) == MLP_ERR_ARGUMENT && !back);
    mlp_destroy(net);
    free(f.p);
    free(larger);
}

/* allocator, error and kernels: those of mlp_load_desc, else those of its desc */
static void io_desc_lends_allocator_error_and_kernels(void)
{
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED), *back = NULL;
    const io_bytes f = io_saved(net, NULL);
    mlp_load_desc how = io_default();
    mlp_desc d = *mlp_get_desc(net);
    net_counter of_desc, of_load;
    mlp_error error, other;
    memset(&error, 0x55, sizeof error);
    d.error = &error;
    d.allocator = net_allocator(&of_desc);
    how.desc = &d;
    back = io_loaded(f, &how);
    CHECK(error.code == MLP_OK && of_desc.live == 1 && mlp_get_desc(back)->allocator.user == &of_desc);
    CHECK(!mlp_get_desc(back)->error);
    mlp_destroy(back);
    error.code = MLP_ERR_IO;
    how.error = &other;
    how.allocator = net_allocator(&of_load);
    how.kernels = mlp_kernels_for(mlp_simd_name());
    d.kernels = NULL;
    of_desc.calls = 0;
    back = io_loaded(f, &how);
    CHECK(error.code == MLP_ERR_IO && other.code == MLP_OK && of_desc.calls == 0 && of_load.live == 1);
    CHECK(mlp_get_desc(back)->kernels == how.kernels);
    mlp_destroy(back);
    CHECK(of_desc.live == 0 && of_load.live == 0);
    mlp_destroy(net);
    free(f.p);
}

/* a desc with more layers than the file, with and without sizes of its other layers */
static void io_desc_of_more_layers_is_refused(void)
{
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED);
    const io_bytes f = io_saved(net, NULL);
    mlp_load_desc how = io_default();
    mlp_desc d = *mlp_get_desc(net);
    how.desc = &d;
    d.layers[2].units = 5;
    io_refused(f, how, MLP_ERR_ARGUMENT, "more layers than the file");
    d.inputs = d.layers[0].units = d.layers[1].units = 0;
    io_refused(f, how, MLP_ERR_ARGUMENT, "more layers than the file");
    mlp_destroy(net);
    free(f.p);
}

/* NaN and infinity are weights like others in a file, as they are in PyTorch's */
static void io_weights_that_are_not_finite_are_kept(void)
{
    mlp *net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED), *back;
    io_bytes f;
    mlp_params(net, NULL)[3] = test_nan();
    mlp_params(net, NULL)[4] = -INFINITY;
    f = io_saved(net, NULL);
    back = io_loaded(f, NULL);
    CHECK(io_same_net(net, back));
    mlp_destroy(net);
    mlp_destroy(back);
    free(f.p);
}

/* ---- hostile files ---- */

/* an allocator that knows the largest sum of what is allocated at a time */
typedef struct { size_t now, peak; } io_meter;

static void *io_meter_alloc(void *user, size_t size)
{
    io_meter *m = (io_meter *)user;
    size_t *p = (size_t *)malloc(size + 16);
    if (!p) return NULL;
    p[0] = size;
    m->now += size;
    if (m->now > m->peak) m->peak = m->now;
    return (char *)p + 16;
}

static void io_meter_free(void *user, void *p)
{
    size_t *block = (size_t *)(void *)((char *)p - 16);
    ((io_meter *)user)->now -= block[0];
    free(block);
}

/* besides 4 times the file: the net itself, which knows its desc */
static const size_t io_fixed = 2 * sizeof(mlp) + 4096;

/* Loads what may be damaged: an error, or a net that predicts; memory stays within the bound, and all is given back. */
static mlp_result io_hostile(const unsigned char *p, size_t size, mlp_load_desc how)
{
    static float x[64], y[64];
    io_meter meter = { 0, 0 };
    mlp_error error;
    mlp *net = NULL;
    mlp_result r;
    how.allocator.alloc = io_meter_alloc;
    how.allocator.free = io_meter_free;
    how.allocator.user = &meter;
    how.error = &error;
    r = mlp_load_memory(&net, p, size, &how);
    CHECK(!r == (net != NULL) && error.code == r && !r == !error.text[0] && error.offset <= size);
    CHECK(how.checkpoint || meter.peak <= 4 * size + io_fixed);
    if (!r && mlp_get_desc(net)->inputs <= 64) {
        const mlp_desc *d = mlp_get_desc(net);
        int l = 0;
        while (l < MLP_MAX_LAYERS && d->layers[l].units) l++;
        if (d->layers[l - 1].units <= 64) CHECK(mlp_predict(net, x, 1, y) == MLP_OK);
    }
    mlp_destroy(net);
    CHECK(meter.now == 0);
    return r;
}

static void io_hostile_header(const char *header, size_t data, mlp_result expected)
{
    const io_bytes f = io_file(header, NULL, data, 1);
    const mlp_result r = io_hostile(f.p, f.size, io_relu());
    if (!CHECK(r == expected)) printf("    %s: %s\n", header, mlp_result_string(r));
    free(f.p);
}

static void io_set_length(io_bytes f, uint64_t n)
{
    int i;
    for (i = 0; i < 8; i++) f.p[i] = (unsigned char)(n >> 8 * i);
}

/* Published bugs of other readers of such files. A buffer sized from the shape, filled by the offsets; the length + 5
   wraps; fewer than two offsets are indexed (fastllm 712). */
static void io_bug_shape_and_offsets_disagree(void)
{
    const io_bytes f = io_file("{}", NULL, 0, 1);
    uint64_t n;
    io_hostile_header(IO_FILE("0.weight", "F32", "32,8", 0, 65536), 65536, MLP_ERR_FORMAT);
    io_hostile_header("{'0.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[]}}", 4, MLP_ERR_FORMAT);
    io_hostile_header("{'0.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[0]}}", 4, MLP_ERR_FORMAT);
    io_hostile_header("{'0.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[0,1,2]}}", 4, MLP_ERR_FORMAT);
    io_hostile_header("{'0.weight':{'dtype':'F32','shape':[1,1],'data_offsets':[0,4,4]}}", 4, MLP_ERR_FORMAT);
    for (n = UINT64_MAX; n > UINT64_MAX - 20; n--) {
        io_set_length(f, n);
        CHECK(io_hostile(f.p, f.size, io_relu()) == MLP_ERR_FORMAT);
    }
    free(f.p);
}

/* a product that wraps to 0 is an "empty" tensor whose bounds nobody checks (LiteRT 9254, 9255) */
static void io_bug_product_wraps_to_nothing(void)
{
    io_hostile_header(IO_FILE("0.weight", "F32", "4294967296,4294967296", 0, 0), 0, MLP_ERR_FORMAT);
    io_hostile_header(IO_FILE("0.weight", "F32", "4294967296,4294967296", 1000000, 2000000), 16, MLP_ERR_FORMAT);
    io_hostile_header(IO_FILE("0.weight", "F32", "4611686018427387904,4", 0, 0), 0, MLP_ERR_FORMAT);
    /* times 4 bytes */
    io_hostile_header(IO_FILE("0.weight", "F32", "1152921504606846976,1", 0, 0), 0, MLP_ERR_FORMAT);
}

/* negative sizes (stable-diffusion.cpp 1876) */
static void io_bug_negative_sizes(void)
{
    io_hostile_header(IO_FILE("0.weight", "F32", "-1,-4", 0, 16), 16, MLP_ERR_FORMAT);
    io_hostile_header(IO_FILE("0.weight", "F32", "-4294967296,-4294967296", 0, 0), 0, MLP_ERR_FORMAT);
    io_hostile_header(IO_FILE("0.weight", "F32", "2,2", -16, 0), 16, MLP_ERR_FORMAT);
}

/* the length sizes an allocation before it is checked; holes and overlaps smuggle data (openasr 73) */
static void io_bug_length_sizes_an_allocation(void)
{
    unsigned char nine[9] = { 0, 0, 0, 0, 0, 0, 0, 0x80, '{' };
    io_meter meter = { 0, 0 };
    mlp_load_desc how = io_default();
    mlp *net;
    how.allocator.alloc = io_meter_alloc;
    how.allocator.free = io_meter_free;
    how.allocator.user = &meter;
    CHECK(mlp_load_memory(&net, nine, sizeof nine, &how) == MLP_ERR_FORMAT && meter.peak < 1024);
    io_hostile_header("{" IO_T("0.weight", "F32", "1,1", 0, 4) "," IO_T("1.weight", "F32", "1,1", 8, 12) "}", 12,
                      MLP_ERR_FORMAT);
    io_hostile_header("{" IO_T("0.weight", "F32", "1,2", 0, 8) "," IO_T("1.weight", "F32", "1,1", 4, 8) "}", 8,
                      MLP_ERR_FORMAT);
}

/* a few bytes declare 128 MiB, which are allocated before they arrive (tract 2766) */
static void io_bug_declared_size_is_allocated(void)
{
    io_hostile_header(IO_FILE("0.weight", "F32", "8192,4096", 0, 134217728), 3, MLP_ERR_FORMAT);
    io_hostile_header(IO_FILE("0.weight", "F64", "1073741824,1073741824", 0, 9223372036854775808), 3, MLP_ERR_FORMAT);
    io_hostile_header(IO_FILE("0.weight", "U8", "18446744073709551615,1", 0, 18446744073709551615), 3, MLP_ERR_FORMAT);
}

/* sizes cut to 32 bits (llama.cpp CVE-2025-53630, CVE-2026-33298; mlx 4244) */
static void io_bug_sizes_cut_to_32_bits(void)
{
    io_hostile_header(IO_FILE("0.weight", "F32", "1073741825,4", 0, 17179869200), 16, MLP_ERR_FORMAT);
    io_hostile_header(IO_FILE("0.weight", "F32", "1,4294967297", 0, 4), 4, MLP_ERR_FORMAT);
    io_hostile_header(IO_FILE("0.weight", "F32", "1,1", 4294967296, 4294967300), 4, MLP_ERR_FORMAT);
    /* valid, but no Linear */
    io_hostile_header(IO_FILE("0.weight", "F32", "0,4294967297", 0, 0), 0, MLP_ERR_UNSUPPORTED);
    io_refused_header("{" IO_T("0.weight", "F32", "2147483648,1", 0, 8589934592) ","
                      IO_T("1.weight", "F32", "1,2147483648", 8589934592, 17179869184) "}", 16,
                      MLP_ERR_FORMAT, "the file ends too early");       /* whose two offsets multiplied are too large */
}

/* 8 bytes, nothing, text, a web page, a picture: an error, not the end of the process
   (whisper.cpp 3674, 3807; ggml 1505) */
static void io_bug_other_files_end_the_process(void)
{
    static const struct { const char *bytes; size_t size; mlp_result code; } files[] = {
        { "", 0, MLP_ERR_FORMAT }, { "a", 1, MLP_ERR_FORMAT }, { "12345678", 8, MLP_ERR_FORMAT },
        { "\0\0\0\0\0\0\0\0", 8, MLP_ERR_FORMAT },
        { "\2\0\0\0\0\0\0\0{}", 10, MLP_ERR_UNSUPPORTED },
        { "<!DOCTYPE html><html><body>404</body></html>", 43, MLP_ERR_FORMAT },
        { "\211PNG\r\n\032\n\0\0\0\rIHDR", 16, MLP_ERR_FORMAT },
        { "GGUF\3\0\0\0\0\0\0\0\0\0\0\0", 16, MLP_ERR_FORMAT },
        { "\200\002}q\0X\005\0\0\0model", 16, MLP_ERR_FORMAT } };
    size_t i;
    for (i = 0; i < sizeof files / sizeof *files; i++)
        CHECK(io_hostile((const unsigned char *)files[i].bytes, files[i].size, io_default()) == files[i].code);
}

/* Hundreds of thousands of entries, nesting, and the memory for them: a bound, a limit, no
   recursion, no square of their number. */
static void io_header_cannot_exhaust_anything(void)
{
    const size_t n = (size_t)1 << 20;
    char *header = (char *)malloc(n + 100);
    mlp_load_desc how = io_relu();
    io_bytes f;
    size_t i, at;
    memset(header, '[', n);
    header[n] = 0;
    io_hostile_header(header, 0, MLP_ERR_FORMAT);
    memset(header, '{', n);
    io_hostile_header(header, 0, MLP_ERR_FORMAT);
    at = (size_t)sprintf(header, "{'__metadata__':{");
    for (i = 0; at + 30 < n; i++)
        at += (size_t)sprintf(header + at, "%s'%lx':''", i ? "," : "", (unsigned long)(i * 7919 % 1000003));
    sprintf(header + at, "}}");
    f = io_file(header, NULL, 0, 1);
    CHECK(io_hostile(f.p, f.size, how) == MLP_ERR_UNSUPPORTED);                     /* all are different: only no net */
    free(f.p);
    at = (size_t)sprintf(header, "{");
    for (i = 0; at + 100 < n; i++)
        at += (size_t)sprintf(header + at, "%s" IO_T("%lx", "U8", "0", 0, 0), i ? "," : "",
                              (unsigned long)(i * 7919 % 1000003));
    sprintf(header + at, "}");
    f = io_file(header, NULL, 0, 1);
    CHECK(io_hostile(f.p, f.size, how) == MLP_ERR_UNSUPPORTED);
    free(f.p);
    for (i = 4096; i <= 4097; i++) {                                            /* the most keys, and one more */
        size_t k;
        at = (size_t)sprintf(header, "{");
        for (k = 0; k < i; k++)
            at += (size_t)sprintf(header + at, "%s" IO_T("%lx", "U8", "0", 0, 0), k ? "," : "", (unsigned long)k);
        sprintf(header + at, "}");
        f = io_file(header, NULL, 0, 1);
        io_refused(f, io_relu(), MLP_ERR_UNSUPPORTED, i == 4096 ? "not of a Linear" : "more than 4096 keys");
        free(f.p);
    }
    free(header);
}

/* a small file with all kinds of things in it */
static io_bytes io_small(void)
{
    static const float data[] = { 0.5f, -1, 2, 3, 0.25f };
    return io_file("{'__metadata__':{'mlp.activations':'elu sigmoid','mlp.alpha':'3f000000 00000000','mlp.seed':'9',"
                   "'mlp.version':'1','mlp.test':'1','mlp.test.input':'3f800000',"
                   "'mlp.test.output':'3f800000 3DCCCCCD','mlp.test.tolerance':'44800000'},"
                   IO_T("0.weight", "F32", "1,1", 0, 4) "," IO_T("2.bias", "F32", "2", 4, 12) ","
                   IO_T("2.\\u0077eight", "F32", "2,1", 12, 20) "}", data, 5, 4);
}

static void io_every_prefix_is_refused(void)
{
    const io_bytes f = io_small();
    size_t n;
    CHECK(io_hostile(f.p, f.size, io_default()) == MLP_OK);
    for (n = 0; n < f.size; n++) {
        unsigned char *exact = (unsigned char *)malloc(n + !n);                 /* a sanitizer sees a byte too far */
        memcpy(exact, f.p, n);
        CHECK(io_hostile(exact, n, io_default()) == MLP_ERR_FORMAT);
        free(exact);
    }
    snprintf(test.note, sizeof test.note, "%lu bytes", (unsigned long)f.size);
    free(f.p);
}

static void io_change_every_byte(io_bytes f, mlp_load_desc how)
{
    static const unsigned char few[] = {
        0, 1, 9, ' ', '"', ',', '0', '9', ':', '[', '\\', ']', 'u', '{', '}', 0x7f, 0x80, 0xc3, 0xff };
    size_t at, loads = 0, nets = 0;
    unsigned i;
    for (at = 0; at < f.size; at++) {
        const unsigned char byte = f.p[at];
        for (i = 0; i < (test.small ? sizeof few : 256); i++) {
            f.p[at] = test.small ? few[i] : (unsigned char)i;
            if (f.p[at] == byte) continue;
            loads++;
            nets += io_hostile(f.p, f.size, how) == MLP_OK;
        }
        f.p[at] = byte;
    }
    CHECK(nets > 0 && nets < loads / 2);
    snprintf(test.note, sizeof test.note, "%lu bytes, %lu files, %lu of them still nets",
             (unsigned long)f.size, (unsigned long)loads, (unsigned long)nets);
}

static void io_every_changed_byte_is_harmless(void)
{
    const io_bytes f = io_small();
    io_change_every_byte(f, io_default());
    free(f.p);
}

static void io_every_changed_byte_of_a_checkpoint_is_harmless(void)
{
    static const float x[] = { 1, 2, -1, 0.5f }, y[] = { 1, 0 };
    mlp_desc d = net_desc(2, 1, 0);
    mlp_data data = loss_data(2, x, y);
    mlp_load_desc how = io_default();
    mlp_save_desc save;
    mlp *net = NULL;
    io_bytes f;
    memset(&save, 0, sizeof save);
    save.checkpoint = how.checkpoint = 1;
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, NULL) == MLP_OK);
    f = io_saved(net, &save);
    io_change_every_byte(f, how);
    mlp_destroy(net);
    free(f.p);
}

/* the bound of memory at its worst: F16, which doubles, a test vector through a wide layer */
static void io_memory_stays_within_four_times_the_file(void)
{
    enum { WIDE = 60000 };
    char header[600];
    io_bytes f;
    snprintf(header, sizeof header,
             "{'__metadata__':{'mlp.activations':'relu relu','mlp.version':'1','mlp.test':'1',"
             "'mlp.test.input':'3f800000','mlp.test.output':'00000000'},"
             IO_T("0.weight", "F16", "%d,1", 0, %d) "," IO_T("1.weight", "F16", "1,%d", %d, %d) "}",
             WIDE, 2 * WIDE, WIDE, 2 * WIDE, 4 * WIDE);
    f = io_file(header, NULL, 4 * WIDE, 1);
    CHECK(io_hostile(f.p, f.size, io_default()) == MLP_OK);
    free(f.p);
}

/* ---- a disk that fails ---- */

/* Files in memory. What was written and not synced is lost when the power fails, and so is a
   renaming whose folder was not. */
enum { IO_FILES = 4 };
typedef struct { char name[64]; unsigned char *bytes; size_t size, synced; int exists; } io_entry;
typedef struct {
    io_entry file[IO_FILES], replaced;      /* replaced: what a renaming may yet bring back */
    int calls, fail_at, persistent, open, unsynced_rename;
    size_t at;                              /* of the file that is read */
    const char *failed;                     /* which call failed first */
} io_disk;

static int io_fails(io_disk *d, const char *call)
{
    d->calls++;
    if (!d->fail_at || !(d->calls == d->fail_at || (d->persistent && d->calls > d->fail_at))) return 0;
    if (!d->failed) d->failed = call;
    return 1;
}

static io_entry *io_lookup(io_disk *d, const char *name)
{
    int i;
    for (i = 0; i < IO_FILES; i++) if (d->file[i].exists && strcmp(d->file[i].name, name) == 0) return &d->file[i];
    return NULL;
}

static void *io_disk_open(void *user, const char *path, int create)
{
    io_disk *d = (io_disk *)user;
    io_entry *e = io_lookup(d, path);
    int i = 0;
    if (io_fails(d, "open") || !create == !e) return NULL;
    if (create) {
        while (i < IO_FILES - 1 && d->file[i].exists) i++;
        e = &d->file[i];
        memset(e, 0, sizeof *e);
        snprintf(e->name, sizeof e->name, "%s", path);
        e->exists = 1;
    }
    d->open++;
    d->at = 0;
    return e;
}

static size_t io_disk_read(void *user, void *file, void *to, size_t size)
{
    io_disk *d = (io_disk *)user;
    const io_entry *e = (const io_entry *)file;
    const size_t n = size < e->size - d->at ? size : e->size - d->at;
    if (io_fails(d, "read")) return SIZE_MAX;
    memcpy(to, e->bytes + d->at, n);
    d->at += n;
    return n;
}

static size_t io_disk_size(void *user, void *file) { (void)user; return ((const io_entry *)file)->size; }

static int io_disk_write(void *user, void *file, const void *from, size_t size)
{
    io_entry *e = (io_entry *)file;
    const int fails = io_fails((io_disk *)user, "write");
    if (fails) size /= 2;                   /* a full disk takes a part */
    e->bytes = (unsigned char *)realloc(e->bytes, e->size + size + 1);
    memcpy(e->bytes + e->size, from, size);
    e->size += size;
    return fails;
}

static int io_disk_sync(void *user, void *file)
{
    if (io_fails((io_disk *)user, "sync")) return -1;
    ((io_entry *)file)->synced = ((io_entry *)file)->size;
    return 0;
}

static int io_disk_close(void *user, void *file)
{
    (void)file;
    ((io_disk *)user)->open--;
    return io_fails((io_disk *)user, "close");
}

static int io_disk_rename(void *user, const char *from, const char *to)
{
    io_disk *d = (io_disk *)user;
    io_entry *source = io_lookup(d, from), *target = io_lookup(d, to);
    if (io_fails(d, "rename") || !source) return -1;
    free(d->replaced.bytes);
    memset(&d->replaced, 0, sizeof d->replaced);
    if (target) { d->replaced = *target; memset(target, 0, sizeof *target); }
    snprintf(source->name, sizeof source->name, "%s", to);
    d->unsynced_rename = 1;
    return 0;
}

static int io_disk_remove(void *user, const char *path)
{
    io_entry *e = io_lookup((io_disk *)user, path);
    if (io_fails((io_disk *)user, "remove") || !e) return -1;
    free(e->bytes);
    memset(e, 0, sizeof *e);
    return 0;
}

static int io_disk_sync_folder(void *user, const char *folder)
{
    CHECK(strcmp(folder, "some/") == 0);
    if (io_fails((io_disk *)user, "sync_folder")) return -1;
    ((io_disk *)user)->unsynced_rename = 0;
    return 0;
}

static mlp_io io_of(io_disk *d)
{
    mlp_io io;
    memset(d, 0, sizeof *d);
    memset(&io, 0, sizeof io);
    io.open = io_disk_open;
    io.read = io_disk_read;
    io.write = io_disk_write;
    io.sync = io_disk_sync;
    io.close = io_disk_close;
    io.rename = io_disk_rename;
    io.remove = io_disk_remove;
    io.sync_folder = io_disk_sync_folder;
    io.user = d;
    io.size = io_disk_size;
    return io;
}

static int io_count_files(const io_disk *d)
{
    int i, n = 0;
    for (i = 0; i < IO_FILES; i++) n += d->file[i].exists;
    return n;
}

static void io_free_disk(io_disk *d)
{
    int i;
    for (i = 0; i < IO_FILES; i++) free(d->file[i].bytes);
    free(d->replaced.bytes);
}

/* which of the two nets is in that file: 1 the old, 2 the new, 0 neither */
static int io_which(const io_entry *e, size_t size, mlp *old, mlp *fresh)
{
    mlp *net = NULL;
    int which = 0;
    if (!e || mlp_load_memory(&net, e->bytes, size, NULL)) return 0;
    which = io_same_net(net, old) ? 1 : io_same_net(net, fresh) ? 2 : 0;
    mlp_destroy(net);
    return which;
}

static const char io_path[] = "some/model.safetensors";

/* A save over an old file, with a call that fails: an error and the old file, or success and the new one; no file
   besides, if the disk recovers; nothing open. And the same when the power fails there: what is synced is the
   whole old or the whole new file. */
static void io_save_with_failure(mlp *old, mlp *fresh, int fail_at, int persistent, int *calls, int *done)
{
    io_disk disk;
    const mlp_io io = io_of(&disk);
    mlp_save_desc save;
    mlp_error error;
    const io_entry *e;
    mlp_result r;
    int which;
    memset(&save, 0, sizeof save);
    save.io = &io;
    save.error = &error;
    CHECK(mlp_save(old, io_path, &save) == MLP_OK && io_count_files(&disk) == 1 && disk.unsynced_rename == 0);
    disk.calls = 0;
    disk.fail_at = fail_at;
    disk.persistent = persistent;
    r = mlp_save(fresh, io_path, &save);
    e = io_lookup(&disk, io_path);
    which = e ? io_which(e, e->size, old, fresh) : 0;
    *calls = disk.calls;
    *done = !disk.failed;
    CHECK(error.code == r && disk.open == 0);
    if (!disk.failed) CHECK(r == MLP_OK && which == 2);
    /* another name did it */
    else if (strcmp(disk.failed, "open") == 0 && !persistent) CHECK(r == MLP_OK && which == 2);
    else if (strcmp(disk.failed, "sync_folder") == 0) CHECK(r == MLP_ERR_IO && which == 2);
    else CHECK(r == MLP_ERR_IO && which == 1);
    if (!persistent) CHECK(io_count_files(&disk) == 1);
    CHECK(e && io_which(e, e->synced, old, fresh) == which);                             /* the power fails: renamed, */
    if (disk.unsynced_rename) CHECK(io_which(&disk.replaced, disk.replaced.synced, old, fresh) == 1);   /* or not yet */
    if (test.failures) printf("    (call %d, %s, %s: %s)\n", fail_at, disk.failed ? disk.failed : "none",
                              mlp_result_string(r), error.text);
    io_free_disk(&disk);
}

static void io_every_call_of_a_save_may_fail(void)
{
    /* 3 buffers */
    mlp *old = io_net(40, 50, 3, MLP_ACT_RELU, MLP_LOSS_SQUARED);
    mlp *fresh = io_net(40, 50, 3, MLP_ACT_TANH, MLP_LOSS_SQUARED);
    int fail_at, persistent, calls = 0, done;
    for (persistent = 0; persistent < 2; persistent++)
        for (fail_at = 1, done = 0; !done && fail_at < 200; fail_at++)
            io_save_with_failure(old, fresh, fail_at, persistent, &calls, &done);
    snprintf(test.note, sizeof test.note, "%d calls, once and persistently", calls);
    CHECK(calls >= 8);
    mlp_destroy(old);
    mlp_destroy(fresh);
}

static void io_every_call_of_a_load_may_fail(void)
{
    mlp *net = io_net(40, 50, 3, MLP_ACT_RELU, MLP_LOSS_SQUARED);
    io_disk disk;
    mlp_io io = io_of(&disk), part = io;
    mlp_load_desc how = io_default();
    mlp_save_desc save;
    mlp_error error;
    net_counter counter;
    int fail_at;
    mlp *back = NULL;
    memset(&save, 0, sizeof save);
    io.size = NULL;                         /* as of a pipe: more calls */
    save.io = how.io = &io;
    how.error = &error;
    how.allocator = net_allocator(&counter);
    CHECK(mlp_save(net, io_path, &save) == MLP_OK);
    for (fail_at = 1; fail_at < 200; fail_at++) {
        disk.calls = 0;
        disk.fail_at = fail_at;
        disk.failed = NULL;
        if (mlp_load(&back, io_path, &how) == MLP_OK) break;
        CHECK(!back && error.code == MLP_ERR_IO && disk.failed && disk.open == 0 && counter.live == 0);
    }
    CHECK(fail_at > 5 && (!disk.failed || strcmp(disk.failed, "close") == 0) && disk.open == 0);
    CHECK(back && io_same_net(net, back));
    mlp_destroy(back);
    disk.fail_at = 0;
    io_lookup(&disk, io_path)->size--;                      /* a file that ends early */
    CHECK(mlp_load(&back, io_path, &how) == MLP_ERR_FORMAT && !back && disk.open == 0);
    io_disk_write(&disk, io_lookup(&disk, io_path), "\0\0", 2);
    CHECK(mlp_load(&back, io_path, &how) == MLP_ERR_FORMAT && !back && strstr(error.text, "behind the last tensor"));
    part.sync = NULL;
    how.io = save.io = &part;
    CHECK(mlp_load(&back, io_path, &how) == MLP_ERR_ARGUMENT && mlp_save(net, io_path, &save) == MLP_ERR_ARGUMENT);
    CHECK(counter.live == 0);
    mlp_destroy(net);
    io_free_disk(&disk);
}

/* the load by path reads no further than it must, so that a file without end is refused, and needs
   little memory for a large one */
static void io_files_are_read_within_the_bound(void)
{
    mlp *net = io_net(300, 700, 3, MLP_ACT_RELU, MLP_LOSS_SQUARED), *back = NULL;
    io_disk disk;
    const mlp_io io = io_of(&disk);
    io_meter meter = { 0, 0 };
    mlp_load_desc how = io_default();
    mlp_save_desc save;
    char text[60000];
    size_t size, n;
    memset(&save, 0, sizeof save);
    save.io = how.io = &io;
    how.allocator.alloc = io_meter_alloc;
    how.allocator.free = io_meter_free;
    how.allocator.user = &meter;
    CHECK(mlp_save(net, io_path, &save) == MLP_OK && mlp_load(&back, io_path, &how) == MLP_OK);
    CHECK(io_same_net(net, back));
    mlp_destroy(back);
    size = io_lookup(&disk, io_path)->size;
    CHECK(meter.now == 0 && meter.peak <= 4 * size + io_fixed);
    io_lookup(&disk, io_path)->size = size / 100;           /* says much, has little */
    meter.peak = 0;
    CHECK(mlp_load(&back, io_path, &how) == MLP_ERR_FORMAT && meter.now == 0);
    CHECK(meter.peak <= 4 * (size / 100) + io_fixed);
    mlp_destroy(net);
    net = io_net(3, 8, 2, MLP_ACT_RELU, MLP_LOSS_SQUARED);
    memset(text, 'x', sizeof text);                         /* a header that is most of the file */
    for (n = 1000; n < sizeof text; n += 1000) {
        const io_entry *e;
        text[n] = 0;
        CHECK(mlp_set_text(net, "long", text) == MLP_OK && mlp_save(net, io_path, &save) == MLP_OK);
        text[n] = 'x';
        meter.peak = 0;
        e = io_lookup(&disk, io_path);
        if (!CHECK(mlp_load(&back, io_path, &how) == MLP_OK && meter.peak <= 4 * e->size + io_fixed))
            printf("    %lu bytes: %lu\n", (unsigned long)e->size, (unsigned long)meter.peak);
        mlp_destroy(back);
    }
    mlp_destroy(net);
    io_free_disk(&disk);
}

/* every allocation of saving and loading fails, once and for good: an error, nothing lost, and
   the same call works afterwards */
static mlp_result io_session(mlp *net, int step, const mlp_io *io, mlp_load_desc *how, mlp **back)
{
    static const float x[9] = { 1, 2, 3 };
    mlp_save_desc save;
    memset(&save, 0, sizeof save);
    save.io = io;
    save.checkpoint = how->checkpoint = 1;
    save.test_input = x;
    return step == 0 ? mlp_save(net, io_path, &save) : mlp_load(back, io_path, how);
}

static void io_every_allocation_may_fail(void)
{
    mlp_desc d = net_desc(9, 400, 5);
    static float x[40 * 9], y[40 * 5];
    const mlp_data data = loss_data(40, x, y);
    net_counter counter;
    io_disk disk;
    const mlp_io io = io_of(&disk);
    mlp_load_desc how = io_default();
    mlp_error error;
    int persistent, fail_at, step, sites = 0;
    mlp *net = NULL, *back = NULL;
    how.io = &io;
    how.error = &error;
    d.allocator = how.allocator = net_allocator(&counter);
    CHECK(mlp_create(&net, &d) == MLP_OK && mlp_fit(net, &data, NULL) == MLP_OK);
    for (persistent = 0; persistent < 2; persistent++)
        for (fail_at = 0; fail_at <= sites; fail_at++) {
            counter.calls = 0;
            counter.fail_at = fail_at;
            counter.persistent = persistent;
            for (step = 0; step < 2; step++) {
                const int live = counter.live;
                if (io_session(net, step, &io, &how, &back) == MLP_OK) continue;
                CHECK(fail_at && !back && counter.live == live && disk.open == 0);
                CHECK((step == 0 || error.code == MLP_ERR_MEMORY));
                counter.fail_at = 0;
                CHECK(io_session(net, step, &io, &how, &back) == MLP_OK);
            }
            if (!fail_at) sites = counter.calls;
            counter.fail_at = 0;
            CHECK(back && io_same_net(net, back));
            mlp_destroy(back);
            back = NULL;
        }
    snprintf(test.note, sizeof test.note, "%d allocations, once and persistently", sites);
    CHECK(sites >= 7);
    mlp_destroy(net);
    CHECK(counter.live == 0);
    io_free_disk(&disk);
}

static void io_tests(void)
{
    RUN(io_save_and_load_is_the_same_net);
    RUN(io_file_is_the_pinned_bytes);
    RUN(io_checkpoint_is_an_unbroken_run);
    RUN(io_checkpoint_of_an_epoch_has_the_best_weights);
    RUN(io_checkpoint_is_a_model_too);
    RUN(io_state_is_that_of_the_optimizer);
#if TEST_FILES
    RUN(io_files_are_written_and_read);
#endif
#if TEST_FILES && !defined(__wasi__)
    RUN(io_mode_and_kind_of_a_path_are_kept);
    RUN(io_long_paths);
    RUN(io_saves_at_once_are_both_whole);
    RUN(io_leftovers_do_not_block);
    RUN(io_errors_say_why);
#endif
    RUN(io_foreign_files_load_by_their_names);
    RUN(io_names_give_the_order);
    RUN(io_an_order_that_is_not_certain_is_refused);
    RUN(io_names_may_be_given);
    RUN(io_long_names_and_words);
    RUN(io_softmax_implies_cross_entropy);
    RUN(io_activations_take_the_place_of_a_files);
    RUN(io_metadata_may_be_null);
    RUN(io_other_formats_are_named);
    RUN(io_texts_are_read_as_json_means_them);
    RUN(io_texts_travel);
    RUN(io_a_header_has_a_limit);
    RUN(io_members_are_in_one_file);
    RUN(io_scaling_is_saved_and_folded);
    RUN(io_folded_weights_are_finite);
    RUN(io_types_are_converted);
    RUN(io_modules_are_numbered_as_in_sequential);
    RUN(io_files_of_other_things_are_refused_by_name);
    RUN(io_reference_cases_have_the_same_verdict);
    RUN(io_a_key_twice_is_refused_at_every_level);
    RUN(io_error_has_the_byte);
    RUN(io_metadata_that_make_no_sense_are_refused);
    RUN(io_custom_functions_need_a_desc);
    RUN(io_test_vector_is_checked);
    RUN(io_test_vector_may_be_too_long);
    RUN(io_null_and_limits);
    RUN(io_desc_lends_allocator_error_and_kernels);
    RUN(io_desc_of_more_layers_is_refused);
    RUN(io_weights_that_are_not_finite_are_kept);
    RUN(io_bug_shape_and_offsets_disagree);
    RUN(io_bug_product_wraps_to_nothing);
    RUN(io_bug_negative_sizes);
    RUN(io_bug_length_sizes_an_allocation);
    RUN(io_bug_declared_size_is_allocated);
    RUN(io_bug_sizes_cut_to_32_bits);
    RUN(io_bug_other_files_end_the_process);
    RUN(io_header_cannot_exhaust_anything);
    RUN(io_every_prefix_is_refused);
    RUN(io_every_changed_byte_is_harmless);
    RUN(io_every_changed_byte_of_a_checkpoint_is_harmless);
    RUN(io_memory_stays_within_four_times_the_file);
    RUN(io_every_call_of_a_save_may_fail);
    RUN(io_every_call_of_a_load_may_fail);
    RUN(io_files_are_read_within_the_bound);
    RUN(io_every_allocation_may_fail);
}
