# Reads objdump -d of an object with mlp.h in it; for every innermost loop with fused multiply-adds in a mlp__tiles_N
# function prints "N fma-count vector-moves-to-or-from-the-stack instructions".
function hex(s,   i, n) {
    n = 0; s = tolower(s)
    for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
    return n
}
function finish_function(   i, j, first, fma, stack, inner, outside, k) {
    for (i = 1; i <= count; i++) {
        if (target[i] == "" || target[i] > address[i]) continue          # not a backward jump
        for (first = i; first > 1 && address[first] > target[i]; first--) ;
        inner = 1
        for (j = first; j < i; j++) {
            if (target[j] != "" && target[j] <= address[j] && target[j] >= address[first]) inner = 0
            # left without a condition: no loop, but pieces of code far apart
            outside = target[j] < address[first] || target[j] > address[i]
            if (text[j] ~ /^ret/ || text[j] ~ /^(b|jmp)\t/ && outside) inner = 0
        }
        if (!inner) continue
        fma = stack = 0
        for (j = first; j <= i; j++) {
            if (text[j] ~ /vfn?m(add|sub)[0-9]*ps|fmla|fmls/) fma++
            if (text[j] ~ /\(%rsp/ && text[j] ~ /%[xyz]mm/) stack++
            if (text[j] ~ /\[sp/ && text[j] ~ /[\t ,]q[0-9]+/) stack++
        }
        if (fma) print name, fma, stack, i - first + 1
    }
    count = 0
}
/^[0-9a-f]+ <.*>:$/ {
    finish_function()
    name = ""
    if (match($2, /mlp__tiles_[0-9]+/)) name = substr($2, RSTART + 11, RLENGTH - 11)
    next
}
name != "" && /^ *[0-9a-f]+:\t/ {
    count++
    split($0, field, "\t")
    sub(/^ */, "", field[1]); sub(/:$/, "", field[1])
    address[count] = hex(field[1])
    text[count] = field[2] "\t" field[3] "\t" field[4]
    target[count] = ""
    if (text[count] ~ /^(j[a-z]+ |b\.[a-z]+|cbn?z|b\t)|^j[a-z]+\t/ && match(text[count], /[0-9a-f]+ </))
        target[count] = hex(substr(text[count], RSTART, RLENGTH - 2))
}
END { finish_function() }
