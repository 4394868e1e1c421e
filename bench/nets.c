/* Whole nets through the API, where users are: the table that a net chooses beside each it could have, one row beside
   its share of a batch, small nets in training, optimizers beside plain SGD, memory. Behind "asked" stands what it
   should reach; figures in ns are those of an AMD EPYC of family 25 model 17.
     nets [--json FILE] [--seconds S] [--reps N] [--cpu NAME] [part of a group's name ...]
   With OpenMP (-fopenmp): threads beside one, in wall-clock time; whatever their number, the weights are the same bits.
   Ends with 0, whether reached or not; 2 for any failure. */
#define _POSIX_C_SOURCE 200112L
#include "run.h"
#ifdef _OPENMP
    #include <omp.h>
#endif

extern const work_version work_here;
extern const measure_peak peak_avx2, peak_avx512;

typedef enum { ASK_NOTHING, ASK_BEST, ASK_BATCH, ASK_SECOND, ASK_NS, ASK_SHARE, ASK_RATIO } ask_kind;
/* asked of the first way: at most `limit` times the best of the others (BEST), that of the second + 10 ns (BATCH), ns
   (NS); at least a share (SHARE) of P; of the others: at most `limit` times the first (RATIO) */
typedef struct { const char *form, *sizes; ask_kind ask; double limit; } net_row;

#ifndef _OPENMP
#define SMALL(net) { "predict", net ",1", ASK_BEST, 1.03 }, { "predict", net ",64", ASK_BEST, 1.03 }, \
    { "train", net ",32,adam,shuffled", ASK_BEST, 1.03 }
static const net_row tables[] = {
    SMALL("6-64-8-4"), SMALL("16-32-32-1"), SMALL("64-64-10"), SMALL("128-64-1"), SMALL("20-20-3"), SMALL("128-128-10"),
    { "train", "64-32-10,16", ASK_BEST, 1.03 }, { "train", "784-128-10,32", ASK_NOTHING, 0 }
};
static const net_row one_row[] = {
    { "predict", "6-64-8-4,1", ASK_BATCH, 1.5 }, { "predict", "16-32-32-1,1", ASK_BATCH, 1.5 },
    { "predict", "64-64-10,1", ASK_BATCH, 1.5 }, { "predict", "128-64-1,1", ASK_BATCH, 1.5 }
};
static const net_row small[] = {
    { "train", "4-32-16-4,10000,tanh,adam,full", ASK_NS, 60 }, { "train", "64-32-10,16", ASK_SHARE, 0.75 },
    { "train", "4-32-16-4,1,tanh", ASK_NS, 200 }, { "train", "64-32-10,1", ASK_NS, 300 },
    { "train", "784-128-10,32", ASK_NOTHING, 0 }, { "train", "784-512-512-10,128", ASK_NOTHING, 0 },
    { "train", "1024-1024-1024-1024,256", ASK_NOTHING, 0 }
};
static const net_row optimizers[] = {
    { "train", "784-128-10,32", ASK_RATIO, 1.25 }, { "train", "784-512-512-10,128", ASK_RATIO, 1.15 },
    { "train", "1024-1024-1024-1024,256", ASK_RATIO, 1.15 }
};
#else
static const net_row threads[] = {
    { "train", "64-32-10,16", ASK_NOTHING, 0 }, { "train", "784-128-10,32", ASK_NOTHING, 0 },
    { "train", "784-512-512-10,128", ASK_SECOND, 1 / 1.85 },
    { "train", "1024-1024-1024-1024,256", ASK_SECOND, 1 / 1.85 }
};
#endif

static int asked, reached;

/* prints what is asked of a row and whether it is reached */
static void judge(const net_row *row, const run_figure *f, const measure_figure *raw)
{
    double best = 0, value = f[0].value, limit = row->limit;
    int i, met = 1;
    char text[64] = "";
    for (i = 1; i < run_count; i++) if (f[i].value > 0 && (best == 0 || f[i].value < best)) best = f[i].value;
    switch (row->ask) {
    case ASK_NOTHING: return;
    case ASK_BEST:
        limit *= best;
        snprintf(text, sizeof text, "%.2f x the best", row->limit);
        break;
    case ASK_BATCH:
        limit = limit * f[1].value + 10;
        snprintf(text, sizeof text, "%.1f x its share of 64 + 10 ns", row->limit);
        break;
    case ASK_SECOND:
        value = raw[1].ratio;
        snprintf(text, sizeof text, "%.2f x as fast by two", 1 / limit);
        break;
    case ASK_NS: snprintf(text, sizeof text, "%.0f ns", limit); break;
    case ASK_SHARE:
        value = -f[0].share;
        limit = -limit;
        snprintf(text, sizeof text, "%.2f P", row->limit);
        break;
    case ASK_RATIO: snprintf(text, sizeof text, "%.2f x the first", limit); break;
    }
    if (row->ask == ASK_RATIO) {
        for (i = 1; i < run_count; i++)
            if (f[i].value > 0 && strcmp(run_ways[i].name, "clip") != 0 && raw[i].ratio > limit) met = 0;
    } else met = value <= limit;
    if (row->ask == ASK_BEST && best == 0) return;              /* only one table here */
    if (row->ask == ASK_NS && !strstr(run_cpu, "family 25 model 17")) {
        printf("%-58s asked of an AMD EPYC of family 25 model 17: %s\n", "", text);
        return;
    }
    printf("%-58s asked: %s: %s\n", "", text, met ? "reached" : "LESS");
    asked++;
    reached += met;
}

static void group(const char *name, const net_row *rows, size_t count)
{
    const measure_figure *raw;
    size_t r;
    int i;
    if (!run_wanted(name)) return;
    printf("%s\n", name);
    for (r = 0; r < count; r++) {
        const run_figure *f = run_measure(rows[r].form, rows[r].sizes, &raw);
        for (i = 0; i < run_count; i++) {
            if (!(f[i].value > 0)) continue;
            run_print_way(&run_cases[i], &run_ways[i], &f[i]);
            if (i && !run_ways[i].rows) printf("  %.3f [%.3f %.3f] of the time of %s", raw[i].ratio, raw[i].first,
                                               raw[i].third, run_ways[0].name);
            printf("\n");
        }
        judge(&rows[r], f, raw);
        run_end();
    }
}
#define GROUP(name, rows) group(name, rows, sizeof (rows) / sizeof *(rows))

/* bytes: of scratch for one row, of training for eight */
static void print_memory(void)
{
    static const struct { const char *sizes; size_t scratch, train; } nets[] = {
        { "2-8-1,1", 256, 4096 }, { "64-32-10,1", 0, 0 }, { "784-128-10,1", 0, 0 } };
    size_t i, scratch, train, unused;
    if (!run_wanted("memory")) return;
    printf("memory, bytes\n");
    for (i = 0; i < sizeof nets / sizeof *nets; i++) {
        work_case c;
        run_parse(&c, "train", nets[i].sizes);
        run_data(&c, 8);
        if (!work_here.prepare(&c)) run_fail("no net:", nets[i].sizes);
        work_here.memory(&c, &scratch, &unused);
        c.rows = 8;
        work_here.memory(&c, &unused, &train);
        printf("%-28s predicts one row in %lu, trains with batch 8 in %lu",
               c.sizes, (unsigned long)scratch, (unsigned long)train);
        if (nets[i].scratch) {
            const int met = scratch <= nets[i].scratch && train <= nets[i].train;
            printf("   asked: %lu and %lu: %s", (unsigned long)nets[i].scratch, (unsigned long)nets[i].train,
                   met ? "reached" : "LESS");
            asked++;
            reached += met;
        }
        printf("\n");
        run_write("{\"work\":\"memory\",\"shape\":\"%s\",\"unit\":\"bytes\",\"predict\":[%lu],\"train\":[%lu]}\n",
                  c.sizes, (unsigned long)scratch, (unsigned long)train);
        work_here.forget(&c);
        measure_forget();
        run_rows++;
    }
}

static const measure_peak *peak_of_default(void)
{
#if defined(__x86_64__)
    const char *name = work_here.name();
    return strcmp(name, "avx512") == 0 ? &peak_avx512 : strcmp(name, "avx2") == 0 ? &peak_avx2 : NULL;
#else
    return NULL;
#endif
}

/* each group has ways of its own; a name is unique in the file's first line */
static void ways_of_tables(void)
{
    static const char *const names[] = { "sse2", "avx2", "avx512", "neon" };
    const char *best = work_here.name();
    size_t i;
    run_count = 0;
    run_add("default", &work_here, NULL, peak_of_default());
    for (i = strcmp(best, "sse2") != 0; i < 4; i++)
        if (work_here.table(names[i])) run_add(names[i], &work_here, work_here.table(names[i]), NULL);
    if (run_count == 2) run_count = 1;          /* there is nothing to choose from */
}

static void ways_of_one_row(void)
{
    run_count = 0;
    run_add("one", &work_here, NULL, NULL);
    run_add("of64", &work_here, NULL, NULL)->rows = 64;
}

static void ways_of_optimizers(void)
{
    static const char *const words[][2] = {
        { "sgd", ",sgd," }, { "momentum", ",momentum," }, { "adam", ",adam," }, { "adamw", ",adamw," },
        { "clip", ",clip," } };
    size_t i;
    run_count = 0;
    for (i = 0; i < sizeof words / sizeof *words; i++)
        run_add(words[i][0], &work_here, NULL, NULL)->words = words[i][1];
}

#ifdef _OPENMP
static void ways_of_threads(void)
{
    const int all = omp_get_num_procs();
    run_count = 0;
    run_add("one thread", &work_here, NULL, NULL)->threads = 1;
    run_add("two", &work_here, NULL, NULL)->threads = 2;
    if (all > 2) run_add("all", &work_here, NULL, NULL)->threads = all;
    run_clock = measure_wall;
}
#endif

int main(int argc, char **argv)
{
    const char *flags = peak_of_default() ? peak_of_default()->flags : "";
#ifdef _OPENMP
    ways_of_threads();
    run_seconds = 0.02;
    run_options(argc, argv, "threads");
    printf("%s %s, %d processors\n", work_here.name(), flags, omp_get_num_procs());
    GROUP("threads", threads);
#else
    ways_of_tables();
    run_options(argc, argv, "nets");
    printf("default: %s %s\n", work_here.name(), flags);
    GROUP("tables", tables);
    ways_of_one_row();
    GROUP("one row", one_row);
    ways_of_tables();
    run_count = 1;
    GROUP("small nets", small);
    ways_of_optimizers();
    GROUP("optimizers", optimizers);
    print_memory();
#endif
    if (run_rows == 0) run_fail("no such group:", run_words[0]);
    if (asked) printf("%d of %d reached\n", reached, asked);
    return run_close();
}
