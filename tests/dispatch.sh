# Run-time dispatch: what the kernels-only objects export, what is refused, and the choice on several CPUs, natively and
# under qemu-x86_64.
. tests/lib.sh
if [ "$(uname -m)" != x86_64 ]; then skip "dispatch" x86_64; finish; fi

kernels() { # the object of make test under its own name; the example's two lines say the same
    objcopy --redefine-sym mlp__kernels_under_test=mlp__kernels_$1 "$BUILD/kernels-$1@host.o" "$tmp/$1.o" &&
        $CC -std=c99 -Wall -Wextra -Wpedantic -Werror -O0 $2 -I. -c examples/dispatch/$1.c -o "$tmp/example.o" &&
        [ "$(nm -g --defined-only "$tmp/example.o" | awk '{ print $3 }')" = "mlp__kernels_$1" ]
}
check "kernels-only object for AVX2 builds" kernels avx2 "-mavx2 -mfma"
check "kernels-only object for AVX-512 builds" kernels avx512 -mavx512f
one_symbol() { # exports its table and nothing else, and calls nothing but memory functions
    [ "$(nm -g --defined-only "$tmp/$1.o" | awk '{ print $3 }')" = "mlp__kernels_$1" ] &&
        ! nm -u "$tmp/$1.o" | awk '{ print $2 }' | grep -vxE 'memcpy|memset|memmove|sqrtf|_GLOBAL_OFFSET_TABLE_'
}
check "the AVX2 object exports one symbol" one_symbol avx2
check "the AVX-512 object exports one symbol" one_symbol avx512

dispatcher() {
    $CC -std=c99 -Wall -Wextra -Wpedantic -Werror -O1 -DMLP_DISPATCH -DMLP_IMPLEMENTATION -x c -c mlp.h -o "$tmp/mlp.o"
}
check "the library with dispatch builds" dispatcher
build() {
    $CC -std=c99 -Wall -Wextra -Wpedantic -Werror -DMLP__IMPLEMENTED -static -I. $1 "$tmp/mlp.o" "$tmp/avx2.o" \
        "$tmp/avx512.o" -o "$tmp/$2" -lm
}
check "the dispatching program builds" build tests/dispatch.c dispatch
check "examples/dispatch builds" build examples/dispatch/main.c example
chooses() { # best command ...: runs the test program, and the example must not fail either
    best=$1; shift
    EXPECT=$best "$@" "$tmp/dispatch" && "$@" "$tmp/example" | grep "^best: $best$"
}
best=sse2
grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo && best=avx2
grep -qw avx512f /proc/cpuinfo && best=avx512
check "this CPU: $best" chooses $best
if command -v qemu-x86_64 > /dev/null; then
    check "a CPU without AVX (qemu Nehalem): sse2" chooses sse2 qemu-x86_64 -cpu Nehalem
    check "a CPU with AVX but without AVX2 (qemu SandyBridge): sse2" chooses sse2 qemu-x86_64 -cpu SandyBridge
    check "a CPU without AVX-512 (qemu Haswell): avx2" chooses avx2 qemu-x86_64 -cpu Haswell
    check "a CPU with AVX2 switched off (qemu Haswell,-avx2): sse2" chooses sse2 qemu-x86_64 -cpu Haswell,-avx2
    check "a CPU with FMA switched off (qemu Haswell,-fma): sse2" chooses sse2 qemu-x86_64 -cpu Haswell,-fma
    check "an operating system that saves no ymm (qemu Haswell,-xsave): sse2" chooses sse2 qemu-x86_64 \
        -cpu Haswell,-xsave
else
    skip "the choice on other CPUs" qemu-x86_64
fi

refused() { # flags source text
    printf '%s\n' "$2" > "$tmp/source.c"
    ! $CC -std=c99 $1 -I. -c "$tmp/source.c" -o "$tmp/source.o" 2> "$tmp/errors" && grep -q "$3" "$tmp/errors"
}
dispatching='#define MLP_DISPATCH
#define MLP_IMPLEMENTATION
#include "mlp.h"'
check "a dispatching object with AVX on is refused" refused -mavx "$dispatching" \
    "mlp.h: compile the file with MLP_DISPATCH without"
check "kernels only without their flags are refused" refused "" '#define MLP_KERNELS_ONLY avx2
#include "mlp.h"' "mlp.h: MLP_SIMD_AVX2 needs"
check "kernels only of an unknown name are refused" refused "" '#define MLP_KERNELS_ONLY avx9
#include "mlp.h"' "mlp.h: unknown value of MLP_SIMD"
finish
