# sh bench/report.sh DIR README: from all results in DIR, DIR/report.md and the plots DIR/*.svg; a short table and the first plot
# replace what is between the markers in README, with the rows of DIR/compare.md that bench/compared.awk chooses.
set -e
dir=$1 readme=$2
here=$(dirname "$0")
begin='<!-- measured: make bench report -->' end='<!-- end -->'
fail() { echo "make report: $1" >&2; exit 1; }

command -v gnuplot > /dev/null || fail "needs gnuplot, which is not here (apt-get install gnuplot-nox)"
grep -qxF -e "$begin" "$readme" && grep -qxF -e "$end" "$readme" || fail "no line '$begin' or no line '$end' in $readme"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

files=
for f in "$dir"/*.json; do
    case $f in *-digits.json | *-train.json | *-threads.json | *-compare.json) continue ;; esac
    [ -f "$f" ] || continue
    files="$files $f"
    base=${f%.json}
    for builds in "$base-digits.json" "$base-train.json"; do
        if [ -f "$builds" ]; then awk -v run="$(basename "$base")" -f "$here/builds.awk" "$builds" >> "$tmp/builds"; fi
    done
    mkdir "$tmp/plot"
    awk -v out="$tmp/plot" -f "$here/fields.awk" -f "$here/plot.awk" "$f"
    title=$(sed -n '1s/.*"cpu":"\([^"]*\)","compiler":"\([^"]*\)".*/\1, \2/p' "$f")
    for kind in gemm elementwise; do
        isas=$(for isa in scalar vectorized sse2 avx2 avx512 neon; do
            if ls "$tmp/plot/$kind"*"-$isa" > /dev/null 2>&1; then echo $isa; fi
        done)
        if [ -n "$isas" ]; then gnuplot -e "data='$tmp/plot'; isas='$isas'; heading='$title'; out='$base-$kind.svg'" "$here/$kind.gp"; fi
    done
    rm -r "$tmp/plot"
done
[ -n "$files" ] || fail "no results in $dir: make bench makes them"
: >> "$tmp/builds"

awk -v builds="$tmp/builds" -v long="$dir/report.md" -v short="$tmp/short" -f "$here/fields.awk" -f "$here/report.awk" $files
if [ -f "$dir/compare.md" ]; then
    printf '\nBeside other libraries (`make compare`; all rows: [%s](%s)):\n\n' "$dir/compare.md" "$dir/compare.md" >> "$tmp/short"
    awk -f "$here/compared.awk" "$dir/compare.md" >> "$tmp/short"
fi
plot=$(ls "$dir"/*-gemm.svg 2> /dev/null | head -n 1)
if [ -n "$plot" ]; then printf '\n![GFLOP/s of the forward pass over size](%s)\n' "$plot" >> "$tmp/short"; fi

awk -v begin="$begin" -v end="$end" -v short="$tmp/short" '
    $0 == begin { print; while ((getline line < short) > 0) print line; inside = 1 }
    $0 == end { inside = 0 }
    !inside' "$readme" > "$tmp/readme"
cat "$tmp/readme" > "$readme"
echo "written: $dir/report.md, $(ls "$dir" | grep -c 'svg$') plots, the table in $readme"
