# For tests that are shell scripts: check "name" command ... prints a line; finish prints the counts and exits.
# REQUIRE is the list of what must not be skipped, as in test.h.
: "${CC:=cc}" "${BUILD:=build}"
passed=0 failed=0 skipped=0
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT

pass() { passed=$((passed + 1)); echo "ok   $1"; }
fail() { failed=$((failed + 1)); echo "FAIL $1"; }
skip() { # name missing
    case ",$REQUIRE," in
    *",$2,"*) fail "$1: no $2, but REQUIRE names it" ;;
    *) skipped=$((skipped + 1)); echo "skip $1: no $2" ;;
    esac
}
check() { # name command ...: passes when the command does
    name=$1; shift
    if "$@" > "$tmp/out" 2>&1; then pass "$name"; else fail "$name"; sed 's/^/    /' "$tmp/out" | head -n 20; fi
}
# The library as one object, made by make; "$CC $library program.c $library_o" is a program with an implementation of
# its own in its source, which is then left out.
library="-std=c99 $SIMD_FLAGS -I. -DMLP__IMPLEMENTED" library_o="$BUILD/mlp-$SIMD.o"
python_with() { # module: sets python to one that has it, Debian's where another one comes first in PATH
    for python in "${PYTHON:-python3}" /usr/bin/python3; do "$python" -c "import $1" 2> /dev/null && return; done
    false
}
finish() {
    echo "$passed passed, $failed failed$([ $skipped -eq 0 ] || echo ", $skipped skipped")"
    [ $failed -eq 0 ] && [ $((passed + skipped)) -gt 0 ]
    exit
}
