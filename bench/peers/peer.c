/* The part that all peers share: cases and their data, the careful hand-written loops over a library's sgemm, and the
   conversation with compare.c over standard input and output:
     prepare FORM NUMBERS   ->  ok HOW | no          result CASE       ->  N, the floats are in the result file
     run CASE SECONDS       ->  seconds per call     forget            ->  ok
   usage: peer DATA RESULT WORDS..., DATA a file of random floats in [-1, 1) */
#define _POSIX_C_SOURCE 200112L
#include <math.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../measure.h"
#include "peer.h"
#include "data.h"

/* arrays begin at different places in a page, so that no peer is the one unlucky */
enum { PEER_SHIFT = 17 * 64, PEER_SHIFTS = 13 };

static const float *peer_data;
static void *peer_blocks[64 * PEER_MOST_CASES];
static int peer_block_count;
static peer_case peer_cases[PEER_MOST_CASES];
static int peer_case_count;
int peer_argc;
char **peer_argv;

float *peer_floats(size_t n)
{
    const size_t shift = (size_t)(peer_block_count % PEER_SHIFTS) * PEER_SHIFT;
    const size_t size = (n + 32) * sizeof(float) + shift + 64;
    unsigned char *p = (unsigned char *)malloc(size);
    if (!p || peer_block_count == (int)(sizeof peer_blocks / sizeof *peer_blocks)) {
        fprintf(stderr, "peer: out of memory\n");
        exit(2);
    }
    peer_blocks[peer_block_count++] = p;
    memset(p, 0, size);
    return (float *)(void *)(p + (64 - (uintptr_t)p % 64) % 64 + shift);
}

static void peer_forget(void)
{
    while (peer_block_count > 0) free(peer_blocks[--peer_block_count]);
    peer_case_count = 0;
}

static float *peer_take(size_t n, size_t from, float range)
{
    float *x = peer_floats(n);
    data_take(peer_data, n, from, range, x);
    return x;
}

/* seconds per call of `calls` calls; how many of them take about `seconds` */
static double peer_time(peer_case *c, void (*call)(peer_case *), long calls)
{
    const double begin = measure_wall();
    long i;
    for (i = 0; i < calls; i++) call(c);
    return (measure_wall() - begin) / (double)calls;
}

static long peer_how_many(peer_case *c, void (*call)(peer_case *), double seconds)
{
    long calls = 1;
    for (;;) {
        const double took = (double)calls * peer_time(c, call, calls);
        if (took >= seconds / 2) return (long)((double)calls * seconds / took) + 1;
        calls *= 2;
    }
}

void peer_fastest(peer_case *c, void (*const *calls)(peer_case *), const char *const *names, int n)
{
    double best = 0;
    int i, r, fastest = 0;
    for (r = 0; r < 3 && n > 1; r++)
        for (i = 0; i < n; i++) {
            const double took = peer_time(c, calls[i], peer_how_many(c, calls[i], 0.002));
            if (best > 0 && took >= best) continue;
            best = took;
            fastest = i;
        }
    c->call = calls[fastest];
    c->how = names[fastest];
}

/* ---- products ---- */

static void product_of(peer_case *c, int ta, int tb, int m, int n, int k, const float *a, const float *b)
{
    peer_self.sgemm(ta, tb, m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c->result, n);
}

static void product_nn(peer_case *c) { product_of(c, 0, 0, c->batch, c->out, c->in, c->x, c->w); }
static void product_fwd(peer_case *c) { product_of(c, 0, 1, c->batch, c->out, c->in, c->x, c->wt); }
static void product_dx(peer_case *c) { product_of(c, 0, 0, c->batch, c->in, c->out, c->dy, c->wt); }
static void product_dw(peer_case *c) { product_of(c, 1, 0, c->out, c->in, c->batch, c->dy, c->x); }
static void product_nn_v(peer_case *c) { peer_self.sgemv(1, c->in, c->out, c->w, c->x, 0, c->result); }
static void product_fwd_v(peer_case *c) { peer_self.sgemv(0, c->out, c->in, c->wt, c->x, 0, c->result); }
static void product_dx_v(peer_case *c) { peer_self.sgemv(1, c->out, c->in, c->wt, c->dy, 0, c->result); }

static const struct { const char *form; void (*call[2])(peer_case *); } product_forms[] = {
    { "nn", { product_nn, product_nn_v } }, { "fwd", { product_fwd, product_fwd_v } },
    { "dx", { product_dx, product_dx_v } }, { "dw", { product_dw, NULL } }
};
static const char *const product_names[2] = { "sgemm", "sgemv" };

static int product_prepare(peer_case *c)
{
    const size_t b = (size_t)c->batch, in = (size_t)c->in, out = (size_t)c->out;
    size_t i, j;
    const int of_weights = strstr(c->form, "dw") != NULL, of_inputs = strstr(c->form, "dx") != NULL;
    c->x = peer_take(b * in, DATA_X, 1);
    c->w = peer_take(in * out, DATA_W, 1);
    c->dy = peer_take(b * out, DATA_DY, 1);
    c->wt = peer_floats(in * out);
    for (i = 0; i < in; i++) for (j = 0; j < out; j++) c->wt[j * in + i] = c->w[i * out + j];
    c->results = of_weights ? in * out : of_inputs ? b * in : b * out;
    c->result = peer_floats(c->results);
    if (peer_self.prepare && peer_self.prepare(c)) return 1;
    for (i = 0; i < sizeof product_forms / sizeof *product_forms && peer_self.sgemm; i++)
        if (strcmp(c->form, product_forms[i].form) == 0) {
            const int vectors = c->batch == 1 && peer_self.sgemv && product_forms[i].call[1];
            peer_fastest(c, product_forms[i].call, product_names, vectors ? 2 : 1);
            return 1;
        }
    return 0;
}

/* ---- functions ---- */

static void function_call(peer_case *c) { ((const peer_function *)c->own)->f(c->n, c->x, c->w, c->result); }

static int function_prepare(peer_case *c)
{
    const peer_function *f;
    if (!peer_self.functions && !peer_self.prepare) return 0;
    c->x = peer_take(c->n, DATA_X, DATA_RANGE);
    c->w = peer_take(c->n, DATA_W, DATA_RANGE);
    c->result = peer_floats(c->n);
    c->results = c->n;
    if (peer_self.prepare && peer_self.prepare(c)) return 1;
    for (f = peer_self.functions; f && f->name; f++)
        if (strcmp(f->name, c->form) == 0) {
            c->own = f;
            c->call = function_call;
            return 1;
        }
    return 0;
}

/* ---- nets: relu, softmax with cross-entropy, plain gradient descent, w [in][out] ---- */

typedef struct { float *a[PEER_MOST_LAYERS + 1], *d[2], *wt[PEER_MOST_LAYERS]; int at; } loops;
static loops loop_states[PEER_MOST_CASES];

float *peer_layer(const peer_case *c, int layer) { return c->params + data_layer(c->widths, layer); }

static void loop_relu(int rows, int cols, const float *b, float *z)
{
    int i, j;
    for (i = 0; i < rows; i++, z += cols)
        for (j = 0; j < cols; j++) z[j] = z[j] + b[j] > 0 ? z[j] + b[j] : 0;
}

/* z = (softmax(z + b) - target) / rows; the exponentials in one run, which vectorizes at any number of columns */
static void loop_softmax(int rows, int cols, const float *b, const int *labels, float *z)
{
    int i, j, n = rows * cols;
    for (i = 0; i < rows; i++) {
        float *r = z + i * cols, most = r[0] + b[0];
        for (j = 0; j < cols; j++) { r[j] += b[j]; most = r[j] > most ? r[j] : most; }
        for (j = 0; j < cols; j++) r[j] -= most;
    }
    for (i = 0; i < n; i++) z[i] = expf(z[i]);
    for (i = 0; i < rows; i++) {
        float *r = z + i * cols, sum = 0, factor;
        for (j = 0; j < cols; j++) sum += r[j];
        factor = 1 / (sum * (float)rows);
        for (j = 0; j < cols; j++) r[j] *= factor;
        r[labels[i]] -= 1 / (float)rows;
    }
}

static void loop_bias(int rows, int cols, float rate, const float *dz, float *b)
{
    int i, j;
    for (i = 0; i < rows; i++) for (j = 0; j < cols; j++) b[j] -= rate * dz[i * cols + j];
}

static void loop_step(peer_case *c, loops *s, const float *x, const int *labels)
{
    const int *w = c->widths, m = c->batch;
    float *d;
    int l;
    size_t i, n;
    for (l = 0; l < c->layers; l++) {
        float *p = peer_layer(c, l), *b = p + (size_t)w[l] * (size_t)w[l + 1], *z = s->a[l + 1];
        peer_self.sgemm(0, 0, m, w[l + 1], w[l], 1, l ? s->a[l] : x, w[l], p, w[l + 1], 0, z, w[l + 1]);
        if (l + 1 < c->layers) loop_relu(m, w[l + 1], b, z); else loop_softmax(m, w[l + 1], b, labels, z);
    }
    for (l = c->layers - 1, d = s->a[c->layers]; l >= 0; l--) {
        float *p = peer_layer(c, l), *before = s->d[l & 1];
        const float *a = l ? s->a[l] : x;
        if (l > 0) {
            peer_self.sgemm(0, 1, m, w[l], w[l + 1], 1, d, w[l + 1], p, w[l + 1], 0, before, w[l]);
            for (i = 0, n = (size_t)m * (size_t)w[l]; i < n; i++) before[i] = a[i] > 0 ? before[i] : 0;
        }
        /* the update is the product's sum */
        peer_self.sgemm(1, 0, w[l], w[l + 1], m, -c->rate, a, w[l], d, w[l + 1], 1, p, w[l + 1]);
        loop_bias(m, w[l + 1], c->rate, d, p + (size_t)w[l] * (size_t)w[l + 1]);
        d = before;
    }
}

static void loop_train(peer_case *c)
{
    int r;
    for (r = 0; r + c->batch <= c->rows; r += c->batch)
        loop_step(c, &loop_states[c - peer_cases], c->x + (size_t)r * (size_t)c->widths[0], c->labels + r);
}

static void loop_infer(peer_case *c, int kind)
{
    loops *s = &loop_states[c - peer_cases];
    const int *w = c->widths;
    int l, j;
    for (l = 0; l < c->layers; l++) {
        const float *a = l ? s->a[l] : c->x, *p = peer_layer(c, l), *b = p + (size_t)w[l] * (size_t)w[l + 1];
        float *z = l + 1 < c->layers ? s->a[l + 1] : c->result;
        if (kind == 0) peer_self.sgemm(0, 0, 1, w[l + 1], w[l], 1, a, w[l], p, w[l + 1], 0, z, w[l + 1]);
        if (kind == 1) peer_self.sgemv(1, w[l], w[l + 1], p, a, 0, z);
        if (kind == 2) peer_self.sgemv(0, w[l + 1], w[l], s->wt[l], a, 0, z);
        if (l + 1 < c->layers) loop_relu(1, w[l + 1], b, z); else for (j = 0; j < w[l + 1]; j++) z[j] += b[j];
    }
}
static void loop_infer_gemm(peer_case *c) { loop_infer(c, 0); }
static void loop_infer_io(peer_case *c) { loop_infer(c, 1); }
static void loop_infer_oi(peer_case *c) { loop_infer(c, 2); }

static void loop_prepare(peer_case *c)
{
    static void (*const infer[])(peer_case *) = { loop_infer_gemm, loop_infer_io, loop_infer_oi };
    static const char *const infer_names[] = {
        "loop over sgemm", "loop over sgemv, w [in][out]", "loop over sgemv, w [out][in]" };
    loops *s = &loop_states[c - peer_cases];
    int l, i, j, widest = 0;
    for (l = 0; l < c->layers; l++) {
        const int in = c->widths[l], out = c->widths[l + 1];
        const float *w = peer_layer(c, l);
        s->a[l + 1] = peer_floats((size_t)c->batch * (size_t)out);
        s->wt[l] = peer_floats((size_t)in * (size_t)out);
        for (i = 0; i < in; i++) for (j = 0; j < out; j++) s->wt[l][j * in + i] = w[i * out + j];
        widest = in > widest ? in : widest;
    }
    for (l = 0; l < 2; l++) s->d[l] = peer_floats((size_t)c->batch * (size_t)widest);
    c->call = loop_train;
    c->how = "loop over sgemm";
    if (c->rate == 0) peer_fastest(c, infer, infer_names, peer_self.sgemv ? 3 : 1);
}

static int net_prepare(peer_case *c)
{
    const size_t n = data_layer(c->widths, c->layers);
    c->x = peer_take((size_t)c->rows * (size_t)c->widths[0], DATA_X, 1);
    c->labels = (int *)(void *)peer_floats((size_t)c->rows);
    data_labels(peer_data, (size_t)c->rows, c->widths[c->layers], c->labels);
    c->params = peer_floats(n);
    data_params(peer_data, c->widths, c->layers, c->params);
    c->results = c->rate > 0 ? n : (size_t)c->widths[c->layers];
    c->result = c->rate > 0 ? c->params : peer_floats(c->results);
    if (peer_self.prepare && peer_self.prepare(c)) return 1;
    if (!peer_self.sgemm || c->sigmoid) return 0;
    loop_prepare(c);
    return 1;
}

/* ---- the conversation ---- */

/* words: FORM BATCH IN OUT | FORM N | infer ACT WIDTHS... | train ACT RATE BATCH ROWS WIDTHS... */
static int peer_prepare(char **word, int words)
{
    peer_case *c = &peer_cases[peer_case_count];
    int i;
    if (words < 2 || peer_case_count == PEER_MOST_CASES) return 0;
    memset(c, 0, sizeof *c);
    snprintf(c->form, sizeof c->form, "%s", word[0]);
    if (strcmp(word[0], "infer") == 0 || strcmp(word[0], "train") == 0) {
        const int from = word[0][0] == 'i' ? 2 : 5;
        c->sigmoid = strcmp(word[1], "sigmoid") == 0;
        c->batch = c->rows = 1;
        if (from == 5) { c->rate = (float)atof(word[2]); c->batch = atoi(word[3]); c->rows = atoi(word[4]); }
        for (i = from; i < words && i - from <= PEER_MOST_LAYERS; i++) c->widths[i - from] = atoi(word[i]);
        c->layers = i - from - 1;
        return net_prepare(c);
    }
    if (words == 2) { c->n = (size_t)atol(word[1]); return function_prepare(c); }
    c->batch = atoi(word[1]); c->in = atoi(word[2]); c->out = atoi(word[3]);
    return product_prepare(c);
}

static size_t peer_result(peer_case *c, const char *path)
{
    FILE *f = fopen(path, "wb");
    c->call(c);
    if (c->finish) c->finish(c);
    if (!f || fwrite(c->result, sizeof(float), c->results, f) != c->results || fclose(f)) { perror(path); exit(2); }
    return c->results;
}

/* one round of as many calls as took `seconds` in the first one, which is not timed; one call before it, untimed,
   brings back what other peers pushed out of the caches */
static double peer_run(peer_case *c, double seconds)
{
    if (c->calls == 0) {                        /* the round that warms up */
        c->calls = peer_how_many(c, c->call, seconds);
        return 0;
    }
    if (c->calls > 1) c->call(c);
    return peer_time(c, c->call, c->calls);
}

int main(int argc, char **argv)
{
    char line[512], *word[16];
    const int data = argc > 2 ? open(argv[1], O_RDONLY) : -1;
    FILE *out = fdopen(dup(1), "w");
    int words;
    void *map = data >= 0 ? mmap(NULL, DATA_FLOATS * sizeof(float), PROT_READ, MAP_SHARED, data, 0) : MAP_FAILED;
    if (!out || map == MAP_FAILED) { fprintf(stderr, "usage: peer DATA RESULT WORDS...\n"); return 2; }
    peer_data = (const float *)map;
    dup2(2, 1);                                 /* what the library prints must not be taken for an answer */
    peer_argc = argc - 3;
    peer_argv = argv + 3;
    fprintf(out, "ready %s\n", peer_self.kernel());
    fflush(out);
    while (fgets(line, sizeof line, stdin)) {
        for (words = 0, word[0] = strtok(line, " \n"); words < 15 && word[words]; word[words] = strtok(NULL, " \n"))
            words++;
        if (words == 0) continue;
        if (strcmp(word[0], "prepare") == 0) {
            const int good = peer_prepare(word + 1, words - 1);
            const char *how = peer_cases[peer_case_count].how;
            if (good) fprintf(out, "ok %s\n", how ? how : ""); else fprintf(out, "no\n");
            if (good) peer_case_count++;
        } else if (strcmp(word[0], "forget") == 0) { peer_forget(); fprintf(out, "ok\n"); }
        else if (strcmp(word[0], "result") == 0)
            fprintf(out, "%lu\n", (unsigned long)peer_result(&peer_cases[atoi(word[1])], argv[2]));
        else if (strcmp(word[0], "run") == 0)
            fprintf(out, "%.9g\n", peer_run(&peer_cases[atoi(word[1])], atof(word[2])));
        fflush(out);
    }
    return 0;
}
