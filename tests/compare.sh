# The peers of make compare, each result checked against double once, nothing timed: compare.sh DIRECTORY. A peer that
# is not installed is a skip.
. tests/lib.sh
peers=$1
if [ "$(uname -m)" != x86_64 ] || ! grep -qw avx2 /proc/cpuinfo; then skip "peers" avx2; finish; fi
if ! ${MAKE:-make} -s peers > "$tmp/build" 2>&1; then fail "building the comparison"; cat "$tmp/build"; finish; fi

"$peers/compare" "$peers" --check > "$tmp/said" 2> "$tmp/errors"
status=$?
sed -n 's/^\([^ ]*\)  *skipped: .*/\1/p' "$tmp/said" > "$tmp/skipped"
while read -r peer; do
    case $peer in
    mlp-avx512 | *-512 | *-skx) skip "$peer" "$(grep -qw avx512f /proc/cpuinfo && echo "$peer" || echo avx512)" ;;
    *) skip "$peer" "$peer" ;;
    esac
done < "$tmp/skipped"
# checked NAME N: in how many cases the results of a peer were right
sed -n 's/^checked //p' "$tmp/said" > "$tmp/checked"
while read -r peer n; do
    if grep -q "^WRONG: .*, $peer " "$tmp/said"; then fail "$peer"; grep "^WRONG: .*, $peer " "$tmp/said"
    elif [ "$n" -gt 0 ]; then pass "$peer: $n results"
    else fail "$peer: took part in nothing"; fi
done < "$tmp/checked"
if [ ! -s "$tmp/checked" ]; then fail "the comparison, status $status"; cat "$tmp/said" "$tmp/errors"; fi

# libmvec proves nothing when the compiler did not call it with such vectors
calls() { objdump -d "$peers/$1" | grep -q "$2"; }
! [ -x "$peers/libmvec-512" ] || check "libmvec-512 calls the functions of 512 bits" calls libmvec-512 _ZGVeN16v_expf
! [ -x "$peers/libmvec-avx2" ] || check "libmvec-avx2 calls the functions of 256 bits" calls libmvec-avx2 _ZGVdN8v_expf
finish
