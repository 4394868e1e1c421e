/* Training with one, two and all threads of this machine, which take turns within each repetition: time of a step and the ratio to one
   thread's. Whatever their number, the weights must be the same bits afterwards.
   threads [--json FILE] [--cpu NAME] [--seconds S] [--reps N]
   Ends with 0; 1 when a ratio's quartiles are still more than 10 % apart after five tries (the row is refused: no number); 2 for any
   other failure, weights that differ among them. */
#define _POSIX_C_SOURCE 200112L
#define MLP_IMPLEMENTATION
#include "../mlp.h"
#include "measure.h"

enum { THREADS_COUNTS = 3, THREADS_MOST_REPS = 101, THREADS_LEAST_REPS = 4, THREADS_TRIES = 5, THREADS_ROWS = 1024 };

typedef struct { const char *name; int widths[5], batch; size_t rows; } threads_case;
static const threads_case threads_cases[] = {
    { "64-32-10", { 64, 32, 10 }, 16, 1024 },
    { "784-128-10", { 784, 128, 10 }, 32, 1024 },
    { "784-512-512-10", { 784, 512, 512, 10 }, 128, 512 },
    { "1024-1024-1024-1024", { 1024, 1024, 1024, 1024 }, 256, 256 }
};

static double threads_seconds = 0.05;
static int threads_reps = 11, threads_counts[THREADS_COUNTS] = { 1, 2 }, threads_count_of_counts = 2, threads_refused;
static const char *threads_cpu;
static FILE *threads_json;
static float *threads_x;
static int threads_labels[THREADS_ROWS];

static void threads_must(mlp_result r)
{
    if (r) { fprintf(stderr, "threads: %s\n", mlp_result_string(r)); exit(2); }
}

static mlp *threads_net(const threads_case *c)
{
    mlp_desc d = { .inputs = c->widths[0], .loss = MLP_LOSS_CROSS_ENTROPY };
    mlp *net;
    int l;
    for (l = 0; c->widths[l + 1]; l++) d.layers[l].units = c->widths[l + 1];
    threads_must(mlp_create(&net, &d));
    return net;
}

/* seconds of a step */
static double threads_train(const threads_case *c, mlp *net, int threads, int epochs)
{
    const mlp_data data = { .rows = c->rows, .x = threads_x, .labels = threads_labels };
    const mlp_fit_desc fit = { .epochs = epochs, .batch = c->batch, .threads = threads, .order = MLP_ORDER_SEQUENTIAL,
                               .opt = { .kind = MLP_OPT_SGD, .rate = 1e-4f } };
    const double begin = measure_wall();
    threads_must(mlp_fit(net, &data, &fit));
    return (measure_wall() - begin) / epochs / (double)(c->rows / (size_t)c->batch);
}

typedef struct { double seconds, ratio, spread; } threads_result;

/* threads_reps turns of all counts; one net each, trained equally long */
static void threads_measure(const threads_case *c, threads_result *results)
{
    static double seconds[THREADS_COUNTS][THREADS_MOST_REPS], ratio[THREADS_COUNTS][THREADS_MOST_REPS];
    mlp *nets[THREADS_COUNTS];
    size_t n = 0;
    double unused;
    int i, r, epochs = 1;
    for (i = 0; i < threads_count_of_counts; i++) {
        const double step = threads_train(c, nets[i] = threads_net(c), threads_counts[i], 1);
        if (i == 0) epochs = (int)(threads_seconds / step / (double)(c->rows / (size_t)c->batch)) + 1;
    }
    for (r = 0; r < threads_reps; r++)
        for (i = 0; i < threads_count_of_counts; i++) {
            seconds[i][r] = threads_train(c, nets[i], threads_counts[i], epochs);
            ratio[i][r] = i ? seconds[0][r] / seconds[i][r] : seconds[i][r];
        }
    for (i = 0; i < threads_count_of_counts; i++) {
        const float *first = mlp_params(nets[0], &n);
        if (memcmp(first, mlp_params(nets[i], NULL), n * sizeof(float)) != 0) {
            fprintf(stderr, "threads: %s: other weights with %d threads than with one\n", c->name, threads_counts[i]);
            exit(2);
        }
        results[i].seconds = measure_median(seconds[i], threads_reps, &unused);
        results[i].ratio = measure_median(ratio[i], threads_reps, &results[i].spread);
    }
    for (i = 0; i < threads_count_of_counts; i++) mlp_destroy(nets[i]);
}

static void threads_print(const threads_case *c, int threads, const threads_result *r)
{
    const int one = threads == 1, refused = !(r->spread <= 0.10);
    printf("%-20s batch %3d  %d thread%s ", c->name, c->batch, threads, one ? " " : "s");
    if (refused) printf("  refused: quartiles %.0f %% apart\n", 100 * r->spread);
    else printf("%10.2f us a step  %5.2f x one  +- %4.1f %%\n", r->seconds * 1e6, one ? 1 : r->ratio, 50 * r->spread);
    fflush(stdout);
    threads_refused += refused;
    if (!threads_json) return;
    fprintf(threads_json, "{\"cpu\":\"%s\",\"compiler\":\"%s\",\"isa\":\"%s\",\"flags\":\"%s\",\"kernel\":\"train %s\",\"shape\":\"%d\","
                          "\"unit\":\"us\",\"reps\":%d,\"spread\":%.4f,\"refused\":%d,\"threads\":%d",
            threads_cpu, measure_compiler(), mlp_simd_name(), FLAGS, c->name, c->batch, threads_reps, r->spread, refused, threads);
    if (!refused) fprintf(threads_json, ",\"median\":%.5g,\"x_one_thread\":%.4g", r->seconds * 1e6, one ? 1 : r->ratio);
    fprintf(threads_json, "}\n");
}

static void threads_parse(int argc, char **argv)
{
    int i;
    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--json") == 0) {
            threads_json = fopen(argv[i + 1], "w");
            if (!threads_json) { perror(argv[i + 1]); exit(2); }
        } else if (strcmp(argv[i], "--cpu") == 0) threads_cpu = argv[i + 1];
        else if (strcmp(argv[i], "--seconds") == 0) threads_seconds = atof(argv[i + 1]);
        else if (strcmp(argv[i], "--reps") == 0) threads_reps = atoi(argv[i + 1]);
        else break;
    }
    if (i < argc || threads_reps < THREADS_LEAST_REPS || threads_reps > THREADS_MOST_REPS || !(threads_seconds > 0)) {
        fprintf(stderr, "usage: threads [--json FILE] [--cpu NAME] [--seconds S] [--reps N]\n");
        exit(2);
    }
}

int main(int argc, char **argv)
{
    const int all = omp_get_num_procs();
    threads_result results[THREADS_COUNTS];
    size_t c;
    int i, noisy, tries;
    threads_cpu = measure_cpu();
    threads_parse(argc, argv);
    if (all > 2) threads_counts[threads_count_of_counts++] = all;
    threads_x = measure_floats((size_t)THREADS_ROWS * 1024, 1);
    for (i = 0; i < THREADS_ROWS; i++) threads_labels[i] = i % 10;
    printf("%s, %s, %s, %d processors\n", threads_cpu, measure_compiler(), mlp_simd_name(), all);
    for (c = 0; c < sizeof threads_cases / sizeof *threads_cases; c++) {
        for (tries = 0, noisy = 1; noisy && tries < THREADS_TRIES; tries++) {
            threads_measure(&threads_cases[c], results);
            for (i = noisy = 0; i < threads_count_of_counts; i++) noisy |= !(results[i].spread <= 0.10);
        }
        for (i = 0; i < threads_count_of_counts; i++) threads_print(&threads_cases[c], threads_counts[i], &results[i]);
    }
    if (threads_json && fclose(threads_json)) { perror("threads"); return 2; }
    return threads_refused > 0;
}
