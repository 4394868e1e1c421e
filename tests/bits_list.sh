# Writes the list of builds for tests/bits.c. Arguments: isa/compiler/options/needs/object; a missing object is a compiler that is
# not here. The width of the fused multiply-adds is read off the disassembly.
width() {
    ${OBJDUMP:-objdump} -d "$1" 2> /dev/null | awk '/vfn?m(add|sub)[0-9]*[ps]s|\tfmla|\tfmadd/ {
        w = /%zmm/ ? 512 : /%ymm/ ? 256 : 128; if (w > most) most = w } END { print most + 0 }'
}
builds= missing= n=0
for row in "$@"; do
    IFS=/ read -r isa compiler options needs object <<EOF
$row
EOF
    object=$(echo "$object" | tr '|' '/')
    if [ -f "$object" ]; then
        builds="$builds X($(basename "$object" .o | tr -c 'A-Za-z0-9\n' '_'), \"$isa\", \"$compiler\", \"$options\", $(width "$object"), \"$needs\")"
    else
        missing="$missing X(bits_missing, \"$isa\", \"$compiler\", \"$options\", 0, \"$compiler\")"
    fi
done
printf '#define BITS_BUILDS%s\n#define BITS_MISSING%s\n' "$builds" "$missing"
