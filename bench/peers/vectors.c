/* Vector math: plain loops that gcc gives to libmvec (-O3 -ffast-math, MVEC: the width), or with -DSLEEF the intrinsics
   of SLEEF at 1.0 ULP, for 512 or 256 bits as the compiler flags say. */
#include <immintrin.h>
#include <math.h>
#include <string.h>
#include "peer.h"
#ifdef SLEEF
#include <sleef.h>
#endif

/* out may be x */
#define FUNCTION(name) static void name(size_t n, const float *x, const float *y, float *out)
#define EACH(name, value) FUNCTION(name) { \
    size_t i; \
    (void)y; \
    _Pragma("GCC ivdep") for (i = 0; i < n; i++) { const float v = x[i]; out[i] = (value); } \
}

EACH(f_relu, v > 0 ? v : 0)
EACH(f_hadamard, v * y[i])

#ifndef SLEEF

EACH(f_exp, expf(v))
EACH(f_sigmoid, 1 / (1 + expf(-v)))
EACH(f_tanh, tanhf(v))
EACH(f_gelu_erf, 0.5f * v * (1 + erff(v * 0.70710678f)))
EACH(f_gelu_tanh, 0.5f * v * (1 + tanhf(0.79788456f * (v + 0.044715f * v * v * v))))

static const char *vectors_kernel(void) { return "libmvec " MVEC; }

#else

#ifdef __AVX512F__
    typedef __m512 vec;
    enum { W = 16 };
    #define OP(name) _mm512_##name##_ps
    #define MATH(name) Sleef_##name##f16_u10
    #define SLEEF_WIDTH "512"
#else
    typedef __m256 vec;
    enum { W = 8 };
    #define OP(name) _mm256_##name##_ps
    #define MATH(name) Sleef_##name##f8_u10
    #define SLEEF_WIDTH "256"
#endif
#define SET(v) OP(set1)(v)

/* a last part of a vector is copied to a whole one and back */
#define VECTORS(name, value) \
    FUNCTION(name) \
    { \
        float rest[W] = { 0 }; \
        size_t i; \
        (void)y; \
        for (i = 0; i + W <= n; i += W) { const vec v = OP(loadu)(x + i); OP(storeu)(out + i, value); } \
        if (i == n) return; \
        memcpy(rest, x + i, (n - i) * sizeof *x); \
        { const vec v = OP(loadu)(rest); OP(storeu)(rest, value); } \
        memcpy(out + i, rest, (n - i) * sizeof *x); \
    }
static inline vec vec_tanh_gelu(vec v)
{
    const vec cube = OP(mul)(OP(mul)(v, v), v), inner = OP(mul)(SET(0.79788456f), OP(fmadd)(SET(0.044715f), cube, v));
    return OP(mul)(OP(mul)(SET(0.5f), v), OP(add)(SET(1), MATH(tanh)(inner)));
}
VECTORS(f_exp, MATH(exp)(v))
VECTORS(f_sigmoid, OP(div)(SET(1), OP(add)(SET(1), MATH(exp)(OP(sub)(SET(0), v)))))
VECTORS(f_tanh, MATH(tanh)(v))
VECTORS(f_gelu_erf, OP(mul)(OP(mul)(SET(0.5f), v), OP(add)(SET(1), MATH(erf)(OP(mul)(v, SET(0.70710678f))))))
VECTORS(f_gelu_tanh, vec_tanh_gelu(v))

static const char *vectors_kernel(void) { return "SLEEF u10, vectors of " SLEEF_WIDTH; }

#endif

/* rows of `cols`; the exponentials of all rows in one run, which vectorizes at any number of columns */
static void softmax(size_t cols, size_t n, const float *x, float *out)
{
    size_t i, j;
    for (i = 0; i + cols <= n; i += cols) {
        float most = x[i];
        for (j = 1; j < cols; j++) most = x[i + j] > most ? x[i + j] : most;
        _Pragma("GCC ivdep") for (j = 0; j < cols; j++) out[i + j] = x[i + j] - most;
        if (cols > 64) f_exp(cols, out + i, out + i, out + i);
    }
    if (cols <= 64) f_exp(i, out, out, out);
    for (i = 0; i + cols <= n; i += cols) {
        float sum = 0;
        for (j = 0; j < cols; j++) sum += out[i + j];
        sum = 1 / sum;
        for (j = 0; j < cols; j++) out[i + j] *= sum;
    }
}
FUNCTION(f_softmax10) { (void)y; softmax(10, n, x, out); }
FUNCTION(f_softmax1024) { (void)y; softmax(1024, n, x, out); }

static const peer_function vectors_functions[] = {
    { "relu", f_relu }, { "hadamard", f_hadamard }, { "exp", f_exp }, { "sigmoid", f_sigmoid }, { "tanh", f_tanh },
    { "gelu_erf", f_gelu_erf }, { "gelu_tanh", f_gelu_tanh }, { "softmax10", f_softmax10 },
    { "softmax1024", f_softmax1024 }, { NULL, NULL }
};
const peer peer_self = { vectors_kernel, NULL, NULL, vectors_functions, NULL };
