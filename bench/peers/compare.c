/* mlp.h against the libraries that people would use instead, on one core: compare DIR [options] [words]
   Every peer is a program of DIR (see peer.h) and a process of its own, so that libraries with the same symbols and environment
   variables do not meet. All of them prepare a case, the results are checked against double, then they take turns, one timed
   round each, with the rate of the machine measured before each turn of all. Words select cases: gemm, elementwise, batch1, train,
   and parts of their names and shapes. --results DIR (of the JSON lines and the table), --figures FILE, --reps N, --seconds S (of a
   round), --check (results only), --all (print every peer). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../measure.h"
#include "reference.h"

extern const measure_peak peak_avx512, peak_avx2;
double read_avx512(const float *, size_t), read_avx2(const float *, size_t);

/* ---- peers ---- */

/* wants: the kernel's name has one of these words in it; if not, the program is started again with `env`, because some libraries
   do not know newer CPUs. width: of its vectors, in bits.
   kinds: of the work that it takes part in, NULL: all. */
typedef struct { const char *name, *program, *words, *wants, *env, *package; int width; const char *kinds; } known;
static const known knowns[] = {
    { "mlp-avx512", "mlp", "avx512", "avx512", NULL, "AVX-512", 512, NULL },
    { "mlp-avx2", "mlp", "avx2", "avx2", NULL, "AVX2", 256, NULL },
    { "openblas-skx", "openblas", NULL, "SkylakeX Cooperlake SapphireRapids", "OPENBLAS_CORETYPE=SkylakeX", "libopenblas-serial-dev", 512, "gemm batch1 train" },
    { "openblas-hsw", "openblas", NULL, "Haswell Zen", "OPENBLAS_CORETYPE=Haswell", "libopenblas-serial-dev", 256, "gemm batch1 train" },
    { "blis-skx", "blis", NULL, "skx", "BLIS_ARCH_TYPE=0", "libblis-dev", 512, "gemm batch1 train" },
    { "blis-hsw", "blis", NULL, "haswell zen", "BLIS_ARCH_TYPE=3", "libblis-dev", 256, "gemm batch1 train" },
    { "eigen-512", "eigen-512", NULL, "AVX512", NULL, "libeigen3-dev", 512, "gemm batch1 train" },
    { "eigen-avx2", "eigen-avx2", NULL, "AVX", NULL, "libeigen3-dev", 256, "gemm batch1 train" },
    { "onednn", "onednn", NULL, "avx512", NULL, "libdnnl-dev", 512, NULL },
    { "onednn-avx2", "onednn", NULL, "avx2", "DNNL_MAX_CPU_ISA=AVX2", "libdnnl-dev", 256, NULL },
    { "libmvec-512", "libmvec-512", NULL, "512", NULL, "gcc", 512, "elementwise" },
    { "libmvec-avx2", "libmvec-avx2", NULL, "avx2", NULL, "gcc", 256, "elementwise" },
    { "sleef-512", "sleef-512", NULL, "512", NULL, "libsleef-dev", 512, "elementwise" },
    { "sleef-avx2", "sleef-avx2", NULL, "256", NULL, "libsleef-dev", 256, "elementwise" },
    { "fann", "fann", NULL, "FANN", NULL, "libfann-dev", 256, "batch1 train" },
    { "torch", "peer.py", "torch", "AVX512", "ATEN_CPU_CAPABILITY=avx512", "python3-torch", 512, "elementwise batch1 train" },
    { "torch-default", "peer.py", "torch", "PyTorch", NULL, "python3-torch", 512, "elementwise batch1 train" },     /* AVX2 beside a BLAS of 512 bits, on AMD */
    { "torch-avx2", "peer.py", "torch", "Haswell Zen", "ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell DNNL_MAX_CPU_ISA=AVX2", "python3-torch", 256, "elementwise batch1 train" },
    { "sklearn", "peer.py", "sklearn", "scikit-learn", NULL, "python3-sklearn", 512, "train" },
    { "onnxruntime", "peer.mjs", NULL, "ONNX", NULL, "npm and node", 512, "batch1" }
};
enum { KNOWN = sizeof knowns / sizeof *knowns, MOST_REPS = 51, MOST_ENTRANTS = 48, MOST_ROWS = 600, MOST_SECONDS = 60, MOST_PARAMS = 2000000, GROUP_SECONDS = 6, FEW_REPS = 6 };

typedef struct { const known *k; pid_t pid; FILE *to, *from; char kernel[256]; int right; } running;
static running peers[KNOWN];
static int peer_count;
static const char *directory;
static char data_path[256], result_path[256];
static float *data;
static char **words;                        /* of the command line: cases are those that have all of them */
static int word_count;

static int answer(running *p, char *line, size_t size)
{
    struct pollfd ready = { fileno(p->from), POLLIN, 0 };
    if (poll(&ready, 1, MOST_SECONDS * 1000) != 1 || !fgets(line, (int)size, p->from)) {
        if (p->pid > 0) kill(p->pid, SIGKILL);                      /* hangs, or is dead */
        return 0;
    }
    line[strcspn(line, "\n")] = 0;
    return 1;
}

/* programs are in the build directory, scripts beside this file; Debian's Python is the one with Debian's modules */
static void execute(const known *k)
{
    const struct sched_param normal = { 0 };
    char path[256];
    const char *words = k->words ? k->words : "", *dot = strrchr(k->program, '.');
    snprintf(path, sizeof path, "%s/%s", dot ? "bench/peers" : directory, k->program);
    /* an interpreter's threads wait for each other in loops, for ever at a real-time priority on one core */
    if (dot) sched_setscheduler(0, SCHED_OTHER, &normal);
    if (!dot) execl(path, path, data_path, result_path, words, (char *)NULL);
    else if (strcmp(dot, ".py") == 0) execl("/usr/bin/python3", "python3", path, data_path, result_path, words, (char *)NULL);
    else execlp("node", "node", path, data_path, result_path, directory, (char *)NULL);
    _exit(127);
}

/* NAME=VALUE words of the environment */
static void set_words(const char *env)
{
    char *all = strdup(env), *word;
    for (word = strtok(all, " "); word; word = strtok(NULL, " ")) putenv(word);
}

static void start(running *p, const known *k, const char *env)
{
    int down[2], up[2];
    memset(p, 0, sizeof *p);
    p->k = k;
    if (pipe(down) != 0 || pipe(up) != 0) { perror("pipe"); exit(2); }
    p->pid = fork();
    if (p->pid == 0) {
        dup2(down[0], 0); dup2(up[1], 1);
        close(down[0]); close(down[1]); close(up[0]); close(up[1]);
        if (env) set_words(env);
        execute(k);
    }
    close(down[0]); close(up[1]);
    fcntl(down[1], F_SETFD, FD_CLOEXEC); fcntl(up[0], F_SETFD, FD_CLOEXEC);
    p->to = fdopen(down[1], "w");
    p->from = fdopen(up[0], "r");
    if (!answer(p, p->kernel, sizeof p->kernel) || strncmp(p->kernel, "ready ", 6) != 0) p->kernel[0] = 0;
    else memmove(p->kernel, p->kernel + 6, strlen(p->kernel + 6) + 1);
}

static void stop(running *p)
{
    if (p->to) fclose(p->to);
    if (p->from) fclose(p->from);
    if (p->pid > 0) waitpid(p->pid, NULL, 0);
}

static int has_wanted(const known *k, const char *kernel)
{
    char words[128], *word;
    snprintf(words, sizeof words, "%s", k->wants);
    for (word = strtok(words, " "); word; word = strtok(NULL, " ")) if (strstr(kernel, word)) return 1;
    return 0;
}

/* whether a peer has anything to do in the selected cases */
static int is_needed(const known *k)
{
    static const char *const kinds[] = { "gemm", "elementwise", "batch1", "train" };
    size_t i;
    int j;
    for (i = 0; i < sizeof kinds / sizeof *kinds && k->kinds; i++)
        for (j = 0; j < word_count; j++) if (strcmp(words[j], kinds[i]) == 0 && !strstr(k->kinds, kinds[i])) return 0;
    return 1;
}

static void start_all(void)
{
    static const char *const unset[] = { "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "BLIS_ARCH_TYPE", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "DNNL_VERBOSE" };
    static const char *const one[] = { "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS" };
    size_t i;
    for (i = 0; i < sizeof unset / sizeof *unset; i++) unsetenv(unset[i]);
    for (i = 0; i < sizeof one / sizeof *one; i++) setenv(one[i], "1", 1);
    for (i = 0; i < KNOWN; i++) {
        running *p = &peers[peer_count];
        const known *k = &knowns[i];
        if (!is_needed(k)) continue;
        start(p, k, NULL);
        if (p->kernel[0] && !has_wanted(k, p->kernel) && k->env) { stop(p); start(p, k, k->env); }
        if (p->kernel[0] && has_wanted(k, p->kernel)) {
            printf("%-13s %s\n", k->name, p->kernel);
            peer_count++;
        } else {
            printf("%-13s skipped: %s%s\n", k->name, p->kernel[0] ? "runs other kernels, " : "does not run here, it needs ", p->kernel[0] ? p->kernel : k->package);
            stop(p);
        }
        fflush(stdout);
    }
}

/* ---- a group: all peers' ways of doing the same work ---- */

/* a form of the work with its arguments of prepare; timing: other arguments for the timed rounds, when not empty. A value is
   work / seconds per call, or seconds / work in ns. */
typedef struct { const char *form; char arguments[96], timing[96]; double work; reference r; } way;

typedef struct {
    running *p;
    const way *w;
    char how[96];
    int slot, rounds, slow;
    double error, value[MOST_REPS], share[MOST_REPS], median, spread, share_median;
} entrant;

typedef struct {
    char kind[16], name[48], shape[64];     /* gemm forward 16,64,32 */
    way ways[3];
    int way_count;
    const char *unit;                       /* "ns": less is better */
    double seconds, tolerance;              /* of a timed round; of the error */
    double (*ceiling)(int width);           /* the best value that the machine allows; NULL: unknown */
    entrant e[MOST_ENTRANTS];
    int count;
} group;

/* what is asked of ours: a share of the ceiling, a ratio to the best of those called `who`, a value; 0: nothing. forms: of the
   work in which a rival counts, NULL: any for a layer of ours, all else only its own */
typedef struct { const char *who; double share, ratio, value; const char *forms; } asked;

/* one of ours against the best of its rivals */
typedef struct {
    char kind[16], name[48], shape[64], ours[24], rival[40], unit[12];
    double value, spread, share, rival_value, ratio, ratio_spread;
    asked a;
} row;
static row rows[MOST_ROWS];
static int row_count, checked, wrong, crippled, figures_seen;
static int option_reps = 9, option_check, option_all;
static double option_seconds;
static FILE *json, *markdown;
static const char *cpu, *figures_path, *results_path;
static int widest;                          /* bits of this CPU's vectors */
static int selected(const char *kind, const char *name, const char *shape)
{
    char all[160];
    int i;
    snprintf(all, sizeof all, "%s %s %s", kind, name, shape);
    for (i = 0; i < word_count; i++) if (!strstr(all, words[i])) return 0;
    return 1;
}

static double group_value(const group *g, double work, double seconds) { return strcmp(g->unit, "ns") == 0 ? seconds / work * 1e9 : work / seconds; }
/* how many times as fast a is as b */
static double group_ratio(const group *g, double a, double b) { return strcmp(g->unit, "ns") == 0 ? b / a : a / b; }

static void ask(running *p, char *line, size_t size)
{
    fflush(p->to);
    if (!answer(p, line, size)) { fprintf(stderr, "compare: %s died or does not answer\n", p->k->name); exit(2); }
}

/* all peers in all ways; with again: only what is there already, with the arguments for timing */
static void group_prepare(group *g, int again)
{
    entrant before[MOST_ENTRANTS];
    const int count = again ? g->count : 0;
    char line[256];
    int i, f, j;
    memcpy(before, g->e, sizeof before);
    g->count = 0;
    for (i = 0; i < peer_count; i++) {
        int slot = 0;
        fprintf(peers[i].to, "forget\n");
        ask(&peers[i], line, sizeof line);
        for (f = 0; f < g->way_count; f++) {
            entrant *e = &g->e[g->count];
            for (j = 0; j < count && !(before[j].p == &peers[i] && before[j].w == &g->ways[f]); j++) { }
            if (again && j == count) continue;
            fprintf(peers[i].to, "prepare %s %s\n", g->ways[f].form, again ? g->ways[f].timing : g->ways[f].arguments);
            ask(&peers[i], line, sizeof line);
            if (strncmp(line, "ok", 2) != 0) continue;
            memset(e, 0, sizeof *e);
            e->p = &peers[i];
            e->w = &g->ways[f];
            e->slot = slot++;
            e->error = again ? before[j].error : HUGE_VAL;
            snprintf(e->how, sizeof e->how, "%.90s", line[2] ? line + 3 : "");
            if (++g->count == MOST_ENTRANTS) { fprintf(stderr, "compare: too many entrants\n"); exit(2); }
        }
    }
}

/* drops the entrants whose results are wrong */
static void group_check(group *g)
{
    char line[64];
    int i, kept = 0;
    for (i = 0; i < g->count; i++) {
        entrant *e = &g->e[i];
        const reference *r = &e->w->r;
        float *x = (float *)reference_memory(r->n);
        FILE *f;
        fprintf(e->p->to, "result %d\n", e->slot);
        ask(e->p, line, sizeof line);
        f = fopen(result_path, "rb");
        if (f && (size_t)atol(line) == r->n && fread(x, sizeof *x, r->n, f) == r->n) e->error = reference_error(r, x);
        if (f) fclose(f);
        if (!(e->error <= g->tolerance)) {
            printf("WRONG: %s %s, %s %s: error %.3g, allowed %.3g\n", g->name, g->shape, e->p->k->name, e->w->form, e->error, g->tolerance);
            wrong++;
        } else { e->p->right++; g->e[kept++] = *e; }
        free(x);
    }
    g->count = kept;
}

static void group_measure(group *g)
{
    const double seconds = option_seconds > 0 ? option_seconds : g->seconds;
    char line[64];
    const double start_of_all = measure_wall();
    double unused;
    int r, i, width, rounds = option_reps;
    for (r = -1; r < rounds; r++) {                             /* one round to warm up */
        double ceiling[512 / 128 + 1] = { 0 };
        for (width = 256; width <= widest && g->ceiling; width *= 2) ceiling[width / 128] = g->ceiling(width);
        for (i = 0; i < g->count; i++) {
            entrant *e = &g->e[i];
            const double begin = measure_wall(), limit = ceiling[e->p->k->width / 128];
            if (e->slow && e->rounds >= 3) continue;
            fprintf(e->p->to, "run %d %g\n", e->slot, seconds);
            ask(e->p, line, sizeof line);
            e->slow = measure_wall() - begin > 0.7;              /* three rounds of these will do */
            if (r < 0) continue;
            e->value[e->rounds] = group_value(g, e->w->work, atof(line));
            e->share[e->rounds] = limit > 0 ? group_ratio(g, e->value[e->rounds], limit) : 0;
            e->rounds++;
        }
        if (r < 0) {                                            /* large work: fewer rounds, but at least 4 */
            const double took = measure_wall() - start_of_all;
            if (took * rounds > GROUP_SECONDS) rounds = took * 4 < GROUP_SECONDS ? (int)(GROUP_SECONDS / took) : 4;
        }
    }
    for (i = 0; i < g->count; i++) {
        double v[MOST_REPS], s[MOST_REPS];
        memcpy(v, g->e[i].value, sizeof v);
        memcpy(s, g->e[i].share, sizeof s);
        g->e[i].median = measure_median(v, g->e[i].rounds, &g->e[i].spread);
        g->e[i].share_median = measure_median(s, g->e[i].rounds, &unused);
    }
}

/* ---- rows: one of ours against the best of its rivals ---- */

static int is_ours(const entrant *e) { return strncmp(e->p->k->name, "mlp", 3) == 0; }

/* whether one of the words begins the name; no words: every name */
static int is_called(const char *name, const char *given)
{
    char all[128], *word;
    if (!given) return 1;
    snprintf(all, sizeof all, "%s", given);
    for (word = strtok(all, " "); word; word = strtok(NULL, " ")) if (strncmp(name, word, strlen(word)) == 0) return 1;
    return 0;
}

/* a layer of ours, whose weights lie in panels, has rivals in every form of its product, whatever layout they want */
static const entrant *best_rival(const group *g, const entrant *ours, const asked *a)
{
    const int layer = strcmp(ours->w->form, "forward") == 0 || strncmp(ours->w->form, "layer-", 6) == 0;
    const char *forms = a->forms ? a->forms : layer ? NULL : ours->w->form;
    const entrant *best = NULL;
    int i;
    for (i = 0; i < g->count; i++) {
        const entrant *e = &g->e[i];
        if (is_ours(e) || e->p->k->width > ours->p->k->width || !is_called(e->w->form, forms) || !is_called(e->p->k->name, a->who)) continue;
        if (!best || group_ratio(g, e->median, best->median) > 1) best = e;
    }
    return best;
}

static void print_number(double x) { printf(x >= 1000 ? "%9.0f" : x >= 10 ? "%9.1f" : "%9.3f", x); }

static void compare_with(const group *g, const entrant *ours, asked a)
{
    const entrant *rival = best_rival(g, ours, &a);
    row *w = &rows[row_count];
    double ratio[MOST_REPS];
    int r, n;
    if (!rival || row_count == MOST_ROWS) return;
    row_count++;
    n = ours->rounds < rival->rounds ? ours->rounds : rival->rounds;
    for (r = 0; r < n; r++) ratio[r] = group_ratio(g, ours->value[r], rival->value[r]);
    snprintf(w->kind, sizeof w->kind, "%s", g->kind);
    snprintf(w->name, sizeof w->name, "%s", g->name);
    snprintf(w->shape, sizeof w->shape, "%s", g->shape);
    snprintf(w->ours, sizeof w->ours, "%s%s%.12s", ours->p->k->name + 4, ours->w == g->ways ? "" : " gemm ", ours->w == g->ways ? "" : ours->w->form);
    snprintf(w->rival, sizeof w->rival, "%.20s %.18s", rival->p->k->name, rival->w == g->ways ? "" : rival->w->form);
    snprintf(w->unit, sizeof w->unit, "%s", g->unit);
    w->value = ours->median; w->spread = ours->spread; w->share = ours->share_median; w->rival_value = rival->median;
    w->ratio = measure_median(ratio, n, &w->ratio_spread);
    w->a = a;
    printf("%-11s %-16s %-15s", w->name, w->shape, w->ours);
    print_number(w->value);
    printf(" +-%4.1f%%  ", 50 * w->spread);
    if (w->share > 0) printf("%4.2f", w->share); else printf("    ");
    printf("  %-26s", w->rival);
    print_number(w->rival_value);
    printf("  %6.2fx +-%4.1f%%\n", w->ratio, 50 * w->ratio_spread);
}

static void write_json(const group *g)
{
    int i;
    for (i = 0; i < g->count && json; i++) {
        const entrant *e = &g->e[i];
        fprintf(json, "{\"cpu\":\"%s\",\"compiler\":\"%s\",\"peer\":\"%s\",\"runs\":\"%s\",\"kind\":\"%s\",\"name\":\"%s\",\"form\":\"%s\",\"how\":\"%s\",\"shape\":\"%s\",\"unit\":\"%s\","
                      "\"median\":%.6g,\"spread\":%.4f,\"reps\":%d,\"share\":%.4f,\"error\":%.3g}\n", cpu, measure_compiler(), e->p->k->name, e->p->kernel, g->kind, g->name,
                e->w->form, e->how, g->shape, g->unit, e->median, e->spread, e->rounds, e->share_median, e->error);
    }
}

static void print_all(const group *g)
{
    int i;
    for (i = 0; i < g->count && option_all; i++) {
        const entrant *e = &g->e[i];
        printf("    %-13s %-9s", e->p->k->name, e->w->form);
        print_number(e->median);
        printf(" %s +-%4.1f%%  ", g->unit, 50 * e->spread);
        if (e->share_median > 0) printf("%4.2f", e->share_median); else printf("    ");
        printf("  error %.1e  %s\n", e->error, e->how);
    }
    fflush(stdout);
}

/* ---- figures of the machine that the peers were studied on: on such a CPU none may be more than 15 % below ---- */

static int figures_apply(void)
{
    char line[4096];
    int family = 0, model = 0, intel = 0, amx = 0;
    FILE *f = fopen("/proc/cpuinfo", "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "cpu family : %d", &family) == 1 || sscanf(line, "model : %d", &model) == 1) continue;
        if (strstr(line, "GenuineIntel")) intel = 1;
        if (strncmp(line, "flags", 5) == 0 && strstr(line, "amx_tile")) amx = 1;
    }
    if (f) fclose(f);
    return intel && amx && family == 6 && (model == 143 || model == 173 || model == 174 || model == 207);     /* Sapphire, Granite, Emerald Rapids */
}

/* the file has blocks: a line "form NAMES...", then lines "shape NUMBERS..."; 0: there is none */
static double figure_of(const char *form, const char *shape, const char *name)
{
    char line[1024], *word, at_form[24] = "";
    int column = -1, i;
    double value = 0;
    FILE *f = figures_path ? fopen(figures_path, "r") : NULL;
    while (f && fgets(line, sizeof line, f)) {
        if (line[0] == '#' || !(word = strtok(line, " \t\n"))) continue;
        if (strcmp(word, "form") == 0) {
            snprintf(at_form, sizeof at_form, "%s", strtok(NULL, " \t\n"));
            for (i = 0, column = -1; (word = strtok(NULL, " \t\n")) != NULL; i++) if (strcmp(word, name) == 0) column = i;
        } else if (column >= 0 && strcmp(at_form, form) == 0 && strcmp(word, shape) == 0)
            for (i = 0; (word = strtok(NULL, " \t\n")) != NULL; i++) if (i == column) value = atof(word);
    }
    if (f) fclose(f);
    return value;
}

static void check_figures(const group *g)
{
    int i;
    for (i = 0; i < g->count; i++) {
        const entrant *e = &g->e[i];
        const double figure = figure_of(e->w->form, g->shape, e->p->k->name), share = figure > 0 ? group_ratio(g, e->median, figure) : 1;
        figures_seen += figure > 0;
        if (share >= 0.85) continue;
        printf("BELOW ITS FIGURE: %s %s %s: %.4g, %.0f %% of %.4g\n", e->p->k->name, e->w->form, g->shape, e->median, 100 * share, figure);
        crippled++;
    }
}

static void run_group(group *g)
{
    static int apply = -1;
    int i;
    group_prepare(g, 0);
    group_check(g);
    for (i = 0; i < g->way_count; i++) reference_free(&g->ways[i].r);
    checked += g->count;
    if (option_check) { printf("%-9s %-16s %d results right\n", g->name, g->shape, g->count); return; }
    if (g->ways[0].timing[0]) group_prepare(g, 1);
    group_measure(g);
    if (apply < 0) apply = figures_apply();
    if (apply) check_figures(g);
    write_json(g);
}

static void report_group(const group *g, const asked *asks, int n, int width, const char *form)
{
    int i, j;
    for (i = 0; i < g->count && !option_check; i++)
        for (j = 0; j < n; j++)
            if (is_ours(&g->e[i]) && g->e[i].p->k->width == width && strcmp(g->e[i].w->form, form) == 0) compare_with(g, &g->e[i], asks[j]);
}

/* ---- the cases ---- */

static double fma_rate(int width)
{
    static long rounds[2] = { 1000, 1000 };
    long *r = &rounds[width == 512];
    for (;;) {
        const double begin = measure_wall(), work = (width == 512 ? &peak_avx512 : &peak_avx2)->run(*r), took = measure_wall() - begin;
        if (took >= 0.0005) return work / took * 1e-9;
        *r *= 2;
    }
}

static const size_t shapes[][3] = {             /* batch, in, out */
    { 1, 64, 64 }, { 1, 784, 256 }, { 1, 1024, 1024 }, { 16, 64, 32 }, { 32, 784, 128 }, { 64, 256, 256 }, { 128, 784, 512 },
    { 128, 512, 512 }, { 256, 1024, 1024 }, { 512, 2048, 2048 }, { 1024, 1024, 1024 }, { 7, 13, 5 }, { 33, 65, 17 }, { 100, 300, 77 }
};

/* a share of P, and no peer ahead: forward and dX 0.90 P in L2 from batch 32 and 128 wide, dW 0.80 at batch 32 and 0.90 from 128,
   0.85 beyond L2; AVX2 0.92 */
static asked asked_of_layer(const size_t *s, int width, int weights)
{
    const long l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);
    asked a = { NULL, 0, 1, 0, NULL };
    if (s[0] < 32 || s[1] < 128 || s[2] < 128) a.share = 0;
    else if (width == 256) a.share = 0.92;
    else if (l2 > 0 && s[1] * s[2] * sizeof(float) > (size_t)l2) a.share = 0.85;
    else if (weights) a.share = s[0] >= 128 ? 0.90 : s[0] == 32 ? 0.80 : 0;
    else a.share = 0.90;
    return a;
}

/* small and odd shapes: a ratio to what peers make of weights kept as [out][in], the frameworks' order, by sgemm or by a layer of
   their own */
static asked asked_of_odd(const size_t *s)
{
    static const struct { size_t shape[3]; double ratio; } odd[] = {
        { { 16, 64, 32 }, 1.8 }, { { 7, 13, 5 }, 2.5 }, { { 33, 65, 17 }, 1.4 }, { { 100, 300, 77 }, 1.15 }
    };
    asked a = { NULL, 0, 0, 0, "fwd forward" };
    size_t i;
    for (i = 0; i < sizeof odd / sizeof *odd; i++) if (memcmp(odd[i].shape, s, sizeof odd[i].shape) == 0) a.ratio = odd[i].ratio;
    return a;
}

/* empties g for a case; 0 when it is not selected */
static int begin_group(group *g, const char *kind, const char *name, const char *shape)
{
    memset(g, 0, sizeof *g);
    snprintf(g->kind, sizeof g->kind, "%s", kind);
    snprintf(g->name, sizeof g->name, "%s", name);
    snprintf(g->shape, sizeof g->shape, "%s", shape);
    return selected(kind, name, shape);
}

static way *add_way(group *g, const char *form, const char *arguments, double work)
{
    way *w = &g->ways[g->way_count++];
    w->form = form;
    w->work = work;
    snprintf(w->arguments, sizeof w->arguments, "%s", arguments);
    return w;
}

static void compare_products(void)
{
    static const char *const forms[3][3] = { { "forward", "nn", "fwd" }, { "layer-dx", "dx", NULL }, { "layer-dw", "dw", NULL } };
    static const char *const names[3] = { "forward", "dX", "dW" };
    static group g;
    const asked even = { NULL, 0, 1, 0, NULL };
    char text[64];
    size_t i;
    int f, form, width;
    for (f = 0; f < 3; f++)
        for (i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            const size_t *s = shapes[i];
            snprintf(text, sizeof text, "%lu,%lu,%lu", (unsigned long)s[0], (unsigned long)s[1], (unsigned long)s[2]);
            if (!begin_group(&g, "gemm", names[f], text)) continue;
            if (option_reps < FEW_REPS && s[0] * s[1] * s[2] > (size_t)1 << 29) {
                printf("%-11s %-16s left out: it takes seconds, and fewer than %d rounds are asked for\n", names[f], text, FEW_REPS);
                continue;
            }
            snprintf(text, sizeof text, "%lu %lu %lu", (unsigned long)s[0], (unsigned long)s[1], (unsigned long)s[2]);
            for (form = 0; form < 3 && forms[f][form]; form++)
                reference_layer(&add_way(&g, forms[f][form], text, 2e-9 * (double)s[0] * (double)s[1] * (double)s[2])->r, data, "yxw"[f], s[0], s[1], s[2]);
            g.unit = "GFLOP/s";
            g.seconds = 0.003; g.ceiling = fma_rate;
            g.tolerance = 4e-7;                 /* one term of 2048 left out is 5e-4 */
            run_group(&g);
            for (width = 512; width >= 256; width /= 2) {
                const asked layer[2] = { asked_of_layer(s, width, f == 2), asked_of_odd(s) };
                report_group(&g, layer, f == 0 && width == 512 && layer[1].ratio > 0 ? 2 : 1, width, forms[f][0]);
                for (form = 1; form < 3 && forms[f][form]; form++) report_group(&g, &even, 1, width, forms[f][form]);
            }
            print_all(&g);
        }
}

static void compare_functions(void)
{
    /* of_512, of_256: times as fast as libmvec with such vectors, and ns, all asked in L2 */
    static const struct { const char *name; double of_512, of_256, ns; } functions[] = {
        { "relu", 0, 0, 0 }, { "hadamard", 0, 0, 0 }, { "exp", 1 / 0.75, 1 / 1.2, 0 }, { "sigmoid", 1 / 1.1, 1 / 1.2, 0 },
        { "tanh", 1 / 1.2, 1 / 1.2, 0 }, { "gelu_erf", 0, 0, 0 }, { "gelu_tanh", 0, 0, 0 }, { "softmax1024", 0, 0, 0 }, { "softmax10", 0, 0, 0.5 }
    };
    static const struct { const char *name; size_t n; } sizes[] = { { "4Ki", 4096 }, { "64Ki", 65536 }, { "16Mi", 16777216 } };
    static group g;
    char text[32];
    size_t i, j;
    int width;
    for (i = 0; i < sizeof functions / sizeof *functions; i++)
        for (j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            if (!begin_group(&g, "elementwise", functions[i].name, sizes[j].name)) continue;
            snprintf(text, sizeof text, "%lu", (unsigned long)sizes[j].n);
            reference_function(&add_way(&g, functions[i].name, text, (double)sizes[j].n)->r, data, functions[i].name, sizes[j].n);
            g.unit = "ns";
            g.seconds = 0.003; g.tolerance = 1e-6;
            run_group(&g);
            for (width = 512; width >= 256; width /= 2) {
                const double ratio = j != 1 ? 0 : width == 512 ? functions[i].of_512 : functions[i].of_256;
                const asked a[2] = { { NULL, 0, 0, j == 1 && width == 512 ? functions[i].ns : 0, NULL }, { "libmvec", 0, ratio, 0, NULL } };
                report_group(&g, a, ratio > 0 ? 2 : 1, width, functions[i].name);
            }
            print_all(&g);
        }
}

/* nets: the time to read the weights once, at the bandwidth measured over that many bytes */
static size_t read_floats;
static double read_rate(int width)
{
    static volatile double keep;
    double took = 0;
    long n = 1, i;
    for (; took < 0.001; n *= 2) {
        const double begin = measure_wall();
        for (i = 0; i < n; i++) keep = (width == 512 ? read_avx512 : read_avx2)(data, read_floats);
        took = measure_wall() - begin;
    }
    (void)keep;
    return took / (double)(n / 2) * 1e9;
}

typedef struct { const char *name, *widths; size_t batch, rows; asked asks[5]; } net_case;

/* FANN has no relu and no cross-entropy: sigmoid with half the squared error, an update after each row */
static void compare_net(const net_case *n, int train)
{
    static const char *const acts[2] = { "relu", "sigmoid" };
    static group g;
    char list[64] = "", *word, text[64];
    int widths[16], layers = 0, i, width;
    if (!begin_group(&g, train ? "train" : "batch1", n->name, n->widths)) return;
    snprintf(text, sizeof text, "%s", n->widths);
    for (word = strtok(text, "-"); word; word = strtok(NULL, "-")) {
        snprintf(list + strlen(list), sizeof list - strlen(list), " %s", word);
        widths[layers++] = atoi(word);
    }
    layers--;
    for (i = 0; i < 2; i++) {
        /* FANN takes row after row at a tenth of the others' rate: fewer rows tell as much */
        const unsigned long batch = (unsigned long)(i ? 1 : n->batch), rows_timed = (unsigned long)n->rows / (i ? 16 : 1);
        const unsigned long steps = data_layer(widths, layers) > MOST_PARAMS ? 1 : 3, rows_checked = train ? steps * batch : 1;
        const double rate = i ? 0.05 : 0.5;     /* FANN takes the slope of a saturated unit, beyond 0.01 and 0.99, to be larger than it is */
        way *w = add_way(&g, train ? "train" : "infer", "", train ? (double)rows_timed : 1);
        if (train) {
            snprintf(w->arguments, sizeof w->arguments, "%s %g %lu %lu%s", acts[i], rate, batch, rows_checked, list);
            snprintf(w->timing, sizeof w->timing, "%s 0.01 %lu %lu%s", acts[i], batch, rows_timed, list);
        } else snprintf(w->arguments, sizeof w->arguments, "%s%s", acts[i], list);
        reference_net(&w->r, data, widths, layers, i, train ? rate : 0, batch, rows_checked);
    }
    g.unit = train ? "rows/s" : "ns";
    g.seconds = train ? 0.03 : 0.003; g.tolerance = 3e-6;
    read_floats = data_layer(widths, layers);
    g.ceiling = train ? NULL : read_rate;
    run_group(&g);
    for (width = 512; width >= 256; width /= 2)
        for (i = 0; i < 5 && (i == 0 || n->asks[i].who); i++) {
            asked a = n->asks[i];
            if (width == 256) a.value = 0;              /* more than to be even with the best is asked of 512 bits */
            if (width == 256 && a.ratio > 1) a.ratio = i == 0;
            report_group(&g, &a, 1, width, g.ways[0].form);
        }
    print_all(&g);
}

#define LOOPS "openblas onednn eigen blis"
static const net_case inferences[] = {
    { "batch 1", "64-64-10", 1, 1, { { NULL, 0, 1, 100, NULL }, { "eigen", 0, 1.79, 0, NULL }, { "onnx", 0, 0, 0, NULL } } },
    { "batch 1", "784-256-10", 1, 1, { { NULL, 0.9, 1, 0, NULL }, { "onnx", 0, 0, 0, NULL } } },
    { "batch 1", "1024-1024-1024", 1, 1, { { NULL, 0.9, 0, 0, NULL }, { "onnx", 0, 0, 0, NULL } } }
};
static const net_case trainings[] = {
    { "A", "64-32-10", 16, 512, { { LOOPS, 0, 1.8, 0, NULL }, { "torch", 0, 30, 0, NULL }, { "fann", 0, 25, 0, NULL }, { "sklearn", 0, 0, 0, NULL } } },
    { "B", "784-128-10", 32, 512, { { LOOPS, 0, 1.2, 0, NULL }, { "torch", 0, 2.8, 0, NULL }, { "fann", 0, 25, 0, NULL }, { "sklearn", 0, 0, 0, NULL } } },
    { "C", "784-512-512-10", 128, 512, { { LOOPS, 0, 1.08, 0, NULL }, { "torch", 0, 1.5, 0, NULL }, { "fann", 0, 25, 0, NULL }, { "sklearn", 0, 0, 0, NULL } } },
    { "D", "1024-1024-1024-1024", 256, 256, { { LOOPS, 0, 1.05, 0, NULL }, { "torch", 0, 1.3, 0, NULL }, { "fann", 0, 25, 0, NULL }, { "sklearn", 0, 0, 0, NULL } } }
};

/* ---- the end ---- */

/* Even with the best rival: what is less than EVEN apart is no difference. Other ratios count as they are. */
#define EVEN 0.03
static int reached(const row *w)
{
    const int lower = strcmp(w->unit, "ns") == 0;
    return (w->a.share == 0 || w->share >= w->a.share) && (w->a.ratio == 0 || w->ratio >= w->a.ratio - (w->a.ratio == 1 ? EVEN : 0)) &&
           (w->a.value == 0 || (lower ? w->value <= w->a.value : w->value >= w->a.value));
}

static void print_asked(const row *w, char *text, size_t size)
{
    text[0] = 0;
    if (w->a.share > 0) snprintf(text, size, "%.2f of the limit ", w->a.share);
    if (w->a.ratio == 1) snprintf(text + strlen(text), size - strlen(text), "even ");
    else if (w->a.ratio > 0) snprintf(text + strlen(text), size - strlen(text), "%.2f x ", w->a.ratio);
    if (w->a.value > 0) snprintf(text + strlen(text), size - strlen(text), "%.3g %s", w->a.value, w->unit);
}

/* everything that is asked, with what was reached */
static void summary(void)
{
    char text[64], share[32];
    int i, met = 0, all = 0;
    printf("\nasked and reached:\n");
    for (i = 0; i < row_count; i++) {
        const row *w = &rows[i];
        print_asked(w, text, sizeof text);
        if (!text[0]) continue;
        share[0] = 0;
        if (w->share > 0) snprintf(share, sizeof share, "%.2f of the limit, ", w->share);
        all++;
        met += reached(w);
        printf("%s %-9s %-20s %-15s asked %-26s reached %s%.2f x +- %.1f %% of %s, %.4g %s\n", reached(w) ? "    " : "LESS", w->name, w->shape, w->ours,
               text, share, w->ratio, 50 * w->ratio_spread, w->rival, w->value, w->unit);
    }
    printf("%d of %d reached\n", met, all);
}

/* the same as a document: who took part, then all rows; asked: empty where nothing is */
static void write_markdown(void)
{
    char text[64], share[16];
    int i;
    if (!markdown) return;
    fprintf(markdown, "%s, %s, one core, medians of %d rounds in turns. Ratio: how many times as fast as the best rival with vectors no wider, +- half the "
                      "distance of its quartiles. Share: of the register-only FMA rate (gemm) or of the time to read the weights once (batch 1).\n\n", cpu, measure_compiler(), option_reps);
    for (i = 0; i < peer_count; i++) fprintf(markdown, "- %s: %s\n", peers[i].k->name, peers[i].kernel);
    fprintf(markdown, "\n| work | shape | mlp.h | median | share | best rival | its median | ratio | asked | reached |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (i = 0; i < row_count; i++) {
        const row *w = &rows[i];
        print_asked(w, text, sizeof text);
        share[0] = 0;
        if (w->share > 0) snprintf(share, sizeof share, "%.2f", w->share);
        fprintf(markdown, w->value >= 1000 ? "| %s | %s | %s | %.0f %s | %s |" : "| %s | %s | %s | %.4g %s | %s |", w->name, w->shape, w->ours, w->value, w->unit, share);
        fprintf(markdown, w->rival_value >= 1000 ? " %s | %.0f |" : " %s | %.4g |", w->rival, w->rival_value);
        fprintf(markdown, " %.2f +- %.1f %% | %s | %s |\n", w->ratio, 50 * w->ratio_spread, text, text[0] ? reached(w) ? "yes" : "no" : "");
    }
}

static int usage(void) { fprintf(stderr, "usage: compare DIR [--results DIR] [--figures F] [--reps N] [--seconds S] [--check] [--all] [words]\n"); return 2; }

static int options(int argc, char **argv)
{
    int i;
    for (i = 2; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--check") == 0) option_check = 1;
        else if (strcmp(argv[i], "--all") == 0) option_all = 1;
        else if (i + 1 == argc) return 0;
        else if (strcmp(argv[i], "--results") == 0) results_path = argv[++i];
        else if (strcmp(argv[i], "--figures") == 0) figures_path = argv[++i];
        else if (strcmp(argv[i], "--reps") == 0) option_reps = atoi(argv[++i]);
        else if (strcmp(argv[i], "--seconds") == 0) option_seconds = atof(argv[++i]);
        else return 0;
    }
    words = argv + i;
    word_count = argc - i;
    return option_reps >= 3 && option_reps <= MOST_REPS;
}

/* one file of JSON lines for each CPU and compiler, and the table of the last run */
static void open_results(void)
{
    char text[512], name[256], path[1024];
    snprintf(text, sizeof text, "%s-%s", cpu, measure_compiler());
    measure_file_name(text, name, sizeof name);
    snprintf(path, sizeof path, "%s/%s-compare.json", results_path, name);
    json = fopen(path, "w");
    snprintf(path, sizeof path, "%s/compare.md", results_path);
    markdown = fopen(path, "w");
    if (!json || !markdown) { perror(path); exit(2); }
}

/* one core: the last of those allowed */
static void pin(void)
{
    cpu_set_t set;
    int i, last = -1;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return;
    for (i = 0; i < CPU_SETSIZE; i++) if (CPU_ISSET(i, &set)) last = i;
    CPU_ZERO(&set);
    CPU_SET(last, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) perror("pin");
    printf("core %d\n", last);
}

static void make_data(void)
{
    FILE *f;
    snprintf(data_path, sizeof data_path, "%s/data", directory);
    snprintf(result_path, sizeof result_path, "%s/result", directory);
    data = measure_floats(DATA_FLOATS, 1);
    f = fopen(data_path, "wb");
    if (!f || fwrite(data, sizeof *data, DATA_FLOATS, f) != DATA_FLOATS || fclose(f)) { perror(data_path); exit(2); }
}

int main(int argc, char **argv)
{
    int i;
    if (argc < 2 || !options(argc, argv)) return usage();
    directory = argv[1];
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) { printf("compare: this CPU has no AVX2, nothing to compare\n"); return 0; }
    widest = __builtin_cpu_supports("avx512f") ? 512 : 256;
    cpu = measure_cpu();
    if (results_path) open_results();
    signal(SIGPIPE, SIG_IGN);
    printf("%s, %s\n", cpu, measure_compiler());
    pin();
    make_data();
    start_all();
    if (!figures_apply()) printf("the peers' published figures are of another CPU model: not checked against them\n");
    compare_products();
    compare_functions();
    for (i = 0; i < (int)(sizeof inferences / sizeof *inferences); i++) compare_net(&inferences[i], 0);
    for (i = 0; i < (int)(sizeof trainings / sizeof *trainings); i++) compare_net(&trainings[i], 1);
    if (!option_check) { summary(); write_markdown(); }
    if (figures_apply()) printf("%d figures of this CPU model compared, %d peers more than 15 %% below\n", figures_seen, crippled);
    printf("%d results right, %d wrong\n", checked, wrong);
    for (i = 0; i < peer_count; i++) {
        stop(&peers[i]);
        if (option_check) printf("checked %s %d\n", peers[i].k->name, peers[i].right);
    }
    if (json) fclose(json);
    if (markdown) fclose(markdown);
    return wrong > 0 || crippled > 0 || checked == 0;
}
