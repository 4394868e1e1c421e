# The benchmark program runs and writes what its readers expect; nothing here depends on a time.
# sh tests/bench.sh PROGRAM [EMULATOR]
. tests/lib.sh
program=$1 emulator=$2
brief="--seconds 0.0001 --reps 4" kernels="axpy forward-square"
if [ -n "$emulator" ]; then kernels=axpy; fi              # the larger products take minutes there

runs() { # a brief run; status 1 is "too noisy", which is no failure here
    $emulator "$program" $brief --json "$tmp/json" --paste "$tmp/paste" $kernels > "$tmp/table" || [ $? -eq 1 ]
}
check "$program runs" runs

if [ -n "$emulator" ]; then
    marked() { grep -q ', EMULATED$' "$tmp/table" && grep -q '^axpy .* neon ' "$tmp/table"; }
    check "an emulated run is marked" marked
    nothing_written() {
        mkdir "$tmp/results" && $emulator "$program" $brief --results "$tmp/results" axpy &&
            [ -z "$(ls "$tmp/results")" ] && [ ! -e "$tmp/json" ]
    }
    check "an emulated run writes no results" nothing_written
    finish
fi

text='"[^"\\]*"' number='-?[0-9][0-9.]*(e[-+][0-9]+)?'
well_formed() { [ -s "$1" ] && ! grep -vnE "^\{\"[a-z0-9_]+\":($text|$number)(,\"[a-z0-9_]+\":($text|$number))*\}\$" "$1"; }
check "each line is one JSON object" well_formed "$tmp/json"
same_isas() { # of the program's rows and of what the CPU says it has
    isas="scalar vectorized"
    case $(uname -m) in
    x86_64)
        isas="$isas sse2"
        if grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then isas="$isas avx2"; fi
        if grep -qw avx512f /proc/cpuinfo; then isas="$isas avx512"; fi ;;
    aarch64) isas="$isas neon" ;;
    esac
    for kernel in $kernels; do
        found=$(grep "\"kernel\":\"$kernel\"" "$tmp/json" | sed 's/.*"isa":"\([^"]*\)".*/\1/' | sort -u)
        [ "$found" = "$(printf '%s\n' $isas | sort)" ] || return 1
    done
}
check "each instruction set of this machine has rows" same_isas
complete() { # of each row; a row has a median or is refused, a product has P as well
    awk -f bench/fields.awk -f - "$tmp/json" <<'END'
{ bad = field("cpu") == "" || field("compiler") == "" || field("flags") == "" || field("unit") == "" || field("reps") != 4 }
field("refused") == "0" && !(field("median") > 0) { bad = 1 }
field("refused") == "0" && !(field("unit") == "ns" ? field("gbps") > 0 : field("p") > 0 && field("share") > 0) { bad = 1 }
field("refused") == "1" && field("median") != "" { bad = 1 }
bad { print; exit 1 }
END
}
check "each row names CPU, compiler, flags and has its figures" complete
pasted() { grep -q '^axpy 16384 ns: scalar ' "$tmp/paste"; }
check "the block to paste has a line per kernel" pasted

refused() { "$program" "$@" > /dev/null 2>&1; [ $? -eq 2 ]; }
check "a kernel that is not there is an error" refused $brief no-such-kernel
check "a part of the kernels does not replace results" refused $brief --results "$tmp" axpy
threads=${program%program}threads
if [ -x "$threads" ]; then
    threads_run() { "$threads" $brief --json "$tmp/threads" > "$tmp/table" || [ $? -eq 1 ]; }       # 2: other weights, too
    check "$threads runs: the weights do not depend on the number of threads" threads_run
    check "each of its lines is one JSON object" well_formed "$tmp/threads"
    threads_complete() { # one and two threads for each of four nets, with a ratio or refused
        awk -f bench/fields.awk -f - "$tmp/threads" <<'END'
field("isa") == "" || field("flags") !~ /-fopenmp/ || field("reps") != 4 || field("unit") != "us" { bad++; print }
field("refused") == "0" && !(field("median") > 0 && field("x_one_thread") > 0) { bad++; print }
field("refused") == "1" && field("median") != "" { bad++; print }
field("threads") == 1 && !seen[field("kernel"), 1]++ { nets++ }
field("threads") == 2 && seen[field("kernel"), 1] && !seen[field("kernel"), 2]++ { pairs++ }
END { exit bad || nets != 4 || pairs != 4 }
END
    }
    check "they have one and two threads for each net" threads_complete
else
    skip "training with several threads" openmp
fi
changed() { make -s bench-change BEFORE=mlp.h ONLY="--seconds 0.0001 --reps 4 --json $tmp/change $*" > "$tmp/table"; }
check "make bench-change compares two versions" changed forward 7,13,5 nn 7,13,5 relu 100 predict 4-3-2,1 train 4-3-2,8
check "each of its lines is one JSON object" well_formed "$tmp/change"
change_complete() { [ "$(grep -c '"ratio":[0-9]' "$tmp/change")" = 5 ] && [ "$(grep -c 'after / before [0-9]' "$tmp/table")" = 5 ]; }
check "one for each piece of work, and one in the table" change_complete
if git rev-parse -q --verify HEAD:mlp.h > /dev/null 2>&1; then
    from_git() { make -s bench-change FROM=HEAD OPT=-O0 ONLY="--seconds 0.0001 --reps 4 relu 100" | grep -q 'after / before [0-9]'; }
    check "make bench-change takes an earlier version from git" from_git
    no_revision() { ! make -s bench-change FROM=no-such-revision ONLY="relu 100" > /dev/null 2>&1; }
    check "a revision that is not there is an error" no_revision
else
    skip "make bench-change from git" git
fi
no_change() { "${program%program}change" "$@" > /dev/null 2>&1; [ $? -eq 2 ]; }
check "a form that is not there is an error, and so are sizes" eval 'no_change backward 1,2,3 && no_change nn 4-3,1 && no_change train 4-3 && no_change nn 3,0,1 && no_change nn && no_change dX 100 &&
    no_change relu 1,2,3 && no_change nn 1,2,3,4 && no_change --json /nowhere/x nn 1,2,3'
says() { # text command ...: fails and says so
    what=$1; shift
    ! "$@" > "$tmp/said" 2>&1 && grep -q "$what" "$tmp/said"
}
check "make bench-builds without hyperfine says so" says "needs hyperfine" make bench-builds HYPERFINE=no-such-program
if command -v hyperfine > /dev/null; then
    times_are_read() {
        hyperfine -N --style none --runs 4 --export-json "$tmp/times" -n "digits scalar -O2" true &&
            awk -v run=name -f bench/builds.awk "$tmp/times" | grep "$(printf '^name\tdigits\tscalar\t')"
    }
    check "what hyperfine writes is read" times_are_read
else
    skip "what hyperfine writes" hyperfine
fi

# the report, from results made up here
row() { # isa kernel shape unit other fields
    printf '{"cpu":"A (b)","compiler":"cc 1","isa":"%s","flags":"-O2 -m%s",' "$1" "$1"
    printf '"kernel":"%s","shape":"%s","unit":"%s","reps":4,%s}\n' "$2" "$3" "$4" "$5"
}
mkdir "$tmp/report"
for isa in scalar vectorized avx2; do
    row $isa forward 128x784x512 GFLOP/s '"spread":0.01,"refused":0,"median":40.25,"p":50,"share":0.805'
    for n in 8 16 32; do row $isa forward-square ${n}x${n}x$n GFLOP/s '"spread":0.01,"refused":0,"median":40,"p":50,"share":0.8'; done
    for kernel in relu sigmoid tanh hadamard adam; do for n in 1024 16384; do row $isa $kernel $n ns '"spread":0.01,"refused":0,"median":0.5,"gbps":24'; done; done
    row $isa axpy 16384 ns '"spread":0.5,"refused":1'
done > "$tmp/report/a-b-cc-1.json"
{
    echo '{ "results": ['
    printf '{ "command": "digits avx2 -O2",\n "times": [\n 3.0,\n 1.0,\n 1.0,\n 1.0,\n 0.5\n ] },\n'
    printf '{ "command": "digits scalar -O2",\n "times": [\n 1.0,\n 2.0,\n 3.0,\n 4.0\n ] } ] }\n'
} > "$tmp/report/a-b-cc-1-digits.json"
{
    printf 'A (b), cc 1, one core.\n\n- onednn: oneDNN\n\n| work | shape | mlp.h | median | share | best rival | its median | ratio | asked | reached |\n'
    printf '|---|---|---|---|---|---|---|---|---|---|\n| A | 64-32-10 | avx2 | 5 rows/s |  | onednn  | 4 | 1.25 +- 1.0 %% | 1.80 x  | no |\n'
    printf '| A | 64-32-10 | avx2 | 5 rows/s |  | torch | 1 | 5.00 +- 1.0 %% |  |  |\n| relu | 4Ki | avx2 | 1 ns |  | onednn | 1 | 1.00 +- 1.0 %% |  |  |\n'
} > "$tmp/report/compare.md"
printf 'before\n<!-- measured: make bench report -->\nold\n<!-- end -->\nafter\n' > "$tmp/readme"
if command -v gnuplot > /dev/null; then
    report() { sh bench/report.sh "$tmp/report" "$tmp/readme"; }
    check "the report is written" report
    table() {
        grep -qxF '| A (b), cc 1 | forward | 128x784x512 | GFLOP/s | 40.2 (0.81) | 40.2 | 40.2 (0.81) |' "$tmp/report/report.md" &&
            grep -qxF '| A (b), cc 1 | axpy | 16384 | ns | refused | refused | refused |' "$tmp/report/report.md" &&
            grep -qxF '| A (b), cc 1 | whole program | digits | s | refused |  | 1 |' "$tmp/report/report.md"
    }
    check "its table has every row; noisy ones are refused" table
    plots() {
        for kind in gemm elementwise; do
            plot="$tmp/report/a-b-cc-1-$kind.svg"
            grep -q '</svg>' "$plot" && grep -q avx2 "$plot" || return 1
        done
    }
    check "its plots show each instruction set" plots
    beside() {
        [ "$(grep -c 64-32-10 "$tmp/readme")" = 1 ] && grep -qxF '| A 64-32-10 |  |  | 5 rows/s | 1.25 onednn; 5.00 torch |' "$tmp/readme" && ! grep -q 4Ki "$tmp/readme"
    }
    check "the rows beside other libraries are there" beside
    between_markers() {
        cp "$tmp/readme" "$tmp/first"
        report && cmp "$tmp/first" "$tmp/readme" &&
            [ "$(head -n 1 "$tmp/readme")" = before ] && [ "$(tail -n 1 "$tmp/readme")" = after ] &&
            ! grep -qx old "$tmp/readme" && grep -q '^| avx2 | 50 | 40.2 (0.81) |' "$tmp/readme"
    }
    check "README.md changes only between the markers, and only once" between_markers
else
    skip "the report" gnuplot
fi
finish
