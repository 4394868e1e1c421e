/* Every kernel on every instruction set of this CPU, in one process: GFLOP/s and the share of the register-only rate P measured
   beside each repetition, ns and GB/s, and the ratio to the scalar kernels built with and without the compiler's vectorizer.
   bench [--results DIR] [--json FILE] [--paste FILE] [--seconds S] [--reps N] [--compile ISA COMMAND] [--cpu NAME]
         [part of a kernel's name ...]
   bench --name prints the name of the results of this CPU and compiler.
   Instruction sets take turns within each repetition. A row whose quartiles are more than 10 % apart is refused: printed without
   a number; before that a disturbed case is measured up to five times. Ends with 0; 1 when more than a tenth of the rows is refused, nothing written to DIR; 2 for any other failure. */
#define _POSIX_C_SOURCE 200112L
#define MLP_DISPATCH
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "measure.h"

enum { BENCH_ISAS = 5, BENCH_MOST_REPS = 101, BENCH_LEAST_REPS = 4, BENCH_TRIES = 5, BENCH_FLOATS = 1 << 22, BENCH_SLACK = 15 };

/* ---- instruction sets ---- */

typedef struct { const char *name; const mlp_kernels *kernels; const measure_peak *peak; const char *flags; } bench_isa;
static bench_isa bench_isas[BENCH_ISAS];
static int bench_isa_count;

extern const measure_peak peak_scalar, peak_vectorized;
const mlp_kernels *table_scalar(void), *table_vectorized(void);
#if MLP__X86
    extern const measure_peak peak_sse2, peak_avx2, peak_avx512;
#elif MLP_SIMD == MLP_SIMD_NEON
    extern const measure_peak peak_neon;
#endif

static const measure_peak *bench_add(const char *name, const mlp_kernels *k, const measure_peak *peak, const char *flags)
{
    bench_isa *isa = &bench_isas[bench_isa_count];
    if (!k) return NULL;                                        /* not on this CPU */
    isa->name = name;
    isa->kernels = k;
    isa->peak = peak;
    isa->flags = flags;
    bench_isa_count++;
    return peak;
}

/* The scalar ones first: the others are compared with them. P of the vectorized scalar kernels is that of the widest registers,
   since the compiler may use these. */
static void bench_find_isas(void)
{
    const measure_peak *widest = &peak_scalar, *found;
    bench_add("scalar", table_scalar(), &peak_scalar, peak_scalar.flags);
    bench_add("vectorized", table_vectorized(), NULL, peak_vectorized.flags);
#if MLP__X86
    if ((found = bench_add("sse2", mlp_kernels_for("sse2"), &peak_sse2, peak_sse2.flags)) != NULL) widest = found;
    if ((found = bench_add("avx2", mlp_kernels_for("avx2"), &peak_avx2, peak_avx2.flags)) != NULL) widest = found;
    if ((found = bench_add("avx512", mlp_kernels_for("avx512"), &peak_avx512, peak_avx512.flags)) != NULL) widest = found;
#elif MLP_SIMD == MLP_SIMD_NEON
    if ((found = bench_add("neon", mlp_kernels_for("neon"), &peak_neon, peak_neon.flags)) != NULL) widest = found;
#else
    (void)found;
#endif
    bench_isas[1].peak = widest;
}

/* ---- what is measured: a call of a kernel at a shape ---- */

typedef struct bench_case {
    const char *kernel;
    size_t m, in, out;              /* rows, inputs, outputs; or m elements, in rows of `in` where that matters */
    double bytes;                   /* read and written per element; 0: a matrix product */
    int kind;
    void (*call)(const mlp_kernels *, const struct bench_case *);
} bench_case;

typedef struct { const mlp_kernels *kernels; const bench_case *c; } bench_run;

static float *bench_x, *bench_y, *bench_w, *bench_out, *bench_m, *bench_v;     /* BENCH_FLOATS each and the slack of weights; m is scratch memory, too */

static void bench_forward(const mlp_kernels *k, const bench_case *c)
{
    k->forward(c->m, c->in, c->out, bench_x, c->in, bench_w, bench_y, bench_out, c->out);
}
static void bench_backward_input(const mlp_kernels *k, const bench_case *c)
{
    k->backward_input(c->m, c->in, c->out, bench_y, c->out, bench_w, bench_out, c->in, bench_m);
}
static void bench_backward_weights(const mlp_kernels *k, const bench_case *c)
{
    k->backward_weights(c->m, c->in, c->out, bench_x, c->in, bench_y, c->out, bench_out, 0, bench_m);
}
static void bench_gemm(const mlp_kernels *k, const bench_case *c)
{
    k->gemm(c->m, c->out, c->in, bench_x, (ptrdiff_t)c->in, 1, bench_w, (ptrdiff_t)c->out, 1, bench_out, (ptrdiff_t)c->out, 0);
}
static void bench_activate(const mlp_kernels *k, const bench_case *c) { k->activate((mlp_activation)c->kind, 1, c->m, bench_x, bench_out); }
static void bench_activate_backward(const mlp_kernels *k, const bench_case *c)
{
    k->activate_backward((mlp_activation)c->kind, 1, c->m, bench_x, bench_y, bench_w, bench_out);
}
static void bench_softmax(const mlp_kernels *k, const bench_case *c) { k->softmax(c->m / c->in, c->in, bench_x, bench_out); }
static void bench_hadamard(const mlp_kernels *k, const bench_case *c) { k->hadamard(c->m, bench_x, bench_w, bench_out); }
static void bench_axpy(const mlp_kernels *k, const bench_case *c) { k->axpy(c->m, 1e-9f, bench_x, bench_out); }
static void bench_column_sums(const mlp_kernels *k, const bench_case *c)
{
    k->column_sums(c->m / c->in, c->in, bench_x, c->in, bench_out, 0);
}
static void bench_loss(const mlp_kernels *k, const bench_case *c)
{
    k->loss((mlp_loss)c->kind, 1, c->m, bench_x, bench_y, bench_w, bench_out);
}
static void bench_momentum(const mlp_kernels *k, const bench_case *c)
{
    mlp_update u;
    memset(&u, 0, sizeof u);
    u.rate = 1e-9f; u.momentum = 0.9f;
    k->update(MLP_OPT_SGD, &u, c->m, bench_out, bench_x, bench_m, NULL);
}
static void bench_adam(const mlp_kernels *k, const bench_case *c)
{
    mlp_update u;
    memset(&u, 0, sizeof u);
    u.rate = 1e-9f; u.beta1 = 0.9f; u.beta2 = 0.999f; u.scale = 1; u.epsilon = 1e-8f;
    k->update(MLP_OPT_ADAM, &u, c->m, bench_out, bench_x, bench_m, bench_v);
}
static void bench_first_nonfinite(const mlp_kernels *k, const bench_case *c)
{
    if (k->first_nonfinite(c->m, 0, bench_x) != c->m) exit(2);     /* the result is used, so the call stays */
}

static void bench_call(const void *data)
{
    const bench_run *r = (const bench_run *)data;
    r->c->call(r->kernels, r->c);
}

static const struct { const char *name, *backward; mlp_activation kind; } bench_activations[] = {
    { "relu", "relu-backward", MLP_ACT_RELU }, { "sigmoid", "sigmoid-backward", MLP_ACT_SIGMOID },
    { "tanh", "tanh-backward", MLP_ACT_TANH }, { "gelu", "gelu-backward", MLP_ACT_GELU },
    { "gelu_tanh", "gelu_tanh-backward", MLP_ACT_GELU_TANH }, { "silu", "silu-backward", MLP_ACT_SILU },
    { "elu", "elu-backward", MLP_ACT_ELU }, { "softplus", "softplus-backward", MLP_ACT_SOFTPLUS }, { "mish", "mish-backward", MLP_ACT_MISH },
    { "sin", "sin-backward", MLP_ACT_SIN }, { "gaussian", "gaussian-backward", MLP_ACT_GAUSSIAN }
};
enum { BENCH_ACTIVATIONS = sizeof bench_activations / sizeof *bench_activations,
       BENCH_OVER_SIZE = 3 };       /* the first so many are measured over size */

static const size_t bench_shapes[][3] = {       /* rows, inputs, outputs */
    { 1, 64, 64 }, { 1, 784, 256 }, { 1, 1024, 1024 }, { 7, 13, 5 }, { 16, 64, 32 }, { 33, 65, 17 }, { 100, 300, 77 }, { 32, 784, 128 },
    { 64, 256, 256 }, { 128, 512, 512 }, { 128, 784, 512 }, { 256, 1024, 1024 }
};
static const size_t bench_squares[] = { 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768 };
static const size_t bench_lengths[] = { 1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 18, 1 << 20, BENCH_FLOATS };
#define BENCH_COUNT(list) (sizeof (list) / sizeof *(list))

static bench_case bench_cases[200];
static int bench_count;

static bench_case *bench_next(const char *kernel, void (*call)(const mlp_kernels *, const bench_case *), size_t m, size_t in)
{
    bench_case *c = &bench_cases[bench_count++];
    if (bench_count > (int)BENCH_COUNT(bench_cases)) exit(2);
    c->kernel = kernel;
    c->call = call;
    c->m = m;
    c->in = in;
    return c;
}

static void bench_matrix(const char *kernel, void (*call)(const mlp_kernels *, const bench_case *), size_t m, size_t in, size_t out)
{
    bench_next(kernel, call, m, in)->out = out;
}

static void bench_vector(const char *kernel, void (*call)(const mlp_kernels *, const bench_case *), int kind, size_t n, size_t cols,
                         double bytes)
{
    bench_case *c = bench_next(kernel, call, cols ? n / cols * cols : n, cols);
    c->kind = kind;
    c->bytes = bytes;
}

static void bench_make_cases(void)
{
    size_t i, j;
    for (i = 0; i < BENCH_COUNT(bench_shapes); i++) {
        const size_t *s = bench_shapes[i];
        bench_matrix("forward", bench_forward, s[0], s[1], s[2]);
        bench_matrix("backward_input", bench_backward_input, s[0], s[1], s[2]);
        bench_matrix("backward_weights", bench_backward_weights, s[0], s[1], s[2]);
        bench_matrix("gemm", bench_gemm, s[0], s[1], s[2]);
    }
    for (i = 0; i < BENCH_COUNT(bench_squares); i++)
        bench_matrix("forward-square", bench_forward, bench_squares[i], bench_squares[i], bench_squares[i]);
    for (i = 0; i < BENCH_OVER_SIZE; i++)
        for (j = 0; j < BENCH_COUNT(bench_lengths); j++)
            bench_vector(bench_activations[i].name, bench_activate, (int)bench_activations[i].kind, bench_lengths[j], 0, 8);
    for (j = 0; j < BENCH_COUNT(bench_lengths); j++) bench_vector("hadamard", bench_hadamard, 0, bench_lengths[j], 0, 12);
    for (j = 0; j < BENCH_COUNT(bench_lengths); j++) bench_vector("adam", bench_adam, 0, bench_lengths[j], 0, 28);
    for (i = BENCH_OVER_SIZE; i < BENCH_ACTIVATIONS; i++)
        bench_vector(bench_activations[i].name, bench_activate, (int)bench_activations[i].kind, 1 << 14, 0, 8);
    for (i = 0; i < BENCH_ACTIVATIONS; i++)
        bench_vector(bench_activations[i].backward, bench_activate_backward, (int)bench_activations[i].kind, 1 << 14, 0, 16);
    bench_vector("softmax rows of 10", bench_softmax, 0, 1 << 14, 10, 8);
    bench_vector("softmax rows of 1000", bench_softmax, 0, 1 << 14, 1000, 8);
    bench_vector("binary_cross_entropy", bench_loss, MLP_LOSS_BINARY_CROSS_ENTROPY, 1 << 14, 0, 16);
    bench_vector("squared", bench_loss, MLP_LOSS_SQUARED, 1 << 14, 0, 16);
    bench_vector("axpy", bench_axpy, 0, 1 << 14, 0, 12);
    bench_vector("momentum", bench_momentum, 0, 1 << 14, 0, 20);
    bench_vector("column_sums of 512", bench_column_sums, 0, 1 << 16, 512, 4);
    bench_vector("first_nonfinite", bench_first_nonfinite, 0, 1 << 14, 0, 4);
}

/* ---- measuring ---- */

static double bench_seconds = 0.003;            /* per repetition */
static int bench_reps = 11;
static const char *bench_cpu;
static int bench_emulated, bench_rows, bench_refused;
static FILE *bench_json, *bench_paste;

/* register-only GFLOP/s, over an eighth of a repetition */
static double bench_peak(const measure_peak *p)
{
    static long rounds = 1000;
    for (;;) {
        const double begin = measure_now(), work = p->run(rounds), took = measure_now() - begin;
        if (took >= bench_seconds / 8) {
            if (took > bench_seconds / 2 && rounds > 1) rounds /= 2;
            return work / took * 1e-9;
        }
        rounds *= 2;
    }
}

typedef struct { double value, spread, peak, share; int reps, refused; } bench_result;      /* value: GFLOP/s, ns or s */

static bench_result bench_sum_up(double *value, double *peak, double *share, int reps)
{
    bench_result r;
    double unused;
    r.value = measure_median(value, reps, &r.spread);
    r.peak = measure_median(peak, reps, &unused);
    r.share = measure_median(share, reps, &unused);
    r.reps = reps;
    r.refused = !(r.spread <= 0.10);
    return r;
}

/* All instruction sets take turns, P before each. One whose calls take long stops after 100 times the time of a repetition. */
static void bench_measure(const bench_case *c, bench_result *results)
{
    static double value[BENCH_ISAS][BENCH_MOST_REPS], peak[BENCH_ISAS][BENCH_MOST_REPS], share[BENCH_ISAS][BENCH_MOST_REPS];
    const double work = c->out ? 2e-9 * (double)c->m * (double)c->in * (double)c->out : 1e-9 * (double)c->m;
    double spent[BENCH_ISAS] = { 0 };
    long calls[BENCH_ISAS];
    int reps[BENCH_ISAS] = { 0 }, r, i;
    bench_run run;
    run.c = c;
    for (i = 0; i < bench_isa_count; i++) {
        run.kernels = bench_isas[i].kernels;
        calls[i] = measure_how_many(bench_call, &run, bench_seconds);
    }
    for (r = 0; r < bench_reps; r++)
        for (i = 0; i < bench_isa_count; i++) {
            double seconds;
            if (reps[i] >= BENCH_LEAST_REPS && spent[i] > 100 * bench_seconds) continue;
            run.kernels = bench_isas[i].kernels;
            peak[i][reps[i]] = bench_peak(bench_isas[i].peak);
            seconds = measure_calls(bench_call, &run, calls[i]);
            spent[i] += seconds;
            seconds /= (double)calls[i];
            value[i][reps[i]] = c->out ? work / seconds : seconds / work;
            share[i][reps[i]] = work / seconds / peak[i][reps[i]];
            reps[i]++;
        }
    for (i = 0; i < bench_isa_count; i++) results[i] = bench_sum_up(value[i], peak[i], share[i], reps[i]);
}

/* Measures again what was disturbed: all instruction sets together, so that they stay comparable. The last try counts. */
static void bench_try(const bench_case *c, bench_result *results)
{
    int tries, i, refused = 1;
    for (tries = 0; refused && tries < BENCH_TRIES; tries++) {
        bench_measure(c, results);
        for (i = refused = 0; i < bench_isa_count; i++) refused += results[i].refused;
    }
    bench_rows += bench_isa_count;
    bench_refused += refused;
}

/* ---- printing ---- */

static void bench_shape(const bench_case *c, char *text, size_t size)
{
    if (c->out) snprintf(text, size, "%lux%lux%lu", (unsigned long)c->m, (unsigned long)c->in, (unsigned long)c->out);
    else snprintf(text, size, "%lu", (unsigned long)c->m);
}

/* the fields that every row has; the caller adds the rest */
static void bench_json_row(const char *isa, const char *flags, const char *kernel, const char *shape, const char *unit,
                           const bench_result *r)
{
    fprintf(bench_json, "{\"cpu\":\"%s\",\"compiler\":\"%s\",\"isa\":\"%s\",\"flags\":\"%s\","
                        "\"kernel\":\"%s\",\"shape\":\"%s\",\"unit\":\"%s\","
                        "\"reps\":%d,\"spread\":%.4f,\"refused\":%d",
            bench_cpu, measure_compiler(), isa, flags, kernel, shape, unit, r->reps, r->spread, r->refused);
    if (!r->refused) fprintf(bench_json, ",\"median\":%.5g", r->value);
}

static void bench_print(const bench_case *c, const bench_result *r)
{
    const char *unit = c->out ? "GFLOP/s" : "ns";
    char shape[64];
    int i, j;
    bench_shape(c, shape, sizeof shape);
    if (bench_paste) fprintf(bench_paste, "%s %s %s:", c->kernel, shape, unit);
    for (i = 0; i < bench_isa_count; i++) {
        if (bench_json) bench_json_row(bench_isas[i].name, bench_isas[i].flags, c->kernel, shape, unit, &r[i]);
        if (bench_paste) fprintf(bench_paste, r[i].refused ? " %s -" : " %s %.3g", bench_isas[i].name, r[i].value);
        printf("%-21s %-14s %-10s ", c->kernel, shape, bench_isas[i].name);
        if (r[i].refused) printf("  refused: quartiles %.0f %% apart\n", 100 * r[i].spread);
        else {
            printf("%9.3f %-7s +- %4.1f %%", r[i].value, unit, 50 * r[i].spread);
            if (c->out) printf("  %5.2f of P %6.1f", r[i].share, r[i].peak); else printf("  %10.2f GB/s ", c->bytes / r[i].value);
            if (bench_json && c->out) fprintf(bench_json, ",\"p\":%.5g,\"share\":%.4f", r[i].peak, r[i].share);
            if (bench_json && !c->out) fprintf(bench_json, ",\"gbps\":%.4g", c->bytes / r[i].value);
            for (j = 0; j < 2; j++) {
                const double ratio = c->out ? r[i].value / r[j].value : r[j].value / r[i].value;
                if (r[j].refused) continue;
                printf("  %7.2f x %s", ratio, bench_isas[j].name);
                if (bench_json) fprintf(bench_json, ",\"x_%s\":%.4g", bench_isas[j].name, ratio);
            }
            printf("\n");
        }
        if (bench_json) fprintf(bench_json, "}\n");
    }
    if (bench_paste) fprintf(bench_paste, "\n");
    fflush(stdout);
}

/* ---- compile times: of the implementation, of the header part alone, and of an empty file, which is the compiler starting ---- */

/* command: names its output, an ordinary file. Never /dev/null: run as root, a compiler or assembler that removes its output
   first replaces the device by a file. */

static void bench_compile(const char *isa, const char *command)
{
    static const char *const what[][3] = { { "implementation", "", "-DMLP_IMPLEMENTATION -x c -c mlp.h" }, { "header part", "", "-x c -c mlp.h" },
                                           { "empty file", "echo | ", "-x c -c -" } };
    double seconds[BENCH_LEAST_REPS], peak[BENCH_LEAST_REPS] = { 0 }, share[BENCH_LEAST_REPS] = { 0 }, begin;
    char line[1024];
    int i, r;
    for (i = 0; i < 3; i++) {
        bench_result result;
        snprintf(line, sizeof line, "%s%s %s", what[i][1], command, what[i][2]);
        for (r = 0; r < BENCH_LEAST_REPS; r++) {
            begin = measure_now();
            if (system(line) != 0) { fprintf(stderr, "bench: failed: %s\n", line); exit(2); }
            seconds[r] = measure_now() - begin;
        }
        result = bench_sum_up(seconds, peak, share, r);
        bench_rows++;
        bench_refused += result.refused;
        printf("compile %-13s %-14s %-10s ", "", what[i][0], isa);
        if (result.refused) printf("  refused: quartiles %.0f %% apart\n", 100 * result.spread);
        else printf("%9.3f s       +- %4.1f %%\n", result.value, 50 * result.spread);
        if (bench_json) { bench_json_row(isa, command, "compile", what[i][0], "s", &result); fprintf(bench_json, "}\n"); }
        if (bench_paste && !result.refused) fprintf(bench_paste, "compile %s s: %s %.3g\n", what[i][0], isa, result.value);
    }
    fflush(stdout);
}

/* ---- the program ---- */

static struct {
    const char *results, *json, *paste, *compile[BENCH_ISAS][2];
    int compiles, name_only;
} bench_options;

static void bench_usage(void)
{
    fprintf(stderr, "usage: bench [--results DIR] [--json FILE] [--paste FILE] [--seconds S] [--reps N] [--compile ISA COMMAND]\n"
                    "             [--cpu NAME] [--name] [part of a kernel's name ...]\n");
    exit(2);
}

/* returns how many arguments are options */
static int bench_parse(int argc, char **argv)
{
    int i;
    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        const int left = argc - 1 - i;
        if (strcmp(argv[i], "--name") == 0) bench_options.name_only = 1;
        else if (left && strcmp(argv[i], "--results") == 0) bench_options.results = argv[++i];
        else if (left && strcmp(argv[i], "--json") == 0)    bench_options.json = argv[++i];
        else if (left && strcmp(argv[i], "--paste") == 0)   bench_options.paste = argv[++i];
        else if (left && strcmp(argv[i], "--cpu") == 0)     bench_cpu = argv[++i];
        else if (left && strcmp(argv[i], "--seconds") == 0) bench_seconds = atof(argv[++i]);
        else if (left && strcmp(argv[i], "--reps") == 0)    bench_reps = atoi(argv[++i]);
        else if (left > 1 && strcmp(argv[i], "--compile") == 0 && bench_options.compiles < BENCH_ISAS) {
            bench_options.compile[bench_options.compiles][0] = argv[++i];
            bench_options.compile[bench_options.compiles++][1] = argv[++i];
        } else bench_usage();
    }
    if (bench_reps < BENCH_LEAST_REPS || bench_reps > BENCH_MOST_REPS || !(bench_seconds > 0)) bench_usage();
    if (bench_emulated) bench_options.results = bench_options.json = bench_options.paste = NULL;
    if (bench_options.results && (i < argc || bench_options.json)) bench_usage();       /* a part of the kernels would replace all */
    return i;
}

static FILE *bench_open(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) { perror(path); exit(2); }
    return f;
}

static void bench_open_files(const char *unfinished)
{
    if (bench_emulated) printf("emulated: times mean nothing, and no results are written\n");
    if (bench_options.json) bench_json = bench_open(bench_options.json);
    if (bench_options.results) bench_json = bench_open(unfinished);
    if (bench_options.paste) bench_paste = bench_open(bench_options.paste);
}

/* results that are too noisy do not replace those that are there */
static int bench_close_files(const char *unfinished, const char *path, int noisy)
{
    if ((bench_json && fclose(bench_json)) || (bench_paste && fclose(bench_paste))) { perror("bench"); return 2; }
    if (bench_options.results && noisy) remove(unfinished);
    if (bench_options.results && !noisy) {
        if (rename(unfinished, path)) { perror(path); return 2; }
        printf("written: %s\n", path);
    }
    return noisy;
}

static void bench_make_arrays(void)
{
    const size_t n = BENCH_FLOATS + BENCH_SLACK;
    bench_x = measure_floats(n, 4);
    bench_w = measure_floats(n, 1);
    bench_y = measure_floats(n, 1);
    bench_out = measure_floats(n, 1);
    bench_m = measure_floats(n, 0);
    bench_v = measure_floats(n, 0);
}

static void bench_header(void)
{
    int i;
    printf("%s, %s%s\n", bench_cpu, measure_compiler(), bench_emulated ? ", EMULATED" : "");
    if (bench_paste) fprintf(bench_paste, "%s, %s\n", bench_cpu, measure_compiler());
    for (i = 0; i < bench_isa_count; i++) printf("%-10s %s\n", bench_isas[i].name, bench_isas[i].flags);
}

/* parts: of names of kernels, any of which is enough; none: all */
static int bench_wanted(const char *kernel, int count, char **parts)
{
    int i;
    for (i = 0; i < count; i++) if (strstr(kernel, parts[i])) return 1;
    return count == 0;
}

static void bench_all(int count, char **parts)
{
    bench_result row[BENCH_ISAS];
    int i;
    for (i = 0; i < bench_count; i++) {
        if (!bench_wanted(bench_cases[i].kernel, count, parts)) continue;
        bench_try(&bench_cases[i], row);
        bench_print(&bench_cases[i], row);
    }
    if (!bench_emulated && bench_wanted("compile", count, parts))
        for (i = 0; i < bench_options.compiles; i++) bench_compile(bench_options.compile[i][0], bench_options.compile[i][1]);
}

int main(int argc, char **argv)
{
    char both[512], name[256], path[1024], unfinished[1040];
    int first;
    bench_cpu = measure_cpu();
    bench_emulated = measure_emulated();
    first = bench_parse(argc, argv);
    snprintf(both, sizeof both, "%s %s", bench_cpu, measure_compiler());
    measure_file_name(both, name, sizeof name);
    if (bench_options.name_only) return puts(name) < 0;
    snprintf(path, sizeof path, "%s/%s.json", bench_options.results ? bench_options.results : ".", name);
    snprintf(unfinished, sizeof unfinished, "%s.part", path);
    bench_open_files(unfinished);
    bench_make_arrays();
    bench_find_isas();
    bench_make_cases();
    bench_header();
    bench_all(argc - first, argv + first);
    printf("%d rows, %d refused%s\n", bench_rows, bench_refused, bench_emulated ? ", EMULATED" : "");
    if (bench_rows == 0) bench_usage();
    return bench_close_files(unfinished, path, !bench_emulated && bench_refused > bench_rows / 10);
}
