# What the implementation's object file shows: names, calls, state, stack, and that no compiler finds anything to
# contract. "symbols.sh full": all instruction sets by each compiler; else some of them once.
. tests/lib.sh

scalar_fma="scalar-fma:-mfma|-DMLP_SIMD=MLP_SIMD_SCALAR"
case $(uname -m) in
x86_64)
    gcc="$scalar_fma avx2:-mavx2|-mfma" clang="$scalar_fma avx512:-mavx512f"
    [ "$1" = full ] && gcc="sse2: scalar:-DMLP_SIMD=MLP_SIMD_SCALAR $scalar_fma avx2:-mavx2|-mfma avx512:-mavx512f" \
        clang=$gcc ;;
*)  gcc="default:" clang="default:" ;;
esac
printf '#define MLP_IMPLEMENTATION\n#include "mlp.h"\n' > "$tmp/impl.c"
build() { # compiler flags output
    $1 -std=gnu11 -I. $2 -c "$tmp/impl.c" -o "$3"
}

only_mlp_names() {
    nm -g --defined-only "$1" | grep -qw mlp_create &&
        ! nm -g --defined-only "$1" | awk '{ print $3 }' | grep -v '^mlp_'
}
# memory and string functions, the default allocator, square root, those of files; nothing of libm's arithmetic, no
# printf or strtod, no environment
memory='malloc|free|memcpy|memset|memmove|memcmp|bcmp|memchr|sqrtf?|_GLOBAL_OFFSET_TABLE_'
memory="$memory|strcmp|strncmp|strlen|strspn|strcspn|strrchr|strstr"
files='open|read|write|fsync|close|rename|remove|stat|fstat|access|fchmod|flock|__errno_location'
only_known_calls() { ! nm -u "$1" | awk '{ print $2 }' | grep -vxE "$memory|$files"; }
no_files() {
    $1 -std=c99 -O0 -DMLP_NO_STDIO -I. -c "$tmp/impl.c" -o "$tmp/no_stdio.o" &&
        ! nm -u "$tmp/no_stdio.o" | awk '{ print $2 }' | grep -vxE "$memory"
}
no_state() {
    objdump -h "$1" |
        awk '$2 == ".data" || $2 == ".bss" || $2 ~ /^\.tbss|^\.tdata/ {
                bytes += ("0x" $3) + 0
                if ($3 !~ /^0+$/) bad = 1
            }
            END { exit bad }'
}
small_frames() { # every stack frame at most 16 KiB
    awk -F '\t' '{ if ($2 > most) { most = $2; name = $1 } if ($3 ~ /dynamic/ && $3 !~ /bounded/) bad = 1 }
        END { print "largest frame", most, name; exit bad || most > 16384 }' "$1"
}

predict_way="mlp_predict mlp__predict_blocks mlp__block_forward mlp__activation_forward mlp__k_forward mlp__multiply
    mlp__multiply_many"
predict_ends="mlp__tiles_1 mlp__tiles_8 mlp__forward_narrow mlp__k_softmax mlp__k_activate mlp__custom_forward"
predict_stack() { # mlp_predict and what it calls down to the kernel with the largest frame: at most 12 KiB
    awk -F '\t' -v way=" $(echo $predict_way) " '{ n = split($1, part, ":"); name = part[n]; sub(/\..*/, "", name) }
        index(way, " " name " ") { sum += $2 }
        name ~ /^mlp__(tiles_[0-9]|forward_narrow|k_softmax|k_activate|custom_forward)$/ && $2 > most { most = $2 }
        END { print "stack of mlp_predict:", sum, "+", most; exit sum < 4096 || most == 0 || sum + most > 12288 }' "$1"
}
predict_names() { # what is not there any more would not be counted
    for function in $predict_way $predict_ends; do
        grep -qE "\b$function\(|MLP__TILES\(${function##*_}\)" mlp.h || { echo "$function"; return 1; }
    done
}

check "the functions on the way of mlp_predict are those of mlp.h" predict_names
for compiler in gcc clang; do
    if ! command -v $compiler > /dev/null; then skip "symbols: $compiler" $compiler; continue; fi
    check "$compiler: no files with MLP_NO_STDIO" no_files $compiler
    eval isas=\$$compiler
    for entry in $isas; do
        isa=${entry%%:*} flags=$(echo "${entry#*:}" | tr '|' ' ')
        o="$tmp/$isa-$compiler"
        build $compiler "-O2 $flags -ffp-contract=off -fstack-usage" "$o.off.o"
        check "$isa $compiler: exports only mlp_ names" only_mlp_names "$o.off.o"
        check "$isa $compiler: calls only memory and file functions and square root" only_known_calls "$o.off.o"
        check "$isa $compiler: keeps no state" no_state "$o.off.o"
        check "$isa $compiler: no stack frame above 16 KiB" small_frames "$o.off.su"
        check "$isa $compiler: mlp_predict takes at most 12 KiB of stack" predict_stack "$o.off.su"
        if [ "$1" = full ] || [ $isa = scalar-fma ]; then
            build $compiler "-O2 $flags -ffp-contract=fast" "$o.fast.o"
            check "$isa $compiler: the same object under -ffp-contract=off and =fast" cmp "$o.off.o" "$o.fast.o"
        fi
        if [ "$1" = full ] && [ $isa = avx512 ]; then
            build $compiler "-O2 -march=x86-64-v4 -fstack-usage" "$o.v4.o"
            check "x86-64-v4 $compiler: no stack frame above 16 KiB" small_frames "$o.v4.su"
        fi
    done
done
finish
