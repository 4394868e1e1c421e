# The AVX-512 kernels on a CPU with AVX2 only, by SIMDe (Debian: libsimde-dev): every test of >>simd, >>vmath, >>kernels
# and >>gemm and the golden hashes. BUILD: where objects go; arguments: other tests.
set -e
build=${BUILD:-build}/simde
[ -e /usr/include/simde/x86/avx512.h ] || { echo "skip avx512 by simde: no libsimde-dev"; exit 0; }
mkdir -p "$build/tests"
sed 's/"+v"/"+m"/' mlp.h > "$build/mlp.h"               # no vector of 64 bytes has a register here
cp tests/*.c tests/*.h "$build/tests"
flags="-std=gnu99 -O1 -w -mavx2 -mfma -ffp-contract=off -Itests/simde"
${CC:-gcc} $flags -DMLP_KERNELS_ONLY=avx512 -Dmlp__kernels_avx512=mlp__kernels_under_test -x c -c "$build/mlp.h" \
    -o "$build/kernels.o"
${CC:-gcc} $flags -DMLP_SIMD=MLP_SIMD_AVX512 -c "$build/tests/inner.c" -o "$build/inner.o"
${CC:-gcc} -std=gnu99 -O1 -w -c tests/all.c -o "$build/all.o"
${CC:-gcc} "$build/all.o" "$build/kernels.o" "$build/inner.o" -o "$build/all" -lm
[ $# -gt 0 ] || set -- simd vmath kernels gemm bits
"$build/all" "$@"
