# Models of ours in other programs and theirs here: generated C under several compilers, ONNX's checker and ONNX
# Runtime, PyTorch. What is missing is skipped: tcc, arm-none-eabi-gcc, torch, onnx, onnxruntime (npm installs it into
# the build folder).
. tests/lib.sh
dir="$tmp/models"
mkdir "$dir"
for_models() { for model in $models; do "$@" "$model" || return; done; }
inputs_of() { case $1 in digits) echo 64 ;; wide) echo 784 ;; deep) echo 100 ;; one) echo 4 ;; *) echo 5 ;; esac; }
outputs_of() { case $1 in digits | wide) echo 10 ;; deep) echo 20 ;; one) echo 1 ;; *) echo 3 ;; esac; }

check "tests/interop.c builds" $CC -std=c99 -Wall -Wextra -Wno-unused-function -O2 $SIMD_FLAGS tests/interop.c \
    -o "$tmp/interop" -lm
build() { $CC -std=c99 -O2 $SIMD_FLAGS -I. "examples/$1.c" -o "$tmp/$1"; }
check "export_c builds" build export_c
check "export_onnx builds" build export_onnx
check "nets of every activation are saved" "$tmp/interop" make "$dir"
models=$(cd "$dir" && ls *.y | sed 's/\.y$//' | grep -v '^custom$')
[ "$(echo "$models" | wc -l)" = 21 ] && pass "21 models" || fail "21 models, found: $models"

# ---- C ----

export_c() { "$tmp/export_c" "$dir/$1.safetensors" predict "$dir/$1.c"; }
check "export_c writes all models" for_models export_c
cat > "$tmp/main.c" << 'END'
#include <stdio.h>
void predict(const float *x, float *y);
int main(void)
{
    static float x[INPUTS], y[OUTPUTS];
    while (fread(x, sizeof x, 1, stdin) == 1) { predict(x, y); fwrite(y, sizeof y, 1, stdout); }
    return 0;
}
END
same_in_c() { # compiler flags model
    $1 $2 -DINPUTS=$(inputs_of $3) -DOUTPUTS=$(outputs_of $3) "$dir/$3.c" "$tmp/main.c" -o "$tmp/program" -lm &&
        "$tmp/program" < "$dir/$3.x" > "$dir/$3.ran" && "$tmp/interop" compare "$dir/$3.ran" "$dir/$3.y" 1e-6
}
strict="-std=c99 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wdouble-promotion -Wmissing-prototypes -Werror"
for c in gcc clang tcc; do
    command -v $c > /dev/null || { skip "exported C, $c" $c; continue; }
    case $c in tcc) flags=-Wall ;; *) flags="$strict -O2" ;; esac
    check "exported C, $c: no warnings, outputs within 1e-6" for_models same_in_c $c "$flags"
done
compiles_for_arm() {
    arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb $strict -O2 -c "$dir/$1.c" -o "$tmp/arm.o" &&
        ! arm-none-eabi-nm -u "$tmp/arm.o" | grep -E 'malloc|__aeabi_(f2d|d)'
}
if command -v arm-none-eabi-gcc > /dev/null; then
    check "exported C, arm-none-eabi-gcc: no warnings, no malloc, no double" for_models compiles_for_arm
else skip "exported C for a microcontroller" arm-none-eabi-gcc; fi
refused() { # program text arguments: it fails, says text, leaves no file
    program=$1 text=$2; shift 2; rm -f "$dir/out"
    ! "$tmp/$program" "$@" 2> "$tmp/said" && grep -q "$text" "$tmp/said" && ! [ -e "$dir/out" ]
}
two_models() { # in one file
    "$tmp/export_c" "$dir/mish.safetensors" first "$dir/first.c" &&
        "$tmp/export_c" "$dir/elu.safetensors" second "$dir/second.c" &&
        printf '#include "first.c"\n#include "second.c"\n' > "$dir/two.c" && $CC -c "$dir/two.c" -o "$tmp/two.o"
}
check "exported C: two models in one file" two_models
no_math() { ! grep -q math.h "$dir/relu.c" && ! grep -q malloc "$dir/relu.c" && grep -q math.h "$dir/tanh.c"; }
check "exported C: <math.h> only where needed" no_math
check "export_c refuses a custom activation" refused export_c "custom functions" "$dir/custom.safetensors" predict \
    "$dir/out"
check "export_c refuses a name that is none in C" refused export_c "C identifier" "$dir/relu.safetensors" 2nd "$dir/out"
head -c 200 "$dir/one.safetensors" > "$dir/cut.safetensors"
check "export_c refuses a damaged model" refused export_c "cut.safetensors: " "$dir/cut.safetensors" predict "$dir/out"

# ---- ONNX ----

export_onnx() { "$tmp/export_onnx" "$dir/$1.safetensors" "$dir/$1.onnx"; }
check "export_onnx writes all models" for_models export_onnx
check "export_onnx refuses a custom activation" refused export_onnx "custom functions" "$dir/custom.safetensors" \
    "$dir/out"
if python_with onnx; then
    check "ONNX's checker takes all models" "$python" -c 'import onnx, sys
for path in sys.argv[1:]:
    onnx.checker.check_model(path, full_check=True)
    model = onnx.load(path)
    assert (model.ir_version, model.opset_import[0].version) == (7, 13)
    assert model.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "N"' \
        $(for model in $models; do echo "$dir/$model.onnx"; done)
else skip "ONNX's checker" onnx; fi
[ -e "$BUILD/onnxruntime/node_modules/onnxruntime-node" ] ||
    npm install --silent --no-fund --no-audit --ignore-scripts --prefix "$BUILD/onnxruntime" \
        onnxruntime-node@1.30.0 > /dev/null 2>&1
same_in_onnx() { "$tmp/interop" compare "$dir/$1.ran" "$dir/$1.y" 1e-5; }
if [ -e "$BUILD/onnxruntime/node_modules/onnxruntime-node" ]; then
    rm -f "$dir"/*.ran
    check "ONNX Runtime runs all models" node tests/onnx.mjs "$BUILD/onnxruntime" "$dir" \
        $(for model in $models; do echo "$(inputs_of $model):$model"; done)
    check "ONNX Runtime: outputs within 1e-5" for_models same_in_onnx
else skip "ONNX Runtime" onnxruntime; fi

# ---- PyTorch ----

if python_with torch; then
    "$python" -B tests/pytorch.py "$tmp/interop" "$dir" $models > "$tmp/torch" 2> "$tmp/torch.errors" ||
        fail "tests/pytorch.py: $(tail -n 1 "$tmp/torch.errors")"
    [ -s "$tmp/torch" ] || fail "tests/pytorch.py: no tests"
    while read -r status name; do
        if [ "$status" = ok ]; then pass "PyTorch: $name"; else fail "PyTorch: $name"; fi
    done < "$tmp/torch"
else skip "PyTorch" torch; fi
finish
