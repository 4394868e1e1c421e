/* The recipe for tables on the fifteen of bench/tables.txt, as train_csv has it, for make tables: five folds (row i
   of a shuffle belongs to fold i mod 5), each with five nets that hold back a fifth of the other four for their best
   epoch. Writes bench/tables.md with the scores of bench/tables.py beside it. Usage: tables [--shuffles N] [--beside
   sklearn.csv] [--note tables.md] [names ...] */
#define _POSIX_C_SOURCE 200112L                 /* clock_gettime */
#define MLP_IMPLEMENTATION
#include "mlp.h"
#include "../examples/csv.h"
#include "../examples/table.h"
#include "../examples/ensemble.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FOLDS = 5, MEMBERS = 5, MOST_TABLES = 64, SHUFFLES = 3, MOST_METHODS = 5 };

static const char *const methods[MOST_METHODS] = { "mlp.h", "boosting", "forest", "linear", "sklearn MLP" };

/* Scores and seconds of a table: sums over the shuffles; count: how many there are of each method. */
typedef struct {
    char name[40], file[80], task[40], half[4];
    int target, count[MOST_METHODS];
    double score[MOST_METHODS][SHUFFLES], loss[MOST_METHODS][SHUFFLES], seconds[MOST_METHODS];
} entry;

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void give_up(const char *why)
{
    fprintf(stderr, "tables: %s\n", why);
    exit(1);
}

static void *room(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    if (!p) give_up("not enough memory");
    return p;
}

/* Fisher-Yates, as bench/tables.py has it. */
static void shuffle(size_t *order, size_t n, int seed)
{
    uint64_t state = (uint64_t)seed * 2 + 1;
    size_t i, j;
    for (i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        j = (size_t)(state >> 33) % (i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

typedef struct { size_t n, *rows; float *x, *y; int *labels; } part;

static part make_part(const csv *c, const size_t *order, int fold, int test)
{
    part p;
    size_t i;
    p.rows = (size_t *)room(c->rows, sizeof *p.rows);
    for (p.n = i = 0; i < c->rows; i++) if (((int)(i % FOLDS) == fold) == test) p.rows[p.n++] = order[i];
    p.x = p.y = NULL;
    p.labels = NULL;
    return p;
}

static void encode(part *p, const table *t, const csv *c)
{
    char error[TABLE_ERROR];
    size_t i;
    p->x = (float *)room(p->n * (size_t)t->inputs, sizeof *p->x);
    p->y = (float *)room(p->n, sizeof *p->y);
    p->labels = (int *)room(p->n, sizeof *p->labels);
    if (table_encode(t, c, NULL, p->rows, p->n, p->x, NULL, error)) give_up(error);
    for (i = 0; i < p->n; i++) {
        if (t->classes) table_class(t, c, p->rows[i], &p->labels[i]);
        else table_value(t, c, p->rows[i], &p->y[i]);
    }
}

static void free_part(part *p)
{
    free(p->rows);
    free(p->x);
    free(p->y);
    free(p->labels);
}

/* The outputs of five nets for the rows of one fold, into those of all rows. */
static mlp_result run_fold(const table *t, const part *train, const part *test, int fold, float *outputs)
{
    ensemble e;
    mlp_desc desc;
    mlp_fit_desc fit;
    mlp_data data;
    mlp_result r;
    const size_t k = t->classes ? (size_t)t->class_count : 1;
    float *y = (float *)room(test->n * k, sizeof *y);
    size_t i;
    memset(&e, 0, sizeof e);
    memset(&data, 0, sizeof data);
    data.rows = train->n;
    data.x = train->x;
    if (t->classes) data.labels = train->labels; else data.y = train->y;
    e.low = t->classes ? 0.0f : (float)t->low;
    e.high = t->classes ? 1.0f : (float)t->high;
    mlp_recipe_tabular(&desc, &fit, train->n, t->inputs, 1, t->class_count);
    desc.seed = (uint64_t)fold;
    r = ensemble_fit(&e, MEMBERS, &desc, &data, &fit);
    if (!r) r = ensemble_predict(&e, test->x, test->n, (size_t)t->inputs, y, NULL);
    for (i = 0; i < test->n && !r; i++) memcpy(outputs + test->rows[i] * k, y + i * k, k * sizeof *y);
    ensemble_free(&e);
    free(y);
    return r;
}

/* Accuracy and log loss, or R2 and the mean absolute error, over all rows. */
static void judge(const table *t, const csv *c, const float *outputs, double *score, double *loss)
{
    const int k = t->classes ? t->class_count : 1;
    double mean = 0, squares = 0, variance = 0, n = (double)c->rows;
    size_t i;
    int label = 0, best, j;
    float y = 0;
    *score = *loss = 0;
    for (i = 0; i < c->rows && !t->classes; i++) if (table_value(t, c, i, &y)) mean += (double)y / n;
    for (i = 0; i < c->rows; i++) {
        const float *a = outputs + i * (size_t)k;
        if (t->classes) {
            table_class(t, c, i, &label);
            for (best = 0, j = 1; j < k; j++) if (a[j] > a[best]) best = j;
            *score += (best == label) / n;
            *loss -= log(a[label] > 1e-15f ? (double)a[label] : 1e-15) / n;
        } else {
            table_value(t, c, i, &y);
            squares += ((double)a[0] - (double)y) * ((double)a[0] - (double)y);
            variance += ((double)y - mean) * ((double)y - mean);
            *loss += fabs((double)a[0] - (double)y) / n;
        }
    }
    if (!t->classes) *score = 1 - squares / variance;
}

static void run_shuffle(entry *e, table *t, const csv *c, int seed)
{
    size_t *order = (size_t *)room(c->rows, sizeof *order);
    float *outputs = (float *)room(c->rows * (t->classes ? (size_t)t->class_count : 1), sizeof *outputs);
    const double begin = cpu_seconds();
    char error[TABLE_ERROR];
    mlp_result r = MLP_OK;
    int fold;
    shuffle(order, c->rows, seed);
    for (fold = 0; fold < FOLDS && !r; fold++) {
        part train = make_part(c, order, fold, 0), test = make_part(c, order, fold, 1);
        if (table_learn(t, c, train.rows, train.n, error)) give_up(error);
        encode(&train, t, c);
        encode(&test, t, c);
        r = run_fold(t, &train, &test, fold, outputs);
        free_part(&train);
        free_part(&test);
    }
    if (r) give_up(mlp_result_string(r));
    judge(t, c, outputs, &e->score[0][seed], &e->loss[0][seed]);
    e->seconds[0] += cpu_seconds() - begin;
    e->count[0]++;
    printf("%s,%d,mlp.h,%.5f,%.5f,%.2f\n", e->name, seed, e->score[0][seed], e->loss[0][seed], cpu_seconds() - begin);
    fflush(stdout);
    free(order);
    free(outputs);
}

static void run_table(entry *e, int shuffles)
{
    char path[160], target[16], error[TABLE_ERROR];
    csv_options read;
    table_options plan;
    csv c;
    table t;
    int seed;
    memset(&read, 0, sizeof read);
    memset(&plan, 0, sizeof plan);
    snprintf(path, sizeof path, "bench/data/%s", e->file);
    snprintf(target, sizeof target, "%d", e->target);
    plan.target = target;
    plan.task = e->task;
    if (csv_read(&c, path, &read, error, sizeof error) || table_plan(&t, &c, &plan, error)) {
        give_up(error);
    }
    for (seed = 0; seed < shuffles; seed++) run_shuffle(e, &t, &c, seed);
    table_free(&t);
    csv_free(&c);
}

static int read_list(entry *list)
{
    char line[256];
    int n = 0;
    FILE *f = fopen("bench/tables.txt", "r");
    memset(list, 0, MOST_TABLES * sizeof *list);
    while (f && n < MOST_TABLES && fgets(line, sizeof line, f)) {
        entry *e = &list[n];
        n += line[0] != '#' && sscanf(line, "%39s %79s %d %39s %3s", e->name, e->file, &e->target, e->task,
            e->half) == 5;
    }
    if (f) fclose(f);
    return n;
}

/* Lines of bench/tables.py: table,shuffle,method,score,loss,seconds */
static void read_beside(const char *path, entry *list, int n)
{
    char line[256], name[40], method[40];
    double score, loss, seconds;
    int i, m, seed;
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%39[^,],%d,%39[^,],%lf,%lf,%lf", name, &seed, method, &score, &loss,
            &seconds) != 6) continue;
        for (i = 0; i < n && strcmp(name, list[i].name);) i++;
        for (m = 0; m < MOST_METHODS && strcmp(method, methods[m]);) m++;
        if (i == n || m == MOST_METHODS || seed < 0 || seed >= SHUFFLES || seed >= list[i].count[0]) continue;
        list[i].score[m][seed] = score;
        list[i].loss[m][seed] = loss;
        list[i].seconds[m] += seconds;
        list[i].count[m]++;
    }
    if (f) fclose(f);
}

static int complete(const entry *e)
{
    int m;
    for (m = 0; m < MOST_METHODS; m++) if (e->count[m] == 0 || e->count[m] != e->count[0]) return 0;
    return 1;
}

/* Place of a method among the five, 1 the best, equal ones share; mean over tables of one half ("": all) and
   shuffles. */
static double mean_rank(const entry *list, int n, int method, const char *half)
{
    double sum = 0, count = 0;
    int i, s, m;
    for (i = 0; i < n; i++) {
        if (!complete(&list[i]) || (*half && strcmp(half, list[i].half))) continue;
        for (s = 0; s < list[i].count[0]; s++, count++) {
            const double own = list[i].score[method][s];
            for (sum += 0.5, m = 0; m < MOST_METHODS; m++)       /* its equal, itself, is half a place */
                sum += list[i].score[m][s] > own ? 1 : list[i].score[m][s] < own ? 0 : 0.5;
        }
    }
    return count ? sum / count : 0;
}

static void note_table(FILE *f, const entry *e)
{
    int m, s;
    fprintf(f, "| %s (%s) |", e->name, e->half);
    for (m = 0; m < MOST_METHODS; m++) {
        double score = 0, loss = 0;
        for (s = 0; s < e->count[m]; s++) {
            score += e->score[m][s] / e->count[m];
            loss += e->loss[m][s] / e->count[m];
        }
        if (e->count[m]) fprintf(f, " %.3f / %.3g |", score, loss);
        else fprintf(f, " - |");
    }
    fprintf(f, "\n");
}

static void note_ranks(FILE *f, const entry *list, int n, const char *half, const char *name)
{
    int m;
    fprintf(f, "| mean rank, %s |", name);
    for (m = 0; m < MOST_METHODS; m++) fprintf(f, " %.2f |", mean_rank(list, n, m, half));
    fprintf(f, "\n");
}

/* What stands between the two marks is written anew. */
static void write_results(FILE *f, const entry *list, int n)
{
    int i, m;
    fprintf(f, "| table (half) | %s | %s | %s | %s | %s |\n|---|---:|---:|---:|---:|---:|\n", methods[0],
        methods[1], methods[2], methods[3], methods[4]);
    for (i = 0; i < n; i++) if (list[i].count[0]) note_table(f, &list[i]);
    note_ranks(f, list, n, "", "all");
    note_ranks(f, list, n, "A", "half A");
    note_ranks(f, list, n, "B", "half B");
    fprintf(f, "| seconds a shuffle |");
    for (m = 0; m < MOST_METHODS; m++) {
        double seconds = 0;
        for (i = 0; i < n; i++) if (list[i].count[m]) seconds += list[i].seconds[m] / list[i].count[m];
        fprintf(f, " %.0f |", seconds);
    }
    fprintf(f, "\n");
}

static int write_note(const char *path, const entry *list, int n)
{
    static const char begin[] = "<!-- results -->\n", end[] = "<!-- end of results -->";
    char *old = (char *)room(1 << 20, 1), *from, *to;
    FILE *f = fopen(path, "rb");
    if (f) { old[fread(old, 1, (1 << 20) - 1, f)] = 0; fclose(f); }
    from = strstr(old, begin);
    to = from ? strstr(from, end) : NULL;
    f = to ? fopen(path, "wb") : NULL;
    if (!f) { free(old); return fprintf(stderr,
        "tables: %s: no marks for the results, or it cannot be written\n", path), 1; }
    fwrite(old, 1, (size_t)(from - old) + sizeof begin - 1, f);
    write_results(f, list, n);
    fputs(to, f);
    free(old);
    return fclose(f) != 0;
}

int main(int argc, char **argv)
{
    static entry list[MOST_TABLES];
    const char *beside = NULL, *note = NULL;
    int n = read_list(list), shuffles = SHUFFLES, i, j, names = argc;
    for (i = 1; i + 1 < argc && !strncmp(argv[i], "--", 2); i += 2) {
        if (!strcmp(argv[i], "--shuffles")) shuffles = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--beside")) beside = argv[i + 1];
        else if (!strcmp(argv[i], "--note")) note = argv[i + 1];
    }
    names = i;
    if (n == 0 || shuffles < 1 || shuffles > SHUFFLES) return fprintf(stderr,
        "tables: bench/tables.txt, or 1 to %d shuffles\n", SHUFFLES), 1;
    for (i = 0; i < n; i++) {
        for (j = names; j < argc && strcmp(argv[j], list[i].name);) j++;
        if (names == argc || j < argc) run_table(&list[i], shuffles);
    }
    if (beside) read_beside(beside, list, n);
    write_results(stdout, list, n);
    return note ? write_note(note, list, n) : 0;
}
