# One build of the whole library: its bits, and the widest register of its fused multiply-adds, read off the
# disassembly: none without FMA; scalar and emulated code may be vectorized by the compiler. bits.sh BUILD/bits-ISA@TOOL
# [EMULATOR ...]
. tests/lib.sh
program=$1 name=$(basename "$1"); shift
isa=${name#bits-} isa=${isa%@*}
check "$name: the kernels' and the nets' bits" "$@" "$program"
width() {
    found=$(objdump -d "$program" | awk '/>:$/ { ours = /<mlp_/ } ours && /vfn?m(add|sub)[0-9]*[ps]s/ {
        w = /%zmm/ ? 512 : /%ymm/ ? 256 : 128; if (w > most) most = w } END { print most + 0 }')
    echo "$found bits"
    case $isa in
    *-fma) [ "$found" -ge 128 ] ;;
    avx2)  [ "$found" = 256 ] ;;
    avx512) [ "$found" = 512 ] ;;
    *)     [ "$found" = 0 ] ;;
    esac
}
if objdump -f "$program" 2> /dev/null | grep -q x86-64; then
    check "$name: the width of its fused multiply-adds" width
fi
finish
