# The benchmark program runs and writes what its readers expect; nothing here depends on a time.
# sh tests/bench.sh PROGRAM [EMULATOR]
. tests/lib.sh
program=$1 emulator=$2
brief="--seconds 0.0001 --reps 4"
works="forward 7,13,5 hadamard 100 predict 4-3-2,1"

runs() { $emulator "$program" $brief --json "$tmp/json" $works > "$tmp/table"; }
check "$program runs" runs
if [ -n "$emulator" ]; then
    marked() { grep -q 'EMULATED' "$tmp/table" && grep -q '^forward .* neon ' "$tmp/table" && [ ! -e "$tmp/json" ]; }
    check "an emulated run is marked and writes no results" marked
    finish
fi

text='"[^"\\]*"' number='-?[0-9][0-9.]*(e[-+][0-9]+)?'
list="\\[$number(,$number)*\\]"
well_formed() {
    [ -s "$1" ] && ! grep -vnE "^\{\"[a-z0-9_ ]+\":($text|$number|$list)(,\"[a-z0-9_ ]+\":($text|$number|$list))*\}\$" \
        "$1"
}
check "each line is one JSON object" well_formed "$tmp/json"
same_isas() { # of the rows, of the first line's flags, and of what the CPU says it has
    isas="scalar vectorized"
    case $(uname -m) in
    x86_64)
        isas="$isas sse2"
        if grep -qw avx2 /proc/cpuinfo && grep -qw fma /proc/cpuinfo; then isas="$isas avx2"; fi
        if grep -qw avx512f /proc/cpuinfo; then isas="$isas avx512"; fi ;;
    aarch64) isas="$isas neon" ;;
    esac
    for isa in $isas; do
        head -n 1 "$tmp/json" | grep -q "\"$isa\":\"-" || return 1
        for work in forward hadamard predict; do
            grep "\"work\":\"$work\"" "$tmp/json" | grep -qE "\"$isa\":\[$number,$number" || return 1
            grep -qE "^$work .* $isa " "$tmp/table" || return 1
        done
        grep '"work":"forward"' "$tmp/json" | grep -qE "\"$isa\":$list" || return 1
    done
}
check "each instruction set of this machine is in each row" same_isas
named() { head -n 1 "$tmp/json" | grep -qE '^\{"cpu":"[^"]+","compiler":"[^"]+","kind":"kernels","reps":4,'; }
check "the first line names CPU, compiler, kind and repetitions" named
noisy() { # a clock that no two repetitions agree on: marked, explained, and no failure
    $program --seconds 0.0000001 --reps 101 forward 7,13,5 > "$tmp/noisy"
    ! grep -q ' ~' "$tmp/noisy" || grep -q 'taskset' "$tmp/noisy"
}
check "rows that are too noisy are explained, and are no failure" noisy

refused() { "$program" "$@" > /dev/null 2>&1; [ $? -eq 2 ]; }
check "a kernel that is not there is an error" refused $brief no-such-kernel
check "sizes of another kind are an error" eval \
    'refused forward 4-3,1 && refused train 4-3 && refused nn 3,0,1 && refused relu 1,2,3 &&
    refused nn 1,2,3,4 && refused 1,2,3 && refused train 4-3-2,8,quickly && refused --json /nowhere/x relu 100'

threads=${program%program}threads
if [ -x "$threads" ]; then
    threads_run() { "$threads" $brief --json "$tmp/threads" > "$tmp/table"; }
    check "$threads runs" threads_run
    threads_complete() {
        well_formed "$tmp/threads" && [ "$(grep -c '"one thread":\[.*"two":\[' "$tmp/threads")" = 4 ]
    }
    check "it has one and two threads for each net" threads_complete
else
    skip "training with several threads" openmp
fi
nets=${program%program}nets
nets_run() {
    make -s "$nets" && "$nets" $brief --json "$tmp/nets" memory "one row" > "$tmp/table" &&
        well_formed "$tmp/nets" && grep -q '"one":.*"of64":' "$tmp/nets"
}
check "$nets runs" nets_run

changed() { make -s bench-change BEFORE=mlp.h ONLY="--seconds 0.0001 --reps 4 --json $tmp/change $*" > "$tmp/table"; }
check "make bench-change compares two versions" changed forward 7,13,5 nn 7,13,5 relu 100 predict 4-3-2,1 train \
    4-3-2,8 train 4-3-2,1,tanh,adam,full
change_complete() {
    well_formed "$tmp/change" && [ "$(grep -c '"change":\[' "$tmp/change")" = 6 ] &&
        [ "$(grep -c 'after / before [0-9]' "$tmp/table")" = 6 ] &&
        grep -q '^geometric mean of after / before:  training .* (2 rows)  all else .* (4 rows)' "$tmp/table"
}
check "one row for each piece of work, and they are added up" change_complete
if git rev-parse -q --verify HEAD:mlp.h > /dev/null 2>&1; then
    from_git() {
        make -s bench-change FROM=HEAD OPT=-O0 ONLY="--seconds 0.0001 --reps 4 relu 100" |
            grep -q 'after / before [0-9]'
    }
    check "make bench-change takes an earlier version from git" from_git
    no_revision() { ! make -s bench-change FROM=no-such-revision ONLY="relu 100" > /dev/null 2>&1; }
    check "a revision that is not there is an error" no_revision
else
    skip "make bench-change from git" git
fi
says() { # text command ...: fails and says so
    what=$1; shift
    ! "$@" > "$tmp/said" 2>&1 && grep -q "$what" "$tmp/said"
}
check "make bench-builds without hyperfine says so" says "needs hyperfine" make bench-builds HYPERFINE=no-such-program
hyperfine_is_read() {
    {
        printf '{ "results": [\n'
        printf '{ "command": "digits avx2 -O2 -mavx2",\n "times": [\n 3.0,\n 1.0,\n 1.0,\n 1.0,\n 0.5\n ] },\n'
        printf '{ "command": "digits scalar -O2",\n "times": [\n 1.0,\n 2.0,\n 3.0,\n 4.0\n ] } ] }\n'
    } > "$tmp/times"
    awk -v cpu=C -v compiler=D -f bench/builds.awk "$tmp/times" > "$tmp/builds" && well_formed "$tmp/builds" &&
        grep -qxF '{"work":"digits","shape":"","unit":"s","avx2":[1,0.0],"scalar":[3,33.3]}' "$tmp/builds" &&
        grep -qxF '{"cpu":"C","compiler":"D","kind":"builds","avx2":"-O2 -mavx2","scalar":"-O2"}' "$tmp/builds"
}
check "what hyperfine writes is read" hyperfine_is_read

# the report, from results made up here
mkdir "$tmp/report"
{
    printf '{"cpu":"A (b)","compiler":"cc 1","kind":"kernels","reps":4,'
    echo '"scalar":"-O2","vectorized":"-O3","avx2":"-O2 -mavx2"}'
    printf '{"work":"forward","shape":"128,784,512","unit":"GFLOP/s",'
    echo '"scalar":[20.1,0.6,0.81],"vectorized":[40.2,1,0.4],"avx2":[80.4,12,0.8]}'
    for n in 8 16 32; do
        echo '{"work":"forward","shape":"'$n,$n,$n'","unit":"GFLOP/s","scalar":[20,1,0.8],"avx2":[40,1,0.8]}'
    done
    for w in relu sigmoid tanh hadamard; do
        for n in 1024 16384; do echo '{"work":"'$w'","shape":"'$n'","unit":"ns","scalar":[0.5,1],"avx2":[0.25,1]}'; done
    done
    echo '{"work":"P","shape":"","unit":"GFLOP/s","scalar":[25,1],"avx2":[100,1]}'
} > "$tmp/report/a-kernels.jsonl"
sed 's/"C"/"A (b)"/; s/"D"/"cc 1"/' "$tmp/builds" > "$tmp/report/a-builds.jsonl"
{
    printf '{"cpu":"A (b)","compiler":"cc 1","kind":"compare","reps":4,"mlp-avx2":"mlp.h","mlp-avx512":"mlp.h",'
    echo '"onednn-avx2":"oneDNN","onednn":"oneDNN","eigen-avx2":"Eigen"}'
    printf '{"work":"A","shape":"64-32-10","unit":"rows/s",'
    echo '"mlp-avx2":[500,1],"onednn":900,"onednn-avx2":400,"eigen-avx2":100}'
    echo '{"work":"relu","shape":"64Ki","unit":"ns","mlp-avx2":[1,1],"onednn-avx2":2}'
} > "$tmp/report/a-compare.jsonl"
printf 'before\n<!-- measured: make report -->\nold\n<!-- end -->\nafter\n' > "$tmp/readme"
report() { make -s report REPORTED="$tmp/report" README="$tmp/readme" BUILD="$tmp/made"; }
check "the report is written" report
table() {
    grep -qxF '| forward | 128,784,512 | GFLOP/s | 20.1 (0.81) | 40.2 | 80.4 +- 12 % (0.80) |' "$tmp/made/report.md" &&
        grep -qxF '| digits |  | s | 1 | 3 +- 33 % |' "$tmp/made/report.md"
}
check "it has every row, and the spread where that is large" table
beside() { grep -qF '| 1.25 onednn-avx2 |' "$tmp/readme" && grep -q '64-32-10' "$tmp/made/report.md"; }
check "rivals are those whose vectors are no wider" beside
between_markers() {
    cp "$tmp/readme" "$tmp/first"
    report && cmp "$tmp/first" "$tmp/readme" &&
        [ "$(head -n 1 "$tmp/readme")" = before ] && [ "$(tail -n 1 "$tmp/readme")" = after ] &&
        ! grep -qx old "$tmp/readme" && grep -q '^| avx2 | 100 | 80.4 +- 12 % (0.80) |.* 4.0, 2.0 |' "$tmp/readme"
}
check "README.md changes only between the markers, and only once" between_markers
recorded() {
    awk -f bench/results.awk -f bench/table.awk -v mode=beside "$tmp/report/a-kernels.jsonl" \
        bench/results/*-kernels.jsonl > "$tmp/beside" &&
        grep -qE '^forward 128,784,512, GFLOP/s +vectorized +40.2 +[0-9.]+ +[0-9.]+' "$tmp/beside" &&
            grep -qF '1  A (b), cc 1: this run' "$tmp/beside"
}
check "a run is shown beside the recorded ones" recorded
if command -v gnuplot > /dev/null; then
    plots() {
        make -s bench-plots REPORTED="$tmp/report" BUILD="$tmp/made" &&
            for kind in gemm elementwise; do
                grep -q '</svg>' "$tmp/made/plots/a-$kind.svg" && grep -q avx2 "$tmp/made/plots/a-$kind.svg" || return 1
            done
    }
    check "its plots show each instruction set" plots
else
    check "make bench-plots without gnuplot says so" says "needs gnuplot" make bench-plots
fi
finish
