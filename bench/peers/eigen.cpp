/* Eigen, with vectors as wide as the compiler flags say. */
#include <cstdio>
#include <Eigen/Core>
#include "peer.h"

typedef Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> matrix;
typedef Eigen::Map<const matrix, 0, Eigen::OuterStride<> > in_map;
typedef Eigen::Map<matrix, 0, Eigen::OuterStride<> > out_map;
typedef Eigen::Map<const Eigen::VectorXf> in_vector;

#ifdef EIGEN_VECTORIZE_FMA
#define EIGEN_FUSED "FMA"
#else
#define EIGEN_FUSED "no FMA"
#endif

static const char *eigen_kernel()
{
    static char text[128];
    std::snprintf(text, sizeof text, "Eigen %d.%d.%d %s: %s", EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION,
                  EIGEN_MINOR_VERSION, EIGEN_FUSED, Eigen::SimdInstructionSetsInUse());
    return text;
}

/* c = or += p, without the copy that Eigen makes in case they overlap */
template <class product> static void eigen_store(const product &p, float alpha, float beta, out_map &c)
{
    if (beta == 0 && alpha == 1) c.noalias() = p;
    else if (beta == 0) c.noalias() = alpha * p;
    else { if (beta != 1) c *= beta; c.noalias() += alpha * p; }
}

static void eigen_sgemm(int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                        const float *b, int ldb, float beta, float *c, int ldc)
{
    const in_map x(a, ta ? k : m, ta ? m : k, Eigen::OuterStride<>(lda));
    const in_map y(b, tb ? n : k, tb ? k : n, Eigen::OuterStride<>(ldb));
    out_map z(c, m, n, Eigen::OuterStride<>(ldc));
    if (ta && tb) eigen_store(x.transpose() * y.transpose(), alpha, beta, z);
    else if (ta) eigen_store(x.transpose() * y, alpha, beta, z);
    else if (tb) eigen_store(x * y.transpose(), alpha, beta, z);
    else eigen_store(x * y, alpha, beta, z);
}

static void eigen_sgemv(int ta, int m, int n, const float *a, const float *x, float beta, float *y)
{
    const Eigen::Map<const matrix> w(a, m, n);
    Eigen::Map<Eigen::VectorXf> z(y, ta ? n : m);
    if (beta == 0 && ta) z.noalias() = w.transpose() * in_vector(x, m);
    else if (beta == 0) z.noalias() = w * in_vector(x, n);
    else if (ta) z.noalias() += w.transpose() * in_vector(x, m);
    else z.noalias() += w * in_vector(x, n);
}

const peer peer_self = { eigen_kernel, eigen_sgemm, eigen_sgemv, NULL, NULL };
