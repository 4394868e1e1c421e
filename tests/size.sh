# Bytes of code and constants of a program that only predicts, for microcontrollers at -Os, with and without the options
# that leave parts out. An option that the header does not have (yet) is not in the table.
. tests/lib.sh
cross=arm-none-eabi
if ! command -v $cross-gcc > /dev/null; then skip "sizes" $cross-gcc; finish; fi
cat > "$tmp/predict.c" << 'END'
#define MLP_IMPLEMENTATION
#define MLP_NO_STDIO
#define MLP_MALLOC(size, user) ((void)(size), (void)(user), (void *)0)
#define MLP_FREE(pointer, user) ((void)(pointer), (void)(user))
#include "mlp.h"
float memory[2048], x[4], y[2];
int main(void)
{
    mlp_desc d = { 0 };
    mlp *net;
    d.inputs = 4;
    d.layers[0].units = 8;
    d.layers[0].activation = MLP_ACT_RELU;
    d.layers[1].units = 2;
    return mlp_init_in(&net, memory, sizeof memory, &d) || mlp_predict_with(net, memory + 1024, 4096, x, 1, y);
}
END
printf '%-44s %10s %10s\n' "options" cortex-m0 cortex-m4
row() { # options
    sizes=
    for cpu in cortex-m0 cortex-m4; do
        fpu=; [ $cpu = cortex-m4 ] && fpu="-mfpu=fpv4-sp-d16 -mfloat-abi=hard"
        $cross-gcc -std=c99 -mcpu=$cpu -mthumb $fpu -Os -ffunction-sections -fdata-sections -Wl,--gc-sections \
            --specs=nosys.specs --specs=nano.specs -I. $1 \
            "$tmp/predict.c" -o "$tmp/predict" -lm > "$tmp/log" 2>&1 || { cat "$tmp/log"; return 1; }
        sizes="$sizes $($cross-size "$tmp/predict" | awk 'NR == 2 { print $1 }')"
    done
    printf '%-44s %10s %10s\n' "${1:-none}" $sizes
}
sized() { row "$1" > "$tmp/row"; }
for options in "" -DMLP_NO_FILES -DMLP_NO_TRAINING "-DMLP_ACTIVATIONS=1<<MLP_ACT_RELU" \
    "-DMLP_NO_FILES -DMLP_NO_TRAINING" \
    "-DMLP_NO_FILES -DMLP_NO_TRAINING -DMLP_ACTIVATIONS=1<<MLP_ACT_RELU"; do
    for name in $(echo "$options" | grep -o 'MLP_[A-Z_]*' | grep -v MLP_ACT_); do
        grep -q "def.*\b$name\b" mlp.h || continue 2
    done
    if sized "$options"; then cat "$tmp/row"; pass "predict only, ${options:-no options}"
    else fail "predict only, ${options:-no options}"; head -n 10 "$tmp/row"; fi
done
finish
