/* The harness of all tests: checks, skips, a filter, random numbers, guarded memory. C99 and the C library; guard pages
   where there is mmap.

   A test is a function run by RUN(name), which prints one line. Command line: parts of names to run. The last line is
   "N passed, N failed", with ", N skipped" when there were skips. A skip whose name stands in the environment variable
   REQUIRE (a list with commas) is a failure. */
#ifndef TEST_H
#define TEST_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
    #include <sys/mman.h>
    #include <unistd.h>
    #define TEST_GUARD_PAGES 1
#endif

typedef struct {
    int argc;
    char **argv;
    int small;                      /* fewer shapes, for emulators and sanitizers: TEST_SMALL in the environment */
    int every_input;                /* all 2^32 floats in the sweeps */
    int passed, failed, skipped;
    int failures, skip;             /* of the test that runs */
    char note[200];
} test_state;

static test_state test;

void inner_tests(test_state *);     /* tests/inner.c: those of one instruction set, with these counts and arguments */

#define CHECK(condition) test_check((condition) != 0, #condition, __FILE__, __LINE__)
#define CHECK_NEAR(a, b, tolerance) test_near((a), (b), (tolerance), #a " == " #b, __FILE__, __LINE__)
#define RUN(name) test_run(#name, name)

static inline int test_check(int ok, const char *text, const char *file, int line)
{
    if (!ok && test.failures++ < 5) printf("    %s:%d: %s\n", file, line, text);
    return ok;
}

static inline int test_near(double a, double b, double tolerance, const char *text, const char *file, int line)
{
    const int ok = fabs(a - b) <= tolerance;        /* false for NaN */
    if (!ok && test.failures < 5) printf("    %.9g against %.9g, tolerance %.3g\n", a, b, tolerance);
    return test_check(ok, text, file, line);
}

static inline int test_required(const char *name)
{
    const char *list = getenv("REQUIRE"), *at = list ? strstr(list, name) : NULL;
    const size_t n = strlen(name);
    while (at && !((at == list || at[-1] == ',') && (at[n] == 0 || at[n] == ','))) at = strstr(at + 1, name);
    return at != NULL;
}

/* Marks the running test as skipped: what is missing, in a word that REQUIRE may name. */
static inline void test_skip(const char *missing)
{
    const size_t n = strlen(test.note);
    snprintf(test.note + n, sizeof test.note - n, "%sno %s", n ? ": " : "", missing);
    if (test_required(missing)) test_check(0, "skipped, but REQUIRE names it", missing, 0);
    else test.skip = 1;
}

static inline int test_wanted(const char *name)
{
    int i;
    for (i = 1; i < test.argc; i++)
        if (strstr(name, test.argv[i])) return 1;
    return test.argc <= 1;
}

static inline void test_run(const char *name, void (*f)(void))
{
    if (!test_wanted(name)) return;
    test.failures = test.skip = 0;
    test.note[0] = 0;
    f();
    if (test.failures) test.failed++;
    else if (test.skip) test.skipped++;
    else test.passed++;
    printf("%s %s%s%s\n", test.failures ? "FAIL" : test.skip ? "skip" : "ok  ", name, test.note[0] ? ": " : "",
           test.note);
    fflush(stdout);
}

static inline int test_end(void)
{
    printf("%d passed, %d failed", test.passed, test.failed);
    if (test.skipped) printf(", %d skipped", test.skipped);
    printf("\n");
    return test.failed > 0 || test.passed + test.skipped == 0;
}

/* ---- random numbers: xorshift64*, apart from the library's own ---- */

static uint64_t test_random_state = 88172645463325252u;

static inline void test_seed(uint64_t seed) { test_random_state = seed * 2 + 1; }

static inline uint32_t test_random(void)
{
    test_random_state ^= test_random_state >> 12;
    test_random_state ^= test_random_state << 25;
    test_random_state ^= test_random_state >> 27;
    return (uint32_t)(test_random_state * 2685821657736338717u >> 32);
}

static inline int test_below(int n) { return (int)(test_random() % (uint32_t)n); }

/* uniform in [-1, 1) */
static inline float test_float(void) { return (float)((int32_t)(test_random() >> 8) - 0x800000) * (1.0f / 0x800000); }

static inline void test_fill(float *x, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) x[i] = test_float();
}

static inline float test_nan(void) { return (float)NAN; }

static inline void test_fill_nan(float *x, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++) x[i] = test_nan();
}

/* bits, with all NaN made one */
static inline uint32_t test_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, 4);
    return (u & 0x7fffffffu) > 0x7f800000u ? 0x7fc00000u : u;
}

static inline int test_same_bits(const float *a, const float *b, size_t n)
{
    size_t i;
    for (i = 0; i < n; i++)
        if (test_bits(a[i]) != test_bits(b[i])) {
            if (test.failures < 5)
                printf("    [%lu]: %.9g (%08x) against %.9g (%08x)\n", (unsigned long)i, (double)a[i],
                       (unsigned)test_bits(a[i]), (double)b[i], (unsigned)test_bits(b[i]));
            return 0;
        }
    return 1;
}

/* FNV-1a over canonical bits, in the byte order of a little-endian machine */
static inline uint64_t test_hash(uint64_t hash, const float *x, size_t n)
{
    size_t i;
    int shift;
    for (i = 0; i < n; i++)
        for (shift = 0; shift < 32; shift += 8) hash = (hash ^ (test_bits(x[i]) >> shift & 255)) * 1099511628211u;
    return hash;
}

#define TEST_HASH_BEGIN 14695981039346656037u

/* ---- memory whose first (at_front) or last float touches a page that may not be accessed ---- */

typedef struct { float *p; unsigned char *map; size_t size; } test_memory;

/* what was given back, for the next of that size: asking the system each time took a third of all tests */
enum { TEST_SPARES = 32 };
static test_memory test_spare[TEST_SPARES];

static inline test_memory test_guarded(size_t floats, int at_front)
{
    test_memory m;
#if TEST_GUARD_PAGES
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t inside = (floats * 4 + page - 1) / page * page + (floats ? 0 : page);
    int i;
    m.size = inside + 2 * page;
    for (i = 0; i < TEST_SPARES && test_spare[i].size != m.size; i++) { }
    if (i < TEST_SPARES) {
        m.map = test_spare[i].map;
        test_spare[i].size = 0;
    } else {
        m.map = (unsigned char *)mmap(NULL, m.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (m.map == MAP_FAILED || mprotect(m.map + page, inside, PROT_READ | PROT_WRITE)) { perror("mmap"); exit(2); }
    }
    m.p = (float *)(void *)(m.map + page + (at_front ? 0 : inside - floats * 4));
    memset(m.p, 0, floats * 4);
#else
    m.size = floats * 4 + (floats == 0);
    m.map = (unsigned char *)malloc(m.size);
    m.p = (float *)(void *)m.map;
    (void)at_front;
#endif
    return m;
}

static inline void test_free(test_memory m)
{
#if TEST_GUARD_PAGES
    int i;
    for (i = 0; i < TEST_SPARES && test_spare[i].size; i++) { }
    if (i < TEST_SPARES) test_spare[i] = m;
    else munmap(m.map, m.size);
#else
    free(m.map);
#endif
}

#endif
