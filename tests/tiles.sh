# The tiles of the matrix products, read from the disassembly: the k loop of the highest tile of each width has exactly
# rows * vectors fused multiply-adds, those of a single row too, and no k loop moves a vector to or from the stack. For
# gcc and clang, -O2 and -O3.
. tests/lib.sh
printf '#define MLP_IMPLEMENTATION\n#include "mlp.h"\n' > "$tmp/impl.c"

tiles() { # objdump compiler flags highest: one "vectors:fma" per width
    objdump=$1 compiler=$2 flags=$3; shift 3
    $compiler -std=c99 $flags -I. -c "$tmp/impl.c" -o "$tmp/impl.o" &&
        $objdump -d --no-show-raw-insn "$tmp/impl.o" | awk -f tests/tiles.awk > "$tmp/loops" || return 1
    sort -n "$tmp/loops" | uniq |
        awk '{ printf "%s vectors: %s fma, %s stack moves, %s instructions\n", $1, $2, $3, $4 }'
    for highest in "$@"; do
        grep -q "^${highest%%:*} ${highest##*:} 0 " "$tmp/loops" || { echo "no clean loop of $highest"; return 1; }
    done
    awk '$3 > 0 { bad = 1; print "stack in the loop:", $0 } END { exit bad || NR < 10 }' "$tmp/loops"
}
for level in -O2 -O3; do
    for compiler in gcc clang; do
        if ! command -v $compiler > /dev/null; then skip "tiles of $compiler" $compiler; continue; fi
        if [ "$(uname -m)" != x86_64 ]; then skip "tiles of $compiler for x86-64" x86_64; continue; fi
        check "$compiler $level AVX2: 8x8, 6x16, 3x32, 1x64" \
            tiles objdump $compiler "$level -mavx2 -mfma" 1:8 2:12 4:12 8:8
        check "$compiler $level AVX-512: 11x16, 11x32, 8x48, 6x64" \
            tiles objdump $compiler "$level -mavx512f" 1:11 2:22 3:24 4:24
    done
    if ! command -v aarch64-linux-gnu-gcc > /dev/null; then skip "tiles for NEON" aarch64-linux-gnu-gcc; continue; fi
    check "gcc $level NEON: 12x4, 8x8, 5x12, 5x16, 1x32" \
        tiles aarch64-linux-gnu-objdump aarch64-linux-gnu-gcc $level 1:12 2:16 3:15 4:20 8:8
    if ! command -v clang > /dev/null; then skip "tiles of clang for NEON" clang; continue; fi
    check "clang $level NEON: 12x4, 8x8, 5x12, 5x16, 1x32" \
        tiles aarch64-linux-gnu-objdump "clang --target=aarch64-linux-gnu" $level 1:12 2:16 3:15 4:20 8:8
done
finish
