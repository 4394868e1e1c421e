# Each patch of tests/break is applied to a copy of the library; it must compile and make the one test that it names fail.
. tests/lib.sh
: "${CC:=cc}" "${JOBS:=2}"

try() { # patch: writes "pass" or a reason beside the copy
    name=$(basename "$1" .patch) tree="$tmp/$(basename "$1" .patch)"
    wanted=$(sed -n 's/^test: //p' "$1")
    mkdir "$tree" && cp -r mlp.h tests "$tree" && cd "$tree" || return
    if ! patch -s -p0 < "tests/break/$name.patch" > log 2>&1; then echo "does not apply" > result; return; fi
    if ! $CC -std=c99 -O1 -w $SIMD_FLAGS tests/all.c -o all -lm > log 2>&1; then echo "does not compile" > result; return; fi
    timeout 120 ./all "$wanted" > log 2>&1
    status=$?
    case $status in 134 | 135 | 139) echo "pass" > result; return ;; esac          # a guard page was touched
    if grep -q "^FAIL $wanted" log && grep -q '^0 passed, 1 failed$' log; then echo "pass" > result
    else echo "$wanted does not notice" > result; fi
}

set -- tests/break/*.patch
[ -n "$ONLY" ] && set -- "tests/break/$ONLY.patch"
running=0
for patch in "$@"; do
    (try "$PWD/$patch") &
    running=$((running + 1))
    if [ $running -ge "$JOBS" ]; then wait; running=0; fi
done
wait
for patch in "$@"; do
    name=$(basename "$patch" .patch) result=$(cat "$tmp/$(basename "$patch" .patch)/result" 2> /dev/null)
    if [ "$result" = pass ]; then pass "$name: $(head -n 1 "$patch")"
    else fail "$name: ${result:-did not run}"; sed 's/^/    /' "$tmp/$name/log" | head -n 10; fi
done
[ $# -ge 10 ] || [ -n "$ONLY" ] || fail "at least ten breaks"
finish
