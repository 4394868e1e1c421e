# Compile time (user and system, so that other programs matter less) and text of the implementation, two versions in
# turns: sh bench/compile.sh BEFORE.h AFTER.h OUT.o "COMPILER AND FLAGS" ...
before=$1 after=$2 out=$3
shift 3
spent() { # sets t to the CPU seconds of the children so far; no subshell, whose children would be others
    times > "$out.times"
    t=$(awk 'NR == 2 { split($1, u, /[ms]/); split($2, s, /[ms]/)
        print 60 * u[1] + u[2] + 60 * s[1] + s[2] }' "$out.times")
}
compile() { $command -DMLP_IMPLEMENTATION -x c -c "$1" -o "$out" || exit 2; }
printf '%-34s %9s %9s %7s   %9s %9s\n' "" "before s" "after s" ratio "text" "text"
for command in "$@"; do
    b= a=
    for turn in 1 2 3; do
        spent; t0=$t; compile "$before"; spent; t1=$t; compile "$after"; spent; t2=$t
        b="$b $(awk "BEGIN { print $t1 - $t0 }")" a="$a $(awk "BEGIN { print $t2 - $t1 }")"
    done
    compile "$before"; tb=$(size "$out" | awk 'NR == 2 { print $1 }')
    compile "$after"; ta=$(size "$out" | awk 'NR == 2 { print $1 }')
    b=$(printf '%s\n' $b | sort -n | sed -n 2p) a=$(printf '%s\n' $a | sort -n | sed -n 2p)
    printf '%-34s %9.2f %9.2f %7.2f   %9d %9d\n' "$command" "$b" "$a" "$(awk "BEGIN { print $a / $b }")" "$tb" "$ta"
done
