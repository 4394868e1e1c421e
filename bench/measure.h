/* Measuring, for the programs of bench/: time, medians and quartiles, memory, what machine this is. POSIX. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* floating-point operations per call of run(rounds), a fused multiply-add counts two; flags: what
   this build was compiled with */
typedef struct { const char *flags; double (*run)(long rounds); } measure_peak;

static double measure_clock(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
/* of the clock on the wall; of this thread alone, so that other programs matter less */
static double measure_wall(void) { return measure_clock(CLOCK_MONOTONIC); }
static double measure_thread(void) { return measure_clock(CLOCK_THREAD_CPUTIME_ID); }

static int measure_order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* sorts v; spread: (third quartile - first) / median; n >= 4 */
static double measure_median(double *v, int n, double *spread)
{
    qsort(v, (size_t)n, sizeof *v, measure_order);
    *spread = (v[3 * n / 4] - v[n / 4]) / v[n / 2];
    return v[n / 2];
}

/* ---- the one measuring loop ---- */

/* A way of doing some work. peak: the register-only rate to measure before each of its turns; NULL: none. */
typedef struct { void (*run)(const void *data); const void *data; const measure_peak *peak; } measure_way;

/* Medians over the repetitions. spread: distance of the quartiles of seconds / median. ratio: of its time to
   that of way 0 in the same turn, with quartiles. peak: operations per second; per_peak: 1 / (seconds peak), so
   that work x per_peak is a share. */
typedef struct { double seconds, spread, ratio, first, third, peak, per_peak; int reps; } measure_figure;

enum { MEASURE_WAYS = 8, MEASURE_LEAST_REPS = 4, MEASURE_MOST_REPS = 101, MEASURE_TRIES = 5 };
#define MEASURE_STEADY 0.10                     /* a larger spread is measured again */

static double measure_calls(const measure_way *w, long calls, double (*now)(void))
{
    const double begin = now();
    long i;
    for (i = 0; i < calls; i++) w->run(w->data);
    return now() - begin;
}

/* how many calls take about `seconds`; warms up on the way */
static long measure_how_many(const measure_way *w, double seconds, double (*now)(void))
{
    long calls = 1;
    for (;;) {
        const double took = measure_calls(w, calls, now);
        if (took >= seconds / 2) return (long)((double)calls * seconds / took) + 1;
        calls *= 2;
    }
}

/* operations per second, over about `seconds` */
static double measure_rate(const measure_peak *p, double seconds, double (*now)(void))
{
    static long rounds = 1000;
    for (;;) {
        const double begin = now(), work = p->run(rounds), took = now() - begin;
        if (took >= seconds) {
            if (took > 4 * seconds && rounds > 1) rounds /= 2;
            return work / took;
        }
        rounds *= 2;
    }
}

/* All ways take turns, beginning with another one each time. One whose calls take long stops after 100
   times the time of a repetition. */
static void measure_once(const measure_way *ways, int n, double (*now)(void), double seconds, int reps,
                         measure_figure *figures)
{
    static double took[MEASURE_WAYS][MEASURE_MOST_REPS], ratio[MEASURE_MOST_REPS];
    static double peak[MEASURE_WAYS][MEASURE_MOST_REPS], share[MEASURE_WAYS][MEASURE_MOST_REPS];
    double spent[MEASURE_WAYS] = { 0 }, unused;
    long calls[MEASURE_WAYS];
    int done[MEASURE_WAYS] = { 0 }, r, i, j;
    for (i = 0; i < n; i++) calls[i] = measure_how_many(&ways[i], seconds, now);
    for (r = 0; r < reps; r++)
        for (j = 0; j < n; j++) {
            const int at = done[i = (r + j) % n];
            double all;
            if (at >= MEASURE_LEAST_REPS && spent[i] > 100 * seconds) continue;
            peak[i][at] = ways[i].peak ? measure_rate(ways[i].peak, seconds / 8, now) : 1;
            spent[i] += all = measure_calls(&ways[i], calls[i], now);
            took[i][at] = all / (double)calls[i];
            share[i][at] = 1 / (took[i][at] * peak[i][at]);
            done[i]++;
        }
    for (i = n - 1; i >= 0; i--) {              /* the first last: its times are sorted then */
        measure_figure *f = &figures[i];
        f->reps = done[i];
        for (r = 0; r < done[i] && r < done[0]; r++) ratio[r] = took[i][r] / took[0][r];
        f->ratio = measure_median(ratio, r, &unused);
        f->first = ratio[r / 4];
        f->third = ratio[3 * r / 4];
        f->seconds = measure_median(took[i], done[i], &f->spread);
        f->peak = measure_median(peak[i], done[i], &unused);
        f->per_peak = measure_median(share[i], done[i], &unused);
    }
}

/* Measures again, all ways together so that they stay comparable, while one of them is disturbed; the calmest try
   counts. Returns the largest spread. */
static double measure_turns(const measure_way *ways, int n, double (*now)(void), double seconds, int reps,
                            measure_figure *figures)
{
    measure_figure try_figures[MEASURE_WAYS];
    double least = 0;
    int tries, i;
    for (tries = 0; tries < MEASURE_TRIES; tries++) {
        double worst = 0;
        measure_once(ways, n, now, seconds, reps, try_figures);
        for (i = 0; i < n; i++) if (!(try_figures[i].spread <= worst)) worst = try_figures[i].spread;
        if (tries == 0 || worst < least) {
            memcpy(figures, try_figures, sizeof *figures * (size_t)n);
            least = worst;
        }
        if (least <= MEASURE_STEADY) break;
    }
    return least;
}

/* ---- data and the machine ---- */

enum { MEASURE_ARRAYS = 64 };
static void *measure_memory[MEASURE_ARRAYS];
static int measure_arrays;

static void measure_forget(void) { while (measure_arrays) free(measure_memory[--measure_arrays]); }

/* n floats uniform in [-range, range) by SplitMix64 (the low bits of a linear congruence repeat at power-of-two
   strides, which makes columns of a matrix equal), at a boundary of 64 bytes, until measure_forget. Arrays begin at
   different places in a page: where they all begin at the same, loads wait for stores to equal low address bits. */
static float *measure_floats(size_t n, float range)
{
    /* from 1 a hidden unit of the comparison's net C is zero but for rounding, and relu's slope there is anything */
    static uint64_t state = 2;
    const size_t shift = (size_t)measure_arrays * 17 * 64;
    unsigned char *p = (unsigned char *)malloc(n * sizeof(float) + shift + 64);
    float *x;
    size_t i;
    if (!p || measure_arrays == MEASURE_ARRAYS) { fprintf(stderr, "bench: out of memory\n"); exit(2); }
    measure_memory[measure_arrays++] = p;
    x = (float *)(void *)(p + (64 - (uintptr_t)p % 64) % 64 + shift);
    for (i = 0; i < n; i++) {
        uint64_t z = state += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        x[i] = ((float)((z ^ z >> 31) >> 40) / 8388608.0f - 1.0f) * range;
    }
    return x;
}

/* what the machine is doing besides: runnable programs per processor, by the last minute; 0: unknown */
static double measure_load(void)
{
    double load = 0;
    FILE *f = fopen("/proc/loadavg", "r");
    if (f && fscanf(f, "%lf", &load) != 1) load = 0;
    if (f) fclose(f);
    return load / (double)sysconf(_SC_NPROCESSORS_ONLN);
}

/* copies the value of the first line "key : value" of /proc/cpuinfo; "" when there is none */
static void measure_cpuinfo(const char *key, char *value, size_t size)
{
    char line[512];
    FILE *f = fopen("/proc/cpuinfo", "r");
    value[0] = 0;
    while (f && !value[0] && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, key, strlen(key)) != 0 || !strchr(" \t:", line[strlen(key)])) continue;
        line[strcspn(line, "\n\"\\")] = 0;
        snprintf(value, size, "%s", colon[1] ? colon + 2 : "");
    }
    if (f) fclose(f);
}

/* "name (family F model M)", since a name alone ("AMD EPYC") covers several generations; on
   Arm the implementer and part */
static const char *measure_cpu(void)
{
    static char cpu[256];
    char name[128], first[32], second[32];
    measure_cpuinfo("model name", name, sizeof name);
    measure_cpuinfo("cpu family", first, sizeof first);
    measure_cpuinfo("model", second, sizeof second);
    if (first[0]) { snprintf(cpu, sizeof cpu, "%s (family %s model %s)", name, first, second); return cpu; }
    measure_cpuinfo("CPU implementer", first, sizeof first);
    measure_cpuinfo("CPU part", second, sizeof second);
    if (first[0]) snprintf(cpu, sizeof cpu, "%s%simplementer %s part %s", name, name[0] ? " " : "Arm ", first, second);
    else snprintf(cpu, sizeof cpu, "%s", name[0] ? name : "unknown CPU");
    return cpu;
}

/* Under qemu's user emulation the kernel knows another program as running than the emulated one: qemu answers for
   /proc/self, not for /proc/thread-self. */
static int measure_emulated(void)
{
    char emulated[512], real[512];
    const ssize_t a = readlink("/proc/self/exe", emulated, sizeof emulated);
    const ssize_t b = readlink("/proc/thread-self/exe", real, sizeof real);
    return a > 0 && b > 0 && (a != b || memcmp(emulated, real, (size_t)a) != 0);
}

/* the text in lower case with one '-' for what is neither letter, digit nor '.' */
static void measure_file_name(const char *text, char *name, size_t size)
{
    size_t n = 0;
    for (; *text && n + 1 < size; text++) {
        const char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + 32) : *text;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.') name[n++] = c;
        else if (n && name[n - 1] != '-') name[n++] = '-';
    }
    while (n && name[n - 1] == '-') n--;
    name[n] = 0;
}

/* "gcc 12.2.0", "clang 14.0.6" */
static const char *measure_compiler(void)
{
    static char text[64];
#if defined(__clang__)
    snprintf(text, sizeof text, "clang %d.%d.%d", __clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
    snprintf(text, sizeof text, "gcc %d.%d.%d", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
    snprintf(text, sizeof text, "unknown compiler");
#endif
    return text;
}

#endif
