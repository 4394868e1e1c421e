/* OpenBLAS, and with -DBLIS BLIS, through their C interfaces. */
#include <stdio.h>
#include "peer.h"

enum { ROW_MAJOR = 101, NO_TRANS = 111, TRANS = 112 };
void cblas_sgemm(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc);
void cblas_sgemv(int order, int t, int m, int n, float alpha, const float *a, int lda, const float *x, int incx,
                 float beta, float *y, int incy);

#ifdef BLIS
void bli_init(void);
int bli_arch_query_id(void);
const char *bli_arch_string(int id);
const char *bli_info_get_version_str(void);
static const char *blas_kernel(void)
{
    static char text[128];
    bli_init();                 /* without it, BLIS_ARCH_TYPE counts as wrong */
    snprintf(text, sizeof text, "BLIS %s %s", bli_info_get_version_str(), bli_arch_string(bli_arch_query_id()));
    return text;
}
#else
char *openblas_get_corename(void);
char *openblas_get_config(void);
static const char *blas_kernel(void)
{
    static char text[256];
    snprintf(text, sizeof text, "%s: %s", openblas_get_config(), openblas_get_corename());
    return text;
}
#endif

static void blas_sgemm(int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                       const float *b, int ldb, float beta, float *c, int ldc)
{
    cblas_sgemm(ROW_MAJOR, ta ? TRANS : NO_TRANS, tb ? TRANS : NO_TRANS, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

static void blas_sgemv(int ta, int m, int n, const float *a, const float *x, float beta, float *y)
{
    cblas_sgemv(ROW_MAJOR, ta ? TRANS : NO_TRANS, m, n, 1, a, n, x, 1, beta, y, 1);
}

const peer peer_self = { blas_kernel, blas_sgemm, blas_sgemv, NULL, NULL };
