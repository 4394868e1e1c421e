# examples/mpi.c with 1, 2 and 4 ranks: the loss of one process, equal bits, resuming, stopping, and a rank that dies.
# Needs Debian's libopenmpi-dev and openmpi-bin.
. tests/lib.sh
for tool in mpicc mpirun; do
    command -v $tool > /dev/null || { skip "examples/mpi.c" $tool; finish; }
done
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_btl_vader_single_copy_mechanism=none
mpirun="mpirun --oversubscribe --bind-to none -n"
ranks() { # how many, then the program's arguments behind the model
    n=$1; shift
    timeout 300 $mpirun $n "$tmp/mpi" examples/data/digits.csv "$tmp/model" "$@"
}
anew() { rm -f "$tmp/model"; ranks "$@"; }
weights() { sed -n 's/.*weights \([0-9a-f]*\) by .*/\1/p'; }
same_weights() { [ -s "$tmp/first" ] && cmp "$tmp/first" "$tmp/second"; }

build() { mpicc $library -Wall -Wextra -Wpedantic -Werror -O2 examples/mpi.c "$library_o" -o "$tmp/mpi" -lm; }
check "examples/mpi.c: builds" build
for n in 1 2 4; do
    trained() { anew $n 6 > "$tmp/by$n" && [ "$(grep -c ^epoch "$tmp/by$n")" = 6 ]; }
    check "$n ranks: train" trained
    same_loss() { # within rounding; and it falls
        paste -d ' ' "$tmp/by1" "$tmp/by$n" | awk '/^epoch/ { d = $4 / $12 - 1; e = $8 / $16 - 1; rows++
            if (d * d > 1e-10 || e * e > 1e-10 || rows > 1 && $12 + 0 >= last) bad = 1
            last = $12 + 0 } END { exit bad || rows != 6 }'
    }
    [ $n = 1 ] || check "$n ranks: the loss of one process with the same batches" same_loss
    same_bits() {
        anew $n 3 32 0.2 | weights > "$tmp/first" && anew $n 3 32 0.2 | weights > "$tmp/second" && same_weights
    }
    check "$n ranks: the same bits again, with dropout" same_bits
done
other_masks() { # than ranks of equal seeds, which drop the same units in their rows
    sed 's/SEED + (uint64_t)rank/SEED/' examples/mpi.c > "$tmp/equal.c" && mv "$tmp/mpi" "$tmp/kept" &&
        mpicc $library -O2 "$tmp/equal.c" "$library_o" -o "$tmp/mpi" -lm && anew 2 2 32 0.2 | weights > "$tmp/first" &&
        mv "$tmp/kept" "$tmp/mpi" && anew 2 2 32 0.2 | weights > "$tmp/second" &&
        [ -s "$tmp/first" ] && [ -s "$tmp/second" ] && ! cmp -s "$tmp/first" "$tmp/second"
}
check "each rank has masks of its own" other_masks
resumed() {
    anew 2 6 32 0.2 | weights > "$tmp/first" && anew 2 3 32 0.2 > /dev/null && ranks 2 6 32 0.2 > "$tmp/said" &&
        [ "$(grep -c ^epoch "$tmp/said")" = 3 ] && weights < "$tmp/said" > "$tmp/second" && same_weights
}
check "3 epochs, and 3 more from the checkpoint, have the bits of 6" resumed
stopped() {
    anew 2 300 > "$tmp/said" &&
        awk '/^epoch/ { last = $2 + 0 } /^best/ { best = $3 + 0 }
            END { exit !(best > 10 && last == best + 20) }' "$tmp/said"
}
check "rank 0 stops all ranks 20 epochs after the best" stopped
refused() {
    ! anew 4 2 32 0 30 > "$tmp/said" 2>&1 && grep -q '^rank .: bad argument: no batch' "$tmp/said" &&
        ! [ -e "$tmp/model" ]
}
check "a batch that the ranks cannot share ends the job with a message" refused

dies() { # the rank started as number $1 of 4, after the first checkpoint
    rm -f "$tmp/model"
    $mpirun 4 "$tmp/mpi" examples/data/digits.csv "$tmp/model" 100000 256 0.5 > "$tmp/said" 2> "$tmp/errors" &
    job=$! waited=0
    while ! [ -e "$tmp/model" ] && [ $waited -lt 600 ]; do sleep 0.1; waited=$((waited + 1)); done
    kill -9 "$(ps -o pid= --ppid $job | sed -n "$1p")" || { kill $job; return 1; }
    ! wait $job && grep -q 'signal 9' "$tmp/errors" && before=$(grep -c ^epoch "$tmp/said") &&
        ranks 4 $((before + 2)) 256 0.5 > "$tmp/said" && [ "$(grep -c ^epoch "$tmp/said")" -ge 2 ] &&
        ! ls "$tmp"/model.mlp-tmp* > /dev/null 2>&1
}
if command -v ps > /dev/null; then
    check "rank 0 dies: the job ends with a message, and goes on from the last checkpoint" dies 1
    check "rank 2 dies: the same" dies 3
else skip "a rank that dies" ps; fi
finish
