# Each break of tests/breaks.txt is made in a copy of the header; it must compile and make the one test that it names
# fail. Only what the break and its test touch is compiled anew: the kernels, the tests inside them, or the rest.
# ONLY="name name": these.
. tests/lib.sh
: "${JOBS:=2}"
cflags="-std=c99 -O1 -w"
kernels="-DMLP_KERNELS_ONLY=$SIMD -Dmlp__kernels_$SIMD=mlp__kernels_under_test -x c -c mlp.h"
first=$(grep -n '>>platform --' mlp.h | cut -d : -f 1) last=$(grep -n '>>dispatch --' mlp.h | cut -d : -f 1)

try() { # name: writes "pass" or a reason beside the copy
    wanted=$("$tmp/break" tests/breaks.txt "$1" test) tree="$tmp/$1"
    mkdir "$tree" "$tree/build" && cp -r tests Makefile README.md "$tree" || return
    "$tmp/break" tests/breaks.txt "$1" mlp.h > "$tree/mlp.h" 2> "$tree/log" ||
        { head -n 1 "$tree/log" > "$tree/result"; return; }
    line=$(cmp mlp.h "$tree/mlp.h" | sed 's/.*line //')
    cp "$tmp/kernels.o" "$tmp/inner.o" "$tmp/net.o" "$tree" && cd "$tree" || return
    if [ "$line" -le "$last" ]; then
        case $wanted in
        simd_* | vmath_*) parts=inner ;;
        *) parts=kernels ;;
        esac
    fi
    if [ "$line" -lt "$first" ] || [ "$line" -gt "$last" ]; then parts="$parts net"; fi
    for part in $parts; do
        case $part in
        kernels) $CC $cflags $SIMD_FLAGS $kernels -o kernels.o ;;
        inner) $CC $cflags $SIMD_FLAGS -c tests/inner.c -o inner.o ;;
        net) $CC $cflags -c tests/all.c -o net.o ;;
        esac > log 2>&1 || { echo "does not compile" > result; return; }
    done
    $CC net.o kernels.o inner.o -o all -lm > log 2>&1
    timeout 120 ./all "$wanted" > log 2>&1
    case $? in 134 | 135 | 139) echo "pass" > result; return ;; esac               # a guard page was touched
    if grep -q "^FAIL $wanted" log && grep -q '^0 passed, 1 failed$' log; then echo "pass" > result
    else echo "$wanted does not notice" > result; fi
}

base() {
    $CC -std=c99 -O1 tests/break.c -o "$tmp/break" && $CC $cflags -c tests/all.c -o "$tmp/net.o" &&
        $CC $cflags $SIMD_FLAGS -c tests/inner.c -o "$tmp/inner.o" &&
            $CC $cflags $SIMD_FLAGS $kernels -o "$tmp/kernels.o"
}
check "what the breaks start from builds" base
[ $failed -eq 0 ] || finish
names=${ONLY:-$("$tmp/break" tests/breaks.txt)}
running=0
for name in $names; do
    (try "$name") &
    running=$((running + 1))
    if [ $running -ge "$JOBS" ]; then wait; running=0; fi
done
wait
for name in $names; do
    result=$(cat "$tmp/$name/result" 2> /dev/null)
    if [ "$result" = pass ]; then pass "$name: $(sed -n "s/^== $name: //p" tests/breaks.txt)"
    else fail "$name: ${result:-did not run}"; sed 's/^/    /' "$tmp/$name/log" | head -n 10; fi
done
[ "$(echo "$names" | wc -w)" -ge 10 ] || [ -n "$ONLY" ] || fail "at least ten breaks"
finish
