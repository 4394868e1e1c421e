/* <immintrin.h> for tests/simde.sh: the operations of AVX-512 that mlp.h uses, made of AVX2 by SIMDe, or here where
   that has none or rounds otherwise. */
#ifndef MLP_SIMDE
#define MLP_SIMDE
#include_next <immintrin.h>
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#include <simde/x86/fma.h>
#include <string.h>
#define __AVX512F__ 1
static inline __m512 shim_mask_loadu_ps(__m512 a, __mmask16 k, const float *p)
{
    float t[16];
    int i;
    simde_mm512_storeu_ps(t, a);
    for (i = 0; i < 16; i++) if (k >> i & 1) t[i] = p[i];
    return simde_mm512_loadu_ps(t);
}
static inline void shim_mask_storeu_ps(float *p, __mmask16 k, __m512 a)
{
    float t[16];
    int i;
    simde_mm512_storeu_ps(t, a);
    for (i = 0; i < 16; i++) if (k >> i & 1) p[i] = t[i];
}
#define _mm512_mask_loadu_ps shim_mask_loadu_ps
#undef _mm512_mask_storeu_ps
#define _mm512_mask_storeu_ps shim_mask_storeu_ps
#undef _mm512_permute_ps
static inline __m512 shim_permute_ps(__m512 a, int order)                     /* within each four lanes */
{
    float t[16], r[16];
    int i;
    simde_mm512_storeu_ps(t, a);
    for (i = 0; i < 16; i++) r[i] = t[i / 4 * 4 + (order >> 2 * (i % 4) & 3)];
    return simde_mm512_loadu_ps(r);
}
#define _mm512_permute_ps shim_permute_ps

/* one lane after another, between vectors whose types may differ */
#define SHIM_LANES(name, result_type, result_lane, argument_type, argument_lane, more, expression) \
static inline result_type shim_##name(argument_type a more) \
{ \
    argument_lane x[16]; \
    result_lane r[16]; \
    result_type v; \
    int i; \
    memcpy(x, &a, 64); \
    for (i = 0; i < 16; i++) r[i] = (expression); \
    memcpy(&v, r, 64); \
    return v; \
}
#define SHIM_COMMA ,
SHIM_LANES(srai_epi32, __m512i, int, __m512i, int, SHIM_COMMA unsigned n, x[i] >> n)
SHIM_LANES(cvtepi32_ps, __m512, float, __m512i, int, , (float)x[i])
SHIM_LANES(cvtps_epi32, __m512i, int, __m512, float, , _mm_cvtss_si32(_mm_set_ss(x[i])))
#undef _mm512_srai_epi32
#undef _mm512_cvtepi32_ps
#undef _mm512_cvtps_epi32
#define _mm512_srai_epi32 shim_srai_epi32
#define _mm512_cvtepi32_ps shim_cvtepi32_ps
#define _mm512_cvtps_epi32 shim_cvtps_epi32

#undef _mm512_shuffle_f32x4
static inline __m512 shim_shuffle_f32x4(__m512 a, __m512 b, int order)
{
    float x[16], y[16], r[16];
    int i;
    memcpy(x, &a, 64);
    memcpy(y, &b, 64);
    for (i = 0; i < 16; i++) r[i] = (i < 8 ? x : y)[(order >> i / 4 * 2 & 3) * 4 + i % 4];
    return simde_mm512_loadu_ps(r);
}
#define _mm512_shuffle_f32x4 shim_shuffle_f32x4

#undef _mm512_cvtss_f32
#define _mm512_cvtss_f32(a) _mm_cvtss_f32(simde_mm512_castps512_ps128(a))

/* simde's rounds twice and overflows early */
#undef _mm512_scalef_ps
#include <math.h>
static inline __m512 shim_scalef_ps(__m512 a, __m512 n)
{
    float x[16], e[16];
    int i;
    memcpy(x, &a, 64);
    memcpy(e, &n, 64);
    for (i = 0; i < 16; i++) x[i] = e[i] != e[i] ? e[i] : (float)ldexp((double)x[i], (int)e[i]);
    return simde_mm512_loadu_ps(x);
}
#define _mm512_scalef_ps shim_scalef_ps
#endif
