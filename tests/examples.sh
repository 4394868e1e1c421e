# Every example is built without warnings and run, and does what it says; the program in the header is one of them.
. tests/lib.sh

build() { $CC $library -Wall -Wextra -Wpedantic -Werror -O2 "$1" "$library_o" -o "$tmp/$(basename "$1" .c)" -lm; }
for example in examples/*.c; do
    case $example in
    */csv.c | */ensemble.c | */table.c | *_csv.c | */mpi.c) ;;
    *) check "$example: builds" build "$example" ;;
    esac
done
. tests/tables.sh

xor_learned() {
    "$tmp/$1" | awk '{ if (/xor/ && ($1 != $3) != ($5 > 0.5)) bad = 1 } / xor / { n++ } END { exit bad || n != 4 }'
}
check "examples/xor.c: learns xor" xor_learned xor
check "examples/embed.c: has learned xor" xor_learned embed
minimizes() { "$tmp/minimize" | awk '!(/: ok$/ && $2 > 0 && $9 + 0 <= 1e-6) { bad = 1 } END { exit bad || NR != 4 }'; }
check "examples/minimize.c: each optimizer finds the minimum" minimizes

four_equations() { # all 17 gradients there, none of them 0, and those of the library
    "$tmp/backprop" > "$tmp/said" &&
        awk '/^dC/ { n++; d = $3 - $4; if ($3 == 0 || d * d > 1e-12) bad = 1 } END { exit bad || n != 17 }' "$tmp/said"
}
check "examples/backprop.c: the four equations give the library's gradients" four_equations
regresses() {
    "$tmp/regression" |
        awk '/^rows of neither/ { r2 = $5 } /^20 m2/ { w = $10 } END { exit !(r2 >= 0.995 && w > 475 && w < 525) }'
}
check "examples/regression.c: predicts in watts what it never saw" regresses
descends() { # means of five seeds: by rows seen few rows win, by updates many; one row ends higher and in a jitter
    "$tmp/descent" | awk -F , 'NR == 1 { if ($0 != "way,seed,epochs,updates,loss") bad = 1; next }
        $3 == 1 { epoch[$1] += $5 / 5 } $4 == 512 { updates[$1] += $5 / 5 }
        $3 > 32 && $3 <= 64 && $3 == int($3) {
            n[$1]++; sum[$1] += $5; squares[$1, $2] += $5 * $5 / 32; mean[$1, $2] += $5 / 32
        }
        function jitter(way,  s, sum_) {
            for (s = 0; s < 5; s++) sum_ += sqrt(squares[way, s] - mean[way, s] ^ 2) / 5
            return sum_
        }
        END { one = "one row"; few = "16 rows"; all = "full batch"
            print epoch[one], epoch[few], epoch[all], updates[one], updates[few], updates[all], jitter(one), jitter(few)
            exit bad || n[one] != 160 || n[few] != 160 || !(epoch[one] < epoch[few] && epoch[few] < epoch[all] / 2) ||
                !(updates[all] < updates[one] && updates[few] < updates[all] * 1.1) ||
                !(sum[one] > 1.1 * sum[few] && jitter(one) > 4 * jitter(few)) }'
}
check "examples/descent.c: speed by rows and by updates, and noise" descends
drawn() {
    "$tmp/descent" > "$tmp/descent.csv" &&
        gnuplot -e "data='$tmp/descent.csv'; out='$tmp/descent.png'" examples/descent.gp &&
        [ "$(head -c 4 "$tmp/descent.png" | tail -c 3)" = PNG ]
}
if command -v gnuplot > /dev/null; then check "examples/descent.gp: draws" drawn
else skip "examples/descent.gp" gnuplot; fi

cat > "$tmp/idx.c" << 'END'
#include <stdio.h>
static void number(FILE *f, int n) { fputc(n >> 24, f), fputc(n >> 16, f), fputc(n >> 8, f), fputc(n, f); }
int main(int argc, char **argv) /* images labels: 300 of ten classes, each with a bright bar of its own */
{
    FILE *images = fopen(argv[argc - 2], "wb"), *labels = fopen(argv[argc - 1], "wb");
    int i, p;
    number(images, 0x803), number(images, 300), number(images, 28), number(images, 28);
    number(labels, 0x801), number(labels, 300);
    for (i = 0; i < 300; i++)
        for (fputc(i % 10, labels), p = 0; p < 784; p++) fputc(p / 79 == i % 10 ? 255 : (i * 31 + p * 7) % 100, images);
    return fclose(images) || fclose(labels);
}
END
mnist() {
    $CC "$tmp/idx.c" -o "$tmp/idx" && mkdir "$tmp/bars" || return
    for part in train t10k; do
        "$tmp/idx" "$tmp/bars/$part-images-idx3-ubyte" "$tmp/bars/$part-labels-idx1-ubyte" || return
    done
    "$tmp/mnist" "$tmp/bars" | grep -q '^test accuracy 100.00 %' &&
        "$tmp/mnist" "$tmp/bars" 1 wide | grep -q '^test accuracy 100.00 %'
}
check "examples/mnist.c: learns from the bytes of its files" mnist
cut_short() {
    head -c 100000 "$tmp/bars/train-images-idx3-ubyte" > "$tmp/cut" &&
        mv "$tmp/cut" "$tmp/bars/train-images-idx3-ubyte" &&
        ! "$tmp/mnist" "$tmp/bars" 2> "$tmp/said" && grep -q 'train-images-idx3-ubyte is not such a file' "$tmp/said"
}
check "examples/mnist.c: a file that is cut short is an error" cut_short

exported() { # a net of ours becomes C that this compiler takes, with the same outputs; and ONNX
    cat > "$tmp/main.c" << 'END'
#include <stdio.h>
void digits(const float *x, float *y);
int main(void)
{
    float x[64], y[10];
    while (fread(x, sizeof x, 1, stdin) == 1) { digits(x, y); fwrite(y, sizeof y, 1, stdout); }
    return 0;
}
END
    $CC -std=c99 -O0 $SIMD_FLAGS tests/interop.c -o "$tmp/interop" -lm && "$tmp/interop" make "$tmp" &&
        "$tmp/export_c" "$tmp/digits.safetensors" digits "$tmp/digits.c" &&
            $CC -std=c99 "$tmp/digits.c" "$tmp/main.c" -o "$tmp/exported" -lm &&
        "$tmp/exported" < "$tmp/digits.x" > "$tmp/digits.ran" &&
            "$tmp/interop" compare "$tmp/digits.ran" "$tmp/digits.y" 1e-6
}
check "examples/export_c.c: C with the same outputs" exported
exported_onnx() { "$tmp/export_onnx" "$tmp/digits.safetensors" "$tmp/digits.onnx" && grep -q Gemm "$tmp/digits.onnx"; }
check "examples/export_onnx.c: writes a file" exported_onnx
refused() { ! "$tmp/from_pytorch" "$1" 2> "$tmp/said" && grep -q "$2" "$tmp/said"; }
check "examples/from_pytorch.c: a missing file is an error" refused "$tmp/missing" "cannot open"
check "examples/from_pytorch.c: a net of other sizes is an error" refused "$tmp/digits.safetensors" "bad argument"
same_as_pytorch() { # but for the last digit printed
    "$python" examples/from_pytorch.py "$tmp/circle" > "$tmp/theirs" &&
        "$tmp/from_pytorch" "$tmp/circle" > "$tmp/ours" &&
        paste -d ' ' "$tmp/ours" "$tmp/theirs" |
            awk '{ d = $7 - $14; if ($1 $2 != $8 $9 || d * d > 2e-6) bad = 1 } END { exit bad || NR != 4 }'
}
if python_with torch; then check "examples/from_pytorch.c: as PyTorch says" same_as_pytorch
else skip "examples/from_pytorch.c beside PyTorch" torch; fi

digits() { "$tmp/digits" "$1" examples/data/digits.csv "$tmp/digits.safetensors"; }
# mean test accuracy over seeds 0..9, each with its own split, weights and order
mean=$(for seed in 0 1 2 3 4 5 6 7 8 9; do digits $seed | tail -n 1; done |
    awk '/^test accuracy [0-9.]+ %$/ { sum += $3; n++ } END { printf "%.2f", n == 10 ? sum / n : 0 }')
at_least() { awk -v got="$1" -v asked="$2" 'BEGIN { exit !(got >= asked) }'; }
check "examples/digits.c: at least 96.5 % over ten seeds ($mean %)" at_least "$mean" 96.5
plain_lines() {
    digits 0 > "$tmp/digits.txt" &&
        [ "$(grep -c '^epoch' "$tmp/digits.txt")" = 60 ] && ! grep -q "$(printf '\r')" "$tmp/digits.txt"
}
check "examples/digits.c: plain lines when not on a terminal" plain_lines
model_is_there() {
    ls "$tmp"/digits.safetensors* && [ "$(ls "$tmp"/digits.safetensors* | wc -l)" = 1 ] &&
        grep -aq '"mlp.activations":"relu softmax"' "$tmp/digits.safetensors"
}
check "examples/digits.c: saves its model, and nothing besides" model_is_there

sed -n '/^>>program$/,/^>>contents$/{/^   /p;}' mlp.h | sed 's/^   //; s|// \(.*\)$|/* \1 */|' > "$tmp/header.c"
same_program() { diff -B "$tmp/header.c" examples/xor.c; }
check "the program in the header is examples/xor.c" same_program
finish
