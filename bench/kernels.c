/* Every kernel on every instruction set of this CPU, in one process: GFLOP/s with the share of the register-only rate P
   measured beside each repetition, ns an element, and how many times as fast as the scalar kernels built without and
   with the compiler's vectorizer.
     kernels [--json FILE] [--seconds S] [--reps N] [--cpu NAME] [form [sizes ...] ...]
     kernels softmax forward 32,784,128
     kernels --name KIND    prints the name of the results of this CPU and compiler
   Ends with 0; 2 for any failure. */
#define _POSIX_C_SOURCE 200112L
#include "run.h"

extern const work_version work_here;
extern const measure_peak peak_scalar, peak_vectorized;
const void *table_scalar(void), *table_vectorized(void);
#if defined(__x86_64__)
    extern const measure_peak peak_sse2, peak_avx2, peak_avx512;
    static const struct { const char *name; const measure_peak *peak; } known[] = {
        { "sse2", &peak_sse2 }, { "avx2", &peak_avx2 }, { "avx512", &peak_avx512 } };
#elif defined(__aarch64__)
    extern const measure_peak peak_neon;
    static const struct { const char *name; const measure_peak *peak; } known[] = { { "neon", &peak_neon } };
#else
    static const struct { const char *name; const measure_peak *peak; } known[] = { { "scalar", &peak_scalar } };
#endif

enum { MOST_ROWS = 200 };
static double peaks[MEASURE_WAYS][MOST_ROWS];
static int peak_rows;

/* P of the vectorized scalar kernels is that of the widest registers, since the compiler may use these */
static void find_ways(void)
{
    size_t i;
    run_way *vectorized;
    run_add("scalar", &work_here, table_scalar(), &peak_scalar);
    vectorized = run_add("vectorized", &work_here, table_vectorized(), &peak_vectorized);
    for (i = 0; i < sizeof known / sizeof *known; i++) {
        const void *table = work_here.table(known[i].name);
        if (!table || known[i].peak == &peak_scalar) continue;
        run_add(known[i].name, &work_here, table, known[i].peak);
        vectorized->peak = known[i].peak;
    }
}

static void each(const char *form, const char *sizes)
{
    const measure_figure *raw;
    const run_figure *f = run_measure(form, sizes, &raw);
    int i, j;
    for (i = 0; i < run_count; i++) {
        if (!(f[i].value > 0)) continue;
        run_print_way(&run_cases[i], &run_ways[i], &f[i]);
        for (j = 0; j < 2; j++)
            if (f[j].value > 0) printf("  %6.2f x %s", raw[j].seconds / raw[i].seconds, run_ways[j].name);
        printf("\n");
    }
    if (run_cases[0].kind == WORK_PRODUCT && peak_rows < MOST_ROWS) {
        for (i = 0; i < run_count; i++) peaks[i][peak_rows] = raw[i].peak * 1e-9;
        peak_rows++;
    }
    run_end();
}

static void write_peaks(void)
{
    work_case c;
    run_figure f[MEASURE_WAYS] = { { 0, 0, 0 } };
    int i;
    memset(&c, 0, sizeof c);
    c.kind = WORK_PRODUCT;
    snprintf(c.form, sizeof c.form, "P");
    for (i = 0; i < run_count && peak_rows >= MEASURE_LEAST_REPS; i++) {
        if (i == 1) continue;                   /* vectorized has none of its own */
        f[i].value = measure_median(peaks[i], peak_rows, &f[i].half_spread);
        f[i].half_spread *= 50;
    }
    run_write_case(&c, f);
}

static const char *const list[] = {
#define LAYERS(sizes) "forward", sizes, "dX", sizes, "dW", sizes, "nn", sizes
    LAYERS("1,64,64"), LAYERS("1,784,256"), LAYERS("1,1024,1024"), LAYERS("7,13,5"), LAYERS("16,64,32"),
    LAYERS("33,65,17"), LAYERS("100,300,77"), LAYERS("32,784,128"), LAYERS("64,256,256"), LAYERS("128,512,512"),
    LAYERS("128,784,512"), LAYERS("256,1024,1024"),
    "forward", "8,8,8", "forward", "16,16,16", "forward", "24,24,24", "forward", "32,32,32", "forward", "48,48,48",
    "forward", "64,64,64", "forward", "96,96,96", "forward", "128,128,128", "forward", "192,192,192",
    "forward", "256,256,256", "forward", "384,384,384", "forward", "512,512,512", "forward", "768,768,768",
#define LENGTHS(name) name, "256", name, "1024", name, "4096", name, "16384", name, "65536", name, "262144", \
    name, "1048576", name, "4194304"
    LENGTHS("relu"), LENGTHS("sigmoid"), LENGTHS("tanh"), LENGTHS("hadamard"),
#define BOTH(name) name, "16384", name "-backward", "16384"
    BOTH("gelu"), BOTH("gelu_tanh"), BOTH("silu"), BOTH("elu"), BOTH("softplus"), BOTH("mish"), BOTH("sin"),
    BOTH("gaussian"), "relu-backward", "16384", "sigmoid-backward", "16384", "tanh-backward", "16384",
    "softmax10", "16380", "softmax1000", "16000",
    "step", "127-128,32,sgd", "step", "127-128,32,momentum", "step", "127-128,32,adam",
    "predict", "64-64-10,1", "predict", "784-256-10,1", "predict", "784-128-10,256",
    "train", "64-32-10,16", "train", "784-128-10,32", "train", "784-512-512-10,128"
};

int main(int argc, char **argv)
{
    int i;
    find_ways();
    run_options(argc, argv, "kernels");
    for (i = 0; i < run_count; i++) printf("%-10s %s\n", run_ways[i].name, run_ways[i].flags);
    run_all(list, sizeof list / sizeof *list, each);
    write_peaks();
    return run_close();
}
