# Ways to compile the header: standards, warnings, C++, twice, statically, with hostile macros; and what must be an
# #error.
. tests/lib.sh
: "${CXX:=c++}"

strict="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wredundant-decls -Werror"
header='#include "mlp.h"'
implementation='#define MLP_IMPLEMENTATION
#include "mlp.h"'
compiles() { # compiler flags source: no warning, no error
    printf '%s\n' "$3" > "$tmp/source.c"
    $1 $2 -I. -c "$tmp/source.c" -o "$tmp/source.o"
}
refused() { # compiler flags source text: an #error that says text
    printf '%s\n' "$3" > "$tmp/source.c"
    ! $1 $2 -I. -E "$tmp/source.c" > "$tmp/source.i" 2> "$tmp/errors" && grep -q "mlp.h: $4" "$tmp/errors"
}

# Warnings of data flow come with optimization: what the objects of make test had to say is beside them.
quiet() {
    for o in "$BUILD"/kernels-*@host.o "$library_o"; do
        [ -e "$o.warnings" ] && [ ! -s "$o.warnings" ] || { cat "$o.warnings"; return 1; }
    done
}
check "the objects of make test: no warnings" quiet
syntax=-fsyntax-only
for c in gcc clang; do
    if ! command -v $c > /dev/null; then skip "standards and warnings" $c; continue; fi
    warn="$strict -Wstrict-prototypes"
    for standard in c99 c11 gnu17; do
        check "$c -std=$standard: header, no warnings" compiles $c "-std=$standard $warn $syntax" "$header"
        check "$c -std=$standard: implementation, no warnings" compiles $c "-std=$standard $warn $syntax" \
            "$implementation"
    done
    check "$c: static implementation, no warnings" compiles $c "-std=c99 $warn $syntax -DMLP_STATIC" "$implementation"
    check "$c: without files, no warnings" compiles $c "-std=c99 $warn $syntax -DMLP_NO_STDIO" "$implementation"
    check "$c: strict C99 after system headers, no warnings" compiles $c "-std=c99 $warn $syntax" "#include <fcntl.h>
#include <unistd.h>
#include <stdio.h>
$implementation"
    check "$c: emulated, no warnings" compiles $c "-std=c99 $warn $syntax -DMLP_SIMD=MLP_SIMD_EMULATED" \
        "$implementation"
    if [ "$(uname -m)" = x86_64 ]; then
        check "$c: AVX2, no warnings" compiles $c "-std=c99 $warn $syntax -mavx2 -mfma" "$implementation"
        [ $c = gcc ] || check "$c: AVX-512, no warnings" \
            compiles $c "-std=c99 $warn $syntax -mavx512f" "$implementation"
    fi
done
for cxx in g++ clang++; do
    if ! command -v $cxx > /dev/null; then skip "C++" $cxx; continue; fi
    for standard in c++11 c++20; do
        check "$cxx -std=$standard: header, no warnings" compiles $cxx "-x c++ -std=$standard $strict $syntax" "$header"
        check "$cxx -std=$standard: implementation, no warnings" \
            compiles $cxx "-x c++ -std=$standard $strict $syntax" "$implementation"
    done
done

windows=x86_64-w64-mingw32-gcc
if command -v $windows > /dev/null; then
    check "Windows: implementation, no warnings" compiles $windows "-std=c99 $strict -Wstrict-prototypes $syntax" \
        "$implementation"
    check "Windows: after windows.h" compiles $windows "-std=gnu11 -Wall -Werror $syntax" "#include <windows.h>
$implementation"
else
    skip "Windows" mingw
fi

check "included twice, before and after the implementation" compiles "$CC" "-std=c99 $strict $syntax" "$header
$implementation
$header
$implementation"
check "after the macros of other people" compiles "$CC" "-std=c99 $syntax $SIMD_FLAGS" \
    "#define min(a,b) ((a)<(b)?(a):(b))
#define max(a,b) ((a)>(b)?(a):(b))
#define small char
#define near
#define far
#define interface struct
#define Bool int
#define Status int
#define None 0L
$implementation"
no_intrinsics() { ! printf '%s\n' "$header" | $CC $SIMD_FLAGS -I. -E - | grep -E 'immintrin|arm_neon|wasm_simd128'; }
check "the header part includes no intrinsics" no_intrinsics
own_allocator='#define MLP_MALLOC(size, user) ((void)(user), my_alloc(size))
#define MLP_FREE(pointer, user) ((void)(user), my_free(pointer))
#include <stddef.h>
void *my_alloc(size_t); void my_free(void *);'
own_allocator_only() { compiles "$CC" "-std=c99 $strict" "$own_allocator
$implementation" && ! nm -u "$tmp/source.o" | grep -wE 'malloc|free'; }
check "MLP_MALLOC and MLP_FREE replace malloc and free" own_allocator_only
check "MLP_MALLOC alone is refused" refused "$CC" "-DMLP_MALLOC(s,u)=0" "$implementation" "define both"
check "MLP_FREE alone is refused" refused "$CC" "-DMLP_FREE(p,u)=0" "$implementation" "define both"
check "int of 16 bits is refused" refused "$CC" "-U__INT_MAX__ -D__INT_MAX__=32767" "$implementation" \
    "needs int of 32 bits"
check "double of 4 bytes is refused" refused "$CC" "-U__DBL_MANT_DIG__ -D__DBL_MANT_DIG__=24" "$implementation" \
    "needs int of 32 bits"
check "an unknown MLP_SIMD is refused" refused "$CC" "-DMLP_SIMD=99" "$implementation" "unknown value of MLP_SIMD"
if [ "$(uname -m)" = x86_64 ]; then
    check "AVX2 without the flags is refused" \
        refused "$CC" "-DMLP_SIMD=MLP_SIMD_AVX2" "$implementation" "MLP_SIMD_AVX2 needs"
    check "AVX2 without FMA is refused" \
        refused "$CC" "-DMLP_SIMD=MLP_SIMD_AVX2 -mavx2" "$implementation" "MLP_SIMD_AVX2 needs"
    check "AVX-512 without the flags is refused" \
        refused "$CC" "-DMLP_SIMD=MLP_SIMD_AVX512" "$implementation" "MLP_SIMD_AVX512 needs"
fi

# -DMLP_IMPLEMENTATION on the command line: one file; a file that defines it besides; several files, of which the linker
# has to say why that is wrong, first of all; the header as a file of its own
plain='#include "mlp.h"
int main(void) { return !mlp_simd_name(); }'
printf '%s\n' "$plain" > "$tmp/a.c"
printf '#include "mlp.h"\nconst char *b(void);\nconst char *b(void) { return mlp_simd_name(); }\n' > "$tmp/b.c"
one_file() { $CC -std=c99 -I. -DMLP_IMPLEMENTATION "$tmp/a.c" -o "$tmp/a" && "$tmp/a"; }
check "-DMLP_IMPLEMENTATION: a program of one file" one_file
check "-DMLP_IMPLEMENTATION= beside the file's own #define: no warning" compiles "$CC" \
    "-std=c99 $strict $syntax -DMLP_IMPLEMENTATION=" "$implementation"
header_alone() {
    $CC -std=c99 -DMLP_IMPLEMENTATION -x c -c mlp.h -o "$tmp/mlp.o" &&
        $CC -std=c99 -I. "$tmp/a.c" "$tmp/b.c" "$tmp/mlp.o" -o "$tmp/a" && "$tmp/a"
}
check "-DMLP_IMPLEMENTATION -x c -c mlp.h: for a program of several files" header_alone
said_first() { # compiler
    for n in a b; do $1 -w -I. -DMLP_IMPLEMENTATION -c "$tmp/$n.c" -o "$tmp/$n.o" || return; done
    ! $1 "$tmp/a.o" "$tmp/b.o" -o "$tmp/a" > "$tmp/said" 2>&1 &&
        grep 'mlp_' "$tmp/said" | head -n 1 | grep mlp__define_MLP_IMPLEMENTATION_in_one_file_only
}
for c in gcc tcc; do
    if command -v ${c%% *} > /dev/null
    then check "$c: several files with it: the first message says what is wrong" said_first "$c"
    else skip "${c%% *}: several files with -DMLP_IMPLEMENTATION" ${c%% *}; fi
done

two_copies() {
    for n in one two; do
        printf '%s\n' '#define MLP_STATIC' '#define MLP_IMPLEMENTATION' '#include "mlp.h"' \
            "const char *$n(void);" "const char *$n(void) { return mlp_simd_name(); }" > "$tmp/$n.c"
    done
    printf 'const char *one(void); const char *two(void); int main(void) { return !one() || !two(); }\n' > "$tmp/main.c"
    $CC -std=c99 $SIMD_FLAGS -I. "$tmp/one.c" "$tmp/two.c" "$tmp/main.c" -o "$tmp/two_copies" && "$tmp/two_copies"
}
check "two static copies in one program" two_copies
without_libm() { $CC -std=c99 $SIMD_FLAGS -I. examples/xor.c -o "$tmp/xor" && "$tmp/xor"; }
check "a program links without -lm" without_libm
finish
