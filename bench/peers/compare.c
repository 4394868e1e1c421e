/* mlp.h against the libraries that people would use instead, on one core.
     compare DIR [options] [words]
   Every peer is a program of DIR (see peer.h) and a process of its own, so that libraries with the same symbols and
   environment variables do not meet. All of them prepare a case, the results are checked against double, then they take
   turns, one timed round each, with the rate of the machine measured before each turn of all. Words select cases: gemm,
   elementwise, batch1, train, and parts of their names and shapes. Options: --json FILE (lines as bench/run.h has them,
   for compared.awk: a file of results), --reps N, --seconds S (of a round), --check (results only), --all (print every
   peer). */
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

/* wants: the kernel's name has one of these words in it; if not, the program is started again with `env`, because some
   libraries do not know newer CPUs. width: of its vectors, in bits. kinds: of the work that it takes part in, NULL:
   all. */
typedef struct { const char *name, *program, *words, *wants, *env, *package; int width; const char *kinds; } known;
static const known knowns[] = {
    { "mlp-avx512", "mlp", "avx512", "avx512", NULL, "AVX-512", 512, NULL },
    { "mlp-avx2", "mlp", "avx2", "avx2", NULL, "AVX2", 256, NULL },
    { "openblas-skx", "openblas", NULL, "SkylakeX Cooperlake SapphireRapids", "OPENBLAS_CORETYPE=SkylakeX",
      "libopenblas-serial-dev", 512, "gemm batch1 train" },
    { "openblas-hsw", "openblas", NULL, "Haswell Zen", "OPENBLAS_CORETYPE=Haswell",
      "libopenblas-serial-dev", 256, "gemm batch1 train" },
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
    { "torch", "peer.py", "torch", "AVX512", "ATEN_CPU_CAPABILITY=avx512",
      "python3-torch", 512, "elementwise batch1 train" },
    { "torch-default", "peer.py", "torch", "PyTorch", NULL,             /* AVX2 beside a BLAS of 512 bits, on AMD */
      "python3-torch", 512, "elementwise batch1 train" },
    { "torch-avx2", "peer.py", "torch", "Haswell Zen",
      "ATEN_CPU_CAPABILITY=avx2 OPENBLAS_CORETYPE=Haswell DNNL_MAX_CPU_ISA=AVX2",
      "python3-torch", 256, "elementwise batch1 train" },
    { "sklearn", "peer.py", "sklearn", "scikit-learn", NULL, "python3-sklearn", 512, "train" },
    { "onnxruntime", "peer.mjs", NULL, "ONNX", NULL, "npm and node", 512, "batch1" }
};
enum { KNOWN = sizeof knowns / sizeof *knowns, MOST_REPS = 51, MOST_ENTRANTS = 48, MOST_SECONDS = 60,
       MOST_PARAMS = 2000000, GROUP_SECONDS = 6, FEW_REPS = 6 };

typedef struct { const known *k; pid_t pid; FILE *to, *from; char kernel[256]; int right; } running;
static running peers[KNOWN];
static int peer_count;
static int widest;                          /* bits of this CPU's vectors */
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

/* an interpreter that has the module: the first in PATH, or Debian's, which has Debian's packages */
static const char *python_with(const char *module)
{
    char line[128];
    snprintf(line, sizeof line, "python3 -c 'import %s' > /dev/null 2>&1", module);
    return system(line) == 0 ? "python3" : "/usr/bin/python3";
}

/* programs are in the build directory, scripts beside this file */
static void execute(const known *k)
{
    const struct sched_param normal = { 0 };
    char path[256];
    const char *words = k->words ? k->words : "", *dot = strrchr(k->program, '.');
    snprintf(path, sizeof path, "%s/%s", dot ? "bench/peers" : directory, k->program);
    /* an interpreter's threads wait for each other in loops, for ever at a real-time priority on one core */
    if (dot) sched_setscheduler(0, SCHED_OTHER, &normal);
    if (!dot) execl(path, path, data_path, result_path, words, (char *)NULL);
    else if (strcmp(dot, ".py") == 0)
        execlp(python_with(words), "python3", path, data_path, result_path, words, (char *)NULL);
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

/* whether it would start, and die of its first instruction */
static int is_too_wide(const known *k)
{
    const char *env = k->env ? k->env : "";
    return widest < 512 && (strstr(k->wants, "512") || strstr(env, "SkylakeX") || strstr(env, "TYPE=0"));
}

static void start_all(void)
{
    static const char *const unset[] = { "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "BLIS_ARCH_TYPE", "DNNL_MAX_CPU_ISA",
                                         "ATEN_CPU_CAPABILITY", "DNNL_VERBOSE" };
    static const char *const one[] = { "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS",
                                       "MKL_NUM_THREADS" };
    size_t i;
    for (i = 0; i < sizeof unset / sizeof *unset; i++) unsetenv(unset[i]);
    for (i = 0; i < sizeof one / sizeof *one; i++) setenv(one[i], "1", 1);
    for (i = 0; i < KNOWN; i++) {
        running *p = &peers[peer_count];
        const known *k = &knowns[i];
        if (!is_needed(k)) continue;
        if (is_too_wide(k)) {
            printf("%-13s skipped: this CPU has no AVX-512\n", k->name);
            continue;
        }
        start(p, k, NULL);
        if (p->kernel[0] && !has_wanted(k, p->kernel) && k->env) { stop(p); start(p, k, k->env); }
        if (p->kernel[0] && has_wanted(k, p->kernel)) {
            printf("%-13s %s\n", k->name, p->kernel);
            peer_count++;
        } else {
            if (p->kernel[0]) printf("%-13s skipped: runs other kernels, %s\n", k->name, p->kernel);
            else printf("%-13s skipped: does not run here, it needs %s\n", k->name, k->package);
            stop(p);
        }
        fflush(stdout);
    }
}

/* ---- a group: all peers' ways of doing the same work ---- */

/* a form of the work with its arguments of prepare; timing: other arguments for the timed rounds, when not empty. A
   value is work / seconds per call, or seconds / work in ns. */
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

static int checked, wrong;
static int option_reps = 9, option_check, option_all;
static double option_seconds;
static FILE *json;
static const char *cpu, *json_path;
static int selected(const char *kind, const char *name, const char *shape)
{
    char all[160];
    int i;
    snprintf(all, sizeof all, "%s %s %s", kind, name, shape);
    for (i = 0; i < word_count; i++) if (!strstr(all, words[i])) return 0;
    return 1;
}

static double group_value(const group *g, double work, double seconds)
{
    return strcmp(g->unit, "ns") == 0 ? seconds / work * 1e9 : work / seconds;
}

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
            printf("WRONG: %s %s, %s %s: error %.3g, allowed %.3g\n", g->name, g->shape, e->p->k->name, e->w->form,
                   e->error, g->tolerance);
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

/* ---- what is written: a line for each case ---- */

static int is_ours(const entrant *e) { return strncmp(e->p->k->name, "mlp", 3) == 0; }

/* the form behind the peer's name, but for what it is called after: a layer of a library, a function, a whole net */
static const char *form_of(const group *g, const entrant *e)
{
    if (strcmp(g->kind, "gemm") != 0 || strcmp(e->w->form, "forward") == 0) return "";
    return strncmp(e->w->form, "layer-", 6) == 0 ? "" : e->w->form;
}

/* whether another of the same peer in the same form is better: one of several ways to do it */
static int is_beaten(const group *g, const entrant *e)
{
    int i;
    for (i = 0; i < g->count; i++) {
        const entrant *other = &g->e[i];
        if (other->p != e->p || strcmp(form_of(g, other), form_of(g, e)) != 0) continue;
        if (group_ratio(g, other->median, e->median) > 1) return 1;
    }
    return 0;
}

static void write_group(const group *g)
{
    int i;
    if (!json) return;
    fprintf(json, "{\"work\":\"%s\",\"shape\":\"%s\",\"unit\":\"%s\"", g->name, g->shape, g->unit);
    for (i = 0; i < g->count; i++) {
        const entrant *e = &g->e[i];
        const char *form = form_of(g, e);
        if (is_beaten(g, e)) continue;
        fprintf(json, ",\"%s%s%s\":", e->p->k->name, form[0] ? " " : "", form);
        fprintf(json, is_ours(e) ? "[%.4g,%.1f" : "%.4g", e->median, 50 * e->spread);
        if (is_ours(e)) fprintf(json, e->share_median > 0 ? ",%.2f]" : "]", e->share_median);
    }
    fprintf(json, "}\n");
    fflush(json);
}

static void print_number(double x) { printf(x >= 1000 ? "%9.0f" : x >= 10 ? "%9.1f" : "%9.3f", x); }

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

static void run_group(group *g)
{
    int i;
    group_prepare(g, 0);
    group_check(g);
    for (i = 0; i < g->way_count; i++) reference_free(&g->ways[i].r);
    checked += g->count;
    if (option_check) { printf("%-9s %-16s %d results right\n", g->name, g->shape, g->count); return; }
    if (g->ways[0].timing[0]) group_prepare(g, 1);
    group_measure(g);
    write_group(g);
    for (i = 0; i < g->count; i++) {
        if (!is_ours(&g->e[i]) || form_of(g, &g->e[i])[0]) continue;
        printf("%-11s %-20s %-11s", g->name, g->shape, g->e[i].p->k->name);
        print_number(g->e[i].median);
        printf(" %s +-%4.1f%%\n", g->unit, 50 * g->e[i].spread);
    }
    print_all(g);
}

/* ---- the cases ---- */

static double fma_rate(int width)
{
    static long rounds[2] = { 1000, 1000 };
    long *r = &rounds[width == 512];
    for (;;) {
        const double begin = measure_wall(), work = (width == 512 ? &peak_avx512 : &peak_avx2)->run(*r);
        const double took = measure_wall() - begin;
        if (took >= 0.0005) return work / took * 1e-9;
        *r *= 2;
    }
}

static const size_t shapes[][3] = {             /* batch, in, out */
    { 1, 64, 64 }, { 1, 784, 256 }, { 1, 1024, 1024 }, { 16, 64, 32 }, { 32, 784, 128 }, { 64, 256, 256 },
    { 128, 784, 512 }, { 128, 512, 512 }, { 256, 1024, 1024 }, { 512, 2048, 2048 }, { 1024, 1024, 1024 },
    { 7, 13, 5 }, { 33, 65, 17 }, { 100, 300, 77 },
    { 64, 64, 64 }, { 128, 128, 128 }, { 256, 256, 256 }, { 512, 512, 512 }  /* squares: forward and its product only */
};
enum { SQUARES = 4 };

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
    static const char *const forms[3][3] = {
        { "forward", "nn", "fwd" }, { "layer-dx", "dx", NULL }, { "layer-dw", "dw", NULL } };
    static const char *const names[3] = { "forward", "dX", "dW" };
    static group g;
    char text[64];
    size_t i;
    int f, form;
    for (f = 0; f < 3; f++)
        for (i = 0; i < sizeof shapes / sizeof *shapes - (f > 0 ? SQUARES : 0); i++) {
            const size_t *s = shapes[i];
            const double billions = 2e-9 * (double)s[0] * (double)s[1] * (double)s[2];
            snprintf(text, sizeof text, "%lu,%lu,%lu", (unsigned long)s[0], (unsigned long)s[1], (unsigned long)s[2]);
            if (!begin_group(&g, "gemm", names[f], text)) continue;
            if (option_reps < FEW_REPS && s[0] * s[1] * s[2] > (size_t)1 << 29) {
                printf("%-11s %-16s left out: it takes seconds, and fewer than %d rounds are asked for\n",
                       names[f], text, FEW_REPS);
                continue;
            }
            snprintf(text, sizeof text, "%lu %lu %lu", (unsigned long)s[0], (unsigned long)s[1], (unsigned long)s[2]);
            for (form = 0; form < 3 && forms[f][form]; form++) {
                way *w = add_way(&g, forms[f][form], text, billions);
                reference_layer(&w->r, data, "yxw"[f], s[0], s[1], s[2]);
            }
            g.unit = "GFLOP/s";
            g.seconds = 0.003;
            g.ceiling = fma_rate;
            g.tolerance = 4e-7;                 /* one term of 2048 left out is 5e-4 */
            run_group(&g);
        }
}

static void compare_functions(void)
{
    static const char *const functions[] = {
        "relu", "hadamard", "exp", "sigmoid", "tanh", "gelu_erf", "gelu_tanh", "softmax1024", "softmax10" };
    static const struct { const char *name; size_t n; } sizes[] = {
        { "4Ki", 4096 }, { "64Ki", 65536 }, { "16Mi", 16777216 } };
    static group g;
    char text[32];
    size_t i, j;
    for (i = 0; i < sizeof functions / sizeof *functions; i++)
        for (j = 0; j < sizeof sizes / sizeof *sizes; j++) {
            if (!begin_group(&g, "elementwise", functions[i], sizes[j].name)) continue;
            snprintf(text, sizeof text, "%lu", (unsigned long)sizes[j].n);
            reference_function(&add_way(&g, functions[i], text, (double)sizes[j].n)->r, data, functions[i], sizes[j].n);
            g.unit = "ns";
            g.seconds = 0.003; g.tolerance = 1e-6;
            run_group(&g);
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

typedef struct { const char *name, *widths; size_t batch, rows; } net_case;

/* FANN has no relu and no cross-entropy: sigmoid with half the squared error, an update after each row */
static void compare_net(const net_case *n, int train)
{
    static const char *const acts[2] = { "relu", "sigmoid" };
    static group g;
    char list[64] = "", *word, text[64];
    int widths[16], layers = 0, i;
    if (!begin_group(&g, train ? "train" : "batch1", n->name, n->widths)) return;
    snprintf(text, sizeof text, "%s", n->widths);
    for (word = strtok(text, "-"); word; word = strtok(NULL, "-")) {
        snprintf(list + strlen(list), sizeof list - strlen(list), " %s", word);
        widths[layers++] = atoi(word);
    }
    layers--;
    for (i = 0; i < 2; i++) {
        /* FANN takes row after row at a tenth of the others' rate: fewer rows tell as much */
        const unsigned long batch = (unsigned long)(i ? 1 : n->batch);
        const unsigned long rows_timed = (unsigned long)n->rows / (i ? 16 : 1);
        const unsigned long steps = data_layer(widths, layers) > MOST_PARAMS ? 1 : 3;
        const unsigned long rows_checked = train ? steps * batch : 1;
        /* FANN takes the slope of a saturated unit, beyond 0.01 and 0.99, to be larger than it is */
        const double rate = i ? 0.05 : 0.5;
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
}

static const net_case inferences[] = {
    { "batch 1", "64-64-10", 1, 1 }, { "batch 1", "784-256-10", 1, 1 }, { "batch 1", "1024-1024-1024", 1, 1 }
};
static const net_case trainings[] = {
    { "A", "64-32-10", 16, 512 }, { "B", "784-128-10", 32, 512 }, { "C", "784-512-512-10", 128, 512 },
    { "D", "1024-1024-1024-1024", 256, 256 }
};

/* ---- the end ---- */

static int usage(void)
{
    fprintf(stderr, "usage: compare DIR [--json FILE] [--reps N] [--seconds S] [--check] [--all] [words]\n");
    return 2;
}

static int options(int argc, char **argv)
{
    int i;
    for (i = 2; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--check") == 0) option_check = 1;
        else if (strcmp(argv[i], "--all") == 0) option_all = 1;
        else if (i + 1 == argc) return 0;
        else if (strcmp(argv[i], "--json") == 0) json_path = argv[++i];
        else if (strcmp(argv[i], "--reps") == 0) option_reps = atoi(argv[++i]);
        else if (strcmp(argv[i], "--seconds") == 0) option_seconds = atof(argv[++i]);
        else return 0;
    }
    words = argv + i;
    word_count = argc - i;
    return option_reps >= 3 && option_reps <= MOST_REPS;
}

/* the first line: the machine and what each peer runs */
static void open_results(void)
{
    int i;
    json = fopen(json_path, "w");
    if (!json) { perror(json_path); exit(2); }
    fprintf(json, "{\"cpu\":\"%s\",\"compiler\":\"%s\",\"kind\":\"compare\",\"reps\":%d",
            cpu, measure_compiler(), option_reps);
    for (i = 0; i < peer_count; i++) fprintf(json, ",\"%s\":\"%s\"", peers[i].k->name, peers[i].kernel);
    fprintf(json, "}\n");
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
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        printf("compare: this CPU has no AVX2, nothing to compare\n");
        return 0;
    }
    widest = __builtin_cpu_supports("avx512f") ? 512 : 256;
    cpu = measure_cpu();
    signal(SIGPIPE, SIG_IGN);
    printf("%s, %s\n", cpu, measure_compiler());
    pin();
    make_data();
    start_all();
    if (json_path) open_results();
    compare_products();
    compare_functions();
    for (i = 0; i < (int)(sizeof inferences / sizeof *inferences); i++) compare_net(&inferences[i], 0);
    for (i = 0; i < (int)(sizeof trainings / sizeof *trainings); i++) compare_net(&trainings[i], 1);
    printf("%d results right, %d wrong\n", checked, wrong);
    for (i = 0; i < peer_count; i++) {
        stop(&peers[i]);
        if (option_check) printf("checked %s %d\n", peers[i].k->name, peers[i].right);
    }
    if (json && fclose(json)) { perror(json_path); return 2; }
    return wrong > 0 || checked == 0;
}
